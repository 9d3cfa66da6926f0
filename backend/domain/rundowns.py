"""The rundown of a room, its queue: approved scripts in the order in which they are to go on air.

What a show has approved stands in the show's order; what was approved in a conversation, or put there by a person,
comes as it comes. A person may put all of it into another order; what arrives later joins its neighbours of before.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from backend.errors import BadRequest, NotFound, VersionConflict
from backend.storage.postgres import Connection, Record

_ENTRY = """SELECT e.id, e.room_id, i.show_id, s.name AS show_name, s.starts_at, e.show_item_id, i.position,
              coalesce(i.product_name, p.name) AS product_name, coalesce(i.scenario, c.scenario) AS scenario,
              i.planned_seconds, e.script_id, e.script_version, c.title, v.content,
              coalesce(h.pace, 260) AS pace, e.placed_at, e.rank, e.aired_at
            FROM rundown_items e
            LEFT JOIN show_items i ON i.id = e.show_item_id LEFT JOIN shows s ON s.id = i.show_id
            JOIN script_versions v ON v.script_id = e.script_id AND v.version = e.script_version
            JOIN scripts c ON c.id = e.script_id LEFT JOIN products p ON p.id = c.product_id
            JOIN rooms r ON r.id = e.room_id LEFT JOIN hosts h ON h.id = r.host_id"""
# Shows in the order of their dates, then those without a date, then what belongs to no show, as it came.
_ORDER = "ORDER BY (e.show_item_id IS NULL), s.starts_at NULLS LAST, s.id, i.position, e.placed_at, e.id"
# What was said a day ago has left the queue; its show keeps it.
_STILL_THERE = "(e.aired_at IS NULL OR e.aired_at > now() - interval '1 day')"
#: How many entries of no show a room's rundown may hold; what a show brings is limited with the show.
MOST: Final = 500


@dataclass(frozen=True)
class RundownEntry:
    """One script of a room's rundown, as it was approved. `pace` is the host's, in characters a minute.

    Show, item, position and planned seconds are None for what belongs to no show.
    """

    id: UUID
    room_id: UUID
    show_id: UUID | None
    show_name: str | None
    starts_at: datetime | None
    show_item_id: UUID | None
    position: int | None
    product_name: str | None
    scenario: str
    planned_seconds: int | None
    script_id: UUID
    script_version: int
    title: str
    content: str
    pace: int
    placed_at: datetime
    #: The place a person gave it, among those that have one.
    rank: int | None
    #: When this version was last put on air.
    aired_at: datetime | None


async def place(conn: Connection, run_id: UUID, script_id: UUID, script_version: int) -> bool:
    """Put what a run has published where its show wants it; False when the run belongs to no show.

    It takes the place of the script that the same item had before.
    """
    placed = await conn.fetchval(
        """INSERT INTO rundown_items (room_id, show_item_id, script_id, script_version)
           SELECT s.room_id, i.id, $2, $3 FROM runs r JOIN show_items i ON i.id = r.show_item_id
           JOIN shows s ON s.id = i.show_id WHERE r.id = $1
           ON CONFLICT (show_item_id) DO UPDATE SET script_id = $2, script_version = $3, placed_at = now(),
             aired_at = NULL
           RETURNING true""",
        run_id,
        script_id,
        script_version,
    )
    return placed is not None


async def add(conn: Connection, room_id: UUID, script_id: UUID, script_version: int) -> UUID:
    """Put a script into the queue of a room of this tenant, at its end, and return the entry.

    Another version of what is there takes its place, to be said anew; the same version comes to the end again.

    Raises:
        BadRequest: the rundown is full.
    """
    if await conn.fetchval(
        "SELECT count(*) >= $2 FROM rundown_items WHERE room_id = $1 AND show_item_id IS NULL", room_id, MOST
    ):
        await _make_room(conn, room_id)
    entry: UUID = await conn.fetchval(
        """INSERT INTO rundown_items AS e (room_id, script_id, script_version) VALUES ($1, $2, $3)
           ON CONFLICT (room_id, script_id) WHERE show_item_id IS NULL DO UPDATE SET script_version = $3,
             placed_at = clock_timestamp(), aired_at = NULL, due = false,
             rank = CASE WHEN e.script_version = $3 THEN NULL ELSE e.rank END
           RETURNING id""",
        room_id,
        script_id,
        script_version,
    )
    return entry


async def _make_room(conn: Connection, room_id: UUID) -> None:
    gone = await conn.fetchval(
        """WITH gone AS (DELETE FROM rundown_items e WHERE room_id = $1 AND show_item_id IS NULL AND id = (
             SELECT id FROM rundown_items WHERE room_id = $1 AND show_item_id IS NULL AND aired_at IS NOT NULL
             ORDER BY aired_at LIMIT 1) RETURNING 1) SELECT count(*) FROM gone""",
        room_id,
    )
    if not gone:
        raise BadRequest("the rundown is full: remove something first", field="script_id")


async def of_room(conn: Connection, room_id: UUID) -> list[RundownEntry]:
    """Return the rundown of a room, in order."""
    rows = await conn.fetch(f"{_ENTRY} WHERE e.room_id = $1 AND {_STILL_THERE} {_ORDER}", room_id)
    return in_order([_entry(row) for row in rows])


def in_order(entries: Sequence[RundownEntry]) -> list[RundownEntry]:
    """Return entries, which come as shows and time have them, in the order that people gave them.

    One without a rank stands beside its neighbour of the same show; what has no such neighbour, at the end.
    """
    first: dict[UUID, int] = {}
    for one in entries:
        if one.rank is not None and one.show_id is not None:
            first.setdefault(one.show_id, one.rank)
    # Each entry's key is its neighbour's and its own number: sorted once, since this is asked at every report.
    last: dict[UUID, tuple[float, int]] = {}
    keyed: list[tuple[tuple[float, int, int], int, RundownEntry]] = []
    for n, one in enumerate(entries):
        if one.rank is not None:
            base, key = (float(one.rank), 1), (float(one.rank), 0, 0)
        else:
            beside = last.get(one.show_id) if one.show_id is not None else None
            if beside is None:
                before = one.show_id is not None and one.show_id in first
                beside = (float(first[one.show_id]), -1) if before and one.show_id else (math.inf, 0)
            base, key = beside, (*beside, n)
        if one.show_id is not None:
            last[one.show_id] = base
        keyed.append((key, n, one))
    return [one for *_, one in sorted(keyed, key=lambda of: of[:2])]


async def next_title(conn: Connection, room_id: UUID, script_id: UUID | None, script_version: int | None) -> str | None:
    """Return the title of what comes next in a room whose teleprompter has this script.

    The first one behind it that was not on air yet, else the first at all.
    """
    # Asked at every report of a display: without the texts.
    titles = _ENTRY.replace("v.content", "'' AS content")
    rows = await conn.fetch(f"{titles} WHERE e.room_id = $1 AND {_STILL_THERE} {_ORDER}", room_id)
    behind = _behind(in_order([_entry(row) for row in rows]), script_id, script_version)
    return next((one.title for one in behind if one.aired_at is None), None)


def _behind(
    entries: Sequence[RundownEntry], script_id: UUID | None, script_version: int | None
) -> Sequence[RundownEntry]:
    here = (script_id, script_version)
    place = next((n for n, one in enumerate(entries) if (one.script_id, one.script_version) == here), -1)
    return [*entries[place + 1 :], *entries[: max(place, 0)]]


async def of_show(conn: Connection, show_id: UUID) -> list[RundownEntry]:
    """Return what a show has put on its room's rundown, in the show's order."""
    return [_entry(row) for row in await conn.fetch(f"{_ENTRY} WHERE i.show_id = $1 {_ORDER}", show_id)]


async def get_entry(conn: Connection, room_id: UUID, entry_id: UUID) -> RundownEntry:
    """Return one entry.

    Raises:
        NotFound: the room's rundown has no such entry.
    """
    row = await conn.fetchrow(f"{_ENTRY} WHERE e.room_id = $1 AND e.id = $2", room_id, entry_id)
    if row is None:
        raise NotFound("there is no such entry")
    return _entry(row)


async def revision_of(conn: Connection, room_id: UUID) -> int:
    """Return how many times the rundown was changed."""
    revision: int | None = await conn.fetchval("SELECT rundown_revision FROM rooms WHERE id = $1", room_id)
    return revision or 0


async def reorder(conn: Connection, room_id: UUID, entry_ids: Sequence[UUID], revision: int) -> None:
    """Put the room's entries into this order, if the rundown is still the one that was read.

    Raises:
        NotFound: this tenant has no such room.
        VersionConflict: the rundown changed since; the details say its revision.
        BadRequest: these are not exactly its entries.
    """
    # Entries before their room, as whoever changes one locks them; then nobody waits for the other in a ring.
    await conn.execute("SELECT 1 FROM rundown_items WHERE room_id = $1 ORDER BY id FOR UPDATE", room_id)
    # Who changes the rundown counts it up in the room's row: whoever is second waits here and is told.
    present = await conn.fetchval("SELECT rundown_revision FROM rooms WHERE id = $1 FOR NO KEY UPDATE", room_id)
    if present is None:
        raise NotFound
    if present != revision:
        raise VersionConflict(revision=present)
    known = {one.id for one in await of_room(conn, room_id)}
    if len(entry_ids) != len(known) or set(entry_ids) != known:
        raise BadRequest("name every entry of the rundown once", field="entry_ids")
    await conn.execute(
        """UPDATE rundown_items e SET rank = o.n FROM unnest($2::uuid[]) WITH ORDINALITY AS o (id, n)
           WHERE e.id = o.id AND e.room_id = $1""",
        room_id,
        list(entry_ids),
    )


async def remove(conn: Connection, room_id: UUID, entry_id: UUID) -> RundownEntry:
    """Take an entry out of the rundown, and return it; the script stays in the library.

    Raises:
        NotFound: the room's rundown has no such entry.
    """
    entry = await get_entry(conn, room_id, entry_id)
    await conn.execute("DELETE FROM rundown_items WHERE id = $1", entry_id)
    return entry


async def mark_due(conn: Connection, room_id: UUID, script_id: UUID, script_version: int) -> None:
    """Note that a script of no show is to come on air by itself when those before it have had their turn."""
    await conn.execute(
        """UPDATE rundown_items SET due = true
           WHERE room_id = $1 AND script_id = $2 AND script_version = $3 AND show_item_id IS NULL""",
        room_id,
        script_id,
        script_version,
    )


async def hold_due(conn: Connection, room_id: UUID) -> bool:
    """Return whether anything is due in a room, and keep others from changing it until the end of the transaction.

    Asked before the room's stage is held: entries, room and stage are locked in this order by everybody.
    """
    due = await conn.fetch(
        "SELECT 1 FROM rundown_items WHERE room_id = $1 AND due AND aired_at IS NULL ORDER BY id FOR UPDATE", room_id
    )
    if due:
        await conn.execute("SELECT 1 FROM rooms WHERE id = $1 FOR NO KEY UPDATE", room_id)
    return bool(due)


async def due_entries(
    conn: Connection, room_id: UUID, script_id: UUID | None, script_version: int | None
) -> list[RundownEntry]:
    """Return what is due in a room whose teleprompter has this script, in its turn."""
    due = await conn.fetch("SELECT id FROM rundown_items WHERE room_id = $1 AND due AND aired_at IS NULL", room_id)
    ids = {row["id"] for row in due}
    return [one for one in _behind(await of_room(conn, room_id), script_id, script_version) if one.id in ids]


async def mark_aired(conn: Connection, room_id: UUID, script_id: UUID, script_version: int) -> None:
    """Note that a script of the room's rundown was put on air."""
    await conn.execute(
        """UPDATE rundown_items SET aired_at = clock_timestamp(), due = false
           WHERE room_id = $1 AND script_id = $2 AND script_version = $3""",
        room_id,
        script_id,
        script_version,
    )


async def mark_unsaid(conn: Connection, room_id: UUID, script_id: UUID, script_version: int, *, due: bool) -> None:
    """Note that a script was not said after all: another one took its place while it waited. `due`: it comes again."""
    await conn.execute(
        """UPDATE rundown_items SET aired_at = NULL, due = $4 AND show_item_id IS NULL
           WHERE room_id = $1 AND script_id = $2 AND script_version = $3 AND aired_at IS NOT NULL""",
        room_id,
        script_id,
        script_version,
        due,
    )


async def follow_show(conn: Connection, show_id: UUID) -> None:
    """Put the entries of a show, which was just brought into another order, into that: in the places they have."""
    await conn.execute(
        """WITH own AS (
             SELECT e.id, e.rank,
               CASE WHEN e.rank IS NOT NULL THEN row_number() OVER (PARTITION BY e.rank IS NULL ORDER BY i.position) END
                 AS n
             FROM rundown_items e JOIN show_items i ON i.id = e.show_item_id WHERE i.show_id = $1),
           slots AS (SELECT rank, row_number() OVER (ORDER BY rank) AS n FROM own WHERE rank IS NOT NULL)
           UPDATE rundown_items e SET rank = slots.rank FROM own LEFT JOIN slots USING (n) WHERE e.id = own.id""",
        show_id,
    )


def _entry(row: Record) -> RundownEntry:
    return RundownEntry(**dict(row))
