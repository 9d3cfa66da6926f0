"""Learns from what was approved, so that it can be recalled. After the script is on air: nobody waits for a vector."""

from uuid import UUID

from langgraph.runtime import Runtime

from backend.graph.state import GraphContext, ScriptState, Step
from backend.memory import recall as memory


async def remember(state: ScriptState, runtime: Runtime[GraphContext]) -> Step:
    """Keep the approved text in the tenant's memory; done twice, it is kept once."""
    context = runtime.context
    content, product = state["content"], state["product"]
    [vector] = await context.embedder.passages([content])
    host_id, product_id = (UUID(id_) if id_ else None for id_ in (state["host"].get("id"), product.get("id")))
    async with context.db.tenant(context.tenant_id) as conn:
        await memory.remember(
            conn,
            embedder=context.embedder.name,
            vector=vector,
            kind="script",
            content=content,
            source_id=UUID(state["script_id"]),
            host_id=host_id,
            product_id=product_id,
            category=product.get("category", ""),
            scenario=state["slots"]["scenario"],
        )
    return Step({}, {"characters": len(content)})
