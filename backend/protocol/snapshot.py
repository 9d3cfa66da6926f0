"""What a thread looks like: the fold of its events. The browser's reducer is the twin of `apply`, tested to agree.

Only lane A is folded here; text under way (lane B) is laid over it by the client.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import Field

from backend.protocol.commands import Decision, RejectReason
from backend.protocol.events import (
    AnyThreadEvent,
    CheckResult,
    Clarification,
    Finding,
    InterruptExpired,
    InterruptRaised,
    InterruptResolved,
    InterruptUpdated,
    MessageComplete,
    MessageStarted,
    NodeChanged,
    Option,
    Part,
    Person,
    Problem,
    QualityFeedback,
    RunChanged,
    RunStatus,
    ScriptFinalized,
    ShowChanged,
    ShowItemChanged,
    ShowItemView,
    ShowPlanned,
    ShowProgress,
    ShowStatus,
    ThreadEvent,
    ThreadUpdated,
    ToolCall,
    ToolResult,
    UnknownEvent,
    Usage,
)


class View(Part):
    """One thing in the thread; `seq` is where it first appeared and gives its place."""

    seq: int
    run_id: UUID | None = None
    at: datetime | None = None


class QualityView(Part):
    """What the checks said of a message's text."""

    content: str
    verdict: Literal["pass", "warn", "block"]
    score: int
    findings: list[Finding]
    checks: list[CheckResult]
    rules_version: str
    final: bool


class ClarificationView(Part):
    """A question with its options."""

    message: str
    options: list[Option]


class MessageView(View):
    """A message of a person or an agent."""

    id: UUID
    role: Literal["user", "assistant"]
    agent: str | None = None
    content: str = ""
    status: Literal["writing", "complete", "cancelled", "failed"]
    attempt: int | None = None
    author: Person | None = None
    usage: Usage | None = None
    quality: QualityView | None = None
    clarification: ClarificationView | None = None


class StepView(Part):
    """A step of a run."""

    node: str
    status: Literal["started", "finished"]
    elapsed_ms: float | None = None
    detail: dict[str, Any] = {}


class ToolView(Part):
    """A tool's use."""

    agent: str
    tool: str
    args: dict[str, Any]
    result: dict[str, Any] | None = None


class RunView(View):
    """A run with its steps in the order in which they last began."""

    id: UUID
    status: RunStatus
    error: Problem | None = None
    steps: list[StepView] = []
    tools: list[ToolView] = []


class InterruptView(View):
    """A question to a person, open or answered."""

    id: str
    kind: Literal["script_approval", "tool_action"]
    action: str
    params: dict[str, Any]
    allowed: list[Decision]
    expires_at: datetime
    version: int
    status: Literal["pending", "approve", "edit", "reject", "respond", "undo", "on_air", "cancelled", "expired"] = (
        "pending"
    )
    by: Person | None = None
    policy: Literal["auto_approve"] | None = None
    content: str | None = None
    feedback: str | None = None
    reason: RejectReason | None = None
    resolved_at: datetime | None = None
    #: Until when whoever rejected it may take that back.
    undo_until: datetime | None = None
    claimed_by: Person | None = None
    claimed_until: datetime | None = None
    escalated_at: datetime | None = None
    on_air_at: datetime | None = None


class ScriptView(View):
    """An approved script."""

    script_id: UUID
    version: int
    title: str
    content: str
    room_id: UUID | None = None
    product_id: UUID | None = None
    prompter_version: int | None = None


class ShowView(Part):
    """A show: its plan and how far it is."""

    name: str = ""
    room_id: UUID | None = None
    starts_at: datetime | None = None
    total_seconds: int = 0
    status: ShowStatus = "draft"
    concurrency: int = 1
    items: list[ShowItemView] = []
    progress: ShowProgress = ShowProgress()


class ThreadSnapshot(Part):
    """A thread up to `seq`."""

    seq: int = 0
    title: str = ""
    room_id: UUID | None = None
    product_id: UUID | None = None
    host_id: UUID | None = None
    messages: list[MessageView] = Field(default=[])
    runs: list[RunView] = Field(default=[])
    interrupts: list[InterruptView] = Field(default=[])
    scripts: list[ScriptView] = Field(default=[])
    #: The show whose log this thread is; None in a conversation.
    show: ShowView | None = None


def fold(events: Iterable[AnyThreadEvent | UnknownEvent], start: ThreadSnapshot | None = None) -> ThreadSnapshot:
    """Return `start` (an empty thread by default) after all `events`."""
    snapshot = start or ThreadSnapshot()
    for event in events:
        snapshot = apply(snapshot, event)
    return snapshot


def apply(thread: ThreadSnapshot, event: AnyThreadEvent | UnknownEvent) -> ThreadSnapshot:
    """Return the thread after one more event; an event at or below `seq` was applied before and changes nothing."""
    assert event.seq is not None
    if event.seq <= thread.seq:
        return thread
    return thread.model_copy(update={"seq": event.seq, **_changes(thread, event)})


# One return for each part of a thread.
def _changes(thread: ThreadSnapshot, event: AnyThreadEvent | UnknownEvent) -> dict[str, Any]:  # noqa: PLR0911
    match event:
        case MessageStarted() | MessageComplete() | QualityFeedback() | Clarification():
            return {"messages": _with_message(thread.messages, event)}
        case RunChanged() | NodeChanged() | ToolCall() | ToolResult():
            return {"runs": _with_run(thread.runs, event)}
        case InterruptRaised() | InterruptUpdated() | InterruptResolved() | InterruptExpired():
            return {"interrupts": _with_interrupt(thread.interrupts, event)}
        case ScriptFinalized():
            script = ScriptView(
                seq=_seq(event),
                run_id=event.run_id,
                at=event.at,
                script_id=event.script_id,
                version=event.version,
                title=event.title,
                content=event.content,
                room_id=event.room_id,
                product_id=event.product_id,
                prompter_version=event.prompter_version,
            )
            same = [s for s in thread.scripts if (s.script_id, s.version) == (script.script_id, script.version)]
            return {} if same else {"scripts": [*thread.scripts, script]}
        case ThreadUpdated():
            return {
                "title": event.title,
                "room_id": event.room_id,
                "product_id": event.product_id,
                "host_id": event.host_id,
            }
        case ShowChanged() | ShowPlanned() | ShowItemChanged():
            return {"show": _with_show(thread.show or ShowView(), event)}
        case UnknownEvent():
            return {}


def _seq(event: ThreadEvent) -> int:
    assert event.seq is not None
    return event.seq


def _with_message(
    messages: list[MessageView], event: MessageStarted | MessageComplete | QualityFeedback | Clarification
) -> list[MessageView]:
    known = next((m for m in messages if m.id == event.message_id), None)
    base = known or MessageView(
        seq=_seq(event), run_id=event.run_id, at=event.at, id=event.message_id, role="assistant", status="writing"
    )
    match event:
        case MessageStarted():
            changed = base.model_copy(
                update={"agent": event.agent, "status": "writing", "content": "", "attempt": event.attempt}
            )
        case MessageComplete():
            changed = base.model_copy(
                update={
                    "role": event.role,
                    "agent": event.agent,
                    "content": event.content,
                    "status": event.status,
                    # Whoever ends a message from outside (a cancellation) speaks for no attempt of its own.
                    "attempt": event.attempt if event.attempt is not None else base.attempt,
                    "author": event.author,
                    "usage": event.usage,
                }
            )
        case QualityFeedback():
            quality = QualityView(**event.model_dump(include=set(QualityView.model_fields)))
            changed = base.model_copy(update={"quality": quality})
        case Clarification():
            question = ClarificationView(message=event.message, options=event.options)
            changed = base.model_copy(
                update={"clarification": question, "content": event.message, "status": "complete"}
            )
    if known is None:
        return [*messages, changed]
    return [changed if m.id == changed.id else m for m in messages]


def _with_run(runs: list[RunView], event: RunChanged | NodeChanged | ToolCall | ToolResult) -> list[RunView]:
    assert event.run_id is not None
    known = next((r for r in runs if r.id == event.run_id), None)
    base = known or RunView(seq=_seq(event), run_id=event.run_id, at=event.at, id=event.run_id, status="running")
    match event:
        case RunChanged():
            changed = base.model_copy(update={"status": event.status, "error": event.error})
        case NodeChanged():
            step = StepView(node=event.node, status=event.status, elapsed_ms=event.elapsed_ms, detail=event.detail)
            changed = base.model_copy(update={"steps": _with_step(base.steps, step)})
        case ToolCall():
            use = ToolView(agent=event.agent, tool=event.tool, args=event.args)
            changed = base.model_copy(update={"tools": [*base.tools, use]})
        case ToolResult():
            changed = base.model_copy(update={"tools": _with_result(base.tools, event)})
    if known is None:
        return [*runs, changed]
    return [changed if r.id == changed.id else r for r in runs]


def _with_step(steps: list[StepView], step: StepView) -> list[StepView]:
    if step.status == "started":
        # A step that a crash cut short begins again: the second beginning replaces the first.
        return [*(s for s in steps if not (s.node == step.node and s.status == "started")), step]
    for place in range(len(steps) - 1, -1, -1):
        if steps[place].node == step.node and steps[place].status == "started":
            return [*steps[:place], step, *steps[place + 1 :]]
    return [*steps, step]


def _with_result(tools: list[ToolView], event: ToolResult) -> list[ToolView]:
    for place in range(len(tools) - 1, -1, -1):
        if tools[place].tool == event.tool and tools[place].result is None:
            answered = tools[place].model_copy(update={"result": event.result})
            return [*tools[:place], answered, *tools[place + 1 :]]
    return tools


def _with_interrupt(
    interrupts: list[InterruptView], event: InterruptRaised | InterruptUpdated | InterruptResolved | InterruptExpired
) -> list[InterruptView]:
    known = next((i for i in interrupts if i.id == event.interrupt_id), None)
    if isinstance(event, InterruptRaised):
        if known is not None and known.version >= event.version:
            return interrupts
        raised = InterruptView(
            seq=_seq(event),
            run_id=event.run_id,
            at=event.at,
            id=event.interrupt_id,
            kind=event.kind,
            action=event.action,
            params=event.params,
            allowed=event.allowed,
            expires_at=event.expires_at,
            version=event.version,
            on_air_at=event.on_air_at,
        )
        # A run that failed and goes on after all asks again what was withdrawn.
        return [*(i for i in interrupts if i is not known), raised]
    if known is None:
        return interrupts
    match event:
        case InterruptUpdated():
            update: dict[str, Any] = {
                "version": event.version,
                "expires_at": event.expires_at,
                "claimed_by": event.claimed_by,
                "claimed_until": event.claimed_until,
                "escalated_at": event.escalated_at,
            }
        case InterruptResolved():
            update = {
                "status": event.decision,
                "version": event.version,
                "by": event.by,
                "policy": event.policy,
                "content": event.content,
                "feedback": event.feedback,
                "reason": event.reason,
                "undo_until": event.undo_until,
                "resolved_at": event.at,
            }
        case InterruptExpired():
            update = {"status": "expired", "resolved_at": event.at}
    changed = known.model_copy(update=update)
    return [changed if i.id == changed.id else i for i in interrupts]


def _with_show(show: ShowView, event: ShowChanged | ShowPlanned | ShowItemChanged) -> ShowView:
    match event:
        case ShowChanged():
            names = ("name", "room_id", "starts_at", "total_seconds", "status", "concurrency", "progress")
            return show.model_copy(update={name: getattr(event, name) for name in names})
        case ShowPlanned():
            return show.model_copy(update={"items": event.items, "progress": event.progress})
        case ShowItemChanged():
            # An item that is not in the plan any more stays out of it.
            items = [event.item if item.id == event.item.id else item for item in show.items]
            return show.model_copy(update={"items": items, "progress": event.progress})
