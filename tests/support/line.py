"""A line to a server that a test can spoil: between browser and gateway, gateway and PostgreSQL, worker and model.

Raw bytes both ways; the far end is a port of this machine or a unix socket. `up` is towards the server, `down` away
from it. What a spoilt line holds back is delivered when it is mended, as TCP would.
"""

import contextlib
import random
import socket
import struct
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Literal
from urllib.parse import parse_qs, urlsplit

Direction = Literal["up", "down"]


@dataclass
class Way:
    """How bytes travel in one direction, now: change the fields at any time."""

    latency: float = 0.0  #: seconds that each piece takes
    jitter: float = 0.0  #: at most so many seconds more, by chance; the order is kept
    rate: float = 0.0  #: bytes a second; 0 = as fast as they come
    silent: bool = False  #: a black hole: nothing arrives, nothing is refused

    def mend(self) -> None:
        """As a good line is."""
        self.latency = self.jitter = self.rate = 0.0
        self.silent = False


class Line:
    """Accepts connections at `port` and carries them to another port, or to a unix socket."""

    def __init__(self, to: int | Path) -> None:
        self.up, self.down = Way(), Way()
        self._to = to
        self._open: set[_Carried] = set()
        self._lock = threading.Lock()
        self._whole = True
        self._losing: bytes | None = None
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port: int = self._listener.getsockname()[1]
        #: Connections accepted so far.
        self.accepted = 0
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut(self) -> None:
        """Break every connection, without a closing handshake of what runs over it, and let no new one through."""
        self._whole = False
        for one in self._carried():
            one.end()

    def reset(self) -> None:
        """Break every connection by RST, as when the machine at the other end has restarted; new ones may come."""
        for one in self._carried():
            one.reset()

    def black_hole(self) -> None:
        """Let nothing through in either direction and refuse nothing: the cable is out."""
        self.up.silent = self.down.silent = True

    def half_close(self, direction: Direction) -> None:
        """End one direction of every connection; the other goes on."""
        for one in self._carried():
            one.half_close(direction)

    def lose_answer_to(self, asked: bytes) -> None:
        """Carry the next request that holds `asked`, wait for its answer, throw that away and reset the connection.

        The server did it and the client cannot know: executed, but timed out.
        """
        self._losing = asked

    @property
    def answer_lost(self) -> bool:
        """Whether what `lose_answer_to` asked for has happened."""
        return self._losing is None

    def mend(self) -> None:
        """Let everything through again, also what was held back."""
        self.up.mend()
        self.down.mend()
        self._losing = None
        self._whole = True

    def close(self) -> None:
        self.cut()
        self.up.mend()
        self.down.mend()
        self._listener.close()

    def _carried(self) -> list["_Carried"]:
        with self._lock:
            return list(self._open)

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with contextlib.suppress(OSError), near:
            while self.up.silent and self._whole:
                time.sleep(0.01)
            if not self._whole:
                return
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with self._dial() as far:
                one = _Carried(self, near, far)
                with self._lock:
                    self._open.add(one)
                try:
                    one.run()
                finally:
                    with self._lock:
                        self._open.discard(one)

    def _dial(self) -> socket.socket:
        if isinstance(self._to, int):
            far = socket.create_connection(("127.0.0.1", self._to))
            far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return far
        far = socket.socket(socket.AF_UNIX)
        far.connect(str(self._to))
        return far

    def asked_to_lose(self, data: bytes) -> bool:
        """Whether the answer to this request is the one to lose."""
        return self._losing is not None and self._losing in data

    def note_lost(self) -> None:
        self._losing = None


class _Carried:
    """One connection: a thread that reads and one that writes for each direction."""

    def __init__(self, line: Line, near: socket.socket, far: socket.socket) -> None:
        self._line = line
        self._near = near
        self._far = far
        self._ended = False
        self._torn = False
        self._losing = False

    def run(self) -> None:
        back = threading.Thread(target=self._pump, args=("down",), daemon=True)
        back.start()
        self._pump("up")
        back.join()

    def end(self) -> None:
        self._ended = True
        for end in (self._near, self._far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        for end in (self._near, self._far):
            with contextlib.suppress(OSError):
                # Lingering for no time makes the close an RST.
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._ended = self._torn = True
        # A reader in `recv` keeps the socket alive past `close`; taking away the read side wakes it without a FIN.
        for end in (self._near, self._far):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RD)
            end.close()

    def half_close(self, direction: Direction) -> None:
        _, sink = self._ends(direction)
        with contextlib.suppress(OSError):
            sink.shutdown(socket.SHUT_WR)

    def _ends(self, direction: Direction) -> tuple[socket.socket, socket.socket]:
        return (self._near, self._far) if direction == "up" else (self._far, self._near)

    def _pump(self, direction: Direction) -> None:
        source, sink = self._ends(direction)
        way = self._line.up if direction == "up" else self._line.down
        waiting: SimpleQueue[tuple[float, bytes]] = SimpleQueue()
        writer = threading.Thread(target=self._deliver, args=(way, sink, waiting), daemon=True)
        writer.start()
        due = 0.0
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if direction == "up" and self._line.asked_to_lose(data):
                    self._losing = True
                elif direction == "down" and self._losing:
                    self._line.note_lost()
                    self.reset()
                    break
                due = max(due, time.monotonic() + way.latency + random.random() * way.jitter)
                waiting.put((due, data))
        waiting.put((0.0, b""))
        writer.join()
        if self._torn:
            return  # a shutdown would say goodbye first
        if self._ended or direction == "down":
            self.end()
        else:
            with contextlib.suppress(OSError):
                sink.shutdown(socket.SHUT_WR)

    def _deliver(self, way: Way, sink: socket.socket, waiting: "SimpleQueue[tuple[float, bytes]]") -> None:
        with contextlib.suppress(OSError):
            while True:
                due, data = waiting.get()
                if not data:
                    return
                while not self._ended and (way.silent or time.monotonic() < due):
                    time.sleep(0.01 if way.silent else max(min(due - time.monotonic(), 0.05), 0))
                if self._ended:
                    return
                step = max(int(way.rate / 20), 1) if way.rate else len(data)
                for start in range(0, len(data), step):
                    sink.sendall(data[start : start + step])
                    if way.rate:
                        time.sleep(step / way.rate)


@contextlib.contextmanager
def line_to(to: int | Path) -> Iterator[Line]:
    """A line to a port, or a unix socket, of this machine."""
    line = Line(to)
    try:
        yield line
    finally:
        line.close()


@contextlib.contextmanager
def line_to_postgres(url: str) -> Iterator[tuple[Line, str]]:
    """A line to the embedded PostgreSQL, and the address that leads through it."""
    parts = urlsplit(url)
    folder = Path(parse_qs(parts.query)["host"][0])
    with line_to(folder / ".s.PGSQL.5432") as line:
        who = f"{parts.username}:{parts.password}"
        yield line, f"postgresql://{who}@127.0.0.1:{line.port}{parts.path}?sslmode=disable"


@contextlib.contextmanager
def line_to_valkey(url: str) -> Iterator[tuple[Line, str]]:
    """A line to the embedded Valkey, and the address that leads through it."""
    parts = urlsplit(url)
    with line_to(Path(parts.path)) as line:
        yield line, f"redis://:{parts.password}@127.0.0.1:{line.port}/0"
