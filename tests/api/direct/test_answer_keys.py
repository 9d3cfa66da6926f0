"""Idempotency keys: who asks again under the same one is told the same, and pays once."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import openai
import psycopg
import pytest

from backend.domain import model_answers
from backend.llm import reading
from backend.runs import answers as module
from backend.runs.answers import Answers
from backend.services import Services
from tests.api.direct.conftest import ASK, DOWN, SCHEMA, events, token_of, until_written
from tests.support.scripted_model import Script, ScriptedModel

KEY = {"Idempotency-Key": "order-17"}
REPLAYED = "idempotent-replayed"


async def tenant_of(services: Services, slug: str = "qinghe") -> UUID:
    with psycopg.connect(services.settings.database_url or "") as conn:
        [[found]] = conn.execute("SELECT id FROM tenants WHERE slug = %s", [slug]).fetchall()
    return UUID(str(found))


async def test_a_repeated_key_gets_the_same_answer_from_any_process_and_asks_once(
    service: httpx.AsyncClient, elsewhere: httpx.AsyncClient, primary: ScriptedModel, services: Services
) -> None:
    primary.play(Script("text", text="你好呀", first_delay=0.3))
    both = [service, elsewhere] * 3
    answers = await asyncio.gather(*(one.post("/api/v1/messages", json=ASK, headers=KEY) for one in both))
    assert [one.status_code for one in answers] == [200] * 6
    assert len({one.content for one in answers}) == 1
    assert sum(REPLAYED not in one.headers for one in answers) == 1, "one asked, the others waited"
    again = await elsewhere.post("/api/v1/messages", json=ASK, headers=KEY)
    assert (again.content, again.headers[REPLAYED]) == (answers[0].content, "true")
    assert len(primary.requests) == 1

    for more in ({"temperature": 0.5}, {"messages": [{"role": "user", "content": "别的"}]}, {"stream": True}):
        refused = await elsewhere.post("/api/v1/messages", json={**ASK, **more}, headers=KEY)
        assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")
    refused = await service.post("/api/v1/messages/structured", json={**ASK, "schema": SCHEMA}, headers=KEY)
    assert refused.status_code == 422
    assert len(primary.requests) == 1

    tenant = await tenant_of(services)
    async with services.db.tenant(tenant) as conn:
        await conn.execute("UPDATE model_answers SET begun_at = begun_at - interval '25 hours'")
    primary.play(Script("text", text="新的一天"))
    assert (await service.post("/api/v1/messages", json=ASK, headers=KEY)).json()["content"] == "新的一天"


async def test_a_key_is_its_tenants_own(address: str, primary: ScriptedModel, demo_url: str) -> None:
    with psycopg.connect(demo_url) as conn:
        emails = conn.execute(
            """SELECT DISTINCT ON (m.tenant_id) u.email FROM memberships m JOIN users u ON u.id = m.user_id
               WHERE m.role = 'admin' ORDER BY m.tenant_id"""
        ).fetchall()
    primary.play(Script("text", text="一"), Script("text", text="二"))
    said = []
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        for (email,) in emails:
            headers = {"Authorization": f"Bearer {await token_of(address, email)}", **KEY}
            said.append((await client.post("/api/v1/messages", json=ASK, headers=headers)).json()["content"])
    assert said == ["一", "二"]


async def test_with_a_key_the_call_goes_on_when_its_caller_leaves(
    service: httpx.AsyncClient, elsewhere: httpx.AsyncClient, primary: ScriptedModel
) -> None:
    primary.play(Script("text", text="还在", first_delay=0.5))
    asking = asyncio.create_task(service.post("/api/v1/messages", json=ASK, headers=KEY))
    await primary.until_asked(within=30)
    asking.cancel()
    again = await elsewhere.post("/api/v1/messages", json=ASK, headers=KEY)
    assert (again.json()["content"], len(primary.requests)) == ("还在", 1)


async def test_a_stream_with_a_key_is_told_again_at_its_end_and_not_before(
    service: httpx.AsyncClient, elsewhere: httpx.AsyncClient, primary: ScriptedModel
) -> None:
    ask = {**ASK, "stream": True}
    primary.play(Script("tokens", count=20, delay=0.05))
    async with service.stream("POST", "/api/v1/messages", json=ask, headers=KEY) as begun:
        async for line in begun.aiter_lines():
            if line.startswith("event: text"):
                break
        busy = await elsewhere.post("/api/v1/messages", json=ask, headers=KEY)
        assert (busy.status_code, busy.json()["code"], busy.json()["retryable"]) == (409, "answer_under_way", True)
    # Its caller left in the middle.
    async with asyncio.timeout(30):
        while (again := await elsewhere.post("/api/v1/messages", json=ask, headers=KEY)).status_code == 409:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    told = events(again.text)
    assert "".join(data["text"] for name, data in told if name == "text") == "".join(f"字{n}" for n in range(20))
    assert again.headers[REPLAYED] == "true"
    last = await service.post("/api/v1/messages", json=ask, headers=KEY)
    assert events(last.text) == told
    assert len(primary.requests) == 1


async def test_what_failed_is_asked_anew_with_the_same_key(
    service: httpx.AsyncClient, primary: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LEASE", 3600.0)  # no end of a lease makes the key free
    for ask in ({**ASK, "model": "primary"}, {**ASK, "model": "primary", "stream": True}):
        primary.play(*DOWN, Script("text", text="好了"))
        key = {"Idempotency-Key": str(ask.get("stream"))}
        failed = await service.post("/api/v1/messages", json=ask, headers=key)
        assert (failed.status_code, failed.json()["code"]) == (503, "model_unavailable")
        async with asyncio.timeout(30):  # that the key is free again is written a moment later
            while (again := await service.post("/api/v1/messages", json=ask, headers=key)).status_code == 409:  # noqa: ASYNC110
                await asyncio.sleep(0.05)
        assert "好了" in again.text
    assert primary.queue == type(primary.queue)()


async def test_an_answer_that_cannot_be_kept_is_told_and_its_key_is_free(
    service: httpx.AsyncClient, primary: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LEASE", 3600.0)
    monkeypatch.setattr(reading, "storable", str)  # nothing that cannot be kept comes through else
    primary.play(Script("text", text="a\x00b"), Script("text", text="第二次"))
    key = {"Idempotency-Key": "nul"}
    assert (await service.post("/api/v1/messages", json=ASK, headers=key)).json()["content"] == "a\x00b"
    async with asyncio.timeout(30):
        again = await service.post("/api/v1/messages", json=ASK, headers=key)
    assert again.json()["content"] == "第二次"


async def test_objects_and_stock_clients_have_their_answers_again(
    service: httpx.AsyncClient, sdk: openai.AsyncOpenAI, primary: ScriptedModel
) -> None:
    primary.play(Script("text", text='{"z": 1, "kind": "chat", "a": [2]}'), Script("text", text="好"))
    body = {**ASK, "schema": SCHEMA}
    first, again = [await service.post("/api/v1/messages/structured", json=body, headers=KEY) for _ in range(2)]
    assert first.content == again.content
    assert first.json()["calls"] == [first.json()["id"]]
    messages: Any = ASK["messages"]
    key = {"Idempotency-Key": "sdk"}
    one, other = [
        await sdk.chat.completions.create(model="cuedesk", messages=messages, extra_headers=key) for _ in range(2)
    ]
    assert one == other
    with pytest.raises(openai.UnprocessableEntityError) as reused:
        await sdk.chat.completions.create(model="cuedesk", messages=messages, n=1, extra_headers=key)
    assert reused.value.code == "idempotency_key_reused"
    assert len(primary.requests) == 2


async def test_the_claim_of_a_dead_process_is_taken_and_a_late_one_tells_the_answer_that_is_kept(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await tenant_of(services)
    dead = Answers(services.db)
    monkeypatch.setattr(module, "_LEASE", -1.0)
    hold = await dead.claim(tenant, "k", b"body")
    assert isinstance(hold, module.Hold)
    monkeypatch.setattr(module, "_LEASE", 60.0)

    async def answering(word: str) -> dict[str, Any]:
        return {"text": word}

    living = services.answers
    assert await living.once(tenant, "k", b"body", lambda: answering("one")) == ({"text": "one"}, False)
    # It was only asleep: what it heard is not kept, and not told.
    assert await dead.asked(hold, lambda: answering("two")) is None
    assert await dead.once(tenant, "k", b"body", lambda: answering("three")) == ({"text": "one"}, True)

    monkeypatch.setattr(module, "_RENEWAL", 0.01)
    held = await living.claim(tenant, "long", b"body")
    assert isinstance(held, module.Hold)
    go, moved = asyncio.Event(), asyncio.Event()
    prolong = model_answers.prolong

    async def seen(*args: Any, **more: Any) -> bool:
        done = await prolong(*args, **more)
        moved.set()
        return done

    monkeypatch.setattr(model_answers, "prolong", seen)

    async def slow() -> dict[str, Any]:
        await go.wait()
        return {"text": "slow"}

    async def until_claimed() -> Any:
        async with services.db.tenant(tenant) as conn:
            return await conn.fetchval("SELECT max(claimed_until) FROM model_answers WHERE answer IS NULL")

    before = await until_claimed()
    asking = asyncio.create_task(living.asked(held, slow))
    async with asyncio.timeout(30):
        await moved.wait()
    assert await until_claimed() > before, "it lives, so nobody else asks"
    go.set()
    assert await asking == {"text": "slow"}


async def test_an_answer_bears_the_id_of_its_call(
    service: httpx.AsyncClient, sdk: openai.AsyncOpenAI, primary: ScriptedModel, services: Services
) -> None:
    primary.play(
        Script("text", text="一"), Script("text", text="二"), Script("text", text="嗯"),
        Script("text", text='{"kind": "chat"}'), Script("text", text="五"),
    )  # fmt: skip
    ids = [(await service.post("/api/v1/messages", json=ASK)).json()["id"]]
    told = events((await service.post("/api/v1/messages", json={**ASK, "stream": True})).text)
    ids.append(told[-1][1]["id"])
    held = (await service.post("/api/v1/messages/structured", json={**ASK, "schema": SCHEMA})).json()
    assert held["id"] == held["calls"][-1]
    ids += held["calls"]
    messages: Any = ASK["messages"]
    ids.append((await sdk.chat.completions.create(model="cuedesk", messages=messages)).id.removeprefix("chatcmpl-"))
    assert len(set(ids)) == 5
    await until_written(services, await tenant_of(services), 5)
    for place, call in enumerate(ids):
        found = (await service.get(f"/api/v1/model_calls/{call}")).json()
        assert (found["node"], found["status"], found["streamed"]) == ("message", "completed", place == 1)
    assert (await service.get("/api/v1/model_calls/019e9a1a-0000-7000-8000-000000000000")).status_code == 404
