"""Failures against the policy, over real sockets, streamed and whole, in both dialects: the table of docs/models.md."""

import asyncio
import gc
import weakref
from contextlib import aclosing
from dataclasses import replace

import pytest

from backend.errors import ModelError, ModelPayloadInvalid, ModelResting, ModelStreamCut, ModelTimeout
from backend.ids import new_id
from backend.llm import exchange
from backend.llm.accounts import CallRecord
from backend.llm.gateway import Caller, ChatTurn, ModelRequest
from backend.llm.own_models import Grounds, OwnModels
from backend.telemetry.metrics import render
from tests.support.routed_models import (
    KEY,
    REQUEST,
    Routed,
    models_of,
    route_of,
    routed,
    text_of,
    two_of_a_dead_provider,
)
from tests.support.scripted_answers import Kind
from tests.support.scripted_model import Script, ScriptedModel, scripted_model

pytestmark = pytest.mark.usefixtures("no_pause")

GOOD = Script("text", text="好，上链接。")


@pytest.fixture
def first(server: ScriptedModel) -> ScriptedModel:
    return server


@pytest.fixture
def second(house: ScriptedModel) -> ScriptedModel:
    house.by_model["scripted-1"] = GOOD
    return house


async def said(model: Routed, *, streamed: bool, request: ModelRequest = REQUEST) -> str:
    if streamed:
        return text_of(await model.ask(request))
    return (await model.model.complete(request)).text


def hops(record: CallRecord) -> list[tuple[str, str]]:
    return [(hop.backend, hop.reason) for hop in record.hops]


PRICED = ", prices: {input: 3, output: 15}"
#: The failure's script, how often the first backend is asked, the reason, and whether the second one answers.
BEFORE_TEXT = [
    (Script("status", status=500), 3, "overloaded", True),
    (Script("status", status=529), 3, "overloaded", True),
    (Script("status", status=429), 3, "rate_limited", True),
    (Script("status", status=429, retry_after="0"), 3, "rate_limited", True),
    (Script("status", status=429, retry_after="30"), 1, "rate_limited", True),
    (Script("status", status=400), 1, "bad_request", False),
    (Script("status", status=400, message="prompt is too long"), 1, "context_too_long", False),
    (Script("status", status=400, code="content_filter"), 1, "content_filtered", False),
    (Script("status", status=401), 1, "auth", True),
    (Script("status", status=402), 1, "quota", True),
    (Script("status", status=403), 1, "auth", True),
    (Script("status", status=403, message="input was flagged"), 1, "content_filtered", False),
    (Script("status", status=404), 1, "not_served", True),
    (Script("wrong_content_type"), 1, "malformed", True),
    (Script("malformed", count=0), 1, "malformed", True),
    (Script("half_json", count=0), 1, "malformed", True),
    (Script("undecodable", count=0), 1, "malformed", True),
    (Script("no_head"), 3, "cut", True),
    (Script("reset"), 3, "cut", True),
    (Script("garbage_head"), 1, "malformed", True),
    (Script("huge_head", count=200), 1, "malformed", True),
    (Script("cut", count=0), 3, "cut", True),
    (Script("abrupt_end", count=0), 3, "cut", True),
    (Script("error_event", count=0), 3, "overloaded", True),
    (Script("stall", count=0), 1, "timeout", True),
    (Script(first_delay=9), 1, "timeout", True),
    # Of a whole answer 8 MB are read; of a stream no event above 1 MB.
    (Script("huge_line", count=8200), 1, "malformed", True),
    (Script("text", text="", finish_reason="content_filter"), 1, "content_filtered", False),
    (Script("text", text="", finish_reason="insufficient_system_resource"), 3, "cut", True),
    (Script("text", text="", finish_reason="malformed_function_call"), 1, "malformed", True),
]


#: What comes after three pieces of text, and the reason.
AFTER_TEXT = [
    (Script("cut", count=3), "cut"),
    (Script("abrupt_end", count=3), "cut"),
    (Script("half_json", count=3), "malformed"),
    (Script("malformed", count=3), "malformed"),
    (Script("undecodable", count=3), "malformed"),
    (Script("huge_line", count=1100, text="字0字1字2"), "malformed"),
    (Script("error_event", count=3), "overloaded"),
    (Script("stall", count=3), "timeout"),
    (Script("tokens", count=3, finish_reason="insufficient_system_resource"), "cut"),
    (Script("tokens", count=3, finish_reason="malformed_function_call"), "malformed"),
]


@pytest.mark.parametrize("profile", ["compatible", "anthropic"])
@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize(
    ("script", "asked", "reason", "falls_back"), BEFORE_TEXT, ids=lambda v: v.kind if isinstance(v, Script) else ""
)
async def test_a_failure_before_any_text_is_retried_handed_on_or_told(
    first: ScriptedModel,
    second: ScriptedModel,
    profile: str,
    streamed: bool,
    script: Script,
    asked: int,
    reason: str,
    falls_back: bool,
) -> None:
    first.by_model["scripted"] = script
    wait = 0.6 if reason == "timeout" else 10
    async with routed(route_of(first, second, profile=profile), first_token=wait, answer=wait, total=30) as model:
        if falls_back:
            assert await said(model, streamed=streamed) == GOOD.text
        else:
            with pytest.raises(ModelError) as raised:
                await said(model, streamed=streamed)
            assert raised.value.failure == reason
            assert raised.value.partial == ""
        (record,) = model.records
    assert len(first.requests) == asked
    assert len(second.requests) == falls_back
    assert hops(record) == [("b0", reason)] * asked
    assert record.attempts == asked + falls_back
    assert (record.status, record.failure) == (("completed", None) if falls_back else ("failed", reason))
    assert (record.backend, record.fallback_from) == (("b1", "b0") if falls_back else ("b0", None))
    assert record.model == ("scripted-1" if falls_back else "scripted")


@pytest.mark.parametrize("profile", ["compatible", "anthropic"])
@pytest.mark.parametrize(("script", "failure"), AFTER_TEXT, ids=lambda v: v.kind if isinstance(v, Script) else "")
async def test_a_failure_after_text_ends_with_the_text_and_asks_nobody_else(
    first: ScriptedModel, second: ScriptedModel, profile: str, script: Script, failure: str
) -> None:
    first.by_model["scripted"] = script
    idle = 0.3 if failure == "timeout" else 10
    async with routed(route_of(first, second, profile=profile), idle=idle) as model:
        with pytest.raises(ModelError) as raised:
            await model.ask()
        (record,) = model.records
    assert (raised.value.failure, raised.value.partial) == (failure, "字0字1字2")
    assert second.requests == []
    assert (record.status, record.failure, record.attempts) == ("failed", failure, 1)
    assert record.usage.estimated or script.kind == "tokens", "who says why it ended may have counted too"
    assert record.usage.output_tokens > 0, "what came was made, and is paid for"


@pytest.mark.parametrize("profile", ["compatible", "anthropic"])
@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
async def test_an_answer_that_drips_is_whole_when_it_ends_in_time_and_is_given_up_when_not(
    first: ScriptedModel, profile: str, streamed: bool
) -> None:
    first.play(Script("tokens", count=20, delay=0.01))
    async with routed(route_of(first, profile=profile)) as model:
        assert await said(model, streamed=streamed) == "".join(f"字{n}" for n in range(20))
    # Something comes all the time, so that nothing but the end of all patience ends it.
    first.play(Script("tokens", count=1200, delay=0.05))
    async with routed(route_of(first, profile=profile), total=2 if streamed else 0.5) as model:
        with pytest.raises(ModelTimeout) as raised:
            await said(model, streamed=streamed)
        (record,) = model.records
    assert raised.value.details == {"kind": "total"}
    assert raised.value.partial.startswith("字0") is streamed
    assert (record.status, record.failure, record.attempts) == ("failed", "timeout", 1)
    await first.until_client_left(within=30)


async def test_thoughts_are_no_text_another_model_may_still_take_over(
    first: ScriptedModel, second: ScriptedModel
) -> None:
    first.by_model["scripted"] = Script("cut", count=0, reasoning="先想想")
    async with routed(route_of(first, second)) as model:
        assert await said(model, streamed=True) == GOOD.text


@pytest.mark.parametrize("profile", ["compatible", "anthropic"])
async def test_thoughts_of_a_call_that_never_came_to_words_are_accounted(first: ScriptedModel, profile: str) -> None:
    first.by_model["scripted"] = Script("stall", count=0, reasoning="先想一想再写" * 100)
    async with routed(route_of(first, profile=profile, more=PRICED)) as model:
        async with aclosing(model.model.stream(REQUEST)) as pieces:
            while not (await anext(pieces)).reasoning:
                pass
        (record,) = model.records
    assert (record.status, record.first_token_ms) == ("cancelled", None)
    assert record.usage.estimated
    assert record.usage.input_tokens > 0, "the prompt was read"
    assert record.usage.output_tokens == record.usage.reasoning_tokens > 0, "what was thought was made, and is paid for"
    assert record.cost > 0


@pytest.mark.parametrize("profile", ["compatible", "anthropic"])
async def test_a_model_that_does_not_stop_is_stopped_and_what_it_said_is_kept(
    first: ScriptedModel, second: ScriptedModel, profile: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchange, "_MAX_STREAM_BYTES", 512 * 1024)
    first.play(Script("tokens", count=20_000))
    shown = ""
    async with routed(route_of(first, second, profile=profile)) as model:
        with pytest.raises(ModelPayloadInvalid) as raised:  # noqa: PT012 — what came before it counts too
            async for piece in model.model.stream(REQUEST):
                shown += piece.text
        assert raised.value.details["reason"] == "answer_too_long"
        assert raised.value.partial == shown
        assert shown.startswith("字0字1字2")
        await first.until_client_left()
        assert second.requests == [], "text was shown"
        (record,) = model.records
        assert (record.status, record.failure, record.usage.estimated) == ("failed", "malformed", True)
        # With nothing to show for it another one may answer: here it only says that it lives, without end.
        first.play(Script(first_delay=10_000, keepalive=1e-9))
        monkeypatch.setattr(exchange, "_MAX_STREAM_BYTES", 8 * 1024)
        second.play(Script("text", text="好"))
        assert text_of(await model.ask()) == "好"
        assert model.records[-1].hops[0].reason == "malformed"


async def test_nobody_at_the_address_condemns_every_model_behind_it(second: ScriptedModel) -> None:
    async with scripted_model() as gone:
        pass
    async with routed(two_of_a_dead_provider(gone.base_url, second)) as model:
        assert await said(model, streamed=True) == GOOD.text
        (record,) = model.records
    assert hops(record) == [*[("primary", "connect")] * 3, ("primary-general", "same_provider")]
    assert (record.backend, record.fallback_from) == ("fallback", "primary")


@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
@pytest.mark.parametrize(
    ("kind", "asked", "reason"),
    [("no_head", 3, "cut"), ("reset", 3, "cut"), ("garbage_head", 1, "malformed"), ("huge_head", 1, "malformed")],
)
async def test_a_line_that_ends_before_any_head_does_not_condemn_the_other_model_of_that_provider(
    first: ScriptedModel, kind: Kind, asked: int, reason: str, streamed: bool
) -> None:
    first.by_model["tuned"] = Script(kind, count=200)
    first.by_model["general"] = GOOD
    text = f"""
providers:
  house: {{profile: compatible, base_url: '{first.base_url}'}}
backends:
  primary: {{provider: house, model: tuned}}
  primary-general: {{provider: house, model: general}}
routes:
  default: {{backends: [primary, primary-general]}}
"""
    async with routed(models_of(text)) as model:
        assert await said(model, streamed=streamed) == GOOD.text
        (record,) = model.records
    assert hops(record) == [("primary", reason)] * asked
    assert (record.backend, record.fallback_from) == ("primary-general", "primary")


@pytest.mark.parametrize("status", [503, 403, 404])
async def test_a_failure_of_one_model_hands_on_to_the_general_one_of_the_same_provider(
    first: ScriptedModel, status: int
) -> None:
    first.by_model["tuned"] = Script("status", status=status)
    first.by_model["general"] = GOOD
    text = f"""
providers:
  house: {{profile: compatible, base_url: '{first.base_url}'}}
backends:
  primary: {{provider: house, model: tuned}}
  primary-general: {{provider: house, model: general}}
routes:
  default: {{backends: [primary, primary-general]}}
"""
    async with routed(models_of(text)) as model:
        pieces = await model.ask()
    assert text_of(pieces) == GOOD.text
    assert pieces[-1].model == "general"


async def test_what_is_too_long_goes_to_a_model_that_reads_more(first: ScriptedModel, second: ScriptedModel) -> None:
    models = route_of(first, second, more=", limits: {context: 100}")
    longer = models.model_copy(
        update={
            "backends": {
                **models.backends,
                "b1": models.backends["b1"].model_copy(
                    update={"limits": models.backends["b1"].limits.model_copy(update={"context": 8000})}
                ),
            }
        }
    )
    long = replace(REQUEST, turns=[ChatTurn("user", "长" * 1000)])
    async with routed(longer) as model:
        assert await said(model, streamed=True, request=long) == GOOD.text
    assert first.requests == [], "what is far too long is not even sent"
    async with routed(models) as model:
        with pytest.raises(ModelError) as raised:
            await said(model, streamed=True, request=long)
    assert raised.value.failure == "context_too_long"
    alike = route_of(first, second, more=", limits: {context: 8000}")
    first.by_model["scripted"] = Script("status", status=400, message="maximum context length is 8000 tokens")
    asked = len(second.requests)
    async with routed(alike) as model:
        with pytest.raises(ModelError) as raised:
            await said(model, streamed=True, request=long)
    assert raised.value.failure == "context_too_long"
    assert len(second.requests) == asked, "one that reads no more would say the same"


async def test_the_error_that_is_told_is_rather_one_that_may_pass(first: ScriptedModel, second: ScriptedModel) -> None:
    first.by_model["scripted"] = Script("status", status=503)
    second.by_model["scripted-1"] = Script("status", status=401)
    async with routed(route_of(first, second)) as model:
        with pytest.raises(ModelError) as raised:
            await model.ask()
    assert (raised.value.failure, raised.value.retryable) == ("overloaded", True)


async def test_a_model_that_keeps_failing_is_left_alone_and_comes_back(
    first: ScriptedModel, second: ScriptedModel
) -> None:
    first.by_model["scripted"] = Script("status", status=500)
    async with routed(route_of(first, second)) as model:
        for _ in range(3):
            assert await said(model, streamed=True) == GOOD.text
        assert len(first.requests) == 5, "after five in a row nobody asks it"
        assert hops(model.records[-1]) == [("b0", "resting")]
        first.by_model["scripted"] = Script("text", text="回来了")
        breaker = model.model._table.backends["b0"].breaker
        breaker._open_until = 0.0  # its rest is over
        assert [await said(model, streamed=True) for _ in range(3)] == ["回来了"] * 3
        assert breaker.state == "closed"


async def test_alone_a_resting_model_says_when_to_come_back(first: ScriptedModel) -> None:
    async with routed(route_of(first)) as model:
        model.model._table.backends["b0"].breaker.rest(7)
        with pytest.raises(ModelResting) as raised:
            await model.ask()
    assert 6_000 < (raised.value.retry_after_ms or 0) <= 7_001
    assert raised.value.code == "model_unavailable"


async def test_who_comes_while_another_finds_out_is_not_told_to_come_back_at_once(first: ScriptedModel) -> None:
    first.by_model["scripted"] = Script("stall", count=0)
    async with routed(route_of(first), first_token=60) as model:
        breaker = model.model._table.backends["b0"].breaker
        breaker.rest(7)
        breaker._open_until = 0.0  # its rest is over
        finding_out = asyncio.create_task(model.ask())
        await first.until_asked()
        with pytest.raises(ModelResting) as raised:
            await model.ask()
        finding_out.cancel()
    assert (raised.value.retry_after_ms or 0) >= 1_000


async def test_a_long_retry_after_keeps_others_from_asking_while_another_model_answers(
    first: ScriptedModel, second: ScriptedModel
) -> None:
    first.play(Script("status", status=429, retry_after="3600"))
    async with routed(route_of(first, second)) as model:
        for _ in range(3):
            assert await said(model, streamed=True) == GOOD.text
        assert len(first.requests) == 1
        assert 50 < model.model._table.backends["b0"].breaker.rests_for <= 60, "but not for an hour"


async def test_when_the_first_model_dies_under_fifty_streams_none_is_silently_short(
    first: ScriptedModel, second: ScriptedModel
) -> None:
    first.by_model["scripted"] = Script("tokens", count=2000, delay=0.02)
    async with routed(route_of(first, second), idle=20, total=60) as model:
        begun = asyncio.Event()

        async def ask() -> str:
            shown = ""
            try:
                async for piece in model.model.stream(REQUEST):
                    shown += piece.text
                    begun.set()
                return shown
            except ModelStreamCut as error:
                return f"cut after {len(shown)}" if error.partial == shown else "something else than was shown"

        early = [asyncio.create_task(ask()) for _ in range(25)]
        await first.until_asked(25, within=30)
        async with asyncio.timeout(30):
            await begun.wait()
        await first.stop()
        late = [asyncio.create_task(ask()) for _ in range(25)]
        assert await asyncio.gather(*late) == [GOOD.text] * 25
        ends = await asyncio.gather(*early)
        assert all(end == GOOD.text or end.startswith("cut after ") for end in ends)
        assert any(end.startswith("cut after ") for end in ends)
        assert len(model.records) == 50
        cut = [record for record in model.records if record.status == "failed"]
        assert len(cut) == sum(end.startswith("cut after ") for end in ends)
        assert all(record.failure == "cut" and record.usage.output_tokens for record in cut), "what came is accounted"
        assert all(record.backend == "b1" for record in model.records if record.status == "completed")
        breaker = model.model._table.backends["b0"].breaker
        gauge = 'cuedesk_llm_breaker{model="scripted",provider="p0"} '
        assert breaker.state != "closed"
        breaker.rest(60)  # longer than the slowest machine takes to here
        assert (breaker.state, gauge + "2.0" in render().decode()) == ("open", True)
        async with scripted_model(first.port) as back:
            back.by_model["scripted"] = Script("text", text="回来了")
            breaker._open_until = 0.0  # its rest is over
            assert (breaker.state, gauge + "1.0" in render().decode()) == ("half_open", True)
            assert [await said(model, streamed=True) for _ in range(3)] == ["回来了"] * 3
            assert (breaker.state, gauge + "0.0" in render().decode()) == ("closed", True)


async def test_cancelling_hangs_up_and_is_noted(first: ScriptedModel) -> None:
    first.by_model["scripted"] = Script("tokens", count=1000, delay=0.02)
    async with routed(route_of(first)) as model:
        async with aclosing(model.model.stream(REQUEST)) as pieces:
            await anext(pieces)
        await first.until_client_left()
        (record,) = model.records
    assert (record.status, record.failure) == ("cancelled", "cancelled")
    assert record.usage.estimated


async def test_an_idempotency_key_stays_for_retries_and_is_new_for_another_backend(
    first: ScriptedModel, second: ScriptedModel
) -> None:
    first.by_model["scripted"] = Script("status", status=500)
    async with routed(route_of(first, second)) as model:
        await model.ask()
        await model.ask()
    keys = [asked.headers["idempotency-key"] for asked in first.requests]
    assert keys[0] == keys[1] == keys[2] != keys[3]
    assert second.requests[0].headers["idempotency-key"] not in keys


async def test_a_provider_that_knows_no_idempotency_key_gets_none(first: ScriptedModel) -> None:
    async with routed(route_of(first, profile="anthropic")) as model:
        await model.ask()
    assert "idempotency-key" not in first.requests[0].headers


async def test_the_same_question_at_once_is_asked_once_and_each_is_accounted(first: ScriptedModel) -> None:
    first.by_model["scripted"] = replace(GOOD, first_delay=0.3)
    tenant = new_id()
    asking = [replace(REQUEST, caller=Caller(tenant, run_id=new_id())) for _ in range(5)]
    elsewhere = replace(REQUEST, caller=Caller(new_id()))
    async with routed(route_of(first)) as model:
        answers = await asyncio.gather(*(model.model.complete(one) for one in [*asking, elsewhere]))
        assert {answer.text for answer in answers} == {GOOD.text}
    assert len(first.requests) == 2, "tenants share nothing"
    shared = [record for record in model.records if record.status == "shared"]
    assert len(shared) == 4
    assert {record.usage.input_tokens for record in shared} == {0}
    assert len({record.caller for record in model.records}) == 6


async def test_a_shared_failure_is_on_the_account_of_each(first: ScriptedModel) -> None:
    first.by_model["scripted"] = Script("status", status=400, first_delay=0.3)
    tenant, ids = new_id(), [new_id() for _ in range(3)]
    asking = [replace(REQUEST, caller=Caller(tenant), call_id=call) for call in ids]
    async with routed(route_of(first)) as model:
        said = await asyncio.gather(*(model.model.complete(one) for one in asking), return_exceptions=True)
    assert all(isinstance(one, ModelError) for one in said)
    assert len(first.requests) == 1
    assert {record.id for record in model.records} == set(ids)
    assert {(record.status, record.failure) for record in model.records} == {("failed", "bad_request")}
    assert sorted(record.attempts for record in model.records) == [0, 0, 1]


async def test_a_shared_call_hangs_up_when_the_last_one_leaves(first: ScriptedModel) -> None:
    first.by_model["scripted"] = Script(first_delay=30)
    async with routed(route_of(first), answer=60, total=60) as model:
        waiting = [asyncio.create_task(model.model.complete(REQUEST)) for _ in range(2)]
        await first.until_asked()
        waiting[0].cancel()
        await asyncio.wait([waiting[0]])
        assert not first.requests[0].client_left
        waiting[1].cancel()
        await first.until_client_left()
        await asyncio.wait(waiting)
        assert [record.status for record in model.records] == ["cancelled"]


async def test_no_more_calls_at_once_than_are_declared(first: ScriptedModel) -> None:
    first.by_model["scripted"] = Script("stall", count=1)
    models = route_of(first, more=", limits: {concurrency: 1}")
    async with (
        routed(models, connect=0.2, idle=30, total=60) as model,
        aclosing(model.model.stream(REQUEST)) as pieces,
    ):
        await anext(pieces)
        with pytest.raises(ModelError) as raised:
            await model.ask()
        assert raised.value.failure == "busy"
    assert len(first.requests) == 1


async def test_a_new_file_serves_new_calls_and_lets_old_ones_end(first: ScriptedModel, second: ScriptedModel) -> None:
    first.by_model["scripted"] = Script("tokens", count=40, delay=0.02)
    before, after = route_of(first), route_of(second, profile="compatible")
    after = after.model_copy(
        update={"backends": {"b0": after.backends["b0"].model_copy(update={"model": "scripted-1"})}}
    )
    async with routed(before) as model:
        async with aclosing(model.model.stream(REQUEST)) as pieces:
            text = (await anext(pieces)).text
            await model.model.reload(after)
            assert await said(model, streamed=True) == GOOD.text
            async for piece in pieces:
                text += piece.text
        assert text.endswith("字39")
        assert model.model.name == "scripted-1"


async def test_parameters_of_the_file_win_and_go_out(first: ScriptedModel) -> None:
    more = ", parameters: {temperature: 0.1, extra: {top_k: 3}}, limits: {output: 50}"
    async with routed(route_of(first, more=more)) as model:
        await model.ask()
    body = first.requests[0].body
    assert (body["temperature"], body["max_tokens"], body["top_k"]) == (0.1, 50, 3)


async def test_a_call_costs_what_the_file_says(first: ScriptedModel) -> None:
    first.by_model["scripted"] = replace(GOOD, cached=5)
    more = ", prices: {input: 2, cached: 0.5, output: 10, currency: CNY}"
    async with routed(route_of(first, more=more)) as model:
        await model.ask()
        (record,) = model.records
    assert (record.usage.input_tokens, record.usage.cached_tokens, record.usage.output_tokens) == (11, 5, 3)
    assert (float(record.cost), record.currency) == (pytest.approx((6 * 2 + 5 * 0.5 + 3 * 10) / 1e6), "CNY")
    assert record.first_token_ms is not None
    assert record.first_token_ms <= record.total_ms


async def test_the_total_deadline_ends_everything(first: ScriptedModel, second: ScriptedModel) -> None:
    first.by_model["scripted"] = second.by_model["scripted-1"] = Script(first_delay=9)
    async with routed(route_of(first, second), first_token=0.3, total=0.5) as model:
        with pytest.raises(ModelTimeout) as raised:
            await model.ask()
    assert raised.value.details["kind"] in ("first_token", "total")


async def test_what_tenants_call_their_models_is_in_no_metric_and_forgotten_with_them(first: ScriptedModel) -> None:
    tenant = new_id()
    grounds = Grounds("qinghe", {"CUEDESK_TENANT_KEY__QINGHE__K": KEY}, [first.base_url])
    own = {
        "providers": {"named-by-tenant": {"profile": "compatible", "base_url": first.base_url, "key": "K"}},
        "backends": {
            "first-by-tenant": {"provider": "named-by-tenant", "model": "model-by-tenant"},
            "then-by-tenant": {"provider": "named-by-tenant", "model": "second-by-tenant"},
        },
        "routes": {"default": {"backends": ["first-by-tenant", "then-by-tenant"]}},
    }
    asked = replace(REQUEST, caller=Caller(tenant))
    first.by_model["model-by-tenant"] = Script("status", status=404)
    async with routed(route_of(first)) as model:
        await model.model.set_own(tenant, OwnModels.model_validate(own), grounds)
        await model.ask(asked)
        assert model.records[0].fallback_from == "own/first-by-tenant", "the account says it"
        told = render().decode()
        assert "by-tenant" not in told
        assert 'provider="own"' in told

        breakers = [weakref.ref(one.breaker) for one in model.model.backends(tenant) if one.owner == tenant]
        assert len(breakers) == 2
        await model.model.set_own(tenant, None, grounds)
        gc.collect()
        assert [breaker() for breaker in breakers] == [None, None]
