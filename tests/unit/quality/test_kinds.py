"""Words that exclude one another: what a script says of the goods against what the record says."""

from typing import Any

import pytest

from backend.quality.facts import fact_faults
from backend.quality.normalize import fold

_TEA: dict[str, Any] = {
    "name": "云雾绿茶",
    "category": "茶叶",
    "price": 98,
    "gifts": ["滤网1个"],
    "stock": 36,
    "facts": {
        "产地": "安徽池州", "采摘": "明前一芽一叶", "等级": "特级", "净含量": "100克", "储存": "冷藏",
        "执行标准": "GB/T 14456", "适用": "3月龄以上", "每日用量": "1片", "层数": "3层",
    },
}  # fmt: skip
_SHIRT: dict[str, Any] = {
    "name": "圆领短袖",
    "category": "女装",
    "facts": {"颜色": "墨绿、燕麦白、雾灰", "尺码": "S到XL", "填充": "90%白鹅绒", "口味": "青柠、白桃", "类别": "A类"},
}


def said(text: str, product: dict[str, Any]) -> list[str]:
    folded = fold(f"看，{text}。").text
    return [folded[fault.start : fault.end] for fault in fact_faults(folded, product)]


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("这是杭州的茶，喝着鲜", _TEA),
        ("今年的新茶，浙江安吉的，喝着鲜", _TEA),
        ("产自福建，喝着鲜", _TEA),
        ("谷雨后采的，喝着鲜", _TEA),
        ("一级，罐底印着", _TEA),
        ("收到先放常温，别晒", _TEA),
        ("标准GB杠T一四四五七，包装上有", _TEA),
        ("一个月以上的小奶猫也能吃", _TEA),
        ("一天三片，早上吃", _TEA),
        ("四层的，你摸一下", _TEA),
        ("墨绿和樱花粉，自己挑", _SHIRT),
        ("梨形的姐妹选酒红，藏得住", _SHIRT),
        ("墨绿、燕麦白、克莱因蓝，三个颜色", _SHIRT),
        ("尺码从S到3XL，都有货", _SHIRT),
        ("九五的白鹅绒，轻", _SHIRT),
        ("青柠葡萄两个味，自己挑", _SHIRT),
        ("这是B类的，贴身穿", _SHIRT),
        ("V领的，脸显小", _SHIRT),
    ],
)
def test_what_excludes_the_record_is_found(text: str, product: dict[str, Any]) -> None:
    assert said(text, product)


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("池州的茶，安徽山里的，喝着鲜", _TEA),
        ("从杭州发货，来自成都的朋友后天到", _TEA),
        ("北京的秋天，适合泡一杯", _TEA),
        ("明前采的，特级，罐底印着", _TEA),
        ("不像谷雨后的那么老", _TEA),
        ("你平时喝红茶还是绿茶？百分之百的茶", _TEA),
        ("一天一片，标准GB杠T一四四五六", _TEA),
        ("墨绿和燕麦白，自己挑。选雾灰，藏得住", _SHIRT),
        ("我一米六五，穿M，一百二十斤的选L", _SHIRT),
        ("九十的白鹅绒，青柠白桃两个味", _SHIRT),
        ("别家是V领，我们是圆领的", _SHIRT),
        ("拍大一码，里面能套毛衣", _SHIRT),
        ("质检报告在详情页最后一张", _TEA),
    ],
)
def test_what_the_record_bears_out_or_is_said_of_other_things_is_not(text: str, product: dict[str, Any]) -> None:
    assert said(text, product) == []
