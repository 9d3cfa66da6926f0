"""Any endpoint that speaks OpenAI's chat completions: a key and a base URL are enough."""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

import httpx2
import orjson

from backend.errors import (
    ModelError,
    ModelPayloadInvalid,
    ModelRateLimited,
    ModelRefused,
    ModelStreamCut,
    ModelTimeout,
    ModelUnavailable,
)
from backend.llm.deadlines import Deadlines, Patience, Wait
from backend.llm.gateway import ModelRequest, Piece, Usage, estimate_tokens
from backend.llm.retry import retried
from backend.llm.sse import SseReader
from backend.settings import Settings

#: Seconds for the usage report and the end of the stream once the text is complete; nobody should wait for it longer.
_GRACE: Final = 1.0
_MAX_ERROR_BYTES: Final = 16 * 1024
_SAFE_REASON: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}\Z")
_OUT_OF_QUOTA: Final = frozenset({"insufficient_quota", "billing_hard_limit_reached", "insufficient_balance"})
_RATE_LIMITED: Final = frozenset({"rate_limit_exceeded", "rate_limit_error"})
_OVERLOADED: Final = frozenset(
    {"overloaded", "overloaded_error", "server_overloaded", "engine_overloaded", "server_error"}
)


class OpenAICompatible:
    """One provider and model. Holds a connection pool: close it with `aclose`."""

    def __init__(self, *, base_url: str, api_key: str | None, model: str, deadlines: Deadlines) -> None:
        self.name = model
        self._deadlines = deadlines
        self._url = base_url.rstrip("/") + "/chat/completions"
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "identity", "Content-Type": "application/json"}
        if api_key:
            headers["Authorization"] = f"Bearer {api_key}"
        self._client = httpx2.AsyncClient(
            headers=headers,
            # The waits after connecting are ours (deadlines.py); the pool has no ceiling because runs have one.
            timeout=httpx2.Timeout(None, connect=deadlines.connect),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=64, keepalive_expiry=30),
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    def stream(self, request: ModelRequest) -> AsyncGenerator[Piece, None]:
        body = _body(self.name, request)
        give_up_at = asyncio.get_running_loop().time() + self._deadlines.total
        return retried(lambda: self._attempt(request, body, give_up_at), give_up_at)

    async def _attempt(self, request: ModelRequest, body: bytes, give_up_at: float) -> AsyncGenerator[Piece, None]:
        waits = _Waits(self._deadlines, give_up_at)
        until = waits.patience.until
        response: httpx2.Response | None = None
        try:
            response = await until(self._send(body))
            if response.status_code != 200:
                raise await until(_refusal(response))
            if not response.headers.get("content-type", "").lower().startswith("text/event-stream"):
                raise ModelPayloadInvalid(reason="wrong_content_type", status=200)
            chunks = response.aiter_bytes() if "content-encoding" in response.headers else response.aiter_raw()
            answer, reader = _Answer(request), SseReader()
            while not answer.done:
                chunk = await _next_chunk(chunks, waits.patience, finished=answer.finish_reason is not None)
                if chunk is None:
                    answer.read_rest(reader.finish())
                    break
                for data in reader.feed(chunk):
                    if (piece := answer.read(data)) is not None:
                        yield piece
                waits.after_chunk(answer)
            yield answer.last_piece()
            await _drain(chunks)
        finally:
            waits.patience.close()
            if response is not None:
                await response.aclose()

    async def _send(self, body: bytes) -> httpx2.Response:
        try:
            return await self._client.send(self._client.build_request("POST", self._url, content=body), stream=True)
        except httpx2.ConnectTimeout:
            raise ModelTimeout(kind="connect") from None
        except httpx2.TransportError as error:
            raise ModelUnavailable(reason=type(error).__name__) from None


class _Waits:
    """Which wait comes next."""

    __slots__ = ("_deadlines", "_give_up_at", "_now", "patience")

    def __init__(self, deadlines: Deadlines, give_up_at: float) -> None:
        self._deadlines = deadlines
        self._give_up_at = give_up_at
        self._now = asyncio.get_running_loop().time
        self.patience = Patience()
        self._begin("first_token", deadlines.first_token)

    def after_chunk(self, answer: "_Answer") -> None:
        """Start the next wait. Comments do not make a first token; any byte keeps a begun answer alive."""
        if answer.finish_reason is not None:
            self._begin("idle", _GRACE)
        elif answer.begun:
            self._begin("idle", self._deadlines.idle)

    def _begin(self, wait: Wait, seconds: float) -> None:
        when = self._now() + seconds
        if when > self._give_up_at:
            wait, when = "total", self._give_up_at
        self.patience.begin(wait, when)


async def _next_chunk(chunks: AsyncGenerator[bytes, None], patience: Patience, *, finished: bool) -> bytes | None:
    """Return the next bytes, None at the end. A `finished` answer may end in any way, a hanging line included."""
    try:
        return await patience.until(anext(chunks, None))
    except ModelTimeout:
        if finished:
            return None
        raise
    except httpx2.TransportError:
        if finished:
            return None
        raise ModelStreamCut from None


class _Answer:
    """What the events have said so far: the text, why it ended, what it cost."""

    __slots__ = ("_reasoning", "_request", "_text", "_usage", "done", "finish_reason")

    def __init__(self, request: ModelRequest) -> None:
        self._request = request
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._usage: Usage | None = None
        self.finish_reason: str | None = None
        self.done = False

    @property
    def begun(self) -> bool:
        return bool(self._text or self._reasoning)

    def read(self, data: bytes) -> Piece | None:
        """Take one event; return its text or reasoning if it has any. Raises what the provider reports."""
        if data == b"[DONE]":
            self.done = True
            return None
        try:
            event = orjson.loads(data)
        except orjson.JSONDecodeError:
            raise ModelPayloadInvalid(reason="not_json") from None
        if not isinstance(event, dict):
            raise ModelPayloadInvalid(reason="not_an_object")
        usage = event.get("usage")
        if usage:
            self._usage = _usage(usage) or self._usage
        choices = event.get("choices")
        if not choices:
            if event.get("error") or event.get("object") == "error":
                raise _error_event(event)
            return None
        try:
            choice = choices[0]
            self.finish_reason = choice.get("finish_reason") or self.finish_reason
            delta = choice.get("delta") or {}
            text = delta.get("content") or ""
            # DeepSeek, Zhipu and vLLM say reasoning_content; OpenRouter and newer vLLM say reasoning.
            reasoning = delta.get("reasoning_content") or delta.get("reasoning") or ""
        except (AttributeError, LookupError, TypeError):
            raise ModelPayloadInvalid(reason="unexpected_shape") from None
        if not isinstance(text, str) or not isinstance(reasoning, str):
            raise ModelPayloadInvalid(reason="unexpected_shape")
        if text:
            self._text.append(text)
        if reasoning:
            self._reasoning.append(reasoning)
        return Piece(text, reasoning) if text or reasoning else None

    def read_rest(self, data: bytes | None) -> None:
        """Take what was left when the bytes ended, and refuse an end that is none."""
        if data == b"[DONE]":
            self.done = True
        if not self.done and self.finish_reason is None:
            raise ModelStreamCut

    def last_piece(self) -> Piece:
        """Return the closing piece; `ModelRefused` when the provider's filter left nothing to close."""
        if self.finish_reason == "content_filter" and not self._text:
            raise ModelRefused(reason="content_filter")
        usage = self._usage
        if usage is None:
            asked = sum(estimate_tokens(turn.content) for turn in self._request.turns)
            told = estimate_tokens("".join(self._text)) + estimate_tokens("".join(self._reasoning))
            usage = Usage(asked, told, estimated=True)
        return Piece(finish_reason=self.finish_reason or "stop", usage=usage)


def _body(model: str, request: ModelRequest) -> bytes:
    body: dict[str, Any] = {
        "model": model,
        "messages": [{"role": turn.role, "content": turn.content} for turn in request.turns],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.max_tokens is not None:
        body["max_tokens"] = request.max_tokens
    if request.json:
        body["response_format"] = {"type": "json_object"}
    return orjson.dumps(body)


def _usage(report: object) -> Usage | None:
    if not isinstance(report, dict):
        return None
    asked, told = report.get("prompt_tokens"), report.get("completion_tokens")
    if not isinstance(asked, int) or not isinstance(told, int):
        return None
    return Usage(asked, told, estimated=False)


async def _refusal(response: httpx2.Response) -> ModelError:
    body = b""
    try:
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > _MAX_ERROR_BYTES:
                break
    except httpx2.HTTPError:
        body = b""
    try:
        report = orjson.loads(body)
    except orjson.JSONDecodeError:
        report = None
    return _error(response.status_code, _reasons(report), _retry_after_ms(response.headers))


def _error_event(event: Mapping[str, Any]) -> ModelError:
    inner = event["error"] if isinstance(event.get("error"), dict) else event
    code = inner.get("code")
    status = code if isinstance(code, int) and 400 <= code <= 599 else 0
    return _error(status, _reasons(event), None)


def _error(status: int, reasons: list[str], retry_after_ms: int | None) -> ModelError:
    # Only the status and a word-like code go into the details: a provider's message may quote the key.
    details: dict[str, Any] = {}
    if status:
        details["status"] = status
    if reasons:
        details["reason"] = reasons[0]
    if _OUT_OF_QUOTA.intersection(reasons):
        return ModelRefused(**details)
    if status == 429 or _RATE_LIMITED.intersection(reasons):
        return ModelRateLimited(retry_after_ms=retry_after_ms, **details)
    if status >= 500 or status in {408, 409, 425} or _OVERLOADED.intersection(reasons):
        return ModelUnavailable(retry_after_ms=retry_after_ms, **details)
    if status >= 300:
        return ModelRefused(**details)
    return ModelError(**details)


def _reasons(report: object) -> list[str]:
    error = report.get("error", report) if isinstance(report, dict) else None
    if not isinstance(error, dict):
        return []
    words = (error.get("code"), error.get("type"))
    return [w for w in words if isinstance(w, str) and _SAFE_REASON.match(w) and not w.startswith("sk-")]


def _retry_after_ms(headers: httpx2.Headers) -> int | None:
    for name, unit in (("retry-after-ms", 1), ("retry-after", 1000)):
        value = headers.get(name)
        if not value:
            continue
        try:
            return max(0, int(float(value) * unit))
        except (ValueError, OverflowError):
            pass
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            continue
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return max(0, int((moment - datetime.now(UTC)).total_seconds() * 1000))
    return None


async def _drain(chunks: AsyncGenerator[bytes, None]) -> None:
    # Reading to the end lets the connection serve again; the last piece is already with the caller.
    try:
        async with asyncio.timeout(0.2):
            async for _ in chunks:
                pass
    except (TimeoutError, httpx2.TransportError):
        return


def open_openai_compatible(settings: Settings) -> OpenAICompatible:
    """Return the model that the settings name; it connects with its first request."""
    return OpenAICompatible(
        base_url=settings.llm_base_url,
        api_key=settings.llm_api_key.get_secret_value() if settings.llm_api_key else None,
        model=settings.llm_model,
        deadlines=Deadlines(
            connect=settings.llm_connect_timeout,
            first_token=settings.llm_first_token_timeout,
            idle=settings.llm_idle_timeout,
            total=settings.llm_total_timeout,
        ),
    )
