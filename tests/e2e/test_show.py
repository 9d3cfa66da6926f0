"""A show of thirty products from a workbook: plan, progress, reviews, rundown, export, in the browser."""

import io
import re
from collections.abc import Callable
from pathlib import Path

import docx
import openpyxl
import pytest
from playwright.sync_api import Page, expect

from tests.e2e.browser import Seats
from tests.e2e.test_accessibility import AXE, serious
from tests.support.desk_client import APPROVER, OPERATOR
from tests.support.processes import ServerProcess

COUNT = 30


@pytest.fixture(scope="module")
def server(start_server: Callable[..., ServerProcess]) -> ServerProcess:
    return start_server(offline_pace=0, show_concurrency=6).wait_healthy()


def thirty_products(page: Page) -> list[str]:
    """The demo's products, and as many again as it takes."""
    known = page.request.get("/api/v1/products?limit=100").json()["items"]
    for n in range(len(known), COUNT):
        body = {
            "name": f"青禾第{n}号棉柔毛巾", "category": "家居", "price": 19.9 + n, "unit": "条", "stock": 500,
            "points": [{"feature": "长绒棉", "benefit": "吸水快，擦脸不掉毛"}],
            "facts": {"尺寸": "34 cm×76 cm", "克重": "110 g"},
        }  # fmt: skip
        assert page.request.post("/api/v1/products", data=body).status == 201
    names = [product["name"] for product in page.request.get("/api/v1/products?limit=100").json()["items"]]
    return names[:COUNT]


def workbook(path: Path, names: list[str], segment: str = "卖点") -> Path:
    book = openpyxl.Workbook()
    book.active.append(["商品", "环节", "时长", "备注"])
    for n, name in enumerate(names):
        book.active.append([name, segment, 30 if n % 5 == 0 else None, ""])
    book.save(path)
    return path


@pytest.mark.timeout(300)  # thirty scripts on a machine that is busy with other things
def test_a_show_from_a_workbook_to_the_rundown(seats: Seats, tmp_path: Path) -> None:
    operator = seats.take(OPERATOR, "/rundown", reduced_motion="reduce")
    page = operator.page
    names = thirty_products(page)
    page.reload()
    expect(page.get_by_text("还没有整场计划")).to_be_visible()
    assert serious(page, AXE) == []

    # A broken table first: its faults stand at their rows and nothing can be saved.
    page.get_by_test_id("new-show").click()
    page.get_by_label("名称").fill("双十一大场")
    page.get_by_label("直播间").click()
    page.get_by_title("小雅的直播间").click()
    page.get_by_label("选择表格文件").set_input_files(
        workbook(tmp_path / "broken.xlsx", [*names[:3], "没有这个商品"], "卖点")
    )
    expect(page.get_by_text("有 1 处错误，什么都没有导入")).to_be_visible()
    expect(page.locator(".row-wrong")).to_contain_text("商品库里没有这个名称")
    expect(page.locator(".row-wrong")).to_contain_text("5")
    expect(page.get_by_test_id("accept-plan")).to_be_disabled()
    assert serious(page, AXE) == []

    page.get_by_label("选择表格文件").set_input_files(workbook(tmp_path / "show.xlsx", names))
    expect(page.get_by_test_id("plan-sums")).to_contain_text("30 个商品，30 段话术，合计 2:00:00")
    page.get_by_test_id("accept-plan").click()

    # The plan, in another order, with the keyboard alone.
    rows = page.get_by_test_id("plan-table").locator("tbody tr[data-row-key]")
    expect(rows).to_have_count(COUNT)
    expect(rows.first).to_contain_text(names[0])
    page.get_by_role("button", name=f"下移「{names[0]}").focus()
    page.keyboard.press("Enter")
    expect(rows.first).to_contain_text(names[1])
    expect(rows.nth(1)).to_contain_text(names[0])
    expect(page.get_by_test_id("export-docx")).to_be_disabled()

    page.get_by_test_id("start-show").click()
    expect(page.get_by_test_id("show-progress")).to_contain_text(f"待审批 {COUNT}", timeout=150_000)
    show = page.url.rpartition("/")[2]

    # Some are approved, one of them as people do it: in the review that the plan leads to.
    rows.nth(0).get_by_test_id("open-review").click()
    expect(page.get_by_test_id("approval-card")).to_contain_text("进入「双十一大场」的节目单")
    approver = seats.take(APPROVER, page.url.partition(operator_base(page))[2])
    approver.page.get_by_test_id("approve").click()
    expect(approver.page.get_by_test_id("approval-card")).to_have_attribute("data-status", "approve")
    items = page.request.get(f"/api/v1/shows/{show}").json()["items"]
    for item in items[1:4]:
        decided = approver.page.request.post(
            f"/api/v1/interrupts/{item['interrupt_id']}/decide", data={"decision": "approve"}
        )
        assert decided.ok, decided.text()
    operator.open(f"/rundown/{show}")
    entries = page.get_by_test_id("rundown-entry")
    expect(entries).to_have_count(4)
    expect(page.get_by_test_id("show-progress")).to_contain_text("已通过 4")
    assert [names[1] in entries.nth(0).inner_text(), names[0] in entries.nth(1).inner_text()] == [True, True]
    assert serious(page, AXE) == []

    # Nothing of it has gone on the teleprompter by itself.
    room = next(r for r in page.request.get("/api/v1/rooms").json()["items"] if r["name"] == "小雅的直播间")
    assert page.request.get(f"/api/v1/rooms/{room['id']}/prompter").json()["version"] == 0
    entries.nth(0).get_by_role("button", name="送上提词器").click()
    expect(entries.nth(0)).to_contain_text("提词器上")

    with page.expect_download() as download:
        page.get_by_test_id("export-docx").click()
    assert download.value.suggested_filename == "双十一大场.docx"
    document = docx.Document(io.BytesIO(Path(download.value.path()).read_bytes()))
    headings = [p.text for p in document.paragraphs if p.style is not None and p.style.name == "Heading 1"]
    assert headings == [f"{n}. {names[at]} · 卖点介绍" for n, at in enumerate((1, 0, 2, 3), 1)]
    cues = page.request.get(f"/api/v1/shows/{show}/export?format=srt").text()
    assert re.match(r"1\n00:00:00,000 --> 00:00:\d\d,\d{3}\n【", cues)

    # A show that was planned wrong: what still waits is withdrawn at once, and then it can go.
    expect(page.get_by_role("button", name=re.compile("^(delete )?删除$"))).to_be_disabled()
    page.get_by_role("button", name="取消其余").click()
    expect(page.get_by_role("dialog")).to_contain_text("待审批的 26 段会撤下")
    page.get_by_role("dialog").get_by_role("button", name="确定").click()
    expect(page.get_by_test_id("show-progress")).not_to_contain_text("待审批")
    waiting = page.request.get("/api/v1/interrupts?status=pending&limit=100").json()["items"]
    assert [one for one in waiting if one["params"].get("show") == "双十一大场"] == []
    expect(page.get_by_role("button", name=re.compile("^(delete )?删除$"))).to_be_enabled()
    assert operator.complaints == []


def operator_base(page: Page) -> str:
    """The address of the server, up to the path."""
    return re.match(r"https?://[^/]+", page.url)[0]  # type: ignore[index]
