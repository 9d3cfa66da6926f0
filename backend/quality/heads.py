"""Look for a pattern only where its first character stands.

`re` does this by itself for a pattern that begins with a character or a class. One of many alternatives, with groups,
repeats and looks at what stands before, it tries at every place of a text, alternative by alternative. A look ahead at
the characters that a match can begin with costs one comparison instead.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any, Final

#: A range of more characters than this holds what nearly every place begins with.
_WIDEST: Final = 1000
_NARROW: Final = {sre.CATEGORY_DIGIT: r"\d", sre.CATEGORY_SPACE: r"\s"}


class _UnknownError(Exception):
    """Nearly everything may stand here."""


def headed(source: str, flags: int = 0) -> re.Pattern[str]:
    """Compile a pattern that matches what `re.compile(source, flags)` does, sooner told where it does not.

    `pattern` of what is returned may be longer than `source`. Raises `re.error` when it is no pattern.
    """
    return re.compile(_with_head(source, flags), flags)


@lru_cache(maxsize=4096)
def _with_head(source: str, flags: int) -> str:
    tree = _parser.parse(source, flags)
    if tree.state.flags & re.VERBOSE or _is_quick(tree):
        return source
    try:
        first, may_be_empty = _of_all(tree)
    except _UnknownError:
        return source
    return source if may_be_empty else f"(?=[{''.join(dict.fromkeys(first))}])(?:{source})"


def _is_quick(items: Sequence[Any]) -> bool:
    """Tell whether `re` looks for the first character by itself."""
    if not len(items):
        return True
    operator, argument = items[0]
    if operator is sre.SUBPATTERN:
        return _is_quick(argument[3])
    if operator is sre.BRANCH:
        return all(len(one) and one[0][0] is sre.LITERAL for one in argument[1])
    return operator in (sre.LITERAL, sre.IN, sre.AT)


def _of_all(items: Iterable[Any]) -> tuple[list[str], bool]:
    """Return what parts that follow each other may begin with, as in a class, and whether they may match nothing."""
    found: list[str] = []
    for operator, argument in items:
        first, may_be_empty = _of(operator, argument)
        found += first
        if not may_be_empty:
            return found, False
    return found, True


def _of(operator: Any, argument: Any) -> tuple[list[str], bool]:  # noqa: PLR0911 - one line for each kind of part
    match operator:
        case sre.LITERAL:
            return [_written(argument)], False
        case sre.IN:
            return list(_of_class(argument)), False
        case sre.SUBPATTERN if not (argument[1] or argument[2]):  # with flags of its own it means other characters
            return _of_all(argument[3])
        case sre.ATOMIC_GROUP:
            return _of_all(argument)
        case sre.BRANCH:
            firsts, empties = zip(*map(_of_all, argument[1]), strict=True)
            return [char for first in firsts for char in first], any(empties)
        case sre.MAX_REPEAT | sre.MIN_REPEAT | sre.POSSESSIVE_REPEAT:
            first, empty = _of_all(argument[2])
            return first, empty or argument[0] == 0
        case sre.ASSERT | sre.ASSERT_NOT | sre.AT:
            return [], True
    raise _UnknownError


def _of_class(members: Sequence[tuple[Any, Any]]) -> Iterator[str]:
    for operator, argument in members:
        if operator is sre.LITERAL:
            yield _written(argument)
        elif operator is sre.RANGE and argument[1] - argument[0] < _WIDEST:
            yield f"{_written(argument[0])}-{_written(argument[1])}"
        elif operator is sre.CATEGORY and argument in _NARROW:
            yield _NARROW[argument]
        else:
            raise _UnknownError


def _written(code: int) -> str:
    """Write a character so that it stands for itself in a class, alone or at the end of a range."""
    return f"\\U{code:08x}"
