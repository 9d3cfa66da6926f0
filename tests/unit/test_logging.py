"""Log lines: one form for ours and the libraries', the trace on each, nothing private in any."""

import json
import logging
from collections.abc import Iterator

import asyncpg
import pytest
import structlog

from backend.telemetry.logging import configure_logging, current_trace, tracing


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_our_lines_and_the_libraries_carry_the_same_trace(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="info", form="json")
    with tracing(trace_id="t1"):
        structlog.get_logger("backend.runs").info("run_started", run_id="r1")
        logging.getLogger("uvicorn.error").info("listening on %s", "127.0.0.1")
        assert current_trace() == "t1"
    ours, theirs = lines(capsys)
    assert ours["trace_id"] == theirs["trace_id"] == "t1"
    assert (ours["event"], ours["run_id"], ours["logger"]) == ("run_started", "r1", "backend.runs")
    assert theirs["event"] == "listening on 127.0.0.1"


def test_a_line_outside_any_trace_still_has_the_field(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="info", form="json")
    structlog.get_logger("x").info("start")
    with tracing(trace_id="t1"):
        structlog.get_logger("x").info("inside")
    structlog.get_logger("x").info("after")
    assert [line["trace_id"] for line in lines(capsys)] == ["-", "t1", "-"]


def test_the_mask_reaches_text_values_nested_values_and_tracebacks(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="info", form="json", mask=lambda text: text.replace("13800138000", "[phone]"))
    log = structlog.get_logger("x")
    log.info("called", text="打 13800138000", nested={"a": ["13800138000"]})
    logging.getLogger("library").warning("number %s", "13800138000")
    try:
        raise ValueError("13800138000")
    except ValueError:
        log.exception("failed")
    out = capsys.readouterr().out
    assert "13800138000" not in out
    assert out.count("[phone]") >= 4


def test_secrets_are_never_shown_but_counts_are(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="info", form="json")
    structlog.get_logger("x").info("call", api_key="sk-1", headers={"Authorization": "Bearer abc"}, tokens=12)
    (line,) = lines(capsys)
    assert (line["api_key"], line["headers"], line["tokens"]) == ("***", {"Authorization": "***"}, 12)


def test_the_level_holds_for_both_kinds_and_chatty_libraries_are_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="info", form="json")
    structlog.get_logger("x").debug("no")
    logging.getLogger("some.library").debug("no")
    logging.getLogger("uvicorn.access").info("no")
    assert lines(capsys) == []


def test_the_console_form_is_readable_and_keeps_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="info", form="console")
    structlog.get_logger("x").info("脚本完成", room="一号")
    out = capsys.readouterr().out
    assert "脚本完成" in out
    assert "一号" in out


def test_an_outage_that_the_job_queue_survives_is_one_calm_line_and_a_fault_of_its_own_is_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging(level="info", form="json")
    queue = logging.getLogger("pgqueuer")
    for error in (ConnectionRefusedError("no"), asyncpg.ObjectNotInPrerequisiteStateError("not now"), KeyError("job")):
        try:
            raise error
        except Exception:  # noqa: BLE001 -- as the library does
            queue.exception("Flush failed, requeuing %d items", 1)
    away, refused, fault = lines(capsys)
    assert (away["level"], away["error"]) == ("warning", "ConnectionRefusedError")
    assert (refused["level"], refused["error"]) == ("warning", "ObjectNotInPrerequisiteStateError")
    assert not {"exception", "exc_info"} & {name for line in (away, refused) for name, value in line.items() if value}
    assert fault["level"] == "error"
    assert "Traceback" in str(fault["exception"])


def test_a_logger_of_opentelemetry_says_one_thing_a_minute(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(level="info", form="json")
    for name, second in (("sdk.a", 0), ("sdk.a", 59), ("sdk.b", 59), ("sdk.a", 61), ("sdk.a", 62)):
        record = logging.makeLogRecord({"name": f"opentelemetry.{name}", "levelno": logging.ERROR, "msg": str(second)})
        record.created = 1_000_000.0 + second
        logging.getLogger(record.name).handle(record)
    for _ in range(2):
        logging.getLogger("opentelemetryish").error("another")
        logging.getLogger("opentelemetry.exporter.otlp.x").warning("tried again in a second")
        logging.getLogger("opentelemetry.util.re").warning("cannot read key=abc")
    assert [line["event"] for line in lines(capsys)] == ["0", "59", "61", "another", "another"]
