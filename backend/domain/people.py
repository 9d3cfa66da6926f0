"""People: who signs in, for which tenant, with which rights, and how a request proves it.

A session is one row, re-read on each request, so that signing out and losing a role take effect at once. Whatever
a client holds (cookie token, ticket) is stored as its SHA-256 only. All `Connection`s here come from `db.system()`.
"""

import asyncio
import functools
import hashlib
import secrets
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Literal, get_args
from uuid import UUID

import jwt
from pwdlib import PasswordHash

from backend.errors import (
    BadCredentials,
    Forbidden,
    PersonRequired,
    TenantChoice,
    TicketInvalid,
    TokenExpired,
    Unauthenticated,
)
from backend.storage.postgres import Connection, interval

Role = Literal["admin", "operator", "approver", "host", "viewer", "service_models", "service_work", "service"]
Action = Literal[
    "thread.read",
    "thread.write",
    "interrupt.decide",
    "interrupt.override",
    "catalogue.write",
    "rundown.write",
    "prompter.ack",
    "prompter.control",
    "device.pair",
    "audit.read",
    "policies.write",
    "experiment.read",
    "experiment.write",
    "rules.read",
    "rules.write",
    "model.ask",
    "model.read",
    "model.texts",
    "model.write",
    "keys.write",
]

_ASKING_MODELS: Final[frozenset[Action]] = frozenset({"model.ask", "model.read"})
_WORKING: Final[frozenset[Action]] = frozenset({"thread.read", "thread.write"})
_SERVICES: Final = frozenset({"service_models", "service_work", "service"})
_RIGHTS: Final[Mapping[str, frozenset[str]]] = {
    "admin": frozenset(get_args(Action)),
    "operator": frozenset(
        {
            "thread.read",
            "thread.write",
            "interrupt.decide",
            "catalogue.write",
            "rundown.write",
            "prompter.ack",
            "prompter.control",
            "device.pair",
            "experiment.read",
            "model.ask",
            "model.read",
        }
    ),
    # Who judges the texts is not told how they were written.
    "approver": frozenset(
        {"thread.read", "thread.write", "interrupt.decide", "rundown.write", "prompter.control", "rules.read"}
    ),
    "host": frozenset({"thread.read", "prompter.ack", "prompter.control"}),
    "viewer": frozenset({"thread.read"}),
    # Services with an API key (`domain.api_keys`): they ask for scripts, or ask models. A person decides.
    "service_models": _ASKING_MODELS,
    "service_work": _WORKING,
    "service": _ASKING_MODELS | _WORKING,
    # Devices without a login (`domain.devices`), each for one room only.
    "display": frozenset({"prompter.ack"}),
    "remote": frozenset({"prompter.ack", "prompter.control"}),
}
#: The shortest password an account may be made with.
MIN_PASSWORD: Final = 10
_JWT_ALGORITHM: Final = "HS256"
_JWT_AUDIENCE: Final = "cuedesk"
_PASSWORDS: Final = PasswordHash.recommended()
# Argon2 takes 64 MiB and a core for a while: two at once, whoever knocks.
_HASHING: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="argon2")


@functools.cache
def _nobodys_hash() -> str:
    return _PASSWORDS.hash(secrets.token_urlsafe(16))


def _matches(account: "Account | None", password: str) -> bool:
    # Compared also when nobody has the address, so that the answer takes as long as for a wrong password.
    return _PASSWORDS.verify(password, account.password_hash if account else _nobodys_hash())


@dataclass(frozen=True)
class Identity:
    """Who is asking, for which tenant, and until when the session holds."""

    user_id: UUID
    name: str
    email: str
    tenant_id: UUID
    tenant_name: str
    role: str
    session_id: UUID
    expires_at: datetime
    #: When the access token that proved it is refused; None when the session itself did (cookie, ticket).
    token_refused_at: datetime | None = None
    #: The one room that a paired device may see, and who paired it; None for people.
    room_id: UUID | None = None
    paired_by: UUID | None = None

    @property
    def ends_at(self) -> datetime:
        """When this has to be proven anew."""
        return self.expires_at if self.token_refused_at is None else min(self.expires_at, self.token_refused_at)


@dataclass(frozen=True)
class Account:
    """A user as far as signing in needs it."""

    user_id: UUID
    name: str
    password_hash: str


@dataclass(frozen=True)
class Membership:
    """A tenant a user belongs to."""

    tenant_id: UUID
    slug: str
    name: str
    role: str


def may(role: str, action: Action) -> bool:
    """Return whether somebody of this role may do this."""
    return action in _RIGHTS.get(role, frozenset())


def permissions(role: str) -> list[str]:
    """Return everything this role may do, sorted."""
    return sorted(_RIGHTS.get(role, frozenset()))


def is_service(role: str | None) -> bool:
    """Return whether this is the role of an API key, not of a person."""
    return role in _SERVICES


def works_as(role: Role) -> Role:
    """Return the role of people that this one works as, where tenants name roles: a service asks as an operator."""
    return "operator" if is_service(role) and may(role, "thread.write") else role


def refusal(role: str | None, action: Action) -> Forbidden:
    """Return the error for a role that does not include `action`; a service is told what no key may ever do."""
    if is_service(role) and not any(action in _RIGHTS[one] for one in _SERVICES):
        return PersonRequired(action=action)
    return Forbidden(action=action)


def require(identity: Identity, action: Action) -> None:
    """Let pass who may do this.

    Raises:
        PersonRequired: an API key may not, whatever its scopes.
        Forbidden: the role does not include it.
    """
    if not may(identity.role, action):
        raise refusal(identity.role, action)


def hash_password(password: str) -> str:
    """Return the argon2id hash; takes long on purpose."""
    return _PASSWORDS.hash(password)


async def find_account(conn: Connection, email: str) -> Account | None:
    """Return the enabled account with this e-mail address, letter case aside."""
    row = await conn.fetchrow("SELECT id AS user_id, name, password_hash FROM auth_user($1)", email)
    return Account(**row) if row else None


async def check_password(account: Account | None, password: str) -> Account:
    """Return the account if the password is its own; hold no connection meanwhile, it takes a while.

    Raises:
        BadCredentials: it is not, or there is no account; neither the message nor the time tells which.
    """
    matches = await asyncio.get_running_loop().run_in_executor(_HASHING, _matches, account, password)
    if account is None or not matches:
        raise BadCredentials
    return account


async def list_memberships(conn: Connection, user_id: UUID) -> list[Membership]:
    """Return the tenants a user belongs to."""
    return [Membership(**row) for row in await conn.fetch("SELECT * FROM auth_memberships($1)", user_id)]


async def open_session(conn: Connection, user_id: UUID, tenant: str | None, ttl: float) -> tuple[str, Identity]:
    """Open a session of `ttl` seconds for the tenant with this slug and return its token.

    `tenant` may be left out by who belongs to just one.

    Raises:
        BadCredentials: the user does not belong to this tenant, or to none.
        TenantChoice: the user belongs to several and has not said which.
    """
    places = await list_memberships(conn, user_id)
    if tenant is not None:
        places = [place for place in places if place.slug == tenant]
    if not places:
        raise BadCredentials
    if len(places) > 1:
        raise TenantChoice(tenants=[{"slug": place.slug, "name": place.name} for place in places])
    token = secrets.token_urlsafe(32)
    session_id = await conn.fetchval(
        "SELECT id FROM auth_open_session($1, $2, $3, $4)",
        user_id,
        places[0].tenant_id,
        _digest(token),
        interval(ttl),
    )
    return token, await _identity(conn, None, session_id)


async def close_session(conn: Connection, session_id: UUID) -> None:
    """End a session: its cookie, its access tokens and its tickets are worth nothing from now on."""
    await conn.execute("SELECT auth_close_session($1)", session_id)


async def identity_of_session(conn: Connection, token: str) -> Identity:
    """Return who holds this session token.

    Raises:
        Unauthenticated: nobody does: unknown, signed out, over, or the user lost the account or the tenant.
    """
    return await _identity(conn, _digest(token), None)


def issue_jwt(identity: Identity, secret: bytes, ttl: float, now: datetime) -> tuple[str, int]:
    """Return an access token for callers without cookies and for how many seconds it holds.

    `now` is the database's time, not this machine's: another process with another clock will read the token.
    """
    begins = now.timestamp()
    lifetime = int(max(0, min(ttl, identity.expires_at.timestamp() - begins)))
    claims = {
        "aud": _JWT_AUDIENCE,
        "sub": str(identity.user_id),
        "sid": str(identity.session_id),
        "iat": int(begins),
        "exp": int(begins) + lifetime,
    }
    return jwt.encode(claims, secret, algorithm=_JWT_ALGORITHM), lifetime


async def identity_of_jwt(conn: Connection, token: str, secret: bytes, leeway: float, now: datetime) -> Identity:
    """Return who holds this access token, if the session it was issued in still stands.

    Raises:
        TokenExpired: its time is over by the database's clock, `now` (`leeway` seconds allowed for our copies of it).
        Unauthenticated: it is not ours, or the session has ended.
    """
    try:
        claims = jwt.decode(
            token,
            secret,
            algorithms=[_JWT_ALGORITHM],
            audience=_JWT_AUDIENCE,
            # The library would compare with this machine's wall clock.
            options={"require": ["exp", "iat", "sub", "sid"], "verify_exp": False, "verify_iat": False},
        )
        session_id, ends = UUID(claims["sid"]), datetime.fromtimestamp(int(claims["exp"]) + leeway, UTC)
    except (jwt.InvalidTokenError, ValueError, TypeError, AttributeError):
        raise Unauthenticated from None
    if now >= ends:
        raise TokenExpired
    identity = await _identity(conn, None, session_id)
    return replace(identity, token_refused_at=ends)


async def issue_ticket(conn: Connection, identity: Identity, ttl: float) -> tuple[str, datetime]:
    """Return a ticket with which one socket may be opened within `ttl` seconds, and when it lapses."""
    ticket = secrets.token_urlsafe(32)
    expires_at: datetime = await conn.fetchval(
        "SELECT auth_issue_ticket($1, $2, $3)", identity.session_id, _digest(ticket), interval(ttl)
    )
    return ticket, expires_at


async def take_ticket(conn: Connection, ticket: str) -> Identity:
    """Return whose ticket this is; it is used up.

    Raises:
        TicketInvalid: unknown, used, too old, or its session has ended.
    """
    session_id = await conn.fetchval("SELECT auth_take_ticket($1)", _digest(ticket))
    if session_id is None:
        raise TicketInvalid
    try:
        return await _identity(conn, None, session_id)
    except Unauthenticated:
        raise TicketInvalid from None


def _digest(token: str) -> bytes:
    # A header may bring bytes that are no text; they are nobody's token, not an error.
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


async def _identity(conn: Connection, token_hash: bytes | None, session_id: UUID | None) -> Identity:
    row = await conn.fetchrow("SELECT * FROM auth_session($1, $2)", token_hash, session_id)
    if row is None:
        raise Unauthenticated
    return Identity(**row)


async def current_role(conn: Connection, user_id: UUID) -> Role | None:
    """Return the role the user has at this moment in the connection's tenant; None when it has none (any more)."""
    role: Role | None = await conn.fetchval(
        """SELECT m.role FROM memberships m JOIN users u ON u.id = m.user_id
           WHERE m.user_id = $1 AND u.disabled_at IS NULL""",
        user_id,
    )
    return role


async def hold_role(conn: Connection, user_id: UUID) -> Role | None:
    """Return the role as `current_role` does, and keep it so until the transaction ends.

    Whoever disables the account or takes the role away meanwhile waits for this transaction.
    """
    role: Role | None = await conn.fetchval("SELECT auth_hold_role($1)", user_id)
    return role


@dataclass(frozen=True)
class Standing:
    """What has become of a session: `role` None without account or place in the tenant, `open` False when it ended."""

    session_id: UUID
    role: str | None
    open: bool


async def changed_standings(conn: Connection, held: Collection[tuple[UUID, str]]) -> list[Standing]:
    """Return, of sessions with the role that each is held with, those that are no longer so."""
    rows = await conn.fetch(
        "SELECT * FROM auth_changed_standings($1::uuid[], $2::text[])",
        [session_id for session_id, _ in held],
        [role for _, role in held],
    )
    return [Standing(**row) for row in rows]
