"""Scripts: what a person approved, version by version, each with where it came from; and the drafts of a thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.errors import NotFound
from backend.ids import new_id
from backend.storage.postgres import Connection

_COLUMNS = """s.id, s.thread_id, s.room_id, s.product_id, s.host_id, s.title, s.scenario, s.latest_version,
  s.created_at, s.updated_at, v.content"""


@dataclass(frozen=True)
class Script:
    """An approved script with the text of its latest version."""

    id: UUID
    thread_id: UUID | None
    room_id: UUID | None
    product_id: UUID | None
    host_id: UUID | None
    title: str
    scenario: str
    latest_version: int
    created_at: datetime
    updated_at: datetime
    content: str


@dataclass(frozen=True)
class ScriptVersion:
    """One approved text. `draft` is what the writer proposed before a person's edits.

    `provenance` is plain JSON: model, prompt and graph version, recalled ids, findings, approver, edits.
    """

    script_id: UUID
    version: int
    run_id: UUID | None
    content: str
    draft: str
    provenance: dict[str, Any]
    approved_by: UUID | None
    created_at: datetime


@dataclass(frozen=True)
class ThreadDraft:
    """A text of a thread as it was last put to a person, approved or not. `slots` are those of its request.

    `number` counts the thread's texts from 1.
    """

    content: str
    slots: dict[str, Any]
    product_id: UUID | None
    product_name: str | None
    script_id: UUID | None
    created_at: datetime
    number: int


async def list_scripts(
    conn: Connection,
    *,
    limit: int,
    before: tuple[datetime, UUID] | None = None,
    product_id: UUID | None = None,
    room_id: UUID | None = None,
) -> list[Script]:
    """Return scripts, the one that changed last first, after the position `before` (updated_at, id)."""
    rows = await conn.fetch(
        f"""SELECT {_COLUMNS} FROM scripts s
            JOIN script_versions v ON v.script_id = s.id AND v.version = s.latest_version
            WHERE ($1::uuid IS NULL OR s.product_id = $1) AND ($2::uuid IS NULL OR s.room_id = $2)
              AND ($3::timestamptz IS NULL OR (s.updated_at, s.id) < ($3, $4))
            ORDER BY s.updated_at DESC, s.id DESC LIMIT $5""",
        product_id,
        room_id,
        before[0] if before else None,
        before[1] if before else None,
        limit,
    )
    return [Script(**dict(row)) for row in rows]


async def get_script(conn: Connection, script_id: UUID) -> tuple[Script, list[ScriptVersion]]:
    """Return a script and its versions, newest first.

    Raises:
        NotFound: the tenant has no such script.
    """
    row = await conn.fetchrow(
        f"""SELECT {_COLUMNS} FROM scripts s
            JOIN script_versions v ON v.script_id = s.id AND v.version = s.latest_version WHERE s.id = $1""",
        script_id,
    )
    if row is None:
        raise NotFound("there is no such script")
    versions = await conn.fetch(
        """SELECT script_id, version, run_id, content, draft, provenance, approved_by, created_at
           FROM script_versions WHERE script_id = $1 ORDER BY version DESC""",
        script_id,
    )
    return Script(**dict(row)), [ScriptVersion(**dict(version)) for version in versions]


async def publish(
    conn: Connection,
    *,
    script_id: UUID | None,
    thread_id: UUID,
    run_id: UUID,
    room_id: UUID | None,
    product_id: UUID | None,
    host_id: UUID | None,
    title: str,
    scenario: str,
    content: str,
    draft: str,
    provenance: dict[str, Any],
    approved_by: UUID | None,
) -> tuple[UUID, int]:
    """Add a version to the script `script_id`, or a new script with its first version; return id and version."""
    known = script_id is not None and await conn.fetchval(
        """UPDATE scripts SET latest_version = latest_version + 1, title = $2, room_id = coalesce($3, room_id),
             host_id = coalesce($4, host_id), updated_at = now() WHERE id = $1 RETURNING latest_version""",
        script_id,
        title,
        room_id,
        host_id,
    )
    if known and script_id is not None:
        version: int = known
    else:
        script_id, version = new_id(), 1
        await conn.execute(
            """INSERT INTO scripts (id, thread_id, room_id, product_id, host_id, title, scenario, latest_version)
               VALUES ($1, $2, $3, $4, $5, $6, $7, 1)""",
            script_id,
            thread_id,
            room_id,
            product_id,
            host_id,
            title,
            scenario,
        )
    await conn.execute(
        """INSERT INTO script_versions (script_id, version, run_id, content, draft, provenance, approved_by)
           VALUES ($1, $2, $3, $4, $5, $6, $7)""",
        script_id,
        version,
        run_id,
        content,
        draft,
        provenance,
        approved_by,
    )
    return script_id, version


async def count_of_thread(conn: Connection, thread_id: UUID) -> int:
    """Return how many texts runs of this thread have put to a person."""
    count: int = await conn.fetchval("SELECT coalesce(max(place), 0) FROM thread_texts WHERE thread_id = $1", thread_id)
    return count


async def last_of(
    conn: Connection, thread_id: UUID, *, products: Sequence[str] = (), scenarios: Sequence[str] = ()
) -> list[int]:
    """Return the numbers of the thread's last text of each of these products (by name) and of each scenario."""
    rows = await conn.fetch(
        """SELECT (SELECT max(t.place) FROM thread_texts t WHERE t.thread_id = $1 AND t.product_name = name) AS number
           FROM unnest($2::text[]) name
           UNION SELECT (SELECT max(t.place) FROM thread_texts t WHERE t.thread_id = $1 AND t.scenario = segment)
           FROM unnest($3::text[]) segment""",
        thread_id,
        list(products),
        list(scenarios),
    )
    return sorted(row["number"] for row in rows if row["number"] is not None)


async def of_thread(conn: Connection, thread_id: UUID, numbers: Sequence[int]) -> list[ThreadDraft]:
    """Return those of a thread's texts with these numbers, oldest first, as they were last put to a person.

    An edited text counts as edited: it is what people talk about afterwards. Nothing else of the thread is read.
    """
    # The numbers come as values: told to find them by itself, the planner reads every text there is.
    rows = await conn.fetch(
        """SELECT t.place AS number, i.created_at, i.params ->> 'content' AS content, i.params -> 'slots' AS slots,
                  CASE WHEN i.status = 'edited' THEN i.decision ->> 'content' END AS edited,
                  t.product_id, t.product_name, v.script_id
           FROM thread_texts t JOIN interrupts i ON i.id = t.interrupt_id
           LEFT JOIN script_versions v ON v.run_id = t.run_id
           WHERE t.thread_id = $1 AND t.place = ANY ($2) ORDER BY t.place""",
        thread_id,
        list(numbers),
    )
    return [
        ThreadDraft(
            content=row["edited"] or row["content"] or "",
            slots=row["slots"] or {},
            product_id=row["product_id"],
            product_name=row["product_name"],
            script_id=row["script_id"],
            created_at=row["created_at"],
            number=row["number"],
        )
        for row in rows
    ]
