"""The people of a long run, their threads, and what its commands have in common."""

import argparse
import asyncio
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import asyncpg

from benchmarks.chaos.history import ClientHistory, History
from benchmarks.chaos.model import ManyTexts
from benchmarks.chaos.person import Person
from tests.support.cluster import Cluster
from tests.support.desk_client import ADMIN, APPROVER, HOST, OPERATOR, Rest
from tests.support.line import Line

ROOMS = ("小雅的直播间", "大刘的直播间")
_THREADS_PER_OPERATOR = 2


def settings(model: ManyTexts, *, lease: float, interrupt_ttl: float) -> dict[str, object]:
    """Return every member's settings: as shipped, but for what one machine with few people needs."""
    return {
        "llm_provider": "openai",
        "llm_base_url": model.base_url,
        "llm_model": "chaos",
        "llm_judge": False,  # what is played is the writer's part
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
        self.threads: list[str] = []

    @classmethod
    async def at_two_gateways(cls, cluster: Cluster, threads: int) -> "Scene":
        """An operator at one gateway and a reviewer at the other, who both have all threads open."""
        scene, accounts = cls(), await _accounts(cluster)
        await scene._make_threads(cluster, threads)
        for gateway, email in zip(cluster.gateways, (OPERATOR, APPROVER), strict=True):
            user_id, cookie = accounts[email]
            scene._add(ClientHistory(email, user_id), gateway.url, cookie, random.Random(email), threads=scene.threads)
        return scene

    @classmethod
    async def in_the_office(cls, cluster: Cluster, lines: Sequence[Line], operators: int, seed: int) -> "Scene":
        """Make threads and people: operators with two threads each, two reviewers who have all threads open, an admin
        at the list of open questions, a host at each room's teleprompter."""
        scene, accounts = cls(), await _accounts(cluster)
        rooms = await scene._make_threads(cluster, operators * _THREADS_PER_OPERATOR)
        threads = scene.threads

        def person(name: str, email: str, **follows: Any) -> Person:
            user_id, cookie = accounts[email]
            line = lines[len(scene.everybody) % len(lines)]
            rng = random.Random(f"{seed} {name}")
            return scene._add(ClientHistory(name, user_id), line.url, cookie, rng, **follows)

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

    @contextlib.asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Keep everybody connected while the block runs."""
        connections = [asyncio.create_task(one.run(), name=one.name) for one in self.everybody]
        try:
            yield
        finally:
            for task in connections:
                task.cancel()
            await asyncio.gather(*connections, return_exceptions=True)

    async def _make_threads(self, cluster: Cluster, count: int) -> list[str]:
        """Make threads, in the two rooms by turns; return the rooms."""
        async with Rest.login(cluster.url, OPERATOR) as rest:
            rooms = [await rest.room_of(name) for name in ROOMS]
            self.threads = [await rest.new_thread(room_id=rooms[n % len(rooms)]) for n in range(count)]
        return rooms

    def _add(self, recorded: ClientHistory, url: str, cookie: str, rng: random.Random, **follows: Any) -> Person:
        made = Person(recorded, url, cookie, rng, **follows)
        self.history.clients.append(recorded)
        self.everybody.append(made)
        return made


async def settled(owner_url: str, everybody: Sequence[Person], within: float) -> float:
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
            behind = any(heads[t] != seq for one in everybody for t, seq in one.up_to_date.items())
            if not busy and not behind:
                await asyncio.sleep(2)  # the rooms' last states are on their way
                return took
            await asyncio.sleep(0.5)
    finally:
        await conn.close()
    return within


#: A run of a command: what is wrong in the end, and the lines of its result.
Work = Callable[[argparse.Namespace, Path], Awaitable[tuple[Sequence[object], list[str]]]]


def command(name: str, parser: argparse.ArgumentParser, work: Work) -> int:
    """Do `work` with what the command line says, print and write its result; returns the exit code.

    The folder of the run is removed when nothing is wrong, else it is kept with everything in it.
    """
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3)))
    parser.add_argument("--out", type=Path, help="write the result there too")
    chosen = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix=f"cuedesk-{name}-"))
    folder.chmod(0o755)  # PostgreSQL does not run as root, and has to get in
    print(f"{name}: seed {chosen.seed}, in {folder}", file=sys.stderr, flush=True)
    wrong, told = asyncio.run(_until_told_to_end(work(chosen, folder)))
    text = "\n".join(told) + "\n"
    print(text, flush=True)
    if chosen.out is not None:
        chosen.out.parent.mkdir(parents=True, exist_ok=True)
        chosen.out.write_text(text)
    if wrong:
        print(f"{name}: {len(wrong)} wrong; logs, history.json and truth.json are in {folder}", file=sys.stderr)
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


async def _until_told_to_end(
    work: Awaitable[tuple[Sequence[object], list[str]]],
) -> tuple[Sequence[object], list[str]]:
    task = asyncio.ensure_future(work)
    # As Ctrl-C does: whoever is told to end takes its servers along.
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task
