"""Photographs of every page and state, for docs/screens: `make screens`.

The real server with the demo's data, real people at real browsers; nothing on a picture is painted. A picture whose
name stays the same replaces the old one, those that nobody takes any more are removed.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from playwright.sync_api import Page, expect, sync_playwright

from tests.e2e.browser import Seat, Seats, built, launch, seats_at
from tests.support.desk_client import ADMIN, APPROVER, HOST, OPERATOR
from tests.support.processes import ROOT, ServerProcess

FOLDER: Final = ROOT / "docs" / "screens"
SIZE: Final = {"width": 1280, "height": 800}
PHONE: Final = {"width": 390, "height": 844}
#: Where a host reads, by the shape of the screen.
STAGES: Final = {
    "390x844": PHONE,
    "844x390": {"width": 844, "height": 390},
    "820x1180": {"width": 820, "height": 1180},
    "1280x800": SIZE,
    "1920x1080": {"width": 1920, "height": 1080},
}
ASKED: Final = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
ROOM: Final = "小雅的直播间"


class Camera:
    """Takes pictures and knows which were taken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.taken: set[str] = set()

    def take(self, page: Page, name: str, *, dark: bool = False) -> None:
        """Write `name`.png of what is to be seen, and `name`-dark.png if asked."""
        self._shoot(page, name)
        if dark:
            page.emulate_media(color_scheme="dark")
            self._shoot(page, f"{name}-dark")
            page.emulate_media(color_scheme="light")

    def _shoot(self, page: Page, name: str) -> None:
        # Two frames, so that a theme or a question that was just opened has been painted.
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        page.evaluate("() => document.fonts.ready.then(() => true)")
        # What moves is left as it is: the teleprompter's text is an animation, which would be shown at its end.
        page.screenshot(path=self.folder / f"{name}.png", animations="allow", caret="hide")
        self.taken.add(f"{name}.png")
        print(name, flush=True)

    def remove_others(self) -> None:
        """Delete pictures that nobody takes any more."""
        for old in self.folder.glob("*.png"):
            if old.name not in self.taken:
                old.unlink()


def login_and_desk(seats: Seats, camera: Camera) -> None:
    """From the login to a text that waits for its approval."""
    door = seats.take(None, "/login", viewport=SIZE)
    expect(door.page.locator("button[type=submit]")).to_be_visible()
    camera.take(door.page, "login", dark=True)
    door.sign_in(OPERATOR, "not-the-password")
    expect(door.page.get_by_role("alert").first).to_be_visible()
    camera.take(door.page, "login-refused")

    operator = seats.take(OPERATOR, viewport=SIZE)
    page = operator.page
    camera.take(page, "desk-empty", dark=True)
    operator.ask(ASKED)
    expect(page.get_by_test_id("live-text")).to_contain_text("，")
    camera.take(page, "desk-writing")
    pending(page)
    camera.take(page, "desk-approval", dark=True)
    page.get_by_test_id("run-steps").first.scroll_into_view_if_needed()
    camera.take(page, "desk-steps")
    page.get_by_test_id("approve").click()
    expect(page.get_by_test_id("approval-card").first).to_have_attribute("data-status", "approve")
    operator.ask("换成卫龙辣条，继续卖点介绍")
    pending(page)
    camera.take(page, "desk-switch")
    page.goto("/console")
    operator.connected()
    operator.ask("写一段开场")
    expect(page.get_by_test_id("clarification").last).to_be_visible()
    camera.take(page, "desk-clarification")
    page.locator(".composer textarea").first.fill("@")
    expect(page.get_by_test_id("picker")).to_be_visible()
    camera.take(page, "desk-picker")
    phone = seats.take(OPERATOR, page.url.removeprefix(seats.address), viewport=PHONE)
    expect(phone.page.get_by_test_id("clarification").last).to_be_visible()
    camera.take(phone.page, "desk-phone")
    english = in_english(seats.take(OPERATOR, page.url.removeprefix(seats.address), viewport=SIZE))
    expect(english.page.get_by_test_id("clarification").last).to_be_visible()
    camera.take(english.page, "desk-english")


def approvals(seats: Seats, camera: Camera) -> None:
    """The queue, an edit that the rules stop, the difference, who decided."""
    operator = seats.take(OPERATOR, viewport=SIZE)
    for request in ("写一段保温杯的卖点，30秒", "写一段卫龙辣条的促销，40秒", "给小雅的直播间写一段保温杯促销"):
        operator.open("/console").connected()
        operator.ask(request)
        pending(operator.page)
    approver = seats.take(APPROVER, "/approvals", viewport=SIZE)
    page = approver.page
    expect(page.get_by_test_id("queue-row").nth(2)).to_be_visible()
    camera.take(page, "approvals-queue", dark=True)
    page.get_by_test_id("queue-row").first.click()
    expect(page.get_by_test_id("approval-card")).to_be_visible()
    camera.take(page, "approvals-open", dark=True)
    page.get_by_test_id("edit").click()
    editor = page.get_by_test_id("approval-editor")
    text = editor.input_value()
    editor.fill(f"全网第一好用。{text}")
    expect(page.get_by_test_id("finding").first).to_be_visible()
    camera.take(page, "approvals-edit", dark=True)
    editor.fill(f"姐妹们晚上好。{text}")
    expect(page.get_by_text("全网第一")).to_have_count(0)
    page.keyboard.press("Escape")
    page.get_by_test_id("reject").click()
    expect(page.get_by_test_id("approval-reason")).to_be_visible()
    camera.take(page, "approvals-reject")
    page.get_by_test_id("approval-reason").fill("开头太平，先讲使用场景")
    page.get_by_test_id("submit-reject").click()
    narrow = seats.take(APPROVER, "/approvals", viewport=PHONE)
    expect(narrow.page.get_by_test_id("queue-row").first).to_be_visible()
    camera.take(narrow.page, "approvals-phone")
    english = in_english(seats.take(APPROVER, "/approvals", viewport=SIZE))
    english.page.get_by_test_id("queue-row").first.click()
    expect(english.page.get_by_test_id("approval-card")).to_be_visible()
    camera.take(english.page, "approvals-english")


def catalogue(seats: Seats, camera: Camera) -> None:
    """Every page of what the server keeps."""
    admin = seats.take(ADMIN, "/scripts", viewport=SIZE)
    page = admin.page
    for path in ("scripts", "products", "hosts"):
        admin.open(f"/{path}")
        expect(page.get_by_role("row").nth(1)).to_be_visible()
        camera.take(page, path, dark=True)
    admin.open("/products")
    page.get_by_role("button", name="编辑").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    camera.take(page, "product-edit")
    for path in ("memory", "rundown", "rules", "models", "experiments", "settings"):
        admin.open(f"/{path}")
        expect(page.locator("main h1, main h2").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        camera.take(page, path, dark=True)
        page.evaluate("() => window.scrollTo(0, document.body.scrollHeight)")
    page.keyboard.press("Shift+?")
    expect(page.get_by_role("dialog").last).to_be_visible()
    camera.take(page, "keys")


def prompter(seats: Seats, camera: Camera) -> None:
    """What a host sees, on every shape of screen."""
    host = seats.take(HOST, "/prompter.html", viewport=SIZE)
    expect(host.page.get_by_role("link", name=ROOM)).to_be_visible()
    camera.take(host.page, "prompter-rooms")
    rooms = host.page.request.get("/api/v1/rooms").json()["items"]
    room = next(one["id"] for one in rooms if one["name"] == ROOM)
    for name, shape in STAGES.items():
        stage = seats.take(HOST, f"/prompter.html?room={room}", viewport=shape)
        expect(stage.page.locator(".track")).to_contain_text("杯")
        camera.take(stage.page, f"prompter-{name}")
    host.open(f"/prompter.html?room={room}")
    expect(host.page.locator(".track")).to_contain_text("杯")
    host.page.keyboard.press("Escape")
    expect(host.page.get_by_role("dialog")).to_be_visible()
    camera.take(host.page, "prompter-menu")
    empty = next((one["id"] for one in rooms if one["name"] != ROOM), None)
    if empty is not None:
        host.open(f"/prompter.html?room={empty}")
        camera.take(host.page, "prompter-empty")


def live(seats: Seats, camera: Camera) -> None:
    """The director's page with two screens that run, the remote in the hand, the command bar."""
    operator = seats.take(OPERATOR, viewport=SIZE)
    rooms = operator.page.request.get("/api/v1/rooms").json()["items"]
    room = next(one["id"] for one in rooms if one["name"] == ROOM)
    empty = next(one["id"] for one in rooms if one["name"] != ROOM)
    screens = [
        seats.take(HOST, f"/prompter.html?room={room}", viewport=STAGES[name]) for name in ("1280x800", "390x844")
    ]
    for screen in screens:
        expect(screen.page.locator(".track")).to_contain_text("杯")
    operator.open(f"/live/{empty}")
    expect(operator.page.locator("main h1, main h2").first).to_be_visible()
    camera.take(operator.page, "live-empty")
    operator.open(f"/live/{room}")
    displays = operator.page.get_by_test_id("display")
    expect(displays).to_have_count(2)
    screens[0].page.keyboard.press("Space")
    expect(screens[1].page.locator(".prompter")).to_have_attribute("data-motion", "running")
    camera.take(operator.page, "live", dark=True)
    narrow = seats.take(OPERATOR, f"/live/{room}", viewport=PHONE)
    expect(narrow.page.get_by_test_id("display").first).to_be_visible()
    camera.take(narrow.page, "live-phone")
    english = in_english(seats.take(OPERATOR, f"/live/{room}", viewport=SIZE))
    expect(english.page.get_by_test_id("display").first).to_be_visible()
    camera.take(english.page, "live-english")
    remote = seats.take(HOST, f"/remote?room={room}", viewport=PHONE)
    expect(remote.page.get_by_role("main")).to_be_visible()
    remote.page.wait_for_load_state("networkidle")
    camera.take(remote.page, "remote")
    camera.take(screens[1].page, "prompter-running")
    operator.page.keyboard.press("Control+k")
    expect(operator.page.get_by_test_id("command-entry").first).to_be_visible()
    camera.take(operator.page, "command-bar", dark=True)


def broken_line(seats: Seats, camera: Camera, server: ServerProcess) -> None:
    """The server is gone: what the desk and the teleprompter say."""
    operator: Seat = seats.take(OPERATOR, viewport=SIZE)
    host = seats.take(HOST, "/prompter.html", viewport=SIZE)
    host.page.get_by_role("link", name=ROOM).click()
    expect(host.page.locator(".track")).to_contain_text("杯")
    server.kill()
    expect(operator.page.get_by_test_id("connection")).not_to_have_attribute("data-state", "open")
    expect(operator.page.get_by_role("alert").first).to_be_visible()
    camera.take(operator.page, "desk-reconnecting", dark=True)
    expect(host.page.locator(".line")).to_contain_text("离线")
    camera.take(host.page, "prompter-offline")


def in_english(seat: Seat) -> Seat:
    """The same page in English."""
    seat.page.evaluate("() => localStorage.setItem('cuedesk:language', 'en')")
    seat.page.reload()
    expect(seat.page.locator("html")).to_have_attribute("lang", "en")
    return seat


def pending(page: Page) -> None:
    """Wait until the newest text asks for a decision."""
    card = page.get_by_test_id("approval-card").last
    expect(card).to_have_attribute("data-status", "pending")
    expect(card.get_by_test_id("approve")).to_be_enabled()


def main() -> int:
    """Take the pictures."""
    parts: list[Callable[[Seats, Camera], None]] = [login_and_desk, approvals, live, catalogue, prompter]
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--to", type=Path, default=FOLDER)
    folder = reader.parse_args().to
    built()
    folder.mkdir(parents=True, exist_ok=True)
    expect.set_options(timeout=45_000)
    camera = Camera(folder)
    with tempfile.TemporaryDirectory() as data, ServerProcess(Path(data), {"offline_pace": 80}).start() as server:
        server.wait_healthy(120)
        with sync_playwright() as playwright:
            chromium = launch(playwright)
            for part in parts:
                with seats_at(chromium, server.url) as seats:
                    part(seats, camera)
            with seats_at(chromium, server.url) as seats:
                broken_line(seats, camera, server)
            chromium.close()
    camera.remove_others()
    return 0


if __name__ == "__main__":
    sys.exit(main())
