"""A team that has spent its month: its runs say so, over the socket and over REST, and another team writes on."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.integration.desk.test_model_failures import GOOD, REQUEST, TEXT
from tests.support.desk_client import Frame, Rest
from tests.support.processes import ServerProcess, free_port
from tests.support.scripted_model import ScriptedModel, scripted_model

FILE = """\
providers: {p: {profile: compatible, base_url: 'http://127.0.0.1:PORT/v1'}}
backends: {b: {provider: p, model: scripted, prices: {input: 20, output: 60, currency: CNY}}}
routes: {default: {backends: [b]}}
"""


@pytest.fixture(scope="module")
def model_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def desk_server(
    module_database_url: str, module_redis_url: str, tmp_path_factory: pytest.TempPathFactory, model_port: int
) -> Iterator[ServerProcess]:
    """A server whose models cost something."""
    folder: Path = tmp_path_factory.mktemp("server")
    (folder / "models.yaml").write_text(FILE.replace("PORT", str(model_port)))
    settings = {
        "database_url": module_database_url,
        "redis_url": module_redis_url,
        "models_file": folder / "models.yaml",
        "llm_judge": False,
    }
    with ServerProcess(folder, settings).start() as server:
        yield server.wait_healthy()


@pytest.fixture
async def model(desk_server: ServerProcess, model_port: int) -> AsyncIterator[ScriptedModel]:
    async with scripted_model(model_port) as server:
        server.by_model["scripted"] = GOOD
        yield server


@pytest.fixture
async def neighbour(desk_server: ServerProcess) -> AsyncIterator[Rest]:
    async with Rest.login(desk_server.url, "operator@shanlan.demo.cuedesk") as rest:
        yield rest


def over(frame: Frame) -> bool:
    return frame["status"] in ("failed", "waiting")


async def test_who_has_spent_the_month_is_told_and_others_write_on(
    admin: Rest, operator: Rest, neighbour: Rest, model: ScriptedModel
) -> None:
    limits = {"model_cost_soft": 0, "model_cost_hard": 0}
    assert (await admin.client.patch("/api/v1/tenant/policies", json=limits)).json()["model_cost_hard"] == 0
    thread = await operator.new_thread()
    async with operator.socket() as desk:
        await desk.follow(thread)
        asked = await desk.ask(thread, REQUEST)
        ended = await desk.until("run", run_id=asked["run_id"], status="failed", timeout=60)
        error = ended["error"]
        assert (error["code"], error["retryable"]) == ("model_budget_spent", False)
        assert error["details"] == {"reason": "cost_per_month", "limit": 0, "currency": "CNY"}
        assert error["retry_after_ms"] > 0
    assert model.requests == []
    answer = await operator.client.post("/api/v1/generate", json={"content": REQUEST}, timeout=60)
    assert (answer.status_code, answer.json()["code"]) == (429, "model_budget_spent")
    assert answer.json()["details"]["reason"] == "cost_per_month"
    assert int(answer.headers["retry-after"]) > 0
    elsewhere = {"content": "写一段保温杯开场，30秒，活泼一点，没有资料，按通用的写"}
    other = await neighbour.client.post("/api/v1/generate", json=elsewhere, timeout=60)
    assert (other.json()["kind"], other.json()["content"]) == ("script", TEXT)
    assert (await admin.client.patch("/api/v1/tenant/policies", json={"model_cost_hard": 100})).status_code == 200
    async with operator.socket() as desk:
        await desk.follow(thread)
        # The limit that was is believed for a moment.
        for _ in range(20):
            asked = await desk.ask(thread, REQUEST)
            ended = await desk.until("run", run_id=asked["run_id"], where=over, timeout=60)
            if ended["status"] == "waiting":
                break
            await asyncio.sleep(0.25)
        assert ended["status"] == "waiting"
    budget = await admin.get("/tenant/model_budget")
    assert (budget["cost_soft"], budget["cost_hard"], budget["tokens_per_minute"]) == (0, 100, None)
    assert [one["currency"] for one in budget["spending"]] == ["CNY"]
