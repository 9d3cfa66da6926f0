"""Decisions on interrupts: one compare-and-set with its audit, its event and the job that resumes the run."""

from typing import Any
from uuid import UUID

from backend.domain import audit, commands, events, interrupts, people, runs
from backend.domain.people import Identity
from backend.errors import BadRequest, DecisionNotAllowed, Forbidden, NotFound, VersionConflict
from backend.protocol.commands import InterruptResponse
from backend.protocol.events import InterruptExpired, InterruptResolved, Person
from backend.runs.jobs import enqueue_run
from backend.runs.start import Done
from backend.storage.postgres import Connection, Database


async def decide(db: Database, who: Identity, command: InterruptResponse) -> Done:
    """Decide an interrupt.

    Raises:
        AlreadyResolved: somebody was first; the details say who, what and when.
        InterruptExpired: its time is over by the database's clock.
        DecisionNotAllowed: this decision is not offered (approve while a blocking finding stands).
        VersionConflict: the decision was made on an older version of the question.
        Forbidden: the role (read again in this transaction) does not allow it.
        NotFound: no such interrupt on this thread.
    """
    body = command.model_dump_json().encode()
    async with db.tenant(who.tenant_id) as conn:
        first = await commands.recall(conn, who.user_id, command.id, body)
        if first is not None:
            return Done(first, duplicate=True)
        role = await people.hold_role(conn, who.user_id)
        if role is None or not people.may(role, "interrupt.decide"):
            raise Forbidden(action="interrupt.decide")
        interrupt = await interrupts.get_interrupt(conn, command.interrupt_id)
        if interrupt.thread_id != command.thread_id:
            raise NotFound("there is no such interrupt")
        if interrupt.status != "pending":
            raise interrupts.why_not(interrupt)
        _check(interrupt, command, role)
        person = Person(id=who.user_id, name=who.name)
        # The run's row first, as everybody does; and its lock makes the two racers' decisions one after the other.
        await conn.execute("SELECT FROM runs WHERE id = $1 FOR UPDATE", interrupt.run_id)
        version = await interrupts.resolve(conn, interrupt.id, command.choice, _answer(command, who), who.user_id)
        if version is None:
            raise interrupts.why_not(await interrupts.get_interrupt(conn, interrupt.id))
        resolved = InterruptResolved(
            interrupt_id=interrupt.id,
            decision=command.choice,
            version=version,
            by=person,
            content=command.content,
            feedback=command.feedback,
        )
        seq = await _resume(conn, who.tenant_id, interrupt.thread_id, interrupt.run_id, resolved)
        await audit.record(
            conn,
            who.user_id,
            f"interrupt.{command.choice}",
            interrupt.id,
            run_id=str(interrupt.run_id),
            question=interrupt.action,
            feedback=command.feedback,
            override_reason=command.override_reason,
        )
        result = {"interrupt_id": interrupt.id, "decision": command.choice, "version": version, "seq": seq}
        await commands.record(conn, who.user_id, command.id, body, result)
        return Done(result)


async def expire(db: Database, tenant_id: UUID, interrupt_id: str) -> bool:
    """Close an interrupt whose time is over and resume its run with that; False when it is not (any more) so."""
    async with db.tenant(tenant_id) as conn:
        run_id = (await interrupts.get_interrupt(conn, interrupt_id)).run_id
        await conn.execute("SELECT FROM runs WHERE id = $1 FOR UPDATE", run_id)
        expired = await interrupts.expire(conn, interrupt_id)
        if expired is None:
            return False
        told = InterruptExpired(
            interrupt_id=expired.id, action=expired.action, message="没有人在时限内处理，稿件没有上屏"
        )
        await _resume(conn, tenant_id, expired.thread_id, expired.run_id, told)
        await audit.record(conn, None, "interrupt.expired", expired.id, run_id=str(expired.run_id))
        return True


def _check(interrupt: interrupts.Interrupt, command: InterruptResponse, role: str) -> None:
    if command.version is not None and command.version != interrupt.version:
        raise VersionConflict(version=interrupt.version)
    override = command.override_reason is not None
    if override and not people.may(role, "interrupt.override"):
        raise Forbidden("only an admin may override a blocking finding", action="interrupt.override")
    if override and not (command.override_reason or "").strip():
        raise BadRequest("an override needs a reason")
    if command.choice not in interrupt.allowed and not (override and command.choice == "approve"):
        raise DecisionNotAllowed(allowed=interrupt.allowed)


def _answer(command: InterruptResponse, who: Identity) -> dict[str, Any]:
    answer: dict[str, Any] = {"decision": command.choice, "by": str(who.user_id), "by_name": who.name}
    for name in ("content", "feedback", "override_reason"):
        value = getattr(command, name)
        if value is not None:
            answer[name] = value
    return answer


async def _resume(
    conn: Connection,
    tenant_id: UUID,
    thread_id: UUID,
    run_id: UUID,
    told: InterruptResolved | InterruptExpired,
) -> int:
    seq = await events.append(conn, thread_id, [told], run_id=run_id)
    if await runs.resume_run(conn, run_id):
        await enqueue_run(conn, tenant_id, run_id)
    return seq
