"""The jobs of the queue: to carry on with a run, and to let a held script go on air."""

from uuid import UUID

import orjson

from backend.storage import jobs
from backend.storage.postgres import Connection

RUN_JOB = "run"
ON_AIR_JOB = "on_air"


async def enqueue_run(conn: Connection, tenant_id: UUID, run_id: UUID) -> None:
    """Queue the run in this transaction. A job too many does no harm: only one claim of a run succeeds."""
    await jobs.enqueue(conn, RUN_JOB, orjson.dumps({"tenant_id": str(tenant_id), "run_id": str(run_id)}))


def read_run_job(payload: bytes) -> tuple[UUID, UUID]:
    """Return tenant and run."""
    job = orjson.loads(payload)
    return UUID(job["tenant_id"]), UUID(job["run_id"])


async def enqueue_on_air(conn: Connection, tenant_id: UUID, interrupt_id: str, after: float) -> None:
    """Queue, in this transaction, a look at a held script after so many seconds; the clock's sweep covers its loss."""
    payload = orjson.dumps({"tenant_id": str(tenant_id), "interrupt_id": interrupt_id})
    await jobs.enqueue(conn, ON_AIR_JOB, payload, after=after)


def read_on_air_job(payload: bytes) -> tuple[UUID, str]:
    """Return tenant and interrupt."""
    job = orjson.loads(payload)
    return UUID(job["tenant_id"]), str(job["interrupt_id"])
