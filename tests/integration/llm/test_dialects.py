"""What each dialect writes and reads; and our server speaks it so that the stock SDKs understand."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import pytest
from langchain_core.callbacks import AsyncCallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, ToolCallChunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from backend.errors import ModelError, ModelPayloadInvalid, ModelTimeout, SetupError
from backend.llm.adapters import langchain
from backend.llm.adapters.langchain import LangchainEndpoint, open_langchain
from backend.llm.deadlines import Deadlines
from backend.llm.endpoint import Attempt
from backend.llm.gateway import ChatTurn, Piece, Tool, ToolCallPart, Usage, joined_calls
from tests.support.routed_models import KEY, REQUEST, route_of, routed, text_of
from tests.support.scripted_model import Script, ScriptedModel

FULL = Script(
    "text", text="早上好。", reasoning="先打招呼再说", tool="look_up", arguments='{"产品": "保温杯"}', cached=4,
    finish_reason="tool_calls",
)  # fmt: skip
TOOL = Tool("look_up", "Looks a product up.", {"type": "object", "properties": {"产品": {"type": "string"}}})
PROFILES = pytest.mark.parametrize("profile", ["compatible", "anthropic"])


@PROFILES
async def test_text_thoughts_tool_calls_and_usage_come_apart(server: ScriptedModel, profile: str) -> None:
    server.play(FULL, FULL)
    async with routed(route_of(server, profile=profile)) as model:
        pieces = await model.ask(replace(REQUEST, tools=[TOOL]))
        whole = await model.model.complete(replace(REQUEST, tools=[TOOL]))
    called = (ToolCallPart(0, whole.tool_calls[0].id, "look_up", whole.tool_calls[0].arguments),)
    assert (text_of(pieces), whole.text) == ("早上好。", "早上好。")
    assert "".join(piece.reasoning for piece in pieces) == whole.reasoning == "先打招呼再说"
    assert whole.tool_calls[0].arguments.replace(" ", "") == '{"产品":"保温杯"}'
    streamed = joined_calls([part for piece in pieces for part in piece.tool_calls])
    assert streamed[0]._replace(arguments=called[0].arguments) == called[0]
    assert streamed[0].arguments == FULL.arguments
    assert pieces[-1].finish_reason == whole.finish_reason == "tool_calls"
    assert pieces[-1].usage == whole.usage == Usage(11, 2, estimated=False, cached_tokens=4)


@PROFILES
async def test_characters_split_over_chunks_are_whole(server: ScriptedModel, profile: str) -> None:
    server.play(*[Script("split_utf8", text="保温杯，今天99元🥤", piece=3)] * 2)
    async with routed(route_of(server, profile=profile)) as model:
        assert text_of(await model.ask()) == "保温杯，今天99元🥤"
        assert (await model.model.complete(REQUEST)).text == "保温杯，今天99元🥤"


@PROFILES
@pytest.mark.parametrize("streamed", [True, False])
async def test_usage_that_is_missing_is_estimated_and_marked(
    server: ScriptedModel, profile: str, streamed: bool
) -> None:
    server.play(Script("text", text="一" * 40, usage=False))
    async with routed(route_of(server, profile=profile)) as model:
        usage = (await model.ask())[-1].usage if streamed else (await model.model.complete(REQUEST)).usage
    assert usage is not None
    assert (usage.estimated, usage.output_tokens) == (True, 30)


@PROFILES
async def test_an_end_that_is_not_said_is_an_end_when_a_reason_came(server: ScriptedModel, profile: str) -> None:
    server.play(Script("text", text="好", done=False))
    async with routed(route_of(server, profile=profile)) as model:
        assert (await model.ask())[-1].finish_reason == "stop"


async def test_the_prompt_goes_out_as_anthropics_messages(server: ScriptedModel) -> None:
    request = replace(
        REQUEST, turns=[*REQUEST.turns, ChatTurn("assistant", "好"), ChatTurn("user", "短一点")], temperature=1.4,
        tools=[TOOL],
    )  # fmt: skip
    async with routed(route_of(server, profile="anthropic")) as model:
        await model.ask(request)
    asked = server.requests[0]
    assert (asked.path, asked.headers["x-api-key"]) == ("/v1/messages", KEY)
    assert asked.headers["anthropic-version"] == "2023-06-01"
    assert "authorization" not in asked.headers
    assert asked.body["system"] == "你是写手"
    assert asked.body["messages"] == [
        {"role": "user", "content": "写一段开场"},
        {"role": "assistant", "content": "好"},
        {"role": "user", "content": "短一点"},
    ]
    assert (asked.body["temperature"], asked.body["max_tokens"], asked.body["stream"]) == (1.0, 4096, True)
    assert asked.body["tools"][0]["input_schema"] == TOOL.parameters


@pytest.mark.parametrize(
    ("profile", "header", "value", "field"),
    [
        ("openai", "authorization", f"Bearer {KEY}", "max_completion_tokens"),
        ("azure", "api-key", KEY, "max_completion_tokens"),
        ("deepseek", "authorization", f"Bearer {KEY}", "max_tokens"),
        ("zhipu", "authorization", f"Bearer {KEY}", "max_tokens"),
    ],
)
async def test_each_profile_has_its_header_and_fields(
    server: ScriptedModel, profile: str, header: str, value: str, field: str
) -> None:
    async with routed(route_of(server, profile=profile)) as model:
        await model.ask(replace(REQUEST, max_tokens=77))
    asked = server.requests[0]
    assert (asked.headers[header], asked.body[field]) == (value, 77)
    assert ("stream_options" in asked.body) == (profile != "zhipu")


@pytest.mark.parametrize("streamed", [True, False])
async def test_the_stock_openai_sdk_understands_our_server(server: ScriptedModel, streamed: bool) -> None:
    openai = pytest.importorskip("openai")
    server.play(FULL, Script("status", status=429, code="rate_limit_exceeded"))
    ask: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "写"}]}
    async with openai.AsyncOpenAI(base_url=server.base_url, api_key=KEY, max_retries=0) as client:
        if streamed:
            chunks = [
                chunk
                async for chunk in await client.chat.completions.create(
                    **ask, stream=True, stream_options={"include_usage": True}
                )
            ]
            deltas = [chunk.choices[0].delta for chunk in chunks if chunk.choices]
            text = "".join(delta.content or "" for delta in deltas)
            parts = [call for delta in deltas for call in delta.tool_calls or []]
            arguments = "".join(part.function.arguments for part in parts)
            reason, usage = chunks[-2].choices[0].finish_reason, chunks[-1].usage
        else:
            answer = await client.chat.completions.create(**ask)
            message = answer.choices[0].message
            text, arguments = message.content, message.tool_calls[0].function.arguments
            reason, usage = answer.choices[0].finish_reason, answer.usage
        assert (text, arguments, reason) == (FULL.text, FULL.arguments, "tool_calls")
        assert (usage.prompt_tokens, usage.completion_tokens, usage.prompt_tokens_details.cached_tokens) == (11, 2, 4)
        with pytest.raises(openai.RateLimitError):
            await client.chat.completions.create(**ask)


@pytest.mark.parametrize("streamed", [True, False])
async def test_the_stock_anthropic_sdk_understands_our_server(server: ScriptedModel, streamed: bool) -> None:
    anthropic = pytest.importorskip("anthropic")
    server.play(FULL, Script("status", status=529, code="overloaded_error"))
    ask: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "写"}], "max_tokens": 100}
    address = server.base_url.removesuffix("/v1")
    async with anthropic.AsyncAnthropic(base_url=address, api_key=KEY, max_retries=0) as client:
        if streamed:
            async with client.messages.stream(**ask) as stream:
                message = await stream.get_final_message()
        else:
            message = await client.messages.create(**ask)
        assert [block.type for block in message.content] == ["thinking", "text", "tool_use"]
        thinking, text, tool = message.content
        assert (thinking.thinking, text.text, tool.input) == (FULL.reasoning, FULL.text, {"产品": "保温杯"})
        assert (message.stop_reason, message.usage.output_tokens) == ("tool_use", 2)
        assert (message.usage.input_tokens, message.usage.cache_read_input_tokens) == (7, 4)
        with pytest.raises(anthropic.APIStatusError) as raised:
            await client.messages.create(**ask)
        assert raised.value.status_code == 529


async def test_any_langchain_model_is_an_endpoint() -> None:
    attempt = Attempt(Deadlines(), give_up_at=float("inf"), idempotency_key="k")
    endpoint = LangchainEndpoint(GenericFakeChatModel(messages=iter([AIMessage("hello there you")])), says_end=False)
    pieces = [piece async for piece in endpoint.stream(REQUEST, attempt)]
    assert text_of(pieces) == "hello there you"
    assert len(pieces) > 3
    assert pieces[-1].usage is not None
    assert pieces[-1].usage.estimated
    assert pieces[-1] == Piece(finish_reason="stop", usage=pieces[-1].usage)
    exhausted = LangchainEndpoint(GenericFakeChatModel(messages=iter([])))
    with pytest.raises(ModelError):
        await exhausted.complete(REQUEST, attempt)


async def test_a_langchain_model_that_does_not_stop_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(langchain, "_MAX_CHARACTERS", 10)
    attempt = Attempt(Deadlines(), give_up_at=float("inf"), idempotency_key="k")
    endpoint = LangchainEndpoint(GenericFakeChatModel(messages=iter([AIMessage("hello there you")])))
    with pytest.raises(ModelPayloadInvalid):
        await endpoint.complete(REQUEST, attempt)
    said = [ToolCallChunk(name="f", args="1234", id="a", index=0)] * 3
    calling = LangchainEndpoint(Parts(parts=[AIMessageChunk("", tool_call_chunks=[one]) for one in said]))
    with pytest.raises(ModelPayloadInvalid):
        await calling.complete(REQUEST, attempt)


def test_langchain_that_is_not_installed_is_a_setup_error() -> None:
    with pytest.raises(SetupError, match="nobody:nothing"):
        open_langchain("nobody:nothing")


class Parts(BaseChatModel):
    """Says its parts, and then nothing for an hour if there is a None among them."""

    parts: list[AIMessageChunk | None]

    @property
    def _llm_type(self) -> str:
        return "parts"

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        raise NotImplementedError

    async def _astream(
        self, messages: list[BaseMessage], stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None, **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:  # fmt: skip
        for part in self.parts:
            if part is None:
                await asyncio.sleep(3600)
            else:
                yield ChatGenerationChunk(message=part)

    def _stream(self, *_: Any, **__: Any) -> Iterator[ChatGenerationChunk]:
        raise NotImplementedError


async def test_a_langchain_model_that_falls_silent_is_left_at_the_idle_deadline() -> None:
    loop = asyncio.get_running_loop()
    attempt = Attempt(Deadlines(idle=0.3), give_up_at=loop.time() + 5, idempotency_key="k")
    began = loop.time()
    with pytest.raises(ModelTimeout) as raised:
        async for _ in LangchainEndpoint(Parts(parts=[AIMessageChunk("好"), None])).stream(REQUEST, attempt):
            pass
    assert raised.value.details["kind"] == "idle"
    assert loop.time() - began < 4


async def test_a_whole_answer_of_a_langchain_model_has_one_deadline() -> None:
    loop = asyncio.get_running_loop()
    attempt = Attempt(Deadlines(first_token=60, idle=60, answer=0.3), give_up_at=loop.time() + 60, idempotency_key="k")
    with pytest.raises(ModelTimeout) as raised:
        await LangchainEndpoint(Parts(parts=[AIMessageChunk("好"), None])).complete(REQUEST, attempt)
    assert raised.value.details["kind"] == "answer"


async def test_what_the_chunks_of_a_langchain_model_count_is_added_up() -> None:
    def counted(text: str, asked: int, told: int) -> AIMessageChunk:
        usage = {"input_tokens": asked, "output_tokens": told, "total_tokens": asked + told}
        return AIMessageChunk(text, usage_metadata=usage)

    attempt = Attempt(Deadlines(), give_up_at=asyncio.get_running_loop().time() + 60, idempotency_key="k")
    end = AIMessageChunk("", response_metadata={"finish_reason": "stop"})
    parts = [counted("", 11, 0), AIMessageChunk("好"), counted("的", 0, 3), end]
    answer = await LangchainEndpoint(Parts(parts=parts)).complete(REQUEST, attempt)
    assert (answer.text, answer.usage) == ("好的", Usage(11, 3, estimated=False))
