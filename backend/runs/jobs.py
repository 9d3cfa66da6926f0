"""The jobs of the queue: to carry on with a run."""

from uuid import UUID

import orjson

from backend.storage import jobs
from backend.storage.postgres import Connection

RUN_JOB = "run"


async def enqueue_run(conn: Connection, tenant_id: UUID, run_id: UUID) -> None:
    """Queue the run in this transaction. A job too many does no harm: only one claim of a run succeeds."""
    await jobs.enqueue(conn, RUN_JOB, orjson.dumps({"tenant_id": str(tenant_id), "run_id": str(run_id)}))


def read_run_job(payload: bytes) -> tuple[UUID, UUID]:
    """Return tenant and run."""
    job = orjson.loads(payload)
    return UUID(job["tenant_id"]), UUID(job["run_id"])
