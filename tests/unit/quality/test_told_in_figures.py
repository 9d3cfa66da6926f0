"""What arithmetic or a list on record decides, told in words: shares of a price, parts, compositions, lapses, ends.

Each fault (`data/told_in_figures.jsonl`, `stops`) stands beside honest sentences about the same goods: ranges that are
right pass (一斤合二十九块多), and so does what is only denied, asked, or another's.
"""

from typing import Any

import pytest

from backend.quality.rubric import ScriptBrief, review
from tests.unit.quality.families import Families
from tests.unit.quality.test_lexicon import _SNAPSHOT

_FAMILIES = Families("told_in_figures.jsonl")


@pytest.mark.parametrize("line", _FAMILIES.cases(planted=False))
def test_honest_talk_of_the_same_goods_holds_nothing_up(line: dict[str, Any]) -> None:
    assert not [(one.rule, one.excerpt) for one in _FAMILIES.found_in(line) if one.severity in ("block", "fail")]


@pytest.mark.parametrize("line", _FAMILIES.cases(planted=True))
def test_what_the_record_decides_is_found(line: dict[str, Any]) -> None:
    found = _FAMILIES.found_in(line)
    assert found
    assert line["stops"] == any(one.severity in ("block", "fail") for one in found)


@pytest.mark.parametrize(
    ("text", "priced"),
    [
        ("它也就一块钱硬币大小，揣兜里正好", False),
        ("一块钱都不多收您运费", False),
        ("三块钱一个", True),
        ("今天只要三十九块九", True),
    ],
)
@pytest.mark.parametrize("asked", ["price is not to be told", "price comes later"])
def test_a_coin_is_no_price_that_was_not_to_be_told(text: str, priced: bool, asked: str) -> None:
    brief = ScriptBrief(
        scenario="selling_points",
        seconds=None,
        product={"name": "薄荷润喉糖", "price": 39.9},
        other_products=(),
        must_say=(),
        must_not_say=("价格",) if asked == "price is not to be told" else (),
        request="先不报价",
    )
    found = review(f"大家看薄荷润喉糖。{text}。", brief, _SNAPSHOT).findings
    assert priced == any(one.rule == "Q17" and one.severity == "block" for one in found)
