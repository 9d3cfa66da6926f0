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
        pattern=r"^(approvals|threads|(thread|room):[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
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
AgainHow = Literal["regenerate", "submit"]
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
    """Call an approved script back while it is held, before it is on air; or take back one's own rejection.

    A rejection can be taken back until its `undo_until`, as long as nobody has decided on what was written since. What
    it began is withdrawn, and the same text is put up again as a new question, claimed by whoever took it back.
    """

    type: Literal["undo"] = "undo"
    interrupt_id: InterruptId


class Again(Command):
    """Take up again what expired: `regenerate` writes another text for the same request, `submit` asks about the text.

    `submit` puts the text as it was to a person once more, or the `content` that somebody had made of it by then.
    Either way it is a question of its own, checked by the rules and records of now, in the same conversation.
    """

    type: Literal["again"] = "again"
    interrupt_id: InterruptId
    how: AgainHow
    content: Content | None = None

    @model_validator(mode="after")
    def _is_complete(self) -> "Again":
        if self.content is not None and (self.how != "submit" or not self.content.strip()):
            raise ValueError("content goes with submit only, and is not empty")
        return self


class Cancel(Command):
    """Stop the thread's run (or just this one), whatever it is doing."""

    type: Literal["cancel"] = "cancel"
    thread_id: UUID
    run_id: UUID | None = None


PrompterAction = Literal[
    "cue",
    "play",
    "pause",
    "speed",
    "seek",
    "note",
    "blank",
    "dismiss",
    "take",
    "cut",
    "target",
    "display",
]
#: Characters from the start of a text, with the fraction of one.
Position = Annotated[float, Field(ge=0, le=10_000_000, allow_inf_nan=False)]
DisplayName = Annotated[Text, StringConstraints(max_length=40)]
#: The height of the type in CSS pixels.
TypeSize = Annotated[int, Field(ge=24, le=160)]
#: 字/分, read aloud.
Pace = Annotated[int, Field(ge=60, le=600)]


class DisplaySettings(BaseModel):
    """How one display shows the text; what is left out stays as it is. `size` 0: as large as suits its screen."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: DisplayName | None = None
    size: Literal[0] | TypeSize | None = None
    mirror_h: bool | None = None
    mirror_v: bool | None = None
    #: Whether it does what the room does.
    following: bool | None = None


class DisplayReport(BaseModel):
    """What a display says of itself. `id` is made on the device once and kept there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: UUID
    name: DisplayName = ""
    playing: bool = False
    pace: Pace = 240
    size: TypeSize = 72
    mirror_h: bool = False
    mirror_v: bool = False
    #: Nobody can see it: another tab is in front, or the screen is off.
    hidden: bool = False
    following: bool = True
    #: 0 to 1; None where the device does not tell.
    battery: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None = None
    charging: bool | None = None
    round_trip_ms: Annotated[float, Field(ge=0, le=600_000, allow_inf_nan=False)] | None = None


class PrompterOrder(BaseModel):
    """What is to happen on a room's teleprompter.

    `version` is the one of the text on stage (`prompter_state.transport.version`) that the sender looks at, for `take`
    and `cut` the one that waits (`prompter_state.version`); `play`, `pause`, `seek`, `take` and `cut` are refused with
    `version_conflict` when it is another by now. By `action`:

    `play`: from `value` (a position; else where the text is), after `after_ms`, with `reverse` backwards.
    `pause`: at `value`, else where the text is. `seek`: to `value`. `speed`: `value` is the pace in 字/分.
    `target`: read to the end `value` seconds from now, by the pace that takes; without `value` no longer.
    `note`: show `text` for `value` seconds (8); without `text` take the note away. `dismiss`: take `note_id` away.
    `blank`: go dark, with `value` 0 come back. `cue`: put `entry_id` of the rundown on the teleprompter.
    `take`: begin the text that waits. `cut`: the same after `after_ms` (3000), announced on the screens.
    `display`: change `settings` of the display `display_id`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Version
    action: PrompterAction
    value: Annotated[float, Field(ge=0, le=10_000_000, allow_inf_nan=False)] | None = None
    text: ShortText | None = None
    after_ms: Annotated[int, Field(ge=0, le=10_000)] | None = None
    reverse: bool = False
    note_id: UUID | None = None
    entry_id: UUID | None = None
    override_reason: Annotated[Text, StringConstraints(min_length=1, max_length=500)] | None = None
    display_id: UUID | None = None
    settings: DisplaySettings | None = None

    @model_validator(mode="after")
    def _is_complete(self) -> "PrompterOrder":
        needed = {"speed": "value", "seek": "value", "dismiss": "note_id", "cue": "entry_id"}.get(self.action)
        if self.action == "display":
            needed = "display_id" if self.display_id is None else "settings"
        if needed is not None and getattr(self, needed) is None:
            raise ValueError(f"{self.action} needs {needed}")
        if self.action == "speed" and self.value is not None and not 60 <= self.value <= 600:
            raise ValueError("speed takes 60 to 600 characters a minute")
        if self.action == "blank" and self.value not in (None, 0, 1):
            raise ValueError("blank takes 1 (dark) or 0 (as before)")
        if self.action == "note" and self.value is not None and not 1 <= self.value <= 120:
            raise ValueError("note takes 1 to 120 seconds")
        if self.action == "target" and self.value is not None and not 1 <= self.value <= 86_400:
            raise ValueError("target takes 1 to 86400 seconds")
        return self


class PrompterControl(Command, PrompterOrder):
    """Steer a room's teleprompter: all displays that follow the room do it."""

    type: Literal["prompter_control"] = "prompter_control"
    room_id: UUID


class PrompterAck(Command):
    """A teleprompter says which version it shows and how far it has scrolled (characters from the start)."""

    type: Literal["prompter_ack"] = "prompter_ack"
    room_id: UUID
    version: Version
    position: Position = 0
    #: What else it says of itself; displays older than this say nothing.
    display: DisplayReport | None = None


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
    | Again
    | Cancel
    | PrompterControl
    | PrompterAck
    | Refresh
    | Ping,
    Field(discriminator="type"),
]
command_adapter: TypeAdapter[AnyCommand] = TypeAdapter(AnyCommand)
