"""The places of a backend: no more calls at once than are declared, and no tenant's waiting keeps another's away."""

import asyncio
from collections.abc import Hashable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import ModelBusy
from backend.llm.places import Places


class Calls:
    """Calls that hold a place until they are told to end; who got one, in the order of getting it."""

    def __init__(self, number: int) -> None:
        self.places = Places(number)
        self.got: list[Hashable] = []
        self.under_way = 0
        self.most = 0
        self.ends: list[asyncio.Event] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def begin(self, tenant: Hashable, patience: float = 3600) -> asyncio.Task[None]:
        task = asyncio.create_task(self._call(tenant, patience))
        self.tasks.append(task)
        await settled()
        return task

    async def _call(self, tenant: Hashable, patience: float) -> None:
        async with self.places.held(tenant, patience):
            self.got.append(tenant)
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            end = asyncio.Event()
            self.ends.append(end)
            try:
                await end.wait()
            finally:
                self.under_way -= 1

    async def end_first(self) -> None:
        self.ends.pop(0).set()
        await settled()


async def settled() -> None:
    for _ in range(6):
        await asyncio.sleep(0)


async def test_places_go_round_the_tenants_that_wait() -> None:
    calls = Calls(1)
    for tenant in ("a", "a", "a", "a", "b", "c", "b"):
        await calls.begin(tenant)
    while calls.ends:
        await calls.end_first()
    assert calls.got == ["a", "a", "b", "c", "a", "b", "a"]
    assert calls.most == 1


async def test_who_waits_in_vain_is_told_and_takes_no_place() -> None:
    calls = Calls(1)
    await calls.begin("a")
    with pytest.raises(ModelBusy):
        async with calls.places.held("b", 0.01):
            pytest.fail("there was no place")
    await calls.end_first()
    await calls.begin("c")
    assert calls.got == ["a", "c"]


async def test_who_leaves_as_a_place_is_given_passes_it_on() -> None:
    calls = Calls(1)
    await calls.begin("a")
    leaving = await calls.begin("b")
    await calls.begin("c")
    calls.places._give()  # of `a`, and at the same moment …
    leaving.cancel()
    await settled()
    assert calls.got == ["a", "c"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["begin", "end", "leave"])), max_size=40))
def test_whoever_comes_and_goes_no_place_is_lost_and_none_is_given_twice(steps: list[tuple[str, str]]) -> None:
    async def played() -> None:
        calls = Calls(2)
        for tenant, step in steps:
            if step == "begin":
                await calls.begin(tenant)
            elif step == "end" and calls.ends:
                calls.ends.pop(0).set()  # not waited for: what follows comes at the same moment
            elif step == "leave" and calls.tasks:
                calls.tasks.pop(len(calls.tasks) // 2).cancel()
        for task in calls.tasks:
            task.cancel()
        await settled()
        assert calls.most <= 2
        calls.ends.clear()
        before = len(calls.got)
        for tenant in "abc":
            await calls.begin(tenant)
        assert calls.got[before:] == ["a", "b"], "as many as there are, and no more"
        for task in calls.tasks:
            task.cancel()
        await settled()

    asyncio.run(played())
