"""The file that declares the models: what is right is read, what is wrong is named with its line."""

import re
from pathlib import Path
from typing import Any, get_args

import pytest

from backend.errors import ModelsFileInvalid
from backend.llm.declared import declared_models
from backend.llm.models_file import DEFAULT_FILE, read_models
from backend.llm.profiles import PROFILES
from backend.settings import ProviderName, Settings
from tests.support.routed_models import models_of

GOOD = """\
providers:
  house:
    profile: vllm
    base_url: http://gpu.internal:8000/v1
  claude:
    profile: anthropic
    api_key: ${KEY}
  desk:
    profile: offline
backends:
  primary: {provider: house, model: script-tuned, limits: {context: 32000, concurrency: 20}}
  primary-general:
    provider: house
    model: general
    parameters: {temperature: 0.6, extra: {top_k: 20}}
  fallback: {provider: claude, model: claude-x, prices: {input: 3, cached: 0.3, output: 15}}
  last: {provider: desk, model: offline}
routes:
  script:
    backends: [primary, primary-general, fallback, last]
    deadlines: {first_token: 10}
  default:
    backends: [fallback, last]
"""


def test_a_good_file_is_read() -> None:
    models = models_of(GOOD)
    assert models.route("script").backends == ("primary", "primary-general", "fallback", "last")
    assert models.route("chat").backends == ("fallback", "last")
    key = models.providers["claude"].api_key
    assert key is not None
    assert key.get_secret_value() == "sk-very-secret"
    assert "sk-very-secret" not in repr(models)


def test_the_offline_writer_is_no_backend_of_what_it_cannot_do() -> None:
    models = models_of(GOOD)
    assert models.backends_for("chat") == ["fallback", "last"]
    assert models.backends_for("intent") == ["fallback"]


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("profile: vllm", "profile: vlm", 3, "providers.house.profile: there is no profile 'vlm'"),
        ("base_url: http", "base_url: ftp", 4, "providers.house.base_url: is no http address"),
        (
            "http://gpu.internal:8000/v1",
            r'"http://gpu.internal:8000/v1\x7f"',
            4,
            "providers.house.base_url: is no http address",
        ),
        ("8000/v1", "8000/v1?api-version=1", 4, "providers.house.base_url: is no http address"),
        ("gpu", "x" * 64, 4, "providers.house.base_url: is no http address"),
        ("8000/v1", "80000/v1", 4, "providers.house.base_url: is no http address"),
        ("${KEY}", "${BAD_KEY}", 7, "providers.claude.api_key: holds what no request can carry"),
        ("extra: {top_k", "extra: !vault {top_k", 15, "backends.primary-general.parameters.extra: the tag '!vault'"),
        ("[primary, ", "!!omap [primary, ", 20, "routes.script.backends: the tag "),
        ("top_k: 20", "top_k: !!binary aGk=", 15, "backends.primary-general.parameters.extra: "),
        ("top_k: 20", "top_k: 1000000000000000000000000", 15, "backends.primary-general.parameters.extra: "),
        ("top_k: 20", "top_k: .nan", 15, "backends.primary-general.parameters.extra.top_k: JSON has no such number"),
        ("top_k: 20", "a: [1, {b: -.inf}]", 15, "backends.primary-general.parameters.extra.a"),
        ("base_url: http", "base_ulr: http", 4, "providers.house.base_ulr: there is no such key"),
        ("profile: vllm", "profile: azure", 2, "providers.house: needs api_key"),
        ("${KEY}", "sk-in-the-file", 7, "a key comes from a variable"),
        ("${KEY}", "${NO_SUCH}", 7, "the environment has no NO_SUCH"),
        ("    api_key: ${KEY}\n", "", 5, "providers.claude: needs api_key"),
        ("context: 32000", "context: 0", 11, "backends.primary.limits.context: "),
        ("provider: house\n    model", "provider: home\n    model", 13, "there is no provider 'home'"),
        ("temperature: 0.6", "temperature: hot", 15, "backends.primary-general.parameters.temperature: "),
        ("output: 15", "output: -1", 16, "backends.fallback.prices.output: "),
        (
            "    model: general",
            "    model: general\n    prices: {input: 1, output: 2, currency: CNY}",
            17,
            "backends.fallback.prices.currency: prices above are in CNY",
        ),
        ("last: {", "fallback: {", 17, "backends.fallback: is written twice"),
        ("script:\n", "scripts:\n", 19, "routes.scripts"),
        ("[primary, primary-general,", "[primary, secondary,", 20, "routes.script.backends[1]: there is no backend"),
        ("fallback, last]\n    deadlines", "fallback, fallback]\n    deadlines", 20, "stands here twice"),
        ("first_token: 10", "first_token: -1", 21, "routes.script.deadlines.first_token: "),
        ("  default:\n    backends: [fallback, last]\n", "", 18, "no route for chat"),
        ("    backends: [fallback, last]\n", "    backends: []\n", 23, "routes.default.backends"),
        ("    profile: offline", "   profile: offline\n   - x", 10, ""),
    ],
)
def test_what_is_wrong_is_told_with_its_line(old: str, new: str, line: int, said: str) -> None:
    assert GOOD.count(old) == 1, old
    with pytest.raises(ModelsFileInvalid) as raised:
        models_of(GOOD.replace(old, new), {"BAD_KEY": "sk-密"})
    message = raised.value.message
    assert f"models.yaml:{line}: " in message, message
    assert said in message
    assert "environment" not in said or "needs api_key" not in message, "why it is lacking is told, not that it is too"
    assert "sk-" not in message.replace("sk-in-the-file", "sk-" if "sk-in" in message else "")


def test_every_fault_is_told_at_once() -> None:
    wrong = GOOD.replace("profile: vllm", "profile: x").replace("[fallback, last]", "[fallback, lost]")
    with pytest.raises(ModelsFileInvalid) as raised:
        models_of(wrong)
    assert [part.split(":")[1] for part in raised.value.message.splitlines()] == ["3", "23"]


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ("temperature: 0.6", "temperature: hot", "4 15 23"),
        ("    api_key: ${KEY}\n", "    api_key: ${KEY}\n    says_end: 7\n", "4 8 24"),
        ("provider: house\n    model", "provider: [house]\n    model", "4 13 23"),
        ("[primary, primary-general,", "[1, primary-general,", "4 20 23"),
        ("script:\n", "scripts:\n", "4 19 23"),
        ("  primary: {", "  Primary!: {", "4 11 20 23"),
        ("  primary: {", "  primary: 7 #{", "4 11 23"),
        ("providers:\n", "more: {}\nproviders:\n", "1 5 24"),
    ],
)
def test_what_is_ill_formed_hides_nothing_of_what_is_wrong_beside_it(old: str, new: str, lines: str) -> None:
    """Whoever mends a file wants to do it once."""
    wrong = GOOD.replace("http://gpu", "ftp://gpu")
    wrong = wrong.replace("[fallback, last]\n", "[fallback, lost]\n")
    assert wrong.count(old) == 1, old
    with pytest.raises(ModelsFileInvalid) as raised:
        models_of(wrong.replace(old, new))
    assert " ".join(part.split(":")[1] for part in raised.value.message.splitlines()) == lines, raised.value.message


@pytest.mark.parametrize("name", ["model", "messages", "stream", "max_tokens", "max_completion_tokens", "n", "tools"])
def test_what_the_gateway_says_is_not_for_extra(name: str) -> None:
    with pytest.raises(ModelsFileInvalid, match=rf"models\.yaml:15: .*\.extra\.{name}: "):
        models_of(GOOD.replace("top_k: 20", f"{name}: 20"))
    with pytest.raises(ModelsFileInvalid, match=rf"models\.yaml:22: routes\.script\.parameters\.extra\.{name}: "):
        models_of(GOOD.replace("first_token: 10}\n", f"first_token: 10}}\n    parameters: {{extra: {{{name}: 1}}}}\n"))


def test_no_fault_is_told_in_words_of_pythons() -> None:
    wrong = GOOD.replace("[fallback, last]\n", "fallback\n").replace(
        "limits: {context: 32000, concurrency: 20}", "limits: 7"
    )
    wrong = wrong.replace("profile: vllm", "profile: 7").replace("model: general", "model: [a]")
    wrong = wrong.replace("    profile: offline", "    profile: offline\n    says_end: maybe")
    with pytest.raises(ModelsFileInvalid) as raised:
        models_of(wrong)
    assert len(raised.value.message.splitlines()) == 5
    assert not re.search("tuple|dict|Parameters|Limits|string|bool|Input", raised.value.message), raised.value.message


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words", "providers: {}\n", "a: &a [*a]\n", "\t- x", "{"])
def test_what_is_no_such_file_is_an_error_with_a_line_and_no_crash(text: str) -> None:
    with pytest.raises(ModelsFileInvalid, match=r"models\.yaml:\d+: "):
        models_of(text)


@pytest.mark.parametrize(
    "model",
    [
        "!vault x", "!vault ${KEY}", "!vault {a: b}", "!!set {a}", "!!omap [a: b]", "!!python/object:os.x y",
        "2025-02-30", "0b_", "!!float abc", "!!bool x", "!!timestamp x", "!!int ''", "!!binary x",
        "9" * 5000, "=", "<<",
    ],
)  # fmt: skip
def test_what_yaml_itself_cannot_make_is_told_with_its_line(model: str) -> None:
    with pytest.raises(ModelsFileInvalid) as raised:
        models_of(GOOD.replace("model: general", f"model: {model}"))
    assert "models.yaml:14: backends.primary-general.model: " in raised.value.message, raised.value.message


def test_what_came_to_stand_in_the_wrong_place_is_not_repeated() -> None:
    with pytest.raises(ModelsFileInvalid) as raised:
        models_of(GOOD.replace("model: general", "model: !!int sk-a-key"))
    assert "sk-a-key" not in raised.value.message


BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 18))


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (GOOD.encode().replace(b"general", b"\xff\xfe", 1), 12),
        (GOOD.encode().replace(b"model: general", b"model: a\x00"), 14),
        (b"[" * 20_000, 1),
        (BOMB.encode(), 1),
        (b"# " + b"x" * 1024 * 1024, 1),
        (GOOD.encode()[:300], 12),
        (b"\x7fELF\x02\x01\x01\x00", 1),
    ],
    ids=["no-utf8", "nul", "deep", "aliases", "long", "half", "program"],
)
def test_whatever_a_file_is_made_of_it_is_told_with_a_line_and_soon(tmp_path: Path, data: bytes, line: int) -> None:
    path = tmp_path / "models.yaml"
    path.write_bytes(data)
    with pytest.raises(ModelsFileInvalid, match=rf"models\.yaml:{line}: ") as raised:
        read_models(path, {"KEY": "k"})
    assert (data == BOMB.encode()) is ("too many values" in raised.value.message)


@pytest.mark.parametrize("wait", ["connect", "first_token", "idle", "answer", "total", "switch"])
def test_a_deadline_in_which_nobody_can_answer_is_told_with_its_line(wait: str) -> None:
    models_of(GOOD.replace("{first_token: 10}", f"{{{wait}: 0.1}}"))
    for seconds in ("1.0e-9", "0.05", "0", ".nan", ".inf"):
        with pytest.raises(ModelsFileInvalid, match=rf"models\.yaml:21: routes\.script\.deadlines\.{wait}: "):
            models_of(GOOD.replace("{first_token: 10}", f"{{{wait}: {seconds}}}"))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelsFileInvalid, match=r"none\.yaml: cannot be read"):
        read_models(tmp_path / "none.yaml", {})


@pytest.mark.parametrize(
    ("given", "profile", "model"),
    [
        ({}, "offline", "offline"),
        ({"llm_provider": "", "llm_base_url": "", "llm_api_key": ""}, "offline", "offline"),
        ({"llm_base_url": "http://127.0.0.1:1/v1", "llm_model": "m"}, "compatible", "m"),
        ({"llm_base_url": "http://127.0.0.1:1/v1", "llm_api_key": "k", "llm_model": "m"}, "compatible", "m"),
        ({"llm_provider": "openai", "llm_base_url": "http://127.0.0.1:1/v1", "llm_model": "m"}, "compatible", "m"),
        ({"llm_api_key": "k"}, "openai", "gpt-4o-mini"),
        ({"llm_provider": "deepseek", "llm_api_key": "k", "llm_model": "deepseek-chat"}, "deepseek", "deepseek-chat"),
        ({"llm_provider": "offline", "llm_api_key": "k"}, "offline", "offline"),
    ],
)
def test_the_settings_alone_are_a_route(given: dict[str, Any], profile: str, model: str) -> None:
    models = declared_models(Settings(_env_file=None, **given))
    assert models.providers["main"].profile == profile
    assert models.backends[models.route("script").backends[0]].model == model


def test_a_setting_that_is_missing_is_named() -> None:
    with pytest.raises(ModelsFileInvalid, match="set CUEDESK_LLM_API_KEY"):
        declared_models(Settings(_env_file=None, llm_provider="zhipu"))


def test_every_profile_can_be_named_in_the_settings() -> None:
    assert set(get_args(ProviderName)) == set(PROFILES)


def test_a_setting_that_cannot_be_used_is_told_by_its_name() -> None:
    """Who sets three variables has never seen the file that they fill in."""
    known = {
        "CUEDESK_LLM_PROVIDER": "compatible",
        "CUEDESK_LLM_BASE_URL": "llm.example.com/v1",
        "CUEDESK_LLM_API_KEY": "two words",
        "CUEDESK_LLM_MODEL": "m",
    }
    with pytest.raises(ModelsFileInvalid) as raised:
        read_models(DEFAULT_FILE, {}, known=known)
    assert "CUEDESK_LLM_BASE_URL" in raised.value.message
    assert "CUEDESK_LLM_API_KEY" in raised.value.message
