"""Whatever a socket is given: a coded answer, nothing of anybody else's, and the connection lives on."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import asyncpg
import pytest
import websockets
from websockets.asyncio.client import connect

from tests.integration.desk.conftest import StartServer
from tests.support.desk_client import OPERATOR, Desk, Frame, Rest, new_id
from tests.support.processes import ServerProcess

REQUEST = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
STRANGER = "operator@shanlan.demo.cuedesk"
NOBODY = "00000000-0000-7000-8000-000000000000"


@pytest.fixture
async def stranger(desk_server: ServerProcess) -> AsyncIterator[Rest]:
    """An operator of another tenant."""
    async with Rest.login(desk_server.url, STRANGER) as rest:
        yield rest


async def lives(desk: Desk) -> None:
    await desk.until("pong", re=await desk.say("ping"))


async def closed_with(socket: Any) -> int:
    async with asyncio.timeout(60):
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                await socket.recv()
    return int(socket.close_code)


async def lives_again(desk: Desk) -> None:
    """Wait until all that was said has been read and one command more is answered."""
    async with asyncio.timeout(60):
        while True:
            asked = await desk.say("ping")
            with contextlib.suppress(AssertionError):
                await desk.until("pong", re=asked, timeout=1)
                return


def frame(**fields: object) -> str:
    return json.dumps({"id": NOBODY, **fields})


MESSAGE = {"type": "message", "thread_id": NOBODY, "content": "写一段"}
UNREADABLE: dict[str, str | bytes] = {
    "empty": "",
    "no_json": "{",
    "no_object": "[]",
    "null": "null",
    "not_a_number": "NaN",
    "no_type": frame(),
    "unknown_type": frame(type="sudo"),
    "type_of_a_server_frame": frame(type="welcome"),
    "no_id": json.dumps({"type": "ping"}),
    "bad_id": json.dumps({"type": "ping", "id": "1"}),
    "version_beyond_all": frame(type="prompter_ack", room_id=NOBODY, version=2**40),
    "cursor_beyond_all": frame(type="subscribe", topic="approvals", after_seq=2**63),
    "missing_field": frame(type="message", thread_id=NOBODY),
    "extra_field": frame(**MESSAGE, surprise=1),
    "wrong_kind": frame(**{**MESSAGE, "content": ["写"]}),
    "nothing_said": frame(**{**MESSAGE, "content": " \n"}),
    "too_long": frame(**{**MESSAGE, "content": "长" * 10_001}),
    "nul": frame(**{**MESSAGE, "content": "a\u0000b"}),
    "nul_in_a_slot": frame(**MESSAGE, style="\u0000"),
    "lone_surrogate": frame(**{**MESSAGE, "content": "a\ud800b"}),
    "lone_surrogate_as_key": frame(**MESSAGE, **{"\ud800": 1}),
    "deeply_nested": "[" * 60_000,
    "deeply_nested_value": '{"type":"message","content":' + "[" * 30_000 + "]" * 30_000 + "}",
    "huge_number": '{"type":"subscribe","id":"' + NOBODY + '","topic":"approvals","after_seq":' + "9" * 5000 + "}",
    "negative_cursor": frame(type="subscribe", topic="approvals", after_seq=-1),
    "bad_topic": frame(type="subscribe", topic="thread:../../etc"),
    "both_decisions": frame(type="interrupt_response", thread_id=NOBODY, interrupt_id="x", approved=True,
                            decision="reject"),
    "binary": b"\x00\xff",
    "binary_command": json.dumps({"type": "ping", "id": NOBODY}).encode(),
}  # fmt: skip


@pytest.mark.scenario(34, 35)
@pytest.mark.parametrize("name", UNREADABLE)
async def test_an_unreadable_frame_is_refused_and_the_connection_lives(operator: Rest, name: str) -> None:
    async with operator.socket() as desk:
        await desk.socket.send(UNREADABLE[name])
        await lives(desk)
        answer = next(f for f in desk.frames if f["type"] in ("error", "ack"))
        problem: Frame = answer if answer["type"] == "error" else answer["error"]
        assert problem["code"] in ("bad_request", "content_too_long")
        assert len(json.dumps(answer)) < 10_000, "what was sent is not sent back"


@pytest.mark.parametrize("name", ["lone_surrogate", "lone_surrogate_as_key", "missing_field", "nul", "too_long"])
async def test_an_unreadable_command_whose_id_can_be_read_is_answered_under_it(operator: Rest, name: str) -> None:
    async with operator.socket() as desk:
        sent = UNREADABLE[name]
        await desk.socket.send(sent)
        await lives(desk)
        answer = next(f for f in desk.frames if f["type"] in ("error", "ack"))
        assert (answer["type"], answer["re"], answer["status"]) == ("ack", json.loads(sent)["id"], "rejected")


async def test_a_text_of_exactly_the_limit_is_taken(operator: Rest) -> None:
    thread = await operator.new_thread()
    async with operator.socket() as desk:
        await desk.ask(thread, "长" * 10_000)


@pytest.mark.scenario(34)
@pytest.mark.parametrize("text", ["x" * 65_537, "[" * 100_000], ids=["too_big", "100000_nested"])
async def test_a_frame_above_64_kib_closes_with_1009(operator: Rest, text: str) -> None:
    async with operator.socket() as desk:
        await desk.socket.send(text)
        assert await closed_with(desk.socket) == 1009
    async with operator.socket() as desk:
        await lives(desk)


async def test_ten_bad_frames_close_with_4503(operator: Rest) -> None:
    async with operator.socket() as desk:
        for _ in range(9):
            await desk.socket.send("{")
        await lives(desk)
        assert len([f for f in desk.frames if f["type"] == "error"]) == 9
        await desk.socket.send("{")
        assert await closed_with(desk.socket) == 4503


@pytest.mark.scenario(17)
async def test_what_belongs_to_another_tenant_does_not_exist(
    operator: Rest, stranger: Rest, module_database_url: str
) -> None:
    room = await operator.room_of("小雅的直播间")
    thread, unknown = await operator.new_thread(), new_id()
    async with operator.socket() as desk:
        await desk.follow(thread)
        asked = await desk.ask(thread, REQUEST)
        interrupt = await desk.until("interrupt", run_id=asked["run_id"])
    async with stranger.socket() as spy:
        for topic in (f"thread:{thread}", f"thread:{unknown}", f"room:{room}", f"room:{unknown}"):
            refused = await spy.do("subscribe", topic=topic, after_seq=0)
            assert (refused["status"], refused["error"]["code"]) == ("rejected", "forbidden")
        await spy.say("hello", resume=[{"thread_id": thread, "after_seq": 0}])
        resumed = await spy.until("error", code="forbidden")
        assert resumed["details"]["topic"] == f"thread:{thread}"
        answers = {}
        for name, id_ in (("theirs", thread), ("nobody's", unknown)):
            deciding = {"thread_id": id_, "interrupt_id": interrupt["interrupt_id"], "decision": "approve"}
            answers[name] = [
                (await spy.do(kind, **fields))["error"]
                for kind, fields in (
                    ("message", {"thread_id": id_, "content": REQUEST}),
                    ("message", {"thread_id": id_, "content": REQUEST, "multitask": "interrupt"}),
                    ("cancel", {"thread_id": id_}),
                    ("cancel", {"thread_id": id_, "run_id": asked["run_id"]}),
                    ("interrupt_response", deciding),
                )
            ]
        assert {error["code"] for error in answers["theirs"]} == {"not_found"}
        assert answers["theirs"] == answers["nobody's"], "whether it exists is not told either"
        own = await stranger.new_thread()
        borrowed = await spy.do("message", thread_id=own, content=REQUEST, room_id=room)
        assert borrowed["error"]["code"] == "not_found"
        await spy.drain()
        assert not [f for f in spy.frames if f.get("thread_id") == thread or f["type"] == "prompter_state"]
        await lives(spy)
    conn = await asyncpg.connect(module_database_url)
    try:
        written = await conn.fetch(
            """SELECT a.subject FROM audit_log a JOIN users u ON u.id = a.actor
               WHERE a.action = 'subscribe.refused' AND u.email = $1""",
            STRANGER,
        )
        assert {f"thread:{thread}", f"room:{room}"} <= {row["subject"] for row in written}
        status = await conn.fetchval("SELECT status FROM runs WHERE id = $1", UUID(asked["run_id"]))
        assert status == "waiting", "nothing was done to it"
    finally:
        await conn.close()


async def test_an_interrupt_on_the_wrong_thread_or_of_no_run_is_not_found(operator: Rest) -> None:
    thread, other = await operator.new_thread(), await operator.new_thread()
    async with operator.socket() as desk:
        await desk.follow(thread)
        asked = await desk.ask(thread, REQUEST)
        interrupt = await desk.until("interrupt", run_id=asked["run_id"])
        for wrong in ({"thread_id": other}, {"interrupt_id": "0" * 32}, {"interrupt_id": "'; DROP TABLE runs; --"}):
            refused = await desk.decide({**interrupt, **wrong}, "approve")
            assert refused["error"]["code"] == "not_found"
        assert (await desk.decide(interrupt, "approve"))["status"] == "accepted"


async def test_a_command_that_comes_twice_is_carried_out_once_and_with_another_body_refused(operator: Rest) -> None:
    thread, command = await operator.new_thread(), new_id()
    async with operator.socket() as one, operator.socket() as two:
        first = await one.do("message", id=command, thread_id=thread, content=REQUEST)
        again = await two.do("message", id=command, thread_id=thread, content=REQUEST)
        assert (first["status"], again["status"]) == ("accepted", "duplicate")
        assert again["result"] == first["result"]
    async with operator.socket() as three:
        other = await three.do("message", id=command, thread_id=thread, content="别的话")
        assert other["error"]["code"] == "idempotency_conflict"
        await lives(three)
    said = await operator.get(f"/threads/{thread}/messages")
    assert len([m for m in said["items"] if m["role"] == "user"]) == 1


async def test_the_same_command_from_two_sockets_at_once_is_carried_out_once(operator: Rest) -> None:
    thread, command = await operator.new_thread(), new_id()
    async with operator.socket() as one, operator.socket() as two:
        acks = await asyncio.gather(
            *(desk.do("message", id=command, thread_id=thread, content=REQUEST) for desk in (one, two))
        )
    taken = [ack for ack in acks if ack["status"] != "rejected"]
    assert [ack["status"] for ack in acks].count("accepted") == 1, acks
    assert all(ack["result"] == taken[0]["result"] for ack in taken)
    assert all(ack["error"]["retryable"] for ack in acks if ack["status"] == "rejected"), acks


async def test_more_than_ten_messages_in_ten_seconds_on_one_thread_are_too_many(operator: Rest) -> None:
    thread, other = await operator.new_thread(), await operator.new_thread()
    async with operator.socket() as desk:
        # All at once: they must be there within ten seconds.
        asked = [await desk.say("message", thread_id=thread, content="写", multitask="enqueue") for _ in range(11)]
        acks = [await desk.until("ack", re=one) for one in asked]
        assert [ack["status"] for ack in acks[:10]] == ["accepted"] * 10
        assert acks[10]["error"]["code"] == "rate_limited"
        assert 0 < acks[10]["error"]["retry_after_ms"] <= 10_000
        assert (await desk.do("message", thread_id=other, content=REQUEST))["status"] == "accepted"
        by_rest = await operator.client.post(
            f"/api/v1/threads/{thread}/messages", json={"content": "写", "multitask": "enqueue"}
        )
        assert (by_rest.status_code, by_rest.json()["code"]) == (429, "rate_limited"), "another way in, the same limit"
        async with operator.socket() as again:
            ack = await again.do("message", id=acks[0]["re"], thread_id=thread, content="写", multitask="enqueue")
            assert ack["status"] == "duplicate", "a repeat is no new message"
            assert acks[0]["result"].items() <= ack["result"].items(), "the first answer, and what came of it since"
        await desk.do("cancel", thread_id=thread)


@pytest.mark.scenario(41)
async def test_a_flood_is_first_slowed_and_then_cut_off(operator: Rest) -> None:
    async with operator.socket() as desk, operator.socket() as neighbour:
        # Eighty too many each time: together they would cost the socket its line, a moment of quiet forgives them.
        for _ in range(120):
            await desk.say("ping")
        limited = await desk.until("error", code="rate_limited")
        assert limited["retryable"]
        await lives_again(desk)
        await asyncio.sleep(2.2)
        for _ in range(120):
            await desk.say("ping")
        await lives_again(desk)
        await asyncio.sleep(2.2)
        await lives(desk)
        with contextlib.suppress(websockets.ConnectionClosed):
            for _ in range(400):
                await desk.say("ping")
        assert await closed_with(desk.socket) == 4009
        await lives(neighbour)


@pytest.mark.scenario(39)
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://127.0.0.1:1", "http://127.0.0.1.evil.example", "file://"]
)
async def test_a_page_of_another_origin_gets_403_before_the_upgrade(operator: Rest, origin: str) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in operator.client.cookies.items())
    with pytest.raises(websockets.InvalidStatus) as refused:
        await connect(operator.ws_url, additional_headers={"Cookie": cookie, "Origin": origin})
    assert refused.value.response.status_code == 403


@pytest.mark.scenario(39)
async def test_our_own_page_may_come(operator: Rest) -> None:
    cookie = "; ".join(f"{name}={value}" for name, value in operator.client.cookies.items())
    origin = f"http://{urlsplit(operator.ws_url).netloc}"
    async with connect(operator.ws_url, additional_headers={"Cookie": cookie, "Origin": origin}) as socket:
        assert json.loads(await socket.recv())["type"] == "welcome"


async def test_a_ticket_opens_one_socket(operator: Rest) -> None:
    ticket = (await operator.post("/auth/ticket", {}))["ticket"]
    address = f"{operator.ws_url}?token={ticket}"
    async with connect(address) as socket:
        assert json.loads(await socket.recv())["type"] == "welcome"
    for bad in (address, f"{operator.ws_url}?token=made-up"):
        async with connect(bad) as socket:
            told = json.loads(await socket.recv())
            assert (told["type"], told["code"]) == ("error", "ticket_invalid")
            assert await closed_with(socket) == 4502


@pytest.mark.scenario(40)
async def test_an_expired_ticket_and_a_silent_newcomer_are_turned_away(start_server: StartServer) -> None:
    server = start_server(ticket_ttl=0.2, hello_timeout=0.5).wait_healthy()
    async with Rest.login(server.url, OPERATOR) as rest:
        ticket = (await rest.post("/auth/ticket", {}))["ticket"]
        await asyncio.sleep(0.4)
        async with connect(f"{server.ws_url}?token={ticket}") as socket:
            assert json.loads(await socket.recv())["code"] == "ticket_invalid"
            assert await closed_with(socket) == 4502
        async with connect(server.ws_url) as silent:
            assert await closed_with(silent) == 4501


@pytest.mark.parametrize("first", ["{", frame(type="ping"), frame(type="hello"), frame(type="hello", token="made-up")])
async def test_a_first_frame_that_is_no_good_hello_is_turned_away(desk_server: ServerProcess, first: str) -> None:
    async with connect(desk_server.ws_url) as socket:
        await socket.send(first)
        assert json.loads(await socket.recv())["type"] == "error"
        assert await closed_with(socket) == 4502
