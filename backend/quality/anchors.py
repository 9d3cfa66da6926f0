"""Run many patterns over a long text without running them everywhere.

A match of a pattern holds at least one of a few literal strings (`比…便宜` holds 便宜 or 划算 or …), and it is no
wider than so many characters. Where none of the strings stands, the pattern need not be tried; where one does, a
window around it is enough. What is found is what `finditer` over the whole text finds.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any, Final

#: More strings than this are worse than a common one.
_MOST: Final = 400
_LARGEST_SET: Final = 12
#: A pattern wider than this is tried on the whole text.
_WIDEST: Final = 400
#: Roughly how often a character stands in spoken copy; a rare one is a better anchor.
_OFTEN: Final = frozenset(
    "的一是了我不人在他有这个上们来到时大地为子中你说就那和要她出也得里后自以会家可下而过天去能对小多然于心么之都好看起"
    "没如事把还用第样想开从面最但现前些所同手又行它头因给什两次使身者被高已其进此常与活正感见明问力理点文几定本特做外相"
    "果走将月实向声车全信重三机工物气每并别真打太新比才再水像等体买送款单拍穿吃喝装色味大小号包元块斤个只件盒瓶"
)


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


def anchor_of(pattern: re.Pattern[str]) -> Anchor:
    """Read a pattern's source. The texts it will be run on are folded: lower case only."""
    tree = _parser.parse(pattern.pattern, pattern.flags)
    known = _sequence(tree)
    held = _best([known.exact, known.held])
    others = [one for one in known.all_held if held is not None and not _alike(one, held)]
    # Each string is looked for in each window: few are better than rare ones.
    other = min(map(_shortest, others), key=lambda one: _frequency(one) + len(one) / 1000, default=None)
    _, widest = tree.getwidth()
    width = widest + _lookaround(tree)
    return Anchor(held or frozenset(), tuple(sorted(other or ())), int(width) if width <= _WIDEST else None)


def matches(pattern: re.Pattern[str], anchor: Anchor, text: str, spots: Iterable[tuple[int, int]]) -> Iterator[Any]:
    """Yield what `pattern.finditer(text)` yields, told where (in order) the anchor's literals stand."""
    if anchor.width is None or not anchor.literals:
        yield from pattern.finditer(text)
        return
    for low, high in _windows(anchor.width, len(text), spots):
        if anchor.others:
            window = text[low:high]
            for other in anchor.others:
                if other in window:
                    break
            else:
                continue
        yield from pattern.finditer(text, low, high)


def _windows(width: int, size: int, spots: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the ranges that hold every match around the spots; those that touch are one."""
    low = high = -1
    for start, end in spots:
        begin = max(0, end - width)
        if begin > high:
            if high >= 0:
                yield low, high
            low = begin
        high = max(high, min(size, start + width + 1))
    if high >= 0:
        yield low, high


def _shortest(strings: frozenset[str]) -> frozenset[str]:
    """Leave out strings that hold another one."""
    return frozenset(one for one in strings if not any(other != one and other in one for other in strings))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Tell whether strings of both can be the same piece of text."""
    return any(left in right or right in left for left in one for right in other)


def _sequence(items: Iterable[Any]) -> _Known:
    """Put the parts of a pattern that follow each other together."""
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
    return _shortest(min(usable, key=_frequency)) if usable else None


def _frequency(strings: frozenset[str]) -> float:
    return sum(_rarity(string) for string in strings)


def _rarity(string: str) -> float:
    share = 1.0
    for char in string:
        share *= 0.01 if char.isascii() else 0.008 if char in _OFTEN else 0.0008
    # What stands together is no chance: a second character says less than the first.
    return share * 6.0 ** (len(string) - 1)


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
