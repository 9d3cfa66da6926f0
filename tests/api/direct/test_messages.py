"""Asking a model without a graph, over a real socket: our own endpoints."""

import asyncio
import threading
from typing import Any

import httpx
import psycopg
import pytest

from backend.llm.schemas import AnswerSchema
from backend.services import Services
from tests.api.conftest import SignIn
from tests.api.direct.conftest import ASK, DOWN, SCHEMA, events, token_of, until_written
from tests.support.scripted_model import Script, ScriptedModel


async def test_a_text_comes_whole_or_streamed_and_is_on_the_tenants_account(
    service: httpx.AsyncClient, primary: ScriptedModel, demo_url: str, services: Services
) -> None:
    primary.play(Script("text", text="你好呀", reasoning="想想"), Script("text", text="你好呀", reasoning="想想"))
    whole = (await service.post("/api/v1/messages", json={**ASK, "temperature": 0.2, "max_tokens": 50})).json()
    assert (whole["content"], whole["reasoning"], whole["model"]) == ("你好呀", "想想", "first")
    assert (whole["finish_reason"], whole["usage"]["estimated"]) == ("stop", False)
    body = primary.requests[0].body
    assert body["messages"] == ASK["messages"]
    assert (body["temperature"], body["max_tokens"], body["stream"]) == (0.2, 50, False)

    answer = await service.post("/api/v1/messages", json={**ASK, "stream": True})
    assert answer.headers["content-type"].startswith("text/event-stream")
    told = events(answer.text)
    assert "".join(data["text"] for name, data in told if name == "text") == "你好呀"
    assert told[-1][0] == "end"
    assert told[-1][1]["usage"] == whole["usage"]

    [[tenant_id]] = psycopg.connect(demo_url).execute("SELECT id FROM tenants WHERE slug = 'qinghe'").fetchall()
    assert await until_written(services, tenant_id, 2) == [
        ("message", "completed", False, True),
        ("message", "completed", True, True),
    ]


async def test_the_fallback_answers_and_who_names_a_backend_gets_no_other(
    service: httpx.AsyncClient, primary: ScriptedModel, fallback: ScriptedModel
) -> None:
    primary.play(*DOWN)
    fallback.play(Script("text", text="在"))
    answer = (await service.post("/api/v1/messages", json=ASK)).json()
    assert (answer["content"], answer["model"]) == ("在", "second")
    primary.play(*DOWN)
    refused = await service.post("/api/v1/messages", json={**ASK, "model": "primary"})
    assert (refused.status_code, refused.json()["code"]) == (503, "model_unavailable")
    assert len(fallback.requests) == 1
    unknown = await service.post("/api/v1/messages", json={**ASK, "model": "gpt-9"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "model_not_found")


async def test_what_fails_at_once_has_a_status_and_what_fails_later_an_event(
    service: httpx.AsyncClient, primary: ScriptedModel
) -> None:
    one = {**ASK, "model": "primary", "stream": True}
    primary.play(*DOWN, Script("cut", count=5))
    refused = await service.post("/api/v1/messages", json=one)
    assert (refused.status_code, refused.json()["code"]) == (503, "model_unavailable")
    assert refused.headers["content-type"] == "application/problem+json"
    told = events((await service.post("/api/v1/messages", json=one)).text)
    assert [name for name, _ in told] == ["text"] * 5 + ["problem"]
    assert (told[-1][1]["code"], told[-1][1]["retryable"]) == ("model_stream_cut", True)


@pytest.mark.parametrize("stream", [False, True])
async def test_whoever_hangs_up_hangs_up_the_provider(
    service: httpx.AsyncClient, primary: ScriptedModel, stream: bool
) -> None:
    primary.play(Script("stall", count=3))
    asking = asyncio.create_task(service.post("/api/v1/messages", json={**ASK, "stream": stream}))
    await primary.until_asked(within=30)
    asking.cancel()
    await primary.until_client_left(within=30)


async def test_an_object_meets_its_schema_or_is_refused(service: httpx.AsyncClient, primary: ScriptedModel) -> None:
    at, body = "/api/v1/messages/structured", {**ASK, "schema": SCHEMA}
    primary.play(Script("text", text="嗯"), Script("text", text='{"kind": "chat"}'))
    answer = (await service.post(at, json=body)).json()
    assert (answer["value"], answer["repaired"], answer["model"]) == ({"kind": "chat"}, True, "first")
    primary.play(*[Script("text", text='{"kind": 1}')] * 2)
    refused = await service.post(at, json=body)
    assert (refused.status_code, refused.json()["code"]) == (502, "model_answer_invalid")
    asked = len(primary.requests)
    wrong = await service.post(
        at, json={**ASK, "schema": {"type": "object", "properties": {"a": {"$ref": "file:///"}}}}
    )
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["details"]["reason"]) == (
        400, "schema_invalid", "reference",
    )  # fmt: skip
    assert len(primary.requests) == asked


async def test_only_who_may_ask_asks(address: str, sign_in: SignIn, client: httpx.AsyncClient) -> None:
    for path in ("/api/v1/messages", "/v1/chat/completions"):
        assert (await client.post(path, json=ASK)).status_code == 401
    host = await sign_in("xiaoya@demo.cuedesk")
    refused = await host.post("/api/v1/messages", json=ASK)
    assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    as_openai = await host.post("/v1/chat/completions", json={"model": "cuedesk", **ASK})
    assert (as_openai.status_code, as_openai.json()["error"]["type"]) == (403, "permission_error")
    elsewhere = await (await sign_in("xiaolin@demo.cuedesk")).post(
        "/api/v1/messages", json=ASK, headers={"Origin": "https://elsewhere.example"}
    )
    assert elsewhere.json()["code"] == "origin_refused"


async def test_an_answer_is_held_to_a_strangers_schema_beside_the_loop(
    service: httpx.AsyncClient, primary: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked_in: list[threading.Thread] = []
    check = AnswerSchema.check

    def seen(schema: AnswerSchema, text: str) -> dict[str, Any]:
        checked_in.append(threading.current_thread())
        return check(schema, text)

    monkeypatch.setattr(AnswerSchema, "check", seen)
    primary.play(Script("text", text='{"kind": "chat"}'))
    answer = await service.post("/api/v1/messages/structured", json={**ASK, "schema": SCHEMA})
    assert answer.json()["value"] == {"kind": "chat"}
    assert checked_in != []
    assert threading.main_thread() not in checked_in


async def test_tenants_pay_for_themselves(
    address: str, primary: ScriptedModel, demo_url: str, services: Services
) -> None:
    with psycopg.connect(demo_url) as conn:
        found = conn.execute(
            """SELECT u.email, t.id FROM memberships m JOIN users u ON u.id = m.user_id
               JOIN tenants t ON t.id = m.tenant_id WHERE m.role = 'admin' ORDER BY t.slug"""
        ).fetchall()
    assert len(found) == 2
    # The same question at the same moment: tenants share no answer.
    primary.play(*[Script("text", text="好", first_delay=0.5)] * 2)
    tokens = [await token_of(address, email) for email, _ in found]
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        answers = await asyncio.gather(
            *(client.post("/api/v1/messages", json=ASK, headers={"Authorization": f"Bearer {t}"}) for t in tokens)
        )
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(primary.requests) == 2
    for _, tenant_id in found:
        assert len(await until_written(services, tenant_id, 1)) == 1
