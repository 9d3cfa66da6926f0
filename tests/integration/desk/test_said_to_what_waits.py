"""What an operator types while a script waits for approval, over a real socket: words decide nothing."""

from typing import Any

import pytest

from tests.support.desk_client import Desk, Frame, Rest, no_gaps_no_doubles
from tests.support.races import REQUEST


async def waiting(rest: Rest, desk: Desk) -> tuple[str, Frame]:
    thread = await rest.new_thread(room_id=await rest.room_of("小雅的直播间"))
    await desk.follow(thread)
    run_id = (await desk.ask(thread, REQUEST))["run_id"]
    return thread, await desk.until("interrupt", run_id=run_id, timeout=60)


async def pending(rest: Rest, interrupt: Frame) -> bool:
    return bool((await rest.get(f"/interrupts/{interrupt['interrupt_id']}"))["status"] == "pending")


async def test_a_yes_in_the_chat_approves_nothing_and_is_pointed_to_the_card(operator: Rest, approver: Rest) -> None:
    async with operator.socket() as desk, approver.socket() as other:
        thread, interrupt = await waiting(operator, desk)
        await other.follow(thread)
        for word, multitask in (("确认", "reject"), ("可以，发吧", "interrupt"), ("先别发", "enqueue")):
            told = await desk.ask(thread, word, multitask=multitask)
            assert told["run_id"] == interrupt["run_id"]
        said = await desk.until(
            "message_complete", role="assistant", agent="chat", where=lambda frame: "审批卡" in frame["content"]
        )
        assert "不算决定" in said["content"]
        # Whoever may decide is told so too; not even an approver's chat approves.
        await other.ask(thread, "通过")
        await other.drain()
        answers = [f for f in other.events(thread) if f["type"] == "message_complete" and f.get("agent") == "chat"]
        assert len(answers) == 4
        assert await pending(operator, interrupt)
        assert no_gaps_no_doubles(other.events(thread))
        assert (await other.decide(interrupt, "approve"))["status"] == "accepted"
        await desk.until("run", status="completed", run_id=interrupt["run_id"])


async def test_the_same_yes_sent_twice_is_answered_once(operator: Rest) -> None:
    async with operator.socket() as desk:
        thread, interrupt = await waiting(operator, desk)
        first = await desk.do("message", thread_id=thread, content="同意")
        await desk.say("message", id=first["re"], thread_id=thread, content="同意")
        again = await desk.until("ack", re=first["re"], status="duplicate")
        assert first["status"] == "accepted"
        outcome = again["result"].pop("outcome")
        assert outcome["content"] == interrupt["params"]["content"], "what the run wrote is still its outcome"
        assert first["result"] == again["result"]
        await desk.drain()
        told = [f for f in desk.events(thread) if f["type"] == "message_complete" and f.get("agent") == "chat"]
        assert len(told) == 1
        assert await pending(operator, interrupt)


async def test_a_change_asked_for_meanwhile_is_refused_or_withdraws_the_script_and_restyles_it(operator: Rest) -> None:
    async with operator.socket() as desk:
        thread, interrupt = await waiting(operator, desk)
        refused = await desk.do("message", thread_id=thread, content="改短一点再发")
        assert refused["error"]["code"] == "interrupt_pending"
        assert await pending(operator, interrupt)
        run_id = (await desk.ask(thread, "改短一点再发", multitask="interrupt"))["run_id"]
        read: dict[str, Any] = (await desk.until("node", run_id=run_id, node="intent", status="finished"))["detail"]
        assert (read["kind"], read["slots"]["length_change"]) == ("restyle", "shorter")
        anew = await desk.until("interrupt", run_id=run_id, timeout=60)
        assert len(anew["params"]["content"]) < len(interrupt["params"]["content"])
        assert not await pending(operator, interrupt)


@pytest.mark.parametrize("content", ["给保温杯写段促销", "这条谁来审？"])
async def test_what_is_no_answer_is_refused_as_ever(operator: Rest, content: str) -> None:
    async with operator.socket() as desk:
        thread, interrupt = await waiting(operator, desk)
        refused = await desk.do("message", thread_id=thread, content=content)
        assert refused["error"]["code"] == "interrupt_pending"
        assert await pending(operator, interrupt)
