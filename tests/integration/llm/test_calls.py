"""Calls of tools are neither lost, nor merged, nor changed, and nothing of another package comes through raw."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatResult

from backend.errors import ModelError
from backend.llm.adapters.anthropic import AnthropicDialect
from backend.llm.adapters.langchain import LangchainEndpoint
from backend.llm.adapters.openai_compatible import OpenAIDialect
from backend.llm.deadlines import Deadlines
from backend.llm.endpoint import Attempt, Endpoint
from backend.llm.gateway import ChatTurn, Tool, ToolCallPart, ToolChoice, joined_calls
from backend.llm.models_file import Backend, Provider
from backend.llm.profiles import PROFILES
from backend.llm.routed import RoutedModel
from backend.llm.tool_calls import CallPlaces
from tests.integration.llm.test_dialects import Parts
from tests.support.routed_models import QUICK, REQUEST, models_of, opened, route_of, routed
from tests.support.scripted_model import Script, ScriptedModel

pytestmark = pytest.mark.usefixtures("no_pause")

TOOL = Tool("price", "", {"type": "object", "properties": {}})
ASKED = replace(REQUEST, tools=[TOOL], tool_choice=ToolChoice("required"))
STREAMED = pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
LONG = '{"order":123456789012345678901234567890,"weight":0.10000000000000000555}'


class Whole(Parts):
    """Cannot stream."""

    disable_streaming: bool = True
    said: Any = None

    def bind_tools(self, *_: Any, **__: Any) -> Any:
        return self

    async def _agenerate(self, *_: Any, **__: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self.said)])


def _whole(**said: Any) -> Whole:
    return Whole(parts=[], said=AIMessage("", **said))


def _called(args: Any, name: str | None = "price") -> list[Any]:
    return [{"name": name, "args": args, "id": "c1"}]


async def test_a_call_that_a_package_could_not_read_is_handed_on_as_the_model_wrote_it() -> None:
    unread = [{"name": "stock", "args": '{"a": ', "id": "c2", "error": None, "type": "invalid_tool_call"}]
    read = [{"name": "price", "args": {"a": 1}, "id": "c1"}]
    wanted = (ToolCallPart(0, "c1", "price", '{"a":1}'), ToolCallPart(1, "c2", "stock", '{"a": '))
    attempt = Attempt(Deadlines(), asyncio.get_running_loop().time() + 20, "k")
    model = _whole(tool_calls=read, invalid_tool_calls=unread)
    assert (await LangchainEndpoint(model).complete(ASKED, attempt)).tool_calls == wanted
    end = {"finish_reason": "tool_calls"}
    told = AIMessageChunk("", tool_calls=read, invalid_tool_calls=unread, response_metadata=end)
    streams = type("Streams", (Parts,), {"bind_tools": Whole.bind_tools})(parts=[told])
    calls = (await LangchainEndpoint(streams).complete(ASKED, attempt)).tool_calls
    assert [(one.id, one.name, json.loads(one.arguments) if one.id == "c1" else one.arguments) for one in calls] == [
        ("c1", "price", {"a": 1}), ("c2", "stock", '{"a": '),
    ]  # fmt: skip


class Picky(Parts):
    """A package that knows tools, and not that one must be called."""

    def bind_tools(self, *_: Any, **__: Any) -> Any:
        raise ValueError("this model does not support a tool_choice of type any")


class Odd(Parts):
    """Streams what is no message at all."""

    def bind_tools(self, *_: Any, **__: Any) -> Any:
        return self

    async def astream(self, *_: Any, **__: Any) -> Any:
        yield "no message"


class Broken:
    """An endpoint with a fault of its own."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def complete(self, *_: Any) -> Any:
        raise self.error

    async def stream(self, *_: Any) -> Any:
        raise self.error
        yield

    async def aclose(self) -> None:
        """Nothing to close."""


def _deep(levels: int) -> dict[str, Any]:
    inner: dict[str, Any] = {}
    for _ in range(levels):
        inner = {"a": inner}
    return inner


SEAMS: dict[str, tuple[Any, str]] = {
    "binding": (Picky(parts=[]), "unsupported"),
    "no message": (Odd(parts=[]), "malformed"),
    "a number that is none": (_whole(tool_calls=_called({"n": float("nan")})), "malformed"),
    "nested": (_whole(tool_calls=_called(_deep(5000))), "malformed"),
    "no arguments at all": (
        _whole(invalid_tool_calls=[{"name": "f", "args": None, "id": "a", "error": None}]), "malformed"
    ),
    "a fault": (Broken(KeyError("x")), "unknown"),
    "a fault of depth": (Broken(RecursionError()), "unknown"),
    "a group": (Broken(ExceptionGroup("x", [ValueError()])), "unknown"),
    "an end of an iteration": (Broken(StopAsyncIteration()), "unknown"),
}  # fmt: skip


@STREAMED
@pytest.mark.parametrize("seam", SEAMS)
async def test_whatever_goes_wrong_behind_a_seam_is_classified_and_another_answers(
    house: ScriptedModel, seam: str, *, streamed: bool
) -> None:
    odd, reason = SEAMS[seam]
    house.by_model["second"] = Script("text", text="第二个模型")
    models = models_of(f"""
providers:
  l: {{profile: langchain}}
  f: {{profile: compatible, base_url: '{house.base_url}'}}
backends:
  first: {{provider: l, model: 'x:y'}}
  second: {{provider: f, model: second}}
routes:
  default: {{backends: [first, second]}}
""")

    def opens(provider: Provider, backend: Backend) -> Endpoint:
        if provider.profile != "langchain":
            return opened(provider, backend)
        return odd if isinstance(odd, Broken) else LangchainEndpoint(odd)

    records: list[Any] = []
    model = RoutedModel(models, opens, Deadlines(**QUICK), records.append)
    try:
        if streamed:
            assert [piece async for piece in model.stream(ASKED)][-1].model == "second"
        else:
            assert (await model.complete(ASKED)).model == "second"
    finally:
        await model.aclose()
    assert [hop.reason for hop in records[0].hops] == [reason]


@STREAMED
async def test_what_cannot_be_sent_is_a_request_that_is_refused(server: ScriptedModel, *, streamed: bool) -> None:
    for parameters in ({"maximum": 10**30}, _deep(300)):
        asked = replace(ASKED, tools=[replace(TOOL, parameters=parameters)])
        async with routed(route_of(server)) as model:
            with pytest.raises(ModelError) as raised:
                await (model.ask(asked) if streamed else model.model.complete(asked))
        assert raised.value.failure == "bad_request"
    assert server.requests == []


@STREAMED
async def test_long_numbers_in_arguments_are_as_the_model_wrote_them(server: ScriptedModel, *, streamed: bool) -> None:
    """Anthropic's arguments are no text but an object, in whole answers and where they are sent back."""
    if streamed:
        server.play(Script("text", text="", tool="price", arguments=LONG, finish_reason="tool_calls"))
        async with routed(route_of(server, profile="anthropic")) as model:
            pieces = await model.ask(ASKED)
        (call,) = joined_calls([part for piece in pieces for part in piece.tool_calls])
        assert call.arguments == LONG
        return
    answer = AnthropicDialect().reading(ASKED, PROFILES["anthropic"])
    block = b'{"type":"tool_use","id":"a","name":"price","input":%b}' % LONG.encode()
    answer.take_whole(answer.parsed(b'{"content":[' + block + b'],"stop_reason":"tool_use"}'))
    (call,) = answer.answer().tool_calls
    assert call.arguments == LONG
    begun = AnthropicDialect().reading(ASKED, PROFILES["anthropic"])
    piece = begun.read(b'{"type":"content_block_start","index":0,"content_block":' + block + b"}")
    assert piece is not None
    assert piece.tool_calls[0].arguments == LONG


@pytest.mark.parametrize("profile", ["anthropic", "compatible"])
async def test_arguments_go_back_as_they_came(server: ScriptedModel, profile: str) -> None:
    deep = json.dumps(_deep(300), separators=(",", ":"))
    sent: list[str] = []
    for arguments in (LONG, deep, '{"a":"\\ud800"}', '{"a":NaN}', "[1]"):
        call = ToolCallPart(0, "c1", "price", arguments)
        turns = [ChatTurn("user", "q"), ChatTurn("assistant", "", (call,)), ChatTurn("tool", "r", tool_call_id="c1")]
        async with routed(route_of(server, profile=profile)) as model:
            await model.ask(replace(ASKED, turns=turns))
        message = server.requests[-1].body["messages"][1]
        given = message["content"][0]["input"] if profile == "anthropic" else message["tool_calls"][0]["function"]
        sent.append(json.dumps(given) if profile == "anthropic" else given["arguments"])
    if profile == "anthropic":
        assert json.loads(sent[0])["order"] == 123456789012345678901234567890
        assert json.loads(sent[1]) == _deep(300)
        assert [json.loads(one) for one in sent[2:]] == [
            {"arguments": one} for one in ('{"a":"\\ud800"}', '{"a":NaN}', "[1]")
        ]
    else:
        assert sent == [LONG, deep, '{"a":"\\ud800"}', '{"a":NaN}', "[1]"]


def _told(*parts: tuple[int, str, str, str]) -> list[tuple[str, str, str]]:
    places = CallPlaces()
    return [(one.id, one.name, one.arguments) for one in joined_calls([places.part(*part) for part in parts])]


def test_calls_that_share_a_number_are_told_apart_with_ids_and_without() -> None:
    assert _told((0, "", "price", '{"sku":"A"}'), (0, "", "stock", '{"sku":"B"}')) == [
        ("", "price", '{"sku":"A"}'), ("", "stock", '{"sku":"B"}'),
    ]  # fmt: skip
    assert _told((0, "", "price", '{"sku":"A"}'), (0, "", "price", '{"sku":'), (0, "", "", '"B"}')) == [
        ("", "price", '{"sku":"A"}'), ("", "price", '{"sku":"B"}'),
    ]  # fmt: skip
    # The name is the id, and it begins with no arguments.
    assert _told((0, "price", "price", '{"a":1}'), (0, "price", "price", ""), (0, "", "", '{"a":2}')) == [
        ("price", "price", '{"a":1}'), ("price", "price", '{"a":2}'),
    ]  # fmt: skip
    assert _told((0, "a", "price", ""), (0, "b", "price", "")) == [("a", "price", ""), ("b", "price", "")]


def test_a_call_whose_id_and_name_come_with_each_part_is_one() -> None:
    parts = [(0, "a", "price", part) for part in ("", '{"x"', ': {"y": 1}', "}", "")]
    assert _told(*parts) == [("a", "price", '{"x": {"y": 1}}')]
    assert _told(*[(0, "", "price", part[3]) for part in parts]) == [("", "price", '{"x": {"y": 1}}')]


def test_calls_without_numbers_come_apart() -> None:
    answer = OpenAIDialect().reading(ASKED, PROFILES["gemini"])
    for sku, more in (("A", {}), ("B", {"index": None})):
        function = {"name": "price", "arguments": json.dumps({"sku": sku})}
        delta = {"tool_calls": [{"type": "function", "function": function, **more}]}
        answer.read(json.dumps({"choices": [{"index": 0, "delta": delta}]}).encode())
    answer.read(b'{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}')
    assert [json.loads(call.arguments)["sku"] for call in answer.answer().tool_calls] == ["A", "B"]
