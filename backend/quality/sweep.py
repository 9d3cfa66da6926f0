"""One pass over a folded text for everything that is plain string search: terms, patterns' anchors, words of goods."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.quality.anchors import Anchor, anchor_of
from backend.quality.normalize import NUMERALS
from backend.quality.patterns import Pattern
from backend.quality.rulebook import Rule
from backend.quality.strings import Found, Links, Strings

#: Wider than any text.
_ANYWHERE: Final = 1 << 40


#: A thousand of characters, as a power of two: wider than most windows.
_ROUGH: Final = 10


class Sighting(NamedTuple):
    """A place of the folded text that a rule names."""

    #: The rule's number among those that were compiled.
    rule: int
    start: int
    end: int
    #: Empty for a pattern.
    term: str


@dataclass(frozen=True, slots=True)
class Swept:
    """What one pass found."""

    terms: list[Sighting]
    patterns: list[Sighting]
    #: Which verticals the text speaks of.
    verticals: frozenset[str]


class Sweep:
    """The rules' terms and patterns, compiled. Immutable, shared between threads."""

    def __init__(self, rules: Sequence[Rule], words: Mapping[str, Sequence[str]]) -> None:
        #: For each term the rules that have it, in their order.
        self.owners: dict[str, tuple[int, ...]] = {}
        # One object for each set of owners: nearly all terms have one owner, and there are many terms.
        known: dict[tuple[int, ...], tuple[int, ...]] = {}
        self._patterns: list[tuple[int, Pattern, Anchor]] = []
        first: dict[str, list[int]] = {}
        second: dict[str, list[int]] = {}
        for number, rule in enumerate(rules):
            for term in rule.terms:
                owning = (*self.owners.get(term, ()), number)
                self.owners[term] = known.setdefault(owning, owning)
            for pattern in rule.patterns:
                anchor = anchor_of(pattern)
                for literals, strings in ((anchor.literals, first), (anchor.others, second)):
                    for literal in sorted({literal.translate(NUMERALS) for literal in literals}):
                        strings.setdefault(literal, []).append(len(self._patterns))
                self._patterns.append((number, pattern, anchor))
        # Words must stand as they are written; for the search numerals are swapped.
        self._words: dict[str, list[tuple[str, str]]] = {}
        for vertical, named in words.items():
            for word in named:
                self._words.setdefault(word.translate(NUMERALS), []).append((word, vertical))
        self._everything = list(dict.fromkeys([*self.owners, *self._words, *first, *second]))
        self._is_term = np.array([one in self.owners for one in self._everything], dtype=bool)
        self._is_word = np.array([one in self._words for one in self._everything], dtype=bool)
        self._first = Links([first.get(string, ()) for string in self._everything])
        self._second = Links([second.get(string, ()) for string in self._everything])
        anchors = [anchor for _, _, anchor in self._patterns]
        self._needs_second = np.array([bool(anchor.others) for anchor in anchors], dtype=bool)
        # Those without a bound are tried on the whole text, wherever their strings stand.
        self._widths = np.array([_ANYWHERE if one.width is None else one.width for one in anchors], dtype=np.int64)
        self._unanchored = [number for number, anchor in enumerate(anchors) if not anchor.literals]
        self._strings = Strings(self._everything)

    def __call__(self, text: str, digits: NDArray[np.uint32]) -> Swept:
        """Search a folded text; `digits` are its code points with digits for numerals (`with_digits`)."""
        found = self._strings.find(digits)
        terms: list[Sighting] = []
        told = np.flatnonzero(self._is_term[found.numbers])
        for number, start, end in zip(*(column[told].tolist() for column in found), strict=True):
            if not _cuts_a_word(text, start, end):
                string = self._everything[number]
                terms += [Sighting(rule, start, end, string) for rule in self.owners[string]]
        return Swept(terms, list(self._matches(text, found)), self._verticals(text, found))

    def _verticals(self, text: str, found: Found) -> frozenset[str]:
        """Return what the words speak of; each is looked at once, wherever else it stands."""
        verticals: set[str] = set()
        words = np.flatnonzero(self._is_word[found.numbers])
        numbers, firsts = np.unique(found.numbers[words], return_index=True)
        for number, first in zip(numbers.tolist(), firsts.tolist(), strict=True):
            start = int(found.starts[words[first]])
            for word, vertical in self._words[self._everything[number]]:
                # Where it is looked for numerals are swapped: it may stand as it is written at another place only.
                if vertical not in verticals and (text.startswith(word, start) or word in text):
                    verticals.add(vertical)
        return frozenset(verticals)

    def _matches(self, text: str, found: Found) -> Iterator[Sighting]:
        """Yield what the patterns match, a pattern after the other."""
        spots = self._spots(found, len(text))
        if self._unanchored:
            spots = iter(sorted([*((number, 0, len(text)) for number in self._unanchored), *spots]))
        patterns = self._patterns
        for number, low, high in spots:
            pattern = patterns[number][1]
            # Nearly all of them hold nothing, and to be told so by an iterator takes longer.
            if pattern.search(text, low, high):
                rule = patterns[number][0]
                for match in pattern.finditer(text, low, high):
                    start, end = match.span()
                    if end > start:
                        yield Sighting(rule, start, end, "")

    def _spots(self, found: Found, size: int) -> Iterator[tuple[int, int, int]]:
        """Yield for each pattern that may match the ranges of the text, in order, which hold every match."""
        which, patterns = self._first.follow(found.numbers)
        # One number for a pattern and a place: what belongs to a pattern stands together, in order.
        stride = size + 1
        widths, beginnings = self._widths[patterns], patterns * stride
        lows = beginnings + np.maximum(found.ends[which] - widths, 0)
        highs = beginnings + np.minimum(found.starts[which] + widths + 1, size)
        needing = self._needs_second[patterns]
        seconds, of_seconds = self._second.follow(found.numbers)
        places = of_seconds * stride + found.starts[seconds]
        # Most have no second string in the same thousand of characters, nor in the next: no closer look is needed.
        rough = np.zeros((len(self._patterns) * stride >> _ROUGH) + 1, dtype=bool)
        rough[places >> _ROUGH] = True
        kept = ~needing | rough[lows >> _ROUGH] | rough[highs >> _ROUGH] | (highs - lows > 1 << _ROUGH)
        lows, highs, needing = lows[kept], highs[kept], needing[kept]
        order = np.argsort(lows)  # in order they are looked up three times as fast
        lows, highs, needing = lows[order], highs[order], needing[order]
        places = np.append(np.sort(places), np.iinfo(np.int64).max)
        kept = ~needing
        kept[needing] = places[np.searchsorted(places, lows[needing])] < highs[needing]
        lows, highs = lows[kept], np.maximum.accumulate(highs[kept])
        # A range begins where none of those before reaches to; other patterns' end before their own numbers begin.
        begins = np.ones(len(lows), dtype=bool)
        begins[1:] = lows[1:] > highs[:-1]
        ends = np.ones(len(lows), dtype=bool)
        ends[:-1] = begins[1:]
        numbers, lows = np.divmod(lows[begins], stride)
        highs = highs[ends] - numbers * stride
        yield from zip(numbers.tolist(), lows.tolist(), highs.tolist(), strict=True)


def _cuts_a_word(text: str, start: int, end: int) -> bool:
    """Tell whether a hit begins or ends inside a Latin word or a number: 0元 in 100元, no1 in no10."""
    if not (text[start].isascii() or text[end - 1].isascii()):
        return False  # as nearly always
    return _joined(text[start - 1 : start], text[start]) or _joined(text[end - 1], text[end : end + 1])


def _joined(left: str, right: str) -> bool:
    if not (left.isascii() and right.isascii()):
        return False
    return (left.isdigit() and right.isdigit()) or (left.isalpha() and right.isalpha())
