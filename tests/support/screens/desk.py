"""The login and the desk: from the first visit to a script that was decided."""

from typing import Any

from playwright.sync_api import Page, expect

from tests.e2e.browser import Seat, Seats
from tests.support.desk_client import APPROVER, HOST, OPERATOR
from tests.support.screens.camera import Camera
from tests.support.screens.team import PHONE, SIZE, Team, in_english

ASKED = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
GUEST = "guest@demo.cuedesk"


def login(seats: Seats, camera: Camera) -> None:
    """The door, in both languages, on a phone, and a wrong password."""
    door = seats.take(None, "/login", viewport=SIZE)
    expect(door.page.locator("button[type=submit]")).to_be_visible()
    camera.take(door.page, "login", dark=True)
    door.sign_in(OPERATOR, "not-the-password")
    expect(door.page.get_by_role("alert").first).to_be_visible()
    camera.take(door.page, "login-refused")
    camera.take(in_english(seats.take(None, "/login", viewport=SIZE)).page, "login-english")
    camera.take(seats.take(None, "/login", **PHONE).page, "login-phone")


def welcome(seats: Seats, camera: Camera) -> None:
    """The empty desk, what can be picked at its field, the menus of the frame."""
    operator = seats.take(OPERATOR, viewport=SIZE)
    page = operator.page
    expect(page.get_by_test_id("tour-offer")).to_be_visible()
    camera.take(page, "desk-welcome", dark=True)
    for kind, typed in (("subjects", "@"), ("templates", "#")):
        page.locator(".composer textarea").first.fill(typed)
        expect(page.get_by_test_id("picker").get_by_role("option").first).to_be_visible()
        camera.take(page, f"desk-pick-{kind}")
    page.locator(".composer textarea").first.fill("@没有")
    expect(page.get_by_test_id("picker")).to_contain_text("没有符合的")
    camera.take(page, "desk-pick-nothing")
    page.locator(".composer textarea").first.fill("")
    page.get_by_role("button", name="小林").click()
    expect(page.get_by_text("退出登录")).to_be_visible()
    camera.take(page, "menu", dark=True)
    camera.take(in_english(seats.take(OPERATOR, viewport=SIZE)).page, "desk-welcome-english")
    camera.take(seats.take(OPERATOR, **PHONE).page, "desk-welcome-phone")
    guest = seats.take(GUEST, viewport=SIZE)
    expect(guest.page.locator(".composer textarea").first).not_to_be_editable()
    camera.take(guest.page, "desk-guest")


def tour(seats: Seats, camera: Camera) -> None:
    """Each stop of the tour."""
    page = seats.take(OPERATOR, viewport=SIZE).page
    page.get_by_test_id("tour-start").click()
    panel = page.get_by_test_id("tour")
    expect(panel).to_be_visible()
    while True:
        step = str(panel.get_attribute("data-step"))
        page.wait_for_load_state("networkidle")
        camera.take(page, f"tour-{step}", dark=step == "ask")
        if page.get_by_test_id("tour-next").inner_text().startswith("完成"):
            return
        page.get_by_test_id("tour-next").click()
        expect(panel).not_to_have_attribute("data-step", step)


def writing(seats: Seats, camera: Camera) -> None:
    """A script as it is written, waits, is edited and goes on air."""
    team = Team(seats)
    team.empty_queue()
    # Somebody who reads: only then the desk can say what is on screen.
    seats.take(HOST, f"/prompter.html?room={team.room()}", viewport=SIZE)
    operator = seats.take(OPERATOR, viewport=SIZE)
    page = operator.page
    operator.ask(ASKED)
    expect(page.get_by_test_id("live-text")).to_contain_text("，")
    camera.take(page, "desk-writing", dark=True)
    pending(page)
    camera.take(page, "desk-approval", dark=True)
    camera.take(in_english(again(seats, operator)).page, "desk-approval-english")
    camera.take(again(seats, operator, **PHONE).page, "desk-phone")
    scroll_to(page, "[data-testid=quality-card]")
    page.get_by_test_id("quality-card").get_by_role("group").last.locator("summary").last.click()
    camera.take(page, "desk-quality", dark=True)
    page.locator(".composer textarea").first.fill("/")
    expect(page.get_by_test_id("picker").get_by_role("option").first).to_be_visible()
    camera.take(page, "desk-pick-commands")
    operator.ask("再短一点")
    expect(page.get_by_test_id("send-refused")).to_be_visible()
    camera.take(page, "desk-send-refused")
    page.get_by_test_id("send-refused").get_by_role("button").last.click()
    page.locator(".composer textarea").first.fill("")
    card = page.get_by_test_id("approval-card").last
    card.get_by_test_id("edit").click()
    editor = page.get_by_test_id("approval-editor")
    draft = editor.input_value()
    editor.fill(f"全网销量第一的保温杯。{draft}")
    expect(card.get_by_test_id("finding").first).to_be_visible()
    camera.take(page, "desk-edit", dark=True)
    editor.fill(f"姐妹们晚上好。{draft}")
    expect(card.get_by_text("全网销量第一")).to_have_count(0)
    page.get_by_test_id("submit-edit").click()
    expect(page.get_by_test_id("on-screen")).to_contain_text("上屏")
    page.get_by_test_id("room-text").scroll_into_view_if_needed()
    camera.take(page, "desk-on-air", dark=True)
    operator.ask("换成卫龙辣条，继续卖点介绍")
    pending(page)
    camera.take(page, "desk-switch")
    page.get_by_test_id("withdraw").click()
    expect(page.get_by_test_id("approval-card").last).to_have_attribute("data-status", "cancelled")
    camera.take(page, "desk-withdrawn")


def asking_back(seats: Seats, camera: Camera) -> None:
    """A question with its answers, a rejection that brings another draft, chat, a stop in mid-sentence."""
    operator = seats.take(OPERATOR, viewport=SIZE)
    page = operator.page
    operator.ask("写一段开场")
    expect(page.get_by_test_id("clarification").last).to_be_visible()
    camera.take(page, "desk-clarification", dark=True)
    camera.take(again(seats, operator, **PHONE).page, "desk-clarification-phone")
    page.get_by_test_id("clarification").last.get_by_role("button").first.click()
    pending(page)
    card = page.get_by_test_id("approval-card").last
    card.get_by_test_id("reject").click()
    card.get_by_test_id("approval-reason").fill("开头太平，先讲使用场景")
    camera.take(page, "desk-reject")
    card.get_by_test_id("submit-reject").click()
    # The list holds what is in sight: the first draft may have left it.
    expect(page.get_by_test_id("live-text")).to_contain_text("，")
    pending(page)
    camera.take(page, "desk-rewritten")
    page.goto("/console")
    operator.connected()
    operator.ask("你能做什么？")
    expect(page.get_by_test_id("message-assistant").last).to_have_attribute("data-status", "complete")
    camera.take(page, "desk-chat")
    page.goto("/console")
    operator.connected()
    operator.ask("给大刘介绍卫龙辣条的卖点，一分钟，接地气")
    expect(page.get_by_test_id("live-text")).to_contain_text("，")
    page.get_by_test_id("stop").click()
    expect(page.get_by_text("已停止，以上是已写出的部分")).to_be_visible()
    camera.take(page, "desk-cut-short")
    Team(seats).empty_queue()


def threads(seats: Seats, camera: Camera) -> None:
    """The list of threads: its menu, renaming, deleting, a search that finds nothing."""
    team = Team(seats)
    for title in ("夜场 · 保温杯返场", "周末专场 · 面膜种草", "双十一预热 · 鹅绒外套"):
        team.post("/threads", {"title": title})
    operator = seats.take(OPERATOR, viewport=SIZE)
    page = operator.page
    rows = page.locator("nav.threads .thread")
    rows.nth(1).get_by_role("button").click()
    page.get_by_role("menuitem", name="置顶").click()
    expect(page.get_by_test_id("pinned")).to_be_visible()
    rows.nth(1).get_by_role("button").click()
    expect(page.get_by_role("menu")).to_be_visible()
    camera.take(page, "threads-menu", dark=True)
    page.get_by_role("menuitem", name="重命名").click()
    expect(page.get_by_label("重命名", exact=True)).to_be_focused()
    camera.take(page, "threads-rename")
    page.keyboard.press("Escape")
    rows.nth(1).get_by_role("button").click()
    page.get_by_role("menuitem", name="删除").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    camera.take(page, "threads-delete")
    page.get_by_role("dialog").get_by_role("button", name="取消").click()
    page.get_by_role("searchbox", name="搜索对话").fill("没有这个对话")
    expect(page.get_by_text("没有符合的对话")).to_be_visible()
    camera.take(page, "threads-nothing")


def command_bar(seats: Seats, camera: Camera) -> None:
    """The command bar as it opens, with something typed, with nothing found; the sheet of keys."""
    for email, name in ((OPERATOR, ""), (APPROVER, "-english")):
        seat = seats.take(email, viewport=SIZE)
        page = (in_english(seat) if name else seat).page
        seat.connected()
        page.keyboard.press("Control+k")
        expect(page.get_by_test_id("command-entry").first).to_be_visible()
        camera.take(page, f"command-bar{name}", dark=not name)
        field = page.get_by_role("combobox").last
        field.fill("bwb")
        expect(page.get_by_test_id("command-entry").first).to_contain_text("保温杯")
        camera.take(page, f"command-bar-typed{name}")
        field.fill("没有这种东西")
        expect(page.get_by_test_id("command-entry")).to_have_count(0)
        camera.take(page, f"command-bar-nothing{name}")
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("command-bar")).to_have_count(0)
        page.locator("body").click(position={"x": 860, "y": 30})
        page.keyboard.press("?")
        expect(page.get_by_test_id("keys")).to_contain_text("Ctrl K")
        camera.take(page, f"keys{name}", dark=not name)


def again(seats: Seats, seat: Seat, **options: Any) -> Seat:
    """The page of a seat in another window of the same person."""
    options.setdefault("viewport", SIZE)
    other = seats.take(OPERATOR, seat.page.url.removeprefix(seats.address), **options)
    expect(other.page.locator(".entry").last).to_be_visible()
    return other


def pending(page: Page) -> None:
    """Wait until the newest text asks for a decision."""
    card = page.get_by_test_id("approval-card").last
    expect(card).to_have_attribute("data-status", "pending")
    expect(card.get_by_test_id("approve")).to_be_visible()


def scroll_to(page: Page, selector: str) -> None:
    """Bring something into view."""
    page.locator(selector).last.scroll_into_view_if_needed()


SCENES = (login, welcome, tour, writing, asking_back, threads, command_bar)
