"""OpenAI's endpoints as the stock SDK knows them."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import openai
import pytest
from fastapi import FastAPI
from pydantic import BaseModel

from backend.api.limits import MAX_BODY
from backend.api.routes import mount
from backend.llm.routed import RoutedModel
from backend.services import Services
from backend.transport.static import static_files
from tests.api.direct.conftest import ASK, DOWN, OFFLINE, SCHEMA, token_of, until_written, with_state
from tests.support.listening import listening
from tests.support.scripted_model import Script, ScriptedModel


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
    sdk: openai.AsyncOpenAI, primary: ScriptedModel
) -> None:
    messages: Any = ASK["messages"]
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
    talk[1] = {"role": "assistant", "content": "你好", "refusal": "no"}
    with pytest.raises(openai.BadRequestError) as refused:
        await sdk.chat.completions.create(model="cuedesk", messages=talk)
    assert (refused.value.code, refused.value.param) == ("unsupported_parameter", "messages.1.refusal")


@pytest.mark.parametrize(
    "empty",
    [{"content": ""}, {"content": None}, {}, {"content": "", "reasoning_content": ""}],
    ids=["empty", "null", "left-out", "without-thoughts-too"],
)
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
        ({"messages": [{"role": "user", "content": {"type": "text", "text": "x"}}]}, "messages.0.content"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages"),
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
        ({"metadata": {"k" * 5000: "x"}}, "metadata." + "k" * 80),
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


async def test_the_stock_sdk_signs_in_with_an_api_key(
    address: str, admin: httpx.AsyncClient, services: Services, primary: ScriptedModel
) -> None:
    key = (await admin.post("/api/v1/api-keys", json={"name": "客服机器人", "scopes": ["models"]})).json()
    tenant = UUID((await admin.get("/api/v1/auth/me")).json()["tenant"]["id"])
    messages: Any = [{"role": "user", "content": "你好"}]
    primary.play(Script("text", text="你好呀"), Script("text", text="慢慢说"))
    async with openai.AsyncOpenAI(api_key=key["secret"], base_url=f"{address}/v1", max_retries=0) as sdk:
        whole = await sdk.chat.completions.create(model="cuedesk", messages=messages)
        assert whole.choices[0].message.content == "你好呀"
        stream = await sdk.chat.completions.create(model="cuedesk", messages=messages, stream=True)
        said = "".join([chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices])
        assert said == "慢慢说"
        assert [model.id async for model in sdk.models.list()] == ["primary", "fallback", "cuedesk"]
        await until_written(services, tenant, 2)
        calls = (await admin.get("/api/v1/model_calls")).json()["items"]
        assert [(call["api_key_name"], call["api_key_id"]) for call in calls] == [("客服机器人", key["id"])] * 2
        await admin.delete(f"/api/v1/api-keys/{key['id']}")
        with pytest.raises(openai.AuthenticationError) as refused:
            await sdk.chat.completions.create(model="cuedesk", messages=messages)
        assert refused.value.code == "api_key_invalid"
