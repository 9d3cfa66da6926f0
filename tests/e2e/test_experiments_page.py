"""The page of experiments: one is made, started, written in, judged and concluded; and only for who may see it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.browser import TALL, Seats
from tests.e2e.test_accessibility import AXE, serious
from tests.support.desk_client import ADMIN, APPROVER, OPERATOR
from tests.support.processes import ServerProcess

ASK = "给小雅的直播间写一段保温杯卖点，60秒"


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


def make(page: Page, key: str) -> None:
    page.get_by_test_id("new-experiment").click()
    form = page.get_by_role("dialog")
    form.get_by_label("代号").first.fill(key)
    form.get_by_label("想弄清楚什么").fill("少互动是不是更容易通过？")
    form.get_by_label("不讲（离线写手）").nth(1).fill("互动")
    page.keyboard.press("Enter")
    # Found by the word that one reads.
    expect(form.locator(".ant-select-selection-item").filter(has_text="互动")).to_be_visible()
    # antd gives an open list of options no name.
    form.get_by_label("代号").first.click()
    expect(page.get_by_role("listbox")).to_have_count(0)
    # Shares that do not add up cannot be saved.
    weight = form.get_by_label("占比 %").nth(1)
    weight.fill("40")
    expect(form.get_by_test_id("save-experiment")).to_be_disabled()
    weight.fill("50")
    assert serious(page, AXE) == []
    form.get_by_test_id("save-experiment").click()
    expect(form).to_be_hidden()


def test_an_experiment_is_made_tried_judged_and_concluded(seats: Seats) -> None:
    admin = seats.take(ADMIN, viewport=TALL)
    page = admin.page
    # Found by the keyboard alone, behind one's own name.
    page.get_by_role("button", name="管理员").focus()
    page.keyboard.press("Enter")
    link = page.get_by_role("link", name="写法实验")
    expect(link).to_be_visible()
    link.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("写法实验")
    expect(page.get_by_text("还没有实验")).to_be_visible()
    assert serious(page, AXE) == []

    key = "less-asking"
    make(page, key)
    row = page.get_by_role("row").filter(has_text=key)
    expect(row).to_contain_text("草稿")
    row.get_by_test_id("start-experiment").click()
    expect(row).to_contain_text("进行中")

    operator = seats.take(OPERATOR, viewport=TALL)
    operator.ask(ASK)
    operator.page.get_by_test_id("approve").last.click()
    expect(operator.page.get_by_test_id("approval-card").last).to_have_attribute("data-status", "approve")

    page.get_by_role("link", name=f"看「{key}」的结果").click()
    results = page.get_by_test_id("experiment-results")
    expect(results).to_contain_text("还不够，看不出来")
    expect(results.get_by_role("row").filter(has_text="100%")).to_have_count(1)
    assert serious(page, AXE) == []

    row.get_by_role("button", name="结束实验").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("平时的写法不会自动改变")
    dialog.get_by_role("button", name="结束实验").click()
    expect(row).to_contain_text("已结束")
    expect(row.get_by_role("button")).to_have_count(0)
    assert admin.complaints == []


def test_who_judges_the_texts_finds_no_way_to_the_numbers(seats: Seats) -> None:
    approver = seats.take(APPROVER).page
    approver.get_by_role("button", name="阿敏").click()
    expect(approver.get_by_text("退出登录")).to_be_visible()
    expect(approver.get_by_text("English")).to_be_visible()
    expect(approver.get_by_role("link", name="写法实验")).to_have_count(0)
    approver.goto(f"{approver.url.partition('/console')[0]}/experiments")
    expect(approver.get_by_role("alert")).to_be_visible()
    expect(approver.get_by_test_id("new-experiment")).to_have_count(0)
    operator = seats.take(OPERATOR, "/experiments").page
    expect(operator.get_by_test_id("new-experiment")).to_be_disabled()


def test_a_list_that_cannot_be_read_says_so_and_tries_again(seats: Seats) -> None:
    page = seats.take(ADMIN, "/products").page
    failing = True

    def answer(route: Route) -> None:
        if failing:
            route.fulfill(status=500, body="{}", content_type="application/json")
        else:
            route.continue_()

    page.route("**/api/v1/experiments?*", answer)
    page.goto(f"{page.url.rsplit('/', 1)[0]}/experiments")
    retry = page.get_by_role("button", name="重试")
    expect(retry).to_be_visible()
    failing = False
    retry.click()
    expect(retry).to_be_hidden()
