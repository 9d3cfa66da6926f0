"""Identical calls at once are one; it ends when nobody waits for it any more."""

import asyncio
from collections.abc import Awaitable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.llm.single_flight import SingleFlight


class Work:
    """A call that is counted, waits to be let go, and notes whether it was cancelled."""

    def __init__(self) -> None:
        self.calls = 0
        self.cancelled = 0
        self.go = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> str:
        self.calls += 1
        try:
            await self.go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error:
            raise self.error
        return f"answer {self.calls}"


async def settled(*tasks: Awaitable[object]) -> list[object]:
    return list(await asyncio.gather(*tasks, return_exceptions=True))


async def test_calls_at_once_share_and_later_ones_ask_anew() -> None:
    flights, work = SingleFlight[str](), Work()
    waiting = [asyncio.create_task(flights.fly("k", work)) for _ in range(5)]
    other = asyncio.create_task(flights.fly("other", work))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    work.go.set()
    assert sorted(await settled(*waiting)) == [("answer 2", False), *[("answer 2", True)] * 4]
    assert await other == ("answer 2", False)
    assert work.calls == 2
    await flights.fly("k", work)
    assert work.calls == 3


async def test_an_error_is_everybodys_and_is_not_kept() -> None:
    flights, work = SingleFlight[str](), Work()
    work.error = ValueError("no")
    waiting = [asyncio.create_task(flights.fly("k", work)) for _ in range(3)]
    await asyncio.sleep(0)
    work.go.set()
    assert [type(one) for one in await settled(*waiting)] == [ValueError] * 3
    work.error = None
    assert await flights.fly("k", work) == ("answer 2", False)


@given(leaving=st.lists(st.integers(0, 4), unique=True, min_size=1))
def test_only_the_last_who_leaves_cancels_the_call(leaving: list[int]) -> None:
    async def play() -> None:
        flights, work = SingleFlight[str](), Work()
        waiting = [asyncio.create_task(flights.fly("k", work)) for _ in range(5)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        for place in leaving:
            assert work.cancelled == 0
            waiting[place].cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting[place]
        assert work.cancelled == (len(leaving) == 5)
        work.go.set()
        left = [one for place, one in enumerate(waiting) if place not in leaving]
        assert [one[0] for one in await settled(*left)] == ["answer 1"] * len(left)

    asyncio.run(play())
