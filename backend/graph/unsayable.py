"""What must be said and may not be: told before anything is written, with the rule and ways to go on."""

import asyncio
import re
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from backend.errors import NotFound
from backend.graph.intent.folding import fold as folded
from backend.graph.intent.situation import Reading
from backend.graph.state import GraphContext
from backend.protocol.events import Finding
from backend.quality.checks.compliance import compliance
from backend.quality.draft import Draft, ScriptBrief
from backend.quality.lexicon import RuleSnapshot
from backend.quality.normalize import fold

_KINDS: Final = frozenset({"write", "switch_product", "restyle", "regenerate", "continue"})
_CUT: Final = re.compile(r"[,，.。;；!！?？\n]+")
#: Who was told and wants it all the same.
_AS_IT_IS: Final = "就按原话"
#: Of a sentence that must be said so much is shown.
_SHOWN: Final = 24


async def with_sayable(
    reading: Reading,
    slots: dict[str, Any],
    message: str,
    room_id: UUID | None,
    context: GraphContext,
    stamp: UUID | None,
) -> Reading:
    """Ask about words that must be said when the rules in force block them: no draft could pass.

    Who was asked and wants them all the same is not asked again: an admin may override such a text.
    """
    wanted = slots.get("must_say") or []
    if reading.kind not in _KINDS or not wanted or _AS_IT_IS in folded(message):
        return reading
    rules = await context.rules(context.tenant_id, room_id)
    product = await _product(slots.get("product_id"), context, stamp)
    for words in wanted:
        found = await asyncio.to_thread(_blocked, words, product, rules)
        if found is not None:
            return replace(
                reading,
                kind="unclear",
                missing="unsayable",
                slots={**reading.slots, "unsayable": _doubt(words, found, message)},
                reason=f"{found.rule} forbids what must be said",
                confidence=0.9,
            )
    return reading


async def _product(product_id: str | None, context: GraphContext, stamp: UUID | None) -> dict[str, Any] | None:
    if not product_id:
        return None
    try:
        return (await context.profiles.product(context.db, context.tenant_id, stamp, UUID(product_id))).brief()
    except NotFound:
        return None


def _blocked(words: str, product: dict[str, Any] | None, rules: RuleSnapshot) -> Finding | None:
    brief = ScriptBrief(
        scenario="selling_points",
        seconds=None,
        product=product,
        other_products=(),
        must_say=(),
        must_not_say=(),
        request="",
    )
    findings = compliance(Draft(words, fold(words), brief, rules, ()))
    return next((one for one in findings if one.severity == "block"), None)


def _doubt(words: str, found: Finding, message: str) -> dict[str, Any]:
    said = message.strip().rstrip("。！？!?.,， ")
    shown = words if len(words) <= _SHOWN else words[:_SHOWN] + "…"
    start, end = found.span
    options = []
    if found.suggestion and words in message:
        options.append(
            [f"换成「{found.suggestion}」", message.replace(words, words[:start] + found.suggestion + words[end:])]
        )
    parts = [part.strip() for part in _CUT.split(message) if part.strip()]
    rest = [part for part in parts if words not in part]
    without = "，".join(rest) if rest and len(rest) < len(parts) else f"{said}，不要说「{words}」"
    options += [["不说这一句", without], ["照写，写好后请管理员放行", f"{said}，{_AS_IT_IS}"]]
    return {
        "question": f"「{shown}」写进去播不了：{found.message}（{found.rule}，{found.basis}）。怎么办？",
        "options": options,
        "rule": found.rule,
    }
