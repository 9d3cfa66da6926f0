"""The offline writer's ways to begin: enough of them in every manner and for every kind, and nothing nobody knows."""

import re

import pytest

from backend.llm.adapters.offline.lines import is_gain
from backend.llm.adapters.offline.phrases import kinds, script_lines

MANNERS = ("活泼", "专业", "温柔", "幽默", "简洁", "紧迫")


@pytest.mark.parametrize("manner", MANNERS)
def test_every_manner_has_ways_of_its_own_to_begin(manner: str) -> None:
    def forms(slot: str) -> int:
        return sum(len(line.forms()) for line in script_lines()[slot] if manner in line.styles)

    assert forms("hook") >= 8
    assert all(forms(f"hook.{slot}") >= 2 for slot in ("gain", "promotion", "transition", "closing"))


def test_every_kind_has_more_than_one_way_to_begin() -> None:
    assert [kind.noun for kind in kinds() if len(kind.lines.get("hook", ())) < 2] == []


def test_no_way_to_begin_says_how_long_the_talk_will_be() -> None:
    lengths = re.compile("(?:听我|讲|唠|接下来|用).{0,4}[一二两三半十]+(?:秒|分钟)")
    said = [
        form
        for slot in script_lines()
        if slot.startswith("hook")
        for one in script_lines()[slot]
        for form in one.forms()
    ]
    assert [form for form in said if lengths.search(form)] == []


@pytest.mark.parametrize(
    ("benefit", "wanted"),
    [
        ("换和弦不刮手", True),
        ("坡地上能坐平", True),
        ("孩子闹情绪也有时间缓一缓", False),
        ("回家慢慢挑", False),
        ("脏了抽上层抖一抖就行", False),
        ("", False),
    ],
)
def test_only_what_somebody_can_want_is_wanted(benefit: str, wanted: bool) -> None:
    assert is_gain(benefit) is wanted
