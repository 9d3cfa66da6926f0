"""Ends a run that was approved: the script is stored and put on air, once."""

import asyncio
import contextlib
import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from langgraph.runtime import Runtime

from backend import failpoints
from backend.domain import audit, effects, rooms, rule_overlays, rundowns, runs, scripts, stages
from backend.domain.products import Product, get_product
from backend.errors import BadRequest, NotFound
from backend.graph.again import continued_script
from backend.graph.checking import brief_of, newly_forbidden, no_longer_borne_out, plain_report, rules_in_force
from backend.graph.offers import offer_later
from backend.graph.product_facts import as_recorded_now
from backend.graph.prompts import version as prompt_version
from backend.graph.state import GraphContext, ScriptState, Step
from backend.graph.titles import title_of
from backend.graph.variants import named, sections_of
from backend.graph.version import GRAPH_VERSION
from backend.memory.learning import enqueue_learning
from backend.protocol.events import Finding, QualityFeedback, ScriptFinalized
from backend.quality.masking import mask_values
from backend.quality.rubric import QualityReport, review
from backend.storage.postgres import Connection

log = structlog.get_logger(__name__)


async def finalize(state: ScriptState, runtime: Runtime[GraphContext]) -> Step:
    """Publish what was approved; then offer what the same message asked for besides.

    What the rules or the product's record forbid by now is not published: a person is asked again, with the reasons.
    """
    # What the decision was made on: it stays when other checkpoints are removed.
    checkpoint_id = runtime.execution_info.checkpoint_id if runtime.execution_info else None
    published = None
    while published is None:
        standing = await _standing(state, runtime.context)
        if standing.forbidden is not None:
            return _held(state, runtime, standing.forbidden)
        published = await _published(state, runtime.context, checkpoint_id, standing)
    if failpoints.folder is not None:
        await failpoints.reach("after_effect", runtime.context.run_id)
    runtime.stream_writer(ScriptFinalized(**published))
    offer_later(state, runtime)
    return Step(
        {"outcome": "completed", "script_id": published["script_id"], "script_version": published["version"]},
        {"outcome": "completed", "version": published["version"]},
    )


@dataclass(frozen=True)
class _Forbidden:
    """Why what was approved is not published: the report of now, what of it is new, and what changed since."""

    report: QualityReport
    findings: Sequence[Finding]
    #: `rules`, `product`, or both.
    changed: Sequence[str]


@dataclass(frozen=True)
class _Standing:
    """What a text was looked at with, right before it is published."""

    rules_version: str
    facts: dict[str, Any]
    #: Which rules and which record these were, for the transaction that publishes to compare.
    mark: tuple[Any, ...] | None
    #: What the checks say now, when that forbids what was approved.
    forbidden: _Forbidden | None = None


async def _standing(state: ScriptState, context: GraphContext) -> _Standing:
    """Check the text with the rules and the record of this moment, if they are others than those it was approved with.

    What is published already is not looked at again: the node runs again after a crash.
    """
    async with context.db.tenant(context.tenant_id) as conn:
        if await effects.recall(conn, effects.publication(context.run_id)) is not None:
            return _Standing(state["report"]["rules_version"], state["product"], None)
        mark, found = await _mark(conn, state)
    rules = await rules_in_force(state, context)
    facts = as_recorded_now(state["product"], found, state["slots"].get("prices") or [])
    if rules.version == state["report"]["rules_version"] and facts == state["product"]:
        return _Standing(rules.version, facts, mark)
    report = await asyncio.to_thread(review, state["content"], brief_of(state, facts), rules)
    new = newly_forbidden(report.findings, state["report"]["findings"])
    if state["product"] and facts != state["product"]:
        then = await asyncio.to_thread(review, state["content"], brief_of(state, state["product"]), rules)
        drifted = no_longer_borne_out(report.findings, then.findings, state["report"]["findings"])
        new += [one for one in drifted if one not in new]
    changes = {"rules": rules.version != state["report"]["rules_version"], "product": facts != state["product"]}
    changed = [what for what, differs in changes.items() if differs]
    return _Standing(rules.version, facts, mark, _Forbidden(report, new, changed) if new else None)


async def _mark(conn: Connection, state: ScriptState) -> tuple[tuple[Any, ...], Product | None]:
    """Return what names the rules and the record that hold in this transaction, and the record."""
    room = state.get("room")
    head = await rule_overlays.head(conn, UUID(room["id"]) if room else None)
    found = None
    if state["product"].get("id"):
        with contextlib.suppress(NotFound):  # removed from the catalogue since: the script keeps its facts
            found = await get_product(conn, UUID(state["product"]["id"]))
    return (head, found.version if found else None), found


def _held(state: ScriptState, runtime: Runtime[GraphContext], forbidden: _Forbidden) -> Step:
    """Say what forbids the text now, and let a person decide again: nothing of it is lost."""
    report = forbidden.report
    runtime.stream_writer(
        QualityFeedback(
            message_id=UUID(state["message_id"]),
            content=state["content"],
            verdict=report.verdict,
            score=report.score,
            findings=list(report.findings),
            checks=list(report.checks),
            rules_version=report.rules_version,
        )
    )
    return Step(
        {
            "report": plain_report(report, retry=False)
            | {
                "held": {
                    "changed": list(forbidden.changed),
                    "findings": [finding.model_dump(mode="json") for finding in forbidden.findings],
                    "approved_under": state["report"]["rules_version"],
                }
            },
            # What the record only no longer bears out may be approved by who has looked at it.
            "blocked": any(finding.severity == "block" for finding in forbidden.findings),
        },
        {"held": True, "verdict": report.verdict, "rules_version": report.rules_version},
    )


async def _published(
    state: ScriptState, context: GraphContext, checkpoint_id: str | None, standing: _Standing
) -> dict[str, Any] | None:
    """Store script, teleprompter and audit in one transaction, or return what was stored before.

    None: rules or record changed since the text was looked at; it must be looked at again.

    Raises:
        LeaseLost: the run was cancelled, or another worker has it.
    """
    content = state["content"]
    key = effects.publication(context.run_id)
    async with context.db.tenant(context.tenant_id) as conn:
        # The run's row first: who cancels it was before us, and nothing is published, or waits and finds it done.
        await runs.assert_held(conn, context.run_id, context.attempt)
        done = await effects.recall(conn, key)
        if done is not None:
            return done
        if standing.mark is not None and (await _mark(conn, state))[0] != standing.mark:
            return None
        slots, product, room = state["slots"], state["product"], state.get("room")
        by = state["decision"].get("by")
        title = title_of(state["slots"], state["product"].get("name"))
        product_id, host_id, room_id = (
            UUID(id_) if id_ else None for id_ in (product.get("id"), state["host"].get("id"), (room or {}).get("id"))
        )
        script_id, version = await scripts.publish(
            conn,
            script_id=continued_script(state),
            thread_id=context.thread_id,
            run_id=context.run_id,
            room_id=room_id,
            product_id=product_id,
            host_id=host_id,
            title=title,
            scenario=slots["scenario"],
            content=content,
            draft=state["draft"],
            provenance=_provenance(state, context, standing) | {"checkpoint_id": checkpoint_id},
            approved_by=UUID(by) if by else None,
        )
        shown: int | None = None
        aired: dict[str, Any] = {}
        # What is written for a show takes its place in the rundown; the host is still at something else.
        if not await rundowns.place(conn, context.run_id, script_id, version) and room_id is not None:
            by_hand = (await rooms.get_room(conn, room_id)).by_hand
            queued = True
            try:
                await rundowns.add(conn, room_id, script_id, version)
            except BadRequest:
                # A full queue is no reason to lose an approval: the script is in the library, and on air by the rule.
                log.warning("rundown_full", room_id=str(room_id), script_id=str(script_id))
                queued = False
            if not by_hand and queued and await rooms.is_awaited(conn, room_id, script_id):
                # What was approved before it is still to be read: it comes when that is on stage.
                await rundowns.mark_due(conn, room_id, script_id, version)
            elif not by_hand:
                await rundowns.mark_aired(conn, room_id, script_id, version)
                shown = await rooms.cue(
                    conn,
                    room_id,
                    script_id=script_id,
                    script_version=version,
                    title=title,
                    content=content,
                    pace=state["host"]["pace"],
                )
                waits = await stages.waits(conn, room_id, shown)
                aired = {"room": str(room_id), "prompter_version": shown, "waits": waits}
        await audit.record(
            conn,
            UUID(by) if by else None,
            "script.published",
            str(script_id),
            version=version,
            run_id=str(context.run_id),
            decision=state["decision"]["decision"],
            policy=state["decision"].get("policy"),
            **aired,
            # Nobody can take anything out of the audit log again.
            override_reason=mask_values(state["decision"].get("override_reason")),
        )
        published = {
            "script_id": str(script_id),
            "version": version,
            "title": title,
            "content": content,
            "room_id": str(room_id) if room_id else None,
            "product_id": str(product_id) if product_id else None,
            "prompter_version": shown,
        }
        await enqueue_learning(conn, context.tenant_id, script_id)
        await effects.record(conn, key, published)
        return published


def _provenance(state: ScriptState, context: GraphContext, standing: _Standing) -> dict[str, Any]:
    report = state["report"]
    return {
        "model": state.get("model", context.model.name),
        "seed": state["draft_seed"],
        "prompt_version": prompt_version("script", sections_of(state)),
        "experiment": named(state),
        "graph_version": GRAPH_VERSION,
        "rules_version": report["rules_version"],
        # The last look, right before it was published: what a later one is compared with.
        "published_under": standing.rules_version,
        "facts": standing.facts,
        "prices": state["slots"].get("prices") or [],
        "verdict": report["verdict"],
        "score": report["score"],
        "findings": report["findings"],
        "recalled": [one["id"] for one in state["recalled"]],
        "recall": state.get("recall_reasons"),
        "assumed": state["host_assumptions"] + state["product_assumptions"],
        "rounds": state["round"],
        "rejections": state["rejections"],
        "responses": state.get("responses", 0),
        "request": state["request"]["content"],
        "requested_by": state["requested_by"],
        "approver": state["decision"].get("by_name"),
        "decision": state["decision"]["decision"],
        "policy": state["decision"].get("policy"),
        "override_reason": state["decision"].get("override_reason"),
        "edits": _edits(state["draft"], state["content"]),
    }


def _edits(draft: str, content: str) -> list[dict[str, Any]]:
    """Return what a person changed: where in the draft, what was there, what is there now."""
    matcher = difflib.SequenceMatcher(None, draft, content, autojunk=False)
    return [
        {"at": a0, "was": draft[a0:a1], "now": content[b0:b1]}
        for tag, a0, a1, b0, b1 in matcher.get_opcodes()
        if tag != "equal"
    ]
