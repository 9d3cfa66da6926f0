"""`make kills`: kill -9 of the worker that holds a run, again and again; how long until the run moves again.

Two gateways and two workers with the settings as shipped. In each round conversations are written side by side, the
worker of one of them is killed in the middle of its text, and every run that it held is measured: from the kill to the
new attempt, and to its first new word, as two clients at two gateways see them. All are then approved and the history
checker looks at everything. The command ends by itself and fails on a violation or when the goal is missed.
"""

import argparse
import asyncio
import contextlib
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

from benchmarks.chaos import report
from benchmarks.chaos.checker import Violation, violations
from benchmarks.chaos.history import Truth
from benchmarks.chaos.load import ASK
from benchmarks.chaos.person import Person
from benchmarks.chaos.scene import Scene, command, settings, settled, the_model
from benchmarks.chaos.truth import read_truth
from tests.support.cluster import Cluster, wait_started

#: What `DESIGN` asks for: seconds from the kill until the run moves again, for 95 of 100.
GOAL = 25.0
_LOST = 120.0


@dataclass
class Measured:
    """Seconds from a kill to what the clients saw, over all runs that were hit."""

    claimed: list[float] = field(default_factory=list)
    writing: list[float] = field(default_factory=list)
    kills: int = 0
    missed: int = 0  #: runs that did not move again at all


async def kills(chosen: argparse.Namespace, folder: Path) -> tuple[list[object], list[str]]:
    """Run it; return what is wrong and the lines of the result."""
    async with contextlib.AsyncExitStack() as stack:
        model = await stack.enter_async_context(the_model(chosen.delay))
        members = settings(model, lease=chosen.lease, interrupt_ttl=1800)
        cluster = stack.enter_context(Cluster(folder, settings=members, fsync=True))
        scene = await Scene.at_two_gateways(cluster, chosen.runs)
        conn = await asyncpg.connect(cluster.database_url)
        stack.push_async_callback(conn.close)
        rng, measured = random.Random(chosen.seed), Measured()
        async with scene.connected():
            while measured.kills < chosen.kills:
                await _round(cluster, scene, conn, rng, measured)
                print(f"{measured.kills}: {measured.claimed[-1:]}", file=sys.stderr, flush=True)
            await settled(cluster.database_url, scene.everybody, 120)
        truth = await read_truth(cluster.database_url)
        found = violations(scene.history, truth)
        report.keep(folder, scene.history, truth)
        return _result(chosen, measured, found, truth, scene, cluster)


async def _round(
    cluster: Cluster,
    scene: Scene,
    conn: "asyncpg.Connection[asyncpg.Record]",
    rng: random.Random,
    measured: Measured,
) -> None:
    """Write in all threads, kill one worker in mid text, see all runs to their ends."""
    operator = scene.everybody[0]
    runs: dict[str, str] = {}
    for thread in scene.threads:
        sent = await operator.do("message", thread_id=thread, content=ASK)
        assert sent.accepted is not None, sent
        runs[sent.accepted.result["run_id"]] = thread
    victim, pieces = rng.choice(list(runs)), rng.randrange(2, 60)
    written = await operator.until(lambda: _pieces(operator, runs[victim]) >= pieces, _LOST)
    assert written, "nothing was written"
    holder = await conn.fetchval("SELECT worker FROM runs WHERE id = $1::text::uuid AND status = 'running'", victim)
    worker = next((one for one in cluster.workers if str(holder).endswith(f":{one.pid}")), None)
    if worker is not None:  # the text was not over before we looked
        held = await conn.fetch("SELECT id::text FROM runs WHERE worker = $1 AND status = 'running'", holder)
        worker.kill()
        killed = time.monotonic()
        measured.kills += 1
        hit = [(row["id"], runs[row["id"]], operator.seen[runs[row["id"]]].attempts[row["id"]]) for row in held]
        await asyncio.gather(*(_moves_again(scene, run_id, thread, a, killed, measured) for run_id, thread, a in hit))
        worker.start()
        await asyncio.to_thread(wait_started, worker)
    await asyncio.gather(*(_approve(operator, scene.everybody[1], run_id, thread) for run_id, thread in runs.items()))


def _pieces(who: Person, thread: str) -> int:
    return max((text.due for text in who.seen[thread].texts.values()), default=0)


async def _moves_again(scene: Scene, run_id: str, thread: str, attempt: int, killed: float, measured: Measured) -> None:
    """Measure one run: at the later of the two clients."""

    async def seen_by(who: Person) -> tuple[float, float]:
        seen = who.seen[thread]
        if not await who.until(lambda: seen.attempts[run_id] > attempt, _LOST):
            raise TimeoutError
        claimed = time.monotonic() - killed
        # A run that was past its text has nothing more to write: its question counts.
        if not await who.until(
            lambda: (
                any(text.attempt > attempt for text in seen.texts.values())
                or who.question_of(thread, run_id) is not None
            ),
            _LOST,
        ):
            raise TimeoutError
        return claimed, time.monotonic() - killed

    try:
        times = await asyncio.gather(*(seen_by(who) for who in scene.everybody))
    except TimeoutError:
        measured.missed += 1
        return
    measured.claimed.append(max(claimed for claimed, _ in times))
    measured.writing.append(max(writing for _, writing in times))


async def _approve(operator: Person, reviewer: Person, run_id: str, thread: str) -> None:
    def asked_or_ended() -> bool:
        return operator.question_of(thread, run_id) is not None or operator.ended(thread, run_id)

    await operator.until(asked_or_ended, _LOST)
    question = operator.question_of(thread, run_id)
    if question is None:
        return
    await reviewer.do("interrupt_response", thread_id=thread, interrupt_id=question["interrupt_id"], decision="approve")
    await operator.until(lambda: operator.ended(thread, run_id), _LOST)


def _result(
    chosen: argparse.Namespace,
    measured: Measured,
    found: Sequence[Violation],
    truth: Truth,
    scene: Scene,
    cluster: Cluster,
) -> tuple[list[object], list[str]]:
    again = repeated_steps(truth)
    p95 = percentile(measured.claimed, 95)
    wrong: list[object] = [*found, *again]
    if measured.missed:
        wrong.append(f"{measured.missed} runs did not move again")
    if p95 > GOAL:
        wrong.append(f"p95 is {p95:.1f} s, more than {GOAL:.0f}")
    rows = [
        [name, len(times), *(f"{value:.1f}" for value in (statistics.median(times), percentile(times, 95), max(times)))]
        for name, times in (("claimed again", measured.claimed), ("writing again", measured.writing))
    ]
    told = [
        f"## {measured.kills} kills of the worker that holds a run",
        "",
        f"Lease {chosen.lease:.0f} s, {chosen.runs} runs at once on 2 workers, seed {chosen.seed}. Seconds from the "
        "kill to what the slower of two clients at two gateways saw:",
        "",
        *report.table(("", "runs", "p50", "p95", "max"), rows),
        "",
        f"Runs that did not move again: {measured.missed}. Finished steps that were run again: {len(again)}.",
        *(f"- {one}" for one in again[:5]),
        *report.verdict(found, truth, scene.history),
        *report.counts("Errors in the members' logs", report.loud_lines(cluster.members)),
    ]
    return wrong, told


def repeated_steps(truth: Truth) -> list[str]:
    """Return the steps that finished more than once in a run; here every run passes each step once."""
    finished = Counter(
        (event["run_id"], event["node"])
        for log in truth.events.values()
        for event in log
        if event["type"] == "node" and event["status"] == "finished"
    )
    return [f"run {run_id}: {node} {times} times" for (run_id, node), times in finished.items() if times > 1]


def percentile(values: Sequence[float], percent: float) -> float:
    """Return the value that so many percent do not exceed; 0 of nothing."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else 0.0


def main() -> int:
    """Kill as often as asked for on the command line."""
    parser = argparse.ArgumentParser(prog="make kills", description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--runs", type=int, default=4, help="at once")
    parser.add_argument("--lease", type=float, default=15, help="seconds; 15 is what is shipped")
    parser.add_argument("--delay", type=float, default=0.05, help="seconds between pieces of the model's text")
    return command("kills", parser, kills)


if __name__ == "__main__":
    sys.exit(main())
