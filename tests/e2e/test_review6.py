"""What a fresh review found broken: each fails until it is mended."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Seats
from tests.e2e.test_coming_back import until
from tests.e2e.test_recovery import kill, waiting
from tests.support.desk_client import ADMIN, APPROVER, HOST
from tests.support.processes import ServerProcess


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


@pytest.fixture(autouse=True)
def alive(server: ServerProcess) -> None:
    """A test that failed while the server was dead takes none of the others along."""
    if not server.alive:
        server.start().wait_healthy()


def test_an_approval_is_not_kept_for_when_the_line_is_back(seats: Seats, server: ServerProcess) -> None:
    asked, _ = waiting(seats)
    approver = seats.take(APPROVER, f"/approvals/{asked}")
    page = approver.page
    expect(page.get_by_test_id("approve")).to_be_enabled()
    kill(server, page)
    page.keyboard.press("a")
    expect(page.get_by_role("alert").filter(has_text="恢复前不能审批")).to_be_visible()
    server.start().wait_healthy()
    approver.connected()
    expect(page.get_by_test_id("approve")).to_be_enabled()
    assert page.request.get(f"/api/v1/interrupts/{asked}").json()["status"] == "pending"


def test_a_product_that_a_colleague_changed_meanwhile_is_not_overwritten_unseen(seats: Seats) -> None:
    admin = seats.take(ADMIN, "/products")
    page, request = admin.page, admin.context.request
    page.clock.install()
    admin.open("/products")
    product = request.get("/api/v1/products").json()["items"][0]
    admin.open(f"/products/{product['id']}")
    name = page.locator(".ant-drawer #name")
    expect(name).to_have_value(product["name"])
    changed = request.patch(
        f"/api/v1/products/{product['id']}", data={"version": product["version"], "brand": "同事改的"}
    )
    assert changed.ok
    # The list is read again when the window is come back to.
    page.clock.fast_forward(31_000)
    with page.expect_response(lambda answer: "/api/v1/products" in answer.url):
        page.evaluate("() => window.dispatchEvent(new Event('visibilitychange'))")
    name.fill(f"{product['name']}（新）")
    page.locator(".ant-drawer button[type=submit]").click()
    expect(page.locator(".ant-drawer .ant-alert-error")).to_be_visible()
    now = request.get("/api/v1/products").json()["items"]
    assert next(row["brand"] for row in now if row["id"] == product["id"]) == "同事改的"


def test_the_teleprompter_opens_again_while_the_server_is_away(seats: Seats, server: ServerProcess) -> None:
    host = seats.take(HOST, "/login")
    page = host.page
    room = host.context.request.get("/api/v1/rooms").json()["items"][0]
    host.open(f"/prompter.html?room={room['id']}")
    expect(page.locator(".line")).to_contain_text("已连接")
    # Null as long as no worker was ever installed: its page and files are kept by its `install`.
    worker = "async () => (await navigator.serviceWorker.getRegistration())?.active?.state === 'activated'"
    until(lambda: page.evaluate(worker), page)
    page.reload()
    expect(page.locator(".line")).to_contain_text("已连接")
    server.kill()
    page.reload()
    expect(page.locator("main.stage")).to_be_visible()
