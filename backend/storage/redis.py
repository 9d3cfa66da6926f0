"""Redis or Valkey: carries only what may be lost, so it fails fast and never takes the caller down with it."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable
from typing import TypeVar

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

T = TypeVar("T")

#: What a call to Redis may raise when Redis is not well.
Unwell = (RedisError, OSError, TimeoutError)


#: Seconds that one call may take, its second try on a new connection included.
_PATIENCE = 1.0


class Cache:
    """A client with a breaker: after a failure one call a second asks whether Redis is back, the others do not try."""

    def __init__(self, client: "Redis", *, pause: float = 1.0) -> None:
        self.client = client
        self._pause = pause
        self._closed_until = 0.0
        self._well = True

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, url: str) -> AsyncIterator["Cache"]:
        """Make the client; nothing is sent before the first use, so a Redis that is down does not stop the start."""
        # The library's default of ten retries takes 3.9 s to fail; we would rather lose the animation.
        pool = BlockingConnectionPool.from_url(
            url, socket_timeout=1, socket_connect_timeout=1, retry=Retry(NoBackoff(), 1), max_connections=16, timeout=1
        )
        client = Redis(connection_pool=pool)
        try:
            yield cls(client)
        finally:
            with contextlib.suppress(*Unwell):
                await client.aclose(close_connection_pool=True)

    @property
    def available(self) -> bool:
        """Whether a call is worth trying now."""
        return time.monotonic() >= self._closed_until

    async def attempt(self, call: Awaitable[T]) -> T | None:
        """Await `call` for at most a second; on failure open the breaker and return None."""
        caller = asyncio.current_task()
        assert caller is not None, "awaited by a task"
        cancelled_before = caller.cancelling()
        if not self._well:
            # This is the probe; whoever comes meanwhile does not wait for its end too.
            self._closed_until = time.monotonic() + self._pause
        try:
            async with asyncio.timeout(_PATIENCE):
                answer = await call
        except Unwell as error:
            if self._well:  # once an outage, not once a second
                log.warning("redis_unwell", error=type(error).__name__)
            self._well = False
            self._closed_until = time.monotonic() + self._pause
            return None
        if caller.cancelling() > cancelled_before:
            # The library sends in `asyncio.wait_for`, which in Python 3.11 forgets a cancellation that comes in the
            # moment of its end. A cancel scope says it again in its own words; else it is for us to say.
            await asyncio.sleep(0)
            raise asyncio.CancelledError
        if not self._well:
            log.info("redis_well")
            self._well, self._closed_until = True, 0.0
        return answer
