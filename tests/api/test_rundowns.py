"""The rundown of a room as its queue: its order, what joins it, and the rule by which it comes on air."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from backend.domain import rundowns
from backend.domain.rundowns import MOST
from backend.errors import VersionConflict
from backend.services import Services
from tests.api.conftest import SignIn
from tests.api.test_on_air import Entry
from tests.support.stage import approved_script as _script


@pytest.fixture
async def room(operator: httpx.AsyncClient) -> str:
    return str((await operator.get("/api/v1/rooms")).json()["items"][0]["id"])


async def _rundown(client: httpx.AsyncClient, room: str) -> dict[str, Any]:
    return dict((await client.get(f"/api/v1/rooms/{room}/rundown")).json())


async def _order(client: httpx.AsyncClient, room: str, ids: list[str], revision: int) -> httpx.Response:
    return await client.post(f"/api/v1/rooms/{room}/rundown/order", json={"entry_ids": ids, "revision": revision})


async def _add(client: httpx.AsyncClient, room: str, script: str, version: int | None = None) -> httpx.Response:
    return await client.post(f"/api/v1/rooms/{room}/rundown", json={"script_id": script, "version": version})


async def test_scripts_of_no_show_are_queued_ordered_cued_and_removed(
    operator: httpx.AsyncClient, demo_url: str, room: str
):
    scripts = [_script(demo_url, room, title) for title in ("甲", "乙", "丙")]
    for script in scripts:
        added = await _add(operator, room, script)
        assert added.status_code == 201, added.text
    before = await _rundown(operator, room)
    assert [one["title"] for one in before["items"]] == ["甲", "乙", "丙"]
    assert [one["show_id"] for one in before["items"]] == [None, None, None]
    ids = [one["id"] for one in before["items"]]

    moved = await _order(operator, room, [ids[2], ids[0], ids[1]], before["revision"])
    assert [one["title"] for one in moved.json()["items"]] == ["丙", "甲", "乙"]
    assert moved.json()["revision"] > before["revision"]
    state = (await operator.get(f"/api/v1/rooms/{room}/prompter")).json()
    assert (state["next_title"], state["rundown_revision"]) == ("丙", moved.json()["revision"])

    cued = await operator.post(f"/api/v1/rooms/{room}/rundown/{ids[2]}/cue")
    assert (cued.json()["title"], cued.json()["next_title"]) == ("丙", "甲")
    aired = {one["title"]: one["aired_at"] is not None for one in (await _rundown(operator, room))["items"]}
    assert aired == {"丙": True, "甲": False, "乙": False}

    removed = await operator.delete(f"/api/v1/rooms/{room}/rundown/{ids[0]}")
    assert [one["title"] for one in removed.json()["items"]] == ["丙", "乙"]
    assert (await operator.get(f"/api/v1/rooms/{room}/prompter")).json()["next_title"] == "乙"
    assert (await operator.delete(f"/api/v1/rooms/{room}/rundown/{ids[0]}")).status_code == 404
    last = await operator.post(f"/api/v1/rooms/{room}/rundown/{ids[1]}/cue")
    assert (last.json()["title"], last.json()["next_title"]) == ("乙", None)  # what was said does not come again
    assert (await operator.get(f"/api/v1/scripts/{scripts[0]}")).status_code == 200  # the library keeps it


async def test_of_two_who_order_at_once_one_is_told_that_it_changed(
    operator: httpx.AsyncClient, demo_url: str, room: str
):
    for title in ("甲", "乙"):
        await _add(operator, room, _script(demo_url, room, title))
    read = await _rundown(operator, room)
    ids = [one["id"] for one in read["items"]]
    answers = await asyncio.gather(
        _order(operator, room, ids[::-1], read["revision"]), _order(operator, room, ids, read["revision"])
    )
    assert sorted(one.status_code for one in answers) == [200, 409]
    refused = next(one.json() for one in answers if one.status_code == 409)
    assert refused["code"] == "version_conflict"
    now = await _rundown(operator, room)
    assert refused["details"]["revision"] == now["revision"]
    # An order is of everything that is there, once.
    for wrong in ([ids[0]], [ids[0], ids[0]], [*ids, room]):
        answer = await _order(operator, room, wrong, now["revision"])
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


async def test_another_version_takes_the_place_of_the_one_before(operator: httpx.AsyncClient, demo_url: str, room: str):
    twice = _script(demo_url, room, "甲", versions=2)
    await _add(operator, room, twice, 1)
    await _add(operator, room, _script(demo_url, room, "乙"))
    read = await _rundown(operator, room)
    await _order(operator, room, [one["id"] for one in read["items"]], read["revision"])
    await operator.post(f"/api/v1/rooms/{room}/rundown/{read['items'][0]['id']}/cue")
    newer = (await _add(operator, room, twice)).json()["items"]
    assert [(one["title"], one["script_version"], one["aired_at"]) for one in newer] == [
        ("甲", 2, None),
        ("乙", 1, None),
    ]
    # The same version once more is to be said again, later.
    again = (await _add(operator, room, twice)).json()["items"]
    assert [(one["title"], one["script_version"]) for one in again] == [("乙", 1), ("甲", 2)]
    assert (await _add(operator, room, twice, 3)).status_code == 404


async def test_what_a_show_adds_later_joins_its_neighbours(operator: httpx.AsyncClient, demo_url: str, room: str):
    loose = [_script(demo_url, room, title) for title in ("甲", "乙")]
    for script in loose:
        await _add(operator, room, script)
    entry = Entry(demo_url, room)
    assert [one["title"] for one in (await _rundown(operator, room))["items"]] == ["开场", "甲", "乙"]
    read = await _rundown(operator, room)
    by_title = {one["title"]: one["id"] for one in read["items"]}
    await _order(operator, room, [by_title["甲"], by_title["开场"], by_title["乙"]], read["revision"])
    with psycopg.connect(demo_url) as owner:
        row = owner.execute(
            """INSERT INTO show_items (tenant_id, show_id, position, product_id, product_name, scenario,
                                       planned_seconds, status)
               SELECT tenant_id, show_id, 1, product_id, '杯', 'promotion', 30, 'approved' FROM show_items
               WHERE id = (SELECT show_item_id FROM rundown_items WHERE id = %s) RETURNING id""",
            [entry.id],
        ).fetchone()
        assert row is not None
        script = _script(demo_url, room, "促单")
        owner.execute(
            """INSERT INTO rundown_items (tenant_id, room_id, show_item_id, script_id, script_version)
               SELECT tenant_id, room_id, %s, %s, 1 FROM rundown_items WHERE id = %s""",
            [row[0], script, entry.id],
        )
    joined = await _rundown(operator, room)
    assert [one["title"] for one in joined["items"]] == ["甲", "开场", "促单", "乙"]
    # The show's own order, changed on its page, is followed within the places its scripts have.
    show = joined["items"][1]["show_id"]
    order = [joined["items"][2]["show_item_id"], joined["items"][1]["show_item_id"]]
    read = await _rundown(operator, room)
    await _order(operator, room, [one["id"] for one in read["items"]], read["revision"])
    assert (await operator.post(f"/api/v1/shows/{show}/order", json={"item_ids": order})).status_code == 200
    assert [one["title"] for one in (await _rundown(operator, room))["items"]] == ["甲", "促单", "开场", "乙"]


async def test_what_was_said_a_day_ago_has_left_the_queue_also_of_a_show(
    operator: httpx.AsyncClient, demo_url: str, room: str
):
    entry = Entry(demo_url, room)
    await _add(operator, room, _script(demo_url, room, "甲"))
    assert (await entry.cue(operator)).status_code == 200
    assert [one["title"] for one in (await _rundown(operator, room))["items"]] == ["开场", "甲"]
    with psycopg.connect(demo_url) as owner:
        owner.execute("UPDATE rundown_items SET aired_at = now() - interval '25 hours' WHERE id = %s", [entry.id])
        [show] = owner.execute(
            "SELECT i.show_id FROM rundown_items e JOIN show_items i ON i.id = e.show_item_id WHERE e.id = %s",
            [entry.id],
        ).fetchone() or [None]
    left = await _rundown(operator, room)
    assert [one["title"] for one in left["items"]] == ["甲"]
    # An order names what is there; its show keeps what was said.
    assert (await _order(operator, room, [left["items"][0]["id"]], left["revision"])).status_code == 200
    kept = (await operator.get(f"/api/v1/shows/{show}")).json()["items"]
    assert len(kept) == 1
    assert (await entry.cue(operator)).status_code == 200, "and can be said once more"
    assert len((await _rundown(operator, room))["items"]) == 2


async def test_a_full_rundown_makes_room_of_what_was_said_and_refuses_only_when_nothing_was(
    operator: httpx.AsyncClient, demo_url: str, room: str
):
    with psycopg.connect(demo_url) as owner:
        owner.execute(
            """WITH script AS (
                 INSERT INTO scripts (tenant_id, title, scenario, latest_version)
                 SELECT r.tenant_id, '第' || n, 'opening', 1 FROM rooms r, generate_series(1, %(most)s) AS n
                 WHERE r.id = %(room)s RETURNING id, tenant_id, title),
               version AS (
                 INSERT INTO script_versions (script_id, version, tenant_id, content, draft, provenance)
                 SELECT id, 1, tenant_id, title, '', '{}' FROM script)
               INSERT INTO rundown_items (tenant_id, room_id, script_id, script_version, aired_at)
               SELECT tenant_id, %(room)s, id, 1, CASE title WHEN '第7' THEN now() - interval '2 hours'
                 WHEN '第8' THEN now() - interval '1 hour' END FROM script""",
            {"room": room, "most": MOST},
        )
    for n, title in enumerate(("新一", "新二")):
        assert (await _add(operator, room, _script(demo_url, room, title))).status_code == 201
        titles = {one["title"] for one in (await _rundown(operator, room))["items"]}
        assert len(titles) == MOST
        assert title in titles
        assert {"第7", "第8"} & titles == ({"第8"} if n == 0 else set()), "the one said first goes first"
    full = await _add(operator, room, _script(demo_url, room, "新三"))
    assert (full.status_code, full.json()["code"]) == (400, "bad_request")


async def test_what_waited_and_was_displaced_is_in_the_queue_as_not_said(
    operator: httpx.AsyncClient, demo_url: str, room: str
):
    for title in ("甲", "乙", "丙"):
        await _add(operator, room, _script(demo_url, room, title))
    ids = {one["title"]: one["id"] for one in (await _rundown(operator, room))["items"]}

    async def cue(title: str) -> dict[str, Any]:
        answer = await operator.post(f"/api/v1/rooms/{room}/rundown/{ids[title]}/cue")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def said() -> set[str]:
        return {one["title"] for one in (await _rundown(operator, room))["items"] if one["aired_at"] is not None}

    on_stage = await cue("甲")
    # Slowly, from the beginning: it is read for as long as this test looks.
    path = f"/api/v1/rooms/{room}/prompter"
    await operator.post(path, json={"action": "speed", "version": on_stage["version"], "value": 60})
    played = {"action": "play", "version": on_stage["version"], "value": 0, "after_ms": 10_000}
    assert (await operator.post(path, json=played)).status_code == 200
    assert (await cue("乙"))["stage"]["title"] == "甲"
    assert await said() == {"甲", "乙"}
    third = await cue("丙")
    assert (third["title"], third["stage"]["title"]) == ("丙", "甲")
    assert await said() == {"甲", "丙"}, "nobody has seen 乙"
    assert third["next_title"] == "乙"


async def test_who_orders_and_who_cues_do_not_wait_for_each_other_in_a_ring(
    operator: httpx.AsyncClient, services: Services, demo_url: str, room: str
):
    for title in ("甲", "乙"):
        await _add(operator, room, _script(demo_url, room, title))
    read = await _rundown(operator, room)
    ids = [UUID(one["id"]) for one in read["items"]]
    tenant = UUID((await operator.get("/api/v1/auth/me")).json()["tenant"]["id"])

    async def order() -> None:
        async with services.db.tenant(tenant) as conn:
            await rundowns.reorder(conn, UUID(room), ids[::-1], read["revision"])

    async with services.db.tenant(tenant) as cueing:
        # As whoever cues: first the entry, then (by the entry's trigger) its room.
        await cueing.execute("SELECT 1 FROM rundown_items WHERE id = $1 FOR UPDATE", ids[0])
        ordering = asyncio.create_task(order())
        waiting = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        with psycopg.connect(demo_url, autocommit=True) as owner:
            async with asyncio.timeout(20):
                while (await asyncio.to_thread(owner.execute, waiting)).fetchone() == (0,):
                    pass
        await rundowns.mark_aired(cueing, UUID(room), UUID(read["items"][0]["script_id"]), 1)
    # The cue was first: whoever ordered what it has changed is told so.
    with pytest.raises(VersionConflict):
        await ordering


async def test_who_may_only_look_changes_nothing(
    sign_in: SignIn, demo_url: str, operator: httpx.AsyncClient, room: str
):
    script = _script(demo_url, room)
    entry = (await _add(operator, room, script)).json()["items"][0]
    for who in ("guest@demo.cuedesk", "xiaoya@demo.cuedesk"):
        reader = await sign_in(who)
        assert (await _rundown(reader, room))["items"]
        read = await _rundown(reader, room)
        for answer in (
            await _add(reader, room, script),
            await _order(reader, room, [entry["id"]], read["revision"]),
            await reader.delete(f"/api/v1/rooms/{room}/rundown/{entry['id']}"),
            await reader.post(f"/api/v1/rooms/{room}/rundown/{entry['id']}/cue"),
            await reader.patch(f"/api/v1/rooms/{room}", json={"by_hand": True}),
        ):
            assert answer.status_code == 403, answer.text


async def test_another_tenant_finds_neither_room_nor_script(
    sign_in: SignIn, operator: httpx.AsyncClient, demo_url: str, room: str
):
    stranger = await sign_in("admin@shanlan.demo.cuedesk")
    entry = (await _add(operator, room, _script(demo_url, room))).json()["items"][0]
    own_room = (await stranger.post("/api/v1/rooms", json={"name": "山岚"})).json()["id"]
    revision = (await _rundown(operator, room))["revision"]
    for answer in (
        await stranger.get(f"/api/v1/rooms/{room}/rundown"),
        await stranger.get(f"/api/v1/rooms/{room}/rundown/held"),
        await _add(stranger, room, entry["script_id"]),
        await _add(stranger, own_room, entry["script_id"]),
        await _order(stranger, room, [entry["id"]], revision),
        await stranger.delete(f"/api/v1/rooms/{room}/rundown/{entry['id']}"),
        await stranger.post(f"/api/v1/rooms/{own_room}/rundown/{entry['id']}/cue"),
        await stranger.patch(f"/api/v1/rooms/{room}", json={"undo_window": 5}),
    ):
        assert answer.status_code == 404, answer.text
    assert [one["id"] for one in (await _rundown(operator, room))["items"]] == [entry["id"]]


async def test_the_held_are_told_before_anybody_puts_them_on_air(
    admin: httpx.AsyncClient, operator: httpx.AsyncClient, demo_url: str, room: str
):
    version = (await operator.post("/api/v1/quality/check", json={"content": "好"})).json()["rules_version"]
    entry = Entry(demo_url, room, rules_version=version)
    assert (await operator.get(f"/api/v1/rooms/{room}/rundown/held")).json() == {"items": []}
    rules = {"revision": 0, "overlay": {"rules": [{"id": "H-1", "terms": ["老铁们"]}]}}
    assert (await admin.put("/api/v1/rules/overlay", json=rules)).status_code == 200
    [held] = (await operator.get(f"/api/v1/rooms/{room}/rundown/held")).json()["items"]
    assert (held["entry_id"], held["changed"]) == (entry.id, ["rules"])
    assert [finding["excerpt"] for finding in held["findings"]] == ["老铁们"]


async def test_the_rule_by_which_a_room_goes_on_air_is_kept_and_told(
    operator: httpx.AsyncClient, room: str, admin: httpx.AsyncClient
):
    async def rule() -> tuple[bool, float | None, str | None]:
        read = (await operator.get(f"/api/v1/rooms/{room}")).json()
        return read["by_hand"], read["undo_window"], read["platform"]

    start = await rule()
    assert start[:2] == (False, None)
    assert (await operator.patch(f"/api/v1/rooms/{room}", json={"by_hand": True})).status_code == 200
    assert await rule() == (True, None, start[2])
    changed = await operator.patch(f"/api/v1/rooms/{room}", json={"undo_window": 5})
    assert (changed.json()["by_hand"], changed.json()["undo_window"]) == (True, 5)
    await operator.patch(f"/api/v1/rooms/{room}", json={"by_hand": False, "undo_window": None})
    assert await rule() == start
    assert (await operator.patch(f"/api/v1/rooms/{room}", json={"undo_window": 601})).status_code == 400
    noted = [e for e in (await admin.get("/api/v1/audit")).json()["items"] if e["action"] == "room.changed"]
    assert noted[0]["detail"] == {"by_hand": False, "undo_window": None}
