"""What keeping hosts and products at hand saves a turn: `python -m benchmarks.profiles [ROUNDS]`.

Starts servers of its own and throws them away. A turn here is what a run reads of the catalogue: all names while it
reads its thread (in a transaction it has anyway), then the host and the product, each in a transaction of its own.
Told are the statements sent to PostgreSQL (BEGIN and COMMIT are statements), the time, and this process's CPU time:
reading straight, as it was before; kept in this process; kept in Redis only (another process read it); with an edit
before every fifth turn; and with Redis gone.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import asyncpg

from backend.domain import hosts, products
from backend.domain.profiles import Profiles, read_names, read_stamp
from backend.storage import postgres
from backend.storage.embedded import embedded_postgres, embedded_valkey
from backend.storage.migrate import upgrade
from backend.storage.postgres import Database
from backend.storage.redis import Cache

_SIZES = (20, 300, 3000)
_NOBODY = "redis://127.0.0.1:1/0"
_sent = 0


def _count(_: object) -> None:
    global _sent  # noqa: PLW0603 — one process, one benchmark
    _sent += 1


class Desk:
    """A tenant's catalogue, and the ways to read it."""

    def __init__(self, db: Database, profiles: Profiles, tenant_id: UUID, host_id: UUID, product_id: UUID) -> None:
        self._db, self._profiles = db, profiles
        self._tenant_id, self._host_id, self._product_id = tenant_id, host_id, product_id
        self._turn = 0

    async def straight(self) -> None:
        """Read everything from the tables."""
        async with self._db.tenant(self._tenant_id) as conn:
            await read_names(conn)
        async with self._db.tenant(self._tenant_id) as conn:
            await hosts.get_host(conn, self._host_id)
        async with self._db.tenant(self._tenant_id) as conn:
            await products.get_product(conn, self._product_id)

    async def kept(self) -> None:
        """Read as runs do."""
        async with self._db.tenant(self._tenant_id) as conn:
            stamp = await read_stamp(conn)
            await self._profiles.names(conn, self._tenant_id, stamp)
        await self._profiles.host(self._db, self._tenant_id, stamp, self._host_id)
        await self._profiles.product(self._db, self._tenant_id, stamp, self._product_id)

    async def elsewhere(self) -> None:
        """Read what another process has read."""
        self._profiles.forget(None)
        await self.kept()

    async def edit(self) -> None:
        """Change the stock."""
        async with self._db.tenant(self._tenant_id) as conn:
            version = (await products.get_product(conn, self._product_id)).version
            await products.update_product(conn, self._product_id, version, {"stock": version})


async def _measure(name: str, rounds: int, turn: Callable[[], Awaitable[None]], before: Desk | None = None) -> None:
    await turn()
    sent = 0
    times: list[float] = []
    cpu = 0.0
    for n in range(rounds):
        if before is not None and n % 5 == 0:
            await before.edit()
        start, began, used = _sent, time.perf_counter(), time.process_time()
        await turn()
        times.append((time.perf_counter() - began) * 1000)
        cpu += time.process_time() - used
        sent += _sent - start
    p95 = statistics.quantiles(times, n=20)[-1]
    print(
        f"  {name:<28} {sent / rounds:5.1f} statements   p50 {statistics.median(times):6.2f} ms   p95 {p95:6.2f} ms   "
        f"cpu {cpu / rounds * 1000:5.2f} ms"
    )


async def _catalogue(url: str, db: Database, size: int) -> tuple[UUID, UUID, UUID]:
    owner = await asyncpg.connect(url)
    try:
        tenant_id: UUID = await owner.fetchval(
            "INSERT INTO tenants (slug, name) VALUES ($1, $1) RETURNING id", f"goods-{size}"
        )
    finally:
        await owner.close()
    async with db.tenant(tenant_id) as conn:
        host = await hosts.create_host(
            conn, name="小雅", voice="亲切", catchphrases=["听我说完"], taboo_words=["绝绝子"]
        )
        await conn.execute(
            """INSERT INTO products (name, brand, category, aliases, price)
               SELECT '某牌好物 ' || n, '某牌', '水杯水壶', ARRAY['别名' || n, '简称' || n], 10
               FROM generate_series(2, $1) n""",
            size,
        )
        product = await products.create_product(
            conn,
            name="某牌保温杯",
            price=Decimal(99),
            price_ladder=[products.PriceStep(2, Decimal(179))],
            points=[products.Point("316 内胆", "装茶不留味", "现场倒水")] * 5,
            facts={f"参数{n}": "500 ml" for n in range(12)},
        )
    return tenant_id, host.id, product.id


async def main(rounds: int) -> None:
    """Measure and print."""
    prepare = postgres._prepare

    async def counted(conn: "asyncpg.Connection[asyncpg.Record]") -> None:
        await prepare(conn)
        conn.add_query_logger(_count)

    postgres._prepare = counted
    with tempfile.TemporaryDirectory(prefix="cuedesk-bench-") as folder:
        async with AsyncExitStack() as stack:
            enter = stack.enter_async_context
            server = await enter(embedded_postgres(Path(folder), fsync=False))
            redis = await enter(embedded_valkey(Path(folder), fsync=False))
            await asyncio.to_thread(upgrade, server.owner_url)
            db = await enter(Database.open(server.owner_url, size=2, acquire_timeout=10))
            well, gone = await enter(Cache.open(redis)), await enter(Cache.open(_NOBODY))
            for size in _SIZES:
                print(f"{size} products")
                ids = await _catalogue(server.owner_url, db, size)
                desk, alone = (Desk(db, Profiles(cache, most=64_000_000, ttl=300), *ids) for cache in (well, gone))
                await _measure("straight, as before", rounds, desk.straight)
                await _measure("kept in this process", rounds, desk.kept)
                await _measure("kept in Redis only", rounds, desk.elsewhere)
                await _measure("an edit every fifth turn", rounds, desk.kept, desk)
                await _measure("the same, Redis gone", rounds, alone.kept, alone)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 200))
