"""A tenant's own models by REST: saved whole, without keys, for its calls alone, in every process."""

import asyncio
import json
import threading
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import httpx2
import pytest

from backend.app import _open_model
from backend.llm.accounts import CallRecord
from backend.llm.deadlines import Deadlines
from backend.llm.endpoint import Endpoint
from backend.llm.lines import trusted
from backend.llm.models_file import Backend, Provider
from backend.llm.routed import RoutedModel
from backend.runs.tenant_models import TenantModels
from backend.services import Services
from tests.api.conftest import SignIn
from tests.support.routed_models import models_of, opened
from tests.support.scripted_model import Script, ScriptedModel

AT = "/api/v1/models/own"
ASK = {"messages": [{"role": "user", "content": "你好"}]}
VARIABLE = "CUEDESK_TENANT_KEY__QINGHE__HOUSE"


@pytest.fixture
def own_addresses(house: ScriptedModel, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv(VARIABLE, "sk-of-qinghe")
    return [house.base_url]


@pytest.fixture
def models_text(server: ScriptedModel) -> str:
    return f"""
providers: {{p: {{profile: compatible, base_url: '{server.base_url}'}}}}
backends: {{main: {{provider: p, model: servers}}}}
routes: {{default: {{backends: [main]}}}}
"""


@pytest.fixture
def own(house: ScriptedModel) -> dict[str, Any]:
    return {
        "providers": {"house": {"profile": "compatible", "base_url": house.base_url, "key": "HOUSE"}},
        "backends": {"main": {"provider": "house", "model": "of-the-house"}},
        "routes": {"default": {"backends": ["main"]}},
    }


async def test_a_tenants_own_models_answer_that_tenant_alone(
    sign_in: SignIn, own: dict[str, Any], house: ScriptedModel, server: ScriptedModel
) -> None:
    admin, other = await sign_in("admin@demo.cuedesk"), await sign_in("admin@shanlan.demo.cuedesk")
    operator = await sign_in("xiaolin@demo.cuedesk")
    assert (await admin.get(AT)).json() == {"revision": 0, "models": None, "keys": {}, "faults": []}
    saved = await admin.put(AT, json={"revision": 0, "models": own})
    assert saved.status_code == 200, saved.text
    assert saved.json()["revision"] == 1
    assert saved.json()["keys"] == {"house": {"variable": VARIABLE, "is_set": True}}
    for answer in (saved, await admin.get(AT), await operator.get("/api/v1/models")):
        assert "sk-of-qinghe" not in answer.text

    house.play(Script("text", text="家里的"))
    assert (await operator.post("/api/v1/messages", json=ASK)).json()["model"] == "of-the-house"
    assert house.requests[0].authorization == "Bearer sk-of-qinghe"
    server.play(Script("text", text="大家的"))
    assert (await other.post("/api/v1/messages", json=ASK)).json()["model"] == "servers"
    assert server.requests[0].authorization is None

    mine = {one["name"]: one["answered"] for one in (await operator.get("/api/v1/models")).json()["backends"]}
    theirs = {one["name"]: one["answered"] for one in (await other.get("/api/v1/models")).json()["backends"]}
    assert (mine, theirs) == ({"main": 1, "own/main": 1}, {"main": 1})
    assert (await other.get(AT)).json()["models"] is None

    # … and back again.
    again = await admin.put(AT, json={"revision": 1, "models": None})
    assert (again.json()["revision"], again.json()["models"]) == (2, None)
    assert (await operator.post("/api/v1/messages", json=ASK)).json()["model"] == "servers"


async def test_what_is_wrong_is_named_and_who_comes_late_is_told(sign_in: SignIn, own: dict[str, Any]) -> None:
    admin = await sign_in("admin@demo.cuedesk")
    inside = {**own, "providers": {"house": {"profile": "compatible", "base_url": "http://127.0.0.1:9/v1"}}}
    refused = await admin.put(AT, json={"revision": 0, "models": inside})
    assert (refused.status_code, refused.json()["code"]) == (400, "models_invalid")
    (fault,) = refused.json()["details"]["errors"]
    assert (fault["field"], fault["code"]) == ("providers.house.base_url", "address_not_allowed")
    with_key = {**own, "providers": {"house": {"profile": "openai", "api_key": "sk-typed-in"}}}
    typed = await admin.put(AT, json={"revision": 0, "models": with_key})
    assert typed.status_code == 400
    assert "sk-typed-in" not in typed.text
    assert (await admin.put(AT, json={"revision": 0, "models": own})).status_code == 200
    for late in (0, 5):
        answer = await admin.put(AT, json={"revision": late, "models": own})
        assert (answer.json()["code"], answer.json()["details"]["revision"]) == ("version_conflict", 1)
    operator = await sign_in("xiaolin@demo.cuedesk")
    assert [(await operator.get(AT)).status_code, (await operator.put(AT, json={})).status_code] == [403, 403]


async def test_a_number_that_json_does_not_have_is_refused_where_it_stands(
    sign_in: SignIn, own: dict[str, Any]
) -> None:
    admin = await sign_in("admin@demo.cuedesk")
    own["backends"]["main"]["parameters"] = {"extra": {"a": {"b": [1, float("nan")]}}}
    said = json.dumps({"revision": 0, "models": own})  # Python's own writes it, and FastAPI reads it
    refused = await admin.put(AT, content=said, headers={"Content-Type": "application/json"})
    assert refused.status_code == 400, refused.text
    (fault,) = refused.json()["details"]["errors"]
    assert fault["field"] == "body.models.backends.main.parameters.extra.a.b.1"


async def test_every_process_takes_over_what_was_saved_in_one(
    sign_in: SignIn, services: Services, own: dict[str, Any], models_text: str, own_addresses: list[str]
) -> None:
    records: list[CallRecord] = []
    elsewhere = RoutedModel(models_of(models_text), opened, Deadlines(), records.append)
    following = TenantModels(services.db, elsewhere, allowed=own_addresses, interval=3600)
    admin = await sign_in("admin@demo.cuedesk")
    tenant = UUID((await admin.get("/api/v1/auth/me")).json()["tenant"]["id"])
    connected = asyncio.Event()

    def heard() -> None:
        # The first call is the line's own, when it stands; from then on nothing but a notice tells.
        if connected.is_set():
            following.on_saved()
        connected.set()

    services.hub.on_models = heard
    try:
        async with services.hub.running(), following.following():
            await connected.wait()
            assert (await admin.put(AT, json={"revision": 0, "models": own})).status_code == 200
            async with asyncio.timeout(30):
                while elsewhere.route("script", tenant) != ["own/main"]:  # noqa: ASYNC110 — it stands for a process
                    await asyncio.sleep(0.02)
            assert elsewhere.route("script") == ["main"]
            # The file is read again there: the tenant's models stay over it.
            await elsewhere.reload(models_of(models_text.replace("model: servers", "model: newer")))
            assert elsewhere.route("script", tenant) == ["own/main"]
            assert [one.declared.model for one in elsewhere.backends(tenant)] == ["newer", "of-the-house"]
    finally:
        await elsewhere.aclose()


async def test_a_process_that_cannot_read_a_tenants_models_sends_its_texts_to_nobody(
    sign_in: SignIn, services: Services, own: dict[str, Any], models_text: str, own_addresses: list[str]
) -> None:
    admin = await sign_in("admin@demo.cuedesk")
    tenant = UUID((await admin.get("/api/v1/auth/me")).json()["tenant"]["id"])
    assert (await admin.put(AT, json={"revision": 0, "models": own})).status_code == 200
    async with services.db.tenant(tenant) as conn:  # as a newer release might have written it
        await conn.execute("UPDATE tenant_models SET document = document || '{\"of_tomorrow\": 1}'::jsonb")
    fresh = RoutedModel(models_of(models_text), opened, Deadlines(), lambda _: None)
    try:
        async with TenantModels(services.db, fresh, allowed=own_addresses, interval=3600).following():
            assert fresh.route("script", tenant) == []
            assert fresh.route("script") == ["main"]
    finally:
        await fresh.aclose()


@pytest.mark.parametrize("unlucky", ["admin@demo.cuedesk", "admin@shanlan.demo.cuedesk"])
async def test_what_cannot_be_opened_for_one_tenant_is_taken_for_the_others_and_tried_again(
    sign_in: SignIn,
    services: Services,
    own: dict[str, Any],
    models_text: str,
    own_addresses: list[str],
    unlucky: str,
) -> None:
    del own["providers"]["house"]["key"]
    tenants: dict[str, UUID] = {}
    for email in ("admin@demo.cuedesk", "admin@shanlan.demo.cuedesk"):
        admin = await sign_in(email)
        tenants[email] = UUID((await admin.get("/api/v1/auth/me")).json()["tenant"]["id"])
        own["backends"]["main"]["model"] = email
        assert (await admin.put(AT, json={"revision": 0, "models": own})).status_code == 200
    lucky = next(email for email in tenants if email != unlucky)
    asked: list[str] = []
    full = True

    def open_unless_full(provider: Provider, backend: Backend) -> Endpoint:
        asked.append(backend.model)
        if full and backend.model == unlucky:
            raise OSError("too many open files")
        return opened(provider, backend)

    elsewhere = RoutedModel(models_of(models_text), open_unless_full, Deadlines(), lambda _: None)
    following = TenantModels(services.db, elsewhere, allowed=own_addresses, interval=3600)
    try:
        with pytest.raises(OSError, match="too many open files"):
            await following.refresh()
        assert elsewhere.route("script", tenants[lucky]) == ["own/main"]
        assert not elsewhere.has_own(tenants[unlucky])
        full = False
        await following.refresh()
        assert elsewhere.route("script", tenants[unlucky]) == ["own/main"]
        await following.refresh()
        assert (asked.count(lucky), asked.count(unlucky)) == (1, 2), "what was taken is not taken again"
    finally:
        await elsewhere.aclose()


async def test_for_what_a_tenant_declares_no_certificates_are_read_while_everybody_waits(
    sign_in: SignIn,
    services: Services,
    own: dict[str, Any],
    own_addresses: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The system's store takes tens of milliseconds to read: beside the loop, before anybody can save models."""
    admin = await sign_in("admin@demo.cuedesk")
    tenant = UUID((await admin.get("/api/v1/auth/me")).json()["tenant"]["id"])
    assert (await admin.put(AT, json={"revision": 0, "models": own})).status_code == 200
    read_in: list[threading.Thread] = []
    read = httpx2.create_ssl_context

    def noted() -> Any:
        read_in.append(threading.current_thread())
        return read()

    monkeypatch.setattr(httpx2, "create_ssl_context", noted)
    trusted.cache_clear()
    async with AsyncExitStack() as stack:
        desk = models_of("providers: {d: {profile: offline}}\nbackends: {main: {provider: d, model: o}}\n"
                         "routes: {default: {backends: [main]}}\n")  # fmt: skip
        model, _ = await _open_model(stack, services.settings, services.db, services.redis, desk)
        await TenantModels(services.db, model, allowed=own_addresses, interval=3600).refresh()
        assert model.route("script", tenant) == ["own/main"]
    assert len(read_in) == 1
    assert read_in[0] is not threading.current_thread(), "the loop stood still meanwhile"


async def test_a_tenant_over_its_limit_is_refused_and_the_other_is_not(sign_in: SignIn, server: ScriptedModel) -> None:
    admin, other = await sign_in("admin@demo.cuedesk"), await sign_in("admin@shanlan.demo.cuedesk")
    assert (await admin.patch("/api/v1/tenant/policies", json={"model_tokens_per_minute": 1})).status_code == 200
    first = await admin.post("/api/v1/messages", json=ASK)
    assert first.status_code == 200, "what is larger than the window passes when nothing is in it"
    refused = await admin.post("/api/v1/messages", json=ASK)
    assert (refused.status_code, refused.json()["code"]) == (429, "model_rate_exceeded")
    assert refused.json()["details"]["reason"] == "tokens_per_minute"
    assert int(refused.headers["retry-after"]) > 0
    as_openai = await admin.post("/v1/chat/completions", json={"model": "cuedesk", **ASK})
    assert (as_openai.status_code, as_openai.json()["error"]["type"]) == (429, "rate_limit_error")
    assert as_openai.headers["x-should-retry"] == "true"
    assert (await other.post("/api/v1/messages", json=ASK)).status_code == 200
    assert len(server.requests) == 2
