"""A socket that joins a thread at any moment sees what one that was always there sees.

The thread, its log, its text under way and the notices about them are simulated, so that every order in which they can
reach the follower is played: which of them moves next is drawn by hypothesis.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.events import StoredEvent
from backend.fanout.hub import Fragment
from backend.fanout.live_text import TextSoFar
from backend.ids import new_id
from backend.transport import following
from backend.transport.following import FollowThread
from backend.transport.outbox import Outbox

THREAD, TENANT = new_id(), new_id()
MOVES = (
    "write",
    "write",
    "commit",
    "deliver_event",
    "deliver_piece",
    "deliver_piece",
    "let_follow",
    "let_follow",
    "crash",
)


@dataclass
class Thread:
    """One thread that writes message after message, three to six pieces each; a crash begins the message anew.

    As in the worker, pieces leave at once while what is to be logged waits for its transaction.
    """

    log: list[StoredEvent] = field(default_factory=list)
    rows: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    texts: dict[tuple[UUID, int], list[str]] = field(default_factory=dict)
    writing: tuple[UUID, int] | None = None
    to_commit: list[dict[str, Any]] = field(default_factory=list)
    events_on_the_way: list[StoredEvent] = field(default_factory=list)
    pieces_on_the_way: list[Fragment] = field(default_factory=list)

    def write(self) -> None:
        """Take the writer's next step."""
        if self.writing is None:
            self._begin(new_id(), 1)
            return
        message_id, attempt = self.writing
        if len(self.texts.get(self.writing, [])) < 3 + len(self.texts) % 4:
            self.say()
        else:
            self.to_commit.append({"type": "message_complete", "id": message_id, "attempt": attempt})
            self.writing = None

    def say(self) -> None:
        """Write and publish one piece."""
        assert self.writing is not None
        text = self.texts.setdefault(self.writing, [])
        piece = chr(0x4E00 + 97 * len(self.texts) + len(text))
        message_id, attempt = self.writing
        self.pieces_on_the_way.append(Fragment(str(THREAD), str(message_id), "script", attempt, len(text), 1, piece))
        text.append(piece)

    def commit(self) -> None:
        """The transaction that was waiting."""
        for said in self.to_commit:
            status = "writing" if said["type"] == "message_started" else "complete"
            self.rows[said["id"]] = {**said, "agent": "script", "status": status}
            seq = len(self.log) + 1
            text = "".join(self.texts.get((said["id"], said["attempt"]), []))
            frame = {"type": said["type"], "seq": seq, "message_id": str(said["id"]), "content": text}
            event = StoredEvent(seq, said["type"], json.dumps(frame))
            self.log.append(event)
            self.events_on_the_way.append(event)
        self.to_commit.clear()

    def crash(self) -> None:
        """The worker dies with what it had not committed; another begins the message once more."""
        self.to_commit.clear()
        if self.writing is not None:
            self._begin(self.writing[0], self.writing[1] + 1)

    def _begin(self, message_id: UUID, attempt: int) -> None:
        self.writing = message_id, attempt
        self.to_commit.append({"type": "message_started", "id": message_id, "attempt": attempt})


@dataclass
class Client:
    """What the browser keeps: the newest attempt of each message, pieces by number, whole texts final."""

    seqs: list[int] = field(default_factory=list)
    complete: dict[str, str] = field(default_factory=dict)
    text: dict[str, tuple[int, int, str]] = field(default_factory=dict)

    def take(self, frame: dict[str, Any]) -> None:
        kind, message = frame["type"], frame.get("message_id", "")
        if "seq" in frame and kind != "subscribed":
            self.seqs.append(frame["seq"])
        if kind == "message_complete":
            self.complete[message] = frame["content"]
        elif kind in ("token", "message_snapshot"):
            attempt, due, text = self.text.get(message, (frame["attempt"], 0, ""))
            if frame["attempt"] > attempt:
                attempt, due, text = frame["attempt"], 0, ""
            if frame["attempt"] == attempt and kind == "message_snapshot":
                due, text = frame["i"], frame["content"]
            elif frame["attempt"] == attempt and frame["i"] == due:
                due, text = due + frame["n"], text + frame["content"]
            self.text[message] = attempt, due, text


class World:
    """The thread, the follower and what lies between them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.thread = Thread()
        self.client = Client()
        self.outbox = Outbox(10_000, 10_000_000)
        self.joined = False
        self.tasks: list[asyncio.Task[None]] = []
        database = SimpleNamespace(tenant=self._transaction)
        hub = SimpleNamespace(watch_thread=self._watch, tokens_flow=True)
        limits = SimpleNamespace(resync_limit=500)
        services: Any = SimpleNamespace(db=database, hub=hub, redis=None, settings=limits)
        self.follower = FollowThread(services, TENANT, THREAD, self.outbox, self._again)
        monkeypatch.setattr(following.threads, "get_thread", self._get_thread)
        monkeypatch.setattr(following.events, "read_stored", self._read_stored)
        monkeypatch.setattr(following, "read_so_far", self._read_so_far)

    def move(self, name: str) -> None:
        if name in ("write", "commit", "crash"):
            getattr(self.thread, name)()
        elif name == "deliver_event" and self.thread.events_on_the_way:
            event = self.thread.events_on_the_way.pop(0)
            if self.joined:
                self.follower.on_event(event)
        elif name == "deliver_piece" and self.thread.pieces_on_the_way:
            piece = self.thread.pieces_on_the_way.pop(0)
            if self.joined:
                self.follower.on_fragment(piece)

    async def settle(self) -> None:
        """Deliver everything and let the follower finish."""
        self.thread.commit()
        while self.thread.events_on_the_way or self.thread.pieces_on_the_way or not all(t.done() for t in self.tasks):
            self.move("deliver_event")
            self.move("deliver_piece")
            await asyncio.sleep(0)
        for task in self.tasks:
            task.result()
        while not self.outbox.empty:
            self.client.take(json.loads(str(await self.outbox.take())))

    def start(self, work: Callable[[], Any]) -> None:
        self.tasks.append(asyncio.create_task(work()))

    def _again(self) -> None:
        self.start(self.follower.show_text)

    # What the follower asks: each answer takes a moment, before it is made and on its way back.

    @contextlib.asynccontextmanager
    async def _transaction(self, _: UUID, *, in_turn: bool) -> AsyncIterator[Any]:
        await asyncio.sleep(0)
        yield SimpleNamespace(fetch=self._messages)
        await asyncio.sleep(0)

    async def _get_thread(self, *_: Any) -> Any:
        await asyncio.sleep(0)
        return SimpleNamespace(last_seq=len(self.thread.log))

    async def _watch(self, *_: Any) -> None:
        await asyncio.sleep(0)
        self.joined = True

    async def _read_stored(self, _conn: Any, _id: UUID, after: int, limit: int) -> list[StoredEvent]:
        await asyncio.sleep(0)
        return self.thread.log[after : after + limit]

    async def _messages(self, _query: str, _id: UUID, missed: Sequence[UUID] = ()) -> list[dict[str, Any]]:
        await asyncio.sleep(0)
        rows = self.thread.rows.values()
        return [dict(row) for row in rows if row["status"] == "writing" or row["id"] in missed]

    async def _read_so_far(self, _redis: Any, message_id: UUID, attempt: int) -> TextSoFar | None:
        await asyncio.sleep(0)
        text = self.thread.texts.get((message_id, attempt))
        return TextSoFar(len(text), "".join(text)) if text else None


@given(before=st.lists(st.sampled_from(MOVES), max_size=25), moves=st.lists(st.sampled_from(MOVES), max_size=50))
@settings(max_examples=250, deadline=None)
def test_whoever_joins_at_any_moment_gets_every_event_once_and_the_text_under_way(
    before: list[str], moves: list[str]
) -> None:
    async def play(monkeypatch: pytest.MonkeyPatch) -> None:
        world = World(monkeypatch)
        for name in before:
            world.move(name)
        world.start(lambda: world.follower.start(0))
        for name in moves:
            world.move(name)
            for _ in range(6 if name == "let_follow" else 0):
                await asyncio.sleep(0)
        await world.settle()
        client, thread = world.client, world.thread
        assert client.seqs == list(range(1, len(thread.log) + 1)), "an event was lost, doubled or moved"
        if thread.writing is not None:
            # What was said before it joined and is not in a row yet comes with the next piece at the latest.
            thread.say()
            await world.settle()
            message_id, now = thread.writing
            attempt, _, text = client.text.get(str(message_id), (0, 0, ""))
            assert (attempt, text) == (now, "".join(thread.texts[thread.writing])), "the text under way has a hole"

    with pytest.MonkeyPatch.context() as monkeypatch:
        asyncio.run(play(monkeypatch))
