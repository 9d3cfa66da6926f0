"""What a tenant remembers: list, search with the reasons, add a note, forget, lifetimes, embedders."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from backend.api.auth import Auditor, Cataloguer, Parts, PolicyMaker, Reader
from backend.api.messages import not_blank
from backend.api.pages import Cursor, IdempotencyKey, Limit, Page, after, cut, encode_cursor, once
from backend.domain import audit, threads
from backend.errors import Conflict, NotFound
from backend.ids import STORABLE
from backend.memory import documents, embedders, lifetimes, reasons
from backend.memory.documents import KINDS, Document, Kind
from backend.memory.learning import readings_of
from backend.memory.recall import Filters, Found, recall
from backend.quality.pii import mask_pii
from backend.storage.postgres import Connection

router = APIRouter(prefix="/memory", tags=["memory"])

_MAX_NOTE: Final = 2000
Asked = Annotated[
    Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True), STORABLE],
    AfterValidator(not_blank),
    Query(description="What is looked for, in words of your own."),
]
Kinds = Annotated[list[Kind] | None, Query(max_length=3, description="Only these kinds.")]
Name = Annotated[str, StringConstraints(min_length=1, max_length=60), STORABLE]


class Memory(BaseModel):
    """One thing remembered. `approval` says how far a person stood behind it: 1 = approved as it is, or a note."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    kind: Kind
    content: str
    host_id: UUID | None
    product_id: UUID | None
    category: str
    scenario: str
    source_id: UUID | None
    approval: float
    created_by: UUID | None
    created_at: datetime


class MemoryPage(Page[Memory]):
    """A part of the list of memories."""


class Why(BaseModel):
    """Why a memory stands where it stands: score = fused × recency × approval; fused = 1/(20 + rank by meaning) +
    coverage/(20 + rank by words). A number left out was not needed: fewer were there than were wanted, or the
    memory was in one of the two searches only."""

    id: UUID
    kind: Kind
    dense_rank: int | None = None
    sparse_rank: int | None = None
    similarity: float | None = None
    words: float | None = None
    coverage: float | None = None
    fused: float | None = None
    recency: float | None = None
    approval: float | None = None
    score: float | None = None


class FoundMemory(BaseModel):
    """A memory and why it was found; without `memory` it was forgotten since."""

    why: Why
    memory: Memory | None


class MemorySearch(BaseModel):
    """What a search brought back, best first; `doubles` say what a better one says already."""

    embedder: str | None
    items: list[FoundMemory]
    doubles: list[FoundMemory]


class RunRecall(BaseModel):
    """What a run recalled and why, what it nearly recalled, and the reasons of earlier rejections it was told."""

    run_id: UUID
    thread_id: UUID
    embedder: str | None
    recalled: list[FoundMemory]
    passed_over: list[FoundMemory]
    rejections: list[FoundMemory]


class NewNote(BaseModel):
    """A note to remember. Personal data in it is masked before it is stored."""

    model_config = ConfigDict(extra="forbid")

    content: Annotated[
        str,
        StringConstraints(min_length=1, max_length=_MAX_NOTE, strip_whitespace=True),
        STORABLE,
        AfterValidator(not_blank),
    ]
    host_id: UUID | None = None
    product_id: UUID | None = None
    scenario: Annotated[str, StringConstraints(max_length=60), STORABLE] = ""


class ForgetRequest(BaseModel):
    """What is to be forgotten: everything of a host or product until now, or every text that names a person.

    With `dry_run` it is only counted.
    """

    model_config = ConfigDict(extra="forbid")

    subject: Literal["host", "product", "person"]
    id: UUID | None = None
    name: Annotated[str, StringConstraints(min_length=2, max_length=60, strip_whitespace=True), STORABLE] | None = None
    dry_run: bool = False

    @model_validator(mode="after")
    def _one_of_both(self) -> "ForgetRequest":
        if (self.subject == "person") != (self.name is not None) or (self.subject == "person") != (self.id is None):
            raise ValueError("a person is given by `name`, a host or product by `id`")
        return self


class Forgotten(BaseModel):
    """How many memories that were (or would be)."""

    documents: int


class Lifetimes(BaseModel):
    """Days for which a kind is remembered; `null`: for ever."""

    model_config = ConfigDict(extra="forbid")

    script: Annotated[int, Field(ge=1, le=3650)] | None
    note: Annotated[int, Field(ge=1, le=3650)] | None
    rejection: Annotated[int, Field(ge=1, le=3650)] | None


class EmbedderView(BaseModel):
    """By what memories are read; `read` of `documents` are, and only a complete one can serve."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    state: Literal["building", "complete"]
    serving: bool
    documents: int
    read: int
    started_at: datetime
    completed_at: datetime | None


class Embedders(BaseModel):
    """Every embedder of the tenant, the one that serves first."""

    items: list[EmbedderView]


@router.get("")
async def list_memories(
    identity: Reader,
    services: Parts,
    kind: Kinds = None,
    host_id: UUID | None = None,
    product_id: UUID | None = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> MemoryPage:
    """List memories, newest first."""
    async with services.db.tenant(identity.tenant_id) as conn:
        rows = await documents.list_documents(
            conn,
            limit=limit + 1,
            before=after(cursor),
            kinds=kind or KINDS,
            host_id=host_id,
            product_id=product_id,
        )
    page, next_cursor = cut(rows, limit, lambda one: encode_cursor(one.id))
    return MemoryPage(items=[Memory.model_validate(one) for one in page], next_cursor=next_cursor)


@router.get("/search")
async def search_memories(
    identity: Reader,
    services: Parts,
    q: Asked,
    kind: Kinds = None,
    host_id: UUID | None = None,
    product_id: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=20)] = 10,
) -> MemorySearch:
    """Search by meaning and by words, as a run does, with the reasons for the order."""
    filters = Filters(tuple(kind or KINDS), host_id, product_id)
    recalled = await recall(services.db, identity.tenant_id, services.embedder, q, filters, limit=limit)
    return MemorySearch(
        embedder=recalled.embedder,
        items=[_found(one) for one in recalled.found],
        doubles=[_found(one) for one in recalled.doubles],
    )


@router.get("/recalls/{run_id}")
async def read_recall(identity: Reader, services: Parts, run_id: UUID) -> RunRecall:
    """Read why a run recalled what it did; what was forgotten since comes without its text."""
    async with services.db.tenant(identity.tenant_id) as conn:
        told = await reasons.reasons_of(conn, run_id)
    return RunRecall(
        run_id=run_id,
        thread_id=told.thread_id,
        embedder=told.embedder,
        recalled=_explained(told.recalled),
        passed_over=_explained(told.passed_over),
        rejections=_explained(told.rejections),
    )


@router.post("", status_code=201)
async def create_note(identity: Cataloguer, services: Parts, body: NewNote, key: IdempotencyKey = None) -> Memory:
    """Remember a note. The same note of the same host and product is remembered once.

    Over the tenant's limit (policy `memory_documents`) the oldest that nobody approved is forgotten for it; a memory
    that holds nothing but notes takes no more (`memory_full`, 409).
    """
    content = mask_pii(body.content)
    # Reading takes a second; no connection is held for that.
    readings = await readings_of(services.db, identity.tenant_id, services.embedder, content)

    async def act(conn: Connection) -> Memory:
        await threads.check_bindings(conn, None, body.product_id, body.host_id)
        # One after the other: the same note from two people at once is one.
        await documents.lock_memory(conn, shared=False)
        same = await documents.same_note(conn, content, body.host_id, body.product_id)
        if same is not None:
            return Memory.model_validate(same)
        note_id = await documents.remember(
            conn,
            readings,
            kind="note",
            content=content,
            host_id=body.host_id,
            product_id=body.product_id,
            scenario=body.scenario,
            created_by=identity.user_id,
            most=services.settings.memory_documents,
        )
        if note_id is None:
            raise Conflict("this was asked to be forgotten, so it is not remembered again", field="content")
        await audit.record(conn, identity.user_id, "memory.noted", str(note_id))
        return Memory.model_validate(await documents.get_document(conn, note_id))

    return await once(services.db, identity, key, request=body, result=Memory, act=act)


@router.post("/forget")
async def forget_memories(identity: PolicyMaker, services: Parts, body: ForgetRequest) -> Forgotten:
    """Forget all of a host, of a product, or that names a person. The audit keeps that it was done, not the text."""
    request = documents.Request(body.subject, body.id, body.name)
    async with services.db.tenant(identity.tenant_id) as conn:
        if body.dry_run:
            return Forgotten(documents=len(await documents.find_to_forget(conn, request)))
        count = await documents.forget(conn, identity.tenant_id, request, identity.user_id)
        subject = str(body.id) if body.id is not None else ""
        await audit.record(
            conn, identity.user_id, "memory.forgotten", subject, subject_kind=body.subject, documents=count
        )
    return Forgotten(documents=count)


@router.get("/lifetimes")
async def read_lifetimes(identity: Auditor, services: Parts) -> Lifetimes:
    """Read for how long each kind is remembered."""
    async with services.db.tenant(identity.tenant_id) as conn:
        return Lifetimes(**await lifetimes.read_lifetimes(conn, services.settings))


@router.put("/lifetimes")
async def set_lifetimes(identity: PolicyMaker, services: Parts, body: Lifetimes) -> Lifetimes:
    """Choose for how long each kind is remembered. What is older is not recalled from now on, and removed soon."""
    days: dict[Kind, int | None] = {"script": body.script, "note": body.note, "rejection": body.rejection}
    async with services.db.tenant(identity.tenant_id) as conn:
        was = await lifetimes.read_lifetimes(conn, services.settings)
        await lifetimes.set_lifetimes(conn, days)
        await audit.record(conn, identity.user_id, "memory.lifetimes_changed", "", was=was, now=days)
    return body


@router.get("/embedders")
async def list_embedders(identity: Auditor, services: Parts) -> Embedders:
    """List by what memories are read, and how far a new embedder is."""
    async with services.db.tenant(identity.tenant_id) as conn:
        rows = await embedders.list_embedders(conn)
    return Embedders(items=[EmbedderView.model_validate(one) for one in rows])


@router.post("/embedders/{name}/serve")
async def serve_embedder(identity: PolicyMaker, services: Parts, name: Name) -> Embedders:
    """Let another complete embedder serve from now on: back to the one before, or forward again."""
    if name not in services.embedder.known:
        raise NotFound("this server has no such embedder")
    async with services.db.tenant(identity.tenant_id) as conn:
        was = await embedders.serve(conn, name)
        await audit.record(conn, identity.user_id, "memory.embedder_changed", name, was=was)
        rows = await embedders.list_embedders(conn)
    return Embedders(items=[EmbedderView.model_validate(one) for one in rows])


@router.delete("/embedders/{name}", status_code=204)
async def drop_embedder(identity: PolicyMaker, services: Parts, name: Name) -> None:
    """Remove an embedder that does not serve, with what it made of the memories."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await embedders.drop(conn, name)
        await audit.record(conn, identity.user_id, "memory.embedder_dropped", name)


@router.get("/{memory_id}")
async def read_memory(identity: Reader, services: Parts, memory_id: UUID) -> Memory:
    """Read one memory."""
    async with services.db.tenant(identity.tenant_id) as conn:
        return Memory.model_validate(await documents.get_document(conn, memory_id))


@router.delete("/{memory_id}", status_code=204)
async def delete_memory(identity: Cataloguer, services: Parts, memory_id: UUID) -> None:
    """Forget one memory for good; what it was learned from is not learned again."""
    request = documents.Request("document", memory_id)
    async with services.db.tenant(identity.tenant_id) as conn:
        await documents.forget(conn, identity.tenant_id, request, identity.user_id)
        await audit.record(conn, identity.user_id, "memory.deleted", str(memory_id))


def _found(one: Found) -> FoundMemory:
    return _told(one.why(), one.document)


def _explained(told: Sequence[reasons.Reason]) -> list[FoundMemory]:
    return [_told(one.why, one.document) for one in told]


def _told(why: dict[str, Any], document: Document | None) -> FoundMemory:
    memory = Memory.model_validate(document) if document is not None else None
    return FoundMemory(why=Why.model_validate(why), memory=memory)
