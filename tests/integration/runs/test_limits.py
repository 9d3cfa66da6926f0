"""How often somebody may ask on a thread: at most so often in any ten seconds, not in those of a calendar."""

import asyncio

import pytest

from backend.errors import RateLimited
from backend.ids import new_id
from backend.runs import limits
from backend.runs.limits import count_message
from backend.storage.redis import Cache


async def test_in_no_ten_seconds_more_than_allowed_come_through_and_refused_ones_do_not_count(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "_WINDOW", 600)
    async with Cache.open(redis_url) as cache:
        tenant, thread = new_id(), new_id()
        passed: list[float] = []
        pauses: list[int] = []
        for attempt in range(60):
            seconds, micros = await cache.client.time()
            try:
                await count_message(cache, tenant, thread, 3)
            except RateLimited as refused:
                pauses.append(refused.retry_after_ms or 0)
            else:
                passed.append(seconds * 1000 + micros / 1000)
            # One, and the others late in its window: one that began anew then would let as many pass at once again.
            await asyncio.sleep(0.03 if attempt else 0.4)
        # The moment was read before the call, so it may be earlier than what is counted: by less than a window's tenth.
        assert all(0 < pause <= 600 for pause in pauses)
        gaps = [later - earlier for earlier, later in zip(passed, passed[3:], strict=False)]
        assert gaps, "nobody was let in again"
        assert min(gaps) > 540
        await count_message(cache, tenant, new_id(), 3)
        await count_message(cache, new_id(), thread, 3)
