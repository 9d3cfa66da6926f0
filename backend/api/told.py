"""What a direct call answered, and how it is answered again: the same for the same `Idempotency-Key`."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import Header, Request
from pydantic import BaseModel

from backend.api.answering import Flow, begun, unless_gone
from backend.domain.people import Identity
from backend.ids import new_id
from backend.llm.gateway import Answer, ModelRequest, Piece, ToolCallPart, Usage, gathered
from backend.llm.structured import Structured
from backend.runs.answers import Hold, Plain
from backend.services import Services

#: Beside an answer that was given before.
REPLAYED: Final = {"Idempotent-Replayed": "true"}

AnswerKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Asked again with the same key and body within a day, the same answer comes and no model is asked. "
        "The call goes on when its caller leaves. With another body it is refused (422, `idempotency_key_reused`); a "
        "stream whose first is under way too (409, `answer_under_way`).",
    ),
]


@dataclass(frozen=True, slots=True)
class Told:
    """An answer. `calls` are those that were answered, as they are accounted; the last one gave this answer. `text` is
    the JSON of the object where a schema was given. `made_at` are seconds since 1970."""

    calls: tuple[UUID, ...]
    made_at: int
    text: str
    reasoning: str
    finish_reason: str
    model: str
    usage: Usage
    repaired: bool = False
    tool_calls: tuple[ToolCallPart, ...] = ()

    @property
    def id(self) -> UUID:
        """Return the call that gave it."""
        return self.calls[-1]

    @classmethod
    def of(cls, call: UUID, answer: Answer) -> "Told":
        """Return the answer of a call."""
        return cls.of_several((call,), answer)

    @classmethod
    def of_several(cls, calls: tuple[UUID, ...], answer: Answer) -> "Told":
        """Return the answer of the last of several calls."""
        text, reasoning, reason, model = answer.text, answer.reasoning, answer.finish_reason, answer.model or ""
        return cls(calls, int(time.time()), text, reasoning, reason, model, answer.usage, tool_calls=answer.tool_calls)

    @classmethod
    def held(cls, found: Structured[Any]) -> "Told":
        """Return the answer that meets a schema."""
        text = orjson.dumps(found.value).decode()
        return cls(found.calls, int(time.time()), text, "", "stop", found.model or "", found.usage, found.repaired)

    @classmethod
    def again(cls, plain: Plain) -> "Told":
        """Return the answer that was kept."""
        calls = tuple(UUID(call) for call in plain["calls"])
        called = tuple(ToolCallPart(*call) for call in plain.get("tool_calls", ()))
        return cls(**{**plain, "calls": calls, "usage": Usage(**plain["usage"]), "tool_calls": called})

    def plain(self) -> Plain:
        """Return it as it is kept."""
        plain = {**asdict(self), "calls": [str(call) for call in self.calls]}
        if not plain.pop("tool_calls"):
            return plain  # as processes of the release before can read it
        return {**plain, "tool_calls": [list(call) for call in self.tool_calls]}

    async def pieces(self) -> AsyncGenerator[Piece, None]:
        """Yield it as a stream."""
        if self.text or self.reasoning or self.tool_calls:
            yield Piece(self.text, self.reasoning, tool_calls=self.tool_calls)
        yield Piece(finish_reason=self.finish_reason, usage=self.usage, model=self.model)


async def told_once(
    request: Request,
    services: Services,
    identity: Identity,
    key: str | None,
    body: BaseModel,
    ask: Callable[[], Awaitable[Told]],
) -> tuple[Told, bool]:
    """Return the answer, and whether it was given before. Who hangs up hangs up the provider, unless there is a key.

    Raises:
        IdempotencyKeyReused: the key was used with another body.
    """
    if key is None:
        return await unless_gone(request, _awaited(ask)), False

    async def asked() -> Plain:
        return (await ask()).plain()

    once = services.answers.once(identity.tenant_id, key, _bytes(body), asked)
    plain, again = await unless_gone(request, once)
    return Told.again(plain), again


async def _awaited(ask: Callable[[], Awaitable[Told]]) -> Told:
    return await ask()


async def streamed_once(
    request: Request, services: Services, identity: Identity, key: str | None, body: BaseModel, asked: ModelRequest
) -> Flow | Told:
    """Open the stream, or return the answer that was given before.

    Raises:
        AnswerUnderWay: the first stream with this key is not at its end.
        IdempotencyKeyReused: the key was used with another body.
    """
    if key is None:
        return await begun(request, services.model.stream(asked))
    found = await services.answers.claim(identity.tenant_id, key, _bytes(body))
    if isinstance(found, Hold):
        return await begun(request, _kept_stream(services, found, asked))
    return Told.again(found)


async def _kept_stream(services: Services, hold: Hold, asked: ModelRequest) -> AsyncGenerator[Piece, None]:
    """Yield the pieces of a stream that is read to its end whoever leaves."""
    ready: asyncio.Queue[Piece | None] = asyncio.Queue()

    async def passed_on() -> AsyncGenerator[Piece, None]:
        async with aclosing(services.model.stream(asked)) as pieces:
            async for piece in pieces:
                ready.put_nowait(piece)
                yield piece

    async def ask() -> Plain:
        async with aclosing(passed_on()) as pieces:
            answer = await gathered(pieces, asked)
        assert asked.call_id is not None
        return Told.of(asked.call_id, answer).plain()

    reading = asyncio.create_task(services.answers.asked(hold, ask))
    reading.add_done_callback(lambda _: ready.put_nowait(None))
    try:
        while (piece := await ready.get()) is not None:
            yield piece
        await reading
    finally:
        reading.cancel()  # ours only: the call itself goes on
        await asyncio.wait({reading})


def _bytes(body: BaseModel) -> bytes:
    return f"{type(body).__name__} {body.model_dump_json()}".encode()


def accounted(asked: ModelRequest) -> ModelRequest:
    """Return the request with the id that its answer bears and its call is accounted under."""
    return replace(asked, call_id=new_id())
