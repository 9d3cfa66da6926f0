"""Write the traces that the browser is tested with: `python -m tests.support.make_traces`.

Each file of `traces` holds the events of a thread and the snapshot that `backend.protocol.snapshot` folds them into;
each file of `traces/sessions` what one client was sent in a random play (`tests/support/world.py`), over broken lines
and all, and what it showed whenever things came to rest. Ids, times and chance are derived from the trace's name, so
that writing them again changes nothing.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

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
    ThreadEvent,
    ThreadUpdated,
    ToolCall,
    ToolResult,
    Usage,
    read_event,
)
from backend.protocol.snapshot import fold
from tests.support.event_samples import KINDS, SAMPLES
from tests.support.world import MOVES, World

FOLDER: Final = Path(__file__).parent / "traces"
SESSIONS: Final = 12
START: Final = datetime(2026, 1, 2, 10, 0, tzinfo=UTC)
AMIN: Final = Person(id=uuid5(NAMESPACE_URL, "amin"), name="阿敏")
FINDING: Final = Finding(
    rule="ad-law-9-3",
    category="绝对化用语",
    severity="block",
    span=(3, 5),
    excerpt="最好",
    message="绝对化用语",
    basis="《广告法》第九条第三项",
    suggestion="很好",
)


def _id(name: str) -> UUID:
    return uuid5(NAMESPACE_URL, name)


def _quality(message: str, *, final: bool) -> QualityFeedback:
    return QualityFeedback(
        message_id=_id(message),
        content="𝒮这款最好的杯子",
        verdict="pass" if final else "block",
        score=92 if final else 40,
        findings=[] if final else [FINDING],
        checks=[CheckResult(id="length", name="时长", passed=final, detail="30 秒")],
        rules_version="1",
        final=final,
    )


def _interrupt(name: str, *, version: int = 1) -> InterruptRaised:
    return InterruptRaised(
        interrupt_id=name,
        kind="script_approval",
        action="publish_script",
        params={"content": "稿件", "findings": []},
        allowed=["approve", "edit", "reject"],
        expires_at=START + timedelta(minutes=30),
        version=version,
    )


def _held(name: str) -> InterruptRaised:
    held = {"action": "go_on_air", "allowed": [], "on_air_at": START + timedelta(seconds=30)}
    return _interrupt(name).model_copy(update=held)


def _said(name: str, text: str) -> MessageComplete:
    return MessageComplete(message_id=_id(name), role="user", content=text, author=AMIN)


def _written(name: str, text: str, status: str = "complete") -> MessageComplete:
    usage = Usage(model="offline", input_tokens=0, output_tokens=12, estimated=True)
    return MessageComplete(
        message_id=_id(name), role="assistant", agent="script", content=text, status=status, usage=usage
    )


def _step(node: str, ms: float | None = None) -> NodeChanged:
    return NodeChanged(
        node=node, status="started" if ms is None else "finished", elapsed_ms=ms, detail={"hits": 2} if ms else {}
    )


TRACES: Final[dict[str, Sequence[ThreadEvent]]] = {
    "edited_and_approved": [
        _said("ask", "给小雅写一段保温杯开场"),
        RunChanged(status="queued"),
        RunChanged(status="running"),
        _step("intent"),
        _step("intent", 12.5),
        ThreadUpdated(title="保温杯开场", room_id=_id("room"), product_id=_id("cup")),
        _step("script"),
        MessageStarted(message_id=_id("draft"), agent="script"),
        _written("draft", "𝒮这款最好的杯子"),
        _step("script", 900.0),
        _quality("draft", final=False),
        _step("script"),
        MessageStarted(message_id=_id("draft-2"), agent="script"),
        _written("draft-2", "这款很好的杯子"),
        _step("script", 700.0),
        _quality("draft-2", final=True),
        _interrupt("i-1"),
        RunChanged(status="waiting"),
        InterruptUpdated(
            interrupt_id="i-1",
            version=2,
            expires_at=START + timedelta(minutes=32),
            claimed_by=AMIN,
            claimed_until=START + timedelta(seconds=90),
        ),
        InterruptResolved(interrupt_id="i-1", decision="edit", version=3, by=AMIN, content="改过的稿件"),
        InterruptResolved(interrupt_id="unknown", decision="reject", version=2),
        ScriptFinalized(
            script_id=_id("script"), version=1, title="保温杯开场", content="改过的稿件", prompter_version=4
        ),
        ScriptFinalized(
            script_id=_id("script"), version=1, title="保温杯开场", content="改过的稿件", prompter_version=4
        ),
        RunChanged(status="completed"),
    ],
    "held_and_undone": [
        RunChanged(status="running"),
        _interrupt("i-3"),
        InterruptUpdated(interrupt_id="i-3", version=2, expires_at=START + timedelta(minutes=30), escalated_at=START),
        InterruptUpdated(interrupt_id="i-3", version=3, expires_at=START + timedelta(minutes=40)),
        InterruptResolved(interrupt_id="i-3", decision="respond", version=4, by=AMIN, content="再短一点"),
        _interrupt("i-4"),
        InterruptResolved(interrupt_id="i-4", decision="approve", version=2, policy="auto_approve"),
        _held("i-5"),
        RunChanged(status="waiting"),
        InterruptResolved(interrupt_id="i-5", decision="undo", version=2, by=AMIN),
        _interrupt("i-6"),
        InterruptResolved(interrupt_id="i-6", decision="approve", version=2, by=AMIN),
        _held("i-7"),
        InterruptResolved(interrupt_id="i-7", decision="on_air", version=2),
        RunChanged(status="completed"),
    ],
    "failed_and_asked_again": [
        RunChanged(status="running"),
        _interrupt("i-8"),
        _interrupt("i-9"),
        RunChanged(status="waiting"),
        InterruptResolved(interrupt_id="i-8", decision="approve", version=2, by=AMIN),
        InterruptResolved(interrupt_id="i-9", decision="cancelled", version=2),
        RunChanged(status="failed"),
        RunChanged(status="running"),
        _interrupt("i-9", version=3),
        _interrupt("i-9", version=3),
        InterruptResolved(interrupt_id="i-9", decision="reject", version=4, by=AMIN),
        RunChanged(status="completed"),
    ],
    "clarified": [
        _said("ask", "写一段"),
        RunChanged(status="running"),
        Clarification(
            message_id=_id("question"), message="给哪个商品？", options=[Option(label="保温杯", value="保温杯开场")]
        ),
        RunChanged(status="completed"),
    ],
    "crashed_and_resumed": [
        _said("ask", "写一段"),
        RunChanged(status="running"),
        _step("script"),
        MessageStarted(message_id=_id("draft"), agent="script"),
        _step("script"),
        MessageStarted(message_id=_id("draft"), agent="script"),
        _written("draft", "半句", "failed"),
        _step("quality", 3.0),
        RunChanged(
            status="failed",
            error=Problem(code="model_timeout", message="late", retryable=True, details={"after_ms": 9000}),
        ),
    ],
    "expired_with_tools": [
        RunChanged(status="running"),
        ToolCall(agent="action", tool="stock", args={"product": "杯"}),
        ToolCall(agent="action", tool="stock", args={"product": "辣条"}),
        ToolResult(agent="action", tool="stock", result={"left": 3}),
        ToolResult(agent="action", tool="stock", result={"left": 120}),
        ToolResult(agent="action", tool="never-called", result={}),
        _interrupt("i-2"),
        _interrupt("i-2"),
        InterruptExpired(interrupt_id="i-2", action="publish_script", message="时间到"),
        ThreadUpdated(title="改名"),
        RunChanged(status="expired"),
    ],
}


def _fold_trace(name: str, events: Sequence[ThreadEvent]) -> str:
    placed = [
        event.model_copy(
            update={
                "thread_id": _id(name),
                "event_id": _id(f"{name} {seq}"),
                "seq": seq,
                "at": START + timedelta(seconds=seq),
                "run_id": None if isinstance(event, ThreadUpdated) else _id(f"{name} run"),
                "attempt": 1,
            }
        )
        for seq, event in enumerate(events, 1)
    ]
    trace = {
        "frames": [event.model_dump(mode="json") for event in placed],
        "snapshot": fold(read_event(event.model_dump_json()) for event in placed).model_dump(mode="json"),
    }
    return json.dumps(trace, ensure_ascii=False, indent=1) + "\n"


def _random_log(seed: int) -> list[ThreadEvent]:
    random = Random(seed)
    return [SAMPLES[random.choice(KINDS)](random) for _ in range(40)]


def _session_trace(seed: int) -> str:
    random = Random(seed)
    # Beside plays of everything, some in which nothing is lost and some in which nobody reads until the end.
    names = [name for name in MOVES if seed % 3 or name not in ("redis", "database", "restore", "forget", "burst")]
    if seed % 4 == 1:
        names = ["connect", "write", "wait", "commit", "pieces", "finish"]
    frames = 256 if seed % 4 == 1 else random.choice((3, 6, 256))
    world = World(seats=1, frames=frames, room=random.choice((1, 4, 50)))
    try:
        for _ in range(3):
            for _ in range(25):
                world.act(random.choices(names, [MOVES[name] for name in names])[0], random.randrange(1000))
            world.settle()
            world.check()
        steps = world.seats[0].steps
    finally:
        world.close()
    lines = ",\n".join(json.dumps(step, ensure_ascii=False, separators=(",", ":")) for step in steps)
    return f"[\n{lines}\n]\n"


def traces() -> dict[Path, str]:
    """Return what each file is to hold."""
    made = {FOLDER / f"{name}.json": _fold_trace(name, events) for name, events in TRACES.items()}
    made |= {FOLDER / f"random_{n}.json": _fold_trace(f"random_{n}", _random_log(n)) for n in range(4)}
    made |= {FOLDER / "sessions" / f"{seed:02}.json": _session_trace(seed) for seed in range(SESSIONS)}
    return made


def stale() -> list[str]:
    """Return the names of files that are not what `main` would write."""
    made = traces()
    there = {path: path.read_text("utf-8") for path in FOLDER.rglob("*.json")}
    return [str(path.relative_to(FOLDER)) for path in {**made, **there} if made.get(path) != there.get(path)]


def main() -> None:
    """Write all traces."""
    (FOLDER / "sessions").mkdir(parents=True, exist_ok=True)
    made = traces()
    for path in set(FOLDER.rglob("*.json")) - set(made):
        path.unlink()
    for path, text in made.items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
