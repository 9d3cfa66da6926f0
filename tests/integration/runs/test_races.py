"""People against people and people against the clock, on the real database: one outcome, one resume job."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable
from datetime import timedelta

import pytest

from backend.domain.people import Identity
from backend.domain.policies import change_policies
from backend.errors import AlreadyResolved, AppError, InterruptExpired
from backend.ids import new_id
from backend.protocol.commands import Decision, Extend, InterruptResponse, Undo
from backend.runs import claims, interrupts
from backend.runs.start import Done
from tests.support.waiting import SETTINGS, Office, Waiting, waits_for


def decide(waiting: Waiting, who: Identity, decision: Decision, interrupt_id: str | None = None) -> Awaitable[Done]:
    command = InterruptResponse(
        id=new_id(),
        thread_id=waiting.thread_id,
        interrupt_id=interrupt_id or waiting.interrupt_id,
        decision=decision,
        content="改过的稿件" if decision == "edit" else None,
    )
    return interrupts.decide(waiting.office.db, SETTINGS, who, command)


async def outcome_of(act: Awaitable[Done]) -> str:
    try:
        return str((await act).result.get("decision", "undo"))
    except AppError as error:
        return error.code


async def one_outcome(waiting: Waiting) -> str:
    """The status, after everything that must hold whoever won."""
    row = await waiting.row()
    assert row["status"] != "pending"
    assert row["version"] == 2, "one change"
    assert await waiting.jobs() == 1, "resumed once"
    told = await waiting.events("interrupt_resolved", "interrupt_expired")
    assert len(told) == 1, "told once"
    assert len(await waiting.audited()) == 1, "written down once"
    return str(row["status"])


def _evened(seconds: float, in_time: bool) -> float:
    """The next round's time: less for whoever was in time, more for who was late, so that any machine sees a race."""
    return max(seconds / 1.2, 0.005) if in_time else min(seconds * 1.2, 2.0)


@pytest.mark.scenario(6, 7)
async def test_of_two_decisions_at_once_the_first_commit_wins_and_the_loser_is_told(office: Office) -> None:
    pairs: list[tuple[Decision, Decision]] = [("approve", "approve"), ("approve", "reject"), ("edit", "reject")]
    for first, second in pairs * 8:
        waiting = await office.waiting()
        one, two = decide(waiting, office.one, first), decide(waiting, office.two, second)
        results = await asyncio.gather(one, two, return_exceptions=True)
        won = [result for result in results if isinstance(result, Done)]
        [lost] = [result for result in results if not isinstance(result, Done)]
        assert isinstance(lost, AlreadyResolved)
        winner = office.one if results[0] is won[0] else office.two
        assert lost.details["by"] == {"id": str(winner.user_id), "name": winner.name}
        assert lost.details["at"]
        status = await one_outcome(waiting)
        assert lost.details["decision"] == status
        assert {"approve": "approved", "edit": "edited", "reject": "rejected"}[won[0].result["decision"]] == status


@pytest.mark.scenario(8)
async def test_a_decision_and_the_clock_race_and_exactly_one_of_them_wins(office: Office) -> None:
    seed = random.randrange(2**32)
    rounds, luck, seen = 120, random.Random(seed), Counter[str]()

    async def clock(waiting: Waiting) -> None:
        while (await waiting.row())["status"] == "pending":
            # Not at once: what the decision meets then is a question whose time is over and nobody has said so yet.
            await asyncio.sleep(luck.random() * 0.02)
            await interrupts.expire(office.db, office.tenant_id, waiting.interrupt_id)

    ttl = 0.02
    for _ in range(rounds):
        waiting = await office.waiting(ttl=ttl)

        async def approve(waiting: Waiting = waiting, within: float = 1.5 * ttl) -> str:
            await asyncio.sleep(luck.random() * within)
            return await outcome_of(decide(waiting, office.one, "approve"))

        said, _ = await asyncio.gather(approve(), clock(waiting))
        row = await waiting.row()
        assert await one_outcome(waiting) == ("approved" if said == "approve" else "expired"), seed
        assert said in ("approve", "interrupt_expired"), seed
        if said == "approve":
            # The time of the decision is taken in the same statement, a moment after the look at the clock.
            late = row["decided_at"] - row["expires_at"]
            assert late < timedelta(milliseconds=5), f"approved after its time, seed {seed}"
        else:
            assert row["decided_at"] >= row["expires_at"], f"expired before its time, seed {seed}"
        seen[said] += 1
        ttl = _evened(ttl, said == "approve")
    assert len(seen) == 2, f"the race was none: {seen}, seed {seed}"


async def test_calling_back_and_going_on_air_race_and_exactly_one_of_them_wins(office: Office) -> None:
    seed = random.randrange(2**32)
    luck, seen = random.Random(seed), Counter[str]()

    async def clock(waiting: Waiting) -> None:
        while (await waiting.row())["status"] == "pending":
            await interrupts.go_on_air(office.db, office.tenant_id, waiting.interrupt_id)

    hold = 0.02
    for _ in range(60):
        waiting = await office.waiting(hold=hold)

        async def undo(waiting: Waiting = waiting, within: float = 1.5 * hold) -> str:
            await asyncio.sleep(luck.random() * within)
            command = Undo(id=new_id(), interrupt_id=waiting.interrupt_id)
            return await outcome_of(interrupts.call_back(office.db, office.one, command))

        said, _ = await asyncio.gather(undo(), clock(waiting))
        row = await waiting.row()
        assert await one_outcome(waiting) == ("rejected" if said == "undo" else "approved"), seed
        assert said in ("undo", "already_resolved"), seed
        if said != "undo":
            assert row["decided_at"] >= row["on_air_at"], f"on air before its time, seed {seed}"
        seen[said] += 1
        hold = _evened(hold, said == "undo")
    assert len(seen) == 2, f"the race was none: {seen}, seed {seed}"


async def test_an_extension_at_the_last_moment_is_given_or_comes_too_late_but_never_revives_an_end(
    office: Office,
) -> None:
    for _ in range(20):
        waiting = await office.waiting(ttl=0.01)
        command = Extend(id=new_id(), interrupt_id=waiting.interrupt_id)
        extended, _ = await asyncio.gather(
            claims.extend(office.db, SETTINGS, office.two, command),
            interrupts.expire(office.db, office.tenant_id, waiting.interrupt_id),
            return_exceptions=True,
        )
        if isinstance(extended, Done):
            assert ((await waiting.row())["status"], await waiting.jobs()) == ("pending", 0)
        else:
            assert isinstance(extended, InterruptExpired)


async def test_a_decision_follows_the_policy_that_was_changed_while_it_waited_for_its_turn(office: Office) -> None:
    waiting = await office.waiting()
    before_us = office.owner.transaction()
    await before_us.start()
    await office.owner.execute("SELECT FROM runs WHERE id = $1 FOR UPDATE", waiting.run.id)
    approving = asyncio.create_task(outcome_of(decide(waiting, office.author, "approve")))
    await waits_for(office, "transactionid")
    async with office.db.tenant(office.tenant_id) as conn:
        await change_policies(conn, {"four_eyes": True})
    await before_us.rollback()
    assert await approving == "four_eyes", "it was made after the change was answered"
    assert (await waiting.row())["status"] == "pending"


async def test_no_policy_changes_between_a_decision_made_by_it_and_its_commit(office: Office) -> None:
    waiting = await office.waiting()
    order: list[str] = []

    async def approve() -> None:
        await decide(waiting, office.author, "approve")
        order.append("approved")

    async def change() -> None:
        async with office.db.tenant(office.tenant_id) as conn:
            await change_policies(conn, {"four_eyes": True})
        order.append("changed")

    other = office.owner.transaction()
    await other.start()
    await office.owner.execute(
        "SELECT pg_advisory_xact_lock(hashtextextended('audit:' || $1::text, 0))", str(office.tenant_id)
    )
    approving = asyncio.create_task(approve())
    await waits_for(office, "advisory")
    changing = asyncio.create_task(change())
    # It either waits for the decision, or is done before it.
    waits = asyncio.create_task(waits_for(office, "transactionid"))
    await asyncio.wait([changing, waits], return_when=asyncio.FIRST_COMPLETED)
    await other.rollback()
    await asyncio.gather(approving, changing)
    waits.cancel()
    assert order == ["approved", "changed"], "an author approved after four eyes were wanted"
