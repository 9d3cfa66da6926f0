"""Learning from what people decided: a job of its own, because a vector takes a second and nobody should wait."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Required, TypedDict, Unpack
from uuid import UUID

import orjson
import structlog

from backend.domain import interrupts, products, scripts
from backend.errors import MemoryFull, NotFound
from backend.ids import derived_id
from backend.memory.documents import MAX_CONTENT, Kind, lock_memory, remember
from backend.memory.embed import Embedder, Reading
from backend.memory.embedders import names_to_read
from backend.storage import jobs
from backend.storage.postgres import Connection, Database

log = structlog.get_logger(__name__)

LEARN_JOB = "learn"

#: A text that nobody looked at before it went out, and one that an admin let pass against a blocking finding.
_BY_POLICY: Final = 0.85
_OVERRIDDEN: Final = 0.7
#: Of a text that was sent back: what was wrong with it is what counts, the text only tells what it was about.
_REJECTED_EXCERPT: Final = 300

Mask = Callable[[str], str]


class Fields(TypedDict, total=False):
    """What belongs to a text; see `remember`."""

    kind: Required[Kind]
    source_id: UUID | None
    host_id: UUID | None
    product_id: UUID | None
    category: str
    scenario: str
    approval: float
    created_by: UUID | None
    made_at: datetime | None
    most: int | None


@dataclass(frozen=True, slots=True)
class _Lesson:
    kind: Kind
    source_id: UUID
    content: str
    host_id: UUID | None
    product_id: UUID | None
    category: str
    scenario: str
    approval: float
    made_at: datetime


async def enqueue_learning(conn: Connection, tenant_id: UUID, script_id: UUID) -> None:
    """Queue the learning of a script in the transaction that publishes it."""
    await jobs.enqueue(conn, LEARN_JOB, orjson.dumps({"tenant_id": str(tenant_id), "script_id": str(script_id)}))


async def enqueue_rejection(conn: Connection, tenant_id: UUID, interrupt_id: str, *, after: float = 0) -> None:
    """Queue the learning of what was wrong with a text, in the transaction of the decision that says so.

    It is learned `after` so many seconds, if nobody took the rejection back by then.
    """
    payload = orjson.dumps({"tenant_id": str(tenant_id), "interrupt_id": interrupt_id})
    await jobs.enqueue(conn, LEARN_JOB, payload, after=after)


async def learn(db: Database, embedder: Embedder, mask: Mask, payload: bytes, *, most: int | None = None) -> None:
    """Keep the newest version of a script, or the reason of a rejection, in its tenant's memory; done twice, it is kept
    once. Personal data is masked before anything is computed or stored.

    `mask` takes personal data out: what is kept for years and shown to other writers holds nobody's telephone number.
    `most` is how many documents a tenant keeps that has no wish of its own; None: all.

    Raises:
        StorageUnavailable, ServerBusy: not now; the queue tries again.
    """
    job: dict[str, str] = orjson.loads(payload)
    tenant_id = UUID(job["tenant_id"])
    try:
        async with db.tenant(tenant_id) as conn:
            lesson: _Lesson | None
            if "script_id" in job:
                lesson = await _of_script(conn, UUID(job["script_id"]))
            else:
                lesson = await _of_rejection(conn, job["interrupt_id"])
    except NotFound:
        return  # removed before it was learned
    if lesson is None:
        return
    try:
        await keep(
            db,
            tenant_id,
            embedder,
            mask,
            kind=lesson.kind,
            content=lesson.content,
            source_id=lesson.source_id,
            host_id=lesson.host_id,
            product_id=lesson.product_id,
            category=lesson.category,
            scenario=lesson.scenario,
            approval=lesson.approval,
            made_at=lesson.made_at,
            most=most,
        )
    except MemoryFull as error:
        # The notes that people wrote fill it; what they decided is learned again when there is room and they decide.
        log.warning("memory_full", tenant_id=str(tenant_id), **error.details)


async def readings_of(db: Database, tenant_id: UUID, embedder: Embedder, content: str) -> dict[str, Reading]:
    """Return what each embedder makes of a text with which the tenant's memory is read now, or will be."""
    async with db.tenant(tenant_id) as conn:
        names = await names_to_read(conn, embedder)
    return {name: await embedder.read(content, name) for name in names}


async def keep(
    db: Database, tenant_id: UUID, embedder: Embedder, mask: Mask, *, content: str, **fields: Unpack[Fields]
) -> UUID | None:
    """Mask, read and store a text (`fields` as for `remember`); None when it was asked to be forgotten.

    Raises:
        StorageUnavailable, ServerBusy: the database is away or busy; nothing is stored.
    """
    content = mask(content)[:MAX_CONTENT]
    readings = await readings_of(db, tenant_id, embedder, content)
    while True:
        async with db.tenant(tenant_id) as conn:
            await lock_memory(conn, shared=True)
            names = await names_to_read(conn, embedder)
            # Another embedder may have taken over while the text was read for the one before.
            if readings.keys() >= set(names):
                return await remember(conn, {name: readings[name] for name in names}, content=content, **fields)
        for name in names:
            readings[name] = readings.get(name) or await embedder.read(content, name)


async def _of_script(conn: Connection, script_id: UUID) -> _Lesson:
    script, versions = await scripts.get_script(conn, script_id)
    newest = versions[0]
    return _Lesson(
        kind="script",
        source_id=script_id,
        content=newest.content,
        host_id=script.host_id,
        product_id=script.product_id,
        category=await _category(conn, script.product_id),
        scenario=script.scenario,
        approval=_approval(newest.provenance),
        made_at=newest.created_at,
    )


async def _of_rejection(conn: Connection, interrupt_id: str) -> _Lesson | None:
    interrupt = await interrupts.get_interrupt(conn, interrupt_id)
    answer: dict[str, Any] = interrupt.decision or {}
    feedback = str(answer.get("feedback") or "").strip()
    if interrupt.status != "rejected" or not feedback or interrupt.decided_at is None:
        return None
    if await interrupts.taken_up(conn, interrupt_id) is not None:
        return None  # whoever rejected it took that back
    params = interrupt.params
    product_id = UUID(params["product_id"]) if params.get("product_id") else None
    host_id = UUID(params["host_id"]) if params.get("host_id") else None
    known = await conn.fetchrow(
        "SELECT (SELECT id FROM hosts WHERE id = $1) AS host, (SELECT id FROM products WHERE id = $2) AS product",
        host_id,
        product_id,
    )
    assert known is not None
    excerpt = str(params.get("content") or "")[:_REJECTED_EXCERPT]
    return _Lesson(
        kind="rejection",
        source_id=derived_id("rejection", interrupt_id),
        content=f"{feedback}\n——被退回的稿子：{excerpt}",
        host_id=known["host"],
        product_id=known["product"],
        category=await _category(conn, known["product"]),
        scenario=str((params.get("slots") or {}).get("scenario") or ""),
        approval=1.0,
        made_at=interrupt.decided_at,
    )


async def _category(conn: Connection, product_id: UUID | None) -> str:
    return (await products.get_product(conn, product_id)).category if product_id is not None else ""


def _approval(provenance: dict[str, Any]) -> float:
    if provenance.get("override_reason"):
        return _OVERRIDDEN
    return _BY_POLICY if provenance.get("policy") else 1.0
