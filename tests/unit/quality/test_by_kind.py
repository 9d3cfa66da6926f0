"""Kinds of sentences that sealed sets showed, held against a record: the right ones pass, the wrong ones are found.

The sentences (data/by_kind.jsonl) are not those of the sets: the kinds were mended, not the sentences.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.quality.rubric import ScriptBrief, review
from tests.unit.quality.test_lexicon import _SNAPSHOT

_LINES = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "by_kind.jsonl").read_text(encoding="utf-8").splitlines()
]
_GOODS: dict[str, Any] = {
    "name": "灵犀小桌",
    "category": "百货",
    "price": 189,
    "list_price": 259,
    "unit": "台",
    "stock": 300,
    "gifts": [],
    "facts": {},
}


def _cases(list_of: str) -> list[Any]:
    return [
        pytest.param({**_GOODS, **line["record"]}, text, id=f"{line['about']}: {text}")
        for line in _LINES
        for text in line.get(list_of, ())
    ]


def _severities(record: dict[str, Any], text: str) -> set[str]:
    brief = ScriptBrief(
        scenario="selling_points",
        seconds=None,
        product=record,
        other_products=(),
        must_say=(),
        must_not_say=(),
        request="",
    )
    found = review(f"大家看{record['name']}，今天慢慢讲。{text}。", brief, _SNAPSHOT).findings
    # A sentence is no whole script: it has neither an order to give nor selling points.
    return {one.severity for one in found if not one.rule.startswith("Q")}


@pytest.mark.parametrize(("record", "text"), _cases("right"))
def test_what_the_record_bears_out_is_not_held_up(record: dict[str, Any], text: str):
    assert not _severities(record, text) & {"block", "fail"}


@pytest.mark.parametrize(("record", "text"), _cases("wrong"))
def test_what_the_record_denies_holds_a_text_up(record: dict[str, Any], text: str):
    assert _severities(record, text) & {"block", "fail"}


@pytest.mark.parametrize(("record", "text"), _cases("doubtful"))
def test_what_the_record_may_deny_is_pointed_out(record: dict[str, Any], text: str):
    assert _severities(record, text) & {"block", "fail", "warn"}
