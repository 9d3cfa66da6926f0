"""Removing what nobody needs any more: old checkpoints, answers to commands, tickets, sessions, jobs, memories,
summaries of conversations, accounts of language models.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client import Counter, Gauge, Histogram

from backend.background import end
from backend.domain.model_answers import KEPT as ANSWERS_KEPT
from backend.errors import AppError
from backend.memory.lifetimes import default_days
from backend.settings import Settings
from backend.storage.postgres import Database, Record, interval
from backend.telemetry.metrics import REGISTRY

log = structlog.get_logger(__name__)

_REMOVED = Counter(
    "cuedesk_swept_rows", "Rows that were removed because their time was over", ["what"], registry=REGISTRY
)
_SECONDS = Histogram("cuedesk_sweep_seconds", "How long a round of the sweeper took", registry=REGISTRY)
_LAST = Gauge("cuedesk_sweep_last_timestamp_seconds", "When this process last finished a round", registry=REGISTRY)

#: Any number nobody else locks: "sweep" in ASCII.
_LOCK: Final = 0x7377656570
#: Small enough that a batch holds its locks for a moment only.
_RUNS: Final = 50
_ROWS: Final = 1000
_DAY: Final = 86_400.0
#: A session or ticket that is over is refused anyway; it stays a day for whoever looks into yesterday's log.
_EXPIRED_FOR: Final = _DAY


@dataclass(frozen=True)
class Kind:
    """Something to be swept: what it is called and how one batch of it is removed."""

    what: str
    query: str
    arguments: tuple[object, ...]
    batch: int


class Sweeper:
    """Sweeps in rounds. Each batch is a transaction of its own and the database lets one process at a time."""

    def __init__(self, settings: Settings, db: Database) -> None:
        self._settings = settings
        self._db = db

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Sweep in the background while the block runs."""
        task = asyncio.create_task(self._repeat(), name="retention")
        try:
            yield
        finally:
            await end(task)

    async def sweep(self) -> dict[str, int]:
        """Do one round and return how many rows of each kind are gone; nothing when another process is at it."""
        began = time.monotonic()
        removed: dict[str, int] = {}
        for kind in kinds(self._settings):
            while True:
                batch = await self._batch(kind)
                if batch is None:
                    return removed
                done, rows = batch
                removed[kind.what] = removed.get(kind.what, 0) + rows
                _REMOVED.labels(kind.what).inc(rows)
                if done < kind.batch:
                    break
        _SECONDS.observe(time.monotonic() - began)
        _LAST.set_to_current_time()
        if any(removed.values()):
            log.info("swept", **removed)
        return removed

    async def _batch(self, kind: Kind) -> tuple[int, int] | None:
        async with self._db.system() as conn:
            if not await conn.fetchval("SELECT pg_try_advisory_xact_lock($1)", _LOCK):
                return None
            row: Record | None = await conn.fetchrow(kind.query, *kind.arguments, kind.batch)
        assert row is not None
        return row["done"], row["removed"]

    async def _repeat(self) -> None:
        while True:
            await asyncio.sleep(self._settings.retention_interval)
            try:
                await self.sweep()
            except AppError as error:
                log.warning("retention_failed", code=error.code)
            except Exception:  # what is kept too long does no harm; the next round tries again
                log.exception("retention_failed")


def kinds(settings: Settings) -> list[Kind]:
    """Return what is swept, in this order."""

    def rows(what: str, function: str, keep: float) -> Kind:
        return Kind(what, f"SELECT n AS done, n AS removed FROM {function}($1, $2) AS n", (interval(keep),), _ROWS)

    return [
        Kind(
            "checkpoints",
            "SELECT runs_swept AS done, removed FROM system_sweep_checkpoints($1, $2)",
            (settings.checkpoint_days,),
            _RUNS,
        ),
        rows("commands", "system_sweep_commands", settings.command_days * _DAY),
        rows("tickets", "system_sweep_tickets", _EXPIRED_FOR),
        rows("sessions", "system_sweep_sessions", _EXPIRED_FOR),
        rows("pairings", "system_sweep_pairings", _EXPIRED_FOR),
        Kind(
            "memories",
            "SELECT n AS done, n AS removed FROM system_sweep_memory($1, $2) AS n",
            (default_days(settings),),
            _ROWS,
        ),
        rows("summaries", "system_sweep_thread_notes", settings.summary_days * _DAY),
        Kind(
            "model_texts",
            "SELECT n AS done, n AS removed FROM system_sweep_model_texts($1, $2) AS n",
            (settings.model_text_days,),
            _ROWS,
        ),
        rows("model_calls", "system_sweep_model_calls", settings.model_call_days * _DAY),
        # As long as accounts: one that comes late takes the place of what was charged instead.
        rows("model_reservations", "system_sweep_model_reservations", settings.model_call_days * _DAY),
        rows("model_answers", "system_sweep_model_answers", ANSWERS_KEPT),
        rows("job_log", "system_sweep_job_log", settings.job_log_days * _DAY),
    ]
