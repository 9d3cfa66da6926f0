"""Rivals: who is named and run down is blocked; what is held against a maker, fits it or is said by others is not."""

import pytest

from backend.quality.layering import plain
from backend.quality.rubric import ScriptBrief, review

_RULES = plain(None)


def _blocked(text: str) -> list[str]:
    return [finding.rule for finding in _RULES.scan(text) if finding.severity == "block"]


@pytest.mark.parametrize(
    "text",
    [
        "科沃斯那种扫地机就是坑人",
        "美的那批全是下脚料做的",
        "耐克的鞋底穿俩月就断",
        "九阳的锅一年就坏",
        "雅诗兰黛跟我们没法比",
        "三只松鼠那些，全是残次的碎渣",
        "他们家卖的羊绒都是边角料",
        "外面店里买的坚果全是药水泡出来的",
    ],
)
def test_a_rival_who_is_named_and_run_down_in_one_clause_is_blocked(text: str) -> None:
    assert {"DIS-001", "DIS-002"} & set(_blocked(text))


@pytest.mark.parametrize(
    "text",
    [
        "我们这款跟戴森没法比，人家贵",
        "这裙子挺美的，没人要我留着",
        "苹果三天就到，坏了包赔",
        "小米煮三分钟就烂",
        "华为手机几天就充一次",
        "小心假茅台，谨防骗钱",
        "松下的电池能换着用，不是假货",
        "海尔的我用过，没有偷工减料",
        "有人说华为是垃圾，我不这么看",
        "我家上一代盖子一年就裂，这代改了",
        "外面下雨，包裹路上慢",
        "飞利浦的刷头也能装",
    ],
)
def test_a_maker_who_is_named_and_not_run_down_is_no_matter_of_the_law(text: str) -> None:
    assert "DIS-002" not in _blocked(text)


@pytest.mark.parametrize(("brand", "blocked"), [("九阳", False), ("小禾", True)])
def test_ones_own_brand_is_no_rival(brand: str, blocked: bool) -> None:
    brief = ScriptBrief(
        scenario="selling_points",
        seconds=None,
        product={"name": "电炖锅", "brand": brand, "category": "厨具", "facts": {}},
        other_products=(),
        must_say=(),
        must_not_say=(),
        request="",
    )
    found = review("九阳的锅一年就坏的事，我们也遇到过，换了内胆。", brief, _RULES).findings
    assert any(finding.rule == "DIS-002" for finding in found) is blocked
