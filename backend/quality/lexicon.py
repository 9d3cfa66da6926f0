"""The rule snapshot: compiled once, never changed, and the scan of a text against it."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple, Self

import numpy as np
from ahocorasick_rs import AhoCorasick, MatchKind
from numpy.typing import NDArray

from backend.protocol.events import Finding
from backend.quality.codepoints import codes_of
from backend.quality.context import Surroundings, is_allowed, is_negated, is_softened
from backend.quality.implied import suspicions
from backend.quality.normalize import NUMERALS, Folded, fold
from backend.quality.rulebook import (
    GENERAL,
    Rule,
    RuleBook,
    Severity,
    base_rules,
    load_rules,
    verticals_of_category,
)
from backend.quality.search import Search, Sight
from backend.quality.sound import is_chance
from backend.quality.stance import is_doubted, is_in_a_title, is_not_claimed
from backend.quality.strings import Places
from backend.quality.words import crossed

_RANK: Final[Mapping[Severity, int]] = {"info": 0, "warn": 1, "fail": 2, "block": 3}
#: How the ids of rules begin that speak of what is implied.
IMPLIED: Final = "IMP-"


class _Hit(NamedTuple):
    rule: Rule
    start: int
    end: int
    severity: Severity
    term: str
    disguised: bool
    #: The range in the text as it was written.
    span: tuple[int, int]


#: A sight; bounds of its sentence, of its clause; whether a denial is near; the range in the text as it was written;
#: whether it lies in an allowed phrase, in a registered name.
_Row = tuple[Sight, int, int, int, int, bool, int, int, bool, bool]

#: How likely a sentence of a whole script has to imply something before it is a warning.
_SURE_OF_ONE: Final = 0.7


@dataclass(frozen=True, slots=True)
class RuleSnapshot:
    """All rules that hold for one tenant, compiled. Immutable, shared between threads."""

    rules: tuple[Rule, ...]
    #: Names the same rules, tenant's own ones included, in every process.
    version: str
    _by_id: Mapping[str, Rule]
    _search: Search
    _allowed: AhoCorasick | None
    _names: AhoCorasick | None

    @classmethod
    def load(cls, directory: Path | None = None) -> Self:
        """Read and compile our own rules, or those of another folder. Raises `SetupError` for a wrong rule file."""
        return cls.of(RuleBook(base_rules() if directory is None else tuple(load_rules(directory))))

    @classmethod
    def of(cls, book: RuleBook) -> Self:
        """Compile a book of rules: what is not ours takes milliseconds, ours some tenths of a second once."""
        return cls(
            rules=book.rules,
            version=book.version or content_hash(book),
            _by_id={rule.id: rule for rule in (*book.rules, *book.silent)},
            _search=Search.of(book.rules),
            _allowed=_phrases(book.allowed),
            _names=_phrases(book.names),
        )

    def rule(self, rule_id: str) -> Rule:
        """Return the rule of this id; `KeyError` when there is none."""
        return self._by_id[rule_id]

    def scan(self, text: str, *, vertical: str | None = None) -> list[Finding]:
        """Return what the rules find in `text`, in its order; spans are character offsets of `text` itself.

        `vertical` is the product's category in any words; without it the text itself tells what it speaks of.
        """
        folded = fold(text)
        named, verticals = self._search(folded.text)
        spoken = (verticals_of_category(vertical) if vertical else frozenset[str]()) or verticals
        sights = [sight for sight in named if _holds(sight.rule, sight.term, spoken)]
        return [_finding(hit, folded) for hit in self._meant(folded, sights)] if sights else []

    def _meant(self, folded: Folded, sights: Sequence[Sight]) -> list[_Hit]:
        """Return what is left when nothing around it makes it harmless and nothing graver holds it, in text order."""
        text = folded.text
        starts = np.array([sight.start for sight in sights], dtype=np.int64)
        order = np.argsort(starts, kind="stable")
        starts = starts[order]
        ends = np.array([sight.end for sight in sights], dtype=np.int64)[order]
        around = Surroundings(codes_of(text))
        begins, stops = around.clauses(starts, ends)
        columns = (
            *around.sentences(starts, ends),
            begins,
            stops,
            around.may_be_negated(begins, starts, ends),
            *folded.spans(starts, ends),
            _inside(_places(self._allowed, text), starts, ends),
            _inside(_places(self._names, text), starts, ends),
        )
        sighted = map(sights.__getitem__, order.tolist())
        rows: list[_Row] = list(zip(sighted, *(column.tolist() for column in columns), strict=True))
        # What touches no other decides nothing about it.
        firsts = [0, *(np.flatnonzero(starts[1:] >= np.maximum.accumulate(ends)[:-1]) + 1).tolist(), len(rows)]
        hits: list[_Hit] = []
        for first, after in pairwise(firsts):
            if after - first > 1:
                hits += _gravest(folded, rows[first:after])
            elif hit := _hit(folded, rows[first]):
                hits.append(hit)
        return hits

    def check(self, text: str, *, vertical: str | None = None, whole: bool = False) -> list[Finding]:
        """Return what `scan` finds, and warnings of sentences that imply what may not be said without a word of it.

        Among the many sentences of a `whole` script chance points at one sooner: who is less sure only remarks it.
        """
        found = self.scan(text, vertical=vertical)
        folded = fold(text)
        quiet = [folded.span(*place) for place in _places(self._allowed, folded.text)]
        weighed = [finding.span for finding in found if finding.severity != "info"]
        for suspicion in suspicions(folded.text):
            rule = next((one for one in self.rules if one.id == f"{IMPLIED}{suspicion.label}"), None)
            start, end = folded.span(suspicion.start, suspicion.end)
            # Where the rules have spoken there is nothing left to guess.
            allowed = any(low < end and start < high for low, high in quiet)
            if rule is not None and not allowed and not any(low < end and start < high for low, high in weighed):
                severity: Severity = "info" if whole and suspicion.likely < _SURE_OF_ONE else rule.severity
                hit = _Hit(rule, suspicion.start, suspicion.end, severity, "", False, (start, end))
                found.append(_finding(hit, folded))
        return sorted(found, key=lambda finding: finding.span)


def _phrases(phrases: Sequence[str]) -> AhoCorasick | None:
    folded = tuple(dict.fromkeys(text for text in (fold(phrase).text.strip() for phrase in phrases) if text))
    return AhoCorasick(folded, matchkind=MatchKind.Standard) if folded else None


def _places(phrases: AhoCorasick | None, text: str) -> list[tuple[int, int]]:
    # All of them, also where they overlap: the order in which a tenant wrote them down must not matter.
    return [(low, high) for _, low, high in phrases.find_matches_as_indexes(text, overlapping=True)] if phrases else []


def _inside(places: list[tuple[int, int]], starts: Places, ends: Places) -> NDArray[np.bool_]:
    """Tell which ranges lie inside one of the places."""
    if not places:
        return np.zeros(len(starts), dtype=bool)
    lows, highs = np.array(sorted(places)).T
    # The furthest end of all places that begin no later than a range does.
    reach = np.append(-1, np.maximum.accumulate(highs))
    return ends <= reach[np.searchsorted(lows, starts, side="right")]


def content_hash(book: RuleBook) -> str:
    """Return what names these rules in every process: the same rules, the same name."""
    digest = hashlib.sha256()
    for rule in (*book.rules, *book.silent):
        parts = [rule.id, rule.category, rule.title, rule.severity, rule.basis, rule.about, rule.advice, rule.remark]
        parts += [*sorted(rule.verticals), *rule.terms, *sorted(rule.weak), str(rule.negatable), str(rule.confirmable)]
        parts += [f"{term}={severity}" for term, severity in sorted(rule.mild.items())]
        parts += [f"{term}={text}" for term, text in sorted(rule.replace.items())]
        for patterns in (rule.patterns, rule.allow, rule.evidence, rule.soften):
            parts += ["/", *(pattern.pattern for pattern in patterns)]
        digest.update("\x1f".join([*parts, str(rule.statutory)]).encode() + b"\x1e")
    for phrases in ([rule.id for rule in book.silent], sorted(book.allowed), sorted(book.names)):
        digest.update("\x1f".join(phrases).encode() + b"\x1e")
    return digest.hexdigest()[:12]


def _holds(rule: Rule, term: str, spoken: frozenset[str]) -> bool:
    """Tell whether the rule holds for goods of these verticals (none: it is not known)."""
    if term in rule.weak:
        return bool((rule.verticals - {GENERAL}) & spoken)
    return GENERAL in rule.verticals or not spoken or not rule.verticals.isdisjoint(spoken)


def _hit(folded: Folded, row: _Row) -> _Hit | None:
    """Return what is found at a place; None when something around it makes it harmless."""
    (rule, start, end, term, heard), low, high, begin, stop, doubtful, from_, to, free, named = row
    text = folded.text
    if (
        (free and not rule.statutory)
        or is_allowed(rule, text, start, end, (low, high))
        or (doubtful and rule.negatable and is_negated(text, start, end, begin))
        or (rule.negatable and is_not_claimed(text, start, end, rule.category, begin, (low, high)))
        or is_in_a_title(folded.original, from_)
    ):
        return None
    across = crossed(text, start, end, (begin, stop)) if term else "no"
    if across == "left" and not heard:
        return None
    said = text[start:end]
    # Two characters of which one only sounds right, or is a letter, come together by chance as well, and so do
    # ends of other words (肯定|粘).
    unsure = (end - start < 3 and (heard or across == "right")) or (heard and (across != "no" or is_chance(said, term)))
    severity = _hoped(row)
    if (
        not named
        and severity == "block"
        and (
            free
            or unsure
            or is_softened(rule, text, (low, high))
            or is_doubted(text, start, end, rule.category, (begin, stop, high))
        )
    ):
        severity = "warn"
    return _Hit(rule, start, end, severity, term, _is_disguised(row), (from_, to))


def _hoped(row: _Row) -> Severity:
    """Return how grave a place is when nothing around it makes it milder."""
    rule, _, _, term, _ = row[0]
    return "info" if row[-1] else rule.mild.get(term, rule.severity)


def _is_disguised(row: _Row) -> bool:
    # Width, case and script are no disguise; something between the characters is.
    (_, start, end, term, heard), *_, from_, to, _, _ = row
    return heard or (bool(term) and to - from_ != end - start)


def _gravest(folded: Folded, rows: Sequence[_Row]) -> list[_Hit]:
    """Return of places that touch each other, where they lie inside each other, the graver hit, then the longer one.

    Each is taken for as grave as it can be. Whose turn it is and is as grave as that stays, whatever comes after: what
    it holds need not be asked about.
    """
    ahead = [
        (-_RANK[_hoped(row)], row[0].start - row[0].end, _is_disguised(row), number) for number, row in enumerate(rows)
    ]
    heapify(ahead)
    known: dict[int, _Hit] = {}
    kept: list[_Hit] = []
    while ahead:
        hoped, length, disguised, number = heappop(ahead)
        rule, start, end, _, _ = rows[number][0]
        for other in kept:
            inside = other.start <= start and end <= other.end
            around = start <= other.start and other.end <= end
            crossing = other.rule is rule and other.start < end and start < other.end
            if inside or around or crossing:
                break
        else:
            hit = known.get(number) or _hit(folded, rows[number])
            if hit is None:
                continue
            if -_RANK[hit.severity] > hoped:
                known[number] = hit
                heappush(ahead, (-_RANK[hit.severity], length, disguised, number))
            else:
                kept.append(hit)
    return sorted(kept, key=lambda hit: hit.start)


def _finding(hit: _Hit, folded: Folded) -> Finding:
    rule = hit.rule
    start, end = hit.span
    excerpt = folded.original[start:end]
    suggestion = _replacement(rule, hit.term or folded.text[hit.start : hit.end].translate(NUMERALS))
    said = f"“{excerpt}”" + ("是变形写法，" if hit.disguised else "")
    message = f"{said}涉及{rule.title}：{rule.about}"
    if suggestion is None and rule.advice:
        message += f"。可以这样说：{rule.advice}"
    if rule.remark:
        message += f"（{rule.remark}）"
    return Finding(
        rule=rule.id,
        category=rule.category,
        severity=hit.severity,
        span=(start, end),
        excerpt=excerpt,
        message=message,
        basis=rule.basis,
        suggestion=suggestion,
    )


def _replacement(rule: Rule, said: str) -> str | None:
    """Return text that can stand in the excerpt's place, when the rule knows one."""
    known = rule.replace.get(said)
    if known is not None:
        return known
    if len(said) <= 8:
        for pattern, replacement in rule.rewrites:
            if re.match(pattern, said):
                return re.sub(pattern, replacement, said, count=1)
    return None
