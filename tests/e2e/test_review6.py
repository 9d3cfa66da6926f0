"""What a fresh review found broken: each fails until it is mended."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import TALL, Seats
from tests.e2e.test_coming_back import until
from tests.e2e.test_main_job import ASK
from tests.e2e.test_recovery import kill, waiting
from tests.support.desk_client import ADMIN, APPROVER, HOST, OPERATOR
from tests.support.processes import ServerProcess


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


@pytest.fixture(autouse=True)
def alive(server: ServerProcess) -> None:
    """A test that failed while the server was dead takes none of the others along."""
    if not server.alive:
        server.start().wait_healthy()


def test_a_chosen_option_leaves_what_is_being_typed(seats: Seats) -> None:
    operator = seats.take(OPERATOR, viewport=TALL)
    page, box = operator.page, operator.page.locator(".composer textarea").first
    operator.ask("写一段话术")
    options = page.get_by_test_id("clarification").get_by_role("button")
    expect(options.first).to_be_enabled()
    box.fill("下一条：面膜的卖点")
    options.first.click()
    expect(page.get_by_test_id("approval-card")).to_have_attribute("data-status", "pending")
    expect(box).to_have_value("下一条：面膜的卖点")


def test_what_is_typed_while_a_message_is_on_its_way_stays(seats: Seats, server: ServerProcess) -> None:
    operator = seats.take(OPERATOR, viewport=TALL)
    page, box = operator.page, operator.page.locator(".composer textarea").first
    operator.ask("你好")
    expect(page.get_by_test_id("message-assistant")).to_have_attribute("data-status", "complete")
    kill(server, page)
    box.fill("写一段保温杯促单，30秒")
    box.press("Enter")
    box.fill("下一条：面膜的卖点")
    server.start().wait_healthy()
    expect(page.get_by_test_id("approval-card")).to_have_attribute("data-status", "pending")
    expect(box).to_have_value("下一条：面膜的卖点")


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


def test_escape_in_the_field_withdraws_no_script_that_waits_for_approval(seats: Seats) -> None:
    operator = seats.take(OPERATOR, viewport=TALL)
    page, box = operator.page, operator.page.locator(".composer textarea").first
    operator.ask(ASK)
    card = page.get_by_test_id("approval-card")
    expect(card).to_have_attribute("data-status", "pending")
    box.fill("半句话")
    box.press("Escape")
    # What is said next is refused only as long as the script waits.
    box.press("Enter")
    expect(page.get_by_test_id("send-refused")).to_contain_text("等待审批")
    expect(card).to_have_attribute("data-status", "pending")


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
