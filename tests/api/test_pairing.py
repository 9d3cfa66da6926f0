"""Pairing a screen without a login: by a code or a link, once, for one room; and nothing can be got by guessing."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from fastapi import FastAPI

from backend.api.routes import openapi
from backend.domain.devices import MOST_OPEN, MOST_WRONG
from backend.services import Services
from tests.api.conftest import SignIn

Nobody = Callable[[str], httpx.AsyncClient]
#: What answers without any session, by its name in the document.
OPEN_TO_ALL = {"log_out", "read_paired", "read_live", "read_ready"}


@pytest.fixture
async def at(application: FastAPI, services: Services) -> AsyncIterator[Nobody]:
    """Gives a device nobody is signed in on, at an address."""
    kept = [key async for key in services.redis.client.scan_iter("cuedesk:pair:*")]
    if kept:
        await services.redis.client.delete(*kept)

    async def with_state(scope, receive, send) -> None:
        scope["state"] = {"services": services}
        await application(scope, receive, send)

    async with contextlib.AsyncExitStack() as stack:

        def device(address: str) -> httpx.AsyncClient:
            transport = httpx.ASGITransport(app=with_state, raise_app_exceptions=False, client=(address, 4711))
            one = httpx.AsyncClient(transport=transport, base_url="http://desk.test")
            stack.push_async_callback(one.aclose)
            return one

        yield device


@pytest.fixture
async def room(operator: httpx.AsyncClient) -> str:
    return str((await operator.get("/api/v1/rooms")).json()["items"][0]["id"])


async def opened(who: httpx.AsyncClient, room: str, role: str = "display") -> dict[str, Any]:
    answer = await who.post(f"/api/v1/rooms/{room}/pairings", json={"role": role})
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return dict(answer.json())


async def tried(device: httpx.AsyncClient, **what: str) -> httpx.Response:
    return await device.post("/api/v1/pair", json={"name": "左屏", **what})


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


async def test_a_screen_is_paired_by_its_code_once_and_ended_by_a_director(
    at: Nobody, operator: httpx.AsyncClient, admin: httpx.AsyncClient, room: str
) -> None:
    pairing = await opened(operator, room)
    place = f"/api/v1/rooms/{room}"
    assert len(pairing["code"]) == 6
    assert (await operator.get(f"{place}/pairings/{pairing['id']}")).json()["status"] == "open"
    screen, late = at("10.0.0.1"), at("10.0.0.2")
    assert (await screen.get("/api/v1/paired")).status_code == 401
    answer = await tried(screen, code=pairing["code"])
    assert answer.status_code == 200, answer.text
    assert (answer.json()["role"], answer.json()["room"]["id"]) == ("display", room)
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert pairing["code"] not in answer.text
    for used in ({"code": pairing["code"]}, {"secret": pairing["secret"]}):
        refused = await tried(late, **used)
        assert (refused.status_code, refused.json()["code"]) == (403, "pairing_refused")
    done = (await operator.get(f"{place}/pairings/{pairing['id']}")).json()
    assert (done["status"], done["device_id"]) == ("used", answer.json()["id"])
    (listed,) = (await admin.get(f"{place}/devices")).json()["items"]
    assert (listed["name"], listed["role"], listed["paired_by_name"]) == ("左屏", "display", "小林")
    assert (await screen.get("/api/v1/paired")).json()["room"]["id"] == room
    assert (await admin.delete(f"{place}/devices/{listed['id']}")).status_code == 204
    assert (await screen.get("/api/v1/paired")).status_code == 401
    assert (await admin.get(f"{place}/devices")).json()["items"] == []
    assert (await admin.delete(f"{place}/devices/{listed['id']}")).status_code == 404
    told = [entry for entry in (await admin.get("/api/v1/audit?limit=20")).json()["items"] if entry["subject"]]
    ours = [entry["action"] for entry in told if entry["action"].startswith(("pairing.", "device."))]
    assert ours == ["device.revoked", "device.paired", "pairing.opened"]
    paired = next(entry for entry in told if entry["action"] == "device.paired")
    assert paired["detail"] | {"name": "左屏", "role": "display", "by": "code", "room": room} == paired["detail"]
    assert pairing["code"] not in str(told)
    assert pairing["secret"] not in str(told)


async def test_a_link_pairs_too_and_a_device_that_joins_another_room_leaves_the_first(
    at: Nobody, operator: httpx.AsyncClient, admin: httpx.AsyncClient, room: str
) -> None:
    other = (await operator.post("/api/v1/rooms", json={"name": "二号间"})).json()["id"]
    phone = at("10.0.0.3")
    assert (await tried(phone, secret=(await opened(operator, room, "remote"))["secret"])).json()["role"] == "remote"
    first = dict(phone.cookies)
    assert (await tried(phone, secret=(await opened(operator, other))["secret"])).status_code == 200
    assert (await phone.get("/api/v1/paired")).json()["room"] == {"id": other, "name": "二号间"}
    assert (await operator.get(f"/api/v1/rooms/{room}/devices")).json()["items"] == []
    before = at("10.0.0.3")
    before.cookies.update(first)
    assert (await before.get("/api/v1/paired")).status_code == 401
    # It goes of its own accord.
    assert (await phone.delete("/api/v1/paired")).status_code == 204
    assert (await operator.get(f"/api/v1/rooms/{other}/devices")).json()["items"] == []
    left = [entry["action"] for entry in (await admin.get("/api/v1/audit?limit=20")).json()["items"]]
    assert left.count("device.left") == 2


@pytest.mark.parametrize("email", ["amin@demo.cuedesk", "xiaoya@demo.cuedesk", "guest@demo.cuedesk"])
async def test_only_operators_and_admins_pair(sign_in: SignIn, room: str, email: str) -> None:
    who = await sign_in(email)
    place = f"/api/v1/rooms/{room}"
    answers = [
        await who.post(f"{place}/pairings", json={}),
        await who.get(f"{place}/pairings/{uuid4()}"),
        await who.delete(f"{place}/pairings/{uuid4()}"),
        await who.get(f"{place}/devices"),
        await who.delete(f"{place}/devices/{uuid4()}"),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(403, "forbidden")] * 5


async def test_a_device_is_nobody_anywhere_else(at: Nobody, operator: httpx.AsyncClient, room: str) -> None:
    ids = {"room_id": room}
    for role in ("display", "remote"):
        device = at("10.0.0.4")
        assert (await tried(device, code=(await opened(operator, room, role))["code"])).status_code == 200
        walked, answered = 0, set()
        for path, methods in openapi()["paths"].items():
            for method, operation in methods.items():
                names = [one["name"] for one in operation.get("parameters", []) if one["in"] == "path"]
                numbers = {"version": "1", "revision": "1"}
                filled = path.format(**({name: str(uuid4()) for name in names} | numbers | ids))
                if operation["operationId"] in ("leave_room", "log_in", "pair"):
                    continue
                answer = await device.request(method, filled, json={} if "requestBody" in operation else None)
                walked += 1
                if answer.status_code != 401:
                    answered.add(operation["operationId"])
        assert walked > 80
        assert answered == OPEN_TO_ALL
        # A device's token is none of the others' either.
        token = device.cookies["cuedesk_device"]
        assert (await device.get("/api/v1/rooms", headers={"Authorization": f"Bearer {token}"})).status_code == 401
        stolen = at("10.0.0.4")
        stolen.cookies.set("cuedesk_session", token)
        assert (await stolen.get("/api/v1/rooms")).status_code == 401
        session = at("10.0.0.4")
        session.cookies.set("cuedesk_device", operator.cookies["cuedesk_session"])
        assert (await session.get("/api/v1/paired")).status_code == 401


async def test_of_many_at_once_one_gets_in(at: Nobody, operator: httpx.AsyncClient, room: str) -> None:
    for name in ("code", "secret"):
        pairing = await opened(operator, room)
        devices = [at(f"10.0.{n}.5") for n in range(8)]
        answers = await asyncio.gather(*(tried(device, **{name: pairing[name]}) for device in devices))
        assert sorted(answer.status_code for answer in answers) == [200] + [403] * 7
        assert len((await operator.get(f"/api/v1/rooms/{room}/devices")).json()["items"]) == 1
        for answer, device in zip(answers, devices, strict=True):
            assert (await device.get("/api/v1/paired")).status_code == (200 if answer.status_code == 200 else 401)
        owner = next(device for device in devices if "cuedesk_device" in device.cookies)
        await owner.delete("/api/v1/paired")


async def test_whatever_is_wrong_the_answer_is_the_same(
    at: Nobody, operator: httpx.AsyncClient, room: str, demo_url: str
) -> None:
    used = await opened(operator, room)
    await tried(at("10.1.0.1"), code=used["code"])
    closed = await opened(operator, room)
    await operator.delete(f"/api/v1/rooms/{room}/pairings/{closed['id']}")
    replaced = await opened(operator, room)
    over = await opened(operator, room, "remote")
    current = await opened(operator, room)
    with psycopg.connect(demo_url) as owner:
        owner.execute("UPDATE pairing_codes SET expires_at = now() WHERE id = %s", [over["id"]])
    answers = []
    for n, pairing in enumerate((used, closed, replaced, over)):
        answers.append(await tried(at(f"10.1.{n}.2"), code=pairing["code"]))
        answers.append(await tried(at(f"10.1.{n}.2"), secret=pairing["secret"]))
    answers.append(await tried(at("10.1.9.2"), code=another(current["code"])))
    answers.append(await tried(at("10.1.9.2"), secret="x" * 43))
    bodies = [{name: part for name, part in answer.json().items() if name != "trace_id"} for answer in answers]
    assert {answer.status_code for answer in answers} == {403}
    assert all(body == bodies[0] for body in bodies), bodies
    assert all("set-cookie" not in answer.headers for answer in answers)
    status = (await operator.get(f"/api/v1/rooms/{room}/pairings/{over['id']}")).json()["status"]
    assert status == "expired"
    assert (await tried(at("10.1.9.3"), code=current["code"])).status_code == 200


async def test_guessing_voids_every_open_code_from_however_many_addresses_and_leaves_the_links(
    at: Nobody, operator: httpx.AsyncClient, sign_in: SignIn, room: str
) -> None:
    stranger = await sign_in("admin@shanlan.demo.cuedesk")
    theirs = (await stranger.get("/api/v1/rooms")).json()["items"][0]["id"]
    ours, other = await opened(operator, room), await opened(stranger, theirs)
    wrong = next(code for code in map(str, range(100_000, 100_003)) if code not in (ours["code"], other["code"]))
    for n in range(MOST_WRONG - 1):
        assert (await tried(at(f"10.2.{n}.1"), code=wrong)).status_code == 403
    # Wrong links say nothing about codes.
    assert (await tried(at("10.2.100.1"), secret="x" * 43)).status_code == 403
    assert (await operator.get(f"/api/v1/rooms/{room}/pairings/{ours['id']}")).json()["status"] == "open"
    assert (await tried(at("10.2.101.1"), code=wrong)).status_code == 403
    for who, place, pairing in ((operator, room, ours), (stranger, theirs, other)):
        told = (await who.get(f"/api/v1/rooms/{place}/pairings/{pairing['id']}")).json()
        assert told["status"] == "void"
        assert (await tried(at("10.2.102.1"), code=pairing["code"])).status_code == 403
        assert (await tried(at("10.2.103.1"), secret=pairing["secret"])).status_code == 200
    # One that is opened afterwards is good.
    assert (await tried(at("10.2.104.1"), code=(await opened(operator, room))["code"])).status_code == 200


async def test_guesses_that_come_at_once_are_no_more_than_one_after_the_other(
    at: Nobody, operator: httpx.AsyncClient, room: str, demo_url: str
) -> None:
    pairing = await opened(operator, room)
    await asyncio.gather(*(tried(at(f"10.3.{n}.1"), code=another(pairing["code"])) for n in range(20)))
    with psycopg.connect(demo_url) as owner:
        (wrong,) = owner.execute("SELECT wrong FROM pairing_codes WHERE id = %s", [pairing["id"]]).fetchone()
    assert wrong == 20


async def test_an_address_gets_few_tries_and_a_network_of_ipv6_is_one(
    at: Nobody, operator: httpx.AsyncClient, room: str
) -> None:
    pairing = await opened(operator, room)
    for address in (lambda n: "10.4.0.1", lambda n: f"2001:db8::{n + 1:x}", lambda n: "::ffff:10.4.0.2"):
        for n in range(5):
            assert (await tried(at(address(n)), code=another(pairing["code"]))).status_code == 403
        limited = await tried(at(address(9)), code=pairing["code"])
        assert (limited.status_code, limited.json()["code"]) == (429, "rate_limited")
        assert 0 < limited.json()["retry_after_ms"] <= 60_000
    assert (await tried(at("2001:db8:0:1::1"), code=pairing["code"])).status_code == 200
    # Whoever pairs a room full of screens is not kept waiting.
    for _ in range(7):
        pairing = await opened(operator, room)
        assert (await tried(at("10.4.0.3"), code=pairing["code"])).status_code == 200


async def test_all_addresses_together_get_few_tries(
    at: Nobody, operator: httpx.AsyncClient, room: str, services: Services
) -> None:
    pairing = await opened(operator, room)
    for n in range(60):
        assert (await tried(at(f"10.5.{n}.1"), secret="x" * 43)).status_code == 403
    assert (await tried(at("10.5.200.1"), secret=pairing["secret"])).status_code == 429
    assert await services.redis.client.ttl("cuedesk:pair:all") > 0, "it ends"


async def test_a_device_ends_unused_and_with_the_place_of_who_paired_it(
    at: Nobody, operator: httpx.AsyncClient, room: str, demo_url: str, services: Services
) -> None:
    with psycopg.connect(demo_url, autocommit=True) as owner:
        screen = at("10.6.0.1")
        paired = (await tried(screen, code=(await opened(operator, room))["code"])).json()
        unused = "SELECT extract(epoch FROM expires_at - clock_timestamp())::int FROM room_devices WHERE id = %s"
        owner.execute("UPDATE room_devices SET expires_at = now() + interval '1 minute' WHERE id = %s", [paired["id"]])
        # Used, it has the whole time again.
        assert (await screen.get("/api/v1/paired")).status_code == 200
        assert owner.execute(unused, [paired["id"]]).fetchone()[0] > services.settings.device_unused - 60
        owner.execute("UPDATE users SET disabled_at = now() WHERE email = 'xiaolin@demo.cuedesk'")
        assert (await screen.get("/api/v1/paired")).status_code == 401
        owner.execute("UPDATE users SET disabled_at = NULL WHERE email = 'xiaolin@demo.cuedesk'")
        assert (await screen.get("/api/v1/paired")).status_code == 200
        owner.execute("UPDATE room_devices SET expires_at = now() WHERE id = %s", [paired["id"]])
        assert (await screen.get("/api/v1/paired")).status_code == 401
        # And codes of who has gone are good for nothing.
        pairing = await opened(operator, room)
        owner.execute("UPDATE users SET disabled_at = now() WHERE email = 'xiaolin@demo.cuedesk'")
        assert (await tried(at("10.6.0.2"), secret=pairing["secret"])).status_code == 403


async def test_a_team_has_few_codes_open_at_once(operator: httpx.AsyncClient, admin: httpx.AsyncClient) -> None:
    for n in range(MOST_OPEN):
        made = (await operator.post("/api/v1/rooms", json={"name": f"第{n}间"})).json()["id"]
        await opened(operator, made)
        await opened(operator, made)  # takes the place of the one before
    full = await admin.post(f"/api/v1/rooms/{made}/pairings", json={})
    assert (full.status_code, full.json()["code"]) == (429, "rate_limited")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"code": "123456", "secret": "x"},
        {"code": "12345"},
        {"code": "12345a"},
        {"code": "１２３４５６"},
        {"code": "123456\n"},
        {"secret": ""},
        {"secret": "x" * 101},
        {"code": "123456", "name": "  "},
        {"code": "123456", "name": "名" * 41},
        {"code": "123456", "name": "a\x00b"},
        {"code": "123456", "role": "remote"},
    ],
)
async def test_what_is_no_try_is_told_so_and_does_not_count(
    at: Nobody, operator: httpx.AsyncClient, room: str, body: dict[str, str]
) -> None:
    device = at("10.7.0.1")
    for _ in range(6):
        answer = await device.post("/api/v1/pair", json={"name": "左屏", **body})
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_request"), answer.text


async def test_another_sites_page_pairs_nobody(at: Nobody, operator: httpx.AsyncClient, room: str) -> None:
    pairing = await opened(operator, room)
    for headers in ({"Origin": "https://evil.test"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = await at("10.8.0.1").post(
            "/api/v1/pair", json={"name": "左屏", "code": pairing["code"]}, headers=headers
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "origin_refused")
    assert (await tried(at("10.8.0.1"), code=pairing["code"])).status_code == 200
