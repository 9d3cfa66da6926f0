"""Asking a model without a graph, over a real socket: our own endpoints, and OpenAI's as the stock SDK knows them."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import openai
import psycopg
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from backend.llm import retry
from backend.services import Services
from tests.api.conftest import PASSWORD, SignIn
from tests.support.listening import listening
from tests.support.scripted_model import Script, ScriptedModel, scripted_model

ASK: dict[str, Any] = {"messages": [{"role": "system", "content": "简短"}, {"role": "user", "content": "你好"}]}
SCHEMA = {"type": "object", "properties": {"kind": {"enum": ["write", "chat"]}}, "required": ["kind"]}
OFFLINE = "providers: {d: {profile: offline}}\nbackends: {d: {provider: d, model: offline}}\n"
OFFLINE += "routes: {default: {backends: [d]}}\n"
DOWN = [Script("status", status=500)] * 3


@pytest.fixture
async def primary(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ScriptedModel]:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.0)
    async with scripted_model() as running:
        yield running


@pytest.fixture
async def fallback() -> AsyncIterator[ScriptedModel]:
    async with scripted_model() as running:
        yield running


@pytest.fixture
def models_text(primary: ScriptedModel, fallback: ScriptedModel) -> str:
    return f"""
providers:
  p: {{profile: compatible, base_url: '{primary.base_url}'}}
  f: {{profile: compatible, base_url: '{fallback.base_url}'}}
backends:
  primary: {{provider: p, model: first, prices: {{input: 1, output: 2}}}}
  fallback: {{provider: f, model: second}}
routes:
  # Nothing but hanging up ends what hangs within these tests.
  default: {{backends: [primary, fallback], deadlines: {{first_token: 300, idle: 300, answer: 300, total: 600}}}}
"""


@pytest.fixture
async def address(application: FastAPI, services: Services) -> AsyncIterator[str]:
    async def with_state(scope: Any, receive: Any, send: Any) -> None:
        scope["state"] = {"services": services}
        await application(scope, receive, send)

    async with listening(with_state) as found:
        yield found


async def token_of(address: str, email: str) -> str:
    """What a service does: sign in once, and take a token whenever the last one ends."""
    async with httpx.AsyncClient(base_url=address) as client:
        login = await client.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})
        assert login.status_code == 200, login.text
        return str((await client.post("/api/v1/auth/token")).json()["access_token"])


@pytest.fixture
async def service(address: str) -> AsyncIterator[httpx.AsyncClient]:
    token = await token_of(address, "xiaolin@demo.cuedesk")
    async with httpx.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        yield client


@pytest.fixture
async def sdk(address: str) -> AsyncIterator[openai.AsyncOpenAI]:
    token = await token_of(address, "xiaolin@demo.cuedesk")
    async with openai.AsyncOpenAI(api_key=token, base_url=f"{address}/v1", max_retries=0) as client:
        yield client


def events(text: str) -> list[tuple[str, Any]]:
    found = []
    for block in text.split("\n\n"):
        if block.startswith("event: "):
            name, data = block.split("\n", 1)
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


async def test_a_text_comes_whole_or_streamed_and_is_on_the_tenants_account(
    service: httpx.AsyncClient, primary: ScriptedModel, demo_url: str, services: Services
) -> None:
    primary.play(Script("text", text="你好呀", reasoning="想想"), Script("text", text="你好呀", reasoning="想想"))
    whole = (await service.post("/api/v1/messages", json={**ASK, "temperature": 0.2, "max_tokens": 50})).json()
    assert (whole["content"], whole["reasoning"], whole["model"]) == ("你好呀", "想想", "first")
    assert (whole["finish_reason"], whole["usage"]["estimated"]) == ("stop", False)
    body = primary.requests[0].body
    assert body["messages"] == ASK["messages"]
    assert (body["temperature"], body["max_tokens"], body["stream"]) == (0.2, 50, False)

    answer = await service.post("/api/v1/messages", json={**ASK, "stream": True})
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = events(answer.text)
    assert "".join(data["text"] for name, data in told if name == "text") == "你好呀"
    assert told[-1][0] == "end"
    assert told[-1][1]["usage"] == whole["usage"]

    [[tenant_id]] = psycopg.connect(demo_url).execute("SELECT id FROM tenants WHERE slug = 'qinghe'").fetchall()
    assert await until_written(services, tenant_id, 2) == [
        ("message", "completed", False, True),
        ("message", "completed", True, True),
    ]


async def test_the_fallback_answers_and_who_names_a_backend_gets_no_other(
    service: httpx.AsyncClient, primary: ScriptedModel, fallback: ScriptedModel
) -> None:
    primary.play(*DOWN)
    fallback.play(Script("text", text="在"))
    answer = (await service.post("/api/v1/messages", json=ASK)).json()
    assert (answer["content"], answer["model"]) == ("在", "second")
    primary.play(*DOWN)
    refused = await service.post("/api/v1/messages", json={**ASK, "model": "primary"})
    assert (refused.status_code, refused.json()["code"]) == (503, "model_unavailable")
    assert len(fallback.requests) == 1
    unknown = await service.post("/api/v1/messages", json={**ASK, "model": "gpt-9"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "model_not_found")


async def test_what_fails_at_once_has_a_status_and_what_fails_later_an_event(
    service: httpx.AsyncClient, primary: ScriptedModel
) -> None:
    one = {**ASK, "model": "primary", "stream": True}
    primary.play(*DOWN, Script("cut", count=5))
    refused = await service.post("/api/v1/messages", json=one)
    assert (refused.status_code, refused.json()["code"]) == (503, "model_unavailable")
    assert refused.headers["content-type"] == "application/problem+json"
    told = events((await service.post("/api/v1/messages", json=one)).text)
    assert [name for name, _ in told] == ["text"] * 5 + ["problem"]
    assert (told[-1][1]["code"], told[-1][1]["retryable"]) == ("model_stream_cut", True)


@pytest.mark.parametrize("stream", [False, True])
async def test_whoever_hangs_up_hangs_up_the_provider(
    service: httpx.AsyncClient, primary: ScriptedModel, stream: bool
) -> None:
    primary.play(Script("stall", count=3))
    asking = asyncio.create_task(service.post("/api/v1/messages", json={**ASK, "stream": stream}))
    await primary.until_asked(within=30)
    asking.cancel()
    await primary.until_client_left(within=30)


async def test_an_object_meets_its_schema_or_is_refused(service: httpx.AsyncClient, primary: ScriptedModel) -> None:
    at, body = "/api/v1/messages/structured", {**ASK, "schema": SCHEMA}
    primary.play(Script("text", text="嗯"), Script("text", text='{"kind": "chat"}'))
    answer = (await service.post(at, json=body)).json()
    assert (answer["value"], answer["repaired"], answer["model"]) == ({"kind": "chat"}, True, "first")
    primary.play(*[Script("text", text='{"kind": 1}')] * 2)
    refused = await service.post(at, json=body)
    assert (refused.status_code, refused.json()["code"]) == (502, "model_answer_invalid")
    asked = len(primary.requests)
    wrong = await service.post(
        at, json={**ASK, "schema": {"type": "object", "properties": {"a": {"$ref": "file:///"}}}}
    )
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["details"]["reason"]) == (
        400, "schema_invalid", "reference",
    )  # fmt: skip
    assert len(primary.requests) == asked


async def test_only_who_may_ask_asks(address: str, sign_in: SignIn, client: httpx.AsyncClient) -> None:
    for path in ("/api/v1/messages", "/v1/chat/completions"):
        assert (await client.post(path, json=ASK)).status_code == 401
    host = await sign_in("xiaoya@demo.cuedesk")
    refused = await host.post("/api/v1/messages", json=ASK)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    as_openai = await host.post("/v1/chat/completions", json={"model": "cuedesk", **ASK})
    assert (as_openai.status_code, as_openai.json()["error"]["type"]) == (403, "permission_error")
    elsewhere = await (await sign_in("xiaolin@demo.cuedesk")).post(
        "/api/v1/messages", json=ASK, headers={"Origin": "https://elsewhere.example"}
    )
    assert elsewhere.json()["code"] == "origin_refused"


async def until_written(services: Services, tenant_id: UUID, calls: int) -> list[Any]:
    """Return the tenant's calls when there are so many: they are written a moment after they end."""
    async with asyncio.timeout(30):
        while True:
            async with services.db.tenant(tenant_id) as conn:
                rows = await conn.fetch("SELECT node, status, streamed, cost > 0 FROM llm_calls ORDER BY id")
            if len(rows) >= calls:
                return [tuple(row) for row in rows]
            await asyncio.sleep(0.05)


class Kind(BaseModel):
    kind: str


async def test_the_stock_sdk_gets_texts_streams_and_objects(
    sdk: openai.AsyncOpenAI, primary: ScriptedModel, fallback: ScriptedModel
) -> None:
    messages: Any = [
        {"role": "developer", "content": "简短"},
        {"role": "user", "content": [{"type": "text", "text": "你好"}]},
    ]
    primary.play(Script("text", text="你好呀", cached=2))
    whole = await sdk.chat.completions.create(model="cuedesk", messages=messages, max_completion_tokens=9, user="u1")
    assert (whole.choices[0].message.content, whole.choices[0].finish_reason) == ("你好呀", "stop")
    assert whole.usage is not None
    assert whole.usage.total_tokens == whole.usage.prompt_tokens + whole.usage.completion_tokens > 0
    assert primary.requests[0].body["messages"] == ASK["messages"]
    assert primary.requests[0].body["max_tokens"] == 9

    primary.play(*DOWN)
    fallback.play(Script("text", text="从备用来", reasoning="嗯"))
    stream = await sdk.chat.completions.create(
        model="cuedesk", messages=messages, stream=True, stream_options={"include_usage": True}
    )
    chunks = [chunk async for chunk in stream]
    said = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert said == "从备用来"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens > 0
    assert len({chunk.id for chunk in chunks}) == 1

    primary.play(Script("text", text="嗯"), Script("text", text='{"kind": "chat"}'))
    parsed = await sdk.chat.completions.parse(model="cuedesk", messages=messages, response_format=Kind)
    assert parsed.choices[0].message.parsed == Kind(kind="chat")
    assert [model.id async for model in sdk.models.list()] == ["primary", "fallback", "cuedesk"]
    assert (await sdk.models.retrieve("fallback")).owned_by == "f"


async def test_the_stock_sdk_understands_what_is_refused_and_what_fails(
    sdk: openai.AsyncOpenAI, address: str, primary: ScriptedModel
) -> None:
    messages: Any = ASK["messages"]
    tool: Any = {"type": "function", "function": {"name": "f", "parameters": {}}}
    refused: list[dict[str, Any]] = [
        {"tools": [tool]}, {"n": 2}, {"top_p": 0.5}, {"logit_bias": {"1": 1}}, {"stop": ["。"]}, {"logprobs": True},
    ]  # fmt: skip
    for more in refused:
        with pytest.raises(openai.BadRequestError) as wrong:
            await sdk.chat.completions.create(model="cuedesk", messages=messages, **more)
        assert (wrong.value.code, wrong.value.param) == ("unsupported_parameter", next(iter(more)))
    picture: Any = [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://x.example"}}]}]
    with pytest.raises(openai.BadRequestError) as wrong:
        await sdk.chat.completions.create(model="cuedesk", messages=picture)
    assert wrong.value.param is not None
    assert primary.requests == []
    with pytest.raises(openai.NotFoundError) as unknown:
        await sdk.chat.completions.create(model="gpt-9", messages=messages)
    assert unknown.value.code == "model_not_found"
    with pytest.raises(openai.AuthenticationError):
        await sdk.with_options(api_key="sk-nobody").chat.completions.create(model="cuedesk", messages=messages)

    primary.play(*DOWN, Script("cut", count=4), Script("status", status=400, code="context_length_exceeded"))
    with pytest.raises(openai.InternalServerError) as down:
        await sdk.chat.completions.create(model="primary", messages=messages)
    assert (down.value.code, down.value.response.headers["x-should-retry"]) == ("model_unavailable", "true")
    said: list[str] = []
    with pytest.raises(openai.APIError) as cut:
        await _read(await sdk.chat.completions.create(model="primary", messages=messages, stream=True), said)
    assert any(said), "what was shown before stays"
    assert cut.value.code == "model_stream_cut"
    with pytest.raises(openai.BadRequestError) as too_long:
        await sdk.chat.completions.create(model="primary", messages=messages)
    assert too_long.value.code == "context_length_exceeded"


async def _read(stream: openai.AsyncStream[Any], said: list[str]) -> None:
    async for chunk in stream:
        said.append(chunk.choices[0].delta.content or "")


@pytest.mark.parametrize("models_text", [OFFLINE])
async def test_without_a_model_that_could_answer_there_is_no_answer(
    service: httpx.AsyncClient, sdk: openai.AsyncOpenAI
) -> None:
    refused = await service.post("/api/v1/messages", json=ASK)
    assert (refused.status_code, refused.json()["code"]) == (404, "model_missing")
    with pytest.raises(openai.NotFoundError) as missing:
        await sdk.chat.completions.create(model="cuedesk", messages=ASK["messages"])
    assert missing.value.response.headers["x-should-retry"] == "false"


async def test_tenants_pay_for_themselves(
    address: str, primary: ScriptedModel, demo_url: str, services: Services
) -> None:
    with psycopg.connect(demo_url) as conn:
        found = conn.execute(
            """SELECT u.email, t.id FROM memberships m JOIN users u ON u.id = m.user_id
               JOIN tenants t ON t.id = m.tenant_id WHERE m.role = 'admin' ORDER BY t.slug"""
        ).fetchall()
    assert len(found) == 2
    # The same question at the same moment: tenants share no answer.
    primary.play(*[Script("text", text="好", first_delay=0.5)] * 2)
    tokens = [await token_of(address, email) for email, _ in found]
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        answers = await asyncio.gather(
            *(client.post("/api/v1/messages", json=ASK, headers={"Authorization": f"Bearer {t}"}) for t in tokens)
        )
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(primary.requests) == 2
    for _, tenant_id in found:
        assert len(await until_written(services, tenant_id, 1)) == 1
