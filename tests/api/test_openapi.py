"""The document says what the server does: schemathesis asks everything it describes."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import schemathesis
import uvicorn
from fastapi import FastAPI
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from backend.api.routes import openapi
from backend.services import Services

#: Ending the session would turn every later answer into a 401; the streams wait for a worker that is not there.
LEFT_OUT = {"log_out", "generate", "generate_stream", "generate_stream_get"}

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]


def test_every_operation_has_a_name_a_sentence_and_a_declared_problem():
    names = []
    for path, methods in openapi()["paths"].items():
        for method, operation in methods.items():
            names.append(operation["operationId"])
            assert operation["description"], (method, path)
            assert "application/problem+json" in operation["responses"]["default"]["content"], (method, path)
            assert "422" not in operation["responses"], (method, path)
    assert len(names) == len(set(names))
    assert len(names) >= 35


def test_the_document_is_the_same_each_time():
    assert openapi() == openapi()


async def test_nothing_the_document_allows_makes_the_server_fail(
    services: Services, application: FastAPI, operator: httpx.AsyncClient
):
    cookies = dict(operator.cookies)
    schema = schemathesis.openapi.from_dict(openapi())
    asked: dict[str, set[int]] = {}

    async def with_state(scope, receive, send) -> None:
        scope["state"] = {"services": services}
        await application(scope, receive, send)

    def explore(base_url: str) -> None:
        for result in schema.get_all_operations():
            operation = result.ok()
            name = operation.definition.raw["operationId"]
            if name not in LEFT_OUT:
                asked[name] = explore_one(operation, base_url, cookies)

    with listening() as listener:
        server = uvicorn.Server(uvicorn.Config(with_state, log_config=None, lifespan="off"))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            await asyncio.to_thread(explore, f"http://127.0.0.1:{listener.getsockname()[1]}")
        finally:
            server.should_exit = True
            await serving
    assert len(asked) >= 30
    # Signed in, and not refused at the door each time: most operations were really carried out.
    assert sum(any(status < 300 for status in statuses) for statuses in asked.values()) >= 12, asked


def explore_one(operation: APIOperation, base_url: str, cookies: dict[str, str]) -> set[int]:
    """Ask one operation a few things that its description allows; give the statuses that came back."""
    statuses: set[int] = set()

    @settings(
        max_examples=5,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: schemathesis.Case) -> None:
        answer = case.call(base_url=base_url, cookies=cookies, timeout=10)
        statuses.add(answer.status_code)
        case.validate_response(answer, checks=CHECKS)

    ask()
    return statuses


@contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener
