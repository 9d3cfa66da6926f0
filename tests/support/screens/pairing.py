"""Pairing: the code at the director's, the page that takes it, and devices that were let in without a login."""

import re

from playwright.sync_api import Page, expect

from tests.e2e.browser import Seats
from tests.support.desk_client import OPERATOR
from tests.support.screens.camera import Camera
from tests.support.screens.directing import STAGES, on_stage
from tests.support.screens.team import PHONE, SIZE, Team, in_english

SCREEN = "演播室电视"


def pairing(seats: Seats, camera: Camera) -> None:
    """A screen types the code, a phone scans the link, the director sees both and ends one."""
    team = Team(seats)
    room = on_stage(team)
    director = seats.take(OPERATOR, f"/live/{room}", viewport=SIZE).page
    code = opened(director)
    camera.take(director, "pairing", dark=True)
    screen = seats.take(None, "/prompter.html", viewport=SIZE, reduced_motion="no-preference").page
    expect(screen).to_have_url(re.compile("/pair"))
    camera.take(screen, "pair")
    screen.get_by_label("配对码", exact=True).fill(f"{(int(code.replace(' ', '')) + 1) % 1_000_000:06}")
    screen.get_by_label("设备名称").fill(SCREEN)
    screen.get_by_role("button", name="连接这台设备").click()
    expect(screen.get_by_role("alert")).to_contain_text("配对码不对")
    camera.take(screen, "pair-refused")
    screen.get_by_label("配对码", exact=True).fill(code)
    screen.keyboard.press("Enter")
    expect(screen).to_have_url(re.compile(r"/prompter\.html"))
    expect(screen.locator(".track")).to_contain_text("。")
    expect(screen.locator(".line")).to_contain_text("已连接")
    camera.take(screen, "prompter-paired")
    expect(director.get_by_test_id("pairing-over")).to_contain_text(SCREEN)
    link = team.post(f"/rooms/{room}/pairings", {"role": "remote"})["secret"]
    phone = seats.take(None, f"/pair#{link}", **PHONE).page
    expect(phone.get_by_text("已扫到配对链接")).to_be_visible()
    camera.take(phone, "pair-scanned")
    phone.get_by_role("button", name="连接这台设备").click()
    expect(phone.get_by_test_id("go")).to_be_enabled()
    camera.take(phone, "remote-paired")
    phone.goto(f"{seats.address}/pair")
    expect(phone.get_by_text("这台设备已连接")).to_be_visible()
    camera.take(phone, "pair-again")
    expect(director.get_by_test_id("device")).to_have_count(2)
    camera.take(director, "pairing-done", dark=True)
    director.get_by_role("button", name=f"解除“{SCREEN}”").click()
    director.get_by_role("dialog").last.get_by_role("button", name="解除", exact=True).last.click()
    expect(director.get_by_test_id("device")).to_have_count(1)
    expect(screen.get_by_role("button", name="配对已结束，点此重新配对")).to_be_visible()
    camera.take(screen, "prompter-unpaired")
    # A room has one code at a time: these take the place of the first.
    english = in_english(seats.take(OPERATOR, f"/live/{room}", viewport=SIZE)).page
    english.get_by_role("button", name="Pair a screen").click()
    expect(english.get_by_test_id("code")).to_be_visible()
    camera.take(english, "pairing-english")
    held = seats.take(OPERATOR, f"/live/{room}", **PHONE).page
    opened(held)
    camera.take(held, "pairing-phone")
    camera.take(in_english(seats.take(None, "/pair", viewport=SIZE)).page, "pair-english")
    camera.take(seats.take(None, "/pair", **PHONE).page, "pair-phone")
    camera.take(seats.take(None, "/pair", viewport=STAGES["1920x1080"]).page, "pair-tv")


def opened(director: Page) -> str:
    """Open the dialog of pairing; the digits of its code."""
    director.get_by_role("button", name="配对屏幕").click()
    expect(director.get_by_test_id("code")).to_have_text(re.compile(r"^\d{3} \d{3}$"))
    return director.get_by_test_id("code").inner_text()


SCENES = (pairing,)
