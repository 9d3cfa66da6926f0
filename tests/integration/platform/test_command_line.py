"""The command line as a person meets it: one clear line when something is wrong, no traceback."""

import os
import subprocess
import sys
from pathlib import Path

from tests.support.processes import ROOT


def run(*arguments: str, folder: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        **{f"CUEDESK_{key.upper()}": v for key, v in settings.items()},
    }
    command = [sys.executable, "-m", "backend", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_a_wrong_setting_is_named_without_its_value_or_a_traceback(tmp_path: Path) -> None:
    answer = run("serve", folder=tmp_path, port="99999", llm_provider="sk-secret")
    assert answer.returncode == 2
    assert "CUEDESK_PORT" in answer.stderr
    assert "CUEDESK_LLM_PROVIDER" in answer.stderr
    assert "sk-secret" not in answer.stderr
    assert "Traceback" not in answer.stderr


def test_an_unknown_command_lists_the_known_ones(tmp_path: Path) -> None:
    answer = run("fly", folder=tmp_path)
    assert answer.returncode == 2
    for command in ("serve", "worker", "migrate", "seed", "protocol"):
        assert command in answer.stderr
