"""Sums that a host works out aloud: what they may follow from, and whether a sum is asked for the goods at all.

Hosts multiply, subtract and share before the camera (三个十九块九是五十九块七, 打六折还少四毛). What follows in
one step from sums that are right is right as well; who cannot follow a sum does not know that it is wrong.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from backend.quality.context import clause, sentence
from backend.quality.ladder import bought_apart
from backend.quality.numbers import COUNTERS, NUMBER, Money, counts_in, money_in, parse_number
from backend.quality.people import sharers
from backend.quality.subject import is_told_of_somebody, is_unsure

#: So far back a sum may have been said that this one is worked out from.
_BACK: Final = 90
_MULTIPLIED: Final = re.compile(
    rf"^(?:乘以?(?P<times>{NUMBER})|(?:块|元)?)[，]?(?:那|就|本来|应该|该|要|得|可)*(?:是|等于|一共|合计|总共)?(?:就是)?$"
)
_COUNT_BEFORE: Final = re.compile(rf"(?P<times>{NUMBER})[{COUNTERS}斤个](?:乘|就是|是|，)?$")
_DIFFERENCE: Final = re.compile("省|少|差|减|便宜|剩|加|第[二三四五2345]|多|贵|找|另一|分开|单[买拍独]")
_SHARED: Final = re.compile("平均|合|摊|折下来|算下来|相当于|除以|均")
_UNIT: Final = rf"(?P<unit>公斤|千克|[{COUNTERS}斤泡顿杯次天样种枚餐晚年月周人头位节课集页口抽粒回遍趟升两克米平])"
#: 一个蛋一块五, 每斤: what one comes to.
_EACH: Final = re.compile(rf"[一每单1]{_UNIT}")
_EACH_BEHIND: Final = re.compile(rf"(?:钱|多|左右|出头|不到)*[一每1]{_UNIT}")
#: Right before a sum that is no share: 三箱九十九, 省三百.
_NO_SHARE: Final = re.compile(
    rf"(?:[两二三四五六七八九十\d][{COUNTERS}斤](?:[是才就只要]|一共|总共)*|(?:省|少|便宜|立减|直降|差|再减)[^，。！？；\d]{{0,4}})$"
)
_TENTHS: Final = re.compile(r"(?P<tenths>\d(?:\.\d)?|[一二三四五六七八九])(?P<hundredths>[一二三四五六七八九\d])?折")
_HALF: Final = re.compile("半价|一半|对半|对折")
_COUNTED: Final = re.compile(rf"(?<![第\d.])(?P<number>{NUMBER})(?=[\u4e00-\u9fa5])(?![元块毛角分点])")
_DIGITS: Final = "零一二三四五六七八九"
#: Right before a sum: this is what is asked, or taken off.
_ASKED: Final = re.compile(
    r"(?:到手价?|只要|只需|仅需|就要|只卖|才卖|价格?|[现售原标报特]价|底价|卖|直播间|直播|今天|今儿|今晚|今夜|现在|这[场会回波]|给到|[算收][你您]|拍下|券后|付款?|一共|总共|合计|"
    rf"(?P<one>[一每单](?P<unit>[{COUNTERS}]))|[二两三四五六七八九十\d][{COUNTERS}]|单[买拍]|立减|直降|省|便宜|减|少|差|降|优惠|划线价?|日常价?|平时|平常|市场价|吊牌价?|专柜价?|定价|合|摊|均|折后|涨[到回]|恢复|第[二三][{COUNTERS}]|加)"
    r"[^，。！？；\d]{0,6}$"
)
_ASKED_BEHIND: Final = re.compile(
    rf"^[元块钱]*(?:你们?|您|大家|咱们?|就|直接|[能可]以?)*(?:到手|[带拿扛抱拎提搬牵骑开推领捧端拍]走|[带拿扛抱拎提搬]回|入手|收走|上车|拿下|包邮|带回|[一每](?P<unit>[{COUNTERS}斤])|都|全|起|的?(?:价|活动|优惠|福利|券)|[买拍](?![过的了])|[两二三四五六七八九十\d][{COUNTERS}])"
)
#: A sum of less than this part of the price is hardly a price of the goods, unless it is called one.
_TRIFLE: Final = 0.12
_REACHED: Final = re.compile("到手|只要|只需|仅需|直播价|现价|售价|秒杀|卖|今天|今晚|现在")
#: Somebody in a clause: it tells a story.
_PEOPLE: Final = re.compile(
    "我(?!们|家|给|再)|[他她](?!们)|爸|妈|奶奶|爷爷|老公|媳妇|孩子|儿子|闺女|邻居|同事|朋友|师傅|老师|的时候|那会|那年|当年|从前"
)
#: Right before a sum: how many are taken for it.
_SEVERAL: Final = re.compile(rf"[两二三四五六七八九十\d][{COUNTERS}]的?(?:一起)?[，：]$")
#: Around a sum: it is refused, or somebody else's.
_NOT_ASKED: Final = re.compile(
    "做不到|给不了|不可能|不画饼|亏|卖不了|别家|人家|别人|旁人|同行|别处|街口|路口|对面|行情|集市|菜场|隔壁|菜市场|市面|街上|外面|外头|店里|摊上|超市|商场|那[种家]|有的|便宜货|以前|上次|去年|小时候|当年|那时|修|工钱|房租|工资|电费|水费|话费|油费|奶茶|咖啡|外卖|打车|门票|邮费|运费"
)


def readings(text: str, money: Money) -> Iterator[float]:
    """Yield what a sum may be read as: 五十九块九十斤 is 59.9 for ten 斤, 九块三毛七五 is 9.375."""
    yield money.value
    behind = text[money.end : money.end + 2]
    if behind[:1] and behind[0] in _DIGITS[1:]:
        digit = _DIGITS.index(behind[0])
        if behind[1:] == "十":
            yield money.value + digit / 10
        elif re.search("[毛角].$", text[money.start : money.end]):
            yield money.value + digit / 1000


@dataclass(frozen=True, slots=True)
class Basis:
    """What the record knows that sums are worked out from."""

    price: float
    list_price: float | None
    #: Other sums of the record: deductions, prices of other packs.
    others: frozenset[float]
    #: What so many pieces cost together.
    steps: Mapping[int, float]
    #: The whole record, folded, for what is counted in it.
    record: str

    @property
    def prices(self) -> list[float]:
        """All sums of the record that are asked for one."""
        return [value for value in (self.price, self.list_price, *self.others) if value is not None]


def is_worked_out(text: str, money: Money, sums: Sequence[Money], basis: Basis) -> bool:
    """Tell whether a sum follows in one step from those of the record and those said before it."""
    earlier = [one for one in sums if money.start - _BACK <= one.start and one.end <= money.start]
    values = (
        *_products(text, money, earlier),
        *_differences(text, money, earlier, basis),
        *_parts_of_list(text, money, basis.prices),
    )
    if any(_equal(said, value, money) for said in readings(text, money) for value in values):
        return True
    return any(
        nearly(said, share, money)
        for said in readings(text, money)
        for share in _shares(text, money, [one.value for one in earlier], basis)
    )


def _shares(text: str, money: Money, earlier: Sequence[float], basis: Basis) -> Iterator[float]:
    """Yield what one of something comes to: of 一斤 by the pounds spoken of, of 平均 by any number near."""
    low, _ = sentence(text, money.start, money.end)
    near = text[max(low - 24, money.start - 30, 0) : money.start]
    if _NO_SHARE.search(near):
        return
    behind = _EACH_BEHIND.match(text, money.end)
    told = [behind["unit"]] if behind else [match["unit"] for match in _EACH.finditer(near)]
    if told:
        numbers = _counted_in(told[-1], text[: money.end + 24])
        # 80抽×8包, 十二支一盒: packs in a pack.
        packs = {float(one) for one in counts_in(basis.record)} | {1.0}
        parts = numbers | {number * pack for number in _counted_in(told[-1], basis.record) for pack in packs}
    elif _SHARED.search(near[-16:]):
        parts = numbers = set(_numbers_near(text, max(0, money.start - _BACK), money.end + 12))
        parts = numbers = numbers | sharers(text[max(0, money.start - _BACK) : money.start])
    else:
        return
    for part in parts:
        yield from (whole / part for whole in (basis.price, *basis.others, *basis.steps.values()))
        yield from (total / (part * count) for count, total in basis.steps.items())
    yield from (whole / number for whole in earlier for number in numbers)


def _counted_in(unit: str, words: str) -> set[float]:
    found = {parse_number(one) or 0 for one in re.findall(rf"({NUMBER})\s*[大小]?{re.escape(unit[-1])}", words)}
    if unit == "斤":
        found |= {2 * (parse_number(one) or 0) for one in re.findall(rf"({NUMBER})\s*(?:公斤|千克|kg)", words)}
    return {one for one in found if one > 1}


def _products(text: str, money: Money, earlier: Sequence[Money]) -> Iterator[float]:
    """Yield what was multiplied right before: 三个十九块九是, 十九块九乘二是."""
    for one in earlier[-1:]:
        between = _MULTIPLIED.match(text[one.end : money.start])
        counted = _COUNT_BEFORE.search(text[max(0, one.start - 8) : one.start])
        times = (between and between["times"]) or (counted and counted["times"])
        value = parse_number(times) if between and times else None
        if value is not None:
            yield one.value * value


def is_multiplied_wrong(text: str, money: Money, sums: Sequence[Money], price: float) -> bool:
    """Tell whether a sum is said to be so many times the price, and is not: 三个三十五块八，一共九十七块四."""
    earlier = [one for one in sums if money.start - _BACK <= one.start and one.end <= money.start]
    if money.approximation or not earlier or earlier[-1].value != price:
        return False
    products = list(_products(text, money, earlier))
    return bool(products) and not any(nearly(said, one, money) for said in readings(text, money) for one in products)


def _differences(text: str, money: Money, earlier: Sequence[Money], basis: Basis) -> Iterator[float]:
    near = text[max(0, money.start - 24) : money.end + 6]
    if not _DIFFERENCE.search(near):
        return
    if re.search("减[去掉]?$", text[max(0, money.start - 3) : money.start]) and earlier:
        yield from (*basis.prices, *basis.steps.values())  # 三十九块八减三十五块八: what is taken off
    # What was just said, one from the other.
    said = [one.value for one in earlier[-3:]]
    yield from (more - less for more in said for less in said if more > less)
    for count, total in basis.steps.items():
        if basis.price * count > total:
            yield basis.price - total / count  # 每件再少五块
            yield total - basis.price * (count - 1)  # 第三罐多少？
        yield from (
            alone * count - total for alone in (basis.price, basis.list_price) if alone and alone * count > total
        )
        # 第二支, 加二十块多一支
        yield from (
            total - less for less in (basis.price, *basis.steps.values()) if 0 < total - less < basis.price + 0.006
        )


def _parts_of_list(text: str, money: Money, prices: Sequence[float]) -> Iterator[float]:
    """Yield what a discount comes to, and how far a price is from it: 半价是199块5, 比打六折还少四毛."""
    low, high = sentence(text, money.start, money.end)
    for match in _TENTHS.finditer(text, low, high):
        tenths = (parse_number(match["tenths"]) or 0) + (parse_number(match["hundredths"] or "零") or 0) / 10
        for whole in prices:
            yield whole * tenths / 10
            yield from (abs(price - whole * tenths / 10) for price in prices)
    if _HALF.search(text, low, high):
        yield from (whole / 2 for whole in prices)


@lru_cache(maxsize=64)
def _numbers_near(text: str, start: int, end: int) -> frozenset[float]:
    """Return what is counted around a sum, whatever it is counted in, sums of money aside."""
    money = [(one.start, one.end) for one in money_in(text)]
    found = set()
    for match in _COUNTED.finditer(text, start, end):
        value = parse_number(match["number"])
        inside = any(low <= match.start() < high for low, high in money)
        if value is not None and 2 <= value <= 2000 and value == int(value) and not inside:
            found.add(value)
    return frozenset(found)


def _equal(said: float, value: float, money: Money) -> bool:
    if money.approximation == "below":
        return value <= said <= 1.15 * value + 0.2
    if money.approximation == "above":
        return said <= value <= 1.15 * said + 0.2
    return abs(said - value) < 0.006 or (money.approximation == "about" and abs(said - value) <= 0.1 * value)


def nearly(said: float, value: float, money: Money) -> bool:
    """Tell whether a share is told as people tell it: 1.658 is 一块六毛五多, 一块六毛六, 一块七 or 不到一块七."""
    cents = round(100 * said)
    told_to = 0.011 if cents % 10 else 0.051 if cents % 100 or said < 20 else 0.51
    return _equal(said, value, money) or abs(said - value) <= min(told_to, 0.04 * value)


def could_come_to(text: str, money: Money, basis: Basis) -> bool:
    """Tell whether some reckoning with the record's sums comes to this one, asked for or not.

    It may be a total of so many pieces, a difference, or what one of anything that is counted comes to. Whether the
    host meant it is for a person to say; that the record denies it, nobody can.
    """
    low, high = clause(text, money.start, money.end)
    near = text[max(0, money.start - _BACK) : min(len(text), money.end + 24)]
    counts = {one for one in counts_in(near) if 1 < one <= 60}
    told = counts_in(text[low : money.start]) - {1}
    steps = {total for count, total in basis.steps.items() if not told or count in told}
    singles = {basis.price, *([basis.list_price] if basis.list_price else [])}
    if bought_apart(text, money.start):
        counts |= set(range(2, 13))  # 比一瓶一瓶买的159块6, of however many
    else:
        counts -= basis.steps.keys()  # so many cost less together
    wholes = {*singles, *basis.others, *steps} | {one * count for one in singles for count in counts}
    if any(_equal(said, one, money) for said in readings(text, money) for one in wholes):
        return True
    around = text[max(low, money.start - 12) : min(high, money.end + 6)]
    if _DIFFERENCE.search(around):
        paid_for = {1: singles} | {count: {one * count for one in singles} for count in {*counts, *basis.steps}}
        for count, total in basis.steps.items():
            paid_for[count] = {*paid_for[count], total}
        # Of as many pieces one sum and another, and what the next step adds.
        gaps = {more - less for sums in paid_for.values() for more in sums for less in sums}
        ladder = [basis.price, *(total for _, total in sorted(basis.steps.items()))]
        gaps |= {abs(more - less) for more, less in pairwise(ladder)}
        gaps |= {whole - other for whole in singles for other in basis.others}
        if any(_equal(said, gap, money) for said in readings(text, money) for gap in gaps if gap > 0.05):
            return True
    if _NO_SHARE.search(text[low : money.start]):
        return False  # 一台省八十
    parts: set[float] = set()
    if _SHARED.search(around):
        parts = {*counts, *_numbers_near(text, 0, len(text)), *_numbers_near(basis.record, 0, len(basis.record))}
    for match in _EACH.finditer(around):
        parts |= _counted_in(match["unit"], text) | _counted_in(match["unit"], basis.record)
    # What one comes to is told of the price one pays.
    paid = wholes - {one * count for one in (basis.list_price or 0,) for count in (1, *counts)}
    shares = (one / part for one in paid for part in parts)
    return any(nearly(said, one, money) for one in shares for said in readings(text, money))


def is_priced(text: str, money: Money) -> bool:
    """Tell whether words right before a sum say that it is a price: 三箱九十九, 省八十."""
    return _ASKED.search(text[clause(text, money.start, money.end)[0] : money.start]) is not None


def _is_lower(before: str) -> bool:
    return _DIFFERENCE.search(before) is not None


def _is_counted(text: str, unit: str, basis: Basis) -> bool:
    return bool(_counted_in(unit, text) or _counted_in(unit, basis.record))


def _is_told(text: str, price: float) -> bool:
    return any(one.value == price for one in money_in(text))


def is_asked(text: str, money: Money, basis: Basis | None = None, unit: str = "") -> bool:
    """Tell whether a sum is certainly what is asked for the goods, or taken off their price.

    Where the record's price for one `unit` is told elsewhere, a figure that is only called out is something else, and
    so is one for what nothing is counted by (一块钱一张, of a printer), or of a small part of the price.
    """
    low, high = clause(text, money.start, money.end)
    begin, _ = sentence(text, money.start, money.end)
    before = text[low : money.start]
    if money.approximation or _NOT_ASKED.search(text, max(begin, low - 20), high):
        return False
    # 一百二十九，带收纳盒: a figure that begins its clause is called out.
    called = (
        not re.search("[\u4e00-\u9fa5]", before)
        and re.search("[元块毛角]", text[money.start : money.end + 1]) is not None
    )
    asked = _ASKED.search(before) or _ASKED_BEHIND.match(text[money.end : money.end + 8])
    one = asked["unit"] if asked is not None else None
    counted = basis is None or not unit or one is None or one in f"{unit}斤对双副" or _is_counted(text, one, basis)
    if not counted and not _is_lower(before):
        return False
    trifle = basis is not None and money.value < _TRIFLE * basis.price and (one is None or one == unit)
    if trifle and not _is_lower(before) and not _REACHED.search(before):
        return False
    if _PEOPLE.search(text, low, high) and not _REACHED.search(before) and not _is_lower(before):
        return False
    if asked is None:
        several = _SEVERAL.search(text, begin, low) is not None  # 拿两袋，一百二十九块八
        if not called or (not several and basis is not None and _is_told(text, basis.price)):
            return False  # 一百块榉木倒在地上, where the price is told elsewhere
    return not is_told_of_somebody(text, money.start, money.end) and not is_unsure(text, money.start, money.end)
