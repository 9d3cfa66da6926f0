"""Threads: list, open, read, rename, remove; their messages, events and snapshot."""

import asyncio
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend.api.auth import Parts, Reader, Writer
from backend.api.pages import (
    Cursor,
    IdempotencyKey,
    Limit,
    Page,
    Search,
    cut,
    decode_cursor,
    encode_cursor,
    moment,
    once,
)
from backend.domain import audit, checkpoints, events, policies, thread_notes, threads
from backend.domain.hosts import list_hosts
from backend.errors import BadRequest
from backend.graph.standing import PACE, standing_wishes
from backend.graph.version import GRAPH_VERSION
from backend.ids import STORABLE
from backend.protocol.events import AnyThreadEvent, RunStatus, UnknownEvent, thread_event_adapter
from backend.protocol.snapshot import ThreadSnapshot
from backend.quality.masking import mask_values
from backend.runs import start
from backend.storage.postgres import Connection

router = APIRouter(prefix="/threads", tags=["threads"])

Title = Annotated[str, StringConstraints(max_length=120, strip_whitespace=True), STORABLE]
_BATCH = 1000


class ThreadNotes(BaseModel):
    """What of a conversation is kept in mind: the summary of its first `messages`, and what holds of every text.

    `written_by` is the model that wrote the summary, or "offline" for the facts in plain words.
    """

    summary: str
    messages: int
    wishes: dict[str, Any]
    written_by: str | None
    updated_at: datetime | None


class ActiveRun(BaseModel):
    """The run a thread is busy with."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    status: RunStatus


class Thread(BaseModel):
    """A conversation; room, product and host are what it is about at the moment."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    title: str
    room_id: UUID | None
    product_id: UUID | None
    host_id: UUID | None
    last_seq: int
    active_run: ActiveRun | None
    pending_interrupts: int
    #: Since when it stands first in your list. (An answer that was kept by the release before says nothing of it.)
    pinned_at: datetime | None = None
    created_at: datetime
    updated_at: datetime


class ListedThread(Thread):
    """A thread in the list of threads."""

    #: The show that it is written for; such a thread is found by its title only.
    show_id: UUID | None = None
    #: The beginning of what was said last.
    last_text: str = ""


class ThreadPage(Page[ListedThread]):
    """A part of the list of threads."""


class NewThread(BaseModel):
    """A thread to open."""

    model_config = ConfigDict(extra="forbid")

    title: Title = ""
    room_id: UUID | None = None
    product_id: UUID | None = None
    host_id: UUID | None = None


class ThreadChanges(BaseModel):
    """What to change; a field left out stays as it is, `null` takes the binding away."""

    model_config = ConfigDict(extra="forbid")

    title: Title = ""
    room_id: UUID | None = None
    product_id: UUID | None = None
    host_id: UUID | None = None


class Message(BaseModel):
    """What somebody said or an agent wrote."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    role: str = Field(json_schema_extra={"enum": ["user", "assistant"]})
    agent: str | None
    content: str
    status: str = Field(json_schema_extra={"enum": ["writing", "complete", "cancelled", "failed"]})
    run_id: UUID | None
    created_at: datetime


class MessageList(BaseModel):
    """Messages, oldest first; ask again with `before` = the first one's id for what came earlier."""

    items: list[Message]
    more: bool


class EventList(BaseModel):
    """Events of a thread in order of `seq`; `last_seq` is where the log ends now."""

    items: list[AnyThreadEvent]
    last_seq: int


class SnapshotOfThread(BaseModel):
    """A thread as it is; follow it with `subscribe` and `after_seq` = `snapshot.seq`."""

    epoch: str
    snapshot: ThreadSnapshot


@router.get("")
async def list_threads(
    identity: Reader, services: Parts, q: Search = None, cursor: Cursor = None, limit: Limit = 50
) -> ThreadPage:
    """List threads, those you pinned first, then the one that moved last; `q` looks in titles."""
    after = _place(cursor) if cursor else None
    async with services.db.tenant(identity.tenant_id) as conn:
        rows = await threads.list_threads(conn, identity.user_id, limit=limit + 1, after=after, query=q or None)
    page, next_cursor = cut(rows, limit, _cursor)
    return ThreadPage(items=[ListedThread.model_validate(thread) for thread in page], next_cursor=next_cursor)


@router.post("", status_code=201)
async def create_thread(identity: Writer, services: Parts, body: NewThread, key: IdempotencyKey = None) -> Thread:
    """Open a thread."""

    async def act(conn: Connection) -> Thread:
        thread = await threads.create_thread(conn, identity.user_id, GRAPH_VERSION, **body.model_dump())
        return Thread.model_validate(thread)

    return await once(services.db, identity, key, request=body, result=Thread, act=act)


def _cursor(thread: threads.Thread) -> str:
    if thread.pinned_at is not None:
        return encode_cursor(thread.pinned_at.isoformat(), thread.id, "pinned")
    return encode_cursor(thread.updated_at.isoformat(), thread.id)


def _place(cursor: str) -> threads.Place:
    try:
        at, thread_id = decode_cursor(cursor, moment, UUID)
    except BadRequest:
        at, thread_id, kind = decode_cursor(cursor, moment, UUID, str)
        if kind != "pinned":
            raise
        return threads.Place(at, thread_id, pinned=True)
    return threads.Place(at, thread_id, pinned=False)


@router.get("/{thread_id}")
async def read_thread(identity: Reader, services: Parts, thread_id: UUID) -> Thread:
    """Read a thread."""
    async with services.db.tenant(identity.tenant_id) as conn:
        return Thread.model_validate(await threads.get_thread(conn, thread_id, identity.user_id))


@router.patch("/{thread_id}")
async def update_thread(identity: Writer, services: Parts, thread_id: UUID, body: ThreadChanges) -> Thread:
    """Rename a thread or bind it to another room, product or host; those who follow it hear of it."""
    changes = body.model_dump(exclude_unset=True)
    if not changes:
        raise BadRequest("name at least one field to change")
    async with services.db.tenant(identity.tenant_id) as conn:
        event = await threads.describe_thread(conn, thread_id, changes)
        await events.append(conn, thread_id, [event])
        return Thread.model_validate(await threads.get_thread(conn, thread_id, identity.user_id))


@router.delete("/{thread_id}", status_code=204)
async def delete_thread(identity: Writer, services: Parts, thread_id: UUID) -> None:
    """Remove a thread from sight and stop what runs or waits there; its record stays for the audit."""
    await start.delete_thread(services.db, services.redis, identity, thread_id)


@router.put("/{thread_id}/pin")
async def pin_thread(identity: Reader, services: Parts, thread_id: UUID) -> Thread:
    """Put a thread first in your own list; nobody else's changes."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await threads.pin_thread(conn, thread_id, identity.user_id)
        return Thread.model_validate(await threads.get_thread(conn, thread_id, identity.user_id))


@router.delete("/{thread_id}/pin")
async def unpin_thread(identity: Reader, services: Parts, thread_id: UUID) -> Thread:
    """Let a thread stand among the others of your list again."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await threads.unpin_thread(conn, thread_id, identity.user_id)
        return Thread.model_validate(await threads.get_thread(conn, thread_id, identity.user_id))


@router.get("/{thread_id}/notes")
async def read_notes(identity: Reader, services: Parts, thread_id: UUID) -> ThreadNotes:
    """Read what of a conversation is kept in mind: what holds for every text, also since just now, and a summary.

    There is no summary while the last turns are all.
    """
    async with services.db.tenant(identity.tenant_id) as conn:
        thread = await threads.get_thread(conn, thread_id)
        kept = await thread_notes.read_notes(conn, thread_id)
        limits = await policies.read_policies(conn, services.settings)
        said = await thread_notes.window(conn, thread_id, limits.window_characters)
        host = next((one for one in await list_hosts(conn) if one.id == thread.host_id), None)
    return ThreadNotes(
        summary=kept.summary,
        messages=kept.messages,
        wishes=standing_wishes(said, kept, host.pace if host else PACE),
        written_by=kept.written_by if kept.messages else None,
        updated_at=kept.updated_at,
    )


@router.delete("/{thread_id}/notes", status_code=204)
async def forget_notes(identity: Writer, services: Parts, thread_id: UUID) -> None:
    """Forget what was kept in mind of a conversation, standing wishes included; what was said stays to be read."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await threads.get_thread(conn, thread_id)
        await thread_notes.forget_notes(conn, thread_id)
        await audit.record(conn, identity.user_id, "thread.notes_forgotten", str(thread_id))


@router.get("/{thread_id}/messages")
async def list_messages(
    identity: Reader, services: Parts, thread_id: UUID, before: UUID | None = None, limit: Limit = 50
) -> MessageList:
    """Read the last messages of a thread, or those before the message `before`."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await threads.get_thread(conn, thread_id)
        rows = await threads.list_messages(conn, thread_id, limit=limit + 1, before=before)
    return MessageList(items=[Message.model_validate(row) for row in rows[-limit:]], more=len(rows) > limit)


@router.get("/{thread_id}/events")
async def list_events(
    identity: Reader,
    services: Parts,
    thread_id: UUID,
    after: Annotated[int, Query(ge=0, le=2**62, description="The `seq` that was read last.")] = 0,
    limit: Annotated[int, Query(ge=1, le=_BATCH, description="How many at most.")] = 500,
    masked: Annotated[bool, Query(description="Without personal data, to be taken out of the house.")] = False,
) -> EventList:
    """Read the events of a thread after `after`, as they went over the socket, or `masked`."""
    async with services.db.tenant(identity.tenant_id) as conn:
        thread = await threads.get_thread(conn, thread_id)
        read = await events.read_events(conn, thread_id, after, limit)
    items = [event for event in read if not isinstance(event, UnknownEvent)]
    if masked:
        items = await asyncio.to_thread(lambda: [_masked(event) for event in items])
    return EventList(items=items, last_seq=max(thread.last_seq, read[-1].seq or 0 if read else 0))


def _masked(event: AnyThreadEvent) -> AnyThreadEvent:
    return thread_event_adapter.validate_python(mask_values(event.model_dump()))


@router.get("/{thread_id}/snapshot")
async def read_snapshot(identity: Reader, services: Parts, thread_id: UUID) -> SnapshotOfThread:
    """Read a thread as the fold of all its events."""
    async with services.db.tenant(identity.tenant_id) as conn:
        snapshot = await checkpoints.read_snapshot(conn, thread_id)
    return SnapshotOfThread(epoch=services.epoch(), snapshot=snapshot)
