"""Sentences, scripts and lines with personal data, against the checks."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from backend.evaluation.cases import BriefGiven, ComplianceCase, InjectionCase, PiiCase, ScriptCase
from backend.evaluation.outcomes import Outcome, SecondReading
from backend.graph.intent.naming import Known
from backend.graph.intent.reading import read
from backend.graph.intent.situation import Draft, Situation
from backend.graph.intent.tripwire import attempted, planted
from backend.graph.judge import PARTIAL, UNHEARD, judged
from backend.llm.gateway import Model
from backend.protocol.events import Finding
from backend.quality.lexicon import RuleSnapshot
from backend.quality.pii import find_pii, mask_pii
from backend.quality.rubric import QualityReport, ScriptBrief, review, with_findings

_FLAGS = frozenset({"block", "fail", "warn"})


async def run_compliance(case: ComplianceCase, rules: RuleSnapshot, judge: Model | None = None) -> Outcome:
    """Check a sentence. Flagged is what a person has to look at (a warning or worse); `blocked` is a part beside."""
    brief = _brief(case)
    found = rules.check(case.text, vertical=case.category) if brief is None else _checked(case.text, brief, rules)
    return await _judged(case.text, found, rules, judge, brief, lambda findings: _of_sentence(case, findings))


async def _judged(
    text: str,
    found: Sequence[Finding],
    rules: RuleSnapshot,
    judge: Model | None,
    brief: ScriptBrief | None,
    outcome_of: Callable[[Sequence[Finding]], Outcome],
) -> Outcome:
    """Return what becomes of a case when the judge has read it too, and what it would have been without."""
    without = outcome_of(found)
    if judge is None:
        return without
    heard = await judged(text, found, rules, judge, brief)
    known = {(one.rule, one.span) for one in found}
    second = SecondReading(
        without=without.right,
        added=[one.rule for one in heard if one.rule != UNHEARD and (one.rule, one.span) not in known],
        raised=[one.rule for one in heard if (one.rule, one.span) in known and one not in found],
        unheard=next((one.basis for one in heard if one.rule == UNHEARD and one.basis != PARTIAL), ""),
    )
    return replace(outcome_of(heard), judge=second)


def _of_sentence(case: ComplianceCase, findings: Sequence[Finding]) -> Outcome:
    flagged = [finding for finding in findings if finding.severity in _FLAGS]
    blocked = [finding for finding in flagged if finding.severity != "warn"]
    parts: dict[str, bool] = {}
    if case.violates:
        parts["blocked"] = bool(blocked)
        if case.spans and flagged:
            places = places_of(case.text, case.spans)
            parts["span"] = all(any(_touch(place, finding.span) for finding in flagged) for place in places)
    else:
        parts["not blocked"] = not blocked
    return Outcome(
        kind="compliance",
        id=case.id,
        tier=case.tier,
        expected="violation" if case.violates else "clean",
        got="violation" if flagged else "clean",
        right=bool(flagged) == case.violates,
        text=case.text,
        parts=parts,
        note="; ".join(f"{one.rule} {one.severity} {one.excerpt!r}" for one in findings) or case.note,
        # A sentence that is wrongly blocked stops the work; one that is missed goes on air.
        cost=3.0 if blocked and not case.violates else 2.0 if case.violates and not flagged else 1.0,
    )


def _brief(case: ComplianceCase) -> ScriptBrief | None:
    if case.product is None:
        return None
    return ScriptBrief(
        scenario=case.scenario,
        seconds=None,
        product=case.product,
        other_products=(),
        must_say=(),
        must_not_say=(),
        request="",
    )


def _checked(text: str, brief: ScriptBrief, rules: RuleSnapshot) -> list[Finding]:
    # What only a whole script can have (Q…: its name said in time, a call to action) is not in question here.
    return [finding for finding in review(text, brief, rules).findings if not finding.rule.startswith("Q")]


def run_injection(case: InjectionCase) -> Outcome:
    """Ask the tripwire about words of an operator, or about data that came from elsewhere."""
    why = attempted(case.text) if case.where == "message" else planted(case.text)
    expected, got = ("attack" if one else "honest" for one in (case.attack, why is not None))
    return Outcome(
        kind="injection",
        id=case.id,
        tier=case.tier,
        expected=expected,
        got=got,
        right=expected == got,
        text=case.text,
        note=why or case.note,
        cost=2.0 if case.attack else 1.0,
    )


async def run_script(case: ScriptCase, rules: RuleSnapshot, judge: Model | None = None) -> Outcome:
    """Check a script against its brief: every planted defect must be found, and a clean one passed."""
    given = case.brief
    brief = ScriptBrief(
        scenario=given.scenario,
        seconds=given.seconds,
        product=given.product,
        other_products=given.other_products,
        must_say=given.must_say,
        must_not_say=given.must_not_say,
        request=given.request,
        pace=given.pace,
        previous_texts=given.previous_texts,
        restyled=_restyled(given),
    )
    report = review(case.text, brief, rules)
    return await _judged(
        case.text,
        report.findings,
        rules,
        judge,
        brief,
        lambda findings: _of_script(case, with_findings(report, findings)),
    )


def _of_script(case: ScriptCase, report: QualityReport) -> Outcome:
    worse = [finding for finding in report.findings if finding.severity in ("block", "fail")]
    failed = {check.id for check in report.checks if not check.passed}
    said = failed | {one.rule for one in report.findings} | {one.category for one in report.findings}
    found = {defect: bool(worse or failed) if defect == "any" else defect in said for defect in case.defects}
    return Outcome(
        kind="script",
        id=case.id,
        tier=case.tier or ("defect" if case.defects else "clean"),
        expected="defect" if case.defects else "clean",
        got="defect" if (all(found.values()) if case.defects else worse) else "clean",
        right=all(found.values()) if case.defects else not worse,
        text=case.text,
        # `stopped`: some of it keeps the text from going on; `passed`: nothing is even shown.
        parts={**found, "stopped": bool(worse)} if found else {"passed": report.verdict == "pass"},
        note=f"score {report.score}; "
        + "; ".join(f"{one.rule} {one.severity} {one.excerpt or one.message!r}" for one in report.findings),
        cost=2.0,
    )


def _restyled(given: BriefGiven) -> bool:
    """Tell whether a request only wants the wording of the text before changed, as the graph would read it."""
    if not given.previous_texts:
        return False
    name = str((given.product or {}).get("name") or "")
    before = Draft(given.previous_texts[-1], given.scenario, name, name)
    known = [Known(name, name)] if name else []
    reading = read(given.request, Situation(known, product_id=name, product_name=name, drafts=(before,)))
    return reading.kind == "restyle" and not reading.slots.get("prices")


def run_pii(case: PiiCase) -> Outcome:
    """Mask a line: nothing that is labelled may stay readable, nothing that only looks alike may change."""
    masked = mask_pii(case.text)
    hits = find_pii(case.text)
    places = places_of(case.text, case.spans)
    leaks = [case.text[slice(*place)] for place in places if not any(_covers(one.span, place) for one in hits)]
    changed = [words for words in case.keep if words not in masked]
    expected = "personal" if case.spans else "look-alike"
    spotless = not leaks and not changed and (bool(case.spans) or masked == case.text)
    return Outcome(
        kind="pii",
        id=case.id,
        tier=case.tier,
        expected=expected,
        got=expected if spotless else "look-alike" if leaks else "personal",
        right=spotless,
        text=case.text,
        parts={"no leak": not leaks, "nothing else changed": not changed and (bool(case.spans) or masked == case.text)},
        note=f"{masked!r}" + (f"; leaks {leaks}" if leaks else "") + (f"; changed {changed}" if changed else ""),
        cost=3.0 if leaks else 1.0,
    )


def places_of(text: str, spans: Sequence[str | tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the places of the words given; words that are not in the text have none."""
    places: list[tuple[int, int]] = []
    for span in spans:
        if isinstance(span, str):
            at = text.find(span)
            if at >= 0:
                places.append((at, at + len(span)))
        else:
            places.append(span)
    return places


def _touch(one: tuple[int, int], other: Any) -> bool:
    # A missing statement points at no place of the text: (n, n) and (0, 0).
    return bool(other[0] == other[1] or (one[0] < other[1] and other[0] < one[1]))


def _covers(hit: tuple[int, int], place: tuple[int, int]) -> bool:
    """A hit covers a place when at most a third of it stays outside (a mask may leave area and house apart)."""
    inside = min(hit[1], place[1]) - max(hit[0], place[0])
    return inside >= (place[1] - place[0]) * 2 / 3
