"""Spans: what happened and how long it took, for a collector of OpenTelemetry. Whether one is wanted, too.

They are sent by telemetry/otlp.py, which is loaded only then: the SDK takes its time.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from backend.settings import Settings

log = structlog.get_logger(__name__)

Value = str | int | float | bool | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """Something asked of somebody else that took from `began` to `ended` (seconds since 1970), and its parts.

    It is made when all is over, so nothing has to be carried along meanwhile. `error` is what went wrong, a word for
    programs.
    """

    name: str
    began: float
    ended: float
    attributes: Mapping[str, Value] = field(default_factory=dict)
    error: str | None = None
    parts: Sequence["Span"] = ()

    def __len__(self) -> int:
        return 1 + sum(map(len, self.parts))


def spans_wanted(settings: Settings) -> bool:
    """Return whether the settings name a collector that we can speak to; say in the log when we cannot."""
    endpoint = settings.otel_exporter_otlp_traces_endpoint or settings.otel_exporter_otlp_endpoint
    if endpoint is None or settings.otel_sdk_disabled or settings.otel_traces_exporter != "otlp":
        return False
    if not endpoint.startswith(("http://", "https://")) or settings.otel_exporter_otlp_protocol != "http/protobuf":
        log.warning("spans_not_sent", reason="only OTLP over HTTP with protobuf is spoken")
        return False
    return True
