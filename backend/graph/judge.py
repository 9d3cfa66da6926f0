"""The judge: a language model reads a text that the checks have read, and may add warnings or raise one to a block.

It looks for what a sentence implies (rules IMP-…) and for what contradicts the record, the request or the house's bans
in words that no rule reads (REC-…). It can take nothing back. What it adds must quote the text, and for REC-… the line
it was shown that the text contradicts; it is a warning, so that a model that lies costs a click, not a script; it
raises only what a rule has found. Everything it is shown is fenced data. After one repair, or an error, or no answer in
time, the checks' word stands alone, and a note among the findings says so, as it does of what was too long to be shown:
whoever decides must not take silence for a second opinion, and no policy lets such a text pass by itself.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

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
from backend.graph.on_record import LONGEST_LINE, MUST, Shown, shown_of
from backend.graph.prompts import rendered
from backend.graph.prompts import version as prompt_version
from backend.llm.gateway import AnswerShape, ChatTurn, Model, ModelRequest
from backend.llm.structured import Unusable, read_as, structured
from backend.protocol.events import Finding
from backend.quality.draft import ScriptBrief
from backend.quality.lexicon import RuleSnapshot
from backend.quality.normalize import fold
from backend.quality.rulebook import Rule, Severity

log = structlog.get_logger(__name__)

#: Seconds for both questions together: somebody waits for the draft.
PATIENCE: Final = 6.0
#: The rule of the note that the judge's word is missing.
UNHEARD: Final = "JUDGE"
#: The ground of that note where it was heard and has not seen all.
PARTIAL: Final = "judge_partial"
#: Characters of a script, and earlier findings, that are shown at most.
_SHOWN: Final = 4000
_MOST_FOUND: Final = 40
_LONGEST_ANSWER: Final = 6000
_IMPLIED: Final = "IMP-"
_AGAINST: Final = "REC-"
#: What rules find in whole sentences that says nothing of what they tell: how long they are, how often they come.
_OF_CRAFT: Final = frozenset({"Q02", "Q10", "Q13", "Q14", "Q15", "Q16"})
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
    # A provider that takes schemas is told to say all of it; who leaves an empty line out is understood.
    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        json_schema_extra={"required": ["label", "quote", "record", "why"]},
    )

    label: str = Field(max_length=20)
    quote: str = Field(min_length=4, max_length=60)
    #: The line that the quote contradicts.
    record: str = Field("", max_length=LONGEST_LINE)
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
    brief: ScriptBrief | None = None,
) -> list[Finding]:
    """Return `found` with what the judge adds and raises, or with a note that it could not be heard.

    `brief` is what the text was checked against. Never raises an error, and never lowers a finding. Without a model
    there is no judge, and nothing to note.
    """
    if model is None or not text.strip():
        return list(found)
    shown = shown_of(brief, rules)
    labels = _labels(rules, shown)
    try:
        async with asyncio.timeout(PATIENCE):
            said = await _asked(text, found, labels, shown, model)
    except (ModelError, TimeoutError) as error:
        code = "judge_unusable" if isinstance(error, ModelAnswerInvalid) else getattr(error, "code", "judge_timeout")
        reason = error.details["problem"] if isinstance(error, ModelAnswerInvalid) else str(error)
        log.warning("judge_unusable", code=code, reason=reason)
        why = _REASONS.get(code, "审读模型出错")
        return [_note(f"{why}，这段话只经过了规则检查，没有第二双眼睛看过，请自己多读一遍。", code), *found]
    merged = _merged(text, found, rules, said, shown)
    parts = [f"只读了前 {_SHOWN} 个字"] if len(text) > _SHOWN else []
    parts += [f"没有看全商品资料和要求（有 {shown.cut} 条没给它看或只给看了开头）"] if shown.cut else []
    if parts:
        merged.insert(0, _note(f"审读模型{'，也'.join(parts)}，其余的只经过了规则检查。", PARTIAL))
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


def _labels(rules: RuleSnapshot, shown: Shown) -> dict[str, Rule]:
    """Return what may be said of a text, by name; where no record is shown nothing can contradict it."""
    prefixes = (_IMPLIED, _AGAINST) if shown.lines else (_IMPLIED,)
    return {
        rule.id.removeprefix(prefix): rule for prefix in prefixes for rule in rules.rules if rule.id.startswith(prefix)
    }


async def _asked(text: str, found: Sequence[Finding], labels: Mapping[str, Rule], shown: Shown, model: Model) -> _Said:
    turns = [
        ChatTurn("system", rendered("judge", "role")),
        ChatTurn(
            "user",
            rendered(
                "judge",
                "request",
                labels={name: rule.about for name, rule in labels.items() if rule.id.startswith(_IMPLIED)},
                against={name: rule.about for name, rule in labels.items() if rule.id.startswith(_AGAINST)},
                record={"lines": shown.lines, "cut": shown.cut},
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
        max_tokens=1500,
        shape=_SHAPE,
        prompt_version=prompt_version("judge"),
    )
    answer = await structured(
        model,
        request,
        lambda text: _checked(text, found, labels),
        repair=lambda problem: rendered("judge", "repair", problem={"problem": problem}),
        longest=_LONGEST_ANSWER,
    )
    return answer.value


def _checked(answer: str, found: Sequence[Finding], labels: Mapping[str, Rule]) -> _Said:
    said = read_as(_Said, answer)
    if any(doubt.label not in labels for doubt in said.findings):
        raise Unusable("findings.label: no such label")
    if any(place >= len(found[:_MOST_FOUND]) for place in said.raised):
        raise Unusable("raised: no such place")
    return said


def _merged(text: str, found: Sequence[Finding], rules: RuleSnapshot, said: _Said, shown: Shown) -> list[Finding]:
    known = {rule.id for rule in rules.rules}
    labels = _labels(rules, shown)
    merged = [
        finding.model_copy(update={"severity": "block"})
        if place in said.raised and finding.rule in known and finding.severity in ("warn", "fail")
        else finding
        for place, finding in enumerate(found)
    ]
    weighed = [one for one in found if one.severity != "info"]
    for doubt in said.findings:
        rule = labels[doubt.label]
        span = _place(text, doubt.quote)
        line = shown.holding(doubt.record) if rule.id.startswith(_AGAINST) else ""
        # What is not in the text, or not on record, was made up; what a rule has named is named.
        if span is None or line is None or any(_names(one, rule, span, line) for one in weighed):
            continue
        added = _finding(text, span, rule, doubt.why, line)
        weighed.append(added)
        merged.append(added)
    return sorted(merged, key=lambda finding: finding.span)


def _names(finding: Finding, rule: Rule, span: tuple[int, int], line: str) -> bool:
    """Tell whether a finding names already what a rule would be told to be at fault with at a place."""
    start, end = finding.span
    if line and start == end:
        # What is missing stands nowhere: 缺少法定或规定的声明：“本品不能代替药物”.
        return line.startswith(MUST) and fold(line.removeprefix(MUST)).text in fold(finding.message).text
    if rule.id.startswith(_AGAINST) and (finding.rule.startswith(_IMPLIED) or finding.rule in _OF_CRAFT):
        return False
    if rule.id.startswith(_IMPLIED) and finding.rule.startswith(_AGAINST):
        return False
    return start < span[1] and span[0] < end


def _finding(text: str, span: tuple[int, int], rule: Rule, why: str, line: str) -> Finding:
    # No rule of a model's word is graver than a warning; who made it a remark hears a remark.
    severity: Severity = "info" if rule.severity == "info" else "warn"
    excerpt = text[slice(*span)]
    message = f"审读模型认为“{excerpt}”{rule.title}：{why.strip().rstrip('。')}"
    if line:
        message += f"。对照的是“{line}”"
    if rule.remark:
        message += f"（{rule.remark}）"
    return Finding(
        rule=rule.id,
        category=rule.category,
        severity=severity,
        span=span,
        excerpt=excerpt,
        message=message,
        basis=rule.basis,
        suggestion=None,
    )


def _place(text: str, quote: str) -> tuple[int, int] | None:
    """Return where a quote stands in the text, width and signs aside; None when it does not."""
    folded, wanted = fold(text), fold(quote).text.strip("，。！？ ")
    at = folded.text.find(wanted) if len(wanted) >= 4 else -1
    return folded.span(at, at + len(wanted)) if at >= 0 else None
