"""Any chat model that LangChain knows by a name ("mistralai:mistral-large-latest"), if LangChain is installed."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any, Final

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    SystemMessage,
    ToolCall,
    ToolMessage,
)

from backend.errors import (
    ModelContentFiltered,
    ModelError,
    ModelIncapable,
    ModelPackageMissing,
    ModelPayloadInvalid,
    ModelStreamCut,
)
from backend.llm.deadlines import Patience, Wait
from backend.llm.endings import reason_of
from backend.llm.endpoint import Attempt
from backend.llm.foreign import told_of
from backend.llm.gateway import (
    Answer,
    ChatTurn,
    ModelRequest,
    Piece,
    ToolCallPart,
    Usage,
    called,
    estimated_usage,
    gathered,
    joined_calls,
)
from backend.llm.reading import count, counts
from backend.llm.shaping import turns_told
from backend.llm.storable import storable, storable_all
from backend.llm.tool_calls import CallPlaces, arguments_of, plain_name, refuse_nameless

#: No answer is as long: a model that does not stop must not fill the memory.
_MAX_CHARACTERS: Final = 8 * 1024 * 1024
#: What comes of looking at what is not shaped, or nested, as it should be.
_UNREADABLE: Final = (AttributeError, LookupError, TypeError, ValueError, RecursionError)
#: Under which names providers' packages hand on why an answer ended.
_REASONS: Final = ("finish_reason", "stop_reason", "finishReason", "stopReason", "done_reason")


def open_langchain(name: str, *, says_end: bool = True) -> "LangchainEndpoint":
    """Open a model by the name that `init_chat_model` takes; its key comes from the environment it looks into.

    Args:
        says_end: as for `LangchainEndpoint`.

    Raises:
        ModelPackageMissing: LangChain, or its package for this provider, is not installed.
    """
    try:
        from langchain.chat_models import init_chat_model

        return LangchainEndpoint(init_chat_model(name, max_retries=0), says_end=says_end)
    except (ImportError, ValueError) as error:
        raise ModelPackageMissing(
            f"模型 {name} 需要可选依赖 / the model {name} needs the extra packages of docs/models.md: {error}"
        ) from error


class LangchainEndpoint:
    """A LangChain chat model as an endpoint. Its tokens cost several times what our own adapters' do (FACTS §4).

    A stream that breaks off ends as any other for some packages: only the provider's word for why it ended tells them
    apart. So a stream without one is cut, unless this model is said never to give one (`says_end` is False). What is
    not streamed, because the package cannot, is whole.
    """

    def __init__(self, model: BaseChatModel, *, says_end: bool = True) -> None:
        self._model = model
        self._says_end = says_end

    async def aclose(self) -> None:
        """LangChain's models close themselves."""

    async def complete(self, request: ModelRequest, attempt: Attempt) -> Answer:
        patience = Patience()
        # Nobody sees its parts: all of it has one deadline.
        _begin(patience, "answer", attempt.deadlines.answer, attempt)
        return await gathered(self._pieces(request, attempt, patience, idle=None), request)

    async def stream(self, request: ModelRequest, attempt: Attempt) -> AsyncGenerator[Piece, None]:
        patience = Patience()
        _begin(patience, "first_token", attempt.deadlines.first_token, attempt)
        async with aclosing(self._pieces(request, attempt, patience, idle=attempt.deadlines.idle)) as pieces:
            async for piece in pieces:
                yield piece

    async def _pieces(
        self, request: ModelRequest, attempt: Attempt, patience: Patience, *, idle: float | None
    ) -> AsyncGenerator[Piece, None]:
        usage: Usage | None = None
        told, thought = "", ""
        calls, places, written = list[ToolCallPart](), CallPlaces(), 0
        finish_reason = None if self._says_end else "stop"
        try:
            async with aclosing(self._chunks(request, attempt, patience)) as chunks:
                while (chunk := await patience.until(anext(chunks, None))) is not None:
                    piece, counted = _taken(chunk, places)
                    if counted is not None:  # LangChain's chunks each say their own part
                        usage = counted if usage is None else usage + counted
                    told += piece.text
                    thought += piece.reasoning
                    calls += piece.tool_calls
                    written += sum(len(call.arguments) for call in piece.tool_calls)
                    if (reason := _ended(chunk, says_end=self._says_end)) is not None:
                        finish_reason = reason
                    elif self._says_end and (piece.text or piece.tool_calls):
                        finish_reason = None  # an end after which more comes is none
                    if len(told) + len(thought) + written > _MAX_CHARACTERS:
                        raise ModelPayloadInvalid(reason="answer_too_long")
                    if piece != Piece():
                        yield piece
                    if idle is not None and (told or thought or calls):
                        # After its reader had it: the time that one takes is not the model's.
                        _begin(patience, "idle", idle, attempt)
            if finish_reason is None:
                raise ModelStreamCut(reason="no_end")
            if finish_reason == "content_filter" and not told:
                raise ModelContentFiltered(reason="content_filter")
            refuse_nameless(joined_calls(calls))
            usage = usage or estimated_usage(request, told + called(joined_calls(calls)), thought)
            yield Piece(finish_reason=finish_reason, usage=usage)
        finally:
            whole = joined_calls(calls)
            if usage is None and (told or thought or whole):
                usage = estimated_usage(request, told + called(whole), thought)
            attempt.meter.usage, attempt.meter.tool_calls = usage, whole
            patience.close()

    async def _chunks(
        self, request: ModelRequest, attempt: Attempt, patience: Patience
    ) -> AsyncGenerator[BaseMessage, None]:
        asked: dict[str, Any] = {"temperature": request.temperature, "max_tokens": request.max_tokens}
        asked |= {"stop": list(request.stop) or None, **attempt.extra}
        try:
            turns = [_message(turn) for turn in turns_told(request, "words")]
            model = _with_tools(self._model, request)
            stream: AsyncIterator[Any] = model.astream(turns, **{k: v for k, v in asked.items() if v is not None})
            async for chunk in stream:
                yield chunk
        except ModelError:
            raise
        except Exception as error:  # every provider's package has errors of its own
            raise told_of(error, patience.wait) from error


def _with_tools(model: BaseChatModel, request: ModelRequest) -> Any:
    choice = request.tool_choice
    if not request.tools or (choice is not None and choice.mode == "none"):
        return model
    # LangChain's own word for one at least is "any"; how the model thinks is what packages do of themselves.
    named = {"required": "any", "named": choice.name}.get(choice.mode) if choice is not None else None
    tools = [
        {
            "name": tool.name,
            "description": tool.description,
            "parameters": {"type": "object", "properties": {}, **tool.parameters},
        }
        for tool in request.tools
    ]
    try:
        return model.bind_tools(tools, **({"tool_choice": named} if named else {}))
    except NotImplementedError:  # what a package does that knows no tools
        raise ModelIncapable.of("tools") from None
    except (TypeError, ValueError):  # and one that knows no such choice
        raise ModelIncapable.of("tool_choice" if named else "tools") from None


def _message(turn: ChatTurn) -> BaseMessage:
    match turn.role:
        case "system":
            return SystemMessage(turn.content)
        case "user":
            return HumanMessage(turn.content)
        case "tool":
            return ToolMessage(turn.content, tool_call_id=turn.tool_call_id)
        case "assistant":
            return AIMessage(turn.content, tool_calls=[_call(call) for call in turn.tool_calls])


def _call(call: ToolCallPart) -> ToolCall:
    return ToolCall(name=plain_name(call.name), args=arguments_of(call.arguments), id=call.id)


def _begin(patience: Patience, wait: Wait, seconds: float, attempt: Attempt) -> None:
    when = asyncio.get_running_loop().time() + seconds
    if when > attempt.give_up_at:
        wait, when = "total", attempt.give_up_at
    patience.begin(wait, when)


def _taken(chunk: BaseMessage, places: CallPlaces) -> tuple[Piece, Usage | None]:
    """Return what a chunk says and counts. Whatever a package makes of an answer, what cannot be read is malformed."""
    try:
        return _piece(chunk, places), _usage(chunk)
    except _UNREADABLE:
        raise ModelPayloadInvalid(reason="unexpected_shape") from None


def _piece(chunk: BaseMessage, places: CallPlaces) -> Piece:
    calls: tuple[ToolCallPart, ...] = ()
    if isinstance(chunk, AIMessageChunk):
        calls = tuple(
            places.part(call.get("index") or 0, *(storable(str(call.get(key) or "")) for key in ("id", "name", "args")))
            for call in chunk.tool_call_chunks
        )
    elif isinstance(chunk, AIMessage):  # not streamed
        # Behind those that were read stand those that were not: they are handed on as the model wrote them, as OpenAI's
        # are, or a call would be lost without a word.
        told = [*chunk.tool_calls, *chunk.invalid_tool_calls]
        calls = tuple(
            ToolCallPart(place, storable(call["id"] or ""), storable(call["name"] or ""), _arguments(call["args"]))
            for place, call in enumerate(told)
        )
    return Piece(storable(str(chunk.text)), storable(_thought(chunk)), tool_calls=calls)


def _arguments(told: object) -> str:
    """Return the arguments of a call that is whole as JSON, however large its numbers are; of one that nobody could
    read the text."""
    if isinstance(told, str):
        return storable(told)
    if not isinstance(told, dict):
        raise ModelPayloadInvalid(reason="unexpected_shape")
    return json.dumps(storable_all(told), ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _thought(chunk: BaseMessage) -> str:
    """Return what the model thinks in this chunk, whichever of the packages' ways it is told: a field beside the text,
    or blocks among it (Anthropic's `thinking`, LangChain's own and OpenAI's `reasoning`, Bedrock's)."""
    beside = chunk.additional_kwargs.get("reasoning_content")
    if isinstance(beside, str) and beside:
        return beside
    blocks = chunk.content if isinstance(chunk.content, list) else ()
    return "".join(_thoughts(block) for block in blocks if isinstance(block, dict))


def _thoughts(block: Mapping[str, Any]) -> str:
    if block.get("type") not in ("thinking", "reasoning", "reasoning_content"):
        return ""
    told = block.get("thinking") or block.get("reasoning") or block.get("reasoning_content") or block.get("summary")
    parts = told if isinstance(told, list) else [told]
    texts = (part.get("text") if isinstance(part, dict) else part for part in parts)
    return "".join(text for text in texts if isinstance(text, str))


def _ended(chunk: BaseMessage, *, says_end: bool) -> str | None:
    """Return why the answer ended, if this chunk says that it did. Raises what the words of a failure mean."""
    report = chunk.response_metadata
    for name in _REASONS:
        word = report.get(name)
        word = getattr(word, "name", word)  # some hand on an enumeration
        if isinstance(word, str) and (reason := reason_of(word, says_end=says_end)) is not None:
            return reason
    # OpenAI's responses have a word for how it stands, and another for why not better.
    status, details = report.get("status"), report.get("incomplete_details")
    if status == "incomplete":
        word = details.get("reason") if isinstance(details, dict) else None
        return (reason_of(word) if isinstance(word, str) else None) or "length"
    if isinstance(status, str) and status in ("completed", "failed", "cancelled"):
        return reason_of(status)
    return "stop" if report.get("done") is True or not isinstance(chunk, AIMessageChunk) else None


def _usage(chunk: BaseMessage) -> Usage | None:
    report = getattr(chunk, "usage_metadata", None)
    if not report or not counts(report.get("input_tokens")) or not counts(report.get("output_tokens")):
        return None
    cached = count(report, "input_token_details", "cache_read")
    reasoning = count(report, "output_token_details", "reasoning")
    return Usage(report["input_tokens"], report["output_tokens"], False, cached, reasoning)
