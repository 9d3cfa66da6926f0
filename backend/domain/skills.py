"""What a tenant allows of the graph's skills, and to which roles."""

from collections.abc import Mapping
from dataclasses import dataclass

from backend.storage.postgres import Connection


@dataclass(frozen=True, slots=True)
class Allowance:
    """A tenant's word on one skill; `roles` of None: those the skill names itself."""

    enabled: bool
    roles: frozenset[str] | None


async def read_allowances(conn: Connection) -> Mapping[str, Allowance]:
    """Return the allowances of the connection's tenant by the skill's name; a skill without one is on."""
    rows = await conn.fetch("SELECT name, enabled, roles FROM tenant_skills")
    return {
        row["name"]: Allowance(row["enabled"], None if row["roles"] is None else frozenset(row["roles"]))
        for row in rows
    }


async def set_allowance(conn: Connection, name: str, allowance: Allowance) -> None:
    """Set what the connection's tenant allows of a skill."""
    await conn.execute(
        """INSERT INTO tenant_skills (name, enabled, roles) VALUES ($1, $2, $3)
           ON CONFLICT (tenant_id, name) DO UPDATE
           SET enabled = excluded.enabled, roles = excluded.roles, changed_at = now()""",
        name,
        allowance.enabled,
        None if allowance.roles is None else sorted(allowance.roles),
    )
