"""Understands the request: what is wanted, of which product, for whom; and what of the thread it is about."""

import re
from dataclasses import replace
from typing import Any
from uuid import UUID

from langgraph.runtime import Runtime

from backend.domain.clarifications import offered_options
from backend.domain.hosts import list_hosts
from backend.domain.products import catalogue
from backend.domain.rooms import Room, list_rooms
from backend.domain.scripts import of_thread
from backend.domain.threads import Message, Thread, get_thread, recent_messages
from backend.errors import SkillRefused
from backend.graph import routing, skills
from backend.graph.intent.asking import understood
from backend.graph.intent.naming import Known
from backend.graph.intent.options import options_of, question_of
from backend.graph.intent.situation import Draft, Reading, Situation
from backend.graph.intent.vocabulary import SCENARIO_NAMES
from backend.graph.state import GraphContext, ScriptState, Step
from backend.protocol.events import ThreadUpdated
from backend.storage.postgres import Connection

_WINDOW = 12
_TITLE = 40
_PRICE_WORD = re.compile(r"价|多少钱|几块|金额|折扣|优惠力度")


async def intent(state: ScriptState, runtime: Runtime[GraphContext]) -> Step:
    """Read the message against the thread and the catalogue; bind the thread to what it names."""
    context, request = runtime.context, state["request"]
    async with context.db.tenant(context.tenant_id) as conn:
        thread = await get_thread(conn, context.thread_id)
        messages = [
            message
            for message in await recent_messages(conn, context.thread_id, _WINDOW)
            if message.status == "complete" and str(message.id) != str(request.get("message_id"))
        ]
        rooms = await list_rooms(conn)
        situation = await _situation(conn, thread, messages, rooms, request)
    history = [{"role": message.role, "content": message.content[:600]} for message in messages[-6:]]
    reading = _with_given(await understood(request["content"], situation, context.reader, history), request)
    slots = _slots(reading, situation, request)
    room = _room(slots, request, thread, rooms)
    if room is not None:
        slots.setdefault("host_id", str(room.host_id) if room.host_id else None)
    previous = _previous(reading, slots, situation)
    reading = _complete(reading, slots, previous)
    refused = await _refused(context, reading)

    known_product = slots.get("product_id") in {known.id for known in situation.products}
    writes = reading.kind in routing.WRITING and refused is None
    if writes or (reading.missing == "scenario" and "product_id" in reading.slots):
        _bind(runtime, thread, slots if known_product else {**slots, "product_id": None}, room)
    return Step(
        {
            "kind": reading.kind,
            "reading": reading.plain(),
            "slots": slots,
            "question": question_of(reading, situation),
            "refused": refused,
            "options": options_of(reading, situation, request["content"]),
            "later": list(reading.later),
            "room": {"id": str(room.id), "name": room.name} if room else None,
            "previous": previous,
            "previous_product": _previous_product(reading, slots, situation),
            "history": history,
        },
        {
            "kind": reading.kind,
            "scenario": reading.scenario,
            "confidence": reading.confidence,
            "tier": reading.tier,
            "reason": reading.reason,
            "slots": {key: value for key, value in slots.items() if value not in (None, [], "")},
            "later": list(reading.later),
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


async def _refused(context: GraphContext, reading: Reading) -> str | None:
    """Return the skill that was asked for, if the tenant does not open it to whoever asked."""
    skill = skills.of_kind(reading.kind)
    if skill is None:
        return None
    async with context.db.tenant(context.tenant_id) as conn:
        try:
            await skills.require(conn, skill, context.requested_by)
        except SkillRefused:
            return skill.name
    return None


async def _situation(
    conn: Connection, thread: Thread, messages: list[Message], rooms: list[Room], request: dict[str, Any]
) -> Situation:
    products = [
        Known(str(entry.id), entry.name, entry.brand, entry.category, tuple(entry.aliases))
        for entry in await catalogue(conn)
    ]
    hosts = await list_hosts(conn)
    drafts = [
        Draft(
            content=draft.content,
            scenario=draft.slots.get("scenario"),
            product_id=str(draft.product_id) if draft.product_id else None,
            product_name=draft.product_name,
            seconds=draft.slots.get("seconds"),
            style=tuple(draft.slots.get("style") or ()),
            must_not_say=tuple(draft.slots.get("must_not_say") or ()),
            script_id=str(draft.script_id) if draft.script_id else None,
        )
        for draft in await of_thread(conn, thread.id)
    ]
    product_id = str(request.get("product_id") or thread.product_id or "") or None
    name = next((known.name for known in products if known.id == product_id), None)
    if name is None:
        product_id = None
        name = drafts[-1].product_name if drafts else None
    host_id = str(request.get("host_id") or thread.host_id or "")
    pace = next((host.pace for host in hosts if str(host.id) == host_id), 260)

    said = [message for message in messages if message.role == "assistant"]
    asked = bool(said) and messages[-1].role == "assistant" and said[-1].agent == "clarify"
    options: list[tuple[str, str]] = []
    if asked:
        options = [(option.label, option.value) for option in await offered_options(conn, thread.id)]
    about = next((m.content for m in reversed(messages) if m.role == "user"), "") if asked else ""
    return Situation(
        products=products,
        hosts={str(host.id): host.name for host in hosts},
        rooms={str(room.id): room.name for room in rooms},
        product_id=product_id,
        product_name=name,
        drafts=tuple(drafts),
        pace=pace,
        asked=asked,
        asked_about=about,
        options=options,
    )


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
    of. What must be said holds for the one request that says so.
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
            [str(given)] if given else [one for one in inherited if one not in slots.get("avoid_style", [])]
        )
    if held := _held(reading, draft, situation, request["content"]):
        slots["must_not_say"] = list(dict.fromkeys([*held, *slots.get("must_not_say", [])]))
    if "seconds" not in slots:
        slots["seconds"] = request.get("duration_seconds")
        if slots["seconds"] is None and draft is not None and "length_change" not in slots and reading.kind != "write":
            slots["seconds"] = draft.seconds
    return slots


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
