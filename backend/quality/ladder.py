"""What several pieces cost together by the product's record, and what a script says of it."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from backend.quality.context import clause, sentence
from backend.quality.numbers import COUNTERS, NUMBER, money_in, parse_number

#: 第二件半价, 第三件八折, 第二件免费, 第二件只要八十块.
_LAST_PIECE: Final = re.compile(
    rf"第(?P<nth>{NUMBER})[{COUNTERS}](?:就是|就|直接|再|都是|是|算|给你们?|才|只要|只|打|加|,|，)*"
    rf"(?:(?P<half>半价|五折|5折)|(?P<free>免费|不要钱|白送|[0零]元)|(?P<tenths>{NUMBER})折|(?P<yuan>{NUMBER})[元块])"
)
#: The pieces are not bought together: 分开买两件要一百九十八.
_APART: Final = re.compile(
    rf"单[买拍下要拿收取订点选购入]|单[{COUNTERS}](?:着|地|装)?[买拍下要拿收取]|[零散单]着?[买拍拿收要卖]|逐[{COUNTERS}]|"
    rf"分(?:开|着|[两二三四五六七八九十]|成[两二三四五六七八九十])(?:次|单|回|笔|[{COUNTERS}])?(?:来|去)?[买拍拿收付下取结算]?|拆(?:开|散|零|成单|单|着)|单独|单个|"
    rf"不(?:凑|拼|走|用|参加|搭)(?:成|够)?(?:单|套|组合?|对|双|两|三|一起|活动|套装)|不(?:一起|一块儿?|合着)|各[买拍拿付]各|本来|原来|原本|平时|平常|正常|按单[价件]|按原价|"
    rf"(?P<one>一[{COUNTERS}])(?P=one)|比[^，。！？]{{0,8}}$"
)
#: The same as a clause before the sum's own; 平时 and 本来 speak of other prices there.
_APART_ALONE: Final = re.compile(
    rf"单(?:独|着|[{COUNTERS}])?[买拍拿收要取订](?!点)|分(?:开|着|[两二三四五六七八九十](?:次|单|回|笔))|拆(?:开|散|单)(?:着|来)?[买拍拿收卖算]|不凑单|各[买拍拿]各|"
    rf"(?P<one>一[{COUNTERS}])(?P=one)地?[买拍拿收算要]"
)
_NOT_APART: Final = re.compile("别|不要|甭|不用|千万|何必|还不如|没必要")


class StepFault(NamedTuple):
    """What a script says of the last piece, and the record says otherwise; the span is in the folded text."""

    start: int
    end: int
    problem: str


def steps_of(product: Mapping[str, Any]) -> dict[int, float]:
    """Return what so many pieces cost together, by the number of pieces."""
    steps: dict[int, float] = {}
    for step in product.get("price_ladder") or ():
        if isinstance(step, Mapping):
            try:
                steps[int(step["quantity"])] = float(step["total"])
            except (KeyError, TypeError, ValueError):
                continue
    return steps


def last_piece(steps: Mapping[int, float], price: float, quantity: int) -> float | None:
    """Return what the last of so many pieces adds to the sum; None where the record has no such step."""
    if quantity not in steps:
        return None
    return steps[quantity] - (steps.get(quantity - 1) or price * (quantity - 1))


def bought_apart(text: str, start: int) -> bool:
    """Tell whether the words in front of a sum at `start` say that the pieces are not bought together.

    They may make a clause of their own, without a sum in it: 一盒一盒拿，两盒是176.
    """
    low, _ = clause(text, start, start)
    if _APART.search(text, low, start):
        return True
    first, _ = sentence(text, start, start)
    begin, end = clause(text, max(first, low - 1), max(first, low - 1))
    if any(begin <= one.start < end for one in money_in(text)) or _NOT_APART.search(text, begin, end):
        return False
    return _APART_ALONE.search(text, begin, end) is not None


def step_faults(text: str, steps: Mapping[int, float], price: float) -> Iterator[StepFault]:
    """Yield what a folded text says of the second, third … piece that does not follow from the ladder."""
    for match in _LAST_PIECE.finditer(text):
        nth = parse_number(match["nth"])
        adds = last_piece(steps, price, int(nth)) if nth is not None and nth == int(nth) else None
        if adds is None:
            continue
        if match["half"]:
            said = price / 2
        elif match["free"]:
            said = 0.0
        elif match["tenths"]:
            said = price * (parse_number(match["tenths"]) or 0) / 10
        else:
            said = parse_number(match["yuan"]) or 0.0
        # Half of 79.9 is told as 40.
        if abs(said - adds) > max(1.0, 0.01 * price):
            yield StepFault(
                match.start(),
                match.end(),
                f"第{int(nth or 0)}件按价格阶梯是{f'{adds:.2f}'.rstrip('0').rstrip('.')}元，与这里说的不符",
            )
