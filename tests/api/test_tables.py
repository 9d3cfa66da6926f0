"""Hosts and products from tables: the good rows in, the bad ones told, and the same table again changes nothing."""

import asyncio
import base64
import io
from typing import Any
from uuid import UUID

import httpx
import openpyxl
import pytest

from backend.services import Services
from tests.api.conftest import SignIn

HOSTS = (
    "主播,语气,受众,语速,口头禅,忌用词\n"
    "云朵,温柔慢热,宝妈,230字/分,慢慢来；不着急,便宜死了\n"
    "石头,,,9000,,\n"
    ",活泼,,,,\n"
    "阿敢,爽快,,,敢说敢卖,敢卖\n"
    "星野,利落,学生党,320,,\n"
)
PRODUCTS = (
    "商品,售价,划线价,价格阶梯,卖点,参数,赠品,必须说明\n"
    "晴屿折叠伞,49.9,79,2=89.8|第二件八折;3=129,八骨|大风不翻|风机实测,重量：310 g,伞套,收起前请晾干\n"
    "晴屿雨衣,59,49,,,,,\n"
    "晴屿雨靴,99,,2=199,,,,\n"
)


def upload(text: str | bytes, encoding: str = "utf-8", **more: Any) -> dict[str, Any]:
    data = text if isinstance(text, bytes) else text.encode(encoding)
    return {"content": base64.b64encode(data).decode(), **more}


async def everything(who: httpx.AsyncClient, kind: str) -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in (await who.get(f"/api/v1/{kind}?limit=200")).json()["items"]}


async def test_good_hosts_come_in_and_bad_rows_are_told_with_stable_codes(operator: httpx.AsyncClient):
    before = await everything(operator, "hosts")
    shown = (await operator.post("/api/v1/hosts/table", json=upload(HOSTS, "gbk"))).json()
    assert [(one["row"], one["name"], one["change"]) for one in shown["items"]] == [
        (2, "云朵", "create"), (6, "星野", "create")
    ]  # fmt: skip
    faults = [(one["row"], one["column"], one["code"]) for one in shown["errors"]]
    assert faults == [(3, "语速", "bad_value"), (4, "主播", "no_host"), (5, "口头禅", "catchphrase_taboo")]
    assert shown["errors"][0]["details"] == {"le": 420}
    assert (shown["rows"], await everything(operator, "hosts")) == (5, before)

    done = (await operator.post("/api/v1/hosts/import", json=upload(HOSTS, "utf-8-sig"))).json()
    assert (done["created"], done["updated"], done["unchanged"]) == (2, 0, 0)
    assert [(one["row"], one["column"], one["code"]) for one in done["errors"]] == faults
    made = await everything(operator, "hosts")
    assert made.keys() - before.keys() == {"云朵", "星野"}
    cloud = made["云朵"]
    assert (cloud["pace"], cloud["audience"], cloud["catchphrases"], cloud["taboo_words"]) == (
        230, "宝妈", ["慢慢来", "不着急"], ["便宜死了"]
    )  # fmt: skip


async def test_a_table_taken_in_again_changes_nothing_and_an_empty_cell_leaves_what_is_known(
    operator: httpx.AsyncClient, admin: httpx.AsyncClient
):
    await operator.post("/api/v1/hosts/import", json=upload(HOSTS))
    made = await everything(operator, "hosts")
    again = (await operator.post("/api/v1/hosts/import", json=upload(HOSTS))).json()
    assert (again["created"], again["updated"], again["unchanged"]) == (0, 0, 2)
    assert await everything(operator, "hosts") == made
    faster = (await operator.post("/api/v1/hosts/import", json=upload("主播,语速,语气\n云朵,240,\n"))).json()
    assert (faster["created"], faster["updated"]) == (0, 1)
    cloud = (await everything(operator, "hosts"))["云朵"]
    assert cloud == {**made["云朵"], "pace": 240, "version": 2, "updated_at": cloud["updated_at"]}
    # Its one catchphrase is known, the word that it now must not hold comes with the table.
    refused = await operator.post("/api/v1/hosts/import", json=upload("主播,忌用词\n云朵,慢慢\n"))
    assert refused.json()["code"] == "table_faulty"
    assert [one["code"] for one in refused.json()["details"]["errors"]] == ["catchphrase_taboo"]
    entry = (await admin.get("/api/v1/audit")).json()["items"][0]
    assert (entry["action"], entry["detail"]) == ("host.imported", {"created": 0, "updated": 1})


async def test_rows_that_show_how_a_table_is_filled_in_are_counted_and_left_out(operator: httpx.AsyncClient):
    read = (await operator.post("/api/v1/hosts/table", json=upload("主播\n示例：小雅\n云朵\n"))).json()
    assert ([item["name"] for item in read["items"]], read["errors"], read["examples"]) == (["云朵"], [], 1)


async def test_a_table_without_a_good_row_and_one_that_is_to_be_whole_are_refused(operator: httpx.AsyncClient):
    before = await everything(operator, "hosts")
    for table, code in (
        (upload("语气\n好\n"), "table_faulty"),
        (upload("主播\n"), "table_faulty"),
        (upload(HOSTS, skip_faulty=False), "table_faulty"),
        (upload(b"\x89PNG\r\n\x1a\n\x00\x00"), "table_unreadable"),
        ({"content": "5Li75pKt,Cg=="}, "upload_broken"),
        ({"content": "5Li75pKtCg"}, "upload_broken"),
        (upload("主播\n" + "".join(f"主播{n}\n" for n in range(1001))), "table_too_large"),
    ):
        answer = await operator.post("/api/v1/hosts/import", json=table)
        assert (answer.status_code // 100, answer.json()["code"]) == (4, code)
    assert await everything(operator, "hosts") == before


async def test_products_come_with_their_ladder_and_sums_that_do_not_add_up_are_told(operator: httpx.AsyncClient):
    refused = await operator.post("/api/v1/products/import", json=upload(PRODUCTS))
    assert [(one["row"], one["column"], one["code"]) for one in refused.json()["details"]["errors"]] == [
        (3, "划线价", "list_price_low"), (4, "价格阶梯", "ladder_dearer")
    ]  # fmt: skip
    assert "晴屿折叠伞" not in await everything(operator, "products")
    done = (await operator.post("/api/v1/products/import", json=upload(PRODUCTS, skip_faulty=True))).json()
    assert (done["created"], len(done["errors"])) == (1, 2)
    umbrella = (await everything(operator, "products"))["晴屿折叠伞"]
    assert umbrella["price_ladder"] == [
        {"quantity": 2, "total": 89.8, "note": "第二件八折"}, {"quantity": 3, "total": 129.0, "note": ""}
    ]  # fmt: skip
    # The ladder that is known no longer fits the price of the row.
    cheaper = await operator.post("/api/v1/products/import", json=upload("商品,售价\n晴屿折叠伞,39.9\n"))
    assert [one["code"] for one in cheaper.json()["details"]["errors"]] == ["ladder_dearer", "ladder_dearer"]
    path = f"/api/v1/products/{umbrella['id']}"
    by_hand = await operator.patch(path, json={"version": 1, "price": 39.9})
    assert (by_hand.status_code, by_hand.json()["code"]) == (400, "prices_off")
    assert by_hand.json()["details"]["errors"][0]["field"] == "body.price_ladder.0.total"
    dropped = await operator.patch(path, json={"version": 1, "price": 39.9, "price_ladder": []})
    assert dropped.json()["price_ladder"] == []
    low = await operator.post("/api/v1/products", json={"name": "低", "price": 9, "list_price": 8})
    assert low.json()["details"]["errors"][0]["type"] == "list_price_low"


async def test_a_host_does_not_like_to_say_what_the_host_never_says(operator: httpx.AsyncClient):
    body = {"name": "阿敢", "catchphrases": ["敢说敢卖"], "taboo_words": ["敢卖"]}
    answer = await operator.post("/api/v1/hosts", json=body)
    assert (answer.json()["code"], answer.json()["details"]["errors"][0]["type"]) == (
        "phrases_off",
        "catchphrase_taboo",
    )
    made = (await operator.post("/api/v1/hosts", json=body | {"taboo_words": []})).json()
    changed = await operator.patch(f"/api/v1/hosts/{made['id']}", json={"version": 1, "taboo_words": ["敢说"]})
    assert changed.json()["code"] == "phrases_off"


@pytest.mark.parametrize("kind", ["hosts", "products"])
async def test_a_template_opens_in_a_spreadsheet_and_imports_nothing(operator: httpx.AsyncClient, kind: str):
    csv = await operator.get(f"/api/v1/{kind}/template", params={"format": "csv"})
    assert csv.content.startswith(b"\xef\xbb\xbf")
    assert "attachment" in csv.headers["content-disposition"]
    xlsx = await operator.get(f"/api/v1/{kind}/template")
    sheet = openpyxl.load_workbook(io.BytesIO(xlsx.content)).worksheets[0]
    assert sheet.max_row == 2
    for file in (csv, xlsx):
        read = (await operator.post(f"/api/v1/{kind}/table", json=upload(file.content))).json()
        assert (read["items"], read["errors"], read["unknown_columns"]) == ([], [], [])


@pytest.mark.parametrize("kind", ["hosts", "products"])
async def test_who_may_not_change_the_catalogue_may_not_import(sign_in: SignIn, kind: str):
    viewer = await sign_in("guest@demo.cuedesk")
    for answer in (
        await viewer.post(f"/api/v1/{kind}/import", json=upload("名称\n某\n")),
        await viewer.post(f"/api/v1/{kind}/table", json=upload("名称\n某\n")),
        await viewer.get(f"/api/v1/{kind}/template"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_another_tenants_hosts_of_the_same_name_stay_as_they_are(
    operator: httpx.AsyncClient, services: Services, demo_url: str
):
    import psycopg

    with psycopg.connect(demo_url) as owner:
        found = owner.execute("SELECT id FROM tenants WHERE slug <> 'qinghe'").fetchone()
        assert found is not None
        owner.execute("INSERT INTO hosts (tenant_id, name, pace) VALUES (%s, '云朵', 400)", found)
    stranger: UUID = found[0]
    done = (await operator.post("/api/v1/hosts/import", json=upload(HOSTS))).json()
    assert done["created"] == 2
    async with services.db.tenant(stranger) as conn:
        assert await conn.fetchval("SELECT pace FROM hosts WHERE name = '云朵'") == 400


async def test_the_same_table_from_two_hands_at_once_comes_in_once(operator: httpx.AsyncClient):
    answers = await asyncio.gather(*(operator.post("/api/v1/hosts/import", json=upload(HOSTS)) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert sorted(answer.json()["created"] for answer in answers) == [0, 0, 0, 2]
