"""How long a model may take: the waits of one answer, streamed or whole."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Literal, TypeVar

from backend.errors import ModelTimeout

T = TypeVar("T")
Wait = Literal["connect", "first_token", "idle", "answer", "total"]


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds: to connect; of a streamed answer to the first token and between two chunks of bytes; to a whole answer
    that is not streamed; for everything with its retries and fallbacks; and from the first failure of a backend until
    the last one of its route is asked (call.py)."""

    connect: float = 5
    first_token: float = 20
    idle: float = 15
    answer: float = 60
    total: float = 120
    switch: float = 60

    def plain(self) -> dict[str, float]:
        """Return them by name."""
        return asdict(self)


class Patience:
    """Ends a wait that lasts too long: `wait` says which one runs, `when` when it is over on the loop's clock.

    One timer serves the whole answer and looks only when the time of the wait it was set for is over; a timeout of its
    own for each chunk of bytes (`asyncio.timeout`) costs as much as reading the chunk. Time that the reader of the
    answer takes between two waits counts for nothing: nothing is ended then.

    What is awaited once goes through `until`. What is awaited once a token, and can be told to give up, is `watched`
    while it is awaited, with `watch` before it: that calls nothing and cancels no task.
    """

    __slots__ = ("_alarm", "_loop", "_over", "_waiting", "alarm_at", "wait", "watched", "when")

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._alarm: asyncio.TimerHandle | None = None
        #: When it looks next; never while nothing is set.
        self.alarm_at = math.inf
        self._waiting: asyncio.Task[object] | None = None
        self._over = False
        #: Ends the step under way with an error; returns whether it could, or something has come just now.
        self.watched: Callable[[ModelTimeout], bool] | None = None
        self.wait: Wait = "first_token"
        self.when = self._loop.time()

    def begin(self, wait: Wait, when: float) -> None:
        """From now on it is this wait, until `when`."""
        self.wait, self.when = wait, when

    async def until(self, awaitable: Awaitable[T]) -> T:
        """Await one step of the wait that runs; `ModelTimeout`, naming the wait, when it is over first."""
        self.watch()
        self._waiting = task = asyncio.current_task(self._loop)
        assert task is not None
        cancelling = task.cancelling()
        try:
            return await awaitable
        except asyncio.CancelledError:
            # Ours only where nobody else wants the task to end.
            if self._over and task.uncancel() <= cancelling:
                raise ModelTimeout(kind=self.wait) from None
            raise
        finally:
            self._waiting = None

    def watch(self) -> None:
        """See that the wait that runs is ended in time."""
        if self.alarm_at > self.when:
            self._set()

    def close(self) -> None:
        """Look no more."""
        if self._alarm is not None:
            self._alarm.cancel()

    def _set(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self.alarm_at = self.when
        self._alarm = self._loop.call_at(self.when, self._look)

    def _look(self) -> None:
        self._alarm, self.alarm_at = None, math.inf
        if self._waiting is None and self.watched is None:
            return  # the next wait sets it again
        if self._loop.time() < self.when:
            self._set()
        elif self._waiting is not None:
            self._over = True
            self._waiting.cancel()
        elif self.watched is not None and not self.watched(ModelTimeout(kind=self.wait)):
            self._set()  # what came is read first, and may be no more than a part of what is awaited
