"""Two servers of models behind the real application, and those who ask it over a real socket."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import httpx
import openai
import pytest
from fastapi import FastAPI

from backend.api.routes import mount
from backend.llm.deadlines import Deadlines
from backend.llm.routed import RoutedModel
from backend.runs.answers import Answers
from backend.services import Services
from tests.api.conftest import PASSWORD
from tests.support.listening import listening
from tests.support.routed_models import models_of, opened
from tests.support.scripted_model import Script, ScriptedModel

ASK: dict[str, Any] = {"messages": [{"role": "system", "content": "简短"}, {"role": "user", "content": "你好"}]}
SCHEMA = {"type": "object", "properties": {"kind": {"enum": ["write", "chat"]}}, "required": ["kind"]}
OFFLINE = "providers: {d: {profile: offline}}\nbackends: {d: {provider: d, model: offline}}\n"
OFFLINE += "routes: {default: {backends: [d]}}\n"
DOWN = [Script("status", status=500)] * 3


@pytest.fixture
def primary(server: ScriptedModel, no_pause: None) -> ScriptedModel:
    return server


@pytest.fixture
def fallback(house: ScriptedModel) -> ScriptedModel:
    return house


@pytest.fixture
def models_text(primary: ScriptedModel, fallback: ScriptedModel) -> str:
    return f"""
providers:
  p: {{profile: compatible, base_url: '{primary.base_url}'}}
  f: {{profile: compatible, base_url: '{fallback.base_url}'}}
backends:
  primary: {{provider: p, model: first, prices: {{input: 1, output: 2}}}}
  fallback: {{provider: f, model: second}}
routes:
  # Nothing but hanging up ends what hangs within these tests.
  default: {{backends: [primary, fallback], deadlines: {{first_token: 300, idle: 300, answer: 300, total: 600}}}}
"""


def with_state(application: FastAPI, services: Services) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        scope["state"] = {"services": services}
        await application(scope, receive, send)

    return app


@pytest.fixture
async def address(application: FastAPI, services: Services) -> AsyncIterator[str]:
    async with listening(with_state(application, services)) as found:
        yield found


@pytest.fixture
async def elsewhere(address: str, services: Services, models_text: str) -> AsyncIterator[httpx.AsyncClient]:
    """The service at another process of ours: nothing is shared but the database and Redis."""
    model, answers = RoutedModel(models_of(models_text), opened, Deadlines(), lambda _: None), Answers(services.db)
    app = FastAPI()
    mount(app)
    other = with_state(app, replace(services, model=model, answers=answers))
    token = await token_of(address, "xiaolin@demo.cuedesk")
    async with answers.kept(), listening(other) as found:
        headers = {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(base_url=found, headers=headers, timeout=60) as client:
            yield client
    await model.aclose()


async def token_of(address: str, email: str) -> str:
    """What a service does: sign in once, and take a token whenever the last one ends."""
    async with httpx.AsyncClient(base_url=address) as client:
        login = await client.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})
        assert login.status_code == 200, login.text
        return str((await client.post("/api/v1/auth/token")).json()["access_token"])


@pytest.fixture
async def service(address: str) -> AsyncIterator[httpx.AsyncClient]:
    token = await token_of(address, "xiaolin@demo.cuedesk")
    async with httpx.AsyncClient(base_url=address, headers={"Authorization": f"Bearer {token}"}, timeout=60) as client:
        yield client


@pytest.fixture
async def sdk(address: str) -> AsyncIterator[openai.AsyncOpenAI]:
    token = await token_of(address, "xiaolin@demo.cuedesk")
    async with openai.AsyncOpenAI(api_key=token, base_url=f"{address}/v1", max_retries=0) as client:
        yield client


async def until_written(services: Services, tenant_id: UUID, calls: int) -> list[Any]:
    """Return the tenant's calls when there are so many: they are written a moment after they end."""
    async with asyncio.timeout(30):
        while True:
            async with services.db.tenant(tenant_id) as conn:
                rows = await conn.fetch("SELECT node, status, streamed, cost > 0 FROM llm_calls ORDER BY id")
            if len(rows) >= calls:
                return [tuple(row) for row in rows]
            await asyncio.sleep(0.05)


def events(text: str) -> list[tuple[str, Any]]:
    found = []
    for block in text.split("\n\n"):
        if block.startswith("event: "):
            name, data = block.split("\n", 1)
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found
