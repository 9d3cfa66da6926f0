"""Interrupts: what waits for a person, and deciding it."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from backend.api.auth import Decider, Parts, Reader, Writer
from backend.api.messages import as_command
from backend.api.pages import (
    Cursor,
    IdempotencyKey,
    Limit,
    Page,
    command_id,
    cursor_text,
    cut,
    decode_cursor,
    encode_cursor,
    moment,
)
from backend.domain import interrupts
from backend.domain.interrupts import InterruptStatus
from backend.graph.version import GRAPH_VERSION
from backend.ids import STORABLE, Text
from backend.protocol.commands import (
    Again,
    AgainHow,
    Claim,
    Content,
    Decision,
    Extend,
    InterruptResponse,
    RejectReason,
    Release,
    Undo,
)
from backend.protocol.events import Person
from backend.runs import again, claims
from backend.runs.interrupts import decide
from backend.runs.taking_back import undo

router = APIRouter(prefix="/interrupts", tags=["interrupts"])

InterruptId = Annotated[Text, Path(min_length=1, max_length=64)]


class Interrupt(BaseModel):
    """A question to a person, open or answered; `params` hold what is to be decided."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    thread_id: UUID
    run_id: UUID
    kind: Literal["script_approval", "tool_action"]
    action: str
    params: dict[str, Any]
    allowed: list[Decision]
    status: InterruptStatus
    version: int
    expires_at: datetime
    claimed_by: Person | None
    claimed_until: datetime | None
    escalated_at: datetime | None
    on_air_at: datetime | None
    #: Until when whoever rejected it may take that back.
    undo_until: datetime | None
    decision: dict[str, Any] | None
    decided_by: Person | None
    decided_at: datetime | None
    created_at: datetime


class TakenUp(BaseModel):
    """The run that took an interrupt up again, who had it do so, and the question that it asked last, if any."""

    model_config = ConfigDict(from_attributes=True)

    run_id: UUID
    by: Person | None
    at: datetime
    interrupt_id: str | None


class InterruptDetail(Interrupt):
    """An interrupt, and of one that expired, or whose rejection was taken back, what took it up again."""

    again: TakenUp | None


class InterruptPage(Page[Interrupt]):
    """A part of the list of interrupts."""


class Answer(BaseModel):
    """A decision. `edit` needs the whole text in `content`, `respond` a hint for the writer.

    With `version`, that of the question that was read, it is refused when somebody else has claimed it since. A
    rejection may name its `reason`, which is kept with the decision and counted; `feedback` has it written again.
    """

    model_config = ConfigDict(extra="forbid")

    decision: Decision
    content: Content | None = None
    feedback: Annotated[str, StringConstraints(max_length=2000), STORABLE] | None = None
    override_reason: Annotated[str, StringConstraints(max_length=500), STORABLE] | None = None
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    reason: RejectReason | None = None


class Decided(BaseModel):
    """What was decided, the question's new version, and the `seq` of the event that says so."""

    interrupt_id: str
    decision: Decision
    version: int
    seq: int


class Hold(BaseModel):
    """How to claim. `take_over` takes it from somebody else who holds it."""

    model_config = ConfigDict(extra="forbid")

    take_over: bool = False


class Held(BaseModel):
    """The interrupt's version, its end, and until when you hold it (null when you do not)."""

    interrupt_id: str
    version: int
    expires_at: datetime
    claimed_until: datetime | None


class Undone(BaseModel):
    """The interrupt's version and the `seq` of the event that says so; `run_id` is the run that asks anew.

    It is null where the same run does, since an approval was called back.
    """

    interrupt_id: str
    version: int
    seq: int
    run_id: UUID | None = None


class AskedAgain(BaseModel):
    """How an expired script is taken up: `regenerate`, or `submit` it as it was (or as `content` has it now)."""

    model_config = ConfigDict(extra="forbid")

    how: AgainHow
    content: Content | None = None


class Begun(BaseModel):
    """The run that takes it up, the message that says so, and the `seq` of the last event of both."""

    run_id: UUID
    message_id: UUID
    seq: int


@router.get("")
async def list_interrupts(
    identity: Reader,
    services: Parts,
    status: InterruptStatus | None = None,
    thread_id: Annotated[UUID | None, Query(description="Only those of this thread.")] = None,
    decided: Annotated[bool, Query(description="Only those that are over, by when, the last one first.")] = False,
    cursor: Cursor = None,
    limit: Limit = 50,
) -> InterruptPage:
    """List interrupts, newest first; `status=pending` is the queue of open questions, `decided` the history."""
    before = decode_cursor(cursor, moment, cursor_text) if cursor else None
    async with services.db.tenant(identity.tenant_id) as conn:
        rows = await interrupts.list_interrupts(
            conn,
            status=status,
            thread_id=thread_id,
            decided=decided,
            before=(before[0], before[1]) if before else None,
            limit=limit + 1,
        )
    page, next_cursor = cut(
        rows,
        limit,
        lambda row: encode_cursor(((decided and row.decided_at) or row.created_at).isoformat(), row.id),
    )
    return InterruptPage(items=[Interrupt.model_validate(row) for row in page], next_cursor=next_cursor)


@router.get("/{interrupt_id}")
async def read_interrupt(identity: Reader, services: Parts, interrupt_id: InterruptId) -> InterruptDetail:
    """Read an interrupt."""
    async with services.db.tenant(identity.tenant_id) as conn:
        found = await interrupts.get_interrupt(conn, interrupt_id)
        taken = await interrupts.taken_up(conn, interrupt_id)
    told = Interrupt.model_validate(found).model_dump()
    return InterruptDetail(**told, again=TakenUp.model_validate(taken) if taken else None)


@router.post("/{interrupt_id}/decide")
async def decide_interrupt(
    identity: Decider, services: Parts, interrupt_id: InterruptId, body: Answer, key: IdempotencyKey = None
) -> Decided:
    """Decide an interrupt; who comes second is told who decided what (`already_resolved`)."""
    async with services.db.tenant(identity.tenant_id) as conn:
        thread_id = (await interrupts.get_interrupt(conn, interrupt_id)).thread_id
    command = as_command(
        InterruptResponse, id=command_id(key), thread_id=thread_id, interrupt_id=interrupt_id, **body.model_dump()
    )
    done = await decide(services.db, services.settings, identity, command)
    return Decided.model_validate(done.result)


@router.post("/{interrupt_id}/claim")
async def claim_interrupt(
    identity: Decider, services: Parts, interrupt_id: InterruptId, body: Hold | None = None, key: IdempotencyKey = None
) -> Held:
    """Hold an interrupt while you review it, or prolong your hold; others may still decide."""
    take_over = body.take_over if body else False
    command = as_command(Claim, id=command_id(key), interrupt_id=interrupt_id, take_over=take_over)
    return Held.model_validate((await claims.claim(services.db, services.settings, identity, command)).result)


@router.post("/{interrupt_id}/release")
async def release_interrupt(
    identity: Decider, services: Parts, interrupt_id: InterruptId, key: IdempotencyKey = None
) -> Held:
    """Give back an interrupt that you hold."""
    command = as_command(Release, id=command_id(key), interrupt_id=interrupt_id)
    return Held.model_validate((await claims.release(services.db, identity, command)).result)


@router.post("/{interrupt_id}/extend")
async def extend_interrupt(
    identity: Decider, services: Parts, interrupt_id: InterruptId, key: IdempotencyKey = None
) -> Held:
    """Give an interrupt more time, by the tenant's step and up to its limit."""
    command = as_command(Extend, id=command_id(key), interrupt_id=interrupt_id)
    return Held.model_validate((await claims.extend(services.db, services.settings, identity, command)).result)


@router.post("/{interrupt_id}/undo")
async def undo_interrupt(
    identity: Decider, services: Parts, interrupt_id: InterruptId, key: IdempotencyKey = None
) -> Undone:
    """Call back an approved script that is held and not on air yet, or take back your own rejection until `undo_until`.

    Either way the text waits for a decision again, as a new question.
    """
    command = as_command(Undo, id=command_id(key), interrupt_id=interrupt_id)
    return Undone.model_validate((await undo(services.db, services.redis, identity, command)).result)


@router.post("/{interrupt_id}/again", status_code=202)
async def take_up_again(
    identity: Writer, services: Parts, interrupt_id: InterruptId, body: AskedAgain, key: IdempotencyKey = None
) -> Begun:
    """Take up a script that nobody decided in time: have another text written, or put its text to a person again."""
    command = as_command(Again, id=command_id(key), interrupt_id=interrupt_id, **body.model_dump())
    done = await again.take_up(
        services.db,
        services.redis,
        identity,
        command,
        GRAPH_VERSION,
        at_most=services.settings.messages_per_10s,
    )
    return Begun.model_validate(done.result)
