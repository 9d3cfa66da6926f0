"""The lines that the offline writer knows, read once from the text files beside this module."""

import random
import re
from dataclasses import dataclass, field
from functools import cache
from itertools import product
from pathlib import Path
from typing import Final

_HERE = Path(__file__).parent
_CHOICE: Final = re.compile(r"<([^<>]*)>")


@dataclass(frozen=True, slots=True)
class Line:
    """A template and the styles it belongs to; an empty set fits every style. `<a|b|>` is any one of its parts."""

    text: str
    styles: frozenset[str]

    def form(self, rng: random.Random) -> str:
        """Return one way to say the line."""
        return _CHOICE.sub(lambda hit: rng.choice(hit[1].split("|")), self.text)

    def forms(self) -> list[str]:
        """Return every way to say the line."""
        parts = _CHOICE.split(self.text)
        ways = [part.split("|") if at % 2 else [part] for at, part in enumerate(parts)]
        return ["".join(way) for way in product(*ways)]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of product: what it is called in general, the words that give it away, and its own lines by slot."""

    noun: str
    words: tuple[str, ...]
    lines: dict[str, list[Line]] = field(default_factory=dict)


def _content(name: str) -> list[str]:
    rows = (_HERE / name).read_text(encoding="utf-8").splitlines()
    return [row.strip() for row in rows if row.strip() and (not row.startswith("#") or row.startswith("## "))]


@cache
def script_lines() -> dict[str, list[Line]]:
    """Return the lines of every script, by slot."""
    slots: dict[str, list[Line]] = {}
    slot = ""
    for row in _content("script.txt"):
        if row.startswith("["):
            slot = row.strip("[]")
            slots[slot] = []
            continue
        styles, bar, text = row.partition("| ")
        slots[slot].append(Line(text, frozenset(styles.split(","))) if bar else Line(row, frozenset()))
    return slots


@cache
def kinds() -> list[Kind]:
    found: list[Kind] = []
    for row in _content("kinds.txt"):
        left, _, right = row.partition("| ")
        if left.startswith("## "):
            found.append(Kind(left.removeprefix("## ").strip(), tuple(right.split())))
        else:
            found[-1].lines.setdefault(left, []).append(Line(right, frozenset()))
    return found


def kind_of(name: str, category: str) -> Kind | None:
    """Return the kind whose word stands latest in the name (a Chinese name ends in what it is), else by category."""
    for text in (name, category):
        hits = [
            (text.rfind(word) + len(word), len(word), kind) for kind in kinds() for word in kind.words if word in text
        ]
        # 茶 in 茶几 is no tea: a single character counts only at the end.
        hits = [hit for hit in hits if hit[1] > 1 or not text[hit[0] :].strip()]
        if hits:
            return max(hits, key=lambda hit: hit[:2])[2]
    return None
