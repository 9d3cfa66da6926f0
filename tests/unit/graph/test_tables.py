"""A pasted table of goods asks for the goods that it names; its cells are no words to say."""

import pytest

from backend.graph.intent.reading import read
from backend.graph.intent.situation import Known, Situation
from backend.graph.intent.tables import without_tables

_DESK = Situation((Known("cup", "保温杯"), Known("mask", "面膜")))


@pytest.mark.parametrize(
    "message",
    [
        "品名\t价格\t卖点\n保温杯\t59.9\t保温12小时\n面膜\t99\t补水",
        "品名,价格,卖点\n保温杯,59.9,保温12小时\n面膜,99,补水",
        "| 商品 | 价格 |\n|---|---|\n| 保温杯 | 59.9 |\n| 面膜 | 99 |",
        "产品名称  价格\n保温杯  59.9\n面膜  99",
    ],
)
def test_a_table_of_goods_is_the_goods_it_names(message: str) -> None:
    assert without_tables(message) == "保温杯、面膜"
    assert without_tables(f"各写一段卖点：\n{message}\n要活泼") == "各写一段卖点：\n保温杯、面膜\n要活泼"
    reading = read(message, _DESK)
    assert not reading.slots.get("must_say")
    assert reading.kind in ("unclear", "batch"), reading
    asked = read(f"各写一段卖点：\n{message}", _DESK)
    assert asked.kind == "batch" or (asked.kind == "write" and asked.later), asked
    assert "59" not in str(asked.slots)


@pytest.mark.parametrize(
    "message",
    [
        "写保温杯卖点，要说价格，59.9",
        "品名,保温杯\n价格,59.9",  # the other way round: no row has the heading's names
        "名称：保温杯\n卖点：保温12小时",
        "写一段开场\n要短一点，名称要提",
        "name, price",
        "",
    ],
)
def test_what_is_no_table_of_goods_stays(message: str) -> None:
    assert without_tables(message) == message
