"""The breaker before a model, played against a plain account of its rules."""

from types import SimpleNamespace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from backend.llm.breaker import Breaker, BreakerBeside, BreakerRules, Permit

RULES = BreakerRules(in_a_row=3, window=60, enough=6, share=0.6, rest=5, longest_rest=20, probes=2, remembered=10)


class Play(RuleBasedStateMachine):
    """Any order of entering, answering late, leaving and waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = SimpleNamespace(now=0)
        self.breaker = Breaker(lambda: self.clock.now, RULES)
        self.out: list[tuple[Permit, str]] = []
        #: Failures in a row while it was closed and nobody waited so long that they are forgotten.
        self.row = 0

    @rule()
    def enter(self) -> None:
        state = self.breaker.state
        probing = any(permit.probe and under == self.era for permit, under in self.out)
        permit = self.breaker.enter()
        assert (permit is not None) == (state == "closed" or (state == "half_open" and not probing))
        if permit is not None:
            assert permit.probe == (state == "half_open")
            self.out.append((permit, self.era))

    @property
    def era(self) -> str:
        return f"{self.breaker._epoch}"

    @precondition(lambda self: self.out)
    @rule(data=st.data(), outcome=st.sampled_from(["succeed", "fail", "leave"]))
    def tell(self, data: st.DataObject, outcome: str) -> None:
        place = data.draw(st.integers(0, len(self.out) - 1))
        permit, under = self.out.pop(place)
        before, era = self.breaker.state, self.era
        getattr(permit, outcome)()
        after = self.breaker.state
        if under != era or outcome == "leave":
            assert after == before, "a straggler, or one who learned nothing, changes nothing"
        elif before == "closed":
            self.row = self.row + 1 if outcome == "fail" else 0
            assert after == "open" if self.row >= RULES.in_a_row else after in ("closed", "open")
        elif outcome == "fail":
            assert after == "open"
            assert RULES.rest <= self.breaker.rests_for <= RULES.longest_rest
        permit.fail()
        assert self.breaker.state == after, "it is told once"
        if self.breaker.state != "closed":
            self.row = 0

    @rule(seconds=st.sampled_from([1, 4, 5, 21, 61]))
    def wait(self, seconds: int) -> None:
        closed = self.breaker.state == "closed"
        self.clock.now += seconds
        self.row = 0  # some may be forgotten now: what follows in one go is what this account knows
        assert (self.breaker.state == "closed") == closed, "time alone closes nothing and opens nothing"

    @rule(seconds=st.sampled_from([1, 30]))
    def rest(self, seconds: int) -> None:
        self.breaker.rest(seconds)
        assert self.breaker.state == "open"
        assert self.breaker.rests_for >= seconds
        self.row = 0

    @invariant()
    def one_probe_at_a_time(self) -> None:
        assert sum(permit.probe and under == self.era for permit, under in self.out) <= 1

    @invariant()
    def open_ends(self) -> None:
        assert self.breaker.rests_for <= 30
        assert 0 <= self.breaker.error_rate <= 1


Play.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestPlay = Play.TestCase


@pytest.fixture
def clock() -> SimpleNamespace:
    return SimpleNamespace(now=100.0)


def failed(breaker: Breaker, times: int) -> None:
    for _ in range(times):
        permit = breaker.enter()
        assert permit is not None
        permit.fail()


def test_it_opens_after_failures_in_a_row_and_closes_after_probes(clock: SimpleNamespace) -> None:
    breaker = Breaker(lambda: clock.now)
    failed(breaker, 5)
    assert breaker.state == "open"
    assert breaker.enter() is None
    clock.now += 5
    for _ in range(2):
        probe = breaker.enter()
        assert probe is not None
        assert breaker.enter() is None, "one finds out, the others do not try"
        probe.succeed()
    assert breaker.state == "closed"


def test_each_failed_probe_doubles_the_rest_up_to_a_minute(clock: SimpleNamespace) -> None:
    breaker = Breaker(lambda: clock.now)
    failed(breaker, 5)
    rests = []
    for _ in range(6):
        rests.append(breaker.rests_for)
        clock.now += breaker.rests_for
        failed(breaker, 1)
    assert rests == [5, 10, 20, 40, 60, 60]


def test_one_that_fails_more_often_than_not_is_left_alone_too(clock: SimpleNamespace) -> None:
    breaker = Breaker(lambda: clock.now)
    for number in range(40):
        if breaker.state == "open":
            break
        permit = breaker.enter()
        assert permit is not None
        permit.fail() if number % 3 else permit.succeed()
    assert number == 20


def test_failures_that_are_long_past_do_not_count(clock: SimpleNamespace) -> None:
    breaker = Breaker(lambda: clock.now)
    failed(breaker, 4)
    clock.now += 61
    failed(breaker, 1)
    assert breaker.state == "closed"


def test_a_probe_that_is_cancelled_lets_the_next_one_try(clock: SimpleNamespace) -> None:
    breaker = Breaker(lambda: clock.now)
    failed(breaker, 5)
    clock.now += 5
    probe = breaker.enter()
    assert probe is not None
    probe.leave()
    assert breaker.enter() is not None


def test_a_success_from_before_it_opened_does_not_close_it(clock: SimpleNamespace) -> None:
    breaker = Breaker(lambda: clock.now)
    slow = [breaker.enter() for _ in range(3)]
    failed(breaker, 5)
    clock.now += 6
    for permit in slow:
        assert permit is not None
        permit.succeed()
    assert breaker.state == "half_open"


def test_one_beside_another_heeds_it_and_never_moves_it() -> None:
    clock = SimpleNamespace(now=0.0)
    shared = Breaker(lambda: clock.now)
    beside = BreakerBeside(lambda: clock.now, shared)
    for _ in range(5):
        permit = beside.enter()
        assert permit is not None
        permit.fail()
    assert (beside.state, beside.enter(), shared.state) == ("open", None, "closed")
    beside.rest(300)
    clock.now = 100
    assert (beside.state, shared.state, shared.rests_for) == ("open", "closed", 0)

    other = BreakerBeside(lambda: clock.now, shared)
    shared.rest(10)
    assert (other.state, other.rests_for, other.enter()) == ("open", 10, None)
    clock.now = 110
    # Somebody else finds out whether it is back; the one beside asks meanwhile, on its own account.
    assert (shared.state, other.state) == ("half_open", "closed")
    permit = other.enter()
    assert permit is not None
    permit.succeed()
    assert shared.enter() is not None
