"""What is told against the record without its fact's name: hours, litres, makers, ratings, all of a stuff, deadlines.

Each family of true faults (`data/held_against.jsonl`, `stops`) stands beside honest sentences of the same goods.
"""

from typing import Any

import pytest

from backend.quality.facts import stale_names
from backend.quality.normalize import fold
from tests.unit.quality.families import Families

_FAMILIES = Families("held_against.jsonl")


@pytest.mark.parametrize("line", _FAMILIES.cases(planted=False))
def test_what_is_told_of_other_things_holds_nothing_up(line: dict[str, Any]) -> None:
    assert not [(one.rule, one.excerpt) for one in _FAMILIES.found_in(line) if one.severity in ("block", "fail")]


@pytest.mark.parametrize("line", _FAMILIES.cases(planted=True))
def test_what_contradicts_the_record_is_found(line: dict[str, Any]) -> None:
    found = _FAMILIES.found_in(line)
    assert found
    assert line["stops"] == any(one.severity in ("block", "fail") for one in found)


@pytest.mark.parametrize(
    ("text", "other", "certain"),
    [
        ("蜂扫要顺着刷，面网手套该戴还得戴。", "面网", False),
        ("内胎是法嘴的，打气筒是美嘴的要个转接头。", "打气筒", False),
        ("丢两枝杜鹃根进去，绑点莫斯，就有了森林的样子。", "莫斯", False),
        ("来看今天这顶面网，戴上脸就保住了。", "面网", True),
        ("打气筒今天三十九，三号链接。", "打气筒", True),
        ("开一罐桂花乌龙，抓一小撮。", "桂花乌龙", True),
    ],
)
def test_a_bare_noun_is_another_product_only_where_it_is_offered(text: str, other: str, certain: bool) -> None:
    record = {"name": "某样东西", "price": 10}
    assert [found[3] for found in stale_names(fold(text).text, record, [other])] == [certain]
