"""What is taken back in the same breath, and two kinds of wishes in one message."""

from dataclasses import replace

import pytest

from backend.graph.intent.reading import read
from backend.graph.intent.situation import Situation
from tests.unit.graph.cases import SITUATIONS

EMPTY, CUP, TWO = (SITUATIONS[name] for name in ("empty", "cup", "two"))


@pytest.mark.parametrize(
    ("message", "situation", "kind", "scenario", "product"),
    [
        ("说错了，不是保温杯，是面霜", CUP, "switch_product", "opening", "cream"),
        ("不是保温杯，是面霜", CUP, "switch_product", "opening", "cream"),
        ("打错字了，咖啡", CUP, "switch_product", "opening", "coffee"),
        ("手滑，要的是大米的促单", CUP, "switch_product", "promotion", "rice"),
        ("不是开场，是促销", CUP, "write", "promotion", "cup"),
        ("写一段辣条的开场，啊不，面霜的", EMPTY, "write", "opening", "cream"),
        ("写个面霜的开场，说错了，是促销", EMPTY, "write", "promotion", "cream"),
    ],
)
def test_what_was_taken_back_is_put_right(
    message: str, situation: Situation, kind: str, scenario: str, product: str
) -> None:
    reading = read(message, situation)
    assert (reading.kind, reading.scenario) == (kind, scenario)
    assert reading.slots.get("product_id", situation.product_id) == product
    assert not reading.later


def test_a_length_that_was_taken_back_is_the_later_one() -> None:
    assert read("面霜开场30秒，不对，45秒", EMPTY).slots["seconds"] == 45
    assert read("说错了，是45秒", CUP).slots["seconds"] == 45


def test_an_answer_that_was_taken_back_completes_the_question_with_what_is_right() -> None:
    asked = replace(EMPTY, asked=True, asked_about="写一段面霜", options=())
    assert read("打错了，是辣条的种草", asked).slots["product_id"] == "snack"


@pytest.mark.parametrize(
    "message", ["价格不对，应该是39", "不对劲，太硬了", "写错字了，改一下", "不是改语气，是整个换一版"]
)
def test_a_complaint_about_a_text_takes_no_request_back(message: str) -> None:
    assert read(message, CUP).kind in ("restyle", "regenerate")


@pytest.mark.parametrize(
    ("message", "situation", "kind", "later"),
    [
        ("查下面霜还剩多少件，够的话写段逼单", EMPTY, "action", "写段逼单，产品是润之源保湿面霜"),
        ("先把面霜改到289，再帮我写促销", EMPTY, "action", "写促销，产品是润之源保湿面霜"),
        ("面霜写卖点，写完顺便发张20块的券", EMPTY, "write", "发张20块的券"),
        ("把这段缩到20秒，然后换成咖啡写个开场", CUP, "restyle", "换成咖啡写个开场"),
    ],
)
def test_of_two_kinds_of_wishes_the_second_waits_for_its_turn(
    message: str, situation: Situation, kind: str, later: str
) -> None:
    reading = read(message, situation)
    assert (reading.kind, reading.later) == (kind, (later,))


def test_what_is_told_of_the_shop_is_no_wish() -> None:
    reading = read("面霜降价了，写一段逼单", EMPTY)
    assert (reading.kind, reading.scenario, reading.later) == ("write", "promotion", ())
