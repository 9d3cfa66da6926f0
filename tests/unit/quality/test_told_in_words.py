"""What is told of a record in words: discounts (砍了一半, 省四成), sums multiplied aloud, what the body is made of.

Each fault (`data/told_in_words.jsonl`, `stops`) stands beside honest sentences about the same goods.
"""

from typing import Any

import pytest

from backend.quality.discounts import discount_faults
from tests.unit.quality.families import Families

_FAMILIES = Families("told_in_words.jsonl")


@pytest.mark.parametrize("line", _FAMILIES.cases(planted=False))
def test_honest_talk_of_the_same_goods_holds_nothing_up(line: dict[str, Any]) -> None:
    assert not [(one.rule, one.excerpt) for one in _FAMILIES.found_in(line) if one.severity in ("block", "fail")]


@pytest.mark.parametrize("line", _FAMILIES.cases(planted=True))
def test_what_the_record_denies_is_found(line: dict[str, Any]) -> None:
    found = _FAMILIES.found_in(line)
    assert found
    assert line["stops"] == any(one.severity in ("block", "fail") for one in found)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("今天直接给您砍了一半", True),
        ("标价省下四成", True),
        ("便宜了四分之一", False),
        ("六折再打八折给你", True),
        ("便宜了一多半", True),
        ("我不跟您喊什么腰斩", False),
        ("鞋底能对折，走一下午不僵", False),
        ("现场对折给大家看", False),
        ("这个价还能对折", True),
        ("今天对折", True),
        ("对折放进抽屉", False),
        ("省一半地方", False),
    ],
)
def test_a_discount_in_words_is_held_against_both_prices(text: str, wrong: bool) -> None:
    assert bool(list(discount_faults(text, 59.8, 79.8, stepped=False, other=False))) == wrong
