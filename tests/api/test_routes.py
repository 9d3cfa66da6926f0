"""The routes of the REST interface as FastAPI has them."""

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts

from backend.api.routes import mount


def test_what_endpoints_take_and_give_is_made_once_in_a_process() -> None:
    made = []
    for _ in range(2):
        app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        mount(app)
        # A plain route (what is left of /v1) has none: it takes nothing apart.
        routes = iter_route_contexts(app.routes)
        made.append([route.dependant for route in routes if hasattr(route, "dependant")])
    assert len(made[0]) > 100
    assert all(one is other for one, other in zip(*made, strict=True))
