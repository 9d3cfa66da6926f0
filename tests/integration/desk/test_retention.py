"""What the sweeper removes when its time is over, and what it must leave alone."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest
from prometheus_client import generate_latest

from backend.runs.retention import Sweeper
from backend.settings import Settings
from backend.storage.checkpoints import create_tables
from backend.storage.postgres import Database
from backend.telemetry.metrics import REGISTRY
from tests.support.desk_client import Desk, Rest

REQUEST = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
Conn = "asyncpg.Connection[asyncpg.Record]"


@pytest.fixture
async def db(module_database_url: str) -> AsyncIterator[Database]:
    # LangGraph's tables are no part of the migrations; a test that starts no server has none.
    await create_tables(module_database_url)
    async with Database.open(module_database_url, size=3, acquire_timeout=5) as database:
        yield database


@pytest.fixture
def sweeper(db: Database) -> Sweeper:
    return Sweeper(Settings(_env_file=None), db)


@pytest.fixture
async def conn(module_database_url: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    connection = await asyncpg.connect(module_database_url)
    yield connection
    await connection.close()


async def run_through(rest: Rest, desk: Desk, thread: str, decision: str | None = "approve") -> str:
    run_id: str = (await desk.ask(thread, REQUEST))["run_id"]
    interrupt = await desk.until("interrupt", run_id=run_id)
    await desk.until("run", run_id=run_id, status="waiting")
    if decision is not None:
        await desk.decide(interrupt, decision)
        await desk.until("run", run_id=run_id, status="completed")
    return run_id


async def age(conn: Conn, thread: str, days: int) -> None:
    """Let everything of a thread have happened so many days ago."""
    await conn.execute(
        """UPDATE runs SET created_at = created_at - make_interval(days => $2),
             finished_at = finished_at - make_interval(days => $2) WHERE thread_id = $1""",
        UUID(thread),
        days,
    )


async def kept(conn: Conn, run_id: str) -> list[str]:
    """What is left of a run: the status of each version. Nothing may be left that no version points at."""
    rows = await conn.fetch(
        "SELECT status, checkpoint_id FROM run_checkpoints WHERE run_id = $1 ORDER BY version", UUID(run_id)
    )
    stored = await conn.fetch("SELECT checkpoint_id FROM checkpoints WHERE thread_id = $1 ORDER BY 1", run_id)
    assert [row["checkpoint_id"] for row in stored] == [row["checkpoint_id"] for row in rows]
    lost = await conn.fetchval(
        """SELECT (SELECT count(*) FROM checkpoint_writes w WHERE w.thread_id = $1 AND w.checkpoint_id <> ALL ($2))
                + (SELECT count(*) FROM checkpoint_blobs b WHERE b.thread_id = $1 AND NOT EXISTS (
                     SELECT FROM checkpoints c WHERE c.thread_id = $1
                     AND c.checkpoint -> 'channel_versions' ->> b.channel = b.version))""",
        run_id,
        [row["checkpoint_id"] for row in rows],
    )
    assert lost == 0
    return [row["status"] for row in rows]


async def test_old_checkpoints_go_and_what_was_decided_or_published_or_is_unfinished_stays(
    operator: Rest, admin: Rest, sweeper: Sweeper, conn: Conn
) -> None:
    async with operator.socket() as desk:
        threads = [await operator.new_thread() for _ in range(5)]
        for thread in threads:
            await desk.follow(thread)
        two, rejected, unfinished, young, removed = threads
        first = await run_through(operator, desk, two)
        second = await run_through(operator, desk, two)
        third = await run_through(operator, desk, rejected, "reject")
        fourth = await run_through(operator, desk, unfinished, None)
        fifth = await run_through(operator, desk, young)
        sixth = await run_through(operator, desk, removed, None)
        await operator.client.delete(f"/api/v1/threads/{removed}")
    for thread in (two, rejected, unfinished, removed):
        await age(conn, thread, 31)
    await age(conn, young, 29)
    whole = await kept(conn, fourth)
    assert (await sweeper.sweep())["checkpoints"] > 0

    # Of a published run: what was decided on, and what the script came from; and the thread's latest version.
    assert await kept(conn, first) == ["waiting", "running"]
    assert await kept(conn, second) == ["waiting", "running", "completed"]
    assert await kept(conn, third) == ["waiting", "completed"]
    assert await kept(conn, fourth) == whole
    assert len(await kept(conn, fifth)) == 8
    assert await kept(conn, sixth) == [], "nobody decided anything in the thread that was deleted"
    left = (await operator.get(f"/threads/{two}/checkpoints"))["items"]
    assert all(v["intact"] for v in left)
    for version in left:
        replay = await operator.get(f"/threads/{two}/checkpoints/{version['version']}/replay")
        assert replay["values"]["draft"]
    # The numbers go on where they were, and what was spared as the latest goes when it is so no more.
    async with operator.socket() as desk:
        await desk.follow(two)
        another = await run_through(operator, desk, two)
    numbers = [v["version"] for v in (await operator.get(f"/threads/{two}/checkpoints", run_id=another))["items"]]
    assert sorted(numbers) == list(range(left[0]["version"] + 1, left[0]["version"] + 9))
    await age(conn, two, 31)
    assert (await sweeper.sweep())["checkpoints"] > 0
    assert await kept(conn, second) == ["waiting", "running"]
    assert (await sweeper.sweep())["checkpoints"] == 0

    # A tenant with less patience.
    days = await admin.client.put("/api/v1/tenant/retention", json={"checkpoint_days": 10})
    assert days.json() == {"checkpoint_days": 10, "in_force_days": 10}
    assert (await sweeper.sweep())["checkpoints"] > 0
    assert await kept(conn, fifth) == ["waiting", "running", "completed"]
    assert (await operator.client.put("/api/v1/tenant/retention", json={"checkpoint_days": 1})).status_code == 403
    assert (await admin.client.put("/api/v1/tenant/retention", json={"checkpoint_days": None})).json() == {
        "checkpoint_days": None,
        "in_force_days": 30,
    }


async def test_what_has_expired_goes_and_what_has_not_stays(
    operator: Rest, admin: Rest, sweeper: Sweeper, conn: Conn
) -> None:
    await operator.new_thread()
    answer = await operator.client.post("/api/v1/threads", json={}, headers={"Idempotency-Key": "kept"})
    old = await operator.client.post("/api/v1/threads", json={}, headers={"Idempotency-Key": "old"})
    assert (answer.status_code, old.status_code) == (201, 201)
    await conn.execute(
        "UPDATE commands SET created_at = now() - interval '8 days' WHERE result ->> 'id' = $1", old.json()["id"]
    )
    await conn.execute(
        """INSERT INTO sessions (tenant_id, user_id, token_hash, expires_at)
           SELECT tenant_id, user_id, sha256(convert_to(concat(user_id, n), 'UTF8')), now() - interval '2 days'
           FROM memberships, generate_series(1, 300) n"""
    )
    await conn.execute(
        """INSERT INTO socket_tickets (token_hash, session_id, expires_at)
           SELECT s.token_hash, s.id, now() - interval '2 days' FROM sessions s WHERE s.expires_at > now()"""
    )
    await conn.execute(
        """INSERT INTO pgqueuer_log (job_id, status, priority, entrypoint, created)
           SELECT n, 'successful', 0, 'run', now() - interval '8 days' FROM generate_series(1, 2500) n"""
    )
    young = await conn.fetchval("SELECT count(*) FROM pgqueuer_log WHERE created > now() - interval '7 days'")
    removed = await sweeper.sweep()
    assert removed["commands"] == 1
    assert removed["sessions"] >= 300, "more than one batch holds"
    assert removed["tickets"] >= 1
    assert removed["job_log"] == 2500
    assert await conn.fetchval("SELECT count(*) FROM pgqueuer_log") == young
    again = await operator.client.post("/api/v1/threads", json={}, headers={"Idempotency-Key": "kept"})
    assert again.json() == answer.json()
    assert (await admin.client.get("/api/v1/auth/me")).status_code == 200, "living sessions live"
    assert b'cuedesk_swept_rows_total{what="job_log"}' in generate_latest(REGISTRY)


async def test_only_one_process_sweeps_at_a_time(db: Database, sweeper: Sweeper, conn: Conn) -> None:
    async with db.system() as elsewhere:
        assert await elsewhere.fetchval("SELECT pg_try_advisory_xact_lock($1)", 0x7377656570)
        assert await sweeper.sweep() == {}
    assert set(await sweeper.sweep()) == {
        "checkpoints",
        "commands",
        "tickets",
        "sessions",
        "pairings",
        "memories",
        "summaries",
        "job_log",
        "model_calls",
        "model_texts",
        "model_answers",
        "model_reservations",
    }
    both = await asyncio.gather(sweeper.sweep(), sweeper.sweep())
    assert any(both)
