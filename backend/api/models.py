"""The language models: what is declared, what serves what, and how each backend has been doing over all processes."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, Field

from backend.api.auth import Parts, allow
from backend.domain.people import Identity
from backend.llm.backends import OpenBackend
from backend.llm.gateway import PURPOSES
from backend.llm.health import WINDOW, BackendHealth, added_up

router = APIRouter(prefix="/models", tags=["models"])

ModelReader = Annotated[Identity, Depends(allow("model.read"))]
BreakerState = Literal["closed", "half_open", "open"]


class Milliseconds(BaseModel):
    """Half, and 95 of 100, took no longer; null when nothing was counted. Read from ranges: a fifth off at most."""

    p50: int | None
    p95: int | None


class BackendView(BaseModel):
    """A model of a provider, and how it has been doing in the last `window_seconds`.

    `state` is the gravest of all processes': `closed` (it is asked), `half_open` (one call finds out), `open` (it is
    left alone, `rests_for_ms` more); `states` counts the processes. `failed` counts attempts by reason; retries and
    fallbacks may have hidden them from people. Latencies are of calls that the first attempt answered.
    """

    name: str = Field(description="Those of your own begin with `own/`.")
    provider: str
    profile: str
    model: str
    state: BreakerState
    states: dict[BreakerState, int]
    rests_for_ms: int
    answered: int
    failed: dict[str, int]
    error_rate: float | None
    first_token_ms: Milliseconds
    total_ms: Milliseconds


class RouteView(BaseModel):
    """What serves a purpose: the first backend, then those that are asked when it fails. Empty: nothing does."""

    purpose: str
    backends: list[str]


class Models(BaseModel):
    """Routes and backends. `processes` told of themselves; `complete` is false when only one could be asked (no Redis).

    Backends are shared by all tenants, so the figures are of everybody's calls; of the calls that routes of a tenant's
    own made, that tenant sees its own.
    """

    routes: list[RouteView]
    backends: list[BackendView]
    processes: int
    complete: bool
    window_seconds: int = Field(description="How far back the figures reach.")


@router.get("")
async def read_models(identity: ModelReader, services: Parts, response: Response) -> Models:
    """Tell which models there are and how they are."""
    told, complete = await services.model_health.read()
    health = added_up(told, identity.tenant_id)
    response.headers["Cache-Control"] = "no-store"
    backends = services.model.backends(identity.tenant_id)
    return Models(
        routes=[
            RouteView(purpose=purpose, backends=services.model.route(purpose, identity.tenant_id))
            for purpose in PURPOSES
        ],
        backends=[_view(one, health[one.key]) for one in backends if one.key in health],
        processes=len(told),
        complete=complete,
        window_seconds=int(WINDOW),
    )


def _view(backend: OpenBackend, health: BackendHealth) -> BackendView:
    return BackendView(
        name=backend.name,
        provider=backend.declared.provider,
        profile=backend.provider.profile,
        model=backend.declared.model,
        state=health.state,
        states=dict(health.states),
        rests_for_ms=health.rests_for_ms,
        answered=health.answered,
        failed=dict(health.failed),
        error_rate=health.error_rate,
        first_token_ms=Milliseconds(p50=health.first_token.p50, p95=health.first_token.p95),
        total_ms=Milliseconds(p50=health.total.p50, p95=health.total.p95),
    )
