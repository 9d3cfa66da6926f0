"""The whole-script check: every line of the rubric, one verdict, one score."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from backend.protocol.events import CheckResult, Finding
from backend.quality import craft
from backend.quality.facts import (
    FactFault,
    fact_faults,
    is_named,
    missing_statements,
    names_of,
    record_text,
    stale_names,
)
from backend.quality.lexicon import RuleSnapshot
from backend.quality.normalize import Folded, fold
from backend.quality.numbers import money_in
from backend.quality.prices import has_price, price_faults
from backend.quality.regulated import unproven
from backend.quality.rulebook import Severity

_HOUSE: Final = "口播质量规范"
#: The category of findings about the record: only a person with the papers can mend them.
UNAPPROVED: Final = "unapproved"
_WEIGHTS: Final[Mapping[Severity, int]] = {"block": 40, "fail": 15, "warn": 5, "info": 0}
_SELLING: Final = frozenset({"selling_points", "promotion", "seeding", "full"})
_RESTYLE: Final = re.compile(
    r"语气|风格|口吻|活泼|亲切|专业一点|温柔|幽默|改写|润色|换(?:个|种)(?:说法|方式|表达)|短一点|精简|缩短|口语化|接地气|别改|不要改|不变|保持|强调|突出|句话?(?:就|以内|吧|即可|够|$)|\bshorter\b|\brephrase\b"
)
_NEW_FACTS: Final = re.compile(
    r"换(?:成|个|一个|到)?(?:产品|商品|品|款)|换成|价格改|改价|新价格|改成\d|下一个|下一款|重新写"
)
_WRITES: Final = re.compile(r"(?<!改)(?<!重)写|来一?[段个条份]|生成|出一[段个条]|做一[段个]")
_SHORTER: Final = re.compile(
    r"短一?[点些]|精简|缩短|压缩|简短一?点|太长|太啰嗦|(?:[一两二三四五六七八九十]|\d{1,2})句话?(?:就|以内|话|吧|即可|够|$)|\bshort(?:er|en)?\b",
    re.IGNORECASE,
)
_NAMED_LENGTH: Final = re.compile(r"\d+\s*(?:秒|分|s\b|sec)|[一二两三四五六七八九十半]+(?:秒|分钟)", re.IGNORECASE)
_GOES_ON: Final = re.compile(r"继续|接着|往下|再讲|续写|后面|\bcontinue\b|go on", re.IGNORECASE)
_ASKED_OF: Final = re.compile(
    r"(?:的?(?:时间|时长|效果|功能|问题|情况|参数|数据|信息|性能|特点|优势|卖点|方面|多久))+$"
)
_NO_PRICE: Final = re.compile(r"(?:不要|别|不用|先不|先别)(?:提|说|报|讲|写|出现)[^，。]{0,4}价")


@dataclass(frozen=True)
class ScriptBrief:
    """What was asked for, and about what."""

    scenario: str
    #: Asked length in seconds; None when nobody asked for one.
    seconds: int | None
    product: Mapping[str, Any] | None
    other_products: Sequence[str]
    must_say: Sequence[str]
    must_not_say: Sequence[str]
    request: str
    #: The host's pace, characters a minute (字/分).
    pace: int = 260
    #: The text that is changed or continued last; empty for a new one.
    previous_texts: Sequence[str] = ()
    #: What the room has said of late: a new text must not say it again.
    room_texts: Sequence[str] = ()


@dataclass(frozen=True)
class QualityReport:
    """What the checks say. A `block` must not reach a teleprompter without an edit."""

    verdict: Literal["pass", "warn", "block"]
    score: int
    findings: list[Finding]
    checks: list[CheckResult]
    rules_version: str


@dataclass(frozen=True, slots=True)
class _Draft:
    text: str
    folded: Folded
    brief: ScriptBrief
    rules: RuleSnapshot
    #: What the product's record contradicts; asked for by two checks.
    fact_faults: Sequence[FactFault]

    def finding(
        self,
        rule: str,
        severity: Severity,
        span: tuple[int, int],
        message: str,
        *,
        category: str = "craft",
        basis: str = _HOUSE,
        suggestion: str | None = None,
    ) -> Finding:
        start, end = span
        return Finding(
            rule=rule,
            category=category,
            severity=severity,
            span=span,
            excerpt=self.text[start:end],
            message=message,
            basis=basis,
            suggestion=suggestion,
        )

    def by_rule(
        self, rule_id: str, severity: Severity, span: tuple[int, int], problem: str, right: str | None = None
    ) -> Finding:
        """Make a finding under a rule of the book; the range is in the folded text."""
        rule = self.rules.rule(rule_id)
        return self.finding(
            rule_id,
            severity,
            self.folded.span(*span),
            problem,
            category=rule.category,
            basis=rule.basis,
            suggestion=right,
        )

    def whole(self, rule: str, severity: Severity, message: str, *, category: str = "craft") -> Finding:
        """Make a finding about the script as a whole: it points at nothing."""
        return self.finding(rule, severity, (0, 0), message, category=category)


_Check = Callable[[_Draft], Iterable[Finding]]


def review(text: str, brief: ScriptBrief, rules: RuleSnapshot) -> QualityReport:
    """Run every check of the rubric over a script. Spans point into `text`; (0, 0) means the whole script."""
    folded = fold(text)
    faults = list(fact_faults(folded.text, brief.product)) if brief.product is not None else []
    draft = _Draft(text, folded, brief, rules, faults)
    findings: list[Finding] = []
    checks: list[CheckResult] = []
    for number, (name, check) in _CHECKS.items():
        found = list(check(draft))
        findings += found
        worst = [finding for finding in found if finding.severity != "info"]
        detail = "；".join(dict.fromkeys(finding.message for finding in (worst or found)[:3])) or "符合"
        checks.append(CheckResult(id=number, name=name, passed=not worst, detail=detail))
    findings.sort(key=lambda finding: finding.span)
    return QualityReport(_verdict(findings), _score(findings), findings, checks, rules.version)


def _verdict(findings: Sequence[Finding]) -> Literal["pass", "warn", "block"]:
    severities = {finding.severity for finding in findings}
    if "block" in severities:
        return "block"
    return "warn" if severities & {"fail", "warn"} else "pass"


def _score(findings: Sequence[Finding]) -> int:
    # The same fault ten times is one fault to learn from: each rule counts at most twice.
    counted: dict[str, int] = {}
    lost = 0
    for finding in findings:
        counted[finding.rule] = counted.get(finding.rule, 0) + 1
        if counted[finding.rule] <= 2:
            lost += _WEIGHTS[finding.severity]
    return max(0, 100 - lost)


def _duration(draft: _Draft) -> Iterator[Finding]:
    brief = draft.brief
    if not brief.seconds:
        return
    if brief.previous_texts and _SHORTER.search(brief.request) and not _NAMED_LENGTH.search(brief.request):
        return  # Measured against the text before: see Q17.
    spoken = craft.speakable(draft.text)
    seconds = spoken * 60 / max(60, brief.pace)
    share = seconds / brief.seconds
    if not 0.85 <= share <= 1.18:
        direction = "偏长" if share > 1 else "偏短"
        wanted = round(brief.seconds * brief.pace / 60)
        severity: Severity = "warn" if 0.6 <= share <= 1.5 else "fail"
        message = f"约{seconds:.0f}秒，要求{brief.seconds}秒，{direction}：现在{spoken}字，宜{wanted}字左右"
        if share > 1 and (held := _held(draft) * 60 / max(60, brief.pace)) > brief.seconds * 0.4:
            # Nobody may leave these words out: the length is for a person to settle.
            severity = "warn"
            message += f"；其中商品名和必须说的话就要{held:.0f}秒"
        yield draft.whole("Q01", severity, message)


def _held(draft: _Draft) -> int:
    """Return the spoken characters that no script about this product can do without."""
    product = draft.brief.product or {}
    statements = [*draft.brief.must_say, *(product.get("required_statements") or ())]
    return sum(craft.speakable(str(one)) for one in (product.get("name") or "", *statements))


def _sentence_length(draft: _Draft) -> Iterator[Finding]:
    for mark in craft.long_sentences(draft.text, 50):
        yield draft.finding("Q02", "warn", (mark.start, mark.end), mark.problem)
    lengths = craft.clause_lengths(draft.text)
    if lengths and max(lengths) > 26:
        yield draft.whole("Q02", "warn", f"最长的分句{max(lengths)}个字，一口气宜在22字以内")
    elif len(lengths) >= 6 and sum(length > 18 for length in lengths) / len(lengths) > 0.25:
        yield draft.whole("Q02", "warn", "长分句太多，念起来换不过气")


def _prices(draft: _Draft) -> Iterator[Finding]:
    product = draft.brief.product
    for fault in price_faults(draft.folded.text, product):
        yield draft.by_rule("PRI-010", "block", (fault.start, fault.end), fault.problem, fault.right)
    if product is not None and not has_price(product):
        for money in money_in(draft.folded.text):
            yield draft.by_rule("PRI-010", "warn", (money.start, money.end), "商品资料没有价格，这个数字无法核对")


def _points(draft: _Draft) -> Iterator[Finding]:
    product, scenario = draft.brief.product, draft.brief.scenario
    points = [point for point in (product or {}).get("points") or () if isinstance(point, Mapping)]
    if not points or scenario not in ("selling_points", "full", "seeding", "opening"):
        return
    # A short block has no room for all points: about one for every 15 seconds, as the craft has it.
    seconds = craft.speakable(draft.text) * 60 / max(60, draft.brief.pace)
    # A recommendation starts from a scene of the host's own day, which takes its time.
    each = 20 if scenario == "seeding" else 15
    room = max(1, int(draft.brief.seconds or seconds) // each)
    if _SHORTER.search(draft.brief.request):
        room = max(1, int(seconds) // each)
    wanted = 1 if scenario == "opening" else max(1, min(room, -(-7 * len(points) // 10)))
    # A text that goes on has the points that were told already.
    told = draft.brief.previous_texts if _GOES_ON.search(draft.brief.request) else ()
    spoken = craft.read_aloud("".join([*told, draft.text]))
    said = sum(
        max(
            craft.coverage(str(point.get(part) or ""), spoken) if point.get(part) else 0.0
            for part in ("feature", "benefit", "proof")
        )
        >= 0.5
        for point in points
    )
    if said < wanted:
        names = "、".join(str(point.get("feature", "")) for point in points[:4])
        yield draft.whole("Q04", "fail", f"卖点只讲到{said}个，宜讲到{wanted}个（{names}）")


def _facts(draft: _Draft) -> Iterator[Finding]:
    for fault in draft.fact_faults:
        if fault.rule != "PRI-005":
            yield draft.by_rule(fault.rule, "block", (fault.start, fault.end), fault.problem, fault.right)


def _action(draft: _Draft) -> Iterator[Finding]:
    scenario = draft.brief.scenario
    if scenario not in _SELLING and scenario != "closing":
        return
    if not craft.has_action(craft.last_part(draft.text, 0.3), closing=scenario == "closing"):
        yield draft.whole("Q06", "fail", "结尾没有明确的下单动作（做什么、在哪里点）")
    spoken_seconds = craft.speakable(draft.text) * 60 / max(60, draft.brief.pace)
    if (count := craft.actions(draft.text)) > max(3, spoken_seconds / 12):
        yield draft.whole("Q06", "warn", f"催下单{count}次，太密")


def _identity(draft: _Draft) -> Iterator[Finding]:
    brief = draft.brief
    severity: Severity = "info" if brief.scenario == "transition" else "block"
    for start, end, other in stale_names(draft.folded.text, brief.product, brief.other_products):
        span = draft.folded.span(start, end)
        yield draft.finding("Q07", severity, span, f"提到了别的商品“{other}”", category="fact_mismatch")
    if brief.product is None or brief.scenario in ("transition", "closing"):
        return
    third = draft.folded.text[: max(60, len(draft.folded.text) // 3)]
    if not is_named(third, brief.product):
        name = brief.product["name"]
        yield draft.whole("Q07", "fail", f"前三分之一没有说到“{name}”", category="fact_mismatch")


def _voice(draft: _Draft) -> Iterator[Finding]:
    for mark in craft.assistant_voice(draft.text):
        yield draft.finding("Q08", "block", (mark.start, mark.end), mark.problem, suggestion="")
    request = draft.brief.request
    known = [*draft.brief.must_say, *(record_text(draft.brief.product).split("。") if draft.brief.product else ())]
    for said in known:
        request = request.replace(said, "")
    if len(request) >= 14 and craft.overlap(request, draft.text) > 0.2:
        yield draft.whole("Q08", "block", "把要求复述进了口播")


def _ending(draft: _Draft) -> Iterator[Finding]:
    if mark := craft.truncation(draft.text):
        yield draft.finding("Q09", "block", (mark.start, mark.end), mark.problem)


def _repetition(draft: _Draft) -> Iterator[Finding]:
    brief = draft.brief
    exempt = [*brief.must_say, "本品不能代替药物", *((brief.product or {}).get("required_statements") or ())]
    if brief.product is not None:
        exempt += [*names_of(brief.product), str(brief.product["name"])]
    inside = craft.repetition(draft.text, exempt)
    if inside > 0.06:
        yield draft.whole("Q10", "fail", f"重复的话占{inside:.0%}")
    if _is_restyle(brief.request):
        return
    others = [*brief.previous_texts[-5:], *brief.room_texts[:5]]
    across = max((craft.overlap(draft.text, other) for other in others), default=0.0)
    if across > 0.35:
        yield draft.whole("Q10", "fail", f"与之前的稿子有{across:.0%}相同")


def _is_restyle(request: str) -> bool:
    """Tell whether only the wording of the last text is to change: 活泼一点, and not 写一段活泼的."""
    return bool(_RESTYLE.search(request)) and not (_WRITES.search(request) or _NEW_FACTS.search(request))


def _markup(draft: _Draft) -> Iterator[Finding]:
    for mark in craft.markup(draft.text):
        yield draft.finding("Q11", "block", (mark.start, mark.end), mark.problem, suggestion="")


def _placeholders(draft: _Draft) -> Iterator[Finding]:
    for mark in craft.placeholders(draft.text):
        yield draft.finding("Q12", "block", (mark.start, mark.end), mark.problem)


def _hook(draft: _Draft) -> Iterator[Finding]:
    if draft.brief.scenario in ("opening", "full") and not craft.opens_with_hook(draft.text):
        end = min(len(draft.text), 24)
        yield draft.finding("Q13", "warn", (0, end), "开头没有场景、问题或数字，留不住人")


def _interaction(draft: _Draft) -> Iterator[Finding]:
    if draft.brief.scenario in ("transition", "closing"):
        return
    seconds = draft.brief.seconds or craft.speakable(draft.text) * 60 / max(60, draft.brief.pace)
    if seconds >= 60 and craft.interactions(draft.text) < max(1, int(seconds // 90)):
        yield draft.whole("Q14", "warn", "一分钟里没有一句和观众互动的话")


def _price_timing(draft: _Draft) -> Iterator[Finding]:
    if draft.brief.scenario not in ("selling_points", "full", "seeding"):
        return
    first = next(iter(money_in(draft.folded.text)), None)
    if first is not None and first.start < len(draft.folded.text) * 0.2:
        yield draft.finding("Q15", "info", draft.folded.span(first.start, first.end), "先讲价值再报价更好")


def _speakability(draft: _Draft) -> Iterator[Finding]:
    product = draft.brief.product
    names = [*(names_of(product) if product else ()), str((product or {}).get("brand") or "")]
    share = craft.unspeakable_share(draft.text, [name for name in names if name])
    if share > 0.06:
        yield draft.whole("Q16", "warn", f"字母、长数字和符号占{share:.0%}，不好念")


def _obedience(draft: _Draft) -> Iterator[Finding]:
    brief, spoken = draft.brief, re.sub(r"\W", "", draft.folded.text)
    for said in brief.must_say:
        if re.sub(r"\W", "", fold(said).text) not in spoken and not _is_told(draft, said):
            yield draft.whole("Q17", "block", f"缺少必须说的“{said}”")
    for word in brief.must_not_say:
        wanted = fold(word).text
        at = draft.folded.text.find(wanted) if wanted else -1
        while at >= 0:
            span = draft.folded.span(at, at + len(wanted))
            yield draft.finding("Q17", "block", span, f"“{word}”被要求不要说")
            at = draft.folded.text.find(wanted, at + len(wanted))
    if _NO_PRICE.search(brief.request):
        for money in money_in(draft.folded.text):
            yield draft.finding("Q17", "block", draft.folded.span(money.start, money.end), "要求里说先不报价")
    yield from _kept_facts(draft)


def _is_told(draft: _Draft, asked: str) -> bool:
    """Tell whether something of the record that was asked for by its name (保温时间) is told with its value."""
    facts = (draft.brief.product or {}).get("facts") or {}
    core = _ASKED_OF.sub("", fold(asked).text)
    if len(core) < 2 or not isinstance(facts, Mapping):
        return False
    spoken = craft.read_aloud(draft.text)
    values = [
        str(value) for name, value in facts.items() if core in fold(str(name)).text or fold(str(name)).text in core
    ]
    bare = [re.sub(r"[（(][^）)]*[）)]", "", value).replace("℃", "度") for value in values]
    return any(craft.coverage(value, spoken) >= 0.6 for value in bare if value)


def _kept_facts(draft: _Draft) -> Iterator[Finding]:
    """A restyle may change every word, but no figure."""
    brief = draft.brief
    if not brief.previous_texts or not _is_restyle(brief.request):
        return
    before = brief.previous_texts[-1]
    kept = {money.value for money in money_in(fold(before).text)}
    for money in money_in(draft.folded.text):
        if kept and money.value not in kept:
            yield draft.finding("Q17", "block", draft.folded.span(money.start, money.end), "只要求改写，数字却变了")
    if _SHORTER.search(brief.request) and craft.speakable(draft.text) >= craft.speakable(before):
        yield draft.whole("Q17", "fail", "要求短一点，却没有变短")


def _urgency(draft: _Draft) -> Iterator[Finding]:
    for fault in draft.fact_faults:
        if fault.rule == "PRI-005":
            yield draft.by_rule(fault.rule, "block", (fault.start, fault.end), fault.problem)


def _statements(draft: _Draft) -> Iterator[Finding]:
    brief = draft.brief
    if brief.product is None:
        return
    severity: Severity = "warn" if brief.scenario in ("transition", "closing") else "block"
    yield from _approvals(draft)
    end = len(draft.text)
    for rule_id, sentence in missing_statements(draft.folded.text, brief.product):
        message = f"缺少法定或规定的声明：“{sentence}”"
        if rule_id == "HOUSE-STATEMENT":
            yield draft.finding("Q19", severity, (end, end), message, category="required", suggestion=f"{sentence}。")
            continue
        rule = draft.rules.rule(rule_id)
        yield draft.finding(
            rule_id, severity, (end, end), message, category=rule.category, basis=rule.basis, suggestion=f"{sentence}。"
        )


def _approvals(draft: _Draft) -> Iterator[Finding]:
    """What a regulated product's record lacks: no wording makes up for it."""
    product = draft.brief.product
    for kind in unproven(product) if product is not None else ():
        message = (
            f"“{kind.name}”：{kind.needs}"
            if kind.proof is None
            else f"“{kind.name}”没有可核对的资料，不能播：请先在商品库补上{kind.needs}"
        )
        yield draft.finding(kind.id, "block", (0, 0), message, category=UNAPPROVED, basis=kind.basis)


def _compliance(draft: _Draft) -> Iterator[Finding]:
    product = draft.brief.product
    category = f"{product.get('category') or ''} {product['name']}".strip() if product else None
    flags = set(product.get("compliance_flags") or ()) if product else set()
    if "health_food" in flags:
        category = f"保健食品 {category}"
    record = record_text(product) if product else ""
    said = {money.value for money in money_in(record)} | _record_prices(product)
    named = [span for name in _own_names(product) for span in _places(draft, name)]
    confirmable = {rule.id for rule in draft.rules.rules if rule.confirmable} | {"PRI-002", "PRI-005"}
    for finding in draft.rules.scan(draft.text, vertical=category):
        if finding.severity != "block" and finding.rule in confirmable and _is_on_record(draft, finding, record, said):
            continue
        # A registered name is what it is called (绝对化用语执法指南); a claim beside it stays a claim.
        inside = any(low <= finding.span[0] and finding.span[1] <= high for low, high in named)
        yield finding.model_copy(update={"severity": "info"}) if inside else finding


def _own_names(product: Mapping[str, Any] | None) -> list[str]:
    brand = fold(str((product or {}).get("brand") or "")).text
    return [name for name in (*(names_of(product) if product else ()), brand) if name]


def _places(draft: _Draft, name: str) -> Iterator[tuple[int, int]]:
    for match in re.finditer(re.escape(name), draft.folded.text):
        yield draft.folded.span(*match.span())


def _record_prices(product: Mapping[str, Any] | None) -> set[float]:
    values = (product or {}).get("price"), (product or {}).get("list_price")
    return {float(value) for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)}


def _is_on_record(draft: _Draft, finding: Finding, record: str, sums: set[float]) -> bool:
    """Tell whether the product's record proves what a milder finding doubts."""
    said = fold(finding.excerpt).text
    if finding.rule == "PRI-002":
        start, end = finding.span
        near = [money.value for money in money_in(fold(draft.text[start : end + 12]).text)]
        return any(value in sums for value in near)
    if finding.rule == "PRI-005":
        stock = (draft.brief.product or {}).get("stock")
        return isinstance(stock, int) and re.search(rf"(?<!\d){stock}(?!\d)", said) is not None
    return said in record or (len(said) > 4 and craft.coverage(said, craft.read_aloud(record)) >= 0.8)


#: The rubric, in the order of its table.
_CHECKS: Final[Mapping[str, tuple[str, _Check]]] = {
    "Q01": ("时长", _duration),
    "Q02": ("断句", _sentence_length),
    "Q03": ("价格核算", _prices),
    "Q04": ("卖点覆盖", _points),
    "Q05": ("事实一致", _facts),
    "Q06": ("行动引导", _action),
    "Q07": ("商品一致", _identity),
    "Q08": ("主播口吻", _voice),
    "Q09": ("完整", _ending),
    "Q10": ("不重复", _repetition),
    "Q11": ("无排版符号", _markup),
    "Q12": ("无占位符", _placeholders),
    "Q13": ("开头抓人", _hook),
    "Q14": ("互动", _interaction),
    "Q15": ("报价时机", _price_timing),
    "Q16": ("好念", _speakability),
    "Q17": ("按要求", _obedience),
    "Q18": ("诚实的紧迫感", _urgency),
    "Q19": ("必备声明", _statements),
    "Q20": ("合规", _compliance),
}
