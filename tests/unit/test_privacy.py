"""What every process does before it does anything else: no personal data in its logs, no states sent elsewhere."""

import os
from collections.abc import Iterator

import pytest
import structlog
from langsmith import utils as langsmith

from backend import app
from backend.settings import Settings
from tests.unit.test_logging import restored_logging

__all__ = ["restored_logging"]
PERSONAL = "收件人：李娜，电话138 0013 8000，微信lina_1990"


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2"):
        monkeypatch.setenv(name, "true")
    langsmith.get_env_var.cache_clear()
    yield
    langsmith.get_env_var.cache_clear()


@pytest.mark.usefixtures("environment")
def test_a_process_logs_nobodys_name_or_number(capsys: pytest.CaptureFixture[str]) -> None:
    app._prepare(Settings(_env_file=None, log_format="json"))
    structlog.get_logger("x").warning("asked", text=PERSONAL, nested={"a": [PERSONAL]})
    try:
        raise ValueError(PERSONAL)
    except ValueError:
        structlog.get_logger("x").exception(f"failed on {PERSONAL}")
    out = capsys.readouterr().out
    assert "138****8000" in out
    assert not [leak for leak in ("0013", "李娜", "lina_1990") if leak in out]


@pytest.mark.usefixtures("environment")
def test_a_process_sends_no_state_to_a_tracing_service_whatever_its_shell_says() -> None:
    assert langsmith.tracing_is_enabled()
    langsmith.get_env_var.cache_clear()
    app._prepare(Settings(_env_file=None, log_format="json"))
    assert not langsmith.tracing_is_enabled()
    assert os.environ["LANGSMITH_TRACING"] == "false"
