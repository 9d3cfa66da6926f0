"""Taking up again what nobody decided in time: a run of its own, which asks a question of its own."""

import hashlib
from typing import Any

from backend.domain import audit, commands, interrupts, runs, threads
from backend.domain.interrupts import Interrupt
from backend.domain.people import Identity
from backend.errors import InterruptPending, NotExpired, TakenUpAgain, ThreadBusy
from backend.protocol.commands import Again
from backend.protocol.events import Person, RunStatus
from backend.runs.jobs import enqueue_run
from backend.runs.limits import count_message
from backend.runs.start import Done, add_request, require_still, start_next
from backend.storage.postgres import Connection, Database
from backend.storage.redis import Cache

#: Of what was asked the first time, what is asked again; the rest was about that one run.
_ASKED = ("content", "room_id", "product_id", "host_id", "scenario", "style", "duration_seconds")


async def take_up(
    db: Database, cache: Cache, who: Identity, command: Again, graph_version: str, *, at_most: int
) -> Done:
    """Have an expired script written anew, or its text put to a person again, in the conversation that it was of.

    The new question names the old one (`again_of`), which stays as it is. Each is taken up once, unless the run that
    did it failed or was stopped; what comes of it, and expires too, is taken up in its turn. It counts as a message.

    Raises:
        NotExpired: it is no script that nobody decided in time.
        TakenUpAgain: somebody was first; the details say who, when and in which run.
        ThreadBusy, InterruptPending: a run of this conversation is at work or waits for a decision.
        RateLimited: too much was asked on this thread.
        IdempotencyConflict: the command's id was used with another body.
        NotFound: no such interrupt, or its conversation was removed.
        Forbidden: the role (read again in this transaction) does not allow it.
    """
    body = command.model_dump_json().encode()
    async with db.tenant(who.tenant_id) as conn:
        first = await commands.recall(conn, who.user_id, command.id, body)
        if first is not None:
            return Done(first, duplicate=True)
        thread_id = (await interrupts.get_interrupt(conn, command.interrupt_id)).thread_id
    await count_message(cache, who.tenant_id, thread_id, at_most)
    async with db.tenant(who.tenant_id) as conn:
        first = await commands.recall(conn, who.user_id, command.id, body)
        if first is not None:
            return Done(first, duplicate=True)
        await require_still(conn, who)
        expired = await interrupts.get_interrupt(conn, command.interrupt_id)
        # The run's row first, as everybody does: two who press at once come one after the other.
        await conn.execute("SELECT FROM runs WHERE id = $1 FOR UPDATE", expired.run_id)
        await _check(conn, expired.id)
        status = await _place(conn, expired)
        run_id, message_id, seq = await add_request(
            conn,
            who.tenant_id,
            thread_id,
            Person(id=who.user_id, name=who.name),
            await _request(conn, expired, command),
            graph_version,
            status,
            runs.Request(command.id, hashlib.sha256(body).digest()),
            words=_words(expired, command),
            again_of=expired.id,
        )
        # The append holds the thread's row: a deletion was either before it and is seen here, or waits and sees us.
        await threads.get_thread(conn, thread_id)
        if status == "queued":
            await enqueue_run(conn, who.tenant_id, run_id)
        else:
            await start_next(conn, who.tenant_id, thread_id)
        await audit.record(
            conn,
            who.user_id,
            "interrupt.again",
            expired.id,
            run_id=str(run_id),
            how=command.how,
            edited=command.content is not None,
        )
        result = {"run_id": str(run_id), "message_id": str(message_id), "seq": seq}
        await commands.record(conn, who.user_id, command.id, body, result)
        return Done(result)


async def _check(conn: Connection, interrupt_id: str) -> None:
    """Read again behind the lock: what it is, and that nobody was first."""
    expired = await interrupts.get_interrupt(conn, interrupt_id)
    if expired.status != "expired" or expired.action != "publish_script":
        raise NotExpired(status=expired.status)
    taken = await interrupts.taken_up(conn, interrupt_id)
    if taken is not None:
        raise TakenUpAgain(
            run_id=str(taken.run_id),
            interrupt_id=taken.interrupt_id,
            by=taken.by.model_dump(mode="json") if taken.by else None,
            at=taken.at.isoformat(),
        )


async def _place(conn: Connection, expired: Interrupt) -> RunStatus:
    """Return where the new run begins: behind the expired one if that is still about to end, else at once."""
    active = (await threads.get_thread(conn, expired.thread_id)).active_run
    if active is None:
        return "queued"
    if active.id == expired.run_id:
        return "enqueued"
    if active.status == "waiting":
        raise InterruptPending(run_id=str(active.id))
    raise ThreadBusy(run_id=str(active.id), retry_after_ms=1000)


async def _request(conn: Connection, expired: Interrupt, command: Again) -> dict[str, Any]:
    asked, params = await runs.request_of(conn, expired.run_id), expired.params
    request = {name: asked[name] for name in _ASKED if name in asked}
    before = asked.get("again") or {}
    # Changed, submitted, and expired another time: what the writer had made is what the first of them says.
    unchanged = before.get("how") == "submit" and before["content"] == params["content"]
    request["again"] = {
        "of": expired.id,
        "how": command.how,
        "content": command.content or params["content"],
        "original": before["original"] if unchanged else params["content"],
        "slots": params["slots"],
        "room_id": params["room_id"],
        # Questions of before this was known say neither.
        "continues": params.get("continues"),
        "previous_product": params.get("previous_product"),
    }
    return request


def _words(expired: Interrupt, command: Again) -> str:
    """Return what the conversation shows of it."""
    title = expired.params["title"]
    if command.how == "regenerate":
        return f"重新生成《{title}》"
    return f"以{'修改稿' if command.content is not None else '原稿'}重新提交《{title}》"
