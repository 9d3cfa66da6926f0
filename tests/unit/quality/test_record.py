"""What a record's facts tell is known as if it stood in the field for it."""

from typing import Any

import pytest

from backend.quality.layering import plain
from backend.quality.record import with_fields
from backend.quality.rubric import ScriptBrief, review

_RULES = plain(None)


@pytest.mark.parametrize(
    ("facts", "field", "value"),
    [
        ({"赠品": "补水面膜2片、起泡网1个"}, "gifts", ["补水面膜2片", "起泡网1个"]),
        ({"随单赠品": "湿巾1包（80抽）"}, "gifts", ["湿巾1包（80抽）"]),
        ({"库存": "60双"}, "stock", 60),
        ({"现货库存": "一千二百套"}, "stock", 1200),
        ({"划线价": "129元"}, "list_price", 129.0),
        ({"吊牌价": "¥ 399"}, "list_price", 399.0),
    ],
)
def test_a_fact_that_a_field_is_for_stands_in_it(facts: dict[str, str], field: str, value: object) -> None:
    told = with_fields({"name": "某物", "facts": facts})
    assert told[field] == value
    assert told["facts"] == facts


@pytest.mark.parametrize(
    "product",
    [
        {"name": "某物", "stock": 8, "facts": {"库存": "60双"}},  # the field's own word counts
        {"name": "某物", "facts": {"赠品": "无", "库存": "充足", "赠品说明": "见详情", "库存地": "杭州3号仓"}},
        {"name": "某物", "facts": {"库存": "红色30件，蓝色20件"}},  # no single number
        {"name": "某物", "facts": "赠品：无"},
        {"name": "某物"},
    ],
)
def test_what_is_no_such_fact_changes_nothing(product: dict[str, Any]) -> None:
    assert with_fields(product) == product


@pytest.mark.parametrize(
    ("text", "facts", "rule"),
    [
        ("仓库备了五千双，今天随便拍", {"库存": "60双"}, "PRI-005"),
        ("今天拍一瓶正装，再送您同款洗面奶一整支", {"赠品": "补水面膜2片"}, "FAC-004"),
        ("直接省了您五十", {"划线价": "129元"}, "PRI-010"),
        ("三盒一起拍刚好一百一", {}, "PRI-010"),
    ],
)
def test_what_is_told_against_such_a_fact_is_found(text: str, facts: dict[str, str], rule: str) -> None:
    found = _found(text, facts)
    assert rule in found, found
    right = {"库存": "5000双", "赠品": "洗面奶1支", "划线价": "139元", "活动": "三盒110元"}
    assert rule not in _found(text, right)


def _found(text: str, facts: dict[str, str]) -> set[str]:
    brief = ScriptBrief(
        scenario="promotion",
        seconds=None,
        product={"name": "洁面慕斯", "price": 89, "facts": facts},
        other_products=[],
        must_say=(),
        must_not_say=(),
        request="",
    )
    report = review(f"洁面慕斯今天八十九。{text}。点下方链接下单。", brief, _RULES)
    return {one.rule for one in report.findings if one.severity != "info"}
