"""What is known of a product when a script is about it: its record, what the request adds, what is usual, what was
assumed; and how that record reads later."""

import re
from collections.abc import Callable
from typing import Any, Final

from backend.domain.products import Product
from backend.graph.knowledge import GENERIC, category_of
from backend.quality.normalize import fold
from backend.quality.numbers import NUMBER, money_in, parse_number
from backend.quality.record import record_text
from backend.quality.regulated import unproven

_PLAIN_PRICE: Final = re.compile(r"\d+(?:\.\d+)?")
#: How many a sum is for: 2件158, 三盒一共200.
_PIECES: Final = re.compile(rf"({NUMBER})(?:件|只|个|盒|瓶|包|斤|双|套|支|罐|箱|提)")
_CENT: Final = 0.01


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
    """The catalogue's prices count; a request's is used only where there is none, and only when it is the only one.

    Every figure that the catalogue does not hold is told.
    """
    asked = {figure: price for price in prices if "折" not in price and (figure := _figure(price)) is not None}
    known = facts.get("price")
    if not _is_sum(known):  # 面议 is no price to compare with
        if len(asked) == 1:
            [figure] = asked
            return {**facts, "price": figure}, [f"价格 {figure} 元来自你的要求，商品库里没有"]
        told = "、".join(f"{figure} 元" for figure in asked)
        return facts, [f"你提到了几个价格（{told}），商品库里一个也没有，都没有当作价格用，请先核对"] if asked else []
    held = _held(facts)
    strange = [figure for figure, price in asked.items() if not held(figure, _pieces(price))]
    return facts, [f"你提到的 {figure} 元与商品库的 {known} 元不一致，稿子按商品库写" for figure in strange]


def _is_sum(price: object) -> bool:
    """Tell whether a record's price is one: records of old may hold words."""
    return not isinstance(price, bool) and re.fullmatch(r"\d+(?:\.\d+)?", str(price).strip()) is not None


def _figure(price: str) -> int | float | None:
    """Read what a price comes to: 199元, 到手价199, 九十九块, 9块9, 2件158."""
    text = fold(price).text
    sums = money_in(text)
    bare = _PLAIN_PRICE.findall(_PIECES.sub("", text, count=1)) or _PLAIN_PRICE.findall(text)
    value = sums[0].value if sums else float(bare[-1]) if bare else None
    return int(value) if value is not None and float(value).is_integer() else value


def _pieces(price: str) -> int:
    match = _PIECES.match(fold(price).text)
    return int(parse_number(match[1]) or 1) if match else 1


def _held(facts: dict[str, Any]) -> Callable[[float, int], bool]:
    """Return what tells whether the record holds a sum, or it follows from the record: for so many, each, saved."""
    one, full = float(facts["price"]), facts.get("list_price")
    steps = [(int(step["quantity"]), float(step["total"])) for step in facts.get("price_ladder") or ()]
    sums = {one, *(total for _, total in steps), *(total / quantity for quantity, total in steps)}
    if full is not None:
        sums |= {float(full), float(full) - one}
    sums |= {money.value for money in money_in(record_text(facts))}

    def holds(figure: float, pieces: int) -> bool:
        return any(abs(figure - known) < _CENT for known in (*sums, one * pieces))

    return holds


def as_recorded_now(was: dict[str, Any], found: Product | None, prices: list[str]) -> dict[str, Any]:
    """Return a script's facts with the record as it is now; of a product outside the catalogue they stay.

    `was` are the facts it was written from, `prices` those of its request.
    """
    if found is None:
        return was
    now = described({"id": str(found.id), **found.brief()}, True, prices)[0]
    # A record says nothing of what it has not; gifts that it had and has no more are given no more.
    return {**now, "gifts": []} if was.get("gifts") and "gifts" not in now else now
