"""Reload, broken line and dead server in the middle of a stream: the page comes back with everything, once."""

import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import TALL, Seat, Seats, seats_at
from tests.support.desk_client import HOST, OPERATOR
from tests.support.line import line_to
from tests.support.processes import ServerProcess

ASK = "给小雅的直播间写一段保温杯卖点介绍，60秒，活泼一点"


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    """It writes slowly: what is to happen in mid-stream happens there on a busy machine, too."""
    return start_server(offline_pace=40).wait_healthy()


def in_mid_stream(seat: Seat, characters: int = 25) -> None:
    """Ask, and wait until so much of the answer is on screen."""
    seat.ask(ASK)
    until(lambda: len(seat.live_text()) >= characters, seat.page)


def until(true: Callable[[], bool], page: Page, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come to that in time"
        page.wait_for_timeout(30)


def expect_the_stored_text_once(seat: Seat) -> str:
    """Wait for the end; what is on screen is what the server stored, each message once. Returns the script."""
    page = seat.page
    expect(page.get_by_test_id("approval-card")).to_have_attribute("data-status", "pending")
    stored = page.request.get(f"/api/v1/threads/{seat.thread_id}/messages").json()["items"]
    assert [(m["role"], m["status"]) for m in stored] == [("user", "complete"), ("assistant", "complete")]
    shown = page.get_by_test_id("message-assistant")
    assert shown.count() == 1
    assert page.get_by_test_id("message-user").count() == 1
    assert page.get_by_test_id("approval-card").count() == 1
    text = shown.locator(".script-text").inner_text()
    assert re.sub(r"\s", "", text) == re.sub(r"\s", "", stored[1]["content"])
    return text


def test_a_reload_in_mid_stream_shows_the_text_so_far_and_the_same_end(seats: Seats) -> None:
    operator = seats.take(OPERATOR, viewport=TALL)
    in_mid_stream(operator)
    seen = operator.live_text()
    operator.page.reload()
    shown = operator.page.locator(".script-text, [data-testid=live-text]").filter(has_text=seen[:20])
    expect(shown.first).to_be_visible()
    assert expect_the_stored_text_once(operator).startswith(seen[:20])
    assert operator.complaints == []


def test_a_line_cut_in_mid_stream_loses_and_doubles_nothing(browser: Browser, server: ServerProcess) -> None:
    with line_to(server.port) as line, seats_at(browser, line.url) as seats:
        operator = seats.take(OPERATOR, viewport=TALL)
        in_mid_stream(operator)
        seen = operator.live_text()
        line.cut()
        operator.page.wait_for_timeout(700)
        line.mend()
        operator.connected()
        assert expect_the_stored_text_once(operator).startswith(seen[:20])


def test_a_line_cut_until_long_after_the_end_is_caught_up(browser: Browser, server: ServerProcess) -> None:
    with line_to(server.port) as line, seats_at(browser, line.url) as seats:
        operator = seats.take(OPERATOR, viewport=TALL)
        in_mid_stream(operator)
        line.cut()
        pill = operator.page.get_by_test_id("connection")
        expect(pill).to_have_attribute("data-state", "reconnecting")
        expect(pill).to_contain_text("重连中")
        box = operator.page.locator(".composer textarea").first
        box.fill("断线时写的下一条")
        operator.page.wait_for_timeout(4000)
        line.mend()
        operator.connected()
        expect_the_stored_text_once(operator)
        assert box.input_value() == "断线时写的下一条"


def test_a_server_killed_in_mid_stream_is_picked_up_by_the_next_one(
    browser: Browser, start_server: Callable[..., ServerProcess]
) -> None:
    quick = {"offline_pace": 40, "lease": 4, "lease_renewal": 0.5, "lease_self_cancel": 3, "sweep_interval": 0.3}
    first = start_server(**quick).wait_healthy()
    with seats_at(browser, first.url) as seats:
        operator = seats.take(OPERATOR, viewport=TALL)
        in_mid_stream(operator)
        box = operator.page.locator(".composer textarea").first
        box.fill("写到一半的话")
        first.kill()
        expect(operator.page.get_by_test_id("connection")).to_have_attribute("data-state", "reconnecting")
        start_server(folder=first.folder, port=first.port, **quick).wait_healthy()
        operator.connected()
        expect_the_stored_text_once(operator)
        assert box.input_value() == "写到一半的话"


def test_the_teleprompter_runs_on_without_its_server_and_takes_what_came_meanwhile(
    browser: Browser, server: ServerProcess
) -> None:
    with line_to(server.port) as line, seats_at(browser, line.url) as away, seats_at(browser, server.url) as seats:
        operator, host = seats.take(OPERATOR), away.take(HOST, reduced_motion="no-preference")
        room = host.page.request.get("/api/v1/rooms").json()["items"][0]
        on_air(operator, room["id"])
        host.open(f"/prompter.html?room={room['id']}")
        expect(host.page.locator(".track")).to_contain_text("保温杯")
        host.page.keyboard.press("Space")
        line.cut()
        expect(host.page.get_by_text("使用已收稿件")).to_be_visible()
        before = travelled(host.page)
        host.page.wait_for_timeout(500)
        assert travelled(host.page) > before
        host.page.keyboard.press("Space")
        second = on_air(operator, room["id"])
        line.mend()
        expect(host.page.get_by_text("使用已收稿件")).to_have_count(0)
        # It waits, or is on the screen already; what is there yet is a script of the same goods.
        docked, shown = host.page.locator(".next"), host.page.locator(".track").filter(has_text=second[-12:])
        expect(docked.or_(shown).first).to_be_visible()
        if docked.count():
            host.page.keyboard.press("n")
        expect(host.page.locator(".track")).to_contain_text(second[-12:])
        until(lambda: acknowledged(operator.page, room["id"]), operator.page)


def on_air(operator: Seat, room_id: str) -> str:
    """Have a script written and approved for the room; returns its text."""
    api = operator.page.request
    thread = api.post("/api/v1/threads", data={"room_id": room_id}).json()["id"]
    api.post(f"/api/v1/threads/{thread}/messages", data={"content": "写一段保温杯开场，15秒"})
    before = api.get(f"/api/v1/rooms/{room_id}/prompter").json()["version"]
    pending: list[dict[str, str]] = []

    def waits() -> bool:
        pending[:] = [
            i for i in api.get("/api/v1/interrupts?status=pending").json()["items"] if i["thread_id"] == thread
        ]
        return bool(pending)

    until(waits, operator.page)
    answer = api.post(f"/api/v1/interrupts/{pending[0]['id']}/decide", data={"decision": "approve"})
    assert answer.ok, answer.text()
    until(lambda: api.get(f"/api/v1/rooms/{room_id}/prompter").json()["version"] > before, operator.page)
    return str(api.get(f"/api/v1/rooms/{room_id}/prompter").json()["content"])


def acknowledged(page: Page, room_id: str) -> bool:
    state = page.request.get(f"/api/v1/rooms/{room_id}/prompter").json()
    return bool(state["acked_version"] == state["version"])


def travelled(page: Page) -> float:
    """How many pixels the text on the teleprompter has moved up."""
    return -float(page.evaluate("new DOMMatrix(getComputedStyle(document.querySelector('.track')).transform).m42"))
