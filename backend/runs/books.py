"""Keeping the books: calls of models are noted while answers stream, and written a moment later."""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator
from itertools import groupby
from typing import Final
from uuid import UUID

import structlog
from prometheus_client import Counter, Gauge

from backend.domain.model_calls import record_calls
from backend.errors import AppError
from backend.llm.accounts import CallRecord
from backend.storage.postgres import Database
from backend.telemetry.metrics import REGISTRY

log = structlog.get_logger(__name__)

_LOST: Final = Counter("cuedesk_llm_calls_lost", "Calls that could not be written down", registry=REGISTRY)
_WAITING: Final = Gauge("cuedesk_llm_calls_waiting", "Calls that are not written down yet", registry=REGISTRY)

#: Seconds: between two rounds of writing, between two tries while the database is away, for the last round of all.
_ROUND: Final = 0.25
_PAUSE: Final = 1.0
_LAST_ROUND: Final = 5.0
#: Calls that are kept while the database is away: the oldest go first.
_MOST: Final = 20_000
_BATCH: Final = 200


class Books:
    """Takes records at once; writes them in rounds, and what is left when it is closed."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._waiting: deque[tuple[UUID, CallRecord]] = deque()
        self._something = asyncio.Event()

    def take(self, record: CallRecord) -> None:
        """Note a call. One on nobody's account is not written."""
        if record.caller is None:
            return
        if len(self._waiting) >= _MOST:
            self._waiting.popleft()
            _LOST.inc()
        self._waiting.append((record.caller.tenant_id, record))
        _WAITING.set(len(self._waiting))
        self._something.set()

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Write while the block runs, and the rest at its end."""
        task = asyncio.create_task(self._write_on(), name="books")
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
            await self._write_rest()

    async def _write_on(self) -> None:
        while True:
            await self._something.wait()
            await asyncio.sleep(_ROUND)
            self._something.clear()
            try:
                await self._write()
            except AppError as error:
                log.warning("books_not_written", code=error.code, waiting=len(self._waiting))
                self._something.set()
                await asyncio.sleep(_PAUSE)

    async def _write_rest(self) -> None:
        try:
            async with asyncio.timeout(_LAST_ROUND):
                await self._write()
        except (AppError, TimeoutError):
            _LOST.inc(len(self._waiting))
            log.error("books_lost", calls=len(self._waiting))

    async def _write(self) -> None:
        while self._waiting:
            batch = [self._waiting[at] for at in range(min(_BATCH, len(self._waiting)))]
            for tenant, entries in groupby(sorted(batch, key=lambda entry: entry[0]), key=lambda entry: entry[0]):
                async with self._db.tenant(tenant) as conn:
                    await record_calls(conn, [record for _, record in entries])
            # Only now: what was cancelled or failed in between is written again, under the same ids.
            for _ in batch:
                self._waiting.popleft()
            _WAITING.set(len(self._waiting))
