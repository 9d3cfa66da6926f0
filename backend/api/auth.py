"""Signing in and out, and what every endpoint asks first: who is it, may they, and does the page belong to us."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Final
from urllib.parse import urlsplit
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend.domain import api_keys, audit, people
from backend.domain.people import Action, Identity
from backend.errors import OriginRefused, PersonRequired, RateLimited, Unauthenticated
from backend.ids import STORABLE
from backend.services import Services
from backend.settings import Settings
from backend.storage.postgres import Connection
from backend.storage.redis import Cache

COOKIE: Final = "cuedesk_session"
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_ATTEMPTS: Final = 10
_ATTEMPTS_WINDOW: Final = 60  # seconds

_cookie_scheme = APIKeyCookie(name=COOKIE, auto_error=False, description="Set by signing in; for browsers.")
_bearer_scheme = HTTPBearer(
    auto_error=False, bearerFormat="JWT", description="From POST /api/v1/auth/token; or an API key (`ck_…`)."
)

router = APIRouter(prefix="/auth", tags=["auth"])


# What the other routers depend on ---------------------------------------------------------------------------------


def services_of(request: Request) -> Services:
    """Return the parts of the server, as the lifespan opened them."""
    services: Services = request.state.services
    return services


Parts = Annotated[Services, Depends(services_of)]


def check_origin(request: Request, settings: Settings) -> None:
    """Let pass what our own pages and programs send; a browser names the page, a program names none.

    Raises:
        OriginRefused: another site's page sent it, with the user's cookie.
    """
    origin = request.headers.get("origin")
    if origin is None:
        if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            raise OriginRefused
        return
    if origin not in settings.allowed_origins and urlsplit(origin).netloc != request.headers.get("host"):
        raise OriginRefused


async def identify(
    request: Request,
    services: Parts,
    cookie: Annotated[str | None, Depends(_cookie_scheme)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer_scheme)],
) -> Identity:
    """Return who asks, by access token, API key or session cookie; a cookie's unsafe request must come from our page.

    Raises:
        Unauthenticated: nobody we know, or no longer.
        OriginRefused: another site's page is behind it.
        RateLimited: too many wrong API keys came from there.
    """
    if bearer is not None and api_keys.is_key(bearer.credentials):
        address = request.client.host if request.client else ""
        return await api_keys.identity_of_key(services.db, services.redis, bearer.credentials, address)
    if bearer is not None:
        async with services.db.system() as conn:
            return await people.identity_of_jwt(
                conn, bearer.credentials, services.secret, services.settings.token_leeway, services.clock()
            )
    if cookie is None:
        raise Unauthenticated
    if request.method not in _SAFE:
        check_origin(request, services.settings)
    async with services.db.system() as conn:
        return await people.identity_of_session(conn, cookie)


SignedIn = Annotated[Identity, Depends(identify)]


def allow(action: Action) -> Callable[[Identity], Awaitable[Identity]]:
    """Return the dependency that lets pass only who may do `action`."""

    async def check(identity: SignedIn) -> Identity:
        people.require(identity, action)
        return identity

    return check


Reader = Annotated[Identity, Depends(allow("thread.read"))]
Writer = Annotated[Identity, Depends(allow("thread.write"))]
Decider = Annotated[Identity, Depends(allow("interrupt.decide"))]
Cataloguer = Annotated[Identity, Depends(allow("catalogue.write"))]
#: Whoever changes what goes on air next.
Queuer = Annotated[Identity, Depends(allow("rundown.write"))]
Director = Annotated[Identity, Depends(allow("prompter.control"))]
Auditor = Annotated[Identity, Depends(allow("audit.read"))]
PolicyMaker = Annotated[Identity, Depends(allow("policies.write"))]
ExperimentReader = Annotated[Identity, Depends(allow("experiment.read"))]
Experimenter = Annotated[Identity, Depends(allow("experiment.write"))]
RuleReader = Annotated[Identity, Depends(allow("rules.read"))]
RuleWriter = Annotated[Identity, Depends(allow("rules.write"))]
KeyKeeper = Annotated[Identity, Depends(allow("keys.write"))]


async def _person(identity: SignedIn) -> Identity:
    if people.is_service(identity.role):
        raise PersonRequired
    return identity


#: Somebody with a session of their own: an API key is one already, and ends by being revoked.
SignedInPerson = Annotated[Identity, Depends(_person)]


# The resource -----------------------------------------------------------------------------------------------------


class Login(BaseModel):
    """Who signs in. `tenant` is a slug, needed only by who belongs to several."""

    model_config = ConfigDict(extra="forbid")

    email: Annotated[str, StringConstraints(min_length=1, max_length=254, strip_whitespace=True), STORABLE]
    password: Annotated[str, StringConstraints(min_length=1, max_length=256), STORABLE]
    tenant: Annotated[str, StringConstraints(min_length=1, max_length=64), STORABLE] | None = None


class User(BaseModel):
    """A person."""

    id: UUID
    name: str
    email: str


class Tenant(BaseModel):
    """The team one works for."""

    id: UUID
    slug: str
    name: str


class Me(BaseModel):
    """Who is signed in, for which tenant, what they may do and until when."""

    user: User
    tenant: Tenant
    role: str
    permissions: list[str]
    expires_at: datetime


class AccessToken(BaseModel):
    """A token for the `Authorization: Bearer` header; `expires_in` is seconds."""

    access_token: str
    token_type: str = Field(default="Bearer", json_schema_extra={"const": "Bearer"})
    expires_in: int


class Ticket(BaseModel):
    """Opens one socket: `/ws?token=…`. Good once and for a minute."""

    ticket: str
    expires_at: datetime


async def _me(conn: Connection, identity: Identity) -> Me:
    places = await people.list_memberships(conn, identity.user_id)
    slug = next((place.slug for place in places if place.tenant_id == identity.tenant_id), "")
    return Me(
        user=User(id=identity.user_id, name=identity.name, email=identity.email),
        tenant=Tenant(id=identity.tenant_id, slug=slug, name=identity.tenant_name),
        role=identity.role,
        permissions=people.permissions(identity.role),
        expires_at=identity.expires_at,
    )


async def _count_attempt(cache: Cache, address: str, email: str) -> str:
    """Count a sign-in and return the counter's key; without Redis nothing is counted, argon2 still slows it down.

    Raises:
        RateLimited: too many of them for this address and account.
    """
    key = f"login:{hashlib.sha256(f'{address} {email.lower()}'.encode()).hexdigest()}"
    if not cache.available:
        return key
    count = await cache.attempt(cache.client.incr(key))
    if count == 1:
        await cache.attempt(cache.client.expire(key, _ATTEMPTS_WINDOW))
    if count is not None and count > _ATTEMPTS:
        raise RateLimited("too many attempts to sign in", retry_after_ms=_ATTEMPTS_WINDOW * 1000)
    return key


@router.post("/login")
async def log_in(request: Request, response: Response, services: Parts, login: Login) -> Me:
    """Sign in and get the session cookie."""
    check_origin(request, services.settings)
    settings, cache = services.settings, services.redis
    counter = await _count_attempt(cache, request.client.host if request.client else "", login.email)
    async with services.db.system() as conn:
        account = await people.find_account(conn, login.email)
    account = await people.check_password(account, login.password)
    async with services.db.system() as conn:
        token, identity = await people.open_session(conn, account.user_id, login.tenant, settings.session_ttl)
        me = await _me(conn, identity)
    async with services.db.tenant(identity.tenant_id) as conn:
        await audit.record(conn, identity.user_id, "session.opened", str(identity.session_id))
    if cache.available:
        await cache.attempt(cache.client.delete(counter))
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(settings.session_ttl),
        path="/",
        secure=settings.cookie_secure,
        httponly=True,
        samesite="lax",
    )
    response.headers["Cache-Control"] = "no-store"
    return me


@router.post("/logout", status_code=204)
async def log_out(
    request: Request,
    services: Parts,
    cookie: Annotated[str | None, Depends(_cookie_scheme)],
    bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer_scheme)],
) -> Response:
    """End the session, its access tokens and tickets included. Without a session there is nothing to end."""
    response = Response(status_code=204)
    response.delete_cookie(COOKIE, path="/", secure=services.settings.cookie_secure, httponly=True, samesite="lax")
    try:
        identity = await identify(request, services, cookie, bearer)
    except Unauthenticated:
        return response
    await _person(identity)
    async with services.db.tenant(identity.tenant_id) as conn:
        await people.close_session(conn, identity.session_id)
        await audit.record(conn, identity.user_id, "session.closed", str(identity.session_id))
    return response


@router.get("/me")
async def read_me(identity: SignedIn, services: Parts) -> Me:
    """Tell who is signed in."""
    async with services.db.system() as conn:
        return await _me(conn, identity)


@router.post("/token")
async def issue_token(identity: SignedInPerson, services: Parts, response: Response) -> AccessToken:
    """Get a short-lived access token of this session, for a caller without cookies."""
    token, lifetime = people.issue_jwt(identity, services.secret, services.settings.access_token_ttl, services.clock())
    response.headers["Cache-Control"] = "no-store"
    return AccessToken(access_token=token, expires_in=lifetime)


@router.post("/ticket")
async def issue_ticket(identity: SignedIn, services: Parts, response: Response) -> Ticket:
    """Get a ticket that opens one socket."""
    if people.is_service(identity.role):
        people.require(identity, "thread.read")
    async with services.db.system() as conn:
        ticket, expires_at = await people.issue_ticket(conn, identity, services.settings.ticket_ttl)
    response.headers["Cache-Control"] = "no-store"
    return Ticket(ticket=ticket, expires_at=expires_at)
