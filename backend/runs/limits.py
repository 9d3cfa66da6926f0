"""How often somebody may ask: counted in Redis, for all processes and all ways in together."""

from typing import Any, Final
from uuid import UUID

from backend.errors import RateLimited
from backend.ids import new_id
from backend.storage.redis import Cache

#: Milliseconds.
_WINDOW: Final = 10_000

# The moments of the last messages, by Redis' clock. A window that slides: one that begins anew every ten seconds would
# let twice as many pass around its edge. What is refused does not count. Returns the milliseconds until there is room.
_COUNT: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[1])
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
  local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return math.max(oldest[2] + ARGV[1] - now, 1)
end
redis.call('ZADD', KEYS[1], now, ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 0
"""


async def count_message(cache: Cache, tenant_id: UUID, thread_id: UUID, at_most: int) -> None:
    """Count one message of a thread, of which `at_most` may come within ten seconds; without Redis none is refused.

    Raises:
        RateLimited: it is one too many; `retry_after_ms` tells when there is room again.
    """
    if not cache.available:
        return
    # By tenant too: a stranger who knows a thread's id must not use up its allowance.
    key = f"cuedesk:messages:{tenant_id}:{thread_id}"
    pause: Any = await cache.attempt(cache.client.eval(_COUNT, 1, key, str(_WINDOW), str(at_most), str(new_id())))
    if pause:
        raise RateLimited(retry_after_ms=int(pause))
