"""Ends a run whose script goes nowhere: rejected for good, or not decided in time."""

from langgraph.runtime import Runtime

from backend.graph.offers import offer_later
from backend.graph.state import GraphContext, Outcome, ScriptState, Step


async def close(state: ScriptState, runtime: Runtime[GraphContext]) -> Step:
    """Publish nothing; offer what the same message asked for besides."""
    outcome: Outcome = "expired" if state["decision"]["decision"] == "expired" else "rejected"
    offer_later(state, runtime)
    return Step({"outcome": outcome}, {"outcome": outcome})
