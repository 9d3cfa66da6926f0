"""A conversation played again: a question, an edit, a rejection and what was on air, moment by moment."""

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import TALL, Seat, Seats
from tests.e2e.test_accessibility import AXE, serious
from tests.support.desk_client import APPROVER, HOST, OPERATOR
from tests.support.processes import ServerProcess

STRANGER = "admin@shanlan.demo.cuedesk"
ADDED = "姐妹们先把音量开大。"
FEEDBACK = "开头太平，先讲使用场景"
LIMIT = 60  # seconds; whatever is waited for is there much sooner


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


class Api:
    """REST as somebody who is signed in; each step waits for what it brings about."""

    def __init__(self, seat: Seat) -> None:
        self._requests = seat.context.request

    def get(self, path: str) -> Any:
        answer = self._requests.get(f"/api/v1{path}")
        assert answer.ok, answer.text()
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        answer = self._requests.post(f"/api/v1{path}", data=body)
        assert answer.ok, answer.text()
        return answer.json()

    def until(self, read: Callable[[], Any]) -> Any:
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            found = read()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError("it did not come")

    def run_of(self, thread: str) -> str | None:
        """The state of the thread's last run."""
        runs = self.get(f"/threads/{thread}/snapshot")["snapshot"]["runs"]
        return runs[-1]["status"] if runs else None

    def say(self, thread: str, content: str, status: str) -> None:
        """Say something and wait until its run stands so."""
        before = len(self.get(f"/threads/{thread}/snapshot")["snapshot"]["runs"])
        self.post(f"/threads/{thread}/messages", content=content)

        def done() -> bool:
            runs = self.get(f"/threads/{thread}/snapshot")["snapshot"]["runs"]
            return len(runs) > before and runs[-1]["status"] == status

        self.until(done)

    def pending(self, thread: str) -> dict[str, Any]:
        def read() -> Any:
            rows = self.get(f"/interrupts?status=pending&thread_id={thread}")["items"]
            return rows and self.run_of(thread) == "waiting" and rows[0]

        return dict(self.until(read))


def lived_through(seats: Seats) -> str:
    """A thread with everything a replay tells: a question back, a rejection, an edit, and a script that went on air."""
    operator, approver = Api(seats.take(OPERATOR, "/scripts")), Api(seats.take(APPROVER, "/scripts"))
    rooms = operator.get("/rooms")["items"]
    room = next(one["id"] for one in rooms if one["name"] == "小雅的直播间")
    thread = str(operator.post("/threads", room_id=room)["id"])
    operator.say(thread, "写一段开场", "completed")
    operator.say(thread, "给小雅的直播间写一段保温杯开场，30秒，活泼一点", "waiting")
    first = approver.pending(thread)
    approver.post(f"/interrupts/{first['id']}/claim")
    approver.post(f"/interrupts/{first['id']}/decide", decision="reject", feedback=FEEDBACK, reason="style")
    second = approver.until(lambda: next((q for q in [approver.pending(thread)] if q["id"] != first["id"]), None))
    text = f"{ADDED}{second['params']['content']}"
    approver.post(f"/interrupts/{second['id']}/decide", decision="edit", content=text)
    approver.until(lambda: approver.run_of(thread) == "completed")
    return thread


@pytest.fixture
def thread(seats: Seats) -> str:
    return lived_through(seats)


def at_moment(page: Page) -> str:
    return page.get_by_test_id("moment").inner_text()


def test_a_conversation_is_gone_through_by_keys_from_its_question_to_the_screen(seats: Seats, thread: str) -> None:
    desk = seats.take(OPERATOR, f"/console/{thread}", viewport=TALL)
    row = desk.page.locator("li.thread-active")
    row.get_by_role("button").click()
    desk.page.get_by_role("menuitem", name="回放").click()
    page = desk.page
    expect(page).to_have_url(re.compile(f"/replay/{thread}"))
    then, scrubber = page.get_by_test_id("then"), page.get_by_test_id("scrubber")
    # It opens at the end: what was approved is on the screen of its room.
    expect(page.get_by_test_id("on-screen")).to_contain_text("小雅的直播间")
    expect(then).to_contain_text("定稿")
    expect(then.locator("ins").first).to_contain_text(ADDED[:4])
    assert serious(page, AXE) == []

    page.keyboard.press("Home")
    expect(page.get_by_test_id("position")).to_contain_text("第 1 /")
    expect(page.get_by_test_id("on-screen")).to_have_count(0)
    expect(page.get_by_text("此刻还没有运行步骤")).to_be_visible()
    expect(page.get_by_test_id("fork")).to_be_disabled()

    # Only what people said and decided: from one to the next by keys, at the line itself.
    for name in ("步骤", "上屏", "错误"):
        page.get_by_role("checkbox", name=name).uncheck()
    seen = []
    scrubber.focus()
    for _ in range(40):
        before = page.get_by_test_id("position").inner_text()
        seen.append(at_moment(page))
        page.keyboard.press("ArrowRight")
        if page.get_by_test_id("position").inner_text() == before:
            break
    story = "\n".join(seen)
    # In this order: the question, who took it, the rejection, the edit.
    places = [story.find(words) for words in ("反问", "请人审核", "认领", FEEDBACK, "改后通过")]
    assert places == sorted(places), story
    assert -1 not in places, story

    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_test_id("moment")).to_contain_text("改后通过")
    page.get_by_text("此刻的稿件").click()
    expect(page.get_by_test_id("script-then")).to_contain_text(ADDED)
    page.get_by_role("button", name="对照上一稿").click()
    expect(page.get_by_test_id("script-then").locator("ins").first).to_contain_text(ADDED[:4])
    assert desk.complaints == []


def test_each_state_is_compared_with_the_one_before_and_a_link_leads_back_to_it(seats: Seats, thread: str) -> None:
    seat = seats.take(OPERATOR, f"/replay/{thread}", viewport=TALL, permissions=["clipboard-read", "clipboard-write"])
    page = seat.page
    versions = Api(seat).get(f"/threads/{thread}/checkpoints?limit=100")["items"]
    written = next(one for one in reversed(versions) if one["nodes"] == ["script"])
    page.goto(f"/replay/{thread}?at=v{written['version']}")
    state = page.get_by_test_id("state")
    expect(state).to_have_attribute("data-version", str(written["version"]))
    draft = state.locator("[data-key=draft]")
    expect(draft).to_contain_text("新增")
    expect(draft).to_contain_text("杯")
    expect(state.get_by_text(re.compile("没有变的 \\d+ 项"))).to_be_visible()
    # The draft was there in the conversation, and nobody had been asked yet.
    expect(page.get_by_test_id("then")).not_to_contain_text("待审批")

    page.get_by_test_id("share").click()
    expect(page.get_by_text("链接已复制")).to_be_visible()
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == f"{seats.address}/replay/{thread}?at=v{written['version']}"
    page.keyboard.press("End")
    expect(page).not_to_have_url(link)
    page.goto(link)
    expect(page.get_by_test_id("moment")).to_have_attribute("data-key", f"v{written['version']}")
    page.emulate_media(color_scheme="dark")
    assert serious(page, AXE) == []


def test_it_plays_by_itself_and_stops_at_the_end(seats: Seats, thread: str) -> None:
    page = seats.take(HOST, f"/replay/{thread}?at=1").page
    expect(page.get_by_test_id("position")).to_contain_text("第 1 /")
    page.keyboard.press("1")
    expect(page.get_by_role("button", name="1×", exact=True)).to_have_attribute("aria-pressed", "true")
    page.locator("h1").click()
    page.keyboard.press(" ")
    expect(page.get_by_test_id("play")).to_have_text("暂停")
    # Not before: a busy machine would be at the end before anybody looks.
    page.keyboard.press("3")
    expect(page.get_by_role("button", name="16×")).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_test_id("play")).to_have_text("播放")
    expect(page.get_by_test_id("position")).to_have_text(re.compile(r"第 (\d+) / \1 刻"))
    # Whoever may only read may look, and not open threads.
    expect(page.get_by_test_id("fork")).to_be_disabled()


def test_a_thread_branches_off_at_a_moment_and_is_taken_out_without_personal_data(
    seats: Seats, thread: str, tmp_path: Path
) -> None:
    seat = seats.take(OPERATOR, f"/replay/{thread}", viewport=TALL)
    page, api = seat.page, Api(seat)
    api.say(thread, "换成李娜的电话138 0013 8000再写一段保温杯开场", "waiting")
    page.get_by_role("button", name="读取新发生的").click()
    expect(page.get_by_test_id("then")).to_contain_text("138 0013 8000")
    for kind, ending in (("json", "json"), ("text", "txt")):
        with page.expect_download() as saved:
            page.get_by_test_id(f"export-{kind}").click()
        assert saved.value.suggested_filename.endswith(f".{ending}")
        saved.value.save_as(tmp_path / ending)
        text = (tmp_path / ending).read_text("utf-8")
        assert "138****8000" in text
        assert "138 0013 8000" not in text
        assert FEEDBACK in text
    told = json.loads((tmp_path / "json").read_text("utf-8"))
    assert [one["seq"] for one in told["events"]] == list(range(1, len(told["events"]) + 1))
    assert told["airings"][0]["room_name"] == "小雅的直播间"

    asked = next(one for one in api.get(f"/interrupts?thread_id={thread}")["items"] if one["status"] == "rejected")
    page.goto(f"/replay/{thread}?at=ask-{asked['id']}")
    expect(page.get_by_test_id("moment")).to_contain_text("请人审核")
    page.get_by_test_id("fork").click()
    expect(page).to_have_url(re.compile("/console/"))
    expect(page).not_to_have_url(re.compile(thread))
    expect(page.get_by_test_id("approve")).to_be_enabled()
    expect(page.get_by_test_id("approval-card")).to_have_count(1)


def test_the_history_of_approvals_leads_to_its_moment_and_strangers_nowhere(seats: Seats, thread: str) -> None:
    page = seats.take(APPROVER, "/approvals").page
    page.locator("nav.queue").get_by_text("已处理").click()
    row = page.get_by_test_id("history-row").filter(has_text="已驳回").first
    row.get_by_test_id("to-replay").click()
    expect(page.get_by_test_id("moment")).to_contain_text(FEEDBACK)
    expect(page.locator(".then-entry[aria-current]")).to_contain_text("不像主播的口吻")

    stranger = seats.take(STRANGER, f"/replay/{thread}").page
    expect(stranger.get_by_role("alert")).to_be_visible()
    expect(stranger.get_by_test_id("then")).to_have_count(0)
    phone = seats.take(OPERATOR, f"/replay/{thread}", viewport={"width": 390, "height": 844}).page
    expect(phone.get_by_test_id("then")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert serious(phone, AXE) == []
