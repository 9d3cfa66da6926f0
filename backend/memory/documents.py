"""What a tenant remembers: approved scripts, notes, rejections; kept, listed, removed, and never taken up again."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args
from uuid import UUID

import structlog

from backend.domain import call_texts, thread_notes
from backend.errors import MemoryFull, NotFound
from backend.ids import new_id
from backend.memory.embed import Reading
from backend.memory.terms import sparsevec
from backend.storage.postgres import Connection

log = structlog.get_logger(__name__)

Kind = Literal["script", "note", "rejection"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
Subject = Literal["document", "host", "product", "person"]

#: So much of a text is remembered. The longest script the writer is asked for is half of it.
MAX_CONTENT: Final = 6000
#: Characters by which a text is found again in others that quote it.
_KNOWN_BY: Final = 60


@dataclass(frozen=True, slots=True)
class Document:
    """One thing remembered. `approval` says how far a person stood behind it: 1 = approved as it is, or a note."""

    id: UUID
    kind: Kind
    content: str
    host_id: UUID | None
    product_id: UUID | None
    category: str
    scenario: str
    #: The script, or the interrupt's derived id, that it was learned from.
    source_id: UUID | None
    approval: float
    created_by: UUID | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be forgotten. `name` is a person's, `id` that of a document, host or product."""

    subject: Subject
    id: UUID | None = None
    name: str | None = None


COLUMNS: Final = (
    "d.id, d.kind, d.content, d.host_id, d.product_id, d.category, d.scenario, d.source_id, d.approval, d.created_by, "
    "d.created_at"
)


async def remember(
    conn: Connection,
    readings: Mapping[str, Reading],
    *,
    kind: Kind,
    content: str,
    source_id: UUID | None = None,
    host_id: UUID | None = None,
    product_id: UUID | None = None,
    category: str = "",
    scenario: str = "",
    approval: float = 1.0,
    created_by: UUID | None = None,
    made_at: datetime | None = None,
    most: int | None = None,
) -> UUID | None:
    """Store a document, or replace the one learned from the same source; return its id.

    Of more documents than the tenant wants (`most`, if it has no wish of its own) the oldest that nobody approved go,
    then the oldest that somebody did; notes stay.

    `readings` (by embedder) are made before the transaction is opened; who builds an embedder reads what is missing.
    None: it was asked to be forgotten; `made_at` is when its source was made, if that was not now.

    Raises:
        MemoryFull: there are as many notes already, and notes are not removed for others.
    """
    # Who forgets waits for us or we for it: in between nothing slips through.
    await lock_memory(conn, shared=True)
    if await _forgotten(conn, content, source_id, host_id, product_id, made_at):
        return None
    if source_id is not None:
        await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"memory:{kind}:{source_id}")
        await conn.execute("DELETE FROM memory_documents WHERE kind = $1 AND source_id = $2", kind, source_id)
    document_id = new_id()
    await conn.execute(
        """INSERT INTO memory_documents
             (id, kind, content, host_id, product_id, category, scenario, source_id, approval, created_by)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        document_id,
        kind,
        content,
        host_id,
        product_id,
        category,
        scenario,
        source_id,
        approval,
        created_by,
    )
    for name in sorted(readings):
        await put_reading(conn, document_id, name, readings[name])
    # The first thing a tenant remembers settles by what its memory is read.
    newest = list(readings)[-1] if readings else None
    if newest is not None:
        await conn.execute(
            """INSERT INTO embedders (name, state, serving, completed_at)
               SELECT $1, 'complete', true, now() WHERE NOT EXISTS (SELECT FROM embedders WHERE serving)
               ON CONFLICT DO NOTHING""",
            newest,
        )
    if most is not None:
        await _make_room(conn, document_id, most)
    return document_id


async def _make_room(conn: Connection, newest: UUID, default: int) -> None:
    """Remove what is more than the tenant's documents may be, `newest` and notes excepted.

    Raises:
        MemoryFull: only notes are left to be removed.
    """
    # Counted by the rows that writing words keeps locked: who adds beside us waits there and then counts us too.
    row = await conn.fetchrow(
        """SELECT coalesce(t.memory_documents, $1) AS most, coalesce((
             SELECT c.documents FROM memory_counts c JOIN embedders e ON e.name = c.embedder AND e.serving
             WHERE c.term = 0), 0) AS count
           FROM tenants t WHERE t.id = current_tenant()""",
        default,
    )
    assert row is not None, "a connection of a tenant that is not there"
    over = row["count"] - row["most"]
    if over <= 0:
        return
    removed = await conn.fetch(
        """DELETE FROM memory_documents WHERE id = ANY (ARRAY(
             SELECT id FROM memory_documents WHERE kind <> 'note' AND id <> $1
             ORDER BY kind = 'script' AND approval = 1, created_at, id LIMIT $2)) RETURNING kind""",
        newest,
        over,
    )
    if len(removed) < over:
        raise MemoryFull(limit=row["most"])
    log.info("memory_made_room", removed=len(removed), limit=row["most"])


async def put_reading(conn: Connection, document_id: UUID, name: str, reading: Reading) -> None:
    """Add what an embedder makes of a document; nothing when it is there already."""
    await conn.execute(
        """INSERT INTO memory_vectors (document_id, embedder, dense) VALUES ($1, $2, $3::text::halfvec)
           ON CONFLICT DO NOTHING""",
        document_id,
        name,
        halfvec(reading.vector),
    )
    await conn.execute(
        """INSERT INTO memory_words (document_id, embedder, sparse, terms) VALUES ($1, $2, $3::text::sparsevec, $4)
           ON CONFLICT DO NOTHING""",
        document_id,
        name,
        sparsevec(reading.weights),
        sorted(reading.weights),
    )


async def lock_memory(conn: Connection, *, shared: bool) -> None:
    """Keep the tenant's memory as it is until the transaction ends: from others who change it, or with them."""
    function = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    await conn.execute(f"SELECT {function}(hashtextextended('memory:' || current_tenant(), 0))")


async def get_document(conn: Connection, document_id: UUID) -> Document:
    """Return one document.

    Raises:
        NotFound: the tenant has no such document, or it was forgotten.
    """
    row = await conn.fetchrow(f"SELECT {COLUMNS} FROM memory_documents d WHERE d.id = $1", document_id)
    if row is None:
        raise NotFound("there is no such memory")
    return Document(**dict(row))


async def get_documents(conn: Connection, ids: Collection[UUID]) -> dict[UUID, Document]:
    """Return those of the documents that are still there."""
    rows = await conn.fetch(f"SELECT {COLUMNS} FROM memory_documents d WHERE d.id = ANY ($1)", list(ids))
    return {row["id"]: Document(**dict(row)) for row in rows}


async def list_documents(
    conn: Connection,
    *,
    limit: int,
    before: UUID | None = None,
    kinds: Sequence[Kind] = KINDS,
    host_id: UUID | None = None,
    product_id: UUID | None = None,
    scenario: str | None = None,
) -> list[Document]:
    """Return documents, newest first, after the document `before`."""
    rows = await conn.fetch(
        f"""SELECT {COLUMNS} FROM memory_documents d
            WHERE d.kind = ANY ($1) AND ($2::uuid IS NULL OR d.id < $2) AND ($3::uuid IS NULL OR d.host_id = $3)
              AND ($4::uuid IS NULL OR d.product_id = $4) AND ($5::text IS NULL OR d.scenario = $5)
            ORDER BY d.id DESC LIMIT $6""",
        list(kinds),
        before,
        host_id,
        product_id,
        scenario,
        limit,
    )
    return [Document(**dict(row)) for row in rows]


async def same_note(conn: Connection, content: str, host_id: UUID | None, product_id: UUID | None) -> Document | None:
    """Return the note that says the same to the letter of the same host and product."""
    row = await conn.fetchrow(
        f"""SELECT {COLUMNS} FROM memory_documents d WHERE d.kind = 'note' AND d.content = $1
              AND d.host_id IS NOT DISTINCT FROM $2 AND d.product_id IS NOT DISTINCT FROM $3 LIMIT 1""",
        content,
        host_id,
        product_id,
    )
    return Document(**dict(row)) if row is not None else None


async def find_to_forget(conn: Connection, request: Request) -> list[UUID]:
    """Return the documents that a request is about.

    Raises:
        NotFound: the tenant has no such document.
    """
    if request.subject == "document":
        assert request.id is not None
        return [(await get_document(conn, request.id)).id]
    where = {
        "host": "host_id = $1::uuid",
        "product": "product_id = $1::uuid",
        "person": "strpos(lower(content), lower($1::text)) > 0",
    }[request.subject]
    value = request.name if request.subject == "person" else request.id
    rows = await conn.fetch(f"SELECT id FROM memory_documents WHERE {where} ORDER BY id", value)
    return [row["id"] for row in rows]


async def forget(conn: Connection, tenant_id: UUID, request: Request, asked_by: UUID | None) -> int:
    """Remove what a request is about, for good, and return how many documents that were.

    Gone with the commit: from the texts, from every embedder's vectors, words and counts, from the notes of
    conversations (those of a product or person; the conversations themselves stay), and what was kept of calls of
    language models that says the name or the text. What is being learned at this
    moment, or learned again later from what there was until now, is not taken up.

    Raises:
        NotFound: the tenant has no such document.
    """
    await lock_memory(conn, shared=False)
    ids = await find_to_forget(conn, request)
    subject_id, name_hash, name_length = request.id, None, None
    if request.subject == "document":
        subject_id = (await get_document(conn, ids[0])).source_id
    if request.subject == "person":
        assert request.name is not None
        name = request.name.lower()
        subject_id, name_hash, name_length = None, _name_hash(tenant_id, name), len(name)
    words = await _words_of(conn, request, ids)
    await conn.execute("DELETE FROM memory_documents WHERE id = ANY ($1)", ids)
    await call_texts.forget_naming(conn, words)
    if request.subject in ("person", "product"):
        await thread_notes.forget_in_notes(
            conn, name=request.name, product_id=request.id if request.subject == "product" else None
        )
    if subject_id is not None or name_hash is not None:
        await conn.execute(
            """INSERT INTO memory_forgotten (subject, subject_id, name_hash, name_length, asked_by)
               VALUES ($1, $2, $3, $4, $5)""",
            request.subject,
            subject_id,
            name_hash,
            name_length,
            asked_by,
        )
    return len(ids)


async def _words_of(conn: Connection, request: Request, ids: Sequence[UUID]) -> list[str]:
    """Return the words by which texts of what is to be forgotten are known: the name, or the text's longest line."""
    match request.subject:
        case "person":
            return [request.name] if request.name else []
        case "document":
            content = (await get_document(conn, ids[0])).content
            return [max(content.splitlines(), key=len, default="")[:_KNOWN_BY]] if content.strip() else []
        case "host" | "product":
            name = await conn.fetchval(f"SELECT name FROM {request.subject}s WHERE id = $1", request.id)
            return [name] if name else []


@dataclass(frozen=True, slots=True)
class Marks:
    """What a tenant was asked to forget, for whoever takes texts up."""

    tenant_id: UUID | None
    #: Length and hash of each name.
    names: frozenset[tuple[int, bytes]]
    #: When everything of a product was asked to be forgotten, last.
    products: Mapping[UUID, datetime]

    def name(self, text: str) -> bool:
        """Say whether a text holds a name that was asked to be forgotten."""
        if self.tenant_id is None:
            return False
        lowered = text.lower()
        for length, name_hash in self.names:
            pieces = {lowered[at : at + length] for at in range(len(lowered) - length + 1)}
            if any(_name_hash(self.tenant_id, piece) == name_hash for piece in pieces):
                return True
        return False

    def product(self, product_id: UUID, made_at: datetime) -> bool:
        """Say whether a text of a product, made at that time, was asked to be forgotten; later ones are new."""
        asked = self.products.get(product_id)
        return asked is not None and asked >= made_at


async def read_marks(conn: Connection) -> Marks:
    """Return what the tenant was asked to forget."""
    rows = await conn.fetch(
        """SELECT subject, subject_id, name_hash, name_length, tenant_id, asked_at FROM memory_forgotten
           WHERE subject IN ('person', 'product') ORDER BY asked_at"""
    )
    return Marks(
        tenant_id=rows[0]["tenant_id"] if rows else None,
        names=frozenset((row["name_length"], row["name_hash"]) for row in rows if row["subject"] == "person"),
        products={row["subject_id"]: row["asked_at"] for row in rows if row["subject"] == "product"},
    )


async def _forgotten(
    conn: Connection,
    content: str,
    source_id: UUID | None,
    host_id: UUID | None,
    product_id: UUID | None,
    made_at: datetime | None,
) -> bool:
    """Say whether this was asked to be forgotten. A host's or product's later texts are new; a person's never are."""
    asked = await conn.fetchval(
        """SELECT EXISTS (SELECT FROM memory_forgotten
           WHERE (subject = 'document' AND subject_id = $1)
              OR (asked_at >= coalesce($4, now()) AND ((subject = 'host' AND subject_id = $2)
                                                       OR (subject = 'product' AND subject_id = $3))))""",
        source_id,
        host_id,
        product_id,
        made_at,
    )
    return bool(asked) or (await read_marks(conn)).name(content)


def _name_hash(tenant_id: UUID, name: str) -> bytes:
    return hashlib.sha256(tenant_id.bytes + name.encode()).digest()


def halfvec(vector: Sequence[float]) -> str:
    """Return the vector as PostgreSQL reads a `halfvec`."""
    return "[" + ",".join(f"{value:.5f}" for value in vector) + "]"
