"""How often somebody may ask: counted in Redis, for all processes and all ways in together."""

from typing import Final
from uuid import UUID

from backend.errors import RateLimited
from backend.storage.redis import Cache

_WINDOW: Final = 10


async def count_message(cache: Cache, tenant_id: UUID, thread_id: UUID, at_most: int) -> None:
    """Count one message of a thread, of which `at_most` may come within ten seconds; without Redis none is refused.

    Raises:
        RateLimited: it is one too many; `retry_after_ms` tells when the window ends.
    """
    if not cache.available:
        return
    # By tenant too: a stranger who knows a thread's id must not use up its allowance.
    key = f"cuedesk:messages:{tenant_id}:{thread_id}"
    pipeline = cache.client.pipeline(transaction=True)
    pipeline.incr(key)
    pipeline.expire(key, _WINDOW, nx=True)
    pipeline.pttl(key)
    counted = await cache.attempt(pipeline.execute())
    if counted is not None and counted[0] > at_most:
        raise RateLimited(retry_after_ms=max(int(counted[2]), 1))
