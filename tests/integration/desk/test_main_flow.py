"""The main job: ask, stream, check, decide, on the teleprompter."""

import time
from collections.abc import Iterator

import pytest

from tests.support.desk_client import Rest, no_gaps_no_doubles
from tests.support.processes import ServerProcess


@pytest.fixture(scope="module")
def desk_server(
    module_database_url: str, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """As the one of the other modules, but hardly a poll: what comes came by notice."""
    settings = {"database_url": module_database_url, "redis_url": module_redis_url, "poll_interval": 600}
    with ServerProcess(tmp_path_factory.mktemp("server"), settings).start() as server:
        yield server.wait_healthy()


REQUEST = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"


async def test_an_edited_approval_reaches_the_teleprompter_at_once(operator: Rest, approver: Rest, host: Rest) -> None:
    room = await host.room_of("小雅的直播间")
    thread = await operator.new_thread()
    async with operator.socket() as desk, approver.socket() as review, host.socket() as prompter:
        await prompter.do("subscribe", topic=f"room:{room}")
        before = await prompter.until("prompter_state")
        await review.do("subscribe", topic="approvals")
        await desk.follow(thread)
        asked = await desk.ask(thread, REQUEST)

        await desk.until("message_started")
        done = await desk.until("message_complete", role="assistant")
        assert desk.text(done["message_id"]) == done["content"], "the pieces make up the whole"
        assert (await desk.until("quality_feedback"))["verdict"] in ("pass", "warn")
        assert done["content"].count("保温杯") or "杯" in done["content"]

        interrupt = await review.until("interrupt", thread_id=thread)
        assert interrupt["params"]["content"] == done["content"]
        edited = interrupt["params"]["content"].replace("。", "，大家晚上好。", 1)
        decided = time.perf_counter()
        ack = await review.decide(interrupt, "edit", content=edited)
        assert ack["status"] == "accepted", ack
        shown = await prompter.until("prompter_state", where=lambda f: f["version"] > before["version"])
        elapsed = time.perf_counter() - decided
        assert shown["content"] == edited
        # The figure itself is a benchmark's (docs/performance.md); here: not by the poll, which comes minutes later.
        assert elapsed < 60, f"{elapsed * 1000:.0f} ms"

        finalized = await desk.until("script_finalized")
        assert finalized["content"] == edited
        await desk.until("run", status="completed", run_id=asked["run_id"])
        assert no_gaps_no_doubles(desk.events(thread))

        await prompter.do("prompter_ack", room_id=room, version=shown["version"], position=3)
        acked = await prompter.until("prompter_state", acked_version=shown["version"])
        assert acked["position"] == 3


async def test_switching_the_product_writes_about_the_new_one_only(operator: Rest) -> None:
    thread = await operator.new_thread()
    async with operator.socket() as desk:
        await desk.follow(thread)
        first = await desk.ask(thread, REQUEST)
        interrupt = await desk.until("interrupt", run_id=first["run_id"])
        await desk.decide(interrupt, "approve")
        await desk.until("run", status="completed", run_id=first["run_id"])
        second = await desk.ask(thread, "换成卫龙辣条，继续卖点介绍")
        interrupt = await desk.until("interrupt", run_id=second["run_id"])
        assert "辣条" in interrupt["params"]["content"]
        assert "保温杯" not in interrupt["params"]["content"]
        assert "辣条" in interrupt["params"]["product_name"]


async def test_the_snapshot_is_the_fold_of_the_events_a_client_got(operator: Rest) -> None:
    thread = await operator.new_thread()
    async with operator.socket() as desk:
        await desk.follow(thread)
        asked = await desk.ask(thread, "写一段保温杯的促销话术，45秒")
        interrupt = await desk.until("interrupt", run_id=asked["run_id"])
        await desk.decide(interrupt, "reject", feedback="太长了，短一点，再活泼一些")
        again = await desk.until("interrupt", where=lambda f: f["interrupt_id"] != interrupt["interrupt_id"])
        assert len(again["params"]["content"]) < len(interrupt["params"]["content"])
        await desk.decide(again, "reject")
        await desk.until("run", status="completed")
        await desk.drain()
        snapshot = await operator.get(f"/threads/{thread}/snapshot")
        assert snapshot["snapshot"] == desk.view(thread).model_dump(mode="json")


async def test_an_unclear_request_gets_a_question_with_options_and_no_script(operator: Rest) -> None:
    thread = await operator.new_thread()
    async with operator.socket() as desk:
        await desk.follow(thread)
        asked = await desk.ask(thread, "写一段话术")
        question = await desk.until("clarification")
        assert len(question["options"]) >= 2
        await desk.until("run", status="completed", run_id=asked["run_id"])
        assert not [f for f in desk.frames if f["type"] == "interrupt"]
        answered = await desk.ask(thread, question["options"][0]["value"])
        await desk.until("run", run_id=answered["run_id"], where=lambda f: f["status"] in ("waiting", "completed"))


async def test_an_edit_that_breaks_the_law_comes_back_with_its_findings(operator: Rest) -> None:
    thread = await operator.new_thread()
    async with operator.socket() as desk:
        await desk.follow(thread)
        asked = await desk.ask(thread, REQUEST)
        interrupt = await desk.until("interrupt", run_id=asked["run_id"])
        bad = interrupt["params"]["content"] + "这是全网最低价，国家级品质，能治疗失眠。"
        await desk.decide(interrupt, "edit", content=bad)
        again = await desk.until("interrupt", where=lambda f: f["interrupt_id"] != interrupt["interrupt_id"])
        blocking = [f for f in again["params"]["findings"] if f["severity"] == "block"]
        assert blocking
        for finding in blocking:
            start, end = finding["span"]
            assert again["params"]["content"][start:end] == finding["excerpt"]
        assert "approve" not in again["allowed"]
        refused = await desk.decide(again, "approve")
        assert refused["error"]["code"] == "decision_not_allowed"
        await desk.decide(again, "edit", content=interrupt["params"]["content"])
        assert (await desk.until("script_finalized"))["content"] == interrupt["params"]["content"]


async def test_free_text_while_a_decision_is_pending_is_refused_unless_it_withdraws_it(operator: Rest) -> None:
    thread = await operator.new_thread()
    async with operator.socket() as desk:
        await desk.follow(thread)
        asked = await desk.ask(thread, REQUEST)
        interrupt = await desk.until("interrupt", run_id=asked["run_id"])
        refused = await desk.do("message", thread_id=thread, content="算了，写促销吧")
        assert refused["error"]["code"] == "interrupt_pending"
        taken = await desk.do("message", thread_id=thread, content=REQUEST, multitask="interrupt")
        assert taken["status"] == "accepted"
        gone = await desk.until("interrupt_resolved", interrupt_id=interrupt["interrupt_id"])
        assert gone["decision"] == "cancelled"
        await desk.until("interrupt", run_id=taken["result"]["run_id"])
        late = await desk.decide(interrupt, "approve")
        assert late["error"]["code"] == "already_resolved"


async def test_one_trace_leads_from_the_request_to_the_end_of_its_run(
    operator: Rest, desk_server: ServerProcess
) -> None:
    thread = await operator.new_thread()
    answer = await operator.client.post(f"/api/v1/threads/{thread}/messages", json={"content": "你好，你能做什么？"})
    trace = answer.headers["x-trace-id"]
    async with operator.socket() as desk:
        await desk.follow(thread)
        await desk.until("run", status="completed")
    told = [line for line in desk_server.log_text().splitlines() if trace in line]
    assert any('"event": "request"' in line for line in told), told
    assert any('"event": "run_ended"' in line for line in told), told
    metrics = (await operator.client.get("/metrics")).text
    assert 'cuedesk_runs_ended_total{status="completed"}' in metrics
