"""Checks the text, says what it found, and decides whether the writer tries again."""

import asyncio
from typing import Any, Final
from uuid import UUID

from langgraph.runtime import Runtime

from backend.graph.judge import judged
from backend.graph.prompts import fixed_words
from backend.graph.state import GraphContext, ScriptState, Step
from backend.protocol.events import Finding, QualityFeedback
from backend.quality.rubric import UNAPPROVED, QualityReport, ScriptBrief, review, with_findings

#: What a draft of ours is sent back for; warnings are for the person to weigh.
_SERIOUS: Final = frozenset({"block", "fail"})


async def quality(state: ScriptState, runtime: Runtime[GraphContext]) -> Step:
    """Review the text of the writer or, after an edit, of a person. Only the writer's goes back by itself."""
    context = runtime.context
    # A long edited text may take tens of milliseconds: the loop carries everybody's tokens meanwhile.
    report = await asyncio.to_thread(review, state["content"], _brief(state), context.rules)
    whole = await judged(state["content"], report.findings, context.rules, context.judge, state["product"] or None)
    report = with_findings(report, whole)
    serious = [finding for finding in report.findings if finding.severity in _SERIOUS]
    # What the record lacks no wording mends, and the same words with the same faults will not come out better.
    mendable = [finding for finding in serious if finding.category != UNAPPROVED]
    retry = (
        bool(mendable)
        and not state["edited"]
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
            "report": _plain(report, retry),
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


def _brief(state: ScriptState) -> ScriptBrief:
    # A text that was wanted back is the same as before on purpose.
    restored = state["reading"]["then"] == "restore"
    slots, previous = state["slots"], {} if restored else state.get("previous") or {}
    others = [state["previous_product"]] if state["previous_product"] else []
    return ScriptBrief(
        scenario=slots["scenario"],
        seconds=slots.get("seconds"),
        product=state["product"] or None,
        other_products=others,
        must_say=slots.get("must_say") or [],
        must_not_say=[*(slots.get("must_not_say") or []), *(state["host"].get("taboo_words") or [])],
        request=state["request"]["content"],
        pace=state["host"]["pace"],
        previous_texts=[previous["content"]] if previous.get("content") else [],
        room_texts=[] if restored else state.get("aired") or [],
        prompt=fixed_words("script"),
        finished=state["edited"] or state.get("finished", True),
    )


def _plain(report: QualityReport, retry: bool) -> dict[str, Any]:
    return {
        "verdict": report.verdict,
        "score": report.score,
        "findings": [finding.model_dump(mode="json") for finding in report.findings],
        "checks": [check.model_dump(mode="json") for check in report.checks],
        "rules_version": report.rules_version,
        "retry": retry,
        "to_fix": [
            {"excerpt": finding.excerpt, "suggestion": finding.suggestion, "message": finding.message}
            for finding in report.findings
            if finding.severity in _SERIOUS and finding.category != UNAPPROVED
        ],
    }
