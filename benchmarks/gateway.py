"""What a streamed token costs at each height: the bare reader, our gateway, and LangChain's ChatOpenAI.

All three read the same answers of the same scripted model (a process of its own) in one run, taking turns, so that a
busy machine is busy for each of them. Processor time of this process, told for one token. The bare reader is httpx2 by
the book (benchmarks/bare.py). The gateway reads streams by a shorter way (backend/llm/lines.py), so it may cost less;
`by line` is the bare reader on that way: what the gateway costs beyond it is its own.

An answer costs what opening its call costs and what its tokens cost. `--only fit` tells them apart: 200 streams at once
of 40 tokens a second, by turns with answers of 60 and of 300 tokens, and the line through the medians of both:
µs a call and µs a token, with the interval that 95 of 100 such runs would give (bootstrap over the pairs). The raw
figure, everything divided by the tokens, stands beside it for both lengths.

What the gateway *adds* to the first token is told of 200 streams that run at once, of ten tokens a second: each place
takes the readers, and a second bare one, by turns, in an order drawn anew each time, so that all meet the same moments;
a turn of all of them is a block. Told are the quantiles of each, how far they are from the first bare reader's, and
the interval that 95 of 100 such runs would give (bootstrap over blocks, whole seconds of them at a time, because what
disturbs one disturbs its neighbours). What the second bare reader seems to add is the noise.

No budgets and no books: what reserving, counting and writing down a call cost is not in these figures
(benchmarks/model_budgets.py runs with them).
Run: `python -m benchmarks.gateway`, about nine minutes; `--only added`, `costs` or `fit` for a part of it.
"""

import argparse
import asyncio
import gc
import random
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import httpx2
import uvloop

from backend.llm.gateway import ChatTurn, ModelRequest
from backend.llm.lines import body_of, open_client
from benchmarks.bare import pieces_of
from tests.support.routed_models import models_of, routed

QUESTION = "写一段保温杯的开场"
REQUEST = ModelRequest("script", [ChatTurn("user", QUESTION)], {})
#: Reads one answer to its end; returns the seconds to its first token and how many tokens there were.
Reader = Callable[[], Awaitable[tuple[float, int]]]


@asynccontextmanager
async def model_process() -> AsyncIterator[str]:
    """Run the scripted model beside us; yield its base URL."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.scripted_model", "--port", "0", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        yield (await process.stdout.readline()).decode().split()[-1]
    finally:
        process.terminate()
        await process.wait()


async def read(pieces: AsyncIterator[str]) -> tuple[float, int]:
    """Read an answer to its end."""
    started, first, count = time.perf_counter(), 0.0, 0
    async for text in pieces:
        if text:
            first = first or time.perf_counter() - started
            count += 1
    return first, count


@asynccontextmanager
async def readers(base_url: str, model: str) -> AsyncIterator[dict[str, Reader]]:
    """Open each of the ways; ChatOpenAI only where it is installed."""
    declared = models_of(
        f"providers:\n  p: {{profile: compatible, base_url: '{base_url}'}}\n"
        f"backends:\n  b: {{provider: p, model: '{model}'}}\nroutes:\n  default: {{backends: [b]}}\n"
    )
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=256)  # as the gateway
    async with (
        httpx2.AsyncClient(timeout=60, limits=limits) as client,
        open_client(timeout=60, limits=limits) as lined,
        routed(declared, connect=30, first_token=60, idle=60, total=300) as gateway,
    ):

        async def read_pieces() -> tuple[float, int]:
            """What `read` does, as whoever uses the gateway reads it: without one generator more."""
            started, first, count = time.perf_counter(), 0.0, 0
            async for piece in gateway.model.stream(REQUEST):
                if piece.text:
                    first = first or time.perf_counter() - started
                    count += 1
            return first, count

        ways: dict[str, Reader] = {
            "bare": lambda: read(pieces_of(client, f"{base_url}/chat/completions", model, QUESTION)),
            "by line": lambda: read(pieces_of(lined, f"{base_url}/chat/completions", model, QUESTION, body_of)),
            "gateway": read_pieces,
        }
        try:
            from langchain_openai import ChatOpenAI
        except ImportError:
            print("langchain-openai is not installed: without ChatOpenAI", file=sys.stderr)
        else:
            chat = ChatOpenAI(base_url=base_url, api_key="none", model=model, stream_usage=True, timeout=60)

            async def streamed() -> AsyncIterator[str]:
                async for chunk in chat.astream(QUESTION):
                    yield str(chunk.text)

            ways["ChatOpenAI"] = lambda: read(streamed())
        yield ways


async def at_once(way: Reader, streams: int) -> tuple[float, list[float]]:
    """Read so many answers at once; return microseconds of processor a token, and the seconds to each first token."""
    cpu = time.process_time()
    answers = await asyncio.gather(*(way() for _ in range(streams)))
    tokens = sum(count for _, count in answers)
    return (time.process_time() - cpu) / tokens * 1e6, [first for first, _ in answers]


async def compare(title: str, base_url: str, model: str, *, streams: int, rounds: int) -> None:
    """Let each way read in turn, `rounds` times, and print the medians."""
    async with readers(base_url, model) as ways:
        costs: dict[str, list[float]] = {name: [] for name in ways}
        firsts: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(rounds + 1):
            for name, way in ways.items():
                cost, first = await at_once(way, streams)
                if number:  # the first round opens the connections
                    costs[name].append(cost)
                    firsts[name] += first
    print(f"\n{title}: {streams} streams, {rounds} rounds")
    bare = statistics.median(costs["bare"])
    for name, measured in costs.items():
        cost = statistics.median(measured)
        hundredths = statistics.quantiles(firsts[name], n=100) if len(firsts[name]) > 1 else firsts[name] * 99
        print(
            f"  {name:<11} {cost:7.1f} µs a token  {cost / bare:5.2f} × bare   "
            f"first token p50 {hundredths[49] * 1e3:6.1f} ms, p99 {hundredths[98] * 1e3:6.1f} ms"
        )


#: Tokens of the short and of the long answers.
_SHORT, _LONG = 60, 300


def interval(drawn: Sequence[float]) -> tuple[float, float]:
    """Return where 95 of 100 lie."""
    found = sorted(drawn)
    return found[int(0.025 * len(found))], found[int(0.975 * len(found))]


async def fit(base_url: str, *, streams: int, pairs: int) -> None:
    """Print what a call and what a token costs each way, from answers of two lengths read by turns."""
    async with AsyncExitStack() as stack:
        ways = {
            length: await stack.enter_async_context(readers(base_url, f"tokens:count={length},delay=0.025"))
            for length in (_SHORT, _LONG)
        }
        costs: dict[str, list[tuple[float, float]]] = {name: [] for name in ways[_SHORT]}
        for number in range(pairs + 1):
            for name in random.sample(list(costs), len(costs)):
                # µs of processor a call, of both lengths.
                short = (await at_once(ways[_SHORT][name], streams))[0] * _SHORT
                long = (await at_once(ways[_LONG][name], streams))[0] * _LONG
                if number:  # the first pair opens the connections
                    costs[name].append((short, long))

    def line(measured: Sequence[tuple[float, float]]) -> tuple[float, float]:
        short, long = (statistics.median(costs) for costs in zip(*measured, strict=True))
        token = (long - short) / (_LONG - _SHORT)
        return token, short - token * _SHORT

    print(f"\n{streams} streams at once of 40 tokens/s, {pairs} pairs of rounds of {_SHORT} and {_LONG} tokens; µs")
    for name, measured in costs.items():
        token, call = line(measured)
        drawn = [line(random.choices(measured, k=len(measured))) for _ in range(2000)]
        (low, high), (least, most) = (interval(values) for values in zip(*drawn, strict=True))
        raw = [
            statistics.median(one[place] for one in measured) / length for place, length in ((0, _SHORT), (1, _LONG))
        ]
        print(
            f"  {name:<11} {token:6.1f} a token ({low:.1f} … {high:.1f})  {call:7.0f} a call ({least:.0f} … {most:.0f})"
            f"   raw, a token: {raw[0]:6.1f} of {_SHORT}, {raw[1]:6.1f} of {_LONG}"
        )


@dataclass
class First:
    """Milliseconds to the first tokens, of each way, block by block: a block has one of each, and when it began."""

    blocks: list[tuple[float, dict[str, float]]]
    #: Seconds of blocks that are drawn together.
    together: float = 2.0

    def quantile(self, name: str, share: float, blocks: Sequence[dict[str, float]]) -> float:
        """Return a quantile over these blocks."""
        found = sorted(block[name] for block in blocks)
        return found[min(len(found) - 1, int(share * len(found)))]

    def added(self, name: str, share: float, *, resamples: int = 1000) -> tuple[float, float, float]:
        """Return how far the quantile is from the bare reader's, and where it lies 95 times of 100."""
        groups: dict[int, list[dict[str, float]]] = defaultdict(list)
        for began, block in self.blocks:
            groups[int(began / self.together)].append(block)
        of = list(groups.values())

        def difference(drawn: Sequence[list[dict[str, float]]]) -> float:
            blocks = [block for group in drawn for block in group]
            return self.quantile(name, share, blocks) - self.quantile("bare", share, blocks)

        return difference(of), *interval([difference(random.choices(of, k=len(of))) for _ in range(resamples)])


async def added(base_url: str, *, streams: int, seconds: float) -> None:
    """Print how much later the gateway's first token comes than the bare reader's of the same moments."""
    script = "tokens:count=20,delay=0.1"
    async with readers(base_url, script) as ways, readers(base_url, script) as others:
        # Two bare readers with connections of their own: one that shares them would have twice as many to open.
        taken = {**{name: ways[name] for name in ("bare", "by line", "gateway")}, "bare again": others["bare"]}
        first = First([])
        loop = asyncio.get_running_loop()
        warm, over = loop.time() + 6, loop.time() + 6 + seconds

        async def stream() -> None:
            await asyncio.sleep(random.uniform(0, 2))  # not all at the same moment
            while loop.time() < over:
                began, block = loop.time(), {}
                for name in random.sample(list(taken), len(taken)):
                    took, _ = await taken[name]()
                    block[name] = took * 1e3
                if began > warm:
                    first.blocks.append((began, block))

        await asyncio.gather(*(stream() for _ in range(streams)))
    print(f"\nfirst token beside {streams} streams of 10 tokens/s: {len(first.blocks)} blocks of one of each, ms")
    blocks = [block for _, block in first.blocks]
    for share in (0.5, 0.95, 0.99):
        for name in taken:
            line = f"  p{share * 100:<3.0f} {name:<11} {first.quantile(name, share, blocks):7.2f}"
            if name != "bare":
                line += "   beside bare {:+7.2f} ({:+.2f} … {:+.2f})".format(*first.added(name, share))
            print(line)


async def main(rounds: int, seconds: float, streams: int, only: str | None) -> None:
    # As the server does (transport/server.py): collecting garbage is the longest pause there is.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000)
    async with model_process() as base_url:
        if only in (None, "added"):
            await added(base_url, streams=streams, seconds=seconds)
        if only in (None, "fit"):
            await fit(base_url, streams=streams, pairs=rounds)
        if only not in (None, "costs"):
            return
        await compare("one after the other", base_url, "tokens:count=5", streams=1, rounds=rounds * 25)
        await compare("saturated", base_url, "tokens:count=400", streams=10, rounds=rounds)
        await compare(
            "40 tokens/s", base_url, "tokens:count=60,delay=0.025", streams=streams, rounds=max(1, rounds // 4)
        )


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="What a streamed token costs.")
    arguments.add_argument("--rounds", type=int, default=12)
    arguments.add_argument("--seconds", type=float, default=240)
    arguments.add_argument("--streams", type=int, default=200)
    arguments.add_argument("--only", choices=("added", "costs", "fit"))
    given = arguments.parse_args()
    uvloop.run(main(given.rounds, given.seconds, given.streams, given.only))
