"""Errors as OpenAI's clients know them, with our stable code inside."""

from typing import Any, Final

import orjson
from starlette.responses import Response

from backend.errors import AppError, ModelBudgetSpent, ModelContextTooLong

_TYPES: Final = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def openai_error(error: AppError) -> tuple[int, dict[str, Any]]:
    """Return the status and body that tell an OpenAI client of `error`."""
    code, status = error.details.get("openai_code", error.code), error.status
    if isinstance(error, ModelContextTooLong):
        code, status = "context_length_exceeded", 400
    if isinstance(error, ModelBudgetSpent):
        code = "insufficient_quota"
    kind = _TYPES.get(status) or ("server_error" if status >= 500 else "invalid_request_error")
    field = str(error.details.get("field", "")).removeprefix("body.")
    param = error.details.get("param", error.details.get("at", field or None))
    return status, {"error": {"message": error.message, "type": kind, "param": param, "code": code}}


def is_openai(path: str) -> bool:
    """Tell whether it is clients of OpenAI that ask there."""
    return path == "/v1" or path.startswith("/v1/")


def refusal(error: AppError) -> Response:
    """Return the answer that tells an OpenAI client of `error`."""
    status, body = openai_error(error)
    # Our own retries and fallbacks are over; the client's make sense only for what may pass.
    headers = {"x-should-retry": "true" if error.retryable else "false"}
    if error.retry_after_ms is not None:
        headers |= {"Retry-After": str(-(-error.retry_after_ms // 1000)), "retry-after-ms": str(error.retry_after_ms)}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return Response(orjson.dumps(body), status, headers, media_type="application/json")
