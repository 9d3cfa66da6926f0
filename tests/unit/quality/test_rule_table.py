"""Tables of rules: what is beyond the limit is not taken for good."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from backend.domain.tables import Line, read_table
from backend.quality.layering import PLATFORMS, Effective, layered
from backend.quality.overlay import MAX_PATTERNS, Adjustment, Overlay
from backend.quality.rule_table import MAX_ROWS, as_csv, as_tsv, as_xlsx, read_rules


def test_rows_behind_the_limit_are_told_and_none_of_them_is_good():
    heading = Line(1, ("编号", "正则"))
    rows = [Line(n + 2, (f"H-{n}", " ;; ".join(["包好.{1,2}"] * 50))) for n in range(MAX_PATTERNS // 50 + 3)]
    table = read_rules([heading, *rows], {})
    good = [row for row, _ in table.rules]
    assert good == [row.number for row in rows[: MAX_PATTERNS // 50]]
    assert sorted(error.row for error in table.errors if error.code == "too_many") == [row.number for row in rows[4:]]


def test_a_rule_whose_cells_were_moved_by_a_comma_is_told():
    rows = [Line(2, ("H-1", "包好", "另一个词")), Line(3, ("H-2", "包你满意"))]
    table = read_rules([Line(1, ("编号", "禁用词")), *rows], {})
    assert [row for row, _ in table.rules] == [3]
    assert [(fault.row, fault.code) for fault in table.errors] == [(2, "more_cells")]


ADJUSTED = Overlay(adjustments=[Adjustment(rule="ABS-001", severity="warn", reason="店里自己的规定")])
BELOW = [one for platform in (None, *PLATFORMS) for one in layered(platform)] + layered(None, ADJUSTED)
KNOWN = {one.rule.id: one.rule for one in BELOW}


@pytest.mark.parametrize("write", [as_csv, as_tsv, as_xlsx])
@pytest.mark.parametrize("rules", [layered(None), layered("douyin"), layered(None, ADJUSTED)])
def test_an_export_of_our_rules_can_be_read_again(
    write: Callable[[Iterable[Effective]], bytes], rules: list[Effective]
) -> None:
    table = read_rules(read_table(write(rules), max_rows=MAX_ROWS), KNOWN, BELOW)
    assert table.errors == []
    assert list(table.ours) == [one.rule.id for one in rules]
    assert table.rules == []


def test_own_rules_beside_ours_are_taken_in_and_a_changed_one_is_told():
    changed = [
        replace(one, rule=replace(one.rule, title="改过的")) if at == 1 else one for at, one in enumerate(BELOW[:3])
    ]
    lines = read_table(as_csv(changed), max_rows=MAX_ROWS)
    own = Line(
        9, ("HOUSE-1", "house_rule", "自家词", "", "warn", "", "本店规定", "", "包你满意", "", "", "", "", "", "")
    )
    table = read_rules([*lines, own], KNOWN, BELOW)
    assert [rule.id for _, rule in table.rules] == ["HOUSE-1"]
    assert [(fault.row, fault.code) for fault in table.errors] == [(3, "of_ours")]
    assert len(table.ours) == 2
