"""The database's clock, near at hand: asked now and then, extrapolated in between."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import structlog

from backend.background import end
from backend.errors import AppError
from backend.storage.postgres import Database

log = structlog.get_logger(__name__)

_EVERY = 30.0


class DatabaseClock:
    """Tells the database's time without asking it; the machine's own wall clock plays no part."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._base = datetime.now(UTC)
        self._at = time.monotonic()

    def now(self) -> datetime:
        """Return the time in UTC, within a few milliseconds of the database's."""
        return self._base + timedelta(seconds=time.monotonic() - self._at)

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Ask at once and then twice a minute while the block runs."""
        await self._ask()
        task = asyncio.create_task(self._repeat(), name="database clock")
        try:
            yield
        finally:
            await end(task)

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(_EVERY)
            with contextlib.suppress(AppError):  # the extrapolation serves until the database is back
                await self._ask()

    async def _ask(self) -> None:
        asked = time.monotonic()
        async with self._db.system() as conn:
            told: datetime = await conn.fetchval("SELECT clock_timestamp()")
        answered = time.monotonic()
        self._base, self._at = told.astimezone(UTC), (asked + answered) / 2
