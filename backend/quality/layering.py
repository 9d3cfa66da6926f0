"""How layers of rules become one book: ours, the platform's, the tenant's; each may add and adjust what lies below."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, cast, get_args

from backend.errors import RulesRefused, SetupError
from backend.quality.lexicon import RuleSnapshot, content_hash
from backend.quality.overlay import (
    Adjustment,
    Overlay,
    OwnRule,
    digest_of,
    faults,
    gravity,
    rule_of_tenant,
)
from backend.quality.rulebook import RULES, Rule, RuleBook, Severity, base_rules, released, rule_of

Platform = Literal["douyin", "taobao", "kuaishou", "shipinhao"]
Layer = Literal["base", "platform", "tenant"]
PLATFORMS: Final[tuple[Platform, ...]] = get_args(Platform)
_FOLDER: Final[Path] = RULES / "platforms"
NOTHING: Final = Overlay()


@dataclass(frozen=True)
class Effective:
    """A rule as it holds, where it comes from, and what it was before somebody adjusted it."""

    rule: Rule
    layer: Layer
    #: How grave the layer it comes from has it; the same as the rule's when nobody adjusted it.
    original: Severity
    off: bool = False
    #: Who adjusted it last, and why.
    adjusted_by: Literal["platform", "tenant"] | None = None
    reason: str = ""
    #: A tenant's own rule as it was written down, before its terms were folded.
    written: OwnRule | None = None


@dataclass(frozen=True)
class _PlatformFile:
    rules: tuple[Rule, ...]
    adjustments: tuple[Adjustment, ...]


@cache
def _platform(name: Platform) -> _PlatformFile:
    path = _FOLDER / f"{name}.toml"
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        rules = tuple(rule_of(one, released) for one in table.get("rule", ()))
        adjustments = tuple(Adjustment(**one) for one in table.get("adjust", ()))
    except (KeyError, TypeError, ValueError) as error:
        raise SetupError(f"the rule file {path.name} is wrong: {error!r}") from error
    known = {rule.id for rule in base_rules()}
    for wanted in adjustments:
        if wanted.rule not in known or wanted.severity not in get_args(Severity):
            raise SetupError(f"the rule file {path.name} adjusts {wanted.rule} to {wanted.severity}")
    return _PlatformFile(rules, adjustments)


def layered(platform: Platform | None, overlay: Overlay = NOTHING) -> list[Effective]:
    """Return every rule as it holds: ours, then the platform's, then the tenant's own.

    The tenant's adjustments come after the platform's. What they say of a rule that is no more is left out: an overlay
    that was kept must hold with the next release's rules too.
    """
    file = _platform(platform) if platform else _PlatformFile((), ())
    rules = {rule.id: Effective(rule, "base", rule.severity) for rule in base_rules()}
    _adjust(rules, file.adjustments, "platform")
    rules |= {rule.id: Effective(rule, "platform", rule.severity) for rule in file.rules}
    _adjust(rules, overlay.adjustments, "tenant")
    for own in overlay.rules:
        rule = rule_of_tenant(own)
        # One of ours may have come by its id with a release; the tenant's is told apart and both hold.
        rule = replace(rule, id=f"{rule.id}*") if rule.id in rules else rule
        rules[rule.id] = Effective(rule, "tenant", rule.severity, written=own)
    return list(rules.values())


def _adjust(rules: dict[str, Effective], adjustments: Iterable[Adjustment], by: Literal["platform", "tenant"]) -> None:
    for wanted in adjustments:
        known = rules.get(wanted.rule)
        if known is None or wanted.severity not in {*get_args(Severity), "off"}:
            continue
        floor = "warn" if known.rule.statutory else "off"
        setting = max(wanted.severity, floor, key=gravity)
        off = setting == "off"
        rule = known.rule if off else _with_severity(known.rule, cast(Severity, setting))
        milder = gravity(setting) < gravity(known.rule.severity)
        if milder and not off and by == "tenant":
            rule = replace(rule, remark=f"本店已将此规则调轻：{wanted.reason.strip() or '未说明理由'}")
        rules[wanted.rule] = replace(known, rule=rule, off=off, adjusted_by=by, reason=wanted.reason.strip())


def _with_severity(rule: Rule, severity: Severity) -> Rule:
    # What was milder than the rule stays so, and nothing in it is graver than the rule.
    mild = {term: min(was, severity, key=gravity) for term, was in rule.mild.items()}
    return replace(rule, severity=severity, mild=mild)


def book_of(platform: Platform | None, overlay: Overlay = NOTHING, revision: int = 0) -> RuleBook:
    """Return the rules that hold, named `revision.platform.hash`: the hash is of all they say, whoever said it."""
    rules = layered(platform, overlay)
    book = RuleBook(
        rules=tuple(one.rule for one in rules if not one.off),
        silent=tuple(one.rule for one in rules if one.off),
        allowed=tuple(phrase.text for phrase in overlay.allow),
        names=tuple(phrase.text for phrase in overlay.brands),
    )
    return replace(book, version=f"{revision}.{platform or 'general'}.{content_hash(book)}")


@cache
def plain(platform: Platform | None) -> RuleSnapshot:
    """Return the compiled rules of who lays nothing over them; one for all tenants of a process."""
    return RuleSnapshot.of(book_of(platform))


def compiled(platform: Platform | None, overlay: Overlay, revision: int) -> RuleSnapshot:
    """Compile what holds; tenths of a second, so not on the event loop."""
    if overlay == NOTHING:
        return renamed(plain(platform), revision)
    return RuleSnapshot.of(book_of(platform, overlay, revision))


def renamed(snapshot: RuleSnapshot, revision: int) -> RuleSnapshot:
    """Return the same rules under another revision's name."""
    _, _, rest = snapshot.version.partition(".")
    return replace(snapshot, version=f"{revision}.{rest}")


def require_sound(overlay: Overlay) -> str:
    """Return the digest of an overlay that can be kept.

    Raises:
        RulesRefused: it cannot; `faults` in its details tells what, and where.
    """
    known = {one.rule.id: one.rule for platform in (None, *PLATFORMS) for one in layered(platform)}
    phrases = [phrase.text for phrase in (*overlay.allow, *overlay.brands)][:4_000]
    base = plain(None)
    caught = {text: _is_forbidden(base, text) for text in dict.fromkeys(phrases) if len(text) <= 200}
    found = faults(overlay, known, caught)
    if found:
        raise RulesRefused(faults=[fault.told() for fault in found[:200]], count=len(found))
    return digest_of(overlay)


def _is_forbidden(base: RuleSnapshot, text: str) -> bool:
    return any(finding.severity == "block" and base.rule(finding.rule).statutory for finding in base.scan(text))


def read_overlay(stored: Mapping[str, Any]) -> Overlay:
    """Return a stored overlay; fields of a later release are left out."""
    return Overlay.model_validate(stored, extra="ignore")
