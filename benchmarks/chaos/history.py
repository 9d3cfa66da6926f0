"""What a run of chaos leaves behind: what each client recorded, and what the database holds in the end.

Both are plain data, so that the checker can be given a doctored copy of either. Frames are the wire's JSON objects.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

Frame = dict[str, Any]

#: Commands whose effects are kept: each has a row in `commands` when it was carried out.
LASTING = frozenset({"message", "interrupt_response", "cancel"})


@dataclass
class Answer:
    """One `ack`. `code`, `details` and `retryable` are those of its error."""

    status: Literal["accepted", "duplicate", "rejected"]
    result: dict[str, Any] = field(default_factory=dict)
    code: str | None = None
    retryable: bool = False
    details: dict[str, Any] = field(default_factory=dict)


@dataclass
class Sent:
    """A command with all its copies (sent again with the same id when no answer came) and all their answers."""

    id: str
    type: str
    body: dict[str, Any]
    copies: int = 0
    answers: list[Answer] = field(default_factory=list)

    @property
    def accepted(self) -> Answer | None:
        """The first answer that promises the effect."""
        return next((one for one in self.answers if one.status != "rejected"), None)

    @property
    def refused(self) -> Answer | None:
        """The answer that says for good that nothing was done."""
        return next((one for one in self.answers if one.status == "rejected" and not one.retryable), None)


@dataclass
class Shown:
    """The text of a message as the pieces had built it when the whole text came."""

    thread_id: str
    message_id: str
    attempt: int
    text: str


@dataclass
class Jump:
    """The snapshot up to `seq` that a client was told to read instead of events, after it had `at` of them."""

    at: int
    seq: int
    snapshot: Frame


@dataclass
class Followed:
    """What one client was given of one thread, over all its connections, in order of arrival."""

    frames: list[Frame] = field(default_factory=list)
    jumps: list[Jump] = field(default_factory=list)

    @property
    def cursor(self) -> int:
        """The number of the last event the client has."""
        last = self.frames[-1]["seq"] if self.frames else 0
        if self.jumps and self.jumps[-1].at == len(self.frames):
            return self.jumps[-1].seq
        return int(last)


@dataclass
class ClientHistory:
    """Everything one client did and was told."""

    name: str
    user_id: str
    sent: dict[str, Sent] = field(default_factory=dict)
    threads: dict[str, Followed] = field(default_factory=dict)
    shown: list[Shown] = field(default_factory=list)
    notices: list[Frame] = field(default_factory=list)  #: of the topic `approvals`
    screens: dict[str, list[Frame]] = field(default_factory=dict)  #: `prompter_state` by room, as they came
    errors: list[Frame] = field(default_factory=list)  #: `error` frames
    connections: int = 0


@dataclass
class History:
    """What all clients recorded."""

    clients: list[ClientHistory] = field(default_factory=list)


@dataclass
class RunRow:
    """A row of `runs`."""

    id: str
    thread_id: str
    status: str
    attempt: int
    error: dict[str, Any] | None = None


@dataclass
class MessageRow:
    """A row of `messages`."""

    id: str
    thread_id: str
    run_id: str | None
    role: str
    content: str
    status: str


@dataclass
class InterruptRow:
    """A row of `interrupts`. `overdue` is how many seconds its time was over when the database was read."""

    id: str
    thread_id: str
    run_id: str
    params: dict[str, Any]
    status: str
    decision: dict[str, Any] | None
    decided_by: str | None
    created_at: datetime
    overdue: float = 0.0


@dataclass
class VersionRow:
    """A row of `script_versions`."""

    script_id: str
    version: int
    run_id: str | None
    content: str


@dataclass
class ScreenRow:
    """A row of `prompter_state`."""

    room_id: str
    version: int
    script_id: str | None
    script_version: int | None
    content: str


@dataclass
class AuditRow:
    """A row of `audit_log`."""

    action: str
    subject: str
    actor: str | None
    detail: dict[str, Any]


@dataclass
class Truth:
    """What the database holds when everything is quiet again."""

    heads: dict[str, int]  #: `last_seq` of each thread
    events: dict[str, list[Frame]]  #: each thread's log, as frames, by `seq`
    runs: dict[str, RunRow]
    messages: dict[str, MessageRow]
    interrupts: dict[str, InterruptRow]
    commands: dict[str, dict[str, Any]]  #: the recorded result of each command
    effects: dict[str, dict[str, Any]]  #: the ledger of side effects
    versions: list[VersionRow]
    screens: dict[str, ScreenRow]
    audit: list[AuditRow]
    audit_broken_at: dict[str, int] = field(default_factory=dict)  #: tenant: first entry whose seal does not hold
