"""A small history without a fault: two clients, two threads, and a run approved, edited after a crash, rejected."""

import copy
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from backend.protocol.events import thread_event_adapter
from benchmarks.chaos.history import (
    Answer,
    AuditRow,
    ClientHistory,
    Followed,
    Frame,
    History,
    InterruptRow,
    MessageRow,
    RunRow,
    ScreenRow,
    Sent,
    Shown,
    Truth,
    VersionRow,
)

ROOM = str(uuid.UUID(int=1))
ONE, TWO = str(uuid.UUID(int=11)), str(uuid.UUID(int=12))
OPERATOR, APPROVER = str(uuid.UUID(int=21)), str(uuid.UUID(int=22))
_BEGAN = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


class Writer:
    """Writes history and truth side by side, as a server and two clients without a fault would."""

    def __init__(self) -> None:
        self.history = History(
            [ClientHistory("operator", OPERATOR), ClientHistory("approver", APPROVER)],
        )
        self.truth = Truth({ONE: 0, TWO: 0}, {ONE: [], TWO: []}, {}, {}, {}, {}, {}, [], {}, [])
        self._ids = iter(range(1000, 100_000))
        for client in self.history.clients:
            client.threads = {ONE: Followed(), TWO: Followed()}
            client.screens = {ROOM: []}
            client.connections = 1

    @property
    def operator(self) -> ClientHistory:
        return self.history.clients[0]

    @property
    def approver(self) -> ClientHistory:
        return self.history.clients[1]

    def id(self) -> str:
        return str(uuid.UUID(int=next(self._ids)))

    def event(self, thread_id: str, run_id: str, attempt: int | None, type_: str, **fields: Any) -> Frame:
        self.truth.heads[thread_id] += 1
        envelope = {"type": type_, "thread_id": thread_id, "seq": self.truth.heads[thread_id]}
        event = {**envelope, "run_id": run_id, "attempt": attempt, "event_id": self.id(), **fields}
        self.truth.events[thread_id].append(event)
        for client in self.history.clients:
            frame = {**copy.deepcopy(event), "at": _BEGAN.isoformat()}
            # What a client is given has to be what the protocol says.
            thread_event_adapter.validate_python(frame)
            client.threads[thread_id].frames.append(frame)
            if type_ in ("interrupt", "interrupt_resolved") and client is self.approver:
                client.notices.append(copy.deepcopy(frame))
        return event

    def ask(self, thread_id: str) -> str:
        """The operator asks; the first answer is lost, the second says duplicate."""
        run_id, message_id, command_id = self.id(), self.id(), self.id()
        self.truth.runs[run_id] = RunRow(run_id, thread_id, "queued", 0)
        self.truth.messages[message_id] = MessageRow(message_id, thread_id, run_id, "user", "写一段", "complete")
        self.event(thread_id, run_id, None, "message_complete", message_id=message_id, role="user", content="写一段")
        seq = self.event(thread_id, run_id, None, "run", status="queued")["seq"]
        result = {"run_id": run_id, "message_id": message_id, "seq": seq}
        self.truth.commands[command_id] = result
        body = {"thread_id": thread_id, "content": "写一段"}
        self.operator.sent[command_id] = Sent(command_id, "message", body, 2, [Answer("duplicate", dict(result))])
        return run_id

    def running(self, run_id: str, attempt: int) -> None:
        run = self.truth.runs[run_id]
        run.status, run.attempt = "running", attempt
        self.event(run.thread_id, run_id, attempt, "run", status="running")

    def step(self, run_id: str, node: str, *, finished: bool = True) -> None:
        run = self.truth.runs[run_id]
        for status in ("started", "finished") if finished else ("started",):
            self.event(run.thread_id, run_id, run.attempt, "node", node=node, status=status)

    def written(self, run_id: str, text: str) -> str:
        """A message is written by this attempt, both clients see pieces of it; returns its id."""
        run, message_id = self.truth.runs[run_id], str(uuid.uuid5(uuid.UUID(run_id), "script"))
        self.event(run.thread_id, run_id, run.attempt, "message_started", message_id=message_id, agent="script")
        whole = {"message_id": message_id, "role": "assistant", "agent": "script", "content": text}
        self.event(run.thread_id, run_id, run.attempt, "message_complete", **whole)
        self.truth.messages[message_id] = MessageRow(message_id, run.thread_id, run_id, "assistant", text, "complete")
        for client in self.history.clients:
            client.shown.append(Shown(run.thread_id, message_id, run.attempt, text[:5]))
        return message_id

    def question(self, run_id: str, message_id: str, text: str) -> str:
        run, interrupt_id = self.truth.runs[run_id], self.id().replace("-", "")
        params = {"content": text, "message_id": message_id}
        self.event(
            run.thread_id,
            run_id,
            run.attempt,
            "interrupt",
            interrupt_id=interrupt_id,
            kind="script_approval",
            action="publish_script",
            params=params,
            allowed=["approve", "edit", "reject"],
            expires_at=_BEGAN.isoformat(),
            version=1,
        )
        asked = _BEGAN + timedelta(seconds=len(self.truth.interrupts))
        self.truth.interrupts[interrupt_id] = InterruptRow(
            interrupt_id, run.thread_id, run_id, params, "pending", None, None, asked
        )
        run.status = "waiting"
        self.event(run.thread_id, run_id, run.attempt, "run", status="waiting")
        return interrupt_id

    def decide(self, interrupt_id: str, decision: str, outcome: str, content: str | None = None) -> None:
        """The approver decides first, the operator too late."""
        row = self.truth.interrupts[interrupt_id]
        row.status, row.decided_by = outcome, APPROVER
        row.decision = {"decision": decision, **({"content": content} if content else {})}
        told = {"interrupt_id": interrupt_id, "decision": decision, "version": 2, "content": content}
        seq = self.event(row.thread_id, row.run_id, None, "interrupt_resolved", **told)["seq"]
        self.truth.audit.append(AuditRow(f"interrupt.{decision}", interrupt_id, APPROVER, {}))
        body = {"thread_id": row.thread_id, "interrupt_id": interrupt_id, "decision": decision}
        won, lost = self.id(), self.id()
        result = {"interrupt_id": interrupt_id, "decision": decision, "version": 2, "seq": seq}
        self.truth.commands[won] = result
        self.approver.sent[won] = Sent(won, "interrupt_response", body, 1, [Answer("accepted", dict(result))])
        late = Answer("rejected", code="already_resolved", details={"decision": outcome})
        self.operator.sent[lost] = Sent(lost, "interrupt_response", {**body, "decision": "reject"}, 1, [late])

    def publish(self, run_id: str, text: str) -> None:
        run, script_id = self.truth.runs[run_id], self.id()
        version = len(self.truth.effects) + 1
        effect = {"script_id": script_id, "version": 1, "title": "稿", "content": text, "room_id": ROOM}
        effect |= {"product_id": None, "prompter_version": version}
        self.truth.effects[f"finalize:{run_id}"] = effect
        self.truth.versions.append(VersionRow(script_id, 1, run_id, text))
        self.truth.screens[ROOM] = ScreenRow(ROOM, version, script_id, 1, text)
        self.truth.audit.append(AuditRow("script.published", script_id, APPROVER, {"run_id": run_id}))
        self.event(run.thread_id, run_id, run.attempt, "script_finalized", **effect)
        for client in self.history.clients:
            client.screens[ROOM].append({"type": "prompter_state", "version": version, "content": text})

    def end(self, run_id: str, status: str = "completed") -> None:
        run = self.truth.runs[run_id]
        run.status = status
        self.event(run.thread_id, run_id, run.attempt, "run", status=status)


def good_history() -> tuple[History, Truth]:
    """Return a history and the truth that it agrees with."""
    writer = Writer()
    approved = writer.ask(ONE)
    writer.running(approved, 1)
    for node in ("intent", "profile", "product", "recall"):
        writer.step(approved, node)
    writer.step(approved, "script", finished=False)
    message_id = writer.written(approved, "今天给大家聊聊这只保温杯。")
    writer.step(approved, "quality")
    writer.step(approved, "review", finished=False)
    interrupt_id = writer.question(approved, message_id, "今天给大家聊聊这只保温杯。")
    writer.decide(interrupt_id, "approve", "approved")
    writer.running(approved, 2)
    writer.step(approved, "review")
    writer.step(approved, "finalize")
    writer.publish(approved, "今天给大家聊聊这只保温杯。")
    writer.end(approved)

    edited = writer.ask(TWO)
    writer.running(edited, 1)
    for node in ("intent", "profile", "product", "recall"):
        writer.step(edited, node)
    writer.step(edited, "script", finished=False)
    writer.running(edited, 2)  # its worker was killed while it wrote
    writer.step(edited, "script")
    message_id = writer.written(edited, "这件外套很轻。")
    writer.step(edited, "quality")
    writer.step(edited, "review", finished=False)
    interrupt_id = writer.question(edited, message_id, "这件外套很轻。")
    writer.decide(interrupt_id, "edit", "edited", "这件外套非常轻。")
    writer.running(edited, 3)
    writer.step(edited, "review")
    writer.step(edited, "quality")
    writer.step(edited, "finalize")
    writer.publish(edited, "这件外套非常轻。")
    writer.end(edited)

    rejected = writer.ask(TWO)
    writer.running(rejected, 1)
    for node in ("intent", "profile", "product", "recall", "script"):
        writer.step(rejected, node)
    message_id = writer.written(rejected, "来看这口锅。")
    writer.step(rejected, "quality")
    writer.step(rejected, "review", finished=False)
    interrupt_id = writer.question(rejected, message_id, "来看这口锅。")
    writer.decide(interrupt_id, "reject", "rejected")
    writer.running(rejected, 2)
    writer.step(rejected, "review")
    writer.step(rejected, "close")
    writer.end(rejected)
    return writer.history, writer.truth
