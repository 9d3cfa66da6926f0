"""The lines to providers: TCP and TLS below httpx2, and a short way for what a streamed answer brings by the token.

httpx2 takes a network of one's own (httpcore2's `AsyncNetworkBackend`). This one reads with a plain protocol of the
loop instead of anyio's streams, and it lets `body_of` read a chunked body where it arrives: a token would pass six
generators, a state machine and two context managers otherwise, which cost more than all the rest of the gateway. The
head, TLS and proxies with their pool stay httpx2's; without a proxy the free connections stand in a stack (stack.py).
"""

import asyncio
import re
import ssl
from collections import deque
from collections.abc import AsyncIterator, Iterable
from functools import cache
from itertools import chain, zip_longest
from typing import Any, Final, cast

import httpcore2
import httpx2

from backend.llm.chunks import ChunkReader, MalformedChunks
from backend.llm.names import NAMES
from backend.llm.stack import ConnectionStack

#: Bytes that may wait for a slow reader before the provider is made to wait.
_HIGH_WATER: Final = 256 * 1024
#: Bytes of a request that are sent as one. An empty write is its end.
_JOINED: Final = 64 * 1024
#: Seconds after which the next address of a host is tried beside the first (RFC 8305).
_STAGGER: Final = 0.25
_HEAD_END: Final = re.compile(rb"\n\r?\n")
_LENGTH: Final = re.compile(rb"\ncontent-length:([0-9, \t]*)", re.IGNORECASE)
_CODED: Final = re.compile(rb"\ntransfer-encoding:", re.IGNORECASE)
#: Digits of a length that can be believed. Python refuses to read some thousand of them, with an error of its own.
_MOST_DIGITS: Final = 18
#: Heads that one request may be answered with: those of 1xx come before its own.
_HEADS: Final = 20

_SocketOption = Any


@cache
def trusted() -> ssl.SSLContext:
    """Return what all lines check certificates with: as httpx2 would for each client of its own (`SSL_CERT_FILE`,
    `SSL_CERT_DIR`, else the system's store), but read once.

    It takes tens of milliseconds in which the loop stands still, and a tenant may declare twenty models at once. So
    whoever starts a server calls it beside the loop first.

    Raises:
        OSError: the file that the environment names cannot be read.
    """
    return httpx2.create_ssl_context()


def open_client(**options: Any) -> httpx2.AsyncClient:
    """Return a client of httpx2 whose connections, through proxies too, are lines. Without a `verify` of its own it
    shares the context of TLS with all others."""
    if "verify" not in options:
        options["verify"] = trusted()
    client = httpx2.AsyncClient(**options)
    network = LineNetwork()
    # httpx2 has no option for it, httpcore2 has. A release that keeps it elsewhere is read the long way (`body_of`);
    # a test notices.
    for transport in (client._transport, *client._mounts.values()):
        pool: Any = getattr(transport, "_pool", None)
        if hasattr(pool, "_network_backend"):
            pool._network_backend = network
        if type(pool) is httpcore2.AsyncConnectionPool and hasattr(pool, "_ssl_context"):
            limits = options.get("limits", httpx2.Limits(keepalive_expiry=30))
            stack = ConnectionStack(
                network,
                pool._ssl_context,
                most_idle=limits.max_keepalive_connections,
                expiry=limits.keepalive_expiry,
            )
            cast("Any", transport)._pool = stack
    return client


class Line(asyncio.Protocol, httpcore2.AsyncNetworkStream):
    """One connection. `read` gives HTTP's reader a head and no byte of what follows it; that waits for who asks next,
    be it `read` again or `receive`."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._came: list[bytes] = []
        self._size = 0
        self._paused = False
        self._eof = False
        self._failure: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._may_write: asyncio.Future[None] | None = None
        #: What is to be sent and waits for the rest of its request.
        self._out: list[bytes] = []
        self._out_size = 0
        #: How many heads may still come, and what was read of the one that is coming.
        self._heads = 0
        self._seen = b""
        #: Whether what was read last is the end of a head.
        self.at_head_end = False
        #: Bytes of a body of known length that are still to come; None: its end is not ours to know.
        self._body_left: int | None = None
        #: Whether bytes behind an answer may have gone unseen, so that it must be the line's last.
        self._unsure = False
        #: Whether anything came since the last request.
        self._heard = False

    # What the loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is none by its class

    def data_received(self, data: bytes) -> None:
        self._came.append(data)
        self._size += len(data)
        waiter = self._waiter
        if waiter is not None:
            self._waiter = None
            if not waiter.done():
                waiter.set_result(None)
        elif self._size > _HIGH_WATER and not self._paused and self._is_open():
            self._paused = True
            self._opened.pause_reading()

    def eof_received(self) -> None:
        self._eof = True
        self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        self._eof = True
        self._failure = exc
        self._wake()
        self.resume_writing()

    def pause_writing(self) -> None:
        self._may_write = self._loop.create_future()

    def resume_writing(self) -> None:
        waiting, self._may_write = self._may_write, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    @property
    def _opened(self) -> asyncio.Transport:
        assert self._transport is not None
        return self._transport

    def _is_open(self) -> bool:
        return not self._eof and self._transport is not None and not self._transport.is_closing()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # The short way.

    async def receive(self) -> bytes:
        """Return what has come, as soon as something has; nothing at the end.

        Raises:
            OSError: the line broke.
        """
        if (coming := self.coming()) is not None:
            await coming
        return self.taken()

    def coming(self) -> "asyncio.Future[None] | None":
        """Return what is done when something has come; None when something is there, or nothing comes any more.

        `coming` and `taken` are `receive` in parts, for what is read once a token.
        """
        if self._out:
            self._send()
        if self._came or self._eof:
            return None
        self._waiter = waiter = self._loop.create_future()
        return waiter

    def give_up(self, error: Exception) -> bool:
        """Let whoever waits for what comes meet `error`; return whether somebody waits who was not told already."""
        if self._waiter is None or self._waiter.done():
            return False
        self._waiter.set_exception(error)
        return True

    def taken(self) -> bytes:
        """Return what has come; nothing at the end.

        Raises:
            OSError: the line broke.
        """
        came = self._came
        if not came:
            if self._failure is not None:
                raise OSError("the line broke") from self._failure
            return b""
        data = came[0] if len(came) == 1 else b"".join(came)
        came.clear()
        self._size = 0
        if self._paused:
            self._paused = False
            if self._is_open():
                self._opened.resume_reading()
        return data

    def put_back_end(self, data: bytes) -> None:
        """Let the end of a chunked body be what is read next, and no byte of what follows it."""
        self.put_back(data)
        self._heads, self._seen, self._body_left = 1, b"", None

    def put_back(self, data: bytes) -> None:
        """Let these bytes be what is read next."""
        if data:
            self._came.insert(0, data)
            self._size += len(data)

    # What httpcore2 asks for.

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            async with asyncio.timeout(timeout):
                data = await self.receive()
        except TimeoutError:
            raise httpcore2.ReadTimeout from None
        except OSError as error:
            raise httpcore2.ReadError(str(error)) from error
        self.at_head_end = False
        self._heard = self._heard or bool(data)
        # In a body an empty line means nothing: it would be cut at each of them, and cut wrong.
        seen = self._seen + data if self._heads else b""
        found = _HEAD_END.search(seen) if self._heads else None
        if found is not None and (end := found.end() - len(self._seen)) <= max_bytes:
            self._heads = self._heads - 1 if seen.startswith(b"HTTP/1.1 1") else 0
            self._body_left = None if self._heads else _length_told(seen[: found.end()])
            self._seen, self.at_head_end = b"", True
        elif self._body_left is not None:
            # What a server says beyond the length it told stays here, where it makes the line one that serves no more
            # (`is_readable`): HTTP's reader would take it for the beginning of the next answer.
            end = min(max_bytes, self._body_left)
            self._body_left -= min(end, len(data))
        else:
            end = max_bytes
            self._seen = seen[: len(self._seen) + max_bytes]
            self._unsure = self._unsure or not self._heads
        if len(data) > end:
            data, rest = data[:end], data[end:]
            self.put_back(rest)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._seen, self.at_head_end, self._heads, self._body_left = b"", False, _HEADS, None
        self._heard = False
        if buffer:
            if not self._is_open():
                raise httpcore2.WriteError("the line is closed")
            self._out.append(buffer)
            self._out_size += len(buffer)
            if self._out_size < _JOINED:
                return  # head and body come one by one and go as one: to send is the dearest part of a request
        self._send()
        if self._may_write is None:
            return
        try:
            async with asyncio.timeout(timeout):
                await self._may_write
        except TimeoutError:
            raise httpcore2.WriteTimeout from None
        if self._failure is not None:
            raise httpcore2.WriteError("the line broke")

    def _send(self) -> None:
        if self._out and self._is_open():
            self._opened.write(b"".join(self._out))
        self._out.clear()
        self._out_size = 0

    async def aclose(self) -> None:
        if self._transport is None:
            return
        # What is written but not gone yet is of no use to anybody, and a farewell of TLS is not waited for.
        self._transport.close()
        try:
            await asyncio.sleep(0)
        finally:
            self._transport.abort()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "Line":
        if self._came:
            # They would be read as if they had come through TLS: whoever sits at the plain part could answer for all.
            await self.aclose()
            raise httpcore2.ConnectError("bytes before TLS")
        try:
            async with asyncio.timeout(timeout):
                transport = await self._loop.start_tls(self._opened, self, ssl_context, server_hostname=server_hostname)
        except TimeoutError:
            await self.aclose()
            raise httpcore2.ConnectTimeout from None
        except OSError as error:  # of TLS too
            await self.aclose()
            raise httpcore2.ConnectError(str(error)) from error
        except BaseException:
            await self.aclose()
            raise
        if transport is None:
            raise httpcore2.ConnectError("the line is closed")
        self._transport = transport
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            # Between two requests: something came that nobody asked for, or it is over.
            return bool(self._came) or self._unsure or not self._is_open()
        if info == "unheard":
            # Whether nothing of an answer came to what was written last.
            return not self._heard and not self._came
        names = {"client_addr": "sockname", "server_addr": "peername"}
        return self._transport.get_extra_info(names.get(info, info)) if self._transport is not None else None


def _length_told(head: bytes) -> int | None:
    """Return the length of the body behind a head; None where it has no single one.

    Raises:
        httpcore2.RemoteProtocolError: it is none that a body could have.
    """
    told = {one.strip() for value in _LENGTH.findall(head) for one in value.split(b",")}
    if any(len(one) > _MOST_DIGITS for one in told):
        raise httpcore2.RemoteProtocolError("a length without end") from ValueError("too many digits")
    one = told.pop() if len(told) == 1 else b""
    return int(one) if one.isdigit() and not _CODED.search(head) else None


class LineNetwork(httpcore2.AsyncNetworkBackend):
    """Opens lines."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[_SocketOption] | None = None,
    ) -> Line:
        try:
            async with asyncio.timeout(timeout):
                line = await _connected(host, port, local_address)
        except TimeoutError:
            raise httpcore2.ConnectTimeout from None
        except OSError as error:
            raise httpcore2.ConnectError(str(error)) from error
        if socket_options:
            found = line.get_extra_info("socket")
            for option in socket_options:
                found.setsockopt(*option)
        return line

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def _connected(host: str, port: int, local_address: str | None) -> Line:
    """Return a line to the first address of the host that answers; a dead one holds nobody up (RFC 8305)."""
    loop = asyncio.get_running_loop()
    found = await NAMES.addresses(host, port)
    # As the system orders them, but by turns of the two families: one of them may lead nowhere.
    preferred = [one for one in found if one[0] == found[0][0]]
    others = [one for one in found if one[0] != found[0][0]]
    waiting = deque(one for one in chain.from_iterable(zip_longest(preferred, others)) if one is not None)

    async def connect(family: int, address: Any) -> Line:
        local = (local_address, 0) if local_address is not None else None
        _, line = await loop.create_connection(Line, _host_of(address), address[1], family=family, local_addr=local)
        return line

    trying: set[asyncio.Task[Line]] = set()
    failure: BaseException = OSError("no address")
    try:
        while waiting or trying:
            if waiting:
                family, _, _, _, address = waiting.popleft()
                trying.add(asyncio.create_task(connect(family, address)))
            done, _ = await asyncio.wait(
                trying, timeout=_STAGGER if waiting else None, return_when=asyncio.FIRST_COMPLETED
            )
            for one in done:
                if one.exception() is None:
                    trying.discard(one)
                    return one.result()
                failure = one.exception() or failure
            trying -= done
        raise failure
    finally:
        await _give_up(trying)


def _host_of(address: tuple[Any, ...]) -> str:
    """Return the host of a socket's address, with the interface that a link-local one of IPv6 is behind."""
    host = str(address[0])
    scope = address[3] if len(address) == 4 else 0
    return f"{host}%{scope}" if scope and "%" not in host else host


async def _give_up(trying: set[asyncio.Task[Line]]) -> None:
    for one in trying:
        one.cancel()
    for line in await asyncio.gather(*trying, return_exceptions=True):
        if isinstance(line, Line):
            await line.aclose()


def body_of(response: httpx2.Response) -> AsyncIterator[bytes]:
    """Return the bytes of a streamed answer as they come: the short way where it is open, else httpx2's.

    What it raises are httpx2's errors of transport.
    """
    line = response.extensions.get("network_stream")
    chunked = response.headers.get("transfer-encoding", "").strip().lower() == "chunked"
    if "content-encoding" in response.headers:
        return response.aiter_bytes()
    stream = response.stream
    assert isinstance(stream, httpx2.AsyncByteStream)
    if isinstance(line, Line) and line.at_head_end and chunked and response.http_version == "HTTP/1.1":
        return LineBody(line, stream)
    # `aiter_raw` without the part that cuts and counts, which takes its time.
    return aiter(stream)


class NoChunks(httpx2.RemoteProtocolError):
    """What came is no chunked body: a size that is none, or no end of a line behind a chunk. Nothing broke off."""


class LineBody:
    """Reads a chunked body off its line. httpx2 sees the last chunk only, which tells it that the line is free.

    `give_up` ends a wait for what comes next with an error, and tells whether there was one."""

    __slots__ = ("_chunks", "_line", "_over", "_stream", "give_up")

    def __init__(self, line: Line, stream: httpx2.AsyncByteStream) -> None:
        self._line = line
        self.give_up = line.give_up
        self._stream = stream
        self._chunks = ChunkReader()
        self._over = False

    def __aiter__(self) -> "LineBody":
        return self

    async def __anext__(self) -> bytes:
        line, chunks = self._line, self._chunks
        while chunks.rest is None:
            try:
                if (coming := line.coming()) is not None:
                    await coming
                data = line.taken()
                if not data:
                    raise httpx2.RemoteProtocolError("the body ended in the middle")
                body = chunks.feed(data)
            except OSError as error:
                raise httpx2.ReadError(str(error)) from error
            except MalformedChunks:
                raise NoChunks("no chunked body") from None
            if chunks.rest is not None:
                line.put_back_end(chunks.rest)
            if body:
                return body
        if not self._over:
            self._over = True
            async for _ in self._stream:
                pass
        raise StopAsyncIteration
