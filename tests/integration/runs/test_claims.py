"""Holding an interrupt, giving it back, giving it time; and what the clock does to it by itself."""

from typing import Any

import orjson
import pytest

from backend.domain.people import Identity
from backend.errors import (
    AlreadyClaimed,
    AlreadyResolved,
    DecisionNotAllowed,
    ExtensionExhausted,
    Forbidden,
    InterruptExpired,
    NotClaimed,
    NotFound,
    VersionConflict,
)
from backend.ids import new_id
from backend.protocol.commands import Claim, Decision, Extend, InterruptResponse, Release, Undo
from backend.runs import claims, interrupts
from backend.runs.start import Done
from tests.support.waiting import SETTINGS, Office, Waiting


async def claim(waiting: Waiting, who: Identity, *, take_over: bool = False) -> Done:
    command = Claim(id=new_id(), interrupt_id=waiting.interrupt_id, take_over=take_over)
    return await claims.claim(waiting.office.db, SETTINGS, who, command)


async def release(waiting: Waiting, who: Identity) -> Done:
    return await claims.release(waiting.office.db, who, Release(id=new_id(), interrupt_id=waiting.interrupt_id))


async def extend(waiting: Waiting, who: Identity) -> Done:
    return await claims.extend(waiting.office.db, SETTINGS, who, Extend(id=new_id(), interrupt_id=waiting.interrupt_id))


async def decide(waiting: Waiting, who: Identity, decision: Decision, **fields: Any) -> Done:
    command = InterruptResponse(
        id=new_id(),
        thread_id=waiting.thread_id,
        interrupt_id=waiting.interrupt_id,
        decision=decision,
        **fields,
    )
    return await interrupts.decide(waiting.office.db, SETTINGS, who, command)


async def shift(waiting: Waiting, column: str, seconds: float) -> None:
    """Put a time of the interrupt so far from now, by the database's clock."""
    await waiting.office.owner.execute(
        f"UPDATE interrupts SET {column} = clock_timestamp() + make_interval(secs => $2) WHERE id = $1",
        waiting.interrupt_id,
        seconds,
    )


async def due(waiting: Waiting) -> list[str]:
    """What the clock asks of this interrupt."""
    async with waiting.office.db.system() as conn:
        rows = await conn.fetch("SELECT * FROM system_interrupt_timers(interval '5 minutes')")
    return [row["due"] for row in rows if row["interrupt_id"] == waiting.interrupt_id]


async def test_a_claim_is_told_and_its_owner_prolongs_it_quietly(office: Office) -> None:
    waiting = await office.waiting()
    first = await claim(waiting, office.one)
    await shift(waiting, "claimed_until", 5)
    again = await claim(waiting, office.one)
    assert again.result["claimed_until"] > first.result["claimed_until"]
    assert again.result["version"] == first.result["version"] == 2
    [told] = await waiting.events("interrupt_updated")
    assert office.one.name in told["payload"]
    assert await waiting.audited() == ["claimed"]
    row = await waiting.row()
    assert abs((row["claimed_until"] - row["created_at"]).total_seconds() - 90) < 60


async def test_another_takes_a_claim_over_only_when_saying_so(office: Office) -> None:
    waiting = await office.waiting()
    await claim(waiting, office.one)
    with pytest.raises(AlreadyClaimed) as refused:
        await claim(waiting, office.two)
    assert refused.value.details["by"]["name"] == office.one.name
    assert refused.value.details["until"]
    await claim(waiting, office.two, take_over=True)
    assert (await waiting.row())["claimed_by"] == office.two.user_id
    with pytest.raises(NotClaimed):
        await release(waiting, office.one)
    await release(waiting, office.two)
    assert await waiting.audited() == ["claimed", "taken_over", "released"]
    assert len(await waiting.events("interrupt_updated")) == 3


async def test_the_clock_gives_a_claim_back_and_says_so_once(office: Office) -> None:
    waiting = await office.waiting()
    await claim(waiting, office.one)
    assert await due(waiting) == []
    assert not await claims.return_claim(office.db, office.tenant_id, waiting.interrupt_id)
    await shift(waiting, "claimed_until", -0.001)
    assert await due(waiting) == ["returned"]
    assert await claims.return_claim(office.db, office.tenant_id, waiting.interrupt_id)
    assert not await claims.return_claim(office.db, office.tenant_id, waiting.interrupt_id)
    assert (await waiting.events("interrupt_updated"))[-1]["payload"].count("null") >= 2
    assert await waiting.audited() == ["claimed", "returned"]


async def test_what_was_not_given_back_in_time_may_be_claimed_without_taking_over(office: Office) -> None:
    waiting = await office.waiting()
    await claim(waiting, office.one)
    await shift(waiting, "claimed_until", -0.001)  # and no sweep has come by yet
    await claim(waiting, office.two)
    assert (await waiting.row())["claimed_by"] == office.two.user_id
    assert await waiting.audited() == ["claimed", "claimed"], "nothing was taken from anybody"


async def test_who_decides_what_another_holds_is_asked_again_only_if_it_was_claimed_unseen(office: Office) -> None:
    waiting = await office.waiting()
    await claim(waiting, office.one)
    with pytest.raises(VersionConflict) as refused:
        await decide(waiting, office.two, "approve", version=1)
    assert refused.value.details["claimed_by"]["name"] == office.one.name
    await extend(waiting, office.one)  # a later version, but nothing that matters to a decision
    done = await decide(waiting, office.two, "approve", version=2)
    assert done.result["decision"] == "approve"
    held = await office.waiting()
    await claim(held, office.one)
    assert (await decide(held, office.two, "reject")).result["decision"] == "reject", "a claim is soft"
    mine = await office.waiting()
    await claim(mine, office.one)
    assert (await decide(mine, office.one, "approve", version=1)).result["version"] == 3


async def test_an_extension_has_the_tenants_step_and_ends_at_the_tenants_limit(office: Office) -> None:
    await office.policies(extension_step=600.0, extension_limit=3000.0)
    waiting = await office.waiting(ttl=1800)
    before = (await waiting.row())["expires_at"]
    await extend(waiting, office.one)
    row = await waiting.row()
    assert (row["expires_at"] - before).total_seconds() == 600
    await extend(waiting, office.one)
    row = await waiting.row()
    assert (row["expires_at"] - row["created_at"]).total_seconds() == 3000
    with pytest.raises(ExtensionExhausted):
        await extend(waiting, office.two)
    assert (await waiting.row())["version"] == 3
    assert await waiting.audited() == ["extended", "extended"]


async def test_an_extension_that_is_sent_twice_is_given_once(office: Office) -> None:
    waiting = await office.waiting()
    command = Extend(id=new_id(), interrupt_id=waiting.interrupt_id)
    first = await claims.extend(office.db, SETTINGS, office.one, command)
    second = await claims.extend(office.db, SETTINGS, office.one, command)
    assert (second.duplicate, second.result) == (True, first.result)
    assert await waiting.audited() == ["extended"]


async def test_a_fact_that_says_nothing_new_can_be_read_by_the_release_before(office: Office) -> None:
    waiting = await office.waiting()
    await extend(waiting, office.one)
    await decide(waiting, office.one, "approve")
    young = {"on_air_at", "escalated_at", "policy"}
    for told in await waiting.events("interrupt_updated", "interrupt_resolved"):
        assert not young & orjson.loads(told["payload"]).keys()


async def test_it_becomes_urgent_once_for_each_end(office: Office) -> None:
    waiting = await office.waiting(ttl=1800)
    assert await due(waiting) == []
    assert not await claims.escalate(office.db, SETTINGS, office.tenant_id, waiting.interrupt_id)
    await office.owner.execute(
        "UPDATE interrupts SET created_at = now() - interval '1 hour', expires_at = now() + interval '299 s'"
        " WHERE id = $1",
        waiting.interrupt_id,
    )
    assert await due(waiting) == ["escalated"]
    assert await claims.escalate(office.db, SETTINGS, office.tenant_id, waiting.interrupt_id)
    assert not await claims.escalate(office.db, SETTINGS, office.tenant_id, waiting.interrupt_id)
    assert await due(waiting) == []
    assert "escalated_at" in (await waiting.events("interrupt_updated"))[-1]["payload"]
    await extend(waiting, office.one)
    assert (await waiting.row())["escalated_at"] is None
    assert await waiting.audited() == ["escalated", "extended"]


async def test_a_short_life_is_not_urgent_from_its_first_moment_and_a_tenant_may_want_no_urgency(
    office: Office,
) -> None:
    waiting = await office.waiting(ttl=60)
    assert await due(waiting) == []
    await shift(waiting, "created_at", -40)
    await shift(waiting, "expires_at", 25)
    assert await due(waiting) == ["escalated"]
    await office.policies(escalate_before=0.0)
    assert await due(waiting) == []


@pytest.mark.scenario(9)
async def test_what_is_over_can_be_neither_claimed_nor_given_time_nor_decided(office: Office) -> None:
    late = await office.waiting()
    await shift(late, "expires_at", -0.001)  # by the clock alone: nobody has said so yet
    decided = await office.waiting()
    await decide(decided, office.one, "reject")
    held = await office.waiting(hold=600)
    for waiting, error in ((late, InterruptExpired), (decided, AlreadyResolved), (held, DecisionNotAllowed)):
        version = (await waiting.row())["version"]
        for act in (claim, extend):
            with pytest.raises(error):
                await act(waiting, office.two)
        with pytest.raises(error):
            await decide(waiting, office.two, "approve")
        assert (await waiting.row())["version"] == version
        assert await waiting.events("interrupt_updated") == []
    unknown = Waiting(office, late.thread_id, late.run, ["f" * 32])
    for act in (claim, extend, release):
        with pytest.raises(NotFound):
            await act(unknown, office.two)


async def test_what_is_due_on_air_cannot_be_called_back_although_no_worker_has_come_by(office: Office) -> None:
    held = await office.waiting(hold=600)
    await shift(held, "on_air_at", -0.001)
    command = Undo(id=new_id(), interrupt_id=held.interrupt_id)
    with pytest.raises(AlreadyResolved):
        await interrupts.call_back(office.db, office.one, command)
    assert (await held.row())["status"] == "pending"
    assert await interrupts.go_on_air(office.db, office.tenant_id, held.interrupt_id)


async def test_who_may_not_decide_may_not_claim_either_whatever_the_socket_remembers(office: Office) -> None:
    waiting = await office.waiting()
    await office.owner.execute("UPDATE memberships SET role = 'viewer' WHERE user_id = $1", office.one.user_id)
    for act in (claim, extend, release):
        with pytest.raises(Forbidden):
            await act(waiting, office.one)
    assert (await waiting.row())["version"] == 1
