"""A newcomer's first five minutes, by the keyboard alone: sign in, the tour, a first script, approved and on screen."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser import Seats
from tests.e2e.test_main_job import on_stage
from tests.support.desk_client import HOST, OPERATOR, PASSWORD
from tests.support.processes import ServerProcess


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=200).wait_healthy()


def tab_to(page: Page, wanted: Locator, *, most: int = 60) -> None:
    """Press Tab until this has the focus, as somebody without a pointer does; its ring is seen."""
    expect(wanted).to_be_visible()
    for _ in range(most):
        if wanted.evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("Tab")
    expect(wanted).to_be_focused()
    ring = "element => element.matches(':focus-visible') || element.closest(':focus-within') !== null"
    assert wanted.evaluate(ring)


def go(page: Page, key: str, path: str) -> None:
    page.keyboard.press("g")
    page.keyboard.press(key)
    expect(page).to_have_url(re.compile(f"/{path}"))


def test_a_newcomer_comes_from_the_login_to_the_screen_without_a_pointer(seats: Seats) -> None:
    host = seats.take(HOST, "/prompter.html").page
    host.get_by_role("link", name="小雅的直播间").press("Enter")
    expect(host.get_by_text("等待稿件")).to_be_visible()

    seat = seats.take(None, "/")
    page = seat.page
    email = page.locator("input[autocomplete=username]")
    expect(email).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("请填写").first).to_be_visible()
    page.keyboard.type(OPERATOR)
    page.keyboard.press("Tab")
    page.keyboard.type("not the password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").first).to_contain_text("邮箱或密码不对")
    expect(email).to_have_value(OPERATOR)
    password = page.locator("input[autocomplete=current-password]")
    expect(password).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    seat.connected()

    # The tour is offered, and shows every page there is something to do at.
    tab_to(page, page.get_by_test_id("tour-start"))
    page.keyboard.press("Enter")
    tour = page.get_by_test_id("tour")
    expect(tour).to_be_focused()
    seen = []
    while not page.get_by_test_id("tour-next").inner_text().startswith("完成"):
        seen.append(str(tour.get_attribute("data-step")))
        page.keyboard.press("ArrowRight")
        expect(tour).not_to_have_attribute("data-step", seen[-1])
    assert seen[:4] == ["ask", "pick", "progress", "approve"]
    page.keyboard.press("Escape")
    expect(tour).to_have_count(0)

    # Pages on which there is nothing yet say so, and what to do about it.
    for key, path, told in (
        ("a", "approvals", "暂无待审"),
        ("s", "scripts", "还没有定稿的话术"),
        ("r", "rundown", "还没有整场计划"),
        ("n", "live", "节目单是空的"),
    ):
        go(page, key, path)
        if path == "live" and not re.search(r"/live/.", page.url):
            room = page.get_by_role("link", name="小雅的直播间")
            tab_to(page, room)
            page.keyboard.press("Enter")
        expect(page.get_by_text(told).first).to_be_visible()

    # The first script: an example is a key away.
    go(page, "c", "console")
    example = page.locator(".welcome .option").first
    tab_to(page, example)
    page.keyboard.press("Enter")
    box = page.locator(".composer textarea").first
    expect(box).to_have_value(re.compile("保温杯"))
    page.keyboard.press("Control+/")
    expect(box).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("approval-card")).to_have_attribute("data-status", "pending")

    # The first approval, and it is on the screen. Out of the field first, where letters are a message.
    page.keyboard.press("Escape")
    go(page, "a", "approvals")
    expect(page.get_by_test_id("queue-row")).to_have_count(1)
    page.keyboard.press("j")
    card = page.get_by_test_id("approval-card")
    expect(page.get_by_test_id("approve")).to_be_enabled()
    expect(card).to_contain_text("小雅的直播间")
    script = re.sub(r"\s", "", card.locator(".script-text").first.inner_text())
    page.keyboard.press("a")
    expect(card).to_have_attribute("data-status", "approve")
    expect(host.locator(".track")).not_to_be_empty()
    assert on_stage(host) == script
    host.keyboard.press("Space")
    expect(host.locator(".prompter")).to_have_attribute("data-motion", re.compile("running|paged?"))
    assert seat.complaints == []
