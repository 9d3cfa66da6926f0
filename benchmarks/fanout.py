"""One thread with many watchers: what a piece of text costs for each, against a bare broadcast of the same frames.

`python -m benchmarks.fanout --watchers 500 --pieces 400`. Starts its own servers on loopback. Each round measures the
bare floor (Starlette, one `send_text` a watcher and frame) and Cuedesk in turn; processor time by the process's clock.
"""

import argparse
import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import uvicorn
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from backend.fanout.topics import token_channel
from backend.ids import new_id
from backend.storage.embedded import EmbeddedPostgres, EmbeddedValkey
from backend.transport.server import allow_many_sockets
from benchmarks import machine
from tests.support.crowd import Crowd
from tests.support.databases import started
from tests.support.desk_client import OPERATOR, Rest
from tests.support.processes import ROOT, ServerProcess, free_port

UNLIMITED = {
    "sockets_per_user": 100_000,
    "sockets_per_tenant": 100_000,
    "sockets_per_process": 100_000,
    "upgrades_per_second": 100_000,
    "upgrades_burst": 100_000,
}


def bare() -> Starlette:
    """Return the floor: what is posted to `/say` goes to every socket of `/ws`, and nothing else happens."""
    sockets: set[WebSocket] = set()

    async def ws(socket: WebSocket) -> None:
        await socket.accept()
        sockets.add(socket)
        await socket.send_text('{"type":"welcome"}')
        try:
            while True:
                await socket.receive_text()
        except WebSocketDisconnect:
            sockets.discard(socket)

    async def say(request: Request) -> PlainTextResponse:
        text = (await request.body()).decode()
        for socket in tuple(sockets):
            await socket.send_text(text)
        return PlainTextResponse("")

    return Starlette(routes=[WebSocketRoute("/ws", ws), Route("/say", say, methods=["POST"])])


def frames(thread: str, message_id: str, pieces: int) -> list[str]:
    """Return the frames a writer publishes."""
    head = {"type": "token", "thread_id": thread, "message_id": message_id, "agent": "script", "attempt": 1}
    return [json.dumps({**head, "i": i, "n": 1, "content": "保温杯"}, separators=(",", ":")) for i in range(pieces)]


async def of_bare(port: int, pid: int, watchers: int, pieces: int, pause: float) -> float:
    """Return the floor's processor seconds for all the frames."""
    message_id = str(new_id())
    async with Crowd(f"ws://127.0.0.1:{port}/ws", {}) as crowd:
        await crowd.grow(watchers)
        reading = asyncio.create_task(crowd.texts(message_id, pieces))
        before = machine.cpu_seconds(pid)
        for text in frames(str(new_id()), message_id, pieces):
            request = urllib.request.Request(f"http://127.0.0.1:{port}/say", text.encode(), method="POST")
            await asyncio.to_thread(lambda request=request: urllib.request.urlopen(request, timeout=10).read())
            await asyncio.sleep(pause)
        await reading
        return machine.cpu_seconds(pid) - before


async def of_cuedesk(server: ServerProcess, redis_url: str, watchers: int, pieces: int, pause: float) -> float:
    """Return our processor seconds for the same."""
    message_id = str(new_id())
    async with Rest.login(server.url, OPERATOR) as rest, Crowd(rest.ws_url, rest.page_headers()) as crowd:
        thread = await rest.new_thread()
        await crowd.grow(watchers)
        await crowd.follow([thread])
        reading = asyncio.create_task(crowd.texts(message_id, pieces))
        before = machine.cpu_seconds(server.pid)
        async with Redis.from_url(redis_url) as redis:
            for text in frames(thread, message_id, pieces):
                await redis.publish(token_channel(UUID(thread)), text)
                await asyncio.sleep(pause)
        await reading
        return machine.cpu_seconds(server.pid) - before


@contextlib.contextmanager
def _bare_process() -> Iterator[tuple[int, int]]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.fanout", "--serve-bare", str(port)], cwd=ROOT)
    try:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(
                    urllib.request.Request(f"http://127.0.0.1:{port}/say", b"", method="POST"), timeout=1
                ).read()
                break
            time.sleep(0.05)
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


@contextlib.asynccontextmanager
async def cuedesk(folder: Path, processes: int, **settings: object) -> AsyncIterator[tuple[list[ServerProcess], str]]:
    """Run that many processes of Cuedesk on one database; give them and Valkey's address."""
    postgres, valkey = EmbeddedPostgres(folder / "servers"), EmbeddedValkey(folder / "servers")
    with started(postgres), started(valkey), contextlib.ExitStack() as stack:
        addresses = {"database_url": postgres.address.owner_url, "redis_url": valkey.url, "log_level": "warning"}
        servers = []
        for number in range(processes):
            server = ServerProcess(folder / f"desk{number}", {**addresses, **UNLIMITED, **settings})
            servers.append(stack.enter_context(server.start()).wait_healthy(120))
        yield servers, valkey.url


async def run(watchers: int, pieces: int, rounds: int, rate: float) -> str:
    """Measure and return the table."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="cuedesk-fanout-", ignore_cleanup_errors=True) as folder:
        async with cuedesk(Path(folder), 1) as ([server], redis_url):
            with _bare_process() as (port, pid):
                await of_bare(port, pid, 10, 10, 0)
                await of_cuedesk(server, redis_url, 10, 10, 0)
                for _ in range(rounds):
                    floor = await of_bare(port, pid, watchers, pieces, 1 / rate)
                    ours = await of_cuedesk(server, redis_url, watchers, pieces, 1 / rate)
                    rows.append((floor, ours))
    each = 1e6 / (watchers * pieces)
    cells = [[f * each for f, _ in rows], [o * each for _, o in rows], [o / f for f, o in rows]]
    shown = [f"{statistics.median(c):.2f} ({min(c):.2f} to {max(c):.2f})" for c in cells]
    return (
        f"### {watchers} watchers of one thread, {pieces} pieces at {rate:.0f}/s, {rounds} rounds\n\n"
        "| | Cuedesk | bare | ratio |\n|---|---|---|---|\n"
        f"| server, µs a delivered frame | {shown[1]} | {shown[0]} | {shown[2]} |"
    )


def main() -> None:
    """Run, or serve the floor."""
    parser = argparse.ArgumentParser(description="Fan-out of one thread to many watchers, against a bare broadcast.")
    parser.add_argument("--watchers", type=int, default=500)
    parser.add_argument("--pieces", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rate", type=float, default=25, help="pieces a second")
    parser.add_argument("--serve-bare", type=int, default=0, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.serve_bare:
        uvicorn.run(bare(), host="127.0.0.1", port=chosen.serve_bare, loop="uvloop", ws="websockets-sansio",
                    ws_per_message_deflate=False, log_level="warning")  # fmt: skip
        return
    allow_many_sockets()
    print(asyncio.run(run(chosen.watchers, chosen.pieces, chosen.rounds, chosen.rate)))


if __name__ == "__main__":
    main()
