"""A cluster that is restarted member by member, and gateways that share their clients."""

import asyncio
import json
import re
import time
import urllib.request
from uuid import UUID

import asyncpg
import pytest
from websockets.asyncio.client import connect

from tests.support.cluster import Cluster
from tests.support.desk_client import Desk, Frame, Rest, new_id, no_gaps_no_doubles, text_of
from tests.support.processes import ServerProcess, unhurried
from tests.support.returning import Returning
from tests.support.rolling import REQUEST, roll


def at(gateway: ServerProcess, operator: Rest) -> Rest:
    """The same person with the same cookie at one gateway, past nginx."""
    return Rest(operator.client, gateway.ws_url)


def sockets_at(gateway: ServerProcess) -> int:
    with urllib.request.urlopen(f"{gateway.url}/metrics", timeout=5) as answer:
        found = re.search(r"^cuedesk_sockets_open (\S+)$", answer.read().decode(), re.MULTILINE)
    assert found is not None
    return int(float(found[1]))


async def asked(operator: Rest, *desks: Desk) -> tuple[str, Frame]:
    """Ask for a script at the first desk, with all following; return thread and question."""
    thread = await operator.new_thread(room_id=await operator.room_of("小雅的直播间"))
    for desk in desks:
        await desk.follow(thread)
    run = await desks[0].ask(thread, REQUEST)
    return thread, await desks[0].until("interrupt", run_id=run["run_id"], timeout=60)


@pytest.mark.scenario(43)
@pytest.mark.timeout(400)
async def test_a_rolling_restart_loses_and_doubles_nothing_and_every_socket_is_back(cluster: Cluster) -> None:
    rolled = await roll(cluster, sockets=100, conversations=10)
    assert rolled.violations == []
    assert rolled.runs >= 10
    assert len(rolled.away) >= 100, "every socket had to leave at least once"
    assert rolled.closed_with.keys() <= {4000}, "no socket was cut off instead of being told to leave"


@pytest.mark.scenario(12, 13)
async def test_a_text_goes_on_at_another_gateway_as_if_nothing_had_been(cluster: Cluster, operator: Rest) -> None:
    one, two = cluster.gateways
    thread = await operator.new_thread(room_id=await operator.room_of("小雅的直播间"))
    client = Returning(operator, [thread])
    async with client.running():
        leaving, staying = (one, two) if sockets_at(one) else (two, one)
        async with at(staying, operator).socket() as calm:
            await calm.follow(thread)
            run_id = (await client.do("message", thread_id=thread, content=REQUEST))["result"]["run_id"]
            piece = await client.until(lambda f: f["type"] == "token" and f["i"] >= 5)
            ending = asyncio.create_task(asyncio.to_thread(leaving.terminate))
            back = await client.until(lambda f: f["type"] == "message_snapshot")
            assert back["message_id"] == piece["message_id"]
            question = await client.until(lambda f: f["type"] == "interrupt" and f["run_id"] == run_id)
            text = question["params"]["content"]
            assert text_of(client.frames, piece["message_id"]) == text
            await calm.until("run", run_id=run_id, status="waiting", timeout=60)
            assert calm.text(piece["message_id"]) == text
            assert client.complaints == []
            assert await ending == 0
        # After the end, from the beginning, at whoever is left: the facts and no pieces.
        async with at(staying, operator).socket() as late:
            await late.follow(thread)
            whole = await late.until("message_complete", message_id=piece["message_id"])
            assert whole["content"] == text
            assert not [f for f in late.frames if f["type"] in ("token", "message_snapshot")]
            assert late.view(thread) == calm.view(thread)
    await asyncio.to_thread(cluster.restart, leaving)


@pytest.mark.scenario(46)
async def test_two_tabs_at_two_gateways_see_the_same_order_and_one_decision_reaches_both(
    cluster: Cluster, operator: Rest
) -> None:
    one, two = cluster.gateways
    async with at(one, operator).socket() as first, at(two, operator).socket() as second:
        thread, question = await asked(operator, first, second)
        await second.until("interrupt", interrupt_id=question["interrupt_id"])
        assert (await first.decide(question, "approve"))["status"] == "accepted"
        decided = time.monotonic()
        await second.until("interrupt_resolved", interrupt_id=question["interrupt_id"])
        assert time.monotonic() - decided <= unhurried(1.0)
        for desk in (first, second):
            await desk.until("run", run_id=question["run_id"], status="completed", timeout=60)
        assert no_gaps_no_doubles(first.events(thread))
        assert first.events(thread) == second.events(thread)
        assert first.view(thread) == second.view(thread)


@pytest.mark.scenario(9)
async def test_a_late_decision_at_another_gateway_is_refused_and_changes_nothing(
    cluster: Cluster, operator: Rest, conn: "asyncpg.Connection[asyncpg.Record]"
) -> None:
    one, two = cluster.gateways
    async with at(one, operator).socket() as first, at(two, operator).socket() as second:
        thread, question = await asked(operator, first, second)
        command = {"thread_id": thread, "interrupt_id": question["interrupt_id"], "decision": "approve"}
        command_id = new_id()
        accepted = await first.do("interrupt_response", id=command_id, **command)
        assert accepted["status"] == "accepted"
        repeated = await second.do("interrupt_response", id=command_id, **command)
        assert (repeated["status"], repeated["result"]) == ("duplicate", accepted["result"])
        refused = await second.do("interrupt_response", **{**command, "decision": "reject"})
        assert refused["error"]["code"] == "already_resolved"
        assert refused["error"]["details"]["decision"] == "approved"
        await first.until("run", run_id=question["run_id"], status="completed", timeout=60)
        refused = await second.do("interrupt_response", **command)
        assert refused["error"]["code"] == "already_resolved"
        unknown = await second.do("interrupt_response", **{**command, "interrupt_id": "f" * 32})
        assert unknown["error"]["code"] == "not_found"
        thread, question = await asked(operator, first, second)
        await conn.execute("UPDATE interrupts SET expires_at = now() WHERE id = $1", question["interrupt_id"])
        await first.until("interrupt_expired", interrupt_id=question["interrupt_id"])
        refused = await second.decide(question, "approve")
        assert refused["error"]["code"] == "interrupt_expired"
        await second.until("run", run_id=question["run_id"], status="expired", timeout=60)
        assert await conn.fetchval("SELECT count(*) FROM scripts WHERE thread_id = $1", UUID(thread)) == 0


@pytest.mark.scenario(45)
async def test_a_protocol_that_nobody_speaks_is_refused_with_the_one_that_is_spoken(
    cluster: Cluster, operator: Rest
) -> None:
    token = (await operator.post("/auth/token", {}))["access_token"]
    async with connect(cluster.ws_url) as socket:
        await socket.send(json.dumps({"id": new_id(), "type": "hello", "token": token, "protocol": 99}))
        ack = json.loads(await socket.recv())
        assert (ack["status"], ack["error"]["code"]) == ("rejected", "protocol_unsupported")
        speaks = ack["error"]["details"]["speaks"]
    async with connect(cluster.ws_url) as socket:
        await socket.send(json.dumps({"id": new_id(), "type": "hello", "token": token, "protocol": speaks}))
        assert json.loads(await socket.recv())["status"] == "accepted"
        assert json.loads(await socket.recv())["protocol"] == speaks
