"""For how long a tenant remembers what: its own choice for each kind, else the server's."""

from collections.abc import Mapping

from backend.memory.documents import KINDS, Kind
from backend.settings import Settings
from backend.storage.postgres import Connection


def default_days(settings: Settings) -> dict[Kind, int | None]:
    """Return the server's days by kind; None: for ever."""
    return {
        "script": settings.memory_script_days or None,
        "note": settings.memory_note_days or None,
        "rejection": settings.memory_rejection_days or None,
    }


async def read_lifetimes(conn: Connection, settings: Settings) -> dict[Kind, int | None]:
    """Return the days in force by kind; None: for ever."""
    chosen = {row["kind"]: row["days"] for row in await conn.fetch("SELECT kind, days FROM memory_lifetimes")}
    return default_days(settings) | chosen


async def set_lifetimes(conn: Connection, days: Mapping[Kind, int | None]) -> None:
    """Choose the days of each kind."""
    await conn.executemany(
        """INSERT INTO memory_lifetimes (kind, days) VALUES ($1, $2)
           ON CONFLICT (tenant_id, kind) DO UPDATE SET days = EXCLUDED.days""",
        [(kind, days[kind]) for kind in KINDS],
    )
