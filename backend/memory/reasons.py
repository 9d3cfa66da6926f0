"""Why a run recalled what it recalled: as it was told when it happened, with the texts that are still remembered."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from backend.domain.threads import get_thread
from backend.errors import NotFound
from backend.memory.documents import Document, get_documents
from backend.storage.postgres import Connection


@dataclass(frozen=True, slots=True)
class Reason:
    """One memory of a run; `why` is `Found.why` (or only its id and kind, where all there were had been taken)."""

    why: dict[str, Any]
    #: None: it was forgotten since.
    document: Document | None


@dataclass(frozen=True, slots=True)
class Reasons:
    """What a run recalled, what it nearly did, and which reasons of earlier rejections it was told."""

    thread_id: UUID
    #: None: nothing was weighed.
    embedder: str | None
    recalled: list[Reason]
    passed_over: list[Reason]
    rejections: list[Reason]


async def reasons_of(conn: Connection, run_id: UUID) -> Reasons:
    """Return why a run recalled what it did.

    Raises:
        NotFound: the tenant has no such run, or the run recalled nothing (yet).
    """
    thread_id: UUID | None = await conn.fetchval("SELECT thread_id FROM runs WHERE id = $1", run_id)
    if thread_id is None:
        raise NotFound("there is no such run")
    await get_thread(conn, thread_id)
    detail: dict[str, Any] | None = await conn.fetchval(
        # A run that began since a rejection was taken back goes on from what the one before it had recalled.
        """WITH RECURSIVE begun AS (
             SELECT id, again_of, request ? 'taken_back' AS goes_on FROM runs WHERE id = $2
             UNION ALL
             SELECT r.id, r.again_of, r.request ? 'taken_back' FROM begun b
             JOIN interrupts i ON i.id = b.again_of JOIN runs r ON r.id = i.run_id WHERE b.goes_on)
           SELECT payload -> 'detail' FROM thread_events
           WHERE thread_id = $1 AND run_id IN (SELECT id FROM begun) AND type = 'node' AND payload ->> 'node' = 'recall'
             AND payload ->> 'status' = 'finished' ORDER BY seq DESC LIMIT 1""",
        thread_id,
        run_id,
    )
    why = (detail or {}).get("why")
    if why is None:
        raise NotFound("this run recalled nothing")
    lists = {name: list(why.get(name) or []) for name in ("recalled", "passed_over", "rejections")}
    known = await get_documents(conn, {UUID(one["id"]) for found in lists.values() for one in found})
    told = {name: [Reason(one, known.get(UUID(one["id"]))) for one in found] for name, found in lists.items()}
    return Reasons(thread_id=thread_id, embedder=why.get("embedder"), **told)
