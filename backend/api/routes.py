"""All REST routes, and the document that describes them."""

import functools
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute

from backend.api import (
    airings,
    api_keys,
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
    model_accounts,
    model_calls,
    models,
    own_models,
    pairing,
    products,
    quality,
    retention,
    rooms,
    rules,
    rundowns,
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
    "from `POST /api/v1/auth/token`; a service sends its API key as the bearer. Errors are RFC 9457 problem details "
    "with a stable `code`; a POST with an `Idempotency-Key` is carried out once. What happens live goes over the "
    "socket at `/ws` (docs/asyncapi.json)."
)

_RESOURCES: Final = (
    auth,
    checkpoints,
    airings,
    threads,
    messages,
    model_accounts,
    model_calls,
    interrupts,
    scripts,
    hosts,
    products,
    rooms,
    rundowns,
    pairing,
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
    api_keys,
    health,
)


def _operation_id(route: APIRoute) -> str:
    return route.name


@functools.cache
def resources() -> tuple[BaseRoute, ...]:
    """Return every resource under `/api/v1`, and the metrics: made once in a process, and made whole.

    FastAPI would make what an endpoint takes and gives at the first request, half a second of the loop's time, and
    once more for each router between a resource and the application.
    """
    api = APIRouter()
    for resource in _RESOURCES:
        api.include_router(
            resource.router, prefix=PREFIX, responses=RESPONSES, generate_unique_id_function=_operation_id
        )
    api.include_router(health.metrics_router)
    api.include_router(chat_completions.router)
    for _ in iter_route_contexts(api.routes):
        pass
    return (*api.routes, *chat_completions.REST)


def mount(app: FastAPI) -> None:
    """Put the REST interface on `app`: routes, metrics, the answers to errors and the limit of bodies.

    Endpoints find the open parts as `request.state.services`, which the lifespan must provide.
    """
    app.router.routes.extend(resources())
    register(app)
    app.add_middleware(BodyLimit)
    app.add_middleware(Traces)


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document; nothing needs to be open for it."""
    app = FastAPI(title=TITLE, version=VERSION, description=DESCRIPTION)
    mount(app)
    return app.openapi()
