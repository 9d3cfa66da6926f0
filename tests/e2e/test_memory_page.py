"""The page of memories: a note is added, found with its reasons, and shown as what a script leaned on."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import TALL, Seats
from tests.e2e.test_accessibility import AXE, serious
from tests.support.desk_client import ADMIN, HOST, OPERATOR
from tests.support.processes import ServerProcess

ASK = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
NOTES = ("保温杯开场先问一句：早上出门来得及喝热水吗？", "保温杯别一上来就报价。", "保温杯杯盖要当场拧给大家看。", "保温杯的杯刷放在画面里。")  # noqa: E501  # fmt: skip


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


def note(page: Page, text: str, product: str | None = None) -> None:
    page.get_by_test_id("new-note").click()
    form = page.get_by_role("dialog")
    form.get_by_label("笔记内容").fill(text)
    if product is not None:
        form.get_by_label("商品").fill(product)
        # Enter chooses of what is listed, and that is read from the server first.
        expect(page.locator(".ant-select-item-option-active")).to_contain_text(product)
        page.keyboard.press("Enter")
    form.get_by_test_id("save-note").click()
    expect(form).to_be_hidden()
    expect(page.get_by_role("row").filter(has_text=text)).to_be_visible()


def test_a_note_is_kept_found_used_and_forgotten(seats: Seats) -> None:
    operator = seats.take(OPERATOR, "/memory", viewport=TALL)
    page = operator.page
    expect(page.get_by_text("还没有记忆")).to_be_visible()
    assert serious(page, AXE) == []
    for text in NOTES:
        note(page, text, "保温杯")

    page.get_by_label("搜索记忆").fill("出门喝不上热水")
    page.keyboard.press("Enter")
    first = page.get_by_role("table").get_by_role("row").nth(1)
    expect(first).to_contain_text("来得及喝热水")
    expect(first).to_contain_text("第 1")
    assert serious(page, AXE) == []

    desk = seats.take(OPERATOR, viewport=TALL)
    desk.ask(ASK)
    expect(desk.page.get_by_test_id("approval-card")).to_be_visible()
    desk.page.locator(".step-link").click()
    expect(desk.page.get_by_role("heading", level=1)).to_have_text("这次写稿参考了哪些记忆，为什么")
    expect(desk.page.get_by_role("table").first).to_contain_text("保温杯")
    expect(desk.page.get_by_role("table").first).to_contain_text("第 1")
    assert serious(desk.page, AXE) == []
    forget = seats.take(OPERATOR, "/memory", viewport=TALL).page
    row = forget.get_by_role("row").filter(has_text="来得及喝热水")
    row.get_by_role("button", name="删除").click()
    # The list read anew after it does not come: what is deleted is gone all the same.
    forget.route("**/api/v1/memory?*", lambda route: route.fulfill(status=503, body="{}"))
    asked = forget.get_by_role("dialog")
    asked.get_by_role("button", name="删除").click()
    expect(asked).to_be_hidden()
    expect(row).to_have_count(0)
    forget.unroute("**/api/v1/memory?*")
    desk.page.reload()
    expect(desk.page.get_by_text("这条记忆已被删除")).to_be_visible()


def test_an_admin_counts_before_forgetting_and_a_host_may_only_look(seats: Seats) -> None:
    admin = seats.take(ADMIN, "/memory", color_scheme="dark").page
    note(admin, "孙小满老师讲被子要慢。")
    admin.get_by_role("button", name="按请求遗忘").click()
    form = admin.get_by_role("dialog")
    form.get_by_label("姓名").fill("孙小满")
    form.get_by_role("button", name="查看有多少条").click()
    expect(form.get_by_role("status")).to_contain_text("将删除 1 条")
    assert serious(admin, AXE) == []
    form.get_by_test_id("forget-now").click()
    expect(admin.get_by_role("row").filter(has_text="孙小满")).to_have_count(0)
    host = seats.take(HOST, "/memory").page
    expect(host.get_by_test_id("new-note")).to_be_disabled()
    expect(host.get_by_role("button", name="按请求遗忘")).to_have_count(0)


def test_a_list_that_cannot_be_read_says_so_and_tries_again(browser: Browser, seats: Seats) -> None:
    seat = seats.take(OPERATOR, "/products")
    failing = True

    def answer(route) -> None:
        if failing:
            route.fulfill(status=500, body="{}", content_type="application/json")
        else:
            route.continue_()

    seat.page.route("**/api/v1/memory?*", answer)
    seat.page.goto(f"{seat.page.url.rsplit('/', 1)[0]}/memory")
    retry = seat.page.get_by_role("button", name="重试")
    expect(retry).to_be_visible()
    failing = False
    retry.click()
    expect(retry).to_be_hidden()
