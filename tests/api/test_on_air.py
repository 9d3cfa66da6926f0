"""What was approved and is cued later is looked at again, with the rules and the record of that moment."""

from typing import Any

import httpx
import psycopg
import pytest
from psycopg.types.json import Jsonb

from tests.api.conftest import SignIn

TEXT = "大家好，今天给大家看这只杯子，老铁们点下方链接。"


class Entry:
    """An approved script in a room's rundown, as a run of a show would have left it."""

    def __init__(self, url: str, room: str, product: dict[str, Any] | None = None, **provenance: Any) -> None:
        self.room = room
        with psycopg.connect(url) as owner:
            [tenant] = owner.execute("SELECT tenant_id FROM rooms WHERE id = %s", [room]).fetchone() or [None]
            values: dict[str, Any] = {
                "tenant": tenant,
                "room": room,
                "product": product["id"] if product else None,
                "content": provenance.pop("content", TEXT),
                "provenance": Jsonb({"facts": {}, "findings": [], **provenance}),
            }
            row = owner.execute(
                """WITH thread AS (INSERT INTO threads (tenant_id, graph_version)
                                   VALUES (%(tenant)s, '1') RETURNING id),
                   show AS (INSERT INTO shows (id, tenant_id, room_id, name, total_seconds)
                            SELECT id, %(tenant)s, %(room)s, '晚场', 600 FROM thread RETURNING id),
                   script AS (INSERT INTO scripts (tenant_id, product_id, title, scenario, latest_version)
                              VALUES (%(tenant)s, %(product)s, '开场', 'opening', 1) RETURNING id),
                   version AS (INSERT INTO script_versions (script_id, version, tenant_id, content, draft, provenance)
                               SELECT id, 1, %(tenant)s, %(content)s, '', %(provenance)s FROM script
                               RETURNING script_id, version),
                   item AS (INSERT INTO show_items (tenant_id, show_id, position, product_id, product_name, scenario,
                                                    planned_seconds, status)
                            SELECT %(tenant)s, id, 0, coalesce(%(product)s, uuidv7()), '杯', 'opening', 30, 'approved'
                            FROM show RETURNING id)
                   INSERT INTO rundown_items (tenant_id, room_id, show_item_id, script_id, script_version)
                   SELECT %(tenant)s, %(room)s, item.id, version.script_id, version.version FROM item, version
                   RETURNING id""",
                values,
            ).fetchone()
            assert row is not None
            self.id = str(row[0])

    async def cue(self, client: httpx.AsyncClient, reason: str | None = None) -> httpx.Response:
        body = None if reason is None else {"override_reason": reason}
        return await client.post(f"/api/v1/rooms/{self.room}/rundown/{self.id}/cue", json=body)


@pytest.fixture
async def room(operator: httpx.AsyncClient) -> str:
    return str((await operator.get("/api/v1/rooms")).json()["items"][0]["id"])


async def _version(operator: httpx.AsyncClient) -> str:
    return str((await operator.post("/api/v1/quality/check", json={"content": "好"})).json()["rules_version"])


async def _forbid(admin: httpx.AsyncClient, revision: int, *terms: str) -> None:
    rules = [{"id": "H-1", "terms": list(terms)}] if terms else []
    saved = await admin.put("/api/v1/rules/overlay", json={"revision": revision, "overlay": {"rules": rules}})
    assert saved.status_code == 200, saved.text


async def test_stricter_rules_hold_a_cue_until_a_person_resolves_it(
    admin: httpx.AsyncClient, operator: httpx.AsyncClient, demo_url: str, room: str
):
    entry = Entry(demo_url, room, rules_version=await _version(operator))
    before = (await operator.get(f"/api/v1/rooms/{room}/prompter")).json()["version"]
    await _forbid(admin, 0, "老铁们")
    held = await entry.cue(operator)
    assert (held.status_code, held.json()["code"]) == (409, "push_held")
    details = held.json()["details"]
    assert details["changed"] == ["rules"]
    assert [(f["rule"], f["excerpt"]) for f in details["findings"]] == [("H-1", "老铁们")]
    assert details["rules_version"].startswith("1.")
    # Nothing is lost, and nothing is shown.
    assert (await operator.get(f"/api/v1/rooms/{room}/prompter")).json()["version"] == before
    rundown = (await operator.get(f"/api/v1/rooms/{room}/rundown")).json()["items"]
    assert [one["id"] for one in rundown] == [entry.id]
    assert (await entry.cue(operator, "就要播")).status_code == 403
    shown = await entry.cue(admin, "已与法务确认，电话13800138000")
    assert shown.json()["content"] == TEXT
    cued = next(e for e in (await admin.get("/api/v1/audit")).json()["items"] if e["action"] == "script.cued")
    assert cued["detail"]["override_reason"] == "已与法务确认，电话138****8000"
    with psycopg.connect(demo_url) as owner:
        assert "13800138000" not in str(owner.execute("SELECT detail FROM audit_log").fetchall())
    assert "H-1" in str(cued["detail"]["findings"])
    # The other way out: the rule is taken back.
    await _forbid(admin, 1)
    assert (await entry.cue(operator)).status_code == 200


async def test_rules_that_changed_elsewhere_and_blocks_that_were_overridden_hold_nothing(
    admin: httpx.AsyncClient, operator: httpx.AsyncClient, demo_url: str, room: str
):
    await _forbid(admin, 0, "不相干的词")
    assert (await Entry(demo_url, room, rules_version="0.general.old").cue(operator)).status_code == 200
    known = {"rule": "H-1", "excerpt": "老铁们", "severity": "block"}
    overridden = Entry(demo_url, room, rules_version="0.general.old", findings=[known])
    await _forbid(admin, 1, "老铁们")
    assert (await overridden.cue(operator)).status_code == 200


async def test_a_price_that_changed_since_holds_a_cue(
    sign_in: SignIn, admin: httpx.AsyncClient, operator: httpx.AsyncClient, demo_url: str, room: str
):
    products = (await operator.get("/api/v1/products")).json()["items"]
    cup = next(product for product in products if "杯" in product["name"])
    facts = {"id": cup["id"], "name": cup["name"], "price": cup["price"]}
    text = f"这只{cup['name']}，今天到手价{int(cup['price'])}元，点下方链接下单。"
    changed = await operator.patch(
        f"/api/v1/products/{cup['id']}", json={"version": cup["version"], "price": cup["price"] + 7, "list_price": None}
    )
    assert changed.status_code == 200, changed.text
    entry = Entry(demo_url, room, cup, content=text, rules_version=await _version(operator), facts=facts)
    held = await entry.cue(operator)
    assert (held.status_code, held.json()["code"]) == (409, "push_held")
    assert held.json()["details"]["changed"] == ["product"]
    assert str(int(cup["price"])) in held.json()["details"]["findings"][0]["message"]


async def test_what_an_older_release_approved_is_held_by_rules_alone(
    admin: httpx.AsyncClient, operator: httpx.AsyncClient, demo_url: str, room: str
):
    text = f"{TEXT}今天只要三十九块九。"
    entry = Entry(demo_url, room, content=text, rules_version="f2dff899e8a0", facts=None)
    with psycopg.connect(demo_url) as owner:
        owner.execute("UPDATE script_versions SET provenance = provenance - 'facts'")
    assert (await entry.cue(operator)).status_code == 200
    await _forbid(admin, 0, "老铁们")
    assert [f["rule"] for f in (await entry.cue(operator)).json()["details"]["findings"]] == ["H-1"]


SOLD: dict[str, Any] = {
    "stock": 120,
    "gifts": ["杯刷1把"],
    "price_ladder": [{"quantity": 2, "total": "109"}],
    "list_price": "99",
    "facts": {"活动时间": "到22点", "质保": "两年"},
}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stock": 80}, "最后120件"),
        ({"stock": None}, "最后120件"),
        ({"gifts": []}, "送一把杯刷"),
        ({"gifts": ["杯套1个"]}, "送一把杯刷"),
        ({"price_ladder": [{"quantity": 2, "total": "115"}]}, "109"),
        ({"facts": {"活动时间": "到20点", "质保": "两年"}}, "活动到今晚十点"),
        ({"facts": {"质保": "两年"}}, "活动到今晚十点"),
        ({"facts": {"活动时间": "到22点", "质保": "一年"}}, "质保两年"),
    ],
    ids=["stock", "stock gone", "gifts gone", "another gift", "ladder", "earlier end", "end gone", "shorter warranty"],
)
async def test_whatever_the_record_said_and_says_no_more_holds_a_cue(
    operator: httpx.AsyncClient,
    admin: httpx.AsyncClient,
    demo_url: str,
    room: str,
    change: dict[str, Any],
    words: str,
):
    made = await admin.post("/api/v1/products", json={"name": "远山随行杯", "category": "水杯", "price": "59", **SOLD})
    assert made.status_code == 201, made.text
    cup = made.json()
    text = "远山随行杯，59一只，两只109，送一把杯刷，质保两年，最后120件，活动到今晚十点，点下方链接拍下。"
    facts = {"id": cup["id"], "name": cup["name"], "category": "水杯", "price": 59, **SOLD, "list_price": 99}
    facts["price_ladder"] = [{"quantity": 2, "total": 109}]
    entry = Entry(demo_url, room, cup, content=text, rules_version=await _version(operator), facts=facts)
    assert (await entry.cue(operator)).status_code == 200
    changed = await admin.patch(f"/api/v1/products/{cup['id']}", json={"version": cup["version"], **change})
    assert changed.status_code == 200, changed.text
    held = await entry.cue(operator)
    assert (held.status_code, held.json()["code"]) == (409, "push_held")
    assert held.json()["details"]["changed"] == ["product"]
    assert any(words in one["excerpt"] or one["excerpt"] in words for one in held.json()["details"]["findings"])
