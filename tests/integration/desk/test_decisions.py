"""Racing, late, doubled decisions: the database decides, once, and the loser is told."""

import asyncpg
import pytest

from tests.integration.desk.conftest import StartServer
from tests.support.desk_client import APPROVER, OPERATOR, Rest, new_id
from tests.support.processes import ServerProcess
from tests.support.races import REQUEST, executed_wrongly, race_pairs, winners

#: Every kind of pair fifteen times. `make races` runs a thousand, also against the clock, and checks their history.
PAIRS = 60


@pytest.mark.timeout(400)  # sixty whole turns, on machines that may be slow
@pytest.mark.scenario(6, 7)
async def test_of_racing_pairs_at_two_gateways_each_has_one_winner_and_one_execution(
    desk_server: ServerProcess, second_gateway: ServerProcess, module_database_url: str
) -> None:
    raced = await race_pairs(desk_server.url, second_gateway.url, PAIRS)
    assert len(raced) == PAIRS
    assert len(winners(raced)) > 1, f"the race was none: {winners(raced)}"
    assert await executed_wrongly(module_database_url, raced) == []


@pytest.mark.scenario(9)
async def test_a_decision_after_expiry_or_finish_or_on_an_unknown_id_is_refused(start_server: StartServer) -> None:
    server = start_server(interrupt_ttl=1).wait_healthy()
    async with Rest.login(server.url, OPERATOR) as rest, rest.socket() as desk:
        thread = await rest.new_thread()
        await desk.follow(thread)
        asked = await desk.ask(thread, REQUEST)
        interrupt = await desk.until("interrupt", run_id=asked["run_id"])
        await desk.until("interrupt_expired", interrupt_id=interrupt["interrupt_id"])
        await desk.until("run", run_id=asked["run_id"], status="expired")
        late = await desk.decide(interrupt, "approve")
        assert late["error"]["code"] == "interrupt_expired"
        unknown = await desk.decide({**interrupt, "interrupt_id": "f" * 32}, "approve")
        assert unknown["error"]["code"] == "not_found"
        assert not [f for f in desk.frames if f["type"] == "script_finalized"]


async def test_a_repeated_decision_gets_the_first_answer_and_another_body_is_refused(operator: Rest) -> None:
    thread = await operator.new_thread()
    async with operator.socket() as desk:
        await desk.follow(thread)
        asked = await desk.ask(thread, REQUEST)
        interrupt = await desk.until("interrupt", run_id=asked["run_id"])
        body = {"thread_id": thread, "interrupt_id": interrupt["interrupt_id"], "approved": True}
        command = new_id()
        first = await desk.do("interrupt_response", id=command, **body)
        assert first["status"] == "accepted"
        desk.frames.remove(first)
        second = await desk.do("interrupt_response", id=command, **body)
        assert (second["status"], second["result"]) == ("duplicate", first["result"])
        desk.frames.remove(second)
        other = await desk.do("interrupt_response", id=command, **{**body, "approved": False})
        assert other["error"]["code"] == "idempotency_conflict"
        await desk.until("run", status="completed", run_id=asked["run_id"])
        await desk.drain()
        assert len([f for f in desk.frames if f["type"] == "script_finalized"]) == 1


async def test_a_person_who_lost_the_role_cannot_decide(operator: Rest, module_database_url: str) -> None:
    thread = await operator.new_thread()
    conn = await asyncpg.connect(module_database_url)
    change = "UPDATE memberships SET role = $1 WHERE user_id = (SELECT id FROM users WHERE email = $2)"
    async with operator.socket() as desk, Rest.login(str(operator.client.base_url), APPROVER) as approver:
        await desk.follow(thread)
        asked = await desk.ask(thread, REQUEST)
        interrupt = await desk.until("interrupt", run_id=asked["run_id"])
        async with approver.socket() as review:
            try:
                await conn.execute(change, "viewer", APPROVER)
                refused = await review.decide(interrupt, "approve")
            finally:
                await conn.execute(change, "approver", APPROVER)
                await conn.close()
        assert refused["error"]["code"] == "forbidden"


async def test_what_was_decided_is_listed_by_when_and_never_holds_what_waits(operator: Rest, approver: Rest) -> None:
    before = {one["id"] for one in (await operator.get("/interrupts", decided=True, limit=200))["items"]}
    raised = []
    async with operator.socket() as desk, approver.socket() as decides:
        for _ in range(4):
            thread = await operator.new_thread()
            await desk.follow(thread)
            asked = await desk.ask(thread, REQUEST)
            raised.append(await desk.until("interrupt", run_id=asked["run_id"]))
        # The oldest of three is decided last; one waits, newer than all of them.
        order = [raised[1], raised[2], raised[0]]
        for interrupt in order:
            assert (await decides.decide(interrupt, "approve"))["status"] == "accepted"
    wanted = [one["interrupt_id"] for one in reversed(order)]
    listed: list[str] = []
    cursor = None
    while True:
        page = await operator.get("/interrupts", decided=True, limit=2, **({"cursor": cursor} if cursor else {}))
        listed += [one["id"] for one in page["items"]]
        cursor = page.get("next_cursor")
        if cursor is None:
            break
    assert len(listed) == len(set(listed))
    assert [one for one in listed if one not in before] == wanted
