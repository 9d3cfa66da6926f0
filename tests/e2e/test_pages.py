"""What else people do on the pages: sign in, answer questions, reject, keep the catalogue, choose how it looks."""

from playwright.sync_api import expect

from tests.e2e.browser import TALL, Seats
from tests.e2e.test_accessibility import AXE, serious
from tests.e2e.test_main_job import ASK
from tests.support.desk_client import APPROVER, HOST, OPERATOR


def test_a_wrong_password_is_told_and_the_right_one_lets_in(seats: Seats) -> None:
    seat = seats.take(None, "/products")
    seat.sign_in(OPERATOR, "not the password")
    expect(seat.page.get_by_role("alert").first).to_contain_text("邮箱或密码不对")
    seat.sign_in(OPERATOR).connected()
    expect(seat.page.get_by_role("heading", level=1)).to_have_text("商品")
    seat.page.get_by_role("button", name="小林").click()
    seat.page.get_by_text("退出登录").click()
    expect(seat.page.locator("input[autocomplete=username]")).to_be_visible()


def test_a_question_is_answered_by_a_click(seats: Seats) -> None:
    seat = seats.take(OPERATOR)
    seat.ask("给小雅的直播间写一段话术，30秒")
    question = seat.page.get_by_test_id("clarification")
    first = question.get_by_role("button").first
    expect(first).to_be_enabled()
    answer = first.inner_text()
    first.click()
    expect(seat.page.get_by_test_id("message-user").last).to_contain_text(answer)
    expect(seat.page.get_by_test_id("message-assistant").nth(1)).to_be_visible()
    expect(question.first.get_by_role("button").first).to_be_disabled()


def test_a_rejection_with_its_reason_brings_another_draft(seats: Seats) -> None:
    operator, approver = seats.take(OPERATOR, viewport=TALL), seats.take(APPROVER, "/approvals")
    operator.ask(ASK)
    expect(operator.page.get_by_test_id("approval-card")).to_be_visible()
    approver.page.get_by_test_id("queue-row").last.click()
    expect(approver.page.get_by_test_id("reject")).to_be_enabled()
    approver.page.keyboard.press("x")
    approver.page.get_by_test_id("approval-reason").fill("短一点，15秒")
    approver.page.get_by_test_id("submit-reject").click()
    cards = operator.page.get_by_test_id("approval-card")
    expect(cards.first).to_have_attribute("data-status", "reject")
    expect(cards.first).to_contain_text("短一点，15秒")
    expect(cards.last).to_have_attribute("data-status", "pending")
    cards.last.get_by_test_id("reject").click()
    cards.last.get_by_test_id("submit-reject").click()
    expect(cards.last).to_have_attribute("data-status", "reject")


def test_a_forbidden_word_in_an_edit_does_not_go_on_air(seats: Seats) -> None:
    operator = seats.take(OPERATOR, viewport=TALL)
    operator.ask(ASK)
    cards = operator.page.get_by_test_id("approval-card")
    cards.first.get_by_test_id("edit").click()
    editor = operator.page.get_by_test_id("approval-editor")
    editor.fill(f"全网销量第一的保温杯，包治百病。{editor.input_value()}")
    operator.page.get_by_test_id("submit-edit").click()
    expect(cards).to_have_count(2)
    expect(cards.last.get_by_test_id("approve")).to_be_disabled()
    expect(cards.last).to_contain_text("禁止")
    operator.page.get_by_test_id("stop").click()
    expect(cards.last).to_have_attribute("data-status", "cancelled")


def test_a_product_is_made_changed_found_and_deleted(seats: Seats) -> None:
    page = seats.take(OPERATOR, "/products").page
    page.get_by_role("button", name="新建").click()
    form = page.get_by_role("dialog")
    form.get_by_role("button", name="保存").click()
    expect(form.get_by_text("请填写").first).to_be_visible()
    form.get_by_label("名称", exact=True).fill("晨曦折叠伞")
    form.get_by_label("售价").fill("39.9")
    form.get_by_role("button", name="添加卖点").click()
    form.get_by_label("特点").fill("八骨加固")
    form.get_by_role("button", name="保存").click()
    row = page.get_by_role("row").filter(has_text="晨曦折叠伞")
    expect(row).to_contain_text("39.9")
    row.get_by_role("button", name="编辑").click()
    form.get_by_label("售价").fill("35")
    form.get_by_role("button", name="保存").click()
    expect(row).to_contain_text("35")
    page.get_by_placeholder("搜索").fill("折叠")
    expect(page.get_by_role("row")).to_have_count(2)
    row.get_by_role("button", name="删除").click()
    page.get_by_role("dialog").get_by_role("button", name="删除").click()
    expect(row).to_have_count(0)


def test_a_host_is_made_and_the_role_of_a_host_may_only_read(seats: Seats) -> None:
    page = seats.take(OPERATOR, "/hosts").page
    page.get_by_role("button", name="新建").click()
    form = page.get_by_role("dialog")
    form.get_by_label("名字").fill("阿禾")
    form.get_by_label("风格").fill("慢条斯理，讲生活")
    form.get_by_role("button", name="保存").click()
    expect(page.get_by_role("row").filter(has_text="阿禾")).to_contain_text("慢条斯理")
    reader = seats.take(HOST, "/hosts").page
    expect(reader.get_by_role("row").filter(has_text="阿禾")).to_be_visible()
    expect(reader.get_by_role("button", name="新建")).to_be_disabled()
    expect(reader.get_by_text("你的角色只能查看")).to_be_visible()


def test_what_a_run_asked_of_models_and_how_these_are(seats: Seats) -> None:
    operator = seats.take(OPERATOR, viewport=TALL)
    operator.ask(ASK)
    page = operator.page
    expect(page.get_by_test_id("approval-card")).to_be_visible(timeout=15_000)
    page.get_by_test_id("run-steps").get_by_role("link", name="模型调用").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("这次运行的模型调用")
    calls = page.get_by_test_id("run-calls")
    expect(calls.get_by_role("row").filter(has_text="写话术")).to_contain_text("offline", timeout=15_000)
    expect(calls).to_contain_text("完成")
    assert serious(page, AXE) == []
    page.get_by_role("link", name="查看模型状态").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("模型状态")
    expect(page.get_by_test_id("backends").get_by_role("row").filter(has_text="offline")).to_contain_text("正常")
    assert serious(page, AXE) == []
    page.get_by_role("button", name="小林").click()
    page.get_by_role("link", name="模型状态").click()
    expect(page.get_by_test_id("backends")).to_be_visible()


def test_language_and_theme_are_kept(seats: Seats) -> None:
    seat = seats.take(None, "/login")
    seat.page.get_by_text("English", exact=True).click()
    seat.page.get_by_text("Dark", exact=True).click()
    expect(seat.page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(seat.page.locator("html")).to_have_attribute("lang", "en")
    seat.sign_in(OPERATOR).connected()
    expect(seat.page.get_by_role("link", name="Approvals")).to_be_visible()
    seat.page.reload()
    expect(seat.page.get_by_role("link", name="Approvals")).to_be_visible()
    expect(seat.page.locator("html")).to_have_attribute("data-theme", "dark")
    background = seat.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(map(int, background.strip("rgb()").split(","))) < 150


def test_every_page_can_be_reached_on_a_phone(seats: Seats) -> None:
    page = seats.take(HOST, viewport={"width": 390, "height": 844}).page
    # Also while the line's round trip is not measured yet, and after it is: neither may push the pages aside.
    for link in page.locator("nav.pages a").all():
        expect(link).to_be_in_viewport(ratio=0.95)
