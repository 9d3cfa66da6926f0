"""Who may come in, how they prove it, and how it ends."""

import dataclasses
import time
from unittest.mock import AsyncMock

import httpx
import jwt
import psycopg
import pytest
from starlette.websockets import WebSocket

from backend.domain import people
from backend.domain.people import hash_password
from backend.errors import TicketInvalid
from backend.services import Services
from backend.storage.postgres import Database
from backend.transport.entrance import Entrance
from backend.transport.limits import SocketCaps
from tests.api.conftest import PASSWORD, SignIn

LOGIN = "/api/v1/auth/login"
ME = "/api/v1/auth/me"


async def test_signing_in_sets_a_cookie_that_scripts_and_other_sites_cannot_use(client: httpx.AsyncClient):
    answer = await client.post(LOGIN, json={"email": "XiaoLin@demo.cuedesk", "password": PASSWORD})
    assert answer.status_code == 200
    me = answer.json()
    assert (me["user"]["name"], me["tenant"]["slug"], me["role"]) == ("小林", "qinghe", "operator")
    assert "catalogue.write" in me["permissions"]
    assert "audit.read" not in me["permissions"]
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Path=/" in cookie
    assert "Secure" not in cookie
    assert (await client.get(ME)).json() == me


async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer_after_the_same_work(
    client: httpx.AsyncClient, demo_url: str
):
    async def attempt(email: str) -> tuple[dict, float]:
        began = time.process_time()  # the work itself, whatever else the machine does
        answer = await client.post(LOGIN, json={"email": email, "password": "wrong"})
        assert answer.status_code == 401
        return answer.json(), time.process_time() - began

    with psycopg.connect(demo_url) as owner:  # the demo of the tests has a hash that costs nothing
        owner.execute("UPDATE users SET password_hash = %s", [hash_password(PASSWORD)])

    known, known_took = await attempt("xiaolin@demo.cuedesk")
    unknown, unknown_took = await attempt("nobody@demo.cuedesk")
    assert known == unknown
    assert known["code"] == "bad_credentials"
    assert unknown_took > known_took / 3


async def test_only_hashes_of_tokens_are_stored(client: httpx.AsyncClient, demo_url: str):

    answer = await client.post(LOGIN, json={"email": "amin@demo.cuedesk", "password": PASSWORD})
    token = answer.cookies["cuedesk_session"]
    ticket = (await client.post("/api/v1/auth/ticket")).json()["ticket"]
    with psycopg.connect(demo_url) as owner:
        stored = owner.execute("SELECT token_hash FROM sessions UNION ALL SELECT token_hash FROM socket_tickets")
        hashes = [bytes(row[0]) for row in stored]
    assert len(hashes) == 2
    assert all(len(value) == 32 and token.encode() not in value and ticket.encode() not in value for value in hashes)


async def test_too_many_attempts_are_turned_away_for_a_while(client: httpx.AsyncClient):
    codes = []
    for _ in range(11):
        answer = await client.post(LOGIN, json={"email": "amin@demo.cuedesk", "password": "wrong"})
        codes.append(answer.json()["code"])
    assert codes == ["bad_credentials"] * 10 + ["rate_limited"]
    assert int(answer.headers["retry-after"]) > 0
    other = await client.post(LOGIN, json={"email": "xiaoya@demo.cuedesk", "password": PASSWORD})
    assert other.status_code == 200


async def test_signing_out_ends_cookie_access_token_and_ticket_at_once(
    operator: httpx.AsyncClient, client: httpx.AsyncClient, services: Services
):
    token = (await operator.post("/api/v1/auth/token")).json()
    assert token["token_type"] == "Bearer"
    assert 0 < token["expires_in"] <= 900
    bearer = {"Authorization": f"Bearer {token['access_token']}"}
    ticket = (await operator.post("/api/v1/auth/ticket")).json()["ticket"]
    cookie = operator.cookies["cuedesk_session"]
    assert (await client.get(ME, headers=bearer)).status_code == 200

    assert (await operator.post("/api/v1/auth/logout")).status_code == 204
    assert (await client.get(ME, headers=bearer)).json()["code"] == "unauthenticated"
    assert (await client.get(ME, headers={"Cookie": f"cuedesk_session={cookie}"})).status_code == 401
    async with services.db.system() as conn:
        with pytest.raises(TicketInvalid):
            await people.take_ticket(conn, ticket)
    assert (await operator.post("/api/v1/auth/logout")).status_code == 204


async def test_a_ticket_is_good_once_and_not_after_its_time(operator: httpx.AsyncClient, services: Services):
    ticket = (await operator.post("/api/v1/auth/ticket")).json()["ticket"]
    async with services.db.system() as conn:
        assert (await people.take_ticket(conn, ticket)).name == "小林"
    async with services.db.system() as conn:
        with pytest.raises(TicketInvalid):
            await people.take_ticket(conn, ticket)
        identity = await people.identity_of_session(conn, operator.cookies["cuedesk_session"])
        late, _ = await people.issue_ticket(conn, identity, ttl=-1)
        with pytest.raises(TicketInvalid):
            await people.take_ticket(conn, late)


@pytest.mark.parametrize("change", ["expired", "other_key", "no_algorithm", "other_audience", "no_session"])
async def test_an_access_token_that_is_not_ours_or_too_old_is_refused(
    operator: httpx.AsyncClient, client: httpx.AsyncClient, services: Services, change: str
):
    token = (await operator.post("/api/v1/auth/token")).json()["access_token"]
    claims = jwt.decode(token, services.secret, algorithms=["HS256"], audience="cuedesk")
    key, algorithm = services.secret, "HS256"
    match change:
        case "expired":
            claims["exp"] = int(time.time()) - 31
        case "other_key":
            key = b"another secret of the same length"
        case "no_algorithm":
            key, algorithm = None, "none"
        case "other_audience":
            claims["aud"] = "somebody"
        case "no_session":
            del claims["sid"]
    forged = jwt.encode(claims, key, algorithm=algorithm)
    answer = await client.get(ME, headers={"Authorization": f"Bearer {forged}"})
    assert answer.status_code == 401
    assert answer.json()["code"] == ("token_expired" if change == "expired" else "unauthenticated")


async def test_an_access_token_survives_a_clock_that_differs_by_less_than_the_leeway(
    operator: httpx.AsyncClient, client: httpx.AsyncClient, services: Services
):
    token = (await operator.post("/api/v1/auth/token")).json()["access_token"]
    claims = jwt.decode(token, services.secret, algorithms=["HS256"], audience="cuedesk")
    claims["exp"] = int(time.time()) - 20
    late = jwt.encode(claims, services.secret, algorithm="HS256")
    assert (await client.get(ME, headers={"Authorization": f"Bearer {late}"})).status_code == 200


async def test_another_sites_page_cannot_use_the_cookie(operator: httpx.AsyncClient):
    body = {"title": "来自别处"}
    foreign = await operator.post("/api/v1/threads", json=body, headers={"Origin": "https://evil.example"})
    assert (foreign.status_code, foreign.json()["code"]) == (403, "origin_refused")
    for headers in ({"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        assert (await operator.post("/api/v1/threads", json=body, headers=headers)).status_code == 403
    own = await operator.post("/api/v1/threads", json=body, headers={"Origin": "http://desk.test"})
    assert own.status_code == 201
    stream = await operator.get(
        "/api/v1/generate/stream", params={"content": "写一段"}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert stream.json()["code"] == "origin_refused"


async def test_a_bearer_needs_no_origin(operator: httpx.AsyncClient, client: httpx.AsyncClient):
    token = (await operator.post("/api/v1/auth/token")).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}", "Origin": "https://tool.example"}
    assert (await client.post("/api/v1/threads", json={}, headers=headers)).status_code == 201


async def test_a_role_that_was_taken_away_is_gone_with_the_next_request(operator: httpx.AsyncClient, demo_url: str):

    with psycopg.connect(demo_url) as owner:
        owner.execute(
            "UPDATE memberships SET role = 'viewer' FROM users WHERE id = user_id AND email = 'xiaolin@demo.cuedesk'"
        )
    answer = await operator.post("/api/v1/hosts", json={"name": "新主播"})
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    ("email", "may_write", "may_ask", "may_audit"),
    [
        ("admin@demo.cuedesk", True, True, True),
        ("xiaolin@demo.cuedesk", True, True, False),
        ("amin@demo.cuedesk", False, True, False),
        ("xiaoya@demo.cuedesk", False, False, False),
        ("guest@demo.cuedesk", False, False, False),
    ],
)
async def test_each_role_may_do_its_own_things(
    sign_in: SignIn, email: str, may_write: bool, may_ask: bool, may_audit: bool
):
    who = await sign_in(email)
    assert (await who.get("/api/v1/products")).status_code == 200
    assert (await who.post("/api/v1/rooms", json={"name": "新房间"})).status_code == (201 if may_write else 403)
    assert (await who.post("/api/v1/threads", json={})).status_code == (201 if may_ask else 403)
    assert (await who.get("/api/v1/audit")).status_code == (200 if may_audit else 403)


async def test_who_belongs_to_two_tenants_says_for_which_one(client: httpx.AsyncClient, demo_url: str):

    with psycopg.connect(demo_url) as owner:
        owner.execute(
            """INSERT INTO memberships (tenant_id, user_id, role) SELECT t.id, u.id, 'viewer'
               FROM tenants t, users u WHERE t.slug = 'shanlan' AND u.email = 'amin@demo.cuedesk'"""
        )
    login = {"email": "amin@demo.cuedesk", "password": PASSWORD}
    answer = await client.post(LOGIN, json=login)
    assert answer.json()["code"] == "tenant_choice"
    assert [tenant["slug"] for tenant in answer.json()["details"]["tenants"]] == ["qinghe", "shanlan"]
    there = await client.post(LOGIN, json={**login, "tenant": "shanlan"})
    assert there.json()["role"] == "viewer"
    nowhere = await client.post(LOGIN, json={**login, "tenant": "unknown"})
    assert nowhere.json()["code"] == "bad_credentials"


async def test_letting_a_bearer_in_takes_one_connection_only(
    operator: httpx.AsyncClient, services: Services, demo_url: str
):
    token = (await operator.post("/api/v1/auth/token")).json()["access_token"]
    scope = {"type": "websocket", "query_string": b"", "headers": [(b"authorization", f"Bearer {token}".encode())]}
    socket = WebSocket(scope, receive=AsyncMock(), send=AsyncMock())
    # Two for each would let a crowd that comes back at once hold every connection and wait for another.
    async with Database.open(demo_url, size=1, acquire_timeout=0.5) as db:
        way_in = Entrance(
            dataclasses.replace(services, db=db), SocketCaps(services.redis, per_user=8, per_tenant=8, per_process=8)
        )
        guest = await way_in._by_request(socket)
    assert guest is not None
    assert guest.identity.email == "xiaolin@demo.cuedesk"
