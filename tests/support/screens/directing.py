"""The director's page, the remote in the hand, and the teleprompter on every shape of screen."""

from typing import Any, Final

from playwright.sync_api import Page, expect

from tests.e2e.browser import Seat, Seats
from tests.support.desk_client import ADMIN, HOST, OPERATOR
from tests.support.screens.camera import Camera
from tests.support.screens.team import OTHER_ROOM, PHONE, SIZE, Team, in_english

GUEST: Final = "guest@demo.cuedesk"
WISHES: Final = ("写一段面膜卖点介绍，120秒", "写一段保温杯开场，30秒，活泼一点", "写一段卫龙辣条促单，30秒")
#: Where a host reads, by the shape of the screen.
STAGES: Final = {
    "390x844": {"width": 390, "height": 844},
    "844x390": {"width": 844, "height": 390},
    "820x1180": {"width": 820, "height": 1180},
    "1280x800": SIZE,
    "1920x1080": {"width": 1920, "height": 1080},
}


def live(seats: Seats, camera: Camera) -> None:
    """A room from its empty rundown to a text that is read on two screens, with what waits, notes and darkness."""
    team = Team(seats)
    room = team.room()
    team.empty_room(room)
    rule(team, room, by_hand=True)
    choice = seats.take(OPERATOR, "/live", viewport=SIZE).page
    expect(choice.get_by_role("heading", name="选择直播间")).to_be_visible()
    camera.take(choice, "live-choose")
    page = seats.take(OPERATOR, f"/live/{room}", viewport=SIZE).page
    expect(page.get_by_text("节目单是空的")).to_be_visible()
    camera.take(page, "live-empty", dark=True)
    for wish in WISHES:
        team.approved(wish, room)
    entries = page.get_by_test_id("queue-entry")
    expect(entries).to_have_count(3)
    entries.nth(0).get_by_test_id("cue").click()
    expect(entries.first).to_have_attribute("data-standing", "onAir")
    screens = [stage(seats, room, STAGES[name]) for name in ("1280x800", "390x844")]
    displays = page.locator("[data-testid=display]:not([data-health=away])")
    expect(displays).to_have_count(2)
    page.get_by_test_id("play").click()
    expect(screens[1].page.locator(".prompter")).to_have_attribute("data-motion", "running")
    page.wait_for_timeout(3000)
    camera.take(page, "live", dark=True)
    camera.take(screens[0].page, "prompter-running")
    english = in_english(seats.take(OPERATOR, f"/live/{room}", viewport=SIZE)).page
    expect(english.get_by_test_id("queue-entry").first).to_be_visible()
    camera.take(english, "live-english")
    phone = seats.take(OPERATOR, f"/live/{room}", **PHONE).page
    expect(phone.get_by_test_id("queue-entry").first).to_be_visible()
    camera.take(phone, "live-phone")
    phone.get_by_test_id("display").first.scroll_into_view_if_needed()
    camera.take(phone, "live-phone-screens")

    entries.nth(1).get_by_test_id("cue").click()
    expect(page.get_by_test_id("waits")).to_be_visible()
    camera.take(page, "live-waiting", dark=True)
    camera.take(screens[0].page, "prompter-next")
    remote = in_the_hand(seats, room)
    expect(remote.get_by_test_id("waits")).to_be_visible()
    camera.take(remote, "remote-waiting")
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("i")
    expect(screens[0].page.locator(".heads-up")).to_be_visible()
    camera.take(screens[0].page, "prompter-heads-up")
    camera.take(page, "live-cutting-in")
    expect(page.get_by_test_id("waits")).to_have_count(0)

    page.get_by_label("给主播的话").fill("库存剩 120，催单")
    page.keyboard.press("Enter")
    expect(screens[0].page.locator(".note")).to_be_visible()
    camera.take(screens[0].page, "prompter-note")
    camera.take(page, "live-note")
    expect(remote.get_by_test_id("note")).to_be_visible()
    camera.take(remote, "remote-note")
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("b")
    expect(page.get_by_test_id("stage-state")).to_have_attribute("data-state", "dark")
    camera.take(page, "live-blank")
    camera.take(remote, "remote-blank")
    camera.take(screens[0].page, "prompter-blank")
    page.keyboard.press("b")
    page.get_by_label("多久读完").fill("4:00")
    page.get_by_role("button", name="按此调速").click()
    expect(page.get_by_test_id("target")).to_be_visible()
    camera.take(page, "live-target")
    entries.first.get_by_test_id("entry-more").click()
    expect(page.get_by_role("menu")).to_be_visible()
    camera.take(page, "live-entry-menu")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="从话术库添加").click()
    expect(page.get_by_test_id("library")).to_be_visible()
    camera.take(page, "live-library", dark=True)
    page.keyboard.press("Escape")
    page.get_by_test_id("air-rule").scroll_into_view_if_needed()
    camera.take(page, "live-rule")
    screens[1].page.close()
    expect(page.locator("[data-testid=display][data-health=away]").first).to_be_visible(timeout=60_000)
    camera.take(page, "live-screen-away")
    guest = seats.take(GUEST, f"/live/{room}", viewport=SIZE).page
    expect(guest.get_by_test_id("no-control")).to_be_visible()
    camera.take(guest, "live-guest")
    pause(team, room)


def remote(seats: Seats, camera: Camera) -> None:
    """The phone's remote: choosing, reading, its sheets, what a viewer sees, in English and lying down."""
    team = Team(seats)
    room = on_stage(team)
    choice = seats.take(HOST, "/remote", **PHONE).page
    expect(choice.get_by_role("heading")).to_be_visible()
    camera.take(choice, "remote-choose")
    page = in_the_hand(seats, room)
    camera.take(page, "remote", dark=True)
    page.get_by_role("button", name="段落").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    camera.take(page, "remote-sections")
    page.get_by_role("dialog").get_by_role("button", name="关闭").click()
    page.get_by_role("button", name="← 离开").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    camera.take(page, "remote-leave")
    camera.take(in_the_hand(seats, room, viewport=STAGES["844x390"]), "remote-lying")
    guest = seats.take(GUEST, f"/remote?room={room}", **PHONE).page
    expect(guest.get_by_test_id("line")).to_contain_text("只能看")
    camera.take(guest, "remote-guest")
    camera.take(in_english(seats.take(HOST, f"/remote?room={room}", **PHONE)).page, "remote-english")
    empty = seats.take(HOST, f"/remote?room={team.room(OTHER_ROOM)}", **PHONE).page
    expect(empty.get_by_test_id("remote")).to_be_visible()
    camera.take(empty, "remote-empty")
    missing = seats.take(HOST, f"/remote?room={MISSING}", **PHONE).page
    expect(missing.get_by_role("alert")).to_be_visible()
    camera.take(missing, "remote-missing")


#: The id of nothing.
MISSING: Final = "01900000-0000-7000-8000-000000000001"


def prompter(seats: Seats, camera: Camera) -> None:
    """What a host sees, on every shape of screen, in every colour, and what can be set."""
    team = Team(seats)
    room = on_stage(team)
    choice = seats.take(HOST, "/prompter.html", viewport=SIZE).page
    expect(choice.get_by_role("link").first).to_be_visible()
    camera.take(choice, "prompter-choose")
    # A person has eight lines at most.
    choice.close()
    for name, shape in STAGES.items():
        page = stage(seats, room, shape).page
        camera.take(page, f"prompter-{name}")
        page.close()
    host = stage(seats, room, SIZE)
    page = host.page
    for theme in ("night", "paper", "amber"):
        setting(page, theme=theme)
        camera.take(page, f"prompter-{theme}")
    setting(page, theme="black", pages=True)
    camera.take(page, "prompter-pages")
    setting(page, pages=False, mirrorH=True)
    camera.take(page, "prompter-mirrored")
    setting(page, mirrorH=False, hud=False)
    camera.take(page, "prompter-no-bar")
    setting(page, hud=True)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_visible()
    camera.take(page, "prompter-menu")
    page.get_by_role("dialog").get_by_role("button", name="English").click()
    camera.take(page, "prompter-menu-english")
    small = stage(seats, room, STAGES["390x844"]).page
    small.keyboard.press("Escape")
    expect(small.get_by_role("dialog")).to_be_visible()
    camera.take(small, "prompter-menu-phone")
    set_up(seats, camera, team, room)
    counting = stage(seats, room, SIZE).page
    setting(counting, countdown=True)
    counting.keyboard.press("Space")
    expect(counting.locator(".countdown")).to_be_visible()
    camera.take(counting, "prompter-countdown")
    expect(counting.locator(".prompter")).to_have_attribute("data-motion", "running")
    counting.keyboard.press("End")
    expect(counting.locator(".left")).to_contain_text("已读完")
    camera.take(counting, "prompter-finished")
    for name, shape in (("", SIZE), ("-phone", STAGES["390x844"])):
        empty = seats.take(HOST, f"/prompter.html?room={team.room(OTHER_ROOM)}", viewport=shape).page
        expect(empty.get_by_text("等待稿件")).to_be_visible()
        expect(empty.locator(".line")).to_contain_text("已连接")
        camera.take(empty, f"prompter-empty{name}")
    tiny = seats.take(HOST, f"/prompter.html?room={team.room(OTHER_ROOM)}", viewport={"width": 320, "height": 256}).page
    expect(tiny.get_by_text("等待稿件")).to_be_visible()
    camera.take(tiny, "prompter-empty-tiny")
    missing = seats.take(HOST, f"/prompter.html?room={MISSING}", viewport=SIZE).page
    expect(missing.get_by_role("alert")).to_be_visible()
    camera.take(missing, "prompter-missing")
    pause(team, room)


def set_up(seats: Seats, camera: Camera, team: Team, room: str) -> None:
    """The test pattern on an empty screen, mirrored too, and the lock against stray touches."""
    other = team.room(OTHER_ROOM)
    for name, shape in (("", SIZE), ("-phone", STAGES["390x844"]), ("-lying", STAGES["844x390"])):
        page = seats.take(HOST, f"/prompter.html?room={other}", viewport=shape).page
        page.get_by_role("button", name="测试图与镜像检查").click()
        expect(page.locator("dialog.pattern")).to_be_visible()
        camera.take(page, f"prompter-pattern{name}")
        if not name:
            page.keyboard.press("m")
            camera.take(page, "prompter-pattern-mirrored")
        page.close()
        locked = stage(seats, room, shape).page
        setting(locked, locked=True)
        expect(locked.locator(".lock")).to_be_visible()
        camera.take(locked, f"prompter-locked{name}")
        locked.close()


def on_stage(team: Team) -> str:
    """A room in which a script is on the teleprompter, from its beginning, and nobody reads."""
    room = team.room()
    team.empty_room(room)
    rule(team, room, by_hand=True)
    for wish in WISHES[:2]:
        team.approved(wish, room)
    first = team.get(f"/rooms/{room}/rundown")["items"][0]
    team.post(f"/rooms/{room}/rundown/{first['id']}/cue", {})
    return room


def rule(team: Team, room: str, **how: Any) -> None:
    """How scripts go on air in a room."""
    assert team.as_(ADMIN).patch(f"/api/v1/rooms/{room}", data={"undo_window": None, **how}).ok


def pause(team: Team, room: str) -> None:
    """Nobody reads any more."""
    team.empty_room(room)


def stage(seats: Seats, room: str, shape: dict[str, int]) -> Seat:
    """A screen before the host, with a text on it."""
    seat = seats.take(HOST, f"/prompter.html?room={room}", viewport=shape)
    expect(seat.page.locator(".track")).to_contain_text("。")
    expect(seat.page.locator(".line")).to_contain_text("已连接")
    return seat


def in_the_hand(seats: Seats, room: str, **options: Any) -> Page:
    """The remote of a room."""
    page = seats.take(HOST, f"/remote?room={room}", **{**PHONE, **options}).page
    expect(page.get_by_test_id("go")).to_be_enabled()
    return page


def setting(page: Page, **settings: Any) -> None:
    """Set the screen as its own menu would."""
    page.evaluate(
        """wanted => {
            const kept = JSON.parse(localStorage.getItem('cuedesk.prompter') ?? '{}')
            localStorage.setItem('cuedesk.prompter', JSON.stringify({ ...kept, ...wanted })) }""",
        settings,
    )
    page.reload()
    expect(page.locator(".track")).to_contain_text("。")


SCENES = (live, remote, prompter)
