"""A thread's past, copied into a thread of its own: rows and events under new ids, so that nothing is shared."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from backend.domain import events
from backend.ids import derived_id
from backend.protocol.events import (
    AnyThreadEvent,
    RunChanged,
    RunStatus,
    ThreadUpdated,
    UnknownEvent,
    thread_event_adapter,
)
from backend.protocol.snapshot import InterruptView, MessageView, RunView, fold
from backend.storage.postgres import Connection

_OVER: Final[Collection[RunStatus]] = ("completed", "failed", "cancelled", "expired")
_BATCH: Final = 1000


@dataclass(frozen=True)
class Past:
    """What of a thread is copied: everything of the runs that were over, and of one run what it had done."""

    events: list[AnyThreadEvent]
    messages: list[MessageView]
    runs: list[RunView]
    questions: list[InterruptView]


async def read_past(conn: Connection, thread_id: UUID, until: int, goes_on: UUID | None) -> Past:
    """Return a thread's past up to the event `until`; `goes_on` is the run that was at work and will be again."""
    log: list[AnyThreadEvent | UnknownEvent] = []
    while batch := await events.read_events(conn, thread_id, log[-1].seq or 0 if log else 0, _BATCH, until=until):
        log += batch
    then = fold(log)
    over = [run for run in then.runs if run.status in _OVER and run.id != goes_on]
    kept = {run.id for run in over} | ({goes_on} if goes_on else set())
    messages = [m for m in then.messages if m.run_id in kept and m.status != "writing"]
    questions = [q for q in then.interrupts if q.run_id in kept and q.status != "pending"]
    known: set[UUID | str] = {m.id for m in messages} | {q.id for q in questions}

    def belongs(event: AnyThreadEvent) -> bool:
        about = getattr(event, "message_id", None) or getattr(event, "interrupt_id", None)
        return (
            event.run_id in kept
            and (about is None or about in known)
            # Its title and bindings the copy has of its own, and a run that goes on begins there anew.
            and not isinstance(event, ThreadUpdated)
            and not (isinstance(event, RunChanged) and event.run_id == goes_on)
        )

    # Of an event of another version only its place is known: the copy goes without it.
    copied = [event for event in log if not isinstance(event, UnknownEvent) and belongs(event)]
    return Past(copied, messages, over, questions)


def new_ids(past: Past, thread_id: UUID, into: UUID, goes_on: Mapping[UUID, UUID]) -> dict[str, str]:
    """Return which id of the original becomes which in the copy `into`; `goes_on` has that of the run that goes on."""
    ids = {str(thread_id): str(into), **{str(old): str(new) for old, new in goes_on.items()}}
    for old in (*(m.id for m in past.messages), *(run.id for run in past.runs)):
        ids[str(old)] = str(derived_id("fork", into, old))
    for question in past.questions:
        ids[question.id] = derived_id("fork", into, question.id).hex
    return ids


def renamed(value: Any, ids: Mapping[str, str]) -> Any:
    """Return plain JSON with every text that is an id of the original replaced by that of the copy."""
    if isinstance(value, str):
        return ids.get(value, value)
    if isinstance(value, list):
        return [renamed(part, ids) for part in value]
    if isinstance(value, dict):
        return {key: renamed(part, ids) for key, part in value.items()}
    return value


async def write_past(conn: Connection, past: Past, into: UUID, ids: Mapping[str, str]) -> int:
    """Write the copy's rows and events; the run that goes on must be there already. Return the last `seq`."""
    for run in past.runs:
        await _copy_run(conn, run, into, ids)
    await conn.executemany(
        """INSERT INTO messages (id, thread_id, run_id, role, agent, author_id, content, status, attempt, created_at)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, coalesce($10, clock_timestamp()))""",
        [
            (
                UUID(ids[str(m.id)]),
                into,
                UUID(ids[str(m.run_id)]),
                m.role,
                m.agent,
                m.author.id if m.author else None,
                m.content,
                m.status,
                m.attempt or 0,
                m.at,
            )
            for m in past.messages
        ],
    )
    for question in past.questions:
        await _copy_question(conn, question, into, ids)
    last = 0
    for (run_id, attempt), group in groupby(past.events, key=lambda event: (event.run_id, event.attempt)):
        told = [thread_event_adapter.validate_python(renamed(event.model_dump(mode="json"), ids)) for event in group]
        last = await events.append(conn, into, told, run_id=UUID(ids[str(run_id)]), attempt=attempt)
    return last


async def _copy_run(conn: Connection, run: RunView, into: UUID, ids: Mapping[str, str]) -> None:
    request = await conn.fetchval("SELECT request FROM runs WHERE id = $1", run.id)
    # Its checkpoints stay with the original: there is nothing to sweep.
    await conn.execute(
        """INSERT INTO runs (id, thread_id, requested_by, status, request, attempt, error, graph_version, created_at,
                             finished_at, swept_at)
           SELECT $2, $3, requested_by, $4, $5, attempt, $6, graph_version, created_at,
                  coalesce(finished_at, now()), now()
           FROM runs WHERE id = $1""",
        run.id,
        UUID(ids[str(run.id)]),
        into,
        run.status,
        renamed(request, ids),
        run.error.model_dump(mode="json") if run.error else None,
    )


async def _copy_question(conn: Connection, question: InterruptView, into: UUID, ids: Mapping[str, str]) -> None:
    # Later requests speak of earlier drafts, which are found by the questions that put them.
    await conn.execute(
        """INSERT INTO interrupts (id, thread_id, run_id, kind, action, params, allowed, status, version, expires_at,
                                   decision, decided_by, decided_at, created_at)
           SELECT $2, $3, $4, kind, action, $5, allowed, status, version, expires_at, decision, decided_by, decided_at,
                  created_at
           FROM interrupts WHERE id = $1 AND status <> 'pending'""",
        question.id,
        ids[question.id],
        into,
        UUID(ids[str(question.run_id)]),
        renamed(question.params, ids),
    )
