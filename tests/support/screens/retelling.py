"""What happened, afterwards: a conversation played again, the audit log, what a script leans on."""

from typing import Any

from playwright.sync_api import expect

from tests.e2e.browser import Seats
from tests.support.desk_client import ADMIN, APPROVER, OPERATOR
from tests.support.screens.camera import Camera
from tests.support.screens.directing import MISSING, rule
from tests.support.screens.team import OTHER_ROOM, PHONE, SIZE, TABLET, Team, in_english

#: As wide as the evidence is beside the text with room to spare.
WIDE = {"width": 1440, "height": 900}


def lived_through(team: Team) -> str:
    """A conversation with a question back, a rejection, an edit, and a script that went on air."""
    # Nobody reads there: in the other room what is approved may have to wait for who is reading.
    room = team.room(OTHER_ROOM)
    team.empty_room(room)
    # What is approved goes on air at once, whatever scenes before have set.
    rule(team, room, by_hand=False)
    thread = team.thread(room)
    team.say(thread, "写一段开场")
    team.say(thread, "给大刘的直播间写一段保温杯开场，30秒，活泼一点")
    first = team.waiting(thread)
    team.post(f"/interrupts/{first['id']}/claim", {}, APPROVER)
    team.decide(first, "reject", feedback="开头太平，先讲使用场景", reason="style")
    second = team.waiting(thread)
    team.decide(second, "edit", content=f"姐妹们，看过来。{second['params']['content']}")
    return thread


def replay(seats: Seats, camera: Camera) -> None:
    """At its end, at its beginning, at a decision, in the script, on every shape; of nothing."""
    team = Team(seats)
    thread = lived_through(team)
    page = seats.take(OPERATOR, f"/replay/{thread}", viewport=SIZE).page
    expect(page.get_by_test_id("on-screen")).to_be_visible()
    camera.take(page, "replay", dark=True)
    page.get_by_text("此刻的稿件").click()
    page.get_by_role("button", name="对照上一稿").click()
    expect(page.get_by_test_id("script-then").locator("ins").first).to_be_visible()
    camera.take(page, "replay-script", dark=True)
    versions = team.get(f"/threads/{thread}/checkpoints?limit=100")["items"]
    written = next(one for one in reversed(versions) if one["nodes"] == ["script"])
    page.goto(f"{seats.address}/replay/{thread}?at=v{written['version']}")
    expect(page.get_by_test_id("state").locator("[data-key=draft]")).to_be_visible()
    camera.take(page, "replay-state", dark=True)
    page.keyboard.press("Home")
    expect(page.get_by_test_id("position")).to_contain_text("第 1 /")
    camera.take(page, "replay-beginning")
    english = in_english(seats.take(OPERATOR, f"/replay/{thread}", viewport=SIZE)).page
    expect(english.get_by_test_id("then")).to_be_visible()
    camera.take(english, "replay-english")
    for name, options in (("phone", PHONE), ("tablet", {"viewport": TABLET})):
        narrow = seats.take(OPERATOR, f"/replay/{thread}", **options).page
        expect(narrow.get_by_test_id("then")).to_be_visible()
        camera.take(narrow, f"replay-{name}")
    page.goto(f"{seats.address}/replay/{team.thread()}")
    expect(page.get_by_text("还没有发生过什么")).to_be_visible()
    camera.take(page, "replay-empty")
    page.goto(f"{seats.address}/replay/{MISSING}")
    expect(page.get_by_role("alert").first).to_be_visible()
    camera.take(page, "missing-replay")


def audit(seats: Seats, camera: Camera) -> None:
    """All, one person's, nothing found, its chain checked; who may not."""
    lived_through(Team(seats))
    page = seats.take(ADMIN, "/audit", viewport=SIZE).page
    rows = page.get_by_role("row")
    expect(rows.nth(1)).to_be_visible()
    camera.take(page, "audit", dark=True)
    rows.get_by_role("button", name="阿敏").first.click()
    expect(page.get_by_test_id("audit-actor")).to_be_visible()
    page.get_by_test_id("verify").click()
    expect(page.get_by_test_id("verdict")).to_contain_text("哈希链完整")
    camera.take(page, "audit-checked", dark=True)
    page.goto(f"{seats.address}/audit?subject=nothing")
    expect(page.get_by_text("没有符合的记录")).to_be_visible()
    camera.take(page, "audit-nothing")
    english = in_english(seats.take(ADMIN, "/audit", viewport=SIZE)).page
    expect(english.get_by_role("row").nth(1)).to_be_visible()
    camera.take(english, "audit-english")
    phone = seats.take(ADMIN, "/audit", **PHONE).page
    expect(phone.get_by_role("row").nth(1)).to_be_visible()
    camera.take(phone, "audit-phone")
    other = seats.take(OPERATOR, "/audit", viewport=SIZE).page
    expect(other.get_by_test_id("forbidden")).to_be_visible()
    camera.take(other, "audit-refused")


def evidence(seats: Seats, camera: Camera) -> None:
    """What stands beside a third draft: what was found, a record that changed since, memories, versions."""
    team = Team(seats)
    team.empty_queue()
    product = next(one for one in team.get("/products?limit=100")["items"] if "保温杯" in one["name"])
    note = "保温杯卖点先问一句：早上出门来得及喝热水吗？"
    team.post("/memory", {"content": note, "product_id": product["id"]})
    thread = team.thread(team.room())
    team.say(thread, "给小雅的直播间写一段保温杯卖点，30秒")
    team.decide(team.waiting(thread), "reject", feedback="突出不锈钢内胆")
    second = team.waiting(thread)
    team.decide(second, "edit", content=f"全网第一好用的保温杯。{second['params']['content']}")
    third = team.waiting(thread)
    changed(team, product["id"], price=99, stock=7)
    try:
        page = seats.take(APPROVER, f"/approvals/{third['id']}", viewport=WIDE).page
        expect(page.get_by_test_id("evidence-product").get_by_test_id("freshness")).to_contain_text("改过")
        camera.take(page, "evidence", dark=True)
        page.get_by_test_id("evidence-versions").scroll_into_view_if_needed()
        camera.take(page, "evidence-versions")
        page.keyboard.press("i")
        expect(page.get_by_test_id("evidence-product")).to_have_count(0)
        camera.take(page, "evidence-folded")
        english = in_english(seats.take(ADMIN, f"/approvals/{third['id']}", viewport=WIDE)).page
        expect(english.get_by_test_id("evidence-product")).to_be_visible()
        camera.take(english, "evidence-english")
    finally:
        changed(team, product["id"], price=product["price"], stock=product["stock"])
    team.empty_queue()


def changed(team: Team, product: str, **fields: Any) -> None:
    """Change a product's record."""
    version = team.get(f"/products/{product}", ADMIN)["version"]
    answer = team.as_(ADMIN).patch(f"/api/v1/products/{product}", data={"version": version, **fields})
    assert answer.ok, answer.text()


SCENES = (replay, audit, evidence)
