"""Jobs outlive what happens to the database and to the worker that has them."""

import asyncio

import asyncpg

from backend.errors import StorageUnavailable
from backend.storage.embedded import EmbeddedPostgres
from backend.storage.jobs import JobQueue, enqueue
from backend.storage.migrate import upgrade
from tests.support.databases import kill, restart


async def queued(url: str, payload: bytes) -> None:
    conn = await asyncpg.connect(url)
    try:
        await enqueue(conn, "learn", payload)
    finally:
        await conn.close()


async def test_a_job_that_finds_the_database_away_is_done_when_it_is_back(own_postgres: EmbeddedPostgres) -> None:
    url = own_postgres.address.owner_url
    upgrade(url)
    await queued(url, b"one")
    began, done = asyncio.Event(), asyncio.Event()
    tries = 0

    async def learn(_: bytes) -> None:
        nonlocal tries
        tries += 1
        if tries == 1:
            kill(own_postgres)
            began.set()
            raise StorageUnavailable
        done.set()

    async with JobQueue.open(url, {"learn": learn}, concurrency=20) as queue:
        running = asyncio.create_task(queue.run())
        await asyncio.wait_for(began.wait(), 20)
        restart(own_postgres)
        await asyncio.wait_for(done.wait(), 20)
        queue.stop()
        await asyncio.wait({running}, timeout=20)


async def test_a_worker_that_ends_while_the_database_is_away_leaves_its_job_to_the_next_one(
    own_postgres: EmbeddedPostgres,
) -> None:
    url = own_postgres.address.owner_url
    upgrade(url)
    await queued(url, b"one")
    began = asyncio.Event()

    async def learn(_: bytes) -> None:
        if not began.is_set():
            kill(own_postgres)
        began.set()
        raise StorageUnavailable

    async with JobQueue.open(url, {"learn": learn}, concurrency=20) as queue:
        running = asyncio.create_task(queue.run())
        await asyncio.wait_for(began.wait(), 20)
        queue.stop()
        ended, _ = await asyncio.wait({running}, timeout=40)
        running.cancel()
    assert ended, "it went on trying"
    restart(own_postgres)
    conn = await asyncpg.connect(url)
    try:
        assert await conn.fetchval("SELECT count(*) FROM pgqueuer WHERE entrypoint = 'learn'") == 1
    finally:
        await conn.close()
