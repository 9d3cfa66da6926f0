"""The lines below httpx2, over real sockets: heads, bodies, keeping and losing a connection, TLS, proxies."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpcore2
import httpx2
import pytest

from backend.llm.lines import Line, LineNetwork, body_of, open_client
from tests.support.routed_models import models_of, routed, text_of
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

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
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


async def asked(client: httpx2.AsyncClient, port: int) -> tuple[bytes, bool]:
    """Ask; return the body, and whether it came the short way."""
    async with client.stream("GET", f"http://127.0.0.1:{port}/") as response:
        body = body_of(response)
        short = type(body).__name__ == "_Body"
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
            monkeypatch.setattr(loop, "getaddrinfo", found)
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
                    assert type(body).__name__ == "_Body"
                    assert b"".join([part async for part in body]) == wanted
            assert (server.lines, server.asked) == (1, 2)
        async with open_client() as client:
            with pytest.raises(httpx2.ConnectError):
                await client.get(f"https://127.0.0.1:{port}/")


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
            assert type(body).__name__ == "_Body"
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


async def test_what_came_before_tls_is_not_read_as_if_it_had_come_through_it() -> None:
    ours, theirs = socket.socketpair()
    with theirs:
        _, line = await asyncio.get_running_loop().create_connection(Line, sock=ours)
        theirs.sendall(b"HTTP/1.1 200 OK\r\n\r\nforged")
        assert (await line.receive()).startswith(b"HTTP")
        line.put_back(b"forged")
        with pytest.raises(httpcore2.ConnectError, match="before TLS"):
            await line.start_tls(ssl.create_default_context(), "provider.example")
