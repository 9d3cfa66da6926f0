"""A list that could not be read says so and offers to try again; it is never called empty."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.browser import Seats
from tests.support.desk_client import ADMIN
from tests.support.processes import ServerProcess

#: A page, and what it reads its list from.
LISTS = {
    "/console": "threads",
    "/approvals": "interrupts",
    "/scripts": "scripts",
    "/rundown": "shows",
    "/products": "products",
    "/hosts": "hosts",
    "/memory": "memory",
    "/rules": "rules|rules/overlay",
    "/experiments": "experiments",
    "/models": "models|models/own|tenant/model_budget|model_calls/sums",
    "/settings": "rooms|tenant/policies|skills|tenant/retention|memory/lifetimes|api-keys",
    "/live": "rooms",
    "/audit": "audit",
}
#: What is said where there is nothing.
NOTHING = re.compile("还没有|暂无|没有符合|没有记录|没有规则|nothing", re.IGNORECASE)


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


def lose(route: Route) -> None:
    route.abort("connectionrefused")


def refuse(route: Route) -> None:
    route.fulfill(status=500, content_type="text/html", body="<h1>Bad gateway</h1>")


def expect_unread(page: Page, where: str) -> None:
    retry = page.get_by_role("button", name="重试").first
    expect(retry, where).to_be_visible()
    expect(page.locator(".ant-empty"), where).to_have_count(0)
    said = page.locator("main:not(.conversation), nav.threads, nav.queue").first.inner_text()
    assert not NOTHING.search(said), f"{where}: {said}"


def read_again(page: Page) -> None:
    """Press each button that offers it; each goes with what it stood at."""
    again = page.get_by_role("button", name="重试")
    while count := again.count():
        again.first.click()
        expect(again).not_to_have_count(count)


@pytest.mark.parametrize("fail", [lose, refuse])
def test_no_page_calls_empty_what_could_not_be_read(seats: Seats, fail: Callable[[Route], None]) -> None:
    seat = seats.take(ADMIN, "/login")
    page = seat.page
    for address, asked in LISTS.items():
        pattern = re.compile(rf"/api/v1/(?:{asked})(?:\?.*)?$")
        page.route(pattern, fail)
        seat.open(address)
        expect_unread(page, address)
        page.unroute(pattern)
        read_again(page)


def test_a_tab_a_detail_and_a_replay_say_so_too(seats: Seats) -> None:
    seat = seats.take(ADMIN, "/login")
    page = seat.page
    thread = page.request.post("/api/v1/threads", data={}).json()["id"]
    for address, pattern in {
        f"/replay/{thread}": rf"/api/v1/threads/{thread}.*",
        f"/console/{thread}": rf"/api/v1/threads/{thread}/snapshot.*",
        "/approvals/unknown": r"/api/v1/interrupts/unknown$",
        "/scripts/01900000-0000-7000-8000-000000000000": r"/api/v1/scripts/.+",
    }.items():
        page.route(re.compile(pattern), refuse)
        seat.open(address)
        expect(page.get_by_role("button", name="重试").first).to_be_visible()
        page.unroute(re.compile(pattern))
    seat.open("/approvals")
    # What was decided, not the queue beside it.
    decided = re.compile(r"/api/v1/interrupts\?(?!.*status=pending)")
    page.route(decided, lose)
    page.get_by_text("已处理", exact=True).click()
    expect(page.get_by_test_id("unread")).to_be_visible()
    expect(page.get_by_text("还没有处理过")).to_have_count(0)
    page.unroute(decided)
    read_again(page)
    expect(page.get_by_test_id("unread")).to_have_count(0)


def test_what_was_read_before_stays_in_view(seats: Seats) -> None:
    page = seats.take(ADMIN, "/products").page
    rows = page.locator("tbody tr[data-row-key]")
    expect(rows.first).to_be_visible()
    page.route(re.compile(r"/api/v1/products\?"), lose)
    page.get_by_role("button", name=re.compile("^删除「")).first.click()
    page.get_by_role("dialog").get_by_role("button", name=re.compile("^删\\s?除$")).click()
    expect(page.get_by_test_id("unread")).to_be_visible()
    expect(rows.first).to_be_visible()
