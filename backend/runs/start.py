"""What people do to runs: ask, cancel. Each is one transaction with its event and its job."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend.domain import audit, commands, effects, events, interrupts, people, runs, shows, threads
from backend.domain.people import Identity
from backend.errors import Conflict, Forbidden, InterruptPending, NotFound, RateLimited, ThreadBusy
from backend.fanout.live_text import read_so_far
from backend.fanout.topics import CANCEL_CHANNEL
from backend.ids import new_id, new_trace_id
from backend.protocol.commands import Cancel, SendMessage
from backend.protocol.events import InterruptResolved, MessageComplete, Person, RunChanged, RunStatus, ThreadEvent
from backend.runs.jobs import enqueue_run
from backend.runs.limits import count_message
from backend.runs.pending import answer_words
from backend.storage.postgres import Connection, Database
from backend.storage.redis import Cache
from backend.telemetry.logging import current_trace


@dataclass(frozen=True)
class Done:
    """The answer to a command, and whether it is the repeat of an earlier one."""

    result: dict[str, Any]
    duplicate: bool = False


async def send_message(
    db: Database, cache: Cache, who: Identity, command: SendMessage, graph_version: str, *, at_most: int
) -> Done:
    """Ask for something: the message, its run, its events and the job, or nothing of it.

    A repeat gets the first answer and, as `outcome`, what came of it since; no model is asked for it. It is known by
    its id, its thread and the version of the graph, with the same words.

    `at_most` messages may come within ten seconds on one thread, whichever way and process they take; the repeat of
    a command that was carried out is answered as it was, however many came since.

    What is said to a decision that is awaited (确认) is answered beside it: words decide and withdraw nothing.

    Whoever waits for or replaces the run at work looks a second time when another message came in between.

    Raises:
        RateLimited: too many messages on this thread.
        ThreadBusy: a run is at work and the command does not say to wait (`enqueue`) or to replace (`interrupt`) it.
        InterruptPending: a decision is pending and the command does not withdraw it (`multitask: interrupt`).
        IdempotencyConflict: the command's id was used with another body.
        NotFound: no such thread, room, product or host.
        Conflict: the thread is the log of a show.
        Forbidden: the role (read again in this transaction) does not allow it.
    """
    try:
        await count_message(cache, who.tenant_id, command.thread_id, at_most)
    except RateLimited:
        async with db.tenant(who.tenant_id) as conn:
            repeated = await _repeated(conn, who, command, graph_version)
        if repeated is None:
            raise
        return repeated
    try:
        return await _send_once(db, cache, who, command, graph_version)
    except ThreadBusy:
        if command.multitask == "reject":
            raise
        return await _send_once(db, cache, who, command, graph_version)


async def _send_once(db: Database, cache: Cache, who: Identity, command: SendMessage, graph_version: str) -> Done:
    body = command.model_dump_json().encode()
    async with db.tenant(who.tenant_id) as conn:
        repeated = await _repeated(conn, who, command, graph_version)
        if repeated is not None:
            return repeated
        await require_still(conn, who)
        thread = await threads.get_thread(conn, command.thread_id)
        if thread.show_id == thread.id:
            raise Conflict("this is the log of a show; ask in the conversation of one of its scripts")
        await threads.check_bindings(conn, command.room_id, command.product_id, command.host_id)
        status: RunStatus = "queued"
        active = thread.active_run
        if active is not None:
            if active.status == "waiting":
                told = await answer_words(conn, who, thread, active.id, command.id, command.content)
                if told is not None:
                    result = {"run_id": str(active.id), "message_id": str(told[0]), "seq": told[1]}
                    await commands.record(conn, who.user_id, command.id, body, result)
                    return Done(result)
            if command.multitask == "interrupt":
                await stop(conn, cache, who, thread.id, active.id)
            elif command.multitask == "enqueue":
                status = "enqueued"
            elif active.status == "waiting":
                raise InterruptPending(run_id=str(active.id))
            else:
                raise ThreadBusy(run_id=str(active.id), retry_after_ms=1000)
        asked = command.model_dump(mode="json", exclude={"id", "type", "thread_id", "multitask"}, exclude_none=True)
        person = Person(id=who.user_id, name=who.name)
        run_id, message_id, seq = await add_request(
            conn, who.tenant_id, thread.id, person, asked, graph_version, status, _request(command)
        )
        # The append holds the thread's row: a deletion was either before it and is seen here, or waits and sees us.
        await threads.get_thread(conn, thread.id)
        if status == "queued":
            await enqueue_run(conn, who.tenant_id, run_id)
        else:
            # The active run may have ended since we looked, too early to see this one waiting. Whoever holds the
            # thread's row (the event above) sees what the other did, so one of the two lets it begin.
            await start_next(conn, who.tenant_id, thread.id)
        result = {"run_id": str(run_id), "message_id": str(message_id), "seq": seq}
        await commands.record(conn, who.user_id, command.id, body, result)
        return Done(result)


async def add_request(
    conn: Connection,
    tenant_id: UUID,
    thread_id: UUID,
    author: Person,
    asked: dict[str, Any],
    graph_version: str,
    status: RunStatus,
    asked_as: runs.Request,
    *,
    words: str | None = None,
    again_of: str | None = None,
) -> tuple[UUID, UUID, int]:
    """Add somebody's message, the run that answers it and the events of both; return run, message and last `seq`.

    `asked` is the message's `content` and slots. `words` are what the conversation shows of it where that is something
    else, since the run takes up an interrupt `again_of` an earlier request. The job is the caller's business.

    Raises:
        ThreadBusy: another run of the thread is active.
    """
    message_id: UUID = new_id()
    request = {
        **asked,
        "message_id": str(message_id),
        "author_name": author.name,
        "trace_id": current_trace() or new_trace_id(),
    }
    written_for = await shows.written_for(conn, thread_id)
    if written_for is not None:
        request["show"] = written_for[1]
    run_id = await runs.insert_run(
        conn,
        tenant_id,
        thread_id,
        author.id,
        request,
        graph_version,
        status,
        asked_as,
        written_for[0] if written_for else None,
        again_of,
    )
    words = asked["content"] if words is None else words
    await conn.execute(
        """INSERT INTO messages (id, thread_id, run_id, role, author_id, content, status)
           VALUES ($1, $2, $3, 'user', $4, $5, 'complete')""",
        message_id,
        thread_id,
        run_id,
        author.id,
        words,
    )
    said = MessageComplete(message_id=message_id, role="user", content=words, author=author)
    seq = await events.append(conn, thread_id, [said, RunChanged(status=status)], run_id=run_id)
    return run_id, message_id, seq


async def _repeated(conn: Connection, who: Identity, command: SendMessage, graph_version: str) -> Done | None:
    """Return the answer to a message that was taken before, or None.

    Raises:
        IdempotencyConflict: its id was used with another body.
    """
    first = await commands.recall(conn, who.user_id, command.id, command.model_dump_json().encode())
    if first is None:  # the answers to commands are kept for some days only; the run knows its request for good
        first = await runs.recall_request(conn, command.thread_id, who.user_id, _request(command), graph_version)
    if first is None:
        return None
    outcome = await runs.read_outcome(conn, UUID(first["run_id"]))
    return Done(first | ({"outcome": outcome} if outcome else {}), duplicate=True)


def _request(command: SendMessage) -> runs.Request:
    # What was left at its default is left out: a field that a later version adds must not change the hash.
    body = command.model_dump_json(exclude={"id", "thread_id"}, exclude_defaults=True)
    return runs.Request(command.id, hashlib.sha256(body.encode()).digest())


async def cancel(db: Database, cache: Cache, who: Identity, command: Cancel) -> Done:
    """Stop the thread's active run (or the one named), whatever it is doing.

    Raises:
        NotFound: there is no such thread, or nothing to cancel.
        Conflict: its script is published already.
    """
    body = command.model_dump_json().encode()
    async with db.tenant(who.tenant_id) as conn:
        first = await commands.recall(conn, who.user_id, command.id, body)
        if first is not None:
            return Done(first, duplicate=True)
        await require_still(conn, who)
        thread = await threads.get_thread(conn, command.thread_id)
        run_id = command.run_id or (thread.active_run.id if thread.active_run else None)
        if run_id is None or not await runs.belongs(conn, run_id, thread.id):
            raise NotFound("there is no such run")
        stopped = await stop(conn, cache, who, thread.id, run_id)
        if not stopped:
            if await effects.recall(conn, effects.publication(run_id)) is not None:
                raise Conflict("the script is published already", run_id=str(run_id))
            raise NotFound("nothing is running there")
        await start_next(conn, who.tenant_id, thread.id)
        result = {"run_id": str(run_id)}
        await commands.record(conn, who.user_id, command.id, body, result)
        return Done(result)


async def delete_thread(db: Database, cache: Cache, who: Identity, thread_id: UUID) -> None:
    """Remove a thread from sight and stop what runs or waits there; its record stays for the audit.

    Raises:
        NotFound: there is no such thread.
        Conflict: it is the log of a show.
    """
    async with db.tenant(who.tenant_id) as conn:
        if (await threads.get_thread(conn, thread_id)).show_id == thread_id:
            raise Conflict("this is the log of a show; remove the show")
        for run_id in await runs.unfinished(conn, thread_id):
            await stop(conn, cache, who, thread_id, run_id)
        await threads.delete_thread(conn, thread_id)
        for run_id in await runs.unfinished(conn, thread_id):  # of a message that came before the deletion had the row
            await stop(conn, cache, who, thread_id, run_id)
        await audit.record(conn, who.user_id, "thread.deleted", str(thread_id))


async def start_next(conn: Connection, tenant_id: UUID, thread_id: UUID) -> None:
    """Let the next run that waits for its turn begin, if there is one."""
    following = await runs.next_enqueued(conn, thread_id)
    if following is not None:
        await events.append(conn, thread_id, [RunChanged(status="queued")], run_id=following)
        await enqueue_run(conn, tenant_id, following)


async def require_still(conn: Connection, who: Identity) -> None:
    """Let pass who may still write in threads.

    Raises:
        Forbidden: the role, as it is in the database now, does not include it.
    """
    # A socket lives for hours: what its owner may do is read afresh where it counts.
    role = await people.current_role(conn, who.user_id)
    if role is None or not people.may(role, "thread.write"):
        raise Forbidden(action="thread.write")


async def stop(conn: Connection, cache: Cache, who: Identity, thread_id: UUID, run_id: UUID) -> bool:
    """Stop a run in this transaction, whatever it is doing; False when it is over or has published."""
    was = await runs.stop_run(conn, run_id)
    if was is None:
        return False
    person = Person(id=who.user_id, name=who.name)
    withdrawn = await interrupts.withdraw(conn, run_id, who.user_id)
    told: list[ThreadEvent] = [
        InterruptResolved(interrupt_id=i, decision="cancelled", version=v, by=person) for i, v in withdrawn
    ]
    # What people saw growing stays on their screens: it is in lane B only until the message is complete.
    told += await close_messages(conn, run_id, "cancelled", await _written(conn, cache, run_id))
    await events.append(conn, thread_id, [*told, RunChanged(status="cancelled")], run_id=run_id)
    # Its worker is fenced already; this only spares it the work it would do until it notices.
    await conn.execute("SELECT pg_notify($1, $2)", CANCEL_CHANNEL, str(run_id))
    await audit.record(conn, who.user_id, "run.cancelled", str(run_id), was=was)
    return True


async def _written(conn: Connection, cache: Cache, run_id: UUID) -> dict[UUID, str]:
    rows = await conn.fetch("SELECT id, attempt FROM messages WHERE run_id = $1 AND status = 'writing'", run_id)
    texts = {row["id"]: await read_so_far(cache, row["id"], row["attempt"]) for row in rows}
    return {message_id: text.content for message_id, text in texts.items() if text is not None}


async def close_messages(
    conn: Connection, run_id: UUID, status: str, written: dict[UUID, str] | None = None
) -> Sequence[MessageComplete]:
    """End the messages a run leaves unfinished, with what is known of their text; return the events that tell so."""
    rows = await conn.fetch(
        """UPDATE messages SET status = $2, content = coalesce(($3::jsonb) ->> id::text, content)
           WHERE run_id = $1 AND status = 'writing' RETURNING id, agent, content, attempt""",
        run_id,
        status,
        {str(key): text for key, text in (written or {}).items()},
    )
    return [
        MessageComplete.model_validate(
            {
                "message_id": row["id"],
                "role": "assistant",
                "agent": row["agent"],
                "content": row["content"],
                "status": status,
            }
        )
        for row in rows
    ]
