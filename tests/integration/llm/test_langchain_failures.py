"""What goes wrong behind a LangChain model is told as by every other."""

import asyncio
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from backend.errors import ModelContentFiltered, ModelError, ModelStreamCut
from backend.llm.adapters.langchain import LangchainEndpoint
from backend.llm.deadlines import Deadlines
from backend.llm.endpoint import Attempt
from backend.llm.gateway import Piece, ToolCallPart
from tests.integration.llm.test_dialects import Parts
from tests.support.routed_models import REQUEST
from tests.support.scripted_model import Script, ScriptedModel


async def _asked(endpoint: LangchainEndpoint) -> list[Piece]:
    attempt = Attempt(Deadlines(), asyncio.get_running_loop().time() + 20, "k")
    return [piece async for piece in endpoint.stream(REQUEST, attempt)]


def _of(base_url: str) -> LangchainEndpoint:
    return LangchainEndpoint(ChatOpenAI(model="m", base_url=base_url, api_key=SecretStr("k"), max_retries=0))


@pytest.mark.parametrize(
    ("script", "failure"),
    [
        (Script("abrupt_end", count=3), "cut"),
        (Script("cut", count=3), "cut"),
        (Script("no_head"), "cut"),
        (Script("status", status=429, retry_after="7"), "rate_limited"),
        (Script("status", status=401), "auth"),
        (Script("status", status=500), "overloaded"),
        (Script("reset"), "cut"),
        (Script("malformed", count=3), "malformed"),
        (Script("error_event", count=3), "overloaded"),
    ],
    ids=lambda one: f"{one.kind}{one.status}" if isinstance(one, Script) else "",
)
async def test_a_langchain_model_fails_as_the_others_do(server: ScriptedModel, script: Script, failure: str) -> None:
    server.play(script)
    with pytest.raises(ModelError) as raised:
        await _asked(_of(server.base_url))
    assert raised.value.failure == failure
    assert raised.value.retry_after_ms == (7000 if failure == "rate_limited" else None)


async def test_nobody_at_the_address_of_a_langchain_model_is_told_as_such() -> None:
    with pytest.raises(ModelError) as raised:
        await _asked(_of("http://127.0.0.1:1/v1"))
    assert raised.value.failure == "connect"


async def test_a_langchain_answer_that_reached_its_limit_says_so() -> None:
    """Anthropic's word for it, as `langchain-anthropic` passes it on."""
    last = AIMessageChunk("", response_metadata={"stop_reason": "max_tokens"})
    pieces = await _asked(LangchainEndpoint(Parts(parts=[AIMessageChunk("好"), last])))
    assert pieces[-1].finish_reason == "length"


@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
async def test_a_langchain_stream_without_a_word_for_its_end_is_cut(*, streamed: bool) -> None:
    """Unless the model is declared to say none. What was said stays what was used."""
    parts = Parts(parts=[AIMessageChunk("好"), AIMessageChunk("的")])
    attempt = Attempt(Deadlines(), asyncio.get_running_loop().time() + 20, "k")
    told: list[str] = []

    async def ask() -> None:
        if not streamed:
            await LangchainEndpoint(parts).complete(REQUEST, attempt)
        async for piece in LangchainEndpoint(parts).stream(REQUEST, attempt):
            told.append(piece.text)

    with pytest.raises(ModelStreamCut):
        await ask()
    assert told == (["好", "的"] if streamed else [])
    assert attempt.meter.usage is not None
    assert attempt.meter.usage.output_tokens == 2
    answer = await LangchainEndpoint(parts, says_end=False).complete(REQUEST, attempt)
    assert (answer.text, answer.finish_reason) == ("好的", "stop")


@pytest.mark.parametrize(
    ("report", "reason"),
    [
        ({"finish_reason": "stop"}, "stop"),
        ({"stop_reason": "end_turn"}, "stop"),
        ({"finish_reason": "MAX_TOKENS"}, "length"),
        ({"stopReason": "max_tokens"}, "length"),
        ({"done": True, "done_reason": "length"}, "length"),
        ({"status": "completed"}, "stop"),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "length"),
        ({"stop_reason": "tool_use"}, "tool_calls"),
        ({"finish_reason": "SAFETY"}, "content_filter"),
        ({"finish_reason": "another"}, "another"),
        ({"finish_reason": "FINISH_REASON_UNSPECIFIED"}, None),
        ({"finish_reason": None, "done": False}, None),
    ],
)
async def test_each_packages_word_for_the_end_is_known(report: dict[str, Any], reason: str | None) -> None:
    parts = Parts(parts=[AIMessageChunk("好"), AIMessageChunk("", response_metadata=report)])
    if reason is None:
        with pytest.raises(ModelStreamCut):
            await _asked(LangchainEndpoint(parts))
    else:
        assert (await _asked(LangchainEndpoint(parts)))[-1].finish_reason == reason


async def test_a_langchain_end_after_which_more_came_is_none() -> None:
    said = {"finish_reason": "stop"}
    parts = Parts(parts=[AIMessageChunk("好", response_metadata=said), AIMessageChunk("的")])
    with pytest.raises(ModelStreamCut):
        await _asked(LangchainEndpoint(parts))


async def test_what_a_langchain_filter_left_empty_is_told_as_filtered() -> None:
    parts = Parts(parts=[AIMessageChunk("", response_metadata={"finish_reason": "SAFETY"})])
    with pytest.raises(ModelContentFiltered):
        await _asked(LangchainEndpoint(parts))


class Whole(Parts):
    """Cannot stream."""

    disable_streaming: bool = True

    async def _agenerate(self, *_: Any, **__: Any) -> ChatResult:
        call = {"name": "look_up", "args": {"产品": "保温杯"}, "id": "c1"}
        return ChatResult(generations=[ChatGeneration(message=AIMessage("好的", tool_calls=[call]))])


async def test_what_a_langchain_model_does_not_stream_is_whole() -> None:
    pieces = await _asked(LangchainEndpoint(Whole(parts=[])))
    assert (pieces[0].text, pieces[-1].finish_reason) == ("好的", "stop")
    assert pieces[0].tool_calls == (ToolCallPart(0, "c1", "look_up", '{"产品":"保温杯"}'),)


async def test_calls_of_tools_that_a_package_does_not_number_stay_apart() -> None:
    """As langchain-core makes them of whole calls, which Gemini's and Ollama's packages stream."""
    asked = [{"name": name, "args": {"n": name}, "id": f"c-{name}"} for name in ("one", "two")]
    end = AIMessageChunk("", response_metadata={"finish_reason": "tool_calls"})
    parts = Parts(parts=[AIMessageChunk("", tool_calls=asked), end])
    attempt = Attempt(Deadlines(), asyncio.get_running_loop().time() + 20, "k")
    answer = await LangchainEndpoint(parts).complete(REQUEST, attempt)
    assert [(one.id, one.name, one.arguments) for one in answer.tool_calls] == [
        ("c-one", "one", '{"n": "one"}'),
        ("c-two", "two", '{"n": "two"}'),
    ]


async def test_calls_of_tools_in_events_of_their_own_stay_apart_without_numbers() -> None:
    asked = [AIMessageChunk("", tool_calls=[{"name": name, "args": {}, "id": name}]) for name in ("one", "two")]
    end = AIMessageChunk("", response_metadata={"finish_reason": "tool_calls"})
    attempt = Attempt(Deadlines(), asyncio.get_running_loop().time() + 20, "k")
    answer = await LangchainEndpoint(Parts(parts=[*asked, end])).complete(REQUEST, attempt)
    assert [(one.id, one.name, one.arguments) for one in answer.tool_calls] == [
        ("one", "one", "{}"),
        ("two", "two", "{}"),
    ]


async def test_what_a_langchain_model_thinks_in_blocks_is_kept_apart() -> None:
    """langchain-anthropic's blocks. What thinks has begun: it is `idle` that counts from then on, no first token."""
    of = {"model_provider": "anthropic"}
    thought = AIMessageChunk([{"type": "thinking", "thinking": "想一想", "index": 0}], response_metadata=of)
    said = AIMessageChunk([{"type": "text", "text": "好", "index": 1}], response_metadata=of)
    end = AIMessageChunk("", response_metadata={"stop_reason": "end_turn", **of})
    pieces = await _asked(LangchainEndpoint(Parts(parts=[thought, said, end])))
    assert "".join(piece.reasoning for piece in pieces) == "想一想"
    assert "".join(piece.text for piece in pieces) == "好"


class Slow(Parts):
    """Says each part a while after the one before."""

    async def _astream(self, *_: Any, **__: Any) -> Any:
        for part in self.parts:
            await asyncio.sleep(0.1)
            assert part is not None
            yield ChatGenerationChunk(message=part)


async def test_a_langchain_model_that_asks_for_a_tool_has_begun() -> None:
    """Its arguments may take longer than a first token may."""
    name = [{"name": "f", "args": "{", "id": "a", "index": 0}]
    more = [{"name": None, "args": " ", "id": None, "index": 0}]
    asked = [AIMessageChunk("", tool_call_chunks=one) for one in (name, *[more] * 12)]
    end = AIMessageChunk("", response_metadata={"finish_reason": "tool_calls"})
    attempt = Attempt(Deadlines(first_token=1, idle=10), asyncio.get_running_loop().time() + 20, "k")
    endpoint = LangchainEndpoint(Slow(parts=[*asked, end]))
    assert [piece async for piece in endpoint.stream(REQUEST, attempt)][-1].finish_reason == "tool_calls"


@pytest.mark.parametrize(
    "block",
    [
        {"type": "reasoning", "reasoning": "想一想"},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": "想一想"}]},
        {"type": "reasoning_content", "reasoning_content": {"text": "想一想"}},
    ],
    ids=["langchain", "openai", "bedrock"],
)
async def test_every_packages_blocks_of_thoughts_are_known(block: dict[str, Any]) -> None:
    said = AIMessageChunk([block, {"type": "text", "text": "好"}], response_metadata={"finish_reason": "stop"})
    pieces = await _asked(LangchainEndpoint(Parts(parts=[said])))
    assert (pieces[0].reasoning, pieces[0].text) == ("想一想", "好")


async def test_what_nothing_can_store_comes_from_no_langchain_model() -> None:
    call = {"name": "f\x00", "args": "{\ud800}", "id": "a\x00", "index": 0}
    said = AIMessageChunk("你\x00\ud83d好", additional_kwargs={"reasoning_content": "想\x00"}, tool_call_chunks=[call])
    end = AIMessageChunk("", response_metadata={"finish_reason": "st\x00op"})
    pieces = await _asked(LangchainEndpoint(Parts(parts=[said, end])))
    assert pieces[0] == Piece("你好", "想", tool_calls=(ToolCallPart(0, "a", "f", "{}"),))
    assert pieces[-1].finish_reason == "stop"
