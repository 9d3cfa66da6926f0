"""A display is set up: a test pattern with the mirrors at hand, a lock against stray touches, the home screen."""

import json
import re
import struct
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.prompter_page import ROOM_ID, Opener, RoomOnScreen, opener, served_page
from tests.e2e.test_accessibility import AXE, serious
from tests.e2e.test_prompter_engine import SCRIPT

#: A phone upright and lying, a tablet, a laptop, a large screen; in CSS pixels.
SIZES = [(390, 844), (844, 390), (820, 1180), (1280, 800), (1920, 1080)]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served_page() as url:
        yield url


@pytest.fixture
def open_room(browser: Browser, address: str) -> Iterator[Opener]:
    with opener(browser, address) as open_at:

        def open_with(content: str = "", *, width: int = 390, height: int = 844, **options: Any) -> RoomOnScreen:
            return open_at(content, width=width, height=height, **options)

        yield open_with


def motion(page: Page, state: str) -> None:
    expect(page.locator(".prompter")).to_have_attribute("data-motion", state)


def test_an_empty_screen_is_tried_by_a_pattern_that_gives_way_to_whatever_comes(open_room: Opener) -> None:
    room = open_room()
    page = room.page
    page.get_by_role("button", name="测试图与镜像检查").click()
    pattern = page.get_by_role("dialog", name="测试图与镜像检查")
    sheet = pattern.locator(".sheet")
    expect(sheet).to_contain_text("镜像检查")
    assert "matrix(-1" not in str(sheet.evaluate("sheet => getComputedStyle(sheet).transform"))
    page.keyboard.press("m")
    expect(pattern.get_by_role("button", name="左右镜像")).to_have_attribute("aria-pressed", "true")
    assert str(sheet.evaluate("sheet => getComputedStyle(sheet).transform")).startswith("matrix(-1,")
    assert serious(page, AXE) == []
    # Nothing of it is cut off, and the hint is on the screen.
    over = page.evaluate(
        """() => { const dialog = document.querySelector('.pattern')
            return [dialog.scrollWidth - dialog.clientWidth, dialog.scrollHeight - dialog.clientHeight] }"""
    )
    assert over == [0, 0]
    room.show(SCRIPT)
    expect(pattern).to_have_count(0)
    expect(page.locator(".track")).to_contain_text("宝宝们晚上好")
    # What was tried holds for the script, also after a reload.
    page.reload()
    page.wait_for_selector(".track [data-o]")
    assert "scale(-1, 1)" in str(page.locator(".mirror").get_attribute("style"))
    # From the settings, too; Escape leads back to the text.
    page.keyboard.press("Escape")
    page.get_by_role("dialog").get_by_role("button", name="测试图与镜像检查").click()
    expect(pattern).to_be_visible()
    page.keyboard.press("Escape")
    expect(pattern).to_have_count(0)
    page.keyboard.press("Space")
    motion(page, "running")


def test_a_locked_screen_does_nothing_for_fingers_and_everything_for_keys(open_room: Opener) -> None:
    room = open_room(SCRIPT, has_touch=True)
    page = room.page
    go = page.get_by_role("button", name="开始").bounding_box()
    page.get_by_role("button", name="设置").click()
    page.get_by_role("dialog").get_by_role("button", name="触摸锁").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    unlock = page.get_by_role("button", name="触摸已锁")
    expect(unlock).to_be_visible()
    assert serious(page, AXE) == []
    # On the text, on the bar, and on the lock itself, but not for long enough.
    page.touchscreen.tap(195, 300)
    lock = unlock.bounding_box()
    assert go is not None
    assert lock is not None
    page.touchscreen.tap(go["x"] + go["width"] / 2, go["y"] + go["height"] / 2)
    page.touchscreen.tap(lock["x"] + 40, lock["y"] + 20)
    page.mouse.move(195, 300)
    page.mouse.wheel(0, 400)
    motion(page, "paused")
    expect(unlock).to_be_visible()
    assert room.y() == 0
    page.keyboard.press("Space")
    motion(page, "running")
    page.keyboard.press("Space")
    motion(page, "paused")
    # It is locked after a reload, too: the browser of a phone throws pages away.
    page.reload()
    page.wait_for_selector(".track [data-o]")
    expect(unlock).to_be_visible()
    page.mouse.move(lock["x"] + 40, lock["y"] + 20)
    page.mouse.down()
    expect(unlock).to_have_count(0)
    page.mouse.up()
    page.touchscreen.tap(195, 300)
    motion(page, "running")


#: What of the lock's button lies where something is read, or is cut off: none of it may.
COVERED = """() => {
    const button = document.querySelector('.lock button').getBoundingClientRect()
    const read = ['.stage', '.band', '.about', '.left', '.pace', '.progress', '.next'].filter(part => {
        const box = document.querySelector(part)?.getBoundingClientRect()
        return box && box.width && box.left < button.right && button.left < box.right
            && box.top < button.bottom && button.top < box.bottom })
    const inside = button.left >= 0 && button.top >= 0 && button.right <= innerWidth && button.bottom <= innerHeight
    const reads = document.querySelector('.stage').clientHeight / innerHeight
    return { read, inside, high: button.height >= 44, reads } }"""


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_the_lock_lies_on_nothing_that_is_read(open_room: Opener, size: tuple[int, int], language: str) -> None:
    room = open_room(SCRIPT, width=size[0], height=size[1], has_touch=True)
    page = room.page
    # Written before the page reads them: what it makes of its own meanwhile is written over them. The name outlives it.
    page.add_init_script("if (window.name) localStorage.setItem('cuedesk.prompter', window.name)")
    for hud in (True, False):
        page.evaluate(
            "settings => { window.name = JSON.stringify(settings) }", {"locked": True, "hud": hud, "language": language}
        )
        page.reload()
        page.wait_for_selector(".lock button")
        told = page.evaluate(COVERED)
        assert (told["read"], told["inside"], told["high"]) == ([], True, True), hud
        assert told["reads"] > 0.7, "and it leaves the text its room"
        # No button stands there that no finger can press.
        expect(page.get_by_role("button")).to_have_count(1)
        assert serious(page, AXE) == []


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("theme", ["black", "night", "amber", "paper"])
def test_pattern_and_lock_are_for_everybody_in_every_theme(open_room: Opener, theme: str, language: str) -> None:
    room = open_room()
    page = room.page
    # Before the page reads them: one that leaves writes its own.
    given = json.dumps(json.dumps({"theme": theme, "language": language}))
    page.add_init_script(f"localStorage.setItem('cuedesk.prompter', {given})")
    page.reload()
    # The room's first state closes what lies over it.
    expect(page.locator(".line")).to_contain_text(re.compile("已连接|Connected"))
    expect(page.locator(".prompter")).to_have_attribute("data-theme", theme)
    page.get_by_role("button", name=re.compile("测试图|[Tt]est pattern")).click()
    expect(page.locator("dialog.pattern")).to_be_visible()
    assert serious(page, AXE) == []
    page.keyboard.press("Escape")
    room.show(SCRIPT)
    page.wait_for_selector(".track [data-o]")
    page.keyboard.press("Escape")
    page.get_by_role("dialog").get_by_role("button", name=re.compile("触摸锁|Touch lock")).click()
    expect(page.locator(".lock button")).to_be_visible()
    assert serious(page, AXE) == []


def test_a_screen_reader_unlocks_by_its_click(open_room: Opener) -> None:
    page = open_room(SCRIPT).page
    page.get_by_role("button", name="设置").click()
    page.get_by_role("dialog").get_by_role("button", name="触摸锁").click()
    unlock = page.get_by_role("button", name="触摸已锁")
    unlock.focus()
    page.keyboard.press("Enter")
    expect(unlock).to_have_count(0)
    motion(page, "paused")


def test_a_screen_opened_from_the_home_screen_is_where_it_was(open_room: Opener, address: str) -> None:
    room = open_room(SCRIPT)
    page = room.page
    app = json.loads(page.request.get(f"{address}/prompter-app.json").text())
    assert page.locator("link[rel=manifest]").get_attribute("href") == "/prompter-app.json"
    assert app["display"] == "fullscreen"
    for icon in (*app["icons"], {"src": "/icon-180.png", "type": "image/png", "sizes": "180x180"}):
        answer = page.request.get(f"{address}{icon['src']}")
        assert answer.ok
        if icon["type"] == "image/png":
            assert "{}x{}".format(*struct.unpack(">II", answer.body()[16:24])) == icon["sizes"]
    page.goto(f"{address}{app['start_url']}")
    page.wait_for_selector(".track [data-o]")
    assert page.url.endswith(f"/prompter.html?room={ROOM_ID}")


def test_keys_are_given_to_something_else_kept_and_given_back(open_room: Opener) -> None:
    room = open_room(SCRIPT)
    page = room.page
    page.keyboard.press("?")
    menu = page.get_by_role("dialog")
    menu.get_by_role("button", name="加键：下一段").click()
    page.keyboard.press("PageDown")
    expect(menu.get_by_role("status")).to_have_text("PgDn 现在是「下一段」。 它原来是「下一句」。")
    # Escape, too, is given and does not close what asks for it.
    menu.get_by_role("button", name="加键：播放 / 暂停").click()
    page.keyboard.press("Escape")
    expect(menu.get_by_role("status")).to_contain_text("Esc 现在是「播放 / 暂停」。")
    menu.get_by_role("button", name="去掉 空格（播放 / 暂停）").click()
    assert serious(page, AXE) == []
    menu.get_by_role("button", name="关闭").click()
    expect(menu).to_have_count(0)
    page.keyboard.press("Space")
    motion(page, "paused")
    page.keyboard.press("Escape")
    motion(page, "running")
    page.keyboard.press("Escape")
    motion(page, "paused")
    # It holds on this device, also when the page is there again without a server.
    room.cut()
    page.reload()
    page.wait_for_selector(".track [data-o]")
    # What a page does in its last moment may not be kept: without the line this one goes on with what is.
    expect(page.get_by_role("status").get_by_text("离线")).to_be_visible()
    going = page.locator(".prompter").get_attribute("data-motion")
    page.keyboard.press("Escape")
    motion(page, "paused" if going == "running" else "running")
    page.keyboard.press("Escape")
    motion(page, str(going))
    if going == "running":
        page.keyboard.press("Escape")
        motion(page, "paused")
    page.keyboard.press("?")
    menu.get_by_role("button", name="恢复这一套").click()
    expect(menu.get_by_role("button", name="去掉 空格（播放 / 暂停）")).to_be_visible()
    menu.get_by_role("button", name="翻页笔").click()
    menu.get_by_role("button", name="关闭").click()
    # The menu that is still open would leave the key to the browser.
    expect(menu).to_have_count(0)
    page.keyboard.press("F5")
    motion(page, "running")
    page.keyboard.press("Escape")
    motion(page, "paused")
    page.reload()
    page.wait_for_selector(".track [data-o]")
    page.keyboard.press("?")
    expect(menu.get_by_role("button", name="翻页笔")).to_have_attribute("aria-pressed", "true")


#: Five sections, the second of which is being read, by a room that is live.
SECTIONS = "\n".join(["姐妹们晚上好，欢迎来到直播间，今天给大家带来一只保温杯。"] * 5)
#: The clock of the room's server stands here (`prompter_page.NOW`).
NOON = 1_767_225_600_000


def live(room: RoomOnScreen) -> None:
    """Let the room be on air for 1 h 24 min 36 s, with a text that stands in its second section."""
    transport = {
        "revision": 1,
        "version": room.version + 1,
        "playing": False,
        "position": 40,
        "rate": 4.4,
        "pace": 260,
        "length": len(SECTIONS),
        "at_ms": NOON,
        "target_at_ms": NOON + 600_000,
        "live_since_ms": NOON - 5076_000,
    }
    room.show(SECTIONS, title="小熊保温杯 · 逼单", transport=transport, next_title="面膜卖点")


#: What of the bar lies over something else of it, or is cut off by the window: none may.
CROWDED = """() => {
    const parts = [...document.querySelectorAll('.about > *, .controls > *')].filter(part => {
        const box = part.getBoundingClientRect()
        return box.width > 1 && getComputedStyle(part).visibility !== 'hidden' })
    const box = part => part.getBoundingClientRect()
    const meets = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1
    const cut = parts.map(box).map(({ left, right, bottom }, n) => [parts[n], left < 0 || right > innerWidth
        || bottom > innerHeight]).filter(([, is]) => is).map(([part]) => part)
    const over = parts.filter(one => parts.some(other => one !== other && meets(box(one), box(other))))
    return [cut, over].map(some => some.map(part => part.className + ': ' + part.textContent)) }"""


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("size", [(320, 568), (390, 844), (844, 390), (1280, 800)])
def test_the_bar_tells_the_time_on_air_the_section_and_what_is_left(
    open_room: Opener, size: tuple[int, int], language: str
) -> None:
    room = open_room(width=size[0], height=size[1], has_touch=True)
    page = room.page
    if language == "en":
        page.get_by_role("button", name="设置").tap()
        page.get_by_role("button", name="English").tap()
        page.get_by_role("button", name="Close").tap()
    live(room)
    expect(page.locator(".on-air")).to_contain_text("1:24:3")
    expect(page.locator(".nth")).to_have_text("2/5")
    of_section, of_script = page.locator(".left > span").all_text_contents()
    words = ("本段剩 00:", "全稿剩 00:") if language == "zh" else ("section 00:", "script 00:")
    assert (of_section[:7], of_script[:7]) == tuple(word[:7] for word in words)
    assert seconds_of(of_section) < seconds_of(of_script)
    assert page.evaluate(CROWDED) == [[], []]
    assert page.locator(".title").first.bounding_box()["width"] >= 60, "one sees what is read"  # type: ignore[index]
    # The settings are reached by a finger.
    page.locator(".controls button").last.tap()
    expect(page.get_by_role("dialog")).to_be_visible()


def seconds_of(told: str) -> int:
    minutes, seconds = told.rsplit(maxsplit=1)[-1].split(":")
    return int(minutes) * 60 + int(seconds)


@pytest.mark.parametrize("docked", [False, True])
def test_a_note_of_two_lines_leaves_the_reading_band_free_on_a_low_screen(open_room: Opener, docked: bool) -> None:
    room = open_room(SCRIPT, width=844, height=390)
    page = room.page
    if docked:
        page.keyboard.press("Space")
        motion(page, "running")
        room.show("下一个商品的稿子。", script=2)
        expect(page.locator(".next")).to_be_visible()
    note = {"id": "01900000-0000-7000-8000-0000000000aa", "at_ms": NOON, "until_ms": NOON + 600_000}
    text = "库存只剩一百二十件了，催一下单，再说一遍满二百减三十的券怎么领，还有运费险别忘了讲，今晚十二点就没有了"
    room.show("下一个商品的稿子。" if docked else SCRIPT, script=2 if docked else 1, note={**note, "text": text})
    expect(page.locator(".note")).to_be_visible()
    lines, under = page.evaluate(
        """() => {
        const [note, band] = ['.note', '.band'].map(part => document.querySelector(part).getBoundingClientRect())
        const text = document.querySelector('.note span').getClientRects()[0]
        const high = parseFloat(getComputedStyle(document.querySelector('.note')).lineHeight)
        return [Math.round(text.height / high), note.bottom - band.top] }"""
    )
    assert lines == 2
    assert under <= 0, "pixels of the band that the note covers"


class Finger:
    """A finger on the screen of a page."""

    def __init__(self, page: Page) -> None:
        self._line = page.context.new_cdp_session(page)

    def swipe(self, x: int, begin: int, end: int) -> None:
        """Go up or down, and stay there."""
        self._touch("touchStart", {"x": x, "y": begin})
        for step in range(1, 11):
            self._touch("touchMove", {"x": x, "y": begin + (end - begin) * step / 10})

    def lift(self) -> None:
        self._touch("touchEnd")

    def _touch(self, kind: str, *points: dict[str, float]) -> None:
        self._line.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})


def test_a_swipe_along_an_edge_changes_the_pace_and_leaves_the_text_where_it_is(open_room: Opener) -> None:
    room = open_room(SCRIPT, has_touch=True)
    page, finger = room.page, Finger(room.page)
    for x, begin, end, told in ((12, 500, 400, "260 字/分"), (380, 300, 424, "235 字/分")):
        finger.swipe(x, begin, end)
        expect(page.locator(".swiped")).to_have_text(told)
        finger.lift()
        expect(page.locator(".swiped")).to_have_count(0)
        expect(page.locator(".pace")).to_have_text(told)
    motion(page, "paused")
    assert room.y() == 0
    # Where one reads, a finger drags.
    finger.swipe(195, 500, 400)
    finger.lift()
    assert room.y() > 50
    expect(page.locator(".pace")).to_have_text("235 字/分")
    # A locked screen takes none.
    page.get_by_role("button", name="设置").click()
    page.get_by_role("dialog").get_by_role("button", name="触摸锁").click()
    expect(page.get_by_role("button", name="触摸已锁")).to_be_visible()
    finger.swipe(12, 500, 300)
    finger.lift()
    expect(page.locator(".pace")).to_have_text("235 字/分")


def test_the_settings_tell_of_battery_and_line_what_the_browser_tells(open_room: Opener) -> None:
    room = open_room(SCRIPT)
    page = room.page
    page.add_init_script("navigator.getBattery = async () => ({ level: 0.85, charging: true })")
    page.reload()
    page.wait_for_selector(".track [data-o]")
    page.get_by_role("button", name="设置").click()
    told = page.locator(".device")
    expect(told).to_contain_text("电量 85% · 充电中")
    expect(told).to_contain_text("网络 已连接")
    room.cut()
    expect(told).to_contain_text("连不上服务器")
    page.context.set_offline(True)
    expect(told).to_contain_text("网络 离线")
    page.context.set_offline(False)
    # Where it tells nothing of its battery, nothing is told.
    room.online = True
    page.add_init_script("delete Navigator.prototype.getBattery; navigator.getBattery = undefined")
    page.reload()
    page.wait_for_selector(".track [data-o]")
    page.get_by_role("button", name="设置").click()
    expect(told).to_contain_text("网络 已连接")
    expect(told).not_to_contain_text("电量")


#: What of a waiting screen lies over something else of it or is cut off by the window: none may.
BESIDE = """() => {
    const parts = [...document.querySelectorAll('.empty > *, footer .controls')]
    const box = part => part.getBoundingClientRect()
    const meets = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1
    const over = parts.filter((one, n) => parts.slice(n + 1).some(other => meets(box(one), box(other))))
    const outside = parts.filter(part => { const { left, right, top, bottom } = box(part)
        return left < 0 || top < 0 || right > innerWidth || bottom > innerHeight })
    return { over: over.map(part => part.textContent), outside: outside.map(part => part.textContent) } }"""


def test_at_an_address_that_no_phone_reaches_no_code_is_shown(open_room: Opener) -> None:
    page = open_room().page
    expect(page.get_by_text("二维码")).to_be_visible()
    expect(page.locator(".join")).to_have_count(0)


@pytest.mark.parametrize("theme", ["black", "paper"])
@pytest.mark.parametrize("size", [(320, 568), *SIZES], ids=str)
def test_the_code_for_a_phone_of_the_remote_lies_on_nothing(
    browser: Browser, address: str, size: tuple[int, int], theme: str
) -> None:
    with opener(browser, address.replace("127.0.0.1", "studio.localhost")) as open_at:
        room = open_at(width=size[0], height=size[1])
        page = room.page
        page.add_init_script(f"localStorage.setItem('cuedesk.prompter', JSON.stringify({{theme: '{theme}'}}))")
        page.reload()
        code = page.get_by_role("img", name="打开遥控的二维码")
        expect(code).to_be_visible()
        told = page.evaluate(BESIDE)
        assert told == {"over": [], "outside": []}
        assert code.bounding_box()["width"] >= 100  # type: ignore[index]
        assert serious(page, AXE) == []
        room.show(SCRIPT)
        page.wait_for_selector(".track [data-o]")
        expect(code).to_have_count(0)
