"""The fan-out of one process: one LISTEN, one Redis subscription, one read per event, whatever the number of sockets.

The hub knows topics and watchers, not what the frames mean; where it reads from is handed in as `Sources`.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import orjson
import structlog
from prometheus_client import Counter
from redis.asyncio.client import PubSub

from backend import failpoints
from backend.background import end
from backend.errors import AppError
from backend.fanout.topics import (
    APPROVALS,
    CATALOGUE_CHANNEL,
    EVENTS_CHANNEL,
    MODELS_CHANNEL,
    PEOPLE_CHANNEL,
    ROOMS_CHANNEL,
    RULES_CHANNEL,
    THREADS,
    room_topic,
    thread_topic,
    token_channel,
)
from backend.protocol.events import Subscribed
from backend.storage.postgres import listen
from backend.storage.redis import Cache, Unwell
from backend.telemetry.metrics import REGISTRY

log = structlog.get_logger(__name__)

_PAGE = 200
#: Seconds without a word from Redis before it is asked, and again before it is given up.
_SILENCE = 1.0
#: How far the reading of the approvals reaches back before the last reading. Seconds.
_OVERLAP = 30.0
#: Threads that move within so many seconds are read and told together: a run has a dozen events, its row in the list
#: is another three or four times.
_GATHER = 0.3
_COVERED = Counter("cuedesk_notices_covered", "Events the poll found before their notice came", registry=REGISTRY)


class Numbered(Protocol):
    """A stored event: its number in its thread, and its text as it goes over the wire."""

    @property
    def seq(self) -> int: ...
    @property
    def text(self) -> str: ...


class Row(Protocol):
    """A row of the list of threads: the end of the log, what one sees of it, and its text as it goes over the wire."""

    @property
    def thread_id(self) -> UUID: ...
    @property
    def seq(self) -> int: ...
    @property
    def face(self) -> str: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Fragment:
    """A piece of text under way, decoded as far as joining and de-duplication need it.

    `text` is the frame as its writer encoded it; empty for joined pieces, which are encoded when they are sent.
    """

    thread_id: str
    message_id: str
    agent: str
    attempt: int
    i: int
    n: int
    content: str
    text: str = field(default="", compare=False)


class Watcher(Protocol):
    """One subscription of one socket. Nothing here may wait: a slow socket must not hold up the others."""

    def on_event(self, event: Numbered) -> None:
        """Take the next event of the thread."""

    def on_fragment(self, fragment: Fragment) -> None:
        """Take a piece of text under way."""

    def on_state(self, text: str) -> None:
        """Take a frame that replaces the one before it."""

    def on_tokens(self, available: bool) -> None:
        """Learn that text under way stops arriving, or arrives again after some was missed."""


@dataclass(frozen=True)
class Sources:
    """Where the hub reads."""

    thread_events: Callable[[UUID, UUID, int, int], Awaitable[Sequence[Numbered]]]  # tenant, thread, after, limit
    thread_heads: Callable[[list[UUID]], Awaitable[dict[UUID, int]]]
    room_frame: Callable[[UUID, UUID], Awaitable[str]]  # tenant, room
    room_marks: Callable[[list[UUID]], Awaitable[dict[UUID, Any]]]  # changes whenever the room's state does
    approvals: Callable[[UUID, float], Awaitable[Sequence[tuple[UUID, Numbered]]]]  # tenant, of the last seconds
    thread_moves: Callable[[UUID, float], Awaitable[dict[UUID, int]]]  # tenant, of the last seconds: ends of logs
    thread_rows: Callable[[UUID, list[UUID]], Awaitable[Sequence[Row]]]  # tenant, threads


@dataclass(eq=False)
class _Feed:
    tenant_id: UUID
    watchers: set[Watcher] = field(default_factory=set)
    pulling: bool = False


@dataclass(eq=False)
class _ThreadFeed(_Feed):
    head: int | None = None
    wanted: int = 0
    subscribed: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(eq=False)
class _RoomFeed(_Feed):
    mark: Any = None
    stale: bool = False


@dataclass(eq=False)
class _ApprovalsFeed(_Feed):
    seen: dict[UUID, None] = field(default_factory=dict)
    stale: bool = False
    read_at: float = field(default_factory=time.monotonic)


@dataclass(eq=False)
class _ListFeed(_Feed):
    dirty: set[UUID] = field(default_factory=set)
    #: Where the log of each thread ended when it was read, and the face that was shown.
    seen: dict[UUID, tuple[int, str]] = field(default_factory=dict)
    read_at: float = field(default_factory=time.monotonic)


class Hub:
    """Watches PostgreSQL and Redis for everybody in this process."""

    def __init__(self, url: str, cache: Cache, sources: Sources, *, poll_interval: float) -> None:
        self._url = url
        self._cache = cache
        self._sources = sources
        self._poll_interval = poll_interval
        self._threads: dict[UUID, _ThreadFeed] = {}
        self._rooms: dict[UUID, _RoomFeed] = {}
        self._approvals: dict[UUID, _ApprovalsFeed] = {}
        self._lists: dict[UUID, _ListFeed] = {}
        self._pubsub: PubSub | None = None
        self._tokens_flow = True
        self._tasks: set[asyncio.Task[None]] = set()
        #: Called when somebody's account, role or session may have changed. Must not wait.
        self.on_people: Callable[[], None] | None = None
        #: Called when a tenant's rules were saved; with None when notices may have been missed. Must not wait.
        self.on_rules: Callable[[UUID | None], None] | None = None
        #: Called when a tenant's own models changed, or may have.
        self.on_models: Callable[[], None] | None = None
        #: Called when a tenant's hosts or products changed; with None when it may have been anybody's. Must not wait.
        self.on_catalogue: Callable[[UUID | None], None] | None = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Follow in the background while the block runs."""
        loops = [
            asyncio.create_task(self._listen(), name="hub listen"),
            asyncio.create_task(self._poll(), name="hub poll"),
            asyncio.create_task(self._follow_tokens(), name="hub tokens"),
        ]
        try:
            yield
        finally:
            await end(*loops, *self._tasks)

    @property
    def tokens_flow(self) -> bool:
        """Whether text under way arrives at the moment."""
        return self._tokens_flow

    async def watch_thread(self, tenant_id: UUID, thread_id: UUID, watcher: Watcher) -> None:
        """Join a thread; from the return on, the watcher gets every later event and fragment (and perhaps some that
        it will also find in the log: it knows them by `seq` and `i`).

        Raises:
            AppError: PostgreSQL cannot be asked; nothing is kept of the attempt.
        """
        feed = self._threads.get(thread_id)
        begun = feed is None
        if feed is None:
            feed = self._threads[thread_id] = _ThreadFeed(tenant_id)
        feed.watchers.add(watcher)
        try:
            await self._join(thread_id, feed, begun)
        except BaseException:  # also somebody who goes away meanwhile
            await self.leave_thread(thread_id, watcher)
            raise

    async def _join(self, thread_id: UUID, feed: _ThreadFeed, begun: bool) -> None:
        if begun:
            await self._subscribe_tokens(thread_id)
        if feed.head is None:
            heads = await self._sources.thread_heads([thread_id])
            if feed.head is None:
                feed.head = heads.get(thread_id, 0)
                self._want(thread_id, feed, feed.wanted)
        # Without Redis there is nothing to wait for; the text then comes whole.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(feed.subscribed.wait(), 1.0 if self._tokens_flow else 0.001)

    async def leave_thread(self, thread_id: UUID, watcher: Watcher) -> None:
        """Leave a thread."""
        feed = self._threads.get(thread_id)
        if feed is None:
            return
        feed.watchers.discard(watcher)
        if not feed.watchers:
            del self._threads[thread_id]
            if self._pubsub is not None:
                with contextlib.suppress(*Unwell):
                    await self._pubsub.unsubscribe(token_channel(thread_id))
                    if thread_id in self._threads:  # somebody joined while we left: theirs must be the last word
                        await self._pubsub.subscribe(token_channel(thread_id))

    async def watch_room(self, tenant_id: UUID, room_id: UUID, watcher: Watcher) -> None:
        """Join a room: its state comes now and on each change.

        Raises:
            NotFound: the tenant has no such room; nothing is kept of the attempt.
        """
        # Asked before anything is kept: a feed reads for the tenant that opened it, so a stranger who may not see
        # the room must never be the one who did.
        await self._sources.room_frame(tenant_id, room_id)
        self._rooms.setdefault(room_id, _RoomFeed(tenant_id)).watchers.add(watcher)
        try:
            watcher.on_state(await self._sources.room_frame(tenant_id, room_id))
        except BaseException:  # also a socket that goes away meanwhile
            self.leave_room(room_id, watcher)
            raise

    def leave_room(self, room_id: UUID, watcher: Watcher) -> None:
        """Leave a room."""
        feed = self._rooms.get(room_id)
        if feed is not None:
            feed.watchers.discard(watcher)
            if not feed.watchers:
                del self._rooms[room_id]

    async def watch_approvals(self, tenant_id: UUID, watcher: Watcher) -> None:
        """Join the tenant's stream of interrupts: what happens from now on."""
        # What is there already is read first: between finding the feed and joining it nothing may wait, or the last
        # watcher could leave meanwhile and take with it the feed this one is about to join.
        known = [] if tenant_id in self._approvals else await self._sources.approvals(tenant_id, _OVERLAP)
        feed = self._approvals.get(tenant_id)
        if feed is None:
            feed = self._approvals[tenant_id] = _ApprovalsFeed(tenant_id)
            feed.seen.update((event_id, None) for event_id, _ in known)
        feed.watchers.add(watcher)

    def leave_approvals(self, tenant_id: UUID, watcher: Watcher) -> None:
        """Leave the tenant's stream of interrupts."""
        feed = self._approvals.get(tenant_id)
        if feed is not None:
            feed.watchers.discard(watcher)
            if not feed.watchers:
                del self._approvals[tenant_id]

    def watch_list(self, tenant_id: UUID, watcher: Watcher) -> None:
        """Join the tenant's list of threads: how each row is from now on, whenever it is another."""
        self._lists.setdefault(tenant_id, _ListFeed(tenant_id)).watchers.add(watcher)

    def leave_list(self, tenant_id: UUID, watcher: Watcher) -> None:
        """Leave the tenant's list of threads."""
        feed = self._lists.get(tenant_id)
        if feed is not None:
            feed.watchers.discard(watcher)
            if not feed.watchers:
                del self._lists[tenant_id]

    def renumber(self) -> None:
        """Forget where the logs end: the database is another one, and its logs may be shorter than we knew."""
        for feed in self._threads.values():
            feed.head, feed.wanted = None, 0  # the poll asks, or whoever joins
        for listed in self._lists.values():
            listed.seen.clear()

    # Lane A ----------------------------------------------------------------------------------------------------------

    async def _listen(self) -> None:
        channels = [EVENTS_CHANNEL, ROOMS_CHANNEL, PEOPLE_CHANNEL, RULES_CHANNEL, CATALOGUE_CHANNEL, MODELS_CHANNEL]
        await listen(self._url, channels, "listen events", self._on_notice, self._on_connected)

    async def _on_connected(self) -> None:
        if self.on_rules is not None:
            self.on_rules(None)
        if self.on_catalogue is not None:
            self.on_catalogue(None)
        if self.on_models is not None:
            self.on_models()
        for listed in self._lists.values():
            # Which threads were removed while nobody heard of it, the poll does not tell: the list is to be read again.
            for watcher in tuple(listed.watchers):
                watcher.on_state(Subscribed(topic=THREADS).model_dump_json())
        with contextlib.suppress(AppError):  # the poll looks again within a second
            await self._look_everywhere()

    def _on_notice(self, channel: str, payload: str) -> None:
        if channel in (PEOPLE_CHANNEL, MODELS_CHANNEL):
            listener = self.on_people if channel == PEOPLE_CHANNEL else self.on_models
            if listener is not None:
                listener()
            return
        if channel == RULES_CHANNEL:
            if self.on_rules is not None:
                self.on_rules(UUID(payload))
            return
        if channel == CATALOGUE_CHANNEL:
            if self.on_catalogue is not None:
                self.on_catalogue(UUID(payload) if payload else None)
            return
        if channel == ROOMS_CHANNEL:
            room = self._rooms.get(UUID(payload))
            if room is not None:
                room.stale = True
                self._start(self._pull_room(UUID(payload), room))
            return
        self._on_event(payload)

    def _on_event(self, payload: str) -> None:
        thread, seq, tenant, flag = payload.split(" ")
        if failpoints.folder is not None and failpoints.pass_by("notice", thread):
            return
        feed = self._threads.get(UUID(thread))
        if feed is not None:
            self._want(UUID(thread), feed, int(seq))
        listed = self._lists.get(UUID(tenant))
        if listed is not None:
            listed.dirty.add(UUID(thread))
            self._list_again(listed)
        if flag == "i":
            approvals = self._approvals.get(UUID(tenant))
            if approvals is not None:
                approvals.stale = True
                self._start(self._pull_approvals(approvals))

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(self._poll_interval)
            try:
                await self._look_everywhere()
            except AppError as error:
                log.warning("hub_poll_failed", code=error.code)  # PostgreSQL is away; the next round looks again
            except Exception:  # a fault in one round must not end the poll: it is what covers every lost notice
                log.exception("hub_poll_failed")

    async def _look_everywhere(self) -> None:
        if self._threads:
            for thread_id, head in (await self._sources.thread_heads(list(self._threads))).items():
                feed = self._threads.get(thread_id)
                if feed is not None:
                    if feed.head is None:
                        feed.head = head
                    if head > max(feed.head, feed.wanted):
                        _COVERED.inc()
                    self._want(thread_id, feed, head)
        if self._rooms:
            for room_id, mark in (await self._sources.room_marks(list(self._rooms))).items():
                room = self._rooms.get(room_id)
                if room is not None and room.mark != mark:
                    room.mark, room.stale = mark, True
                    self._start(self._pull_room(room_id, room))
        for approvals in list(self._approvals.values()):
            approvals.stale = True
            await self._pull_approvals(approvals)
        for listed in list(self._lists.values()):
            now = time.monotonic()
            moves = await self._sources.thread_moves(listed.tenant_id, _OVERLAP + now - listed.read_at)
            listed.read_at = now
            listed.dirty.update(one for one, head in moves.items() if listed.seen.get(one, (None,))[0] != head)
            self._list_again(listed)

    def _list_again(self, feed: _ListFeed) -> None:
        if feed.dirty and not feed.pulling:
            feed.pulling = True
            self._start(self._pull_list(feed))

    def _want(self, thread_id: UUID, feed: _ThreadFeed, seq: int) -> None:
        feed.wanted = max(feed.wanted, seq)
        if feed.head is not None and feed.wanted > feed.head and not feed.pulling:
            self._start(self._pull_thread(thread_id, feed))

    async def _pull_thread(self, thread_id: UUID, feed: _ThreadFeed) -> None:
        if feed.pulling:
            return
        feed.pulling = True
        try:
            while feed.watchers and feed.head is not None and feed.head < feed.wanted:
                events = await self._sources.thread_events(feed.tenant_id, thread_id, feed.head, _PAGE)
                if not events:
                    return
                for event in events:
                    for watcher in tuple(feed.watchers):
                        watcher.on_event(event)
                feed.head = events[-1].seq
        except AppError as error:
            log.warning("hub_read_failed", topic=thread_topic(thread_id), code=error.code)  # the poll tries again
        finally:
            feed.pulling = False

    async def _pull_room(self, room_id: UUID, feed: _RoomFeed) -> None:
        if feed.pulling:
            return
        feed.pulling = True
        try:
            while feed.stale and feed.watchers:
                feed.stale = False
                text = await self._sources.room_frame(feed.tenant_id, room_id)
                for watcher in tuple(feed.watchers):
                    watcher.on_state(text)
        except AppError as error:
            feed.mark = None  # so that the poll finds a difference and tries again
            log.warning("hub_read_failed", topic=room_topic(room_id), code=error.code)
        finally:
            feed.pulling = False

    async def _pull_approvals(self, feed: _ApprovalsFeed) -> None:
        if feed.pulling:
            return
        feed.pulling = True
        try:
            while feed.stale and feed.watchers:
                feed.stale = False
                # Commits can land out of the order of their times, so the window overlaps and the ids sort it out.
                # It reaches back to the last time that PostgreSQL could be read, however long ago that was.
                now = time.monotonic()
                recent = await self._sources.approvals(feed.tenant_id, _OVERLAP + now - feed.read_at)
                feed.read_at = now
                for event_id, event in recent:
                    if event_id not in feed.seen:
                        feed.seen[event_id] = None
                        for watcher in tuple(feed.watchers):
                            watcher.on_event(event)
                while len(feed.seen) > 5_000:
                    del feed.seen[next(iter(feed.seen))]
        except AppError as error:
            log.warning("hub_read_failed", topic=APPROVALS, code=error.code)
        finally:
            feed.pulling = False

    async def _pull_list(self, feed: _ListFeed) -> None:
        try:
            while feed.dirty and feed.watchers:
                await asyncio.sleep(_GATHER)
                moved = sorted(feed.dirty)[:_PAGE]
                feed.dirty.difference_update(moved)
                try:
                    rows = await self._sources.thread_rows(feed.tenant_id, moved)
                except AppError:
                    feed.dirty.update(moved)  # the poll tries again
                    raise
                for row in rows:
                    # A step within a run moves the log and the time, and nothing that one sees.
                    _, shown = feed.seen.pop(row.thread_id, (0, None))
                    feed.seen[row.thread_id] = (row.seq, row.face)
                    if row.face != shown:
                        for watcher in tuple(feed.watchers):
                            watcher.on_state(row.text)
                while len(feed.seen) > 5_000:
                    del feed.seen[next(iter(feed.seen))]
        except AppError as error:
            log.warning("hub_read_failed", topic=THREADS, code=error.code)
        finally:
            feed.pulling = False

    def _start(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # Lane B ----------------------------------------------------------------------------------------------------------

    async def _subscribe_tokens(self, thread_id: UUID) -> None:
        if self._pubsub is not None:
            with contextlib.suppress(*Unwell):
                await self._pubsub.subscribe(token_channel(thread_id))

    async def _follow_tokens(self) -> None:
        lost = False
        while True:
            try:
                async with self._cache.client.pubsub() as pubsub:
                    # A subscription to nothing is refused, so there is always one channel.
                    await pubsub.subscribe("cuedesk:tokens")
                    # From here on who joins subscribes by itself; those who joined before are caught up with.
                    self._pubsub = pubsub
                    if self._threads:
                        await pubsub.subscribe(*map(token_channel, self._threads))
                    self._set_tokens_flow(True)
                    if lost:
                        log.info("hub_tokens_back")
                    lost = False
                    await self._read_tokens(pubsub)
            except Unwell as error:
                # Once an outage, not twice a second.
                if not lost:
                    log.warning("hub_tokens_lost", error=type(error).__name__)
                lost = True
            except Exception:  # a fault with one text must not end the following of all others for good
                log.exception("hub_tokens_failed")
                lost = True
            self._pubsub = None
            for feed in self._threads.values():
                feed.subscribed.clear()
            self._set_tokens_flow(False)
            await asyncio.sleep(0.5)

    async def _read_tokens(self, pubsub: PubSub) -> None:
        """Hand on what comes until the connection ends.

        Raises:
            TimeoutError: nothing comes any more, not even the answer to a ping: the connection ended without a word.
        """
        heard = True
        async with asyncio.timeout(None) as patience:

            async def watch() -> None:
                nonlocal heard
                while True:
                    heard = False
                    await asyncio.sleep(_SILENCE)
                    if not heard:
                        with contextlib.suppress(*Unwell):
                            await pubsub.ping()
                        await asyncio.sleep(_SILENCE)
                        if not heard:
                            patience.reschedule(0)

            watching = asyncio.create_task(watch(), name="hub tokens watch")
            try:
                async for message in pubsub.listen():
                    heard = True
                    if message["type"] != "pong":
                        self._on_token(message)
            finally:
                watching.cancel()

    def _on_token(self, message: dict[str, Any]) -> None:
        name = message["channel"].decode().rpartition(":")[2]
        if name == "tokens":
            return
        feed = self._threads.get(UUID(name))
        if feed is None:
            return
        if message["type"] == "subscribe":
            feed.subscribed.set()
        elif message["type"] == "message":
            try:
                data = orjson.loads(message["data"])
                del data["type"]
                fragment = Fragment(**data, text=message["data"].decode())
            except (ValueError, KeyError, TypeError):
                # From a newer or older process beside us: it must not end the following of all other texts.
                log.warning("hub_token_unreadable", topic=thread_topic(UUID(name)))
                return
            for watcher in tuple(feed.watchers):
                watcher.on_fragment(fragment)

    def _set_tokens_flow(self, flow: bool) -> None:
        if flow == self._tokens_flow:
            return
        self._tokens_flow = flow
        everybody: dict[int, Watcher] = {}
        for feed in self._threads.values():
            everybody.update({id(watcher): watcher for watcher in feed.watchers})
        for watcher in everybody.values():
            watcher.on_tokens(flow)
