"""The pages of what the server keeps: shows, scripts, products, hosts, memory, rules, models, experiments, settings."""

import json
from pathlib import Path
from typing import Any, Final

import openpyxl
from playwright.sync_api import Page, expect

from tests.e2e.browser import Seats
from tests.support.desk_client import ADMIN, APPROVER, HOST, OPERATOR
from tests.support.screens.camera import Camera
from tests.support.screens.team import PHONE, ROOM, SIZE, Team, in_english

ASKED: Final = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
NOTES: Final = (
    "保温杯开场先问一句：早上出门来得及喝热水吗？",
    "保温杯别一上来就报价，先讲通勤路上喝热水。",
    "面膜讲完精华量再讲价格，弹幕提问最多的是能不能擦脖子。",
)
OWN: Final[dict[str, Any]] = {
    "providers": {"glm": {"profile": "zhipu", "key": "GLM"}},
    "backends": {"writer": {"provider": "glm", "model": "glm-4.5"}},
    "routes": {"judge": {"backends": ["writer"]}},
}


def catalogue(seats: Seats, camera: Camera) -> None:
    """Products and hosts: list, form, faults, import, search, deleting; who may only look."""
    admin = seats.take(ADMIN, "/products", viewport=SIZE)
    page = admin.page
    rows = page.get_by_role("row")
    for name in ("products", "hosts"):
        admin.open(f"/{name}")
        expect(rows.nth(1)).to_be_visible()
        camera.take(page, name, dark=True)
        page.get_by_role("button", name="编辑").first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        camera.take(page, f"{name}-edit", dark=True)
        admin.open(f"/{name}/new")
        page.get_by_role("dialog").get_by_role("button", name="保存").click()
        expect(page.get_by_text("请填写").first).to_be_visible()
        camera.take(page, f"{name}-new")
        admin.open(f"/{name}")
        page.get_by_role("button", name="删除").first.click()
        expect(page.get_by_role("dialog")).to_be_visible()
        camera.take(page, f"{name}-delete")
        page.get_by_role("dialog").get_by_role("button", name="取消").click()
        phone = seats.take(ADMIN, f"/{name}", **PHONE).page
        expect(phone.get_by_role("row").nth(1)).to_be_visible()
        camera.take(phone, f"{name}-phone")
        english = in_english(seats.take(ADMIN, f"/{name}", viewport=SIZE)).page
        expect(english.get_by_role("row").nth(1)).to_be_visible()
        camera.take(english, f"{name}-english")
    admin.open("/products")
    page.get_by_placeholder("搜索").fill("没有这种商品")
    expect(page.get_by_text("没有符合的内容")).to_be_visible()
    camera.take(page, "products-nothing")
    admin.open("/products")
    page.get_by_test_id("import-products").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    camera.take(page, "products-import")
    page.get_by_role("dialog").locator("input[type=file]").set_input_files(
        {
            "name": "商品.csv",
            "mimeType": "text/csv",
            "buffer": "名称,品牌,售价,划线价,库存\n晨曦折叠伞,晨曦,39.9,59,800\n坏价格,晨曦,很便宜,59,800\n"
            "沐野随行保温杯 500ml,,85,,\n".encode(),
        }
    )
    expect(page.locator(".row-wrong").first).to_be_visible()
    camera.take(page, "products-import-faults", dark=True)
    reader = seats.take(HOST, "/hosts", viewport=SIZE).page
    expect(reader.get_by_text("你的角色只能查看")).to_be_visible()
    camera.take(reader, "hosts-reader")


def scripts(seats: Seats, camera: Camera) -> None:
    """The library, empty and filled, a script with its versions."""
    team = Team(seats)
    team.approved(ASKED)
    edited = team.asked("写一段面膜卖点介绍，45秒")
    body = edited["params"]["content"].replace("。", "，大家看清楚。", 1)
    team.decide(edited, "edit", content=body)
    seat = seats.take(OPERATOR, "/scripts", viewport=SIZE)
    page = seat.page
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    camera.take(page, "scripts", dark=True)
    page.get_by_role("row").nth(1).get_by_role("link").first.click()
    page.wait_for_load_state("networkidle")
    camera.take(page, "scripts-open", dark=True)
    camera.take(
        in_english(seats.take(OPERATOR, page.url.removeprefix(seats.address), viewport=SIZE)).page,
        "scripts-open-english",
    )
    narrow = seats.take(OPERATOR, "/scripts", **PHONE).page
    expect(narrow.get_by_role("row").nth(1)).to_be_visible()
    camera.take(narrow, "scripts-phone")


def shows(seats: Seats, camera: Camera) -> None:
    """A whole show: its table with faults, its plan, as it is written, its rundown."""
    team = Team(seats)
    folder = Path(camera.folder)
    seat = seats.take(OPERATOR, "/rundown", viewport=SIZE)
    page = seat.page
    expect(page.get_by_text("还没有整场计划")).to_be_visible()
    camera.take(page, "shows-empty", dark=True)
    names = [product["name"] for product in team.get("/products?limit=100")["items"]]
    page.get_by_test_id("new-show").click()
    camera.take(page, "shows-new")
    page.get_by_label("名称").fill("双十一大场")
    page.get_by_label("直播间").click()
    page.get_by_title(ROOM).click()
    broken = workbook(folder / "broken.xlsx", [*names[:3], "没有这个商品"], "卖点")
    page.get_by_label("总时长（分钟）").fill("12")
    page.get_by_label("选择表格文件").set_input_files(broken)
    expect(page.locator(".row-wrong").first).to_be_visible()
    camera.take(page, "shows-faults", dark=True)
    page.get_by_label("选择表格文件").set_input_files(workbook(folder / "show.xlsx", names[:6], "卖点、促单"))
    expect(page.get_by_test_id("plan-sums")).to_be_visible()
    camera.take(page, "shows-preview")
    page.get_by_test_id("accept-plan").click()
    expect(page.get_by_test_id("plan-table")).to_be_visible()
    camera.take(page, "shows-plan", dark=True)
    page.get_by_test_id("start-show").click()
    expect(page.get_by_test_id("show-progress")).to_contain_text("待审批")
    camera.take(page, "shows-writing", dark=True)
    count = len(names[:6]) * 2
    expect(page.get_by_test_id("show-progress")).to_contain_text(f"待审批 {count}", timeout=180_000)
    show = page.url.rpartition("/")[2]
    for number, item in enumerate(team.get(f"/shows/{show}")["items"][:4]):
        interrupt = {"id": item["interrupt_id"], "thread_id": item["thread_id"]}
        if number == 3:
            team.decide(interrupt, "reject", reason="not_needed")
        else:
            team.decide(interrupt)
    seat.open(f"/rundown/{show}")
    entries = page.get_by_test_id("rundown-entry")
    expect(entries).to_have_count(3)
    camera.take(page, "shows-reviewed", dark=True)
    entries.first.get_by_role("button", name="送上提词器").click()
    expect(entries.first).to_contain_text("提词器上")
    entries.first.scroll_into_view_if_needed()
    camera.take(page, "shows-rundown", dark=True)
    seat.open("/rundown")
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    camera.take(page, "shows", dark=True)
    english = in_english(seats.take(OPERATOR, f"/rundown/{show}", viewport=SIZE)).page
    expect(english.get_by_test_id("rundown-entry").first).to_be_visible()
    camera.take(english, "shows-english")
    phone = seats.take(OPERATOR, f"/rundown/{show}", **PHONE).page
    expect(phone.get_by_test_id("show-progress")).to_be_visible()
    camera.take(phone, "shows-phone")
    page.goto(f"{seats.address}/approvals")
    expect(page.get_by_test_id("queue-row").first).to_be_visible()
    page.get_by_test_id("queue-row").first.click()
    expect(page.get_by_test_id("approval-card")).to_be_visible()
    camera.take(page, "approvals-of-a-show")
    team.empty_queue()
    team.empty_room(team.room())


def memory(seats: Seats, camera: Camera) -> None:
    """What is remembered, searched for, forgotten; what one script leaned on."""
    team = Team(seats)
    seat = seats.take(ADMIN, "/memory", viewport=SIZE)
    page = seat.page
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.get_by_test_id("new-note").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    camera.take(page, "memory-note")
    page.keyboard.press("Escape")
    products = team.get("/products?limit=100")["items"]
    for text in NOTES:
        product = next(one["id"] for one in products if text[:2] in one["name"])
        team.post("/memory", {"content": text, "product_id": product})
    asked = team.approved(ASKED)
    seat.open("/memory")
    expect(page.get_by_role("row").nth(3)).to_be_visible()
    camera.take(page, "memory", dark=True)
    page.get_by_label("搜索记忆").fill("出门喝不上热水")
    page.keyboard.press("Enter")
    expect(page.get_by_text("第 1").first).to_be_visible()
    camera.take(page, "memory-found", dark=True)
    page.get_by_role("button", name="按请求遗忘").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    camera.take(page, "memory-forget")
    page.keyboard.press("Escape")
    run = team.get(f"/threads/{asked['thread_id']}/snapshot")["snapshot"]["runs"][-1]["id"]
    seat.open(f"/memory?run={run}")
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    camera.take(page, "memory-of-a-run", dark=True)
    english = in_english(seats.take(ADMIN, f"/memory?run={run}", viewport=SIZE)).page
    expect(english.get_by_role("row").nth(1)).to_be_visible()
    camera.take(english, "memory-of-a-run-english")
    seat.open(f"/models?thread={asked['thread_id']}&run={run}")
    expect(page.get_by_test_id("run-calls")).to_be_visible()
    camera.take(page, "models-of-a-run")


def rules(seats: Seats, camera: Camera) -> None:
    """The rules that hold, the team's own, a trial, faults, the history, a colleague who was first."""
    Team(seats).approved(ASKED)
    page = seats.take(ADMIN, "/rules", viewport=SIZE).page
    expect(page.get_by_role("row").nth(1)).to_be_visible()
    camera.take(page, "rules", dark=True)
    camera.take(in_english(seats.take(ADMIN, "/rules", viewport=SIZE)).page, "rules-english")
    page.get_by_role("button", name="调整").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    camera.take(page, "rules-adjust", dark=True)
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="本店规则").click()
    camera.take(page, "rules-own-empty")
    other = seats.take(ADMIN, "/rules", viewport=SIZE).page
    expect(other.get_by_test_id("rules-version")).to_contain_text("版")
    add_rule(page, "宝子们\n姐妹们", "主播口头语")
    camera.take(page, "rules-own")
    page.get_by_test_id("run-trial").click()
    expect(page.get_by_test_id("trial-sum")).to_be_visible()
    camera.take(page, "rules-trial", dark=True)
    page.get_by_test_id("save-rules").click()
    expect(page.get_by_test_id("rules-save")).to_be_hidden()
    other.get_by_role("tab", name="本店规则").click()
    add_rule(other, "家人们", "第二个人的规则")
    other.get_by_test_id("save-rules").click()
    expect(other.get_by_test_id("rules-overtaken")).to_be_visible()
    camera.take(other, "rules-overtaken")
    add_rule(page, "", "坏句式", pattern="(?=坏)")
    page.get_by_test_id("save-rules").click()
    expect(page.get_by_test_id("rules-faults")).to_be_visible()
    camera.take(page, "rules-faults", dark=True)
    page.get_by_role("button", name="放弃修改").click()
    page.get_by_role("tab", name="可以说的").click()
    camera.take(page, "rules-phrases")
    page.get_by_role("tab", name="历史").click()
    expect(page.get_by_role("button", name="第 1 版").first).to_be_visible()
    camera.take(page, "rules-history", dark=True)
    page.get_by_role("button", name="第 1 版").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    camera.take(page, "rules-version")
    reader = seats.take(APPROVER, "/rules", viewport=SIZE).page
    expect(reader.get_by_text("只有管理员可以修改规则")).to_be_visible()
    camera.take(reader, "rules-reader")


def models(seats: Seats, camera: Camera) -> None:
    """How the models are, what was used, limits, models of one's own with faults."""
    Team(seats).approved(ASKED)
    page = seats.take(ADMIN, "/models", viewport=SIZE).page
    expect(page.get_by_test_id("backends")).to_be_visible()
    page.wait_for_load_state("networkidle")
    camera.take(page, "models", dark=True)
    english = in_english(seats.take(ADMIN, "/models", viewport=SIZE)).page
    expect(english.get_by_test_id("backends")).to_be_visible()
    camera.take(english, "models-english")
    limits = page.get_by_test_id("model-budget")
    limits.get_by_label("每分钟 token 数").fill("60000")
    limits.get_by_label("每月费用：上限").fill("12.5")
    limits.get_by_label("每月费用：提醒线").fill("20")
    limits.scroll_into_view_if_needed()
    camera.take(page, "models-limits-wrong")
    limits.get_by_label("每月费用：提醒线").fill("10")
    limits.get_by_test_id("save-limits").click()
    expect(limits.get_by_role("meter").first).to_be_visible()
    camera.take(page, "models-limits", dark=True)
    own = page.get_by_test_id("own-models")
    own.scroll_into_view_if_needed()
    camera.take(page, "models-own-empty")
    wrong = json.dumps({**OWN, "routes": {"judge": {"backends": ["nobody"]}}}, indent=2)
    own.get_by_label("模型设置（JSON）").fill(wrong)
    own.get_by_test_id("save-own-models").click()
    expect(page.get_by_test_id("own-models-faults")).to_be_visible()
    page.get_by_test_id("own-models-faults").scroll_into_view_if_needed()
    camera.take(page, "models-own-faults", dark=True)


def experiments(seats: Seats, camera: Camera) -> None:
    """None yet, a new one, its results, concluding it."""
    team = Team(seats)
    seat = seats.take(ADMIN, "/experiments", viewport=SIZE)
    page = seat.page
    expect(page.get_by_text("还没有实验")).to_be_visible()
    camera.take(page, "experiments-empty", dark=True)
    page.get_by_test_id("new-experiment").click()
    form = page.get_by_role("dialog")
    form.get_by_label("代号").first.fill("less-asking")
    form.get_by_label("想弄清楚什么").fill("少互动是不是更容易通过？")
    form.get_by_label("不讲（离线写手）").nth(1).fill("互动")
    expect(page.get_by_title("互动", exact=True)).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    form.get_by_label("占比 %").nth(1).fill("40")
    expect(form.get_by_test_id("save-experiment")).to_be_disabled()
    camera.take(page, "experiments-new", dark=True)
    form.get_by_label("占比 %").nth(1).fill("50")
    form.get_by_test_id("save-experiment").click()
    expect(form).to_be_hidden()
    row = page.get_by_role("row").filter(has_text="less-asking")
    row.get_by_test_id("start-experiment").click()
    expect(row).to_contain_text("进行中")
    for wish in ("给小雅的直播间写一段保温杯卖点，60秒", "写一段面膜种草，45秒", "写一段辣条促单，30秒"):
        team.approved(wish)
    team.decide(team.asked("写一段鹅绒外套开场，30秒"), "reject", reason="style")
    page.get_by_role("link", name="看「less-asking」的结果").click()
    expect(page.get_by_test_id("experiment-results")).to_be_visible()
    camera.take(page, "experiments", dark=True)
    english = in_english(seats.take(ADMIN, page.url.removeprefix(seats.address), viewport=SIZE)).page
    expect(english.get_by_test_id("experiment-results")).to_be_visible()
    camera.take(english, "experiments-english")
    row.get_by_role("button", name="结束实验").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    camera.take(page, "experiments-conclude")
    page.get_by_role("dialog").get_by_role("button", name="结束实验").click()
    expect(row).to_contain_text("已结束")
    refused = seats.take(APPROVER, "/experiments", viewport=SIZE).page
    expect(refused.get_by_role("alert")).to_be_visible()
    camera.take(refused, "experiments-refused")


def settings(seats: Seats, camera: Camera) -> None:
    """Rooms, skills and policies, a change that is not saved, a number out of bounds."""
    page = seats.take(ADMIN, "/settings", viewport=SIZE).page
    expect(page.get_by_test_id("rooms")).to_be_visible()
    expect(page.get_by_test_id("policies")).to_be_visible()
    page.wait_for_load_state("networkidle")
    camera.take(page, "settings", dark=True)
    whole(page, camera, "settings-whole")
    form = page.get_by_test_id("policies")
    form.get_by_label("待审时限", exact=True).fill("999999")
    form.get_by_label("四眼原则").press("Space")
    form.get_by_label("四眼原则").scroll_into_view_if_needed()
    camera.take(page, "settings-policies", dark=True)
    english = in_english(seats.take(ADMIN, "/settings", viewport=SIZE)).page
    expect(english.get_by_test_id("policies")).to_be_visible()
    camera.take(english, "settings-english")
    whole(english, camera, "settings-whole-english")
    phone = seats.take(ADMIN, "/settings", **PHONE).page
    expect(phone.get_by_test_id("policies")).to_be_visible()
    camera.take(phone, "settings-phone")


def whole(page: Page, camera: Camera, name: str) -> None:
    """A page that is longer than the window, in a window as long as it."""
    page.set_viewport_size({"width": SIZE["width"], "height": 2400})
    camera.take(page, name)
    page.set_viewport_size(SIZE)  # type: ignore[arg-type]


def add_rule(page: Page, terms: str, title: str, pattern: str = "") -> None:
    """Write a rule of the team's own, without saving."""
    page.get_by_test_id("add-rule").click()
    form = page.get_by_role("dialog")
    form.get_by_label("名称", exact=True).fill(title)
    form.get_by_label("词语", exact=True).fill(terms)
    form.get_by_label("句式（正则）").fill(pattern)
    page.get_by_test_id("put-rule").click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def workbook(path: Path, names: list[str], segment: str) -> Path:
    """A table as a team has it."""
    book = openpyxl.Workbook()
    book.active.append(["商品", "环节", "时长", "备注"])
    for n, name in enumerate(names):
        book.active.append([name, segment, 30 if n % 5 == 0 else None, ""])
    book.save(path)
    return path


SCENES = (catalogue, scripts, shows, memory, rules, models, experiments, settings)
