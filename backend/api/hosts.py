"""Hosts: list, read, add, change, remove, and take in a table of them."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

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
from backend.api.tables import (
    TEMPLATE_FILES,
    ImportedRecords,
    Planned,
    ReadRecords,
    Rows,
    TableUpload,
    imported,
    preview,
    require_rows,
    rows_of,
    template_file,
)
from backend.domain import audit, host_table, hosts
from backend.domain.profiles import hold_catalogue
from backend.domain.record_table import MAX_RECORDS
from backend.domain.show_table import RowError
from backend.domain.tables import TableFormat, read_table
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


class HostTableImport(TableUpload):
    """A table of hosts to take in."""

    skip_faulty: Annotated[
        bool, Field(description="Leave faulty rows out and take in the others; else a fault anywhere refuses them all.")
    ] = True


@router.get("/template", responses=TEMPLATE_FILES, response_class=Response)
async def host_template(identity: Cataloguer, format: TableFormat = "xlsx") -> Response:
    """Take along an empty table of hosts to fill in; its second row shows how cells are written."""
    return template_file(host_table.HOSTS, format, "主播")


@router.post("/table")
async def read_host_table(identity: Cataloguer, services: Parts, body: TableUpload) -> ReadRecords:
    """Read a table of hosts without keeping anything: what it would do, row by row, and its faults."""
    rows = _read(body.content)
    async with services.db.tenant(identity.tenant_id) as conn:
        planned, errors = await _planned(conn, rows)
    return preview(planned, errors, rows)


@router.post("/import")
async def import_hosts(
    identity: Cataloguer, services: Parts, body: HostTableImport, key: IdempotencyKey = None
) -> ImportedRecords:
    """Add and change hosts from a table; the faulty rows are told and left out.

    A host is known by the name; an empty cell leaves the field as it is, and a table that was taken in before changes
    nothing.
    """
    rows = _read(body.content)

    async def act(conn: Connection) -> ImportedRecords:
        await hold_catalogue(conn)
        planned, errors = await _planned(conn, rows)
        require_rows(planned, errors, skip_faulty=body.skip_faulty)
        for one in planned:
            if one.was is None:
                await hosts.create_host(conn, **one.fields)
            elif one.change == "update":
                await hosts.update_host(conn, one.was.id, one.was.version, one.fields)
        done = imported(planned, errors)
        await audit.record(conn, identity.user_id, "host.imported", "", created=done.created, updated=done.updated)
        return done

    return await once(services.db, identity, key, request=body, result=ImportedRecords, act=act)


def _read(data: bytes) -> Rows[hosts.Host]:
    return rows_of(host_table.read_hosts(read_table(data, max_rows=MAX_RECORDS)), _NEW, _fields)


def _fields(body: NewHost) -> dict[str, Any]:
    return body.model_dump(exclude_unset=True)


async def _planned(conn: Connection, rows: Rows[hosts.Host]) -> tuple[list[Planned[hosts.Host]], list[RowError]]:
    known = await hosts.by_names(conn, [name for _, name, _ in rows.good])
    return rows.against(known, hosts.PHRASES, host_table.word_errors)


_NEW: Final[TypeAdapter[NewHost]] = TypeAdapter(NewHost)


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
        before = await hosts.get_host(conn, host_id)
        host = await hosts.update_host(conn, host_id, expected_version(body.version, if_match), changes)
        await audit.record(
            conn, identity.user_id, "host.changed", str(host_id), fields=audit.changed(before, host, changes)
        )
    return Host.model_validate(host)


@router.delete("/{host_id}", status_code=204)
async def delete_host(identity: Cataloguer, services: Parts, host_id: UUID) -> None:
    """Remove a host; rooms, threads and scripts stay, without a host."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await hosts.delete_host(conn, host_id)
        await audit.record(conn, identity.user_id, "host.deleted", str(host_id))
