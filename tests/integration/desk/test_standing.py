"""People with open sockets: their time runs out, their rights change, they are sent away — and it shows at once."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import websockets
from websockets.asyncio.client import connect

from tests.support.desk_client import ADMIN, APPROVER, HOST, OPERATOR, Desk, Rest, new_id
from tests.support.processes import ServerProcess, unhurried

REQUEST = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
TOKEN_SECONDS, WARNED_BEFORE = 8, 7
#: A change of somebody's standing takes effect within this.
EFFECTIVE_WITHIN = 2.0


@pytest.fixture(scope="module")
def desk_server(
    module_database_url: str, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """Access tokens that end within seconds, and a writer at a human pace."""
    settings = {
        "database_url": module_database_url,
        "redis_url": module_redis_url,
        "access_token_ttl": TOKEN_SECONDS,
        "token_leeway": 0,
        "expiry_warning": WARNED_BEFORE,
        "offline_pace": 30,
    }
    with ServerProcess(tmp_path_factory.mktemp("server"), settings).start() as server:
        yield server.wait_healthy()


@pytest.fixture
async def owner(module_database_url: str, desk_server: ServerProcess) -> AsyncIterator[Any]:
    """The database as its owner; whatever a test does to people is undone afterwards."""
    conn = await asyncpg.connect(module_database_url)
    places = await conn.fetch("SELECT tenant_id, user_id, role FROM memberships")
    try:
        yield conn
    finally:
        await conn.execute("UPDATE users SET disabled_at = NULL")
        for place in places:
            await conn.execute(
                """INSERT INTO memberships (tenant_id, user_id, role) VALUES ($1, $2, $3)
                   ON CONFLICT (tenant_id, user_id) DO UPDATE SET role = excluded.role""",
                *place.values(),
            )
        await conn.close()


async def token_of(rest: Rest) -> str:
    return str((await rest.post("/auth/token", {}))["access_token"])


@contextlib.asynccontextmanager
async def by_token(rest: Rest) -> AsyncIterator[Desk]:
    """A program's socket: by an access token, without a cookie."""
    async with connect(rest.ws_url, additional_headers={"Authorization": f"Bearer {await token_of(rest)}"}) as socket:
        desk = Desk(socket)
        await desk.until("welcome")
        yield desk


async def closed_with(desk: Desk, within: float = 60) -> int:
    async with asyncio.timeout(within):
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                await desk.until("nothing of this type", timeout=within)
    assert desk.socket.close_code is not None
    return desk.socket.close_code


@pytest.mark.scenario(37)
async def test_a_token_that_is_renewed_in_time_keeps_the_socket(operator: Rest) -> None:
    async with by_token(operator) as desk:
        welcome = desk.frames[0]
        warned = await desk.until("session", expiring=True)
        assert warned["expires_at"] == welcome["expires_at"]
        refreshed = await desk.do("refresh", token=await token_of(operator))
        assert refreshed["status"] == "accepted", refreshed
        later = datetime.fromisoformat(refreshed["result"]["expires_at"])
        first_end = datetime.fromisoformat(welcome["expires_at"])
        assert later > first_end
        # Well after the first end by the server's own clock it is still there.
        async with asyncio.timeout(60):
            while True:
                pong = await desk.until("pong", re=await desk.say("ping"))
                if datetime.fromisoformat(pong["server_time"]) > first_end:
                    break
                await asyncio.sleep(0.2)
        await desk.until("session", expiring=True, expires_at=refreshed["result"]["expires_at"])
        ticket = (await operator.post("/auth/ticket", {}))["ticket"]
        session = await desk.do("refresh", token=ticket)
        assert datetime.fromisoformat(session["result"]["expires_at"]) > later, "a ticket lasts as long as its session"


@pytest.mark.scenario(37)
async def test_a_token_that_runs_out_closes_the_socket_and_nothing_is_missed_after_signing_in(
    operator: Rest, desk_server: ServerProcess
) -> None:
    thread = await operator.new_thread()
    async with by_token(operator) as desk:
        await desk.follow(thread)
        asked = await desk.ask(thread, REQUEST)
        await desk.until("session", expiring=True)
        assert await closed_with(desk) == 4001
    async with Rest.login(desk_server.url, OPERATOR) as again, again.socket() as back:
        seen = desk.events(thread)
        await back.follow(thread, seen[-1]["seq"])
        # A quick writer was done before the token ran out: then the question came over the first socket.
        if not any(event["type"] == "interrupt" for event in seen):
            await back.until("interrupt", run_id=asked["run_id"])
        numbers = [event["seq"] for event in [*seen, *back.events(thread)]]
        assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.scenario(37)
async def test_a_token_of_somebody_else_or_of_nobody_renews_nothing(operator: Rest, approver: Rest) -> None:
    async with operator.socket() as desk:
        for token, code in (
            (await token_of(approver), "forbidden"),
            ("made.up.token", "unauthenticated"),
            ("made-up-ticket", "ticket_invalid"),
        ):
            refused = await desk.do("refresh", token=token)
            assert (refused["status"], refused["error"]["code"]) == ("rejected", code)
        ticket = (await operator.post("/auth/ticket", {}))["ticket"]
        assert (await desk.do("refresh", token=ticket))["status"] == "accepted"
        assert (await desk.do("refresh", token=ticket))["error"]["code"] == "ticket_invalid", "good once"


async def sent_away(desk: Desk, since: float) -> tuple[int, float]:
    """The close code, and how long after `since` the last frame came."""
    last = since
    async with asyncio.timeout(60):
        with contextlib.suppress(websockets.ConnectionClosed):
            while True:
                await desk.socket.recv()
                last = time.monotonic()
    assert desk.socket.close_code is not None
    return desk.socket.close_code, last - since


@pytest.mark.scenario(38)
async def test_whoever_is_disabled_in_mid_stream_gets_no_frame_more(owner: Any, operator: Rest, host: Rest) -> None:
    thread = await operator.new_thread()
    async with operator.socket() as desk, host.socket() as watcher, host.socket() as idle:
        await desk.follow(thread)
        await watcher.follow(thread)
        await desk.ask(thread, REQUEST)
        await watcher.until("token")
        await owner.execute("UPDATE users SET disabled_at = now() WHERE email = $1", HOST)
        since = time.monotonic()
        (code, after), (idle_code, _) = await asyncio.gather(sent_away(watcher, since), sent_away(idle, since))
        assert (code, idle_code) == (4505, 4505)
        assert after <= unhurried(EFFECTIVE_WITHIN)
        await desk.until("message_complete", role="assistant")
        assert desk.socket.close_code is None, "nobody else is sent away"
    with pytest.raises(websockets.ConnectionClosed, match="4502"):
        async with host.socket():
            pass


@pytest.mark.scenario(38)
async def test_whoever_loses_the_place_in_the_team_is_sent_away_though_no_notice_comes(
    owner: Any, desk_server: ServerProcess
) -> None:
    async with Rest.login(desk_server.url, HOST) as host, host.socket() as desk:
        await owner.execute("ALTER TABLE memberships DISABLE TRIGGER memberships_tell_standing")
        try:
            await owner.execute("DELETE FROM memberships m USING users u WHERE u.id = m.user_id AND u.email = $1", HOST)
            code, after = await sent_away(desk, time.monotonic())
            assert code == 4505
            assert after <= unhurried(EFFECTIVE_WITHIN)
        finally:
            await owner.execute("ALTER TABLE memberships ENABLE TRIGGER memberships_tell_standing")


@pytest.mark.scenario(38)
async def test_signing_out_closes_the_sockets_of_that_session_only(desk_server: ServerProcess) -> None:
    async with (
        Rest.login(desk_server.url, APPROVER) as one,
        Rest.login(desk_server.url, APPROVER) as other,
        one.socket() as desk,
        other.socket() as stays,
    ):
        assert (await one.client.post("/api/v1/auth/logout")).status_code == 204
        assert await closed_with(desk) == 4502
        await stays.until("pong", re=await stays.say("ping"))


@pytest.mark.scenario(38)
async def test_another_role_shows_and_counts_on_the_open_socket(owner: Any, approver: Rest) -> None:
    thread = await approver.new_thread()
    role = "UPDATE memberships m SET role = $2 FROM users u WHERE u.id = m.user_id AND u.email = $1"
    async with approver.socket() as desk:
        await owner.execute(role, APPROVER, "viewer")
        told = await desk.until("session", timeout=unhurried(EFFECTIVE_WITHIN), role="viewer")
        assert not told["expiring"]
        refused = await desk.do("message", thread_id=thread, content=REQUEST)
        assert refused["error"]["code"] == "forbidden"
        assert (await desk.do("subscribe", topic=f"thread:{thread}"))["status"] == "accepted", "looking is allowed"
        await owner.execute(role, APPROVER, "approver")
        await desk.until("session", timeout=unhurried(EFFECTIVE_WITHIN), role="approver")
        assert (await desk.do("message", thread_id=thread, content=REQUEST))["status"] == "accepted"


async def asked_for(operator: Rest) -> tuple[str, dict[str, Any]]:
    thread = await operator.new_thread()
    async with operator.socket() as desk:
        await desk.follow(thread)
        asked = await desk.ask(thread, REQUEST)
        return thread, await desk.until("interrupt", timeout=60, run_id=asked["run_id"])


LOSSES = {
    "disabled": "UPDATE users SET disabled_at = now() WHERE email = $1",
    "demoted": "UPDATE memberships m SET role = 'viewer' FROM users u WHERE u.id = m.user_id AND u.email = $1",
    "removed": "DELETE FROM memberships m USING users u WHERE u.id = m.user_id AND u.email = $1",
}


@pytest.mark.scenario(38)
@pytest.mark.parametrize("loss", LOSSES)
async def test_a_decision_that_meets_the_loss_of_the_right_to_it_is_refused_and_changes_nothing(
    owner: Any, operator: Rest, admin: Rest, module_database_url: str, loss: str
) -> None:
    thread, interrupt = await asked_for(operator)
    async with admin.socket() as desk:
        async with owner.transaction():
            await owner.execute(LOSSES[loss], ADMIN)
            # Under way while the loss is decided but not committed: it has to wait for that.
            said = await desk.say("interrupt_response", thread_id=thread, interrupt_id=interrupt["interrupt_id"],
                                  decision="approve")  # fmt: skip
            await until_waiting(module_database_url, "auth_hold_role")
        with contextlib.suppress(websockets.ConnectionClosed):
            ack = await desk.until("ack", re=said)
            assert (ack["status"], ack["error"]["code"]) == ("rejected", "forbidden")
    assert await owner.fetchval("SELECT status FROM interrupts WHERE id = $1", interrupt["interrupt_id"]) == "pending"
    assert await owner.fetchval("SELECT count(*) FROM audit_log WHERE subject = $1", interrupt["interrupt_id"]) == 0, (
        "nothing is on record but that it waits"
    )


@pytest.mark.scenario(38)
async def test_a_loss_that_meets_a_decision_under_way_waits_for_its_commit(
    owner: Any, operator: Rest, admin: Rest, module_database_url: str
) -> None:
    thread, interrupt = await asked_for(operator)
    other = await asyncpg.connect(module_database_url)
    try:
        async with admin.socket() as desk:
            async with owner.transaction():
                await owner.execute("SELECT FROM runs WHERE id = $1 FOR UPDATE", UUID(interrupt["run_id"]))
                said = await desk.say("interrupt_response", thread_id=thread, interrupt_id=interrupt["interrupt_id"],
                                      decision="approve")  # fmt: skip
                await until_waiting(module_database_url, "FROM runs")
                losing = asyncio.create_task(other.execute(LOSSES["demoted"], ADMIN))
                await until_waiting(module_database_url, "UPDATE memberships")
                assert not losing.done(), "the right was taken away from under a decision that then was committed"
            assert (await desk.until("ack", re=said))["status"] == "accepted"
            await losing
            await desk.until("session", role="viewer")
    finally:
        await other.close()


async def until_waiting(url: str, query: str, within: float = 60) -> None:
    """Wait until a statement that holds this text waits for somebody's lock."""
    conn = await asyncpg.connect(url)  # of its own: a transaction sees one picture of the activity all along
    try:
        async with asyncio.timeout(within):
            while not await conn.fetchval(  # noqa: ASYNC110 (the database has no event for it)
                """SELECT count(*) FROM pg_stat_activity
                   WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE '%' || $1 || '%'""",
                query,
            ):
                await asyncio.sleep(0.05)
    finally:
        await conn.close()


async def test_two_sockets_of_one_session_learn_of_a_role_each(owner: Any, approver: Rest) -> None:
    async with approver.socket() as one, approver.socket() as two:
        command = "UPDATE memberships m SET role = $2 FROM users u WHERE u.id = m.user_id AND u.email = $1"
        await owner.execute(command, APPROVER, "viewer")
        for desk in (one, two):
            await desk.until("session", timeout=unhurried(EFFECTIVE_WITHIN), role="viewer")
            assert (await desk.do("message", thread_id=new_id(), content="写"))["error"]["code"] == "forbidden"
