"""Who is at an interrupt and how long it waits: claim, release, extend, and what the clock does to them by itself.

Nothing here decides, so no run is resumed: each change is one compare-and-set with its event and its audit.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from backend.domain import audit, commands, events, interrupts, policies
from backend.domain.interrupts import Interrupt
from backend.domain.people import Identity
from backend.errors import AlreadyClaimed, AppError, DecisionNotAllowed, ExtensionExhausted, NotClaimed
from backend.protocol.commands import Claim, Extend, Release
from backend.protocol.events import InterruptUpdated
from backend.runs.interrupts import require_decider
from backend.runs.start import Done
from backend.settings import Settings
from backend.storage.postgres import Connection, Database


async def claim(db: Database, settings: Settings, who: Identity, command: Claim) -> Done:
    """Hold an interrupt for a while, so that colleagues see that somebody is at it; again prolongs it, quietly.

    The hold is soft: others may still decide.

    Raises:
        AlreadyClaimed: another person holds it and `take_over` is not set.
        AlreadyResolved, InterruptExpired: there is nothing left to review.
        DecisionNotAllowed: a script that is held has nothing to review.
        Forbidden, NotFound: not for this person, or not there.
    """

    async def change(conn: Connection) -> Interrupt:
        claimed = await interrupts.claim(
            conn, command.interrupt_id, who.user_id, settings.claim_ttl, take_over=command.take_over
        )
        interrupt = await interrupts.get_interrupt(conn, command.interrupt_id)
        if claimed is None:
            raise _why_not(interrupt, AlreadyClaimed(**_holder(interrupt)))
        if claimed.fresh:
            await _tell(conn, interrupt)
            taken = claimed.before is not None and claimed.before != who.user_id
            await audit.record(
                conn,
                who.user_id,
                "interrupt.taken_over" if taken else "interrupt.claimed",
                interrupt.id,
                before=str(claimed.before) if taken else None,
            )
        return interrupt

    return await _once(db, who, command, change)


async def release(db: Database, who: Identity, command: Release) -> Done:
    """Give a claim back before its time.

    Raises:
        NotClaimed: somebody else holds it, or nobody.
        AlreadyResolved, InterruptExpired: it is decided meanwhile.
        Forbidden, NotFound: not for this person, or not there.
    """

    async def change(conn: Connection) -> Interrupt:
        released = await interrupts.release(conn, command.interrupt_id, who.user_id)
        interrupt = await interrupts.get_interrupt(conn, command.interrupt_id)
        if not released:
            raise _why_not(interrupt, NotClaimed(**_holder(interrupt)))
        await _tell(conn, interrupt)
        await audit.record(conn, who.user_id, "interrupt.released", interrupt.id)
        return interrupt

    return await _once(db, who, command, change)


async def extend(db: Database, settings: Settings, who: Identity, command: Extend) -> Done:
    """Give an interrupt more time: the tenant's step, up to the tenant's limit for its whole life.

    Raises:
        ExtensionExhausted: it has all the time it can have.
        AlreadyResolved, InterruptExpired: its time is over already.
        DecisionNotAllowed: a script that is held goes on air when it was said to.
        Forbidden, NotFound: not for this person, or not there.
    """

    async def change(conn: Connection) -> Interrupt:
        wanted = await policies.read_policies(conn, settings)
        end = await interrupts.extend(conn, command.interrupt_id, wanted.extension_step, wanted.extension_limit)
        interrupt = await interrupts.get_interrupt(conn, command.interrupt_id)
        if end is None:
            raise _why_not(interrupt, ExtensionExhausted(expires_at=interrupt.expires_at.isoformat()))
        await _tell(conn, interrupt)
        await audit.record(conn, who.user_id, "interrupt.extended", interrupt.id, until=end.isoformat())
        return interrupt

    return await _once(db, who, command, change)


async def escalate(db: Database, settings: Settings, tenant_id: UUID, interrupt_id: str) -> bool:
    """Say that an interrupt is about to end undecided, once for each end; False when it is not (any more) so."""
    async with db.tenant(tenant_id) as conn:
        wanted = await policies.read_policies(conn, settings)
        if not await interrupts.escalate(conn, interrupt_id, wanted.escalate_before):
            return False
        interrupt = await interrupts.get_interrupt(conn, interrupt_id)
        await _tell(conn, interrupt)
        await audit.record(conn, None, "interrupt.escalated", interrupt_id, expires_at=interrupt.expires_at.isoformat())
        return True


async def return_claim(db: Database, tenant_id: UUID, interrupt_id: str) -> bool:
    """Take back a claim whose time is over; False when it is not (any more) so."""
    async with db.tenant(tenant_id) as conn:
        before = await interrupts.return_claim(conn, interrupt_id)
        if before is None:
            return False
        await _tell(conn, await interrupts.get_interrupt(conn, interrupt_id))
        await audit.record(conn, None, "interrupt.returned", interrupt_id, before=str(before))
        return True


async def _once(
    db: Database, who: Identity, command: Claim | Release | Extend, change: Callable[[Connection], Awaitable[Interrupt]]
) -> Done:
    """Make the change if the person may decide, or return the answer that the same command got before."""
    body = command.model_dump_json().encode()
    async with db.tenant(who.tenant_id) as conn:
        first = await commands.recall(conn, who.user_id, command.id, body)
        if first is not None:
            return Done(first, duplicate=True)
        await require_decider(conn, who)
        interrupt = await change(conn)
        result: dict[str, Any] = {
            "interrupt_id": interrupt.id,
            "version": interrupt.version,
            "expires_at": interrupt.expires_at.isoformat(),
            "claimed_until": interrupt.claimed_until.isoformat() if interrupt.claimed_until else None,
        }
        await commands.record(conn, who.user_id, command.id, body, result)
        return Done(result)


def updated(interrupt: Interrupt) -> InterruptUpdated:
    """Return the event that tells who is at an interrupt and how long it waits."""
    return InterruptUpdated(
        interrupt_id=interrupt.id,
        version=interrupt.version,
        expires_at=interrupt.expires_at,
        claimed_by=interrupt.claimed_by,
        claimed_until=interrupt.claimed_until,
        escalated_at=interrupt.escalated_at,
    )


async def _tell(conn: Connection, interrupt: Interrupt) -> None:
    await events.append(conn, interrupt.thread_id, [updated(interrupt)], run_id=interrupt.run_id)


def _why_not(interrupt: Interrupt, otherwise: AppError) -> AppError:
    """Return why a pending interrupt in time could not be changed, or that it is neither."""
    if interrupt.status != "pending" or interrupt.late:
        return interrupts.why_not(interrupt)
    if interrupt.on_air_at is not None:
        return DecisionNotAllowed("this script is approved and held; call it back instead", allowed=interrupt.allowed)
    return otherwise


def _holder(interrupt: Interrupt) -> dict[str, Any]:
    return {
        "by": interrupt.claimed_by.model_dump(mode="json") if interrupt.claimed_by else None,
        "until": interrupt.claimed_until.isoformat() if interrupt.claimed_until else None,
    }
