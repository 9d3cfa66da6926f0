"""The one mapper from errors to answers: RFC 9457 problem details with a stable `code`, and OpenAI's shape where its
clients ask."""

from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from backend.api.openai_errors import is_openai, refusal
from backend.errors import AppError, BadRequest, ContentTooLong, Forbidden, NotFound, RateLimited, Unauthenticated
from backend.telemetry.logging import current_trace

log = structlog.get_logger(__name__)

MEDIA_TYPE: Final = "application/problem+json"


class MethodNotAllowed(BadRequest):
    """This address does not know this method."""

    code = "method_not_allowed"
    status = 405


class UnsupportedMediaType(BadRequest):
    """Send JSON."""

    code = "unsupported_media_type"
    status = 415


class ProblemDetails(BaseModel):
    """Why a request was refused. `code` is stable and meant for programs, `detail` is for people."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)

    type: str
    title: str
    status: int
    code: str
    detail: str
    retryable: bool
    retry_after_ms: int | None = None
    details: dict[str, Any] = {}


#: What every operation may answer besides its own results.
RESPONSES: Final[dict[int | str, dict[str, Any]]] = {
    "default": {
        "description": "The request was refused, or it failed; `code` says why.",
        "model": ProblemDetails,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
    }
}

_BOUNDS: Final = frozenset({"min_length", "max_length", "ge", "gt", "le", "lt", "multiple_of"})

_OF_STATUS: Final[dict[int, type[AppError]]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    413: ContentTooLong,
    415: UnsupportedMediaType,
    429: RateLimited,
}


def problem(error: AppError) -> Response:
    """Return the answer that tells of `error`."""
    body = ProblemDetails(
        type=f"urn:cuedesk:problem:{error.code}",
        title=HTTPStatus(error.status).phrase,
        status=error.status,
        code=error.code,
        detail=error.message,
        retryable=error.retryable,
        retry_after_ms=error.retry_after_ms,
        details=error.details,
    )
    headers = {}
    if error.retry_after_ms is not None:
        headers["Retry-After"] = str(-(-error.retry_after_ms // 1000))
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body.model_dump(mode="json"), error.status, headers, media_type=MEDIA_TYPE)


def answer_to(path: str, error: AppError) -> Response:
    """Return the answer that tells whoever asked at `path` of `error`."""
    return refusal(error) if is_openai(path) else problem(error)


def register(app: FastAPI) -> None:
    """Let `app` answer every error with problem details."""
    app.add_exception_handler(AppError, _app_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _crash)


async def _app_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)
    if error.status >= 500:
        log.warning("request_failed", path=request.url.path, code=error.code, message=error.message)
    return answer_to(request.url.path, error)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    # The input is not repeated: it may be long, secret, or not even text.
    faults = [
        {
            "field": ".".join(_readable(part) for part in fault["loc"]),
            "message": fault["msg"],
            "type": fault["type"],
            # Only our own bounds: the rest of the context may hold what was sent.
            "limits": {name: bound for name, bound in fault.get("ctx", {}).items() if name in _BOUNDS},
        }
        for fault in error.errors()[:20]
    ]
    if any(fault["type"] == "string_too_long" and fault["field"] == "body.content" for fault in faults):
        return answer_to(request.url.path, ContentTooLong(errors=faults))
    return answer_to(request.url.path, BadRequest(errors=faults))


def _readable(part: object) -> str:
    # The name of a field may come from outside, half surrogate pairs included.
    return str(part)[:80].encode("utf-8", "replace").decode()


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    kind = _OF_STATUS.get(error.status_code, AppError if error.status_code >= 500 else BadRequest)
    answer = answer_to(request.url.path, kind())
    answer.headers.update(error.headers or {})
    return answer


async def _crash(request: Request, error: Exception) -> Response:
    # The last resort: the text stays in the log, the client learns only that it is our fault.
    log.error("request_crashed", path=request.url.path, exc_info=error)
    return answer_to(request.url.path, AppError(trace_id=current_trace()))
