"""The checkpoints of a thread: list them, look at one, replay it; go on from the last good one; fork."""

import asyncio
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, StringConstraints

from backend.api.auth import Parts, Reader, Writer
from backend.api.pages import Cursor, IdempotencyKey, Limit, Page, cut, decode_cursor, encode_cursor, once
from backend.domain import checkpoints, threads
from backend.domain.checkpoints import CheckpointStatus
from backend.errors import NotFound
from backend.graph.version import GRAPH_VERSION
from backend.ids import STORABLE
from backend.protocol.snapshot import ThreadSnapshot
from backend.quality.masking import mask_values
from backend.runs import history
from backend.storage import saved_states
from backend.storage.postgres import Connection

router = APIRouter(prefix="/threads/{thread_id}/checkpoints", tags=["checkpoints"])

Version = Annotated[int, Path(ge=1, le=2**62, description="The number of the version within the thread.")]


class Checkpoint(BaseModel):
    """One version of a thread: the state of a run after a step.

    `nodes` are those whose work it added, `next` those that go on from it (none: the end). `status` tells what became
    of the step that began here: it is `waiting` where people were asked and `failed` where that step failed, also when
    the run went on since. `intact` is false when what is stored is not what `checksum` (SHA-256) was made of. `seq` is
    the last event of the thread that belongs to it.
    """

    version: int
    run_id: UUID
    status: CheckpointStatus
    nodes: list[str]
    next: list[str]
    step: int
    attempt: int
    trace_id: str
    graph_version: str
    checksum: str
    intact: bool
    seq: int
    created_at: datetime


class CheckpointPage(Page[Checkpoint]):
    """A part of the history, newest first. Numbers may be missing where the time to keep them is over."""


class Replay(BaseModel):
    """A thread as it was at a version: the state of its run, and the fold of its events up to `snapshot.seq`."""

    checkpoint: Checkpoint
    values: dict[str, Any]
    snapshot: ThreadSnapshot


class Resumed(BaseModel):
    """The run goes on from `version`; those in `damaged` were passed over. `seq` is the event that says so."""

    model_config = ConfigDict(from_attributes=True)

    run_id: UUID
    version: int
    damaged: list[int]
    seq: int


class Fork(BaseModel):
    """How the new thread is called; without a title, like the original."""

    model_config = ConfigDict(extra="forbid")

    title: Annotated[str, StringConstraints(max_length=120, strip_whitespace=True), STORABLE] | None = None


class Forked(BaseModel):
    """The new thread and its run; no run when the version was the end of one."""

    model_config = ConfigDict(from_attributes=True)

    thread_id: UUID
    run_id: UUID | None
    seq: int


class _Addressed(BaseModel):
    """What a request is compared by under its `Idempotency-Key`: its address and its body."""

    thread_id: UUID
    version: int | None = None
    title: str | None = None


@router.get("")
async def list_checkpoints(
    identity: Reader,
    services: Parts,
    thread_id: UUID,
    run_id: Annotated[UUID | None, Query(description="Only those of this run.")] = None,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> CheckpointPage:
    """List the versions of a thread, newest first."""
    before = decode_cursor(cursor, _number)[0] if cursor else None
    async with services.db.tenant(identity.tenant_id) as conn:
        await threads.get_thread(conn, thread_id)
        rows = await checkpoints.list_checkpoints(conn, thread_id, limit=limit + 1, before=before, run_id=run_id)
        page, next_cursor = cut(rows, limit, lambda row: encode_cursor(row.version))
        ends = await checkpoints.last_events_of(conn, thread_id, page)
    return CheckpointPage(items=[_shown(row, ends[row.version]) for row in page], next_cursor=next_cursor)


@router.get("/latest")
async def read_latest_checkpoint(identity: Reader, services: Parts, thread_id: UUID) -> Checkpoint:
    """Read the newest version."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await threads.get_thread(conn, thread_id)
        rows = await checkpoints.list_checkpoints(conn, thread_id, limit=1)
        if not rows:
            raise NotFound("this thread has no checkpoint yet")
        return _shown(rows[0], await checkpoints.last_event_of(conn, rows[0]))


@router.post("/resume", status_code=202)
async def resume_thread(identity: Writer, services: Parts, thread_id: UUID, key: IdempotencyKey = None) -> Resumed:
    """Let the run that failed go on from its last good checkpoint; what was finished is not done again."""

    async def act(conn: Connection) -> Resumed:
        return Resumed.model_validate(await history.resume(conn, identity, thread_id, GRAPH_VERSION))

    return await once(services.db, identity, key, request=_Addressed(thread_id=thread_id), result=Resumed, act=act)


@router.get("/{version}")
async def read_checkpoint(identity: Reader, services: Parts, thread_id: UUID, version: Version) -> Checkpoint:
    """Read one version; a damaged one says so by `intact`."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await threads.get_thread(conn, thread_id)
        found = await checkpoints.get_checkpoint(conn, thread_id, version)
        return _shown(found, await checkpoints.last_event_of(conn, found))


@router.get("/{version}/replay")
async def replay_checkpoint(identity: Reader, services: Parts, thread_id: UUID, version: Version) -> Replay:
    """Look at the thread as it was at a version, without personal data. Nothing is run, nothing is written."""
    async with services.db.tenant(identity.tenant_id) as conn:
        await threads.get_thread(conn, thread_id)
        found = await checkpoints.get_intact(conn, thread_id, version)
        until = await checkpoints.last_event_of(conn, found)
        values = await saved_states.load_values(conn, found.run_id, found.checkpoint_id)
        snapshot = await checkpoints.read_snapshot(conn, thread_id, until)
    # A replay is taken out to look for faults, by people whom the conversation does not concern. A long thread takes a
    # while: the loop carries everybody's tokens meanwhile.
    masked = await asyncio.to_thread(mask_values, {"values": values, "snapshot": snapshot.model_dump()})
    return Replay(
        checkpoint=_shown(found, until),
        values=masked["values"],
        snapshot=ThreadSnapshot.model_validate(masked["snapshot"]),
    )


@router.post("/{version}/fork", status_code=201)
async def fork_thread(
    identity: Writer,
    services: Parts,
    thread_id: UUID,
    version: Version,
    body: Fork | None = None,
    key: IdempotencyKey = None,
) -> Forked:
    """Open a new thread with the past up to a version; its own run goes on from there. The original stays as it is."""
    title = body.title if body else None

    async def act(conn: Connection) -> Forked:
        forked = await history.fork(conn, identity, thread_id, version, GRAPH_VERSION, title=title)
        return Forked.model_validate(forked)

    request = _Addressed(thread_id=thread_id, version=version, title=title)
    return await once(services.db, identity, key, request=request, result=Forked, act=act)


def _number(text: str) -> int:
    number = int(text)
    if not 0 <= number < 2**63:
        raise ValueError("no version has this number")
    return number


def _shown(found: checkpoints.Checkpoint, seq: int) -> Checkpoint:
    own = {"checksum": found.checksum.hex(), "seq": seq}
    return Checkpoint(**own, **{name: getattr(found, name) for name in Checkpoint.model_fields if name not in own})
