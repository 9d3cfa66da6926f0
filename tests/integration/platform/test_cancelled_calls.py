"""Calls to Redis that are cut short in the middle, wherever that is."""

import asyncio
import random

from backend.background import end
from backend.storage.redis import Cache


async def test_whoever_is_cancelled_around_a_call_ends_at_any_step_of_it(redis_url: str) -> None:
    async with Cache.open(redis_url) as cache:
        rounds = 0

        async def loop() -> None:
            nonlocal rounds
            while True:
                await cache.attempt(cache.client.set("cancelled", rounds))
                rounds += 1

        # A send and its answer take some dozen steps of the event loop; one in ten of these used to lose it.
        for steps in range(100):
            task = asyncio.create_task(loop())
            for _ in range(steps):
                await asyncio.sleep(0)
            task.cancel()
            over, _ = await asyncio.wait({task}, timeout=20)
            await end(task)
            assert over, f"cancelled after {steps} steps it goes on"
            assert task.cancelled()
        assert rounds > 0
        assert cache.available


async def test_a_call_cut_short_leaves_nobody_elses_answer_and_no_connection_behind(redis_url: str) -> None:
    dice = random.Random(3)
    async with Cache.open(redis_url) as cache:

        async def ask(word: bytes) -> bool:
            return await cache.attempt(cache.client.echo(word)) in (word, None)

        async def ask_twice(word: bytes) -> bool:
            pipeline = cache.client.pipeline(transaction=False)
            pipeline.echo(word).echo(word[::-1])
            return await cache.attempt(pipeline.execute()) in ([word, word[::-1]], None)

        for turn in range(60):
            tasks = [
                asyncio.create_task(dice.choice((ask, ask_twice))(f"{turn} {place}".encode()))
                for place in range(dice.randint(1, 20))
            ]
            for _ in range(dice.randint(0, 12)):
                await asyncio.sleep(0)
            for task in tasks:
                if dice.random() < 0.5:
                    task.cancel()
            answers = await asyncio.gather(*tasks, return_exceptions=True)
            assert {answer for answer in answers if not isinstance(answer, asyncio.CancelledError)} <= {True}
        assert await cache.attempt(cache.client.ping())
        assert len(cache.client.connection_pool._in_use_connections) == 0
