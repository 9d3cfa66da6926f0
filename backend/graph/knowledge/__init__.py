"""What is generally true of a kind of product, for when the catalogue says nothing. Everything here is assumed."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

_FILE: Final = Path(__file__).with_name("categories.toml")


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of product.

    `checks` are {feature, benefit}: what a buyer looks at and why. They say nothing of the product, so that a wrong
    guess of the kind states nothing false.
    """

    name: str
    words: tuple[str, ...]
    checks: tuple[dict[str, str], ...]
    pains: tuple[str, ...]
    scenes: tuple[str, ...]
    audience: str


@cache
def categories() -> dict[str, Category]:
    """Return all categories by name."""
    tables: dict[str, Any] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {
        name: Category(
            name=name,
            words=tuple(table["words"]),
            checks=tuple({"feature": look_at, "benefit": why} for look_at, why in table["checks"]),
            pains=tuple(table["pains"]),
            scenes=tuple(table["scenes"]),
            audience=table["audience"],
        )
        for name, table in tables.items()
    }


GENERIC: Final = "通用"


def category_of(*texts: str) -> Category:
    """Return the category whose words the texts hold, earlier texts first; the generic one when none does."""
    for text in texts:
        lowered = text.lower()
        hits = [(len(word), known) for known in categories().values() for word in known.words if word in lowered]
        if hits:
            return max(hits, key=lambda hit: hit[0])[1]
    return categories()[GENERIC]
