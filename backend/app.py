"""The composition root: opens every part in order, hands them over, closes them in reverse."""

import asyncio
import contextlib
import os
import secrets
import stat
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypedDict
from uuid import UUID

import structlog
from fastapi import FastAPI
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from backend.api import routes
from backend.domain import events, founding, rooms, threads
from backend.domain.demo import demo_logins, demo_password, seed_demo
from backend.domain.epochs import EpochWatch
from backend.domain.profiles import Profiles
from backend.errors import DataDirUnwritable, SetupError
from backend.evaluation import run as evaluation
from backend.evaluation.cases import Sets
from backend.evaluation.report import Result
from backend.fanout.displays import Displays
from backend.fanout.hub import Hub, Sources
from backend.fanout.live_text import LiveTexts
from backend.fanout.model_health import ModelHealth
from backend.fanout.presence import Presence
from backend.graph.build import build
from backend.graph.intent import reading
from backend.llm.accounts import Book, CallRecord
from backend.llm.adapters.anthropic import AnthropicDialect
from backend.llm.adapters.langchain import open_langchain
from backend.llm.adapters.offline.writer import OfflineWriter
from backend.llm.adapters.openai_compatible import OpenAIDialect
from backend.llm.budget import Budgets
from backend.llm.declared import deadlines_of, declared_models, following, lines_told
from backend.llm.endpoint import Endpoint
from backend.llm.exchange import HttpEndpoint
from backend.llm.health import Health
from backend.llm.lines import trusted
from backend.llm.models_file import Backend, ModelsFile, Provider, profile_of
from backend.llm.own_models import allowed_addresses
from backend.llm.routed import RoutedModel
from backend.llm.spans import span_of
from backend.llm.trying import Tried, tried
from backend.memory.embed import Embedder
from backend.quality.layering import plain
from backend.quality.pii import mask_pii
from backend.quality.rulebooks import RuleBooks
from backend.runs.answers import Answers
from backend.runs.books import Books
from backend.runs.budgets import TenantBudgets
from backend.runs.lease import Leases
from backend.runs.retention import Sweeper
from backend.runs.runner import Runner, RunnerParts
from backend.runs.tenant_models import TenantModels
from backend.runs.worker import Worker, worker_name
from backend.services import Services
from backend.settings import Settings
from backend.storage.checkpoints import create_tables, open_checkpoints
from backend.storage.clock import DatabaseClock
from backend.storage.embedded import embedded_postgres, embedded_valkey
from backend.storage.migrate import upgrade
from backend.storage.postgres import Database, as_owner
from backend.storage.redis import Cache
from backend.telemetry.logging import configure_logging, current_trace
from backend.telemetry.spans import spans_wanted
from backend.telemetry.watchdog import watched_loop
from backend.transport import server
from backend.transport.desk_socket import DeskSockets
from backend.transport.static import static_files

log = structlog.get_logger(__name__)

_FOREIGN_TRACES: Final = (
    "LANGSMITH_TRACING",
    "LANGSMITH_TRACING_V2",
    "LANGCHAIN_TRACING",
    "LANGCHAIN_TRACING_V2",
    "FASTAPI_OTEL_AUTO_CONFIGURE",
)


#: Seconds after the drain for calls of a model that somebody waits for. The server gives its requests three.
_LAST_CALLS: Final = 1.5


class State(TypedDict):
    """What a request finds in `request.state`."""

    services: Services


@dataclass(frozen=True)
class Addresses:
    """Where PostgreSQL and Redis are."""

    database: str
    redis: str


async def serve(settings: Settings, *, worker: bool) -> None:
    """Run the gateway (and, by default, a worker) until SIGTERM or Ctrl-C.

    Raises:
        SetupError, StorageUnavailable: it cannot start; the message says what to do.
    """
    _prepare(settings)
    models = declared_models(settings)
    listener = server.bind(settings)  # before anything else is started: a taken port is the commonest surprise
    async with contextlib.AsyncExitStack() as stack:
        stack.callback(listener.close)
        addresses = await _addresses(stack, settings)
        await _bring_up_to_date(settings, addresses)
        parts = await _open(stack, settings, addresses, models, worker=worker)
        # Half a second of signatures and schemas: the worker beside it may have taken runs already.
        application = await asyncio.to_thread(_application, parts)
        greet = await asyncio.to_thread(_greet, settings)
        await server.serve(
            server.letting_go(application, parts.services.draining),
            settings,
            on_drain=parts.drain,
            on_ready=greet,
            listener=listener,
        )


async def work(settings: Settings) -> None:
    """Run a worker until SIGTERM or Ctrl-C."""
    _prepare(settings)
    models = declared_models(settings)
    async with contextlib.AsyncExitStack() as stack:
        addresses = await _addresses(stack, settings)
        await _bring_up_to_date(settings, addresses)
        await _open(stack, settings, addresses, models, worker=True)
        log.info("worker_started", worker=worker_name())
        await server.until_told()


async def migrate(settings: Settings) -> None:
    """Bring the database to this version's schema."""
    _prepare(settings)
    async with contextlib.AsyncExitStack() as stack:
        addresses = await _addresses(stack, settings)
        await _migrate(addresses)


async def seed(settings: Settings) -> None:
    """Make the demo tenant, once."""
    _prepare(settings)
    async with contextlib.AsyncExitStack() as stack:
        addresses = await _addresses(stack, settings)
        await _migrate(addresses)
        await _seed(addresses)


async def check_models(settings: Settings) -> AsyncIterator[Tried]:
    """Ask every backend that is declared once, and tell of each as soon as it is known."""
    _prepare(settings)
    model = _model(settings, declared_models(settings), lambda _: None)
    try:
        async for one in tried(model.backends(), deadlines_of(settings)):
            yield one
    finally:
        await model.aclose()


async def create_admin(
    settings: Settings, *, tenant: str, tenant_name: str, email: str, name: str, password: str
) -> bool:
    """Give a tenant its (first) admin; False when it has this one already."""
    _prepare(settings)
    async with contextlib.AsyncExitStack() as stack:
        addresses = await _addresses(stack, settings)
        await _migrate(addresses)
        async with as_owner(addresses.database) as conn:
            return await founding.add_admin(
                conn, tenant=tenant, tenant_name=tenant_name, email=email, name=name, password=password
            )


async def evaluate(settings: Settings, sets: Sets, *, tier: str) -> Result:
    """Run sets of cases. Nothing of the database that is set up is read or written.

    Raises:
        SetupError: the model is to be asked, and none is set up.
    """
    _prepare(settings)
    await asyncio.to_thread(reading.load)
    model = _model(settings, declared_models(settings), lambda _: None)
    if tier == "model" and not model.serves("intent"):
        raise SetupError("没有配置模型，设置 CUEDESK_LLM_BASE_URL / no model is set up: set CUEDESK_LLM_BASE_URL")
    try:
        reader = evaluation.reader_of(tier, model)
        judge = model if tier == "model" else None
        return await evaluation.evaluate(sets, tier=tier, reader=reader, place=_throwaway, judge=judge)
    finally:
        await model.aclose()


@contextlib.asynccontextmanager
async def _throwaway() -> AsyncIterator[tuple[Database, UUID]]:
    """A database of one tenant that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="cuedesk-eval-") as folder:
        async with embedded_postgres(Path(folder), fsync=False) as server:
            await asyncio.to_thread(upgrade, server.owner_url)
            async with as_owner(server.owner_url) as conn:
                tenant: UUID = await conn.fetchval(
                    "INSERT INTO tenants (slug, name) VALUES ('eval', 'eval') RETURNING id"
                )
            async with Database.open(server.owner_url, size=2, acquire_timeout=10) as db:
                yield db, tenant


@dataclass(frozen=True)
class _Parts:
    services: Services
    sockets: DeskSockets
    drain: Callable[[], Awaitable[None]]


class _Going:
    """Whether this process is on its way out."""

    def __init__(self) -> None:
        self.down = False


def _prepare(settings: Settings) -> None:
    configure_logging(level=settings.log_level, form=settings.log_format, mask=mask_pii)
    # LangGraph would send whole states, unmasked, to a service of its makers if the shell we come from says so; FastAPI
    # what it logs, unmasked too, to the collector.
    os.environ.update(dict.fromkeys(_FOREIGN_TRACES, "false"))


async def _addresses(stack: contextlib.AsyncExitStack, settings: Settings) -> Addresses:
    database, redis = settings.database_url, settings.redis_url
    if database is None:
        running = embedded_postgres(settings.data_dir, fsync=settings.embedded_fsync)
        database = (await stack.enter_async_context(running)).owner_url
    if redis is None:
        redis = await stack.enter_async_context(embedded_valkey(settings.data_dir, fsync=settings.embedded_fsync))
    return Addresses(database, redis)


async def _bring_up_to_date(settings: Settings, addresses: Addresses) -> None:
    await _migrate(addresses)
    if settings.seed_demo:
        await _seed(addresses)


async def _seed(addresses: Addresses) -> None:
    async with as_owner(addresses.database) as conn:
        await seed_demo(conn)


async def _migrate(addresses: Addresses) -> None:
    await asyncio.to_thread(upgrade, addresses.database)
    await create_tables(addresses.database)


async def _open(
    stack: contextlib.AsyncExitStack, settings: Settings, addresses: Addresses, models: ModelsFile, *, worker: bool
) -> _Parts:
    """Open the gateway, and if wanted a worker."""
    going = _Going()
    enter = stack.enter_async_context
    await enter(watched_loop(settings.loop_block_warning))
    db = await enter(
        Database.open(addresses.database, size=settings.database_pool, acquire_timeout=settings.acquire_timeout)
    )
    cache = await enter(Cache.open(addresses.redis))
    clock = DatabaseClock(db)
    await enter(clock.kept())
    await asyncio.to_thread(plain, None)  # wrong rules of ours: better no server than one that lets everything pass
    rules = RuleBooks(db, kept=settings.rules_kept)
    await enter(rules.following())
    embedder = Embedder()
    hub = Hub(addresses.database, cache, _sources(db), poll_interval=settings.poll_interval)
    hub.on_rules = rules.on_saved
    profiles = Profiles(cache, most=settings.profiles_kept, ttl=settings.profiles_ttl)
    hub.on_catalogue = profiles.forget
    await enter(hub.running())
    model, model_health = await _open_model(stack, settings, db, cache, models)
    allowed = allowed_addresses(settings.tenant_model_urls)
    own_models = TenantModels(db, model, allowed=allowed, interval=settings.models_interval)
    await enter(own_models.following())
    hub.on_models = own_models.on_saved
    answers = Answers(db)
    await enter(answers.kept())
    working = None
    if worker:
        working = await _open_worker(stack, settings, addresses, db, cache, rules, embedder, profiles, model)
    epoch = EpochWatch(db)
    displays = Displays(cache, ttl=settings.display_ttl, now_ms=lambda: round(clock.now().timestamp() * 1000))
    await enter(displays.running())
    services = Services(
        settings=settings,
        db=db,
        redis=cache,
        secret=_secret(settings),
        hub=hub,
        displays=displays,
        rules=rules,
        embedder=embedder,
        model=model,
        answers=answers,
        model_health=model_health,
        own_models=own_models,
        clock=clock.now,
        epoch=lambda: epoch.current,
        worker_ready=(lambda: working.ready) if working is not None else None,
        draining=lambda: going.down,
    )
    presence = Presence(cache, ttl=settings.presence_ttl)
    await stack.enter_async_context(presence.running())
    sockets = DeskSockets(services, presence)
    await enter(sockets.kept())

    def start_over() -> None:
        hub.renumber()
        sockets.start_over()

    await enter(epoch.watching(start_over))

    async def drain() -> None:
        going.down = True
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(sockets.drain(min(settings.drain_spread, settings.drain_timeout * 0.7)))
                if working is not None:
                    tasks.create_task(working.drain())
        finally:
            asyncio.get_running_loop().call_later(_LAST_CALLS, services.ending.set)

    return _Parts(services, sockets, drain)


async def _open_model(
    stack: contextlib.AsyncExitStack, settings: Settings, db: Database, cache: Cache, models: ModelsFile
) -> tuple[RoutedModel, ModelHealth]:
    """Open the models of this process: the worker's, and those that are asked directly."""
    enter = stack.enter_async_context
    books = Books(db, mask_pii)
    await enter(books.kept())
    health = Health(asyncio.get_running_loop().time)

    spans = None
    if spans_wanted(settings):
        from backend.telemetry.otlp import Spans  # here, because the SDK takes its time to load

        spans = Spans(settings)
        await enter(spans.kept())

    def note(record: CallRecord) -> None:
        health.take(record)
        books.take(record)
        if spans is not None:
            spans.take(span_of(record), current_trace())

    budgets = TenantBudgets(db, cache, settings)
    await enter(budgets.kept())
    with contextlib.suppress(OSError):  # whoever needs it is told
        await asyncio.to_thread(trusted)  # beside the loop: it stands still for it else, when a tenant saves its models
    model = _model(settings, models, note, budgets)
    stack.push_async_callback(model.aclose)
    await enter(following(settings, model))
    shared = ModelHealth(cache, lambda: health.told(model.standings()))
    await enter(shared.running())
    return model, shared


async def _open_worker(
    stack: contextlib.AsyncExitStack,
    settings: Settings,
    addresses: Addresses,
    db: Database,
    cache: Cache,
    rules: RuleBooks,
    embedder: Embedder,
    profiles: Profiles,
    model: RoutedModel,
) -> Worker:
    enter = stack.enter_async_context
    checkpoints = await enter(
        open_checkpoints(addresses.database, size=settings.database_pool, acquire_timeout=settings.lease_self_cancel)
    )
    texts = LiveTexts(cache, window_ms=settings.token_window_ms, ttl=settings.token_tail_ttl)
    await enter(texts.pumping())
    leases = Leases(await enter(db.reserved()), settings)
    await asyncio.to_thread(reading.load)
    runner = Runner(
        RunnerParts(
            settings=settings,
            db=db,
            checkpoints=checkpoints,
            texts=texts,
            leases=leases,
            graph=build(),
            model=model,
            rules=rules,
            embedder=embedder,
            profiles=profiles,
            worker=worker_name(),
            reader=model,
            judge=model if settings.llm_judge else None,
            serves=model.serves,
        )
    )

    def writes_summaries(tenant_id: UUID) -> RoutedModel | None:
        return model if model.serves("summary", tenant_id) else None

    worker = Worker(settings, db, runner, leases, embedder, reader=writes_summaries)
    await enter(worker.running())
    await enter(Sweeper(settings, db).running())
    return worker


def _model(settings: Settings, models: ModelsFile, book: Book, budgets: Budgets | None = None) -> RoutedModel:
    def opened(provider: Provider, backend: Backend) -> Endpoint:
        profile = profile_of(provider, backend)
        if profile.dialect == "offline":
            return OfflineWriter(pace=settings.offline_pace)
        if profile.dialect == "langchain":
            return open_langchain(backend.model, says_end=provider.says_end)
        base_url = provider.base_url or profile.base_url
        assert base_url is not None, "the file was checked"
        return HttpEndpoint(
            AnthropicDialect() if profile.dialect == "anthropic" else OpenAIDialect(),
            profile,
            base_url=base_url,
            api_key=provider.api_key.get_secret_value() if provider.api_key else None,
            model=backend.model,
        )

    with lines_told(settings):
        return RoutedModel(models, opened, deadlines_of(settings), book, budgets)


def _sources(db: Database) -> Sources:
    async def thread_events(tenant: UUID, thread: UUID, after: int, limit: int) -> list[events.StoredEvent]:
        async with db.tenant(tenant) as conn:
            return await events.read_stored(conn, thread, after, limit)

    async def thread_heads(ids: list[UUID]) -> dict[UUID, int]:
        async with db.system() as conn:
            rows = await conn.fetch("SELECT * FROM system_thread_heads($1)", ids)
        return {row["thread_id"]: row["last_seq"] for row in rows}

    async def room_frame(tenant: UUID, room: UUID) -> str:
        async with db.tenant(tenant) as conn:
            return (await rooms.read_prompter(conn, room)).model_dump_json()

    async def room_marks(ids: list[UUID]) -> dict[UUID, Any]:
        async with db.system() as conn:
            rows = await conn.fetch("SELECT * FROM system_room_marks($1)", ids)
        return {row["room_id"]: tuple(row.values()) for row in rows}

    async def approvals(tenant: UUID, seconds: float) -> list[tuple[UUID, events.StoredEvent]]:
        async with db.tenant(tenant) as conn:
            return await events.read_interrupt_events(conn, seconds)

    async def thread_moves(tenant: UUID, seconds: float) -> dict[UUID, int]:
        async with db.tenant(tenant) as conn:
            return await threads.read_moves(conn, seconds)

    async def thread_rows(tenant: UUID, ids: list[UUID]) -> list[threads.RowInList]:
        async with db.tenant(tenant) as conn:
            return await threads.read_rows(conn, ids)

    return Sources(thread_events, thread_heads, room_frame, room_marks, approvals, thread_moves, thread_rows)


def _application(parts: _Parts) -> FastAPI:
    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[State]:
        yield {"services": parts.services}

    async def ws(socket: WebSocket) -> None:
        await parts.sockets.endpoint(socket)

    app = FastAPI(
        title=routes.TITLE,
        version=routes.VERSION,
        description=routes.DESCRIPTION,
        lifespan=lifespan,
        routes=[WebSocketRoute("/ws", ws)],
        openapi_url="/api/v1/openapi.json",
        # The viewer at /docs is a page of our build: FastAPI's own loads its scripts from a public address.
        docs_url=None,
        redoc_url=None,
    )
    routes.mount(app)
    app.mount("/", static_files(parts.services.settings.static_dir))
    return app


def _greet(settings: Settings) -> Callable[[str], None]:
    demo = ""
    if settings.seed_demo and settings.log_format == "console":
        logins = "\n".join(f"    {tenant} · {role:<9} {email}" for tenant, role, email in demo_logins())
        demo = f"  演示账号 / demo logins (密码 / password: {demo_password()})\n{logins}\n"

    def greet(address: str) -> None:
        log.info("ready", address=address)
        if demo:
            print(f"\n  Cuedesk  {address}\n\n{demo}", flush=True)

    return greet


def _secret(settings: Settings) -> bytes:
    """Return the key that signs access tokens: the one set, else one made once and kept beside the data."""
    if settings.secret_key is not None:
        return settings.secret_key.get_secret_value().encode()
    path: Path = settings.data_dir / "secret"
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.touch(mode=stat.S_IRUSR | stat.S_IWUSR)
            path.write_text(secrets.token_urlsafe(48))
        return path.read_text().strip().encode()
    except OSError as error:
        raise DataDirUnwritable(
            f"数据目录不可写：{settings.data_dir}，请检查权限或设置 CUEDESK_DATA_DIR / "
            f"the data folder cannot be written: {error.strerror}"
        ) from error
