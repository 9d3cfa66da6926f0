"""Sums that hosts work out aloud are followed; what is asked for the goods and does not follow is found."""

from typing import Any

import pytest

from backend.quality.normalize import fold
from backend.quality.prices import price_faults

#: Three jars for less, crossed out at 58.
_JAM: dict[str, Any] = {
    "name": "山楂果酱", "price": 35, "list_price": 58, "unit": "罐", "price_ladder": [{"quantity": 3, "total": 96}],
    "facts": {"净含量": "约300克", "配料": "山楂、冰糖", "保质期": "360天"},
}  # fmt: skip
_PADS: dict[str, Any] = {
    "name": "棉柔巾", "price": 29.9, "unit": "提", "facts": {"规格": "80抽×6包", "尺寸": "150×200毫米"},
}  # fmt: skip
_RICE: dict[str, Any] = {
    "name": "河湾香米",
    "price": 59.9,
    "unit": "袋",
    "facts": {"净含量": "5千克", "额定": "5800克"},
}


def faults(text: str, product: dict[str, Any]) -> list[tuple[str, bool]]:
    folded = fold(text).text
    return [(folded[one.start : one.end], one.grave) for one in price_faults(folded, product)]


@pytest.mark.parametrize(
    ("text", "product"),
    [
        # Multiplied, subtracted, shared before the camera.
        ("三个三十五块是一百零五块，三罐九十六，省九块", _JAM),
        ("三十五块乘三是一百零五块，减九十六块，九块钱，您留着坐车", _JAM),
        ("三罐九十六，合一罐三十二，每罐再少三块", _JAM),
        ("三罐九十六块，第三罐多少？也就二十六块", _JAM),
        ("原价五十八，今天三十五，比打六五折还少两块七", _JAM),
        ("有人问能不能半价，半价是二十九块，给不了", _JAM),
        # Told as people tell it.
        ("八十抽六包，二十九块九，一抽六分多钱", _PADS),
        ("六包二十九块九，一包五块出头", _PADS),
        ("二十九块九，一包五块还不到", _PADS),
        ("二十九块九六包，一包四块九毛八，不到五块", _PADS),
        # 59.9 for ten 斤 of rice; figures that are no money.
        ("五十九块九十斤，合一斤六块", _RICE),
        ("额定那一栏写着，五千八，您看清楚", _RICE),
        ("厨房秤称一下，二百九十八，差两克", _JAM),
    ],
)
def test_what_a_host_works_out_from_right_sums_is_right(text: str, product: dict[str, Any]):
    assert faults(text, product) == []


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("今天到手二十九块九", _JAM),
        ("三罐只要八十八", _JAM),
        ("一罐三十五，日常五十八，省三十三", _JAM),
        ("三罐九十六，比单买省二十块", _JAM),
        ("三十五块乘三是九十九块", _JAM),
        ("二十九块九六包，一包三块九毛八", _PADS),
        ("二十九块九一提，两提四十九块八", _PADS),
    ],
)
def test_what_is_asked_for_the_goods_and_does_not_follow_is_found(text: str, product: dict[str, Any]):
    assert faults(text, product)


@pytest.mark.parametrize("text", ["今天到手二十九块九", "三罐只要八十八", "今天直降四十块"])
def test_a_price_that_is_asked_is_certainly_wrong(text: str):
    assert any(grave for _, grave in faults(text, _JAM))


@pytest.mark.parametrize(
    "text",
    [
        "小时候巷口那家，一勺果酱五毛钱",
        "修完那口锅十五块，老师傅还搭我一个把手",
        "隔壁摊上有十来块一瓶的，配料您自己看",
        "大概七十多块的样子，我记不清了",
    ],
)
def test_money_that_nobody_asks_for_the_goods_holds_nothing_up(text: str):
    assert not any(grave for _, grave in faults(text, _JAM))
