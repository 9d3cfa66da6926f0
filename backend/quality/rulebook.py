"""The rules as data: what one rule says, and how a folder of TOML files becomes a list of them."""

import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final, Literal, cast, get_args

from backend.errors import SetupError
from backend.quality.classes import combined, spread
from backend.quality.normalize import NUMERALS, fold
from backend.quality.patterns import Lazy, Pattern, either

RULES: Final = Path(__file__).parent / "rules"
#: The vertical of rules that hold for all goods.
GENERAL: Final = "通用"

Severity = Literal["block", "fail", "warn", "info"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. Terms are folded (see `normalize.fold`), patterns read folded text."""

    id: str
    category: str
    title: str
    verticals: frozenset[str]
    severity: Severity
    basis: str
    #: What the rule forbids, one sentence.
    about: str
    terms: tuple[str, ...]
    #: Terms that are milder than the rule.
    mild: Mapping[str, Severity]
    #: Terms with an ordinary second meaning: they count only when the goods are known to be of this vertical.
    weak: frozenset[str]
    patterns: tuple[Pattern, ...]
    #: A match that overlaps a hit makes it harmless.
    allow: tuple[Pattern, ...]
    #: A match in the same sentence makes a hit harmless …
    evidence: tuple[Pattern, ...]
    #: … or only a warning.
    soften: tuple[Pattern, ...]
    #: Whether "不…" before a hit turns it off.
    negatable: bool
    #: Whether the product's own record can prove the claim.
    confirmable: bool
    #: How to say it instead, for people.
    advice: str
    #: Term to text that can stand in its place; a key that begins with ^ is a pattern.
    replace: Mapping[str, str]
    #: Whether the law itself forbids it: nothing a tenant writes makes its hits vanish.
    statutory: bool = False
    #: What findings say besides: why a tenant made the rule milder.
    remark: str = ""
    #: Where it does not match, no pattern of `allow` and `evidence` does; None: ask each.
    excuse: Lazy | None = field(init=False, repr=False, compare=False)
    #: What of `replace` is a pattern.
    rewrites: tuple[tuple[str, str], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "excuse", either((*self.allow, *self.evidence)))
        object.__setattr__(self, "rewrites", tuple(one for one in self.replace.items() if one[0].startswith("^")))


@dataclass(frozen=True)
class RuleBook:
    """All rules that hold for somebody, in their order, before they are compiled."""

    rules: tuple[Rule, ...]
    #: Names these rules in findings; empty: it is made of their content.
    version: str = ""
    #: Rules that find nothing (any more) but whose words the program's own checks use.
    silent: tuple[Rule, ...] = ()
    #: Phrases in which nothing is found; only what the law forbids is still told, as a warning.
    allowed: tuple[str, ...] = ()
    #: Registered names: what is found inside them is only told.
    names: tuple[str, ...] = ()


Compile = Callable[[str], Pattern]


def ours(source: str) -> Lazy:
    """Make a pattern of ours, which may name classes of words. Raises `ValueError`, `re.error`: it is none."""
    pattern = Lazy(spread(source))
    pattern.compiled()
    return pattern


def released(source: str) -> Lazy:
    """Make a pattern of the files that come with this release."""
    # Compiling all of them takes half a second, and each was tried before it was released.
    return Lazy(spread(source))


def load_rules(directory: Path, compile: Compile = ours) -> list[Rule]:
    """Read every `*.toml` of a folder that holds `[[rule]]` tables; `compile` makes their patterns.

    Raises:
        SetupError: a rule is wrong.
    """
    rules: list[Rule] = []
    for path in sorted(directory.glob("*.toml")):
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8")).get("rule", [])
            rules += [rule_of(table, compile) for table in tables]
        except (KeyError, TypeError, ValueError, re.error) as error:
            raise SetupError(f"the rule file {path.name} is wrong: {error!r}") from error
    if not rules:
        raise SetupError(f"no rules in {directory}")
    return rules


@cache
def base_rules() -> tuple[Rule, ...]:
    """Return our own rules, read once in a process. What they block is what the law forbids."""
    rules = load_rules(RULES, released)
    return tuple(replace(rule, statutory=True) if rule.severity == "block" else rule for rule in rules)


def key(term: str) -> str:
    """Fold a term the way texts are folded for the term search."""
    return fold(term).text.strip().translate(NUMERALS)


def rule_of(table: Mapping[str, Any], compile: Compile = ours) -> Rule:
    """Make a rule of a table; `compile` makes its patterns.

    Raises:
        KeyError, TypeError, ValueError, re.error: the table is no rule.
    """
    severity = table["severity"]
    if severity not in get_args(Severity):
        raise ValueError(f"unknown severity {severity!r}")
    mild: dict[str, Severity] = {key(term): "warn" for term in table.get("warn_terms", ())}
    mild.update({key(term): "info" for term in table.get("info_terms", ())})
    made = [term for source in table.get("combined", ()) for term in combined(source)]
    terms = tuple(dict.fromkeys(key(term) for term in (*table.get("terms", ()), *made)))
    if "" in terms:
        raise ValueError("an empty term")
    return Rule(
        id=str(table["id"]),
        category=str(table["category"]),
        title=str(table["title"]),
        verticals=frozenset(table.get("verticals", (GENERAL,))),
        severity=cast(Severity, severity),
        basis=str(table["basis"]),
        about=str(table["about"]),
        terms=terms,
        mild=mild,
        weak=frozenset(key(term) for term in table.get("weak_terms", ())),
        patterns=_compiled(table, "patterns", compile),
        allow=_compiled(table, "allow", compile),
        evidence=_compiled(table, "evidence", compile),
        soften=_compiled(table, "soften", compile),
        negatable=bool(table.get("negatable", True)),
        confirmable=bool(table.get("confirmable", False)),
        advice=str(table.get("advice", "")),
        replace={k if k.startswith("^") else key(k): str(v) for k, v in table.get("replace", {}).items()},
    )


def _compiled(table: Mapping[str, Any], name: str, compile: Compile) -> tuple[Pattern, ...]:
    sources: Sequence[str] = table.get(name, ())
    return tuple(compile(source) for source in sources)


@cache
def words_of_verticals(shortest: int = 2) -> Mapping[str, tuple[str, ...]]:
    """Return the words that tell a vertical; single characters (杯, 玉) prove nothing in running text."""
    table = tomllib.loads((RULES / "verticals.toml").read_text(encoding="utf-8"))
    return {
        vertical: tuple(word for word in dict.fromkeys([vertical, *words]) if len(word) >= shortest)
        for vertical, words in table.items()
    }


@lru_cache(maxsize=512)
def verticals_of_category(category: str) -> frozenset[str]:
    """Tell which verticals a category or a product name means; empty when it says nothing."""
    return frozenset(
        vertical for vertical, words in words_of_verticals(1).items() if any(word in category for word in words)
    )
