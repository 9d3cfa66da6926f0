"""Checks the text, says what it found, and decides whether the writer tries again."""

import asyncio
from uuid import UUID

from langgraph.runtime import Runtime

from backend.graph.again import as_submitted
from backend.graph.checking import SERIOUS, brief_of, plain_report, rules_in_force
from backend.graph.judge import judged
from backend.graph.state import GraphContext, ScriptState, Step
from backend.protocol.events import Finding, QualityFeedback
from backend.quality.rubric import UNAPPROVED, review, with_findings


async def quality(state: ScriptState, runtime: Runtime[GraphContext]) -> Step:
    """Review the text of the writer or, after an edit, of a person. Only the writer's goes back by itself."""
    context = runtime.context
    rules = await rules_in_force(state, context)
    # A long edited text may take tens of milliseconds: the loop carries everybody's tokens meanwhile.
    brief = brief_of(state, state["product"])
    report = await asyncio.to_thread(review, state["content"], brief, rules)
    whole = await judged(state["content"], report.findings, rules, context.judge, brief)
    report = with_findings(report, whole)
    serious = [finding for finding in report.findings if finding.severity in SERIOUS]
    # What the record lacks no wording mends, and the same words with the same faults will not come out better.
    mendable = [finding for finding in serious if finding.category != UNAPPROVED]
    retry = (
        bool(mendable)
        and not state["edited"]
        and not as_submitted(state)
        and state["retries"] < context.max_quality_retries
        and not _is_stuck(state, mendable)
    )
    runtime.stream_writer(
        QualityFeedback(
            message_id=UUID(state["message_id"]),
            content=state["content"],
            verdict=report.verdict,
            score=report.score,
            findings=list(report.findings),
            checks=list(report.checks),
            rules_version=report.rules_version,
            final=not retry,
        )
    )
    blocked = any(finding.severity == "block" for finding in report.findings)
    return Step(
        {
            "report": plain_report(report, retry),
            "retries": state["retries"] + retry,
            "blocked": blocked,
        },
        {"verdict": report.verdict, "score": report.score, "findings": len(report.findings), "retry": retry},
    )


def _is_stuck(state: ScriptState, mendable: list[Finding]) -> bool:
    """Tell whether the draft after a retry has the very faults that it was sent back for."""
    before = (state.get("report") or {}) if state["retries"] else {}
    if not before.get("retry"):
        return False
    faults = {(one["excerpt"], one["message"]) for one in before["to_fix"]}
    return {(finding.excerpt, finding.message) for finding in mendable} == faults
