"""Readers that are too slow, stop, or never begin: they cost others nothing and lose nothing for good."""

import asyncio
import json
import os
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import psutil
import pytest

from backend.storage.embedded import EmbeddedValkey
from tests.support.desk_client import Rest
from tests.support.processes import ServerProcess
from tests.support.raw_socket import RawSocket
from tests.support.scripted_model import Script, ScriptedModel, scripted_model

PATIENCE = 3.0
USER_TIMEOUT = 4.0
#: Far more than kernel, server and outbox hold together: 240 pieces of 3 kB in 4 s.
LONG = "字" * 240_000
PIECE = 1_000


@pytest.fixture(scope="module")
def model_port() -> int:
    from tests.support.processes import free_port

    return free_port()


@pytest.fixture(scope="module")
def desk_server(
    module_database_url: str,
    valkey_server: EmbeddedValkey,
    tmp_path_factory: pytest.TempPathFactory,
    model_port: int,
) -> Iterator[ServerProcess]:
    """A small outbox, a short patience, a kernel that gives up soon, and a writer that a test scripts."""
    settings = {
        "database_url": module_database_url,
        "redis_url": valkey_server.url,
        "llm_provider": "openai",
        "llm_base_url": f"http://127.0.0.1:{model_port}/v1",
        "outbox_frames": 64,
        "outbox_bytes": 128 * 1024,
        "outbox_patience": PATIENCE,
        "tcp_user_timeout_ms": int(USER_TIMEOUT * 1000),
        "messages_per_10s": 1000,
    }
    with ServerProcess(tmp_path_factory.mktemp("server"), settings).start() as server:
        yield server.wait_healthy()


@pytest.fixture
async def model(model_port: int) -> AsyncIterator[ScriptedModel]:
    async with scripted_model(model_port) as server:
        server.by_model["gpt-4o-mini"] = Script(kind="text", text=LONG, piece=PIECE, delay=4.0 / (len(LONG) / PIECE))
        yield server


async def slow_socket(rest: Rest) -> RawSocket:
    """A socket whose kernel holds little and whose program reads nothing ahead."""
    return await RawSocket.open(rest.ws_url, rest.page_headers(), receive_buffer=4096, limit=1024)


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
async def test_a_reader_that_pauses_gets_the_text_so_far_and_then_goes_on(operator: Rest, model: ScriptedModel) -> None:
    thread = await operator.new_thread()
    slow = await slow_socket(operator)
    try:
        await slow.until("welcome")
        slow.say("subscribe", topic=f"thread:{thread}", after_seq=0)
        await slow.until("subscribed")
        async with operator.socket() as fast:
            await fast.follow(thread)
            await fast.ask(thread, "写一段保温杯卖点介绍")
            await slow.until("token")
            # It reads nothing until the others have had half of the text.
            half = len(LONG) // PIECE // 2
            await fast.until("token", where=lambda f: f["i"] + f["n"] > half, timeout=60)
            snapshot = await slow.until("message_snapshot", within=60)
            assert snapshot["i"] > 0
            done = await fast.until("message_complete", role="assistant", timeout=60)
            await slow.until("message_complete", role="assistant", within=60)
            message = done["message_id"]
            assert fast.text(message) == LONG
            assert not [f for f in fast.frames if f["type"] == "message_snapshot"], "who keeps up needs none"
            assert text_of(slow.frames, message) == LONG
            sent = sum(f["n"] for f in slow.frames if f["type"] == "token")
            assert sent < len(LONG) / PIECE * 0.9, "what waited was dropped for the snapshot, not sent after all"
            durable = [f["seq"] for f in slow.frames if f.get("seq") is not None and f["type"] != "subscribed"]
            assert durable == list(range(1, len(durable) + 1)), "nothing that must arrive was dropped"
            await fast.do("cancel", thread_id=thread)
    finally:
        slow.drop()


@pytest.mark.scenario(29)
async def test_a_reader_of_a_kilobyte_a_second_is_closed_when_a_frame_waits_and_recovers_later(
    operator: Rest, model: ScriptedModel, desk_server: ServerProcess
) -> None:
    thread = await operator.new_thread()
    slow = await slow_socket(operator)
    reading = asyncio.create_task(trickle(slow))
    try:
        slow.say("subscribe", topic=f"thread:{thread}", after_seq=0)
        async with operator.socket() as fast:
            await fast.follow(thread)
            # Frames that must arrive, 30 kB each: they cannot be joined or dropped.
            for _ in range(12):
                await fast.ask(thread, "长" * 10_000, multitask="enqueue")
            await asyncio.to_thread(desk_server.wait_for_log, "slow_consumer_closed", 30)
            await asyncio.wait([asyncio.create_task(asyncio.sleep(0.5)), reading], timeout=0.5)
            reading.cancel()
            # What the kernel has is read to its end, and there is the reason.
            assert await slow.ended() == 4008
            seen = [f["seq"] for f in slow.frames if f.get("seq") is not None and f["type"] != "subscribed"]
            assert seen == list(range(1, len(seen) + 1))
            again = await RawSocket.open(operator.ws_url, operator.page_headers())
            try:
                await again.until("welcome")
                again.say("subscribe", topic=f"thread:{thread}", after_seq=seen[-1] if seen else 0)
                told = await again.until("subscribed")
                more = [f["seq"] for f in again.frames if f.get("seq") is not None and f["type"] != "subscribed"]
                assert [*seen, *more] == list(range(1, told["seq"] + 1)), "all is there, once"
            finally:
                again.drop()
            await lives(fast)
            while (await fast.do("cancel", thread_id=thread))["status"] == "accepted":
                pass
    finally:
        reading.cancel()
        slow.drop()


async def lives(desk: Any) -> None:
    await desk.until("pong", re=await desk.say("ping"))


async def trickle(socket: RawSocket) -> None:
    """Read what comes, a kilobyte a second."""
    read = 0
    began = time.monotonic()
    while await socket.next() is not None:
        read = socket.bytes_read
        await asyncio.sleep(max(0.0, read / 1024 - (time.monotonic() - began)))


@pytest.mark.scenario(30)
@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="TCP_USER_TIMEOUT is Linux's")
async def test_readers_that_never_read_are_freed_by_the_kernel_with_all_they_held(
    operator: Rest, model: ScriptedModel, desk_server: ServerProcess
) -> None:
    process = psutil.Process(desk_server.pid)
    threads = [await operator.new_thread() for _ in range(4)]
    async with operator.socket() as fast:
        for thread in threads:
            await fast.follow(thread)
            for _ in range(2):  # first use of everything
                await fast.ask(thread, "长" * 10_000, multitask="enqueue")
        files, memory = process.num_fds(), process.memory_info().rss
        dead = [await slow_socket(operator) for _ in range(len(threads))]
        for socket, thread in zip(dead, threads, strict=True):
            socket.say("subscribe", topic=f"thread:{thread}", after_seq=0)
            socket.writer.transport.pause_reading()  # type: ignore[attr-defined]
        began = time.monotonic()
        for _ in range(10):
            for thread in threads:
                await fast.ask(thread, "长" * 10_000, multitask="enqueue")
        stalled_at = time.monotonic()
        while process.num_fds() > files:
            waited = time.monotonic() - stalled_at
            # The outbox gives up after its patience, the kernel after TCP_USER_TIMEOUT; both at once at the earliest.
            assert waited < PATIENCE + USER_TIMEOUT + 5, f"{process.num_fds()} files are open, {files} were before"
            await asyncio.sleep(0.1)
        assert time.monotonic() - began > 0
        grown = process.memory_info().rss - memory
        assert grown < 16 * 2**20, f"{grown / 2**20:.1f} MiB stay behind"
        await lives(fast)
        for thread in threads:
            while (await fast.do("cancel", thread_id=thread))["status"] == "accepted":
                pass
    for socket in dead:
        socket.drop()


def test_the_long_text_is_longer_than_all_that_holds_it() -> None:
    assert len(json.dumps(LONG, ensure_ascii=False).encode()) > 4 * 128 * 1024
