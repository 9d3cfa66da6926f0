"""OpenAI's chat completions in front of our models: a stock client gets their fallbacks, limits and accounts.

What changes an answer and cannot be passed on to every provider is refused by name, never dropped in silence; what has
no effect at its default, or on nobody's account but the caller's (`user`, `metadata`), is taken. Errors have OpenAI's
shape, with our stable code.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StrictBool,
    StringConstraints,
    Tag,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from backend.api.answering import STREAM_HEADERS, pieces_of
from backend.api.auth import Parts
from backend.api.direct import (
    MAX_TOKENS,
    MAX_TURNS,
    ROUTE,
    Asker,
    Pieces,
    Text,
    held_answer,
    model_request,
    whole_answer,
)
from backend.api.errors import MethodNotAllowed
from backend.api.openai_errors import openai_error, refusal
from backend.api.told import REPLAYED, AnswerKey, Told, accounted, streamed_once, told_once
from backend.domain.people import Identity
from backend.errors import AppError, BadRequest, ModelUnknown, NotFound, SchemaInvalid
from backend.ids import STORABLE
from backend.llm.gateway import AnswerShape, ChatTurn, ModelRequest, Usage
from backend.llm.schemas import AnswerSchema
from backend.services import Services

#: OpenAI's own code for what a model cannot be told.
_UNSUPPORTED: Final = "unsupported_parameter"
#: Parameters that are taken only at the value that changes nothing.
_NEUTRAL: Final = frozenset(
    {
        "n",
        "top_p",
        "presence_penalty",
        "frequency_penalty",
        "logprobs",
        "store",
        "tools",
        "tool_choice",
        "top_logprobs",
        "logit_bias",
        "stop",
        "seed",
        "service_tier",
    }
)

#: What a message may carry, and only with nothing in it.
_NO_CALLS: Final = frozenset({"tool_calls", "function_call", "audio", "annotations", "refusal"})


def _told(error: RequestValidationError) -> BadRequest:
    fault = error.errors()[0]
    if fault["type"] == "json_invalid":
        return BadRequest("the body is no JSON")
    place = _place(fault, error.body)
    param = ".".join(place) if place else None
    if fault["type"] == "extra_forbidden":
        return BadRequest(f"{param} is not supported here", param=param, openai_code=_UNSUPPORTED)
    if place and (place[0] in _NEUTRAL or place[-1] in _NO_CALLS):
        return BadRequest(f"{place[0]} is supported at its default only", param=place[0], openai_code=_UNSUPPORTED)
    return BadRequest(f"{param or 'the body'}: {fault['msg']}", param=param)


def _place(fault: Any, body: Any) -> list[str]:
    """Return the path of a fault in what was sent: without the parts that name our own types."""
    place: list[str] = []
    steps = fault["loc"][1:] if fault["loc"][:1] == ("body",) else fault["loc"]
    for at, part in enumerate(steps):
        if part in _KINDS and place[-1:] == ["content"]:
            continue
        known = part in body if isinstance(body, dict) else isinstance(body, list) and isinstance(part, int)
        if known:
            body = body[part]
        elif not isinstance(body, dict) or at + 1 < len(steps):
            continue  # at its end it may be a field that is not there
        place.append(str(part)[:80].encode("utf-8", "replace").decode())
    return place


class _Route(APIRoute):
    """Tells every error as OpenAI would."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except RequestValidationError as error:
                return refusal(_told(error))
            except AppError as error:
                return refusal(error)
            except HTTPException as error:
                # Bytes that are no text, or brackets without end.
                if error.status_code != HTTPStatus.BAD_REQUEST:
                    raise
                return refusal(BadRequest("the body is no JSON"))

        return handle


router = APIRouter(prefix="/v1", include_in_schema=False, route_class=_Route)


#: What is said for the caller's own sake.
Word = Annotated[str, StringConstraints(max_length=2000), STORABLE]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TextPart(_Part):
    """A part of a message; pictures and sounds are not taken."""

    type: Literal["text"]
    text: Text


#: What content may be. No field of a part is called so: a fault is told of the content then.
_TEXT, _PARTS, _NOTHING = _KINDS = ("a text", "a list of parts", "nothing at all")


def _kind_of(content: object) -> str:
    return _PARTS if isinstance(content, list) else _NOTHING if content is None else _TEXT


#: Told apart by what it is, so that a fault is told of the kind that was meant.
_Content = Annotated[
    Annotated[str, StringConstraints(max_length=400_000), STORABLE, Tag(_TEXT)]
    | Annotated[list[TextPart], Field(min_length=1, max_length=100), Tag(_PARTS)]
    | Annotated[None, Tag(_NOTHING)],
    Discriminator(_kind_of),
]


class Message(_Part):
    """What somebody said. Calls of tools and their results are not taken."""

    role: Literal["system", "developer", "user", "assistant"]
    content: _Content = Field(None, validate_default=True)
    name: Word | None = None
    # What our own answers, and those of OpenAI's SDK, carry beside: a conversation sends them back.
    refusal: None = None
    reasoning_content: Annotated[str, StringConstraints(max_length=400_000), STORABLE] | None = None
    annotations: Annotated[list[Any], Field(max_length=0)] | None = None
    tool_calls: Annotated[list[Any], Field(max_length=0)] | None = None
    function_call: None = None
    audio: None = None

    @property
    def words(self) -> str:
        """All that is said."""
        content = self.content
        return "".join(part.text for part in content) if isinstance(content, list) else content or ""

    @field_validator("content")
    @classmethod
    def _has_words(cls, content: Any, info: ValidationInfo) -> Any:
        # An answer may have had none, as when all its tokens were thoughts; OpenAI takes rules without any too.
        role = info.data.get("role")
        if role != "assistant" and (content is None or (role == "user" and not content)):
            raise PydanticCustomError("no_words", "There must be a text.")
        return content


class _NamedSchema(_Part):
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = "answer"
    description: Word | None = None
    answer_schema: Annotated[dict[str, Any], Field(alias="schema")]
    strict: StrictBool | None = None


class ResponseFormat(_Part):
    """How the answer is to be written."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: _NamedSchema | None = None


class StreamOptions(_Part):
    """What a stream says besides."""

    include_usage: StrictBool = False
    include_obfuscation: StrictBool = False


def _is_false(value: bool) -> bool:
    if value:
        raise PydanticCustomError("not_false", "Input should be false")
    return value


_No = Annotated[StrictBool, AfterValidator(_is_false)]


class Completion(_Part):
    """The parameters we take."""

    model: Annotated[str, Field(min_length=1, max_length=200)]
    messages: Annotated[list[Message], Field(min_length=1, max_length=MAX_TURNS)]
    temperature: Annotated[float, Field(ge=0, le=2, strict=True)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=MAX_TOKENS, strict=True)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1, le=MAX_TOKENS, strict=True)] | None = None
    stream: StrictBool | None = None
    stream_options: StreamOptions | None = None
    response_format: ResponseFormat | None = None
    # `_NEUTRAL`.
    n: Annotated[int, Field(ge=1, le=1, strict=True)] | None = None
    top_p: Annotated[float, Field(ge=1, le=1, strict=True)] | None = None
    presence_penalty: Annotated[float, Field(ge=0, le=0, strict=True)] | None = None
    frequency_penalty: Annotated[float, Field(ge=0, le=0, strict=True)] | None = None
    logprobs: _No | None = None
    top_logprobs: None = None
    logit_bias: Annotated[dict[str, Any], Field(max_length=0)] | None = None
    stop: None = None
    seed: None = None
    service_tier: Literal["auto", "default"] | None = None
    store: _No | None = None
    tools: Annotated[list[Any], Field(max_length=0)] | None = None
    tool_choice: Literal["none", "auto"] | None = None
    parallel_tool_calls: StrictBool | None = None
    # Said for the caller's own books.
    user: Word | None = None
    safety_identifier: Word | None = None
    metadata: Annotated[dict[Word, Word], Field(max_length=100)] | None = None


@router.post("/chat/completions")
async def create_chat_completion(
    request: Request, identity: Asker, services: Parts, body: Completion, key: AnswerKey = None
) -> Response:
    """Answer as OpenAI's endpoint of this name does."""
    asked, check = _request(services, identity, body)
    if check is None and body.stream:
        asked = accounted(asked)
        assert asked.call_id is not None
        found = await streamed_once(request, services, identity, key, body, asked)
        if isinstance(found, Told):
            return _Telling(body, found.id, found.made_at, again=True).stream(found.pieces())
        return _Telling(body, asked.call_id, int(time.time())).stream(pieces_of(found))

    # What is held to a schema is checked before any of it is shown, streamed or not.
    async def ask() -> Told:
        if check is None:
            return await whole_answer(services, accounted(asked))
        return await held_answer(services, asked, check)

    told, again = await told_once(request, services, identity, key, body, ask)
    telling = _Telling(body, told.id, told.made_at, again=again)
    return telling.stream(told.pieces()) if body.stream else telling.whole(told)


@router.get("/models")
async def list_openai_models(identity: Asker, services: Parts) -> Response:
    """List the names that `model` takes."""
    known = [_model(name, owner) for name, owner in _owners(services, identity).items()]
    return Response(orjson.dumps({"object": "list", "data": known}), media_type="application/json")


@router.get("/models/{name:path}")
async def get_openai_model(name: str, identity: Asker, services: Parts) -> Response:
    """Tell one of them."""
    owner = _owners(services, identity).get(name)
    if owner is None:
        raise ModelUnknown(model=name)
    return Response(orjson.dumps(_model(name, owner)), media_type="application/json")


class _Rest:
    """Whatever else is asked of `/v1`, by whatever method: told as OpenAI would, and never with a page of the console.
    Clients try what there might be, and OPTIONS says what there is."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        rest = scope["path_params"].get("rest", "")
        known = {"chat/completions": "POST", "models": "GET"}.get(rest, "GET" if rest.startswith("models/") else None)
        if known is None:
            raise NotFound
        asks = scope["method"] == "OPTIONS"
        answer = Response(status_code=HTTPStatus.NO_CONTENT) if asks else refusal(MethodNotAllowed())
        answer.headers["Allow"] = f"{known}, OPTIONS"
        await answer(scope, receive, send)


#: Behind the router's own: a route of any method, which FastAPI's decorators have no word for.
REST: Final = (Route("/v1", _Rest()), Route("/v1/{rest:path}", _Rest()))


def _owners(services: Services, identity: Identity) -> dict[str, str]:
    backends = services.model.backends(identity.tenant_id)
    return {**{one.name: one.declared.provider for one in backends if one.takes("message")}, ROUTE: "cuedesk"}


def _model(name: str, owner: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": owner}


def _request(
    services: Services, identity: Identity, body: Completion
) -> tuple[ModelRequest, Callable[[str], Any] | None]:
    turns = [
        ChatTurn("system" if message.role == "developer" else message.role, message.words)
        for message in body.messages
        # A turn of the model's stays one, or two of the user's would follow each other. Empty rules are none.
        if message.words or message.role == "assistant"
    ]
    shape, check = _shape(body.response_format)
    asked = model_request(
        services,
        identity,
        turns,
        model=body.model,
        temperature=body.temperature,
        max_tokens=body.max_completion_tokens or body.max_tokens,
        shape=shape,
    )
    return asked, check


def _shape(wanted: ResponseFormat | None) -> tuple[AnswerShape | None, Callable[[str], Any] | None]:
    if wanted is None or wanted.type == "text":
        return None, None
    if wanted.type == "json_object":
        schema = AnswerSchema.read({"type": "object"})
        return AnswerShape("answer", schema.plain), schema.check
    if wanted.json_schema is None:
        raise BadRequest("json_schema is missing", param="response_format.json_schema")
    try:
        schema = AnswerSchema.read(wanted.json_schema.answer_schema)
    except SchemaInvalid as error:
        at = str(error.details.get("at", "#"))
        steps = [] if at == "#" else at.split("/")
        error.details["param"] = ".".join(("response_format.json_schema.schema", *steps))
        raise
    return AnswerShape(wanted.json_schema.name, schema.plain), schema.check


class _Telling:
    """Writes one answer as OpenAI would, under the id of its call. `again`: it was given before."""

    def __init__(self, body: Completion, call: UUID, made_at: int, *, again: bool = False) -> None:
        self._head = {"id": f"chatcmpl-{call.hex}", "created": made_at, "model": body.model}
        self._with_usage = body.stream_options is not None and body.stream_options.include_usage
        self._replayed = REPLAYED if again else {}

    def whole(self, answer: Told) -> Response:
        message: dict[str, Any] = {"role": "assistant", "content": answer.text, "refusal": None}
        if answer.reasoning:
            message["reasoning_content"] = answer.reasoning
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _reason(answer.finish_reason)}
        said = {
            **self._head,
            "object": "chat.completion",
            "choices": [choice],
            "usage": _usage(answer.usage),
            "answered_by": answer.model,
        }
        headers = {"Cache-Control": "no-store", **self._replayed}
        return Response(orjson.dumps(said), media_type="application/json", headers=headers)

    def stream(self, pieces: Pieces) -> Response:
        headers = {**STREAM_HEADERS, **self._replayed}
        return StreamingResponse(self._events(pieces), media_type="text/event-stream", headers=headers)

    async def _events(self, pieces: Pieces) -> AsyncIterator[bytes]:
        delta: dict[str, str] = {"role": "assistant", "content": ""}
        try:
            async with aclosing(pieces):
                yield self._chunk(delta)
                async for piece in pieces:
                    if piece is None:
                        yield b": still at work\n\n"
                        continue
                    if piece.reasoning:
                        yield self._chunk({"reasoning_content": piece.reasoning})
                    if piece.text:
                        yield self._chunk({"content": piece.text})
                    if piece.finish_reason is not None:
                        yield self._chunk({}, finish_reason=_reason(piece.finish_reason), answered_by=piece.model)
                        if self._with_usage and piece.usage is not None:
                            yield self._event({"choices": [], "usage": _usage(piece.usage)})
            yield b"data: [DONE]\n\n"
        except AppError as error:
            # What was shown stays; the client learns that it is not the whole answer.
            yield b"data: " + orjson.dumps(openai_error(error)[1]) + b"\n\n"

    def _chunk(self, delta: dict[str, str], *, finish_reason: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        if self._with_usage:
            more["usage"] = None
        return self._event({"choices": [choice], **more})

    def _event(self, said: dict[str, Any]) -> bytes:
        return b"data: " + orjson.dumps({**self._head, "object": "chat.completion.chunk", **said}) + b"\n\n"


def _reason(word: str) -> str:
    # Clients know no other words; a provider's own is an end like any other.
    return word if word in ("stop", "length", "content_filter") else "stop"


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }
