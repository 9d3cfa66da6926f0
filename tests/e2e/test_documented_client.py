"""The client in the documentation, run as its reader would."""

import subprocess
import sys

from tests.support.desk_client import OPERATOR, PASSWORD
from tests.support.processes import ROOT, ServerProcess

CLIENT = ROOT / "docs" / "client.py"


def run(server: ServerProcess, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, CLIENT, server.url, *arguments], capture_output=True, text=True, encoding="utf-8", timeout=60
    )


def test_it_asks_reads_along_approves_and_sees_the_script_on_the_teleprompter(server: ServerProcess) -> None:
    done = run(server, OPERATOR, PASSWORD, "给小雅的直播间写一段保温杯开场，30秒，活泼一点")
    assert done.returncode == 0, done.stderr
    streamed, _, rest = done.stdout.partition("\n[allowed: approve, edit, reject, respond]\n")
    head, _, final = rest.partition("\n")
    final, _, prompter = final.partition("\n[teleprompter] ")
    assert head == "[final] 沐野随行保温杯 500ml · 开场 v1"
    assert final == streamed, "the pieces make up the whole"
    assert prompter.startswith("version 1: 沐野随行保温杯 500ml · 开场 (not on screen)")


def test_it_prints_the_question_when_the_request_is_not_clear(server: ServerProcess) -> None:
    done = run(server, OPERATOR, PASSWORD, "帮我写一段话术")
    assert done.returncode == 1
    assert " / " in done.stderr


def test_it_is_short_enough_to_be_read() -> None:
    assert len(CLIENT.read_text("utf-8").splitlines()) <= 60
