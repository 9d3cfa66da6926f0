"""A thread is the fold of its log, however the log reaches the reader."""

import copy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.ids import derived_id
from backend.protocol.events import AnyThreadEvent, thread_event_adapter
from backend.protocol.snapshot import ThreadSnapshot, fold

IDS = [str(derived_id("snapshot", number)) for number in range(3)]
AT = "2026-01-01T08:00:00Z"


def one(type_: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"type": st.just(type_), "run_id": st.sampled_from(IDS), **fields})


message, words = st.sampled_from(IDS), st.text("今天保温杯好", max_size=6)
interrupt = st.sampled_from(["one", "two"])
EVENTS = st.one_of(
    one("run", status=st.sampled_from(["queued", "running", "waiting", "completed", "failed"])),
    one("node", node=st.sampled_from(["intent", "script"]), status=st.sampled_from(["started", "finished"])),
    one("message_started", message_id=message, agent=st.just("script"), attempt=st.integers(1, 3)),
    one("message_complete", message_id=message, role=st.just("assistant"), content=words),
    one("clarification", message_id=message, message=words, options=st.just([])),
    one(
        "quality_feedback", message_id=message, content=words, verdict=st.sampled_from(["pass", "block"]),
        score=st.integers(0, 100), findings=st.just([]), checks=st.just([]), rules_version=st.just("1"),
    ),
    one(
        "interrupt", interrupt_id=interrupt, kind=st.just("script_approval"), action=st.just("publish"),
        params=st.just({}), allowed=st.just(["approve"]), expires_at=st.just(AT), version=st.just(1),
    ),
    one("interrupt_resolved", interrupt_id=interrupt, decision=st.sampled_from(["approve", "reject"]),
        version=st.just(2)),
    one("interrupt_expired", interrupt_id=interrupt, action=st.just("publish"), message=words),
    one("tool_call", agent=st.just("product"), tool=st.just("search"), args=st.just({})),
    one("tool_result", agent=st.just("product"), tool=st.just("search"), result=st.just({"found": 1})),
    one("script_finalized", script_id=message, version=st.integers(1, 2), title=words, content=words),
    one("thread_updated", title=words),
)  # fmt: skip
LOGS = st.lists(EVENTS, max_size=40)


def numbered(log: list[dict[str, Any]]) -> list[AnyThreadEvent]:
    return [
        thread_event_adapter.validate_python({**event, "seq": place, "at": AT})
        for place, event in enumerate(copy.deepcopy(log), 1)
    ]


@given(LOGS, st.data())
@settings(max_examples=80, deadline=None)
def test_going_on_from_a_snapshot_is_the_same_as_reading_the_whole_log(
    log: list[dict[str, Any]], data: st.DataObject
) -> None:
    events = numbered(log)
    cut = data.draw(st.integers(0, len(events)))
    assert fold(events[cut:], fold(events[:cut])) == fold(events)


@given(LOGS, st.data())
@settings(max_examples=80, deadline=None)
def test_an_event_that_comes_again_at_any_time_changes_nothing(log: list[dict[str, Any]], data: st.DataObject) -> None:
    events = numbered(log)
    doubled: list[AnyThreadEvent] = []
    for place, event in enumerate(events):
        doubled.append(event)
        doubled += data.draw(st.lists(st.sampled_from(events[: place + 1]), max_size=2))
    assert fold(doubled) == fold(events)


@given(LOGS)
@settings(max_examples=40, deadline=None)
def test_a_snapshot_survives_its_way_over_the_wire(log: list[dict[str, Any]]) -> None:
    whole = fold(numbered(log))
    assert ThreadSnapshot.model_validate_json(whole.model_dump_json()) == whole
