"""Memories: who may do what, notes that are kept once, and what the console is told."""

import asyncio
from uuid import uuid4

import httpx

from backend.services import Services

MEMORY = "/api/v1/memory"
NOTE = {"content": "保温杯先讲双层杯身，再报价。客户电话13812345678。"}


async def test_a_note_lives_from_first_to_last(operator: httpx.AsyncClient, admin: httpx.AsyncClient) -> None:
    host = (await operator.get("/api/v1/hosts")).json()["items"][0]["id"]
    key = {"Idempotency-Key": str(uuid4())}
    made = await asyncio.gather(*(operator.post(MEMORY, json=NOTE | {"host_id": host}, headers=key) for _ in range(2)))
    assert [one.status_code for one in made] == [201, 201]
    listed = (await operator.get(MEMORY, params={"kind": "note", "host_id": host})).json()["items"]
    assert len(listed) == 1  # sent twice at once, remembered once
    assert "13812345678" not in listed[0]["content"]
    again = await operator.post(MEMORY, json=NOTE | {"host_id": host})
    assert again.json()["id"] == listed[0]["id"]

    found = (await operator.get(f"{MEMORY}/search", params={"q": "保温杯"})).json()
    assert found["items"][0]["memory"]["id"] == listed[0]["id"]
    why = found["items"][0]["why"]
    assert why["dense_rank"] == why["sparse_rank"] == 1
    assert why["score"] > 0

    path = f"{MEMORY}/{listed[0]['id']}"
    assert (await operator.get(path)).status_code == 200
    assert (await operator.delete(path)).status_code == 204
    assert (await operator.get(path)).json()["code"] == "not_found"
    assert (await operator.delete(path)).status_code == 404
    assert (await operator.get(f"{MEMORY}/search", params={"q": "保温杯"})).json()["items"] == []
    audit = (await admin.get("/api/v1/audit")).text
    assert "memory.deleted" in audit
    assert "双层杯身" not in audit


async def test_who_may_not_is_refused(sign_in, operator: httpx.AsyncClient, admin: httpx.AsyncClient) -> None:
    host = await sign_in("xiaoya@demo.cuedesk")
    assert (await host.get(MEMORY)).status_code == 200
    assert (await host.post(MEMORY, json=NOTE)).status_code == 403
    forget = {"subject": "person", "name": "张晓梅"}
    assert (await operator.post(f"{MEMORY}/forget", json=forget)).status_code == 403
    assert (await admin.post(f"{MEMORY}/forget", json=forget | {"dry_run": True})).json() == {"documents": 0}
    assert (await admin.post(f"{MEMORY}/forget", json={"subject": "person"})).status_code == 400
    assert (await operator.put(f"{MEMORY}/lifetimes", json={})).status_code == 403
    stranger = await sign_in("admin@shanlan.demo.cuedesk")
    made = (await operator.post(MEMORY, json={"content": "牛排讲整切还是拼接。"})).json()
    assert (await stranger.get(f"{MEMORY}/{made['id']}")).status_code == 404
    assert (await stranger.delete(f"{MEMORY}/{made['id']}")).status_code == 404


async def test_what_was_asked_to_be_forgotten_is_not_noted_again(admin: httpx.AsyncClient) -> None:
    note = {"content": "钱多多老师的护肤段落语气要轻。"}
    assert (await admin.post(MEMORY, json=note)).status_code == 201
    forget = {"subject": "person", "name": "钱多多"}
    assert (await admin.post(f"{MEMORY}/forget", json=forget | {"dry_run": True})).json() == {"documents": 1}
    assert (await admin.post(f"{MEMORY}/forget", json=forget)).json() == {"documents": 1}
    assert (await admin.post(MEMORY, json=note)).json()["code"] == "conflict"
    audit = (await admin.get("/api/v1/audit")).text
    assert "memory.forgotten" in audit
    assert "钱多多" not in audit


async def test_lifetimes_and_embedders_are_told_and_changed(admin: httpx.AsyncClient, services: Services) -> None:
    assert (await admin.get(f"{MEMORY}/lifetimes")).json() == {"script": None, "note": None, "rejection": 180}
    days = {"script": 365, "note": None, "rejection": 30}
    assert (await admin.put(f"{MEMORY}/lifetimes", json=days)).json() == days
    assert (await admin.get(f"{MEMORY}/lifetimes")).json() == days
    assert (await admin.get(f"{MEMORY}/embedders")).json() == {"items": []}
    await admin.post(MEMORY, json={"content": "拖把现场倒酱油。"})
    [one] = (await admin.get(f"{MEMORY}/embedders")).json()["items"]
    assert (one["name"], one["serving"], one["read"], one["documents"]) == (services.embedder.name, True, 1, 1)
    assert (await admin.delete(f"{MEMORY}/embedders/{one['name']}")).status_code == 409
    assert (await admin.post(f"{MEMORY}/embedders/nobody/serve")).status_code == 404
    assert (await admin.post(f"{MEMORY}/embedders/{one['name']}/serve")).status_code == 200


async def test_a_run_that_recalled_nothing_has_nothing_to_explain(operator: httpx.AsyncClient) -> None:
    assert (await operator.get(f"{MEMORY}/recalls/{uuid4()}")).json()["code"] == "not_found"
