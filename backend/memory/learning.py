"""Learning from what was approved: a job of its own, because a vector takes a second and nobody should wait for it."""

from collections.abc import Callable
from uuid import UUID

import orjson

from backend.domain import products, scripts
from backend.errors import NotFound
from backend.memory.embed import Embedder
from backend.memory.recall import remember
from backend.storage import jobs
from backend.storage.postgres import Connection, Database

LEARN_JOB = "learn"


async def enqueue_learning(conn: Connection, tenant_id: UUID, script_id: UUID) -> None:
    """Queue the learning of a script in the transaction that publishes it."""
    await jobs.enqueue(conn, LEARN_JOB, orjson.dumps({"tenant_id": str(tenant_id), "script_id": str(script_id)}))


async def learn(db: Database, embedder: Embedder, payload: bytes, mask: Callable[[str], str]) -> None:
    """Keep the newest version of a script in its tenant's memory; done twice, it is kept once.

    `mask` takes personal data out: what is kept for years and shown to other writers holds nobody's telephone number.

    Raises:
        StorageUnavailable, ServerBusy: not now; the queue tries again.
    """
    job = orjson.loads(payload)
    tenant_id, script_id = UUID(job["tenant_id"]), UUID(job["script_id"])
    try:
        async with db.tenant(tenant_id) as conn:
            script, versions = await scripts.get_script(conn, script_id)
            category = ""
            if script.product_id is not None:
                category = (await products.get_product(conn, script.product_id)).category
    except NotFound:
        return  # removed before it was learned
    content = mask(versions[0].content)
    [vector] = await embedder.passages([content])
    async with db.tenant(tenant_id) as conn:
        await remember(
            conn,
            embedder=embedder.name,
            vector=vector,
            kind="script",
            content=content,
            source_id=script_id,
            host_id=script.host_id,
            product_id=script.product_id,
            category=category,
            scenario=script.scenario,
        )
