"""The database's epoch: it changes when a backup is restored or another server takes over; older cursors are void."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable

import structlog

from backend.background import end
from backend.errors import AppError
from backend.storage.postgres import Connection, Database

log = structlog.get_logger(__name__)

#: Seconds between two looks: a restored database is back for so long before cursors of the old one are refused.
_EVERY = 2.0


async def current_epoch(conn: Connection) -> str:
    """Return the epoch the database is in."""
    epoch: str = await conn.fetchval("SELECT system_epoch()")
    return epoch


class EpochWatch:
    """Keeps the epoch at hand while the server runs, for the database can be replaced below it."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self.current = ""

    @contextlib.asynccontextmanager
    async def watching(self, on_change: Callable[[], None]) -> AsyncIterator[None]:
        """Read it at once and look again and again while the block runs; `on_change()` when it is another one.

        Raises:
            StorageUnavailable: PostgreSQL is not there at the start.
        """
        self.current = await self._read()
        task = asyncio.create_task(self._watch(on_change), name="epoch watch")
        try:
            yield
        finally:
            await end(task)

    async def _watch(self, on_change: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(_EVERY)
            with contextlib.suppress(AppError):  # while the database is away it cannot have another epoch
                now = await self._read()
                if now != self.current:
                    log.warning("epoch_changed")
                    self.current = now
                    on_change()

    async def _read(self) -> str:
        async with self._db.system() as conn:
            return await current_epoch(conn)
