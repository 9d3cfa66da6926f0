"""Hours of ordinary work on one server: does anything grow? `python -m benchmarks.soak --hours 2`.

So many conversations at once ask, read 40 tokens a second, decide and ask again, on sockets that come and go; every
minute (`--every`) the server's memory, open files, threads and the latencies of that minute are noted (JSON lines on
stderr). At the end a Markdown table gives the first and last reading and the slope an hour by least squares over the
last three quarters of the time: what fills up once (caches, pools) is not growth.
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from backend.transport.server import allow_many_sockets
from benchmarks import machine
from benchmarks.conversations import Heard
from benchmarks.load import Desk, everything

#: Turns of a conversation before its socket is closed and another opened, on a thread of its own.
_TURNS = 5
_DELAY = 0.025


async def _talk(desk: Desk, heard: list[Heard], until: float) -> None:
    while time.monotonic() < until:
        async with desk.conversations(1, heard[-1], _DELAY) as [conversation]:
            await conversation.begin()
            for turn in range(_TURNS):
                conversation.heard = heard[-1]
                await conversation.ask()
                await conversation.decide("approve" if turn % 2 else "reject")


async def _watch(desk: Desk, heard: list[Heard], until: float, every: float) -> list[dict[str, float]]:
    began, readings = time.monotonic(), []
    process = psutil.Process(desk.pid)
    while time.monotonic() < until:
        before = desk.spent()
        await asyncio.sleep(min(every, max(0.1, until - time.monotonic())))
        minute, spent = heard[-1], desk.spent().since(before)
        heard.append(Heard())
        if len(minute.finished) < 2:
            continue
        reading = {
            "hours": (time.monotonic() - began) / 3600,
            "resident_mib": machine.resident_kib(desk.pid) / 1024,
            "open_files": float(process.num_fds()),
            "threads": float(process.num_threads()),
            "turns": float(len(minute.finished)),
            "server_ms_per_turn": spent.server * 1000 / len(minute.finished),
            "first_p50_ms": statistics.median(minute.first) * 1000,
            "finished_p50_ms": statistics.median(minute.finished) * 1000,
            "finished_p99_ms": statistics.quantiles(minute.finished, n=100)[-1] * 1000,
        }
        readings.append(reading)
        print(json.dumps(reading), file=sys.stderr, flush=True)
    return readings


async def soak(folder: Path, hours: float, conversations: int, every: float) -> list[dict[str, float]]:
    """Work so long and return the readings."""
    with everything(folder) as (model, desk, _):
        model.set(_DELAY)
        heard, until = [Heard()], time.monotonic() + hours * 3600
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(_watch(desk, heard, until, every))
            for _ in range(conversations):
                group.create_task(_talk(desk, heard, until))
        return watching.result()


def table(readings: Sequence[dict[str, float]]) -> str:
    """Return first, last and slope of each figure as Markdown."""
    late = readings[len(readings) // 4 :]
    lines = ["| | first | last | an hour |", "|---|---|---|---|"]
    for name in [key for key in readings[0] if key != "hours"]:
        slope = statistics.linear_regression([one["hours"] for one in late], [one[name] for one in late]).slope
        lines.append(f"| {name} | {readings[0][name]:.1f} | {readings[-1][name]:.1f} | {slope:+.2f} |")
    return "\n".join(lines)


def main() -> None:
    """Soak, and print the table."""
    parser = argparse.ArgumentParser(description="Hours of ordinary work on one server.")
    parser.add_argument("--hours", type=float, default=2)
    parser.add_argument("--conversations", type=int, default=10)
    parser.add_argument("--every", type=float, default=60, help="seconds between two readings")
    chosen = parser.parse_args()
    allow_many_sockets()
    with tempfile.TemporaryDirectory(prefix="cuedesk-soak-", ignore_cleanup_errors=True) as folder:
        print(table(asyncio.run(soak(Path(folder), chosen.hours, chosen.conversations, chosen.every))))


if __name__ == "__main__":
    main()
