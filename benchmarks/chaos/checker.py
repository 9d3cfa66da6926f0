"""The history checker: holds what clients recorded against what the database has, and names every broken promise.

Each check is a function of history and truth that yields violations; the kinds below are all there are, and
tests/unit/chaos doctors a good history in each of these ways to see it caught.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.chaos import check_clients, check_commands, check_decisions, check_runs
from benchmarks.chaos.history import History, Truth

KINDS = {
    # whether there is anything to check
    "client_absent": "a client never got in",
    "nothing_done": "no run was brought to its end",
    # the log and what clients were given of it
    "log_gap": "a thread's log is not numbered 1, 2, 3, … up to its head",
    "event_stored_twice": "one event id stands in the log twice",
    "event_lost": "a client was given an event without the one before it",
    "event_doubled": "a client was given an event again",
    "event_contradicts_log": "a client was given something else than the log holds",
    "client_behind": "a client was not brought up to date in the end",
    "snapshot_contradicts_log": "the snapshot a client was told to read is not the fold of the log",
    "final_text_differs": "a client ends with another text of a message than the database has",
    "text_contradicts_message": "the text built from pieces is not the beginning of the whole text",
    "screen_differs": "a display does not show in the end what the room's state says",
    # commands
    "ack_without_effect": "a command was accepted, and what it promised is not there",
    "ack_contradicts": "two answers to one command differ, or differ from what was recorded",
    "refused_yet_done": "a command was refused for good, and yet carried out",
    "done_without_command": "a person's message is there that no command accounts for",
    "inner_error": "somebody was told of an inner error",
    # decisions and their effects
    "decision_lost": "a decision was accepted, and the question has another outcome",
    "decision_doubled": "more than one decision on one question was accepted",
    "outcome_told_wrong": "the log does not tell a question's outcome exactly once",
    "loser_told_wrong": "who came too late was told another outcome than the real one",
    "decision_not_audited": "the audit does not hold a decision exactly once",
    "effect_missing": "an approved script was not published",
    "effect_doubled": "a script was published more than once",
    "effect_undecided": "a script was published that nobody approved",
    "effect_cancelled": "a run was cancelled, and yet its script published",
    "published_text_differs": "the published text is not the approved one",
    "publication_told_wrong": "the log does not tell of a publication, or tells of another",
    "screen_not_latest": "the teleprompter does not hold the script that was published last",
    "audit_broken": "the audit's chain of hashes does not hold",
    # runs
    "run_hangs": "a run neither ended nor waits for a person",
    "question_overdue": "a question's time is over, and nobody closed it",
    "two_runs_at_once": "two runs of one thread were at work at once",
    "run_failed": "a run failed although nothing was wrong with it",
    "run_told_wrong": "the log tells another status of a run than its row has",
    "step_run_again": "a finished step of a run was run again",
    "message_unfinished": "a message is still being written, and its run is over",
    "message_contradicts_log": "the log tells another text of a message than its row has",
    "message_lost": "the text that was put to a person is not in the log",
}


@dataclass(frozen=True)
class Violation:
    """One broken promise: its kind, what it is about, and what was found."""

    kind: str
    subject: str
    found: str


def violations(history: History, truth: Truth) -> list[Violation]:
    """Return everything that is wrong, in the order of the checks."""
    found: list[Violation] = []
    for check in (*check_clients.CHECKS, *check_commands.CHECKS, *check_decisions.CHECKS, *check_runs.CHECKS):
        results: Iterator[tuple[str, str, str]] = check(history, truth)
        for kind, subject, told in results:
            assert kind in KINDS, kind
            found.append(Violation(kind, subject, told))
    return found
