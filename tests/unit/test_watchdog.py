"""A loop that stands still is told of with the place where it stands."""

import asyncio
import time

import structlog

from backend.telemetry.watchdog import watched_loop


def somebody_sleeps(seconds: float) -> None:
    time.sleep(seconds)


async def test_a_blocked_loop_is_logged_once_with_the_stack_that_blocks_it() -> None:
    with structlog.testing.capture_logs() as lines:
        async with watched_loop(0.1):
            await asyncio.sleep(0.05)
            somebody_sleeps(0.8)
            async with asyncio.timeout(10):
                while not [line for line in lines if line["event"] == "loop_free"]:  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
    blocked = [line for line in lines if line["event"] == "loop_blocked" and "somebody_sleeps" in line["stack"]]
    assert len(blocked) == 1, lines
    freed = max(line["seconds"] for line in lines if line["event"] == "loop_free")
    assert freed >= 0.6


async def test_a_loop_that_only_waits_is_not_blocked() -> None:
    with structlog.testing.capture_logs() as lines:
        async with watched_loop(0.5):
            await asyncio.sleep(0.3)
    assert not [line for line in lines if "test_watchdog" in line.get("stack", "")]
