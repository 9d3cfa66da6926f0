"""What is claimed without a word of the lists is found by its build, and honest talk of the same build is let through.

`data/disguised.txt` and `data/pictured.txt` hold both, parted by kind. Labels were written before anything was run: a
sentence may not be said (`!`, `+`, `?`) or may (`-`). Of what may not, `!` says that it holds a text up, `+` that it is
found, and `?` that it is known to be missed, which no test asks about.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.unit.quality.test_lexicon import _SNAPSHOT

_FILES = [Path(__file__).parent / "data" / name for name in ("disguised.txt", "pictured.txt")]


def _lines() -> Iterator[tuple[str, str, str]]:
    kind = ""
    for line in (line for file in _FILES for line in file.read_text(encoding="utf-8").splitlines()):
        if line.startswith("== "):
            kind = line.removeprefix("== ")
        elif line and not line.startswith("#"):
            yield kind, line[0], line[2:]


def _cases(marks: str) -> list[Any]:
    return [pytest.param(text, id=f"{kind}: {text}") for kind, mark, text in _lines() if mark in marks]


def _severities(text: str) -> set[str]:
    return {one.severity for one in _SNAPSHOT.check(text, whole=True)}


@pytest.mark.parametrize("text", _cases("!"))
def test_what_is_certain_holds_a_text_up(text: str) -> None:
    assert _severities(text) & {"block", "fail"}


@pytest.mark.parametrize("text", _cases("+"))
def test_what_is_likely_is_shown(text: str) -> None:
    assert _severities(text) & {"block", "fail", "warn"}


@pytest.mark.parametrize("text", _cases("-"))
def test_honest_talk_of_the_same_build_holds_nothing_up(text: str) -> None:
    assert not _severities(text) & {"block", "fail"}
