"""One tenant exhausts its budget, what becomes of another: `python -m benchmarks.model_budgets`, about a minute.

A scripted model in a process of its own; PostgreSQL, Valkey, the gateway and the budgets as the server has them, thrown
away afterwards. One tenant asks as people do. By turns, in blocks of a second, it is alone, and beside another that has
far more to ask than its tokens of a minute allow and asks again whatever it is told. Answers have a price and both a
limit of money, so that PostgreSQL holds it back before each call and counts it after. A block of each kind is a pair,
in an order drawn anew, so that both share the same minutes of the same machine and the ratio survives a busy one. Told
are the ratios of the latencies and the difference of what was answered, each with the interval that 95 of 100 such runs
would give (bootstrap over the pairs). The first pair is not counted: the budget goes in it.
"""

import argparse
import asyncio
import random
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import asyncpg
import uvloop

from backend.errors import ModelError
from backend.llm.deadlines import Deadlines
from backend.llm.gateway import Caller, ModelRequest
from backend.llm.routed import RoutedModel
from backend.runs.books import Books
from backend.runs.budgets import TenantBudgets
from backend.settings import Settings
from backend.storage.embedded import embedded_postgres, embedded_valkey
from backend.storage.migrate import upgrade
from backend.storage.postgres import Database
from backend.storage.redis import Cache
from benchmarks.gateway import REQUEST, interval, model_process
from tests.support.routed_models import models_of, opened

_ANSWER = "tokens:count=40,delay=0.002"
#: Tokens a minute of the one that asks too much: a few answers.
_LITTLE = 1_500
#: The other has a limit too, so that its calls are counted as well: one it does not reach.
_PLENTY = 100_000_000
#: What both may spend in the month: more than they do, so that money is held back and counted for every call.
_MONEY = 1_000_000


@dataclass
class Asked:
    """What came of the calls of one tenant."""

    firsts: list[float] = field(default_factory=list)
    wholes: list[float] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)

    def told(self) -> str:
        first, whole = (statistics.quantiles(times, n=100) for times in (self.firsts, self.wholes))
        return (
            f"first token p50 {first[49]:6.2f} ms, p99 {first[98]:6.2f} ms   "
            f"whole p50 {whole[49]:6.1f} ms, p99 {whole[98]:6.1f} ms   {dict(self.ends)}"
        )

    def add(self, other: "Asked") -> None:
        """Take in what came of others."""
        self.firsts += other.firsts
        self.wholes += other.wholes
        self.ends += other.ends


def ratio(pairs: Sequence[tuple[Asked, Asked]], name: str, share: int) -> float:
    """Return a quantile beside the exhausted one over that alone."""
    alone, beside = (
        statistics.quantiles([one for pair in pairs for one in getattr(pair[kind], name)], n=100)[share - 1]
        for kind in (0, 1)
    )
    return beside / alone


def answered(pairs: Sequence[tuple[Asked, Asked]]) -> float:
    """Return how much larger the share of answered calls is beside the exhausted one than alone."""
    ends = [sum((pair[kind].ends for pair in pairs), Counter[str]()) for kind in (0, 1)]
    alone, beside = (one["answered"] / one.total() for one in ends)
    return beside - alone


async def ask(model: RoutedModel, request: ModelRequest, asked: Asked) -> None:
    """Ask once and keep how long it took and how it ended."""
    began, first = time.perf_counter(), None
    try:
        async for piece in model.stream(request):
            first = first or (piece.text and time.perf_counter())
    except ModelError as error:
        asked.ends[error.code] += 1
        return
    asked.ends["answered"] += 1
    asked.firsts.append(((first or time.perf_counter()) - began) * 1000)
    asked.wholes.append((time.perf_counter() - began) * 1000)


@asynccontextmanager
async def gateway(base_url: str, url: str, redis_url: str) -> AsyncIterator[RoutedModel]:
    """Open a model with budgets and books, as the server does."""
    models = models_of(
        f"providers:\n  p: {{profile: compatible, base_url: '{base_url}'}}\n"
        f"backends:\n  b: {{provider: p, model: '{_ANSWER}', prices: {{input: 2, output: 8}}}}\n"
        "routes:\n  default: {backends: [b]}\n"
    )
    settings = Settings(_env_file=None, database_url=url, redis_url=redis_url)
    async with (
        Database.open(url, size=6, acquire_timeout=5) as db,
        Cache.open(redis_url) as cache,
        AsyncExitStack() as stack,
    ):
        books = Books(db, str)  # no texts are kept, so nothing is masked
        await stack.enter_async_context(books.kept())
        budgets = TenantBudgets(db, cache, settings)
        await stack.enter_async_context(budgets.kept())
        model = RoutedModel(models, opened, Deadlines(), books.take, budgets)
        stack.push_async_callback(model.aclose)
        yield model


async def tenant(url: str, slug: str, tokens: int) -> UUID:
    """Make a tenant that may use so many tokens a minute, and more money than it can."""
    owner = await asyncpg.connect(url)
    made: UUID = await owner.fetchval(
        """INSERT INTO tenants (slug, name, model_tokens_per_minute, model_cost_hard)
           VALUES ($1, $1, $2, $3) RETURNING id""",
        slug, tokens, _MONEY,
    )  # fmt: skip
    await owner.close()
    return made


async def spent(url: str) -> str:
    """Tell what each tenant spent, as the month's sum says."""
    owner = await asyncpg.connect(url)
    rows = await owner.fetch(
        "SELECT slug, calls, cost, currency FROM model_spending JOIN tenants ON tenants.id = tenant_id ORDER BY slug"
    )
    await owner.close()
    return ", ".join(f"{row['slug']} {row['cost']:f} {row['currency']} in {row['calls']} calls" for row in rows)


async def block(model: RoutedModel, modest: ModelRequest, asked: Asked, streams: int) -> None:
    """Let the modest one ask for a second, so many answers at a time."""
    until = time.perf_counter() + 1

    async def person() -> None:
        while time.perf_counter() < until:
            await ask(model, modest, asked)

    await asyncio.gather(*(person() for _ in range(streams)))


async def crowd(model: RoutedModel, greedy: ModelRequest, asked: Asked, rate: int, over: asyncio.Event) -> None:
    """Ask so many times a second, whatever comes of it, until it is over."""
    async with asyncio.TaskGroup() as tasks:
        while not over.is_set():
            tasks.create_task(ask(model, greedy, asked))
            await asyncio.sleep(1 / rate)


async def main(blocks: int, streams: int, rate: int) -> None:
    alone, beside, refused = Asked(), Asked(), Asked()
    pairs: list[tuple[Asked, Asked]] = []
    with tempfile.TemporaryDirectory(prefix="cuedesk-budgets-") as folder:
        async with (
            embedded_postgres(Path(folder) / "pg", fsync=False) as server,
            embedded_valkey(Path(folder) / "valkey", fsync=False) as redis_url,
            model_process() as base_url,
        ):
            await asyncio.to_thread(upgrade, server.owner_url)
            modest = replace(REQUEST, caller=Caller(await tenant(server.owner_url, "modest", _PLENTY)))
            greedy = replace(REQUEST, caller=Caller(await tenant(server.owner_url, "greedy", _LITTLE)))
            async with gateway(base_url, server.owner_url, redis_url) as model:
                for number in range(blocks + 1):
                    pair = Asked(), Asked()
                    # In an order drawn anew: neither kind always comes after the other.
                    for kind in random.sample((0, 1), 2):
                        over = asyncio.Event()
                        asking = asyncio.create_task(crowd(model, greedy, refused, rate, over)) if kind else None
                        await block(model, modest, pair[kind], streams)
                        over.set()
                        if asking is not None:
                            await asking
                    if number:
                        pairs.append(pair)
                        alone.add(pair[0])
                        beside.add(pair[1])
            money = await spent(server.owner_url)  # the gateway is closed, and its books are written
    print(f"{streams} answers at a time, {blocks} blocks of each kind; the other asks {rate} times a second")
    print(f"  alone                     {alone.told()}")
    print(f"  beside an exhausted one   {beside.told()}")
    for name in ("firsts", "wholes"):
        for share in (50, 95, 99):
            told = ratio(pairs, name, share)
            drawn = [ratio(random.choices(pairs, k=len(pairs)), name, share) for _ in range(2000)]
            low, high = interval(drawn)
            print(f"  beside ÷ alone, {name:6}    p{share} {told:.3f} ({low:.3f} … {high:.3f})")
    shares = [answered(random.choices(pairs, k=len(pairs))) for _ in range(2000)]
    low, high = interval(shares)
    print(f"  answered beside − alone   {answered(pairs) * 100:+.2f} % ({low * 100:+.2f} … {high * 100:+.2f})")
    print(f"  the exhausted one         {dict(refused.ends)}")
    print(f"  spent                     {money}")


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="One tenant exhausts its budget: what becomes of another.")
    arguments.add_argument("--blocks", type=int, default=20)
    arguments.add_argument("--streams", type=int, default=8)
    arguments.add_argument("--rate", type=int, default=100)
    given = arguments.parse_args()
    uvloop.run(main(given.blocks, given.streams, given.rate))
