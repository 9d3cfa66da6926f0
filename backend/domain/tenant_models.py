"""Models of a tenant's own, as they are kept: a document and its revision. What it means is llm/own_models.py's."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend.errors import VersionConflict
from backend.storage.postgres import Connection


@dataclass(frozen=True, slots=True)
class Saved:
    """What one tenant saved; without a document the server's models hold. Revision 0: nothing was ever saved."""

    tenant_id: UUID
    slug: str
    revision: int
    document: dict[str, Any] | None


async def read_own(conn: Connection) -> Saved:
    """Return what the connection's tenant saved."""
    row = await conn.fetchrow(
        """SELECT t.id AS tenant_id, t.slug, coalesce(m.revision, 0) AS revision, m.document
           FROM tenants t LEFT JOIN tenant_models m ON m.tenant_id = t.id WHERE t.id = current_tenant()"""
    )
    assert row is not None, "a connection of a tenant that is not there"
    return Saved(**row)


async def save_own(conn: Connection, document: dict[str, Any] | None, revision: int) -> int:
    """Save for the connection's tenant what follows `revision`; return the new revision.

    Raises:
        VersionConflict: somebody else saved meanwhile.
    """
    saved: int | None = await conn.fetchval(
        """INSERT INTO tenant_models AS m (document) SELECT $1::jsonb WHERE $2 = 0
           ON CONFLICT (tenant_id) DO NOTHING RETURNING revision""",
        document,
        revision,
    )
    if saved is None:
        saved = await conn.fetchval(
            """UPDATE tenant_models SET document = $1, revision = revision + 1, changed_at = now()
               WHERE revision = $2 RETURNING revision""",
            document,
            revision,
        )
    if saved is None:
        raise VersionConflict(revision=(await read_own(conn)).revision)
    return saved


async def changed_own(conn: Connection, known: Mapping[UUID, int]) -> list[Saved]:
    """Return, of all tenants, what was saved and is not known yet; `conn` comes from `db.system()`."""
    rows = await conn.fetch(
        "SELECT * FROM system_tenant_models($1::uuid[], $2::int[])", list(known.keys()), list(known.values())
    )
    return [Saved(**row) for row in rows]
