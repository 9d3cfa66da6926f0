"""Many sockets: caps, floods of upgrades, a storm that comes back, a thousand that idle, hundreds who watch."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from uuid import UUID

import psutil
import pytest
from redis import Redis

from backend.fanout.topics import token_channel
from backend.ids import new_id as new_uuid
from backend.storage.embedded import EmbeddedValkey
from tests.integration.desk.conftest import StartServer
from tests.support.crowd import Crowd, percentile
from tests.support.desk_client import ADMIN, APPROVER, OPERATOR, Rest
from tests.support.line import line_to_valkey
from tests.support.processes import ServerProcess, metrics, unhurried
from tests.support.raw_socket import RawSocket, Refused, open_patiently

REQUEST = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
STRANGER = "operator@shanlan.demo.cuedesk"
UNLIMITED = {"sockets_per_user": 5_000, "sockets_per_tenant": 5_000}


@asynccontextmanager
async def several(rest: Rest, count: int) -> AsyncIterator[list[RawSocket]]:
    sockets = [await RawSocket.open(rest.ws_url, rest.page_headers()) for _ in range(count)]
    try:
        for one in sockets:
            await one.until("welcome")
        yield sockets
    finally:
        for one in sockets:
            one.drop()


async def refused_with(rest: Rest, *servers: ServerProcess, within: float = 90) -> int:
    """Return the code with which one more socket is refused.

    While Redis does not answer within a second, each process counts alone, which is meant: who is let in then leaves
    and comes again when the servers hear of each other once more.
    """
    async with asyncio.timeout(within):
        while True:
            one = await RawSocket.open(rest.ws_url, rest.page_headers())
            try:
                if (await one.next()) is None:
                    return await one.ended()
                assert any("redis_unwell" in server.log_text() for server in servers), "let in though all were counted"
            finally:
                one.drop()
            await asyncio.sleep(2)  # in which it is given back, and everybody says their counts again


@asynccontextmanager
async def let_in(rest: Rest) -> AsyncIterator[RawSocket]:
    """A socket, knocked for as a page does it: for as long as nobody tells it to stay away."""
    while True:
        one = await RawSocket.open(rest.ws_url, rest.page_headers())
        try:
            if (frame := await one.next()) is not None:
                assert frame["type"] == "welcome"
                yield one
                return
            assert await one.ended() == 4010
        finally:
            one.drop()
        await asyncio.sleep(0.2)


async def lets_in_again(rest: Rest, within: float = 10) -> None:
    async with asyncio.timeout(within):
        while True:
            with contextlib.suppress(Refused):
                one = await RawSocket.open(rest.ws_url, rest.page_headers())
                try:
                    frame = await one.next()
                finally:
                    one.drop()
                if frame is not None and frame["type"] == "welcome":
                    return
            await asyncio.sleep(0.1)


async def test_a_person_and_a_team_have_only_so_many_sockets_over_all_processes(start_server: StartServer) -> None:
    caps = {"sockets_per_user": 3, "sockets_per_tenant": 5}
    first, second = (start_server("serve", "--no-worker", **caps) for _ in range(2))
    first.wait_healthy()
    second.wait_healthy()
    async with Rest.login(first.url, OPERATOR) as here, Rest.login(second.url, OPERATOR) as there:
        async with several(here, 2), several(there, 1):
            assert await refused_with(here, first, second) == 4010
            assert await refused_with(there, first, second) == 4010
            async with Rest.login(second.url, APPROVER) as colleague, Rest.login(first.url, ADMIN, "qinghe") as boss:
                async with several(colleague, 2):
                    assert await refused_with(boss, first, second) == 4010
                    async with Rest.login(first.url, STRANGER) as stranger, several(stranger, 3):
                        pass  # another team has its own
                await lets_in_again(boss)
        await lets_in_again(here)
        await lets_in_again(there)
        async with several(here, 3):
            assert await refused_with(here, first, second) == 4010, (
                "of the three, some may be of a line that was cut just now"
            )


async def test_who_lost_every_screen_with_a_killed_process_has_them_back_before_its_counts_are_swept_away(
    start_server: StartServer, redis_url: str
) -> None:
    first, second = (start_server("serve", "--no-worker", sockets_per_user=3).wait_healthy() for _ in range(2))
    async with Rest.login(first.url, OPERATOR) as here, Rest.login(second.url, OPERATOR) as there:
        async with several(here, 3):
            assert await refused_with(there, first, second) == 4010
            first.kill()
        with Redis.from_url(redis_url, decode_responses=True) as valkey:
            for key in valkey.scan_iter("cuedesk:sockets:[ut]*"):
                valkey.persist(key)
                for process, count in valkey.hgetall(key).items():  # as if they had just been said, for an hour
                    valkey.hset(key, process, f"{count.split()[0]} {time.time_ns() // 10**6 + 3_600_000}")
        async with asyncio.timeout(60), contextlib.AsyncExitStack() as screens:
            for _ in range(3):
                await screens.enter_async_context(let_in(there))


async def test_who_does_not_wait_to_hear_that_it_is_one_too_many_leaves_no_fault_behind(
    start_server: StartServer, own_valkey: EmbeddedValkey
) -> None:
    with line_to_valkey(own_valkey.url) as (line, url):
        server = start_server("serve", "--no-worker", redis_url=url, sockets_per_user=1).wait_healthy()
        async with Rest.login(server.url, OPERATOR) as rest, several(rest, 1):
            line.down.latency = 0.5  # of the answer that the server waits for before it says so
            for _ in range(3):
                (await RawSocket.open(rest.ws_url, rest.page_headers())).drop()
            assert await refused_with(rest, server) == 4010
            line.mend()
    assert "Traceback" not in server.log_text()


async def test_a_process_that_is_full_says_so_before_the_upgrade(start_server: StartServer) -> None:
    server = start_server("serve", "--no-worker", sockets_per_process=3).wait_healthy()
    async with Rest.login(server.url, OPERATOR) as rest:
        async with several(rest, 3):
            with pytest.raises(Refused) as refused:
                await RawSocket.open(rest.ws_url, rest.page_headers())
            assert refused.value.status == 503
            assert refused.value.retry_after is not None
            assert refused.value.retry_after >= 1
            await rest.get("/threads")  # plain requests are none of its business
        await lets_in_again(rest)
    assert '"level": "error"' not in server.log_text(), "in a storm it would be one for each refusal"


@pytest.mark.scenario(32)
async def test_too_many_upgrades_at_once_are_told_when_to_come_back_and_cost_no_query(
    start_server: StartServer,
) -> None:
    server = start_server("serve", "--no-worker", upgrades_per_second=2, upgrades_burst=4, **UNLIMITED).wait_healthy()
    async with Rest.login(server.url, OPERATOR) as rest:
        ticket = (await rest.post("/auth/ticket", {}))["ticket"]
        began = time.monotonic()
        answers = await asyncio.gather(
            *(RawSocket.open(rest.ws_url, rest.page_headers()) for _ in range(40)), return_exceptions=True
        )
        refused = [answer for answer in answers if isinstance(answer, Refused)]
        let_in = [answer for answer in answers if isinstance(answer, RawSocket)]
        assert {one.status for one in refused} == {503}
        assert 4 <= len(let_in) <= 5 + 2 * (time.monotonic() - began), "the burst, and what came free meanwhile"
        pauses = [one.retry_after for one in refused]
        assert all(pause is not None and 1 <= pause <= 22 for pause in pauses)
        assert len(set(pauses)) > 3, "spread by chance, or they all come back at once"
        for _ in range(50):
            try:
                let_in.append(await RawSocket.open(f"{rest.ws_url}?token={ticket}", {}))
            except Refused:
                break
            ticket = (await rest.post("/auth/ticket", {}))["ticket"]
        # Refused before anybody was asked who it is: the ticket is as good as new.
        one, _ = await open_patiently(f"{rest.ws_url}?token={ticket}", {})
        await one.until("welcome")
        for socket in (one, *let_in):
            socket.drop()


@pytest.fixture(scope="module")
def crowd_server(
    module_database_url: str, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """As it comes, but that one person may have all the sockets of the crowd and opens them quickly."""
    settings = {
        "database_url": module_database_url,
        "redis_url": module_redis_url,
        "upgrades_per_second": 5_000,
        "upgrades_burst": 5_000,
        **UNLIMITED,
    }
    with ServerProcess(tmp_path_factory.mktemp("server"), settings).start() as server:
        yield server.wait_healthy()


@pytest.mark.scenario(31)
async def test_a_thousand_idle_sockets_cost_little_and_leave_nothing_behind(crowd_server: ServerProcess) -> None:
    process = psutil.Process(crowd_server.pid)
    async with Rest.login(crowd_server.url, OPERATOR) as rest, Crowd(rest.ws_url, rest.page_headers()) as crowd:
        await crowd.grow(200)  # the first ones pay for what all share
        await crowd.drop()
        await until_open(crowd_server, 0)
        files, memory = process.num_fds(), process.memory_info().rss
        await crowd.grow(1000)
        each = (process.memory_info().rss - memory) / 1000
        assert each < 60 * 1024, f"{each:.0f} bytes a socket"
        # A second of quiet would hide nothing: rounds, pings and polls go on meanwhile.
        times = await crowd.ping(200)
        assert percentile(times, 0.99) < unhurried(0.25), f"p99 {percentile(times, 0.99):.3f} s"
        await until_open(crowd_server, 1000)
        await crowd.drop()
        await until_open(crowd_server, 0)
        await until_files(process, files)


@pytest.mark.scenario(32)
async def test_a_storm_of_three_hundred_that_come_back_is_let_in_by_and_by(start_server: StartServer) -> None:
    server = start_server("serve", upgrades_per_second=40, upgrades_burst=20, **UNLIMITED).wait_healthy()
    async with Rest.login(server.url, OPERATOR) as rest, Rest.login(server.url, STRANGER) as other:
        threads = [await rest.new_thread() for _ in range(10)]
        async with Crowd(rest.ws_url, rest.page_headers()) as crowd:
            await crowd.grow(20)
            await crowd.follow(threads)
            await crowd.drop()
            storm = asyncio.create_task(crowd.storm(300, threads, over=0.5))
            # What other people do goes on meanwhile: the pool is not starved.
            worked = 0
            while not storm.done():
                thread = await other.new_thread()
                await other.get(f"/threads/{thread}")
                worked += 1
            came_back = await storm
            assert max(came_back.seconds) <= unhurried(30)
            assert len(came_back.seconds) == 300, "everybody is back and follows its thread again"
            # Forty a second are let in: seven seconds. A machine that cannot knock faster than that makes no storm.
            assert came_back.refused > 0 or max(came_back.seconds) > 12, "nobody was asked to wait"
            assert worked > 3
        assert "server_busy" not in server.log_text()
        assert "command_failed" not in server.log_text()


@pytest.mark.scenario(36)
async def test_two_hundred_watchers_of_one_thread_get_the_same_pieces_encoded_once(
    crowd_server: ServerProcess, module_redis_url: str
) -> None:
    async with Rest.login(crowd_server.url, OPERATOR) as rest:
        thread = await rest.new_thread()
        async with Crowd(rest.ws_url, rest.page_headers()) as crowd:
            await crowd.grow(200)
            await crowd.follow([thread])
            # As a writer in another process publishes them.
            pieces = ["👩‍👩‍👧", "‍", "👦", "🇨🇳"[:1], "🇨🇳"[1:], "保", "温", "杯", "é"[:1], "\u0301", "𠮷"]
            message, other = str(new_uuid()), str(new_uuid())
            with Redis.from_url(module_redis_url) as redis:

                def publish(message: str, i: int, piece: str) -> list[str]:
                    # In another order than ours, by which it is seen whether a frame was made anew.
                    frame = {"content": piece, "i": i, "n": 1, "attempt": 1, "agent": "script",
                             "message_id": message, "thread_id": thread, "type": "token"}  # fmt: skip
                    redis.publish(token_channel(UUID(thread)), json.dumps(frame))
                    return list(frame)

                for i, piece in enumerate(pieces):
                    publish(message, i, piece)
                for text in await crowd.texts(message, len(pieces)):
                    assert text == "".join(pieces)
                # Nobody is behind now: nothing is joined, and the frame goes out as it came.
                order = publish(other, 0, pieces[0])
                for one in crowd.sockets:
                    assert list(await one.until("token", message_id=other)) == order


async def until_open(server: ServerProcess, count: int, within: float = 60) -> None:
    """Wait until the server says that it has so many sockets."""
    async with asyncio.timeout(within):
        while f"cuedesk_sockets_open {count}.0" not in await asyncio.to_thread(metrics, server):  # noqa: ASYNC110
            await asyncio.sleep(0.1)


async def until_files(process: psutil.Process, at_most: int, within: float = 60) -> None:
    """Wait until the process has no more open files than this."""
    deadline = time.monotonic() + within
    while (files := process.num_fds()) > at_most:
        assert time.monotonic() < deadline, f"{files} files are open, {at_most} were before"
        await asyncio.sleep(0.1)
