"""The one retry policy for models: only before the first piece, few, spread out, and as the provider asks."""

import asyncio
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final

from backend.errors import ModelError, ModelRateLimited, ModelTimeout, ModelUnavailable
from backend.llm.gateway import Piece

MAX_RETRIES: Final = 2
FIRST_PAUSE: Final = 0.5
#: Seconds. A provider that asks for a longer pause is not waited for; the caller learns how long it asked.
LONGEST_PAUSE: Final = 10.0


def pause_before(retry: int, error: ModelError) -> float | None:
    """Return the seconds to wait before the `retry`-th retry (from 1) after `error`; None when there should be none."""
    unreached = isinstance(error, ModelTimeout) and error.details.get("kind") == "connect"
    if retry > MAX_RETRIES or not (unreached or isinstance(error, ModelRateLimited | ModelUnavailable)):
        return None
    if error.retry_after_ms is not None:
        asked = error.retry_after_ms / 1000
        # A little spread on top, or all that were told the same second come back in it.
        return asked + random.uniform(0, 0.25) if asked <= LONGEST_PAUSE else None  # noqa: S311
    return random.uniform(0, min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (retry - 1)))  # noqa: S311


async def retried(attempt: Callable[[], AsyncGenerator[Piece, None]], give_up_at: float) -> AsyncGenerator[Piece, None]:
    """Yield the pieces of the first attempt that begins to answer; `give_up_at` is on the loop's clock."""
    loop = asyncio.get_running_loop()
    retry = 0
    while True:
        begun = False
        try:
            async with aclosing(attempt()) as pieces:
                async for piece in pieces:
                    begun = True
                    yield piece
            return
        except ModelError as error:
            retry += 1
            pause = None if begun else pause_before(retry, error)
            if pause is None or loop.time() + pause >= give_up_at:
                raise
        await asyncio.sleep(pause)
