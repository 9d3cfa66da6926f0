"""Patterns of ours that are compiled when they are first needed: most of a process's life needs few of them."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache

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


@lru_cache(maxsize=1024)
def made(source: str) -> re.Pattern[str]:
    """Compile a pattern made of a record's words. `re` keeps some hundreds for the whole process; one takes 1 ms."""
    return re.compile(source)


def behind(text: str, words: Sequence[str], pattern: re.Pattern[str]) -> Iterator[tuple[int, re.Match[str]]]:
    """Yield where one of the words stands with a match of the pattern right behind it, and that match.

    What `finditer` yields of `(?:word|other)pattern`, and nothing needs to be compiled. At one place the words are
    tried in their order.
    """
    done = 0
    for start in sorted({at for word in words for at in places_of(text, word)}):
        for word in words if start >= done else ():
            if text.startswith(word, start) and (match := pattern.match(text, start + len(word))):
                yield start, match
                done = match.end()
                break


def places_of(text: str, word: str) -> Iterator[int]:
    """Yield where a word stands, also where it overlaps itself."""
    at = text.find(word)
    while at >= 0:
        yield at
        at = text.find(word, at + 1)


def either(patterns: Iterable[Pattern]) -> Lazy | None:
    """Return a pattern that matches somewhere if any of these does; None when there are none or they are not ours."""
    sources = [one.pattern if isinstance(one, Lazy) else None for one in patterns]
    if not sources or None in sources:
        return None
    return Lazy("|".join(f"(?:{source})" for source in sources))
