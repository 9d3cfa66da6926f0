"""The page of rules: a rule is added, tried, saved and at once in force; faults and colleagues who were first; axe."""

import re

from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import Seats, seats_at
from tests.e2e.test_accessibility import AXE, serious
from tests.e2e.test_main_job import ASK
from tests.support.desk_client import ADMIN, APPROVER, OPERATOR
from tests.support.processes import ServerProcess
from tests.support.sayings import plain_words


def _add(page: Page, terms: str, *, pattern: str = "", title: str = "") -> None:
    page.get_by_role("tab", name="本店规则").click()
    page.get_by_test_id("add-rule").click()
    form = page.get_by_role("dialog")
    form.get_by_label("名称", exact=True).fill(title)
    form.get_by_label("词语", exact=True).fill(terms)
    form.get_by_label("句式（正则）").fill(pattern)
    page.get_by_test_id("put-rule").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def in_force(page: Page, version: str) -> None:
    """Which rules hold; the exact version is there for who points at it."""
    expect(page.get_by_test_id("rules-version")).to_have_attribute("title", re.compile(re.escape(version)))


def test_a_rule_is_added_tried_saved_found_in_the_history_and_brought_back(seats: Seats) -> None:
    page = seats.take(ADMIN, "/rules").page
    in_force(page, "0.general.")
    page.get_by_label("搜索编号、名称或词语").fill("国家级")
    expect(page.get_by_role("row").nth(1)).to_contain_text("ABS-001")

    _add(page, "老铁们\n家人们", title="口头禅")
    page.get_by_test_id("run-trial").click()
    expect(page.get_by_test_id("trial-sum")).to_be_visible()
    in_force(page, "0.general.")
    page.get_by_test_id("save-rules").click()
    in_force(page, "1.general.")
    expect(page.get_by_test_id("rules-save")).to_be_hidden()
    found = page.request.post("/api/v1/quality/check", data={"content": "老铁们好"}, headers={"Origin": seats.address})
    assert any(finding["excerpt"] == "老铁们" for finding in found.json()["findings"])

    page.get_by_role("button", name="删除「口头禅」").click()
    page.get_by_test_id("save-rules").click()
    in_force(page, "2.general.")
    page.get_by_role("tab", name="历史").click()
    page.get_by_role("button", name="第 1 版").click()
    expect(page.get_by_role("dialog")).to_contain_text("老铁们")
    page.get_by_role("button", name="恢复这一版").click()
    # The question lies over the version, whose button has the same name.
    expect(page.get_by_role("dialog")).to_have_count(2)
    page.get_by_role("dialog").last.get_by_role("button", name="恢复这一版").last.click()
    in_force(page, "3.general.")


def test_a_fault_is_told_with_its_line_and_nothing_is_lost(seats: Seats) -> None:
    page = seats.take(ADMIN, "/rules").page
    in_force(page, ".general.")
    _add(page, "", pattern="(?=坏)", title="坏句式")
    page.get_by_test_id("save-rules").click()
    expect(page.get_by_test_id("rules-faults")).to_contain_text("句式写错了")
    expect(page.get_by_role("row").last).to_contain_text("坏句式")
    page.get_by_role("button", name="放弃修改").click()
    expect(page.get_by_test_id("rules-save")).to_be_hidden()
    # The law's: a warning at most, and with a reason.
    page.get_by_role("tab", name="生效规则").click()
    page.get_by_label("搜索编号、名称或词语").fill("ABS-001")
    page.get_by_role("button", name="调整「法定绝对化用语」").click()
    page.get_by_label("处理").last.click()
    page.get_by_title("注意").last.click()
    page.get_by_role("button", name="调整规则").click()
    page.get_by_test_id("save-rules").click()
    expect(page.get_by_test_id("rules-faults")).to_contain_text("需要写明理由")


def test_who_comes_second_keeps_their_work_and_lays_it_over_the_others(seats: Seats) -> None:
    first, second = seats.take(ADMIN, "/rules").page, seats.take(ADMIN, "/rules").page
    for page in (first, second):
        in_force(page, ".general.")
    _add(second, "宝子们", title="第二个人")
    _add(first, "姐妹们", title="第一个人")
    first.get_by_test_id("save-rules").click()
    expect(first.get_by_test_id("rules-save")).to_be_hidden()
    second.get_by_test_id("save-rules").click()
    expect(second.get_by_test_id("rules-overtaken")).to_contain_text("周青禾 先保存了")
    second.get_by_role("button", name="并到新版本上").click()
    # Both took the same free id; they are two rules nevertheless.
    expect(second.get_by_role("row").last).to_contain_text("第二个人")
    expect(second.get_by_role("table").last).to_contain_text("第一个人")
    second.get_by_test_id("save-rules").click()
    expect(second.get_by_test_id("rules-save")).to_be_hidden()


def test_an_approver_reads_and_changes_nothing(seats: Seats) -> None:
    page = seats.take(APPROVER, "/rules").page
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    expect(page.get_by_text("只有管理员可以修改规则。")).to_be_visible()
    page.get_by_role("tab", name="本店规则").click()
    expect(page.get_by_test_id("add-rule")).to_have_count(0)


def test_the_page_has_no_serious_fault(browser: Browser, server: ServerProcess) -> None:
    with seats_at(browser, server.url) as seats:
        page = seats.take(ADMIN, "/rules").page
        expect(page.get_by_role("row").nth(1)).to_be_visible()
        faults = {"effective": serious(page, AXE)}
        _add(page, "走过路过", title="试一试")
        faults["own"] = serious(page, AXE)
        page.get_by_test_id("run-trial").click()
        expect(page.get_by_test_id("trial-sum")).to_be_visible()
        page.get_by_role("tab", name="可以说的").click()
        faults["phrases"] = serious(page, AXE)
        page.get_by_role("tab", name="历史").click()
        expect(page.get_by_role("tabpanel")).to_be_visible()
        faults["history"] = serious(page, AXE)
        page.get_by_role("tab", name="生效规则").click()
        page.get_by_role("button", name="调整").first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        faults["adjust"] = serious(page, AXE)
    assert {place: found for place, found in faults.items() if found} == {}


def test_a_room_gets_its_platform_a_skill_is_closed_and_a_later_rule_holds_what_was_approved(seats: Seats) -> None:
    page = seats.take(ADMIN, "/settings").page
    admin, headers = page.request, {"Origin": seats.address}
    page.get_by_label("大刘的直播间 的平台").click()
    page.get_by_title("抖音").last.click()
    expect(page.get_by_test_id("room-platform").filter(has_text="抖音")).to_have_count(1)
    rooms = {room["name"]: room["platform"] for room in admin.get("/api/v1/rooms").json()["items"]}
    assert (rooms["大刘的直播间"], rooms["小雅的直播间"]) == ("douyin", None)
    page.get_by_test_id("skill-batch").click()
    expect(page.get_by_test_id("skill-batch")).to_have_attribute("aria-checked", "false")
    assert serious(page, AXE) == []

    seat = seats.take(OPERATOR)
    seat.ask("给这三款各写一段开场")
    expect(seat.page.get_by_text("没有对你的角色开放")).to_be_visible()
    seat.page.goto("/console")
    seat.connected()
    seat.ask(ASK)
    expect(seat.page.get_by_test_id("approve")).to_be_enabled()
    [waiting] = admin.get("/api/v1/interrupts", params={"status": "pending"}).json()["items"]
    word = plain_words(waiting["params"]["content"], 4)
    was = admin.get("/api/v1/rules/overlay").json()["revision"]
    rules = {"rules": [{"id": "H-LATER", "terms": [word]}]}
    saved = admin.put("/api/v1/rules/overlay", data={"revision": was, "overlay": rules}, headers=headers)
    assert saved.status == 200, saved.text()
    seat.page.get_by_test_id("approve").click()
    notice = seat.page.get_by_test_id("held-again")
    expect(notice).to_contain_text("规则变了")
    expect(notice).to_contain_text("规则 H-LATER")
    expect(notice).to_contain_text(f"通过时是第 {was} 版规则，现在是第 {was + 1} 版。")
    assert serious(seat.page, AXE) == []
    # As others of this module found it.
    saved = admin.put("/api/v1/rules/overlay", data={"revision": was + 1, "overlay": {"rules": []}}, headers=headers)
    assert saved.status == 200, saved.text()
