"""The audit log: who did what, append-only, each entry sealed with the hash of the one before."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.storage.postgres import Connection


@dataclass(frozen=True)
class AuditEntry:
    """One thing that was done. `actor` is None when the server did it by itself (an expiry, a recovery)."""

    n: int
    at: datetime
    actor: UUID | None
    action: str
    subject: str
    detail: dict[str, Any]


async def record(conn: Connection, actor: UUID | None, action: str, subject: str, **detail: Any) -> None:
    """Write an entry in the transaction of what it tells of; `action` is `noun.verb`, `subject` an id."""
    # n and both hashes are the trigger's business.
    await conn.execute(
        "INSERT INTO audit_log (actor, action, subject, detail) VALUES ($1, $2, $3, $4)",
        actor,
        action,
        subject,
        detail,
    )


async def list_entries(conn: Connection, before: int | None = None, limit: int = 50) -> list[AuditEntry]:
    """Return entries, newest first, below number `before`."""
    rows = await conn.fetch(
        """SELECT n, at, actor, action, subject, detail FROM audit_log
           WHERE $1::bigint IS NULL OR n < $1 ORDER BY n DESC LIMIT $2""",
        before,
        limit,
    )
    return [AuditEntry(**row) for row in rows]


async def verify(conn: Connection) -> int | None:
    """Return the number of the first entry that was changed, removed or inserted afterwards; None when all hold."""
    broken: int | None = await conn.fetchval(
        r"""SELECT n FROM (
              SELECT *, row_number() OVER chain AS place, lag(hash, 1, '\x') OVER chain AS hash_before
              FROM audit_log WINDOW chain AS (ORDER BY n)
            ) entry
            WHERE n <> place OR previous_hash <> hash_before OR hash <> sha256(previous_hash || convert_to(
              concat_ws(E'\x1f', tenant_id, n, extract(epoch FROM at), actor, action, subject, detail), 'UTF8'))
            ORDER BY n LIMIT 1"""
    )
    return broken
