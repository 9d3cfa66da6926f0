"""An operator's hour: ten requests of every sort, with an approver at another window."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser import Seat, Seats
from tests.e2e.test_coming_back import until
from tests.support.desk_client import APPROVER, OPERATOR
from tests.support.processes import ServerProcess

#: The list of messages keeps only what is visible in the page: here that is the whole hour.
ENDLESS = {"width": 1440, "height": 9000}


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    """It writes fast, and slowly enough to be stopped in the middle of a long text."""
    return start_server(offline_pace=120).wait_healthy()


def last_card(page: Page) -> Locator:
    return page.get_by_test_id("approval-card").last


def drafted(operator: Seat, cards: int) -> str:
    """Wait until so many texts were put before somebody and the last one waits; return it."""
    page = operator.page
    expect(page.get_by_test_id("approval-card")).to_have_count(cards)
    expect(last_card(page)).to_have_attribute("data-status", "pending")
    return str(page.locator("[data-testid=message-assistant] .script-text").last.inner_text())


def open_row(approver: Seat, title: str) -> Locator:
    """Open what waits under this title; gives its card."""
    page = approver.page
    row = page.get_by_test_id("queue-row").filter(has_text="剩余").filter(has_text=title)
    # With the pointer or the keys in the list what comes waits beside it.
    more = page.get_by_test_id("new-items")
    expect(row.or_(more).first).to_be_visible()
    if more.is_visible():
        more.click()
    row.click()
    expect(page.get_by_test_id("approve")).to_be_enabled()
    return page.get_by_test_id("approval-card")


def test_ten_requests_with_an_approver_at_another_window(seats: Seats) -> None:
    operator, approver = seats.take(OPERATOR, viewport=ENDLESS), seats.take(APPROVER, "/approvals")
    desk, desk_said = operator.page, operator.page.get_by_test_id("message-user")

    # 1, 2: what is not said is asked for, and answered by a click.
    operator.ask("给小雅的直播间写一段话术，30秒")
    question = desk.get_by_test_id("clarification")
    option = question.get_by_role("button").filter(has_text="保温杯").first
    expect(option).to_be_enabled()
    option.click()
    while True:  # it may want to know the segment, too
        expect(desk.get_by_test_id("approval-card").or_(question.nth(1)).first).to_be_visible()
        if desk.get_by_test_id("approval-card").count():
            break
        question.last.get_by_role("button").first.click()
        expect(last_card(desk)).to_be_visible()
    first = drafted(operator, 1)
    assert "杯" in first

    # 3: nothing is lost when one asks while a text waits: one is told, and decides.
    operator.ask("换成卫龙辣条，继续卖点介绍")
    refused = desk.get_by_test_id("send-refused")
    expect(refused).to_contain_text("等待审批")
    expect(desk.locator(".composer textarea").first).to_have_value("换成卫龙辣条，继续卖点介绍")
    card = open_row(approver, "保温杯")
    expect(card).to_contain_text(first[:12])
    approver.page.keyboard.press("a")
    expect(card).to_have_attribute("data-status", "approve")
    expect(last_card(desk)).to_have_attribute("data-status", "approve")
    expect(last_card(desk)).to_contain_text("阿敏")
    desk.get_by_test_id("send").click()
    second = drafted(operator, 2)
    assert "辣条" in second
    assert "保温杯" not in second
    expect(refused).to_have_count(0)

    # 4: no, and why; the next draft is about the same and heeds it.
    card = open_row(approver, "卫龙")
    approver.page.keyboard.press("x")
    approver.page.get_by_test_id("approval-reason").fill("短一点，15秒")
    approver.page.get_by_test_id("approval-reason").press("Control+Enter")
    expect(desk.get_by_test_id("approval-card").nth(1)).to_have_attribute("data-status", "reject")
    expect(desk.get_by_test_id("approval-card").nth(1)).to_contain_text("短一点，15秒")
    third = drafted(operator, 3)
    assert "辣条" in third
    assert len(third) < len(second)

    # 5: a word that the law forbids, found while it is typed, and put right by the rewrite beside it.
    open_row(approver, "卫龙")
    approver.page.keyboard.press("e")
    editor = approver.page.get_by_test_id("approval-editor")
    editor.press("Control+Home")
    editor.press_sequentially("全网最低价来了。")
    finding = approver.page.get_by_test_id("finding").filter(has=approver.page.get_by_test_id("apply-suggestion")).first
    expect(finding).to_contain_text("最低")
    finding.get_by_test_id("apply-suggestion").click()
    expect(editor).not_to_have_value(re.compile("全网最低价"))
    expect(approver.page.get_by_test_id("live-check")).to_have_attribute("data-fresh", "true")
    while approver.page.get_by_test_id("apply-suggestion").count():
        approver.page.get_by_test_id("apply-suggestion").first.click()
        expect(approver.page.get_by_test_id("live-check")).to_have_attribute("data-fresh", "true")
    mended = editor.input_value()
    editor.press("Control+Enter")
    expect(last_card(desk)).to_have_attribute("data-status", "edit")
    expect(last_card(desk).locator("ins").first).to_be_visible()
    assert "全网最低价" not in mended

    # 6, 7: a question of fact and a word in passing are answered, and put nothing before anybody.
    answers = desk.get_by_test_id("message-assistant")
    for said, told in (("卫龙辣条还有多少库存", re.compile(r"\d")), ("谢谢，辛苦了", re.compile("."))):
        before = answers.count()
        operator.ask(said)
        expect(answers).to_have_count(before + 1)
        expect(answers.last).to_have_attribute("data-status", "complete")
        expect(answers.last).to_contain_text(told)
    expect(desk.get_by_test_id("approval-card")).to_have_count(3)

    # 8: stopped in the middle of the text, by a key.
    operator.ask("再写一段卫龙辣条的完整介绍，2分钟")
    until(lambda: len(operator.live_text()) > 20, desk)
    desk.locator(".composer textarea").first.press("Escape")
    expect(answers.last).to_have_attribute("data-status", "cancelled")
    expect(desk.get_by_text("已停止").first).to_be_visible()

    # 9: the same in other words.
    operator.ask("给小雅写一段保温杯促单，20秒")
    drafted(operator, 4)
    desk.get_by_test_id("again").click()
    again = drafted(operator, 5)
    assert "杯" in again

    # 10: from here another way, in a thread of its own, which has all that was said.
    origin, said, written = operator.thread_id, desk_said.count(), str(answers.last.get_attribute("data-id"))
    answers.last.get_by_test_id("branch").click()
    # The address is the new thread's before the page is: what is typed must stand in the copy's field.
    expect(answers.last).not_to_have_attribute("data-id", written)
    expect(desk).not_to_have_url(re.compile(origin))
    expect(desk_said).to_have_count(said)
    expect(last_card(desk)).to_have_attribute("data-status", "pending")
    box = desk.locator(".composer textarea").first
    box.fill("这里写到一半")
    desk.reload()
    expect(box).to_have_value("这里写到一半")
    operator.open(f"/console/{origin}")
    expect(box).to_have_value("")
    box.fill("那边也写到一半")
    operator.open("/console").connected()
    operator.page.go_back()
    expect(box).to_have_value("那边也写到一半")
    assert [seat.complaints for seat in (operator, approver)] == [[], []]
