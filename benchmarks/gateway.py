"""What a streamed token costs at each height: the bare reader, our gateway, and LangChain's ChatOpenAI.

All three read the same answers of the same scripted model (a process of its own) in one run, taking turns, so that a
busy machine is busy for each of them. Processor time of this process, told for one token.

What the gateway *adds* to the first token is told in pairs: the bare reader and the gateway ask one right after the
other, in changing order, and the difference of each pair counts; one pair after the other, and then (a quarter as many)
beside 200 streams of ten tokens a second: the scripted model can hardly say more. Pairs of two bare readers in between
tell how much of it is the machine's own. Run: `python -m benchmarks.gateway`, about two minutes; `--only added` or
`--only costs` for half of it.
"""

import argparse
import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx2
import uvloop

from backend.llm.gateway import ChatTurn, ModelRequest
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


async def added(base_url: str, *, pairs: int, streams: int) -> None:
    """Print how much later the gateway's first token comes than the bare reader's of the same moment."""
    async with (
        readers(base_url, "tokens:count=2") as ways,
        readers(base_url, "tokens:count=100,delay=0.1") as beside,
    ):
        over = False

        async def stream() -> None:
            while not over:
                await beside["gateway"]()

        others = [asyncio.create_task(stream()) for _ in range(streams)]
        if streams:
            await asyncio.sleep(2)  # until all of them flow
        measured: dict[str, list[float]] = {"gateway": [], "bare": []}
        for number in range(pairs + 20):
            for name, differences in measured.items():
                turns = [("bare", 0), (name, 1)] if number % 2 else [(name, 1), ("bare", 0)]
                firsts = [0.0, 0.0]
                for way, place in turns:
                    firsts[place], _ = await ways[way]()
                if number >= 20:  # the first open the connections
                    differences.append((firsts[1] - firsts[0]) * 1e3)
        over = True
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
    print(
        f"\nadded to the first token, {pairs} pairs" + (f" beside {streams} streams of 10 tokens/s" if streams else "")
    )
    for name, differences in measured.items():
        hundredths = statistics.quantiles(differences, n=100)
        print(
            f"  {name + ' - bare':<15} p50 {hundredths[49]:6.2f} ms   p95 {hundredths[94]:6.2f} ms   "
            f"p99 {hundredths[98]:6.2f} ms"
        )


async def main(rounds: int, pairs: int, only: str | None) -> None:
    async with model_process() as base_url:
        if only != "costs":
            await added(base_url, pairs=pairs, streams=0)
            await added(base_url, pairs=pairs // 4, streams=200)
        if only == "added":
            return
        await compare("one after the other", base_url, "tokens:count=5", streams=1, rounds=rounds * 25)
        await compare("saturated", base_url, "tokens:count=400", streams=10, rounds=rounds)
        await compare("40 tokens/s", base_url, "tokens:count=60,delay=0.025", streams=200, rounds=max(1, rounds // 4))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="What a streamed token costs.")
    arguments.add_argument("--rounds", type=int, default=12)
    arguments.add_argument("--pairs", type=int, default=2000)
    arguments.add_argument("--only", choices=("added", "costs"))
    given = arguments.parse_args()
    uvloop.run(main(given.rounds, given.pairs, given.only))
