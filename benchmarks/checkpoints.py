"""What our index costs: turns a second of a five-node graph with our saver, against LangGraph's stock saver.

One turn is a run of its own: seven checkpoints, as a script takes, with a state of the usual size. Three savers take
turns within each round, so that all see the same machine: *stock* is one `AsyncPostgresSaver` for all runs, as its
documentation shows (it works through one lock); *stock a run* is one for each run on a shared pool; *ours* is that with
fence and index. PostgreSQL is embedded, with fsync on. CPU is that of this process and of PostgreSQL together: it means
something on a busy machine too. Run: `python -m benchmarks.checkpoints [--turns N] [--rounds N] [--at-once N …]`.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypedDict
from uuid import UUID

import asyncpg
import psutil
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.graph import END, START, StateGraph

from backend.ids import new_id
from backend.storage.checkpoints import CheckpointPool, FencedSaver, create_tables, open_checkpoints
from backend.storage.embedded import embedded_postgres
from backend.storage.migrate import upgrade

_TEXT = "早上灌好的热水，到了办公室一喝，已经凉透了？" * 12


class State(TypedDict, total=False):
    """About as much as a script's run carries."""

    request: dict[str, Any]
    slots: dict[str, Any]
    history: list[dict[str, str]]
    draft: str
    report: dict[str, Any]
    round: int


def graph() -> Any:
    """Return five nodes in a row that each change a part of the state."""
    made = StateGraph(State)

    def node(name: str, change: State) -> None:
        async def step(state: State) -> State:
            return change

        made.add_node(name, step)

    node("intent", {"slots": {str(n): _TEXT[:40] for n in range(12)}, "round": 0})
    node("gather", {"history": [{"role": "user", "content": _TEXT}] * 6})
    node("script", {"draft": _TEXT * 2, "round": 1})
    node("quality", {"report": {"findings": [], "checks": [{"id": str(n), "detail": _TEXT[:30]} for n in range(10)]}})
    node("finalize", {"round": 2})
    names = ["intent", "gather", "script", "quality", "finalize"]
    for before, after in zip([START, *names], [*names, END], strict=True):
        made.add_edge(before, after)
    return made.compile()


def cpu() -> float:
    """Return the CPU seconds that this process and its PostgreSQL have used."""
    ours = psutil.Process()
    servers = [one.cpu_times() for one in ours.children(recursive=True)]
    return time.process_time() + sum(t.user + t.system for t in servers)


async def turns(
    compiled: Any, savers: Callable[[UUID], AsyncPostgresSaver], runs: list[UUID], at_once: int
) -> tuple[float, float]:
    """Run one turn for each of `runs`, `at_once` at a time; return turns a second and CPU milliseconds a turn."""
    waiting = iter(runs)

    async def work() -> None:
        for run_id in waiting:
            bound = compiled.copy(update={"checkpointer": savers(run_id)})
            config = {"configurable": {"thread_id": str(run_id)}}
            await bound.ainvoke({"request": {"content": _TEXT}}, config, durability="sync")

    began, used = time.perf_counter(), cpu()
    await asyncio.gather(*(work() for _ in range(at_once)))
    return len(runs) / (time.perf_counter() - began), (cpu() - used) * 1000 / len(runs)


async def new_runs(conn: "asyncpg.Connection[asyncpg.Record]", tenant: UUID, number: int) -> list[UUID]:
    """Add running runs, each on a thread of its own, as the fence wants them."""
    runs = [(new_id(), new_id()) for _ in range(number)]
    await conn.executemany(
        "INSERT INTO threads (id, tenant_id, graph_version) VALUES ($1, $2, '1')",
        [(thread, tenant) for thread, _ in runs],
    )
    await conn.executemany(
        """INSERT INTO runs (id, tenant_id, thread_id, status, request, attempt, graph_version)
           VALUES ($1, $2, $3, 'running', '{}', 1, '1')""",
        [(run, tenant, thread) for thread, run in runs],
    )
    return [run for _, run in runs]


async def measure(
    url: str, pool: CheckpointPool, number: int, rounds: int, at_once: list[int]
) -> list[tuple[int, dict[str, list[tuple[float, float]]]]]:
    """Return for each number of runs at once what each saver reached in each round."""
    conn = await asyncpg.connect(url)
    tenant = await conn.fetchval("INSERT INTO tenants (slug, name) VALUES ('bench', 'bench') RETURNING id")
    compiled = graph()
    shared = AsyncPostgresSaver(pool)
    savers: dict[str, Callable[[UUID], AsyncPostgresSaver]] = {
        "stock": lambda _: shared,
        "stock a run": lambda _: AsyncPostgresSaver(pool),
        "ours": lambda run_id: FencedSaver(pool, run_id, 1, "bench"),
    }
    found = []
    for workers in at_once:
        reached: dict[str, list[tuple[float, float]]] = {name: [] for name in savers}
        for round_ in range(rounds + 1):
            for name, saver in savers.items():
                speed = await turns(compiled, saver, await new_runs(conn, tenant, number), workers)
                if round_:  # the first one warms up
                    reached[name].append(speed)
        found.append((workers, reached))
    await conn.close()
    return found


async def main() -> None:
    """Measure and print a table for docs/performance.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=120, help="turns of each saver in each round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--at-once", type=int, nargs="+", default=[1, 10, 40])
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cuedesk-bench-") as folder:
        async with embedded_postgres(Path(folder), fsync=True) as server:
            url = server.owner_url
            await asyncio.to_thread(upgrade, url)
            await create_tables(url)
            async with open_checkpoints(url, size=16, acquire_timeout=60) as pool:
                found = await measure(url, pool, chosen.turns, chosen.rounds, chosen.at_once)
    print(
        "| runs at once | turns/s: stock | stock a run | ours | ours ÷ stock a run | CPU ms/turn: stock a run | ours |"
    )
    print("|---|---|---|---|---|---|---|")
    for at_once, reached in found:
        speed = {name: statistics.median(one for one, _ in values) for name, values in reached.items()}
        used = {name: statistics.median(one for _, one in values) for name, values in reached.items()}
        ratios = [o / e for (o, _), (e, _) in zip(reached["ours"], reached["stock a run"], strict=True)]
        print(
            f"| {at_once} | {speed['stock']:.0f} | {speed['stock a run']:.0f} | {speed['ours']:.0f} "
            f"| {statistics.median(ratios):.2f} ({min(ratios):.2f}–{max(ratios):.2f}) "
            f"| {used['stock a run']:.1f} | {used['ours']:.1f} |"
        )


if __name__ == "__main__":
    asyncio.run(main())
