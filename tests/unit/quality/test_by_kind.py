"""Kinds of sentences that sealed sets showed, held against a record: the right ones pass, the wrong ones are found.

The sentences (data/by_kind.jsonl) are not those of the sets: the kinds were mended, not the sentences.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.quality.test_let_through import said_of

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
    return {one.severity for one in said_of(record, text)}


@pytest.mark.parametrize(("record", "text"), _cases("right"))
def test_what_the_record_bears_out_is_not_held_up(record: dict[str, Any], text: str):
    assert not _severities(record, text) & {"block", "fail"}


@pytest.mark.parametrize(("record", "text"), _cases("wrong"))
def test_what_the_record_denies_holds_a_text_up(record: dict[str, Any], text: str):
    assert _severities(record, text) & {"block", "fail"}


@pytest.mark.parametrize(("record", "text"), _cases("doubtful"))
def test_what_the_record_may_deny_is_pointed_out(record: dict[str, Any], text: str):
    assert _severities(record, text) & {"block", "fail", "warn"}
