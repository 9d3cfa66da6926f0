"""One thread, its writer, a gateway and some clients: everything that can happen between them, one move at a time.

The gateway is the real one (sockets' commands, followers, hub, outbox, text under way). PostgreSQL's answers, Valkey,
the lines and the clock are simulated, so that any order of things can be played, without waiting and always the same.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

import pytest

from backend.domain.events import StoredEvent
from backend.domain.people import Identity
from backend.errors import StorageUnavailable
from backend.fanout import hub as hub_module
from backend.fanout import live_text
from backend.fanout.hub import Hub, Sources
from backend.fanout.live_text import LiveText, LiveTexts, read_so_far
from backend.fanout.presence import Presence
from backend.fanout.topics import EVENTS_CHANNEL
from backend.ids import derived_id
from backend.protocol.events import MessageComplete, MessageStarted, RunChanged, ThreadEvent, read_event
from backend.protocol.snapshot import ThreadSnapshot, apply
from backend.settings import Settings
from backend.storage import redis
from backend.storage.redis import Cache
from backend.transport import connection, following, outbox, rounds
from backend.transport.desk_socket import DeskSockets
from backend.transport.entrance import Guest
from tests.support.event_samples import sample
from tests.support.reference_client import ReferenceClient
from tests.support.virtual import Socket, Valkey, VirtualLoop

TENANT, THREAD, RUN, USER = (derived_id("world", name) for name in ("tenant", "thread", "run", "user"))
START: Final = datetime(2026, 1, 2, 10, 0, tzinfo=UTC)
#: Pieces of text: a family's emoji and a flag come in two halves each, so that only the whole makes sense.
PIECES: Final = ("今天", "👨‍👩", "‍👧", "保温杯", "🇨", "🇳", "。", "é", "️", "好")
#: So few that a test reaches them.
LIMIT: Final = 30


class Log:
    """The thread as PostgreSQL has it: its events, what they fold to, and the notices about them."""

    def __init__(self) -> None:
        self.up = True
        self.epoch = 1
        self.stored: list[StoredEvent] = []
        self.snapshot = ThreadSnapshot()
        self.notices: list[str] = []

    def commit(self, events: Sequence[ThreadEvent | dict[str, Any]], attempt: int | None) -> None:
        """One transaction: the events, what they change, and the notice."""
        for event in events:
            seq = len(self.stored) + 1
            said = event if isinstance(event, dict) else event.model_dump(mode="json")
            envelope = {
                "thread_id": str(THREAD),
                "seq": seq,
                "event_id": str(derived_id("world", self.epoch, seq)),
                "at": (START + timedelta(seconds=seq)).isoformat().replace("+00:00", "Z"),
                "run_id": str(RUN),
                "attempt": attempt,
            }
            text = json.dumps({**said, **envelope}, ensure_ascii=False)
            self.stored.append(StoredEvent(seq, said["type"], text))
            self.snapshot = apply(self.snapshot, read_event(text))
        self.notices.append(f"{THREAD} {len(self.stored)} {TENANT} i")

    def restore(self, seq: int) -> None:
        """Go back to a backup."""
        self.epoch += 1
        del self.stored[seq:]
        self.notices.clear()
        self.snapshot = ThreadSnapshot()
        for stored in self.stored:
            self.snapshot = apply(self.snapshot, read_event(stored.text))

    @contextlib.asynccontextmanager
    async def system(self) -> AsyncIterator[Any]:
        await self.reached()
        yield None

    @contextlib.asynccontextmanager
    async def tenant(self, _: UUID, *, in_turn: bool = False) -> AsyncIterator[Any]:
        """A transaction: it takes a moment, before and after."""
        await self.reached()
        yield SimpleNamespace(fetch=self._messages)
        await asyncio.sleep(0)

    async def reached(self) -> None:
        await asyncio.sleep(0)
        if not self.up:
            raise StorageUnavailable

    async def get_thread(self, *_: Any) -> Any:
        await self.reached()
        return SimpleNamespace(last_seq=len(self.stored))

    async def read_stored(self, _conn: Any, _id: UUID, after: int, limit: int) -> list[StoredEvent]:
        await self.reached()
        return self.stored[after : after + limit]

    async def _messages(self, _query: str, _id: UUID, missed: Sequence[UUID] = ()) -> list[dict[str, Any]]:
        await self.reached()
        rows = [{**m.model_dump(), "attempt": m.attempt or 0} for m in self.snapshot.messages]
        return [row for row in rows if row["status"] == "writing" or row["id"] in missed]


@dataclass
class Seat:
    """A client and its line, if it has one."""

    client: ReferenceClient
    socket: Socket | None = None
    serving: asyncio.Task[None] | None = None
    said: int = 0
    #: Of this line: the newest fact that came, and the subscriptions that are not answered yet.
    newest: int = 0
    asked: int = 0
    #: The newest attempt that was shown of each message since the past was last read anew.
    shown: dict[str, int] = field(default_factory=dict)
    steps: list[dict[str, Any]] = field(default_factory=list)


class World:
    """Everything. `act(name, number)` is one move; `settle` lets all come to rest and `check` looks at every screen."""

    def __init__(self, *, seats: int = 2, frames: int = 256, room: int = 4) -> None:
        """`frames` is the outbox's bound, `room` how many frames fit on a line that is not read."""
        self.loop = VirtualLoop()
        self._patches = pytest.MonkeyPatch()
        clock = SimpleNamespace(monotonic=self.loop.time, time=self.loop.time, perf_counter=self.loop.time)
        for module in (connection, outbox, live_text, redis, rounds, hub_module):
            if hasattr(module, "time"):
                self._patches.setattr(module, "time", clock)
        self.log, self.valkey = Log(), Valkey()
        self._patches.setattr(following.threads, "get_thread", self.log.get_thread)
        self._patches.setattr(following.events, "read_stored", self.log.read_stored)
        for module in (following, hub_module):
            self._patches.setattr(module, "_PAGE", 7)
        self._patches.setattr(hub_module, "listen", self._listen)
        self._patches.setattr(rounds.people, "changed_standings", lambda *_: _now([]))
        self.cache = Cache(self.valkey)  # type: ignore[arg-type]
        self.texts = LiveTexts(self.cache, window_ms=40, ttl=60)
        self.hub = Hub("", self.cache, Sources(*self._sources()), poll_interval=1)
        self._room = room
        self.services: Any = SimpleNamespace(
            db=self.log, redis=self.cache, hub=self.hub, epoch=lambda: "1", clock=lambda: START, draining=lambda: False,
            settings=Settings(resync_limit=LIMIT, outbox_frames=frames, frames_burst=10_000, frames_per_second=10_000),
        )  # fmt: skip
        self._stack = contextlib.AsyncExitStack()
        self.seats = [Seat(ReferenceClient(str(THREAD))) for _ in range(seats)]
        self.writer: LiveText | None = None
        self.zombies: list[LiveText] = []
        self.pending: list[ThreadEvent] = []
        self.messages = 0
        self.run(self._open())

    async def _open(self) -> None:
        self.sockets = DeskSockets(self.services, Presence(self.cache, ttl=60))  # nobody asks who looks
        self._patches.setattr(self.sockets._entrance, "admitted", _admitted)
        self._patches.setattr(self.sockets._caps, "say_again", lambda: _now(None))
        await self._stack.enter_async_context(self.sockets.kept())
        await self._stack.enter_async_context(self.hub.running())
        await self._stack.enter_async_context(self.texts.pumping())

    def close(self) -> None:
        """End all tasks and put the real parts back."""

        async def end() -> None:
            for seat in self.seats:
                self._hang_up(seat)
            await self._ended()
            await self._stack.aclose()

        try:
            self.run(end())
        finally:
            self._patches.undo()
            self.loop.close()

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def turn(self, times: int) -> None:
        """Let everybody who is ready go on, so many times."""

        async def steps() -> None:
            for _ in range(times):
                await asyncio.sleep(0)

        self.run(steps())

    # Moves -----------------------------------------------------------------------------------------------------------

    def act(self, name: str, number: int) -> None:
        """Make one move; one that is not possible now does nothing."""
        move: Callable[[int], None] = getattr(self, f"do_{name}")
        move(number)

    def do_turn(self, number: int) -> None:
        self.turn(1 + number % 12)

    def do_wait(self, number: int) -> None:
        self.run(asyncio.sleep((0.05, 0.3, 1.1, 2.6)[number % 4]))

    def do_write(self, number: int) -> None:
        """A worker begins a message, or says a piece of it."""
        if self.writer is None:
            self.messages += 1
            self._begin(derived_id("message", self.log.epoch, self.messages), 1)
        else:
            self._say_piece(self.writer, PIECES[number % len(PIECES)])

    def do_commit(self, _: int) -> None:
        if self.pending and self.log.up:
            self.log.commit(self.pending, self.writer.attempt if self.writer else 1)
            self.pending.clear()

    def do_finish(self, _: int) -> None:
        """The worker says the whole text; its last pieces were published before."""
        if self.writer is not None and self.log.up:
            self.run(self.texts.flush(self.writer))
            whole = MessageComplete(
                message_id=self.writer.message_id, role="assistant", agent="script", content=self.writer.content
            )
            self.log.commit([*self.pending, whole], self.writer.attempt)
            self.pending.clear()
            self.writer = None

    def do_crash(self, _: int) -> None:
        """The worker is lost with what it had not committed; another begins anew. The first one may be still alive."""
        if self.writer is not None:
            self.zombies.append(self.writer)
            self._begin(self.writer.message_id, self.writer.attempt + 1)

    def do_zombie(self, number: int) -> None:
        """A worker that lost its run has not noticed yet."""
        if self.zombies:
            self._say_piece(self.zombies[number % len(self.zombies)], "旧")

    def do_cancel(self, _: int) -> None:
        """Somebody stops the run: the message ends with what is known of its text. The worker learns of it later."""
        if self.writer is not None and self.log.up:
            self.zombies.append(self.writer)
            row = next((m for m in self.log.snapshot.messages if m.id == self.writer.message_id), None)
            told: list[ThreadEvent] = [RunChanged(status="cancelled")]
            if row is not None and row.status == "writing":
                text = self.run(read_so_far(self.cache, row.id, row.attempt or 0))
                content = text.content if text is not None else ""
                true = next(t for t in self.zombies if (t.message_id, t.attempt) == (row.id, row.attempt))
                assert true.content.startswith(content), "a hole was kept as what had been written"
                whole = MessageComplete(
                    message_id=row.id, role="assistant", agent="script", content=content, status="cancelled"
                )
                told.insert(0, whole)
            self.log.commit(told, None)
            self.pending.clear()
            self.writer = None

    def do_fact(self, number: int) -> None:
        """Something else happens that is kept."""
        if self.log.up:
            self.log.commit([sample(number)], 1)

    def do_burst(self, _: int) -> None:
        """More happens than is replayed to who missed it."""
        if self.log.up:
            self.log.commit([sample(number * 31) for number in range(LIMIT + 5)], 1)

    def do_pieces(self, number: int) -> None:
        self.valkey.deliver(1 + number % 4)

    def do_notice(self, _: int) -> None:
        if self.log.notices:
            self.loop.call_soon(self.hub._on_notice, EVENTS_CHANNEL, self.log.notices.pop(0))

    def do_lose_notice(self, _: int) -> None:
        self.log.notices = self.log.notices[1:]

    def do_redis(self, _: int) -> None:
        """Valkey goes away, or comes back."""
        if self.valkey.up:
            self.valkey.fail()
        else:
            self.valkey.up = True

    def do_forget(self, number: int) -> None:
        """Valkey loses all it holds, or the heads of its streams."""
        for key in list(self.valkey.streams):
            self.valkey.streams[key] = self.valkey.streams[key][1 + number % 3 :] if number % 2 else []

    def do_database(self, _: int) -> None:
        self.log.up = not self.log.up

    def do_restore(self, number: int) -> None:
        """The database is set back to a backup; gateways and workers are started anew."""
        if self.log.up:
            for seat in self.seats:
                self._hang_up(seat)
            self.run(self._ended())
            self.log.restore(number % (len(self.log.stored) + 1))
            epoch = str(self.log.epoch)
            self.services.epoch = lambda: epoch
            self.writer, self.pending = None, []
            self.zombies.clear()
            self.texts._dirty.clear()
            self.valkey.streams.clear()
            self.valkey.in_flight.clear()

    def do_connect(self, number: int) -> None:
        """A client comes (back); or subscribes again, at any cursor it once had."""
        seat = self.seats[number % len(self.seats)]
        if seat.socket is None or seat.socket.closed is not None:
            self._connect(seat)
        elif not seat.client.paused and seat.client.epoch is not None:
            self._say(seat, "subscribe", after_seq=(number // 2) % (seat.client.after_seq + 1))

    def do_drop(self, number: int) -> None:
        self._hang_up(self.seats[number % len(self.seats)])

    def do_read(self, number: int) -> None:
        """A client reads some of what is on its line, and does what that asks of it."""
        seat = self.seats[number % len(self.seats)]
        self._read(seat, 1 + number // 2 % 5)
        self._answer(seat)

    # What they need --------------------------------------------------------------------------------------------------

    def _begin(self, message_id: UUID, attempt: int) -> None:
        self.writer = LiveText(THREAD, message_id, "script", attempt)
        self.pending = [MessageStarted(message_id=message_id, agent="script")]

    def _say_piece(self, text: LiveText, piece: str) -> None:
        async def add() -> None:
            self.texts.add(text, piece)

        self.run(add())

    def _connect(self, seat: Seat) -> None:
        seat.socket = Socket(self._room)
        seat.serving = self.loop.create_task(self.sockets.endpoint(seat.socket))  # type: ignore[arg-type]
        seat.client.asks = ["snapshot"] if seat.client.paused else []
        seat.newest = seat.asked = 0

    def _hang_up(self, seat: Seat) -> None:
        if seat.socket is not None:
            seat.socket.abort()

    def _say(self, seat: Seat, type_: str, **fields: Any) -> None:
        assert seat.socket is not None
        seat.said += 1
        seat.asked += type_ == "subscribe"
        command_id = str(derived_id("command", id(seat), seat.said))
        seat.socket.say({"id": command_id, "type": type_, "topic": f"thread:{THREAD}", **fields})

    def _read(self, seat: Seat, count: int) -> None:
        for frame in seat.socket.read(count) if seat.socket is not None else ():
            if frame["type"] == "ack" and frame["status"] == "rejected":
                assert frame["error"]["retryable"], frame
                seat.asked -= 1
                seat.client.asks.append("subscribe")
                continue
            self._take(seat, frame)

    def _take(self, seat: Seat, frame: dict[str, Any]) -> None:
        paused = seat.client.paused
        if frame["type"] in ("subscribed", "resync_required"):
            seat.asked -= 1
        elif "event_id" in frame:
            assert frame["seq"] > seat.newest or seat.asked > 0, "a fact came again and nobody had asked for it"
            seat.newest = frame["seq"]
        seat.client.take(frame)
        if frame["type"] == "welcome" and seat.client.paused and not paused:
            frame = {"type": "resync_required", "topic": f"thread:{THREAD}", "reason": "epoch_changed"}
        if "thread_id" in frame or frame["type"] in ("subscribed", "resync_required"):
            seat.steps.append({"frame": frame})
        assert not seat.client.holes, f"a hole before {seat.client.holes[0]}"
        for message, text in seat.client.texts.items():
            assert text.attempt >= seat.shown.get(message, 0), "the text went back to an older attempt"
            seat.shown[message] = text.attempt

    def _answer(self, seat: Seat) -> None:
        asks, seat.client.asks = seat.client.asks, []
        if seat.socket is None or seat.socket.closed is not None:
            seat.client.asks = ["snapshot"] if seat.client.paused else []
            return
        for ask in dict.fromkeys(asks):
            if ask == "snapshot" and not self.log.up:
                seat.client.asks.append(ask)
            elif ask == "snapshot":
                snapshot = self.log.snapshot.model_dump(mode="json")
                seat.client.read(snapshot)
                seat.shown.clear()
                seat.steps.append({"snapshot": snapshot})
            elif not seat.client.paused:
                self._say(seat, "subscribe", after_seq=seat.client.after_seq)

    async def _ended(self) -> None:
        await asyncio.gather(*(seat.serving for seat in self.seats if seat.serving is not None))

    def settle(self) -> None:
        """Everything is there again and everybody gets what is on its way; the writer goes on a little."""
        self.valkey.up = self.log.up = True
        self._rest()
        self.do_commit(0)
        if self.writer is not None:
            # What was said before it could be told to whom comes with the next piece at the latest.
            self.do_write(0)
        self._rest()

    def _rest(self) -> None:
        # Three seconds: the breaker, the way back to Valkey, the poll and the watch of the outbox have had their turn.
        for _ in range(10):
            self.valkey.deliver(len(self.valkey.in_flight))
            while self.log.notices:
                self.do_notice(0)
            for _ in range(20):
                for seat in self.seats:
                    if seat.socket is None or seat.socket.closed is not None:
                        self._connect(seat)
                    self._read(seat, 10_000)
                    self._answer(seat)
                self.turn(8)
                if not any(seat.socket.wire for seat in self.seats if seat.socket is not None):
                    break
            self.run(asyncio.sleep(0.3))

    def check(self) -> None:
        """Compare every screen with the truth."""
        truth = self.log.snapshot.model_dump(mode="json")
        texts = {}
        if self.writer is not None:
            texts[str(self.writer.message_id)] = {"attempt": self.writer.attempt, "text": self.writer.content}
        for seat in self.seats:
            assert seat.client.caught_up, seat.client.asks
            view = seat.client.view()
            seat.steps.append({"view": view})
            assert view["thread"] == truth, (view["thread"], truth)
            assert view["texts"] == texts, (view["texts"], texts)
            for kind in ("messages", "interrupts", "runs"):
                ids = [item["id"] for item in view["thread"][kind]]
                assert len(ids) == len(set(ids)), f"{kind} are shown twice"

    async def _listen(
        self, _url: str, _channels: Any, _purpose: str, _on_notice: Any, on_connected: Callable[[], Any]
    ) -> None:
        await on_connected()

    def _sources(self) -> tuple[Any, ...]:
        async def thread_events(_tenant: UUID, thread: UUID, after: int, limit: int) -> list[StoredEvent]:
            return await self.log.read_stored(None, thread, after, limit)

        async def thread_heads(threads: list[UUID]) -> dict[UUID, int]:
            await self.log.reached()
            return dict.fromkeys(threads, len(self.log.stored))

        async def nothing(*_: Any) -> Any:
            return {}

        return thread_events, thread_heads, nothing, nothing, nothing, nothing, nothing


async def _now(value: Any) -> Any:
    return value


@contextlib.asynccontextmanager
async def _admitted(_: Socket) -> AsyncIterator[Guest]:
    until = START + timedelta(days=1)
    yield Guest(Identity(USER, "小林", "xiaolin@demo.cuedesk", TENANT, "青禾", "operator", USER, until))


#: The moves and how often each is tried, of a hundred or so.
MOVES: Final[dict[str, int]] = {
    "turn": 18, "wait": 6, "write": 20, "commit": 8, "finish": 4, "crash": 3, "zombie": 3, "cancel": 2, "fact": 10,
    "burst": 1, "pieces": 14, "notice": 8, "lose_notice": 2, "redis": 2, "forget": 2, "database": 1, "restore": 1,
    "connect": 6, "drop": 3, "read": 16,
}  # fmt: skip
