"""The worker of one process: takes jobs, renews leases, sweeps up after others, drains at the end."""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from uuid import UUID

import structlog

from backend.background import end
from backend.domain import runs
from backend.errors import AppError, StorageUnavailable
from backend.fanout.topics import CANCEL_CHANNEL, SHOWS_CHANNEL
from backend.llm.gateway import Model
from backend.memory import embedders
from backend.memory.embed import Embedder
from backend.memory.learning import LEARN_JOB, learn
from backend.quality.pii import mask_pii
from backend.runs import claims, interrupts, shows
from backend.runs.jobs import ON_AIR_JOB, RUN_JOB, enqueue_run, read_on_air_job, read_run_job
from backend.runs.lease import Leases, Loss
from backend.runs.notes import NOTES_JOB, keep_notes, tenant_of
from backend.runs.runner import Runner
from backend.runs.start import start_next
from backend.settings import Settings
from backend.storage.jobs import JobQueue
from backend.storage.postgres import Database, UniqueViolation, interval, listen

log = structlog.get_logger(__name__)

#: Share of `drain_timeout` that runs get to finish their step; the rest is for handing over what took longer.
_STEP_SHARE = 0.7
_TENDED_AT_ONCE = 4


def worker_name() -> str:
    """Return a name that tells this process from others."""
    return f"{socket.gethostname()}:{os.getpid()}"


class Worker:
    """Everything a process does to carry runs on."""

    def __init__(
        self,
        settings: Settings,
        db: Database,
        runner: Runner,
        leases: Leases,
        embedder: Embedder,
        reader: Callable[[UUID], Model | None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._db = db
        self._runner = runner
        self._leases = leases
        self._embedder = embedder
        self._reader = reader
        self._queue: JobQueue | None = None
        self._drain_until: float | None = None
        self._show_moved = asyncio.Event()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Work in the background while the block runs; at its end hand over what is not finished."""
        loops = [
            asyncio.create_task(self._take_jobs(), name="job queue"),
            asyncio.create_task(self._repeat(self._sweep, self._settings.sweep_interval), name="sweep"),
            asyncio.create_task(self._repeat(self._tend, self._settings.sweep_interval), name="interrupts"),
            asyncio.create_task(
                self._repeat(self._fill_shows, self._settings.sweep_interval, self._show_moved), name="shows"
            ),
            asyncio.create_task(self._listen(), name="listener"),
            asyncio.create_task(self._repeat(self._read_memory, self._settings.memory_interval), name="memory"),
        ]
        async with self._leases.renewing():
            try:
                yield
            finally:
                await self.drain()
                await end(*loops)

    @property
    def ready(self) -> bool:
        """Whether jobs are being taken."""
        return self._queue is not None and self._drain_until is None

    async def drain(self) -> None:
        """Take no more jobs, let the runs at work finish their step and hand them over; cut off what takes longer.

        Called again, it goes on with what time is left.
        """
        now = time.monotonic()
        if self._drain_until is None:
            self._drain_until = now + self._settings.drain_timeout
            if self._queue is not None:
                self._queue.stop()
            self._leases.pause_all()
        left = max(0.0, self._drain_until - now)
        reserve = self._settings.drain_timeout * (1 - _STEP_SHARE)
        if not await self._leases.idle(max(0.0, left - reserve)):
            self._leases.stop_all(Loss.DRAIN)
            await self._leases.idle(max(1.0, min(left, reserve)))

    async def _take_jobs(self) -> None:
        while self._drain_until is None:
            try:
                async with JobQueue.open(
                    self._db.url,
                    {
                        RUN_JOB: self._on_job,
                        ON_AIR_JOB: self._on_air,
                        LEARN_JOB: self._on_learn,
                        NOTES_JOB: self._on_notes,
                    },
                    concurrency=self._settings.worker_concurrency,
                ) as queue:
                    self._queue = queue
                    await queue.run()
            except StorageUnavailable:
                log.warning("job_queue_unreachable")
                await asyncio.sleep(1)
            except Exception:  # PostgreSQL went away, or the queue broke: come back, whatever it was
                log.exception("job_queue_lost")
                await asyncio.sleep(0.5)
            finally:
                self._queue = None

    async def _on_job(self, payload: bytes) -> None:
        tenant_id, run_id = read_run_job(payload)
        try:
            if self._drain_until is not None:  # it was picked just before: somebody else's now
                async with self._db.tenant(tenant_id) as conn:
                    await enqueue_run(conn, tenant_id, run_id)
                return
            await self._runner.carry_on(tenant_id, run_id)
        except AppError as error:
            log.warning("run_not_taken", run_id=str(run_id), code=error.code)
            raise  # the queue delivers it again in a moment; should even that fail, the sweep finds the run

    async def _on_air(self, payload: bytes) -> None:
        tenant_id, interrupt_id = read_on_air_job(payload)
        with _apart("interrupt_not_tended", interrupt_id=interrupt_id, due="on_air"):
            await interrupts.go_on_air(self._db, tenant_id, interrupt_id)

    async def _on_learn(self, payload: bytes) -> None:
        await learn(self._db, self._embedder, mask_pii, payload, most=self._settings.memory_documents)

    async def _on_notes(self, payload: bytes) -> None:
        await keep_notes(self._db, self._settings, self._reader(tenant_of(payload)), payload)

    async def _listen(self) -> None:
        def on_notice(channel: str, payload: str) -> None:
            if channel == SHOWS_CHANNEL:
                self._show_moved.set()
            else:
                self._leases.stop(UUID(payload), Loss.CANCELLED)

        async def on_connected() -> None:
            return None  # a missed notice costs some work only: the renewal finds the run gone

        await listen(self._db.url, [SHOWS_CHANNEL, CANCEL_CHANNEL], "listen runs", on_notice, on_connected)

    async def _repeat(
        self, work: Callable[[], Awaitable[None]], pause: float, wake: asyncio.Event | None = None
    ) -> None:
        while True:
            if wake is None:
                await asyncio.sleep(pause)
            else:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), pause)
                wake.clear()
            try:
                await work()
            except AppError as error:
                log.warning("sweep_failed", code=error.code)
            except Exception:  # one bad round must not end the sweep: it is what finds lost runs
                log.exception("sweep_failed")

    async def _sweep(self) -> None:
        async with self._db.system() as conn:
            # A queued run that nobody took for as long as a lease lasts is queued again: whoever had its job is gone.
            stranded = await conn.fetch("SELECT * FROM system_stranded_runs($1)", interval(self._settings.lease))
        for row in stranded:
            with _apart("run_not_recovered", run_id=str(row["run_id"])):
                await self._recover(row["tenant_id"], row["run_id"])

    async def _fill_shows(self) -> None:
        """Begin the next scripts of shows that have a free place; the show's row decides between several workers."""
        if self._drain_until is not None:
            return
        async with self._db.system() as conn:
            waiting = await conn.fetch("SELECT * FROM system_shows_to_fill()")
        for row in waiting:
            with _apart("show_not_filled", show_id=str(row["show_id"])):
                await shows.fill(self._db, row["tenant_id"], row["show_id"])

    async def _read_memory(self) -> None:
        """Read with the newest embedder what tenants remember, until it serves them; and what was left unread."""
        async with self._db.system() as conn:
            rows = await conn.fetch(
                "SELECT * FROM system_memory_to_build($1, $2)", self._embedder.name, list(self._embedder.known)
            )
        for row in rows:
            with _apart("memory_not_read", tenant_id=str(row["tenant_id"])):
                while self._drain_until is None:
                    if not await embedders.build(self._db, self._embedder, row["tenant_id"], row["name"]):
                        break

    async def _tend(self) -> None:
        """Do what the clock asks of interrupts: expire, go on air, escalate, take claims back."""
        async with self._db.system() as conn:
            due = await conn.fetch(
                "SELECT * FROM system_interrupt_timers($1)", interval(self._settings.escalate_before)
            )
        # A few at a time: when a whole show's questions end at once, the last must not wait for all the others.
        places = asyncio.Semaphore(_TENDED_AT_ONCE)

        async def tend(tenant_id: UUID, interrupt_id: str, what: str) -> None:
            async with places:
                with _apart("interrupt_not_tended", interrupt_id=interrupt_id, due=what):
                    await self._tend_one(tenant_id, interrupt_id, what)

        await asyncio.gather(*(tend(row["tenant_id"], row["interrupt_id"], row["due"]) for row in due))

    async def _tend_one(self, tenant_id: UUID, interrupt_id: str, due: str) -> None:
        match due:
            case "expired":
                await interrupts.expire(self._db, tenant_id, interrupt_id)
            case "on_air":
                await interrupts.go_on_air(self._db, tenant_id, interrupt_id)
            case "returned":
                await claims.return_claim(self._db, tenant_id, interrupt_id)
            case "escalated":
                await claims.escalate(self._db, self._settings, tenant_id, interrupt_id)

    async def _recover(self, tenant_id: UUID, run_id: UUID) -> None:
        # Where another process lets a run of the same thread begin at this moment there is nothing to do any more.
        with contextlib.suppress(UniqueViolation):
            await self._let_go_on(tenant_id, run_id)

    async def _let_go_on(self, tenant_id: UUID, run_id: UUID) -> None:
        async with self._db.tenant(tenant_id) as conn:
            if await runs.requeue_stranded(conn, run_id, self._settings.lease):
                log.warning("run_recovered", run_id=str(run_id))
                await enqueue_run(conn, tenant_id, run_id)
                return
            thread_id = await runs.thread_of_enqueued(conn, run_id)
            if thread_id is not None:  # its turn came while somebody who then died was cancelling it
                await start_next(conn, tenant_id, thread_id)


@contextlib.contextmanager
def _apart(event: str, **values: str) -> Iterator[None]:
    # One that cannot be helped now must not keep the sweep from the others.
    try:
        yield
    except AppError as error:
        log.warning(event, code=error.code, **values)
    except Exception:  # whatever is wrong with this one, the others wait
        log.exception(event, **values)
