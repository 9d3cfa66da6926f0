"""One model at one address, asked once. Retries, fallbacks and accounts are routed.py's."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from backend.llm.deadlines import Deadlines
from backend.llm.gateway import Answer, ModelRequest, Piece
from backend.llm.profiles import Shaping


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


class Endpoint(Protocol):
    """Raises a `ModelError` for everything that goes wrong; closing or cancelling hangs up on the provider."""

    def stream(self, request: ModelRequest, attempt: Attempt) -> AsyncGenerator[Piece, None]: ...

    async def complete(self, request: ModelRequest, attempt: Attempt) -> Answer: ...

    async def aclose(self) -> None: ...
