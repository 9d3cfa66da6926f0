"""What a thread asked of models, over REST."""

from decimal import Decimal
from uuid import UUID

import httpx

from backend.domain.model_calls import record_calls
from backend.ids import new_id
from backend.llm.accounts import CallRecord
from backend.llm.gateway import Caller, Usage
from backend.services import Services
from tests.api.conftest import SignIn


async def test_calls_of_a_thread_come_in_their_order_by_run_and_in_pages(
    operator: httpx.AsyncClient, sign_in: SignIn, services: Services
) -> None:
    thread = (await operator.post("/api/v1/threads", json={})).json()["id"]
    tenant = UUID((await operator.get("/api/v1/auth/me")).json()["tenant"]["id"])
    runs = [new_id(), new_id()]
    records = [
        CallRecord(
            id=new_id(), caller=Caller(tenant, UUID(thread), runs[place % 2]), node="chat", prompt_version="v",
            streamed=True, backend="b", provider="p", model="m", fallback_from=None, status="failed", failure="auth",
            attempts=1, hops=(), usage=Usage(1, 2, False), cost=Decimal("0.5"), currency="USD", first_token_ms=None,
            total_ms=3,
        )
        for place in range(5)
    ]  # fmt: skip
    async with services.db.tenant(tenant) as conn:
        await record_calls(conn, records)
    path = f"/api/v1/threads/{thread}/model_calls"
    first = (await operator.get(path, params={"limit": 3})).json()
    rest = (await operator.get(path, params={"limit": 3, "cursor": first["next_cursor"]})).json()
    assert [one["id"] for one in first["items"] + rest["items"]] == [str(record.id) for record in records]
    assert rest["next_cursor"] is None
    assert (first["items"][0]["failure"], Decimal(first["items"][0]["cost"])) == ("auth", Decimal("0.5"))
    of_run = (await operator.get(path, params={"run_id": str(runs[1])})).json()
    assert len(of_run["items"]) == 2
    stranger = await sign_in("admin@shanlan.demo.cuedesk")
    assert (await stranger.get(path)).status_code == 404
