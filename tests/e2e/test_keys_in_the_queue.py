"""The approver's queue, worked off by the keyboard alone, on a server where nothing of others waits in it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser import Seat, Seats
from tests.e2e.keyboard import Hands
from tests.support.desk_client import ADMIN, APPROVER, OPERATOR
from tests.support.processes import ServerProcess

ASK = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"


@pytest.fixture
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


def asked(operator: Seat) -> None:
    """Have a script asked for in a conversation of its own."""
    thread = operator.context.request.post("/api/v1/threads", data={}).json()["id"]
    answer = operator.context.request.post(f"/api/v1/threads/{thread}/messages", data={"content": ASK})
    assert answer.ok, answer.text()


def undo_window(admin: Seat, seconds: int) -> None:
    answer = admin.context.request.patch("/api/v1/tenant/policies", data={"undo_window": seconds})
    assert answer.ok, answer.text()


def open_by_key(hands: Hands, row: Locator) -> None:
    """Go through the queue by J, from its first, until this one is open."""
    address = str(row.get_attribute("href"))
    for _ in range(30):
        if hands.page.url.endswith(address):
            break
        before = hands.page.url
        hands.press("j")
        expect(hands.page).not_to_have_url(before)
    card = hands.page.get_by_test_id("approval-card")
    expect(card).to_have_attribute("data-interrupt", address.rpartition("/")[2])
    expect(hands.page.get_by_test_id("approve")).to_be_enabled()


def status(page: Page, told: str) -> None:
    expect(page.get_by_test_id("approval-card").last).to_have_attribute("data-status", told)


def test_the_queue_is_worked_off(seats: Seats) -> None:
    operator, admin = seats.take(OPERATOR, "/hosts"), seats.take(ADMIN, "/hosts")
    undo_window(admin, 0)
    seat = seats.take(APPROVER, "/approvals", viewport={"width": 1600, "height": 900})
    hands, page = Hands(seat), seat.page
    rows = page.get_by_test_id("queue-row")
    waiting = rows.count()
    for more in range(1, 4):
        asked(operator)
        expect(rows).to_have_count(waiting + more)

    # Opened, claimed, given back; its evidence is folded and there again.
    open_by_key(hands, rows.nth(1))
    hands.press("c")
    expect(page.get_by_test_id("claimed-by")).to_contain_text("你正在审")
    hands.press("c")
    expect(page.get_by_test_id("claimed-by")).to_have_count(0)
    facts = page.get_by_test_id("evidence-product")
    expect(facts).to_be_visible()
    hands.press("i")
    expect(facts).to_have_count(0)
    hands.press("i")
    expect(facts).to_be_visible()

    # Edited: what is found while one types is put right, the difference looked at, and Ctrl Enter sends it.
    hands.press("e")
    editor = page.get_by_test_id("approval-editor")
    hands.here(editor)
    hands.press("Control+Home")
    hands.type("全网最低价来了。")
    fix = page.get_by_test_id("apply-suggestion")
    expect(fix.first).to_be_visible()
    while fix.count():  # what is put right may leave something else
        hands.do(fix.first)
        expect(page.get_by_test_id("live-check")).to_have_attribute("data-fresh", "true")
    expect(editor).not_to_have_value(re.compile("全网最低价"))
    difference = page.get_by_role("button", name=re.compile("^对照改动")).first
    hands.to(difference, back=True)
    before = difference.get_attribute("aria-expanded")
    hands.press("d")
    expect(difference).not_to_have_attribute("aria-expanded", str(before))
    hands.press("Control+Enter")
    status(page, "edit")

    # Rejected by X, a digit and Enter.
    page.reload()
    expect(rows).to_have_count(waiting + 2)
    open_by_key(hands, rows.first)
    panel = page.get_by_test_id("reject-panel")
    hands.press("x")
    hands.here(panel.get_by_role("radio").first)
    hands.press("7")
    expect(panel.get_by_role("radio", name=re.compile("太长或太短"))).to_be_checked()
    hands.press("Escape", "x")
    hands.here(panel.get_by_role("radio", name=re.compile("太长或太短")))
    hands.press("9", "Enter")
    status(page, "reject")

    # Put off, and called again.
    page.reload()
    expect(rows).to_have_count(waiting + 1)
    open_by_key(hands, rows.first)
    hands.press("s")
    expect(rows).to_have_count(waiting)
    hands.do(page.get_by_test_id("snoozed"))
    expect(rows).to_have_count(waiting + 1)

    # Two clean ones together, by Space and Shift A; Z calls them back, one by one.
    undo_window(admin, 600)
    boxes = page.locator("nav.queue").get_by_role("checkbox")
    for count in range(waiting + 2, waiting + 12):
        if boxes.count() >= 2:
            break
        asked(operator)
        page.reload()
        expect(rows).to_have_count(count)
    page.reload()
    expect(boxes.nth(1)).to_be_visible()
    clean = page.locator("nav.queue li").filter(has=page.get_by_role("checkbox")).get_by_test_id("queue-row")
    for at in (0, 1):
        open_by_key(hands, clean.nth(at))
        hands.press("Space")
        expect(boxes.nth(at)).to_be_checked()
    hands.press("Shift+A")
    hands.do(page.get_by_test_id("bulk-approve"))
    expect(page.get_by_test_id("bulk-item").filter(has_text="已通过")).to_have_count(2)
    hands.do(page.get_by_role("button", name="关闭", exact=True).last)
    held = page.get_by_test_id("held-item")
    expect(held).to_have_count(2)
    for left in (1, 0):
        # The key stands where it is about: a card that still tells of the decision before would have Z for itself.
        expect(held.get_by_text("Z", exact=True)).to_be_visible()
        hands.press("z")
        expect(held).to_have_count(left)
    # From row to row by Tab, too, and Enter opens.
    page.reload()
    hands.do(rows.nth(1))
    expect(page.get_by_test_id("approval-card")).to_be_visible()
    hands.no_pointer()
    undo_window(admin, 0)
    assert seat.complaints == []


def test_an_edit_that_was_left_is_neither_passed_over_nor_lost(seats: Seats) -> None:
    operator = seats.take(OPERATOR, "/hosts")
    seat = seats.take(APPROVER, "/approvals", viewport={"width": 1600, "height": 900})
    hands, page = Hands(seat), seat.page
    asked(operator)
    row = page.get_by_test_id("queue-row").first
    expect(row).to_be_visible()
    row.click()
    expect(page.get_by_test_id("approve")).to_be_enabled()
    box = page.locator("nav.queue li").first.get_by_role("checkbox")
    if box.count():  # Space chooses it where the click has left the focus; with an edit it is none of many.
        page.keyboard.press("Space")
        expect(box).to_be_checked()
    hands.press("e")
    hands.here(page.get_by_test_id("approval-editor"))
    hands.press("Control+End")
    hands.type("喜欢的可以看一看。")
    hands.press("Escape")
    left = page.get_by_test_id("unsent-edit")
    expect(left).to_be_visible()
    expect(page.get_by_test_id("approve")).to_be_disabled()
    hands.press("a")
    expect(left).to_be_visible()
    status(page, "pending")
    expect(box).to_have_count(0)
    # Rejected without it: what was typed is still there, also for whoever loads the page anew.
    hands.press("x")
    expect(page.get_by_test_id("reject-panel")).to_be_visible()
    hands.press("1", "Control+Enter")
    status(page, "reject")
    for _ in range(2):
        expect(page.get_by_text("你的修改没有用上，已为你保留")).to_be_visible()
        expect(page.get_by_test_id("approval-card")).to_contain_text("喜欢的可以看一看。")
        page.reload()
    assert seat.complaints == []


def test_what_is_typed_on_after_a_colleague_decided_decides_nothing(seats: Seats) -> None:
    operator, admin = seats.take(OPERATOR, "/hosts"), seats.take(ADMIN, "/hosts")
    seat = seats.take(APPROVER, "/approvals", viewport={"width": 1600, "height": 900})
    hands, page = Hands(seat), seat.page
    listed = admin.context.request.get("/api/v1/interrupts", params={"status": "pending"}).json()
    before = sum(1 for one in listed["items"] if one["on_air_at"] is None)
    for _ in range(2):
        asked(operator)
    rows = page.get_by_test_id("queue-row")
    expect(rows).to_have_count(before + 2)
    open_by_key(hands, rows.first)
    mine = page.url
    hands.press("e")
    hands.here(page.get_by_test_id("approval-editor"))
    hands.type("喜欢的可以看 abc")
    question = mine.rpartition("/")[2]
    decided = admin.context.request.post(f"/api/v1/interrupts/{question}/decide", data={"decision": "reject"})
    assert decided.ok, decided.text()
    while page.get_by_test_id("approval-editor").count():  # typed on, into the field as long as it is there
        page.keyboard.press("k")
    for letter in "jianga":
        page.keyboard.press(letter)
    expect(page.get_by_test_id("approval-card")).to_have_attribute("data-status", "reject")
    assert page.url == mine
    expect(rows).to_have_count(before + 1)  # the other one waits still
    assert seat.complaints == []
