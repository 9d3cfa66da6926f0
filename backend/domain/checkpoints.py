"""The history of a thread: one version for each checkpoint of its runs, and what the thread looked like at each.

A checkpoint of LangGraph belongs to a run; `run_checkpoints` gives it a tenant, a thread and a number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from backend.domain import events, threads
from backend.errors import CheckpointDamaged, NotFound
from backend.protocol.snapshot import ThreadSnapshot, fold
from backend.storage.postgres import Connection, Record

CheckpointStatus = Literal["running", "waiting", "failed", "completed"]
_BATCH = 1000


@dataclass(frozen=True)
class Checkpoint:
    """One version. `status` tells what became of the step that began there; `intact` compares with the checksum now."""

    thread_id: UUID
    version: int
    run_id: UUID
    checkpoint_id: str
    step: int
    nodes: list[str]
    next: list[str]
    status: CheckpointStatus
    attempt: int
    trace_id: str
    graph_version: str
    after_seq: int
    checksum: bytes
    intact: bool
    created_at: datetime


_CHECKPOINT = """
SELECT thread_id, version, run_id, checkpoint_id, step, nodes, next, status, attempt, trace_id, graph_version,
       after_seq, checksum, checksum IS NOT DISTINCT FROM checkpoint_digest(run_id, checkpoint_id) AS intact, created_at
FROM run_checkpoints
"""


async def list_checkpoints(
    conn: Connection, thread_id: UUID, *, limit: int, before: int | None = None, run_id: UUID | None = None
) -> list[Checkpoint]:
    """Return versions, newest first, below the version `before`."""
    rows = await conn.fetch(
        f"""{_CHECKPOINT} WHERE thread_id = $1 AND ($2::bigint IS NULL OR version < $2)
            AND ($3::uuid IS NULL OR run_id = $3) ORDER BY version DESC LIMIT $4""",
        thread_id,
        before,
        run_id,
        limit,
    )
    return [_checkpoint(row) for row in rows]


async def get_checkpoint(conn: Connection, thread_id: UUID, version: int) -> Checkpoint:
    """Return one version.

    Raises:
        NotFound: the thread never had it, or it was removed when its time was over.
    """
    row = await conn.fetchrow(f"{_CHECKPOINT} WHERE thread_id = $1 AND version = $2", thread_id, version)
    if row is None:
        raise NotFound("there is no such checkpoint")
    return _checkpoint(row)


async def get_intact(conn: Connection, thread_id: UUID, version: int) -> Checkpoint:
    """Return one version that holds what was written.

    Raises:
        NotFound: there is no such version.
        CheckpointDamaged: its stored state was changed, or a part of it is gone.
    """
    found = await get_checkpoint(conn, thread_id, version)
    if not found.intact:
        raise CheckpointDamaged(thread_id=str(thread_id), version=version)
    return found


async def asked_at(conn: Connection, run_id: UUID, node: str, raised: datetime) -> Checkpoint | None:
    """Return the version of a run at which `node` asked what was recorded at `raised`; None when it is not kept."""
    row = await conn.fetchrow(
        f"""{_CHECKPOINT} WHERE run_id = $1 AND $2 = ANY (next) AND created_at <= $3 ORDER BY version DESC LIMIT 1""",
        run_id,
        node,
        raised,
    )
    return _checkpoint(row) if row else None


async def last_good(conn: Connection, run_id: UUID) -> tuple[Checkpoint | None, list[Checkpoint]]:
    """Return a run's newest version that is intact (None: there is none), and the damaged ones after it."""
    rows = await conn.fetch(f"{_CHECKPOINT} WHERE run_id = $1 ORDER BY version DESC", run_id)
    damaged: list[Checkpoint] = []
    for row in rows:
        if row["intact"]:
            return _checkpoint(row), damaged
        damaged.append(_checkpoint(row))
    return None, damaged


async def insert_first(
    conn: Connection, of: Checkpoint, thread_id: UUID, run_id: UUID, checkpoint_id: str, trace_id: str, after_seq: int
) -> None:
    """Index the copy of the version `of` as the first one of a new thread."""
    await conn.execute(
        """INSERT INTO run_checkpoints (thread_id, version, run_id, checkpoint_id, step, nodes, next, status, attempt,
                                        trace_id, graph_version, after_seq, checksum)
           VALUES ($1, 1, $2, $3, $4, $5, $6, 'running', 0, $7, $8, $9, checkpoint_digest($2, $3))""",
        thread_id,
        run_id,
        checkpoint_id,
        of.step,
        of.nodes,
        of.next,
        trace_id,
        of.graph_version,
        after_seq,
    )


async def insert_next(conn: Connection, of: Checkpoint, run_id: UUID, checkpoint_id: str, trace_id: str) -> None:
    """Index the copy of the version `of` as the first one of another run of the same thread, whose row is locked."""
    await conn.execute(
        "SELECT system_index_checkpoint($1, $2, $3, $4, $5, $6)",
        run_id,
        checkpoint_id,
        of.step,
        of.nodes,
        of.next,
        trace_id,
    )


async def last_event_of(conn: Connection, at: Checkpoint) -> int:
    """Return the `seq` of the last event that belongs to a version; see `last_events_of`."""
    return (await last_events_of(conn, at.thread_id, [at]))[at.version]


async def last_events_of(conn: Connection, thread_id: UUID, versions: Sequence[Checkpoint]) -> dict[int, int]:
    """Return the `seq` of the last event that belongs to each of these versions of a thread, by version.

    Events are written beside the checkpoints, a moment before or after. So the end is not found by time: it is where
    the next step says that it begins, or, for a version that waits for people, where the run says so.
    """
    rows = await conn.fetch(
        """SELECT c.version, coalesce(
             CASE WHEN c.waiting THEN (
               SELECT e.seq FROM thread_events e
               WHERE e.thread_id = $1 AND e.seq > c.after_seq AND e.run_id = c.run_id AND e.type = 'run'
                 AND e.payload ->> 'status' = 'waiting' ORDER BY e.seq LIMIT 1) END,
             CASE WHEN c.goes_on THEN (
               SELECT e.seq - 1 FROM thread_events e
               WHERE e.thread_id = $1 AND e.seq > c.after_seq AND e.run_id = c.run_id AND e.type = 'node'
                 AND e.payload ->> 'status' = 'started' AND (e.payload -> 'detail' ->> 'step')::int > c.step
               ORDER BY e.seq LIMIT 1) END,
             greatest(c.after_seq, (
               SELECT max(e.seq) FROM thread_events e WHERE e.thread_id = $1 AND e.run_id = c.run_id))) AS seq
           FROM unnest($2::bigint[], $3::uuid[], $4::int[], $5::bigint[], $6::boolean[], $7::boolean[])
             AS c (version, run_id, step, after_seq, waiting, goes_on)""",
        thread_id,
        [one.version for one in versions],
        [one.run_id for one in versions],
        [one.step for one in versions],
        [one.after_seq for one in versions],
        [one.status == "waiting" for one in versions],
        [bool(one.next) for one in versions],
    )
    return {row["version"]: row["seq"] for row in rows}


async def read_snapshot(conn: Connection, thread_id: UUID, until: int | None = None) -> ThreadSnapshot:
    """Return a thread as the fold of its events up to the `seq` `until`, or of all.

    Raises:
        NotFound: the tenant has no such thread.
    """
    thread = await threads.get_thread(conn, thread_id)
    # Title and bindings a thread was opened with are not in the log, only their changes are.
    snapshot = ThreadSnapshot(
        title=thread.title, room_id=thread.room_id, product_id=thread.product_id, host_id=thread.host_id
    )
    while batch := await events.read_events(conn, thread_id, snapshot.seq, _BATCH, until=until):
        snapshot = fold(batch, snapshot)
        if len(batch) < _BATCH:
            break
    return snapshot


def _checkpoint(row: Record) -> Checkpoint:
    return Checkpoint(**dict(row))


async def read_days(conn: Connection) -> int | None:
    """Return how many days the tenant keeps checkpoints; None: as the server's setting says."""
    days: int | None = await conn.fetchval("SELECT checkpoint_days FROM tenants WHERE id = current_tenant()")
    return days


async def set_days(conn: Connection, days: int | None) -> int | None:
    """Set how many days the tenant keeps checkpoints and return what it was."""
    was: int | None = await conn.fetchval(
        """UPDATE tenants t SET checkpoint_days = $1 FROM (SELECT id, checkpoint_days FROM tenants
             WHERE id = current_tenant() FOR UPDATE) AS before
           WHERE t.id = before.id RETURNING before.checkpoint_days""",
        days,
    )
    return was
