"""What a run of the graph knows: its state (small plain JSON, checkpointed) and its context (living objects)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict
from uuid import UUID

from langgraph.types import StreamWriter

from backend.domain.profiles import Profiles
from backend.llm.gateway import Model
from backend.memory.embed import Embedder
from backend.quality.lexicon import RuleSnapshot
from backend.settings import Settings
from backend.storage.postgres import Database

Outcome = Literal["completed", "rejected", "expired"]


class ScriptState(TypedDict, total=False):
    """One run, from request to outcome. Plain JSON only: it is written after every step.

    The transcript is not here; it lives in our own tables and every run reads the window it needs.
    """

    request: dict[str, Any]
    requested_by: str

    # intent
    kind: str
    reading: dict[str, Any]
    slots: dict[str, Any]
    options: list[dict[str, str]]
    question: str
    reply: str
    later: list[str]
    room: dict[str, Any] | None
    previous: dict[str, Any] | None
    history: list[dict[str, str]]

    #: The stamp of the catalogue that was read, and the run and the attempt that did.
    catalogue: dict[str, Any]

    # profile, product, recall
    host: dict[str, Any]
    product: dict[str, Any]
    previous_product: str | None
    assumed: list[dict[str, str]]
    host_assumptions: list[str]
    product_assumptions: list[str]
    #: Which memories; their texts are read when they are needed.
    recalled: list[dict[str, str]]
    recall_reasons: dict[str, Any]
    #: The room's last approved scripts, newest first.
    aired: list[str]

    # script
    round: int
    retries: int
    rejections: int
    responses: int
    message_id: str
    draft: str
    draft_seed: int
    #: The model that wrote the draft.
    model: str
    #: Whether the model ended the draft by itself.
    finished: bool
    #: Why it ended, in the gateway's words (`Piece.finish_reason`).
    ended: str
    content: str
    edited: bool
    feedback: str
    #: What persons said before of earlier drafts of this run, the oldest first: it still counts.
    remarks: list[str]
    #: The experiment's variant that the draft was written in (`variants.Way.plain`), if any.
    experiment: dict[str, Any] | None

    # quality, review
    report: dict[str, Any]
    blocked: bool
    decision: dict[str, Any]

    outcome: Outcome
    script_id: str
    script_version: int


async def _no_log(_: StreamWriter) -> None:
    return None


@dataclass(frozen=True, slots=True)
class GraphContext:
    """What nodes may use. `attempt` is the fencing token of the worker that runs them."""

    tenant_id: UUID
    thread_id: UUID
    run_id: UUID
    attempt: int
    requested_by: UUID | None
    author_name: str
    db: Database
    model: Model
    #: The rules in force at this moment for a tenant, in a room if one is named.
    rules: Callable[[UUID, UUID | None], Awaitable[RuleSnapshot]]
    embedder: Embedder
    #: Hosts and products at hand.
    profiles: Profiles
    #: Takes what nodes say (as `runtime.stream_writer`), in order; never waits.
    say: StreamWriter
    #: Reads the messages that rules leave in doubt; without one the rules' reading stands.
    reader: Model | None = None
    #: Reads texts behind the checks; without one the checks' word stands alone.
    judge: Model | None = None
    #: Whether ways of writing are tried (`runs.Claimed`); where none are, nobody asks for one.
    experimental: bool = False
    max_quality_retries: int = 2
    max_rejections: int = 3
    max_responses: int = 3
    #: For what the tenant has no wish of its own.
    settings: Settings = field(default_factory=Settings.model_construct)
    #: Waits until what was given to the stream's writer is in the thread's log; without a log, not at all.
    said: Callable[[StreamWriter], Awaitable[None]] = _no_log


@dataclass(frozen=True, slots=True)
class Step:
    """What a node did: the change of the state, and what the operator is told about it (plain JSON)."""

    update: ScriptState
    detail: dict[str, Any]


def initial_state(request: dict[str, Any], requested_by: str) -> ScriptState:
    """Return the state a run starts from; `request` is `runs.request`."""
    return {
        "request": request,
        "requested_by": requested_by,
        "round": 0,
        "retries": 0,
        "rejections": 0,
        "responses": 0,
        "edited": False,
        "blocked": False,
        "feedback": "",
        "remarks": [],
        "later": [],
    }
