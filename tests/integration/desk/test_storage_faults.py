"""Commands whose transaction fails, or succeeds without an answer: sent again they happen once, whichever it was."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from backend.domain import interrupts as questions
from backend.domain import runs, threads
from backend.domain.people import Identity
from backend.errors import IdempotencyConflict, StorageUnavailable
from backend.ids import new_id
from backend.protocol.commands import Cancel, InterruptResponse, SendMessage
from backend.runs import interrupts, start
from backend.runs.lease import Leases
from backend.settings import Settings
from backend.storage.postgres import Database
from backend.storage.redis import Cache
from tests.support.faulty_storage import FAULTS, Fault, FaultyDatabase


@dataclass
class Desk:
    db: Database
    faulty: FaultyDatabase
    cache: Cache
    who: Identity
    thread: UUID
    owner: "asyncpg.Connection[asyncpg.Record]"

    def message(self, content: str = "你好", **given: Any) -> SendMessage:
        return SendMessage(id=new_id(), thread_id=self.thread, content=content, **given)

    async def send(self, command: SendMessage, fault: Fault | None = None) -> start.Done:
        db = self.faulty.fail_next(fault) if fault else self.db
        return await start.send_message(db, self.cache, self.who, command, "test", at_most=100)

    async def counts(self) -> dict[str, int]:
        tables = ("messages", "runs", "thread_events", "interrupts")
        counted = {
            table: await self.owner.fetchval(f"SELECT count(*) FROM {table} WHERE thread_id = $1", self.thread)
            for table in tables
        }
        counted["jobs"] = await self.owner.fetchval("SELECT count(*) FROM pgqueuer")
        counted["decisions"] = await self.owner.fetchval(
            "SELECT count(*) FROM audit_log WHERE action LIKE 'interrupt.%'"
        )
        counted["last_seq"] = await self.owner.fetchval("SELECT last_seq FROM threads WHERE id = $1", self.thread)
        return counted


@pytest.fixture
async def desk(module_database_url: str, redis_url: str) -> AsyncIterator[Desk]:
    owner = await asyncpg.connect(module_database_url)
    await owner.execute("DELETE FROM pgqueuer")
    row = await owner.fetchrow(
        """SELECT u.id AS user_id, u.name, u.email, t.id AS tenant_id, t.name AS tenant_name, m.role
           FROM memberships m JOIN users u ON u.id = m.user_id JOIN tenants t ON t.id = m.tenant_id
           WHERE m.role = 'approver' LIMIT 1"""
    )
    who = Identity(**dict(row), session_id=new_id(), expires_at=datetime.now(UTC) + timedelta(hours=1))
    async with Database.open(module_database_url, size=2, acquire_timeout=5) as db, Cache.open(redis_url) as cache:
        async with db.tenant(who.tenant_id) as conn:
            thread = await threads.create_thread(conn, who.user_id, "test")
        yield Desk(db, FaultyDatabase(db), cache, who, thread.id, owner)
    await owner.close()


async def ask(desk: Desk) -> str:
    """Bring the thread to where it waits for a decision; return the interrupt's id."""
    done = await desk.send(desk.message())
    async with desk.db.tenant(desk.who.tenant_id) as conn:
        run = await runs.claim_run(conn, UUID(done.result["run_id"]), "test", 60)
        assert run is not None
        question = {"kind": "script_approval", "action": "publish", "params": {}, "allowed": ["approve", "reject"]}
        asked = str(new_id())
        assert await questions.insert_interrupt(conn, asked, desk.thread, run.id, question, 60)
        assert await runs.leave_run(conn, run, "waiting")
    await desk.owner.execute("DELETE FROM pgqueuer")
    return asked


@pytest.mark.scenario(18, 20, 25)
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_message_whose_answer_was_lost_is_sent_again_and_is_there_once(desk: Desk, fault: Fault) -> None:
    command = desk.message()
    with pytest.raises(StorageUnavailable):
        await desk.send(command, fault)
    again = await desk.send(command)
    assert again.duplicate is (fault == "executed_but_timed_out")
    third = await desk.send(command)
    assert (third.duplicate, third.result) == (True, again.result), "the original answer, seq included"
    found = await desk.counts()
    assert (found["messages"], found["runs"], found["jobs"]) == (1, 1, 1), found
    assert found["thread_events"] == found["last_seq"] == again.result["seq"]


@pytest.mark.scenario(19)
async def test_the_same_id_with_another_body_is_refused_and_the_first_stays(desk: Desk) -> None:
    command = desk.message()
    first = await desk.send(command)
    before = await desk.counts()
    with pytest.raises(IdempotencyConflict):
        await desk.send(command.model_copy(update={"content": "别的"}))
    assert await desk.counts() == before
    assert (await desk.send(command)).result == first.result


@pytest.mark.scenario(18)
async def test_the_same_message_sent_many_times_at_once_makes_one_run(desk: Desk) -> None:
    command = desk.message()
    answers = await asyncio.gather(*(desk.send(command) for _ in range(8)))
    assert sorted(answer.duplicate for answer in answers) == [False] + [True] * 7
    assert all(answer.result == answers[0].result for answer in answers)
    assert (await desk.counts())["runs"] == 1


@pytest.mark.scenario(25)
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_decision_whose_answer_was_lost_is_sent_again_and_decides_once(desk: Desk, fault: Fault) -> None:
    asked = await ask(desk)
    command = InterruptResponse(id=new_id(), thread_id=desk.thread, interrupt_id=asked, decision="approve")
    with pytest.raises(StorageUnavailable):
        await interrupts.decide(desk.faulty.fail_next(fault), Settings(_env_file=None), desk.who, command)
    again = await interrupts.decide(desk.db, Settings(_env_file=None), desk.who, command)
    assert again.duplicate is (fault == "executed_but_timed_out")
    found = await desk.counts()
    assert (found["interrupts"], found["jobs"]) == (1, 1), found
    decided = await desk.owner.fetchval(
        "SELECT count(*) FROM thread_events WHERE thread_id = $1 AND type = 'interrupt_resolved'", desk.thread
    )
    audited = await desk.owner.fetchval("SELECT count(*) FROM audit_log WHERE subject = $1", asked)
    assert (decided, audited) == (1, 1)


@pytest.mark.scenario(25)
@pytest.mark.parametrize("fault", FAULTS)
async def test_a_cancellation_whose_answer_was_lost_is_sent_again_and_cancels_once(desk: Desk, fault: Fault) -> None:
    await desk.send(desk.message())
    command = Cancel(id=new_id(), thread_id=desk.thread)
    with contextlib.suppress(StorageUnavailable):
        await start.cancel(desk.faulty.fail_next(fault), desk.cache, desk.who, command)
        pytest.fail("it was to fail")
    again = await start.cancel(desk.db, desk.cache, desk.who, command)
    assert again.duplicate is (fault == "executed_but_timed_out")
    cancelled = await desk.owner.fetchval(
        """SELECT count(*) FROM thread_events
           WHERE thread_id = $1 AND type = 'run' AND payload->>'status' = 'cancelled'""",
        desk.thread,
    )
    assert cancelled == 1


@pytest.mark.scenario(26)
async def test_a_row_that_a_slow_transaction_holds_costs_no_other_run_its_lease(desk: Desk) -> None:
    held = []
    for _ in range(2):
        async with desk.db.tenant(desk.who.tenant_id) as conn:
            desk.thread = (await threads.create_thread(conn, desk.who.user_id, "test")).id
        run_id = UUID((await desk.send(desk.message())).result["run_id"])
        async with desk.db.tenant(desk.who.tenant_id) as conn:
            held.append(await runs.claim_run(conn, run_id, "test", 60))
    slow, other = (run for run in held if run is not None)
    expiry = "SELECT lease_expires_at FROM runs WHERE id = $1"
    before = await desk.owner.fetchval(expiry, other.id)
    stopped: list[UUID] = []
    settings = Settings(_env_file=None, lease=60, lease_renewal=0.3, lease_self_cancel=50)
    async with desk.db.reserved() as connection, desk.owner.transaction():
        await desk.owner.execute("SELECT FROM runs WHERE id = $1 FOR UPDATE", slow.id)
        leases = Leases(connection, settings)
        with (
            leases.holding(slow, time.monotonic(), lambda _: stopped.append(slow.id), lambda: None),
            leases.holding(other, time.monotonic(), lambda _: stopped.append(other.id), lambda: None),
        ):
            async with leases.renewing(), asyncio.timeout(30):
                while await desk.owner.fetchval(expiry, other.id) <= before:  # noqa: ASYNC110 (it has no event)
                    await asyncio.sleep(0.05)
    assert not stopped, "the one whose row is held is still ours, too"
