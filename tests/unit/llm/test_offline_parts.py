"""The offline writer changes the part that it is told to change, and nothing else."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.llm.adapters.offline.compose import compose
from backend.llm.adapters.offline.parts import with_part_changed
from backend.llm.adapters.offline.sheet import read_sheet

MAT: dict[str, Any] = {
    "name": "极北充气睡垫",
    "price": 219,
    "list_price": 268,
    "unit": "张",
    "points": [
        {"feature": "脚踩充气，三分钟充满", "benefit": "到营地不用蹲着吹"},
        {"feature": "R值3.2", "benefit": "春秋地面凉也隔得住"},
    ],
    "facts": {"重量": "2.1kg"},
}
SENTENCE = re.compile(r"[^。！？\n]+[。！？]")


def written(seed: int, scenario: str) -> str:
    return compose(read_sheet({"product": MAT, "scenario": scenario, "seconds": 45}), seed)


def changed(previous: str, part: dict[str, Any], seed: int, scenario: str) -> str | None:
    brief = {
        "product": MAT, "scenario": scenario, "action": "restyle", "previous_script": previous, "part": part,
        "request": "第一句换个说法",
    }  # fmt: skip
    return with_part_changed(brief, read_sheet(brief), seed)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 10_000),
    scenario=st.sampled_from(["opening", "selling_points", "promotion", "seeding", "closing"]),
    which=st.integers(0, 30),
    goes=st.booleans(),
)
def test_what_is_around_the_part_stays_to_the_letter(seed: int, scenario: str, which: int, goes: bool) -> None:
    previous = written(seed, scenario)
    spans = [match.span() for match in SENTENCE.finditer(previous)]
    start, end = spans[which % len(spans)]
    text = changed(previous, {"start": start, "end": end, "goes": goes}, seed + 1, scenario)
    if text is None:
        assert not goes
        return
    assert text.startswith(previous[:start].rstrip("\n"))
    rest = previous[end:]
    if start > 0:
        assert text.endswith(rest)
    assert text != previous
    assert "\n\n" not in text
    assert text.strip() == text
    if not goes:
        said = text[start : len(text) - len(rest)] if start else SENTENCE.findall(text)[0]
        old = previous[start:end]
        assert ("R值3.2" in said) == ("R值3.2" in old)
        assert ("219" in said) == ("219" in old)


@pytest.mark.parametrize("seed", range(12))
def test_another_beginning_is_a_whole_one(seed: int) -> None:
    previous = written(seed, "seeding")
    first = SENTENCE.search(previous)
    assert first is not None
    text = changed(previous, {"start": first.start(), "end": first.end(), "goes": False}, seed, "seeding")
    assert text is not None
    assert not text.startswith(first[0])
    assert "我今天尽量不说" not in text, "the answer to a question that is gone"


def test_a_paragraph_that_goes_leaves_no_gap() -> None:
    previous = "一。二。\n三。\n四。"
    assert changed(previous, {"start": 5, "end": 7, "goes": True}, 1, "seeding") == "一。二。\n四。"
    assert changed(previous, {"start": 0, "end": 4, "goes": True}, 1, "seeding") == "三。\n四。"
    assert changed(previous, {"start": 8, "end": 10, "goes": True}, 1, "seeding") == "一。二。\n三。"
    assert changed(previous, {"start": 2, "end": 4, "goes": True}, 1, "seeding") == "一。\n三。\n四。"


def test_nothing_named_is_nothing_changed() -> None:
    sheet = read_sheet({"product": MAT, "scenario": "seeding"})
    assert with_part_changed({"previous_script": "一。", "part": None}, sheet, 1) is None
    assert with_part_changed({"part": {"start": 0, "end": 1, "goes": True}}, sheet, 1) is None
