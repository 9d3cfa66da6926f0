"""What is looked after beside the daily work: what is kept and for how long, what models cost and that they fail."""

from typing import Any, Final

from playwright.sync_api import Page, expect

from tests.e2e.browser import Seats
from tests.support.desk_client import ADMIN, APPROVER, OPERATOR
from tests.support.screens.camera import Camera
from tests.support.screens.keeping import ASKED
from tests.support.screens.team import PHONE, SIZE, Team, in_english

#: Where the server may ask for models of the team's own, and nobody listens.
NOBODY: Final = "http://127.0.0.1:9/"
#: Rows of a table of rules: one to take in, one that cannot be.
RULES: Final = (
    "编号,名称,处理,分类,词语,句式\nR-101,主播口头语,注意,其他,老铁们|宝子们,\nR-102,坏句式,拦截,其他,,(?=坏)\n"
)


def kept_for(seats: Seats, camera: Camera) -> None:
    """For how long things are kept: a number out of bounds, and the question before anything goes."""
    for name in ("", "-english"):
        seat = seats.take(ADMIN, "/settings", viewport=SIZE)
        page = (in_english(seat) if name else seat).page
        part = page.get_by_test_id("keeping")
        notes = part.locator("#keep-note")
        expect(notes).to_be_visible()
        to_the_top(page, "#keeping-title")
        camera.take(page, f"settings-keeping{name}", dark=not name)
        notes.fill("0")
        notes.blur()
        expect(part.get_by_role("alert")).to_be_visible()
        camera.take(page, f"settings-keeping-wrong{name}")
        notes.fill("30")
        part.get_by_test_id("save-keeping").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        camera.take(page, f"settings-keeping-question{name}", dark=not name)


def accounts(seats: Seats, camera: Camera) -> None:
    """What models were used, by day and by purpose."""
    Team(seats).approved(ASKED)
    page = seats.take(ADMIN, "/models", viewport=SIZE).page
    part = page.get_by_test_id("model-accounts")
    expect(part.locator("tbody tr[data-row-key]").first).to_be_visible()
    to_the_top(page, "#accounts-title")
    camera.take(page, "models-accounts", dark=True)
    part.get_by_role("combobox", name="按什么汇总").press("Enter")
    page.get_by_title("用途", exact=True).click()
    expect(part.get_by_role("columnheader", name="用途")).to_be_visible()
    camera.take(page, "models-accounts-by-purpose")
    english = in_english(seats.take(ADMIN, "/models", viewport=SIZE)).page
    expect(english.get_by_test_id("model-accounts").locator("tbody tr[data-row-key]").first).to_be_visible()
    to_the_top(english, "#accounts-title")
    camera.take(english, "models-accounts-english")


def embedders(seats: Seats, camera: Camera) -> None:
    """By what memories are found."""
    Team(seats).approved(ASKED)
    for name in ("", "-english"):
        seat = seats.take(ADMIN, "/memory", viewport=SIZE)
        page = (in_english(seat) if name else seat).page
        page.get_by_role("button", name="Search by meaning" if name else "语义检索").click()
        expect(page.get_by_test_id("embedders").get_by_role("listitem").first).to_be_visible()
        camera.take(page, f"memory-embedders{name}", dark=not name)


def rule_table(seats: Seats, camera: Camera) -> None:
    """A table of rules is read: what is taken in, and what cannot be."""
    page = seats.take(ADMIN, "/rules", viewport=SIZE).page
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    page.get_by_role("tab", name="本店规则").click()
    page.get_by_role("button", name="导入表格").click()
    page.get_by_role("dialog").locator("input[type=file]").set_input_files(
        {"name": "规则.csv", "mimeType": "text/csv", "buffer": RULES.encode()}
    )
    expect(page.get_by_test_id("accept-rules")).to_be_enabled()
    camera.take(page, "rules-import", dark=True)


def half_typed(seats: Seats, camera: Camera) -> None:
    """What was typed into a form before a reload, and of a record that a colleague changed since."""
    team = Team(seats)
    page = seats.take(ADMIN, "/products/new", viewport=SIZE).page
    page.locator("#name").fill("晨曦折叠伞")
    page.locator("#price").fill("39.9")
    page.reload()
    expect(page.get_by_test_id("restored-draft")).to_be_visible()
    camera.take(page, "products-restored", dark=True)
    page.get_by_test_id("discard-draft").click()
    product = next(one for one in team.get("/products?limit=100")["items"] if "保温杯" in one["name"])
    page.goto(f"{seats.address}/products/{product['id']}")
    expect(page.locator("#name")).to_have_value(product["name"])
    page.locator("#brand").fill("沐野生活")
    body = {"version": team.get(f"/products/{product['id']}", ADMIN)["version"], "stock": product["stock"]}
    assert team.as_(ADMIN).patch(f"/api/v1/products/{product['id']}", data={**body, "stock": 7}).ok
    page.reload()
    expect(page.get_by_test_id("restored-draft")).to_be_visible()
    camera.take(page, "products-restored-older")
    body["version"] = team.get(f"/products/{product['id']}", ADMIN)["version"]
    assert team.as_(ADMIN).patch(f"/api/v1/products/{product['id']}", data=body).ok
    page.get_by_test_id("discard-draft").click()


def in_mind(seats: Seats, camera: Camera) -> None:
    """What of a long conversation is kept in mind, on the desk; and the question before it is forgotten."""
    team = Team(seats)
    team.policies(window_characters=500)
    thread = team.thread()
    try:
        for said in ("以后每段都20秒，都要说七天无理由，语气温柔一点", *["保温杯还有多少库存"] * 9, "面膜多少钱一盒"):
            team.say(thread, said)
    finally:
        team.policies(window_characters=None)
    for name in ("", "-english"):  # a phone has no room beside the conversation
        seat = seats.take(OPERATOR, f"/console/{thread}", viewport=SIZE)
        page = (in_english(seat) if name else seat).page
        part = page.get_by_test_id("in-mind")
        part.locator("summary").click()
        expect(part.locator(".in-mind-summary")).to_be_visible()
        part.scroll_into_view_if_needed()
        camera.take(page, f"desk-in-mind{name}", dark=not name)
        if not name:
            part.get_by_role("button", name="忘掉").click()
            expect(page.get_by_role("dialog")).to_be_visible()
            camera.take(page, "desk-in-mind-forget")


def models_that_fail(seats: Seats, camera: Camera) -> None:
    """A model that does not answer: another one writes and the desk says so; without another one the run fails."""
    team = Team(seats)
    for name, after in (("desk-another-model", ["main"]), ("desk-failed", [])):
        own_models(team, {"script": {"backends": ["mute", *after]}})
        thread = team.thread(team.room())
        try:
            team.say(thread, ASKED)
        finally:
            own_models(team, {})
        page = seats.take(OPERATOR, f"/console/{thread}", viewport=SIZE).page
        if after:
            expect(page.get_by_test_id("run-chips").first).to_contain_text("mute")
        else:
            expect(page.get_by_test_id("resume-run")).to_be_visible()
        camera.take(page, name, dark=True)
        if not after:
            english = in_english(seats.take(OPERATOR, f"/console/{thread}", viewport=SIZE)).page
            expect(english.get_by_test_id("resume-run")).to_be_visible()
            camera.take(english, "desk-failed-english")
    team.empty_queue()


def own_models(team: Team, routes: dict[str, Any]) -> None:
    """Lay models of the team's own over the server's: one at an address where nobody listens."""
    mute = {"providers": {"mute": {"profile": "compatible", "base_url": f"{NOBODY}v1"}}, "backends": {}}
    mute["backends"] = {"mute": {"provider": "mute", "model": "mute"}}
    known = team.get("/models/own", ADMIN)["revision"]
    body = {"revision": known, "models": {**mute, "routes": routes} if routes else None}
    answer = team.as_(ADMIN).put("/api/v1/models/own", data=body)
    assert answer.ok, answer.text()


def taken_up(seats: Seats, camera: Camera) -> None:
    """Called back before it was on air; over, and submitted again: where each goes on."""
    team = Team(seats)
    team.empty_queue()
    team.policies(undo_window=600)
    asked = team.asked("写一段卫龙辣条促单，30秒", team.room())
    page = seats.take(APPROVER, f"/approvals/{asked['id']}", viewport=SIZE).page
    expect(page.get_by_test_id("approve")).to_be_enabled()
    page.keyboard.press("a")
    page.get_by_test_id("undo-held").click()
    expect(page.get_by_test_id("afterwards")).to_be_visible()
    camera.take(page, "approvals-called-back", dark=True)
    team.policies(undo_window=0, interrupt_ttl=30)
    team.empty_queue()
    over = team.asked("写一段保温杯的卖点，30秒")
    team.policies(interrupt_ttl=None)
    page.goto(f"{seats.address}/approvals/{over['id']}")
    expect(page.get_by_test_id("again-original")).to_be_enabled(timeout=90_000)
    page.get_by_test_id("again-original").click()
    expect(page.get_by_test_id("taken-up").get_by_role("link")).to_be_visible()
    camera.take(page, "approvals-taken-up", dark=True)
    page.get_by_test_id("taken-up").get_by_role("link").click()
    expect(page.get_by_test_id("again-of")).to_be_visible()
    camera.take(page, "approvals-again")
    team.empty_queue()


def taken_back(seats: Seats, camera: Camera) -> None:
    """A rejection that can still be taken back, on the card and in the queue; and what it is afterwards."""
    team = Team(seats)
    team.empty_queue()
    asked = team.asked("写一段保温杯的卖点，30秒")
    desk, address = f"/console/{asked['thread_id']}", f"/approvals/{asked['id']}"
    page = seats.take(APPROVER, address, viewport=SIZE).page
    expect(page.get_by_test_id("approve")).to_be_enabled()
    page.keyboard.press("x")
    page.get_by_test_id("approval-reason").fill("开头再活泼一点")
    page.get_by_test_id("submit-reject").click()
    expect(page.get_by_test_id("rejected-item")).to_be_visible()
    camera.take(page, "approvals-rejected", dark=True)
    for name, options in (("-phone", PHONE), ("-english", {"viewport": SIZE})):
        seat = seats.take(APPROVER, address, **options)
        shown = (in_english(seat) if name == "-english" else seat).page
        expect(shown.get_by_test_id("undo-reject")).to_be_enabled()
        camera.take(shown, f"approvals-rejected{name}")
    page.keyboard.press("z")
    expect(page.get_by_test_id("again-of")).to_be_visible()
    camera.take(page, "approvals-taken-back", dark=True)
    for name in ("", "-english"):
        seat = seats.take(OPERATOR, desk, viewport=SIZE)
        shown = (in_english(seat) if name else seat).page
        told = shown.get_by_test_id("rejection-taken-back")
        shown.mouse.move(640, 400)
        for _ in range(20):  # the list has only what is in view
            if told.count():
                break
            shown.mouse.wheel(0, -200)
            shown.wait_for_timeout(200)
        told.scroll_into_view_if_needed()
        camera.take(shown, f"desk-taken-back{name}", dark=not name)
    team.empty_queue()


def skills(seats: Seats, camera: Camera) -> None:
    """What the desk can do, for whom; and what one of it would lack, before it is begun."""
    for name, options in (("", {"viewport": SIZE}), ("-english", {"viewport": SIZE}), ("-phone", PHONE)):
        seat = seats.take(ADMIN, "/settings", **options)
        page = (in_english(seat) if name == "-english" else seat).page
        part = page.get_by_test_id("skills")
        expect(part.get_by_test_id("try-generate")).to_be_visible()
        part.evaluate("part => part.scrollIntoView({ block: 'start', behavior: 'instant' })")
        camera.take(page, f"settings-skills{name}", dark=not name)
        part.get_by_test_id("try-generate").click()
        part.get_by_test_id("check-generate").click()
        expect(part.get_by_test_id("preflight-found")).to_be_visible()
        part.get_by_test_id("preflight-found").scroll_into_view_if_needed()
        camera.take(page, f"settings-skills-tried{name}", dark=not name)


def api_keys(seats: Seats, camera: Camera) -> None:
    """What services sign in with: none yet, a form that lacks something, several, the question before one ends."""
    for name, options in (("", {"viewport": SIZE}), ("-english", {"viewport": SIZE}), ("-phone", PHONE)):
        seat = seats.take(ADMIN, "/settings", **options)
        page = (in_english(seat) if name == "-english" else seat).page
        part = page.get_by_test_id("api-keys")
        expect(part.locator(".key-example")).to_be_visible()
        to_the_top(page, "#api-keys-title")
        camera.take(page, f"settings-keys-none{name}", dark=not name)
        part.get_by_test_id("new-api-key").click()
        page.get_by_test_id("make-api-key").click()
        expect(page.get_by_role("dialog").get_by_role("alert").first).to_be_visible()
        camera.take(page, f"settings-keys-new{name}", dark=not name)
    team = Team(seats)
    made = [
        team.post("/api-keys", {"name": name, "scopes": scopes, "expires_in_days": days}, ADMIN)["id"]
        for name, scopes, days in (
            ("店铺后台", ["work"], 90),
            ("选品工具", ["models"], None),
            ("数据看板和客服机器人共用", ["models", "work"], 365),
        )
    ]
    for name, options in (("", {"viewport": SIZE}), ("-english", {"viewport": SIZE}), ("-phone", PHONE)):
        seat = seats.take(ADMIN, "/settings", **options)
        page = (in_english(seat) if name == "-english" else seat).page
        part = page.get_by_test_id("api-keys")
        expect(part.get_by_role("row")).to_have_count(4)
        to_the_top(page, "#api-keys-title")
        camera.take(page, f"settings-keys{name}", dark=not name)
        part.get_by_test_id("revoke-api-key").first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        camera.take(page, f"settings-keys-revoke{name}")
    for key in made:
        assert team.as_(ADMIN).delete(f"/api/v1/api-keys/{key}").ok


def documented(seats: Seats, camera: Camera) -> None:
    """The REST interface, as its own page tells it."""
    page = seats.take(ADMIN, "/docs", viewport=SIZE).page
    expect(page.locator(".opblock").first).to_be_visible()
    camera.take(page, "api")


def to_the_top(page: Page, selector: str) -> None:
    """Scroll so that this stands at the top of what is seen."""
    page.locator(selector).evaluate("part => part.scrollIntoView({ block: 'start', behavior: 'instant' })")


SCENES = (
    kept_for,
    accounts,
    embedders,
    rule_table,
    half_typed,
    in_mind,
    models_that_fail,
    taken_up,
    taken_back,
    skills,
    api_keys,
    documented,
)
