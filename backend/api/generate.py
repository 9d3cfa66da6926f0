"""One request, one script: the same graph on a thread of its own, up to the review.

Nothing goes on air by this: what comes back waits for a decision like any other script.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Final, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from backend.api.auth import Parts, Writer, check_origin
from backend.api.messages import Ask, Asked, as_command
from backend.api.pages import IdempotencyKey, command_id
from backend.domain import events, threads
from backend.domain.people import Identity
from backend.domain.profiles import read_names
from backend.domain.rooms import list_rooms
from backend.domain.skills import read_allowances
from backend.domain.thread_notes import read_notes, window
from backend.errors import AppError, ModelBudgetSpent, ModelRateExceeded, SkillRefused
from backend.fanout.hub import Fragment, Numbered
from backend.graph import skills
from backend.graph.intent.asking import understood
from backend.graph.standing import situation_of
from backend.graph.version import GRAPH_VERSION
from backend.ids import derived_id, new_id
from backend.protocol.commands import SendMessage
from backend.protocol.events import AnyThreadEvent, Problem, RunChanged, Token, UnknownEvent
from backend.protocol.snapshot import ClarificationView, QualityView, ThreadSnapshot, fold
from backend.runs import start
from backend.services import Services
from backend.storage.postgres import Connection

router = APIRouter(prefix="/generate", tags=["generate"])

_OVER: Final = frozenset({"waiting", "completed", "failed", "cancelled", "expired"})
#: Seconds a caller waits at most; the run itself goes on and is found in its thread.
_PATIENCE: Final = 300.0
_HEARTBEAT: Final = 15.0
#: Seconds after which a watcher looks whether this process goes down.
_LOOK_UP: Final = 1.0
_PAGE: Final = 500
#: Messages of a repeated request's thread that its words are read against.
_WINDOW: Final = 3000


class RunFailed(AppError):
    """The run did not bring a script; `details` say why and where it can be read."""

    code = "run_failed"
    status = 502


class StillRunning(AppError):
    """The run takes longer than a request may, or this server restarts; follow its thread, or ask again."""

    code = "still_running"
    status = 504
    retryable = True


class Generate(Ask):
    """What is asked. `review` says that the caller does not wait for a person: the script comes back unapproved."""

    review: Literal["none"] = "none"


class Generated(BaseModel):
    """What came of it. A script waits for a decision under `interrupt_id`; a clarification asks for more words."""

    thread_id: UUID
    run_id: UUID
    kind: Literal["script", "clarification", "answer"]
    content: str
    message_id: UUID | None
    quality: QualityView | None
    clarification: ClarificationView | None
    interrupt_id: str | None
    expires_at: datetime | None


class _Follower:
    """Collects what the hub tells of one thread, for one caller."""

    def __init__(self) -> None:
        # Text under way may be lost, facts may not: they are re-read from the log when this is full.
        self.items: asyncio.Queue[Numbered | Fragment | None] = asyncio.Queue(_PAGE)

    def on_event(self, event: Numbered) -> None:
        self._put(event)

    def on_fragment(self, fragment: Fragment) -> None:
        if self.items.qsize() < _PAGE // 2:
            self._put(fragment)

    def on_state(self, text: str) -> None:
        """A thread has no state frames."""

    def on_tokens(self, available: bool) -> None:
        """Without text under way the facts still come; there is nothing to do."""

    def _put(self, item: Numbered | Fragment) -> None:
        if self.items.full():
            # None = look into the log. What is thrown away here is either there or may be lost.
            while not self.items.empty():
                self.items.get_nowait()
            self.items.put_nowait(None)
            return
        self.items.put_nowait(item)


@router.post("")
async def generate(identity: Writer, services: Parts, body: Generate, key: IdempotencyKey = None) -> Generated:
    """Write a script and wait until it is ready for review."""
    thread_id, asked = await _begin(services, identity, body, key)
    try:
        async with asyncio.timeout(_PATIENCE), aclosing(_follow(services, identity, thread_id, asked)) as frames:
            async for _ in frames:
                pass
    except TimeoutError:
        raise StillRunning(thread_id=str(thread_id), run_id=str(asked.run_id)) from None
    return await _result(services, identity, thread_id, asked)


@router.post("/stream", response_class=StreamingResponse)
async def generate_stream(
    identity: Writer, services: Parts, body: Generate, key: IdempotencyKey = None
) -> StreamingResponse:
    """Write a script and watch: server-sent events named like the socket's frames, at last `result` or `problem`."""
    thread_id, asked = await _begin(services, identity, body, key)
    return _stream(services, identity, thread_id, asked)


@router.get("/stream", response_class=StreamingResponse)
async def generate_stream_get(
    request: Request,
    identity: Writer,
    services: Parts,
    query: Annotated[Generate, Query()],
    key: IdempotencyKey = None,
) -> StreamingResponse:
    """Do the same for a browser's `EventSource`, which can only GET."""
    # It does something, so the cookie of another site's visitor must not be enough.
    check_origin(request, services.settings)
    thread_id, asked = await _begin(services, identity, query, key)
    return _stream(services, identity, thread_id, asked)


async def _begin(services: Services, identity: Identity, body: Generate, key: str | None) -> tuple[UUID, Asked]:
    # By the key alone, so that a repeat finds thread and run as long as they exist, however long ago that was.
    named = (identity.tenant_id, identity.user_id, command_id(key)) if key else None
    thread_id = derived_id("generate", *named, GRAPH_VERSION) if named else new_id()
    message = derived_id("generate", command_id(key)) if key else new_id()
    command = as_command(SendMessage, id=message, thread_id=thread_id, **body.model_dump(exclude={"review"}))
    async with services.db.tenant(identity.tenant_id) as conn:
        await threads.open_thread(
            conn,
            thread_id,
            identity.user_id,
            GRAPH_VERSION,
            room_id=body.room_id,
            product_id=body.product_id,
            host_id=body.host_id,
        )
        await _preflight(conn, identity, thread_id, body)
    done = await start.send_message(
        services.db,
        services.redis,
        identity,
        command,
        GRAPH_VERSION,
        at_most=services.settings.messages_per_10s,
    )
    return thread_id, Asked.model_validate(done.result)


async def _preflight(conn: Connection, identity: Identity, thread_id: UUID, body: Generate) -> None:
    """Refuse before anything is kept what the words need and whoever asks may not use.

    The words are read only where something is closed to the role. What this quick reading leaves open, the run's own
    decides: its refusal is told as the same error.

    Raises:
        SkillRefused: the transaction, and with it the thread, is to be given up.
    """
    allowances = await read_allowances(conn)
    if all(skills.allows(skill, allowances.get(skill.name), identity.role) for skill in skills.SKILLS.values()):
        return
    request = body.model_dump(mode="json", exclude={"review"}, exclude_none=True)
    thread = await threads.get_thread(conn, thread_id)
    messages, notes = await window(conn, thread_id, _WINDOW), await read_notes(conn, thread_id)
    rooms, names = await list_rooms(conn), await read_names(conn)
    situation = await situation_of(conn, thread, messages, notes, rooms, names, request)
    reading = await understood(body.content, situation, None)
    for skill in skills.asked_for(reading.kind, reading.then):
        await skills.require(conn, skill, identity.user_id)


async def _follow(
    services: Services, identity: Identity, thread_id: UUID, asked: Asked
) -> AsyncGenerator[tuple[str, str]]:
    """Yield (type, frame) from the thread's beginning until the run waits or is over; an empty type is a heartbeat.

    Raises:
        StillRunning: this process goes down before that.
    """
    follower = _Follower()
    seen = 0
    quiet = 0.0
    await services.hub.watch_thread(identity.tenant_id, thread_id, follower)
    try:
        follower.items.put_nowait(None)
        while True:
            if services.draining():
                raise StillRunning(thread_id=str(thread_id), run_id=str(asked.run_id))
            try:
                item = await asyncio.wait_for(follower.items.get(), _LOOK_UP)
            except TimeoutError:
                quiet += _LOOK_UP
                if quiet >= _HEARTBEAT:
                    quiet = 0.0
                    yield "", ""
                continue
            quiet = 0.0
            if isinstance(item, Fragment):
                token = Token(
                    thread_id=thread_id,
                    message_id=UUID(item.message_id),
                    agent=item.agent,
                    attempt=item.attempt,
                    i=item.i,
                    content=item.content,
                )
                yield "token", token.model_dump_json()
                continue
            for event in [item] if item is not None else await _log(services, identity, thread_id, seen):
                if event.seq <= seen:
                    continue
                seen = event.seq
                fact = orjson.loads(event.text)
                yield fact["type"], event.text
                if fact["type"] == "run" and fact["run_id"] == str(asked.run_id) and fact["status"] in _OVER:
                    return
    finally:
        await services.hub.leave_thread(thread_id, follower)


async def _log(services: Services, identity: Identity, thread_id: UUID, after: int) -> list[events.StoredEvent]:
    stored: list[events.StoredEvent] = []
    async with services.db.tenant(identity.tenant_id) as conn:
        while page := await events.read_stored(conn, thread_id, stored[-1].seq if stored else after, _PAGE):
            stored += page
    return stored


async def _result(services: Services, identity: Identity, thread_id: UUID, asked: Asked) -> Generated:
    """Return what the run brought when it first waited or ended: the same whenever it is asked for.

    Raises:
        RunFailed: nothing that could be shown.
        SkillRefused: what was asked for is not open to whoever asked.
    """
    snapshot = ThreadSnapshot()
    async with services.db.tenant(identity.tenant_id) as conn:
        answered = False
        while not answered and (page := await events.read_events(conn, thread_id, snapshot.seq, _PAGE)):
            answered, until = _first_end(page, asked.run_id)
            snapshot = fold(page[:until], snapshot)
    run = next(run for run in snapshot.runs if run.id == asked.run_id)
    written = [m for m in snapshot.messages if m.run_id == asked.run_id and m.role == "assistant"]
    question = next((i for i in reversed(snapshot.interrupts) if i.run_id == asked.run_id), None)
    if run.status in ("failed", "cancelled", "expired") or not written:
        error = run.error or Problem(code=run.status, message="the run ended without a text")
        for known in (SkillRefused, ModelRateExceeded, ModelBudgetSpent):
            if error.code == known.code:
                raise known(error.message, retry_after_ms=error.retry_after_ms, **error.details)
        raise RunFailed(
            thread_id=str(thread_id), run_id=str(asked.run_id), run_status=run.status, error=error.model_dump()
        )
    last = written[-1]
    kind: Literal["script", "clarification", "answer"] = "answer"
    if question is not None:
        kind = "script"
        reviewed = question.params.get("message_id")
        last = next((m for m in written if str(m.id) == reviewed), last)
    elif last.clarification is not None:
        kind = "clarification"
    return Generated(
        thread_id=thread_id,
        run_id=asked.run_id,
        kind=kind,
        content=str(question.params.get("content") or last.content) if question else last.content,
        message_id=last.id,
        quality=last.quality,
        clarification=last.clarification,
        interrupt_id=question.id if question else None,
        expires_at=question.expires_at if question else None,
    )


def _first_end(page: Sequence[AnyThreadEvent | UnknownEvent], run_id: UUID) -> tuple[bool, int]:
    """Return whether the run waits or ends within these events, and how many of them there are up to then."""
    for place, event in enumerate(page):
        if isinstance(event, RunChanged) and event.run_id == run_id and event.status in _OVER:
            return True, place + 1
    return False, len(page)


def _stream(services: Services, identity: Identity, thread_id: UUID, asked: Asked) -> StreamingResponse:
    async def body() -> AsyncIterator[str]:
        try:
            async with aclosing(_follow(services, identity, thread_id, asked)) as frames:
                async for kind, frame in frames:
                    yield f"event: {kind}\ndata: {frame}\n\n" if kind else ": still at work\n\n"
            result = await _result(services, identity, thread_id, asked)
            yield f"event: result\ndata: {result.model_dump_json()}\n\n"
        except AppError as error:
            failed = Problem(
                code=error.code,
                message=error.message,
                retryable=error.retryable,
                retry_after_ms=error.retry_after_ms,
                details=error.details,
            )
            yield f"event: problem\ndata: {failed.model_dump_json()}\n\n"

    # nginx would collect the events before it passes them on.
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(body(), media_type="text/event-stream", headers=headers)
