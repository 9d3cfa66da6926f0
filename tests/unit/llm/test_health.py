"""The figures of each backend: what counts, what is forgotten, and what several processes add up to."""

import math
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from backend.ids import new_id
from backend.llm.accounts import CallRecord, Hop
from backend.llm.gateway import Usage
from backend.llm.health import WINDOW, Health, Standing, added_up

CLOSED = {"a": Standing("closed", 0.0)}
CALL = CallRecord(
    id=new_id(), caller=None, node="script", prompt_version="", streamed=True, backend="a", provider="p", model="m",
    fallback_from=None, status="completed", failure=None, attempts=1, hops=(), usage=Usage(1, 1, False),
    cost=Decimal(0), currency="USD", first_token_ms=300, total_ms=2000,
)  # fmt: skip


def test_an_answer_behind_a_failure_counts_for_both() -> None:
    health = Health(lambda: 0.0)
    hops = (Hop("a", "overloaded", 10), Hop("a", "timeout", 20), Hop("c", "resting", 20))
    health.take(replace(CALL, backend="b", attempts=3, hops=hops, fallback_from="a"))
    found = added_up([health.told(CLOSED)])
    assert (found["a"].answered, found["a"].failed, found["a"].error_rate) == (0, {"overloaded": 1, "timeout": 1}, 1.0)
    assert (found["b"].answered, found["b"].error_rate) == (1, 0.0)
    assert found["b"].total.p50 is None, "its latency is that of the failures before it"
    assert "c" not in found, "it was not asked"


def test_who_left_and_who_got_somebody_elses_answer_say_nothing_of_the_model() -> None:
    health = Health(lambda: 0.0)
    health.take(replace(CALL, status="cancelled", hops=(Hop("a", "cancelled", 5),)))
    health.take(replace(CALL, status="shared"))
    assert added_up([health.told(CLOSED)])["a"].error_rate is None


def test_a_step_down_the_ladder_is_no_failure() -> None:
    health = Health(lambda: 0.0)
    health.take(replace(CALL, attempts=2, hops=(Hop("a", "shape_not_taken", 5, status=400),)))
    found = added_up([health.told(CLOSED)])["a"]
    assert (found.answered, found.failed, found.error_rate) == (1, {}, 0.0)


def test_what_is_long_over_is_forgotten() -> None:
    now = 0.0
    health = Health(lambda: now)
    health.take(CALL)
    now = WINDOW * 0.8
    health.take(CALL)
    assert added_up([health.told(CLOSED)])["a"].answered == 2
    now = WINDOW * 1.5
    assert added_up([health.told(CLOSED)])["a"].answered == 1
    now = WINDOW * 5
    assert added_up([health.told(CLOSED)])["a"].answered == 0


def test_the_gravest_state_of_all_processes_is_shown() -> None:
    health = Health(lambda: 0.0)
    states = [CLOSED, {"a": Standing("open", 4.0)}, {"a": Standing("half_open", 0.0)}, {"a": Standing("open", 9.5)}]
    found = added_up([health.told(state) for state in states])["a"]
    assert (found.state, found.rests_for_ms, dict(found.states)) == (
        "open", 9500, {"closed": 1, "open": 2, "half_open": 1},
    )  # fmt: skip


def test_what_another_release_tells_is_passed_over() -> None:
    health = Health(lambda: 0.0)
    health.take(CALL)
    strange: list[dict[str, Any]] = [{"a": {"answered": "many"}}, {"a": None}, {"b": {"answered": 1, "failed": {}}}]
    found = added_up([health.told(CLOSED), *strange])
    assert (found["a"].answered, "b" in found) == (1, False)


@given(st.lists(st.integers(1, 100_000), min_size=1, max_size=60), st.integers(1, 4))
def test_a_quantile_over_processes_is_off_by_its_range_at_most(waits: list[int], processes: int) -> None:
    sharing = [Health(lambda: 0.0) for _ in range(processes)]
    for place, wait in enumerate(waits):
        sharing[place % processes].take(replace(CALL, first_token_ms=wait, total_ms=wait))
    found = added_up([health.told(CLOSED) for health in sharing])["a"]
    for share, told in ((0.5, found.total.p50), (0.95, found.total.p95)):
        exact = sorted(waits)[math.ceil(len(waits) * share) - 1]
        assert told is not None
        assert exact / 1.5 - 21 <= told <= exact * 1.5 + 21
