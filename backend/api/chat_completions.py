"""OpenAI's chat completions in front of our models: a stock client gets their fallbacks, limits and accounts.

What changes an answer goes to backends that take it; what we cannot pass on is refused by name, never dropped in
silence; what has no effect at its default, or on no answer (`user`, `metadata`, `prompt_cache_key`), is taken.
Errors have OpenAI's shape, with our stable code.
"""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import AfterValidator, Field, StrictBool, StringConstraints
from pydantic_core import PydanticCustomError
from starlette.exceptions import HTTPException
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from backend.api.answering import STREAM_HEADERS, pieces_of
from backend.api.auth import Parts
from backend.api.direct import MAX_TOKENS, MAX_TURNS, ROUTE, Asker, Pieces, held_answer, model_request, whole_answer
from backend.api.errors import MethodNotAllowed
from backend.api.openai_errors import openai_error, refusal
from backend.api.openai_messages import (
    KINDS,
    OF_KINDS,
    Choice,
    Message,
    Part,
    Stop,
    Tools,
    Word,
    choice_of,
    tools_of,
    turns_of,
)
from backend.api.told import REPLAYED, AnswerKey, Told, accounted, streamed_once, told_once
from backend.domain.people import Identity
from backend.errors import AppError, BadRequest, ModelUnknown, NotFound, SchemaInvalid
from backend.llm.gateway import AnswerShape, ModelRequest, Piece, ToolCallPart, Usage, is_whole
from backend.llm.schemas import AnswerSchema
from backend.llm.tool_calls import LONGEST_ID
from backend.services import Services

#: OpenAI's own code for what a model cannot be told.
_UNSUPPORTED: Final = "unsupported_parameter"
#: Parameters that are taken only at the value that changes nothing.
_NEUTRAL: Final = frozenset(
    {
        "n",
        "presence_penalty",
        "frequency_penalty",
        "logprobs",
        "store",
        "top_logprobs",
        "logit_bias",
        "service_tier",
    }
)

_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
#: What a message may carry, and only with nothing in it.
_EMPTY: Final = frozenset({"function_call", "audio", "annotations", "refusal"})
#: What tells kinds of messages, parts and tools apart: another kind is one that we do not take.
_KIND: Final = frozenset({"type", "role"})


def _told(error: RequestValidationError) -> BadRequest:
    fault = error.errors()[0]
    if fault["type"] == "json_invalid":
        return BadRequest("the body is no JSON")
    place = _place(fault, error.body)
    param = ".".join(place) if place else None
    if fault["type"] == "extra_forbidden" or (fault["type"] == "literal_error" and place and place[-1] in _KIND):
        return BadRequest(f"{param} is not supported here", param=param, openai_code=_UNSUPPORTED)
    if place and place[-1] in _EMPTY:
        return BadRequest(f"{param} is not supported here", param=param, openai_code=_UNSUPPORTED)
    if place and place[0] in _NEUTRAL:
        return BadRequest(f"{place[0]} is supported at its default only", param=place[0], openai_code=_UNSUPPORTED)
    return BadRequest(f"{param or 'the body'}: {fault['msg']}", param=param)


def _place(fault: Any, body: Any) -> list[str]:
    """Return the path of a fault in what was sent: without the parts that name our own types."""
    place: list[str] = []
    steps = fault["loc"][1:] if fault["loc"][:1] == ("body",) else fault["loc"]
    for at, part in enumerate(steps):
        if part in KINDS and place and place[-1] in OF_KINDS:
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


class _NamedSchema(Part):
    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = "answer"
    description: Word | None = None
    answer_schema: Annotated[dict[str, Any], Field(alias="schema")]
    strict: StrictBool | None = None


class ResponseFormat(Part):
    """How the answer is to be written."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: _NamedSchema | None = None


class StreamOptions(Part):
    """What a stream says besides."""

    include_usage: StrictBool = False
    include_obfuscation: StrictBool = False


def _is_false(value: bool) -> bool:
    if value:
        raise PydanticCustomError("not_false", "Input should be false")
    return value


_No = Annotated[StrictBool, AfterValidator(_is_false)]


class Completion(Part):
    """The parameters we take."""

    model: Annotated[str, Field(min_length=1, max_length=200)]
    messages: Annotated[list[Message], Field(min_length=1, max_length=MAX_TURNS)]
    temperature: Annotated[float, Field(ge=0, le=2, strict=True)] | None = None
    max_tokens: Annotated[int, Field(ge=1, le=MAX_TOKENS, strict=True)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1, le=MAX_TOKENS, strict=True)] | None = None
    stream: StrictBool | None = None
    stream_options: StreamOptions | None = None
    response_format: ResponseFormat | None = None
    # Of these `_NEUTRAL` ones at their defaults only.
    n: Annotated[int, Field(ge=1, le=1, strict=True)] | None = None
    top_p: Annotated[float, Field(ge=0, le=1, strict=True)] | None = None
    presence_penalty: Annotated[float, Field(ge=0, le=0, strict=True)] | None = None
    frequency_penalty: Annotated[float, Field(ge=0, le=0, strict=True)] | None = None
    logprobs: _No | None = None
    top_logprobs: None = None
    logit_bias: Annotated[dict[str, Any], Field(max_length=0)] | None = None
    stop: Stop | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63, strict=True)] | None = None
    service_tier: Literal["auto", "default"] | None = None
    store: _No | None = None
    tools: Tools | None = None
    tool_choice: Choice | None = None
    parallel_tool_calls: StrictBool | None = None
    # Said for the caller's own books.
    user: Word | None = None
    safety_identifier: Word | None = None
    metadata: Annotated[dict[Word, Word], Field(max_length=100)] | None = None
    # For a provider's cache, which changes no answer. Left out where they are not said: a request is known again by how
    # it is written.
    prompt_cache_key: Word | None = Field(None, exclude_if=lambda value: value is None)
    prompt_cache_retention: Literal["in_memory", "in-memory", "24h"] | None = Field(
        None, exclude_if=lambda value: value is None
    )


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
    turns, tools = turns_of(body.messages), tools_of(body.tools)
    choice = choice_of(body.tool_choice, tools)
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
    asked = replace(
        asked,
        tools=tools,
        tool_choice=choice,
        parallel_tool_calls=body.parallel_tool_calls if tools else None,
        stop=[body.stop] if isinstance(body.stop, str) else body.stop or (),
        top_p=None if body.top_p == 1 else body.top_p,  # the one that changes nothing
        provider_seed=body.seed,
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
        self._calls = _Calls(call)

    def whole(self, answer: Told) -> Response:
        calls = self._calls.whole(answer.tool_calls)
        message: dict[str, Any] = {"role": "assistant", "content": answer.text, "refusal": None}
        if calls:
            message |= {"content": answer.text or None, "tool_calls": calls}
        if answer.reasoning:
            message["reasoning_content"] = answer.reasoning
        reason = _reason(answer.finish_reason, called=bool(calls))
        choice = {
            "index": 0,
            "message": message,
            "logprobs": None,
            "finish_reason": reason,
            **_own(answer.finish_reason),
        }
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
        try:
            async with aclosing(pieces):
                yield self._chunk({"role": "assistant", "content": ""})
                async for piece in pieces:
                    if piece is None:
                        yield b": still at work\n\n"
                        continue
                    if piece.reasoning:
                        yield self._chunk({"reasoning_content": piece.reasoning})
                    if piece.text:
                        yield self._chunk({"content": piece.text})
                    if piece.tool_calls:
                        yield self._chunk({"tool_calls": self._calls.parts(piece.tool_calls)})
                    if piece.finish_reason is not None:
                        for event in self._end(piece, piece.finish_reason):
                            yield event
            yield b"data: [DONE]\n\n"
        except AppError as error:
            # What was shown stays; the client learns that it is not the whole answer.
            yield b"data: " + orjson.dumps(openai_error(error)[1]) + b"\n\n"

    def _end(self, last: Piece, word: str) -> Iterator[bytes]:
        if missing := self._calls.missing():
            yield self._chunk({"tool_calls": missing})
        reason = _reason(word, called=self._calls.any)
        yield self._chunk({}, finish_reason=reason, own=_own(word), answered_by=last.model)
        if self._with_usage and last.usage is not None:
            yield self._event({"choices": [], "usage": _usage(last.usage)})

    def _chunk(
        self, delta: dict[str, Any], *, finish_reason: str | None = None, own: Mapping[str, str] = _NOTHING, **more: Any
    ) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason, **own}
        if self._with_usage:
            more["usage"] = None
        return self._event({"choices": [choice], **more})

    def _event(self, said: dict[str, Any]) -> bytes:
        return b"data: " + orjson.dumps({**self._head, "object": "chat.completion.chunk", **said}) + b"\n\n"


class _Calls:
    """Writes calls of tools as OpenAI would: the id and the name once, for clients join what they are sent; arguments
    that are JSON where there are none; an id where a provider gives none that could be sent back."""

    def __init__(self, answer: UUID) -> None:
        self._answer = answer
        #: What was told of each call: its name, and whether it has arguments.
        self._named: set[int] = set()
        self._argued: dict[int, bool] = {}
        self._ids: set[str] = set()

    @property
    def any(self) -> bool:
        """Whether there were calls."""
        return bool(self._argued)

    def whole(self, calls: Sequence[ToolCallPart]) -> list[dict[str, Any]]:
        """Write calls that are whole."""
        return [
            {
                "id": self._id(call),
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments or "{}"},
            }
            for call in calls
        ]

    def parts(self, parts: Sequence[ToolCallPart]) -> list[dict[str, Any]]:
        """Write parts of calls in their order."""
        return [self._part(part) for part in parts]

    def missing(self) -> list[dict[str, Any]]:
        """Return what must still be told of calls that have no arguments, at the end."""
        bare = [place for place, argued in self._argued.items() if not argued]
        return [{"index": place, "function": {"arguments": "{}"}} for place in bare]

    def _part(self, part: ToolCallPart) -> dict[str, Any]:
        place, function = part.place, {"arguments": part.arguments}
        told: dict[str, Any] = {"index": place, "function": function}
        if place not in self._argued:
            told |= {"id": self._id(part), "type": "function"}
        if part.name and place not in self._named:
            self._named.add(place)
            function["name"] = part.name
        self._argued[place] = self._argued.get(place, False) or bool(part.arguments)
        return told

    def _id(self, call: ToolCallPart) -> str:
        known = call.id
        if not known or known in self._ids or len(known) > LONGEST_ID:
            known = f"call_{self._answer.hex}_{call.place}"
        self._ids.add(known)
        return known


def _reason(word: str, *, called: bool) -> str:
    # Some say `stop` of calls too, or of none at all that they call tools.
    if is_whole(word):
        return "tool_calls" if called else "stop"
    # Clients know no other words: of one that nobody knows they are told that it may not be all.
    return word if word == "content_filter" else "length"


def _own(word: str) -> dict[str, str]:
    """Return a provider's own word for the end where clients are told another, as OpenRouter tells it."""
    return {} if is_whole(word) or word in ("length", "content_filter") else {"native_finish_reason": word}


def _usage(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }
