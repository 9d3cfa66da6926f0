"""The previous release and this one on one database, as in the middle of a deployment."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.cluster import GATEWAY, WORKER, Cluster, wait_started
from tests.support.desk_client import Desk, Rest, no_gaps_no_doubles
from tests.support.previous import previous_release
from tests.support.processes import ServerProcess
from tests.support.rolling import REQUEST


@pytest.fixture
async def together(
    empty_database_url: str, redis_url: str, tmp_path: Path
) -> AsyncIterator[tuple[Cluster, ServerProcess, ServerProcess, ServerProcess]]:
    """An old gateway and an old worker that live through the migration, and a new gateway. No nginx: each is asked."""
    old = previous_release(tmp_path / "previous")
    cluster = Cluster(tmp_path, database_url=empty_database_url, redis_url=redis_url)
    members: list[ServerProcess] = []

    def start(command: tuple[str, ...], code: Path | None = None) -> ServerProcess:
        member = cluster.member(command, code=code, offline_pace=0)
        members.append(member)
        return member.start()

    try:
        old_gateway = await asyncio.to_thread(wait_started, start(GATEWAY, old))
        old_worker = start(WORKER, old)
        await asyncio.to_thread(wait_started, old_worker)
        new_gateway = await asyncio.to_thread(wait_started, start(GATEWAY))  # migrates
        yield cluster, old_gateway, old_worker, new_gateway
    finally:
        for member in members:
            member.__exit__()


async def asked(rest: Rest, *desks: Desk) -> tuple[str, str, str]:
    """Ask for a script at the first desk while all follow; return thread, run and interrupt."""
    thread = await rest.new_thread(room_id=await rest.room_of("小雅的直播间"))
    for desk in desks:
        await desk.follow(thread)
    run_id = (await desks[0].ask(thread, REQUEST))["run_id"]
    question = await desks[0].until("interrupt", run_id=run_id, timeout=60)
    await desks[0].until("run", run_id=run_id, status="waiting", timeout=60)
    return thread, run_id, question["interrupt_id"]


async def decided(thread: str, run_id: str, interrupt_id: str, decider: Desk, *others: Desk) -> None:
    """Approve at one desk; all see the same whole conversation."""
    ack = await decider.do("interrupt_response", thread_id=thread, interrupt_id=interrupt_id, decision="approve")
    assert ack["status"] == "accepted", ack
    for desk in (decider, *others):
        await desk.until("script_finalized", run_id=run_id, timeout=60)
        await desk.until("run", run_id=run_id, status="completed", timeout=60)
        assert no_gaps_no_doubles(desk.events(thread))
        assert desk.events(thread) == decider.events(thread)


@pytest.mark.scenario(45)
async def test_the_previous_release_works_on_this_schema_and_both_carry_on_what_the_other_began(
    together: tuple[Cluster, ServerProcess, ServerProcess, ServerProcess],
) -> None:
    cluster, old_gateway, old_worker, new_gateway = together
    async with contextlib.AsyncExitStack() as stack:
        enter = stack.enter_async_context
        old, new = await enter(Rest.login(old_gateway.url)), await enter(Rest.login(new_gateway.url))
        old_desk, new_desk = await enter(old.socket()), await enter(new.socket())
        # The previous release by itself, on the schema of this one.
        thread, run_id, question = await asked(old, old_desk, new_desk)
        await decided(thread, run_id, question, old_desk, new_desk)
        for rest in (old, new):
            assert (await rest.get(f"/threads/{thread}/snapshot"))["snapshot"]["scripts"]

        # Begun by the old worker, finished by the new one; asked at one gateway, decided at the other.
        thread, run_id, question = await asked(old, old_desk, new_desk)
        old_worker.freeze()
        new_worker = await asyncio.to_thread(cluster.start_worker)
        try:
            await decided(thread, run_id, question, new_desk, old_desk)

            # And the other way round: nobody deploys without being able to go back.
            thread, run_id, question = await asked(new, new_desk, old_desk)
            assert await asyncio.to_thread(new_worker.terminate, 60) == 0
        finally:
            old_worker.thaw()
            new_worker.__exit__()
        await decided(thread, run_id, question, old_desk, new_desk)
        for rest in (old, new):
            assert (await rest.get(f"/threads/{thread}/snapshot"))["snapshot"]["scripts"]
    assert old_worker.log_text().count('"run_ended"') == 2
