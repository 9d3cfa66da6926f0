"""The demo: two tenants with people, hosts, rooms and products, so that the first minute is not an empty page."""

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from backend.domain import audit, hosts, people, products, rooms
from backend.storage.postgres import Connection

_DATA: Final = Path(__file__).with_suffix(".toml")
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('cuedesk demo', 0))"


async def seed_demo(conn: Connection) -> bool:
    """Add the demo tenants and return True; once: in a database that has had one of them nothing is touched.

    `conn` is a transaction of the database's owner (`storage.postgres.as_owner`): the application's role may add
    neither tenants nor users.
    """
    await conn.execute(_LOCK)
    data = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    slugs = [tenant["slug"] for tenant in data["tenants"]]
    if await conn.fetchval("SELECT EXISTS (SELECT FROM tenants WHERE slug = ANY ($1))", slugs):
        return False
    password_hash = people.hash_password(data["password"])
    for tenant in data["tenants"]:
        await _seed_tenant(conn, tenant, password_hash)
    return True


def demo_logins() -> list[tuple[str, str, str]]:
    """Return (tenant, role, e-mail address) of everybody in the demo, for the start's notice."""
    data = tomllib.loads(_DATA.read_text(encoding="utf-8"))
    return [(tenant["name"], who["role"], who["email"]) for tenant in data["tenants"] for who in tenant["people"]]


def demo_password() -> str:
    """Return the password of everybody in the demo."""
    password: str = tomllib.loads(_DATA.read_text(encoding="utf-8"))["password"]
    return password


async def _seed_tenant(conn: Connection, tenant: Mapping[str, Any], password_hash: str) -> None:
    tenant_id = await conn.fetchval(
        "INSERT INTO tenants (slug, name) VALUES ($1, $2) RETURNING id", tenant["slug"], tenant["name"]
    )
    # From here on rows fall to this tenant by default, as in the application's own transactions.
    await conn.execute("SELECT set_config('app.tenant', $1, true)", str(tenant_id))
    for who in tenant["people"]:
        # An address that is taken is somebody's own account: it gets neither our password nor a place here.
        user_id = await conn.fetchval(
            """INSERT INTO users (email, name, password_hash) VALUES ($1, $2, $3)
               ON CONFLICT ((lower(email))) DO NOTHING RETURNING id""",
            who["email"],
            who["name"],
            password_hash,
        )
        if user_id is not None:
            await conn.execute(
                "INSERT INTO memberships (tenant_id, user_id, role) VALUES ($1, $2, $3)",
                tenant_id,
                user_id,
                who["role"],
            )
    for profile in tenant["hosts"]:
        fields = {name: value for name, value in profile.items() if name != "room"}
        host = await hosts.create_host(conn, **fields)
        await rooms.create_room(conn, name=profile["room"], host_id=host.id)
    # Lists show the newest first: added in reverse they appear as they stand in the file.
    for entry in reversed(tenant["products"]):
        await products.create_product(
            conn,
            **{
                **entry,
                "price": Decimal(str(entry["price"])),
                "list_price": Decimal(str(entry["list_price"])),
                "points": [products.Point(**point) for point in entry["points"]],
            },
        )
    await audit.record(conn, None, "tenant.seeded", str(tenant_id), slug=tenant["slug"])
