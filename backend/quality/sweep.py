"""One pass over a folded text for everything that is plain string search: terms, patterns' anchors, words of goods."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

from backend.quality.anchors import Anchor, anchor_of, matches
from backend.quality.normalize import with_digits
from backend.quality.rulebook import Rule


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
    """What a string stands for."""

    term: str = ""
    owners: tuple[Rule, ...] = ()
    patterns: tuple[int, ...] = ()
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
        self._patterns: list[tuple[Rule, re.Pattern[str], Anchor]] = []
        for rule in rules:
            for pattern in rule.patterns:
                number = len(self._patterns)
                anchor = anchor_of(pattern)
                self._patterns.append((rule, pattern, anchor))
                for literal in sorted({with_digits(literal) for literal in anchor.literals}):
                    of = meaning(literal)
                    of.patterns = (*of.patterns, number)
        for vertical, named in words.items():
            for word in named:
                of = meaning(with_digits(word))
                of.word, of.verticals = word, (*of.verticals, vertical)
        self._unanchored = [number for number, (_, _, anchor) in enumerate(self._patterns) if not anchor.literals]
        self._meanings = list(meanings.values())
        self._search = AhoCorasick(list(meanings), matchkind=MatchKind.Standard)

    def __call__(self, text: str) -> Swept:
        """Search a folded text."""
        spots: dict[int, list[tuple[int, int]]] = {number: [] for number in self._unanchored}
        sightings: list[Sighting] = []
        verticals: set[str] = set()
        meanings = self._meanings
        for index, start, end in self._search.find_matches_as_indexes(with_digits(text), overlapping=True):
            of = meanings[index]
            for number in of.patterns:
                spots.setdefault(number, []).append((start, end))
            if of.owners and not (of.may_cut and _cuts_a_word(text, start, end)):
                sightings += [Sighting(rule, start, end, of.term) for rule in of.owners]
            if of.word and text[start:end] == of.word:
                verticals.update(of.verticals)
        for number in sorted(spots):
            sightings += self._matched(number, text, spots[number])
        return Swept(sightings, frozenset(verticals))

    def _matched(self, number: int, text: str, spots: list[tuple[int, int]]) -> Iterator[Sighting]:
        rule, pattern, anchor = self._patterns[number]
        for match in matches(pattern, anchor, text, spots):
            if match.end() > match.start():
                yield Sighting(rule, match.start(), match.end(), "")

    def count(self, text: str) -> int:
        """Count plain hits, nothing else: the bound on how fast a scan can be."""
        return len(self._search.find_matches_as_indexes(text, overlapping=True))


def _cuts_a_word(text: str, start: int, end: int) -> bool:
    """Tell whether a hit begins or ends inside a Latin word or a number: 0元 in 100元, no1 in no10."""
    return _joined(text[start - 1 : start], text[start]) or _joined(text[end - 1], text[end : end + 1])


def _joined(left: str, right: str) -> bool:
    if not (left.isascii() and right.isascii()):
        return False
    return (left.isdigit() and right.isdigit()) or (left.isalpha() and right.isalpha())
