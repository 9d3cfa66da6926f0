"""A thread is the fold of its log, however the log reaches the reader. The browser's half: `reducer.test.ts`."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.ids import derived_id
from backend.protocol.events import THREAD_EVENT_TYPES, AnyThreadEvent, UnknownEvent, read_event, thread_event_adapter
from backend.protocol.snapshot import ThreadSnapshot, apply, fold
from tests.support.event_samples import KINDS, SAMPLES, sample
from tests.support.make_traces import stale
from tests.support.reference_client import ReferenceClient

THREAD, RUN = derived_id("snapshot", "thread"), derived_id("snapshot", "run")
LOGS = st.lists(st.integers(0, 10_000), max_size=25)


def wire(number: int, seq: int) -> dict[str, Any]:
    """A fact as it goes over the socket."""
    fact = sample(number)
    said = fact if isinstance(fact, dict) else fact.model_dump(mode="json")
    envelope = {"thread_id": str(THREAD), "event_id": str(derived_id("snapshot", seq)), "run_id": str(RUN)}
    return {**said, **envelope, "seq": seq, "at": "2026-01-01T08:00:00Z", "attempt": 1 + number % 2}


def log_of(numbers: list[int]) -> list[AnyThreadEvent | UnknownEvent]:
    return [read_event(json.dumps(wire(number, seq))) for seq, number in enumerate(numbers, 1)]


def test_every_kind_of_fact_has_its_samples() -> None:
    assert set(SAMPLES) == THREAD_EVENT_TYPES, "tests/support/event_samples.py does not know every kind of fact"
    for kind in KINDS:
        fact = thread_event_adapter.validate_python(sample(KINDS.index(kind)))
        assert fact.type == kind


@pytest.mark.parametrize("kind", KINDS)
def test_what_follows_a_snapshot_leads_to_the_same_thread_from_every_place_of_the_log(kind: str) -> None:
    """The fact of this kind comes last, first and in the middle of others, and the snapshot goes over the wire."""
    number = KINDS.index(kind)
    step = len(KINDS) + 1
    for variant in range(0, 6 * step, step):
        others = [n * 7 + variant for n in range(12)]
        for place in (0, 6, 12):
            events = log_of([*others[:place], number + variant, *others[place:]])
            whole = fold(events)
            for cut in range(len(events) + 1):
                read = ThreadSnapshot.model_validate_json(fold(events[:cut]).model_dump_json())
                assert fold(events[cut:], read) == whole


@given(LOGS)
def test_going_on_from_any_snapshot_is_the_same_as_reading_the_whole_log(numbers: list[int]) -> None:
    events = log_of(numbers)
    whole = fold(events)
    for cut in range(len(events) + 1):
        assert fold(events[cut:], fold(events[:cut])) == whole


@pytest.mark.scenario(16)
@given(LOGS, st.data())
def test_an_event_that_comes_again_at_any_time_changes_nothing(numbers: list[int], data: st.DataObject) -> None:
    events = log_of(numbers)
    doubled: list[AnyThreadEvent | UnknownEvent] = []
    for place, event in enumerate(events):
        doubled.append(event)
        doubled += data.draw(st.lists(st.sampled_from(events[: place + 1]), max_size=2))
    assert fold(doubled) == fold(events)


@given(LOGS)
def test_a_snapshot_survives_its_way_over_the_wire(numbers: list[int]) -> None:
    whole = fold(log_of(numbers))
    assert ThreadSnapshot.model_validate_json(whole.model_dump_json()) == whole


@pytest.mark.scenario(48)
def test_an_interrupt_that_is_raised_twice_is_one_card() -> None:
    raised = wire(KINDS.index("interrupt"), 1)
    once = apply(ThreadSnapshot(), read_event(json.dumps(raised)))
    twice = apply(once, read_event(json.dumps({**raised, "seq": 2, "event_id": str(derived_id("snapshot", 2))})))
    assert twice.interrupts == once.interrupts
    assert len(twice.interrupts) == 1


@pytest.mark.scenario(45)
def test_what_a_newer_version_wrote_is_read_as_far_as_it_is_known() -> None:
    known = wire(KINDS.index("thread_updated"), 1)
    assert read_event(json.dumps({**known, "colour": "red"})) == read_event(json.dumps(known))
    unknown = read_event(json.dumps({**known, "type": "a_kind_of_tomorrow", "seq": 2}))
    strange = read_event(json.dumps({**wire(KINDS.index("run"), 3), "status": "hovering"}))
    assert fold([unknown, strange]) == ThreadSnapshot(seq=3)


@pytest.mark.scenario(45)
def test_a_client_ignores_frames_of_a_kind_it_does_not_know() -> None:
    client = ReferenceClient(str(THREAD))
    client.take(wire(1, 1))
    before = client.view()
    client.take({"type": "weather", "thread_id": str(THREAD), "message_id": str(RUN), "content": "rain"})
    client.take({"type": "weather"})
    assert client.view() == before
    client.take({**wire(1, 2), "type": "a_kind_of_tomorrow"})
    assert (client.after_seq, client.holes) == (2, [])


def test_the_traces_of_the_browser_are_current() -> None:
    assert not stale(), "run: python -m tests.support.make_traces"
