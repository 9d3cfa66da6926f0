"""A tenant's memory on the real database, read by the real embedder."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from backend.ids import new_id
from backend.memory.embed import Embedder, Reading
from backend.memory.learning import keep
from backend.memory.recall import Filters, Recalled, recall
from backend.quality.pii import mask_pii
from backend.storage.postgres import Database
from tests.support.databases import DatabaseFactory

_READ: dict[tuple[str, str], Reading] = {}


class KeptEmbedder(Embedder):
    """The real one; what it has read once in this session it does not read again."""

    async def read(self, text: str, name: str | None = None) -> Reading:
        key = (text, name or self.name)
        if key not in _READ:
            _READ[key] = await super().read(text, name)
        return _READ[key]


@dataclass
class Mind:
    """What one tenant remembers."""

    db: Database
    owner: "asyncpg.Connection[asyncpg.Record]"
    tenant_id: UUID
    embedder: Embedder = field(default_factory=KeptEmbedder)

    async def keep(self, content: str, **fields: Any) -> UUID | None:
        return await keep(
            self.db, self.tenant_id, self.embedder, mask_pii, content=content, **({"kind": "note"} | fields)
        )

    async def recall(self, query: str, *, limit: int = 5, **filters: Any) -> Recalled:
        return await recall(self.db, self.tenant_id, self.embedder, query, Filters(**filters), limit=limit)

    async def texts(self, query: str, **filters: Any) -> list[str]:
        return [one.document.content for one in (await self.recall(query, **filters)).found]

    async def host(self, name: str = "小雅") -> UUID:
        made: UUID = await self.owner.fetchval(
            "INSERT INTO hosts (tenant_id, name) VALUES ($1, $2) RETURNING id", self.tenant_id, name
        )
        return made

    async def product(self, name: str = "保温杯") -> UUID:
        made: UUID = await self.owner.fetchval(
            "INSERT INTO products (tenant_id, name, category) VALUES ($1, $2, '水杯') RETURNING id",
            self.tenant_id, name,
        )  # fmt: skip
        return made

    async def age(self, document_id: UUID | None, days: float) -> None:
        await self.owner.execute(
            "UPDATE memory_documents SET created_at = now() - make_interval(secs => $2) WHERE id = $1",
            document_id, days * 86400,
        )  # fmt: skip

    async def traces(self) -> dict[str, int]:
        """How many rows of the tenant each table of the memory holds."""
        found = {}
        for table in ("memory_documents", "memory_vectors", "memory_words"):
            found[table] = await self.owner.fetchval(
                f"SELECT count(*) FROM {table} WHERE tenant_id = $1", self.tenant_id
            )
        found["counted"] = await self.owner.fetchval(
            "SELECT coalesce(sum(documents), 0) FROM memory_counts WHERE tenant_id = $1", self.tenant_id
        )
        return found

    async def miscounted(self) -> list[Any]:
        """Every term whose count is not that of the words that are there."""
        return await self.owner.fetch(
            """SELECT * FROM (
                 SELECT embedder, t AS term, count(*) AS n FROM memory_words, unnest(terms || 0) t
                 WHERE tenant_id = $1 GROUP BY 1, 2) real
               FULL JOIN (SELECT embedder, term, documents FROM memory_counts
                          WHERE tenant_id = $1 AND documents > 0) counted USING (embedder, term)
               WHERE real.n IS DISTINCT FROM counted.documents""",
            self.tenant_id,
        )


@pytest.fixture(scope="module")
def memory_url(databases: DatabaseFactory) -> Iterator[str]:
    with databases.fresh() as url:
        yield url


async def another(db: Database, owner: "asyncpg.Connection[asyncpg.Record]") -> Mind:
    tenant: UUID = await owner.fetchval(
        "INSERT INTO tenants (slug, name) VALUES ($1, '青禾直播') RETURNING id", f"mind-{new_id().hex}"
    )
    return Mind(db, owner, tenant)


@pytest.fixture
async def mind(memory_url: str) -> AsyncIterator[Mind]:
    owner = await asyncpg.connect(memory_url)
    try:
        async with Database.open(memory_url, size=4, acquire_timeout=30) as db:
            yield await another(db, owner)
    finally:
        await owner.close()
