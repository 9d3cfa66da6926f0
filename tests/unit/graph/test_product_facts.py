"""What a request says of prices, beside the record's: what the record does not hold is told, and never used unseen."""

import pytest

from backend.graph.product_facts import described

CUP = {
    "name": "沐野随行保温杯",
    "price": 89,
    "list_price": 129,
    "price_ladder": [{"quantity": 2, "total": 168}],
    "gifts": ["杯刷1支"],
}


def _told(prices: list[str]) -> list[str]:
    facts, _, told = described(dict(CUP), True, prices)
    assert (facts["price"], facts["list_price"]) == (89, 129)
    return [one for one in told if "你提到" in one]


@pytest.mark.parametrize(
    ("prices", "figures"),
    [
        (["到手价199", "只要150"], ["199", "150"]),
        (["原价50", "现价80"], ["50", "80"]),
        (["89元", "九十九块"], ["99"]),
        (["9块9"], ["9.9"]),
        (["2件150"], ["150"]),
        (["到手价199", "199元"], ["199"]),
    ],
)
def test_each_figure_that_the_record_does_not_hold_is_told(prices: list[str], figures: list[str]) -> None:
    told = _told(prices)
    assert [one.split(" 元", 1)[0].removeprefix("你提到的 ") for one in told] == figures
    assert all("不一致" in one for one in told)


@pytest.mark.parametrize(
    "prices", [["89元"], ["原价129", "现价89"], ["2件168"], ["两件178"], ["84元"], ["40元"], ["8折"]]
)
def test_what_the_record_holds_or_makes_is_not_told(prices: list[str]) -> None:
    assert _told(prices) == []


def test_one_price_stands_in_for_a_record_without_any_and_several_do_not() -> None:
    facts, _, told = described({"name": "竹篮"}, False, ["九十九块"])
    assert facts["price"] == 99
    assert any("来自你的要求" in one for one in told)
    facts, _, told = described({"name": "竹篮"}, False, ["199元", "150元"])
    assert "price" not in facts
    assert any("199 元、150 元" in one for one in told)
