"""Reads an operator's message: rules over the tables of `vocabulary.toml`, against the situation of the thread."""

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Final

from backend.graph.intent.folding import clauses, fold
from backend.graph.intent.naming import Known, Match, mentioned
from backend.graph.intent.products import product_in_words
from backend.graph.intent.situation import Reading, Situation
from backend.graph.intent.slots import NEGATED, read_slots
from backend.graph.intent.vocabulary import names, phrases

SCENARIO_NAMES: Final = names("scenario_names")
OPERATION_NAMES: Final = names("operation_names")

_WEAK_SCENARIO: Final = re.compile(
    r"讲解|介绍|讲讲|说说|聊聊|优势|亮点|特点|推荐|开头|结尾|优惠|福利|折扣|打折|活动|好在哪|心得|衔接|转化|限时"
)
_MENTION_LEAD: Final = re.compile(
    r"(?:突出|强调|提到?|带上|包含|结合|加上|加入|重点(?:说|讲|放)?|把|里面?有|围绕|根据)[^,.]{0,4}$"
)
_TEXT_TAIL: Final = re.compile(
    r"^(?:的)?(?:直播)?(?:话术|文案|脚本|台词|口播|稿|词|部分|环节|段|一?下|$|,|\.|!|\?|吧|呗)"
)
_JOINT: Final = re.compile(
    r"^\s*(?:话术|文案|稿|词|部分)?\s*(?:和|跟|与|加|及|以及|还有|,|\+|/|、|再|然后|接着|最后|之后|完了?|同时|顺便)"
)
_ORDERED: Final = re.compile(
    r"先.*(?:再|然后|接着|最后|之后)|然后|接着再|最后再|之后再|顺便|再(?:写|来|出|做|给)|各(?:写|来|出|一)|分别"
)
_TRANSFORMED: Final = re.compile(
    r"(?:把|将)?(?:刚才|刚刚|上面|上一|上个|上条|上段|这个|这段|这条|这版|这篇|那个|那段|那条|它|前面|之前|最后(?:一|那))"
)
_NTH: Final = re.compile(
    r"第([一二三四五六七八九十\d]+)(?:个|段|条|版|篇|款|份)(产品|商品|品|款)?|([一二三四五六七八九十\d]+)号(?:那|的)?(?:个|段|条|版|篇|款|品|产品)?"
)
_FIRST: Final = re.compile(r"最(?:开始|早|初|先)(?:的)?(?:那)?")
_PIECE: Final = r"(?:的)?(?:那|这)?(?:一)?(?:段|条|篇|版|个|份|稿|话术|文案|脚本)"
_WH_AT_END: Final = re.compile(r"(?:吗|么|呢|\?|没)[?!.]*$")
_NOTHING: Final = re.compile(r"[^\w\u3400-\u9fff]+")
_POINTS_AT_OPTION: Final = re.compile(
    r"^(?:就|选|要|我选|我要)?(?:第)?([一二三四五六七八九\d]|[a-h])(?:个|项|号|种)?(?:吧|的)?[.!]?$"
)
_CHINESE_DIGIT: Final = {sign: place for place, sign in enumerate("零一二三四五六七八九十")}
_SAVES_TEXT: Final = re.compile(r"稿|文案|话术|脚本|台词|口播|那[句段]|这[句段]|里(?:面)?的|说法|写(?:错|成|得)|词")


def read(message: str, situation: Situation) -> Reading:
    """Understand one message. Never raises for any text; `unclear` when no reading is good enough."""
    text = fold(message)
    if reason := injected(text):
        return Reading("chat", 0.95, reason, {}, about="injection")
    answer = _chosen(text, situation)
    if answer is not None:
        return read(answer, replace(situation, asked=False))
    reading = _Reader(text, situation).read()
    if situation.asked and situation.asked_about and reading.kind == "unclear" and len(text) <= 30:
        # Half an answer to our question: read it as the end of what was asked before.
        whole = read(f"{situation.asked_about},{message}", replace(situation, asked=False))
        if whole.kind not in ("unclear", "chat"):
            return replace(whole, reason=f"answer to our question; {whole.reason}")
    return reading


def injected(text: str) -> str | None:
    """Return why folded `text` is an attempt to turn us against our orders; None for talk about such attempts."""
    tables = phrases("injection")
    match = tables["patterns"].search(text)
    if match is None:
        return None
    said = tables["reported"].search(text)
    # Reported speech comes before what is reported; "什么是提示词注入" may come anywhere.
    if said is not None and (said.start() <= match.start() or _WH_AT_END.search(text)):
        return None
    return f"tripwire: {match[0][:40]}"


def _chosen(text: str, situation: Situation) -> str | None:
    if not situation.asked or not situation.options:
        return None
    for label, value in situation.options:
        if text in (fold(label), fold(value)):
            return value
    match = _POINTS_AT_OPTION.match(text)
    if match:
        sign = match[1]
        place = _CHINESE_DIGIT.get(sign) or (int(sign) if sign.isdigit() else ord(sign) - ord("a") + 1)
        if 1 <= place <= len(situation.options):
            return situation.options[place - 1][1]
    return None


@dataclass(frozen=True, slots=True)
class _Mention:
    scenario: str
    start: int
    end: int
    weight: float


class _Reader:
    """One message under the lamp: what was found in it, then the rules in order."""

    def __init__(self, text: str, situation: Situation) -> None:
        self.text = text
        self.situation = situation
        self.slots, rest = read_slots(text, situation.pace)
        self.negated = [match[0] for match in NEGATED.finditer(text)]
        rest = self._take_host(rest)
        #: What is wanted: without the negated parts, the length, the host.
        self.positive = NEGATED.sub(",", rest)
        cues = phrases("cues")
        self.polite = bool(cues["polite"].search(text))
        self.how_to = bool(cues["how_to"].search(self.positive))
        stripped = cues["how_to"].sub("", self.positive) if self.how_to else self.positive
        self.cue = {name: bool(pattern.search(stripped)) for name, pattern in cues.items()}
        self.mentions = self._scenarios()
        self.products = self._products()
        self.unsure: tuple[str, ...] = ()
        self.product = self._product()
        self.draft = self._draft()

    # What is found -----------------------------------------------------------------------------------------------

    def _take_host(self, text: str) -> str:
        for kind, known in (("room", self.situation.rooms), ("host", self.situation.hosts)):
            for id_, name in sorted(known.items(), key=lambda pair: -len(pair[1])):
                folded = fold(name)
                if len(folded) >= 2 and folded in text:
                    self.slots[f"{kind}_id"] = id_
                    self.slots[f"{kind}_name"] = name
                    text = text.replace(folded, "主播" if kind == "host" else "直播间")
                    break
        return text

    def _scenarios(self) -> list[_Mention]:
        found: list[_Mention] = []
        for scenario, pattern in phrases("scenarios").items():
            for match in pattern.finditer(self.positive):
                weight = 1.0 - 0.6 * bool(_WEAK_SCENARIO.fullmatch(match[0]))
                weight += 0.8 * bool(_TEXT_TAIL.match(self.positive[match.end() :]))
                weight -= 1.0 * bool(_MENTION_LEAD.search(self.positive[: match.start()]))
                found.append(_Mention(scenario, match.start(), match.end(), weight))
        return sorted(found, key=lambda mention: mention.start)

    def _products(self) -> list[Match]:
        matches = mentioned(self.positive, self.situation.products)
        # A name that is part of what is asked for ("开场") is not a product.
        spans = [(m.start, m.end) for m in self.mentions]
        return [m for m in matches if not any(s <= m.start and m.end <= e for s, e in spans) or m.sure == 1.0]

    def _product(self) -> Known | None:
        if not self.products:
            return None
        groups: dict[tuple[int, int], list[Known]] = {}
        for match in self.products:
            groups.setdefault((match.start, match.end), []).append(match.product)
        spans = sorted(groups)
        switch = list(phrases("cues")["switch"].finditer(self.positive))
        if switch and len(spans) > 1:
            after = [span for span in spans if span[0] >= switch[-1].start()]
            spans = after or spans
        scenario = self.scenario
        span = spans[-1] if scenario == "transition" and len(spans) > 1 else spans[0]
        rivals = groups[span]
        if len(rivals) > 1:
            current = next((known for known in rivals if known.id == self.situation.product_id), None)
            if current is None:
                self.unsure = tuple(known.id for known in rivals)
                return None
            return current
        if len(spans) > 1:
            self.slots["other_products"] = [groups[s][0].id for s in spans if s != span and len(groups[s]) == 1]
        return rivals[0]

    @property
    def scenario(self) -> str | None:
        if not self.mentions:
            return None
        return max(self.mentions, key=lambda mention: (round(mention.weight, 2), -mention.start)).scenario

    def _draft(self) -> int | None:  # noqa: PLR0911 -- one return for each way to point at a text
        drafts = self.situation.drafts
        if not drafts:
            return None
        match = _NTH.search(self.text)
        if match:
            word = match[1] or match[3]
            place = int(word) if word.isdigit() else _CHINESE_DIGIT.get(word, 0)
            order = list(dict.fromkeys(draft.product_name for draft in drafts))
            if match[2] and 1 <= place <= len(order):
                return _last(drafts, lambda draft: draft.product_name == order[place - 1])
            if 1 <= place <= len(drafts):
                return place - 1
        if _FIRST.search(self.text):
            return 0
        if self.product is not None:
            known = self.product
            by_product = _last(drafts, lambda d: d.product_id == known.id or d.product_name == known.name)
            if by_product is not None:
                return by_product
        if self.scenario is not None and (
            _TRANSFORMED.search(self.text) or re.search(_PIECE, self.positive) or not self.cue["write"]
        ):
            by_scenario = _last(drafts, lambda draft: draft.scenario == self.scenario)
            if by_scenario is not None:
                return by_scenario
        return len(drafts) - 1

    # The rules ----------------------------------------------------------------------------------------------------

    def read(self) -> Reading:
        """Try the rules from the most telling to the least."""
        if not _NOTHING.sub("", self.text):
            return self._answer("unclear", 0.9, "no words", missing="")
        for rule in (
            self._operation,
            self._verdict,
            self._smalltalk,
            self._question,
            self._batch,
            self._switch,
            self._again,
            self._go_on,
            self._change,
            self._write,
            self._unfinished,
        ):
            reading = rule()
            if reading is not None:
                return reading
        return self._answer("unclear", 0.5, "nothing recognised", missing="")

    def _operation(self) -> Reading | None:
        operation = next((name for name, p in phrases("operations").items() if p.search(self.positive)), None)
        if operation is None or self.cue["text_noun"] or self.how_to:
            return None
        if (self.cue["write"] and self.mentions) or _SAVES_TEXT.search(self.positive):
            return None
        return self._answer("action", 0.9, f"operation: {operation}", about=operation)

    def _verdict(self) -> Reading | None:
        if self.cue["decision"] and not self.mentions:
            return self._answer("chat", 0.85, "a decision, but none waits", about="decision")
        return None

    def _asks_for_text(self) -> bool:
        return self.cue["write"] or bool(self.mentions) or self.product is not None

    def _changes_text(self) -> bool:
        names_ = ("continue", "regenerate", "restyle", "shorter", "longer", "switch")
        return any(self.cue[name] for name in names_) or bool(
            self.slots.keys() & {"style", "avoid_style", "length_change", "seconds", "must_not_say"}
        )

    def _smalltalk(self) -> Reading | None:
        if self.cue["chitchat"] and not self._asks_for_text() and not self._changes_text():
            return self._answer("chat", 0.9, "small talk", about="smalltalk")
        return None

    def _question(self) -> Reading | None:
        asks = self.cue["question"] or self.how_to
        if not asks:
            return None
        # "能不能短一点吗", "可以帮我写…吗": a request in the clothes of a question.
        only_tail = not self.how_to and not re.search(
            r"怎|如何|为什么|为啥|咋|什么|哪|多少|谁|区别|几(?:个|点)|\b(?:what|how|why)\b", self.positive
        )
        if only_tail and (self._changes_text() or self.cue["write"] or self.cue["regenerate"]):
            return None
        if self.cue["write"] and (self.mentions or self.cue["text_noun"]) and not self.how_to:
            return None
        if self.cue["write"] and self.how_to and re.search(r"(?:写|来|出|生成|拟|做)[一个段条份篇]", self.positive):
            return None
        if only_tail and self.mentions and not self.how_to and self.product is not None:
            return None
        return self._answer("chat", 0.85, "a question", about="question")

    def _batch(self) -> Reading | None:
        everything = self.cue["batch"] and re.search(
            r"[每各]个?(?:产品|商品|品|款)|所有|全部|整场|全场|批量", self.positive
        )
        if everything and not self.slots.get("other_products") and self.product is None:
            return self._answer("unclear", 0.8, "many products at once", missing="several", scenario=self.scenario)
        return None

    def _switch(self) -> Reading | None:  # noqa: PLR0911 -- one return for each case of the rule
        current = self.situation.product_id
        drafts = self.situation.drafts
        about = drafts[-1].product_name if drafts else self.situation.product_name
        named = self.product
        words = None if named or self.unsure else product_in_words(self.positive)
        if not self.cue["switch"] and not (self.cue["continue"] and (named or words)):
            return None
        if self.scenario == "transition" and self.cue["write"]:
            return None  # the way from one product to the next is itself what is to be written
        if self.unsure:
            return self._answer("unclear", 0.8, "several products fit", missing="product")
        if named is None and words is None:
            if re.search(
                r"换(?:一?个|一?款|下一?个)?(?:产品|商品|品|款)|下一(?:个|款|件)(?:产品|商品|品|$)", self.positive
            ):
                return self._answer("unclear", 0.85, "another product, but which?", missing="product", then="switch")
            return None
        same = (named is not None and named.id == current) or (words is not None and words == about)
        if same and current is not None:
            return None
        if current is None and not drafts and self.situation.product_name is None:
            return None  # nothing to switch from: an ordinary request
        self._name(words)
        scenario = self._chosen_scenario() or (drafts[-1].scenario if drafts else None)
        then = "continue" if self.cue["continue"] and not self.mentions else "write"
        if scenario is None:
            return self._answer("unclear", 0.8, "the product is clear, the segment is not", missing="scenario")
        sure = 0.95 if self.mentions or self.cue["continue"] else 0.75
        return self._answer("switch_product", sure, "another product", scenario=scenario, then=then)

    def _new_product(self) -> bool:
        """Whether the message names a product that no text of the thread is about."""
        known = self.product
        if known is None:
            return False
        return all(draft.product_id != known.id and draft.product_name != known.name for draft in self.situation.drafts)

    def _again(self) -> Reading | None:
        if not self.cue["regenerate"]:
            return None
        if self.draft is None or self._new_product():
            if self.mentions:
                return None
            return self._answer("unclear", 0.8, "again, but nothing was written yet", missing="draft")
        draft = self.situation.drafts[self.draft]
        chosen = self._chosen_scenario()
        if self.mentions and chosen != draft.scenario and self.cue["write"]:
            return None
        return self._answer(
            "regenerate", 0.92, "the same again, another way", scenario=draft.scenario, draft=self.draft
        )

    def _go_on(self) -> Reading | None:
        if not self.cue["continue"]:
            return None
        if self.draft is None:
            if self.mentions:
                return None
            return self._answer("unclear", 0.85, "go on with what?", missing="draft")
        draft = self.situation.drafts[self.draft]
        scenario = self._chosen_scenario() or draft.scenario
        return self._answer("continue", 0.9, "go on from the last text", scenario=scenario, draft=self.draft)

    def _change(self) -> Reading | None:
        wants = self.cue["restyle"] or self.cue["shorter"] or self.cue["longer"]
        wants = wants or bool(self.slots.keys() & {"avoid_style", "length_change", "must_not_say"})
        detail = bool(self.slots.keys() & {"style", "seconds", "must_say", "host_id", "audience"})
        if not wants and not detail:
            return None
        if self.draft is None or self._new_product():
            if self.mentions or self.product is not None or self.cue["write"]:
                return None
            return self._answer("unclear", 0.85, "change what?", missing="draft")
        if self.mentions and (self._fresh_text() or not wants):
            chosen = self._chosen_scenario()
            known = any(draft.scenario == chosen for draft in self.situation.drafts)
            if self._fresh_text() or not known:
                return None
        if self.cue["write"] and self.product is not None and not wants:
            return None
        sure = 0.92 if wants else 0.8
        draft = self.situation.drafts[self.draft]
        return self._answer("restyle", sure, "the same text, changed", scenario=draft.scenario, draft=self.draft)

    def _fresh_text(self) -> bool:
        """Whether a text is asked for ("写一段活泼的促销") rather than a change of one that is there."""
        if _TRANSFORMED.search(self.text) or re.search(r"^(?:把|将)", self.positive):
            return False
        return (
            self.cue["write"]
            and any(m.weight > 0.3 for m in self.mentions)
            and not re.search(r"写(?:得|的)?(?:再|更|太|短|长)", self.positive)
        )

    def _write(self) -> Reading | None:
        scenario = self._chosen_scenario()
        if scenario is None:
            return None
        words = None if self.product or self.unsure else product_in_words(self.positive)
        self._name(words)
        if self.unsure:
            return self._answer("unclear", 0.8, "several products fit", missing="product", scenario=scenario)
        known = self.product or words or self.situation.product_id or self.situation.product_name
        if known is None and scenario != "closing" and "不限产品" not in self.text:
            return self._answer("unclear", 0.85, "which product?", missing="product", scenario=scenario)
        sure = 0.6 + 0.2 * (self.cue["write"] or self.cue["text_noun"]) + 0.15 * (self.product is not None)
        if not self.cue["write"] and not self.cue["text_noun"] and not known:
            return None
        return self._answer(
            "write",
            round(min(sure + 0.03 * len(self.slots), 0.97), 2),
            "a new text",
            scenario=scenario,
            later=self._later(scenario),
        )

    def _unfinished(self) -> Reading | None:
        words = None if self.product or self.unsure else product_in_words(self.positive)
        self._name(words)
        if self.unsure:
            return self._answer("unclear", 0.8, "several products fit", missing="product")
        if self.product or words or self.cue["write"] or self.cue["text_noun"]:
            return self._answer("unclear", 0.8, "which segment of the show?", missing="scenario")
        if self.cue["polite"] or self.cue["question"]:
            return self._answer("chat", 0.6, "a question, it seems", about="question")
        return None

    # Putting it together --------------------------------------------------------------------------------------------

    def _chosen_scenario(self) -> str | None:
        ordered = self._in_order()
        return ordered[0] if ordered else self.scenario

    def _in_order(self) -> list[str]:
        """Return the segments asked for one after the other, when there are several; else nothing."""
        strong = [m for m in self.mentions if m.weight > 0.35]
        segments = list(dict.fromkeys(m.scenario for m in strong))
        if len(segments) < 2:
            return []
        joined = any(
            a.scenario != b.scenario and _JOINT.match(self.positive[a.end : b.start] or "-") and b.start - a.end <= 14
            for a, b in pairwise(strong)
        )
        return segments if joined or _ORDERED.search(self.positive) else []

    def _later(self, scenario: str) -> tuple[str, ...]:
        by_id = {known.id: known.name for known in self.situation.products}
        name = (
            self.product.name if self.product else self.slots.get("product_name") or self.situation.product_name or ""
        )
        segments = [segment for segment in self._in_order() if segment != scenario]
        later = [f"写一段{name}{'的' if name else ''}{SCENARIO_NAMES[segment]}" for segment in segments]
        if scenario != "transition":
            others = [by_id[id_] for id_ in self.slots.get("other_products", [])]
            later += [f"写一段{other}的{SCENARIO_NAMES[scenario]}" for other in others]
        return tuple(later)

    def _name(self, words: str | None) -> None:
        if words:
            self.slots["product_name"] = words

    def _answer(self, kind: Any, confidence: float, reason: str, **rest: Any) -> Reading:
        slots = dict(self.slots)
        if self.product is not None:
            slots["product_id"] = self.product.id
            slots["product_name"] = self.product.name
        if len(clauses(self.text)) > 6:
            confidence = round(confidence - 0.05, 2)
        return Reading(kind, confidence, reason, slots, candidates=self.unsure, **rest)


def _last(drafts: Any, fits: Any) -> int | None:
    places = [place for place, draft in enumerate(drafts) if fits(draft)]
    return places[-1] if places else None
