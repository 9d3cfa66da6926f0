"""LangGraph's checkpoints in PostgreSQL: one saver a run on a shared pool, every write fenced."""

import asyncio
import contextlib
import select
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

import orjson
import psycopg
import psycopg_pool
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    get_serializable_checkpoint_metadata,
)
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.checkpoint.serde.types import ERROR, INTERRUPT
from langgraph.constants import START
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from backend.errors import CheckpointDamaged, LeaseLost, ServerBusy, StorageUnavailable

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


#: In one statement each, which is one transaction and one round trip. `%b` sends the values as the bytes they are.
_SAVE_CHECKPOINT: Final = """SELECT save_checkpoint(%s::uuid, %s::int, %s::text, %s::text, %s::text,
  %s::jsonb, %s::jsonb, %s::text[], %s::text[], %s::text[], %b::bytea[], %s::int, %s::text[], %s::text[], %s::text)"""
_SAVE_WRITES: Final = """SELECT save_writes(%s::uuid, %s::int, %s::text, %s::text, %s::text, %s::text, %s::boolean,
  %s::int[], %s::text[], %s::text[], %b::bytea[], %s::text)"""
_STATUS_OF: Final = {INTERRUPT: "waiting", ERROR: "failed"}


class FencedSaver(AsyncPostgresSaver):
    """A saver for one attempt at one run. A worker that lost its lease cannot write: the fence fails its statement.

    Each checkpoint gets its row in our index (`run_checkpoints`) in the transaction that writes it.

    The stock saver serialises everything on one lock even with a pool (langgraph #7259); one saver a run gives each
    run its own lock and they share the pool's connections.
    """

    def __init__(self, pool: CheckpointPool, run_id: UUID, attempt: int, trace_id: str) -> None:
        super().__init__(pool)
        self._fence = (str(run_id), attempt)
        self._trace_id = trace_id
        self._seen: Mapping[str, Any] = {}
        self._latest: str | None = None
        self._looked = False

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        """Load a checkpoint, the last one where the config names none.

        What this attempt goes on from is compared with its checksum first.

        Raises:
            CheckpointDamaged: what is stored is not what was written.
        """
        if not self._looked:
            self._latest = await self._find_latest()
            self._looked = True
        to = config["configurable"]
        if self._latest is not None and not to.get("checkpoint_id") and not to.get("checkpoint_ns"):
            config = {**config, "configurable": {**to, "checkpoint_id": self._latest}}
        found = await super().aget_tuple(config)
        if found is not None:
            self._seen = _seen(found.checkpoint)
        return found

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Write a checkpoint and its row of the index, or neither."""
        seen = _seen(checkpoint)
        nodes = sorted(name for name, versions in seen.items() if self._seen.get(name) != versions)
        to = config["configurable"]
        # As the stock saver does: plain values stand in the checkpoint, all others beside it, by channel and version.
        plain, blobs = {}, []
        for channel, value in checkpoint["channel_values"].items():
            if value is None or isinstance(value, str | int | float | bool):
                plain[channel] = value
            elif channel in new_versions:
                blobs.append((channel, str(new_versions[channel]), *self.serde.dumps_typed(value)))
        channels, versions, types, values = zip(*blobs, strict=True) if blobs else ((), (), (), ())
        await self._save(
            _SAVE_CHECKPOINT,
            (
                *self._fence,
                to.get("checkpoint_ns", ""),
                checkpoint["id"],
                to.get("checkpoint_id"),
                _json({**checkpoint, "channel_values": plain}),
                _json(get_serializable_checkpoint_metadata(config, metadata)),
                list(channels),
                list(versions),
                list(types),
                list(values),
                metadata["step"],
                nodes,
                following(checkpoint),
                self._trace_id,
            ),
        )
        self._seen = seen
        if not to.get("checkpoint_ns"):
            self._latest = checkpoint["id"]
        place = {"thread_id": to["thread_id"], "checkpoint_ns": to.get("checkpoint_ns", "")}
        return {"configurable": {**place, "checkpoint_id": checkpoint["id"]}}

    async def aput_writes(
        self, config: RunnableConfig, writes: Sequence[tuple[str, Any]], task_id: str, task_path: str = ""
    ) -> None:
        """Write what a node did, or that it asks or failed, which the index tells of the checkpoint it began from."""
        to = config["configurable"]
        dumped = [self.serde.dumps_typed(value) for _, value in writes]
        await self._save(
            _SAVE_WRITES,
            (
                *self._fence,
                to.get("checkpoint_ns", ""),
                to["checkpoint_id"],
                task_id,
                task_path,
                all(channel in WRITES_IDX_MAP for channel, _ in writes),
                [WRITES_IDX_MAP.get(channel, place) for place, (channel, _) in enumerate(writes)],
                [channel for channel, _ in writes],
                [kind for kind, _ in dumped],
                [value for _, value in dumped],
                next((_STATUS_OF[channel] for channel, _ in writes if channel in _STATUS_OF), None),
            ),
        )

    async def _save(self, statement: str, values: Sequence[Any]) -> None:
        async with self._cursor() as cursor:
            await cursor.execute(statement, values)

    async def _find_latest(self) -> str | None:
        # By the step, which only grows in a run: the ids, by which the stock saver goes, are made by the clock of
        # whichever worker wrote them. One whose clock was ahead would have the last word long after it is gone.
        async with self._cursor() as cursor:
            await cursor.execute(
                """SELECT checkpoint_id, system_checkpoint_intact(%s::uuid, checkpoint_id) AS intact FROM (
                     SELECT checkpoint_id FROM checkpoints WHERE thread_id = %s AND checkpoint_ns = ''
                     ORDER BY (metadata ->> 'step')::int DESC, checkpoint_id DESC LIMIT 1) AS latest""",
                (self._fence[0], self._fence[0]),
            )
            row = await cursor.fetchone()
        if row is None:
            return None
        # A value that was changed in the tables would be believed, or break a node in a way nobody understands.
        if not row["intact"]:
            raise CheckpointDamaged(run_id=self._fence[0])
        return str(row["checkpoint_id"])

    @contextlib.asynccontextmanager
    async def _cursor(self, *, pipeline: bool = False) -> AsyncIterator[Any]:
        try:
            async with super()._cursor(pipeline=pipeline) as cursor:
                yield cursor
        except psycopg_pool.PoolTimeout as error:
            raise ServerBusy from error
        except psycopg.Error as error:
            if error.sqlstate == "CD001":
                raise LeaseLost from error
            if isinstance(error, psycopg.OperationalError):
                raise StorageUnavailable from error
            raise


def following(checkpoint: Checkpoint) -> list[str]:
    """Return the nodes that go on from a checkpoint, sorted; none when the graph has come to its end there."""
    # LangGraph triggers a node by writing `branch:to:NODE`, or `join:A+B:NODE` when several lead to it; the input is
    # written to `__start__`.
    triggers = (name.split(":") for name in checkpoint.get("updated_channels") or ())
    return sorted({parts[-1] for parts in triggers if parts[0] in ("branch", "join", START)})


def _seen(checkpoint: Checkpoint) -> dict[str, dict[str, Any]]:
    # A copy: LangGraph goes on writing into the checkpoint that it loaded.
    return {name: dict(v) for name, v in checkpoint["versions_seen"].items() if not name.startswith("__")}


def _json(value: Any) -> Jsonb:
    return Jsonb(value, dumps=orjson.dumps)
