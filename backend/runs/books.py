"""Keeping the books: calls of models are noted while answers stream, and written a moment later."""

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import islice
from typing import Final
from uuid import UUID

import structlog
from prometheus_client import Counter, Gauge

from backend.background import end
from backend.domain import call_texts
from backend.domain.call_texts import SpokenTexts
from backend.domain.model_calls import record_calls
from backend.errors import AppError
from backend.llm.accounts import CallRecord
from backend.memory.documents import lock_memory
from backend.storage.postgres import Database
from backend.telemetry.logging import Mask
from backend.telemetry.metrics import REGISTRY

log = structlog.get_logger(__name__)

_LOST: Final = Counter("cuedesk_llm_calls_lost", "Calls that could not be written down", registry=REGISTRY)
_WAITING: Final = Gauge("cuedesk_llm_calls_waiting", "Calls that are not written down yet", registry=REGISTRY)
_REFUSALS_LEFT_OUT: Final = Counter(
    "cuedesk_llm_refusals_left_out", "Refused calls that were not written down: there were too many", registry=REGISTRY
)
_TEXTS_LOST: Final = Counter(
    "cuedesk_llm_texts_lost", "Calls whose texts should have been kept and were not", registry=REGISTRY
)

#: Seconds: between two rounds of writing, between two tries while the database is away, for the last round of all.
_ROUND: Final = 0.25
_PAUSE: Final = 1.0
_LAST_ROUND: Final = 5.0
#: Calls that are kept while the database is away: the oldest go first.
_MOST: Final = 20_000
#: … and characters of their texts: what comes then is accounted without.
_MOST_CHARACTERS: Final = 16_000_000
_BATCH: Final = 200
#: Refused calls of one tenant that are written in a minute, so that a flood of them fills neither books nor disk.
_MOST_REFUSALS: Final = 300


class Books:
    """Takes records at once; writes them in rounds, and what is left when it is closed. `mask` takes personal data out
    of the texts that tenants let us keep."""

    def __init__(self, db: Database, mask: Mask, clock: Callable[[], float] = time.monotonic) -> None:
        self._db = db
        self._mask = mask
        self._clock = clock
        #: With when each was taken.
        self._waiting: dict[UUID, tuple[float, CallRecord]] = {}
        self._characters = 0
        #: Of each tenant: when its minute began, and how many were refused in it.
        self._refusals: dict[UUID, tuple[float, int]] = {}
        self._something = asyncio.Event()

    def take(self, record: CallRecord) -> None:
        """Note a call. One on nobody's account is not written."""
        if record.caller is None:
            return
        if record.status == "refused" and not self._takes_refusal(record.caller.tenant_id):
            _REFUSALS_LEFT_OUT.inc()
            return
        if len(self._waiting) >= _MOST:
            self._forget(next(iter(self._waiting)))
            _LOST.inc()
        if record.texts is not None and self._characters + record.texts.characters > _MOST_CHARACTERS:
            record = call_texts.without(record)
        self._characters += record.texts.characters if record.texts is not None else 0
        self._waiting[record.id] = self._clock(), record
        _WAITING.set(len(self._waiting))
        self._something.set()

    def _takes_refusal(self, tenant_id: UUID) -> bool:
        if len(self._waiting) >= _MOST:
            return False  # it must not take the place of a call that was made
        now = self._clock()
        began, refused = self._refusals.get(tenant_id, (now, 0))
        if now - began >= 60:
            began, refused = now, 0
        if len(self._refusals) > _MOST:
            self._refusals.clear()
        self._refusals[tenant_id] = began, refused + 1
        return refused < _MOST_REFUSALS

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Write while the block runs, and the rest at its end."""
        task = asyncio.create_task(self._write_on(), name="books")
        try:
            yield
        finally:
            await end(task)
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
            of_tenants: dict[UUID, list[tuple[float, CallRecord]]] = defaultdict(list)
            for taken, record in islice(self._waiting.values(), _BATCH):
                assert record.caller is not None
                of_tenants[record.caller.tenant_id].append((taken, record))
            for tenant_id, entries in of_tenants.items():
                keeps_texts = await self._write_calls(tenant_id, [record for _, record in entries])
                # Only now: what was cancelled or failed in between is written again, under the same ids.
                for _, record in entries:
                    self._forget(record.id)
                if keeps_texts:
                    await self._write_texts(tenant_id, entries)

    def _forget(self, call: UUID) -> None:
        # It may have made room for another meanwhile.
        entry = self._waiting.pop(call, None)
        if entry is not None and entry[1].texts is not None:
            self._characters -= entry[1].texts.characters
        _WAITING.set(len(self._waiting))

    async def _write_calls(self, tenant_id: UUID, records: Sequence[CallRecord]) -> bool:
        """Write the calls of one tenant; tell whether it lets their texts be kept."""
        try:
            async with self._db.tenant(tenant_id) as conn:
                await record_calls(conn, records)
                return await call_texts.are_kept(conn)
        except AppError:
            raise
        except Exception as error:  # noqa: BLE001 — one of them cannot be stored: it must not hold up the others
            if len(records) > 1:
                # One after the other: each holds the month's sum for a moment.
                return any([await self._write_calls(tenant_id, [record]) for record in records])
            _LOST.inc()
            log.error("model_call_unwritable", call=str(records[0].id), error=type(error).__name__)
            return False

    async def _write_texts(self, tenant_id: UUID, entries: Sequence[tuple[float, CallRecord]]) -> None:
        """Keep what was said, masked. The accounts do not wait for it: what cannot be kept now is not kept."""
        said = [(taken, record) for taken, record in entries if record.texts is not None and record.attempts]
        try:
            rows = await asyncio.to_thread(lambda: [self._spoken(taken, record) for taken, record in said])
            async with self._db.tenant(tenant_id) as conn:
                # What is asked to be forgotten at this moment is either gone already or waits for us.
                await lock_memory(conn, shared=True)
                await call_texts.keep(conn, rows, self._clock)
        except Exception as error:  # noqa: BLE001 — a help for people; the error's own words could hold the texts
            _TEXTS_LOST.inc(len(said))
            log.warning("model_texts_not_kept", calls=len(said), error=type(error).__name__)

    def _spoken(self, taken: float, record: CallRecord) -> SpokenTexts:
        texts, caller = record.texts, record.caller
        assert texts is not None
        assert caller is not None
        began = taken - record.total_ms / 1000
        return SpokenTexts.masked(record.id, caller.thread_id, texts, self._mask, began=began)
