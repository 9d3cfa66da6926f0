"""Words of one kind under one name: a rule says "a verb of healing and a disease" instead of listing both."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import product
from pathlib import Path
from typing import Final

_FILE: Final = Path(__file__).parent / "rules" / "classes.toml"
_NAME: Final = re.compile(r"\{([a-z_]+)\}")


@cache
def word_classes() -> Mapping[str, tuple[str, ...]]:
    """Return the words under each name."""
    table: dict[str, list[str]] = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {name: tuple(dict.fromkeys(words)) for name, words in table.items()}


def spread(source: str) -> str:
    """Put `(?:…|…)` in the place of each `{name}` of a pattern. Raises `ValueError` for a name that is not known."""
    return _NAME.sub(lambda match: f"(?:{'|'.join(map(re.escape, _longest_first(match[1])))})", source)


def combined(source: str) -> Iterator[str]:
    """Yield every filling of a term with names: `{cure}{disease}` gives 治好脚气, 根治失眠, …"""
    parts = _NAME.split(source)
    yield from map("".join, product(*(_words(part) if at % 2 else (part,) for at, part in enumerate(parts))))


def _words(name: str) -> tuple[str, ...]:
    known = word_classes().get(name)
    if known is None:
        raise ValueError(f"no words are called {name!r}")
    return known


def _longest_first(name: str) -> list[str]:
    return sorted(_words(name), key=len, reverse=True)
