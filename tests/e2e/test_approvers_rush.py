"""An approver's rush: thirty scripts arrive while two people approve, and at the end the sums are right."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import Seat, Seats, seats_at
from tests.e2e.test_coming_back import until
from tests.support.desk_client import ADMIN, APPROVER, OPERATOR
from tests.support.line import Line, line_to
from tests.support.processes import ServerProcess

FIRST, ALL = 4, 30
WISHES = tuple(
    f"给小雅的直播间写一段{what}，15秒" for what in ("保温杯开场", "卫龙辣条卖点", "面膜卖点介绍", "保温杯促单")
)


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


@pytest.fixture
def far(browser: Browser, server: ServerProcess) -> Iterator[tuple[Line, Seats]]:
    with line_to(server.port) as line, seats_at(browser, line.url) as seats:
        yield line, seats


class Books:
    """What the database holds."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self._url) as conn:
            return conn.execute(query).fetchall()

    def lifetime(self, seconds: int | None) -> None:
        """How long the scripts that are asked about from now on wait; None: as the server has it."""
        value = "NULL" if seconds is None else f"interval '{seconds} seconds'"
        with psycopg.connect(self._url) as conn:
            conn.execute(f"UPDATE tenants SET interrupt_ttl = {value} WHERE slug = 'qinghe'")

    def waiting(self) -> int:
        return int(self.ask("SELECT count(*) FROM interrupts WHERE status = 'pending'")[0][0])


def arrive(operator: Seat, count: int, *, room: str | None = None) -> list[str]:
    """Let so many scripts be asked for; gives their threads."""
    threads = []
    for n in range(count):
        thread = operator.context.request.post("/api/v1/threads", data={"room_id": room} if room else {}).json()["id"]
        wish = {"content": WISHES[n % len(WISHES)]}
        assert operator.context.request.post(f"/api/v1/threads/{thread}/messages", data=wish).ok
        threads.append(thread)
    return threads


def a_show(operator: Seat, name: str, starts_at: datetime) -> str:
    """Plan a show of one script; gives its id."""
    ask = operator.context.request
    item = {"product_id": ask.get("/api/v1/products").json()["items"][0]["id"], "scenario": "opening"}
    room = ask.get("/api/v1/rooms").json()["items"][0]["id"]
    show = {"room_id": room, "name": name, "starts_at": starts_at.isoformat(), "total_seconds": 600, "items": [item]}
    answer = ask.post("/api/v1/shows", data=show)
    assert answer.ok, answer.text()
    return str(answer.json()["show"]["id"])


def rows_of(page: Page) -> list[str]:
    """What is listed, in order, by address."""
    links = page.get_by_test_id("queue-row").evaluate_all("rows => rows.map(row => row.getAttribute('href'))")
    return [str(link) for link in links]


def open_by_key(page: Page, address: str) -> None:
    """Go through the list by J, or by K where this one stands above, until it is open."""
    for _ in range(ALL + 2):
        if page.url.endswith(address):
            break
        before, listed = page.url, rows_of(page)
        here = next((place for place, one in enumerate(listed) if before.endswith(one)), -1)
        page.keyboard.press("j" if here < listed.index(address) else "k")
        expect(page).not_to_have_url(before)
    expect(page).to_have_url(re.compile(f"{address}$"))
    # A key acts on what is drawn, and that follows the address.
    shown = page.get_by_test_id("approval-card")
    expect(shown).to_have_attribute("data-interrupt", re.compile(address.rsplit("/", 1)[-1]))


def test_thirty_arrive_while_two_approve_and_nothing_is_decided_twice(
    seats: Seats, far: tuple[Line, Seats], module_database_url: str
) -> None:
    books, (line, away) = Books(module_database_url), far
    operator = seats.take(OPERATOR, "/hosts")
    arrive(operator, FIRST)
    amin, admin = away.take(APPROVER, "/approvals"), seats.take(ADMIN, "/approvals")
    left, right = amin.page, admin.page
    rows = left.get_by_test_id("queue-row")
    for page in (left, right):
        expect(page.get_by_test_id("queue-row")).to_have_count(FIRST)
        expect(page).to_have_title(re.compile(rf"^\({FIRST}\) "))

    # With the pointer in the list nothing moves, however many come; without it they come by themselves.
    rows.nth(1).hover()
    order, box = rows_of(left), rows.nth(1).bounding_box()
    books.lifetime(25)
    arrive(operator, 1)
    until(lambda: books.waiting() == FIRST + 1, left)
    books.lifetime(None)
    arrive(operator, ALL - FIRST - 1)
    expect(left.get_by_test_id("new-items")).to_have_text(f"{ALL - FIRST} 条新待审", timeout=90_000)
    assert rows_of(left) == order
    assert rows.nth(1).bounding_box() == box
    assert left.evaluate("document.querySelector('nav.queue').matches(':hover')")
    expect(left.locator("nav.queue")).to_contain_text(f"{ALL} 条待审")
    for page in (left, right):
        expect(page).to_have_title(re.compile(rf"^\({ALL}\) "))
    expect(right.get_by_test_id("queue-row")).to_have_count(ALL)

    # The one that has least time was asked about last: it comes to the top when one asks for the new ones.
    left.get_by_test_id("new-items").click()
    expect(rows).to_have_count(ALL)
    listed = rows_of(left)
    doomed, taken, lost = listed[0], listed[1], listed[2]
    assert doomed not in order

    # Claimed by one, seen by the other, taken over, seen by the first.
    left.mouse.move(900, 600)
    open_by_key(left, taken)
    left.keyboard.press("c")
    expect(left.get_by_test_id("claimed-by")).to_contain_text("你正在审")
    open_by_key(right, taken)
    expect(right.get_by_test_id("claimed-by")).to_contain_text("阿敏")
    expect(right.get_by_test_id("approve")).to_be_disabled()
    right.get_by_test_id("take-over").click()
    expect(right.get_by_test_id("approve")).to_be_enabled()
    expect(left.get_by_test_id("approve")).to_be_disabled()
    right.keyboard.press("a")
    for page in (left, right):
        expect(page.get_by_test_id("approval-card")).to_have_attribute("data-status", "approve")

    # Both decide the same, one over a line that carries nothing on: while it is out nobody knows what became of it, and
    # it is not sent later; when it is back the page says who decided, when, and what.
    open_by_key(left, lost)
    open_by_key(right, lost)
    expect(left.get_by_test_id("reject")).to_be_enabled()
    line.black_hole()
    left.get_by_test_id("approve").click()
    right.keyboard.press("x")
    right.get_by_test_id("reject-panel").get_by_role("radio").last.check()
    right.get_by_test_id("submit-reject").click()
    expect(right.get_by_test_id("approval-card")).to_have_attribute("data-status", "reject")
    line.cut()
    expect(left.get_by_test_id("decision-unknown")).to_contain_text("不知道有没有生效")
    line.mend()
    card = left.get_by_test_id("approval-card")
    expect(card).to_have_attribute("data-status", "reject")
    expect(card).to_contain_text(re.compile(r"\d\d:\d\d"))
    expect(left.get_by_test_id("decision-unknown")).to_have_count(0)

    # Time is over for one: nobody can decide it any more, and it says so.
    left.goto(f"{away.address}{doomed}")
    expect(card).to_have_attribute("data-status", "expired", timeout=60_000)
    expect(left.get_by_test_id("approve")).to_have_count(0)
    expect(card).to_contain_text("已过期")

    # What is clean is approved together, and held for a while: one is called back.
    assert admin.context.request.patch("/api/v1/tenant/policies", data={"undo_window": 600}).ok
    expect(rows.filter(has_text="剩余")).to_have_count(ALL - 3)
    boxes = left.get_by_role("checkbox")
    clean = boxes.count()
    assert 6 <= clean <= ALL - 3
    for n in range(6):
        boxes.nth(n).check()
    left.keyboard.press("Shift+A")
    expect(left.get_by_test_id("bulk-undo")).to_contain_text("600")
    left.get_by_test_id("bulk-approve").click()
    expect(left.get_by_test_id("bulk-item").filter(has_text="已通过")).to_have_count(6)
    left.get_by_role("button", name="关闭", exact=True).last.click()
    expect(left.get_by_test_id("held-item")).to_have_count(6)
    left.keyboard.press("z")
    expect(left.get_by_test_id("held-item")).to_have_count(5)
    waits = ALL - 3 - 5
    for page in (left, right):
        expect(page).to_have_title(re.compile(rf"^\({waits}\) "))

    # The sums, by the database: every script is somewhere, and nothing was decided twice.
    told = {(action, status): count for action, status, count in books.ask(
        "SELECT action, status::text, count(*) FROM interrupts GROUP BY 1, 2")}  # fmt: skip
    assert told == {
        ("publish_script", "approved"): 7,
        ("publish_script", "rejected"): 1,
        ("publish_script", "expired"): 1,
        ("publish_script", "pending"): waits,  # with the one that was called back, which is asked about anew
        ("go_on_air", "pending"): 5,
        ("go_on_air", "rejected"): 1,
    }
    twice = books.ask(
        """SELECT payload->>'interrupt_id', count(*) FROM thread_events
           WHERE type IN ('interrupt_resolved', 'interrupt_expired') GROUP BY 1 HAVING count(*) > 1"""
    )
    assert twice == []
    runs = books.ask("SELECT count(*), count(DISTINCT thread_id) FROM runs")
    assert runs == [(ALL, ALL)], "each was asked about by one run"
    # What Chromium writes of the line that was cut is no complaint of the page.
    cut = ("WebSocket", "Failed to load resource: net::ERR_")
    assert [told for told in amin.complaints if not any(word in told for word in cut)] == admin.complaints == []


def test_the_list_is_in_its_order_and_what_is_decided_goes_when_nobody_is_in_it(
    seats: Seats, module_database_url: str
) -> None:
    books = Books(module_database_url)
    with psycopg.connect(module_database_url) as conn:
        conn.execute("UPDATE tenants SET undo_window = interval '0'")
    operator, admin = seats.take(OPERATOR, "/hosts"), seats.take(ADMIN, "/approvals")
    page, rows = admin.page, admin.page.get_by_test_id("queue-row")
    for row in admin.context.request.get("/api/v1/interrupts?status=pending&limit=100").json()["items"]:
        assert admin.context.request.post(f"/api/v1/threads/{row['thread_id']}/cancel").ok
    expect(rows).to_have_count(0)
    expect(page.get_by_text("暂无待审")).to_be_visible()
    # An empty queue tells when there will be something again.
    planned = a_show(operator, "双十二专场", datetime.now(UTC) + timedelta(days=2))
    a_show(operator, "年货节", datetime.now(UTC) + timedelta(days=9))
    page.reload()
    expect(page.get_by_test_id("next-show")).to_contain_text("双十二专场")
    expect(page.get_by_test_id("next-show")).to_have_attribute("href", f"/rundown/{planned}")
    # The room that the wishes name.
    rooms = admin.context.request.get("/api/v1/rooms").json()["items"]
    room = next(one["id"] for one in rooms if one["name"] == "小雅的直播间")
    assert admin.context.request.patch(f"/api/v1/rooms/{room}", data={"by_hand": True}).ok
    arrive(operator, 2, room=room)
    expect(rows).to_have_count(2)
    calm = rows_of(page)
    # The one that has least time stands first though it came last: nobody is in the list.
    books.lifetime(600)
    arrive(operator, 1, room=room)
    expect(rows).to_have_count(3)
    books.lifetime(None)
    assert rows_of(page)[1:] == calm

    # Under the pointer what is decided folds in its place, and J goes by it.
    listed, second = rows_of(page), rows.nth(1)
    second.click()
    card = page.get_by_test_id("approval-card")
    expect(card).to_have_attribute("data-interrupt", listed[1].rsplit("/", 1)[-1])
    expect(page.get_by_test_id("approve")).to_contain_text("通过，排入直播间")
    box = rows.nth(2).bounding_box()
    page.keyboard.press("a")
    expect(card).to_have_attribute("data-status", "approve")
    expect(second).to_contain_text("已通过")
    assert rows_of(page) == listed
    assert rows.nth(2).bounding_box() == box
    for key, address in (("k", listed[0]), ("j", listed[2])):
        page.keyboard.press(key)
        expect(page).to_have_url(re.compile(f"{address}$"))
    page.mouse.move(900, 600)
    expect(rows).to_have_count(2)
    assert rows_of(page) == [listed[0], listed[2]]

    # With the pointer elsewhere it goes at once, and J goes on from where it stood: with Caps Lock too.
    open_by_key(page, listed[2])
    page.keyboard.press("k")
    expect(page).to_have_url(re.compile(f"{listed[0]}$"))
    expect(card).to_have_attribute("data-interrupt", listed[0].rsplit("/", 1)[-1])
    expect(page.get_by_test_id("approve")).to_be_enabled()
    capital = "key => document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }))"
    page.evaluate(capital, "A")
    expect(rows).to_have_count(1)
    page.evaluate(capital, "J")
    expect(page).to_have_url(re.compile(f"{listed[2]}$"))
    expect(card).to_have_attribute("data-interrupt", listed[2].rsplit("/", 1)[-1])
    page.keyboard.press("a")
    expect(rows).to_have_count(0)
    expect(page.get_by_text("暂无待审")).to_be_visible()


def test_a_key_that_comes_before_its_script_is_drawn_decides_nothing_and_is_told(seats: Seats) -> None:
    arrive(seats.take(OPERATOR, "/hosts"), 2)
    page = seats.take(ADMIN, "/approvals").page
    expect(page.get_by_test_id("queue-row").nth(1)).to_be_visible()
    first, second = rows_of(page)[:2]
    open_by_key(page, first)
    expect(page.get_by_test_id("approve")).to_be_enabled()
    # Faster than anything is drawn, and after the address has changed.
    page.evaluate(
        """async address => {
            const press = key => window.dispatchEvent(new KeyboardEvent('keydown', {key, bubbles: true}))
            press('j')
            for (let turn = 0; turn < 1000 && !location.pathname.endsWith(address); turn++) await null
            press('a')
        }""",
        second,
    )
    expect(page.get_by_test_id("too-early")).to_be_visible()
    card = page.get_by_test_id("approval-card")
    expect(card).to_have_attribute("data-interrupt", re.compile(second.rsplit("/", 1)[-1]))
    expect(card).to_have_attribute("data-status", "pending")
    page.keyboard.press("k")
    expect(card).to_have_attribute("data-interrupt", re.compile(first.rsplit("/", 1)[-1]))
    expect(card).to_have_attribute("data-status", "pending")
    expect(page.get_by_test_id("too-early")).to_have_count(0)
    page.keyboard.press("a")
    expect(card).to_have_attribute("data-status", "approve")
