"""Questions about what the room holds are heard as such, and requests that look alike are not."""

import pytest

from backend.graph.intent.naming import Known
from backend.graph.intent.reading import read
from backend.graph.intent.unheld import nearest, unheld
from tests.unit.graph.cases import SITUATIONS

EMPTY, CUP = SITUATIONS["empty"], SITUATIONS["cup"]


@pytest.mark.parametrize(
    ("message", "subject"),
    [
        ("有哪些产品", "products"),
        ("今天都卖啥", "products"),
        ("商品列表发我", "products"),
        ("what products do we have", "products"),
        ("现在有哪些主播", "hosts"),
        ("主播都有谁", "hosts"),
        ("有几个直播间", "rooms"),
        ("写了几段了", "texts"),
        ("面霜多少钱", "price"),
        ("辣条有啥赠品", "gifts"),
        ("商品库里有没有眼霜", "held"),
    ],
)
def test_a_question_about_our_own_data_is_heard(message: str, subject: str) -> None:
    reading = read(message, EMPTY)
    assert (reading.kind, reading.about, reading.slots["subject"]) == ("chat", "question", subject)


@pytest.mark.parametrize(
    "message",
    ["面霜还有多少货", "写一段面霜的卖点", "加一句今天有赠品", "有没有更短的版本", "说说面霜有哪些卖点，写一段"],
)
def test_what_only_looks_alike_is_something_else(message: str) -> None:
    assert "subject" not in read(message, CUP).slots


def test_a_product_that_is_not_held_is_asked_about_once() -> None:
    message = "写一段火星水的开场"
    reading = unheld(read(message, EMPTY), EMPTY, message)
    assert (reading.kind, reading.missing, reading.slots["product_name"]) == ("unclear", "unheld", "火星水")
    general = f"{message}，没有资料，按通用的写"
    again = unheld(read(general, EMPTY), EMPTY, general)
    assert (again.kind, again.slots["product_name"]) == ("write", "火星水")


def test_the_nearest_names_come_first() -> None:
    products = [Known("a", "卫龙辣条"), Known("b", "玻尿酸补水面膜"), Known("c", "声波电动牙刷", category="个护清洁")]
    assert [one.id for one in nearest("补水面摸", products)][:1] == ["b"]
    assert nearest("火星水", products) == []
