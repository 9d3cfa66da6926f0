"""Asking for something in a thread, and stopping what is under way."""

from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter
from fastapi.exceptions import RequestValidationError
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from backend.api.auth import Parts, Writer
from backend.api.pages import IdempotencyKey, command_id
from backend.graph.version import GRAPH_VERSION
from backend.ids import STORABLE
from backend.protocol.commands import MAX_CONTENT, Cancel, Command, Multitask, SendMessage, ShortText
from backend.protocol.events import RunStatus
from backend.runs import start

router = APIRouter(prefix="/threads", tags=["threads"])

C = TypeVar("C", bound=Command)


def not_blank(text: str) -> str:
    """Return the text, if it says anything."""
    if not text.strip():
        raise ValueError("the text is empty")
    return text


class Ask(BaseModel):
    """What is asked. The slots say what the words leave open; words win where both speak."""

    model_config = ConfigDict(extra="forbid")

    content: Annotated[
        str, StringConstraints(min_length=1, max_length=MAX_CONTENT), STORABLE, AfterValidator(not_blank)
    ]
    room_id: UUID | None = None
    product_id: UUID | None = None
    host_id: UUID | None = None
    scenario: ShortText | None = None
    style: ShortText | None = None
    duration_seconds: Annotated[int, Field(ge=5, le=1800)] | None = None


class NewMessage(Ask):
    """What is asked, and what becomes of a run that is under way in the thread."""

    multitask: Multitask = "reject"


class Outcome(BaseModel):
    """What came of a request: how its run stands, and the last text that was written for it."""

    status: RunStatus
    message_id: UUID | None
    content: str | None


class Asked(BaseModel):
    """The message, the run that answers it, and the `seq` of the event that says so.

    Asked again under the same `Idempotency-Key`, `outcome` tells what came of it, once the run waits or is over.
    """

    run_id: UUID
    message_id: UUID
    seq: int
    outcome: Outcome | None = None


class Stop(BaseModel):
    """What to stop: the thread's active run, or just this one."""

    model_config = ConfigDict(extra="forbid")

    run_id: UUID | None = None


class Stopped(BaseModel):
    """The run that was cancelled."""

    run_id: UUID


def as_command(kind: type[C], **fields: Any) -> C:
    """Return the command as the socket would have brought it.

    Raises:
        RequestValidationError: a rule of the command is broken.
    """
    try:
        return kind(**fields)
    except ValidationError as error:
        raise RequestValidationError(error.errors(include_context=False, include_input=False)) from None


@router.post("/{thread_id}/messages", status_code=202)
async def send_message(
    identity: Writer, services: Parts, thread_id: UUID, body: NewMessage, key: IdempotencyKey = None
) -> Asked:
    """Ask for something; the answer comes as events of the thread."""
    command = as_command(SendMessage, id=command_id(key), thread_id=thread_id, **body.model_dump())
    done = await start.send_message(
        services.db,
        services.redis,
        identity,
        command,
        GRAPH_VERSION,
        at_most=services.settings.messages_per_10s,
    )
    return Asked.model_validate(done.result)


@router.post("/{thread_id}/cancel")
async def cancel_run(
    identity: Writer, services: Parts, thread_id: UUID, body: Stop | None = None, key: IdempotencyKey = None
) -> Stopped:
    """Stop what is under way in the thread, a pending decision included."""
    command = as_command(Cancel, id=command_id(key), thread_id=thread_id, run_id=body.run_id if body else None)
    done = await start.cancel(services.db, services.redis, identity, command)
    return Stopped.model_validate(done.result)
