"""All REST routes, and the document that describes them."""

from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from backend.api import (
    audit,
    auth,
    chat_completions,
    checkpoints,
    direct,
    experiments,
    generate,
    health,
    hosts,
    interrupts,
    memory,
    messages,
    model_calls,
    models,
    own_models,
    products,
    quality,
    retention,
    rooms,
    rules,
    scripts,
    shows,
    skills,
    tenant,
    threads,
)
from backend.api.errors import RESPONSES, register
from backend.api.limits import BodyLimit
from backend.api.traces import Traces

PREFIX: Final = "/api/v1"
TITLE: Final = "Cuedesk"
VERSION: Final = "1"
DESCRIPTION: Final = (
    "The script desk of a live-commerce team. Sign in with `POST /api/v1/auth/login` (cookie), or take a bearer token "
    "from `POST /api/v1/auth/token`. Errors are RFC 9457 problem details with a stable `code`; a POST with an "
    "`Idempotency-Key` is carried out once. What happens live goes over the socket at `/ws` (docs/asyncapi.json)."
)

_RESOURCES: Final = (
    auth,
    checkpoints,
    threads,
    messages,
    model_calls,
    interrupts,
    scripts,
    hosts,
    products,
    rooms,
    shows,
    skills,
    experiments,
    memory,
    quality,
    rules,
    retention,
    generate,
    direct,
    models,
    own_models,
    audit,
    tenant,
    health,
)


def _operation_id(route: APIRoute) -> str:
    return route.name


def router() -> APIRouter:
    """Return every resource under `/api/v1`."""
    api = APIRouter(prefix=PREFIX, responses=RESPONSES, generate_unique_id_function=_operation_id)
    for resource in _RESOURCES:
        api.include_router(resource.router)
    return api


def mount(app: FastAPI) -> None:
    """Put the REST interface on `app`: routes, metrics, the answers to errors and the limit of bodies.

    Endpoints find the open parts as `request.state.services`, which the lifespan must provide.
    """
    app.include_router(router())
    app.include_router(health.metrics_router)
    app.include_router(chat_completions.router)
    register(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(Traces)


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document; nothing needs to be open for it."""
    app = FastAPI(title=TITLE, version=VERSION, description=DESCRIPTION)
    mount(app)
    return app.openapi()
