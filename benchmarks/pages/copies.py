"""Long threads and full queues in no time: copies of a turn that the real server once went through."""

import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import asyncpg

from backend.domain import events
from backend.ids import new_id
from backend.protocol.events import read_event
from backend.storage.postgres import Database
from tests.support.desk_client import OPERATOR, Frame, Rest

ASK: Final = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
_ID: Final = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}")
#: What an event says of itself that is another's for a copy of it.
_OWN: Final = ("message_id", "interrupt_id", "script_id")


@dataclass(frozen=True)
class Turn:
    """The events of one turn, as they were sent, and where they are."""

    tenant_id: UUID
    thread_id: str
    events: Sequence[Frame]

    @property
    def run_id(self) -> str:
        return next(str(event["run_id"]) for event in self.events if event["run_id"])

    @property
    def question(self) -> Frame:
        """The interrupt that the turn raised."""
        return next(event for event in self.events if event["type"] == "interrupt")


async def real_turn(url: str, database_url: str, *, decision: str | None) -> Turn:
    """Ask for a script in a new thread, decide it if told so, and return all that happened."""
    async with Rest.login(url, OPERATOR) as rest, rest.socket() as desk:
        thread = await rest.new_thread()
        await desk.follow(thread)
        await desk.ask(thread, ASK)
        question = await desk.until("interrupt")
        if decision is not None:
            ack = await desk.decide(question, decision)
            assert ack["status"] == "accepted", ack
            await desk.until("run", status="completed")
        else:
            await desk.until("run", status="waiting")
        happened = desk.events(thread)
    owner = await asyncpg.connect(database_url)
    try:
        tenant = await owner.fetchval("SELECT tenant_id FROM threads WHERE id = $1", UUID(thread))
    finally:
        await owner.close()
    return Turn(tenant, thread, happened)


class Copier:
    """Puts copies of a turn into the database, as the server would have."""

    def __init__(self, db: Database, turn: Turn) -> None:
        self._db = db
        self._turn = turn
        #: The ids that are the turn's own: each copy gets others.
        self._own = {str(event[name]) for event in turn.events for name in _OWN if event.get(name)}

    @classmethod
    @asynccontextmanager
    async def open(cls, database_url: str, turn: Turn) -> AsyncIterator["Copier"]:
        async with Database.open(database_url, size=2, acquire_timeout=20) as db:
            yield cls(db, turn)

    async def again(self, times: int) -> None:
        """Let the same turn have happened so many times more in its thread: its events, its messages, its runs."""
        thread = UUID(self._turn.thread_id)
        for _ in range(times):
            run, renamed = new_id(), self._renaming()
            copies = [read_event(json.dumps(self._renamed(event, renamed))) for event in self._turn.events]
            async with self._db.tenant(self._turn.tenant_id) as conn:
                await self._run(conn, run, thread, "completed")
                await events.append(conn, thread, copies, run_id=run, attempt=1)
                for event in self._turn.events:
                    if event["type"] == "message_complete":
                        await conn.execute(
                            """INSERT INTO messages (id, thread_id, run_id, role, agent, content, status)
                               VALUES ($1, $2, $3, $4, $5, $6, 'complete')""",
                            UUID(renamed[event["message_id"]]), thread, run, event["role"], event["agent"],
                            event["content"],
                        )  # fmt: skip

    async def ask(self, title: str) -> str:
        """Let the turn's question be asked in a thread of its own, with another title; return its interrupt's id."""
        thread, run, name = new_id(), new_id(), new_id().hex
        question: dict[str, Any] = {**self._turn.question, "interrupt_id": name}
        question["params"] = {**question["params"], "title": title}
        async with self._db.tenant(self._turn.tenant_id) as conn:
            await conn.execute("INSERT INTO threads (id, graph_version) VALUES ($1, '1')", thread)
            await self._run(conn, run, thread, "waiting")
            expires = await conn.fetchval(
                """INSERT INTO interrupts (id, thread_id, run_id, kind, action, params, allowed, expires_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + interval '30 minutes')
                   RETURNING expires_at""",
                name, thread, run, question["kind"], question["action"], question["params"], question["allowed"],
            )  # fmt: skip
            question["expires_at"] = expires.isoformat()
            await events.append(conn, thread, [read_event(json.dumps(question))], run_id=run, attempt=1)
        return name

    async def _run(self, conn: Any, run: UUID, thread: UUID, status: str) -> None:
        await conn.execute(
            "INSERT INTO runs (id, thread_id, status, request, attempt, graph_version) VALUES ($1, $2, $3, $4, 1, '1')",
            run, thread, status, {"content": ASK},
        )  # fmt: skip

    def _renaming(self) -> dict[str, str]:
        return {old: str(new_id()) if "-" in old else new_id().hex for old in self._own}

    def _renamed(self, event: Frame, names: Mapping[str, str]) -> Any:
        text = json.dumps(event, ensure_ascii=False)
        return json.loads(_ID.sub(lambda found: names.get(found[0], found[0]), text))
