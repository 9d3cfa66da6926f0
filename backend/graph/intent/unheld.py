"""A product that the catalogue does not hold: said so, with the names that come near."""

import re
from dataclasses import replace
from typing import Final

from rapidfuzz import fuzz

from backend.graph.intent.folding import fold
from backend.graph.intent.naming import Known, sounds
from backend.graph.intent.situation import Reading, Situation
from backend.graph.knowledge import GENERIC, category_of

#: How the operator says that it is to be written all the same; the words of our own option.
IN_GENERAL: Final = "没有资料，按通用的写"
_IN_GENERAL: Final = re.compile(
    r"没有?资料.{0,4}按?通用|按通用的?写|通用着写|没进库|不在(?:商品)?库|没(?:有)?(?:录|入库|上架|建档)|还没(?:录|建|上)|临时(?:加|上)|新品|新上|新到|新款|商品库(?:里)?没有"
)
#: What is nearer than this may be meant. Names share characters by chance below it.
_NEAR: Final = 50.0
_SAME_KIND: Final = 25.0
_SHOWN: Final = 3


def unheld(reading: Reading, situation: Situation, message: str) -> Reading:
    """Ask about a text for a product that is not in the catalogue; return any other reading as it is.

    Not again in a thread that has a text of it, nor when the message itself says that it is new or has no record.
    """
    name = reading.slots.get("product_name")
    if reading.kind not in ("write", "switch_product") or not name or reading.slots.get("product_id"):
        return reading
    known = {draft.product_name for draft in situation.drafts} | {situation.product_name}
    if not situation.products or name in known or _IN_GENERAL.search(fold(message)):
        return reading
    return replace(reading, kind="unclear", missing="unheld", reason="the catalogue does not hold it")


def nearest(name: str, products: tuple[Known, ...] | list[Known]) -> list[Known]:
    """Return products whose names come near, the nearest first; of the same kind at least."""
    said, heard = fold(name), "".join(sounds(fold(name)))
    kind = category_of(name).name

    def likeness(known: Known) -> float:
        names = [fold(known.name), *map(fold, known.aliases)]
        likest = max(
            max(
                fuzz.ratio(said, one),
                fuzz.partial_ratio(said, one) * 0.9,
                fuzz.ratio(heard, "".join(sounds(one))) * 0.9,
            )
            for one in names
        )
        same = kind != GENERIC and kind in (known.category, category_of(known.category, known.name).name)
        return likest + _SAME_KIND * same

    ranked = sorted(
        ((likeness(known), place) for place, known in enumerate(products)), key=lambda one: (-one[0], one[1])
    )
    return [products[place] for score, place in ranked if score >= _NEAR][:_SHOWN]
