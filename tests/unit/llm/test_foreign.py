"""Errors of packages that are not imported are told by their status, their names, and what stands behind them."""

import json
import ssl
from collections.abc import Callable

import httpcore2
import httpx2
import openai
import pytest

from backend.errors import ModelError
from backend.llm.foreign import told_of


class Status(Exception):
    """An error with attributes of all sorts."""

    def __init__(self, **told: object) -> None:
        super().__init__("refused")
        self.__dict__.update(told)


class Response:
    def __init__(self, status: int, **headers: str) -> None:
        self.status_code = status
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def behind(outer: Exception, *inner: BaseException, context: bool = False) -> Exception:
    """Chain errors, the outermost first."""
    one: BaseException = outer
    for other in inner:
        if context:
            one.__context__ = other
        else:
            one.__cause__ = other
        one = other
    return outer


def connection() -> openai.APIConnectionError:
    return openai.APIConnectionError(request=None)  # type: ignore[arg-type]


def late() -> openai.APITimeoutError:
    return openai.APITimeoutError(request=None)  # type: ignore[arg-type]


CASES: list[tuple[Callable[[], Exception], str, dict[str, object]]] = [
    (lambda: Status(status_code=429, response=Response(429, Retry_After="7")), "rate_limited", {"status": 429}),
    (lambda: Status(http_status=401), "auth", {"status": 401}),
    (lambda: Status(code=503), "overloaded", {"status": 503}),
    (lambda: Status(response=Response(404)), "not_served", {"status": 404}),
    (
        lambda: Status(response={"ResponseMetadata": {"HTTPStatusCode": 429, "HTTPHeaders": {"retry-after": "7"}}}),
        "rate_limited",
        {"status": 429},
    ),
    (lambda: Status(body={"error": {"type": "overloaded_error"}}), "overloaded", {"reason": "overloaded_error"}),
    (lambda: behind(connection(), httpx2.ConnectError("no")), "connect", {"reason": "ConnectError"}),
    (lambda: behind(connection(), httpx2.ReadError("no"), httpcore2.ReadError()), "cut", {"reason": "ReadError"}),
    (lambda: behind(connection(), httpx2.ConnectError(""), OSError()), "connect", {"reason": "ConnectError"}),
    (lambda: behind(connection(), httpx2.WriteError(""), context=True), "cut", {"reason": "WriteError"}),
    (lambda: behind(late(), httpx2.ConnectTimeout("")), "timeout", {"kind": "connect"}),
    (lambda: behind(late(), httpx2.ReadTimeout("")), "timeout", {"kind": "idle"}),
    (connection, "connect", {"reason": "APIConnectionError"}),
    (TimeoutError, "timeout", {"kind": "idle"}),
    (lambda: behind(Status(), ssl.SSLError("no")), "connect", {"reason": "SSLError"}),
    (lambda: behind(Status(), ConnectionRefusedError()), "connect", {"reason": "ConnectionRefusedError"}),
    (lambda: json.JSONDecodeError("no", "", 0), "malformed", {"reason": "JSONDecodeError"}),
    (lambda: Status(status_code=200), "unknown", {"reason": "Status"}),
]  # fmt: skip


@pytest.mark.parametrize(("error", "failure", "details"), CASES)
def test_what_failed_is_told_apart(error: Callable[[], Exception], failure: str, details: dict[str, object]) -> None:
    told: ModelError = told_of(error(), "idle")
    assert (told.failure, told.details) == (failure, details)
    assert told.retry_after_ms == (7000 if failure == "rate_limited" else None)


def test_errors_behind_each_other_in_a_ring_are_looked_at_once() -> None:
    one, other = Status(), Status()
    one.__context__, other.__context__ = other, one
    assert told_of(one, "idle").failure == "unknown"
