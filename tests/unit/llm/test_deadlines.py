"""Waits that are ended in time, also where nothing is cancelled."""

import asyncio
import math

import pytest

from backend.errors import ModelTimeout
from backend.llm.deadlines import Patience


async def test_what_is_watched_is_told_which_wait_is_over() -> None:
    ended: asyncio.Future[ModelTimeout] = asyncio.get_running_loop().create_future()

    def give_up(error: ModelTimeout) -> bool:
        ended.set_result(error)
        return True

    patience = Patience()
    patience.begin("idle", asyncio.get_running_loop().time() + 0.01)
    patience.watched = give_up
    patience.watch()
    assert (await asyncio.wait_for(ended, 30)).details["kind"] == "idle"


async def test_what_comes_at_the_last_moment_and_is_not_all_of_it_is_not_waited_for_without_end() -> None:
    """Half a chunk that comes with the alarm: the reader takes it and waits on, and no other alarm was set."""
    told: list[ModelTimeout] = []
    ended = asyncio.Event()

    def give_up(error: ModelTimeout) -> bool:
        told.append(error)
        if len(told) == 3:
            ended.set()
        return len(told) == 3

    patience = Patience()
    patience.begin("idle", asyncio.get_running_loop().time() + 0.01)
    patience.watched = give_up
    patience.watch()
    await asyncio.wait_for(ended.wait(), 30)
    assert len(told) == 3


async def test_a_wait_that_became_longer_meanwhile_is_not_ended_by_its_first_alarm() -> None:
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[float] = loop.create_future()

    def give_up(_: ModelTimeout) -> bool:
        ended.set_result(loop.time())
        return True

    patience = Patience()
    patience.begin("idle", loop.time() + 0.01)
    patience.watched = give_up
    patience.watch()
    until = loop.time() + 0.2
    patience.begin("idle", until)
    assert await asyncio.wait_for(ended, 30) >= until


async def test_nothing_is_ended_while_nobody_waits_and_the_next_wait_has_an_alarm_again() -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()

    def give_up(_: ModelTimeout) -> bool:
        ended.set()
        return True

    patience = Patience()
    patience.begin("idle", loop.time() + 0.01)
    patience.watch()
    while patience.alarm_at < math.inf:  # noqa: ASYNC110 — its alarm went off
        await asyncio.sleep(0.01)
    assert not ended.is_set()
    patience.watched = give_up
    patience.begin("idle", loop.time() + 0.01)
    patience.watch()
    await asyncio.wait_for(ended.wait(), 30)


async def test_who_leaves_as_the_wait_is_over_has_left() -> None:
    patience = Patience()
    patience.begin("answer", asyncio.get_running_loop().time() + 0.01)

    async def step() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            asyncio.current_task().cancel()  # type: ignore[union-attr] # somebody else, at the same moment
            raise

    task = asyncio.create_task(patience.until(step()))
    with pytest.raises(asyncio.CancelledError):
        await task
