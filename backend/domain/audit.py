"""The audit log: who did what, append-only, each entry sealed with the hash of the one before."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.storage.postgres import Connection


@dataclass(frozen=True)
class AuditEntry:
    """One thing that was done. `actor` is None when the server did it by itself (an expiry, a recovery); who left the
    team has no `actor_name` any more."""

    n: int
    at: datetime
    actor: UUID | None
    actor_name: str | None
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


@dataclass(frozen=True)
class Filters:
    """What is looked for in the log; None: any. `action` is one (`rules.saved`) or all of a noun (`rules`)."""

    action: str | None = None
    actor: UUID | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def list_entries(
    conn: Connection, before: int | None = None, limit: int = 50, wanted: Filters | None = None
) -> list[AuditEntry]:
    """Return entries, newest first, below number `before`; `until` is not among its own."""
    wanted = wanted or Filters()
    rows = await conn.fetch(
        """SELECT a.n, a.at, a.actor, u.name AS actor_name, a.action, a.subject, a.detail
           FROM audit_log a LEFT JOIN users u ON u.id = a.actor
           WHERE ($1::bigint IS NULL OR a.n < $1)
             AND ($3::text IS NULL OR a.action = $3 OR starts_with(a.action, $3 || '.'))
             AND ($4::uuid IS NULL OR a.actor = $4) AND ($5::text IS NULL OR a.subject = $5)
             AND ($6::timestamptz IS NULL OR a.at >= $6) AND ($7::timestamptz IS NULL OR a.at < $7)
           ORDER BY a.n DESC LIMIT $2""",
        before,
        limit,
        wanted.action,
        wanted.actor,
        wanted.subject,
        wanted.since,
        wanted.until,
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


def changed(before: object, after: object, named: Iterable[str]) -> list[str]:
    """Return those of the `named` fields that are another thing than before: a form sends what it left alone, too."""
    return sorted(name for name in named if getattr(before, name) != getattr(after, name))
