"""A request that is made again, however late: the first answer, and the model is not asked a second time."""

from typing import Any
from uuid import UUID

import pytest

from tests.support.desk_client import Rest, new_id
from tests.support.scripted_model import ScriptedModel

from .test_checkpoints import REQUEST, TEXT, Conn, approved, conn, desk_server, model, model_port, waiting

__all__ = ["conn", "desk_server", "model", "model_port"]


async def forget_commands(conn: Conn) -> None:
    """What the sweeper does after a week."""
    await conn.execute("DELETE FROM commands")


async def generated(rest: Rest, key: str, **body: Any) -> Any:
    answer = await rest.client.post("/api/v1/generate", json=body, headers={"Idempotency-Key": key})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.scenario(18, 19, 20)
async def test_generate_again_gives_the_first_answer_whatever_happened_since(
    operator: Rest, model: ScriptedModel, conn: Conn
) -> None:
    key = new_id()
    first = await generated(operator, key, content=REQUEST)
    assert (first["kind"], first["content"]) == ("script", TEXT)
    assert await generated(operator, key, content=REQUEST) == first
    await forget_commands(conn)
    assert await generated(operator, key, content=REQUEST) == first
    # A person sends it back and the writer writes anew: the first answer stays what it was.
    body = {"decision": "reject", "feedback": "再活泼一点"}
    await operator.post(f"/interrupts/{first['interrupt_id']}/decide", body)
    async with operator.socket() as desk:
        await desk.follow(first["thread_id"])
        again = await desk.until("interrupt", where=lambda f: f["interrupt_id"] != first["interrupt_id"])
        await approved(desk, again)
    assert await generated(operator, key, content=REQUEST) == first
    assert len(model.requests) == 2
    other = await operator.client.post(
        "/api/v1/generate", json={"content": "写一段别的"}, headers={"Idempotency-Key": key}
    )
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert await conn.fetchval("SELECT count(*) FROM runs WHERE thread_id = $1", UUID(first["thread_id"])) == 1
    stream = await operator.client.post(
        "/api/v1/generate/stream", json={"content": REQUEST}, headers={"Idempotency-Key": key}
    )
    assert f'"interrupt_id":"{first["interrupt_id"]}"' in stream.text.split("event: result")[1]
    assert len(model.requests) == 2


@pytest.mark.scenario(18, 19, 20)
async def test_a_message_again_gets_the_first_answer_and_what_came_of_it(
    operator: Rest, approver: Rest, model: ScriptedModel, conn: Conn
) -> None:
    async with operator.socket() as desk:
        thread = await operator.new_thread()
        await desk.follow(thread)
        command = {"id": new_id(), "thread_id": thread, "content": REQUEST}
        first = await desk.do("message", **command)
        assert first["status"] == "accepted"
        interrupt = await desk.until("interrupt", run_id=first["result"]["run_id"])
        await desk.until("run", run_id=interrupt["run_id"], status="waiting")
        outcome = {"status": "waiting", "message_id": interrupt["params"]["message_id"], "content": TEXT}
        for swept in (False, True):
            if swept:
                await forget_commands(conn)
            desk.frames = [f for f in desk.frames if f["type"] != "ack"]
            repeated = await desk.do("message", **command)
            assert repeated["status"] == "duplicate"
            assert repeated["result"] == {**first["result"], "outcome": outcome}
            by_rest = await operator.client.post(
                f"/api/v1/threads/{thread}/messages",
                json={"content": REQUEST},
                headers={"Idempotency-Key": command["id"]},
            )
            assert (by_rest.status_code, by_rest.json()) == (202, {**first["result"], "outcome": outcome})
            desk.frames = [f for f in desk.frames if f["type"] != "ack"]
            conflict = await desk.do("message", **{**command, "content": "别的"})
            assert (conflict["status"], conflict["error"]["code"]) == ("rejected", "idempotency_conflict")
        await approved(desk, interrupt)
        desk.frames = [f for f in desk.frames if f["type"] != "ack"]
        assert (await desk.do("message", **command))["result"]["outcome"]["status"] == "completed"
    assert len(model.requests) == 1
    assert (
        await conn.fetchval("SELECT count(*) FROM messages WHERE thread_id = $1 AND role = 'user'", UUID(thread)) == 1
    )
    # The id is the asker's: somebody else who happens to use it asks something of their own.
    async with approver.socket() as theirs:
        assert (await theirs.do("message", **command))["status"] == "accepted"


async def test_another_version_of_the_graph_answers_anew(operator: Rest, model: ScriptedModel, conn: Conn) -> None:
    async with operator.socket() as desk:
        thread, interrupt = await waiting(operator, desk)
        await approved(desk, interrupt)
        request = await conn.fetchval("SELECT request_id FROM runs WHERE id = $1", UUID(interrupt["run_id"]))
        await forget_commands(conn)
        await conn.execute("UPDATE runs SET graph_version = '0' WHERE id = $1", UUID(interrupt["run_id"]))
        desk.frames = [f for f in desk.frames if f["type"] != "ack"]
        again = await desk.do("message", id=str(request), thread_id=thread, content=REQUEST)
        assert again["status"] == "accepted"
        assert again["result"]["run_id"] != interrupt["run_id"]
