"""Connections to PostgreSQL that end at any moment are one kind of outage for whoever uses them."""

import asyncio
from uuid import UUID

import asyncpg
import pytest

from backend.errors import StorageUnavailable
from backend.storage.postgres import Database


@pytest.mark.scenario(24)
async def test_a_connection_that_the_server_ends_between_two_statements_counts_as_an_outage(database_url: str) -> None:
    owner = await asyncpg.connect(database_url)
    try:
        async with Database.open(database_url, size=2, acquire_timeout=5) as db:
            # How far the goodbye has come when the next statement is sent: not at all, its words, the line's end.
            for turns in (0, 1, 2, 3) * 3:
                with pytest.raises(StorageUnavailable):  # noqa: PT012 (the statement after it is the test)
                    async with db.tenant(UUID(int=1)) as conn:
                        pid = await conn.fetchval("SELECT pg_backend_pid()")
                        assert await owner.fetchval("SELECT pg_terminate_backend($1)", pid)
                        for _ in range(turns):
                            await asyncio.sleep(0)
                        await conn.fetchval("SELECT 1")
                async with db.tenant(UUID(int=1)) as conn:
                    assert await conn.fetchval("SELECT 1") == 1, "the pool has let go of it"
    finally:
        await owner.close()
