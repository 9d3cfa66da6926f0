"""Direct calls of a model that are under way when the server is told to stop."""

import asyncio
import json
from pathlib import Path

import httpx

from tests.support.processes import ServerProcess
from tests.support.scripted_model import Script, scripted_model

_MINE, _OPENAI = "/api/v1/messages", "/v1/chat/completions"


def _asked(text: str, **more: object) -> dict[str, object]:
    """Each its own: identical questions are one call."""
    return {"model": "cuedesk", "messages": [{"role": "user", "content": text}], **more}


async def _token(client: httpx.AsyncClient) -> str:
    login = await client.post("/api/v1/auth/login", json={"email": "xiaolin@demo.cuedesk", "password": "cuedesk-demo"})
    assert login.status_code == 200, login.text
    return str((await client.post("/api/v1/auth/token")).json()["access_token"])


async def test_who_waits_for_a_model_when_the_server_stops_is_told_to_come_again(
    database_url: str, redis_url: str, tmp_path: Path
) -> None:
    """With a status where none was sent, else at the end of the stream; and the log tells of no crash."""
    models = {"llm_api_key": "k", "llm_model": "m", "drain_timeout": 5, "drain_spread": 0}
    models |= {f"llm_{wait}_timeout": 300 for wait in ("first_token", "idle", "answer", "total")}
    async with scripted_model() as model:
        stores = {"database_url": database_url, "redis_url": redis_url, "llm_base_url": model.base_url}
        server = ServerProcess(tmp_path, {**stores, **models})
        with server:
            server.wait_healthy(90)
            async with httpx.AsyncClient(base_url=server.url, timeout=120) as client:
                client.headers["Authorization"] = f"Bearer {await _token(client)}"
                model.play(*[Script("delay", first_delay=600)] * 5, *[Script("stall", count=1)] * 2)
                whole = [
                    asyncio.create_task(client.post(path, json=body))
                    for path, body in (
                        (_MINE, _asked("一")),
                        (f"{_MINE}/structured", _asked("二", schema={"type": "object"})),
                        (_OPENAI, _asked("三")),
                        (_MINE, _asked("四", stream=True)),
                        (_OPENAI, _asked("五", stream=True)),
                    )
                ]
                await model.until_asked(5, 60)
                streams = [
                    asyncio.create_task(client.post(_MINE, json=_asked("六", stream=True))),
                    asyncio.create_task(client.post(_OPENAI, json=_asked("七", stream=True))),
                ]
                await model.until_asked(7, 60)
                ended = asyncio.create_task(asyncio.to_thread(server.terminate, 60))
                answers = await asyncio.gather(*whole)
                mine, openai = await asyncio.gather(*streams)
                assert await ended == 0
    for answer in answers:
        assert answer.status_code == 503, answer.text
        told = answer.json()
        if answer.url.path == _OPENAI:
            assert (told["error"]["type"], told["error"]["code"]) == ("server_error", "server_busy")
            assert answer.headers["x-should-retry"] == "true"
        else:
            assert (told["code"], told["retryable"], told["retry_after_ms"]) == ("server_busy", True, 1000)
    assert "event: problem" in mine.text
    assert json.loads(mine.text.rsplit("data: ", 1)[1])["code"] == "server_busy"
    assert json.loads(openai.text.rsplit("data: ", 1)[1])["error"]["code"] == "server_busy"
    assert "Traceback" not in server.log_text()
    assert "request_crashed" not in server.log_text()
