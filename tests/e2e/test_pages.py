"""What else people do on the pages: sign in, answer questions, reject, keep the catalogue, choose how it looks."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import TALL, Seats
from tests.e2e.test_accessibility import AXE, serious
from tests.e2e.test_main_job import ASK
from tests.support.desk_client import ADMIN, APPROVER, HOST, OPERATOR
from tests.support.processes import ServerProcess

OWN: dict[str, Any] = {
    "providers": {"glm": {"profile": "zhipu", "key": "GLM"}},
    "backends": {"writer": {"provider": "glm", "model": "glm-4.5"}},
    "routes": {"judge": {"backends": ["writer"]}},
}


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(tenant_key__qinghe__glm="sk-of-the-team").wait_healthy()


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
    operator.page.get_by_test_id("withdraw").click()
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


def test_limits_are_typed_refused_and_kept_until_they_are_right(seats: Seats) -> None:
    admin = seats.take(ADMIN, "/models", viewport=TALL)
    page = admin.page
    part = page.get_by_test_id("model-budget")
    tokens, hard = part.get_by_label("每分钟 token 数"), part.get_by_label("每月费用：上限")
    save = part.get_by_test_id("save-limits")
    expect(save).to_be_disabled()
    tokens.fill("一万")
    expect(part.get_by_text("请填大于 0 的整数，或者留空")).to_be_visible()
    expect(tokens).to_have_attribute("aria-invalid", "true")
    expect(save).to_be_disabled()
    assert serious(page, AXE) == []
    # More than the server takes: it is told at its field, and stays.
    tokens.fill("99999999999")
    hard.fill("12.5")
    hard.press("Enter")
    expect(tokens).to_have_attribute("aria-invalid", "true")
    expect(tokens).to_have_value("99999999999")
    expect(hard).to_have_value("12.5")
    tokens.fill("60000")
    part.get_by_label("每月费用：提醒线").fill("20")
    expect(part.get_by_text("提醒线不能高于上限")).to_be_visible()
    expect(save).to_be_disabled()
    part.get_by_label("每月费用：提醒线").fill("")
    hard.press("Enter")
    expect(part.get_by_role("meter", name="最近一分钟的 token")).to_be_visible()
    expect(save).to_be_disabled()
    page.reload()
    expect(tokens).to_have_value("60000")
    expect(hard).to_have_value("12.5")
    tokens.fill("")
    hard.fill("")
    save.click()
    expect(part.get_by_role("meter")).to_have_count(0)
    operator = seats.take(OPERATOR, "/models").page
    expect(operator.get_by_test_id("model-budget")).to_contain_text("你的角色只能查看")
    expect(operator.get_by_test_id("own-models")).to_have_count(0)


def test_models_of_ones_own_are_checked_by_the_line_and_nobody_is_overwritten(seats: Seats) -> None:
    page = seats.take(ADMIN, "/models", viewport=TALL).page
    part = page.get_by_test_id("own-models")
    text, faults = part.get_by_label("模型设置（JSON）"), part.get_by_test_id("own-models-faults")
    lines = json.dumps(OWN, indent=2).splitlines()
    text.fill("\n".join(lines).replace('"key": "GLM"', '"key": "GLM",'))
    text.press("Control+Enter")
    expect(faults).to_contain_text("第 6 行")
    wrong = json.loads(json.dumps(OWN).replace('["writer"]', '["writer", "nobody"]').replace('"GLM"', '"OTHER"'))
    typed = json.dumps(wrong, indent=2)
    text.fill(typed)
    text.press("Control+Enter")
    expect(faults.get_by_role("listitem")).to_have_count(2)
    places = [next(at for at, line in enumerate(typed.splitlines(), 1) if name in line) for name in ("OTHER", "nobody")]
    for place, words in zip(places, ("CUEDESK_TENANT_KEY__QINGHE__OTHER", "nobody"), strict=True):
        told = faults.get_by_role("listitem").filter(has_text=words)
        expect(told).to_contain_text(f"第 {place} 行")
    expect(text).to_have_value(typed)
    faults.get_by_role("button", name=f"第 {places[1]} 行").click()
    expect(text).to_be_focused()
    chosen = text.evaluate("field => field.value.slice(field.selectionStart, field.selectionEnd)")
    assert chosen.strip() == '"nobody"'
    assert serious(page, AXE) == []

    mine = json.dumps(OWN, indent=2)
    text.fill(mine)
    # A colleague is first.
    theirs = {**OWN, "routes": {"summary": {"backends": ["writer"]}}}
    known = page.request.get("/api/v1/models/own").json()["revision"]
    first = page.request.put("/api/v1/models/own", data={"revision": known, "models": theirs})
    assert first.ok, first.text()
    part.get_by_test_id("save-own-models").click()
    overtaken = part.get_by_test_id("own-models-overtaken")
    expect(overtaken.get_by_role("textbox")).to_contain_text("summary")
    expect(text).to_have_value(mine)
    assert serious(page, AXE) == []
    overtaken.get_by_role("button", name="保留我的").click()
    part.get_by_test_id("save-own-models").click()
    expect(part.get_by_test_id("own-models-keys")).to_contain_text("CUEDESK_TENANT_KEY__QINGHE__GLM")
    expect(part.get_by_test_id("own-models-keys")).to_contain_text("已设置")
    expect(page.get_by_role("row").filter(has_text="审读")).to_contain_text("own/writer")
    part.get_by_role("button", name="恢复服务器的模型").click()
    page.get_by_role("dialog").get_by_role("button", name="恢复服务器的模型").click()
    expect(part).to_contain_text("没有自己的模型")
    expect(text).to_have_value("")


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


def test_escape_in_the_field_withdraws_no_script_that_waits_for_approval(seats: Seats) -> None:
    operator = seats.take(OPERATOR, viewport=TALL)
    page, box = operator.page, operator.page.locator(".composer textarea").first
    operator.ask(ASK)
    card = page.get_by_test_id("approval-card")
    expect(card).to_have_attribute("data-status", "pending")
    box.fill("半句话")
    box.press("Escape")
    # What is said next is told that the script waits only as long as it does.
    box.press("Enter")
    expect(page.get_by_test_id("message-assistant").last).to_contain_text("还在等审批")
    expect(card).to_have_attribute("data-status", "pending")
