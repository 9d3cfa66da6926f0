"""What a team keeps and looks up, by the keyboard alone: hosts, rules, memory, shows, models, replay."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.e2e.browser import Seats
from tests.e2e.keyboard import Hands
from tests.e2e.test_replay import lived_through
from tests.support.desk_client import ADMIN, OPERATOR
from tests.support.processes import ServerProcess


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


def gone(hands: Hands, dialog: Locator) -> None:
    """It closes, and the focus is on the page again."""
    expect(dialog).to_have_count(0)
    hands.kept()


def test_a_host_is_made_and_language_and_theme_are_chosen(seats: Seats) -> None:
    seat = seats.take(OPERATOR, "/hosts")
    hands, page = Hands(seat), seat.page
    form = page.get_by_role("dialog")
    hands.do(page.get_by_role("button", name="新建"))
    hands.write(form.get_by_label("名字"), "阿禾")
    hands.write(form.get_by_label("风格"), "慢条斯理，讲生活")
    hands.do(form.get_by_role("button", name="保存"))
    gone(hands, form)
    expect(page.get_by_role("row").filter(has_text="阿禾")).to_contain_text("慢条斯理")

    # What the person's button opens has the focus, and gives it back.
    person = page.get_by_role("button", name="小林")
    hands.do(person, back=True)
    hands.kept(page.locator(".user-menu"))
    hands.press("Escape")
    expect(page.locator(".user-menu")).to_have_count(0)
    hands.here(person)
    hands.press("Enter")
    hands.kept(page.locator(".user-menu"))
    hands.press("ArrowRight")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    hands.kept(page.locator(".user-menu"))
    # The whole page speaks another language now, and its parts are others.
    hands.to(page.locator(".preferences .ant-segmented").nth(1).locator("input:checked"))
    for name in ("Light", "Dark"):
        hands.press("ArrowRight")
        expect(page.get_by_role("radio", name=name)).to_be_checked()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    hands.kept(page.locator(".user-menu"))
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Hosts")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    hands.no_pointer()
    assert seat.complaints == []


def test_a_rule_is_tried_before_it_is_saved(seats: Seats) -> None:
    seat = seats.take(ADMIN, "/rules")
    hands, page = Hands(seat), seat.page
    version = page.get_by_test_id("rules-version")
    expect(version).to_have_attribute("title", re.compile(r"\.general\."))
    hands.to(page.get_by_role("tab", name="生效规则"))
    hands.press("ArrowRight")
    own = page.get_by_role("tab", name="本店规则")
    hands.here(own)
    hands.press("Enter")
    hands.do(page.get_by_test_id("add-rule"))
    form = page.get_by_role("dialog")
    hands.write(form.get_by_label("名称", exact=True), "口头禅")
    hands.choose(form.get_by_label("处理"), "注意")
    hands.write(form.get_by_label("词语", exact=True), "老铁们")
    hands.do(page.get_by_test_id("put-rule"))
    gone(hands, form)
    hands.do(page.get_by_test_id("run-trial"), back=True)
    expect(page.get_by_test_id("trial-sum")).to_be_visible()
    hands.write(page.get_by_label("备注（可不填）"), "口头禅", back=True)
    hands.do(page.get_by_test_id("save-rules"))
    expect(version).to_have_attribute("title", re.compile(r"\b1\.general\."))
    hands.kept()
    hands.do(page.get_by_role("button", name="删除「口头禅」"))
    hands.kept()
    hands.do(page.get_by_test_id("save-rules"), back=True)
    expect(version).to_have_attribute("title", re.compile(r"\b2\.general\."))
    hands.kept()
    hands.no_pointer()
    assert seat.complaints == []


def test_a_memory_is_noted_found_and_forgotten(seats: Seats) -> None:
    seat = seats.take(ADMIN, "/memory")
    hands, page = Hands(seat), seat.page
    form = page.get_by_role("dialog")
    for text in ("孙小满老师讲被子要慢。", "保温杯杯盖要当场拧给大家看。"):
        hands.do(page.get_by_test_id("new-note"))
        hands.write(form.get_by_label("笔记内容"), text)
        hands.do(form.get_by_test_id("save-note"))
        gone(hands, form)
        expect(page.get_by_role("row").filter(has_text=text)).to_be_visible()
    hands.do(page.get_by_role("button", name="按请求遗忘"), back=True)
    hands.write(form.get_by_label("姓名"), "孙小满")
    hands.press("Enter")
    expect(form.get_by_role("status")).to_contain_text("将删除 1 条")
    hands.do(form.get_by_test_id("forget-now"))
    gone(hands, form)
    expect(page.get_by_role("row").filter(has_text="孙小满")).to_have_count(0)
    row = page.get_by_role("row").filter(has_text="杯盖")
    hands.do(row.get_by_role("button", name="删除"))
    hands.do(form.get_by_role("button", name="删除"))
    expect(row).to_have_count(0)
    gone(hands, form)
    hands.no_pointer()
    assert seat.complaints == []


def test_a_show_is_planned_and_exported(seats: Seats) -> None:
    seat = seats.take(OPERATOR, "/rundown")
    hands, page = Hands(seat), seat.page
    hands.do(page.get_by_test_id("new-show"))
    form = page.get_by_role("dialog")
    hands.write(form.get_by_label("名称"), "周三小场")
    hands.choose(form.get_by_label("直播间"), "小雅的直播间")
    hands.write(form.get_by_label("总时长（分钟）"), "10")
    hands.to(form.get_by_role("radio", name="导入表格"))
    hands.press("ArrowRight")
    hands.choose(form.get_by_role("combobox", name="商品"), "保温杯")
    hands.press("Escape")
    expect(page.get_by_test_id("plan-sums")).to_contain_text("1 段话术")
    hands.do(page.get_by_test_id("accept-plan"))
    expect(page.get_by_role("heading", name="周三小场")).to_be_visible()
    hands.kept()
    hands.do(page.get_by_test_id("start-show"))
    expect(page.get_by_test_id("show-progress")).to_contain_text("待审批 1")
    hands.kept()
    hands.do(page.get_by_test_id("open-review"))
    expect(page.get_by_test_id("edit")).to_be_visible()
    hands.kept()
    # By whom it may be: the export is the operator's again.
    asked = page.url.rsplit("/", 1)[-1]
    decided = seats.take(ADMIN, "/login").context.request.post(
        f"/api/v1/interrupts/{asked}/decide", data={"decision": "approve"}
    )
    assert decided.ok, decided.text()
    hands.go("r")
    hands.do(page.get_by_role("link", name="周三小场"))
    export = page.get_by_test_id("export-docx")
    expect(export).to_be_enabled()
    hands.to(export)
    with page.expect_download() as download:
        hands.press("Enter")
    assert download.value.suggested_filename == "周三小场.docx"
    hands.no_pointer()
    assert seat.complaints == []


def test_limits_of_models_are_set(seats: Seats) -> None:
    seat = seats.take(ADMIN, "/models")
    hands, page = Hands(seat), seat.page
    part = page.get_by_test_id("model-budget")
    tokens = part.get_by_label("每分钟 token 数")
    for value in ("60000", ""):
        hands.write(tokens, value, back=value == "")
        if value == "":
            hands.press("Delete")
        hands.do(part.get_by_test_id("save-limits"))
        expect(part.get_by_test_id("save-limits")).to_be_disabled()
        hands.kept(part)
        expect(part.get_by_role("meter")).to_have_count(1 if value else 0)
    text = page.get_by_test_id("own-models").get_by_label("模型设置（JSON）")
    hands.write(text, '{"providers": {},}')
    hands.press("Control+Enter")
    faults = page.get_by_test_id("own-models-faults")
    expect(faults).to_be_visible()
    hands.do(faults.get_by_role("button").first)
    hands.here(text)
    hands.no_pointer()
    assert seat.complaints == []


def test_a_conversation_is_scrubbed_through(seats: Seats) -> None:
    thread = lived_through(seats)
    seat = seats.take(OPERATOR, f"/replay/{thread}")
    hands, page = Hands(seat), seat.page
    position = page.get_by_test_id("position")
    expect(position).to_be_visible()
    hands.press("Home")
    expect(position).to_contain_text(re.compile(r"\b1 /"))
    hands.press("ArrowRight")
    expect(position).to_contain_text(re.compile(r"\b2 /"))
    hands.to(page.get_by_test_id("scrubber"))
    hands.press("ArrowRight")
    expect(position).to_contain_text(re.compile(r"\b3 /"))
    hands.press("End")
    last = position.inner_text()
    hands.do(page.get_by_test_id("previous"), back=True)
    expect(position).not_to_have_text(last)
    hands.press("2")
    expect(page.get_by_role("button", name="4×")).to_have_attribute("aria-pressed", "true")
    with page.expect_download() as download:
        hands.do(page.get_by_test_id("export-json"), back=True)
    assert download.value.suggested_filename.endswith(".json")
    hands.kept()
    hands.do(page.get_by_test_id("fork"))
    expect(page).to_have_url(re.compile("/console/"))
    hands.kept()
    hands.no_pointer()
    assert seat.complaints == []


def test_the_audit_log_is_filtered(seats: Seats) -> None:
    operator = seats.take(OPERATOR, "/login").context.request
    room = operator.post("/api/v1/rooms", data={"name": "键盘间"}).json()["id"]
    seat = seats.take(ADMIN, "/audit")
    hands, page = Hands(seat), seat.page
    rows = page.get_by_role("row")
    expect(rows.filter(has_text=room)).to_have_count(1)
    hands.choose(page.get_by_role("combobox", name="按事项筛选"), "直播间")
    expect(page).to_have_url(re.compile("action=room"))
    expect(rows.filter(has_text=room)).to_have_count(1)
    hands.do(rows.filter(has_text=room).get_by_role("button", name=room))
    expect(page).to_have_url(re.compile(f"subject={room}"))
    expect(rows).to_have_count(2)
    hands.kept()
    hands.do(page.get_by_test_id("verify"), back=True)
    expect(page.get_by_test_id("verdict")).to_contain_text("哈希链完整")
    hands.kept()
    hands.no_pointer()
    assert seat.complaints == []


def test_a_screen_is_paired_and_ended(seats: Seats) -> None:
    seat = seats.take(OPERATOR, "/live")
    room = next(
        one["id"] for one in seat.context.request.get("/api/v1/rooms").json()["items"] if one["name"] == "小雅的直播间"
    )
    seat.open(f"/live/{room}")
    hands, page = Hands(seat), seat.page
    opener = page.get_by_role("button", name="配对屏幕")
    hands.do(opener)
    expect(page.get_by_test_id("code")).to_have_text(re.compile(r"^\d{3} \d{3}$"))
    dialog = page.get_by_role("dialog").first
    hands.kept(dialog)

    screen = seats.take(None, "/pair")
    fingers, other = Hands(screen), screen.page
    fingers.write(other.get_by_label("配对码", exact=True), page.get_by_test_id("code").inner_text())
    fingers.write(other.get_by_label("设备名称"), "演播室电视")
    fingers.do(other.get_by_role("button", name="连接这台设备"))
    expect(other).to_have_url(re.compile(rf"/prompter\.html\?room={room}&paired"))

    device = page.get_by_test_id("device")
    expect(device).to_have_count(1)
    hands.do(device.get_by_role("button", name="解除“演播室电视”"))
    sure = page.get_by_role("dialog").last.get_by_role("button", name="解除", exact=True)
    hands.here(sure)
    hands.press("Enter")
    expect(device).to_have_count(0)
    hands.kept(dialog)
    hands.press("Escape")
    gone(hands, page.get_by_role("dialog"))
    hands.here(opener)
    hands.no_pointer()
    fingers.no_pointer()
