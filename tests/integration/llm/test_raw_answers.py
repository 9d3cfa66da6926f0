"""What providers and what stands before them do byte by byte: dead lines, lengths, hanging refusals, early ends."""

import asyncio
import socket
import struct
from dataclasses import replace

import pytest

from backend.errors import ModelError, ModelKeyRefused, ModelRateLimited, ModelRefused, ModelStreamCut, ModelTimeout
from backend.ids import new_id
from backend.llm import exchange
from backend.llm.gateway import AnswerShape, Caller, ChatTurn, ModelRequest
from tests.support.raw_model import EVENT, LAST, SSE, Handler, chunk, raw_model, request_of
from tests.support.routed_models import REQUEST, Routed, models_of, route_of, routed, text_of
from tests.support.scripted_model import Script, ScriptedModel

pytestmark = pytest.mark.usefixtures("no_pause")

TENANT = new_id()
QUESTION = ModelRequest("message", [ChatTurn("user", "你好")], {})
GOOD = Script("text", text="好，上链接。")


def reset(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.close()


async def outcome(model: Routed, *, streamed: bool = True) -> str:
    try:
        return text_of(await model.ask()) if streamed else (await model.model.complete(REQUEST)).text
    except ModelError as error:
        return error.failure


async def outcome_of(model: Routed, request: ModelRequest) -> str:
    try:
        return (await model.model.complete(request)).text
    except ModelError as error:
        return error.failure


class Forgetful:
    """Answers; once it is told to, every line that it had is dead when it is asked on it."""

    def __init__(self, *, answers_a_byte: bool = False) -> None:
        self.forgotten = False
        self.lines = self.asked = self.dead = 0
        self._answers_a_byte = answers_a_byte
        self._all = asyncio.Barrier(8)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        old = not self.forgotten
        self.lines += 1
        while True:
            await request_of(reader)
            self.asked += 1
            if old and self.forgotten:
                self.dead += 1
                if self._answers_a_byte:
                    writer.write(b"HTTP/1.1 ")
                    writer.close()
                else:
                    reset(writer)
                return
            if old:
                await self._all.wait()  # so that each has a line of its own
            writer.write(SSE + chunk(EVENT % b"ok") + chunk(LAST) + b"0\r\n\r\n")


async def test_lines_that_died_in_silence_are_no_failure_of_the_model() -> None:
    """As behind a load balancer that forgot them, or after the machine of the provider was replaced."""
    provider = Forgetful()
    async with raw_model(provider) as first, routed(route_of(first)) as model:
        assert await asyncio.gather(*(outcome(model) for _ in range(8))) == ["ok"] * 8
        provider.forgotten = True
        assert await outcome(model) == "ok"
        assert (provider.lines, provider.dead) == (9, 1)
        # More at once than there are new lines: none of the seven others is tried.
        assert await asyncio.gather(*(outcome(model) for _ in range(3))) == ["ok"] * 3
    assert provider.dead == 1, "they are as old as the one that was dead"
    assert [record.hops for record in model.records] == [()] * 12, "nobody was told of it"


async def test_a_line_that_answered_a_byte_is_not_asked_again_in_silence() -> None:
    provider = Forgetful(answers_a_byte=True)
    async with raw_model(provider) as first, routed(route_of(first)) as model:
        await asyncio.gather(*(outcome(model) for _ in range(8)))
        provider.forgotten = True
        assert await outcome(model) == "cut"
    assert (model.records[-1].attempts, provider.dead) == (3, 3)


async def test_a_new_line_that_ends_is_asked_once_and_told() -> None:
    asked = 0

    async def end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        await request_of(reader)
        asked += 1
        reset(writer)

    async with raw_model(end) as first, routed(route_of(first)) as model:
        assert await outcome(model) == "cut"
    assert asked == model.records[0].attempts == 3


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_length_without_end_is_a_failure_like_any_other(server: ScriptedModel, *, streamed: bool) -> None:
    server.by_model["scripted-1"] = GOOD

    async def longest(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request_of(reader)
            kind = b"text/event-stream" if streamed else b"application/json"
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: %b\r\nContent-Length: %b\r\n\r\n" % (kind, b"1" * 5000))

    async with raw_model(longest) as first, routed(route_of(first, server)) as model:
        assert await outcome(model, streamed=streamed) == GOOD.text
    assert [hop.reason for hop in model.records[0].hops] == ["malformed"]


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (b"429 Slow down\r\nRetry-After: 30", ModelRateLimited),
        (b"401 Who", ModelKeyRefused),
        (b"400 What", ModelRefused),
    ],
)
async def test_a_refusal_is_known_by_its_status_though_its_body_hangs(
    line: bytes, kind: type[ModelError], *, streamed: bool
) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request_of(reader)
            writer.write(b"HTTP/1.1 %b\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n" % line)
            writer.write(chunk(b'{"error": {'))

    async with raw_model(refuse) as first, routed(route_of(first)) as model:
        # Its words are waited for a second and a half at each of three attempts, pauses between them included.
        with pytest.raises(kind) as raised:
            async with asyncio.timeout(25):
                await model.ask() if streamed else await model.model.complete(REQUEST)
    if isinstance(raised.value, ModelRateLimited):
        assert raised.value.retry_after_ms == 30_000


def early(*, cut: bool) -> Handler:
    """Return a provider that says in every event that it was the last."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(SSE)
        for n in range(6):
            writer.write(
                chunk(b'data: {"choices":[{"index":0,"delta":{"content":"%d"},"finish_reason":"stop"}]}\n\n' % n)
            )
            await asyncio.sleep(0.3)
        if cut:
            reset(writer)
            return
        writer.write(chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n")

    return handle


async def test_an_end_that_is_told_too_early_truncates_nothing_in_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "_GRACE", 0.001)  # what comes between two texts is longer
    async with raw_model(early(cut=False)) as first, routed(route_of(first)) as model:
        assert text_of(await model.ask()) == "012345"


async def test_an_end_after_which_more_came_is_none_when_the_line_breaks() -> None:
    async with raw_model(early(cut=True)) as first, routed(route_of(first)) as model:
        with pytest.raises(ModelStreamCut) as raised:
            await model.ask()
    assert raised.value.partial == "012345"


async def test_an_end_told_with_the_last_text_is_one_though_nothing_follows() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(
            SSE + chunk(b'data: {"choices":[{"index":0,"delta":{"content":"ok"},"finish_reason":"stop"}]}\n\n')
        )
        while True:  # comments for ever
            await asyncio.sleep(0.05)
            writer.write(chunk(b": at work\n\n"))

    async with raw_model(hang) as first, routed(route_of(first), idle=0.5, total=20) as model:
        assert text_of(await model.ask()) == "ok"
    assert model.records[0].total_ms < 15_000


async def test_a_slow_reader_is_not_timed_out_between_tokens_that_come_apart() -> None:
    more = asyncio.Semaphore(0)

    async def apart(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(SSE)
        for n in range(4):
            writer.write(chunk(EVENT % (b"%d" % n)))
            await more.acquire()
        writer.write(chunk(LAST) + b"0\r\n\r\n")

    async with raw_model(apart) as first, routed(route_of(first), idle=1.0, first_token=30) as model:
        said = ""
        async for piece in model.model.stream(REQUEST):
            said += piece.text
            more.release()  # the next one comes while we take our time
            if piece.text:
                await asyncio.sleep(1.5)
    assert said == "0123"


async def test_silence_behind_a_slow_reader_is_ended_too() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(SSE + chunk(EVENT % b"one"))
        await asyncio.sleep(0.1)
        writer.write(chunk(EVENT % b"two"))
        await asyncio.sleep(3600)

    async def read_slowly(model: Routed) -> None:
        async for _ in model.model.stream(REQUEST):
            await asyncio.sleep(0.8)  # the alarm goes off meanwhile, and ends nothing

    waits = {"idle": 0.3, "first_token": 3600, "total": 7200}
    async with raw_model(silent) as first, routed(route_of(first), **waits) as model:
        with pytest.raises(ModelTimeout) as raised:
            await asyncio.wait_for(read_slowly(model), 60)
    assert (raised.value.details["kind"], raised.value.partial) == ("idle", "onetwo")


async def test_silence_between_tokens_is_told_as_such() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(SSE + chunk(EVENT % b"one"))
        await asyncio.sleep(3600)

    async with raw_model(silent) as first, routed(route_of(first), idle=0.3) as model:
        with pytest.raises(ModelTimeout) as raised:
            await model.ask()
    assert (raised.value.details["kind"], raised.value.partial) == ("idle", "one")


def schema_of(name: str) -> AnswerShape:
    return AnswerShape("answer", {"type": "object", "properties": {name: {"type": "string"}}}, told=True)


@pytest.mark.parametrize("shape", [None, schema_of("bad")], ids=["a-prompt", "a-schema"])
async def test_a_question_that_makes_a_provider_fail_takes_it_from_nobody(
    server: ScriptedModel, shape: AnswerShape | None
) -> None:
    """However often it is asked: a schema that its grammar cannot hold, a prompt that it stumbles over."""
    poison = replace(QUESTION, caller=Caller(new_id()), shape=shape)
    server.play(*[Script("status", status=500)] * 24, GOOD)
    async with routed(route_of(server, profile="openai")) as model:
        for _ in range(8):
            assert await outcome_of(model, poison) == "overloaded"
        assert await outcome_of(model, replace(QUESTION, caller=Caller(new_id()))) == GOOD.text


@pytest.mark.parametrize(
    ("status", "message", "told"),
    [
        (403, "Your input was flagged", "content_filtered"),
        (403, "Forbidden", "auth"),
        (404, "No endpoints found that support this", "not_served"),
    ],
)
async def test_a_question_that_is_forbidden_takes_the_model_from_nobody(
    server: ScriptedModel, status: int, message: str, told: str
) -> None:
    """OpenRouter says 403 of what its moderation flags, and so does a firewall; 404 of what no endpoint supports."""
    server.play(*[Script("status", status=status, message=message)] * 8, GOOD)
    forbidden = replace(QUESTION, caller=Caller(new_id()))
    async with routed(route_of(server, profile="openrouter")) as model:
        for _ in range(8):
            assert await outcome_of(model, forbidden) == told
        assert await outcome_of(model, replace(QUESTION, caller=Caller(new_id()))) == GOOD.text


@pytest.mark.parametrize("status", [403, 404])
async def test_a_model_that_forbids_everything_is_left_alone(server: ScriptedModel, status: int) -> None:
    server.by_model["scripted"] = Script("status", status=status)
    async with routed(route_of(server)) as model:
        for n in range(6):
            last = await outcome_of(
                model, replace(QUESTION, caller=Caller(TENANT), turns=[ChatTurn("user", f"第{n}次")])
            )
    assert (last, len(server.requests)) == ("resting", 5)


async def test_a_provider_that_is_down_is_left_though_all_ask_by_one_schema(server: ScriptedModel) -> None:
    """A service asks by one schema, with another text each time."""
    server.by_model["scripted"] = Script("status", status=500)
    one = replace(QUESTION, caller=Caller(TENANT), shape=schema_of("a"))
    async with routed(route_of(server, profile="openai")) as model:
        ends = [await outcome_of(model, replace(one, turns=[ChatTurn("user", f"第{n}次")])) for n in range(6)]
    assert ends == ["overloaded"] * 5 + ["resting"]


async def test_a_provider_that_fails_of_everything_is_left_alone(server: ScriptedModel) -> None:
    server.play(*[Script("status", status=500)] * 30)
    async with routed(route_of(server)) as model:
        ends = [
            await outcome_of(model, replace(QUESTION, caller=Caller(TENANT), turns=[ChatTurn("user", f"第{n}次")]))
            for n in range(6)
        ]
    assert ends == ["overloaded"] * 5 + ["resting"]


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_refusal_in_a_field_of_its_own_is_no_empty_answer(*, streamed: bool) -> None:
    """OpenAI's `refusal`, where the model would not meet a schema."""
    said = b'{"choices":[{"index":0,"%b":{"role":"assistant","content":null,"refusal":"No."},"finish_reason":"stop"}]}'

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request_of(reader)
            if streamed:
                writer.write(SSE + chunk(b"data: " + said % b"delta" + b"\n\n") + chunk(LAST) + b"0\r\n\r\n")
            else:
                body = said % b"message"
                head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                writer.write(head % len(body) + body)

    async with raw_model(refuse) as first, routed(route_of(first)) as model:
        assert await outcome(model, streamed=streamed) == "content_filtered"


@pytest.mark.parametrize(
    "said", [b"", b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n']
)
async def test_an_end_before_which_nothing_came_is_no_answer(server: ScriptedModel, said: bytes) -> None:
    """A proxy whose model died closes the stream politely: no word, no reason, and `[DONE]`."""
    server.by_model["scripted-1"] = GOOD

    async def polite(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request_of(reader)
            writer.write(SSE + chunk(said + b"data: [DONE]\n\n") + b"0\r\n\r\n")

    async with raw_model(polite) as first, routed(route_of(first, server)) as model:
        assert await outcome(model) == GOOD.text
        assert [hop.reason for hop in model.records[0].hops] == ["cut"] * 3


@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
async def test_a_size_of_a_chunk_that_is_none_is_no_break_of_the_line(server: ScriptedModel, *, streamed: bool) -> None:
    server.by_model["scripted-1"] = GOOD

    async def wrong(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request_of(reader)
            head = SSE if streamed else SSE.replace(b"text/event-stream", b"application/json")
            writer.write(head + chunk(b": begun\n\n" if streamed else b" ") + b"five\r\n")

    async with raw_model(wrong) as first, routed(route_of(first, server)) as model:
        assert await outcome(model, streamed=streamed) == GOOD.text
    assert [hop.reason for hop in model.records[0].hops] == ["malformed"]


ANTHROPIC = (
    b'data: {"type":"message_start","message":{"id":"a","usage":{"input_tokens":1,"output_tokens":1}}}\n\n'
    b'data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"ok"}}\n\n'
    b'data: {"type":"message_stop"}\n\n'
)


@pytest.mark.parametrize(
    ("profile", "said", "found"),
    [
        ("profile: compatible", EVENT % b"ok" + b"data: [DONE]\n\n", "cut"),
        ("profile: anthropic", ANTHROPIC, "cut"),
        ("profile: anthropic", b'data: {"type":"message_stop"}\n\n', "cut"),
        ("profile: compatible, says_end: false", EVENT % b"ok" + b"data: [DONE]\n\n", "ok"),
        ("profile: compatible, says_end: false", b"data: [DONE]\n\n", "cut"),
        ("profile: compatible, says_end: false", EVENT % b"ok", "cut"),
    ],
    ids=["no_reason", "anthropic", "anthropic_empty", "declared", "declared_empty", "declared_and_broken_off"],
)
async def test_an_end_without_a_reason_is_none_unless_the_provider_is_declared_to_say_none(
    profile: str, said: bytes, found: str
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            await request_of(reader)
            writer.write(SSE + chunk(said) + b"0\r\n\r\n")

    async with raw_model(answer) as first:
        provider = f"{{{profile}, base_url: '{first.base_url}', api_key: '${{KEY}}'}}"
        models = f"providers: {{p: {provider}}}\nbackends: {{b: {{provider: p, model: m}}}}\n"
        async with routed(models_of(models + "routes: {default: {backends: [b]}}\n")) as model:
            assert await outcome(model) == found
            assert model.records[0].status == ("completed" if found == "ok" else "failed")


@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
async def test_a_call_of_a_tool_that_nobody_counted_is_estimated_too(server: ScriptedModel, *, streamed: bool) -> None:
    server.play(Script("text", text="", tool="look_up", arguments='{"words": "%s"}' % ("word " * 200), usage=False))
    async with routed(route_of(server)) as model:
        if streamed:
            await model.ask()
        else:
            await model.model.complete(REQUEST)
        assert model.records[0].status == "completed"
        assert model.records[0].usage.estimated
        assert model.records[0].usage.output_tokens > 200


@pytest.mark.parametrize("streamed", [True, False], ids=["stream", "whole"])
async def test_what_nothing_can_store_comes_to_nobody(server: ScriptedModel, *, streamed: bool) -> None:
    """A zero in a text: PostgreSQL takes none, so the run failed, its failure could not be written down either, and it
    was recovered, and the model asked and paid, three times over."""
    server.by_model["scripted"] = Script("text", text="你\x00好", reasoning="想\x00想", finish_reason="st\x00op")
    server.by_model["scripted-1"] = GOOD
    async with routed(route_of(server, server)) as model:
        said = await model.ask() if streamed else [await model.model.complete(REQUEST)]
        assert not any("\x00" in f"{one.text}{one.reasoning}{one.finish_reason}" for one in said)
