"""The clients of the load: a conversation on a socket, and what it heard."""

import asyncio
import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection

from tests.support.desk_client import new_id

REQUEST = "写一段保温杯卖点介绍"
#: Passes every check of the quality gate, so that one run is one draft.
TEXT = Path(__file__).with_name("script.txt").read_text(encoding="utf-8").strip()
#: Characters a token.
PIECE = 2
TOKENS = len(TEXT) // PIECE


@dataclass
class Heard:
    """What the clients of one case saw. Seconds, frames, bytes."""

    first: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)
    resumed: list[float] = field(default_factory=list)
    on_air: list[float] = field(default_factory=list)
    finished: list[float] = field(default_factory=list)
    frames: int = 0
    token_frames: int = 0
    token_bytes: int = 0
    tokens: int = 0
    #: Commands that the server, busy, told to send again later.
    refused: int = 0
    seconds: float = 0.0

    def piece(self, text: str, frame: dict[str, Any]) -> None:
        self.token_frames += 1
        self.token_bytes += len(text.encode())
        self.tokens += max(1, len(frame["content"]) // PIECE)


class Pace:
    """How late each token of a stream is, against the stream's own earliest one."""

    def __init__(self, delay: float) -> None:
        self._delay = delay
        self._said = 0
        self._offsets: list[float] = []

    def piece(self, content: str) -> None:
        now = time.perf_counter()
        for _ in range(max(1, len(content) // PIECE)):
            self._offsets.append(now - self._said * self._delay)
            self._said += 1

    def late(self) -> list[float]:
        best = min(self._offsets)
        return [offset - best for offset in self._offsets]


class DeskConversation:
    """One thread on one socket of Cuedesk."""

    def __init__(self, socket: ClientConnection, thread: str, heard: Heard, delay: float) -> None:
        self._socket = socket
        self.thread = thread
        self.heard = heard
        self._delay = delay
        self._interrupt: dict[str, Any] = {}
        #: The last command, in case it has to be sent again.
        self._said = ""

    async def begin(self) -> None:
        """Follow the thread."""
        command = {"id": new_id(), "type": "subscribe", "topic": f"thread:{self.thread}", "after_seq": 0}
        await self._say(command)
        await self._until("subscribed")

    async def ask(self) -> None:
        """Ask, and read until a person is asked."""
        command = {"id": new_id(), "type": "message", "thread_id": self.thread, "content": REQUEST}
        pace, began, first = Pace(self._delay), time.perf_counter(), None
        await self._say(command)
        while True:
            text, frame = await self._next()
            kind = frame["type"]
            if kind == "token":
                if first is None:
                    first = time.perf_counter() - began
                pace.piece(frame["content"])
                self.heard.piece(text, frame)
            elif kind == "quality_feedback" and not frame["final"]:
                raise AssertionError(f"the text does not pass the gate: {frame['findings']}")
            elif kind == "interrupt":
                self._interrupt = frame
                break
        assert first is not None, "no token came"
        self.heard.first.append(first)
        if self._delay:
            self.heard.late += pace.late()

    async def decide(self, decision: str) -> None:
        """Approve or reject, and read to the end of the run."""
        answer = {
            "id": new_id(),
            "type": "interrupt_response",
            "thread_id": self.thread,
            "interrupt_id": self._interrupt["interrupt_id"],
            "decision": decision,
        }
        began = time.perf_counter()
        await self._say(answer)
        await self._until("run", "running")
        self.heard.resumed.append(time.perf_counter() - began)
        if decision == "approve":
            await self._until("script_finalized")
            self.heard.on_air.append(time.perf_counter() - began)
        await self._until("run", "completed")
        self.heard.finished.append(time.perf_counter() - began)

    async def _say(self, command: dict[str, Any]) -> None:
        self._said = json.dumps(command)
        await self._socket.send(self._said)

    async def _next(self) -> tuple[str, dict[str, Any]]:
        text = await self._socket.recv()
        assert isinstance(text, str)
        self.heard.frames += 1
        frame: dict[str, Any] = json.loads(text)
        if frame["type"] == "ack" and frame["status"] == "rejected" and frame["error"]["retryable"]:
            # As every client does: the same command again, when the server says.
            self.heard.refused += 1
            await asyncio.sleep((frame["error"]["retry_after_ms"] or 1000) / 1000)
            await self._socket.send(self._said)
        elif frame["type"] == "error" or (frame["type"] == "ack" and frame["status"] == "rejected"):
            raise AssertionError(f"refused: {frame}")
        if frame["type"] == "run" and frame["status"] == "failed":
            raise AssertionError(f"failed: {frame}")
        return text, frame

    async def _until(self, kind: str, status: str | None = None) -> None:
        while True:
            _, frame = await self._next()
            if frame["type"] == kind and (status is None or frame["status"] == status):
                return


class BareConversation:
    """One socket of the bare server."""

    def __init__(self, socket: ClientConnection, heard: Heard, delay: float) -> None:
        self._socket = socket
        self.heard = heard
        self._delay = delay

    async def begin(self) -> None:
        """Nothing to do."""

    async def ask(self) -> None:
        """Ask, and read to the end of the answer."""
        pace, began, first = Pace(self._delay), time.perf_counter(), None
        await self._socket.send(REQUEST)
        while True:
            text = await self._socket.recv()
            assert isinstance(text, str)
            self.heard.frames += 1
            frame = json.loads(text)
            if frame["type"] != "token":
                break
            if first is None:
                first = time.perf_counter() - began
            pace.piece(frame["content"])
            self.heard.piece(text, frame)
        assert first is not None, "no token came"
        self.heard.first.append(first)
        if self._delay:
            self.heard.late += pace.late()

    async def decide(self, decision: str) -> None:
        """Nothing to do."""


class GraphConversation(BareConversation):
    """One socket of benchmarks/graphs.py."""

    async def decide(self, decision: str) -> None:
        """Answer the question and read to the end."""
        began = time.perf_counter()
        await self._socket.send(decision)
        for seconds in (self.heard.resumed, self.heard.finished):
            await self._socket.recv()
            self.heard.frames += 1
            seconds.append(time.perf_counter() - began)


Conversation = DeskConversation | BareConversation
