"""The ledger of side effects: a node that runs again finds what it did the first time."""

from typing import Any
from uuid import UUID

from backend.storage.postgres import Connection


def publication(run_id: UUID) -> str:
    """Return the key under which the publishing of a run's script is recorded."""
    return f"finalize:{run_id}"


async def recall(conn: Connection, key: str) -> dict[str, Any] | None:
    """Return what was recorded for `key`, or None; waits for a transaction that is recording the same key."""
    # Two attempts at once must not both find nothing: the lock is held until this transaction ends.
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 1))", key)
    result: dict[str, Any] | None = await conn.fetchval("SELECT result FROM effects WHERE key = $1", key)
    return result


async def record(conn: Connection, key: str, result: dict[str, Any]) -> None:
    """Record the result of the effect done in this same transaction."""
    await conn.execute("INSERT INTO effects (key, result) VALUES ($1, $2)", key, result)
