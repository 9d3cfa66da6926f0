"""How clients are told that an answer ended, and that it is not all."""

import json
from typing import Any

import httpx
import openai
import pytest

from tests.api.direct.conftest import ASK, SCHEMA, events
from tests.support.scripted_model import Script, ScriptedModel

TEXT = "这款保温杯的好处是"
WORDS = pytest.mark.parametrize(
    ("word", "told", "own"),
    [
        ("stop", "stop", None),
        ("length", "length", None),
        ("content_filter", "content_filter", None),
        # Clients know no such word: it may not be all, and they must not take it for all.
        ("Ran_Dry", "length", "Ran_Dry"),
    ],
)


@WORDS
@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
async def test_the_stock_sdk_is_told_why_an_answer_ended(
    sdk: openai.AsyncOpenAI, primary: ScriptedModel, word: str, told: str, own: str | None, *, streamed: bool
) -> None:
    primary.play(Script("text", text=TEXT, finish_reason=word))
    messages: Any = ASK["messages"]
    if streamed:
        stream = await sdk.chat.completions.create(model="cuedesk", messages=messages, stream=True)
        choices = [chunk.choices[0] async for chunk in stream if chunk.choices]
        text, last = "".join(choice.delta.content or "" for choice in choices), choices[-1].model_dump()
    else:
        choice = (await sdk.chat.completions.create(model="cuedesk", messages=messages)).choices[0]
        text, last = choice.message.content or "", choice.model_dump()
    assert (text, last["finish_reason"], last.get("native_finish_reason")) == (TEXT, told, own)


@WORDS
async def test_a_service_is_told_why_an_answer_ended(
    service: httpx.AsyncClient, primary: ScriptedModel, word: str, told: str, own: str | None
) -> None:
    primary.play(*[Script("text", text=TEXT, finish_reason=word)] * 2)
    whole = (await service.post("/api/v1/messages", json=ASK)).json()
    assert (whole["content"], whole["finish_reason"]) == (TEXT, word)
    streamed = events((await service.post("/api/v1/messages", json={**ASK, "stream": True})).text)
    assert (streamed[-1][0], streamed[-1][1]["finish_reason"]) == ("end", word)


async def test_an_object_that_a_filter_cut_is_no_answer_and_one_that_meets_the_schema_is(
    service: httpx.AsyncClient, primary: ScriptedModel
) -> None:
    whole = json.dumps({"kind": "chat"})
    asked = {**ASK, "schema": SCHEMA}
    primary.play(Script("text", text=whole, finish_reason="content_filter"))
    refused = await service.post("/api/v1/messages/structured", json=asked)
    assert (refused.status_code, refused.json()["code"]) == (502, "model_refused")
    # What ends in a word that nobody knows and breaks off is asked for again, and what is whole is held.
    primary.play(
        Script("text", text='{"ki', finish_reason="Ran_Dry"), Script("text", text=whole, finish_reason="Ran_Dry")
    )
    answered = (await service.post("/api/v1/messages/structured", json=asked)).json()
    assert (answered["value"], answered["repaired"]) == ({"kind": "chat"}, True)
    assert "it broke off" in primary.requests[-1].body["messages"][-1]["content"]
