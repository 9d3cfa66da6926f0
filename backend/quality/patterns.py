"""Patterns of ours that are compiled when they are first needed: most of a process's life needs few of them."""

import re
from collections.abc import Callable, Iterable, Iterator

from backend.quality.heads import headed

_COMPILING = re.IGNORECASE


class Lazy:
    """A pattern as text. What a `re.Pattern` can do that is asked of a rule's patterns, it can do too."""

    __slots__ = ("finditer", "pattern", "search")

    pattern: str
    finditer: Callable[..., Iterator[re.Match[str]]]
    search: Callable[..., re.Match[str] | None]

    def __init__(self, source: str) -> None:
        self.pattern = source

    def __getattr__(self, name: str) -> object:
        # Only asked for what is not there yet. Two threads may both compile: they come to the same.
        if name not in ("finditer", "search"):
            raise AttributeError(name)
        compiled = self.compiled()
        self.finditer, self.search = compiled.finditer, compiled.search
        return getattr(compiled, name)

    def compiled(self) -> re.Pattern[str]:
        """Return the pattern itself. Raises `re.error` when it is none."""
        return headed(self.pattern, _COMPILING)

    def __repr__(self) -> str:
        return f"Lazy({self.pattern!r})"


#: A rule's pattern: ours, or one of a tenant (RE2, which looks like `re`'s to the type checker).
Pattern = re.Pattern[str] | Lazy


def either(patterns: Iterable[Pattern]) -> Lazy | None:
    """Return a pattern that matches somewhere if any of these does; None when there are none or they are not ours."""
    sources = [one.pattern if isinstance(one, Lazy) else None for one in patterns]
    if not sources or None in sources:
        return None
    return Lazy("|".join(f"(?:{source})" for source in sources))
