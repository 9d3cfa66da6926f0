"""What a call may use at most, told before it, and what it did use, told after it. Who keeps count is behind `Budgets`.

Tokens and calls are counted in windows that slide: one that begins anew every minute lets twice as much pass around
its edge. `Window` counts for one tenant in this process; runs/budgets.py counts the same way for all processes.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal, Protocol
from uuid import UUID

#: Seconds: of the windows in which tokens, and calls, are counted.
TOKENS_WINDOW: Final = 60.0
CALLS_WINDOW: Final = 1.0
#: Tokens of an answer for which nobody set a limit.
USUAL_OUTPUT: Final = 1000

#: Why a call was refused: a stable word for programs.
BudgetReason = Literal["tokens_per_minute", "calls_per_second", "cost_per_month"]


@dataclass(frozen=True, slots=True)
class Reservation:
    """What one call may use: input as estimated, output as far as it is limited. The dearest backend counts.

    `lasts` is how many seconds the call takes at most.
    """

    call: UUID
    tenant_id: UUID
    tokens: int
    cost: Decimal
    currency: str
    lasts: float


class Budgets(Protocol):
    """Keeps tenants within what they may use."""

    async def reserve(self, wanted: Reservation) -> None:
        """Hold back what a call may use.

        Raises:
            ModelRateExceeded: too much for this minute or second; `retry_after_ms` says when there is room.
            ModelBudgetSpent: too much for this month.
            StorageUnavailable, ServerBusy: the tenant's money is counted by a database that does not answer.
        """
        ...

    def settle(self, wanted: Reservation, tokens: int) -> None:
        """Say what was used in the end. Never waits, never fails."""
        ...


class Unlimited:
    """No budgets: for what runs on nobody's account."""

    async def reserve(self, wanted: Reservation) -> None:
        """Everything is granted."""

    def settle(self, wanted: Reservation, tokens: int) -> None:
        """Nothing is counted."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no room, and in how many seconds there will be some."""

    reason: BudgetReason
    retry_after: float


class Window:
    """The calls and tokens of one tenant in the last minute. Pure but for the clock: seconds that never go back."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._begun: deque[tuple[float, UUID]] = deque()
        self._tokens: dict[UUID, int] = {}
        self._sum = 0

    @property
    def empty(self) -> bool:
        self._forget()
        return not self._begun

    def take(
        self, call: UUID, tokens: int, *, tokens_per_minute: int | None, calls_per_second: int | None
    ) -> Refusal | None:
        """Count a call, or say why not. A call that is larger than the whole window passes when nothing is in it."""
        self._forget()
        now = self._clock()
        if calls_per_second is not None and len(self._begun) >= calls_per_second:
            wait = self._begun[-calls_per_second][0] + CALLS_WINDOW - now
            if wait > 0:
                return Refusal("calls_per_second", wait)
        if tokens_per_minute is not None and self._sum > 0 and self._sum + tokens > tokens_per_minute:
            return Refusal("tokens_per_minute", self._room_at(max(0, tokens_per_minute - tokens)) - now)
        self._begun.append((now, call))
        self._tokens[call] = tokens
        self._sum += tokens
        return None

    def settle(self, call: UUID, tokens: int) -> bool:
        """Put what was used in the place of what was held back; False when it is not known here (any more)."""
        if call not in self._tokens:
            return False
        self._sum += tokens - self._tokens[call]
        self._tokens[call] = tokens
        return True

    def _room_at(self, left: int) -> float:
        """Return when no more than `left` tokens are counted."""
        counted, when = self._sum, self._clock()
        for begun, call in self._begun:
            counted -= self._tokens[call]
            when = begun + TOKENS_WINDOW
            if counted <= left:
                break
        return when

    def _forget(self) -> None:
        now = self._clock()
        while self._begun and self._begun[0][0] + TOKENS_WINDOW <= now:
            _, call = self._begun.popleft()
            self._sum -= self._tokens.pop(call)
