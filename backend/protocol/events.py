"""What the server says on `/ws`: a closed union of flat JSON text frames.

Three kinds. *Lane A* (subclasses of `ThreadEvent`) are facts of a thread: stored, numbered without gaps by `seq`,
replayed. *Lane B* (`token`, `message_snapshot`) is the text under way: fast, and allowed to be lost. The rest is said
to one socket (`ack`, `welcome`, `error`, …) or is the latest state of a room (`prompter_state`).
Times are ISO 8601 in UTC by the database's clock.
"""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final, Literal, get_args
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from backend.protocol.commands import Decision, DisplaySettings, RejectReason

RunStatus = Literal["enqueued", "queued", "running", "waiting", "completed", "failed", "cancelled", "expired"]
Severity = Literal["block", "fail", "warn", "info"]
ShowStatus = Literal["draft", "running", "paused"]
ShowItemStatus = Literal["planned", "queued", "writing", "waiting", "approved", "rejected", "failed", "skipped"]


class Part(BaseModel):
    """A piece of a frame."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_serialization_defaults_required=True)


class Frame(Part):
    """Anything the server says."""


class Problem(Part):
    """Why something was refused. `code` is stable; `message` is for people; `details` depend on the code."""

    code: str
    message: str
    retryable: bool = False
    retry_after_ms: int | None = None
    details: dict[str, Any] = {}


class Person(Part):
    """Somebody, as shown to colleagues."""

    id: UUID
    name: str


class Option(Part):
    """One answer offered to a question; sending `value` as a message chooses it."""

    label: str
    value: str


class Finding(Part):
    """Something wrong in a text. `span` counts characters (code points) of the original text, end excluded."""

    rule: str
    category: str
    severity: Severity
    span: tuple[int, int]
    excerpt: str
    message: str
    basis: str
    suggestion: str | None = None


class CheckResult(Part):
    """One line of the rubric."""

    id: str
    name: str
    passed: bool
    detail: str


class ActiveRun(Part):
    """The run a thread is busy with."""

    id: UUID
    status: RunStatus


class Usage(Part):
    """What a message cost."""

    model: str
    input_tokens: int
    output_tokens: int
    estimated: bool


class ShowItemView(Part):
    """One script of a show: a segment of a product, when its turn is, and how far it is.

    `thread_id` is the conversation in which it is written, `interrupt_id` what waits for a person there. `script_id` is
    the approved one, which stays in the room's rundown while another is written.
    """

    id: UUID
    product_id: UUID
    product_name: str
    scenario: str
    planned_seconds: int
    fixed: bool
    notes: str
    status: ShowItemStatus
    thread_id: UUID | None = None
    run_id: UUID | None = None
    interrupt_id: str | None = None
    script_id: UUID | None = None
    script_version: int | None = None
    error: Problem | None = None


class ShowProgress(Part):
    """How many scripts of a show are where. `left_seconds`: until all are written, by the times measured in this show;
    None before the first is."""

    total: int = 0
    planned: int = 0
    queued: int = 0
    writing: int = 0
    waiting: int = 0
    approved: int = 0
    rejected: int = 0
    failed: int = 0
    skipped: int = 0
    left_seconds: int | None = None


# Lane A: facts of a thread -------------------------------------------------------------------------------------------


def _optional_later(schema: dict[str, Any], model: type["ThreadEvent"]) -> None:
    schema["required"] = [name for name in schema.get("required", []) if name not in model.LATER]


class ThreadEvent(Frame):
    """A fact of a thread. The log fills in `seq`, `event_id`, `thread_id` and `at` when the fact is stored."""

    #: Fields younger than the first release. While they say nothing they are left out of what is stored: the release
    #: before refuses fields it does not know, and both work on one log during a deployment.
    LATER: ClassVar[frozenset[str]] = frozenset()
    model_config = ConfigDict(json_schema_extra=_optional_later)

    thread_id: UUID | None = None
    seq: int | None = None
    event_id: UUID | None = None
    at: datetime | None = None
    run_id: UUID | None = None
    attempt: int | None = None


class RunChanged(ThreadEvent):
    """A run moved to another state. `error` says why it failed."""

    type: Literal["run"] = "run"
    status: RunStatus
    error: Problem | None = None


class MessageStarted(ThreadEvent):
    """Text begins. A later `attempt` of the same message replaces what was shown of it."""

    type: Literal["message_started"] = "message_started"
    message_id: UUID
    agent: str


class MessageComplete(ThreadEvent):
    """The whole text of a message: what a person said, or what an agent wrote."""

    type: Literal["message_complete"] = "message_complete"
    message_id: UUID
    role: Literal["user", "assistant"]
    agent: str | None = None
    content: str
    status: Literal["complete", "cancelled", "failed"] = "complete"
    author: Person | None = None
    usage: Usage | None = None


class NodeChanged(ThreadEvent):
    """A step of the graph began or ended; `detail` says in plain JSON what it found out."""

    type: Literal["node"] = "node"
    node: str
    status: Literal["started", "finished"]
    elapsed_ms: float | None = None
    detail: dict[str, Any] = {}


class Clarification(ThreadEvent):
    """The request can be read in more than one way; the answer comes as the next message."""

    type: Literal["clarification"] = "clarification"
    message_id: UUID
    message: str
    options: list[Option]


class QualityFeedback(ThreadEvent):
    """What the checks say of a draft. `final` is false when the writer will try again."""

    type: Literal["quality_feedback"] = "quality_feedback"
    message_id: UUID
    content: str
    verdict: Literal["pass", "warn", "block"]
    score: int
    findings: list[Finding]
    checks: list[CheckResult]
    rules_version: str
    final: bool = True


class InterruptRaised(ThreadEvent):
    """The run waits for a person. `params` hold what is to be decided (for a script: content, findings, slots).

    With `on_air_at` (action `go_on_air`) it waits for the clock: an approved script is held until then and can be
    called back by `undo`; there is nothing else to decide.
    """

    LATER: ClassVar[frozenset[str]] = frozenset({"on_air_at"})

    type: Literal["interrupt"] = "interrupt"
    interrupt_id: str
    kind: Literal["script_approval", "tool_action"]
    action: str
    params: dict[str, Any]
    allowed: list[Decision]
    expires_at: datetime
    version: int
    on_air_at: datetime | None = None


class InterruptUpdated(ThreadEvent):
    """A waiting interrupt was claimed, taken over, given back, extended, or has become urgent (`escalated_at`).

    All of it is said each time. A claim holds until an event says otherwise: `claimed_until` is when it returns by
    itself, and its owner prolongs it without an event.
    """

    LATER: ClassVar[frozenset[str]] = frozenset({"escalated_at"})

    type: Literal["interrupt_updated"] = "interrupt_updated"
    interrupt_id: str
    version: int
    expires_at: datetime
    claimed_by: Person | None = None
    claimed_until: datetime | None = None
    escalated_at: datetime | None = None


class InterruptResolved(ThreadEvent):
    """Somebody decided, a policy of the tenant did, or the run it belonged to was cancelled.

    What was held (`on_air_at`) ends with `undo` or, when its time has come, with `on_air`. Until `undo_until` whoever
    rejected may take that back by `undo`: the same text is put up again as a question of its own.
    """

    LATER: ClassVar[frozenset[str]] = frozenset({"policy", "reason", "undo_until"})

    type: Literal["interrupt_resolved"] = "interrupt_resolved"
    interrupt_id: str
    decision: Literal["approve", "edit", "reject", "respond", "undo", "on_air", "cancelled"]
    version: int
    by: Person | None = None
    policy: Literal["auto_approve"] | None = None
    content: str | None = None
    feedback: str | None = None
    reason: RejectReason | None = None
    undo_until: datetime | None = None


class InterruptExpired(ThreadEvent):
    """Nobody decided in time."""

    type: Literal["interrupt_expired"] = "interrupt_expired"
    interrupt_id: str
    action: str
    message: str


class ToolCall(ThreadEvent):
    """An agent calls a tool."""

    type: Literal["tool_call"] = "tool_call"
    agent: str
    tool: str
    args: dict[str, Any]


class ToolResult(ThreadEvent):
    """What the tool answered."""

    type: Literal["tool_result"] = "tool_result"
    agent: str
    tool: str
    result: dict[str, Any]


class ScriptFinalized(ThreadEvent):
    """An approved script is stored; where the thread has a room it is on its teleprompter."""

    type: Literal["script_finalized"] = "script_finalized"
    script_id: UUID
    version: int
    title: str
    content: str
    room_id: UUID | None = None
    product_id: UUID | None = None
    prompter_version: int | None = None


class ThreadUpdated(ThreadEvent):
    """Title or bindings of the thread changed."""

    type: Literal["thread_updated"] = "thread_updated"
    title: str
    room_id: UUID | None = None
    product_id: UUID | None = None
    host_id: UUID | None = None


class ShowChanged(ThreadEvent):
    """A show was made, renamed, moved in time, started or paused. Its log is the thread with the show's id."""

    type: Literal["show"] = "show"
    name: str
    room_id: UUID
    starts_at: datetime | None = None
    total_seconds: int
    status: ShowStatus
    concurrency: int
    progress: ShowProgress


class ShowPlanned(ThreadEvent):
    """The plan of a show as it is now: all its items, in order."""

    type: Literal["show_plan"] = "show_plan"
    items: list[ShowItemView]
    progress: ShowProgress


class ShowItemChanged(ThreadEvent):
    """One item of a show moved on."""

    type: Literal["show_item"] = "show_item"
    item: ShowItemView
    progress: ShowProgress


class UnknownEvent(ThreadEvent):
    """A fact that another version wrote and this one cannot read: only its place in the log counts here."""

    model_config = ConfigDict(extra="ignore")

    type: str


# Lane B: text under way ----------------------------------------------------------------------------------------------


class Token(Frame):
    """A piece of a message under way; `i` counts the pieces of this attempt from 0, without gaps.

    A slow reader gets `n` pieces joined in one frame: the next frame is then number `i + n`.
    """

    type: Literal["token"] = "token"
    thread_id: UUID | None = None
    message_id: UUID
    agent: str
    attempt: int
    i: int
    n: int = 1
    content: str


class MessageSnapshot(Frame):
    """The text of a message under way so far; the next `token` is number `i`."""

    type: Literal["message_snapshot"] = "message_snapshot"
    thread_id: UUID
    message_id: UUID
    agent: str
    attempt: int
    i: int
    content: str


# To one socket, or the latest state of a room ------------------------------------------------------------------------


class Welcome(Frame):
    """You are connected. `epoch` changes when the database was restored: cursors of another epoch are void.

    At `expires_at` the session or token ends, and with it the socket, unless `refresh` brings a newer one.
    """

    type: Literal["welcome"] = "welcome"
    protocol: int
    connection_id: UUID
    epoch: str
    user: Person
    tenant_id: UUID
    role: str
    expires_at: datetime
    server_time: datetime
    heartbeat_seconds: float


class Ack(Frame):
    """The answer to the command with the id `re`. `result` names what the command made."""

    type: Literal["ack"] = "ack"
    re: UUID
    status: Literal["accepted", "duplicate", "rejected"]
    result: dict[str, Any] = {}
    error: Problem | None = None


class ErrorFrame(Frame):
    """A frame could not be read, or something went wrong that is no command's answer; the connection lives."""

    type: Literal["error"] = "error"
    code: str
    message: str
    retryable: bool = False
    retry_after_ms: int | None = None
    details: dict[str, Any] = {}
    thread_id: UUID | None = None


class Subscribed(Frame):
    """A topic is caught up: everything up to `seq` has been sent, what follows is live."""

    type: Literal["subscribed"] = "subscribed"
    topic: str
    seq: int | None = None


class ResyncRequired(Frame):
    """Too much was missed, or the cursor is not of this database: read the snapshot by REST, then subscribe again."""

    type: Literal["resync_required"] = "resync_required"
    topic: str
    reason: Literal["too_far_behind", "cursor_ahead", "epoch_changed", "overflow"]
    snapshot_url: str


class Reconnect(Frame):
    """The server will close soon; connect again after `after_ms`."""

    type: Literal["reconnect"] = "reconnect"
    after_ms: int
    reason: str


class SessionChanged(Frame):
    """Your role has changed, or (`expiring`) your session or token ends at `expires_at`: send `refresh` before."""

    type: Literal["session"] = "session"
    role: str
    expires_at: datetime
    expiring: bool


class Degraded(Frame):
    """A part is missing: with `tokens` false, text comes whole instead of piece by piece."""

    type: Literal["degraded"] = "degraded"
    tokens: bool


class Pong(Frame):
    """The answer to `ping`."""

    type: Literal["pong"] = "pong"
    re: UUID
    server_time: datetime


class PresenceChanged(Frame):
    """Who is looking at a topic."""

    type: Literal["presence"] = "presence"
    topic: str
    people: list[Person]


class ThreadRow(Part):
    """A thread as it stands in the list of threads, without what is one person's own (the pin)."""

    id: UUID
    title: str
    room_id: UUID | None
    product_id: UUID | None
    host_id: UUID | None
    #: The show that it is written for; such a thread is found by its title only.
    show_id: UUID | None
    last_seq: int
    active_run: ActiveRun | None
    pending_interrupts: int
    #: The beginning of what was said last.
    last_text: str
    created_at: datetime
    updated_at: datetime


class ThreadListed(Frame):
    """A thread of the list is new or another than before (topic `threads`); without `row` it was removed.

    A row with a lower `last_seq` than the one that is known is older. What only moves on within a step is not told.
    """

    type: Literal["thread_listed"] = "thread_listed"
    topic: Literal["threads"] = "threads"
    thread_id: UUID
    row: ThreadRow | None


def _transport_of_before(schema: dict[str, Any]) -> None:
    # The release before says nothing of this.
    schema["required"] = [name for name in schema.get("required", []) if name != "live_since_ms"]


class Transport(Part):
    """What all displays of a room do together; the highest `revision` wins.

    At the moment t (the server's clock, milliseconds since 1970) the text is at
    `position + rate * (t - at_ms) / 1000` while `playing` and t > `at_ms`, else at `position`; never before 0 or behind
    `length`. `at_ms` may lie ahead: displays count down to it, or announce the text (`version`) that comes on then.
    """

    model_config = ConfigDict(json_schema_extra=_transport_of_before)

    revision: int
    #: The version of `prompter_state` that is on stage. A higher one waits until it is taken.
    version: int
    playing: bool = False
    #: Characters from the start of the text on stage.
    position: float = 0
    #: Characters a second, negative when it runs backwards.
    rate: float = 0
    #: 字/分, read aloud.
    pace: int = 240
    #: Characters of the text on stage.
    length: int = 0
    at_ms: int = 0
    #: When the text is to be read to its end, if that was said.
    target_at_ms: int | None = None
    #: When the room's first text was started; None before. It is over when nothing moved for six hours.
    live_since_ms: int | None = None


class PrompterNote(Part):
    """A word from the director, shown above the text until `until_ms` (the server's clock)."""

    id: UUID
    text: str
    at_ms: int
    until_ms: int


#: How many characters stay together on a line: a word, or the parts of a name, which does where it fits on one.
Piece = int | list[int]


def _without_pieces(schema: dict[str, Any], _: type[Part]) -> None:
    # The release before does not say them.
    schema["required"] = [name for name in schema.get("required", []) if name != "pieces"]


class StageText(Part):
    """The text on stage, while a newer version waits."""

    model_config = ConfigDict(json_schema_extra=_without_pieces)

    version: int
    script_id: UUID | None = None
    script_version: int | None = None
    title: str = ""
    content: str = ""
    #: The whole text, piece by piece, line breaks among them; none where nobody knows them.
    pieces: list[Piece] = []


def _state_of_before(schema: dict[str, Any], _: type[Frame]) -> None:
    # The release before says nothing of these.
    later = ("transport", "stage", "blank", "note", "rundown_revision", "next_title", "pieces")
    schema["required"] = [name for name in schema.get("required", []) if name not in later]


class PrompterState(Frame):
    """What a room's teleprompter is to show; the latest version wins. `acked_version` is what a display confirmed.

    `transport` says what is done with it. While its `version` is lower than this one, this text waits and `stage` holds
    the one that is being read.
    """

    model_config = ConfigDict(json_schema_extra=_state_of_before)

    type: Literal["prompter_state"] = "prompter_state"
    room_id: UUID
    version: int
    script_id: UUID | None = None
    script_version: int | None = None
    title: str = ""
    content: str = ""
    pace: int = 240
    updated_at: datetime
    acked_version: int = 0
    acked_at: datetime | None = None
    position: float = 0
    transport: Transport | None = None
    stage: StageText | None = None
    blank: bool = False
    note: PrompterNote | None = None
    #: Counts the changes of the room's rundown.
    rundown_revision: int = 0
    #: What comes next in the rundown.
    next_title: str | None = None
    #: The whole text, piece by piece, line breaks among them; none where nobody knows them.
    pieces: list[Piece] = []


class DisplayView(Part):
    """A display of a room as it last told of itself, at `seen_ms` (the server's clock). `away`: not for a while."""

    id: UUID
    name: str
    person: Person
    version: int
    position: float
    playing: bool
    pace: int
    size: int
    mirror_h: bool
    mirror_v: bool
    hidden: bool
    following: bool
    battery: float | None = None
    charging: bool | None = None
    round_trip_ms: float | None = None
    seen_ms: int
    away: bool = False


class PrompterDisplays(Frame):
    """The displays of a room: those of all processes, without Redis of the one that tells. The latest counts."""

    type: Literal["prompter_displays"] = "prompter_displays"
    room_id: UUID
    displays: list[DisplayView]


class PrompterDisplay(Frame):
    """Somebody changes how one display shows the text; the others need not care."""

    type: Literal["prompter_display"] = "prompter_display"
    room_id: UUID
    display_id: UUID
    settings: DisplaySettings


AnyThreadEvent = Annotated[
    RunChanged
    | MessageStarted
    | MessageComplete
    | NodeChanged
    | Clarification
    | QualityFeedback
    | InterruptRaised
    | InterruptUpdated
    | InterruptResolved
    | InterruptExpired
    | ToolCall
    | ToolResult
    | ScriptFinalized
    | ThreadUpdated
    | ShowChanged
    | ShowPlanned
    | ShowItemChanged,
    Field(discriminator="type"),
]
AnyFrame = Annotated[
    RunChanged
    | MessageStarted
    | MessageComplete
    | NodeChanged
    | Clarification
    | QualityFeedback
    | InterruptRaised
    | InterruptUpdated
    | InterruptResolved
    | InterruptExpired
    | ToolCall
    | ToolResult
    | ScriptFinalized
    | ThreadUpdated
    | ShowChanged
    | ShowPlanned
    | ShowItemChanged
    | Token
    | MessageSnapshot
    | Welcome
    | Ack
    | ErrorFrame
    | Subscribed
    | ResyncRequired
    | Reconnect
    | SessionChanged
    | Degraded
    | Pong
    | PresenceChanged
    | ThreadListed
    | PrompterState
    | PrompterDisplays
    | PrompterDisplay,
    Field(discriminator="type"),
]
thread_event_adapter: TypeAdapter[AnyThreadEvent] = TypeAdapter(AnyThreadEvent)
frame_adapter: TypeAdapter[AnyFrame] = TypeAdapter(AnyFrame)
#: The types of all facts of a thread.
THREAD_EVENT_TYPES: Final[frozenset[str]] = frozenset(
    kind.model_fields["type"].default for kind in get_args(get_args(AnyThreadEvent)[0])
)


def read_event(text: str) -> AnyThreadEvent | UnknownEvent:
    """Return a stored event. While two versions run side by side the other one's may have more fields, which are left
    out, or be of a kind (or have a value) that is not known here."""
    try:
        return thread_event_adapter.validate_json(text, extra="ignore")
    except ValidationError:
        return UnknownEvent.model_validate_json(text)
