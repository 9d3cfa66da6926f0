"""LangGraph's checkpoints in PostgreSQL: one saver a run on a shared pool, every write fenced."""

import asyncio
import contextlib
import select
from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import UUID

import psycopg
import psycopg_pool
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg.rows import dict_row

from backend.errors import LeaseLost, ServerBusy, StorageUnavailable

#: Any number nobody else uses in this database: "langgrap" in ASCII.
_SETUP_LOCK: Final = 0x6C616E6767726170

CheckpointPool = psycopg_pool.AsyncConnectionPool[psycopg.AsyncConnection[dict[str, Any]]]


@contextlib.asynccontextmanager
async def open_checkpoints(url: str, *, size: int, acquire_timeout: float) -> AsyncIterator[CheckpointPool]:
    """Open the pool that all savers share."""
    checking: set[asyncio.Task[None]] = set()

    async def check(conn: psycopg.AsyncConnection[dict[str, Any]]) -> None:
        # Without a check each connection that a restart of PostgreSQL broke fails once in somebody's run; and when one
        # is broken all are: the pool by itself finds three a second or so, and every run would time out until then.
        try:
            await _check(conn)
        except psycopg.Error:
            if not checking:
                task = asyncio.create_task(pool.check(), name="check all checkpoint connections")
                checking.add(task)
                task.add_done_callback(checking.discard)
            raise

    pool: CheckpointPool = psycopg_pool.AsyncConnectionPool(
        url,
        min_size=size,
        max_size=size,
        timeout=acquire_timeout,
        open=False,
        check=check,
        kwargs={
            "autocommit": True,
            "prepare_threshold": 0,
            "row_factory": dict_row,
            "options": "-c role=cuedesk_app -c jit=off",
            "application_name": "cuedesk checkpoints",
        },
    )
    try:
        await pool.open(wait=True, timeout=10)
    except psycopg_pool.PoolTimeout as error:
        await pool.close(timeout=1)
        raise StorageUnavailable from error
    try:
        yield pool
    finally:
        await pool.close(timeout=5)


async def _check(connection: psycopg.AsyncConnection[dict[str, Any]]) -> None:
    """Raise when PostgreSQL is no more at the other end; called each time a connection leaves the pool."""
    # An idle connection has nothing to read until PostgreSQL says goodbye or something unasked for. Asking the kernel
    # costs two microseconds; asking PostgreSQL would be one more round trip before each write of a run.
    unasked = select.poll()
    unasked.register(connection.fileno(), select.POLLIN)
    if unasked.poll(0):
        await psycopg_pool.AsyncConnectionPool.check_connection(connection)


async def create_tables(owner_url: str) -> None:
    """Create or migrate LangGraph's tables, one process at a time.

    It builds indexes concurrently, so this is no part of a transaction.
    """
    async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as conn:
        # Asked for again and again, not waited for: a statement that waits has a snapshot, and an index that is built
        # concurrently waits for every snapshot, also for those of whoever waits for us.
        while not await _taken(conn):  # noqa: ASYNC110 (the database has no event for it)
            await asyncio.sleep(0.05)
        async with AsyncPostgresSaver.from_conn_string(owner_url) as saver:
            await saver.setup()
        await conn.execute(
            "GRANT SELECT, INSERT, UPDATE, DELETE ON checkpoints, checkpoint_blobs, checkpoint_writes TO cuedesk_app"
        )


async def _taken(conn: psycopg.AsyncConnection[Any]) -> bool:
    cursor = await conn.execute("SELECT pg_try_advisory_lock(%s)", [_SETUP_LOCK])
    row = await cursor.fetchone()
    return row is not None and bool(row[0])


class FencedSaver(AsyncPostgresSaver):
    """A saver for one attempt at one run. A worker that lost its lease cannot write: the fence fails its statement.

    The stock saver serialises everything on one lock even with a pool (langgraph #7259); one saver a run gives each
    run its own lock and they share the pool's connections.
    """

    def __init__(self, pool: CheckpointPool, run_id: UUID, attempt: int) -> None:
        super().__init__(pool)
        self._fence = (str(run_id), attempt)

    @contextlib.asynccontextmanager
    async def _cursor(self, *, pipeline: bool = False) -> AsyncIterator[Any]:
        try:
            async with super()._cursor(pipeline=pipeline) as cursor:
                if pipeline:  # the stock saver opens a pipeline exactly for its writes, and it is one transaction
                    await cursor.execute("SELECT assert_fence(%s::uuid, %s::int)", self._fence)
                yield cursor
        except psycopg_pool.PoolTimeout as error:
            raise ServerBusy from error
        except psycopg.Error as error:
            if error.sqlstate == "CD001":
                raise LeaseLost from error
            if isinstance(error, psycopg.OperationalError):
                raise StorageUnavailable from error
            raise
