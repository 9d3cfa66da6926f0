"""Recall over many documents of one tenant, embedding included: `python -m benchmarks.recall DATABASE_URL [ROWS]`.

The database must be migrated and be one that may be filled. Prints p50 and p95 of the whole search and of its parts.
Vectors of the documents are random: the exact scan costs the same whatever they hold.
"""

import asyncio
import json
import random
import statistics
import sys
import time

import asyncpg
import numpy as np

from backend.ids import new_id
from backend.memory.embed import DIMENSIONS, Embedder
from backend.memory.recall import _halfvec, _sparsevec, recall, term_weights
from backend.storage.postgres import Database

_PARTS = (
    "早上灌的热水到下午还是温的",
    "双层杯身拿着不烫手",
    "独立小包装随手带",
    "追剧的时候来一包",
    "上脸不黏好推开",
    "新手也能几下画好",
    "颜色基础好搭配",
    "换季的时候特别需要",
    "点一下链接看看细节",
    "到手一共省下来不少",
    "家里有孩子的听一听",
    "出差旅行带着方便",
    "操作就两个键",
    "做完饭好收拾",
    "面料有弹性不紧绷",
    "尺码照着表选",
    "想看的打个一",
    "今天的价格我来算一下",
)


async def main(url: str, rows: int) -> None:
    """Fill one tenant and search it a hundred times."""
    owner = await asyncpg.connect(url)
    tenant = await owner.fetchval(
        "INSERT INTO tenants (slug, name) VALUES ($1, '基准') RETURNING id", f"bench-{new_id().hex[-8:]}"
    )
    await _fill(owner, tenant, rows)
    await owner.close()
    embedder = Embedder()
    await embedder.query("热身")
    whole, embedding = [], []
    async with Database.open(url, size=2, acquire_timeout=5) as db:
        for place in range(110):
            query = "，".join(random.sample(_PARTS, 2))
            began = time.perf_counter()
            vector = await embedder.query(query)
            between = time.perf_counter()
            async with db.tenant(tenant) as conn:
                found = await recall(conn, embedder=embedder.name, vector=vector, query=query)
            if place >= 10:
                whole.append((time.perf_counter() - began) * 1000)
                embedding.append((between - began) * 1000)
            assert found
    print(json.dumps({"rows": rows, "whole_ms": _spread(whole), "embedding_ms": _spread(embedding)}))


async def _fill(owner: "asyncpg.Connection[asyncpg.Record]", tenant: object, rows: int) -> None:
    name = Embedder().name
    vectors = np.random.default_rng(7).normal(size=(rows, DIMENSIONS))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    records, counts = [], {}
    for place in range(rows):
        text = "。".join(random.choices(_PARTS, k=8)) + f"第{place}场"
        weights = term_weights(text)
        for term in weights:
            counts[term] = counts.get(term, 0) + 1
        records.append((new_id(), tenant, text, name, _halfvec(vectors[place]), _sparsevec(weights), sorted(weights)))
    await owner.executemany(
        """INSERT INTO memory_documents (id, tenant_id, kind, content, embedder, dense, sparse, terms)
           VALUES ($1, $2, 'note', $3, $4, $5::text::halfvec, $6::text::sparsevec, $7)""",
        records,
    )
    await owner.executemany(
        "INSERT INTO memory_terms (tenant_id, term, documents) VALUES ($1, $2, $3)",
        [(tenant, term, count) for term, count in counts.items()],
    )
    await owner.execute("ANALYZE memory_documents; ANALYZE memory_terms")


def _spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"p50": round(statistics.median(ordered), 1), "p95": round(ordered[int(len(ordered) * 0.95)], 1)}


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 20_000))
