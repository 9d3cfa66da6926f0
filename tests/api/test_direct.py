"""Asking a model without a graph, over a real socket: our own endpoints, and OpenAI's as the stock SDK knows them."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import openai
import psycopg
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from backend.api.limits import MAX_BODY
from backend.api.routes import mount
from backend.domain import model_answers
from backend.llm import retry
from backend.llm.deadlines import Deadlines
from backend.llm.routed import RoutedModel
from backend.llm.schemas import AnswerSchema
from backend.runs import answers as module
from backend.runs.answers import Answers
from backend.services import Services
from backend.transport.static import static_files
from tests.api.conftest import PASSWORD, SignIn
from tests.support.listening import listening
from tests.support.routed_models import models_of, opened
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


def with_state(application: FastAPI, services: Services) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["state"] = {"services": services}
        await application(scope, receive, send)

    return app


@pytest.fixture
async def address(application: FastAPI, services: Services) -> AsyncIterator[str]:
    async with listening(with_state(application, services)) as found:
        yield found


@pytest.fixture
async def elsewhere(address: str, services: Services, models_text: str) -> AsyncIterator[httpx.AsyncClient]:
    """The service at another process of ours: nothing is shared but the database and Redis."""
    model, answers = RoutedModel(models_of(models_text), opened, Deadlines(), lambda _: None), Answers(services.db)
    app = FastAPI()
    mount(app)
    other = with_state(app, replace(services, model=model, answers=answers))
    token = await token_of(address, "xiaolin@demo.cuedesk")
    async with answers.kept(), listening(other) as found:
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=found, headers=headers, timeout=60) as client:
            yield client
    await model.aclose()


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


async def test_the_stock_sdk_gets_objects_from_a_server_that_takes_no_schema(
    sdk: openai.AsyncOpenAI, primary: ScriptedModel
) -> None:
    messages: Any = [{"role": "user", "content": "你好"}]
    primary.by_format["json_schema"] = Script("status", status=400, message="json_schema is not supported")
    primary.by_model["first"] = Script("text", text='{"kind": "chat"}')
    for _ in range(2):
        parsed = await sdk.chat.completions.parse(model="cuedesk", messages=messages, response_format=Kind)
        assert parsed.choices[0].message.parsed == Kind(kind="chat")
    shape: Any = {"type": "json_schema", "json_schema": {"name": "kind", "schema": Kind.model_json_schema()}}
    stream = await sdk.chat.completions.create(model="cuedesk", messages=messages, response_format=shape, stream=True)
    said = "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])
    assert json.loads(said) == {"kind": "chat"}
    formats = [asked.body["response_format"]["type"] for asked in primary.requests]
    assert formats == ["json_schema", "json_object", "json_object", "json_object"]


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


@pytest.mark.parametrize("keyed", [False, True])
async def test_what_no_text_can_hold_is_refused_as_openai_would(
    service: httpx.AsyncClient, primary: ScriptedModel, keyed: bool
) -> None:
    half, key = "\ud800", {"Idempotency-Key": f"half-{keyed}"} if keyed else {}

    async def told(body: bytes) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json", **key}
        answer = await service.post("/v1/chat/completions", content=body, headers=headers)
        return answer.status_code, answer.json().get("error", {}).get("param", "no error of OpenAI's shape")

    def shaped(name: str, **more: str) -> dict[str, Any]:
        return {"response_format": {"type": "json_schema", "json_schema": {"name": name, "schema": SCHEMA, **more}}}

    named = "response_format.json_schema.name"
    for more, param in (
        ({"user": half}, "user"),
        ({"safety_identifier": half}, "safety_identifier"),
        ({"metadata": {"a": half}}, "metadata.a"),
        ({"messages": [{"role": "user", "content": "a", "name": half}]}, "messages.0.name"),
        ({"messages": [{"role": "user", "content": half}]}, "messages.0.content"),
        (shaped(half), named),
        (shaped("two words"), named),
        (shaped("x" * 65), named),
        (shaped("a", description=half), "response_format.json_schema.description"),
    ):
        assert await told(json.dumps({"model": "cuedesk", **ASK, **more}).encode()) == (400, param)
    for body in (b'{"messages": [{"content": "\xff"}]}', b'{"a":' * 100_000, b"{", b"\xff"):
        assert await told(body) == (400, None)
    assert primary.requests == []


async def test_whatever_is_refused_before_the_endpoint_is_told_as_openai_would(
    service: httpx.AsyncClient, sdk: openai.AsyncOpenAI, address: str, services: Services,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    asked, path = json.dumps({"model": "cuedesk", **ASK}).encode(), "/v1/chat/completions"
    plain = {"Content-Type": "application/json"}

    async def told(method: str = "POST", path: str = path, **more: Any) -> tuple[int, str]:
        answer = await service.request(method, path, **{"content": asked, "headers": plain, **more})
        error = answer.json()["error"]
        assert error.keys() == {"message", "type", "param", "code"}
        assert answer.headers["x-should-retry"] == "false"
        assert answer.headers["content-type"] == "application/json"
        return answer.status_code, error["code"]

    async def drip() -> AsyncIterator[bytes]:
        for _ in range(9):
            yield b"x" * 65536

    assert await told(content=b"{") == (400, "bad_request")
    assert await told(headers={"Content-Type": "text/plain"}) == (400, "bad_request")
    assert await told(headers={"Authorization": "Bearer nobody", **plain}) == (401, "unauthenticated")
    host = await token_of(address, "xiaoya@demo.cuedesk")
    assert await told(headers={"Authorization": f"Bearer {host}", **plain}) == (403, "forbidden")
    assert await told(path="/v1/embeddings") == (404, "not_found")
    assert await told("GET", "/v1/chat/completions") == (405, "method_not_allowed")
    assert await told("DELETE", "/v1/models/cuedesk") == (405, "method_not_allowed")
    assert await told(content=b"x" * (MAX_BODY + 1)) == (413, "content_too_long")
    assert await told(content=drip()) == (413, "content_too_long")
    with pytest.raises(openai.NotFoundError) as missing:
        await sdk.embeddings.create(model="cuedesk", input="a")
    assert missing.value.code == "not_found"

    def broken(*_: object) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(RoutedModel, "serves", broken)
    assert await told() == (500, "internal_error")
    # Elsewhere nothing is changed.
    problem = await service.post("/api/v1/messages", content=b"x" * (MAX_BODY + 1), headers=plain)
    assert (problem.status_code, problem.json()["code"]) == (413, "content_too_long")


@pytest.mark.parametrize("built", [False, True])
async def test_no_page_of_the_console_answers_clients_of_openai(
    services: Services, tmp_path: Path, built: bool
) -> None:
    if built:
        (tmp_path / "index.html").write_text("<html>", encoding="utf-8")
    app = FastAPI()
    mount(app)
    app.mount("/", static_files(tmp_path))  # as in app.py: whatever nobody else takes is for the pages
    async with listening(with_state(app, services)) as found, httpx.AsyncClient(base_url=found) as client:
        for method, path, status, code in (
            ("GET", "/v1/assistants", 404, "not_found"), ("POST", "/v1/embeddings", 404, "not_found"),
            ("GET", "/v1/chat/completions", 405, "method_not_allowed"),
            ("POST", "/v1/models", 405, "method_not_allowed"),
            ("GET", "/v1", 404, "not_found"), ("GET", "/v1/", 404, "not_found"), ("POST", "/v1", 404, "not_found"),
            ("OPTIONS", "/v1", 404, "not_found"), ("OPTIONS", "/v1/embeddings", 404, "not_found"),
            ("PROPFIND", "/v1/models", 405, "method_not_allowed"), ("TRACE", "/v1/any/thing", 404, "not_found"),
            ("GET", "/v1/chat/completions/", 404, "not_found"), ("QUERY", "/v1", 404, "not_found"),
        ):  # fmt: skip
            answer = await client.request(method, path)
            assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), (method, path)
        assert (await client.head("/v1")).status_code == 404
        for path, allowed in (("chat/completions", "POST"), ("models", "GET"), ("models/a/b", "GET")):
            assert (await client.delete(f"/v1/{path}")).headers["allow"] == f"{allowed}, OPTIONS"
            told = await client.options(f"/v1/{path}")
            assert (told.status_code, told.headers["allow"], told.content) == (204, f"{allowed}, OPTIONS", b"")


async def test_what_the_stock_sdk_was_answered_it_may_send_back(
    sdk: openai.AsyncOpenAI, primary: ScriptedModel
) -> None:
    primary.play(
        Script("text", text="你好", reasoning="想想"), Script("text", text="在的"), Script("text", text="再见")
    )
    first = await sdk.chat.completions.create(model="cuedesk", messages=[{"role": "user", "content": "在吗"}])
    message = first.choices[0].message
    talk: list[Any] = [{"role": "user", "content": "在吗"}, message, {"role": "user", "content": "然后呢"}]
    second = await sdk.chat.completions.create(model="cuedesk", messages=talk)
    # As an object of the SDK, as its plain form, and as the form that leaves out what is not set.
    talk += [
        second.choices[0].message.model_dump(),
        {"role": "user", "content": "好"},
        message.model_dump(exclude_unset=True),
    ]
    talk.append({"role": "user", "content": "再见"})
    third = await sdk.chat.completions.create(model="cuedesk", messages=talk)
    assert third.choices[0].message.content == "再见"
    told = primary.requests[-1].body["messages"]
    assert told == [
        {"role": "user", "content": "在吗"}, {"role": "assistant", "content": "你好"},
        {"role": "user", "content": "然后呢"}, {"role": "assistant", "content": "在的"},
        {"role": "user", "content": "好"}, {"role": "assistant", "content": "你好"},
        {"role": "user", "content": "再见"},
    ], "what was thought and what was left empty is nobody's turn"  # fmt: skip
    for called in ({"tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
                   {"refusal": "no"}):  # fmt: skip
        talk[1] = {"role": "assistant", "content": "你好", **called}
        with pytest.raises(openai.BadRequestError) as refused:
            await sdk.chat.completions.create(model="cuedesk", messages=talk)
        assert refused.value.code == "unsupported_parameter"


@pytest.mark.parametrize("empty", [{"content": ""}, {"content": None}, {}], ids=["empty", "null", "left-out"])
async def test_an_answer_without_words_may_be_sent_back_too(
    sdk: openai.AsyncOpenAI, primary: ScriptedModel, empty: dict[str, Any]
) -> None:
    """It thought until its tokens were used up; a conversation goes on from there."""
    primary.play(Script("text", text="", reasoning="想想", finish_reason="length"), *[Script("text", text="在的")] * 2)
    talk: list[Any] = [{"role": "system", "content": ""}, {"role": "user", "content": "在吗"}]
    first = await sdk.chat.completions.create(model="cuedesk", messages=talk)
    talk += [first.choices[0].message, {"role": "user", "content": "然后呢"}]
    second = await sdk.chat.completions.create(model="cuedesk", messages=talk)
    assert second.choices[0].message.content == "在的"
    talk[2] = {"role": "assistant", **empty}
    await sdk.chat.completions.create(model="cuedesk", messages=talk)
    assert [request.body["messages"] for request in primary.requests[1:]] == [
        [
            {"role": "user", "content": "在吗"}, {"role": "assistant", "content": ""},
            {"role": "user", "content": "然后呢"},
        ],
    ] * 2, "two turns of one side would follow each other without it"  # fmt: skip


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"a[b": 1}, "a[b"),
        ({"": 1}, ""),
        ({"messages": [{"role": "user", "content": []}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": ""}]}, "messages.0.content"),
        ({"messages": [{"role": "user"}]}, "messages.0.content"),
        ({"messages": [{"role": "system", "content": None}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": ""}]}]}, "messages.0.content.0.text"),
        ({"messages": [{"content": "x"}]}, "messages.0.role"),
        ({"stream": "yes"}, "stream"),
        ({"stream": 1}, "stream"),
        ({"n": True}, "n"),
        ({"logprobs": 0}, "logprobs"),
        ({"temperature": "0.5"}, "temperature"),
        ({"max_tokens": "5"}, "max_tokens"),
        ({"max_tokens": 5.0}, "max_tokens"),
        ({"top_p": True}, "top_p"),
        ({"stream_options": {"include_usage": "true"}}, "stream_options.include_usage"),
        ({"metadata": {"a.b": 5}}, "metadata.a.b"),
    ],
)  # fmt: skip
async def test_what_is_wrong_is_told_of_its_own_field(
    service: httpx.AsyncClient, primary: ScriptedModel, more: dict[str, Any], param: str
) -> None:
    told = await service.post("/v1/chat/completions", json={"model": "cuedesk", **ASK, **more})
    assert (told.status_code, told.json()["error"]["param"]) == (400, param)
    assert primary.requests == []


async def test_where_a_schema_is_wrong_is_told_from_the_top(service: httpx.AsyncClient) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "text"}}}
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    told = await service.post("/v1/chat/completions", json={"model": "cuedesk", **ASK, "response_format": wanted})
    error = told.json()["error"]
    assert (told.status_code, error["code"]) == (400, "schema_invalid")
    assert error["param"] == "response_format.json_schema.schema.properties.a.type"


async def test_an_answer_is_held_to_a_strangers_schema_beside_the_loop(
    service: httpx.AsyncClient, primary: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked_in: list[threading.Thread] = []
    check = AnswerSchema.check

    def seen(schema: AnswerSchema, text: str) -> dict[str, Any]:
        checked_in.append(threading.current_thread())
        return check(schema, text)

    monkeypatch.setattr(AnswerSchema, "check", seen)
    primary.play(Script("text", text='{"kind": "chat"}'))
    answer = await service.post("/api/v1/messages/structured", json={**ASK, "schema": SCHEMA})
    assert answer.json()["value"] == {"kind": "chat"}
    assert checked_in != []
    assert threading.main_thread() not in checked_in


async def test_the_stock_sdk_comes_again_when_it_is_told_to_and_leaves_when_it_wants(
    sdk: openai.AsyncOpenAI, primary: ScriptedModel
) -> None:
    messages: Any = ASK["messages"]
    # More than we try again ourselves: the SDK is told when to come back, and does.
    primary.play(*[Script("status", status=429, retry_after="0")] * 3, Script("text", text="好了"))
    patient = sdk.with_options(max_retries=2)
    answer = await patient.chat.completions.with_raw_response.create(model="primary", messages=messages)
    assert answer.retries_taken == 1
    assert answer.parse().choices[0].message.content == "好了"
    primary.play(*[Script("status", status=429, retry_after="0")] * 3)
    # It is the provider's rate and not the team's, so it is no 429.
    with pytest.raises(openai.InternalServerError) as limited:
        await sdk.chat.completions.create(model="primary", messages=messages, stream=True)
    assert limited.value.code == "model_rate_limited"
    assert limited.value.response.headers["x-should-retry"] == "true"
    # What no repetition mends is not repeated.
    asked = len(primary.requests)
    primary.play(Script("status", status=401))
    with pytest.raises(openai.APIStatusError) as refused:
        await patient.chat.completions.create(model="primary", messages=messages)
    assert refused.value.response.headers["x-should-retry"] == "false"
    assert len(primary.requests) == asked + 1

    primary.play(Script("tokens", count=2000, delay=0.02))
    stream = await sdk.chat.completions.create(model="primary", messages=messages, stream=True)
    await anext(aiter(stream))
    await stream.close()
    await primary.until_client_left(within=30)
    primary.play(Script(first_delay=60))
    waiting = asyncio.create_task(sdk.chat.completions.create(model="primary", messages=messages))
    await primary.until_asked(len(primary.requests) + 1, within=30)
    waiting.cancel()
    await primary.until_client_left(within=30)


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


KEY = {"Idempotency-Key": "order-17"}
REPLAYED = "idempotent-replayed"


async def tenant_of(services: Services, slug: str = "qinghe") -> UUID:
    with psycopg.connect(services.settings.database_url or "") as conn:
        [[found]] = conn.execute("SELECT id FROM tenants WHERE slug = %s", [slug]).fetchall()
    return UUID(str(found))


async def test_a_repeated_key_gets_the_same_answer_from_any_process_and_asks_once(
    service: httpx.AsyncClient, elsewhere: httpx.AsyncClient, primary: ScriptedModel, services: Services
) -> None:
    primary.play(Script("text", text="你好呀", first_delay=0.3))
    both = [service, elsewhere] * 3
    answers = await asyncio.gather(*(one.post("/api/v1/messages", json=ASK, headers=KEY) for one in both))
    assert [one.status_code for one in answers] == [200] * 6
    assert len({one.content for one in answers}) == 1
    assert sum(REPLAYED not in one.headers for one in answers) == 1, "one asked, the others waited"
    again = await elsewhere.post("/api/v1/messages", json=ASK, headers=KEY)
    assert (again.content, again.headers[REPLAYED]) == (answers[0].content, "true")
    assert len(primary.requests) == 1

    for more in ({"temperature": 0.5}, {"messages": [{"role": "user", "content": "别的"}]}, {"stream": True}):
        refused = await elsewhere.post("/api/v1/messages", json={**ASK, **more}, headers=KEY)
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    refused = await service.post("/api/v1/messages/structured", json={**ASK, "schema": SCHEMA}, headers=KEY)
    assert refused.status_code == 422
    assert len(primary.requests) == 1

    tenant = await tenant_of(services)
    async with services.db.tenant(tenant) as conn:
        await conn.execute("UPDATE model_answers SET begun_at = begun_at - interval '25 hours'")
    primary.play(Script("text", text="新的一天"))
    assert (await service.post("/api/v1/messages", json=ASK, headers=KEY)).json()["content"] == "新的一天"


async def test_a_key_is_its_tenants_own(address: str, primary: ScriptedModel, demo_url: str) -> None:
    with psycopg.connect(demo_url) as conn:
        emails = conn.execute(
            """SELECT DISTINCT ON (m.tenant_id) u.email FROM memberships m JOIN users u ON u.id = m.user_id
               WHERE m.role = 'admin' ORDER BY m.tenant_id"""
        ).fetchall()
    primary.play(Script("text", text="一"), Script("text", text="二"))
    said = []
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        for (email,) in emails:
            headers = {"Authorization": f"Bearer {await token_of(address, email)}", **KEY}
            said.append((await client.post("/api/v1/messages", json=ASK, headers=headers)).json()["content"])
    assert said == ["一", "二"]


async def test_with_a_key_the_call_goes_on_when_its_caller_leaves(
    service: httpx.AsyncClient, elsewhere: httpx.AsyncClient, primary: ScriptedModel
) -> None:
    primary.play(Script("text", text="还在", first_delay=0.5))
    asking = asyncio.create_task(service.post("/api/v1/messages", json=ASK, headers=KEY))
    await primary.until_asked(within=30)
    asking.cancel()
    again = await elsewhere.post("/api/v1/messages", json=ASK, headers=KEY)
    assert (again.json()["content"], len(primary.requests)) == ("还在", 1)


async def test_a_stream_with_a_key_is_told_again_at_its_end_and_not_before(
    service: httpx.AsyncClient, elsewhere: httpx.AsyncClient, primary: ScriptedModel
) -> None:
    ask = {**ASK, "stream": True}
    primary.play(Script("tokens", count=20, delay=0.05))
    async with service.stream("POST", "/api/v1/messages", json=ask, headers=KEY) as begun:
        async for line in begun.aiter_lines():
            if line.startswith("event: text"):
                break
        busy = await elsewhere.post("/api/v1/messages", json=ask, headers=KEY)
        assert (busy.status_code, busy.json()["code"], busy.json()["retryable"]) == (409, "answer_under_way", True)
    # Its caller left in the middle.
    async with asyncio.timeout(30):
        while (again := await elsewhere.post("/api/v1/messages", json=ask, headers=KEY)).status_code == 409:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    told = events(again.text)
    assert "".join(data["text"] for name, data in told if name == "text") == "".join(f"字{n}" for n in range(20))
    assert again.headers[REPLAYED] == "true"
    last = await service.post("/api/v1/messages", json=ask, headers=KEY)
    assert events(last.text) == told
    assert len(primary.requests) == 1


async def test_what_failed_is_asked_anew_with_the_same_key(
    service: httpx.AsyncClient, primary: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LEASE", 3600.0)  # no end of a lease makes the key free
    for ask in ({**ASK, "model": "primary"}, {**ASK, "model": "primary", "stream": True}):
        primary.play(*DOWN, Script("text", text="好了"))
        key = {"Idempotency-Key": str(ask.get("stream"))}
        failed = await service.post("/api/v1/messages", json=ask, headers=key)
        assert (failed.status_code, failed.json()["code"]) == (503, "model_unavailable")
        async with asyncio.timeout(30):  # that the key is free again is written a moment later
            while (again := await service.post("/api/v1/messages", json=ask, headers=key)).status_code == 409:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert "好了" in again.text
    assert primary.queue == type(primary.queue)()


async def test_an_answer_that_cannot_be_kept_is_told_and_its_key_is_free(
    service: httpx.AsyncClient, primary: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LEASE", 3600.0)
    primary.play(Script("text", text="a\x00b"), Script("text", text="第二次"))
    key = {"Idempotency-Key": "nul"}
    assert (await service.post("/api/v1/messages", json=ASK, headers=key)).json()["content"] == "a\x00b"
    async with asyncio.timeout(30):
        again = await service.post("/api/v1/messages", json=ASK, headers=key)
    assert again.json()["content"] == "第二次"


async def test_objects_and_stock_clients_have_their_answers_again(
    service: httpx.AsyncClient, sdk: openai.AsyncOpenAI, primary: ScriptedModel
) -> None:
    primary.play(Script("text", text='{"z": 1, "kind": "chat", "a": [2]}'), Script("text", text="好"))
    body = {**ASK, "schema": SCHEMA}
    first, again = [await service.post("/api/v1/messages/structured", json=body, headers=KEY) for _ in range(2)]
    assert first.content == again.content
    assert first.json()["calls"] == [first.json()["id"]]
    messages: Any = ASK["messages"]
    key = {"Idempotency-Key": "sdk"}
    one, other = [
        await sdk.chat.completions.create(model="cuedesk", messages=messages, extra_headers=key) for _ in range(2)
    ]
    assert one == other
    with pytest.raises(openai.UnprocessableEntityError) as reused:
        await sdk.chat.completions.create(model="cuedesk", messages=messages, n=1, extra_headers=key)
    assert reused.value.code == "idempotency_key_reused"
    assert len(primary.requests) == 2


async def test_the_claim_of_a_dead_process_is_taken_and_a_late_one_tells_the_answer_that_is_kept(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await tenant_of(services)
    dead = Answers(services.db)
    monkeypatch.setattr(module, "_LEASE", -1.0)
    hold = await dead.claim(tenant, "k", b"body")
    assert isinstance(hold, module.Hold)
    monkeypatch.setattr(module, "_LEASE", 60.0)

    async def answering(word: str) -> dict[str, Any]:
        return {"text": word}

    living = services.answers
    assert await living.once(tenant, "k", b"body", lambda: answering("one")) == ({"text": "one"}, False)
    # It was only asleep: what it heard is not kept, and not told.
    assert await dead.asked(hold, lambda: answering("two")) is None
    assert await dead.once(tenant, "k", b"body", lambda: answering("three")) == ({"text": "one"}, True)

    monkeypatch.setattr(module, "_RENEWAL", 0.01)
    held = await living.claim(tenant, "long", b"body")
    assert isinstance(held, module.Hold)
    go, moved = asyncio.Event(), asyncio.Event()
    prolong = model_answers.prolong

    async def seen(*args: Any, **more: Any) -> bool:
        done = await prolong(*args, **more)
        moved.set()
        return done

    monkeypatch.setattr(model_answers, "prolong", seen)

    async def slow() -> dict[str, Any]:
        await go.wait()
        return {"text": "slow"}

    async def until_claimed() -> Any:
        async with services.db.tenant(tenant) as conn:
            return await conn.fetchval("SELECT max(claimed_until) FROM model_answers WHERE answer IS NULL")

    before = await until_claimed()
    asking = asyncio.create_task(living.asked(held, slow))
    async with asyncio.timeout(30):
        await moved.wait()
    assert await until_claimed() > before, "it lives, so nobody else asks"
    go.set()
    assert await asking == {"text": "slow"}


async def test_an_answer_bears_the_id_of_its_call(
    service: httpx.AsyncClient, sdk: openai.AsyncOpenAI, primary: ScriptedModel, services: Services
) -> None:
    primary.play(
        Script("text", text="一"), Script("text", text="二"), Script("text", text="嗯"),
        Script("text", text='{"kind": "chat"}'), Script("text", text="五"),
    )  # fmt: skip
    ids = [(await service.post("/api/v1/messages", json=ASK)).json()["id"]]
    told = events((await service.post("/api/v1/messages", json={**ASK, "stream": True})).text)
    ids.append(told[-1][1]["id"])
    held = (await service.post("/api/v1/messages/structured", json={**ASK, "schema": SCHEMA})).json()
    assert held["id"] == held["calls"][-1]
    ids += held["calls"]
    messages: Any = ASK["messages"]
    ids.append((await sdk.chat.completions.create(model="cuedesk", messages=messages)).id.removeprefix("chatcmpl-"))
    assert len(set(ids)) == 5
    await until_written(services, await tenant_of(services), 5)
    for place, call in enumerate(ids):
        found = (await service.get(f"/api/v1/model_calls/{call}")).json()
        assert (found["node"], found["status"], found["streamed"]) == ("message", "completed", place == 1)
    assert (await service.get("/api/v1/model_calls/019e9a1a-0000-7000-8000-000000000000")).status_code == 404
