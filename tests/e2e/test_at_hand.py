"""What one reaches for stays at hand: a change is taken back, an open list is read, the focus is not lost."""

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import Seat, Seats
from tests.e2e.test_accessibility import AXE, serious
from tests.e2e.test_coming_back import until
from tests.e2e.test_main_job import ASK
from tests.support.desk_client import ADMIN, APPROVER, OPERATOR, PASSWORD
from tests.support.processes import ServerProcess

FAULTY = "全网第一的保温杯，姐妹们晚上好。\n今天就这个价。"


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0, reject_undo_window=600).wait_healthy()


@pytest.fixture(autouse=True)
def empty_queue(seats: Seats) -> Iterator[None]:
    """Withdraw what a test left waiting, so that the next one can count."""
    yield
    requests = seats.take(ADMIN, "/approvals").context.request
    for row in requests.get("/api/v1/interrupts?status=pending").json()["items"]:
        requests.post(f"/api/v1/threads/{row['thread_id']}/cancel")


def asked_for(operator: Seat, count: int) -> list[str]:
    """Let so many scripts be asked for; return the ids of what waits then."""
    requests = operator.context.request
    for _ in range(count):
        thread = requests.post("/api/v1/threads", data={}).json()["id"]
        assert requests.post(f"/api/v1/threads/{thread}/messages", data={"content": ASK}).ok
    ids: list[str] = []
    for _ in range(300):
        ids = [row["id"] for row in requests.get("/api/v1/interrupts?status=pending").json()["items"]]
        if len(ids) >= count:
            break
        time.sleep(0.2)
    assert len(ids) == count
    return ids


def test_what_is_put_into_a_text_under_edit_is_taken_back_by_ctrl_z(seats: Seats) -> None:
    [waits] = asked_for(seats.take(OPERATOR, "/approvals"), 1)
    page = seats.take(APPROVER, f"/approvals/{waits}").page
    page.get_by_test_id("edit").click()
    field = page.get_by_test_id("approval-editor")
    script = field.input_value()
    field.fill(FAULTY)
    page.get_by_test_id("apply-suggestion").first.click()
    expect(field).not_to_have_value(FAULTY)
    expect(field).to_be_focused()
    # In the place that was changed, not at the end.
    assert field.evaluate("field => field.selectionEnd") < len(FAULTY) - 10
    changed = field.input_value()
    page.get_by_role("button", name="恢复原稿").click()
    expect(field).to_have_value(script)
    expect(field).to_be_focused()
    page.keyboard.press("Control+z")
    expect(field).to_have_value(changed)
    page.keyboard.press("Control+z")
    expect(field).to_have_value(FAULTY)
    page.keyboard.press("Control+Shift+z")
    expect(field).to_have_value(changed)
    # What stands in the field is what is sent.
    expect(page.locator(".editor del").first).to_be_visible()
    page.get_by_test_id("submit-edit").click()
    card = page.get_by_test_id("approval-card")
    expect(card).to_have_attribute("data-status", "edit")
    told = card.evaluate(
        "card => { const told = card.cloneNode(true); for (const del of told.querySelectorAll('del')) del.remove();"
        " return told.textContent }"
    )
    assert changed in told


def choose_all(page: Page, count: int) -> None:
    boxes = page.locator("nav.queue").get_by_role("checkbox")
    for place in range(count):
        boxes.nth(place).check()


def test_no_row_lies_half_under_the_foot_of_a_long_queue(seats: Seats) -> None:
    asked_for(seats.take(OPERATOR, "/approvals"), 12)
    page = seats.take(APPROVER, "/approvals").page
    rows = page.get_by_test_id("queue-row")
    expect(rows).to_have_count(12)
    before = [rows.nth(place).bounding_box() for place in range(5)]
    choose_all(page, 3)
    expect(page.get_by_test_id("bulk-bar")).to_be_visible()
    assert [rows.nth(place).bounding_box() for place in range(5)] == before
    assert serious(page, AXE) == []
    foot = page.locator(".queue-foot").bounding_box()
    assert foot is not None
    rows.last.focus()
    last = rows.last.bounding_box()
    assert last is not None
    assert last["y"] + last["height"] <= foot["y"]
    page.get_by_test_id("bulk").click()
    told = page.get_by_test_id("bulk-item")
    expect(told).to_have_count(3)
    for place in range(3):
        expect(told.nth(place)).to_contain_text("送审")


def test_an_open_list_can_be_read_and_come_to(seats: Seats) -> None:
    operator = seats.take(OPERATOR)
    for n in range(20):
        name = f"青禾第{n}号棉柔毛巾"
        body = {"name": name, "category": "家居", "price": 19.9, "unit": "条", "stock": 500}
        assert operator.context.request.post("/api/v1/products", data=body).status == 201
    page = operator.page
    page.reload()
    operator.connected()
    page.get_by_role("combobox", name="商品").click()
    expect(page.get_by_role("option", name="青禾第1号棉柔毛巾")).to_be_visible()
    assert serious(page, AXE) == [], "composer"
    page.keyboard.press("Escape")
    approver = seats.take(ADMIN, "/approvals").page
    approver.get_by_test_id("look-faults").click()
    expect(approver.get_by_role("option", name="全部稿件")).to_be_attached()
    assert serious(approver, AXE) == [], "queue"
    approver.keyboard.press("Escape")
    room = approver.context.request.get("/api/v1/rooms").json()["items"][0]["id"]
    approver.goto(f"/live/{room}")
    approver.get_by_test_id("rule").click()
    expect(approver.locator(".ant-select-dropdown")).to_be_visible()
    assert serious(approver, AXE) == [], "rule"


def test_the_focus_stays_in_the_list_of_conversations_when_one_is_deleted_or_is_not(seats: Seats) -> None:
    operator = seats.take(OPERATOR)
    for title in ("甲", "乙", "丙"):
        made = operator.context.request.post("/api/v1/threads", data={}).json()["id"]
        assert operator.context.request.patch(f"/api/v1/threads/{made}", data={"title": title}).ok
    page = operator.page
    page.reload()
    operator.connected()
    menu = page.get_by_role("button", name=re.compile("乙"))
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menu")).to_be_visible()
    assert serious(page, AXE) == [], "menu"
    page.get_by_role("menuitem", name="删除").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(menu).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="删除").click()
    expect(page.get_by_role("dialog").get_by_role("button", name="删除")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(menu).to_have_count(0)
    # The list begins with the newest: what stood below it.
    expect(page.locator("a.thread-link", has_text="甲")).to_be_focused()


def test_whose_session_ended_signs_in_over_the_page_and_goes_on(seats: Seats) -> None:
    operator = seats.take(OPERATOR)
    page = operator.page
    field = page.locator(".composer textarea").first
    field.fill("写到一半")
    page.evaluate("window.same = true")
    operator.context.clear_cookies()
    page.locator("nav.pages a[href='/hosts']").click()
    page.get_by_test_id("sign-in-again").click()
    dialog = page.get_by_role("dialog")
    dialog.locator("input[autocomplete=username]").fill(OPERATOR)
    dialog.locator("input[autocomplete=current-password]").fill(PASSWORD)
    dialog.locator("button[type=submit]").click()
    expect(page.get_by_test_id("session-ended")).to_have_count(0)
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    page.locator("nav.pages a[href='/console']").click()
    expect(field).to_have_value("写到一半")
    assert page.evaluate("window.same") is True


def test_what_can_be_taken_back_is_shown_on_every_page_with_its_key(seats: Seats) -> None:
    [waits] = asked_for(seats.take(OPERATOR, "/approvals"), 1)
    page = seats.take(APPROVER, f"/approvals/{waits}").page
    page.get_by_test_id("reject").click()
    page.get_by_test_id("submit-reject").click()
    expect(page.get_by_test_id("rejected-item")).to_have_count(1)
    page.get_by_role("link", name="商品").first.click()
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    expect(page.get_by_test_id("rejected-item").locator("kbd")).to_have_text("Z")
    assert serious(page, AXE) == []
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("z")
    expect(page.get_by_test_id("rejected-item")).to_have_count(0)
    expect(page).to_have_url(re.compile("/products"))
    until(lambda: len(page.context.request.get("/api/v1/interrupts?status=pending").json()["items"]) == 1, page)
