"""The job queue in PostgreSQL (pgqueuer): enqueue within a transaction, work through a connection of its own."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import timedelta

import asyncpg
import structlog
from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.errors import RetryRequested
from pgqueuer.models import Job

from backend.errors import ServerBusy, StorageUnavailable
from backend.storage.postgres import Connection, connect_options

log = structlog.get_logger(__name__)

#: Seconds until a job is tried again that found the database away or busy.
_AGAIN = 2.0

Work = Callable[[bytes], Awaitable[None]]


async def enqueue(conn: Connection, entrypoint: str, payload: bytes, *, after: float = 0) -> None:
    """Queue one job; it exists when the transaction of `conn` commits, and a worker is told at that moment.

    It is not taken before `after` seconds are over by the database's clock.
    """
    queries = Queries.from_asyncpg_connection(conn)  # type: ignore[arg-type]
    await queries.enqueue(entrypoint, payload, execute_after=timedelta(seconds=after))


class JobQueue:
    """The consuming side."""

    def __init__(self, manager: QueueManager, concurrency: int) -> None:
        self._manager = manager
        self._concurrency = concurrency

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, url: str, works: Mapping[str, Work], *, concurrency: int) -> AsyncIterator["JobQueue"]:
        """Connect; `works` maps entry points to what is done with a payload."""
        try:
            pool = await asyncpg.create_pool(url, min_size=3, max_size=3, timeout=10, **connect_options("jobs"))
        except (OSError, TimeoutError, asyncpg.PostgresError) as error:
            raise StorageUnavailable from error
        manager = QueueManager(Queries(AsyncpgPoolDriver(pool)))
        for name, work in works.items():
            manager.entrypoint(name)(_unpacked(work, manager.shutdown))
        try:
            yield cls(manager, concurrency)
        finally:
            pool.terminate()

    async def run(self) -> None:
        """Take jobs until `stop`; then wait for those at work."""
        await self._manager.run(
            batch_size=min(10, max(1, self._concurrency // 2)),
            max_concurrent_tasks=self._concurrency,
            # A listener that died is covered by looking at the queue this often anyway.
            dequeue_timeout=timedelta(seconds=1),
        )

    def stop(self) -> None:
        """Take no more jobs."""
        self._manager.shutdown.set()


def _unpacked(work: Work, ending: asyncio.Event) -> Callable[[Job], Awaitable[None]]:
    async def execute(job: Job) -> None:
        while True:
            try:
                return await work(job.payload or b"")
            except (StorageUnavailable, ServerBusy) as error:
                # Tried again here: to ask the queue for it is a write to the very database that is away, and pgqueuer
                # drops a job for which that fails. If this process dies meanwhile, another takes the job over.
                log.warning("job_waits_for_storage", job=job.entrypoint, code=error.code)
                if ending.is_set():
                    raise RetryRequested(reason=error.code) from error
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(ending.wait(), _AGAIN)

    return execute
