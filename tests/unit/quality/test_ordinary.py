"""Ordinary scripts: harmless clauses that are let be, and inventions told by what is wrong with them."""

from typing import Any

import pytest

from backend.quality.rubric import ScriptBrief, review
from tests.unit.quality.test_lexicon import _SNAPSHOT

_RICE: dict[str, Any] = {
    "name": "河湾香米", "brand": "河湾", "category": "粮油", "price": 69, "list_price": 89, "stock": 300,
    "gifts": ["量米杯1个"], "facts": {"净含量": "5公斤", "产地": "吉林", "配料": "大米", "活动时间": "到21点",
              "售后": "不合口味随时退"},
}  # fmt: skip
_MOUNT: dict[str, Any] = {
    "name": "稳行车载支架", "category": "汽车用品", "price": 45, "list_price": 59, "stock": 80,
    "facts": {"适配": "竖条出风口不适配", "用途": "固定手机，不能装平板", "重量": "90克", "材质": "铝合金"},
}  # fmt: skip


def found(text: str, product: dict[str, Any]) -> set[tuple[str, str]]:
    brief = ScriptBrief(
        scenario="promotion",
        seconds=None,
        product=product,
        other_products=(),
        must_say=(),
        must_not_say=(),
        request="",
    )
    report = review(f"来看{product['name']}。{text}。点下方链接下单。", brief, _SNAPSHOT)
    return {(one.rule, one.severity) for one in report.findings if one.severity != "info" and one.rule[0] != "Q"}


@pytest.mark.parametrize(
    "text",
    [
        "包装上扫码就能看产地",
        "米和水一比一点一，泡二十分钟",
        "我姓马，种稻子二十三年了",
        "六十斤的娃一顿两碗",
        "不合口味随时退，一毛钱不扣你",
        "它不是糯米，别买错了",
        "有人问要不要淘，一个问产地是不是东北，是的",
        "看一眼生产日期最好",
    ],
)
def test_harmless_clauses_are_let_be(text: str):
    assert found(text, _RICE) == set()


@pytest.mark.parametrize(
    ("text", "severity"),
    [("要煮粥的您找河湾小米去", "warn"), ("刚才的河湾小米也别忘了", "block"), ("这袋河湾小米煮出来很香", "block")],
)
def test_only_a_neighbour_that_viewers_are_kept_from_is_no_leftover(text: str, severity: str):
    brief = ScriptBrief(
        scenario="promotion",
        seconds=None,
        product=_RICE,
        other_products=("河湾小米",),
        must_say=(),
        must_not_say=(),
        request="",
    )
    report = review(f"来看河湾香米。{text}。点下方链接下单。", brief, _SNAPSHOT)
    assert {one.severity for one in report.findings if one.rule == "Q07"} == {severity}


@pytest.mark.parametrize(
    ("text", "product", "rule"),
    [
        ("活动只到今晚七点", _RICE, "PRI-005"),
        ("这批只有五十袋", _RICE, "PRI-005"),
        ("配料有大米和玉米淀粉", _RICE, "FAC-001"),
        ("金龙鱼那种，里面全是陈米，吃了拉肚子", _RICE, "DIS-002"),
        ("保证孩子顿顿抢着吃，不好吃你来找我", _RICE, "EFF-007"),
        ("这是农业农村部重点推荐的大米", _RICE, "GOV-001"),
        ("主页留了我V信", _RICE, "OFF-001"),
        ("我妈的痛风都好了", _RICE, "HF-004"),
        ("竖条出风口也能用", _MOUNT, "FAC-004"),
        ("挂一个，车里甲醛一晚上吸光", _MOUNT, "DAT-005"),
    ],
)
def test_inventions_are_told_by_their_rule(text: str, product: dict[str, Any], rule: str):
    assert rule in {one for one, _ in found(text, product)}, found(text, product)
