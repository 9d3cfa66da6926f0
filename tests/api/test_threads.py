"""Threads over REST: their life, their log, what is asked in them."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import httpx

from backend.api.pages import encode_cursor
from backend.domain import events, runs, threads
from backend.domain.people import identity_of_session
from backend.protocol.snapshot import ThreadSnapshot, fold
from backend.runs import start
from backend.services import Services
from tests.api.conftest import SignIn
from tests.support.desk_client import APPROVER


async def test_a_thread_lives_from_first_to_last(operator: httpx.AsyncClient):
    product = (await operator.get("/api/v1/products")).json()["items"][0]["id"]
    made = (await operator.post("/api/v1/threads", json={"title": "晚场", "product_id": product})).json()
    path = f"/api/v1/threads/{made['id']}"
    assert (made["title"], made["product_id"], made["last_seq"], made["active_run"]) == ("晚场", product, 0, None)
    renamed = (await operator.patch(path, json={"title": "夜场", "product_id": None})).json()
    assert (renamed["title"], renamed["product_id"], renamed["last_seq"]) == ("夜场", None, 1)
    log = (await operator.get(f"{path}/events")).json()
    assert [(event["type"], event["seq"], event["title"]) for event in log["items"]] == [("thread_updated", 1, "夜场")]
    listed = {**renamed, "show_id": None, "last_text": ""}
    assert (await operator.get("/api/v1/threads", params={"q": "夜"})).json()["items"] == [listed]
    assert (await operator.delete(path)).status_code == 204
    for gone in (path, f"{path}/events", f"{path}/messages", f"{path}/snapshot"):
        assert (await operator.get(gone)).status_code == 404
    assert (await operator.get("/api/v1/threads")).json()["items"] == []


async def test_what_somebody_pins_stands_first_in_their_own_list_alone(operator: httpx.AsyncClient, sign_in: SignIn):
    approver, stranger = await sign_in(APPROVER), await sign_in("admin@shanlan.demo.cuedesk")
    made = [(await operator.post("/api/v1/threads", json={"title": f"场 {n}"})).json()["id"] for n in range(6)]
    for place in (1, 3, 3, 0):  # the second time it stays where it is
        answer = await operator.put(f"/api/v1/threads/{made[place]}/pin")
        assert answer.status_code == 200
        assert answer.json()["pinned_at"] is not None

    async def listed(client: httpx.AsyncClient, limit: int, **query: str) -> list[int]:
        found: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await client.get("/api/v1/threads", params={"limit": limit, **query, **cursor})).json()
            assert len(page["items"]) <= limit
            found += [thread["id"] for thread in page["items"]]
            if page["next_cursor"] is None:
                return [made.index(one) for one in found]
            cursor = {"cursor": page["next_cursor"]}

    for limit in (1, 2, 3, 4, 50):
        assert await listed(operator, limit) == [0, 3, 1, 5, 4, 2], limit
    assert await listed(operator, 50, q="场") == [0, 3, 1, 5, 4, 2]
    assert await listed(operator, 50, q="4") == [4]
    assert await listed(approver, 50) == [5, 4, 3, 2, 1, 0]
    assert (await approver.get(f"/api/v1/threads/{made[0]}")).json()["pinned_at"] is None

    # What a stranger's team has they can neither see nor pin; what is gone nobody can.
    for method in ("PUT", "DELETE"):
        assert (await stranger.request(method, f"/api/v1/threads/{made[0]}/pin")).status_code == 404
    for _ in range(2):
        unpinned = await operator.delete(f"/api/v1/threads/{made[3]}/pin")
        assert (unpinned.status_code, unpinned.json()["pinned_at"]) == (200, None)
    assert await listed(operator, 2) == [0, 1, 5, 4, 3, 2]
    await operator.delete(f"/api/v1/threads/{made[0]}")
    assert (await operator.put(f"/api/v1/threads/{made[0]}/pin")).status_code == 404
    assert await listed(operator, 2) == [1, 5, 4, 3, 2]
    bad = await operator.get("/api/v1/threads", params={"cursor": encode_cursor(datetime.now(UTC), made[1], "x")})
    assert (bad.status_code, bad.json()["code"]) == (400, "bad_request")


async def test_asking_twice_with_one_key_asks_once(operator: httpx.AsyncClient):
    thread = (await operator.post("/api/v1/threads", json={})).json()["id"]
    path = f"/api/v1/threads/{thread}"
    headers = {"Idempotency-Key": "ask-1"}
    ask = {"content": "给小雅写一段保温杯开场", "duration_seconds": 30}
    answers = await asyncio.gather(*(operator.post(f"{path}/messages", json=ask, headers=headers) for _ in range(3)))
    assert [answer.status_code for answer in answers] == [202] * 3
    assert len({answer.text for answer in answers}) == 1
    other = await operator.post(f"{path}/messages", json={"content": "别的"}, headers=headers)
    assert other.json()["code"] == "idempotency_conflict"
    busy = await operator.post(f"{path}/messages", json={"content": "别的"})
    assert (busy.status_code, busy.json()["code"], busy.json()["retryable"]) == (409, "thread_busy", True)
    assert int(busy.headers["retry-after"]) >= 1
    assert len((await operator.get(f"{path}/messages")).json()["items"]) == 1

    assert (await operator.get(path)).json()["active_run"]["status"] == "queued"
    stopped = await operator.post(f"{path}/cancel")
    assert stopped.json()["run_id"] == answers[0].json()["run_id"]
    assert (await operator.get(path)).json()["active_run"] is None
    assert (await operator.post(f"{path}/cancel")).json()["code"] == "not_found"


async def test_a_message_that_waits_while_the_run_before_it_ends_gets_its_turn(
    operator: httpx.AsyncClient, services: Services
):
    thread = (await operator.post("/api/v1/threads", json={})).json()["id"]
    path = f"/api/v1/threads/{thread}"
    first = UUID((await operator.post(f"{path}/messages", json={"content": "你好"})).json()["run_id"])
    async with services.db.system() as conn:
        who = await identity_of_session(conn, operator.cookies["cuedesk_session"])
    async with services.db.tenant(who.tenant_id) as conn:
        held = await runs.claim_run(conn, first, "test", 15)
    assert held is not None
    async with services.db.tenant(who.tenant_id) as conn:
        # The worker's last transaction of the run, not committed yet: the message below still finds the run at work.
        assert await runs.leave_run(conn, held, "completed")
        await start.start_next(conn, who.tenant_id, UUID(thread))
        body = {"content": "再来一段", "multitask": "enqueue"}
        asking = asyncio.create_task(operator.post(f"{path}/messages", json=body))
        await asyncio.sleep(0.5)
    answer = await asking
    assert answer.status_code == 202, answer.text
    active = (await operator.get(path)).json()["active_run"]
    assert active is not None, "nobody lets it begin"
    assert (active["id"], active["status"]) == (answer.json()["run_id"], "queued")


async def test_the_snapshot_is_the_fold_of_the_events(operator: httpx.AsyncClient, services: Services):
    thread = (await operator.post("/api/v1/threads", json={"title": "一开始"})).json()["id"]
    path = f"/api/v1/threads/{thread}"
    first = (await operator.get(f"{path}/snapshot")).json()
    assert (first["snapshot"]["title"], first["snapshot"]["seq"], first["epoch"]) == ("一开始", 0, services.epoch())
    for n in range(3):
        await operator.post(f"{path}/messages", json={"content": f"第 {n} 句", "multitask": "interrupt"})
    snapshot = ThreadSnapshot.model_validate((await operator.get(f"{path}/snapshot")).json()["snapshot"])
    async with services.db.system() as conn:
        who = await identity_of_session(conn, operator.cookies["cuedesk_session"])
    async with services.db.tenant(who.tenant_id) as conn:
        log = await events.read_events(conn, (await threads.get_thread(conn, thread)).id, 0, 100)
    assert snapshot == fold(log, ThreadSnapshot(title="一开始"))
    assert [message.content for message in snapshot.messages] == ["第 0 句", "第 1 句", "第 2 句"]


async def test_earlier_messages_are_found_before_the_first_one_known(operator: httpx.AsyncClient):
    path = f"/api/v1/threads/{(await operator.post('/api/v1/threads', json={})).json()['id']}"
    for n in range(5):
        await operator.post(f"{path}/messages", json={"content": f"{n}", "multitask": "enqueue"})
    last = (await operator.get(f"{path}/messages", params={"limit": 2})).json()
    assert ([m["content"] for m in last["items"]], last["more"]) == (["3", "4"], True)
    earlier = (await operator.get(f"{path}/messages", params={"limit": 3, "before": last["items"][0]["id"]})).json()
    assert ([m["content"] for m in earlier["items"]], earlier["more"]) == (["0", "1", "2"], False)


async def test_a_conversation_is_found_by_what_was_said_in_it_and_by_nobody_elses_team(
    operator: httpx.AsyncClient, sign_in: SignIn
):
    made = [(await operator.post("/api/v1/threads", json={"title": title})).json()["id"] for title in ("早场", "晚场")]
    for thread, content in zip(made, ("给卫龙辣条写个开场 ABC", "给保温杯写个开场"), strict=True):
        assert (await operator.post(f"/api/v1/threads/{thread}/messages", json={"content": content})).status_code == 202

    async def found(words: str) -> list[str]:
        return [one["id"] for one in (await operator.get("/api/v1/threads", params={"q": words})).json()["items"]]

    assert await found("辣条") == [made[0]]
    assert await found("写个开场") == [made[1], made[0]]
    assert await found("abc") == [made[0]]
    assert await found("晚") == [made[1]]
    assert await found("%") == []
    assert (await operator.put(f"/api/v1/threads/{made[0]}/pin")).status_code == 200
    assert await found("写个开场") == made
    stranger = await sign_in("admin@shanlan.demo.cuedesk")
    assert (await stranger.get("/api/v1/threads", params={"q": "辣条"})).json()["items"] == []


async def test_a_stream_tells_the_thread_from_its_beginning_and_ends_with_the_run(operator: httpx.AsyncClient):
    kinds = []

    async def watch() -> None:
        async with operator.stream("POST", "/api/v1/generate/stream", json={"content": "写一段"}) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            kinds.extend([line[7:] async for line in answer.aiter_lines() if line.startswith("event: ")])

    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(watch())
        found: list[dict] = []
        while not (found and found[0]["active_run"]):
            await asyncio.sleep(0.05)
            found = (await operator.get("/api/v1/threads")).json()["items"]
        assert (await operator.post(f"/api/v1/threads/{found[0]['id']}/cancel")).status_code == 200
    assert kinds == ["message_complete", "run", "run", "problem"]


async def test_what_holds_for_every_text_is_told_as_soon_as_it_is_said_and_no_more_when_it_was_forgotten(
    operator: httpx.AsyncClient, sign_in: SignIn
):
    thread = (await operator.post("/api/v1/threads", json={})).json()["id"]
    path = f"/api/v1/threads/{thread}"
    assert (await operator.get(f"{path}/notes")).json()["wishes"] == {}
    said = await operator.post(f"{path}/messages", json={"content": "以后每篇都别提价格"})
    assert said.status_code == 202, said.text
    notes = (await operator.get(f"{path}/notes")).json()
    assert notes["wishes"]["must_not_say"] == ["价格"]
    assert (notes["messages"], notes["summary"], notes["written_by"]) == (0, "", None)
    stranger = await sign_in("admin@shanlan.demo.cuedesk")
    assert (await stranger.get(f"{path}/notes")).status_code == 404
    assert (await operator.delete(f"{path}/notes")).status_code == 204
    assert (await operator.get(f"{path}/notes")).json()["wishes"] == {}
