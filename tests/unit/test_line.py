"""The spoilt line does what it says: the tests of recovery are worth what it is worth."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from tests.support.line import Line, line_to


@pytest.fixture
def line() -> Iterator[Line]:
    """A line to a server that answers what it is told, in capitals, and `bye` when it is told no more."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(client: socket.socket) -> None:
            with contextlib.suppress(OSError), client:
                while data := client.recv(65536):
                    client.sendall(data.upper())
                client.sendall(b"bye")

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        with line_to(listener.getsockname()[1]) as line:
            yield line


@contextlib.contextmanager
def dialled(line: Line) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", line.port), timeout=5) as client:
        client.sendall(b"hello")
        assert client.recv(100) == b"HELLO"
        yield client


def test_latency_delays_and_keeps_the_order(line: Line) -> None:
    with dialled(line) as client:
        line.up.latency, line.up.jitter = 0.2, 0.1
        began = time.monotonic()
        for piece in (b"a", b"b", b"c"):
            client.sendall(piece)
            time.sleep(0.01)
        got = b""
        while len(got) < 3:
            got += client.recv(100)
        assert got == b"ABC"
        assert time.monotonic() - began >= 0.2


def test_a_black_hole_holds_back_and_delivers_when_mended(line: Line) -> None:
    with dialled(line) as client:
        line.black_hole()
        client.sendall(b"late")
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            client.recv(100)
        line.mend()
        client.settimeout(5)
        assert client.recv(100) == b"LATE"


def test_a_reset_is_a_reset_and_a_cut_is_an_end_that_lets_nobody_back(line: Line) -> None:
    with dialled(line) as client:
        line.reset()
        with pytest.raises(ConnectionResetError):
            client.recv(100)
    with dialled(line) as client:
        line.cut()
        assert client.recv(100) == b""
    with socket.create_connection(("127.0.0.1", line.port), timeout=5) as client:
        assert client.recv(100) == b""
    line.mend()
    with dialled(line):
        pass


def test_a_throttled_line_is_slow(line: Line) -> None:
    with dialled(line) as client:
        line.down.rate = 1000
        client.sendall(b"x" * 300)
        began, got = time.monotonic(), 0
        while got < 300:
            got += len(client.recv(100))
        assert time.monotonic() - began >= 0.2


def test_a_half_closed_line_still_carries_the_other_way(line: Line) -> None:
    with dialled(line) as client:
        line.half_close("up")
        assert client.recv(100) == b"bye"


def test_a_lost_answer_belongs_to_a_request_that_arrived(line: Line) -> None:
    with dialled(line) as client:
        line.lose_answer_to(b"COMMIT")
        client.sendall(b"select")
        assert client.recv(100) == b"SELECT"
        assert not line.answer_lost
        client.sendall(b"COMMIT")
        with pytest.raises(ConnectionResetError):
            client.recv(100)
        assert line.answer_lost
