"""API keys: how services of a tenant sign in. A key is an account of its own, with a name, that no person can use.

It holds until it expires or an administrator revokes it, which ends its sockets like a person's who lost the account.
What it may do is its scopes: `models` (ask models, and see which there are), `work` (read, and ask for scripts, as an
operator does). No key decides anything, nor changes the catalogue, rules, people or keys: that is for people.

The secret is 256 random bits and is told once; kept is its SHA-256, and by that it is looked up, so that what is
compared tells nothing of the secret. Each request looks the key up anew: a key that is revoked is worth nothing from
that moment, in every process, and there is no copy that could be behind.
"""

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import structlog
from prometheus_client import Counter

from backend.domain.addresses import place_of
from backend.domain.people import Identity, Role
from backend.errors import ApiKeyInvalid, NotFound, RateLimited, TooManyApiKeys
from backend.ids import new_id
from backend.storage.postgres import Connection, Database, interval
from backend.storage.redis import Cache
from backend.telemetry.metrics import REGISTRY

log = structlog.get_logger(__name__)

Scope = Literal["models", "work"]

#: What every key begins with, so that people and scanners of source code know one when they see it.
PREFIX: Final = "ck_"
#: Keys that a tenant may have at once, those that are revoked or expired aside.
MOST_LIVE: Final = 50
#: Keys that are listed at most, the expired ones included.
MOST_LISTED: Final = 200
#: Characters of a key that are shown later: enough to know it again, and 232 bits are left.
_SHOWN: Final = len(PREFIX) + 4
#: Wrong keys of one address in a minute that are answered as such; a right one is always let in.
_WRONG: Final = 10
_WINDOW: Final = 60  # seconds
_REFUSED = Counter("cuedesk_api_keys_refused", "API keys that were nobody's", registry=REGISTRY)


@dataclass(frozen=True)
class ApiKey:
    """A key as it is told: never with its secret.

    `created_by_role` is None when who made it has left the team; `last_used_at` is right to within a minute.
    """

    id: UUID
    name: str
    prefix: str
    scopes: list[Scope]
    created_by: UUID | None
    created_by_name: str
    created_by_role: str | None
    created_at: datetime
    expires_at: datetime | None
    expired: bool
    last_used_at: datetime | None


def is_key(token: str) -> bool:
    """Return whether a token is an API key by its looks."""
    return token.startswith(PREFIX)


async def create_key(
    conn: Connection, who: UUID, name: str, scopes: Collection[Scope], ttl: float | None
) -> tuple[ApiKey, str]:
    """Make a key of the connection's tenant that holds for `ttl` seconds (None: until it is revoked).

    Returns it and its secret, which cannot be read again.

    Raises:
        TooManyApiKeys: the tenant has as many as it may.
    """
    secret = PREFIX + secrets.token_urlsafe(32)
    key_id = new_id()
    made = await conn.fetchval(
        "SELECT auth_create_api_key($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        key_id,
        name,
        secret[:_SHOWN],
        _digest(secret),
        sorted(scopes),
        _role_of(scopes),
        who,
        None if ttl is None else interval(ttl),
        MOST_LIVE,
    )
    if not made:
        raise TooManyApiKeys(most=MOST_LIVE)
    return next(key for key in await list_keys(conn) if key.id == key_id), secret


async def list_keys(conn: Connection) -> list[ApiKey]:
    """Return the tenant's keys that are not revoked, the latest first; those that expired are among them."""
    rows = await conn.fetch(
        """SELECT k.id, k.name, k.prefix, k.scopes, k.created_by, k.created_by_name, k.created_at, k.expires_at,
                  k.expires_at IS NOT NULL AND k.expires_at <= clock_timestamp() AS expired, k.last_used_at,
                  m.role AS created_by_role
           FROM api_keys k
           LEFT JOIN users u ON u.id = k.created_by AND u.disabled_at IS NULL
           LEFT JOIN memberships m ON m.user_id = u.id
           WHERE k.revoked_at IS NULL ORDER BY k.id DESC LIMIT $1""",
        MOST_LISTED,
    )
    return [ApiKey(**row) for row in rows]


async def revoke_key(conn: Connection, key_id: UUID) -> str:
    """End a key and return its name; from the commit on it is worth nothing, and its sockets are closed.

    Raises:
        NotFound: the tenant has no such key, or no longer.
    """
    name: str | None = await conn.fetchval("SELECT auth_revoke_api_key($1)", key_id)
    if name is None:
        raise NotFound("there is no such API key")
    return name


async def identity_of_key(db: Database, cache: Cache, token: str, address: str, *, in_turn: bool = False) -> Identity:
    """Return whose key this is. `address`: where it comes from; `in_turn`: as for `Database.system`.

    Raises:
        ApiKeyInvalid: nobody's: unknown, revoked or expired.
        RateLimited: that, and too many such keys came from there within a minute.
    """
    async with db.system(in_turn=in_turn) as conn:
        row = await conn.fetchrow("SELECT * FROM auth_api_key($1)", _digest(token))
    if row is not None:
        identity = Identity(**row)
        log.debug("api_key_used", account=str(identity.user_id), account_name=identity.name, role=identity.role)
        return identity
    _REFUSED.inc()
    log.info("api_key_refused", address=address)
    await _count_wrong(cache, address)
    raise ApiKeyInvalid


def _role_of(scopes: Collection[Scope]) -> Role:
    if len(set(scopes)) > 1:
        return "service"
    return "service_models" if "models" in scopes else "service_work"


async def _count_wrong(cache: Cache, address: str) -> None:
    """Count a wrong key; without Redis nothing is counted: nobody guesses one all the same."""
    if not cache.available:
        return
    counter = f"cuedesk:keys:{place_of(address)}"
    # Its end is set with its beginning: a counter that nobody ends would keep everybody out for ever.
    pipeline = cache.client.pipeline(transaction=True)
    pipeline.set(counter, 0, ex=_WINDOW, nx=True)
    pipeline.incr(counter)
    pipeline.ttl(counter)
    told = await cache.attempt(pipeline.execute())
    if told is not None and told[1] > _WRONG:
        raise RateLimited("too many wrong API keys", retry_after_ms=max(int(told[2]), 1) * 1000)


def _digest(token: str) -> bytes:
    # A header may bring bytes that are no text; they are nobody's key, not an error.
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
