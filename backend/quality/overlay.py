"""What is laid over our rules: a tenant's own rules, what it made milder or graver, what may be said; and what is wrong
with such an overlay, line by line, before it is kept."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, cast, get_args

import orjson
import re2
from pydantic import BaseModel, ConfigDict, Field

from backend.ids import Text
from backend.quality.rulebook import Rule, Severity, key, rule_of

Setting = Literal["block", "fail", "warn", "info", "off"]

#: An overlay of this size compiles in some tens of milliseconds and takes a few hundred kilobytes.
MAX_RULES: Final = 500
MAX_TERMS: Final = 5_000
MAX_PATTERNS: Final = 200
MAX_PHRASES: Final = 1_000
MAX_TERM: Final = 60
MAX_PATTERN: Final = 300
MAX_WORDS: Final = 300
#: A reason somebody can be asked about later, not a keystroke.
MIN_REASON: Final = 6
#: What a compiled pattern may take; a few thousand states, more than a sentence needs.
_PATTERN_MEMORY: Final = 256 * 1024
_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,31}")
_GRAVITY: Final[Mapping[str, int]] = {"off": -1, "info": 0, "warn": 1, "fail": 2, "block": 3}

Words = Annotated[Text, Field(max_length=4_000)]
Texts = Annotated[list[Words], Field(max_length=6_000)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class OwnRule(_Part):
    """A rule of a tenant.

    `terms` are looked for however they are written; `patterns` are regular expressions (RE2) on folded text, `allow`
    are patterns around a hit that make it harmless; `replace` says what can stand in a term's place.
    """

    id: Words
    title: Words = ""
    severity: Words = "block"
    category: Words = "house_rule"
    basis: Words = "本店规定"
    about: Words = ""
    terms: Texts = []
    patterns: Texts = []
    allow: Texts = []
    advice: Words = ""
    replace: Annotated[dict[Words, Words], Field(max_length=500)] = {}


class Adjustment(_Part):
    """How grave a rule that is not the tenant's own shall be; `off` finds nothing."""

    rule: Words
    severity: Words
    reason: Words = ""


class Phrase(_Part):
    """Something that may be said, and why."""

    text: Words
    reason: Words = ""


class Overlay(_Part):
    """Everything a tenant lays over our rules and its platform's."""

    rules: Annotated[list[OwnRule], Field(max_length=2_000)] = []
    adjustments: Annotated[list[Adjustment], Field(max_length=2_000)] = []
    #: Nothing is found in these phrases …
    allow: Annotated[list[Phrase], Field(max_length=5_000)] = []
    #: … and what is found in these registered names is only told.
    brands: Annotated[list[Phrase], Field(max_length=5_000)] = []


@dataclass(frozen=True)
class Fault:
    """What is wrong with an overlay, and where: `part` of it, `line` (from 1) in that part, `field` of that line."""

    part: Literal["rules", "adjustments", "allow", "brands"]
    line: int
    field: str
    code: str
    message: str
    value: str = ""

    def told(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return {**self.__dict__, "value": self.value[:80]}


def digest_of(overlay: Overlay) -> str:
    """Return what names an overlay's content."""
    return hashlib.sha256(orjson.dumps(overlay.model_dump(), option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def linear(source: str) -> re.Pattern[str]:
    """Compile a tenant's pattern with RE2, whose matching takes time linear in the text whatever the pattern.

    A pattern that backtracks could stop a gateway for minutes with one sentence; a time limit would turn the rule off
    just then. RE2 has no look-around and no back references, and says so when it is given one.

    Raises:
        re.error: it is no pattern, or needs more memory than one may.
    """
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _PATTERN_MEMORY
    try:
        return cast("re.Pattern[str]", re2.compile(source, options))
    except re2.error as error:
        told = error.args[0] if error.args else "not a pattern"
        raise re.error(told.decode(errors="replace") if isinstance(told, bytes) else str(told), source) from None


def rule_of_tenant(own: OwnRule) -> Rule:
    """Make the rule that the tenant's words describe.

    Raises:
        ValueError, re.error: `faults` tells what is wrong with it.
    """
    table = own.model_dump(exclude={"about", "title"})
    title = own.title or "本店禁用词"
    return rule_of({**table, "title": title, "about": own.about or "本店规定不使用的说法"}, linear)


def gravity(severity: str) -> int:
    """Return the place of a severity among all; `off` is the least."""
    return _GRAVITY[severity]


def faults(overlay: Overlay, known: Mapping[str, Rule], caught: Mapping[str, bool]) -> list[Fault]:
    """Return everything that is wrong with an overlay, in its order; nothing: it can be kept.

    `known` are the rules below it, by their ids; `caught` tells for each phrase whether it says by itself what the law
    forbids, so that allowing it needs a reason.
    """
    return [
        *_of_rules(overlay.rules, known),
        *_of_adjustments(overlay.adjustments, known),
        *_of_phrases("allow", overlay.allow, caught),
        *_of_phrases("brands", overlay.brands, caught),
    ]


def _of_rules(rules: Sequence[OwnRule], known: Mapping[str, Rule]) -> Iterator[Fault]:
    if len(rules) > MAX_RULES:
        yield Fault("rules", MAX_RULES + 1, "", "too_many", f"more than {MAX_RULES} rules")
    first: dict[str, int] = {}
    terms = patterns = 0
    for line, rule in enumerate(rules[:MAX_RULES], 1):
        if not _ID.fullmatch(rule.id):
            yield Fault("rules", line, "id", "bad_id", "an id is a letter, then letters, digits, - and _", rule.id)
        elif rule.id.upper() in known:
            yield Fault("rules", line, "id", "duplicate_id", "a rule of ours or the platform has this id", rule.id)
        elif first.setdefault(rule.id.upper(), line) != line:
            text = f"the rule in line {first[rule.id.upper()]} has this id"
            yield Fault("rules", line, "id", "duplicate_id", text, rule.id)
        if rule.severity not in get_args(Severity):
            yield Fault("rules", line, "severity", "unknown_severity", "block, fail, warn or info", rule.severity)
        if not rule.terms and not rule.patterns:
            yield Fault("rules", line, "terms", "empty_rule", "neither a term nor a pattern: it would find nothing")
        yield from _of_terms(line, rule)
        for field in ("patterns", "allow"):
            for source in getattr(rule, field):
                yield from _of_pattern(line, field, source)
        for field in ("title", "category", "basis", "about", "advice"):
            if len(getattr(rule, field)) > MAX_WORDS:
                yield Fault("rules", line, field, "too_long", f"more than {MAX_WORDS} characters")
        terms += len(rule.terms)
        patterns += len(rule.patterns) + len(rule.allow)
        if terms > MAX_TERMS or patterns > MAX_PATTERNS:
            text = f"more than {MAX_TERMS} terms or {MAX_PATTERNS} patterns altogether"
            yield Fault("rules", line, "terms" if terms > MAX_TERMS else "patterns", "too_many", text)
            return


def _of_terms(line: int, rule: OwnRule) -> Iterator[Fault]:
    for term in rule.terms:
        # Folding drops what is invisible: a term of such characters alone would stand everywhere.
        if not key(term):
            yield Fault("rules", line, "terms", "empty_term", "an empty term", term)
        elif len(term) > MAX_TERM:
            yield Fault("rules", line, "terms", "too_long", f"a term of more than {MAX_TERM} characters", term)
    known = {key(term) for term in rule.terms}
    for term, text in rule.replace.items():
        if key(term) not in known:
            yield Fault("rules", line, "replace", "unknown_term", "what is replaced is no term of this rule", term)
        if len(text) > MAX_WORDS:
            yield Fault("rules", line, "replace", "too_long", f"more than {MAX_WORDS} characters", text)


def _of_pattern(line: int, field: str, source: str) -> Iterator[Fault]:
    if not source.strip():
        yield Fault("rules", line, field, "empty_pattern", "an empty pattern")
    elif len(source) > MAX_PATTERN:
        text = f"a pattern of more than {MAX_PATTERN} characters"
        yield Fault("rules", line, field, "too_long", text, source)
    else:
        try:
            compiled = linear(source)
        except re.error as error:
            code = "pattern_too_large" if "too large" in error.msg else "bad_pattern"
            yield Fault("rules", line, field, code, error.msg, source)
        else:
            if compiled.search("") is not None:
                yield Fault("rules", line, field, "empty_pattern", "this pattern matches everywhere", source)


def _of_adjustments(adjustments: Sequence[Adjustment], known: Mapping[str, Rule]) -> Iterator[Fault]:
    first: dict[str, int] = {}
    for line, wanted in enumerate(adjustments, 1):
        rule = known.get(wanted.rule)
        if rule is None:
            yield Fault("adjustments", line, "rule", "unknown_rule", "there is no such rule", wanted.rule)
            continue
        if first.setdefault(wanted.rule, line) != line:
            text = f"line {first[wanted.rule]} is about this rule"
            yield Fault("adjustments", line, "rule", "duplicate_id", text, wanted.rule)
        if wanted.severity not in get_args(Setting):
            text = "block, fail, warn, info or off"
            yield Fault("adjustments", line, "severity", "unknown_severity", text, wanted.severity)
            continue
        if rule.statutory and gravity(wanted.severity) < gravity("warn"):
            text = "what the law forbids can be made a warning, not less"
            yield Fault("adjustments", line, "severity", "law_floor", text, wanted.rule)
        if len(wanted.reason) > MAX_WORDS:
            yield Fault("adjustments", line, "reason", "too_long", f"more than {MAX_WORDS} characters")
        milder = gravity(wanted.severity) < gravity(rule.severity)
        if rule.severity == "block" and milder and len(wanted.reason.strip()) < MIN_REASON:
            text = "making a block milder needs a reason"
            yield Fault("adjustments", line, "reason", "reason_missing", text, wanted.rule)


def _of_phrases(
    part: Literal["allow", "brands"], phrases: Sequence[Phrase], caught: Mapping[str, bool]
) -> Iterator[Fault]:
    if len(phrases) > MAX_PHRASES:
        yield Fault(part, MAX_PHRASES + 1, "", "too_many", f"more than {MAX_PHRASES} phrases")
    first: dict[str, int] = {}
    for line, phrase in enumerate(phrases[:MAX_PHRASES], 1):
        text = key(phrase.text)
        if not text:
            yield Fault(part, line, "text", "empty_term", "an empty phrase", phrase.text)
            continue
        if len(phrase.text) > MAX_TERM:
            yield Fault(part, line, "text", "too_long", f"more than {MAX_TERM} characters", phrase.text)
        if first.setdefault(text, line) != line:
            yield Fault(part, line, "text", "duplicate_id", f"line {first[text]} says the same", phrase.text)
        if len(phrase.reason) > MAX_WORDS:
            yield Fault(part, line, "reason", "too_long", f"more than {MAX_WORDS} characters")
        if caught.get(phrase.text) and len(phrase.reason.strip()) < MIN_REASON:
            told = "the law forbids these words: allowing them needs a reason (a registration, a permit)"
            yield Fault(part, line, "reason", "reason_missing", told, phrase.text)
