"""Answers of a shape: how each provider is told, what is checked, the one repair and the error behind it."""

import json
from typing import Any

import pytest

from backend.errors import ModelAnswerInvalid, ModelKeyRefused
from backend.llm.gateway import AnswerShape, ChatTurn, ModelRequest
from backend.llm.schemas import AnswerSchema
from backend.llm.structured import structured
from tests.support.routed_models import Routed, route_of, routed
from tests.support.scripted_model import Script, ScriptedModel, scripted_model

pytestmark = pytest.mark.usefixtures("no_pause")

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"kind": {"enum": ["write", "chat"]}},
    "required": ["kind"],
    "additionalProperties": False,
}
CHECK = AnswerSchema.read(SCHEMA).check
REQUEST = ModelRequest(
    "message", [ChatTurn("system", "你是分拣员"), ChatTurn("user", "写一段开场")], {}, shape=AnswerShape("kind", SCHEMA)
)
GOOD = Script("text", text='{"kind": "write"}')
BAD = Script("text", text='{"kind": "sing"}')
NATIVE = {"type": "json_schema", "json_schema": {"name": "kind", "schema": SCHEMA, "strict": True}}


def told(server: ScriptedModel, place: int = 0) -> str:
    return str(server.requests[place].body["messages"][0]["content"])


@pytest.mark.parametrize(
    ("profile", "more", "response_format", "in_words"),
    [
        ("openai", "", NATIVE, False),
        ("vllm", "", NATIVE, False),
        ("compatible", "", NATIVE, False),
        ("compatible", ", shaping: json", {"type": "json_object"}, True),
        ("compatible", ", shaping: schema", NATIVE, False),
        ("deepseek", "", {"type": "json_object"}, True),
        ("deepseek", ", shaping: words", None, True),
    ],
)
async def test_a_provider_is_told_the_schema_as_far_as_it_takes_one(
    server: ScriptedModel, profile: str, more: str, response_format: dict[str, Any] | None, in_words: bool
) -> None:
    server.play(GOOD)
    async with routed(route_of(server, profile=profile, more=more)) as model:
        found = await structured(model.model, REQUEST, CHECK)
    assert (found.value, found.repaired) == ({"kind": "write"}, False)
    assert server.requests[0].body.get("response_format") == response_format
    assert (json.dumps(SCHEMA, separators=(",", ":")) in told(server)) is in_words


async def test_anthropic_answers_by_a_tool_that_must_be_called(server: ScriptedModel) -> None:
    server.play(Script("text", text="", tool="kind", arguments='{"kind": "chat"}', finish_reason="tool_calls"))
    async with routed(route_of(server, profile="anthropic")) as model:
        found = await structured(model.model, REQUEST, CHECK)
    assert found.value == {"kind": "chat"}
    body = server.requests[0].body
    assert body["tools"] == [{"name": "kind", "input_schema": SCHEMA}]
    assert body["tool_choice"] == {"type": "tool", "name": "kind"}
    server.play(Script("text", text="", tool="kind", arguments='{"kind": "chat"}', finish_reason="tool_calls"))
    async with routed(route_of(server, profile="anthropic")) as model:
        pieces = await model.ask(REQUEST)
    assert "".join(piece.text for piece in pieces) == '{"kind": "chat"}'
    assert (pieces[-1].finish_reason, [piece for piece in pieces if piece.tool_calls]) == ("stop", [])


async def test_a_wrong_answer_is_mended_once_and_both_are_counted(server: ScriptedModel) -> None:
    server.play(BAD, GOOD)
    async with routed(route_of(server)) as model:
        found = await structured(model.model, REQUEST, CHECK)
        assert found.repaired
        assert found.usage.output_tokens == sum(record.usage.output_tokens for record in model.records)
        assert len(model.records) == 2
    asked = server.requests[1].body["messages"]
    assert asked[-2] == {"role": "assistant", "content": '{"kind": "sing"}'}
    assert 'kind: enum must be ["write","chat"]' in asked[-1]["content"]


async def test_two_wrong_answers_are_a_typed_error_that_carries_the_last(server: ScriptedModel) -> None:
    server.play(BAD, Script("text", text="不知道"), GOOD)
    async with routed(route_of(server)) as model:
        with pytest.raises(ModelAnswerInvalid) as failed:
            await structured(model.model, REQUEST, CHECK)
    assert (failed.value.details, failed.value.partial) == ({"problem": "no JSON object"}, "不知道")
    assert len(server.requests) == 2, "no third question"


async def test_an_objects_texts_hold_what_can_be_stored(server: ScriptedModel) -> None:
    """A zero as JSON writes it is none yet in the answer's text, and is one in what is read out of it."""
    server.play(Script("text", text=r'{"kind": "wr\u0000ite"}'))
    async with routed(route_of(server)) as model:
        found = await structured(model.model, REQUEST, CHECK)
    assert (found.value, found.repaired) == ({"kind": "write"}, False)


async def test_an_answer_that_was_cut_off_is_told_so(server: ScriptedModel) -> None:
    server.play(Script("text", text='{"kind": "wr', finish_reason="length"), GOOD)
    async with routed(route_of(server)) as model:
        assert (await structured(model.model, REQUEST, CHECK)).repaired
    assert "it broke off" in server.requests[1].body["messages"][-1]["content"]


async def test_a_provider_that_takes_no_schema_after_all_is_asked_in_words(server: ScriptedModel) -> None:
    server.play(Script("status", status=400, code="invalid_request_error"), BAD, GOOD)
    async with routed(route_of(server, profile="openai")) as model:
        found = await structured(model.model, REQUEST, CHECK)
    assert found.repaired
    formats = [asked.body.get("response_format") for asked in server.requests]
    assert formats == [NATIVE, None, None]
    assert "It must meet this JSON Schema" in told(server, 1)


async def test_what_words_cannot_mend_is_not_asked_again(server: ScriptedModel) -> None:
    server.play(Script("status", status=401, code="invalid_api_key"))
    async with routed(route_of(server, profile="openai")) as model:
        with pytest.raises(ModelKeyRefused):
            await structured(model.model, REQUEST, CHECK)
    assert len(server.requests) == 1


async def test_an_endless_answer_is_no_answer(server: ScriptedModel) -> None:
    server.play(Script("text", text='{"kind": "write"}' + "x" * 300, piece=100))
    async with routed(route_of(server)) as model:
        with pytest.raises(ModelAnswerInvalid):
            await structured(model.model, REQUEST, CHECK, longest=200)


async def test_the_backend_that_is_named_answers_alone(server: ScriptedModel) -> None:
    async with scripted_model() as other, routed(route_of(server, other)) as model:
        other.play(Script("status", status=400))
        with pytest.raises(Exception, match="refused"):
            await _named(model, "b1")
        assert (len(server.requests), len(other.requests)) == (0, 1)


async def _named(model: Routed, backend: str) -> None:
    await model.ask(ModelRequest("message", REQUEST.turns, {}, backend=backend))
