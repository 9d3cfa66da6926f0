"""What worked before and what was sent back, that fits this request; and what the room has heard of late."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from langgraph.runtime import Runtime

from backend.domain.scripts import list_scripts
from backend.graph.intent.vocabulary import SCENARIO_NAMES
from backend.graph.state import GraphContext, ScriptState, Step
from backend.memory.documents import Document, Kind
from backend.memory.recall import Filters, Found, newest
from backend.memory.recall import recall as search
from backend.storage.postgres import Connection

_WANTED: Final = 3
#: Reasons for which texts of this product were sent back lately.
_REJECTIONS: Final = 2
#: So many are told with their reasons: what was taken, and what nearly was.
_TOLD: Final = 10
_EXAMPLES: Final[tuple[Kind, ...]] = ("script", "note")
#: So many of the room's last scripts are kept from being said again, of the earlier ones how they began.
_AIRED = 64
_WHOLE = 5
_WHOLE_EXCERPT = 2000
_BEGINNING = 60
#: So much of a request goes into what is looked for by meaning, behind the segment; the embedder takes less.
_MEANT = 48

#: Product and host that a document must be of; None = any.
Circle = tuple[UUID | None, UUID | None]


async def recall(state: ScriptState, runtime: Runtime[GraphContext]) -> Step:
    """Look for texts of the same product first, then of the same host; never more than three.

    The state keeps which and why, not the texts: what is forgotten meanwhile is not written from.
    """
    context, slots = runtime.context, state["slots"]
    scenario = SCENARIO_NAMES.get(slots.get("scenario") or "", "")
    content, named = state["request"]["content"], slots.get("product_name") or ""
    query = " ".join(part for part in (named, scenario, content[:300]) if part)
    circles = _circles(slots.get("product_id"), slots.get("host_id"))
    room = state.get("room")
    if not circles and room is None:
        return _step(_Picked(), [])
    async with context.db.tenant(context.tenant_id) as conn:
        aired = await _aired(conn, room)
        if not circles:
            return _step(_Picked(), aired)
        picked = await _few(conn, circles)
    if picked.examples is None:
        await _weigh(picked, context, circles, query, _meaning(content, named, scenario))
    return _step(picked, aired)


@dataclass
class _Picked:
    """What was picked, as plain JSON with the reasons. `examples` is None while there are too many to take them all."""

    examples: list[dict[str, Any]] | None = field(default_factory=list)
    passed_over: list[dict[str, Any]] = field(default_factory=list)
    rejections: list[dict[str, Any]] = field(default_factory=list)
    embedder: str | None = None


async def _few(conn: Connection, circles: Sequence[Circle]) -> _Picked:
    """Take the newest rejections of the product (else of the host), and the examples if all of them are wanted."""
    picked = _Picked()
    product_id, host_id = circles[0]
    about = Filters(kinds=("rejection",), product_id=product_id, host_id=None if product_id else host_id)
    picked.rejections = [_taken(one) for one in await newest(conn, about, _REJECTIONS)]
    near: dict[UUID, Document] = {}
    for product, host in ((product_id, None), (None, host_id)):
        if product or host:
            documents = await newest(conn, Filters(_EXAMPLES, host, product), _WANTED + 1)
            near |= {one.id: one for one in documents}
    if len(near) > _WANTED:
        picked.examples = None
    else:
        picked.examples = [_taken(one) for one in near.values()]
    return picked


def _taken(document: Document) -> dict[str, Any]:
    return {"id": str(document.id), "kind": document.kind}


async def _weigh(picked: _Picked, context: GraphContext, circles: Sequence[Circle], query: str, meaning: str) -> None:
    found: dict[UUID, Found] = {}
    over: dict[UUID, Found] = {}
    for product_id, host_id in circles:
        filters = Filters(_EXAMPLES, host_id, product_id)
        recalled = await search(
            context.db, context.tenant_id, context.embedder, query, filters, limit=_TOLD, meaning=meaning
        )
        picked.embedder = recalled.embedder
        for one in recalled.found:
            place = found if len(found) < _WANTED else over
            if one.document.id not in found:
                place.setdefault(one.document.id, one)
        over |= {one.document.id: one for one in recalled.doubles if one.document.id not in found}
        if len(found) >= _WANTED:
            break
    picked.examples = [one.why() for one in found.values()]
    picked.passed_over = [one.why() for id_, one in over.items() if id_ not in found][: _TOLD - len(found)]


async def _aired(conn: Connection, room: dict[str, Any] | None) -> list[str]:
    if room is None:
        return []
    scripts = await list_scripts(conn, limit=_AIRED, room_id=UUID(room["id"]))
    return excerpts([script.content for script in scripts])


def excerpts(texts: Sequence[str]) -> list[str]:
    """Return what a writer has to know of the texts a room has heard, newest first."""
    return [text[: _WHOLE_EXCERPT if at < _WHOLE else _BEGINNING] for at, text in enumerate(texts[:_AIRED])]


def _step(picked: _Picked, aired: list[str]) -> Step:
    examples = picked.examples or []
    # The empty text is for a worker of the release before, which reads the texts from here.
    recalled = [{"id": one["id"], "kind": one["kind"], "text": ""} for one in (*examples, *picked.rejections)]
    why = {
        "embedder": picked.embedder,
        "recalled": examples,
        "passed_over": picked.passed_over,
        "rejections": picked.rejections,
    }
    return Step(
        {"recalled": recalled, "recall_reasons": why, "aired": aired},
        {"found": len(examples), "ids": [one["id"] for one in recalled], "why": why},
    )


def _meaning(content: str, product: str, scenario: str) -> str:
    """Return the request in few words, with the segment where it does not name it itself.

    Not the product: it is what the circles are made of, and of so few characters its name would take most.
    """
    said = content[:_MEANT].replace(product, "") if product else content[:_MEANT]
    return f"{scenario} {said}" if scenario and scenario not in said else said


def _circles(product_id: str | None, host_id: str | None) -> list[Circle]:
    """From near to far. Texts of other products of other hosts would bring strange facts and a strange voice."""
    product, host = (UUID(id_) if id_ else None for id_ in (product_id, host_id))
    circles = [(product, host), (product, None), (None, host)]
    return [circle for circle in dict.fromkeys(circles) if circle != (None, None)]
