"""A tenant with a host, a room and two products; a model that says what the test tells it to; a desk to ask at."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from backend.domain.events import append
from backend.domain.hosts import create_host
from backend.domain.products import Point, create_product
from backend.domain.profiles import Profiles
from backend.domain.rooms import create_room
from backend.domain.threads import describe_thread
from backend.graph.build import GRAPH_VERSION, build, initial_state
from backend.graph.state import GraphContext
from backend.ids import new_id
from backend.llm.gateway import Answer, ModelRequest, Piece, Usage, gathered
from backend.memory.embed import Embedder
from backend.memory.learning import LEARN_JOB
from backend.protocol.events import AnyThreadEvent, MessageComplete, ThreadUpdated, Token
from backend.quality.rulebooks import RuleBooks
from backend.runs.worker import Worker
from backend.settings import Settings
from backend.storage.postgres import Database
from backend.storage.redis import Cache

GOOD = (
    "你有没有试过，早上灌好的热水，到了办公室一喝，已经凉透了？今天给大家看的这只青禾316保温杯，双层杯身，"
    "热水倒进去，手握着外壁也不烫。上班路上往包里一放，到了工位拧开就能喝。"
    "想看细节的，在公屏上打个杯字，我给你们拿近了看。觉得合适的，点下方小黄车的链接下单。"
)
BLOCKED = "这是国家级的保温杯，全网最好用的杯子，喝了能治疗胃病。"


class ScriptedModel:
    """Answers with the given texts, one after the other, in small pieces; keeps what it was asked."""

    name = "scripted"

    def __init__(self, texts: Sequence[str]) -> None:
        self.texts = list(texts)
        self.asked: list[ModelRequest] = []

    async def stream(self, request: ModelRequest) -> AsyncIterator[Piece]:
        self.asked.append(request)
        text = self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]
        for at in range(0, len(text), 9):
            yield Piece(text=text[at : at + 9])
        yield Piece(finish_reason="stop", usage=Usage(10, len(text), True))

    async def complete(self, request: ModelRequest) -> Answer:
        return await gathered(self.stream(request), request)

    async def aclose(self) -> None:
        return None


@dataclass
class Desk:
    """Does what the runner does: starts runs, stores their events and interrupts, resumes them."""

    db: Database
    tenant_id: UUID
    thread_id: UUID
    embedder: Embedder
    profiles: Profiles
    rules: RuleBooks
    host_id: UUID
    room_id: UUID
    cup: UUID
    snack: UUID
    model: ScriptedModel = field(default_factory=lambda: ScriptedModel([GOOD]))
    frames: list[Any] = field(default_factory=list)
    run_id: UUID = field(default_factory=new_id)
    state: dict[str, Any] = field(default_factory=dict)
    interrupts: list[Any] = field(default_factory=list)
    graph: Any = None
    #: What the claim of a run tells where an experiment runs.
    experimental: bool = False
    judge: Any = None
    reader: Any = None

    async def learn(self) -> None:
        """Do what the worker does with the jobs that publishing queued."""
        async with self.db.system() as conn:
            jobs = await conn.fetch("SELECT payload FROM pgqueuer WHERE entrypoint = $1", LEARN_JOB)
        assert jobs, "nothing was queued to be learned"
        parts: Any = None  # whatever learning does not use
        worker = Worker(Settings(_env_file=None), self.db, parts, parts, self.embedder)
        for job in jobs:
            await worker._on_learn(job["payload"])

    async def ask(self, content: str, **given: Any) -> None:
        """Send a message and let the run go until it ends or waits."""
        self.run_id, message_id = new_id(), new_id()
        self.graph = build().copy(update={"checkpointer": InMemorySaver()})
        async with self.db.tenant(self.tenant_id) as conn:
            await conn.execute(
                """INSERT INTO runs (id, thread_id, status, request, attempt, graph_version)
                   VALUES ($1, $2, 'running', $3, 1, $4)""",
                self.run_id, self.thread_id, {"content": content}, GRAPH_VERSION,
            )  # fmt: skip
            await self._message(conn, message_id, "user", None, content)
        request = {"content": content, "message_id": str(message_id), "author_name": "小林", **given}
        await self._go(initial_state(request, ""))

    async def decide(self, decision: str, **rest: Any) -> None:
        """Answer the waiting interrupt."""
        status = {"approve": "approved", "edit": "edited", "reject": "rejected", "expired": "expired"}[decision]
        answer = {"decision": decision, "by": None, "by_name": "阿敏", **rest}
        async with self.db.tenant(self.tenant_id) as conn:
            await conn.execute(
                "UPDATE interrupts SET status = $2, decision = $3 WHERE id = $1", self.interrupts[-1].id, status, answer
            )
        await self._go(Command(resume=answer))

    async def end(self) -> None:
        """The run is over: another may begin."""
        async with self.db.tenant(self.tenant_id) as conn:
            await conn.execute("UPDATE runs SET status = 'completed' WHERE id = $1", self.run_id)

    def said(self, kind: type) -> list[Any]:
        return [frame for frame in self.frames if isinstance(frame, kind)]

    @property
    def context(self) -> GraphContext:
        return GraphContext(
            tenant_id=self.tenant_id,
            thread_id=self.thread_id,
            run_id=self.run_id,
            attempt=1,
            requested_by=None,
            author_name="小林",
            db=self.db,
            model=self.model,
            rules=self.rules.current,
            embedder=self.embedder,
            profiles=self.profiles,
            say=self.frames.append,
            experimental=self.experimental,
            judge=self.judge,
            reader=self.reader,
        )

    async def _go(self, start: Any) -> None:
        self.frames = []
        config = {"configurable": {"thread_id": str(self.run_id)}}
        await self.graph.ainvoke(start, config, context=self.context, durability="sync")
        found = await self.graph.aget_state(config)
        self.state = found.values
        async with self.db.tenant(self.tenant_id) as conn:
            for frame in self.frames:
                await self._store(conn, frame)
            for waiting in found.interrupts:
                value = waiting.value
                self.interrupts.append(waiting)
                await conn.execute(
                    """INSERT INTO interrupts (id, thread_id, run_id, kind, action, params, allowed, expires_at)
                       VALUES ($1, $2, $3, $4, $5, $6, $7, now() + interval '30 minutes')""",
                    waiting.id, self.thread_id, self.run_id,
                    value["kind"], value["action"], value["params"], value["allowed"],
                )  # fmt: skip
        if not found.interrupts:
            await self.end()

    async def _store(self, conn: Any, frame: Any) -> None:
        if isinstance(frame, Token):
            return
        if isinstance(frame, MessageComplete):
            await self._message(conn, frame.message_id, frame.role, frame.agent, frame.content)
        if isinstance(frame, ThreadUpdated):
            names = ("title", "room_id", "product_id", "host_id")
            await describe_thread(conn, self.thread_id, {name: getattr(frame, name) for name in names})
        event: AnyThreadEvent = frame
        await append(conn, self.thread_id, [event], run_id=self.run_id, attempt=1)

    async def _message(self, conn: Any, id_: UUID, role: str, agent: str | None, content: str) -> None:
        await conn.execute(
            """INSERT INTO messages (id, thread_id, run_id, role, agent, content, status)
               VALUES ($1, $2, $3, $4, $5, $6, 'complete') ON CONFLICT (id) DO NOTHING""",
            id_, self.thread_id, self.run_id, role, agent, content,
        )  # fmt: skip


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return Embedder()


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url, size=3, acquire_timeout=5) as database:
        yield database


@pytest.fixture
async def tenant_id(database_url: str) -> UUID:
    import asyncpg

    owner = await asyncpg.connect(database_url)
    try:
        made: UUID = await owner.fetchval("INSERT INTO tenants (slug, name) VALUES ('qinghe', '青禾直播') RETURNING id")
        return made
    finally:
        await owner.close()


@pytest.fixture
async def profiles(redis_url: str) -> AsyncIterator[Profiles]:
    async with Cache.open(redis_url) as cache:
        yield Profiles(cache, most=1_000_000, ttl=60)


@pytest.fixture
async def desk(db: Database, tenant_id: UUID, embedder: Embedder, profiles: Profiles) -> Desk:
    async with db.tenant(tenant_id) as conn:
        host = await create_host(conn, name="小雅", voice="活泼亲切", pace=270)
        room = await create_room(conn, name="小雅的直播间", host_id=host.id)
        cup = await create_product(
            conn,
            name="青禾316保温杯",
            brand="青禾",
            category="水杯水壶",
            aliases=["保温杯"],
            price=Decimal(89),
            points=[Point("双层杯身", "外壁不烫手")],
            facts={"容量": "500毫升"},
        )
        snack = await create_product(
            conn, name="卫龙辣条", brand="卫龙", category="休闲零食", aliases=["辣条"], price=Decimal("19.9")
        )
        thread_id = new_id()
        await conn.execute("INSERT INTO threads (id, graph_version) VALUES ($1, $2)", thread_id, GRAPH_VERSION)
    return Desk(db, tenant_id, thread_id, embedder, profiles, RuleBooks(db), host.id, room.id, cup.id, snack.id)
