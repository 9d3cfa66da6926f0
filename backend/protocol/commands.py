"""What a client may say on `/ws`: a closed union of JSON text frames, answered by `ack` with the same id.

Every command has `id`, a UUID (version 7 by convention) that the client makes once and keeps when it sends again.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, model_validator

from backend.ids import Text

#: The wire protocol's version; a client names the one it speaks in `hello`.
PROTOCOL_VERSION = 1
MAX_CONTENT = 10_000

Topic = Annotated[
    str,
    StringConstraints(
        pattern=r"^(approvals|(thread|room):[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
        r"|interrupt:[0-9a-zA-Z_-]{1,64})$"
    ),
]
Content = Annotated[Text, StringConstraints(max_length=MAX_CONTENT)]
ShortText = Annotated[Text, StringConstraints(max_length=200)]
InterruptId = Annotated[Text, StringConstraints(min_length=1, max_length=64)]
#: What PostgreSQL's integer holds, and how far a browser counts without an error.
Version = Annotated[int, Field(ge=0, le=2**31 - 1)]
Cursor = Annotated[int, Field(ge=0, le=2**53 - 1)]
Decision = Literal["approve", "edit", "reject", "respond"]
Multitask = Literal["reject", "enqueue", "interrupt"]
#: Why a script was rejected, in one of nine words that can be counted; the free text beside it is `feedback`.
#: `compliance`: forbidden or risky; `facts`: not what the product's record says; `price`: price or offer wrong;
#: `wrong_product`: about another product; `style`: not how this host speaks; `scenario`: not for this segment;
#: `length`: too long or too short; `wording`: not fluent, not spoken language; `not_needed`: nobody needs it now.
RejectReason = Literal[
    "compliance", "facts", "price", "wrong_product", "style", "scenario", "length", "wording", "not_needed"
]


class Command(BaseModel):
    """A frame from the client. An undeclared field is refused, so that a typing error is never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: UUID


class ResumePoint(BaseModel):
    """Where a client stopped reading a thread."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    thread_id: UUID
    after_seq: Cursor


class Hello(Command):
    """First frame of a client that has neither cookie, header nor ticket; also names version and resume points."""

    type: Literal["hello"] = "hello"
    token: Annotated[Text, StringConstraints(max_length=4096)] | None = None
    protocol: int = PROTOCOL_VERSION
    resume: Annotated[list[ResumePoint], Field(max_length=32)] = []
    #: The `epoch` of the `welcome` under which the cursors of `resume` were made.
    epoch: ShortText | None = None


class Subscribe(Command):
    """Follow a topic: everything after `after_seq`, the text under way, then live."""

    type: Literal["subscribe"] = "subscribe"
    topic: Topic
    after_seq: Cursor = 0
    #: The `epoch` of the `welcome` under which the cursor was made.
    epoch: ShortText | None = None


class Unsubscribe(Command):
    """Stop following a topic."""

    type: Literal["unsubscribe"] = "unsubscribe"
    topic: Topic


class SendMessage(Command):
    """Ask for something in a thread. The slots say what the words leave open; words win where both speak."""

    type: Literal["message"] = "message"
    thread_id: UUID
    content: Content
    multitask: Multitask = "reject"
    room_id: UUID | None = None
    product_id: UUID | None = None
    host_id: UUID | None = None
    scenario: ShortText | None = None
    style: ShortText | None = None
    duration_seconds: Annotated[int, Field(ge=5, le=1800)] | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "SendMessage":
        if not self.content.strip():
            raise ValueError("content is empty")
        return self


class InterruptResponse(Command):
    """Decide an interrupt. `approved: true|false` is the short form of approve and reject.

    `edit` brings the whole text in `content`, `respond` a hint for the writer. Whoever names the `version` that was
    read is refused when somebody else has claimed the interrupt since. `reason` goes with a rejection and is counted;
    it does not by itself have the script written again, `feedback` does.
    """

    type: Literal["interrupt_response"] = "interrupt_response"
    thread_id: UUID
    interrupt_id: InterruptId
    decision: Decision | None = None
    approved: bool | None = None
    content: Content | None = None
    feedback: Annotated[Text, StringConstraints(max_length=2000)] | None = None
    override_reason: Annotated[Text, StringConstraints(max_length=500)] | None = None
    version: Annotated[Version, Field(ge=1)] | None = None
    reason: RejectReason | None = None

    @model_validator(mode="after")
    def _decides_once(self) -> "InterruptResponse":
        if (self.decision is None) == (self.approved is None):
            raise ValueError("give either decision or approved")
        if self.decision == "edit" and not (self.content or "").strip():
            raise ValueError("edit needs content")
        if self.decision == "respond" and not (self.content or "").strip():
            raise ValueError("respond needs content: the hint for the writer")
        if self.decision not in ("edit", "respond") and self.content is not None:
            raise ValueError("content goes with edit or respond only")
        if self.reason is not None and self.choice != "reject":
            raise ValueError("reason goes with reject only")
        return self

    @property
    def choice(self) -> Decision:
        """The decision, whichever form it was given in."""
        if self.decision is not None:
            return self.decision
        return "approve" if self.approved else "reject"


class Claim(Command):
    """Say that you are reviewing this interrupt; again to prolong it. Another's claim needs `take_over`."""

    type: Literal["claim"] = "claim"
    interrupt_id: InterruptId
    take_over: bool = False


class Release(Command):
    """Give a claimed interrupt back."""

    type: Literal["release"] = "release"
    interrupt_id: InterruptId


class Extend(Command):
    """Ask for more time to decide."""

    type: Literal["extend"] = "extend"
    interrupt_id: InterruptId


class Undo(Command):
    """Call an approved script back while it is held, before it is on air."""

    type: Literal["undo"] = "undo"
    interrupt_id: InterruptId


class Cancel(Command):
    """Stop the thread's run (or just this one), whatever it is doing."""

    type: Literal["cancel"] = "cancel"
    thread_id: UUID
    run_id: UUID | None = None


class PrompterControl(Command):
    """Steer a room's teleprompter from elsewhere."""

    type: Literal["prompter_control"] = "prompter_control"
    room_id: UUID
    version: Version
    action: Literal["cue", "play", "pause", "speed", "seek", "note", "blank"]
    value: float | None = None
    text: ShortText | None = None


class PrompterAck(Command):
    """A teleprompter says which version it shows and how far it has scrolled (characters from the start)."""

    type: Literal["prompter_ack"] = "prompter_ack"
    room_id: UUID
    version: Version
    position: Annotated[float, Field(ge=0, le=10_000_000, allow_inf_nan=False)] = 0


class Refresh(Command):
    """Bring a newer access token or ticket of the same person and tenant, so that the socket outlives the first one.

    `ack.result` says the new `expires_at` and the `role`.
    """

    type: Literal["refresh"] = "refresh"
    token: Annotated[Text, StringConstraints(max_length=4096)]


class Ping(Command):
    """Ask for `pong`, which carries the server's clock."""

    type: Literal["ping"] = "ping"


AnyCommand = Annotated[
    Hello
    | Subscribe
    | Unsubscribe
    | SendMessage
    | InterruptResponse
    | Claim
    | Release
    | Extend
    | Undo
    | Cancel
    | PrompterControl
    | PrompterAck
    | Refresh
    | Ping,
    Field(discriminator="type"),
]
command_adapter: TypeAdapter[AnyCommand] = TypeAdapter(AnyCommand)
