"""Documents and what a query brings back of them: in a real database, since that is where recall is."""

from uuid import UUID

from backend.evaluation.cases import RecallCase
from backend.evaluation.outcomes import Outcome
from backend.ids import new_id
from backend.memory.documents import remember
from backend.memory.embed import Embedder
from backend.memory.recall import Filters, recall
from backend.storage.postgres import Database

_TOP = 5


async def run_recall(case: RecallCase, db: Database, tenant: UUID, embedder: Embedder) -> list[Outcome]:
    """Remember the documents, ask each query, and forget them again. Right = a relevant one among the first five."""
    sources = {document.id: new_id() for document in case.documents}
    readings = [await embedder.read(document.text) for document in case.documents]
    async with db.tenant(tenant) as conn:
        for document, reading in zip(case.documents, readings, strict=True):
            await remember(
                conn, {embedder.name: reading}, kind="note", content=document.text, source_id=sources[document.id]
            )
    try:
        return [await _asked(case, place, db, tenant, embedder, sources) for place in range(len(case.queries))]
    finally:
        async with db.tenant(tenant) as conn:
            await conn.execute("DELETE FROM memory_documents WHERE source_id = ANY ($1)", list(sources.values()))


async def _asked(
    case: RecallCase, place: int, db: Database, tenant: UUID, embedder: Embedder, sources: dict[str, UUID]
) -> Outcome:
    asked = case.queries[place]
    found = (await recall(db, tenant, embedder, asked.query, Filters(), limit=_TOP)).found
    names = {source: name for name, source in sources.items()}
    order = [names[one.document.source_id] for one in found if one.document.source_id is not None]
    ranks = [rank for rank, name in enumerate(order, 1) if name in asked.relevant]
    return Outcome(
        kind="recall",
        id=f"{case.id}:{place}",
        tier=asked.tier or case.tier,
        expected="found",
        got="found" if ranks else "not found",
        right=bool(ranks),
        text=asked.query,
        parts={"first": bool(ranks) and ranks[0] == 1},
        note=f"relevant {asked.relevant}, brought back {order}",
        cost=1.0 if ranks else 2.0,
    )
