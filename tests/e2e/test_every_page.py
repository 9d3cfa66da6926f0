"""Every page: axe in both themes and languages, at 200 % zoom, and the teleprompter on every shape of screen."""

import base64
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browser import Seat, Seats, seats_at
from tests.e2e.prompter_page import RoomOnScreen, served_page
from tests.e2e.test_accessibility import AXE, serious
from tests.e2e.test_director import WISHES, Room
from tests.e2e.test_prompter_engine import SCRIPT
from tests.support.desk_client import ADMIN
from tests.support.processes import ServerProcess

PAGES = ["console", "approvals", "scripts", "rundown", "products", "memory", "hosts", "experiments", "models", "rules"]
#: The plan of a show.
TABLE = "商品,环节\n沐野随行保温杯 500ml,开场、卖点\n卫龙大面筋辣条 106g×5 包,卖点、促销\n"
#: A window of 1280 × 800 at 200 %: half as many CSS pixels, each twice as large.
ZOOMED = {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2}


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


@pytest.fixture(scope="module")
def addresses(browser: Browser, server: ServerProcess) -> list[str]:
    """Every page of the console, and those of one thing where there is one: each with something on it."""
    with seats_at(browser, server.url) as seats:
        admin = seats.take(ADMIN, "/hosts")
        room = Room(admin)
        room.rule(by_hand=True, undo_window=None)
        room.approve(WISHES[0])
        requests = admin.context.request
        thread = requests.post("/api/v1/threads", data={"room_id": room.id}).json()["id"]
        assert requests.post(f"/api/v1/threads/{thread}/messages", data={"content": WISHES[1]}).ok
        page = admin.open(f"/console/{thread}").page
        expect(page.get_by_test_id("approval-card")).to_have_attribute("data-status", "pending")
        asked = requests.get("/api/v1/interrupts?status=pending").json()["items"][0]["id"]
        product, script = (
            requests.get(f"/api/v1/{what}?limit=1").json()["items"][0]["id"] for what in ("products", "scripts")
        )
        table = base64.b64encode(TABLE.encode()).decode()
        items = requests.post("/api/v1/shows/table", data={"content": table}).json()["items"]
        show = requests.post(
            "/api/v1/shows",
            data={
                "room_id": room.id,
                "name": "双十一大场",
                "total_seconds": 1200,
                "items": [{name: item[name] for name in ("product_id", "scenario")} for item in items],
            },
        ).json()["show"]["id"]
    return [f"/{page}" for page in [*PAGES, "settings"]] + [
        f"/console/{thread}", f"/approvals/{asked}", f"/products/{product}", f"/scripts/{script}", f"/rundown/{show}",
        f"/live/{room.id}",
    ]  # fmt: skip


def every(addresses: list[str]) -> list[str]:
    """Those, and what has no frame around it or is rarely seen."""
    thread = next(address for address in addresses if address.startswith("/console/")).rpartition("/")[2]
    room = next(address for address in addresses if address.startswith("/live/")).rpartition("/")[2]
    return [*addresses, "/audit", "/no/such/page", f"/replay/{thread}", "/pair", "/remote", f"/remote?room={room}",
            "/prompter.html", f"/prompter.html?room={room}"]  # fmt: skip


def settled(page: Page) -> None:
    """Wait until the page has read what it shows."""
    expect(page.locator("h1").first).to_be_attached()
    page.wait_for_load_state("networkidle")
    expect(page.locator(".ant-spin-spinning, .ant-skeleton-active")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_no_page_has_a_fault_in_this_language(seats: Seats, addresses: list[str], language: str) -> None:
    seat = seats.take(ADMIN, "/login", locale=language)
    in_language(seat, language)
    login = seats.take(None, "/login", locale=language).page
    settled(login)
    faults = {"/login": serious(login, AXE)}
    for address in every(addresses):
        settled(seat.open(address).page)
        expect(seat.page.locator("html")).to_have_attribute("lang", language)
        faults[address] = serious(seat.page, AXE)
    none_of(faults)
    assert seat.complaints == []


def none_of(faults: dict[str, list[str]]) -> None:
    """Fail with every fault in full."""
    told = [f"{place}: {fault}" for place, found in faults.items() for fault in found]
    assert not told, "\n".join(told)


def in_language(seat: Seat, language: str) -> None:
    """From the next page on it speaks this language."""
    seat.context.add_init_script(f"localStorage.setItem('cuedesk:language', '{language}')")


#: What can be done on a page: the names of everything that is operated and can be seen or scrolled to.
TO_BE_DONE = """() => {
    const seen = element => {
        const { width, height } = element.getBoundingClientRect()
        return width > 0 && height > 0 && element.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    }
    const name = element => (element.getAttribute('aria-label') ?? '').trim()
        || (element.innerText ?? '').replace(/\\s+/g, ' ').trim()
        || element.getAttribute('placeholder') || element.id || element.getAttribute('name') || element.tagName
    return [...document.querySelectorAll(
        ':is(button, a[href], input, textarea, select, [role=tab])')].filter(seen).map(name)
}"""


def to_be_done(page: Page) -> set[str]:
    """The names on the whole page, without what changes with time: clocks run, and counts count."""
    names: set[str] = set()
    for part in (0, 0.25, 0.5, 0.75, 1):  # a conversation has only what is in view
        page.evaluate(
            """async part => { const list = document.querySelector('.chat-list')
                if (list) list.scrollTop = (list.scrollHeight - list.clientHeight) * part
                for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame) }""",
            part,
        )
        names |= {re.sub(r"[\d:.]+", "#", name) for name in page.evaluate(TO_BE_DONE)}
        if not page.locator(".chat-list").count():
            break
    return names


def lacking(plain: Seat, zoomed: Seat) -> set[str]:
    """What one page has and the other lacks, when both have had the time to draw it: rows come after their page."""
    lost: set[str] = set()
    for _ in range(20):
        lost = to_be_done(plain.page) - to_be_done(zoomed.page)
        if not lost:
            break
        zoomed.page.wait_for_timeout(500)
    return lost


def test_at_twice_the_size_no_page_scrolls_sideways_and_nothing_is_missing(seats: Seats, addresses: list[str]) -> None:
    plain, zoomed = seats.take(ADMIN, "/login"), seats.take(ADMIN, "/login", **ZOOMED)
    wide, missing, cut = {}, {}, {}
    console = [address for address in every(addresses) if not address.startswith("/prompter")]
    for address in [*console, "/login"]:
        if address == "/login":  # whoever is signed in is led on
            for seat in (plain, zoomed):
                seat.context.clear_cookies()
        for seat in (plain, zoomed):
            settled(seat.open(address).page)
            # In a narrow window the evidence beside a script is folded until one asks for it.
            if (folded := seat.page.get_by_role("button", name="展开依据")).count():
                folded.click()
                expect(seat.page.get_by_test_id("evidence")).to_contain_text("更新于")
        over = zoomed.page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")
        if over > 0:
            wide[address] = over
        if lost := lacking(plain, zoomed):
            missing[address] = lost
        work = zoomed.page.locator(".chat, .detail").first
        if work.count():
            box = work.bounding_box()
            assert box is not None
            assert box["height"] >= 100, f"{address}: what one came for is {box['height']} pixels high"
        if hidden := beyond(zoomed):
            cut[address] = hidden
    assert (wide, missing, cut) == ({}, {}, {})


def test_at_twice_the_size_all_of_a_dialog_can_be_reached(seats: Seats, addresses: list[str]) -> None:
    seat = seats.take(ADMIN, "/login", **ZOOMED)
    page = seat.page
    room = next(address for address in addresses if address.startswith("/live/"))
    cut = {}
    for address, opener in {
        "/products": page.get_by_role("button", name="编辑").first,
        "/products ": page.get_by_test_id("import-products"),
        "/hosts": page.get_by_role("button", name="新建"),
        "/rundown": page.get_by_test_id("new-show"),
        "/rules": page.get_by_role("button", name="调整").first,
        "/memory": page.get_by_test_id("new-note"),
        "/memory ": page.get_by_role("button", name="语义检索"),
        "/memory  ": page.get_by_role("button", name="按请求遗忘"),
        "/experiments": page.get_by_test_id("new-experiment"),
        room: page.get_by_role("button", name="配对屏幕"),
        f"{room} ": page.get_by_role("button", name="从话术库添加"),
        "/console": page.get_by_role("button", name="键盘快捷键"),
        "/console ": page.get_by_test_id("open-command-bar"),
    }.items():
        settled(seat.open(address.strip()).page)
        opener.click()
        box = page.locator("[aria-modal=true], [role=dialog]").last
        expect(box).to_be_visible()
        page.wait_for_load_state("networkidle")
        over = page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")
        inner = box.evaluate("box => box.scrollWidth - box.clientWidth")
        if faults := beyond(seat) + [
            f"{name} {by} px too wide" for name, by in (("page", over), ("box", inner)) if by > 0
        ]:
            cut[address] = faults
    assert cut == {}


def beyond(seat: Seat) -> list[str]:
    """What is operated and cannot be brought wholly into view by scrolling, or lies under something else then."""
    found: list[str] = seat.page.evaluate(
        """() => [...(document.querySelector('[aria-modal=true]') ?? document)
            .querySelectorAll('button, a[href], textarea')]
            .filter(element => element.checkVisibility({ visibilityProperty: true }) && element.offsetWidth)
            .filter(element => {
                element.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' })
                const { left, right, top, bottom } = element.getBoundingClientRect()
                const hit = document.elementFromPoint((left + right) / 2, (top + bottom) / 2)
                return left < -1 || right > innerWidth + 1 || bottom < 0 || top > innerHeight
                    || !hit || !(element.contains(hit) || hit.contains(element)) })
            .map(element => element.getAttribute('aria-label') || element.innerText || element.outerHTML)"""
    )
    return found


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served_page() as url:
        yield url


#: Screens that a host reads from, and a window at 200 %.
STAGES = [(390, 844), (844, 390), (820, 1180), (1280, 800), (1920, 1080), (640, 400)]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("width", "height"), STAGES)
def test_all_that_is_set_on_a_teleprompter_can_be_reached_on_every_screen(
    browser: Browser, address: str, width: int, height: int, language: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
    try:
        room = RoomOnScreen(context, address)
        context.add_init_script(
            f"localStorage.setItem('cuedesk.prompter', JSON.stringify({{ language: '{language}' }}))"
        )
        room.open()
        page = room.page
        expect(page.locator("html")).to_have_attribute("lang", re.compile(f"^{language}"))
        assert out_of_reach(page, ".prompter") == [], "while it waits"
        page.keyboard.press("Escape")
        menu = page.get_by_role("dialog")
        expect(menu).to_be_visible()
        assert out_of_reach(page, "dialog") == [], "the settings"
        menu.get_by_role("button", name=re.compile("测试图|[Tt]est pattern")).click()
        pattern = page.locator("dialog.pattern")
        expect(pattern).to_be_visible()
        assert out_of_reach(page, "dialog.pattern") == [], "the test pattern"
        page.keyboard.press("Escape")
        room.show(SCRIPT)
        page.wait_for_selector(".track [data-o]")
        assert out_of_reach(page, ".prompter") == [], "with a script"
        room.cut()
        expect(page.locator(".line")).to_contain_text(re.compile("离线|[Oo]ffline"))
        assert out_of_reach(page, ".prompter") == [], "without its server"
    finally:
        context.close()


def out_of_reach(page: Page, within: str) -> list[str]:
    """What is said or operated there and cannot be brought wholly onto the screen, or is cut off by its own box."""
    found: list[str] = page.evaluate(
        """within => {
            const box = document.querySelector(within)
            const told = [...box.querySelectorAll('button, a[href], input, legend, h1, h2, .line, .hint, .bar *')]
                .filter(part => part.checkVisibility({ visibilityProperty: true }) && part.offsetWidth > 1)
            const name = part => part.getAttribute('aria-label') || part.innerText || part.className
            const wrong = told.filter(part => {
                part.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' })
                const { left, right, top, bottom } = part.getBoundingClientRect()
                return left < -1 || right > innerWidth + 1 || top < -1 || bottom > innerHeight + 1 })
            if (box.scrollWidth > box.clientWidth + 1) wrong.push(box)
            return wrong.map(name) }""",
        within,
    )
    return found


@pytest.mark.parametrize(("width", "height"), STAGES)
def test_the_teleprompter_fits_every_screen_with_its_reading_line_in_view(
    browser: Browser, address: str, width: int, height: int
) -> None:
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh-CN")
    try:
        room = RoomOnScreen(context, address)
        room.show(SCRIPT)
        room.open()
        page = room.page
        page.wait_for_selector(".track [data-o]")
        for menu in (False, True):
            if menu:
                page.keyboard.press("Escape")
                expect(page.get_by_role("dialog")).to_be_visible()
            over = page.evaluate(
                """() => { const { scrollWidth, clientWidth, scrollHeight, clientHeight } = document.scrollingElement
                    return [scrollWidth - clientWidth, scrollHeight - clientHeight] }"""
            )
            assert over == [0, 0], "the page itself scrolls"
        page.keyboard.press("Escape")
        band = page.locator(".band").bounding_box()
        bar = page.locator("footer").bounding_box()
        assert band is not None
        assert bar is not None
        assert band["x"] >= 0
        assert band["x"] + band["width"] <= width
        assert band["y"] >= 0
        assert band["y"] + band["height"] <= bar["y"] + 1, "the reading line stands clear of the bar"
        # In it there is text, and no line of it is wider than the screen.
        read, widest = page.evaluate(
            """([top, bottom]) => { const words = [...document.querySelectorAll('.track [data-o]')]
                .map(word => word.getClientRects()[0])
                return [words.filter(w => w.bottom > top && w.top < bottom).length,
                    Math.max(...words.map(w => w.right))] }""",
            [band["y"], band["y"] + band["height"]],
        )
        assert read > 0
        assert widest <= width
    finally:
        context.close()
