"""Nothing of another tenant can be seen or changed, whatever one asks with its ids."""

import json
from typing import Any
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from backend.api.routes import openapi
from tests.api.conftest import SignIn

#: A body with which each operation would work on something of one's own.
BODIES: dict[str, dict[str, Any]] = {
    "update_thread": {"title": "我的了"},
    "send_message": {"content": "写一段开场"},
    "cancel_run": {},
    "cancel_show": {"waiting": True},
    "fork_thread": {},
    "decide_interrupt": {"decision": "approve"},
    "claim_interrupt": {},
    "take_up_again": {"how": "submit"},
    "update_host": {"version": 1, "name": "我的了"},
    "update_product": {"version": 1, "price": 0.01},
    "update_show": {"name": "我的了"},
    "retry_show": {},
    "order_show": {"item_ids": ["00000000-0000-0000-0000-000000000001"]},
    "update_show_item": {"seconds": 30},
    "update_experiment": {"version": 1, "question": "我的了"},
    "start_experiment": {"version": 1},
    "stop_experiment": {"version": 1},
    "conclude_experiment": {"version": 1},
    "update_room": {"platform": "douyin"},
    "control_prompter": {"version": 1, "action": "blank", "value": 1},
    "add_entry": {"script_id": "01900000-0000-7000-8000-000000000001"},
    "order_rundown": {"entry_ids": ["01900000-0000-7000-8000-000000000001"], "revision": 0},
    "cue_entry": {},
    "open_pairing": {"role": "remote"},
    "restore_rule_revision": {"revision": 0},
}
#: What a list or a search cannot be asked without.
QUERIES: dict[str, dict[str, str]] = {"/api/v1/memory/search": {"q": "山岚"}}


@pytest.fixture
def theirs(demo_url: str) -> dict[str, str]:
    """One of everything that belongs to 山岚优选, by the name of the path parameter."""
    with psycopg.connect(demo_url) as owner:
        tenant, user = owner.execute(
            """SELECT m.tenant_id, m.user_id FROM memberships m JOIN tenants t ON t.id = m.tenant_id
               WHERE t.slug = 'shanlan' AND m.role = 'admin'"""
        ).fetchone()
        owner.execute("SELECT set_config('app.tenant', %s, true)", [str(tenant)])
        host, room, product = (
            owner.execute(f"SELECT id FROM {table} WHERE tenant_id = %s", [tenant]).fetchone()[0]
            for table in ("hosts", "rooms", "products")
        )
        thread = owner.execute(
            "INSERT INTO threads (title, created_by, graph_version) VALUES ('山岚的秘密', %s, '1') RETURNING id", [user]
        ).fetchone()[0]
        run = owner.execute(
            """INSERT INTO runs (thread_id, status, request, graph_version)
               VALUES (%s, 'waiting', '{}', '1') RETURNING id""",
            [thread],
        ).fetchone()[0]
        owner.execute(
            """INSERT INTO interrupts (id, thread_id, run_id, kind, action, params, allowed, expires_at)
               VALUES ('of-shanlan', %s, %s, 'script_approval', 'publish_script', '{"content": "山岚的秘密"}',
                       '{approve,edit,reject}', now() + interval '1 hour')""",
            [thread, run],
        )
        owner.execute(
            """INSERT INTO run_checkpoints (thread_id, version, run_id, checkpoint_id, step, nodes, next, status,
                                            attempt, trace_id, graph_version, after_seq, checksum)
               VALUES (%s, 973020114877, %s, 'of-shanlan', 1, '{}', '{}', 'waiting', 1, 'trace', '1', 0, '')""",
            [thread, run],
        )
        script = owner.execute(
            """INSERT INTO scripts (thread_id, title, scenario, latest_version)
               VALUES (%s, '山岚的秘密', '开场', 1) RETURNING id""",
            [thread],
        ).fetchone()[0]
        owner.execute(
            """INSERT INTO script_versions (script_id, version, content, draft, provenance)
               VALUES (%s, 1, '山岚的秘密', '', '{}')""",
            [script],
        )
        api_key = uuid4()
        owner.execute(
            "SELECT auth_create_api_key(%s, '密钥', 'ck_abcd', sha256('x'), '{work}', 'service_work', %s, NULL, 9)",
            [api_key, user],
        )
        show = owner.execute(
            "INSERT INTO threads (title, graph_version) VALUES ('山岚的一场', '1') RETURNING id"
        ).fetchone()[0]
        owner.execute("UPDATE threads SET show_id = id WHERE id = %s", [show])
        owner.execute(
            """INSERT INTO shows (id, room_id, name, total_seconds, status, started_by)
               VALUES (%s, %s, '山岚的一场', 600, 'running', %s)""",
            [show, room, user],
        )
        item = owner.execute(
            """INSERT INTO show_items (show_id, position, product_id, product_name, scenario, planned_seconds, status)
               VALUES (%s, 1, %s, '山岚绿茶', 'opening', 60, 'failed') RETURNING id""",
            [show, product],
        ).fetchone()[0]
        entry = owner.execute(
            """INSERT INTO rundown_items (room_id, show_item_id, script_id, script_version)
               VALUES (%s, %s, %s, 1) RETURNING id""",
            [room, item, script],
        ).fetchone()[0]
        experiment = owner.execute(
            """INSERT INTO experiments (key, question, unit, status, buckets)
               VALUES ('shanlan', '山岚的秘密', 'thread', 'running', array_fill(0::smallint, '{100}')) RETURNING id"""
        ).fetchone()[0]
        for place, key in enumerate(("usual", "lively")):
            owner.execute(
                "INSERT INTO experiment_variants (experiment_id, key, place, changes) VALUES (%s, %s, %s, '{}')",
                [experiment, key, place],
            )
        owner.execute(
            "INSERT INTO experiment_exposures (run_id, experiment_id, variant, unit_id) VALUES (%s, %s, 'usual', %s)",
            [run, experiment, thread],
        )
        pairing = owner.execute(
            """INSERT INTO pairing_codes (room_id, role, code_hash, secret_hash, created_by, expires_at)
               VALUES (%s, 'display', 'of shanlan', 'of shanlan', %s, now() + interval '1 hour') RETURNING id""",
            [room, user],
        ).fetchone()[0]
        device = owner.execute(
            """INSERT INTO room_devices (room_id, role, name, token_hash, paired_by, expires_at)
               VALUES (%s, 'display', '山岚的屏', 'of shanlan', %s, now() + interval '1 hour') RETURNING id""",
            [room, user],
        ).fetchone()[0]
        memory = owner.execute(
            "INSERT INTO memory_documents (kind, content) VALUES ('note', '山岚的秘密') RETURNING id"
        ).fetchone()[0]
        owner.execute("INSERT INTO embedders (name, state) VALUES ('of-shanlan', 'complete') ON CONFLICT DO NOTHING")
        owner.execute(
            """INSERT INTO rule_overlays (revision, overlay, digest, note) VALUES (973020, '{}', '', '山岚的秘密')
               ON CONFLICT DO NOTHING"""
        )
        call = owner.execute(
            """INSERT INTO llm_calls (id, thread_id, run_id, node, prompt_version, streamed, backend, provider, model,
                 status, attempts, hops, input_tokens, output_tokens, cached_tokens, reasoning_tokens, estimated, cost,
                 currency, total_ms)
               VALUES (gen_random_uuid(), %s, %s, 'chat', '', false, 'of-shanlan', 'of-shanlan', 'of-shanlan',
                 'completed', 1, '[]', 1, 1, 0, 0, false, 1, 'USD', 1) RETURNING id""",
            [thread, run],
        ).fetchone()[0]
        owner.execute(
            """INSERT INTO llm_call_texts (id, thread_id, turns, answer)
               VALUES (%s, %s, '[{"role": "user", "content": "山岚的秘密"}]', '山岚的秘密')""",
            [call, thread],
        )
    ids: dict[str, UUID | str | int] = {
        "call_id": call,
        "experiment_id": experiment,
        "key_id": api_key,
        "show_id": show,
        "item_id": item,
        "entry_id": entry,
        "host_id": host,
        "room_id": room,
        "product_id": product,
        "thread_id": thread,
        "run_id": run,
        "script_id": script,
        "interrupt_id": "of-shanlan",
        "version": 973_020_114_877,
        "memory_id": memory,
        "pairing_id": pairing,
        "device_id": device,
        "name": "of-shanlan",
        "revision": 973_020,
    }
    return {name: str(value) for name, value in ids.items()}


def everything_of_theirs(url: str) -> dict[str, list[Any]]:
    with psycopg.connect(url) as owner:
        tables = owner.execute(
            """SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
               WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attname = 'tenant_id'"""
        ).fetchall()
        return {
            table: owner.execute(
                f"""SELECT to_jsonb(t) FROM {table} t
                    WHERE tenant_id = (SELECT id FROM tenants WHERE slug = 'shanlan') ORDER BY 1::text"""
            ).fetchall()
            for (table,) in tables
        }


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, methods in openapi()["paths"].items()
        for method, operation in methods.items()
    ]


async def test_every_address_answers_for_anothers_id_as_for_an_unknown_one(
    sign_in: SignIn, theirs: dict[str, str], demo_url: str
):
    # The most rights there are, so that no role check hides a missing tenant check.
    admin = await sign_in("admin@demo.cuedesk")
    before = everything_of_theirs(demo_url)
    walked = 0
    for method, path, operation in operations():
        names = [one for one in operation.get("parameters", []) if one["in"] == "path"]
        if all("enum" in one["schema"] for one in names):  # of the code, the same for everybody
            continue
        body = BODIES.get(operation["operationId"])
        assert body is not None or "requestBody" not in operation, f"no body is known for {operation['operationId']}"
        unknown = {name: str(uuid4()) for name in theirs} | {"version": "1", "revision": "1"}
        answers = [await admin.request(method, path.format(**ids), json=body) for ids in (theirs, unknown)]
        assert [answer.status_code for answer in answers] == [404, 404], (method, path, answers[0].text)
        assert answers[0].json() == answers[1].json(), (method, path)
        walked += 1
    assert walked >= 15
    assert everything_of_theirs(demo_url) == before


async def test_lists_and_searches_show_nothing_of_another_tenant(sign_in: SignIn, theirs: dict[str, str]):
    admin = await sign_in("admin@demo.cuedesk")
    for method, path, operation in operations():
        # What a paired device is told of itself is for who has no session.
        if method != "GET" or "{" in path or "/health" in path or "/stream" in path or path.endswith("/paired"):
            continue
        known = {parameter["name"] for parameter in operation.get("parameters", [])}
        least = QUERIES.get(path, {})
        queries = [least, *(least | {name: value} for name, value in theirs.items() if name in known)]
        if "q" in known:
            queries.append({"q": "山岚"})
        for query in queries:
            answer = await admin.get(path, params=query)
            assert answer.status_code == 200, (path, query, answer.text)
            told = "json" in answer.headers["content-type"]
            text = json.dumps(answer.json(), ensure_ascii=False) if told else answer.text
            assert "山岚" not in text, (path, query)
            assert not any(value in text for value in theirs.values()), (path, query)


async def test_nothing_can_be_bound_to_anothers_room_product_or_host(
    sign_in: SignIn, theirs: dict[str, str], demo_url: str
):
    admin = await sign_in("admin@demo.cuedesk")
    own = (await admin.post("/api/v1/threads", json={})).json()["id"]
    own_room = (await admin.get("/api/v1/rooms")).json()["items"][0]["id"]
    before = everything_of_theirs(demo_url)
    for name in ("room_id", "product_id", "host_id"):
        reference = {name: theirs[name]}
        attempts = [
            await admin.post("/api/v1/threads", json=reference),
            await admin.patch(f"/api/v1/threads/{own}", json=reference),
            await admin.post(f"/api/v1/threads/{own}/messages", json={"content": "写一段", **reference}),
            await admin.post("/api/v1/generate", json={"content": "写一段", **reference}),
        ]
        if name != "host_id":
            item = {"product_id": theirs["product_id"], "scenario": "opening"}
            room = {"room_id": own_room} if name == "product_id" else reference
            plan = {"name": "借来的", "total_seconds": 600, "items": [item], **room}
            attempts.append(await admin.post("/api/v1/shows", json=plan))
        if name == "host_id":
            attempts.append(await admin.post("/api/v1/rooms", json={"name": "借来的", **reference}))
        assert [answer.status_code for answer in attempts] == [404] * len(attempts), [a.text for a in attempts]
    other_run = await admin.post(f"/api/v1/threads/{own}/cancel", json={"run_id": theirs["run_id"]})
    assert other_run.json()["code"] == "not_found"
    assert everything_of_theirs(demo_url) == before


async def test_the_same_name_may_be_used_by_two_tenants(sign_in: SignIn):
    for email in ("admin@demo.cuedesk", "admin@shanlan.demo.cuedesk"):
        who: httpx.AsyncClient = await sign_in(email)
        assert (await who.post("/api/v1/rooms", json={"name": "周末场"})).status_code == 201
