"""Whatever comes in, the answer is a coded problem, and never our crash."""

import httpx
import pytest

from backend.api.limits import MAX_BODY
from backend.services import Services


async def thread_of(who: httpx.AsyncClient) -> str:
    identity: str = (await who.post("/api/v1/threads", json={"title": "试"})).json()["id"]
    return identity


def assert_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == f"urn:cuedesk:problem:{code}"
    assert problem["title"]
    assert problem["detail"]


NO_HOSTS = [
    b"",
    b"{",
    b"[]",
    b'"text"',
    b"null",
    b"\xff\xfe",
    b'{"name": "\\u0000"}',
    b'{"name": "a\\ud800b"}',
    b'{"name": ""}',
    b'{"name": "   "}',
    b'{"name": null}',
    b'{"name": "x", "surprise": 1}',
    b'{"name": "x", "\\ud800": 1}',
    b'{"name": "x", "pace": 1e400}',
    b'{"name": "x", "pace": 99999999999999999999}',
    b'{"name": "x", "voice": ["y"]}',
    b'{"name": "x", "catchphrases": ["a\\u0000"]}',
    b'{"name": "' + b"x" * 61 + b'"}',
    b'{"name": ' + b"[" * 5000 + b"]" * 5000 + b"}",
]


async def test_a_body_that_is_no_host_is_refused(operator: httpx.AsyncClient):
    for body in NO_HOSTS:
        answer = await operator.post("/api/v1/hosts", content=body, headers={"Content-Type": "application/json"})
        assert_problem(answer, 400, "bad_request")


#: The ways in of people's texts: what is sent, with `%` where the text stands.
WAYS_IN = {
    "thread": ("POST", "/threads", '{"title": "%"}'),
    "renamed": ("PATCH", "/threads/THREAD", '{"title": "%"}'),
    "message": ("POST", "/threads/THREAD/messages", '{"content": "a%b"}'),
    "style": ("POST", "/threads/THREAD/messages", '{"content": "a", "style": "%"}'),
    "edit": ("POST", "/interrupts/x/decide", '{"decision": "edit", "content": "a%b"}'),
    "feedback": ("POST", "/interrupts/x/decide", '{"decision": "reject", "feedback": "a%b"}'),
    "product": ("POST", "/products", '{"name": "a%b"}'),
    "fact": ("POST", "/products", '{"name": "a", "facts": {"a%": "b%"}}'),
    "import": ("POST", "/products/import", '{"content": "名称\\n保%温杯"}'),
    "hosts": ("POST", "/hosts/import", '{"content": "姓名\\n小%雅"}'),
    "note": ("POST", "/memory", '{"content": "a%b"}'),
    "forget": ("POST", "/memory/forget", '{"subject": "person", "name": "a%b"}'),
    "room": ("POST", "/rooms", '{"name": "a%b"}'),
    "screen": ("POST", "/rooms/ROOM/prompter", '{"version": 0, "action": "note", "text": "a%b"}'),
    "rule": ("PUT", "/rules/overlay", '{"revision": 0, "overlay": {}, "note": "a%b"}'),
    "terms": ("POST", "/rules/trial", '{"overlay": {"terms": ["a%b"]}}'),
    "show": ("POST", "/shows/table", '{"content": "a%b"}'),
    "check": ("POST", "/quality/check", '{"content": "a%b"}'),
    "question": ("POST", "/messages", '{"messages": [{"role": "user", "content": "a%b"}]}'),
    "models": (
        "PUT",
        "/models/own",
        '{"revision": 0, "models": {"backends": {"b": {"provider": "p", "model": "a%"}}}}',
    ),
}


@pytest.mark.parametrize("sign", ["\\u0000", "\\ud800"], ids=["zero", "half_a_pair"])
@pytest.mark.parametrize("way", WAYS_IN)
async def test_what_nothing_can_store_is_refused_or_left_out_on_every_way_in(
    admin: httpx.AsyncClient, way: str, sign: str
):
    method, path, body = WAYS_IN[way]
    room = (await admin.get("/api/v1/rooms")).json()["items"][0]["id"]
    path = path.replace("THREAD", await thread_of(admin)).replace("ROOM", room)
    sent = body.replace("%", sign).encode()
    answer = await admin.request(method, f"/api/v1{path}", content=sent, headers={"Content-Type": "application/json"})
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 300:
        assert_problem(answer, answer.status_code, answer.json()["code"])
    else:
        assert sign not in answer.text


async def test_a_price_is_yuan_and_fen(operator: httpx.AsyncClient):
    for price in ["-1", "1e30", "NaN", "Infinity", "0.001", '"x"', "10000000000"]:
        body = f'{{"name": "价格", "price": {price}}}'
        answer = await operator.post("/api/v1/products", content=body, headers={"Content-Type": "application/json"})
        assert_problem(answer, 400, "bad_request")


async def test_a_text_that_is_too_long_has_its_own_code(operator: httpx.AsyncClient):
    path = f"/api/v1/threads/{await thread_of(operator)}/messages"
    assert_problem(await operator.post(path, json={"content": "长" * 10_001}), 413, "content_too_long")
    assert_problem(await operator.post(path, json={"content": " \n "}), 400, "bad_request")
    assert (await operator.post(path, json={"content": "长" * 10_000})).status_code == 202


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_beyond_the_limit_is_not_read(client: httpx.AsyncClient, chunked: bool):
    async def pieces():
        for _ in range(MAX_BODY // 1000 + 2):
            yield b"x" * 1000

    content = pieces() if chunked else b"x" * (MAX_BODY + 1)
    assert_problem(await client.post("/api/v1/auth/login", content=content), 413, "content_too_long")


async def test_unknown_addresses_and_methods_are_problems_too(client: httpx.AsyncClient, operator: httpx.AsyncClient):
    assert_problem(await client.get("/api/v1/nothing"), 404, "not_found")
    assert_problem(await client.put("/api/v1/hosts"), 405, "method_not_allowed")
    assert_problem(await client.get("/api/v1/hosts"), 401, "unauthenticated")
    assert_problem(await operator.get("/api/v1/hosts/not-a-uuid"), 400, "bad_request")
    assert_problem(await operator.get("/api/v1/interrupts/%00"), 400, "bad_request")
    assert_problem(await operator.get("/api/v1/hosts?q=%00"), 400, "bad_request")
    assert_problem(await operator.get("/api/v1/hosts?limit=0"), 400, "bad_request")


async def test_a_bug_of_ours_tells_nothing_of_itself(operator: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch):
    async def broken(*_, **__):
        raise RuntimeError("password=hunter2")

    monkeypatch.setattr("backend.domain.hosts.list_hosts", broken)
    answer = await operator.get("/api/v1/hosts")
    assert_problem(answer, 500, "internal_error")
    assert "hunter2" not in answer.text


async def test_a_secret_that_was_refused_is_not_repeated(client: httpx.AsyncClient):
    answer = await client.post("/api/v1/auth/login", json={"email": "a@b", "password": "geheim" * 60})
    assert_problem(answer, 400, "bad_request")
    assert "geheim" not in answer.text


async def test_health_tells_which_part_is_down(client: httpx.AsyncClient, services: Services):
    assert (await client.get("/api/v1/health/live")).json() == {"status": "ok"}
    ready = await client.get("/api/v1/health/ready")
    assert (ready.status_code, ready.json()["status"]) == (200, "ok")
    services.model.stale = True
    stale = await client.get("/api/v1/health/ready")
    assert (stale.status_code, stale.json()["status"], stale.json()["parts"]["models"]) == (200, "degraded", "stale")
    await services.db._pool.close()
    down = await client.get("/api/v1/health/ready")
    assert (down.status_code, down.json()["status"]) == (503, "unavailable")
    assert down.json()["parts"]["database"] == "down"
    assert_problem(await client.get("/api/v1/auth/me", headers={"Cookie": "cuedesk_session=x"}), 503,
                   "storage_unavailable")  # fmt: skip
