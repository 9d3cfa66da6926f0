"""What clients are handed of calls, and of what was thought before them, they can send back."""

from typing import Any

import openai
import pytest

from backend.api.chat_completions import Completion, _Calls
from backend.errors import ModelPayloadInvalid
from backend.ids import new_id
from backend.llm.adapters.openai_compatible import OpenAIDialect
from backend.llm.gateway import ChatTurn, ModelRequest, ToolCallPart
from backend.llm.profiles import PROFILES
from tests.support.scripted_model import Script, ScriptedModel

TOOLS: Any = [{"type": "function", "function": {"name": "price", "parameters": {"type": "object", "properties": {}}}}]
STREAMED = pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])


@pytest.fixture
def profile() -> str:
    return "compatible"


@pytest.fixture
def models_text(primary: ScriptedModel, profile: str) -> str:
    return f"""
providers:
  p: {{profile: {profile}, base_url: '{primary.base_url}', api_key: '${{KEY}}'}}
backends:
  primary: {{provider: p, model: first}}
routes:
  default: {{backends: [primary]}}
"""


async def said(sdk: openai.AsyncOpenAI, talk: list[Any], *, streamed: bool) -> dict[str, Any]:
    """Return the message as a client keeps it, to send it back."""
    if not streamed:
        whole = await sdk.chat.completions.create(model="cuedesk", messages=talk, tools=TOOLS)
        return whole.choices[0].message.model_dump(exclude_none=True)
    message: dict[str, Any] = {"role": "assistant", "content": "", "reasoning_content": "", "tool_calls": []}
    async for chunk in await sdk.chat.completions.create(model="cuedesk", messages=talk, tools=TOOLS, stream=True):
        delta = chunk.choices[0].delta.model_dump(exclude_none=True)
        for key in ("content", "reasoning_content"):
            message[key] += delta.get(key, "")
        for part in delta.get("tool_calls", ()):
            if "id" in part:
                message["tool_calls"].append({"id": part["id"], "type": "function", "function": dict(part["function"])})
            else:
                message["tool_calls"][part["index"]]["function"]["arguments"] += part["function"]["arguments"]
    return message


async def sent_back(
    sdk: openai.AsyncOpenAI, primary: ScriptedModel, script: Script, *, streamed: bool
) -> list[dict[str, Any]]:
    """Let a tool be called, send the call and what came of it back; return the messages that the provider was told."""
    primary.play(script, Script("text", text="99 元"))
    talk: list[Any] = [{"role": "user", "content": "多少钱"}]
    message = await said(sdk, talk, streamed=streamed)
    results = [{"role": "tool", "tool_call_id": call["id"], "content": "99"} for call in message["tool_calls"]]
    assert (await said(sdk, [*talk, message, *results], streamed=streamed))["content"] == "99 元"
    messages: list[dict[str, Any]] = primary.requests[-1].body["messages"]
    return messages


@STREAMED
@pytest.mark.parametrize("profile", ["deepseek", "compatible", "anthropic"])
async def test_what_was_thought_before_a_call_goes_back_to_whom_wants_it(
    sdk: openai.AsyncOpenAI, primary: ScriptedModel, profile: str, *, streamed: bool
) -> None:
    """DeepSeek refuses calls without it; others know no such field."""
    script = Script("text", text="", reasoning="先查一下价格", tool="price", finish_reason="tool_calls")
    message = (await sent_back(sdk, primary, script, streamed=streamed))[1]
    assert message.get("reasoning_content") == ("先查一下价格" if profile == "deepseek" else None)


@STREAMED
@pytest.mark.parametrize("profile", ["compatible", "anthropic"])
@pytest.mark.parametrize("name", ["functions.price", "查价格", "p" * 100])
async def test_a_call_of_what_is_no_tools_name_can_be_answered(
    sdk: openai.AsyncOpenAI, primary: ScriptedModel, profile: str, name: str, *, streamed: bool
) -> None:
    script = Script("text", text="", tool=name, finish_reason="tool_calls")
    message = (await sent_back(sdk, primary, script, streamed=streamed))[1]
    told = message["content"][0] if profile == "anthropic" else message["tool_calls"][0]["function"]
    assert told["name"] == {"functions.price": "functions_price", "查价格": "___"}.get(name, "p" * 64)


async def test_long_ids_come_back_and_each_call_has_one_of_its_own(
    sdk: openai.AsyncOpenAI, primary: ScriptedModel
) -> None:
    """Some providers' ids hold a signature of what was thought; of others all calls have one id, or none."""
    given = ["x" * 9000, "a", "a", "", "y" * 20_001]
    told = [ToolCallPart(place, call_id, "price") for place, call_id in enumerate(given)]
    calls = _Calls(new_id()).whole(told)
    ids = [call["id"] for call in calls]
    assert ids[:2] == ["x" * 9000, "a"]
    assert len(set(ids)) == 5
    assert max(map(len, ids[2:])) < 64
    primary.play(Script("text", text="好"))
    results: list[Any] = [{"role": "tool", "tool_call_id": id_, "content": "99"} for id_ in ids]
    asked: list[Any] = [{"role": "user", "content": "q"}, {"role": "assistant", "content": None, "tool_calls": calls}]
    await sdk.chat.completions.create(model="cuedesk", messages=[*asked, *results], tools=TOOLS)
    assert [call["id"] for call in primary.requests[-1].body["messages"][1]["tool_calls"]] == ids


@pytest.mark.parametrize("name", ["", "n" * 1001], ids=["none", "endless"])
@STREAMED
def test_a_call_that_nobody_could_answer_is_no_answer(name: str, *, streamed: bool) -> None:
    answer = OpenAIDialect().reading(ModelRequest("message", [ChatTurn("user", "q")], {}), PROFILES["vllm"])
    call = {"index": 0, "id": "a", "function": {"name": name, "arguments": "{}"}}
    if streamed:
        answer.take({"choices": [{"delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]})
    else:
        answer.take_whole({"choices": [{"message": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]})
    with pytest.raises(ModelPayloadInvalid):
        answer.answer()


async def test_what_is_said_for_a_providers_cache_is_taken_and_changes_no_key(
    sdk: openai.AsyncOpenAI, primary: ScriptedModel
) -> None:
    primary.play(Script("text", text="好"))
    said_besides = {"prompt_cache_key": "shop-7", "prompt_cache_retention": "24h"}
    talk: list[Any] = [{"role": "user", "content": "你好"}]
    await sdk.chat.completions.create(model="cuedesk", messages=talk, extra_body=said_besides)
    assert not said_besides.keys() & primary.requests[0].body.keys()
    plain = Completion.model_validate({"model": "cuedesk", "messages": talk})
    assert "prompt_cache" not in plain.model_dump_json(), "or keys of the release before are refused"
