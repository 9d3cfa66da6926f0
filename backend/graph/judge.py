"""The judge: a language model reads a text that the checks have read, and may add warnings or raise one to a block.

It can take nothing back. What it adds must quote the text and is a warning, so that a model that lies costs a click,
not a script; it raises only what a rule has found. Everything it is shown is fenced data. After one repair, or an
error, or no answer in time, the checks' word stands alone, and a note among the findings says so: whoever decides
must not take silence for a second opinion, and no policy lets such a text pass by itself.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import structlog
from pydantic import BaseModel, ConfigDict, Field

from backend.errors import (
    ModelAnswerInvalid,
    ModelError,
    ModelPayloadInvalid,
    ModelRateLimited,
    ModelRefused,
    ModelStreamCut,
    ModelTimeout,
    ModelUnavailable,
)
from backend.graph.prompts import rendered
from backend.graph.prompts import version as prompt_version
from backend.llm.gateway import AnswerShape, ChatTurn, Model, ModelRequest
from backend.llm.structured import Unusable, read_as, structured
from backend.protocol.events import Finding
from backend.quality.lexicon import RuleSnapshot
from backend.quality.normalize import fold

log = structlog.get_logger(__name__)

#: Seconds for both questions together: somebody waits for the draft.
PATIENCE: Final = 6.0
#: The rule of the note that the judge's word is missing.
UNHEARD: Final = "JUDGE"
#: Characters of a script, and earlier findings, that are shown at most.
_SHOWN: Final = 4000
_MOST_FOUND: Final = 40
_LONGEST_ANSWER: Final = 6000
_PREFIX: Final = "IMP-"
#: Why it was not heard, in the operator's words, by the error's code.
_REASONS: Final[Mapping[str, str]] = {
    "judge_timeout": "审读模型没有按时回答",
    "judge_unusable": "审读模型答非所问",
    ModelTimeout.code: "审读模型没有按时回答",
    ModelRateLimited.code: "审读模型被限流了",
    ModelUnavailable.code: "审读模型连不上",
    ModelRefused.code: "审读模型的服务商拒绝了请求",
    ModelPayloadInvalid.code: "审读模型答非所问",
    ModelStreamCut.code: "审读模型的回答断了",
}


class _Doubt(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    label: str = Field(max_length=20)
    quote: str = Field(min_length=4, max_length=60)
    why: str = Field(max_length=80)


class _Said(BaseModel):
    """The model's answer."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    findings: list[_Doubt] = Field(max_length=8)
    raised: list[Annotated[int, Field(ge=0)]] = Field(max_length=_MOST_FOUND)


#: The prompt says it in words.
_SHAPE: Final = AnswerShape("judgement", _Said.model_json_schema(), told=True)


async def judged(
    text: str,
    found: Sequence[Finding],
    rules: RuleSnapshot,
    model: Model | None,
    product: Mapping[str, Any] | None = None,
) -> list[Finding]:
    """Return `found` with what the judge adds and raises, or with a note that it could not be heard.

    Never raises an error, and never lowers a finding. Without a model there is no judge, and nothing to note.
    """
    if model is None or not text.strip():
        return list(found)
    try:
        async with asyncio.timeout(PATIENCE):
            said = await _asked(text, found, rules, model, product)
    except (ModelError, TimeoutError) as error:
        code = "judge_unusable" if isinstance(error, ModelAnswerInvalid) else getattr(error, "code", "judge_timeout")
        reason = error.details["problem"] if isinstance(error, ModelAnswerInvalid) else str(error)
        log.warning("judge_unusable", code=code, reason=reason)
        why = _REASONS.get(code, "审读模型出错")
        return [_note(f"{why}，这段话只经过了规则检查，没有第二双眼睛看过，请自己多读一遍。", code), *found]
    merged = _merged(text, found, rules, said)
    if len(text) > _SHOWN:
        merged.insert(0, _note(f"审读模型只读了前 {_SHOWN} 个字，后面的只经过了规则检查。", "judge_partial"))
    return merged


def _note(message: str, code: str) -> Finding:
    """A note about the whole text. It costs nothing and blocks nothing; that it is there is the point."""
    return Finding(
        rule=UNHEARD,
        category="审读",
        severity="info",
        span=(0, 0),
        excerpt="",
        message=message,
        basis=code,
        suggestion=None,
    )


async def _asked(
    text: str, found: Sequence[Finding], rules: RuleSnapshot, model: Model, product: Mapping[str, Any] | None
) -> _Said:
    turns = [
        ChatTurn("system", rendered("judge", "role")),
        ChatTurn(
            "user",
            rendered(
                "judge",
                "request",
                labels={rule.id.removeprefix(_PREFIX): rule.about for rule in _implied(rules)},
                product={key: (product or {}).get(key) for key in ("name", "category")},
                found=[
                    {"place": place, "excerpt": one.excerpt, "severity": one.severity, "message": one.message}
                    for place, one in enumerate(found[:_MOST_FOUND])
                ],
                script={"text": text[:_SHOWN]},
            ),
        ),
    ]
    request = ModelRequest(
        purpose="judge",
        turns=turns,
        brief={},
        temperature=0.0,
        max_tokens=900,
        shape=_SHAPE,
        prompt_version=prompt_version("judge"),
    )
    answer = await structured(
        model,
        request,
        lambda text: _checked(text, found, rules),
        repair=lambda problem: rendered("judge", "repair", problem={"problem": problem}),
        longest=_LONGEST_ANSWER,
    )
    return answer.value


def _implied(rules: RuleSnapshot) -> list[Any]:
    return [rule for rule in rules.rules if rule.id.startswith(_PREFIX)]


def _checked(answer: str, found: Sequence[Finding], rules: RuleSnapshot) -> _Said:
    said = read_as(_Said, answer)
    labels = {rule.id.removeprefix(_PREFIX) for rule in _implied(rules)}
    if any(doubt.label not in labels for doubt in said.findings):
        raise Unusable("findings.label: no such label")
    if any(place >= len(found[:_MOST_FOUND]) for place in said.raised):
        raise Unusable("raised: no such place")
    return said


def _merged(text: str, found: Sequence[Finding], rules: RuleSnapshot, said: _Said) -> list[Finding]:
    known = {rule.id: rule for rule in rules.rules}
    merged = [
        finding.model_copy(update={"severity": "block"})
        if place in said.raised and finding.rule in known and finding.severity in ("warn", "fail")
        else finding
        for place, finding in enumerate(found)
    ]
    weighed = [one.span for one in found if one.severity != "info"]
    for doubt in said.findings:
        span = _place(text, doubt.quote)
        # What is not in the text was made up; what a rule has named is named.
        if span is None or any(low < span[1] and span[0] < high for low, high in weighed):
            continue
        weighed.append(span)
        rule = known[_PREFIX + doubt.label]
        merged.append(
            Finding(
                rule=rule.id,
                category=rule.category,
                severity="warn",
                span=span,
                excerpt=text[slice(*span)],
                message=f"审读模型认为“{text[slice(*span)]}”{rule.title}：{doubt.why}",
                basis=rule.basis,
                suggestion=None,
            )
        )
    return sorted(merged, key=lambda finding: finding.span)


def _place(text: str, quote: str) -> tuple[int, int] | None:
    """Return where a quote stands in the text, width and signs aside; None when it does not."""
    folded, wanted = fold(text), fold(quote).text.strip("，。！？ ")
    at = folded.text.find(wanted) if len(wanted) >= 4 else -1
    return folded.span(at, at + len(wanted)) if at >= 0 else None
