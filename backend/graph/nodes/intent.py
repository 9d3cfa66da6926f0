"""Understands the request: what is wanted, of which product, for whom; and what of the thread it is about."""

import re
from dataclasses import replace
from typing import Any
from uuid import UUID

from langgraph.runtime import Runtime

from backend.domain.policies import read_policies
from backend.domain.rooms import Room, list_rooms
from backend.domain.thread_notes import SHOWN, read_notes, window
from backend.domain.threads import Thread, get_thread
from backend.graph import routing, skills
from backend.graph.again import taken_up
from backend.graph.catalogue import seen_now
from backend.graph.held import with_held
from backend.graph.intent.asking import understood
from backend.graph.intent.options import options_of, question_of
from backend.graph.intent.situation import Draft, Reading, Situation
from backend.graph.intent.unheld import unheld
from backend.graph.intent.vocabulary import SCENARIO_NAMES
from backend.graph.short_time import with_time
from backend.graph.standing import situation_of
from backend.graph.state import GraphContext, ScriptState, Step
from backend.graph.unsayable import with_sayable
from backend.protocol.events import ThreadUpdated

_TITLE = 40
_PRICE_WORD = re.compile(r"价|多少钱|几块|金额|折扣|优惠力度")


async def intent(state: ScriptState, runtime: Runtime[GraphContext]) -> Step:
    """Read the message against the thread and the catalogue; bind the thread to what it names.

    Raises:
        SkillRefused: what is asked for is not open to whoever asks; the run fails with it, and nothing is begun.
    """
    context, request = runtime.context, state["request"]
    if request.get("again"):
        return await taken_up(state, context)
    async with context.db.tenant(context.tenant_id) as conn:
        thread = await get_thread(conn, context.thread_id)
        limits = await read_policies(conn, context.settings)
        messages = [
            message
            for message in await window(conn, context.thread_id, limits.window_characters)
            if message.status == "complete" and str(message.id) != str(request.get("message_id"))
        ]
        notes = await read_notes(conn, context.thread_id)
        rooms = await list_rooms(conn)
        stamp, seen = await seen_now(conn, context)
        names = await context.profiles.names(conn, context.tenant_id, stamp)
        situation = await situation_of(conn, thread, messages, notes, rooms, names, request)
    history = [{"role": message.role, "content": message.content[:SHOWN]} for message in messages]
    reading = _with_given(await understood(request["content"], situation, context.reader, history), request)
    reading = unheld(reading, situation, request["content"])
    slots = _slots(reading, situation, request)
    await with_held(slots, context, stamp)
    reading = await with_time(reading, slots, request["content"], situation.pace, context, stamp)
    room = _room(slots, request, thread, rooms)
    reading = await with_sayable(reading, slots, request["content"], room.id if room else None, context, stamp)
    if room is not None:
        slots.setdefault("host_id", str(room.host_id) if room.host_id else None)
    room_id = str(room.id) if room is not None else None
    previous = _previous(reading, slots, situation)
    reading = _complete(reading, slots, previous)
    async with context.db.tenant(context.tenant_id) as conn:
        for skill in skills.asked_for(reading.kind, reading.then):
            await skills.require(conn, skill, context.requested_by)

    known_product = slots.get("product_id") in {known.id for known in situation.products}
    if reading.kind in routing.WRITING or (reading.missing == "scenario" and "product_id" in reading.slots):
        _bind(runtime, thread, slots if known_product else {**slots, "product_id": None}, room)
    return Step(
        {
            "kind": reading.kind,
            "reading": reading.plain(),
            "slots": slots,
            "question": question_of(reading, situation, request["content"], room_id),
            "options": options_of(reading, situation, request["content"], room_id),
            "later": list(reading.later),
            "room": {"id": str(room.id), "name": room.name} if room else None,
            "previous": previous,
            "previous_product": _previous_product(reading, slots, situation),
            "history": history,
            "catalogue": seen,
        },
        {
            "kind": reading.kind,
            "scenario": reading.scenario,
            "confidence": reading.confidence,
            "tier": reading.tier,
            "reason": reading.reason,
            "slots": {key: value for key, value in slots.items() if value not in (None, [], "")},
            "later": list(reading.later),
            # What holds of every text here, and how far back the run can see.
            **({"standing": dict(situation.wishes)} if situation.wishes else {}),
            "seen": {"messages": len(messages), "summed_up": notes.messages},
        },
    )


def _complete(reading: Reading, slots: dict[str, Any], previous: dict[str, Any] | None) -> Reading:
    """Ask for what the skill cannot do without, whoever read the message and left it out."""
    skill = skills.of_kind(reading.kind)
    if skill is None or reading.kind not in routing.WRITING:
        return reading
    known = {"scenario": slots.get("scenario"), "draft": (previous or {}).get("content")}
    lacking = skills.preflight(skill, {name: known[name] for name in known if name in skill.inputs.model_fields})
    if not lacking.missing:
        return reading
    return replace(reading, kind="unclear", missing=lacking.missing[0], reason=f"{skill.name} needs more")


def _with_given(reading: Reading, request: dict[str, Any]) -> Reading:
    """Let the form's fields answer what the words leave open."""
    scenario = _scenario_named(request.get("scenario"))
    if reading.missing == "scenario" and scenario is not None:
        return Reading(
            kind="write",
            confidence=0.9,
            reason="the segment was chosen beside the text",
            slots=reading.slots,
            scenario=scenario,
        )
    return reading


def _scenario_named(given: Any) -> str | None:
    if given in SCENARIO_NAMES:
        return str(given)
    return next((key for key, name in SCENARIO_NAMES.items() if given and str(given) in name), None)


def _slots(reading: Reading, situation: Situation, request: dict[str, Any]) -> dict[str, Any]:
    """Return the details that hold: of the words, else of the form, else of the text that is worked on.

    What must not be said stays so as long as the same text is worked on. Over to a new text or another product only
    the price goes on unsaid, until the words speak of it again: other words belong to the product they were said
    of. What must be said holds for the one request that says so. Standing wishes (以后都……) hold for every text, below
    what is said of this one.
    """
    draft = situation.drafts[reading.draft] if reading.draft is not None else None
    slots: dict[str, Any] = {**reading.slots, "scenario": reading.scenario}
    if "product_id" not in slots and "product_name" not in slots and "不限产品" not in request["content"]:
        of_draft = draft is not None and draft.product_name is not None
        slots["product_id"] = draft.product_id if draft is not None and of_draft else situation.product_id
        slots["product_name"] = draft.product_name if draft is not None and of_draft else situation.product_name
    if request.get("host_id"):
        slots.setdefault("host_id", str(request["host_id"]))
    if "style" not in slots:
        given = request.get("style")
        inherited = list(draft.style) if draft is not None and reading.kind != "write" else []
        slots["style"] = (
            [str(given)]
            if given
            else [
                one for one in inherited or situation.wishes.get("style", []) if one not in slots.get("avoid_style", [])
            ]
        )
    if held := _held(reading, draft, situation, request["content"]):
        slots["must_not_say"] = list(dict.fromkeys([*held, *slots.get("must_not_say", [])]))
    if "seconds" not in slots:
        slots["seconds"] = request.get("duration_seconds")
        kept = reading.kind != "write" and reading.then != "join"  # several as one are as long as all of them
        if slots["seconds"] is None and draft is not None and "length_change" not in slots and kept:
            slots["seconds"] = draft.seconds
        if slots["seconds"] is None and "length_change" not in slots and reading.then != "join":
            slots["seconds"] = situation.wishes.get("seconds")
    _add_standing(slots, reading, situation, request["content"])
    return slots


def _add_standing(slots: dict[str, Any], reading: Reading, situation: Situation, words: str) -> None:
    """Add the standing wishes that the words of this request do not speak of themselves."""
    if reading.kind not in routing.WRITING:
        return
    wishes = situation.wishes
    for key, against in (("must_not_say", "must_say"), ("avoid_style", "style"), ("must_say", "must_not_say")):
        if key == "must_say" and reading.kind not in ("write", "switch_product"):
            continue  # in a text that is changed it stands already, or was taken out
        held = [one for one in wishes.get(key, []) if one not in words and one not in slots.get(against, [])]
        if held:
            slots[key] = list(dict.fromkeys([*held, *slots.get(key, [])]))
    if wishes.get("audience") and "audience" not in slots:
        slots["audience"] = list(wishes["audience"])


def _held(reading: Reading, draft: Draft | None, situation: Situation, words: str) -> list[str]:
    """Return what was forbidden before and still is."""
    if draft is not None and reading.kind in ("continue", "restyle", "regenerate"):
        return [one for one in draft.must_not_say if one not in words]
    if reading.kind not in ("write", "switch_product") or not situation.drafts:
        return []
    lifted = bool(reading.slots.get("prices")) or _PRICE_WORD.search(words) is not None
    return [one for one in situation.drafts[-1].must_not_say if _PRICE_WORD.search(one) and not lifted]


def _room(slots: dict[str, Any], request: dict[str, Any], thread: Thread, rooms: list[Room]) -> Room | None:
    """From the words, else the form, else the host that was named, else the thread, else its host's room."""
    by_id = {str(room.id): room for room in rooms}
    by_host = {str(room.host_id): room for room in reversed(rooms) if room.host_id}
    named = slots.get("host_id")
    places = (
        by_id.get(slots.get("room_id", "")),
        by_id.get(str(request.get("room_id"))),
        by_host.get(named) if named else None,
        None if named else by_id.get(str(thread.room_id)),
        by_host.get(str(thread.host_id)),
    )
    return next((room for room in places if room is not None), None)


def _previous(reading: Reading, slots: dict[str, Any], situation: Situation) -> dict[str, Any] | None:
    if reading.pasted is not None and reading.kind == "restyle":
        return {"content": reading.pasted, "script_id": None, "product_name": slots.get("product_name")}
    if reading.then == "join":
        texts = [situation.drafts[place].content for place in reading.joined]
        return {"content": "\n".join(texts), "script_id": None, "product_name": slots.get("product_name")}
    if reading.draft is None or reading.kind not in ("continue", "restyle", "regenerate"):
        return None
    draft = situation.drafts[reading.draft]
    return {"content": draft.content, "script_id": draft.script_id, "product_name": draft.product_name}


def _previous_product(reading: Reading, slots: dict[str, Any], situation: Situation) -> str | None:
    """Return the product before: after a switch its facts are stale; in a transition it is taken leave of."""
    others = slots.get("other_products") or []
    if reading.scenario == "transition" and others:
        return next((known.name for known in situation.products if known.id == others[0]), None)
    before = [draft.product_name for draft in situation.drafts] + [situation.product_name]
    names = [name for name in before if name and name != slots.get("product_name")]
    return names[-1] if names else None


def _bind(runtime: Runtime[GraphContext], thread: Thread, slots: dict[str, Any], room: Room | None) -> None:
    """Tell that the thread is now about this product, host and room; say nothing when it is already."""
    host = slots.get("host_id")
    product = slots.get("product_id")
    # A product outside the catalogue has no id: the thread then has no product rather than the old one.
    named = UUID(product) if product else None if slots.get("product_name") else thread.product_id
    scenario = SCENARIO_NAMES.get(slots.get("scenario") or "", "")
    title = thread.title or " · ".join(part for part in (slots.get("product_name"), scenario) if part)
    changed = ThreadUpdated(
        title=title[:_TITLE] if not thread.title else title,
        room_id=room.id if room else thread.room_id,
        product_id=named,
        host_id=UUID(host) if host else thread.host_id,
    )
    now = (thread.title, thread.room_id, thread.product_id, thread.host_id)
    if (changed.title, changed.room_id, changed.product_id, changed.host_id) != now:
        runtime.stream_writer(changed)
