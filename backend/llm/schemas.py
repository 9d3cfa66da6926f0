"""JSON Schemas from outside: which we take, and whether an answer meets one.

A schema is a small program of a stranger that runs here, so it is bounded: nothing is fetched, patterns run in linear
time (re2), and the steps of one check are counted, since references can double the work at each level.
"""

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import unquote

import orjson
import re2
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.exceptions import SchemaError
from jsonschema.validators import extend
from referencing import Registry

from backend.errors import SchemaInvalid
from backend.llm.structured import Unusable, json_object

MAX_BYTES: Final = 32 * 1024
MAX_DEPTH: Final = 24
_MAX_STEPS: Final = 50_000
#: A step looks at no more parts of a list or an object, or characters, than these: what is larger takes more steps …
_PARTS_A_STEP: Final = 8
_CHARACTERS_A_STEP: Final = 128
#: … and so does each fault, also one that an `anyOf` gathers for nobody.
_STEPS_A_FAULT: Final = 4
_MAX_PATTERN: Final = 500
#: Faults that are told: a model mends what it is told, and a page of them helps nobody.
_TOLD: Final = 3
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
#: All that providers promise to keep to when they are told to be strict (OpenAI, "Structured Outputs").
_STRICT: Final = frozenset(
    {
        "type", "properties", "required", "additionalProperties", "items", "enum", "const", "anyOf", "$ref", "$defs",
        "definitions", "description", "title", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
        "multipleOf", "minItems", "maxItems", "pattern", "$schema",
    }
)  # fmt: skip

#: What every provider rules out that holds answers to a schema, however little else of it it knows …
_ALWAYS_HELD: Final = frozenset({"type", "enum", "const", "required", "additionalProperties"})
#: … but below these it may know none of it.
_SELDOM_KNOWN: Final = frozenset(
    {"allOf", "oneOf", "not", "if", "then", "else", "contains", "propertyNames", "dependentSchemas"}
)

#: Keywords that look at all of a value, to its depth.
_COMPARING: Final = frozenset({"enum", "const", "uniqueItems"})

_Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]


class _TooMuch(Exception):
    """The check takes more steps than any sensible schema does."""


#: The steps that the check under way may still take.
_left: ContextVar[list[int]] = ContextVar("steps_left")


def _counted(name: str, keyword: _Keyword) -> _Keyword:
    size = _size_of_all if name in _COMPARING else _size

    def check(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        _take(1 + size(value) + size(instance))
        for fault in keyword(validator, value, instance, schema) or ():
            _take(_STEPS_A_FAULT)
            yield fault

    return check


def _take(steps: int) -> None:
    left = _left.get()
    left[0] -= steps
    if left[0] < 0:
        raise _TooMuch


def _size(value: Any) -> int:
    """Return the steps that it takes to look at the parts of a value, or at its characters."""
    if isinstance(value, str):
        return len(value) // _CHARACTERS_A_STEP
    return len(value) // _PARTS_A_STEP if isinstance(value, list | dict) else 0


def _size_of_all(value: Any) -> int:
    """Return the steps that it takes to compare a value with another, to the depth of it."""
    return len(_dumped(value)) // _CHARACTERS_A_STEP


def _dumped(value: Any) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # it reads deeper than it writes
        raise _TooMuch from None


def _pattern(_: Any, pattern: str, instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str) and re2.search(pattern, instance) is None:
        yield ValidationError(f"does not match {pattern!r}")


def _unique(_: Any, wanted: bool, instance: Any, __: Any) -> Iterator[ValidationError]:
    # The library compares each with each.
    if wanted and isinstance(instance, list):
        seen = {_dumped(one) for one in instance}
        if len(seen) < len(instance):
            yield ValidationError("has non-unique elements")


_Validator: Final = extend(
    Draft202012Validator,
    {
        name: _counted(name, keyword)
        for name, keyword in {**Draft202012Validator.VALIDATORS, "pattern": _pattern, "uniqueItems": _unique}.items()
    },
)


def _validator_of(schema: Mapping[str, Any]) -> Any:
    # The library takes another validator wherever it comes upon a `$schema`: its own, without a count and without re2.
    return _Validator({name: value for name, value in schema.items() if name != "$schema"}, registry=Registry())


class AnswerSchema:
    """A schema that was found sound. `plain` is the schema itself."""

    def __init__(self, plain: Mapping[str, Any]) -> None:
        self.plain = plain
        self._validator = _validator_of(plain)

    @classmethod
    def read(cls, schema: Mapping[str, Any]) -> "AnswerSchema":
        """Take a schema that somebody sent.

        Raises:
            SchemaInvalid: it is no JSON Schema of an object, or one that we do not check; `at` says where.
        """
        try:
            size = len(orjson.dumps(schema))
        except (TypeError, ValueError, RecursionError):  # orjson's own errors are these
            raise SchemaInvalid("the schema is nested too deeply or is no JSON", reason="not_json") from None
        if size > MAX_BYTES:
            raise SchemaInvalid("the schema is too large", reason="too_large", limit=MAX_BYTES)
        if schema.get("type") != "object":
            raise SchemaInvalid("the answer must be an object", at="type", reason="not_an_object")
        _check_sound(schema)
        try:
            Draft202012Validator.check_schema(schema)
        except SchemaError as error:
            at = "/".join(str(part) for part in error.absolute_path)
            raise SchemaInvalid(at=at or "#", reason=str(error.validator)) from None
        return cls(schema)

    def check(self, text: str) -> dict[str, Any]:
        """Return the object in a model's answer.

        Raises:
            Unusable: there is none, or it does not meet the schema.
        """
        try:
            value: Any = orjson.loads(json_object(text))
        except orjson.JSONDecodeError as error:
            raise Unusable(f"no JSON: {error.msg}") from None
        _left.set([_MAX_STEPS])
        faults = []
        try:
            for fault in self._validator.iter_errors(value):
                at = ".".join(str(part) for part in fault.absolute_path)
                faults.append(f"{at or 'the object'}: {_said(fault)}")
                if len(faults) == _TOLD:
                    break
        except (_TooMuch, RecursionError):
            raise Unusable("the schema is too costly to check") from None
        if faults:
            raise Unusable("; ".join(faults))
        assert isinstance(value, dict), "the schema says so"
        return value


def held_to(schema: Mapping[str, Any], text: str) -> bool | None:
    """Tell whether an answer shows that the provider held it to a schema that was given to it.

    True: it meets a schema that asks for something. False: it does not, in a way that no provider that holds answers to
    schemas lets pass. None: neither can be told.
    """
    try:
        value: Any = orjson.loads(json_object(text))
    except (Unusable, orjson.JSONDecodeError):
        return False
    _left.set([_MAX_STEPS])
    met = True
    try:
        for fault in _validator_of(schema).iter_errors(value):
            if fault.validator in _ALWAYS_HELD and _SELDOM_KNOWN.isdisjoint(map(str, fault.absolute_schema_path)):
                return False
            met = False
    except (_TooMuch, RecursionError):
        return None
    return True if met and schema.get("required") else None


def _said(error: ValidationError) -> str:
    # The library's message repeats the value, however long that is.
    expected = error.validator_value
    match error.validator:
        case "additionalProperties":
            return "has a property that the schema does not know"
        case "required":
            return f"must have {', '.join(map(str, expected))}" if isinstance(expected, list) else "lacks a property"
        case "type" | "enum" | "const" | "minimum" | "maximum" | "minLength" | "maxLength" | "minItems" | "maxItems":
            return f"{error.validator} must be {orjson.dumps(expected).decode()[:200]}"
    return f"does not meet {error.validator or 'the schema'}"


def strict(schema: Mapping[str, Any]) -> bool:
    """Tell whether a provider that is told to be strict would take this schema."""
    for one in _subschemas(schema):
        if not isinstance(one, Mapping):
            continue
        if one.keys() - _STRICT:
            return False
        names = one.get("properties")
        if (one.get("type") == "object" or names is not None) and (
            one.get("additionalProperties") is not False or set(one.get("required") or ()) != set(names or ())
        ):
            return False
    return True


def _subschemas(schema: Any) -> Iterator[Any]:
    yield schema
    if not isinstance(schema, Mapping):
        return
    for name, value in schema.items():
        if name in _NAMED and isinstance(value, Mapping):
            parts: Sequence[Any] = list(value.values())
        elif name in _LISTED and isinstance(value, list):
            parts = value
        elif name in _SINGLE:
            parts = [value]
        else:
            continue
        for part in parts:
            yield from _subschemas(part)


def _check_sound(schema: Mapping[str, Any]) -> None:
    _check_depth(schema, 0)
    found = [one for one in _subschemas(schema) if isinstance(one, Mapping)]
    places = {id(one) for one in found}
    for one in found:
        if refused := sorted(one.keys() & _REFUSED):
            raise SchemaInvalid(f"{refused[0]} is not taken here", at=refused[0], reason="unsupported")
        if "$schema" in one and one is not schema:
            raise SchemaInvalid("$schema is taken at the root only", at="$schema", reason="unsupported")
        if "$ref" in one and not _leads_somewhere(schema, one["$ref"], places):
            raise SchemaInvalid("a reference must lead to another place of this schema", at="$ref", reason="reference")
        pattern = one.get("pattern")
        if isinstance(pattern, str) and not _compiles(pattern):
            raise SchemaInvalid("the pattern is too long, or none that re2 takes", at="pattern", reason="pattern")


def _check_depth(value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise SchemaInvalid("the schema is nested too deeply", reason="too_deep", limit=MAX_DEPTH)
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            _check_depth(part, depth + 1)


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
        elif isinstance(at, list) and key.isascii() and key.isdigit() and int(key) < len(at):
            at = at[int(key)]
        else:
            return False
    return isinstance(at, bool) or id(at) in places


def _compiles(pattern: str) -> bool:
    if len(pattern) > _MAX_PATTERN:
        return False
    try:
        re2.compile(pattern)
    except re2.error:
        return False
    return True
