"""Steering a room's teleprompter from several places at once: everybody ends up with the same, whoever was last."""

import asyncio
import random
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from backend.domain import rooms
from backend.storage.postgres import Database
from tests.support.desk_client import APPROVER, HOST, OPERATOR, Desk, Frame, Rest, new_id
from tests.support.processes import ServerProcess

STRANGER = "admin@shanlan.demo.cuedesk"
GUEST = "guest@demo.cuedesk"
TEXT = "大家好，今天看一只保温杯，三一六不锈钢内胆，早上灌的热水下午还烫嘴。\n" * 20


class Room:
    """A room, and what a cue of the server does in it."""

    def __init__(self, db: Database, tenant: uuid.UUID, room: str) -> None:
        self._db, self._tenant, self.id = db, tenant, room

    async def cue(self, content: str = TEXT, script: int = 1) -> int:
        async with self._db.tenant(self._tenant) as conn:
            return await rooms.cue(
                conn,
                uuid.UUID(self.id),
                script_id=uuid.UUID(int=script),
                script_version=1,
                title=f"稿{script}",
                content=content,
                pace=240,
            )


@pytest.fixture
async def room(module_database_url: str, operator: Rest) -> AsyncIterator[Room]:
    tenant = uuid.UUID((await operator.get("/auth/me"))["tenant"]["id"])
    made = await operator.post("/rooms", {"name": f"房间{uuid.uuid4().hex[:8]}"}, 201)
    async with Database.open(module_database_url, size=1, acquire_timeout=20) as db:
        yield Room(db, tenant, made["id"])


async def told(desk: Desk, room: Room, true: Callable[[Frame], bool], kind: str = "prompter_state") -> Frame:
    """Wait until the latest frame of the room is so; what was told before counts as long as it is the latest."""
    if not any(f["type"] == kind and f["room_id"] == room.id for f in desk.frames):
        await desk.do("subscribe", topic=f"room:{room.id}")
    async with asyncio.timeout(30):
        while True:
            frames = [f for f in desk.frames if f["type"] == kind and f["room_id"] == room.id]
            if frames and true(frames[-1]):
                return frames[-1]
            await desk.drain(0.1)


async def control(desk: Desk, room: Room, action: str, version: int, **fields: Any) -> Frame:
    return await desk.do("prompter_control", room_id=room.id, action=action, version=version, **fields)


async def test_what_one_starts_all_of_a_room_do_at_every_gateway(
    desk_server: ServerProcess, second_gateway: ServerProcess, room: Room
) -> None:
    async with (
        Rest.login(desk_server.url, OPERATOR) as operator,
        Rest.login(second_gateway.url, HOST) as host,
        operator.socket() as director,
        host.socket() as display,
    ):
        version = await room.cue()
        still = await told(display, room, lambda f: f["version"] == version)
        assert (still["transport"]["playing"], still["transport"]["position"], still["stage"]) == (False, 0, None)
        ack = await control(director, room, "play", version, value=12.5)
        assert ack["status"] == "accepted", ack
        seen = await told(display, room, lambda f: f["transport"]["playing"])
        transport = seen["transport"]
        assert (transport["revision"], transport["position"]) == (ack["result"]["revision"], 12.5)
        assert transport["rate"] > 4
        assert transport["length"] == len(TEXT)
        # The display itself stops it, where its reader is.
        await control(display, room, "pause", version, value=30)
        stopped = await told(director, room, lambda f: not f["transport"]["playing"])
        assert stopped["transport"]["position"] == 30
        assert (await operator.get(f"/rooms/{room.id}/prompter"))["transport"] == stopped["transport"]


async def test_directors_who_race_leave_every_display_with_the_last_word(
    desk_server: ServerProcess, second_gateway: ServerProcess, room: Room
) -> None:
    chance = random.Random(6)
    async with (
        Rest.login(desk_server.url, OPERATOR) as one,
        Rest.login(second_gateway.url, APPROVER) as two,
        Rest.login(second_gateway.url, HOST) as three,
        one.socket() as first,
        two.socket() as second,
        three.socket() as display,
    ):
        version = await room.cue()
        for desk in (first, second, display):
            await told(desk, room, lambda f: f["version"] == version)
        revisions: list[int] = []

        async def steer(desk: Desk) -> None:
            for _ in range(12):
                action = chance.choice(("play", "pause", "seek", "speed", "blank", "note"))
                value = {"speed": chance.randrange(120, 400), "seek": chance.randrange(400)}.get(action)
                value = chance.randrange(2) if action == "blank" else value
                text = f"第{chance.randrange(99)}句" if action == "note" else None
                ack = await control(desk, room, action, version, value=value, text=text)
                assert ack["status"] == "accepted", ack
                revisions.append(ack["result"]["revision"])

        await asyncio.gather(steer(first), steer(second))
        last = max(revisions)
        state = await one.get(f"/rooms/{room.id}/prompter")
        assert state["transport"]["revision"] == last
        for desk in (first, second, display):
            seen = await told(desk, room, lambda f: f["transport"]["revision"] == last)
            parts = ("transport", "blank", "note")
            assert [seen[part] for part in parts] == [state[part] for part in parts]
        for desk in (first, second, display):
            order = [f["transport"]["revision"] for f in desk.frames if f["type"] == "prompter_state"]
            assert order == sorted(order), "nobody was sent back to what was before"


async def test_orders_that_come_at_once_are_carried_out_one_after_the_other(operator: Rest, room: Room) -> None:
    version = await room.cue()
    before = (await operator.get(f"/rooms/{room.id}/prompter"))["transport"]["revision"]
    orders = [{"action": "speed", "version": version, "value": 150 + n} for n in range(24)]
    orders += [{"action": "note", "version": version, "text": f"第{n}句"} for n in range(24)]
    await asyncio.gather(*(operator.post(f"/rooms/{room.id}/prompter", order) for order in orders))
    after = await operator.get(f"/rooms/{room.id}/prompter")
    assert after["transport"]["revision"] == before + len(orders), "none was lost under another"
    assert after["transport"]["pace"] >= 150
    assert after["note"] is not None


async def test_a_control_is_carried_out_once_however_often_it_is_said(operator: Rest, room: Room) -> None:
    version = await room.cue()
    said = new_id()
    async with operator.socket() as desk:
        first = await control(desk, room, "play", version, value=5, id=said)
        again = await control(desk, room, "pause", version, value=9)
        desk.frames.clear()
        repeat = await control(desk, room, "play", version, value=5, id=said)
        assert (repeat["status"], repeat["result"]) == ("duplicate", first["result"])
        desk.frames.clear()
        other = await control(desk, room, "play", version, value=6, id=said)
        assert other["error"]["code"] == "idempotency_conflict"
    # The same by REST, under the same id: it is one command, whichever way it takes.
    body = {"action": "play", "version": version, "value": 5}
    answer = await operator.client.post(
        f"/api/v1/rooms/{room.id}/prompter", json=body, headers={"Idempotency-Key": said}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["transport"]["revision"] == again["result"]["revision"]
    assert not answer.json()["transport"]["playing"]


async def test_an_order_about_a_text_that_has_gone_is_refused_with_what_is_there(operator: Rest, room: Room) -> None:
    old = await room.cue()
    new = await room.cue("另一段。", script=2)
    async with operator.socket() as desk:
        ack = await control(desk, room, "play", old)
        assert ack["status"] == "rejected"
        assert (ack["error"]["code"], ack["error"]["details"]) == (
            "version_conflict",
            {"version": new, "on_stage": new},
        )
        assert (await control(desk, room, "take", new))["error"]["code"] == "nothing_waits"
        assert (await control(desk, room, "seek", new))["error"]["code"] == "bad_request"
    wrong = await operator.client.post(f"/api/v1/rooms/{room.id}/prompter", json={"action": "play", "version": old})
    assert (wrong.status_code, wrong.json()["code"]) == (409, "version_conflict")
    assert wrong.headers["content-type"].startswith("application/problem+json")


async def test_another_text_waits_for_who_is_reading_and_who_comes_late_gets_what_is_read(
    operator: Rest, host: Rest, room: Room
) -> None:
    reading = await room.cue()
    async with operator.socket() as desk, host.socket() as late:
        await control(desk, room, "play", reading, value=40)
        waiting = await room.cue("下一段。", script=2)
        joined = await told(late, room, lambda f: f["version"] == waiting)
        assert (joined["content"], joined["stage"]["content"]) == ("下一段。", TEXT)
        assert joined["transport"]["version"] == joined["stage"]["version"] == reading
        # A correction of what is read keeps the place, and what waited is no longer the latest.
        patched = await room.cue("先说一句。\n" + TEXT)
        seen = await told(late, room, lambda f: f["version"] == patched)
        assert (seen["stage"], seen["transport"]["version"], seen["transport"]["playing"]) == (None, patched, True)
        assert seen["transport"]["position"] > 40 + len("先说一句。")
        waiting = await room.cue("下一段。", script=2)
        assert (await control(desk, room, "cut", waiting, after_ms=400))["status"] == "accepted"
        cut = await told(late, room, lambda f: f["transport"]["version"] == waiting)
        assert (cut["stage"], cut["transport"]["playing"], cut["transport"]["position"]) == (None, True, 0)


async def test_only_who_may_steers_and_nobody_reaches_another_teams_room(
    desk_server: ServerProcess, operator: Rest, room: Room
) -> None:
    version = await room.cue()
    for email, code, status in ((GUEST, "forbidden", 403), (STRANGER, "not_found", 404)):
        async with Rest.login(desk_server.url, email) as rest, rest.socket() as desk:
            for action, fields in (
                ("play", {}),
                ("blank", {}),
                ("display", {"display_id": new_id(), "settings": {"size": 90}}),
            ):
                ack = await control(desk, room, action, version, **fields)
                assert (ack["status"], ack["error"]["code"]) == ("rejected", code), action
            body = {"action": "play", "version": version}
            answer = await rest.client.post(f"/api/v1/rooms/{room.id}/prompter", json=body)
            assert (answer.status_code, answer.json()["code"]) == (status, code)
            if email == STRANGER:
                answer = await rest.client.get(f"/api/v1/rooms/{room.id}/displays")
                assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
                said = await desk.do(
                    "prompter_ack", room_id=room.id, version=version, display={"id": new_id(), "name": "外人"}
                )
                assert said["error"]["code"] == "not_found"
    state = await operator.get(f"/rooms/{room.id}/prompter")
    assert (state["transport"]["playing"], state["blank"]) == (False, False)
    assert (await operator.get(f"/rooms/{room.id}/displays"))["items"] == []


async def test_the_directors_word_reaches_all_and_goes_when_it_was_read(operator: Rest, host: Rest, room: Room) -> None:
    async with operator.socket() as desk, host.socket() as display:
        await told(display, room, lambda f: f["note"] is None)
        await control(desk, room, "note", 0, text="库存剩 120，催单", value=60)
        await control(desk, room, "blank", 0)
        noted = await told(display, room, lambda f: f["note"] is not None and f["blank"])
        assert noted["note"]["text"] == "库存剩 120，催单"
        assert noted["note"]["until_ms"] - noted["note"]["at_ms"] == 60_000
        assert (await control(display, room, "dismiss", 0, note_id=new_id()))["status"] == "accepted"
        assert (await operator.get(f"/rooms/{room.id}/prompter"))["note"] is not None
        await control(display, room, "dismiss", 0, note_id=noted["note"]["id"])
        await told(desk, room, lambda f: f["note"] is None and f["blank"])
        await control(desk, room, "note", 0, text="一秒", value=1)
        await asyncio.sleep(1.1)  # it is the database's clock that takes it away
        assert (await operator.get(f"/rooms/{room.id}/prompter"))["note"] is None


async def test_directors_see_the_displays_of_all_gateways_and_change_one_of_them(
    desk_server: ServerProcess, second_gateway: ServerProcess, room: Room
) -> None:
    async with (
        Rest.login(desk_server.url, OPERATOR) as operator,
        Rest.login(second_gateway.url, HOST) as host,
        operator.socket() as director,
        host.socket() as left,
        host.socket() as right,
    ):
        version = await room.cue()
        await told(director, room, lambda f: f["version"] == version)
        # It is told what others report from now on, not what it finds when it joins.
        await told(director, room, lambda f: f["displays"] == [], "prompter_displays")
        shown: dict[str, str] = {}
        for name, desk in (("左屏", left), ("右屏", right)):
            await told(desk, room, lambda f: f["version"] == version)
            shown[name] = new_id()
            report = {"id": shown[name], "name": name, "size": 80, "battery": 0.5, "hidden": name == "右屏"}
            await desk.do("prompter_ack", room_id=room.id, version=version, position=7, display=report)
        listed = await told(director, room, lambda f: len(f["displays"]) == 2, "prompter_displays")
        by_name = {d["name"]: d for d in listed["displays"]}
        assert (by_name["左屏"]["position"], by_name["左屏"]["battery"], by_name["右屏"]["hidden"]) == (7, 0.5, True)
        assert by_name["左屏"]["person"]["name"] == "小雅"
        assert not by_name["左屏"]["away"]
        assert [d["name"] for d in (await operator.get(f"/rooms/{room.id}/displays"))["items"]] == ["右屏", "左屏"]
        settings = {"mirror_h": True, "size": 96}
        ack = await control(director, room, "display", version, display_id=shown["左屏"], settings=settings)
        assert ack["status"] == "accepted", ack
        said = await left.until("prompter_display", display_id=shown["左屏"])
        assert {name: said["settings"][name] for name in settings} == settings
        away = await control(director, room, "display", version, display_id=new_id(), settings=settings)
        assert away["error"]["code"] == "display_away"
        # Nobody says anything any more: they are away, and no longer to be changed.
        await told(director, room, lambda f: all(d["away"] for d in f["displays"]), "prompter_displays")
        gone = await control(director, room, "display", version, display_id=shown["左屏"], settings=settings)
        assert gone["error"]["code"] == "display_away"
