"""A client of the protocol that keeps what a browser keeps: the twin of `frontend/src/session/session.ts`.

No socket and no clock: frames go in, what is to be asked of the server comes out. The traces in
`tests/support/traces/sessions` hold it and the browser to each other.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from backend.protocol.events import read_event
from backend.protocol.snapshot import MessageView, ThreadSnapshot, apply

Frame = dict[str, Any]


@dataclass(frozen=True)
class Text:
    """The text of one message under way: all pieces of `attempt` before number `next`."""

    attempt: int
    next: int
    text: str


@dataclass
class ReferenceClient:
    """One thread on one screen, over any number of sockets.

    `asks` is what it would say next: "subscribe" (at its cursor) or "snapshot" (read it by REST, then `read`).
    """

    thread_id: str
    thread: ThreadSnapshot = field(default_factory=ThreadSnapshot)
    texts: dict[str, Text] = field(default_factory=dict)
    epoch: str | None = None
    #: Waiting for the snapshot: nothing is subscribed meanwhile.
    paused: bool = False
    caught_up: bool = False
    asks: list[str] = field(default_factory=list)
    #: What a server that keeps its word never makes happen on a socket: a fact or a piece that does not fit.
    holes: list[Frame] = field(default_factory=list)

    def take(self, frame: Frame) -> None:
        """Take a frame of this thread, or one that is said to the socket."""
        match frame:
            case {"type": "welcome", "epoch": epoch}:
                # The database was restored: the numbering is another one.
                void = self.epoch not in (None, epoch)
                self.epoch = epoch
                self.caught_up = False
                self._resync() if void else self.asks.append("subscribe")
            case {"type": "resync_required", "topic": topic} if topic == f"thread:{self.thread_id}":
                self._resync()
            case {"type": "subscribed", "topic": topic} if topic == f"thread:{self.thread_id}":
                self.caught_up = True
            case {"thread_id": self.thread_id, "seq": int(), "event_id": str()}:
                self._apply(frame)
            case {"type": "token" | "message_snapshot", "thread_id": self.thread_id}:
                self._lay(frame)

    def read(self, snapshot: Frame) -> None:
        """Take the thread as REST tells it, and go on from there."""
        self.thread = ThreadSnapshot.model_validate(snapshot)
        self.texts = {}
        self.paused = False
        self.asks.append("subscribe")

    @property
    def after_seq(self) -> int:
        """The cursor: the last fact that was applied."""
        return self.thread.seq

    def view(self) -> Frame:
        """What is on screen, as plain JSON."""
        # A text of which no message is known (yet) is kept, but nobody sees it.
        shown = {
            str(m.id): {"attempt": text.attempt, "text": text.text}
            for m in self.thread.messages
            if m.status == "writing" and (text := self.texts.get(str(m.id))) is not None
        }
        return {"thread": self.thread.model_dump(mode="json"), "texts": shown}

    def _resync(self) -> None:
        self.paused = True
        self.asks.append("snapshot")

    def _apply(self, frame: Frame) -> None:
        if self.paused or frame["seq"] <= self.thread.seq:
            return
        if frame["seq"] != self.thread.seq + 1:
            self.holes.append(frame)
            self.asks.append("subscribe")
            return
        self.thread = apply(self.thread, read_event(json.dumps(frame)))
        if frame["type"] in ("message_started", "message_complete", "clarification"):
            message = self._message(frame["message_id"])
            known = self.texts.get(frame["message_id"])
            if message is not None and known is not None and _over(message, known.attempt):
                del self.texts[frame["message_id"]]

    def _lay(self, frame: Frame) -> None:
        message = self._message(frame["message_id"])
        if message is not None and _over(message, frame["attempt"]):
            return
        known = self.texts.get(frame["message_id"])
        if known is not None and frame["attempt"] < known.attempt:
            return
        current = known if known is not None and known.attempt == frame["attempt"] else Text(frame["attempt"], 0, "")
        if frame["type"] == "message_snapshot":
            if frame["i"] >= current.next:
                self.texts[frame["message_id"]] = Text(frame["attempt"], frame["i"], frame["content"])
        elif frame["i"] == current.next:
            whole = Text(frame["attempt"], frame["i"] + frame["n"], current.text + frame["content"])
            self.texts[frame["message_id"]] = whole
        elif frame["i"] + frame["n"] > current.next:
            self.holes.append(frame)
            self.asks.append("subscribe")

    def _message(self, message_id: str) -> MessageView | None:
        return next((m for m in self.thread.messages if str(m.id) == message_id), None)


def _over(message: MessageView, attempt: int) -> bool:
    """Whether the facts have gone past this attempt at the message's text: late pieces of it must not be shown."""
    if message.status == "cancelled":
        return True
    return attempt < (message.attempt or 0) or (message.status != "writing" and attempt == (message.attempt or 0))
