"""One socket: who it is, its reader, its writer, and the mapper from errors to frames."""

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

import anyio
import structlog
from prometheus_client import Counter
from pydantic import ValidationError
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from backend import failpoints
from backend.domain.people import Identity
from backend.errors import AppError, BadRequest, RateLimited
from backend.ids import new_id, new_trace_id
from backend.protocol.close_codes import CloseCode
from backend.protocol.commands import AnyCommand, Ping, command_adapter
from backend.protocol.events import Ack, ErrorFrame, Frame, Pong, Problem
from backend.services import Services
from backend.telemetry.logging import current_trace, tracing
from backend.telemetry.metrics import REGISTRY
from backend.transport.outbox import Outbox

log = structlog.get_logger(__name__)

_BAD_FRAMES = 10
_BAD_FRAMES_WITHIN = 10.0
_COMMANDS_WAITING = 64
_FLOOD = 100
#: How long a peer may take to read up to our close frame before the line is dropped without it. Seconds.
_FAREWELL = 30.0

_CLOSED = Counter("cuedesk_sockets_closed", "Sockets that ended, by close code", ["code"], registry=REGISTRY)
_BAD = Counter("cuedesk_bad_frames", "Frames that were no valid command", registry=REGISTRY)
_FLOODED = Counter("cuedesk_flooded_frames", "Frames refused because too many came", registry=REGISTRY)

Execute = Callable[[AnyCommand], Awaitable[Ack | None]]


class Connection:
    """A socket that has been let in. Its tasks live in one group: when one ends, all do."""

    def __init__(self, socket: WebSocket, services: Services, identity: Identity) -> None:
        self.id: UUID = new_id()
        self.services = services
        self.identity = identity
        #: Where it comes from.
        self.address = socket.client.host if socket.client else ""
        settings = services.settings
        self.outbox = Outbox(settings.outbox_frames, settings.outbox_bytes, settings.outbox_patience)
        #: The end of session or token that the client was warned of.
        self.warned_of: datetime | None = None
        self._socket = socket
        self._commands: asyncio.Queue[AnyCommand] = asyncio.Queue(_COMMANDS_WAITING)
        self._bad: deque[float] = deque()
        self._allowance = float(services.settings.frames_burst)
        self._allowed_at = time.monotonic()
        self._refused = 0
        self._tasks: anyio.abc.TaskGroup | None = None
        self._close: tuple[int, str] | None = None
        self._finishing = False
        self._cut = False
        self._writing = anyio.CancelScope()
        self._ended_with: int | None = None

    def send(self, frame: Frame) -> None:
        """Queue a frame."""
        self.outbox.put(frame.model_dump_json())

    def close_soon(self, code: CloseCode, reason: str) -> None:
        """Close with this code after what is queued."""
        if self._close is None:
            self._close = (code, reason)
            self.outbox.close()

    async def finish(self, code: CloseCode, reason: str, *, patience: float) -> None:
        """Take no more commands, answer those that came (for at most `patience` seconds), then close.

        A command that comes too late gets no answer: its sender repeats it under its id, on the next socket.
        """
        self._finishing = True
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._commands.join()
        self.close_soon(code, reason)

    def cut(self, code: CloseCode, reason: str) -> None:
        """Close with this code now: nothing more is written, neither what is queued nor what the writer holds."""
        if self._cut:
            return
        self._cut = True
        self._close = (code, reason)
        self.outbox.discard()
        self._writing.cancel()

    def start(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work` beside the reader for as long as the socket lives; its AppErrors go to the client.

        Nothing happens when the socket has ended: who still has to be told so may ask for it in that moment.
        """
        if self._tasks is not None:
            self._tasks.start_soon(self._guarded, work)

    def traced(self) -> Any:
        """A `with` block whose log lines name this socket."""
        return tracing(connection_id=str(self.id), tenant_id=str(self.identity.tenant_id))

    async def serve(self, execute: Execute, first: Callable[[], Awaitable[None]]) -> None:
        """Do `first`, then read commands and write frames until the socket ends; `execute` answers a command."""
        with self.traced():
            try:
                async with anyio.create_task_group() as tasks:
                    self._tasks = tasks
                    tasks.start_soon(self._write)
                    tasks.start_soon(self._guarded, first)
                    tasks.start_soon(self._execute, execute)
                    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
                        await self._read()
                    tasks.cancel_scope.cancel()
            finally:
                self._tasks = None
                code = self._close[0] if self._close is not None else self._ended_with
                # Peers may send any number: what is neither ours nor the standard's is counted together.
                known = code is not None and (1000 <= code <= 1015 or code in set(CloseCode))
                _CLOSED.labels(str(int(code)) if known and code is not None else "other").inc()

    async def _guarded(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except AppError as error:
            self.send(error_frame(error))

    # Reader: parses and queues, never awaits the work (else the pong of the peer would go unread, FACTS T7) -----------

    async def _read(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                self._ended_with = message.get("code")
                return
            if self._finishing or self._close is not None:
                continue
            text = message.get("text")
            if not self._allow():
                self._refuse_flood()
                continue
            if text is None:
                self._bad_frame(BadRequest("frames are JSON text, not bytes"), None)
                continue
            try:
                command = command_adapter.validate_json(text)
            except ValidationError as error:
                self._bad_frame(explain(error), _id_of(text))
                continue
            if isinstance(command, Ping):
                self.send(Pong(re=command.id, server_time=self.services.clock()))
                continue
            try:
                self._commands.put_nowait(command)
            except asyncio.QueueFull:
                self.send(rejection(command.id, RateLimited(retry_after_ms=1000)))

    def _allow(self) -> bool:
        settings = self.services.settings
        now = time.monotonic()
        gained = (now - self._allowed_at) * settings.frames_per_second
        self._allowance = min(float(settings.frames_burst), self._allowance + gained)
        if self._allowance >= settings.frames_burst:
            self._refused = 0  # quiet for a while: a socket that lives all day must not be closed for the sum of it
        self._allowed_at = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    def _refuse_flood(self) -> None:
        self._refused += 1
        _FLOODED.inc()
        if self._refused == 1 or self._refused % 20 == 0:
            self.send(error_frame(RateLimited(retry_after_ms=1000)))
        if self._refused > _FLOOD:
            self.close_soon(CloseCode.FLOOD, "too many frames")

    def _bad_frame(self, error: AppError, command_id: UUID | None) -> None:
        _BAD.inc()
        self.send(rejection(command_id, error) if command_id is not None else error_frame(error))
        now = time.monotonic()
        self._bad.append(now)
        while self._bad and self._bad[0] < now - _BAD_FRAMES_WITHIN:
            self._bad.popleft()
        if len(self._bad) >= _BAD_FRAMES:
            self.close_soon(CloseCode.BAD_FRAMES, "ten unreadable frames within ten seconds")

    async def _execute(self, execute: Execute) -> None:
        while True:
            command = await self._commands.get()
            with tracing(trace_id=new_trace_id()):
                try:
                    ack = await execute(command)
                except AppError as error:
                    ack = rejection(command.id, error)
                except Exception:  # a fault in one command must not end the socket; the log has the story
                    log.exception("command_failed", command=command.type)
                    ack = rejection(command.id, AppError(trace_id=current_trace()))
                if failpoints.folder is not None:
                    await failpoints.reach("before_ack", command.id)
                log.debug("command", command=command.type, status=ack.status if ack is not None else None)
            if ack is not None:
                self.send(ack)
            self._commands.task_done()

    # Writer ----------------------------------------------------------------------------------------------------------

    async def _write(self) -> None:
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):
            with self._writing:
                await self._write_all()
            code, reason = self._close or (1000, "")
            if self._socket.application_state is WebSocketState.CONNECTED:
                # It goes out behind what the kernel already has, which a slow reader takes its time to read.
                with anyio.move_on_after(_FAREWELL):
                    await self._socket.close(code, reason)
        # The reader sees the disconnect; but a peer that is gone may never send one.
        if self._tasks is not None:
            self._tasks.cancel_scope.cancel()

    async def _write_all(self) -> None:
        while (text := await self.outbox.take()) is not None:
            await self._socket.send_text(text)


def error_frame(error: AppError) -> ErrorFrame:
    """Return the frame that tells of an error which is no command's answer."""
    return ErrorFrame(**problem(error).model_dump())


def rejection(command_id: UUID, error: AppError) -> Ack:
    """Return the answer to a command that was not carried out."""
    return Ack(re=command_id, status="rejected", error=problem(error))


def problem(error: AppError) -> Problem:
    """Return what the client is told of an error: the stable code, never the inner text of a fault."""
    return Problem(
        code=error.code,
        message=error.message,
        retryable=error.retryable,
        retry_after_ms=error.retry_after_ms,
        details=error.details,
    )


def explain(error: ValidationError) -> BadRequest:
    """Return what is wrong with a frame: where, and which rule; never the value itself."""
    wrong = [
        {"field": ".".join(str(part) for part in e["loc"]), "message": e["msg"], "kind": e["type"]}
        for e in error.errors(include_url=False, include_input=False, include_context=False)[:8]
    ]
    first = wrong[0]
    where = f"{first['field']}: " if first["field"] else ""
    return BadRequest(f"the frame is not a valid command: {where}{first['message']}", problems=wrong)


def _id_of(text: str) -> UUID | None:
    # The frame is no valid command, but if it says which one it wanted to be, the sender gets its answer.
    # The standard library reads more than we take: half a character, NaN.
    with contextlib.suppress(ValueError, TypeError, AttributeError, RecursionError):
        frame = json.loads(text)
        if isinstance(frame, dict):
            return UUID(frame["id"]) if isinstance(frame.get("id"), str) else None
    return None
