"""JSON Schemas from outside: which we take, and whether an answer meets one.

A schema is a small program of a stranger that runs here, so it is bounded: nothing is fetched, it has so many places
and no more (schema_form.py), patterns run in linear time (re2), and the steps of one check are counted, since
references can double the work at each level. To read one takes some milliseconds; to check an answer may take some
hundred, which belong into a thread (structured.py).
"""

from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Final

import orjson
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend
from referencing import Registry

from backend.errors import SchemaInvalid
from backend.llm.schema_form import check_form, compiled, schemas_in
from backend.llm.structured import Unusable, json_object

MAX_BYTES: Final = 32 * 1024
_MAX_STEPS: Final = 50_000
#: … and of a look at whether a provider held to one, for which everybody waits: about twenty milliseconds.
_MAX_STEPS_OF_A_LOOK: Final = 4_000
_MAX_CHARACTERS_OF_A_LOOK: Final = 100_000
#: A step looks at no more parts of a list or an object, or characters, than these: what is larger takes more steps …
_PARTS_A_STEP: Final = 8
_CHARACTERS_A_STEP: Final = 128
#: … and of what a pattern reads: it may look at each character once for each of its instructions.
_INSTRUCTIONS_A_STEP: Final = 4096
#: … and so does each fault, also one that an `anyOf` gathers for nobody.
_STEPS_A_FAULT: Final = 4
#: Faults that are told: a model mends what it is told, and a page of them helps nobody.
_TOLD: Final = 3
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

#: Keywords that look at all of a value, to its depth …
_COMPARING: Final = frozenset({"enum", "const", "uniqueItems"})
#: … that hold a value to each of several schemas …
_OF_SCHEMAS: Final = frozenset({"allOf", "anyOf", "oneOf"})
#: … and that hold each part of a value to a schema.
_OF_PARTS: Final = frozenset({"items", "contains", "additionalProperties", "propertyNames"})

_Keyword = Callable[[Any, Any, Any, Any], Iterator[ValidationError] | None]


class _TooMuch(Exception):
    """The check takes more steps than any sensible schema does."""


@dataclass(slots=True)
class _Check:
    """A check under way: the steps it may still take, and the patterns it knows."""

    left: int
    patterns: dict[str, Any]


_under_way: ContextVar[_Check] = ContextVar("check")


def _counted(name: str, keyword: _Keyword) -> _Keyword:
    size = _size_of_all if name in _COMPARING else _size

    def check(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        _take(1 + size(value) + size(instance))
        if name in _OF_SCHEMAS:
            _take(len(value))
        elif name in _OF_PARTS and isinstance(instance, list | dict):
            _take(len(instance))
        for fault in keyword(validator, value, instance, schema) or ():
            # The library says the whole value with it, whatever that is, for nobody to read.
            _take(_STEPS_A_FAULT + len(fault.message) // _CHARACTERS_A_STEP)
            yield fault

    return check


def _take(steps: int) -> None:
    check = _under_way.get()
    check.left -= steps
    if check.left < 0:
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
    if not isinstance(instance, str):
        return
    known = _under_way.get().patterns
    if pattern not in known:
        known[pattern] = compiled(pattern)
    _take(len(instance) * known[pattern].programsize // _INSTRUCTIONS_A_STEP)
    if known[pattern].search(instance) is None:
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

    def __init__(self, plain: Mapping[str, Any], patterns: dict[str, Any]) -> None:
        self.plain = plain
        self._patterns = patterns
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
        return cls(schema, check_form(schema))

    def check(self, text: str) -> dict[str, Any]:
        """Return the object in a model's answer.

        Raises:
            Unusable: there is none, or it does not meet the schema.
        """
        try:
            value: Any = orjson.loads(json_object(text))
        except orjson.JSONDecodeError as error:
            raise Unusable(f"no JSON: {error.msg}") from None
        _under_way.set(_Check(_MAX_STEPS, self._patterns))
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
    if len(text) > _MAX_CHARACTERS_OF_A_LOOK:
        return None
    try:
        value: Any = orjson.loads(json_object(text))
    except (Unusable, orjson.JSONDecodeError):
        return False
    _under_way.set(_Check(_MAX_STEPS_OF_A_LOOK, {}))
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
    for one in schemas_in(schema):
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
