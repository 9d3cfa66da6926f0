"""The models file is read again when it changes; one that is wrong changes nothing. And calls are counted."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog

from backend.llm import retry
from backend.llm.deadlines import Deadlines
from backend.llm.declared import declared_models, following
from backend.llm.routed import RoutedModel
from backend.settings import Settings
from backend.telemetry.metrics import render
from tests.support.routed_models import models_of, opened, routed
from tests.support.scripted_model import Script, scripted_model

FILE = """\
providers: {p: {profile: vllm}}
backends: {b: {provider: p, model: MODEL}}
routes: {default: {backends: [b]}}
"""


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 — nobody tells
            await asyncio.sleep(0.02)


async def test_a_changed_file_counts_and_a_wrong_one_does_not(tmp_path: Path) -> None:
    path = tmp_path / "models.yaml"
    path.write_text(FILE.replace("MODEL", "one"))
    settings = Settings(_env_file=None, models_file=path, models_interval=0.02)
    model = RoutedModel(declared_models(settings), opened, Deadlines(), lambda _: None)
    async with following(settings, model):
        assert model.name == "one"
        path.write_text(FILE.replace("MODEL", "second"))
        await until(lambda: model.name == "second")
        with structlog.testing.capture_logs() as lines:
            path.write_text(FILE.replace("[b]", "[nobody]"))
            await until(lambda: "models.yaml:3: " in str(lines))
        assert model.name == "second"
        path.write_text(FILE.replace("MODEL", "the-third"))
        await until(lambda: model.name == "the-third")
    await model.aclose()


async def test_the_metrics_tell_calls_failures_fallbacks_and_the_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.0)
    async with scripted_model() as first, scripted_model() as second:
        first.by_model["measured"] = Script("status", status=500)
        text = f"""
providers:
  measured-first: {{profile: compatible, base_url: '{first.base_url}'}}
  measured-second: {{profile: compatible, base_url: '{second.base_url}'}}
backends:
  m0: {{provider: measured-first, model: measured}}
  m1: {{provider: measured-second, model: answering, prices: {{input: 1, output: 1}}}}
routes: {{default: {{backends: [m0, m1]}}}}
"""
        async with routed(models_of(text)) as model:
            for _ in range(2):
                await model.ask()
            said = render().decode()
    for line in (
        'cuedesk_llm_calls_total{model="answering",node="script",provider="measured-second",status="completed"} 2.0',
        'cuedesk_llm_hops_total{backend="m0",reason="overloaded"} 5.0',
        'cuedesk_llm_fallbacks_total{answered="m1",first="m0",node="script"} 2.0',
        'cuedesk_llm_tokens_total{kind="output",model="answering",provider="measured-second"} 80.0',
        'cuedesk_llm_breaker{model="measured",provider="measured-first"} 2.0',
        'cuedesk_llm_first_token_seconds_count{model="answering",provider="measured-second"} 2.0',
        'gen_ai_client_token_usage_sum{gen_ai_operation_name="chat",gen_ai_provider_name="measured-second",'
        'gen_ai_request_model="answering",gen_ai_token_type="output"} 80.0',
        'gen_ai_client_operation_duration_seconds_count{error_type="",gen_ai_operation_name="chat",'
        'gen_ai_provider_name="measured-second",gen_ai_request_model="answering"} 2.0',
    ):
        assert line in said.splitlines()
