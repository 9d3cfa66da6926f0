"""The models by REST: what there is, how it is doing over all processes, and the check of every backend."""

import asyncio
import os
import sys
from pathlib import Path

import httpx
import pytest

from backend.fanout.model_health import ModelHealth
from backend.llm.health import Health, Standing
from backend.services import Services
from tests.api.conftest import SignIn
from tests.support.scripted_model import Script, ScriptedModel

pytestmark = pytest.mark.usefixtures("no_pause")

ASK = {"messages": [{"role": "user", "content": "你好"}]}


@pytest.fixture
def models_text(server: ScriptedModel) -> str:
    return f"""
providers:
  p: {{profile: compatible, base_url: '{server.base_url}', api_key: '${{KEY}}'}}
  d: {{profile: offline}}
backends:
  first: {{provider: p, model: one}}
  second: {{provider: p, model: two}}
  desk: {{provider: d, model: offline}}
routes:
  script: {{backends: [first, desk]}}
  default: {{backends: [first, second]}}
"""


async def test_the_health_of_the_models_is_that_of_all_processes(
    sign_in: SignIn, services: Services, server: ScriptedModel
) -> None:
    operator = await sign_in("xiaolin@demo.cuedesk")
    server.play(*[Script("status", status=500)] * 3, Script("text", text="好"))
    assert (await operator.post("/api/v1/messages", json=ASK)).json()["model"] == "two"
    # Another process, for which the first backend rests.
    other = Health(asyncio.get_running_loop().time)
    telling = ModelHealth(services.redis, lambda: other.told({"first": Standing("open", 4.5)}))
    await telling.tell()

    answer = await operator.get("/api/v1/models")
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    assert (found["processes"], found["complete"]) == (2, True)
    first, second, desk = found["backends"]
    assert (first["state"], first["states"], first["rests_for_ms"]) == ("open", {"closed": 1, "open": 1}, 4500)
    assert (first["failed"], first["error_rate"], first["answered"]) == ({"overloaded": 3}, 1.0, 0)
    assert (second["answered"], second["error_rate"], second["state"]) == (1, 0.0, "closed")
    assert (desk["profile"], desk["error_rate"]) == ("offline", None)
    routes = {route["purpose"]: route["backends"] for route in found["routes"]}
    assert (routes["script"], routes["intent"]) == (["first", "desk"], ["first", "second"])
    assert "sk-very-secret" not in answer.text


async def test_a_process_that_ended_is_told_of_no_more(sign_in: SignIn, services: Services) -> None:
    operator = await sign_in("xiaolin@demo.cuedesk")
    other = ModelHealth(services.redis, lambda: Health(lambda: 0.0).told({"first": Standing("open", 60.0)}))
    async with other.running():
        await other.tell()
        assert (await operator.get("/api/v1/models")).json()["backends"][0]["state"] == "open"
    found = (await operator.get("/api/v1/models")).json()
    assert (found["backends"][0]["state"], found["processes"]) == ("closed", 1)


async def test_without_redis_a_process_tells_its_own_and_says_so(
    sign_in: SignIn, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = await sign_in("xiaolin@demo.cuedesk")
    monkeypatch.setattr(services.redis, "_closed_until", float("inf"))
    found = (await operator.get("/api/v1/models")).json()
    assert (found["processes"], found["complete"], len(found["backends"])) == (1, False, 3)


async def test_who_only_reads_scripts_is_not_told_of_models(sign_in: SignIn, client: httpx.AsyncClient) -> None:
    assert (await client.get("/api/v1/models")).status_code == 401
    assert (await (await sign_in("xiaoya@demo.cuedesk")).get("/api/v1/models")).json()["code"] == "forbidden"


async def test_the_check_asks_every_backend_once(server: ScriptedModel, models_text: str, tmp_path: Path) -> None:
    path = tmp_path / "models.yaml"
    path.write_text(models_text, encoding="utf-8")
    server.by_model["one"] = Script("text", text="好")
    server.by_model["two"] = Script("status", status=401, code="invalid_api_key")
    environment = {
        **os.environ,
        "CUEDESK_MODELS_FILE": str(path),
        "KEY": "sk-very-secret",
        "CUEDESK_DATA_DIR": str(tmp_path),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "backend", "models", "check",
        env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    told = (await process.communicate())[0].decode()
    assert process.returncode == 1, told
    assert "✓ first (p, one)" in told
    assert "✗ second (p, two): auth 401 invalid_api_key" in told
    assert server.base_url in told
    assert "✓ desk (d, offline)" in told
    assert "sk-very-secret" not in told
    assert [asked.body["model"] for asked in server.requests] == ["one", "two"]
