"""Sockets that break in mid-stream and come back: the same text, every event once, whatever the moment."""

import asyncio
from collections.abc import Iterator
from uuid import UUID

import asyncpg
import pytest

from tests.support.desk_client import Desk, Rest, no_gaps_no_doubles
from tests.support.processes import ServerProcess, unhurried
from tests.support.reference_client import ReferenceClient

REQUEST = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"


@pytest.fixture(scope="module")
def desk_server(
    module_database_url: str, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServerProcess]:
    """A writer at a human pace, so that there is a middle of the stream; hardly a poll: what comes came by notice."""
    settings = {
        "database_url": module_database_url,
        "redis_url": module_redis_url,
        "offline_pace": 60,
        "poll_interval": 30,
    }
    with ServerProcess(tmp_path_factory.mktemp("server"), settings).start() as server:
        yield server.wait_healthy()


def last_seq(desk: Desk, thread: str) -> int:
    return int(desk.events(thread)[-1]["seq"])


async def in_mid_stream(desk: Desk, more: int = 8) -> None:
    """Read until some more pieces than now have come."""
    seen = max((f["i"] for f in desk.frames if f["type"] == "token"), default=-1)
    await desk.until("token", where=lambda f: f["i"] >= seen + more)


@pytest.mark.scenario(12)
async def test_a_socket_killed_in_mid_stream_again_and_again_ends_with_the_uninterrupted_text(operator: Rest) -> None:
    thread = await operator.new_thread()
    pieces: list[Desk] = []
    cursor = 0
    async with operator.socket() as steady:
        await steady.follow(thread)
        for turn in range(4):
            async with operator.socket() as desk:
                pieces.append(desk)
                await desk.follow(thread, cursor)
                if turn == 0:
                    await desk.ask(thread, REQUEST)
                if turn == 3:
                    await desk.until("interrupt")
                    break
                await in_mid_stream(desk)
                cursor = max([cursor, *(event["seq"] for event in desk.events(thread))])
                desk.socket.transport.abort()
        await steady.until("interrupt")

    message = next(f for f in steady.frames if f["type"] == "message_complete" and f["role"] == "assistant")
    name, content = message["message_id"], message["content"]
    assert steady.text(name) == content
    assert pieces[-1].text(name) == content, "the last socket alone has the whole text"
    assert not [f for f in steady.frames if f["type"] == "message_snapshot"], "who was there from the start needs none"
    for desk in pieces[1:]:
        shown = [f for f in desk.frames if f["type"] in ("message_snapshot", "token")]
        assert [f["type"] for f in shown].count("message_snapshot") == 1
        assert shown[0]["type"] == "message_snapshot", "the text so far comes before its next piece"
        due = shown[0]["i"]
        for token in shown[1:]:
            assert token["i"] == due
            due += token["n"]
        assert content.startswith(desk.text(name))
    together = [event for desk in pieces for event in desk.events(thread)]
    assert no_gaps_no_doubles(together), [event["seq"] for event in together]
    assert together == steady.events(thread)


@pytest.mark.scenario(13)
async def test_who_comes_back_after_the_end_gets_the_whole_message_and_no_pieces(operator: Rest) -> None:
    thread = await operator.new_thread()
    async with operator.socket() as desk:
        await desk.follow(thread)
        await desk.ask(thread, REQUEST)
        await in_mid_stream(desk)
        cursor = last_seq(desk, thread)
        desk.socket.transport.abort()
    async with operator.socket() as watch:
        await watch.follow(thread)
        await watch.until("interrupt")
    async with operator.socket() as again:
        await again.follow(thread, cursor)
        await again.drain()
        assert again.events(thread)[0]["seq"] == cursor + 1
        assert [f for f in again.frames if f["type"] == "message_complete"]
        assert not [f for f in again.frames if f["type"] in ("token", "message_snapshot")]
        assert no_gaps_no_doubles([*desk.events(thread), *again.events(thread)])


async def test_resume_points_in_hello_take_up_every_thread_and_one_bad_one_spoils_nothing(operator: Rest) -> None:
    threads = [await operator.new_thread() for _ in range(2)]
    async with operator.socket() as desk:
        for thread in threads:
            await desk.follow(thread)
            await desk.ask(thread, REQUEST)
        await desk.until("token")
    unknown = "00000000-0000-7000-8000-000000000000"
    async with operator.socket() as again:
        points = [{"thread_id": thread, "after_seq": 1} for thread in (threads[0], unknown, threads[1])]
        await again.say("hello", resume=points)
        for thread in threads:
            await again.until("subscribed", topic=f"thread:{thread}")
            assert again.events(thread)[0]["seq"] == 2
        refused = await again.until("error")
        assert (refused["code"], refused["details"]["topic"]) == ("forbidden", f"thread:{unknown}")


@pytest.mark.scenario(15)
async def test_a_cursor_ahead_of_the_log_has_to_start_from_the_snapshot(operator: Rest) -> None:
    thread = await operator.new_thread()
    async with operator.socket() as desk:
        await desk.do("subscribe", topic=f"thread:{thread}", after_seq=10_000)
        told = await desk.until("resync_required")
        assert (told["topic"], told["reason"]) == (f"thread:{thread}", "cursor_ahead")
        await desk.drain()
        assert not desk.events(thread)


@pytest.mark.scenario(15)
async def test_a_cursor_of_another_epoch_has_to_start_from_the_snapshot_also_when_the_log_is_longer(
    operator: Rest,
) -> None:
    thread = await operator.new_thread()
    async with operator.socket() as desk:
        await desk.follow(thread)
        asked = await desk.ask(thread, "你好")
        await desk.until("run", status="completed", run_id=asked["run_id"])
    async with operator.socket() as again:
        point = {"thread_id": thread, "after_seq": 2}
        await again.do("hello", resume=[point], epoch="of a database that is no more")
        told = await again.until("resync_required")
        assert (told["topic"], told["reason"]) == (f"thread:{thread}", "epoch_changed")
        ours = (await again.until("welcome"))["epoch"]
        await again.do("subscribe", topic=f"thread:{thread}", after_seq=2, epoch=ours)
        await again.until("subscribed", topic=f"thread:{thread}")
        assert again.events(thread)[0]["seq"] == 3


@pytest.mark.scenario(16, 48)
async def test_what_comes_twice_or_late_is_shown_once(operator: Rest) -> None:
    thread = await operator.new_thread()
    client = ReferenceClient(thread)
    async with operator.socket() as desk:
        await desk.do("subscribe", topic="approvals")
        await desk.follow(thread)
        asked = await desk.ask(thread, REQUEST)
        await desk.until("run", status="waiting", run_id=asked["run_id"])
        for cursor in (0, 3):
            ack = await desk.do("subscribe", topic=f"thread:{thread}", after_seq=cursor)
            assert ack["status"] == "accepted"
        await desk.drain()
        for frame in desk.frames:
            client.take(frame)
        raised = [f for f in desk.frames if f["type"] == "interrupt"]
        assert len(raised) >= 3, "through two topics, and again with each subscription"
    assert len(client.thread.interrupts) == 1
    snapshot = (await operator.get(f"/threads/{thread}/snapshot"))["snapshot"]
    assert client.view() == {"thread": snapshot, "texts": {}}


@pytest.mark.scenario(14)
async def test_too_far_behind_has_to_start_from_the_snapshot_and_then_goes_on(
    operator: Rest, module_database_url: str
) -> None:
    thread = await operator.new_thread()
    conn = await asyncpg.connect(module_database_url)
    try:
        await conn.execute(
            """INSERT INTO thread_events (tenant_id, thread_id, seq, id, type, run_id, attempt, payload)
               SELECT tenant_id, id, last_seq + n, uuidv7(), 'node', $2, 1,
                 jsonb_build_object('node', 'intent', 'status', 'started')
               FROM threads, generate_series(1, 501) AS n WHERE id = $1""",
            UUID(thread), UUID(int=7),
        )  # fmt: skip
        await conn.execute("UPDATE threads SET last_seq = last_seq + 501 WHERE id = $1", UUID(thread))
    finally:
        await conn.close()
    async with operator.socket() as desk:
        await desk.do("subscribe", topic=f"thread:{thread}", after_seq=0)
        told = await desk.until("resync_required")
        assert told["reason"] == "too_far_behind"
        snapshot = (await operator.get(told["snapshot_url"].removeprefix("/api/v1")))["snapshot"]
        await desk.follow(thread, snapshot["seq"])
        await desk.ask(thread, REQUEST)
        await desk.until("run", status="waiting")
        seqs = [event["seq"] for event in desk.events(thread)]
        assert seqs == list(range(snapshot["seq"] + 1, snapshot["seq"] + 1 + len(seqs)))
    async with operator.socket() as far, operator.socket() as near:
        await near.follow(thread, seqs[-1] - 500)  # exactly the limit is still replayed, over several pages
        assert len(near.events(thread)) == 500
        await far.do("subscribe", topic=f"thread:{thread}", after_seq=seqs[-1] - 501)
        await far.until("resync_required")


@pytest.mark.scenario(46)
async def test_two_tabs_see_the_same_order_and_a_decision_in_one_shows_in_the_other(
    operator: Rest, approver: Rest
) -> None:
    thread = await operator.new_thread()
    async with operator.socket() as one, approver.socket() as two:
        await asyncio.gather(one.follow(thread), two.follow(thread))
        asked = await one.ask(thread, REQUEST)
        interrupt = await two.until("interrupt", run_id=asked["run_id"])
        await two.decide(interrupt, "approve")
        await one.until("interrupt_resolved", timeout=unhurried(1))
        await one.until("run", status="completed")
        await two.until("run", status="completed")
        assert one.events(thread) == two.events(thread)
        assert no_gaps_no_doubles(one.events(thread))
        for message in one.view(thread).messages[1:]:
            assert one.text(str(message.id)) == two.text(str(message.id))
