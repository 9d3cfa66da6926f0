"""Services at the socket: let in by an API key, stopped at what people decide, sent away when it is revoked."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

import asyncpg
import pytest
import websockets
from websockets.asyncio.client import connect

from backend.protocol.close_codes import CloseCode
from tests.integration.desk.test_standing import closed_with
from tests.support.desk_client import ADMIN, Desk, Frame, Rest
from tests.support.processes import ServerProcess

REQUEST = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"


@pytest.fixture(scope="module")
def desk_server(
    module_database_url: str, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """One that tells everything it does in its log."""
    settings = {"database_url": module_database_url, "redis_url": module_redis_url, "log_level": "debug"}
    with ServerProcess(tmp_path_factory.mktemp("server"), settings).start() as server:
        yield server.wait_healthy()


@pytest.fixture
async def admin(desk_server: ServerProcess) -> AsyncIterator[Rest]:
    async with Rest.login(desk_server.url, ADMIN) as rest:
        yield rest


async def make(admin: Rest, *scopes: str, name: str = "店铺后台") -> Frame:
    made: Frame = await admin.post("/api-keys", {"name": name, "scopes": list(scopes or ("work",))}, 201)
    return made


async def revoke(admin: Rest, key: Frame) -> None:
    answer = await admin.client.delete(f"/api/v1/api-keys/{key['id']}")
    assert answer.status_code == 204, answer.text


@contextlib.asynccontextmanager
async def by_key(ws_url: str, key: Frame, way: str = "header") -> AsyncIterator[Desk]:
    """A service's socket, by one of the three ways to bring a key."""
    secret = key["secret"]
    headers = {"Authorization": f"Bearer {secret}"} if way == "header" else {}
    url = f"{ws_url}?token={secret}" if way == "query" else ws_url
    async with connect(url, additional_headers=headers, max_size=None, max_queue=None) as socket:
        desk = Desk(socket)
        if way == "hello":
            await desk.say("hello", token=secret, protocol=1)
        await desk.until("welcome")
        yield desk


@pytest.mark.parametrize("way", ["header", "query", "hello"])
async def test_a_service_asks_for_a_script_and_a_person_decides(
    admin: Rest, approver: Rest, desk_server: ServerProcess, way: str
) -> None:
    key = await make(admin, name=f"机器人 {way}")
    headers = {"Authorization": f"Bearer {key['secret']}"}
    async with by_key(admin.ws_url, key, way) as service:
        assert service.frames[-1]["user"] == {"id": key["id"], "name": f"机器人 {way}"}
        assert service.frames[-1]["role"] == "service_work"
        thread = (await admin.client.post("/api/v1/threads", json={}, headers=headers)).json()["id"]
        await service.follow(thread)
        await service.ask(thread, REQUEST)
        question = await service.until("interrupt", thread_id=thread)
        for command in (
            service.decide(question, "approve"),
            service.decide(question, "edit", content="改过的"),
            service.decide(question, "reject", feedback="不好"),
            service.do("claim", interrupt_id=question["interrupt_id"]),
            service.do("extend", interrupt_id=question["interrupt_id"]),
        ):
            ack = await command
            assert (ack["status"], ack["error"]["code"]) == ("rejected", "person_required"), ack
        async with approver.socket() as person:
            await person.follow(thread)
            assert (await person.decide(question, "approve"))["status"] == "accepted"
        resolved = await service.until("interrupt_resolved", thread_id=thread)
        assert resolved["by"]["name"] == "阿敏"
        await service.until("script_finalized", thread_id=thread)
        said = next(event["author"] for event in service.events(thread) if event.get("author"))
        assert said == {"id": key["id"], "name": f"机器人 {way}"}
    log = desk_server.log_text()
    assert f"机器人 {way}" in log
    assert key["secret"] not in log
    assert key["secret"][7:] not in log
    await revoke(admin, key)


async def test_a_revoked_key_loses_its_sockets_at_every_gateway(admin: Rest, second_gateway: ServerProcess) -> None:
    key, other = await make(admin), await make(admin, "models", "work", name="另一个")
    elsewhere = second_gateway.url.replace("http", "ws", 1) + "/ws"
    async with (
        by_key(admin.ws_url, key) as here,
        by_key(elsewhere, key) as there,
        by_key(elsewhere, other) as untouched,
    ):
        await revoke(admin, key)
        assert await closed_with(here) == CloseCode.ACCESS_REVOKED
        assert await closed_with(there) == CloseCode.ACCESS_REVOKED
        assert (await untouched.do("subscribe", topic="threads"))["status"] == "accepted"
    assert await refusal_of(elsewhere, key) == "api_key_invalid"
    await revoke(admin, other)


async def refusal_of(ws_url: str, key: Frame) -> str:
    """Return the code of the error that a key is turned away with."""
    async with connect(ws_url, additional_headers={"Authorization": f"Bearer {key['secret']}"}) as socket:
        desk = Desk(socket)
        error = await desk.until("error")
        assert await closed_with(desk) == CloseCode.UNAUTHENTICATED
        return str(error["code"])


async def test_a_socket_ends_with_the_time_of_its_key(admin: Rest, module_database_url: str) -> None:
    key = await make(admin)
    owner: Any = await asyncpg.connect(module_database_url)
    try:
        async with by_key(admin.ws_url, key) as service:
            await owner.execute("UPDATE sessions SET expires_at = now() WHERE user_id = $1::uuid", key["id"])
            assert await closed_with(service) in (CloseCode.UNAUTHENTICATED, CloseCode.TOKEN_EXPIRED)
    finally:
        await owner.close()
    assert await refusal_of(admin.ws_url, key) == "api_key_invalid"


async def test_a_key_for_models_opens_no_socket(admin: Rest) -> None:
    key = await make(admin, "models")
    assert await refusal_of(admin.ws_url, key) == "forbidden"
    await revoke(admin, key)


async def test_a_key_does_not_let_another_sites_page_in(admin: Rest) -> None:
    key = await make(admin)
    with pytest.raises(websockets.InvalidStatus) as answer:
        async with connect(f"{admin.ws_url}?token={key['secret']}", origin="https://elsewhere.example"):
            pass
    assert answer.value.response.status_code == 403
    await revoke(admin, key)
