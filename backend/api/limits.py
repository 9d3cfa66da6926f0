"""How much a request may bring."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.api.errors import answer_to
from backend.errors import AppError, BadRequest, ContentTooLong

#: A product with all its fields filled to the brim stays below this.
MAX_BODY: Final = 512 * 1024
#: Addresses that take more: all our rules as a CSV, in base64, and room for them to grow.
_LARGER: Final = {"/api/v1/rules/table": 1536 * 1024}


class BodyLimit:
    """Reads the body before anything else does, up to what its address takes, so that no reader has to count."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body read, or refuse it."""
        if scope["type"] != "http" or scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self._app(scope, receive, send)
            return
        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if not announced.isdigit():
            await _refuse(BadRequest("the length of the body is not a number"), scope, receive, send)
            return
        body, limit = bytearray(), _LARGER.get(scope["path"], MAX_BODY)
        more = int(announced) <= limit
        if not more:
            await _refuse(ContentTooLong("the body is too large", limit=limit), scope, receive, send)
            return
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
            if len(body) > limit:
                await _refuse(ContentTooLong("the body is too large", limit=limit), scope, receive, send)
                return
        whole: Message | None = {"type": "http.request", "body": bytes(body), "more_body": False}

        async def replay() -> Message:
            nonlocal whole
            if whole is None:
                return await receive()
            message, whole = whole, None
            return message

        await self._app(scope, replay, send)


async def _refuse(error: AppError, scope: Scope, receive: Receive, send: Send) -> None:
    await answer_to(scope["path"], error)(scope, receive, send)
