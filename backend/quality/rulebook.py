"""The rules as data: what one rule says, and how a folder of TOML files becomes a list of them."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, cast, get_args

from backend.errors import BadRequest, SetupError
from backend.quality.classes import combined, spread
from backend.quality.normalize import NUMERALS, fold

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
    patterns: tuple[re.Pattern[str], ...]
    #: A match that overlaps a hit makes it harmless.
    allow: tuple[re.Pattern[str], ...]
    #: A match in the same sentence makes a hit harmless …
    evidence: tuple[re.Pattern[str], ...]
    #: … or only a warning.
    soften: tuple[re.Pattern[str], ...]
    #: Whether "不…" before a hit turns it off.
    negatable: bool
    #: Whether the product's own record can prove the claim.
    confirmable: bool
    #: How to say it instead, for people.
    advice: str
    #: Term to text that can stand in its place; a key that begins with ^ is a pattern.
    replace: Mapping[str, str]


def load_rules(directory: Path) -> list[Rule]:
    """Read every `*.toml` of a folder that holds `[[rule]]` tables. Raises `SetupError` on a rule that is wrong."""
    rules: list[Rule] = []
    for path in sorted(directory.glob("*.toml")):
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8")).get("rule", [])
            rules += [_rule(table) for table in tables]
        except (KeyError, TypeError, ValueError, re.error) as error:
            raise SetupError(f"the rule file {path.name} is wrong: {error!r}") from error
    if not rules:
        raise SetupError(f"no rules in {directory}")
    return rules


def tenant_rule(table: Mapping[str, Any]) -> Rule:
    """Make a rule of what a tenant wrote: `terms` is enough. Raises `BadRequest` when it cannot be used."""
    whole = {"id": "HOUSE", "category": "house_rule", "title": "本店禁用词", "basis": "本店规定", "severity": "block"}
    try:
        return _rule({**whole, "about": "本店规定不使用的说法", **table})
    except (KeyError, TypeError, ValueError, re.error) as error:
        raise BadRequest(f"这条规则不可用：{error}") from error


def key(term: str) -> str:
    """Fold a term the way texts are folded for the term search."""
    return fold(term).text.strip().translate(NUMERALS)


def _rule(table: Mapping[str, Any]) -> Rule:
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
        patterns=_compiled(table, "patterns"),
        allow=_compiled(table, "allow"),
        evidence=_compiled(table, "evidence"),
        soften=_compiled(table, "soften"),
        negatable=bool(table.get("negatable", True)),
        confirmable=bool(table.get("confirmable", False)),
        advice=str(table.get("advice", "")),
        replace={k if k.startswith("^") else key(k): str(v) for k, v in table.get("replace", {}).items()},
    )


def _compiled(table: Mapping[str, Any], name: str) -> tuple[re.Pattern[str], ...]:
    sources: Sequence[str] = table.get(name, ())
    return tuple(re.compile(spread(source), re.IGNORECASE) for source in sources)


@cache
def words_of_verticals(shortest: int = 2) -> Mapping[str, tuple[str, ...]]:
    """Return the words that tell a vertical; single characters (杯, 玉) prove nothing in running text."""
    table = tomllib.loads((RULES / "verticals.toml").read_text(encoding="utf-8"))
    return {
        vertical: tuple(word for word in dict.fromkeys([vertical, *words]) if len(word) >= shortest)
        for vertical, words in table.items()
    }


def verticals_of_category(category: str) -> frozenset[str]:
    """Tell which verticals a category or a product name means; empty when it says nothing."""
    return frozenset(
        vertical for vertical, words in words_of_verticals(1).items() if any(word in category for word in words)
    )
