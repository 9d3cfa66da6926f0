"""A message while a run is under way: refused, afterwards or instead, in every state that the run can be in."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
import structlog

from backend.domain import runs
from backend.domain.runs import Claimed
from backend.errors import InterruptPending, ThreadBusy
from backend.ids import new_id
from backend.protocol.commands import Cancel, Multitask, SendMessage
from backend.runs import start
from backend.runs.worker import Worker
from tests.support.waiting import SETTINGS, Office, Waiting, waits_for

STATES = ("queued", "running", "waiting", "queued, others behind", "running, others behind", "waiting, others behind")


async def send(office: Office, thread_id: UUID, multitask: Multitask) -> UUID:
    command = SendMessage(id=new_id(), thread_id=thread_id, content="再来一段", multitask=multitask)
    done = await start.send_message(office.db, office.cache, office.author, command, "test", at_most=100)
    return UUID(done.result["run_id"])


async def thread_in(office: Office, state: str) -> tuple[Waiting, Claimed | None, list[UUID]]:
    """A thread whose run is in this state; with the claim, where it is running, and the runs behind it."""
    waiting = await office.waiting()
    held = None
    status = state.partition(",")[0]
    async with office.db.tenant(office.tenant_id) as conn:
        if status != "waiting":
            assert await runs.resume_run(conn, waiting.run.id)
        if status == "running":
            held = await runs.claim_run(conn, waiting.run.id, "test", 600)
    behind = [await send(office, waiting.thread_id, "enqueue") for _ in range(2)] if "behind" in state else []
    return waiting, held, behind


async def statuses(waiting: Waiting) -> dict[UUID, str]:
    rows = await waiting.office.owner.fetch("SELECT id, status FROM runs WHERE thread_id = $1", waiting.thread_id)
    return {row["id"]: row["status"] for row in rows}


@pytest.mark.scenario(21)
@pytest.mark.parametrize("state", STATES)
async def test_reject_leaves_everything_as_it_is(office: Office, state: str) -> None:
    waiting, _, _ = await thread_in(office, state)
    before = await statuses(waiting)
    with pytest.raises(InterruptPending if state.startswith("waiting") else ThreadBusy):
        await send(office, waiting.thread_id, "reject")
    assert await statuses(waiting) == before
    assert (await waiting.row())["status"] == "pending"


@pytest.mark.scenario(21)
async def test_of_messages_that_come_at_once_one_begins_a_run_and_the_others_are_told(office: Office) -> None:
    for _ in range(5):
        thread_id = new_id()
        async with office.db.tenant(office.tenant_id) as conn:
            await conn.execute("INSERT INTO threads (id, graph_version) VALUES ($1, 'test')", thread_id)
        # None of them finds a run at work when it looks: the constraint alone can tell them apart.
        results = await asyncio.gather(*(send(office, thread_id, "reject") for _ in range(4)), return_exceptions=True)
        [begun] = [result for result in results if isinstance(result, UUID)]
        assert [type(result) for result in results if result != begun] == [ThreadBusy] * 3
        found = await office.owner.fetch("SELECT id, status FROM runs WHERE thread_id = $1", thread_id)
        assert [tuple(row) for row in found] == [(begun, "queued")]
        said = await office.owner.fetchval("SELECT count(*) FROM messages WHERE thread_id = $1", thread_id)
        assert said == 1, "what was refused left nothing behind"


@pytest.mark.scenario(21)
@pytest.mark.parametrize("state", STATES)
async def test_enqueue_waits_its_turn_behind_those_that_came_before(office: Office, state: str) -> None:
    waiting, held, behind = await thread_in(office, state)
    last = await send(office, waiting.thread_id, "enqueue")
    now = await statuses(waiting)
    assert now[last] == "enqueued"
    assert (await waiting.row())["status"] == "pending", "it withdraws nothing"
    for following in [*behind, last]:
        async with office.db.tenant(office.tenant_id) as conn:
            if held is None:
                await conn.execute(
                    """UPDATE runs SET status = 'queued' WHERE id =
                         (SELECT id FROM runs WHERE thread_id = $1 AND status IN ('queued', 'waiting'))""",
                    waiting.thread_id,
                )
                [active] = [id_ for id_, status in (await statuses(waiting)).items() if status in ("queued", "waiting")]
                held = await runs.claim_run(conn, active, "test", 600)
            assert held is not None
            assert await runs.leave_run(conn, held, "completed")
            await start.start_next(conn, office.tenant_id, waiting.thread_id)
        held = None
        active_now = [id_ for id_, s in (await statuses(waiting)).items() if s in ("queued", "running", "waiting")]
        assert active_now == [following], "one at a time, in the order in which they came"


@pytest.mark.scenario(21)
@pytest.mark.parametrize("state", STATES)
async def test_interrupt_stops_what_is_under_way_and_withdraws_its_question(office: Office, state: str) -> None:
    waiting, held, behind = await thread_in(office, state)
    new = await send(office, waiting.thread_id, "interrupt")
    now = await statuses(waiting)
    assert now[waiting.run.id] == "cancelled"
    assert now[new] == "queued", "it goes before those that wait for their turn"
    assert [now[id_] for id_ in behind] == ["enqueued"] * len(behind)
    assert (await waiting.row())["status"] == "cancelled"
    [told] = await waiting.events("interrupt_resolved")
    assert "cancelled" in told["payload"]
    if held is not None:
        async with office.db.tenant(office.tenant_id) as conn:
            assert not await runs.leave_run(conn, held, "completed"), "its worker has nothing more to say"


@pytest.mark.scenario(21, 28)
async def test_the_order_of_runs_is_the_databases_whatever_the_clocks_that_made_their_ids(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = await office.waiting()
    ids = sorted((new_id() for _ in range(3)), reverse=True)  # the gateways' clocks, each behind the one before
    monkeypatch.setattr(runs, "new_id", iter(ids).__next__)
    assert [await send(office, waiting.thread_id, "enqueue") for _ in ids] == ids
    async with office.db.tenant(office.tenant_id) as conn:
        last = await runs.lock_last(conn, waiting.thread_id)
    assert last is not None
    assert last.id == ids[-1]
    command = Cancel(id=new_id(), thread_id=waiting.thread_id)
    for following in ids:
        await start.cancel(office.db, office.cache, office.author, command.model_copy(update={"id": new_id()}))
        assert (await statuses(waiting))[following] == "queued", "one at a time, in the order in which they came"


async def test_of_two_sweeps_that_find_the_same_turn_one_gives_it_and_the_other_is_quiet(office: Office) -> None:
    waiting = await office.waiting()
    behind = [await send(office, waiting.thread_id, "enqueue") for _ in range(2)]
    # The turn of the first came, and who should have said so died.
    await office.owner.execute("UPDATE runs SET status = 'cancelled' WHERE id = $1", waiting.run.id)
    nobody: Any = None
    settings = SETTINGS.model_copy(update={"lease": 0.0})
    sweeping = Worker(settings, office.db, nobody, nobody, nobody)._sweep()
    with structlog.testing.capture_logs() as lines:
        async with office.db.tenant(office.tenant_id) as conn:
            await start.start_next(conn, office.tenant_id, waiting.thread_id)
            other = asyncio.create_task(sweeping)
            await waits_for(office, "transactionid")
        await other
    assert "run_not_recovered" not in [line["event"] for line in lines], "nothing is wrong"
    assert [(await statuses(waiting))[run_id] for run_id in behind] == ["queued", "enqueued"]
