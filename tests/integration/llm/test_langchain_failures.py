"""What goes wrong behind a LangChain model is told as by every other."""

import asyncio

import pytest
from langchain_core.messages import AIMessageChunk
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from backend.errors import ModelError
from backend.llm.adapters.langchain import LangchainEndpoint
from backend.llm.deadlines import Deadlines
from backend.llm.endpoint import Attempt
from backend.llm.gateway import Piece
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
    ],
    ids=lambda one: one.kind if isinstance(one, Script) else "",
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
