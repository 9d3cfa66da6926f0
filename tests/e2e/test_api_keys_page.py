"""API keys in the settings: made and shown once, listed, revoked; for administrators alone."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Seats
from tests.e2e.test_accessibility import AXE, serious
from tests.support.desk_client import ADMIN, OPERATOR
from tests.support.processes import ServerProcess


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


def test_a_key_is_made_shown_once_used_and_revoked(seats: Seats) -> None:
    seat = seats.take(ADMIN, "/settings")
    page = seat.page
    part = page.get_by_test_id("api-keys")
    expect(part).to_contain_text("还没有 API 密钥")
    expect(part).to_contain_text("Authorization: Bearer ck_…")
    assert serious(page, AXE) == []

    part.get_by_test_id("new-api-key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_test_id("make-api-key").click()
    expect(dialog).to_contain_text("请填写名称。")
    expect(dialog).to_contain_text("请至少选一个用途。")
    assert serious(page, AXE) == []
    dialog.get_by_label("名称").fill("店铺后台")
    dialog.get_by_test_id("scope-work").check()
    dialog.get_by_test_id("make-api-key").click()
    shown = dialog.get_by_test_id("api-key-secret")
    expect(shown).to_have_value(re.compile(r"^ck_[\w-]{43}$"))
    secret = shown.input_value()
    assert serious(page, AXE) == []
    # Neither Escape nor a click beside it loses a key that nobody has kept.
    page.keyboard.press("Escape")
    page.mouse.click(5, 5)
    expect(shown).to_be_visible()
    dialog.get_by_test_id("copy-api-key").click()
    expect(dialog.get_by_role("status")).to_have_text("已复制")
    dialog.get_by_test_id("kept-api-key").click()
    expect(dialog).to_have_count(0)
    expect(part.get_by_role("row", name="店铺后台")).to_contain_text("没用过")
    assert secret not in page.content()

    bearer = {"Authorization": f"Bearer {secret}"}
    service = seats.take(None, "/login").context.request
    assert service.get("/api/v1/threads", headers=bearer).ok
    page.reload()
    expect(part.get_by_role("row", name="店铺后台")).not_to_contain_text("没用过")
    assert serious(page, AXE) == []

    part.get_by_test_id("revoke-api-key").click()
    expect(page.get_by_role("dialog")).to_contain_text("停用后不能恢复")
    page.get_by_role("dialog").get_by_role("button", name="停用", exact=True).click()
    expect(part).to_contain_text("还没有 API 密钥")
    assert service.get("/api/v1/threads", headers=bearer).json()["code"] == "api_key_invalid"
    assert seat.complaints == []


def test_who_is_no_administrator_sees_no_keys(seats: Seats) -> None:
    page = seats.take(OPERATOR, "/settings").page
    expect(page.get_by_test_id("rooms")).to_be_visible()
    expect(page.get_by_test_id("skills")).to_be_visible()
    expect(page.get_by_test_id("api-keys")).to_have_count(0)
