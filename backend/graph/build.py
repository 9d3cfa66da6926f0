"""The graph: which nodes there are, what follows what, and that every step is told."""

import time
from collections.abc import Awaitable, Callable
from typing import Any

from langgraph.config import get_config
from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.runtime import Runtime

from backend.graph import routing
from backend.graph.nodes.chat import chat
from backend.graph.nodes.clarify import clarify
from backend.graph.nodes.close import close
from backend.graph.nodes.finalize import finalize
from backend.graph.nodes.hold import hold
from backend.graph.nodes.intent import intent
from backend.graph.nodes.product import product
from backend.graph.nodes.profile import profile
from backend.graph.nodes.quality import quality
from backend.graph.nodes.recall import recall
from backend.graph.nodes.review import review
from backend.graph.nodes.script import script
from backend.graph.nodes.show import show
from backend.graph.state import GraphContext, ScriptState, Step, initial_state
from backend.graph.version import GRAPH_VERSION
from backend.protocol.events import NodeChanged

__all__ = ["GRAPH_VERSION", "build", "initial_state"]

Node = Callable[[ScriptState, Runtime[GraphContext]], Awaitable[Step]]


def build() -> CompiledStateGraph[ScriptState, GraphContext, ScriptState, ScriptState]:
    """Return the compiled graph, without a checkpointer: the runner gives each run its own."""
    graph = StateGraph(ScriptState, context_schema=GraphContext)
    for node in (intent, clarify, chat, show, profile, product, recall, script, quality, review, hold, finalize, close):
        graph.add_node(node.__name__, _told(node.__name__, node))

    graph.add_edge(START, "intent")
    graph.add_conditional_edges("intent", routing.after_intent, ["clarify", "chat", "show", *routing.GATHER])
    graph.add_edge("clarify", END)
    graph.add_edge("chat", END)
    graph.add_edge("show", END)
    graph.add_edge(list(routing.GATHER), "script")
    graph.add_edge("script", "quality")
    graph.add_conditional_edges("quality", routing.after_quality, ["script", "review", "hold", "finalize"])
    graph.add_conditional_edges("review", routing.after_review, ["quality", "script", "hold", "finalize", "close"])
    graph.add_conditional_edges("hold", routing.after_hold, ["review", "finalize"])
    graph.add_conditional_edges("finalize", routing.after_finalize, ["review", END])
    graph.add_edge("close", END)
    return graph.compile()


def _told(name: str, node: Node) -> Callable[..., Awaitable[ScriptState]]:
    """Wrap a node so that the operator sees it begin and end. An interrupt or a failure leaves it begun."""

    async def step(state: ScriptState, runtime: Runtime[GraphContext]) -> ScriptState:
        # What a node says goes straight out. LangGraph's own writer wakes the loop by a system call for each word and
        # hands it through two tasks: more than all the rest of a token's way.
        runtime = runtime.override(stream_writer=runtime.context.say)
        # The number of the step tells which checkpoint it goes on from (domain/checkpoints.py reads it back).
        step_number = get_config()["metadata"]["langgraph_step"]
        runtime.stream_writer(NodeChanged(node=name, status="started", detail={"step": step_number}))
        began = time.perf_counter()
        done = await node(state, runtime)
        # Before its result is kept: after a crash in between the step runs again, and no word of it is lost.
        await runtime.context.said(runtime.stream_writer)
        elapsed: Any = round((time.perf_counter() - began) * 1000, 1)
        runtime.stream_writer(NodeChanged(node=name, status="finished", elapsed_ms=elapsed, detail=done.detail))
        return done.update

    return step
