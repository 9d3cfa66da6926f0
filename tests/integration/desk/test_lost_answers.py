"""Answers that never arrive: the gateway dies before it speaks, or the database's word is lost on the way."""

import asyncio
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.integration.desk.conftest import StartServer
from tests.support.desk_client import OPERATOR, Rest, new_id, no_gaps_no_doubles
from tests.support.failpoints import Failpoints
from tests.support.line import line_to_postgres


@pytest.mark.scenario(4, 20, 25)
async def test_what_was_committed_without_an_answer_is_a_duplicate_when_it_is_sent_again(
    start_server: StartServer, database_url: str, tmp_path: Path
) -> None:
    points = Failpoints(tmp_path / "points")
    with line_to_postgres(database_url) as (line, url):
        server = start_server("serve", "--no-worker", database_url=url, **points.settings).wait_healthy()
        async with Rest.login(server.url, OPERATOR) as rest:
            # The answer to some COMMIT is lost; often enough it is the one of the message.
            for _ in range(12):
                thread, command = await rest.new_thread(), {"id": new_id(), "content": "你好"}
                async with rest.socket() as desk:
                    await desk.follow(thread)
                    line.lose_answer_to(b"COMMIT")
                    first = await desk.do("message", thread_id=thread, **command)
                    line.mend()
                    if first["status"] == "accepted":
                        continue
                    assert first["error"]["code"] == "storage_unavailable"
                    assert first["error"]["retryable"]
                    # The same id once more is another ack of the same command.
                    desk.frames.remove(first)
                    again = await desk.do("message", thread_id=thread, **command)
                    if again["status"] == "duplicate":
                        break
                    assert again["status"] == "accepted", again
            else:
                pytest.fail("no message's COMMIT lost its answer")

            # And now the gateway dies with the answer on its lips.
            thread, command = await rest.new_thread(), {"id": new_id(), "content": "你好"}
            points.order("before_ack", "kill", only=command["id"])
            async with rest.socket() as desk:
                with pytest.raises(ConnectionClosed):
                    await desk.do("message", thread_id=thread, **command)
            assert await points.reached("before_ack") == server.pid
            server.wait()
            await asyncio.to_thread(lambda: server.start().wait_healthy())
            async with rest.socket() as desk:
                await desk.follow(thread)
                again = await desk.do("message", thread_id=thread, **command)
                assert again["status"] == "duplicate"
                assert again["result"]["seq"] == desk.events(thread)[-1]["seq"]
                other = await desk.do("message", thread_id=thread, id=command["id"], content="别的")
                assert other == again or other["error"]["code"] == "idempotency_conflict"
                assert no_gaps_no_doubles(desk.events(thread))
                said = [f for f in desk.events(thread) if f["type"] == "message_complete"]
                assert len(said) == 1
