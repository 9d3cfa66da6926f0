"""Threads and their messages."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from backend.domain import call_texts
from backend.errors import NotFound
from backend.fanout.topics import EVENTS_CHANNEL
from backend.ids import new_id
from backend.protocol import events as protocol
from backend.protocol.events import RunStatus, ThreadListed, ThreadRow, ThreadUpdated
from backend.storage.postgres import Connection, Record

ACTIVE: tuple[RunStatus, ...] = ("queued", "running", "waiting")


@dataclass(frozen=True)
class ActiveRun:
    """The run a thread is busy with."""

    id: UUID
    status: RunStatus


@dataclass(frozen=True)
class Thread:
    """A conversation; room, product and host are what it is about at the moment."""

    id: UUID
    title: str
    room_id: UUID | None
    product_id: UUID | None
    host_id: UUID | None
    #: The show whose log this is (the thread's own id), or for which something is written here.
    show_id: UUID | None
    last_seq: int
    active_run: ActiveRun | None
    pending_interrupts: int
    #: Since when the person who asked wants it first in their list.
    pinned_at: datetime | None
    created_at: datetime
    updated_at: datetime
    #: The beginning of what was said last; read for lists only.
    last_text: str = ""


@dataclass(frozen=True)
class Message:
    """What somebody said or an agent wrote."""

    id: UUID
    role: Literal["user", "assistant"]
    agent: str | None
    content: str
    status: Literal["writing", "complete", "cancelled", "failed"]
    run_id: UUID | None
    created_at: datetime


_COLUMNS = """
SELECT t.id, t.title, t.room_id, t.product_id, t.host_id, t.show_id, t.last_seq, t.created_at, t.updated_at,
       r.id AS run_id, r.status AS run_status,
       (SELECT count(*) FROM interrupts i WHERE i.thread_id = t.id AND i.status = 'pending') AS pending,
       p.pinned_at
"""
_FROM = """
FROM threads t LEFT JOIN runs r ON r.thread_id = t.id AND r.status IN ('queued', 'running', 'waiting')
  LEFT JOIN thread_pins p ON p.thread_id = t.id AND p.user_id = $1
"""
_THREAD = f"{_COLUMNS} {_FROM}"
# Threads about one product have one title: what was said last tells them apart. That a rejection was taken back is told
# in Chinese, and said by nobody.
_LISTED = f"""{_COLUMNS},
       coalesce((SELECT left(m.content, 120) FROM messages m WHERE m.thread_id = t.id AND m.content <> ''
                   AND m.agent IS DISTINCT FROM 'taken_back'
                 ORDER BY m.created_at DESC, m.id DESC LIMIT 1), '') AS last_text {_FROM}"""


async def create_thread(
    conn: Connection,
    created_by: UUID,
    graph_version: str,
    *,
    title: str = "",
    room_id: UUID | None = None,
    product_id: UUID | None = None,
    host_id: UUID | None = None,
) -> Thread:
    """Open a thread.

    Raises:
        NotFound: the tenant has no such room, product or host.
    """
    await check_bindings(conn, room_id, product_id, host_id)
    thread_id: UUID = new_id()
    await conn.execute(
        """INSERT INTO threads (id, title, created_by, room_id, product_id, host_id, graph_version)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        thread_id,
        title,
        created_by,
        room_id,
        product_id,
        host_id,
        graph_version,
    )
    return await get_thread(conn, thread_id, created_by)


async def open_thread(
    conn: Connection,
    thread_id: UUID,
    created_by: UUID,
    graph_version: str,
    *,
    room_id: UUID | None,
    product_id: UUID | None,
    host_id: UUID | None,
) -> None:
    """Make sure that there is a thread with this id; one that is there already stays as it is.

    Raises:
        NotFound: the tenant has no such room, product or host.
    """
    await check_bindings(conn, room_id, product_id, host_id)
    await conn.execute(
        """INSERT INTO threads (id, created_by, room_id, product_id, host_id, graph_version)
           VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO NOTHING""",
        thread_id,
        created_by,
        room_id,
        product_id,
        host_id,
        graph_version,
    )


async def get_thread(conn: Connection, thread_id: UUID, reader: UUID | None = None) -> Thread:
    """Return one thread, as `reader` has it pinned.

    Raises:
        NotFound: the tenant has no such thread, or it was deleted.
    """
    row = await conn.fetchrow(f"{_THREAD} WHERE t.id = $2 AND t.deleted_at IS NULL", reader, thread_id)
    if row is None:
        raise NotFound("there is no such thread")
    return _thread(row)


@dataclass(frozen=True)
class Place:
    """Where a list of threads goes on: after the thread `id`, which was pinned or, if not, moved last at that time."""

    at: datetime
    id: UUID
    pinned: bool


#: A thread in whose title, or outside of shows in whose messages, the words of `$4` stand.
_FOUND: Final = """(strpos(lower(t.title), lower($4)) > 0 OR t.show_id IS NULL AND EXISTS (
                     SELECT FROM messages s WHERE s.thread_id = t.id AND strpos(lower(s.content), lower($4)) > 0))"""


async def list_threads(
    conn: Connection, reader: UUID, *, limit: int, after: Place | None = None, query: str | None = None
) -> list[Thread]:
    """Return threads after `after`: those that `reader` pinned, the last pinned first, then the others, the one that
    moved last first. `query` is looked for in titles and in what was said.

    The conversations of shows are found by their titles only (there are dozens for each) unless they are pinned, their
    logs not at all.
    """
    rows: list[Record] = []
    if after is None or after.pinned:
        rows = await conn.fetch(
            f"""{_LISTED} WHERE t.deleted_at IS NULL AND p.pinned_at IS NOT NULL
                AND ($2::timestamptz IS NULL OR (p.pinned_at, t.id) < ($2, $3))
                AND ($4::text IS NULL OR {_FOUND}) AND t.show_id IS DISTINCT FROM t.id
                ORDER BY p.pinned_at DESC, t.id DESC LIMIT $5""",
            reader,
            after.at if after else None,
            after.id if after else None,
            query,
            limit,
        )
        after = None
    if len(rows) < limit:
        rows += await conn.fetch(
            f"""{_LISTED} WHERE t.deleted_at IS NULL AND p.pinned_at IS NULL
                AND ($2::timestamptz IS NULL OR (t.updated_at, t.id) < ($2, $3))
                AND CASE WHEN $4::text IS NULL THEN t.show_id IS NULL
                         ELSE {_FOUND} AND t.show_id IS DISTINCT FROM t.id END
                ORDER BY t.updated_at DESC, t.id DESC LIMIT $5""",
            reader,
            after.at if after else None,
            after.id if after else None,
            query,
            limit - len(rows),
        )
    return [_thread(row) for row in rows]


@dataclass(frozen=True)
class RowInList:
    """How a thread stands in everybody's list, as it goes over the wire; `face` is what of it one sees."""

    thread_id: UUID
    seq: int
    face: str
    text: str


async def read_rows(conn: Connection, thread_ids: Sequence[UUID]) -> list[RowInList]:
    """Return how each of these threads stands in the list now, removed ones too; the logs of shows stand in none."""
    rows = await conn.fetch(f"{_LISTED} WHERE t.id = ANY ($2::uuid[]) AND t.deleted_at IS NULL", None, thread_ids)
    found = {row["id"]: _row(row) for row in rows}
    told = [ThreadListed(thread_id=thread_id, row=found.get(thread_id)) for thread_id in thread_ids]
    return [
        RowInList(
            thread_id=one.thread_id,
            seq=one.row.last_seq if one.row is not None else 0,
            face=one.model_dump_json(exclude={"row": {"last_seq", "updated_at"}}),
            text=one.model_dump_json(),
        )
        for one in told
        if one.row is None or one.row.show_id != one.thread_id
    ]


async def read_moves(conn: Connection, seconds: float) -> dict[UUID, int]:
    """Return which threads of the tenant moved in the last `seconds`, each with the end of its log."""
    rows = await conn.fetch(
        """SELECT id, last_seq FROM threads
           WHERE deleted_at IS NULL AND updated_at > clock_timestamp() - make_interval(secs => $1)""",
        seconds,
    )
    return {row["id"]: row["last_seq"] for row in rows}


async def pin_thread(conn: Connection, thread_id: UUID, person: UUID) -> None:
    """Put a thread first in somebody's list; one that is there already stays where it is.

    Raises:
        NotFound: the tenant has no such thread.
    """
    # Foreign keys look past row-level security.
    await get_thread(conn, thread_id)
    await conn.execute(
        "INSERT INTO thread_pins (user_id, thread_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", person, thread_id
    )


async def unpin_thread(conn: Connection, thread_id: UUID, person: UUID) -> None:
    """Let a thread stand among the others of somebody's list again, if it was pinned.

    Raises:
        NotFound: the tenant has no such thread.
    """
    await get_thread(conn, thread_id)
    await conn.execute("DELETE FROM thread_pins WHERE user_id = $1 AND thread_id = $2", person, thread_id)


async def describe_thread(conn: Connection, thread_id: UUID, changes: dict[str, Any]) -> ThreadUpdated:
    """Change title, room_id, product_id or host_id; return the event that tells of it (the caller appends it).

    Raises:
        NotFound: the tenant has no such thread, room, product or host.
    """
    await check_bindings(conn, changes.get("room_id"), changes.get("product_id"), changes.get("host_id"))
    row = await conn.fetchrow(
        """UPDATE threads SET title = CASE WHEN $2 THEN $3 ELSE title END,
             room_id = CASE WHEN $4 THEN $5 ELSE room_id END, product_id = CASE WHEN $6 THEN $7 ELSE product_id END,
             host_id = CASE WHEN $8 THEN $9 ELSE host_id END
           WHERE id = $1 AND deleted_at IS NULL RETURNING title, room_id, product_id, host_id""",
        thread_id,
        *(part for key in ("title", "room_id", "product_id", "host_id") for part in (key in changes, changes.get(key))),
    )
    if row is None:
        raise NotFound("there is no such thread")
    return ThreadUpdated(**dict(row))


async def delete_thread(conn: Connection, thread_id: UUID) -> None:
    """Hide a thread; its record stays for the audit, what was kept in mind of it does not.

    Raises:
        NotFound: the tenant has no such thread.
    """
    # No event tells of it, for nobody may read the log from here on: a notice alone does, and who
    # follows the list reads it again where notices were lost.
    done = await conn.fetchrow(
        f"""UPDATE threads SET deleted_at = now() WHERE id = $1 AND deleted_at IS NULL
            RETURNING pg_notify('{EVENTS_CHANNEL}', concat_ws(' ', id, last_seq, tenant_id, '-'))""",
        thread_id,
    )
    if done is None:
        raise NotFound("there is no such thread")
    await conn.execute("DELETE FROM thread_notes WHERE thread_id = $1", thread_id)
    await call_texts.forget_of_thread(conn, thread_id)


async def list_messages(conn: Connection, thread_id: UUID, *, limit: int, before: UUID | None = None) -> list[Message]:
    """Return up to `limit` messages before the message `before` (or the last ones), oldest first."""
    rows = await conn.fetch(
        """SELECT id, role, agent, content, status, run_id, created_at FROM messages m
           WHERE thread_id = $1 AND ($2::uuid IS NULL OR (created_at, id) <
             (SELECT b.created_at, b.id FROM messages b WHERE b.id = $2 AND b.thread_id = $1))
           ORDER BY created_at DESC, id DESC LIMIT $3""",
        thread_id,
        before,
        limit,
    )
    return [Message(**dict(row)) for row in reversed(rows)]


async def check_bindings(conn: Connection, room_id: UUID | None, product_id: UUID | None, host_id: UUID | None) -> None:
    """Make sure that the tenant has what a thread is to point at.

    Raises:
        NotFound: it has no such room, product or host.
    """
    # Foreign keys look past row-level security: without this a tenant could point at another tenant's row.
    row = await conn.fetchrow(
        """SELECT $1::uuid IS NULL OR EXISTS (SELECT FROM rooms WHERE id = $1) AS room,
                  $2::uuid IS NULL OR EXISTS (SELECT FROM products WHERE id = $2) AS product,
                  $3::uuid IS NULL OR EXISTS (SELECT FROM hosts WHERE id = $3) AS host""",
        room_id,
        product_id,
        host_id,
    )
    assert row is not None
    for name, known in row.items():
        if not known:
            raise NotFound(f"there is no such {name}", field=f"{name}_id")


async def still_there(
    conn: Connection, room_id: UUID | None, product_id: UUID | None, host_id: UUID | None
) -> dict[str, UUID | None]:
    """Return what a thread pointed at earlier, without what was removed since."""
    row = await conn.fetchrow(
        """SELECT (SELECT id FROM rooms WHERE id = $1) AS room_id,
                  (SELECT id FROM products WHERE id = $2) AS product_id,
                  (SELECT id FROM hosts WHERE id = $3) AS host_id""",
        room_id,
        product_id,
        host_id,
    )
    assert row is not None
    return dict(row)


def _thread(row: Record) -> Thread:
    return Thread(
        id=row["id"],
        title=row["title"],
        room_id=row["room_id"],
        product_id=row["product_id"],
        host_id=row["host_id"],
        show_id=row["show_id"],
        last_seq=row["last_seq"],
        active_run=ActiveRun(row["run_id"], row["run_status"]) if row["run_id"] else None,
        pending_interrupts=row["pending"],
        pinned_at=row["pinned_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        last_text=row.get("last_text", ""),
    )


def _row(row: Record) -> ThreadRow:
    names = ("id", "title", "room_id", "product_id", "host_id", "show_id", "last_seq", "last_text", "created_at")
    return ThreadRow(
        **{name: row[name] for name in names},
        active_run=protocol.ActiveRun(id=row["run_id"], status=row["run_status"]) if row["run_id"] else None,
        pending_interrupts=row["pending"],
        updated_at=row["updated_at"],
    )
