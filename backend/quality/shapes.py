"""What a kind of personal data looks like: a pattern, and what tells the real from the look-alike."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from backend.quality.heads import headed

Action = Literal["mask", "hash", "keep"]


@dataclass(frozen=True, slots=True)
class Shape:
    """One way in which a kind of personal data is written."""

    type: str
    pattern: re.Pattern[str]
    #: The masked form, or None when the match is not what it looks like. Gets the match and 24 characters before it.
    mask: Callable[[re.Match[str], str], str | None]
    action: Action = "mask"
    #: Without any of this in the text there is nothing to look for: a search that costs less.
    needs: re.Pattern[str] | None = None


def shape(
    name: str,
    pattern: str,
    mask: Callable[[re.Match[str], str], str | None],
    action: Action = "mask",
    *,
    needs: str | None = None,
) -> Shape:
    """Compile a shape; case is ignored."""
    there = None if needs is None else re.compile(needs, re.IGNORECASE)
    return Shape(name, headed(pattern, re.IGNORECASE), mask, action, there)


def hidden(group: str, shown: int = 0) -> Callable[[re.Match[str], str], str | None]:
    """Mask one group of a match behind its first characters; what stands around it stays."""

    def mask(match: re.Match[str], _before: str) -> str:
        low, high = (at - match.start() for at in match.span(group))
        words = match.group()
        return f"{words[: low + shown]}****{words[high:]}"

    return mask


def digits_of(text: str) -> str:
    """Return the digits of a text without what stands between them."""
    return re.sub(r"\D", "", text)
