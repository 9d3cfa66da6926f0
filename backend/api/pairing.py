"""Pairing: a screen or a remote without a login joins a room by a code or a link, and a director ends it again."""

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

import structlog
from fastapi import APIRouter, Depends, Request, Response
from fastapi.security import APIKeyCookie
from prometheus_client import Counter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from backend.api.auth import Parts, allow, check_origin
from backend.domain import audit, devices, rooms
from backend.domain.addresses import place_of
from backend.domain.devices import DeviceRole, PairingStatus
from backend.domain.people import Identity
from backend.errors import PairingRefused, RateLimited, Unauthenticated
from backend.ids import STORABLE
from backend.storage.redis import Cache
from backend.telemetry.metrics import REGISTRY

log = structlog.get_logger(__name__)

DEVICE_COOKIE: Final = "cuedesk_device"
_MINUTE: Final = 60
_HOUR: Final = 3600
#: Tries that were refused: of one address in a minute and in an hour, of all addresses in a minute. Far more than that
#: are hopeless, too: `devices.MOST_WRONG` holds without Redis and from however many addresses they come.
_TRIES: Final = 5
_TRIES_AN_HOUR: Final = 30
_TRIES_OF_ALL: Final = 60
_TRIED = Counter("cuedesk_pairing_tries", "Tries to pair a device, by how they ended", ["outcome"], registry=REGISTRY)

router = APIRouter(tags=["pairing"])

Pairer = Annotated[Identity, Depends(allow("device.pair"))]
_cookie_scheme = APIKeyCookie(name=DEVICE_COOKIE, auto_error=False, description="Set by pairing; for devices.")
DeviceToken = Annotated[str | None, Depends(_cookie_scheme)]


class NewPairing(BaseModel):
    """What the device shall be: a `display` sees the room's text, a `remote` also starts, stops and paces it."""

    model_config = ConfigDict(extra="forbid")

    role: DeviceRole = "display"


class OpenedPairing(BaseModel):
    """A pairing that was opened. `code` and `secret` are told here only; either is good once, until `expires_at`.

    The link of the QR code is the page `/pair` with `#` and the secret: what stands there is in no server's log.
    """

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    role: DeviceRole
    code: str
    secret: str
    expires_at: datetime


class Pairing(BaseModel):
    """What has become of a pairing. `void`: too many wrong codes were typed meanwhile; its link is still good."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    role: DeviceRole
    status: PairingStatus
    expires_at: datetime
    device_id: UUID | None


class Device(BaseModel):
    """A device that is paired with a room. It ends at `expires_at` unless it connects before."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    role: DeviceRole
    name: str
    paired_by: UUID
    paired_by_name: str
    created_at: datetime
    seen_at: datetime
    expires_at: datetime


class RoomDevices(BaseModel):
    """The devices that are paired with a room, the latest first."""

    items: list[Device]


class PairRequest(BaseModel):
    """The code that somebody types, or the secret of the link that they scanned; and how the device is called."""

    model_config = ConfigDict(extra="forbid")

    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")] | None = None
    secret: Annotated[str, StringConstraints(min_length=1, max_length=100), STORABLE] | None = None
    name: Annotated[str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True), STORABLE]

    @model_validator(mode="after")
    def _is_one(self) -> "PairRequest":
        if (self.code is None) == (self.secret is None):
            raise ValueError("name either the code or the secret")
        return self


class PairedRoom(BaseModel):
    """The room a device is paired with."""

    id: UUID
    name: str


class Paired(BaseModel):
    """What this device is, and in which room."""

    id: UUID
    role: DeviceRole
    name: str
    room: PairedRoom
    expires_at: datetime = Field(description="When it ends, unless it is used before.")


# The director's side ----------------------------------------------------------------------------------------------


@router.post("/rooms/{room_id}/pairings", status_code=201)
async def open_pairing(
    identity: Pairer, services: Parts, room_id: UUID, body: NewPairing, response: Response
) -> OpenedPairing:
    """Open a pairing with the room. What the same person had open there for the same purpose is closed."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await rooms.get_room(conn, room_id)
        opened = await devices.open_pairing(
            conn, identity.user_id, room_id, body.role, services.secret, services.settings.pairing_ttl
        )
        await audit.record(
            conn, identity.user_id, "pairing.opened", str(opened.id), room=str(room_id), role=opened.role
        )
    response.headers["Cache-Control"] = "no-store"
    return OpenedPairing.model_validate(opened)


@router.get("/rooms/{room_id}/pairings/{pairing_id}")
async def read_pairing(identity: Pairer, services: Parts, room_id: UUID, pairing_id: UUID) -> Pairing:
    """Tell whether a pairing is still open, and which device it made."""
    async with services.db.tenant(identity.tenant_id) as conn:
        return Pairing.model_validate(await devices.get_pairing(conn, room_id, pairing_id))


@router.delete("/rooms/{room_id}/pairings/{pairing_id}", status_code=204)
async def close_pairing(identity: Pairer, services: Parts, room_id: UUID, pairing_id: UUID) -> None:
    """Close a pairing: its code and its link are good for nothing any more."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await rooms.get_room(conn, room_id)
        await devices.close_pairing(conn, room_id, pairing_id)


@router.get("/rooms/{room_id}/devices")
async def list_devices(identity: Pairer, services: Parts, room_id: UUID) -> RoomDevices:
    """List the devices that are paired with the room."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await rooms.get_room(conn, room_id)
        found = await devices.list_devices(conn, room_id)
    return RoomDevices(items=[Device.model_validate(one) for one in found])


@router.delete("/rooms/{room_id}/devices/{device_id}", status_code=204)
async def revoke_device(identity: Pairer, services: Parts, room_id: UUID, device_id: UUID) -> None:
    """End a device: its sockets are closed at once, and its token is worth nothing."""
    async with services.db.tenant(identity.tenant_id) as conn:
        name = await devices.revoke_device(conn, room_id, device_id)
        await audit.record(conn, identity.user_id, "device.revoked", str(device_id), room=str(room_id), name=name)


# The device's side ------------------------------------------------------------------------------------------------


@router.post("/pair")
async def pair(request: Request, response: Response, services: Parts, body: PairRequest, before: DeviceToken) -> Paired:
    """Pair this device with the room of a code or link, and get its cookie. Nobody needs to be signed in.

    `pairing_refused` (403) for whatever is not open: it does not tell what else it may have been. `rate_limited` (429)
    after a few tries.
    """
    check_origin(request, services.settings)
    address = request.client.host if request.client else ""
    counters = await _count_try(services.redis, address)
    unused = services.settings.device_unused
    async with services.db.system() as conn:
        token = await devices.pair(
            conn,
            code=body.code,
            secret=body.secret,
            key=services.secret,
            name=body.name,
            address=address,
            unused=unused,
        )
        if token is not None and before is not None:
            await devices.end_device(conn, before)
    if token is None:
        # Outside of the block: the try has to count.
        _TRIED.labels("refused").inc()
        log.info("pairing_refused", address=address)
        raise PairingRefused
    await _take_back(services.redis, counters)
    _TRIED.labels("paired").inc()
    async with services.db.system() as conn:
        paired = await devices.device_of_token(conn, token, unused)
    response.set_cookie(
        DEVICE_COOKIE,
        token,
        # Whether it still holds is decided here, by its use; a browser that would forget it would only lose the room.
        max_age=30 * 24 * _HOUR,
        path="/",
        secure=services.settings.cookie_secure,
        httponly=True,
        samesite="strict",
    )
    response.headers["Cache-Control"] = "no-store"
    return _told(paired)


@router.get("/paired")
async def read_paired(services: Parts, response: Response, token: DeviceToken) -> Paired:
    """Tell this device what it is and in which room."""
    if token is None:
        raise Unauthenticated
    async with services.db.system() as conn:
        paired = await devices.device_of_token(conn, token, services.settings.device_unused)
    response.headers["Cache-Control"] = "no-store"
    return _told(paired)


@router.delete("/paired", status_code=204)
async def leave_room(request: Request, services: Parts, token: DeviceToken) -> Response:
    """End this device. Without a pairing there is nothing to end."""
    check_origin(request, services.settings)
    response = Response(status_code=204)
    response.delete_cookie(
        DEVICE_COOKIE, path="/", secure=services.settings.cookie_secure, httponly=True, samesite="strict"
    )
    if token is not None:
        async with services.db.system() as conn:
            await devices.end_device(conn, token)
    return response


def _told(paired: devices.Paired) -> Paired:
    who = paired.identity
    return Paired(
        id=who.user_id,
        role="remote" if who.role == "remote" else "display",
        name=who.name,
        room=PairedRoom(id=paired.room_id, name=paired.room_name),
        expires_at=who.expires_at,
    )


async def _count_try(cache: Cache, address: str) -> list[str]:
    """Count a try and return its counters; without Redis nothing is counted here, the database still counts.

    Raises:
        RateLimited: too many of this address, or of all, failed.
    """
    place = place_of(address)
    limits = {
        f"cuedesk:pair:{place}:{_MINUTE}": (_TRIES, _MINUTE),
        f"cuedesk:pair:{place}:{_HOUR}": (_TRIES_AN_HOUR, _HOUR),
        "cuedesk:pair:all": (_TRIES_OF_ALL, _MINUTE),
    }
    for counter, (most, window) in limits.items():
        if not cache.available:
            break
        # Its end is set with its beginning: a counter that nobody ends would keep everybody out for ever.
        pipeline = cache.client.pipeline(transaction=True)
        pipeline.set(counter, 0, ex=window, nx=True)
        pipeline.incr(counter)
        pipeline.ttl(counter)
        told = await cache.attempt(pipeline.execute())
        if told is not None and told[1] > most:
            _TRIED.labels("limited").inc()
            raise RateLimited("too many tries to pair", retry_after_ms=max(int(told[2]), 1) * 1000)
    return list(limits)


async def _take_back(cache: Cache, counters: list[str]) -> None:
    # A room full of screens that are paired one after the other is no attack.
    for counter in counters:
        if cache.available:
            await cache.attempt(cache.client.decr(counter))
