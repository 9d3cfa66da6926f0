"""Hold a process at one exact place of its work: where it inserts into a table. Then it can be killed just there."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg


class Failpoint:
    """Every insert into the table waits until this is lifted."""

    def __init__(self, conn: "asyncpg.Connection[asyncpg.Record]", table: str) -> None:
        self._conn = conn
        self._table = table

    async def reached(self, within: float = 15) -> None:
        """Wait until somebody is held."""
        async with asyncio.timeout(within):
            while not await self._held():  # noqa: ASYNC110 (the database has no event for it)
                await asyncio.sleep(0.05)

    async def lift(self) -> None:
        """Let go: whoever is still held loses its connection, as when its process is gone."""
        for pid in await self._held():
            await self._conn.execute("SELECT pg_terminate_backend($1)", pid)
        await self._conn.execute(f"DROP TRIGGER IF EXISTS failpoint ON {self._table}")

    async def _held(self) -> list[int]:
        rows = await self._conn.fetch(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
        )
        return [row["pid"] for row in rows]


@asynccontextmanager
async def failpoint(owner_url: str, table: str, when: str = "true") -> AsyncIterator[Failpoint]:
    """Hold every insert into `table` for which the SQL condition `when` (on NEW) is true."""
    conn = await asyncpg.connect(owner_url)
    try:
        await conn.execute(
            f"""CREATE OR REPLACE FUNCTION failpoint() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
                  SET search_path = public AS
                  $$ BEGIN IF {when} THEN PERFORM pg_sleep(120); END IF; RETURN NEW; END $$;
                CREATE TRIGGER failpoint BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION failpoint()"""
        )
        point = Failpoint(conn, table)
        try:
            yield point
        finally:
            await point.lift()
    finally:
        await conn.close()
