"""What a call was: where it went and why, what it used and cost. One record a call, and the metrics made from it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal
from uuid import UUID

from prometheus_client import Counter, Histogram

from backend.errors import Failure
from backend.llm.conventions import Whereabouts
from backend.llm.gateway import Caller, ChatTurn, ToolCallPart, Usage, called
from backend.llm.models_file import Prices, is_own
from backend.telemetry.metrics import REGISTRY

#: `shared`: the answer of the same call of somebody else, on whose account it is. `refused`: nobody was asked, because
#: no budget was left.
Status = Literal["completed", "failed", "cancelled", "shared", "refused"]
#: Why a backend was not what answered: its failure, or that it was passed over without being asked. `shape_not_taken`:
#: it does not take what it was told of the shape of the answer, and was asked again with less.
Reason = Failure | Literal["same_provider", "shape_not_taken", "cancelled"]


@dataclass(frozen=True, slots=True)
class Spent:
    """What one attempt used, at the prices of the backend that was asked."""

    backend: str
    provider: str
    model: str
    usage: Usage
    cost: Decimal
    currency: str
    whereabouts: Whereabouts


@dataclass(frozen=True, slots=True)
class Hop:
    """A backend that did not answer, and why. `pause_ms` is what was waited after it.

    What it used is part of the call's: thoughts, and text that nobody was shown, are made and paid for. `estimated`
    says that we counted some of it; `cost` is in the currency of the call.
    """

    backend: str
    reason: Reason
    elapsed_ms: int
    pause_ms: int = 0
    status: int | None = None
    input_tokens: int = 0
    output_tokens: int = 0
    estimated: bool = False
    cost: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class CallTexts:
    """What was said in a call: what was asked, and the answer with its tool calls as far as they came."""

    turns: Sequence[ChatTurn]
    answer: str
    tool_calls: tuple[ToolCallPart, ...] = ()

    @property
    def characters(self) -> int:
        return sum(len(turn.whole) for turn in self.turns) + len(self.answer) + len(called(self.tool_calls))


@dataclass(frozen=True, slots=True)
class Particulars:
    """What spans tell of a call beside its account: who was asked last, what was sent, and what came of it.

    Not where the answer was to end: those are words of whoever asked.
    `answer_id` and `model` are the provider's words for its answer and for what made it; empty where it says nothing.
    """

    whereabouts: Whereabouts
    temperature: float | None = None
    max_tokens: int | None = None
    top_p: float | None = None
    seed: int | None = None
    wants_json: bool = False
    finish_reason: str | None = None
    answer_id: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One logical call with all its attempts. Milliseconds are from its beginning.

    `backend`, `provider` and `model` are those that answered, or were asked last. `fallback_from` is the backend that
    should have answered, when another did. `usage` and `cost` are the sums of `parts`, what each attempt used, that of
    abandoned ones included; without parts all is that of `backend`. `refusal` says which budget was used up. `texts`
    are for whoever keeps them where the tenant allows it, and for nobody else: they never go into a log, a metric or
    a span.
    """

    id: UUID
    caller: Caller | None
    node: str
    prompt_version: str
    streamed: bool
    backend: str
    provider: str
    model: str
    fallback_from: str | None
    status: Status
    failure: Reason | None
    attempts: int
    hops: tuple[Hop, ...]
    usage: Usage
    cost: Decimal
    currency: str
    first_token_ms: int | None
    total_ms: int
    refusal: str | None = None
    parts: tuple[Spent, ...] = ()
    #: Whether it went by a route of the tenant's own: how it went is no other tenant's affair.
    own_route: bool = False
    particulars: Particulars | None = None
    texts: CallTexts | None = field(default=None, repr=False)


#: Takes a record at once and never fails: it is called where the answer is streamed.
Book = Callable[[CallRecord], None]

_MILLION: Final = 1_000_000
#: What stands in the metrics for every model of a tenant's own.
_OWN: Final = "own"


def cost_of(usage: Usage, prices: Prices | None) -> tuple[Decimal, str]:
    """Return what `usage` costs and in which currency; nothing where no price is declared."""
    if prices is None:
        return Decimal(0), "USD"
    cached = min(usage.cached_tokens, usage.input_tokens)
    price_of_cached = prices.input if prices.cached is None else prices.cached
    cost = (usage.input_tokens - cached) * prices.input + cached * price_of_cached + usage.output_tokens * prices.output
    return cost / _MILLION, prices.currency


def summed(parts: Iterable[Spent]) -> Usage:
    """Return what all attempts used together; `estimated` where we counted any of it, or nothing was used."""
    used = [part.usage for part in parts]
    return Usage(
        sum(one.input_tokens for one in used),
        sum(one.output_tokens for one in used),
        not used or any(one.estimated for one in used),
        sum(one.cached_tokens for one in used),
        sum(one.reasoning_tokens for one in used),
    )


_WAITS: Final = (0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128)
_OF_MODEL: Final = ("provider", "model")
_CALLS: Final = Counter(
    "cuedesk_llm_calls", "Calls of language models, with all their attempts", ["node", *_OF_MODEL, "status"],
    registry=REGISTRY,
)  # fmt: skip
_FAILURES: Final = Counter(
    "cuedesk_llm_hops", "Attempts and backends that did not answer, by reason", ["backend", "reason"], registry=REGISTRY
)
_FALLBACKS: Final = Counter(
    "cuedesk_llm_fallbacks", "Calls that another backend answered than the first", ["node", "first", "answered"],
    registry=REGISTRY,
)  # fmt: skip
_TOKENS: Final = Counter("cuedesk_llm_tokens", "Tokens by kind", [*_OF_MODEL, "kind"], registry=REGISTRY)
_COST: Final = Counter("cuedesk_llm_cost", "What calls cost", [*_OF_MODEL, "currency"], registry=REGISTRY)
_FIRST: Final = Histogram(
    "cuedesk_llm_first_token_seconds", "From the call to its first token", _OF_MODEL, buckets=_WAITS, registry=REGISTRY
)
_TOTAL: Final = Histogram(
    "cuedesk_llm_call_seconds", "From the call to its end", _OF_MODEL, buckets=_WAITS, registry=REGISTRY
)


# OpenTelemetry's semantic conventions for generative AI, in Prometheus' spelling, with the buckets they ask for: what
# dashboards of others look for. What a provider calls its model is no label: whatever it says would stay for ever.
_GEN_AI: Final = (
    "gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model", "server_address", "server_port",
)  # fmt: skip
_GEN_AI_SECONDS: Final = tuple(0.01 * 2**power for power in range(14))
_GEN_AI_USAGE: Final = Histogram(
    "gen_ai_client_token_usage", "Number of input and output tokens used", [*_GEN_AI, "gen_ai_token_type"],
    buckets=tuple(4**power for power in range(14)), registry=REGISTRY,
)  # fmt: skip
_GEN_AI_DURATION: Final = Histogram(
    "gen_ai_client_operation_duration_seconds", "GenAI operation duration", [*_GEN_AI, "error_type"],
    buckets=_GEN_AI_SECONDS, registry=REGISTRY,
)  # fmt: skip
_GEN_AI_FIRST: Final = Histogram(
    "gen_ai_client_operation_time_to_first_chunk_seconds", "Time to receive the first chunk", _GEN_AI,
    buckets=_GEN_AI_SECONDS, registry=REGISTRY,
)  # fmt: skip


def measure(record: CallRecord) -> None:
    """Add a record to the metrics. Models of a tenant's own are one there: their names are the tenant's, as many as it
    likes, and no label of a metric is ever given back. So is what its own routes ask, of the server's models too: how
    that went and how long it took comes of the tenant's parameters and deadlines. What it used is paid for by whom
    the model is of, and stays there."""
    provider, model = (_OWN, _OWN) if record.own_route else _labels(record)

    def label(backend: str) -> str:
        return _OWN if record.own_route or is_own(backend) else backend

    _CALLS.labels(record.node, provider, model, record.status).inc()
    for hop in record.hops:
        _FAILURES.labels(label(hop.backend), hop.reason).inc()
    if record.fallback_from is not None and record.status == "completed":
        _FALLBACKS.labels(record.node, label(record.fallback_from), label(record.backend)).inc()
    if record.status in ("shared", "refused"):
        return  # nobody was asked
    # Each attempt where it was made: what was abandoned is another model's.
    for part in record.parts or (record,):
        _measure_used(part)
    if record.first_token_ms is not None:
        _FIRST.labels(provider, model).observe(record.first_token_ms / 1000)
    _TOTAL.labels(provider, model).observe(record.total_ms / 1000)
    _measure_by_conventions(record)


def _measure_used(part: Spent | CallRecord) -> None:
    usage, labels = part.usage, _labels(part)
    counted = {
        "input": usage.input_tokens - usage.cached_tokens,
        "cached": usage.cached_tokens,
        "output": usage.output_tokens - usage.reasoning_tokens,
        "reasoning": usage.reasoning_tokens,
    }
    for kind, tokens in counted.items():
        if tokens > 0:
            _TOKENS.labels(*labels, kind).inc(tokens)
    if part.cost:
        _COST.labels(*labels, part.currency).inc(float(part.cost))
    if usage.input_tokens or usage.output_tokens:
        of = _conventional_labels(part, own=is_own(part.backend))
        _GEN_AI_USAGE.labels(*of, "input").observe(usage.input_tokens)
        _GEN_AI_USAGE.labels(*of, "output").observe(usage.output_tokens)


def _labels(asked: Spent | CallRecord) -> tuple[str, str]:
    return (_OWN, _OWN) if is_own(asked.backend) else (asked.provider, asked.model)


def _conventional_labels(asked: Spent | CallRecord, *, own: bool) -> tuple[str, ...]:
    if own:
        return ("chat", _OWN, _OWN, "", "")
    if isinstance(asked, Spent):
        where = asked.whereabouts
    else:
        where = asked.particulars.whereabouts if asked.particulars else Whereabouts(asked.provider)
    return ("chat", where.provider, asked.model, where.address or "", str(where.port or ""))


def _measure_by_conventions(record: CallRecord) -> None:
    of = _conventional_labels(record, own=record.own_route or is_own(record.backend))
    _GEN_AI_DURATION.labels(*of, record.failure or "").observe(record.total_ms / 1000)
    if record.first_token_ms is not None:
        _GEN_AI_FIRST.labels(*of).observe(record.first_token_ms / 1000)
