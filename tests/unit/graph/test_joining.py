"""Texts that are to become one."""

from dataclasses import replace

import pytest

from backend.graph.intent.options import options_of, question_of
from backend.graph.intent.reading import read
from backend.graph.intent.situation import Draft
from tests.unit.graph.cases import SITUATIONS

_MORE = Draft("今天拍一个，链接在下方。", "promotion", "cup", "青禾316不锈钢保温杯", 30)
_POINTS = Draft("双层杯身，外壁不烫手。", "selling_points", "cup", "青禾316不锈钢保温杯", 60)
CUP = SITUATIONS["cup"]
THREE = replace(CUP, drafts=(*CUP.drafts, _POINTS, _MORE))


@pytest.mark.parametrize(
    ("message", "joined", "scenario"),
    [
        ("刚才那两段合成一段", (1, 2), "promotion"),
        ("把开场和卖点那两段揉一块儿", (0, 1), "selling_points"),
        ("第一段和第三段拼起来", (0, 2), "promotion"),
        ("三段都合并成一条", (0, 1, 2), "promotion"),
        ("前两段并成一条", (0, 1), "selling_points"),
        ("merge the two into one", (1, 2), "promotion"),
    ],
)
def test_texts_that_become_one_are_all_meant(message: str, joined: tuple[int, ...], scenario: str) -> None:
    reading = read(message, THREE)
    assert (reading.kind, reading.then, reading.joined, reading.scenario) == ("restyle", "join", joined, scenario)


def test_texts_of_different_products_are_asked_about() -> None:
    situation = SITUATIONS["two"]
    reading = read("刚才那两段合成一段", situation)
    assert (reading.kind, reading.missing) == ("unclear", "odds")
    assert "不是同一个产品" in question_of(reading, situation, "刚才那两段合成一段")
    for option in options_of(reading, situation, "刚才那两段合成一段"):
        assert read(option["value"], situation).kind in ("write", "switch_product"), option


def test_one_text_alone_cannot_be_joined_and_that_is_said() -> None:
    reading = read("刚才那两段合成一段", CUP)
    assert (reading.kind, reading.missing) == ("unclear", "draft")
    assert "只有一段" in question_of(reading, CUP, "刚才那两段合成一段")
