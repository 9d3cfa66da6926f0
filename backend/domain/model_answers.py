"""Answers of direct calls, kept for whoever repeats a call with the same key: asked once, by one process of all.

A key is the tenant's. Who comes first has the claim and asks; it holds while its process prolongs it. Who has it no
more writes nothing. What fails is not kept: the next one asks anew.
"""

import hashlib
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from backend.errors import IdempotencyKeyReused
from backend.storage.postgres import Connection, interval

#: Seconds that an answer is kept, from the moment it was asked for.
KEPT: Final = 86_400.0


@dataclass(frozen=True)
class Claimed:
    """How a key stands: ours, so we ask (`mine`); answered; or somebody else is at it (neither)."""

    mine: bool
    answer: dict[str, Any] | None = None


def digest(text: bytes | str) -> bytes:
    """Return what is stored of a key or a body: nobody learns them from the table."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).digest()


async def claim(conn: Connection, key: bytes, body: bytes, claim_id: UUID, *, lasts: float) -> Claimed:
    """Take the key for `lasts` seconds if nobody has it, or find what came of it.

    Raises:
        IdempotencyKeyReused: within the day it was used with another body.
    """
    mine = await conn.fetchval(
        """INSERT INTO model_answers AS known (key_hash, body_hash, claim, claimed_until)
           VALUES ($1, $2, $3, clock_timestamp() + $4::interval)
           ON CONFLICT (tenant_id, key_hash) DO UPDATE SET body_hash = excluded.body_hash, claim = excluded.claim,
             claimed_until = excluded.claimed_until, answer = NULL, begun_at = clock_timestamp()
           WHERE known.begun_at < clock_timestamp() - $5::interval
              OR known.answer IS NULL AND known.claimed_until < clock_timestamp()
                 AND known.body_hash = excluded.body_hash
           RETURNING true""",
        key, body, claim_id, interval(lasts), interval(KEPT),
    )  # fmt: skip
    if mine:
        return Claimed(mine=True)
    row = await conn.fetchrow("SELECT body_hash, answer FROM model_answers WHERE key_hash = $1", key)
    if row is None:
        return Claimed(mine=False)  # it failed at this moment: the next look takes it
    if row["body_hash"] != body:
        raise IdempotencyKeyReused
    return Claimed(mine=False, answer=row["answer"])


async def prolong(conn: Connection, key: bytes, claim_id: UUID, *, lasts: float) -> bool:
    """Keep a claim for `lasts` more seconds; False when somebody else has it."""
    return bool(
        await conn.fetchval(
            """UPDATE model_answers SET claimed_until = clock_timestamp() + $3::interval
               WHERE key_hash = $1 AND claim = $2 AND answer IS NULL RETURNING true""",
            key, claim_id, interval(lasts),
        )
    )  # fmt: skip


async def keep(conn: Connection, key: bytes, claim_id: UUID, answer: dict[str, Any]) -> bool:
    """Keep the answer that was asked for with a claim; False when somebody else has it."""
    return bool(
        await conn.fetchval(
            "UPDATE model_answers SET answer = $3 WHERE key_hash = $1 AND claim = $2 AND answer IS NULL RETURNING true",
            key, claim_id, answer,
        )
    )  # fmt: skip


async def release(conn: Connection, key: bytes, claim_id: UUID) -> None:
    """Give a claim back: there is no answer."""
    await conn.execute("DELETE FROM model_answers WHERE key_hash = $1 AND claim = $2 AND answer IS NULL", key, claim_id)
