"""What is half typed into a form is there after a reload and a dead server, for whoever typed it and nobody else."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser import Seat, Seats
from tests.e2e.test_accessibility import AXE, serious
from tests.e2e.test_director import Room
from tests.e2e.test_main_job import ASK
from tests.support.desk_client import ADMIN, APPROVER, OPERATOR, PASSWORD
from tests.support.processes import ServerProcess

STRANGER = "admin@shanlan.demo.cuedesk"


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


@pytest.fixture(autouse=True)
def alive(server: ServerProcess) -> None:
    if not server.alive:
        server.start().wait_healthy()


def restored(page: Page) -> Locator:
    return page.get_by_test_id("restored-draft")


def kept(page: Page) -> list[str]:
    """Which drafts this browser holds."""
    return sorted(page.evaluate("Object.keys(localStorage).filter(key => key.startsWith('draft:'))"))


def become(seat: Seat, email: str) -> None:
    """Somebody else signs in at this browser; the one before did not sign out."""
    answer = seat.context.request.post("/api/v1/auth/login", data={"email": email, "password": PASSWORD})
    assert answer.ok, answer.text()


def test_a_new_product_outlives_reload_and_dead_server_until_it_is_saved(seats: Seats, server: ServerProcess) -> None:
    seat = seats.take(ADMIN, "/products/new")
    page = seat.page
    page.locator("#name").fill("青禾测试毛巾")
    page.locator("#price").fill("19.9")
    page.get_by_role("button", name="添加卖点").click()
    page.locator("#points_0_feature").fill("长绒棉")
    expect(restored(page)).to_have_count(0)
    server.kill()
    expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "reconnecting")
    page.locator("#brand").fill("青禾")
    server.start().wait_healthy()
    page.reload()
    expect(restored(page)).to_contain_text("已恢复")
    for field, value in {
        "#name": "青禾测试毛巾",
        "#price": "19.90",
        "#brand": "青禾",
        "#points_0_feature": "长绒棉",
    }.items():
        expect(page.locator(field)).to_have_value(value)
    assert serious(page, AXE) == []
    page.get_by_role("button", name="保 存").or_(page.get_by_role("button", name="保存")).click()
    expect(page).to_have_url(f"{seats.address}/products")
    assert kept(page) == []
    seat.open("/products/new")
    expect(page.locator("#name")).to_have_value("")
    expect(restored(page)).to_have_count(0)

    # Given up it is gone, and the form is as it was.
    page.locator("#name").fill("算了")
    page.reload()
    page.get_by_test_id("discard-draft").click()
    expect(page.locator("#name")).to_have_value("")
    expect(restored(page)).to_have_count(0)
    page.reload()
    expect(page.locator("#name")).to_have_value("")
    assert kept(page) == []


def test_nobody_finds_the_draft_of_somebody_else_or_of_another_team(seats: Seats) -> None:
    seat = seats.take(ADMIN, "/hosts/new")
    page = seat.page
    page.locator("#name").fill("小禾")
    page.locator("#voice").fill("慢慢说")
    for other in (STRANGER, OPERATOR):
        become(seat, other)
        seat.open("/hosts/new")
        expect(page.locator("#name").or_(page.get_by_text("只能查看")).first).to_be_visible()
        expect(restored(page)).to_have_count(0)
        assert "小禾" not in page.locator("body").inner_text()
        if page.locator("#name").count():
            expect(page.locator("#name")).to_have_value("")
    become(seat, ADMIN)
    seat.open("/hosts/new")
    expect(page.locator("#name")).to_have_value("小禾")

    # Who signs out leaves nothing behind.
    assert kept(page) != []
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="管理员").click()
    page.get_by_role("button", name="退出登录").click()
    expect(page.locator("input[autocomplete=username]")).to_be_visible()
    assert kept(page) == []


def test_what_a_colleague_changed_meanwhile_stays_theirs(seats: Seats) -> None:
    seat = seats.take(ADMIN, "/products")
    page, request = seat.page, seat.context.request
    product = request.get("/api/v1/products?limit=1").json()["items"][0]
    seat.open(f"/products/{product['id']}")
    page.locator("#unit").fill("套")
    colleague = {"version": product["version"], "brand": "别人改的牌子"}
    assert request.patch(f"/api/v1/products/{product['id']}", data=colleague).ok
    page.reload()
    expect(restored(page)).to_contain_text("有人改过")
    expect(page.locator("#unit")).to_have_value("套")
    expect(page.locator("#brand")).to_have_value("别人改的牌子")
    page.locator("form button[type=submit]").click()
    expect(page).to_have_url(f"{seats.address}/products")
    now = request.get(f"/api/v1/products/{product['id']}").json()
    assert (now["unit"], now["brand"]) == ("套", "别人改的牌子")


def test_a_rule_and_what_is_changed_and_not_saved_of_the_rules(seats: Seats) -> None:
    seat = seats.take(ADMIN, "/rules")
    page = seat.page
    expect(page.get_by_test_id("rules-version")).to_have_attribute("title", re.compile(r"\.general\."))

    def form() -> Locator:
        page.get_by_role("tab", name="本店规则").click()
        page.get_by_test_id("add-rule").click()
        return page.get_by_role("dialog")

    form().get_by_label("词语", exact=True).fill("家人们")
    page.reload()
    again = form()
    expect(restored(page)).to_be_visible()
    expect(again.get_by_label("词语", exact=True)).to_have_value("家人们")
    page.get_by_test_id("put-rule").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.reload()
    expect(page.get_by_test_id("rules-save")).to_contain_text("已恢复")
    page.get_by_role("tab", name="本店规则").click()
    expect(page.get_by_role("row").last).to_contain_text("家人们")
    page.get_by_test_id("discard-draft").click()
    expect(page.get_by_test_id("rules-save")).to_have_count(0)
    page.reload()
    expect(page.get_by_test_id("rules-version")).to_have_attribute("title", re.compile(r"\.general\."))
    expect(page.get_by_test_id("rules-save")).to_have_count(0)
    assert kept(page) == []


def test_a_show_being_planned_and_a_row_of_its_plan(seats: Seats) -> None:
    seat = seats.take(OPERATOR, "/rundown")
    page, request = seat.page, seat.context.request
    page.get_by_test_id("new-show").click()
    page.get_by_label("名称").fill("双十一大场")
    page.get_by_label("直播间").click()
    page.get_by_title("小雅的直播间").click()
    page.reload()
    page.get_by_test_id("new-show").click()
    expect(restored(page)).to_be_visible()
    expect(page.get_by_label("名称")).to_have_value("双十一大场")
    expect(page.get_by_role("dialog")).to_contain_text("小雅的直播间")

    product = request.get("/api/v1/products?limit=1").json()["items"][0]["id"]
    body = {
        "name": "小场",
        "room_id": Room(seat).id,
        "total_seconds": 600,
        "items": [{"product_id": product, "scenario": "selling_points", "seconds": 60, "notes": ""}],
    }
    show = request.post("/api/v1/shows", data=body).json()["show"]["id"]
    seat.open(f"/rundown/{show}")
    seconds = page.get_by_test_id("plan-table").locator("input")
    expect(seconds).to_have_value("60")
    seconds.fill("90")
    page.reload()
    expect(seconds).to_have_value("90")
    expect(restored(page)).to_be_visible()
    seconds.press("Enter")
    expect(restored(page)).to_have_count(0)
    page.reload()
    expect(seconds).to_have_value("90")
    expect(restored(page)).to_have_count(0)
    assert request.get(f"/api/v1/shows/{show}").json()["items"][0]["planned_seconds"] == 90


def test_reasons_and_notes_are_those_of_who_typed_them(seats: Seats) -> None:
    operator = seats.take(OPERATOR, "/hosts")
    thread = operator.context.request.post("/api/v1/threads", data={}).json()["id"]
    asked = operator.context.request.post(f"/api/v1/threads/{thread}/messages", data={"content": ASK})
    assert asked.ok
    seat = seats.take(APPROVER, f"/console/{thread}")
    page = seat.page
    expect(page.get_by_test_id("approval-card")).to_have_attribute("data-status", "pending")
    interrupt = page.get_by_test_id("approval-card").get_attribute("data-interrupt")
    seat.open(f"/approvals/{interrupt}")
    page.get_by_test_id("reject").click()
    page.get_by_test_id("reject-panel").get_by_role("radio").nth(2).check()
    page.get_by_test_id("approval-reason").fill("价格写错了")
    page.reload()
    expect(page.get_by_test_id("approval-reason")).to_have_value("价格写错了")
    expect(restored(page)).to_be_visible()
    expect(page.get_by_test_id("reject-panel").get_by_role("radio").nth(2)).to_be_checked()
    seat.open(f"/live/{Room(seat).id}")
    note = page.get_by_label("给主播的话")
    note.fill("库存剩 120")
    page.reload()
    expect(note).to_have_value("库存剩 120")
    expect(restored(page)).to_be_visible()

    become(seat, ADMIN)
    page.reload()
    expect(note).to_have_value("")
    seat.open(f"/approvals/{interrupt}")
    expect(page.get_by_test_id("approve")).to_be_visible()
    expect(page.get_by_test_id("reject-panel")).to_have_count(0)

    become(seat, APPROVER)
    page.reload()
    page.get_by_test_id("discard-draft").click()
    expect(page.get_by_test_id("approve")).to_be_visible()
    page.reload()
    expect(page.get_by_test_id("approve")).to_be_visible()
    expect(page.get_by_test_id("reject-panel")).to_have_count(0)


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
