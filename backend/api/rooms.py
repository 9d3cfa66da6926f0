"""Rooms: list, read, add; what a room's teleprompter shows."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend.api.auth import Cataloguer, Director, Parts, Reader
from backend.api.pages import Cursor, IdempotencyKey, Limit, Page, Search, after, command_id, cut, encode_cursor, once
from backend.domain import audit, rooms
from backend.ids import STORABLE
from backend.protocol.commands import PrompterOrder
from backend.protocol.events import DisplayView, PrompterState
from backend.quality.layering import Platform
from backend.runs import directing
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
    #: What is approved for it waits in its rundown until somebody puts it on air.
    by_hand: bool = False
    #: For how many seconds it is held before it is on air by itself; null: as the tenant's policy says.
    undo_window: float | None = None


class RoomPage(Page[Room]):
    """A part of the list of rooms."""


class NewRoom(BaseModel):
    """A room to add."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(min_length=1, max_length=60, strip_whitespace=True), STORABLE]
    host_id: UUID | None = None


class RoomDisplays(BaseModel):
    """The displays of a room, by name; those that fell silent stay for ten minutes as `away`."""

    items: list[DisplayView]


class RoomChanges(BaseModel):
    """What to change of a room; what is left out stays.

    `platform` says whose extra rules hold in it; null: those of the tenant. `by_hand`: what is approved for the room
    waits in its rundown until somebody puts it on air. `undo_window` says for how many seconds it is held before it is
    on air by itself (0: not at all); null: as the tenant's policy says.
    """

    model_config = ConfigDict(extra="forbid")

    platform: Platform | None = None
    by_hand: bool = False
    undo_window: Annotated[float, Field(ge=0, le=600)] | None = None


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
    """Say which platform a room is on, and how what is approved for it comes on air."""
    changes = body.model_fields_set
    async with services.db.tenant(identity.tenant_id) as conn:
        room = await rooms.get_room(conn, room_id)
        if "platform" in changes:
            room = await rooms.set_platform(conn, room_id, body.platform)
        if changes & {"by_hand", "undo_window"}:
            room = await rooms.set_air_rule(
                conn,
                room_id,
                by_hand=body.by_hand if "by_hand" in changes else None,
                undo_window=body.undo_window if "undo_window" in changes else rooms.KEEP_IT,
            )
        await audit.record(
            conn,
            identity.user_id,
            "room.changed",
            str(room_id),
            **{name: value for name, value in body.model_dump().items() if name in changes},
        )
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
