"""Spans on their way to a collector: OpenTelemetry's SDK, which gathers and sends from a thread of its own.

Its provider is ours alone, never the process's: otherwise every library that knows OpenTelemetry would begin to tell
what it does, and of whom.
"""

import asyncio
import contextlib
import os
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Final

import requests
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import Span as Started
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context
from prometheus_client import Counter
from pydantic import SecretStr

from backend import VERSION
from backend.settings import Settings
from backend.telemetry.metrics import REGISTRY
from backend.telemetry.spans import Span

_LOST: Final = Counter("cuedesk_spans_lost", "Spans that no collector took", registry=REGISTRY)

#: As others take it: not of zeros.
_TRACE_ID: Final = re.compile(r"(?!0{32})[0-9a-f]{32}")
#: Seconds for what is left when the server ends.
_LAST_ROUND: Final = 3.0


class Spans:
    """Takes spans at once; the SDK sends them in batches, and what is left when it is closed."""

    def __init__(self, settings: Settings) -> None:
        self._most = settings.otel_bsp_max_queue_size
        self._on_their_way = 0
        self._over = False
        self._counting = threading.Lock()
        self._ids = _TraceIds()
        with _lent(settings):
            # The collector is the operator's own: it is reached directly and with the headers that were set, not
            # through whatever proxy or with whatever password the shell's owner keeps.
            session = requests.Session()
            session.trust_env = False
            self._exporter = _Counted(OTLPSpanExporter(session=session), self._arrived)
            self._provider = TracerProvider(resource=_ourselves(), id_generator=self._ids, shutdown_on_exit=False)
            self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer("cuedesk", VERSION)

    def take(self, span: Span, trace: str | None) -> None:
        """Keep a span and its parts until the next batch.

        `trace` is that of the request or run it belongs to, as it stands on the lines of the log; without one it is a
        trace of its own. When as many spans as may be are still on their way, these are lost: the SDK would drop others
        in their place, and count none.
        """
        self._ids.given = int(trace, 16) if trace is not None and _TRACE_ID.fullmatch(trace) else None
        whole = self._start(span, Context())
        if whole.is_recording():  # and not left out by the sampler
            with self._counting:
                room = self._on_their_way + len(span) <= self._most
                self._on_their_way += len(span) if room else 0
            if room:
                self._finish(whole, span)
            else:
                _LOST.inc(len(span))

    def _start(self, span: Span, context: Context) -> Started:
        return self._tracer.start_span(
            span.name, context, SpanKind.CLIENT, span.attributes, start_time=_nanoseconds(span.began)
        )

    def _finish(self, started: Started, span: Span) -> None:
        for part in span.parts:
            self._finish(self._start(part, set_span_in_context(started)), part)
        if span.error is not None:
            started.set_status(Status(StatusCode.ERROR, span.error))
        started.end(_nanoseconds(span.ended))

    def _arrived(self, spans: int, taken: bool) -> None:
        with self._counting:
            if self._over:  # these were given up
                return
            self._on_their_way -= spans
        if not taken:
            _LOST.inc(spans)

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Send while the block runs, and the rest at its end; a collector that takes too long loses it."""
        try:
            yield
        finally:
            loop, over = asyncio.get_running_loop(), asyncio.Event()

            def shut_down() -> None:
                self._provider.shutdown()
                with contextlib.suppress(RuntimeError):  # too late: the loop is gone
                    loop.call_soon_threadsafe(over.set)

            # It waits for the thread that sends, half a minute if need be: neither the loop nor the process may.
            threading.Thread(target=shut_down, name="spans' end", daemon=True).start()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LAST_ROUND):
                    await over.wait()
            if not over.is_set():
                self._exporter.shutdown()
            with self._counting:
                self._over = True
            _LOST.inc(self._on_their_way)


def _ourselves() -> Resource:
    # The environment's words last: what a resource is created with counts more than they do.
    ours = {"service.name": "cuedesk", "service.version": VERSION}
    return Resource.create({**ours, **OTELResourceDetector().detect().attributes})


class _TraceIds(RandomIdGenerator):
    """Random ids, but for the trace that is `given`: the SDK asks for one when a span is nobody's part."""

    given: int | None = None

    def generate_trace_id(self) -> int:
        """Return the id of the next trace."""
        return super().generate_trace_id() if self.given is None else self.given


class _Counted(SpanExporter):
    """Sends through another and says how many it took, or did not."""

    def __init__(self, sender: SpanExporter, arrived: Callable[[int, bool], None]) -> None:
        self._sender = sender
        self._arrived = arrived

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send a batch."""
        result = SpanExportResult.FAILURE
        try:
            result = self._sender.export(spans)
        finally:
            self._arrived(len(spans), result is SpanExportResult.SUCCESS)
        return result

    def shutdown(self) -> None:
        """Give up what is being tried again."""
        self._sender.shutdown()


@contextlib.contextmanager
def _lent(settings: Settings) -> Iterator[None]:
    """Show OpenTelemetry's variables to the SDK, which reads only the environment: ours may stand in `.env`."""
    lent = dict(_variables(settings))
    before = {name: os.environ.get(name) for name in lent}
    os.environ.update(lent)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _variables(settings: Settings) -> Iterator[tuple[str, str]]:
    for name in settings.model_fields_set:
        variable, value = Settings.model_fields[name].validation_alias, getattr(settings, name)
        if isinstance(variable, str) and variable.startswith("OTEL_") and value is not None:
            yield variable, value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)
