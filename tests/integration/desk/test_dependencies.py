"""PostgreSQL or Redis away, at the start and in the middle of things."""

import asyncio
import json
import time
from uuid import UUID

import asyncpg
import pytest

from backend.storage.embedded import EmbeddedPostgres, EmbeddedValkey
from backend.storage.migrate import upgrade
from tests.integration.desk.conftest import StartServer
from tests.support.databases import forget_everything, kill, restart
from tests.support.desk_client import OPERATOR, Desk, Rest, no_gaps_no_doubles
from tests.support.line import line_to_postgres, line_to_valkey
from tests.support.processes import unhurried

REQUEST = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
RECOVERS_SOON = {"lease": 4, "lease_renewal": 0.8, "lease_self_cancel": 3, "sweep_interval": 0.3}


async def whole_path(rest: Rest, desk: Desk) -> str:
    """Ask, approve, have the script; return its run."""
    thread = await rest.new_thread()
    await desk.follow(thread)
    run_id = (await desk.ask(thread, REQUEST))["run_id"]
    interrupt = await desk.until("interrupt", run_id=run_id)
    assert (await desk.decide(interrupt, "approve"))["status"] == "accepted"
    await desk.until("run", run_id=run_id, status="completed")
    assert no_gaps_no_doubles(desk.events(thread))
    return str(run_id)


def test_without_postgresql_the_server_says_so_and_ends_with_2(start_server: StartServer) -> None:
    server = start_server(database_url="postgresql://nobody@127.0.0.1:9/none")
    assert server.wait(20) == 2
    last = server.log_text().strip().splitlines()[-1]
    assert last.startswith("cuedesk: [storage_unavailable]"), last
    assert "Traceback" not in server.log_text()


@pytest.mark.scenario(23)
async def test_redis_down_at_the_start_costs_the_pieces_and_nothing_else_until_it_comes(
    start_server: StartServer, own_valkey: EmbeddedValkey
) -> None:
    kill(own_valkey)
    server = start_server(redis_url=own_valkey.url, offline_pace=60).wait_healthy()
    async with Rest.login(server.url, OPERATOR) as rest:
        assert (await rest.get("/health/ready"))["parts"]["redis"] == "down"
        async with rest.socket() as desk:
            began = time.monotonic()
            await whole_path(rest, desk)
            assert time.monotonic() - began < unhurried(15)
            assert (await desk.until("degraded"))["tokens"] is False
            assert not [f for f in desk.frames if f["type"] == "token"]
            restart(own_valkey)
            await desk.until("degraded", tokens=True)
            run_id = await whole_path(rest, desk)
            assert [f for f in desk.frames if f["type"] == "token"], f"pieces flow again: {run_id}"


@pytest.mark.scenario(22)
async def test_redis_killed_in_mid_stream_pauses_the_pieces_and_the_text_ends_whole(
    start_server: StartServer, own_valkey: EmbeddedValkey
) -> None:
    server = start_server(redis_url=own_valkey.url, offline_pace=14).wait_healthy()
    async with Rest.login(server.url, OPERATOR) as rest, rest.socket() as desk:
        thread = await rest.new_thread()
        await desk.follow(thread)
        await desk.ask(thread, REQUEST)
        await desk.until("token", where=lambda f: f["i"] >= 10)
        kill(own_valkey)
        await desk.until("degraded", tokens=False)
        restart(own_valkey)
        await desk.until("degraded", tokens=True)
        gone = len(desk.frames)
        back = await desk.until("token", where=lambda f: desk.frames.index(f) > gone)
        assert [f for f in desk.frames[gone:] if f["type"] == "message_snapshot"], "what was missed comes at once"
        assert desk.text(back["message_id"]).endswith(back["content"]), "and the pieces go on from there"
        done = await desk.until("message_complete", role="assistant", timeout=40)
        assert desk.text(done["message_id"]) == done["content"]
        await desk.until("interrupt")
        assert not [f for f in desk.frames if f["type"] == "error"]
        assert no_gaps_no_doubles(desk.events(thread))


@pytest.mark.scenario(23)
async def test_redis_silent_and_then_flushed_costs_the_pieces_only_and_is_told_of_once(
    start_server: StartServer, own_valkey: EmbeddedValkey
) -> None:
    with line_to_valkey(own_valkey.url) as (line, url):
        server = start_server(redis_url=url, offline_pace=30).wait_healthy()
        async with Rest.login(server.url, OPERATOR) as rest, rest.socket() as desk:
            thread = await rest.new_thread()
            await desk.follow(thread)
            run_id = (await desk.ask(thread, REQUEST))["run_id"]
            await desk.until("token", where=lambda f: f["i"] >= 3)
            line.black_hole()
            await desk.until("degraded", tokens=False)
            await desk.until("interrupt", run_id=run_id)
            await whole_path(rest, desk)
            line.mend()
            await desk.until("degraded", tokens=True)
            forget_everything(own_valkey.url)
            back = len(desk.frames)
            await whole_path(rest, desk)
            assert [f for f in desk.frames[back:] if f["type"] == "token"], "pieces flow again"
            assert not [f for f in desk.frames if f["type"] == "error"]
            for done in (f for f in desk.frames if f["type"] == "message_complete" and f["role"] == "assistant"):
                assert done["content"]
        for lost, back in (("redis_unwell", "redis_well"), ("hub_tokens_lost", "hub_tokens_back")):
            told = [
                json.loads(line)["event"] for line in server.log_text().splitlines() if lost in line or back in line
            ]
            # A machine that stands still for a second is an outage too, before or after the one that is made here.
            assert told, "nothing was told"
            assert told == [lost, back] * (len(told) // 2), "an outage is told of once, however long it lasts"


@pytest.mark.scenario(24)
async def test_postgresql_restarted_in_mid_run_the_run_finishes_and_nothing_is_lost(
    start_server: StartServer, own_postgres: EmbeddedPostgres
) -> None:
    url = own_postgres.address.owner_url
    upgrade(url)
    server = start_server(database_url=url, offline_pace=60, **RECOVERS_SOON).wait_healthy()
    async with Rest.login(server.url, OPERATOR) as rest, rest.socket() as desk:
        thread = await rest.new_thread()
        await desk.follow(thread)
        run_id = (await desk.ask(thread, REQUEST))["run_id"]
        await desk.until("token", where=lambda f: f["i"] >= 10)
        restart(own_postgres)
        interrupt = await desk.until("interrupt", run_id=run_id, timeout=40)
        assert (await desk.decide(interrupt, "approve"))["status"] == "accepted"
        await desk.until("run", run_id=run_id, status="completed", timeout=40)
        assert no_gaps_no_doubles(desk.events(thread))
        assert len([f for f in desk.frames if f["type"] == "script_finalized"]) == 1
        done = await desk.until("message_complete", role="assistant")
        assert desk.text(done["message_id"]) == done["content"]
        kill(own_postgres)
        restart(own_postgres)
        await whole_path(rest, desk)  # the pools, the queue and the listener are all there again


@pytest.mark.scenario(27)
async def test_an_event_whose_notice_was_lost_or_whose_listener_is_dead_arrives_within_2_seconds(
    start_server: StartServer, database_url: str
) -> None:
    server = start_server().wait_healthy()
    conn = await asyncpg.connect(database_url)
    try:
        async with Rest.login(server.url, OPERATOR) as rest, rest.socket() as desk:
            thread = await rest.new_thread()
            await desk.follow(thread)

            async def write_without_notice(title: str) -> None:
                async with conn.transaction():
                    await conn.execute(
                        """WITH head AS (UPDATE threads SET last_seq = last_seq + 1 WHERE id = $1 RETURNING *)
                           INSERT INTO thread_events (tenant_id, thread_id, seq, id, type, payload)
                           SELECT tenant_id, id, last_seq, uuidv7(), 'thread_updated',
                             jsonb_build_object('title', $2::text) FROM head""",
                        UUID(thread),
                        title,
                    )

            await write_without_notice("没有通知")
            await desk.until("thread_updated", title="没有通知", timeout=unhurried(2))
            ended = await conn.fetch(
                """SELECT application_name, pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND application_name LIKE 'cuedesk listen%'"""
            )
            assert {row["application_name"] for row in ended} == {"cuedesk listen events", "cuedesk listen runs"}
            await write_without_notice("没有人听")
            await desk.until("thread_updated", title="没有人听", timeout=unhurried(2))
            await whole_path(rest, desk)
            assert no_gaps_no_doubles(desk.events(thread))
    finally:
        await conn.close()


@pytest.mark.scenario(27)
async def test_a_listener_whose_cable_is_out_is_given_up_and_built_anew(
    start_server: StartServer, database_url: str
) -> None:
    with line_to_postgres(database_url) as (line, url):
        # Without the poll, so that what arrives was heard by the new listener.
        server = start_server("serve", "--no-worker", database_url=url, poll_interval=3600).wait_healthy()
        line.black_hole()
        await asyncio.to_thread(server.wait_for_log, "listen_lost", 90)
        line.mend()
        async with Rest.login(server.url, OPERATOR) as rest, rest.socket() as desk:
            thread = await rest.new_thread()
            await desk.follow(thread)
            await desk.ask(thread, "你好")
            await desk.until("message_complete", role="user")


@pytest.mark.scenario(26)
async def test_when_every_connection_is_taken_requests_are_told_to_come_back_and_leases_live_on(
    start_server: StartServer, database_url: str
) -> None:
    # The run's own patience with the database is far longer than anybody waits below, however slow the machine.
    patience = {**RECOVERS_SOON, "lease": 25, "lease_self_cancel": 20}
    server = start_server(database_pool=2, offline_pace=20, **patience).wait_healthy()
    conn = await asyncpg.connect(database_url)
    try:
        async with Rest.login(server.url, OPERATOR) as rest, rest.socket() as desk:
            thread = await rest.new_thread()
            others = [await rest.new_thread() for _ in range(3)]
            await desk.follow(thread)
            run_id = (await desk.ask(thread, REQUEST))["run_id"]
            await desk.until("message_started")
            lease = "SELECT lease_expires_at FROM runs WHERE id = $1"
            async with conn.transaction():
                await conn.execute("LOCK TABLE messages IN ACCESS EXCLUSIVE MODE")
                # The run itself wants one of the two connections when its text is there; these want the rest.
                asking = [asyncio.create_task(asked_alone(rest, other)) for other in others]
                done, _ = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED, timeout=20)
                assert done, "nobody was told to come back"
                refused = done.pop().result()
                assert refused["status"] == "rejected"
                assert refused["error"]["code"] == "server_busy"
                assert refused["error"]["retryable"]
                assert refused["error"]["retry_after_ms"] > 0
                before = await conn.fetchval(lease, UUID(run_id))
                async with asyncio.timeout(20):
                    while await conn.fetchval(lease, UUID(run_id)) <= before:  # noqa: ASYNC110 (the database has no event for it)
                        await asyncio.sleep(0.1)
            await desk.until("interrupt", run_id=run_id)
            assert await conn.fetchval("SELECT attempt FROM runs WHERE id = $1", UUID(run_id)) == 1
            acks = await asyncio.gather(*asking)
            assert {ack["status"] for ack in acks} == {"accepted", "rejected"}
    finally:
        await conn.close()


async def asked_alone(rest: Rest, thread: str) -> dict[str, object]:
    """Ask on a socket of its own and return the ack."""
    async with rest.socket() as desk:
        return await desk.do("message", thread_id=thread, content="你好")
