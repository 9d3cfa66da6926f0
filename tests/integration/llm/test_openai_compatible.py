"""The OpenAI-compatible adapter against our scripted server, over a real socket."""

import asyncio
import time
from contextlib import aclosing

import pytest

from backend.errors import (
    ModelContentFiltered,
    ModelError,
    ModelKeyRefused,
    ModelNotServed,
    ModelPayloadInvalid,
    ModelQuotaSpent,
    ModelRateLimited,
    ModelRefused,
    ModelStreamCut,
    ModelTimeout,
    ModelUnavailable,
    ModelUnreachable,
)
from backend.llm.deadlines import Deadlines
from backend.llm.gateway import Piece, Usage
from backend.llm.routed import RoutedModel
from tests.support.routed_models import KEY, REQUEST, opened, route_of, routed, text_of
from tests.support.scripted_model import Script, ScriptedModel, scripted_model


def model_on(server: ScriptedModel, **waits: float) -> RoutedModel:
    deadlines = Deadlines(**{"connect": 1, "first_token": 2, "idle": 2, "total": 5, **waits})
    return RoutedModel(route_of(server), opened, deadlines, lambda _: None)


async def ask(server: ScriptedModel, **waits: float) -> list[Piece]:
    async with routed(route_of(server), **{"total": 5, **waits}) as model:
        return await model.ask()


async def test_the_text_streams_and_ends_with_reason_and_usage(server: ScriptedModel) -> None:
    server.play(Script("text", text="早上好，朋友们。", reasoning="先打招呼"))
    pieces = await ask(server)
    assert text_of(pieces) == "早上好，朋友们。"
    assert "".join(piece.reasoning for piece in pieces) == "先打招呼"
    assert pieces[-1] == Piece(finish_reason="stop", usage=Usage(11, 4, estimated=False), model="scripted")
    assert all(piece.finish_reason is None and piece.usage is None for piece in pieces[:-1])


async def test_the_prompt_goes_out_as_chat_completions(server: ScriptedModel) -> None:
    await ask(server)
    asked = server.requests[0]
    assert asked.authorization == f"Bearer {KEY}"
    assert asked.body == {
        "model": "scripted",
        "messages": [{"role": "system", "content": "你是写手"}, {"role": "user", "content": "写一段开场"}],
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.7,
    }
    assert "brief" not in asked.body


async def test_pieces_arrive_while_the_model_still_writes(server: ScriptedModel) -> None:
    server.play(Script("tokens", count=1000, delay=0.02))
    model = model_on(server)
    async with aclosing(model.stream(REQUEST)) as pieces:
        await anext(pieces)
        assert server.requests[0].sent < 1000
    await model.aclose()


async def test_a_character_split_over_chunks_is_whole(server: ScriptedModel) -> None:
    server.play(Script("split_utf8", text="保温杯，今天99元🥤", piece=3))
    assert text_of(await ask(server)) == "保温杯，今天99元🥤"


async def test_missing_usage_is_estimated_from_the_text(server: ScriptedModel) -> None:
    server.play(Script("text", text="一" * 40, usage=False))
    usage = (await ask(server))[-1].usage
    assert usage is not None
    assert usage.estimated
    assert usage.output_tokens == 30
    assert usage.input_tokens > 0


async def test_an_end_without_done_is_an_end_when_a_finish_reason_came(server: ScriptedModel) -> None:
    server.play(Script("text", text="好", done=False, usage=False))
    assert (await ask(server))[-1].finish_reason == "stop"


@pytest.mark.parametrize("profile", ["compatible", "anthropic"])
async def test_who_goes_on_saying_nothing_when_all_is_said_keeps_nobody_waiting(
    server: ScriptedModel, profile: str
) -> None:
    # The end of the text is told and nothing that ends the stream; comments come on and on, each sooner than a wait is
    # over, for as long as anybody listens.
    server.play(Script("text", text="好", done=False, usage=False, comments=0.05))
    async with routed(route_of(server, profile=profile), idle=3000, total=3000) as model:
        async with asyncio.timeout(60):
            pieces = await model.ask()
        assert (text_of(pieces), pieces[-1].finish_reason) == ("好", "stop")
        (record,) = model.records
    assert (record.status, record.hops) == ("completed", ())
    await server.until_client_left()


@pytest.mark.parametrize(
    ("script", "error"),
    [
        (Script("status", status=401), ModelKeyRefused),
        (Script("status", status=403), ModelKeyRefused),
        (Script("status", status=400), ModelRefused),
        (Script("status", status=429, code="insufficient_quota"), ModelQuotaSpent),
        (Script("status", status=302), ModelNotServed),
        (Script("cut", count=5), ModelStreamCut),
        (Script("abrupt_end", count=5), ModelStreamCut),
        (Script("half_json", count=5), ModelPayloadInvalid),
        (Script("malformed", count=0), ModelPayloadInvalid),
        (Script("huge_line", count=2048), ModelPayloadInvalid),
        (Script("wrong_content_type"), ModelPayloadInvalid),
        (Script("error_event", count=3), ModelUnavailable),
        (Script("text", text="", finish_reason="content_filter"), ModelContentFiltered),
    ],
    ids=lambda value: value.kind if isinstance(value, Script) else "",
)
async def test_each_failure_has_its_class_is_asked_once_and_tells_no_secret(
    server: ScriptedModel, script: Script, error: type[ModelError]
) -> None:
    server.play(script)
    with pytest.raises(ModelError) as raised:
        await ask(server)
    assert type(raised.value) is error
    assert len(server.requests) == 1
    assert KEY not in repr((raised.value.message, raised.value.details, str(raised.value)))


async def test_text_before_a_cut_was_already_handed_over(server: ScriptedModel) -> None:
    server.play(Script("cut", count=5))
    model, seen = model_on(server), []

    async def read() -> None:
        async for piece in model.stream(REQUEST):
            seen.append(piece.text)

    with pytest.raises(ModelStreamCut):
        await read()
    assert seen == ["字0", "字1", "字2", "字3", "字4"]
    await model.aclose()


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize("status", [429, 500, 502, 503, 529])
async def test_an_overloaded_provider_is_asked_again(server: ScriptedModel, status: int) -> None:
    server.play(Script("status", status=status), Script("status", status=status), Script("text", text="好"))
    assert text_of(await ask(server)) == "好"
    assert len(server.requests) == 3


@pytest.mark.usefixtures("no_pause")
async def test_after_two_retries_the_error_is_told_with_its_retry_after(server: ScriptedModel) -> None:
    server.play(*[Script("status", status=429, retry_after="0", code="rate_limit_exceeded")] * 3)
    with pytest.raises(ModelRateLimited) as raised:
        await ask(server)
    assert raised.value.retry_after_ms == 0
    assert raised.value.details == {"status": 429, "reason": "rate_limit_exceeded"}
    assert len(server.requests) == 3


async def test_a_short_retry_after_is_waited_for(server: ScriptedModel) -> None:
    server.play(Script("status", status=503, retry_after="1"), Script("text", text="好"))
    started = time.monotonic()
    assert text_of(await ask(server)) == "好"
    assert time.monotonic() - started >= 1


@pytest.mark.parametrize("retry_after", ["60", "Fri, 31 Dec 2100 23:59:59 GMT"])
async def test_a_long_retry_after_is_reported_at_once(server: ScriptedModel, retry_after: str) -> None:
    server.play(Script("status", status=429, retry_after=retry_after))
    started = time.monotonic()
    with pytest.raises(ModelRateLimited) as raised:
        await ask(server)
    assert time.monotonic() - started < 30
    assert (raised.value.retry_after_ms or 0) >= 60_000
    assert len(server.requests) == 1


@pytest.mark.usefixtures("no_pause")
async def test_nobody_listening_is_unavailable_after_two_retries() -> None:
    async with scripted_model() as gone:
        pass
    with pytest.raises(ModelUnreachable):
        await ask(gone)


@pytest.mark.parametrize(
    ("script", "waits", "kind"),
    [
        (Script("tokens", first_delay=60), {"first_token": 0.2}, "first_token"),
        (Script("tokens", first_delay=60, keepalive=0.05), {"first_token": 0.2}, "first_token"),
        (Script("status", status=500, first_delay=60), {"first_token": 0.2}, "first_token"),
        (Script("stall", count=3), {"idle": 0.2}, "idle"),
        (Script("tokens", count=1200, delay=0.05), {"total": 0.3}, "total"),
    ],
)
async def test_each_wait_has_its_deadline(
    server: ScriptedModel, script: Script, waits: dict[str, float], kind: str
) -> None:
    server.play(script)
    started = time.monotonic()
    with pytest.raises(ModelTimeout) as raised:
        await ask(server, **waits)
    assert raised.value.details == {"kind": kind}
    assert time.monotonic() - started < 30
    await server.until_client_left()


async def test_closing_the_stream_hangs_up_on_the_provider(server: ScriptedModel) -> None:
    server.play(Script("tokens", count=1000, delay=0.02))
    model = model_on(server)
    async with aclosing(model.stream(REQUEST)) as pieces:
        await anext(pieces)
    await server.until_client_left()
    assert server.requests[0].sent < 1000
    await model.aclose()


async def test_cancelling_the_reading_task_hangs_up_on_the_provider(server: ScriptedModel) -> None:
    server.play(Script("tokens", count=2, delay=0.01, first_delay=30))
    model = model_on(server, first_token=60, total=60)

    async def read() -> None:
        async for _ in model.stream(REQUEST):
            pass

    task = asyncio.create_task(read())
    await server.until_asked()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await server.until_client_left()
    await model.aclose()


async def test_the_control_endpoint_scripts_a_server_in_another_process(server: ScriptedModel) -> None:
    reader, writer = await asyncio.open_connection(server.host, server.port)
    body = '{"kind": "text", "text": "远程"}'.encode()
    writer.write(b"PUT /control/models/scripted HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    assert b"200" in await reader.readline()
    writer.close()
    assert text_of(await ask(server)) == "远程"
    assert text_of(await ask(server)) == "远程"
