"""Conversations under load, against floors: `make bench`, or `python -m benchmarks.load --help`.

Starts its own PostgreSQL, Valkey, scripted model, Cuedesk and the floors, all on loopback and in a temporary folder:
the bare socket (benchmarks/bare.py), five nodes with checkpoints behind such a socket, and the stock way to do that
(benchmarks/graphs.py). Each round runs the same cases against each server; each figure is told as measured, Cuedesk's
also as a ratio to the bare socket of the same round. The servers under test share one processor, one at work at a time;
everything else runs on the others. A conversation asks, reads the stream to the question, decides, and reads to the end
of its run.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from websockets.asyncio.client import ClientConnection, connect

from backend.storage.embedded import EmbeddedPostgres, EmbeddedValkey
from backend.transport.server import allow_many_sockets
from benchmarks import machine
from benchmarks.conversations import (
    PIECE,
    TEXT,
    TOKENS,
    BareConversation,
    Conversation,
    DeskConversation,
    GraphConversation,
    Heard,
)
from tests.support.databases import started, with_database
from tests.support.desk_client import OPERATOR, Rest
from tests.support.processes import ROOT, ServerProcess, free_port

MODEL = "bench"


@dataclass(frozen=True)
class Case:
    """`conversations` at once, each `turns` times; the model says a token every `delay` seconds (0 = all at once)."""

    conversations: int
    delay: float
    turns: int = 1
    decision: str = "approve"

    @property
    def name(self) -> str:
        return f"{self.conversations} × " + (f"{1 / self.delay:.0f} tokens/s" if self.delay else "saturated")

    @property
    def spread(self) -> float:
        """Seconds over which the conversations begin: as long as a stream, so that in the end all are at work."""
        return TOKENS * self.delay


@dataclass
class Spent:
    """Processor seconds of our processes up to a moment."""

    server: float
    postgres: float
    valkey: float

    def since(self, before: "Spent") -> "Spent":
        return Spent(self.server - before.server, self.postgres - before.postgres, self.valkey - before.valkey)


class Desk:
    """Cuedesk with its servers."""

    name = "cuedesk"

    def __init__(self, server: ServerProcess, postgres: EmbeddedPostgres, valkey: EmbeddedValkey) -> None:
        self.server = server
        self._postgres = postgres
        self._valkey = valkey

    @property
    def pid(self) -> int:
        return self.server.pid

    def spent(self) -> Spent:
        assert self._postgres.process is not None
        assert self._valkey.process is not None
        return Spent(
            machine.cpu_seconds(self.pid),
            machine.cpu_seconds(self._postgres.process.pid, with_children=True),
            machine.cpu_seconds(self._valkey.process.pid),
        )

    @contextlib.asynccontextmanager
    async def conversations(self, count: int, heard: Heard, delay: float) -> AsyncIterator[list[Conversation]]:
        async with Rest.login(self.server.url, OPERATOR) as rest, contextlib.AsyncExitStack() as stack:
            made: list[Conversation] = []
            for _ in range(count):
                thread = await rest.new_thread()
                made.append(DeskConversation(await self._socket(rest, stack), thread, heard, delay))
            yield made

    @contextlib.asynccontextmanager
    async def idle(self) -> AsyncIterator[Any]:
        """Give a function that opens that many more sockets, each on the thread of a conversation if one is given."""
        async with Rest.login(self.server.url, OPERATOR) as rest, contextlib.AsyncExitStack() as stack:

            async def more(count: int, like: Conversation | None = None) -> None:
                for _ in range(count):
                    socket = await self._socket(rest, stack)
                    if isinstance(like, DeskConversation):
                        await DeskConversation(socket, like.thread, Heard(), 0).begin()

            yield more

    async def _socket(self, rest: Rest, stack: contextlib.AsyncExitStack) -> ClientConnection:
        opened = connect(
            rest.ws_url, additional_headers=rest.page_headers(), compression=None, max_size=None, ping_interval=None
        )
        socket = await stack.enter_async_context(opened)
        assert json.loads(await socket.recv())["type"] == "welcome"
        return socket


class Floor:
    """A server that does less: `bare`, or one of benchmarks/graphs.py."""

    def __init__(self, name: str, pid: int, port: int, postgres: EmbeddedPostgres) -> None:
        self.name = name
        self.pid = pid
        self._url = f"ws://127.0.0.1:{port}/ws"
        self._postgres = postgres
        self._conversation = BareConversation if name == "bare" else GraphConversation

    def spent(self) -> Spent:
        assert self._postgres.process is not None
        return Spent(
            machine.cpu_seconds(self.pid),
            machine.cpu_seconds(self._postgres.process.pid, with_children=True) if self.name != "bare" else 0.0,
            0.0,
        )

    @contextlib.asynccontextmanager
    async def conversations(self, count: int, heard: Heard, delay: float) -> AsyncIterator[list[Conversation]]:
        async with contextlib.AsyncExitStack() as stack:
            yield [self._conversation(await self._socket(stack), heard, delay) for _ in range(count)]

    @contextlib.asynccontextmanager
    async def idle(self) -> AsyncIterator[Any]:
        """Give a function that opens that many more sockets."""
        async with contextlib.AsyncExitStack() as stack:

            async def more(count: int, like: Conversation | None = None) -> None:
                for _ in range(count):
                    await self._socket(stack)

            yield more

    async def _socket(self, stack: contextlib.AsyncExitStack) -> ClientConnection:
        return await stack.enter_async_context(connect(self._url, compression=None, ping_interval=None))


Server = Desk | Floor


async def run_case(server: Server, case: Case, model: "Model") -> dict[str, float]:
    """Run one case against one server and return its figures: milliseconds, and microseconds of processor a token."""
    model.set(case.delay)
    heard = Heard()
    asking = deciding = Spent(0, 0, 0)
    async with (
        asyncio.timeout(90 + 2 * case.conversations),
        server.conversations(case.conversations, heard, case.delay) as conversations,
    ):
        await asyncio.gather(*(one.begin() for one in conversations))
        for _ in range(case.turns):
            before, began = server.spent(), time.perf_counter()
            async with asyncio.TaskGroup() as group:
                for place, one in enumerate(conversations):
                    group.create_task(_later(case.spread * place / case.conversations, one.ask()))
            heard.seconds += time.perf_counter() - began
            between = server.spent()
            async with asyncio.TaskGroup() as group:
                for place, one in enumerate(conversations):
                    group.create_task(_later(0.05 * place, one.decide(case.decision)))
            asking, deciding = (
                _sum(asking, between.since(before)),
                _sum(deciding, server.spent().since(between)),
            )
        figures = _figures(case, heard, asking, deciding)
    return figures | {"resident_mib": machine.resident_kib(server.pid) / 1024}


async def _later(pause: float, work: Any) -> None:
    await asyncio.sleep(pause)
    await work


def _sum(one: Spent, other: Spent) -> Spent:
    return Spent(one.server + other.server, one.postgres + other.postgres, one.valkey + other.valkey)


def _figures(case: Case, heard: Heard, asking: Spent, deciding: Spent) -> dict[str, float]:
    runs, per_token = case.conversations * case.turns, 1e6 / heard.tokens
    figures = {
        "tokens": heard.tokens,
        "refused": heard.refused,
        "tokens_per_s": heard.tokens / heard.seconds,
        "frames_per_s": heard.frames / heard.seconds,
        "bytes_per_frame": heard.token_bytes / heard.token_frames,
        "bytes_per_token": heard.token_bytes / heard.tokens,
        "server_us_per_token": asking.server * per_token,
        "postgres_us_per_token": asking.postgres * per_token,
        "valkey_us_per_token": asking.valkey * per_token,
        "server_ms_per_turn": asking.server * 1000 / runs,
        "decision_server_ms": deciding.server * 1000 / runs,
        "decision_postgres_ms": deciding.postgres * 1000 / runs,
    }
    for name in ("first", "late", "resumed", "on_air", "finished"):
        values = sorted(getattr(heard, name))
        if values:
            figures[f"{name}_p50_ms"] = statistics.median(values) * 1000
            figures[f"{name}_p99_ms"] = values[min(len(values) - 1, int(len(values) * 0.99))] * 1000
    return figures


async def run_idle(server: Server, steps: Sequence[int]) -> dict[str, float]:
    """Open idle sockets step by step; return the slope of the server's memory in KiB a socket."""
    memory = []
    async with asyncio.timeout(120), server.idle() as more:
        for before, upto in zip((0, *steps), steps, strict=False):
            await more(upto - before)
            await asyncio.sleep(0.5)
            memory.append(machine.resident_kib(server.pid))
    slopes = [(b - a) / (n - m) for a, b, m, n in zip(memory, memory[1:], steps, steps[1:], strict=False)]
    return {"kib_per_socket": statistics.median(slopes), "sockets": steps[-1], "resident_mib": memory[-1] / 1024}


async def run_storm(server: Server, sockets: int) -> dict[str, float]:
    """Let `sockets` clients come back within five seconds, each to a thread it has seen nothing of; milliseconds.

    `back` is from the first byte of the connection to the end of what was missed; against the bare socket, to its
    being open.
    """
    taken: list[float] = []
    heard = Heard()
    threads = 20
    async with asyncio.timeout(300), server.conversations(threads, heard, 0) as conversations:
        if isinstance(server, Desk):
            for one in conversations:
                await one.begin()
                await one.ask()
                await one.decide("reject")
        async with server.idle() as more, asyncio.TaskGroup() as group:

            async def come_back(place: int) -> None:
                await asyncio.sleep(5 * place / sockets)
                began = time.perf_counter()
                await more(1, conversations[place % threads])
                taken.append(time.perf_counter() - began)

            before = server.spent()
            for place in range(sockets):
                group.create_task(come_back(place))
        spent = server.spent().since(before)
    taken.sort()
    return {
        "back_p50_ms": statistics.median(taken) * 1000,
        "back_p99_ms": taken[int(len(taken) * 0.99)] * 1000,
        "back_last_ms": taken[-1] * 1000,
        "server_ms_per_socket": spent.server * 1000 / sockets,
    }


class Model:
    """The scripted model, a process of its own."""

    def __init__(self, port: int) -> None:
        self.base_url = f"http://127.0.0.1:{port}/v1"
        self._control = f"http://127.0.0.1:{port}/control"

    def set(self, delay: float) -> None:
        """Say from now on the text, a token every `delay` seconds; forget what was asked."""
        self._ask("DELETE", "", {})
        self._ask("PUT", f"/models/{MODEL}", {"kind": "text", "text": TEXT, "piece": PIECE, "delay": delay})

    def _ask(self, method: str, path: str, body: dict[str, Any]) -> None:
        request = urllib.request.Request(self._control + path, json.dumps(body).encode(), method=method)
        with urllib.request.urlopen(request, timeout=5) as answer:
            answer.read()


@contextlib.contextmanager
def everything(folder: Path, floors: Sequence[str] = ("bare",)) -> Iterator[tuple[Model, Desk, list[Floor]]]:
    """Start all processes, each on its processors, and stop them at the end."""
    with contextlib.ExitStack() as stack:
        postgres, valkey = EmbeddedPostgres(folder / "servers"), EmbeddedValkey(folder / "servers")
        stack.enter_context(started(postgres))
        stack.enter_context(started(valkey))
        model_port = free_port()
        model = Model(model_port)
        speaker = started_at(stack, model_port, "tests.support.scripted_model", "--port", str(model_port))
        made: list[Floor] = []
        for name in floors:
            port = free_port()
            to = [str(port), model.base_url, MODEL]
            if name == "bare":
                pid = started_at(stack, port, "benchmarks.bare", *to)
            else:
                # A database of its own: the stock saver makes its tables in it.
                owner_url = postgres.address.owner_url
                with psycopg.connect(owner_url, autocommit=True) as conn:
                    conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(f"bench_{name}")))
                pid = started_at(stack, port, "benchmarks.graphs", name, *to, with_database(owner_url, f"bench_{name}"))
            made.append(Floor(name, pid, port, postgres))
        settings = {
            "database_url": postgres.address.owner_url,
            "redis_url": valkey.url,
            "llm_provider": "openai",
            "llm_base_url": model.base_url,
            "llm_model": MODEL,
            "llm_judge": False,  # what is played is the writer's part
            **dict.fromkeys(("sockets_per_user", "sockets_per_tenant", "sockets_per_process"), 100_000),
            **dict.fromkeys(("upgrades_per_second", "upgrades_burst"), 100_000),
            "sockets_per_tenant": 100_000,
            "sockets_per_process": 100_000,
            "upgrades_per_second": 100_000,
            "upgrades_burst": 100_000,
            "log_level": "warning",
        }
        desk = stack.enter_context(ServerProcess(folder / "desk", settings).start()).wait_healthy(120)
        assert postgres.process is not None
        assert valkey.process is not None
        for pid in (speaker, postgres.process.pid, valkey.process.pid):
            machine.pin(pid, machine.OTHER_PROCESSORS)
        for pid in (desk.pid, *(floor.pid for floor in made)):
            machine.pin(pid, [machine.SERVER_PROCESSOR])
        os.sched_setaffinity(0, machine.OTHER_PROCESSORS)
        yield model, Desk(desk, postgres, valkey), made


def started_at(stack: contextlib.ExitStack, port: int, *module: str) -> int:
    """Start a module that listens on `port`, wait until it does, and return its process id; it ends with `stack`."""
    process = subprocess.Popen([sys.executable, "-m", *module], cwd=ROOT, stdin=subprocess.DEVNULL)
    stack.callback(process.wait)
    stack.callback(process.terminate)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return process.pid
        time.sleep(0.05)
    raise AssertionError(f"{module[0]} does not answer")


async def rounds(
    folder: Path, cases: Sequence[Case], times: int, idle: Sequence[int], storm: int, floors: Sequence[str]
) -> list[dict[str, Any]]:
    """Run every case against every server, `times` times over, and return one row for each."""
    rows: list[dict[str, Any]] = []
    with everything(folder, floors) as (model, desk, others):
        servers: list[Server] = [*others, desk]
        print(", ".join(f"{server.name} {server.pid}" for server in servers), file=sys.stderr, flush=True)
        model.set(0)
        for server in servers:  # first use of everything, not counted
            await run_case(server, Case(2, 0, 2), model)
        for number in range(times):
            for case in cases:
                for server in servers:
                    row = {"round": number, "case": case.name, "server": server.name}
                    rows.append(row | await run_case(server, case, model))
                    print(json.dumps(rows[-1], ensure_ascii=False), file=sys.stderr, flush=True)
        simple = [server for server in servers if server.name in ("bare", desk.name)]
        for server in simple if storm else ():
            rows.append(
                {"round": 0, "case": f"storm of {storm}", "server": server.name} | await run_storm(server, storm)
            )
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
        for server in simple if idle else ():
            rows.append({"round": 0, "case": "idle", "server": server.name} | await run_idle(server, idle))
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    return rows


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Return the medians over the rounds as Markdown: `median (least to most)`, and Cuedesk's ratio to `bare`."""
    lines: list[str] = []
    for case in dict.fromkeys(row["case"] for row in rows):
        mine = [row for row in rows if row["case"] == case]
        names = list(dict.fromkeys(row["server"] for row in mine))
        of = {name: [row for row in mine if row["server"] == name] for name in names}
        desk, bare = of["cuedesk"], {row["round"]: row for row in of.get("bare", [])}
        lines += [f"\n### {case}\n", f"| | {' | '.join(reversed(names))} | to bare |", "|---" * (len(names) + 2) + "|"]
        for name in [key for key in desk[0] if key not in ("round", "case", "server")]:
            ratios = [row[name] / bare[row["round"]][name] for row in desk if bare.get(row["round"], {}).get(name)]
            cells = [_spread([row[name] for row in of[server] if row.get(name)]) for server in reversed(names)]
            lines.append(f"| {name} | " + " | ".join([*cells, _spread(ratios)]) + " |")
    return "\n".join(lines)


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "–"
    shown = [f"{value:.2f}" if value < 10 else f"{value:.0f}" for value in (min(values), max(values))]
    middle = statistics.median(values)
    return (f"{middle:.2f}" if middle < 10 else f"{middle:.0f}") + f" ({shown[0]} to {shown[1]})"


def main() -> None:
    """Run what was asked for; the rows go to stderr as JSON while it runs, the table to stdout at the end."""
    parser = argparse.ArgumentParser(description="Conversations under load, against a bare socket.")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--cases", default="1x0,10x0,50x0,200x0,1x40,10x40,50x40,200x40", help="CONVERSATIONSxTOKENS_PER_SECOND,…"
    )
    parser.add_argument("--turns", type=int, default=0, help="turns of each conversation (0 = as many as steady it)")
    parser.add_argument("--decision", choices=("approve", "reject"), default="approve", help="a reject learns nothing")
    parser.add_argument("--idle", default="0,500,1000,2000", help="idle sockets, step by step; empty = not at all")
    parser.add_argument("--storm", type=int, default=0, help="so many sockets come back within five seconds")
    parser.add_argument("--floors", default="bare,nodes,stock", help="what to run beside Cuedesk: bare, nodes, stock")
    chosen = parser.parse_args()
    allow_many_sockets()
    # Told to end, end tidily: the servers are processes of their own.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended"))
    cases = [_case(name, chosen.turns, chosen.decision) for name in filter(None, chosen.cases.split(","))]
    idle = [int(step) for step in filter(None, chosen.idle.split(","))]
    with tempfile.TemporaryDirectory(prefix="cuedesk-bench-", ignore_cleanup_errors=True) as folder:
        floors = [name for name in chosen.floors.split(",") if name]
        print(table(asyncio.run(rounds(Path(folder), cases, chosen.rounds, idle, chosen.storm, floors))))


def _case(name: str, turns: int, decision: str) -> Case:
    conversations, rate = (int(part) for part in name.split("x"))
    few = max(1, 10 // conversations) if rate == 0 else 1
    return Case(conversations, 1 / rate if rate else 0.0, turns or few, decision)


if __name__ == "__main__":
    main()
