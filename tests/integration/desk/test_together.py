"""Several people at several gateways: they see each other, each other's claims, and the same order of things."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from backend.storage.embedded import EmbeddedValkey
from tests.support.databases import kill, restart
from tests.support.desk_client import APPROVER, OPERATOR, Desk, Frame, Rest
from tests.support.processes import ServerProcess
from tests.support.races import REQUEST

STRANGER = "admin@shanlan.demo.cuedesk"


@asynccontextmanager
async def desk_at(server: ServerProcess, email: str) -> AsyncIterator[tuple[Rest, Desk]]:
    async with Rest.login(server.url, email) as rest, rest.socket() as desk:
        yield rest, desk


async def waiting(rest: Rest, desk: Desk) -> tuple[str, Frame]:
    """Ask for a script; return the thread and the interrupt."""
    thread = await rest.new_thread(room_id=await rest.room_of("小雅的直播间"))
    await desk.follow(thread)
    asked = await desk.ask(thread, REQUEST)
    return thread, await desk.until("interrupt", run_id=asked["run_id"], timeout=60)


async def seen(desk: Desk, topic: str, *names: str, timeout: float = 20) -> None:
    """Wait until exactly these people are shown at the topic; the latest frame counts."""

    def shown() -> list[str] | None:
        frames = [f for f in desk.frames if f["type"] == "presence" and f["topic"] == topic]
        return sorted(person["name"] for person in frames[-1]["people"]) if frames else None

    async with asyncio.timeout(timeout):
        while shown() != sorted(names):
            await desk.drain(0.1)


@pytest.mark.scenario(46)
async def test_two_tabs_at_two_gateways_see_the_same_order_and_each_others_decision_at_once(
    desk_server: ServerProcess, second_gateway: ServerProcess
) -> None:
    async with desk_at(desk_server, OPERATOR) as (rest, one), desk_at(second_gateway, OPERATOR) as (_, two):
        thread, interrupt = await waiting(rest, one)
        await two.follow(thread)
        await two.until("interrupt", interrupt_id=interrupt["interrupt_id"])
        assert (await one.decide(interrupt, "approve"))["status"] == "accepted"
        # Within the second that the scenario allows, though the machine may be busy: by the notice, not by the poll.
        await two.until("interrupt_resolved", interrupt_id=interrupt["interrupt_id"])
        for desk in (one, two):
            await desk.until("run", status="completed")
            await desk.drain()
        told = [[(e["seq"], e["event_id"]) for e in desk.events(thread)] for desk in (one, two)]
        assert told[0] == told[1]
        assert one.view(thread) == two.view(thread)
        resolved = next(f for f in two.frames if f["type"] == "interrupt_resolved")
        async with Rest.login(second_gateway.url, OPERATOR) as other:
            row = await other.get(f"/interrupts/{resolved['interrupt_id']}")
        assert (row["status"], row["version"]) == ("approved", resolved["version"])


@pytest.mark.scenario(48)
async def test_an_interrupt_that_comes_by_two_topics_and_after_a_resume_is_one_card(
    desk_server: ServerProcess, second_gateway: ServerProcess
) -> None:
    async with desk_at(desk_server, OPERATOR) as (rest, one), desk_at(second_gateway, OPERATOR) as (_, two):
        await two.do("subscribe", topic="approvals")
        thread, interrupt = await waiting(rest, one)
        await two.until("interrupt", interrupt_id=interrupt["interrupt_id"])
        await two.follow(thread)  # the same event once more, from the log
        await two.do("subscribe", topic=f"thread:{thread}", after_seq=interrupt["seq"] - 1)  # and once more
        await two.drain()
        frames = [f for f in two.frames if f["type"] == "interrupt" and f["thread_id"] == thread]
        assert len(frames) >= 2
        assert len({(f["seq"], f["event_id"]) for f in frames}) == 1, "recognisable as one"
        # Applied as often as they came: one card, keyed by the interrupt's id.
        assert [card.id for card in two.view(thread).interrupts] == [interrupt["interrupt_id"]]


async def test_a_claim_is_seen_at_the_other_gateway_and_by_rest_and_returns_by_the_clock(
    desk_server: ServerProcess, second_gateway: ServerProcess, module_database_url: str
) -> None:
    async with desk_at(desk_server, OPERATOR) as (rest, one), desk_at(second_gateway, APPROVER) as (other, two):
        await two.do("subscribe", topic="approvals")
        _, interrupt = await waiting(rest, one)
        name = interrupt["interrupt_id"]
        taken = await one.do("claim", interrupt_id=name)
        assert taken["status"] == "accepted"
        told = await two.until("interrupt_updated", interrupt_id=name, version=2)
        assert told["claimed_by"]["name"] == "小林"
        refused = await other.client.post(f"/api/v1/interrupts/{name}/claim")
        assert (refused.status_code, refused.json()["code"]) == (409, "already_claimed")
        assert refused.json()["details"]["by"]["name"] == "小林"
        mine = await other.post(f"/interrupts/{name}/claim", {"take_over": True})
        assert mine["version"] == 3
        lost = await one.until("interrupt_updated", interrupt_id=name, version=3)
        assert lost["claimed_by"]["name"] == "阿敏"
        assert (await rest.get(f"/interrupts/{name}"))["claimed_by"]["name"] == "阿敏"
        # The approver's machine goes away: the hold ends by the database's clock, and everybody hears of it.
        conn = await asyncpg.connect(module_database_url)
        try:
            await conn.execute("UPDATE interrupts SET claimed_until = clock_timestamp() WHERE id = $1", name)
        finally:
            await conn.close()
        back = await one.until("interrupt_updated", interrupt_id=name, version=4)
        assert (back["claimed_by"], back["claimed_until"]) == (None, None)
        await two.until("interrupt_updated", interrupt_id=name, version=4)
        later = await other.post(f"/interrupts/{name}/extend", {})
        assert later["expires_at"] > interrupt["expires_at"]
        await one.until("interrupt_updated", interrupt_id=name, version=5)
        assert (await other.client.post(f"/api/v1/interrupts/{name}/release")).json()["code"] == "not_claimed"
        # Somebody else claims; the decision of the other is allowed, and the claimer sees whose it was.
        assert (await one.do("claim", interrupt_id=name))["status"] == "accepted"
        await other.post(f"/interrupts/{name}/decide", {"decision": "reject"})
        resolved = await one.until("interrupt_resolved", interrupt_id=name)
        assert resolved["by"]["name"] == "阿敏"


async def test_who_looks_is_shown_across_gateways_and_vanishes_when_they_leave(
    desk_server: ServerProcess, second_gateway: ServerProcess
) -> None:
    async with desk_at(desk_server, OPERATOR) as (rest, one):
        thread, interrupt = await waiting(rest, one)
        topic, card = f"thread:{thread}", f"interrupt:{interrupt['interrupt_id']}"
        await seen(one, topic, "小林")
        async with desk_at(second_gateway, APPROVER) as (_, two):
            await two.follow(thread)
            await seen(one, topic, "小林", "阿敏")
            await seen(two, topic, "小林", "阿敏")
            for desk in (one, two):
                await desk.do("subscribe", topic=card)
                await desk.do("subscribe", topic="approvals")
            await seen(one, card, "小林", "阿敏")
            await seen(two, "approvals", "小林", "阿敏")
            await two.do("unsubscribe", topic=card)
            await seen(one, card, "小林")
            await seen(one, topic, "小林", "阿敏")
        await seen(one, topic, "小林")
        await seen(one, "approvals", "小林")


async def test_another_tenants_interrupt_can_neither_be_looked_at_nor_touched(desk_server: ServerProcess) -> None:
    async with desk_at(desk_server, OPERATOR) as (rest, one):
        _, interrupt = await waiting(rest, one)
        name = interrupt["interrupt_id"]
        async with Rest.login(desk_server.url, STRANGER) as stranger:
            async with stranger.socket() as desk:
                refused = await desk.do("subscribe", topic=f"interrupt:{name}")
                assert refused["error"]["code"] == "forbidden"
                for command in ("claim", "release", "extend", "undo"):
                    assert (await desk.do(command, interrupt_id=name))["error"]["code"] == "not_found"
            for act in ("claim", "release", "extend", "undo"):
                assert (await stranger.client.post(f"/api/v1/interrupts/{name}/{act}")).status_code == 404
        assert (await rest.get(f"/interrupts/{name}"))["version"] == 1
        await one.drain(0.5)
        assert not [f for f in one.frames if f["type"] == "presence" and len(f["people"]) > 1]


async def test_people_vanish_with_their_process_and_without_redis_nobody_is_shown_and_nothing_fails(
    module_database_url: str, own_valkey: EmbeddedValkey, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = {"database_url": module_database_url, "redis_url": own_valkey.url, "presence_ttl": 1.5}
    folder = tmp_path_factory.mktemp("gateways")
    with (
        ServerProcess(folder / "one", settings).start() as one,
        ServerProcess(folder / "two", settings, command=("serve", "--no-worker")).start() as two,
    ):
        for server in (one, two):
            server.wait_healthy()
        async with desk_at(one, OPERATOR) as (rest, desk):
            thread = await rest.new_thread()
            topic = f"thread:{thread}"
            await desk.follow(thread)
            async with Rest.login(two.url, APPROVER) as other, other.socket() as second:
                await second.follow(thread)
                await seen(desk, topic, "小林", "阿敏")
                two.kill()
                await seen(desk, topic, "小林")
            kill(own_valkey)
            await seen(desk, topic)
            asked = await desk.ask(thread, REQUEST)  # everything else goes on
            await desk.until("interrupt", run_id=asked["run_id"], timeout=60)
            assert not [f for f in desk.frames if f["type"] == "error"]
            restart(own_valkey)
            await seen(desk, topic, "小林", timeout=30)
        assert "Traceback" not in one.log_text()
