"""What tenants may use of models: shared by all processes, held back before, settled after, each tenant by itself."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import hypothesis
import pytest
from hypothesis import strategies as st

from backend.domain.model_budgets import Spending, read_spending, reserve_cost
from backend.domain.model_calls import Wanted, list_calls, record_calls
from backend.errors import AppError, ModelBudgetSpent, ModelRateExceeded
from backend.ids import new_id
from backend.llm.accounts import CallRecord
from backend.llm.budget import Reservation, Window
from backend.llm.deadlines import Deadlines
from backend.llm.gateway import Caller, Usage, estimate_tokens
from backend.llm.routed import RoutedModel
from backend.runs import budgets as module
from backend.runs.books import Books
from backend.runs.budgets import TenantBudgets, used_in_window
from backend.runs.retention import kinds
from backend.settings import Settings
from backend.storage.postgres import Database, as_owner
from backend.storage.redis import Cache
from tests.support.routed_models import QUICK, REQUEST, opened, route_of
from tests.support.scripted_model import Script, ScriptedModel, scripted_model

SETTINGS = Settings(_env_file=None)
NOTHING = Spending(date.min, datetime(1, 1, 1, tzinfo=UTC), "USD", Decimal(0), Decimal(0), Decimal(0), 0, 0, 0, None)


@dataclass
class Place:
    """A database, a Redis, and budgets as a process has them."""

    url: str
    db: Database
    cache: Cache

    def process(self, cache: Cache | None = None) -> TenantBudgets:
        return TenantBudgets(self.db, cache or self.cache, SETTINGS)

    async def tenant(self, slug: str, **limits: float) -> UUID:
        names = ", ".join(limits)
        values = ", ".join(str(value) for value in limits.values())
        async with as_owner(self.url) as conn:
            tenant: UUID = await conn.fetchval(
                f"INSERT INTO tenants (slug, name, {names}) VALUES ($1, $1, {values}) RETURNING id", slug
            )
        return tenant

    async def spent(self, tenant: UUID) -> Spending:
        async with self.db.tenant(tenant) as conn:
            (one,) = await read_spending(conn)
        return one

    async def spent_or_nothing(self, tenant: UUID) -> Spending:
        async with self.db.tenant(tenant) as conn:
            found = await read_spending(conn)
        return found[0] if found else NOTHING

    async def sweep(self) -> None:
        """Sweep as the server does, with what it is set to keep."""
        (kind,) = [one for one in kinds(SETTINGS) if one.what == "model_reservations"]
        async with self.db.system() as conn:
            await conn.fetchrow(kind.query, *kind.arguments, kind.batch)

    async def days_pass(self, days: int) -> None:
        async with as_owner(self.url) as conn:
            await conn.execute(
                """UPDATE model_reservations SET expires_at = expires_at - $1 * interval '1 day',
                     charged_at = charged_at - $1 * interval '1 day'""",
                days,
            )


@pytest.fixture
async def place(database_url: str, redis_url: str) -> AsyncIterator[Place]:
    async with Database.open(database_url, size=8, acquire_timeout=20) as db, Cache.open(redis_url) as cache:
        yield Place(database_url, db, cache)


@pytest.fixture(autouse=True)
def long_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second in which calls are counted lasts as long as a slow machine needs."""
    monkeypatch.setattr(module, "CALLS_WINDOW", 60.0)


def wanting(tenant: UUID, tokens: int = 100, cost: str = "0", lasts: float = 60) -> Reservation:
    return Reservation(new_id(), tenant, tokens, Decimal(cost), "USD", lasts)


def a_record(reserved: Reservation, cost: str) -> CallRecord:
    return CallRecord(
        id=reserved.call, caller=Caller(reserved.tenant_id), node="script", prompt_version="", streamed=True,
        backend="b", provider="p", model="m", fallback_from=None, status="completed", failure=None, attempts=1,
        hops=(), usage=Usage(70, 20, False), cost=Decimal(cost), currency="USD", first_token_ms=1, total_ms=2,
    )  # fmt: skip


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await true():  # noqa: ASYNC110 — nobody tells
            await asyncio.sleep(0.02)


async def granted(reserving: list[Awaitable[None]]) -> list[AppError]:
    """Return the refusals."""
    said = await asyncio.gather(*reserving, return_exceptions=True)
    assert all(one is None or isinstance(one, ModelRateExceeded | ModelBudgetSpent) for one in said), said
    return [one for one in said if isinstance(one, AppError)]


async def test_two_processes_share_a_minute_and_what_is_not_used_is_given_back(place: Place) -> None:
    tenant = await place.tenant("t", model_tokens_per_minute=1000)
    processes = [place.process(), place.process()]
    wanted = [wanting(tenant) for _ in range(30)]
    refused = await granted([processes[at % 2].reserve(one) for at, one in enumerate(wanted)])
    assert len(refused) == 20, "a thousand tokens are ten times a hundred, whoever counts"
    for error in refused:
        assert (error.status, error.code) == (429, "model_rate_exceeded")
        assert error.details == {"reason": "tokens_per_minute", "limit": 1000}
        assert 0 < (error.retry_after_ms or 0) <= 60_000
    assert await used_in_window(place.cache, tenant) == (1000, 10)
    neighbour = await place.tenant("n", model_tokens_per_minute=1000)
    assert await granted([processes[0].reserve(wanting(neighbour)) for _ in range(10)]) == [], "has its own minute"
    async with processes[0].kept():
        for one in wanted:  # those that were refused too: they are not known
            processes[0].settle(one, 10)
        await until(lambda: used(place, tenant, 100))
    assert await granted([processes[1].reserve(wanting(tenant, 300)) for _ in range(4)]) != []
    assert await used_in_window(place.cache, tenant) == (1000, 13)


async def used(place: Place, tenant: UUID, tokens: int) -> bool:
    return (await used_in_window(place.cache, tenant) or (-1, 0))[0] == tokens


async def test_calls_are_counted_beside_tokens(place: Place) -> None:
    tenant = await place.tenant("t", model_calls_per_second=5)
    processes = [place.process(), place.process()]
    refused = await granted([processes[at % 2].reserve(wanting(tenant, 10_000)) for at in range(12)])
    assert len(refused) == 7
    assert {error.details["reason"] for error in refused} == {"calls_per_second"}


async def test_redis_and_a_process_alone_count_alike(place: Place) -> None:
    dice = random.Random(5)
    for turn in range(12):
        tenant = await place.tenant(f"t{turn}", model_tokens_per_minute=1000)
        limits = await place.process()._limits_of(tenant)
        process, alone, held = place.process(), Window(lambda: 0.0), []
        for _ in range(15):
            if held and dice.random() < 0.4:
                one, tokens = held.pop(dice.randrange(len(held))), dice.choice([0, 10, 300])
                alone.settle(one.call, tokens)
                await place.cache.attempt(process._told([(tenant, one.call, tokens)]))
                continue
            one = wanting(tenant, dice.choice([1, 100, 400, 999, 1000, 1500]))
            refusal = alone.take(one.call, one.tokens, tokens_per_minute=1000, calls_per_second=None)
            said = await process._counted_by_all(one, limits)
            assert (refusal and refusal.reason) == (said and said.reason)
            if refusal is None:
                held.append(one)
        assert await used_in_window(place.cache, tenant) == (alone._sum, len(alone._begun)) or not alone._begun


async def test_without_redis_each_process_counts_by_itself(place: Place) -> None:
    tenant = await place.tenant("t", model_tokens_per_minute=1000)
    async with Cache.open("redis://127.0.0.1:1") as nobody:
        processes = [place.process(nobody), place.process(nobody)]
        wanted = [wanting(tenant) for _ in range(30)]
        refused = await granted([processes[at % 2].reserve(one) for at, one in enumerate(wanted)])
        assert len(refused) == 10, "a thousand in each"
        for one in wanted:
            processes[0].settle(one, 0)
        assert await granted([processes[0].reserve(wanting(tenant, 1000))]) == []
        assert await used_in_window(nobody, tenant) is None


async def test_money_is_held_back_before_and_counted_after_by_all_processes(place: Place) -> None:
    tenant = await place.tenant("t", model_cost_soft=0.5, model_cost_hard=1)
    processes = [place.process(), place.process()]
    wanted = [wanting(tenant, cost="0.1") for _ in range(30)]
    said = await asyncio.gather(
        *(processes[at % 2].reserve(one) for at, one in enumerate(wanted)), return_exceptions=True
    )
    allowed = [one for one, answer in zip(wanted, said, strict=True) if answer is None]
    assert len(allowed) == 10, "whichever of them came first"
    for error in said:
        if error is None:
            continue
        assert isinstance(error, ModelBudgetSpent)
        assert (error.status, error.code, error.retryable) == (429, "model_budget_spent", False)
        assert error.details == {"reason": "cost_per_month", "limit": 1, "currency": "USD"}
        assert 0 < (error.retry_after_ms or 0) <= 31 * 24 * 3600 * 1000 + 1
    assert ((await place.spent(tenant)).cost, (await place.spent(tenant)).reserved) == (0, 1)
    async with place.db.tenant(tenant) as conn:
        # Written twice, as after an answer of the database that was lost, it is counted once.
        for _ in range(2):
            await record_calls(conn, [a_record(one, "0.06") for one in allowed])
    now = await place.spent(tenant)
    # What ten calls did not use is free again, and those that were refused hold nothing back.
    assert (now.cost, now.calls, now.input_tokens, now.output_tokens) == (Decimal("0.6"), 10, 700, 200)
    assert now.reserved == 0
    await granted([processes[0].reserve(wanting(tenant, cost="0.1"))])
    async with place.db.tenant(tenant) as conn:
        told = await conn.fetch("SELECT detail FROM audit_log WHERE action = 'tenant.model_cost_soft_reached'")
    assert [one["detail"]["cost"] for one in told] == [0.6], "once"


async def test_who_reserves_while_another_does_sees_what_that_one_holds_back(place: Place) -> None:
    tenant = await place.tenant("t", model_cost_hard=1)
    await place.process().reserve(wanting(tenant, cost="0.1"))  # which makes the month's row

    async def reserve() -> bool:
        async with place.db.tenant(tenant) as conn:
            held = await reserve_cost(conn, new_id(), Decimal("0.9"), "USD", soft=None, hard=1, lasts=60)
        return held.granted

    async def waits() -> bool:
        async with as_owner(place.url) as conn:
            return bool(
                await conn.fetchval(
                    """SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'
                         AND datname = current_database() AND query LIKE '%reserve_model_cost%'"""
                )
            )

    async with place.db.tenant(tenant) as conn:
        first = await reserve_cost(conn, new_id(), Decimal("0.9"), "USD", soft=None, hard=1, lasts=60)
        second = asyncio.create_task(reserve())

        async def waits_or_is_told() -> bool:
            return second.done() or await waits()

        await until(waits_or_is_told)
    assert (first.granted, await second) == (True, False)


async def test_what_a_dead_process_held_back_is_taken_for_spent_until_its_account_comes(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MARGIN", 0.0)
    tenant = await place.tenant("t", model_cost_hard=2)
    process, dead, alive = place.process(), wanting(tenant, cost="1", lasts=0.001), wanting(tenant, cost="0.5")
    await process.reserve(dead)
    await process.reserve(alive)

    async def charged() -> bool:
        assert await granted([process.reserve(wanting(tenant, cost="0.6"))]), "either way there is no room"
        return (await place.spent(tenant)).presumed == 1

    await until(charged)
    now = await place.spent(tenant)
    assert (now.cost, now.presumed, now.reserved, now.calls) == (1, 1, Decimal("0.5"), 0)
    async with place.db.tenant(tenant) as conn:
        # It was only slow: what it did cost takes the place of what was presumed.
        for _ in range(2):
            await record_calls(conn, [a_record(dead, "0.3")])
    now = await place.spent(tenant)
    assert (now.cost, now.presumed, now.reserved, now.calls) == (Decimal("0.3"), 0, Decimal("0.5"), 1)
    assert await granted([process.reserve(wanting(tenant, cost="1.2"))]) == []


async def test_many_who_come_when_a_process_died_charge_it_once(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MARGIN", 0.0)
    tenant, other = await place.tenant("t", model_cost_hard=100), await place.tenant("o", model_cost_hard=100)
    process = place.process()
    for _ in range(5):
        await process.reserve(wanting(tenant, cost="1", lasts=0.001))
    await process.reserve(wanting(other, cost="7"))

    await asyncio.gather(
        *(process.reserve(wanting(tenant, cost="1")) for _ in range(20)), *(place.sweep() for _ in range(4))
    )
    await place.sweep()
    mine, theirs = await place.spent(tenant), await place.spent(other)
    assert (mine.cost, mine.presumed, mine.reserved) == (5, 5, 20)
    assert (theirs.cost, theirs.presumed, theirs.reserved) == (0, 0, 7)


async def test_what_is_held_back_is_seen_until_it_is_charged(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MARGIN", 0.0)
    tenant = await place.tenant("t", model_cost_hard=100)
    await place.process().reserve(wanting(tenant, cost="1", lasts=0.001))
    async with as_owner(place.url) as conn:
        await conn.execute("UPDATE model_reservations SET expires_at = expires_at - interval '1 hour'")
    now = await place.spent(tenant)
    assert (now.cost, now.presumed, now.reserved) == (0, 0, 1), "overdue, and nobody came to charge it"
    async with as_owner(place.url) as conn:
        # It was held back in a month of which nothing is known in this one.
        await conn.execute("DELETE FROM model_spending WHERE tenant_id = $1", tenant)
    now = await place.spent(tenant)
    assert (now.cost, now.calls, now.reserved) == (0, 0, 1)
    await place.sweep()
    now = await place.spent(tenant)
    assert (now.cost, now.presumed, now.reserved) == (1, 1, 0)


async def test_an_account_that_comes_after_an_outage_of_days_is_counted_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MARGIN", 0.0)
    tenant = await place.tenant("t", model_cost_hard=100)
    lost = wanting(tenant, cost="1", lasts=0.001)
    await place.process().reserve(lost)
    await place.days_pass(500)
    await place.sweep()
    assert (await place.spent(tenant)).presumed == 1
    await place.days_pass(3)
    await place.sweep()
    async with place.db.tenant(tenant) as conn:
        await record_calls(conn, [a_record(lost, "0.3")])
    now = await place.spent(tenant)
    assert (now.cost, now.presumed, now.calls) == (Decimal("0.3"), 0, 1)


async def test_what_is_accounted_already_is_not_charged_beside_it(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await place.tenant("t", model_cost_hard=100)
    known = wanting(tenant, cost="1")
    async with place.db.tenant(tenant) as conn:
        await record_calls(conn, [a_record(known, "0.3")])
    async with as_owner(place.url) as conn:
        # As it is when both came in the same moment at the turn of a month: each locks its own month.
        await conn.execute(
            """INSERT INTO model_reservations (id, tenant_id, currency, cost, expires_at)
               VALUES ($1, $2, 'USD', 1, now())""",
            known.call,
            tenant,
        )
    await place.sweep()
    now = await place.spent(tenant)
    assert (now.cost, now.presumed, now.reserved) == (Decimal("0.3"), 0, 0)


async def test_a_month_that_ends_in_the_middle_of_a_charge_loses_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MARGIN", 0.0)
    tenant = await place.tenant("t", model_cost_hard=100)
    await place.process().reserve(wanting(tenant, cost="1", lasts=0.001))
    await place.days_pass(1)
    async with as_owner(place.url) as conn:
        await conn.execute(
            """CREATE SEQUENCE looks; GRANT USAGE ON looks TO cuedesk_app;
               CREATE OR REPLACE FUNCTION model_month() RETURNS date LANGUAGE plpgsql VOLATILE AS $$
               BEGIN RETURN '2030-01-01'::date + nextval('looks')::int * interval '1 month'; END $$"""
        )
    await place.process().reserve(wanting(tenant, cost="2"))
    async with as_owner(place.url) as conn:
        charged = await conn.fetchval("SELECT sum(cost) FROM model_spending WHERE tenant_id = $1", tenant)
        held = await conn.fetch("SELECT cost, charged_to FROM model_reservations WHERE tenant_id = $1", tenant)
    assert charged == 1
    assert sorted((one["cost"], one["charged_to"] is None) for one in held) == [(1, False), (2, True)]


#: What may happen to one of four calls: it is held back for a moment or for long, its account comes. And to all: days
#: pass, somebody sweeps, somebody else reserves.
_EVENTS = st.one_of(
    st.tuples(st.sampled_from(["dies", "lives", "account"]), st.integers(0, 3)),
    st.tuples(st.sampled_from(["sweep", "other"]), st.just(0)),
)


@hypothesis.settings(
    max_examples=60,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture, hypothesis.HealthCheck.too_slow],
)
@hypothesis.given(rounds=st.lists(st.lists(_EVENTS, min_size=1, max_size=6), min_size=1, max_size=6))
@hypothesis.example(rounds=[[("dies", 0)], [("sweep", 0)], [("account", 0)]])
@hypothesis.example(rounds=[[("account", 0)], [("dies", 0)], [("sweep", 0)]])
@hypothesis.example(rounds=[[("dies", 0), ("dies", 1)], [("sweep", 0), ("account", 0), ("other", 0), ("sweep", 0)]])
async def test_a_call_is_counted_once_whatever_comes_when(place: Place, rounds: list[list[tuple[str, int]]]) -> None:
    """The events of a round come at once; days pass behind each."""
    tenant = await place.tenant(new_id().hex, model_cost_hard=1000)
    calls = [wanting(tenant, cost=f"{10**n}") for n in range(4)]
    accounts = [a_record(call, f"0.{n + 1}") for n, call in enumerate(calls)]
    held: set[int] = set()
    accounted: set[int] = set()

    async def happens(event: str, n: int) -> None:
        if event == "sweep":
            await place.sweep()
            return
        async with place.db.tenant(tenant) as conn:
            if event == "account":
                await record_calls(conn, [accounts[n]])
                return
            cost = Decimal(0) if event == "other" else calls[n].cost
            call = new_id() if event == "other" else calls[n].call
            # Whoever lives is over within the days that pass.
            lasts = 0.0 if event == "dies" else 30.0
            await reserve_cost(conn, call, cost, "USD", soft=None, hard=None, lasts=lasts)

    for events in rounds:
        await asyncio.gather(*(happens(*event) for event in events))
        held |= {n for event, n in events if event in ("dies", "lives")}
        accounted |= {n for event, n in events if event == "account"}
        now = await place.spent_or_nothing(tenant)
        unaccounted = sum((calls[n].cost for n in held - accounted), Decimal(0))
        assert now.cost - now.presumed == sum((accounts[n].cost for n in accounted), Decimal(0)), events
        assert now.presumed + now.reserved == unaccounted, events
        await place.days_pass(2)
    await place.sweep()
    now = await place.spent_or_nothing(tenant)
    assert (now.presumed, now.reserved, now.calls) == (unaccounted, 0, len(accounted))


async def test_a_limit_is_told_to_the_last_digit(place: Place) -> None:
    tenant = await place.tenant("t", model_cost_hard=0.0002)
    process = place.process()
    assert await granted([process.reserve(wanting(tenant, cost="0.0002"))]) == []
    (refused,) = await granted([process.reserve(wanting(tenant, cost="0.000000001"))])
    assert refused.details == {"reason": "cost_per_month", "limit": 0.0002, "currency": "USD"}


async def test_what_costs_nothing_goes_on_when_the_month_is_spent(place: Place) -> None:
    tenant = await place.tenant("t", model_cost_hard=0)
    process = place.process()
    assert len(await granted([process.reserve(wanting(tenant, cost="0.000001"))])) == 1
    await process.reserve(wanting(tenant))


async def test_a_new_limit_counts_within_seconds(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BELIEVED", 0.05)
    tenant = await place.tenant("t", model_tokens_per_minute=1000)
    process = place.process()
    await process.reserve(wanting(tenant))
    async with place.db.tenant(tenant) as conn:
        await conn.execute("UPDATE tenants SET model_tokens_per_minute = 50 WHERE id = current_tenant()")

    async def refused() -> bool:
        return await granted([process.reserve(wanting(tenant, 0))]) != []  # the old limit never refuses that

    await until(refused)


@pytest.fixture
async def server() -> AsyncIterator[ScriptedModel]:
    async with scripted_model() as running:
        running.by_model["scripted"] = Script("tokens", count=10)
        yield running


@asynccontextmanager
async def gateway(place: Place, server: ScriptedModel, more: str = "") -> AsyncIterator[tuple[RoutedModel, Books]]:
    books, budgets = Books(place.db, str), place.process()
    async with books.kept(), budgets.kept():
        model = RoutedModel(route_of(server, more=more), opened, Deadlines(**QUICK), books.take, budgets)
        yield model, books
        await model.aclose()


async def ask(model: RoutedModel, tenant: UUID, patience: float = 0) -> str | ModelRateExceeded | ModelBudgetSpent:
    request = replace(REQUEST, caller=Caller(tenant, patience=patience), max_tokens=100)
    try:
        return "".join([piece.text async for piece in model.stream(request)])
    except (ModelRateExceeded, ModelBudgetSpent) as error:
        return error


async def test_one_tenant_that_has_used_up_its_budget_changes_nothing_for_another(
    place: Place, server: ScriptedModel
) -> None:
    # What one call uses fills the minute, its cost is no matter: one reason to refuse, on a slow machine, too.
    greedy = await place.tenant("greedy", model_tokens_per_minute=1, model_cost_hard=100)
    broke = await place.tenant("broke", model_cost_hard=0.001)
    other = await place.tenant("other", model_tokens_per_minute=1_000_000, model_cost_hard=100)
    whole = "".join(f"字{n}" for n in range(10))
    async with gateway(place, server, ", prices: {input: 10, output: 10}") as (model, _):
        asked = [ask(model, tenant) for _ in range(20) for tenant in (greedy, broke, other)]
        said = await asyncio.gather(*asked)
    answers = {tenant: said[at::3] for at, tenant in enumerate((greedy, broke, other))}
    assert answers[other] == [whole] * 20, "all of it, every time"
    for tenant, reason in ((greedy, "tokens_per_minute"), (broke, "cost_per_month")):
        refused = [one for one in answers[tenant] if isinstance(one, AppError)]
        assert {one.details["reason"] for one in refused} == {reason}
        assert refused
    served = sum(one == whole for tenant in answers for one in answers[tenant])
    assert len(server.requests) == served, "who is refused asks no provider"
    assert (await place.spent(other)).calls == 20
    assert (await place.spent(other)).reserved == 0, "all is settled"
    assert (await place.spent(greedy)).calls == sum(one == whole for one in answers[greedy])


async def test_a_run_waits_for_room_as_long_as_it_is_patient(
    place: Place, server: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CALLS_WINDOW", 0.3)
    tenant = await place.tenant("t", model_calls_per_second=1)
    async with gateway(place, server) as (model, _):
        said = await asyncio.gather(*(ask(model, tenant, patience=60) for _ in range(4)))
    assert all(isinstance(one, str) for one in said)


async def test_who_shares_a_call_that_is_refused_waits_as_long_as_its_own_patience(
    place: Place, server: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CALLS_WINDOW", 2.0)
    tenant = await place.tenant("t", model_calls_per_second=1)
    whole = "".join(f"字{n}" for n in range(10))
    run = new_id()
    async with gateway(place, server) as (model, _):

        async def complete(patience: float, run_id: UUID | None = None) -> str | AppError:
            try:
                caller = Caller(tenant, run_id=run_id, patience=patience)
                return (await model.complete(replace(REQUEST, caller=caller))).text
            except ModelRateExceeded as error:
                return error

        for _ in range(50):
            assert await complete(60) == whole
            asked = len(server.requests)
            # The second joins the first: nobody has let the loop go on between them.
            hasty, joined, patient, other = await asyncio.gather(
                complete(0), complete(0), complete(60, run), complete(60)
            )
            if isinstance(hasty, AppError):  # else the second was over before: the machine is slow
                break
        assert isinstance(joined, ModelRateExceeded), "it has no more patience than the first"
        assert (patient, other) == (whole, whole), "who may wait waits"
        assert len(server.requests) == asked + 1, "and those are one call"
    async with place.db.tenant(tenant) as conn:
        rows = await list_calls(conn, Wanted(), limit=200)
    assert [row.status for row in rows if row.status == "refused"] == ["refused"] * 2
    assert [row.status for row in rows if row.run_id == run][:1] in (["completed"], ["shared"])


async def test_what_abandoned_attempts_made_counts_for_the_budgets(place: Place, server: ScriptedModel) -> None:
    tenant = await place.tenant("t", model_tokens_per_minute=1_000_000, model_cost_hard=100)
    thoughts = "想" * 4000
    server.play(Script("abrupt_end", count=0, reasoning=thoughts))
    async with gateway(place, server, ", prices: {input: 10, output: 20}") as (model, _):
        assert await ask(model, tenant) == "".join(f"字{n}" for n in range(10))
        asked = sum(estimate_tokens(turn.content) for turn in REQUEST.turns)
        given_up, answered = asked + estimate_tokens(thoughts), 11 + 10
        await until(lambda: used(place, tenant, given_up + answered))
    spent = await place.spent(tenant)
    assert (spent.calls, spent.input_tokens + spent.output_tokens) == (1, given_up + answered)
    cost = Decimal(10 * (asked + 11) + 20 * (estimate_tokens(thoughts) + 10)) / 1_000_000
    assert (spent.cost, spent.reserved) == (cost, 0)
    async with place.db.tenant(tenant) as conn:
        (row,) = await list_calls(conn, Wanted(), limit=10)
    (hop,) = row.hops
    assert (hop["input_tokens"], hop["output_tokens"], hop["estimated"]) == (asked, estimate_tokens(thoughts), True)
    assert Decimal(hop["cost"]) == Decimal(10 * asked + 20 * estimate_tokens(thoughts)) / 1_000_000


async def test_who_leaves_while_room_is_made_leaves_nothing_held_back(place: Place, server: ScriptedModel) -> None:
    tenant = await place.tenant("t", model_tokens_per_minute=10_000, model_cost_hard=100)
    reached = asyncio.Event()

    class Answering(TenantBudgets):
        """The room is made, and the answer that says so is on its way."""

        async def reserve(self, wanted: Reservation) -> None:
            await super().reserve(wanted)
            reached.set()
            await asyncio.Event().wait()

    books, budgets = Books(place.db, str), Answering(place.db, place.cache, SETTINGS)
    models = route_of(server, more=", prices: {input: 10, output: 10}")
    async with books.kept(), budgets.kept():
        model = RoutedModel(models, opened, Deadlines(**QUICK), books.take, budgets)
        asking = asyncio.create_task(ask(model, tenant))
        await reached.wait()
        assert not await used(place, tenant, 0)
        assert (await place.spent(tenant)).reserved > 0
        asking.cancel()
        await asyncio.wait([asking])
        await until(lambda: used(place, tenant, 0))
        await model.aclose()
    now = await place.spent(tenant)
    assert (now.reserved, now.cost) == (0, 0)
    assert server.requests == []


async def test_refused_calls_are_accounted_with_their_reason(place: Place, server: ScriptedModel) -> None:
    fast, broke = await place.tenant("fast", model_calls_per_second=1), await place.tenant("broke", model_cost_hard=0)
    async with gateway(place, server, ", prices: {input: 10, output: 10}") as (model, _):
        for tenant in (fast, fast, broke):
            await ask(model, tenant)
    for tenant, expected in (
        (fast, [("completed", None), ("refused", "calls_per_second")]),
        (broke, [("refused", "cost_per_month")]),
    ):
        async with place.db.tenant(tenant) as conn:
            rows = await list_calls(conn, Wanted(), limit=10)
        told = sorted((row.status, row.refusal) for row in rows)
        assert told == sorted(expected)
        assert all(row.cost == row.attempts == 0 for row in rows if row.status == "refused")
    assert (await place.spent(fast)).calls == 1
    assert len(server.requests) == 1
