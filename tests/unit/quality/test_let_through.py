"""What hosts say all day is not held up: gifts with their size, games in the chat, dishes, journeys, colours of parts.

Each class of clean talk (data/let_through.jsonl) stands beside true faults that look like it and are found.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.protocol.events import Finding
from backend.quality.rubric import ScriptBrief, review
from tests.unit.quality.test_lexicon import _SNAPSHOT

_LINES = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "let_through.jsonl").read_text(encoding="utf-8").splitlines()
]
_RECORDS: dict[str, dict[str, Any]] = {line["goods"]: line["record"] for line in _LINES if "record" in line}


def _cases(*, clean: bool) -> list[Any]:
    return [
        pytest.param(line, id=f"{line['about']}: {line['text']}")
        for line in _LINES
        if "text" in line and clean == ("rule" not in line)
    ]


def said_of(record: dict[str, Any], text: str, *, scenario: str = "selling_points", behind: str = "") -> list[Finding]:
    """Return what is found where a sentence is told of the goods of a record, with what stands `behind` it."""
    brief = ScriptBrief(
        scenario=scenario,
        seconds=None,
        product=record,
        other_products=(),
        must_say=(),
        must_not_say=(),
        request="",
    )
    found = review(f"大家看{record['name']}，今天慢慢讲。{text}。{behind}", brief, _SNAPSHOT).findings
    # A sentence is no whole script: it has neither an order to give nor selling points.
    return [one for one in found if not one.rule.startswith("Q")]


def _shown(line: dict[str, str]) -> list[Finding]:
    return [one for one in said_of(_RECORDS[line["goods"]], line["text"]) if one.severity != "info"]


@pytest.mark.parametrize("line", _cases(clean=True))
def test_what_hosts_say_all_day_is_not_held_up(line: dict[str, str]):
    assert not [(one.rule, one.excerpt) for one in _shown(line) if one.severity in ("block", "fail")]


@pytest.mark.parametrize("line", _cases(clean=False))
def test_a_fault_that_looks_like_it_is_found(line: dict[str, str]):
    rules = {one.rule for one in _shown(line)}
    assert rules if line["rule"] == "any" else line["rule"] in rules


def test_of_clean_talk_few_sentences_bring_even_a_warning():
    clean = [line for line in _LINES if "text" in line and "rule" not in line]
    warned = [line["text"] for line in clean if _shown(line)]
    assert len(warned) <= 0.1 * len(clean), warned
