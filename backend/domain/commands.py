"""Commands that were carried out: a repeat of the same id gets the first answer, another body is refused."""

import hashlib
from typing import Any
from uuid import UUID

from backend.errors import IdempotencyConflict
from backend.storage.postgres import Connection


async def recall(conn: Connection, user_id: UUID, command_id: UUID, body: bytes) -> dict[str, Any] | None:
    """Return the first answer to this command, or None when it is new; serialises repeats that arrive at once.

    Raises:
        IdempotencyConflict: the id was used with another body.
    """
    await conn.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 2))", f"{user_id}{command_id}")
    row = await conn.fetchrow(
        "SELECT body_hash, result FROM commands WHERE user_id = $1 AND id = $2", user_id, command_id
    )
    if row is None:
        return None
    if row["body_hash"] != hashlib.sha256(body).digest():
        raise IdempotencyConflict
    result: dict[str, Any] = row["result"]
    return result


async def record(conn: Connection, user_id: UUID, command_id: UUID, body: bytes, result: dict[str, Any]) -> None:
    """Keep the answer, in the transaction of what the command did."""
    await conn.execute(
        "INSERT INTO commands (user_id, id, body_hash, result) VALUES ($1, $2, $3, $4)",
        user_id,
        command_id,
        hashlib.sha256(body).digest(),
        result,
    )
