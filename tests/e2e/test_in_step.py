"""Several teleprompters of one room do the same, and none takes the text away from who is reading."""

import uuid
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import Seats, seats_at
from tests.e2e.test_coming_back import travelled, until
from tests.e2e.test_prompter_engine import SCRIPT
from tests.support.corrections import EYES, edits, script
from tests.support.desk_client import HOST, OPERATOR
from tests.support.line import line_to
from tests.support.processes import ServerProcess
from tests.support.stage import cue_now

TEXT = SCRIPT * 2
OTHER = "卫龙辣条来了，一包只要九块九，喜欢的宝宝点击下方链接，拍两包再送一包。\n" * 6


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


#: Each announcement of what comes, with what was on the screen then: it stands for seconds, a busy machine looks later.
NOTE_THE_ANNOUNCEMENTS = """() => {
    window.announced = []
    new MutationObserver(() => {
        const told = document.querySelector('.heads-up')?.textContent
        if (told) announced.push([told, document.querySelector('.track').textContent])
    }).observe(document.body, { subtree: true, childList: true, characterData: true }) }"""


class Stage:
    """A room of its own, with a text on its stage."""

    def __init__(self, seats: Seats, database_url: str) -> None:
        self._url = database_url
        self.director = seats.take(OPERATOR, "/api/v1/health").context.request
        made = self.director.post("/api/v1/rooms", data={"name": f"房间{uuid.uuid4().hex[:8]}"})
        self.id = made.json()["id"]
        self.cue(TEXT)

    def cue(self, content: str, script: int = 1, title: str = "") -> int:
        return cue_now(self._url, self.id, content, script=script, title=title)

    def open(self, seats: Seats, **options: Any) -> Page:
        """A display of the room."""
        page = seats.take(HOST, f"/prompter.html?room={self.id}", reduced_motion="no-preference", **options).page
        expect(page.locator(".line")).to_contain_text("已连接")
        expect(page.locator(".track")).not_to_be_empty()
        return page

    def order(self, action: str, **fields: Any) -> dict[str, Any]:
        state = self.state()
        version = state["version"] if action in ("take", "cut") else state["transport"]["version"]
        body = {"action": action, "version": version, **fields}
        answer = self.director.post(f"/api/v1/rooms/{self.id}/prompter", data=body)
        assert answer.ok, answer.text()
        return dict(answer.json())

    def state(self) -> dict[str, Any]:
        return dict(self.director.get(f"/api/v1/rooms/{self.id}/prompter").json())


@pytest.fixture
def stage(seats: Seats, module_database_url: str) -> Stage:
    return Stage(seats, module_database_url)


@pytest.fixture
def far(browser: Browser, server: ServerProcess) -> Iterator[tuple[Any, Seats]]:
    """Windows at the end of a line that can be cut."""
    with line_to(server.port) as line, seats_at(browser, line.url) as seats:
        yield line, seats


def motion(page: Page, what: str) -> None:
    expect(page.locator(".prompter")).to_have_attribute("data-motion", what)


def at_the_same_place(one: Page, *others: Page, within: float = 2) -> None:
    """Wait until displays that stand have come to a rest, on the same pixel as far as one can see."""
    before: list[list[float]] = [[]]

    def rest() -> bool:
        now = [travelled(page) for page in (one, *others)]
        before[0], still = now, before[0] == now
        one.wait_for_timeout(100)
        return still and max(now) - min(now) <= within

    until(rest, one)


def test_what_is_done_at_one_display_is_done_at_all_and_who_joins_is_where_they_are(seats: Seats, stage: Stage) -> None:
    left, right = stage.open(seats), stage.open(seats)
    left.keyboard.press("Space")
    motion(left, "running")  # at once; the other hears of it
    motion(right, "running")
    until(lambda: travelled(right) > 60, right)
    right.keyboard.press("Space")
    for page in (left, right):
        motion(page, "paused")
    at_the_same_place(left, right)
    for _ in range(3):
        left.keyboard.press("]")
        at_the_same_place(left, right)
    place = travelled(left)
    assert place > 150
    right.keyboard.press("ArrowUp")
    expect(left.get_by_text("245 字/分")).to_be_visible()
    # In the middle of it: another one comes, and one comes again.
    late = stage.open(seats)
    right.reload()
    expect(right.locator(".line")).to_contain_text("已连接")
    at_the_same_place(left, right, late)
    assert travelled(late) == pytest.approx(place, abs=2)
    # What runs is joined running, at its place.
    left.keyboard.press("Space")
    joined = stage.open(seats)
    motion(joined, "running")
    assert travelled(joined) >= place - 2
    stage.order("pause")
    at_the_same_place(left, right, late, joined)


def test_displays_of_other_sizes_read_the_same_words(seats: Seats, stage: Stage) -> None:
    wide, narrow = stage.open(seats), stage.open(seats, viewport={"width": 390, "height": 844})
    for _ in range(4):
        wide.keyboard.press("]")
        at_the_same_place(wide)
    wide.keyboard.press("Space")
    motion(narrow, "running")
    wide.wait_for_timeout(2500)
    wide.keyboard.press("Space")
    motion(narrow, "paused")

    def reading(page: Page) -> tuple[float, float]:
        """The place in the text by the rectangles of the words, and how many characters a line holds."""
        first, last = page.evaluate(
            """() => { const stage = document.querySelector('.stage').getBoundingClientRect()
                const line = stage.top + stage.height * 0.36
                const words = [...document.querySelectorAll('[data-o]')]
                const here = words.find(w => w.getClientRects()[0].bottom > line)
                const top = here.getClientRects()[0].top
                const below = words.find(w => w.getClientRects()[0].top > top + 5)
                return [Number(here.dataset.o), Number(below.dataset.o)] }"""
        )
        return first, last - first

    at_the_same_place(wide)
    at_the_same_place(narrow)
    (one, line), (other, _) = reading(wide), reading(narrow)
    assert abs(one - other) <= line * 1.2, "the same line, as far as lines of another width can be the same"


def test_a_note_a_dark_screen_and_a_countdown_come_to_all_and_go(seats: Seats, stage: Stage) -> None:
    left, right = stage.open(seats), stage.open(seats)
    left.keyboard.press("]")
    at_the_same_place(left, right)
    place = travelled(left)
    stage.order("note", text="库存剩 120，催单", value=120)
    stage.order("blank")
    for page in (left, right):
        expect(page.get_by_role("alert")).to_contain_text("库存剩 120，催单")
        expect(page.locator(".dark")).to_be_visible()
    left.get_by_role("button", name="知道了").click()
    expect(right.locator(".note")).to_have_count(0)
    stage.order("blank", value=0)
    for page in (left, right):
        expect(page.locator(".dark")).to_have_count(0)
        assert travelled(page) == pytest.approx(place, abs=2)
    stage.order("play", after_ms=10_000)
    for page in (left, right):
        expect(page.get_by_role("timer")).to_be_visible()
        motion(page, "paused")
    right.keyboard.press("Space")  # called off
    for page in (left, right):
        expect(page.get_by_role("timer")).to_have_count(0)
    assert not stage.state()["transport"]["playing"]


def test_another_text_waits_on_all_displays_and_comes_on_all_when_one_takes_it_or_it_is_cut_in(
    seats: Seats, stage: Stage
) -> None:
    left, right = stage.open(seats), stage.open(seats)
    left.keyboard.press("Space")
    motion(right, "running")
    stage.cue(OTHER, script=2, title="辣条卖点")
    for page in (left, right):
        expect(page.get_by_role("button", name="辣条卖点")).to_be_visible()
    late = stage.open(seats)
    expect(late.locator(".track")).to_contain_text("宝宝们晚上好")
    expect(late.get_by_role("button", name="辣条卖点")).to_be_visible()
    right.keyboard.press("n")
    for page in (left, right, late):
        expect(page.locator(".track")).to_contain_text("卫龙辣条来了")
        motion(page, "paused")
    left.keyboard.press("Space")
    motion(late, "running")
    stage.cue(TEXT, script=1, title="保温杯")
    for page in (left, right, late):
        page.evaluate(NOTE_THE_ANNOUNCEMENTS)
    stage.order("cut", after_ms=4000)
    for page in (left, right, late):
        page.wait_for_function(
            "() => announced.some(([told, read]) => told.includes('宝宝们晚上好') && read.includes('卫龙辣条来了'))"
        )
    for page in (left, right, late):
        expect(page.locator(".track")).to_contain_text("宝宝们晚上好")
        expect(page.locator(".heads-up")).to_have_count(0)
        motion(page, "running")


def test_a_display_can_leave_the_step_and_be_set_up_from_elsewhere(seats: Seats, stage: Stage) -> None:
    left, right = stage.open(seats), stage.open(seats)
    right.keyboard.press("Escape")
    right.get_by_label("屏幕名称").fill("主播屏")
    right.get_by_role("button", name="跟随直播间").click()
    right.keyboard.press("Escape")
    left.keyboard.press("Space")
    motion(left, "running")
    right.wait_for_timeout(600)
    motion(right, "paused")
    right.keyboard.press("End")
    left.wait_for_timeout(600)
    motion(left, "running")

    def named() -> list[dict[str, Any]]:
        displays = stage.director.get(f"/api/v1/rooms/{stage.id}/displays").json()["items"]
        return [d for d in displays if d["name"] == "主播屏" and not d["following"]]

    until(lambda: len(named()) == 1, right)
    settings = {"mirror_h": True, "size": 100, "following": True}
    stage.order("display", display_id=named()[0]["id"], settings=settings)
    expect(right.locator(".mirror")).to_have_attribute("style", "transform: scale(-1, 1);")
    expect(right.locator(".track")).to_have_attribute("style", "font-size: 100px;")
    motion(right, "running")
    assert left.locator(".mirror").get_attribute("style") == "transform: scale(1, 1);"


def test_who_comes_back_and_missed_nothing_goes_on_in_step(seats: Seats, far: tuple[Any, Seats], stage: Stage) -> None:
    line, away = far
    near, lost = stage.open(seats), stage.open(away)
    near.keyboard.press("Space")
    motion(lost, "running")
    line.cut()
    expect(lost.get_by_text("使用已收稿件")).to_be_visible()
    lost.keyboard.press("ArrowUp")  # done here alone: it is told when the line is back
    expect(lost.get_by_text("245 字/分")).to_be_visible()
    line.mend()
    expect(lost.get_by_text("使用已收稿件")).to_have_count(0)
    expect(near.get_by_text("245 字/分")).to_be_visible()
    expect(lost.locator(".apart")).to_have_count(0)
    motion(lost, "running")
    near.keyboard.press("Space")
    motion(lost, "paused")
    at_the_same_place(near, lost)


def test_who_was_reading_while_the_room_went_elsewhere_keeps_the_place_until_told(
    seats: Seats, far: tuple[Any, Seats], stage: Stage
) -> None:
    line, away = far
    near, lost = stage.open(seats), stage.open(away)
    near.keyboard.press("Space")
    motion(lost, "running")
    line.cut()
    expect(lost.get_by_text("使用已收稿件")).to_be_visible()
    near.keyboard.press("Space")
    near.keyboard.press("End")
    until(lambda: stage.state()["transport"]["position"] > 1000, near)
    lost.evaluate(
        """() => { window.steps = []
            let last = new DOMMatrix(getComputedStyle(document.querySelector('.track')).transform).m42
            const step = () => {
                const now = new DOMMatrix(getComputedStyle(document.querySelector('.track')).transform).m42
                steps.push([now - last, document.timeline.currentTime]); last = now; requestAnimationFrame(step) }
            requestAnimationFrame(step) }"""
    )
    line.mend()
    expect(lost.locator(".apart")).to_be_visible()
    motion(lost, "running")
    lost.wait_for_timeout(500)
    steps = lost.evaluate("steps")
    for (_, before), (moved, now) in pairwise(steps):
        assert abs(moved) < 10 + (now - before) * 0.2, "no jump"
    lost.get_by_role("button", name="跟上直播间").click()
    expect(lost.locator(".apart")).to_have_count(0)
    at_the_same_place(near, lost)
    # Again; this time it is the room that has to come.
    near.keyboard.press("Home")
    at_the_same_place(near, lost)
    lost.keyboard.press("Space")
    motion(near, "running")
    line.cut()
    expect(lost.get_by_text("使用已收稿件")).to_be_visible()
    near.keyboard.press("End")
    until(lambda: stage.state()["transport"]["position"] > 1000, near)
    line.mend()
    lost.get_by_role("button", name="让直播间跟我").click()
    motion(near, "running")
    stage.order("pause")
    at_the_same_place(near, lost)
    assert travelled(near) < 2000


@pytest.mark.parametrize("place", range(8))
def test_a_correction_leaves_the_words_being_read_where_they_are(seats: Seats, stage: Stage, place: int) -> None:
    text = script(3000)
    # Well inside a paragraph that is read aloud: the eye is there, too, and not at what stands before it.
    page = standing(seats, stage, text, text.find("\n第", 700 + 150 * place) + 21)
    reading = int(page.evaluate("read()"))
    edit = edits(text, reading)[place]
    before = page.evaluate(f"top_({reading})")
    corrected(page, stage, edit.text)
    moved = abs(page.evaluate(f"top_({edit.moved(reading)})") - before)
    assert moved <= 1, f"{edit.name}: {moved} px"


def test_of_what_stands_at_a_correction_the_rooms_place_stays(seats: Seats, stage: Stage) -> None:
    """The text runs evenly, over a cue that nobody reads aloud, too: the eye may be a line away from the room's place.
    What is put in between the two can leave only one of them where it is."""
    text = script(3000)
    cue = text.find("\n【", 1600)
    asked = cue + 11
    page = standing(seats, stage, text, asked)
    assert cue < int(page.evaluate("read()")) < text.find("\n", cue + 1) < asked
    line = page.evaluate(f"box({asked}).height")
    before = page.evaluate(f"top_({asked})")
    put_in = "\n后面再加一段，" + "大家不要走开。" * 9
    at = text.find("\n", cue + 1)
    corrected(page, stage, text[:at] + put_in + text[at:])
    assert abs(page.evaluate(f"top_({asked + len(put_in)})") - before) < line


def standing(seats: Seats, stage: Stage, text: str, position: int) -> Page:
    """A display on which the text stands at a position."""
    stage.cue(text, script=2)
    page = stage.open(seats)
    page.evaluate(EYES)
    stage.order("pause", value=position)
    still(page, lambda: travelled(page) > 100)
    return page


def corrected(page: Page, stage: Stage, text: str) -> None:
    """Put a correction on and wait until it stands."""
    version = stage.cue(text, script=2)
    still(page, lambda: stage.state()["acked_version"] == version)


def still(page: Page, when: Callable[[], bool]) -> None:
    """Wait until something is so and the text has stood for thirty frames."""
    until(when, page)
    page.evaluate(
        """async () => { const at = () => getComputedStyle(document.querySelector('.track')).transform
            for (let frames = 0, place = at(); frames < 30; frames++) {
                await new Promise(requestAnimationFrame)
                if (at() !== place) { place = at(); frames = 0 } } }"""
    )
