"""The real server as a process of its own: start it, read its log, kill it, freeze it."""

import contextlib
import itertools
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from tests.support.nursery import Fork, nursery

ROOT = Path(__file__).resolve().parents[2]


#: Below what the kernel gives to connections that go out (32768 and up), so that none of them takes a port between its
#: choice and the server's start, or while a server is restarted. Each process has a quarter of thousands of its own.
_PORTS: Final = range(10_000, 32_000)
_SHARE: Final = 250
_worker: Final = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_ports = itertools.count((os.getppid() * 5 + _worker) * _SHARE)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on, and that this process has not given before."""
    for number in itertools.islice(_ports, len(_PORTS)):
        port = _PORTS[number % len(_PORTS)]
        with socket.socket() as probe, contextlib.suppress(OSError):
            # As our servers do it: what is left of an ended connection is no hindrance, somebody who listens is.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            probe.listen(1)
            return port
    raise AssertionError(f"no port of {_PORTS} is free")


def unhurried(seconds: float) -> float:
    """The bound that holds on a machine that is free, for one that is not: there everything takes its share longer.

    For bounds that a scenario sets. What proves that something is at work at all should need no bound: let what would
    come instead (a poll, the end of a lease) take a minute.
    """
    return seconds * max(1.0, 2 * os.getloadavg()[0] / (os.cpu_count() or 1))


class ServerProcess:
    """`python -m backend <command>` in an empty folder with exactly the settings given (`CUEDESK_` is added).

    In tests this tree's own code is forked from a process that has it loaded; all else is a new interpreter.
    """

    #: Set by the tests. Benchmarks measure what production runs.
    forked = False
    #: What the interpreter is started with.
    module = "backend"

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, object],
        *,
        command: tuple[str, ...] = ("serve",),
        port: int = 0,
        code: Path = ROOT,
    ) -> None:
        """`folder` gets the log and, if not set, the data; `port` 0 = a free one; `code`: the tree to run."""
        self.port = port or free_port()
        self.folder = folder
        self.command = command
        self.log = folder / f"{'-'.join(command)}-{self.port}.log"
        defaults: dict[str, object] = {
            "port": self.port,
            "data_dir": folder / "data",
            "static_dir": ROOT / "frontend" / "dist",
            "embedded_fsync": False,
            "offline_pace": 0,
            "log_format": "json",
        }
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("CUEDESK_")}
        chosen = {f"CUEDESK_{name.upper()}": str(value) for name, value in {**defaults, **settings}.items()}
        self.environment = {**inherited, **chosen, "PYTHONPATH": str(code), "PYTHONUNBUFFERED": "1"}
        self.process: subprocess.Popen[bytes] | Fork | None = None
        self._told_before = 0

    @property
    def alive(self) -> bool:
        """Whether the process runs (also while it is frozen)."""
        return self.process is not None and self.process.poll() is None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    @property
    def pid(self) -> int:
        assert self.process is not None, "not started"
        return self.process.pid

    def start(self) -> "ServerProcess":
        """Start without waiting; again after an end, at the same port and with the same log."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._told_before = len(self.log_text())
        if self.forked and self.environment["PYTHONPATH"] == str(ROOT):
            self.process = nursery().fork(self.command, self.folder, self.environment, self.log)
            return self
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module, *self.command],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def wait_healthy(self, timeout: float = 60.0, *, path: str = "/api/v1/health/ready") -> "ServerProcess":
        """Wait until `path` answers 200; fails with the log when the process ends or the time is over."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            self._expect_alive()
            try:
                with urllib.request.urlopen(self.url + path, timeout=2) as answer:
                    if answer.status == 200:
                        return self
            except (urllib.error.URLError, OSError):
                pass
            time.sleep(0.03)
        raise AssertionError(f"{self.command} not healthy within {timeout} s:\n{self.log_text()[-6000:]}")

    def wait_for_log(self, text: str, timeout: float = 30.0) -> str:
        """Wait until a log line of the latest start holds `text` and return that line."""
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for line in self.log_text()[self._told_before :].splitlines():
                if text in line:
                    return line
            self._expect_alive()
            time.sleep(0.03)
        raise AssertionError(f"no {text!r} in the log within {timeout} s:\n{self.log_text()[-6000:]}")

    def log_text(self) -> str:
        return self.log.read_text("utf-8", "replace") if self.log.exists() else ""

    def kill(self) -> None:
        """kill -9, as a crash would."""
        self._signal(signal.SIGKILL)
        self.wait()

    def freeze(self) -> None:
        """SIGSTOP: the process lives and does nothing, like a machine that hangs."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def terminate(self, timeout: float = 30.0) -> int:
        """SIGTERM and wait; returns the exit code."""
        self._signal(signal.SIGTERM)
        return self.wait(timeout)

    def interrupt(self, timeout: float = 30.0) -> int:
        """Ctrl-C and wait; returns the exit code."""
        self._signal(signal.SIGINT)
        return self.wait(timeout)

    def wait(self, timeout: float = 30.0) -> int:
        """Wait for the end; returns the exit code."""
        assert self.process is not None, "not started"
        return self.process.wait(timeout)

    def __enter__(self) -> "ServerProcess":
        return self if self.process is not None else self.start()

    def __exit__(self, *_: object) -> None:
        if self.alive:
            self.kill()

    def _signal(self, which: signal.Signals) -> None:
        assert self.process is not None, "not started"
        self.process.send_signal(which)

    def _expect_alive(self) -> None:
        assert self.process is not None, "not started"
        code = self.process.poll()
        assert code is None, f"{self.command} ended with {code}:\n{self.log_text()[-6000:]}"


def cpu_seconds(pid: int) -> float:
    """The processor time a living process has used: what it costs, however busy the machine is with others."""
    return time.clock_gettime((~pid << 3) | 2)  # the clock of another process, as clock_getcpuclockid(3) numbers it


def metrics(server: ServerProcess) -> str:
    """What `/metrics` of a running server says."""
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=10) as answer:
        return str(answer.read().decode())
