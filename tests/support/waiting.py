"""A tenant with people and runs that wait for them, made of rows alone: for what happens between people and clock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from backend.domain import interrupts, runs
from backend.domain.people import Identity
from backend.domain.runs import Claimed
from backend.ids import new_id
from backend.settings import Settings
from backend.storage.postgres import Database
from backend.storage.redis import Cache

SETTINGS = Settings(_env_file=None)


@dataclass(frozen=True)
class Office:
    """A tenant whose author asks and whose two approvers decide; `owner` sees and changes everything."""

    db: Database
    cache: Cache
    owner: "asyncpg.Connection[asyncpg.Record]"
    tenant_id: UUID
    author: Identity
    one: Identity
    two: Identity

    async def waiting(self, questions: int = 1, *, ttl: float = 1800, hold: float | None = None) -> "Waiting":
        """Make a thread whose run waits with so many questions."""
        thread_id, names = new_id(), [new_id().hex for _ in range(questions)]
        question: dict[str, Any] = {
            "kind": "script_approval",
            "action": "publish_script" if hold is None else "go_on_air",
            "params": {"content": "稿件"},
            "allowed": ["approve", "edit", "reject", "respond"] if hold is None else [],
            "hold": hold,
        }
        async with self.db.tenant(self.tenant_id) as conn:
            await conn.execute("INSERT INTO threads (id, graph_version) VALUES ($1, 'test')", thread_id)
            run_id = await runs.insert_run(
                conn, self.tenant_id, thread_id, self.author.user_id, {"content": "写一段"}, "test", "queued"
            )
            run = await runs.claim_run(conn, run_id, "test", 600)
            assert run is not None
            for name in names:
                assert await interrupts.insert_interrupt(conn, name, thread_id, run_id, question, ttl)
            assert await runs.leave_run(conn, run, "waiting")
        return Waiting(self, thread_id, run, names)

    async def policies(self, **columns: Any) -> None:
        for name, value in columns.items():
            seconds = isinstance(value, float)
            kind = "make_interval(secs => $2)" if seconds else "$2::boolean"
            await self.owner.execute(f"UPDATE tenants SET {name} = {kind} WHERE id = $1", self.tenant_id, value)


@dataclass(frozen=True)
class Waiting:
    """A run that waits, and its questions."""

    office: Office
    thread_id: UUID
    run: Claimed
    interrupts: list[str]

    @property
    def interrupt_id(self) -> str:
        return self.interrupts[0]

    async def row(self, interrupt_id: str | None = None) -> "asyncpg.Record":
        row = await self.office.owner.fetchrow(
            "SELECT * FROM interrupts WHERE id = $1", interrupt_id or self.interrupt_id
        )
        assert row is not None
        return row

    async def events(self, *types: str) -> "list[asyncpg.Record]":
        return await self.office.owner.fetch(
            "SELECT seq, type, payload FROM thread_events WHERE thread_id = $1 AND type = ANY ($2) ORDER BY seq",
            self.thread_id,
            list(types),
        )

    async def audited(self, interrupt_id: str | None = None) -> list[str]:
        """What was done to the interrupt, as the audit tells it."""
        rows = await self.office.owner.fetch(
            "SELECT action FROM audit_log WHERE subject = $1 ORDER BY n", interrupt_id or self.interrupt_id
        )
        return [row["action"].removeprefix("interrupt.") for row in rows]

    async def jobs(self, entrypoint: str = "run") -> int:
        """How often the run was queued."""
        found: int = await self.office.owner.fetchval(
            """SELECT count(*) FROM pgqueuer WHERE entrypoint = $1
               AND convert_from(payload, 'UTF8')::json->>'run_id' = $2""",
            entrypoint,
            str(self.run.id),
        )
        return found


@asynccontextmanager
async def open_office(database_url: str, redis_url: str, *, connections: int = 6) -> AsyncIterator[Office]:
    """Make a tenant of its own in a migrated database."""
    owner = await asyncpg.connect(database_url)
    try:
        tenant_id = await owner.fetchval(
            "INSERT INTO tenants (slug, name) VALUES ($1, '青禾直播') RETURNING id", f"office-{new_id().hex}"
        )
        people = [
            await _person(owner, tenant_id, name, role)
            for name, role in (("小林", "operator"), ("阿敏", "approver"), ("阿强", "approver"))
        ]
        async with (
            Database.open(database_url, size=connections, acquire_timeout=20) as db,
            Cache.open(redis_url) as cache,
        ):
            yield Office(db, cache, owner, tenant_id, *people)
    finally:
        await owner.close()


async def _person(owner: "asyncpg.Connection[asyncpg.Record]", tenant_id: UUID, name: str, role: str) -> Identity:
    email = f"{new_id().hex}@example.test"
    user_id = await owner.fetchval(
        "INSERT INTO users (email, name, password_hash) VALUES ($1, $2, '') RETURNING id", email, name
    )
    await owner.execute("INSERT INTO memberships VALUES ($1, $2, $3)", tenant_id, user_id, role)
    return Identity(
        user_id=user_id,
        name=name,
        email=email,
        tenant_id=tenant_id,
        tenant_name="青禾直播",
        role=role,
        session_id=new_id(),
        expires_at=datetime.now(UTC) + timedelta(hours=1),
    )


async def waits_for(office: Office, what: str) -> None:
    """Wait until a statement of the application stands still for a lock of this kind."""
    waiting = """SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = $1"""
    async with asyncio.timeout(20):
        while not await office.owner.fetchval(waiting, what):
            await asyncio.sleep(0.01)
            await office.owner.execute("SELECT pg_stat_clear_snapshot()")  # else a transaction sees it as it was
