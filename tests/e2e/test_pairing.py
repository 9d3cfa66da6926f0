"""A screen without a login: the director shows a code, somebody types or scans it, and it reads along."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import Seat, Seats
from tests.e2e.test_accessibility import AXE, serious
from tests.e2e.test_coming_back import travelled, until
from tests.e2e.test_in_step import Stage, at_the_same_place, motion
from tests.support.desk_client import HOST, OPERATOR
from tests.support.processes import ServerProcess
from tests.support.stage import approved_script

PHONE = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


@pytest.fixture
def stage(seats: Seats, module_database_url: str) -> Stage:
    return Stage(seats, module_database_url)


@pytest.fixture
def director(seats: Seats, stage: Stage) -> Page:
    """The director's page of the room, with the dialog of pairing open."""
    page = seats.take(OPERATOR, f"/live/{stage.id}").page
    page.get_by_role("button", name="配对屏幕").click()
    expect(page.get_by_test_id("code")).to_be_visible()
    return page


def code_of(page: Page) -> str:
    shown = page.get_by_test_id("code")
    expect(shown).to_have_text(re.compile(r"^\d{3} \d{3}$"))
    return str(shown.inner_text())


def link_of(stage: Stage, role: str = "display") -> str:
    """What the QR code holds."""
    opened = stage.director.post(f"/api/v1/rooms/{stage.id}/pairings", data={"role": role})
    assert opened.ok, opened.text()
    return f"/pair#{opened.json()['secret']}"


def paired(seats: Seats, link: str, **options: Any) -> Seat:
    seat = seats.take(None, link, reduced_motion="no-preference", **options)
    seat.page.get_by_role("button", name="连接这台设备").click()
    return seat


def test_a_screen_types_the_code_reads_along_and_is_ended_by_the_director(
    seats: Seats, stage: Stage, director: Page
) -> None:
    host = stage.open(seats)
    # Whoever opens the teleprompter without a login is offered the code.
    seat = seats.take(None, "/prompter.html", reduced_motion="no-preference")
    screen = seat.page
    expect(screen).to_have_url(re.compile(r"/pair\?next=%2Fprompter\.html"))
    expect(screen.get_by_role("link", name="用账号登录")).to_have_attribute("href", "/login?next=%2Fprompter.html")
    screen.get_by_label("配对码", exact=True).fill("12")
    screen.get_by_role("button", name="连接这台设备").click()
    expect(screen.get_by_role("alert")).to_have_text("请输入 6 位数字。")
    code = code_of(director)
    wrong = f"{(int(code.replace(' ', '')) + 1) % 1_000_000:06}"
    screen.get_by_label("配对码", exact=True).fill(wrong)
    screen.get_by_label("设备名称").fill("演播室电视")
    screen.get_by_role("button", name="连接这台设备").click()
    expect(screen.get_by_role("alert")).to_contain_text("配对码不对")
    screen.get_by_label("配对码", exact=True).fill(code)
    screen.keyboard.press("Enter")
    expect(screen).to_have_url(re.compile(rf"/prompter\.html\?room={stage.id}&paired"))
    expect(screen.locator(".track")).to_contain_text("宝宝们晚上好")
    expect(director.get_by_test_id("pairing-over")).to_contain_text("“演播室电视”已连接")
    expect(director.get_by_test_id("device")).to_contain_text("在线")

    # It does what the room does; its own reader changes nothing.
    host.keyboard.press("Space")
    motion(screen, "running")
    screen.keyboard.press("Space")
    screen.locator(".stage").click()
    screen.keyboard.press("ArrowUp")
    expect(screen.locator(".bar button")).to_have_count(1)  # the menu: size and mirror are its own
    until(lambda: travelled(screen) > 40, screen)
    motion(screen, "running")
    assert stage.state()["transport"]["playing"]
    host.keyboard.press("Space")
    motion(screen, "paused")
    at_the_same_place(host, screen)
    assert stage.state()["transport"]["pace"] == 240
    screen.reload()
    expect(screen.locator(".line")).to_contain_text("已连接")
    at_the_same_place(host, screen)
    displays = stage.director.get(f"/api/v1/rooms/{stage.id}/displays").json()["items"]
    assert "演播室电视" in {display["person"]["name"] for display in displays}

    # Ended, it is told so at once, keeps what it has, and leads back to the code.
    director.get_by_role("button", name="解除“演播室电视”").click()
    director.get_by_role("dialog").last.get_by_role("button", name="解除", exact=True).last.click()
    expect(director.get_by_test_id("device")).to_have_count(0)
    screen.get_by_role("button", name="配对已结束，点此重新配对").click()
    expect(screen).to_have_url(re.compile(r"/pair"))
    expect(screen.get_by_label("配对码", exact=True)).to_be_visible()
    assert seat.complaints == [] or all("403" in one for one in seat.complaints), seat.complaints


def test_a_phone_scans_the_link_and_steers_without_changing_what_is_read(seats: Seats, stage: Stage) -> None:
    host = stage.open(seats)
    link = link_of(stage, "remote")
    phone = paired(seats, link, viewport=PHONE).page
    expect(phone).to_have_url(re.compile(rf"/remote\?room={stage.id}&paired"))
    expect(phone.get_by_test_id("go")).to_be_enabled()
    assert phone.get_by_role("button", name="黑屏").count() == 0
    phone.get_by_test_id("go").click()
    motion(host, "running")
    stage.cue("另一段话，等着上屏。" * 4, script=2, title="下一段稿")
    expect(phone.get_by_test_id("waits")).to_contain_text("下一段稿")
    assert phone.get_by_test_id("waits").get_by_role("button").count() == 0
    phone.get_by_test_id("go").click()
    motion(host, "paused")
    # The link is used up; the phone itself says what it is.
    late = paired(seats, link, viewport=PHONE).page
    expect(late.get_by_role("alert")).to_contain_text("这个链接已经用过或过期")
    expect(late.get_by_label("配对码", exact=True)).to_be_visible()
    late.get_by_label("配对码", exact=True).fill("１２３４５６")
    expect(late.get_by_label("配对码", exact=True)).to_have_value("123456")
    # A fresh one opened in the same tab: what was wrong with the last is not with this.
    late.evaluate("fresh => { location.hash = fresh }", link_of(stage, "remote").partition("#")[2])
    expect(late.locator("form")).to_contain_text("已扫到配对链接")
    expect(late.locator(".wrong")).to_have_text("")
    phone.goto("/pair")
    expect(phone.locator(".paired")).to_contain_text("遥控")
    phone.get_by_role("button", name="解除配对").click()
    expect(phone.get_by_role("status")).to_contain_text("已解除")
    assert stage.director.get(f"/api/v1/rooms/{stage.id}/devices").json()["items"] == []


def test_the_director_gets_codes_as_needed_and_none_outlives_the_dialog(stage: Stage, director: Page) -> None:
    expect(director.get_by_test_id("qr").locator("svg")).to_be_visible()
    first = code_of(director)
    director.get_by_role("button", name="换一个新码").click()
    expect(director.get_by_test_id("code")).not_to_have_text(first)
    director.get_by_text("遥控", exact=True).click()
    expect(director.get_by_text("不能换稿、黑屏")).to_be_visible()
    last = code_of(director)
    with director.expect_response(lambda answer: answer.request.method == "DELETE") as closing:
        director.keyboard.press("Escape")
    assert closing.value.status == 204
    for code in (first, last):
        answer = stage.director.post("/api/v1/pair", data={"code": code.replace(" ", ""), "name": "晚了"})
        assert answer.status == 403


def test_who_may_not_pair_is_not_offered_it(seats: Seats, stage: Stage) -> None:
    page = seats.take(HOST, f"/live/{stage.id}").page
    expect(page.get_by_role("link", name="手机遥控")).to_be_visible()
    assert page.get_by_role("button", name="配对屏幕").count() == 0


def test_an_empty_screen_says_whose_it_is_and_how_others_join(seats: Seats, stage: Stage) -> None:
    stage.cue("", script=9)
    page = seats.take(HOST, f"/prompter.html?room={stage.id}").page
    expect(page.locator(".empty")).to_contain_text("等待稿件")
    expect(page.locator(".empty")).to_contain_text("房间")
    expect(page.locator(".empty")).to_contain_text("/pair")
    screen = paired(seats, link_of(stage)).page
    expect(screen.locator(".empty")).to_contain_text("等待稿件")
    assert "/pair" not in screen.locator(".empty").inner_text()


def test_two_tabs_of_one_device_are_two_displays(seats: Seats, stage: Stage) -> None:
    page = stage.open(seats)

    def seen() -> dict[str, int]:
        items = stage.director.get(f"/api/v1/rooms/{stage.id}/displays").json()["items"]
        return {display["id"]: display["seen_ms"] for display in items}

    until(lambda: len(seen()) == 1, page)
    before = set(seen())
    # As the browser does when a tab is duplicated: the other begins with a copy of what this one keeps.
    kept = page.evaluate("() => JSON.stringify(sessionStorage)")
    copy = page.context.new_page()
    copy.add_init_script(
        f"""if (!window.name) {{ window.name = 'copy'; Object.assign(sessionStorage, JSON.parse({kept!r})) }}"""
    )
    copy.goto(page.url)
    until(lambda: len(seen()) == 2, page)
    # A reload is no other display: both tell of themselves again, under the ids they had.
    both, reloaded = set(seen()), max(seen().values())
    page.reload()
    copy.reload()
    until(lambda: all(told > reloaded for told in seen().values()), page)
    assert set(seen()) == both > before


def test_the_bar_says_what_comes_next(seats: Seats, stage: Stage, module_database_url: str) -> None:
    page = stage.open(seats)
    script = approved_script(module_database_url, stage.id, "面膜卖点")
    added = stage.director.post(f"/api/v1/rooms/{stage.id}/rundown", data={"script_id": script})
    assert added.ok, added.text()
    expect(page.locator(".upcoming")).to_have_text("下一段：面膜卖点")


def speaking(seats: Seats, language: str, **options: Any) -> Seat:
    """A device whose browser speaks English whatever `language` was chosen on it."""
    seat = seats.take(None, "/pair", locale="en-US", **options)
    if language == "en":
        seat.page.evaluate("localStorage.setItem('cuedesk:language', 'en')")
        seat.page.reload()
    return seat


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_no_page_of_pairing_has_a_serious_fault(seats: Seats, stage: Stage, language: str) -> None:
    page = speaking(seats, language, viewport=PHONE).open("/pair").page
    submit = "连接这台设备" if language == "zh-CN" else "Connect this device"
    page.get_by_role("button", name=submit).click()
    expect(page.get_by_role("alert")).not_to_be_empty()
    assert serious(page, AXE) == []
    operator = seats.take(OPERATOR, "/login")
    operator.page.evaluate("language => localStorage.setItem('cuedesk:language', language)", language)
    director = operator.open(f"/live/{stage.id}").page
    director.get_by_role("button", name="配对屏幕" if language == "zh-CN" else "Pair a screen").click()
    expect(director.get_by_test_id("code")).to_be_visible()
    paired_page = speaking(seats, language).open(link_of(stage)).page
    paired_page.get_by_role("button", name=submit).click()
    expect(director.get_by_test_id("device")).to_be_visible()
    assert serious(director, AXE) == []
    expect(paired_page.locator(".track")).not_to_be_empty()
    assert serious(paired_page, AXE) == []
