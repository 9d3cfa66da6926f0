"""The connections to one provider, each found at once.

httpcore2's pool looks at every connection whenever a request begins or ends, and looks for one of the right address
among them: with two hundred streams at once that was a third of what opening a call costs. Here those that are free
stand in a stack, the one used last on top, so that the others grow old and go. A connection itself is httpcore2's.

A free one may be dead without a word of it, as behind a load balancer that forgot it: that shows when it is asked. What
was not answered by a byte then is asked once more on a new one, at once, and all other free ones of that address go.
"""

import ssl
from collections import deque
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final

import httpcore2

_Address = tuple[bytes, bytes, int | None]
#: Free connections that are kept without a word of the client's limits.
_MOST_IDLE: Final = 256


class ConnectionStack:
    """Does for httpx2 what httpcore2's pool does, without a ceiling: whoever asks has one. Not for proxies."""

    def __init__(
        self,
        network: httpcore2.AsyncNetworkBackend,
        ssl_context: ssl.SSLContext | None,
        *,
        most_idle: int | None,
        expiry: float | None,
    ) -> None:
        self._network = network
        self._ssl_context = ssl_context
        self._most_idle = _MOST_IDLE if most_idle is None else most_idle
        self._expiry = expiry
        self._open: dict[httpcore2.AsyncHTTPConnection, _Heard] = {}
        self._idle: dict[_Address, deque[httpcore2.AsyncHTTPConnection]] = {}
        self._over = False

    async def __aenter__(self) -> "ConnectionStack":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def handle_async_request(self, request: httpcore2.Request) -> httpcore2.Response:
        """Ask on a free connection, or on a new one. Who reads the answer must close it: then it is free again."""
        connection = await self._taken(request)
        used = connection is not None
        if connection is None:
            connection = self._new(request)
        network = self._open[connection]
        try:
            answer = await self._asked(connection, request)
        except (httpcore2.NetworkError, httpcore2.RemoteProtocolError):
            unheard = used and network.unheard()
            if not unheard or self._over:
                raise
            await self._distrust(_address(request))
            connection = self._new(request)
            answer = await self._asked(connection, request)
        stream: Any = answer.stream
        return httpcore2.Response(
            status=answer.status,
            headers=answer.headers,
            content=_Lent(stream, connection, self, _address(request)),
            extensions=answer.extensions,
        )

    async def _asked(self, connection: httpcore2.AsyncHTTPConnection, request: httpcore2.Request) -> httpcore2.Response:
        try:
            return await connection.handle_async_request(request)
        except BaseException:
            await self._end(connection)
            raise

    async def _distrust(self, address: _Address) -> None:
        """Close the free ones of an address: they are as old as one that was dead."""
        await self._end_all(self._idle.pop(address, ()))

    async def _taken(self, request: httpcore2.Request) -> httpcore2.AsyncHTTPConnection | None:
        idle = self._idle.get(_address(request))
        while idle:
            connection = idle.pop()
            if connection.is_idle() and not connection.has_expired():
                return connection
            await self._end(connection)
        return None

    def _new(self, request: httpcore2.Request) -> httpcore2.AsyncHTTPConnection:
        network = _Heard(self._network)
        connection = httpcore2.AsyncHTTPConnection(
            origin=request.url.origin,
            ssl_context=self._ssl_context,
            keepalive_expiry=self._expiry,
            network_backend=network,
        )
        self._open[connection] = network
        return connection

    async def give_back(self, connection: httpcore2.AsyncHTTPConnection, address: _Address) -> None:
        """Take back one whose answer is closed; it serves again when the answer was read to its end."""
        if self._over or not connection.is_idle():
            await self._end(connection)
            return
        idle = self._idle.setdefault(address, deque())
        idle.append(connection)
        # The oldest is at the bottom: whoever comes back looks at it and at no other.
        while len(idle) > self._most_idle or idle[0].has_expired():
            await self._end(idle.popleft())
            if not idle:
                break

    async def _end(self, connection: httpcore2.AsyncHTTPConnection) -> None:
        self._open.pop(connection, None)
        await connection.aclose()

    async def aclose(self) -> None:
        """Close all of them, in use or not."""
        self._over = True
        self._idle.clear()
        while self._open:
            await self._end_all(tuple(self._open))

    async def _end_all(self, connections: Iterable[httpcore2.AsyncHTTPConnection]) -> None:
        """Close them all, also when who closes them is cancelled meanwhile, or one does not close well: nobody else
        knows of those that are left."""
        failure: BaseException | None = None
        for connection in connections:
            try:
                await self._end(connection)
            except BaseException as error:  # noqa: BLE001 — raised when all are closed
                failure = failure or error
        if failure is not None:
            raise failure


def _address(request: httpcore2.Request) -> _Address:
    url = request.url
    return url.scheme, url.host, url.port


class _Heard(httpcore2.AsyncNetworkBackend):
    """The network of one connection: it knows its line."""

    def __init__(self, network: httpcore2.AsyncNetworkBackend) -> None:
        self._network = network
        self._line: httpcore2.AsyncNetworkStream | None = None

    async def connect_tcp(self, *args: Any, **options: Any) -> httpcore2.AsyncNetworkStream:
        self._line = await self._network.connect_tcp(*args, **options)
        return self._line

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)

    def unheard(self) -> bool:
        """Tell whether nothing at all came to what was asked last."""
        return self._line is not None and bool(self._line.get_extra_info("unheard"))


class _Lent:
    """The body of an answer, and the connection that is free when it is closed."""

    def __init__(
        self, stream: Any, connection: httpcore2.AsyncHTTPConnection, stack: ConnectionStack, address: _Address
    ) -> None:
        self._stream = stream
        self._connection = connection
        self._stack = stack
        self._address = address
        self._closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return aiter(self._stream)

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            await self._stream.aclose()
        finally:
            await self._stack.give_back(self._connection, self._address)
