"""What an overlay would change: in the rules, and in what they find in texts that are there already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from backend.protocol.events import Finding
from backend.quality.lexicon import RuleSnapshot
from backend.quality.overlay import Overlay

#: Characters shown on each side of a hit.
_AROUND: Final = 18

Kind = Literal["added", "removed", "changed"]
Part = Literal["rules", "adjustments", "allow", "brands"]
_KEYS: Final[Mapping[Part, str]] = {"rules": "id", "adjustments": "rule", "allow": "text", "brands": "text"}


@dataclass(frozen=True)
class Change:
    """One line of an overlay that came, went or became another (plain JSON of it before and after)."""

    part: Part
    kind: Kind
    name: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True)
class HitChange:
    """A finding in a text that would come, go, or be more or less grave; with what stands around it."""

    kind: Kind
    rule: str
    excerpt: str
    before_text: str
    after_text: str
    #: None: not found with these rules.
    was: str | None
    now: str | None
    message: str


def differences(before: Overlay, after: Overlay) -> list[Change]:
    """Return what of an overlay changed, part by part in the order of the new one; what went comes last."""
    changes: list[Change] = []
    for part, name in _KEYS.items():
        old = {getattr(one, name): one.model_dump() for one in getattr(before, part)}
        new = {getattr(one, name): one.model_dump() for one in getattr(after, part)}
        for key, one in new.items():
            if key not in old:
                changes.append(Change(part, "added", key, None, one))
            elif old[key] != one:
                changes.append(Change(part, "changed", key, old[key], one))
        changes += [Change(part, "removed", key, one, None) for key, one in old.items() if key not in new]
    return changes


def hit_changes(text: str, vertical: str | None, before: RuleSnapshot, after: RuleSnapshot) -> list[HitChange]:
    """Return how the findings in a text differ between two snapshots, in the order of the text."""
    old = {_place(finding): finding for finding in before.scan(text, vertical=vertical)}
    new = {_place(finding): finding for finding in after.scan(text, vertical=vertical)}
    changes: list[HitChange] = []
    for place in sorted({*old, *new}, key=lambda place: (place[1], place[0])):
        was, now = old.get(place), new.get(place)
        if was is None and now is not None:
            changes.append(_hit(text, now, "added", None, now.severity))
        elif now is None and was is not None:
            changes.append(_hit(text, was, "removed", was.severity, None))
        elif was is not None and now is not None and was.severity != now.severity:
            changes.append(_hit(text, now, "changed", was.severity, now.severity))
    return changes


def _place(finding: Finding) -> tuple[str, tuple[int, int]]:
    return finding.rule, finding.span


def _hit(text: str, finding: Finding, kind: Kind, was: str | None, now: str | None) -> HitChange:
    start, end = finding.span
    return HitChange(
        kind=kind,
        rule=finding.rule,
        excerpt=finding.excerpt,
        before_text=text[max(0, start - _AROUND) : start],
        after_text=text[end : end + _AROUND],
        was=was,
        now=now,
        message=finding.message,
    )


def tried(texts: Sequence[tuple[str, str | None]], before: RuleSnapshot, after: RuleSnapshot) -> list[list[HitChange]]:
    """Return for each text (with its vertical) what would change; processor time, so not on the event loop."""
    return [hit_changes(text, vertical, before, after) for text, vertical in texts]
