"""The model tier end to end over a socket: what a scripted model says counts when it can be used, and only then.

It shows that what is in doubt is asked, held to the schema, repaired once, and that a useless model costs nothing but
time. It says nothing of how well any real model reads: the right answers are taken from the labels.
"""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from backend.evaluation.cases import IntentCase, read_sets
from backend.evaluation.intents import run_intent, situation_of
from backend.evaluation.outcomes import Outcome
from backend.evaluation.run import reader_of
from backend.graph.intent.asking import in_doubt
from backend.graph.intent.reading import read
from backend.llm.routed import RoutedModel
from tests.support.eval_sources import FOLDER
from tests.support.routed_models import route_of, routed
from tests.support.scripted_model import Script, ScriptedModel

pytestmark = pytest.mark.usefixtures("no_pause")

PROSE = "好的，这位操作员大概是想要写一段话术，请稍等。"
WRONG_SCHEMA = '{"intent": "write", "confidence": "high"}'


@pytest.fixture(scope="module")
def doubtful() -> list[IntentCase]:
    """What the fast tier leaves in doubt of the half that was looked at."""
    cases = read_sets([FOLDER / "intents_fresh2.jsonl"], split="dev").cases
    found = [one for one in cases if isinstance(one, IntentCase) and in_doubt(read(one.message, situation_of(one)))]
    assert len(found) >= 10
    return found


@pytest.fixture
async def model(server: ScriptedModel) -> AsyncIterator[RoutedModel]:
    async with routed(route_of(server), first_token=5, idle=5, answer=5) as made:
        yield made.model


def labelled(case: IntentCase) -> str:
    """What a model that knows the label would say, in a fence and with a word before it, as models do."""
    expect, situation = case.expect, situation_of(case)
    named = expect.slots.get("product")
    place = next(
        (
            at
            for at, one in enumerate(situation.products)
            if isinstance(named, str) and named in (one.name, one.category)
        ),
        None,
    )
    about = {"chat": expect.about or "question", "action": expect.about}.get(expect.kind)
    said: dict[str, Any] = {
        "kind": expect.kind, "scenario": expect.scenario, "product": place, "product_name": None,
        "draft": expect.draft, "about": about, "confidence": 0.8,
    }  # fmt: skip
    return f"结果如下：\n```json\n{json.dumps(said, ensure_ascii=False)}\n```"


async def outcomes(
    cases: list[IntentCase], server: ScriptedModel, model: RoutedModel, *before: str, knows: bool = True
) -> list[Outcome]:
    found = []
    reader = reader_of("model", model)
    for case in cases:
        answers = [*before, *([labelled(case)] if knows else [])]
        server.play(*(Script("text", text=one) for one in answers))
        found.append(await run_intent(case, reader))
    return found


async def test_what_a_model_knows_is_taken(
    doubtful: list[IntentCase], server: ScriptedModel, model: RoutedModel
) -> None:
    ran = await outcomes(doubtful, server, model)
    assert {one.answered_by for one in ran} == {"model"}
    assert len(server.requests) == len(doubtful)
    # Not all: a text without a product, or a change without a text, is asked about whatever a model thinks of it.
    assert sum(one.right for one in ran) >= 0.85 * len(ran), [(one.text, one.got) for one in ran if not one.right]


async def test_a_wrong_schema_is_repaired_once(
    doubtful: list[IntentCase], server: ScriptedModel, model: RoutedModel
) -> None:
    some = doubtful[:8]
    ran = await outcomes(some, server, model, WRONG_SCHEMA)
    assert {one.answered_by for one in ran} == {"model"}
    assert len(server.requests) == 2 * len(some)


async def test_prose_twice_leaves_the_fast_reading(
    doubtful: list[IntentCase], server: ScriptedModel, model: RoutedModel
) -> None:
    some = doubtful[:8]
    ran = await outcomes(some, server, model, PROSE, PROSE, knows=False)
    fast = [read(one.message, situation_of(one)) for one in some]
    assert [(one.got.split("/")[0], one.confidence) for one in ran] == [(one.kind, one.confidence) for one in fast]
    assert "model" not in {one.answered_by for one in ran}
