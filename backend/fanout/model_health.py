"""What each process knows of the models' health, told to the others: in Redis and with an end, so that it vanishes with
the process. Without Redis a process knows its own.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import orjson

from backend.background import end
from backend.ids import new_id
from backend.storage.redis import Cache

#: Seconds between two tellings, and after which a process that told nothing is gone.
_INTERVAL: Final = 2.0
_TTL: Final = 10.0
_KEY: Final = "cuedesk:model_health"
#: Processes that are read at most.
_MOST: Final = 500

# Tell, forget who is gone. One clock for all: Redis' own.
_TELL: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
for _, process in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now)) do
  redis.call('HDEL', KEYS[2], process)
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
"""
_READ: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local here = redis.call('ZRANGEBYSCORE', KEYS[1], now, '+inf', 'LIMIT', 0, ARGV[1])
if #here == 0 then return {} end
return redis.call('HMGET', KEYS[2], unpack(here))
"""


class ModelHealth:
    """Tells what `own` returns (plain JSON) every two seconds, and reads what everybody told."""

    def __init__(self, cache: Cache, own: Callable[[], dict[str, Any]]) -> None:
        self._cache = cache
        self._own = own
        self._process = str(new_id())

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Tell while the block runs, and that it is over at its end."""
        task = asyncio.create_task(self._tell_on(), name="model health")
        try:
            yield
        finally:
            await end(task)
            if self._cache.available:
                await self._cache.attempt(self._cache.client.zrem(_KEY, self._process))

    async def _tell_on(self) -> None:
        while True:
            await self.tell()
            await asyncio.sleep(_INTERVAL)

    async def tell(self) -> None:
        """Tell once."""
        if not self._cache.available:
            return
        said = orjson.dumps(self._own())
        keys = (_KEY, f"{_KEY}:told")
        await self._cache.attempt(self._cache.client.eval(_TELL, 2, *keys, self._process, int(_TTL * 1000), said))

    async def read(self) -> tuple[list[dict[str, Any]], bool]:
        """Return what every process told, this one's as it is now, and whether these are all: False without Redis."""
        await self.tell()
        answer = None
        if self._cache.available:
            answer = await self._cache.attempt(self._cache.client.eval(_READ, 2, _KEY, f"{_KEY}:told", _MOST))
        if answer is None:
            return [self._own()], False
        told = [orjson.loads(one) for one in answer if one is not None]
        return [one for one in told if isinstance(one, dict)], True
