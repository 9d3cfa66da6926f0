"""The named places of a process: armed in tests only, each order acts once."""

import asyncio
from pathlib import Path

import pytest

from backend import failpoints
from backend.errors import SetupError, StorageUnavailable
from tests.support.failpoints import Failpoints


@pytest.fixture
def orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Failpoints:
    monkeypatch.setattr(failpoints, "folder", tmp_path)
    return Failpoints(tmp_path)


def test_without_the_permission_of_a_test_they_keep_a_process_from_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failpoints, "folder", None)
    failpoints.arm({})
    assert failpoints.folder is None
    with pytest.raises(SetupError):
        failpoints.arm({failpoints.ENVIRONMENT: "/somewhere"})
    assert failpoints.folder is None


async def test_an_order_acts_once_on_the_run_it_names_and_after_so_many_passages(orders: Failpoints) -> None:
    orders.order("after_claim", "raise", only="mine", after=1)
    await failpoints.reach("after_claim", "other")
    await failpoints.reach("after_claim", "mine")
    with pytest.raises(StorageUnavailable):
        await failpoints.reach("after_claim", "mine")
    await failpoints.reach("after_claim", "mine")
    orders.order("notice", "drop", always=True)
    assert [failpoints.pass_by("notice") for _ in range(3)] == [True] * 3


async def test_whoever_waits_is_seen_there_and_goes_on_when_it_is_lifted(orders: Failpoints) -> None:
    orders.order("before_ack", "wait")
    held = asyncio.create_task(failpoints.reach("before_ack"))
    await orders.reached("before_ack", within=30)
    assert not held.done()
    orders.lift("before_ack")
    await asyncio.wait_for(held, 30)
