"""What the pages say while they wait, when there is nothing, when something fails, and when the server is gone."""

from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.e2e.browser import Seats
from tests.support.desk_client import ADMIN, HOST, OPERATOR, PASSWORD
from tests.support.processes import ServerProcess
from tests.support.screens.camera import Camera
from tests.support.screens.directing import MISSING, STAGES, on_stage, stage
from tests.support.screens.team import PHONE, SIZE, Team, in_english

#: A page, and what it reads first.
READS = {
    "approvals": "interrupts",
    "scripts": "scripts",
    "products": "products",
    "rundown": "shows",
    "memory": "memory",
    "rules": "rules",
    "models": "models",
    "settings": "rooms",
    "live": "rooms",
    "hosts": "hosts",
    "experiments": "experiments",
    "audit": "audit",
}


def loading_and_failing(seats: Seats, camera: Camera) -> None:
    """Each page before its first answer, and when that answer is an error."""
    for page_name, resource in READS.items():
        for state in ("loading", "failed"):
            seat = seats.take(ADMIN, "/icon.svg", viewport=SIZE)
            page = seat.page

            answer = _fails if state == "failed" else _stays_out
            page.route(f"**/api/v1/{resource}*", answer)
            page.route(f"**/api/v1/{resource}/**", answer)
            seat.open(f"/{page_name}")
            expect(page.locator("nav.pages")).to_be_visible()
            if state == "failed":
                expect(page.get_by_role("alert").first).to_be_visible()
            else:
                # A skeleton comes after a moment, so that what is quick does not flicker.
                page.wait_for_timeout(600)
            camera.take(page, f"{state}-{page_name}", waits=state == "loading")
            page.unroute_all(behavior="ignoreErrors")
            # One person has eight lines at most: a ninth takes the first one's place, and that page says so.
            page.context.close()


def _fails(route: Route) -> None:
    """The server has a fault."""
    route.fulfill(status=500, body="{}", content_type="application/json")


def _stays_out(_: Route) -> None:
    """The answer does not come."""


def missing(seats: Seats, camera: Camera) -> None:
    """Addresses of nothing, or of somebody else's."""
    for path in ("console", "approvals", "scripts", "products", "rundown", "live"):
        seat = seats.take(ADMIN, f"/{path}/{MISSING}", viewport=SIZE)
        expect(seat.page.get_by_role("alert").first).to_be_visible()
        camera.take(seat.page, f"missing-{path}")
    seat = seats.take(OPERATOR, "/no/such/page", viewport=SIZE)
    expect(seat.page.get_by_test_id("not-found")).to_be_visible()
    camera.take(seat.page, "missing-page", dark=True)
    camera.take(in_english(seat).page, "missing-page-english")


def first_frame(seats: Seats, camera: Camera) -> None:
    """What stands there before anything else of a page has come."""
    for name, options in (("", {"viewport": SIZE}), ("-phone", PHONE)):
        page = seats.take(OPERATOR, "/icon.svg", **options).page
        page.route("**/api/v1/auth/me", _stays_out)
        page.goto(f"{seats.address}/console", wait_until="commit")
        expect(page.get_by_test_id("boot")).to_be_visible()
        camera.take(page, f"first-frame{name}", dark=True, waits=True)
        page.unroute_all(behavior="ignoreErrors")


def gone_wrong(seats: Seats, camera: Camera) -> None:
    """What the server says of the line itself, and a page that could not be fetched."""
    page = seats.take(None, "/login", viewport=SIZE).page
    lines: list[WebSocketRoute] = []
    page.context.route_web_socket("**/ws", lambda socket: lines.append(socket.connect_to_server()))
    answer = page.context.request.post("/api/v1/auth/login", data={"email": OPERATOR, "password": PASSWORD})
    assert answer.ok, answer.text()
    page.goto(f"{seats.address}/console")
    expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "open")
    # What tells of it is there before it is told.
    page.wait_for_load_state("networkidle")
    lines[-1].send("{")
    expect(page.get_by_test_id("line-trouble")).to_be_visible()
    camera.take(page, "line-trouble", dark=True)
    page = seats.take(ADMIN, "/approvals", viewport=SIZE).page
    page.route("**/assets/ScriptsPage*", lambda route: route.abort("connectionrefused"))
    page.route("**/ahead.json", lambda route: route.abort("connectionrefused"))
    page.get_by_role("link", name="话术库").click()
    expect(page.get_by_test_id("broken")).to_be_visible()
    camera.take(page, "broken-page", dark=True)
    page.unroute_all(behavior="ignoreErrors")


def broken_line(seats: Seats, camera: Camera, server: ServerProcess) -> None:
    """The server is gone: what each page says then; and what when it is back. Last of all."""
    team = Team(seats)
    room = on_stage(team)
    asked = team.asked("写一段保温杯的卖点，30秒")
    operator = seats.take(OPERATOR, f"/console/{asked['thread_id']}", viewport=SIZE).page
    expect(operator.get_by_test_id("approve")).to_be_visible()
    approver = seats.take(ADMIN, f"/approvals/{asked['id']}", viewport=SIZE).page
    expect(approver.get_by_test_id("approve")).to_be_enabled()
    english = in_english(seats.take(ADMIN, f"/approvals/{asked['id']}", viewport=SIZE)).page
    expect(english.get_by_test_id("approve")).to_be_enabled()
    director = seats.take(OPERATOR, f"/live/{room}", viewport=SIZE).page
    expect(director.get_by_test_id("play")).to_be_enabled()
    remote = seats.take(HOST, f"/remote?room={room}", **PHONE).page
    expect(remote.get_by_test_id("go")).to_be_enabled()
    host = stage(seats, room, SIZE).page
    narrow = stage(seats, room, STAGES["390x844"]).page
    host.keyboard.press("Space")
    expect(host.locator(".prompter")).to_have_attribute("data-motion", "running")
    fresh = seats.take(OPERATOR, "/console", viewport=SIZE).page
    # All of the page is there before the server is not.
    expect(fresh.locator(".composer textarea").first).to_be_editable()
    fresh.wait_for_load_state("networkidle")
    server.kill()
    expect(operator.get_by_test_id("connection")).to_have_attribute("data-state", "reconnecting")
    camera.take(operator, "lost-pill")
    for page in (operator, approver, director, english):
        expect(page.get_by_role("alert").first).to_be_visible()
    camera.take(operator, "lost-desk", dark=True)
    camera.take(approver, "lost-approvals", dark=True)
    camera.take(english, "lost-approvals-english")
    camera.take(director, "lost-live", dark=True)
    expect(remote.get_by_test_id("line")).to_contain_text("断开")
    camera.take(remote, "lost-remote")
    for name, page in (("", host), ("-phone", narrow)):
        expect(page.locator(".line")).to_contain_text("离线")
        camera.take(page, f"lost-prompter{name}")
    asks_in_vain(fresh, camera)
    # Somebody decides as soon as the server is back: the desk catches up with it.
    server.start().wait_healthy(120)
    team.decide(asked)
    expect(operator.get_by_test_id("connection")).to_have_attribute("data-state", "open")
    expect(operator.get_by_test_id("approval-card").last).to_have_attribute("data-status", "approve")
    camera.take(operator, "back-desk")
    expect(approver.get_by_test_id("approval-card")).to_have_attribute("data-status", "approve")
    camera.take(approver, "back-approvals")
    expect(host.locator(".line")).to_contain_text("已连接")
    camera.take(host, "back-prompter")


def asks_in_vain(page: Page, camera: Camera) -> None:
    """A first message that cannot be sent stays where it was typed."""
    page.locator(".composer textarea").first.fill("写一段保温杯开场，30秒")
    page.get_by_test_id("send").click()
    expect(page.get_by_test_id("send-refused")).to_be_visible()
    camera.take(page, "lost-sending")


SCENES = (loading_and_failing, missing, first_frame, gone_wrong)
