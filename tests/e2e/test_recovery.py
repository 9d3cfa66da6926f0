"""kill -9 of the server in the middle of what people do: the page says so, loses nothing, and goes on by itself.

A server that dies while an answer streams is in test_coming_back.
"""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.e2e.browser import TALL, Seats
from tests.e2e.test_coming_back import travelled, until
from tests.e2e.test_director import WISHES, Room, entries
from tests.e2e.test_main_job import ASK
from tests.support.desk_client import ADMIN, APPROVER, HOST, OPERATOR
from tests.support.processes import ServerProcess


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


@pytest.fixture(autouse=True)
def alive(server: ServerProcess) -> None:
    """A test that failed while the server was dead takes none of the others along."""
    if not server.alive:
        server.start().wait_healthy()


def kill(server: ServerProcess, page: Page) -> None:
    """Kill the server; the page notices and says so."""
    server.kill()
    line = page.get_by_test_id("connection")
    expect(line).to_have_attribute("data-state", "reconnecting")
    expect(line).to_contain_text("重连中")


def waiting(seats: Seats) -> tuple[str, str]:
    """A script that waits for an approver: ids of its question and its thread."""
    operator = seats.take(OPERATOR, viewport=TALL)
    operator.ask(ASK)
    expect(operator.page.get_by_test_id("approval-card")).to_have_attribute("data-status", "pending")
    rows = operator.page.request.get("/api/v1/interrupts?status=pending").json()["items"]
    return next((row["id"], row["thread_id"]) for row in rows if row["thread_id"] == operator.thread_id)


def test_a_request_that_is_being_written_is_kept_and_sent_once(seats: Seats, server: ServerProcess) -> None:
    operator = seats.take(OPERATOR, viewport=TALL)
    page, box = operator.page, operator.page.locator(".composer textarea").first
    box.press_sequentially("给小雅的直播间写一段保温杯开场")
    kill(server, page)
    box.press_sequentially("，30秒，活泼一点")
    box.press("Enter")  # the first message opens a thread, for which the server is needed
    refused = page.get_by_test_id("send-refused")
    expect(refused).to_contain_text("连不上服务器")
    expect(box).to_have_value(ASK)
    server.start().wait_healthy()
    operator.connected()
    expect(box).to_have_value(ASK)
    box.press("Enter")
    expect(page.get_by_test_id("approval-card")).to_have_attribute("data-status", "pending")
    expect(box).to_have_value("")

    # In a thread what was sent goes by itself when the line is back, and what is typed meanwhile stays.
    kill(server, page)
    box.fill("/stop 不是命令，短一点")
    page.get_by_test_id("withdraw").click()
    server.start().wait_healthy()
    operator.connected()
    expect(page.get_by_test_id("approval-card")).to_have_attribute("data-status", "cancelled")
    kill(server, page)
    box.fill("再写一段，更短一点")
    box.press("Enter")
    server.start().wait_healthy()
    expect(page.get_by_test_id("approval-card").last).to_have_attribute("data-status", "pending")
    stored = page.request.get(f"/api/v1/threads/{operator.thread_id}/messages").json()["items"]
    assert [m["content"] for m in stored if m["role"] == "user"] == [ASK, "再写一段，更短一点"]
    threads = page.request.get("/api/v1/threads").json()["items"]
    assert len(threads) == 1
    page.get_by_test_id("withdraw").click()
    expect(page.get_by_test_id("approval-card").last).to_have_attribute("data-status", "cancelled")


def test_an_edit_goes_on_while_the_server_is_away_and_is_approved_when_it_is_back(
    seats: Seats, server: ServerProcess
) -> None:
    asked, _ = waiting(seats)
    approver = seats.take(APPROVER, f"/approvals/{asked}")
    page, editor = approver.page, approver.page.get_by_test_id("approval-editor")
    expect(page.get_by_test_id("approve")).to_be_enabled()
    page.keyboard.press("e")
    expect(page.get_by_test_id("claimed-by")).to_contain_text("你正在审")
    expect(page.get_by_test_id("live-check")).to_have_attribute("data-fresh", "true")
    editor.press("Control+Home")
    editor.press_sequentially("姐妹们晚上好。")
    kill(server, page)
    editor.press_sequentially("弹幕扣个一。")
    expect(page.get_by_test_id("live-check")).to_contain_text("暂时")
    text = editor.input_value()
    assert text.startswith("姐妹们晚上好。弹幕扣个一。")
    # Long gone: what is on screen may be old, so nothing can be decided.
    expect(page.get_by_role("alert").filter(has_text="恢复前不能审批")).to_be_visible()
    expect(page.get_by_test_id("submit-edit")).to_be_disabled()
    expect(editor).to_be_focused()

    server.start().wait_healthy()
    approver.connected()
    # Without a key pressed: the check is made, the review is mine again.
    expect(page.get_by_test_id("live-check")).to_have_attribute("data-fresh", "true")
    expect(page.get_by_test_id("claimed-by")).to_contain_text("你正在审")
    expect(editor).to_have_value(text)
    editor.press("Control+Enter")
    card = page.get_by_test_id("approval-card")
    expect(card).to_have_attribute("data-status", "edit")
    decided = page.request.get(f"/api/v1/interrupts/{asked}").json()
    assert decided["decision"]["content"] == text


def test_no_decision_is_kept_for_when_the_line_is_back(seats: Seats, server: ServerProcess) -> None:
    asked, _ = waiting(seats)
    approver = seats.take(APPROVER, f"/approvals/{asked}")
    page = approver.page
    expect(page.get_by_test_id("approve")).to_be_enabled()
    server.kill()
    # At once, not only when the line counts as lost.
    expect(page.get_by_test_id("approve")).to_be_disabled()
    page.keyboard.press("a")
    refused = page.get_by_test_id("refusal")
    expect(refused).to_contain_text("没有发出")
    server.start().wait_healthy()
    approver.connected()
    expect(page.get_by_test_id("approve")).to_be_enabled()
    expect(refused).to_have_count(0)
    assert page.request.get(f"/api/v1/interrupts/{asked}").json()["status"] == "pending"
    page.keyboard.press("a")
    expect(page.get_by_test_id("approval-card")).to_have_attribute("data-status", "approve")


def test_a_decision_under_its_undo_is_called_back_over_a_crash(seats: Seats, server: ServerProcess) -> None:
    admin = seats.take(ADMIN, "/approvals")
    page, requests = admin.page, admin.context.request
    assert requests.patch("/api/v1/tenant/policies", data={"undo_window": 600}).ok
    asked, thread = waiting(seats)
    admin.open(f"/approvals/{asked}")
    expect(page.get_by_test_id("approve")).to_be_enabled()
    page.keyboard.press("a")
    held = page.get_by_test_id("held-item")
    expect(held).to_contain_text("后上屏")
    kill(server, page)
    expect(held).to_be_visible()
    held.get_by_test_id("undo-held").click()  # sent when the line is back
    server.start().wait_healthy()
    admin.connected()
    expect(held).to_have_count(0)
    # The pointer is still in the list, but there is no row that it could lose.
    expect(page.get_by_test_id("queue-row").filter(has_text="剩余")).to_have_count(1)
    snapshot = requests.get(f"/api/v1/threads/{thread}/snapshot").json()["snapshot"]
    assert not snapshot["scripts"], "it did not go on air"
    assert requests.patch("/api/v1/tenant/policies", data={"undo_window": 0}).ok
    assert requests.post(f"/api/v1/threads/{thread}/cancel").ok


def test_forms_that_are_half_filled_in_are_saved_when_the_server_is_back(seats: Seats, server: ServerProcess) -> None:
    admin = seats.take(ADMIN, "/products")
    page = admin.page
    page.get_by_role("button", name="新建").click()
    form = page.get_by_role("dialog")
    form.get_by_label("名称", exact=True).fill("晨曦折叠伞")
    form.get_by_label("售价").fill("39.9")
    form.get_by_role("button", name="添加卖点").click()
    form.get_by_label("特点").fill("八骨加固")
    kill(server, page)
    form.get_by_role("button", name="保存").click()
    expect(form.get_by_role("alert")).to_contain_text("连不上服务器")
    form.get_by_label("好处").fill("风大也不翻")
    server.start().wait_healthy()
    admin.connected()
    form.get_by_role("button", name="保存").click()
    expect(page.get_by_role("row").filter(has_text="晨曦折叠伞")).to_contain_text("39.9")
    made = [
        one for one in page.request.get("/api/v1/products?limit=100").json()["items"] if one["name"] == "晨曦折叠伞"
    ]
    assert [(one["points"][0]["feature"], one["points"][0]["benefit"]) for one in made] == [("八骨加固", "风大也不翻")]

    admin.open("/rules")
    page.get_by_role("tab", name="本店规则").click()
    page.get_by_test_id("add-rule").click()
    form.get_by_label("名称").fill("不说骨折价")
    kill(server, page)
    form.get_by_label("词语").fill("骨折价")
    page.get_by_test_id("put-rule").click()
    page.get_by_test_id("save-rules").click()
    bar = page.get_by_test_id("rules-save")
    expect(bar.get_by_role("alert")).to_contain_text("连不上服务器")
    server.start().wait_healthy()
    admin.connected()
    page.get_by_test_id("save-rules").click()
    expect(bar).to_have_count(0)
    saved = page.request.get("/api/v1/rules/overlay").json()["overlay"]["rules"]
    assert [(one["title"], one["terms"]) for one in saved] == [("不说骨折价", ["骨折价"])]


def test_a_drag_of_the_director_is_saved_when_the_server_is_back(seats: Seats, server: ServerProcess) -> None:
    operator = seats.take(OPERATOR, "/login")
    room = Room(operator)
    room.rule(by_hand=True, undo_window=None)
    room.empty()
    first, second, third = (room.approve(wish) for wish in WISHES)
    page = operator.open(f"/live/{room.id}").page
    expect(entries(page)).to_have_count(3)
    grip, above = (entries(page).nth(place).get_by_role("button", name="移动").bounding_box() for place in (2, 0))
    assert grip is not None
    assert above is not None
    page.get_by_label("给主播的话").fill("库存剩 120")
    page.mouse.move(grip["x"] + 10, grip["y"] + 10)
    page.mouse.down()
    page.mouse.move(above["x"] + 10, above["y"] - 12, steps=6)
    expect(entries(page).first).to_contain_text(third)
    server.kill()
    expect(page.get_by_test_id("no-control")).to_contain_text("连接断开了")
    page.mouse.up()
    expect(page.locator(".grabbed")).to_have_count(0)
    expect(page.get_by_text("新的顺序还没保存")).to_be_visible()
    expect(entries(page).first).to_contain_text(third)
    server.start().wait_healthy()
    expect(page.get_by_test_id("no-control")).to_have_count(0)
    expect(entries(page).first).to_contain_text(third)
    until(lambda: room.titles() == [third, first, second], page)
    expect(page.get_by_label("给主播的话")).to_have_value("库存剩 120")


def test_a_teleprompter_reads_on_through_a_crash_and_comes_back_without_a_jump(
    seats: Seats, server: ServerProcess
) -> None:
    operator = seats.take(OPERATOR, "/login")
    room = Room(operator)
    room.rule(by_hand=True, undo_window=None)
    room.empty()
    room.approve(WISHES[1])
    director = operator.open(f"/live/{room.id}").page
    entries(director).first.get_by_test_id("cue").click()
    host = seats.take(HOST, f"/prompter.html?room={room.id}", reduced_motion="no-preference").page
    expect(host.locator(".track")).to_contain_text("面膜")
    host.keyboard.press("Space")
    expect(director.get_by_test_id("stage-state")).to_have_attribute("data-state", "playing")
    server.kill()
    expect(host.get_by_text("使用已收稿件")).to_be_visible()
    at = travelled(host)
    until(lambda: travelled(host) > at + 20, host)
    host.evaluate(
        """() => { window.steps = []
            const y = () => new DOMMatrix(getComputedStyle(document.querySelector('.track')).transform).m42
            let [last, then] = [y(), document.timeline.currentTime]
            const step = () => { const [now, at] = [y(), document.timeline.currentTime]
                steps.push([now - last, at - then]); last = now; then = at; requestAnimationFrame(step) }
            requestAnimationFrame(step) }"""
    )
    server.start().wait_healthy()
    expect(host.get_by_text("使用已收稿件")).to_have_count(0)
    expect(director.get_by_test_id("stage-state")).to_have_attribute("data-state", "playing")
    at = travelled(host)
    until(lambda: travelled(host) > at + 20, host)
    for moved, ms in host.evaluate("steps"):
        assert -10 - ms * 0.2 < moved < 1, "it reads on, neither back nor far ahead"
    host.keyboard.press("Space")
    expect(director.get_by_test_id("stage-state")).to_have_attribute("data-state", "paused")


def test_a_page_that_was_never_opened_opens_by_itself_when_the_server_is_back(
    seats: Seats, server: ServerProcess
) -> None:
    operator = seats.take(OPERATOR)
    page = operator.page
    # The browser keeps 250 timings; what is brought ahead (some 150) and asked of a server that is gone fill them.
    page.add_init_script("performance.setResourceTimingBufferSize(5_000)")
    page.reload()
    page.locator(".composer textarea").first.fill("写到一半")
    kill(server, page)
    page.get_by_role("link", name="主播", exact=True).click()
    expect(page.get_by_test_id("broken")).to_contain_text("服务器恢复后会自动打开")
    # The frame stays, and says how the line is.
    expect(page.get_by_test_id("connection")).to_have_attribute("data-state", "reconnecting")
    server.start().wait_healthy()
    expect(page.get_by_role("row").filter(has_text="小雅")).to_be_visible()
    page.get_by_role("link", name="对话", exact=True).click()
    expect(page.locator(".composer textarea").first).to_have_value("写到一半")

    # What may be wanted is brought while all is quiet: then a page opens without the server, and fills when it is back.
    brought = """() => { const links = [...document.querySelectorAll('link[rel=prefetch]')]
        return links.length > 0 && links.every(({href}) => performance.getEntriesByName(href).length > 0) }"""
    page.wait_for_function(brought, timeout=60_000)
    kill(server, page)
    page.get_by_role("link", name="记忆", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("记忆")
    fault = page.get_by_role("alert").filter(has_text="连不上服务器")
    expect(fault.first).to_be_visible()
    server.start().wait_healthy()
    expect(fault).to_have_count(0)


def test_a_teleprompter_that_is_loaded_again_while_the_server_is_dead_shows_its_script(
    seats: Seats, server: ServerProcess
) -> None:
    operator = seats.take(OPERATOR, "/login")
    room = Room(operator)
    room.rule(by_hand=True, undo_window=None)
    room.empty()
    title = room.approve(WISHES[0])
    director = operator.open(f"/live/{room.id}").page
    entries(director).first.get_by_test_id("cue").click()
    page = seats.take(HOST, f"/prompter.html?room={room.id}").page
    shown, script = page.locator(".bar .title:not(.upcoming)"), page.locator(".track")
    expect(shown).to_have_text(title)
    text = script.inner_text()
    # A device that was opened once is enough: what it needs is kept by the worker's installation.
    worker = "async () => (await navigator.serviceWorker.getRegistration())?.active?.state === 'activated'"
    until(lambda: page.evaluate(worker), page)
    server.kill()
    page.reload()
    expect(shown).to_have_text(title)
    expect(script).to_have_text(text, use_inner_text=True)
    expect(page.get_by_text("使用已收稿件")).to_be_visible()
    # What is fetched after the first paint is there too.
    page.get_by_role("button", name="设置").click()
    menu = page.get_by_role("dialog")
    expect(menu).to_be_visible()
    menu.get_by_role("button", name="关闭").click()
    expect(menu).to_have_count(0)
    server.start().wait_healthy()
    expect(page.locator(".line")).to_contain_text("已连接")
    room.empty()
    other = room.approve(WISHES[1])
    entries(director).filter(has_text=other).get_by_test_id("cue").click()
    expect(shown).to_have_text(other)


def test_a_teleprompter_that_is_loaded_again_while_it_reads_alone_goes_on_there_and_leads(
    seats: Seats, server: ServerProcess
) -> None:
    operator = seats.take(OPERATOR, "/login")
    room = Room(operator)
    room.rule(by_hand=True, undo_window=None)
    room.empty()
    room.approve(WISHES[1])
    director = operator.open(f"/live/{room.id}").page
    entries(director).first.get_by_test_id("cue").click()
    host = seats.take(HOST, f"/prompter.html?room={room.id}", reduced_motion="no-preference").page
    expect(host.locator(".track")).to_contain_text("面膜")
    worker = "async () => (await navigator.serviceWorker.getRegistration())?.active?.state === 'activated'"
    until(lambda: host.evaluate(worker), host)
    host.keyboard.press("Space")
    expect(director.get_by_test_id("stage-state")).to_have_attribute("data-state", "playing")
    server.kill()
    expect(host.get_by_text("使用已收稿件")).to_be_visible()
    told = host.locator(".bar").get_by_text("字/分").first
    for _ in range(2):
        pace = told.inner_text()
        host.keyboard.press("ArrowUp")
        expect(told).not_to_have_text(pace)
    pace = told.inner_text()
    at = travelled(host)
    until(lambda: travelled(host) > at + 20, host)
    at = travelled(host)
    host.reload()
    running = host.locator('.prompter[data-motion="running"]')
    expect(running).to_have_count(1)
    again = travelled(host)
    # The place is kept each second, and as the page goes as far as the browser still does it.
    line = float(host.evaluate("parseFloat(getComputedStyle(document.querySelector('.track')).lineHeight)"))
    assert at - line / 2 < again, "it goes on where it was"
    expect(host.locator(".bar").get_by_text("字/分").first).to_have_text(pace)
    until(lambda: travelled(host) > again + 20, host)
    server.start().wait_healthy()
    expect(host.locator(".line")).to_contain_text("已连接")
    expect(director.get_by_test_id("stage-state")).to_have_attribute("data-state", "playing")
    expect(running).to_have_count(1)
    expect(host.locator(".bar").get_by_text("字/分").first).to_have_text(pace)


def test_who_signs_out_leaves_no_script_on_the_device(seats: Seats) -> None:
    operator = seats.take(OPERATOR, "/login")
    room = Room(operator)
    room.rule(by_hand=True, undo_window=None)
    room.empty()
    room.approve(WISHES[1])
    director = operator.open(f"/live/{room.id}").page
    entries(director).first.get_by_test_id("cue").click()
    seat = seats.take(HOST, f"/prompter.html?room={room.id}")
    expect(seat.page.locator(".track")).to_contain_text("面膜")
    names = "async () => (await indexedDB.databases()).map(({name}) => name)"
    until(lambda: "cuedesk-prompter" in seat.page.evaluate(names), seat.page)
    console = seat.context.new_page()
    console.goto(f"{seats.address}/console")
    console.get_by_role("button", name="小雅").click()
    console.get_by_role("button", name="退出登录").click()
    expect(console.locator("input[autocomplete=username]")).to_be_visible()
    # The display beside it stood: it asks who is there, and keeps nothing more.
    expect(seat.page.locator("input[autocomplete=username]")).to_be_visible()
    until(lambda: "cuedesk-prompter" not in console.evaluate(names), console)


@pytest.mark.parametrize("path", ["/prompter.html", "/remote"])
def test_a_screen_that_is_opened_while_the_server_is_away_comes_by_itself(
    seats: Seats, server: ServerProcess, path: str
) -> None:
    host = seats.take(HOST, path)
    link = host.page.get_by_role("link", name="小雅的直播间")
    expect(link).to_be_visible()
    # The page itself is there (a proxy or the device has it); what it asks for is not.
    host.page.route("**/api/v1/**", lambda route: route.abort())
    host.page.reload()
    expect(host.page.get_by_role("alert")).to_contain_text("恢复后会自动打开")
    host.page.unroute("**/api/v1/**")
    expect(link).to_be_visible()


def test_who_is_not_signed_in_is_asked_to_at_the_remote_too(seats: Seats) -> None:
    expect(seats.take(None, "/remote").page.locator("button[type=submit]")).to_be_visible()


def test_what_is_typed_while_a_message_is_on_its_way_stays(seats: Seats, server: ServerProcess) -> None:
    operator = seats.take(OPERATOR, viewport=TALL)
    page, box = operator.page, operator.page.locator(".composer textarea").first
    operator.ask("你好")
    expect(page.get_by_test_id("message-assistant")).to_have_attribute("data-status", "complete")
    kill(server, page)
    box.fill("写一段保温杯促单，30秒")
    box.press("Enter")
    box.fill("下一条：面膜的卖点")
    server.start().wait_healthy()
    expect(page.get_by_test_id("approval-card")).to_have_attribute("data-status", "pending")
    expect(box).to_have_value("下一条：面膜的卖点")


def test_a_part_of_the_page_that_cannot_be_had_takes_no_field_away(seats: Seats) -> None:
    """The server goes before the page has fetched what stands beside the conversation."""
    operator = seats.take(OPERATOR, viewport=TALL)
    page, box = operator.page, operator.page.locator(".composer textarea").first
    away = re.compile(r"/assets/(InMind|MessageTools|RunChips)-[^/]*\.js$|/ahead\.json$")
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort()

    page.route(away, refuse)
    operator.ask("你好")
    expect(page.get_by_test_id("message-assistant")).to_have_attribute("data-status", "complete")
    until(lambda: any("InMind" in url for url in asked) and any("ahead.json" in url for url in asked), page)
    box.fill("下一条：面膜的卖点")
    page.unroute(away)
    expect(page.get_by_test_id("in-mind")).to_be_visible()
    expect(box).to_have_value("下一条：面膜的卖点")
    expect(box).to_be_focused()


@pytest.mark.parametrize("place", ["/console/{thread}", "/replay/{thread}", "/products", "/rundown/{thread}"])
def test_a_page_that_could_not_be_read_is_read_by_itself_when_it_can_be(
    seats: Seats, server: ServerProcess, place: str
) -> None:
    thread = waiting(seats)[1]
    page = seats.take(OPERATOR).page
    # The page's file is there; what it asks for is not.
    page.route("**/api/v1/**", lambda route: route.abort())
    page.evaluate(
        "path => { history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')) }",
        place.format(thread=thread),
    )
    fault = page.locator("main [role=alert]")
    expect(fault.first).to_contain_text("连不上服务器")
    page.unroute("**/api/v1/**")
    if place.startswith("/rundown"):
        # What is no show's is said to be none, and nothing is offered that cannot help.
        expect(fault).to_contain_text("不存在")
        expect(fault.get_by_role("button")).to_have_count(0)
    else:
        expect(fault).to_have_count(0)
        expect(page.locator("main")).to_contain_text("保温杯")
