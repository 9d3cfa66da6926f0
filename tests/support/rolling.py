"""A rolling restart under load, and what must be true afterwards. `make rolling` is the long form."""

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

import asyncpg

from tests.support.cluster import Cluster
from tests.support.desk_client import Frame, Rest
from tests.support.returning import Returning

REQUEST = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
#: What a cluster under this load is started with: one person opens all the sockets.
SETTINGS = {"offline_pace": 25, "sockets_per_user": 5000, "sockets_per_tenant": 5000, "drain_timeout": 6}
#: Seconds within which every socket is back (scenario 43).
BACK_WITHIN = 15.0


@dataclass
class Rolled:
    """What happened. `violations` is empty when all is well."""

    sockets: int
    runs: int = 0
    seconds: float = 0.0
    away: list[float] = field(default_factory=list)
    handed_over: int = 0
    closed_with: Counter[int | None] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def table(self) -> str:
        """A line of docs/operations.md."""
        longest = f"{max(self.away):.1f}" if self.away else "–"
        middle = f"{statistics.median(self.away):.2f}" if self.away else "–"
        return (
            "| sockets | runs | handed over | restart, s | sockets away, median / longest, s | violations |\n"
            "|---|---|---|---|---|---|\n"
            f"| {self.sockets} | {self.runs} | {self.handed_over} | {self.seconds:.0f} | {middle} / {longest} "
            f"| {len(self.violations)} |"
        )


async def roll(cluster: Cluster, *, sockets: int, conversations: int) -> Rolled:
    """Restart all of `cluster`, a worker and a gateway at a time, while so many conversations go on.

    Each is followed by its share of sockets; it asks, approves and asks again until the restart is over, then finishes
    what it began.
    """
    rolled = Rolled(sockets)
    async with contextlib.AsyncExitStack() as stack:
        rest = await stack.enter_async_context(Rest.login(cluster.url))
        room = await rest.room_of("小雅的直播间")
        threads = [await rest.new_thread(room_id=room) for _ in range(conversations)]
        clients: list[Returning] = []
        for number in range(sockets):
            client = Returning(rest, [threads[number % conversations]])
            clients.append(await stack.enter_async_context(client.running()))
        over = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            talks = [
                tasks.create_task(_converse(clients[n], threads[n], over), name=f"conversation {n}")
                for n in range(conversations)
            ]
            for client, thread in zip(clients, threads, strict=False):
                await client.until(lambda f, t=thread: f["type"] == "token" and f.get("thread_id") == t)  # type: ignore[misc]
            began = time.monotonic()
            for pair in zip_longest(cluster.workers, cluster.gateways):
                restarts = [asyncio.to_thread(cluster.restart, member) for member in pair if member is not None]
                await asyncio.gather(*restarts)
            rolled.seconds = time.monotonic() - began
            over.set()
        rolled.runs = sum(talk.result() for talk in talks)
        await _verify(cluster, clients, threads, rolled)
    return rolled


async def _converse(client: Returning, thread: str, over: asyncio.Event) -> int:
    runs = 0
    while runs == 0 or not over.is_set():
        ack = await client.do("message", thread_id=thread, content=REQUEST)
        assert ack["status"] in ("accepted", "duplicate"), ack
        run_id = ack["result"]["run_id"]
        question = await client.until(_of(run_id, "interrupt"), timeout=150)
        interrupt_id = question["interrupt_id"]
        decision = await client.do(
            "interrupt_response", thread_id=thread, interrupt_id=interrupt_id, decision="approve"
        )
        assert decision["status"] in ("accepted", "duplicate"), decision
        ended = await client.until(_of(run_id, "run", "completed", "failed", "cancelled", "expired"), timeout=150)
        assert ended["status"] == "completed", ended
        runs += 1
    return runs


def _of(run_id: str, type_: str, *statuses: str):  # type: ignore[no-untyped-def]
    def fits(frame: Frame) -> bool:
        return bool(
            frame["type"] == type_
            and frame.get("run_id") == run_id
            and (not statuses or frame.get("status") in statuses)
        )

    return fits


async def _verify(cluster: Cluster, clients: Sequence[Returning], threads: list[str], rolled: Rolled) -> None:
    conn = await asyncpg.connect(cluster.database_url)
    try:
        for number, thread in enumerate(threads):
            rows = await conn.fetch(
                "SELECT seq, id::text, type, run_id, payload FROM thread_events WHERE thread_id = $1 ORDER BY seq",
                thread,
            )
            log = [(row["seq"], row["id"]) for row in rows]
            if [seq for seq, _ in log] != list(range(1, len(log) + 1)):
                rolled.violations.append(f"the log of {thread} has gaps")
            for client in clients[number :: len(threads)]:
                with contextlib.suppress(AssertionError):
                    await client.until(lambda f, t=thread: client.seq(t) >= len(log), timeout=BACK_WITHIN)  # type: ignore[misc] # noqa: B023
                if [(e["seq"], e["event_id"]) for e in client.events(thread)] != log:
                    rolled.violations.append(f"a client of {thread} was not told exactly its log")
                rolled.violations += client.complaints
                rolled.away += client.away
                rolled.closed_with.update(client.closed_with)
            finished = Counter(
                (row["run_id"], payload["node"])
                for row in rows
                if row["type"] == "node" and (payload := _payload(row))["status"] == "finished"
            )
            twice = [node for node, count in finished.items() if count > 1]
            if twice:
                rolled.violations.append(f"ran again after they had finished: {twice}")
        once = "SELECT count(*) - count(DISTINCT run_id) FROM script_versions WHERE run_id IS NOT NULL"
        if await conn.fetchval(once):
            rolled.violations.append("a run published twice")
        if await conn.fetchval("SELECT count(*) FROM script_versions WHERE run_id IS NOT NULL") < rolled.runs:
            rolled.violations.append("a run published nothing")
    finally:
        await conn.close()
    if rolled.away and max(rolled.away) > BACK_WITHIN:
        rolled.violations.append(f"a socket was away for {max(rolled.away):.1f} s")
    logs = [member.log_text() for member in cluster.members]
    rolled.handed_over = sum(text.count("run_handed_over") for text in logs)
    if any("run_recovered" in text for text in logs):
        rolled.violations.append("a run was left to its lease instead of being handed over")


def _payload(row: asyncpg.Record) -> Frame:
    payload = row["payload"]
    return dict(json.loads(payload) if isinstance(payload, str) else payload)


def main() -> int:
    """Run the long form and print its table; 1 when something was lost, doubled or too slow."""
    parser = argparse.ArgumentParser(prog="make rolling", description=__doc__.partition("\n")[0])
    parser.add_argument("--sockets", type=int, default=500)
    parser.add_argument("--conversations", type=int, default=20)
    parser.add_argument("--gateways", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="cuedesk-rolling-") as folder,
        Cluster(
            Path(folder), gateways=chosen.gateways, workers=chosen.workers, settings=SETTINGS, fsync=True
        ) as cluster,
    ):
        rolled = asyncio.run(roll(cluster, sockets=chosen.sockets, conversations=chosen.conversations))
    print(rolled.table())
    for violation in rolled.violations[:20]:
        print(f"violation: {violation}")
    return 1 if rolled.violations else 0


if __name__ == "__main__":
    sys.exit(main())
