"""The breaker before a model, played against a plain account of its rules."""

from types import SimpleNamespace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from backend.llm.breaker import FINDING_OUT, Breaker, BreakerBeside, BreakerRules, Permit

RULES = BreakerRules(in_a_row=3, window=60, enough=6, share=0.6, rest=5, longest_rest=20, probes=2, remembered=10)


#: Nobody's, and three that tell one question from the others.
QUESTIONS = st.sampled_from([None, "a", "b", "c"])


class Play(RuleBasedStateMachine):
    """Any order of entering, answering late, leaving and waiting, with questions that come again."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = SimpleNamespace(now=0)
        self.breaker = Breaker(lambda: self.clock.now, RULES)
        self.out: list[tuple[Permit, str]] = []
        #: Failures without a success between, while it was closed.
        self.row = 0
        #: Which questions failed, and when that was counted.
        self.failed: dict[str, int] = {}
        self.opened = 0
        self.until = 0

    def known(self, of: str | None) -> bool:
        if self.breaker.state == "closed":
            self.failed = {one: at for one, at in self.failed.items() if at >= self.clock.now - RULES.window}
        return of in self.failed

    @property
    def length(self) -> float:
        return min(RULES.longest_rest, RULES.rest * 2 ** max(0, self.opened - 1))

    def rests(self, seconds: float) -> None:
        self.until = max(self.until, self.clock.now + seconds)  # type: ignore[assignment]
        assert self.breaker.rests_for == self.until - self.clock.now
        self.row = 0

    @rule(of=QUESTIONS)
    def enter(self, of: str | None) -> None:
        state = self.breaker.state
        probing = any(permit.probe and under == self.era for permit, under in self.out)
        too_soon = self.known(of) and self.clock.now < self.until + self.length
        permit = self.breaker.enter(lambda: of)
        assert (permit is not None) == (state == "closed" or (state == "half_open" and not probing and not too_soon))
        if permit is not None:
            assert permit.probe == (state == "half_open")
            self.out.append((permit, self.era))
        else:
            waited = self.breaker.rests_for_question(lambda: of)
            rests = self.until + (self.length if self.known(of) else 0) - self.clock.now
            assert waited == (max(rests, FINDING_OUT) if probing else rests), "who comes back at once is refused again"

    @property
    def era(self) -> str:
        return f"{self.breaker._epoch}"

    @precondition(lambda self: self.out)
    @rule(data=st.data(), outcome=st.sampled_from(["succeed", "fail", "leave"]), of=QUESTIONS)
    def tell(self, data: st.DataObject, outcome: str, of: str | None) -> None:
        place = data.draw(st.integers(0, len(self.out) - 1))
        permit, under = self.out.pop(place)
        before, era, known = self.breaker.state, self.era, self.known(of)
        if outcome == "fail":
            permit.fail(of)
        else:
            getattr(permit, outcome)()
        after = self.breaker.state
        if under != era or outcome == "leave":
            assert after == before, "a straggler, or one who learned nothing, changes nothing"
        elif before == "closed":
            self._told_while_closed(outcome, of, after, known=known)
        elif outcome == "fail":
            assert after == "open", "whatever was asked, nobody finds out again at once"
            if not known:
                self.opened += 1
                self._keep(of)
            self.rests(self.length)
        elif after == "closed":
            self.failed, self.opened, self.row = {}, 0, 0
        permit.fail()
        assert self.breaker.state == after, "it is told once"

    def _told_while_closed(self, outcome: str, of: str | None, after: str, *, known: bool) -> None:
        if outcome == "fail" and known:
            assert after == "closed", "what failed of the same question teaches nothing more"
            return
        if outcome == "fail":
            self._keep(of)
        self.row = self.row + 1 if outcome == "fail" else 0
        assert after == "open" if self.row >= RULES.in_a_row else after in ("closed", "open")
        if after == "open":
            self.opened = 1
            self.rests(self.length)

    def _keep(self, of: str | None) -> None:
        if of is not None:
            self.failed[of] = self.clock.now

    @rule(seconds=st.sampled_from([1, 4, 5, 21, 61]))
    def wait(self, seconds: int) -> None:
        closed = self.breaker.state == "closed"
        self.clock.now += seconds
        assert (self.breaker.state == "closed") == closed, "time alone closes nothing and opens nothing"

    @rule(seconds=st.sampled_from([1, 30]))
    def rest(self, seconds: int) -> None:
        self.breaker.rest(seconds)
        assert self.breaker.state == "open"
        self.rests(seconds)

    @invariant()
    def one_probe_at_a_time(self) -> None:
        assert sum(permit.probe and under == self.era for permit, under in self.out) <= 1

    @invariant()
    def open_ends(self) -> None:
        assert self.breaker.rests_for <= 30


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


def test_failures_in_a_row_count_however_long_each_takes(clock: SimpleNamespace) -> None:
    """As of one caller at a time, whose model hangs until it must be left: 57 seconds each."""
    breaker = Breaker(lambda: clock.now)
    for _ in range(4):
        failed(breaker, 1)
        clock.now += 3600
        assert breaker.state == "closed"
    failed(breaker, 1)
    assert breaker.state == "open"


def test_a_success_between_two_failures_ends_the_row(clock: SimpleNamespace) -> None:
    breaker = Breaker(lambda: clock.now)
    for _ in range(5):
        failed(breaker, 4)
        permit = breaker.enter()
        assert permit is not None
        permit.succeed()
        clock.now += 61  # else most of the last minute failed
    assert breaker.state == "closed"


def test_the_share_of_failures_is_that_of_the_last_minute(clock: SimpleNamespace) -> None:
    breaker = Breaker(lambda: clock.now)
    for _ in range(4):  # 16 of 20, but not within a minute
        failed(breaker, 4)
        permit = breaker.enter()
        assert permit is not None
        permit.succeed()
        clock.now += 30
    assert breaker.state == "closed"


def test_the_same_question_counts_once_a_minute(clock: SimpleNamespace) -> None:
    breaker = Breaker(lambda: clock.now)
    for _ in range(20):
        permit = breaker.enter()
        assert permit is not None
        permit.fail("the same")
    assert breaker.state == "closed"
    for _ in range(4):
        clock.now += 61
        assert breaker.state == "closed"
        permit = breaker.enter()
        assert permit is not None
        permit.fail("the same")
    assert breaker.state == "open", "whoever has but one question must not wait for ever"


def open_by(breaker: Breaker, *questions: str) -> None:
    for question in questions:
        permit = breaker.enter(lambda one=question: one)
        assert permit is not None
        permit.fail(question)
    assert breaker.state == "open"


def test_a_probe_that_failed_rests_the_model_again_whatever_was_asked(clock: SimpleNamespace) -> None:
    breaker = Breaker(lambda: clock.now)
    open_by(breaker, *"abcde")
    clock.now += 5
    probe = breaker.enter()
    assert probe is not None
    probe.fail("c")
    assert (breaker.state, breaker.rests_for) == ("open", 5)


def test_a_question_that_always_fails_holds_no_breaker_open(clock: SimpleNamespace) -> None:
    """It is asked all the time, others but every seven seconds, and the model is back at once."""
    breaker = Breaker(lambda: clock.now)
    open_by(breaker, "bad", *"abcd")
    probes = 0
    for second in range(120):
        clock.now += 1
        if breaker.state == "closed":
            break
        if (permit := breaker.enter(lambda: "bad")) is not None:
            probes += 1
            permit.fail("bad")
        if second % 7 == 0 and (permit := breaker.enter(lambda at=second: f"good {at}")) is not None:
            permit.succeed()
    assert breaker.state == "closed"
    assert probes <= 3


def test_a_model_that_is_down_is_not_asked_all_the_time_by_one_question(clock: SimpleNamespace) -> None:
    breaker = Breaker(lambda: clock.now)
    open_by(breaker, *"abcde")
    probes = 0
    for _ in range(100):
        clock.now += 1
        if (permit := breaker.enter(lambda: "a")) is not None:
            probes += 1
            permit.fail("a")
    assert probes == 10, "it waits for its rest, and as long again for others"
    # … and when it is back, it need not wait for them.
    for _ in range(2):
        clock.now += breaker.rests_for_question(lambda: "a")
        permit = breaker.enter(lambda: "a")
        assert permit is not None
        permit.succeed()
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


def test_while_others_find_out_the_one_beside_asks_one_by_one_until_it_is_answered() -> None:
    clock = SimpleNamespace(now=0.0)
    shared = Breaker(lambda: clock.now)
    beside = BreakerBeside(lambda: clock.now, shared)
    shared.rest(10)
    clock.now = 10
    first = beside.enter()
    assert first is not None
    assert first.probe  # its first words say enough
    assert (beside.enter(), beside.rests_for_question(lambda: None)) == (None, FINDING_OUT)
    first.leave()  # whoever left has found nothing out
    second = beside.enter()
    assert second is not None
    assert beside.enter() is None
    second.fail()
    third = beside.enter()
    assert third is not None
    third.succeed()
    assert shared.state == "half_open"
    assert beside.rests_for_question(lambda: None) == 0
    assert [permit.probe for permit in (beside.enter(), beside.enter()) if permit] == [False, False]

    # They rest anew: what we found out was of another time.
    shared.rest(10)
    clock.now = 20
    assert beside.enter() is not None
    assert beside.enter() is None
