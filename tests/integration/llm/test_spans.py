"""Spans of calls as a collector gets them, over a real socket."""

import asyncio
import logging
import re
import threading
import tomllib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace as opentelemetry_trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

from backend import VERSION
from backend.errors import ModelError
from backend.ids import new_id, new_trace_id
from backend.llm import retry
from backend.llm.accounts import CallRecord
from backend.llm.deadlines import Deadlines
from backend.llm.gateway import Caller, Tool
from backend.llm.routed import RoutedModel
from backend.llm.spans import span_of
from backend.settings import Settings
from backend.telemetry import otlp
from backend.telemetry.logging import configure_logging, current_trace, tracing
from backend.telemetry.metrics import REGISTRY
from backend.telemetry.otlp import Spans
from backend.telemetry.spans import Span, spans_wanted
from tests.support.listening import listening
from tests.support.routed_models import QUICK, REQUEST, opened, route_of
from tests.support.scripted_model import Script, scripted_model

BACKEND = Path(__file__).parents[3] / "backend"
TRACE = new_trace_id()
ERROR = 2
TOOL = Tool("look_up", "机密", {"type": "object"})


@dataclass
class Receiver:
    """A collector on loopback: keeps what it is sent, and answers with `statuses` first; while `held`, not at all."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    bodies: list[ExportTraceServiceRequest] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    asked: int = 0
    answering: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.answering.set()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        self.asked += 1
        self.changed.set()
        await self.answering.wait()
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 200:
            assert scope["path"] == "/v1/traces"
            self.headers.append({name.decode(): value.decode() for name, value in scope["headers"]})
            self.bodies.append(ExportTraceServiceRequest.FromString(body))
        self.changed.set()
        # At once: the exporter would wait for a second and more otherwise.
        again = [(b"retry-after", b"0")]
        await send({"type": "http.response.start", "status": status, "headers": again})
        await send({"type": "http.response.body", "body": b""})

    @property
    def spans(self) -> list[Any]:
        return [
            span
            for body in self.bodies
            for resource in body.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    async def until(self, seen: Callable[[], bool]) -> None:
        async with asyncio.timeout(30):
            while not seen():
                self.changed.clear()
                await self.changed.wait()

    async def until_spans(self, count: int) -> None:
        await self.until(lambda: len(self.spans) >= count)


def told(owner: Any) -> dict[str, Any]:
    return {one.key: _plain(one.value) for one in owner.attributes}


def _plain(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return [_plain(one) for one in value.array_value.values] if kind == "array_value" else getattr(value, kind)


def whole_and_attempts(spans: list[Any]) -> tuple[Any, list[Any]]:
    [whole] = [span for span in spans if not span.parent_span_id]
    return whole, sorted((span for span in spans if span is not whole), key=lambda span: span.start_time_unix_nano)


def lost() -> float:
    return REGISTRY.get_sample_value("cuedesk_spans_lost_total") or 0.0


def senders() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(("Otel", "spans'"))]


@pytest.fixture
async def receiver(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Receiver]:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "10")
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.0)
    found = Receiver()
    async with listening(found) as address:
        found.url = address
        yield found
        found.answering.set()
        for thread in senders():  # what they still have to say belongs to no other test
            await asyncio.to_thread(thread.join, 60)


def settings_of(receiver: Receiver, **more: Any) -> Settings:
    return Settings(
        _env_file=None,
        OTEL_EXPORTER_OTLP_ENDPOINT=receiver.url,
        OTEL_EXPORTER_OTLP_HEADERS="authorization=Bearer%20abc",
        OTEL_EXPORTER_OTLP_TIMEOUT=100,
        OTEL_RESOURCE_ATTRIBUTES="deployment.environment=test",
        **more,
    )


@asynccontextmanager
async def traced(receiver: Receiver, *scripts: Script) -> AsyncIterator[RoutedModel]:
    """A model of two backends, of which the first plays these scripts, whose calls are told to the receiver."""
    spans = Spans(settings_of(receiver))

    def note(record: CallRecord) -> None:
        spans.take(span_of(record), current_trace())

    async with spans.kept(), scripted_model() as first, scripted_model() as second:
        first.play(*scripts)
        second.by_model["scripted-1"] = Script("text", text="机密回答")
        model = RoutedModel(route_of(first, second, more=", prices: {input: 1, output: 2}"), opened,
                            Deadlines(**QUICK), note)  # fmt: skip
        yield model
        await model.aclose()


async def test_a_call_is_a_span_by_the_conventions_with_its_attempts_below_it(receiver: Receiver) -> None:
    caller = Caller(new_id(), new_id(), new_id())
    asked = replace(REQUEST, caller=caller, prompt_version="v3")
    async with traced(receiver, *[Script("status", status=500)] * 3) as model:
        with tracing(trace_id=TRACE):
            assert [piece.text async for piece in model.stream(asked)]
        await receiver.until_spans(5)
    whole, attempts = whole_and_attempts(receiver.spans)
    assert {span.trace_id.hex() for span in receiver.spans} == {TRACE}, "that of the run, as in the log"
    assert (whole.name, whole.kind, whole.status.code) == ("chat scripted-1", 3, 0)
    said = told(whole)
    assert said["gen_ai.operation.name"] == "chat"
    assert (said["gen_ai.provider.name"], said["gen_ai.request.model"]) == ("p1", "scripted-1")
    assert "error.type" not in said
    assert (said["gen_ai.conversation.id"], said["cuedesk.run.id"]) == (str(caller.thread_id), str(caller.run_id))
    assert said["gen_ai.usage.input_tokens"] > 0
    assert said["gen_ai.usage.output_tokens"] > 0
    assert said["gen_ai.response.time_to_first_chunk"] >= 0
    assert (said["cuedesk.fallback_from"], said["cuedesk.attempts"], said["cuedesk.status"]) == ("b0", 4, "completed")
    assert [(told(one)["cuedesk.backend"], told(one).get("http.response.status_code")) for one in attempts] == [
        ("b0", 500), ("b0", 500), ("b0", 500), ("b1", None),
    ]  # fmt: skip
    for one in attempts:
        assert one.parent_span_id == whole.span_id
        assert whole.start_time_unix_nano <= one.start_time_unix_nano <= one.end_time_unix_nano
        assert one.end_time_unix_nano <= whole.end_time_unix_nano + 1_000_000
    assert attempts[0].status.code == ERROR
    assert len({span.span_id for span in receiver.spans}) == 5
    [resource, *_] = [resource.resource for resource in receiver.bodies[0].resource_spans]
    ours = {"service.name": "cuedesk", "service.version": VERSION, "deployment.environment": "test"}
    assert ours.items() <= told(resource).items()
    assert receiver.headers[0]["authorization"] == "Bearer abc"
    everything = b"".join(body.SerializeToString() for body in receiver.bodies)
    assert "机密".encode() not in everything
    assert REQUEST.turns[1].content.encode() not in everything


@pytest.mark.parametrize(
    ("profile", "provider", "streamed"),
    [("anthropic", "anthropic", True), ("gemini", "gcp.gemini", False), ("vllm", "p0", True), ("vllm", "p0", False)],
)
async def test_what_was_sent_to_whom_and_what_came_of_it_is_told_by_the_conventions(
    receiver: Receiver, profile: str, provider: str, *, streamed: bool
) -> None:
    spans = Spans(settings_of(receiver))
    asked = replace(REQUEST, temperature=0.25, max_tokens=70, top_p=0.5, stop=["机密"], tools=[TOOL])
    asked = replace(asked, provider_seed=None if profile == "anthropic" else 42)
    more = ", parameters: {temperature: 0.75}"
    async with spans.kept(), scripted_model() as server:
        server.play(Script("text", text="机密", tool="look_up", arguments='{"a": "机密"}', finish_reason="tool_calls"))
        file = route_of(server, profile=profile, more=more)
        model = RoutedModel(file, opened, Deadlines(**QUICK), lambda record: spans.take(span_of(record), None))
        if streamed:
            assert [piece async for piece in model.stream(asked)]
        else:
            await model.complete(asked)
        await model.aclose()
    whole, _ = whole_and_attempts(receiver.spans)
    said = told(whole)
    assert whole.name == "chat scripted"
    seed = {} if profile == "anthropic" else {"gen_ai.request.seed": 42}
    expected = {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": provider, "gen_ai.request.model": "scripted",
        "gen_ai.request.temperature": 0.75, "gen_ai.request.max_tokens": 70, "gen_ai.request.top_p": 0.5,
        "gen_ai.request.stream": streamed, **seed,
        "gen_ai.response.id": "scripted", "gen_ai.response.model": "scripted",
        "gen_ai.response.finish_reasons": ["tool_calls"], "gen_ai.usage.input_tokens": 11,
        "server.address": "127.0.0.1", "server.port": server.port, "cuedesk.provider": "p0",
    }  # fmt: skip
    assert {name: said.get(name) for name in expected} == expected, "as it was sent, and not as it was asked"
    assert "gen_ai.request.seed" in said or not seed
    everything = b"".join(body.SerializeToString() for body in receiver.bodies)
    assert "机密".encode() not in everything


async def test_who_left_and_what_failed_say_so(receiver: Receiver) -> None:
    cut, alone = Script("cut", count=3), replace(REQUEST, backend="b0")
    async with traced(receiver, cut, Script("stall", count=2)) as model:
        with pytest.raises(ModelError):
            [piece async for piece in model.stream(alone)]
        pieces = model.stream(alone)
        await anext(pieces)
        await pieces.aclose()
        await receiver.until_spans(4)
    traces = {span.trace_id for span in receiver.spans}
    assert len(traces) == 2, "of no run and no request: each is a trace of its own"
    of_each = [whole_and_attempts([span for span in receiver.spans if span.trace_id == one]) for one in traces]
    assert sorted((told(whole)["error.type"], told(attempt)["error.type"]) for whole, [attempt] in of_each) == [
        ("cancelled", "cancelled"), ("cut", "cut"),
    ]  # fmt: skip
    assert all(attempt.parent_span_id == whole.span_id for whole, [attempt] in of_each)


async def test_an_overloaded_collector_is_asked_again_and_one_that_is_away_holds_up_nobody(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.statuses, before = [503, 429], lost()
    async with traced(receiver) as model:
        await model.complete(replace(REQUEST, backend="b1"))
        await receiver.until_spans(2)
        assert lost() == before
        receiver.statuses = [400]
        await model.complete(replace(REQUEST, backend="b1"))
        await receiver.until(lambda: not receiver.statuses)
        await model.complete(replace(REQUEST, backend="b1"))
    assert len(receiver.spans) == 4, "the one that was refused for good is lost, the last is told at the end"
    assert lost() == before + 2
    monkeypatch.setattr(otlp, "_LAST_ROUND", 0.1)
    async with traced(Receiver("http://127.0.0.1:1")) as model:
        assert (await model.complete(replace(REQUEST, backend="b1"))).text == "机密回答"
    assert lost() == before + 4


async def test_a_collector_that_never_answers_costs_what_it_was_to_take_and_no_more(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otlp, "_LAST_ROUND", 0.1)
    receiver.answering.clear()
    spans, before = Spans(settings_of(receiver, OTEL_BSP_MAX_QUEUE_SIZE=512)), lost()
    async with spans.kept():
        spans.take(Span("first", 1.0, 2.0), None)
        await receiver.until(lambda: receiver.asked == 1)
        for _ in range(511):
            spans.take(Span("waits", 1.0, 2.0), None)
        assert lost() == before
        spans.take(Span("no room", 1.0, 2.0, parts=[Span("part", 1.0, 2.0)]), None)
        assert lost() == before + 2
    assert not receiver.bodies, "and the end came all the same"
    assert lost() == before + 514
    assert senders(), "one still waits for the collector"
    assert all(thread.daemon for thread in senders()), "none keeps the process"


async def test_of_a_trace_that_is_left_out_nothing_is_told_and_of_one_that_is_kept_everything(
    receiver: Receiver,
) -> None:
    sampled = settings_of(receiver, OTEL_TRACES_SAMPLER="parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG="0.5")
    spans, before = Spans(sampled), lost()
    kept, left_out = "f" * 16 + "0" * 15 + "1", "f" * 32
    async with spans.kept():
        for trace in (left_out, kept, left_out, kept):
            spans.take(Span("call", 1.0, 2.0, parts=[Span("attempt", 1.0, 2.0)]), trace)
    assert [span.trace_id.hex() for span in receiver.spans] == [kept] * 4
    assert lost() == before


def test_of_our_traces_a_sampler_keeps_the_share_it_is_told() -> None:
    half = TraceIdRatioBased(0.5)
    kept = sum(half.should_sample(None, int(new_trace_id(), 16), "").decision.is_sampled() for _ in range(1000))
    assert 350 < kept < 650, "nine deviations"


async def test_a_collector_that_refuses_everything_is_told_of_once(
    receiver: Receiver, capsys: pytest.CaptureFixture[str], quiet_logging: None
) -> None:
    configure_logging(level="info", form="json")
    receiver.statuses = [400] * 5
    spans = Spans(settings_of(receiver))
    async with spans.kept():
        for turn in range(1, 6):
            spans.take(Span("call", 1.0, 2.0), None)
            await receiver.until(lambda: receiver.asked == turn)  # noqa: B023
    lines = [line for line in capsys.readouterr().out.splitlines() if '"opentelemetry.' in line]
    assert len(lines) == 1
    assert "400" in lines[0]


@pytest.fixture
def quiet_logging() -> Any:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


async def test_the_sdk_is_ours_alone(receiver: Receiver) -> None:
    spans = Spans(settings_of(receiver))
    async with spans.kept():
        spans.take(Span("call", 1.0, 2.0), TRACE)
        opentelemetry_trace.get_tracer("another library").start_span("private").end()
    assert [span.name for span in receiver.spans] == ["call"]


def test_without_an_endpoint_there_are_no_spans() -> None:
    assert not spans_wanted(Settings(_env_file=None))
    for more in (
        {"OTEL_SDK_DISABLED": True},
        {"OTEL_TRACES_EXPORTER": "none"},
        {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"},
    ):
        assert not spans_wanted(Settings(_env_file=None, OTEL_EXPORTER_OTLP_ENDPOINT="http://c:4318", **more))
    assert spans_wanted(Settings(_env_file=None, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="http://c:4318/x"))


def test_whoever_wants_no_spans_does_not_load_what_sends_them() -> None:
    at_start = re.compile(r"^(?:from|import) (?:backend\.telemetry\.otlp|opentelemetry|requests)\b", re.MULTILINE)
    loading = [path.name for path in BACKEND.rglob("*.py") if at_start.search(path.read_text(encoding="utf-8"))]
    assert loading == ["otlp.py"]


def test_the_version_that_is_told_is_that_of_the_package() -> None:
    project = tomllib.loads((BACKEND.parent / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["version"] == VERSION
