"""What a failure of a model means: whose fault it is, and what is done about it (the table is in docs/models.md)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from backend.errors import (
    Failure,
    ModelContentFiltered,
    ModelContextTooLong,
    ModelError,
    ModelIncapable,
    ModelKeyRefused,
    ModelNotServed,
    ModelPayloadInvalid,
    ModelQuotaSpent,
    ModelRateLimited,
    ModelRefused,
    ModelStreamCut,
    ModelTimeout,
    ModelUnavailable,
    ModelUnreachable,
)

#: Failures that a question can bring about: the provider was reached, and may have failed of what it was asked.
_MAY_BE_ASKED_FOR: Final = frozenset({"overloaded", "cut", "timeout", "malformed", "unknown", "not_served"})
#: The status of what is forbidden to a key that is known.
_FORBIDDEN: Final = 403


@dataclass(frozen=True, slots=True)
class Policy:
    """What follows from a failure before any text was shown.

    `counts` is whether the breaker learns of it; `condemns_provider` whether every model behind the same address and
    key would fail alike, so that the fallback passes over them.
    """

    retry: bool = False
    fall_back: bool = False
    counts: bool = False
    condemns_provider: bool = False


_TRANSIENT: Final = Policy(retry=True, fall_back=True, counts=True)
_POLICIES: Final[Mapping[Failure, Policy]] = MappingProxyType(
    {
        "rate_limited": Policy(retry=True, fall_back=True),
        "overloaded": _TRANSIENT,
        "cut": _TRANSIENT,
        "connect": Policy(retry=True, fall_back=True, counts=True, condemns_provider=True),
        # Somebody has waited long enough already.
        "timeout": Policy(fall_back=True, counts=True),
        "malformed": Policy(fall_back=True, counts=True),
        "unknown": Policy(fall_back=True, counts=True),
        "resting": Policy(fall_back=True),
        "busy": Policy(fall_back=True),
        "auth": Policy(fall_back=True, counts=True, condemns_provider=True),
        "quota": Policy(fall_back=True, counts=True, condemns_provider=True),
        # A model that was taken from the market, an address that moved: no fault of what is asked.
        "not_served": Policy(fall_back=True, counts=True),
        # What one model does not take another may.
        "unsupported": Policy(fall_back=True),
        # Only to a model that reads more (call.py).
        "context_too_long": Policy(fall_back=True),
        # Asking the next provider what the first one would not say is not ours to decide.
        "content_filtered": Policy(),
        "bad_request": Policy(),
        # Our own limits: refused before anybody is asked.
        "rate_exceeded": Policy(),
        "budget_spent": Policy(),
    }
)


def policy_of(error: ModelError) -> Policy:
    """Return what is to be done about `error`."""
    kind = error.details.get("kind") if error.failure == "timeout" else None
    if kind == "connect":
        return _POLICIES["connect"]
    if kind == "total":  # the time for all of it is over, whoever used it up
        return Policy()
    if is_forbidden(error):
        return _POLICIES["not_served"]
    return _POLICIES[error.failure]


def is_forbidden(error: ModelError) -> bool:
    """Tell whether the provider knows the key and forbids what is asked: this model, or just this question."""
    return error.failure == "auth" and error.details.get("status") == _FORBIDDEN


def may_be_asked_for(error: ModelError) -> bool:
    """Tell whether what is asked may have brought a failure about."""
    if error.failure == "timeout":
        return error.details.get("kind") != "connect"  # nobody was reached
    # A key that is not accepted is so for all; what it may not do may be just this.
    return error.failure in _MAY_BE_ASKED_FOR or is_forbidden(error)


_CLASSES: Final[Mapping[Failure, type[ModelError]]] = MappingProxyType(
    {
        "unknown": ModelError,
        "timeout": ModelTimeout,
        "overloaded": ModelUnavailable,
        "connect": ModelUnreachable,
        "rate_limited": ModelRateLimited,
        "bad_request": ModelRefused,
        "context_too_long": ModelContextTooLong,
        "content_filtered": ModelContentFiltered,
        "auth": ModelKeyRefused,
        "quota": ModelQuotaSpent,
        "not_served": ModelNotServed,
        "cut": ModelStreamCut,
        "malformed": ModelPayloadInvalid,
    }
)

#: Words that providers use as error codes and types, in lower case. Providers' own numbers are in their profiles.
_CODES: Final[Mapping[str, Failure]] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                "insufficient_quota", "billing_hard_limit_reached", "insufficient_balance", "billing_error",
                "arrearage", "quota_exceeded", "insufficient_user_quota",
            ),
            "quota",
        ),
        **dict.fromkeys(
            (
                "rate_limit_exceeded", "rate_limit_error", "resource_exhausted", "limit_requests", "too_many_requests",
                "throttling", "throttling.ratequota", "limit_burst_rate",
            ),
            "rate_limited",
        ),
        **dict.fromkeys(
            (
                "overloaded", "overloaded_error", "server_overloaded", "engine_overloaded", "server_error",
                "api_error", "internal_error", "internal_server_error", "internal", "unavailable",
                "service_unavailable", "timeout_error", "deadline_exceeded",
            ),
            "overloaded",
        ),
        **dict.fromkeys(("context_length_exceeded", "request_too_large", "string_above_max_length"),
                        "context_too_long"),
        **dict.fromkeys(
            (
                "content_filter", "content_policy_violation", "data_inspection_failed", "datainspectionfailed",
                "responsibleaipolicyviolation", "moderation_blocked",
            ),
            "content_filtered",
        ),
        **dict.fromkeys(
            (
                "invalid_api_key", "authentication_error", "permission_error", "unauthenticated", "permission_denied",
                "invalidapikey", "access_denied", "account_deactivated",
            ),
            "auth",
        ),
        **dict.fromkeys(
            ("invalid_request_error", "invalid_parameter_error", "invalid_argument"), "bad_request"
        ),
        **dict.fromkeys(("model_not_found", "not_found_error"), "not_served"),
    }
)  # fmt: skip
#: Some say it only in words, behind a status 400.
_TOO_LONG: Final = re.compile(
    r"maximum context length|context (length|window|size)|prompt is too long|too many (input )?tokens"
    r"|range of input length|input (is )?too long|max_model_len",
    re.IGNORECASE,
)
#: What a moderation says with status 403; of an account that was flagged it says something else.
_FLAGGED: Final = re.compile(
    r"(input|prompt|content|request|messages?|text) (was|were|is|are|has been|have been) (flagged|blocked)"
    r"|requires moderation|content (policy|filter)",
    re.IGNORECASE,
)
#: How providers call what they are told of the shape of an answer …
_SHAPE: Final = re.compile(
    r"response[_ ]?format|json[_ -]?(schema|object|mode)|structured[_ ]outputs?|guided[_ ](json|decoding)",
    re.IGNORECASE,
)
#: … and how they say that it is this schema which they do not take.
_SCHEMA: Final = re.compile(
    r"(invalid|bad|malformed) (json )?schema|schema (conversion|is (invalid|too))|(parse|compile|initiali[sz]e|build) "
    r"(the )?(grammar|samplers?|json schema)|(unsupported|unrecognized|unknown) (json )?schema|for response_format '",
    re.IGNORECASE,
)
#: Some say only that something is not supported. It may be the shape unless they name something else.
_UNSUPPORTED: Final = re.compile(
    r"(un|not )supported|not (allowed|permitted)|un(recogni[sz]ed|known|expected) (\w+ )?(field|param|argument|key)"
    r"|extra (field|input)|bad request",
    re.IGNORECASE,
)
_SOMETHING_ELSE: Final = re.compile(
    r"temperature|max_(completion_)?tokens|stream|tool|messages?\b|model|image|audio|role|language|region|key provided",
    re.IGNORECASE,
)
#: How servers say that they, or this model, know no tools: Ollama, vLLM, OpenRouter, llama.cpp.
_NO_TOOLS: Final = re.compile(
    r"\b(does|do) not support (tools?\b|functions?\b)|tool choice requires --|support tool use|tools param requires"
    r"|\btools? (calling |use )?(is|are) not supported",
    re.IGNORECASE,
)
#: Characters of what is said that are looked at.
_LOOKED_AT: Final = 2_000
#: What may go into details and logs: a provider's message may quote the key.
_SAFE_REASON: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}\Z")


def reported(
    status: int, report: object, codes: Mapping[str, Failure], retry_after_ms: int | None = None
) -> ModelError:
    """Return the error for what a provider reported: a status (0: inside a stream) and the JSON that came with it."""
    inner = _inner(report)
    status = status or _status_of(inner)
    words = [word for key in ("code", "type", "status") if (word := _word(inner.get(key)))]
    details: dict[str, Any] = {}
    if status:
        details["status"] = status
    if words:
        details["reason"] = words[0]
    message = str(inner.get("message") or "")
    failure = _failure(status, words, message, codes)
    if status == _FORBIDDEN and failure == "auth" and _is_moderated(inner, message):
        failure = "content_filtered"
    about = _about(inner, message)
    if failure == "unknown" and about is not None and about != "unsaid":
        failure = "bad_request"
    if failure in ("bad_request", "not_served") and _NO_TOOLS.search(message[:_LOOKED_AT]):
        return ModelIncapable.of("tools", **details)
    error = _CLASSES[failure](**details)
    if failure == "bad_request" and isinstance(error, ModelRefused) and about is not None:
        error.about = "schema" if about == "schema" else "shape"
    if isinstance(error, ModelRateLimited | ModelUnavailable):
        error.retry_after_ms = retry_after_ms
    return error


def _failure(status: int, words: Sequence[str], message: str, codes: Mapping[str, Failure]) -> Failure:
    if own := next((codes[word] for word in words if word in codes), None):
        return own
    named = [_CODES.get(word.lower()) for word in words]
    known = [failure for failure in named if failure is not None]
    # A code says more than the type it comes with: "invalid_request_error" is said of nearly everything.
    specific = [failure for failure in known if failure != "bad_request"]
    if specific and not (specific[0] == "overloaded" and status == 429):
        return specific[0]
    if status in {400, 413, 422, 0} and (status == 413 or _TOO_LONG.search(message)):
        return "context_too_long"
    by_status: dict[int, Failure] = {
        401: "auth", 402: "quota", 403: "auth", 404: "not_served", 405: "not_served", 408: "overloaded",
        409: "overloaded", 410: "not_served", 425: "overloaded", 429: "rate_limited",
    }  # fmt: skip
    if status in by_status:
        return by_status[status]
    if status >= 300 and status // 100 != 4:
        return "not_served" if status < 400 else "overloaded"
    return "bad_request" if status >= 400 or known else "unknown"


def _is_moderated(inner: Mapping[str, Any], message: str) -> bool:
    """Tell whether what is forbidden is the content: OpenRouter gives the `reasons`, others have words for it."""
    metadata = inner.get("metadata")
    reasons = metadata.get("reasons") if isinstance(metadata, dict) else None
    return bool(reasons) or _FLAGGED.search(message[:_LOOKED_AT]) is not None


def _about(inner: Mapping[str, Any], message: str) -> Literal["shape", "schema", "unsaid"] | None:
    """Return what the provider says it is about, as far as that is the shape of the answer; None: something else.

    What it quotes of the request (FastAPI's `input`) is not looked at: that holds the shape always.
    """
    places, texts = [str(inner.get("param") or "")], [message]
    faults = inner.get("detail")
    for fault in faults if isinstance(faults, list) else [{"msg": faults}]:
        if isinstance(fault, dict):
            places.append(" ".join(str(part) for part in fault.get("loc") or () if part != "body"))
            texts.append(str(fault.get("msg") or ""))
    place = " ".join(filter(None, places))[:_LOOKED_AT]
    said = " ".join(filter(None, texts))[:_LOOKED_AT]
    if place and not _SHAPE.search(place):
        return None
    if _SCHEMA.search(said):
        return "schema"
    if place or _SHAPE.search(said):
        return "shape"
    if not said or (_UNSUPPORTED.search(said) and not _SOMETHING_ELSE.search(said)):
        return "unsaid"
    return None


def _inner(report: object) -> Mapping[str, Any]:
    """Return the object that describes the error. Gemini puts it into a list, some leave out the envelope."""
    if isinstance(report, list) and report:
        report = report[0]
    inner = report.get("error", report) if isinstance(report, dict) else None
    if isinstance(inner, str):  # LM Studio's
        return {"message": inner}
    return inner if isinstance(inner, dict) else {}


def _status_of(inner: Mapping[str, Any]) -> int:
    code = inner.get("code")
    return code if isinstance(code, int) and 400 <= code <= 599 else 0


def _word(value: object) -> str | None:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1000:
        value = str(value)
    if isinstance(value, str) and _SAFE_REASON.match(value) and not value.startswith("sk-"):
        return value
    return None
