"""Any chat model that LangChain knows by a name ("mistralai:mistral-large-latest"), if LangChain is installed."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, Final

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage

from backend.errors import ModelError, ModelPayloadInvalid, SetupError
from backend.llm.deadlines import Patience, Wait
from backend.llm.endpoint import Attempt
from backend.llm.failures import reported
from backend.llm.gateway import Answer, ModelRequest, Piece, ToolCallPart, Usage, estimated_usage, gathered
from backend.llm.reading import count, counts
from backend.llm.shaping import turns_told

#: No answer is as long: a model that does not stop must not fill the memory.
_MAX_CHARACTERS: Final = 8 * 1024 * 1024


def open_langchain(name: str) -> "LangchainEndpoint":
    """Open a model by the name that `init_chat_model` takes; its key comes from the environment it looks into.

    Raises:
        SetupError: LangChain, or its package for this provider, is not installed.
    """
    try:
        from langchain.chat_models import init_chat_model

        return LangchainEndpoint(init_chat_model(name, max_retries=0))
    except (ImportError, ValueError) as error:
        raise SetupError(
            f"模型 {name} 需要可选依赖 / the model {name} needs the extra packages of docs/models.md: {error}"
        ) from error


class LangchainEndpoint:
    """A LangChain chat model as an endpoint. Its tokens cost several times what our own adapters' do (FACTS §4)."""

    def __init__(self, model: BaseChatModel) -> None:
        self._model = model

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
        told, thought, finish_reason = "", "", "stop"
        try:
            async with aclosing(self._chunks(request, attempt)) as chunks:
                while (chunk := await patience.until(anext(chunks, None))) is not None:
                    counted = _usage(chunk)
                    if counted is not None:  # LangChain's chunks each say their own part
                        usage = counted if usage is None else usage + counted
                    finish_reason = chunk.response_metadata.get("finish_reason") or finish_reason
                    piece = _piece(chunk)
                    told += piece.text
                    thought += piece.reasoning
                    if len(told) + len(thought) > _MAX_CHARACTERS:
                        raise ModelPayloadInvalid(reason="answer_too_long")
                    if piece != Piece():
                        yield piece
                    if idle is not None and (told or thought):
                        # After its reader had it: the time that one takes is not the model's.
                        _begin(patience, "idle", idle, attempt)
            yield Piece(finish_reason=finish_reason, usage=usage or estimated_usage(request, told, thought))
        finally:
            if usage is None and (told or thought):
                usage = estimated_usage(request, told, thought)
            attempt.meter.usage = usage
            patience.close()

    async def _chunks(self, request: ModelRequest, attempt: Attempt) -> AsyncGenerator[BaseMessage, None]:
        asked = {"temperature": request.temperature, "max_tokens": request.max_tokens, **attempt.extra}
        turns = [(turn.role, turn.content) for turn in turns_told(request, "words")]
        model: Any = self._model
        if request.tools:
            model = model.bind_tools(
                [
                    {"name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)}
                    for tool in request.tools
                ]
            )
        stream: AsyncIterator[Any] = model.astream(turns, **{k: v for k, v in asked.items() if v is not None})
        try:
            async for chunk in stream:
                yield chunk
        except ModelError:
            raise
        except Exception as error:  # every provider's package has errors of its own; most carry status and body
            status = getattr(error, "status_code", 0)
            raise reported(status if isinstance(status, int) else 0, getattr(error, "body", None), {}) from error


def _begin(patience: Patience, wait: Wait, seconds: float, attempt: Attempt) -> None:
    when = asyncio.get_running_loop().time() + seconds
    if when > attempt.give_up_at:
        wait, when = "total", attempt.give_up_at
    patience.begin(wait, when)


def _piece(chunk: BaseMessage) -> Piece:
    calls = tuple(
        ToolCallPart(call.get("index") or 0, call.get("id") or "", call.get("name") or "", call.get("args") or "")
        for call in (chunk.tool_call_chunks if isinstance(chunk, AIMessageChunk) else [])
    )
    reasoning = chunk.additional_kwargs.get("reasoning_content") or ""
    return Piece(str(chunk.text), reasoning, tool_calls=calls)


def _usage(chunk: BaseMessage) -> Usage | None:
    report = getattr(chunk, "usage_metadata", None)
    if not report or not counts(report.get("input_tokens")) or not counts(report.get("output_tokens")):
        return None
    cached = count(report, "input_token_details", "cache_read")
    reasoning = count(report, "output_token_details", "reasoning")
    return Usage(report["input_tokens"], report["output_tokens"], False, cached, reasoning)
