"""Identical calls at the same time are one call."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Flight(Generic[T]):
    task: asyncio.Task[T]
    waiting: int = 0


class SingleFlight(Generic[T]):
    """Shares the answer, or the error, of a call among all who ask while it is under way."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[T]] = {}

    def under_way(self, key: Hashable) -> bool:
        """Tell whether who flies now joins somebody else."""
        return key in self._flights

    async def fly(self, key: Hashable, call: Callable[[], Awaitable[T]]) -> tuple[T, bool]:
        """Return the result of `call`, or of the same call of somebody else (then with True).

        The call is cancelled when the last one who waits for it is.
        """
        flight = self._flights.get(key)
        shared = flight is not None
        if flight is None:
            flight = self._flights[key] = _Flight(asyncio.create_task(_made(call)))
            flight.task.add_done_callback(lambda _: self._landed(key, flight))
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task), shared
        finally:
            flight.waiting -= 1
            if not flight.waiting and not flight.task.done():
                self._landed(key, flight)
                flight.task.cancel()
                # Whoever cancelled us waits until the provider's line is down.
                await asyncio.wait([flight.task])

    def _landed(self, key: Hashable, flight: _Flight[T]) -> None:
        # Whoever comes from now on asks anew.
        if self._flights.get(key) is flight:
            del self._flights[key]
        if flight.task.done() and not flight.task.cancelled():
            flight.task.exception()  # seen: it may be that nobody waits any more


async def _made(call: Callable[[], Awaitable[T]]) -> T:
    return await call()
