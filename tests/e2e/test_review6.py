"""What a fresh review found broken: each fails until it is mended."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import TALL, Seats
from tests.e2e.test_main_job import ASK
from tests.e2e.test_recovery import kill
from tests.support.desk_client import ADMIN, OPERATOR
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
