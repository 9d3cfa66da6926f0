"""Why answers ended: a word of a failure is no end, whoever says it, and one that nobody knows is not held whole."""

import asyncio

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatResult

from backend.errors import ModelError
from backend.llm.adapters.langchain import LangchainEndpoint
from backend.llm.deadlines import Deadlines
from backend.llm.endpoint import Attempt
from backend.llm.gateway import Answer, Piece
from tests.integration.llm.test_dialects import Parts
from tests.support.routed_models import REQUEST, Routed, route_of, routed, text_of
from tests.support.scripted_model import Script, ScriptedModel

pytestmark = pytest.mark.usefixtures("no_pause")

TEXT = "这款保温杯的好处是"
STREAMED = pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
#: Who says it, the word, and what it is.
FAILURES = [
    ("deepseek", "insufficient_system_resource", "cut"),
    ("vllm", "abort", "cut"),
    ("zhipu", "network_error", "cut"),
    ("openrouter", "error", "cut"),
    ("compatible", "ERROR", "cut"),
    ("gemini", "MALFORMED_FUNCTION_CALL", "malformed"),
    ("anthropic", "abort", "cut"),
]


async def said(model: Routed, *, streamed: bool) -> Piece | Answer:
    return (await model.ask())[-1] if streamed else await model.model.complete(REQUEST)


@STREAMED
@pytest.mark.parametrize("text", ["", TEXT], ids=["nothing", "text"])
@pytest.mark.parametrize(("profile", "word", "failure"), FAILURES)
async def test_a_word_of_a_failure_is_no_end_of_an_answer(
    server: ScriptedModel, house: ScriptedModel, profile: str, word: str, failure: str, text: str, *, streamed: bool
) -> None:
    server.by_model["scripted"] = Script("text", text=text, finish_reason=word)
    house.by_model["scripted-1"] = Script("text", text="好，上链接。")
    async with routed(route_of(server, house, profile=profile)) as model:
        if streamed and text:
            with pytest.raises(ModelError) as raised:
                await model.ask()
            assert (raised.value.failure, raised.value.partial) == (failure, TEXT)
            assert house.requests == []
        else:
            answered = await said(model, streamed=streamed)
            assert answered.model == "scripted-1"
    (record,) = model.records
    assert {hop.reason for hop in record.hops} == {failure}
    assert bool(text) <= (record.hops[0].output_tokens > 0), "what was made is accounted"


@STREAMED
async def test_text_that_comes_with_the_word_of_a_failure_is_shown_to_nobody(*, streamed: bool) -> None:
    """Gemini's way: what is said and why it ended in one event."""
    said_at_once = AIMessageChunk(TEXT, response_metadata={"finish_reason": "OTHER_ERROR"})
    assert (await _asked(Parts(parts=[said_at_once]), streamed=streamed))[0].text == TEXT, "nobody knows this one"
    said_at_once.response_metadata["finish_reason"] = "ERROR"
    with pytest.raises(ModelError) as raised:
        await _asked(Parts(parts=[said_at_once]), streamed=streamed)
    assert raised.value.failure == "cut"


@STREAMED
@pytest.mark.parametrize("profile", ["compatible", "anthropic"])
async def test_an_end_that_nobody_knows_is_kept_and_is_not_held_whole(
    server: ScriptedModel, profile: str, *, streamed: bool
) -> None:
    server.play(Script("text", text=TEXT, finish_reason="Ran_Dry"))
    async with routed(route_of(server, profile=profile)) as model:
        answered = await said(model, streamed=streamed)
    assert answered.finish_reason == "Ran_Dry"
    assert (model.records[0].status, model.records[0].failure) == ("completed", None)


@STREAMED
@pytest.mark.parametrize("word", ["pause_turn", "model_context_window_exceeded", "max_tokens"])
async def test_a_model_that_would_say_more_has_not_said_all(
    server: ScriptedModel, word: str, *, streamed: bool
) -> None:
    server.play(Script("text", text=TEXT, finish_reason=word))
    async with routed(route_of(server, profile="anthropic")) as model:
        assert (await said(model, streamed=streamed)).finish_reason == "length"


class Whole(Parts):
    """Cannot stream."""

    disable_streaming: bool = True

    async def _agenerate(self, *_: object, **__: object) -> ChatResult:
        (part,) = self.parts
        assert part is not None
        return ChatResult(
            generations=[ChatGeneration(message=AIMessage(TEXT, response_metadata=part.response_metadata))]
        )


async def _asked(model: Parts, *, streamed: bool) -> list[Piece]:
    attempt = Attempt(Deadlines(), asyncio.get_running_loop().time() + 20, "k")
    endpoint = LangchainEndpoint(model)
    if streamed:
        return [piece async for piece in endpoint.stream(REQUEST, attempt)]
    answer = await endpoint.complete(REQUEST, attempt)
    return [Piece(answer.text, finish_reason=answer.finish_reason)]


@STREAMED
@pytest.mark.parametrize("package", [Parts, Whole], ids=["streams", "cannot stream"])
@pytest.mark.parametrize(
    ("report", "failure"),
    [
        ({"finish_reason": "error"}, "cut"),
        ({"finish_reason": "TIMEOUT"}, "cut"),
        ({"finish_reason": "USER_CANCEL"}, "cut"),
        ({"finish_reason": "abort"}, "cut"),
        ({"finish_reason": "MALFORMED_FUNCTION_CALL"}, "malformed"),
        ({"stopReason": "malformed_tool_use"}, "malformed"),
        ({"status": "failed"}, "cut"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, None),
    ],
)
async def test_what_a_langchain_model_says_of_its_failure_is_no_end(
    report: dict[str, object], failure: str | None, package: type[Parts], *, streamed: bool
) -> None:
    parts = [AIMessageChunk(TEXT), AIMessageChunk("", response_metadata=report)]
    model = package(parts=parts if package is Parts else parts[1:])
    if failure is None:
        pieces = await _asked(model, streamed=streamed)
        assert (text_of(pieces), pieces[-1].finish_reason) == (TEXT, "content_filter")
        return
    with pytest.raises(ModelError) as raised:
        await _asked(model, streamed=streamed)
    assert raised.value.failure == failure
