"""Shows by REST: read a table, plan, steer, take along; who may, and what is refused."""

import base64
import io
import re
import zipfile
from typing import Any
from urllib.parse import unquote

import docx
import httpx
import openpyxl
import psycopg
import pytest

from tests.api.conftest import SignIn

CUP, STRIPS = "沐野随行保温杯 500ml", "卫龙大面筋辣条 106g×5 包"


def in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def read_table(client: httpx.AsyncClient, text: str, encoding: str = "utf-8", **more: Any) -> httpx.Response:
    body = {"content": in_base64(text.encode(encoding)), **more}
    return await client.post("/api/v1/shows/table", json=body)


async def room_of(client: httpx.AsyncClient, name: str = "小雅的直播间") -> str:
    rooms = (await client.get("/api/v1/rooms")).json()["items"]
    return str(next(room["id"] for room in rooms if room["name"] == name))


async def new_show(client: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    """A show of two products in two segments each."""
    items = (await read_table(client, f"商品,环节\n{CUP},开场、卖点\n{STRIPS},卖点、促销\n")).json()["items"]
    body = {
        "room_id": await room_of(client), "name": "双十一大场", "total_seconds": 700,
        "items": [{"product_id": item["product_id"], "scenario": item["scenario"]} for item in items], **changes,
    }  # fmt: skip
    answer = await client.post("/api/v1/shows", json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def approve(url: str, item_id: str, content: str) -> None:
    """Put an approved script of an item where a run would have put it."""
    with psycopg.connect(url) as owner:
        tenant, room = owner.execute(
            """SELECT i.tenant_id, s.room_id FROM show_items i JOIN shows s ON s.id = i.show_id WHERE i.id = %s""",
            [item_id],
        ).fetchone()
        owner.execute("SELECT set_config('app.tenant', %s, true)", [str(tenant)])
        script = owner.execute(
            "INSERT INTO scripts (title, scenario, latest_version) VALUES ('一段', 'opening', 1) RETURNING id"
        ).fetchone()[0]
        owner.execute(
            """INSERT INTO script_versions (script_id, version, content, draft, provenance)
               VALUES (%s, 1, %s, '', '{}')""",
            [script, content],
        )
        owner.execute(
            """INSERT INTO rundown_items (room_id, show_item_id, script_id, script_version)
               VALUES (%s, %s, %s, 1)""",
            [room, item_id, script],
        )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
async def test_a_table_is_read_with_every_fault_at_its_row_and_nothing_kept(operator: httpx.AsyncClient, encoding: str):
    answer = await read_table(operator, f"商品,环节,时长\n{CUP},开场,45秒\n没有的,开场,\n{CUP},唱歌,\n", encoding)
    read = answer.json()
    assert answer.status_code == 200
    assert (read["rows"], [item["row"] for item in read["items"]]) == (3, [2])
    assert [(e["row"], e["column"], e["code"]) for e in read["errors"]] == [
        (3, "商品", "unknown_product"),
        (4, "环节", "unknown_segment"),
    ]
    assert (await operator.get("/api/v1/shows")).json()["items"] == []


async def test_a_workbook_is_read_like_a_csv(operator: httpx.AsyncClient):
    book = openpyxl.Workbook()
    for row in (["商品", "环节", "时长"], [CUP, "开场", 45], [STRIPS, "", None]):
        book.active.append(row)
    data = io.BytesIO()
    book.save(data)
    body = {"content": in_base64(data.getvalue()), "segments": ["seeding", "promotion"]}
    read = (await operator.post("/api/v1/shows/table", json=body)).json()
    assert read["errors"] == []
    assert [(item["scenario"], item["seconds"]) for item in read["items"]] == [
        ("opening", 45), ("seeding", None), ("promotion", None),
    ]  # fmt: skip


async def test_what_is_no_table_or_too_long_is_refused_with_a_stable_code(operator: httpx.AsyncClient):
    picture = await operator.post("/api/v1/shows/table", json={"content": in_base64(b"\x89PNG\x00\x01")})
    assert (picture.status_code, picture.json()["code"]) == (400, "table_unreadable")
    long = await read_table(operator, "商品\n" + f"{CUP}\n" * 10_000, "gbk")
    assert (long.status_code, long.json()["code"]) == (413, "table_too_large")
    nonsense = await operator.post("/api/v1/shows/table", json={"content": "不是 base64"})
    assert (nonsense.status_code, nonsense.json()["code"]) == (400, "upload_broken")


async def test_a_show_is_planned_to_the_second_or_not_at_all(operator: httpx.AsyncClient):
    made = await new_show(operator)
    assert sum(item["planned_seconds"] for item in made["items"]) == 700
    assert made["show"]["progress"]["planned"] == 4
    listed = (await operator.get("/api/v1/shows")).json()["items"]
    assert [show["id"] for show in listed] == [made["show"]["id"]]

    items = [{"product_id": item["product_id"], "scenario": item["scenario"]} for item in made["items"]]
    room = await room_of(operator)
    long = [{**item, "seconds": 60} for item in items]
    short = {"room_id": room, "name": "太短", "total_seconds": 120, "items": long}
    refused = await operator.post("/api/v1/shows", json=short)
    assert (refused.status_code, refused.json()["code"]) == (409, "show_too_short")
    assert refused.json()["details"]["needed_seconds"] == 240
    doubled = await operator.post("/api/v1/shows", json={**short, "total_seconds": 1200, "items": [*items, items[0]]})
    assert doubled.status_code == 400
    assert len((await operator.get("/api/v1/shows")).json()["items"]) == 1

    slots = [{"scenario": "opening", "seconds": 100}, {"scenario": "closing"}]
    planned = await operator.post("/api/v1/shows/plan", json={"room_id": room, "total_seconds": 160, "items": slots})
    assert planned.json()["seconds"] == [100, 60]
    assert planned.json()["left_seconds"] == 0


async def test_a_plan_is_changed_moved_and_set_by_hand(operator: httpx.AsyncClient):
    made = await new_show(operator)
    address = f"/api/v1/shows/{made['show']['id']}"
    ids = [item["id"] for item in made["items"]]
    turned = (await operator.post(f"{address}/order", json={"item_ids": ids[::-1]})).json()
    assert [item["id"] for item in turned["items"]] == ids[::-1]
    assert (await operator.post(f"{address}/order", json={"item_ids": ids[:2]})).status_code == 400

    fixed = (await operator.patch(f"{address}/items/{ids[0]}", json={"seconds": 33})).json()["items"]
    assert (fixed[3]["planned_seconds"], fixed[3]["fixed"]) == (33, True)
    assert sum(item["planned_seconds"] for item in fixed) == 700
    freed = (await operator.patch(f"{address}/items/{ids[0]}", json={"seconds": None})).json()["items"]
    assert freed[3]["fixed"] is False

    at = "2026-11-30T20:00:00+08:00"
    changed = (await operator.patch(address, json={"total_seconds": 600, "starts_at": at})).json()
    assert sum(item["planned_seconds"] for item in changed["items"]) == 600
    assert changed["show"]["starts_at"] == "2026-11-30T12:00:00Z"
    assert (await operator.patch(address, json={"starts_at": None})).json()["show"]["starts_at"] is None
    assert (await operator.patch(address, json={})).status_code == 400
    assert (await operator.delete(address)).status_code == 204
    assert (await operator.get(address)).status_code == 404


async def test_the_log_of_a_show_holds_what_rest_says(operator: httpx.AsyncClient):
    made = await new_show(operator)
    show = made["show"]["id"]
    await operator.post(f"/api/v1/shows/{show}/start", json={})
    snapshot = (await operator.get(f"/api/v1/threads/{show}/snapshot")).json()["snapshot"]["show"]
    now = (await operator.get(f"/api/v1/shows/{show}")).json()
    assert snapshot["items"] == now["items"]
    assert (snapshot["status"], snapshot["progress"]) == ("running", now["show"]["progress"])
    assert show not in [thread["id"] for thread in (await operator.get("/api/v1/threads")).json()["items"]]
    assert show not in [
        t["id"] for t in (await operator.get("/api/v1/threads", params={"q": "双十一"})).json()["items"]
    ]


async def test_a_request_that_is_repeated_is_carried_out_once(operator: httpx.AsyncClient):
    first = await new_show(operator)
    items = [{"product_id": item["product_id"], "scenario": item["scenario"]} for item in first["items"]]
    body = {"room_id": await room_of(operator), "name": "再来", "total_seconds": 900, "items": items}
    answers = [await operator.post("/api/v1/shows", json=body, headers={"Idempotency-Key": "show-1"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len((await operator.get("/api/v1/shows")).json()["items"]) == 2
    address = f"/api/v1/shows/{answers[0].json()['show']['id']}"
    started = [await operator.post(f"{address}/start", headers={"Idempotency-Key": "start-1"}) for _ in range(2)]
    assert started[0].json() == started[1].json()
    pages = await operator.get("/api/v1/shows", params={"limit": 1})
    following = await operator.get("/api/v1/shows", params={"limit": 1, "cursor": pages.json()["next_cursor"]})
    assert following.json()["items"][0]["id"] == first["show"]["id"]


async def test_who_only_reads_changes_nothing(operator: httpx.AsyncClient, sign_in: SignIn):
    made = await new_show(operator)
    address = f"/api/v1/shows/{made['show']['id']}"
    host = await sign_in("xiaoya@demo.cuedesk")
    assert (await host.get(address)).status_code == 200
    refused = [
        await host.post(f"{address}/start"),
        await host.post(f"{address}/pause"),
        await host.post(f"{address}/cancel"),
        await host.post(f"{address}/retry", json={}),
        await host.post(f"{address}/order", json={"item_ids": [item["id"] for item in made["items"]]}),
        await host.patch(address, json={"name": "我的"}),
        await host.delete(address),
        await host.post(f"{address}/items/{made['items'][0]['id']}/regenerate"),
    ]
    assert [answer.status_code for answer in refused] == [403] * len(refused)


async def test_what_cannot_be_done_now_says_so(operator: httpx.AsyncClient):
    made = await new_show(operator)
    address, item = f"/api/v1/shows/{made['show']['id']}", made["items"][0]["id"]
    answers = [
        await operator.post(f"{address}/pause"),
        await operator.post(f"{address}/retry", json={}),
        await operator.post(f"{address}/items/{item}/regenerate"),
        await operator.get(f"{address}/export"),
    ]
    assert [answer.json()["code"] for answer in answers] == [
        "item_not_ready", "show_empty", "item_not_ready", "nothing_to_export",
    ]  # fmt: skip
    stopped = (await operator.post(f"{address}/cancel")).json()
    assert stopped["progress"]["skipped"] == 4


async def test_approved_scripts_are_taken_along_in_order_and_put_on_the_teleprompter(
    operator: httpx.AsyncClient, demo_url: str
):
    made = await new_show(operator)
    show, room = made["show"]["id"], made["show"]["room_id"]
    first, second = made["items"][2]["id"], made["items"][0]["id"]
    approve(demo_url, first, "这包辣条今天便宜。客服电话13800138000。")
    approve(demo_url, second, "姐妹们晚上好。")

    text = await operator.get(f"/api/v1/shows/{show}/export")
    assert text.headers["content-type"].startswith("text/plain")
    name = re.search(r"filename\*=UTF-8''(\S+)", text.headers["content-disposition"])
    assert name is not None
    assert unquote(name[1]) == "双十一大场.txt"
    body = text.content.decode("utf-8-sig")
    assert body.index("姐妹们晚上好") < body.index("这包辣条")
    assert "13800138000" not in body
    cues = (await operator.get(f"/api/v1/shows/{show}/export", params={"format": "srt"})).text
    assert cues.startswith("1\n00:00:00,000 --> 00:00:0")
    word = await operator.get(f"/api/v1/shows/{show}/export", params={"format": "docx"})
    assert "姐妹们晚上好。" in [p.text for p in docx.Document(io.BytesIO(word.content)).paragraphs]

    rundown = (await operator.get(f"/api/v1/rooms/{room}/rundown")).json()["items"]
    assert [entry["show_item_id"] for entry in rundown] == [second, first]
    ids = [item["id"] for item in made["items"]]
    await operator.post(f"/api/v1/shows/{show}/order", json={"item_ids": ids[::-1]})
    turned = (await operator.get(f"/api/v1/rooms/{room}/rundown")).json()["items"]
    assert [entry["show_item_id"] for entry in turned] == [first, second]
    shown = (await operator.post(f"/api/v1/rooms/{room}/rundown/{rundown[0]['id']}/cue")).json()
    assert (shown["content"], shown["script_id"]) == ("姐妹们晚上好。", rundown[0]["script_id"])


@pytest.mark.parametrize("kind", ["txt", "srt", "docx"])
async def test_what_is_taken_along_holds_nobodys_personal_data_in_any_form(
    operator: httpx.AsyncClient, demo_url: str, kind: str
):
    made = await new_show(operator)
    with psycopg.connect(demo_url) as owner:
        owner.execute("UPDATE shows SET name = '客户电话13800138000专场'")
    approve(demo_url, made["items"][0]["id"], "刚才报名的收件人：孙丽华，电话13900139000，我记下了。")
    answer = await operator.get(f"/api/v1/shows/{made['show']['id']}/export", params={"format": kind})
    body = answer.content
    if kind == "docx":
        with zipfile.ZipFile(io.BytesIO(body)) as parts:
            body = b"".join(parts.read(name) for name in parts.namelist())
    text = body.decode("utf-8", errors="ignore") + unquote(answer.headers["content-disposition"])
    assert "139****9000" in text
    assert not [leak for leak in ("13800138000", "13900139000", "孙丽华") if leak in text]


async def test_products_are_imported_all_or_none(operator: httpx.AsyncClient, sign_in: SignIn):
    async def post(action: str, text: str, who: httpx.AsyncClient = operator) -> httpx.Response:
        return await who.post(f"/api/v1/products/{action}", json={"content": in_base64(text.encode("gbk"))})

    good = f"商品,售价,参数,颜色\n{CUP},49.9,,红\n青禾毛巾,19.9,克重：110 g,白\n"
    seen = (await post("table", good)).json()
    assert [(item["name"], item["change"]) for item in seen["items"]] == [(CUP, "update"), ("青禾毛巾", "create")]
    assert seen["unknown_columns"] == ["颜色"]
    bad = good + f"雨伞,{'9' * 15},,\n袜子,便宜,,\n"
    faults = (await post("table", bad)).json()["errors"]
    assert [(fault["row"], fault["code"]) for fault in faults] == [(4, "bad_value"), (5, "bad_price")]
    refused = await post("import", bad)
    assert (refused.status_code, refused.json()["code"]) == (400, "table_faulty")
    assert [fault["row"] for fault in refused.json()["details"]["errors"]] == [4, 5]
    host = await sign_in("xiaoya@demo.cuedesk")
    assert (await post("import", good, host)).status_code == 403
    known = {product["name"]: product for product in (await operator.get("/api/v1/products")).json()["items"]}
    assert "青禾毛巾" not in known

    assert (await post("import", good)).json() == {"created": 1, "updated": 1, "unchanged": 0, "errors": []}
    now = {product["name"]: product for product in (await operator.get("/api/v1/products")).json()["items"]}
    assert now["青禾毛巾"]["facts"] == {"克重": "110 g"}
    assert now[CUP]["price"] == 49.9
    assert now[CUP]["facts"] == known[CUP]["facts"]  # an empty cell leaves alone what is there
