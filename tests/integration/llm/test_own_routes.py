"""Routes and backends of a tenant's own beside those of the server: what they send, and that nobody else meets what
comes of it."""

import asyncio
import contextlib
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from backend.errors import ModelBusy, ModelError
from backend.ids import new_id
from backend.llm.gateway import AnswerShape, Caller, ChatTurn, ModelRequest
from backend.llm.health import Health, added_up
from backend.llm.lines import trusted
from backend.llm.models_file import ModelsFile, Waits
from backend.llm.own_models import Grounds, OwnModels
from backend.telemetry.metrics import render
from tests.support.routed_models import KEY, REQUEST, Routed, models_of, route_of, routed, text_of
from tests.support.scripted_model import Script, ScriptedModel

pytestmark = pytest.mark.usefixtures("no_pause")

GOOD = Script("text", text="好，上链接。")
TENANT, OTHER = new_id(), new_id()


def of(tenant: UUID, **changed: Any) -> ModelRequest:
    return replace(REQUEST, caller=Caller(tenant), **changed)


async def lay(model: Routed, own: OwnModels | dict[str, Any], *allowed: str) -> None:
    """Lay models of its own over the server's for the tenant."""
    found = own if isinstance(own, OwnModels) else OwnModels.model_validate(own)
    grounds = Grounds("qinghe", {"CUEDESK_TENANT_KEY__QINGHE__K": "sk-own"}, allowed)
    await model.model.set_own(TENANT, found, grounds)


def with_wait(wait: str, seconds: float) -> OwnModels:
    """A route to the server's backend with a deadline that cannot be declared any more."""
    own = OwnModels.model_validate({"routes": {"default": {"backends": ["b0"]}}})
    route = own.routes["default"].model_copy(update={"deadlines": Waits.model_construct(**{wait: seconds})})
    return own.model_copy(update={"routes": {"default": route}})


@pytest.mark.parametrize("wait", ["first_token", "connect", "idle", "total"])
async def test_a_tenants_own_deadlines_take_no_model_from_the_others(server: ScriptedModel, wait: str) -> None:
    server.by_model["scripted"] = Script("tokens", count=3, first_delay=0.05, delay=0.05)
    async with routed(route_of(server)) as model:
        await lay(model, with_wait(wait, 1e-6))
        for n in range(6):  # another question each time: the same one counts once
            with contextlib.suppress(ModelError):
                await model.ask(of(TENANT, turns=[ChatTurn("user", f"第{n}次")]))
        assert text_of(await model.ask(of(OTHER))) == "字0字1字2"
        assert model.model.standings()["b0"].state == "closed"
        # … nor from the tenant's own routes to it that the server has.
        await model.model.set_own(TENANT, None, Grounds("qinghe", {}, []))
        assert text_of(await model.ask(of(TENANT))) == "字0字1字2"


async def test_a_model_that_is_down_for_all_is_not_asked_by_a_tenants_own_route(server: ScriptedModel) -> None:
    server.by_model["scripted"] = Script("status", status=404)
    async with routed(route_of(server)) as model:
        await lay(model, {"routes": {"default": {"backends": ["b0"]}}})
        for n in range(5):
            with contextlib.suppress(ModelError):
                await model.ask(of(OTHER, turns=[ChatTurn("user", f"第{n}次")]))
        asked = len(server.requests)
        with pytest.raises(ModelError) as raised:
            await model.ask(of(TENANT))
        assert (raised.value.failure, len(server.requests)) == ("resting", asked)


async def test_a_tenants_own_backend_shares_no_breaker_with_the_servers(server: ScriptedModel) -> None:
    server.by_model["scripted"] = GOOD
    server.by_format["own"] = Script("status", status=404)
    sent = {"extra": {"response_format": {"type": "own"}}}
    own = {
        "providers": {"p": {"profile": "compatible", "base_url": server.base_url}},
        "backends": {"b": {"provider": "p", "model": "scripted", "parameters": sent}},
        "routes": {"default": {"backends": ["b"]}},
    }
    async with routed(keyless(server)) as model:
        await lay(model, own, server.base_url)
        for n in range(6):
            with contextlib.suppress(ModelError):
                await model.ask(of(TENANT, turns=[ChatTurn("user", f"第{n}次")]))
        assert text_of(await model.ask(of(OTHER))) == GOOD.text
        states = {key: one.state for key, one in model.model.standings().items()}
        assert states == {"b": "closed", f"{TENANT}:own/b": "open", f"{TENANT}:b": "closed"}


def keyless(server: ScriptedModel) -> ModelsFile:
    return models_of(
        f"providers: {{p: {{profile: compatible, base_url: '{server.base_url}'}}}}\n"
        "backends: {b: {provider: p, model: scripted}}\nroutes: {default: {backends: [b]}}\n"
    )


async def test_what_a_tenants_own_route_finds_out_about_shapes_is_its_own(server: ScriptedModel) -> None:
    schema = {"type": "object", "properties": {"a": {"enum": ["b", "c"]}}, "required": ["a"]}
    shape = AnswerShape("a", schema)
    refused = "'response_format.type' must be 'json_object' or 'text'"
    server.by_format["json_schema"] = Script("status", status=400, message=refused)
    server.by_model["scripted"] = Script("text", text='{"a": "b"}')
    async with routed(keyless(server)) as model:
        await lay(model, {"routes": {"default": {"backends": ["b"]}}})
        await model.ask(of(TENANT, purpose="judge", shape=shape))
        server.by_format.clear()
        await model.ask(of(OTHER, purpose="judge", shape=shape))
    assert server.requests[-1].body["response_format"]["type"] == "json_schema"
    assert len(server.requests) == 3


async def test_the_health_that_others_are_told_is_not_that_of_a_tenants_own_routes(server: ScriptedModel) -> None:
    server.by_model["scripted"] = Script("status", status=404)
    async with routed(keyless(server)) as model:
        await lay(model, {"routes": {"script": {"backends": ["b"]}}})
        health = Health(lambda: 0.0)
        with contextlib.suppress(ModelError):
            await model.ask(of(TENANT))
        server.by_model["scripted"] = GOOD
        await model.ask(of(TENANT, purpose="chat"))  # by a route of the server
        for record in model.records:
            health.take(record)
        told = health.told(model.model.standings())
    seen = {one: added_up([told], one)["b"] for one in (TENANT, OTHER)}
    assert (seen[OTHER].answered, seen[OTHER].failed) == (1, {})
    assert (seen[TENANT].answered, seen[TENANT].failed) == (1, {"not_served": 1})
    assert dict(seen[TENANT].states) == {"closed": 1}


async def test_the_metrics_tell_what_own_routes_met_as_the_tenants_and_what_was_used_as_the_servers(
    server: ScriptedModel,
) -> None:
    file = models_of(
        f"providers: {{metered-p: {{profile: compatible, base_url: '{server.base_url}'}}}}\n"
        "backends:\n"
        "  metered-0: {provider: metered-p, model: metered-m0}\n"
        "  metered-1: {provider: metered-p, model: metered-m1}\n"
        "routes: {default: {backends: [metered-0, metered-1]}}\n"
    )
    server.by_model["metered-m0"] = Script("status", status=404)
    async with routed(file) as model:
        await lay(model, {"routes": {"script": {"backends": ["metered-0", "metered-1"]}}})
        await model.ask(of(TENANT))
        await model.model.complete(of(TENANT))
    told = [line for line in render().decode().splitlines() if "metered" in line and not line.startswith("#")]
    names = {line.partition("{")[0].removesuffix("_bucket").removesuffix("_count") for line in told}
    assert {name.removesuffix("_sum").removesuffix("_created") for name in names} == {
        "cuedesk_llm_tokens_total",
        "cuedesk_llm_tokens",
        "gen_ai_client_token_usage",
    }


#: By the purpose whose route is the server's (`chat`) or the tenant's own (`script`), and the backend that is named:
#: where it is asked, and the parameter that was sent (`of` the backend, `way` of the route).
MATRIX = [
    ("chat", None, "server", {"of": "main", "way": "servers"}),
    ("chat", "main", "server", {"of": "main", "way": "servers"}),
    ("chat", "spare", "server", {"of": "spare"}),
    ("chat", "own/mine", "house", {"of": "mine"}),
    ("chat", "own/idle", "house", {"of": "idle"}),
    ("script", None, "house", {"of": "mine", "way": "tenants"}),
    ("script", "own/mine", "house", {"of": "mine", "way": "tenants"}),
    ("script", "own/idle", "house", {"of": "idle"}),
    ("script", "main", "server", {"of": "main", "way": "servers"}),
    ("script", "spare", "server", {"of": "spare"}),
]


@pytest.mark.parametrize(("purpose", "named", "at", "sent"), MATRIX)
async def test_parameters_reach_the_backends_of_their_route_and_no_others(
    server: ScriptedModel, house: ScriptedModel, purpose: Any, named: str | None, at: str, sent: dict[str, str]
) -> None:
    """`extra` could ask for another model with the key of whoever's backend it is."""
    file = models_of(f"""
providers: {{p: {{profile: compatible, base_url: '{server.base_url}', api_key: '${{KEY}}'}}}}
backends:
  main: {{provider: p, model: mini, parameters: {{extra: {{of: main}}}}}}
  spare: {{provider: p, model: mini, parameters: {{extra: {{of: spare}}}}}}
routes: {{default: {{backends: [main], parameters: {{extra: {{way: servers}}}}}}}}
""")
    own = {
        "providers": {"house": {"profile": "compatible", "base_url": house.base_url, "key": "K"}},
        "backends": {
            name: {"provider": "house", "model": "mine", "parameters": {"extra": {"of": name}}}
            for name in ("mine", "idle")
        },
        "routes": {"script": {"backends": ["mine"], "parameters": {"extra": {"way": "tenants"}}}},
    }
    async with routed(file) as model:
        await lay(model, own, house.base_url)
        await model.ask(of(TENANT, purpose=purpose, backend=named))
    (asked,) = (server if at == "server" else house).requests
    assert {name: asked.body[name] for name in ("of", "way") if name in asked.body} == sent
    assert asked.authorization == f"Bearer {KEY if at == 'server' else 'sk-own'}"


async def test_a_route_that_was_saved_with_extra_for_the_servers_models_does_not_ask_them(
    server: ScriptedModel, house: ScriptedModel
) -> None:
    """It cannot be saved; but the check at the door is not the only one."""
    own = {
        "providers": {"house": {"profile": "compatible", "base_url": house.base_url, "key": "K"}},
        "backends": {"mine": {"provider": "house", "model": "mine"}},
        "routes": {"default": {"backends": ["b0", "mine"], "parameters": {"extra": {"top_k": 9}}}},
    }
    async with routed(route_of(server)) as model:
        await lay(model, own, house.base_url)
        await model.ask(of(TENANT))
    assert (server.requests, len(house.requests)) == ([], 1)


async def test_a_tenants_own_route_waits_for_the_servers_models_no_longer_than_the_server(
    server: ScriptedModel, house: ScriptedModel
) -> None:
    own = {
        "providers": {"house": {"profile": "compatible", "base_url": house.base_url, "key": "K"}},
        "backends": {"mine": {"provider": "house", "model": "mine"}},
        "routes": {
            "script": {"backends": ["mine", "b0"], "deadlines": {"total": 3600}},
            "chat": {"backends": ["mine"], "deadlines": {"total": 3600}},
            "judge": {"backends": ["b0"], "deadlines": {"total": 7}},
        },
    }
    async with routed(route_of(server), total=60) as model:
        await lay(model, own, house.base_url)
        table = model.model._table_of(TENANT)
        longest = {one: table.course(of(TENANT, purpose=one)).deadlines.total for one in ("script", "chat", "judge")}
    assert longest == {"script": 60, "chat": 3600, "judge": 7}


async def test_who_asks_after_the_models_were_changed_joins_no_call_to_those_before(
    server: ScriptedModel, house: ScriptedModel
) -> None:
    server.by_model["scripted"] = Script("text", text="从前的", first_delay=600)
    house.by_model["mine"] = GOOD
    own = {
        "providers": {"house": {"profile": "compatible", "base_url": house.base_url, "key": "K"}},
        "backends": {"mine": {"provider": "house", "model": "mine"}},
        "routes": {"default": {"backends": ["mine"]}},
    }
    async with routed(route_of(server), answer=600, total=600) as model:
        before = asyncio.create_task(model.model.complete(of(TENANT)))
        await server.until_asked()
        await lay(model, own, house.base_url)
        assert (await asyncio.wait_for(model.model.complete(of(TENANT)), 60)).text == GOOD.text
        before.cancel()
        await asyncio.wait([before])


async def test_calls_of_one_tenant_that_wait_do_not_keep_anothers_away(server: ScriptedModel) -> None:
    server.by_model["scripted"] = Script("text", text="好", first_delay=0.05)
    models = route_of(server, more=", limits: {concurrency: 1}")
    async with routed(models, connect=60) as model:
        ended: list[UUID] = []

        async def ask(tenant: UUID) -> None:
            await model.ask(of(tenant))
            ended.append(tenant)

        many = [asyncio.create_task(ask(TENANT)) for _ in range(12)]
        await server.until_asked()
        one = asyncio.create_task(ask(OTHER))
        await one
        assert ended.count(TENANT) <= 3, "the one under way, and at most the next"
        await asyncio.gather(*many)


async def test_models_of_a_tenants_own_are_opened_without_holding_everybody_up(server: ScriptedModel) -> None:
    """Twenty backends in a document of a kilobyte: to make a context of TLS for each the loop would stand still for
    half a second and more."""
    own = {
        "providers": {"p": {"profile": "compatible", "base_url": server.base_url}},
        "backends": {f"b{n}": {"provider": "p", "model": f"m{n}"} for n in range(20)},
        "routes": {"default": {"backends": ["b0"]}},
    }
    async with routed(route_of(server)) as model:
        await lay(model, own, server.base_url)
        clients = [one.endpoint._client for one in model.model.backends(TENANT)]  # type: ignore[attr-defined]
        assert len(clients) == 21
        assert {id(one._transport._pool._ssl_context) for one in clients} == {id(trusted())}


@pytest.mark.parametrize("own", [False, True], ids=["servers", "tenants"])
async def test_who_waits_for_a_place_is_told_when_all_its_time_is_over(server: ScriptedModel, *, own: bool) -> None:
    server.by_model["scripted"] = Script("stall", count=1)
    models = route_of(server, more=", limits: {concurrency: 1}")
    short = models.routes["default"].model_copy(update={"deadlines": Waits(total=0.5)})
    if not own:
        models = models.model_copy(update={"routes": {**models.routes, "chat": short}})
    async with routed(models, connect=3600, idle=3600, total=3600, switch=3600) as model:
        if own:
            await lay(model, {"routes": {"chat": {"backends": ["b0"], "deadlines": {"total": 0.5}}}})
        async with contextlib.aclosing(model.model.stream(REQUEST)) as held:
            await anext(held)
            with pytest.raises(ModelBusy):
                await asyncio.wait_for(model.ask(of(TENANT, purpose="chat")), 60)
