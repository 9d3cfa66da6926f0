"""Schemas from outside, a stranger's programs: what is taken and refused, and what an answer is held to."""

import contextlib
import json
import re
import sys
import time
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.errors import SchemaInvalid
from backend.llm.schema_form import MAX_DEPTH, MAX_PLACES
from backend.llm.schemas import AnswerSchema, held_to, strict
from backend.llm.structured import Unusable

PRODUCT: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "price": {"type": "number", "minimum": 0},
        "tags": {"type": "array", "items": {"$ref": "#/$defs/tag"}, "uniqueItems": True},
    },
    "required": ["name", "price"],
    "additionalProperties": False,
    "$defs": {"tag": {"type": "string", "pattern": "^[a-z]+$"}},
}

LED_TO_DEFAULT = {"$ref": "#/properties/a/default"}
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def nested(depth: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    for _ in range(depth):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


def doubled(leaf: dict[str, Any]) -> dict[str, Any]:
    """Return a schema that looks at one value 4,096 times, and finds it wrong each time."""
    levels = {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(12)}
    return {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/d0"}},
        "$defs": {**levels, "d12": {"allOf": [leaf, False]}},
    }


def test_an_answer_that_meets_the_schema_is_its_value() -> None:
    answer = '好的：\n```json\n{"name": "杯子", "price": 59.9, "tags": ["cup", "steel"]}\n```'
    assert AnswerSchema.read(PRODUCT).check(answer) == {"name": "杯子", "price": 59.9, "tags": ["cup", "steel"]}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("没有", "no JSON object"),
        ("{'name': 1}", "no JSON: "),
        ('{"name": "x"', "no JSON object"),
        ('{"name": "杯子"}', "the object: must have name, price"),
        ('{"name": "", "price": 1}', "name: minLength must be 1"),
        ('{"name": "x", "price": "1"}', 'price: type must be "number"'),
        ('{"name": "x", "price": NaN}', "no JSON: "),
        ('{"name": "x", "price": 1, "more": 1}', "a property that the schema does not know"),
        ('{"name": "x", "price": 1, "tags": ["UP"]}', "tags.0: does not meet pattern"),
        ('{"name": "x", "price": 1, "tags": ["a", "a"]}', "tags: does not meet uniqueItems"),
    ],
)
def test_an_answer_that_does_not_is_told_why(answer: str, said: str) -> None:
    with pytest.raises(Unusable, match=re.escape(said)):
        AnswerSchema.read(PRODUCT).check(answer)


@pytest.mark.parametrize(
    ("schema", "reason"),
    [
        ({}, "not_an_object"),
        ({"type": "array"}, "not_an_object"),
        ({"type": "object", "properties": {"a": {"type": "text"}}}, "malformed"),
        ({"type": "object", "properties": {"a": {"multipleOf": float("nan")}}}, "malformed"),
        ({"type": "object", "properties": {"a": {"$ref": "http://127.0.0.1:9/x.json"}}}, "reference"),
        ({"type": "object", "properties": {"a": {"$ref": "#/$defs/none"}}}, "reference"),
        (
            {"type": "object", "properties": {"a": {"$ref": "#/properties"}, "type": {}}, "$id": "file:///x"},
            "unsupported",
        ),
        ({"type": "object", "patternProperties": {"(a+)+$": {}}}, "unsupported"),
        ({"type": "object", "allOf": [{"unevaluatedProperties": False}]}, "unsupported"),
        ({"type": "object", "properties": {"a": {"pattern": "(?=a)b"}}}, "pattern"),
        ({"type": "object", "properties": {"a": {"pattern": "a" * 501}}}, "pattern"),
        ({"type": "object", "description": "x" * 40_000}, "too_large"),
        # A schema where none is expected is not looked at, so nobody may be led there.
        ({"type": "object", "x": {"patternProperties": {"(a+)+$": {}}}, "allOf": [{"$ref": "#/x"}]}, "reference"),
        ({"type": "object", "const": {"type": 5}, "properties": {"a": {"$ref": "#/const"}}}, "reference"),
        ({"type": "object", "properties": {"a": {"default": {"$ref": "b"}}, "b": LED_TO_DEFAULT}}, "reference"),
        ({"type": "object", "x": {"type": 5}, "$defs": {"%78": {}, "a": {"$ref": "#/%78"}}}, "reference"),
        # The library checks by another validator behind it: one with Python's patterns and without our count.
        ({"type": "object", "properties": {"a": {"$schema": DRAFT, "pattern": "(a+)+$"}}}, "unsupported"),
        (nested(MAX_DEPTH), "too_deep"),
    ],
)
def test_a_schema_that_is_not_taken_says_why(schema: dict[str, Any], reason: str) -> None:
    with pytest.raises(SchemaInvalid) as refused:
        AnswerSchema.read(schema)
    assert refused.value.details["reason"] == reason


@pytest.mark.parametrize(
    ("inner", "at"),
    [
        ({"type": "text"}, "properties/a~b/items/type"),
        ({"$ref": "#/nowhere"}, "properties/a~b/items/$ref"),
        ({"pattern": "("}, "properties/a~b/items/pattern"),
        ({"not": {"$anchor": "x"}}, "properties/a~b/items/not/$anchor"),
        (5, "properties/a~b/items"),
        ({"allOf": [{}, {"required": ["a", "a"]}]}, "properties/a~b/items/allOf/1/required"),
    ],
)
def test_where_a_schema_is_wrong_is_told(inner: Any, at: str) -> None:
    with pytest.raises(SchemaInvalid) as refused:
        AnswerSchema.read({"type": "object", "properties": {"a~b": {"items": inner}}})
    assert refused.value.details["at"] == at


def work_of(act: Callable[[], object]) -> int:
    """Return how many functions are called while `act` runs, ours, the library's and those of C."""
    calls = 0

    def count(_: object, event: str, __: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        with contextlib.suppress(SchemaInvalid, Unusable):
            act()
    finally:
        sys.setprofile(before)
    return calls


#: Calls of functions: a tenth of a microsecond to a microsecond each.
MOST_WORK = 25_000


@pytest.mark.parametrize(
    ("schema", "at"),
    [
        ({"type": "object", "properties": {"a": {"type": ["x", *range(5600)]}}}, "properties/a/type"),
        ({"type": "object", "anyOf": [{}] * 10_000}, "anyOf"),
        ({"type": "object", "properties": {str(n): {} for n in range(3000)}}, "properties"),
        ({"type": "object", "properties": {"a": {"type": ["string"] * 2500}}}, "properties/a/type"),
        ({"type": "object", "allOf": [{"oneOf": [{}] * 400}] * 3}, None),
        (
            {"type": "object", "properties": {f"p{n}": {"pattern": f"\\pL{{4}}{n}"} for n in range(50)}},
            None,
        ),
        ({"type": "object", "properties": {f"p{n}": {"pattern": f"a{n}"} for n in range(51)}}, None),
    ],
    ids=["mixed-types", "any-of", "properties", "same-types", "below", "large-patterns", "patterns"],
)
def test_what_is_too_much_is_refused_before_it_is_looked_at(schema: dict[str, Any], at: str | None) -> None:
    with pytest.raises(SchemaInvalid) as refused:
        AnswerSchema.read(schema)
    assert refused.value.details["reason"] in ("too_many", "malformed", "pattern")
    assert at is None or refused.value.details["at"] == at
    assert work_of(lambda: AnswerSchema.read(schema)) < MOST_WORK


PARTS = st.recursive(
    st.sampled_from(
        [{}, {"type": "string"}, {"type": ["null", "string"]}, {"enum": list(range(300))}, {"pattern": "^a{3}"},
         {"required": [f"n{n}" for n in range(300)]}, {"const": [[]] * 300}, {"$ref": "#"}, True, {"maximum": 3}]
    ),
    lambda inner: st.one_of(
        st.builds(lambda key, a, b: {key: [a, b]}, st.sampled_from(["anyOf", "allOf", "oneOf"]), inner, inner),
        st.builds(lambda a, b: {"properties": {"a": a, "b": b}}, inner, inner),
        st.builds(lambda key, one: {key: one}, st.sampled_from(["items", "not", "contains", "propertyNames"]), inner),
    ),
    max_leaves=4,
)  # fmt: skip
LARGE = st.one_of(
    st.builds(lambda one, n: {"anyOf": [one] * n}, PARTS, st.integers(1, 3000)),
    st.builds(lambda one, n: {"properties": {f"p{k}": one for k in range(n)}}, PARTS, st.integers(0, 3000)),
)


@given(LARGE)
@settings(deadline=None)
def test_reading_any_schema_is_little_work(inner: Any) -> None:
    assert work_of(lambda: AnswerSchema.read({"type": "object", "properties": {"a": inner}})) < MOST_WORK


def test_the_largest_schema_that_is_taken_is_little_work() -> None:
    names = {f"property{n:03}": {"type": "string"} for n in range(MAX_PLACES - 1)}
    schema = {"type": "object", "properties": {name[-4:]: one for name, one in names.items()}}
    assert AnswerSchema.read(schema)
    assert work_of(lambda: AnswerSchema.read(schema)) < MOST_WORK


@pytest.mark.parametrize(
    ("inner", "value"),
    [
        ({"allOf": [{}] * 900}, 1),
        ({"items": {"anyOf": [{"type": "string"}] * 900}}, list(range(15_000))),
        ({"items": {}}, [0] * 45_000),
        ({"contains": {"type": "string"}}, [0] * 45_000),
        ({"additionalProperties": {}}, {str(n): 0 for n in range(9_000)}),
        # A value that is small from without; the library repeats all of it in every fault.
        ({"anyOf": [{"type": "string"}] * 900}, {"a": [[0] * 40_000]}),
        ({"items": {"anyOf": [{"pattern": "(.*a.{12}){3}"}] * 50}}, ["ab" * 20_000] * 2),
        ({"items": {"anyOf": [{"pattern": "(.*a.{12}){9}z"}] * 50}}, ["ab" * 20_000] * 2),
    ],
)
def test_what_a_check_does_is_bounded(inner: dict[str, Any], value: Any) -> None:
    sound, answer = AnswerSchema.read({"type": "object", "properties": {"a": inner}}), json.dumps({"a": value})
    began = time.process_time()
    assert work_of(lambda: sound.check(answer)) < 3_000_000
    assert time.process_time() - began < 5, "seconds of this process, counting included"
    assert work_of(lambda: held_to(sound.plain, answer)) < 300_000, "for this one everybody waits"


@pytest.mark.parametrize(
    ("inner", "value"),
    [
        ({"anyOf": [{"type": "string"}] * 900}, {"a": [[0] * 40_000]}),
        ({"items": {"anyOf": [{"pattern": "(.*a.{12}){9}z"}] * 50}}, ["ab" * 20_000] * 2),
    ],
    ids=["faults", "patterns"],
)
def test_what_is_done_below_python_is_counted_too(inner: dict[str, Any], value: Any) -> None:
    """What a fault repeats and what a pattern reads costs calls of nobody; few of them would take seconds."""
    with pytest.raises(Unusable, match="too costly"):
        AnswerSchema.read({"type": "object", "properties": {"a": inner}}).check(json.dumps({"a": value}))


@given(st.data())
def test_our_look_at_a_schema_says_what_the_library_says(data: st.DataObject) -> None:
    odd = st.sampled_from(
        ["string", "x", ["string", "null"], ["string", "string"], [], [1], 1, 1.5, 2.0, -1, 0, True, None, {},
         {"a": {}}, {"a": 5}, [{}], [{}, 5], [True], {"a": ["b"]}, {"a": ["b", "b"]}, ["b"]]
    )  # fmt: skip
    keyword = st.sampled_from(
        [name for name in jsonschema.Draft202012Validator.VALIDATORS
         if not name.startswith(("$", "unevaluated", "patternProp"))]
        + ["then", "else", "title", "description", "$comment", "$defs", "deprecated", "examples", "readOnly"]
    )  # fmt: skip
    schema: Any = {"allOf": [data.draw(st.dictionaries(keyword, odd, max_size=3))], "type": "object"}
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
        sound = True
    except jsonschema.SchemaError:
        sound = False
    try:
        AnswerSchema.read(schema)
    except SchemaInvalid:
        assert not sound
    else:
        assert sound


def test_a_reference_is_read_as_the_library_reads_it() -> None:
    schema = {
        "type": "object",
        "$schema": DRAFT,
        "$defs": {"a b": {"type": "string"}, "c~/d%": {"const": 1}, "yes": True},
        "properties": {
            "a": {"$ref": "#/%24defs/a%20b"},
            "b": {"$ref": "#/$defs/c~0~1d%25"},
            "c": {"$ref": "#"},
            "d": {"$ref": "#/$defs/yes"},
        },
    }
    assert AnswerSchema.read(schema).check('{"a": "x", "b": 1, "c": {"a": "y"}, "d": 2}')
    with pytest.raises(Unusable, match=re.escape("c.b: const must be 1")):
        AnswerSchema.read(schema).check('{"c": {"b": 2}}')


def test_an_answer_that_is_nested_without_end_is_no_crash() -> None:
    schema = {"type": "object", "properties": {"a": {"uniqueItems": True}}}
    with pytest.raises(Unusable):
        AnswerSchema.read(schema).check('{"a": ' + "[" * 500 + "]" * 500 + "}")
    assert held_to(schema, '{"a": ' + "[" * 500 + "]" * 500 + "}") is None


def test_a_property_may_be_called_like_a_keyword() -> None:
    schema = {"type": "object", "properties": {"$ref": {"type": "string"}, "pattern": {"type": "string"}, "$id": {}}}
    assert AnswerSchema.read(schema).check('{"$ref": "x", "pattern": "(", "$id": 1}')


@pytest.mark.parametrize(
    ("schema", "answer"),
    [
        # Each level asks twice for the next: 2^40 steps.
        (
            {
                "type": "object",
                "properties": {"a": {"$ref": "#/$defs/d0"}},
                "$defs": {
                    **{f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)},
                    "d40": {"type": "string"},
                },
            },
            '{"a": "x"}',
        ),
        ({"type": "object", "properties": {"a": {"$ref": "#/properties/a"}}}, '{"a": 1}'),
        ({"type": "object", "properties": {"a": {"pattern": "^(a+)+$"}}}, '{"a": "' + "a" * 5000 + 'b"}'),
        (
            {"type": "object", "properties": {"a": {"uniqueItems": True}}},
            json.dumps({"a": [{"n": n} for n in range(7000)] + [{"n": 0}]}),
        ),
        # Few steps, each of them long.
        (
            {
                "type": "object",
                "properties": {"a": {"items": {"anyOf": [{"required": [f"n{n}" for n in range(3500)]}, True]}}},
            },
            json.dumps({"a": [{}] * 2000}),
        ),
        (doubled({"uniqueItems": True}), json.dumps({"a": [list(range(15_000))]})),
        (doubled({"const": ["x" * 20_000 + "y"]}), json.dumps({"a": ["x" * 20_000 + "z"]})),
        (doubled({"pattern": "([a-y]{0,30}){0,30}z$"}), json.dumps({"a": "ab" * 40_000})),
        (doubled({"additionalProperties": False}), json.dumps({"a": {f"k{n}": 0 for n in range(8000)}})),
    ],
    ids=["doubling", "circle", "pattern", "unique", "required", "deep", "const", "long", "properties"],
)
def test_no_schema_takes_the_process_away(schema: dict[str, Any], answer: str) -> None:
    sound = AnswerSchema.read(schema)
    began = time.process_time()
    with pytest.raises(Unusable):
        sound.check(answer)
    assert time.process_time() - began < 10, "seconds of this process: unbounded it would be hours"


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
SCHEMAS = st.recursive(
    st.sampled_from(
        [{}, {"type": "string"}, {"type": "integer", "maximum": 2}, {"enum": ["a", None]}, {"pattern": "^a"},
         {"type": ["null", "boolean"]}, {"maxLength": 1}, {"uniqueItems": True}]
    ),
    lambda inner: st.one_of(
        st.builds(lambda one: {"type": "array", "items": one}, inner),
        st.builds(lambda a, b: {"anyOf": [a, b]}, inner, inner),
        st.builds(lambda a, b: {"properties": {"a": a, "b": b}, "required": ["a"]}, inner, inner),
        st.builds(lambda one: {"additionalProperties": one}, inner),
        st.builds(lambda one: {"not": one}, inner),
    ),
    max_leaves=5,
)  # fmt: skip


@given(SCHEMAS, st.dictionaries(st.sampled_from("abc"), VALUES, max_size=3))
def test_our_bounded_check_says_what_the_library_says(inner: dict[str, Any], value: dict[str, Any]) -> None:
    schema = {"type": "object", "allOf": [inner]}
    expected = jsonschema.Draft202012Validator(schema).is_valid(value)
    try:
        AnswerSchema.read(schema).check(json.dumps(value))
    except Unusable:
        assert not expected
    else:
        assert expected


@pytest.mark.parametrize(
    ("schema", "is_strict"),
    [
        (PRODUCT, False),
        ({**PRODUCT, "required": ["name", "price", "tags"]}, False),
        ({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}, False),
        (
            {
                "type": "object",
                "properties": {"a": {"type": "string"}},
                "required": ["a"],
                "additionalProperties": False,
            },
            True,
        ),
    ],
)
def test_only_what_a_strict_provider_takes_is_called_strict(schema: dict[str, Any], is_strict: bool) -> None:
    assert strict(schema) is is_strict
