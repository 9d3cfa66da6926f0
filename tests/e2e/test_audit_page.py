"""The audit log on its page: for administrators, filtered by what, whom and to what, its chain checked."""

import re
from collections.abc import Callable

import psycopg
import pytest
from playwright.sync_api import expect

from tests.e2e.browser import Seats
from tests.e2e.test_accessibility import AXE, serious
from tests.support.desk_client import ADMIN, OPERATOR
from tests.support.processes import ServerProcess


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


def test_an_admin_finds_who_did_what_and_checks_the_chain(seats: Seats, module_database_url: str) -> None:
    operator = seats.take(OPERATOR, "/scripts").context.request
    room = operator.post("/api/v1/rooms", data={"name": "审计间"}).json()["id"]
    seat = seats.take(ADMIN, "/audit")
    page = seat.page
    rows = page.get_by_role("row")
    expect(rows.filter(has_text=room)).to_contain_text("直播间 · 新建")
    assert serious(page, AXE) == []
    rows.filter(has_text=room).get_by_role("button", name="小林").click()
    expect(page.get_by_test_id("audit-actor")).to_contain_text("只看 小林")
    expect(rows.filter(has_text="系统")).to_have_count(0)
    rows.filter(has_text=room).get_by_role("button", name=room).click()
    expect(rows).to_have_count(2)
    # What is looked for stands in the address: it can be sent to somebody, and survives a reload.
    expect(page).to_have_url(re.compile(f"subject={room}"))
    page.reload()
    expect(rows).to_have_count(2)
    page.get_by_test_id("verify").click()
    expect(page.get_by_test_id("verdict")).to_contain_text("哈希链完整")
    with psycopg.connect(module_database_url) as owner:
        owner.execute("SET session_replication_role = replica")
        owner.execute('UPDATE audit_log SET detail = \'{"name": "别的"}\' WHERE subject = %s', [room])
        [broken] = owner.execute("SELECT n FROM audit_log WHERE subject = %s", [room]).fetchone() or [None]
    page.get_by_test_id("verify").click()
    expect(page.get_by_test_id("verdict")).to_contain_text(f"第 {broken} 条起对不上")
    page.emulate_media(color_scheme="dark")
    assert serious(page, AXE) == []
    assert seat.complaints == []


def test_others_are_told_that_it_is_not_for_them(seats: Seats) -> None:
    seat = seats.take(OPERATOR, "/audit")
    expect(seat.page.get_by_test_id("forbidden")).to_be_visible()
    expect(seat.page.get_by_role("row")).to_have_count(0)
    assert seat.complaints == []
