"""`make chaos`: people at work on a cluster in which everything breaks, then the history checker.

Two gateways and two workers behind nginx on a PostgreSQL and a Valkey of their own, with fsync. The command ends by
itself, writes its result as Markdown to stdout and to a file, and fails when the checker found a violation.
"""

import argparse
import asyncio
import contextlib
import json
import random
import sys
import time
from collections import Counter
from pathlib import Path

from benchmarks.chaos import report
from benchmarks.chaos.checker import Violation, violations
from benchmarks.chaos.load import Office
from benchmarks.chaos.nemesis import Nemesis
from benchmarks.chaos.scene import Scene, command, settings, settled, the_model
from benchmarks.chaos.truth import read_truth
from tests.support.cluster import Cluster
from tests.support.line import line_to


async def chaos(chosen: argparse.Namespace, folder: Path) -> tuple[list[Violation], list[str]]:
    """Run it; return the violations and the lines of the result."""
    async with contextlib.AsyncExitStack() as stack:
        model = await stack.enter_async_context(the_model(chosen.delay))
        members = settings(model, lease=chosen.lease, interrupt_ttl=chosen.interrupt_ttl)
        cluster = stack.enter_context(
            Cluster(folder, gateways=chosen.gateways, workers=chosen.workers, settings=members, fsync=True)
        )
        port = int(cluster.url.rpartition(":")[2])
        lines = [stack.enter_context(line_to(port)) for _ in range(3)]
        scene = await Scene.in_the_office(cluster, lines, chosen.operators, chosen.seed)
        nemesis = Nemesis(cluster, lines, random.Random(chosen.seed), (chosen.pause / 4, chosen.pause * 2))
        office = Office([one for one, _ in scene.operators], scene.reviewers, random.Random(chosen.seed + 1))
        async with scene.connected(), nemesis.keeping_alive():
            work = [
                asyncio.create_task(office.operate(operator, thread))
                for operator, threads in scene.operators
                for thread in threads
            ]
            await nemesis.strike_until(time.monotonic() + chosen.seconds)
            await nemesis.heal()
            office.closing = True
            took = await settled(cluster.database_url, scene.everybody, chosen.settle)
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
        truth = await read_truth(cluster.database_url)
        found = violations(scene.history, truth)
        report.keep(folder, scene.history, truth)
        told = [
            f"## Chaos, {chosen.seconds:.0f} s, seed {chosen.seed}",
            "",
            f"{chosen.gateways} gateways, {chosen.workers} workers, {chosen.operators} operators on "
            f"{len(truth.events)} threads, lease {chosen.lease:.0f} s, questions expire after "
            f"{chosen.interrupt_ttl:.0f} s, fsync on. {len(nemesis.strokes)} faults; everything was quiet "
            f"{took:.0f} s after the last was healed.",
            *report.verdict(found, truth, scene.history),
            *report.counts("Faults", Counter(stroke.fault for stroke in nemesis.strokes)),
            *report.counts("What people did", office.done),
            *report.counts("Members that ended unasked", nemesis.odd_ends),
            *report.counts("Errors in the members' logs", report.loud_lines(cluster.members)),
        ]
        (folder / "strokes.json").write_text(json.dumps([vars(one) for one in nemesis.strokes], ensure_ascii=False))
        return found, told


def main() -> int:
    """Run chaos as asked for on the command line."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--gateways", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--operators", type=int, default=6, help="each with two threads")
    parser.add_argument("--pause", type=float, default=4, help="seconds between faults, a quarter to double of it")
    parser.add_argument("--lease", type=float, default=15, help="seconds; 15 is what is shipped")
    parser.add_argument("--interrupt-ttl", type=float, default=40, help="seconds until a question expires")
    parser.add_argument("--delay", type=float, default=0.03, help="seconds between pieces of the model's text")
    parser.add_argument("--settle", type=float, default=180, help="seconds after the last fault until all is quiet")
    return command("chaos", parser, chaos)


if __name__ == "__main__":
    sys.exit(main())
