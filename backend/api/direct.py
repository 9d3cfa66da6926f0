"""Asking a model directly, for services of the tenant: no graph, no checks of the text, but the same policy for
failures, the same limits and the same accounts as everything else (docs/models.md).
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import aclosing
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response, StreamingResponse

from backend.api.answering import STREAM_HEADERS, pieces_of
from backend.api.auth import Parts, allow
from backend.api.told import REPLAYED, AnswerKey, Told, accounted, streamed_once, told_once
from backend.domain import people
from backend.domain.model_calls import ServiceCaller
from backend.domain.people import Identity
from backend.errors import AppError, BadRequest, ModelMissing
from backend.ids import STORABLE
from backend.llm.gateway import AnswerShape, Caller, ChatTurn, ModelRequest, Piece, Usage
from backend.llm.schemas import AnswerSchema
from backend.llm.structured import ToolsCalled, structured
from backend.protocol.events import Problem
from backend.services import Services

router = APIRouter(prefix="/messages", tags=["models"])

Asker = Annotated[Identity, Depends(allow("model.ask"))]

#: The name that stands for the route of direct messages, with all its fallbacks.
ROUTE: Final = "cuedesk"
#: An answer on its way; None now and then, while nothing comes.
Pieces = AsyncGenerator[Piece | None, None] | AsyncGenerator[Piece, None]
MAX_TURNS: Final = 200
MAX_TOKENS: Final = 32_768
Text = Annotated[str, StringConstraints(min_length=1, max_length=400_000), STORABLE]


class Turn(BaseModel):
    """What somebody said. `system` turns are the rules for the answer."""

    model_config = ConfigDict(extra="forbid")

    role: Literal["system", "user", "assistant"]
    content: Text


class _Asked(BaseModel):
    model_config = ConfigDict(extra="forbid")

    messages: Annotated[list[Turn], Field(min_length=1, max_length=MAX_TURNS)]
    model: Annotated[str, StringConstraints(min_length=1, max_length=80), STORABLE] = Field(
        ROUTE, description="The name of one backend; without it the route for messages, with its fallbacks."
    )
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=MAX_TOKENS)] | None = None


class NewMessage(_Asked):
    """What a model is asked. With `stream` the answer comes as server-sent events: `text`, `reasoning`, and at last
    `end` or `problem`."""

    stream: bool = False


class NewStructuredMessage(_Asked):
    """What a model is asked, and the JSON Schema of the answer: an object, with references into itself only, without
    `patternProperties` and `unevaluated…`."""

    answer_schema: Annotated[dict[str, Any], Field(alias="schema")]
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,62}$")] = "answer"


class TokenUsage(BaseModel):
    """Tokens as the provider counted them, or `estimated`. Cached ones are of the input, reasoning is of the output."""

    model_config = ConfigDict(from_attributes=True)

    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    estimated: bool


class MessageAnswer(BaseModel):
    """What a model answered. `id` is the call's, as it is accounted (`GET /api/v1/model_calls/{id}`, a moment later).
    `model` is the one that did, which after a fallback is another than was asked first;
    `finish_reason` is `stop`, `length` (cut off), `content_filter` (cut by the provider), or a provider's own word,
    after which the answer may break off."""

    id: UUID
    model: str
    content: str
    reasoning: str
    finish_reason: str
    usage: TokenUsage


class StructuredAnswer(BaseModel):
    """A value that meets the schema. `repaired`: the first answer did not; `usage` is of all questions together.
    `calls` are those that were answered, as they are accounted, and `id` is the last of them."""

    id: UUID
    calls: list[UUID]
    model: str
    value: dict[str, Any]
    repaired: bool
    usage: TokenUsage


def model_request(
    services: Services,
    identity: Identity,
    turns: list[ChatTurn],
    *,
    model: str,
    temperature: float | None,
    max_tokens: int | None,
    shape: AnswerShape | None = None,
) -> ModelRequest:
    """Return the request of a direct call on the tenant's account.

    Raises:
        BadRequest: nobody asks anything.
        ModelMissing: no model is set up for this.
    """
    if all(turn.role != "user" for turn in turns):
        raise BadRequest("there must be a message of the user", field="body.messages")
    caller = Caller(identity.tenant_id)
    if people.is_service(identity.role):
        caller = ServiceCaller(identity.tenant_id, api_key_id=identity.user_id)
    if not services.model.serves("message", identity.tenant_id):
        raise ModelMissing
    return ModelRequest(
        purpose="message",
        turns=turns,
        brief={},
        temperature=temperature,
        max_tokens=max_tokens,
        shape=shape,
        caller=caller,
        backend=None if model == ROUTE else model,
    )


def _request(services: Services, identity: Identity, body: _Asked, shape: AnswerShape | None = None) -> ModelRequest:
    return model_request(
        services,
        identity,
        [ChatTurn(turn.role, turn.content) for turn in body.messages],
        model=body.model,
        temperature=body.temperature,
        max_tokens=body.max_tokens,
        shape=shape,
    )


def _usage(usage: Usage) -> TokenUsage:
    return TokenUsage.model_validate(usage)


@router.post(
    "",
    response_model=MessageAnswer,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def ask_model(
    request: Request, identity: Asker, services: Parts, body: NewMessage, key: AnswerKey = None
) -> Response:
    """Ask a model for a text."""
    asked = _request(services, identity, body)
    if body.stream:
        asked = accounted(asked)
        assert asked.call_id is not None
        found = await streamed_once(request, services, identity, key, body, asked)
        if isinstance(found, Told):
            return _stream(found.pieces(), found.id, {**STREAM_HEADERS, **REPLAYED})
        return _stream(pieces_of(found), asked.call_id, STREAM_HEADERS)
    told, again = await told_once(
        request, services, identity, key, body, lambda: whole_answer(services, accounted(asked))
    )
    whole = MessageAnswer(
        id=told.id,
        model=told.model,
        content=told.text,
        reasoning=told.reasoning,
        finish_reason=told.finish_reason,
        usage=_usage(told.usage),
    )
    headers = {"Cache-Control": "no-store", **(REPLAYED if again else {})}
    return Response(whole.model_dump_json(), media_type="application/json", headers=headers)


@router.post("/structured")
async def ask_model_structured(
    request: Request,
    response: Response,
    identity: Asker,
    services: Parts,
    body: NewStructuredMessage,
    key: AnswerKey = None,
) -> StructuredAnswer:
    """Ask a model for a JSON object that meets a schema. What does not is asked for once more, then refused."""
    schema = AnswerSchema.read(body.answer_schema)
    asked = _request(services, identity, body, AnswerShape(body.name, schema.plain))
    told, again = await told_once(
        request, services, identity, key, body, lambda: held_answer(services, asked, schema.check)
    )
    response.headers.update({"Cache-Control": "no-store", **(REPLAYED if again else {})})
    return StructuredAnswer(
        id=told.id,
        calls=list(told.calls),
        model=told.model,
        value=orjson.loads(told.text),
        repaired=told.repaired,
        usage=_usage(told.usage),
    )


async def whole_answer(services: Services, asked: ModelRequest) -> Told:
    """Ask for a text."""
    assert asked.call_id is not None
    return Told.of(asked.call_id, await services.model.complete(asked))


async def held_answer(services: Services, asked: ModelRequest, check: Callable[[str], Any]) -> Told:
    """Ask for an object that meets a schema; the answer may be that tools are wanted first, if there are any."""
    try:
        return Told.held(await structured(services.model, asked, check, in_thread=True))
    except ToolsCalled as called:
        return Told.of_several(called.calls, called.answer)


def _stream(pieces: Pieces, answer_id: UUID, headers: Mapping[str, str]) -> Response:
    return StreamingResponse(_events(pieces, answer_id), media_type="text/event-stream", headers=headers)


async def _events(pieces: Pieces, answer_id: UUID) -> AsyncIterator[str]:
    try:
        async with aclosing(pieces):
            async for piece in pieces:
                if piece is None:
                    yield ": still at work\n\n"
                    continue
                if piece.reasoning:
                    yield _event("reasoning", {"text": piece.reasoning})
                if piece.text:
                    yield _event("text", {"text": piece.text})
                if piece.finish_reason is not None and piece.usage is not None:
                    yield _event(
                        "end",
                        {
                            "id": str(answer_id),
                            "model": piece.model,
                            "finish_reason": piece.finish_reason,
                            "usage": _usage(piece.usage).model_dump(),
                        },
                    )
    except AppError as error:
        failed = Problem(
            code=error.code,
            message=error.message,
            retryable=error.retryable,
            retry_after_ms=error.retry_after_ms,
            details=error.details,
        )
        yield f"event: problem\ndata: {failed.model_dump_json()}\n\n"


def _event(name: str, data: dict[str, Any]) -> str:
    return f"event: {name}\ndata: {orjson.dumps(data).decode()}\n\n"
