"""Interrupts: what waits for a person's decision. The row decides; LangGraph's pending interrupt only waits for it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from backend.errors import AlreadyResolved, AppError, InterruptExpired, NotFound
from backend.protocol.commands import Decision
from backend.protocol.events import Person
from backend.storage.postgres import Connection, Record, interval

InterruptStatus = Literal["pending", "approved", "edited", "rejected", "responded", "expired", "cancelled"]

_OUTCOME: dict[Decision, InterruptStatus] = {
    "approve": "approved",
    "edit": "edited",
    "reject": "rejected",
    "respond": "responded",
}


@dataclass(frozen=True)
class Interrupt:
    """A question to a person, open or answered."""

    id: str
    thread_id: UUID
    run_id: UUID
    kind: Literal["script_approval", "tool_action"]
    action: str
    params: dict[str, Any]
    allowed: list[Decision]
    status: InterruptStatus
    version: int
    expires_at: datetime
    decision: dict[str, Any] | None
    decided_by: Person | None
    decided_at: datetime | None
    created_at: datetime


_INTERRUPT = """
SELECT i.id, i.thread_id, i.run_id, i.kind, i.action, i.params, i.allowed, i.status, i.version, i.expires_at,
       i.decision, i.decided_by, u.name AS decided_by_name, i.decided_at, i.created_at
FROM interrupts i LEFT JOIN users u ON u.id = i.decided_by
"""


async def insert_interrupt(
    conn: Connection,
    interrupt_id: str,
    thread_id: UUID,
    run_id: UUID,
    question: dict[str, Any],
    default_ttl: float,
) -> Interrupt | None:
    """Record a question of the graph ({kind, action, params, allowed}); None when it was recorded before.

    It expires after the tenant's time to live, or `default_ttl` seconds, by the database's clock.
    """
    row = await conn.fetchrow(
        """INSERT INTO interrupts (id, thread_id, run_id, kind, action, params, allowed, expires_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7,
             now() + coalesce((SELECT interrupt_ttl FROM tenants WHERE id = current_tenant()), $8))
           ON CONFLICT (id) DO NOTHING
           RETURNING *, NULL AS decided_by_name""",
        interrupt_id,
        thread_id,
        run_id,
        question["kind"],
        question["action"],
        question["params"],
        question["allowed"],
        interval(default_ttl),
    )
    return _interrupt(row) if row else None


async def get_interrupt(conn: Connection, interrupt_id: str) -> Interrupt:
    """Return one interrupt.

    Raises:
        NotFound: the tenant has none with this id.
    """
    row = await conn.fetchrow(f"{_INTERRUPT} WHERE i.id = $1", interrupt_id)
    if row is None:
        raise NotFound("there is no such interrupt")
    return _interrupt(row)


async def list_interrupts(
    conn: Connection,
    *,
    status: InterruptStatus | None = None,
    thread_id: UUID | None = None,
    before: tuple[datetime, str] | None = None,
    limit: int = 100,
) -> list[Interrupt]:
    """Return interrupts, the newest first, after the position `before`."""
    rows = await conn.fetch(
        f"""{_INTERRUPT} WHERE ($1::text IS NULL OR i.status = $1) AND ($2::uuid IS NULL OR i.thread_id = $2)
            AND ($3::timestamptz IS NULL OR (i.created_at, i.id) < ($3, $4))
            ORDER BY i.created_at DESC, i.id DESC LIMIT $5""",
        status,
        thread_id,
        before[0] if before else None,
        before[1] if before else None,
        limit,
    )
    return [_interrupt(row) for row in rows]


async def of_run(conn: Connection, run_id: UUID) -> dict[str, Interrupt]:
    """Return a run's interrupts by id."""
    rows = await conn.fetch(f"{_INTERRUPT} WHERE i.run_id = $1", run_id)
    return {row["id"]: _interrupt(row) for row in rows}


async def resolve(
    conn: Connection, interrupt_id: str, decision: Decision, answer: dict[str, Any], by: UUID
) -> int | None:
    """Decide a pending interrupt that is still in time and return its new version; None when somebody, or the
    database's clock, was first (ask `why_not`)."""
    version: int | None = await conn.fetchval(
        """UPDATE interrupts SET status = $2, version = version + 1, decision = $3, decided_by = $4,
             decided_at = clock_timestamp()
           WHERE id = $1 AND status = 'pending' AND expires_at > clock_timestamp() RETURNING version""",
        interrupt_id,
        _OUTCOME[decision],
        answer,
        by,
    )
    return version


async def expire(conn: Connection, interrupt_id: str) -> Interrupt | None:
    """Close a pending interrupt whose time is over by the database's clock; None when it is not so."""
    done = await conn.fetchval(
        """UPDATE interrupts SET status = 'expired', version = version + 1, decision = '{"decision": "expired"}',
             decided_at = clock_timestamp()
           WHERE id = $1 AND status = 'pending' AND expires_at <= clock_timestamp() RETURNING true""",
        interrupt_id,
    )
    return await get_interrupt(conn, interrupt_id) if done else None


async def withdraw(conn: Connection, run_id: UUID, by: UUID | None) -> list[tuple[str, int]]:
    """Close the pending interrupts of a run that was cancelled; return ids and new versions."""
    rows = await conn.fetch(
        """UPDATE interrupts SET status = 'cancelled', version = version + 1, decided_by = $2,
             decided_at = clock_timestamp()
           WHERE run_id = $1 AND status = 'pending' RETURNING id, version""",
        run_id,
        by,
    )
    return [(row["id"], row["version"]) for row in rows]


def why_not(interrupt: Interrupt) -> AppError:
    """Return the error for who came too late: who decided what and when, or that the time is over."""
    if interrupt.status in ("pending", "expired"):
        return InterruptExpired(expires_at=interrupt.expires_at.isoformat())
    return AlreadyResolved(
        decision=interrupt.status,
        by=interrupt.decided_by.model_dump(mode="json") if interrupt.decided_by else None,
        at=interrupt.decided_at.isoformat() if interrupt.decided_at else None,
    )


def _interrupt(row: Record) -> Interrupt:
    fields = {name: row[name] for name in Interrupt.__dataclass_fields__ if name != "decided_by"}
    person = Person(id=row["decided_by"], name=row["decided_by_name"] or "") if row["decided_by"] else None
    return Interrupt(**fields, decided_by=person)
