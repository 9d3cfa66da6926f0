"""What is known of a product when a script is about it: its record, what the request adds, what is usual, what was
assumed; and how that record reads later."""

import re
from typing import Any

from backend.domain.products import Product
from backend.graph.knowledge import GENERIC, category_of
from backend.quality.regulated import unproven

_PLAIN_PRICE = re.compile(r"(\d+(?:\.\d+)?)")


def described(
    facts: dict[str, Any], known: bool, prices: list[str]
) -> tuple[dict[str, Any], list[dict[str, str]], list[str]]:
    """Return the facts with what the request adds, what is usual for the category, and what was assumed, in words."""
    assumptions: list[str] = []
    category = category_of(facts.get("category", ""), str(facts["name"]), " ".join(facts.get("aliases", [])))
    if not known:
        assumptions.append(f"商品库里没有「{facts['name']}」，价格和参数都没有写")
    if "category" not in facts and category.name != GENERIC:
        facts = {**facts, "category": category.name}
        assumptions.append(f"按「{category.name}」类目理解")
    assumptions += [f"{kind.name}需要资料：{kind.needs}" for kind in unproven(facts)]
    assumed: list[dict[str, str]] = []
    if not facts.get("points"):
        assumed = [dict(point) for point in category.checks]
        assumptions.append(f"卖点未填写，只按「{category.name}」讲了怎么挑，播出前请核实")
    facts, about_price = _with_price(facts, prices)
    return facts, assumed, assumptions + about_price


def _with_price(facts: dict[str, Any], prices: list[str]) -> tuple[dict[str, Any], list[str]]:
    """The catalogue's price counts; the request's is used only where there is none."""
    figures = [float(match[1]) for price in prices if "折" not in price and (match := _PLAIN_PRICE.search(price))]
    if len(figures) != 1:
        return facts, []
    asked = int(figures[0]) if figures[0].is_integer() else figures[0]
    known = facts.get("price")
    if known is None:
        return {**facts, "price": asked}, [f"价格 {asked} 元来自你的要求，商品库里没有"]
    if asked not in (known, facts.get("list_price")):
        return facts, [f"你提到的 {asked} 元与商品库的 {known} 元不一致，稿子按商品库写"]
    return facts, []


def as_recorded_now(was: dict[str, Any], found: Product | None, prices: list[str]) -> dict[str, Any]:
    """Return a script's facts with the record as it is now; of a product outside the catalogue they stay.

    `was` are the facts it was written from, `prices` those of its request.
    """
    if found is None:
        return was
    now = described({"id": str(found.id), **found.brief()}, True, prices)[0]
    # A record says nothing of what it has not; gifts that it had and has no more are given no more.
    return {**now, "gifts": []} if was.get("gifts") and "gifts" not in now else now
