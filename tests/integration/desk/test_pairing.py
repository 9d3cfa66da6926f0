"""A paired device at its socket: its room and nothing else, for as long as a director lets it."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any, get_args

import psycopg
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from backend.protocol.commands import AnyCommand, PrompterAction
from tests.integration.desk.test_directing import Room, control, room, told
from tests.support.desk_client import HOST, OPERATOR, Desk, Rest, new_id
from tests.support.processes import ServerProcess

__all__ = ["room"]

STRANGER = "admin@shanlan.demo.cuedesk"
#: What a remote may order; a display may order nothing.
MOVES = {"play", "pause", "seek", "speed"}


class Device:
    """A device that was paired with a room: its cookie, and who it is."""

    def __init__(self, server: ServerProcess, cookie: str, paired: dict[str, Any]) -> None:
        self.id, self.cookie = paired["id"], cookie
        self._url = server.url.replace("http", "ws", 1) + "/ws?paired"
        self._origin = server.url

    def headers(self) -> dict[str, str]:
        return {"Cookie": f"cuedesk_device={self.cookie}", "Origin": self._origin}

    @contextlib.asynccontextmanager
    async def socket(self, server: ServerProcess | None = None, **headers: str | None) -> AsyncIterator[Desk]:
        url = self._url if server is None else server.url.replace("http", "ws", 1) + "/ws?paired"
        sent = self.headers() | ({} if server is None else {"Origin": server.url}) | headers
        async with connect(
            url, additional_headers={name: value for name, value in sent.items() if value is not None}, max_queue=None
        ) as socket:
            desk = Desk(socket)
            await desk.until("welcome")
            yield desk


async def paired(
    server: ServerProcess, director: Rest, room: Room, role: str = "display", name: str = "电视"
) -> Device:
    opened = await director.post(f"/rooms/{room.id}/pairings", {"role": role}, 201)
    answer = await director.client.post("/api/v1/pair", json={"secret": opened["secret"], "name": name})
    assert answer.status_code == 200, answer.text
    cookie = director.client.cookies["cuedesk_device"]
    director.client.cookies.delete("cuedesk_device")
    return Device(server, cookie, answer.json())


async def closed(desk: Desk) -> int:
    async with asyncio.timeout(20):
        with contextlib.suppress(ConnectionClosed):
            while True:
                await desk.socket.recv()
    return desk.socket.close_code or 0


def every_command(room: Room, other: str, version: int) -> dict[str, dict[str, Any]]:
    """One of each command that there is, as somebody who may would say it."""
    nil = new_id()
    return {
        "hello": {"token": "x.y.z", "protocol": 1},
        "subscribe": {"topic": "approvals", "after_seq": 0},
        "unsubscribe": {"topic": f"room:{other}"},
        "message": {"thread_id": nil, "content": "写一段开场"},
        "interrupt_response": {"thread_id": nil, "interrupt_id": "x", "decision": "approve"},
        "claim": {"interrupt_id": "x"},
        "release": {"interrupt_id": "x"},
        "extend": {"interrupt_id": "x"},
        "undo": {"interrupt_id": "x"},
        "again": {"interrupt_id": "x", "how": "submit"},
        "cancel": {"thread_id": nil},
        "prompter_control": {"room_id": other, "version": version, "action": "blank"},
        "prompter_ack": {"room_id": other, "version": version, "position": 3},
        "refresh": {"token": "x.y.z"},
    }


@pytest.mark.parametrize("role", ["display", "remote"])
async def test_a_device_is_refused_every_command_that_is_not_about_its_room(
    desk_server: ServerProcess, operator: Rest, room: Room, role: str
) -> None:
    version = await room.cue()
    other = (await operator.post("/rooms", {"name": f"别间{new_id()[-12:]}"}, 201))["id"]
    async with Rest.login(desk_server.url, STRANGER) as stranger:
        theirs = (await stranger.get("/rooms"))["items"][0]["id"]
    device = await paired(desk_server, operator, room, role)
    commands = every_command(room, other, version)
    known = {get_args(kind.model_fields["type"].annotation)[0] for kind in get_args(get_args(AnyCommand)[0])}
    assert set(commands) == known - {"ping"}
    async with device.socket() as desk:
        for kind, fields in commands.items():
            ack = await desk.do(kind, **fields)
            assert (ack["status"], ack["error"]["code"]) == ("rejected", "forbidden"), (kind, ack)
        for topic in (f"room:{other}", f"room:{theirs}", f"thread:{new_id()}", "interrupt:x", "approvals"):
            ack = await desk.do("subscribe", topic=topic, after_seq=0)
            assert (ack["status"], ack["error"]["code"]) == ("rejected", "forbidden"), topic
        for action in get_args(PrompterAction):
            fields = {
                "seek": {"value": 5},
                "speed": {"value": 200},
                "note": {"text": "看这里"},
                "dismiss": {"note_id": new_id()},
                "cue": {"entry_id": new_id()},
                "display": {"display_id": new_id(), "settings": {"size": 90}},
            }.get(action, {})
            ack = await control(desk, room, action, version, **fields)
            if role == "remote" and action in MOVES:
                assert ack["status"] == "accepted", (action, ack)
            else:
                assert (ack["status"], ack["error"]["code"]) == ("rejected", "forbidden"), (action, ack)
        # It has seen nothing but its room.
        await told(desk, room, lambda f: f["version"] == version)
        kinds = {frame["type"] for frame in desk.frames} - {"ack", "welcome", "pong", "prompter_displays"}
        assert kinds == {"prompter_state"}
        assert {frame["room_id"] for frame in desk.frames if "room_id" in frame} == {room.id}
    assert (await operator.get(f"/rooms/{room.id}/prompter"))["note"] is None


async def test_a_screen_reads_along_says_where_it_is_and_is_set_up_from_elsewhere(
    desk_server: ServerProcess, second_gateway: ServerProcess, operator: Rest, room: Room
) -> None:
    version = await room.cue()
    device = await paired(desk_server, operator, room)
    async with device.socket(second_gateway) as screen, operator.socket() as director:
        welcome = await screen.until("welcome")
        assert (welcome["role"], welcome["user"]["name"]) == ("display", "电视")
        await told(screen, room, lambda f: f["version"] == version)
        await control(director, room, "play", version, value=10)
        await told(screen, room, lambda f: f["transport"]["playing"])
        await told(director, room, lambda f: f["displays"] == [], "prompter_displays")
        shown = new_id()
        report = {"id": shown, "name": "电视", "size": 96}
        ack = await screen.do("prompter_ack", room_id=room.id, version=version, position=12, display=report)
        assert ack["status"] == "accepted", ack
        listed = await told(director, room, lambda f: len(f["displays"]) == 1, "prompter_displays")
        assert (listed["displays"][0]["person"]["name"], listed["displays"][0]["position"]) == ("电视", 12)
        seen = listed["displays"][0]["id"]
        settings = {"size": 60, "mirror_h": True}
        ack = await control(director, room, "display", version, display_id=seen, settings=settings)
        assert ack["status"] == "accepted", ack
        order = await screen.until("prompter_display", display_id=shown)
        assert order["settings"]["size"] == 60
        # It can pass for nobody else, nor for many.
        second = await screen.do("prompter_ack", room_id=room.id, version=version, display={"id": new_id()})
        assert second["error"]["code"] == "forbidden"
        theirs = new_id()
        await director.do("prompter_ack", room_id=room.id, version=version, display={"id": theirs, "name": "主播屏"})
        await told(director, room, lambda f: len(f["displays"]) == 2, "prompter_displays")
        async with device.socket() as liar:
            await liar.do("subscribe", topic=f"room:{room.id}")
            said = {"id": theirs, "name": "假"}
            ack = await liar.do("prompter_ack", room_id=room.id, version=version, position=500, display=said)
            assert ack["status"] == "accepted", ack
            three = await told(director, room, lambda f: len(f["displays"]) == 3, "prompter_displays")
            assert {one["name"]: one["position"] for one in three["displays"]}["主播屏"] == 0
            # Nor is it told what another is to do, and who else there is.
            await control(director, room, "display", version, display_id=theirs, settings=settings)
            own = next(one["id"] for one in three["displays"] if one["name"] == "假")
            await control(director, room, "display", version, display_id=own, settings={"size": 70})
            order = await liar.until("prompter_display")
            assert (order["display_id"], order["settings"]["size"]) == (theirs, 70)
            assert not any(frame["type"] == "prompter_displays" for frame in liar.frames)
        assert not any(frame["type"] == "prompter_displays" for frame in screen.frames)


async def test_a_remote_moves_the_text_once_for_each_order(
    desk_server: ServerProcess, operator: Rest, room: Room
) -> None:
    version = await room.cue()
    device = await paired(desk_server, operator, room, "remote", "手机")
    async with device.socket() as phone, operator.socket() as director:
        said = new_id()
        first = await control(phone, room, "play", version, value=20, id=said)
        assert first["status"] == "accepted", first
        await told(director, room, lambda f: f["transport"]["playing"])
        phone.frames.clear()
        again = await control(phone, room, "play", version, value=20, id=said)
        assert (again["status"], again["result"]) == ("duplicate", first["result"])
        # The same id of the person who paired it is another command.
        mine = await control(director, room, "pause", version, value=30, id=said)
        assert mine["status"] == "accepted", mine
        stopped = await told(phone, room, lambda f: not f["transport"]["playing"])
        assert stopped["transport"]["position"] == 30


async def test_whoever_is_ended_is_gone_at_once_at_every_gateway_and_does_not_come_back(
    desk_server: ServerProcess, second_gateway: ServerProcess, operator: Rest, room: Room
) -> None:
    version = await room.cue()
    gone, stays = await paired(desk_server, operator, room), await paired(desk_server, operator, room, name="平板")
    async with gone.socket() as near, gone.socket(second_gateway) as far, stays.socket() as other:
        answer = await operator.client.delete(f"/api/v1/rooms/{room.id}/devices/{gone.id}")
        assert answer.status_code == 204, answer.text
        assert [await closed(near), await closed(far)] == [4502, 4502]
        await told(other, room, lambda f: f["version"] == version)
    with pytest.raises(ConnectionClosed):
        async with gone.socket():
            pass


async def test_a_device_stands_with_the_place_of_who_paired_it_and_is_kept_by_its_use(
    desk_server: ServerProcess, room: Room, module_database_url: str
) -> None:
    async with Rest.login(desk_server.url, "admin@demo.cuedesk") as admin:
        device = await paired(desk_server, admin, room)
    with psycopg.connect(module_database_url, autocommit=True) as owner:
        read = "SELECT expires_at - clock_timestamp() > interval '23 hours' FROM room_devices WHERE id = %s"
        owner.execute("UPDATE room_devices SET expires_at = now() + interval '1 minute' WHERE id = %s", [device.id])
        async with device.socket() as desk:
            assert owner.execute(read, [device.id]).fetchone() == (True,)
            owner.execute("UPDATE users SET disabled_at = now() WHERE email = 'admin@demo.cuedesk'")
            try:
                assert await closed(desk) == 4502
            finally:
                owner.execute("UPDATE users SET disabled_at = NULL WHERE email = 'admin@demo.cuedesk'")


async def test_the_device_and_the_person_of_one_browser_are_two(
    desk_server: ServerProcess, operator: Rest, room: Room
) -> None:
    device = await paired(desk_server, operator, room)
    both = device.headers()["Cookie"] + f"; cuedesk_session={operator.client.cookies['cuedesk_session']}"
    async with device.socket(Cookie=both) as desk:
        assert (await desk.until("welcome"))["role"] == "display"
    async with connect(
        desk_server.url.replace("http", "ws", 1) + "/ws", additional_headers=device.headers() | {"Cookie": both}
    ) as socket:
        assert json.loads(await socket.recv())["role"] == "operator"
    # A session is no pairing, and a pairing no session; another site's page, or no page, uses neither.
    for path, cookie, origin in (
        ("/ws?paired", f"cuedesk_session={operator.client.cookies['cuedesk_session']}", desk_server.url),
        ("/ws?paired", f"cuedesk_device={operator.client.cookies['cuedesk_session']}", desk_server.url),
        ("/ws", f"cuedesk_session={device.cookie}", desk_server.url),
    ):
        async with connect(
            desk_server.url.replace("http", "ws", 1) + path, additional_headers={"Cookie": cookie, "Origin": origin}
        ) as socket:
            assert json.loads(await socket.recv())["code"] == "unauthenticated"
    for origin in ("https://evil.test", None):
        with pytest.raises(InvalidStatus) as refused:
            async with device.socket(Origin=origin):
                pass
        assert refused.value.response.status_code == 403


async def test_many_screens_of_a_studio_are_not_one_persons_sockets(
    desk_server: ServerProcess, operator: Rest, room: Room
) -> None:
    async with Rest.login(desk_server.url, HOST) as _, contextlib.AsyncExitStack() as open_sockets:
        for n in range(5):
            device = await paired(desk_server, operator, room, name=f"第{n}屏")
            for _ in range(2):
                await open_sockets.enter_async_context(device.socket())
        async with Rest.login(desk_server.url, OPERATOR) as again, again.socket():
            pass
