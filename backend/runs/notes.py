"""Keeping in mind what falls out of a conversation's window: a job behind the turn, for nobody should wait for it.

The job folds in, message by message, what is not in the notes yet and will not be seen as it was said any more. What it
has done stands in the notes' row, so it goes on wherever it was killed; two at once are decided by compare-and-set.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

import orjson
import structlog

from backend.domain import thread_notes
from backend.domain.hosts import list_hosts
from backend.domain.policies import Policies, read_policies
from backend.domain.thread_notes import Past, ThreadNotes
from backend.domain.threads import get_thread
from backend.errors import NotFound
from backend.graph.intent import wishes
from backend.graph.intent.tripwire import attempted, planted
from backend.graph.intent.vocabulary import SCENARIO_NAMES
from backend.graph.summary import summed_up
from backend.llm.gateway import RUN_PATIENCE, Caller, Model, OnBehalf
from backend.memory.documents import Marks, lock_memory, read_marks
from backend.memory.notes import Outcome, Turn, cleaned, taken, told
from backend.quality.pii import mask_pii
from backend.settings import Settings
from backend.storage import jobs
from backend.storage.postgres import Connection, Database

log = structlog.get_logger(__name__)

NOTES_JOB: Final = "notes"

#: Messages that are folded in at once; a transaction holds no more.
_BATCH: Final = 100
_PACE: Final = 260
_ENDED: Final[dict[str, Outcome]] = {"failed": "failed", "cancelled": "cancelled", "expired": "expired"}
_DECIDED: Final[dict[str, Outcome]] = {
    "approved": "approved",
    "edited": "edited",
    "rejected": "rejected",
    "expired": "expired",
    "cancelled": "cancelled",
    "pending": "waiting",
    "responded": "waiting",
}


async def enqueue_if_due(conn: Connection, settings: Settings, tenant_id: UUID, thread_id: UUID) -> None:
    """Queue the notes of a thread, in the transaction that ends a run, when more was said than its window holds."""
    if await thread_notes.are_due(conn, thread_id, settings.window_characters, settings.summary_characters):
        payload = orjson.dumps({"tenant_id": str(tenant_id), "thread_id": str(thread_id)})
        await jobs.enqueue(conn, NOTES_JOB, payload)


def tenant_of(payload: bytes) -> UUID:
    """Return whose notes a job is about."""
    return UUID(orjson.loads(payload)["tenant_id"])


async def keep_notes(db: Database, settings: Settings, model: Model | None, payload: bytes) -> None:
    """Bring the notes of a thread up to date. Done twice, or by two at once, it is done once.

    `model` writes the summary; without one, or when what it says cannot be used, the facts are told in plain words.

    Raises:
        StorageUnavailable, ServerBusy: not now; the queue tries again.
    """
    job: dict[str, str] = orjson.loads(payload)
    tenant_id, thread_id = UUID(job["tenant_id"]), UUID(job["thread_id"])
    while await _go_on(db, settings, model, tenant_id, thread_id):
        pass


async def _go_on(db: Database, settings: Settings, model: Model | None, tenant_id: UUID, thread_id: UUID) -> bool:
    """Fold one batch in; False when nothing is left to be done here."""
    async with db.tenant(tenant_id) as conn:
        try:
            thread = await get_thread(conn, thread_id)
        except NotFound:
            return False  # removed meanwhile
        limits = await read_policies(conn, settings)
        before = await thread_notes.read_notes(conn, thread_id)
        # Half a window stays, so that this is due once in many turns and not with each.
        cut = await thread_notes.cut_after(conn, thread_id, before.through, limits.window_characters // 2)
        if cut is None or not limits.summary_characters:
            return False
        past = await thread_notes.read_past(conn, thread_id, before.through, cut, _BATCH)
        marks = await read_marks(conn)
        host = next((one for one in await list_hosts(conn) if one.id == thread.host_id), None)
    made, lines = _folded(before, past, marks, host.pace if host else _PACE)
    last = past[-1].at == cut
    asked = OnBehalf(model, Caller(tenant_id, thread_id, patience=RUN_PATIENCE)) if last and model is not None else None
    made = await _summed_up(asked, made, before, lines, limits)
    async with db.tenant(tenant_id) as conn:
        # Who asks us to forget waits for us or we for it: then the version we began from is gone.
        await lock_memory(conn, shared=True)
        if not await thread_notes.save_notes(conn, thread_id, made):
            log.info("notes_overtaken", thread_id=str(thread_id))
            return False  # another is at it, or the notes were asked to be forgotten: the next turn goes on from there
    return not last


def _folded(before: ThreadNotes, past: Sequence[Past], marks: Marks, pace: int) -> tuple[ThreadNotes, list[str]]:
    """Return the notes with what is past in them, and what was said in it, masked, for a model to read."""
    refused = _refusal(marks)
    facts = before.notes or {}
    lines: list[str] = []
    for one in past:
        lost = one.product_id is not None and marks.product(one.product_id, one.at[0])
        hidden = lost or refused(one.content) or (one.role == "user" and attempted(one.content) is not None)
        if not hidden:
            lines.append(f"{'运营' if one.role == 'user' else '助手'}：{mask_pii(one.content)}")
        if one.role != "user" or lost:
            continue
        held = facts.get("wishes", {})
        turn = Turn(
            said="" if hidden else one.content,
            outcome=_outcome(one),
            place=one.place,
            product_id=str(one.product_id) if one.product_id else None,
            product=one.product_name,
            scenario=SCENARIO_NAMES.get(one.scenario or "", one.scenario),
            reason=one.feedback if one.decision == "rejected" else "",
            wishes=held if hidden else wishes.heard(held, one.content, pace),
        )
        kept = cleaned(turn, mask=mask_pii, refused=refused)
        if kept is not None:
            facts = taken(facts, kept)
    return replace(before, notes=facts, messages=before.messages + len(past), through=past[-1].at), lines


async def _summed_up(
    model: Model | None, made: ThreadNotes, before: ThreadNotes, lines: Sequence[str], limits: Policies
) -> ThreadNotes:
    facts = told(made.notes, limits.summary_characters)
    summary, by = await summed_up(model, facts, before.summary, lines, limits.summary_characters)
    return replace(made, summary=mask_pii(summary), written_by=by)


def _outcome(one: Past) -> Outcome:
    if one.decision in ("approved", "edited"):
        return _DECIDED[one.decision]
    if one.run_status in _ENDED:
        return _ENDED[one.run_status]
    if one.decision is not None:
        return _DECIDED.get(one.decision, "waiting")
    return "asked" if one.asked else "answered"


def _refusal(marks: Marks) -> Callable[[str], bool]:
    def refused(text: str) -> bool:
        return bool(text) and (planted(text) is not None or marks.name(text))

    return refused
