"""PostgreSQL or Redis away, at the start and in the middle of things."""

import time
from uuid import UUID

import asyncpg

from backend.storage.embedded import EmbeddedPostgres, EmbeddedValkey
from backend.storage.migrate import upgrade
from tests.integration.desk.conftest import StartServer
from tests.support.databases import kill, restart
from tests.support.desk_client import OPERATOR, Desk, Rest, no_gaps_no_doubles

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
            assert time.monotonic() - began < 15
            assert (await desk.until("degraded"))["tokens"] is False
            assert not [f for f in desk.frames if f["type"] == "token"]
            restart(own_valkey)
            await desk.until("degraded", tokens=True)
            run_id = await whole_path(rest, desk)
            assert [f for f in desk.frames if f["type"] == "token"], f"pieces flow again: {run_id}"


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
        await desk.until("degraded", tokens=False, timeout=3)
        restart(own_valkey)
        await desk.until("degraded", tokens=True, timeout=5)
        gone = len(desk.frames)
        back = await desk.until("token", timeout=5, where=lambda f: desk.frames.index(f) > gone)
        assert [f for f in desk.frames[gone:] if f["type"] == "message_snapshot"], "what was missed comes at once"
        assert desk.text(back["message_id"]).endswith(back["content"]), "and the pieces go on from there"
        done = await desk.until("message_complete", role="assistant", timeout=40)
        assert desk.text(done["message_id"]) == done["content"]
        await desk.until("interrupt")
        assert not [f for f in desk.frames if f["type"] == "error"]
        assert no_gaps_no_doubles(desk.events(thread))


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
            await desk.until("thread_updated", title="没有通知", timeout=2)
            ended = await conn.fetch(
                """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                   WHERE datname = current_database() AND query LIKE 'LISTEN%'"""
            )
            assert ended, "somebody listened"
            await write_without_notice("没有人听")
            await desk.until("thread_updated", title="没有人听", timeout=2)
            await whole_path(rest, desk)
            assert no_gaps_no_doubles(desk.events(thread))
    finally:
        await conn.close()
