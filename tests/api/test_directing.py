"""Steering a teleprompter by REST, and what the last look at the role is for."""

import uuid
from dataclasses import replace
from typing import Any

import httpx
import psycopg
import pytest

from backend.domain import people
from backend.errors import Forbidden
from backend.ids import new_id
from backend.protocol.commands import PrompterOrder
from backend.runs import directing
from backend.services import Services
from tests.api.conftest import PASSWORD, SignIn
from tests.support.stage import approved_script, cue


async def test_whoever_lost_the_right_meanwhile_steers_no_more(
    services: Services, sign_in: SignIn, operator: httpx.AsyncClient
) -> None:
    room = (await operator.get("/api/v1/rooms")).json()["items"][0]["id"]
    async with services.db.system() as conn:
        account = await people.find_account(conn, "guest@demo.cuedesk")
    found = await people.check_password(account, PASSWORD)
    async with services.db.system() as conn:
        _, guest = await people.open_session(conn, found.user_id, None, 60)
    # As a socket would know them whose role was changed a moment ago.
    before = replace(guest, role="operator")
    order = PrompterOrder(version=0, action="blank")
    with pytest.raises(Forbidden):
        await directing.direct(services.db, services.rules, services.displays, before, uuid.UUID(room), order, new_id())
    assert not (await operator.get(f"/api/v1/rooms/{room}/prompter")).json()["blank"]


async def test_what_a_room_is_told_by_rest_is_answered_with_what_holds_then(
    operator: httpx.AsyncClient, admin: httpx.AsyncClient
) -> None:
    room = (await operator.get("/api/v1/rooms")).json()["items"][0]["id"]
    path = f"/api/v1/rooms/{room}/prompter"
    key = {"Idempotency-Key": "dark-1"}
    dark = await operator.post(path, json={"action": "blank", "version": 0}, headers=key)
    assert (dark.status_code, dark.json()["blank"], dark.json()["transport"]["revision"]) == (200, True, 1)
    await operator.post(path, json={"action": "blank", "version": 0, "value": 0})
    again = await operator.post(path, json={"action": "blank", "version": 0}, headers=key)
    assert (again.status_code, again.json()["blank"]) == (200, False), "carried out once; answered with what holds now"
    other = await operator.post(path, json={"action": "note", "version": 0, "text": "看这里"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    nothing = await operator.post(path, json={"action": "play", "version": 0})
    assert (nothing.status_code, nothing.json()["code"]) == (409, "nothing_on_stage")
    wrong = await operator.post(path, json={"action": "speed", "version": 0, "value": 5})
    assert wrong.json()["code"] == "bad_request"
    missing = await operator.post(f"/api/v1/rooms/{uuid.uuid4()}/prompter", json={"action": "blank", "version": 0})
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
    told = (await admin.get("/api/v1/audit?limit=50")).json()["items"]
    assert [entry["action"] for entry in told if entry["action"].startswith("prompter.")] == ["prompter.blank"] * 2


async def test_a_text_comes_with_its_words_and_the_names_of_its_product(
    operator: httpx.AsyncClient, demo_url: str
) -> None:
    room = (await operator.get("/api/v1/rooms")).json()["items"][0]["id"]
    path = f"/api/v1/rooms/{room}"
    product = (await operator.get("/api/v1/products?q=初澄")).json()["items"][0]
    masks, plain = approved_script(demo_url, room, "初澄玻尿酸补水面膜，"), approved_script(demo_url, room, "大家好，")
    with psycopg.connect(demo_url) as owner:
        owner.execute("UPDATE scripts SET product_id = %s WHERE id = %s", [product["id"], masks])

    async def cued(script: str) -> dict[str, Any]:
        entry = (await operator.post(f"{path}/rundown", json={"script_id": script})).json()["items"][-1]
        return dict((await operator.post(f"{path}/rundown/{entry['id']}/cue")).json())

    first = await cued(masks)
    assert first["content"] == "初澄玻尿酸补水面膜，第1版。"
    assert first["pieces"] == [[2, 3, 4], 1, 1, 1, 1, 1]
    await operator.post(f"{path}/prompter", json={"action": "play", "version": first["version"]})
    # Another waits: both come with their own.
    second = await cued(plain)
    assert second["pieces"] == [2, 1, 1, 1, 1, 1, 1]
    assert second["stage"]["pieces"] == first["pieces"]


async def test_a_chosen_pace_is_kept_by_the_room_and_told_of_what_waits(
    operator: httpx.AsyncClient, demo_url: str
) -> None:
    room = (await operator.get("/api/v1/rooms")).json()["items"][0]["id"]
    path = f"/api/v1/rooms/{room}/prompter"

    async def order(action: str, **fields: Any) -> dict[str, Any]:
        answer = await operator.post(path, json={"action": action, **fields})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    first = await cue(demo_url, room, "大家好，今天看一只保温杯。", script=1)
    await order("play", version=first, value=0, after_ms=10_000)
    second = await cue(demo_url, room, "下一段。", script=2, pace=250)
    assert (await operator.get(path)).json()["pace"] == 250
    chosen = await order("speed", version=first, value=310)
    assert (chosen["version"], chosen["pace"], chosen["transport"]["pace"]) == (second, 310, 310)
    cut = await order("cut", version=second, after_ms=0)
    assert (cut["transport"]["version"], cut["transport"]["pace"]) == (second, 310)
    await order("pause", version=second)
    await cue(demo_url, room, "第三段。", script=3, pace=260)
    assert (await operator.get(path)).json()["transport"]["pace"] == 310
