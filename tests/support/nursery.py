"""A process that has loaded the server's code and forks one server after the other, for tests.

Loading takes two seconds of a processor, and the tests start more than a hundred servers. What runs in the fork is what
`python -m backend` runs, with its own session, folder, settings and log. Tests about the start itself use the command.
"""

import atexit
import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

_ROOT = Path(__file__).resolve().parents[2]


class Fork:
    """A server that was forked; it is asked and told like a `subprocess.Popen`."""

    def __init__(self, pid: int, nursery: "Nursery") -> None:
        self.pid = pid
        self._nursery = nursery

    def poll(self) -> int | None:
        """The exit code (of a signal: its number, negative), or None while it runs."""
        return self._nursery.code_of(self.pid)

    def wait(self, timeout: float | None = None) -> int:
        deadline = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("backend", timeout or 0)
            time.sleep(0.005)
        return code

    def send_signal(self, which: int) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):  # it ended, and the nursery has not said so yet
                os.kill(self.pid, which)


class Nursery:
    """The forking process, seen from the tests; it ends, with all it forked, when the tests end."""

    def __init__(self) -> None:
        self._codes: dict[int, int] = {}
        self._lock = threading.Lock()
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CUEDESK_")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.nursery"],
            cwd=_ROOT,
            env={**environment, "PYTHONPATH": str(_ROOT), "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        atexit.register(self.close)

    def fork(self, arguments: tuple[str, ...], folder: Path, environment: Mapping[str, str], log: Path) -> Fork:
        """Start `python -m backend <arguments>` in `folder`; what it prints is appended to `log`."""
        order = {"arguments": arguments, "folder": str(folder), "environment": dict(environment), "log": str(log)}
        with self._lock:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            while "born" not in (news := self._hear()):
                pass
            # Numbers come again after thirty thousand processes: another's end is not this one's.
            self._codes.pop(news["born"], None)
            return Fork(news["born"], self)

    def code_of(self, pid: int) -> int | None:
        with self._lock:
            while pid not in self._codes and select.select([self._process.stdout], [], [], 0)[0]:
                self._hear()
            return self._codes.get(pid)

    def close(self) -> None:
        with contextlib.suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        self._process.wait(10)

    def _hear(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._read_line(self._process.stdout)
        assert line, "the nursery ended"
        news: dict[str, Any] = json.loads(line)
        if "ended" in news:
            self._codes[news["ended"]] = news["code"]
        return news

    @staticmethod
    def _read_line(pipe: IO[bytes]) -> bytes:
        # Byte by byte, so that nothing waits in a buffer that `select` does not see.
        line = b""
        while not line.endswith(b"\n") and (byte := os.read(pipe.fileno(), 1)):
            line += byte
        return line


_nurseries: list[Nursery] = []


def nursery() -> Nursery:
    """The nursery of this test process."""
    if not _nurseries:
        _nurseries.append(Nursery())
    return _nurseries[0]


def _serve() -> None:
    import uvloop  # noqa: F401 -- loaded here, used in the forks

    from backend import __main__, app  # noqa: F401
    from backend.quality.layering import plain

    plain(None)  # the rules that hold where nobody has any: three seconds of a processor, the same for every server
    news = os.dup(1)
    alive: set[int] = set()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests, which then close our stdin
    orders = sys.stdin.buffer.raw  # type: ignore[attr-defined]
    held = b""
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
        while alive:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                break
            alive.remove(pid)
            _say(news, {"ended": pid, "code": os.waitstatus_to_exitcode(status)})
        if 0 not in ready:
            continue
        piece = orders.read(65536)
        if not piece:
            for pid in alive:
                os.kill(pid, signal.SIGKILL)
            return
        held += piece
        while b"\n" in held:
            line, held = held.split(b"\n", 1)
            pid = os.fork()
            if pid == 0:
                signal.set_wakeup_fd(-1)
                for fd in (woken, wake, news):
                    os.close(fd)
                _become(json.loads(line))
            alive.add(pid)
            _say(news, {"born": pid})


def _say(news: int, told: dict[str, int]) -> None:
    os.write(news, json.dumps(told).encode() + b"\n")


def _become(order: dict[str, Any]) -> None:
    """Be the server that was ordered, to its end."""
    from backend.__main__ import main

    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setsid()
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for fd, to in ((0, nothing), (1, log), (2, log)):
        os.dup2(to, fd)
    os.close(nothing)
    os.close(log)
    sys.argv = ["backend", *order["arguments"]]
    sys.exit(main(order["arguments"]))


if __name__ == "__main__":
    _serve()
