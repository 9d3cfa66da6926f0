"""The real REST application on a real database with the demo in it; only the sockets and the worker are missing."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime

import httpx
import pytest
from fastapi import FastAPI

from backend.api.routes import mount
from backend.domain import events, rooms
from backend.fanout.displays import Displays
from backend.fanout.hub import Hub, Sources
from backend.fanout.model_health import ModelHealth
from backend.llm.accounts import CallRecord
from backend.llm.deadlines import Deadlines
from backend.llm.health import Health
from backend.llm.routed import RoutedModel
from backend.memory.embed import Embedder
from backend.quality.pii import mask_pii
from backend.quality.rulebooks import RuleBooks
from backend.runs.answers import Answers
from backend.runs.books import Books
from backend.runs.budgets import TenantBudgets
from backend.runs.tenant_models import TenantModels
from backend.services import Services
from backend.settings import Settings
from backend.storage.postgres import Database
from backend.storage.redis import Cache
from backend.telemetry.logging import configure_logging
from tests.support.databases import DatabaseFactory
from tests.support.model_servers import house, no_pause, server
from tests.support.routed_models import models_of, opened

__all__ = ["house", "no_pause", "server"]

PASSWORD = "cuedesk-demo"
SignIn = Callable[[str], Awaitable[httpx.AsyncClient]]


@pytest.fixture
def demo_url(databases: DatabaseFactory) -> Iterator[str]:
    with databases.fresh(template=databases.demo()) as url:
        yield url


@pytest.fixture(autouse=True)
def plain_log() -> None:
    # Outside a server structlog draws tracebacks with every local: seconds for each.
    configure_logging(level="warning", form="json")


@pytest.fixture
def models_text() -> str:
    """Which models there are: only the one that needs nothing. Tests that ask others say so."""
    return """
providers: {desk: {profile: offline}}
backends: {desk: {provider: desk, model: offline}}
routes: {default: {backends: [desk]}}
"""


@pytest.fixture
def own_addresses() -> list[str]:
    """Which addresses tenants may name for models of their own."""
    return []


@pytest.fixture
async def services(
    demo_url: str, redis_url: str, models_text: str, own_addresses: list[str]
) -> AsyncIterator[Services]:
    settings = Settings(_env_file=None, database_url=demo_url, redis_url=redis_url)
    async with (
        Database.open(demo_url, size=4, acquire_timeout=5) as db,
        Cache.open(redis_url) as cache,
        contextlib.AsyncExitStack() as stack,
    ):
        async with db.system() as conn:
            epoch = await conn.fetchval("SELECT system_epoch()")
        health, books = Health(asyncio.get_running_loop().time), Books(db, mask_pii)

        def note(record: CallRecord) -> None:
            health.take(record)
            books.take(record)

        await stack.enter_async_context(books.kept())
        budgets = TenantBudgets(db, cache, settings)
        await stack.enter_async_context(budgets.kept())
        model = RoutedModel(models_of(models_text), opened, Deadlines(), note, budgets)
        stack.push_async_callback(model.aclose)
        own_models = TenantModels(db, model, allowed=own_addresses, interval=60)
        await own_models.refresh()
        answers = Answers(db)
        await stack.enter_async_context(answers.kept())
        yield Services(
            settings=settings,
            db=db,
            redis=cache,
            secret=b"a secret of the tests, 32 bytes!",
            hub=Hub(demo_url, cache, _sources(db), poll_interval=0.2),
            displays=Displays(cache, ttl=7, now_ms=lambda: round(time.time() * 1000)),
            rules=RuleBooks(db),
            embedder=Embedder(),
            model=model,
            answers=answers,
            own_models=own_models,
            model_health=ModelHealth(cache, lambda: health.told(model.standings())),
            clock=lambda: datetime.now(UTC),
            epoch=lambda: epoch,
            worker_ready=None,
            draining=lambda: False,
        )


def _sources(db: Database) -> Sources:
    async def thread_events(tenant, thread, after, limit):
        async with db.tenant(tenant) as conn:
            return await events.read_stored(conn, thread, after, limit)

    async def thread_heads(ids):
        async with db.system() as conn:
            rows = await conn.fetch("SELECT thread_id, last_seq FROM system_thread_heads($1)", ids)
        return {row["thread_id"]: row["last_seq"] for row in rows}

    async def room_frame(tenant, room):
        async with db.tenant(tenant) as conn:
            return (await rooms.read_prompter(conn, room)).model_dump_json()

    async def nothing(*_):
        return {}

    async def none(*_):
        return []

    return Sources(thread_events, thread_heads, room_frame, nothing, none, nothing, none)


@pytest.fixture
def application(services: Services) -> FastAPI:
    app = FastAPI()
    mount(app)
    return app


@pytest.fixture
async def client(application: FastAPI, services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """Nobody yet."""
    async with _client(application, services) as nobody:
        yield nobody


@pytest.fixture
async def sign_in(application: FastAPI, services: Services) -> AsyncIterator[SignIn]:
    """Gives a client with the cookie of this e-mail address."""
    async with contextlib.AsyncExitStack() as stack:

        async def enter(email: str) -> httpx.AsyncClient:
            one = await stack.enter_async_context(_client(application, services))
            answer = await one.post("/api/v1/auth/login", json={"email": email, "password": PASSWORD})
            assert answer.status_code == 200, answer.text
            return one

        yield enter


@pytest.fixture
async def operator(sign_in: SignIn) -> httpx.AsyncClient:
    return await sign_in("xiaolin@demo.cuedesk")


@pytest.fixture
async def admin(sign_in: SignIn) -> httpx.AsyncClient:
    return await sign_in("admin@demo.cuedesk")


def _client(app: FastAPI, services: Services) -> httpx.AsyncClient:
    async def with_state(scope, receive, send) -> None:
        # What the lifespan of the real server puts there.
        scope["state"] = {"services": services}
        await app(scope, receive, send)

    transport = httpx.ASGITransport(app=with_state, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://desk.test")
