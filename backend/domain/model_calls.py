"""The accounts of language models: one row a call."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, Literal
from uuid import UUID

from backend.errors import NotFound
from backend.llm.accounts import CallRecord, Hop
from backend.llm.gateway import Caller
from backend.storage.postgres import Connection


@dataclass(frozen=True)
class ModelCall:
    """A call as it is stored. `cost` is in `currency`; tokens that the provider did not count are `estimated`.

    `refusal` is the budget that was used up, of a call that was `refused`. `texts`: what was said is kept.
    """

    id: UUID
    thread_id: UUID | None
    run_id: UUID | None
    node: str
    prompt_version: str
    streamed: bool
    backend: str
    provider: str
    model: str
    fallback_from: str | None
    status: str
    failure: str | None
    refusal: str | None
    attempts: int
    hops: list[dict[str, Any]]
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    estimated: bool
    cost: Decimal
    currency: str
    first_token_ms: int | None
    total_ms: int
    ended_at: datetime
    texts: bool
    api_key_id: UUID | None
    api_key_name: str | None


@dataclass(frozen=True, slots=True)
class ServiceCaller(Caller):
    """A service that asks a model directly, by its API key."""

    api_key_id: UUID | None = None


#: What calls can be added up by: the name, and the column or expression.
Grouping = Literal["day", "month", "node", "backend", "provider", "model", "status", "run", "thread"]
_STATUS: Final = "CASE WHEN refusal IS NULL THEN status ELSE 'refused' END"
_GROUPS: Final[dict[Grouping, str]] = {
    "day": "to_char(ended_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
    "month": "to_char(ended_at AT TIME ZONE 'UTC', 'YYYY-MM')",
    "node": "node",
    "backend": "backend",
    "provider": "provider",
    "model": "model",
    "status": _STATUS,
    "run": "run_id::text",
    "thread": "thread_id::text",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which calls are meant: those that ended within [since, until), and have all that is named. None: any."""

    since: datetime | None = None
    until: datetime | None = None
    thread_id: UUID | None = None
    run_id: UUID | None = None
    node: str | None = None
    backend: str | None = None
    provider: str | None = None
    model: str | None = None
    status: str | None = None


@dataclass(frozen=True)
class Sum:
    """What the calls of one group used in one currency. `group` is None where a call belongs to none (no run, …)."""

    group: str | None
    currency: str
    calls: int
    completed: int
    failed: int
    refused: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    cost: Decimal


_CALL: Final = f"""SELECT id, thread_id, run_id, node, prompt_version, streamed, backend, provider, model,
  fallback_from, {_STATUS} AS status, failure, refusal, attempts, hops, input_tokens, output_tokens, cached_tokens,
  reasoning_tokens, estimated, cost, currency, first_token_ms, total_ms, ended_at,
  EXISTS (SELECT FROM llm_call_texts said WHERE said.id = llm_calls.id) AS texts, api_key_id,
  (SELECT name FROM api_keys WHERE api_keys.id = api_key_id) AS api_key_name
  FROM llm_calls"""
_WANTED: Final = f"""($1::timestamptz IS NULL OR ended_at >= $1) AND ($2::timestamptz IS NULL OR ended_at < $2)
  AND ($3::uuid IS NULL OR thread_id = $3) AND ($4::uuid IS NULL OR run_id = $4) AND ($5::text IS NULL OR node = $5)
  AND ($6::text IS NULL OR backend = $6) AND ($7::text IS NULL OR provider = $7) AND ($8::text IS NULL OR model = $8)
  AND ($9::text IS NULL OR {_STATUS} = $9)"""


async def record_calls(conn: Connection, records: Sequence[CallRecord]) -> None:
    """Write the calls of one tenant. A call that is written already stays as it is."""
    await conn.executemany(
        """INSERT INTO llm_calls (id, thread_id, run_id, node, prompt_version, streamed, backend, provider, model,
             fallback_from, status, failure, refusal, attempts, hops, input_tokens, output_tokens, cached_tokens,
             reasoning_tokens, estimated, cost, currency, first_token_ms, total_ms, api_key_id)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
             $22, $23, $24, $25)
           ON CONFLICT (id) DO NOTHING""",
        [_row(record) for record in records],
    )


def _row(record: CallRecord) -> tuple[Any, ...]:
    caller, usage = record.caller, record.usage
    refused = record.status == "refused"
    return (
        record.id,
        caller.thread_id if caller else None,
        caller.run_id if caller else None,
        record.node,
        record.prompt_version,
        record.streamed,
        record.backend,
        record.provider,
        record.model,
        record.fallback_from,
        # The release before 0020 reads this column too and knows no other word.
        "failed" if refused else record.status,
        record.failure,
        (record.refusal or "unknown") if refused else None,
        record.attempts,
        [_hop(hop) for hop in record.hops],
        usage.input_tokens,
        usage.output_tokens,
        usage.cached_tokens,
        usage.reasoning_tokens,
        usage.estimated,
        record.cost,
        record.currency,
        record.first_token_ms,
        record.total_ms,
        caller.api_key_id if isinstance(caller, ServiceCaller) else None,
    )


def _hop(hop: Hop) -> dict[str, Any]:
    plain = asdict(hop)
    if not hop.input_tokens and not hop.output_tokens:
        # Most made nothing, and a row is kept for a year.
        return {name: plain[name] for name in ("backend", "reason", "elapsed_ms", "pause_ms", "status")}
    return {**plain, "cost": str(hop.cost)}


async def calls_of_thread(
    conn: Connection, thread_id: UUID, *, limit: int, run_id: UUID | None = None, after: UUID | None = None
) -> list[ModelCall]:
    """Return the calls of a thread, or of one of its runs, in the order in which they began, `limit` at most."""
    # Their ids say when they began.
    rows = await conn.fetch(
        f"""{_CALL} WHERE thread_id = $1 AND ($2::uuid IS NULL OR run_id = $2) AND ($3::uuid IS NULL OR id > $3)
           ORDER BY id LIMIT $4""",
        thread_id, run_id, after, limit,
    )  # fmt: skip
    return [ModelCall(**row) for row in rows]


async def get_call(conn: Connection, call: UUID) -> ModelCall:
    """Return one call.

    Raises:
        NotFound: the tenant made no such call, or it is not written down yet (a moment after its end).
    """
    row = await conn.fetchrow(f"{_CALL} WHERE id = $1", call)
    if row is None:
        raise NotFound("there is no such call")
    return ModelCall(**row)


async def list_calls(
    conn: Connection, wanted: Wanted, *, limit: int, before: tuple[datetime, UUID] | None = None
) -> list[ModelCall]:
    """Return the tenant's calls, the newest first, `limit` at most; `before` is the end and id of the last one seen."""
    at, call = before or (None, None)
    rows = await conn.fetch(
        f"""{_CALL} WHERE {_WANTED} AND ($10::timestamptz IS NULL OR (ended_at, id) < ($10, $11))
           ORDER BY ended_at DESC, id DESC LIMIT $12""",
        *_values(wanted), at, call, limit,
    )  # fmt: skip
    return [ModelCall(**row) for row in rows]


async def sum_calls(conn: Connection, wanted: Wanted, by: Grouping, *, limit: int) -> list[Sum]:
    """Add calls up, by currency and group; the dearest groups first (days and months: the latest), `limit` at most."""
    order = "1 DESC" if by in ("day", "month") else "sum(cost) DESC, count(*) DESC, 1"
    rows = await conn.fetch(
        f"""SELECT {_GROUPS[by]} AS group, currency, count(*) FILTER (WHERE refusal IS NULL) AS calls,
             count(*) FILTER (WHERE status IN ('completed', 'shared')) AS completed,
             count(*) FILTER (WHERE status = 'failed' AND refusal IS NULL) AS failed,
             count(refusal) AS refused, sum(input_tokens)::bigint AS input_tokens,
             sum(output_tokens)::bigint AS output_tokens, sum(cached_tokens)::bigint AS cached_tokens,
             sum(reasoning_tokens)::bigint AS reasoning_tokens, sum(cost) AS cost
           FROM llm_calls WHERE {_WANTED} GROUP BY 1, 2 ORDER BY {order}, 2 LIMIT $10""",
        *_values(wanted), limit,
    )  # fmt: skip
    return [Sum(**row) for row in rows]


def _values(wanted: Wanted) -> tuple[Any, ...]:
    return (
        wanted.since, wanted.until, wanted.thread_id, wanted.run_id, wanted.node, wanted.backend, wanted.provider,
        wanted.model, wanted.status,
    )  # fmt: skip
