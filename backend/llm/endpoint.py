"""One model at one address, asked once. Retries, fallbacks and accounts are routed.py's."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from backend.llm.deadlines import Deadlines
from backend.llm.gateway import Answer, ModelRequest, Piece, ToolCallPart, Usage
from backend.llm.profiles import Shaping


@dataclass(slots=True)
class Meter:
    """What an attempt used and came to, however it ended. The endpoint writes it before it ends, for an answer that is
    given up has nobody else to say it.

    `usage` is as the provider counted, else as estimated from what came; None when nothing did. `tool_calls` may break
    off in their arguments. `answer_id` is the provider's, `model` the one that it names; empty where it says nothing.
    """

    usage: Usage | None = None
    tool_calls: tuple[ToolCallPart, ...] = ()
    answer_id: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """How long it may take, and what goes out beside the request.

    `give_up_at` is on the loop's clock. `idempotency_key` is the same for every attempt that must count as one.
    """

    deadlines: Deadlines
    give_up_at: float
    idempotency_key: str
    extra: Mapping[str, Any] = field(default_factory=dict)
    #: What the provider is told of the shape of the answer; None: what its profile says.
    shaping: Shaping | None = None
    meter: Meter = field(default_factory=Meter)


class Endpoint(Protocol):
    """Raises a `ModelError` for everything that goes wrong; closing or cancelling hangs up on the provider."""

    def stream(self, request: ModelRequest, attempt: Attempt) -> AsyncGenerator[Piece, None]: ...

    async def complete(self, request: ModelRequest, attempt: Attempt) -> Answer: ...

    async def aclose(self) -> None: ...
