"""An amount that stands in a text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Amount:
    """How much of what (`dimension`, in its smallest unit); the span is in the text that was searched."""

    dimension: str
    value: float
    start: int
    end: int
