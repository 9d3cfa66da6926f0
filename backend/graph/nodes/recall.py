"""What worked before: approved scripts and notes that fit this request."""

from uuid import UUID

from langgraph.runtime import Runtime

from backend.graph.intent.reading import SCENARIO_NAMES
from backend.graph.state import GraphContext, ScriptState, Step
from backend.memory.recall import Document
from backend.memory.recall import recall as search

_WANTED = 3
_EXCERPT = 400


async def recall(state: ScriptState, runtime: Runtime[GraphContext]) -> Step:
    """Look for texts of the same product first, then of the same host; never more than three."""
    context, slots = runtime.context, state["slots"]
    scenario = SCENARIO_NAMES.get(slots.get("scenario") or "", "")
    query = " ".join(part for part in (slots.get("product_name"), scenario, state["request"]["content"][:300]) if part)
    vector = await context.embedder.query(query)
    found: dict[UUID, Document] = {}
    async with context.db.tenant(context.tenant_id) as conn:
        for product_id, host_id in _circles(slots.get("product_id"), slots.get("host_id")):
            documents = await search(
                conn,
                embedder=context.embedder.name,
                vector=vector,
                query=query,
                product_id=product_id,
                host_id=host_id,
                limit=_WANTED,
            )
            found |= {document.id: document for document in documents if document.id not in found}
            if len(found) >= _WANTED:
                break
    recalled = [{"id": str(one.id), "text": one.content[:_EXCERPT]} for one in list(found.values())[:_WANTED]]
    return Step({"recalled": recalled}, {"found": len(recalled), "ids": [one["id"] for one in recalled]})


def _circles(product_id: str | None, host_id: str | None) -> list[tuple[UUID | None, UUID | None]]:
    """From near to far. Texts of other products of other hosts would bring strange facts and a strange voice."""
    product, host = (UUID(id_) if id_ else None for id_ in (product_id, host_id))
    circles = [(product, host), (product, None), (None, host)]
    return [circle for circle in dict.fromkeys(circles) if circle != (None, None)]
