"""Several texts asked for in one message, one after the other."""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from backend.graph.intent.finds import Finds
from backend.graph.intent.segments import in_order, is_ordered, segments_in, wishes
from backend.graph.intent.situation import Reading, Situation
from backend.graph.intent.vocabulary import SCENARIO_NAMES

_SHARED: Final = re.compile(r"各|都|分别|统一|每[段条篇份]|(?:产品|商品)(?:是|为|:)")


#: Where a change of a text ends and the request for another begins: 改短一点，然后再写个促销.
_THEN: Final = re.compile(
    r"[,.;]?\s*(?:然后|接着|完了|之后|最后|顺便|同时)(?:再|也)?|[,.;]\s*(?:再|也)(?=写|来一?[段条个]|出一?[段条个]|给我|补)"
)


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


def change_first(text: str, situation: Situation, understand: Callable[[Finds], Reading]) -> Reading | None:
    """Read a message that wants a text changed and then another written; None when it is no such message."""
    then = _THEN.search(text)
    if not situation.drafts or then is None:
        return None
    head, tail = text[: then.start()], text[then.end() :]
    first = understand(Finds(head, situation))
    if first.kind not in ("restyle", "regenerate"):
        return None
    second = understand(Finds(tail, situation))
    return replace(first, later=(tail,)) if second.kind == "write" else None


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
    for part in wishes(text):
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
