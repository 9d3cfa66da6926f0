"""Tools, and everything else that OpenAI's clients may ask for, over servers of both dialects."""

import asyncio
import json
from typing import Any

import httpx
import openai
import pytest
from pydantic import BaseModel

from backend.api.chat_completions import Completion
from backend.services import Services
from tests.api.direct.conftest import ASK, DOWN
from tests.support.scripted_model import Script, ScriptedModel


def function(name: str, *fields: str, **more: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": {field: {"type": "string"} for field in fields}}
    return {"type": "function", "function": {"name": name, "parameters": schema, **more}}


PRICE, STOCK = function("price", "产品", description="What it costs."), function("stock", "sku")
WHERE, WHICH = '{"产品": "保温杯🥤，大号"}', '{"sku": "A-7"}'
#: Two tools at once, with a word before, and arguments that come by the character.
CALLS = Script(
    "text", text="我查一下。", tool="price", arguments=WHERE, more_tools=(("stock", WHICH),), argument_piece=3,
    finish_reason="tool_calls",
)  # fmt: skip
TOOLS: dict[str, Any] = {"tools": [PRICE, STOCK]}
STREAMED = pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
DIALECTS = pytest.mark.parametrize("dialect", ["compatible", "anthropic"])


class Kind(BaseModel):
    kind: str


@pytest.fixture
def dialect() -> str:
    return "compatible"


@pytest.fixture
def models_text(primary: ScriptedModel, fallback: ScriptedModel, dialect: str) -> str:
    key = "api_key: '${KEY}'"
    return f"""
providers:
  p: {{profile: {dialect}, base_url: '{primary.base_url}', {key}}}
  f: {{profile: compatible, base_url: '{fallback.base_url}', {key}}}
backends:
  primary: {{provider: p, model: first, prices: {{input: 1, output: 2}}}}
  fallback: {{provider: f, model: second}}
  simple: {{provider: f, model: third, without: [tools, top_p]}}
routes:
  default: {{backends: [primary, fallback], deadlines: {{first_token: 300, idle: 300, answer: 300, total: 600}}}}
  message: {{backends: [simple, primary, fallback]}}
"""


async def asked(sdk: openai.AsyncOpenAI, talk: list[Any], *, streamed: bool, **more: Any) -> Any:
    """Return the completion; what is streamed is put together by the SDK itself."""
    if not streamed:
        return await sdk.chat.completions.create(model="cuedesk", messages=talk, **more)
    async with sdk.chat.completions.stream(model="cuedesk", messages=talk, **more) as stream:
        return await stream.get_final_completion()


def called(completion: Any) -> list[tuple[str, str]]:
    calls = completion.choices[0].message.tool_calls or []
    return [(call.function.name, call.function.arguments) for call in calls]


@DIALECTS
@STREAMED
async def test_tools_are_called_and_what_came_of_them_is_answered(
    sdk: openai.AsyncOpenAI, primary: ScriptedModel, fallback: ScriptedModel, dialect: str, *, streamed: bool
) -> None:
    primary.play(CALLS, Script("text", text="99 元，有货。"))
    talk: list[Any] = [{"role": "developer", "content": "简短"}, {"role": "user", "content": "多少钱？"}]
    first = await asked(sdk, talk, streamed=streamed, **TOOLS)
    choice = first.choices[0]
    assert (choice.message.content, choice.finish_reason) == ("我查一下。", "tool_calls")
    assert [(name, json.loads(arguments)) for name, arguments in called(first)] == [
        ("price", json.loads(WHERE)), ("stock", json.loads(WHICH)),
    ]  # fmt: skip
    ids = [call.id for call in choice.message.tool_calls]
    assert len(set(ids)) == 2
    assert all(call.type == "function" for call in choice.message.tool_calls)

    sent_back = choice.message.model_dump(exclude_none=True) if streamed else choice.message
    if streamed:
        sent_back = {key: sent_back[key] for key in ("role", "content", "tool_calls")}
        for call in sent_back["tool_calls"]:
            call["function"].pop("parsed_arguments", None)
    talk += [sent_back]
    talk += [{"role": "tool", "tool_call_id": id_, "content": said} for id_, said in zip(ids, ["99", ""], strict=True)]
    second = await asked(sdk, talk, streamed=streamed, **TOOLS)
    assert (second.choices[0].message.content, second.choices[0].finish_reason) == ("99 元，有货。", "stop")
    assert not second.choices[0].message.tool_calls
    assert fallback.requests == [], "what does not take tools was not asked"
    _seen(primary, dialect, ids)


def _seen(server: ScriptedModel, dialect: str, ids: list[str]) -> None:
    body = server.requests[-1].body
    if dialect == "anthropic":
        assert body["system"] == "简短"
        assert [tool["name"] for tool in body["tools"]] == ["price", "stock"]
        assert body["tools"][0]["input_schema"] == PRICE["function"]["parameters"]
        assert body["messages"] == [
            {"role": "user", "content": "多少钱？"},
            {"role": "assistant", "content": [
                {"type": "text", "text": "我查一下。"},
                {"type": "tool_use", "id": ids[0], "name": "price", "input": json.loads(WHERE)},
                {"type": "tool_use", "id": ids[1], "name": "stock", "input": json.loads(WHICH)},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": ids[0], "content": "99"},
                {"type": "tool_result", "tool_use_id": ids[1]},
            ]},
        ]  # fmt: skip
        return
    assert body["tools"] == [PRICE, STOCK]
    calls = body["messages"][2]["tool_calls"]
    assert [(call["id"], json.loads(call["function"]["arguments"])) for call in calls] == [
        (ids[0], json.loads(WHERE)), (ids[1], json.loads(WHICH)),
    ]  # fmt: skip
    assert body["messages"][3:] == [
        {"role": "tool", "tool_call_id": ids[0], "content": "99"},
        {"role": "tool", "tool_call_id": ids[1], "content": ""},
    ]


@DIALECTS
async def test_arguments_come_in_parts_and_characters_are_whole(
    sdk: openai.AsyncOpenAI, primary: ScriptedModel, dialect: str
) -> None:
    primary.play(Script("split_utf8", text="好", tool="price", arguments=WHERE, more_tools=(("stock", WHICH),),
                        argument_piece=1, finish_reason="tool_calls"))  # fmt: skip
    stream = await sdk.chat.completions.create(model="cuedesk", messages=ASK["messages"], stream=True, **TOOLS)
    parts = [part async for chunk in stream for part in chunk.choices[0].delta.tool_calls or []]
    assert len(parts) > 20, "they are handed on as they come"
    for index, (name, arguments) in enumerate([("price", WHERE), ("stock", WHICH)]):
        of_one = [part for part in parts if part.index == index]
        assert [part.function.name for part in of_one if part.function.name] == [name]
        assert len([part.id for part in of_one if part.id]) == 1, "clients join what they are sent"
        assert "".join(part.function.arguments or "" for part in of_one) == arguments


@DIALECTS
@STREAMED
async def test_a_tool_that_takes_nothing_has_arguments_that_are_json(
    sdk: openai.AsyncOpenAI, primary: ScriptedModel, dialect: str, *, streamed: bool
) -> None:
    empty = "{}" if dialect == "anthropic" else ""  # how each says it
    primary.play(Script("text", text="", tool="now", arguments=empty, finish_reason="stop"))
    bare = {"type": "function", "function": {"name": "now"}}
    first = await asked(sdk, ASK["messages"], streamed=streamed, tools=[bare])
    assert called(first) == [("now", "{}")]
    (told,) = primary.requests[0].body["tools"]
    assert told == ({"name": "now", "input_schema": {"type": "object"}} if dialect == "anthropic" else bare)
    assert first.choices[0].finish_reason == "tool_calls", "whatever the provider calls it"
    if not streamed:
        assert first.choices[0].message.content is None


@DIALECTS
async def test_a_call_that_breaks_off_is_never_passed_for_a_whole_one(
    sdk: openai.AsyncOpenAI, primary: ScriptedModel, fallback: ScriptedModel, dialect: str
) -> None:
    half = Script("half_call", text="", tool="price", arguments=WHERE, argument_piece=2)
    primary.play(half)
    said: list[str] = []

    async def read() -> None:
        async for chunk in await sdk.chat.completions.create(
            model="cuedesk", messages=ASK["messages"], stream=True, **TOOLS
        ):
            assert chunk.choices[0].finish_reason is None
            said.extend(part.function.arguments for part in chunk.choices[0].delta.tool_calls or [])

    with pytest.raises(openai.APIError) as cut:
        await read()
    assert cut.value.code == "model_stream_cut"
    assert WHERE.startswith("".join(said))
    assert 0 < len("".join(said)) < len(WHERE)
    assert fallback.requests == [], "nobody takes over what somebody has begun to say"

    primary.play(*[half] * 3)
    fallback.play(CALLS)
    whole = await sdk.chat.completions.create(model="cuedesk", messages=ASK["messages"], **TOOLS)
    assert [json.loads(arguments) for _, arguments in called(whole)] == [json.loads(WHERE), json.loads(WHICH)]
    assert len(primary.requests) == 1 + 3
    primary.play(*[half] * 3)
    with pytest.raises(openai.InternalServerError) as failed:
        await sdk.chat.completions.create(model="primary", messages=ASK["messages"], **TOOLS)
    assert failed.value.code == "model_stream_cut"


@DIALECTS
async def test_before_the_first_part_of_a_call_another_backend_takes_over(
    sdk: openai.AsyncOpenAI, primary: ScriptedModel, fallback: ScriptedModel, dialect: str
) -> None:
    primary.play(*DOWN)
    fallback.play(CALLS)
    answer = await asked(sdk, ASK["messages"], streamed=True, **TOOLS)
    assert [name for name, _ in called(answer)] == ["price", "stock"]
    assert fallback.requests[0].body["tools"][0] == PRICE


@DIALECTS
async def test_how_tools_are_chosen_reaches_the_model(
    sdk: openai.AsyncOpenAI, primary: ScriptedModel, dialect: str
) -> None:
    named: Any = {"type": "function", "function": {"name": "stock"}}
    alone = {"disable_parallel_tool_use": True}
    wanted: list[tuple[dict[str, Any], Any]] = [
        ({}, None),
        ({"tool_choice": "auto"}, {"type": "auto"}),
        ({"tool_choice": "none"}, {"type": "none"}),
        ({"tool_choice": "required"}, {"type": "any"}),
        ({"tool_choice": named}, {"type": "tool", "name": "stock"}),
        ({"tool_choice": "required", "parallel_tool_calls": False}, {"type": "any", **alone}),
        ({"parallel_tool_calls": False}, {"type": "auto", **alone}),
    ]
    for more, to_anthropic in wanted:
        await sdk.chat.completions.create(model="cuedesk", messages=ASK["messages"], **TOOLS, **more)
        body = primary.requests[-1].body
        if dialect == "anthropic":
            assert body.get("tool_choice") == to_anthropic
        else:
            assert body.get("tool_choice") == more.get("tool_choice")
            assert body.get("parallel_tool_calls") == more.get("parallel_tool_calls")


async def test_how_it_is_drawn_and_where_it_ends_reaches_the_model(
    sdk: openai.AsyncOpenAI, primary: ScriptedModel
) -> None:
    more: dict[str, Any] = {"stop": ["。", "\n\n"], "top_p": 0.3, "seed": 42, "temperature": 0.2}
    await sdk.chat.completions.create(model="primary", messages=ASK["messages"], max_completion_tokens=9, **more)
    body = primary.requests[0].body
    assert {name: body[name] for name in more} == more
    assert body["max_tokens"] == 9
    await sdk.chat.completions.create(model="primary", messages=ASK["messages"], stop="好", top_p=1, n=1)
    assert primary.requests[1].body["stop"] == ["好"]
    assert not {"top_p", "seed", "n", "tools", "tool_choice"} & primary.requests[1].body.keys()


@pytest.mark.parametrize("dialect", ["anthropic"])
async def test_what_a_backend_does_not_take_is_asked_of_another_and_said(
    sdk: openai.AsyncOpenAI, primary: ScriptedModel, fallback: ScriptedModel, services: Services
) -> None:
    await sdk.chat.completions.create(model="primary", messages=ASK["messages"], stop=["。"], top_p=0.3)
    body = primary.requests[0].body
    assert (body["stop_sequences"], body["top_p"]) == (["。"], 0.3)
    fallback.play(Script("text", text="好"))
    answer: Any = await sdk.chat.completions.create(model="cuedesk", messages=ASK["messages"], seed=7, top_p=0.5)
    assert (answer.answered_by, answer.choices[0].message.content) == ("second", "好")
    assert (len(primary.requests), fallback.requests[0].body["seed"]) == (1, 7)
    for model, more, param in (
        ("primary", {"seed": 7}, "seed"), ("simple", TOOLS, "tools"), ("simple", {"top_p": 0.5}, "top_p"),
    ):  # fmt: skip
        for streamed in (True, False):
            with pytest.raises(openai.BadRequestError) as refused:
                await sdk.chat.completions.create(
                    model=model, messages=ASK["messages"], stream=streamed, **more  # type: ignore[arg-type]
                )  # fmt: skip
            assert (refused.value.code, refused.value.param) == ("unsupported_parameter", param)
            assert refused.value.response.headers["x-should-retry"] == "false"
    assert (len(primary.requests), len(fallback.requests)) == (1, 1)
    # A result of a tool is one too, though no tool is told.
    call: Any = {"id": "a", "type": "function", "function": {"name": "price", "arguments": "{}"}}
    talk: list[Any] = [{"role": "user", "content": "a"}, {"role": "assistant", "tool_calls": [call]}]
    talk.append({"role": "tool", "tool_call_id": "a", "content": "b"})
    with pytest.raises(openai.BadRequestError) as refused:
        await sdk.chat.completions.create(model="simple", messages=talk)
    assert refused.value.param == "tools"
    await sdk.chat.completions.create(model="primary", messages=talk)
    body = primary.requests[-1].body
    assert (body["tools"], body["tool_choice"]) == (
        [{"name": "price", "input_schema": {"type": "object"}}], {"type": "none"},
    ), "it takes such a talk with its tools only"  # fmt: skip


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"logit_bias": {"1": 1}}, "logit_bias"),
        ({"presence_penalty": 1.0}, "presence_penalty"),
        ({"frequency_penalty": 0.5}, "frequency_penalty"),
        ({"store": True}, "store"),
        ({"modalities": ["audio"]}, "modalities"),
        ({"audio": {"voice": "alloy", "format": "wav"}}, "audio"),
        ({"prediction": {"type": "content", "content": "a"}}, "prediction"),
        ({"reasoning_effort": "low"}, "reasoning_effort"),
        ({"web_search_options": {}}, "web_search_options"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"function_call": "auto"}, "function_call"),
        ({"tools": [{"type": "custom", "custom": {"name": "f"}}]}, "tools.0.type"),
        ({"tools": [PRICE], "tool_choice": {"type": "allowed_tools", "allowed_tools": {}}}, "tool_choice.type"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://a.b"}}]}]},
            "messages.0.content.0.type",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "input_audio", "input_audio": {"data": "a"}}]}]},
            "messages.0.content.0.type",
        ),
        ({"messages": [{"role": "function", "name": "f", "content": "a"}]}, "messages.0.role"),
        ({"messages": [{"role": "assistant", "content": "a", "audio": {"id": "a"}}]}, "messages.0.audio"),
    ],
)
async def test_what_is_not_taken_is_refused_by_its_name(
    service: httpx.AsyncClient, primary: ScriptedModel, more: dict[str, Any], param: str
) -> None:
    told = await service.post("/v1/chat/completions", json={"model": "cuedesk", **ASK, **more})
    error = told.json()["error"]
    assert (told.status_code, error["code"], error["param"]) == (400, "unsupported_parameter", param)
    assert primary.requests == []


def _talk(*after: dict[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "a"}, *after]}


def _call(id_: str = "a", **more: Any) -> dict[str, Any]:
    return {"id": id_, "type": "function", "function": {"name": "f", "arguments": "{}", **more}}


_CALLED = {"role": "assistant", "tool_calls": [_call()]}
_RESULT = {"role": "tool", "tool_call_id": "a", "content": "b"}


def _deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(levels):
        schema = {"a": schema}
    return {"type": "function", "function": {"name": "f", "parameters": schema}}


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"tools": [PRICE, PRICE]}, "tools"),
        ({"tools": [{"type": "function"}]}, "tools.0.function"),
        ({"tools": [{"type": "function", "function": {"name": "two words"}}]}, "tools.0.function.name"),
        ({"tools": [_deep(100)]}, "tools.0.function.parameters"),
        ({"tools": [_deep(250)]}, "tools.0.function.parameters"),
        ({"tools": [_deep(600)]}, "tools.0.function.parameters"),
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": {"a": "\ud800"}}}]},
         "tools.0.function.parameters"),
        ({"tools": [{"type": "function", "function": {"name": "f", "parameters": {"a": 2**70}}}]},
         "tools.0.function.parameters"),
        ({"tools": [{"type": "function", "function": {"name": "f", "strict": 1}}]}, "tools.0.function.strict"),
        ({"tools": [function(f"f{n}") for n in range(129)]}, "tools"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [PRICE], "tool_choice": "any"}, "tool_choice"),
        ({"tools": [PRICE], "tool_choice": {"type": "function", "function": {"name": "stock"}}}, "tool_choice"),
        ({"tools": [PRICE], "tool_choice": {"type": "function"}}, "tool_choice.function"),
        ({"tools": [PRICE], "parallel_tool_calls": "no"}, "parallel_tool_calls"),
        ({"stop": ["a"] * 5}, "stop"),
        ({"stop": ""}, "stop"),
        ({"stop": [""]}, "stop.0"),
        ({"stop": 5}, "stop"),
        ({"stop": "\ud800"}, "stop"),
        ({"top_p": 1.5}, "top_p"),
        ({"seed": 2**63}, "seed"),
        ({"seed": 1.0}, "seed"),
        (_talk(_CALLED), "messages.1.tool_calls"),
        (_talk(_CALLED, {"role": "user", "content": "a"}), "messages.1.tool_calls"),
        (_talk({**_CALLED, "tool_calls": [_call("a"), _call("b")]}, _RESULT), "messages.1.tool_calls"),
        (_talk({**_CALLED, "tool_calls": [_call("a"), _call("a")]}, _RESULT), "messages.1.tool_calls"),
        (_talk(_RESULT), "messages.1.tool_call_id"),
        (_talk(_CALLED, _RESULT, _RESULT), "messages.3.tool_call_id"),
        (_talk(_CALLED, {"role": "tool", "content": "b"}), "messages.2.tool_call_id"),
        (_talk(_CALLED, {**_RESULT, "content": None}), "messages.2.content"),
        (_talk({**_CALLED, "role": "user", "content": "a"}), "messages.1.tool_calls"),
        (_talk({"role": "user", "content": "a", "tool_call_id": "a"}), "messages.1.tool_call_id"),
        (_talk({**_CALLED, "tool_calls": [_call(arguments="\ud800")]}),
         "messages.1.tool_calls.0.function.arguments"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("keyed", [False, True], ids=["", "keyed"])
async def test_what_is_wrong_with_tools_is_told_of_its_own_field(
    service: httpx.AsyncClient, primary: ScriptedModel, more: dict[str, Any], param: str, *, keyed: bool
) -> None:
    headers = {"Content-Type": "application/json", **({"Idempotency-Key": f"tools {param}"} if keyed else {})}
    asked = json.dumps({"model": "cuedesk", **ASK, **more})
    told = await service.post("/v1/chat/completions", content=asked, headers=headers)
    error = told.json()["error"]
    assert (told.status_code, error["code"], error["param"]) == (400, "bad_request", param)
    assert primary.requests == []


async def test_a_talk_goes_on_though_a_model_wrote_arguments_that_are_no_json(
    sdk: openai.AsyncOpenAI, primary: ScriptedModel, fallback: ScriptedModel
) -> None:
    fallback.play(Script("text", text="", tool="price", arguments='{"产品": 保温杯', finish_reason="tool_calls"))
    primary.play(*DOWN)
    first = await sdk.chat.completions.create(model="cuedesk", messages=ASK["messages"], **TOOLS)
    assert called(first) == [("price", '{"产品": 保温杯')], "as the model wrote it"
    message = first.choices[0].message
    assert message.tool_calls is not None
    result = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "?"}
    primary.play(Script("text", text="好"))
    talk: list[Any] = [*ASK["messages"], message, result]
    assert (await sdk.chat.completions.create(model="cuedesk", messages=talk, **TOOLS)).choices


@STREAMED
async def test_an_answer_with_calls_is_told_again_for_its_key_and_for_no_other_tools(
    service: httpx.AsyncClient, primary: ScriptedModel, *, streamed: bool
) -> None:
    primary.play(CALLS)
    key = {"Idempotency-Key": f"calls {streamed}"}
    body = {"model": "cuedesk", **ASK, **TOOLS, "stream": streamed}
    first = await service.post("/v1/chat/completions", json=body, headers=key)
    again = await service.post("/v1/chat/completions", json=body, headers=key)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert _calls_in(first.text, streamed=streamed) == _calls_in(again.text, streamed=streamed) != []
    for other in ({"tools": [PRICE]}, {"seed": 1}, {"stop": "。"}, {"top_p": 0.5}, {"tool_choice": "none"}):
        told = await service.post("/v1/chat/completions", json={**body, **other}, headers=key)
        assert (told.status_code, told.json()["error"]["code"]) == (422, "idempotency_key_reused")
    assert len(primary.requests) == 1


def _calls_in(text: str, *, streamed: bool) -> list[Any]:
    """Return the calls of an answer: id, name and arguments."""
    if not streamed:
        calls = json.loads(text)["choices"][0]["message"]["tool_calls"]
        return [[call["id"], call["function"]["name"], call["function"]["arguments"]] for call in calls]
    found: dict[int, list[str]] = {}
    for line in text.splitlines():
        if not line.startswith("data: {"):
            continue
        for part in json.loads(line.removeprefix("data: "))["choices"][0]["delta"].get("tool_calls", []):
            function = part["function"]
            one = found.setdefault(part["index"], ["", "", ""])
            for at, more in enumerate((part.get("id", ""), function.get("name", ""), function["arguments"])):
                one[at] += more
    return list(found.values())


async def test_the_same_words_with_other_tools_are_another_call(
    service: httpx.AsyncClient, primary: ScriptedModel
) -> None:
    primary.by_model["first"] = Script("text", text="好", first_delay=0.3)
    asked: list[dict[str, Any]] = [
        TOOLS, TOOLS, {"tools": [PRICE]}, {**TOOLS, "tool_choice": "required"}, {**TOOLS, "parallel_tool_calls": False},
        {"stop": "。"}, {"top_p": 0.5}, {"seed": 1}, {"seed": 2},
    ]  # fmt: skip
    answers = await asyncio.gather(
        *(service.post("/v1/chat/completions", json={"model": "primary", **ASK, **more}) for more in asked)
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len(primary.requests) == len(asked) - 1, "only the same is one"


@DIALECTS
async def test_an_object_of_a_shape_may_come_after_the_tools(
    sdk: openai.AsyncOpenAI, primary: ScriptedModel, dialect: str
) -> None:
    primary.play(CALLS, Script("text", text='{"kind": "chat"}'))
    talk: list[Any] = list(ASK["messages"])
    tools: Any = [function("price", strict=True)]
    tools[0]["function"]["parameters"] |= {"required": [], "additionalProperties": False}
    first = await sdk.chat.completions.parse(model="cuedesk", messages=talk, response_format=Kind, tools=tools)
    message = first.choices[0].message
    assert (first.choices[0].finish_reason, message.parsed) == ("tool_calls", None)
    assert message.tool_calls is not None
    plain = [{"id": one.id, "type": "function", "function": {"name": one.function.name, "arguments": "{}"}}
             for one in message.tool_calls]  # fmt: skip
    talk.append({"role": "assistant", "content": None, "tool_calls": plain})
    talk += [{"role": "tool", "tool_call_id": one.id, "content": "99"} for one in message.tool_calls]
    second = await sdk.chat.completions.parse(model="cuedesk", messages=talk, response_format=Kind, tools=tools)
    assert second.choices[0].message.parsed == Kind(kind="chat")
    body = primary.requests[-1].body
    if dialect == "anthropic":  # there a shape is a tool that must be called, so it is told in words here
        assert "tool_choice" not in body
        assert "JSON Schema" in body["system"]
    else:
        assert body["response_format"]["type"] == "json_schema"
        assert body["tools"][0]["function"]["strict"] is True


def test_a_request_that_asks_for_nothing_new_is_written_as_it_was() -> None:
    """By what is written a key is known to come with the same body, though the server was renewed between."""
    said = [{"role": "system", "content": "简短"}, {"role": "user", "content": [{"type": "text", "text": "a"}]}]
    beside = '"name":null,"refusal":null,"reasoning_content":null,"annotations":null,"tool_calls":null,'
    beside += '"function_call":null,"audio":null'
    body = Completion.model_validate({"model": "cuedesk", "messages": said, "max_tokens": 5})
    assert body.model_dump_json() == (
        f'{{"model":"cuedesk","messages":[{{"role":"system","content":"简短",{beside}}},'
        f'{{"role":"user","content":[{{"type":"text","text":"a"}}],{beside}}}],'
        '"temperature":null,"max_tokens":5,"max_completion_tokens":null,"stream":null,"stream_options":null,'
        '"response_format":null,"n":null,"top_p":null,"presence_penalty":null,"frequency_penalty":null,'
        '"logprobs":null,"top_logprobs":null,"logit_bias":null,"stop":null,"seed":null,"service_tier":null,'
        '"store":null,"tools":null,"tool_choice":null,"parallel_tool_calls":null,"user":null,'
        '"safety_identifier":null,"metadata":null}'
    )
