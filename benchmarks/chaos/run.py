"""`make chaos`: people at work on a cluster in which everything breaks, then the history checker.

Two gateways and two workers behind nginx on a PostgreSQL and a Valkey of their own, with fsync. The command ends by
itself, writes its result as Markdown to stdout and to a file, and fails when the checker found a violation.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import asyncpg

from benchmarks.chaos import report
from benchmarks.chaos.checker import Violation, violations
from benchmarks.chaos.history import ClientHistory, History
from benchmarks.chaos.load import Office
from benchmarks.chaos.model import ManyTexts
from benchmarks.chaos.nemesis import Nemesis
from benchmarks.chaos.person import Person
from benchmarks.chaos.truth import read_truth
from tests.support.cluster import Cluster
from tests.support.desk_client import ADMIN, APPROVER, HOST, OPERATOR, Rest
from tests.support.line import Line, line_to

ROOMS = ("小雅的直播间", "大刘的直播间")
_THREADS_PER_OPERATOR = 2


def settings(model: ManyTexts, *, lease: float, interrupt_ttl: float) -> dict[str, object]:
    """Return every member's settings: as shipped, but for what one machine with few people needs."""
    return {
        "llm_provider": "openai",
        "llm_base_url": model.base_url,
        "llm_model": "chaos",
        "lease": lease,
        "lease_renewal": lease / 3,
        "lease_self_cancel": lease * 2 / 3,
        "interrupt_ttl": interrupt_ttl,
        "sockets_per_user": 1000,
        "log_level": "info",
    }


@contextlib.asynccontextmanager
async def the_model(delay: float) -> AsyncIterator[ManyTexts]:
    """Run the scripted model in this loop; `delay` is between pieces of four characters, seconds."""
    model = ManyTexts(delay)
    await model.start()
    try:
        yield model
    finally:
        await model.stop()


async def _accounts(cluster: Cluster) -> dict[str, tuple[str, str]]:
    """Sign everybody in; return user id and cookie of each."""
    known = {}
    for email in (OPERATOR, APPROVER, ADMIN, HOST):
        async with Rest.login(cluster.url, email, tenant="qinghe") as rest:
            user = (await rest.get("/auth/me"))["user"]
            known[email] = (user["id"], "; ".join(f"{name}={value}" for name, value in rest.client.cookies.items()))
    return known


class Scene:
    """Everybody at their screens. `history` is what they record."""

    def __init__(self) -> None:
        self.history = History()
        self.operators: list[tuple[Person, list[str]]] = []
        self.reviewers: list[Person] = []
        self.everybody: list[Person] = []

    @classmethod
    async def set_up(cls, cluster: Cluster, lines: Sequence[Line], operators: int, seed: int) -> "Scene":
        """Make threads and people: operators with two threads each, two reviewers who have all threads open, an admin
        at the list of open questions, a host at each room's teleprompter."""
        scene, accounts = cls(), await _accounts(cluster)
        async with Rest.login(cluster.url, OPERATOR) as rest:
            rooms = [await rest.room_of(name) for name in ROOMS]
            count = operators * _THREADS_PER_OPERATOR
            threads = [await rest.new_thread(room_id=rooms[n % len(rooms)]) for n in range(count)]

        def person(name: str, email: str, **follows: object) -> Person:
            user_id, cookie = accounts[email]
            recorded = ClientHistory(name, user_id)
            line = lines[len(scene.everybody) % len(lines)]
            rng = random.Random(f"{seed} {name}")
            made = Person(recorded, line.url, cookie, rng, **follows)  # type: ignore[arg-type]
            scene.history.clients.append(recorded)
            scene.everybody.append(made)
            return made

        for number in range(operators):
            own = threads[number * _THREADS_PER_OPERATOR :][:_THREADS_PER_OPERATOR]
            scene.operators.append((person(f"operator {number + 1}", OPERATOR, threads=own), own))
        scene.reviewers = [
            person("reviewer 1", APPROVER, threads=threads[:30]),
            person("reviewer 2", APPROVER, threads=threads[:30]),
            person("admin", ADMIN, approvals=True),
        ]
        for name, room in zip(ROOMS, rooms, strict=True):
            person(f"screen {name}", HOST, rooms=[room])
        return scene


async def settled(owner_url: str, scene: Scene, within: float) -> float:
    """Wait until no run is at work, no question is open and every client is up to date; return how long that took.

    What is not so within the time is left to the checker to name.
    """
    began = time.monotonic()
    conn = await asyncpg.connect(owner_url)
    try:
        while (took := time.monotonic() - began) < within:
            busy = await conn.fetchval(
                """SELECT count(*) FROM runs WHERE status IN ('enqueued', 'queued', 'running', 'waiting')"""
            )
            heads = {str(row["id"]): row["last_seq"] for row in await conn.fetch("SELECT id, last_seq FROM threads")}
            behind = any(heads[t] != seq for one in scene.everybody for t, seq in one.up_to_date.items())
            if not busy and not behind:
                await asyncio.sleep(2)  # the rooms' last states are on their way
                return took
            await asyncio.sleep(0.5)
    finally:
        await conn.close()
    return within


async def chaos(chosen: argparse.Namespace, folder: Path) -> tuple[list[Violation], list[str]]:
    """Run it; return the violations and the lines of the result."""
    task = asyncio.current_task()
    assert task is not None
    # As Ctrl-C does: whoever is told to end takes its servers along.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    async with contextlib.AsyncExitStack() as stack:
        model = await stack.enter_async_context(the_model(chosen.delay))
        members = settings(model, lease=chosen.lease, interrupt_ttl=chosen.interrupt_ttl)
        cluster = stack.enter_context(
            Cluster(folder, gateways=chosen.gateways, workers=chosen.workers, settings=members, fsync=True)
        )
        port = int(cluster.url.rpartition(":")[2])
        lines = [stack.enter_context(line_to(port)) for _ in range(3)]
        scene = await Scene.set_up(cluster, lines, chosen.operators, chosen.seed)
        nemesis = Nemesis(cluster, lines, random.Random(chosen.seed), (chosen.pause / 4, chosen.pause * 2))
        office = Office([one for one, _ in scene.operators], scene.reviewers, random.Random(chosen.seed + 1))
        connections = [asyncio.create_task(one.run(), name=one.name) for one in scene.everybody]
        try:
            async with nemesis.keeping_alive():
                work = [
                    asyncio.create_task(office.operate(operator, thread))
                    for operator, threads in scene.operators
                    for thread in threads
                ]
                await nemesis.strike_until(time.monotonic() + chosen.seconds)
                await nemesis.heal()
                office.closing = True
                took = await settled(cluster.database_url, scene, chosen.settle)
                for task in work:
                    task.cancel()
                await asyncio.gather(*work, return_exceptions=True)
        finally:
            for task in connections:
                task.cancel()
            await asyncio.gather(*connections, return_exceptions=True)
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
            *report.counts("Faults", _counted(nemesis)),
            *report.counts("What people did", office.done),
            *report.counts("Members that ended unasked", nemesis.odd_ends),
            *report.counts("Errors in the members' logs", report.loud_lines(cluster.members)),
        ]
        (folder / "strokes.json").write_text(json.dumps([vars(one) for one in nemesis.strokes], ensure_ascii=False))
        return found, told


def _counted(nemesis: Nemesis) -> dict[str, int]:
    counted: dict[str, int] = {}
    for stroke in nemesis.strokes:
        counted[stroke.fault] = counted.get(stroke.fault, 0) + 1
    return counted


def finish(found: Sequence[object], told: Sequence[str], folder: Path, out: Path | None) -> int:
    """Print and write the result; keep the folder when something is wrong. Returns the exit code."""
    text = "\n".join(told) + "\n"
    print(text, flush=True)
    if out is not None:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text)
    if found:
        print(f"logs, history.json and truth.json are in {folder}", file=sys.stderr)
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def new_folder(name: str) -> Path:
    """Return a folder that others may enter: PostgreSQL does not run as root."""
    folder = Path(tempfile.mkdtemp(prefix=f"cuedesk-{name}-"))
    folder.chmod(0o755)
    return folder


def main() -> int:
    """Run chaos as asked for on the command line."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=1800)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3)))
    parser.add_argument("--gateways", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--operators", type=int, default=6, help="each with two threads")
    parser.add_argument("--pause", type=float, default=4, help="seconds between faults, a quarter to double of it")
    parser.add_argument("--lease", type=float, default=15, help="seconds; 15 is what is shipped")
    parser.add_argument("--interrupt-ttl", type=float, default=40, help="seconds until a question expires")
    parser.add_argument("--delay", type=float, default=0.03, help="seconds between pieces of the model's text")
    parser.add_argument("--settle", type=float, default=180, help="seconds after the last fault until all is quiet")
    parser.add_argument("--out", type=Path, help="write the result there too")
    chosen = parser.parse_args()
    folder = new_folder("chaos")
    print(f"chaos: seed {chosen.seed}, {chosen.seconds:.0f} s, in {folder}", file=sys.stderr, flush=True)
    found, told = asyncio.run(chaos(chosen, folder))
    return finish(found, told, folder, chosen.out)


if __name__ == "__main__":
    sys.exit(main())
