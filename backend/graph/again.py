"""What expired is taken up again: the run begins where the first one's reading ended, and gathers what holds now."""

from typing import Any
from uuid import UUID

from backend.domain.policies import read_policies
from backend.domain.rooms import list_rooms
from backend.domain.thread_notes import SHOWN, window
from backend.domain.threads import get_thread
from backend.graph import skills
from backend.graph.catalogue import seen_now
from backend.graph.intent.situation import Kind, Reading
from backend.graph.state import GraphContext, ScriptState, Step


async def taken_up(state: ScriptState, context: GraphContext) -> Step:
    """Return the reading of a request that takes up an expired question; no word of it is read anew.

    Which product, host, segment and room it is for was settled then. What they are today the next steps find out.

    Raises:
        SkillRefused: writing or changing scripts is not open (any more) to whoever asks.
    """
    request = state["request"]
    again: dict[str, Any] = request["again"]
    slots = {name: value for name, value in again["slots"].items() if name != "length_change"}
    async with context.db.tenant(context.tenant_id) as conn:
        thread = await get_thread(conn, context.thread_id)
        limits = await read_policies(conn, context.settings)
        messages = await window(conn, thread.id, limits.window_characters)
        room = next((room for room in await list_rooms(conn) if str(room.id) == again["room_id"]), None)
        _, seen = await seen_now(conn, context)
        submitted = again["how"] == "submit"
        kind: Kind = "restyle" if submitted else "regenerate"
        for skill in skills.asked_for(kind, None):
            await skills.require(conn, skill, context.requested_by)
    reading = Reading(
        kind=kind,
        confidence=1.0,
        reason=f"an expired text {'submitted' if submitted else 'written'} again",
        slots={},
        scenario=slots["scenario"],
        # What is submitted comes back to the letter, as what is wanted back does.
        then="restore" if submitted else None,
    )
    return Step(
        {
            "kind": kind,
            "reading": reading.plain(),
            "slots": slots,
            "question": "",
            "options": [],
            "later": [],
            "room": {"id": str(room.id), "name": room.name} if room else None,
            "previous": {
                "content": again["content"],
                "script_id": again["continues"],
                "product_name": slots.get("product_name"),
            },
            "previous_product": again["previous_product"],
            "history": [
                {"role": message.role, "content": message.content[:SHOWN]}
                for message in messages
                if message.status == "complete" and str(message.id) != str(request.get("message_id"))
            ],
            "catalogue": seen,
        },
        {
            "kind": kind,
            "scenario": slots["scenario"],
            "confidence": reading.confidence,
            "tier": reading.tier,
            "reason": reading.reason,
            "slots": {key: value for key, value in slots.items() if value not in (None, [], "")},
            "later": [],
        },
    )


def as_submitted(state: ScriptState) -> bool:
    """Tell whether the text is one that a person submitted as it is: the writer has no say in it."""
    again = state["request"].get("again") or {}
    return bool(again.get("how") == "submit" and state["round"] == 1)


def original_of(state: ScriptState) -> str | None:
    """Return what the writer had made of the text that is submitted again; None when it is no such run."""
    again = state["request"].get("again") or {}
    return str(again["original"]) if again.get("how") == "submit" else None


def continued_script(state: ScriptState) -> UUID | None:
    """Return the script that this one is the next version of.

    A changed script is its next version; a continuation or another product is a script of its own.
    """
    previous = state.get("previous") or {}
    same_product = previous.get("product_name") == state["product"].get("name")
    if state["kind"] in ("restyle", "regenerate") and previous.get("script_id") and same_product:
        return UUID(previous["script_id"])
    return None
