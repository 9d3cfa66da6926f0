"""Tools in each dialect: what goes out, what comes back, and who cannot."""

import asyncio
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from backend.errors import ModelIncapable, ModelRefused, ModelStreamCut
from backend.ids import new_id
from backend.llm.adapters.langchain import LangchainEndpoint
from backend.llm.adapters.openai_compatible import OpenAIDialect
from backend.llm.budget import Reservation
from backend.llm.deadlines import Deadlines
from backend.llm.endpoint import Attempt
from backend.llm.gateway import (
    Answer,
    Caller,
    ChatTurn,
    ModelRequest,
    Tool,
    ToolCallPart,
    ToolChoice,
    estimate_tokens,
    joined_calls,
)
from backend.llm.profiles import PROFILES
from backend.llm.routed import RoutedModel
from tests.integration.llm.test_dialects import Parts
from tests.support.routed_models import KEY, QUICK, REQUEST, Routed, models_of, opened, route_of, routed
from tests.support.scripted_model import Script, ScriptedModel

TOOL = Tool("look_up", "Looks a product up.", {"type": "object", "properties": {"产品": {"type": "string"}}})
ASKED = replace(REQUEST, tools=[TOOL])
BOTH = Script(
    "text", text="", tool="look_up", arguments='{"产品": "保温杯"}', more_tools=(("count", "{}"),),
    finish_reason="tool_calls",
)  # fmt: skip
PROFILES_OF_BOTH = pytest.mark.parametrize("profile", ["compatible", "anthropic"])
STREAMED = pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
NO_TOOLS = "registry.ollama.ai/library/gemma:2b does not support tools"


async def calls_of(model: Routed, request: ModelRequest, *, streamed: bool) -> tuple[ToolCallPart, ...]:
    if not streamed:
        return (await model.model.complete(request)).tool_calls
    return joined_calls([part for piece in await model.ask(request) for part in piece.tool_calls])


@PROFILES_OF_BOTH
@STREAMED
async def test_tools_that_are_called_at_once_come_apart(server: ScriptedModel, profile: str, *, streamed: bool) -> None:
    server.play(BOTH)
    async with routed(route_of(server, profile=profile)) as model:
        calls = await calls_of(model, ASKED, streamed=streamed)
    assert [(call.place, call.name) for call in calls] == [(0, "look_up"), (1, "count")]
    assert len({call.id for call in calls}) == 2
    assert [json.loads(call.arguments or "{}") for call in calls] == [{"产品": "保温杯"}, {}]


@STREAMED
async def test_calls_are_told_apart_though_all_have_one_number(server: ScriptedModel, *, streamed: bool) -> None:
    """Gemini's way, in its dialect of OpenAI's. Of others the id and the name come with each part."""

    def event(**delta: Any) -> bytes:
        return json.dumps({"choices": [{"index": 0, "delta": {"tool_calls": [delta]}}]}).encode()

    def part(id_: str, name: str, arguments: str, **more: Any) -> dict[str, Any]:
        return {**more, "id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}

    answer = OpenAIDialect().reading(ASKED, PROFILES["gemini"])
    wanted = [ToolCallPart(0, "a", "f", '{"x": 1}'), ToolCallPart(1, "b", "f", "{}")]
    if streamed:
        pieces = [
            answer.read(event(**part("a", "f", '{"x"', index=0))),
            answer.read(event(**part("a", "f", ": 1}", index=0))),
            answer.read(event(**part("b", "f", "", index=0))),
            answer.read(event(index=0, function={"arguments": "{}"})),
        ]
        assert joined_calls([one for piece in pieces if piece for one in piece.tool_calls]) == tuple(wanted)
        return
    calls = [part("a", "f", '{"x": 1}', index=0), part("b", "f", "{}", index=0)]
    answer.take_whole({"choices": [{"message": {"content": None, "tool_calls": calls}, "finish_reason": "stop"}]})
    assert answer.answer().tool_calls == tuple(wanted)


@PROFILES_OF_BOTH
async def test_a_call_that_breaks_off_is_cut_accounted_and_taken_over_by_nobody(
    server: ScriptedModel, house: ScriptedModel, profile: str, no_pause: None
) -> None:
    half = Script("half_call", text="", tool="look_up", arguments='{"产品": "保温杯，大号的那一种"}', argument_piece=2)
    server.play(*[half] * 4)
    async with routed(route_of(server, house, profile=profile)) as model:
        with pytest.raises(ModelStreamCut):
            await model.ask(ASKED)
        assert house.requests == []
        house.play(BOTH)
        whole = await model.model.complete(ASKED)
    assert [call.name for call in whole.tool_calls] == ["look_up", "count"]
    streamed, taken_over = model.records
    assert (streamed.status, streamed.failure, streamed.usage.estimated) == ("failed", "cut", True)
    assert streamed.usage.output_tokens > 5, "what came of the arguments was made"
    assert streamed.texts is not None
    (call,) = streamed.texts.tool_calls
    assert call.name == "look_up"
    assert '{"产品": "保温杯，大号的那一种"}'.startswith(call.arguments)
    assert [hop.reason for hop in taken_over.hops] == ["cut"] * 3
    assert all(hop.output_tokens > 3 for hop in taken_over.hops)


@PROFILES_OF_BOTH
@STREAMED
async def test_what_is_estimated_holds_tools_calls_and_results(
    server: ScriptedModel, profile: str, *, streamed: bool
) -> None:
    long = json.dumps({"text": "一" * 400}, ensure_ascii=False)
    server.by_model["scripted"] = Script("text", text="", tool="look_up", arguments=long, usage=False)
    call = ToolCallPart(0, "a", "look_up", long)
    turns = [*REQUEST.turns, ChatTurn("assistant", "", (call,)), ChatTurn("tool", "二" * 400, tool_call_id="a")]
    tool = replace(TOOL, parameters={"type": "object", "description": "三" * 400})
    used = []
    async with routed(route_of(server, profile=profile)) as model:
        for request in (REQUEST, replace(REQUEST, turns=turns), replace(REQUEST, turns=turns, tools=[tool])):
            answered = await _usage(model, request, streamed=streamed)
            assert answered.estimated
            assert answered.output_tokens >= 300, "the arguments"
            used.append(answered.input_tokens)
    assert used[1] - used[0] >= 600
    assert used[2] - used[1] >= 300


async def _usage(model: Routed, request: ModelRequest, *, streamed: bool) -> Any:
    return (await model.ask(request))[-1].usage if streamed else (await model.model.complete(request)).usage


class Held:
    """Budgets without end that keep what was to be held back."""

    def __init__(self) -> None:
        self.wanted: list[Reservation] = []

    async def reserve(self, wanted: Reservation) -> None:
        self.wanted.append(wanted)

    def settle(self, wanted: Reservation, tokens: int) -> None:
        """Nothing to give back."""


async def test_room_is_made_for_tools_and_only_at_backends_that_take_them(server: ScriptedModel) -> None:
    text = models_text(server, first="limits: {output: 30000}, without: [tools]", second="limits: {output: 100}")
    budgets = Held()
    model = RoutedModel(models_of(text), opened, Deadlines(**QUICK), lambda _: None, budgets)
    tool = replace(TOOL, parameters={"type": "object", "description": "三" * 4000})
    for tools in ((), (TOOL,), (tool,)):
        await model.complete(replace(REQUEST, tools=tools, caller=Caller(new_id())))
    await model.aclose()
    plain, small, large = (one.tokens for one in budgets.wanted)
    assert plain > 30_000
    assert small < 1000, "who cannot is not asked"
    assert large - small > estimate_tokens("三" * 3900)


def models_text(*servers: ScriptedModel, first: str = "", second: str = "") -> str:
    one, other = servers[0], servers[-1]
    return f"""
providers:
  p0: {{profile: compatible, base_url: '{one.base_url}'}}
  p1: {{profile: compatible, base_url: '{other.base_url}'}}
backends:
  b0: {{provider: p0, model: scripted, {first}}}
  b1: {{provider: p1, model: scripted-1, {second}}}
routes:
  default: {{backends: [b0, b1]}}
"""


@STREAMED
async def test_who_is_declared_to_lack_it_is_passed_over_and_why_is_accounted(
    server: ScriptedModel, house: ScriptedModel, *, streamed: bool
) -> None:
    house.play(BOTH)
    async with routed(models_of(models_text(server, house, first="without: [tools]"))) as model:
        assert len(await calls_of(model, ASKED, streamed=streamed)) == 2
        await model.ask(REQUEST)
        with pytest.raises(ModelIncapable) as refused:
            await calls_of(model, replace(ASKED, backend="b0"), streamed=streamed)
    assert (refused.value.status, refused.value.details["param"]) == (400, "tools")
    assert (len(server.requests), len(house.requests)) == (1, 1), "and it serves what it can"
    passed, _, alone = model.records
    assert [(hop.backend, hop.reason, hop.status) for hop in passed.hops] == [("b0", "unsupported", None)]
    assert (passed.fallback_from, passed.backend, passed.attempts) == ("b0", "b1", 1)
    assert (alone.status, alone.failure, alone.attempts) == ("failed", "unsupported", 0)
    assert [hop.reason for hop in alone.hops] == ["unsupported"]


@pytest.mark.parametrize(
    "script",
    [
        Script("status", status=400, code="", message=NO_TOOLS),
        Script("status", status=404, code="404", message="No endpoints found that support tool use."),
        Script("status", status=400, message='"auto" tool choice requires --enable-auto-tool-choice to be set'),
    ],
    ids=["ollama", "openrouter", "vllm"],
)
@STREAMED
async def test_who_says_that_it_knows_no_tools_is_passed_over(
    server: ScriptedModel, house: ScriptedModel, script: Script, *, streamed: bool
) -> None:
    server.by_model["scripted"] = script
    house.play(BOTH)
    async with routed(route_of(server, house)) as model:
        assert len(await calls_of(model, ASKED, streamed=streamed)) == 2
        for _ in range(6):
            with pytest.raises(ModelIncapable):
                await model.model.complete(replace(ASKED, backend="b0", seed=len(server.requests)))
        (backend, _) = model.model.backends()
        assert backend.breaker.state == "closed", "it answers"
    assert [(hop.backend, hop.reason, hop.status) for hop in model.records[0].hops] == [
        ("b0", "unsupported", script.status)
    ]


@pytest.mark.parametrize(
    ("profile", "choice", "told"),
    [
        ("compatible", ToolChoice("none"), {"tools": 1, "tool_choice": "none"}),
        ("zhipu", ToolChoice("none"), {}),
        ("zhipu", ToolChoice("auto"), {"tools": 1}),
        ("deepseek", ToolChoice("named", "look_up"),
         {"tools": 1, "tool_choice": {"type": "function", "function": {"name": "look_up"}}}),
    ],
)  # fmt: skip
async def test_what_a_provider_has_no_word_for_is_said_by_leaving_out(
    server: ScriptedModel, profile: str, choice: ToolChoice, told: dict[str, Any]
) -> None:
    async with routed(route_of(server, profile=profile)) as model:
        await model.ask(replace(ASKED, tool_choice=choice, parallel_tool_calls=True))
    body = server.requests[0].body
    assert body.get("tool_choice") == told.get("tool_choice")
    assert ("tools" in body) == ("tools" in told)
    assert ("parallel_tool_calls" in body) == (profile == "compatible")


@pytest.mark.parametrize(
    ("profile", "request_", "param"),
    [
        ("zhipu", replace(ASKED, tool_choice=ToolChoice("required")), "tool_choice"),
        ("zhipu", replace(REQUEST, provider_seed=0), "seed"),
        ("deepseek", replace(ASKED, parallel_tool_calls=False), "parallel_tool_calls"),
        ("deepseek", replace(REQUEST, provider_seed=3), "seed"),
        ("anthropic", replace(REQUEST, provider_seed=3), "seed"),
    ],
)
async def test_what_a_provider_does_not_take_is_not_sent_to_it(
    server: ScriptedModel, profile: str, request_: ModelRequest, param: str
) -> None:
    async with routed(route_of(server, profile=profile)) as model:
        with pytest.raises(ModelIncapable) as refused:
            await model.ask(request_)
    assert refused.value.details["param"] == param
    assert server.requests == []


async def test_the_offline_writer_calls_no_tools() -> None:
    text = "providers: {d: {profile: offline}}\nbackends: {d: {provider: d, model: offline}}\n"
    async with routed(models_of(text + "routes: {default: {backends: [d]}}\n")) as model:
        for asked in (ASKED, replace(REQUEST, stop=["。"]), replace(REQUEST, top_p=0.5)):
            with pytest.raises(ModelRefused) as refused:
                await model.model.complete(asked)
            assert (refused.value.status, refused.value.failure) == (400, "unsupported")


async def test_ids_and_arguments_of_another_provider_are_put_in_anthropics_words(server: ScriptedModel) -> None:
    ids = ["functions.f:0", "functions_f_0", "functions-f.0", "b"]
    calls = tuple(ToolCallPart(at, one, "f", "no json") for at, one in enumerate(ids[:3]))
    turns = [
        ChatTurn("user", "a"), ChatTurn("assistant", "", (*calls, ToolCallPart(3, "b", "f", "[1]"))),
        *(ChatTurn("tool", one, tool_call_id=one) for one in ids), ChatTurn("user", "c"),
    ]  # fmt: skip
    async with routed(route_of(server, profile="anthropic")) as model:
        await model.ask(replace(ASKED, turns=turns))
    said = server.requests[0].body["messages"]
    assert [one["role"] for one in said] == ["user", "assistant", "user", "user"]
    uses = said[1]["content"]
    assert [use["input"] for use in uses] == [{"arguments": "no json"}] * 3 + [{"arguments": "[1]"}]
    told = [use["id"] for use in uses]
    # In its alphabet, as they were where they are in it, and no two made one.
    assert all(re.fullmatch("[A-Za-z0-9_-]+", one) for one in told)
    assert (told[1], told[3], len(set(told))) == ("functions_f_0", "b", 4)
    assert [(one["tool_use_id"], one["content"]) for one in said[2]["content"]] == list(zip(told, ids, strict=True))


def _langchain(server: ScriptedModel) -> LangchainEndpoint:
    return LangchainEndpoint(ChatOpenAI(model="m", base_url=server.base_url, api_key=SecretStr(KEY), max_retries=0))


def _attempt() -> Attempt:
    return Attempt(Deadlines(), asyncio.get_running_loop().time() + 30, "k")


async def test_a_langchain_model_is_told_of_tools_and_what_came_of_them(server: ScriptedModel) -> None:
    server.play(BOTH, BOTH)
    call = ToolCallPart(0, "a", "look_up", '{"产品": "杯"}')
    turns = [*REQUEST.turns, ChatTurn("assistant", "查", (call,)), ChatTurn("tool", "99", tool_call_id="a")]
    endpoint, attempt = _langchain(server), _attempt()
    asked = replace(ASKED, turns=turns, tool_choice=ToolChoice("required"), stop=["。"])
    answer: Answer = await endpoint.complete(asked, attempt)
    assert [(one.place, one.name) for one in answer.tool_calls] == [(0, "look_up"), (1, "count")]
    assert answer.finish_reason == "tool_calls"
    assert attempt.meter.tool_calls == answer.tool_calls
    body = server.requests[0].body
    assert (body["tools"][0]["function"]["name"], body["tool_choice"], body["stop"]) == ("look_up", "required", ["。"])
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "tool"]
    assert json.loads(body["messages"][2]["tool_calls"][0]["function"]["arguments"]) == {"产品": "杯"}
    assert body["messages"][3]["tool_call_id"] == "a"
    await endpoint.complete(replace(asked, tool_choice=ToolChoice("none")), _attempt())
    assert "tools" not in server.requests[1].body


async def test_calls_of_a_langchain_model_that_counts_nothing_are_estimated() -> None:
    def part(**more: Any) -> AIMessageChunk:
        return AIMessageChunk("", tool_call_chunks=[{"name": None, "id": None, "args": "", "index": None, **more}])

    parts = [
        part(name="f", id="a", args='{"x": "'), part(args="一" * 400), part(args='"}'), part(name="g", id="b"),
        AIMessageChunk("", response_metadata={"finish_reason": "tool_calls"}),
    ]  # fmt: skip
    answer = await LangchainEndpoint(Parts(parts=parts)).complete(ASKED_OF_NOBODY, _attempt())
    assert [(call.place, call.id, call.name) for call in answer.tool_calls] == [(0, "a", "f"), (1, "b", "g")]
    assert answer.usage.estimated
    assert answer.usage.output_tokens >= 300


#: Of a model that knows none: what it says is read all the same.
ASKED_OF_NOBODY = replace(ASKED, tools=())


async def test_a_langchain_package_that_knows_no_tools_is_told_as_such() -> None:
    with pytest.raises(ModelIncapable) as refused:
        await LangchainEndpoint(Parts(parts=[])).complete(ASKED, _attempt())
    assert refused.value.details["param"] == "tools"
