"""The whole-script check: every line of the rubric, one verdict, one score. The lines themselves are in `checks/`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from backend.protocol.events import CheckResult, Finding
from backend.quality.checks import compliance, record, request, speech, text
from backend.quality.checks.record import UNAPPROVED
from backend.quality.draft import Check, Draft, ScriptBrief
from backend.quality.facts import fact_faults
from backend.quality.lexicon import RuleSnapshot
from backend.quality.normalize import fold
from backend.quality.record import Record, with_fields
from backend.quality.rulebook import Severity

__all__ = ["UNAPPROVED", "QualityReport", "ScriptBrief", "review"]

#: Rules that belong to another line of the rubric too: is the hurry honest, has the honour a source.
_ALSO: Final[Mapping[str, frozenset[str]]] = {
    "Q18": frozenset({"PRI-005", "PRI-011", "IMP-scarce"}),
    "Q20": frozenset({"DAT-003"}),
}
#: Lines of the rubric that what a model says against the record belongs to; whatever else it says is compliance (Q20).
_SAID: Final[Mapping[str, frozenset[str]]] = {
    "REC-fact": frozenset({"Q05"}),
    "REC-sum": frozenset({"Q03"}),
    "REC-offer": frozenset({"Q05", "Q18"}),
    "REC-statement": frozenset({"Q19"}),
    "REC-other": frozenset({"Q05", "Q07"}),
    "REC-banned": frozenset({"Q17"}),
}
_COMPLIANCE: Final = frozenset({"Q20"})
_WEIGHTS: Final[Mapping[Severity, int]] = {"block": 40, "fail": 15, "warn": 5, "info": 0}


@dataclass(frozen=True)
class QualityReport:
    """What the checks say. A `block` must not reach a teleprompter without an edit."""

    verdict: Literal["pass", "warn", "block"]
    score: int
    findings: list[Finding]
    checks: list[CheckResult]
    rules_version: str


def review(script: str, brief: ScriptBrief, rules: RuleSnapshot) -> QualityReport:
    """Run every check of the rubric over a script. Spans point into `script`; (0, 0) means the whole script."""
    folded = fold(script)
    if brief.product is not None:
        brief = replace(brief, product=Record(with_fields(brief.product)))
    faults = list(fact_faults(folded.text, brief.product)) if brief.product is not None else []
    draft = Draft(script, folded, brief, rules, faults)
    findings: list[Finding] = []
    checks: list[CheckResult] = []
    for number, (name, check) in _CHECKS.items():
        found = list(check(draft))
        findings += found
        worst = [finding for finding in found if finding.severity != "info"]
        detail = "；".join(dict.fromkeys(finding.message for finding in (worst or found)[:3])) or "符合"
        checks.append(CheckResult(id=number, name=name, passed=not worst, detail=detail))
    findings.sort(key=lambda finding: finding.span)
    checks = _also(checks, findings)
    return QualityReport(verdict_of(findings), score_of(findings), findings, checks, rules.version)


def _also(checks: Sequence[CheckResult], findings: Sequence[Finding]) -> list[CheckResult]:
    """Return the checks, each with what another one has found in its matter: hurry is law and honesty at once."""
    told: list[CheckResult] = []
    for check in checks:
        rules = _ALSO.get(check.id, frozenset())
        said = "；".join(dict.fromkeys(one.message for one in findings if one.rule in rules and one.severity != "info"))
        told.append(check.model_copy(update={"passed": False, "detail": said}) if said and check.passed else check)
    return told


def with_findings(report: QualityReport, findings: Sequence[Finding]) -> QualityReport:
    """Return the report as it is when somebody else's findings are in it too, each in its line of the rubric."""
    if list(findings) == report.findings:
        return report
    new = [finding for finding in findings if finding not in report.findings and finding.severity != "info"]
    checks = [
        _with(check, [one for one in new if check.id in _SAID.get(one.rule, _COMPLIANCE)]) for check in report.checks
    ]
    return QualityReport(verdict_of(findings), score_of(findings), list(findings), checks, report.rules_version)


def _with(check: CheckResult, new: Sequence[Finding]) -> CheckResult:
    if not new:
        return check
    said = "；".join(dict.fromkeys(finding.message for finding in new[:3]))
    return check.model_copy(update={"passed": False, "detail": said if check.passed else f"{check.detail}；{said}"})


def verdict_of(findings: Sequence[Finding]) -> Literal["pass", "warn", "block"]:
    """Return what becomes of a text in which this was found."""
    severities = {finding.severity for finding in findings}
    if "block" in severities:
        return "block"
    return "warn" if severities & {"fail", "warn"} else "pass"


def score_of(findings: Sequence[Finding]) -> int:
    """Return how good a text is in which this was found, of 100."""
    # The same fault ten times is one fault to learn from: each rule counts at most twice.
    counted: dict[str, int] = {}
    lost = 0
    for finding in findings:
        counted[finding.rule] = counted.get(finding.rule, 0) + 1
        if counted[finding.rule] <= 2:
            lost += _WEIGHTS[finding.severity]
    return max(0, 100 - lost)


#: The rubric, in the order of its table.
_CHECKS: Final[Mapping[str, tuple[str, Check]]] = {
    "Q01": ("时长", speech.duration),
    "Q02": ("断句", speech.sentence_length),
    "Q03": ("价格核算", record.prices),
    "Q04": ("卖点覆盖", record.points),
    "Q05": ("事实一致", record.facts),
    "Q06": ("行动引导", request.action),
    "Q07": ("商品一致", record.identity),
    "Q08": ("主播口吻", text.voice),
    "Q09": ("完整", text.ending),
    "Q10": ("不重复", text.repetition),
    "Q11": ("无排版符号", text.markup),
    "Q12": ("无占位符", text.placeholders),
    "Q13": ("开头抓人", speech.hook),
    "Q14": ("互动", speech.interaction),
    "Q15": ("报价时机", speech.price_timing),
    "Q16": ("好念", speech.speakability),
    "Q17": ("按要求", request.obedience),
    "Q18": ("诚实的紧迫感", record.urgency),
    "Q19": ("必备声明", record.statements),
    "Q20": ("合规", compliance.compliance),
}
