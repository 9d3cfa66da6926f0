"""The time of a show is shared out to the second, and everybody gets what they need."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.domain.show_plan import LONGEST, SEGMENTS, SHORTEST, Slot, least_seconds, plan_time
from backend.errors import ShowTooShort

SCENARIOS = st.sampled_from(sorted(SEGMENTS))
SLOTS = st.lists(st.builds(Slot, SCENARIOS, st.none() | st.integers(SHORTEST, LONGEST)), min_size=1, max_size=60)
PACES = st.integers(120, 420)


def least(slots: list[Slot], pace: int) -> int:
    return sum(slot.seconds or least_seconds(slot.scenario, pace) for slot in slots)


def most(slots: list[Slot]) -> int:
    return sum(slot.seconds or SEGMENTS[slot.scenario].most for slot in slots)


@given(SLOTS, PACES, st.integers(0, 60_000))
def test_the_sum_is_the_time_there_is_to_the_second(slots: list[Slot], pace: int, spare: int) -> None:
    total = least(slots, pace) + spare
    planned = plan_time(total, pace, slots)
    assert sum(planned) == min(total, most(slots))
    for slot, seconds in zip(slots, planned, strict=True):
        if slot.seconds is not None:
            assert seconds == slot.seconds
        else:
            assert least_seconds(slot.scenario, pace) <= seconds <= SEGMENTS[slot.scenario].most


@given(SLOTS, PACES, st.integers(1, 10_000))
def test_a_show_that_cannot_hold_its_scripts_says_how_long_they_take(slots: list[Slot], pace: int, short: int) -> None:
    needed = least(slots, pace)
    with pytest.raises(ShowTooShort) as refused:
        plan_time(needed - short, pace, slots)
    assert refused.value.details["needed_seconds"] == needed


@given(SCENARIOS, PACES, st.integers(1, 40), st.integers(0, 5000))
def test_equals_get_the_same_to_the_second(scenario: str, pace: int, count: int, spare: int) -> None:
    total = count * least_seconds(scenario, pace) + spare
    planned = plan_time(total, pace, [Slot(scenario)] * count)
    assert max(planned) - min(planned) <= 1


@given(SLOTS, PACES, st.integers(0, 20_000), st.integers(0, 5_000))
def test_more_time_takes_more_than_a_second_from_nobody(slots: list[Slot], pace: int, spare: int, more: int) -> None:
    total = least(slots, pace) + spare
    before, after = plan_time(total, pace, slots), plan_time(total + more, pace, slots)
    # A second may change hands by rounding, no more.
    assert all(later >= earlier - 1 for earlier, later in zip(before, after, strict=True))


def test_a_segment_that_says_more_gets_more() -> None:
    opening, selling, closing = plan_time(300, 260, [Slot("opening"), Slot("selling_points"), Slot("closing")])
    assert opening == closing == 60
    assert selling == 180


def test_hours_that_few_scripts_cannot_fill_stay_free_but_for_what_a_person_has_set() -> None:
    assert plan_time(7200, 260, [Slot("selling_points"), Slot("selling_points", 1200), Slot("transition")]) == [
        300,
        1200,
        60,
    ]


def test_a_slower_host_needs_longer_for_the_same_segment() -> None:
    assert least_seconds("selling_points", 120) == 40
    assert least_seconds("selling_points", 240) == 20


def test_segments_are_those_that_a_request_knows() -> None:
    from backend.graph.intent.vocabulary import SCENARIO_NAMES

    assert set(SEGMENTS) == set(SCENARIO_NAMES)
