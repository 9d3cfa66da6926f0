"""A script under review: its text, what was asked for, and how a finding about it is made."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from backend.protocol.events import Finding
from backend.quality.lexicon import RuleSnapshot
from backend.quality.normalize import Folded
from backend.quality.record import FactFault
from backend.quality.rulebook import Severity

_HOUSE: Final = "口播质量规范"


@dataclass(frozen=True)
class ScriptBrief:
    """What was asked for, and about what."""

    scenario: str
    #: Asked length in seconds; None when nobody asked for one.
    seconds: int | None
    product: Mapping[str, Any] | None
    other_products: Sequence[str]
    must_say: Sequence[str]
    must_not_say: Sequence[str]
    request: str
    #: The host's pace, characters a minute (字/分).
    pace: int = 260
    #: What the host likes to say: a spice, and not every sentence.
    catchphrases: Sequence[str] = ()
    #: The text that is changed or continued last; empty for a new one.
    previous_texts: Sequence[str] = ()
    #: Whether only the wording of that text is to change: what it names stays named.
    restyled: bool = False
    #: What the room has said of late: a new text must not say it again.
    room_texts: Sequence[str] = ()
    #: The fixed words of the prompt: none of them is to be read out.
    prompt: str = ""
    #: Whether the model ended by itself; False when it was cut off, and `ended` says by what (`Piece.finish_reason`).
    finished: bool = True
    ended: str = "stop"


@dataclass(frozen=True, slots=True)
class Draft:
    """The text as it is and folded, and all that a check may ask about."""

    text: str
    folded: Folded
    brief: ScriptBrief
    rules: RuleSnapshot
    #: What the product's record contradicts; asked for by two checks.
    fact_faults: Sequence[FactFault]

    def finding(
        self,
        rule: str,
        severity: Severity,
        span: tuple[int, int],
        message: str,
        *,
        category: str = "craft",
        basis: str = _HOUSE,
        suggestion: str | None = None,
    ) -> Finding:
        start, end = span
        return Finding(
            rule=rule,
            category=category,
            severity=severity,
            span=span,
            excerpt=self.text[start:end],
            message=message,
            basis=basis,
            suggestion=suggestion,
        )

    def by_rule(
        self, rule_id: str, severity: Severity, span: tuple[int, int], problem: str, right: str | None = None
    ) -> Finding:
        """Make a finding under a rule of the book; the range is in the folded text."""
        rule = self.rules.rule(rule_id)
        return self.finding(
            rule_id,
            severity,
            self.folded.span(*span),
            problem,
            category=rule.category,
            basis=rule.basis,
            suggestion=right,
        )

    def whole(self, rule: str, severity: Severity, message: str, *, category: str = "craft") -> Finding:
        """Make a finding about the script as a whole: it points at nothing."""
        return self.finding(rule, severity, (0, 0), message, category=category)


#: One line of the rubric.
Check = Callable[[Draft], Iterable[Finding]]
