"""Workers that are killed or frozen at the worst moments: the run goes on elsewhere, and nothing happens twice."""

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest

from backend.runs.jobs import enqueue_run
from tests.support.desk_client import Desk, Frame, Rest, no_gaps_no_doubles
from tests.support.failpoints import Failpoints, failpoint
from tests.support.processes import ServerProcess, unhurried

REQUEST = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
SHORT = {"lease": 4, "lease_renewal": 0.8, "lease_self_cancel": 3, "sweep_interval": 0.3, "offline_pace": 60}
#: Never renews: its work is lost after the lease whatever it does, so that only the fence holds it back.
UNRENEWED = {"lease": 10, "lease_renewal": 600, "lease_self_cancel": 600, "sweep_interval": 0.3, "offline_pace": 90}


class Workers:
    """Worker processes on the module's database; the living ones are used again by the next test."""

    def __init__(self, folder: Path, settings: dict[str, object]) -> None:
        self._folder = folder
        self._settings = settings
        self._like: dict[str, object] = {}
        self._made = 0
        self.alive: list[ServerProcess] = []

    def two(self, like: dict[str, object]) -> None:
        """Have two workers with these settings and no others."""
        if like != self._like:
            self.kill_all()
            self._like = like
        self.start(2 - len(self.alive))

    def start(self, number: int = 1) -> None:
        fresh = []
        for _ in range(number):
            self._made += 1
            settings = {**self._settings, **self._like}
            fresh.append(ServerProcess(self._folder / str(self._made), settings, command=("worker",)).start())
        for worker in fresh:
            worker.wait_for_log("worker_started")
        self.alive += fresh

    def kill(self, worker: ServerProcess) -> None:
        worker.kill()
        self.alive.remove(worker)

    def bury(self, pid: int) -> None:
        """Take one that a failpoint killed off the list."""
        dead = next(worker for worker in self.alive if worker.pid == pid)
        dead.wait()
        self.alive.remove(dead)

    def kill_all(self) -> None:
        for worker in list(self.alive):
            self.kill(worker)

    async def holder(self, conn: "asyncpg.Connection[asyncpg.Record]", run_id: str) -> ServerProcess:
        """The worker that has the run."""
        name = await conn.fetchval("SELECT worker FROM runs WHERE id = $1", UUID(run_id))
        return next(worker for worker in self.alive if name.endswith(f":{worker.pid}"))


@pytest.fixture(scope="module")
def points(tmp_path_factory: pytest.TempPathFactory) -> Failpoints:
    """Orders for all processes of this module."""
    return Failpoints(tmp_path_factory.mktemp("points"))


@pytest.fixture(scope="module")
def common(module_database_url: str, module_redis_url: str, points: Failpoints) -> dict[str, object]:
    return {"database_url": module_database_url, "redis_url": module_redis_url, **points.settings}


@pytest.fixture(scope="module")
def desk_server(common: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A gateway that takes no runs."""
    folder = tmp_path_factory.mktemp("gateway")
    with ServerProcess(folder, common, command=("serve", "--no-worker")).start() as server:
        yield server.wait_healthy()


@pytest.fixture(scope="module")
def crew(
    desk_server: ServerProcess, common: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workers]:
    crew = Workers(tmp_path_factory.mktemp("workers"), common)
    yield crew
    crew.kill_all()


@pytest.fixture
def workers(crew: Workers) -> Workers:
    crew.two(SHORT)
    return crew


@pytest.fixture
async def conn(module_database_url: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    connection = await asyncpg.connect(module_database_url)
    yield connection
    await connection.close()


Conn = "asyncpg.Connection[asyncpg.Record]"


async def asked(rest: Rest, desk: Desk) -> tuple[str, str]:
    """Ask for a script; return thread and run."""
    thread = await rest.new_thread(room_id=await rest.room_of("小雅的直播间"))
    await desk.follow(thread)
    return thread, (await desk.ask(thread, REQUEST))["run_id"]


async def covered_by_the_poll(rest: Rest) -> float:
    """How many events the gateway found by itself, without a notice."""
    text = (await rest.client.get("/metrics")).text
    line = next(line for line in text.splitlines() if line.startswith("cuedesk_notices_covered_total"))
    return float(line.split()[1])


async def in_mid_script(desk: Desk, run_id: str) -> None:
    await desk.until("token", where=lambda f: f["attempt"] == 1 and f["i"] >= 10)


def finished(desk: Desk, thread: str) -> Counter[str]:
    return Counter(f["node"] for f in desk.events(thread) if f["type"] == "node" and f["status"] == "finished")


async def nothing_happened_twice(conn: Conn, desk: Desk, thread: str, *, scripts: int = 1) -> None:
    """One question, one script, one teleprompter push a run; a log without gaps; each step finished once."""
    for table, expected in (("interrupts", 1), ("scripts", scripts)):
        found = await conn.fetchval(f"SELECT count(*) FROM {table} WHERE thread_id = $1", UUID(thread))
        assert found == expected, (table, found)
    kinds = Counter(f["type"] for f in desk.events(thread))
    assert kinds["interrupt"] == 1
    assert kinds["script_finalized"] == scripts
    assert no_gaps_no_doubles(desk.events(thread))
    assert set(finished(desk, thread).values()) == {1}, finished(desk, thread)


async def approved(desk: Desk, run_id: str, timeout: float = 60) -> Frame:
    """Approve what waits, and wait for the end of the run; return the script."""
    interrupt = await desk.until("interrupt", run_id=run_id, timeout=timeout)
    assert (await desk.decide(interrupt, "approve"))["status"] == "accepted"
    await desk.until("run", run_id=run_id, status="completed", timeout=timeout)
    return await desk.until("script_finalized", run_id=run_id)


@pytest.mark.scenario(1)
async def test_a_run_whose_worker_was_killed_while_writing_goes_on_in_another(
    operator: Rest, workers: Workers, conn: Conn, points: Failpoints
) -> None:
    async with operator.socket() as desk, operator.socket() as other:
        points.order("mid_stream", "kill", after=20)
        thread, run_id = await asked(operator, desk)
        await other.follow(thread)
        workers.bury(await points.reached("mid_stream"))
        script = await approved(desk, run_id)

        started = [f for f in desk.events(thread) if f["type"] == "message_started"]
        assert [f["attempt"] for f in started] == [1, 2], "the second attempt supersedes the first"
        assert len({f["message_id"] for f in started}) == 1, "and is the same message"
        assert desk.text(started[0]["message_id"]) == script["content"]
        await nothing_happened_twice(conn, desk, thread)
        assert finished(desk, thread).keys() >= {"intent", "profile", "product", "recall", "script", "finalize"}

        await other.until("run", run_id=run_id, status="completed")
        assert other.text(started[0]["message_id"]) == script["content"]
        assert other.view(thread) == desk.view(thread)


@pytest.mark.scenario(4)
async def test_a_decision_made_while_no_worker_lives_is_carried_out_by_the_next_one(
    operator: Rest, workers: Workers, conn: Conn
) -> None:
    async with operator.socket() as desk:
        thread, run_id = await asked(operator, desk)
        interrupt = await desk.until("interrupt", run_id=run_id)
        await desk.until("run", run_id=run_id, status="waiting")
        workers.kill_all()
        assert (await desk.decide(interrupt, "approve"))["status"] == "accepted"
        # Even its job is lost (the queue was restored from elsewhere): the sweep finds a run that nobody took.
        await conn.execute("DELETE FROM pgqueuer")
        await conn.execute("UPDATE runs SET updated_at = now() - interval '31 s' WHERE id = $1", UUID(run_id))
        workers.start()
        await desk.until("run", run_id=run_id, status="completed")
        await nothing_happened_twice(conn, desk, thread)


@pytest.mark.scenario(21)
async def test_a_run_whose_turn_came_while_somebody_who_died_was_cancelling_it_begins(
    operator: Rest, workers: Workers, conn: Conn
) -> None:
    async with operator.socket() as desk:
        thread, first = await asked(operator, desk)
        await desk.until("interrupt", run_id=first)
        second = (await desk.ask(thread, REQUEST, multitask="enqueue"))["run_id"]
        dying = conn.transaction()
        await dying.start()
        await conn.execute("SELECT FROM runs WHERE id = $1 FOR UPDATE", UUID(second))
        assert (await desk.do("cancel", thread_id=thread, run_id=first))["status"] == "accepted"
        await dying.rollback()
        assert await conn.fetchval("SELECT status FROM runs WHERE id = $1", UUID(second)) == "enqueued"
        await desk.until("run", run_id=second, status="running")
        await desk.until("interrupt", run_id=second)


@pytest.mark.scenario(2)
async def test_a_crash_between_the_checkpoint_and_the_rows_still_asks_once(
    operator: Rest, workers: Workers, conn: Conn, points: Failpoints
) -> None:
    async with operator.socket() as desk:
        points.order("before_question", "wait")
        thread, run_id = await asked(operator, desk)
        holder = await points.reached("before_question")
        assert await conn.fetchval("SELECT count(*) FROM interrupts WHERE run_id = $1", UUID(run_id)) == 0
        workers.kill(next(worker for worker in workers.alive if worker.pid == holder))
        points.lift("before_question")
        await approved(desk, run_id)
        await nothing_happened_twice(conn, desk, thread)


@pytest.mark.scenario(2)
async def test_a_crash_in_the_middle_of_the_rows_leaves_nothing_of_them_and_asks_once(
    operator: Rest, workers: Workers, conn: Conn, module_database_url: str
) -> None:
    async with operator.socket() as desk:
        async with failpoint(module_database_url, "interrupts") as point:
            thread, run_id = await asked(operator, desk)
            await point.reached()
            workers.kill(await workers.holder(conn, run_id))
        assert not [f for f in desk.frames if f["type"] == "interrupt"], "the crash came before the question"
        await approved(desk, run_id)
        await nothing_happened_twice(conn, desk, thread)


@pytest.mark.scenario(3, 27)
async def test_a_question_whose_notice_nobody_heard_and_whose_worker_is_dead_arrives_within_2_seconds(
    operator: Rest, workers: Workers, conn: Conn, points: Failpoints
) -> None:
    async with operator.socket() as desk:
        covered = await covered_by_the_poll(operator)
        points.order("notice", "drop", always=True)
        points.order("after_question", "kill")
        thread, run_id = await asked(operator, desk)
        workers.bury(await points.reached("after_question"))
        interrupt = await desk.until("interrupt", run_id=run_id, timeout=unhurried(2))
        assert await covered_by_the_poll(operator) > covered
        points.lift("notice")
        assert (await desk.decide(interrupt, "approve"))["status"] == "accepted"
        await desk.until("run", run_id=run_id, status="completed")
        await nothing_happened_twice(conn, desk, thread)


@pytest.mark.scenario(4)
async def test_a_decision_whose_job_died_with_its_worker_resumes_once(
    operator: Rest, workers: Workers, conn: Conn, points: Failpoints
) -> None:
    async with operator.socket() as desk:
        thread, run_id = await asked(operator, desk)
        interrupt = await desk.until("interrupt", run_id=run_id)
        await desk.until("run", run_id=run_id, status="waiting")
        points.order("before_claim", "kill", only=run_id)
        assert (await desk.decide(interrupt, "approve"))["status"] == "accepted"
        workers.bury(await points.reached("before_claim"))
        await desk.until("run", run_id=run_id, status="completed")
        await nothing_happened_twice(conn, desk, thread)


@pytest.mark.scenario(5)
async def test_a_crash_between_the_effect_and_its_checkpoint_publishes_once(
    operator: Rest, workers: Workers, conn: Conn, points: Failpoints
) -> None:
    async with operator.socket() as desk:
        thread, run_id = await asked(operator, desk)
        interrupt = await desk.until("interrupt", run_id=run_id)
        room = await operator.room_of("小雅的直播间")
        before = (await operator.get(f"/rooms/{room}/prompter"))["version"]
        points.order("after_effect", "kill", only=run_id)
        await desk.decide(interrupt, "approve")
        workers.bury(await points.reached("after_effect"))
        await desk.until("run", run_id=run_id, status="completed")
        assert (await operator.get(f"/rooms/{room}/prompter"))["version"] == before + 1, "pushed to the host once"
        pushed = await conn.fetchval(
            "SELECT count(*) FROM audit_log WHERE action = 'script.published' AND detail->>'run_id' = $1", run_id
        )
        versions = await conn.fetchval("SELECT count(*) FROM script_versions WHERE run_id = $1", UUID(run_id))
        assert (pushed, versions) == (1, 1)
        assert len(desk.view(thread).scripts) == 1
        await nothing_happened_twice(conn, desk, thread)


@pytest.mark.scenario(1, 5)
@pytest.mark.parametrize(
    ("held", "decided"),
    [("message_complete", False), ("quality_feedback", False), ("script_finalized", True)],
)
async def test_what_a_step_said_before_a_crash_is_in_the_log_however_far_the_graph_had_got(
    operator: Rest, workers: Workers, conn: Conn, module_database_url: str, held: str, decided: bool
) -> None:
    async with operator.socket() as desk:
        by_the_writer = f"NEW.type = '{held}' AND NEW.payload->>'role' IS DISTINCT FROM 'user'"
        async with failpoint(module_database_url, "thread_events", by_the_writer) as point:
            thread, run_id = await asked(operator, desk)
            if decided:
                await desk.decide(await desk.until("interrupt", run_id=run_id), "approve")
            await point.reached()
            # However long the log keeps what was said waiting: the graph must not leave it behind.
            await asyncio.sleep(1)
            workers.kill(await workers.holder(conn, run_id))
        if not decided:
            await desk.decide(await desk.until("interrupt", run_id=run_id), "approve")
        await desk.until("run", run_id=run_id, status="completed")
        interrupt = await desk.until("interrupt", run_id=run_id)
        [message] = [m for m in desk.view(thread).messages if m.role == "assistant"]
        assert message.content == interrupt["params"]["content"]
        assert message.quality is not None
        assert message.quality.content == message.content
        assert len(desk.view(thread).scripts) == 1
        assert no_gaps_no_doubles(desk.events(thread))


@pytest.mark.scenario(10)
async def test_a_resume_job_that_is_delivered_again_and_again_runs_nothing_twice(
    operator: Rest, workers: Workers, conn: Conn
) -> None:
    async with operator.socket() as desk:
        thread, run_id = await asked(operator, desk)
        interrupt = await desk.until("interrupt", run_id=run_id)
        tenant = await conn.fetchval("SELECT tenant_id FROM runs WHERE id = $1", UUID(run_id))

        async def deliver(times: int) -> None:
            async with conn.transaction():
                for _ in range(times):
                    await enqueue_run(conn, tenant, UUID(run_id))

        async def all_taken() -> None:
            """Wait until no job of the run is left: neither waiting nor at work."""
            left = "SELECT count(*) FROM pgqueuer WHERE convert_from(payload, 'UTF8') LIKE '%' || $1 || '%'"
            async with asyncio.timeout(60):
                while await conn.fetchval(left, run_id):  # noqa: ASYNC110 (the queue has no event for it)
                    await asyncio.sleep(0.05)

        async def standing() -> tuple[str, int, int]:
            """What a job that comes too late must leave as it is: status, claims, and the end of the log."""
            row = await conn.fetchrow(
                """SELECT r.status, r.attempt, t.last_seq FROM runs r JOIN threads t ON t.id = r.thread_id
                   WHERE r.id = $1""",
                UUID(run_id),
            )
            assert row is not None
            return row["status"], row["attempt"], row["last_seq"]

        await desk.until("run", run_id=run_id, status="waiting")
        await all_taken()
        waiting = await standing()
        await deliver(5)  # while it waits: a job alone must not answer the question
        await all_taken()
        assert await standing() == waiting
        await asyncio.gather(desk.decide(interrupt, "approve"), deliver(10))
        await desk.until("run", run_id=run_id, status="completed")
        await all_taken()
        ended = await standing()
        assert ended[:2] == ("completed", waiting[1] + 1), (
            "one of the eleven jobs took the run, the others found nothing"
        )
        await deliver(5)
        await all_taken()
        assert await standing() == ended
        await desk.drain(1.0)
        await nothing_happened_twice(conn, desk, thread)


@pytest.mark.scenario(11)
async def test_a_worker_that_wakes_up_after_its_lease_can_write_nothing_more(
    operator: Rest, crew: Workers, conn: Conn
) -> None:
    crew.two(UNRENEWED)
    async with operator.socket() as desk:
        thread, run_id = await asked(operator, desk)
        await in_mid_script(desk, run_id)
        zombie = await crew.holder(conn, run_id)
        zombie.freeze()
        try:
            interrupt = await desk.until("interrupt", run_id=run_id)
            kept = await conn.fetchval("SELECT count(*) FROM checkpoints WHERE thread_id = $1", run_id)
        finally:
            zombie.thaw()
        zombie.wait_for_log("run_lost")
        assert await conn.fetchval("SELECT count(*) FROM checkpoints WHERE thread_id = $1", run_id) == kept
        assert (await desk.decide(interrupt, "approve"))["status"] == "accepted"
        script = await desk.until("script_finalized", run_id=run_id)
        await desk.until("run", run_id=run_id, status="completed")
        await desk.drain()
        attempts = [f["attempt"] for f in desk.events(thread) if f["attempt"] is not None]
        assert attempts == sorted(attempts), "the zombie got a word in"
        assert desk.text(next(f["message_id"] for f in desk.frames if f["type"] == "token")) == script["content"]
        await nothing_happened_twice(conn, desk, thread)


@pytest.mark.scenario(1)
async def test_with_the_settings_as_shipped_a_killed_worker_is_replaced_within_25_seconds(
    operator: Rest, crew: Workers, conn: Conn
) -> None:
    crew.two({"offline_pace": 40})
    async with operator.socket() as desk:
        thread, run_id = await asked(operator, desk)
        await in_mid_script(desk, run_id)
        crew.kill(await crew.holder(conn, run_id))
        killed = time.monotonic()
        await desk.until("token", where=lambda f: f["attempt"] == 2, timeout=unhurried(25))
        assert time.monotonic() - killed <= unhurried(25)
        await approved(desk, run_id)
        await nothing_happened_twice(conn, desk, thread)


def gave_up(worker: ServerProcess, run_id: str) -> bool:
    """Whether the worker says that it lost the run, by its renewal or by the fence."""
    lines = [line for line in worker.log_text().splitlines() if run_id in line]
    return any("run_lost" in line or '"reason": "lease"' in line for line in lines)


@pytest.mark.scenario(50)
async def test_a_worker_whose_loop_was_blocked_past_its_lease_gives_the_run_up(
    operator: Rest, workers: Workers, conn: Conn, points: Failpoints
) -> None:
    async with operator.socket() as desk:
        points.order("mid_stream", "block", seconds=8, after=20)
        thread, run_id = await asked(operator, desk)
        blocked_pid = await points.reached("mid_stream")
        blocked = next(worker for worker in workers.alive if worker.pid == blocked_pid)
        script = await approved(desk, run_id)
        assert await conn.fetchval("SELECT attempt FROM runs WHERE id = $1", UUID(run_id)) > 1
        async with asyncio.timeout(60):
            while not gave_up(blocked, run_id):  # noqa: ASYNC110 (a log has no event)
                await asyncio.sleep(0.05)
        told = [json.loads(line) for line in blocked.log_text().splitlines() if '"loop_blocked"' in line]
        assert any("failpoints.py" in line["stack"] for line in told), "the watchdog names what blocked"
        await desk.drain()
        attempts = [f["attempt"] for f in desk.events(thread) if f["attempt"] is not None]
        assert attempts == sorted(attempts), "the blocked one got a word in"
        assert desk.text(next(f["message_id"] for f in desk.frames if f["type"] == "token")) == script["content"]
        await nothing_happened_twice(conn, desk, thread)


@pytest.mark.scenario(44)
async def test_a_run_that_kills_every_worker_is_given_up_and_spares_the_others(
    operator: Rest, workers: Workers, conn: Conn, points: Failpoints
) -> None:
    async with operator.socket() as desk, operator.socket() as beside:
        # One worker at a time, so that the two always meet.
        workers.kill_all()
        thread, run_id = await asked(operator, desk)
        innocent = await operator.new_thread()
        await beside.follow(innocent)
        innocent_run = (await beside.ask(innocent, REQUEST))["run_id"]
        points.order("mid_stream", "kill", only=run_id, after=20, always=True)

        async def one_dies() -> None:
            await asyncio.to_thread(workers.start)
            pid = workers.alive[0].pid
            await asyncio.to_thread(workers.alive[0].wait, 60)
            workers.bury(pid)

        await one_dies()
        crashes = "SELECT crashes FROM runs WHERE id = ANY ($1)"
        both = [UUID(run_id), UUID(innocent_run)]
        assert [row[0] for row in await conn.fetch(crashes, both)] == [1, 1]
        # As if that had happened twice: the next crash of either is its last.
        await conn.execute("UPDATE runs SET crashes = 2 WHERE id = ANY ($1)", both)
        await one_dies()
        await asyncio.to_thread(workers.start)
        ended = await desk.until("run", run_id=run_id, status="failed")
        assert ended["error"]["code"] == "recovery_exhausted"
        assert (await desk.until("message_complete", role="assistant"))["status"] == "failed"
        workers.alive[0].wait_for_log("recovery_exhausted")
        await beside.until("interrupt", run_id=innocent_run)
        points.lift("mid_stream")
        again = await desk.ask(thread, REQUEST)
        await desk.until("interrupt", run_id=again["run_id"])
