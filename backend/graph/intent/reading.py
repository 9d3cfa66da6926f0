"""Reads an operator's message against the situation of the thread: the way in to this room."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from backend.graph.intent import folding, inquiring, joining, overheard, segments, talking, vocabulary, writing
from backend.graph.intent.answers import all_chosen, chosen, whole_request
from backend.graph.intent.corrections import corrected
from backend.graph.intent.dialect import in_standard_words
from backend.graph.intent.finds import Finds
from backend.graph.intent.folding import as_written, fold
from backend.graph.intent.hearing import heard
from backend.graph.intent.learned import weights
from backend.graph.intent.mistyped import put_right
from backend.graph.intent.odds import at_odds
from backend.graph.intent.own_data import own_data
from backend.graph.intent.pasted import asks_for_check, pasted_in
from backend.graph.intent.planning import is_plan, read_plan
from backend.graph.intent.situation import Reading, Situation
from backend.graph.intent.tables import without_tables
from backend.graph.intent.tripwire import attempted, without_runs
from backend.graph.intent.turns import in_turn, numbered, of_two_kinds, one_by_one
from backend.graph.intent.weighing import weighed
from backend.graph.intent.wording import plainly

#: Thumbs and the like say yes or no to what waits.
_SIGNS: Final = re.compile(r"[👍👌✅🆗🙆👎❌🙅✔✖\ufe0f🏻-🏿 !~]+")
#: 1.净化器开场 2.净化器卖点
_NUMBERED: Final = re.compile(r"(?:^|(?<=[ ,;]))[1-9][.、)](?=[^\d])")
_ONE_TEXT: Final = frozenset({"write", "restyle", "regenerate", "continue", "switch_product"})
_SAME_TEXT: Final = frozenset({"restyle", "regenerate", "continue"})
_NOTHING: Final = re.compile(r"[^\w\u3400-\u9fff]+")
#: From the most telling to the least.
_RULES: Final[tuple[Callable[[Finds], Reading | None], ...]] = (
    talking.check,
    talking.reported,
    inquiring.may_be_said,
    own_data,
    talking.operation,
    talking.verdict,
    inquiring.talk,
    talking.smalltalk,
    inquiring.about_goods,
    talking.question,
    writing.part,
    writing.standing,
    writing.batch,
    joining.join,
    writing.restore,
    writing.language,
    writing.stranger,
    writing.switch,
    writing.again,
    writing.go_on,
    writing.change,
    writing.write,
    writing.unfinished,
)


def load() -> None:
    """Read and compile now all that reading needs: the loop need not stand still for it with the first message."""
    vocabulary.load()
    segments.load()
    weights()
    overheard.load()
    folding.load()


def read(message: str, situation: Situation, *, learned: bool = True) -> Reading:
    """Understand one message. Never raises for any text; `unclear` when no reading is good enough.

    Without `learned` the rules are alone, and `confidence` is only how much each of them thinks of itself.
    """
    reading = _read(message, situation, learned)
    slots = dict(reading.slots)
    if "product_name" in slots and "product_id" not in slots:
        slots["product_name"] = as_written(slots["product_name"], message)
    for name in ("must_say", "must_not_say"):
        if name in slots:
            slots[name] = [as_written(one, message) for one in slots[name]]
    return replace(reading, slots=slots, later=tuple(as_written(one, message) for one in reading.later))


def _read(message: str, situation: Situation, learned: bool) -> Reading:  # noqa: PLR0911 -- one return a way in
    if reason := attempted(message):
        return Reading("chat", 0.95, reason, {}, about="injection")
    message = without_tables(message)
    text = without_runs(fold(message))
    material = pasted_in(message)
    if material is not None:
        return _of_pasted(*material, situation)
    answer = chosen(text, situation)
    if answer is not None:
        reading = read(answer, replace(situation, asked=False), learned=learned)
        if situation.offered:
            # The others that were asked for wait on.
            others = tuple(value for _, value in situation.options if value != answer)
            reading = replace(reading, later=(*reading.later, *others))
        if reading.kind != "unclear" or not situation.asked_about:
            return reading
        # An option that is no request of its own: the product or the segment that was missing.
        return read(f"{situation.asked_about},{answer}", replace(situation, asked=False), learned=learned)
    if (every := _all_of(all_chosen(text, situation), situation, learned)) is not None:
        return every
    text = in_our_words(text, situation)
    if (meant := corrected(text, situation)) is not None:
        mended = _understood(meant, meant, replace(situation, asked=False), learned)
        return _beside_what_waits(replace(mended, reason=f"put right; {mended.reason}"), situation)
    return _beside_what_waits(_understood(message, text, situation, learned), situation)


def _beside_what_waits(reading: Reading, situation: Situation) -> Reading:
    """Let what was offered wait on while the text before is still worked on, or something is asked."""
    asks = reading.kind == "chat" and reading.about in ("question", "check")
    if not (situation.asked and situation.offered and (asks or reading.kind in _SAME_TEXT)):
        return reading
    return replace(reading, later=(*reading.later, *(value for _, value in situation.options)))


def in_our_words(text: str, situation: Situation) -> str:
    """Return folded `text` without dialect and slips of the keyboard, in the words that the rules know."""
    return plainly(put_right(in_standard_words(text), situation.products), situation)


def _all_of(requests: list[str], situation: Situation, learned: bool) -> Reading | None:
    """Read several options that were all chosen: the first now, the others after it. Only texts can be wanted so."""
    free = replace(situation, asked=False)
    found = [read(one, free, learned=learned) for one in requests]
    if not found or any(one.kind not in ("write", "switch_product") for one in found):
        return None
    apart = {(one.slots.get("product_id"), one.scenario) for one in found}
    if len(apart) < len(found):
        return None  # two lengths of one text are no two texts
    return replace(found[0], reason="all that was offered", later=tuple(requests[1:]))


def _understood(message: str, text: str, situation: Situation, learned: bool) -> Reading:
    """Read a request that stands for itself; `text` is `message` folded."""
    counted = numbered(text)
    if len(_NUMBERED.findall(text)) > 1:
        text = _NUMBERED.sub(",", text).strip(",")
    if (plan := read_plan(text, situation)) is not None:
        return Reading("batch", 0.99, "a plan that was confirmed", {"plan": plan.plain()}, then="start")
    if is_plan(text):
        return Reading("batch", 0.95, "a plan that cannot be done any more", {}, missing="several")
    finds, reading = ruled(text, situation)
    if learned:
        reading = weighed(finds, reading)
    several = of_two_kinds(text, situation, by_rules) or in_turn(reading, text, situation)
    several = one_by_one(counted, situation, by_rules) or several
    if several is not None:
        return several
    if reading.kind in _ONE_TEXT and not reading.later and (odds := at_odds(message, finds)) is not None:
        doubt = {**reading.slots, "odds": {"question": odds.question, "options": [list(one) for one in odds.options]}}
        return replace(
            reading, kind="unclear", missing="odds", slots=doubt, reason="it says two things", confidence=0.9
        )
    plain = reading.kind == "write" and not finds.mentions
    if (reading.kind == "unclear" or plain) and (request := whole_request(message, text, situation)) is not None:
        whole = read(request, replace(situation, asked=False), learned=learned)
        if whole.kind not in ("unclear", "chat"):
            return replace(whole, reason=f"answer to our question; {whole.reason}")
    return reading


def _of_pasted(request: str, body: str, situation: Situation) -> Reading:
    """Read a request about a text that came with it: to be checked, else changed. Its product is the one it names."""
    folded = fold(request)
    about = Finds(fold(body)[:2000], replace(situation, drafts=()))
    if asks_for_check(folded):
        slots = {} if about.product is None else {"product_id": about.product.id, "product_name": about.product.name}
        return Reading("chat", 0.92, "a text to be checked", slots, about="check", pasted=body)
    asked = Finds(folded, situation)
    product = asked.product or about.product
    slots = {key: value for key, value in asked.slots.items() if key not in ("must_say", "other_products")}
    if product is not None:
        slots |= {"product_id": product.id, "product_name": product.name}
    scenario = asked.scenario or about.scenario or "selling_points"
    return Reading("restyle", 0.9, "a text that came with the message", slots, scenario=scenario, pasted=body)


def ruled(text: str, situation: Situation) -> tuple[Finds, Reading]:
    """Return what the rules make of folded `text`; when that is nothing, what they make of how it sounds."""
    finds = Finds(text, situation)
    reading = by_rules(finds)
    if reading.kind == "unclear" and not reading.missing and (spoken := heard(text)) is not None:
        finds = Finds(spoken, situation)
        reading = by_rules(finds)
    return finds, reading


def by_rules(finds: Finds) -> Reading:
    """Try the rules one after the other."""
    if finds.situation.waiting and _SIGNS.fullmatch(finds.text):
        return finds.answer("chat", 0.9, "an answer to what waits", about="decision")
    if not _NOTHING.sub("", finds.text):
        return finds.answer("unclear", 0.9, "no words", missing="")
    for rule in _RULES:
        reading = rule(finds)
        if reading is not None:
            return reading
    return finds.answer("unclear", 0.5, "nothing recognised", missing="")
