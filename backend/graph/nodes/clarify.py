"""Asks back, with answers to choose from, when a guess would cost a script."""

from langgraph.runtime import Runtime

from backend.graph.state import GraphContext, ScriptState, Step
from backend.ids import derived_id
from backend.protocol.events import Clarification, MessageComplete, MessageStarted, Option


async def clarify(state: ScriptState, runtime: Runtime[GraphContext]) -> Step:
    """Put the question; the answer comes as the next message and starts a run of its own."""
    message_id = derived_id(runtime.context.run_id, "clarify", 0)
    options = [Option(**option) for option in state["options"]]
    runtime.stream_writer(MessageStarted(message_id=message_id, agent="clarify"))
    runtime.stream_writer(
        MessageComplete(message_id=message_id, role="assistant", agent="clarify", content=state["question"])
    )
    runtime.stream_writer(Clarification(message_id=message_id, message=state["question"], options=options))
    return Step({"outcome": "completed"}, {"missing": state["reading"]["missing"], "options": len(options)})
