"""The daily work by the keyboard alone: a conversation, every page after G, tables, settings."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, FileChooser, Locator, Page, expect

from tests.e2e.browser import TALL, Seat, Seats, seats_at
from tests.e2e.keyboard import Hands
from tests.e2e.test_coming_back import until
from tests.e2e.test_keys_on_the_pages import gone
from tests.support.desk_client import ADMIN, OPERATOR
from tests.support.processes import ServerProcess

#: Where G and a letter lead an admin.
LETTERS = {
    "c": "console", "a": "approvals", "r": "rundown", "n": "live", "s": "scripts", "p": "products", "h": "hosts",
    "m": "memory", "l": "rules", "e": "settings", "x": "experiments", "o": "models",
}  # fmt: skip
PRODUCTS = "名称,品牌,售价,划线价,库存\n晨曦折叠伞,晨曦,39.9,59,800\n坏价格,晨曦,很便宜,59,800\n"
RULES = "编号,名称,处理,分类,词语\nR-9,口头语,注意,其他,老铁\n"


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    """It writes fast, and slowly enough to be stopped in the middle of a long text."""
    return start_server(offline_pace=150).wait_healthy()


@pytest.fixture
def slow(browser: Browser, start_server: Callable[..., ServerProcess]) -> Iterator[Seats]:
    """Windows at a server that is still writing when much was done meanwhile, on a busy machine, too."""
    with seats_at(browser, start_server(offline_pace=40).wait_healthy().url) as seats:
        yield seats


def status(page: Page, told: str) -> None:
    expect(page.get_by_test_id("approval-card").last).to_have_attribute("data-status", told)


def test_a_conversation_is_had(seats: Seats) -> None:
    seat = seats.take(OPERATOR, viewport=TALL)
    hands, page = Hands(seat), seat.page
    box = page.locator(".composer textarea").first
    hands.press("Control+/")
    hands.here(box)
    hands.type("写一段")
    hands.press("Shift+Enter")
    hands.type("开场")
    expect(box).to_have_value("写一段\n开场")
    hands.press("Enter")
    question = page.get_by_test_id("clarification")
    hands.do(question.last.get_by_role("button").filter(has_text="保温杯").first, back=True)
    hands.kept()
    status(page, "pending")

    # What is sent while a text waits is refused; taken back by the button, the next one is written, and stopped.
    hands.press("Control+/")
    hands.type("写一段@辣条")
    picker = page.get_by_test_id("picker")
    expect(picker.get_by_role("option")).to_have_count(1)
    hands.press("Enter")
    expect(box).to_have_value(re.compile("^写一段卫龙"))
    hands.type("完整介绍，2分钟")
    hands.press("Enter")
    refused = page.get_by_test_id("send-refused")
    hands.do(refused.get_by_role("button").first, back=True)
    until(lambda: len(seat.live_text()) > 20, page)
    hands.press("Control+/", "Escape")
    expect(page.get_by_text("已停止，以上是已写出的部分")).to_be_visible()
    # Said once of each: of the one taken back below it, of this one under its text.
    expect(page.get_by_text("任务已停止")).to_have_count(1)

    # ↑ brings back what was said last; / lists commands, # requests.
    expect(box).to_have_value("")
    hands.press("ArrowUp")
    expect(box).to_have_value(re.compile("完整介绍，2分钟$"))
    for trigger in ("/", "#"):
        hands.replace(trigger)
        expect(picker.get_by_role("option").first).to_be_visible()
        hands.press("ArrowDown", "ArrowUp", "Escape")
        expect(picker).to_be_hidden()
    hands.replace("写一段保温杯促单，15秒")
    hands.press("Enter")
    card = page.get_by_test_id("approval-card").last
    expect(card).to_contain_text("促")
    status(page, "pending")

    # At its card: rejected with a reason, written anew, edited, sent.
    hands.do(card.get_by_test_id("reject"), back=True)
    hands.write(card.get_by_test_id("approval-reason"), "开头太平")
    rejected = str(card.get_attribute("data-interrupt"))
    hands.press("Control+Enter")
    expect(card).not_to_have_attribute("data-interrupt", rejected)
    status(page, "pending")
    hands.do(card.get_by_test_id("edit"), back=True)
    hands.here(page.get_by_test_id("approval-editor"))
    hands.press("Control+End")
    hands.type("喜欢的可以看一看。")
    hands.do(card.get_by_test_id("submit-edit"))
    status(page, "edit")
    hands.kept()
    hands.no_pointer()
    assert seat.complaints == []


#: Whether the element's row is in view in the conversation.
IN_VIEW = """element => { const list = document.querySelector('.chat-list').getBoundingClientRect()
    const { top, bottom } = element.closest('.entry').getBoundingClientRect()
    return top < list.bottom - 1 && bottom > list.top + 1 }"""


#: Whether a row above that with the focus is drawn, as before anybody's next key; the first message has none.
DRAWN_ABOVE = """first => { const at = document.activeElement.closest('.entry')
    if (!at || at.querySelector(`[data-id='${first}']`)) return true
    const { top } = at.getBoundingClientRect()
    const rows = [...document.querySelectorAll('.chat-list .entry')]
    return rows.some(row => row.getBoundingClientRect().top < top - 1) }"""


def messages_of(seat: Seat) -> list[dict[str, Any]]:
    """What was said in the conversation on screen, as the server has it."""
    path = f"/api/v1/threads/{seat.thread_id}/snapshot"
    said: list[dict[str, Any]] = seat.page.request.get(path).json()["snapshot"]["messages"]
    return said


def test_far_up_in_a_conversation_the_newest_text_goes_on_and_the_focus_stays_where_it_was(seats: Seats) -> None:
    seat = seats.take(OPERATOR, viewport={"width": 1200, "height": 560})
    hands, page = Hands(seat), seat.page
    answers = page.get_by_test_id("message-assistant")
    for turn in range(1, 7):
        seat.ask("你好")
        expect(page.locator(".composer textarea").first).to_have_value("")
        until(lambda turn=turn: [one["status"] for one in messages_of(seat)] == ["complete"] * 2 * turn, page)
        expect(answers.last).to_have_attribute("data-status", "complete")
    first = messages_of(seat)[0]["id"]
    # Long enough to be under way still when a busy machine has pressed all the keys.
    seat.ask("写一段沐野随行保温杯完整介绍，8分钟")
    live = page.get_by_test_id("live-text")
    until(lambda: len(seat.live_text()) > 10, page)
    caret = page.locator(".caret")
    hands.press("Control+/")

    # Up to the first word of the conversation by Shift Tab: what is being written stays in the page, and grows.
    oldest = page.locator(f"[data-id='{first}']")

    def is_there() -> bool:
        page.wait_for_function(DRAWN_ABOVE, arg=first)
        return oldest.locator(":focus").count() == 1

    hands.until(is_there, "Shift+Tab", most=90)
    hands.kept(page.locator(".chat"))
    assert not live.evaluate(IN_VIEW)
    told = len(seat.live_text())
    until(lambda: len(seat.live_text()) > told, page)

    # Back to the end by a key: it is followed again, and what has the focus is still there, out of sight.
    hands.press("End")
    until(lambda: bool(caret.evaluate(IN_VIEW)), page)
    told = len(seat.live_text())
    until(lambda: len(seat.live_text()) > told + 20 and bool(caret.evaluate(IN_VIEW)), page)
    expect(oldest.locator(":focus")).to_have_count(1)
    assert not oldest.evaluate(IN_VIEW)
    expect(page.locator(".to-end")).to_have_count(0)
    hands.press("Control+/", "Escape")
    expect(page.get_by_text("已停止，以上是已写出的部分")).to_be_visible()
    assert seat.complaints == []


def test_one_writes_on_after_the_first_message_and_escape_stops_it_from_anywhere(slow: Seats) -> None:
    seat = slow.take(OPERATOR)
    page = seat.page
    field = page.locator(".composer textarea").first
    field.fill("写一段沐野随行保温杯完整介绍，8分钟")
    field.press("Enter")
    expect(page).to_have_url(re.compile("/console/[0-9a-f-]{36}"))
    until(lambda: len(seat.live_text()) > 10, page)
    expect(field).to_be_focused()
    page.keyboard.type("再短")
    expect(field).to_have_value("再短")

    # What Esc closes comes first, also while the focus is still on the button that opened it: the text goes on.
    button = page.get_by_role("button", name=re.compile("^对话操作|的操作")).first
    for back in (False, True):
        button.click()
        menu = page.get_by_role("menu").last
        expect(menu.locator(":focus")).to_have_count(1)
        if back:
            button.focus()
        page.keyboard.press("Escape")
        expect(menu).to_be_hidden()
        told = len(seat.live_text())
        until(lambda told=told: len(seat.live_text()) > told, page)

    # With the focus nowhere, as after a click into the text.
    page.get_by_role("log").click(position={"x": 5, "y": 5})
    expect(field).not_to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_text("已停止，以上是已写出的部分")).to_be_visible()
    expect(field).to_have_value("再短")

    # The button is dead while it is being sent; the field has the focus.
    page.get_by_test_id("send").click()
    expect(field).to_be_focused()
    expect(field).to_have_value("")
    assert seat.complaints == []


def test_every_letter_leads_to_its_page_and_m_switches_the_sounds(seats: Seats) -> None:
    seat = seats.take(ADMIN, "/scripts")
    hands, page = Hands(seat), seat.page
    for letter, name in LETTERS.items():
        expect(page.get_by_role("heading", level=1)).to_be_attached()
        hands.go(letter)
        expect(page).to_have_url(re.compile(f"/{name}(/|$)"))
        expect(page.get_by_role("navigation").first).to_be_visible()
    hands.go("a")
    sounds = page.get_by_test_id("sounds")
    for pressed in ("true", "false"):
        expect(sounds).to_be_visible()
        hands.press("m")
        expect(sounds).to_have_attribute("aria-pressed", pressed)
    hands.no_pointer()
    assert seat.complaints == []


def test_products_and_rules_are_read_in_from_tables(seats: Seats) -> None:
    seat = seats.take(ADMIN, "/products")
    hands, page = Hands(seat), seat.page
    drawer = page.get_by_role("dialog")
    opener = page.get_by_test_id("import-products")
    hands.do(opener)
    choose(hands, drawer.locator("input[type=file]"), "商品.csv", PRODUCTS)
    expect(drawer.locator(".row-wrong")).to_have_count(1)
    hands.do(drawer.get_by_test_id("accept-products"))
    expect(drawer.get_by_role("status")).to_contain_text("新建 1")
    hands.kept(drawer)
    hands.press("Escape")
    gone(hands, drawer)
    expect(page.get_by_role("row").filter(has_text="晨曦折叠伞")).to_be_visible()

    seat.open("/rules")
    hands.to(page.get_by_role("tab", name="生效规则"))
    hands.press("ArrowRight", "Enter")
    hands.do(page.get_by_role("button", name="导入表格"))
    choose(
        hands, drawer.locator("input[type=file]"), "规则.csv", "编号,名称,处理,分类,词语\nR-9,口头语,注意,其他,老铁\n"
    )
    hands.do(drawer.get_by_test_id("accept-rules"))
    gone(hands, drawer)
    expect(page.get_by_role("row").filter(has_text="R-9")).to_be_visible()
    hands.do(page.get_by_test_id("run-trial"), back=True)
    expect(page.get_by_test_id("trial-sum")).to_be_visible()
    hands.do(page.get_by_test_id("save-rules"))
    expect(page.get_by_test_id("rules-save")).to_have_count(0)
    # What was saved is looked at in the history, and nothing is left of it.
    hands.to(page.get_by_role("tab", name="本店规则"), back=True)
    hands.until(lambda: page.get_by_role("tab", name="历史").evaluate("tab => tab.matches(':focus')"), "ArrowRight")
    hands.press("Enter")
    hands.do(page.get_by_role("button", name="第 1 版"))
    expect(drawer).to_contain_text("老铁")
    hands.press("Escape")
    gone(hands, drawer)
    hands.no_pointer()
    assert seat.complaints == []


def choose(hands: Hands, field: Locator, name: str, text: str) -> None:
    """Open the browser's choice of files by a key, and choose one."""
    chosen: list[FileChooser] = []
    hands.page.once("filechooser", lambda chooser: chosen.append(chooser))
    for _ in range(10):  # a drawer that is still coming in takes the focus once more when it is there
        hands.to(field)
        hands.press("Space")
        for _ in range(20):
            if chosen:
                break
            hands.page.wait_for_timeout(100)
        if chosen:
            break
    chosen[0].set_files({"name": name, "mimeType": "text/csv", "buffer": text.encode()})


def test_how_long_things_are_kept_is_asked_about(seats: Seats) -> None:
    seat = seats.take(ADMIN, "/settings")
    hands, page = Hands(seat), seat.page
    part, sure = page.get_by_test_id("keeping"), page.get_by_role("dialog")
    for button, told in (("取消", ""), ("缩短并删除", "30")):
        hands.write(part.locator("#keep-note"), "30")
        hands.do(part.get_by_test_id("save-keeping"))
        hands.do(sure.get_by_role("button", name=button))
        gone(hands, sure)
        if not told:
            hands.do(part.get_by_role("button", name="取消"))
        expect(part.locator("#keep-note")).to_have_value(told)
    expect(part.get_by_test_id("save-keeping")).to_be_disabled()
    kept = page.request.get("/api/v1/memory/lifetimes").json()
    assert kept["note"] == 30
    hands.no_pointer()
    assert seat.complaints == []
