"""The breaker before Redis: what is down is asked once a second and by one caller, whoever else comes does not try."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from backend.storage import redis
from backend.storage.redis import Cache


@pytest.mark.scenario(23)
async def test_after_a_failure_one_call_a_second_asks_and_the_others_do_not_try(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(redis, "time", SimpleNamespace(monotonic=lambda: clock.now))
    client: Any = None  # the calls bring their own answers
    cache = Cache(client)
    answer = asyncio.Event()

    async def down() -> str:
        raise RedisConnectionError

    async def back() -> str:
        await answer.wait()
        return "here"

    assert cache.available
    assert await cache.attempt(down()) is None
    assert not cache.available
    for _ in range(3):
        clock.now += 0.9
        assert not cache.available, "not before its second is over"
        clock.now += 0.2
        assert cache.available
        assert await cache.attempt(down()) is None
        assert not cache.available
    clock.now += 1.1
    probe = asyncio.create_task(cache.attempt(back()))
    await asyncio.sleep(0)
    assert not cache.available, "one asks, the others do not wait for the answer"
    answer.set()
    assert await probe == "here"
    assert cache.available
