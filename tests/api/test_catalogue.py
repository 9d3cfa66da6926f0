"""Hosts, products, rooms: what the team keeps."""

import asyncio
from uuid import uuid4

import httpx
import pytest

from backend.domain import rooms
from backend.errors import NotFound
from backend.services import Services

PRODUCT = {
    "name": "晴屿折叠伞",
    "brand": "晴屿",
    "category": "雨具",
    "aliases": ["雨伞", "折叠伞"],
    "price": 49.9,
    "list_price": 79,
    "stock": 10,
    "points": [{"feature": "八骨防风", "benefit": "大风天不翻", "proof": "风机实测"}],
    "facts": {"重量": "310 g"},
}


async def test_the_demo_has_products_of_many_categories_with_what_a_script_needs(operator: httpx.AsyncClient):
    products = (await operator.get("/api/v1/products")).json()["items"]
    assert len(products) >= 10
    assert len({product["category"] for product in products}) >= 10
    for product in products:
        assert product["price"] < product["list_price"]
        assert product["facts"]
        assert product["evidence"]
        assert all(point["feature"] and point["benefit"] for point in product["points"])
    calcium = next(product for product in products if "保健食品" in product["compliance_flags"])
    assert "本品不能代替药物" in calcium["required_statements"]
    assert len((await operator.get("/api/v1/hosts")).json()["items"]) == 2


async def test_a_product_lives_from_first_to_last(operator: httpx.AsyncClient):
    made = await operator.post("/api/v1/products", json=PRODUCT)
    assert made.status_code == 201
    product = made.json()
    assert {name: product[name] for name in PRODUCT} == PRODUCT
    path = f"/api/v1/products/{product['id']}"
    read = await operator.get(path)
    assert read.json() == product
    assert read.headers["etag"] == '"1"'
    changed = await operator.patch(path, json={"version": 1, "price": None, "stock": 9})
    assert changed.json() == {
        **product, "price": None, "stock": 9, "version": 2, "updated_at": changed.json()["updated_at"]
    }  # fmt: skip
    assert (await operator.delete(path)).status_code == 204
    assert (await operator.get(path)).json()["code"] == "not_found"
    assert (await operator.delete(path)).status_code == 404


@pytest.mark.parametrize("kind", ["products", "hosts"])
async def test_a_change_of_what_somebody_else_changed_is_refused(operator: httpx.AsyncClient, kind: str):
    item = (await operator.get(f"/api/v1/{kind}")).json()["items"][0]
    path = f"/api/v1/{kind}/{item['id']}"
    answers = await asyncio.gather(
        *(operator.patch(path, json={"name": f"名字{n}"}, headers={"If-Match": '"1"'}) for n in range(5))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409, 409]
    refused = next(answer.json() for answer in answers if answer.status_code == 409)
    assert (refused["code"], refused["details"]["version"]) == ("version_conflict", 2)
    nothing = await operator.patch(path, json={"name": "没有版本"})
    assert nothing.json()["code"] == "bad_request"


async def test_names_are_taken_once(operator: httpx.AsyncClient):
    first = (await operator.get("/api/v1/hosts")).json()["items"][0]
    again = await operator.post("/api/v1/hosts", json={"name": first["name"]})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")


async def test_a_search_finds_by_alias_and_takes_signs_literally(operator: httpx.AsyncClient):
    async def names(q: str) -> list[str]:
        return [item["name"] for item in (await operator.get("/api/v1/products", params={"q": q})).json()["items"]]

    assert await names("辣条") == ["卫龙大面筋辣条 106g×5 包"]
    assert await names("AIR2") == ["声屿半入耳蓝牙耳机 Air2"]
    assert await names("%") == []
    assert await names("_") == []


async def test_pages_give_each_item_once(operator: httpx.AsyncClient):
    whole = (await operator.get("/api/v1/products")).json()["items"]
    seen, cursor = [], None
    while True:
        query = {"limit": 5, **({"cursor": cursor} if cursor else {})}
        page = (await operator.get("/api/v1/products", params=query)).json()
        seen += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == whole


async def test_a_cursor_that_is_not_ours_is_refused(operator: httpx.AsyncClient, admin: httpx.AsyncClient):
    for cursor in ["x", "bnVsbA", "WyJ4Il0", "W10", "é", "WyIwIiwgIjEiXQ"]:
        for who, path in [
            *((operator, path) for path in ("products", "threads", "scripts", "interrupts")),
            (admin, "audit"),
        ]:
            answer = await who.get(f"/api/v1/{path}", params={"cursor": cursor})
            assert (answer.status_code, answer.json()["code"]) == (400, "bad_request"), (path, cursor)


async def test_the_same_key_makes_one_product_even_when_sent_at_once(operator: httpx.AsyncClient):
    headers = {"Idempotency-Key": "order-7"}
    answers = await asyncio.gather(
        *(operator.post("/api/v1/products", json=PRODUCT, headers=headers) for _ in range(4))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    other = await operator.post("/api/v1/products", json={**PRODUCT, "name": "别的"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    elsewhere = await operator.post("/api/v1/rooms", json={"name": "别的"}, headers=headers)
    assert elsewhere.json()["code"] == "idempotency_conflict"


async def test_what_a_name_stood_for_stays_when_a_host_is_removed(operator: httpx.AsyncClient):
    room = (await operator.get("/api/v1/rooms")).json()["items"][0]
    assert (await operator.delete(f"/api/v1/hosts/{room['host_id']}")).status_code == 204
    assert (await operator.get(f"/api/v1/rooms/{room['id']}")).json() == {**room, "host_id": None}


async def test_a_teleprompter_knows_the_latest_text_and_who_has_it(operator: httpx.AsyncClient, services: Services):
    room = (await operator.get("/api/v1/rooms")).json()["items"][0]
    path = f"/api/v1/rooms/{room['id']}/prompter"
    before = (await operator.get(path)).json()
    assert (before["version"], before["content"]) == (0, "")
    async with services.db.system() as conn:
        identity_tenant = await conn.fetchval("SELECT tenant_id FROM auth_memberships((SELECT id FROM auth_user($1)))",
                                              "xiaolin@demo.cuedesk")  # fmt: skip
    for version, text in ((1, "第一稿"), (2, "第二稿")):
        async with services.db.tenant(identity_tenant) as conn:
            cued = await rooms.cue(
                conn, room["id"], script_id=uuid4(), script_version=1, title="开场", content=text, pace=250
            )
            assert cued == version
    async with services.db.tenant(identity_tenant) as conn:
        assert await rooms.acknowledge(conn, room["id"], 3, 0) is None
        state = await rooms.acknowledge(conn, room["id"], 2, 1.5)
        assert state is not None
        assert await rooms.acknowledge(conn, room["id"], 1, 0) is None
        with pytest.raises(NotFound):
            await rooms.acknowledge(conn, uuid4(), 1, 0)
    after = (await operator.get(path)).json()
    assert (after["content"], after["acked_version"], after["position"], after["pace"]) == ("第二稿", 2, 1.5, 250)


async def test_the_audit_log_tells_what_was_done_and_notices_tampering(
    admin: httpx.AsyncClient, operator: httpx.AsyncClient, demo_url: str
):
    import psycopg

    made = (await operator.post("/api/v1/rooms", json={"name": "夜场"})).json()
    entries = (await admin.get("/api/v1/audit")).json()["items"]
    assert (entries[0]["action"], entries[0]["subject"]) == ("room.created", made["id"])
    assert (await admin.get("/api/v1/audit/verify")).json() == {"intact": True, "first_broken": None}
    with psycopg.connect(demo_url) as owner:
        with pytest.raises(psycopg.errors.RaiseException):
            owner.execute("UPDATE audit_log SET action = 'room.deleted'")
        owner.rollback()
        owner.execute("ALTER TABLE audit_log DISABLE TRIGGER audit_log_unchanged")
        owner.execute("UPDATE audit_log SET action = 'nothing' WHERE n = 2 AND tenant_id IN "
                      "(SELECT id FROM tenants WHERE slug = 'qinghe')")  # fmt: skip
    assert (await admin.get("/api/v1/audit/verify")).json() == {"intact": False, "first_broken": 2}


async def test_nobodys_number_is_written_into_the_audit_log_or_read_from_it(admin: httpx.AsyncClient, demo_url: str):
    import psycopg

    note = "客户张女士13800138000要求"
    saved = await admin.put(
        "/api/v1/rules/overlay",
        json={"revision": 0, "note": note, "overlay": {"allow": [{"text": "甲", "reason": "联系13700137000"}]}},
    )
    assert saved.status_code == 200, saved.text
    await admin.post("/api/v1/rooms", json={"name": "夜场13900139000"})
    entries = (await admin.get("/api/v1/audit")).json()["items"]
    assert entries[0]["detail"] == {"name": "夜场139****9000"}
    assert "138****8000" in entries[1]["detail"]["note"]
    with psycopg.connect(demo_url) as owner:
        kept = str(owner.execute("SELECT detail FROM audit_log").fetchall())
    assert "13800138000" not in kept
    assert "13700137000" not in kept


async def test_a_text_is_checked_while_it_is_edited(operator: httpx.AsyncClient):
    products = (await operator.get("/api/v1/products", params={"q": "保温杯"})).json()["items"]
    body = {"content": "姐妹们，这是全国第一的保温杯，全网最好用！", "product_id": products[0]["id"], "seconds": 30}
    report = (await operator.post("/api/v1/quality/check", json=body)).json()
    assert report["verdict"] == "block"
    blocked = [finding for finding in report["findings"] if finding["severity"] == "block"]
    assert blocked
    for finding in blocked:
        begin, end = finding["span"]
        assert body["content"][begin:end] == finding["excerpt"]


async def test_the_time_of_an_edited_text_is_that_of_the_host_who_will_say_it(admin: httpx.AsyncClient):
    body = {"content": "家人们晚上好，今天的保温杯到手89元。"}
    usual = (await admin.post("/api/v1/quality/check", json=body)).json()
    # 89 is said in three, punctuation in none.
    assert usual["spoken"] == 18
    slow = (await admin.post("/api/v1/hosts", json={"name": "慢慢说的人", "pace": 120})).json()
    told = (await admin.post("/api/v1/quality/check", json=body | {"host_id": slow["id"]})).json()
    assert (told["spoken"], told["spoken_seconds"]) == (18, round(18 * 60 / 120))
    assert told["spoken_seconds"] > usual["spoken_seconds"]


async def test_a_refused_field_is_told_with_the_bound_it_broke(admin: httpx.AsyncClient):
    answer = await admin.post("/api/v1/hosts", json={"name": "快嘴", "pace": 9000, "voice": "很" * 5000})
    faults = {fault["field"]: fault for fault in answer.json()["details"]["errors"]}
    assert faults["body.pace"]["type"] == "less_than_equal"
    assert faults["body.pace"]["limits"] == {"le": 420}
    assert set(faults["body.voice"]["limits"]) == {"max_length"}
