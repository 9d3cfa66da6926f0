"""What denies, shares out, multiplies and folds holds nothing up; what is told to sell and is wrong is found.

Families of honest talk stand beside plain faults of the same shape (data/weighed.jsonl): `stops` says of a fault
whether it holds the text up or is shown to who approves.
"""

from typing import Any

import pytest

from tests.unit.quality.families import Families

_FAMILIES = Families("weighed.jsonl")


@pytest.mark.parametrize("line", _FAMILIES.cases(planted=False))
def test_what_denies_shares_out_or_multiplies_holds_nothing_up(line: dict[str, Any]) -> None:
    found = _FAMILIES.found_in(line)
    assert not [(one.rule, one.excerpt) for one in found if one.severity in ("block", "fail")]


@pytest.mark.parametrize("line", _FAMILIES.cases(planted=True))
def test_what_is_told_to_sell_and_is_wrong_is_found(line: dict[str, Any]) -> None:
    found = _FAMILIES.found_in(line)
    assert found
    assert line["stops"] == any(one.severity in ("block", "fail") for one in found)
