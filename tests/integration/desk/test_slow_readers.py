"""Readers that are too slow, stop, or never begin: they cost others nothing and lose nothing for good."""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import asyncpg
import psutil
import pytest

from backend.fanout.live_text import LiveText, LiveTexts
from backend.ids import new_id
from backend.storage.redis import Cache
from tests.support.desk_client import Desk, Rest
from tests.support.processes import ServerProcess
from tests.support.raw_socket import RawSocket

#: Well below the kernel's own, or on a busy machine that one is faster.
PATIENCE = 2.0
USER_TIMEOUT = 8.0
#: Far more than kernel, server and outbox hold together: pieces of 3 kB.
PIECES = ["字" * 1_000] * 160
REQUEST = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"


@pytest.fixture(scope="module")
def desk_server(
    module_database_url: str, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """A small outbox, a short patience, and a kernel that gives up soon."""
    settings = {
        "database_url": module_database_url,
        "redis_url": module_redis_url,
        "outbox_frames": 64,
        "outbox_bytes": 128 * 1024,
        "outbox_patience": PATIENCE,
        "tcp_user_timeout_ms": int(USER_TIMEOUT * 1000),
        "messages_per_10s": 1000,
    }
    with ServerProcess(tmp_path_factory.mktemp("server"), settings).start() as server:
        yield server.wait_healthy()


async def write(redis_url: str, thread: str, message_id: UUID, pieces: list[str]) -> AsyncIterator[int]:
    """Write a text as a worker does; gives after each piece how many are out."""
    async with Cache.open(redis_url) as cache:
        texts = LiveTexts(cache, window_ms=0, ttl=60)
        text = LiveText(UUID(thread), message_id, "script", 1)
        for number, piece in enumerate(pieces, 1):
            texts.add(text, piece)
            await texts.flush(text)
            yield number


async def waiting_thread(desk: Desk, rest: Rest) -> str:
    """A thread whose run waits for a decision: what is asked there now waits behind it and costs nothing."""
    thread = await rest.new_thread()
    await desk.follow(thread)
    asked = await desk.ask(thread, REQUEST)
    await desk.until("interrupt", run_id=asked["run_id"], timeout=60)
    return thread


async def say_much(desk: Desk, thread: str, times: int) -> None:
    """Frames that must arrive, 30 kB each: they can be neither joined nor dropped."""
    for _ in range(times):
        await desk.ask(thread, "长" * 10_000, multitask="enqueue")


async def slow_socket(rest: Rest) -> RawSocket:
    """A socket whose kernel holds little and whose program reads nothing ahead."""
    return await RawSocket.open(rest.ws_url, rest.page_headers(), receive_buffer=4096, limit=1024)


def files_of(process: psutil.Process, clients: list[RawSocket]) -> set[str]:
    """The process's ends of these connections, by their inodes: a number is given to the next file as well."""
    ports = {client.writer.get_extra_info("sockname")[1] for client in clients}
    lines = [line for line in process.net_connections("tcp") if line.raddr and line.raddr.port in ports]
    return {os.readlink(f"/proc/{process.pid}/fd/{line.fd}") for line in lines}


def open_files(process: psutil.Process) -> set[str]:
    """What the process has open, by inode."""
    folder = f"/proc/{process.pid}/fd"
    found = set()
    for fd in os.listdir(folder):
        with contextlib.suppress(FileNotFoundError):
            found.add(os.readlink(f"{folder}/{fd}"))
    return found


def text_of(frames: list[dict[str, Any]], message_id: str) -> str:
    """The text as deltas and snapshots built it."""
    due, text = 0, ""
    for frame in frames:
        if frame.get("message_id") != message_id:
            continue
        if frame["type"] == "message_snapshot":
            due, text = frame["i"], frame["content"]
        elif frame["type"] == "token" and frame["i"] == due:
            due, text = frame["i"] + frame["n"], text + frame["content"]
    return text


@pytest.mark.scenario(29)
async def test_a_reader_that_pauses_gets_the_text_so_far_and_then_goes_on(
    operator: Rest, module_redis_url: str, module_database_url: str
) -> None:
    thread, message_id = await operator.new_thread(), new_id()
    conn = await asyncpg.connect(module_database_url)
    await conn.execute(
        """INSERT INTO messages (id, tenant_id, thread_id, role, agent, status, attempt)
           SELECT $1, tenant_id, id, 'assistant', 'script', 'writing', 1 FROM threads WHERE id = $2""",
        message_id,
        UUID(thread),
    )
    await conn.close()
    slow = await slow_socket(operator)
    try:
        await slow.until("welcome")
        slow.say("subscribe", topic=f"thread:{thread}", after_seq=0)
        await slow.until("subscribed")
        async with operator.socket() as fast:
            await fast.follow(thread)
            async for out in write(module_redis_url, thread, message_id, PIECES):
                await fast.until("token", where=lambda f, out=out: f["i"] + f["n"] >= out)
            # It has read nothing since; now it reads what waits, and then the text so far.
            snapshot = await slow.until("message_snapshot", within=60)
            assert snapshot["i"] > 0
            message, whole = str(message_id), "".join(PIECES)
            assert fast.text(message) == whole
            assert not [f for f in fast.frames if f["type"] == "message_snapshot"], "who keeps up needs none"
            assert text_of(slow.frames, message) == whole
            sent = sum(f["n"] for f in slow.frames if f["type"] == "token")
            assert sent < len(PIECES) * 0.7, "what waited was dropped for the snapshot, not sent after all"
            await fast.do("message", thread_id=thread, content="再短一点")
            await slow.until("message_complete", role="user")
    finally:
        slow.drop()


@pytest.mark.scenario(29)
async def test_a_reader_of_a_kilobyte_a_second_is_closed_when_a_frame_waits_and_recovers_later(
    operator: Rest, desk_server: ServerProcess
) -> None:
    async with operator.socket() as fast:
        thread = await waiting_thread(fast, operator)
        slow = await slow_socket(operator)
        slow.pace = 1024
        ended = asyncio.create_task(slow.ended(within=120))
        try:
            slow.say("subscribe", topic=f"thread:{thread}", after_seq=0)
            await say_much(fast, thread, 10)
            await asyncio.to_thread(desk_server.wait_for_log, "slow_consumer_closed", 60)
            slow.pace = 0
            # What the kernel has is read to its end, and there is the reason.
            assert await ended == 4008
        finally:
            ended.cancel()
            slow.drop()
        seen = numbers(slow)
        assert seen == list(range(1, len(seen) + 1))
        again = await RawSocket.open(operator.ws_url, operator.page_headers())
        await again.until("welcome")
        again.say("subscribe", topic=f"thread:{thread}", after_seq=len(seen))
        told = await again.until("subscribed")
        assert [*seen, *numbers(again)] == list(range(1, told["seq"] + 1)), "all is there, once"
        again.drop()
        await lives(fast)


def numbers(socket: RawSocket) -> list[int]:
    return [f["seq"] for f in socket.frames if f.get("seq") is not None and f["type"] != "subscribed"]


async def lives(desk: Any) -> None:
    await desk.until("pong", re=await desk.say("ping"))


@pytest.mark.scenario(30)
@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="the kernel cannot do it")
async def test_readers_that_never_read_are_freed_by_the_kernel_with_all_they_held(
    operator: Rest, desk_server: ServerProcess
) -> None:
    process = psutil.Process(desk_server.pid)
    async with operator.socket() as fast:
        thread = await waiting_thread(fast, operator)
        await say_much(fast, thread, 2)  # first use of everything
        memory = process.memory_info().rss
        dead = [await slow_socket(operator) for _ in range(5)]
        for socket in dead:
            await socket.until("welcome")
            socket.say("subscribe", topic=f"thread:{thread}", after_seq=0)
        held = files_of(process, dead)
        assert len(held) == len(dead)
        await say_much(fast, thread, 8)
        began = time.monotonic()
        while still := held & open_files(process):
            # The outbox gives up after its patience, the kernel after TCP_USER_TIMEOUT and a probe.
            waited = time.monotonic() - began
            assert waited < PATIENCE + USER_TIMEOUT + 8, f"{len(still)} of the dead are still held"
            await asyncio.sleep(0.1)
        grown = process.memory_info().rss - memory
        assert grown < 16 * 2**20, f"{grown / 2**20:.1f} MiB stay behind"
        await lives(fast)
    for socket in dead:
        socket.drop()
