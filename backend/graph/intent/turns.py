"""Several texts asked for in one message, one after the other."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from backend.graph.intent.finds import Finds
from backend.graph.intent.naming import mentioned
from backend.graph.intent.segments import in_order, is_ordered, segments_in, wishes
from backend.graph.intent.situation import Reading, Situation
from backend.graph.intent.slots import NEGATED
from backend.graph.intent.vocabulary import SCENARIO_NAMES

_SHARED: Final = re.compile(r"各|都|分别|统一|每[段条篇份]|(?:产品|商品)(?:是|为|:)")


#: Where one wish of a message ends and the next, of another kind, begins: 改短一点，然后再写个促销.
_THEN: Final = re.compile(
    r"[,.;]?\s*(?:然后|接着|完了|之后|最后|顺便|顺手|同时|另外|还有(?!多少|几|没|货|吗|剩)|以及|再(?:帮|给)(?:我|它|她|他|这个)|再(?=写|来|出|把|发|挂|改))(?:再|也|就)?|"
    r"[,.;]\s*(?:(?:够|行|可以|有货?|没问题|好了?|如果.{1,8}|要是.{1,8})(?:的话)?,?(?:就|再)?|再|也|就)?(?=写|来一?[段条个]|出一?[段条个]|给我(?:写|来)|补一|发[一\d]|挂|改价|查)|"
    r"(?:写|弄|搞|讲|做)(?:完|好)(?:了)?(?:之后|以后|再)?"
)
_DONE: Final = re.compile(r"[,.;]*(?:写|弄|搞|讲|做)(?:完|好)(?:了)?$")
#: 耳机降价了: it is told, and nothing is to be done.
_IS_SO: Final = re.compile(r"^(?!.*(?:帮|给|把|先|请|查|看)).*(?:了|着|过|中)$")
_BEGUN: Final = re.compile(
    r"^(?:(?:写|弄|搞|讲|做)(?:完|好)(?:了)?(?:之后|以后)?|再|顺便|顺手|然后|接着|也|帮我|[,.;\s])+(?=.{2})"
)
#: What stands between two things to be done in the shop when they are two: 改成45,然后发张券. Without such a word the
#: second is how the first is done (取消订单,给他退款).
_IN_TURN: Final = re.compile(r"然后|接着|完了|之后|最后|顺便|顺手|同时|另外|还有|以及|再")
#: 没货就下架: only if what comes first turns out so.
_IF_SO: Final = re.compile(r"^(?:没|不|够|有|如果|要是|还|缺|少|超|低于|高于)")
#: 1.虾仁下架 2.紫菜上架; 两件事:一,…,二,….
_NUMBERED: Final = re.compile(
    r"(?:^|(?<=[ ,.;:!?\u4e00-\u9fff]))(?:(?P<digit>[1-9])[.、)](?=[^\d])|"
    r"(?<![\u4e00-\u9fff])第?(?P<word>[一二三四五六])(?:是|件|个)?[,、.:](?=[^,.]))"
)
_COUNTING: Final = "一二三四五六"
#: 麻烦做两件事: says only that what follows is several.
_HEADING: Final = re.compile(
    r"[^,.;:]{0,8}[两俩二三四五六几2-6](?:件|个|桩|样)(?:事|任务|活|操作)[情儿]?[^,.;:]{0,4}[:,.]?"
)
#: 运费险不用再提了: of what is written from now on, not of the text that is there.
_FROM_NOW_ON: Final = re.compile(
    r"^(?!.*(?:[这那上]一?[段条篇版个]|刚才|把)).*(?:(?:不用|不必|不要|别)再|可以再?(?:说|提|讲|写)|以后|今后|一律)"
)
#: Of two wishes on texts that are there each must say what is done to which.
_CHANGES: Final = ("restyle", "regenerate")
#: Operations that are done to goods; a coupon may be for all.
_OF_GOODS: Final = ("price", "stock", "shelf")
_NEW: Final = ("write", "switch_product")


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
        said += [f"{one}说一下" for one in self.slots.get("say_if_held", [])]
        said += [f"必须提到{one}" for one in self.slots.get("must_say", [])]
        said += [f"别提{one}" for one in self.slots.get("must_not_say", [])]
        return "，".join(said)


def numbered(text: str) -> list[str]:
    """Return the parts of folded `text` that are counted (1. … 2. …; 一,… 二,…); fewer than two are none."""
    places = list(_NUMBERED.finditer(text))
    counted = [int(one["digit"] or _COUNTING.index(one["word"]) + 1) for one in places]
    if len(places) < 2 or counted != list(range(1, len(places) + 1)):
        return []
    if places[0].start() > 0 and _HEADING.fullmatch(text[: places[0].start()].strip(" ")) is None:
        return []
    ends = [*(one.start() for one in places[1:]), len(text)]
    parts = [text[one.end() : end].strip(" ,.;") for one, end in zip(places, ends, strict=True)]
    return [part for part in parts if part]


def one_by_one(parts: list[str], situation: Situation, understand: Callable[[Finds], Reading]) -> Reading | None:
    """Read counted `parts` of which something is to be done in the shop: the first now, the others in their turn.

    None when one of them is no request by itself, or all are for texts (`in_turn` knows what those share).
    """
    read = [understand(Finds(part, situation)) for part in parts]
    kinds = {one.kind for one in read}
    if "action" not in kinds or not kinds <= {"action", *_NEW, *(_CHANGES if situation.drafts else ())}:
        return None
    later, named = [], None
    for part, one in zip(parts, read, strict=True):
        named = one.slots.get("product_name") or named
        of_goods = one.kind == "write" or one.about in _OF_GOODS
        later.append(f"{part}，产品是{named}" if of_goods and named and "product_name" not in one.slots else part)
    return replace(read[0], reason=f"counted; {read[0].reason}", later=tuple(later[1:]))


def of_two_kinds(text: str, situation: Situation, understand: Callable[[Finds], Reading]) -> Reading | None:
    """Read a message that wants two things of different kinds: a text changed and another written, something done in
    the shop and a text; None when it is no such message. What comes first is read, the rest waits for its turn.
    """
    for then in _THEN.finditer(text):
        head, tail = text[: then.start()].strip(" ,.;"), text[then.end() :].strip(" ,.;")
        if not head or not tail:
            continue
        first = understand(Finds(_DONE.sub("", head), situation))
        named = first.slots.get("product_name")
        goes_with = (
            replace(situation, product_id=first.slots["product_id"], product_name=named)
            if named and ("product_id" in first.slots)
            else situation
        )
        tail = _BEGUN.sub("", tail)
        second = understand(Finds(tail, goes_with))
        if second.kind in _NEW and not NEGATED.sub("", head).strip(" ,."):
            continue  # 先不说价格,写开场: what the text that is asked for is not to say
        if _are_two(first, second, situation, head) or (
            _IN_TURN.search(then[0]) and _are_two_operations(first, second, head, tail)
        ):
            # Said later it stands alone: 再帮我写促销 is of what was named before.
            alone = second.kind == "write" and named and "product_name" not in second.slots
            return replace(first, later=(*first.later, f"{tail}，产品是{named}" if alone else tail))
    return None


def _are_two(first: Reading, second: Reading, situation: Situation, first_words: str) -> bool:
    if first.kind == "action" and not _IS_SO.search(first_words):
        return second.kind in _NEW or (second.kind in _CHANGES and bool(situation.drafts))
    if second.kind == "action":
        return first.kind in (*_NEW, *_CHANGES)
    if first.kind not in _CHANGES or not situation.drafts or _FROM_NOW_ON.search(first_words):
        return False
    return second.kind in _NEW or (second.kind in _CHANGES and second.draft != first.draft)


def _are_two_operations(first: Reading, second: Reading, head: str, tail: str) -> bool:
    """Tell whether two things are to be done in the shop, and not one thing in two steps or on a condition."""
    if not first.kind == second.kind == "action" or _IS_SO.search(head) or _IF_SO.match(tail):
        return False
    other = second.slots.get("product_id")
    return first.about != second.about or (other is not None and other != first.slots.get("product_id"))


def in_turn(whole: Reading, text: str, situation: Situation) -> Reading | None:
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
    for part in wishes(text, lambda words: bool(mentioned(words, situation.products))):
        wish = _wish(Finds(part, replace(situation, drafts=(), product_id=None, product_name=None)))
        if wish is None:
            return []
        if wished and wish.scenario == wished[-1].scenario and wish.products in ([], wished[-1].products):
            wished[-1].slots = {**wish.slots, **wished[-1].slots}
        else:
            wished.append(wish)
    return wished


def _wish(finds: Finds) -> _Wish | None:
    """Read this text as one wish among several; None when it names no segment."""
    scenario = finds.scenario
    if scenario is None or finds.unsure:
        return None
    names_ = {known.id: known.name for known in finds.situation.products}
    products: list[tuple[str | None, str]] = []
    if finds.product is not None:
        others = [] if scenario == "transition" else finds.slots.get("other_products", [])
        products = [(id_, names_[id_]) for id_ in [finds.product.id, *others]]
    elif words := finds.foreign_product():
        products = [(None, words)]
    return _Wish(scenario, {k: v for k, v in finds.slots.items() if k != "other_products"}, products)
