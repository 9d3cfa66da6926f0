"""Spans of calls, by OpenTelemetry's conventions for generative AI: one a call, and one below it for each attempt.

They are made from the record of a call when it is over, so that they cost a stream nothing. They hold no texts.
"""

import time
from typing import Final

from backend.llm.accounts import CallRecord
from backend.telemetry.spans import Span, Value

#: Reasons of hops that are no attempts: the backend was not asked, unless it said so itself.
_NOT_ASKED: Final = frozenset({"same_provider", "resting", "busy", "unsupported"})


def span_of(record: CallRecord, now: float | None = None) -> Span:
    """Return the span of a call that ended `now` (seconds since 1970); its attempts are its parts."""
    ended = time.time() if now is None else now
    began = ended - record.total_ms / 1000
    failed = record.failure if record.status in ("failed", "cancelled", "refused") else None
    return Span(f"chat {record.model}", began, ended, _attributes(record), failed, _attempts(record, began))


def _attributes(record: CallRecord) -> dict[str, Value]:
    caller, usage = record.caller, record.usage
    attributes: dict[str, Value | None] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": record.model,
        "gen_ai.request.stream": record.streamed,
        "gen_ai.conversation.id": str(caller.thread_id) if caller and caller.thread_id else None,
        "gen_ai.prompt.name": record.prompt_version or None,
        "error.type": record.failure,
        "cuedesk.call.id": str(record.id),
        "cuedesk.provider": record.provider,
        "cuedesk.tenant.id": str(caller.tenant_id) if caller else None,
        "cuedesk.run.id": str(caller.run_id) if caller and caller.run_id else None,
        "cuedesk.node": record.node,
        "cuedesk.status": record.status,
        "cuedesk.backend": record.backend,
        "cuedesk.fallback_from": record.fallback_from,
        "cuedesk.attempts": record.attempts,
        "cuedesk.refusal": record.refusal,
    }
    attributes |= _asked(record)
    if record.status not in ("shared", "refused"):
        attributes |= _answered(record) | {
            "gen_ai.usage.input_tokens": usage.input_tokens,
            "gen_ai.usage.output_tokens": usage.output_tokens,
            "gen_ai.usage.cache_read.input_tokens": usage.cached_tokens,
            "gen_ai.usage.reasoning.output_tokens": usage.reasoning_tokens,
            "gen_ai.response.time_to_first_chunk": (
                None if record.first_token_ms is None else record.first_token_ms / 1000
            ),
            "cuedesk.usage.estimated": usage.estimated,
            "cuedesk.cost": float(record.cost),
            "cuedesk.currency": record.currency,
        }
    return {name: value for name, value in attributes.items() if value is not None}


def _asked(record: CallRecord) -> dict[str, Value | None]:
    told = record.particulars
    if told is None:
        return {"gen_ai.provider.name": record.provider}
    where = told.whereabouts
    return {
        "gen_ai.provider.name": where.provider,
        "server.address": where.address,
        "server.port": where.port,
        "gen_ai.request.temperature": told.temperature,
        "gen_ai.request.max_tokens": told.max_tokens,
        "gen_ai.request.top_p": told.top_p,
        "gen_ai.request.seed": told.seed,
        "gen_ai.output.type": "json" if told.wants_json else None,
    }


def _answered(record: CallRecord) -> dict[str, Value | None]:
    """Return how the provider calls its answer and the model, and why it ended; of our own words only the model's."""
    told = record.particulars
    if told is None or record.status != "completed":
        return {}
    return {
        "gen_ai.response.id": told.answer_id or None,
        "gen_ai.response.model": told.model or record.model,
        "gen_ai.response.finish_reasons": (told.finish_reason,) if told.finish_reason else None,
    }


def _attempts(record: CallRecord, began: float) -> list[Span]:
    spans: list[Span] = []
    since = began

    def attempt(backend: str, until: float, error: str | None, status: int | None) -> Span:
        attributes: dict[str, Value] = {"cuedesk.backend": backend}
        if error is not None:
            attributes["error.type"] = error
        if status is not None:
            attributes["http.response.status_code"] = status
        return Span(f"attempt {backend}", since, max(since, until), attributes, error)

    for hop in record.hops:
        over = began + hop.elapsed_ms / 1000
        if hop.reason not in _NOT_ASKED or hop.status is not None:
            spans.append(attempt(hop.backend, over, hop.reason, hop.status))
        since = over + hop.pause_ms / 1000
    if record.attempts and (record.status == "completed" or len(spans) < record.attempts):
        # The last one: it answered, or whoever asked left.
        spans.append(attempt(record.backend, began + record.total_ms / 1000, record.failure, None))
    return spans
