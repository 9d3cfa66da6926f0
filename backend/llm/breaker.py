"""The circuit breaker before one model: who keeps failing is left alone, then asked by one caller, then trusted."""

import math
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final, Literal

State = Literal["closed", "open", "half_open"]


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """It opens after `in_a_row` failures, or when of at least `enough` outcomes in the last `window` seconds `share`
    are failures. It stays open `rest` seconds, twice as long each time it fails again, `longest_rest` at most; then
    one call at a time is let through, and `probes` successes in a row close it."""

    in_a_row: int = 5
    window: float = 60.0
    enough: int = 20
    share: float = 0.6
    rest: float = 5.0
    longest_rest: float = 60.0
    probes: int = 2
    #: No more outcomes than these are remembered.
    remembered: int = 50


class Permit:
    """Leave to make one call. Say once how it went; what is said later, or of an earlier state, changes nothing."""

    __slots__ = ("_breaker", "_epoch", "_said", "probe")

    def __init__(self, breaker: "Breaker", epoch: int, *, probe: bool) -> None:
        self._breaker = breaker
        self._epoch = epoch
        self._said = False
        #: Whether this is the one call that finds out.
        self.probe = probe

    def succeed(self) -> None:
        """The model answered, be it that our request was wrong."""
        self._tell(True)

    def fail(self, of: Hashable | None = None) -> None:
        """The model failed. `of` is what was asked: what failed of the same within the window teaches nothing more."""
        self._tell(False, of)

    def leave(self) -> None:
        """Nothing was learned: the caller left, or it was no fault of the model."""
        self._tell(None)

    def _tell(self, outcome: bool | None, of: Hashable | None = None) -> None:
        if not self._said:
            self._said = True
            self._breaker._told(self._epoch, outcome, of)


class Breaker:
    """Pure but for the clock it is given: seconds that never go back."""

    def __init__(self, clock: Callable[[], float], rules: BreakerRules | None = None) -> None:
        self._clock = clock
        self._rules: Final = rules or BreakerRules()
        self._outcomes: deque[tuple[float, bool, Hashable | None]] = deque(maxlen=self._rules.remembered)
        self._open_until = -math.inf
        self._opened = 0
        self._closed = True
        self._probing = False
        self._passed = 0
        #: Counts the openings and closings, so that a call of an earlier state is known for one.
        self._epoch = 0

    @property
    def state(self) -> State:
        if self._closed:
            return "closed"
        return "open" if self._clock() < self._open_until else "half_open"

    @property
    def rests_for(self) -> float:
        """Seconds until it lets somebody try; 0 when it does."""
        return 0.0 if self._closed else max(0.0, self._open_until - self._clock())

    @property
    def error_rate(self) -> float:
        """The share of failures among the remembered outcomes."""
        self._forget()
        return sum(not good for _, good, _ in self._outcomes) / len(self._outcomes) if self._outcomes else 0.0

    def enter(self) -> Permit | None:
        """Return leave to make a call; None when there is none to be had."""
        match self.state:
            case "closed":
                return Permit(self, self._epoch, probe=False)
            case "half_open" if not self._probing:
                self._probing = True
                return Permit(self, self._epoch, probe=True)
        return None

    def rest(self, seconds: float) -> None:
        """Let nobody try for so long: the provider said when to come back."""
        self._open(seconds)

    def _told(self, epoch: int, outcome: bool | None, of: Hashable | None) -> None:
        if epoch != self._epoch:
            return  # a straggler from before it opened or closed: what it saw is known or over
        if outcome is False and of is not None and self._known(of):
            outcome = None
        if self._closed:
            if outcome is not None:
                self._outcomes.append((self._clock(), outcome, of))
                self._open_if_bad()
            return
        self._probing = False
        if outcome is None:
            return
        if not outcome:
            self._opened += 1
            self._open(min(self._rules.longest_rest, self._rules.rest * 2.0 ** min(self._opened - 1, 16)))
            return
        self._passed += 1
        if self._passed >= self._rules.probes:
            self._closed, self._opened = True, 0
            self._outcomes.clear()
            self._epoch += 1

    def _known(self, of: Hashable) -> bool:
        """Tell whether the same failed already, so that it may be the fault of what is asked."""
        self._forget()
        return any(not good and of == before for _, good, before in self._outcomes)

    def _open_if_bad(self) -> None:
        self._forget()
        failed = [not good for _, good, _ in self._outcomes]
        last = failed[-self._rules.in_a_row :]
        dead = len(last) == self._rules.in_a_row and all(last)
        if dead or (len(failed) >= self._rules.enough and sum(failed) >= self._rules.share * len(failed)):
            self._opened = 1
            self._open(self._rules.rest)

    def _open(self, seconds: float) -> None:
        self._closed, self._probing, self._passed = False, False, 0
        self._open_until = max(self._open_until, self._clock() + seconds)
        self._epoch += 1

    def _forget(self) -> None:
        since = self._clock() - self._rules.window
        while self._outcomes and self._outcomes[0][0] < since:
            self._outcomes.popleft()


class BreakerBeside(Breaker):
    """Of one tenant, before a model that others ask too: it heeds theirs, which rests it as well, and never moves it.

    How long the tenant waits and what it sends is its own affair, so its failures say nothing to the others.
    """

    def __init__(self, clock: Callable[[], float], shared: Breaker) -> None:
        super().__init__(clock)
        self._shared = shared

    @property
    def state(self) -> State:
        return "open" if self._shared.state == "open" else super().state

    @property
    def rests_for(self) -> float:
        return max(self._shared.rests_for, super().rests_for)
