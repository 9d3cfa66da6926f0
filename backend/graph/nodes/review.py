"""Stops and asks a person. One interrupt for each time the node runs, and nothing before it."""

from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from backend.graph.again import as_submitted, continued_script
from backend.graph.state import GraphContext, ScriptState, Step
from backend.graph.titles import title_of
from backend.quality.craft import speakable


async def review(state: ScriptState, runtime: Runtime[GraphContext]) -> Step:
    """Put the text to a person; what comes back decides where the graph goes."""
    answer: dict[str, Any] = interrupt(_question(state, runtime.context.max_responses))
    decision = answer["decision"]
    said = [*state.get("remarks", []), *([state["feedback"]] if state["feedback"] else [])]
    update: ScriptState = {"decision": answer, "feedback": "", "remarks": said}
    if decision == "edit":
        # What somebody wrote is what is wanted now, whatever was said of the drafts before.
        update |= {"content": answer["content"], "edited": True, "remarks": []}
    elif answer.get("hint"):
        # A word for the writer on the way, no rejection: it does not use up one of those rounds.
        update |= {
            "feedback": answer["feedback"].strip(),
            "retries": 0,
            "responses": state.get("responses", 0) + 1,
            "edited": False,
        }
    elif decision == "reject" and (answer.get("feedback") or "").strip():
        rejections = state["rejections"] + 1
        # After the last round the words are kept in the decision, but nobody writes again.
        if rejections <= runtime.context.max_rejections:
            update |= {"feedback": answer["feedback"].strip(), "retries": 0, "rejections": rejections, "edited": False}
    told = "respond" if answer.get("hint") else decision
    return Step(update, {"decision": told, "by": answer.get("by_name")})


def _called_back(state: ScriptState) -> dict[str, Any]:
    """Return which approval was called back and by whom, when that is why the script is asked about again."""
    last: dict[str, Any] = state.get("decision") or {}
    if last.get("decision") != "undo" or not last.get("of"):
        return {}
    return {"called_back": {"of": last["of"], "by": last.get("by"), "by_name": last.get("by_name")}}


def _question(state: ScriptState, max_responses: int) -> dict[str, Any]:
    report, slots, room = state["report"], state["slots"], state.get("room")
    product_name = state["product"].get("name")
    continues = continued_script(state)
    return {
        "kind": "script_approval",
        "action": "publish_script",
        "params": {
            "content": state["content"],
            "title": title_of(slots, product_name),
            "findings": report["findings"],
            "checks": report["checks"],
            "score": report["score"],
            "verdict": report["verdict"],
            "rules_version": report["rules_version"],
            "message_id": state["message_id"],
            "room_id": room["id"] if room else None,
            "room_name": room["name"] if room else None,
            "show": state["request"].get("show"),
            "product_id": state["product"].get("id"),
            "product_name": product_name,
            "host_id": state["host"].get("id"),
            "host_name": state["host"].get("name"),
            "seconds": slots.get("seconds"),
            "spoken": speakable(state["content"]),
            "pace": state["host"]["pace"],
            "slots": slots,
            "assumed": state["host_assumptions"] + state["product_assumptions"],
            "later": state["later"],
            "round": state["round"],
            # For whoever takes it up again when its time is over: what it goes on from, and what it is checked beside.
            "continues": str(continues) if continues else None,
            "previous_product": state["previous_product"],
            # The expired question that this one is asked in the stead of.
            **({"again_of": state["request"]["again"]["of"]} if state["request"].get("again") else {}),
            # Approved before, and forbidden by what holds now: which findings are new, and what changed since.
            **({"held": report["held"]} if report.get("held") else {}),
            **_called_back(state),
        },
        "allowed": [
            *([] if state["blocked"] else ["approve"]),
            "edit",
            "reject",
            *(["respond"] if state.get("responses", 0) < max_responses else []),
        ],
        # The checks found nothing and no person has had a word in it: what a tenant may let pass without one.
        "clean": report["verdict"] == "pass"
        and not report["findings"]
        and "decision" not in state
        and not as_submitted(state),
    }
