"""Coming back with several threads to follow, and two wishes for one thread at once."""

import asyncio

from websockets.asyncio.client import connect

from tests.support.desk_client import Desk, Rest, new_id, no_gaps_no_doubles


async def test_a_thread_that_is_gone_does_not_keep_the_others_from_going_on(operator: Rest) -> None:
    gone, thread = new_id(), await operator.new_thread()
    async with operator.socket() as desk:
        points = [{"thread_id": one, "after_seq": 0} for one in (gone, thread)]
        ack = await desk.do("hello", resume=points)
        assert ack["status"] == "accepted", ack
        await desk.until("subscribed", topic=f"thread:{thread}")
        refused = await desk.until("error", code="forbidden")
        assert refused["details"]["topic"] == f"thread:{gone}"


async def test_resuming_and_subscribing_at_once_gives_each_event_once(operator: Rest) -> None:
    thread = await operator.new_thread()
    token = (await operator.post("/auth/token", {}))["access_token"]
    async with connect(operator.ws_url) as socket:
        desk = Desk(socket)
        point = {"thread_id": thread, "after_seq": 0}
        await desk.say("hello", token=token, resume=[point])
        await desk.say("subscribe", topic=f"thread:{thread}", after_seq=0)
        await desk.until("welcome")
        await desk.drain()
        asked = await desk.ask(thread, "你好")
        await desk.until("run", status="completed", run_id=asked["run_id"])
        await asyncio.sleep(0.2)
        await desk.drain()
        assert no_gaps_no_doubles(desk.events(thread))


async def test_who_follows_the_approvals_is_told_from_when_on_nothing_is_missed(operator: Rest) -> None:
    async with operator.socket() as desk:
        await desk.do("subscribe", topic="approvals")
        await desk.until("subscribed", topic="approvals")
        thread = await operator.new_thread()
        await desk.ask(thread, "写一段保温杯开场，15秒")
        raised = await desk.until("interrupt", thread_id=thread)
        listed = (await operator.get("/interrupts", status="pending"))["items"]
        assert raised["interrupt_id"] in {one["id"] for one in listed}
    # Nothing of what happens while nobody listens is told again: the list is read at this word.
    async with operator.socket() as desk:
        await desk.do("subscribe", topic="approvals")
        await desk.until("subscribed", topic="approvals")
