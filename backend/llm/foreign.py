"""What failed behind a package of somebody else's, told by what its errors have in common.

Every provider's package has errors of its own, and none of them is imported here. But each status error carries its
status and the answer's headers under one of a few names, each error of the line comes from one of a few libraries, and
what a package wraps stands behind it as its cause.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

from backend.errors import (
    ModelContextTooLong,
    ModelError,
    ModelPayloadInvalid,
    ModelStreamCut,
    ModelTimeout,
    ModelUnreachable,
)
from backend.llm.deadlines import Wait
from backend.llm.exchange import retry_after_ms
from backend.llm.failures import reported

_Kind = Literal["connect", "connect_timeout", "cut", "timeout", "malformed", "too_long"]

#: Names of classes that say exactly what happened: of httpx and httpcore, aiohttp, urllib3, requests, botocore, Python.
_EXACT: Final[Mapping[str, _Kind]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "ConnectError", "ProxyError", "UnsupportedProtocol", "InvalidURL", "ClientConnectorError",
                "ClientProxyConnectionError", "NameResolutionError", "NewConnectionError", "EndpointConnectionError",
                "ConnectionRefusedError", "gaierror", "SSLError",
            ),
            "connect",
        ),
        **dict.fromkeys(
            ("ConnectTimeout", "PoolTimeout", "ConnectTimeoutError", "ConnectionTimeoutError"), "connect_timeout"
        ),
        **dict.fromkeys(
            (
                "RemoteProtocolError", "ReadError", "WriteError", "CloseError", "ServerDisconnectedError",
                "ClientPayloadError", "ChunkedEncodingError", "IncompleteRead", "IncompleteReadError",
                "ConnectionClosedError", "ResponseStreamingError", "ConnectionResetError", "BrokenPipeError",
                "EOFError",
            ),
            "cut",
        ),
        **dict.fromkeys(
            (
                "ReadTimeout", "WriteTimeout", "SocketTimeoutError", "ServerTimeoutError", "ReadTimeoutError",
            ),
            "timeout",
        ),
        **dict.fromkeys(("JSONDecodeError", "DecodingError", "APIResponseValidationError"), "malformed"),
        "ContextOverflowError": "too_long",
    }
)  # fmt: skip
#: Names that say less than what may stand behind them.
_LOOSE: Final[Mapping[str, _Kind]] = MappingProxyType(
    {
        **dict.fromkeys(("APITimeoutError", "TimeoutException", "TimeoutError"), "timeout"),
        **dict.fromkeys(("NetworkError", "ProtocolError"), "cut"),
        **dict.fromkeys(("APIConnectionError", "ClientConnectionError", "ConnectionError", "OSError"), "connect"),
    }
)
#: What langchain-core says of a stream that held nothing.
_NOTHING_CAME: Final = "No generations found in stream"
#: Errors behind each other that are looked at.
_DEPTH: Final = 12


def told_of(error: Exception, wait: Wait) -> ModelError:
    """Return what an error of somebody else's package means. `wait` is what was waited for."""
    chain = list(_chain(error))
    for one in chain:
        status, headers = _status(one), _headers(one)
        body = getattr(one, "body", None)
        if status or isinstance(body, dict):
            return reported(status, body, {}, retry_after_ms(headers))
    if str(error).startswith(_NOTHING_CAME):
        return ModelStreamCut(reason="empty")
    for names in (_EXACT, _LOOSE):
        for one in chain:
            for kind in type(one).__mro__:
                if kind.__name__ in names:
                    return _made(names[kind.__name__], kind.__name__, wait)
    return ModelError(reason=type(error).__name__[:40])


def _made(kind: _Kind, reason: str, wait: Wait) -> ModelError:
    match kind:
        case "connect":
            return ModelUnreachable(reason=reason)
        case "connect_timeout":
            return ModelTimeout(kind="connect")
        case "cut":
            return ModelStreamCut(reason=reason)
        case "timeout":
            return ModelTimeout(kind=wait)
        case "malformed":
            return ModelPayloadInvalid(reason=reason)
        case "too_long":
            return ModelContextTooLong(reason=reason)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what stands behind it, the outermost first."""
    behind: BaseException | None = error
    for _ in range(_DEPTH):
        if behind is None:
            return
        yield behind
        behind = behind.__cause__ or (None if behind.__suppress_context__ else behind.__context__)


def _status(error: BaseException) -> int:
    """Return the status of an answer that was a refusal; 0 where there is none."""
    response = getattr(error, "response", None)
    places: list[tuple[Any, str]] = [(error, name) for name in ("status_code", "http_status", "status", "code")]
    places += [(response, name) for name in ("status_code", "status")]
    found: list[Any] = [getattr(where, name, None) for where, name in places]
    found.append(_of_boto(response).get("HTTPStatusCode"))
    return next((int(one) for one in found if isinstance(one, int) and 300 <= one <= 599), 0)


def _headers(error: BaseException) -> Mapping[str, str]:
    response = getattr(error, "response", None)
    for headers in (
        getattr(response, "headers", None),
        getattr(error, "headers", None),
        _of_boto(response).get("HTTPHeaders"),
    ):
        if headers is not None and hasattr(headers, "items"):
            return {str(name).lower(): str(value) for name, value in headers.items()}
    return {}


def _of_boto(response: object) -> Mapping[str, Any]:
    """Return what botocore tells of an answer: its responses are dictionaries."""
    told = response.get("ResponseMetadata") if isinstance(response, dict) else None
    return told if isinstance(told, dict) else {}
