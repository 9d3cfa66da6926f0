"""Asking every backend once, to see which ones work."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from backend.errors import ModelError
from backend.ids import new_id
from backend.llm.backends import OpenBackend
from backend.llm.deadlines import Deadlines
from backend.llm.endpoint import Attempt
from backend.llm.gateway import ChatTurn, ModelRequest, Usage

#: Enough for a model that thinks before it speaks to say something; nobody waits for more.
_MAX_TOKENS: Final = 256
_QUESTION: Final = "请只回答一个词：好。Answer with one word: ok."


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one call, in milliseconds. Without `error` it worked, even if it said nothing."""

    backend: OpenBackend
    error: ModelError | None
    text: str = ""
    usage: Usage | None = None
    first_token_ms: int | None = None
    total_ms: int = 0


async def tried(backends: Iterable[OpenBackend], deadlines: Deadlines) -> AsyncIterator[Tried]:
    """Ask the backends one after the other, each once: no retries, no fallback, on nobody's account."""
    for backend in backends:
        yield await _try(backend, deadlines)


async def _try(backend: OpenBackend, deadlines: Deadlines) -> Tried:
    clock = asyncio.get_running_loop().time
    began = clock()
    declared = backend.declared.parameters
    request = ModelRequest(
        purpose="message" if backend.takes("message") else "chat",
        turns=[ChatTurn("user", _QUESTION)],
        brief={"message": _QUESTION},
        temperature=declared.temperature,
        max_tokens=min(_MAX_TOKENS, backend.declared.limits.output or _MAX_TOKENS),
    )
    attempt = Attempt(deadlines, began + deadlines.total, new_id().hex, declared.extra)
    text, usage, first = "", None, None
    try:
        async with aclosing(backend.endpoint.stream(request, attempt)) as pieces:
            async for piece in pieces:
                if first is None:
                    first = int((clock() - began) * 1000)
                text += piece.text
                usage = piece.usage or usage
    except ModelError as error:
        return Tried(backend, error, text, usage, first, int((clock() - began) * 1000))
    return Tried(backend, None, text, usage, first, int((clock() - began) * 1000))
