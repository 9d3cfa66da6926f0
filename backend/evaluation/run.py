"""Runs sets of cases: what `python -m backend eval` does."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from uuid import UUID

from backend.evaluation.cases import (
    Case,
    ComplianceCase,
    InjectionCase,
    IntentCase,
    PiiCase,
    RecallCase,
    ScriptCase,
    Sets,
)
from backend.evaluation.intents import Reader, run_intent
from backend.evaluation.outcomes import Outcome
from backend.evaluation.recalling import run_recall
from backend.evaluation.report import Result
from backend.evaluation.texts import run_compliance, run_injection, run_pii, run_script
from backend.graph.intent.asking import understood
from backend.graph.intent.reading import read
from backend.graph.intent.situation import Reading, Situation
from backend.graph.prompts import version as prompt_version
from backend.llm.gateway import Model
from backend.memory.embed import Embedder
from backend.quality.lexicon import RuleSnapshot
from backend.storage.postgres import Database

#: Opens a database of one empty tenant, thrown away at the end; only recall needs one.
Place = Callable[[], AbstractAsyncContextManager[tuple[Database, UUID]]]


async def evaluate(sets: Sets, *, tier: str, reader: Reader, place: Place, judge: Model | None = None) -> Result:
    """Run every case that could be read; sentences and scripts also past `judge`, if there is one."""
    rules = RuleSnapshot.load()
    recalls = [case for case in sets.cases if isinstance(case, RecallCase)]
    outcomes = [outcome for case in sets.cases if (outcome := await _run(case, reader, rules, judge)) is not None]
    if recalls:
        async with place() as (db, tenant):
            embedder = Embedder()
            for case in recalls:
                outcomes += await run_recall(case, db, tenant, embedder)
    about = {"reader": tier, "rules": rules.version}
    if judge is not None:
        about["judge"] = prompt_version("judge")
    return Result(about, outcomes, sets.unread)


async def _run(case: Case, reader: Reader, rules: RuleSnapshot, judge: Model | None) -> Outcome | None:
    match case:
        case IntentCase():
            return await run_intent(case, reader)
        case ComplianceCase():
            return await run_compliance(case, rules, judge)
        case ScriptCase():
            return await run_script(case, rules, judge)
        case PiiCase():
            return run_pii(case)
        case InjectionCase():
            return run_injection(case)
        case RecallCase():
            return None


def reader_of(tier: str, model: Model) -> Reader:
    """Return who understands messages: "rules" alone, "fast" with what was learned, or with the "model"."""

    async def reader(message: str, situation: Situation) -> Reading:
        if tier == "rules":
            return read(message, situation, learned=False)
        return await understood(message, situation, model if tier == "model" else None)

    return reader
