"""Log lines: readable on a console or JSON, with the context's trace id, the libraries' lines included."""

import logging
import math
import sys
from collections.abc import Callable
from typing import Any, Final, Literal

import structlog
from structlog.contextvars import bound_contextvars, get_contextvars, merge_contextvars
from structlog.types import EventDict, Processor, WrappedLogger

#: Takes a text and returns it with personal data and secrets replaced.
Mask = Callable[[str], str]

_MASKED: Final = "***"
#: Values under these names are never shown, whatever they hold.
_SECRET_NAMES: Final = ("password", "secret", "token", "authorization", "cookie", "api_key", "ticket", "credential")
#: Numbers under such names are counts (`tokens=12`), not secrets.
_HARMLESS: Final = (int, float, bool, type(None))
_TRACE: Final = "trace_id"
_JOB_QUEUE: Final = "pgqueuer"
#: Seconds between two lines of a logger that would say the same all the time.
_RARELY: Final = 60.0


def configure_logging(*, level: str, form: Literal["console", "json"], mask: Mask | None = None) -> None:
    """Send every line, ours and the libraries', to standard output in one form. May be called again.

    `mask` is applied to every text of a line; the composition root passes it, because this layer knows no rules.
    """
    shared: list[Processor] = [
        merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        _with_trace,
        _calmed,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    # A traceback can quote personal data, so it becomes text before the mask sees the line.
    last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    last += [structlog.processors.format_exc_info, _masking(mask)]
    if form == "json":
        last.append(structlog.processors.JSONRenderer(ensure_ascii=False, default=str))
    else:
        last.append(structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty(), pad_event_to=24))
    handler = logging.StreamHandler(sys.stdout)
    handler.addFilter(_Rarely())
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=last))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True
    # What these say at INFO is one line per request, statement or job: ours carry more.
    for noisy in ("uvicorn.access", "httpx", "httpx2", "httpcore", "httpcore2", "pgqueuer", "alembic"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    # A batch of spans that is tried again is no trouble yet; a header that cannot be read is quoted, and may be a key.
    for noisy in ("opentelemetry.exporter", "opentelemetry.util.re"):
        logging.getLogger(noisy).setLevel(max(logging.ERROR, root.level))
    logging.captureWarnings(capture=True)


def current_trace() -> str | None:
    """Return the id of the trace this context is in; what a person can quote when something went wrong."""
    trace_id = get_contextvars().get(_TRACE)
    return str(trace_id) if trace_id is not None else None


def tracing(**values: object) -> Any:
    """A `with` block whose lines carry `values` (`trace_id=…`, `run_id=…`)."""
    return bound_contextvars(**values)


class _Rarely(logging.Filter):
    """Lets each of OpenTelemetry's loggers say one thing a minute: it would tell at each batch that nobody takes it."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is written."""
        if not record.name.startswith("opentelemetry."):
            return True
        if abs(record.created - self._last.get(record.name, -math.inf)) < _RARELY:
            return False
        self._last[record.name] = record.created
        return True


def _with_trace(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    # Present on every line, so that a search by it needs no special case for start and stop.
    event.setdefault(_TRACE, "-")
    return event


def _calmed(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    # The job queue tries again what the database did not take: in an outage one line says so, not a traceback a second.
    if event.get("logger") != _JOB_QUEUE:
        return event
    given = event.get("exc_info")
    error = given[1] if isinstance(given, tuple) else given if isinstance(given, BaseException) else sys.exc_info()[1]
    if given and error is not None and _is_outage(error):
        event["exc_info"] = None
        event["error"] = type(error).__name__
        event["level"] = "warning"
    return event


def _is_outage(error: BaseException) -> bool:
    # By name: this layer knows no driver.
    return isinstance(error, OSError) or any(kind.__module__.startswith("asyncpg.") for kind in type(error).__mro__)


def _masking(mask: Mask | None) -> Processor:
    clean = mask or (lambda text: text)

    def masked(name: str, value: object) -> object:
        if not isinstance(value, _HARMLESS) and any(secret in name.lower() for secret in _SECRET_NAMES):
            return _MASKED
        if isinstance(value, str):
            return clean(value)
        if isinstance(value, dict):
            return {str(key): masked(str(key), inner) for key, inner in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [masked("", inner) for inner in value]
        return value if isinstance(value, _HARMLESS) else clean(str(value))

    def apply(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        # These four are ours, never a person's; a hexadecimal id may look like a telephone number.
        kept = ("timestamp", "level", "logger", _TRACE)
        return {name: value if name in kept else masked(name, value) for name, value in event.items()}

    return apply
