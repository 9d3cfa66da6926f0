"""The lines below httpx2, over real sockets: heads, bodies, keeping and losing a connection, TLS, proxies."""

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from ipaddress import IPv6Address
from pathlib import Path
from typing import Any

import httpcore2
import httpx2
import pytest

from backend.llm.lines import Line, LineBody, LineNetwork, _host_of, body_of, open_client, trusted
from backend.llm.names import NAMES
from tests.support.routed_models import REQUEST, models_of, routed, text_of
from tests.support.scripted_model import Script, scripted_model

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"
#: TLS without a certificate: a test has no business with keys.
_ANONYMOUS = "AECDH-AES256-SHA:@SECLEVEL=0"

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


#: A part of an answer after which the server hangs up.
HANGS_UP = b""


class Server:
    """Answers each request on a line with the next answer, part by part."""

    def __init__(self, *answers: list[bytes]) -> None:
        self.answers = list(answers)
        self.lines = 0
        self.asked = 0
        self.left = asyncio.Event()

    async def __call__(self, reader: "asyncio.StreamReader | _Heads", writer: asyncio.StreamWriter) -> None:
        self.lines += 1
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                await reader.readuntil(b"\r\n\r\n")
                self.asked += 1
                for part in self.answers.pop(0):
                    if part == HANGS_UP:
                        writer.close()
                        return
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(0.01)  # so that it comes in a piece of its own; nothing hangs on it
        writer.close()
        self.left.set()


@contextlib.asynccontextmanager
async def at(handler: Handler, **options: Any) -> AsyncIterator[int]:
    server = await asyncio.start_server(handler, "127.0.0.1", 0, **options)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


class _Heads:
    """Gives heads and skips the bodies of requests."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    async def readuntil(self, end: bytes) -> bytes:
        head = await self._reader.readuntil(end)
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        return head + await self._reader.readexactly(int(length[1]) if length else 0)


async def asked(client: httpx2.AsyncClient, port: int) -> tuple[bytes, bool]:
    """Ask; return the body, and whether it came the short way."""
    async with client.stream("GET", f"http://127.0.0.1:{port}/") as response:
        body = body_of(response)
        short = isinstance(body, LineBody)
        return b"".join([part async for part in body]), short


def chunks(*parts: bytes) -> list[bytes]:
    return [b"%x\r\n%b\r\n" % (len(part), part) for part in parts]


async def test_a_body_is_read_the_short_way_and_its_line_serves_again() -> None:
    server = Server(
        [HEAD, *chunks(b"one", b"two\r\n\r\n"), END],
        [HEAD + b"".join(chunks(b"three")) + b"4\r\nfo", b"ur\r", b"\n" + END[:2], END[2:]],
        [HEAD[:-3], HEAD[-3:] + b"".join(chunks(b"five")) + END[:-2] + b"X-Trailer: 1\r\n\r\n"],
        [b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + HEAD, *chunks(b"six"), END],
    )
    async with at(server) as port, open_client() as client:
        told = [await asked(client, port) for _ in range(4)]
    assert told == [(b"onetwo\r\n\r\n", True), (b"threefour", True), (b"five", True), (b"six", True)]
    assert (server.lines, server.asked) == (1, 4)


async def test_what_is_not_chunked_goes_the_long_way() -> None:
    server = Server(
        [b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nab\r\n\r\nc"],
        [b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n", *chunks(b"bare"), END],
        [b"HTTP/1.1 200 OK\r\n\r\n", b"until the end", HANGS_UP],
    )
    async with at(server) as port, open_client() as client:
        told = [await asked(client, port) for _ in range(3)]
    assert told == [(b"ab\r\n\r\nc", False), (b"bare", True), (b"until the end", False)]
    assert server.lines == 1


@pytest.mark.parametrize(
    ("parts", "came"),
    [
        ([HEAD, *chunks(b"one"), b"5\r\ntw", HANGS_UP], b"onetw"),
        ([HEAD, *chunks(b"one"), b"five\r\n"], b"one"),
        ([HEAD, *chunks(b"one"), b"2\r\ntwo"], b"one"),
        ([HEAD, *chunks(b"one"), b"0\r\nno trailer\r\n\r\n"], b"one"),
        ([HANGS_UP], b""),
    ],
)
async def test_a_body_that_breaks_is_an_error_of_httpx2_and_ends_its_line(parts: list[bytes], came: bytes) -> None:
    server = Server(parts, [HEAD, *chunks(b"again"), END])
    got: list[bytes] = []

    async def read(client: httpx2.AsyncClient, port: int) -> None:
        async with client.stream("GET", f"http://127.0.0.1:{port}/") as response:
            async for part in body_of(response):
                got.append(part)

    async with at(server) as port, open_client() as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await read(client, port)
        assert came.startswith(b"".join(got))
        assert await asked(client, port) == (b"again", True)
    assert server.lines == 2


async def test_a_line_that_is_reset_gives_what_came_and_then_an_error() -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD + b"".join(chunks(b"one")))
        await writer.drain()
        await reader.readexactly(1)  # until the client says that it has read this
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        writer.transport.abort()

    async with (
        at(reset) as port,
        open_client() as client,
        client.stream("GET", f"http://127.0.0.1:{port}/") as response,
    ):
        body = body_of(response)
        assert await anext(body) == b"one"
        await response.extensions["network_stream"].write(b"x")
        with pytest.raises(httpx2.ReadError):
            await anext(body)


async def test_who_leaves_in_the_middle_hangs_up() -> None:
    server = Server([HEAD, *chunks(b"one")])
    async with at(server) as port, open_client() as client:
        async with client.stream("GET", f"http://127.0.0.1:{port}/") as response:
            assert await anext(body_of(response)) == b"one"
        async with asyncio.timeout(10):
            await server.left.wait()


async def test_a_line_that_the_server_closed_meanwhile_is_not_used_again() -> None:
    server = Server([HEAD, *chunks(b"one"), END], [HEAD, *chunks(b"two"), END])
    async with at(server) as port, open_client() as client:
        async with client.stream("GET", f"http://127.0.0.1:{port}/") as response:
            line = response.extensions["network_stream"]
            assert b"".join([part async for part in body_of(response)]) == b"one"
        assert isinstance(line, Line)
        assert not line.get_extra_info("is_readable")
        line.eof_received()  # as the loop tells when the server goes
        assert line.get_extra_info("is_readable")
        assert await asked(client, port) == (b"two", True)
    assert server.lines == 2


async def test_a_slow_reader_makes_the_server_wait() -> None:
    most = 64 * 1024 * 1024
    sent = 0

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        part = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        while sent < most:
            writer.write(part)
            await writer.drain()
            sent += 0x10000
        writer.write(END)
        writer.close()

    async with (
        at(flood) as port,
        open_client() as client,
        client.stream("GET", f"http://127.0.0.1:{port}/") as response,
    ):
        body, before = body_of(response), -1
        got = len(await anext(body))
        while before != sent:  # until it stands still
            before = sent
            await asyncio.sleep(0.3)
        assert sent < most
        async for part in body:
            got += len(part)
    assert got == most


async def test_nobody_at_the_address_and_no_answer_in_time_are_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    network = LineNetwork()
    with pytest.raises(httpcore2.ConnectError):
        await network.connect_tcp("127.0.0.1", port)
    with pytest.raises(httpcore2.ConnectError):
        await network.connect_tcp("nobody.invalid", 80)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        address = full.getsockname()
        with contextlib.ExitStack() as stack:
            for _ in range(4):  # its queue is full then, and the next one waits
                one = stack.enter_context(socket.socket())
                one.setblocking(False)
                one.connect_ex(address)
            with pytest.raises(httpcore2.ConnectTimeout):
                await network.connect_tcp(*address, timeout=0.3)


async def test_an_address_that_leads_nowhere_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server([HEAD, *chunks(b"one"), END])
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, contextlib.ExitStack() as stack:
        for _ in range(4):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        async with at(server) as port:

            async def found(host: str, *_: object, **__: object) -> list[Any]:
                return [
                    (socket.AF_INET, socket.SOCK_STREAM, 6, "", full.getsockname()),
                    (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port)),
                ]

            connect = loop.create_connection

            async def connect_to(factory: Any, host: str, _: int, **options: Any) -> Any:
                return await connect(factory, host, addresses.pop(0), **options)

            addresses = [full.getsockname()[1], port]
            monkeypatch.setattr(NAMES, "addresses", found)
            monkeypatch.setattr(loop, "create_connection", connect_to)
            line = await LineNetwork().connect_tcp("two.example", 80, timeout=10)
            assert line.get_extra_info("server_addr")[1] == port
            await line.aclose()


def anonymous(side: int) -> ssl.SSLContext:
    context = ssl.SSLContext(side)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_ANONYMOUS)
    return context


async def test_over_tls_too_a_body_comes_the_short_way_and_a_stranger_is_refused() -> None:
    server = Server([HEAD, *chunks("早上好".encode()), END], [HEAD, *chunks(b"x" * 200_000), END])
    async with at(server, ssl=anonymous(ssl.PROTOCOL_TLS_SERVER)) as port:
        async with open_client(verify=anonymous(ssl.PROTOCOL_TLS_CLIENT)) as client:
            for wanted in ("早上好".encode(), b"x" * 200_000):
                async with client.stream("GET", f"https://127.0.0.1:{port}/") as response:
                    body = body_of(response)
                    assert isinstance(body, LineBody)
                    assert b"".join([part async for part in body]) == wanted
            assert (server.lines, server.asked) == (1, 2)
        async with open_client() as client:
            with pytest.raises(httpx2.ConnectError):
                await client.get(f"https://127.0.0.1:{port}/")


def test_whom_the_lines_trust_is_what_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    trusted.cache_clear()
    with pytest.raises(FileNotFoundError):
        trusted()
    monkeypatch.delenv("SSL_CERT_FILE")
    context = trusted()
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert trusted() is context, "it is made once"


async def pumped(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()
    writer.close()


async def test_a_proxy_of_the_environment_stands_between(monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for: list[bytes] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        method, target, rest = head.split(b" ", 2)
        asked_for.append(method + b" " + target)
        place = target.removeprefix(b"http://").partition(b"/")[0]
        inner, outer = await asyncio.open_connection("127.0.0.1", int(place.rpartition(b":")[2]))
        if method == b"CONNECT":
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
        else:
            outer.write(method + b" /" + target.removeprefix(b"http://").partition(b"/")[2] + b" " + rest)
        await asyncio.gather(pumped(reader, outer), pumped(inner, writer))

    async with at(proxy) as at_proxy, scripted_model() as plain:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{at_proxy}")
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{at_proxy}")
        for name in ("NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy", "http_proxy", "https_proxy"):
            monkeypatch.delenv(name, raising=False)
        address = f"http://model.example:{plain.port}/v1"
        models = models_of(
            f"providers:\n  p: {{profile: compatible, base_url: '{address}'}}\n"
            "backends:\n  b: {provider: p, model: m}\nroutes:\n  default: {backends: [b]}\n"
        )
        plain.play(Script("text", text="经过代理"))
        async with routed(models) as gateway:
            assert text_of(await gateway.ask()) == "经过代理"
        assert asked_for == [f"POST {address}/chat/completions".encode()]
        server = Server([HEAD, *chunks(b"through"), END])
        async with (
            at(server, ssl=anonymous(ssl.PROTOCOL_TLS_SERVER)) as port,
            open_client(verify=anonymous(ssl.PROTOCOL_TLS_CLIENT)) as client,
            client.stream("GET", f"https://model.example:{port}/") as response,
        ):
            body = body_of(response)
            assert isinstance(body, LineBody)
            assert b"".join([part async for part in body]) == b"through"
        assert asked_for[1] == f"CONNECT model.example:{port}".encode()


async def test_empty_lines_in_a_body_end_no_head() -> None:
    text = b"data: ONE\r\n\r\n", b"data: TWO\r\n\r\n"
    whole = b"\r\n\r\n" * 50_000
    server = Server(
        [b"HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n", *chunks(*text), END],
        [b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(whole), whole],
    )
    async with at(server) as port, open_client() as client:
        assert (await asked(client, port))[0] == b"".join(text)
        reads = 0
        async with client.stream("GET", f"http://127.0.0.1:{port}/") as response:
            line = response.extensions["network_stream"]
            read = line.read

            async def counted(*arguments: Any, **more: Any) -> bytes:
                nonlocal reads
                reads += 1
                return bytes(await read(*arguments, **more))

            line.read = counted
            assert b"".join([part async for part in body_of(response)]) == whole
    assert reads < 100, "as much as came at once, not a line of it"


@pytest.mark.parametrize(
    "surplus",
    [
        [b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\noneHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"],
        [b"HTTP/1.1 200 OK\r\nContent-Length: 3, 3\r\n\r\noneHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"],
        [b"HTTP/1.1 200 OK\r\nCONTENT-LENGTH:3\r\nZ: y\r", b"\n\r\no", b"neHTTP/1.1 500 No\r\n\r\n"],
        [HEAD + b"".join(chunks(b"one")) + END + b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"],
        # Read by HTTP's own reader, which keeps what is behind the end.
        [HEAD[:-2] + b"Content-Encoding: identity\r\n\r\n" + b"".join(chunks(b"one")) + END + b"HTTP/1.1 200 OK\r\n"],
    ],
)  # fmt: skip
async def test_what_a_server_says_beyond_its_answer_is_no_part_of_the_next(surplus: list[bytes]) -> None:
    server = Server(surplus, [HEAD, *chunks(b"two"), END], [HEAD, *chunks(b"three"), END])
    async with at(server) as port, open_client() as client:
        assert (await asked(client, port))[0] == b"one"
        assert await asked(client, port) == (b"two", True)
        assert server.lines == 2, "the line it was said on serves no more"
        assert await asked(client, port) == (b"three", True)
        assert server.lines == 2


@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
async def test_an_answer_behind_the_answer_reaches_nobody(*, streamed: bool) -> None:
    """As above, where it counts: another tenant's text must not be somebody's answer."""
    whole = b'{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"%s"}}]}'
    event = b'data: {"choices":[{"index":0,"finish_reason":"stop","delta":{"content":"%s"}}]}\n\ndata: [DONE]\n\n'

    def said(text: bytes) -> bytes:
        body, kind = (event, b"text/event-stream") if streamed else (whole, b"application/json")
        body = body % text
        return b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %d\r\n\r\n%b" % (kind, len(body), body)

    server = Server([said(b"mine") + said(b"somebody else's")], [said(b"mine too")])

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The body of the request is no head.
        await server(_Heads(reader), writer)

    async with at(answers) as port:
        models = models_of(
            f"providers:\n  p: {{profile: compatible, base_url: 'http://127.0.0.1:{port}/v1'}}\n"
            "backends:\n  b: {provider: p, model: m}\nroutes:\n  default: {backends: [b]}\n"
        )
        async with routed(models) as gateway:
            for expected in ("mine", "mine too"):
                if streamed:
                    assert text_of(await gateway.ask()) == expected
                else:
                    assert (await gateway.model.complete(REQUEST)).text == expected
    assert server.lines == 2


def test_an_address_keeps_the_interface_it_is_behind() -> None:
    assert _host_of(("fe80::1", 80, 0, 3)) == "fe80::1%3"
    assert _host_of(("fe80::1%eth0", 80, 0, 3)) == "fe80::1%eth0"
    assert _host_of(("::1", 80, 0, 0)) == "::1"
    assert _host_of(("127.0.0.1", 80)) == "127.0.0.1"


def link_local() -> list[str]:
    """The link-local addresses of this machine, each with its interface."""
    try:
        lines = Path("/proc/net/if_inet6").read_text("ascii").splitlines()
    except OSError:
        return []
    return [
        f"{IPv6Address(int(address, 16))}%{name}"
        for address, _, _, scope, _, name in map(str.split, lines)
        if scope == "20"
    ]


@pytest.mark.skipif(not link_local(), reason="no interface has a link-local address of IPv6")
async def test_a_link_local_address_is_reached() -> None:
    host = link_local()[0]
    server = Server([HEAD, *chunks(b"one"), END])
    running = await asyncio.start_server(server, host, 0)
    async with running:
        line = await LineNetwork().connect_tcp(host, running.sockets[0].getsockname()[1], timeout=10)
        await line.write(b"GET / HTTP/1.1\r\n\r\n")
        assert (await line.read(65536)).startswith(b"HTTP/1.1 200")
        await line.aclose()


async def test_what_came_before_tls_is_not_read_as_if_it_had_come_through_it() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        _, line = await asyncio.get_running_loop().create_connection(Line, sock=ours)
        theirs.sendall(b"HTTP/1.1 200 OK\r\n\r\nforged")
        assert (await line.receive()).startswith(b"HTTP")
        line.put_back(b"forged")
        with pytest.raises(httpcore2.ConnectError, match="before TLS"):
            await line.start_tls(ssl.create_default_context(), "provider.example")


async def test_free_lines_are_found_at_once_the_latest_first_and_not_more_are_kept_than_allowed() -> None:
    answers = [[HEAD, *chunks(b"one"), END] for _ in range(12)]
    server = Server(*answers)
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=2, keepalive_expiry=60)
    async with at(server) as port, open_client(limits=limits) as client:
        told = await asyncio.gather(*(asked(client, port) for _ in range(5)))
        assert told == [(b"one", True)] * 5
        opened = server.lines
        stack = client._transport._pool  # type: ignore[attr-defined]
        assert len(stack._open) == 2, "the others are closed"
        (free,) = stack._idle.values()
        latest = free[-1]
        for _ in range(3):
            await asked(client, port)
            assert free[-1] is latest
        assert server.lines == opened
        # What grew old goes, though nobody asks for it.
        free[0]._connection._expire_at = 0.0
        await asked(client, port)
        assert list(free) == [latest]
    assert not stack._open


async def test_a_request_goes_out_as_one_and_a_large_one_in_parts() -> None:
    sent: list[int] = []
    network = LineNetwork()

    async def counting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            while True:
                await _Heads(reader).readuntil(b"\r\n\r\n")
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    async with at(counting) as port, open_client() as client:
        opened = network.connect_tcp

        async def connect(*arguments: Any, **more: Any) -> Line:
            line = await opened(*arguments, **more)
            write = line._opened.write

            def counted(data: bytes) -> None:
                sent.append(len(data))
                write(data)

            line._transport = _Counting(line._opened, counted)  # type: ignore[assignment]
            return line

        network.connect_tcp = connect  # type: ignore[method-assign]
        client._transport._pool._network = network  # type: ignore[attr-defined]
        for size, parts in ((1000, 1), (300_000, None)):
            sent.clear()
            answer = await client.post(f"http://127.0.0.1:{port}/", content=b"x" * size)
            assert answer.text == "ok"
            assert sum(sent) > size
            assert parts is None or len(sent) == parts


class _Counting:
    """A transport whose writes are counted."""

    def __init__(self, transport: asyncio.Transport, write: Callable[[bytes], None]) -> None:
        self._transport = transport
        self.write = write

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


async def test_who_leaves_before_the_answer_leaves_no_line_behind() -> None:
    begun = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        begun.set()
        await reader.read()
        left.set()
        writer.close()

    left = asyncio.Event()
    async with at(silent) as port, open_client() as client:
        asking = asyncio.create_task(asked(client, port))
        await begun.wait()
        asking.cancel()
        await asyncio.wait([asking])
        async with asyncio.timeout(10):
            await left.wait()
        stack = client._transport._pool  # type: ignore[attr-defined]
        assert not stack._open


@pytest.mark.parametrize("closing", ["those of an address", "all"])
async def test_who_is_cancelled_while_it_closes_lines_leaves_none_open(closing: str) -> None:
    server = Server(*([HEAD, *chunks(b"one"), END] for _ in range(5)))
    async with at(server) as port, open_client() as client:
        await asyncio.gather(*(asked(client, port) for _ in range(5)))
        stack = client._transport._pool  # type: ignore[attr-defined]
        (address,) = stack._idle
        assert len(stack._open) > 2
        task = asyncio.create_task(stack.aclose() if closing == "all" else stack._distrust(address))
        await asyncio.sleep(0)  # it is closing the first one
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        assert not stack._open
