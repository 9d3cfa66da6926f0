"""`/ws`: what each command does. One socket serves console, teleprompter and programs alike."""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from uuid import UUID

import orjson
from prometheus_client import Gauge
from starlette.websockets import WebSocket

from backend.domain import audit, people, rooms
from backend.domain.interrupts import get_interrupt
from backend.domain.people import Identity
from backend.errors import AppError, Forbidden, NotFound, RateLimited, UnsupportedCommand
from backend.fanout.presence import Presence
from backend.fanout.topics import APPROVALS, THREADS, interrupt_of, room_topic, split_topic, thread_topic
from backend.graph.version import GRAPH_VERSION
from backend.ids import derived_id
from backend.protocol.close_codes import CloseCode
from backend.protocol.commands import (
    PROTOCOL_VERSION,
    Again,
    AnyCommand,
    Cancel,
    Claim,
    DisplayReport,
    Extend,
    Hello,
    InterruptResponse,
    PrompterAck,
    PrompterControl,
    Refresh,
    Release,
    SendMessage,
    Subscribe,
    Undo,
    Unsubscribe,
)
from backend.protocol.events import Ack, DisplayView, Person, Reconnect, Subscribed, Welcome
from backend.runs import again, claims, directing, interrupts, start, taking_back
from backend.runs.start import Done
from backend.services import Services
from backend.telemetry.metrics import REGISTRY
from backend.transport.connection import Connection, error_frame
from backend.transport.entrance import Entrance, Guest, identity_of_token
from backend.transport.following import FollowState, FollowThread
from backend.transport.limits import SocketCaps
from backend.transport.rounds import Rounds

_HEARTBEAT = 15.0
#: Seconds that a socket's commands at work may take to be answered when it has to leave.
_LAST_ANSWERS = 2.0
_OPEN = Gauge("cuedesk_sockets_open", "Sockets being served", registry=REGISTRY)


class DeskSockets:
    """All sockets of this process."""

    def __init__(self, services: Services, presence: Presence) -> None:
        settings = services.settings
        self._services = services
        self._presence = presence
        self._open: set[Connection] = set()
        self._empty = asyncio.Event()
        self._empty.set()
        self._caps = SocketCaps(
            services.redis,
            per_user=settings.sockets_per_user,
            per_tenant=settings.sockets_per_tenant,
            per_process=settings.sockets_per_process,
            patience=settings.ping_interval + settings.ping_timeout,
        )
        self._entrance = Entrance(services, self._caps)
        self._rounds = Rounds(services, self._caps, lambda: self._open)

    def kept(self) -> contextlib.AbstractAsyncContextManager[None]:
        """Look after the open sockets while the block runs: without it nobody's loss of access shows."""
        return self._rounds.going()

    async def endpoint(self, socket: WebSocket) -> None:
        """Serve one socket from its upgrade to its end."""
        async with self._entrance.admitted(socket) as guest:
            if guest is not None:
                await self._serve(socket, guest)

    async def _serve(self, socket: WebSocket, guest: Guest) -> None:
        identity = guest.identity
        connection = Connection(socket, self._services, identity)
        desk = _Desk(connection, self._presence)
        self._open.add(connection)
        self._empty.clear()
        _OPEN.inc()
        try:
            connection.send(
                Welcome(
                    protocol=PROTOCOL_VERSION,
                    connection_id=connection.id,
                    epoch=self._services.epoch(),
                    user=Person(id=identity.user_id, name=identity.name),
                    tenant_id=identity.tenant_id,
                    role=identity.role,
                    expires_at=identity.ends_at,
                    server_time=self._services.clock(),
                    heartbeat_seconds=_HEARTBEAT,
                )
            )
            if self._services.draining():  # it came in through the closing door
                connection.send(Reconnect(after_ms=0, reason="draining"))
                connection.close_soon(CloseCode.DRAINING, "draining")
            await connection.serve(desk.execute, desk.resume(guest.hello))
        finally:
            self._open.discard(connection)
            if not self._open:
                self._empty.set()
            _OPEN.dec()
            await desk.leave_all()

    def __len__(self) -> int:
        return len(self._open)

    async def drain(self, within: float) -> None:
        """Tell everybody when to come back, each at a moment of its own within so many seconds, and close it then.

        Until its moment a socket works as ever. Few sockets are told to come back sooner than many.
        """
        leaving = list(self._open)
        random.shuffle(leaving)  # who opened several at once should not lose them all at once
        window = min(within, len(leaving) / self._services.settings.drain_rate)
        async with asyncio.TaskGroup() as tasks:
            for place, connection in enumerate(leaving):
                after = window * (place + random.random()) / len(leaving)  # noqa: S311 (spreads, hides nothing)
                connection.send(Reconnect(after_ms=round(after * 1000), reason="draining"))
                tasks.create_task(_leave(connection, after))
        # A client that reads slowly gets its last frames; one that does not read is cut off with the process.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_ANSWERS):
                await self._empty.wait()

    def start_over(self) -> None:
        """Have everybody come back because the database is another one: `welcome` tells them, cursors are void."""
        for place, connection in enumerate(list(self._open)):
            connection.send(Reconnect(after_ms=100 + place * 37 % 900, reason="epoch_changed"))
            connection.close_soon(CloseCode.DRAINING, "epoch_changed")


async def _leave(connection: Connection, after: float) -> None:
    await asyncio.sleep(after)
    await connection.finish(CloseCode.DRAINING, "draining", patience=_LAST_ANSWERS)


class _Desk:
    """What one socket follows, and its commands."""

    def __init__(self, connection: Connection, presence: Presence) -> None:
        self._connection = connection
        self._services = connection.services
        self._presence = presence
        self._interrupts: set[str] = set()
        self._threads: dict[UUID, FollowThread] = {}
        self._rooms: dict[UUID, FollowState] = {}
        self._approvals: FollowState | None = None
        self._list: FollowState | None = None
        #: The one display that a paired device is at this socket, by the id it gave itself.
        self._display: UUID | None = None
        # Resuming runs beside the commands: two followers of one thread would both be told, and one never leave.
        self._changing = asyncio.Lock()
        connection.outbox.on_shed = self._show_shed

    @property
    def _who(self) -> Identity:
        # Read afresh for each command: a role can change while the socket is open.
        return self._connection.identity

    async def execute(self, command: AnyCommand) -> Ack | None:  # noqa: PLR0911, PLR0912 (one branch a command)
        """Carry out one command and return its answer."""
        services = self._services
        self._require_own_room(command)
        match command:
            case Hello():
                await self.resume(command)()
                return _accepted(command)
            case Subscribe():
                await self._subscribe(command.topic, command.after_seq, command.epoch)
                return _accepted(command)
            case Unsubscribe():
                async with self._changing:
                    await self._unsubscribe(command.topic)
                return _accepted(command)
            case SendMessage():
                people.require(self._who, "thread.write")
                return _done(
                    command,
                    await start.send_message(
                        self._services.db,
                        self._services.redis,
                        self._who,
                        command,
                        GRAPH_VERSION,
                        at_most=self._services.settings.messages_per_10s,
                    ),
                )
            case InterruptResponse():
                return _done(command, await interrupts.decide(services.db, services.settings, self._who, command))
            case Claim():
                return _done(command, await claims.claim(services.db, services.settings, self._who, command))
            case Release():
                return _done(command, await claims.release(services.db, self._who, command))
            case Extend():
                return _done(command, await claims.extend(services.db, services.settings, self._who, command))
            case Undo():
                return _done(command, await taking_back.undo(services.db, services.redis, self._who, command))
            case Again():
                people.require(self._who, "thread.write")
                return _done(
                    command,
                    await again.take_up(
                        services.db,
                        services.redis,
                        self._who,
                        command,
                        GRAPH_VERSION,
                        at_most=services.settings.messages_per_10s,
                    ),
                )
            case Cancel():
                people.require(self._who, "thread.write")
                return _done(command, await start.cancel(self._services.db, self._services.redis, self._who, command))
            case PrompterAck():
                people.require(self._who, "prompter.ack")
                async with self._services.db.tenant(self._who.tenant_id) as conn:
                    await rooms.acknowledge(conn, command.room_id, command.version, command.position)
                if command.display is not None:
                    self._report(command, command.display)
                return _accepted(command)
            case PrompterControl():
                people.require(self._who, "prompter.control")
                return _done(
                    command,
                    await directing.direct(
                        services.db, services.rules, services.displays, self._who, command.room_id, command, command.id
                    ),
                )
            case Refresh():
                return await self._refresh(command)
            case _:
                raise UnsupportedCommand(command=command.type)

    def _require_own_room(self, command: AnyCommand) -> None:
        """Let a paired device do what is about its room and nothing else; people may ask what they like.

        Raises:
            Forbidden: it is about something else.
        """
        room_id = self._who.room_id
        if room_id is None:
            return
        match command:
            case Subscribe() | Unsubscribe() if command.topic.lower() == room_topic(room_id):
                return
            case PrompterAck() | PrompterControl() if command.room_id == room_id:
                return
        raise Forbidden("a paired device has its room only")

    def _report(self, command: PrompterAck, display: DisplayReport) -> None:
        services = self._services
        shown = display.id
        if self._who.room_id is not None:
            # Nobody may pass for somebody else's screen, nor for many of them.
            if self._display not in (None, display.id):
                raise Forbidden("a paired device is one display at a socket")
            self._display = display.id
            shown = _display_of(self._who, display.id)
        view = DisplayView(
            **display.model_dump(exclude={"id"}),
            id=shown,
            person=Person(id=self._who.user_id, name=self._who.name),
            version=command.version,
            position=command.position,
            seen_ms=round(services.clock().timestamp() * 1000),
        )
        services.displays.report(self._who.tenant_id, command.room_id, view)

    def _orders(self, text: str) -> None:
        """Pass on what comes of the room's displays to a paired device: of orders only its own, under its own id."""
        frame = orjson.loads(text)
        if frame["type"] == "prompter_display":
            if self._display is None or frame["display_id"] != str(_display_of(self._who, self._display)):
                return
            text = orjson.dumps({**frame, "display_id": str(self._display)}).decode()
        self._connection.outbox.put(text)

    async def _refresh(self, command: Refresh) -> Ack:
        newer = await identity_of_token(self._services, command.token, self._connection.address)
        if (newer.user_id, newer.tenant_id) != (self._who.user_id, self._who.tenant_id):
            raise Forbidden("the token is of another person or team")
        self._connection.identity = newer
        result = {"expires_at": newer.ends_at.isoformat().replace("+00:00", "Z"), "role": newer.role}
        return Ack(re=command.id, status="accepted", result=result)

    def resume(self, hello: Hello | None) -> Callable[[], Awaitable[None]]:
        """Return the work that takes up again where a client stopped."""

        async def work() -> None:
            for point in hello.resume if hello is not None else ():
                topic = thread_topic(point.thread_id)
                try:
                    await self._subscribe(topic, point.after_seq, hello.epoch if hello is not None else None)
                except AppError as error:
                    # One thread that was deleted meanwhile must not keep the others from going on.
                    told = error_frame(error)
                    self._connection.send(told.model_copy(update={"details": {**told.details, "topic": topic}}))

        return work

    async def leave_all(self) -> None:
        """Follow nothing any more."""
        for topic in (APPROVALS, *map(thread_topic, self._threads), *self._interrupts):
            self._be_gone(topic)
        for room_id, state in self._rooms.items():
            self._leave_room(room_id, state)
        if self._approvals is not None:
            self._services.hub.leave_approvals(self._who.tenant_id, self._approvals)
        self._leave_list()
        for follower in self._threads.values():
            await follower.stop()

    async def _subscribe(self, topic: str, after_seq: int, epoch: str | None) -> None:
        async with self._changing:
            await self._follow(topic, after_seq, epoch)

    async def _follow(self, topic: str, after_seq: int, epoch: str | None) -> None:
        if self._who.room_id is None:
            people.require(self._who, "thread.read")
        await self._unsubscribe(topic)
        followed = len(self._threads) + len(self._rooms) + len(self._interrupts)
        followed += (self._approvals is not None) + (self._list is not None)
        if followed >= self._services.settings.subscriptions_per_socket:
            raise RateLimited("too many subscriptions on one socket", limit=followed)
        interrupt_id = interrupt_of(topic)
        if interrupt_id is not None:
            await self._look_at(topic, interrupt_id)
            return
        kind, name = split_topic(topic)
        if kind == APPROVALS:
            self._approvals = FollowState(self._connection.outbox)
            await self._services.hub.watch_approvals(self._who.tenant_id, self._approvals)
            # From here on everything comes: whoever reads the list now has missed nothing, also what came and went
            # while the line was away.
            self._connection.send(Subscribed(topic=topic))
            self._be_seen(topic)
            return
        if kind == THREADS:
            self._list = FollowState(self._connection.outbox)
            self._services.hub.watch_list(self._who.tenant_id, self._list)
            self._connection.send(Subscribed(topic=THREADS))  # as above
            return
        assert name is not None
        if kind == "room":
            state = FollowState(self._connection.outbox)
            try:
                await self._services.hub.watch_room(self._who.tenant_id, name, state)
            except NotFound:
                await self._refuse(topic)
            self._rooms[name] = state
            show = self._connection.outbox.put if self._who.room_id is None else self._orders
            # A screen is told what it is to do itself, not who else there is.
            lists = self._who.role != "display"
            self._services.displays.join(self._who.tenant_id, name, self._connection.id, show, lists=lists)
            return
        follower = FollowThread(
            self._services, self._who.tenant_id, name, self._connection.outbox, lambda: self._show_again(name)
        )
        self._threads[name] = follower
        try:
            await follower.start(after_seq, epoch)
        except AppError as error:
            # Refused or not, what did not come to life must not go on collecting what happens.
            await self._threads.pop(name).stop()
            if isinstance(error, Forbidden):
                await self._refuse(topic)
            raise
        self._be_seen(thread_topic(name))

    async def _look_at(self, topic: str, interrupt_id: str) -> None:
        # What happens to an interrupt comes with its thread and with the approvals; here it is only who looks at it.
        try:
            async with self._services.db.tenant(self._who.tenant_id) as conn:
                await get_interrupt(conn, interrupt_id)
        except NotFound:
            await self._refuse(topic)
        self._interrupts.add(topic)
        self._be_seen(topic)

    def _be_seen(self, topic: str) -> None:
        me = Person(id=self._who.user_id, name=self._who.name)
        self._presence.join(self._who.tenant_id, topic, self._connection.id, me, self._connection.outbox.put)

    def _be_gone(self, topic: str) -> None:
        self._presence.leave(self._who.tenant_id, topic, self._connection.id)

    async def _refuse(self, topic: str) -> None:
        # Not the tenant's, or nobody's: the answer is the same, the attempt is on record.
        async with self._services.db.tenant(self._who.tenant_id) as conn:
            await audit.record(conn, self._who.user_id, "subscribe.refused", topic)
        raise Forbidden

    async def _unsubscribe(self, topic: str) -> None:
        if interrupt_of(topic) is not None:
            self._interrupts.discard(topic)
            self._be_gone(topic)
            return
        kind, name = split_topic(topic)
        if kind == APPROVALS and self._approvals is not None:
            self._services.hub.leave_approvals(self._who.tenant_id, self._approvals)
            self._approvals = None
            self._be_gone(topic)
        elif kind == THREADS:
            self._leave_list()
        elif kind == "room" and name in self._rooms:
            self._leave_room(name, self._rooms.pop(name))
        elif kind == "thread" and name in self._threads:
            await self._threads.pop(name).stop()
            self._be_gone(thread_topic(name))

    def _leave_list(self) -> None:
        if self._list is not None:
            self._services.hub.leave_list(self._who.tenant_id, self._list)
            self._list = None

    def _leave_room(self, room_id: UUID, state: FollowState) -> None:
        self._services.hub.leave_room(room_id, state)
        self._services.displays.leave(self._who.tenant_id, room_id, self._connection.id)

    def _show_shed(self, thread_ids: set[str]) -> None:
        for thread_id in map(UUID, thread_ids):
            follower = self._threads.get(thread_id)
            if follower is not None:
                follower.text_was_shed()
                self._show_again(thread_id)

    def _show_again(self, thread_id: UUID) -> None:
        follower = self._threads.get(thread_id)
        if follower is not None:
            self._connection.start(follower.show_text)


def _display_of(who: Identity, display_id: UUID) -> UUID:
    return derived_id("display", who.user_id, display_id)


def _accepted(command: AnyCommand) -> Ack:
    return Ack(re=command.id, status="accepted")


def _done(command: AnyCommand, done: Done) -> Ack:
    return Ack(re=command.id, status="duplicate" if done.duplicate else "accepted", result=done.result)
