"""Decisions on interrupts: one compare-and-set with its audit, its event and the job that resumes the run."""

from typing import Any, Final
from uuid import UUID

from backend.domain import audit, commands, events, interrupts, people, policies, rooms, runs
from backend.domain.interrupts import Interrupt
from backend.domain.people import Identity
from backend.domain.policies import Policies
from backend.errors import BadRequest, DecisionNotAllowed, Forbidden, FourEyes, NotFound, VersionConflict
from backend.memory.learning import enqueue_rejection
from backend.protocol.commands import InterruptResponse, Undo
from backend.protocol.events import InterruptExpired, InterruptResolved, Person
from backend.quality.masking import mask_values
from backend.runs.jobs import enqueue_run
from backend.runs.start import Done
from backend.settings import Settings
from backend.storage.postgres import Connection, Database

#: Seconds that a transaction which began in time may take.
_AT_IT: Final = 5.0


async def decide(db: Database, settings: Settings, who: Identity, command: InterruptResponse) -> Done:
    """Decide an interrupt.

    Raises:
        AlreadyResolved: somebody was first; the details say who, what and when.
        InterruptExpired: its time is over by the database's clock.
        DecisionNotAllowed: this decision is not offered (approve while a blocking finding stands).
        VersionConflict: somebody else has claimed it since the version that was read.
        FourEyes: the tenant wants another person to approve than the one who asked.
        Forbidden: the role (read again in this transaction) does not allow it.
        NotFound: no such interrupt on this thread.
    """
    # Without it the body is as the release before wrote it: a decision repeated across a deployment is known.
    body = command.model_dump_json(exclude={"reason"} if command.reason is None else None).encode()
    async with db.tenant(who.tenant_id) as conn:
        first = await commands.recall(conn, who.user_id, command.id, body)
        if first is not None:
            return Done(first, duplicate=True)
        role = await require_decider(conn, who)
        interrupt = await interrupts.get_interrupt(conn, command.interrupt_id)
        if interrupt.thread_id != command.thread_id:
            raise NotFound("there is no such interrupt")
        if interrupt.status != "pending":
            raise interrupts.why_not(interrupt)
        _check(interrupt, command, role)
        # The run's row first, as everybody does; and its lock makes the two racers' decisions one after the other.
        author = await conn.fetchval("SELECT requested_by FROM runs WHERE id = $1 FOR UPDATE", interrupt.run_id)
        wanted = await policies.hold_policies(conn, settings)
        if wanted.four_eyes and author == who.user_id and command.choice in ("approve", "edit"):
            raise FourEyes
        if command.version is not None and await interrupts.claimed_since(
            conn, interrupt.id, command.version, who.user_id
        ):
            raise _claimed_meanwhile(await interrupts.get_interrupt(conn, interrupt.id))
        hold = await rooms.undo_window_of(conn, interrupt.run_id, wanted.undo_window)
        answer = _answer(command, interrupt.id, who, hold)
        if command.choice == "reject" and interrupt.action == "publish_script" and settings.reject_undo_window > 0:
            answer["undo_seconds"] = settings.reject_undo_window
        version = await interrupts.resolve(conn, interrupt.id, command.choice, answer, who.user_id)
        if version is None:
            raise interrupts.why_not(await interrupts.get_interrupt(conn, interrupt.id))
        resolved = InterruptResolved(
            interrupt_id=interrupt.id,
            decision=command.choice,
            version=version,
            by=Person(id=who.user_id, name=who.name),
            content=command.content,
            feedback=command.feedback,
            reason=command.reason,
            undo_until=(await interrupts.get_interrupt(conn, interrupt.id)).undo_until,
        )
        seq = await _resume(conn, who.tenant_id, interrupt.thread_id, interrupt.run_id, resolved)
        await audit.record(
            conn,
            who.user_id,
            f"interrupt.{command.choice}",
            interrupt.id,
            run_id=str(interrupt.run_id),
            question=interrupt.action,
            # Nobody can take anything out of the audit log again.
            feedback=mask_values(command.feedback),
            **({"reason": command.reason} if command.reason else {}),
            override_reason=mask_values(command.override_reason),
        )
        if command.choice == "reject" and (command.feedback or "").strip():
            # What may be taken back is no lesson yet.
            await enqueue_rejection(conn, who.tenant_id, interrupt.id, after=_lesson_after(answer))
        result = {"interrupt_id": interrupt.id, "decision": command.choice, "version": version, "seq": seq}
        await commands.record(conn, who.user_id, command.id, body, result)
        return Done(result)


async def call_back(db: Database, who: Identity, command: Undo) -> Done:
    """Call an approved script back while it is held: it is not shown and waits for a decision again.

    Raises:
        AlreadyResolved: it is on air by the database's clock, or was called back before.
        DecisionNotAllowed: this is a question, not a script that is held.
        Forbidden: the role (read again in this transaction) does not allow it.
        NotFound: no such interrupt.
    """
    body = command.model_dump_json().encode()
    async with db.tenant(who.tenant_id) as conn:
        first = await commands.recall(conn, who.user_id, command.id, body)
        if first is not None:
            return Done(first, duplicate=True)
        await require_decider(conn, who)
        held = await interrupts.get_interrupt(conn, command.interrupt_id)
        if held.on_air_at is None:
            raise DecisionNotAllowed(allowed=held.allowed)
        await conn.execute("SELECT FROM runs WHERE id = $1 FOR UPDATE", held.run_id)
        answer = {
            "decision": "undo",
            "by": str(who.user_id),
            "by_name": who.name,
            # The approval that it was held by.
            "of": held.params.get("of"),
        }
        version = await interrupts.undo(conn, held.id, answer, who.user_id)
        if version is None:
            raise interrupts.why_not(await interrupts.get_interrupt(conn, held.id))
        told = InterruptResolved(
            interrupt_id=held.id, decision="undo", version=version, by=Person(id=who.user_id, name=who.name)
        )
        seq = await _resume(conn, who.tenant_id, held.thread_id, held.run_id, told)
        await audit.record(conn, who.user_id, "interrupt.undo", held.id, run_id=str(held.run_id))
        result = {"interrupt_id": held.id, "version": version, "seq": seq}
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


async def go_on_air(db: Database, tenant_id: UUID, interrupt_id: str) -> bool:
    """Let a held script go whose time has come; False when it has not yet, or was called back or withdrawn."""
    async with db.tenant(tenant_id) as conn:
        held = await interrupts.get_interrupt(conn, interrupt_id)
        await conn.execute("SELECT FROM runs WHERE id = $1 FOR UPDATE", held.run_id)
        version = await interrupts.go_on_air(conn, interrupt_id)
        if version is None:
            return False
        told = InterruptResolved(interrupt_id=held.id, decision="on_air", version=version)
        await _resume(conn, tenant_id, held.thread_id, held.run_id, told)
        await audit.record(conn, None, "interrupt.on_air", held.id, run_id=str(held.run_id))
        return True


async def approve_by_policy(
    conn: Connection, wanted: Policies, interrupt: Interrupt
) -> tuple[InterruptResolved, dict[str, Any]]:
    """Approve in the tenant's name what was raised in this transaction and has nothing for a person to weigh.

    Returns the event, for the caller to append and to audit after it (the thread is locked before the audit log), and
    the answer to resume the graph with.
    """
    answer: dict[str, Any] = {"decision": "approve", "by": None, "by_name": "自动通过", "policy": "auto_approve"}
    hold = await rooms.undo_window_of(conn, interrupt.run_id, wanted.undo_window)
    if hold > 0:
        answer |= {"hold": hold, "of": interrupt.id}
    version = await interrupts.approve_by_policy(conn, interrupt.id, answer)
    resolved = InterruptResolved(interrupt_id=interrupt.id, decision="approve", version=version, policy="auto_approve")
    return resolved, answer


async def require_decider(conn: Connection, who: Identity) -> people.Role:
    """Return the role somebody has, if it may decide, and keep it so until the transaction ends.

    Raises:
        PersonRequired: it is an API key's.
        Forbidden: it may not.
    """
    role = await people.hold_role(conn, who.user_id)
    if role is None or not people.may(role, "interrupt.decide"):
        raise people.refusal(role, "interrupt.decide")
    return role


def _check(interrupt: Interrupt, command: InterruptResponse, role: str) -> None:
    if command.version is not None and command.version > interrupt.version:
        raise VersionConflict(version=interrupt.version)
    override = command.override_reason is not None
    if override and not people.may(role, "interrupt.override"):
        raise Forbidden("only an admin may override a blocking finding", action="interrupt.override")
    if override and not (command.override_reason or "").strip():
        raise BadRequest("an override needs a reason")
    overridden = override and command.choice == "approve" and interrupt.on_air_at is None
    if command.choice not in interrupt.allowed and not overridden:
        raise DecisionNotAllowed(allowed=interrupt.allowed)


def _lesson_after(answer: dict[str, Any]) -> float:
    """Return the seconds after which a rejection is for good: who was in time may still be at it for a moment."""
    window = float(answer.get("undo_seconds", 0))
    return window + _AT_IT if window else 0


def _claimed_meanwhile(interrupt: Interrupt) -> VersionConflict:
    claimed_by = interrupt.claimed_by.model_dump(mode="json") if interrupt.claimed_by else None
    return VersionConflict(version=interrupt.version, claimed_by=claimed_by)


def _answer(command: InterruptResponse, interrupt_id: str, who: Identity, hold: float) -> dict[str, Any]:
    """Return what the graph is resumed with."""
    answer: dict[str, Any] = {"decision": command.choice, "by": str(who.user_id), "by_name": who.name}
    for name in ("content", "feedback", "override_reason", "reason"):
        value = getattr(command, name)
        if value is not None:
            answer[name] = value
    if command.choice == "respond":
        # Told to the graph as a rejection with feedback that does not count as one: a worker of the release before,
        # beside us during a deployment, takes any word that it does not know for an approval.
        answer |= {"decision": "reject", "feedback": answer.pop("content"), "hint": True}
    if hold > 0 and command.choice in ("approve", "edit"):
        answer |= {"hold": hold, "of": interrupt_id}
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
