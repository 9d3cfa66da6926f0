"""Tools of the desk and of approvers: pick, copy, branch, export; claim, take over, approve together, call back."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import TALL, Seats
from tests.e2e.test_accessibility import AXE, serious
from tests.e2e.test_main_job import ASK
from tests.support.desk_client import ADMIN, APPROVER, OPERATOR
from tests.support.processes import ServerProcess


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


@pytest.fixture(autouse=True)
def empty_queue(seats: Seats) -> Iterator[None]:
    """Withdraw what a test left waiting, so that the next one can count."""
    yield
    requests = seats.take(ADMIN, "/approvals").context.request
    for row in requests.get("/api/v1/interrupts?status=pending").json()["items"]:
        answer = requests.post(f"/api/v1/threads/{row['thread_id']}/cancel")
        assert answer.ok, answer.text()


def test_a_request_is_picked_together_and_its_text_copied_exported_and_branched_off(
    seats: Seats, tmp_path: Path
) -> None:
    operator = seats.take(OPERATOR, viewport=TALL, permissions=["clipboard-read", "clipboard-write"])
    page = operator.page
    field = page.locator(".composer textarea").first
    field.press_sequentially("给小雅的直播间写一段@保温")
    picker = page.get_by_test_id("picker")
    expect(picker.get_by_role("option")).to_have_count(1)
    assert serious(page, AXE) == []
    field.press("Enter")
    expect(picker).to_be_hidden()
    expect(field).to_have_value("给小雅的直播间写一段沐野随行保温杯 500ml")
    field.press_sequentially("开场，30秒")
    field.press("Enter")

    script = page.get_by_test_id("message-assistant").last
    expect(page.get_by_test_id("approve")).to_be_enabled()
    expect(page.get_by_test_id("run-chips")).to_contain_text("离线写手")
    script.get_by_test_id("copy").click()
    expect(page.get_by_text("已复制")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied in script.inner_text().replace("\n\n", "\n")

    original = operator.thread_id
    field.fill("/")
    with page.expect_download() as saved:
        picker.get_by_role("option").filter(has_text="导出对话").click()
    file = tmp_path / saved.value.suggested_filename
    saved.value.save_as(file)
    assert "给小雅的直播间写一段沐野随行保温杯 500ml开场，30秒" in file.read_text("utf-8")

    written = str(script.get_attribute("data-id"))
    script.get_by_test_id("branch").click()
    # The address is the new thread's before the page is: what is on screen must be the copy's.
    expect(script).not_to_have_attribute("data-id", written)
    expect(page).not_to_have_url(re.compile(original))
    expect(page.get_by_test_id("approve")).to_be_enabled()
    expect(page.get_by_test_id("message-user")).to_have_count(1)
    page.get_by_test_id("again").click()
    expect(page.get_by_test_id("approval-card")).to_have_count(2)
    expect(page.get_by_test_id("approval-card").last).to_have_attribute("data-status", "pending")


def test_a_click_arrives_while_the_conversation_follows_its_text(seats: Seats) -> None:
    seat = seats.take(APPROVER, viewport={"width": 1280, "height": 600})
    page = seat.page
    seat.ask(ASK)
    edit = page.get_by_test_id("edit")
    expect(edit).to_be_enabled()
    edit.scroll_into_view_if_needed()
    # As a list does that follows its end, but for a pixel and without end.
    page.evaluate("""() => {
        const list = document.querySelector('.chat-list')
        let by = 1
        window.moved = 0
        list.addEventListener('scroll', () => moved++)
        const move = () => { list.scrollTop += by = -by; requestAnimationFrame(move) }
        move() }""")
    page.wait_for_function("() => moved > 3")
    box = edit.bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.get_by_test_id("approval-editor")).to_be_visible()


def test_two_approvers_see_each_other_and_one_takes_over(seats: Seats) -> None:
    operator = seats.take(OPERATOR, viewport=TALL)
    operator.ask(ASK)
    expect(operator.page.get_by_test_id("approve")).to_be_enabled()
    waiting = operator.page.request.get("/api/v1/interrupts?status=pending").json()["items"]
    asked = next(row["id"] for row in waiting if row["thread_id"] == operator.thread_id)
    # What the other tests of this server left waits too.
    first, second = (seats.take(who, f"/approvals/{asked}").page for who in (APPROVER, ADMIN))
    for page in (first, second):
        expect(page.get_by_test_id("approve")).to_be_enabled()
    expect(first.get_by_test_id("lookers")).to_be_visible()
    expect(first).to_have_title(re.compile(r"^\(\d+\) "))

    first.keyboard.press("e")
    expect(first.get_by_test_id("claimed-by")).to_contain_text("你正在审")
    expect(second.get_by_test_id("take-over")).to_be_visible()
    expect(second.get_by_test_id("approve")).to_be_disabled()
    assert serious(second, AXE) == []
    left = second.get_by_test_id("review-bar").get_by_test_id("extend")
    left.click()
    expect(second.get_by_test_id("countdown").last).to_contain_text(re.compile(r"剩余 3\d:"))
    second.get_by_test_id("take-over").click()
    expect(second.get_by_test_id("approve")).to_be_enabled()
    expect(first.get_by_test_id("take-over")).to_be_visible()
    expect(first.get_by_test_id("submit-edit")).to_be_disabled()

    second.keyboard.press("x")
    second.get_by_test_id("submit-reject").click()
    expect(second.get_by_test_id("approval-card")).to_have_attribute("data-status", "reject")
    second.locator("nav.queue").get_by_text("已处理").click()
    expect(second.get_by_test_id("history-row").first).to_contain_text("已驳回")
    assert serious(second, AXE) == []


def test_clean_ones_are_approved_together_and_one_is_called_back(seats: Seats) -> None:
    approver = seats.take(ADMIN, "/approvals")
    page = approver.page
    answer = approver.context.request.patch("/api/v1/tenant/policies", data={"undo_window": 600})
    assert answer.ok, answer.text()
    rows, boxes, asked = page.get_by_test_id("queue-row"), page.get_by_role("checkbox"), 0
    while boxes.count() < 2:  # a script with as much as a hint to it is read by itself
        asked += 1
        assert asked < 10, "two clean scripts"
        thread = approver.context.request.post("/api/v1/threads", data={}).json()["id"]
        answer = approver.context.request.post(f"/api/v1/threads/{thread}/messages", data={"content": ASK})
        assert answer.ok, answer.text()
        expect(rows).to_have_count(asked)
    place = rows.first.bounding_box()
    for row in (0, 1):
        boxes.nth(row).check()
    expect(page.get_by_test_id("bulk-bar")).to_be_visible()
    assert rows.first.bounding_box() == place, "no row moves when something appears"
    # A checked box has the focus, and the keys are the page's all the same, until a dialog lies over it.
    page.keyboard.press("Shift+A")
    expect(page.get_by_test_id("bulk-undo")).to_contain_text("600")
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile("/approvals$"))
    assert serious(page, AXE) == []
    page.get_by_test_id("bulk-approve").click()
    items = page.get_by_test_id("bulk-item")
    expect(items.filter(has_text="已通过")).to_have_count(2)
    page.get_by_role("button", name="关闭", exact=True).last.click()
    expect(page.get_by_test_id("held-item")).to_have_count(2)
    page.keyboard.press("z")
    expect(page.get_by_test_id("held-item")).to_have_count(1)
    page.get_by_test_id("undo-held").click()
    expect(page.get_by_test_id("held-item")).to_have_count(0)
    # With the pointer in the list, too, what was called back stands where it stood.
    expect(page.locator("nav.queue")).to_contain_text(f"{asked} 条待审")
    expect(page.get_by_test_id("new-items")).to_have_count(0)
    expect(page.get_by_test_id("queue-row").filter(has_text="剩余")).to_have_count(asked)
    answer = approver.context.request.patch("/api/v1/tenant/policies", data={"undo_window": 0})
    assert answer.ok, answer.text()
