"""What tenants lay over the rules: revisions that are added and never changed; the highest one holds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.errors import NotFound, VersionConflict
from backend.storage.postgres import Connection, Record, UniqueViolation

_COLUMNS = """o.revision, o.overlay, o.digest, o.note, o.restored_from, o.author, u.name AS author_name, o.created_at
  FROM rule_overlays o LEFT JOIN users u ON u.id = o.author"""


@dataclass(frozen=True, slots=True)
class Head:
    """Which rules hold, as the database has it now. `digest` is empty when nothing was ever laid over them."""

    tenant_id: UUID
    revision: int
    digest: str
    platform: str | None


@dataclass(frozen=True)
class Revision:
    """One saved overlay (plain JSON), by whom and why."""

    revision: int
    overlay: dict[str, Any]
    digest: str
    note: str
    restored_from: int | None
    author: UUID | None
    author_name: str | None
    created_at: datetime


async def head(conn: Connection, room_id: UUID | None = None) -> Head:
    """Return what holds for the connection's tenant, in this room if one is named."""
    row = await conn.fetchrow(
        """SELECT t.id AS tenant_id, coalesce(o.revision, 0) AS revision, coalesce(o.digest, '') AS digest,
             coalesce((SELECT platform FROM rooms WHERE id = $1), t.platform) AS platform
           FROM tenants t LEFT JOIN LATERAL
             (SELECT revision, digest FROM rule_overlays ORDER BY revision DESC LIMIT 1) o ON true
           WHERE t.id = current_tenant()""",
        room_id,
    )
    assert row is not None, "a connection of a tenant that is not there"
    return Head(**row)


async def get_revision(conn: Connection, revision: int) -> Revision:
    """Return one revision.

    Raises:
        NotFound: there is no such revision.
    """
    row = await conn.fetchrow(f"SELECT {_COLUMNS} WHERE o.revision = $1", revision)
    if row is None:
        raise NotFound("there is no such revision")
    return _revision(row)


async def latest(conn: Connection, below: int | None = None) -> Revision | None:
    """Return the highest revision (below another), if there is one."""
    row = await conn.fetchrow(
        f"SELECT {_COLUMNS} WHERE $1::int IS NULL OR o.revision < $1 ORDER BY o.revision DESC LIMIT 1", below
    )
    return _revision(row) if row else None


async def list_revisions(conn: Connection, before: int | None, limit: int) -> list[Revision]:
    """Return revisions, newest first, below `before`."""
    rows = await conn.fetch(
        f"SELECT {_COLUMNS} WHERE $1::int IS NULL OR o.revision < $1 ORDER BY o.revision DESC LIMIT $2", before, limit
    )
    return [_revision(row) for row in rows]


async def add(
    conn: Connection,
    *,
    after: int,
    overlay: dict[str, Any],
    digest: str,
    note: str,
    author: UUID,
    restored_from: int | None = None,
) -> Revision:
    """Keep an overlay as the revision that follows `after`; every process hears of it at the commit.

    Raises:
        VersionConflict: somebody saved meanwhile; the details name the revision that holds, by whom and when.
    """
    now = await latest(conn)
    if (now.revision if now else 0) != after:
        raise _overtaken(now)
    try:
        await conn.execute(
            """INSERT INTO rule_overlays (revision, overlay, digest, note, restored_from, author)
               VALUES ($1, $2, $3, $4, $5, $6)""",
            after + 1,
            overlay,
            digest,
            note,
            restored_from,
            author,
        )
    except UniqueViolation:
        # Both read the same revision and this one came second; its transaction is over and can read no more.
        raise VersionConflict(revision=after + 1) from None
    return await get_revision(conn, after + 1)


async def set_platform(conn: Connection, platform: str | None) -> None:
    """Say which platform the connection's tenant is on."""
    await conn.execute("UPDATE tenants SET platform = $1 WHERE id = current_tenant()", platform)


def _overtaken(now: Revision | None) -> VersionConflict:
    if now is None:
        return VersionConflict(revision=0)
    return VersionConflict(revision=now.revision, by=now.author_name, at=now.created_at.isoformat(), note=now.note)


def _revision(row: Record) -> Revision:
    return Revision(**dict(row))
