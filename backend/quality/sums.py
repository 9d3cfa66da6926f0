"""Whether a sum that does not follow from the record is plainly what is asked, or only one way to hear the clause.

What so much of the goods costs, what it cost before, and what comes off it are told to sell: such a sum, said wrong,
holds a text up. What one of something comes to is a reckoning aloud that nobody pays; what is saved needs something on
record that it is saved from; a total of single prices beside the record's own is held against it; and what is far from
every price of the record is hardly one of the goods. These are shown to who approves.
"""

import re
from collections.abc import Sequence
from typing import Final

from backend.quality.context import clause, sentence
from backend.quality.numbers import NUMBER, Money, counts_in, parse_number
from backend.quality.worked_out import Basis

#: Before a sum in its clause: what one of something comes to.
_SHARE: Final = re.compile(
    "(?<![组综混配套融契适符集结联])合(?![计起共适])|摊|平均|均(?!价)|折(?:合|下来|算)|算下来|相当于|除以?|人均|AA|aa|[每一][天日晚次顿杯泡口回节趟人位](?![起共价])"
)
#: Right behind it: 五块三一顿.
_SHARE_BEHIND: Final = re.compile("(?:钱|多|左右|不到)*[一每][天日晚次顿杯泡口回节趟人位](?![起共])")
#: Before a sum: by how much something is less.
_LESS: Final = re.compile("省|便宜|少|差|优惠|降|划算|贵|多[花付出掏]|找[您你零]|剩")
#: What is taken off what is paid, whatever the record has.
_TAKEN_OFF: Final = re.compile("立减|再减|减掉?|直降|券|返|退|抵|红包|补贴|补差|后台改")
#: No price is so far from all of the record's.
_LEAST: Final = 0.25
_MOST: Final = 3.0
_MOST_TOGETHER: Final = 1.5
#: So near a price a round sum is that price, rounded.
_ROUNDED: Final = 0.015
_PIECES: Final = range(2, 13)


def is_plainly_asked(text: str, money: Money, basis: Basis, sums: Sequence[Money], unit: str) -> bool:
    """Tell whether a sum can hardly be anything but what is asked for the goods (told by `unit`), or taken off it."""
    low, high = clause(text, money.start, money.end)
    before = text[low : money.start]
    if _SHARE.search(before) or _SHARE_BEHIND.match(text, money.end):
        return False
    begin, _ = sentence(text, money.start, money.end)
    taken_off = _TAKEN_OFF.search(text, begin, high) is not None
    less = _LESS.search(before) is not None
    if less and not taken_off and basis.list_price is None and not basis.steps:
        return False
    singles = [one for one in (basis.price, basis.list_price) if one]
    told = {one.value for one in sums} | {parse_number(one) for one in re.findall(NUMBER, text)}
    for count in _PIECES:
        beside = basis.steps.get(count) in told
        if beside and any(abs(money.value - count * one) < 0.006 for one in singles):
            return False  # 单拎三袋得要…, where the record's own for three is told as well
    if less or taken_off or (unit and re.search(rf"[一每单]{re.escape(unit)}", before)):
        return True
    prices = [*singles, *basis.others, *basis.steps.values()]
    if any(0 < abs(money.value - one) <= _ROUNDED * one and money.value % 10 == 0 for one in prices):
        return False  # 三十块钱的事儿, of 29.9
    several = max((count for count in counts_in(before) if count in _PIECES), default=1)
    most = max(_MOST * max(singles), several * max(singles), _MOST_TOGETHER * max(prices))
    return _LEAST * min(prices) <= money.value <= most


#: 一元硬币大小.
_COIN: Final = re.compile("的?(?:硬币|纸币|钢镚)|[机级档]|价位")
#: 一分钱不扣, 不加一分钱.
_NOT_A_PENNY: Final = re.compile("一[分毛块](?:钱)?(?:都|也)?(?:不|没|别)|(?:不|没|别|甭)[^，。！？]{0,5}一[分毛块]钱?")


def is_no_price(text: str, money: Money) -> bool:
    """Tell whether a sum is a coin, a class of goods, or the penny that nobody is asked for: no price of anything."""
    if money.value <= 1 and _NOT_A_PENNY.search(text, clause(text, money.start, money.end)[0], money.end + 5):
        return True
    return _COIN.match(text, money.end) is not None
