"""Scripts and sentences past the judge: what a scripted model adds is counted by kind, and its false alarms apart."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from backend.evaluation.cases import Case, ComplianceCase, ScriptCase, Sets
from backend.evaluation.report import Result, page
from backend.evaluation.run import evaluate, reader_of
from backend.llm.routed import RoutedModel
from tests.support.routed_models import route_of, routed
from tests.support.scripted_model import Script, ScriptedModel

pytestmark = pytest.mark.usefixtures("no_pause")

BRIEF: dict[str, Any] = {
    "request": "保温杯卖点",
    "product": {
        "name": "云栖保温杯",
        "category": "水杯",
        "price": 89,
        "facts": {"容量": "500ml", "保温": "6小时"},
        "points": [{"feature": "一键弹盖", "benefit": "单手就能喝"}],
    },
}
TEXT = "云栖保温杯，一键弹盖，单手就能喝。{}喜欢的点下方链接，选好颜色下单。"
PLANTED = "这个杯子跟一瓶大可乐一样能装。"
DOUBT = {"label": "fact", "quote": "跟一瓶大可乐一样能装", "record": "容量：500ml", "why": "大可乐是两升"}
FALSE = {"label": "offer", "quote": "选好颜色下单", "record": "库存：资料没有", "why": "不知道有没有"}
IMPLIED = {"label": "effect", "quote": "单手就能喝", "why": "不知道"}


def script(id_: str, text: str, *defects: str) -> ScriptCase:
    return ScriptCase.model_validate(
        {"type": "script", "id": id_, "text": TEXT.format(text), "brief": BRIEF, "defects": list(defects)}
    )


def saying(*doubts: dict[str, Any], raised: tuple[int, ...] = ()) -> Script:
    return Script("text", text=json.dumps({"findings": doubts, "raised": raised}, ensure_ascii=False))


@pytest.fixture
async def model(server: ScriptedModel) -> AsyncIterator[RoutedModel]:
    async with routed(route_of(server), first_token=5, idle=5, answer=5) as made:
        yield made.model


async def ran(model: RoutedModel | None, *cases: Case) -> Result:
    reader = reader_of("rules", None)  # type: ignore[arg-type]  # no messages among the cases
    return await evaluate(Sets(list(cases), []), tier="model", reader=reader, place=None, judge=model)  # type: ignore[arg-type]


async def test_what_it_adds_to_scripts_is_told_by_kind_and_false_alarms_apart(
    server: ScriptedModel, model: RoutedModel
) -> None:
    server.play(saying(DOUBT, IMPLIED), saying(FALSE), saying(), Script("text", text="好"), Script("text", text="好"))
    planted, clean = script("planted", PLANTED, "Q05"), script("clean", "")
    result = await ran(model, planted, clean, clean, clean)
    found, *_ = result.outcomes
    assert (found.right, found.got) == (True, "defect")
    assert result.plain()["sets"]["script"]["judge"] == {
        "asked": 4,
        "unheard": {"judge_unusable": 1},
        "added": {"IMP-effect": (1, 0), "REC-fact": (1, 0), "REC-offer": (1, 1)},
        "raised": (0, 0),
        "gained": 1,
        "lost": 0,
        "clean": 2,
        "disturbed": 1,
    }
    told = page(result)
    assert "the judge: asked of 4, not heard of 1 (judge_unusable 1)" in told
    assert "REC-offer            1  1" in told
    assert "right only with it: 1; right only without it: 0; clean ones with a false alarm of it: 1 of 2" in told
    assert set(result.about) == {"reader", "rules", "judge"}


async def test_it_is_shown_the_record_of_a_script(server: ScriptedModel, model: RoutedModel) -> None:
    server.play(saying())
    await ran(model, script("clean", ""))
    assert "容量：500ml" in server.requests[0].body["messages"][1]["content"]


async def test_a_sentence_that_it_alone_finds_and_one_that_it_spoils(server: ScriptedModel, model: RoutedModel) -> None:
    product = BRIEF["product"]
    wrong = ComplianceCase(type="compliance", tier="program", text=PLANTED, product=product)
    right = ComplianceCase(type="compliance", tier="clean", text="杯子颜色有两种，选好颜色下单。", product=product)
    server.play(saying(DOUBT), saying(FALSE))
    result = await ran(model, wrong, right)
    assert [one.right for one in result.outcomes] == [True, False]
    figures = result.plain()["sets"]["compliance"]["judge"]
    assert (figures["gained"], figures["lost"], figures["disturbed"], figures["clean"]) == (1, 1, 1, 1)


async def test_what_it_raises_is_no_addition(server: ScriptedModel, model: RoutedModel) -> None:
    text = "我婆婆腰疼了十几年，用了半个月，现在天天跳舞。"
    case = ComplianceCase(type="compliance", tier="paraphrase", text=text)
    server.play(saying(raised=(0,)))
    result = await ran(model, case)
    figures = result.plain()["sets"]["compliance"]["judge"]
    assert (figures["added"], figures["raised"], figures["gained"]) == ({}, (1, 0), 0)
    assert result.outcomes[0].parts["blocked"]


async def test_a_text_that_it_saw_in_part_was_heard(server: ScriptedModel, model: RoutedModel) -> None:
    server.play(saying())
    case = ComplianceCase(type="compliance", tier="clean", text="咱们慢慢聊，不着急。" * 500)
    result = await ran(model, case)
    assert result.plain()["sets"]["compliance"]["judge"]["unheard"] == {}


async def test_without_it_nothing_is_told_of_it() -> None:
    result = await ran(None, script("clean", ""))
    assert result.plain()["sets"]["script"]["judge"] is None
    assert "the judge" not in page(result)
    assert set(result.about) == {"reader", "rules"}
