"""By what a tenant's memory is read: a new embedder is built beside the old one, which serves until it is complete."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import structlog

from backend.errors import Conflict, NotFound
from backend.memory.documents import lock_memory, put_reading
from backend.memory.embed import Embedder
from backend.storage.postgres import Connection, Database, interval

log = structlog.get_logger(__name__)

#: Documents of a batch: each is read for about a second by a thread that steps back behind everything else.
_BATCH: Final = 16
#: Seconds after which another worker goes on with what one left unfinished; a batch is far shorter.
_CLAIM: Final = 120.0


@dataclass(frozen=True, slots=True)
class EmbedderState:
    """One embedder of a tenant. `read` of `documents` are read with it; `complete` once all were."""

    name: str
    state: Literal["building", "complete"]
    serving: bool
    documents: int
    read: int
    started_at: datetime
    completed_at: datetime | None


async def list_embedders(conn: Connection) -> list[EmbedderState]:
    """Return the tenant's embedders, the one that serves first."""
    rows = await conn.fetch(
        """SELECT e.name, e.state, e.serving, e.started_at, e.completed_at,
                  (SELECT count(*) FROM memory_documents) AS documents,
                  (SELECT count(*) FROM memory_vectors v WHERE v.embedder = e.name) AS read
           FROM embedders e ORDER BY e.serving DESC, e.started_at DESC, e.name"""
    )
    return [EmbedderState(**dict(row)) for row in rows]


async def names_to_read(conn: Connection, embedder: Embedder) -> list[str]:
    """Return the embedders of the tenant, of those this process has, with which a new document is to be read.

    The last one serves, or will.
    """
    rows = await conn.fetch("SELECT name FROM embedders ORDER BY serving, name")
    return [row["name"] for row in rows if row["name"] in embedder.known] or [embedder.name]


async def build(db: Database, embedder: Embedder, tenant_id: UUID, name: str) -> bool:
    """Read one batch of what `name` has not read yet; True when there may be more.

    What is done is what stands in the tables: killed at any moment, it goes on there. At the end it is complete, and
    takes over if it was built to; both in one transaction in which nobody adds to the memory.
    """
    async with db.tenant(tenant_id) as conn:
        await conn.execute("INSERT INTO embedders (name) VALUES ($1) ON CONFLICT DO NOTHING", name)
        claimed = await conn.fetchval(
            """UPDATE embedders SET claimed_until = clock_timestamp() + $2 WHERE name = $1
               AND claimed_until < clock_timestamp() RETURNING true""",
            name,
            interval(_CLAIM),
        )
        batch = await conn.fetch(_UNREAD, name, _BATCH) if claimed else []
    if not claimed:
        return False
    try:
        for row in batch:
            reading = await embedder.read(row["content"], name)
            async with db.tenant(tenant_id) as conn:
                # It may have been forgotten meanwhile; if not, it now stays until we are done.
                if await conn.fetchval("SELECT true FROM memory_documents WHERE id = $1 FOR KEY SHARE", row["id"]):
                    await put_reading(conn, row["id"], name, reading)
    finally:
        async with db.tenant(tenant_id) as conn:
            await conn.execute("UPDATE embedders SET claimed_until = '-infinity' WHERE name = $1", name)
    return not await _completed(db, tenant_id, name, newest=name == embedder.name)


async def serve(conn: Connection, name: str) -> str | None:
    """Let the memory be read by `name` from now on; return by what it was read before.

    Raises:
        NotFound: the tenant has no such embedder.
        Conflict: it has not read everything yet.
    """
    await lock_memory(conn, shared=False)
    row = await conn.fetchrow("SELECT state FROM embedders WHERE name = $1 FOR UPDATE", name)
    if row is None:
        raise NotFound("there is no such embedder")
    if row["state"] != "complete" or await conn.fetchval(f"SELECT EXISTS ({_UNREAD})", name, 1):
        raise Conflict("this embedder has not read everything yet", embedder=name)
    return await _take_over(conn, name)


async def drop(conn: Connection, name: str) -> None:
    """Remove an embedder and what it made of the documents.

    Raises:
        NotFound: the tenant has no such embedder.
        Conflict: it is the one that serves.
    """
    await lock_memory(conn, shared=False)
    row = await conn.fetchrow("SELECT serving FROM embedders WHERE name = $1 FOR UPDATE", name)
    if row is None:
        raise NotFound("there is no such embedder")
    if row["serving"]:
        raise Conflict("this embedder serves: let another one serve first", embedder=name)
    await conn.execute("DELETE FROM memory_words WHERE embedder = $1", name)
    await conn.execute("DELETE FROM memory_vectors WHERE embedder = $1", name)
    await conn.execute("DELETE FROM memory_counts WHERE embedder = $1", name)
    await conn.execute("DELETE FROM embedders WHERE name = $1", name)


_UNREAD: Final = """SELECT d.id, d.content FROM memory_documents d
    WHERE NOT EXISTS (SELECT FROM memory_vectors v WHERE v.document_id = d.id AND v.embedder = $1)
       OR NOT EXISTS (SELECT FROM memory_words w WHERE w.document_id = d.id AND w.embedder = $1)
    ORDER BY d.id LIMIT $2"""


async def _completed(db: Database, tenant_id: UUID, name: str, *, newest: bool) -> bool:
    async with db.tenant(tenant_id) as conn:
        if await conn.fetchval(f"SELECT EXISTS ({_UNREAD})", name, 1):
            return False  # as nearly always: without keeping anybody waiting
        await lock_memory(conn, shared=False)
        if await conn.fetchval(f"SELECT EXISTS ({_UNREAD})", name, 1):
            return False
        first = await conn.fetchval(
            """UPDATE embedders SET state = 'complete', completed_at = clock_timestamp()
               WHERE name = $1 AND state = 'building' RETURNING true""",
            name,
        )
        # Only the first time: whoever goes back to the old one afterwards means it.
        if first and newest:
            was = await _take_over(conn, name)
            log.info("embedder_switched", tenant_id=str(tenant_id), now=name, was=was)
    return True


async def _take_over(conn: Connection, name: str) -> str | None:
    was: str | None = await conn.fetchval("UPDATE embedders SET serving = false WHERE serving RETURNING name")
    await conn.execute("UPDATE embedders SET serving = true WHERE name = $1", name)
    return was
