"""One of each kind of fact, drawn by number: small pools of ids, so that they speak of the same things."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from backend.ids import derived_id
from backend.protocol.events import (
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
    Person,
    Problem,
    QualityFeedback,
    RunChanged,
    ScriptFinalized,
    ShowChanged,
    ShowItemChanged,
    ShowItemView,
    ShowPlanned,
    ShowProgress,
    ThreadEvent,
    ThreadUpdated,
    ToolCall,
    ToolResult,
    Usage,
)

_PAST_NOON: Final = datetime(2026, 1, 2, 12, 30, tzinfo=UTC)
_WORDS: Final = ("", "今天", "这款保温杯", "𝒮👨‍👩‍👧", "好\n用", "最好")
_PEOPLE: Final = (None, Person(id=derived_id("sample", "amin"), name="阿敏"))


def _id(random: Random, kind: str) -> UUID:
    return derived_id("sample", kind, random.randrange(3))


def _finding(random: Random) -> Finding:
    return Finding(
        rule="ad-law-9-3", category="绝对化用语", severity=random.choice(("block", "warn")), span=(3, 5),
        excerpt="最好", message="绝对化用语", basis="《广告法》第九条第三项", suggestion=random.choice((None, "很好")),
    )  # fmt: skip


def _complete(random: Random) -> MessageComplete:
    own = random.random() < 0.5
    return MessageComplete(
        message_id=_id(random, "message"),
        role="user" if own else "assistant",
        agent=None if own else "script",
        content=random.choice(_WORDS),
        status=random.choice(("complete", "cancelled", "failed")),
        author=random.choice(_PEOPLE),
        usage=None if own else Usage(model="offline", input_tokens=3, output_tokens=12, estimated=True),
    )


def _quality(random: Random) -> QualityFeedback:
    return QualityFeedback(
        message_id=_id(random, "message"),
        content=random.choice(_WORDS),
        verdict=random.choice(("pass", "warn", "block")),
        score=random.randrange(101),
        findings=[_finding(random) for _ in range(random.randrange(3))],
        checks=[CheckResult(id="length", name="时长", passed=random.random() < 0.5, detail="30 秒")],
        rules_version="1",
        final=random.random() < 0.5,
    )


def _run(random: Random) -> RunChanged:
    failed = random.random() < 0.3
    error = Problem(code="model_timeout", message="late", retryable=True, details={"after_ms": 9000})
    status = random.choice(("queued", "running", "waiting", "completed", "cancelled", "expired", "enqueued"))
    return RunChanged(status="failed" if failed else status, error=error if failed else None)


def _item(random: Random) -> ShowItemView:
    failed = random.random() < 0.3
    return ShowItemView(
        id=_id(random, "show item"),
        product_id=_id(random, "product"),
        product_name=random.choice(_WORDS),
        scenario=random.choice(("opening", "promotion")),
        planned_seconds=random.randrange(5, 90),
        fixed=random.random() < 0.5,
        notes=random.choice(_WORDS),
        status="failed" if failed else random.choice(("planned", "queued", "writing", "waiting", "approved")),
        thread_id=random.choice((None, derived_id("sample", "thread"))),
        interrupt_id=random.choice((None, "i-1")),
        script_version=random.choice((None, 2)),
        error=Problem(code="model_timeout", message="late", retryable=True) if failed else None,
    )


def _progress(random: Random) -> ShowProgress:
    return ShowProgress(total=3, planned=random.randrange(4), left_seconds=random.choice((None, 40)))


def _objection(random: Random) -> dict[str, Any]:
    feedback = random.choice((None, "短一点"))
    return {"feedback": feedback, "reason": "length" if feedback else None}


def _interrupt(random: Random) -> str:
    return random.choice(("i-1", "i-2", "i-3"))


#: How each kind of fact is made. A test fails when a kind of `AnyThreadEvent` is missing here.
SAMPLES: Final[Mapping[str, Callable[[Random], ThreadEvent]]] = {
    "run": _run,
    "message_started": lambda r: MessageStarted(message_id=_id(r, "message"), agent=r.choice(("script", "chat"))),
    "message_complete": _complete,
    "node": lambda r: NodeChanged(
        node=r.choice(("intent", "script", "quality")), status=r.choice(("started", "finished")),
        elapsed_ms=r.choice((None, 12.5)), detail=r.choice(({}, {"hits": 2})),
    ),
    "clarification": lambda r: Clarification(
        message_id=_id(r, "message"), message=r.choice(_WORDS), options=[Option(label="保温杯", value="保温杯开场")]
    ),
    "quality_feedback": _quality,
    "interrupt": lambda r: InterruptRaised(
        interrupt_id=_interrupt(r), kind=r.choice(("script_approval", "tool_action")), action="publish_script",
        params={"content": r.choice(_WORDS), "findings": []}, allowed=["approve", "edit", "reject"],
        expires_at=_PAST_NOON, version=1,
    ),
    "interrupt_updated": lambda r: InterruptUpdated(
        interrupt_id=_interrupt(r), version=2, expires_at=_PAST_NOON + timedelta(minutes=2),
        claimed_by=r.choice(_PEOPLE), claimed_until=r.choice((None, _PAST_NOON)),
    ),
    "interrupt_resolved": lambda r: InterruptResolved(
        interrupt_id=_interrupt(r), decision=r.choice(("approve", "edit", "reject", "cancelled")), version=3,
        by=r.choice(_PEOPLE), content=r.choice((None, "改过的稿件")), **_objection(r),
    ),
    "interrupt_expired": lambda r: InterruptExpired(
        interrupt_id=_interrupt(r), action="publish_script", message="时间到"
    ),
    "tool_call": lambda r: ToolCall(agent="action", tool=r.choice(("stock", "price")), args={"product": "杯"}),
    "tool_result": lambda r: ToolResult(agent="action", tool=r.choice(("stock", "price")), result={"left": 3}),
    "script_finalized": lambda r: ScriptFinalized(
        script_id=_id(r, "script"), version=r.randrange(1, 3), title="保温杯开场", content=r.choice(_WORDS),
        room_id=r.choice((None, derived_id("sample", "room"))), prompter_version=r.choice((None, 4)),
    ),
    "thread_updated": lambda r: ThreadUpdated(
        title=r.choice(_WORDS), room_id=r.choice((None, derived_id("sample", "room"))), product_id=_id(r, "product")
    ),
    "show": lambda r: ShowChanged(
        name=r.choice(_WORDS), room_id=derived_id("sample", "room"), starts_at=r.choice((None, _PAST_NOON)),
        total_seconds=r.randrange(60, 9000), status=r.choice(("draft", "running", "paused")), concurrency=3,
        progress=_progress(r),
    ),
    "show_plan": lambda r: ShowPlanned(items=[_item(r) for _ in range(r.randrange(3))], progress=_progress(r)),
    "show_item": lambda r: ShowItemChanged(item=_item(r), progress=_progress(r)),
}  # fmt: skip
KINDS: Final = tuple(sorted(SAMPLES))


def sample(number: int) -> ThreadEvent | dict[str, Any]:
    """Return the fact with this number: always the same. One in fifteen is of a kind that nobody knows yet."""
    kind = number % (len(KINDS) + 1)
    if kind == len(KINDS):
        return {"type": "a_kind_of_tomorrow", "said": number, "message_id": str(derived_id("sample", "message", 0))}
    return SAMPLES[KINDS[kind]](Random(number))
