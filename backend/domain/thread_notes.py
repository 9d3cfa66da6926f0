"""What of a long conversation is kept in mind beside its window: the notes of a thread, and what they are made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from backend.storage.postgres import Connection

#: So many characters of an older message count, and are read; what is longer is mostly a text of ours.
SHOWN: Final = 600
#: What a message costs beside its characters: who said it.
_EACH: Final = 20
#: The newest are read whole, whatever their length: the last question may repeat the words of a long request.
_WHOLE: Final = 3
#: However short they are, no more messages than these are looked at for a window.
_MOST: Final = 60
_LAST_ID: Final = UUID(int=2**128 - 1)
_EVER: Final = datetime.min.replace(tzinfo=UTC)

#: A place in a conversation: when a message came, and its id.
Place = tuple[datetime, UUID]


@dataclass(frozen=True, slots=True)
class ThreadNotes:
    """The notes of one thread. `version` 0: there are none yet.

    `notes` are facts (see `memory.notes`), `summary` the same in words, by the model `written_by` or by "offline".
    They cover the messages up to `through`; nothing up to `begins_after` was taken into them.
    """

    version: int = 0
    through: Place = (_EVER, _LAST_ID)
    begins_after: datetime = _EVER
    messages: int = 0
    notes: dict[str, Any] | None = None
    summary: str = ""
    written_by: str = "offline"
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """A message that is over, with what is known of its run if it is a person's.

    `decision` is what became of the text that the run put to a person (`place` in the thread), `None` if it put none.
    """

    at: Place
    role: str
    agent: str | None
    content: str
    run_id: UUID | None
    run_status: str | None
    place: int | None
    product_id: UUID | None
    product_name: str | None
    scenario: str | None
    decision: str | None
    feedback: str
    #: Whether the run's last word was a question of ours.
    asked: bool


#: The columns of `read_past` that bear the names of its fields.
_PAST: Final = tuple(name for name in Past.__slots__ if name != "at")


async def read_notes(conn: Connection, thread_id: UUID) -> ThreadNotes:
    """Return the notes of a thread, empty ones if there are none."""
    row = await conn.fetchrow(
        """SELECT version, through_at, through_id, begins_after, messages, notes, summary, written_by, updated_at
           FROM thread_notes WHERE thread_id = $1""",
        thread_id,
    )
    if row is None:
        return ThreadNotes()
    return ThreadNotes(
        version=row["version"],
        through=(row["through_at"], row["through_id"]),
        begins_after=row["begins_after"],
        messages=row["messages"],
        notes=row["notes"],
        summary=row["summary"],
        written_by=row["written_by"],
        updated_at=row["updated_at"],
    )


async def save_notes(conn: Connection, thread_id: UUID, made: ThreadNotes) -> bool:
    """Store what was made from version `made.version`; False when another was stored since or the thread is gone."""
    # Whoever removes the thread waits for us or we for it (KEY SHARE would let them by): notes never outlive it.
    alive = await conn.fetchval("SELECT true FROM threads WHERE id = $1 AND deleted_at IS NULL FOR SHARE", thread_id)
    if alive is None:
        return False
    done = await conn.fetchval(
        """INSERT INTO thread_notes AS n (thread_id, through_at, through_id, begins_after, messages, notes, summary,
                                          written_by)
           VALUES ($1, $3, $4, $5, $6, $7, $8, $9)
           ON CONFLICT (thread_id) DO UPDATE SET version = n.version + 1, through_at = $3, through_id = $4,
             begins_after = $5, messages = $6, notes = $7, summary = $8, written_by = $9, updated_at = now()
             WHERE n.version = $2
           RETURNING version""",
        thread_id,
        made.version,
        *made.through,
        made.begins_after,
        made.messages,
        made.notes or {},
        made.summary,
        made.written_by,
    )
    return done is not None and done == made.version + 1


async def forget_notes(conn: Connection, thread_id: UUID) -> None:
    """Empty a thread's notes for good: what was said until now is not taken into them again."""
    await conn.execute(
        """INSERT INTO thread_notes (thread_id, through_at, through_id, notes, summary, written_by)
           VALUES ($1, '-infinity', $2, '{}', '', 'offline') ON CONFLICT DO NOTHING""",
        thread_id,
        _LAST_ID,
    )
    await _empty(conn, "n.thread_id = $1", thread_id)


async def forget_in_notes(conn: Connection, *, name: str | None = None, product_id: UUID | None = None) -> int:
    """Empty, for good, the notes that hold a person's name or are about a product; return how many that were.

    Whole notes go, because a summary cannot be parted again; the conversation itself stays.
    """
    if name is not None:
        where, value = "strpos(lower(n.summary || n.notes::text), lower($1::text)) > 0", name
    else:
        where, value = "strpos(n.notes::text, $1::text) > 0", str(product_id)
    return await _empty(conn, where, value)


async def _empty(conn: Connection, where: str, value: object) -> int:
    rows = await conn.fetch(
        f"""UPDATE thread_notes n SET version = version + 1, notes = '{{}}', summary = '', messages = 0,
              written_by = 'offline', through_at = clock_timestamp(), through_id = '{_LAST_ID}',
              begins_after = clock_timestamp(), updated_at = now()
            WHERE {where} RETURNING 1""",
        value,
    )
    return len(rows)


async def are_due(conn: Connection, thread_id: UUID, window_characters: int, summary_characters: int) -> bool:
    """Say whether more was said since a thread's notes were made than its window holds, and the tenant wants notes.

    The numbers hold where the tenant has none of its own.
    """
    # The place comes as a value: behind anything the planner does not trust, row-level security lets no index find it.
    row = await conn.fetchrow(
        """SELECT n.through_at, n.through_id, coalesce(t.window_characters, $2) AS room
           FROM tenants t LEFT JOIN thread_notes n ON n.thread_id = $1
           WHERE t.id = current_tenant() AND coalesce(t.summary_characters, $3) > 0""",
        thread_id,
        window_characters,
        summary_characters,
    )
    if row is None:
        return False
    through = (row["through_at"], row["through_id"]) if row["through_at"] is not None else (_EVER, _LAST_ID)
    due: bool = await conn.fetchval(
        """SELECT coalesce(sum(least(length(content), $4) + $5), 0) > $6 FROM (
             SELECT m.content FROM messages m WHERE m.thread_id = $1 AND (m.created_at, m.id) > ($2, $3)
             ORDER BY m.created_at DESC, m.id DESC LIMIT $7) said""",
        thread_id,
        *through,
        SHOWN,
        _EACH,
        row["room"],
        row["room"] // _EACH + 1,
    )
    return due


async def cut_after(conn: Connection, thread_id: UUID, after: Place, keep: int) -> Place | None:
    """Return the last message that may go into the notes, if as many characters as `keep` stay out; None: none may.

    What belongs to a run that is not over stays out as well.
    """
    row = await conn.fetchrow(
        """SELECT created_at, id FROM (
             SELECT created_at, id,
                    sum(least(length(content), $4) + $5) OVER (ORDER BY created_at DESC, id DESC) AS size
             FROM messages WHERE thread_id = $1 AND (created_at, id) > ($2, $3)) said
           WHERE size > $6 AND created_at < coalesce((
             SELECT min(m.created_at) FROM runs r JOIN messages m ON m.run_id = r.id
             WHERE r.thread_id = $1 AND r.status IN ('enqueued', 'queued', 'running', 'waiting')), 'infinity')
           ORDER BY created_at DESC, id DESC LIMIT 1""",
        thread_id,
        *after,
        SHOWN,
        _EACH,
        keep,
    )
    return (row["created_at"], row["id"]) if row is not None else None


async def read_past(conn: Connection, thread_id: UUID, after: Place, through: Place, limit: int) -> list[Past]:
    """Return up to `limit` messages behind `after`, up to `through`, oldest first."""
    rows = await conn.fetch(
        """SELECT m.created_at, m.id, m.role, m.agent, left(m.content, $6) AS content, m.run_id, r.status AS run_status,
                  t.place, t.product_id, t.product_name, t.scenario, i.status AS decision,
                  coalesce(i.decision ->> 'feedback', '') AS feedback,
                  m.role = 'user' AND EXISTS (
                    SELECT FROM messages q WHERE q.run_id = r.id AND q.agent = 'clarify') AS asked
           FROM messages m LEFT JOIN runs r ON m.role = 'user' AND r.id = m.run_id
           LEFT JOIN thread_texts t ON t.run_id = r.id LEFT JOIN interrupts i ON i.id = t.interrupt_id
           WHERE m.thread_id = $1 AND (m.created_at, m.id) > ($2, $3) AND (m.created_at, m.id) <= ($4, $5)
           ORDER BY m.created_at, m.id LIMIT $7""",
        thread_id,
        *after,
        *through,
        SHOWN,
        limit,
    )
    return [Past(at=(row["created_at"], row["id"]), **{key: row[key] for key in _PAST}) for row in rows]


async def window(conn: Connection, thread_id: UUID, characters: int) -> list["Said"]:
    """Return the last messages of a thread, oldest first: as many as have room in `characters`, three at least.

    The newest come whole, of the others so much as counts. What it reads does not grow with the thread.
    """
    rows = await conn.fetch(
        """SELECT id, role, agent, status, created_at,
                  CASE WHEN place <= $3 THEN content ELSE left(content, $4) END AS content
           FROM (SELECT *, row_number() OVER newest AS place, sum(least(length(content), $4) + $5) OVER newest AS size
                 FROM (SELECT id, role, agent, content, status, created_at FROM messages WHERE thread_id = $1
                       ORDER BY created_at DESC, id DESC LIMIT $6) last
                 WINDOW newest AS (ORDER BY created_at DESC, id DESC)) sized
           WHERE place <= $3 OR size <= $2 ORDER BY created_at, id""",
        thread_id,
        characters,
        _WHOLE,
        SHOWN,
        _EACH,
        _MOST,
    )
    return [Said(**dict(row)) for row in rows]


@dataclass(frozen=True, slots=True)
class Said:
    """A message as a run sees it."""

    id: UUID
    role: str
    agent: str | None
    content: str
    status: str
    created_at: datetime

    @property
    def at(self) -> Place:
        """Where it stands in the conversation."""
        return self.created_at, self.id


def since(said: Sequence[Said], after: Place) -> list[Said]:
    """Return what was said behind a place."""
    return [one for one in said if one.at > after]
