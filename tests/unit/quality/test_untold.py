"""A matter that is not to be told stays out of the text however it is put, and the checks see when it does not."""

from typing import Any

import pytest

from backend.llm.adapters.offline.compose import compose
from backend.llm.adapters.offline.sheet import read_sheet
from backend.quality import untold
from backend.quality.draft import ScriptBrief
from backend.quality.lexicon import RuleSnapshot
from backend.quality.normalize import fold
from backend.quality.rubric import review

RACK: dict[str, Any] = {
    "name": "叠翠晾衣架",
    "category": "家居",
    "price": 129,
    "list_price": 169,
    "stock": 40,
    "brand": "叠翠",
    "gifts": ["防风夹12个"],
    "evidence": ["承重检测报告：30公斤"],
    "facts": {
        "杆体材质": "201不锈钢",
        "产地": "广东省佛山市顺德",
        "净重": "2.6千克",
        "展开尺寸": "168厘米",
        "折叠厚度": "9厘米",
        "回弹力": "三段锁止",
        "颜色": "月光白、炭灰",
    },
    "points": [
        {"feature": "201不锈钢杆", "benefit": "晒满一家人的衣服", "proof": "杆上有材质钢印"},
        {"feature": "折起来9厘米厚", "benefit": "塞进门后"},
        {"feature": "佛山顺德自家工厂", "benefit": "出货前逐个拉一遍"},
        {"feature": "一提就开", "benefit": "一个人也支得起来"},
    ],
    "required_statements": ["请勿攀爬"],
}


def found(text: str, *unwanted: str, **brief: Any) -> list[str]:
    given = {"scenario": "selling_points", "seconds": None, "product": RACK, "other_products": (), "must_say": ()}
    report = review(
        text, ScriptBrief(**{**given, "must_not_say": unwanted, "request": "", **brief}), RuleSnapshot.load()
    )
    return [one.excerpt for one in report.findings if one.rule == "Q17" and one.severity == "block"]


@pytest.mark.parametrize(
    ("matter", "told"),
    [
        ("材质", "杆子是201不锈钢的。"),
        ("用料", "不锈钢的杆子，手摸着凉。"),
        ("产地", "顺德那边做的。"),
        ("产地信息", "佛山发出来的货。"),
        ("重量", "拎起来五斤二两，才2.6公斤。"),
        ("尺寸", "拉开一百六十八厘米。"),
        ("价格", "到手一百二十九元。"),
        ("赠品", "下单还送防风夹。"),
        ("回弹力", "三段锁止，拉到哪停到哪。"),
        ("厚度", "收起来九厘米。"),
    ],
)
def test_a_matter_told_in_the_records_words_or_figures_is_held_up(matter: str, told: str) -> None:
    assert found(f"叠翠晾衣架，{told}", matter)
    assert not found(f"叠翠晾衣架，{told}"), "only where it was not to be told"
    assert not found("叠翠晾衣架，一提就开，一个人也支得起来。", matter)


def test_what_the_name_the_law_or_the_request_says_stays() -> None:
    named = {**RACK, "name": "叠翠不锈钢晾衣架"}
    assert found("叠翠不锈钢晾衣架，一提就开。", "材质", product=named) == []
    assert found("叠翠晾衣架，请勿攀爬。", "攀爬", must_say=()) == ["攀爬"], "a word stays a word"
    assert found("叠翠晾衣架，要说顺德。", "产地", must_say=("顺德",)) == []


def test_a_word_that_is_no_matter_is_left_a_word() -> None:
    assert untold.matters_of(["便宜", "不锈钢", "家人们", "这个真的太好用了"], RACK) == ()
    assert untold.without(["便宜"], RACK) == RACK


def test_what_says_something_of_a_fact_is_no_more_than_it_says() -> None:
    rack = {**RACK, "facts": {**RACK["facts"], "质保": "杆体3年"}}
    assert untold.matters_of(["终身质保", "超强回弹力"], rack) == ()
    assert found("叠翠晾衣架，杆体质保3年。", "终身质保", product=rack) == []
    assert found("叠翠晾衣架，质保3年。", "质保几年", product=rack) != []


@pytest.mark.parametrize("matter", ["材质", "产地", "重量", "尺寸", "价格", "赠品", "回弹力", "厚度", "颜色", "库存"])
@pytest.mark.parametrize("scenario", ["opening", "selling_points", "promotion"])
def test_the_writer_keeps_to_it(matter: str, scenario: str) -> None:
    brief = {
        "scenario": scenario,
        "seconds": 60,
        "product": untold.without([matter], RACK),
        "must_not_say": list(untold.words_of([matter], RACK)),
    }
    for seed in range(4):
        text = compose(read_sheet(brief), seed)
        assert found(text, matter, scenario=scenario) == [], text
        assert any(one["feature"] in text for one in RACK["points"]), "the rest is told"


def test_points_that_were_not_to_be_told_are_not_missed() -> None:
    text = "叠翠晾衣架，折起来九厘米厚，塞进门后。一提就开，一个人也支得起来。佛山顺德自家工厂，出货前逐个拉一遍。"
    brief = ScriptBrief("selling_points", 60, RACK, (), (), ("材质",), "")
    assert not [one for one in review(text, brief, RuleSnapshot.load()).findings if one.rule == "Q04"]


def test_a_matter_that_must_be_said_is_said_by_its_value() -> None:
    assert found("叠翠晾衣架，到手129元，还送防风夹。", must_say=("价格", "赠品")) == []
    assert found("叠翠晾衣架，一提就开。", must_say=("价格",)) == [""]


@pytest.mark.parametrize(
    ("record", "matter", "text", "found"),
    [
        ({"facts": {"产地": "新疆和田"}}, "产地", "这批枣是和田来的", True),
        ({"facts": {"产地": "内蒙古呼和浩特"}}, "产地", "呼和浩特的牧场", True),
        ({"facts": {"产地": "云南与贵州"}}, "产地", "贵州的茶", True),
        ({"gifts": ["价值59元杯套"]}, "赠品", "这杯子的价值在做工上", False),
        ({"gifts": ["价值59元杯套"]}, "赠品", "还有杯套给你", True),
        ({"gifts": ["2支牙刷"]}, "赠品", "牙刷也给你备着", True),
    ],
)
def test_the_words_of_a_matter_are_whole_names_and_things(
    record: dict[str, Any], matter: str, text: str, found: bool
) -> None:
    product = {"name": "甄选好物", "price": 99, **record}
    told = list(untold.told([matter], fold(text).text, product))
    assert bool([fault for fault in told if fault.certain]) == found
