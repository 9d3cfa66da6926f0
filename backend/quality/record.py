"""A product's record as text: what it says, field by field, and a fault of a script against it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from backend.quality.normalize import fold


@dataclass(frozen=True, slots=True)
class FactFault:
    """Something that the record does not bear out; the span is in the folded text."""

    rule: str
    start: int
    end: int
    problem: str
    #: Whether the record denies it, or only knows nothing of it.
    grave: bool
    right: str | None = None
    #: Which reading found it: "amount", "material", …
    by: str = ""
    #: Whether it is grave, and what it is told of is named: then it holds a text up (`certainty.py`).
    certain: bool = False


class Record(dict[str, Any]):
    """A record that nobody changes any more: many checks of a script look claims up in the same text of it."""

    @cached_property
    def text(self) -> str:
        return fold("。".join(_texts(self))).text


def record_text(product: Mapping[str, Any]) -> str:
    """Return everything the record says, folded, for looking claims up."""
    return (product if isinstance(product, Record) else Record(product)).text


def _texts(field: Any) -> Iterator[str]:
    if isinstance(field, str):
        yield field
    elif isinstance(field, Mapping):
        for name, value in field.items():
            for text in _texts(value):
                yield f"{name}：{text}"
    elif isinstance(field, (list, tuple)):
        for value in field:
            yield from _texts(value)


def fields_of(product: Mapping[str, Any]) -> Sequence[str]:
    """Return what the record says, folded, a field at a time (a fact with its name)."""
    return [fold(text).text for text in _texts(product)]


def overlaps(said: str, record: str) -> bool:
    """Tell whether two running characters of what is said stand in the record."""
    return any(said[at : at + 2] in record for at in range(len(said) - 1))
