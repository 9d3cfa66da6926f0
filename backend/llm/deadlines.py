"""How long a model may take, as the four waits of one streamed answer."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Literal, TypeVar

from backend.errors import ModelTimeout

T = TypeVar("T")
Wait = Literal["connect", "first_token", "idle", "total"]


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds: to connect, to the first token, between two chunks of bytes, and for everything with its retries."""

    connect: float = 5
    first_token: float = 20
    idle: float = 15
    total: float = 120


async def until(awaitable: Awaitable[T], when: float, wait: Wait) -> T:
    """Await one step until `when` on the loop's clock, else raise `ModelTimeout` that names the wait.

    Give it a single `__anext__`, never a loop with a `yield` in it: a timeout that spans a yield cancels the consumer.
    """
    try:
        async with asyncio.timeout_at(when):
            return await awaitable
    except TimeoutError:
        raise ModelTimeout(kind=wait) from None
