"""A show whose workers are killed in the middle: each script is written once, none is lost, no more than wanted."""

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from tests.support.desk_client import Rest, no_gaps_no_doubles
from tests.support.failpoints import Failpoints
from tests.support.processes import ServerProcess

AT_ONCE = 3
#: Leases are short, so that what a dead worker held is taken over soon; a script takes about two seconds.
SETTINGS = {
    "lease": 4, "lease_renewal": 0.8, "lease_self_cancel": 3, "sweep_interval": 0.3, "offline_pace": 60,
    "show_concurrency": AT_ONCE,
}  # fmt: skip


@pytest.fixture(scope="module")
def common(module_database_url: str, module_redis_url: str) -> dict[str, object]:
    return {"database_url": module_database_url, "redis_url": module_redis_url, **SETTINGS}


@pytest.fixture(scope="module")
def desk_server(common: dict[str, object], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """A gateway that takes no runs."""
    folder = tmp_path_factory.mktemp("gateway")
    with ServerProcess(folder, common, command=("serve", "--no-worker")).start() as server:
        yield server.wait_healthy()


@pytest.fixture
async def conn(module_database_url: str) -> "AsyncIterator[asyncpg.Connection[asyncpg.Record]]":
    connection = await asyncpg.connect(module_database_url)
    yield connection
    await connection.close()


async def planned(operator: Rest) -> dict[str, Any]:
    """A show of every product of the demo."""
    products = (await operator.get("/products", limit=100))["items"]
    items = [{"product_id": product["id"], "scenario": "selling_points", "seconds": 30} for product in products]
    body = {
        "room_id": await operator.room_of("小雅的直播间"),
        "name": "双十一大场",
        "total_seconds": 3600,
        "items": items,
    }
    return dict(await operator.post("/shows", body, 201))


def started(folder: Path, common: dict[str, object]) -> tuple[str, ServerProcess]:
    """Start a worker; return the name it holds its leases under."""
    worker = ServerProcess(folder, common, command=("worker",)).start()
    return json.loads(worker.wait_for_log("worker_started"))["worker"], worker


async def writing(conn: "asyncpg.Connection[asyncpg.Record]", show_id: str, alive: Iterable[str]) -> str:
    """Return which of `alive` has just begun to write one of the show's scripts."""
    while True:
        name: str | None = await conn.fetchval(
            """SELECT r.worker FROM runs r JOIN show_items i ON i.run_id = r.id JOIN messages m ON m.run_id = r.id
               WHERE i.show_id = $1 AND r.status = 'running' AND m.status = 'writing' AND r.worker = ANY($2)
               ORDER BY m.created_at DESC LIMIT 1""",
            UUID(show_id),
            list(alive),
        )
        if name:
            return name
        await asyncio.sleep(0.02)


async def caught(conn: "asyncpg.Connection[asyncpg.Record]", show_id: str, workers: Mapping[str, ServerProcess]) -> str:
    """Return a worker that stands still in the middle of a script: stopped, and then found to be still at it."""
    while True:
        name = await writing(conn, show_id, workers)
        workers[name].freeze()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                return await writing(conn, show_id, [name])
        workers[name].thaw()


async def progress(operator: Rest, show_id: str) -> dict[str, Any]:
    return dict((await operator.get(f"/shows/{show_id}"))["show"]["progress"])


async def until(operator: Rest, show_id: str, reached: Callable[[dict[str, Any]], Any]) -> None:
    """Wait until the show is so far."""
    while True:
        if reached(await progress(operator, show_id)):
            return
        await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def watched(conn: "asyncpg.Connection[asyncpg.Record]", show_id: str) -> AsyncIterator[list[int]]:
    """While the block runs, how many scripts are under way, looked at again and again."""
    seen: list[int] = []

    async def look() -> None:
        while True:
            seen.append(
                await conn.fetchval(
                    """SELECT count(*) FROM runs r JOIN show_items i ON i.id = r.show_item_id
                       WHERE i.show_id = $1 AND r.status IN ('queued', 'running')""",
                    UUID(show_id),
                )
            )
            await asyncio.sleep(0.02)

    looking = asyncio.create_task(look())
    try:
        yield seen
    finally:
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking


async def test_a_killed_worker_loses_no_script_and_starts_none_twice(
    operator: Rest,
    module_database_url: str,
    common: dict[str, object],
    tmp_path_factory: pytest.TempPathFactory,
    conn: "asyncpg.Connection[asyncpg.Record]",
) -> None:
    made = await planned(operator)
    show, total = made["show"]["id"], len(made["items"])
    folder = tmp_path_factory.mktemp("workers")
    names = (str(number) for number in itertools.count())
    workers = dict([started(folder / next(names), common), started(folder / next(names), common)])
    watcher = await asyncpg.connect(module_database_url)
    try:
        async with watched(watcher, show) as under_way, asyncio.timeout(150), operator.socket() as desk:
            await desk.follow(show)
            await operator.post(f"/shows/{show}/start", {})
            # Twice, each time the one that is writing; another one comes for each.
            for _ in range(2):
                before = (await progress(operator, show))["waiting"]
                await until(operator, show, lambda now, before=before: now["waiting"] >= before + 2 and now["writing"])
                workers.pop(await caught(conn, show, workers)).kill()
                workers.update([started(folder / next(names), common)])
            await until(operator, show, lambda now: now["waiting"] == total)
            await desk.until("show_item", where=lambda frame: frame["progress"]["waiting"] == total)
            events = desk.events(show)
            view = desk.view(show).show
    finally:
        await watcher.close()
        for worker in workers.values():
            worker.__exit__()

    rows = await conn.fetch(
        """SELECT i.id, i.generation, i.status, count(DISTINCT r.id) AS runs, count(DISTINCT p.id) AS questions,
             max(r.crashes) AS crashes
           FROM show_items i LEFT JOIN runs r ON r.show_item_id = i.id
           LEFT JOIN interrupts p ON p.run_id = r.id WHERE i.show_id = $1 GROUP BY i.id""",
        UUID(show),
    )
    assert len(rows) == total
    assert {(row["status"], row["generation"], row["runs"], row["questions"]) for row in rows} == {("waiting", 1, 1, 1)}
    assert max(under_way) == AT_ONCE
    taken_over = await conn.fetchval(
        "SELECT count(*) FROM runs r JOIN show_items i ON i.id = r.show_item_id WHERE i.show_id = $1 AND r.attempt > 1",
        UUID(show),
    )
    assert taken_over > 0, "nobody was killed in the middle of a script"
    # Who followed it all the while saw every step once, and has what the server has.
    assert no_gaps_no_doubles(events)
    assert view is not None
    now = await operator.get(f"/shows/{show}")
    assert [item.model_dump(mode="json") for item in view.items] == now["items"]
    assert view.progress.model_dump(mode="json") == now["show"]["progress"]


async def test_a_worker_that_dies_between_beginning_a_show_and_saying_so_leaves_one_show_that_is_told_of(
    operator: Rest, common: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> None:
    points = Failpoints(tmp_path_factory.mktemp("orders"))
    _, first = started(tmp_path_factory.mktemp("worker"), common | points.settings)
    before = {one["id"] for one in (await operator.get("/shows"))["items"]}
    with first:
        async with operator.socket() as desk:
            thread = await operator.new_thread(room_id=await operator.room_of("小雅的直播间"))
            await desk.follow(thread)
            await desk.ask(thread, "给这三款各写一段开场，每段20秒")
            question = await desk.until("clarification", thread_id=thread, timeout=60)
            points.order("after_effect", "kill")
            # The question is told before its run has let go of the thread.
            confirmed = await desk.ask(thread, question["options"][0]["value"], multitask="enqueue")
            await points.reached("after_effect", within=60)
            await asyncio.to_thread(first.wait)
            made = {one["id"] for one in (await operator.get("/shows"))["items"]} - before
            assert len(made) == 1, "it was begun, and nobody was told"
            assert not [f for f in desk.frames if f["type"] == "message_complete" and f.get("agent") == "show"]
            _, second = started(tmp_path_factory.mktemp("worker"), common)
            with second:
                told = await desk.until(
                    "message_complete", role="assistant", agent="show", run_id=confirmed["run_id"], timeout=90
                )
                await desk.until("run", run_id=confirmed["run_id"], status="completed")
                assert {told["content"].rpartition("/rundown/")[2]} == made
                assert {one["id"] for one in (await operator.get("/shows"))["items"]} - before == made
                assert no_gaps_no_doubles(desk.events(thread))
