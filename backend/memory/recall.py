"""What worked before: a tenant's approved scripts and notes, found by meaning and by words, fused by rank."""

import math
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import rjieba

from backend.ids import new_id
from backend.memory.embed import DIMENSIONS
from backend.storage.postgres import Connection, Record

#: Term ids are hashes into this many places; two words share one about once in a million pairs.
TERM_SPACE: Final = 1 << 20
_K1: Final = 1.2
_B: Final = 0.75
#: The usual length of a document in terms. A constant, so that a stored weight never goes stale.
_USUAL_LENGTH: Final = 300
_RRF_K: Final = 60
_CANDIDATES: Final = 40
#: Two documents that share this much of their terms say the same thing.
_SAME: Final = 0.85
_WORD: Final = re.compile(r"[a-z0-9]+(?:\.[0-9]+)?|[\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Document:
    """One thing remembered. `score` is the fused rank score: it orders results of one query and means nothing else."""

    id: UUID
    kind: Literal["script", "note"]
    content: str
    host_id: UUID | None
    product_id: UUID | None
    category: str
    scenario: str
    source_id: UUID | None
    created_at: datetime
    score: float
    #: Rank by meaning and by words, from 1; None = not among the candidates of that search.
    dense_rank: int | None
    sparse_rank: int | None


async def remember(
    conn: Connection,
    *,
    embedder: str,
    vector: Sequence[float],
    kind: Literal["script", "note"],
    content: str,
    source_id: UUID | None = None,
    host_id: UUID | None = None,
    product_id: UUID | None = None,
    category: str = "",
    scenario: str = "",
) -> UUID:
    """Store a document, or replace the one learned from the same source; return its id.

    The caller makes `vector` (of the content, as a passage) before it opens the transaction.
    """
    if source_id is not None:
        await _lock_source(conn, kind, source_id)
        await forget_source(conn, kind, source_id)
    weights = term_weights(content)
    document_id = new_id()
    await conn.execute(
        """INSERT INTO memory_documents
             (id, kind, content, host_id, product_id, category, scenario, source_id, embedder, dense, sparse, terms)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::halfvec, $11::text::sparsevec, $12)""",
        document_id,
        kind,
        content,
        host_id,
        product_id,
        category,
        scenario,
        source_id,
        embedder,
        _halfvec(vector),
        _sparsevec(weights),
        sorted(weights),
    )
    await conn.execute(
        """INSERT INTO memory_terms (term, documents) SELECT t, 1 FROM unnest($1::int[]) t ORDER BY t
           ON CONFLICT (tenant_id, term) DO UPDATE SET documents = memory_terms.documents + 1""",
        sorted(weights),
    )
    return document_id


async def forget_source(conn: Connection, kind: Literal["script", "note"], source_id: UUID) -> None:
    """Remove what was learned from a source, and its words from the counts."""
    terms: list[int] | None = await conn.fetchval(
        "DELETE FROM memory_documents WHERE kind = $1 AND source_id = $2 RETURNING terms", kind, source_id
    )
    if terms:
        # In the order of the terms, as `remember` does, so that two writers never wait for each other in a circle.
        await conn.execute(
            """UPDATE memory_terms m SET documents = documents - 1
               FROM (SELECT term FROM memory_terms WHERE term = ANY ($1::int[]) ORDER BY term FOR UPDATE) locked
               WHERE m.term = locked.term""",
            terms,
        )


async def count_near(
    conn: Connection, most: int, *, embedder: str, product_id: UUID | None, host_id: UUID | None
) -> int:
    """Return how many documents of the product or of the host there are, counting no further than `most`."""
    counted: int = await conn.fetchval(
        """SELECT count(*) FROM (SELECT FROM memory_documents
             WHERE embedder = $1 AND (product_id = $2 OR host_id = $3) LIMIT $4) AS near""",
        embedder,
        product_id,
        host_id,
        most,
    )
    return counted


async def recall(
    conn: Connection,
    *,
    embedder: str,
    vector: Sequence[float] | None,
    query: str,
    host_id: UUID | None = None,
    product_id: UUID | None = None,
    category: str | None = None,
    limit: int = 5,
) -> list[Document]:
    """Return up to `limit` documents for `query`, best first, no two alike; each filter given must match.

    `vector` is of the query; without one nothing is weighed and the newest come first. Only documents of the same
    embedder are compared.
    """
    filters = (embedder, host_id, product_id, category)
    if vector is None:
        newest = await conn.fetch(
            f"SELECT {_COLUMNS} FROM memory_documents WHERE {_FILTERS} ORDER BY created_at DESC LIMIT {_CANDIDATES}",
            *filters,
        )
        return _without_doubles(_fused(newest, []))[:limit]
    # The vector is read from its text in a sub-select, once; in place, a generic plan would read it for every row.
    dense = await conn.fetch(
        f"""SELECT {_COLUMNS} FROM memory_documents WHERE {_FILTERS}
            ORDER BY dense <=> (SELECT $5::text::halfvec) LIMIT {_CANDIDATES}""",
        *filters,
        _halfvec(vector),
    )
    if not dense:
        return []  # nothing passes the filters, so no words need looking up
    weights = await _query_weights(conn, query)
    sparse: list[Record] = []
    if weights:
        # <#> is the inner product with its sign turned: what shares no word has 0 and stays out.
        sparse = await conn.fetch(
            f"""SELECT * FROM (
                  SELECT {_COLUMNS}, sparse <#> (SELECT $5::text::sparsevec) AS distance
                  FROM memory_documents WHERE {_FILTERS}
                  ORDER BY distance LIMIT {_CANDIDATES}) best
                WHERE distance < 0""",
            *filters,
            _sparsevec(weights),
        )
    return _without_doubles(_fused(dense, sparse))[:limit]


_COLUMNS: Final = "id, kind, content, host_id, product_id, category, scenario, source_id, terms, created_at"
_FILTERS: Final = """embedder = $1 AND ($2::uuid IS NULL OR host_id = $2)
    AND ($3::uuid IS NULL OR product_id = $3) AND ($4::text IS NULL OR category = $4)"""


def terms_of(text: str) -> list[str]:
    """Return the terms of a text: its words, and the pairs of neighbouring characters of its Chinese parts."""
    plain = unicodedata.normalize("NFKC", text).lower()
    words = [word for word in rjieba.cut_for_search(plain) if _WORD.fullmatch(word)]
    pairs = [run[i : i + 2] for run in _WORD.findall(plain) if run[0] > "\u33ff" for i in range(len(run) - 1)]
    # A pair that is a word as well counts once per place, not twice.
    both = Counter(words) & Counter(pairs)
    return words + list((Counter(pairs) - both).elements())


def term_weights(text: str) -> dict[int, float]:
    """Return the document's side of BM25: saturated, length-normalised counts by term id."""
    terms = terms_of(text)
    norm = _K1 * (1 - _B + _B * len(terms) / _USUAL_LENGTH)
    counts = Counter(_term_id(term) for term in terms)
    return {term: round(count * (_K1 + 1) / (count + norm), 4) for term, count in counts.items()}


def _term_id(term: str) -> int:
    # sparsevec counts its places from 1.
    return zlib.crc32(term.encode()) % TERM_SPACE + 1


async def _query_weights(conn: Connection, query: str) -> dict[int, float]:
    terms = sorted({_term_id(term) for term in terms_of(query)})
    if not terms:
        return {}
    total = await conn.fetchval("SELECT count(*) FROM memory_documents")
    rows = await conn.fetch("SELECT term, documents FROM memory_terms WHERE term = ANY ($1) AND documents > 0", terms)
    return {
        row["term"]: round(math.log(1 + (total - row["documents"] + 0.5) / (row["documents"] + 0.5)), 4)
        for row in rows
        if row["documents"] <= total
    }


async def _lock_source(conn: Connection, kind: str, source_id: UUID) -> None:
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"memory:{kind}:{source_id}")


def _fused(dense: Sequence[Record], sparse: Sequence[Record]) -> list[tuple[Document, frozenset[int]]]:
    by_meaning = {row["id"]: rank for rank, row in enumerate(dense, 1)}
    by_words = {row["id"]: rank for rank, row in enumerate(sparse, 1)}
    rows = {row["id"]: row for row in (*dense, *sparse)}
    found = []
    for id_, row in rows.items():
        ranks = (by_meaning.get(id_), by_words.get(id_))
        score = sum(1 / (_RRF_K + rank) for rank in ranks if rank is not None)
        document = Document(
            id=id_,
            kind=row["kind"],
            content=row["content"],
            host_id=row["host_id"],
            product_id=row["product_id"],
            category=row["category"],
            scenario=row["scenario"],
            source_id=row["source_id"],
            created_at=row["created_at"],
            score=score,
            dense_rank=ranks[0],
            sparse_rank=ranks[1],
        )
        found.append((document, frozenset(row["terms"])))
    # Of two equally good ones the newer: it was approved with today's rules.
    return sorted(found, key=lambda pair: (-pair[0].score, -pair[0].created_at.timestamp()))


def _without_doubles(found: list[tuple[Document, frozenset[int]]]) -> list[Document]:
    kept: list[tuple[Document, frozenset[int]]] = []
    for document, terms in found:
        alike = any(len(terms & other) >= _SAME * max(len(terms | other), 1) for _, other in kept)
        if not alike:
            kept.append((document, terms))
    return [document for document, _ in kept]


def _halfvec(vector: Sequence[float]) -> str:
    assert len(vector) == DIMENSIONS
    return "[" + ",".join(f"{value:.5f}" for value in vector) + "]"


def _sparsevec(weights: dict[int, float]) -> str:
    return "{" + ",".join(f"{term}:{weight}" for term, weight in sorted(weights.items())) + f"}}/{TERM_SPACE}"
