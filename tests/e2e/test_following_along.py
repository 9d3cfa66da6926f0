"""What others do shows on a console that nobody touches: in the list of threads, behind a recall, at a sign-out."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.browser import Seats
from tests.e2e.test_accessibility import AXE, serious
from tests.support.desk_client import ADMIN, OPERATOR
from tests.support.processes import ServerProcess

ASK = "写一段保温杯开场，15秒"


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


def test_the_list_of_threads_follows_a_colleague_and_keeps_still_under_the_pointer(seats: Seats) -> None:
    operator = seats.take(OPERATOR, "/login").context.request
    old = [operator.post("/api/v1/threads", data={"title": f"旧{n}"}).json()["id"] for n in range(3)]
    empty = operator.post("/api/v1/threads", data={}).json()["id"]
    seat = seats.take(ADMIN)
    page = seat.page
    rows = page.locator("nav.threads li")
    for thread in old:
        expect(rows.locator(f"a[href$='{thread}']")).to_be_visible()
    expect(rows.locator(f"a[href$='{empty}']")).to_have_count(0)
    # Nobody is in the list: what begins elsewhere comes to its top, with what was said and where it stands.
    thread = operator.post("/api/v1/threads", data={}).json()["id"]
    assert operator.post(f"/api/v1/threads/{thread}/messages", data={"content": ASK}).ok
    first = rows.first
    expect(first.locator("a")).to_have_attribute("href", f"/console/{thread}")
    expect(first).to_contain_text("待审批")
    expect(first.locator(".thread-last")).not_to_be_empty()
    # Under the pointer a row changes in its place; what is new waits until the pointer is gone.
    rows.nth(1).hover()
    second = operator.post("/api/v1/threads", data={}).json()["id"]
    assert operator.post(f"/api/v1/threads/{second}/messages", data={"content": "你好"}).ok
    assert operator.patch(f"/api/v1/threads/{thread}", data={"title": "夜场保温杯"}).ok
    expect(first).to_contain_text("夜场保温杯")
    expect(first.locator("a")).to_have_attribute("href", f"/console/{thread}")
    assert serious(page, AXE) == []
    page.mouse.move(900, 500)
    expect(rows.locator(f"a[href$='{second}']")).to_be_visible()
    assert operator.delete(f"/api/v1/threads/{second}").ok
    expect(rows.locator(f"a[href$='{second}']")).to_have_count(0)
    assert operator.delete(f"/api/v1/threads/{thread}").ok
    assert seat.complaints == []


def test_a_script_that_is_called_back_leads_on_to_where_it_waits(seats: Seats) -> None:
    admin = seats.take(ADMIN, "/login")
    page, requests = admin.page, admin.context.request
    assert requests.patch("/api/v1/tenant/policies", data={"undo_window": 600}).ok
    room = requests.get("/api/v1/rooms").json()["items"][0]["id"]
    thread = requests.post("/api/v1/threads", data={"room_id": room}).json()["id"]
    assert requests.post(f"/api/v1/threads/{thread}/messages", data={"content": ASK}).ok
    admin.open("/approvals")
    page.get_by_test_id("queue-row").first.click()
    expect(page.get_by_test_id("approve")).to_be_enabled()
    before = page.url
    page.keyboard.press("a")
    page.get_by_test_id("undo-held").click()
    # Whoever called it back goes on where it waits; that says where it is from.
    expect(page).not_to_have_url(before)
    expect(page.get_by_test_id("approve")).to_be_enabled()
    expect(page.get_by_test_id("again-of")).to_contain_text("在上屏前撤回了，重新待审")
    waits = page.url
    page.get_by_test_id("again-of").get_by_role("link").click()
    # The approval that was called back says so, to whoever opens it anew as well.
    told = page.get_by_test_id("afterwards")
    for _ in range(2):
        expect(page).to_have_url(before)
        expect(told).to_contain_text("撤回了，没有上屏")
        expect(page.get_by_test_id("refused")).to_have_count(0)
        page.reload()
    told.get_by_test_id("asked-again").click()
    expect(page).to_have_url(waits)
    expect(page.get_by_test_id("approve")).to_be_enabled()
    # Withdrawn in its thread: the card that is open says so, and leads back to the thread.
    assert requests.post(f"/api/v1/threads/{thread}/cancel").ok
    expect(told).to_contain_text("请求已撤回")
    expect(told.get_by_role("link")).to_have_attribute("href", f"/console/{thread}")
    assert serious(page, AXE) == []
    assert requests.patch("/api/v1/tenant/policies", data={"undo_window": 0}).ok
    assert admin.complaints == []


def test_the_page_is_never_blank_and_an_address_that_leads_nowhere_says_so(seats: Seats) -> None:
    seat = seats.take(OPERATOR, "/login")
    page = seat.page
    held: list[Route] = []
    holding = True

    def hold(route: Route) -> None:
        if holding:
            held.append(route)
        else:
            route.continue_()

    page.route("**/api/v1/auth/me", hold)
    page.goto("/nowhere/at-all", wait_until="commit")
    expect(page.get_by_test_id("boot")).to_be_visible()
    # React is there and waits for the answer; the frame stands all the same.
    expect(page.locator(".app")).to_be_attached()
    expect(page.get_by_test_id("boot")).to_be_visible()
    holding = False
    for route in held:
        route.continue_()
    missing = page.get_by_test_id("not-found")
    expect(missing).to_contain_text("/nowhere/at-all")
    expect(page.get_by_test_id("boot")).to_be_hidden()
    assert page.url.endswith("/nowhere/at-all")
    assert serious(page, AXE) == []
    missing.get_by_role("link").click()
    expect(page).to_have_url(re.compile("/console$"))
    expect(page.locator("nav.threads")).to_be_visible()
    assert seat.complaints == []


def test_signing_out_in_one_tab_ends_the_others_with_what_was_typed_in_them(seats: Seats) -> None:
    seat = seats.take(OPERATOR)
    other = seat.context.new_page()
    other.goto("/console")
    other.locator(".composer textarea").first.fill("别人不该看见的话")
    expect(seat.page.locator(".composer textarea").first).to_be_visible()
    assert "别人不该看见的话" in str(other.evaluate("JSON.stringify({...sessionStorage})"))
    seat.page.get_by_role("button", name="小林").click()
    seat.page.get_by_role("button", name="退出登录").click()
    expect(other.locator("input[autocomplete=current-password]")).to_be_visible()
    for page in (seat.page, other):
        kept = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
        assert "别人不该看见的话" not in str(kept)
