"""Ends a run that was approved: the script is stored and put on air, once."""

import difflib
from typing import Any
from uuid import UUID

from langgraph.runtime import Runtime

from backend import failpoints
from backend.domain import audit, effects, rooms, rundowns, runs, scripts
from backend.graph.offers import offer_later
from backend.graph.prompts import version as prompt_version
from backend.graph.state import GraphContext, ScriptState, Step
from backend.graph.titles import title_of
from backend.graph.version import GRAPH_VERSION
from backend.memory.learning import enqueue_learning
from backend.protocol.events import ScriptFinalized


async def finalize(state: ScriptState, runtime: Runtime[GraphContext]) -> Step:
    """Publish what was approved; then offer what the same message asked for besides."""
    # What the decision was made on: it stays when other checkpoints are removed.
    checkpoint_id = runtime.execution_info.checkpoint_id if runtime.execution_info else None
    published = await _published(state, runtime.context, checkpoint_id)
    if failpoints.folder is not None:
        await failpoints.reach("after_effect", runtime.context.run_id)
    runtime.stream_writer(ScriptFinalized(**published))
    offer_later(state, runtime)
    return Step(
        {"outcome": "completed", "script_id": published["script_id"], "script_version": published["version"]},
        {"outcome": "completed", "version": published["version"]},
    )


async def _published(state: ScriptState, context: GraphContext, checkpoint_id: str | None) -> dict[str, Any]:
    """Store script, teleprompter and audit in one transaction, or return what was stored before.

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
        slots, product, room = state["slots"], state["product"], state.get("room")
        by = state["decision"].get("by")
        title = title_of(state["slots"], state["product"].get("name"))
        product_id, host_id, room_id = (
            UUID(id_) if id_ else None for id_ in (product.get("id"), state["host"].get("id"), (room or {}).get("id"))
        )
        script_id, version = await scripts.publish(
            conn,
            script_id=_continued_script(state),
            thread_id=context.thread_id,
            run_id=context.run_id,
            room_id=room_id,
            product_id=product_id,
            host_id=host_id,
            title=title,
            scenario=slots["scenario"],
            content=content,
            draft=state["draft"],
            provenance=_provenance(state, context) | {"checkpoint_id": checkpoint_id},
            approved_by=UUID(by) if by else None,
        )
        shown = None
        # What is written for a show takes its place in the rundown; the host is still at something else.
        if not await rundowns.place(conn, context.run_id, script_id, version) and room_id is not None:
            shown = await rooms.cue(
                conn,
                room_id,
                script_id=script_id,
                script_version=version,
                title=title,
                content=content,
                pace=state["host"]["pace"],
            )
        await audit.record(
            conn,
            UUID(by) if by else None,
            "script.published",
            str(script_id),
            version=version,
            run_id=str(context.run_id),
            decision=state["decision"]["decision"],
            policy=state["decision"].get("policy"),
            override_reason=state["decision"].get("override_reason"),
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


def _continued_script(state: ScriptState) -> UUID | None:
    """A changed script is its next version; a continuation or another product is a script of its own."""
    previous = state.get("previous") or {}
    same_product = previous.get("product_name") == state["product"].get("name")
    if state["kind"] in ("restyle", "regenerate") and previous.get("script_id") and same_product:
        return UUID(previous["script_id"])
    return None


def _provenance(state: ScriptState, context: GraphContext) -> dict[str, Any]:
    report = state["report"]
    return {
        "model": state.get("model", context.model.name),
        "seed": state["draft_seed"],
        "prompt_version": prompt_version("script"),
        "graph_version": GRAPH_VERSION,
        "rules_version": report["rules_version"],
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
