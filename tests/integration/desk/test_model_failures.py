"""A model that errs, is late, hangs or hangs up: every run ends in a state that says so, and the thread goes on."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.support.desk_client import Desk, Rest, no_gaps_no_doubles
from tests.support.processes import ServerProcess, free_port
from tests.support.scripted_model import Script, ScriptedModel, scripted_model

REQUEST = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
KEY = "sk-never-tell-anybody"
TEXT = (
    "姐妹们，早上灌的热水，到了下午喝还是热的，你们信吗？来，看这里，这只沐野随行保温杯，三一六不锈钢内胆，"
    "一键弹盖，单手就能开，往通勤包里一放，一点都不压肩。首次使用请用温水清洗，请勿盛装碳酸饮料和干冰。"
    "想看细节的在公屏上打个杯字，我给你们拿近了看；觉得合适的，点下方小黄车的链接下单。"
)
GOOD = Script("text", text=TEXT)


@pytest.fixture(scope="module")
def model_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def desk_server(
    module_database_url: str, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory, model_port: int
) -> Iterator[ServerProcess]:
    """A server that knows a base URL, a key and a model, and has little patience."""
    settings = {
        "database_url": module_database_url,
        "redis_url": module_redis_url,
        "llm_base_url": f"http://127.0.0.1:{model_port}/v1",
        "llm_api_key": KEY,
        "llm_model": "scripted",
        # Little patience, but more than a crowded machine keeps a good answer waiting.
        "llm_first_token_timeout": 3,
        "llm_idle_timeout": 3,
        "llm_total_timeout": 20,
        "llm_judge": False,  # what is played is the writer's part
    }
    with ServerProcess(tmp_path_factory.mktemp("server"), settings).start() as server:
        yield server.wait_healthy()


@pytest.fixture
async def model(desk_server: ServerProcess, model_port: int) -> AsyncIterator[ScriptedModel]:
    """Says `GOOD` unless a test plays something else first."""
    async with scripted_model(model_port) as server:
        server.by_model["scripted"] = GOOD
        yield server


async def the_thread_goes_on(desk: Desk, thread: str) -> None:
    """The next message of the thread is answered as ever."""
    asked = await desk.ask(thread, REQUEST)
    interrupt = await desk.until("interrupt", run_id=asked["run_id"])
    assert interrupt["params"]["content"] == TEXT
    assert no_gaps_no_doubles(desk.events(thread))


async def test_the_answer_of_a_model_streams_is_checked_and_approved(operator: Rest, model: ScriptedModel) -> None:
    # Longer than this machine can be away: what came meanwhile goes out in one frame.
    model.play(Script("text", text=TEXT, delay=0.1))
    thread = await operator.new_thread()
    async with operator.socket() as desk:
        await desk.follow(thread)
        asked = await desk.ask(thread, REQUEST)
        done = await desk.until("message_complete", role="assistant")
        assert done["content"] == TEXT == desk.text(done["message_id"])
        assert len([f for f in desk.frames if f["type"] == "token"]) > 3, "it came piece by piece"
        assert done["usage"] == {"model": "scripted", "input_tokens": 11, "output_tokens": (len(TEXT) + 1) // 2,
                                 "estimated": False}  # fmt: skip
        interrupt = await desk.until("interrupt", run_id=asked["run_id"])
        await desk.decide(interrupt, "approve")
        assert (await desk.until("script_finalized"))["content"] == TEXT
    assert model.requests[0].authorization == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("scripts", "code", "retryable", "written"),
    [
        ([Script("status", status=500)] * 3, "model_unavailable", True, ""),
        ([Script("status", status=429, retry_after="0")] * 3, "model_rate_limited", True, ""),
        ([Script("status", status=429, retry_after="3600")], "model_rate_limited", True, ""),
        ([Script("status", status=401, code="invalid_api_key")], "model_refused", False, ""),
        ([Script(first_delay=8)], "model_timeout", True, ""),
        ([Script(first_delay=8, keepalive=0.2)], "model_timeout", True, ""),
        ([Script("cut", count=4)], "model_stream_cut", True, "字0字1字2字3"),
        ([Script("stall", count=4)], "model_timeout", True, "字0字1字2字3"),
        ([Script("half_json", count=4)], "model_payload_invalid", None, "字0字1字2字3"),
        ([Script("error_event", count=4)], None, None, "字0字1字2字3"),
        ([Script("abrupt_end", count=4)], "model_stream_cut", True, "字0字1字2字3"),
        ([Script("wrong_content_type")], "model_payload_invalid", None, ""),
        ([Script("text", text=" ")], "model_payload_invalid", None, None),
    ],
    ids=[
        "server_error", "rate_limited", "rate_limited_for_an_hour", "refused", "slow_first_token", "comments_only",
        "cut", "stall", "half_json", "error_in_the_stream", "abrupt_end", "wrong_content_type", "nothing_written",
    ],
)  # fmt: skip
async def test_a_run_whose_model_fails_ends_as_failed_with_what_was_written(
    operator: Rest,
    model: ScriptedModel,
    scripts: list[Script],
    code: str | None,
    retryable: bool | None,
    written: str | None,
) -> None:
    model.play(*scripts)
    thread = await operator.new_thread()
    async with operator.socket() as desk:
        await desk.follow(thread)
        asked = await desk.ask(thread, REQUEST)
        ended = await desk.until("run", run_id=asked["run_id"], status="failed")
        assert len(model.requests) == len(scripts), "retried only before the first piece, and only what may pass"
        assert ended["error"]["code"].startswith("model_")
        if code is not None:
            assert ended["error"]["code"] == code
        if retryable is not None:
            assert ended["error"]["retryable"] is retryable
        message = await desk.until("message_complete", role="assistant")
        assert message["status"] == "failed"
        if written is not None:
            assert message["content"] == written
        assert KEY not in json.dumps(desk.frames), "the provider's error repeats the key; we do not"
        assert not [f for f in desk.frames if f["type"] == "interrupt"]
        stored = await operator.get(f"/threads/{thread}/messages")
        assert [m["status"] for m in stored["items"] if m["role"] == "assistant"] == ["failed"]
        await the_thread_goes_on(desk, thread)


async def test_what_nothing_can_store_is_left_out_of_a_script(operator: Rest, model: ScriptedModel) -> None:
    model.play(Script("text", text="\0".join((TEXT[:9], TEXT[9:20], TEXT[20:])), finish_reason="st\0op"))
    thread = await operator.new_thread()
    async with operator.socket() as desk:
        await desk.follow(thread)
        await the_thread_goes_on(desk, thread)
    assert len(model.requests) == 1


async def test_an_error_before_the_first_piece_is_tried_again_and_nobody_notices(
    operator: Rest, model: ScriptedModel
) -> None:
    model.play(Script("status", status=503), Script("status", status=429, retry_after="0"))
    thread = await operator.new_thread()
    async with operator.socket() as desk:
        await desk.follow(thread)
        await the_thread_goes_on(desk, thread)
    assert len(model.requests) == 3
    async with asyncio.timeout(20):
        calls: list[dict[str, Any]] = []
        while not calls:
            await asyncio.sleep(0.1)
            calls = (await operator.get(f"/threads/{thread}/model_calls"))["items"]
    (call,) = calls
    assert (call["node"], call["status"], call["attempts"], call["model"]) == ("script", "completed", 3, "scripted")
    assert [(hop["reason"], hop["status"]) for hop in call["hops"]] == [("overloaded", 503), ("rate_limited", 429)]
    assert (call["input_tokens"], call["output_tokens"], call["estimated"]) == (11, (len(TEXT) + 1) // 2, False)
    assert call["prompt_version"]
    assert 0 <= call["first_token_ms"] <= call["total_ms"]


async def test_a_model_that_nobody_serves_is_told_as_unavailable(operator: Rest, desk_server: ServerProcess) -> None:
    thread = await operator.new_thread()
    async with operator.socket() as desk:
        await desk.follow(thread)
        asked = await desk.ask(thread, REQUEST)
        ended = await desk.until("run", run_id=asked["run_id"], status="failed")
        assert ended["error"]["code"] == "model_unavailable"


async def test_cancel_hangs_up_on_the_model_and_frees_the_thread(operator: Rest, model: ScriptedModel) -> None:
    model.play(Script(count=2_000, delay=0.02))
    thread = await operator.new_thread()
    async with operator.socket() as desk:
        await desk.follow(thread)
        asked = await desk.ask(thread, REQUEST)
        await desk.until("token", where=lambda f: f["i"] >= 5)
        assert (await desk.do("cancel", thread_id=thread))["status"] == "accepted"
        await model.until_client_left(0)
        await desk.until("run", run_id=asked["run_id"], status="cancelled")
        message = await desk.until("message_complete", role="assistant")
        assert message["status"] == "cancelled"
        assert model.requests[0].sent < 500
        await the_thread_goes_on(desk, thread)


async def test_twenty_runs_at_once_on_a_model_that_fails_now_and_then_all_end(
    operator: Rest, model: ScriptedModel
) -> None:
    bad = [Script("cut", count=3), Script("status", status=401), Script("stall", count=2), Script("half_json")]
    model.play(*(script for index in range(12) for script in (bad[index % 4], GOOD)))
    async with operator.socket() as desk:
        for _ in range(20):
            thread = await operator.new_thread()
            await desk.follow(thread)
            asked = await desk.ask(thread, REQUEST)
            await asyncio.sleep(0.1)
            assert asked["run_id"]
        threads = {f["thread_id"] for f in desk.frames if f.get("thread_id")}
        for thread in threads:
            await desk.until("run", thread_id=thread, where=lambda f: f["status"] in ("waiting", "failed"), timeout=30)
    outcomes = {(await operator.get(f"/threads/{thread}"))["active_run"] is None for thread in threads}
    assert outcomes == {True, False}, "some failed and let go of their threads, some wait for a decision"
