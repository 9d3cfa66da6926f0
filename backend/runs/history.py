"""Going back in a thread: a failed run goes on from its last good checkpoint, or a version becomes a new thread."""

from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from backend.domain import audit, checkpoints, events, forks, runs, threads
from backend.domain.checkpoints import Checkpoint
from backend.domain.people import Identity
from backend.errors import Conflict, GraphVersionMismatch, InterruptPending, NothingToResume, ThreadBusy
from backend.graph.routing import PUBLISHING
from backend.ids import new_trace_id
from backend.protocol.events import RunChanged
from backend.runs.jobs import enqueue_run
from backend.runs.start import require_still
from backend.storage import saved_states
from backend.storage.postgres import Connection
from backend.telemetry.logging import current_trace

#: More than the writer is ever let try again.
_NO_MORE: Final = 1000


@dataclass(frozen=True)
class Resumed:
    """The run that goes on, the version it goes on from, the damaged ones that were passed over, the event's `seq`."""

    run_id: UUID
    version: int
    damaged: list[int]
    seq: int


@dataclass(frozen=True)
class Forked:
    """The new thread; its run (None: the version was the end of one) and where its log ends."""

    thread_id: UUID
    run_id: UUID | None
    seq: int


async def resume(conn: Connection, who: Identity, thread_id: UUID, graph_version: str) -> Resumed:
    """Let the thread's last run, which failed, go on from its last good checkpoint as its next attempt.

    Nodes that had finished by then are not run again.

    Raises:
        NotFound: there is no such thread.
        ThreadBusy, InterruptPending: a run is at work or waits for a decision.
        NothingToResume: the last run did not fail, or left no checkpoint that is good.
        GraphVersionMismatch: it was made by another version of the graph.
        Forbidden: the role (read again in this transaction) does not allow it.
    """
    await require_still(conn, who)
    thread = await threads.get_thread(conn, thread_id)
    if thread.active_run is not None:
        if thread.active_run.status == "waiting":
            raise InterruptPending(run_id=str(thread.active_run.id))
        raise ThreadBusy(run_id=str(thread.active_run.id), retry_after_ms=1000)
    last = await runs.lock_last(conn, thread_id)
    if last is None or last.status != "failed":
        raise NothingToResume(status=last.status if last else None)
    _expect_version(last.graph_version, graph_version)
    good, damaged = await checkpoints.last_good(conn, last.id)
    if good is None:
        raise NothingToResume(run_id=str(last.id), damaged=[one.version for one in damaged])
    await saved_states.set_aside(conn, last.id, [one.checkpoint_id for one in damaged])
    await runs.revive(conn, last.id)
    seq = await events.append(conn, thread_id, [RunChanged(status="queued")], run_id=last.id)
    await enqueue_run(conn, who.tenant_id, last.id)
    passed_over = [one.version for one in damaged]
    await audit.record(conn, who.user_id, "run.resumed", str(last.id), version=good.version, damaged=passed_over)
    return Resumed(last.id, good.version, passed_over, seq)


async def fork(
    conn: Connection, who: Identity, thread_id: UUID, version: int, graph_version: str, *, title: str | None = None
) -> Forked:
    """Open a thread with the past up to a version; a run of its own goes on from there, the original does not notice.

    A question that waited at this version is asked anew in the copy. What the copy publishes is a script of its own.
    Decisions are not copied: behind one, the copy begins where people were asked, and they decide again.

    Raises:
        Conflict: the version stands behind a decision, and what it was about is not kept any more.
        NotFound: there is no such thread or version.
        CheckpointDamaged: what is stored of it is not what was written.
        GraphVersionMismatch: it was made by another version of the graph.
        Forbidden: the role (read again in this transaction) does not allow it.
    """
    await require_still(conn, who)
    at = await checkpoints.get_intact(conn, thread_id, version)
    _expect_version(at.graph_version, graph_version)
    at = await _undecided(conn, at)
    # Where the step ended, not where people were asked: the copy asks them itself.
    until = await checkpoints.last_event_of(conn, replace(at, status="running"))
    then = await checkpoints.read_snapshot(conn, thread_id, until)
    bindings = await threads.still_there(conn, then.room_id, then.product_id, then.host_id)
    title = then.title if title is None else title
    copy = await threads.create_thread(conn, who.user_id, graph_version, title=title, **bindings)

    goes_on = at.run_id if at.next else None
    past = await forks.read_past(conn, thread_id, until, goes_on)
    if goes_on is None:
        ids = forks.new_ids(past, thread_id, copy.id, {})
        run_id, seq = None, await forks.write_past(conn, past, copy.id, ids)
    else:
        run_id, seq = await _go_on(conn, who, at, past, copy.id)
    await audit.record(
        conn, who.user_id, "thread.forked", str(copy.id), of=str(thread_id), version=version, run_id=str(at.run_id)
    )
    return Forked(copy.id, run_id, seq)


async def _undecided(conn: Connection, at: Checkpoint) -> Checkpoint:
    """Return the version itself, or, where nothing but publishing is left, the last one of its run before that."""
    while not PUBLISHING.isdisjoint(at.next):
        before = await checkpoints.list_checkpoints(conn, at.thread_id, limit=1, before=at.version, run_id=at.run_id)
        if not before:
            raise Conflict("what was decided here is not kept any more", version=at.version)
        at = await checkpoints.get_intact(conn, at.thread_id, before[0].version)
    return at


async def _go_on(conn: Connection, who: Identity, at: Checkpoint, past: forks.Past, into: UUID) -> tuple[UUID, int]:
    asked = await runs.request_of(conn, at.run_id)
    # The row first: messages of the past point at it. What it was asked is known when their new ids are.
    run_id = await runs.insert_run(conn, who.tenant_id, into, who.user_id, asked, at.graph_version, "queued")
    ids = forks.new_ids(past, at.thread_id, into, {at.run_id: run_id})
    trace_id = current_trace() or new_trace_id()
    request = {**forks.renamed(asked, ids), "author_name": who.name, "trace_id": trace_id}
    await runs.set_request(conn, run_id, request)
    await forks.write_past(conn, past, into, ids)

    edited = (await saved_states.load_values(conn, at.run_id, at.checkpoint_id)).get("edited", False)

    def change(name: str, value: Any) -> Any:
        if name == "edited":
            # A person's text that passes the checks is published. In the copy nobody has decided: it is asked about,
            return False
        if name == "retries" and edited:
            # … and, being a person's, not written anew for what the checks find in it.
            return _NO_MORE
        if name == "request":
            return request
        if name == "requested_by":
            return str(who.user_id)
        value = forks.renamed(value, ids)
        if name == "previous" and value:
            # Of its script the next version would be published: that one is the original's.
            return {**value, "script_id": None}
        return value

    checkpoint_id = await saved_states.copy_checkpoint(conn, at.run_id, at.checkpoint_id, run_id, change)
    seq = await events.append(conn, into, [RunChanged(status="queued")], run_id=run_id)
    await checkpoints.insert_first(conn, at, into, run_id, checkpoint_id, trace_id, seq)
    await enqueue_run(conn, who.tenant_id, run_id)
    return run_id, seq


def _expect_version(made_by: str, now: str) -> None:
    if made_by != now:
        raise GraphVersionMismatch(made_by=made_by, now=now)
