"""`make races`: two people decide one question at the same moment, at two gateways; the database decides, once.

Pairs of every kind, also against the end of the question's time by the database's clock, on two gateways and two
workers. The history checker then looks for a decision that was lost, doubled or executed twice. The command ends by
itself and fails on a violation.
"""

import argparse
import asyncio
import contextlib
import random
import sys
import time
from collections import Counter
from pathlib import Path

import asyncpg

from benchmarks.chaos import report
from benchmarks.chaos.checker import violations
from benchmarks.chaos.load import ASK
from benchmarks.chaos.model import text_number
from benchmarks.chaos.person import Person
from benchmarks.chaos.scene import Scene, command, settings, settled, the_model
from benchmarks.chaos.truth import read_truth
from tests.support.cluster import Cluster

#: The pairs, and whether the question's time ends at the same moment.
KINDS = (
    ("approve", "reject", False),
    ("reject", "approve", False),
    ("approve", "edit", False),
    ("edit", "reject", False),
    ("approve", "approve", False),
    ("edit", "edit", False),
    ("approve", "reject", True),
    ("edit", "approve", True),
)
_LOST = 120.0


async def races(chosen: argparse.Namespace, folder: Path) -> tuple[list[object], list[str]]:
    """Run it; return what is wrong and the lines of the result."""
    async with contextlib.AsyncExitStack() as stack:
        model = await stack.enter_async_context(the_model(0))
        members = settings(model, lease=15, interrupt_ttl=1800)
        cluster = stack.enter_context(Cluster(folder, settings=members, fsync=True))
        scene = await Scene.at_two_gateways(cluster, chosen.lanes)
        pool = await stack.enter_async_context(asyncpg.create_pool(cluster.database_url, min_size=1, max_size=4))
        outcomes: dict[str, Counter[str]] = {_name(*kind): Counter() for kind in KINDS}
        numbers = iter(range(chosen.pairs))
        rng, began = random.Random(chosen.seed), time.monotonic()

        async def lane(thread: str) -> None:
            for number in numbers:
                kind = KINDS[number % len(KINDS)]
                outcomes[_name(*kind)][await race(pool, scene.everybody, thread, kind, rng)] += 1
                if (number + 1) % 50 == 0:
                    print(f"{number + 1} pairs, {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)

        async with scene.connected():
            await asyncio.gather(*(lane(thread) for thread in scene.threads))
            await settled(cluster.database_url, scene.everybody, 120)
        truth = await read_truth(cluster.database_url)
        found = violations(scene.history, truth)
        report.keep(folder, scene.history, truth)
        names = sorted({outcome for counted in outcomes.values() for outcome in counted})
        rows = [[kind, *(counted[name] for name in names)] for kind, counted in outcomes.items()]
        told = [
            f"## {chosen.pairs} racing pairs of decisions",
            "",
            f"Each pair at two of 2 gateways, {chosen.lanes} side by side, seed {chosen.seed}. What came of them:",
            "",
            *report.table(("pair", *names), rows),
            *report.verdict(found, truth, scene.history),
            *report.counts("Errors in the members' logs", report.loud_lines(cluster.members)),
        ]
        return list(found), told


async def race(
    pool: "asyncpg.Pool[asyncpg.Record]",
    people: list[Person],
    thread: str,
    kind: tuple[str, str, bool],
    rng: random.Random,
) -> str:
    """Ask, let two decide at once, see the run to its end; return the outcome."""
    operator, reviewer = people
    sent = await operator.do("message", thread_id=thread, content=ASK)
    assert sent.accepted is not None, sent
    run_id = sent.accepted.result["run_id"]
    if not await reviewer.until(lambda: reviewer.question_of(thread, run_id) is not None, _LOST):
        return "no question"
    question = reviewer.question_of(thread, run_id)
    assert question is not None
    one, two, at_the_end = kind
    if at_the_end:
        until = await pool.fetchval(
            """UPDATE interrupts SET expires_at = clock_timestamp() + interval '150 ms' WHERE id = $1
               RETURNING extract(epoch FROM expires_at)::float8""",
            question["interrupt_id"],
        )
        await asyncio.sleep(max(0.0, until - time.time() - rng.uniform(-0.02, 0.08)))

    async def decide(who: Person, decision: str) -> None:
        await asyncio.sleep(rng.uniform(0, 0.003))
        more = {"content": text_number(rng.randrange(10**6))} if decision == "edit" else {}
        body = {"thread_id": thread, "interrupt_id": question["interrupt_id"], "decision": decision, **more}
        await who.do("interrupt_response", **body)

    await asyncio.gather(decide(operator, one), decide(reviewer, two))
    if not await operator.until(lambda: operator.ended(thread, run_id), _LOST):
        return "no end"
    status = await pool.fetchval("SELECT status FROM interrupts WHERE id = $1", question["interrupt_id"])
    return str(status)


def _name(one: str, two: str, at_the_end: bool) -> str:
    return f"{one} against {two}" + (" against the clock" if at_the_end else "")


def main() -> int:
    """Race as often as asked for on the command line."""
    parser = argparse.ArgumentParser(prog="make races", description=__doc__.partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--lanes", type=int, default=8, help="threads side by side")
    return command("races", parser, races)


if __name__ == "__main__":
    sys.exit(main())
