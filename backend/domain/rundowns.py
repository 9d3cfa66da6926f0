"""The rundown of a room: approved scripts in the order in which its shows go through them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from backend.errors import NotFound
from backend.storage.postgres import Connection, Record

_ENTRY = """SELECT e.id, e.room_id, i.show_id, s.name AS show_name, s.starts_at, e.show_item_id, i.position,
              i.product_name, i.scenario, i.planned_seconds, e.script_id, e.script_version, c.title, v.content,
              coalesce(h.pace, 260) AS pace, e.placed_at
            FROM rundown_items e JOIN show_items i ON i.id = e.show_item_id JOIN shows s ON s.id = i.show_id
            JOIN script_versions v ON v.script_id = e.script_id AND v.version = e.script_version
            JOIN scripts c ON c.id = e.script_id
            JOIN rooms r ON r.id = e.room_id LEFT JOIN hosts h ON h.id = r.host_id"""
# Shows in the order of their dates; one without a date comes last.
_ORDER = "ORDER BY s.starts_at NULLS LAST, s.id, i.position"


@dataclass(frozen=True)
class RundownEntry:
    """One script of a room's rundown, as it was approved. `pace` is the host's, in characters a minute."""

    id: UUID
    room_id: UUID
    show_id: UUID
    show_name: str
    starts_at: datetime | None
    show_item_id: UUID
    position: int
    product_name: str
    scenario: str
    planned_seconds: int
    script_id: UUID
    script_version: int
    title: str
    content: str
    pace: int
    placed_at: datetime


async def place(conn: Connection, run_id: UUID, script_id: UUID, script_version: int) -> bool:
    """Put what a run has published where its show wants it; False when the run belongs to no show.

    It takes the place of the script that the same item had before.
    """
    placed = await conn.fetchval(
        """INSERT INTO rundown_items (room_id, show_item_id, script_id, script_version)
           SELECT s.room_id, i.id, $2, $3 FROM runs r JOIN show_items i ON i.id = r.show_item_id
           JOIN shows s ON s.id = i.show_id WHERE r.id = $1
           ON CONFLICT (show_item_id) DO UPDATE SET script_id = $2, script_version = $3, placed_at = now()
           RETURNING true""",
        run_id,
        script_id,
        script_version,
    )
    return placed is not None


async def of_room(conn: Connection, room_id: UUID) -> list[RundownEntry]:
    """Return the rundown of a room."""
    return [_entry(row) for row in await conn.fetch(f"{_ENTRY} WHERE e.room_id = $1 {_ORDER}", room_id)]


async def of_show(conn: Connection, show_id: UUID) -> list[RundownEntry]:
    """Return what a show has put on its room's rundown."""
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


def _entry(row: Record) -> RundownEntry:
    return RundownEntry(**dict(row))
