"""Many texts at once become a plan that says everything; what is confirmed is what was said."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.graph.intent.folding import fold
from backend.graph.intent.naming import Known
from backend.graph.intent.options import options_of, question_of
from backend.graph.intent.planning import Plan, read_plan
from backend.graph.intent.reading import read
from backend.graph.intent.situation import Situation
from backend.graph.intent.vocabulary import SCENARIO_NAMES
from tests.unit.graph.cases import SITUATIONS

SITUATION = SITUATIONS["empty"]
ROOM = "room-xiaoya"


@pytest.mark.parametrize(
    ("message", "products", "segments", "seconds"),
    [
        ("给这五款各写一段开场", 5, ["opening"], None),
        ("所有产品都来一段促销，每段20秒", 7, ["promotion"], 20),
        ("全部商品各写开场和促销", 7, ["opening", "promotion"], None),
        ("整场话术都给我备好", 7, ["opening", "selling_points", "promotion"], None),
        ("挨个写一遍，三款产品", 3, ["selling_points"], None),
    ],
)
def test_what_was_asked_is_planned_and_the_answer_begins_it(
    message: str, products: int, segments: list[str], seconds: int | None
) -> None:
    reading = read(message, SITUATION)
    assert (reading.kind, reading.missing) == ("batch", "several")
    first = options_of(reading, SITUATION, message, ROOM)[0]
    assert f"{products * len(segments)} 段" in question_of(reading, SITUATION, message, ROOM)
    asked = replace(SITUATION, asked=True, asked_about=message, options=[(first["label"], first["value"])])
    for answer in (first["label"], first["value"]):
        confirmed = read(answer, asked)
        assert (confirmed.kind, confirmed.then) == ("batch", "start")
        plan = confirmed.slots["plan"]
        assert (plan["room_id"], plan["segments"]) == (ROOM, segments)
        assert len(plan["items"]) == products * len(segments)
        assert seconds is None or {item["seconds"] for item in plan["items"]} == {seconds}


@pytest.mark.parametrize("message", ["给保温杯写三个版本的开场", "多来几版我选选", "给我来5条不同的促销"])
def test_versions_of_one_text_are_no_show(message: str) -> None:
    for situation in (SITUATION, SITUATIONS["cup"]):
        reading = read(message, situation)
        assert not any("按方案" in one["value"] for one in options_of(reading, situation, message, ROOM))


def test_without_a_room_nothing_can_be_planned_and_that_is_said() -> None:
    nowhere = replace(SITUATION, rooms={})
    reading = read("所有产品都来一段促销", nowhere)
    assert "直播间" in question_of(reading, nowhere, "所有产品都来一段促销")
    assert not any("按方案" in one["value"] for one in options_of(reading, nowhere, "所有产品都来一段促销"))


def test_a_plan_whose_room_or_product_is_gone_is_asked_again() -> None:
    reading = read("给这五款各写一段开场", SITUATION)
    line = options_of(reading, SITUATION, "给这五款各写一段开场", ROOM)[0]["value"]
    for later in (replace(SITUATION, rooms={}), replace(SITUATION, products=SITUATION.products[1:])):
        again = read(line, later)
        assert (again.kind, again.missing, again.then) == ("batch", "several", None)


NAMES = st.text(st.sampled_from("青禾杯子大小A1 ,、|｜×:（）-"), min_size=1, max_size=12).map(str.strip).filter(bool)


@given(
    st.lists(NAMES, min_size=2, max_size=6, unique_by=fold),
    st.lists(st.sampled_from(sorted(SCENARIO_NAMES)), min_size=1, max_size=3, unique=True),
    st.one_of(st.none(), st.integers(5, 1800)),
)
def test_a_line_is_read_as_it_was_meant_or_not_at_all(
    names: list[str], segments: list[str], seconds: int | None
) -> None:
    products = tuple(Known(str(place), name) for place, name in enumerate(names))
    situation = Situation(products=products, rooms={"r": "小雅的直播间"})
    plan = Plan(tuple(segments), seconds, ("r", "小雅的直播间"), products)
    found = read_plan(fold(plan.line()), situation)
    # Never another plan: what cannot be told apart is asked again.
    if found is not None:
        assert {one.id for one in found.products} == {one.id for one in products}
        assert (set(found.segments), found.seconds, found.room) == (set(segments), seconds, plan.room)
