"""What a person takes back at the last moment, or goes back to later: nothing is on air that nobody answers for."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import asyncpg
import pytest

from tests.support.desk_client import Desk, Frame, Rest, no_gaps_no_doubles
from tests.support.failpoints import Failpoints
from tests.support.processes import ServerProcess

REQUEST = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
ROOM = "小雅的直播间"
Conn = "asyncpg.Connection[asyncpg.Record]"


@pytest.fixture(scope="module")
def points(tmp_path_factory: pytest.TempPathFactory) -> Failpoints:
    return Failpoints(tmp_path_factory.mktemp("points"))


@pytest.fixture(scope="module")
def desk_server(
    module_database_url: str,
    module_redis_url: str,
    points: Failpoints,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ServerProcess]:
    settings = {"database_url": module_database_url, "redis_url": module_redis_url, **points.settings}
    with ServerProcess(tmp_path_factory.mktemp("server"), settings).start() as server:
        yield server.wait_healthy()


@pytest.fixture
async def conn(module_database_url: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    connection = await asyncpg.connect(module_database_url)
    yield connection
    await connection.close()


async def waiting(rest: Rest, desk: Desk) -> tuple[str, Frame]:
    """A thread whose run waits for a decision, and its interrupt."""
    thread = await rest.new_thread(room_id=await rest.room_of(ROOM))
    await desk.follow(thread)
    run_id = (await desk.ask(thread, REQUEST))["run_id"]
    interrupt = await desk.until("interrupt", run_id=run_id)
    await desk.until("run", run_id=run_id, status="waiting")
    return thread, interrupt


async def open_questions(rest: Rest, thread: str) -> list[Frame]:
    return list((await rest.get("/interrupts", thread_id=thread, status="pending"))["items"])


async def on_air(conn: Conn) -> int:
    """How often the room's teleprompter was given something else to show."""
    return int(
        await conn.fetchval(
            "SELECT coalesce(max(version), 0) FROM prompter_state s JOIN rooms r ON r.id = s.room_id WHERE r.name = $1",
            ROOM,
        )
    )


async def somebody_waits_for_a_lock(conn: Conn) -> None:
    async with asyncio.timeout(20):
        while not await conn.fetchval(  # noqa: ASYNC110 (the database has no event for it)
            """SELECT EXISTS (SELECT FROM pg_stat_activity
                              WHERE datname = current_database() AND wait_event_type = 'Lock')"""
        ):
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def unnoticed_cancellations(conn: Conn) -> AsyncIterator[None]:
    """Nobody who works on a run hears of its cancellation: as in the moment before the notice comes."""
    listener = await conn.fetchval(
        """SELECT pid FROM pg_stat_activity
           WHERE datname = current_database() AND application_name = 'cuedesk listen runs'"""
    )
    assert listener is not None, "nobody listens"
    os.kill(listener, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(listener, signal.SIGCONT)


async def test_a_cancellation_waits_for_a_publishing_under_way_and_is_refused(operator: Rest, conn: Conn) -> None:
    async with operator.socket() as desk:
        thread, interrupt = await waiting(operator, desk)
        before, run_id = await on_air(conn), interrupt["run_id"]
        async with unnoticed_cancellations(conn):
            async with conn.transaction():
                # Publishing stops at its first insert, behind everything that it asks before.
                await conn.execute("LOCK TABLE scripts IN SHARE MODE")
                assert (await desk.decide(interrupt, "approve"))["status"] == "accepted"
                await somebody_waits_for_a_lock(conn)
                cancelling = await desk.say("cancel", thread_id=thread)
                await desk.drain()
            answer = await desk.until("ack", re=cancelling)
            assert (answer["status"], (answer["error"] or {}).get("code")) == ("rejected", "conflict")
            await desk.until("script_finalized", run_id=run_id)
            await desk.until("run", run_id=run_id, status="completed")
        assert await on_air(conn) == before + 1


async def test_a_script_that_is_on_air_cannot_be_cancelled_any_more(
    operator: Rest, conn: Conn, points: Failpoints
) -> None:
    async with operator.socket() as desk:
        thread, interrupt = await waiting(operator, desk)
        run_id = interrupt["run_id"]
        before = await on_air(conn)
        with points.ordered("after_effect", "wait", only=run_id):
            assert (await desk.decide(interrupt, "approve"))["status"] == "accepted"
            await points.reached("after_effect")
            assert await on_air(conn) == before + 1
            refused = await desk.do("cancel", thread_id=thread)
            assert (refused["status"], (refused["error"] or {}).get("code")) == ("rejected", "conflict")
            instead = await desk.do("message", thread_id=thread, content="换一版", multitask="interrupt")
            assert (instead["status"], instead["error"]["code"]) == ("rejected", "thread_busy")
        await desk.until("script_finalized", run_id=run_id)
        await desk.until("run", run_id=run_id, status="completed")
        assert no_gaps_no_doubles(desk.events(thread))


@pytest.mark.parametrize("decision", ["approve", "edit"])
async def test_a_copy_made_behind_a_decision_asks_again_before_anything_is_on_air(
    operator: Rest, conn: Conn, decision: str
) -> None:
    async with operator.socket() as desk:
        thread, interrupt = await waiting(operator, desk)
        text = interrupt["params"]["content"]
        told = {}
        if decision == "edit":
            text = text.replace("。", "，好不好。", 1)
            told = {"content": text}
        assert (await desk.decide(interrupt, decision, **told))["status"] == "accepted"
        await desk.until("run", run_id=interrupt["run_id"], status="completed")
        before = await on_air(conn)
        versions = (await operator.get(f"/threads/{thread}/checkpoints"))["items"]
        decided = [v for v in versions if v["version"] > 6 and v["next"]]
        steps = {"approve": [["finalize"]], "edit": [["finalize"], ["quality"]]}
        assert [v["next"] for v in decided] == steps[decision]
        for version in decided:
            forked = await operator.post(f"/threads/{thread}/checkpoints/{version['version']}/fork", {}, 201)
            await desk.follow(forked["thread_id"])
            run_id = forked["run_id"]
            ended = await desk.until("run", run_id=run_id, where=lambda f: f["status"] in ("waiting", "completed"))
            assert (ended["status"], await on_air(conn)) == ("waiting", before), version["next"]
            open_now = await open_questions(operator, forked["thread_id"])
            assert [(one["action"], one["params"]["content"]) for one in open_now] == [("publish_script", text)]
            await desk.do("cancel", thread_id=forked["thread_id"])


async def test_a_script_that_was_called_back_comes_not_on_air_by_a_copy(admin: Rest, conn: Conn) -> None:
    await conn.execute("UPDATE tenants SET undo_window = '1 hour'")
    try:
        async with admin.socket() as desk:
            thread, interrupt = await waiting(admin, desk)
            assert (await desk.decide(interrupt, "approve"))["status"] == "accepted"
            held = await desk.until("interrupt", action="go_on_air", run_id=interrupt["run_id"])
            assert (await desk.do("undo", interrupt_id=held["interrupt_id"]))["status"] == "accepted"
            await desk.until("interrupt", run_id=interrupt["run_id"], where=lambda f: f["seq"] > held["seq"])
            versions = (await admin.get(f"/threads/{thread}/checkpoints"))["items"]
            behind = next(v for v in versions if v["next"] == ["hold"])
            forked = await admin.post(f"/threads/{thread}/checkpoints/{behind['version']}/fork", {}, 201)
            await desk.follow(forked["thread_id"])
            await desk.until("run", run_id=forked["run_id"], status="waiting")
            asked = [one["action"] for one in await open_questions(admin, forked["thread_id"])]
            assert asked == ["publish_script"], "somebody is asked; no clock runs"
    finally:
        await conn.execute("UPDATE tenants SET undo_window = '0'")


@pytest.mark.parametrize("batch", [0, 1, 2])
async def test_the_words_of_a_run_and_its_cancellation_do_not_wait_for_each_other_in_a_circle(
    operator: Rest, conn: Conn, points: Failpoints, batch: int
) -> None:
    """The test locks what `cancel` locks, in its order; in a deadlock PostgreSQL ends one of the two."""
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    before = await conn.fetchval(deadlocks)
    async with operator.socket() as desk:
        thread = await operator.new_thread(room_id=await operator.room_of(ROOM))
        await desk.follow(thread)
        # One of the first batches of a run describes its thread; which one is a matter of milliseconds.
        with points.ordered("before_append", "wait", after=batch):
            run_id = (await desk.ask(thread, REQUEST))["run_id"]
            await points.reached("before_append")
            async with conn.transaction():
                await conn.execute("SELECT FROM runs WHERE id = $1 FOR UPDATE", UUID(run_id))
                points.lift("before_append")
                await somebody_waits_for_a_lock(conn)
                await conn.execute("UPDATE threads SET updated_at = now() WHERE id = $1", UUID(thread))
        await desk.until("interrupt", run_id=run_id)
    attempts = await conn.fetchval("SELECT attempt FROM runs WHERE id = $1", UUID(run_id))
    await conn.execute("SELECT pg_stat_clear_snapshot()")
    assert (attempts, await conn.fetchval(deadlocks)) == (1, before)
