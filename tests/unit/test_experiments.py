"""Experiments without a database: who falls where, what a variant may change, and how sure a number is."""

from itertools import accumulate, pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from backend.domain.experiment_results import (
    LEAST_JUDGED,
    difference_interval,
    edit_distance,
    results_of,
    wilson_interval,
)
from backend.domain.experiments import BUCKETS, bucket_of, first_buckets, moved_buckets
from backend.graph.prompts import sections, version
from backend.graph.variants import Blocks, Changes
from backend.llm.adapters.offline.compose import compose
from backend.llm.adapters.offline.sheet import _ADDRESSES, read_sheet

TENANT = UUID(int=1)


@st.composite
def weights(draw: st.DrawFn, variants: int) -> list[int]:
    """Weights that sum to a hundred."""
    cuts = sorted(draw(st.lists(st.integers(0, BUCKETS), min_size=variants - 1, max_size=variants - 1)))
    return [end - begin for begin, end in zip([0, *cuts], [*cuts, BUCKETS], strict=True)]


histories = st.integers(2, 8).flatmap(lambda n: st.lists(weights(n), min_size=2, max_size=8))


# Who falls where ----------------------------------------------------------------------------------------------------


@given(histories)
def test_each_change_of_weights_moves_as_few_as_it_can_and_only_from_who_loses_to_who_gains(history: list[list[int]]):
    buckets = first_buckets(history[0])
    for before, after in pairwise(history):
        moved = moved_buckets(buckets, after)
        assert [moved.count(place) for place in range(len(after))] == after
        changed = [(was, now) for was, now in zip(buckets, moved, strict=True) if was != now]
        assert all(after[was] < before[was] and after[now] > before[now] for was, now in changed)
        assert len(changed) == sum(max(0, now - was) for was, now in zip(before, after, strict=True))
        buckets = moved


@given(st.uuids(), st.uuids(), st.uuids())
def test_a_unit_falls_into_one_bucket_whoever_asks_and_however_often(tenant: UUID, experiment: UUID, unit: UUID):
    bucket = bucket_of(tenant, experiment, unit)
    assert 0 <= bucket < BUCKETS
    assert bucket_of(UUID(str(tenant)), UUID(str(experiment)), UUID(str(unit))) == bucket


def test_where_a_unit_falls_is_for_good():
    # Written down: another process, another day or another release must not come to something else.
    known = {(1, 2, 3): 2, (1, 2, 4): 44, (1, 5, 3): 63, (6, 2, 3): 59}
    assert {ids: bucket_of(*(UUID(int=one) for one in ids)) for ids in known} == known


def test_units_spread_evenly_and_each_experiment_deals_anew():
    units = [UUID(int=number) for number in range(20_000)]
    one, other = ([bucket_of(TENANT, UUID(int=experiment), unit) for unit in units] for experiment in (7, 8))
    counts = [one.count(bucket) for bucket in range(BUCKETS)]
    # Chi square with 99 degrees of freedom: above 149 once in a thousand deals, and this deal is always the same.
    assert sum((count - 200) ** 2 / 200 for count in counts) < 149
    both = sum(a < 50 and b < 50 for a, b in zip(one, other, strict=True))
    assert abs(both - 5_000) < 250


# What a variant changes ---------------------------------------------------------------------------------------------

CUP: dict[str, Any] = {
    "name": "青禾保温杯",
    "brand": "青禾",
    "category": "水杯水壶",
    "price": 89,
    "points": [
        {"feature": "双层杯身", "benefit": "外壁不烫手", "proof": "现场倒热水"},
        {"feature": "一键弹盖", "benefit": "单手就能打开"},
    ],
}


def written(seed: int = 1, **changes: Any) -> str:
    brief = {"scenario": "selling_points", "seconds": 60, "product": CUP, **changes}
    return compose(read_sheet(brief), seed)


def test_the_styles_are_those_of_the_offline_writer():
    assert {Changes(style=[style]).style[0] for style in _ADDRESSES} == set(_ADDRESSES)


@pytest.mark.parametrize("seed", range(1, 9))
def test_blocks_that_are_left_out_are_left_out_and_those_wanted_come(seed: int):
    questions = ("公屏", "打出来", "说出来", "扣个", "打个", "告诉我", "跟我说说")
    assert any(word in written(seed) for word in questions)
    assert not any(word in written(seed, blocks={"more": [], "less": ["ask"]}) for word in questions)
    first = CUP["points"][0]["feature"]
    assert written(seed).count(first) == 1
    assert written(seed, blocks={"more": ["recap"], "less": []}).count(first) == 2


def test_what_the_request_says_of_a_block_comes_before_what_is_tried():
    sheet = read_sheet({"request": "别讲品牌，加一个互动", "blocks": {"more": ["brand"], "less": ["ask"]}})
    assert ("brand" in sheet.drop, "brand" in sheet.want) == (True, False)
    assert ("ask" in sheet.drop, "ask" in sheet.want) == (False, True)


def test_a_style_changes_how_the_offline_writer_speaks():
    calm, loud = (written(seed, style=[style]) for seed, style in ((1, "专业"), (1, "活泼")))
    assert calm != loud
    assert "！" not in calm


def test_a_section_keeps_the_slots_of_the_one_it_replaces():
    style = sections("script")["style"]
    assert Changes(sections={"style": f"{style}\n多用短句。"}).sections
    for wrong in (style.replace("{{host}}", ""), f"{style}{{{{product}}}}"):
        with pytest.raises(ValidationError, match="exactly these slots"):
            Changes(sections={"style": wrong})
    for name in ("role", "nothing"):
        with pytest.raises(ValidationError, match="no section"):
            Changes(sections={name: "你好"})


def test_a_block_cannot_be_wanted_and_left_out():
    with pytest.raises(ValidationError, match="both more and less"):
        Blocks(more=["ask"], less=["ask"])


def test_another_section_is_another_version_of_the_prompt():
    assert version("script") == version("script", {})
    assert len({version("script"), version("script", {"opening": "甲"}), version("script", {"opening": "乙"})}) == 3


# How sure a number is -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    # Wilson 1927 as tabulated by Newcombe 1998 (table I), and the two ends.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilsons_interval_is_that_of_the_tables(hits: int, of: int, low: float, high: float):
    found = wilson_interval(hits, of)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)
    mirrored = wilson_interval(of - hits, of)
    assert (round(1 - mirrored.high, 4), round(1 - mirrored.low, 4)) == (low, high)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    # Newcombe 1998, interval estimation for the difference, table II, method 10.
    [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((10, 10), (0, 20), 0.6791, 1.0)],
)
def test_the_interval_of_a_difference_is_newcombes(
    one: tuple[int, int], other: tuple[int, int], low: float, high: float
):
    found = difference_interval(one, other)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


def row(approved: int, rejected: int, units: int, **counts: Any) -> dict[str, Any]:
    names = ("edited", "commented", "expired", "automatic", "open", "undecided")
    rest = dict.fromkeys(names, 0) | {"edits": None} | counts
    total = approved + rejected + sum(rest[name] for name in names)
    return {
        "key": "x", "runs": total, "units": units, "judged_units": units, "approved": approved, "rejected": rejected
    } | rest  # fmt: skip


def verdicts(*rows: dict[str, Any]) -> list[str | None]:
    return [one.verdict for one in results_of(rows)]


def test_a_difference_is_told_only_when_there_is_enough_and_it_is_sure():
    assert verdicts(row(20, 80, 50), row(60, 40, 50)) == [None, "better"]
    assert verdicts(row(60, 40, 50), row(20, 80, 50)) == [None, "worse"]
    assert verdicts(row(50, 50, 50), row(55, 45, 50)) == [None, "no_difference_seen"]
    few = LEAST_JUDGED - 1
    assert verdicts(row(0, few, 50), row(100, 0, 50)) == [None, "not_enough"]
    assert verdicts(row(0, 100, 50), row(few, 0, 50)) == [None, "not_enough"]
    # Two hundred scripts of three hosts are three hosts.
    assert verdicts(row(20, 80, 3), row(60, 40, 3)) == [None, "not_enough"]


def test_what_nobody_judged_is_in_no_share():
    [one] = results_of([row(3, 1, 4, expired=50, automatic=50, open=5, undecided=5)])
    assert (one.judged, one.share, one.runs) == (4, 0.75, 114)
    [none] = results_of([row(0, 0, 0, open=2)])
    assert (none.share, none.share_interval, none.lacks) == (None, None, ["judged", "units"])


def test_several_comparisons_do_not_find_more_than_one_would():
    pair = [row(30, 70, 50), row(44, 56, 50)]
    assert verdicts(*pair)[1] == "better"
    assert verdicts(*pair, *[row(30, 70, 50)] * 4)[1] == "no_difference_seen"


def test_edits_are_told_in_characters_and_as_a_part_of_the_text():
    [one] = results_of([row(0, 0, 2, edited=2, edits=[["今天讲杯子", "今天讲水杯"], ["好", "好看"]])])
    assert (one.mean_edit_characters, one.mean_edit_share, one.edits_measured) == (1.5, 0.45, 2)


def slow_distance(was: str, now: str) -> int:
    """The table of the textbook."""
    line = list(range(len(now) + 1))
    for at, mine in enumerate(was, 1):
        above = line
        costs = [min(above[j] + 1, above[j - 1] + (mine != theirs)) for j, theirs in enumerate(now, 1)]
        line = list(accumulate(costs, lambda left, cost: min(left + 1, cost), initial=at))
    return line[-1]


@given(st.text("甲乙丙ab", max_size=90), st.text("甲乙丙ab", max_size=90))
def test_the_edit_distance_is_that_of_the_textbook(was: str, now: str):
    assert edit_distance(was, now) == slow_distance(was, now) == edit_distance(now, was)
