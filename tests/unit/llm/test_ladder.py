"""What is remembered of a server that was found out: how long, of which schema, and from which words."""

from typing import Any

import pytest

from backend.errors import ModelError, ModelRefused
from backend.llm.failures import reported
from backend.llm.gateway import AnswerShape
from backend.llm.ladder import REMEMBERED, Ladder
from backend.llm.schemas import held_to

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 9}}, "required": ["n"]}
SHAPE = AnswerShape("answer", SCHEMA)
OTHER = AnswerShape("answer", {**SCHEMA, "title": "another"})


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def refused(about: Any) -> ModelRefused:
    error = ModelRefused()
    error.about = about
    return error


def test_what_was_found_out_is_tried_again_after_an_hour() -> None:
    clock = Clock()
    ladder = Ladder(None, clock)
    ladder.stepped(SHAPE, "schema", refused("shape"))
    clock.now += REMEMBERED - 1
    assert ladder.first(OTHER) == "json"
    clock.now += 1
    assert ladder.first(SHAPE) == "schema"


def test_a_server_that_held_to_a_schema_is_not_condemned_by_another() -> None:
    clock = Clock()
    ladder = Ladder(None, clock)
    ladder.answered(SHAPE, "schema", '{"n": 3}')
    ladder.stepped(OTHER, "schema", refused("shape"))
    assert (ladder.first(OTHER), ladder.first(SHAPE)) == ("json", "schema")
    clock.now += REMEMBERED
    ladder.stepped(OTHER, "schema", refused("shape"))
    assert ladder.first(SHAPE) == "json", "that it once did is believed no longer"


def test_an_answer_that_the_prompt_gave_away_proves_nothing() -> None:
    ladder = Ladder(None, Clock())
    ladder.answered(AnswerShape("answer", SCHEMA, told=True), "schema", '{"n": 3}')
    ladder.stepped(OTHER, "schema", refused("shape"))
    assert ladder.first(SHAPE) == "json"


def test_strangers_schemas_fill_no_memory() -> None:
    ladder = Ladder(None, Clock())
    shapes = [AnswerShape("answer", {**SCHEMA, "title": str(n)}) for n in range(300)]
    for shape in shapes:
        ladder.stepped(shape, "schema", refused("schema"))
    assert len(ladder._odd) == 200
    assert (ladder.first(shapes[0]), ladder.first(shapes[-1])) == ("schema", "json")


def test_an_object_of_any_kind_needs_no_schema() -> None:
    assert Ladder(None, Clock()).first(AnswerShape("answer", {"type": "object"})) == "json"


@pytest.mark.parametrize("declared", ["schema", "json", "words"])
def test_what_is_declared_is_kept_to(declared: Any) -> None:
    ladder = Ladder(declared, Clock())
    ladder.stepped(SHAPE, declared, refused("shape"))
    ladder.answered(OTHER, declared, "no object")
    assert (ladder.first(OTHER), ladder.first(SHAPE)) == (declared, "words"), "but for what was refused"
    assert ladder.below(declared, refused(None)) == (None if declared == "words" else "words")


@pytest.mark.parametrize("error", [reported(401, {}, {}), reported(500, {}, {}), ModelError()])
def test_only_a_bad_request_is_a_reason_to_step_down(error: ModelError) -> None:
    assert Ladder(None, Clock()).below("schema", error) is None


@pytest.mark.parametrize(
    ("text", "held"),
    [
        ('{"n": 3}', True),
        ('{"n": 30}', None),  # bounds are what many grammars leave out
        ('{"n": "three"}', False),
        ("{}", False),
        ("three", False),
        ('{"n": ', False),
    ],
)
def test_only_what_every_grammar_rules_out_shows_that_none_was_used(text: str, held: bool | None) -> None:
    assert held_to(SCHEMA, text) is held


def test_what_few_grammars_know_proves_nothing() -> None:
    schema = {"type": "object", "allOf": [{"required": ["n"]}], "not": {"required": ["m"]}}
    assert held_to(schema, '{"m": 1}') is None
    assert held_to({"type": "object"}, "{}") is None


@pytest.mark.parametrize(
    ("status", "report", "about"),
    [
        # LM Studio, DeepSeek, vLLM of old, FastAPI behind many servers, llama.cpp, OpenAI, one that says nothing.
        (400, {"error": "'response_format.type' must be 'json_schema' or 'text'"}, "shape"),
        (400, {"error": "temperature must be a number"}, None),
        (400, {"error": {"message": "This response_format type is unavailable now"}}, "shape"),
        (400, {"object": "error", "message": "json_schema is not supported", "code": 40001}, "shape"),
        (422, {"detail": [{"loc": ["body", "response_format", "type"], "msg": "unexpected value"}]}, "shape"),
        (400, {"error": {"message": "Unknown parameter", "param": "response_format"}}, "shape"),
        (400, {"error": {"message": "Unsupported parameter"}}, "shape"),
        (400, None, "shape"),
        (200, {"error": {"message": "response_format is not supported"}}, "shape"),
        (400, {"error": {"message": "JSON schema conversion failed: Unrecognized schema"}}, "schema"),
        (400, {"error": {"message": "failed to parse grammar", "type": "invalid_request_error"}}, "schema"),
        (400, {"error": {"message": "Invalid schema for response_format 'a'", "param": "response_format"}}, "schema"),
        (400, {"error": {"message": "Unsupported parameter", "param": "temperature"}}, None),
        (400, {"error": {"message": "temperature is not supported with this model"}}, None),
        (400, {"error": {"message": "the image is too large"}}, None),
        (422, {"detail": [{"loc": ["body", "n"], "msg": "not allowed", "input": {"response_format": 1}}]}, None),
        (400, {"error": {"message": "maximum context length is 9; response_format counts"}}, None),
        (429, {"error": {"message": "response_format"}}, None),
    ],
)
def test_what_a_refusal_is_about_is_read_from_its_words(status: int, report: object, about: str | None) -> None:
    error = reported(0 if status == 200 else status, report, {})
    assert getattr(error, "about", None) == about
