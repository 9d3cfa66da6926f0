"""The HTTP and WebSocket server: our own listening socket, and a drain before the end.

Uvicorn never frees a connection whose reader stalls (FACTS T8), so the kernel does: TCP_USER_TIMEOUT on the listening
socket is inherited by each connection. And Uvicorn closes every socket at once on SIGTERM, so the drain comes first.
"""

import asyncio
import contextlib
import errno
import gc
import logging
import signal
import socket
from collections.abc import Awaitable, Callable
from types import FrameType
from typing import Any, Final

import structlog
import uvicorn
from prometheus_client import Counter
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from backend.errors import ListenRefused, PortTaken
from backend.settings import Settings
from backend.telemetry.metrics import REGISTRY

log = structlog.get_logger(__name__)

_BACKLOG: Final = 2048
#: Measured (FACTS §6): with the defaults a full collection stalls hundreds of conversations for 90 ms.
_GC_THRESHOLD: Final = (50_000, 50, 1_000)
#: How much the kernel and the server each hold for a reader that is behind. With the defaults some 4 MB would pile up
#: in the kernel, where they can be neither joined nor dropped, before the outbox notices anything.
_UNSENT_BYTES: Final = 32 * 1024

_MALFORMED = Counter("cuedesk_malformed_streams", "Connections whose bytes were no WebSocket frames", registry=REGISTRY)


def bind(settings: Settings) -> socket.socket:
    """Take the address without listening yet, so that a taken port is known before anything else is started.

    Raises:
        PortTaken: another program has it.
        ListenRefused: the address is not ours, or the port needs privileges.
    """
    host, port = settings.host, settings.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise _refused(host, port, error) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, settings.tcp_user_timeout_ms)
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
        listener.bind(address)
        # A second bind of the same port succeeds until somebody listens; find out now, not after the start.
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(
                f"端口 {port} 已被占用，请关闭占用它的程序，或设置 CUEDESK_PORT 换一个端口 / "
                f"port {port} on {host} is taken: stop the program that uses it, or choose another CUEDESK_PORT"
            ) from None
        raise _refused(host, port, error) from error
    return listener


def allow_many_sockets() -> None:
    """Let this process open as many files as it may: an ordinary user's limit of 1,024 is that of a few hundred people.

    Only the soft limit is raised, to the hard one that the administrator set.
    """
    with contextlib.suppress(ImportError, ValueError, OSError):  # not on Windows, and not where even that is forbidden
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _refused(host: str, port: int, error: OSError) -> ListenRefused:
    return ListenRefused(
        f"无法监听 {host}:{port}，请检查 CUEDESK_HOST 和 CUEDESK_PORT / "
        f"cannot listen on {host}:{port}, check CUEDESK_HOST and CUEDESK_PORT: {error.strerror or error}"
    )


def address_of(listener: socket.socket) -> str:
    """Return the address a person can open in the browser."""
    host, port = listener.getsockname()[:2]
    shown = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)  # noqa: S104
    return f"http://{shown}:{port}"


async def serve(
    app: Any,
    settings: Settings,
    *,
    on_drain: Callable[[], Awaitable[None]],
    on_ready: Callable[[str], None] | None = None,
    listener: socket.socket | None = None,
) -> None:
    """Serve `app` until SIGTERM or Ctrl-C; returns when every connection is closed, so that the caller can tidy up.

    On the first signal `on_drain` runs (at most `settings.drain_timeout`), with all connections still alive; a second
    signal cuts it short. `on_ready` gets the address once connections are accepted. `listener` is what `bind` gave.

    Raises:
        PortTaken, ListenRefused: as `bind`.
    """
    allow_many_sockets()
    listener = listener or bind(settings)
    server = _Server(_config(app, settings), settings.drain_timeout, on_drain, on_ready, address_of(listener))
    try:
        await server.serve(sockets=[listener])
    finally:
        await server.drained()
        listener.close()


def letting_go(app: ASGIApp, draining: Callable[[], bool]) -> ASGIApp:
    """Wrap `app`: while `draining`, each HTTP answer asks the client, or the proxy, to connect anew next time.

    Else a proxy keeps its idle connections to us until we close them, perhaps just as it sends a request.
    """

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def closing(message: Message) -> None:
            if message["type"] == "http.response.start" and draining():
                message["headers"] = [*message.get("headers", ()), (b"connection", b"close")]
            await send(message)

        await app(scope, receive, closing if scope["type"] == "http" else send)

    return wrapped


async def until_told() -> None:
    """Wait for SIGTERM or Ctrl-C: the main line of a process that serves nobody directly."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, told.set)
    try:
        await told.wait()
    finally:
        for sign in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(sign)


class _Wire(WebSocketsSansIOProtocol):
    # Of Uvicorn's two, sansio answers malformed frames with the right close code (FACTS T12).
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if isinstance(transport, asyncio.WriteTransport):
            transport.set_write_buffer_limits(high=_UNSENT_BYTES)


class _Quiet(logging.Filter):
    """Drops Uvicorn's lines for each upgrade (with the ticket in its address) and each refusal, and counts what it
    would call exceptions: what a peer sends is no fault of ours."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is worth writing."""
        text = str(record.msg)
        if text.startswith("Invalid UTF-8"):
            _MALFORMED.inc()
            return False
        # A refusal is an answer, and counted. Uvicorn tells of each in two lines, one of them as an error of the app's.
        return not text.startswith(('%s - "WebSocket', "connection rejected", "ASGI callable returned without compl"))


_QUIET: Final = _Quiet()
#: Seconds that a connection without a request stays open.
KEEP_ALIVE: Final = 75


def _config(app: Any, settings: Settings) -> uvicorn.Config:
    logging.getLogger("uvicorn.error").addFilter(_QUIET)
    return uvicorn.Config(
        app,
        ws=_Wire,
        ws_max_size=settings.max_frame_bytes,
        ws_ping_interval=settings.ping_interval,
        ws_ping_timeout=settings.ping_timeout,
        # Compression costs 60 KB per connection.
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies,
        backlog=_BACKLOG,
        # A proxy lets an idle connection go before (nginx: 60 s): who closes first may close on a request on its way.
        timeout_keep_alive=KEEP_ALIVE,
        # After the drain nothing is left that deserves more time.
        timeout_graceful_shutdown=3,
    )


class _Server(uvicorn.Server):
    def __init__(
        self,
        config: uvicorn.Config,
        drain_timeout: float,
        on_drain: Callable[[], Awaitable[None]],
        on_ready: Callable[[str], None] | None,
        address: str,
    ) -> None:
        super().__init__(config)
        self._loop = asyncio.get_running_loop()
        self._drain_timeout = drain_timeout
        self._on_drain = on_drain
        self._on_ready = on_ready
        self._address = address
        self._draining: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if not self.started:
            return
        gc.collect()
        gc.freeze()
        gc.set_threshold(*_GC_THRESHOLD)
        if self._on_ready is not None:
            self._on_ready(self._address)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Not passed on to Uvicorn, which would raise the signal once more at the end and kill us while we tidy up.
        self._loop.call_soon_threadsafe(self._begin_exit, signal.Signals(sig).name)

    def _begin_exit(self, name: str) -> None:
        if self._draining is None:
            log.info("drain_started", signal=name)
            self._draining = self._loop.create_task(self._drain())
        else:
            log.info("drain_cut_short", signal=name)
            self._draining.cancel()
            self.should_exit = self.force_exit = True

    async def _drain(self) -> None:
        try:
            async with asyncio.timeout(self._drain_timeout):
                await self._on_drain()
        except TimeoutError:
            log.warning("drain_timed_out", seconds=self._drain_timeout)
        except Exception:
            # Whatever the drain met, a process that was told to end must end.
            log.exception("drain_failed")
        finally:
            self.should_exit = True

    async def drained(self) -> None:
        """Wait for a drain that still runs, so that none outlives the server."""
        if self._draining is not None:
            await asyncio.wait([self._draining])
