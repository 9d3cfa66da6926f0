"""Checks: every run came to its end or waits for a person, one at a time, and no finished step was run again."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from backend.graph.build import build
from benchmarks.chaos.history import Frame, History, Truth

Found = Iterator[tuple[str, str, str]]

ENDED = frozenset({"completed", "failed", "cancelled", "expired"})
#: A run whose workers were killed four times in a row is given up by design.
_MAY_FAIL = frozenset({"recovery_exhausted"})
#: How late a question may be closed, seconds: the sweep's second, and a restart's.
_OVERDUE = 5.0


def nothing_hangs(_: History, truth: Truth) -> Found:
    """Long after the last fault each run is over, or waits with a question that somebody can answer."""
    open_questions = defaultdict(list)
    for row in truth.interrupts.values():
        if row.status == "pending":
            open_questions[row.run_id].append(row.id)
            if row.overdue > _OVERDUE:
                yield "question_overdue", row.id, f"{row.overdue:.1f} s"
    for run in truth.runs.values():
        asked = open_questions.pop(run.id, [])
        if run.status not in ENDED and not (run.status == "waiting" and asked):
            yield (
                "run_hangs",
                f"run {run.id}",
                f"it is {run.status}, attempt {run.attempt}, with {len(asked)} questions",
            )
        elif run.status in ENDED and asked:
            yield "run_hangs", f"run {run.id}", f"it is {run.status}, and question {asked[0]} is still open"


def runs_come_one_at_a_time(_: History, truth: Truth) -> Found:
    """Between the moment a run of a thread begins and its end no other run of the thread begins."""
    for thread_id, log in truth.events.items():
        active: str | None = None
        for event in log:
            if event["type"] != "run" or event["status"] == "enqueued":
                continue
            run_id = event["run_id"]
            if event["status"] in ENDED:
                active = None if active == run_id else active
            elif active not in (None, run_id):
                yield (
                    "two_runs_at_once",
                    f"thread {thread_id}",
                    f"{run_id} {event['status']} while {active} was at work",
                )
            else:
                active = run_id


def runs_are_told(_: History, truth: Truth) -> Found:
    """No run failed without a reason, and the log's last word on a run is its row's."""
    told: dict[str, str] = {}
    for log in truth.events.values():
        told |= {event["run_id"]: event["status"] for event in log if event["type"] == "run"}
    for run in truth.runs.values():
        code = (run.error or {}).get("code")
        if run.status == "failed" and code not in _MAY_FAIL:
            yield "run_failed", f"run {run.id}", f"{run.error}"
        # An answered question queues its run without a word: the log tells of the answer.
        if told.get(run.id) != run.status and not (run.status == "queued" and told.get(run.id) == "waiting"):
            yield "run_told_wrong", f"run {run.id}", f"it is {run.status}, told {told.get(run.id)}"


def finished_steps_are_not_repeated(_: History, truth: Truth) -> Found:
    """A run walks along the graph's edges. A new attempt may repeat the step at which it found the run, no earlier one.

    Words of a killed attempt that it had not written are missing from the log, so a new attempt may also be further.
    """
    walks: dict[str, list[Frame]] = defaultdict(list)
    for log in truth.events.values():
        for event in log:
            if event["type"] == "node":
                walks[event["run_id"]].append(event)
    for run_id, walk in walks.items():
        yield from _walked(run_id, walk)


def messages_are_whole(_: History, truth: Truth) -> Found:
    """A message of a run that is over is finished, its row is what the log tells, and a text put to people is there."""
    told: dict[str, str] = {}
    for log in truth.events.values():
        told |= {event["message_id"]: event["content"] for event in log if event["type"] == "message_complete"}
    for message in truth.messages.values():
        run = truth.runs.get(message.run_id or "")
        if message.status == "writing":
            if run is None or run.status in ENDED:
                yield "message_unfinished", f"message {message.id}", f"run {message.run_id}"
        elif told.get(message.id) != message.content:
            yield "message_contradicts_log", f"message {message.id}", f"told {told.get(message.id, '')[-40:]!r}"
    asked: set[str] = set()
    for row in sorted(truth.interrupts.values(), key=lambda one: one.created_at):
        message_id = row.params.get("message_id")
        if message_id is None or message_id in asked:
            continue  # asked again after an edit: the text is a person's now
        asked.add(message_id)
        if told.get(message_id) != row.params["content"]:
            yield "message_lost", f"message {message_id}", f"question {row.id} of run {row.run_id} holds another text"


CHECKS = (
    nothing_hangs,
    runs_come_one_at_a_time,
    runs_are_told,
    finished_steps_are_not_repeated,
    messages_are_whole,
)


def _walked(run_id: str, walk: list[Frame]) -> Found:
    graph = _graph()
    here: frozenset[str] = frozenset()
    attempt = 0
    begun: dict[str, bool] = {}  # of this attempt's present step: finished or not
    for event in walk:
        node = event["node"]
        if node not in graph.step:
            continue
        if event["status"] == "finished":
            begun[node] = True
            continue
        step = graph.step[node]
        newer = event["attempt"] > attempt
        if not here:
            allowed = True
        elif newer:
            allowed = step == here or step in graph.reaches[here]
        elif step == here and not begun.get(node):
            allowed = True  # side by side with others of its step, or after its question was answered
        else:
            allowed = step in {graph.step[one] for other in here for one in graph.follows[other]}
        if not allowed:
            found = f"{node} in attempt {event['attempt']} after {sorted(here)} in attempt {attempt}"
            yield "step_run_again", f"run {run_id}", found
        if newer or step != here:
            begun = {}
        begun[node] = False
        here, attempt = step, event["attempt"]


@dataclass(frozen=True)
class _Graph:
    """`step` maps a node to those that run side by side with it, `reaches` a step to all that can come after it."""

    follows: dict[str, frozenset[str]]
    step: dict[str, frozenset[str]]
    reaches: dict[frozenset[str], set[frozenset[str]]]


@cache
def _graph() -> _Graph:
    edges = build().get_graph().edges
    nodes = {edge.source for edge in edges} | {edge.target for edge in edges}
    follows = {node: frozenset(e.target for e in edges if e.source == node) for node in nodes}
    before = {node: frozenset(e.source for e in edges if e.target == node) for node in nodes}
    # Nodes between the same nodes are one step.
    step = {
        node: frozenset(one for one in nodes if (before[one], follows[one]) == (before[node], follows[node]))
        for node in nodes
    }
    reaches: dict[frozenset[str], set[frozenset[str]]] = {}
    for node in nodes:
        seen: set[str] = set()
        todo = list(follows[node])
        while todo:
            one = todo.pop()
            if one not in seen:
                seen.add(one)
                todo += follows[one]
        reaches[step[node]] = {step[one] for one in seen}
    return _Graph(follows, step, reaches)
