"""The main job on a model that computes: llama.cpp with a base URL, a key and a name, and nothing else told.

It proves plumbing. The model is English and small: what it writes for a Chinese request is no script, so how the run
ends is not what is looked at, but that it ends in a state that says so.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.support.databases import DatabaseFactory
from tests.support.desk_client import Desk, Rest, no_gaps_no_doubles
from tests.support.processes import ServerProcess
from tests.support.real_model import KEY, MODEL, RealModel, real_model

ASK = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
#: Seconds that one step may take on a processor that others use too.
LONG = 900
SCHEMA = {
    "type": "object",
    "properties": {"mood": {"enum": ["glad", "sad"]}, "words": {"type": "integer", "minimum": 1, "maximum": 9}},
    "required": ["mood", "words"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealModel]:
    with real_model(tmp_path_factory.mktemp("model")) as running:
        yield running


@pytest.fixture(scope="module")
def desk_server(
    databases: DatabaseFactory,
    module_redis_url: str,
    tmp_path_factory: pytest.TempPathFactory,
    model: RealModel,
) -> Iterator[ServerProcess]:
    """A server on the model."""
    with databases.fresh(template=databases.demo()) as url:
        settings = {
            "database_url": url,
            "redis_url": module_redis_url,
            "llm_base_url": model.base_url,
            "llm_api_key": KEY,
            "llm_model": MODEL,
            # A processor reads a prompt of two thousand tokens for a minute or more; a provider does not.
            "llm_first_token_timeout": LONG,
            "llm_answer_timeout": LONG,
            "llm_idle_timeout": LONG,
            "llm_total_timeout": 2 * LONG,
        }
        with ServerProcess(tmp_path_factory.mktemp("server"), settings).start() as server:
            yield server.wait_healthy()


@pytest.fixture
async def operator(desk_server: ServerProcess) -> AsyncIterator[Rest]:
    async with Rest.login(desk_server.url) as rest:
        rest.client.timeout = httpx2.Timeout(LONG)
        yield rest


async def calls_of(rest: Rest, thread: str, *, at_least: int) -> list[dict[str, Any]]:
    """The accounts of a thread's calls, when there are so many: they are written a moment after their end."""
    async with asyncio.timeout(LONG):
        while True:
            calls = (await rest.get(f"/threads/{thread}/model_calls"))["items"]
            if len(calls) >= at_least:
                return list(calls)
            await asyncio.sleep(0.2)


async def begun(desk: Desk) -> None:
    await desk.until("token", timeout=LONG)


async def test_the_main_job_runs_on_a_real_model(operator: Rest, model: RealModel) -> None:
    thread = await operator.new_thread()
    started = time.monotonic()
    async with operator.socket() as desk:
        await desk.follow(thread)
        asked = await desk.ask(thread, ASK)
        await begun(desk)
        first = time.monotonic() - started
        ended = await desk.until(
            "run", run_id=asked["run_id"], timeout=LONG, where=lambda f: f["status"] in ("waiting", "failed")
        )
        tokens = sum(frame["type"] == "token" for frame in desk.frames)
        assert no_gaps_no_doubles(desk.events(thread))
    assert tokens > 5
    script = next(one for one in await calls_of(operator, thread, at_least=1) if one["node"] == "script")
    assert (script["model"], script["status"], script["estimated"]) == (MODEL, "completed", False)
    assert script["input_tokens"] > 100
    assert script["output_tokens"] > 5
    assert 0 < script["first_token_ms"] < script["total_ms"]
    seconds = (script["total_ms"] - script["first_token_ms"]) / 1000
    print(
        f"\nfirst token after {first:.1f} s ({script['input_tokens']} tokens read), then"
        f" {script['output_tokens'] / max(seconds, 0.001):.1f} tokens a second; the run ended as {ended['status']}"
        f" {(ended.get('error') or {}).get('code', '')}"
    )
    # What our own deadlines end (the judge waits six seconds) holds no slot either.
    model.until_idle(within=60)


async def test_a_run_that_is_cancelled_frees_the_models_slot(operator: Rest, model: RealModel) -> None:
    thread = await operator.new_thread()
    model.until_idle(within=60)
    async with operator.socket() as desk:
        await desk.follow(thread)
        asked = await desk.ask(thread, ASK)
        await begun(desk)
        assert model.busy() >= 1
        await desk.do("cancel", thread_id=thread, run_id=asked["run_id"])
        await desk.until("run", run_id=asked["run_id"], status="cancelled", timeout=LONG)
        print(f"\nthe slot was free {model.until_idle(within=60):.2f} s after the run was cancelled")
    (call,) = [one for one in await calls_of(operator, thread, at_least=1) if one["node"] == "script"]
    assert (call["status"], call["failure"]) == ("cancelled", "cancelled")
    assert call["estimated"]


async def test_an_answer_meets_its_schema_with_nothing_told_but_key_and_address(
    operator: Rest, desk_server: ServerProcess
) -> None:
    messages = [{"role": "user", "content": "I am happy today. Which mood is that? Answer in JSON."}]
    told = await operator.post("/messages/structured", {"messages": messages, "schema": SCHEMA, "max_tokens": 60})
    assert told["value"]["mood"] in ("glad", "sad")
    assert 1 <= told["value"]["words"] <= 9
    assert (told["repaired"], told["usage"]["estimated"]) == (False, False)
    assert told["usage"]["output_tokens"] > 0
    shape = {"type": "json_schema", "json_schema": {"name": "mood", "schema": SCHEMA}}
    body = {"model": "cuedesk", "messages": messages, "response_format": shape, "max_tokens": 60}
    answer = await operator.client.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200, answer.text
    assert json.loads(answer.json()["choices"][0]["message"]["content"])["mood"] in ("glad", "sad")
    assert "model_shape_not_taken" not in desk_server.log_text(), "llama.cpp took the schema as it was"


async def test_a_stream_comes_bit_by_bit_with_its_usage(operator: Rest) -> None:
    body = {"messages": [{"role": "user", "content": "Say hello to the viewers."}], "stream": True, "max_tokens": 20}
    pieces, last = 0, {}
    async with operator.client.stream("POST", "/api/v1/messages", json=body) as answer:
        assert answer.status_code == 200
        async for line in answer.aiter_lines():
            if line.startswith("data: "):
                last = json.loads(line.removeprefix("data: "))
                pieces += "text" in last
    assert pieces > 3
    assert (last["usage"]["estimated"], last["usage"]["input_tokens"] > 5) == (False, True)


async def test_a_key_that_the_server_refuses_is_told(model: RealModel, tmp_path: Path) -> None:
    told = ServerProcess(
        tmp_path,
        {"llm_base_url": model.base_url, "llm_api_key": "sk-nobodys", "llm_model": MODEL},
        command=("models", "check"),
    ).start()
    assert told.wait(120) == 1
    assert "auth 401" in told.log_text()
    assert "sk-nobodys" not in told.log_text()
