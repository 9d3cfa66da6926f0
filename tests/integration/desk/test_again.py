"""What nobody decided in time is taken up again: submitted as it was or as it was edited, or written anew."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.support.desk_client import Desk, Frame, Rest, new_id, no_gaps_no_doubles
from tests.support.processes import ServerProcess
from tests.support.races import REQUEST
from tests.support.sayings import plain_words

STRANGER = "operator@shanlan.demo.cuedesk"
ROOM = "小雅的直播间"


@pytest.fixture
async def owner(module_database_url: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    conn = await asyncpg.connect(module_database_url)
    yield conn
    await conn.close()


async def asked(rest: Rest, desk: Desk, request: str = REQUEST) -> Frame:
    """A script that waits for a person."""
    thread = await rest.new_thread(room_id=await rest.room_of(ROOM))
    await desk.follow(thread)
    run_id = (await desk.ask(thread, request))["run_id"]
    return await desk.until("interrupt", run_id=run_id)


async def out_of_time(owner: "asyncpg.Connection[asyncpg.Record]", desk: Desk, interrupt: Frame) -> None:
    """Let its time be over, and its run be at its end."""
    await owner.execute("UPDATE interrupts SET expires_at = clock_timestamp() WHERE id = $1", interrupt["interrupt_id"])
    await desk.until("interrupt_expired", interrupt_id=interrupt["interrupt_id"])
    await desk.until("run", run_id=interrupt["run_id"], status="expired")


async def expired(rest: Rest, desk: Desk, owner: "asyncpg.Connection[asyncpg.Record]") -> Frame:
    interrupt = await asked(rest, desk)
    await out_of_time(owner, desk, interrupt)
    return interrupt


async def take_up(desk: Desk, interrupt: Frame, how: str, **fields: Any) -> Frame:
    """Take it up and return the new question."""
    ack = await desk.do("again", interrupt_id=interrupt["interrupt_id"], how=how, **fields)
    assert ack["status"] == "accepted", ack
    return await desk.until("interrupt", run_id=ack["result"]["run_id"])


async def published(rest: Rest, desk: Desk, interrupt: Frame) -> dict[str, Any]:
    """Approve it and return the version that is in the library."""
    assert (await desk.decide(interrupt, "approve"))["status"] == "accepted"
    told = await desk.until("script_finalized", run_id=interrupt["run_id"])
    version: dict[str, Any] = (await rest.get(f"/scripts/{told['script_id']}"))["versions"][0]
    return version


async def test_the_original_is_submitted_to_the_letter_and_asked_about_once_more(
    operator: Rest, approver: Rest, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with approver.socket() as desk, operator.socket() as other:
        old = await expired(approver, desk, owner)
        await other.follow(old["thread_id"])
        command = new_id()
        new = await take_up(other, old, "submit", id=command)
        assert new["interrupt_id"] != old["interrupt_id"]
        assert new["params"]["content"] == old["params"]["content"]
        assert new["params"]["again_of"] == old["interrupt_id"]
        for name in ("room_id", "product_id", "host_id", "title", "seconds"):
            assert new["params"][name] == old["params"][name], name
        assert new["params"]["slots"]["scenario"] == old["params"]["slots"]["scenario"]

        # Sent again it is the same command; asked again it is somebody else's already.
        async with operator.socket() as later:
            repeated = await later.do("again", id=command, interrupt_id=old["interrupt_id"], how="submit")
        assert (repeated["status"], repeated["result"]["run_id"]) == ("duplicate", new["run_id"])
        second = await desk.do("again", interrupt_id=old["interrupt_id"], how="regenerate")
        assert second["error"]["code"] == "taken_up_again"
        assert second["error"]["details"]["by"]["name"] == "小林"
        assert second["error"]["details"]["interrupt_id"] == new["interrupt_id"]

        told = (await operator.get(f"/interrupts/{old['interrupt_id']}"))["again"]
        assert (told["run_id"], told["interrupt_id"], told["by"]["name"]) == (
            new["run_id"],
            new["interrupt_id"],
            "小林",
        )
        assert (await operator.get(f"/interrupts/{new['interrupt_id']}"))["again"] is None
        said = (await operator.get(f"/threads/{old['thread_id']}/messages"))["items"]
        assert f"以原稿重新提交《{old['params']['title']}》" in [one["content"] for one in said]

        await desk.until("interrupt", interrupt_id=new["interrupt_id"])
        version = await published(approver, desk, new)
        assert (version["content"], version["draft"]) == (old["params"]["content"],) * 2
        assert version["provenance"]["edits"] == []
        assert version["provenance"]["request"] == REQUEST
        await desk.until("run", run_id=new["run_id"], status="completed")
        assert no_gaps_no_doubles(desk.events(old["thread_id"]))


async def test_an_edit_that_came_too_late_is_submitted_and_told_from_what_the_writer_made(
    approver: Rest, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with approver.socket() as desk:
        old = await expired(approver, desk, owner)
        edit = old["params"]["content"] + "喜欢的朋友可以看一看。"
        new = await take_up(desk, old, "submit", content=edit)
        assert new["params"]["content"] == edit
        await out_of_time(owner, desk, new)

        # And once more, as it is by now.
        third = await take_up(desk, new, "submit")
        assert (third["params"]["content"], third["params"]["again_of"]) == (edit, new["interrupt_id"])
        version = await published(approver, desk, third)
        assert (version["content"], version["draft"]) == (edit, old["params"]["content"])
        assert version["provenance"]["edits"] != []


async def test_written_anew_it_is_another_text_for_the_same_request(
    operator: Rest, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with operator.socket() as desk:
        old = await expired(operator, desk, owner)
        new = await take_up(desk, old, "regenerate")
        assert new["params"]["content"] != old["params"]["content"]
        assert new["params"]["again_of"] == old["interrupt_id"]
        for name in ("room_id", "product_id", "title", "seconds"):
            assert new["params"][name] == old["params"][name], name


async def test_what_is_submitted_again_is_checked_by_the_rules_and_the_record_of_now_and_not_rewritten(
    operator: Rest, admin: Rest, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with operator.socket() as desk:
        old = await expired(operator, desk, owner)
        text, product = old["params"]["content"], old["params"]["product_id"]
        assert "approve" in old["allowed"]
        revision = (await admin.get("/rules/overlay"))["revision"]
        own = {"id": "H-AGAIN", "title": "今天起禁用", "severity": "block", "terms": [plain_words(text, 6)]}
        saved = await admin.client.put(
            "/api/v1/rules/overlay", json={"revision": revision, "overlay": {"rules": [own]}, "note": ""}
        )
        assert saved.status_code == 200, saved.text
        before = await admin.get(f"/products/{product}")
        renamed = await admin.client.patch(
            f"/api/v1/products/{product}", json={"version": before["version"], "name": "换名保温杯"}
        )
        assert renamed.status_code == 200, renamed.text
        try:
            new = await take_up(desk, old, "submit")
            assert new["params"]["content"] == text, "the writer had a hand in it"
            assert "H-AGAIN" in [finding["rule"] for finding in new["params"]["findings"]]
            assert "approve" not in new["allowed"]
            assert new["params"]["product_name"] == "换名保温杯"
        finally:
            await admin.client.patch(
                f"/api/v1/products/{product}",
                json={"version": renamed.json()["version"], "name": before["name"]},
            )
            await admin.client.put("/api/v1/rules/overlay", json={"revision": revision + 1, "overlay": {}, "note": ""})


async def test_a_text_that_a_person_submits_is_never_passed_without_a_person(
    operator: Rest, admin: Rest, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with operator.socket() as desk:
        old = await expired(operator, desk, owner)
        await admin.client.patch("/api/v1/tenant/policies", json={"auto_approve": True})
        try:
            new = await take_up(desk, old, "submit", content="大家好，今天看看这款保温杯，喜欢的朋友可以了解一下。")
            await desk.until("run", run_id=new["run_id"], status="waiting")
        finally:
            await admin.client.patch("/api/v1/tenant/policies", json={"auto_approve": False})


async def test_only_what_expired_is_taken_up_and_only_by_who_may_ask(
    desk_server: ServerProcess, operator: Rest, host: Rest, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with operator.socket() as desk, host.socket() as reader, Rest.login(desk_server.url, STRANGER) as stranger:
        waiting = await asked(operator, desk)
        refused = await desk.do("again", interrupt_id=waiting["interrupt_id"], how="submit")
        assert (refused["error"]["code"], refused["error"]["details"]) == ("not_expired", {"status": "pending"})
        await out_of_time(owner, desk, waiting)

        path = f"/api/v1/interrupts/{waiting['interrupt_id']}/again"
        refused = await reader.do("again", interrupt_id=waiting["interrupt_id"], how="submit")
        assert refused["error"]["code"] == "forbidden"
        assert (await host.client.post(path, json={"how": "submit"})).status_code == 403
        assert (await stranger.client.post(path, json={"how": "submit"})).status_code == 404
        async with stranger.socket() as far:
            refused = await far.do("again", interrupt_id=waiting["interrupt_id"], how="submit")
            assert refused["error"]["code"] == "not_found"
        for wrong in ({"how": "regenerate", "content": "甲"}, {"how": "submit", "content": " "}, {"how": "again"}):
            assert (await operator.client.post(path, json=wrong)).status_code == 400, wrong
        assert await owner.fetchval("SELECT count(*) FROM runs WHERE again_of = $1", waiting["interrupt_id"]) == 0

        answers = [
            await operator.client.post(path, json={"how": "submit"}, headers={"Idempotency-Key": "once-more"})
            for _ in range(2)
        ]
        assert [answer.status_code for answer in answers] == [202, 202]
        assert answers[0].json() == answers[1].json()
        await desk.until("interrupt", run_id=answers[0].json()["run_id"])


async def test_of_many_who_take_it_up_at_once_one_does(
    operator: Rest, approver: Rest, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with operator.socket() as one, approver.socket() as two:
        old = await expired(operator, one, owner)
        sent = [
            (desk, await desk.say("again", interrupt_id=old["interrupt_id"], how=how))
            for how in ("submit", "regenerate")
            for desk in (one, two)
        ]
        acks = [await desk.until("ack", re=command_id) for desk, command_id in sent]
        assert sorted(ack["status"] for ack in acks) == ["accepted", "rejected", "rejected", "rejected"]
        codes = {ack["error"]["code"] for ack in acks if ack["status"] == "rejected"}
        assert codes <= {"taken_up_again", "thread_busy", "interrupt_pending"}, codes
        assert await owner.fetchval("SELECT count(*) FROM runs WHERE again_of = $1", old["interrupt_id"]) == 1


async def test_what_was_stopped_may_be_taken_up_another_time_and_nothing_beside_what_is_at_work(
    operator: Rest, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with operator.socket() as desk:
        old = await expired(operator, desk, owner)
        new = await take_up(desk, old, "submit")
        stopped = await desk.do("cancel", thread_id=old["thread_id"])
        assert stopped["status"] == "accepted"
        assert (await operator.get(f"/interrupts/{old['interrupt_id']}"))["again"] is None
        third = await take_up(desk, old, "regenerate")
        assert third["run_id"] != new["run_id"]
        await desk.do("cancel", thread_id=old["thread_id"])

        # Another script of the conversation waits: one thing after the other.
        run_id = (await desk.ask(old["thread_id"], REQUEST))["run_id"]
        await desk.until("interrupt", run_id=run_id)
        refused = await desk.do("again", interrupt_id=old["interrupt_id"], how="submit")
        assert refused["error"]["code"] == "interrupt_pending"
        # The expired one's own last steps are no reason to wait: the new run stands behind them.
        assert (await owner.fetchval("SELECT status FROM runs WHERE id = $1", UUID(old["run_id"]))) == "expired"


async def test_pressed_in_the_moment_it_expires_it_begins_behind_the_run_that_is_ending(
    operator: Rest, owner: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    async with operator.socket() as desk:
        old = await asked(operator, desk)
        run_id = UUID(old["run_id"])
        await owner.execute("UPDATE interrupts SET expires_at = clock_timestamp() WHERE id = $1", old["interrupt_id"])
        await desk.until("interrupt_expired", interrupt_id=old["interrupt_id"])
        # Not a moment that can be waited for: whichever it is, it is taken, and both come to their ends in order.
        new = await take_up(desk, old, "submit")
        async with asyncio.timeout(60):
            await desk.until("run", run_id=str(run_id), status="expired")
        assert new["params"]["again_of"] == old["interrupt_id"]
        assert no_gaps_no_doubles(desk.events(old["thread_id"]))
