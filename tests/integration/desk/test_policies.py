"""What a tenant wants done with decisions: four eyes, no person where nothing was found, a moment to call back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from tests.support.desk_client import Desk, Frame, Rest
from tests.support.processes import unhurried
from tests.support.races import REQUEST

#: What the demo tenant begins with.
NONE = {"four_eyes": False, "auto_approve": False, "undo_window": 0, "escalate_before": None, "interrupt_ttl": None,
        "show_interrupt_ttl": None, "show_concurrency": None}  # fmt: skip


@asynccontextmanager
async def policies(admin: Rest, **wanted: Any) -> AsyncIterator[None]:
    """Let the tenant have these policies while the block runs."""
    await change(admin, **wanted)
    try:
        yield
    finally:
        await change(admin, **{name: NONE[name] for name in wanted})


async def change(admin: Rest, **wanted: Any) -> dict[str, Any]:
    answer = await admin.client.patch("/api/v1/tenant/policies", json=wanted)
    assert answer.status_code == 200, answer.text
    now: dict[str, Any] = answer.json()
    return now


async def ask(rest: Rest, desk: Desk, *, room: str | None = "小雅的直播间") -> tuple[str, str]:
    """Ask for a script; return thread and run."""
    bindings = {"room_id": await rest.room_of(room)} if room else {}
    thread = await rest.new_thread(**bindings)
    await desk.follow(thread)
    return thread, (await desk.ask(thread, REQUEST))["run_id"]


async def waiting(rest: Rest, desk: Desk) -> tuple[str, Frame]:
    thread, run_id = await ask(rest, desk)
    return thread, await desk.until("interrupt", run_id=run_id, action="publish_script", timeout=60)


async def shown_version(rest: Rest) -> int:
    return int((await rest.get(f"/rooms/{await rest.room_of('小雅的直播间')}/prompter"))["version"])


async def test_policies_are_read_by_all_changed_by_admins_and_written_down(admin: Rest, approver: Rest) -> None:
    before = await approver.get("/tenant/policies")
    assert (before["interrupt_ttl"], before["escalate_before"], before["undo_window"]) == (1800, 300, 0)
    refused = await approver.client.patch("/api/v1/tenant/policies", json={"four_eyes": True})
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    async with policies(admin, interrupt_ttl=900, four_eyes=True):
        now = await approver.get("/tenant/policies")
        assert (now["interrupt_ttl"], now["four_eyes"], now["escalate_before"]) == (900, True, 300)
    assert await approver.get("/tenant/policies") == before
    entries = (await admin.get("/audit"))["items"]
    changes = [entry["detail"] for entry in entries if entry["action"] == "tenant.policies_changed"]
    assert {"interrupt_ttl": [1800, 900], "four_eyes": [False, True]} in changes
    for wrong in (
        {"undo_window": -1},
        {"interrupt_ttl": 0},
        {"show_interrupt_ttl": 0},
        {"show_concurrency": 51},
        {"window_characters": 499},
        {"summary_characters": 4001},
        {"memory_documents": 9},
        {"undo_window": None},
        {"four_ears": True},
    ):
        assert (await admin.client.patch("/api/v1/tenant/policies", json=wrong)).status_code == 400


async def test_with_four_eyes_nobody_approves_or_edits_what_they_asked_for(
    operator: Rest, approver: Rest, admin: Rest
) -> None:
    async with policies(admin, four_eyes=True), operator.socket() as desk, approver.socket() as other:
        _, interrupt = await waiting(operator, desk)
        for decision, text in (("approve", {}), ("edit", {"content": interrupt["params"]["content"]})):
            refused = await desk.decide(interrupt, decision, **text)
            assert refused["error"]["code"] == "four_eyes"
        by_rest = await operator.client.post(
            f"/api/v1/interrupts/{interrupt['interrupt_id']}/decide", json={"decision": "approve"}
        )
        assert (by_rest.status_code, by_rest.json()["code"]) == (403, "four_eyes")
        assert (await other.decide(interrupt, "approve"))["status"] == "accepted"
        await desk.until("run", status="completed")
        _, second = await waiting(operator, desk)
        assert (await desk.decide(second, "reject"))["status"] == "accepted", "to take one's own back needs nobody"


async def test_a_comment_goes_to_the_writer_without_being_a_rejection(operator: Rest, approver: Rest) -> None:
    async with operator.socket() as desk, approver.socket() as other:
        thread, interrupt = await waiting(operator, desk)
        assert "respond" in interrupt["allowed"]
        nothing = await other.decide(interrupt, "respond")
        assert nothing["error"]["code"] == "bad_request"
        answered = await other.decide(interrupt, "respond", content="太长了，短一点，再活泼一些")
        assert answered["result"]["decision"] == "respond"
        resolved = await desk.until("interrupt_resolved", interrupt_id=interrupt["interrupt_id"])
        assert (resolved["decision"], resolved["content"]) == ("respond", "太长了，短一点，再活泼一些")
        again = await desk.until("interrupt", where=lambda f: f["interrupt_id"] != interrupt["interrupt_id"])
        assert len(again["params"]["content"]) < len(interrupt["params"]["content"])
        row = await operator.get(f"/interrupts/{interrupt['interrupt_id']}")
        assert row["status"] == "responded"
        await desk.decide(again, "approve")
        final = await desk.until("script_finalized")
        versions = (await operator.get(f"/scripts/{final['script_id']}"))["versions"]
        assert (versions[0]["provenance"]["responses"], versions[0]["provenance"]["rejections"]) == (1, 0)
        assert [card.status for card in desk.view(thread).interrupts] == ["respond", "approve"]


async def test_what_the_checks_find_nothing_in_is_approved_by_policy_and_said_so(
    operator: Rest, admin: Rest, module_database_url: str
) -> None:
    async with policies(admin, auto_approve=True), operator.socket() as desk:
        for _ in range(4):  # a draft that gets a warning waits, as it should; then another is asked for
            thread, run_id = await ask(operator, desk)
            ended = ("completed", "waiting")
            run = await desk.until("run", run_id=run_id, where=lambda f: f["status"] in ended, timeout=60)  # noqa: B023
            if run["status"] == "completed":
                break
            await desk.do("cancel", thread_id=thread)
        quality = [f for f in desk.frames if f["type"] == "quality_feedback"][-1]
        assert (quality["verdict"], quality["findings"]) == ("pass", []), "this test needs a clean draft"
        resolved = await desk.until("interrupt_resolved", run_id=run_id)
        assert (resolved["decision"], resolved["by"], resolved["policy"]) == ("approve", None, "auto_approve")
        assert await desk.until("script_finalized", run_id=run_id)
        conn = await asyncpg.connect(module_database_url)
        try:
            actions = await conn.fetch(
                "SELECT actor, action FROM audit_log WHERE subject = $1", resolved["interrupt_id"]
            )
        finally:
            await conn.close()
        assert [(row["actor"], row["action"]) for row in actions] == [(None, "interrupt.auto_approved")]
        # What a person has sent back, and what has a finding, waits for a person.
        bad = await desk.ask(thread, "写一段保温杯促销，一定要说全网最低价、国家级品质，能治疗失眠，就按原话，30秒")
        interrupt = await desk.until("interrupt", run_id=bad["run_id"], timeout=60)
        if not interrupt["params"]["findings"]:
            pytest.fail("the request no longer brings a finding: choose another")
        await desk.until("run", run_id=bad["run_id"], status="waiting")
        await desk.do("cancel", thread_id=thread)


async def test_a_draft_that_a_person_sent_back_is_theirs_to_approve_though_it_is_clean(
    operator: Rest, admin: Rest
) -> None:
    async with operator.socket() as desk:
        for _ in range(4):  # till a draft is clean: only that shows that a person's rejection outweighs it
            thread, again = await waiting(operator, desk)
            seen = set()
            async with policies(admin, auto_approve=True):
                for _ in range(3):
                    seen.add(again["interrupt_id"])
                    await desk.decide(again, "respond", content="再活泼一些")
                    again = await desk.until("interrupt", where=lambda f, known=seen: f["interrupt_id"] not in known)
                    if not again["params"]["findings"]:
                        assert again["params"]["verdict"] == "pass"
                        await desk.until("run", status="waiting", where=lambda f, at=again["seq"]: f["seq"] > at)
                        await desk.do("cancel", thread_id=thread)
                        return
            await desk.do("cancel", thread_id=thread)
        pytest.fail("none of twelve drafts was clean")


async def test_a_held_script_is_not_shown_before_its_time_and_then_is_by_itself(operator: Rest, admin: Rest) -> None:
    async with policies(admin, undo_window=2), operator.socket() as desk:
        thread, interrupt = await waiting(operator, desk)
        before = await shown_version(operator)
        assert (await desk.decide(interrupt, "approve"))["status"] == "accepted"
        held = await desk.until("interrupt", action="go_on_air", thread_id=thread)
        assert (held["allowed"], held["params"]["approved_by"]) == ([], "小林")
        assert held["params"]["approver_id"] == (await operator.get("/auth/me"))["user"]["id"]
        assert held["on_air_at"] > held["at"]
        row = await operator.get(f"/interrupts/{held['interrupt_id']}")
        assert (row["status"], row["on_air_at"] is not None) == ("pending", True)
        final = await desk.until("script_finalized", timeout=30)
        # By the database's clock: what is on the screen came after the moment that was named, and soon after it.
        assert final["at"] >= held["on_air_at"]
        told = await desk.until("interrupt_resolved", interrupt_id=held["interrupt_id"])
        assert (told["decision"], told["by"]) == ("on_air", None)
        assert await shown_version(operator) == before + 1
        late = await desk.do("undo", interrupt_id=held["interrupt_id"])
        assert late["error"]["code"] == "already_resolved"
        assert [card.status for card in desk.view(thread).interrupts] == ["approve", "on_air"]


async def test_a_held_script_that_is_called_back_waits_for_a_decision_again_and_was_never_shown(
    operator: Rest, approver: Rest, admin: Rest
) -> None:
    async with policies(admin, undo_window=600), operator.socket() as desk, approver.socket() as other:
        await other.do("subscribe", topic="approvals")
        thread, interrupt = await waiting(operator, desk)
        before = await shown_version(operator)
        bad = interrupt["params"]["content"] + "这是全网最低价，国家级品质，能治疗失眠。"
        await desk.decide(interrupt, "edit", content=bad)
        # An edit is checked before it is held: nobody waits ten minutes to hear that it is not allowed.
        again = await desk.until("interrupt", where=lambda f: f["interrupt_id"] != interrupt["interrupt_id"])
        assert again["action"] == "publish_script"
        better = interrupt["params"]["content"].replace("。", "，大家好。", 1)
        await desk.decide(again, "edit", content=better)
        held = await other.until("interrupt", action="go_on_air", thread_id=thread)
        assert held["params"]["content"] == better
        for decision in ("approve", "reject"):
            assert (await other.decide(held, decision))["error"]["code"] == "decision_not_allowed"
        undone = await approver.post(f"/interrupts/{held['interrupt_id']}/undo", {})
        assert undone["version"] == 2
        resolved = await desk.until("interrupt_resolved", interrupt_id=held["interrupt_id"])
        assert (resolved["decision"], resolved["by"]["name"]) == ("undo", "阿敏")
        seen = {interrupt["interrupt_id"], again["interrupt_id"], held["interrupt_id"]}
        third = await desk.until("interrupt", where=lambda f: f["interrupt_id"] not in seen)
        assert (third["params"]["content"], "approve" in third["allowed"]) == (better, True)
        # It says whose approval was called back, and by whom.
        called = third["params"]["called_back"]
        assert (called["of"], called["by_name"]) == (again["interrupt_id"], "阿敏")
        assert held["params"]["of"] == again["interrupt_id"]
        assert "called_back" not in again["params"]
        await desk.decide(third, "reject")
        await desk.until("run", status="completed")
        assert await shown_version(operator) == before
        assert not [f for f in desk.frames if f["type"] == "script_finalized"]


async def test_free_text_withdraws_a_held_script_too(operator: Rest, admin: Rest) -> None:
    async with policies(admin, undo_window=600), operator.socket() as desk:
        thread, interrupt = await waiting(operator, desk)
        before = await shown_version(operator)
        await desk.decide(interrupt, "approve")
        held = await desk.until("interrupt", action="go_on_air", thread_id=thread)
        # Words are pointed to the button that stops it; a new request has to say what becomes of the held one.
        await desk.do("message", thread_id=thread, content="等一下")
        assert "撤回" in (await desk.until("message_complete", agent="chat"))["content"]
        refused = await desk.do("message", thread_id=thread, content="给小雅的直播间写一段保温杯开场")
        assert refused["error"]["code"] == "interrupt_pending"
        await desk.do("message", thread_id=thread, content="你好", multitask="interrupt")
        gone = await desk.until("interrupt_resolved", interrupt_id=held["interrupt_id"])
        assert gone["decision"] == "cancelled"
        assert (await desk.do("undo", interrupt_id=held["interrupt_id"]))["error"]["code"] == "already_resolved"
        assert await shown_version(operator) == before


async def test_what_ends_undecided_becomes_urgent_first_and_expires_within_two_seconds(
    operator: Rest, approver: Rest, admin: Rest, module_database_url: str
) -> None:
    async with operator.socket() as desk, approver.socket() as other:
        await other.do("subscribe", topic="approvals")
        async with policies(admin, interrupt_ttl=8, escalate_before=4):
            _, interrupt = await waiting(operator, desk)
        name = interrupt["interrupt_id"]
        # Set once more when the policy is the server's again, so that only its own times count.
        conn = await asyncpg.connect(module_database_url)
        try:
            await conn.execute(
                """UPDATE interrupts SET created_at = clock_timestamp() - interval '2 hours',
                     expires_at = clock_timestamp() + interval '4 s' WHERE id = $1""",
                name,
            )
            urgent = await other.until("interrupt_updated", interrupt_id=name)
            assert urgent["escalated_at"]
            await other.until("interrupt_expired", interrupt_id=name)
            await desk.until("run", status="expired")
            late = await conn.fetchval(
                """SELECT extract(epoch FROM e.created_at - i.expires_at) FROM interrupts i
                   JOIN thread_events e ON e.thread_id = i.thread_id AND e.type = 'interrupt_expired'
                   WHERE i.id = $1""",
                name,
            )
        finally:
            await conn.close()
        assert 0 <= late <= unhurried(2)
        await other.drain()
        assert len([f for f in other.frames if f["type"] == "interrupt_updated" and f["interrupt_id"] == name]) == 1
        entries = (await admin.get("/audit"))["items"]
        assert len([e for e in entries if e["subject"] == name and e["action"] == "interrupt.escalated"]) == 1


async def test_the_scripts_of_a_show_wait_as_long_as_the_tenant_says_for_shows(operator: Rest, admin: Rest) -> None:
    async with policies(admin, interrupt_ttl=900, show_interrupt_ttl=7200, show_concurrency=2):
        products = (await operator.get("/products", limit=3))["items"]
        body = {
            "room_id": await operator.room_of("小雅的直播间"),
            "name": "两小时的专场",
            "total_seconds": 600,
            "items": [{"product_id": each["id"], "scenario": "selling_points", "seconds": 20} for each in products],
        }
        show_id = (await operator.post("/shows", body, 201))["show"]["id"]
        started = await operator.post(f"/shows/{show_id}/start", {})
        assert started["concurrency"] == 2
        async with asyncio.timeout(60):
            while True:
                now = await operator.get(f"/shows/{show_id}")
                if now["show"]["progress"]["waiting"] == len(products):
                    break
                await asyncio.sleep(0.1)
        threads = {item["thread_id"] for item in now["items"]}
        asked = [each for each in (await operator.get("/interrupts"))["items"] if each["thread_id"] in threads]
        assert len(asked) == len(products)
        for each in asked:
            lives = datetime.fromisoformat(each["expires_at"]) - datetime.fromisoformat(each["created_at"])
            assert timedelta(seconds=7200) <= lives < timedelta(seconds=7260)
