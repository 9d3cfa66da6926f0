"""Daily work in the console by keys: the command bar, pins, reasons, putting off, policies, the tour."""

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import Seats
from tests.e2e.test_accessibility import AXE, serious
from tests.e2e.test_main_job import ASK
from tests.support.desk_client import ADMIN, APPROVER, HOST, OPERATOR
from tests.support.processes import ServerProcess


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


@pytest.fixture(autouse=True)
def empty_queue(seats: Seats) -> Iterator[None]:
    """Withdraw what a test left waiting, so that the next one can count."""
    yield
    requests = seats.take(ADMIN, "/approvals").context.request
    for row in requests.get("/api/v1/interrupts?status=pending").json()["items"]:
        answer = requests.post(f"/api/v1/threads/{row['thread_id']}/cancel")
        assert answer.ok, answer.text()


def asked_for(seats: Seats, count: int) -> list[str]:
    """Let the operator ask for scripts; return the ids of what waits then, the most urgent first."""
    requests = seats.take(OPERATOR, "/approvals").context.request
    for _ in range(count):
        thread = requests.post("/api/v1/threads", data={}).json()["id"]
        assert requests.post(f"/api/v1/threads/{thread}/messages", data={"content": ASK}).ok
    rows: list[dict[str, str]] = []
    for _ in range(300):
        rows = requests.get("/api/v1/interrupts?status=pending").json()["items"]
        if len(rows) >= count:
            break
        time.sleep(0.2)
    assert len(rows) == count
    return [row["id"] for row in sorted(rows, key=lambda row: row["expires_at"])]


def choose(page: Page, typed: str, label: str) -> None:
    """Open the command bar, type, and take the first line, which must be this one."""
    # A dialog that is closing still lies over the page, and nothing opens below it.
    page.wait_for_function(
        "() => [...document.querySelectorAll('[aria-modal=true]')].every(one => one.getClientRects().length === 0)"
    )
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox", name="命令栏")
    expect(field).to_be_focused()
    field.press_sequentially(typed)
    expect(page.get_by_test_id("command-entry").first).to_contain_text(label)
    page.keyboard.press("Enter")
    expect(page.get_by_test_id("command-bar")).to_have_count(0)


def test_a_few_letters_lead_anywhere_and_what_was_chosen_last_comes_first(seats: Seats) -> None:
    seat = seats.take(OPERATOR)
    page = seat.page
    page.locator(".composer textarea").first.fill("写到一半")
    page.keyboard.press("Control+k")
    expect(page.get_by_test_id("command-entry").first).to_be_visible()
    assert serious(page, AXE) == []
    # The same keys close it, and what was being written is still there.
    page.keyboard.press("Control+k")
    expect(page.get_by_test_id("command-bar")).to_have_count(0)
    expect(page.locator(".composer textarea").first).to_have_value("写到一半")

    choose(page, "bwb", "沐野随行保温杯")
    expect(page).to_have_url(re.compile(r"/products/[0-9a-f-]{36}$"))
    expect(page.get_by_role("dialog")).to_contain_text("沐野随行保温杯")
    expect(page).to_have_title(re.compile("沐野随行保温杯"))
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("/products$"))
    choose(page, "daliu", "大刘")
    expect(page).to_have_url(re.compile(r"/hosts/[0-9a-f-]{36}$"))
    # A drawer hears Escape from when it has the focus.
    expect(page.get_by_role("dialog")).to_contain_text("大刘")
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("/hosts$"))
    choose(page, "zhengc", "整场")
    expect(page).to_have_url(re.compile("/rundown$"))

    page.keyboard.press("Control+k")
    expect(page.get_by_test_id("command-entry").nth(0)).to_contain_text("整场")
    expect(page.get_by_test_id("command-entry").nth(1)).to_contain_text("大刘")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.get_by_role("combobox", name="命令栏").fill("没有这种东西")
    expect(page.get_by_test_id("command-bar")).to_contain_text("没有找到「没有这种东西」")
    page.keyboard.press("Escape")
    choose(page, "english", "English")
    expect(page.get_by_role("heading", name="Shows")).to_be_visible()
    page.keyboard.press("?")
    expect(page.get_by_test_id("keys")).to_contain_text("Go to Products")
    expect(page.get_by_test_id("keys")).not_to_contain_text("Go to Rules desk")
    assert serious(page, AXE) == []
    assert seat.complaints == []


def test_what_a_role_may_not_open_is_neither_found_nor_reached_by_a_key(seats: Seats) -> None:
    page = seats.take(HOST, "/approvals").page
    expect(page.get_by_role("navigation").first).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="命令栏").fill("设置")
    expect(page.get_by_test_id("command-bar")).to_contain_text("没有找到")
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("command-bar")).to_have_count(0)
    page.keyboard.press("g")
    page.keyboard.press("e")
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(page).to_have_url(re.compile("/products$"))


@pytest.mark.parametrize("path", ["rules", "models", "audit"])
def test_a_page_that_a_role_may_not_see_says_so_and_nothing_else(seats: Seats, path: str) -> None:
    page = seats.take(HOST, f"/{path}").page
    expect(page.get_by_test_id("forbidden")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("main").get_by_role("button")).to_have_count(0)
    expect(page.locator("main table")).to_have_count(0)


@pytest.mark.parametrize(
    "kind", ["console", "scripts", "rundown", "live", "products", "hosts", "replay", "experiments"]
)
def test_an_address_that_can_be_nothings_is_told_to_be_none(seats: Seats, kind: str) -> None:
    page = seats.take(ADMIN, f"/{kind}/nonsense").page
    expect(page.get_by_test_id("not-found")).to_be_visible()
    # One that nothing has is told so, too, and there is nothing to try again.
    page.goto(f"/{kind}/01890000-0000-7000-8000-000000000000")
    expect(page.get_by_role("navigation").first).to_be_visible()
    expect(page.get_by_test_id("not-found")).to_have_count(0)
    expect(page.get_by_test_id("read-again")).to_have_count(0)


def test_z_says_when_nothing_can_be_taken_back(seats: Seats) -> None:
    page = seats.take(APPROVER, "/approvals").page
    expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "open")
    expect(page.locator("main.detail")).to_be_visible()
    page.keyboard.press("z")
    expect(page.get_by_test_id("nothing-back")).to_contain_text("没有可以撤回的决定")
    page.keyboard.press("j")
    expect(page.get_by_test_id("nothing-back")).to_have_count(0)


def test_a_price_below_zero_is_told_and_the_field_has_the_focus(seats: Seats) -> None:
    page = seats.take(ADMIN, "/products/new").page
    price = page.get_by_role("spinbutton", name="售价", exact=True)
    page.get_by_label("名称", exact=True).fill("冷萃咖啡")
    price.fill("-3")
    page.get_by_role("button", name="保存").click()
    expect(page.get_by_text("不能小于 0")).to_be_visible()
    expect(price).to_be_focused()
    expect(price).to_have_value("-3.00")


def test_a_thread_is_pinned_found_renamed_and_deleted_by_keys(seats: Seats) -> None:
    seat = seats.take(OPERATOR)
    page, requests = seat.page, seat.context.request
    ids = [requests.post("/api/v1/threads", data={"title": f"夜场第 {n} 段"}).json()["id"] for n in (1, 2, 3)]
    seat.open(f"/console/{ids[0]}")
    rows = page.locator("nav.threads .thread")
    expect(rows.first).to_contain_text("夜场第 3 段")
    choose(page, "zhiding", "置顶这个对话")
    expect(rows.first).to_contain_text("夜场第 1 段")
    expect(rows.first.get_by_test_id("pinned")).to_be_visible()
    assert serious(page, AXE) == []
    # It is the person's own, and kept.
    assert requests.get("/api/v1/threads").json()["items"][0]["id"] == ids[0]
    page.reload()
    expect(rows.first).to_contain_text("夜场第 1 段")

    menu = rows.nth(1).get_by_role("button")
    menu.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("menuitem", name="置顶")).to_be_visible()
    assert serious(page, AXE) == []
    page.get_by_role("menuitem", name="置顶").press("Enter")
    expect(rows.first).to_contain_text("夜场第 3 段")

    choose(page, "cmm", "重命名这个对话")
    field = page.get_by_label("重命名", exact=True)
    expect(field).to_be_focused()
    field.fill("改过的名字")
    field.press("Enter")
    expect(rows.nth(1)).to_contain_text("改过的名字")
    expect(rows.nth(1).get_by_role("link")).to_be_focused()
    search = page.get_by_role("searchbox", name="搜索对话")
    search.fill("夜场第 2")
    expect(rows).to_have_count(1)
    search.fill("")
    expect(rows.first).to_contain_text("夜场第 3 段")
    choose(page, "qxzd", "取消置顶这个对话")
    expect(rows.nth(1).get_by_test_id("pinned")).to_have_count(0)
    choose(page, "删除", "删除这个对话")
    page.get_by_role("button", name=re.compile("^删除")).last.click()
    expect(page).to_have_url(re.compile("/console$"))
    expect(rows.filter(has_text="改过的名字")).to_have_count(0)


def test_a_script_is_rejected_by_two_keys_with_a_reason_that_stands_in_the_history(seats: Seats) -> None:
    (first,) = asked_for(seats, 1)
    seat = seats.take(APPROVER, f"/approvals/{first}")
    page = seat.page
    expect(page.get_by_test_id("approve")).to_be_enabled()
    # As fast as one types, whether the reasons are on screen yet or not.
    page.keyboard.press("x")
    page.keyboard.press("7")
    panel = page.get_by_test_id("reject-panel")
    chosen = panel.get_by_role("radio", name=re.compile("太长或太短"))
    expect(chosen).to_be_checked()
    expect(chosen).to_be_focused()
    assert serious(page, AXE) == []
    expect(page.get_by_test_id("submit-reject")).to_contain_text("驳回并重写")
    # Left and come back to: what was chosen is still chosen.
    page.keyboard.press("Escape")
    page.keyboard.press("x")
    expect(chosen).to_be_checked()
    expect(chosen).to_be_focused()
    page.keyboard.press("9")
    expect(page.get_by_test_id("submit-reject")).to_contain_text("驳回并结束")
    page.keyboard.press("Enter")
    card = page.get_by_test_id("approval-card")
    expect(card).to_have_attribute("data-status", "reject")
    expect(card.get_by_test_id("reject-reason")).to_have_text("不需要了")
    decided = seat.context.request.get(f"/api/v1/interrupts/{first}").json()["decision"]
    assert (decided["reason"], decided.get("feedback")) == ("not_needed", None)
    page.locator("nav.queue").get_by_text("已处理").click()
    expect(page.get_by_test_id("history-row").first).to_contain_text("不需要了")


def test_what_waits_is_put_off_filtered_and_claimed_and_the_view_is_kept(seats: Seats) -> None:
    first, second = asked_for(seats, 2)
    seat = seats.take(APPROVER, f"/approvals/{first}")
    page = seat.page
    rows = page.get_by_test_id("queue-row")
    expect(rows).to_have_count(2)
    plain = page.locator("link[rel=icon]")
    expect(plain).to_have_attribute("href", re.compile("^data:image/png"))
    page.keyboard.press("s")
    expect(rows).to_have_count(1)
    expect(page).to_have_url(re.compile(second))
    expect(page.get_by_test_id("snoozed")).to_contain_text("1 条稍后再看")
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    assert serious(page, AXE) == []
    # Of oneself alone, over a reload too.
    page.reload()
    expect(rows).to_have_count(1)
    expect(seats.take(ADMIN, "/approvals").page.get_by_test_id("queue-row")).to_have_count(2)
    page.get_by_test_id("snoozed").click()
    expect(rows).to_have_count(2)

    expect(page.get_by_test_id("approve")).to_be_enabled()
    page.keyboard.press("c")
    expect(page.get_by_test_id("claimed-by")).to_contain_text("你正在审")
    page.locator("nav.queue").get_by_text("我的", exact=True).click()
    expect(rows).to_have_count(1)
    expect(rows).to_have_attribute("href", re.compile(second))
    page.locator("nav.queue").get_by_text("待审", exact=True).click()
    expect(rows).to_have_count(2)

    # What the checks have to say of a text that was written anew is nobody's to foretell.
    waiting = seat.context.request.get("/api/v1/interrupts?status=pending").json()["items"]
    faulty = sum(bool(row["params"]["findings"]) for row in waiting)
    page.get_by_role("combobox", name="筛选").press("Enter")
    page.get_by_title("有问题", exact=True).click()
    expect(rows).to_have_count(faulty)
    page.reload()
    expect(page.get_by_test_id("clear-look")).to_be_visible()
    page.get_by_test_id("clear-look").click()
    expect(rows).to_have_count(2)
    assert seat.complaints == []


def test_policies_are_set_within_bounds_and_go_back_to_the_servers(seats: Seats) -> None:
    seat = seats.take(ADMIN, "/settings")
    page, requests = seat.page, seat.context.request
    before = requests.get("/api/v1/tenant/policies").json()
    form = page.get_by_test_id("policies")
    ttl = form.get_by_label("待审时限", exact=True)
    expect(ttl).to_have_value(str(int(before["interrupt_ttl"] / 60)))
    assert serious(page, AXE) == []
    ttl.fill("999999")
    ttl.blur()
    expect(page.get_by_test_id("policy-interrupt_ttl")).to_contain_text("请填")
    expect(page.get_by_test_id("save-policies")).to_be_disabled()
    ttl.fill("45")
    form.get_by_label("四眼原则").press("Space")
    expect(form).to_contain_text("2 项改动未保存")
    page.get_by_test_id("save-policies").press("Enter")
    expect(page.get_by_text("已保存")).to_be_visible()
    now = requests.get("/api/v1/tenant/policies").json()
    assert (now["interrupt_ttl"], now["four_eyes"]) == (2700, True)
    assert {name for name in now if now[name] != before[name]} == {"interrupt_ttl", "four_eyes"}
    form.get_by_role("button", name="「待审时限」恢复默认").click()
    expect(ttl).to_have_value(str(int(before["interrupt_ttl"] / 60)))
    form.get_by_label("四眼原则").press("Space")
    page.get_by_test_id("save-policies").click()
    expect(form.get_by_label("四眼原则")).not_to_be_checked()
    expect(page.get_by_test_id("save-policies")).to_be_disabled()
    assert requests.get("/api/v1/tenant/policies").json() == before


def test_the_tour_is_offered_once_and_taken_by_keys(seats: Seats) -> None:
    seat = seats.take(OPERATOR)
    page = seat.page
    page.get_by_test_id("tour-start").press("Enter")
    tour = page.get_by_test_id("tour")
    expect(tour).to_be_focused()
    steps = []
    for _ in range(20):
        steps.append(tour.get_attribute("data-step"))
        if page.get_by_test_id("tour-next").inner_text().startswith("完成"):
            break
        expect(page.get_by_test_id("tour-ring")).to_be_visible()
        page.keyboard.press("ArrowRight")
        expect(tour).not_to_have_attribute("data-step", steps[-1] or "")
    assert steps[0] == "ask"
    assert steps[-1] == "keys"
    assert serious(page, AXE) == []
    page.keyboard.press("Escape")
    expect(tour).to_have_count(0)
    seat.open("/console")
    expect(page.locator(".welcome")).to_be_visible()
    expect(page.get_by_test_id("tour-offer")).to_have_count(0)
    # Whoever wants it again finds it with the keys.
    page.keyboard.press("?")
    page.get_by_role("button", name="看一遍新手引导").click()
    expect(tour).to_be_visible()
    page.keyboard.press("Escape")

    other = seats.take(APPROVER).page
    other.get_by_test_id("tour-decline").click()
    other.reload()
    expect(other.locator(".welcome")).to_be_visible()
    expect(other.get_by_test_id("tour-offer")).to_have_count(0)
