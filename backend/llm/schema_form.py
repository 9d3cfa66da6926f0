"""Whether a JSON Schema from outside is well formed: each place is looked at once, and what is too much not at all.

The library holds a schema against the schema of schemas, which takes two tenths of a millisecond for each place and may
look at a list for as many times as it is long; this here runs where all other requests are served.
"""

import math
from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

import re2

from backend.errors import SchemaInvalid

MAX_DEPTH: Final = 24
#: Schemas in one schema, itself included.
MAX_PLACES: Final = 1_000
_MAX_PATTERN: Final = 500
_MAX_PATTERNS: Final = 50
#: Instructions of all patterns of a schema together. re2 makes about three of them in a microsecond …
_MAX_PROGRAMS: Final = 30_000
#: … and takes no more bytes than these for one.
_PATTERN_MEMORY: Final = 256 * 1024

#: What may lead out of the schema, or makes the check of a value depend on the checks of others.
_REFUSED: Final = frozenset(
    {
        "$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$recursiveRef", "$recursiveAnchor", "patternProperties",
        "unevaluatedProperties", "unevaluatedItems",
    }
)  # fmt: skip
#: Keywords that hold schemas by name, a list of schemas, or one schema.
_NAMED: Final = frozenset({"properties", "$defs", "definitions", "dependentSchemas"})
_LISTED: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_SINGLE: Final = frozenset({"items", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else"})
_TYPES: Final = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})

_Path = tuple[str, ...]


def _is_type(value: Any) -> bool:
    if isinstance(value, str):
        return value in _TYPES
    if not isinstance(value, list) or not 1 <= len(value) <= len(_TYPES):
        return False
    return all(isinstance(one, str) and one in _TYPES for one in value) and len(set(value)) == len(value)


def _is_number(value: Any) -> bool:
    # Python's reader of JSON knows numbers that JSON does not.
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and value == int(value)


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value) and len(set(value)) == len(value)


def _is(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kind)


#: What the value of a keyword must be, beside those that hold schemas.
_VALUES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "type": _is_type,
    "enum": _is(list),
    "multipleOf": lambda value: _is_number(value) and value > 0,
    **dict.fromkeys(("maximum", "minimum", "exclusiveMaximum", "exclusiveMinimum"), _is_number),
    **dict.fromkeys(
        (
            "maxLength", "minLength", "maxItems", "minItems", "maxContains", "minContains", "maxProperties",
            "minProperties",
        ),
        _is_count,
    ),
    **dict.fromkeys(
        ("pattern", "$schema", "$ref", "$comment", "title", "description", "format", "contentEncoding",
         "contentMediaType"),
        _is(str),
    ),
    **dict.fromkeys(("uniqueItems", "deprecated", "readOnly", "writeOnly"), _is(bool)),
    "examples": _is(list),
    "required": _is_names,
    "dependentRequired": lambda value: isinstance(value, dict) and all(map(_is_names, value.values())),
}  # fmt: skip


@dataclass(slots=True)
class _Looked:
    """What was looked at so far."""

    places: int = 0
    #: The schemas by their `id`, where anything may be led.
    seen: set[int] = field(default_factory=set)
    references: list[tuple[_Path, Any]] = field(default_factory=list)
    patterns: dict[str, _Path] = field(default_factory=dict)


def check_form(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Look at every place of a schema once; return its patterns, compiled.

    Raises:
        SchemaInvalid: it is not well formed, or more than is taken; `at` is the path of the place.
    """
    _check_depth(schema)
    looked = _Looked()
    waiting: list[tuple[_Path, Any]] = [((), schema)]
    while waiting:
        path, one = waiting.pop()
        looked.places += 1
        if looked.places > MAX_PLACES:
            raise _refused("too many schemas in one", path, "too_many", limit=MAX_PLACES)
        if isinstance(one, bool):
            continue
        if not isinstance(one, dict):
            raise _refused("this is no schema", path, "malformed")
        looked.seen.add(id(one))
        for keyword, value in one.items():
            _look_at(path, keyword, value, looked)
            waiting += _parts_of(path, keyword, value)
    for path, reference in looked.references:
        if not _leads_somewhere(schema, reference, looked.seen):
            raise _refused("a reference must lead to another place of this schema", path, "reference")
    return _compiled(looked.patterns)


def schemas_in(schema: Any) -> Iterator[Any]:
    """Yield a well-formed schema and all those in it."""
    waiting = [schema]
    while waiting:
        one = waiting.pop()
        yield one
        if isinstance(one, Mapping):
            for keyword, value in one.items():
                waiting += [part for _, part in _parts_of((), keyword, value)]


def _look_at(path: _Path, keyword: str, value: Any, looked: _Looked) -> None:
    if keyword in _REFUSED:
        raise _refused(f"{keyword} is not taken here", (*path, keyword), "unsupported")
    if keyword == "$schema" and path:
        raise _refused("$schema is taken at the root only", (*path, keyword), "unsupported")
    if keyword == "$ref":
        looked.references.append(((*path, keyword), value))
        return
    sound = _VALUES.get(keyword)
    if sound is not None and not sound(value):
        raise _refused(f"{keyword} cannot be this", (*path, keyword), "malformed")
    if keyword == "pattern":
        looked.patterns.setdefault(value, (*path, keyword))


def _parts_of(path: _Path, keyword: str, value: Any) -> list[tuple[_Path, Any]]:
    """Return the schemas that a keyword holds, with their paths."""
    if keyword in _NAMED:
        if not isinstance(value, dict):
            raise _refused(f"{keyword} holds schemas by name", (*path, keyword), "malformed")
        if len(value) > MAX_PLACES:
            raise _refused("too many schemas in one", (*path, keyword), "too_many", limit=MAX_PLACES)
        return [((*path, keyword, name), part) for name, part in value.items()]
    if keyword in _LISTED:
        if not isinstance(value, list) or not value:
            raise _refused(f"{keyword} is a list of schemas", (*path, keyword), "malformed")
        if len(value) > MAX_PLACES:
            raise _refused("too many schemas in one", (*path, keyword), "too_many", limit=MAX_PLACES)
        return [((*path, keyword, str(place)), part) for place, part in enumerate(value)]
    return [((*path, keyword), value)] if keyword in _SINGLE else []


def _refused(why: str, path: _Path, reason: str, **more: Any) -> SchemaInvalid:
    # Names are the sender's, and may be as long as the schema, or half of a surrogate pair.
    at = "/".join(part[:80] for part in path).encode("utf-8", "replace").decode()
    return SchemaInvalid(why, at=at or "#", reason=reason, **more)


def _check_depth(schema: Mapping[str, Any]) -> None:
    level: list[Any] = [schema]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                below += one.values()
            elif isinstance(one, list):
                below += one
        if not below:
            return
        level = below
    raise SchemaInvalid("the schema is nested too deeply", reason="too_deep", limit=MAX_DEPTH)


def _leads_somewhere(schema: Mapping[str, Any], reference: Any, places: Container[int]) -> bool:
    """Tell whether a reference leads to one of the schemas that were looked at: `places` are their `id`s.

    Anything may stand where no schema is expected, as in `const`, `default` or a word that nobody knows.
    """
    if reference == "#":
        return True
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return False
    at: Any = schema
    for part in unquote(reference[2:]).split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(at, Mapping) and key in at:
            at = at[key]
        elif isinstance(at, list) and key.isascii() and key.isdigit() and len(key) < 6 and int(key) < len(at):
            at = at[int(key)]
        else:
            return False
    return isinstance(at, bool) or id(at) in places


def _compiled(patterns: Mapping[str, _Path]) -> dict[str, Any]:
    if len(patterns) > _MAX_PATTERNS:
        raise _refused("too many patterns", list(patterns.values())[_MAX_PATTERNS], "too_many", limit=_MAX_PATTERNS)
    found, size = {}, 0
    for pattern, path in patterns.items():
        found[pattern] = one = compiled(pattern)
        if one is None:
            raise _refused("the pattern is too long, or none that re2 takes", path, "pattern")
        size += one.programsize
        if size > _MAX_PROGRAMS:
            raise _refused("the patterns are too large together", path, "pattern")
    return found


def compiled(pattern: str) -> Any | None:
    """Return a pattern of re2; None when it is none, or too large. `programsize` is how many instructions it has."""
    if len(pattern) > _MAX_PATTERN:
        return None
    options = re2.Options()
    options.max_mem = _PATTERN_MEMORY
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except (re2.error, UnicodeError):
        return None
