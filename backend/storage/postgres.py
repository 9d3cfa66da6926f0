"""PostgreSQL: the pool, and the two ways in — for one tenant, or for the functions that look across tenants."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, TypeAlias
from uuid import UUID

import asyncpg
import orjson
import structlog

from backend.errors import BadRequest, LeaseLost, ServerBusy, StorageUnavailable

log = structlog.get_logger(__name__)

#: An asyncpg connection inside a transaction; rows are `asyncpg.Record`, `jsonb` comes as plain Python values.
Connection: TypeAlias = "asyncpg.pool.PoolConnectionProxy[asyncpg.Record] | asyncpg.Connection[asyncpg.Record]"
Record = asyncpg.Record
UniqueViolation = asyncpg.UniqueViolationError
ForeignKeyViolation = asyncpg.ForeignKeyViolationError

_APP_ROLE = "cuedesk_app"
_FENCE_SQLSTATE = "CD001"
#: Seconds of silence after which a listening connection is asked whether it lives, and for its answer.
_LISTEN_CHECK = 5.0
_GOING_DOWN = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)
#: What PostgreSQL answers who knocks while it is there and lets nobody in: no room, a maintenance, a restore.
_REFUSING = (
    asyncpg.InsufficientResourcesError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
)
#: What the client's side says of a connection that is no more. An InternalClientError is how asyncpg tells that the
#: server's goodbye has come and the end of the line has not: its state machine then takes no statement.
_BROKEN = (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)
_UNREACHABLE = (*_BROKEN, *_GOING_DOWN)


def _dump_json(value: Any) -> str:
    # A str is JSON text already: pgqueuer writes its own. We store objects and lists, never a bare string.
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()


async def _prepare(conn: asyncpg.Connection[asyncpg.Record]) -> None:
    for name in ("json", "jsonb"):
        await conn.set_type_codec(name, schema="pg_catalog", encoder=_dump_json, decoder=orjson.loads)


async def _keep(_: Any) -> None:
    # Everything we set is SET LOCAL, so a released connection needs no RESET round trip.
    return None


class Database:
    """The pool of connections as the application's role, which row-level security binds."""

    def __init__(self, url: str, pool: asyncpg.Pool[asyncpg.Record], acquire_timeout: float) -> None:
        self.url = url
        self._pool = pool
        self._acquire_timeout = acquire_timeout
        # Crowds use half of the pool at most; the other half stays for what people do and for runs.
        self._turns = asyncio.Semaphore(max(1, pool.get_max_size() // 2))

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, url: str, *, size: int, acquire_timeout: float) -> AsyncIterator[Database]:
        """Connect to `url` with up to `size` connections, all opened now.

        Raises:
            StorageUnavailable: nobody answers there.
        """
        try:
            pool = await asyncpg.create_pool(
                url, min_size=size, max_size=size, init=_prepare, reset=_keep, timeout=10, **connect_options()
            )
        except (*_UNREACHABLE, TimeoutError) as error:
            raise StorageUnavailable(f"PostgreSQL cannot be reached: {type(error).__name__}") from error
        try:
            yield cls(url, pool, acquire_timeout)
        finally:
            try:
                await asyncio.wait_for(pool.close(), 5)
            except TimeoutError:
                pool.terminate()

    def patient(self, acquire_timeout: float) -> Database:
        """Return the same pool for somebody who waits up to `acquire_timeout` seconds for a connection."""
        return Database(self.url, self._pool, acquire_timeout)

    @contextlib.asynccontextmanager
    async def tenant(self, tenant_id: UUID, *, in_turn: bool = False) -> AsyncIterator[Connection]:
        """Give a transaction that sees one tenant's rows only; it commits when the block ends well.

        `in_turn` is for what comes in crowds (thousands of sockets that reconnect): it waits in line for its half of
        the pool, however long, instead of failing when the pool is busy.

        Raises:
            ServerBusy: no connection became free in time.
            StorageUnavailable: PostgreSQL is not there.
            LeaseLost: a fenced write came from a worker that no longer holds the run.
        """
        async with self._transaction(f"BEGIN; SET LOCAL app.tenant = '{UUID(str(tenant_id))}'", in_turn) as conn:
            yield conn

    @contextlib.asynccontextmanager
    async def system(self, *, in_turn: bool = False) -> AsyncIterator[Connection]:
        """Give a transaction that sees no tenant's rows: only the `auth_…` and `system_…` functions answer there.

        `in_turn`: as for `tenant`.
        """
        async with self._transaction("BEGIN", in_turn) as conn:
            yield conn

    @contextlib.asynccontextmanager
    async def _transaction(self, begin: str, in_turn: bool) -> AsyncIterator[Connection]:
        async with self._turns if in_turn else contextlib.nullcontext(), self._acquired(begin) as conn:
            yield conn

    @contextlib.asynccontextmanager
    async def _acquired(self, begin: str) -> AsyncIterator[Connection]:
        with _translated():
            try:
                conn = await self._pool.acquire(timeout=self._acquire_timeout)
            except TimeoutError:
                raise ServerBusy(retry_after_ms=1000) from None
            try:
                await conn.execute(begin)
                try:
                    yield conn
                except BaseException:
                    # The connection may be the reason; then the pool throws it away when it comes back.
                    with contextlib.suppress(*_UNREACHABLE, asyncpg.PostgresError):
                        await conn.execute("ROLLBACK")
                    raise
                await conn.execute("COMMIT")
            finally:
                await self._pool.release(conn)

    @contextlib.asynccontextmanager
    async def reserved(self) -> AsyncIterator[Reserved]:
        """Give a connection of its own, outside the pool, so that leases are renewed however busy the pool is.

        Raises:
            StorageUnavailable: nobody answers.
        """
        connection = Reserved(self.url)
        try:
            # Now, not when the first lease is due: to connect takes long where everybody is busy.
            await connection.fetch("SELECT true", timeout=10)
            yield connection
        finally:
            await connection.aclose()


class Reserved:
    """One connection outside the pool, rebuilt when it breaks; its statements run one after the other."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._conn: asyncpg.Connection[asyncpg.Record] | None = None
        self._lock = asyncio.Lock()

    async def fetch(self, query: str, *args: Any, timeout: float) -> list[asyncpg.Record]:
        """Run one statement outside any tenant.

        Raises:
            StorageUnavailable: PostgreSQL is not there, or did not answer within `timeout` seconds.
        """
        async with self._lock:
            try:
                async with asyncio.timeout(timeout):
                    if self._conn is None or self._conn.is_closed():
                        self._conn = await asyncpg.connect(self._url, **connect_options())
                    return list(await self._conn.fetch(query, *args))
            except (*_UNREACHABLE, TimeoutError, asyncpg.PostgresError) as error:
                # Whatever it is: the loop that prolongs leases must live to ask again.
                if self._conn is not None:
                    self._conn.terminate()
                    self._conn = None
                raise StorageUnavailable from error

    async def aclose(self) -> None:
        """Close it."""
        if self._conn is not None:
            self._conn.terminate()


@contextlib.asynccontextmanager
async def as_owner(owner_url: str) -> AsyncIterator[Connection]:
    """Give one transaction of the database's owner, which row-level security does not bind: for seeding only.

    Raises:
        StorageUnavailable: nobody answers at `owner_url`.
    """
    with _translated():
        conn = await asyncpg.connect(owner_url, timeout=10)
        try:
            await _prepare(conn)
            async with conn.transaction():
                yield conn
        finally:
            await conn.close()


async def listen(
    url: str,
    channels: Sequence[str],
    on_notice: Callable[[str, str], None],
    on_connected: Callable[[], Awaitable[None]],
) -> None:
    """Follow NOTIFY on `channels` until cancelled, connecting again whenever the connection dies.

    `on_notice(channel, payload)` is called for each notice; `on_connected()` after each (re)connection, when notices
    may have been missed and the caller should look for itself.
    """
    pause = 0.05
    while True:
        try:
            conn = await asyncpg.connect(url, timeout=5, **connect_options())
        except (*_UNREACHABLE, TimeoutError, asyncpg.PostgresError) as error:
            log.warning("listen_unreachable", error=type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)
            continue
        pause = 0.05
        gone = asyncio.Event()
        try:
            conn.add_termination_listener(lambda _, gone=gone: gone.set())
            for channel in channels:
                await conn.add_listener(channel, lambda _c, _pid, channel, payload: on_notice(channel, str(payload)))
            await on_connected()
            log.info("listening", channels=list(channels))
            await _until_gone(conn, gone)
            log.warning("listen_lost")
        except (*_UNREACHABLE, TimeoutError, asyncpg.PostgresError) as error:
            log.warning("listen_lost", error=type(error).__name__)
        finally:
            conn.terminate()


async def _until_gone(conn: asyncpg.Connection[asyncpg.Record], gone: asyncio.Event) -> None:
    """Wait until the connection is over: it says so itself, or it does not answer any more (a cable, a firewall)."""
    while not gone.is_set():
        try:
            await asyncio.wait_for(gone.wait(), _LISTEN_CHECK)
        except TimeoutError:
            await conn.execute("SELECT", timeout=_LISTEN_CHECK)


def connect_options() -> dict[str, Any]:
    """Return how every connection is opened: as the application's role, under its own name."""
    # `role` as a start-up parameter: RESET ROLE leads back to it, not to the owner.
    return {
        "server_settings": {"role": _APP_ROLE, "application_name": "cuedesk", "jit": "off"},
        "command_timeout": 30,
    }


def interval(seconds: float) -> timedelta:
    """Return the value that PostgreSQL's `interval` takes."""
    return timedelta(seconds=seconds)


@contextlib.contextmanager
def _translated() -> Any:
    try:
        yield
    except asyncpg.PostgresError as error:
        if error.sqlstate == _FENCE_SQLSTATE:
            raise LeaseLost from error
        if isinstance(error, _GOING_DOWN):
            raise StorageUnavailable from error
        if isinstance(error, (asyncpg.TooManyConnectionsError, asyncpg.DeadlockDetectedError)):
            raise ServerBusy(retry_after_ms=1000) from error
        if isinstance(error, _REFUSING):
            raise StorageUnavailable from error
        if isinstance(error, (asyncpg.UntranslatableCharacterError, asyncpg.CharacterNotInRepertoireError)):
            raise BadRequest("the text holds a character that cannot be stored") from error
        raise
    except _BROKEN as error:
        raise StorageUnavailable from error
