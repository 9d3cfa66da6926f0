"""The circuit breaker before one model: who keeps failing is left alone, then asked by one caller, then trusted."""

import math
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Final, Literal

State = Literal["closed", "open", "half_open"]
#: Seconds after which to come back while another call finds out whether the model is: nobody knows how long it takes.
FINDING_OUT: Final = 1.0
#: Makes what is asked, for whoever needs to know it; None: nobody could have asked for a failure.
Question = Callable[[], Hashable | None]


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """It opens after `in_a_row` failures without a success between them, however long they take, or when of at least
    `enough` outcomes in the last `window` seconds `share` are failures. It stays open `rest` seconds, twice as long
    each time it fails again, `longest_rest` at most; then one call at a time is let through, and `probes` successes in
    a row close it.

    What fails of the same question again within the `window` is not counted. Nor does it find out whether the model is
    back, before as much time has passed again: until then others may."""

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

    __slots__ = ("_breaker", "_epoch", "_said", "probe", "told")

    def __init__(self, breaker: "Breaker", epoch: int, *, probe: bool) -> None:
        self._breaker = breaker
        self._epoch = epoch
        self._said = False
        #: Whether this is the one call that finds out.
        self.probe = probe
        #: Called with how it went.
        self.told: Callable[[bool | None], None] = _nothing

    def succeed(self) -> None:
        """The model answered, be it that our request was wrong."""
        self._tell(True)

    def fail(self, of: Hashable | None = None) -> None:
        """The model failed. `of` is what was asked: what failed of the same within the window teaches nothing more,
        but that a model which was resting rests on."""
        self._tell(False, of)

    def leave(self) -> None:
        """Nothing was learned: the caller left, or it was no fault of the model."""
        self._tell(None)

    def _tell(self, outcome: bool | None, of: Hashable | None = None) -> None:
        if not self._said:
            self._said = True
            self._breaker._told(self._epoch, outcome, of)
            self.told(outcome)


def _nothing(_: bool | None) -> None:
    pass


class Breaker:
    """Pure but for the clock it is given: seconds that never go back."""

    def __init__(self, clock: Callable[[], float], rules: BreakerRules | None = None) -> None:
        self._clock = clock
        self._rules: Final = rules or BreakerRules()
        self._outcomes: deque[tuple[float, bool]] = deque(maxlen=self._rules.remembered)
        #: Counted failures since the last success.
        self._row = 0
        #: What was asked when it failed, and when: the same again says less. Kept as long as it is not closed.
        self._failed_of: OrderedDict[Hashable, float] = OrderedDict()
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

    def rests_for_question(self, question: Question) -> float:
        """Seconds until it lets this be asked, as far as one can say; 0 when it does."""
        rests = max(self.rests_for, FINDING_OUT) if self._probing else self.rests_for
        if self.state != "closed" and self._knows(question()):
            return max(rests, self._open_until + self._rest() - self._clock())
        return rests

    def enter(self, question: Question = lambda: None) -> Permit | None:
        """Return leave to make a call; None when there is none to be had. `question` is made only where it matters."""
        match self.state:
            case "closed":
                return Permit(self, self._epoch, probe=False)
            case "half_open" if not self.rests_for_question(question):
                self._probing = True
                return Permit(self, self._epoch, probe=True)
        return None

    def rest(self, seconds: float) -> None:
        """Let nobody try for so long: the provider said when to come back."""
        self._passed = 0
        self._open(seconds)

    def _told(self, epoch: int, outcome: bool | None, of: Hashable | None) -> None:
        if epoch != self._epoch:
            return  # a straggler from before it opened or closed: what it saw is known or over
        known = outcome is False and self._knows(of)
        if outcome is False and of is not None and not known:
            self._failed_of[of] = self._clock()
            if len(self._failed_of) > self._rules.remembered:
                self._failed_of.popitem(last=False)
        if self._closed:
            if outcome is not None and not known:
                self._outcomes.append((self._clock(), outcome))
                self._row = 0 if outcome else self._row + 1
                self._open_if_bad()
            return
        self._probing = False
        if outcome:
            self._passed += 1
            if self._passed >= self._rules.probes:
                self._close()
        elif known:
            # It may be the fault of what was asked: what others found out holds, and none of them waits longer for it.
            self._open(self._rest())
        elif outcome is False:
            self._opened += 1
            self._passed = 0
            self._open(self._rest())

    def _knows(self, of: Hashable | None) -> bool:
        """Tell whether the same failed already, so that it may be the fault of what is asked."""
        self._forget()
        return of is not None and of in self._failed_of

    def _open_if_bad(self) -> None:
        self._forget()
        failed = sum(not good for _, good in self._outcomes)
        many = len(self._outcomes) >= self._rules.enough and failed >= self._rules.share * len(self._outcomes)
        if many or self._row >= self._rules.in_a_row:
            self._opened = 1
            self._passed = 0
            self._open(self._rest())

    def _rest(self) -> float:
        return min(self._rules.longest_rest, self._rules.rest * 2.0 ** min(max(0, self._opened - 1), 16))

    def _open(self, seconds: float) -> None:
        self._closed, self._probing = False, False
        self._open_until = max(self._open_until, self._clock() + seconds)
        self._epoch += 1

    def _close(self) -> None:
        self._closed, self._opened, self._passed, self._row = True, 0, 0, 0
        self._outcomes.clear()
        self._failed_of.clear()
        self._epoch += 1

    def _forget(self) -> None:
        since = self._clock() - self._rules.window
        while self._outcomes and self._outcomes[0][0] < since:
            self._outcomes.popleft()
        while self._closed and self._failed_of and next(iter(self._failed_of.values())) < since:
            self._failed_of.popitem(last=False)


class BreakerBeside(Breaker):
    """Of one tenant, before a model that others ask too: it heeds theirs, which rests it as well, and never moves it.

    How long the tenant waits and what it sends is its own affair, so its failures say nothing to the others. While they
    find out whether the model is back, it asks beside them, one call at a time until one was answered.
    """

    def __init__(self, clock: Callable[[], float], shared: Breaker) -> None:
        super().__init__(clock)
        self._shared = shared
        #: Whether a call is out that was made while the others were finding out …
        self._out = False
        #: … and in which of their times one of ours was answered: after it we need not go one by one.
        self._answered_in = -1

    @property
    def state(self) -> State:
        return "open" if self._shared.state == "open" else super().state

    @property
    def rests_for(self) -> float:
        return max(self._shared.rests_for, super().rests_for)

    def rests_for_question(self, question: Question) -> float:
        rests = super().rests_for_question(question)
        return max(rests, FINDING_OUT) if self._finds_out and self._out else rests

    def enter(self, question: Question = lambda: None) -> Permit | None:
        finds_out = self._finds_out
        if finds_out and self._out:
            return None
        permit = super().enter(question)
        if permit is not None and finds_out:
            self._out = permit.probe = True
            permit.told = self._back
        return permit

    @property
    def _finds_out(self) -> bool:
        """Whether the others are finding out, and none of ours was answered since they rested."""
        return self._shared.state == "half_open" and self._answered_in != self._shared._epoch

    def _back(self, outcome: bool | None) -> None:
        self._out = False
        if outcome:
            self._answered_in = self._shared._epoch
