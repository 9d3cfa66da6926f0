"""Weighs what the rules say against what was learned, and says how certain the outcome is.

The rules are believed where they know (an order of ours that is attacked, a pasted text, a language we do not write).
Else the likeliest wish counts; what is not likely enough becomes a question, since a wrong guess costs a script.
"""

import re
from dataclasses import replace
from typing import Final

from backend.graph.intent import inquiring, talking, writing
from backend.graph.intent.finds import Finds
from backend.graph.intent.learned import Guess, features, weights
from backend.graph.intent.references import points_at_one
from backend.graph.intent.situation import Reading
from backend.graph.intent.tripwire import has_foreign_marks, of_an_earlier_text

#: Below this nobody knows what is meant.
_UNLIKELY: Final = 0.25
#: A wish that is not the rules' own must be this likely before it is acted upon.
_LIKELY: Final = 0.42
#: … a text that no word asks for (记录仪夜里拍得清车牌不): a wrong guess costs a script.
_LIKELY_UNASKED: Final = 0.55
#: … a change of the text that is there, where one of another segment is asked for.
_LIKELY_CHANGE: Final = 0.6
#: … and a segment that no word names.
_LIKELY_SEGMENT: Final = 0.5
#: How often a question which segment is right, of a message that surely wants a text.
_ASKED_IN_VAIN: Final = 0.8
#: What sells a product, when nothing is said of the segment.
_PLAIN: Final = "selling_points"
#: The word for a decision itself; what follows is its reason.
_VERDICT: Final = re.compile(r"不?(?:通过|批准|同意|批)|驳回|打回|退回|拒绝|否决|放行|approved?\b|rejected?\b")
#: Beside what waits it is no word about that: the text is to go on.
_GO_ON: Final = re.compile(r"(?:好的?|嗯+)?,?(?:继续|接着)(?:写|吧|啊|说|讲|往下|来)*[.!~]*")
#: Many texts are asked for in some word for many.
_MANY: Final = re.compile(
    r"[每各几多全都逐些]|所有|批量|挨|整[场晚套]|统统|统一|一[遍个]不|[两俩二三四五六七八九十\d]+\s*(?:个|款|件|段|条|版|份|种|样|句|号)|"
    r"[、+/&和跟]|一条龙|从头到尾|挑|选|对比|备选|清单|品单|货盘|\b(?:all|each|every|both|two|three|several|scripts)\b|[ab]{2}[版条]|s\b"
)
_CHANGED_TO: Final = re.compile(r"(?:改|换|切|转)(?:成|到|为|去)(?:讲|说|推|卖|写)?$")
_ATTACK: Final = "chat:injection"
_NO_RULE: Final = "no rule, but likely"
#: What the rules only say when they know it.
_KNOWN: Final = frozenset({"language", "host"})
_KNOWN_REASONS: Final = frozenset(
    {"no words", "several texts as one", "texts of different products", "fewer than two texts to join",
     "one for each that is named", "a question about our own data", "a wish for all texts to come"}
)  # fmt: skip


def _is_known(finds: Finds, by_rules: Reading) -> bool:
    """Tell whether the rules know it for certain."""
    if finds.situation.waiting and (
        (by_rules.about == "decision" and _VERDICT.match(talking.word_on_what_waits(finds.text)))
        or (by_rules.kind == "continue" and _GO_ON.fullmatch(finds.text))
    ):
        return True
    if by_rules.kind == "switch_product" and any(
        match.sure == 1.0 and _CHANGED_TO.search(finds.positive, 0, match.start) for match in finds.products
    ):
        return True  # 改成头盔的: another product of ours, by its name
    return (
        by_rules.missing in _KNOWN
        or by_rules.then == "restore"
        or by_rules.reason in _KNOWN_REASONS
        or by_rules.reason in inquiring.KNOWN
        or by_rules.reason in (talking.ROOM, writing.PART)
    )


def _is_of_the_text(finds: Finds, by_rules: Reading, guess: Guess) -> bool:
    """Tell whether the rules see a change of a text that is there, and no word asks for another one.

    讲虾仁的那条压缩一下, 只把终身保修拿掉: that it sounds like a request for a text is only the name of the goods.
    """
    if guess.wish not in ("write", "switch_product") or finds.draft is None or finds.mentions:
        return False
    if by_rules.kind == "continue":
        return guess.wish == "switch_product" and points_at_one(finds.text) and not finds.new_product()
    changed = finds.cue["shorter"] or finds.cue["longer"] or bool(finds.slots.get("must_not_say"))
    return by_rules.kind == "restyle" and changed and not finds.cue["write"] and not finds.cue["switch"]


def weighed(finds: Finds, by_rules: Reading) -> Reading:  # noqa: PLR0911 -- one return for each outcome
    """Return the reading, its confidence calibrated, and its tier."""
    if _is_known(finds, by_rules):
        return by_rules
    guess = weights().guess(features(finds, by_rules))
    if guess.wish == "batch" and by_rules.kind != "batch" and not _MANY.search(finds.text):
        guess = guess.without("batch")
    if guess.wish == _ATTACK and of_an_earlier_text(finds.text):
        guess = guess.without(_ATTACK)
    if guess.wish == _ATTACK and has_foreign_marks(finds.text):
        # The wire knows attacks in other languages; to what was learned any of them is only strange.
        return by_rules
    if _agree(by_rules, guess):
        return _filled(finds, replace(by_rules, confidence=_certainty(by_rules, guess)), guess)
    if _is_of_the_text(finds, by_rules, guess):
        return replace(by_rules, confidence=_said(max(guess.of_kind(by_rules.kind), 1 - guess.wishes[guess.wish])))
    likely = guess.wishes[guess.wish]
    if likely < _LIKELY and by_rules.kind != "unclear" and guess.of_kind(by_rules.kind) >= _UNLIKELY:
        return replace(by_rules, confidence=_certainty(by_rules, guess))
    if likely < _LIKELY_CHANGE and guess.wish in ("restyle", "regenerate") and _asks_for_another(finds, by_rules):
        return replace(by_rules, confidence=_certainty(by_rules, guess))
    if likely < (_enough(finds) if guess.wish == "write" else _LIKELY):
        return _unlikely(finds, by_rules, guess)
    reading = _as(finds, guess)
    return replace(reading, confidence=_said(likely), tier="learned")


def _asks_for_another(finds: Finds, by_rules: Reading) -> bool:
    """Tell whether a segment is told to be written that no text of the thread is: 别提价格,写卖点 after an opening."""
    there = {draft.scenario for draft in finds.situation.drafts}
    return by_rules.kind == "write" and finds.cue["write"] and bool(finds.mentions) and by_rules.scenario not in there


def _enough(finds: Finds) -> float:
    """Return how likely the wish for a text must be."""
    asked = finds.cue["write"] or finds.cue["text_noun"] or finds.mentions
    return _LIKELY if asked else _LIKELY_UNASKED


def _unlikely(finds: Finds, by_rules: Reading, guess: Guess) -> Reading:
    """Read what is nothing for certain: a change of the text that is there, if it is any; else it is asked about."""
    on_text = {kind: guess.of_kind(kind) for kind in ("restyle", "regenerate", "continue")}
    best = max(on_text, key=lambda kind: on_text[kind])
    unsure = _said(1 - guess.wishes[guess.wish])
    if finds.situation.drafts and by_rules.kind == "unclear" and sum(on_text.values()) >= _LIKELY:
        # Done to the wrong end it is soon done again.
        return replace(_same_text(finds, best), confidence=_said(on_text[best]), tier="learned")
    if by_rules.kind == "unclear":
        return replace(by_rules, confidence=unsure)
    reading = finds.answer("unclear", unsure, "nothing is likely enough", missing="")
    return replace(reading, tier="learned")


def _agree(by_rules: Reading, guess: Guess) -> bool:
    kind, _, about = guess.wish.partition(":")
    if by_rules.kind == "batch" and kind not in ("chat", "action"):
        return True  # the words for "all of them" make the difference
    if by_rules.kind == "unclear":
        # What is missing says what was wished: a product or a segment for a text, a text for a change of one.
        return kind == "none" or kind in {
            "product": ("write", "switch_product"),
            "scenario": ("write",),
            "draft": ("restyle", "regenerate", "continue"),
        }.get(by_rules.missing or "", ())
    if kind == "chat" == by_rules.kind:
        return about in (by_rules.about, "question")
    return kind == by_rules.kind


def _certainty(by_rules: Reading, guess: Guess) -> float:
    if by_rules.kind == "unclear":
        share = guess.wishes[guess.wish]
        # A text is wished and we still ask: the product may only be called by a name that we do not know.
        return _said(share * _ASKED_IN_VAIN if by_rules.missing == "scenario" and guess.wish == "write" else share)
    return _said(guess.of_kind(by_rules.kind))


def _said(share: float) -> float:
    """Nothing is certain, and nothing is impossible."""
    return round(min(max(share, 0.01), 0.99), 2)


def _filled(finds: Finds, reading: Reading, guess: Guess) -> Reading:
    """Let the likely segment stand where the words name none."""
    if reading.missing == "scenario" and guess.of_kind("write") >= _enough(finds):
        return replace(_as(finds, guess), confidence=reading.confidence)
    if reading.kind == "write" and not reading.later and finds.says_segment_faintly():
        # 像闺蜜推荐那样说说: a word that is also used for other things is outweighed by how the whole sounds.
        segment = _segment(guess)
        if segment is not None and segment != reading.scenario:
            return replace(as_wish(finds, "write", None, segment, firmly=True), confidence=reading.confidence)
    return reading


def _segment(guess: Guess) -> str | None:
    best = guess.segment
    return best if best is not None and guess.segments[best] >= _LIKELY_SEGMENT else None


def _as(finds: Finds, guess: Guess) -> Reading:
    kind, _, about = guess.wish.partition(":")
    return as_wish(finds, kind, about or None, _segment(guess))


def as_wish(  # noqa: PLR0911 -- one return for each kind of wish
    finds: Finds, kind: str, about: str | None, segment: str | None, *, firmly: bool = False
) -> Reading:
    """Read the message as a wish of this kind; what that lacks is asked for.

    `segment` counts where the words name none, or `firmly`. The confidence is the caller's to say.
    """
    match kind:
        case "chat":
            return finds.answer("chat", 0.5, _NO_RULE, about=about or "question", pasted=_checked(finds, about))
        case "action":
            return finds.answer("action", 0.5, _NO_RULE, about=about)
        case "batch":
            scenario = finds.chosen_scenario() or segment
            return finds.answer("batch", 0.5, _NO_RULE, missing="several", scenario=scenario)
        case "write" if finds.speaks_of_draft():
            return _same_text(finds, "restyle")
        case "write":
            scenario = segment if firmly else finds.chosen_scenario() or segment
            if scenario is None and not finds.sells():
                return finds.answer("unclear", 0.5, _NO_RULE, missing="scenario")
            if scenario == "transition":
                finds.go_over()
            return writing.new_text(finds, scenario or _PLAIN)
        case "switch_product":
            return _other_product(finds, segment)
        case "continue" | "restyle" | "regenerate":
            return _same_text(finds, kind)
        case _:
            return finds.answer("unclear", 0.5, _NO_RULE, missing="")


def _checked(finds: Finds, about: str | None) -> str | None:
    """Return the text that is to be checked: the script that is meant."""
    if about != "check" or finds.draft is None:
        return None
    return finds.situation.drafts[finds.draft].content


def _other_product(finds: Finds, segment: str | None) -> Reading:
    finds.take_new()
    words = finds.foreign_product()
    if finds.product is None and words is None and "product_name" not in finds.slots:
        return finds.answer("unclear", 0.5, "another product, but which?", missing="product", then="switch")
    drafts = finds.situation.drafts
    if not drafts and finds.situation.product_name is None:
        # Nothing to switch from: an ordinary request.
        return as_wish(finds, "write", None, segment)
    scenario = finds.chosen_scenario() or (drafts[-1].scenario if drafts else None) or segment
    finds.name(words)
    if scenario is None:
        return finds.answer("unclear", 0.5, "the product is clear, the segment is not", missing="scenario")
    then = "continue" if finds.cue["continue"] and not finds.mentions else "write"
    return finds.answer("switch_product", 0.5, "another product", scenario=scenario, then=then)


def _same_text(finds: Finds, kind: str) -> Reading:
    if finds.draft is None:
        return finds.answer("unclear", 0.5, "change what?", missing="draft")
    scenario = finds.situation.drafts[finds.draft].scenario
    if kind == "continue":
        scenario = finds.chosen_scenario() or scenario
    return finds.answer(kind, 0.5, _NO_RULE, scenario=scenario, draft=finds.draft)
