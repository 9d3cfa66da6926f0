"""N gateways and M workers on one database behind the project's nginx, as one object: for tests, benchmarks, people.

`python -m tests.support.cluster` (`make cluster`) runs one until Ctrl-C. Every member is a process of its own with the
settings of the cluster; none is sticky: nginx gives each connection to the gateway that has the fewest.
"""

import argparse
import contextlib
import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import Any

from backend.errors import AppError
from backend.storage.embedded import EmbeddedPostgres, EmbeddedValkey
from tests.support.databases import started
from tests.support.nginx import nginx
from tests.support.processes import ROOT, ServerProcess, free_port

GATEWAY = ("serve", "--no-worker")
WORKER = ("worker",)


class Cluster:
    """Start it with `with`. The thread that starts it must live as long as it does: the kernel ties the servers to it.

    `gateways` and `workers` are the members in the order of their start; a member that was killed stays in its list
    and keeps its port, so that `restart` brings it back to the same place behind nginx.
    """

    def __init__(
        self,
        folder: Path,
        *,
        gateways: int = 2,
        workers: int = 2,
        settings: Mapping[str, object] | None = None,
        database_url: str | None = None,
        redis_url: str | None = None,
        port: int = 0,
        fsync: bool = False,
        code: Path = ROOT,
    ) -> None:
        """Without addresses the cluster has a PostgreSQL and a Valkey of its own (`postgres`, `valkey`) in `folder`.

        `port` is nginx's, 0 = a free one; `fsync` is for the cluster's own servers; `settings` are every member's;
        `code` is the tree that the members run.
        """
        self.folder = folder
        self.postgres: EmbeddedPostgres | None = None
        self.valkey: EmbeddedValkey | None = None
        self.database_url = database_url or ""
        self.redis_url = redis_url or ""
        self.code = code
        self.gateways: list[ServerProcess] = []
        self.workers: list[ServerProcess] = []
        self._sizes = (gateways, workers)
        self._settings = dict(settings or {})
        self._secret = secrets.token_urlsafe(32)
        self._port = port or free_port()
        self._fsync = fsync
        self._stack = contextlib.ExitStack()
        self._made = 0

    @property
    def url(self) -> str:
        """Where clients come: nginx."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self._port}/ws"

    @property
    def members(self) -> list[ServerProcess]:
        return [*self.gateways, *self.workers]

    @property
    def alive(self) -> list[ServerProcess]:
        return [member for member in self.members if member.alive]

    def __enter__(self) -> "Cluster":
        """Start everything and wait until it is healthy."""
        try:
            self._start_storage()
            gateways, workers = self._sizes
            # The first one brings the database to the schema and seeds it; the others find it done.
            first = self.member(GATEWAY)
            self.gateways.append(wait_started(first.start()))
            fresh = [self.member(GATEWAY) for _ in range(gateways - 1)]
            crew = [self.member(WORKER) for _ in range(workers)]
            self.gateways += fresh
            self.workers += crew
            for member in fresh + crew:
                member.start()
            for member in fresh + crew:
                wait_started(member)
            ports = [gateway.port for gateway in self.gateways]
            self._stack.enter_context(nginx(self.folder / "nginx", app_ports=ports, port=self._port))
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End what still runs, at once, and give the ports and folders back."""
        for member in self.members:
            member.__exit__()
        self._stack.close()

    def drain(self, timeout: float = 60) -> list[int]:
        """SIGTERM to every living member at once; returns their exit codes."""
        return terminate_all(self.alive, timeout)

    def member(self, command: tuple[str, ...], *, code: Path | None = None, **settings: object) -> ServerProcess:
        """Make one more process of this cluster, not started and in no list. nginx knows the first gateways only."""
        self._made += 1
        common = {"database_url": self.database_url, "redis_url": self.redis_url, "secret_key": self._secret}
        chosen = {**common, **self._settings, **settings}
        folder = self.folder / f"{self._made}-{command[0]}"
        return ServerProcess(folder, chosen, command=command, code=code or self.code)

    def start_worker(self, **settings: object) -> ServerProcess:
        """Add a worker and wait until it works."""
        worker = self.member(WORKER, **settings)
        self.workers.append(worker)
        return wait_started(worker.start())

    def restart(self, member: ServerProcess, timeout: float = 60) -> None:
        """End a member gently, if it lives, and start it again at its place; returns when it is healthy."""
        if member.alive:
            code = member.terminate(timeout)
            assert code == 0, f"{member.command} ended with {code}:\n{member.log_text()[-6000:]}"
        wait_started(member.start(), timeout)

    def rolling_restart(self, members: Iterable[ServerProcess] | None = None) -> None:
        """Restart one member after the other, workers first; the rest serve meanwhile."""
        for member in members if members is not None else [*self.workers, *self.gateways]:
            self.restart(member)

    def _start_storage(self) -> None:
        if not self.database_url:
            self.postgres = EmbeddedPostgres(self.folder / "data", fsync=self._fsync)
            self._stack.enter_context(started(self.postgres))
            self.database_url = self.postgres.address.owner_url
        if not self.redis_url:
            self.valkey = EmbeddedValkey(self.folder / "data", fsync=self._fsync)
            self._stack.enter_context(started(self.valkey))
            self.redis_url = self.valkey.url


def wait_started(member: ServerProcess, timeout: float = 60) -> ServerProcess:
    """Wait until a gateway is ready to serve, or a worker takes runs."""
    if member.command[0] == "serve":
        return member.wait_healthy(timeout)
    member.wait_for_log("worker_started", timeout)
    return member


def terminate_all(members: Sequence[ServerProcess], timeout: float = 60) -> list[int]:
    """SIGTERM to all, then wait for all; returns the exit codes."""
    if not members:
        return []
    with ThreadPoolExecutor(len(members)) as threads:
        return list(threads.map(lambda member: member.terminate(timeout), members))


@contextlib.contextmanager
def told_to_end() -> Iterator[Callable[[], bool]]:
    """Notice SIGTERM and Ctrl-C instead of dying of them; gives whether one came."""
    told: list[int] = []

    def note(number: int, _: FrameType | None) -> None:
        told.append(number)

    before: dict[signal.Signals, Any] = {sign: signal.signal(sign, note) for sign in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(told)
    finally:
        for sign, old in before.items():
            signal.signal(sign, old)


def main() -> int:
    """Run a cluster until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="make cluster", description=__doc__.partition("\n")[0])
    parser.add_argument("--gateways", type=int, default=2)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--port", type=int, default=8080, help="nginx's; 0 = a free one")
    parser.add_argument("--data", type=Path, help="keep the data here (default: a new folder, removed at the end)")
    chosen = parser.parse_args()
    # The shell's own settings are every member's: the model, the paces. Where they listen and keep things is ours.
    ours = ("PORT", "HOST", "DATA_DIR", "DATABASE_URL", "REDIS_URL", "SECRET_KEY")
    inherited = {name.removeprefix("CUEDESK_"): value for name, value in os.environ.items() if "CUEDESK_" in name}
    settings = {"offline_pace": 40, **{n.lower(): v for n, v in inherited.items() if n not in ours}}
    with contextlib.ExitStack() as stack:
        folder = chosen.data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="cuedesk-cluster-")))
        cluster = Cluster(
            folder,
            gateways=chosen.gateways,
            workers=chosen.workers,
            settings=settings,
            database_url=os.environ.get("CUEDESK_DATABASE_URL"),
            redis_url=os.environ.get("CUEDESK_REDIS_URL"),
            port=chosen.port,
            fsync=True,
        )
        told = stack.enter_context(told_to_end())
        try:
            stack.enter_context(cluster)
        except (AppError, AssertionError) as error:
            print(f"cluster: {error}", file=sys.stderr)
            return 1
        _tell(cluster)
        while not told():
            time.sleep(0.2)
        print("\n正在停止 / draining", flush=True)
        cluster.drain()
    return 0


def _tell(cluster: Cluster) -> None:
    print(f"\n  Cuedesk  {cluster.url}   (nginx, least_conn)\n", flush=True)
    for member in cluster.members:
        where = member.url if member.command == GATEWAY else ""
        print(f"    {' '.join(member.command):<20} pid {member.pid:<8} {where:<24} {member.log}", flush=True)
    print("\n  Ctrl-C 结束 / ends it\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
