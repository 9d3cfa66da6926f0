"""API keys, for administrators: what services sign in with. Each is told once, when it is made."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend.api.auth import KeyKeeper, Parts
from backend.domain import api_keys, audit
from backend.domain.api_keys import Scope
from backend.ids import STORABLE

router = APIRouter(prefix="/api-keys", tags=["api_keys"])

_DAY = 24 * 3600


class NewApiKey(BaseModel):
    """What the key is called, what it may do and for how many days. Without `expires_in_days` it does not expire.

    `models`: ask models directly, and see which there are. `work`: read, and ask for scripts as an operator does. No
    key decides, and none changes keys, people, rules or the catalogue.
    """

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True), STORABLE]
    scopes: Annotated[set[Scope], Field(min_length=1)]
    expires_in_days: Annotated[int, Field(ge=1, le=3650)] | None = None


class ApiKey(BaseModel):
    """A key, without what proves it. `prefix` is how it begins; `last_used_at` is right to within a minute.

    Who made it may lose role and account: the key stays until somebody revokes it. `created_by_role` is their role
    now, null when they have left.
    """

    model_config = ConfigDict(from_attributes=True)

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


class CreatedApiKey(ApiKey):
    """A key that was made. `secret` is the key itself, told here and never again."""

    secret: str


class ApiKeys(BaseModel):
    """The team's keys, the latest first; those that are revoked are left out. `most`: how many may be live at once."""

    items: list[ApiKey]
    most: int


@router.post("", status_code=201)
async def create_api_key(identity: KeyKeeper, services: Parts, body: NewApiKey, response: Response) -> CreatedApiKey:
    """Make a key. `too_many_api_keys` (409) when the team has as many live ones as it may."""
    ttl = None if body.expires_in_days is None else body.expires_in_days * _DAY
    async with services.db.tenant(identity.tenant_id) as conn:
        key, secret = await api_keys.create_key(conn, identity.user_id, body.name, body.scopes, ttl)
        await audit.record(
            conn, identity.user_id, "api_key.created", str(key.id), name=key.name, prefix=key.prefix, scopes=key.scopes
        )
    response.headers["Cache-Control"] = "no-store"
    return CreatedApiKey(**ApiKey.model_validate(key).model_dump(), secret=secret)


@router.get("")
async def list_api_keys(identity: KeyKeeper, services: Parts) -> ApiKeys:
    """List the team's keys."""
    async with services.db.tenant(identity.tenant_id) as conn:
        found = await api_keys.list_keys(conn)
    return ApiKeys(items=[ApiKey.model_validate(one) for one in found], most=api_keys.MOST_LIVE)


@router.delete("/{key_id}", status_code=204)
async def revoke_api_key(identity: KeyKeeper, services: Parts, key_id: UUID) -> None:
    """Revoke a key: it is worth nothing from now on, and its sockets are closed at once."""
    async with services.db.tenant(identity.tenant_id) as conn:
        name = await api_keys.revoke_key(conn, key_id)
        await audit.record(conn, identity.user_id, "api_key.revoked", str(key_id), name=name)
