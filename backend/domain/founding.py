"""The first account of a tenant, made by whoever runs the server: nobody can sign in yet to be asked."""

import re
from typing import Final

from backend.domain import audit
from backend.domain.people import MIN_PASSWORD, hash_password
from backend.errors import BadRequest
from backend.storage.postgres import Connection

_SLUG: Final = re.compile(r"[a-z0-9-]{1,64}")


async def add_admin(conn: Connection, *, tenant: str, tenant_name: str, email: str, name: str, password: str) -> bool:
    """Give a tenant an admin, making tenant and account where they are missing; False when it has this one already.

    `conn` is a transaction of the database's owner (`storage.postgres.as_owner`). The password of an account that
    exists is left as it is: whoever can start programs here should still not take over somebody's account unnoticed.

    Raises:
        BadRequest: the slug, the address or the password cannot be used.
    """
    if not _SLUG.fullmatch(tenant):
        raise BadRequest("a tenant's slug is 1 to 64 of a-z, 0-9 and hyphens")
    if "@" not in email or len(email) > 254:
        raise BadRequest("this is no e-mail address")
    tenant_id = await conn.fetchval(
        """INSERT INTO tenants (slug, name) VALUES ($1, $2)
           ON CONFLICT (slug) DO UPDATE SET slug = excluded.slug RETURNING id""",
        tenant,
        tenant_name or tenant,
    )
    user_id = await conn.fetchval("SELECT id FROM users WHERE lower(email) = lower($1)", email)
    if user_id is None:
        if len(password) < MIN_PASSWORD:
            raise BadRequest(f"a password has at least {MIN_PASSWORD} characters")
        user_id = await conn.fetchval(
            "INSERT INTO users (email, name, password_hash) VALUES ($1, $2, $3) RETURNING id",
            email,
            name or email,
            hash_password(password),
        )
    added = await conn.fetchval(
        """INSERT INTO memberships AS m (tenant_id, user_id, role) VALUES ($1, $2, 'admin')
           ON CONFLICT (tenant_id, user_id) DO UPDATE SET role = 'admin' WHERE m.role <> 'admin' RETURNING true""",
        tenant_id,
        user_id,
    )
    if added is None:
        return False
    await conn.execute("SELECT set_config('app.tenant', $1, true)", str(tenant_id))
    await audit.record(conn, None, "member.added", str(user_id), role="admin")
    return True
