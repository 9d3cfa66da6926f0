"""What stands beside an approval: what was found and how to mend it, the record, the length, memories, versions."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import Seats
from tests.e2e.test_accessibility import AXE, serious
from tests.e2e.test_replay import Api
from tests.support.desk_client import ADMIN, APPROVER, OPERATOR
from tests.support.processes import ServerProcess

WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 1100, "height": 900}
FORBIDDEN = "全网第一好用的保温杯。"


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0).wait_healthy()


def note(api: Api, text: str) -> None:
    products = api.get("/products")["items"]
    api.post("/memory", content=text, product_id=next(one["id"] for one in products if "保温杯" in one["name"]))


def third_draft(seats: Seats) -> dict[str, Any]:
    """What waits after a rejection and an edit that the checks did not let pass."""
    operator, approver = Api(seats.take(OPERATOR, "/scripts")), Api(seats.take(APPROVER, "/scripts"))
    note(operator, "保温杯开场先问一句：早上出门来得及喝热水吗？")
    room = next(one["id"] for one in operator.get("/rooms")["items"] if one["name"] == "小雅的直播间")
    thread = str(operator.post("/threads", room_id=room)["id"])
    operator.say(thread, "给小雅的直播间写一段保温杯卖点，30秒", "waiting")
    first = approver.pending(thread)
    approver.post(f"/interrupts/{first['id']}/decide", decision="reject", feedback="突出不锈钢内胆")

    def next_after(known: set[str]) -> dict[str, Any]:
        found = approver.until(lambda: next((q for q in [approver.pending(thread)] if q["id"] not in known), None))
        return dict(found)

    second = next_after({first["id"]})
    text = f"{FORBIDDEN}{second['params']['content']}"
    approver.post(f"/interrupts/{second['id']}/decide", decision="edit", content=text)
    return next_after({first["id"], second["id"]})


@pytest.fixture
def waiting(seats: Seats) -> dict[str, Any]:
    return third_draft(seats)


def part(page: Page, name: str):
    return page.get_by_test_id(f"evidence-{name}")


def test_what_a_script_leans_on_stands_beside_it(seats: Seats, waiting: dict[str, Any]) -> None:
    seat = seats.take(APPROVER, f"/approvals/{waiting['id']}", viewport=WIDE)
    page = seat.page
    # The text is another each time: it may bring a remark of its own.
    expect(part(page, "compliance").get_by_test_id("finding").filter(has_text="广告法")).to_have_count(1)
    # Told once: beside the text, not below it as well.
    expect(page.get_by_test_id("approval-card").get_by_test_id("finding")).to_have_count(0)
    expect(part(page, "product").get_by_test_id("fact").first).to_contain_text("¥89")
    expect(part(page, "product").get_by_test_id("freshness")).to_have_text("写稿之后没有变")
    expect(part(page, "quality").get_by_test_id("spoken")).to_contain_text("小雅")
    expect(part(page, "memory").get_by_test_id("cited").first).to_contain_text("来得及喝热水")
    chain = part(page, "versions").get_by_test_id("version-chain")
    expect(chain.get_by_role("button")).to_have_text(["v3", "v2", "v1"])
    expect(part(page, "versions")).to_contain_text("阿敏 改的")
    expect(part(page, "versions").locator("ins").first).to_contain_text("全网第一")
    chain.get_by_role("button", name="v1").click()
    expect(part(page, "versions")).to_contain_text("突出不锈钢内胆")
    assert serious(page, AXE) == []
    page.emulate_media(color_scheme="dark")
    assert serious(page, AXE) == []
    assert seat.complaints == []


def test_one_key_mends_the_text_and_a_click_leads_to_the_place(seats: Seats, waiting: dict[str, Any]) -> None:
    page = seats.take(APPROVER, f"/approvals/{waiting['id']}", viewport=WIDE).page
    finding = part(page, "compliance").get_by_test_id("finding")
    finding.get_by_role("button", name="全网第一").click()
    expect(page.locator(".mark[data-at]")).to_have_text("全网第一")
    expect(page.locator(".mark[data-at]")).to_be_focused()
    page.keyboard.press("f")
    editor = page.get_by_test_id("approval-editor")
    expect(editor).not_to_have_value(re.compile("全网第一"))
    suggestion = next(one["suggestion"] for one in waiting["params"]["findings"] if one["excerpt"] == "全网第一")
    expect(editor).to_have_value(waiting["params"]["content"].replace("全网第一", suggestion, 1))
    expect(part(page, "compliance")).to_contain_text("正在修改")
    expect(page.get_by_test_id("claimed-by")).to_contain_text("你正在审")
    # Back at the text, the draft is kept, and what it has mended is told.
    editor.press("Escape")
    expect(part(page, "compliance")).to_contain_text("修改稿里已经没有这一处")
    expect(finding.get_by_test_id("apply-suggestion")).to_have_count(0)


def test_a_record_that_changed_since_says_what_it_was(seats: Seats, waiting: dict[str, Any]) -> None:
    admin = Api(seats.take(ADMIN, "/scripts"))
    product = admin.get(f"/products/{waiting['params']['product_id']}")
    seat = seats.take(ADMIN, "/scripts")
    answer = seat.context.request.patch(
        f"/api/v1/products/{product['id']}", data={"version": product["version"], "price": 99, "stock": 7}
    )
    assert answer.ok, answer.text()
    page = seats.take(APPROVER, f"/approvals/{waiting['id']}", viewport=WIDE).page
    expect(part(page, "product").get_by_test_id("freshness")).to_have_text("写稿之后资料改过")
    changed = part(page, "product").locator("[data-changed=true]")
    expect(changed).to_have_text([re.compile("¥99.*写稿时 ¥89"), re.compile("7.*写稿时 1200")])
    assert serious(page, AXE) == []


def test_it_folds_by_a_key_and_by_itself_where_there_is_no_room(seats: Seats, waiting: dict[str, Any]) -> None:
    page = seats.take(APPROVER, f"/approvals/{waiting['id']}", viewport=WIDE).page
    panel, card = page.get_by_test_id("evidence"), page.get_by_test_id("approval-card")
    expect(part(page, "versions")).to_be_visible()
    page.keyboard.press("i")
    expect(part(page, "versions")).to_have_count(0)
    # What was found is never folded away.
    expect(part(page, "compliance")).to_be_visible()
    page.reload()
    expect(part(page, "compliance")).to_be_visible()
    expect(part(page, "versions")).to_have_count(0)
    page.keyboard.press("i")
    expect(part(page, "versions")).to_be_visible()

    page.set_viewport_size(NARROW)
    expect(part(page, "versions")).to_have_count(0)
    above, below = card.bounding_box(), panel.bounding_box()
    assert above is not None
    assert below is not None
    assert below["y"] >= above["y"] + above["height"]
    page.get_by_test_id("fold-evidence").click()
    expect(part(page, "versions")).to_be_visible()
    assert serious(page, AXE) == []
    page.set_viewport_size(WIDE)
    expect(part(page, "versions")).to_be_visible()
