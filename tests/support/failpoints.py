"""Kill, freeze or hold a process at one exact place of its work.

Two ways. `Failpoints` orders what our own processes do at the places that `backend/failpoints.py` names; give its
`settings` to each `ServerProcess` that is to obey. `failpoint` holds whoever inserts into a table, inside PostgreSQL.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from backend.failpoints import Action, Place


class Failpoints:
    """The orders for a group of processes, in a folder that all of them look into."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder

    @property
    def settings(self) -> dict[str, object]:
        """What a process needs to follow the orders; merge it into the settings of `ServerProcess`."""
        return {"failpoints": self._folder, "failpoints_in_tests": "yes"}

    def order(
        self,
        place: Place,
        action: Action,
        *,
        seconds: float = 0,
        after: int = 0,
        only: str | None = None,
        always: bool = False,
    ) -> None:
        """Have the next process that comes by this place act (see `backend.failpoints`)."""
        self._forget(place)
        words = [action, f"seconds={seconds}", f"after={after}"]
        words += [f"only={only}"] if only else []
        words += ["always"] if always else []
        # Written beside and renamed: a process that comes by meanwhile must not read half an order.
        draft = self._folder / f".{place}"
        draft.write_text(" ".join(words))
        draft.rename(self._folder / place)

    async def reached(self, place: Place, within: float = 30) -> int:
        """Wait until a process is there and return its process id."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            for mark in self._marks(place):
                return int(mark.suffix[1:])
            await asyncio.sleep(0.02)
        raise AssertionError(f"nobody came by {place} within {within} s")

    def lift(self, place: Place) -> None:
        """Take the order back and let go whoever waits there."""
        self._forget(place)

    @contextlib.contextmanager
    def ordered(self, place: Place, action: Action, **how: float | str | bool | None) -> Iterator[None]:
        """The order stands while the block runs."""
        self.order(place, action, **how)  # type: ignore[arg-type]  # the same keywords
        try:
            yield
        finally:
            self.lift(place)

    def _forget(self, place: Place) -> None:
        (self._folder / place).unlink(missing_ok=True)
        for mark in self._marks(place):
            mark.unlink(missing_ok=True)

    def _marks(self, place: Place) -> list[Path]:
        return list(self._folder.glob(f"{place}.reached.*"))


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
        # First nobody is held any more: who lost its connection tries again, and would hold the table for the trigger.
        await self._conn.execute(_function("false"))
        await self._conn.execute("SET lock_timeout = '200ms'")
        while True:
            for pid in await self._held():
                await self._conn.execute("SELECT pg_terminate_backend($1)", pid)
            with contextlib.suppress(asyncpg.LockNotAvailableError):
                await self._conn.execute(f"DROP TRIGGER IF EXISTS failpoint ON {self._table}")
                return

    async def _held(self) -> list[int]:
        rows = await self._conn.fetch(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
        )
        return [row["pid"] for row in rows]


def _function(when: str) -> str:
    """The statement that makes the trigger's function: it holds what `when` is true for."""
    return f"""CREATE OR REPLACE FUNCTION failpoint() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
                 SET search_path = public AS
                 $$ BEGIN IF {when} THEN PERFORM pg_sleep(120); END IF; RETURN NEW; END $$"""


@asynccontextmanager
async def failpoint(owner_url: str, table: str, when: str = "true") -> AsyncIterator[Failpoint]:
    """Hold every insert into `table` for which the SQL condition `when` (on NEW) is true."""
    conn = await asyncpg.connect(owner_url)
    try:
        await conn.execute(
            f"""{_function(when)};
                CREATE TRIGGER failpoint BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION failpoint()"""
        )
        point = Failpoint(conn, table)
        try:
            yield point
        finally:
            await point.lift()
    finally:
        await conn.close()
