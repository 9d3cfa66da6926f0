"""Runs: rows whose status moves by compare-and-set, each move told in the thread's log.

What came first is told by `created_at`, the database's clock; an id is made by the clock of whichever process made it.
Lock order everywhere: the run's row, then its interrupts, then the thread (which `events.append` locks).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend.domain import effects, events
from backend.errors import IdempotencyConflict, LeaseLost, ThreadBusy
from backend.ids import new_id
from backend.protocol.events import Problem, RunChanged, RunStatus, ThreadEvent
from backend.storage.postgres import Connection, UniqueViolation, interval


@dataclass(frozen=True)
class Claimed:
    """A run this worker holds. `attempt` counts the claims and is at once the fencing token."""

    id: UUID
    tenant_id: UUID
    thread_id: UUID
    requested_by: UUID | None
    request: dict[str, Any]
    attempt: int
    crashes: int
    #: Whether it may be written in an experiment's way: one runs, or the run was noted in one.
    experimental: bool


@dataclass(frozen=True)
class LastRun:
    """The run that a thread had last."""

    id: UUID
    status: RunStatus
    graph_version: str


@dataclass(frozen=True)
class Request:
    """Under which id, and with which body, something was asked for."""

    id: UUID
    hash: bytes


async def insert_run(
    conn: Connection,
    tenant_id: UUID,
    thread_id: UUID,
    requested_by: UUID,
    request: dict[str, Any],
    graph_version: str,
    status: RunStatus,
    asked_as: Request | None = None,
    show_item_id: UUID | None = None,
    again_of: str | None = None,
) -> UUID:
    """Add a run, `queued` or `enqueued` behind the active one; by `asked_as` a repeat of the request is known.

    The item of a show that it is for goes where the run goes. `again_of` is the interrupt that it takes up.

    Raises:
        ThreadBusy: another run of the thread is active; the database's constraint decides.
    """
    run_id: UUID = new_id()
    try:
        await conn.execute(
            """INSERT INTO runs (id, tenant_id, thread_id, requested_by, status, request, graph_version, request_id,
                                 request_hash, show_item_id, again_of)
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)""",
            run_id,
            tenant_id,
            thread_id,
            requested_by,
            status,
            request,
            graph_version,
            asked_as.id if asked_as else None,
            asked_as.hash if asked_as else None,
            show_item_id,
            again_of,
        )
    except UniqueViolation:
        raise ThreadBusy(retry_after_ms=1000) from None
    return run_id


async def insert_next(conn: Connection, of: UUID, request: dict[str, Any], *, again_of: str) -> UUID:
    """Add a queued run of the same person, thread, graph and show's item as the run `of`, and return its id.

    Raises:
        ThreadBusy: another run of the thread is active; the database's constraint decides.
    """
    run_id: UUID = new_id()
    try:
        await conn.execute(
            """INSERT INTO runs (id, tenant_id, thread_id, requested_by, status, request, graph_version, show_item_id,
                                 again_of)
               SELECT $1, tenant_id, thread_id, requested_by, 'queued', $3, graph_version, show_item_id, $4
               FROM runs WHERE id = $2""",
            run_id,
            of,
            request,
            again_of,
        )
    except UniqueViolation:
        raise ThreadBusy(retry_after_ms=1000) from None
    return run_id


async def claim_run(
    conn: Connection, run_id: UUID, worker: str, lease: float, spared: int | None = None
) -> Claimed | None:
    """Take a run that is queued, or whose worker let its lease run out; None when somebody else has it.

    One that crashed `spared` times or more is left alone too.
    """
    row = await conn.fetchrow(
        """UPDATE runs SET status = 'running', attempt = attempt + 1, crashes = crashes + 1, worker = $2,
             lease_expires_at = now() + $3, updated_at = now()
           WHERE id = $1 AND (status = 'queued' OR (status = 'running' AND lease_expires_at < now()))
             AND ($4::int IS NULL OR crashes < $4)
           RETURNING id, tenant_id, thread_id, requested_by, request, attempt, crashes,
             EXISTS (SELECT FROM experiments WHERE status = 'running')
               OR EXISTS (SELECT FROM experiment_exposures x WHERE x.run_id = runs.id) AS experimental""",
        run_id,
        worker,
        interval(lease),
        spared,
    )
    return Claimed(**dict(row)) if row else None


async def crashes(conn: Connection, run_id: UUID) -> int:
    """Return how many claims of the run ended without a word since it last got somewhere."""
    return int(await conn.fetchval("SELECT crashes FROM runs WHERE id = $1", run_id) or 0)


async def leave_run(
    conn: Connection,
    run: Claimed,
    status: RunStatus,
    told: Sequence[ThreadEvent] = (),
    *,
    error: Problem | None = None,
) -> bool:
    """Move a run this attempt holds to `status` and append `told` and the move; False when it is held no more."""
    left = await conn.fetchval(
        """UPDATE runs SET status = $3, crashes = 0, worker = NULL, lease_expires_at = NULL, updated_at = now(),
             error = $4, finished_at = CASE WHEN $3 IN ('queued', 'waiting') THEN NULL ELSE now() END
           WHERE id = $1 AND attempt = $2 AND status = 'running' RETURNING true""",
        run.id,
        run.attempt,
        status,
        error.model_dump(mode="json") if error else None,
    )
    if left is None:
        return False
    await events.append(
        conn,
        run.thread_id,
        [*told, RunChanged(status=status, error=error)],
        run_id=run.id,
        attempt=run.attempt,
    )
    return True


async def hold_run(conn: Connection, run: Claimed) -> None:
    """Lock the run's row until the end of the transaction.

    Raises:
        LeaseLost: this attempt does not hold the run any more.
    """
    held = await conn.fetchval(
        "SELECT true FROM runs WHERE id = $1 AND attempt = $2 AND status = 'running' FOR UPDATE", run.id, run.attempt
    )
    if held is None:
        raise LeaseLost


async def assert_held(conn: Connection, run_id: UUID, attempt: int) -> None:
    """Make sure that this attempt holds the run, and keep it so until the end of the transaction.

    Others of the same attempt may do the same meanwhile.

    Raises:
        LeaseLost: it does not.
    """
    await conn.execute("SELECT assert_fence($1, $2)", run_id, attempt)


async def tell(conn: Connection, run: Claimed, told: Sequence[ThreadEvent]) -> None:
    """Append events of a run in the name of this attempt."""
    await events.append(conn, run.thread_id, told, run_id=run.id, attempt=run.attempt)


async def requeue_stranded(conn: Connection, run_id: UUID, patience: float) -> bool:
    """Queue a run again whose worker is gone, or whose job was lost; False when neither is so (any more)."""
    done = await conn.fetchval(
        """UPDATE runs SET status = 'queued', lease_expires_at = NULL, updated_at = now()
           WHERE id = $1 AND ((status = 'running' AND lease_expires_at < now())
                              OR (status = 'queued' AND updated_at < now() - $2::interval)) RETURNING true""",
        run_id,
        interval(patience),
    )
    return done is not None


async def resume_run(conn: Connection, run_id: UUID) -> bool:
    """Queue a waiting run again; False when it does not wait (any more)."""
    done = await conn.fetchval(
        "UPDATE runs SET status = 'queued', updated_at = now() WHERE id = $1 AND status = 'waiting' RETURNING true",
        run_id,
    )
    return done is not None


async def next_enqueued(conn: Connection, thread_id: UUID) -> UUID | None:
    """Queue the oldest run that waits for its turn on the thread; None when there is none or one is active."""
    run_id: UUID | None = await conn.fetchval(
        """UPDATE runs SET status = 'queued', updated_at = now()
           WHERE id = (SELECT id FROM runs WHERE thread_id = $1 AND status = 'enqueued'
                       ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
             AND NOT EXISTS (SELECT FROM runs WHERE thread_id = $1 AND status IN ('queued', 'running', 'waiting'))
           RETURNING id""",
        thread_id,
    )
    return run_id


async def thread_of_enqueued(conn: Connection, run_id: UUID) -> UUID | None:
    """Return the thread on which a run waits for its turn; None when it does not (any more)."""
    thread_id: UUID | None = await conn.fetchval(
        "SELECT thread_id FROM runs WHERE id = $1 AND status = 'enqueued'", run_id
    )
    return thread_id


async def stop_run(conn: Connection, run_id: UUID) -> RunStatus | None:
    """Move an unfinished run to `cancelled` and return what it was; its worker is fenced from this moment on.

    None when it is over, or has published its script: that is on air, and the run is about to say so and end.
    """
    # A statement of its own: what is published while we wait for the row would not be seen by the one that waits.
    await conn.execute("SELECT FROM runs WHERE id = $1 FOR UPDATE", run_id)
    was: RunStatus | None = await conn.fetchval(
        """UPDATE runs SET status = 'cancelled', lease_expires_at = NULL, updated_at = now(), finished_at = now()
           WHERE id = $1 AND status IN ('enqueued', 'queued', 'running', 'waiting')
             AND NOT EXISTS (SELECT FROM effects WHERE key = $2)
           RETURNING old.status""",
        run_id,
        effects.publication(run_id),
    )
    return was


async def recall_request(
    conn: Connection, thread_id: UUID, requested_by: UUID, request: Request, graph_version: str
) -> dict[str, Any] | None:
    """Return the first answer to a request that this version of the graph took before, or None.

    Raises:
        IdempotencyConflict: the id was used with another body.
    """
    row = await conn.fetchrow(
        """SELECT r.id, r.request_hash, r.request ->> 'message_id' AS message_id,
             (SELECT min(seq) FROM thread_events e WHERE e.thread_id = r.thread_id AND e.run_id = r.id) + 1 AS seq
           FROM runs r
           WHERE r.thread_id = $1 AND r.requested_by = $2 AND r.request_id = $3 AND r.graph_version = $4""",
        thread_id,
        requested_by,
        request.id,
        graph_version,
    )
    if row is None:
        return None
    if row["request_hash"] != request.hash:
        raise IdempotencyConflict
    # The message and the run's status are the first two events of a run; the answer names the second.
    return {"run_id": str(row["id"]), "message_id": row["message_id"], "seq": row["seq"]}


async def read_outcome(conn: Connection, run_id: UUID) -> dict[str, Any] | None:
    """Return what came of a run as {status, message_id, content}; None while it is under way or waits its turn."""
    row = await conn.fetchrow(
        """SELECT r.status, m.id AS message_id, m.content FROM runs r
           LEFT JOIN LATERAL (SELECT id, content FROM messages WHERE run_id = r.id AND role = 'assistant'
                                AND status = 'complete' ORDER BY created_at DESC, id DESC LIMIT 1) m ON true
           WHERE r.id = $1 AND r.status NOT IN ('enqueued', 'queued', 'running')""",
        run_id,
    )
    if row is None:
        return None
    return {
        "status": row["status"],
        "message_id": str(row["message_id"]) if row["message_id"] else None,
        "content": row["content"],
    }


async def lock_last(conn: Connection, thread_id: UUID) -> LastRun | None:
    """Lock and return the thread's last run."""
    row = await conn.fetchrow(
        """SELECT id, status, graph_version FROM runs WHERE thread_id = $1
           ORDER BY created_at DESC, id DESC LIMIT 1 FOR UPDATE""",
        thread_id,
    )
    return LastRun(**dict(row)) if row else None


async def revive(conn: Connection, run_id: UUID) -> None:
    """Queue a failed run again, its crashes forgiven.

    Raises:
        ThreadBusy: another run of the thread became active; the database's constraint decides.
    """
    try:
        await conn.execute(
            """UPDATE runs SET status = 'queued', crashes = 0, error = NULL, finished_at = NULL, swept_at = NULL,
                 updated_at = now() WHERE id = $1 AND status = 'failed'""",
            run_id,
        )
    except UniqueViolation:
        raise ThreadBusy(retry_after_ms=1000) from None


async def status_of(conn: Connection, run_id: UUID) -> RunStatus:
    """Return where a run is."""
    status: RunStatus = await conn.fetchval("SELECT status FROM runs WHERE id = $1", run_id)
    return status


async def request_of(conn: Connection, run_id: UUID) -> dict[str, Any]:
    """Return what a run was asked."""
    request: dict[str, Any] = await conn.fetchval("SELECT request FROM runs WHERE id = $1", run_id)
    return request


async def set_request(conn: Connection, run_id: UUID, request: dict[str, Any]) -> None:
    """Say what a run that nobody has begun is asked."""
    await conn.execute("UPDATE runs SET request = $2 WHERE id = $1", run_id, request)


async def belongs(conn: Connection, run_id: UUID, thread_id: UUID) -> bool:
    """Return whether the run is one of this thread's."""
    return bool(await conn.fetchval("SELECT true FROM runs WHERE id = $1 AND thread_id = $2", run_id, thread_id))


async def unfinished(conn: Connection, thread_id: UUID) -> list[UUID]:
    """Lock and return the thread's runs that are not over."""
    rows = await conn.fetch(
        """SELECT id FROM runs WHERE thread_id = $1 AND status IN ('enqueued', 'queued', 'running', 'waiting')
           ORDER BY id FOR UPDATE""",
        thread_id,
    )
    return [row["id"] for row in rows]
