"""Who may open a socket: the Origin, the credentials, the caps."""

import asyncio
from collections import Counter
from uuid import UUID

from pydantic import ValidationError
from starlette.responses import Response
from starlette.websockets import WebSocket

from backend.domain import people
from backend.domain.people import Identity
from backend.errors import AppError, OriginRefused, ProtocolUnsupported, Unauthenticated
from backend.protocol.close_codes import CloseCode
from backend.protocol.commands import PROTOCOL_VERSION, Hello, command_adapter
from backend.protocol.events import Ack
from backend.services import Services
from backend.transport.connection import error_frame, explain, rejection

SESSION_COOKIE = "cuedesk_session"


class Refused(Exception):
    """The socket was closed; there is nobody to serve."""


async def admit(socket: WebSocket, services: Services, open_sockets: "Counter[UUID]") -> tuple[Identity, Hello | None]:
    """Accept the socket and find out who it is, by cookie, header, `?token=` or its first frame.

    Raises:
        Refused: it was closed with a code that tells why.
    """
    try:
        check_origin(socket, services)
    except OriginRefused:
        await socket.close()  # before the upgrade: the browser sees HTTP 403
        raise Refused from None
    if services.draining():
        # Not upgraded at all, so that the balancer in front tries another process.
        await socket.send_denial_response(Response(status_code=503, headers={"Retry-After": "1"}))
        raise Refused
    hello: Hello | None = None
    try:
        identity = await _by_request(socket, services)
        await socket.accept()
        if identity is None:
            identity, hello = await _by_hello(socket, services)
    except AppError as error:
        await _turn_away(socket, error)
        raise Refused from error
    if open_sockets[identity.user_id] >= services.settings.sockets_per_user:
        await socket.close(CloseCode.TOO_MANY_SOCKETS, "too many sockets of this user")
        raise Refused
    return identity, hello


def check_origin(socket: WebSocket, services: Services) -> None:
    """Let pass programs (they send no Origin) and pages of our own address or of the list.

    Raises:
        OriginRefused: another site's page tries to use its visitor's cookie.
    """
    origin = socket.headers.get("origin")
    if origin is None or origin in services.settings.allowed_origins:
        return
    scheme = "https" if socket.url.scheme == "wss" else "http"
    if origin != f"{scheme}://{socket.headers.get('host', '')}":
        raise OriginRefused


async def _by_request(socket: WebSocket, services: Services) -> Identity | None:
    token = socket.query_params.get("token")
    bearer = socket.headers.get("authorization", "")
    cookie = socket.cookies.get(SESSION_COOKIE)
    if not token and bearer.lower().startswith("bearer "):
        return await _by_jwt(services, bearer[7:].strip())
    if not token and not cookie:
        return None
    async with services.db.system() as conn:
        return await (people.take_ticket(conn, token) if token else people.identity_of_session(conn, cookie or ""))


async def _by_jwt(services: Services, token: str) -> Identity:
    async with services.db.system() as conn:
        return await people.identity_of_jwt(conn, token, services.secret, services.settings.token_leeway)


async def _by_hello(socket: WebSocket, services: Services) -> tuple[Identity, Hello]:
    try:
        async with asyncio.timeout(services.settings.hello_timeout):
            message = await socket.receive()
    except TimeoutError:
        await socket.close(CloseCode.HELLO_TIMEOUT, "no hello")
        raise Refused from None
    if message["type"] == "websocket.disconnect":
        raise Refused
    try:
        hello = command_adapter.validate_json(message.get("text") or "")
    except ValidationError as error:
        raise explain(error) from None
    if not isinstance(hello, Hello) or not hello.token:
        raise Unauthenticated("the first frame has to be `hello` with a token")
    if hello.protocol != PROTOCOL_VERSION:
        await socket.send_text(rejection(hello.id, ProtocolUnsupported(speaks=PROTOCOL_VERSION)).model_dump_json())
        raise ProtocolUnsupported(speaks=PROTOCOL_VERSION)
    identity = await _by_jwt(services, hello.token)
    await socket.send_text(Ack(re=hello.id, status="accepted").model_dump_json())
    return identity, hello


async def _turn_away(socket: WebSocket, error: AppError) -> None:
    # Accepted first, so that the page gets a code and a reason instead of a bare failure to connect.
    if socket.client_state.name == "CONNECTING":
        await socket.accept()
    await socket.send_text(error_frame(error).model_dump_json())
    code = CloseCode.UNAUTHENTICATED if error.status in (400, 401, 403) else CloseCode.DRAINING
    await socket.close(code, error.code)
