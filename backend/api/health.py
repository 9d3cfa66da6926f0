"""Is the server alive, can it work, and its numbers. No sign-in: only names of parts are told."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel

from backend.api.auth import Parts
from backend.errors import AppError
from backend.services import Services
from backend.telemetry import metrics

router = APIRouter(prefix="/health", tags=["health"])
metrics_router = APIRouter(tags=["health"])


class Live(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Ready(BaseModel):
    """Whether it can work.

    `degraded`: everything is done, but text appears at once instead of growing (Redis), requests wait for another
    process to carry them out (worker), or the file of models cannot be used and the one before it holds (models,
    `stale`). `unavailable`: send no requests here.
    """

    status: Literal["ok", "degraded", "unavailable"]
    parts: dict[str, Literal["ok", "down", "elsewhere", "draining", "stale"]]


@router.get("/live")
async def read_live() -> Live:
    """Tell that the process answers."""
    return Live()


@router.get("/ready", responses={503: {"model": Ready, "description": "Send no requests here."}})
async def read_ready(services: Parts, response: Response) -> Ready:
    """Tell which parts are well; 503 when the server cannot work without one that is not."""
    working = services.worker_ready() if services.worker_ready else None
    parts: dict[str, Literal["ok", "down", "elsewhere", "draining", "stale"]] = {
        "database": "ok" if await _database_answers(services) else "down",
        "redis": "ok" if await _redis_answers(services) else "down",
        "worker": "elsewhere" if working is None else "ok" if working else "down",
        "server": "draining" if services.draining() else "ok",
        "models": "stale" if services.model.stale else "ok",
    }
    response.headers["Cache-Control"] = "no-store"
    if parts["database"] == "down" or parts["server"] == "draining":
        response.status_code = 503
        return Ready(status="unavailable", parts=parts)
    return Ready(status="degraded" if {"down", "stale"} & set(parts.values()) else "ok", parts=parts)


async def _database_answers(services: Services) -> bool:
    try:
        async with services.db.system() as conn:
            return bool(await conn.fetchval("SELECT true"))
    except (AppError, TimeoutError):
        return False


async def _redis_answers(services: Services) -> bool:
    # Asked even while the breaker is open: a probe is how one learns that Redis is back.
    return await services.redis.attempt(services.redis.client.ping()) is True


@metrics_router.get("/metrics", include_in_schema=False)
async def read_metrics() -> Response:
    """Give the numbers in Prometheus' text format."""
    return Response(metrics.render(), media_type=metrics.CONTENT_TYPE)
