"""Where the graph goes next; each function reads the state and names nodes.

They are coroutines although they wait for nothing: LangGraph sends a plain function to a thread, at every step.
"""

from langgraph.graph import END

from backend.graph.skills import SKILLS
from backend.graph.state import ScriptState

#: Requests that end in a script.
WRITING = SKILLS["generate"].kinds | SKILLS["modify"].kinds
GATHER = ("profile", "product", "recall")
#: Steps behind a decision: from here a script goes on air without another question.
PUBLISHING = frozenset({"hold", "finalize"})


async def after_intent(state: ScriptState) -> list[str]:
    """Ask back, answer, begin a show, or gather what the writer needs."""
    if state["kind"] == "batch" and state["reading"]["then"] == "start":
        return ["show"]
    if state["kind"] == "unclear" or state["kind"] in SKILLS["batch"].kinds:
        return ["clarify"]
    if state["kind"] in WRITING:
        return list(GATHER)
    return ["chat"]


async def after_quality(state: ScriptState) -> str:
    """Let the writer try again, ask a person, or publish what a person wrote and the checks accept."""
    if state["report"]["retry"]:
        return "script"
    if state["edited"] and (not state["blocked"] or state["decision"].get("override_reason")):
        return _publishing(state)
    return "review"


async def after_review(state: ScriptState) -> str:
    """Follow the decision."""
    match state["decision"]["decision"]:
        case "approve":
            return _publishing(state)
        case "edit":
            return "quality"
        case "reject" if state["feedback"]:
            return "script"
        case "reject" | "expired":
            return "close"
        case unknown:
            # Never a guess: what is taken for an approval goes on air.
            raise ValueError(f"the review was answered with {unknown!r}")


async def after_hold(state: ScriptState) -> str:
    """Publish what nobody called back; what was, waits for a person again."""
    return "review" if state["decision"]["decision"] == "undo" else "finalize"


async def after_finalize(state: ScriptState) -> str:
    """End; or ask a person again about what the rules or the record forbid since the approval."""
    return "review" if state["report"].get("held") and "script_id" not in state else END


def _publishing(state: ScriptState) -> str:
    # Without a room nothing goes on air, so there is nothing to wait for.
    return "hold" if state["decision"].get("hold") and state.get("room") else "finalize"
