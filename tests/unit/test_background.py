"""What runs in the background ends with whoever began it, however the cancellation comes."""

import asyncio
import contextlib

from backend.background import end


async def test_a_loop_that_loses_a_cancellation_ends_all_the_same(monkeypatch) -> None:
    monkeypatch.setattr("backend.background._AGAIN", 0.01)
    begun, lost = asyncio.Event(), asyncio.Event()

    async def loses_one() -> None:
        begun.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        lost.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(loses_one())
    await begun.wait()
    async with asyncio.timeout(30):
        await end(task)
    assert lost.is_set()
    assert task.cancelled()


async def test_who_ends_many_waits_for_all_and_hears_of_no_failure() -> None:
    async def fails() -> None:
        raise ValueError("a fault of the loop")

    async def tidies() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(20):
                await asyncio.sleep(0)

    tasks = [asyncio.create_task(fails(), name="the one that fails"), asyncio.create_task(tidies())]
    await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await end(*tasks)
    assert all(task.done() for task in tasks)
    assert tasks[1].cancelled()


async def test_nothing_to_end_is_no_wait() -> None:
    async with asyncio.timeout(30):
        await end()
