"""Thousands of sockets: `python -m benchmarks.crowds idle 9000`, `python -m benchmarks.crowds storm 2000`.

`idle`: memory a socket, ping while all are open, files left behind. `storm`: clients that all knock within five
seconds at processes with the default admission (50 a second each, 503 with Retry-After), until everybody follows its
thread again; the others' requests meanwhile. Exits with 1 when a bound of SCENARIOS 31 or 32 is missed.
"""

import argparse
import asyncio
import contextlib
import resource
import sys
import tempfile
import time
from pathlib import Path

import psutil

from backend.settings import Settings
from backend.transport.server import allow_many_sockets
from benchmarks import machine
from benchmarks.fanout import cuedesk
from tests.support.crowd import Crowd, percentile
from tests.support.desk_client import OPERATOR, Rest

STRANGER = "operator@shanlan.demo.cuedesk"


async def idle(count: int) -> bool:
    """Open `count` sockets that do nothing; print the row; return whether the bounds hold."""
    with tempfile.TemporaryDirectory(prefix="cuedesk-crowds-", ignore_cleanup_errors=True) as folder:
        async with cuedesk(Path(folder), 1) as ([server], _), Rest.login(server.url, OPERATOR) as rest:
            process = psutil.Process(server.pid)
            async with Crowd(rest.ws_url, rest.page_headers()) as crowd:
                await crowd.grow(200)
                await crowd.drop()
                await asyncio.sleep(1)
                files, memory = process.num_fds(), process.memory_info().rss
                await crowd.grow(count)
                each = (process.memory_info().rss - memory) / count / 1024
                before, began = machine.cpu_seconds(server.pid), time.monotonic()
                await asyncio.sleep(10)
                share = (machine.cpu_seconds(server.pid) - before) / (time.monotonic() - began)
                p99 = percentile(await crowd.ping(500), 0.99)
                await crowd.drop()
                deadline = time.monotonic() + 30
                while process.num_fds() > files and time.monotonic() < deadline:  # noqa: ASYNC110
                    await asyncio.sleep(0.2)
                left = process.num_fds() - files
    print("| idle sockets | KiB a socket | processor while idle | ping p99, ms | files left |\n|---|---|---|---|---|")
    print(f"| {count} | {each:.1f} | {share:.1%} | {p99 * 1000:.1f} | {max(left, 0)} |")
    return each < 60 and p99 < 0.25 and left <= 0


async def storm(count: int, processes: int) -> bool:
    """Let `count` clients come back at once; print the row; return whether the bounds hold."""
    as_it_comes = {name: getattr(Settings(_env_file=None), name) for name in ("upgrades_per_second", "upgrades_burst")}
    with tempfile.TemporaryDirectory(prefix="cuedesk-crowds-", ignore_cleanup_errors=True) as folder:
        async with (
            cuedesk(Path(folder), processes, **as_it_comes) as (servers, _),
            contextlib.AsyncExitStack() as stack,
        ):
            rest = await stack.enter_async_context(Rest.login(servers[0].url, OPERATOR))
            other = await stack.enter_async_context(Rest.login(servers[-1].url, STRANGER))
            threads = [await rest.new_thread() for _ in range(50)]
            crowds = []
            for server in servers:
                headers = {**rest.page_headers(), "Origin": server.url}
                crowds.append(await stack.enter_async_context(Crowd(server.ws_url, headers)))
            share = count // processes
            storms = asyncio.gather(*(crowd.storm(share, threads, over=5.0) for crowd in crowds))
            asked = []
            while not storms.done():
                began = time.monotonic()
                await other.get("/threads")
                asked.append(time.monotonic() - began)
                await asyncio.sleep(0.05)
            back = await storms
            seconds = [one for crowd in back for one in crowd.seconds]
            refused = sum(crowd.refused for crowd in back)
            busy = sum(server.log_text().count("server_busy") for server in servers)
    print("| clients | processes | back p50 / max, s | refusals | others' requests p99, ms | pool refused |")
    print("|---|---|---|---|---|---|")
    p50, p99 = percentile(seconds, 0.5), percentile(asked, 0.99)
    print(f"| {count} | {processes} | {p50:.1f} / {max(seconds):.1f} | {refused} | {p99 * 1000:.0f} | {busy} |")
    return len(seconds) == share * processes and max(seconds) <= 30 and busy == 0


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description="Thousands of sockets.")
    parser.add_argument("what", choices=("idle", "storm"))
    parser.add_argument("count", type=int)
    parser.add_argument("--processes", type=int, default=2, help="gateways of a storm: 50 a second each")
    chosen = parser.parse_args()
    allow_many_sockets()
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if files < chosen.count + 500:
        sys.exit(f"{files} open files are not enough for {chosen.count} sockets (ulimit -n)")
    well = asyncio.run(idle(chosen.count) if chosen.what == "idle" else storm(chosen.count, chosen.processes))
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
