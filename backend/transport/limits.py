"""How often somebody may ask: counted in Redis, for all processes together."""

from uuid import UUID

from backend.errors import RateLimited
from backend.storage.redis import Cache

_WINDOW = 10


class MessageLimit:
    """At most so many messages per thread within ten seconds. Without Redis nothing is refused."""

    def __init__(self, cache: Cache, messages: int) -> None:
        self._cache = cache
        self._messages = messages

    async def check(self, thread_id: UUID) -> None:
        """Count one message.

        Raises:
            RateLimited: it is one too many; `retry_after_ms` tells when the window ends.
        """
        if not self._cache.available:
            return
        key = f"cuedesk:messages:{thread_id}"
        pipeline = self._cache.client.pipeline(transaction=True)
        pipeline.incr(key)
        pipeline.expire(key, _WINDOW, nx=True)
        pipeline.pttl(key)
        counted = await self._cache.attempt(pipeline.execute())
        if counted is not None and counted[0] > self._messages:
            raise RateLimited(retry_after_ms=max(int(counted[2]), 1))
