"""A trace for each request: on every log line, in the answer's header, and told once when the request is done."""

import time
from typing import Final

import structlog
from prometheus_client import Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from backend.ids import new_trace_id
from backend.telemetry.logging import tracing
from backend.telemetry.metrics import REGISTRY

log = structlog.get_logger(__name__)

HEADER: Final = b"x-trace-id"
#: Asked every few seconds by those who watch the server; a line each would bury the rest.
_QUIET: Final = ("/api/v1/health", "/metrics")

_SECONDS = Histogram("cuedesk_http_request_seconds", "How long requests took", ["method", "status"], registry=REGISTRY)


class Traces:
    """Gives each HTTP request its trace."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on within its trace."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        trace_id = new_trace_id()
        status = 500
        began = time.perf_counter()

        async def with_header(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message.get("headers", ()), (HEADER, trace_id.encode())]}
            await send(message)

        with tracing(trace_id=trace_id):
            try:
                await self._app(scope, receive, with_header)
            finally:
                elapsed = time.perf_counter() - began
                _SECONDS.labels(scope["method"], status).observe(elapsed)
                path = scope["path"]
                if path.startswith("/api/") and not path.startswith(_QUIET):
                    log.info("request", method=scope["method"], path=path, status=status, ms=round(elapsed * 1000, 1))
