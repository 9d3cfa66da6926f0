"""Where the graph goes next; each function reads the state and names nodes.

They are coroutines although they wait for nothing: LangGraph sends a plain function to a thread, at every step.
"""

from backend.graph.state import ScriptState

#: Requests that end in a script.
WRITING = frozenset({"write", "continue", "restyle", "regenerate", "switch_product"})
GATHER = ("profile", "product", "recall")


async def after_intent(state: ScriptState) -> list[str]:
    """Ask back, answer, or gather what the writer needs."""
    if state["kind"] == "unclear":
        return ["clarify"]
    if state["kind"] in WRITING:
        return list(GATHER)
    return ["chat"]


async def after_quality(state: ScriptState) -> str:
    """Let the writer try again, ask a person, or publish what a person wrote and the checks accept."""
    if state["report"]["retry"]:
        return "script"
    if state["edited"] and (not state["blocked"] or state["decision"].get("override_reason")):
        return "finalize"
    return "review"


async def after_review(state: ScriptState) -> str:
    """Follow the decision."""
    match state["decision"]["decision"]:
        case "edit":
            return "quality"
        case "reject" if state["feedback"]:
            return "script"
        case "reject" | "expired":
            return "close"
        case _:
            return "finalize"
