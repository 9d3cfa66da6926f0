"""One message under the lamp: what is found in its words, before anybody says what they mean."""

import re
from typing import Any, Final

from backend.graph.intent.folding import clauses, fold
from backend.graph.intent.naming import Known, Match, mentioned
from backend.graph.intent.products import goods_in_english, occasions, product_heading, product_in_words
from backend.graph.intent.references import draft_meant
from backend.graph.intent.segments import in_order, segments_in, without_told
from backend.graph.intent.situation import Reading, Situation
from backend.graph.intent.slots import NEGATED, read_slots
from backend.graph.intent.vocabulary import phrases

#: How sure a brand or a category by itself is (naming.py).
_BRAND: Final = 0.75
#: How sure an English word for the goods is.
_IN_ENGLISH: Final = 0.8
#: The greatest weight of a segment's name that says it by the way.
_FAINT: Final = 0.45
_GREETED: Final = re.compile(
    r"欢迎|关注|互动|在线|人气|没(?:什么|啥|几个)?人|人(?:太|很|好)?少|人不多|[拉留聚捞喊]一?[下波点捞]?人|留住|划走|[热暖]一?[下个]?场|气氛|"
    r"打个?招呼|自我介绍|首[播秀]|亮相|(?:今天|今晚).{0,6}(?:主题|都有|有啥|有哪些|有什么)"
)


#: What stays as it is is not what is asked for: 开场那段保留,卖点重写.
_KEPT: Final = re.compile(
    r"(?:^|(?<=[,.;]))[^,.;]{1,12}(?:保留|不(?:要|用)?动|别动|留着|不变|不改|没问题|挺好的?|可以了)(?=[,.;]|$)"
)
#: A text of the thread is pointed at: no new one is asked for.
_POINTED: Final = re.compile(r"[这那](?:一)?[段条版篇句稿]|刚才|上面|前面那|上一[段条版]|再.{1,4}一?[点些]")

#: 手竿先放放, 先放一放手竿: what is left aside is not what is asked for.
_ASIDE: Final = (
    r"(?:放(?:一?放|一边|一下|旁边|着|下)|搁(?:一?搁|一边|下|着)|撂(?:一边|下)|停(?:一?停|一下)|缓(?:一?缓|一下)|跳过|略过|"
    r"(?:不|别|不用)(?:讲|说|聊|管|写|卖|播|推|上))"
)
_ASIDE_BEHIND: Final = re.compile(
    rf"(?:的|那[个款段]|这[个款段])?(?:就|先|暂时|可以|都|也)*{_ASIDE}(?:了|吧)?(?=$|[,.;!? ])"
)
_ASIDE_BEFORE: Final = re.compile(rf"(?:^|[,.;!?])(?:先|暂时|把|就|咱们?|我们)*{_ASIDE}(?:了)?(?:这个|那个)?$")


class Finds:
    """What the words of a message hold, read against its situation.

    `text` is folded; `positive` is what is wanted of it: without the negated parts, the length, the host.
    """

    def __init__(self, text: str, situation: Situation) -> None:
        self.text = text
        self.situation = situation
        self.slots, rest = read_slots(text, situation.pace)
        self.negated = [match[0] for match in NEGATED.finditer(text)]
        rest = _KEPT.sub(lambda match: match[0] if match.end() == len(rest) and match.start() == 0 else ",", rest)
        rest = self._take_host(rest)
        #: What is wanted: without the negated parts, the length, the host.
        self.positive = NEGATED.sub(",", rest)
        cues = phrases("cues")
        self.polite = bool(cues["polite"].search(text))
        self.how_to = bool(cues["how_to"].search(self.positive))
        stripped = cues["how_to"].sub("", self.positive) if self.how_to else self.positive
        self.cue = {name: bool(pattern.search(stripped)) for name, pattern in cues.items()}
        self.mentions = without_told(
            self.positive, segments_in(self.positive), lambda words: bool(mentioned(words, situation.products))
        )
        if named := occasions(self.positive):
            self.slots["must_say"] = list(dict.fromkeys([*self.slots.get("must_say", []), *named]))
        self.products = self._products()
        self._keep_sayings()
        #: Whether a product is named only to be left aside.
        self.put_aside = self._put_aside()
        self.unsure: tuple[str, ...] = ()
        self.product = self._product()
        self.draft = draft_meant(
            text,
            self.positive,
            situation.drafts,
            product=self.product,
            scenario=self.scenario,
            writes=self.cue["write"],
            products=situation.product_order,
        )

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
        matches = mentioned(self.positive, self.situation.products) or self._in_english()
        if any(match.sure == 1.0 for match in matches):
            # 安朵的包,安朵真皮托特包: beside a whole name a brand or a category says nothing more.
            matches = [match for match in matches if match.sure > _BRAND]
        # A name that is part of what is asked for ("开场") is not a product.
        spans = [(m.start, m.end) for m in self.mentions]
        return [m for m in matches if not any(s <= m.start and m.end <= e for s, e in spans) or m.sure == 1.0]

    def _in_english(self) -> list[Match]:
        """Return the products of ours that English words may mean: all whose names, aliases or kinds fit."""
        for words, meant in goods_in_english(self.positive):
            fit = [
                known
                for known in self.situation.products
                if any(meant.search(fold(name)) for name in (known.name, *known.aliases))
            ] or [known for known in self.situation.products if meant.search(fold(known.category))]
            if fit:
                at = self.positive.index(words)
                return [Match(known, at, at + len(words), _IN_ENGLISH) for known in fit]
        return []

    def _put_aside(self) -> bool:
        """Leave out the products that are put aside, where others are named."""
        aside = [match for match in self.products if self._is_aside(self.positive[match.start : match.end])]
        if not aside or len(aside) == len(self.products):
            return False
        self.products = [match for match in self.products if match not in aside]
        return True

    def _is_aside(self, words: str) -> bool:
        at = self.text.find(words)
        if at < 0:
            return False
        return bool(_ASIDE_BEHIND.match(self.text, at + len(words)) or _ASIDE_BEFORE.search(self.text[:at]))

    def _keep_sayings(self) -> None:
        """Take what only names the goods out of what must be said: 说一下保温杯 asks for a text, not for a word."""
        named = {self.positive[match.start : match.end] for match in self.products}
        for slot in ("must_say", "say_if_held"):
            said = [one for one in self.slots.get(slot, []) if one not in named]
            if said:
                self.slots[slot] = said
            else:
                self.slots.pop(slot, None)

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
        foreign = product_in_words(self.positive) or product_heading(self.positive, first_only=False)
        named = self.positive[span[0] : span[1]]
        if len(rivals) > 1 and foreign is not None and named in foreign and len(foreign) > len(named) + 1:
            # 洗衣机清洁片 is none of our 清洁: the category is part of another thing's name.
            self.products = [match for match in self.products if (match.start, match.end) != span]
            return None
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

    def asks_for_text(self) -> bool:
        return self.cue["write"] or bool(self.mentions) or self.product is not None

    def changes_text(self) -> bool:
        names_ = ("continue", "regenerate", "restyle", "shorter", "longer", "switch")
        return any(self.cue[name] for name in names_) or bool(
            self.slots.keys() & {"style", "avoid_style", "length_change", "seconds", "must_not_say"}
        )

    def new_product(self) -> bool:
        """Whether the message names a product that no text of the thread is about."""
        known = self.product
        if known is None:
            return False
        return all(draft.product_id != known.id and draft.product_name != known.name for draft in self.situation.drafts)

    def chosen_scenario(self) -> str | None:
        ordered = in_order(self.positive, self.mentions)
        return ordered[0] if ordered else self.scenario

    def foreign_product(self) -> str | None:
        """Return the product outside the catalogue that the words name."""
        if self.product or self.unsure:
            return None
        words = product_in_words(self.positive)
        if words is None and (self.mentions or self.cue["text_noun"]):
            words = product_heading(self.positive, first_only=self.situation.product_name is not None)
        return words

    def of_the_show(self, scenario: str) -> str | None:
        """Return what an opening is about that opens a show, not a product: its occasion, guests, room or host."""
        if scenario != "opening":
            return None
        if greeted := _GREETED.search(self.positive):
            return greeted[0]
        return next(iter(occasions(self.positive)), None) or self.slots.get("room_name") or self.slots.get("host_name")

    def sells(self) -> bool:
        """Tell whether a product is named: a wish to write about one without a segment is a wish to sell it."""
        if self.situation.drafts and _POINTED.search(self.text):
            return False
        return self.product is not None or "product_name" in self.slots or self.foreign_product() is not None

    def speaks_of_draft(self) -> bool:
        """Tell whether words that sound like a new text speak of the one that is there: 我们这段里没有给理由."""
        there = self.situation.drafts and _POINTED.search(self.text) and not self.new_product()
        return bool(there) and not self.mentions and self.product is None

    def take_new(self) -> None:
        """Of several products that are named, take the last that no text of the thread is about: 锅巴先放放,上鸭脖."""
        written = {draft.product_id for draft in self.situation.drafts} | {self.situation.product_id}
        fresh = [match.product for match in self.products if match.product.id not in written]
        if self.product is not None and self.product.id in written and fresh:
            self.product = fresh[-1]
            self.slots.pop("other_products", None)

    def says_segment_faintly(self) -> bool:
        """Tell whether the segment is only named by a word that has other uses (说说, 推荐, 活动)."""
        return bool(self.mentions) and max(mention.weight for mention in self.mentions) <= _FAINT

    def go_over(self) -> None:
        """Take the last product for what is gone over to, the first for what is left behind."""
        spans = sorted({(match.start, match.end) for match in self.products})
        if len(spans) < 2 or self.unsure:
            return
        at = {(match.start, match.end): match.product for match in self.products}
        self.product = at[spans[-1]]
        self.slots["other_products"] = [at[span].id for span in spans[:-1]]

    def name(self, words: str | None) -> None:
        if words:
            self.slots["product_name"] = words

    def answer(self, kind: Any, confidence: float, reason: str, **rest: Any) -> Reading:
        slots = dict(self.slots)
        if self.product is not None:
            slots["product_id"] = self.product.id
            slots["product_name"] = self.product.name
        if len(clauses(self.text)) > 6:
            confidence = round(confidence - 0.05, 2)
        return Reading(kind, confidence, reason, slots, candidates=self.unsure, **rest)
