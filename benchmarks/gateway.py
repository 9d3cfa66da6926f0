"""What a streamed token costs at each height: the bare reader, our gateway, and LangChain's ChatOpenAI.

All three read the same answers of the same scripted model (a process of its own) in one run, taking turns, so that a
busy machine is busy for each of them. Processor time of this process, told for one token. The bare reader is httpx2 by
the book (benchmarks/bare.py). The gateway reads streams by a shorter way (backend/llm/lines.py), so it may cost less;
`by line` is the bare reader on that way: what the gateway costs beyond it is its own.

What the gateway *adds* to the first token is told of 200 streams that run at once, of ten tokens a second: each place
takes the readers, and a second bare one, by turns, in an order drawn anew each time, so that all meet the same moments.
Told are the quantiles of each, and how far they are from the first bare reader's, with the interval that 95 of 100 such
runs would give (bootstrap over the places). What the second bare reader seems to add is the noise.
Run: `python -m benchmarks.gateway`, about three minutes; `--only added` or `--only costs` for a part of it.
"""

import argparse
import asyncio
import gc
import random
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
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
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=64)
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


@dataclass
class First:
    """Milliseconds to the first tokens, of each way and place."""

    of: dict[str, list[list[float]]]

    def quantile(self, name: str, share: float, places: Sequence[int]) -> float:
        """Return a quantile over all streams of these places."""
        found = sorted(one for place in places for one in self.of[name][place])
        return found[min(len(found) - 1, int(share * len(found)))]

    def added(self, name: str, share: float, *, resamples: int = 400) -> tuple[float, float, float]:
        """Return how far the quantile is from the bare reader's, and where it lies 95 times of 100."""
        places = range(len(self.of[name]))

        def difference(of: Sequence[int]) -> float:
            return self.quantile(name, share, of) - self.quantile("bare", share, of)

        drawn = sorted(difference(random.choices(places, k=len(places))) for _ in range(resamples))
        return difference(places), drawn[int(0.025 * resamples)], drawn[int(0.975 * resamples)]


async def added(base_url: str, *, streams: int, seconds: float) -> None:
    """Print how much later the gateway's first token comes than the bare reader's of the same moments."""
    script = "tokens:count=20,delay=0.1"
    async with readers(base_url, script) as ways, readers(base_url, script) as others:
        # Two bare readers with connections of their own: one that shares them would have twice as many to open.
        taken = {**{name: ways[name] for name in ("bare", "by line", "gateway")}, "bare again": others["bare"]}
        first = First({name: [[] for _ in range(streams)] for name in taken})
        loop = asyncio.get_running_loop()
        warm, over = loop.time() + 6, loop.time() + 6 + seconds

        async def stream(place: int) -> None:
            await asyncio.sleep(random.uniform(0, 2))  # not all at the same moment
            while loop.time() < over:
                for name in random.sample(list(taken), len(taken)):
                    began = loop.time()
                    took, _ = await taken[name]()
                    if began > warm:
                        first.of[name][place].append(took * 1e3)

        await asyncio.gather(*(stream(place) for place in range(streams)))
    counted = {name: sum(map(len, places)) for name, places in first.of.items()}
    print(f"\nfirst token beside {streams} streams of 10 tokens/s: {counted} streams, ms")
    for share in (0.5, 0.95, 0.99):
        for name in taken:
            line = f"  p{share * 100:<3.0f} {name:<11} {first.quantile(name, share, range(streams)):7.2f}"
            if name != "bare":
                line += "   beside bare {:+7.2f} ({:+.2f} … {:+.2f})".format(*first.added(name, share))
            print(line)


async def main(rounds: int, seconds: float, only: str | None) -> None:
    # As the server does (transport/server.py): collecting garbage is the longest pause there is.
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 50, 1_000)
    async with model_process() as base_url:
        if only != "costs":
            await added(base_url, streams=200, seconds=seconds)
        if only == "added":
            return
        await compare("one after the other", base_url, "tokens:count=5", streams=1, rounds=rounds * 25)
        await compare("saturated", base_url, "tokens:count=400", streams=10, rounds=rounds)
        await compare("40 tokens/s", base_url, "tokens:count=60,delay=0.025", streams=200, rounds=max(1, rounds // 4))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="What a streamed token costs.")
    arguments.add_argument("--rounds", type=int, default=12)
    arguments.add_argument("--seconds", type=float, default=60)
    arguments.add_argument("--only", choices=("added", "costs"))
    given = arguments.parse_args()
    uvloop.run(main(given.rounds, given.seconds, given.only))
