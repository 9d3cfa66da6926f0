"""Skills in the settings: read by all who see the page, changed by admins, and tried before anything is begun."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Seats
from tests.e2e.test_accessibility import AXE, serious
from tests.e2e.test_every_page import in_language
from tests.support.desk_client import ADMIN, HOST, OPERATOR
from tests.support.processes import ServerProcess


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


def test_what_a_skill_lacks_is_told_before_anything_is_begun(seats: Seats) -> None:
    seat = seats.take(OPERATOR, "/settings")
    page = seat.page
    part = page.get_by_test_id("skills")
    expect(part).to_contain_text("写新稿")
    expect(part).to_contain_text("必须知道：环节")
    # An operator reads who may, and changes nothing.
    expect(part).to_contain_text("你可以用")
    expect(part.get_by_test_id("skill-generate")).to_have_count(0)
    page.get_by_test_id("try-generate").click()
    form = page.get_by_test_id("preflight-generate")
    page.get_by_test_id("check-generate").click()
    found = form.get_by_test_id("preflight-found")
    expect(found).to_contain_text("还差：环节")
    expect(found).to_contain_text("智能体会先问")
    form.get_by_label("时长（秒）").fill("3")
    expect(form).to_contain_text("改过了，请重新检查")
    form.get_by_label("环节").click()
    page.get_by_title("开场", exact=True).click()
    form.get_by_label("时长（秒）").press("Enter")
    expect(found).to_contain_text("时长（秒）不对：要在 5 到 1800 之间")
    assert serious(page, AXE) == []
    form.get_by_label("时长（秒）").fill("30")
    page.get_by_test_id("check-generate").click()
    expect(found).to_contain_text("齐了，可以开始")

    # A whole show: what is chosen is meant with each other.
    page.get_by_test_id("try-rundown").click()
    show = page.get_by_test_id("preflight-rundown")
    show.get_by_label("直播间").click()
    page.get_by_title("小雅的直播间", exact=True).click()
    page.get_by_test_id("check-rundown").click()
    expect(show.get_by_test_id("preflight-found")).to_contain_text("还差：商品和环节")
    show.get_by_label("商品和环节").fill("保温杯")
    expect(page.locator(".ant-select-dropdown:visible .ant-select-item-option-active")).to_contain_text("保温杯")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    show.get_by_label("环节，可选多个").click()
    page.locator(".ant-select-dropdown:visible").get_by_title("收尾").or_(
        page.locator(".ant-select-dropdown:visible").get_by_title("下播收尾")
    ).click()
    page.keyboard.press("Escape")
    page.get_by_test_id("check-rundown").click()
    expect(show.get_by_test_id("preflight-found")).to_contain_text("齐了，可以开始")
    assert seat.context.request.get("/api/v1/shows").json()["items"] == []
    assert seat.complaints == []


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_it_is_whole_in_both_languages_and_on_a_phone(seats: Seats, language: str) -> None:
    seat = seats.take(ADMIN, "/login", locale=language, viewport={"width": 390, "height": 844})
    in_language(seat, language)
    page = seat.open("/settings").page
    for name in ("generate", "modify", "batch", "rundown"):
        page.get_by_test_id(f"try-{name}").click()
        page.get_by_test_id(f"check-{name}").click()
        form = page.get_by_test_id(f"preflight-{name}")
        expect(form.get_by_test_id("preflight-found")).to_be_visible()
        box = form.bounding_box()
        assert box is not None
        assert box["x"] >= 0, "none of it is beside the screen"
        assert box["x"] + box["width"] <= 390
    assert serious(page, AXE) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_switched_off_it_is_told_to_who_tries_and_nobody_is_led_to_what_they_may_not_see(seats: Seats) -> None:
    admin = seats.take(ADMIN, "/settings")
    admin.page.get_by_test_id("skill-modify").click()
    expect(admin.page.get_by_test_id("skill-modify")).not_to_be_checked()
    page = seats.take(OPERATOR, "/settings").page
    part = page.get_by_test_id("skills")
    expect(part).to_contain_text("已停用")
    expect(part).to_contain_text("你不能用")
    page.get_by_test_id("try-modify").click()
    page.get_by_test_id("check-modify").click()
    expect(page.get_by_test_id("preflight-modify")).to_contain_text("这项技能没有对你开放")
    admin.page.get_by_test_id("skill-modify").click()
    expect(admin.page.get_by_test_id("skill-modify")).to_be_checked()
    host = seats.take(HOST, "/console").page
    expect(host.locator("a[href='/settings']")).to_have_count(0)
