"""The accounts of models: noted at once, written a moment later, not lost when the server or the database goes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from uuid import UUID

import pytest

from backend.domain.model_calls import ModelCall, calls_of_thread
from backend.errors import StorageUnavailable
from backend.ids import new_id
from backend.llm.accounts import CallRecord, Hop
from backend.llm.gateway import Caller, Usage
from backend.runs import books
from backend.runs.books import Books
from backend.storage.postgres import Database, as_owner


@pytest.fixture
async def db(database_url: str) -> AsyncIterator[Database]:
    async with Database.open(database_url, size=4, acquire_timeout=10) as opened:
        yield opened


async def tenant_in(url: str, slug: str) -> UUID:
    async with as_owner(url) as conn:
        tenant: UUID = await conn.fetchval("INSERT INTO tenants (slug, name) VALUES ($1, $1) RETURNING id", slug)
    return tenant


def a_call(tenant: UUID, thread: UUID) -> CallRecord:
    return CallRecord(
        id=new_id(), caller=Caller(tenant, thread, new_id()), node="script", prompt_version="abc", streamed=True,
        backend="fallback", provider="claude", model="m", fallback_from="primary", status="completed", failure=None,
        attempts=2, hops=(Hop("primary", "overloaded", 12, 30, 503),), usage=Usage(100, 50, False, 20, 5),
        cost=Decimal("0.000123456"), currency="USD", first_token_ms=80, total_ms=900,
    )  # fmt: skip


async def stored(db: Database, tenant: UUID, thread: UUID) -> list[ModelCall]:
    async with db.tenant(tenant) as conn:
        return await calls_of_thread(conn, thread, limit=1000)


async def written(db: Database, tenant: UUID, thread: UUID, calls: int) -> bool:
    return len(await stored(db, tenant, thread)) >= calls


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await true():  # noqa: ASYNC110 — the database tells nobody
            await asyncio.sleep(0.05)


async def test_calls_of_many_tenants_are_written_each_to_its_own(db: Database, database_url: str) -> None:
    one, other = await tenant_in(database_url, "one"), await tenant_in(database_url, "other")
    thread = new_id()
    kept = Books(db)
    async with kept.kept():
        for tenant in (one, other, one):
            kept.take(a_call(tenant, thread))
        await until(lambda: written(db, one, thread, 2))
    first = (await stored(db, one, thread))[0]
    assert (first.cost, first.cached_tokens, first.fallback_from) == (Decimal("0.000123456"), 20, "primary")
    assert first.hops == [
        {"backend": "primary", "reason": "overloaded", "elapsed_ms": 12, "pause_ms": 30, "status": 503}
    ]
    assert len(await stored(db, other, thread)) == 1


async def test_what_is_not_written_yet_is_written_at_the_end(db: Database, database_url: str) -> None:
    tenant, thread = await tenant_in(database_url, "one"), new_id()
    kept = Books(db)
    async with kept.kept():
        for _ in range(450):
            kept.take(a_call(tenant, thread))
    assert len(await stored(db, tenant, thread)) == 450


async def test_a_database_that_is_away_loses_nothing_and_doubles_nothing(
    db: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, thread = await tenant_in(database_url, "one"), new_id()
    away = 2
    write = books.record_calls

    async def now_and_then(conn: object, records: list[CallRecord]) -> None:
        nonlocal away
        await write(conn, records)  # type: ignore[arg-type]
        away -= 1
        if away >= 0:
            raise StorageUnavailable

    monkeypatch.setattr(books, "record_calls", now_and_then)
    monkeypatch.setattr(books, "_PAUSE", 0.01)
    kept = Books(db)
    async with kept.kept():
        calls = [a_call(tenant, thread) for _ in range(3)]
        for call in calls:
            kept.take(call)
        await until(lambda: written(db, tenant, thread, 3))
    assert [call.id for call in await stored(db, tenant, thread)] == [call.id for call in calls]
