"""Steering a room's teleprompter: each order is one transaction, carried out once, the later one of two wins."""

from typing import Any, Final
from uuid import UUID

from backend.domain import audit, commands, devices, people, rundowns, stages
from backend.domain.people import Identity
from backend.domain.rooms import get_room
from backend.errors import DisplayAway, Forbidden
from backend.fanout.displays import Displays
from backend.ids import derived_id
from backend.protocol.commands import PrompterOrder
from backend.quality.rulebooks import RuleBooks
from backend.runs import on_air
from backend.runs.start import Done
from backend.storage.postgres import Connection, Database

#: What is said to the audience's side or takes a text away; moving a text is nothing to keep for years.
_AUDITED: Final = frozenset({"note", "blank", "take", "cut"})
#: With these a text begins to be read, and another one may wait for it.
_BEGINS: Final = frozenset({"play", "cut"})
#: What a paired remote may order: to move the text on stage, not to change what stands there.
_OF_A_REMOTE: Final = frozenset({"play", "pause", "seek", "speed"})


async def direct(
    db: Database,
    books: RuleBooks,
    displays: Displays,
    who: Identity,
    room_id: UUID,
    order: PrompterOrder,
    command_id: UUID,
) -> Done:
    """Carry out an order; a repeat of its id gets the first answer: `revision` and `version` of the stage after it.

    Raises:
        NotFound: this tenant has no such room, or its rundown no such entry.
        Forbidden: the role (read again in this transaction) does not allow it.
        VersionConflict, NothingOnStage, NothingWaits: see `stages.ordered`.
        PushHeld: see `on_air.cue_entry`.
        DisplayAway: the display that is meant is not there.
        IdempotencyConflict: the command's id was used for something else.
    """
    fields = {name: getattr(order, name) for name in PrompterOrder.model_fields}
    body = f"{room_id} {PrompterOrder(**fields).model_dump_json()}".encode()
    person = who.user_id
    if who.paired_by is not None:
        # Commands are remembered with a person's account: a device's with that of whoever paired it, apart from theirs.
        person, command_id = who.paired_by, derived_id("device", who.user_id, command_id)
    async with db.tenant(who.tenant_id) as conn:
        first = await commands.recall(conn, person, command_id, body)
        if first is not None:
            return Done(first, duplicate=True)
        await _require_director(conn, who, room_id, order)
        await get_room(conn, room_id)
        if order.action != "display":
            stage = await _carry_out(conn, books, who, room_id, order)
            if order.action in _AUDITED:
                await audit.record(conn, who.user_id, f"prompter.{order.action}", str(room_id), version=stage.version)
            result: dict[str, Any] = {"revision": stage.revision, "version": stage.version}
            await commands.record(conn, person, command_id, body, result)
            return Done(result)
    # Nothing of the database changes, and saying it twice changes nothing: no lock is held while Redis is asked.
    assert order.display_id is not None, "the order was checked"
    assert order.settings is not None, "the order was checked"
    if not await displays.change(who.tenant_id, room_id, order.display_id, order.settings):
        raise DisplayAway
    return Done({})


async def _carry_out(
    conn: Connection, books: RuleBooks, who: Identity, room_id: UUID, order: PrompterOrder
) -> stages.Stage:
    if order.action == "cue":
        assert order.entry_id is not None, "the order was checked"
        await on_air.cue_entry(conn, books, who, room_id, order.entry_id, order.override_reason)
        return (await stages.hold(conn, room_id))[0]
    due = order.action in _BEGINS and await rundowns.hold_due(conn, room_id)
    stage, latest, now_ms = await stages.hold(conn, room_id)
    changed = stages.ordered(stage, latest, order, now_ms)
    if changed is not stage:
        await stages.save(conn, room_id, changed)
    if due:
        await on_air.cue_due(conn, books, room_id)
    return changed


async def _require_director(conn: Connection, who: Identity, room_id: UUID, order: PrompterOrder) -> None:
    if who.room_id is not None:
        moves = who.role == "remote" and who.room_id == room_id and order.action in _OF_A_REMOTE
        if not moves or not await devices.stands(conn, who.user_id):
            raise Forbidden(action="prompter.control")
        return
    role = await people.current_role(conn, who.user_id)
    if role is None or not people.may(role, "prompter.control"):
        raise Forbidden(action="prompter.control")
