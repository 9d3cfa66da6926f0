"""What a message asked for besides the script that was written: offered at the end, never dropped."""

from typing import Final

from langgraph.runtime import Runtime

from backend.graph.state import GraphContext, ScriptState
from backend.ids import derived_id
from backend.protocol.events import Clarification, MessageComplete, MessageStarted, Option

#: What is said with it, and what it is known by when the answer comes.
OFFER: Final = "你刚才还要了别的，我一次做一件。接着做哪一件？"


def offer_later(state: ScriptState, runtime: Runtime[GraphContext]) -> None:
    """Ask which of the other wishes comes next, if there are any."""
    if not state["later"]:
        return
    message_id = derived_id(runtime.context.run_id, "finalize", 0)
    runtime.stream_writer(MessageStarted(message_id=message_id, agent="clarify"))
    runtime.stream_writer(MessageComplete(message_id=message_id, role="assistant", agent="clarify", content=OFFER))
    options = [Option(label=request.removeprefix("写一段"), value=request) for request in state["later"][:8]]
    runtime.stream_writer(Clarification(message_id=message_id, message=OFFER, options=options))
