"""The rules' scan without any of its short cuts: every term and pattern everywhere, one after the other.

It says what `RuleSnapshot.scan` has to find: each word is looked for by itself, each pattern reads the whole text, each
hit is asked about by itself. Nothing of `sweep`, `strings`, `search` and `anchors` is used, nor columns.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import rjieba

from backend.protocol.events import Finding
from backend.quality import context, stance
from backend.quality.lexicon import _finding, _Hit
from backend.quality.normalize import NUMERALS, Folded, fold, is_han, rewrite
from backend.quality.rulebook import GENERAL, Rule, RuleBook, Severity, verticals_of_category, words_of_verticals
from backend.quality.sound import _COMMON, _NAMED, _SMALL, _codes, _spell, _syllable, is_chance

_RANK: dict[Severity, int] = {"info": 0, "warn": 1, "fail": 2, "block": 3}


class _Slow(NamedTuple):
    rule: Rule
    start: int
    end: int
    severity: Severity
    term: str
    disguised: bool


def slow_scan(text: str, book: RuleBook, vertical: str | None = None) -> list[Finding]:
    """Return what the rules of a book find in a text."""
    folded = fold(text)
    spoken = verticals_of_category(vertical) if vertical else frozenset[str]()
    spoken = spoken or frozenset(
        name for name, words in words_of_verticals().items() if any(word in folded.text for word in words)
    )
    hits = [hit for one in _hits(folded, book.rules) if _holds(one, spoken) and (hit := _meant(one, folded, book))]
    return [_finding(_Hit(*hit, folded.span(hit.start, hit.end)), folded) for hit in _outermost(hits)]


def _hits(folded: Folded, rules: tuple[Rule, ...]) -> Iterator[_Slow]:
    digits = folded.text.translate(NUMERALS)
    for rule in rules:
        for term in rule.terms:
            if term in digits:
                for start in _everywhere(term, digits):
                    end = start + len(term)
                    if not _cuts_a_word(folded.text, start, end):
                        low, high = folded.span(start, end)
                        yield _Slow(rule, start, end, _severity(rule, term), term, high - low != end - start)
    for rule in rules:
        for pattern in rule.patterns:
            for match in pattern.finditer(folded.text):
                if match.end() > match.start():
                    yield _Slow(rule, match.start(), match.end(), rule.severity, "", False)
    owners: dict[str, list[Rule]] = {}
    hidden: dict[str, None] = {}
    for rule in rules:
        for term in rule.terms:
            owners.setdefault(term, []).append(rule)
            short = len(term) <= 2 and rule.severity != "block"
            if rule.category != "evasion" and not short and term not in rule.mild and term not in rule.weak:
                hidden[term] = None
    for start, end, term in _disguised(folded.text, tuple(hidden)):
        if folded.text[start:end] in owners:
            continue
        for rule in owners[term]:
            yield _Slow(rule, start, end, _severity(rule, term), term, True)


def _severity(rule: Rule, term: str) -> Severity:
    return rule.mild.get(term, rule.severity)


def _everywhere(piece: str, text: str) -> Iterator[int]:
    at = text.find(piece)
    while at >= 0:
        yield at
        at = text.find(piece, at + 1)


def _cuts_a_word(text: str, start: int, end: int) -> bool:
    def joined(left: str, right: str) -> bool:
        both = left.isascii() and right.isascii()
        return both and ((left.isdigit() and right.isdigit()) or (left.isalpha() and right.isalpha()))

    return joined(text[start - 1 : start], text[start]) or joined(text[end - 1], text[end : end + 1])


@cache
def _sounding(terms: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(_codes()(term), term) for term in terms if len(term) >= 2 and all(map(is_han, term))]


@cache
def _shortened(terms: tuple[str, ...]) -> list[tuple[str, str]]:
    return [
        (term[:at] + syllable[0] + term[at + 1 :], term)
        for term in terms
        if len(term) >= 2 and all(map(is_han, term))
        for at in range(len(term))
        if (syllable := _syllable(term[at]))
    ]


def _disguised(text: str, terms: tuple[str, ...]) -> Iterator[tuple[int, int, str]]:
    sounded = rewrite(text, re.compile(r"[a-z]{2,}"), lambda match, _: _spell(match.group()))
    codes = _codes()(sounded.text)
    for sound, term in _sounding(terms):
        if sound in codes:
            for start in _everywhere(sound, codes):
                if _is_disguise(text, sounded, (start, start + len(sound)), term):
                    yield *sounded.span(start, start + len(sound)), term
    for short, term in _shortened(terms):
        if short in text:
            for start in _everywhere(short, text):
                letter = next((at for at, char in enumerate(short) if char != term[at]), 0)
                named = len(term) == 2 and (term[1 - letter] in _SMALL or text[start + letter + 1 :][:1] in _NAMED)
                if not named and not _touches_latin(text, start, start + len(short)):
                    yield start, start + len(short), term


def _is_disguise(text: str, sounded: Folded, where: tuple[int, int], term: str) -> bool:
    units = [text[slice(*sounded.span(at, at + 1))] for at in range(*where)]
    pairs = list(zip(units, term, strict=True))
    same = sum(unit == char for unit, char in pairs)
    if same == len(term):
        return False
    latin = [unit for unit in units if unit.isascii()]
    altered = [(at, unit) for at, (unit, char) in enumerate(pairs) if unit != char and not unit.isascii()]
    if latin:
        return len(altered) <= 1 and (same >= 1 or len("".join(latin)) >= 6)
    if same * 2 < len(term) or (len(term) < 4 and any(unit in _COMMON for _, unit in altered)):
        return False
    begin, stop = sounded.span(*where)
    low, high = context.clause(text, begin, stop)
    at = low
    for word in rjieba.cut(text[low:high], False):
        end = at + len(word)
        odd = len(word) > 1 and any(at <= begin + one < end for one, _ in altered)
        if at < begin < end or at < stop < end or odd:
            return False
        at = end
    return True


def _touches_latin(text: str, start: int, end: int) -> bool:
    for at in range(start, end):
        if text[at].isascii():
            around = text[max(0, at - 1) : at] + text[at + 1 : at + 2]
            return any(char.isascii() and char.isalnum() for char in around)
    return True


def _holds(hit: _Slow, spoken: frozenset[str]) -> bool:
    meant = hit.rule.verticals - {GENERAL}
    if hit.term in hit.rule.weak:
        return bool(meant & spoken)
    return GENERAL in hit.rule.verticals or not spoken or bool(meant & spoken)


def _meant(hit: _Slow, folded: Folded, book: RuleBook) -> _Slow | None:
    text, rule = folded.text, hit.rule

    def inside(phrases: tuple[str, ...]) -> bool:
        known = [key for phrase in phrases if (key := fold(phrase).text.strip())]
        return any(at <= hit.start and hit.end <= at + len(key) for key in known for at in _everywhere(key, text))

    free = inside(book.allowed)
    if free and not rule.statutory:
        return None
    low, high = context.sentence(text, hit.start, hit.end)
    for pattern in rule.allow:
        if any(match.start() < hit.end and match.end() > hit.start for match in pattern.finditer(text, low, high)):
            return None
    if any(pattern.search(text, low, high) for pattern in rule.evidence):
        return None
    begin, stop = context.clause(text, hit.start, hit.end)
    if rule.negatable and context.is_negated(text, hit.start, hit.end, begin):
        return None
    across = "no"
    heard = bool(hit.term) and hit.term not in folded.text[hit.start : hit.end].translate(NUMERALS)
    if hit.term and not heard and hit.end - hit.start <= 3 and all(map(is_han, text[hit.start : hit.end])):
        across = _across(text[begin:stop], hit.start - begin, hit.end - begin)
    if across == "left":
        return None
    if inside(book.names):
        return hit._replace(severity="info")
    unsure = hit.end - hit.start < 3 and (heard or across == "right")
    unsure = unsure or (heard and is_chance(text[hit.start : hit.end], hit.term))
    doubted = stance.is_doubted(text, hit.start, hit.end, rule.category, (begin, stop, high))
    softened = free or unsure or doubted or any(pattern.search(text, low, high) for pattern in rule.soften)
    return hit._replace(severity="warn") if hit.severity == "block" and softened else hit


def _across(text: str, start: int, end: int) -> str:
    """Tell whether both ways of cutting see a word that runs across the begin, or across the end, of a hit."""
    told = []
    for guess in (False, True):
        ends = [0]
        for word in rjieba.cut(text, guess):
            ends.append(ends[-1] + len(word))
        words = list(pairwise(ends))
        left = any(at < start < after < end for at, after in words)
        right = any(start < at < end < after for at, after in words)
        told.append("left" if left else "right" if right else "no")
    return told[0] if told[0] == told[1] else "no"


def _outermost(hits: list[_Slow]) -> list[_Slow]:
    kept: list[_Slow] = []
    ordered = sorted(hits, key=lambda hit: hit.start)
    for hit in sorted(ordered, key=lambda hit: (-_RANK[hit.severity], hit.start - hit.end, hit.disguised)):
        inside = any(other.start <= hit.start and hit.end <= other.end for other in kept)
        around = any(hit.start <= other.start and other.end <= hit.end for other in kept)
        crossing = any(other.rule is hit.rule and other.start < hit.end and hit.start < other.end for other in kept)
        if not (inside or around or crossing):
            kept.append(hit)
    return sorted(kept, key=lambda hit: hit.start)


def told(findings: list[Finding]) -> list[tuple[str, str, tuple[int, int], str, str, str | None]]:
    """Return all that matters of findings, to be compared."""
    return [(one.rule, one.severity, one.span, one.excerpt, one.message, one.suggestion) for one in findings]
