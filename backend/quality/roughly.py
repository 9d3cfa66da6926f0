"""Sums told roughly that only one reckoning can mean: what one of a pack costs, and what is saved.

一斤合二十六块多 of 89 for three 斤 is arithmetic, and so is 省了七十几块 of two prices that lie 63 apart. Told are
ranges: right is what the true value lies in. Only where the record leaves one reckoning is it certain.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from backend.quality.amounts import amounts
from backend.quality.context import clause, sentence
from backend.quality.normalize import fold
from backend.quality.numbers import COUNTERS, NUMBER, counts_in, money_in, parse_number
from backend.quality.opposites import is_claimed
from backend.quality.prices import PriceFault, price_faults
from backend.quality.subject import is_of_another, is_unsure

#: 省了七十几块, 便宜三十来块: a sum whose last figures are not told.
_VAGUE: Final = re.compile(
    r"(?P<number>(?:[一二两三四五六七八九]?百)?(?:[一二两三四五六七八九]?十)|[一二两三四五六七八九]百|\d*0)(?P<tail>几|来|多)(?:个)?[元块](?:钱)?"
)
_LEAST_PART: Final = re.compile("[零一二两三四五六七八九十百点]+|\\d")
_NEAR: Final = re.compile("(?:将近|接近|快|近)(?:要)?$")
_ROUND: Final = re.compile("(?:大约|大概|差不多|约|也就|估摸着?)(?:是|要|合|就)?$")
_BELOW: Final = re.compile("(?:不到|不足|用不了|不用|还不到|没到|低于|不超过)$")
_TAIL_BELOW: Final = re.compile("(?:钱)?(?:都|还|也)?(?:不到|不足|用不了|没到|打不住)")
_TAIL_MORE: Final = re.compile("(?:钱)?(?P<tail>多|出头|挂零|有余|左右|上下|来钱|来块)")
#: What is saved on one of them, by the two prices.
_SAVED: Final = re.compile(
    "(?:省|便宜|立减|直降|直减|少[花掏付]|优惠|降|差)(?:出|下|个|了|掉|[你您]们?|大家|咱们?|整整|足足|将近|差不多|大概|不到|来)*$"
)
#: What one of them costs.
_ONE: Final = re.compile(rf"(?P<whole>[一每单])(?P<unit>公斤|[{COUNTERS}斤节顿课泡杯次天])(?![{COUNTERS}])")
_SHARE: Final = re.compile(
    "^(?:就|才|也|只|要|都|还|算|折|摊|合|划|平均|均|下来|折合|成|大概|大约|差不多|约|是|得|花|不到|将近|接近|到|连|钱|卖|相当于|，|仅|用不了|快|一共|其实|统共)*$"
)
#: More than these two prices take part: a coupon, the second one, a step.
_MORE_SUMS: Final = re.compile("券|满减|红包|立减券|第[二三两2-3]|返|补贴|定金|叠加|会员|运费|叠|凑单|另")
_STRANGE: Final = re.compile("别家|外面|超市|以前|去年|楼下|同行|专柜|商场|网上|市场|门店|上次|上回")
#: Where a share is told of what one uses: 一天一条.
_USED: Final = re.compile(
    rf"(?P<when>[一每](?P<by>天|次|顿|回|晚|杯))(?:就|只|要|用|喝|吃|敷|泡|放|洗|一般|大概|来)*[一1](?P<unit>[{COUNTERS}])"
)
_USED_LATER: Final = re.compile(r"(?P<when>[一每](?P<by>天|次|顿|回|晚|杯))|洗一(?P<time>次)")
_TAKES_ONE: Final = re.compile(rf"用[一1](?P<unit>[{COUNTERS}])")


@dataclass(frozen=True, slots=True)
class _Said:
    """What a sum may be: between these, the ends counted in."""

    start: int
    end: int
    low: float
    high: float
    #: Whether words make it a range: a figure without them should be the figure.
    roughly: bool


def sum_faults(text: str, product: Mapping[str, Any] | None) -> Iterator[PriceFault]:
    """Yield what is wrong with the money of a folded text: first what is certain by one division or subtraction."""
    reckoned = list(_reckoned(text, product)) if product is not None else []
    yield from (fault for _, fault in reckoned if fault is not None)
    for other in price_faults(text, product):
        if not any(said.start < other.end and other.start < said.end for said, _ in reckoned):
            yield other


def _reckoned(text: str, product: Mapping[str, Any]) -> Iterator[tuple[_Said, PriceFault | None]]:
    """Yield the sums that only one reckoning can mean, each with what is wrong with it; None: it is right."""
    price, listed = _number(product.get("price")), _number(product.get("list_price"))
    if price is None or price <= 0 or product.get("price_ladder"):
        return
    packs = _packs(product)
    others = {money.value for one in _values(product) for money in money_in(one)} - {price, listed}
    bare = _without_sums(text)
    for said in _rough_sums(text):
        low, high = clause(text, said.start, said.end)
        begin, stop = sentence(text, said.start, said.end)
        near = text[max(begin, low - 24) : high]
        if _MORE_SUMS.search(near) or _STRANGE.search(near) or others or text[high : high + 1] == "？":
            continue
        if is_of_another(text, said.start, said.end) or is_unsure(text, said.start, said.end):
            continue
        if not is_claimed(text, said.start, said.end):
            continue
        # Not of the sums themselves: 四块八 are no four pieces.
        several = {one for one in counts_in(bare[begin:stop]) if one > 1} - {int(one) for one in packs.values()}
        if listed and listed > price and _SAVED.search(text, low, said.start) and not several:
            if not re.search("[一每](?:天|月|年|次|斤|片|颗)", text[low : said.start]):
                yield from _held_against(said, listed - price, "差价")
            continue
        unit = _unit_of(text, low, said, packs)
        # 送的也算上，十七斤: who counts otherwise aloud divides by that.
        told = {
            parse_number(one) for one in re.findall(rf"({NUMBER}){unit}", bare[max(0, begin - 24) : stop]) if unit
        } - {None, 1.0}
        if unit is not None and not several and told <= {packs[unit]}:
            yield from _held_against(said, price / packs[unit], f"一{unit}")


def _held_against(said: _Said, right: float, what: str) -> Iterator[tuple[_Said, PriceFault | None]]:
    if not said.low <= right <= said.high:
        told = f"{right:.2f}".rstrip("0").rstrip(".")
        yield said, PriceFault(said.start, said.end, f"{what}应为{told}元", f"{told}元")
    elif said.roughly:
        yield said, None


def _without_sums(text: str) -> str:
    for money in money_in(text):
        text = f"{text[: money.start]}{'元' * (money.end - money.start)}{text[money.end :]}"
    return text


def _unit_of(text: str, low: int, said: _Said, packs: Mapping[str, float]) -> str | None:
    """Return of what a sum tells one: 一斤合, 平均一片, and 一天 of those who take one a day."""
    units = [one for one in _ONE.finditer(text, low, said.start) if _SHARE.match(text[one.end() : said.start])]
    unit = units[-1]["unit"] if units else None
    if unit is None and (behind := _ONE.match(text, said.end)):
        unit = behind["unit"]
    if unit in packs:
        return unit
    used = _USED_LATER.search(text, low, said.start)
    if used is None or not _SHARE.match(text[used.end() : said.start]):
        return None
    begin, _ = sentence(text, said.start, said.end)
    for match in (*_USED.finditer(text, begin, said.start), *_TAKES_ONE.finditer(text, begin, said.start)):
        if match["unit"] in packs:
            return match["unit"]
    return None


def _packs(product: Mapping[str, Any]) -> Mapping[str, float]:
    """Return how many of each unit one pack holds, where the record has one number of it and no other pack."""
    found: dict[str, set[float]] = {}
    own = str(product.get("unit") or "")
    facts = product.get("facts")
    for name, value in facts.items() if isinstance(facts, Mapping) else ():
        said = fold(str(value)).text
        if re.search("库存|推荐|建议|用法|赠|保质|尺寸|适用|单[条片颗支包粒]", str(name)):
            continue
        if re.search("[×x*]", said):
            count = re.search(rf"[×x*](\d+)([{COUNTERS}])$", said)
            if count:
                found.setdefault(count[2], set()).add(float(count[1]))
                each = [one.value for one in amounts(said[: count.start()]) if one.dimension == "weight"]
                if len(each) == 1 and each[0] * float(count[1]) >= 500:
                    found.setdefault("斤", set()).add(each[0] * float(count[1]) / 500)
            continue
        for match in re.finditer(rf"(?<![\d.])(\d+)([{COUNTERS}节])(?![\d一二两三四五六七八九十/每])", said):
            found.setdefault(match[2], set()).add(float(match[1]))
        weights = [one.value for one in amounts(said) if one.dimension == "weight"]
        if len(weights) == 1 and re.search("净含量|净重|重量|规格", str(name)) and weights[0] >= 500:
            found.setdefault("斤", set()).add(weights[0] / 500)
    return {unit: min(some) for unit, some in found.items() if len(some) == 1 and min(some) > 1 and unit != own}


def _rough_sums(text: str) -> Iterator[_Said]:
    for match in _VAGUE.finditer(text):
        value = parse_number(match["number"])
        if value:
            step = next(one for one in (100.0, 10.0, 1.0) if value % one == 0)
            least = 0.9 * value if match["tail"] == "来" else value
            yield _Said(*match.span(), least, value + step - 0.005, roughly=True)
    for money in money_in(text):
        if _VAGUE.match(text, money.start):
            continue
        before = text[max(0, money.start - 6) : money.start]
        told = text[money.start : money.end]
        behind = text[money.end : money.end + 5]
        # 两毛六 is told to the cent, 三块二 to ten, 三块 to the whole.
        cents = round(100 * money.value)
        step = 0.01 if cents % 10 else 0.1 if cents % 100 else 1.0 if cents % 1000 or money.value < 100 else 10.0
        more = _TAIL_MORE.match(behind)
        tail = more["tail"] if more else ""
        low, high, plain = money.value - 0.6 * step, money.value + 0.6 * step, False
        if _BELOW.search(before) or money.approximation == "below" or _TAIL_BELOW.match(behind):
            low, high = 0.0, money.value - 0.001
        elif _NEAR.search(before):
            low, high = 0.8 * money.value, 1.005 * money.value
        elif tail in ("左右", "上下") or money.approximation == "about" or _ROUND.search(before):
            low, high = 0.88 * money.value, 1.12 * money.value
        elif tail in ("来钱", "来块") or "来" in told:
            low, high = 0.85 * money.value, money.value + max(step, 0.2 * money.value)
        elif tail or money.approximation == "above":
            round_to = next(
                one for one in (100.0, 10.0, 1.0, 0.1, 0.01) if abs(money.value / one - round(money.value / one)) < 1e-6
            )
            low, high = (
                money.value - 0.005,
                money.value
                + round_to
                * (0.6 if "头" in told + tail and (round_to >= 10 or (money.value < 10 and round_to == 1)) else 1)
                - 0.001,
            )
        else:
            plain = True
            if step >= 1:
                low, high = money.value - 0.55, money.value + 0.55
        yield _Said(money.start, money.end, low - 0.005, high + 0.005, roughly=not plain)


def _values(product: Mapping[str, Any]) -> Iterator[str]:
    facts = product.get("facts")
    for value in facts.values() if isinstance(facts, Mapping) else ():
        yield fold(str(value)).text


def _number(field: Any) -> float | None:
    if isinstance(field, bool) or not isinstance(field, (int, float, str)):
        return None
    try:
        return float(field)
    except ValueError:
        return None
