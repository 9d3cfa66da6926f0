"""What holds a text up names what it is told of; the same words told of anything else are a warning at most.

Each class of clean talk that held scripts of fresh hands up (data/certain.jsonl) stands beside true faults that look
like it, which are found, and hold the text up.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.protocol.events import Finding
from backend.quality.numbers import money_in
from backend.quality.rubric import UNAPPROVED, ScriptBrief, review
from tests.unit.quality.test_lexicon import _SNAPSHOT

_LINES = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "certain.jsonl").read_text(encoding="utf-8").splitlines()
]
_RECORDS: dict[str, dict[str, Any]] = {line["goods"]: line["record"] for line in _LINES if "record" in line}
_FISH: dict[str, Any] = _RECORDS["fish"]
_POWDER: dict[str, Any] = {
    "name": "乳清蛋白粉", "category": "保健食品", "price": 198,
    "facts": {"净含量": "400克", "批准文号": "国食健注G20170568", "保健功能": "增强免疫力"},
}  # fmt: skip


def _told(text: str, product: dict[str, Any], scenario: str = "selling_points", **brief: Any) -> list[Finding]:
    asked = {"seconds": None, "other_products": (), "must_say": (), "must_not_say": (), "request": "", **brief}
    report = review(text, ScriptBrief(scenario=scenario, product=product, **asked), _SNAPSHOT)
    return [one for one in report.findings if one.severity != "info"]


def _shown(line: dict[str, str]) -> list[Finding]:
    record = _RECORDS[line["goods"]]
    found = _told(f"大家看{record['name']}，今天慢慢讲。{line['text']}。", record)
    return [one for one in found if not one.rule.startswith("Q")]


def _cases(*, clean: bool) -> list[Any]:
    return [
        pytest.param(line, id=f"{line['about']}: {line['text']}")
        for line in _LINES
        if "text" in line and clean == ("rule" not in line)
    ]


@pytest.mark.parametrize("line", _cases(clean=True))
def test_what_is_told_of_anything_else_holds_nothing_up(line: dict[str, str]):
    assert not [(one.rule, one.excerpt) for one in _shown(line) if one.severity in ("block", "fail")]


@pytest.mark.parametrize("line", _cases(clean=False))
def test_what_is_told_of_the_goods_is_found(line: dict[str, str]):
    rules = {one.rule for one in _shown(line)}
    assert rules if line["rule"] == "any" else line["rule"] in rules


def test_nearly_all_that_is_told_of_the_goods_holds_the_text_up():
    faults = [line for line in _LINES if "rule" in line]
    warned = [line["text"] for line in faults if all(one.severity != "block" for one in _shown(line))]
    assert len(warned) <= 0.05 * len(faults), warned


def _severity(found: list[Finding], rule: str) -> str | None:
    return next((one.severity for one in found if one.rule == rule), None)


@pytest.mark.parametrize(
    ("product", "severity"),
    [
        # Declared, and only the number was left out: no wording of the text mends the record.
        ({"name": "乳清蛋白粉", "category": "保健食品", "facts": {"标志": "蓝帽子"}}, "warn"),
        ({"name": "干红葡萄酒", "category": "酒水", "facts": {"酒精度": "13%vol"}}, "warn"),
        # Nothing in the record says that it may be sold as such.
        ({"name": "褪黑素软糖", "category": "零食"}, "block"),
        ({"name": "干红葡萄酒", "category": "酒水"}, "block"),
        ({"name": "感冒灵颗粒", "category": "药品", "facts": {"标志": "蓝帽子"}}, "block"),
    ],
)
def test_a_number_that_the_record_lacks_is_asked_of_the_record(product: dict[str, Any], severity: str):
    [finding] = [
        one for one in _told(f"来看{product['name']}。本品不能代替药物。", product) if one.category == UNAPPROVED
    ]
    assert finding.severity == severity


@pytest.mark.parametrize(
    ("text", "rule", "severity"),
    [
        ("批准的保健功能是增强免疫力", "MED-004", None),
        ("喝了增强抵抗力，免疫力翻倍", "FOOD-001", "block"),
        ("保健食品不是药物，不能代替药物治疗疾病", "HF-005", None),
        ("粉拿勺子舀平就好", "HF-005", "block"),
    ],
)
def test_what_a_health_food_was_approved_for_may_be_told_and_its_sentence_must(
    text: str, rule: str, severity: str | None
):
    assert _severity(_told(f"来看乳清蛋白粉。{text}。", _POWDER), rule) == severity


def test_no_illness_is_a_function_whatever_the_record_says():
    product = {**_POWDER, "facts": {**_POWDER["facts"], "保健功能": "治疗高血压病"}}
    found = _told("来看乳清蛋白粉，治疗高血压病。本品不能代替药物。", product)
    assert any(one.severity == "block" and one.rule.startswith("MED") for one in found)


@pytest.mark.parametrize(
    ("text", "severity"),
    [("活动到11月30日24点截止", None), ("活动到11月25日24点就截止", "block"), ("活动到11月30号截止", None)],
)
def test_another_day_is_another_deadline_whatever_the_hour(text: str, severity: str | None):
    product = {
        "name": "弹簧床垫",
        "category": "家具",
        "price": 1599,
        "stock": 80,
        "facts": {"活动截止": "11月30日24点"},
    }
    assert _severity(_told(f"来看弹簧床垫。{text}。", product), "PRI-005") == severity


@pytest.mark.parametrize(("said", "value"), [("一块零八一支", 1.08), ("三块零五", 3.05), ("一百零八块", 108.0)])
def test_odd_cents_are_read(said: str, value: float):
    assert [one.value for one in money_in(f"算下来{said}，")] == [value]


@pytest.mark.parametrize(("text", "severity"), [("配着东海虾皮一起用", "warn"), ("今天的东海虾皮九块九", "block")])
def test_another_product_beside_the_goods_is_a_warning(text: str, severity: str):
    found = _told(f"来看东海带鱼段。{text}。", _FISH, "promotion", other_products=("东海虾皮",))
    assert _severity(found, "Q07") == severity


@pytest.mark.parametrize(("text", "severity"), [("净含量五百克", None), ("净含量一千五百克", "block")])
def test_what_must_be_said_may_be_written_as_it_is_spoken(text: str, severity: str | None):
    product = {"name": "青虾仁", "category": "水产", "price": 59.9}
    assert _severity(_told(f"来看青虾仁，{text}。", product, must_say=("净含量500克",)), "Q17") == severity
