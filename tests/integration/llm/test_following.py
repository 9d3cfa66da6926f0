"""The models file is read again when it changes; one that is wrong changes nothing. And calls are counted."""

import asyncio
import gc
import os
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import structlog

from backend.errors import ModelsFileInvalid, SetupError
from backend.ids import new_id
from backend.llm import retry
from backend.llm.adapters.langchain import open_langchain
from backend.llm.backends import OwnTable, Table
from backend.llm.deadlines import Deadlines
from backend.llm.declared import declared_models, following, lines_told
from backend.llm.endpoint import Endpoint
from backend.llm.models_file import Backend, ModelsFile, Provider
from backend.llm.own_models import Grounds, Merged, OwnModels
from backend.llm.routed import RoutedModel
from backend.settings import Settings
from backend.telemetry.metrics import render
from tests.support.routed_models import models_of, opened, routed
from tests.support.scripted_model import Script, scripted_model

FILE = """\
providers: {p: {profile: vllm}}
backends: {b: {provider: p, model: MODEL}}
routes: {default: {backends: [b]}}
"""


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 — nobody tells
            await asyncio.sleep(0.02)


async def test_a_changed_file_counts_and_a_wrong_one_does_not(tmp_path: Path) -> None:
    path = tmp_path / "models.yaml"
    path.write_text(FILE.replace("MODEL", "one"))
    settings = Settings(_env_file=None, models_file=path, models_interval=0.02)
    model = RoutedModel(declared_models(settings), opened, Deadlines(), lambda _: None)
    async with following(settings, model):
        assert model.name == "one"
        path.write_text(FILE.replace("MODEL", "second"))
        await until(lambda: model.name == "second")
        with structlog.testing.capture_logs() as lines:
            path.write_text(FILE.replace("[b]", "[nobody]"))
            await until(lambda: "models.yaml:3: " in str(lines))
        assert model.name == "second"
        path.write_text(FILE.replace("MODEL", "the-third"))
        await until(lambda: model.name == "the-third")
    await model.aclose()


def opener(provider: Provider, backend: Backend) -> Endpoint:
    """Open a backend as the server does, those of LangChain too."""
    return open_langchain(backend.model) if provider.profile == "langchain" else opened(provider, backend)


def told() -> bool:
    return "cuedesk_llm_models_file_invalid 1.0" in render().decode()


def no_file(path: Path) -> None:
    path.unlink()
    path.mkdir()


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


WRONG: dict[str, Callable[[Path], object]] = {
    "not-installed": lambda path: path.write_text(FILE.replace("vllm", "langchain").replace("MODEL", "'nobody:x'")),
    "unknown-tag": lambda path: path.write_text(FILE.replace("MODEL", "!vault x")),
    "no-date": lambda path: path.write_text(FILE.replace("MODEL", "2025-02-30")),
    "half-written": lambda path: path.write_text(FILE[:100]),
    "empty": lambda path: path.write_text(""),
    "no-utf8": lambda path: path.write_bytes(b"\xff\xfe\x00"),
    "gone": Path.unlink,
    "directory": no_file,
    "pipe": pipe,
    "link-to-itself": lambda path: (path.unlink(), path.symlink_to(path)),
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_after_a_file_that_cannot_be_used_the_next_one_still_counts(tmp_path: Path, wrong: str) -> None:
    path = tmp_path / "models.yaml"
    path.write_text(FILE.replace("MODEL", "one"))
    settings = Settings(_env_file=None, models_file=path, models_interval=0.02)
    model = RoutedModel(declared_models(settings), opener, Deadlines(), lambda _: None)
    try:
        with structlog.testing.capture_logs() as lines:
            async with following(settings, model):
                WRONG[wrong](path)
                await until(told)
                assert (model.name, model.stale) == ("one", True)
                good = tmp_path / "good.yaml"
                good.write_text(FILE.replace("MODEL", "the-third"))
                if path.is_dir():
                    path.rmdir()
                good.replace(path)
                await until(lambda: model.name == "the-third" and not told())
                assert not model.stale
        assert [line["event"] for line in lines] == ["models_file_invalid", "models_reloaded"], "it is told once"
    finally:
        if path.is_fifo():  # whoever waits for it all the same is let go
            os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
        await model.aclose()


async def test_a_package_that_is_not_installed_is_told_with_the_line_of_its_model(tmp_path: Path) -> None:
    """At the start, and when the file becomes one that wants it."""
    path = tmp_path / "models.yaml"
    path.write_text(FILE.replace("MODEL", "one"))
    settings = Settings(_env_file=None, models_file=path, models_interval=0.02)
    wanting = "providers: {p: {profile: langchain}}\nbackends:\n  b:\n    provider: p\n    model: 'nobodys:x'\n"
    wanting += "routes: {default: {backends: [b]}}\n"
    told_as = f"{path}:5: backends.b.model: "

    def opener_of(provider: Provider, backend: Backend) -> Endpoint:
        return open_langchain(backend.model) if provider.profile == "langchain" else opener(provider, backend)

    model = RoutedModel(declared_models(settings), opener_of, Deadlines(), lambda _: None)
    try:
        with structlog.testing.capture_logs() as lines:
            async with following(settings, model):
                other = tmp_path / "wanting.yaml"
                other.write_text(wanting)
                other.replace(path)
                await until(told)
        assert lines[0]["faults"][0].startswith(told_as), lines
    finally:
        await model.aclose()
    with pytest.raises(ModelsFileInvalid) as raised, lines_told(settings):
        RoutedModel(declared_models(settings), opener_of, Deadlines(), lambda _: None)
    assert raised.value.message.startswith(told_as)


async def test_a_file_with_a_backend_that_cannot_be_opened_leaves_nothing_open() -> None:
    opened_by_now: list[str] = []

    class Counted:
        def __init__(self, name: str) -> None:
            opened_by_now.append(name)
            self.name = name

        async def aclose(self) -> None:
            await asyncio.sleep(0)
            opened_by_now.remove(self.name)

    def open_or_not(_: Provider, backend: Backend) -> Any:
        if backend.model == "impossible":
            raise SetupError("not installed")
        return Counted(backend.model)

    def file(*names: str) -> ModelsFile:
        backends = ", ".join(f"b-{name}: {{provider: p, model: {name}}}" for name in names)
        routes = f"{{default: {{backends: [b-{names[0]}]}}}}"
        return models_of(f"providers: {{p: {{profile: vllm}}}}\nbackends: {{{backends}}}\nroutes: {routes}")

    model = RoutedModel(file("one"), open_or_not, Deadlines(), lambda _: None)
    with pytest.raises(SetupError):
        await model.reload(file("one", "two", "three", "impossible"))
    assert (opened_by_now, model.name) == (["one"], "one")
    await model.aclose()
    assert opened_by_now == []


async def test_a_tenant_whose_models_cannot_be_laid_over_a_new_file_leaves_no_other_with_the_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "models.yaml"
    path.write_text(FILE.replace("MODEL", "one"))
    settings = Settings(_env_file=None, models_file=path, models_interval=0.02)
    model = RoutedModel(declared_models(settings), opened, Deadlines(), lambda _: None)
    impossible, other = new_id(), new_id()
    own = OwnModels.model_validate({"routes": {"script": {"backends": ["b"]}}})
    for tenant in (impossible, other):
        await model.set_own(tenant, own, Grounds("x", {}, []))
    lay, hindered = model._backends.own_table, {impossible}

    def own_table(models: Merged, owner: UUID, *before: Table) -> OwnTable:
        if owner in hindered:
            raise OSError("no more files")
        return lay(models, owner, *before)

    monkeypatch.setattr(model._backends, "own_table", own_table)

    def named(tenant: UUID) -> str:
        return model.backends(tenant)[0].declared.model

    with structlog.testing.capture_logs() as lines:
        async with following(settings, model):
            path.write_text(FILE.replace("MODEL", "second"))
            await until(lambda: named(other) == "second")
            assert (named(impossible), model.name) == ("one", "second")
            hindered.clear()  # what hindered it is over: nobody has to touch the file
            await until(lambda: named(impossible) == "second")
    events = [line["event"] for line in lines]
    assert events == ["tenant_models_not_taken", "models_reloaded"], "it is told once, though tried again and again"
    await model.aclose()


async def test_a_backend_that_is_gone_from_the_file_is_gone_from_the_metrics_and_from_memory() -> None:
    async with scripted_model() as server:

        def file(model: str) -> ModelsFile:
            return models_of(
                f"providers: {{gone-p: {{profile: compatible, base_url: '{server.base_url}'}}}}\n"
                f"backends: {{b: {{provider: gone-p, model: {model}}}}}\nroutes: {{default: {{backends: [b]}}}}\n"
            )

        async with routed(file("gone-m")) as model:
            await model.ask()
            gone = model.model._table.backends["b"]
            gone.breaker.rest(60)
            assert 'cuedesk_llm_breaker{model="gone-m",provider="gone-p"} 2.0' in render().decode()
            left = [weakref.ref(one) for one in (gone, gone.breaker, gone.ladder, gone.endpoint)]
            del gone
            await model.model.reload(file("there-m"))
            assert 'model="gone-m",provider="gone-p"' not in _breakers()
            assert 'model="there-m",provider="gone-p"' in _breakers()
            gc.collect()
            assert [one() for one in left] == [None] * 4
        assert "gone-p" not in _breakers(), "nor is anything shown of models that are closed"


def _breakers() -> str:
    return "\n".join(line for line in render().decode().splitlines() if line.startswith("cuedesk_llm_breaker{"))


async def test_the_metrics_tell_calls_failures_fallbacks_and_the_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.0)
    async with scripted_model() as first, scripted_model() as second:
        first.by_model["measured"] = Script("status", status=500)
        text = f"""
providers:
  measured-first: {{profile: compatible, base_url: '{first.base_url}'}}
  measured-second: {{profile: compatible, base_url: '{second.base_url}'}}
backends:
  m0: {{provider: measured-first, model: measured}}
  m1: {{provider: measured-second, model: answering, prices: {{input: 1, output: 1}}}}
routes: {{default: {{backends: [m0, m1]}}}}
"""
        async with routed(models_of(text)) as model:
            for _ in range(2):
                await model.ask()
            said = render().decode()
    where = f'server_address="127.0.0.1",server_port="{second.port}"'
    for line in (
        'cuedesk_llm_calls_total{model="answering",node="script",provider="measured-second",status="completed"} 2.0',
        'cuedesk_llm_hops_total{backend="m0",reason="overloaded"} 5.0',
        'cuedesk_llm_fallbacks_total{answered="m1",first="m0",node="script"} 2.0',
        'cuedesk_llm_tokens_total{kind="output",model="answering",provider="measured-second"} 80.0',
        'cuedesk_llm_breaker{model="measured",provider="measured-first"} 2.0',
        'cuedesk_llm_first_token_seconds_count{model="answering",provider="measured-second"} 2.0',
        'gen_ai_client_token_usage_sum{gen_ai_operation_name="chat",gen_ai_provider_name="measured-second",'
        f'gen_ai_request_model="answering",gen_ai_token_type="output",{where}}} 80.0',
        'gen_ai_client_operation_duration_seconds_count{error_type="",gen_ai_operation_name="chat",'
        f'gen_ai_provider_name="measured-second",gen_ai_request_model="answering",{where}}} 2.0',
        'gen_ai_client_operation_time_to_first_chunk_seconds_count{gen_ai_operation_name="chat",'
        f'gen_ai_provider_name="measured-second",gen_ai_request_model="answering",{where}}} 2.0',
    ):
        assert line in said.splitlines()
