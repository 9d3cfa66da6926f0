"""Tables of rules: what is beyond the limit is not taken for good."""

from backend.domain.tables import Line
from backend.quality.overlay import MAX_PATTERNS
from backend.quality.rule_table import read_rules


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
