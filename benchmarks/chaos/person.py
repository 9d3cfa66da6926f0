"""One person at one screen: a real client that comes back with its cursors, sends again what was not answered, and
records everything it did and was told."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx2
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Origin

from benchmarks.chaos.check_runs import ENDED
from benchmarks.chaos.history import Answer, ClientHistory, Followed, Frame, Jump, Sent, Shown
from tests.support.desk_client import new_id

#: How long a client waits for an answer before it sends the command again, seconds.
_ANSWER = (2.0, 6.0)
_CATCH_UP = 10.0


@dataclass
class Text:
    """Text under way: the newest attempt, its pieces by number, over the snapshot."""

    attempt: int = -1
    due: int = 0
    text: str = ""

    def take(self, frame: Frame) -> None:
        if frame["attempt"] < self.attempt:
            return
        if frame["type"] == "message_snapshot":
            self.attempt, self.due, self.text = frame["attempt"], frame["i"], frame["content"]
            return
        if frame["attempt"] > self.attempt:
            self.attempt, self.due, self.text = frame["attempt"], 0, ""
        if frame["i"] == self.due:
            self.due, self.text = frame["i"] + frame["n"], self.text + frame["content"]


@dataclass
class Seen:
    """What a client knows of a thread: how its runs stand, the questions that are open, the texts under way."""

    runs: dict[str, str] = field(default_factory=dict)
    attempts: dict[str, int] = field(default_factory=dict)
    questions: dict[str, Frame] = field(default_factory=dict)
    texts: dict[str, Text] = field(default_factory=dict)

    def take(self, frame: Frame) -> None:
        match frame["type"]:
            case "run":
                self.runs[frame["run_id"]] = frame["status"]
                self.attempts[frame["run_id"]] = frame["attempt"] or 0
            case "interrupt":
                self.questions[frame["interrupt_id"]] = frame
            case "interrupt_resolved" | "interrupt_expired":
                self.questions.pop(frame["interrupt_id"], None)


class Person:
    """A client. `run` keeps it connected until cancelled; `do` sends a command until it is answered."""

    def __init__(
        self,
        history: ClientHistory,
        url: str,
        cookie: str,
        rng: random.Random,
        *,
        threads: Sequence[str] = (),
        rooms: Sequence[str] = (),
        approvals: bool = False,
    ) -> None:
        """`url` is the http address of whatever stands before the gateways. Whoever follows `approvals` follows no
        threads: the same event would come by both ways."""
        assert not (threads and approvals), "an event of a followed thread could not be told from its notice"
        self.history = history
        self.seen = {thread: Seen() for thread in threads}
        self.connected = False
        self._url = url
        self._cookie = cookie
        self._rng = rng
        self._topics = [*(f"thread:{thread}" for thread in threads), *(f"room:{room}" for room in rooms)]
        self._topics += ["approvals"] if approvals else []
        history.threads = {thread: Followed() for thread in threads}
        history.screens = {room: [] for room in rooms}
        self._socket: ClientConnection | None = None
        self._live: set[str] = set()
        self._answers: dict[str, asyncio.Future[Frame]] = {}
        self._changed = asyncio.Event()

    @property
    def name(self) -> str:
        return self.history.name

    @property
    def up_to_date(self) -> dict[str, int]:
        """The cursor of each thread."""
        return {thread: followed.cursor for thread, followed in self.history.threads.items()}

    async def run(self) -> None:
        """Connect, follow, and come back whatever happens."""
        while True:
            with contextlib.suppress(OSError, WebSocketException, TimeoutError):
                async with connect(
                    self._url.replace("http", "ws", 1) + "/ws",
                    additional_headers={"Cookie": self._cookie},
                    origin=Origin(self._url),  # as a page of that address
                    max_size=None,
                    open_timeout=4,
                    ping_interval=3,
                    ping_timeout=4,
                    close_timeout=1,
                ) as socket:
                    await self._converse(socket)
            self.connected = False
            self._socket = None
            await asyncio.sleep(self._rng.uniform(0.1, 1.0))

    async def do(self, type_: str, *, patience: float = 90, **fields: Any) -> Sent:
        """Send a command, again and again with the same id, until it is answered for good or patience ends."""
        sent = Sent(new_id(), type_, fields)
        self.history.sent[sent.id] = sent
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            answer = await self._send(sent)
            if sent.accepted is not None or sent.refused is not None:
                break
            if answer is not None:
                await asyncio.sleep((answer["error"].get("retry_after_ms") or 500) / 1000)
        return sent

    async def until(self, fits: Callable[[], bool], timeout: float) -> bool:
        """Wait until something holds of what this client has seen; False when it does not come in time."""
        try:
            async with asyncio.timeout(timeout):
                while not fits():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def question_of(self, thread: str, run_id: str) -> Frame | None:
        """The open question of a run."""
        return next((q for q in self.seen[thread].questions.values() if q["run_id"] == run_id), None)

    def ended(self, thread: str, run_id: str) -> bool:
        return self.seen[thread].runs.get(run_id) in ENDED

    async def _send(self, sent: Sent) -> Frame | None:
        """Send a copy and wait for an answer to any copy; None when it is not answered in time."""
        socket = self._socket
        answer = self._answers.setdefault(sent.id, asyncio.get_running_loop().create_future())
        if socket is not None:
            sent.copies += 1
            with contextlib.suppress(WebSocketException, OSError):
                await socket.send(json.dumps({"id": sent.id, "type": sent.type, **sent.body}))
        try:
            async with asyncio.timeout(self._rng.uniform(*_ANSWER) if socket is not None else 0.5):
                frame = await asyncio.shield(answer)
        except TimeoutError:
            return None
        del self._answers[sent.id]
        return frame

    async def _converse(self, socket: ClientConnection) -> None:
        self._live.clear()
        self.history.connections += 1
        welcome = json.loads(await asyncio.wait_for(socket.recv(), 10))
        if welcome["type"] != "welcome":
            self._take(welcome)
            return
        self._socket, self.connected = socket, True
        async with asyncio.TaskGroup() as group:
            following = [group.create_task(self._follow(socket, topic)) for topic in self._topics]
            with contextlib.suppress(WebSocketException):
                async for text in socket:
                    self._take(json.loads(text))
            for task in following:
                task.cancel()

    async def _follow(self, socket: ClientConnection, topic: str) -> None:
        """Subscribe from the cursor. A copy would bring events twice, so what is not answered ends the connection."""
        kind, _, name = topic.partition(":")
        while True:
            after = self.history.threads[name].cursor if kind == "thread" else 0
            command_id = new_id()
            answer = self._answers.setdefault(command_id, asyncio.get_running_loop().create_future())
            command = {"id": command_id, "type": "subscribe", "topic": topic, "after_seq": after}
            with contextlib.suppress(WebSocketException, OSError):
                await socket.send(json.dumps(command))
            try:
                ack = await asyncio.wait_for(asyncio.shield(answer), _CATCH_UP)
            except TimeoutError:
                await socket.close()
                return
            finally:
                self._answers.pop(command_id, None)
            if ack["status"] == "accepted":
                return
            await asyncio.sleep(0.5)

    def _take(self, frame: Frame) -> None:
        match frame["type"]:
            case "ack":
                if frame["re"] in self.history.sent:
                    self.history.sent[frame["re"]].answers.append(_answer(frame))
                answer = self._answers.get(frame["re"])
                if answer is not None and not answer.done():
                    answer.set_result(frame)
            case "token" | "message_snapshot":
                self.seen[frame["thread_id"]].texts.setdefault(frame["message_id"], Text()).take(frame)
            case "error":
                self.history.errors.append(frame)
            case "prompter_state":
                self.history.screens[frame["room_id"]].append(frame)
            case "resync_required":
                # The snapshot is read and the topic followed anew on the next connection.
                self._resync(frame["topic"].partition(":")[2])
            case _ if "seq" in frame and "event_id" in frame:
                self._take_event(frame)
        self._changed.set()

    def _take_event(self, frame: Frame) -> None:
        thread = frame["thread_id"]
        if thread not in self.history.threads:
            self.history.notices.append(frame)
            return
        self.history.threads[thread].frames.append(frame)
        self.seen[thread].take(frame)
        if frame["type"] == "message_complete":
            text = self.seen[thread].texts.pop(frame["message_id"], None)
            if text is not None and text.text:
                self.history.shown.append(Shown(thread, frame["message_id"], text.attempt, text.text))

    def _resync(self, thread: str) -> None:
        socket = self._socket

        async def read() -> None:
            async with httpx2.AsyncClient(base_url=self._url, headers={"Cookie": self._cookie}, timeout=10) as client:
                answer = await client.get(f"/api/v1/threads/{thread}/snapshot")
                answer.raise_for_status()
            snapshot = answer.json()["snapshot"]
            followed = self.history.threads[thread]
            if snapshot["seq"] > followed.cursor:
                followed.jumps.append(Jump(len(followed.frames), snapshot["seq"], snapshot))
                self.seen[thread] = _seen_in(snapshot)

        async def read_and_come_back() -> None:
            with contextlib.suppress(httpx2.HTTPError):
                await read()
            if socket is not None:
                await socket.close()

        self._reading = asyncio.create_task(read_and_come_back(), name=f"{self.name} reads a snapshot")


def _answer(ack: Frame) -> Answer:
    error = ack.get("error") or {}
    return Answer(
        ack["status"], ack["result"], error.get("code"), error.get("retryable", False), error.get("details") or {}
    )


def _seen_in(snapshot: Frame) -> Seen:
    questions = {
        one["id"]: {"interrupt_id": one["id"], **one} for one in snapshot["interrupts"] if one["status"] == "pending"
    }
    return Seen({run["id"]: run["status"] for run in snapshot["runs"]}, questions)
