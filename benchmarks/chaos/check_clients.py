"""Checks: the log is whole, and every client was given exactly it."""

from collections.abc import Iterator
from typing import Any

from backend.protocol.events import thread_event_adapter
from backend.protocol.snapshot import fold
from benchmarks.chaos.history import Followed, Frame, History, Truth

Found = Iterator[tuple[str, str, str]]


def something_happened(history: History, truth: Truth) -> Found:
    """Where nobody gets in nothing goes wrong: that is no proof of anything."""
    for client in history.clients:
        if not client.connections:
            yield "client_absent", client.name, "it has no connection on record"
    if not any(run.status == "completed" for run in truth.runs.values()):
        yield "nothing_done", "all runs", f"{len(truth.runs)} were begun"


def log_is_whole(_: History, truth: Truth) -> Found:
    """Each thread's log is numbered without gaps up to the thread's head, and holds no event twice."""
    seen: dict[str, str] = {}
    for thread_id, head in truth.heads.items():
        log = truth.events.get(thread_id, [])
        numbers = [event["seq"] for event in log]
        if numbers != list(range(1, head + 1)):
            yield "log_gap", thread_id, f"head {head}, but {_first_break(numbers, head)}"
        for event in log:
            place = f"{thread_id} {event['seq']}"
            if event["event_id"] in seen:
                yield "event_stored_twice", event["event_id"], f"{seen[event['event_id']]} and {place}"
            seen[event["event_id"]] = place


def clients_were_given_the_log(history: History, truth: Truth) -> Found:
    """What each client was given of a thread is its log: every event, once, in order, to the end."""
    for client in history.clients:
        for thread_id, followed in client.threads.items():
            log = {event["seq"]: event for event in truth.events.get(thread_id, [])}
            subject = f"{client.name}, thread {thread_id}"
            yield from _in_order(followed, subject)
            for frame in followed.frames:
                yield from _same_as_stored(frame, log, subject)
            for jump in followed.jumps:
                upto = [event for number, event in sorted(log.items()) if number <= jump.seq]
                if _comparable(_view(upto)) != _comparable(jump.snapshot):
                    yield "snapshot_contradicts_log", subject, f"at {jump.seq}"
            head = truth.heads.get(thread_id, 0)
            if followed.cursor != head:
                yield "client_behind", subject, f"has {followed.cursor} of {head}"


def notices_are_of_the_log(history: History, truth: Truth) -> Found:
    """What the topic `approvals` tells is in the log of its thread."""
    logs = {thread_id: {event["seq"]: event for event in log} for thread_id, log in truth.events.items()}
    for client in history.clients:
        for frame in client.notices:
            yield from _same_as_stored(frame, logs.get(frame["thread_id"], {}), f"{client.name}, approvals")


def everybody_ends_with_the_same_text(history: History, truth: Truth) -> Found:
    """The last whole text that a client was given of a message is the one in the database."""
    for client in history.clients:
        for thread_id, followed in client.threads.items():
            texts = {f["message_id"]: f["content"] for f in followed.frames if f["type"] == "message_complete"}
            for message_id, text in texts.items():
                row = truth.messages.get(message_id)
                if row is None or row.content != text:
                    stored = "no such message" if row is None else f"{len(row.content)} characters, another text"
                    yield (
                        "final_text_differs",
                        f"{client.name}, thread {thread_id}, message {message_id}",
                        f"{len(text)} characters here; stored: {stored}",
                    )


def pieces_are_of_the_text(history: History, truth: Truth) -> Found:
    """The pieces shown of an attempt at a message, as far as they came, are the beginning of what it became."""
    for client in history.clients:
        for shown in client.shown:
            whole = [
                event["content"].strip()
                for event in truth.events.get(shown.thread_id, [])
                if event["type"] == "message_complete"
                and event["message_id"] == shown.message_id
                and event["attempt"] == shown.attempt
            ]
            if whole and not any(text.startswith(shown.text.strip()) for text in whole):
                yield (
                    "text_contradicts_message",
                    f"{client.name}, message {shown.message_id}, attempt {shown.attempt}",
                    f"shown …{shown.text[-40:]!r} against …{whole[-1][: len(shown.text)][-40:]!r}",
                )


def displays_show_the_room(history: History, truth: Truth) -> Found:
    """A display, which ignores older versions, ends with the room's version and its text."""
    for client in history.clients:
        for room_id, frames in client.screens.items():
            row = truth.screens.get(room_id)
            shown = max(frames, key=lambda frame: frame["version"], default=None)
            version, content = (shown["version"], shown["content"]) if shown else (0, "")
            if (version, content) != ((row.version, row.content) if row else (0, "")):
                yield (
                    "screen_differs",
                    f"{client.name}, room {room_id}",
                    f"shows version {version}, the room has {row.version if row else 0}",
                )


CHECKS = (
    something_happened,
    log_is_whole,
    clients_were_given_the_log,
    notices_are_of_the_log,
    everybody_ends_with_the_same_text,
    pieces_are_of_the_text,
    displays_show_the_room,
)


def _in_order(followed: Followed, subject: str) -> Found:
    jumps = {jump.at: jump.seq for jump in followed.jumps}
    last = 0
    for place, frame in enumerate(followed.frames):
        seq, last = frame["seq"], jumps.get(place, last)
        if seq <= last:
            yield "event_doubled", subject, f"{seq} ({frame['type']}) after {last}"
        elif seq != last + 1:
            yield "event_lost", subject, f"{seq} ({frame['type']}) after {last}"
        last = max(last, seq)


def _same_as_stored(frame: Frame, log: dict[int, Frame], subject: str) -> Found:
    stored = log.get(frame["seq"])
    told = {name: value for name, value in frame.items() if name != "at"}
    if stored is None:
        yield "event_contradicts_log", subject, f"{frame['seq']} ({frame['type']}) is not in the log"
    elif told != stored:
        differing = sorted(name for name in told.keys() | stored.keys() if told.get(name) != stored.get(name))
        yield "event_contradicts_log", subject, f"{frame['seq']} ({frame['type']}) differs in {differing}"


def _view(events: list[Frame]) -> Frame:
    return fold(thread_event_adapter.validate_python(event) for event in events).model_dump(mode="json")


def _comparable(value: Any) -> Any:
    """Leave out times: truth does not carry them."""
    if isinstance(value, dict):
        return {name: _comparable(one) for name, one in value.items() if name not in ("at", "resolved_at")}
    return [_comparable(one) for one in value] if isinstance(value, list) else value


def _first_break(numbers: list[int], head: int) -> str:
    for place, number in enumerate(numbers, start=1):
        if number != place:
            return f"number {number} in place {place}"
    return f"{len(numbers)} events of {head}"
