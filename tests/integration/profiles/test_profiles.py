"""What is kept of hosts and products is never older than what was committed before somebody asked."""

import asyncio
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from backend.domain import hosts, products
from backend.domain.profiles import Profiles, read_stamp
from backend.errors import NotFound
from backend.fanout.hub import Hub, Sources
from backend.storage.embedded import EmbeddedValkey
from backend.storage.postgres import Database
from backend.storage.redis import Cache
from backend.telemetry.metrics import REGISTRY
from tests.support.databases import DatabaseFactory

NOBODY = "redis://127.0.0.1:1/0"


@dataclass
class Process:
    """What one process has: its own pool, its own connection to Redis, its own memory."""

    db: Database
    profiles: Profiles
    time: list[float] = field(default_factory=lambda: [0.0])

    async def product(self, tenant_id: UUID, product_id: UUID) -> products.Product:
        """Do what a run does: ask which state holds, then read under it."""
        return await self.profiles.product(self.db, tenant_id, await self.stamp(tenant_id), product_id)

    async def host(self, tenant_id: UUID, host_id: UUID) -> hosts.Host:
        return await self.profiles.host(self.db, tenant_id, await self.stamp(tenant_id), host_id)

    async def names(self, tenant_id: UUID) -> set[str]:
        async with self.db.tenant(tenant_id) as conn:
            known = await self.profiles.names(conn, tenant_id, await read_stamp(conn))
        return {one.name for one in (*known.products, *known.hosts)}

    async def stamp(self, tenant_id: UUID) -> UUID | None:
        async with self.db.tenant(tenant_id) as conn:
            return await read_stamp(conn)

    async def reprice(self, tenant_id: UUID, product_id: UUID, price: int) -> None:
        async with self.db.tenant(tenant_id) as conn:
            product = await products.get_product(conn, product_id)
            await products.update_product(conn, product_id, product.version, {"price": Decimal(price)})


async def process(stack: AsyncExitStack, url: str, redis: str, *, most: int = 1_000_000) -> Process:
    db = await stack.enter_async_context(Database.open(url, size=4, acquire_timeout=10))
    cache = await stack.enter_async_context(Cache.open(redis))
    time = [0.0]
    return Process(db, Profiles(cache, most=most, ttl=60, clock=lambda: time[0]), time)


@pytest.fixture(scope="module")
def catalogue_url(databases: DatabaseFactory) -> Iterator[str]:
    with databases.fresh() as url:
        yield url


async def tenant(url: str) -> UUID:
    owner = await asyncpg.connect(url)
    try:
        made: UUID = await owner.fetchval(
            "INSERT INTO tenants (slug, name) VALUES ($1, '甲') RETURNING id", str(uuid4())
        )
        return made
    finally:
        await owner.close()


@pytest.fixture
async def tenant_id(catalogue_url: str) -> UUID:
    return await tenant(catalogue_url)


@pytest.fixture
async def one(catalogue_url: str, redis_url: str) -> AsyncIterator[Process]:
    async with AsyncExitStack() as stack:
        yield await process(stack, catalogue_url, redis_url)


@pytest.fixture
async def other(catalogue_url: str, redis_url: str) -> AsyncIterator[Process]:
    async with AsyncExitStack() as stack:
        yield await process(stack, catalogue_url, redis_url)


async def a_cup(db: Database, tenant_id: UUID, **fields: Any) -> UUID:
    async with db.tenant(tenant_id) as conn:
        made = await products.create_product(conn, **({"name": "保温杯", "price": Decimal(10)} | fields))
    return made.id


def asked(found: str) -> float:
    return REGISTRY.get_sample_value("cuedesk_profiles_asked_total", {"found": found}) or 0


async def test_what_was_read_once_is_at_hand_in_this_process_and_in_the_next(
    one: Process, other: Process, tenant_id: UUID
) -> None:
    fields = {
        "price_ladder": [products.PriceStep(2, Decimal("18.80"), "拍两件")],
        "points": [products.Point("双层", "不烫手", "现场倒水")],
        "facts": {"容量": "500 ml"},
        "stock": 7,
    }
    cup = await a_cup(one.db, tenant_id, **fields)
    async with one.db.tenant(tenant_id) as conn:
        there = await products.get_product(conn, cup)
    before = asked("database"), asked("redis"), asked("process")
    assert [await who.product(tenant_id, cup) for who in (one, one, other, other)] == [there] * 4
    assert (asked("database"), asked("redis"), asked("process")) == (before[0] + 1, before[1] + 1, before[2] + 2)


@pytest.mark.parametrize("redis", ["well", "down", "emptied"])
async def test_whoever_asks_after_an_edit_was_committed_never_sees_the_old_one(
    catalogue_url: str, redis_url: str, tenant_id: UUID, redis: str
) -> None:
    async with AsyncExitStack() as stack:
        where = NOBODY if redis == "down" else redis_url
        processes = [await process(stack, catalogue_url, where) for _ in range(2)]
        cup = await a_cup(processes[0].db, tenant_id)
        emptier = await stack.enter_async_context(Redis.from_url(redis_url))
        committed, over, looked = 10, False, 0

        async def edit() -> None:
            nonlocal committed, over
            for price in range(11, 61):
                await random.choice(processes).reprice(tenant_id, cup, price)
                committed = price
                if redis == "emptied" and price % 7 == 0:
                    await emptier.flushall()
            over = True

        async def run(who: Process) -> None:
            nonlocal looked
            while not over:
                least = committed
                seen = await who.product(tenant_id, cup)
                assert seen.price is not None
                assert seen.price >= least
                looked += 1

        kept = asked("process")
        async with asyncio.TaskGroup() as group:
            group.create_task(edit())
            for who in (*processes, *processes):
                group.create_task(run(who))
        assert looked >= 50
        assert asked("process") > kept, "nothing was kept: the race was none"
        assert {(await who.product(tenant_id, cup)).price for who in processes} == {Decimal(60)}


async def test_what_is_read_while_it_is_edited_is_not_kept_as_what_was_before(
    one: Process, other: Process, tenant_id: UUID
) -> None:
    cup = await a_cup(one.db, tenant_id)
    stamp = await one.stamp(tenant_id)
    await one.reprice(tenant_id, cup, 20)
    # A run that began before the edit reads after it: it may see the new price, under the old stamp nobody may keep it.
    assert (await other.profiles.product(other.db, tenant_id, stamp, cup)).price == 20
    before = asked("database")
    assert (await other.profiles.product(other.db, tenant_id, stamp, cup)).price == 20
    assert asked("database") == before + 1


async def test_a_price_and_its_stamp_become_visible_together(one: Process, other: Process, tenant_id: UUID) -> None:
    cup = await a_cup(one.db, tenant_id)
    stamp = await other.stamp(tenant_id)
    async with one.db.tenant(tenant_id) as conn:
        await products.update_product(conn, cup, 1, {"price": Decimal(20)})
        assert await other.stamp(tenant_id) == stamp
        assert (await other.product(tenant_id, cup)).price == 10
    assert await other.stamp(tenant_id) != stamp
    assert (await other.product(tenant_id, cup)).price == 20


async def test_what_was_taken_back_leaves_the_stamp_as_it_was(one: Process, tenant_id: UUID) -> None:
    cup = await a_cup(one.db, tenant_id)
    stamp = await one.stamp(tenant_id)

    async def begun_and_broken_off() -> None:
        async with one.db.tenant(tenant_id) as conn:
            await products.update_product(conn, cup, 1, {"price": Decimal(20)})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await begun_and_broken_off()
    assert await one.stamp(tenant_id) == stamp
    async with one.db.tenant(tenant_id) as conn:  # the next transaction of the same connection stamps again
        await products.update_product(conn, cup, 1, {"price": Decimal(30)})
    assert await one.stamp(tenant_id) != stamp


async def test_a_removed_product_is_gone_at_once_and_names_follow(
    one: Process, other: Process, tenant_id: UUID
) -> None:
    cup = await a_cup(one.db, tenant_id)
    assert await other.names(tenant_id) == {"保温杯"}
    async with one.db.tenant(tenant_id) as conn:
        host = await hosts.create_host(conn, name="小雅")
    assert await other.names(tenant_id) == {"保温杯", "小雅"}
    assert (await other.host(tenant_id, host.id)).name == "小雅"
    async with one.db.tenant(tenant_id) as conn:
        await products.delete_product(conn, cup)
        await hosts.update_host(conn, host.id, 1, {"name": "大雅"})
    assert await other.names(tenant_id) == {"大雅"}
    assert (await other.host(tenant_id, host.id)).name == "大雅"
    with pytest.raises(NotFound):
        await other.product(tenant_id, cup)


async def test_nobody_is_given_what_belongs_to_another_tenant(
    one: Process, catalogue_url: str, tenant_id: UUID
) -> None:
    stranger = await tenant(catalogue_url)
    cup = await a_cup(one.db, tenant_id)
    mug = await a_cup(one.db, stranger, name="马克杯")
    for who, own, foreign in ((tenant_id, cup, mug), (stranger, mug, cup)):
        assert (await one.product(who, own)).id == own
        with pytest.raises(NotFound):
            await one.product(who, foreign)
        # Not even who somehow knows the other's stamp.
        elsewhere = await one.stamp(stranger if who == tenant_id else tenant_id)
        with pytest.raises(NotFound):
            await one.profiles.product(one.db, who, elsewhere, foreign)
    assert (await one.names(tenant_id), await one.names(stranger)) == ({"保温杯"}, {"马克杯"})


async def test_the_owners_own_hand_is_seen_too(one: Process, catalogue_url: str, tenant_id: UUID) -> None:
    cup = await a_cup(one.db, tenant_id)
    assert (await one.product(tenant_id, cup)).price == 10
    owner = await asyncpg.connect(catalogue_url)
    try:
        await owner.execute("UPDATE products SET price = 33 WHERE id = $1", cup)
        assert (await one.product(tenant_id, cup)).price == 33
        await owner.execute("DELETE FROM tenants WHERE id = $1", tenant_id)
    finally:
        await owner.close()
    assert await one.stamp(tenant_id) is None


async def test_imports_and_edits_at_once_do_not_wait_for_each_other_in_a_circle(one: Process, tenant_id: UUID) -> None:
    ids = [await a_cup(one.db, tenant_id, name=f"杯{n}") for n in range(6)]

    async def write(order: list[UUID]) -> None:
        async with one.db.tenant(tenant_id) as conn:
            for id_ in order:
                version = (await products.get_product(conn, id_)).version
                await conn.execute("UPDATE products SET stock = $2 WHERE id = $1", id_, version)
                await asyncio.sleep(0)

    rng = random.Random(5)
    for _ in range(5):  # a deadlock would be told as ServerBusy
        await asyncio.gather(*(write(rng.sample(ids, len(ids))) for _ in range(4)))


async def test_damage_in_redis_costs_a_reading_and_no_more(
    one: Process, other: Process, redis_url: str, tenant_id: UUID
) -> None:
    cup = await a_cup(one.db, tenant_id)
    await one.product(tenant_id, cup)
    stamp = await one.stamp(tenant_id)
    assert stamp is not None
    async with Redis.from_url(redis_url) as client:
        [key] = await client.keys("cuedesk:profiles:*")
        assert 0 < await client.pttl(key) <= 60_000
        for damaged in (b"", b"x", stamp.bytes, stamp.bytes + b"{}", stamp.bytes + b'{"name": "' + b"\xff" * 9):
            await client.set(key, damaged)
            other.profiles.forget(None)
            assert (await other.product(tenant_id, cup)).price == 10
        await client.delete(key)
        await client.rpush(key, "not even a text")
        other.profiles.forget(None)
        assert (await other.product(tenant_id, cup)).price == 10


async def test_what_is_kept_is_bounded_and_grows_old(catalogue_url: str, tenant_id: UUID) -> None:
    async with AsyncExitStack() as stack:
        one = await process(stack, catalogue_url, NOBODY, most=5_000)
        ids = [await a_cup(one.db, tenant_id, name=f"杯{n}", aliases=["杯" * 50] * 5) for n in range(20)]
        for id_ in ids:
            await one.product(tenant_id, id_)
            assert (REGISTRY.get_sample_value("cuedesk_profiles_kept_bytes") or 0) <= 5_000
        before = asked("database"), asked("process")
        await one.product(tenant_id, ids[-1])
        await one.product(tenant_id, ids[0])
        assert (asked("database"), asked("process")) == (before[0] + 1, before[1] + 1)
        one.time[0] += 61
        await one.product(tenant_id, ids[0])
        assert asked("database") == before[0] + 2


async def test_a_change_is_told_once_a_transaction_and_what_is_old_is_let_go_of(
    one: Process, catalogue_url: str, tenant_id: UUID, redis_url: str
) -> None:
    told: asyncio.Queue[UUID | None] = asyncio.Queue()

    async def nothing(*_: Any) -> Any:
        return {}

    async with Cache.open(redis_url) as cache:
        hub = Hub(catalogue_url, cache, Sources(*[nothing] * 7), poll_interval=60)
        hub.on_catalogue = told.put_nowait
        async with hub.running(), asyncio.timeout(30):
            assert await told.get() is None  # it listens: notices may have been missed before
            async with one.db.tenant(tenant_id) as conn:
                for n in range(5):
                    await products.create_product(conn, name=f"杯{n}")
            cup = await a_cup(one.db, tenant_id)
            assert [await told.get(), await told.get()] == [tenant_id] * 2
            await one.product(tenant_id, cup)
            kept = REGISTRY.get_sample_value("cuedesk_profiles_kept_bytes") or 0
            one.profiles.forget(uuid4())
            assert REGISTRY.get_sample_value("cuedesk_profiles_kept_bytes") == kept > 0
            one.profiles.forget(tenant_id)
            assert REGISTRY.get_sample_value("cuedesk_profiles_kept_bytes") == 0


STEPS = st.lists(
    st.tuples(st.sampled_from(["edit", "rename", "read", "names", "empty", "forget", "old"]), st.integers(0, 1)),
    min_size=4,
    max_size=24,
)


@pytest.fixture(scope="module")
def two(catalogue_url: str, valkey_server: EmbeddedValkey) -> Iterator[tuple[asyncio.Runner, list[Process], Redis]]:
    """Two processes that live as long as all the examples, and the loop they live in."""
    stack = AsyncExitStack()
    with asyncio.Runner() as runner:
        processes = [runner.run(process(stack, catalogue_url, valkey_server.url)) for _ in range(2)]
        client = runner.run(stack.enter_async_context(Redis.from_url(valkey_server.url)))
        yield runner, processes, client
        runner.run(stack.aclose())


@settings(max_examples=25)
@given(steps=STEPS)
def test_in_any_order_everybody_sees_what_was_committed_last(
    catalogue_url: str, two: tuple[asyncio.Runner, list[Process], Redis], steps: list[tuple[str, int]]
) -> None:
    runner, processes, client = two
    runner.run(in_order(catalogue_url, processes, client, steps))


async def in_order(url: str, processes: list[Process], client: Redis, steps: list[tuple[str, int]]) -> None:
    who_id = await tenant(url)
    cup = await a_cup(processes[0].db, who_id)
    name, price, earlier = "保温杯", 10, await processes[0].stamp(who_id)
    for step, at in steps:
        who = processes[at]
        match step:
            case "edit":
                price += 1
                await who.reprice(who_id, cup, price)
            case "rename":
                name += "改"
                async with who.db.tenant(who_id) as conn:
                    version = (await products.get_product(conn, cup)).version
                    await products.update_product(conn, cup, version, {"name": name})
            case "read":
                assert await who.product(who_id, cup) == await processes[1 - at].product(who_id, cup)
                assert (await who.product(who_id, cup)).price == price
            case "names":
                assert await who.names(who_id) == {name}
            case "empty":
                await client.flushall()
            case "forget":
                who.profiles.forget(who_id)
            case "old":  # a run that began earlier still reads
                await who.profiles.product(who.db, who_id, earlier, cup)
                earlier = await who.stamp(who_id)
    for who in processes:
        assert (await who.product(who_id, cup)).price == price
        assert await who.names(who_id) == {name}
