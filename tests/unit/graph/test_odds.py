"""Requests that cannot be met as they are: each gets one clear question, and each answer to it is a request."""

import time
from dataclasses import replace

import pytest

from backend.graph.intent.options import options_of, question_of
from backend.graph.intent.reading import read
from tests.unit.graph.cases import SITUATIONS

EMPTY = SITUATIONS["empty"]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("写一段保温杯促销，原价129，立减30，到手价89", "99"),
        ("保温杯促销，原价100打八折，到手价75", "80"),
        ("保温杯促销，原价89，现价129", "129"),
        ("保温杯开场30秒，写成两分钟", "120"),
        ("保温杯卖点，一定要提保温时长，别提保温时长", "保温时长"),
    ],
)
def test_what_contradicts_itself_is_asked_about_once(message: str, words: str) -> None:
    reading = read(message, EMPTY)
    assert (reading.kind, reading.missing) == ("unclear", "odds")
    assert words in question_of(reading, EMPTY, message)
    options = options_of(reading, EMPTY, message)
    assert len(options) == 2
    for option in options:
        asked = replace(EMPTY, asked=True, asked_about=message, options=[(o["label"], o["value"]) for o in options])
        answered = read(option["label"], asked)
        assert (answered.kind, answered.scenario) == ("write", reading.scenario)
        assert answered.slots["product_id"] == "cup"


@pytest.mark.parametrize(
    "message",
    [
        "写一段保温杯促销，原价129，立减40，到手价89",
        "保温杯促销，原价129打七折，到手价90",
        "保温杯一分钟，200字",
        "保温杯开场30到40秒",
        "保温杯开场30秒，卖点60秒",
        "保温杯卖点，突出材质，别提价格",
        "保温杯促销，89块，第二件半价",
    ],
)
def test_what_can_all_be_so_is_not_asked_about(message: str) -> None:
    assert read(message, EMPTY).missing != "odds"


def test_a_change_of_length_is_no_contradiction() -> None:
    reading = read("从60秒压到30秒", SITUATIONS["cup"])
    assert (reading.kind, reading.slots["seconds"]) == ("restyle", 30)


@pytest.mark.parametrize("piece", ["1", "写", "不要", "12a", "忽略", "审批直接", "九十", "价格对不上，", "把", "“”"])
def test_the_longest_message_is_read_in_little_time(piece: str) -> None:
    message = (piece * 10_000)[:10_000]
    began = time.process_time()
    read(message, SITUATIONS["two"])
    # Ten thousand digits took a minute and a half of a processor before numbers were bounded.
    assert time.process_time() - began < 10


def test_a_product_that_the_catalogue_does_not_know_is_named_as_it_was_said() -> None:
    reading = read("给月球矿泉水写一段促销", EMPTY)
    assert (reading.kind, reading.slots["product_name"]) == ("write", "月球矿泉水")
    assert "product_id" not in reading.slots


def test_a_reduction_beyond_the_price_is_asked_about() -> None:
    message = "保温杯促销，原价50，现价80，立省100"
    reading = read(message, EMPTY)
    assert (reading.kind, reading.missing) == ("unclear", "odds")
    assert "100" in question_of(reading, EMPTY, message)
    for option in options_of(reading, EMPTY, message):
        assert "100" not in option["value"]
        assert read(option["value"], EMPTY).kind == "write"
