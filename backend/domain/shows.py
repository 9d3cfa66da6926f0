"""Shows: the plan of an evening, one script for each product and segment, and how far each is.

A show's facts are told in the log of the thread that has its id. Whoever changes a show holds its row; what a run does
to its item follows by itself, at the end of the transaction that moves the run (`follow_show_item` in revision 0009).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from backend.domain import events, rooms, rundowns
from backend.domain.show_plan import Slot, plan_time
from backend.errors import BadRequest, ItemNotReady, NotFound, ShowEmpty
from backend.fanout.topics import SHOWS_CHANNEL
from backend.ids import new_id
from backend.protocol.events import (
    Problem,
    ShowChanged,
    ShowItemChanged,
    ShowItemView,
    ShowPlanned,
    ShowProgress,
    ShowStatus,
)
from backend.storage.postgres import Connection, Record

#: Items that may be written once more.
OVER: Final = frozenset({"approved", "rejected", "failed", "skipped"})

_SHOW = """SELECT s.id, s.room_id, s.name, s.starts_at, s.total_seconds, s.status, s.concurrency, s.started_by,
             r.host_id, coalesce(h.pace, 260) AS pace, s.created_at, show_progress(s.id) AS progress
           FROM shows s JOIN threads t ON t.id = s.id AND t.deleted_at IS NULL
           JOIN rooms r ON r.id = s.room_id LEFT JOIN hosts h ON h.id = r.host_id"""
_ITEM = """SELECT id, product_id, product_name, scenario, planned_seconds, fixed, notes, status, thread_id, run_id,
             interrupt_id, script_id, script_version, error FROM show_items"""


@dataclass(frozen=True)
class Show:
    """A show. `pace` is its host's, in characters a minute; `started_by` is in whose name scripts are asked for."""

    id: UUID
    room_id: UUID
    name: str
    starts_at: datetime | None
    total_seconds: int
    status: ShowStatus
    concurrency: int
    started_by: UUID | None
    host_id: UUID | None
    pace: int
    created_at: datetime
    progress: ShowProgress


@dataclass(frozen=True)
class NewItem:
    """A script to plan; without `seconds` it gets its share of the show's time."""

    product_id: UUID
    scenario: str
    seconds: int | None = None
    notes: str = ""


async def create_show(
    conn: Connection,
    created_by: UUID,
    graph_version: str,
    *,
    room_id: UUID,
    name: str,
    starts_at: datetime | None,
    total_seconds: int,
    items: Sequence[NewItem],
) -> Show:
    """Add a show with its plan.

    Raises:
        NotFound: this tenant has no such room, or no such product.
        ShowTooShort: the scripts do not fit into its time.
        ShowEmpty: nothing is planned.
        BadRequest: a product has the same segment twice.
    """
    if not items:
        raise ShowEmpty
    if len({(item.product_id, item.scenario) for item in items}) < len(items):
        raise BadRequest("a product has the same segment twice", field="items")
    await rooms.get_room(conn, room_id)
    names = await _product_names(conn, [item.product_id for item in items])
    show_id: UUID = new_id()
    await conn.execute(
        """INSERT INTO threads (id, title, created_by, room_id, graph_version, show_id)
           VALUES ($1, $2, $3, $4, $5, $1)""",
        show_id,
        name,
        created_by,
        room_id,
        graph_version,
    )
    await conn.execute(
        """INSERT INTO shows (id, room_id, name, starts_at, total_seconds, created_by)
           VALUES ($1, $2, $3, $4, $5, $6)""",
        show_id,
        room_id,
        name,
        starts_at,
        total_seconds,
        created_by,
    )
    show = await get_show(conn, show_id)
    planned = plan_time(total_seconds, show.pace, [Slot(item.scenario, item.seconds) for item in items])
    await conn.executemany(
        """INSERT INTO show_items (show_id, position, product_id, product_name, scenario, planned_seconds, fixed, notes)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        [
            (show_id, n, item.product_id, names[item.product_id], item.scenario, seconds, item.seconds is not None,
             item.notes)
            for n, (item, seconds) in enumerate(zip(items, planned, strict=True), 1)
        ],
    )  # fmt: skip
    return await _told(conn, show_id, plan=True)


async def pace_of(conn: Connection, room_id: UUID) -> int:
    """Return how many characters a minute are said in a room: its host's pace, or an ordinary one.

    Raises:
        NotFound: this tenant has no such room.
    """
    pace: int | None = await conn.fetchval(
        "SELECT coalesce(h.pace, 260) FROM rooms r LEFT JOIN hosts h ON h.id = r.host_id WHERE r.id = $1", room_id
    )
    if pace is None:
        raise NotFound("there is no such room")
    return pace


async def get_show(conn: Connection, show_id: UUID) -> Show:
    """Return the show.

    Raises:
        NotFound: this tenant has no such show, or it was removed.
    """
    row = await conn.fetchrow(f"{_SHOW} WHERE s.id = $1", show_id)
    if row is None:
        raise NotFound("there is no such show")
    return _show(row)


async def lock_show(conn: Connection, show_id: UUID) -> Show:
    """Return the show and keep everybody else from changing it until the transaction ends.

    Raises:
        NotFound: this tenant has no such show, or it was removed.
    """
    # A statement of its own: what the one before us changed would not be seen by the statement that waited for it.
    await conn.execute("SELECT FROM shows WHERE id = $1 FOR UPDATE", show_id)
    return await get_show(conn, show_id)


async def list_shows(
    conn: Connection, *, limit: int, before: UUID | None = None, room_id: UUID | None = None
) -> list[Show]:
    """Return shows, the newest first, those made before `before`."""
    rows = await conn.fetch(
        f"""{_SHOW} WHERE ($1::uuid IS NULL OR s.id < $1) AND ($2::uuid IS NULL OR s.room_id = $2)
            ORDER BY s.id DESC LIMIT $3""",
        before,
        room_id,
        limit,
    )
    return [_show(row) for row in rows]


async def items_of(conn: Connection, show_id: UUID) -> list[ShowItemView]:
    """Return the items of a show in order."""
    rows = await conn.fetch(f"{_ITEM} WHERE show_id = $1 ORDER BY position", show_id)
    return [_item(row) for row in rows]


async def change_show(
    conn: Connection,
    show_id: UUID,
    *,
    name: str | None = None,
    starts_at: datetime | None = None,
    forget_start: bool = False,
    total_seconds: int | None = None,
) -> Show:
    """Rename a show, move it in time, or give it another length: what no person has set and nobody has begun to write
    then shares the time anew.

    Raises:
        NotFound: there is no such show.
        ShowTooShort: the scripts do not fit into that time.
    """
    show = await lock_show(conn, show_id)
    await conn.execute(
        """UPDATE shows SET name = coalesce($2, name), updated_at = now(),
             starts_at = CASE WHEN $4 THEN NULL ELSE coalesce($3, starts_at) END,
             total_seconds = coalesce($5, total_seconds) WHERE id = $1""",
        show_id,
        name,
        starts_at,
        forget_start,
        total_seconds,
    )
    if name is not None:
        await conn.execute("UPDATE threads SET title = $2 WHERE id = $1", show_id, name)
    if total_seconds is not None and total_seconds != show.total_seconds:
        await _share_anew(conn, show_id, total_seconds, show.pace)
    return await _told(conn, show_id, plan=total_seconds is not None)


async def set_seconds(conn: Connection, show_id: UUID, item_id: UUID, seconds: int | None) -> Show:
    """Set how long one script that nobody has begun takes, or (None) let it share the time again; the others follow.

    Raises:
        NotFound: there is no such show or item.
        ItemNotReady: it is being written, or is written.
        ShowTooShort: the scripts do not fit into the show's time any more.
    """
    show = await lock_show(conn, show_id)
    await get_item(conn, show_id, item_id, frozenset({"planned"}))
    await conn.execute(
        """UPDATE show_items SET planned_seconds = coalesce($2, planned_seconds), fixed = $2::int IS NOT NULL
           WHERE id = $1""",
        item_id,
        seconds,
    )
    await _share_anew(conn, show_id, show.total_seconds, show.pace)
    return await _told(conn, show_id, plan=True)


async def reorder(conn: Connection, show_id: UUID, item_ids: Sequence[UUID]) -> Show:
    """Put the items in this order; the room's rundown and what is written next follow it.

    Raises:
        NotFound: there is no such show.
        BadRequest: these are not exactly its items.
    """
    await lock_show(conn, show_id)
    known = {item.id for item in await items_of(conn, show_id)}
    if len(item_ids) != len(known) or set(item_ids) != known:
        raise BadRequest("name every item of the show once", field="item_ids")
    await conn.execute(
        """UPDATE show_items i SET position = o.n FROM unnest($2::uuid[]) WITH ORDINALITY AS o (id, n)
           WHERE i.id = o.id AND i.show_id = $1""",
        show_id,
        list(item_ids),
    )
    await rundowns.follow_show(conn, show_id)
    return await _told(conn, show_id, plan=True)


async def set_status(
    conn: Connection, show_id: UUID, status: ShowStatus, *, by: UUID | None = None, concurrency: int | None = None
) -> Show:
    """Start (in the name of `by`) or pause a show whose row is held."""
    await conn.execute(
        """UPDATE shows SET status = $2, started_by = coalesce($3, started_by), concurrency = coalesce($4, concurrency),
             updated_at = now() WHERE id = $1""",
        show_id,
        status,
        by,
        concurrency,
    )
    return await _told(conn, show_id)


async def get_item(
    conn: Connection, show_id: UUID, item_id: UUID, allowed: frozenset[str] | None = None
) -> ShowItemView:
    """Return one item of a show.

    Raises:
        NotFound: the show has no such item.
        ItemNotReady: its status is none of `allowed`.
    """
    row = await conn.fetchrow(f"{_ITEM} WHERE show_id = $1 AND id = $2", show_id, item_id)
    if row is None:
        raise NotFound("there is no such item")
    if allowed is not None and row["status"] not in allowed:
        raise ItemNotReady(status=row["status"])
    return _item(row)


async def plan_again(conn: Connection, show_id: UUID, item_ids: Sequence[UUID]) -> Show:
    """Let items of a show whose row is held be written from the beginning, each in a new conversation.

    What was approved of them stays in the rundown until something else is.
    """
    await conn.execute(
        """UPDATE show_items SET status = 'planned', thread_id = NULL, run_id = NULL, interrupt_id = NULL, error = NULL,
             began_at = NULL, written_seconds = NULL WHERE show_id = $1 AND id = ANY ($2)""",
        show_id,
        list(item_ids),
    )
    return await _told(conn, show_id, plan=True)


async def skip_planned(conn: Connection, show_id: UUID) -> Show:
    """Leave out what nobody has begun, in a show whose row is held; what has an approved script keeps it."""
    await conn.execute(
        """UPDATE show_items SET status = CASE WHEN script_id IS NULL THEN 'skipped' ELSE 'approved' END
           WHERE show_id = $1 AND status = 'planned'""",
        show_id,
    )
    return await _told(conn, show_id, plan=True)


async def begin_item(conn: Connection, item_id: UUID, thread_id: UUID) -> None:
    """Say that an item of a show whose row is held is about to be written in this thread; its run tells the rest."""
    await conn.execute(
        "UPDATE show_items SET status = 'queued', thread_id = $2, generation = generation + 1 WHERE id = $1",
        item_id,
        thread_id,
    )


async def fail_item(conn: Connection, show_id: UUID, item_id: UUID, error: Problem) -> None:
    """Say why an item of a show whose row is held cannot be begun."""
    await conn.execute(
        "UPDATE show_items SET status = 'failed', error = $2 WHERE id = $1", item_id, error.model_dump(mode="json")
    )
    item = await get_item(conn, show_id, item_id)
    await events.append(conn, show_id, [ShowItemChanged(item=item, progress=await progress_of(conn, show_id))])


async def next_generation(conn: Connection, item_id: UUID) -> int:
    """Return the number of the item's next writing."""
    return int(await conn.fetchval("SELECT generation + 1 FROM show_items WHERE id = $1", item_id))


async def open_conversation(
    conn: Connection, show: Show, item: ShowItemView, thread_id: UUID, created_by: UUID, graph_version: str, title: str
) -> None:
    """Open the thread in which an item is written."""
    await conn.execute(
        """INSERT INTO threads (id, title, created_by, room_id, product_id, host_id, graph_version, show_id)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8)""",
        thread_id,
        title,
        created_by,
        show.room_id,
        item.product_id,
        show.host_id,
        graph_version,
        show.id,
    )


async def written_for(conn: Connection, thread_id: UUID) -> tuple[UUID, str] | None:
    """Return the item and the name of the show that a thread is the conversation of; None for any other thread."""
    row = await conn.fetchrow(
        """SELECT i.id, s.name FROM show_items i JOIN shows s ON s.id = i.show_id WHERE i.thread_id = $1""", thread_id
    )
    return (row["id"], row["name"]) if row else None


async def progress_of(conn: Connection, show_id: UUID) -> ShowProgress:
    """Return how far a show is."""
    return ShowProgress.model_validate(await conn.fetchval("SELECT show_progress($1)", show_id))


async def wake_workers(conn: Connection) -> None:
    """Tell the workers at commit that a script may be begun; their sweep covers a notice that is lost."""
    await conn.execute("SELECT pg_notify($1, '')", SHOWS_CHANNEL)


async def remove_show(conn: Connection, show_id: UUID) -> None:
    """Take a show out of sight whose row is held; its log and its scripts stay."""
    await conn.execute("UPDATE threads SET deleted_at = now() WHERE id = $1", show_id)
    await conn.execute("UPDATE shows SET status = 'paused', updated_at = now() WHERE id = $1", show_id)
    await conn.execute(
        "DELETE FROM rundown_items r USING show_items i WHERE i.id = r.show_item_id AND i.show_id = $1", show_id
    )


async def _share_anew(conn: Connection, show_id: UUID, total_seconds: int, pace: int) -> None:
    items = await items_of(conn, show_id)
    # What is written or being written has its length already.
    slots = [
        Slot(item.scenario, item.planned_seconds if item.fixed or item.status != "planned" else None) for item in items
    ]
    seconds = plan_time(total_seconds, pace, slots)
    await conn.executemany(
        "UPDATE show_items SET planned_seconds = $2 WHERE id = $1",
        [(item.id, planned) for item, planned in zip(items, seconds, strict=True) if planned != item.planned_seconds],
    )


async def _product_names(conn: Connection, product_ids: Sequence[UUID]) -> dict[UUID, str]:
    rows = await conn.fetch("SELECT id, name FROM products WHERE id = ANY ($1)", list(set(product_ids)))
    names = {row["id"]: str(row["name"]) for row in rows}
    for place, product_id in enumerate(product_ids):
        if product_id not in names:
            raise NotFound("there is no such product", field=f"items.{place}.product_id")
    return names


async def _told(conn: Connection, show_id: UUID, *, plan: bool = False) -> Show:
    """Tell how the show is now and return it; with `plan` all its items too."""
    show = await get_show(conn, show_id)
    changed = ShowChanged(
        name=show.name,
        room_id=show.room_id,
        starts_at=show.starts_at,
        total_seconds=show.total_seconds,
        status=show.status,
        concurrency=show.concurrency,
        progress=show.progress,
    )
    planned = [ShowPlanned(items=await items_of(conn, show_id), progress=show.progress)] if plan else []
    await events.append(conn, show_id, [changed, *planned])
    return show


def _show(row: Record) -> Show:
    fields: dict[str, Any] = dict(row)
    fields["progress"] = ShowProgress.model_validate(fields["progress"])
    return Show(**fields)


def _item(row: Record) -> ShowItemView:
    return ShowItemView.model_validate(dict(row))
