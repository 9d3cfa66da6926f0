"""Who may open a socket: room in the process, the Origin, the credentials, the caps — the cheapest question first."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from prometheus_client import Counter
from pydantic import ValidationError
from starlette.responses import Response
from starlette.websockets import WebSocket, WebSocketDisconnect

from backend.domain import api_keys, devices, people
from backend.domain.people import Identity
from backend.errors import AppError, OriginRefused, ProtocolUnsupported, Unauthenticated
from backend.protocol.close_codes import CloseCode
from backend.protocol.commands import PROTOCOL_VERSION, Hello, command_adapter
from backend.protocol.events import Ack
from backend.services import Services
from backend.telemetry.metrics import REGISTRY
from backend.transport.connection import error_frame, explain, rejection
from backend.transport.limits import SocketCaps, UpgradeLimit

SESSION_COOKIE = "cuedesk_session"
DEVICE_COOKIE = "cuedesk_device"
#: `/ws?paired=1` is a paired device's, whoever else may be signed in in the same browser.
PAIRED = "paired"

_REFUSED = Counter("cuedesk_upgrades_refused", "Sockets refused before the upgrade", ["why"], registry=REGISTRY)
_REASONS = {
    CloseCode.TOO_MANY_SOCKETS: "too many sockets of this person",
    CloseCode.TENANT_FULL: "too many sockets of this team or person",
}


@dataclass(frozen=True)
class Guest:
    """Somebody who was let in; the `hello` they came with says where they want to go on."""

    identity: Identity
    hello: Hello | None = None


class _TurnedAway(Exception):
    """The socket was answered and closed; there is nobody to serve."""


class Entrance:
    """The way into this process."""

    def __init__(self, services: Services, caps: SocketCaps) -> None:
        settings = services.settings
        self._services = services
        self._caps = caps
        self._upgrades = UpgradeLimit(settings.upgrades_per_second, settings.upgrades_burst)

    @contextlib.asynccontextmanager
    async def admitted(self, socket: WebSocket) -> AsyncIterator[Guest | None]:
        """Let a socket in for as long as the block runs, or answer it with the reason and give None.

        Refused before the upgrade, without asking the database: another site's page (403), a process that drains, is
        full or gets too many at once (503 with Retry-After). After it, with a close code: no valid credentials, no
        `hello` in time, too many sockets of the person or team.
        """
        try:
            check_origin(socket, self._services)
        except OriginRefused:
            _REFUSED.labels("origin").inc()
            await _close(socket)  # before the upgrade: the browser sees HTTP 403
            yield None
            return
        why, pause = self._room()
        if pause is not None:
            _REFUSED.labels(why).inc()
            # Not upgraded at all, so that the balancer in front can try another process.
            await _deny(socket, pause)
            yield None
            return
        try:
            guest = await self._identify(socket)
            try:
                yield guest
            finally:
                if guest is not None:
                    await self._caps.give_back(guest.identity)
        finally:
            self._caps.leave()

    def _room(self) -> tuple[str, int | None]:
        """Take a place; or return why there is none, and after how many seconds to come again."""
        if self._services.draining():
            return "draining", 1
        pause = self._upgrades.pause()
        if pause is not None:
            return "rate", pause
        return "full", self._caps.enter()

    async def _identify(self, socket: WebSocket) -> Guest | None:
        """Find out who it is, by cookie, header, `?token=` or the first frame, and count them."""
        try:
            guest = await self._by_request(socket)
            await socket.accept()
            if guest is None:
                guest = await self._by_hello(socket)
        except (_TurnedAway, WebSocketDisconnect):
            return None
        except AppError as error:
            await _turn_away(socket, error)
            return None
        full = await self._caps.take(guest.identity)
        if full is not None:
            await _close(socket, full, _REASONS[full])
            return None
        return guest

    async def _by_request(self, socket: WebSocket) -> Guest | None:
        if PAIRED in socket.query_params:
            async with self._services.db.system(in_turn=True) as conn:
                unused = self._services.settings.device_unused
                token = socket.cookies.get(DEVICE_COOKIE, "")
                return Guest((await devices.device_of_token(conn, token, unused)).identity)
        ticket, bearer = socket.query_params.get("token"), _bearer(socket)
        if not ticket and bearer is not None:
            return Guest(await identity_of_token(self._services, bearer, _address(socket)))
        if ticket and api_keys.is_key(ticket):
            return Guest(await identity_of_token(self._services, ticket, _address(socket)))
        cookie = socket.cookies.get(SESSION_COOKIE)
        if not ticket and not cookie:
            return None
        async with self._services.db.system(in_turn=True) as conn:
            if ticket:
                return Guest(await people.take_ticket(conn, ticket))
            return Guest(await people.identity_of_session(conn, cookie or ""))

    async def _by_hello(self, socket: WebSocket) -> Guest:
        try:
            async with asyncio.timeout(self._services.settings.hello_timeout):
                message = await socket.receive()
        except TimeoutError:
            await socket.close(CloseCode.HELLO_TIMEOUT, "no hello")
            raise _TurnedAway from None
        if message["type"] == "websocket.disconnect":
            raise _TurnedAway
        try:
            hello = command_adapter.validate_json(message.get("text") or "")
        except ValidationError as error:
            raise explain(error) from None
        if not isinstance(hello, Hello) or not hello.token:
            raise Unauthenticated("the first frame has to be `hello` with a token")
        if hello.protocol != PROTOCOL_VERSION:
            await socket.send_text(rejection(hello.id, ProtocolUnsupported(speaks=PROTOCOL_VERSION)).model_dump_json())
            raise ProtocolUnsupported(speaks=PROTOCOL_VERSION)
        guest = Guest(await identity_of_token(self._services, hello.token, _address(socket)), hello)
        await socket.send_text(Ack(re=hello.id, status="accepted").model_dump_json())
        return guest


def check_origin(socket: WebSocket, services: Services) -> None:
    """Let pass pages of our own address or of the list, and programs: they send no Origin and bring a token.

    Raises:
        OriginRefused: another site's page tries to use its visitor's cookie, or the cookie comes without a page.
    """
    origin = socket.headers.get("origin")
    if origin is None:
        by_token = "token" in socket.query_params or _bearer(socket) is not None
        by_cookie = SESSION_COOKIE in socket.cookies or DEVICE_COOKIE in socket.cookies
        if "sec-fetch-site" in socket.headers or (by_cookie and not by_token):
            raise OriginRefused
        return
    if origin in services.settings.allowed_origins:
        return
    scheme = "https" if socket.url.scheme == "wss" else "http"
    if origin != f"{scheme}://{socket.headers.get('host', '')}":
        raise OriginRefused


async def identity_of_token(services: Services, token: str, address: str) -> Identity:
    """Return whose access token, API key or ticket this is; a ticket is used up. `address`: where it comes from.

    Raises:
        Unauthenticated: nobody's, or no longer.
        Forbidden: an API key that is not for work at a socket.
        RateLimited: too many wrong API keys came from there.
    """
    if api_keys.is_key(token):
        identity = await api_keys.identity_of_key(services.db, services.redis, token, address, in_turn=True)
        people.require(identity, "thread.read")
        return identity
    async with services.db.system(in_turn=True) as conn:
        # An access token has two dots, a ticket none.
        if "." in token:
            return await people.identity_of_jwt(
                conn, token, services.secret, services.settings.token_leeway, services.clock()
            )
        return await people.take_ticket(conn, token)


def _bearer(socket: WebSocket) -> str | None:
    header = socket.headers.get("authorization", "")
    return header[7:].strip() if header.lower().startswith("bearer ") else None


def _address(socket: WebSocket) -> str:
    return socket.client.host if socket.client else ""


async def _close(socket: WebSocket, code: int = 1000, reason: str = "") -> None:
    with contextlib.suppress(WebSocketDisconnect):  # it did not wait for our answer
        await socket.close(code, reason)


async def _deny(socket: WebSocket, pause: int) -> None:
    response = Response(
        b'{"code":"server_busy"}',
        status_code=503,
        headers={"Retry-After": str(max(pause, 1))},
        media_type="application/problem+json",
    )
    with contextlib.suppress(WebSocketDisconnect):
        await socket.send_denial_response(response)


async def _turn_away(socket: WebSocket, error: AppError) -> None:
    # Accepted first, so that the page gets a code and a reason instead of a bare failure to connect.
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        if socket.client_state.name == "CONNECTING":
            await socket.accept()
        await socket.send_text(error_frame(error).model_dump_json())
        code = CloseCode.UNAUTHENTICATED if error.status in (400, 401, 403) else CloseCode.DRAINING
        await socket.close(code, error.code)
