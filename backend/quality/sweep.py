"""One pass over a folded text for everything that is plain string search: terms, patterns' anchors, words of goods."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from backend.quality.anchors import Anchor, anchor_of
from backend.quality.codepoints import codes_of
from backend.quality.normalize import NUMERALS, with_digits
from backend.quality.patterns import Pattern
from backend.quality.rulebook import Rule
from backend.quality.strings import Found, Links, Strings

#: Wider than any text.
_ANYWHERE: Final = 1 << 40


class Sighting(NamedTuple):
    """A place of the folded text that a rule names; `term` is empty for a pattern."""

    rule: Rule
    start: int
    end: int
    term: str


@dataclass(frozen=True, slots=True)
class Swept:
    """What one pass found."""

    sightings: list[Sighting]
    #: Which verticals the text speaks of.
    verticals: frozenset[str]


@dataclass(slots=True)
class _Meaning:
    """What a string stands for besides patterns."""

    term: str = ""
    owners: tuple[Rule, ...] = ()
    #: A word of these verticals, which must stand as it is written (numerals are swapped for the search).
    word: str = ""
    verticals: tuple[str, ...] = ()
    #: Whether an end of it is a Latin letter or a digit, so that it may stand inside a longer word.
    may_cut: bool = False


class Sweep:
    """The rules' terms and patterns, compiled. Immutable, shared between threads."""

    def __init__(self, rules: Sequence[Rule], words: Mapping[str, Sequence[str]]) -> None:
        meanings: dict[str, _Meaning] = {}

        def meaning(string: str) -> _Meaning:
            return meanings.setdefault(string, _Meaning())

        for rule in rules:
            for term in rule.terms:
                of = meaning(term)
                of.term, of.owners = term, (*of.owners, rule)
                of.may_cut = term[0].isascii() or term[-1].isascii()
        for vertical, named in words.items():
            for word in named:
                of = meaning(word.translate(NUMERALS))
                of.word, of.verticals = word, (*of.verticals, vertical)
        self._patterns: list[tuple[Rule, Pattern, Anchor]] = []
        first: dict[str, list[int]] = {}
        second: dict[str, list[int]] = {}
        for rule in rules:
            for pattern in rule.patterns:
                anchor = anchor_of(pattern)
                for literals, strings in ((anchor.literals, first), (anchor.others, second)):
                    for literal in sorted({literal.translate(NUMERALS) for literal in literals}):
                        strings.setdefault(literal, []).append(len(self._patterns))
                self._patterns.append((rule, pattern, anchor))
        everything = list(dict.fromkeys([*meanings, *first, *second]))
        self._meanings = [meanings.get(string) for string in everything]
        self._means = np.array([one is not None for one in self._meanings], dtype=bool)
        self._first = Links([first.get(string, ()) for string in everything])
        self._second = Links([second.get(string, ()) for string in everything])
        anchors = [anchor for _, _, anchor in self._patterns]
        self._needs_second = np.array([bool(anchor.others) for anchor in anchors], dtype=bool)
        # Those without a bound are tried on the whole text, wherever their strings stand.
        self._widths = np.array([_ANYWHERE if one.width is None else one.width for one in anchors], dtype=np.int64)
        self._unanchored = [number for number, anchor in enumerate(anchors) if not anchor.literals]
        self._strings = Strings(everything)

    def __call__(self, text: str) -> Swept:
        """Search a folded text."""
        found = self._strings.find(with_digits.codes(codes_of(text)))
        sightings: list[Sighting] = []
        verticals: set[str] = set()
        told = np.flatnonzero(self._means[found.numbers])
        for number, start, end in zip(*(column[told].tolist() for column in found), strict=True):
            of = self._meanings[number]
            if of.owners and not (of.may_cut and _cuts_a_word(text, start, end)):
                sightings += [Sighting(rule, start, end, of.term) for rule in of.owners]
            if of.word and text[start:end] == of.word:
                verticals.update(of.verticals)
        spots = {number: [(0, len(text))] for number in self._unanchored} | self._spots(found, len(text))
        for number in sorted(spots):
            rule, pattern, _ = self._patterns[number]
            for low, high in spots[number]:
                for match in pattern.finditer(text, low, high):
                    if match.end() > match.start():
                        sightings.append(Sighting(rule, match.start(), match.end(), ""))
        return Swept(sightings, frozenset(verticals))

    def _spots(self, found: Found, size: int) -> dict[int, list[tuple[int, int]]]:
        """Return for each pattern that may match the ranges of the text, in order, which hold every match."""
        which, patterns = self._first.follow(found.numbers)
        widths = self._widths[patterns]
        lows = np.maximum(found.ends[which] - widths, 0)
        highs = np.minimum(found.starts[which] + widths + 1, size)
        # One number for a pattern and a place: what belongs to a pattern stands together, in order.
        stride = size + 1
        seconds, of_seconds = self._second.follow(found.numbers)
        places = np.sort(of_seconds * stride + found.starts[seconds])
        nearest = np.searchsorted(places, patterns * stride + lows)
        has_second = nearest < np.searchsorted(places, patterns * stride + highs)
        kept = np.flatnonzero(has_second | ~self._needs_second[patterns])
        kept = kept[np.lexsort((lows[kept], patterns[kept]))]
        spots: dict[int, list[tuple[int, int]]] = {}
        columns = (patterns[kept].tolist(), lows[kept].tolist(), highs[kept].tolist())
        for number, low, high in zip(*columns, strict=True):
            ranges = spots.setdefault(number, [])
            if ranges and low <= ranges[-1][1]:
                ranges[-1] = (ranges[-1][0], max(high, ranges[-1][1]))
            else:
                ranges.append((low, high))
        return spots


def _cuts_a_word(text: str, start: int, end: int) -> bool:
    """Tell whether a hit begins or ends inside a Latin word or a number: 0元 in 100元, no1 in no10."""
    return _joined(text[start - 1 : start], text[start]) or _joined(text[end - 1], text[end : end + 1])


def _joined(left: str, right: str) -> bool:
    if not (left.isascii() and right.isascii()):
        return False
    return (left.isdigit() and right.isdigit()) or (left.isalpha() and right.isalpha())
