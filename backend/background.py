"""Ending what runs in the background."""

import asyncio
from typing import Any, Final

import structlog

log = structlog.get_logger(__name__)

#: Seconds that a cancelled task may take to tidy up before it is cancelled once more.
_AGAIN: Final = 2.0


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel the tasks and wait until they are over; what one of them failed of is logged.

    Once is not enough for a loop: in Python 3.11 `asyncio.wait_for` forgets a cancellation that comes in the moment
    in which its work is done, and redis-py sends every command in one.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        over, left = await asyncio.wait(left, timeout=_AGAIN)
        for task in over:
            error = None if task.cancelled() else task.exception()
            if error is not None:
                log.error("background_failed", task=task.get_name(), exc_info=error)
