"""Q06, Q17: what the script had to do: call to action, what was asked for, what was to stay."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from backend.protocol.events import Finding
from backend.quality import craft, untold
from backend.quality.draft import Draft
from backend.quality.normalize import fold
from backend.quality.numbers import money_in
from backend.quality.rulebook import Severity
from backend.quality.sums import is_no_price
from backend.quality.wishes import forbids_price, wants_shorter

_SELLING: Final = frozenset({"selling_points", "promotion", "seeding", "full"})
#: Where a text has to end in a call to act. Selling points and recommendations mostly leave it to what comes next:
#: half of what agencies deliver does, and a warning on each would only be noise.
_CLOSING: Final = frozenset({"promotion", "closing", "full"})
_PLACE: Final = re.compile("链接|购物车|小黄车|橱窗|左下角|右下角|下方|屏幕")
_ASKED_OF: Final = re.compile(
    r"(?:的?(?:时间|时长|效果|功能|问题|情况|参数|数据|信息|性能|特点|优势|卖点|方面|多久))+$"
)


def action(draft: Draft) -> Iterator[Finding]:
    scenario = draft.brief.scenario
    if scenario not in _SELLING and scenario != "closing":
        return
    if not craft.has_action(craft.last_part(draft.text, 0.3), closing=scenario == "closing"):
        message = "结尾没有明确的下单动作（做什么、在哪里点）"
        # 链接在二号: where, if not what.
        placed = _PLACE.search(craft.last_part(draft.text, 0.3)) is not None
        severity: Severity = "info" if scenario not in _CLOSING else "warn" if placed else "fail"
        yield draft.finding("Q06", severity, _end(draft), message, suggestion="喜欢的朋友，点下方链接，选好规格下单。")
    elif scenario == "closing" and craft.only_takes_leave(draft.text):
        message = "收尾只有道别，没有说做什么、在哪里点"
        yield draft.finding("Q06", "warn", _end(draft), message, suggestion="喜欢的朋友，点下方链接，选好规格下单。")
    spoken_seconds = craft.speakable(draft.text) * 60 / max(60, draft.brief.pace)
    if (count := craft.actions(draft.text)) > max(3, spoken_seconds / 12):
        yield draft.whole("Q06", "warn", f"催下单{count}次，太密")


def obedience(draft: Draft) -> Iterator[Finding]:
    brief, spoken = draft.brief, re.sub(r"\W", "", draft.folded.text)
    aloud = craft.read_aloud(draft.text)
    for said in brief.must_say:
        # 净含量500克 may be written as it is spoken.
        written = re.sub(r"\W", "", fold(said).text) in spoken or _is_spoken(said, aloud)
        if not written and not _is_told(draft, said):
            wanted = said if said[-1:] in "。！？" else f"{said}。"
            yield draft.finding("Q17", "block", _end(draft), f"缺少必须说的“{said}”", suggestion=wanted)
    named = _names_in(draft)
    for word in brief.must_not_say:
        wanted = fold(word).text
        at = draft.folded.text.find(wanted) if wanted else -1
        while at >= 0:
            span = draft.folded.span(at, at + len(wanted))
            if any(low <= at and at + len(wanted) <= high for low, high in named):
                # No wording can avoid it and still say what is sold: for a person to decide.
                yield draft.finding("Q17", "warn", span, f"“{word}”被要求不要说，但商品名里就有")
            else:
                yield draft.finding("Q17", "block", span, f"“{word}”被要求不要说")
            at = draft.folded.text.find(wanted, at + len(wanted))
    yield from _untold(draft)
    if forbids_price(brief.request):
        for money in money_in(draft.folded.text):
            if not is_no_price(draft.folded.text, money):
                yield draft.finding("Q17", "block", draft.folded.span(money.start, money.end), "要求里说先不报价")
    yield from _kept_facts(draft)


def _untold(draft: Draft) -> Iterator[Finding]:
    """Find what tells a matter that was not to be told: 316不锈钢, where nothing was to be said of the material.

    What the law or the request wants said word for word stays.
    """
    brief, text = draft.brief, draft.folded.text
    statements = [fold(str(one)).text.rstrip("。！") for one in (brief.product or {}).get("required_statements") or ()]
    kept = [
        match.span()
        for one in (*statements, *(fold(said).text for said in brief.must_say))
        for match in (re.finditer(re.escape(one), text) if one else ())
    ]
    for fault in untold.told(brief.must_not_say, text, brief.product):
        if any(low <= fault.start and fault.end <= high for low, high in kept):
            continue
        span = draft.folded.span(fault.start, fault.end)
        # Without the record it may be told of something else: a person has to look.
        severity: Severity = "block" if fault.certain else "warn"
        yield draft.finding(
            "Q17", severity, span, f"要求里说别提{fault.matter}，“{draft.text[slice(*span)]}”讲的就是它"
        )


def _is_spoken(said: str, aloud: str) -> bool:
    words = craft.read_aloud(said)
    return len(words) >= 4 and re.search(rf"(?<!\d){re.escape(words)}(?!\d)", aloud) is not None


def _names_in(draft: Draft) -> list[tuple[int, int]]:
    """Return where the folded text says the product's full name."""
    name = re.split(r"\s", fold(str((draft.brief.product or {}).get("name") or "")).text.strip())[0]
    return [match.span() for match in re.finditer(re.escape(name), draft.folded.text)] if len(name) >= 2 else []


def _is_told(draft: Draft, asked: str) -> bool:
    """Tell whether something of the record that was asked for by its name (保温时间) is told with its value."""
    facts = (draft.brief.product or {}).get("facts") or {}
    if untold.tells(asked, draft.folded.text, draft.brief.product):
        return True  # 价格 is told by a price
    core = _ASKED_OF.sub("", fold(asked).text)
    if len(core) < 2 or not isinstance(facts, Mapping):
        return False
    spoken = craft.read_aloud(draft.text)
    values = [
        str(value) for name, value in facts.items() if core in fold(str(name)).text or fold(str(name)).text in core
    ]
    bare = [re.sub(r"[（(][^）)]*[）)]", "", value).replace("℃", "度") for value in values]
    return any(craft.coverage(value, spoken) >= 0.6 for value in bare if value)


def _end(draft: Draft) -> tuple[int, int]:
    """Return where something is to be added."""
    return len(draft.text), len(draft.text)


def _kept_facts(draft: Draft) -> Iterator[Finding]:
    """A restyle may change every word, but no figure; and what was offered stays on offer."""
    brief = draft.brief
    if not brief.previous_texts or not brief.restyled:
        return
    before = brief.previous_texts[-1]
    kept = {money.value for money in money_in(fold(before).text)}
    for money in money_in(draft.folded.text):
        if kept and money.value not in kept:
            yield draft.finding("Q17", "block", draft.folded.span(money.start, money.end), "只要求改写，数字却变了")
    if not wants_shorter(brief.request):
        yield from _lost_offers(draft, fold(before).text, bool(kept))
    if wants_shorter(brief.request) and craft.speakable(draft.text) >= craft.speakable(before):
        yield draft.whole("Q17", "fail", "要求短一点，却没有变短")


def _lost_offers(draft: Draft, before: str, priced: bool) -> Iterator[Finding]:
    if priced and not money_in(draft.folded.text) and not forbids_price(draft.brief.request):
        yield draft.whole("Q17", "block", "只要求改写，价格却没有了")
    for gift in (draft.brief.product or {}).get("gifts") or ():
        thing = re.split(r"[\d\s]|[一二两三四五六七八九十]+[张个支包条把套片]", fold(str(gift)).text)[0]
        if len(thing) >= 2 and thing in before and thing not in draft.folded.text:
            yield draft.whole("Q17", "fail", f"只要求改写，赠品“{thing}”却没有了")
