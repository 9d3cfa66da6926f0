"""How many sockets, and how fast: counted over processes, forgotten with a process that died."""

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


async def test_what_a_process_that_died_held_is_void_at_its_silence_and_what_a_living_one_holds_is_not(
    redis_url: str,
) -> None:
    async with Cache.open(redis_url) as cache:
        mine, lives, dies = (SocketCaps(cache, per_user=3, per_tenant=100, per_process=100) for _ in range(3))
        who = somebody()
        assert await lives.take(who) is None
        assert await dies.take(who) is None
        assert await mine.take(who) is None
        assert await mine.take(who) is CloseCode.TENANT_FULL
        await cache.client.pexpireat(sign_of(dies), 1)
        assert await mine.take(who) is None
        assert await mine.take(who) is CloseCode.TENANT_FULL, "the living one's is still counted"


async def test_a_process_that_was_only_busy_is_counted_again_with_its_next_sign(redis_url: str) -> None:
    async with Cache.open(redis_url) as cache:
        here, busy = (SocketCaps(cache, per_user=1, per_tenant=100, per_process=100) for _ in range(2))
        who, colleague = somebody(), somebody()
        assert await busy.take(who) is None
        # A word about anybody is a sign, too: nobody's count is told by a process that passes for dead.
        for sign in (busy.live, lambda: busy.take(colleague)):
            await cache.client.delete(sign_of(busy))
            assert await here.take(who) is None
            await here.give_back(who)
            await sign()
            assert 0 < await cache.client.pttl(sign_of(busy)) <= limits.SILENCE * 1000
            assert await here.take(who) is CloseCode.TENANT_FULL


def sign_of(caps: SocketCaps) -> str:
    return f"cuedesk:sockets:process:{caps._process}"


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


async def test_a_screen_too_many_of_long_ago_does_not_cost_those_of_a_changed_network(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0
    monkeypatch.setattr(limits.time, "monotonic", lambda: now)
    async with Cache.open("redis://127.0.0.1:1") as cache:
        caps = SocketCaps(cache, per_user=2, per_tenant=100, per_process=100, patience=40)
        who = somebody()
        assert [await caps.take(who) for _ in range(3)] == [None, None, CloseCode.TENANT_FULL]
        now = 3600.0
        assert [await caps.take(who) for _ in range(2)] == [CloseCode.TENANT_FULL] * 2, "their old lines are just dead"
        now = 3630.0
        assert await caps.take(who) is CloseCode.TENANT_FULL
        now = 3641.0
        assert [await caps.take(who) for _ in range(2)] == [CloseCode.TOO_MANY_SOCKETS, CloseCode.TENANT_FULL]


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
