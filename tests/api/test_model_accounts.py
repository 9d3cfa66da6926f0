"""The tenant's account of its language models over REST, and what was said where it is kept."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import httpx
import psycopg
import pytest
from pydantic import ValidationError

from backend.ids import new_id
from backend.llm.accounts import CallRecord, CallTexts
from backend.llm.gateway import Caller, ChatTurn, Usage
from backend.quality.pii import mask_pii
from backend.runs.books import Books
from backend.runs.retention import Sweeper
from backend.services import Services
from backend.settings import Settings
from backend.storage.checkpoints import create_tables
from tests.api.conftest import SignIn

AT = "/api/v1/model_calls"


@pytest.fixture
async def tenant(operator: httpx.AsyncClient) -> UUID:
    return UUID((await operator.get("/api/v1/auth/me")).json()["tenant"]["id"])


def a_call(tenant: UUID, thread: UUID | None = None, model: str = "m", cost: str = "0.5") -> CallRecord:
    return CallRecord(
        id=new_id(), caller=Caller(tenant, thread, thread and new_id()), node="chat", prompt_version="v", streamed=True,
        backend="b", provider="p", model=model, fallback_from=None, status="completed", failure=None, attempts=1,
        hops=(), usage=Usage(10, 20, False, 3, 4), cost=Decimal(cost), currency="USD", first_token_ms=None, total_ms=3,
        texts=CallTexts([ChatTurn("user", "我的电话13912345678，讲讲玻璃杯")], "好的"),
    )  # fmt: skip


@asynccontextmanager
async def writing(services: Services) -> AsyncIterator[Books]:
    """Books that are written when the block ends."""
    books = Books(services.db, mask_pii)
    yield books
    async with books.kept():
        pass


async def test_calls_are_listed_by_what_they_are_in_pages_and_added_up(
    operator: httpx.AsyncClient, services: Services, tenant: UUID
) -> None:
    thread = new_id()
    refused = replace(
        a_call(tenant), status="refused", failure="rate_exceeded", refusal="tokens_per_minute", attempts=0,
        usage=Usage(0, 0, True), cost=Decimal(0),
    )  # fmt: skip
    async with writing(services) as books:
        for record in (a_call(tenant, thread), a_call(tenant, thread, "big", "2"), a_call(tenant), refused):
            books.take(record)
    whole = (await operator.get(AT)).json()["items"]
    assert len(whole) == 4
    assert [one["ended_at"] for one in whole] == sorted((one["ended_at"] for one in whole), reverse=True)
    first = (await operator.get(AT, params={"limit": 3})).json()
    rest = (await operator.get(AT, params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert first["items"] + rest["items"] == whole
    soon, before = datetime.now(UTC) + timedelta(hours=1), datetime.now(UTC) - timedelta(hours=1)
    for wanted, count in (
        ({"thread_id": thread}, 2), ({"model": "big"}, 1), ({"status": "refused"}, 1), ({"status": "failed"}, 0),
        ({"node": "chat", "backend": "b", "provider": "p"}, 4), ({"provider": "q"}, 0), ({"since": soon}, 0),
        ({"until": before}, 0), ({"since": before, "until": soon}, 4), ({"run_id": new_id()}, 0),
    ):  # fmt: skip
        params = {name: str(value) for name, value in wanted.items()}
        assert len((await operator.get(AT, params=params)).json()["items"]) == count, wanted
    [one] = (await operator.get(AT, params={"status": "refused"})).json()["items"]
    assert (one["refusal"], Decimal(one["cost"]), one["attempts"]) == ("tokens_per_minute", 0, 0)
    assert (await operator.get(f"{AT}/{one['id']}")).json() == one

    days = (await operator.get(f"{AT}/sums")).json()["items"]
    assert {one["group"] for one in days} == {one["ended_at"][:10] for one in whole}
    added = {name: sum(one[name] for one in days) for name in ("calls", "refused", "input_tokens", "output_tokens")}
    assert added == {"calls": 3, "refused": 1, "input_tokens": 30, "output_tokens": 60}
    assert sum(Decimal(one["cost"]) for one in days) == 3
    sums = (await operator.get(f"{AT}/sums", params={"by": "model"})).json()
    assert [(one["group"], Decimal(one["cost"])) for one in sums["items"]] == [("big", 2), ("m", 1)]
    few = (await operator.get(f"{AT}/sums", params={"by": "thread", "limit": 1})).json()
    assert (few["items"][0]["group"], few["complete"]) == (str(thread), False)
    spent = (await operator.get("/api/v1/tenant/model_budget")).json()["spending"]
    assert [(Decimal(one["cost"]), one["calls"]) for one in spent] == [(3, 3)], "the account and the month agree"


async def test_the_table_has_every_call_and_no_formulas(
    operator: httpx.AsyncClient, services: Services, tenant: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.api.model_accounts._ROWS", 2)
    async with writing(services) as books:
        for place in range(5):
            books.take(a_call(tenant, model="=HYPERLINK(1)" if place == 0 else "m"))
    answer = await operator.get(f"{AT}/table")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert len(rows) == len({row["id"] for row in rows}) == 5
    assert {row["model"] for row in rows} == {"m", "'=HYPERLINK(1)"}
    assert {(row["status"], row["cost"], row["first_token_ms"]) for row in rows} == {("completed", "0.500000000", "")}
    few = await operator.get(f"{AT}/table", params={"model": "m"})
    assert len(few.text.splitlines()) == 5


async def test_nobody_sees_anothers_account(
    operator: httpx.AsyncClient, sign_in: SignIn, services: Services, tenant: UUID, demo_url: str
) -> None:
    record = a_call(tenant)
    async with writing(services) as books:
        books.take(record)
    with psycopg.connect(demo_url) as conn:
        [[email]] = conn.execute(
            """SELECT u.email FROM memberships m JOIN users u ON u.id = m.user_id
               WHERE m.role = 'admin' AND m.tenant_id <> %s LIMIT 1""", [tenant],
        ).fetchall()  # fmt: skip
    stranger, host = await sign_in(email), await sign_in("xiaoya@demo.cuedesk")
    assert (await stranger.get(AT)).json()["items"] == []
    assert (await stranger.get(f"{AT}/{record.id}")).status_code == 404
    assert len((await stranger.get(f"{AT}/table")).text.splitlines()) == 1
    for path in ("", "/sums", "/table", f"/{record.id}", f"/{record.id}/texts"):
        assert (await host.get(f"{AT}{path}")).status_code == 403
    assert (await operator.get(f"{AT}/{record.id}/texts")).status_code == 403, "who may ask may not read all"


async def allow(admin: httpx.AsyncClient, **policies: object) -> None:
    answer = await admin.patch("/api/v1/tenant/policies", json=policies)
    assert answer.status_code == 200, answer.text


async def test_texts_are_read_by_who_may_told_to_the_audit_and_go_with_the_consent(
    admin: httpx.AsyncClient, services: Services, tenant: UUID
) -> None:
    policies = (await admin.get("/api/v1/tenant/policies")).json()
    assert (policies["model_texts"], policies["model_text_days"]) == (False, 30)
    silent, said = a_call(tenant), a_call(tenant)
    async with writing(services) as books:
        books.take(silent)
    await allow(admin, model_texts=True, model_text_days=7)
    async with writing(services) as books:
        books.take(said)
    assert (await admin.get(f"{AT}/{silent.id}/texts")).status_code == 404
    assert [(await admin.get(f"{AT}/{one.id}")).json()["texts"] for one in (silent, said)] == [False, True]
    texts = (await admin.get(f"{AT}/{said.id}/texts")).json()
    assert (texts["turns"][0]["role"], texts["answer"]) == ("user", "好的")
    assert "13912345678" not in texts["turns"][0]["content"]
    assert "玻璃杯" in texts["turns"][0]["content"]

    refused = await admin.patch("/api/v1/tenant/policies", json={"model_texts": None})
    assert refused.status_code == 400
    await allow(admin, model_texts=False)
    assert (await admin.get(f"{AT}/{said.id}/texts")).status_code == 404
    entries = (await admin.get("/api/v1/audit")).json()["items"]
    assert [(one["action"], one["detail"].get("model_texts_removed")) for one in entries[:3]] == [
        ("tenant.policies_changed", 1), ("model_call.texts_read", None), ("tenant.policies_changed", None),
    ]  # fmt: skip
    assert entries[1]["subject"] == str(said.id)


async def test_texts_go_with_their_thread_and_with_what_is_forgotten(
    admin: httpx.AsyncClient, services: Services, tenant: UUID
) -> None:
    await allow(admin, model_texts=True)
    thread = (await admin.post("/api/v1/threads", json={})).json()["id"]
    product = (await admin.post("/api/v1/products", json={"name": "玻璃杯", "category": "杯具"})).json()
    note = (await admin.post("/api/v1/memory", json={"content": "我的电话13912345678，讲讲玻璃杯"})).json()

    async def kept() -> UUID:
        async with asyncio.timeout(30):
            while True:  # what began at the moment of a request to forget is not kept
                record = replace(a_call(tenant, UUID(thread)), total_ms=0)
                async with writing(services) as books:
                    books.take(record)
                if (await admin.get(f"{AT}/{record.id}")).json()["texts"]:
                    return record.id

    async def gone(call: UUID) -> bool:
        return not (await admin.get(f"{AT}/{call}")).json()["texts"]

    for forget in ({"subject": "product", "id": product["id"]}, {"subject": "person", "name": "讲讲"}):
        call = await kept()
        await admin.post("/api/v1/memory/forget", json={"subject": "person", "name": "别人"})
        assert not await gone(call)
        assert (await admin.post("/api/v1/memory/forget", json=forget)).status_code == 200
        assert await gone(call), forget
    assert note["id"]
    call = await kept()
    assert (await admin.delete(f"/api/v1/threads/{thread}")).status_code == 204
    assert await gone(call), "its account stays"


async def test_what_is_older_than_it_is_kept_is_swept(
    admin: httpx.AsyncClient, services: Services, tenant: UUID, demo_url: str
) -> None:
    await create_tables(demo_url)
    await allow(admin, model_texts=True, model_text_days=2)
    calls = [a_call(tenant) for _ in range(4)]
    async with writing(services) as books:
        for call in calls:
            books.take(call)
    month = (await admin.get("/api/v1/tenant/model_budget")).json()["spending"]
    with psycopg.connect(demo_url) as conn:
        for call, days in zip(calls, (401, 399, 3, 1), strict=True):
            conn.execute("UPDATE llm_calls SET ended_at = ended_at - %s * interval '1 day' WHERE id = %s",
                         [days, call.id])  # fmt: skip
            conn.execute("UPDATE llm_call_texts SET kept_at = kept_at - %s * interval '1 day' WHERE id = %s",
                         [days, call.id])  # fmt: skip
        for hours, days, name in ((1, 399, b"young"), (25, 401, b"old")):
            conn.execute(
                """INSERT INTO model_answers (tenant_id, key_hash, body_hash, claim, claimed_until, begun_at)
                   VALUES (%s, %s, '', gen_random_uuid(), now(), now() - %s * interval '1 hour')""",
                [tenant, name, hours],
            )  # fmt: skip
            conn.execute(
                """INSERT INTO model_reservations (id, tenant_id, currency, cost, expires_at)
                   VALUES (gen_random_uuid(), %s, 'USD', 1, now() - %s * interval '1 hour')""",
                [tenant, hours],
            )  # fmt: skip
            # Charged long ago: one of them so long that nobody can bring its account any more.
            conn.execute(
                """INSERT INTO model_reservations (id, tenant_id, currency, cost, expires_at, charged_to, charged_at)
                   VALUES (gen_random_uuid(), %s, 'USD', 1, now() - %s * interval '1 day', '2001-01-01',
                     now() - %s * interval '1 day')""",
                [tenant, days, days],
            )  # fmt: skip
    swept = await Sweeper(services.settings, services.db).sweep()
    assert {name: swept[name] for name in ("model_texts", "model_calls", "model_answers", "model_reservations")} == {
        "model_texts": 3, "model_calls": 1, "model_answers": 1, "model_reservations": 1,
    }  # fmt: skip
    left = {one["id"]: one["texts"] for one in (await admin.get(AT)).json()["items"]}
    assert left == {str(calls[3].id): True, str(calls[2].id): False, str(calls[1].id): False}
    # The sums stay, and what calls held back that have no account is taken for spent.
    (now,) = [
        one for one in (await admin.get("/api/v1/tenant/model_budget")).json()["spending"] if one["currency"] == "USD"
    ]
    (then,) = [one for one in month if one["currency"] == "USD"] or [{**now, "cost": "0"}]
    assert (Decimal(now["cost"]), Decimal(now["presumed"])) == (Decimal(then["cost"]) + 2, 2)
    assert {**now, "cost": then["cost"], "presumed": then["presumed"]} == then
    await Sweeper(services.settings, services.db).sweep()
    again = (await admin.get("/api/v1/tenant/model_budget")).json()["spending"]
    assert now in again, "charged once"


@pytest.mark.parametrize("path", ["", "/sums", "/table"])
@pytest.mark.parametrize("asked", [{"since": "0001-01-01T00:00:00+14:00"}, {"until": "9999-12-31T23:59:59-14:00"}])
async def test_a_time_that_is_none_is_refused(sign_in: SignIn, path: str, asked: dict[str, str]) -> None:
    admin = await sign_in("admin@demo.cuedesk")
    assert (await admin.get(f"/api/v1/model_calls{path}", params=asked)).status_code == 400


async def test_limits_of_money_are_kept_to_the_last_digit_and_in_their_order(sign_in: SignIn) -> None:
    admin = await sign_in("admin@demo.cuedesk")
    at = "/api/v1/tenant/policies"
    exact = {"model_cost_soft": 0.000000001, "model_cost_hard": 0.0002}
    told = (await admin.patch(at, json=exact)).json()
    assert {name: told[name] for name in exact} == exact
    budget = (await admin.get("/api/v1/tenant/model_budget")).json()
    assert (budget["cost_soft"], budget["cost_hard"]) == (0.000000001, 0.0002)
    finer = await admin.patch(at, json={"model_cost_hard": 0.0000000001})
    assert (finer.status_code, finer.json()["details"]["errors"][0]["field"]) == (400, "body.model_cost_hard")
    # Each alone against what the other is already, and both at once.
    for crossed, soft, hard in (
        ({"model_cost_soft": 0.0003}, 0.0003, 0.0002),
        ({"model_cost_hard": 0}, 0.000000001, 0),
        ({"model_cost_soft": 2, "model_cost_hard": 1}, 2, 1),
    ):
        refused = await admin.patch(at, json=crossed)
        assert (refused.status_code, refused.json()["code"]) == (400, "limits_crossed")
        assert refused.json()["details"] == {"field": "model_cost_soft", "soft": soft, "hard": hard}
    assert (await admin.get(at)).json() == told, "nothing was changed"
    for allowed in ({"model_cost_soft": 1, "model_cost_hard": 1}, {"model_cost_hard": None}, {"model_cost_soft": 5}):
        assert (await admin.patch(at, json=allowed)).status_code == 200


def test_a_server_with_crossed_limits_does_not_start() -> None:
    with pytest.raises(ValidationError, match="CUEDESK_MODEL_COST_SOFT"):
        Settings(_env_file=None, model_cost_soft=2, model_cost_hard=1)
