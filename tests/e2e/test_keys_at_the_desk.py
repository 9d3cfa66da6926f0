"""Director, host and their screens by the keyboard alone, and the keys that can be switched off."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Seats
from tests.e2e.keyboard import Hands
from tests.e2e.test_coming_back import travelled, until
from tests.e2e.test_director import WISHES, Room, entries
from tests.e2e.test_in_step import Stage, motion
from tests.e2e.test_main_job import on_stage
from tests.support.desk_client import APPROVER, HOST, OPERATOR
from tests.support.processes import ServerProcess


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    """It writes fast, and slowly enough to be stopped in the middle of a long text."""
    return start_server(offline_pace=150).wait_healthy()


def test_a_director_cues_reorders_cuts_in_notes_paces_and_blanks(seats: Seats) -> None:
    seat = seats.take(OPERATOR, "/login")
    room = Room(seat)
    room.rule(by_hand=True, undo_window=None)
    titles = [room.approve(wish) for wish in WISHES]
    seat.open(f"/live/{room.id}")
    hands, page = Hands(seat), seat.page
    expect(entries(page)).to_have_count(3)
    host = seats.take(HOST, f"/prompter.html?room={room.id}", reduced_motion="no-preference").page

    # The third comes first; the handle keeps the focus while the order is saved.
    handle = entries(page).filter(has_text=titles[2]).get_by_role("button", name="移动")
    hands.do(handle, "Space")
    hands.press("ArrowUp", "ArrowUp", "Space")
    expect(entries(page).first).to_contain_text(titles[2])
    until(lambda: room.titles()[0] == titles[2], page)
    expect(handle).to_be_enabled()
    hands.here(handle)

    # On air, by its button; the button goes, and the focus stays at the entry.
    hands.do(entries(page).first.get_by_test_id("cue"))
    expect(entries(page).first).to_have_attribute("data-standing", "onAir")
    hands.kept(page.get_by_test_id("queue"))
    expect(host.locator(".bar .title:not(.upcoming)")).to_have_text(titles[2])

    # Played, paced, from section to section.
    stage = page.get_by_test_id("stage-state")
    hands.do(page.get_by_test_id("play"))
    expect(stage).to_have_attribute("data-state", "playing")
    pace = page.get_by_test_id("pace")
    told = int(room.state()["transport"]["pace"])
    slider = page.get_by_role("slider", name="语速")
    hands.to(slider)
    hands.press("ArrowRight")
    expect(pace).to_have_text(f"{told + 5} 字/分")
    until(lambda: room.state()["transport"]["pace"] == told + 5, page)
    hands.do(page.get_by_role("button", name="快一点", exact=True))
    expect(pace).to_have_text(f"{told + 10} 字/分")

    # Another is announced and cut in, from its menu.
    hands.do(entries(page).filter(has_text=titles[0]).get_by_test_id("entry-more"), back=True)
    cut = page.get_by_role("menuitem").filter(has_text="插播")
    expect(cut).to_be_visible()
    hands.until(lambda: cut.evaluate("e => e.matches(':focus')"), "ArrowDown")
    hands.press("Enter")
    expect(host.locator(".bar .title:not(.upcoming)")).to_have_text(titles[0])
    hands.kept(page.get_by_test_id("queue"))

    # A word to the host, flashed and taken away.
    hands.press("t")
    hands.here(page.get_by_label("给主播的话"))
    hands.type("库存剩 120，催单")
    hands.press("Enter")
    expect(page.get_by_test_id("note-shown")).to_contain_text("催单")
    hands.kept()
    expect(host.locator(".note")).to_contain_text("催单")
    # Esc leaves the field, whose letters are keys of the page then.
    hands.press("t")
    hands.here(page.get_by_label("给主播的话"))
    hands.press("Escape")
    expect(page.get_by_label("给主播的话")).not_to_be_focused()
    hands.do(page.get_by_test_id("note-shown").get_by_role("button"), back=True)
    expect(page.get_by_test_id("note-shown")).to_have_count(0)
    hands.kept()

    # Dark, and light again.
    hands.press("b")
    expect(stage).to_have_attribute("data-state", "dark")
    expect(host.locator(".dark")).to_be_visible()
    hands.press("b")
    expect(host.locator(".dark")).to_have_count(0)
    hands.no_pointer()
    assert seat.complaints == []


def test_every_key_of_the_teleprompter_and_none_of_them_when_they_are_off(
    seats: Seats, module_database_url: str
) -> None:
    room = Stage(seats, module_database_url)
    seat = seats.take(HOST, f"/prompter.html?room={room.id}", reduced_motion="no-preference")
    hands, page = Hands(seat), seat.page
    expect(page.locator(".line")).to_contain_text("已连接")
    expect(page.locator(".track")).not_to_be_empty()
    for key in ("Space", "Enter", "b", ".", "F5"):
        hands.press(key)
        motion(page, "running")
        hands.press("0")
        motion(page, "paused")
    pace = page.locator(".pace")
    for key, told in (("ArrowUp", 245), ("Shift+ArrowUp", 265), ("ArrowDown", 260), ("Shift+ArrowDown", 240)):
        hands.press(key)
        expect(pace).to_contain_text(str(told))
    hands.press("Home")
    until(lambda: travelled(page) < 1, page)
    for on, back in (("ArrowRight", "ArrowLeft"), ("PageDown", "PageUp"), ("]", "["), ("End", "Home")):
        hands.press(on)
        until(lambda: travelled(page) > 20, page)
        hands.press(back)
        until(lambda: travelled(page) < 1, page)
    size = "() => parseFloat(getComputedStyle(document.querySelector('.track')).fontSize)"
    usual = page.evaluate(size)
    for key, by in (("+", 4), ("=", 8), ("-", 4), ("_", 0)):
        hands.press(key)
        page.wait_for_function(f"wanted => ({size})() === wanted", arg=usual + by)
    mirror = page.locator(".mirror")
    for key, turned in (("m", "-1, 1"), ("Shift+M", "-1, -1"), ("m", "1, -1"), ("Shift+M", "1, 1")):
        hands.press(key)
        expect(mirror).to_have_attribute("style", re.compile(rf"scale\({turned}\)"))
    # Held a moment too long it is one press all the same.
    for _ in range(2):
        for _ in range(2):
            page.keyboard.down("m")
        page.keyboard.up("m")
    expect(mirror).to_have_attribute("style", re.compile(r"scale\(1, 1\)"))
    for _ in range(3):
        page.keyboard.down("m")
    page.keyboard.up("m")
    expect(mirror).to_have_attribute("style", re.compile(r"scale\(-1, 1\)"))
    hands.press("m")
    for key, what in (("l", ".band"), ("h", ".bar")):
        hands.press(key)
        expect(page.locator(what)).to_have_count(0)
        hands.press(key)
        expect(page.locator(what)).to_have_count(1)
    hands.press("f")
    page.wait_for_function("() => document.fullscreenElement !== null")
    hands.press("f")
    page.wait_for_function("() => document.fullscreenElement === null")
    hands.press("]")
    until(lambda: travelled(page) > 20, page)
    hands.press("r")
    motion(page, "running")
    until(lambda: not room.state()["transport"]["playing"] or room.state()["transport"]["rate"] < 0, page)
    hands.press("r", "0")
    motion(page, "paused")
    for motions in ("paged?|paused", "paused"):
        hands.press("p")
        motion_now = re.compile(motions)
        expect(page.locator(".prompter")).to_have_attribute("data-motion", motion_now)
    hands.press("Space")
    motion(page, "running")
    # What comes waits only when the room knows that somebody reads.
    until(lambda: room.state()["transport"]["playing"], page)
    room.cue("另一段话，等着上屏。" * 4, script=2, title="下一段稿")
    expect(page.get_by_role("button", name="下一段稿")).to_be_visible()
    hands.press("n")
    expect(page.locator(".bar .title:not(.upcoming)")).to_have_text("下一段稿")

    # The menu is gone through by Tab, and gives the focus back.
    hands.press("Escape")
    menu = page.get_by_role("dialog")
    expect(menu).to_be_visible()
    off = menu.get_by_role("button", name="单键快捷键")
    hands.do(off)
    expect(off).to_have_attribute("aria-pressed", "false")
    # The browser tells late that the menu is closed; here it never does: the keys are the page's all the same.
    page.evaluate("() => window.addEventListener('close', told => told.stopImmediatePropagation(), true)")
    hands.press("Escape")
    expect(menu).to_have_count(0)
    size_now = page.evaluate(size)
    hands.press("+", "m", "h", "b", "]", "0", "n", ".")
    hands.press("ArrowUp")
    expect(pace).to_contain_text(re.compile("245|2[0-9]5"))
    motion(page, "paused")
    assert page.evaluate(size) == size_now
    expect(mirror).to_have_attribute("style", re.compile(r"scale\(1, 1\)"))
    hands.press("Space")
    motion(page, "running")
    hands.press("Space")
    motion(page, "paused")
    assert "另一段话" in on_stage(page)
    hands.no_pointer()
    assert seat.complaints == []


def test_single_keys_are_switched_off_and_nothing_else_is(seats: Seats) -> None:
    seat = seats.take(APPROVER, "/approvals")
    hands, page = Hands(seat), seat.page
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    hands.press("?")
    sheet = page.get_by_test_id("keys")
    switch = sheet.get_by_test_id("single-keys")
    hands.do(switch, "Space")
    expect(switch).to_have_attribute("aria-checked", "false")
    hands.press("Escape")
    expect(sheet).to_have_count(0)
    for _ in range(2):  # kept over a reload
        hands.press("?", "g", "c", "m", "Shift+A")
        hands.press("Control+k")
        expect(page.get_by_role("combobox", name="命令栏")).to_be_focused()
        expect(sheet).to_have_count(0)
        hands.press("Escape")
        expect(page.get_by_test_id("command-bar")).to_have_count(0)
        expect(page).to_have_url(re.compile("/approvals$"))
        page.reload()
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert page.locator("kbd:visible").count() == 0, "no key is named that does nothing"
    hands.do(page.get_by_role("button", name="键盘快捷键"))
    hands.do(switch, "Space")
    hands.press("Escape")
    expect(sheet).to_have_count(0)
    hands.kept()
    hands.go("c")
    expect(page).to_have_url(re.compile("/console$"))
    hands.no_pointer()
