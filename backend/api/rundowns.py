"""The rundown of a room, its queue: read it, order it, add and remove, put something of it on air."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend.api.auth import Parts, Queuer, Reader
from backend.api.pages import IdempotencyKey, once
from backend.domain import audit, rooms, rundowns, scripts
from backend.errors import NotFound
from backend.ids import STORABLE
from backend.protocol.events import Finding, PrompterState
from backend.runs import on_air
from backend.runs.start import require_still
from backend.storage.postgres import Connection

router = APIRouter(prefix="/rooms/{room_id}/rundown", tags=["rooms"])


class RundownEntry(BaseModel):
    """An approved script in a room's rundown. `pace` is the host's, in characters a minute.

    Show, item, position and planned seconds are null for what belongs to no show. `aired_at`: when this version was
    last put on air.
    """

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    show_id: UUID | None
    show_name: str | None
    starts_at: datetime | None
    show_item_id: UUID | None
    position: int | None
    product_name: str | None
    scenario: str
    planned_seconds: int | None
    script_id: UUID
    script_version: int
    title: str
    content: str
    pace: int
    placed_at: datetime
    aired_at: datetime | None


class Rundown(BaseModel):
    """What a room goes through, in order. `revision` counts its changes: an order is given for one of them.

    The order is the shows' own, by their dates, then what belongs to no show as it came, until a person gives another.
    """

    items: list[RundownEntry]
    revision: int


class HeldEntry(BaseModel):
    """An entry that may not go on air now: rules or record changed since it was approved."""

    entry_id: UUID
    changed: list[str]
    findings: list[Finding]
    rules_version: str


class HeldEntries(BaseModel):
    """What of the rundown may not go on air now, among what was not on air yet."""

    items: list[HeldEntry]


class NewEntry(BaseModel):
    """An approved script to put into the rundown; without `version` its latest."""

    model_config = ConfigDict(extra="forbid")

    script_id: UUID
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class NewOrder(BaseModel):
    """Every entry of the rundown once, in the new order, and the `revision` of the rundown that was read."""

    model_config = ConfigDict(extra="forbid")

    entry_ids: Annotated[list[UUID], Field(min_length=1, max_length=2 * rundowns.MOST)]
    revision: Annotated[int, Field(ge=0, le=2**31 - 1)]


class Cue(BaseModel):
    """How to put an entry on air: with `override_reason` also against findings that are new; admins only, audited."""

    model_config = ConfigDict(extra="forbid")

    override_reason: Annotated[str, StringConstraints(min_length=1, max_length=500), STORABLE] | None = None


class CueRequest(Cue):
    """Which entry, too (for the idempotency of a request)."""

    entry_id: UUID


@router.get("")
async def read_rundown(identity: Reader, services: Parts, room_id: UUID) -> Rundown:
    """Read the room's rundown: the approved scripts that wait for their turn, and those that had it."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await rooms.get_room(conn, room_id)
        return await _rundown(conn, room_id)


@router.post("", status_code=201)
async def add_entry(
    identity: Queuer, services: Parts, room_id: UUID, body: NewEntry, key: IdempotencyKey = None
) -> Rundown:
    """Put an approved script at the end of the room's rundown. What is there already comes to the end again."""

    async def act(conn: Connection) -> Rundown:
        await require_still(conn, identity)
        await rooms.get_room(conn, room_id)
        script, versions = await scripts.get_script(conn, body.script_id)
        version = body.version or script.latest_version
        if all(one.version != version for one in versions):
            raise NotFound("there is no such version", field="version")
        await rundowns.add(conn, room_id, script.id, version)
        await audit.record(conn, identity.user_id, "script.queued", str(script.id), version=version, room=str(room_id))
        return await _rundown(conn, room_id)

    return await once(services.db, identity, key, request=body, result=Rundown, act=act)


@router.post("/order")
async def order_rundown(identity: Queuer, services: Parts, room_id: UUID, body: NewOrder) -> Rundown:
    """Put the rundown into another order, if nobody changed it since it was read (409, `version_conflict`)."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await require_still(conn, identity)
        await rundowns.reorder(conn, room_id, body.entry_ids, body.revision)
        await audit.record(conn, identity.user_id, "rundown.ordered", str(room_id))
        return await _rundown(conn, room_id)


@router.get("/held")
async def held_entries(identity: Reader, services: Parts, room_id: UUID) -> HeldEntries:
    """Tell which entries would be held now if they were put on air, and why; what is on air or was is left out."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await rooms.get_room(conn, room_id)
        held = await on_air.held_entries(conn, services.rules, room_id)
    return HeldEntries(items=[HeldEntry(entry_id=one.entry_id, **_told(one.details)) for one in held])


@router.delete("/{entry_id}")
async def remove_entry(identity: Queuer, services: Parts, room_id: UUID, entry_id: UUID) -> Rundown:
    """Take a script out of the rundown. It stays in the library, and on air if it is."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await require_still(conn, identity)
        entry = await rundowns.remove(conn, room_id, entry_id)
        await audit.record(
            conn,
            identity.user_id,
            "script.unqueued",
            str(entry.script_id),
            version=entry.script_version,
            room=str(room_id),
        )
        return await _rundown(conn, room_id)


@router.post("/{entry_id}/cue")
async def cue_entry(
    identity: Queuer,
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


async def _rundown(conn: Connection, room_id: UUID) -> Rundown:
    # Its number first: what is listed is then at least as new, and an order for an older number is refused.
    revision = await rundowns.revision_of(conn, room_id)
    entries = await rundowns.of_room(conn, room_id)
    return Rundown(items=[RundownEntry.model_validate(entry) for entry in entries], revision=revision)


def _told(details: dict[str, Any]) -> dict[str, Any]:
    return {name: details[name] for name in ("changed", "findings", "rules_version")}
