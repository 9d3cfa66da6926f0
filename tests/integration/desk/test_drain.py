"""SIGTERM: what a process still does for the sockets and the runs it has, and what it does no more."""

import asyncio
import contextlib
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.integration.desk.conftest import StartServer
from tests.support.desk_client import Desk, Rest, no_gaps_no_doubles
from tests.support.processes import ServerProcess
from tests.support.rolling import REQUEST


@pytest.fixture
async def conn(database_url: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def writing(rest: Rest, desk: Desk) -> tuple[str, str]:
    """Ask for a script and wait until it is being written; return thread and run."""
    thread = await rest.new_thread(room_id=await rest.room_of("小雅的直播间"))
    await desk.follow(thread)
    run = await desk.ask(thread, REQUEST)
    await desk.until("message_started", run_id=run["run_id"], timeout=60)
    await desk.until("token", thread_id=thread, where=lambda f: f["i"] >= 3, timeout=60)
    return thread, run["run_id"]


def steps(desk: Desk, thread: str) -> dict[str, int]:
    """The attempt in which each node finished; each did once."""
    finished = [f for f in desk.events(thread) if f["type"] == "node" and f["status"] == "finished"]
    assert set(Counter(f["node"] for f in finished).values()) == {1}, finished
    return {f["node"]: f["attempt"] for f in finished}


@pytest.mark.scenario(43)
async def test_a_worker_that_ends_finishes_its_step_and_another_goes_on_without_running_it_again(
    start_server: StartServer,
) -> None:
    gateway = start_server("serve", "--no-worker").wait_healthy(60)
    patient = start_server("worker", offline_pace=40, drain_timeout=20)
    hasty = start_server("worker", offline_pace=4, drain_timeout=2, lease=120, lease_self_cancel=90)
    other = start_server("worker", offline_pace=0)
    for worker in (patient, hasty, other):
        worker.wait_for_log("worker_started", 60)
    # Who is frozen takes no run, so that each begins with the one that is meant.
    hasty.freeze()
    other.freeze()
    async with Rest.login(gateway.url) as rest, rest.socket() as desk:
        thread, run_id = await writing(rest, desk)
        other.thaw()
        ending = asyncio.create_task(asyncio.to_thread(patient.terminate, 60))
        await desk.until("run", run_id=run_id, status="waiting", timeout=60)
        assert await ending == 0
        assert "run_handed_over" in patient.log_text()
        done = steps(desk, thread)
        assert (done["script"], done["quality"]) == (1, 2), "the text was finished where it began, and kept"
        assert [f["attempt"] for f in desk.events(thread) if f["type"] == "message_started"] == [1]
        assert no_gaps_no_doubles(desk.events(thread))

        # What takes longer than there is time for is cut off, and handed over all the same: nobody waits for a lease.
        other.freeze()
        hasty.thaw()
        thread, run_id = await writing(rest, desk)
        other.thaw()
        began = time.monotonic()
        ending = asyncio.create_task(asyncio.to_thread(hasty.terminate, 60))
        await desk.until("run", run_id=run_id, status="waiting", timeout=60)
        assert time.monotonic() - began < 60, "sooner than the lease would have run out"
        assert await ending == 0
        assert "run_handed_over" in hasty.log_text()
        started = [f["attempt"] for f in desk.events(thread) if f["type"] == "message_started"]
        assert started == [1, 2], "the second attempt supersedes the half text"
        assert steps(desk, thread)["script"] == 2
        text = await desk.until("message_complete", run_id=run_id, role="assistant")
        assert desk.text(text["message_id"]) == text["content"]


async def test_a_single_process_hands_its_run_over_before_it_ends(
    start_server: StartServer, conn: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    server = start_server("serve", offline_pace=4, drain_timeout=4).wait_healthy(60)
    async with Rest.login(server.url) as rest, rest.socket() as desk:
        await writing(rest, desk)
        other = await rest.new_thread()
        async with conn.transaction():
            await conn.execute("SELECT FROM threads WHERE id = $1 FOR UPDATE", UUID(other))
            at_work = await desk.say("message", thread_id=other, content=REQUEST)
            ending = asyncio.create_task(asyncio.to_thread(server.terminate, 60))
            await desk.until("reconnect", timeout=60)
        # Its moment to leave came while a command was at work: the answer comes first.
        assert (await desk.until("ack", re=at_work))["status"] == "accepted"
        with contextlib.suppress(ConnectionClosed):
            await desk.until("never")
        assert await ending == 0
        assert desk.socket.close_code == 4000
        assert "drain_timed_out" not in server.log_text()
        runs = await conn.fetch("SELECT id, status, worker, crashes FROM runs")
        assert [(run["status"], run["worker"], run["crashes"]) for run in runs] == [("queued", None, 0)] * 2
        jobs = await conn.fetch("SELECT convert_from(payload, 'UTF8') AS job FROM pgqueuer WHERE status = 'queued'")
        assert {str(run["id"]) in job["job"] for run in runs for job in jobs} == {True, False}
        assert len(jobs) == 2


def readiness(server: ServerProcess) -> tuple[int, str]:
    """The status, and what becomes of the connection."""
    try:
        with urllib.request.urlopen(f"{server.url}/api/v1/health/ready", timeout=5) as answer:
            return answer.status, answer.headers["connection"]
    except urllib.error.HTTPError as error:
        return error.code, error.headers["connection"]


async def until_closed(desk: Desk, after: float) -> tuple[float, float, int | None]:
    """Return the seconds it was told, the seconds it took from now until it was closed, and the code."""
    began = time.monotonic()
    with contextlib.suppress(ConnectionClosed):
        await desk.until("never", timeout=60)
    return after, time.monotonic() - began, desk.socket.close_code


@pytest.mark.scenario(43)
async def test_sockets_are_told_when_to_leave_work_until_then_and_new_ones_are_sent_elsewhere(
    start_server: StartServer,
) -> None:
    server = start_server("serve", sockets_per_user=100, drain_timeout=8, drain_rate=4, offline_pace=4)
    server.wait_healthy(60)
    async with contextlib.AsyncExitStack() as stack:
        rest = await stack.enter_async_context(Rest.login(server.url))
        desks = [await stack.enter_async_context(rest.socket()) for _ in range(20)]
        watched = await rest.new_thread()
        # An event stream that would go on for half a minute.
        stream = stack.enter_async_context(
            rest.client.stream("POST", "/api/v1/generate/stream", json={"content": REQUEST}, timeout=60)
        )
        events = (await stream).aiter_lines()
        async for line in events:
            if line == "event: token":
                break

        ending = asyncio.create_task(asyncio.to_thread(server.terminate, 60))
        told = [
            (frame["after_ms"] / 1000, desk)
            for desk, frame in [(desk, await desk.until("reconnect", timeout=60)) for desk in desks]
        ]
        # The one that may stay longest: the others may be gone when a busy machine comes to ask.
        _, last = max(told, key=lambda one: one[0])
        leaving = [asyncio.create_task(until_closed(desk, after)) for after, desk in told if desk is not last]
        # A proxy must not keep its connections to who goes down.
        assert await asyncio.to_thread(readiness, server) == (503, "close")
        with pytest.raises(InvalidStatus) as refused:
            await connect(server.ws_url, additional_headers=rest.page_headers())
        assert refused.value.response.status_code == 503
        assert int(refused.value.response.headers["Retry-After"]) >= 1
        # A socket that waits for its moment is served as ever, and what was asked for last is answered.
        answered = await answered_until_closed(last, watched)
        assert answered >= 1

        moments = await asyncio.gather(*leaving)
        assert {code for _, _, code in moments} == {4000}
        spread = sorted(after for after, _, _ in moments)
        assert spread[-1] - spread[0] > 2, f"spread over five seconds: {spread}"
        assert all(took >= after - 0.5 for after, took, _ in moments), moments
        rest_of_stream = [line async for line in events]
        assert "event: problem" in rest_of_stream
        assert "still_running" in rest_of_stream[rest_of_stream.index("event: problem") + 1]
        assert await ending == 0


async def answered_until_closed(desk: Desk, thread: str) -> int:
    """Subscribe and leave again and again; every command gets its answer or comes after the close. Returns how many."""
    answered = 0
    with contextlib.suppress(ConnectionClosed):
        while True:
            await desk.do("subscribe", topic=f"thread:{thread}", after_seq=0)
            answered += 1
            await asyncio.sleep(0.1)
    return answered
