"""Reads an operator's message: rules over the tables of `vocabulary.toml`, against the situation of the thread."""

import re
from dataclasses import dataclass, replace
from typing import Any, Final

from backend.graph.intent.folding import as_written, clauses, fold
from backend.graph.intent.naming import Known, Match, mentioned
from backend.graph.intent.pasted import asks_for_check, bare_words, pasted_in
from backend.graph.intent.products import occasions, product_heading, product_in_words
from backend.graph.intent.segments import in_order, is_ordered, segments_in, wishes
from backend.graph.intent.situation import Reading, Situation
from backend.graph.intent.slots import NEGATED, read_slots
from backend.graph.intent.vocabulary import names, phrases

SCENARIO_NAMES: Final = names("scenario_names")
OPERATION_NAMES: Final = names("operation_names")

_TRANSFORMED: Final = re.compile(
    r"(?:把|将)?(?:刚才|刚刚|上面|上一|上个|上条|上段|这个|这段|这条|这版|这篇|那个|那段|那条|它|前面|之前|最后(?:一|那))"
)
_NTH: Final = re.compile(
    r"第([一二三四五六七八九十\d]+)(?:个|段|条|版|篇|款|份)(产品|商品|品|款)?|([一二三四五六七八九十\d]+)号(?:那|的)?(?:个|段|条|版|篇|款|品|产品)?"
)
_FIRST: Final = re.compile(r"最(?:开始|早|初|先)(?:的)?(?:那)?")
_PIECE: Final = r"(?:的)?(?:那|这)?(?:一)?(?:段|条|篇|版|个|份|稿|话术|文案|脚本)"
_SHARED: Final = re.compile(r"各|都|分别|统一|每[段条篇份]|(?:产品|商品)(?:是|为|:)")
_SOMEBODY: Final = re.compile(
    r"(?:给|在|去|到|用|为|帮|^|,)([\u4e00-\u9fff]{2,4}?)的?直播间|(?:主播|搭档)([\u4e00-\u9fff]{2,3}?)(?=写|来|要|用|的|播|,|$)|"
    r"(?:给|帮|替|为)([\u4e00-\u9fff]{2,3}?)(?:写|来|做|出|整|弄|准备)"
)
_BACK_TO: Final = re.compile(
    r"(?:用|要|回到|恢复(?:到|成)?|还是|[换改退撤]回(?:到|成)?)(?:回)?(?:上一?|前一?|之前|原来|最初|最早|最开始|第[一二三四五六七八九十\d]+)(?:的)?(?:那)?一?(?:个|份)?(?:版本?|稿子?)"
    r"(?=吧|了|就?好|就?行|$|[,.!])"
)
_GREETED: Final = re.compile(r"欢迎|关注|互动")
#: How people are called: 老王, 阿芳, 张姐, 李老师.
_CALLED: Final = re.compile(r"[老小阿大][\u4e00-\u9fff]|[\u4e00-\u9fff]{1,2}(?:哥|姐|总|老师|叔|姨|妹|爷|嫂)")
#: Whose room needs no name, and what a room may be called after.
_NOBODY: Final = re.compile(
    r"我|你|咱|他|她|它|这|那|本|哪|自己|公司|品牌|官方|今|明|晚|早|新|每|某|大家|主播|直播|产品|商品|进|来|的|美妆|食品|服|母婴|零食|家居|数码|珠宝|户外|段|开场|欢迎|关注|活动|大促|专场"
)
_WH_AT_END: Final = re.compile(r"(?:吗|么|呢|\?|没)[?!.]*$")
_NOTHING: Final = re.compile(r"[^\w\u3400-\u9fff]+")
_POINTS_AT_OPTION: Final = re.compile(
    r"^(?:就|选|要|我选|我要)?(?:第)?([一二三四五六七八九\d]|[a-h])(?:个|项|号|种)?(?:吧|的)?[.!]?$"
)
_CHINESE_DIGIT: Final = {sign: place for place, sign in enumerate("零一二三四五六七八九十")}
_SAVES_TEXT: Final = re.compile(r"稿|文案|话术|脚本|台词|口播|那[句段]|这[句段]|里(?:面)?的|说法|写(?:错|成|得)|词")


def read(message: str, situation: Situation) -> Reading:
    """Understand one message. Never raises for any text; `unclear` when no reading is good enough."""
    reading = _read(message, situation)
    slots = dict(reading.slots)
    if "product_name" in slots and "product_id" not in slots:
        slots["product_name"] = as_written(slots["product_name"], message)
    for name in ("must_say", "must_not_say"):
        if name in slots:
            slots[name] = [as_written(one, message) for one in slots[name]]
    return replace(reading, slots=slots, later=tuple(as_written(one, message) for one in reading.later))


def _read(message: str, situation: Situation) -> Reading:
    text = fold(message)
    if reason := injected(text):
        return Reading("chat", 0.95, reason, {}, about="injection")
    material = pasted_in(message)
    if material is not None:
        return _of_pasted(*material, situation)
    answer = _chosen(text, situation)
    if answer is not None:
        return read(answer, replace(situation, asked=False))
    reading = _Reader(text, situation).read()
    several = _in_turn(reading, text, situation)
    if several is not None:
        return several
    if situation.asked and situation.asked_about and reading.kind == "unclear" and len(text) <= 30:
        # Half an answer to our question: read it as the end of what was asked before.
        whole = read(f"{situation.asked_about},{message}", replace(situation, asked=False))
        if whole.kind not in ("unclear", "chat"):
            return replace(whole, reason=f"answer to our question; {whole.reason}")
    return reading


def _of_pasted(request: str, body: str, situation: Situation) -> Reading:
    """Read a request about a text that came with it: to be checked, else changed. Its product is the one it names."""
    folded = fold(request)
    about = _Reader(fold(body)[:2000], replace(situation, drafts=()))
    if asks_for_check(folded):
        slots = {} if about.product is None else {"product_id": about.product.id, "product_name": about.product.name}
        return Reading("chat", 0.92, "a text to be checked", slots, about="check", pasted=body)
    asked = _Reader(folded, situation)
    product = asked.product or about.product
    slots = {key: value for key, value in asked.slots.items() if key not in ("must_say", "other_products")}
    if product is not None:
        slots |= {"product_id": product.id, "product_name": product.name}
    scenario = asked.scenario or about.scenario or "selling_points"
    return Reading("restyle", 0.9, "a text that came with the message", slots, scenario=scenario, pasted=body)


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


@dataclass(slots=True)
class _Wish:
    """One of several texts asked for in the same message."""

    scenario: str
    slots: dict[str, Any]
    products: list[tuple[str | None, str]]

    def sentence(self, product: str) -> str:
        """Say it as a request of its own."""
        said = [
            f"写一段{product}的{SCENARIO_NAMES[self.scenario]}" if product else f"写一段{SCENARIO_NAMES[self.scenario]}"
        ]
        if self.slots.get("seconds"):
            said.append(f"{self.slots['seconds']}秒")
        said += [f"{style}一点" for style in self.slots.get("style", [])]
        said += [f"必须提到{one}" for one in self.slots.get("must_say", [])]
        said += [f"别提{one}" for one in self.slots.get("must_not_say", [])]
        return "，".join(said)


def _in_turn(whole: Reading, text: str, situation: Situation) -> Reading | None:
    """Read a message that asks for several texts: each part with its own product, length and style.

    A part without a product is about the one before it. What is said for all (各、都、分别) holds for every part.
    """
    if whole.kind not in ("write", "continue", "switch_product"):
        return None
    wished = _wished(text, situation)
    named = list(dict.fromkeys(product for wish in wished for product in wish.products))
    ordered = is_ordered(text) or bool(in_order(text, segments_in(text)))
    if len(wished) < 2 or not (ordered or (len(named) > 1 and all(w.scenario != "transition" for w in wished))):
        return None
    if whole.kind != "write" and not re.search(r"先", text):
        return None
    shared = _SHARED.search(text) is not None
    current = (situation.product_id, situation.product_name) if situation.product_name and not shared else None
    at_hand = current or next(iter(named), None)
    sentences = []
    for wish in wished:
        if not wish.products and at_hand and wish.scenario != "closing":
            wish.products = [at_hand]
        if shared:
            wish.slots = {**{k: v for k, v in whole.slots.items() if k in ("seconds", "style")}, **wish.slots}
        sentences += [wish.sentence(name) for _, name in wish.products] or [wish.sentence("")]
        at_hand = wish.products[-1] if wish.products else at_hand
    first = wished[0]
    slots = {k: v for k, v in whole.slots.items() if k in ("host_id", "host_name", "room_id", "room_name", "audience")}
    slots |= first.slots
    if first.products and first.products[0] != current:
        id_, slots["product_name"] = first.products[0]
        if id_ is not None:
            slots["product_id"] = id_
    if not first.products and first.scenario != "closing":
        return None
    return Reading(
        "write", 0.9, "several texts, one after the other", slots, scenario=first.scenario, later=tuple(sentences[1:])
    )


def _wished(text: str, situation: Situation) -> list[_Wish]:
    """Return the texts that are asked for; empty when a part of the message cannot be read by itself."""
    wished: list[_Wish] = []
    for part in wishes(text):
        wish = _Reader(part, replace(situation, drafts=(), product_id=None, product_name=None)).wish()
        if wish is None:
            return []
        if wished and wish.scenario == wished[-1].scenario and wish.products in ([], wished[-1].products):
            wished[-1].slots = {**wish.slots, **wished[-1].slots}
        else:
            wished.append(wish)
    return wished


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
        self.mentions = segments_in(self.positive)
        if named := occasions(self.positive):
            self.slots["must_say"] = list(dict.fromkeys([*self.slots.get("must_say", []), *named]))
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
            self._check,
            self._operation,
            self._verdict,
            self._smalltalk,
            self._question,
            self._batch,
            self._restore,
            self._language,
            self._stranger,
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

    def wish(self) -> _Wish | None:
        """Read this text as one wish among several; None when it names no segment."""
        scenario = self.scenario
        if scenario is None or self.unsure:
            return None
        names_ = {known.id: known.name for known in self.situation.products}
        products: list[tuple[str | None, str]] = []
        if self.product is not None:
            others = [] if scenario == "transition" else self.slots.get("other_products", [])
            products = [(id_, names_[id_]) for id_ in [self.product.id, *others]]
        elif words := self._foreign_product():
            products = [(None, words)]
        return _Wish(scenario, {k: v for k, v in self.slots.items() if k != "other_products"}, products)

    def _check(self) -> Reading | None:
        """Words may be asked about, or the last text of the thread: 这段有没有违规."""
        if words := bare_words(self.text):
            return self._answer("chat", 0.88, "words to be checked", about="check", pasted=words)
        if not asks_for_check(self.text) or not _TRANSFORMED.search(self.text) or self.cue["write"]:
            return None
        written = self.situation.drafts[self.draft].content if self.draft is not None else None
        return self._answer(
            "chat", 0.85, "the last text to be checked", about="check", pasted=written, draft=self.draft
        )

    def _restore(self) -> Reading | None:
        """An earlier text is wanted back, as it was: 用上一版."""
        drafts = self.situation.drafts
        if not drafts or _BACK_TO.search(self.positive) is None:
            return None
        pointed = _NTH.search(self.text) or _FIRST.search(self.text)
        place = self.draft if pointed and self.draft is not None else max(len(drafts) - 2, 0)
        return self._answer(
            "restyle", 0.9, "an earlier text again", scenario=drafts[place].scenario, draft=place, then="restore"
        )

    def _language(self) -> Reading | None:
        tables = phrases("languages")
        if tables["other"].search(self.positive) is None or tables["ours"].search(self.text):
            return None
        return self._answer("unclear", 0.9, "another language", missing="language", scenario=self.scenario)

    def _stranger(self) -> Reading | None:
        """Somebody is to speak, or a room to be spoken in, that the tenant does not have."""
        if self.slots.keys() & {"host_id", "room_id"} or "不指定主播" in self.text or not self.situation.hosts:
            return None
        match = _SOMEBODY.search(self.positive)
        if match is None or not self._asks_for_text():
            return None
        name = next(group for group in match.groups() if group)
        if _NOBODY.search(name) or any(name in self.positive[m.start : m.end] for m in self.products):
            return None
        if match[3] and (self.product is None or not _CALLED.fullmatch(name)):
            return None  # 给小米写: a brand as likely as a person, unless another thing is sold
        self.slots["stranger"] = name
        return self._answer("unclear", 0.85, "nobody of that name", missing="host", scenario=self.scenario)

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

    def _question(self) -> Reading | None:  # noqa: PLR0911 -- a return for each request that looks like a question
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
        if self.scenario == "transition" and self.product is not None:
            return None  # "怎么过款到保温杯": the words for it are wanted
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
            if self.mentions or self.product is not None or self.cue["write"] or self._foreign_product():
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
        words = self._foreign_product()
        self._name(words)
        if self.unsure:
            return self._answer("unclear", 0.8, "several products fit", missing="product", scenario=scenario)
        known = self.product or words or self.situation.product_id or self.situation.product_name
        known = known or self._of_the_show(scenario)
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
        words = self._foreign_product()
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
        ordered = in_order(self.positive, self.mentions)
        return ordered[0] if ordered else self.scenario

    def _later(self, scenario: str) -> tuple[str, ...]:
        """The same segment of the other products that are named: 保温杯和辣条的促销."""
        if scenario == "transition":
            return ()
        by_id = {known.id: known.name for known in self.situation.products}
        return tuple(f"写一段{by_id[id_]}的{SCENARIO_NAMES[scenario]}" for id_ in self.slots.get("other_products", []))

    def _foreign_product(self) -> str | None:
        """Return the product outside the catalogue that the words name."""
        if self.product or self.unsure:
            return None
        words = product_in_words(self.positive)
        if words is None and (self.mentions or self.cue["text_noun"]):
            words = product_heading(self.positive, first_only=self.situation.product_name is not None)
        return words

    def _of_the_show(self, scenario: str) -> str | None:
        """Return what an opening is about that opens a show, not a product: its occasion, guests, room or host."""
        if scenario != "opening":
            return None
        if greeted := _GREETED.search(self.positive):
            return greeted[0]
        return next(iter(occasions(self.positive)), None) or self.slots.get("room_name") or self.slots.get("host_name")

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
