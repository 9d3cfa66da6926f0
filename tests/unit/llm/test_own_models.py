"""What a tenant may declare: nothing that reaches another's key or an address inside, and nothing of it is lost."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from backend.errors import SetupError
from backend.llm.own_models import Grounds, OwnModels, allowed_addresses, faults_of, merged, stored
from tests.support.routed_models import models_of

FILE = models_of("""
providers: {p: {profile: openai, api_key: '${KEY}'}, d: {profile: offline}}
backends:
  main: {provider: p, model: mini, prices: {input: 1, output: 2}}
  desk: {provider: d, model: offline}
routes: {script: {backends: [main, desk]}, default: {backends: [main]}}
""")
GROUNDS = Grounds("qing-he", {"CUEDESK_TENANT_KEY__QING_HE__GLM": "k1"}, ["https://llm.internal:8443/team"])
GOOD: dict[str, Any] = {
    "providers": {"p": {"profile": "zhipu", "key": "GLM"}},
    "backends": {"main": {"provider": "p", "model": "glm-4"}},
    "routes": {"chat": {"backends": ["main", "desk"]}},
}


def faults(changes: dict[str, Any]) -> list[str]:
    return [fault.at for fault in faults_of(OwnModels.model_validate({**GOOD, **changes}), FILE, GROUNDS)]


def test_a_tenants_models_lie_over_the_files_and_reach_none_of_its_keys() -> None:
    own = OwnModels.model_validate(GOOD)
    assert faults_of(own, FILE, GROUNDS) == []
    both = merged(own, FILE, GROUNDS)
    assert both.backends_for("chat") == ["own/main", "desk"], "a name of its own hides the server's"
    assert both.backends_for("script") == ["main", "desk"], "the server's routes stay where it has none"
    assert both.backends_for("judge") == ["main"]
    assert both.backends["own/main"].provider == "own/p"
    keys = {name: one.api_key.get_secret_value() if one.api_key else None for name, one in both.providers.items()}
    assert keys == {"p": "sk-very-secret", "d": None, "own/p": "k1"}


def test_a_default_of_its_own_takes_the_place_of_every_route() -> None:
    own = OwnModels.model_validate({**GOOD, "routes": {"default": {"backends": ["main"]}}})
    both = merged(own, FILE, GROUNDS)
    assert [both.backends_for(purpose) for purpose in ("script", "judge")] == [["own/main"], ["own/main"]]


def test_what_cannot_be_used_is_left_out_and_not_replaced() -> None:
    own = OwnModels.model_validate({**GOOD, "routes": {"chat": {"backends": ["main"]}}})
    both = merged(own, FILE, Grounds("qing-he", {}, []))
    assert both.backends_for("chat") == [], "its texts do not go to a provider it did not choose"
    assert both.backends_for("script") == ["main", "desk"]


@pytest.mark.parametrize(
    ("changes", "at"),
    [
        ({"providers": {"p": {"profile": "langchain"}}}, "providers.p.profile"),
        ({"providers": {"p": {"profile": "offline"}}}, "providers.p.profile"),
        ({"providers": {"p": {"profile": "zhipu"}}}, "providers.p"),
        ({"providers": {"p": {"profile": "zhipu", "key": "OTHER"}}}, "providers.p.key"),
        ({"providers": {"p": {"profile": "vllm"}}}, "providers.p"),  # on the server itself
        (
            {"providers": {"p": {"profile": "compatible", "base_url": "http://169.254.169.254/latest"}}},
            "providers.p.base_url",
        ),
        (
            {"providers": {"p": {"profile": "zhipu", "key": "GLM", "base_url": "https://evil.example"}}},
            "providers.p.base_url",
        ),
        ({"backends": {"main": {"provider": "d", "model": "x"}}}, "backends.main.provider"),
        (
            {
                "backends": {
                    "main": {"provider": "p", "model": "x", "prices": {"input": 1, "output": 1, "currency": "CNY"}}
                }
            },
            "backends.main.prices.currency",
        ),
        ({"routes": {"chat": {"backends": ["nobody"]}}}, "routes.chat.backends.0"),
        ({"routes": {"chat": {"backends": ["desk", "desk"]}}}, "routes.chat.backends.1"),
        (
            {"routes": {"script": {"backends": ["desk"], "parameters": {"extra": {"top_k": 9}}}}},
            "routes.script.parameters.extra",
        ),
        (
            {"backends": {"main": {"provider": "p", "model": "x", "parameters": {"extra": {"model": "dearest"}}}}},
            "backends.main.parameters.extra.model",
        ),
        (
            {"routes": {"script": {"backends": ["main"], "parameters": {"extra": {"max_tokens": 10**6}}}}},
            "routes.script.parameters.extra.max_tokens",
        ),
        ({"providers": {"p": {"profile": "anthropic", "key": "GLM", "says_end": False}}}, "providers.p.says_end"),
    ],
)
def test_what_a_tenant_may_not_declare_is_named(changes: dict[str, Any], at: str) -> None:
    assert faults(changes) == [at]


def test_what_was_saved_before_says_nothing_that_is_the_gateways() -> None:
    sent = {"parameters": {"extra": {"model": "dearest", "n": 9, "top_k": 3}}}
    changes = {
        "backends": {"main": {"provider": "p", "model": "glm-4", **sent}},
        "routes": {"chat": {"backends": ["main"], **sent}},
    }
    both = merged(stored({**GOOD, **changes}), FILE, GROUNDS)
    assert both.backends_for("chat") == ["own/main"], "it is asked all the same"
    told = [both.backends["own/main"].parameters.extra, both.route("chat").parameters.extra]
    assert told == [{"top_k": 3}] * 2


@pytest.mark.parametrize(
    ("address", "fine"),
    [
        ("https://llm.internal:8443/team", True),
        ("https://llm.internal:8443/team/v1/", True),
        ("https://llm.internal:8443/teamwork", False),
        ("https://llm.internal:8443/team/../admin", False),
        ("https://llm.internal:8443/team/%2e%2e/admin", False),
        ("https://llm.internal:8443/team/..;/admin", False),
        ("https://llm.internal:8443/team;x=1/admin", False),
        ("https://llm.internal:8443/team/a%2fb", False),
        ("https://llm.internal:8443/team/./v1", False),
        ("https://llm.internal/team", False),
        ("http://llm.internal:8443/team", False),
        ("https://llm.internal:8443@evil.example/team", False),
        ("https://evil.example#llm.internal:8443/team", False),
        ("https://user:pw@llm.internal:8443/team", False),
        ("https://llm.internal:8443/team?x=1", False),
        ("https://llm.internal:port/team", False),
        ("https://llm.internal:8443/team/\x7f", False),
        ("https://llm.internal:8443/team/a\nb", False),
    ],
)
def test_an_address_is_an_allowed_one_or_below_it(address: str, fine: bool) -> None:
    assert (faults({"providers": {"p": {"profile": "compatible", "base_url": address}}}) == []) is fine


@pytest.mark.parametrize(
    "address",
    ["llm.internal/v1", "ftp://llm.internal", "https://", "https://u:geheim@llm.internal", "https://a/..;/b",
     "https://a b", "https://a/%2e%2e", "https://a?x=1"],
)  # fmt: skip
def test_an_address_for_tenants_that_is_none_is_told_at_the_start_by_its_place(address: str) -> None:
    good = ["https://llm.internal:8443/team", "http://127.0.0.1:8000"]
    assert allowed_addresses(good) == tuple(good)
    with pytest.raises(SetupError, match="CUEDESK_TENANT_MODEL_URLS: address 3 is none") as raised:
        allowed_addresses([*good, address])
    assert "geheim" not in raised.value.message


@pytest.mark.parametrize("key", ["sk-密", "sk-1\n", "sk 1", " "])
def test_a_key_that_no_request_can_carry_is_a_fault_and_its_backend_left_out(key: str) -> None:
    own = OwnModels.model_validate({**GOOD, "routes": {"chat": {"backends": ["main"]}}})
    grounds = Grounds("qing-he", {"CUEDESK_TENANT_KEY__QING_HE__GLM": key}, [])
    assert [fault.at for fault in faults_of(own, FILE, grounds)] == ["providers.p.key"]
    assert merged(own, FILE, grounds).backends_for("chat") == [], "its texts do not go to a provider it did not choose"


@pytest.mark.parametrize(
    "more",
    [
        {"parameters": {"extra": {"a": 10**40}}},
        {"parameters": {"extra": {"a": ["\ud800"]}}},
        {"parameters": {"max_tokens": 10**40}},
        {"limits": {"output": 10**40}},
    ],
)
def test_what_cannot_be_sent_as_json_is_no_parameter(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        OwnModels.model_validate({**GOOD, "backends": {"main": {"provider": "p", "model": "glm-4", **more}}})


def test_a_deadline_saved_when_there_was_no_least_one_is_the_least_one_and_no_new_one_is_shorter() -> None:
    document = {"routes": {"default": {"backends": ["main"], "deadlines": {"connect": 1e-9, "total": 60}}}}
    with pytest.raises(ValidationError):
        OwnModels.model_validate(document)
    waits = stored(document).routes["default"].deadlines
    assert (waits.connect, waits.total, waits.idle) == (0.1, 60, None)
    for wrong in ({"routes": {"default": {"deadlines": 3}}}, {"routes": 3}, {"of_tomorrow": 1}):
        with pytest.raises(ValidationError):
            stored(wrong)


SLUGS = st.from_regex(r"[a-z0-9-]{1,6}", fullmatch=True)
KEYS = st.from_regex(r"[A-Z0-9]{1,2}(_[A-Z0-9]{1,2}){0,2}", fullmatch=True)


@given(SLUGS, KEYS, SLUGS, KEYS)
def test_no_two_tenants_name_the_same_variable(slug: str, key: str, other: str, other_key: str) -> None:
    same = Grounds(slug, {}, []).variable(key) == Grounds(other, {}, []).variable(other_key)
    assert same is ((slug, key) == (other, other_key))
