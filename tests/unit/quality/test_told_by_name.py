"""Facts told in words: by their own name, as yes and no, in another unit, by one character of difference."""

from typing import Any

import pytest

from backend.quality.facts import fact_faults
from backend.quality.normalize import fold
from backend.quality.spelled import spelled_out
from tests.unit.quality.test_certain import found

_POT: dict[str, Any] = {
    "name": "青岚手冲壶", "brand": "青岚", "category": "器具", "price": 188, "gifts": ["滤纸30张"],
    "facts": {
        "容量": "550毫升", "净重": "640克", "壶嘴": "细口", "温度计": "壶盖自带温度计", "是否可进洗碗机": "否",
        "底座": "无底座", "折叠": "可折叠手柄", "颜色": "银灰、墨黑", "环保等级": "E0级", "产地": "浙江永康",
    },
}  # fmt: skip
_BREAD: dict[str, Any] = {
    "name": "麦田全麦包", "brand": "麦田", "category": "烘焙", "price": 42, "gifts": ["黄油刀1把"],
    "facts": {
        "规格": "70克×12个", "口味": "原味、燕麦", "保质期": "5天（冷冻45天）",
        "收获时间": "2026年6月", "发货": "48小时内发货", "适合人数": "2人", "肥瘦": "三分肥七分瘦",
        "香味": "白茶", "转速": "每分钟12000转", "配料": "全麦粉、水、酵母",
    },
}  # fmt: skip


def told(text: str, product: dict[str, Any]) -> list[str]:
    return [fault.problem for fault in fact_faults(fold(f"来看{product['name']}。{text}。点链接。").text, product)]


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("环保等级是E1级", _POT),
        ("颜色有银灰、墨黑，还有藕粉", _POT),
        ("宽口的壶嘴", _POT),
        ("这壶没有温度计", _POT),
        ("不能折叠", _POT),
        ("带底座的", _POT),
        ("洗碗机也能洗", _POT),
        ("净重半公斤", _POT),
        ("重八百多克", _POT),
        ("送滤纸和马克杯", _POT),
        ("这是青木家的手冲壶", _POT),
        ("关中老厂子做的", _POT),
        ("有原味、燕麦和紫薯三种口味", _BREAD),
        ("冷冻能放半年", _BREAD),
        ("九月份收的麦子", _BREAD),
        ("付款七天后发货", _BREAD),
        ("这一包够四个人", _BREAD),
        ("五分肥五分瘦", _BREAD),
        ("玫瑰香的", _BREAD),
        ("每分钟三万转", _BREAD),
        ("一个九十克", _BREAD),
    ],
)
def test_what_the_record_has_otherwise_is_found(text: str, product: dict[str, Any]) -> None:
    assert told(text, product)


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("环保等级是E0级", _POT),
        ("颜色就两个，银灰和墨黑", _POT),
        ("颜色是真的好看", _POT),
        ("细口的，水流像线", _POT),
        ("没有温度计的那种老壶我也用过", _POT),
        ("手柄能折叠，底座没有", _POT),
        ("别放洗碗机", _POT),
        ("重六百多克", _POT),
        ("送三十张滤纸，一个月换一次水垢滤网也不用", _POT),
        ("我们家的手冲壶", _POT),
        ("永康老厂子做的", _POT),
        ("原味和燕麦两种口味", _BREAD),
        ("放冷冻，能放一个半月", _BREAD),
        ("六月份收的麦子", _BREAD),
        ("四十八小时之内发货", _BREAD),
        ("够两个人吃", _BREAD),
        ("三分肥七分瘦", _BREAD),
        ("白茶香的", _BREAD),
        ("一个七十克", _BREAD),
        ("早上七点，四口人围着桌子", _BREAD),
    ],
)
def test_what_the_record_bears_out_is_no_fault(text: str, product: dict[str, Any]) -> None:
    assert told(text, product) == []


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("是否可进洗碗机", "否", "否，不可进洗碗机"),
        ("能否折叠", "能，附收纳袋", "能，附收纳袋，支持折叠"),
        ("主动降噪", "支持", "支持，支持主动降噪"),
        ("带盖", "是", "是，带盖"),
        ("材质", "棉", "棉"),
    ],
)
def test_a_fact_answered_by_yes_or_no_is_told_as_a_sentence(name: str, value: str, sentence: str) -> None:
    assert spelled_out(((name, value),)) == ((name, sentence),)


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("猫在花盆里打盹", None),
        ("买个花盆回来", "warn"),
        ("这个花盆透气", "block"),
        ("红陶花盆透气", "block"),
        ("把它种进土里", None),
    ],
)
def test_the_noun_of_another_product_is_certain_only_when_it_is_pointed_at(text: str, severity: str | None) -> None:
    plants = {"name": "多肉拼盘", "category": "绿植", "price": 39}
    assert found(f"多肉拼盘来了。{text}。点下方链接下单。", plants, others=("红陶花盆",)).get("Q07") == severity


@pytest.mark.parametrize(
    ("text", "found_as"),
    [
        ("根据需求，写一段多肉的开场。", "Q08"),
        ("作为一名带货主播助手，我来介绍。", "Q08"),
        ("下面这段话术适合夏天，请查收。", "Q08"),
        ("如果需要更活泼的版本，请告诉我。", "Q08"),
        ("今天只要 x 元。", "Q12"),
        ("库存只有N盆。", "Q12"),
        ("后台就剩三十几盆了。", "Q18"),
        ("今晚七点整链接就关。", "Q18"),
        ("今天两千三百九十九搬回家。", "Q03"),
    ],
)
def test_usual_words_of_a_defect_are_found(text: str, found_as: str) -> None:
    plants = {
        "name": "多肉拼盘", "category": "绿植", "price": 39, "stock": 400, "facts": {"活动截止": "今晚22点"},
    }  # fmt: skip
    said = found(f"多肉拼盘来了，十棵一份。{text}喜欢的点下方链接下单。", plants)
    assert said.keys() & {found_as, *{"Q18": ("PRI-005",), "Q03": ("PRI-010",)}.get(found_as, ())}


def test_a_piece_of_five_kilos_is_no_sum_of_money() -> None:
    rice = {"name": "香米", "category": "粮油", "price": 69, "facts": {"包装": "两块，每块5公斤"}}
    assert "PRI-010" not in found("香米，压成两块真空砖，一块五公斤。点下方链接下单。", rice)
