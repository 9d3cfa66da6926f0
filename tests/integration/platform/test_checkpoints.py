"""The pool of the checkpoints when PostgreSQL comes and goes."""

import asyncio
from contextlib import AsyncExitStack

from backend.storage.checkpoints import create_tables, open_checkpoints
from backend.storage.embedded import EmbeddedPostgres
from backend.storage.migrate import upgrade
from tests.support.databases import kill, restart


async def test_no_connection_that_a_restart_broke_is_handed_out(own_postgres: EmbeddedPostgres) -> None:
    url = own_postgres.address.owner_url
    await asyncio.to_thread(upgrade, url)
    async with open_checkpoints(url, size=2, acquire_timeout=20) as pool:
        kill(own_postgres)
        restart(own_postgres)
        async with AsyncExitStack() as stack:
            for _ in range(2):
                connection = await stack.enter_async_context(pool.connection())
                answer = await connection.execute("SELECT 1 AS one")
                assert await answer.fetchone() == {"one": 1}


async def test_processes_that_start_together_make_the_tables_one_after_the_other(
    own_postgres: EmbeddedPostgres,
) -> None:
    url = own_postgres.address.owner_url
    await asyncio.to_thread(upgrade, url)
    await asyncio.gather(*(create_tables(url) for _ in range(8)))
    await asyncio.gather(*(create_tables(url) for _ in range(8)))
