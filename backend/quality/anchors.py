"""What every match of a pattern holds, so that many patterns need not run everywhere.

A match of a pattern holds at least one of a few literal strings (`比…便宜` holds 便宜 or 划算 or …), and it is no
wider than so many characters. Where none of the strings stands, the pattern need not be tried; where one does, a
window around it is enough: `sweep.py` makes them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from math import fsum
from pathlib import Path
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any, Final

import orjson

from backend.quality.normalize import NUMERALS
from backend.quality.patterns import Lazy, Pattern

#: Made by `python -m tests.support.anchors`.
FILE: Final = Path(__file__).parent / "rules" / "anchors.json"
#: More strings than this are worse than a common one.
_MOST: Final = 400
_LARGEST_SET: Final = 12
#: So many parts of a pattern are weighed against each other.
_TRIED: Final = 4
#: A pattern wider than this is tried on the whole text.
_WIDEST: Final = 400
#: Roughly which share of spoken copy a character is, numerals written as digits; a rare one is a better anchor.
_SHARES: Final = {
    char: share
    for share, chars in (
        (0.03, "1，。"),
        (0.01, "的2百不9下3是点我个5天了接8"),
        (0.005, "上就你看4？6在链子有里来着今方这开用面还 "),
        (
            0.0025,
            "得克能家水拍时车没小米都手到给去分公灯块打好头多7物想半单要说大度购自人们出毫放那机包先台选干喝只码带己跑省完跟口袋后现色0",
        ),
        (
            0.0012,
            "也罐电友款价行千地、付支屏朋起以平动早年最进泡儿孩量发少洗杯么走脚会拿鞋几把盒过升瓶穿斤数别写晚清报配合它再边直声吃"
            "味片件换标充白箱盖听收前土装保样次戴布长睡日住够照妈皮身可月质外为和",
        ),
        (
            0.0006,
            "眼第豆明常字回之茶气双见红奶吸果毛爸湿送衣锅场怎批左请防背对书翻音料绒花坐整备温门按条风种肉老怕服满酸山重香床副被道"
            "页底西每淡透差才高加镜光档挂网步尺讲薄压贴买冻中甜段话倒内冲笔表学留往张级酒丝宝爱他热刷脸冷测谁宽咱什检作暖业正板问"
            "层喜欢算炸顶夹周试帮适慢诉知快饭精右查办器胶",
        ),
    )
    for char in chars
}
_SELDOM: Final = 0.0002
# What a character of a text costs, in microseconds: a place of an anchor, one of the second anchor, a window tried.
_PLACE, _SECOND_PLACE, _WINDOW = 0.15, 0.3, 2.5


@dataclass(frozen=True, slots=True)
class Anchor:
    """What every match of a pattern holds, and how far its ends can be from there."""

    #: One of these stands in every match; empty when nothing is known.
    literals: frozenset[str]
    #: One of these as well, so that a window without any need not be tried; empty when nothing more is known.
    others: tuple[str, ...]
    #: The most characters of a match with what it looks at behind its end; None when there is no bound.
    width: int | None


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of a part of a pattern."""

    #: All strings that it matches; None when they are too many.
    exact: frozenset[str] | None
    #: Strings of which every match holds one; None when there are no such.
    held: frozenset[str] | None
    #: All such that were found in its parts.
    all_held: tuple[frozenset[str], ...] = ()


_NOTHING: Final = _Known(None, None)
_EMPTY: Final = _Known(frozenset({""}), None)


def anchor_of(pattern: Pattern) -> Anchor:
    """Return what is known of a pattern. The texts it will be run on are folded: lower case only."""
    if isinstance(pattern, Lazy):
        return _read(pattern.pattern, re.IGNORECASE)
    if isinstance(pattern, re.Pattern):
        return _read(pattern.pattern, pattern.flags)
    return Anchor(frozenset(), (), None)  # a tenant's: RE2 is linear, and reads the whole text


@lru_cache(maxsize=4096)
def _read(source: str, flags: int) -> Anchor:
    known = _released().get(source) if flags == re.IGNORECASE else None
    return known or work_out(source, flags)


@cache
def _released() -> Mapping[str, Anchor]:
    """Return the anchors of the patterns that come with this release: to work them out takes tenths of a second."""
    table: dict[str, tuple[list[str], list[str], int | None]] = orjson.loads(FILE.read_bytes())
    return {
        source: Anchor(frozenset(literals), tuple(others), width) for source, (literals, others, width) in table.items()
    }


def work_out(source: str, flags: int) -> Anchor:
    """Find out what every match of a pattern holds."""
    tree = _parser.parse(source, flags)
    known = _sequence(tree)
    _, widest = tree.getwidth()
    width = int(widest + _lookaround(tree))
    usable = [one for one in (known.exact, known.held, *known.all_held) if one and "" not in one and len(one) <= _MOST]
    # Those that are seldom; the others come to nothing, and all pairs of all parts are many.
    anchors = list(dict.fromkeys(map(_shortest, sorted(usable, key=_frequency)[:_TRIED])))
    pairs = [
        (one, other)
        for one in anchors
        for other in (frozenset[str](), *anchors)
        if other is not one and (not other or not _alike(one, other))
    ]
    if not pairs:
        return Anchor(frozenset(), (), None)
    held, others = min(pairs, key=lambda pair: _cost(pair[0], pair[1], width))
    return Anchor(held, tuple(sorted(others)), width if width <= _WIDEST else None)


def _cost(held: frozenset[str], others: frozenset[str], width: int) -> float:
    """Return what a pattern costs a character of text when it is looked for by these strings."""
    first, second = _frequency(held), _frequency(others)
    tried = min(1.0, 2 * width * second) if others else 1.0
    return first * (_PLACE + tried * _WINDOW) + second * _SECOND_PLACE


@lru_cache(maxsize=1024)  # the classes of words come again and again
def _shortest(strings: frozenset[str]) -> frozenset[str]:
    """Leave out strings that hold another one."""
    sizes = sorted({len(one) for one in strings})
    if len(sizes) == 1:
        return strings

    def holds_another(one: str) -> bool:
        return any(
            one[at : at + size] in strings for size in sizes if size < len(one) for at in range(len(one) - size + 1)
        )

    return frozenset(one for one in strings if not holds_another(one))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Tell whether strings of both can be the same piece of text."""
    return any(left in right or right in left for left in one for right in other)


def _sequence(items: Iterable[Any]) -> _Known:
    """Put the parts of a pattern that follow each other together."""
    if all(operator is sre.LITERAL for operator, _ in items):  # most are words of a list
        return _Known(frozenset({"".join(chr(code) for _, code in items).lower()}), None)
    candidates: list[frozenset[str] | None] = []
    run: frozenset[str] = frozenset({""})
    whole = True
    for operator, argument in items:
        part = _part(operator, argument)
        candidates.append(part.held)
        joined = len(run) * len(part.exact) if part.exact is not None else _MOST + 1
        if part.exact is not None and joined <= _MOST:
            run = frozenset(left + right for left in run for right in part.exact)
            continue
        whole = False
        candidates.append(run)
        run = part.exact if part.exact is not None else frozenset({""})
    if whole:
        return _Known(run, _best(candidates))
    candidates.append(run)
    return _Known(None, _best(candidates), tuple(one for one in candidates if one and "" not in one))


def _part(operator: Any, argument: Any) -> _Known:  # noqa: PLR0911 - one line for each kind of part
    match operator:
        case sre.LITERAL:
            return _Known(frozenset({chr(argument).lower()}), None)
        case sre.IN:
            return _set(argument)
        case sre.SUBPATTERN:
            return _sequence(argument[3])
        case sre.ATOMIC_GROUP:
            return _sequence(argument)
        case sre.BRANCH:
            return _branches([_sequence(one) for one in argument[1]])
        case sre.MAX_REPEAT | sre.MIN_REPEAT | sre.POSSESSIVE_REPEAT:
            return _repeated(*argument)
        case sre.ASSERT | sre.ASSERT_NOT | sre.AT:
            return _EMPTY
    return _NOTHING


def _set(members: Sequence[tuple[Any, Any]]) -> _Known:
    chars: set[str] = set()
    for operator, argument in members:
        if operator is sre.LITERAL:
            chars.add(chr(argument).lower())
        elif operator is sre.RANGE and argument[1] - argument[0] < _LARGEST_SET:
            chars.update(chr(code).lower() for code in range(argument[0], argument[1] + 1))
        else:
            return _NOTHING
    return _Known(frozenset(chars), None) if len(chars) <= 3 * _LARGEST_SET else _NOTHING


def _branches(branches: Sequence[_Known]) -> _Known:
    exact: frozenset[str] | None = frozenset()
    held: frozenset[str] | None = frozenset()
    for one in branches:
        exact = exact | one.exact if exact is not None and one.exact is not None else None
        best = _best([one.exact, one.held])
        held = held | best if held is not None and best is not None else None
    if exact is not None and len(exact) > _MOST:
        exact = None
    return _Known(exact, held)


def _repeated(least: int, most: int, items: Iterable[Any]) -> _Known:
    inner = _sequence(items)
    if (least, most) == (0, 1) and inner.exact is not None:
        return _Known(inner.exact | {""}, None)
    if least == 0:
        return _NOTHING
    if (least, most) == (1, 1):
        return inner
    return _Known(None, _best([inner.exact, inner.held]))


def _best(candidates: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    """Return the strings that stand in the fewest places."""
    usable = [one for one in candidates if one and "" not in one and len(one) <= _MOST]
    if not usable:
        return None
    return _shortest(usable[0] if len(usable) == 1 else min(usable, key=_frequency))


@lru_cache(maxsize=1024)
def _frequency(strings: frozenset[str]) -> float:
    # The exact sum: it must not depend on the order of a set.
    return fsum(map(_rarity, strings))


def _rarity(string: str) -> float:
    share = 1.0
    for char in string.translate(NUMERALS):
        share *= _SHARES.get(char, _SELDOM)
    # What stands together is no chance: a second character says less than the first.
    return share * 10.0 ** (len(string) - 1)


def _lookaround(items: Iterable[Any]) -> int:
    """Return how far a match looks behind its end, at most: the looks of all parts together."""
    far = 0
    for operator, argument in items:
        match operator:
            case sre.ASSERT | sre.ASSERT_NOT:
                far += int(argument[1].getwidth()[1]) + _lookaround(argument[1])
            case sre.AT:
                far += 1
            case sre.SUBPATTERN:
                far += _lookaround(argument[3])
            case sre.ATOMIC_GROUP:
                far += _lookaround(argument)
            case sre.BRANCH:
                far += max(_lookaround(one) for one in argument[1])
            case sre.MAX_REPEAT | sre.MIN_REPEAT | sre.POSSESSIVE_REPEAT:
                far += _lookaround(argument[2])
    return far
