"""What a reviewer found: each fails until it is mended."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backend.errors import ModelError
from backend.ids import new_id
from backend.llm.adapters.langchain import open_langchain
from backend.llm.deadlines import Deadlines
from backend.llm.declared import declared_models, following
from backend.llm.endpoint import Endpoint
from backend.llm.gateway import Caller
from backend.llm.models_file import Backend, Provider
from backend.llm.own_models import Grounds, OwnModels
from backend.llm.routed import RoutedModel
from backend.settings import Settings
from backend.telemetry.metrics import render
from tests.support.routed_models import KEY, REQUEST, models_of, opened, route_of, routed, text_of
from tests.support.scripted_model import Script, ScriptedModel, scripted_model

GOOD = Script("text", text="好，上链接。")


@pytest.fixture
async def server() -> AsyncIterator[ScriptedModel]:
    async with scripted_model() as running:
        yield running


FILE = """\
providers: {p: {profile: vllm}}
backends: {b: {provider: p, model: MODEL}}
routes: {default: {backends: [b]}}
"""


@pytest.mark.parametrize(
    "wrong",
    [FILE.replace("vllm", "langchain").replace("MODEL", "'nobody:nothing'"), FILE.replace("MODEL", "!vault x")],
    ids=["not-installed", "unknown-tag"],
)
async def test_after_a_file_that_cannot_be_used_the_next_one_still_counts(tmp_path: Path, wrong: str) -> None:
    def opener(provider: Provider, backend: Backend) -> Endpoint:
        # As app.py does.
        return open_langchain(backend.model) if provider.profile == "langchain" else opened(provider, backend)

    path = tmp_path / "models.yaml"
    path.write_text(FILE.replace("MODEL", "one"))
    settings = Settings(_env_file=None, models_file=path, models_interval=0.02)
    model = RoutedModel(declared_models(settings), opener, Deadlines(), lambda _: None)
    async with following(settings, model):
        path.write_text(wrong)
        await asyncio.sleep(1)
        assert model.name == "one"
        path.write_text(FILE.replace("MODEL", "the-third"))
        async with asyncio.timeout(10):
            while model.name != "the-third":  # noqa: ASYNC110 — nobody tells
                await asyncio.sleep(0.02)
    await model.aclose()


async def test_a_backend_that_is_gone_from_the_file_is_gone_from_the_metrics(server: ScriptedModel) -> None:
    def file(model: str) -> Any:
        return models_of(
            f"providers: {{gone-p: {{profile: compatible, base_url: '{server.base_url}'}}}}\n"
            f"backends: {{b: {{provider: gone-p, model: {model}}}}}\nroutes: {{default: {{backends: [b]}}}}\n"
        )

    async with routed(file("gone-m")) as model:
        model.model._table.backends["b"].breaker.rest(60)
        assert 'cuedesk_llm_breaker{model="gone-m",provider="gone-p"} 2.0' in render().decode()
        await model.model.reload(file("there-m"))
        assert 'model="gone-m",provider="gone-p"' not in render().decode()


async def test_a_tenants_own_parameters_never_reach_a_model_of_the_server(server: ScriptedModel) -> None:
    """`extra_for_others`: it could ask another model with the server's key. Naming a backend is another way there."""
    tenant = new_id()
    async with scripted_model() as house:
        grounds = Grounds("qinghe", {"CUEDESK_TENANT_KEY__QINGHE__K": "sk-own"}, [house.base_url])
        own = {
            "providers": {"house": {"profile": "compatible", "base_url": house.base_url, "key": "K"}},
            "backends": {"mine": {"provider": "house", "model": "mine"}},
            "routes": {"default": {"backends": ["mine"], "parameters": {"extra": {"model": "the-dearest"}}}},
        }
        async with routed(route_of(server)) as model:
            await model.model.set_own(tenant, OwnModels.model_validate(own), grounds)
            await model.ask(replace(REQUEST, caller=Caller(tenant), backend="b0"))
    (asked,) = server.requests
    assert asked.authorization == f"Bearer {KEY}", "with the server's key"
    assert asked.body["model"] == "scripted"


@pytest.mark.parametrize("wait", ["first_token", "connect", "idle"])
async def test_a_tenants_own_deadlines_take_no_model_from_the_others(server: ScriptedModel, wait: str) -> None:
    """The breaker of a backend of the server is everybody's; how long a tenant waits is its own affair."""
    tenant, other = new_id(), new_id()
    server.by_model["scripted"] = Script("tokens", count=3, first_delay=0.05, delay=0.05)
    own = {"routes": {"default": {"backends": ["b0"], "deadlines": {wait: 1e-6}}}}
    async with routed(route_of(server)) as model:
        await model.model.set_own(tenant, OwnModels.model_validate(own), Grounds("qinghe", {}, []))
        for _ in range(6):
            with contextlib.suppress(ModelError):
                await model.ask(replace(REQUEST, caller=Caller(tenant)))
        assert text_of(await model.ask(replace(REQUEST, caller=Caller(other)))) == "字0字1字2"


async def test_a_tenants_own_backend_shares_no_breaker_with_the_servers(server: ScriptedModel) -> None:
    tenant, other = new_id(), new_id()
    server.by_model["scripted"] = GOOD
    server.by_model["nobody"] = Script("status", status=404)
    address = f"{{profile: compatible, base_url: '{server.base_url}'}}"
    keyless = models_of(
        f"providers: {{p: {address}}}\nbackends: {{b: {{provider: p, model: scripted}}}}\n"
        "routes: {default: {backends: [b]}}\n"
    )
    own = {
        "providers": {"p": {"profile": "compatible", "base_url": server.base_url}},
        "backends": {"b": {"provider": "p", "model": "scripted", "parameters": {"extra": {"model": "nobody"}}}},
        "routes": {"default": {"backends": ["b"]}},
    }
    async with routed(keyless) as model:
        await model.model.set_own(tenant, OwnModels.model_validate(own), Grounds("qinghe", {}, [server.base_url]))
        for _ in range(6):
            with contextlib.suppress(ModelError):
                await model.ask(replace(REQUEST, caller=Caller(tenant)))
        assert text_of(await model.ask(replace(REQUEST, caller=Caller(other)))) == GOOD.text
