"""What only looks like a claim, a curse, a wrong count or another product's name, and what stands right beside it."""

from typing import Any

import pytest

from backend.quality.facts import fact_faults, stale_names
from backend.quality.normalize import fold
from backend.quality.prices import price_faults
from backend.quality.rubric import ScriptBrief, review
from tests.unit.quality.test_lexicon import _SNAPSHOT

_MOP: dict[str, Any] = {
    "name": "亮洁刮地拖", "brand": "亮洁", "category": "清洁", "price": 39.9, "gifts": ["备用棉头2块"],
    "facts": {"棉头": "吸水棉3块（含备用2块）", "材质": "不锈钢杆", "储存": "阴凉"},
}  # fmt: skip
_PEARS: dict[str, Any] = {
    "name": "山口雪梨", "brand": "山口", "category": "水果", "price": 24.9, "unit": "箱", "gifts": [],
    "price_ladder": [{"quantity": 2, "total": 48}], "facts": {"净重": "6斤", "储存": "冷藏"},
}  # fmt: skip
_CAPSULE: dict[str, Any] = {
    "name": "康岭牌软胶囊", "brand": "康岭", "category": "保健食品", "price": 99, "compliance_flags": ["health_food"],
    "facts": {"保健功能": "有助于抗氧化、改善睡眠状况", "批准文号": "国食健注G20190001"},
}  # fmt: skip


def wrong(text: str, product: dict[str, Any]) -> set[str]:
    folded = fold(text).text
    return {folded[one.start : one.end] for one in fact_faults(folded, product) if one.grave}


def blocks(text: str, product: dict[str, Any]) -> set[str]:
    brief = ScriptBrief(
        scenario="promotion", seconds=None, product=product, other_products=(), must_say=(), must_not_say=(), request=""
    )
    return {one.rule for one in review(text, brief, _SNAPSHOT).findings if one.severity == "block"}


@pytest.mark.parametrize("text", ["一套三十九块九，拿走", "一套带三块棉头", "看着就像摸过玻璃一样滑"])
def test_a_sum_a_set_with_its_spares_and_a_likeness_are_no_wrong_facts(text: str):
    assert not wrong(f"来看，{text}。", _MOP)


def test_what_one_is_told_not_to_do_is_not_claimed():
    assert not wrong("收到货，别放常温。", _PEARS)
    assert wrong("收到货，放常温就行。", _PEARS)


@pytest.mark.parametrize(
    "text",
    ["棉头送八块", "送五块棉头", "再送陶瓷花瓶和一个花架", "拍一套送铁盘和竹筷", "拍一套送两盆绿萝"],
)
def test_gifts_that_the_record_does_not_give_are_wrong_facts(text: str):
    assert wrong(f"今天拍，{text}。", _MOP)


@pytest.mark.parametrize("text", ["两箱十二斤四十八，一斤合四块", "两箱四十八块，一共十二斤，一斤四块"])
def test_a_share_by_any_quantity_told_is_right(text: str):
    assert not list(price_faults(fold(f"一箱二十四块九，{text}。").text, _PEARS))


def test_a_share_by_no_quantity_told_is_wrong():
    assert list(price_faults(fold("一箱二十四块九，两箱十二斤四十八，一斤合三块。").text, _PEARS))


@pytest.mark.parametrize(
    ("text", "found"), [("脏了用桶涮，别配抹布", False), ("亮洁抹布也上", True), ("喷水拖也好", True)]
)
def test_a_sort_of_goods_is_no_other_products_name(text: str, found: bool):
    other = "亮洁喷水拖" if "喷水" in text else "亮洁抹布"
    assert bool(list(stale_names(fold(text).text, {**_MOP, "aliases": ["水拖"]}, [other]))) is found


def test_an_approved_function_may_be_told_in_the_records_words_and_nothing_beyond():
    assert "FOOD-001" not in blocks("保健功能是改善睡眠状况和有助于抗氧化。", _CAPSULE)
    assert "FOOD-001" in blocks("保健功能是改善睡眠状况，还能养肝护肝。", _CAPSULE)


@pytest.mark.parametrize(
    "text", ["婆妈的衣服也能洗", "挨骂的先举手", "周末扫货的来", "我超爱这个颜色", "妈的手艺传下来"]
)
def test_words_that_sound_like_curses_or_hold_one_are_none(text: str):
    assert not [one for one in _SNAPSHOT.check(text) if one.rule == "VUL-001"]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("他妈的便宜", "VUL-001"),
        ("不拍就给我滚", "VUL-001"),
        ("囯家队指定用水", "GOV-001"),
        ("豊胸神器来了", "EFF-004"),
        ("国家级非遗匠人手作", "ABS-001"),
    ],
)
def test_disguises_and_insults_are_found(text: str, rule: str):
    assert rule in {one.rule for one in _SNAPSHOT.check(text) if one.severity == "block"}


def test_a_heritage_by_its_lawful_name_and_a_rolling_boil_are_let_be():
    assert not [one for one in _SNAPSHOT.check("国家级非遗项目，水不要滚烫") if one.severity == "block"]


def test_formula_is_not_held_above_mothers_milk():
    checked = _SNAPSHOT.check("这罐比母乳更有营养", vertical="母婴 奶粉")
    assert any(one.severity == "block" for one in checked)


def test_how_often_a_part_is_changed_is_read_whole():
    filter_ = {"name": "净水杯", "category": "小家电", "facts": {"滤芯": "建议4个月一换", "质保": "2年"}}
    assert not wrong("滤芯四个月左右得换。", filter_)
    assert wrong("滤芯七个月左右得换。", filter_)


def test_a_leftover_with_its_brand_is_certain_and_the_bare_noun_is_not() -> None:
    product, others = {"name": "卫龙辣条", "brand": "卫龙"}, ["青禾316保温杯"]
    for text, certain in (("刚才的青禾保温杯也别忘了。", True), ("包里塞个保温杯就出门。", False)):
        assert [sure for *_, sure in stale_names(fold(text).text, product, others)] == [certain]
