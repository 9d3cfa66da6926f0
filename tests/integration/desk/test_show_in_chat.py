"""Many texts asked for in the chat: a plan is put as one question, and what is confirmed is begun, once."""

from typing import Any

import httpx2

from tests.support.desk_client import Desk, Frame, Rest


async def asked(rest: Rest, desk: Desk, words: str, **bindings: Any) -> tuple[str, Frame]:
    thread = await rest.new_thread(**bindings)
    await desk.follow(thread)
    run_id = (await desk.ask(thread, words))["run_id"]
    await desk.until("run", status="completed", run_id=run_id)
    return thread, await desk.until("clarification", thread_id=thread)


async def test_a_show_is_planned_confirmed_begun_and_found(operator: Rest) -> None:
    room = await operator.room_of("小雅的直播间")
    products = [one["name"] for one in (await operator.get("/products"))["items"]]
    before = len((await operator.get("/shows"))["items"])
    async with operator.socket() as desk:
        thread, question = await asked(operator, desk, "给这三款各写一段开场，每段20秒", room_id=room)
        assert "3 段" in question["message"], question["message"]
        assert "小雅的直播间" in question["message"]
        assert len((await operator.get("/shows"))["items"]) == before, "nothing is begun by a question"
        plan = question["options"][0]
        assert sum(name in plan["value"] for name in products) == 3
        run_id = (await desk.ask(thread, plan["label"]))["run_id"]  # as somebody types what the button says
        told = await desk.until("message_complete", role="assistant", agent="show", run_id=run_id)
        show_id = told["content"].rpartition("/rundown/")[2]
        await desk.until("run", status="completed", run_id=run_id)
        found = await operator.get(f"/shows/{show_id}")
        assert found["show"]["room_id"] == room
        assert [(item["scenario"], item["planned_seconds"]) for item in found["items"]] == [("opening", 20)] * 3
        await desk.follow(show_id)
        await desk.until("show_item", timeout=60, where=lambda frame: frame["progress"]["waiting"] == 3)
        assert len((await operator.get("/shows"))["items"]) == before + 1


async def test_a_plan_that_may_not_be_begun_any_more_fails_with_the_code_of_what_is_closed(
    operator: Rest, admin: Rest
) -> None:
    room = await operator.room_of("小雅的直播间")
    before = len((await operator.get("/shows"))["items"])
    async with operator.socket() as desk:
        thread, question = await asked(operator, desk, "给这三款各写一段开场，每段20秒", room_id=room)
        await admin.client.patch("/api/v1/skills/rundown", json={"enabled": False})
        try:
            run_id = (await desk.ask(thread, question["options"][0]["value"]))["run_id"]
            ended = await desk.until("run", run_id=run_id, status="failed")
        finally:
            await admin.client.patch("/api/v1/skills/rundown", json={"enabled": True})
        assert (ended["error"]["code"], ended["error"]["retryable"]) == ("skill_refused", False)
        assert ended["error"]["details"] == {"skill": "rundown", "title": "整场编排", "enabled": False}
        assert len((await operator.get("/shows"))["items"]) == before
        # Opened again, the very run goes on.
        await operator.post(f"/threads/{thread}/checkpoints/resume", {}, 202)
        told = await desk.until("message_complete", role="assistant", agent="show", run_id=run_id, timeout=60)
        assert "/rundown/" in told["content"]


async def test_what_only_the_run_finds_closed_is_told_to_the_one_request_too(operator: Rest, admin: Rest) -> None:
    await admin.client.patch("/api/v1/skills/generate", json={"roles": ["admin"]})
    try:
        # The words alone say nothing; the form beside them makes it a new script.
        body = {"content": "随便来点", "scenario": "opening"}
        refused: httpx2.Response = await operator.client.post("/api/v1/generate", json=body, timeout=60)
    finally:
        await admin.client.patch("/api/v1/skills/generate", json={"roles": None})
    assert (refused.status_code, refused.json()["code"]) == (403, "skill_refused")
    assert refused.json()["details"]["skill"] == "generate"


async def test_a_plan_that_is_not_wanted_begins_nothing(operator: Rest) -> None:
    before = len((await operator.get("/shows"))["items"])
    async with operator.socket() as desk:
        thread, question = await asked(operator, desk, "所有产品都来一段促销")
        assert question["options"][-1]["label"] == "先不写"
        run_id = (await desk.ask(thread, "先不写"))["run_id"]
        await desk.until("run", status="completed", run_id=run_id)
    assert len((await operator.get("/shows"))["items"]) == before


async def test_without_a_room_at_hand_the_question_offers_the_rooms(operator: Rest) -> None:
    async with operator.socket() as desk:
        _, question = await asked(operator, desk, "全部商品各写一段卖点")
        labels = [option["label"] for option in question["options"]]
        assert any(label.startswith("小雅的直播间") for label in labels), labels
        assert any(label.startswith("大刘的直播间") for label in labels), labels


async def test_a_plan_whose_product_is_gone_is_asked_again(operator: Rest, admin: Rest) -> None:
    room = await operator.room_of("小雅的直播间")
    made = await admin.post("/products", {"name": "临时加的香皂", "category": "个护清洁"}, 201)
    before = len((await operator.get("/shows"))["items"])
    async with operator.socket() as desk:
        thread, question = await asked(operator, desk, "所有产品都来一段促销", room_id=room)
        plan = question["options"][0]
        assert "临时加的香皂" in plan["value"]
        gone: httpx2.Response = await admin.client.delete(f"/api/v1/products/{made['id']}")
        assert gone.status_code == 204, gone.text
        run_id = (await desk.ask(thread, plan["value"]))["run_id"]
        again = await desk.until("clarification", run_id=run_id)
        assert "临时加的香皂" not in again["options"][0]["value"]
    assert len((await operator.get("/shows"))["items"]) == before
