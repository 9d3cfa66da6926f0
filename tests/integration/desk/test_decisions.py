"""Racing, late, doubled decisions: the database decides, once, and the loser is told."""

import asyncio

import asyncpg

from tests.integration.desk.conftest import StartServer
from tests.support.desk_client import APPROVER, OPERATOR, Desk, Rest, new_id

REQUEST = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"
PAIRS = 200
# Sockets are limited to 20 frames a second and a person to eight sockets, so the races run side by side on four pairs.
SIDE_BY_SIDE = 4


async def race(rest: Rest, one: Desk, two: Desk, *, reject_first: bool) -> tuple[str, str]:
    """Let two people decide at once; return the thread and the decision that won."""
    thread = await rest.new_thread()
    await one.follow(thread)
    asked = await one.ask(thread, REQUEST)
    interrupt = await one.until("interrupt", run_id=asked["run_id"], timeout=60)
    sides = [(one, "approve"), (two, "reject")]
    if reject_first:
        sides.reverse()
    acks = await asyncio.gather(*(side.decide(interrupt, decision) for side, decision in sides))
    won = [ack for ack in acks if ack["status"] == "accepted"]
    lost = [ack for ack in acks if ack["status"] == "rejected"]
    assert (len(won), len(lost)) == (1, 1), acks
    assert lost[0]["error"]["code"] == "already_resolved"
    winner: str = won[0]["result"]["decision"]
    assert lost[0]["error"]["details"]["decision"] == {"approve": "approved", "reject": "rejected"}[winner]
    assert lost[0]["error"]["details"]["by"]["name"]
    assert lost[0]["error"]["details"]["at"]
    await one.until("run", run_id=asked["run_id"], status="completed", timeout=60)
    await one.do("unsubscribe", topic=f"thread:{thread}")
    one.frames.clear()
    two.frames.clear()
    return thread, winner


async def test_of_200_racing_pairs_each_has_one_winner_and_one_execution(
    operator: Rest, approver: Rest, module_database_url: str
) -> None:
    threads: list[tuple[str, str]] = []

    async def races(lane: int) -> None:
        async with operator.socket() as one, approver.socket() as two:
            for number in range(PAIRS // SIDE_BY_SIDE):
                threads.append(await race(operator, one, two, reject_first=(lane + number) % 2 == 1))

    await asyncio.gather(*(races(lane) for lane in range(SIDE_BY_SIDE)))
    assert len(threads) == PAIRS
    assert len({winner for _, winner in threads}) == 2, "the race was none: one side always won"
    conn = await asyncpg.connect(module_database_url)
    try:
        for thread, winner in threads:
            scripts = await conn.fetchval("SELECT count(*) FROM scripts WHERE thread_id = $1", thread)
            resolved = await conn.fetchval(
                "SELECT count(*) FROM thread_events WHERE thread_id = $1 AND type = 'interrupt_resolved'", thread
            )
            assert (scripts, resolved) == (1 if winner == "approve" else 0, 1), (thread, winner)
    finally:
        await conn.close()


async def test_a_decision_after_expiry_or_finish_or_on_an_unknown_id_is_refused(start_server: StartServer) -> None:
    server = start_server(interrupt_ttl=1).wait_healthy()
    async with Rest.login(server.url, OPERATOR) as rest, rest.socket() as desk:
        thread = await rest.new_thread()
        await desk.follow(thread)
        asked = await desk.ask(thread, REQUEST)
        interrupt = await desk.until("interrupt", run_id=asked["run_id"])
        await desk.until("interrupt_expired", interrupt_id=interrupt["interrupt_id"], timeout=6)
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
