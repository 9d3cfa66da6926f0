"""What worked before: approved scripts and notes that fit this request; and what the room has heard of late."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from langgraph.runtime import Runtime

from backend.domain.scripts import list_scripts
from backend.graph.intent.tripwire import planted
from backend.graph.intent.vocabulary import SCENARIO_NAMES
from backend.graph.state import GraphContext, ScriptState, Step
from backend.memory.recall import Document, count_near
from backend.memory.recall import recall as search
from backend.storage.postgres import Connection

_WANTED = 3
_EXCERPT = 400
#: So many of the room's last scripts are kept from being said again, of the earlier ones how they began.
_AIRED = 64
_WHOLE = 5
_WHOLE_EXCERPT = 2000
_BEGINNING = 60
#: So much of a request is read for its meaning, all of it for its words: the vector costs 2 ms a character.
_MEANT = 48

#: Product and host that a document must be of; None = any.
Circle = tuple[UUID | None, UUID | None]


async def recall(state: ScriptState, runtime: Runtime[GraphContext]) -> Step:
    """Look for texts of the same product first, then of the same host; never more than three."""
    context, slots = runtime.context, state["slots"]
    scenario = SCENARIO_NAMES.get(slots.get("scenario") or "", "")
    content, named = state["request"]["content"], slots.get("product_name") or ""
    query = " ".join(part for part in (named, scenario, content[:300]) if part)
    circles = _circles(slots.get("product_id"), slots.get("host_id"))
    room = state.get("room")
    if not circles and room is None:
        return _step([], [])
    async with context.db.tenant(context.tenant_id) as conn:
        aired = await _aired(conn, room)
        if not circles:
            return _step([], aired)
        product_id, host_id = circles[0]
        near = await count_near(
            conn, _WANTED + 1, embedder=context.embedder.name, product_id=product_id, host_id=host_id
        )
        if near <= _WANTED:
            # All of them are wanted: nothing needs weighing.
            return _step(await _search(conn, context, circles, query, None) if near else [], aired)
    # No connection is held meanwhile: it takes tens of milliseconds.
    vector = await context.embedder.query(_meaning(content, named, scenario))
    async with context.db.tenant(context.tenant_id) as conn:
        return _step(await _search(conn, context, circles, query, vector), aired)


async def _aired(conn: Connection, room: dict[str, Any] | None) -> list[str]:
    if room is None:
        return []
    scripts = await list_scripts(conn, limit=_AIRED, room_id=UUID(room["id"]))
    return excerpts([script.content for script in scripts])


def excerpts(texts: Sequence[str]) -> list[str]:
    """Return what a writer has to know of the texts a room has heard, newest first."""
    return [text[: _WHOLE_EXCERPT if at < _WHOLE else _BEGINNING] for at, text in enumerate(texts[:_AIRED])]


async def _search(
    conn: Connection, context: GraphContext, circles: Sequence[Circle], query: str, vector: list[float] | None
) -> list[Document]:
    found: dict[UUID, Document] = {}
    for product_id, host_id in circles:
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
    return list(found.values())[:_WANTED]


def _step(found: list[Document], aired: list[str]) -> Step:
    recalled = [
        {"id": str(one.id), "text": one.content[:_EXCERPT]} for one in found if not planted(one.content[:_EXCERPT])
    ]
    ids = [one["id"] for one in recalled]
    return Step({"recalled": recalled, "aired": aired}, {"found": len(recalled), "ids": ids})


def _meaning(content: str, product: str, scenario: str) -> str:
    """Return the request in few words, with product and segment where it does not name them itself."""
    said = content[:_MEANT]
    return " ".join([*(part for part in (product, scenario) if part and part not in said), said])


def _circles(product_id: str | None, host_id: str | None) -> list[Circle]:
    """From near to far. Texts of other products of other hosts would bring strange facts and a strange voice."""
    product, host = (UUID(id_) if id_ else None for id_ in (product_id, host_id))
    circles = [(product, host), (product, None), (None, host)]
    return [circle for circle in dict.fromkeys(circles) if circle != (None, None)]
