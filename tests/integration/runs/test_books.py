"""The accounts of models: noted at once, written a moment later, not lost when the server or the database goes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

import pytest

from backend.domain import call_texts, threads
from backend.domain.model_budgets import read_spending
from backend.domain.model_calls import ModelCall, calls_of_thread
from backend.errors import StorageUnavailable
from backend.ids import new_id
from backend.llm.accounts import CallRecord, CallTexts, Hop
from backend.llm.gateway import Caller, ChatTurn, ToolCallPart, Usage
from backend.memory.documents import Request, forget
from backend.quality.pii import mask_pii
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
    kept = Books(db, str)
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


def test_what_tools_were_given_and_gave_is_masked_with_the_rest() -> None:
    """Their JSON may write any letter by its number, and may break off: what it says is masked all the same."""
    number, name = "13912345678", "小雅"
    by_number = "".join(f"\\u{ord(letter):04x}" for letter in name)
    whole = ToolCallPart(0, "a", "order", f'{{"phone": "{number}", "who": "{by_number}"}}')
    cut = ToolCallPart(0, "b", "note", f'{{"text": "{by_number}，{number}')
    said = CallTexts(
        [
            ChatTurn("user", "下单"), ChatTurn("assistant", "好", (whole,)),
            ChatTurn("tool", f'{{"who": "{by_number}", "phone": "{number}"}}', tool_call_id="a"),
        ],
        "记下。", (cut,),
    )  # fmt: skip
    assert said.characters > len("下单好记下。") + len(whole.arguments) + len(cut.arguments)
    kept = call_texts.SpokenTexts.masked(new_id(), None, said, mask_pii, began=0.0)
    assert [turn["role"] for turn in kept.turns] == ["user", "assistant", "tool"]
    for text in (kept.turns[1]["content"], kept.turns[2]["content"], kept.answer):
        assert name in text, "who asks for it to be forgotten finds it"
        assert number not in text
    assert kept.turns[1]["content"].startswith("好\norder(")
    assert kept.answer.startswith("记下。\nnote(")


async def test_what_is_not_written_yet_is_written_at_the_end(db: Database, database_url: str) -> None:
    tenant, thread = await tenant_in(database_url, "one"), new_id()
    kept = Books(db, str)
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
    kept = Books(db, str)
    async with kept.kept():
        calls = [a_call(tenant, thread) for _ in range(3)]
        for call in calls:
            kept.take(call)
        await until(lambda: written(db, tenant, thread, 3))
    assert [call.id for call in await stored(db, tenant, thread)] == [call.id for call in calls]


async def test_a_call_that_cannot_be_stored_does_not_hold_up_the_others(db: Database, database_url: str) -> None:
    tenant, thread = await tenant_in(database_url, "one"), new_id()
    kept = Books(db, str)
    async with kept.kept():
        kept.take(a_call(tenant, thread))
        kept.take(replace(a_call(tenant, thread), usage=Usage(10**12, 1, False)))  # more than the column holds
        kept.take(replace(a_call(tenant, thread), cost=Decimal(10) ** 12))  # what the database itself refuses
        kept.take(a_call(new_id(), thread))  # of a tenant that is gone
        kept.take(a_call(tenant, thread))
        await until(lambda: written(db, tenant, thread, 2))
        kept.take(a_call(tenant, thread))
        await until(lambda: written(db, tenant, thread, 3))


async def test_what_comes_while_full_books_are_written_is_written_too(
    db: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, thread = await tenant_in(database_url, "one"), new_id()
    monkeypatch.setattr(books, "_MOST", 4)
    write, late = books.record_calls, [a_call(tenant, thread) for _ in range(2)]
    kept = Books(db, str)

    async def slowly(conn: object, records: list[CallRecord]) -> None:
        await write(conn, records)  # type: ignore[arg-type]
        while late:
            kept.take(late.pop())  # makes room: the oldest are on their way already

    monkeypatch.setattr(books, "record_calls", slowly)
    async with kept.kept():
        for _ in range(4):
            kept.take(a_call(tenant, thread))
        await until(lambda: written(db, tenant, thread, 6))


async def test_refused_calls_are_rows_without_cost_and_a_flood_of_them_fills_nothing(
    db: Database, database_url: str
) -> None:
    tenant, other, thread = await tenant_in(database_url, "one"), await tenant_in(database_url, "other"), new_id()
    nothing = {"usage": Usage(0, 0, True), "cost": Decimal(0), "attempts": 0, "hops": ()}
    kept = Books(db, str)
    async with kept.kept():
        for _ in range(books._MOST_REFUSALS + 50):
            refused = replace(
                a_call(tenant, thread), status="refused", failure="rate_exceeded", refusal="calls_per_second", **nothing
            )
            kept.take(refused)
        kept.take(replace(refused, id=new_id(), caller=Caller(other, thread)))
        kept.take(a_call(tenant, thread))
    rows = await stored(db, tenant, thread)
    assert len(rows) == books._MOST_REFUSALS + 1
    assert {(row.status, row.failure, row.refusal) for row in rows} == {
        ("refused", "rate_exceeded", "calls_per_second"), ("completed", None, None),
    }  # fmt: skip
    assert len(await stored(db, other, thread)) == 1, "the flood is another tenant's"
    async with db.tenant(tenant) as conn:
        (spent,) = await read_spending(conn)
        raw = await conn.fetchval("SELECT DISTINCT status FROM llm_calls WHERE refusal IS NOT NULL")
    assert spent.calls == 1
    assert raw == "failed", "the release before reads this column and knows no other word"


def saying(tenant: UUID, thread: UUID | None, text: str, answer: str = "好") -> CallRecord:
    call = replace(a_call(tenant, thread or new_id()), texts=CallTexts([ChatTurn("user", text)], answer))
    return replace(call, caller=Caller(tenant, thread))


async def kept_texts(db: Database, tenant: UUID) -> list[str]:
    async with db.tenant(tenant) as conn:
        rows = await conn.fetch("SELECT turns, answer FROM llm_call_texts ORDER BY id")
    return [f"{row['turns'][0]['content']}/{row['answer']}" for row in rows]


async def allowing(db: Database, tenant: UUID) -> None:
    async with db.tenant(tenant) as conn:
        await conn.execute("UPDATE tenants SET model_texts = true WHERE id = current_tenant()")


async def test_what_was_said_is_kept_only_where_the_tenant_allows_it_and_masked(
    db: Database, database_url: str
) -> None:
    silent, open_ = await tenant_in(database_url, "silent"), await tenant_in(database_url, "open")
    await allowing(db, open_)
    kept = Books(db, mask_pii)
    async with kept.kept():
        for tenant in (silent, open_):
            kept.take(saying(tenant, None, "打我电话13912345678", "回13912345678"))
            kept.take(saying(tenant, None, "这句话很长。" * 9_000 + "一" * 3_000 + "。尾"))
            kept.take(replace(saying(tenant, None, "没问出去"), attempts=0))
    assert await kept_texts(db, silent) == []
    short, long = await kept_texts(db, open_)
    assert "13912345678" not in short
    assert short.startswith("打我电话139")
    assert len(long) < 8_100
    assert long.startswith("这句话很长。")
    assert long.endswith("尾/好")
    assert "一一" not in long, "what looks like one endless number is left out, not masked for minutes"
    async with db.tenant(open_) as conn:
        assert await call_texts.forget_all(conn) == 2


async def test_what_is_removed_or_forgotten_while_a_call_is_written_is_not_kept(
    db: Database, database_url: str
) -> None:
    tenant, threads_ = await tenant_in(database_url, "one"), [new_id(), new_id()]
    await allowing(db, tenant)
    async with db.tenant(tenant) as conn:
        for thread in threads_:
            await conn.execute("INSERT INTO threads (id, graph_version) VALUES ($1, 'test')", thread)
    kept = Books(db, str)
    for thread in threads_:
        kept.take(saying(tenant, thread, "张晓梅说"))
    async with db.tenant(tenant) as conn:
        await threads.delete_thread(conn, threads_[0])
    async with kept.kept():
        pass
    assert await kept_texts(db, tenant) == ["张晓梅说/好"], "that of the thread that is still there"
    async with db.tenant(tenant) as conn:
        await threads.delete_thread(conn, threads_[1])
    assert await kept_texts(db, tenant) == []

    kept = Books(db, str)
    kept.take(saying(tenant, None, "张晓梅说"))
    kept.take(saying(tenant, None, "别的"))
    async with db.tenant(tenant) as conn:
        await forget(conn, tenant, Request("person", None, "张晓梅"), None)
    async with kept.kept():
        pass
    assert await kept_texts(db, tenant) == [], "who can tell what these hold"

    async def both() -> bool:
        kept = Books(db, str)
        async with kept.kept():
            kept.take(replace(saying(tenant, None, "张晓梅又来了"), total_ms=0))
            kept.take(replace(saying(tenant, None, "别的"), total_ms=0))
        return len(await kept_texts(db, tenant)) == 2

    await until(both)
    async with db.tenant(tenant) as conn:
        await forget(conn, tenant, Request("person", None, "张晓梅"), None)
    assert await kept_texts(db, tenant) == ["别的/好"]


async def test_more_texts_than_a_process_can_hold_are_accounted_without(
    db: Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await tenant_in(database_url, "one")
    await allowing(db, tenant)
    monkeypatch.setattr(books, "_MOST_CHARACTERS", 10)
    kept = Books(db, str)
    for _ in range(4):
        kept.take(saying(tenant, None, "四个字啊"))
    async with kept.kept():
        pass
    async with db.tenant(tenant) as conn:
        assert await conn.fetchval("SELECT count(*) FROM llm_calls") == 4
    assert len(await kept_texts(db, tenant)) == 2
