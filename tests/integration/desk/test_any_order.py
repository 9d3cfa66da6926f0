"""The moves of `tests/unit/test_following.py` on real servers: a gateway process, PostgreSQL, Valkey and sockets.

The test itself is the worker: it writes the log and the text under way with the server's own functions, so that it can
stop, crash and begin again at any moment. Fewer moves than in the simulated world, but nothing between them is made up.
"""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from backend.domain import events
from backend.fanout.live_text import LiveText, LiveTexts
from backend.fanout.topics import text_key
from backend.ids import new_id
from backend.protocol.events import MessageComplete, MessageStarted, RunChanged, ThreadEvent
from backend.storage.postgres import Database
from backend.storage.redis import Cache
from tests.support.desk_client import OPERATOR, Rest
from tests.support.event_samples import sample
from tests.support.processes import ServerProcess
from tests.support.reference_client import ReferenceClient
from tests.support.world import PIECES

MOVES = ("write",) * 8 + ("fact",) * 3 + ("drop", "again", "crash", "finish", "cancel", "forget", "burst", "twice")
LIMIT = 40


@pytest.fixture(scope="module")
def gateway(
    module_database_url: str, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """A gateway without a worker, with a low limit for the way by the snapshot."""
    settings = {"database_url": module_database_url, "redis_url": module_redis_url, "resync_limit": LIMIT}
    folder: Path = tmp_path_factory.mktemp("gateway")
    with ServerProcess(folder, settings, command=("serve", "--no-worker")).start() as server:
        yield server.wait_healthy()


@dataclass
class Worker:
    """Writes one thread as a worker does, and can stop anywhere."""

    db: Database
    cache: Cache
    texts: LiveTexts
    tenant: UUID
    thread: UUID
    run: UUID = field(default_factory=new_id)
    message: UUID | None = None
    text: LiveText | None = None

    async def write(self, number: int) -> None:
        if self.text is None:
            self.run, self.message = new_id(), new_id()
            await self._begin(1)
        else:
            self.texts.add(self.text, PIECES[number % len(PIECES)])

    async def crash(self, _: int) -> None:
        if self.text is not None:
            await self._begin(self.text.attempt + 1)

    async def finish(self, _: int) -> None:
        if self.text is not None:
            await self.texts.flush(self.text)
            await self._end("complete", self.text.attempt)

    async def cancel(self, _: int) -> None:
        if self.text is not None:
            zombie = self.text
            await self._end("cancelled", None)
            self.texts.add(zombie, "旧")

    async def fact(self, number: int) -> None:
        said = sample(number)
        # Messages of the samples have no rows: they would say that text is under way where none is.
        if isinstance(said, ThreadEvent) and said.type != "message_started":  # type: ignore[attr-defined]
            await self.commit([said], attempt=1)

    async def burst(self, number: int) -> None:
        for place in range(LIMIT + 3):
            await self.fact(number + place)

    async def forget(self, _: int) -> None:
        if self.text is not None:
            await self.cache.client.delete(text_key(self.text.message_id, self.text.attempt))

    async def commit(self, said: list[ThreadEvent], attempt: int | None, sql: str = "", *values: Any) -> None:
        async with self.db.tenant(self.tenant) as conn:
            if sql:
                await conn.execute(sql, *values)
            await events.append(conn, self.thread, said, run_id=self.run, attempt=attempt)

    async def _begin(self, attempt: int) -> None:
        assert self.message is not None
        self.text = LiveText(self.thread, self.message, "script", attempt)
        await self.commit(
            [MessageStarted(message_id=self.message, agent="script")],
            attempt,
            """INSERT INTO messages (id, thread_id, role, agent, status, attempt)
               VALUES ($1, $2, 'assistant', 'script', 'writing', $3)
               ON CONFLICT (id) DO UPDATE SET status = 'writing', content = '', attempt = $3""",
            self.message,
            self.thread,
            attempt,
        )

    async def _end(self, status: Any, attempt: int | None) -> None:
        assert self.message is not None
        assert self.text is not None
        whole = MessageComplete(
            message_id=self.message, role="assistant", agent="script", content=self.text.content, status=status
        )
        await self.commit(
            [whole, RunChanged(status="completed")],
            attempt,
            "UPDATE messages SET status = $2, content = $3 WHERE id = $1",
            self.message,
            status,
            self.text.content,
        )
        self.text = None


@dataclass
class Screen:
    """A reference client on real sockets; `follow` brings it back whenever its line is gone."""

    rest: Rest
    client: ReferenceClient
    socket: ClientConnection | None = None
    stale: int = 0

    async def follow(self) -> None:
        while True:
            with contextlib.suppress(ConnectionClosed, InvalidHandshake, OSError):
                async with connect(self.rest.ws_url, additional_headers=self.rest.page_headers()) as socket:
                    self.client.asks.clear()
                    async for text in socket:
                        self.socket = socket
                        self.client.take(json.loads(text))
                        await self._answer(socket)
            self.socket = None
            await asyncio.sleep(0.02)

    async def again(self, number: int) -> None:
        """Subscribe once more, at a cursor of long ago."""
        if self.socket is not None and not self.client.paused:
            with contextlib.suppress(ConnectionClosed):
                await self._subscribe(self.socket, number % (self.client.after_seq + 1))

    def drop(self) -> None:
        if self.socket is not None:
            self.socket.transport.abort()

    async def _answer(self, socket: ClientConnection) -> None:
        while self.client.asks:
            if self.client.asks.pop(0) == "snapshot":
                answer = await self.rest.get(f"/threads/{self.client.thread_id}/snapshot")
                self.client.read(answer["snapshot"])
            elif not self.client.paused:
                await self._subscribe(socket, self.client.after_seq)

    async def _subscribe(self, socket: ClientConnection, after: int) -> None:
        command = {"type": "subscribe", "topic": f"thread:{self.client.thread_id}", "after_seq": after}
        await socket.send(json.dumps({**command, "id": str(new_id()), "epoch": self.client.epoch}))


@contextlib.asynccontextmanager
async def worker_of(database_url: str, redis_url: str, tenant: UUID, thread: UUID) -> AsyncIterator[Worker]:
    async with (
        Database.open(database_url, size=3, acquire_timeout=5) as db,
        Redis.from_url(redis_url) as client,
    ):
        cache = Cache(client)
        texts = LiveTexts(cache, window_ms=10, ttl=60)
        async with texts.pumping():
            yield Worker(db, cache, texts, tenant, thread)


async def settled(worker: Worker, screens: list[Screen], snapshot: Any) -> None:
    """Wait until every screen shows the truth; the last difference is told when one does not."""
    wanted: dict[str, Any] = {}
    try:
        async with asyncio.timeout(20):
            while True:
                truth = (await snapshot())["snapshot"]
                texts = {}
                if worker.text is not None and worker.text.content:
                    shown = {"attempt": worker.text.attempt, "text": worker.text.content}
                    texts[str(worker.text.message_id)] = shown
                wanted = {"thread": truth, "texts": texts}
                if all(screen.client.view() == wanted for screen in screens):
                    return
                await asyncio.sleep(0.05)
    except TimeoutError:
        for screen in screens:
            assert screen.client.view() == wanted
        raise


@pytest.mark.scenario(12, 14, 16, 36)
@pytest.mark.parametrize("seed", range(3))
async def test_every_real_screen_comes_to_show_the_truth_whatever_happened(
    seed: int, gateway: ServerProcess, module_database_url: str, module_redis_url: str
) -> None:
    chance = random.Random(seed)
    async with Rest.login(gateway.url, OPERATOR) as rest:
        thread = await rest.new_thread()
        tenant = UUID((await rest.get("/auth/me"))["tenant"]["id"])
        screens = [Screen(rest, ReferenceClient(thread)) for _ in range(2)]
        following = [asyncio.create_task(screen.follow()) for screen in screens]
        try:
            async with worker_of(module_database_url, module_redis_url, tenant, UUID(thread)) as worker:
                for _ in range(3):
                    for _ in range(30):
                        move, number = chance.choice(MOVES), chance.randrange(1000)
                        screen = chance.choice(screens)
                        match move:
                            case "drop":
                                screen.drop()
                            case "again":
                                await screen.again(number)
                            case "twice":
                                await worker.fact(6)
                                await worker.fact(6)
                            case _:
                                await getattr(worker, move)(number)
                        await asyncio.sleep(chance.choice((0, 0, 0.01, 0.03)))
                    # What Valkey has lost comes with the next piece at the latest.
                    await worker.write(0)
                    await settled(worker, screens, lambda: rest.get(f"/threads/{thread}/snapshot"))
                for screen in screens:
                    assert not screen.client.holes, "a fact or a piece came that did not fit"
        finally:
            for task in following:
                task.cancel()
            await asyncio.gather(*following, return_exceptions=True)
