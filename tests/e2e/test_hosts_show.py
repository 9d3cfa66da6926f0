"""A host's show: three scripts, a correction in mid-text, twenty seconds without a line, two screens and a phone."""

import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import Seats, seats_at
from tests.e2e.test_coming_back import travelled, until
from tests.e2e.test_director import PHONE, WISHES, Room, entries
from tests.e2e.test_in_step import at_the_same_place, motion
from tests.support.desk_client import HOST, OPERATOR
from tests.support.line import Line, line_to
from tests.support.processes import ServerProcess
from tests.support.stage import cue_now

#: Every frame, how far the text has moved and in how many milliseconds.
NOTE_THE_STEPS = """() => { window.steps = []
    const y = () => new DOMMatrix(getComputedStyle(document.querySelector('.track')).transform).m42
    let [last, then] = [y(), document.timeline.currentTime]
    const step = () => { const [now, at] = [y(), document.timeline.currentTime]
        steps.push([now - last, at - then]); last = now; then = at; requestAnimationFrame(step) }
    requestAnimationFrame(step) }"""
#: Where the paragraph that is being read stands on the screen, and how it begins.
READING = """() => { const stage = document.querySelector('.stage').getBoundingClientRect()
    const line = stage.top + stage.height * 0.36
    const here = [...document.querySelectorAll('.track p')].find(p => p.getBoundingClientRect().bottom > line)
    return [here.textContent.slice(0, 8), here.getBoundingClientRect().top] }"""


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


@pytest.fixture
def far(browser: Browser, server: ServerProcess) -> Iterator[tuple[Line, Seats]]:
    with line_to(server.port) as line, seats_at(browser, line.url) as seats:
        yield line, seats


def no_jump(page: Page) -> None:
    """The text has only moved on as it is read, since its steps are noted."""
    for moved, ms in page.evaluate("steps"):
        assert -10 - ms * 0.2 < moved < 1, "it reads on, neither back nor far ahead"


def display(seats: Seats, room: Room, **options: Any) -> Page:
    page = seats.take(HOST, f"/prompter.html?room={room.id}", reduced_motion="no-preference", **options).page
    expect(page.locator(".line")).to_contain_text("已连接")
    return page


def test_three_scripts_on_two_screens_with_a_phone_a_correction_and_a_lost_line(
    seats: Seats, far: tuple[Line, Seats], module_database_url: str
) -> None:
    line, away = far
    operator = seats.take(OPERATOR, "/login")
    room = Room(operator)
    room.rule(by_hand=True, undo_window=None)
    titles = [room.approve(wish) for wish in (WISHES[1], WISHES[0], WISHES[2])]
    director = operator.open(f"/live/{room.id}").page
    main, side = display(seats, room), display(away, room, viewport={"width": 820, "height": 1180})
    phone = seats.take(OPERATOR, f"/remote?room={room.id}", viewport=PHONE).page
    for page in (main, side):
        expect(page.get_by_text("等待稿件")).to_be_visible()

    # The first goes on air by the director, and is begun by the phone: all three are in step.
    entries(director).first.get_by_test_id("cue").click()
    for page in (main, side):
        expect(page.locator(".bar .title:not(.upcoming)")).to_have_text(titles[0])
    slow = {"action": "speed", "version": room.state()["transport"]["version"], "value": 120}
    assert operator.context.request.post(f"/api/v1/rooms/{room.id}/prompter", data=slow).ok
    for _ in range(2):
        main.keyboard.press("]")
    at_the_same_place(main)
    phone.get_by_test_id("go").click()
    for page in (main, side):
        motion(page, "running")
    expect(phone.get_by_test_id("go")).to_have_text("暂停")
    expect(director.get_by_test_id("stage-state")).to_have_attribute("data-state", "playing")

    # A correction above the line that is read: the line stays where it is.
    phone.get_by_test_id("go").click()
    for page in (main, side):
        motion(page, "paused")
    at_the_same_place(main)
    words, top = main.evaluate(READING)
    state = room.state()
    script = uuid.UUID(state["script_id"]).int
    mended = f"价格改了，先说清楚：今天的优惠只有这一场，拍前请看商品页。\n{state['content']}"
    cue_now(module_database_url, room.id, mended, script=script, title=titles[0])
    for page in (main, side):
        expect(page.locator(".track")).to_contain_text("价格改了，先说清楚")
    assert main.evaluate(READING) == [words, pytest.approx(top, abs=1)]

    # One of the screens loses its line for twenty seconds: its text goes on, and it says so.
    phone.get_by_test_id("go").click()
    for page in (main, side):
        motion(page, "running")
    line.cut()
    expect(side.get_by_text("使用已收稿件")).to_be_visible()
    left_at = travelled(side)
    side.evaluate(NOTE_THE_STEPS)
    expect(side.locator(".notice")).to_contain_text(re.compile(r"离线\s*00:[2-5]\d"))
    assert travelled(side) > left_at + 100
    motion(side, "running")
    expect(side.locator(".track")).to_contain_text("价格改了，先说清楚")
    line.mend()
    expect(side.get_by_text("使用已收稿件")).to_have_count(0)
    expect(side.locator(".apart")).to_have_count(0)
    motion(side, "running")
    expect(director.get_by_test_id("display").filter(has_text="离线")).to_have_count(0)
    no_jump(side)

    # The second docks while the first is read; the phone takes it, and the third by the director's key.
    entries(director).nth(1).get_by_test_id("cue").click()
    for page in (main, side):
        expect(page.get_by_role("button", name=titles[1])).to_be_visible()
    expect(phone.get_by_test_id("waits")).to_contain_text(titles[1])
    main.keyboard.press("n")
    for page in (main, side):
        expect(page.locator(".bar .title:not(.upcoming)")).to_have_text(titles[1])
        motion(page, "paused")
    director.get_by_role("heading", level=1).click()
    director.keyboard.press("n")
    for page in (main, side):
        expect(page.locator(".bar .title:not(.upcoming)")).to_have_text(titles[2])
    expect(phone.get_by_text(titles[2], exact=True)).to_be_visible()
    phone.get_by_test_id("go").click()
    for page in (main, side):
        until(lambda page=page: travelled(page) > 20, page)
    side.keyboard.press("Space")
    for page in (main, side):
        motion(page, "paused")
    expect(phone.get_by_test_id("go")).to_have_text("播放")
    at_the_same_place(main)
    at_the_same_place(side)
    places = [float(one["position"]) for one in shown_places(director, room)]
    assert max(places) - min(places) < 25, f"the same line, as far as lines of another width can be: {places}"
    assert operator.complaints == []


def shown_places(page: Page, room: Room) -> list[dict[str, Any]]:
    """What each screen has told of its place."""
    found: list[dict[str, Any]] = []

    def both() -> bool:
        answer = page.request.get(f"/api/v1/rooms/{room.id}/displays").json()["items"]
        found[:] = [one for one in answer if not one["away"] and not one["playing"]]
        return len(found) == 2

    until(both, page)
    return found
