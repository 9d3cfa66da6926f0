"""Scripts: what was approved, each version with where it came from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.errors import NotFound
from backend.storage.postgres import Connection

_SCRIPT = """
SELECT s.id, s.thread_id, s.room_id, s.product_id, s.host_id, s.title, s.scenario, s.latest_version,
       coalesce(v.content, '') AS content, s.created_at, s.updated_at
FROM scripts s LEFT JOIN script_versions v ON v.script_id = s.id AND v.version = s.latest_version
"""


@dataclass(frozen=True)
class Script:
    """An approved script; `content` is that of its latest version."""

    id: UUID
    thread_id: UUID | None
    room_id: UUID | None
    product_id: UUID | None
    host_id: UUID | None
    title: str
    scenario: str
    latest_version: int
    content: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class ScriptVersion:
    """One approved text, the draft before a person's edits, and what it was made from."""

    version: int
    run_id: UUID | None
    content: str
    draft: str
    provenance: dict[str, Any]
    approved_by: UUID | None
    approved_by_name: str | None
    created_at: datetime


async def list_scripts(
    conn: Connection,
    *,
    room_id: UUID | None = None,
    product_id: UUID | None = None,
    before: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> list[Script]:
    """Return scripts of a room or product (or all), the one changed last first, after the position `before`."""
    rows = await conn.fetch(
        f"""{_SCRIPT} WHERE ($1::uuid IS NULL OR s.room_id = $1) AND ($2::uuid IS NULL OR s.product_id = $2)
              AND ($3::timestamptz IS NULL OR (s.updated_at, s.id) < ($3, $4))
            ORDER BY s.updated_at DESC, s.id DESC LIMIT $5""",
        room_id,
        product_id,
        before[0] if before else None,
        before[1] if before else None,
        limit,
    )
    return [Script(**row) for row in rows]


async def get_script(conn: Connection, script_id: UUID) -> Script:
    """Return one script.

    Raises:
        NotFound: the tenant has no such script.
    """
    row = await conn.fetchrow(f"{_SCRIPT} WHERE s.id = $1", script_id)
    if row is None:
        raise NotFound("there is no such script")
    return Script(**row)


async def list_versions(conn: Connection, script_id: UUID) -> list[ScriptVersion]:
    """Return every version of a script, the latest first."""
    rows = await conn.fetch(
        """SELECT v.version, v.run_id, v.content, v.draft, v.provenance, v.approved_by, u.name AS approved_by_name,
                  v.created_at
           FROM script_versions v LEFT JOIN users u ON u.id = v.approved_by
           WHERE v.script_id = $1 ORDER BY v.version DESC""",
        script_id,
    )
    return [ScriptVersion(**row) for row in rows]
