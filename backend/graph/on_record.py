"""What the judge is shown to hold a text against: the record, the request and the house's bans, line by line.

What texts are wrong about most comes first, so that a record without end loses the least. A line is what can be quoted.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from backend.quality.deadlines import is_held_until
from backend.quality.draft import ScriptBrief
from backend.quality.facts import statements_of
from backend.quality.layering import PLATFORMS, layered
from backend.quality.lexicon import RuleSnapshot
from backend.quality.normalize import fold
from backend.quality.record import with_fields
from backend.quality.wishes import forbids_price

#: Characters that are shown at most: of a line, and of all lines.
LONGEST_LINE: Final = 200
_MOST: Final = 4000
#: So many of a house's own rules, and words of each.
_MOST_RULES: Final = 30
_MOST_WORDS: Final = 10
#: Shorter, a quote of a line stands in many.
_SHORTEST: Final = 2
_NONE: Final = "资料没有"
#: How a line begins that says what must be said.
MUST: Final = "必须说："
#: Fields that have lines of their own, or tell a text nothing.
_TOLD: Final = frozenset(
    {
        "id", "name", "brand", "category", "aliases", "price", "list_price", "price_ladder", "unit", "stock", "gifts",
        "points", "facts", "evidence", "required_statements", "compliance_flags",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shown:
    """The lines that are shown. `cut`: of how many more only the beginning, or nothing, is."""

    lines: tuple[str, ...] = ()
    cut: int = 0

    def holding(self, quote: str) -> str | None:
        """Return the line that a quote is from, width and script aside; None when it is from none: made up.

        Half of a figure is no quote: 库存：24 is not from 库存：240.
        """
        wanted = _bare(quote).strip("，。！？；、")
        if len(wanted) < _SHORTEST:
            return None
        before = r"(?<!\d)(?<!\d\.)" if wanted[0].isdigit() else ""
        after = r"(?!\d|\.\d)" if wanted[-1].isdigit() else ""
        whole = re.compile(before + re.escape(wanted) + after)
        held = [line for line in self.lines if whole.search(_bare(line))]
        return min(held, key=len, default=None)


def shown_of(brief: ScriptBrief | None, rules: RuleSnapshot) -> Shown:
    """Return what the checks hold a text of this brief against, as far as it is shown."""
    if brief is None:
        return Shown()
    lines: list[str] = []
    left, cut = _MOST, 0
    for line in dict.fromkeys(" ".join(one.split()) for one in _lines(brief, rules)):
        told = line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1]}…"
        # What comes after the first that has no room is less, and is not slipped in before it.
        left = left - len(told) if left >= len(told) else 0
        cut += not left or told != line
        if left:
            lines.append(told)
    return Shown(tuple(lines), cut)


def _lines(brief: ScriptBrief, rules: RuleSnapshot) -> Iterator[str]:
    product = with_fields(brief.product) if brief.product else {}
    yield from _of_the_offer(product)
    for said in dict.fromkeys((*statements_of(product), *brief.must_say)) if product else brief.must_say:
        yield f"{MUST}{said}"
    for unsaid in brief.must_not_say:
        yield f"不许说：{unsaid}"
    if forbids_price(brief.request):
        yield "不许说：价格（要求里说先不报价）"
    yield from _of_the_goods(product)
    yield from _of_the_house(rules)
    for other in brief.other_products:
        yield f"别的商品，不是这一款：{other}"
    for name in ("aliases", "compliance_flags"):
        yield from (f"{_CALLED[name]}：{one}" for one in _each(product.get(name)))
    yield from (f"{name}：{_said(value)}" for name, value in product.items() if name not in _TOLD and _is_told(value))


_CALLED: Final = {
    "name": "名称",
    "brand": "品牌",
    "category": "类目",
    "aliases": "也叫",
    "compliance_flags": "合规类别",
}


def _of_the_offer(product: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the goods are and what is offered; of a real record also what it has nothing of."""
    unit = str(product.get("unit") or "")
    yield from (f"{_CALLED[name]}：{product[name]}" for name in ("name", "brand", "category") if product.get(name))
    none = bool(product.get("facts")) or product.get("price") is not None
    for name, called, each in (("price", "价格", f"/{unit}" if unit else ""), ("list_price", "划线价", "")):
        if product.get(name) not in (None, ""):
            yield f"{called}：{_sum(product[name])}{each}"
        elif none:
            yield f"{called}：{_NONE}"
    ladder = _each(product.get("price_ladder"))
    for step in ladder:
        if isinstance(step, Mapping) and {"quantity", "total"} <= step.keys():
            note = f"（{step['note']}）" if step.get("note") else ""
            yield f"多件价：{step['quantity']}{unit or '件'}共{_sum(step['total'])}{note}"
        else:
            yield f"多件价：{_said(step)}"
    stock, gifts = product.get("stock"), _each(product.get("gifts"))
    yield from (f"赠品：{_said(gift)}" for gift in gifts)
    if stock not in (None, ""):
        yield f"库存：{stock}"
    if none:
        missing = {
            "多件价": ladder,
            "库存": stock not in (None, ""),
            "赠品": gifts,
            "活动截止时间": is_held_until(product),
        }
        yield from (f"{called}：{_NONE}" for called, held in missing.items() if not held)


def _of_the_goods(product: Mapping[str, Any]) -> Iterator[str]:
    facts = product.get("facts")
    if isinstance(facts, Mapping):
        yield from (f"{name}：{_said(value)}" for name, value in facts.items() if _is_told(value))
    else:
        yield from (f"参数：{_said(one)}" for one in _each(facts))
    yield from (f"证明：{_said(one)}" for one in _each(product.get("evidence")))
    for point in _each(product.get("points")):
        parts = point.values() if isinstance(point, Mapping) else (point,)
        yield f"卖点：{'，'.join(_said(part) for part in parts if _is_told(part))}"


def _of_the_house(rules: RuleSnapshot) -> Iterator[str]:
    """Yield what a tenant's own rules forbid; what they only remark is no ban."""
    own = [rule for rule in rules.rules if rule.id not in _ours() and rule.severity != "info"]
    for rule in own[:_MOST_RULES]:
        words = "、".join(rule.terms[:_MOST_WORDS])
        yield f"本店不许说：{rule.title}，{rule.about}{f'（{words}）' if words else ''}"


@cache
def _ours() -> frozenset[str]:
    """Return the ids of the rules that come with a release: the law's and the platforms'."""
    return frozenset(one.rule.id for platform in (None, *PLATFORMS) for one in layered(platform))


def _each(value: Any) -> list[Any]:
    if not _is_told(value):
        return []
    return [one for one in value if _is_told(one)] if isinstance(value, list | tuple) else [value]


def _is_told(value: Any) -> bool:
    return value not in (None, "", [], (), {})


def _said(value: Any) -> str:
    match value:
        case Mapping():
            return "，".join(f"{name}：{_said(one)}" for name, one in value.items() if _is_told(one))
        case list() | tuple():
            return "，".join(map(_said, value))
        case _:
            return str(value)


def _sum(value: Any) -> str:
    return f"{value}元" if re.fullmatch(r"\d+(?:\.\d+)?", str(value)) else str(value)


def _bare(text: str) -> str:
    return re.sub(r"\s", "", fold(text).text).replace(":", "：")
