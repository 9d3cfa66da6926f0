"""The audit log is looked through by what was done, by whom, to what and when; nobody sees another team's."""

from typing import Any

import httpx
import pytest

from tests.api.conftest import SignIn

AUDIT = "/api/v1/audit"


@pytest.fixture
async def room(operator: httpx.AsyncClient, admin: httpx.AsyncClient) -> str:
    """A room that the operator made and the admin changed."""
    made = (await operator.post("/api/v1/rooms", json={"name": "审计间"})).json()["id"]
    assert (await admin.patch(f"/api/v1/rooms/{made}", json={"by_hand": True})).status_code == 200
    return str(made)


async def entries(client: httpx.AsyncClient, **wanted: Any) -> list[dict[str, Any]]:
    answer = await client.get(AUDIT, params=wanted)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_one_action_or_all_of_a_noun(admin: httpx.AsyncClient, room: str):
    assert [one["action"] for one in await entries(admin, action="room")] == ["room.changed", "room.created"]
    assert [one["action"] for one in await entries(admin, action="room.changed")] == ["room.changed"]
    # A noun is whole: `ro` is none, and neither is one with a pattern in it.
    assert await entries(admin, action="ro") == []
    assert await entries(admin, action="%") == []


async def test_a_change_tells_what_became_another_and_not_all_that_the_form_sent(admin: httpx.AsyncClient):
    for kind, field in (("products", "brand"), ("hosts", "voice")):
        item = (await admin.get(f"/api/v1/{kind}")).json()["items"][0]
        sent = {name: value for name, value in item.items() if name not in ("id", "created_at", "updated_at")}
        answer = await admin.patch(f"/api/v1/{kind}/{item['id']}", json={**sent, field: "改过的"})
        assert answer.status_code == 200, answer.text
        (told,) = await entries(admin, subject=item["id"])
        assert told["detail"] == {"fields": [field]}


async def test_what_somebody_did_and_what_was_done_to_something(admin: httpx.AsyncClient, room: str):
    of_room = await entries(admin, subject=room)
    assert [(one["action"], one["actor_name"]) for one in of_room] == [
        ("room.changed", (await admin.get("/api/v1/auth/me")).json()["user"]["name"]),
        ("room.created", "小林"),
    ]
    operator = of_room[1]["actor"]
    assert {one["actor"] for one in await entries(admin, actor=operator)} == {operator}
    both = await entries(admin, actor=operator, subject=room)
    assert [one["action"] for one in both] == ["room.created"]


async def test_a_span_of_time_begins_with_its_own_and_ends_before(admin: httpx.AsyncClient, room: str):
    changed, created = await entries(admin, subject=room)
    assert await entries(admin, subject=room, since=created["at"], until=changed["at"]) == [created]
    assert await entries(admin, subject=room, since=changed["at"]) == [changed]


async def test_pages_of_what_is_looked_for_hold_nothing_else(admin: httpx.AsyncClient, room: str):
    first = (await admin.get(AUDIT, params={"subject": room, "limit": 1})).json()
    rest = (await admin.get(AUDIT, params={"subject": room, "limit": 1, "cursor": first["next_cursor"]})).json()
    assert [one["action"] for one in (*first["items"], *rest["items"])] == ["room.changed", "room.created"]
    assert rest["next_cursor"] is None


async def test_another_team_finds_nothing_and_bad_filters_are_told(
    sign_in: SignIn, admin: httpx.AsyncClient, operator: httpx.AsyncClient, room: str
):
    stranger = await sign_in("admin@shanlan.demo.cuedesk")
    assert await entries(stranger, subject=room) == []
    assert (await operator.get(AUDIT, params={"subject": room})).status_code == 403
    for bad in ({"actor": "nobody"}, {"since": "yesterday"}, {"since": "2026-11-22T10:00:00"}, {"action": ""}):
        answer = await admin.get(AUDIT, params=bad)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_request"), bad
