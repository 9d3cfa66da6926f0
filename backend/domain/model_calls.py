"""The accounts of language models: one row a call."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from backend.llm.accounts import CallRecord
from backend.storage.postgres import Connection


@dataclass(frozen=True)
class ModelCall:
    """A call as it is stored. `cost` is in `currency`; tokens that the provider did not count are `estimated`."""

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


async def record_calls(conn: Connection, records: Sequence[CallRecord]) -> None:
    """Write the calls of one tenant. A call that is written already stays as it is."""
    await conn.executemany(
        """INSERT INTO llm_calls (id, thread_id, run_id, node, prompt_version, streamed, backend, provider, model,
             fallback_from, status, failure, attempts, hops, input_tokens, output_tokens, cached_tokens,
             reasoning_tokens, estimated, cost, currency, first_token_ms, total_ms)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
             $22, $23)
           ON CONFLICT (id) DO NOTHING""",
        [_row(record) for record in records],
    )


def _row(record: CallRecord) -> tuple[Any, ...]:
    caller, usage = record.caller, record.usage
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
        record.status,
        record.failure,
        record.attempts,
        [asdict(hop) for hop in record.hops],
        usage.input_tokens,
        usage.output_tokens,
        usage.cached_tokens,
        usage.reasoning_tokens,
        usage.estimated,
        record.cost,
        record.currency,
        record.first_token_ms,
        record.total_ms,
    )


async def calls_of_thread(
    conn: Connection, thread_id: UUID, *, limit: int, run_id: UUID | None = None, after: UUID | None = None
) -> list[ModelCall]:
    """Return the calls of a thread, or of one of its runs, in the order in which they began, `limit` at most."""
    # Their ids say when they began.
    rows = await conn.fetch(
        """SELECT id, thread_id, run_id, node, prompt_version, streamed, backend, provider, model, fallback_from,
             status, failure, attempts, hops, input_tokens, output_tokens, cached_tokens, reasoning_tokens, estimated,
             cost, currency, first_token_ms, total_ms, ended_at
           FROM llm_calls
           WHERE thread_id = $1 AND ($2::uuid IS NULL OR run_id = $2) AND ($3::uuid IS NULL OR id > $3)
           ORDER BY id LIMIT $4""",
        thread_id, run_id, after, limit,
    )  # fmt: skip
    return [ModelCall(**row) for row in rows]
