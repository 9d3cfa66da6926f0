"""The history checker can fail: every kind of violation it knows, put into a good history, is found and named."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from backend.protocol.events import thread_event_adapter
from backend.protocol.snapshot import fold
from benchmarks.chaos.checker import KINDS, violations
from benchmarks.chaos.history import Answer, AuditRow, Frame, History, InterruptRow, Jump, RunRow, Sent, Shown, Truth
from tests.unit.chaos.good_history import APPROVER, ONE, OPERATOR, ROOM, TWO, good_history

Doctor = Callable[[History, Truth], None]
DOCTORED: list[tuple[str, Doctor]] = []


def breaks(kind: str) -> Callable[[Doctor], Doctor]:
    """Note that this way of doctoring has to be found as `kind`."""

    def note(doctor: Doctor) -> Doctor:
        DOCTORED.append((kind, doctor))
        return doctor

    return note


def event_of(truth: Truth, type_: str, **fields: object) -> Frame:
    """The first event of this type with these fields."""
    return next(
        event
        for log in truth.events.values()
        for event in log
        if event["type"] == type_ and all(event.get(name) == value for name, value in fields.items())
    )


def run_with(truth: Truth, outcome: str) -> RunRow:
    """The run whose question had this outcome."""
    return truth.runs[question_with(truth, outcome).run_id]


def question_with(truth: Truth, outcome: str) -> InterruptRow:
    return next(row for row in truth.interrupts.values() if row.status == outcome)


def sent_by(history: History, client: int, type_: str) -> Sent:
    return next(sent for sent in history.clients[client].sent.values() if sent.type == type_)


# Whether there is anything to check ----------------------------------------------------------------------------------


@breaks("client_absent")
def a_client_never_gets_in(history: History, _: Truth) -> None:
    history.clients[1].connections = 0


@breaks("nothing_done")
def no_run_comes_to_its_end(_: History, truth: Truth) -> None:
    for run in truth.runs.values():
        run.status = "cancelled"


# The log and what clients were given of it ---------------------------------------------------------------------------


@breaks("log_gap")
def an_event_is_missing_in_the_log(_: History, truth: Truth) -> None:
    del truth.events[ONE][3]


@breaks("log_gap")
def the_head_is_ahead_of_the_log(_: History, truth: Truth) -> None:
    truth.heads[ONE] += 1


@breaks("event_stored_twice")
def one_event_is_stored_in_two_places(_: History, truth: Truth) -> None:
    truth.events[ONE][3]["event_id"] = truth.events[TWO][2]["event_id"]


@breaks("event_lost")
def a_client_misses_an_event(history: History, _: Truth) -> None:
    del history.clients[1].threads[ONE].frames[4]


@breaks("event_lost")
def a_client_begins_in_the_middle(history: History, _: Truth) -> None:
    del history.clients[1].threads[ONE].frames[:4]


@breaks("event_doubled")
def a_client_is_given_an_event_twice(history: History, _: Truth) -> None:
    frames = history.clients[1].threads[ONE].frames
    frames.insert(5, copy.deepcopy(frames[4]))


@breaks("event_doubled")
def a_client_is_given_old_events_after_a_snapshot(history: History, truth: Truth) -> None:
    history.clients[1].threads[ONE].jumps.append(Jump(2, 4, snapshot_at(truth, 4)))


@breaks("event_contradicts_log")
def a_client_is_given_another_text(history: History, _: Truth) -> None:
    frames = history.clients[0].threads[ONE].frames
    next(frame for frame in frames if frame["type"] == "node")["node"] = "close"


@breaks("event_contradicts_log")
def a_notice_tells_of_another_decision(history: History, _: Truth) -> None:
    history.clients[1].notices[-1]["decision"] = "approve"


@breaks("client_behind")
def a_client_is_not_told_the_end(history: History, _: Truth) -> None:
    history.clients[0].threads[TWO].frames.pop()


@breaks("snapshot_contradicts_log")
def a_snapshot_is_not_of_the_log(history: History, truth: Truth) -> None:
    followed = history.clients[1].threads[ONE]
    del followed.frames[:8]
    followed.jumps.append(Jump(0, 8, snapshot_at(truth, 7)))


@breaks("final_text_differs")
def a_client_ends_with_another_text(history: History, _: Truth) -> None:
    frames = history.clients[1].threads[ONE].frames
    [frame for frame in frames if frame["type"] == "message_complete"][-1]["content"] += "多了"


@breaks("text_contradicts_message")
def pieces_of_two_attempts_are_mixed(history: History, _: Truth) -> None:
    history.clients[1].shown[0].text = "今天给姐妹们"


@breaks("screen_differs")
def a_display_stays_on_an_old_version(history: History, _: Truth) -> None:
    history.clients[0].screens[ROOM].pop()


# Commands ------------------------------------------------------------------------------------------------------------


@breaks("ack_without_effect")
def an_accepted_command_is_not_on_record(history: History, truth: Truth) -> None:
    del truth.commands[sent_by(history, 1, "interrupt_response").id]


@breaks("ack_without_effect")
def an_accepted_message_is_not_there(history: History, truth: Truth) -> None:
    del truth.messages[truth.commands[sent_by(history, 0, "message").id]["message_id"]]


@breaks("ack_without_effect")
def an_accepted_message_has_no_run(history: History, truth: Truth) -> None:
    del truth.runs[truth.commands[sent_by(history, 0, "message").id]["run_id"]]


@breaks("ack_without_effect")
def the_log_tells_a_message_twice(history: History, truth: Truth) -> None:
    truth.events[ONE].append(copy.deepcopy(event_of(truth, "message_complete", role="user")))


@breaks("ack_without_effect")
def an_accepted_cancel_stopped_nothing(history: History, truth: Truth) -> None:
    run = run_with(truth, "approved")
    truth.commands["stop"] = {"run_id": run.id}
    body = {"thread_id": run.thread_id, "run_id": run.id}
    history.clients[1].sent["stop"] = Sent("stop", "cancel", body, 1, [Answer("accepted", {"run_id": run.id})])


@breaks("ack_contradicts")
def two_answers_promise_two_runs(history: History, _: Truth) -> None:
    sent = sent_by(history, 0, "message")
    assert sent.accepted is not None
    sent.answers.append(Answer("accepted", {**sent.accepted.result, "run_id": "another"}))


@breaks("ack_contradicts")
def a_command_is_accepted_and_refused(history: History, _: Truth) -> None:
    sent_by(history, 0, "message").answers.append(Answer("rejected", code="thread_busy"))


@breaks("refused_yet_done")
def a_refused_decision_is_on_record(history: History, truth: Truth) -> None:
    sent = sent_by(history, 0, "interrupt_response")
    sent.copies = 2
    truth.commands[sent.id] = {"interrupt_id": sent.body["interrupt_id"]}


@breaks("done_without_command")
def a_message_was_stored_twice(_: History, truth: Truth) -> None:
    message = next(message for message in truth.messages.values() if message.role == "user")
    truth.messages["again"] = copied(message, id="again")


@breaks("inner_error")
def somebody_is_told_of_an_inner_error(history: History, _: Truth) -> None:
    sent_by(history, 0, "message").answers.insert(0, Answer("rejected", code="internal_error"))


@breaks("inner_error")
def a_socket_is_told_of_an_inner_error(history: History, _: Truth) -> None:
    history.clients[1].errors.append({"type": "error", "code": "internal_error"})


# Decisions and their effects -----------------------------------------------------------------------------------------


@breaks("decision_lost")
def an_accepted_decision_is_undone(_: History, truth: Truth) -> None:
    question_with(truth, "approved").status = "pending"


@breaks("decision_lost")
def an_accepted_decision_is_somebody_elses(_: History, truth: Truth) -> None:
    question_with(truth, "approved").decided_by = OPERATOR


@breaks("decision_doubled")
def two_decisions_are_accepted(history: History, _: Truth) -> None:
    sent_by(history, 0, "interrupt_response").answers[:] = [Answer("accepted", {})]


@breaks("outcome_told_wrong")
def an_outcome_is_told_twice(_: History, truth: Truth) -> None:
    truth.events[ONE].append(copy.deepcopy(event_of(truth, "interrupt_resolved")))


@breaks("outcome_told_wrong")
def a_question_is_raised_twice(_: History, truth: Truth) -> None:
    truth.events[ONE].append(copy.deepcopy(event_of(truth, "interrupt")))


@breaks("outcome_told_wrong")
def an_outcome_is_not_told(_: History, truth: Truth) -> None:
    truth.events[ONE].remove(event_of(truth, "interrupt_resolved"))


@breaks("loser_told_wrong")
def a_loser_is_told_another_outcome(history: History, _: Truth) -> None:
    sent_by(history, 0, "interrupt_response").answers[0].details["decision"] = "rejected"


@breaks("decision_not_audited")
def a_decision_is_not_in_the_audit(_: History, truth: Truth) -> None:
    truth.audit[:] = [entry for entry in truth.audit if not entry.action.startswith("interrupt.")]


@breaks("decision_not_audited")
def a_decision_is_in_the_audit_twice(_: History, truth: Truth) -> None:
    truth.audit.append(AuditRow("interrupt.reject", question_with(truth, "approved").id, APPROVER, {}))


@breaks("effect_missing")
def an_approved_script_was_not_published(_: History, truth: Truth) -> None:
    run_id = run_with(truth, "approved").id
    truth.versions[:] = [version for version in truth.versions if version.run_id != run_id]


@breaks("effect_doubled")
def a_script_was_published_twice(_: History, truth: Truth) -> None:
    truth.versions.append(copied(truth.versions[0], version=2))


@breaks("effect_doubled")
def a_room_was_cued_twice(_: History, truth: Truth) -> None:
    truth.screens[ROOM].version += 1


@breaks("effect_undecided")
def a_rejected_script_was_published(_: History, truth: Truth) -> None:
    truth.versions[0].run_id = run_with(truth, "rejected").id


@breaks("effect_cancelled")
def a_script_of_a_cancelled_run_was_published(_: History, truth: Truth) -> None:
    run = run_with(truth, "approved")
    run.status = "cancelled"
    truth.events[run.thread_id].append({**event_of(truth, "run", run_id=run.id), "status": "cancelled"})


@breaks("published_text_differs")
def the_draft_was_published_instead_of_the_edit(_: History, truth: Truth) -> None:
    run_id = run_with(truth, "edited").id
    next(version for version in truth.versions if version.run_id == run_id).content = "这件外套很轻。"


@breaks("publication_told_wrong")
def a_publication_is_not_told(_: History, truth: Truth) -> None:
    truth.events[ONE].remove(event_of(truth, "script_finalized"))


@breaks("publication_told_wrong")
def a_publication_is_told_otherwise(_: History, truth: Truth) -> None:
    truth.events[ONE].append({**event_of(truth, "script_finalized"), "version": 2})


@breaks("publication_told_wrong")
def a_publication_is_told_that_never_was(_: History, truth: Truth) -> None:
    run_id = run_with(truth, "rejected").id
    truth.events[ONE].append({**event_of(truth, "script_finalized"), "run_id": run_id})


@breaks("screen_not_latest")
def the_screen_shows_the_script_before(_: History, truth: Truth) -> None:
    truth.screens[ROOM].content = "今天给大家聊聊这只保温杯。"


@breaks("audit_broken")
def an_audit_entry_was_changed(_: History, truth: Truth) -> None:
    truth.audit_broken_at["tenant"] = 2


# Runs ----------------------------------------------------------------------------------------------------------------


@breaks("run_hangs")
def a_run_is_never_taken(_: History, truth: Truth) -> None:
    run_with(truth, "rejected").status = "queued"


@breaks("run_hangs")
def a_run_waits_for_nobody(_: History, truth: Truth) -> None:
    run_with(truth, "rejected").status = "waiting"


@breaks("run_hangs")
def a_question_outlives_its_run(_: History, truth: Truth) -> None:
    question_with(truth, "rejected").status = "pending"


@breaks("question_overdue")
def a_question_is_not_closed_in_time(_: History, truth: Truth) -> None:
    row = question_with(truth, "rejected")
    row.status, row.overdue = "pending", 9.0


@breaks("two_runs_at_once")
def two_runs_of_a_thread_are_at_work(_: History, truth: Truth) -> None:
    log = truth.events[TWO]
    log.remove(next(event for event in log if event["type"] == "run" and event["status"] == "completed"))


@breaks("run_failed")
def a_run_failed_by_an_inner_error(_: History, truth: Truth) -> None:
    run = run_with(truth, "rejected")
    run.status, run.error = "failed", {"code": "internal_error"}


@breaks("run_told_wrong")
def the_end_of_a_run_is_not_told(_: History, truth: Truth) -> None:
    truth.events[ONE].remove(event_of(truth, "run", status="completed"))


@breaks("step_run_again")
def a_new_attempt_begins_from_the_start(_: History, truth: Truth) -> None:
    event = event_of(truth, "node", node="script", attempt=2)
    event["node"] = "intent"


@breaks("step_run_again")
def a_step_is_run_twice_by_one_attempt(_: History, truth: Truth) -> None:
    log = truth.events[ONE]
    first = log.index(event_of(truth, "node", node="finalize"))
    log[first + 2 : first + 2] = copy.deepcopy(log[first : first + 2])


@breaks("message_unfinished")
def a_message_is_left_unfinished(_: History, truth: Truth) -> None:
    next(message for message in truth.messages.values() if message.role == "assistant").status = "writing"


@breaks("message_contradicts_log")
def a_row_holds_another_text_than_the_log(_: History, truth: Truth) -> None:
    next(message for message in truth.messages.values() if message.role == "assistant").content = "别的"


@breaks("message_lost")
def the_text_of_a_question_is_not_in_the_log(_: History, truth: Truth) -> None:
    event_of(truth, "message_complete", role="assistant")["content"] = ""


def test_a_good_history_has_no_violation() -> None:
    assert violations(*good_history()) == []


def test_a_client_that_was_sent_to_the_snapshot_has_no_violation() -> None:
    history, truth = good_history()
    followed = history.clients[1].threads[ONE]
    del followed.frames[:8]
    followed.jumps.append(Jump(0, 8, snapshot_at(truth, 8)))
    assert violations(history, truth) == []


def test_a_busy_thread_that_a_second_copy_found_is_no_violation_of_the_first() -> None:
    history, truth = good_history()
    sent = sent_by(history, 0, "message")
    sent.answers[:] = [Answer("rejected", code="thread_busy")]
    assert violations(history, truth) == []
    sent.copies = 1
    assert [one.kind for one in violations(history, truth)] == ["refused_yet_done"]


@pytest.mark.parametrize(("kind", "doctor"), DOCTORED, ids=[doctor.__name__ for _, doctor in DOCTORED])
def test_what_is_wrong_is_found_and_named(kind: str, doctor: Doctor) -> None:
    history, truth = good_history()
    doctor(history, truth)
    assert kind in {one.kind for one in violations(history, truth)}


def test_every_kind_of_violation_has_been_seen_to_be_found() -> None:
    assert {kind for kind, _ in DOCTORED} == set(KINDS)


def snapshot_at(truth: Truth, seq: int) -> Frame:
    """The snapshot that the server would answer with at this number."""
    events = [thread_event_adapter.validate_python(event) for event in truth.events[ONE] if event["seq"] <= seq]
    return fold(events).model_dump(mode="json")


def copied(row: Any, **changes: object) -> Any:
    """A copy of a row with other values."""
    made = copy.copy(row)
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def test_shown_text_of_an_attempt_that_never_finished_is_nobodys_business() -> None:
    history, truth = good_history()
    history.clients[0].shown.append(Shown(ONE, history.clients[0].shown[0].message_id, 7, "没有写完的"))
    assert violations(history, truth) == []
