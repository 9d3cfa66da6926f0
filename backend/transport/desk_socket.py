"""`/ws`: what each command does. One socket serves console, teleprompter and programs alike."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from uuid import UUID

from prometheus_client import Gauge
from starlette.websockets import WebSocket

from backend.domain import audit, people, rooms
from backend.errors import AppError, Forbidden, NotFound, RateLimited, UnsupportedCommand
from backend.fanout.topics import APPROVALS, split_topic, thread_topic
from backend.graph.version import GRAPH_VERSION
from backend.protocol.close_codes import CloseCode
from backend.protocol.commands import (
    PROTOCOL_VERSION,
    AnyCommand,
    Cancel,
    Hello,
    InterruptResponse,
    PrompterAck,
    ResumePoint,
    SendMessage,
    Subscribe,
    Unsubscribe,
)
from backend.protocol.events import Ack, Person, Reconnect, Welcome
from backend.runs import interrupts, start
from backend.runs.start import Done
from backend.services import Services
from backend.telemetry.metrics import REGISTRY
from backend.transport.connection import Connection, error_frame
from backend.transport.entrance import Refused, admit
from backend.transport.following import FollowState, FollowThread
from backend.transport.limits import MessageLimit

_HEARTBEAT = 15.0
_OPEN = Gauge("cuedesk_sockets_open", "Sockets being served", registry=REGISTRY)


class DeskSockets:
    """All sockets of this process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._of_user: Counter[UUID] = Counter()
        self._open: set[Connection] = set()
        self._messages = MessageLimit(services.redis, services.settings.messages_per_10s)

    async def endpoint(self, socket: WebSocket) -> None:
        """Serve one socket from its upgrade to its end."""
        try:
            identity, hello = await admit(socket, self._services, self._of_user)
        except Refused:
            return
        connection = Connection(socket, self._services, identity)
        desk = _Desk(connection, self._messages)
        self._of_user[identity.user_id] += 1
        self._open.add(connection)
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
                    server_time=self._services.clock(),
                    heartbeat_seconds=_HEARTBEAT,
                )
            )
            resume = hello.resume if hello is not None else []
            await connection.serve(desk.execute, desk.resume(resume))
        finally:
            self._open.discard(connection)
            _OPEN.dec()
            self._of_user[identity.user_id] -= 1
            await desk.leave_all()

    def __len__(self) -> int:
        return len(self._open)

    def drain(self) -> None:
        """Tell everybody to come back, spread over a second, and close."""
        self._send_away("draining")

    def start_over(self) -> None:
        """Have everybody come back because the database is another one: `welcome` tells them, cursors are void."""
        self._send_away("epoch_changed")

    def _send_away(self, reason: str) -> None:
        for place, connection in enumerate(list(self._open)):
            connection.send(Reconnect(after_ms=100 + place * 37 % 900, reason=reason))
            connection.close_soon(CloseCode.DRAINING, reason)


class _Desk:
    """What one socket follows, and its commands."""

    def __init__(self, connection: Connection, messages: MessageLimit) -> None:
        self._connection = connection
        self._services = connection.services
        self._who = connection.identity
        self._messages = messages
        self._threads: dict[UUID, FollowThread] = {}
        self._rooms: dict[UUID, FollowState] = {}
        self._approvals: FollowState | None = None
        # Resuming runs beside the commands: two followers of one thread would both be told, and one never leave.
        self._changing = asyncio.Lock()
        connection.on_shed = self._show_shed

    async def execute(self, command: AnyCommand) -> Ack | None:  # noqa: PLR0911 (one return a command)
        """Carry out one command and return its answer."""
        match command:
            case Hello():
                await self.resume(command.resume)()
                return _accepted(command)
            case Subscribe():
                await self._subscribe(command.topic, command.after_seq)
                return _accepted(command)
            case Unsubscribe():
                async with self._changing:
                    await self._unsubscribe(command.topic)
                return _accepted(command)
            case SendMessage():
                people.require(self._who, "thread.write")
                await self._messages.check(command.thread_id)
                return _done(
                    command,
                    await start.send_message(
                        self._services.db, self._services.redis, self._who, command, GRAPH_VERSION
                    ),
                )
            case InterruptResponse():
                return _done(command, await interrupts.decide(self._services.db, self._who, command))
            case Cancel():
                people.require(self._who, "thread.write")
                return _done(command, await start.cancel(self._services.db, self._services.redis, self._who, command))
            case PrompterAck():
                people.require(self._who, "prompter.ack")
                async with self._services.db.tenant(self._who.tenant_id) as conn:
                    await rooms.acknowledge(conn, command.room_id, command.version, command.position)
                return _accepted(command)
            case _:
                raise UnsupportedCommand(command=command.type)

    def resume(self, points: list[ResumePoint]) -> Callable[[], Awaitable[None]]:
        """Return the work that takes up again where a client stopped."""

        async def work() -> None:
            for point in points:
                topic = thread_topic(point.thread_id)
                try:
                    await self._subscribe(topic, point.after_seq)
                except AppError as error:
                    # One thread that was deleted meanwhile must not keep the others from going on.
                    told = error_frame(error)
                    self._connection.send(told.model_copy(update={"details": {**told.details, "topic": topic}}))

        return work

    async def leave_all(self) -> None:
        """Follow nothing any more."""
        for follower in self._threads.values():
            await follower.stop()
        for room_id, state in self._rooms.items():
            self._services.hub.leave_room(room_id, state)
        if self._approvals is not None:
            self._services.hub.leave_approvals(self._who.tenant_id, self._approvals)

    async def _subscribe(self, topic: str, after_seq: int) -> None:
        async with self._changing:
            await self._follow(topic, after_seq)

    async def _follow(self, topic: str, after_seq: int) -> None:
        people.require(self._who, "thread.read")
        await self._unsubscribe(topic)
        followed = len(self._threads) + len(self._rooms) + (self._approvals is not None)
        if followed >= self._services.settings.subscriptions_per_socket:
            raise RateLimited("too many subscriptions on one socket", limit=followed)
        kind, name = split_topic(topic)
        if kind == APPROVALS:
            self._approvals = FollowState(self._connection.outbox)
            await self._services.hub.watch_approvals(self._who.tenant_id, self._approvals)
            return
        assert name is not None
        if kind == "room":
            state = FollowState(self._connection.outbox)
            try:
                await self._services.hub.watch_room(self._who.tenant_id, name, state)
            except NotFound:
                await self._refuse(topic)
            self._rooms[name] = state
            return
        follower = FollowThread(
            self._services, self._who.tenant_id, name, self._connection.outbox, lambda: self._show_again(name)
        )
        self._threads[name] = follower
        try:
            await follower.start(after_seq)
        except AppError as error:
            # Refused or not, what did not come to life must not go on collecting what happens.
            await self._threads.pop(name).stop()
            if isinstance(error, Forbidden):
                await self._refuse(topic)
            raise

    async def _refuse(self, topic: str) -> None:
        # Not the tenant's, or nobody's: the answer is the same, the attempt is on record.
        async with self._services.db.tenant(self._who.tenant_id) as conn:
            await audit.record(conn, self._who.user_id, "subscribe.refused", topic)
        raise Forbidden

    async def _unsubscribe(self, topic: str) -> None:
        kind, name = split_topic(topic)
        if kind == APPROVALS and self._approvals is not None:
            self._services.hub.leave_approvals(self._who.tenant_id, self._approvals)
            self._approvals = None
        elif kind == "room" and name in self._rooms:
            self._services.hub.leave_room(name, self._rooms.pop(name))
        elif kind == "thread" and name in self._threads:
            await self._threads.pop(name).stop()

    def _show_shed(self, thread_ids: set[UUID]) -> None:
        for thread_id in thread_ids:
            self._show_again(thread_id)

    def _show_again(self, thread_id: UUID) -> None:
        follower = self._threads.get(thread_id)
        if follower is not None:
            self._connection.start(follower.show_text)


def _accepted(command: AnyCommand) -> Ack:
    return Ack(re=command.id, status="accepted")


def _done(command: AnyCommand, done: Done) -> Ack:
    return Ack(re=command.id, status="duplicate" if done.duplicate else "accepted", result=done.result)
