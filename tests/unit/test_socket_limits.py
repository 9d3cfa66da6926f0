"""How many sockets, and how fast: counted over processes, forgotten with a process that died."""

import asyncio
import time
from datetime import UTC, datetime
from uuid import UUID

import pytest

from backend.domain.people import Identity
from backend.ids import new_id
from backend.protocol.close_codes import CloseCode
from backend.storage.redis import Cache
from backend.transport import limits
from backend.transport.limits import SocketCaps, UpgradeLimit


def somebody(tenant_id: UUID | None = None) -> Identity:
    return Identity(new_id(), "", "", tenant_id or new_id(), "", "viewer", new_id(), datetime.now(UTC))


async def test_a_process_that_died_is_forgotten_and_one_that_lives_is_not(redis_url: str) -> None:
    async with Cache.open(redis_url) as cache:
        mine, lives, dies = (
            SocketCaps(cache, per_user=3, per_tenant=100, per_process=100, lapse=lapse) for lapse in (30, 30, 0.2)
        )
        who = somebody()
        assert await lives.take(who) is None
        assert await dies.take(who) is None
        assert await mine.take(who) is None
        assert await mine.take(who) is CloseCode.TENANT_FULL
        deadline = time.monotonic() + 10  # the time is over by the clock of the counts' database
        while await mine.take(who) is not None:
            assert time.monotonic() < deadline, "what a dead process held is never given back"
            await asyncio.sleep(0.02)
        assert await mine.take(who) is CloseCode.TENANT_FULL, "the living one's is still counted"


async def test_counts_that_were_flushed_away_come_back_with_the_next_round(redis_url: str) -> None:
    async with Cache.open(redis_url) as cache:
        here, there = (SocketCaps(cache, per_user=1, per_tenant=100, per_process=100) for _ in range(2))
        who = somebody()
        assert await here.take(who) is None
        await cache.client.flushall()
        await here.say_again()
        assert await there.take(who) is CloseCode.TENANT_FULL
        await here.give_back(who)
        assert await there.take(who) is None


async def test_without_redis_a_process_counts_for_itself() -> None:
    async with Cache.open("redis://127.0.0.1:1") as cache:
        caps = SocketCaps(cache, per_user=2, per_tenant=3, per_process=100)
        one, colleague = somebody(), None
        colleague = somebody(one.tenant_id)
        assert [await caps.take(one) for _ in range(3)] == [None, None, CloseCode.TOO_MANY_SOCKETS]
        assert [await caps.take(colleague) for _ in range(2)] == [None, CloseCode.TENANT_FULL]
        await caps.give_back(one)
        assert await caps.take(colleague) is None


async def test_who_comes_back_while_the_old_lines_are_not_found_dead_is_told_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr(limits.time, "monotonic", lambda: now)
    async with Cache.open("redis://127.0.0.1:1") as cache:
        caps = SocketCaps(cache, per_user=2, per_tenant=100, per_process=100, patience=40)
        who = somebody()
        for began in (0.0, 100.0):
            now = began
            assert [await caps.take(who) for _ in range(3)] == [None, None, CloseCode.TENANT_FULL]
            now = began + 39
            assert await caps.take(who) is CloseCode.TENANT_FULL
            now = began + 41
            assert await caps.take(who) is CloseCode.TOO_MANY_SOCKETS, "they answer: they are alive"
            await caps.give_back(who)
            await caps.give_back(who)


def test_upgrades_are_let_in_at_their_rate_and_the_others_spread_over_the_time_they_need(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr(limits.time, "monotonic", lambda: now)
    limit = UpgradeLimit(50, 100)
    assert [limit.pause() for _ in range(100)] == [None] * 100
    pauses = [limit.pause() for _ in range(1900)]
    assert None not in pauses
    assert max(pause for pause in pauses if pause) > 30, "1,900 at 50 a second need 38 s"
    now = 1.0
    assert [limit.pause() for _ in range(51)].count(None) == 50
    now = 100.0
    assert [limit.pause() for _ in range(101)].count(None) == 100, "a long quiet saves up one burst, no more"
