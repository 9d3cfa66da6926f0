"""Interrupts: what waits for a person's decision. The row decides; LangGraph's pending interrupt only waits for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
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
    """A question to a person, open or answered; with `on_air_at` an approved script that is held until then."""

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
    claimed_by: Person | None
    claimed_until: datetime | None
    escalated_at: datetime | None
    on_air_at: datetime | None
    decision: dict[str, Any] | None
    decided_by: Person | None
    decided_at: datetime | None
    created_at: datetime
    #: Whether its time is over by the database's clock, although nobody may have said so yet.
    late: bool

    @property
    def undo_until(self) -> datetime | None:
        """Until when whoever rejected it may take that back; None for all that cannot be taken back so."""
        seconds = (self.decision or {}).get("undo_seconds")
        if self.status != "rejected" or self.decided_at is None or seconds is None:
            return None
        return self.decided_at + timedelta(seconds=seconds)


@dataclass(frozen=True)
class TakenUp:
    """What came of an expired interrupt that was taken up again: which run, whose, and what that asked last."""

    run_id: UUID
    by: Person | None
    at: datetime
    interrupt_id: str | None


@dataclass(frozen=True)
class Claim:
    """A claim that was made or prolonged. `before` held it until now; `fresh` is false when it was only prolonged."""

    until: datetime
    before: UUID | None
    fresh: bool


# A claim whose time is over is nobody's, also in the moment before the clock's sweep has said so.
_INTERRUPT = """
SELECT i.id, i.thread_id, i.run_id, i.kind, i.action, i.params, i.allowed, i.status, i.version, i.expires_at,
       c.id AS claimed_by, c.name AS claimed_by_name, CASE WHEN c.id IS NOT NULL THEN i.claimed_until END
         AS claimed_until, i.escalated_at, i.on_air_at,
       i.decision, i.decided_by, u.name AS decided_by_name, i.decided_at, i.created_at,
       coalesce(i.on_air_at, i.expires_at) <= clock_timestamp() AS late
FROM interrupts i LEFT JOIN users u ON u.id = i.decided_by
  LEFT JOIN users c ON c.id = i.claimed_by AND i.status = 'pending' AND i.claimed_until > clock_timestamp()
"""


async def insert_interrupt(
    conn: Connection, interrupt_id: str, thread_id: UUID, run_id: UUID, question: dict[str, Any], ttl: float
) -> Interrupt | None:
    """Record a question of the graph ({kind, action, params, allowed}); None when it was recorded before.

    One that was withdrawn is open again, as if it had not been asked, but for its version.

    It expires after `ttl` seconds by the database's clock. A question with `hold` seconds is answered by the clock when
    they are over (`go_on_air`), and until then by `undo`.
    """
    hold = question.get("hold")
    made = await conn.fetchval(
        """INSERT INTO interrupts (id, thread_id, run_id, kind, action, params, allowed, expires_at, on_air_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + $8::interval + coalesce($9::interval, '0'),
             clock_timestamp() + $9::interval)
           ON CONFLICT (id) DO UPDATE SET status = 'pending', version = interrupts.version + 1, decided_by = NULL,
             decided_at = NULL, created_at = clock_timestamp(), expires_at = EXCLUDED.expires_at,
             on_air_at = EXCLUDED.on_air_at, claimed_by = NULL, claimed_until = NULL, escalated_at = NULL
             WHERE interrupts.status = 'cancelled'
           RETURNING true""",
        interrupt_id,
        thread_id,
        run_id,
        question["kind"],
        question["action"],
        question["params"],
        question["allowed"],
        interval(ttl),
        interval(hold) if hold is not None else None,
    )
    return await get_interrupt(conn, interrupt_id) if made else None


async def get_interrupt(conn: Connection, interrupt_id: str) -> Interrupt:
    """Return one interrupt.

    Raises:
        NotFound: the tenant has none with this id.
    """
    row = await conn.fetchrow(f"{_INTERRUPT} WHERE i.id = $1", interrupt_id)
    if row is None:
        raise NotFound("there is no such interrupt")
    return _interrupt(row)


async def taken_up(conn: Connection, interrupt_id: str) -> TakenUp | None:
    """Return what took an interrupt up again (it expired, or its rejection was taken back) and did not fail.

    None when nothing has.
    """
    row = await conn.fetchrow(
        """SELECT r.id AS run_id, u.id AS by, u.name, r.created_at AS at,
             (SELECT n.id FROM interrupts n WHERE n.run_id = r.id ORDER BY n.created_at DESC, n.id DESC LIMIT 1)
               AS interrupt_id
           FROM runs r
             LEFT JOIN users u ON u.id = coalesce((r.request -> 'taken_back' ->> 'by')::uuid, r.requested_by)
           WHERE r.again_of = $1 AND r.status NOT IN ('failed', 'cancelled')""",
        interrupt_id,
    )
    if row is None:
        return None
    by = Person(id=row["by"], name=row["name"] or "") if row["by"] else None
    return TakenUp(row["run_id"], by, row["at"], row["interrupt_id"])


async def list_interrupts(
    conn: Connection,
    *,
    status: InterruptStatus | None = None,
    thread_id: UUID | None = None,
    decided: bool = False,
    before: tuple[datetime, str] | None = None,
    limit: int = 100,
) -> list[Interrupt]:
    """Return interrupts, the newest first, after the position `before`.

    With `decided` those that were answered or are over, the last one first; what the clock puts on air is no question.
    """
    of = "i.decided_at" if decided else "i.created_at"
    over = "i.status <> 'pending' AND i.on_air_at IS NULL" if decided else "true"
    rows = await conn.fetch(
        f"""{_INTERRUPT} WHERE {over} AND ($1::text IS NULL OR i.status = $1) AND ($2::uuid IS NULL OR i.thread_id = $2)
            AND ($3::timestamptz IS NULL OR ({of}, i.id) < ($3, $4))
            ORDER BY {of} DESC, i.id DESC LIMIT $5""",
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


async def approve_by_policy(conn: Connection, interrupt_id: str, answer: dict[str, Any]) -> int:
    """Approve an interrupt that was raised in this transaction, in nobody's name; return its new version."""
    version: int = await conn.fetchval(
        """UPDATE interrupts SET status = 'approved', version = version + 1, decision = $2,
             decided_at = clock_timestamp()
           WHERE id = $1 AND status = 'pending' RETURNING version""",
        interrupt_id,
        answer,
    )
    return version


async def expire(conn: Connection, interrupt_id: str) -> Interrupt | None:
    """Close a pending interrupt whose time is over by the database's clock; None when it is not so."""
    done = await conn.fetchval(
        """UPDATE interrupts SET status = 'expired', version = version + 1, decision = '{"decision": "expired"}',
             decided_at = clock_timestamp()
           WHERE id = $1 AND status = 'pending' AND on_air_at IS NULL AND expires_at <= clock_timestamp()
           RETURNING true""",
        interrupt_id,
    )
    return await get_interrupt(conn, interrupt_id) if done else None


async def undo(conn: Connection, interrupt_id: str, answer: dict[str, Any], by: UUID) -> int | None:
    """Call back a script that is held and return the new version; None when it is too late (ask `why_not`)."""
    version: int | None = await conn.fetchval(
        """UPDATE interrupts SET status = 'rejected', version = version + 1, decision = $2, decided_by = $3,
             decided_at = clock_timestamp()
           WHERE id = $1 AND status = 'pending' AND on_air_at > clock_timestamp() RETURNING version""",
        interrupt_id,
        answer,
        by,
    )
    return version


async def is_undoable(conn: Connection, interrupt_id: str) -> bool:
    """Return whether a rejection may still be taken back, by the database's clock."""
    return bool(
        await conn.fetchval(
            """SELECT decided_at + (decision ->> 'undo_seconds')::float8 * interval '1 second' > clock_timestamp()
               FROM interrupts WHERE id = $1 AND status = 'rejected'""",
            interrupt_id,
        )
    )


async def go_on_air(conn: Connection, interrupt_id: str) -> int | None:
    """Let a held script go whose time has come by the database's clock; None when it has not, or was called back."""
    version: int | None = await conn.fetchval(
        """UPDATE interrupts SET status = 'approved', version = version + 1, decision = '{"decision": "on_air"}',
             decided_at = clock_timestamp()
           WHERE id = $1 AND status = 'pending' AND on_air_at <= clock_timestamp() RETURNING version""",
        interrupt_id,
    )
    return version


async def claim(conn: Connection, interrupt_id: str, by: UUID, seconds: float, *, take_over: bool) -> Claim | None:
    """Hold a pending interrupt for `seconds`, or prolong one's own hold; None when that is not to be had.

    A hold that is only prolonged keeps the version: nothing changes for anybody else.
    """
    row = await conn.fetchrow(
        """UPDATE interrupts SET claimed_by = $2, claimed_until = clock_timestamp() + $3,
             version = version + CASE WHEN claimed_by = $2 AND claimed_until > statement_timestamp() THEN 0 ELSE 1 END,
             claimed_version = CASE WHEN claimed_by = $2 AND claimed_until > statement_timestamp()
                                    THEN claimed_version ELSE version + 1 END
           WHERE id = $1 AND status = 'pending' AND on_air_at IS NULL AND expires_at > clock_timestamp()
             AND ($4 OR claimed_by IS NULL OR claimed_by = $2 OR claimed_until <= clock_timestamp())
           RETURNING claimed_until AS until, new.version > old.version AS fresh,
             CASE WHEN old.claimed_until > statement_timestamp() THEN old.claimed_by END AS before""",
        interrupt_id,
        by,
        interval(seconds),
        take_over,
    )
    return Claim(**row) if row else None


async def release(conn: Connection, interrupt_id: str, by: UUID) -> bool:
    """Give one's own claim back; False when one does not hold it."""
    done = await conn.fetchval(
        """UPDATE interrupts SET claimed_by = NULL, claimed_until = NULL, version = version + 1
           WHERE id = $1 AND status = 'pending' AND claimed_by = $2 RETURNING true""",
        interrupt_id,
        by,
    )
    return done is not None


async def return_claim(conn: Connection, interrupt_id: str) -> UUID | None:
    """Take back a claim whose time is over by the database's clock and return whose it was; None when it is not so."""
    before: UUID | None = await conn.fetchval(
        """UPDATE interrupts SET claimed_by = NULL, claimed_until = NULL, version = version + 1
           WHERE id = $1 AND status = 'pending' AND claimed_until <= clock_timestamp() RETURNING old.claimed_by""",
        interrupt_id,
    )
    return before


async def extend(conn: Connection, interrupt_id: str, step: float, limit: float) -> datetime | None:
    """Give a pending interrupt `step` seconds more, at most `limit` seconds of life in all, and return its new end.

    None when that is not to be had. What had become urgent is so no more.
    """
    end: datetime | None = await conn.fetchval(
        """UPDATE interrupts SET expires_at = least(expires_at + $2::interval, created_at + $3::interval),
             escalated_at = NULL, version = version + 1
           WHERE id = $1 AND status = 'pending' AND on_air_at IS NULL AND expires_at > clock_timestamp()
             AND expires_at < created_at + $3::interval RETURNING expires_at""",
        interrupt_id,
        interval(step),
        interval(limit),
    )
    return end


async def escalate(conn: Connection, interrupt_id: str, before: float) -> bool:
    """Note that a pending interrupt ends within `before` seconds (see `escalation_time` in the schema); False when
    that is not so, or was noted already."""
    done = await conn.fetchval(
        """UPDATE interrupts SET escalated_at = clock_timestamp(), version = version + 1
           WHERE id = $1 AND status = 'pending' AND on_air_at IS NULL AND escalated_at IS NULL
             AND expires_at > clock_timestamp()
             AND escalation_time(created_at, expires_at, $2) <= clock_timestamp() RETURNING true""",
        interrupt_id,
        interval(before),
    )
    return done is not None


async def claimed_since(conn: Connection, interrupt_id: str, version: int, by: UUID) -> bool:
    """Return whether somebody else holds the interrupt by a claim younger than `version`."""
    return bool(
        await conn.fetchval(
            """SELECT claimed_by <> $3 AND claimed_until > clock_timestamp() AND claimed_version > $2
               FROM interrupts WHERE id = $1""",
            interrupt_id,
            version,
            by,
        )
    )


async def withdraw(conn: Connection, run_id: UUID, by: UUID | None) -> list[tuple[str, int]]:
    """Close the pending interrupts of a run that was cancelled or failed; return ids and new versions."""
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
    if interrupt.on_air_at is None and interrupt.status in ("pending", "expired"):
        return InterruptExpired(expires_at=interrupt.expires_at.isoformat())
    return AlreadyResolved(
        # Pending here means held, and the moment to call it back has passed: the clock's word is about to be written.
        decision="approved" if interrupt.status == "pending" else interrupt.status,
        by=interrupt.decided_by.model_dump(mode="json") if interrupt.decided_by else None,
        at=interrupt.decided_at.isoformat() if interrupt.decided_at else None,
    )


def _interrupt(row: Record) -> Interrupt:
    fields = {name: row[name] for name in Interrupt.__dataclass_fields__}
    for name in ("claimed_by", "decided_by"):
        fields[name] = Person(id=row[name], name=row[f"{name}_name"] or "") if row[name] else None
    return Interrupt(**fields)
