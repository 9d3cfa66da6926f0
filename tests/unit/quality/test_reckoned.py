"""Sums that somebody reckons aloud, and words that only look like a fact of the goods, beside true faults like them.

data/reckoned.jsonl is about money, data/apart.jsonl about facts and the law's words. A line with `rule` is a fault: it
is found, and holds the text up unless `warn` says that a person has to look.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.protocol.events import Finding
from backend.quality.rubric import ScriptBrief, review
from tests.unit.quality.test_lexicon import _SNAPSHOT

_GRAVE = ("block", "fail")


def _lines() -> tuple[dict[str, Any], list[dict[str, Any]]]:
    records: dict[str, Any] = {}
    lines: list[dict[str, Any]] = []
    for name in ("reckoned", "apart"):
        path = Path(__file__).parent / "data" / f"{name}.jsonl"
        for line in map(json.loads, path.read_text(encoding="utf-8").splitlines()):
            if "record" in line:
                records[line["goods"]] = line["record"]
            else:
                lines.append(line)
    return records, lines


_RECORDS, _LINES = _lines()


def _shown(line: dict[str, Any]) -> list[Finding]:
    record = _RECORDS[line["goods"]]
    text = f"大家看{record['name']}，今天慢慢讲。{line['text']}。"
    brief = ScriptBrief("selling_points", None, record, (), (), (), "")
    found = review(text, brief, _SNAPSHOT).findings
    return [one for one in found if one.severity != "info" and not one.rule.startswith("Q")]


def _cases(*, fault: bool) -> list[Any]:
    return [pytest.param(line, id=line["text"]) for line in _LINES if ("rule" in line) == fault]


@pytest.mark.parametrize("line", _cases(fault=False))
def test_what_follows_from_the_record_or_is_told_of_something_else_holds_nothing_up(line: dict[str, Any]) -> None:
    assert not [(one.rule, one.excerpt) for one in _shown(line) if one.severity in _GRAVE]


@pytest.mark.parametrize("line", _cases(fault=True))
def test_what_the_record_denies_is_found_and_holds_the_text_up(line: dict[str, Any]) -> None:
    found = [one for one in _shown(line) if line["rule"] in ("any", one.rule)]
    assert found
    assert line.get("warn") or any(one.severity in _GRAVE for one in found)
