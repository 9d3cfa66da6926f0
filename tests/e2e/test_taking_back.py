"""A rejection is taken back, by key and by button, in the queue and at the desk; everybody sees who did."""

import re
from collections.abc import Callable

import psycopg
import pytest
from playwright.sync_api import expect

from tests.e2e.browser import TALL, Seats
from tests.e2e.test_accessibility import AXE, serious
from tests.e2e.test_expired import card_of, question_at, waiting
from tests.e2e.test_main_job import ASK
from tests.support.desk_client import ADMIN, APPROVER, OPERATOR
from tests.support.processes import ServerProcess


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    # Nobody has to be quick; what the seconds do is another test's.
    return start_server(offline_pace=0, reject_undo_window=600).wait_healthy()


def test_z_takes_the_last_rejection_back_and_both_desks_follow(seats: Seats) -> None:
    operator = seats.take(OPERATOR, viewport=TALL)
    old = waiting(operator)
    text = operator.page.locator("[data-testid=approval-card] .script-text").inner_text()
    approver = seats.take(APPROVER, f"/approvals/{old}")
    other = seats.take(APPROVER, "/approvals").page
    colleague = seats.take(ADMIN, f"/approvals/{old}").page
    page = approver.page
    expect(page.get_by_test_id("reject")).to_be_enabled()
    page.keyboard.press("x")
    page.get_by_test_id("approval-reason").fill("再活泼一点")
    page.get_by_test_id("submit-reject").click()
    expect(card_of(page, "reject")).to_be_visible()
    strip = page.get_by_test_id("rejected-item")
    expect(strip).to_contain_text("秒内可撤回")
    expect(strip.locator("kbd")).to_have_text("Z")
    # Another tab of the same person shows it too; a colleague has nothing to take back.
    expect(other.get_by_test_id("rejected-item")).to_be_visible()
    expect(card_of(colleague, "reject")).to_be_visible()
    expect(colleague.get_by_test_id("rejected-item")).to_have_count(0)
    expect(colleague.get_by_test_id("undo-reject")).to_have_count(0)
    # The writer has begun at once, and is done by now.
    expect(operator.page.get_by_test_id("approval-card")).to_have_count(2)
    assert serious(page, AXE) == []

    page.keyboard.press("z")
    expect(page).not_to_have_url(re.compile(old))
    expect(card_of(page, "pending").locator(".script-text")).to_have_text(text)
    expect(page.get_by_test_id("claimed-by")).to_contain_text("你正在审")
    expect(page.get_by_test_id("again-of")).to_contain_text("阿敏 撤回了驳回")
    expect(page.get_by_test_id("rejected-item")).to_have_count(0)
    expect(other.get_by_test_id("rejected-item")).to_have_count(0)
    assert serious(page, AXE) == []

    desk = operator.page
    expect(desk.get_by_test_id("taken-back")).to_contain_text("阿敏 撤回了对《")
    # Nobody typed that line: it is nothing to be said again.
    expect(desk.get_by_test_id("message-user")).to_have_count(1)
    expect(desk.get_by_test_id("rejection-taken-back")).to_contain_text("阿敏 撤回了这次驳回")
    expect(card_of(desk, "pending")).to_have_count(1)
    expect(card_of(desk, "pending").locator(".script-text")).to_have_text(text)
    expect(card_of(desk, "cancelled")).to_have_count(1)
    assert serious(desk, AXE) == []
    expect(colleague.get_by_test_id("rejection-taken-back")).to_contain_text("阿敏")

    # It is a question like any other, and the link leads back to what was rejected, also in a tab that knows nothing.
    page.get_by_test_id("again-of").get_by_role("link").click()
    expect(page).to_have_url(re.compile(f"{old}$"))
    page.reload()
    expect(page.get_by_test_id("rejection-taken-back").get_by_role("link")).to_be_visible()
    page.get_by_test_id("rejection-taken-back").get_by_role("link").click()
    page.get_by_test_id("approve").click()
    expect(card_of(desk, "approve")).to_be_visible()
    assert approver.complaints == []
    assert operator.complaints == []


def test_at_the_desk_it_is_taken_back_where_it_was_rejected_in_english_too(seats: Seats) -> None:
    seat = seats.take(OPERATOR, "/login", viewport=TALL)
    seat.context.add_init_script("localStorage.setItem('cuedesk:language', 'en')")
    old = waiting(seat)
    page = seat.page
    page.get_by_test_id("reject").click()
    page.get_by_test_id("submit-reject").click()
    expect(card_of(page, "reject")).to_be_visible()
    button = page.get_by_role("button", name=re.compile("Take the rejection back"))
    expect(button).to_be_enabled()
    assert serious(page, AXE) == []
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("z")
    expect(page.get_by_test_id("rejection-taken-back")).to_contain_text("took this rejection back")
    new = card_of(page, "pending")
    expect(new).to_have_count(1)
    assert new.get_attribute("data-interrupt") != old
    expect(new.get_by_test_id("again-of")).to_contain_text("the same text waits again")
    expect(page.get_by_test_id("taken-back")).to_contain_text("took the rejection of")
    page.locator(".composer textarea").first.press("ArrowUp")
    expect(page.locator(".composer textarea").first).to_have_value(ASK)


def test_after_a_reload_z_answers_where_the_button_stands_and_the_words_are_offered_again(seats: Seats) -> None:
    old = waiting(seats.take(OPERATOR, viewport=TALL))
    page = seats.take(APPROVER, f"/approvals/{old}").page
    page.get_by_test_id("reject").click()
    page.get_by_test_id("approval-reason").fill("再活泼一点")
    page.get_by_test_id("submit-reject").click()
    expect(page.get_by_test_id("undo-reject")).to_be_enabled()
    page.reload()
    expect(page.get_by_test_id("undo-reject").locator("kbd")).to_have_text("Z")
    page.keyboard.press("z")
    expect(page).not_to_have_url(re.compile(old))
    expect(card_of(page, "pending")).to_be_visible()
    page.get_by_test_id("reject").click()
    expect(page.get_by_test_id("approval-reason")).to_have_value("再活泼一点")


def test_who_comes_too_late_is_told(seats: Seats, module_database_url: str) -> None:
    old = waiting(seats.take(OPERATOR, viewport=TALL))
    page = seats.take(APPROVER, f"/approvals/{old}").page
    page.get_by_test_id("reject").click()
    page.get_by_test_id("submit-reject").click()
    expect(page.get_by_test_id("undo-reject")).to_be_enabled()
    with psycopg.connect(module_database_url) as conn:
        conn.execute("UPDATE interrupts SET decided_at = decided_at - interval '1 hour' WHERE id = %s", (old,))
    page.get_by_test_id("undo-reject").click()
    expect(page.get_by_test_id("refusal")).to_contain_text("来不及撤回了")


def test_what_waits_again_stands_in_its_old_place_while_the_pointer_is_in_the_list(seats: Seats) -> None:
    """Whether the rejected row is still there, or by now only the writer's next one, withdrawn."""
    operator = seats.take(OPERATOR, viewport=TALL)
    first, second, third = (waiting(operator) for _ in range(3))
    page = seats.take(APPROVER, f"/approvals/{second}").page
    rows = page.get_by_test_id("queue-row")

    def listed() -> list[str]:
        links = rows.evaluate_all("rows => rows.map(row => row.getAttribute('href'))")
        return [str(link).rpartition("/")[2] for link in links]

    def reject() -> None:
        expect(page.get_by_test_id("reject")).to_be_enabled()
        page.keyboard.press("x")
        page.get_by_test_id("approval-reason").fill("再活泼一点")
        page.keyboard.press("Control+Enter")
        expect(card_of(page, "reject")).to_be_visible()

    def taken_back() -> str:
        old = question_at(page)
        page.keyboard.press("z")
        expect(page).not_to_have_url(re.compile(old))
        new = question_at(page)
        expect(page.locator(f"[href='/approvals/{new}'][aria-current=true]")).to_be_in_viewport()
        return new

    expect(page.locator(f"[href='/approvals/{third}']")).to_be_visible()
    place = {row: listed().index(row) for row in (first, second, third)}

    # The rejected row is still there: it folded under the pointer.
    rows.nth(place[first]).hover()
    reject()
    box = rows.nth(place[third]).bounding_box()
    page.locator(f"[href='/approvals/{second}']").focus()
    again = taken_back()
    expect(page.locator(f"[href='/approvals/{again}']")).to_be_focused()
    assert listed()[place[second]] == again
    assert listed()[place[third]] == third
    assert rows.nth(place[third]).bounding_box() == box

    # It went while nobody was in the list; the writer's next one came, and is withdrawn under the pointer.
    page.mouse.move(900, 600)
    page.get_by_test_id("approval-card").first.scroll_into_view_if_needed()
    before = listed()
    reject()
    expect(rows).to_have_count(len(before))
    expect(page.locator(f"[href='/approvals/{again}']")).to_have_count(0)
    drafted = listed()
    draft = next(row for row in drafted if row not in before)
    rows.nth(drafted.index(first)).hover()
    at = taken_back()
    # What had the focus went with the rejected script: it is at the title of the one that waits, not around the page.
    expect(page.locator("main.detail h2")).to_be_focused()
    assert listed() == [at if row == draft else row for row in drafted]
    expect(page.get_by_test_id("new-items")).to_have_count(0)


def test_nothing_jumps_when_a_script_is_rejected_and_taken_back(seats: Seats) -> None:
    operator = seats.take(OPERATOR, viewport=TALL)
    ids = [waiting(operator) for _ in range(2)]
    page = seats.take(APPROVER, f"/approvals/{ids[0]}").page
    title, hint = page.locator("main.detail h2"), page.locator("nav.queue .hint")
    expect(page.locator(f"[href='/approvals/{ids[1]}']")).to_be_visible()
    expect(page.get_by_test_id("reject")).to_be_enabled()
    places = [title.bounding_box(), hint.bounding_box()]
    page.get_by_test_id("reject").click()
    page.get_by_test_id("approval-reason").fill("再活泼一点")
    page.locator(f"[href='/approvals/{ids[1]}']").hover()
    page.keyboard.press("Control+Enter")
    expect(card_of(page, "reject")).to_be_visible()
    strip = page.get_by_test_id("rejected-item")
    expect(strip).to_be_visible()
    expect(page.get_by_test_id("lookers")).to_have_count(0)
    assert [title.bounding_box(), hint.bounding_box()] == places

    # What came meanwhile waits above the strip, and stays under the pointer when that goes.
    waiting(operator)
    new = page.get_by_test_id("new-items")
    new.hover()
    under = new.bounding_box()
    page.keyboard.press("z")
    expect(strip).to_have_count(0)
    expect(card_of(page, "pending")).to_be_visible()
    assert new.bounding_box() == under
    assert hint.bounding_box() == places[1]
