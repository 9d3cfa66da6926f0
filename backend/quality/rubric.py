"""The compliance part of a script's review; the quality branch brings the whole rubric in this file's place."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from backend.protocol.events import CheckResult, Finding
from backend.quality.lexicon import RuleSnapshot


@dataclass(frozen=True, slots=True)
class ScriptBrief:
    """What the script was to be."""

    scenario: str | None = None
    seconds: int | None = None
    pace: int | None = None
    product: Mapping[str, Any] | None = None
    host: Mapping[str, Any] | None = None
    previous_product: str | None = None
    must_say: Sequence[str] = ()
    must_not_say: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class QualityReport:
    """What the checks say."""

    verdict: Literal["pass", "warn", "block"]
    score: int
    findings: tuple[Finding, ...]
    checks: tuple[CheckResult, ...]
    rules_version: str


def review(text: str, brief: ScriptBrief, rules: RuleSnapshot) -> QualityReport:
    """Scan `text` against the rules."""
    findings = tuple(rules.scan(text, vertical=(brief.product or {}).get("category")))
    severities = {finding.severity for finding in findings}
    verdict: Literal["pass", "warn", "block"] = "block" if "block" in severities else "warn" if severities else "pass"
    passed = "block" not in severities
    check = CheckResult(id="Q20", name="合规", passed=passed, detail=f"{len(findings)} 处")
    return QualityReport(verdict, 100 if passed else 40, findings, (check,), rules.version)
