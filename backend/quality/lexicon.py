"""The rule snapshot: compiled once, never changed, and the scan of a text against it."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from backend.protocol.events import Finding
from backend.quality.context import is_allowed, is_softened
from backend.quality.implied import suspicions
from backend.quality.normalize import Folded, fold, with_digits
from backend.quality.rulebook import (
    GENERAL,
    RULES,
    Rule,
    Severity,
    load_rules,
    tenant_rule,
    verticals_of_category,
    words_of_verticals,
)
from backend.quality.sound import Sounds
from backend.quality.sweep import Sighting, Sweep

_RANK: Final[Mapping[Severity, int]] = {"info": 0, "warn": 1, "fail": 2, "block": 3}


class _Hit(NamedTuple):
    rule: Rule
    #: The range in the folded text.
    start: int
    end: int
    severity: Severity
    #: The term that was meant; empty for a pattern.
    term: str
    disguised: bool


@dataclass(frozen=True, slots=True)
class RuleSnapshot:
    """All rules that hold for one tenant, compiled. Immutable, shared between threads."""

    rules: tuple[Rule, ...]
    #: Names the same rules, tenant's own ones included, in every process.
    version: str
    _by_id: Mapping[str, Rule]
    _sweep: Sweep
    _sounds: Sounds
    _owners_of: Mapping[str, tuple[Rule, ...]]
    _allowed: re.Pattern[str] | None

    @classmethod
    def load(
        cls,
        directory: Path | None = None,
        *,
        extra_rules: Sequence[Mapping[str, Any]] = (),
        allow_terms: Sequence[str] = (),
    ) -> Self:
        """Read and compile the rules.

        `extra_rules` are a tenant's own (`{"terms": [...]}` is enough, all fields of the rule files are known);
        `allow_terms` are names and phrases in which nothing is found. Raises `SetupError` for a wrong rule file,
        `BadRequest` for a wrong rule of the tenant.
        """
        rules = (*load_rules(directory or RULES), *(tenant_rule(table) for table in extra_rules))
        owners: dict[str, list[Rule]] = {}
        for rule in rules:
            for term in rule.terms:
                owners.setdefault(term, []).append(rule)
        allowed = sorted({fold(term).text for term in allow_terms if term.strip()}, key=len, reverse=True)
        owners_of = {term: tuple(owning) for term, owning in owners.items()}
        return cls(
            rules=rules,
            version=_version(rules, allowed),
            _by_id={rule.id: rule for rule in rules},
            _sweep=Sweep(rules, words_of_verticals()),
            _sounds=Sounds(_worth_disguising(rules)),
            _owners_of=owners_of,
            _allowed=re.compile("|".join(map(re.escape, allowed))) if allowed else None,
        )

    def rule(self, rule_id: str) -> Rule:
        """Return the rule of this id; `KeyError` when there is none."""
        return self._by_id[rule_id]

    def scan(self, text: str, *, vertical: str | None = None) -> list[Finding]:
        """Return what the rules find in `text`, in its order; spans are character offsets of `text` itself.

        `vertical` is the product's category in any words; without it the text itself tells what it speaks of.
        """
        folded = fold(text)
        swept = self._sweep(folded.text)
        spoken = (verticals_of_category(vertical) if vertical else frozenset[str]()) or swept.verticals
        allowed = [match.span() for match in self._allowed.finditer(folded.text)] if self._allowed else []
        hits: list[_Hit] = []
        for hit in self._hits(folded, swept.sightings):
            if not _holds(hit, spoken) or any(low <= hit.start and hit.end <= high for low, high in allowed):
                continue
            if is_allowed(hit.rule, folded.text, hit.start, hit.end):
                continue
            softened = hit.severity == "block" and is_softened(hit.rule, folded.text, hit.start, hit.end)
            hits.append(hit._replace(severity="warn") if softened else hit)
        return [_finding(hit, folded) for hit in _outermost(hits)]

    def check(self, text: str, *, vertical: str | None = None) -> list[Finding]:
        """Return what `scan` finds, and warnings of sentences that imply what may not be said without a word of it."""
        found = self.scan(text, vertical=vertical)
        folded = fold(text)
        weighed = [finding.span for finding in found if finding.severity != "info"]
        for suspicion in suspicions(folded.text):
            rule = self._by_id.get(f"IMP-{suspicion.label}")
            start, end = folded.span(suspicion.start, suspicion.end)
            # Where the rules have spoken there is nothing left to guess.
            if rule is not None and not any(low < end and start < high for low, high in weighed):
                hit = _Hit(rule, suspicion.start, suspicion.end, rule.severity, "", False)
                found.append(_finding(hit, folded))
        return sorted(found, key=lambda finding: finding.span)

    def scan_surface(self, text: str) -> int:
        """Count plain term hits, nothing else: the bound on how fast a scan can be."""
        return self._sweep.count(text)

    def _hits(self, folded: Folded, sightings: Iterable[Sighting]) -> Iterator[_Hit]:
        for rule, start, end, term in sightings:
            low, high = folded.span(start, end)
            # Width, case and script are no disguise; something between the characters is.
            disguised = bool(term) and high - low != end - start
            yield _Hit(rule, start, end, rule.mild.get(term, rule.severity), term, disguised)
        for start, end, term in self._sounds.find(folded.text):
            for rule in self._owners_of[term]:
                yield _Hit(rule, start, end, rule.mild.get(term, rule.severity), term, True)


def _worth_disguising(rules: Iterable[Rule]) -> list[str]:
    """Nobody hides a word that may be said; short mild words would only bring homophones."""
    terms: dict[str, None] = {}
    for rule in rules:
        # These are disguises themselves: what sounds like one is the plain word.
        for term in () if rule.category == "evasion" else rule.terms:
            if (len(term) > 2 or rule.severity == "block") and term not in rule.mild and term not in rule.weak:
                terms[term] = None
    return list(terms)


def _version(rules: Sequence[Rule], allowed: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for rule in rules:
        parts = [rule.id, rule.category, rule.title, rule.severity, rule.basis, rule.about, rule.advice]
        parts += [*sorted(rule.verticals), *rule.terms, *sorted(rule.weak), str(rule.negatable), str(rule.confirmable)]
        parts += [f"{term}={severity}" for term, severity in sorted(rule.mild.items())]
        parts += [f"{term}={text}" for term, text in sorted(rule.replace.items())]
        for patterns in (rule.patterns, rule.allow, rule.evidence, rule.soften):
            parts += ["/", *(pattern.pattern for pattern in patterns)]
        digest.update("\x1f".join(parts).encode() + b"\x1e")
    digest.update("\x1f".join(allowed).encode())
    return digest.hexdigest()[:12]


def _holds(hit: _Hit, spoken: frozenset[str]) -> bool:
    """Tell whether the hit's rule holds for goods of these verticals (none: it is not known)."""
    meant = hit.rule.verticals - {GENERAL}
    if hit.term in hit.rule.weak:
        return bool(meant & spoken)
    return GENERAL in hit.rule.verticals or not spoken or bool(meant & spoken)


def _outermost(hits: list[_Hit]) -> list[_Hit]:
    """Keep, where hits lie inside each other, the graver one, then the longer one."""
    kept: list[_Hit] = []
    together: list[_Hit] = []
    reach = -1
    # Hits that touch no other decide nothing about each other.
    for hit in sorted(hits, key=lambda hit: hit.start):
        if hit.start >= reach:
            kept += _gravest(together)
            together = []
        together.append(hit)
        reach = max(reach, hit.end)
    return kept + _gravest(together)


def _gravest(hits: list[_Hit]) -> list[_Hit]:
    kept: list[_Hit] = []
    for hit in sorted(hits, key=lambda hit: (-_RANK[hit.severity], hit.start - hit.end, hit.disguised)):
        inside = any(other.start <= hit.start and hit.end <= other.end for other in kept)
        around = any(hit.start <= other.start and other.end <= hit.end for other in kept)
        crossing = any(other.rule is hit.rule and other.start < hit.end and hit.start < other.end for other in kept)
        if not (inside or around or crossing):
            kept.append(hit)
    return sorted(kept, key=lambda hit: hit.start)


def _finding(hit: _Hit, folded: Folded) -> Finding:
    rule = hit.rule
    start, end = folded.span(hit.start, hit.end)
    excerpt = folded.original[start:end]
    suggestion = _replacement(rule, hit.term or with_digits(folded.text[hit.start : hit.end]))
    said = f"“{excerpt}”" + ("是变形写法，" if hit.disguised else "")
    message = f"{said}涉及{rule.title}：{rule.about}"
    if suggestion is None and rule.advice:
        message += f"。可以这样说：{rule.advice}"
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
    for pattern, replacement in rule.replace.items():
        if pattern.startswith("^") and len(said) <= 8 and re.match(pattern, said):
            return re.sub(pattern, replacement, said, count=1)
    return None
