"""How the teleprompter lays out and moves a script, measured in the browser."""

import re
import time
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, expect

from backend.domain.wrapping import pieces
from tests.e2e.prompter_page import Opener, RoomOnScreen, opener, served_page
from tests.e2e.test_coming_back import until
from tests.support.processes import unhurried

PARAGRAPHS = [
    "宝宝们晚上好，欢迎来到小雅的直播间，今天给大家带来一款冬天特别实用的保温杯。",
    "【举起产品 · 转杯身】",
    "它用的是三一六不锈钢内胆，早上灌进去的热水，到了下午打开还是烫嘴的。",
    "杯口做了圆弧处理，喝水不硌嘴；杯盖一拧就开，开车的时候单手就能操作。",
    "平时在外面买一个要一百多块，今天直播间只要 59.9 元，再送一个杯刷和一个杯套。",
    "喜欢的宝宝不要犹豫，点击下方小黄车一号链接，库存只有三百件，拍完就没有了。",
]
SCRIPT = "\n".join(PARAGRAPHS * 3)
#: What a display does not need for its first paint.
LATER = re.compile(r"/later-[^/]*\.js$")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served_page() as url:
        yield url


@pytest.fixture
def open_room(browser: Browser, address: str) -> Iterator[Opener]:
    with opener(browser, address) as open_at:

        def open_with(content: str = SCRIPT, *, width: int = 1280, height: int = 800, **options: Any) -> RoomOnScreen:
            return open_at(content, width=width, height=height, **options)

        yield open_with


def word_top(room: RoomOnScreen, text: str, occurrence: int = 0) -> float:
    """Where on the screen a paragraph that begins with `text` stands."""
    return float(
        room.page.evaluate(
            """([text, n]) => [...document.querySelectorAll('.track p')]
                .filter(p => p.textContent.startsWith(text))[n].getBoundingClientRect().top""",
            [text, occurrence],
        )
    )


def reading(room: RoomOnScreen) -> int:
    """The offset of the first word of the line just below the reading line."""
    return int(
        room.page.evaluate(
            """() => { const stage = document.querySelector('.stage').getBoundingClientRect();
                const line = stage.top + stage.height * 0.36;
                return Number([...document.querySelectorAll('[data-o]')]
                    .find(w => w.getClientRects()[0].bottom > line).dataset.o) }"""
        )
    )


def settled(room: RoomOnScreen) -> None:
    """Wait out an eased jump or a change of speed."""
    room.page.evaluate(
        """async () => { const began = document.timeline.currentTime
            for (let frames = 0; frames < 6 || document.timeline.currentTime - began < 450; frames++)
                await new Promise(requestAnimationFrame) }"""
    )


@pytest.mark.parametrize("pace", [240, 360])
def test_the_speed_in_pixels_follows_the_pace_in_characters(open_room: Opener, pace: int) -> None:
    room = open_room()
    for _ in range((pace - 240) // 20):
        room.page.keyboard.press("Shift+ArrowUp")
    room.page.keyboard.press("Space")
    settled(room)
    measured = room.page.evaluate(
        """async () => { const at = () => new DOMMatrix(
                getComputedStyle(document.querySelector('.track')).transform).m42
            const frame = () => new Promise(requestAnimationFrame)
            await frame(); const [y, t] = [at(), document.timeline.currentTime]
            await new Promise(r => setTimeout(r, 2000)); await frame()
            return (y - at()) / (document.timeline.currentTime - t) * 1000 }"""
    )
    # Of the whole text, characters pass as fast as those that are read aloud (outside of the cues) ask for; within the
    # first paragraph, which the two seconds do not leave, they pass evenly over its height.
    aloud = [p for p in PARAGRAPHS * 3 if not p.startswith("【")]
    outside = len(SCRIPT) - sum(len(p) for p in PARAGRAPHS * 3 if p.startswith("【"))
    rate = pace / 60 * outside / sum(sum(c.isalnum() for c in p) for p in aloud)
    # A line ends half-way between its words and the next: a quarter of the type above the end of the paragraph's box.
    height = room.page.evaluate(
        """() => document.querySelector('.track p').getBoundingClientRect().height
            - parseFloat(getComputedStyle(document.querySelector('.track')).fontSize) / 4"""
    )
    assert measured == pytest.approx(height / (len(PARAGRAPHS[0]) + 1) * rate, rel=0.03)


def test_a_correction_above_does_not_move_the_line_being_read(open_room: Opener) -> None:
    room = open_room()
    room.page.keyboard.press("]")
    settled(room)
    for _ in range(6):
        room.page.keyboard.press("]")
        settled(room)
    anchor = PARAGRAPHS[1]
    before = word_top(room, anchor, 1)
    room.show("\n".join(["开场之前先说一件要紧的事：" + "今天的优惠只有这一场。" * 12, *PARAGRAPHS * 3]))
    room.page.wait_for_function("document.querySelector('.track').textContent.startsWith('开场之前')")
    assert word_top(room, anchor, 1) == pytest.approx(before, abs=1)


def test_a_correction_while_running_keeps_the_text_running_without_a_jump(open_room: Opener) -> None:
    room = open_room()
    for _ in range(4):
        room.page.keyboard.press("]")
        settled(room)
    room.page.keyboard.press("Space")
    settled(room)
    room.page.evaluate(
        """() => { const top = () => [...document.querySelectorAll('.track p')]
                .filter(p => p.textContent.startsWith('平时在外面'))[0].getBoundingClientRect().top
            window.tops = []
            const step = at => { tops.push([at, top()]); requestAnimationFrame(step) }
            requestAnimationFrame(step) }"""
    )
    room.page.wait_for_timeout(300)
    room.show("\n".join(["新加的一段。" * 30, *PARAGRAPHS * 3]))
    room.page.wait_for_function("document.querySelector('.track').textContent.startsWith('新加的一段')")
    room.page.wait_for_timeout(600)
    tops = room.page.evaluate("tops")
    assert tops[-1][1] < tops[0][1] - 10, "the text went on"
    for (earlier, above), (later, below) in pairwise(tops):
        assert below - above < 1, "never backwards"
        # Frames are dropped on a busy machine; a jump of a paragraph would be hundreds of pixels in no time.
        assert above - below < 20 + (later - earlier) * 0.2


@pytest.mark.parametrize("mirrored", [False, True])
def test_turning_the_phone_keeps_the_place(open_room: Opener, mirrored: bool) -> None:
    room = open_room(width=390, height=844)
    if mirrored:
        room.page.keyboard.press("Shift+M")
    for _ in range(7):
        room.page.keyboard.press("ArrowRight")
        settled(room)
    place = room.y()
    assert place > 100
    before = None if mirrored else reading(room)
    room.page.set_viewport_size({"width": 844, "height": 390})
    settled(room)
    if before is not None:
        assert abs(reading(room) - before) <= 18, "the same line, as far as lines of another width can be the same"
    room.page.set_viewport_size({"width": 390, "height": 844})
    settled(room)
    assert room.y() == pytest.approx(place, abs=1)


def test_a_larger_type_keeps_the_place_and_comes_back_exactly(open_room: Opener) -> None:
    room = open_room()
    for _ in range(5):
        room.page.keyboard.press("]")
        settled(room)
    before, place = reading(room), room.y()
    for _ in range(5):
        room.page.keyboard.press("+")
    settled(room)
    assert room.y() > place + 20
    assert reading(room) == before
    for _ in range(5):
        room.page.keyboard.press("-")
    settled(room)
    assert room.y() == pytest.approx(place, abs=1)


def test_no_line_ends_within_a_word(open_room: Opener) -> None:
    room = open_room(width=390, height=844)
    broken = room.page.evaluate(
        """[...document.querySelectorAll('.track [data-o]')]
            .filter(w => w.getClientRects().length > 1).map(w => w.textContent)"""
    )
    lines = room.page.evaluate(
        """new Set([...document.querySelectorAll('.track [data-o]')]
            .map(w => Math.round(w.getBoundingClientRect().top))).size"""
    )
    assert lines > 20
    assert broken == []
    assert room.page.get_by_text("59.9 元").count() == 3, "a price stays with its unit"


#: Of the words that stand in the text: those that are on more than one line, by the boxes of their characters.
BROKEN = """words => {
    const told = []
    for (const paragraph of document.querySelectorAll('.track p')) {
        const nodes = []
        const walker = document.createTreeWalker(paragraph, NodeFilter.SHOW_TEXT)
        while (walker.nextNode())
            for (let at = 0; at < walker.currentNode.length; at++) nodes.push([walker.currentNode, at])
        const tops = nodes.map(([node, at]) => {
            const range = document.createRange()
            range.setStart(node, at)
            range.setEnd(node, at + 1)
            return Math.round(range.getBoundingClientRect().top)
        })
        const text = paragraph.textContent
        for (const word of words)
            for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
                const lines = new Set(tops.slice(at, at + word.length).filter((_, n) => word[n] !== ' '))
                if (lines.size !== 1) told.push(text)
            }
    }
    return told
}"""
NAME = "初澄玻尿酸补水面膜"
RECORD = (f"{NAME} 25ml×10 片", "初澄", "面膜", "补水面膜", "玻尿酸面膜", "保湿 12 小时")


@pytest.mark.parametrize(
    ("width", "height", "whole"), [(390, 844, ("保湿 12 小时",)), (844, 390, ("保湿 12 小时", NAME))]
)
def test_the_words_of_the_record_and_doubled_ones_stay_whole(
    open_room: Opener, width: int, height: int, whole: tuple[str, ...]
) -> None:
    """At every place of a line; what the goods are called in full only where it fits on one."""
    before = "今天晚上来给各位姐妹们看一下咱们这一款"
    content = "\n".join(
        f"{before[:n]}{said}，真的好用。"
        for n in range(len(before))
        for said in (NAME, "玻尿酸面膜", "瓶瓶罐罐", "研究研究", "初澄", "透明质酸", "保湿 12 小时")
    )
    room = open_room("")
    room.page.set_viewport_size({"width": width, "height": height})
    room.show(content, pieces=pieces(content, RECORD))
    expect(room.page.locator(".track")).to_contain_text("真的好用")
    words = ["初澄", "玻尿酸", "补水面膜", "瓶瓶罐罐", "研究研究", "透明质酸", "姐妹们", *whole]
    assert room.page.evaluate("() => document.querySelectorAll('.track p').length") == 7 * len(before)
    assert room.page.evaluate(BROKEN, words) == []
    # Larger than a name is long, it still breaks between its words alone.
    for _ in range(6):
        room.page.keyboard.press("+")
    settled(room)
    assert room.page.evaluate(BROKEN, ["初澄", "玻尿酸", "姐妹们"]) == []


def test_pieces_of_another_text_are_left_alone(open_room: Opener) -> None:
    room = open_room("")
    room.show(SCRIPT, pieces=[1] * 7)
    expect(room.page.locator(".track")).to_contain_text("宝宝们晚上好")
    assert room.page.evaluate(BROKEN, ["不锈钢", "保温杯", "59.9 元"]) == []


def test_the_keys_play_pause_move_and_mirror(open_room: Opener) -> None:
    room = open_room()
    motion = room.page.locator(".prompter")
    for key in ["Space", "Enter", "b", "."]:
        room.page.keyboard.press(key)
        expect(motion).to_have_attribute("data-motion", "running")
        room.page.keyboard.press(key)
        expect(motion).to_have_attribute("data-motion", "paused")
    settled(room)
    room.page.keyboard.press("Home")
    settled(room)
    assert room.y() == pytest.approx(0, abs=0.5)
    room.page.keyboard.press("PageDown")
    settled(room)
    forward = room.y()
    assert forward > 50
    room.page.keyboard.press("PageUp")
    settled(room)
    assert room.y() < forward
    room.page.keyboard.press("ArrowUp")
    expect(room.page.get_by_text("245 字/分")).to_be_visible()
    room.page.keyboard.press("Shift+ArrowDown")
    expect(room.page.get_by_text("225 字/分")).to_be_visible()
    room.page.keyboard.press("m")
    expect(room.page.locator(".mirror")).to_have_attribute("style", re.compile("-1"))
    room.page.keyboard.press("h")
    expect(room.page.get_by_role("toolbar")).to_have_count(0)


def test_after_a_click_space_plays_and_who_came_by_tab_presses_the_button(open_room: Opener) -> None:
    room = open_room(has_touch=True)
    page, motion = room.page, room.page.locator(".prompter")
    faster = page.get_by_role("button", name="快一点", exact=True)
    faster.click()
    expect(page.get_by_text("245 字/分")).to_be_visible()
    for key, then in [("Space", "running"), ("Enter", "paused")]:
        page.keyboard.press(key)
        expect(motion).to_have_attribute("data-motion", then)
    faster.tap()
    expect(page.get_by_text("250 字/分")).to_be_visible()
    page.keyboard.press("Space")
    expect(motion).to_have_attribute("data-motion", "running")
    page.keyboard.press("Space")
    # The menu gives the focus back to nobody who did not have it.
    page.get_by_role("button", name="设置").click()
    menu = page.get_by_role("dialog")
    menu.get_by_role("button", name="关闭").click()
    expect(menu).to_have_count(0)
    page.keyboard.press("Space")
    expect(motion).to_have_attribute("data-motion", "running")
    page.keyboard.press("Space")
    expect(motion).to_have_attribute("data-motion", "paused")
    page.get_by_role("button", name="慢一点", exact=True).focus()
    page.keyboard.press("Tab")
    expect(faster).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_text("255 字/分")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("260 字/分")).to_be_visible()
    expect(motion).to_have_attribute("data-motion", "paused")


#: The page's own locks, as the browser gives them.
NOTE_THE_LOCKS = """window.locks = []; const ask = navigator.wakeLock.request.bind(navigator.wakeLock)
    navigator.wakeLock.request = async (kind) => { const lock = await ask(kind); locks.push(lock); return lock }"""


def test_the_screen_stays_on_while_a_display_waits_or_is_paused(open_room: Opener) -> None:
    room = open_room("")
    page = room.page
    page.add_init_script(NOTE_THE_LOCKS)
    page.reload()
    held = "() => window.locks.length > 0 && !window.locks.at(-1).released"
    page.wait_for_function(held)
    room.show(SCRIPT)
    page.wait_for_selector(".track [data-o]")
    for then in ("running", "paused"):
        page.keyboard.press("Space")
        expect(page.locator(".prompter")).to_have_attribute("data-motion", then)
    assert page.evaluate("() => locks.length === 1 && !locks[0].released")
    # The browser takes it back from a page that is hidden.
    page.evaluate("() => locks[0].release()")
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_function(held)
    assert page.evaluate("() => locks.length") == 2


def test_another_script_waits_while_one_is_being_read(open_room: Opener) -> None:
    room = open_room()
    room.page.keyboard.press("Space")
    settled(room)
    room.show("卫龙辣条来了，一包只要九块九。", script=2, title="辣条卖点")
    expect(room.page.get_by_role("button", name="辣条卖点")).to_be_visible()
    assert room.page.locator(".track").inner_text().startswith("宝宝们晚上好")
    until(lambda: bool(room.acks), room.page)
    room.page.wait_for_timeout(2200)
    assert {ack["version"] for ack in room.acks} == {room.version - 1}, "what is not on screen is not confirmed"
    room.page.keyboard.press("n")
    expect(room.page.locator(".track")).to_contain_text("卫龙辣条来了")
    expect(room.page.locator(".prompter")).to_have_attribute("data-motion", "paused")
    while room.acks[-1]["version"] != room.version:
        room.page.wait_for_timeout(50)
    assert room.acks[-1]["position"] == 0


def test_another_script_replaces_a_standing_one_at_once(open_room: Opener) -> None:
    room = open_room()
    room.show("卫龙辣条来了，一包只要九块九。", script=2)
    expect(room.page.locator(".track")).to_contain_text("卫龙辣条来了", timeout=unhurried(1) * 1000)


def test_without_a_server_the_text_goes_on_and_new_versions_arrive_afterwards_without_a_jump(open_room: Opener) -> None:
    room = open_room()
    room.page.keyboard.press("Space")
    settled(room)
    room.cut()
    before = room.y()
    expect(room.page.get_by_text("使用已收稿件")).to_be_visible()
    lost = room.y()
    assert lost > before + 20
    room.online = True
    expect(room.page.get_by_text("使用已收稿件")).to_have_count(0)
    assert room.y() >= lost
    assert room.page.locator(".prompter").get_attribute("data-motion") == "running"


def test_a_reload_without_a_server_shows_the_last_script_at_its_place(open_room: Opener) -> None:
    room = open_room()
    for _ in range(3):
        room.page.keyboard.press("]")
        settled(room)
    place = room.y()
    room.page.wait_for_timeout(2200)
    room.cut()
    room.page.reload()
    expect(room.page.locator(".track")).to_contain_text("宝宝们晚上好")
    assert room.y() == pytest.approx(place, abs=2)


def test_who_wants_less_motion_gets_pages(open_room: Opener) -> None:
    room = open_room(reduced_motion="reduce")
    room.page.keyboard.press("Space")
    settled(room)
    ys = []
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        ys.append(room.y())
    assert set(ys) == {0.0}, "a page stands still while it is being read"
    room.page.keyboard.press("End")
    settled(room)
    assert room.y() > 300


def test_a_finger_pauses_by_a_tap_and_moves_the_text_by_a_drag(open_room: Opener) -> None:
    room = open_room(width=390, height=844)
    motion = room.page.locator(".prompter")
    room.page.mouse.click(200, 300)
    expect(motion).to_have_attribute("data-motion", "running")
    room.page.mouse.click(200, 300)
    expect(motion).to_have_attribute("data-motion", "paused")
    settled(room)
    before = room.y()
    room.page.mouse.move(200, 500)
    room.page.mouse.down()
    room.page.mouse.move(200, 300, steps=10)
    room.page.mouse.up()
    assert room.y() - before == pytest.approx(190, abs=3), "the way less the ten pixels that tell a drag from a tap"
    expect(motion).to_have_attribute("data-motion", "paused")


def test_a_tap_counts_before_the_page_is_complete(open_room: Opener) -> None:
    """What knows of fingers comes in a chunk of its own, after the text."""
    held: list[Route] = []
    room = open_room(
        width=390, height=844, before=lambda context: context.route(LATER, lambda route: held.append(route))
    )
    motion = room.page.locator(".prompter")
    room.page.mouse.click(200, 300)
    expect(motion).to_have_attribute("data-motion", "running")
    assert held, "the chunk is still on its way"
    for route in held:
        route.continue_()
    expect(room.page.get_by_role("toolbar")).to_be_visible()
    room.page.mouse.click(200, 300)
    expect(motion).to_have_attribute("data-motion", "paused")


def test_two_fingers_change_the_size_for_as_long_as_they_spread(open_room: Opener) -> None:
    room = open_room(width=390, height=844, has_touch=True)
    room.page.keyboard.press("Space")
    expect(room.page.locator(".prompter")).to_have_attribute("data-motion", "running")
    track = room.page.locator(".track")
    size = float(track.evaluate("track => parseFloat(track.style.fontSize)"))
    screen = room.page.context.new_cdp_session(room.page)

    def touch(kind: str, *ys: int) -> None:
        points = [{"x": 195, "y": y, "id": finger} for finger, y in enumerate(ys)]
        screen.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 350)
    touch("touchStart", 350, 450)
    for by in range(5, 30, 5):
        touch("touchMove", 350 - by, 450 + by)
        room.page.wait_for_timeout(50)  # each step is drawn before the next, as under a hand
    touch("touchEnd")
    expect(track).to_have_attribute("style", re.compile(f"font-size: {round(size * 1.5)}px"))


@pytest.mark.parametrize(("width", "height"), [(390, 844), (844, 390), (1280, 800)])
def test_every_control_is_large_enough_for_a_finger_and_on_the_screen(
    open_room: Opener, width: int, height: int
) -> None:
    room = open_room(width=width, height=height)
    room.page.keyboard.press("Space")
    # What comes waits only where one reads.
    expect(room.page.locator(".prompter")).to_have_attribute("data-motion", "running")
    room.show("下一个商品的稿子。", script=2)
    expect(room.page.get_by_role("button", name="下一段")).to_be_visible()
    room.page.keyboard.press("Escape")
    expect(room.page.get_by_role("dialog")).to_be_visible()
    boxes = [b.bounding_box() for b in room.page.locator("button:visible, dialog a").all()]
    assert len(boxes) > 10
    for box in boxes:
        assert box is not None
        assert min(box["width"], box["height"]) >= 44
        assert 0 <= box["x"] <= width - box["width"]
