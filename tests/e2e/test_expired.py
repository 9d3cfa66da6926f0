"""A script that nobody decided in time: its text, or what somebody had made of it, goes on from its card."""

import re
from collections.abc import Callable

import psycopg
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.browser import TALL, Seat, Seats
from tests.e2e.test_accessibility import AXE, serious
from tests.e2e.test_main_job import ASK
from tests.support.desk_client import ADMIN, APPROVER, HOST, OPERATOR
from tests.support.processes import ServerProcess


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


@pytest.fixture
def expire(module_database_url: str) -> Callable[[str], None]:
    def now(interrupt_id: str) -> None:
        with psycopg.connect(module_database_url) as conn:
            conn.execute("UPDATE interrupts SET expires_at = clock_timestamp() WHERE id = %s", (interrupt_id,))

    return now


def waiting(operator: Seat) -> str:
    """Ask for a script in a new thread and return the question's id."""
    operator.open("/console").connected()
    operator.ask(ASK)
    card = operator.page.get_by_test_id("approval-card")
    expect(card).to_have_attribute("data-status", "pending")
    return str(card.get_attribute("data-interrupt"))


def card_of(page: Page, status: str) -> Locator:
    return page.locator(f"[data-testid=approval-card][data-status={status}]")


def question_at(page: Page) -> str:
    return page.url.rpartition("/")[2]


def test_an_edit_that_is_overtaken_by_the_clock_is_kept_and_submitted(
    seats: Seats, expire: Callable[[str], None]
) -> None:
    old = waiting(seats.take(OPERATOR, viewport=TALL))
    approver = seats.take(APPROVER, f"/approvals/{old}")
    page = approver.page
    page.get_by_test_id("edit").click()
    field = page.get_by_test_id("approval-editor")
    text = field.input_value() + "喜欢的朋友可以看一看。"
    field.fill(text)
    expire(old)
    card = card_of(page, "expired")
    expect(card).to_contain_text("你的修改没有用上")
    page.reload()
    expect(card).to_contain_text("喜欢的朋友可以看一看。")
    expect(page.get_by_test_id("approve")).to_have_count(0)
    assert serious(page, AXE) == []

    page.get_by_test_id("again-edited").click()
    taken = page.get_by_test_id("taken-up")
    expect(taken).to_contain_text("阿敏 已重新提交")
    expect(card).not_to_contain_text("你的修改没有用上")
    taken.get_by_role("link").click()
    expect(page).not_to_have_url(re.compile(old))
    new = card_of(page, "pending")
    expect(new.locator(".script-text")).to_have_text(text)
    page.get_by_test_id("again-of").get_by_role("link").click()
    expect(page).to_have_url(re.compile(f"{old}$"))
    expect(taken).to_be_visible()
    page.go_back()
    page.get_by_test_id("approve").click()
    expect(card_of(page, "approve")).to_be_visible()


def test_the_original_is_submitted_and_the_draft_of_an_edit_stays(seats: Seats, expire: Callable[[str], None]) -> None:
    old = waiting(seats.take(OPERATOR, viewport=TALL))
    page = seats.take(APPROVER, f"/approvals/{old}").page
    original = page.locator("[data-testid=approval-card] .script-text").inner_text()
    expire(old)
    expect(card_of(page, "expired")).to_be_visible()
    expect(page.get_by_test_id("again-edited")).to_have_count(0)
    page.get_by_test_id("again-original").click()
    page.get_by_test_id("taken-up").get_by_role("link").click()
    expect(card_of(page, "pending").locator(".script-text")).to_have_text(original)


def test_in_the_conversation_it_is_written_anew_and_a_second_one_is_told_who_was_first(
    seats: Seats, expire: Callable[[str], None]
) -> None:
    operator = seats.take(OPERATOR, viewport=TALL)
    page = operator.page
    old = waiting(operator)
    admin = seats.take(ADMIN, f"/approvals/{old}").page
    host = seats.take(HOST, f"/console/{operator.thread_id}", viewport=TALL).page
    before = page.locator("[data-testid=approval-card] .script-text").inner_text()
    expire(old)
    # Read before the other presses: the card of the one who comes second does not know yet.
    expect(admin.get_by_test_id("again-original")).to_be_enabled()
    expect(card_of(host, "expired")).to_contain_text("你的角色不能重新提交")
    expect(host.get_by_test_id("again-regenerate")).to_have_count(0)

    page.get_by_test_id("again-regenerate").click()
    expect(card_of(page, "pending")).to_be_visible()
    after = card_of(page, "pending").locator(".script-text").inner_text()
    assert after != before
    expect(page.get_by_test_id("message-user").last).to_contain_text("重新生成《")
    taken = page.get_by_test_id("taken-up")
    expect(taken).to_contain_text("小林 已重新提交")
    assert serious(page, AXE) == []

    admin.get_by_test_id("again-original").click()
    expect(admin.get_by_test_id("taken-up")).to_contain_text("小林 已重新提交")
    asked = page.request.get(f"/api/v1/interrupts?thread_id={operator.thread_id}").json()["items"]
    assert len(asked) == 2
    assert operator.complaints == []


def test_it_is_said_in_english_too(seats: Seats, expire: Callable[[str], None]) -> None:
    old = waiting(seats.take(OPERATOR, viewport=TALL))
    expire(old)
    seat = seats.take(OPERATOR, "/login", viewport={"width": 390, "height": 844})
    seat.context.add_init_script("localStorage.setItem('cuedesk:language', 'en')")
    page = seat.open(f"/approvals/{old}").page
    expect(page.get_by_role("button", name="Submit the original again")).to_be_enabled()
    expect(page.get_by_role("button", name="Generate again")).to_be_enabled()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
