"""What providers say, and what it is taken for."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import Failure, ModelError, ModelTimeout
from backend.llm.exchange import retry_after_ms
from backend.llm.failures import Policy, policy_of, reported
from backend.llm.profiles import PROFILES


def said(code: Any = None, message: str = "", kind: str | None = None) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "type": kind}}


@pytest.mark.parametrize(
    ("profile", "status", "report", "failure"),
    [
        ("openai", 429, said("rate_limit_exceeded"), "rate_limited"),
        ("openai", 429, said("insufficient_quota", kind="insufficient_quota"), "quota"),
        ("openai", 400, said("context_length_exceeded", kind="invalid_request_error"), "context_too_long"),
        ("openai", 400, said("content_policy_violation", kind="invalid_request_error"), "content_filtered"),
        ("openai", 400, said(None, "bad parameter", "invalid_request_error"), "bad_request"),
        ("openai", 401, said("invalid_api_key", "Incorrect API key provided", "invalid_request_error"), "auth"),
        ("openai", 404, said("model_not_found", kind="invalid_request_error"), "not_served"),
        ("anthropic", 404, said(kind="not_found_error"), "not_served"),
        ("vllm", 404, {"detail": "Not Found"}, "not_served"),
        ("compatible", 302, None, "not_served"),
        ("compatible", 405, None, "not_served"),
        ("openai", 410, None, "not_served"),
        ("openai", 500, said(None, kind="server_error"), "overloaded"),
        ("openai", 503, None, "overloaded"),
        ("openai", 429, said(None, kind="server_error"), "rate_limited"),
        ("anthropic", 529, said(kind="overloaded_error"), "overloaded"),
        ("anthropic", 0, said(kind="overloaded_error"), "overloaded"),
        ("anthropic", 400, said(None, "prompt is too long: 210000 tokens > 200000", "invalid_request_error"),
         "context_too_long"),
        ("anthropic", 413, said(kind="request_too_large"), "context_too_long"),
        ("anthropic", 402, said(kind="billing_error"), "quota"),
        ("anthropic", 403, said(kind="permission_error"), "auth"),
        ("openrouter", 403, {"error": {"code": 403, "message": "Not this.", "metadata": {"reasons": ["violence"]}}},
         "content_filtered"),
        ("openrouter", 403, said(403, "Your chosen model requires moderation and your input was flagged for x"),
         "content_filtered"),
        ("openrouter", 403, said(403, "Key limit exceeded"), "auth"),
        ("compatible", 403, said(None, "Your account was flagged and is suspended"), "auth"),
        ("compatible", 401, said(None, "Your input was flagged"), "auth"),
        ("zhipu", 400, said("1261", "Prompt 超长"), "context_too_long"),
        ("zhipu", 400, said("1301", "系统检测到输入或生成内容可能包含不安全或敏感内容"), "content_filtered"),
        ("zhipu", 429, said("1302"), "rate_limited"),
        ("zhipu", 429, said("1113", "您的账户已欠费"), "quota"),
        ("zhipu", 401, said("1002"), "auth"),
        ("zhipu", 429, said(1312), "overloaded"),
        ("deepseek", 402, said("invalid_request_error", "Insufficient Balance", "unknown_error"), "quota"),
        ("dashscope", 400, said("data_inspection_failed", kind="data_inspection_failed"), "content_filtered"),
        ("dashscope", 400, said("invalid_parameter_error", "Range of input length should be [1, 30720]"),
         "context_too_long"),
        ("dashscope", 400, {"code": "Arrearage", "message": "Access denied"}, "quota"),
        ("vllm", 400, {"object": "error", "message": "This model's maximum context length is 4096 tokens.",
                       "type": "BadRequestError", "code": 400}, "context_too_long"),
        ("gemini", 429, [said(429, kind=None) | {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}],
         "rate_limited"),
        ("gemini", 503, [{"error": {"code": 503, "status": "UNAVAILABLE", "message": "overloaded"}}], "overloaded"),
        ("openrouter", 0, said(502, "Provider returned error"), "overloaded"),
        ("azure", 400, said("content_filter", kind=None), "content_filtered"),
        ("openai", 0, said("surprise"), "unknown"),
        ("openai", 418, "teapot", "bad_request"),
    ],
)  # fmt: skip
def test_what_a_provider_reports_is_told_apart(profile: str, status: int, report: Any, failure: Failure) -> None:
    assert reported(status, report, PROFILES[profile].codes).failure == failure


@pytest.mark.parametrize(
    ("value", "milliseconds"),
    [
        ("2", 2000), ("0.5", 500), ("-5", 0), ("nan", None), ("inf", None), ("soon", None),
        # Longer than a day says no more than a day, and numbers without end break who reads them in JSON.
        ("1e30", 86_400_000), ("Fri, 31 Dec 2100 23:59:59 GMT", 86_400_000), ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Fri, 31 Dec 99999999999999999999 23:59:59 GMT", None),
        ("Wed, 21 Oct 2015 07:28:00 +99999999999999", None),
    ],
)  # fmt: skip
def test_a_retry_after_is_read_however_it_is_written(value: str, milliseconds: int | None) -> None:
    assert retry_after_ms({"retry-after": value}) == milliseconds


@given(st.text())
def test_no_retry_after_whatever_breaks_the_answer(value: str) -> None:
    assert 0 <= (retry_after_ms({"retry-after": value, "retry-after-ms": value}) or 0) <= 86_400_000


@pytest.mark.parametrize("secret", ["sk-very-secret", "Bearer abc", "x" * 60])
def test_details_hold_no_words_of_the_provider(secret: str) -> None:
    error = reported(401, said(secret, f"Incorrect API key: {secret}"), {})
    assert secret not in repr((error.details, error.message))


def test_when_everything_is_too_late_nobody_is_asked_again() -> None:
    assert policy_of(ModelTimeout(kind="total")) == Policy()
    assert policy_of(ModelTimeout(kind="first_token")).fall_back
    assert policy_of(ModelTimeout(kind="connect")).retry


def test_a_key_that_is_not_accepted_is_so_for_all_models_of_a_provider_and_one_that_is_forbidden_something_not() -> (
    None
):
    assert policy_of(reported(401, None, {})).condemns_provider
    forbidden = policy_of(reported(403, None, {}))
    assert (forbidden.condemns_provider, forbidden.fall_back, forbidden.counts) == (False, True, True)


def test_every_failure_has_a_policy() -> None:
    classes = [ModelError]
    for one in classes:
        classes += one.__subclasses__()
    assert len(classes) >= 14
    for one in classes:
        assert isinstance(policy_of(one()), Policy)
