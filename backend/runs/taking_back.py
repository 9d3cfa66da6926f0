"""Taking one's own rejection back: what it began is withdrawn, and the same text waits for a decision again.

Nobody waits for the time in which that is possible: the rejection goes to the writer at once. So the text comes back in
a run of its own, which goes on from the very checkpoint that asked about it, with the marks that the text had then.
"""

from typing import Any
from uuid import UUID

from backend.domain import audit, checkpoints, commands, events, interrupts, runs, threads
from backend.domain.checkpoints import Checkpoint
from backend.domain.interrupts import Interrupt
from backend.domain.people import Identity
from backend.errors import (
    AlreadyResolved,
    Forbidden,
    GraphVersionMismatch,
    InterruptPending,
    TakenUpAgain,
    ThreadBusy,
    UndoOver,
)
from backend.graph.version import GRAPH_VERSION
from backend.ids import new_id, new_trace_id
from backend.protocol.commands import Undo
from backend.protocol.events import MessageComplete, Person, RunChanged
from backend.runs.interrupts import call_back, require_decider
from backend.runs.jobs import enqueue_run
from backend.runs.start import Done, stop
from backend.storage import saved_states
from backend.storage.postgres import Connection, Database
from backend.storage.redis import Cache
from backend.telemetry.logging import current_trace

# What marks the line in the conversation: nobody typed it, and pages say it in their own language.
TAKEN_BACK = "taken_back"


async def undo(db: Database, cache: Cache, who: Identity, command: Undo) -> Done:
    """Call back an approved script that is held (see `call_back`), or take back one's own rejection.

    Of several who come at once, and of a decision on what was written since, one is first; the others are told.

    Raises:
        UndoOver: the time to take the rejection back is over by the database's clock.
        TakenUpAgain: it was taken back before; the details say by whom, when and in which run.
        AlreadyResolved: what was written since is decided, or withdrawn; the details say by whom.
        ThreadBusy, InterruptPending: another request of the conversation is at work by now.
        GraphVersionMismatch: it was asked by another version of the graph.
        CheckpointDamaged: what is stored of the question is not what was written.
        DecisionNotAllowed: it is neither held nor a rejected script.
        Forbidden: somebody else rejected it, or the role (read again in this transaction) does not allow it.
        NotFound: no such interrupt, or its conversation was removed.
    """
    async with db.tenant(who.tenant_id) as conn:
        takes_back = (await interrupts.get_interrupt(conn, command.interrupt_id)).undo_until is not None
    if not takes_back:
        return await call_back(db, who, command)
    body = command.model_dump_json().encode()
    async with db.tenant(who.tenant_id) as conn:
        first = await commands.recall(conn, who.user_id, command.id, body)
        if first is not None:
            return Done(first, duplicate=True)
        await require_decider(conn, who)
        # The run's row first, as everybody does: who decides on what was written since was before us, or finds it
        # withdrawn; of two who press at once the second finds what the first did.
        rejected = await interrupts.get_interrupt(conn, command.interrupt_id)
        await conn.execute("SELECT FROM runs WHERE id = $1 FOR UPDATE", rejected.run_id)
        at = await _check(conn, who, rejected)
        await stop(conn, cache, who, rejected.thread_id, rejected.run_id)
        run_id, seq = await _put_up(conn, who, rejected, at)
        # The append holds the thread's row: a deletion was either before it and is seen here, or waits and sees us.
        await threads.get_thread(conn, rejected.thread_id)
        await enqueue_run(conn, who.tenant_id, run_id)
        await audit.record(conn, who.user_id, "interrupt.taken_back", rejected.id, run_id=str(run_id))
        result = {"interrupt_id": rejected.id, "version": rejected.version, "seq": seq, "run_id": str(run_id)}
        await commands.record(conn, who.user_id, command.id, body, result)
        return Done(result)


async def _check(conn: Connection, who: Identity, rejected: Interrupt) -> Checkpoint:
    """Return the checkpoint that asked, if the rejection can be taken back by `who` now."""
    if rejected.decided_by is None or rejected.decided_by.id != who.user_id:
        raise Forbidden("only who rejected it may take that back", action="interrupt.undo")
    taken = await interrupts.taken_up(conn, rejected.id)
    if taken is not None:
        raise TakenUpAgain(
            run_id=str(taken.run_id),
            interrupt_id=taken.interrupt_id,
            by=taken.by.model_dump(mode="json") if taken.by else None,
            at=taken.at.isoformat(),
        )
    for later in (await interrupts.of_run(conn, rejected.run_id)).values():
        if later.created_at > rejected.created_at and later.status not in ("pending", "cancelled"):
            raise interrupts.why_not(later)
    if await runs.status_of(conn, rejected.run_id) == "cancelled":
        raise AlreadyResolved("the request was withdrawn since", decision="cancelled", by=None, at=None)
    if not await interrupts.is_undoable(conn, rejected.id):
        raise UndoOver(until=rejected.undo_until.isoformat() if rejected.undo_until else None)
    active = (await threads.get_thread(conn, rejected.thread_id)).active_run
    if active is not None and active.id != rejected.run_id:
        if active.status == "waiting":
            raise InterruptPending(run_id=str(active.id))
        raise ThreadBusy(run_id=str(active.id), retry_after_ms=1000)
    at = await checkpoints.asked_at(conn, rejected.run_id, "review", rejected.created_at)
    if at is None:  # the copy of a conversation has its decisions, but not where they were asked
        raise UndoOver("what this was decided on is not kept")
    if at.graph_version != GRAPH_VERSION:
        raise GraphVersionMismatch(made_by=at.graph_version, now=GRAPH_VERSION)
    return await checkpoints.get_intact(conn, rejected.thread_id, at.version)


async def _put_up(conn: Connection, who: Identity, rejected: Interrupt, at: Checkpoint) -> tuple[UUID, int]:
    """Add the run that asks again, a copy of what it goes on from and the line that says who it was."""
    person = Person(id=who.user_id, name=who.name)
    trace_id = current_trace() or new_trace_id()
    request: dict[str, Any] = {
        **await runs.request_of(conn, rejected.run_id),
        "trace_id": trace_id,
        "taken_back": {"of": rejected.id, "by": str(who.user_id), "by_name": who.name},
    }
    # Whose request it is does not change: who takes a rejection back is not the author who may not approve.
    run_id = await runs.insert_next(conn, rejected.run_id, request, again_of=rejected.id)
    message_id, words = new_id(), f"撤回驳回《{rejected.params['title']}》"
    await conn.execute(
        """INSERT INTO messages (id, thread_id, run_id, role, agent, author_id, content, status)
           VALUES ($1, $2, $3, 'user', $4, $5, $6, 'complete')""",
        message_id,
        rejected.thread_id,
        run_id,
        TAKEN_BACK,
        who.user_id,
        words,
    )
    said = MessageComplete(message_id=message_id, role="user", agent=TAKEN_BACK, content=words, author=person)
    seq = await events.append(conn, rejected.thread_id, [said, RunChanged(status="queued")], run_id=run_id)

    def change(name: str, value: Any) -> Any:
        return request if name == "request" else value

    checkpoint_id = await saved_states.copy_checkpoint(conn, rejected.run_id, at.checkpoint_id, run_id, change)
    await checkpoints.insert_next(conn, at, run_id, checkpoint_id, trace_id)
    return run_id, seq
