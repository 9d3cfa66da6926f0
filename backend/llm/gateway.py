"""What the rest of Cuedesk knows of language models: a request, and what comes back, streamed or whole."""

import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal, NamedTuple, Protocol, get_args
from uuid import UUID

import orjson

#: What a model is asked for: the name of a route, and a metric label.
Purpose = Literal["script", "chat", "summary", "intent", "judge", "message"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)

_WIDE: Final = re.compile("[\u2e80-\U0010ffff]+")


class ToolCallPart(NamedTuple):
    """A part of the `place`-th tool call: its id and name come once, its arguments (JSON text) in pieces."""

    place: int
    id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True)
class ChatTurn:
    """What somebody said. An `assistant` may have asked for tools by whole `tool_calls`; a `tool` says what came of the
    one whose id is `tool_call_id`. `reasoning` is what an `assistant` thought: some want it back with its calls."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[ToolCallPart, ...] = ()
    tool_call_id: str = ""
    reasoning: str = ""

    @property
    def whole(self) -> str:
        """All that is said, the tool calls too."""
        return f"{self.content}\n{called(self.tool_calls)}" if self.tool_calls else self.content


def called(calls: Sequence[ToolCallPart]) -> str:
    """Return tool calls as a text: for whoever counts or keeps what was said."""
    return "\n".join(f"{call.name}({call.arguments})" for call in calls)


@dataclass(frozen=True, slots=True)
class Tool:
    """Something the model may ask for. `parameters` is a JSON Schema; `strict` asks the provider to hold the arguments
    to it, where it can (None: nothing is said of it)."""

    name: str
    description: str
    parameters: Mapping[str, Any]
    strict: bool | None = None


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """Whether tools are called: as the model thinks, not at all, at least one, or the one that is `named`."""

    mode: Literal["auto", "none", "required", "named"]
    name: str = ""


@dataclass(frozen=True, slots=True)
class AnswerShape:
    """What an answer is to be: one JSON object that meets a JSON Schema.

    A provider that takes schemas gets this one; others are told in words, unless the prompt has `told` them. Nobody
    promises to keep to it: llm/structured.py checks.
    """

    name: str
    schema: Mapping[str, Any]
    told: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose account a call goes. For `patience` seconds it waits for room in its tenant's budget."""

    tenant_id: UUID
    thread_id: UUID | None = None
    run_id: UUID | None = None
    patience: float = 0.0


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One question to a model.

    `turns` is the rendered prompt. `brief` holds the plain-JSON facts that the prompt was rendered from; the
    offline writer composes from these, by `seed`. `caller` and `prompt_version` go into the accounts. A backend that
    does not take what is asked for is passed over (`needs`).
    """

    purpose: Purpose
    turns: Sequence[ChatTurn]
    brief: Mapping[str, Any]
    seed: int = 0
    temperature: float | None = None
    max_tokens: int | None = None
    shape: AnswerShape | None = None
    tools: Sequence[Tool] = ()
    tool_choice: ToolChoice | None = None
    #: Whether several tools may be called in one answer; None: as the provider thinks.
    parallel_tool_calls: bool | None = None
    #: Where the answer is to end: it holds none of these texts.
    stop: Sequence[str] = ()
    #: The share of probability that a token is drawn from.
    top_p: float | None = None
    #: What a provider draws by, as far as it promises to draw alike.
    provider_seed: int | None = None
    prompt_version: str = ""
    caller: Caller | None = None
    #: The one backend that is to answer, by name; None: those of the purpose's route.
    backend: str | None = None
    #: Under which id the call is accounted, for who wants to find it there; None: one of its own.
    call_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them, or `estimated` from the text when it did not say.

    `cached_tokens` are part of the input, `reasoning_tokens` of the output.
    """

    input_tokens: int
    output_tokens: int
    estimated: bool
    cached_tokens: int = 0
    reasoning_tokens: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.estimated or other.estimated,
            self.cached_tokens + other.cached_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
        )


def is_whole(finish_reason: str | None) -> bool:
    """Tell whether an answer that ended so is all that its model had to say. One that ran out of room or was cut by a
    filter is not, nor is one that ended in a word that nobody knows (llm/endings.py)."""
    return finish_reason in ("stop", "tool_calls")


class Piece(NamedTuple):  # and no frozen dataclass, which takes three times as long to make, once a token
    """A part of the answer. The last piece, and only the last, has `finish_reason`, `usage` and `model`.

    `finish_reason` is one of stop, length, tool_calls, content_filter, a provider's own word, or `other` for what is no
    plain word. `model` is the one that answered, which after a fallback is another than was asked first.
    """

    text: str = ""
    reasoning: str = ""
    finish_reason: str | None = None
    usage: Usage | None = None
    tool_calls: tuple[ToolCallPart, ...] = ()
    model: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it closes an answer in which all was said."""
        return is_whole(self.finish_reason)


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer, for whoever has no use for its parts."""

    text: str
    reasoning: str
    tool_calls: tuple[ToolCallPart, ...]
    finish_reason: str
    usage: Usage
    model: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all was said."""
        return is_whole(self.finish_reason)


class Model(Protocol):
    """A writer of text. `name` is the model that is asked first."""

    @property
    def name(self) -> str: ...

    def stream(self, request: ModelRequest) -> AsyncGenerator[Piece, None]:
        """Yield the answer piece by piece; raise a `ModelError` when it cannot be had.

        Closing the iterator (or cancelling the task that reads it) stops the model. A retry or another model comes
        only before the first piece of text, so what was shown is never taken back; an error after it carries the text
        as `partial`.
        """
        ...

    async def complete(self, request: ModelRequest) -> Answer:
        """Return the whole answer; raise a `ModelError` when it cannot be had."""
        ...

    async def aclose(self) -> None: ...


#: Seconds that a run waits when its tenant asks too much at once, before it fails.
RUN_PATIENCE: Final = 30.0


class OnBehalf:
    """A model whose every call goes on one caller's account."""

    def __init__(self, model: Model, caller: Caller) -> None:
        self._model = model
        self._caller = caller

    @property
    def name(self) -> str:
        return self._model.name

    def stream(self, request: ModelRequest) -> AsyncGenerator[Piece, None]:
        return self._model.stream(replace(request, caller=self._caller))

    async def complete(self, request: ModelRequest) -> Answer:
        return await self._model.complete(replace(request, caller=self._caller))

    async def aclose(self) -> None:
        """Nothing to close: the model belongs to whoever opened it."""


async def gathered(pieces: AsyncIterator[Piece], request: ModelRequest) -> Answer:
    """Read a stream to its end as one answer."""
    texts: list[str] = []
    reasonings: list[str] = []
    calls: list[ToolCallPart] = []
    last = Piece()
    async for piece in pieces:
        texts.append(piece.text)
        reasonings.append(piece.reasoning)
        calls += piece.tool_calls
        last = piece
    text, reasoning, whole = "".join(texts), "".join(reasonings), joined_calls(calls)
    usage = last.usage or estimated_usage(request, text + called(whole), reasoning)
    return Answer(text, reasoning, whole, last.finish_reason or "stop", usage, last.model)


def joined_calls(parts: Sequence[ToolCallPart]) -> tuple[ToolCallPart, ...]:
    """Put the parts of each tool call together."""
    whole: dict[int, ToolCallPart] = {}
    for part in parts:
        known = whole.get(part.place, ToolCallPart(part.place))
        whole[part.place] = ToolCallPart(
            part.place, known.id or part.id, known.name or part.name, known.arguments + part.arguments
        )
    return tuple(whole[place] for place in sorted(whole))


def estimate_tokens(text: str) -> int:
    """Return about how many tokens `text` is: three for four Chinese characters, one for four Latin letters."""
    # By the stretch and not by the character: a prompt may be half a megabyte, and the loop stands still meanwhile.
    wide = 0 if text.isascii() else sum(map(len, _WIDE.findall(text)))
    return round(wide * 0.75 + (len(text) - wide) / 4)


def estimated_input(turns: Sequence[ChatTurn], tools: Sequence[Tool] = ()) -> int:
    """Return about how many tokens are read: what was said, and the tools as they are described."""
    told = [turn.whole for turn in turns] + [turn.reasoning for turn in turns if turn.tool_calls]
    told += [f"{tool.name} {tool.description} {written(dict(tool.parameters)).decode()}" for tool in tools]
    return sum(map(estimate_tokens, told))


def estimated_usage(request: ModelRequest, told: str, thought: str = "") -> Usage:
    """Return the usage of a request and its answer, what was `thought` before it included, for a provider that does
    not count. `told` holds the tool calls as well (`called`)."""
    asked, reasoned = estimated_input(request.turns, request.tools), estimate_tokens(thought)
    return Usage(asked, estimate_tokens(told) + reasoned, estimated=True, reasoning_tokens=reasoned)


#: What a request may ask for that not every backend takes, by OpenAI's names.
Ability = Literal["tools", "tool_choice", "parallel_tool_calls", "stop", "top_p", "seed"]


def needs(request: ModelRequest) -> list[Ability]:
    """Return what a backend must take to be asked this. That tools are not to be called, or may be called side by
    side, needs nothing: where it cannot be said the tools are left out, and it is what everybody does."""
    uses_tools = bool(request.tools) or any(turn.tool_calls or turn.role == "tool" for turn in request.turns)
    choice = request.tool_choice
    wanted: dict[Ability, bool] = {
        "tools": uses_tools,
        "tool_choice": choice is not None and choice.mode in ("required", "named"),
        "parallel_tool_calls": uses_tools and request.parallel_tool_calls is False,
        "stop": bool(request.stop),
        "top_p": request.top_p is not None,
        "seed": request.provider_seed is not None,
    }
    return [ability for ability, asked in wanted.items() if asked]


def written(value: Any) -> bytes:
    """Return plain JSON as it is counted and compared. What orjson does not write, a number of more than 64 bits or
    what is nested deeply, is written as Python does: whoever sends it is told that it cannot be sent, and not here."""
    try:
        return orjson.dumps(value, default=str)
    except TypeError:
        return repr(value).encode(errors="replace")


def plain_question(request: ModelRequest) -> list[Any]:
    """Return all that a model is asked, as plain JSON: what tells one question from another."""
    shape, choice = request.shape, request.tool_choice
    return [
        [
            [turn.role, turn.content, [list(call) for call in turn.tool_calls], turn.tool_call_id, turn.reasoning]
            for turn in request.turns
        ],
        [shape.name, dict(shape.schema), shape.told] if shape else None,
        [[tool.name, tool.description, dict(tool.parameters), tool.strict] for tool in request.tools],
        [choice.mode, choice.name] if choice else None,
        request.parallel_tool_calls,
        list(request.stop),
        request.top_p,
        request.provider_seed,
    ]
