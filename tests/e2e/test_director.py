"""The director's page and the phone's remote: the room's queue, its stage, and who may touch them."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser import Seat, Seats
from tests.e2e.test_accessibility import AXE, serious
from tests.e2e.test_coming_back import travelled, until
from tests.support.desk_client import HOST, OPERATOR
from tests.support.processes import ServerProcess

ROOM = "小雅的直播间"
GUEST = "guest@demo.cuedesk"
PHONE = {"width": 390, "height": 844}
WISHES = ("写一段保温杯开场，30秒，活泼一点", "写一段面膜卖点介绍，60秒", "写一段保温杯促单，30秒")


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


class Room:
    """The demo's room by REST, as the operator."""

    def __init__(self, seat: Seat) -> None:
        self._request = seat.context.request
        rooms = self._get("/rooms")["items"]
        self.id = str(next(room["id"] for room in rooms if room["name"] == ROOM))

    def rule(self, **rule: Any) -> None:
        assert self._request.patch(f"/api/v1/rooms/{self.id}", data=rule).ok

    def approve(self, wish: str) -> str:
        """Have a script written for the room and approve it; gives its title."""
        thread = self._post("/threads", {"room_id": self.id})["id"]
        self._post(f"/threads/{thread}/messages", {"content": wish})
        asked = self._until(f"/threads/{thread}/snapshot", lambda read: self._pending(read))
        decision = {"decision": "approve"}
        assert self._request.post(f"/api/v1/interrupts/{asked}/decide", data=decision).ok
        return str(self._until(f"/threads/{thread}/snapshot", lambda read: self._title(read)))

    def titles(self) -> list[str]:
        return [str(one["title"]) for one in self._get(f"/rooms/{self.id}/rundown")["items"]]

    def state(self) -> dict[str, Any]:
        return self._get(f"/rooms/{self.id}/prompter")

    def empty(self) -> None:
        """Take everything out of the rundown, and have nobody read."""
        transport = self.state()["transport"]
        if transport["playing"]:
            self._post(f"/rooms/{self.id}/prompter", {"version": transport["version"], "action": "pause"})
        for one in self._get(f"/rooms/{self.id}/rundown")["items"]:
            assert self._request.delete(f"/api/v1/rooms/{self.id}/rundown/{one['id']}").ok

    def _get(self, path: str) -> dict[str, Any]:
        return dict(self._request.get(f"/api/v1{path}").json())

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._request.post(f"/api/v1{path}", data=body)
        assert answer.ok, answer.text()
        return dict(answer.json())

    def _until(self, path: str, found: Callable[[dict[str, Any]], str | None]) -> str:
        deadline = time.monotonic() + 60
        while (what := found(self._get(path)["snapshot"])) is None:
            assert time.monotonic() < deadline, "nothing was written in time"
            time.sleep(0.05)
        return what

    @staticmethod
    def _pending(read: dict[str, Any]) -> str | None:
        return next((one["id"] for one in read["interrupts"] if one["status"] == "pending"), None)

    @staticmethod
    def _title(read: dict[str, Any]) -> str | None:
        return next((one["title"] for one in read["scripts"]), None)


@pytest.fixture
def operator(seats: Seats) -> Seat:
    return seats.take(OPERATOR, "/login")


@pytest.fixture
def room(operator: Seat) -> Room:
    room = Room(operator)
    room.rule(by_hand=True, undo_window=None)
    room.empty()
    return room


def entries(page: Page) -> Locator:
    return page.get_by_test_id("queue-entry")


def read_at(page: Page) -> str:
    """The text that is being read, as a page shows it."""
    return "".join(page.locator(".reading-track [data-o]").all_text_contents())


def told(page: Page) -> int:
    """The pace that a page tells, in characters a minute."""
    return int(page.get_by_test_id("pace").inner_text().split()[0])


def paced(room: Room) -> int:
    return int(room.state()["transport"]["pace"])


def stays(page: Page, value: Callable[[], int]) -> bool:
    """Tell whether a value is the same after longer than a pace under way waits to be told."""
    before = value()
    page.wait_for_timeout(800)
    return value() == before


def drawn_at(page: Page) -> float:
    """Where the line that leads is drawn, in characters from the start."""
    return float(page.locator(".reading-line.leads").get_attribute("data-place") or 0)


def test_what_is_approved_is_ordered_by_keys_and_pointer_and_put_on_air_by_hand(
    seats: Seats, operator: Seat, room: Room
) -> None:
    page = operator.open(f"/live/{room.id}").page
    expect(page.get_by_text("节目单是空的")).to_be_visible()
    expect(page.get_by_test_id("air-rule")).to_have_attribute("data-rule", "manual")
    # It lands in the queue at once, and stays there.
    first, second, third = (room.approve(wish) for wish in WISHES)
    expect(entries(page)).to_have_count(3)
    expect(entries(page).first).to_have_attribute("data-standing", "next")
    host = seats.take(HOST, f"/prompter.html?room={room.id}")
    expect(host.page.get_by_text("等待稿件")).to_be_visible()
    phone = seats.take(OPERATOR, f"/remote?room={room.id}", viewport=PHONE)

    # The third comes first, by the keyboard alone; who does not see hears where it is.
    handle = entries(page).nth(2).get_by_role("button", name="移动")
    handle.focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowUp")
    expect(page.get_by_test_id("order-said")).to_contain_text("第 2 位")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    expect(phone.page.get_by_text(f"下一条：{third}")).to_be_visible()
    assert room.titles() == [third, first, second]
    # The second before the first, by dragging.
    expect(entries(page).nth(2)).to_contain_text(second)
    grip, above = (entries(page).nth(place).get_by_role("button", name="移动").bounding_box() for place in (2, 1))
    assert grip is not None
    assert above is not None
    page.mouse.move(grip["x"] + 10, grip["y"] + 10)
    page.mouse.down()
    page.mouse.move(above["x"] + 10, above["y"] - 12, steps=6)
    page.mouse.up()
    expect(entries(page).nth(1)).to_contain_text(second)
    expect(entries(page).nth(1).get_by_role("button", name="移动")).to_be_enabled()
    assert room.titles() == [third, second, first]

    # On air is what the server says is on air; the display shows it.
    entries(page).first.get_by_test_id("cue").click()
    expect(entries(page).first).to_have_attribute("data-standing", "onAir")
    expect(entries(page).nth(1)).to_have_attribute("data-standing", "next")
    expect(host.page.locator(".bar .title:not(.upcoming)")).to_have_text(third)
    expect(phone.page.get_by_text(f"下一条：{second}")).to_be_visible()
    # N is the next one: it is on air, too, while nobody reads; what was is folded away.
    page.keyboard.press("n")
    expect(host.page.locator(".bar .title:not(.upcoming)")).to_have_text(second)
    expect(page.get_by_role("button", name="已讲 1 段")).to_be_visible()
    expect(entries(page)).to_have_count(2)
    entries(page).nth(1).get_by_test_id("entry-more").click()
    page.get_by_role("menuitem", name="移出节目单").click()
    expect(entries(page)).to_have_count(1)
    assert room.titles() == [third, second]
    assert operator.complaints == phone.complaints == []


def test_director_and_remote_steer_one_room_and_each_sees_what_the_server_says(
    seats: Seats, operator: Seat, room: Room
) -> None:
    room.approve(WISHES[0])
    title = room.approve(WISHES[1])
    page = operator.open(f"/live/{room.id}").page
    phone = seats.take(OPERATOR, f"/remote?room={room.id}", viewport=PHONE).page
    entries(page).nth(1).get_by_test_id("cue").click()
    expect(entries(page).nth(1)).to_have_attribute("data-standing", "onAir")
    expect(phone.get_by_text(title, exact=True)).to_be_visible()
    # What was on stage before may have the same title: only its text says that the phone has the new one.
    until(lambda: read_at(phone) == read_at(page), page)
    stage = page.get_by_test_id("stage-state")
    expect(stage).to_have_attribute("data-state", "paused")

    phone.get_by_test_id("go").click()
    expect(stage).to_have_attribute("data-state", "playing")
    begun = drawn_at(page)
    until(lambda: drawn_at(page) > begun + 3, page)
    page.keyboard.press("Space")
    expect(phone.get_by_test_id("go")).to_have_text("播放")
    # A key does what the page that it is pressed on knows.
    expect(stage).to_have_attribute("data-state", "paused")

    # After a click, wherever that was, Space plays; who came to a button by Tab presses it.
    clicked = int(room.state()["transport"]["pace"])
    page.get_by_role("button", name="快一点", exact=True).click()
    expect(phone.get_by_test_id("pace")).to_have_text(f"{clicked + 5} 字/分")
    page.keyboard.press("Space")
    expect(stage).to_have_attribute("data-state", "playing")
    page.get_by_role("checkbox").first.click()
    page.keyboard.press("Space")
    expect(stage).to_have_attribute("data-state", "paused")
    page.get_by_role("checkbox").first.click()
    page.get_by_role("button", name="慢一点", exact=True).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    expect(phone.get_by_test_id("pace")).to_have_text(f"{clicked} 字/分")
    expect(stage).to_have_attribute("data-state", "paused")

    # A section by its time, another by a word in the text, the next by a key.
    page.get_by_role("button", name="从第 2 段开始").click()
    until(lambda: drawn_at(page) > 20, page)
    expect(phone.get_by_text("2/")).to_be_visible()
    page.locator(".reading-track [data-o='0']").click()
    expect(phone.get_by_text("1/")).to_be_visible()
    until(lambda: drawn_at(page) < 3, page)
    page.keyboard.press("]")
    expect(phone.get_by_text("2/")).to_be_visible()

    before = int(room.state()["transport"]["pace"])
    phone.get_by_role("button", name="快一点", exact=True).click(delay=900)
    # It is told on the way, four times a second, and drawn later on a busy machine: the last word is what stays.
    until(lambda: len({told(phone), told(page), paced(room)}) == 1 and stays(page, lambda: paced(room)), page)
    held = paced(room)
    assert held >= before + 10, f"a button that is held goes on: {before}, {held}"
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("ArrowDown")
    expect(phone.get_by_test_id("pace")).to_have_text(f"{held - 5} 字/分")

    page.keyboard.press("t")
    page.keyboard.type("库存剩 120，催单")
    page.keyboard.press("Enter")
    expect(phone.get_by_test_id("note")).to_contain_text("库存剩 120，催单")
    expect(page.get_by_test_id("note-shown")).to_contain_text("库存剩 120，催单")
    phone.get_by_role("button", name="收起").click()
    expect(page.get_by_test_id("note-shown")).to_have_count(0)

    page.get_by_role("heading", level=1).click()
    page.keyboard.press("b")
    expect(phone.get_by_role("button", name="恢复画面")).to_be_visible()
    expect(stage).to_have_attribute("data-state", "dark")
    phone.get_by_role("button", name="恢复画面").click()
    expect(stage).to_have_attribute("data-state", "paused")

    # In time: the pace is the server's to find.
    page.get_by_label("多久读完").fill("4:00")
    page.get_by_role("button", name="按此调速").click()
    expect(page.get_by_test_id("target")).to_be_visible()
    page.get_by_role("button", name="不再限时").click()
    expect(page.get_by_test_id("target")).to_have_count(0)


def test_the_displays_do_what_the_director_says_and_the_director_sees_it(
    seats: Seats, operator: Seat, room: Room
) -> None:
    room.approve(WISHES[1])
    page = operator.open(f"/live/{room.id}").page
    entries(page).first.get_by_test_id("cue").click()
    host = seats.take(HOST, f"/prompter.html?room={room.id}", reduced_motion="no-preference").page
    # Those of other tests are told of for ten minutes, as away.
    there = page.locator("[data-testid=display]:not([data-health=away])")
    expect(there).to_have_count(1)
    shown = page.locator(f"[data-display='{there.get_attribute('data-display')}']")
    expect(shown).to_have_attribute("data-health", "fine")
    line = page.locator(".reading-line.leads")
    expect(line).to_have_attribute("data-mark", str(shown.get_attribute("data-display")))

    page.get_by_test_id("play").click()
    expect(host.locator(".prompter")).to_have_attribute("data-motion", "running")
    start = drawn_at(page)
    until(lambda: travelled(host) > 20 and drawn_at(page) > start + 2, page)
    # The display's own key is the room's word, too.
    host.keyboard.press("Space")
    expect(page.get_by_test_id("stage-state")).to_have_attribute("data-state", "paused")
    before = travelled(host)
    # The last: a busy machine has read far by now.
    page.get_by_role("button", name=re.compile(r"^从第 \d+ 段开始")).last.click()
    until(lambda: travelled(host) > before + 20, page)

    # How it shows the text is the display's, and told by it.
    size = shown.get_by_text("字号").inner_text()
    shown.get_by_role("button", name="字号放大").click()
    expect(shown.get_by_text("字号", exact=False).first).not_to_have_text(size)
    mirror = shown.get_by_role("button", name="左右镜像")
    expect(mirror).to_have_attribute("aria-pressed", "false")
    mirror.click()
    expect(mirror).to_have_attribute("aria-pressed", "true")
    expect(host.locator(".mirror")).to_have_attribute("style", re.compile("-1"))
    # The director's text is never mirrored.
    assert page.locator(".reading-track").evaluate("e => getComputedStyle(e).transform") == "none"
    shown.get_by_role("button", name="改名").click()
    page.keyboard.type("主屏")
    page.keyboard.press("Enter")
    expect(shown).to_contain_text("主屏")
    assert serious(page, AXE) == []
    # Who leaves is told of as away, and no longer leads.
    host.close()
    expect(shown).to_have_attribute("data-health", "away")
    expect(line).to_have_attribute("data-mark", "room")


def test_what_is_put_on_air_while_another_is_read_waits_and_is_cut_in(seats: Seats, operator: Seat, room: Room) -> None:
    first, second, third = (room.approve(wish) for wish in WISHES)
    page = operator.open(f"/live/{room.id}").page
    phone = seats.take(OPERATOR, f"/remote?room={room.id}", viewport=PHONE).page
    entries(page).first.get_by_test_id("cue").click()
    expect(page.get_by_role("heading", name=first)).to_be_visible()
    page.get_by_test_id("play").click()
    expect(page.get_by_test_id("stage-state")).to_have_attribute("data-state", "playing")

    entries(page).nth(1).get_by_test_id("cue").click()
    expect(page.get_by_test_id("waits")).to_contain_text(second)
    expect(phone.get_by_test_id("waits")).to_contain_text(second)
    expect(page.get_by_role("heading", name=first)).to_be_visible()
    expect(entries(page).first).to_have_attribute("data-standing", "onAir")
    expect(entries(page).nth(1)).to_have_attribute("data-standing", "waiting")
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("i")
    expect(page.get_by_role("heading", name=second)).to_be_visible()
    expect(page.get_by_test_id("waits")).to_have_count(0)

    # With Shift at once, whatever is read.
    expect(page.get_by_test_id("stage-state")).to_have_attribute("data-state", "playing")
    entries(page).filter(has_text=third).get_by_test_id("cue").click(modifiers=["Shift"])
    expect(page.get_by_role("heading", name=third)).to_be_visible()
    assert room.state()["stage"] is None


def test_what_waits_is_called_the_next_by_host_and_director_whatever_is_approved_meanwhile(
    seats: Seats, operator: Seat, room: Room
) -> None:
    first = room.approve(WISHES[0])
    page = operator.open(f"/live/{room.id}").page
    phone = seats.take(OPERATOR, f"/remote?room={room.id}", viewport=PHONE).page
    host = seats.take(HOST, f"/prompter.html?room={room.id}").page
    room.rule(by_hand=False)
    entries(page).first.get_by_test_id("cue").click()
    expect(host.locator(".bar .title:not(.upcoming)")).to_have_text(first)
    # Slowly: it is read for as long as this test looks.
    page.get_by_test_id("play").click()
    for _ in range(8):
        page.keyboard.press("Shift+ArrowDown")
    expect(page.get_by_test_id("stage-state")).to_have_attribute("data-state", "playing")
    second, third, fourth = (room.approve(wish) for wish in (WISHES[1], WISHES[2], "写一段面膜促单，30秒"))
    for seen in (host.locator(".next-name"), page.get_by_test_id("waits"), phone.get_by_test_id("waits")):
        expect(seen).to_contain_text("下一段")
        expect(seen).to_contain_text(second)
    for place, standing in enumerate(("onAir", "waiting", "queued", "queued")):
        expect(entries(page).nth(place)).to_have_attribute("data-standing", standing)
    expect(phone.locator(".upcoming")).to_have_count(0)

    host.keyboard.press("n")
    expect(host.locator(".bar .title:not(.upcoming)")).to_have_text(second)
    expect(host.locator(".upcoming")).to_contain_text(third)
    expect(entries(page).filter(has_text=third)).to_have_attribute("data-standing", "next")
    host.keyboard.press("Space")
    expect(host.locator(".next-name")).to_contain_text(third)
    expect(page.get_by_test_id("waits")).to_contain_text(third)
    expect(entries(page).filter(has_text=fourth)).to_have_attribute("data-standing", "queued")


def test_who_may_not_sees_and_cannot_touch(seats: Seats, operator: Seat, room: Room) -> None:
    room.approve(WISHES[0])
    guest = seats.take(GUEST, f"/live/{room.id}")
    page = guest.page
    expect(page.get_by_test_id("no-control")).to_contain_text("你的角色只能看")
    expect(entries(page)).to_have_count(1)
    for button in (page.get_by_test_id("cue"), page.get_by_test_id("play"), page.get_by_test_id("blank")):
        expect(button).to_be_disabled()
    expect(entries(page).get_by_role("button", name="移动")).to_be_disabled()
    expect(page.get_by_test_id("rule")).to_have_count(0)
    assert serious(page, AXE) == []
    # A host steers the text, the queue is the others'.
    host = seats.take(HOST, f"/live/{room.id}").page
    expect(host.get_by_test_id("blank")).to_be_enabled()
    expect(host.get_by_test_id("cue")).to_be_disabled()
    stranger = seats.take("admin@shanlan.demo.cuedesk", f"/live/{room.id}")
    expect(stranger.page.get_by_role("alert")).to_be_visible()
    expect(stranger.page.get_by_test_id("live")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_no_state_of_page_and_remote_has_a_serious_fault(
    seats: Seats, operator: Seat, room: Room, language: str
) -> None:
    operator.context.add_init_script(f"localStorage.setItem('cuedesk:language', '{language}')")
    page = operator.open(f"/live/{room.id}").page
    expect(page.get_by_test_id("live")).to_be_visible()
    expect(page.locator(".ant-empty").first).to_be_visible()
    assert serious(page, AXE) == []
    for wish in WISHES[:2]:
        room.approve(wish)
    entries(page).first.get_by_test_id("cue").click()
    expect(entries(page).first).to_have_attribute("data-standing", "onAir")
    page.get_by_test_id("play").click()
    entries(page).nth(1).get_by_test_id("cue").click()
    expect(page.get_by_test_id("waits")).to_be_visible()
    assert serious(page, AXE) == []
    entries(page).first.get_by_test_id("entry-more").click()
    expect(page.get_by_role("menu")).to_be_visible()
    assert serious(page, AXE) == []
    page.keyboard.press("Escape")

    remote = operator.context.new_page()
    remote.set_viewport_size(PHONE)
    remote.goto(f"/remote?room={room.id}")
    expect(remote.get_by_test_id("go")).to_be_enabled()
    assert serious(remote, AXE) == []
    remote.get_by_role("button", name="段落" if language == "zh-CN" else "Sections").click()
    expect(remote.get_by_role("dialog")).to_be_visible()
    assert serious(remote, AXE) == []
    assert operator.complaints == []


def test_leaving_the_remote_is_asked_about(seats: Seats, operator: Seat, room: Room) -> None:
    phone = seats.take(OPERATOR, "/remote", viewport=PHONE).page
    phone.get_by_role("link", name=ROOM).click()
    expect(phone.get_by_test_id("remote")).to_be_visible()
    phone.go_back()
    dialog = phone.get_by_role("dialog")
    expect(dialog).to_contain_text("要离开遥控吗")
    dialog.get_by_role("button", name="留下").click()
    expect(dialog).to_have_count(0)
    expect(phone.get_by_test_id("remote")).to_be_visible()
    phone.get_by_role("button", name="← 离开").click()
    dialog.get_by_role("button", name="离开").click()
    expect(phone.get_by_role("heading", name="选择直播间")).to_be_visible()


def test_a_remote_says_when_its_room_is_not_there_and_leads_strangers_to_the_door(seats: Seats) -> None:
    lost = seats.take(OPERATOR, "/remote?room=01900000-0000-7000-8000-000000000001", viewport=PHONE).page
    expect(lost.get_by_role("alert")).to_contain_text("找不到这个直播间")
    stranger = seats.take(None, "/remote", viewport=PHONE).page
    stranger.get_by_role("link", name="用账号登录").click()
    expect(stranger.locator("input[autocomplete=username]")).to_be_visible()


def test_a_server_that_dies_and_comes_back_is_waited_for(
    start_server: Callable[..., ServerProcess], seats: Seats, operator: Seat, room: Room, server: ServerProcess
) -> None:
    title = room.approve(WISHES[0])
    page = operator.open(f"/live/{room.id}").page
    phone = seats.take(OPERATOR, f"/remote?room={room.id}", viewport=PHONE).page
    entries(page).first.get_by_test_id("cue").click()
    expect(entries(page).first).to_have_attribute("data-standing", "onAir")
    page.get_by_test_id("play").click()
    expect(phone.get_by_test_id("go")).to_have_text("暂停")
    page.get_by_label("给主播的话").fill("别丢了我")

    server.kill()
    expect(page.get_by_test_id("no-control")).to_contain_text("连接断开了")
    for button in (page.get_by_test_id("play"), page.get_by_test_id("blank"), phone.get_by_test_id("go")):
        expect(button).to_be_disabled()
    expect(phone.get_by_test_id("line")).to_contain_text("连接断开")
    # What is known stays in view.
    expect(page.get_by_role("heading", name=title)).to_be_visible()

    start_server(folder=server.folder, port=server.port, offline_pace=0).wait_healthy()
    expect(page.get_by_test_id("no-control")).to_have_count(0)
    expect(page.get_by_test_id("play")).to_be_enabled()
    expect(page.get_by_label("给主播的话")).to_have_value("别丢了我")
    page.get_by_test_id("blank").click()
    expect(phone.get_by_role("button", name="恢复画面")).to_be_enabled()
