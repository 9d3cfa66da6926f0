"""A server of which only address and key are known: what it takes of the shape of an answer is found out by asking."""

import asyncio
import json
from typing import Any

import pytest

from backend.errors import ModelError, ModelRefused
from backend.llm.gateway import AnswerShape, ChatTurn, ModelRequest
from backend.llm.schemas import AnswerSchema
from backend.llm.structured import Structured, structured
from tests.support.routed_models import Routed, models_of, route_of, routed
from tests.support.scripted_model import Script, ScriptedModel, scripted_model

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"kind": {"enum": ["write", "chat"]}},
    "required": ["kind"],
    "additionalProperties": False,
}
ODD = {**SCHEMA, "properties": {"kind": {"enum": ["write", "chat"], "format": "odd"}}}
CHECK = AnswerSchema.read(SCHEMA).check
WORDS = json.dumps(SCHEMA, separators=(",", ":"))
GOOD = Script("text", text='{"kind": "write"}')
BAD = Script("text", text='{"kind": "sing"}')
NO_SCHEMA = Script("status", status=400, message="'response_format.type' must be 'json_object' or 'text'")
NO_FORMAT = Script("status", status=422, message="Unsupported parameter: response_format")
SCHEMA_FAULT = Script("status", status=400, message="Invalid schema for response_format 'kind': format")


@pytest.fixture
def server(server: ScriptedModel, no_pause: None) -> ScriptedModel:
    server.by_model["scripted"] = GOOD
    return server


def request(text: str = "写一段开场", schema: dict[str, Any] = SCHEMA) -> ModelRequest:
    turns = [ChatTurn("system", "你是分拣员"), ChatTurn("user", text)]
    return ModelRequest("message", turns, {}, shape=AnswerShape("kind", schema))


async def asked(model: Routed, text: str = "写一段开场", schema: dict[str, Any] = SCHEMA) -> Structured[dict[str, Any]]:
    return await structured(model.model, request(text, schema), CHECK)


def formats(server: ScriptedModel) -> list[str]:
    return [(one.body.get("response_format") or {"type": "words"})["type"] for one in server.requests]


def in_words(server: ScriptedModel, place: int) -> bool:
    return WORDS in str(server.requests[place].body["messages"][0]["content"])


async def test_a_server_that_takes_schemas_is_asked_for_one_again_and_again(server: ScriptedModel) -> None:
    async with routed(route_of(server)) as model:
        for text in ("一", "二"):
            assert (await asked(model, text)).value == {"kind": "write"}
        assert [record.hops for record in model.records] == [(), ()]
    assert formats(server) == ["json_schema"] * 2
    assert not in_words(server, 0)


async def test_a_server_that_refuses_schemas_is_asked_for_json_and_that_is_remembered(server: ScriptedModel) -> None:
    server.by_format["json_schema"] = NO_SCHEMA
    async with routed(route_of(server)) as model:
        for text in ("一", "二"):
            found = await asked(model, text)
            assert (found.value, found.repaired, len(found.calls)) == ({"kind": "write"}, False, 1)
        first, second = model.records
    assert formats(server) == ["json_schema", "json_object", "json_object"]
    assert in_words(server, 1)
    assert [(hop.backend, hop.reason, hop.status, hop.pause_ms) for hop in first.hops] == [
        ("b0", "shape_not_taken", 400, 0)
    ]
    assert (first.status, first.attempts, first.failure) == ("completed", 2, None)
    assert (second.attempts, second.hops) == (1, ())
    keys = [one.headers["idempotency-key"] for one in server.requests]
    assert len(set(keys)) == 3, "a server that keeps its answers by key would refuse again"


async def test_a_server_that_takes_neither_is_asked_in_words(server: ScriptedModel) -> None:
    server.by_format |= {"json_schema": NO_FORMAT, "json_object": NO_FORMAT}
    async with routed(route_of(server)) as model:
        for text in ("一", "二"):
            assert (await asked(model, text)).value == {"kind": "write"}
        assert [[hop.reason for hop in record.hops] for record in model.records] == [["shape_not_taken"] * 2, []]
    assert formats(server) == ["json_schema", "json_object", "words", "words"]
    assert in_words(server, 2)


async def test_a_server_that_takes_a_schema_and_pays_no_heed_is_told_in_words_at_the_repair(
    server: ScriptedModel,
) -> None:
    server.play(Script("text", text="我不知道"))
    async with routed(route_of(server)) as model:
        assert (await asked(model, "一")).repaired
        assert not (await asked(model, "二")).repaired
        assert [record.hops for record in model.records] == [(), (), ()], "nothing was refused"
    assert formats(server) == ["json_schema", "json_object", "json_object"]
    assert in_words(server, 1)


@pytest.mark.parametrize(
    "script",
    [
        Script("text", text='{"kind": "wr', finish_reason="length"),
        Script("text", text='{"kind": "write"}'),
    ],
)
async def test_what_a_check_of_ours_or_a_limit_finds_wrong_is_not_laid_to_the_server(
    server: ScriptedModel, script: Script
) -> None:
    server.play(script)
    checks = iter([lambda text: AnswerSchema.read({**SCHEMA, "required": ["kind", "more"]}).check(text), CHECK])
    async with routed(route_of(server)) as model:
        found = await structured(model.model, request(), lambda text: next(checks)(text))
    assert found.repaired
    assert formats(server) == ["json_schema", "json_schema"]


@pytest.mark.parametrize("message", ["messages: role 'x' is not supported", "temperature: extra field", ""])
async def test_a_refusal_for_another_reason_is_told_and_teaches_nothing(server: ScriptedModel, message: str) -> None:
    # Without a message the scripted server quotes the key, which is another reason too.
    server.play(*[Script("status", status=400, message=message)] * 4)
    async with routed(route_of(server)) as model:
        with pytest.raises(ModelRefused):
            await asked(model)
        assert [hop.reason for hop in model.records[0].hops] == ["bad_request"]
        server.queue.clear()
        await asked(model)
    assert formats(server) == ["json_schema", "json_schema"]


async def test_a_refusal_that_no_step_mends_is_told_and_teaches_nothing(server: ScriptedModel) -> None:
    server.play(*[NO_FORMAT] * 9)
    async with routed(route_of(server)) as model:
        with pytest.raises(ModelRefused):
            await asked(model)
        assert formats(server) == ["json_schema", "json_object", "words"]
        server.queue.clear()
        await asked(model)
    assert formats(server)[3:] == ["json_schema"]


async def test_a_schema_that_only_this_server_finds_odd_moves_no_other(server: ScriptedModel) -> None:
    async with routed(route_of(server)) as model:
        for _ in range(2):
            server.by_format["json_schema"] = SCHEMA_FAULT
            await asked(model, "怪", ODD)
            server.by_format.clear()
            await asked(model)
    assert formats(server) == ["json_schema", "json_object", "json_schema", "json_object", "json_schema"]


async def test_steps_are_no_failures_for_the_breaker(server: ScriptedModel) -> None:
    server.by_format |= {"json_schema": NO_FORMAT, "json_object": NO_FORMAT}
    server.by_model["scripted"] = Script("status", status=400, message="no such thing")
    async with routed(route_of(server)) as model:
        for n in range(6):
            with pytest.raises(ModelRefused):
                await asked(model, str(n))
        (backend,) = model.model.backends()
        assert backend.breaker.state == "closed"


async def test_two_calls_at_once_each_find_out_for_themselves(server: ScriptedModel) -> None:
    server.by_format["json_schema"] = Script("status", status=400, message=NO_SCHEMA.message, first_delay=0.2)
    async with routed(route_of(server)) as model:
        both = await asyncio.gather(asked(model, "一"), asked(model, "二"))
        await asked(model, "三")
    assert [one.value for one in both] == [{"kind": "write"}] * 2
    assert formats(server).count("json_object") == 3
    assert formats(server).count("json_schema") <= 2
    assert "words" not in formats(server), "the second refusal was of the same rung"


async def test_a_step_has_no_more_time_than_the_call(server: ScriptedModel) -> None:
    server.by_format["json_schema"] = NO_SCHEMA
    server.by_format["json_object"] = Script("stall", count=1)
    async with routed(route_of(server), total=1.0) as model:
        with pytest.raises(ModelError) as failed:
            await asked(model)
    assert (failed.value.failure, failed.value.details["kind"]) == ("timeout", "total")


async def test_a_fallback_begins_on_its_own_first_rung(server: ScriptedModel) -> None:
    server.by_format |= {"json_schema": NO_SCHEMA, "json_object": Script("status", status=402)}
    async with scripted_model() as other, routed(route_of(server, other)) as model:
        other.by_model["scripted-1"] = GOOD
        assert (await asked(model)).model == "scripted-1"
        reasons = [hop.reason for hop in model.records[0].hops]
    assert (formats(server), formats(other)) == (["json_schema", "json_object"], ["json_schema"])
    assert reasons == ["shape_not_taken", "quota"]


async def test_what_was_found_out_outlives_the_file_it_was_found_out_with(server: ScriptedModel) -> None:
    server.by_format["json_schema"] = NO_SCHEMA
    async with routed(route_of(server)) as model:
        await asked(model, "一")
        await model.model.reload(route_of(server, more=", limits: {output: 50}"))
        await asked(model, "二")
    assert formats(server) == ["json_schema", "json_object", "json_object"]


async def test_a_format_that_the_file_sends_is_not_found_out_about(server: ScriptedModel) -> None:
    more = ", parameters: {extra: {response_format: {type: own}}}"
    async with routed(
        models_of(f"""
providers:
  p: {{profile: compatible, base_url: '{server.base_url}'}}
backends:
  b: {{provider: p, model: scripted{more}}}
routes:
  default: {{backends: [b]}}
""")
    ) as model:
        await asked(model)
    assert formats(server) == ["own"]
    assert in_words(server, 0)
