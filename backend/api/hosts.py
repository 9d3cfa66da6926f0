"""Hosts: list, read, add, change, remove."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend.api.auth import Cataloguer, Parts, Reader
from backend.api.pages import (
    Cursor,
    IdempotencyKey,
    IfMatch,
    Limit,
    Page,
    Search,
    after,
    cut,
    encode_cursor,
    expected_version,
    once,
)
from backend.domain import audit, hosts
from backend.ids import STORABLE
from backend.storage.postgres import Connection

router = APIRouter(prefix="/hosts", tags=["hosts"])

Name = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True), STORABLE]
Prose = Annotated[str, StringConstraints(max_length=500), STORABLE]
Phrase = Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True), STORABLE]
Phrases = Annotated[list[Phrase], Field(max_length=40)]
Pace = Annotated[int, Field(ge=120, le=420, description="Characters a minute.")]


class Host(BaseModel):
    """How a host speaks, and to whom."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    voice: str
    audience: str
    pace: int
    catchphrases: list[str]
    taboo_words: list[str]
    version: int
    created_at: datetime
    updated_at: datetime


class HostPage(Page[Host]):
    """A part of the list of hosts."""


class NewHost(BaseModel):
    """A host to add."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    voice: Prose = ""
    audience: Prose = ""
    pace: Pace = 260
    catchphrases: Phrases = []
    taboo_words: Phrases = []


class HostChanges(BaseModel):
    """What to change; a field left out stays as it is. `version` is the one that was read (or send If-Match)."""

    model_config = ConfigDict(extra="forbid")

    version: Annotated[int, Field(ge=1, le=999_999_999)] | None = None
    name: Name = ""
    voice: Prose = ""
    audience: Prose = ""
    pace: Pace = 260
    catchphrases: Phrases = []
    taboo_words: Phrases = []


@router.get("")
async def list_hosts(
    identity: Reader, services: Parts, q: Search = None, cursor: Cursor = None, limit: Limit = 50
) -> HostPage:
    """List hosts, newest first."""
    async with services.db.tenant(identity.tenant_id) as conn:
        rows = await hosts.list_hosts(conn, q or None, after(cursor), limit + 1)
    page, next_cursor = cut(rows, limit, lambda host: encode_cursor(host.id))
    return HostPage(items=[Host.model_validate(host) for host in page], next_cursor=next_cursor)


@router.post("", status_code=201)
async def create_host(identity: Cataloguer, services: Parts, body: NewHost, key: IdempotencyKey = None) -> Host:
    """Add a host."""

    async def act(conn: Connection) -> Host:
        host = await hosts.create_host(conn, **body.model_dump())
        await audit.record(conn, identity.user_id, "host.created", str(host.id), name=host.name)
        return Host.model_validate(host)

    return await once(services.db, identity, key, request=body, result=Host, act=act)


@router.get("/{host_id}")
async def read_host(identity: Reader, services: Parts, host_id: UUID, response: Response) -> Host:
    """Read a host; `ETag` is its version."""
    async with services.db.tenant(identity.tenant_id) as conn:
        host = await hosts.get_host(conn, host_id)
    response.headers["ETag"] = f'"{host.version}"'
    return Host.model_validate(host)


@router.patch("/{host_id}")
async def update_host(
    identity: Cataloguer, services: Parts, host_id: UUID, body: HostChanges, if_match: IfMatch = None
) -> Host:
    """Change a host, if nobody else changed it meanwhile."""
    changes = body.model_dump(exclude_unset=True, exclude={"version"})
    async with services.db.tenant(identity.tenant_id) as conn:
        host = await hosts.update_host(conn, host_id, expected_version(body.version, if_match), changes)
        await audit.record(conn, identity.user_id, "host.changed", str(host_id), fields=sorted(changes))
    return Host.model_validate(host)


@router.delete("/{host_id}", status_code=204)
async def delete_host(identity: Cataloguer, services: Parts, host_id: UUID) -> None:
    """Remove a host; rooms, threads and scripts stay, without a host."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await hosts.delete_host(conn, host_id)
        await audit.record(conn, identity.user_id, "host.deleted", str(host_id))
