"""Holds an approved script for a moment in which it can be called back, before it is on air."""

from typing import Any

from langgraph.runtime import Runtime
from langgraph.types import interrupt

from backend.graph.state import GraphContext, ScriptState, Step
from backend.graph.titles import title_of


async def hold(state: ScriptState, runtime: Runtime[GraphContext]) -> Step:
    """Wait for the clock; what comes back is `on_air`, or `undo` with who called it back."""
    answer: dict[str, Any] = interrupt(_question(state))
    undone = answer["decision"] == "undo"
    return Step({"decision": answer} if undone else {}, {"decision": answer["decision"], "by": answer.get("by_name")})


def _question(state: ScriptState) -> dict[str, Any]:
    room = state.get("room") or {}
    return {
        "kind": "script_approval",
        "action": "go_on_air",
        "params": {
            "content": state["content"],
            "title": title_of(state["slots"], state["product"].get("name")),
            "room_id": room.get("id"),
            "room_name": room.get("name"),
            "approved_by": state["decision"].get("by_name"),
            # Whose it is to regret by one key; null when a policy approved.
            "approver_id": state["decision"].get("by"),
            # The question that was answered so.
            "of": state["decision"].get("of"),
        },
        "allowed": [],
        "hold": state["decision"]["hold"],
    }
