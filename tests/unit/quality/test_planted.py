"""Whole scripts in other voices than our writer's: what was planted is found, and clean ones pass.

`scripts_clean.jsonl` and `scripts_planted.jsonl` hold a request, a product's record, the text and what was planted in
it with the checks that may find it; the `eval` command reads the same files.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from backend.quality.layering import plain
from backend.quality.rubric import QualityReport, ScriptBrief, review

DATA = Path(__file__).parent / "data"
RULES = plain(None)


def scripts(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / name).read_text(encoding="utf-8").splitlines()]


def judged(script: dict[str, Any]) -> QualityReport:
    asked = dict(script["request"])
    brief = ScriptBrief(
        scenario=asked.pop("scenario"),
        seconds=asked.pop("seconds"),
        product=script["product"],
        other_products=asked.pop("other_products", []),
        must_say=asked.pop("must_say", []),
        must_not_say=asked.pop("must_not_say", []),
        request=asked.pop("text"),
        **asked,
    )
    return review(script["text"], brief, RULES)


@pytest.mark.parametrize(
    ("names", "least"), [(("scripts_planted.jsonl",), 0.98), (("scripts_planted_unseen.jsonl",), 0.9)]
)
def test_planted_defects_are_found_by_their_own_check(names: tuple[str, ...], least: float) -> None:
    rows = [row for name in names for row in scripts(name)]
    # Only what sells in the end has to say where to click, and what it is called; elsewhere that is a remark.
    asked = [
        row
        for row in rows
        if row["planted"][0]["kind"] not in ("no call", "name missing")
        or row["request"]["scenario"] in ("promotion", "closing", "full")
    ]
    missed = [
        (row["id"], row["planted"])
        for row in asked
        if not {check.id for check in judged(row).checks if not check.passed} & set(row["planted"][0]["checks"])
    ]
    assert 1 - len(missed) / len(asked) >= least, missed


@pytest.mark.parametrize("name", ["scripts_clean.jsonl", "scripts_clean_unseen.jsonl"])
def test_clean_scripts_in_other_voices_are_not_held_up(name: str) -> None:
    rows = scripts(name)
    held = [
        (row["id"], finding.rule, finding.excerpt)
        for row in rows
        for finding in judged(row).findings
        if finding.severity in ("block", "fail")
    ]
    assert len({id_ for id_, _, _ in held}) / len(rows) <= 0.02, held


def test_a_finding_says_why_where_and_points_into_the_text() -> None:
    for row in scripts("scripts_planted.jsonl"):
        for finding in judged(row).findings:
            assert finding.message
            assert finding.basis
            assert finding.excerpt == row["text"][slice(*finding.span)]
