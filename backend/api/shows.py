"""Shows: plan one (from a table or by choice), let it be written, follow and steer it, take the result along.

What happens to a show is told live in the log of the thread with its id (`subscribe` to `thread:SHOW_ID`).
"""

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, WithJsonSchema

from backend.api.auth import Parts, Reader, Writer
from backend.api.files import attachment
from backend.api.pages import Cursor, IdempotencyKey, Limit, Page, after, cut, encode_cursor, once
from backend.api.tables import TableError, told
from backend.api.uploads import Upload
from backend.domain import audit, products, rundowns, show_plan, show_table, shows
from backend.domain.show_export import FORMATS, ExportFormat, Spoken, exported
from backend.domain.tables import read_table
from backend.errors import BadRequest, NothingToExport
from backend.graph.intent.vocabulary import SCENARIO_NAMES
from backend.graph.version import GRAPH_VERSION
from backend.ids import STORABLE
from backend.protocol.events import ShowItemView, ShowProgress, ShowStatus
from backend.quality.craft import speakable
from backend.quality.pii import mask_pii
from backend.runs import shows as running
from backend.runs.start import require_still
from backend.storage.postgres import Connection

router = APIRouter(prefix="/shows", tags=["shows"])

Scenario = Literal["opening", "selling_points", "promotion", "seeding", "transition", "closing"]
Seconds = Annotated[int, Field(ge=show_plan.SHORTEST, le=show_plan.LONGEST)]
TotalSeconds = Annotated[int, Field(ge=60, le=86_400)]
StartsAt = Annotated[
    AwareDatetime,
    Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2100, 1, 1, tzinfo=UTC)),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Name = Annotated[str, StringConstraints(min_length=1, max_length=80, strip_whitespace=True), STORABLE]
Notes = Annotated[str, StringConstraints(max_length=show_table.MAX_NOTES, strip_whitespace=True), STORABLE]
ItemIds = Annotated[list[UUID], Field(min_length=1, max_length=show_table.MAX_ITEMS)]


class Show(BaseModel):
    """A show of a room. `pace` is the host's, in characters a minute."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    room_id: UUID
    name: str
    starts_at: datetime | None
    total_seconds: int
    status: ShowStatus
    concurrency: int
    pace: int
    progress: ShowProgress
    created_at: datetime


class ShowPage(Page[Show]):
    """A part of the list of shows."""


class ShowWithItems(BaseModel):
    """A show with its plan."""

    show: Show
    items: list[ShowItemView]


class NewShowItem(BaseModel):
    """A script to plan; without `seconds` it shares the show's time with the others."""

    model_config = ConfigDict(extra="forbid")

    product_id: UUID
    scenario: Scenario
    seconds: Seconds | None = None
    notes: Notes = ""


NewItems = Annotated[list[NewShowItem], Field(min_length=1, max_length=show_table.MAX_ITEMS)]


class NewShow(BaseModel):
    """A show to add."""

    model_config = ConfigDict(extra="forbid")

    room_id: UUID
    name: Name
    starts_at: StartsAt | None = None
    total_seconds: TotalSeconds
    items: NewItems


class ShowChanges(BaseModel):
    """What to change; a field left out stays as it is."""

    model_config = ConfigDict(extra="forbid")

    name: Name = ""
    starts_at: StartsAt | None = None
    total_seconds: TotalSeconds = 60


class ShowTable(BaseModel):
    """A file to read: CSV (UTF-8 or GBK) or XLSX, in base64. Rows that name no segment get `segments`."""

    model_config = ConfigDict(extra="forbid")

    content: Annotated[Upload, Field(max_length=400_000)]
    segments: Annotated[list[Scenario], Field(max_length=6)] = []


class TableItem(BaseModel):
    """A script that a row of the table asks for."""

    model_config = ConfigDict(from_attributes=True)

    row: int
    product_id: UUID
    product_name: str
    scenario: Scenario
    seconds: int | None
    notes: str


class ReadTable(BaseModel):
    """What a table asks for, and everything that is wrong with it. Only one without errors should be planned."""

    rows: int
    items: list[TableItem]
    errors: list[TableError]


class SlotRequest(BaseModel):
    """A segment, and its seconds if a person has set them."""

    model_config = ConfigDict(extra="forbid")

    scenario: Scenario
    seconds: Seconds | None = None


class PlanRequest(BaseModel):
    """A show's time and its scripts."""

    model_config = ConfigDict(extra="forbid")

    room_id: UUID
    total_seconds: TotalSeconds
    items: Annotated[list[SlotRequest], Field(min_length=1, max_length=show_table.MAX_ITEMS)]


class PlannedTime(BaseModel):
    """The seconds and characters of each script, in the order asked; `left_seconds` is what nobody has a use for."""

    pace: int
    seconds: list[int]
    characters: list[int]
    left_seconds: int


class Order(BaseModel):
    """Every item of the show once, in the new order."""

    model_config = ConfigDict(extra="forbid")

    item_ids: ItemIds


class Retry(BaseModel):
    """Which scripts to try again; without `item_ids` all that failed."""

    model_config = ConfigDict(extra="forbid")

    item_ids: ItemIds | None = None


class Cancel(BaseModel):
    """What else is left out: with `waiting` the scripts that wait for a decision are withdrawn as well."""

    model_config = ConfigDict(extra="forbid")

    waiting: bool = False


class CancelRequest(Cancel):
    """… and of which show."""

    show_id: UUID


class RetryRequest(Retry):
    """… and of which show."""

    show_id: UUID


class ItemChanges(BaseModel):
    """How long one script is to take; None lets it share the show's time with the others again."""

    model_config = ConfigDict(extra="forbid")

    seconds: Seconds | None


class ItemRequest(BaseModel):
    """Which item of which show (for the idempotency of a request without a body)."""

    show_id: UUID
    item_id: UUID | None = None


@router.get("")
async def list_shows(
    identity: Reader, services: Parts, room_id: UUID | None = None, cursor: Cursor = None, limit: Limit = 50
) -> ShowPage:
    """List shows, newest first."""
    async with services.db.tenant(identity.tenant_id) as conn:
        rows = await shows.list_shows(conn, limit=limit + 1, before=after(cursor), room_id=room_id)
    page, next_cursor = cut(rows, limit, lambda show: encode_cursor(show.id))
    return ShowPage(items=[Show.model_validate(show) for show in page], next_cursor=next_cursor)


@router.post("/table")
async def read_show_table(identity: Writer, services: Parts, body: ShowTable) -> ReadTable:
    """Read a table of products and segments without keeping anything: what it asks for, row by row, and its faults.

    Columns: 商品 (product; a name or an alias from the catalogue), 环节 (segment, one or several), 时长 (seconds) and
    备注 (notes); the first sheet, the first row is the heading.
    """
    lines = read_table(body.content)
    async with services.db.tenant(identity.tenant_id) as conn:
        catalogue = show_table.Catalogue(await products.catalogue(conn))
    planned, errors = show_table.read_plan(lines, catalogue, list(dict.fromkeys(body.segments)))
    return ReadTable(
        rows=len(lines) - 1,
        items=[TableItem.model_validate(one) for one in planned],
        errors=told(errors),
    )


@router.post("/plan")
async def plan_show(identity: Reader, services: Parts, body: PlanRequest) -> PlannedTime:
    """Share a show's time out among scripts at the pace of the room's host, without keeping anything."""
    async with services.db.tenant(identity.tenant_id) as conn:
        pace = await shows.pace_of(conn, body.room_id)
    slots = [show_plan.Slot(item.scenario, item.seconds) for item in body.items]
    seconds = show_plan.plan_time(body.total_seconds, pace, slots)
    return PlannedTime(
        pace=pace,
        seconds=seconds,
        characters=[round(one * pace / 60) for one in seconds],
        left_seconds=body.total_seconds - sum(seconds),
    )


@router.post("", status_code=201)
async def create_show(identity: Writer, services: Parts, body: NewShow, key: IdempotencyKey = None) -> ShowWithItems:
    """Add a show; its scripts are planned, none is begun. All of it, or nothing."""

    async def act(conn: Connection) -> ShowWithItems:
        await require_still(conn, identity)
        show = await shows.create_show(
            conn,
            identity.user_id,
            GRAPH_VERSION,
            room_id=body.room_id,
            name=body.name,
            starts_at=body.starts_at,
            total_seconds=body.total_seconds,
            items=[shows.NewItem(**item.model_dump()) for item in body.items],
        )
        await audit.record(conn, identity.user_id, "show.created", str(show.id), name=show.name, items=len(body.items))
        return await _with_items(conn, show)

    return await once(services.db, identity, key, request=body, result=ShowWithItems, act=act)


@router.get("/{show_id}")
async def read_show(identity: Reader, services: Parts, show_id: UUID) -> ShowWithItems:
    """Read a show with its plan."""
    async with services.db.tenant(identity.tenant_id) as conn:
        return await _with_items(conn, await shows.get_show(conn, show_id))


@router.patch("/{show_id}")
async def update_show(identity: Writer, services: Parts, show_id: UUID, body: ShowChanges) -> ShowWithItems:
    """Rename a show, move it in time, or change its length: what is planned and not set by hand shares it anew."""
    changes = body.model_dump(exclude_unset=True)
    if not changes:
        raise BadRequest("name at least one field to change")
    forget = "starts_at" in changes and changes["starts_at"] is None
    async with services.db.tenant(identity.tenant_id) as conn:
        await require_still(conn, identity)
        show = await shows.change_show(conn, show_id, forget_start=forget, **changes)
        await audit.record(conn, identity.user_id, "show.changed", str(show_id), fields=sorted(changes))
        return await _with_items(conn, show)


@router.delete("/{show_id}", status_code=204)
async def delete_show(identity: Writer, services: Parts, show_id: UUID) -> None:
    """Remove a show that nobody is at; its scripts stay in the library, not in the rundown."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await running.remove(conn, identity, show_id)


@router.post("/{show_id}/start")
async def start_show(identity: Writer, services: Parts, show_id: UUID, key: IdempotencyKey = None) -> Show:
    """Let the planned scripts be written, a few at a time; also after a pause."""

    async def act(conn: Connection) -> Show:
        return Show.model_validate(await running.start(conn, services.settings, identity, show_id))

    return await once(services.db, identity, key, request=ItemRequest(show_id=show_id), result=Show, act=act)


@router.post("/{show_id}/pause")
async def pause_show(identity: Writer, services: Parts, show_id: UUID, key: IdempotencyKey = None) -> Show:
    """Begin nothing more for now; what is being written goes on."""

    async def act(conn: Connection) -> Show:
        return Show.model_validate(await running.pause(conn, identity, show_id))

    return await once(services.db, identity, key, request=ItemRequest(show_id=show_id), result=Show, act=act)


@router.post("/{show_id}/cancel")
async def cancel_show(
    identity: Writer, services: Parts, show_id: UUID, body: Cancel | None = None, key: IdempotencyKey = None
) -> Show:
    """Leave out what has not been begun and stop what is being written.

    What waits for a decision goes on waiting, unless `waiting` withdraws it.
    """
    waiting = body is not None and body.waiting

    async def act(conn: Connection) -> Show:
        return Show.model_validate(await running.skip_rest(conn, identity, show_id))

    request = CancelRequest(show_id=show_id, waiting=waiting)
    await once(services.db, identity, key, request=request, result=Show, act=act)
    stopped = await running.stop_writing(services.db, services.redis, identity, show_id, waiting=waiting)
    return Show.model_validate(stopped)


@router.post("/{show_id}/retry")
async def retry_show(
    identity: Writer, services: Parts, show_id: UUID, body: Retry | None = None, key: IdempotencyKey = None
) -> Show:
    """Write again what failed, or (named) what was rejected or left out; nothing else is touched."""
    item_ids = body.item_ids if body else None

    async def act(conn: Connection) -> Show:
        return Show.model_validate(await running.retry(conn, identity, show_id, item_ids))

    request = RetryRequest(show_id=show_id, item_ids=item_ids)
    return await once(services.db, identity, key, request=request, result=Show, act=act)


@router.post("/{show_id}/order")
async def order_show(
    identity: Writer, services: Parts, show_id: UUID, body: Order, key: IdempotencyKey = None
) -> ShowWithItems:
    """Put the scripts into another order; the rundown follows it."""

    async def act(conn: Connection) -> ShowWithItems:
        await require_still(conn, identity)
        show = await shows.reorder(conn, show_id, body.item_ids)
        await audit.record(conn, identity.user_id, "show.ordered", str(show_id))
        return await _with_items(conn, show)

    return await once(services.db, identity, key, request=body, result=ShowWithItems, act=act)


@router.patch("/{show_id}/items/{item_id}")
async def update_show_item(
    identity: Writer, services: Parts, show_id: UUID, item_id: UUID, body: ItemChanges
) -> ShowWithItems:
    """Set how long a script that is not begun takes; those that are not set share what is left."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await require_still(conn, identity)
        show = await shows.set_seconds(conn, show_id, item_id, body.seconds)
        await audit.record(conn, identity.user_id, "show.item_changed", str(item_id), seconds=body.seconds)
        return await _with_items(conn, show)


@router.post("/{show_id}/items/{item_id}/regenerate")
async def regenerate_show_item(
    identity: Writer, services: Parts, show_id: UUID, item_id: UUID, key: IdempotencyKey = None
) -> Show:
    """Let one script be written from the beginning; an approved one stays until the new one is approved."""

    async def act(conn: Connection) -> Show:
        return Show.model_validate(await running.regenerate(conn, services.redis, identity, show_id, item_id))

    request = ItemRequest(show_id=show_id, item_id=item_id)
    return await once(services.db, identity, key, request=request, result=Show, act=act)


_FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The file.",
        "content": {
            kind.media_type.split(";")[0]: {"schema": {"type": "string", "format": "binary"}}
            for kind in FORMATS.values()
        },
    }
}


@router.get("/{show_id}/export", responses=_FILES, response_class=Response)
async def export_show(
    identity: Reader,
    services: Parts,
    show_id: UUID,
    format: ExportFormat = "txt",
    utc_offset: Annotated[int, Query(ge=-840, le=840, description="Minutes east of UTC, for the show's date.")] = 480,
) -> Response:
    """Take the approved scripts along, in order: as text, as a DOCX document, or as cues with times (SRT)."""
    async with services.db.tenant(identity.tenant_id) as conn:
        show = await shows.get_show(conn, show_id)
        entries = await rundowns.of_show(conn, show_id)
        if not entries:
            raise NothingToExport
        await audit.record(conn, identity.user_id, "show.exported", str(show_id), format=format)
    spoken = [
        Spoken(
            heading=mask_pii(f"{entry.product_name} · {SCENARIO_NAMES.get(entry.scenario, entry.scenario)}"),
            text=mask_pii(entry.content),
            planned_seconds=entry.planned_seconds or 0,  # of a show, so it has one
        )
        for entry in entries
    ]
    kind = FORMATS[format]
    starts_at = show.starts_at and show.starts_at.astimezone(timezone(timedelta(minutes=utc_offset)))
    title = mask_pii(show.name)
    data = exported(format, title, starts_at, spoken, show.pace, speakable)
    name = f"{title}.{kind.suffix}"
    return Response(
        data,
        media_type=kind.media_type,
        headers={"Content-Disposition": attachment(name), "X-Content-Type-Options": "nosniff"},
    )


async def _with_items(conn: Connection, show: shows.Show) -> ShowWithItems:
    return ShowWithItems(show=Show.model_validate(show), items=await shows.items_of(conn, show.id))
