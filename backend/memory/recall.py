"""What worked before: found by meaning and by words, fused by rank, weighed by age and approval, nothing twice."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from backend.memory.documents import COLUMNS, KINDS, Document, Kind, halfvec
from backend.memory.embed import Embedder
from backend.storage.postgres import Connection, Database, Record

#: Small enough that the first ranks tell: what has them in one list only is not below what is midway in both.
_RRF_K: Final = 20
_CANDIDATES: Final = 40
#: The nearest of so many bound how far away the nearest of all can be.
_SOME: Final = 1000
#: So many texts more than are wanted are read at once, for those that say the same.
_SPARE: Final = 5
#: Terms that together occur in about so many texts fetch what is weighed by words; a text costs 3 µs to weigh.
_WORD_BUDGET: Final = 1500
#: Two texts that share this much of their terms say the same thing …
_SAME: Final = 0.85
#: … and so does one that holds nearly all of another that is not much shorter.
_CONTAINED: Final = 0.95
_NOT_MUCH_SHORTER: Final = 0.6
#: What is very old keeps this much of its weight; after `_HALF_LIFE` days the rest has halved.
_LASTING: Final = 0.8
_HALF_LIFE: Final = 90.0


@dataclass(frozen=True, slots=True)
class Filters:
    """What a document must be of; None: any."""

    kinds: tuple[Kind, ...] = KINDS
    host_id: UUID | None = None
    product_id: UUID | None = None
    category: str | None = None
    scenario: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A document and why it stands where it stands: score = fused × recency × approval.

    The score orders the results of one query and means nothing else.
    """

    document: Document
    #: Rank by meaning and by words, from 1; None = not among the candidates of that search.
    dense_rank: int | None
    sparse_rank: int | None
    #: Cosine of meaning, BM25 of words and the share of the query's words (by weight) that the text has, where ranked.
    similarity: float | None
    words: float | None
    coverage: float | None
    fused: float
    recency: float
    score: float
    #: The ids of its terms as PostgreSQL writes an array: read for the few that are compared.
    terms: str

    def why(self) -> dict[str, Any]:
        """Return the reasons as plain JSON, without the text."""
        return {
            "id": str(self.document.id),
            "kind": self.document.kind,
            "dense_rank": self.dense_rank,
            "sparse_rank": self.sparse_rank,
            "similarity": _rounded(self.similarity),
            "words": _rounded(self.words),
            "coverage": _rounded(self.coverage),
            "fused": _rounded(self.fused, 5),
            "recency": _rounded(self.recency),
            "approval": _rounded(self.document.approval),
            "score": _rounded(self.score, 5),
        }


@dataclass(frozen=True, slots=True)
class Recalled:
    """What a query brought back, best first, and what was left out because a better one says the same."""

    #: By what the tenant's memory was read; None: it is empty.
    embedder: str | None
    found: list[Found]
    doubles: list[Found]


@dataclass(frozen=True, slots=True)
class _Ranked:
    """A candidate before its text is read."""

    id: UUID
    created_at: datetime
    ranks: tuple[int | None, int | None]
    similarity: float | None
    words: float | None
    coverage: float | None
    fused: float
    recency: float
    score: float


async def recall(
    db: Database, tenant_id: UUID, embedder: Embedder, query: str, filters: Filters, *, limit: int, meaning: str = ""
) -> Recalled:
    """Return up to `limit` documents for `query`; `meaning` is the query in few words, if its words are not all of it.

    The words are looked up while the vector is made; no connection is held for that.

    Raises:
        ServerBusy, StorageUnavailable: the database is busy or away.
    """
    meant = meaning or query
    made = asyncio.ensure_future(embedder.query(meant))
    try:
        async with db.tenant(tenant_id) as conn:
            serving = await serving_embedder(conn)
            by_words = await _by_words(conn, embedder, serving, query, filters) if serving in embedder.known else []
        if serving is None or serving not in embedder.known:
            return Recalled(serving, [], [])
        vector = await made if serving == embedder.name else await embedder.query(meant, serving)
    finally:
        # The vector itself is shared and made to its end (see `Embedder.query`); only the waiting for it ends here.
        made.cancel()
    async with db.tenant(tenant_id) as conn:
        rows = await _candidates(conn, serving, vector, [row["document_id"] for row in by_words], filters)
        return Recalled(serving, *await _picked(conn, serving, _weighed(rows, by_words), limit))


async def serving_embedder(conn: Connection) -> str | None:
    """Return by what the tenant's memory is read; None: it remembers nothing yet."""
    name: str | None = await conn.fetchval("SELECT name FROM embedders WHERE serving")
    return name


async def newest(conn: Connection, filters: Filters, limit: int) -> list[Document]:
    """Return the newest documents that pass the filters: where all of them are wanted nothing needs weighing."""
    where, values = _conditions(filters, 1)
    rows = await conn.fetch(
        f"""SELECT {COLUMNS} FROM memory_documents d LEFT JOIN memory_lifetimes l ON l.kind = d.kind
            WHERE {where} AND {_ALIVE} ORDER BY d.created_at DESC, d.id DESC LIMIT {limit}""",
        *values,
    )
    return [Document(**dict(row)) for row in rows]


_ALIVE: Final = "(l.days IS NULL OR d.created_at > now() - make_interval(days => l.days))"


async def _by_words(
    conn: Connection, embedder: Embedder, serving: str | None, query: str, filters: Filters
) -> list[Record]:
    return await conn.fetch(
        "SELECT document_id, score, coverage FROM memory_by_words($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        serving,
        embedder.query_terms(query, serving),
        list(filters.kinds),
        filters.host_id,
        filters.product_id,
        filters.category,
        filters.scenario,
        _CANDIDATES,
        _WORD_BUDGET,
    )


async def _candidates(
    conn: Connection, serving: str, vector: Sequence[float], by_words: Sequence[UUID], filters: Filters
) -> list[Record]:
    """Return what the order hangs on of the nearest by meaning and of those found by words: one round trip."""
    where, values = _conditions(filters, 4)
    # Only where something is left out must the documents themselves be read.
    join = f"JOIN memory_documents d ON d.id = v.document_id AND {where}" if filters != Filters() else ""
    # No row further away than the 40th of some is among the 40 nearest of all. To be told so costs a comparison; to be
    # sorted costs as much again as the distance. Of fewer rows than 40 none is left out.
    nearer = "" if join else "AND v.dense <#> (SELECT vector FROM asked) <= (SELECT distance FROM bound)"
    # The vector is read from its text once; in place, a generic plan would read it for every row.
    return await conn.fetch(
        f"""WITH asked AS MATERIALIZED (SELECT $2::text::halfvec AS vector),
            bound AS MATERIALIZED (
              SELECT CASE WHEN count(*) = {_CANDIDATES} THEN max(distance) ELSE 'infinity' END AS distance FROM (
                SELECT v.dense <#> (SELECT vector FROM asked) AS distance
                FROM (SELECT dense FROM memory_vectors WHERE embedder = $1 LIMIT {_SOME}) v
                ORDER BY 1 LIMIT {_CANDIDATES}) AS nearest_of_some),
            near AS (
              SELECT v.document_id, v.dense <#> (SELECT vector FROM asked) AS distance
              FROM memory_vectors v {join} WHERE v.embedder = $1 {nearer} ORDER BY distance LIMIT {_CANDIDATES})
            SELECT d.id, d.approval, d.created_at, near.distance,
                   extract(epoch FROM now() - d.created_at)::float8 / 86400 AS age_days
            FROM (SELECT document_id FROM near UNION SELECT unnest($3::uuid[])) AS candidate (id)
            JOIN memory_documents d ON d.id = candidate.id
            LEFT JOIN near ON near.document_id = d.id
            LEFT JOIN memory_lifetimes l ON l.kind = d.kind
            WHERE {_ALIVE}""",
        serving,
        halfvec(vector),
        list(by_words),
        *values,
    )


async def _picked(
    conn: Connection, serving: str, ranked: Sequence[_Ranked], limit: int
) -> tuple[list[Found], list[Found]]:
    """Return the first `limit` that say something of their own, and the doubles; texts of few of them are read."""
    found: list[Found] = []
    kept: list[Found] = []
    doubles: list[Found] = []
    for at in range(0, len(ranked), limit + _SPARE):
        if len(kept) == limit:
            break
        found += await _read(conn, serving, ranked[at : at + limit + _SPARE])
        kept, doubles = without_doubles(found, limit)
    return kept, doubles


async def _read(conn: Connection, serving: str, ranked: Sequence[_Ranked]) -> list[Found]:
    rows = await conn.fetch(
        f"""SELECT {COLUMNS}, w.terms::text AS terms FROM memory_documents d
            JOIN memory_words w ON w.document_id = d.id AND w.embedder = $1 WHERE d.id = ANY ($2)""",
        serving,
        [one.id for one in ranked],
    )
    by_id = {row["id"]: row for row in rows}
    return [
        Found(
            document=Document(**{name: by_id[one.id][name] for name in Document.__slots__}),
            dense_rank=one.ranks[0],
            sparse_rank=one.ranks[1],
            similarity=one.similarity,
            words=one.words,
            coverage=one.coverage,
            fused=one.fused,
            recency=one.recency,
            score=one.score,
            terms=by_id[one.id]["terms"],
        )
        for one in ranked
        if one.id in by_id
    ]


def _conditions(filters: Filters, first: int) -> tuple[str, list[Any]]:
    """Return the condition on `d` with only what is asked for, so that the plan is made for it; and its values."""
    parts: list[str] = []
    values: list[Any] = []

    def add(condition: str, value: Any) -> None:
        values.append(value)
        parts.append(condition.format(f"${first + len(values) - 1}"))

    if set(filters.kinds) != set(KINDS):
        add("d.kind = ANY ({})", list(filters.kinds))
    for column in ("host_id", "product_id", "category", "scenario"):
        if (value := getattr(filters, column)) is not None:
            add(f"d.{column} = {{}}", value)
    return " AND ".join(parts) or "true", values


def _weighed(rows: Sequence[Record], by_words: Sequence[Record]) -> list[_Ranked]:
    """Return the candidates, best first."""
    nearest = sorted((row for row in rows if row["distance"] is not None), key=lambda row: (row["distance"], row["id"]))
    meaning_ranks = {row["id"]: rank for rank, row in enumerate(nearest, 1)}
    word_ranks = {row["document_id"]: rank for rank, row in enumerate(by_words, 1)}
    words = {row["document_id"]: (float(row["score"]), float(row["coverage"])) for row in by_words}
    ranked = []
    for row in rows:
        ranks = (meaning_ranks.get(row["id"]), word_ranks.get(row["id"]))
        score, coverage = words.get(row["id"], (None, None))
        fused = 0.0 if ranks[0] is None else 1 / (_RRF_K + ranks[0])
        if ranks[1] is not None and coverage is not None:
            # A text that shares only what everybody says with the query says little by its rank among such texts.
            fused += coverage / (_RRF_K + ranks[1])
        recency = _LASTING + (1 - _LASTING) * 2 ** (-max(row["age_days"], 0.0) / _HALF_LIFE)
        ranked.append(
            _Ranked(
                id=row["id"],
                created_at=row["created_at"],
                ranks=ranks,
                similarity=None if row["distance"] is None else -float(row["distance"]),
                words=score,
                coverage=coverage,
                fused=fused,
                recency=recency,
                score=fused * recency * row["approval"],
            )
        )
    # Of two equally good ones the newer: it was approved with today's rules.
    return sorted(ranked, key=lambda one: (-one.score, -one.created_at.timestamp()))


def without_doubles(found: Sequence[Found], limit: int) -> tuple[list[Found], list[Found]]:
    """Return the first `limit` that say something of their own, and what was passed over on the way.

    Of several that say the same the newest stays, at the place of the best.
    """
    kept: list[tuple[Found, frozenset[str]]] = []
    doubles: list[Found] = []
    for one in found:
        terms = frozenset(one.terms[1:-1].split(","))
        at = next((at for at, (other, its) in enumerate(kept) if _alike(one, terms, other, its)), None)
        if at is None:
            if len(kept) == limit:
                break
            kept.append((one, terms))
        elif one.document.created_at > kept[at][0].document.created_at:
            doubles.append(kept[at][0])
            kept[at] = (one, terms)
        else:
            doubles.append(one)
    return [one for one, _ in kept], doubles


def _alike(one: Found, terms: frozenset[str], other: Found, its: frozenset[str]) -> bool:
    if one.document.kind != other.document.kind:
        return False
    shared = len(terms & its)
    shorter, longer = sorted((len(terms), len(its)))
    if shared >= _SAME * max(shorter + longer - shared, 1):
        return True
    return shared >= _CONTAINED * shorter and shorter >= _NOT_MUCH_SHORTER * longer


def _rounded(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else round(value, digits)
