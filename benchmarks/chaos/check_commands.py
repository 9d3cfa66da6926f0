"""Checks: what was accepted was done once, what was refused was not done."""

from collections import Counter
from collections.abc import Iterator

from benchmarks.chaos.history import LASTING, ClientHistory, History, Sent, Truth

Found = Iterator[tuple[str, str, str]]


def accepted_was_done(history: History, truth: Truth) -> Found:
    """An accepted command is on record, with the one answer that everybody who asked again got."""
    for client, sent in _lasting(history):
        promised = sent.accepted
        if promised is None:
            continue
        subject = _subject(client, sent)
        recorded = truth.commands.get(sent.id)
        if recorded is None:
            yield "ack_without_effect", subject, "it is not on record"
            continue
        results = [answer.result for answer in sent.answers if answer.status != "rejected"]
        for result in results:
            if result != recorded:
                yield "ack_contradicts", subject, f"answered {result}, recorded {recorded}"
        if sent.refused is not None:
            yield "ack_contradicts", subject, f"accepted, and refused with {sent.refused.code}"
        if sent.type == "message":
            yield from _message_is_there(sent, subject, truth, recorded)
        if sent.type == "cancel":
            run = truth.runs.get(str(recorded["run_id"]))
            if run is None or run.status != "cancelled":
                yield "ack_without_effect", subject, f"its run is {run.status if run else 'not there'}"


def refused_was_not_done(history: History, truth: Truth) -> Found:
    """A command that was refused for good has left nothing.

    A message refused because the thread was busy may be carried out by a copy of it that was under way all the time (a
    frozen gateway wakes up): that is one effect for one command, and no violation.
    """
    for client, sent in _lasting(history):
        refused = sent.refused
        if refused is None or sent.accepted is not None or sent.id not in truth.commands:
            continue
        if sent.copies > 1 and sent.type != "interrupt_response":
            continue
        yield "refused_yet_done", _subject(client, sent), f"refused with {refused.code}"


def every_message_was_sent(_: History, truth: Truth) -> Found:
    """Each message of a person is what one command did; a command that ran twice would leave one too many."""
    accounted = Counter(result["message_id"] for result in truth.commands.values() if "message_id" in result)
    for message in truth.messages.values():
        if message.role == "user" and accounted[message.id] != 1:
            yield "done_without_command", f"message {message.id}", f"{accounted[message.id]} commands account for it"


def nobody_was_told_of_inner_errors(history: History, _: Truth) -> Found:
    """Whatever broke, people were told something they can act on."""
    for client in history.clients:
        for sent in client.sent.values():
            for answer in sent.answers:
                if answer.code == "internal_error":
                    yield "inner_error", _subject(client, sent), f"{answer.details}"
        for frame in client.errors:
            if frame["code"] == "internal_error":
                yield "inner_error", client.name, f"{frame}"


CHECKS = (accepted_was_done, refused_was_not_done, every_message_was_sent, nobody_was_told_of_inner_errors)


def _lasting(history: History) -> Iterator[tuple[ClientHistory, Sent]]:
    for client in history.clients:
        for sent in client.sent.values():
            if sent.type in LASTING:
                yield client, sent


def _subject(client: ClientHistory, sent: Sent) -> str:
    return f"{client.name}, {sent.type} {sent.id} ({sent.copies} copies)"


def _message_is_there(sent: Sent, subject: str, truth: Truth, recorded: dict[str, object]) -> Found:
    message_id, run_id = str(recorded["message_id"]), str(recorded["run_id"])
    row = truth.messages.get(message_id)
    if row is None or row.content != sent.body["content"]:
        yield "ack_without_effect", subject, f"message {message_id} is not there as it was sent"
    if run_id not in truth.runs:
        yield "ack_without_effect", subject, f"run {run_id} is not there"
    told = [
        event["seq"]
        for event in truth.events.get(sent.body["thread_id"], [])
        if event["type"] == "message_complete" and event["message_id"] == message_id
    ]
    if len(told) != 1:
        yield "ack_without_effect", subject, f"the log tells of message {message_id} {len(told)} times"
