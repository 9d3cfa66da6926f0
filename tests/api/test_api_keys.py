"""API keys: who makes them, what they open, and how they end."""

import asyncio
import hashlib
import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest

from backend.api.routes import openapi
from backend.domain import api_keys, audit
from backend.services import Services
from tests.api.conftest import PASSWORD, SignIn

KEYS = "/api/v1/api-keys"
ME = "/api/v1/auth/me"
#: What a key of all scopes may do, beyond reading.
MAY = {
    "ask_model",
    "ask_model_structured",
    "cancel_run",
    "cancel_show",
    "check_quality",
    "check_skill",
    "create_show",
    "create_thread",
    "delete_show",
    "delete_thread",
    "forget_notes",
    "fork_thread",
    "generate",
    "generate_stream",
    "issue_ticket",
    "order_show",
    "pause_show",
    "pin_thread",
    "plan_show",
    "read_show_table",
    "regenerate_show_item",
    "resume_thread",
    "retry_show",
    "send_message",
    "start_show",
    "take_up_again",
    "unpin_thread",
    "update_show",
    "update_show_item",
    "update_thread",
}


async def make(admin: httpx.AsyncClient, *scopes: str, name: str = "店铺后台", **more: Any) -> dict[str, Any]:
    answer = await admin.post(KEYS, json={"name": name, "scopes": list(scopes or ("models", "work")), **more})
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    made: dict[str, Any] = answer.json()
    return made


def bearer(key: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {key['secret']}"}


async def listed(admin: httpx.AsyncClient) -> list[dict[str, Any]]:
    answer = await admin.get(KEYS)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def test_a_key_is_told_once_and_only_its_hash_is_stored(
    admin: httpx.AsyncClient, client: httpx.AsyncClient, demo_url: str
) -> None:
    key = await make(admin, "work", name="  店铺后台  ")
    secret = key["secret"]
    assert secret.startswith("ck_")
    assert len(secret) == 46
    assert (key["name"], key["scopes"], key["expires_at"]) == ("店铺后台", ["work"], None)
    assert key["prefix"] == secret[:7]
    (shown,) = await listed(admin)
    assert shown == {name: value for name, value in key.items() if name != "secret"}
    assert shown["last_used_at"] is None

    me = (await client.get(ME, headers=bearer(key))).json()
    assert (me["user"]["name"], me["user"]["id"], me["tenant"]["slug"]) == ("店铺后台", key["id"], "qinghe")
    assert (me["role"], me["permissions"]) == ("service_work", ["thread.read", "thread.write"])
    assert datetime.fromisoformat((await listed(admin))[0]["last_used_at"])

    with psycopg.connect(demo_url) as owner:
        (stored,) = owner.execute("SELECT secret_hash FROM api_keys").fetchone() or ()
        tables = [
            row[0]
            for row in owner.execute(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            )
        ]
        everything = "\n".join(
            str(row[0]) for table in tables for row in owner.execute(f'SELECT t::text FROM "{table}" t')
        )
    assert bytes(stored) == hashlib.sha256(secret.encode()).digest()
    assert secret not in everything
    assert secret[7:] not in everything


async def test_a_key_is_made_beside_what_writes_to_the_audit_log(admin: httpx.AsyncClient, services: Services) -> None:
    me = (await admin.get(ME)).json()
    tenant, who = me["tenant"]["id"], UUID(me["user"]["id"])
    async with services.db.tenant(tenant) as making:
        key, _ = await api_keys.create_key(making, who, "店铺后台", ["work"], None)
        # Whoever writes there meanwhile holds the log until the end; if it waited for us, we would wait for each other.
        async with services.db.tenant(tenant) as other:
            await asyncio.wait_for(audit.record(other, who, "thread.created", str(who)), 20)
        await audit.record(making, who, "api_key.created", str(key.id))


async def test_what_proves_a_key_is_nobodys_to_read(admin: httpx.AsyncClient, services: Services) -> None:
    await make(admin)
    tenant = (await admin.get(ME)).json()["tenant"]["id"]
    async with services.db.tenant(tenant) as conn:
        assert not await conn.fetchval("SELECT has_column_privilege(current_user, 'api_keys', 'secret_hash', 'SELECT')")
        assert not await conn.fetchval("SELECT has_table_privilege(current_user, 'api_keys', 'INSERT, UPDATE, DELETE')")


@pytest.mark.parametrize(
    ("scopes", "opened", "closed"),
    [
        (["models"], ["/api/v1/models", "/v1/models"], ["/api/v1/threads", "/api/v1/rooms", "/api/v1/scripts"]),
        (["work"], ["/api/v1/threads", "/api/v1/rooms", "/api/v1/scripts"], ["/api/v1/models", "/v1/models"]),
        (["models", "work"], ["/api/v1/models", "/v1/models", "/api/v1/threads"], []),
    ],
)
async def test_a_key_opens_what_its_scopes_say(
    admin: httpx.AsyncClient, client: httpx.AsyncClient, scopes: list[str], opened: list[str], closed: list[str]
) -> None:
    headers = bearer(await make(admin, *scopes))
    for path in opened:
        assert (await client.get(path, headers=headers)).status_code == 200, path
    for path in closed:
        answer = await client.get(path, headers=headers)
        assert answer.status_code == 403, path
        told = answer.json()
        assert (told.get("code") or told["error"]["code"]) == "forbidden"
    asks = await client.post("/api/v1/threads", headers=headers, json={})
    assert asks.status_code == (201 if "work" in scopes else 403)
    ticket = await client.post("/api/v1/auth/ticket", headers=headers)
    assert ticket.status_code == (200 if "work" in scopes else 403)


async def test_a_key_changes_this_and_nothing_else(admin: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    headers = bearer(await make(admin))
    may, refused = set(), {}
    for path, operations in openapi()["paths"].items():
        for method, operation in operations.items():
            # Who is paired brings no key: the cookie of a device.
            if method == "get" or {"HTTPBearer": []} not in operation.get("security", []):
                continue
            address = re.sub(r"\{[^}]*\}", "0198b0c6-0000-7000-8000-000000000000", path)
            answer = await client.request(method, address, headers=headers, content=b"[]")
            if answer.status_code == 403:
                refused[f"{method.upper()} {path}"] = answer.json()["code"]
            else:
                may.add(operation["operationId"])
    assert set(refused.values()) == {"person_required"}
    for what in ("POST /api/v1/api-keys", "POST /api/v1/auth/token", "POST /api/v1/auth/logout"):
        assert refused[what] == "person_required"
    assert may == MAY
    assert (await client.get(ME, headers=headers)).status_code == 200


async def test_a_revoked_key_is_worth_nothing_and_stays_in_history(
    admin: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    key = await make(admin)
    thread = (await client.post("/api/v1/threads", headers=bearer(key), json={})).json()
    ticket = (await client.post("/api/v1/auth/ticket", headers=bearer(key))).json()["ticket"]
    assert (await admin.delete(f"{KEYS}/{key['id']}")).status_code == 204
    answer = await client.get(ME, headers=bearer(key))
    assert (answer.status_code, answer.json()["code"]) == (401, "api_key_invalid")
    assert ticket
    assert await listed(admin) == []
    again = await admin.delete(f"{KEYS}/{key['id']}")
    assert (again.status_code, again.json()["code"]) == (404, "not_found")
    assert (await admin.delete(f"/api/v1/threads/{thread['id']}")).status_code in (200, 204)
    entries = (await admin.get("/api/v1/audit", params={"action": "api_key"})).json()["items"]
    assert [(entry["action"], entry["detail"]["name"]) for entry in entries] == [
        ("api_key.revoked", "店铺后台"),
        ("api_key.created", "店铺后台"),
    ]
    assert entries[0]["subject"] == key["id"]


async def test_what_a_key_does_is_told_under_its_name(admin: httpx.AsyncClient, client: httpx.AsyncClient) -> None:
    key = await make(admin, "work", name="夜班机器人")
    thread = (await client.post("/api/v1/threads", headers=bearer(key), json={})).json()
    await client.delete(f"/api/v1/threads/{thread['id']}", headers=bearer(key))
    entries = (await admin.get("/api/v1/audit", params={"actor": key["id"]})).json()["items"]
    assert [(entry["action"], entry["actor_name"]) for entry in entries] == [("thread.deleted", "夜班机器人")]
    await admin.delete(f"{KEYS}/{key['id']}")
    entries = (await admin.get("/api/v1/audit", params={"actor": key["id"]})).json()["items"]
    assert entries[0]["actor_name"] == "夜班机器人"


async def test_a_key_ends_when_its_time_is_over(
    admin: httpx.AsyncClient, client: httpx.AsyncClient, demo_url: str
) -> None:
    key = await make(admin, expires_in_days=30)
    ends = datetime.fromisoformat(key["expires_at"])
    assert abs(ends - datetime.fromisoformat(key["created_at"]) - timedelta(days=30)) < timedelta(seconds=1)
    me = (await client.get(ME, headers=bearer(key))).json()
    assert abs(datetime.fromisoformat(me["expires_at"]) - ends) < timedelta(seconds=1)
    with psycopg.connect(demo_url) as owner:  # a month later
        owner.execute(
            "UPDATE sessions SET expires_at = expires_at - interval '30 days' WHERE user_id = %s", [key["id"]]
        )
        owner.execute("UPDATE api_keys SET expires_at = expires_at - interval '30 days'")
    answer = await client.get(ME, headers=bearer(key))
    assert (answer.status_code, answer.json()["code"]) == (401, "api_key_invalid")
    assert [one["expired"] for one in await listed(admin)] == [True]
    assert (await admin.delete(f"{KEYS}/{key['id']}")).status_code == 204


async def test_another_tenant_neither_sees_nor_ends_a_key(
    admin: httpx.AsyncClient, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    key = await make(admin)
    other = await sign_in("admin@shanlan.demo.cuedesk")
    assert await listed(other) == []
    assert (await other.delete(f"{KEYS}/{key['id']}")).status_code == 404
    foreign = await make(other, "work", name="另一家")
    ours = (await admin.post("/api/v1/threads", json={})).json()["id"]
    assert (await client.get(f"/api/v1/threads/{ours}", headers=bearer(foreign))).status_code == 404
    assert (await client.get(f"/api/v1/threads/{ours}", headers=bearer(key))).status_code == 200
    assert [one["name"] for one in await listed(admin)] == ["店铺后台"]


async def test_only_administrators_keep_keys(operator: httpx.AsyncClient, sign_in: SignIn) -> None:
    for person in (operator, await sign_in("amin@demo.cuedesk"), await sign_in("xiaoya@demo.cuedesk")):
        for answer in (
            await person.get(KEYS),
            await person.post(KEYS, json={"name": "a", "scopes": ["work"]}),
            await person.delete(f"{KEYS}/0198b0c6-0000-7000-8000-000000000000"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


@pytest.mark.parametrize(
    "body",
    [
        {"scopes": ["work"]},
        {"name": "", "scopes": ["work"]},
        {"name": "   ", "scopes": ["work"]},
        {"name": "长" * 81, "scopes": ["work"]},
        {"name": "a\u0000b", "scopes": ["work"]},
        {"name": "a", "scopes": []},
        {"name": "a", "scopes": ["approve"]},
        {"name": "a", "scopes": ["work"], "expires_in_days": 0},
        {"name": "a", "scopes": ["work"], "expires_in_days": 3651},
        {"name": "a", "scopes": ["work"], "role": "admin"},
    ],
)
async def test_a_key_that_makes_no_sense_is_refused(admin: httpx.AsyncClient, body: dict[str, Any]) -> None:
    answer = await admin.post(KEYS, json=body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request"), answer.text
    assert await listed(admin) == []


async def test_a_team_has_so_many_live_keys_and_no_more(
    admin: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_keys, "MOST_LIVE", 2)
    first = await make(admin, "work", name="一")
    await make(admin, "work", name="二")
    full = await admin.post(KEYS, json={"name": "三", "scopes": ["work"]})
    assert (full.status_code, full.json()["code"]) == (409, "too_many_api_keys")
    await admin.delete(f"{KEYS}/{first['id']}")
    await make(admin, "work", name="三")
    assert [one["name"] for one in await listed(admin)] == ["三", "二"]


async def test_wrong_keys_are_counted_and_a_right_one_is_still_let_in(
    admin: httpx.AsyncClient, client: httpx.AsyncClient
) -> None:
    key = await make(admin)
    codes = [
        (await client.get(ME, headers={"Authorization": f"Bearer {key['secret']}{n}"})).json()["code"]
        for n in range(11)
    ]
    assert codes == ["api_key_invalid"] * 10 + ["rate_limited"]
    assert (await client.get(ME, headers=bearer(key))).status_code == 200


@pytest.mark.parametrize("token", ["ck_", "ck_ä", "ck_" + "x" * 5000, "CK_abc"])
async def test_what_only_looks_like_a_key_is_refused(client: httpx.AsyncClient, token: str) -> None:
    answer = await client.get(ME, headers={"Authorization": f"Bearer {token}".encode()})
    assert answer.status_code == 401
    assert answer.json()["code"] == ("unauthenticated" if token.startswith("CK") else "api_key_invalid")


async def test_a_key_is_no_cookie_and_its_account_takes_no_password(
    admin: httpx.AsyncClient, client: httpx.AsyncClient, demo_url: str
) -> None:
    key = await make(admin)
    assert (await client.get(ME, headers={"Cookie": f"cuedesk_session={key['secret']}"})).status_code == 401
    with psycopg.connect(demo_url) as owner:
        (email,) = owner.execute("SELECT email FROM users WHERE id = %s", [key["id"]]).fetchone() or ()
    for password in (PASSWORD, "!", key["secret"]):
        answer = await client.post("/api/v1/auth/login", json={"email": email, "password": password})
        assert (answer.status_code, answer.json()["code"]) == (401, "bad_credentials")


async def test_a_key_outlives_who_made_it_and_the_list_says_so(
    admin: httpx.AsyncClient, client: httpx.AsyncClient, demo_url: str, sign_in: SignIn
) -> None:
    with psycopg.connect(demo_url) as owner:
        owner.execute(
            """UPDATE memberships SET role = 'admin' WHERE user_id =
               (SELECT id FROM users WHERE email = 'xiaolin@demo.cuedesk')"""
        )
    colleague = await sign_in("xiaolin@demo.cuedesk")
    key = await make(colleague)
    assert (key["created_by_name"], key["created_by_role"]) == ("小林", "admin")
    for change, role in (
        ("UPDATE memberships SET role = 'viewer' WHERE user_id = %s", "viewer"),
        ("UPDATE users SET disabled_at = now() WHERE id = %s", None),
        ("DELETE FROM memberships WHERE user_id = %s", None),
    ):
        with psycopg.connect(demo_url) as owner:
            owner.execute(change, [key["created_by"]])
        (shown,) = await listed(admin)
        assert (shown["created_by_name"], shown["created_by_role"]) == ("小林", role)
        assert (await client.get(ME, headers=bearer(key))).status_code == 200


async def test_a_tenant_takes_its_keys_along(
    admin: httpx.AsyncClient, client: httpx.AsyncClient, demo_url: str
) -> None:
    key = await make(admin)
    await client.post("/api/v1/threads", headers=bearer(key), json={})
    with psycopg.connect(demo_url) as owner:
        owner.execute("DELETE FROM tenants WHERE slug = 'qinghe'")
    assert (await client.get(ME, headers=bearer(key))).status_code == 401
    with psycopg.connect(demo_url) as owner:
        assert owner.execute("SELECT count(*) FROM users WHERE id = %s", [key["id"]]).fetchone() == (0,)
        assert owner.execute("SELECT count(*) FROM api_keys").fetchone() == (0,)
