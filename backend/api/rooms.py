"""Rooms: list, read, add; what a room's teleprompter shows."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, StringConstraints

from backend.api.auth import Cataloguer, Director, Parts, Reader, Writer
from backend.api.pages import Cursor, IdempotencyKey, Limit, Page, Search, after, command_id, cut, encode_cursor, once
from backend.domain import audit, rooms, rundowns
from backend.ids import STORABLE
from backend.protocol.commands import PrompterOrder
from backend.protocol.events import DisplayView, PrompterState
from backend.quality.layering import Platform
from backend.runs import directing, on_air
from backend.storage.postgres import Connection

router = APIRouter(prefix="/rooms", tags=["rooms"])


class Room(BaseModel):
    """A live room and who goes live in it."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    host_id: UUID | None
    platform: Platform | None = None
    created_at: datetime


class RoomPage(Page[Room]):
    """A part of the list of rooms."""


class NewRoom(BaseModel):
    """A room to add."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True), STORABLE]
    host_id: UUID | None = None


class RundownEntry(BaseModel):
    """An approved script in a room's rundown. `pace` is the host's, in characters a minute."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    show_id: UUID
    show_name: str
    starts_at: datetime | None
    show_item_id: UUID
    position: int
    product_name: str
    scenario: str
    planned_seconds: int
    script_id: UUID
    script_version: int
    title: str
    content: str
    pace: int
    placed_at: datetime


class Rundown(BaseModel):
    """What a room goes through, in order: its shows by their dates, each in its own order."""

    items: list[RundownEntry]


class RoomDisplays(BaseModel):
    """The displays of a room, by name; those that fell silent stay for ten minutes as `away`."""

    items: list[DisplayView]


class Cue(BaseModel):
    """How to put an entry on air: with `override_reason` also against findings that are new; admins only, audited."""

    model_config = ConfigDict(extra="forbid")

    override_reason: Annotated[str, StringConstraints(min_length=1, max_length=500), STORABLE] | None = None


class CueRequest(Cue):
    """Which entry, too (for the idempotency of a request)."""

    entry_id: UUID


class RoomChanges(BaseModel):
    """What to change of a room. `platform` says whose extra rules hold in it; null: those of the tenant."""

    model_config = ConfigDict(extra="forbid")

    platform: Platform | None


@router.get("")
async def list_rooms(
    identity: Reader, services: Parts, q: Search = None, cursor: Cursor = None, limit: Limit = 50
) -> RoomPage:
    """List rooms, newest first."""
    async with services.db.tenant(identity.tenant_id) as conn:
        rows = await rooms.list_rooms(conn, q or None, after(cursor), limit + 1)
    page, next_cursor = cut(rows, limit, lambda room: encode_cursor(room.id))
    return RoomPage(items=[Room.model_validate(room) for room in page], next_cursor=next_cursor)


@router.post("", status_code=201)
async def create_room(identity: Cataloguer, services: Parts, body: NewRoom, key: IdempotencyKey = None) -> Room:
    """Add a room."""

    async def act(conn: Connection) -> Room:
        room = await rooms.create_room(conn, name=body.name, host_id=body.host_id)
        await audit.record(conn, identity.user_id, "room.created", str(room.id), name=room.name)
        return Room.model_validate(room)

    return await once(services.db, identity, key, request=body, result=Room, act=act)


@router.get("/{room_id}")
async def read_room(identity: Reader, services: Parts, room_id: UUID) -> Room:
    """Read a room."""
    async with services.db.tenant(identity.tenant_id) as conn:
        return Room.model_validate(await rooms.get_room(conn, room_id))


@router.patch("/{room_id}")
async def update_room(identity: Cataloguer, services: Parts, room_id: UUID, body: RoomChanges) -> Room:
    """Say which platform a room is on."""
    async with services.db.tenant(identity.tenant_id) as conn:
        room = await rooms.set_platform(conn, room_id, body.platform)
        await audit.record(conn, identity.user_id, "room.changed", str(room_id), platform=body.platform)
        return Room.model_validate(room)


@router.get("/{room_id}/prompter")
async def read_prompter(identity: Reader, services: Parts, room_id: UUID) -> PrompterState:
    """Read what the room's teleprompter is to show and what it has confirmed."""
    async with services.db.tenant(identity.tenant_id) as conn:
        return await rooms.read_prompter(conn, room_id)


@router.post("/{room_id}/prompter")
async def control_prompter(
    identity: Director, services: Parts, room_id: UUID, body: PrompterOrder, key: IdempotencyKey = None
) -> PrompterState:
    """Steer the room's teleprompter as `prompter_control` on `/ws` does; answers what holds then.

    `version_conflict` (409) says in `details` which version is on stage and which is the latest by now.
    """
    await directing.direct(services.db, services.rules, services.displays, identity, room_id, body, command_id(key))
    async with services.db.tenant(identity.tenant_id) as conn:
        return await rooms.read_prompter(conn, room_id)


@router.get("/{room_id}/displays")
async def read_displays(identity: Reader, services: Parts, room_id: UUID) -> RoomDisplays:
    """Read which displays the room has and what each of them shows."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await rooms.get_room(conn, room_id)
    return RoomDisplays(items=await services.displays.list_displays(identity.tenant_id, room_id))


@router.get("/{room_id}/rundown")
async def read_rundown(identity: Reader, services: Parts, room_id: UUID) -> Rundown:
    """Read the room's rundown: the approved scripts of its shows."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await rooms.get_room(conn, room_id)
        return Rundown(items=[RundownEntry.model_validate(entry) for entry in await rundowns.of_room(conn, room_id)])


@router.post("/{room_id}/rundown/{entry_id}/cue")
async def cue_entry(
    identity: Writer,
    services: Parts,
    room_id: UUID,
    entry_id: UUID,
    body: Cue | None = None,
    key: IdempotencyKey = None,
) -> PrompterState:
    """Put a script of the rundown on the room's teleprompter, if what holds now does not forbid it.

    `push_held` (409) names the findings that are new since the approval, and whether rules or product changed.
    """

    async def act(conn: Connection) -> PrompterState:
        reason = body.override_reason if body else None
        return await on_air.cue_entry(conn, services.rules, identity, room_id, entry_id, reason)

    request = CueRequest(entry_id=entry_id, override_reason=body.override_reason if body else None)
    return await once(services.db, identity, key, request=request, result=PrompterState, act=act)
