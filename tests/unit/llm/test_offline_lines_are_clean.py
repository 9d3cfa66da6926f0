"""What the offline writer says of its own accord draws no warning from our own engine, in any form of any line."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from backend.llm.adapters.offline.phrases import Line, kinds, script_lines
from backend.quality.layering import plain

_SNAPSHOT = plain(None)
#: What a record says stands for the values; they are judged where they are said.
_VALUES = {
    "name": "毛巾", "short": "毛巾", "brand": "棉里", "host": "小林", "who": "自己住的朋友", "addr": "大家",
    "price": "五十九块", "list": "七十九块", "save": "二十块", "less": "二十块", "total": "一百一十八块",
    "double": "一百一十八块", "each": "二十九块五", "pieces": "两条", "counter": "条", "unit": "条", "stock": "三百",
    "gift": "收纳袋一个", "fact_name": "尺寸", "fact": "三十四乘七十四厘米", "feature": "纱线细", "benefit": "擦着软和",
    "gain": "擦着软和", "proof": "检测报告能查", "pain": "毛巾洗几回就硬", "pain2": "毛巾晾一天还潮",
    "scene": "早上洗脸", "scene2": "晚上洗澡", "recap": "尺寸和用法", "said": "尺寸", "trait": "软和",
    "value": "三十四厘米",
}  # fmt: skip
_VALUE = re.compile(r"\{(\w+)\}")


def _slots() -> Iterator[tuple[str, list[Line]]]:
    yield from script_lines().items()
    for kind in kinds():
        yield from ((f"{kind.noun}, {slot}", lines) for slot, lines in kind.lines.items())


def _cases() -> list[Any]:
    return [pytest.param(lines, id=slot) for slot, lines in _slots()]


@pytest.mark.parametrize("lines", _cases())
def test_no_stock_line_draws_a_warning(lines: list[Line]) -> None:
    said = [_VALUE.sub(lambda hit: _VALUES[hit[1]], form) for line in lines for form in line.forms()]
    shown = [(text, one.rule) for text in said for one in _SNAPSHOT.check(text, whole=True) if one.severity != "info"]
    assert shown == []
