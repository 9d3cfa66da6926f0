"""What is sold: facts from the database; where they are missing, what is usual for the category, marked as assumed."""

import re
from typing import Any
from uuid import UUID

from langgraph.runtime import Runtime

from backend.domain.products import get_product
from backend.errors import NotFound
from backend.graph.intent.tripwire import without_orders
from backend.graph.knowledge import GENERIC, category_of
from backend.graph.state import GraphContext, ScriptState, Step
from backend.quality.regulated import unproven

_PLAIN_PRICE = re.compile(r"(\d+(?:\.\d+)?)")


async def product(state: ScriptState, runtime: Runtime[GraphContext]) -> Step:
    """Read the product's facts and fill the gaps with category knowledge."""
    slots = state["slots"]
    known: dict[str, Any] | None = None
    planted: list[str] = []
    if slots.get("product_id"):
        async with runtime.context.db.tenant(runtime.context.tenant_id) as conn:
            try:
                found = await get_product(conn, UUID(slots["product_id"]))
                known, planted = without_orders({"id": str(found.id), **found.brief()})
            except NotFound:
                known = None  # deleted since
    name = slots.get("product_name")
    if known is None and not name:
        return Step({"product": {}, "assumed": [], "product_assumptions": []}, {"product": None, "assumed": []})

    facts, assumed, assumptions = described(known or {"name": name}, known is not None, slots.get("prices") or [])
    if planted:
        assumptions.append(f"商品资料里有像是给系统下命令的文字（{'、'.join(planted)}），没有采用，请核对商品资料")
    detail = {"known": known is not None, "category": facts.get("category", GENERIC), "assumed": assumptions}
    return Step(
        {"product": facts, "assumed": assumed, "product_assumptions": assumptions},
        {"product": facts["name"], **detail},
    )


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
