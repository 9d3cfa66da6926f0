"""What denies, shares out, multiplies and folds holds nothing up; what is told to sell and is wrong is found.

Families of honest talk stand beside plain faults of the same shape (data/weighed.jsonl): `stops` says of a fault
whether it holds the text up or is shown to who approves.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.protocol.events import Finding
from tests.unit.quality.test_let_through import said_of

_LINES = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "weighed.jsonl").read_text(encoding="utf-8").splitlines()
]
_RECORDS: dict[str, dict[str, Any]] = {line["goods"]: line["record"] for line in _LINES if "record" in line}


def _cases(*, planted: bool) -> list[Any]:
    return [
        pytest.param(line, id=f"{line['about']}: {line['text']}")
        for line in _LINES
        if "text" in line and planted == ("stops" in line)
    ]


def _said_of(record: dict[str, Any], text: str) -> list[Finding]:
    found = said_of(record, text, scenario="promotion", behind="点购物车一号链接下单。")
    # What the record itself lacks (REG) is none of the sentence's.
    return [one for one in found if one.severity != "info" and not one.rule.startswith("REG")]


@pytest.mark.parametrize("line", _cases(planted=False))
def test_what_denies_shares_out_or_multiplies_holds_nothing_up(line: dict[str, Any]) -> None:
    found = _said_of(_RECORDS[line["goods"]], line["text"])
    assert not [(one.rule, one.excerpt) for one in found if one.severity in ("block", "fail")]


@pytest.mark.parametrize("line", _cases(planted=True))
def test_what_is_told_to_sell_and_is_wrong_is_found(line: dict[str, Any]) -> None:
    found = _said_of(_RECORDS[line["goods"]], line["text"])
    assert found
    assert line["stops"] == any(one.severity in ("block", "fail") for one in found)
