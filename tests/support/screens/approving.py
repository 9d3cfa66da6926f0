"""The approvals: what waits, how it is decided, what was decided, and who was first."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.browser import Seats
from tests.support.desk_client import ADMIN, APPROVER, OPERATOR
from tests.support.screens.camera import Camera
from tests.support.screens.team import PHONE, SIZE, Team, in_english, until

WISHES = (
    "写一段保温杯的卖点，30秒",
    "写一段卫龙辣条的促销，40秒",
    "给小雅的直播间写一段面膜种草，45秒",
    "给大刘的直播间写一段鹅绒外套开场，30秒",
)


def queue(seats: Seats, camera: Camera) -> None:
    """Nothing waits; then something does, is looked at, edited and rejected."""
    team = Team(seats)
    team.empty_queue()
    page = seats.take(APPROVER, "/approvals", viewport=SIZE).page
    expect(page.get_by_text("暂无待审")).to_be_visible()
    camera.take(page, "approvals-empty", dark=True)
    for wish in WISHES:
        team.asked(wish)
    rows = page.get_by_test_id("queue-row")
    expect(rows).to_have_count(len(WISHES))
    camera.take(page, "approvals-queue", dark=True)
    rows.first.click()
    expect(page.get_by_test_id("approve")).to_be_enabled()
    camera.take(page, "approvals-open", dark=True)
    english = in_english(seats.take(ADMIN, page.url.removeprefix(seats.address), viewport=SIZE)).page
    expect(english.get_by_test_id("approval-card")).to_be_visible()
    camera.take(english, "approvals-open-english")
    phone = seats.take(APPROVER, "/approvals", **PHONE).page
    expect(phone.get_by_test_id("queue-row").first).to_be_visible()
    camera.take(phone, "approvals-phone")
    phone.get_by_test_id("queue-row").first.click()
    expect(phone.get_by_test_id("approval-card")).to_be_visible()
    camera.take(phone, "approvals-open-phone", dark=True)

    page.get_by_test_id("edit").click()
    editor = page.get_by_test_id("approval-editor")
    text = editor.input_value()
    editor.fill(f"全网第一好用，永不漏水。{text}")
    expect(page.get_by_test_id("finding").first).to_be_visible()
    camera.take(page, "approvals-edit", dark=True)
    editor.fill(text.replace("，", "，其实", 2))
    expect(page.get_by_text("全网第一")).to_have_count(0)
    camera.take(page, "approvals-difference", dark=True)
    # Another who looks at it sees who is at it, and may take it over.
    other = seats.take(ADMIN, page.url.removeprefix(seats.address), viewport=SIZE).page
    expect(other.get_by_test_id("take-over")).to_be_visible()
    camera.take(other, "approvals-claimed")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("unsent-edit")).to_be_visible()
    camera.take(page, "approvals-unsent", dark=True)
    page.get_by_test_id("edit").click()
    editor.fill(text)
    page.keyboard.press("Escape")
    page.get_by_test_id("reject").click()
    expect(page.get_by_test_id("reject-panel")).to_be_visible()
    page.get_by_test_id("reject-panel").get_by_role("radio").nth(4).check()
    camera.take(page, "approvals-reject", dark=True)
    # Decided by another meanwhile: who, when and what.
    other.get_by_test_id("take-over").click()
    expect(other.get_by_test_id("approve")).to_be_enabled()
    other.get_by_test_id("approve").click()
    expect(page.get_by_test_id("approval-card")).to_have_attribute("data-status", "approve")
    camera.take(page, "approvals-overtaken")


def overtaken(seats: Seats, camera: Camera) -> None:
    """Somebody else decides while one edits: who, when and what, and one's own text beside it."""
    team = Team(seats)
    asked = team.asked(WISHES[0])
    page = seats.take(ADMIN, f"/approvals/{asked['id']}", viewport=SIZE).page
    expect(page.get_by_test_id("approve")).to_be_enabled()
    page.get_by_test_id("edit").click()
    editor = page.get_by_test_id("approval-editor")
    editor.fill(f"姐妹们，看过来。{editor.input_value()}")
    team.decide(asked, "edit", content=asked["params"]["content"].replace("。", "，大家看清楚。", 1))
    expect(page.get_by_test_id("approval-card")).to_have_attribute("data-status", "edit")
    camera.take(page, "approvals-overtaken-editing", dark=True)
    english = in_english(seats.take(APPROVER, f"/approvals/{asked['id']}", viewport=SIZE)).page
    expect(english.get_by_test_id("approval-card")).to_be_visible()
    camera.take(english, "approvals-decided-english")


def views(seats: Seats, camera: Camera) -> None:
    """Mine, filters, snoozing, several together, calling back."""
    team = Team(seats)
    team.empty_queue()
    team.policies(undo_window=600)
    page = seats.take(APPROVER, "/approvals", viewport=SIZE).page
    rows, boxes = page.get_by_test_id("queue-row"), page.get_by_role("checkbox")
    for asked in range(1, 11):
        team.asked(WISHES[asked % 2], team.room())
        expect(rows).to_have_count(asked)
        if boxes.count() >= 2:
            break
    tabs = page.locator("nav.queue")
    tabs.get_by_text("我的", exact=True).click()
    expect(rows).to_have_count(0)
    camera.take(page, "approvals-mine-empty")
    tabs.get_by_text("待审", exact=True).click()
    page.get_by_role("combobox", name="筛选").press("Enter")
    expect(page.get_by_title("有问题", exact=True)).to_be_visible()
    camera.take(page, "approvals-filter")
    page.get_by_title("无问题", exact=True).click()
    for box in (0, 1):
        boxes.nth(box).check()
    camera.take(page, "approvals-chosen")
    page.keyboard.press("Shift+A")
    expect(page.get_by_test_id("bulk-undo")).to_be_visible()
    camera.take(page, "approvals-together", dark=True)
    page.get_by_test_id("bulk-approve").click()
    expect(page.get_by_test_id("bulk-item").filter(has_text="已通过")).to_have_count(2)
    camera.take(page, "approvals-together-done")
    page.get_by_role("button", name="关闭", exact=True).last.click()
    expect(page.get_by_test_id("held-item")).to_have_count(2)
    camera.take(page, "approvals-held", dark=True)
    for left in (1, 0):
        page.keyboard.press("z")
        expect(page.get_by_test_id("held-item")).to_have_count(left)
    team.policies(undo_window=0)
    page.goto("/approvals")
    expect(rows.first).to_be_visible()
    rows.first.click()
    expect(page.get_by_test_id("approve")).to_be_enabled()
    page.keyboard.press("s")
    expect(page.get_by_test_id("snoozed")).to_be_visible()
    camera.take(page, "approvals-snoozed")
    team.empty_queue()


def times(seats: Seats, camera: Camera) -> None:
    """Nearly over, over, and what was decided."""
    team = Team(seats)
    team.empty_queue()
    team.policies(interrupt_ttl=45)
    first = team.asked(WISHES[0])
    page = seats.take(APPROVER, f"/approvals/{first['id']}", viewport=SIZE).page
    expect(page.get_by_test_id("countdown").last).to_contain_text(re.compile("0:[0-4]"))
    page.get_by_test_id("edit").click()
    page.get_by_test_id("approval-editor").fill(
        "姐妹们，看过来。" + page.get_by_test_id("approval-editor").input_value()
    )
    expect(page.get_by_test_id("countdown").last).to_contain_text(re.compile("0:[012]"))
    camera.take(page, "approvals-urgent", dark=True)
    expect(page.get_by_test_id("approval-card")).to_have_attribute("data-status", "expired", timeout=60_000)
    camera.take(page, "approvals-expired", dark=True)
    thread = seats.take(OPERATOR, f"/console/{first['thread_id']}", viewport=SIZE).page
    expect(thread.get_by_test_id("approval-card").last).to_have_attribute("data-status", "expired")
    camera.take(thread, "desk-expired")
    team.policies(interrupt_ttl=None)
    rejected = team.asked(WISHES[1])
    team.decide(rejected, "reject", reason="not_needed")
    edited = team.asked(WISHES[2])
    body = edited["params"]["content"].replace("。", "，大家看清楚。", 1)
    team.decide(edited, "edit", content=body)
    history(page)
    camera.take(page, "approvals-history", dark=True)
    page.get_by_test_id("history-row").filter(has_text="改后通过").first.click()
    expect(page.get_by_test_id("approval-card")).to_have_attribute("data-status", "edit")
    camera.take(page, "approvals-history-open")
    english = in_english(seats.take(APPROVER, "/approvals", viewport=SIZE)).page
    english.locator("nav.queue").get_by_text("Decided").click()
    expect(english.get_by_test_id("history-row").first).to_be_visible()
    camera.take(english, "approvals-history-english")


def held_back(seats: Seats, camera: Camera) -> None:
    """A rule that came after the approval holds what was approved."""
    team = Team(seats)
    asked = team.asked("给小雅的直播间写一段保温杯开场，30秒，活泼一点")
    revision = team.get("/rules/overlay", ADMIN)["revision"]
    put_rules(team, revision, [{"id": "R-201", "title": "新加的规则", "terms": [asked["params"]["content"][4:8]]}])
    try:
        page = seats.take(OPERATOR, f"/console/{asked['thread_id']}", viewport=SIZE).page
        expect(page.get_by_test_id("approve")).to_be_enabled()
        page.get_by_test_id("approve").click()
        expect(page.get_by_test_id("held-again")).to_be_visible()
        page.get_by_test_id("held-again").scroll_into_view_if_needed()
        page.mouse.move(640, 20)  # what the button says under the pointer stands above it, too
        camera.take(page, "desk-held-again", dark=True)
        waiting = until(lambda: next(iter(team.get("/interrupts?status=pending")["items"]), None))
        admin = seats.take(ADMIN, f"/approvals/{waiting['id']}", viewport=SIZE).page
        expect(admin.get_by_test_id("held-again")).to_be_visible()
        camera.take(admin, "approvals-override")
    finally:
        put_rules(team, revision + 1, [])
    team.empty_queue()


def put_rules(team: Team, revision: int, rules: list[dict[str, object]]) -> None:
    """Replace the team's own rules."""
    body = {"revision": revision, "overlay": {"rules": rules}}
    answer = team.as_(ADMIN).put("/api/v1/rules/overlay", data=body)
    assert answer.ok, answer.text()


def history(page: Page) -> None:
    """Look at what was decided."""
    page.locator("nav.queue").get_by_text("已处理").click()
    expect(page.get_by_test_id("history-row").first).to_be_visible()


SCENES = (queue, overtaken, views, times, held_back)
