"""What the scripted model says: the scripts, and how each dialect puts them into events or one document."""

import json
from contextlib import suppress
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, ClassVar, Literal, get_args

Kind = Literal[
    "tokens",  # `count` tokens
    "text",  # `text`, in pieces of `piece` characters
    "status",  # an HTTP error `status`, with `retry_after` if given
    "cut",  # `count` tokens, then the connection drops
    "stall",  # `count` tokens, then silence with the connection open
    "half_json",  # `count` tokens, then an event whose JSON is cut
    "malformed",  # lines that are no SSE and events that are no JSON
    "huge_line",  # `text`, if any, then one line of `count` kilobytes
    "wrong_content_type",  # a page of HTML where events or JSON belong
    "split_utf8",  # `text`, one byte per chunk, streamed or whole
    "error_event",  # `count` tokens, then an error inside the stream
    "undecodable",  # `count` tokens in gzip, as nobody asked, then bytes that are none
    "no_head",  # the connection ends as it should before any head of an answer
    "reset",  # the connection is reset before any head
    "garbage_head",  # bytes that are no HTTP
    "huge_head",  # a head of `count` kilobytes, and no end of it
    "half_call",  # `text`, tool calls to the middle of the last one's arguments, then the connection drops
    "abrupt_end",  # `count` tokens, then a proper end of the body without finish_reason or [DONE]
]


@dataclass(frozen=True)
class Script:
    """What one request gets. Seconds and characters."""

    kind: Kind = "tokens"
    count: int = 40
    delay: float = 0.0
    first_delay: float = 0.0
    text: str = ""
    piece: int = 2
    reasoning: str = ""
    thinking: float = 0.0  #: seconds after each piece of the reasoning
    tool: str = ""  #: the name of a tool that is called with `arguments`, a JSON text, after the text
    arguments: str = "{}"
    more_tools: tuple[tuple[str, str], ...] = ()  #: names and arguments of others that are called beside it
    argument_piece: int = 0  #: characters of arguments in one event; 0: half of them
    status: int = 500
    retry_after: str | None = None
    code: str = "scripted"
    message: str = ""  #: of an error; without one it quotes the key, as real ones do
    usage: bool = True
    counted: int = 0  #: tokens of the answer that are told behind the reasoning already (OpenAI's dialect)
    cached: int = 0  #: tokens of the input that come from a cache
    done: bool = True
    finish_reason: str = "stop"
    keepalive: float = 0.0  #: comments at this interval while the first token is awaited
    comments: float = 0.0  #: comments at this interval when all is said, and no end of the body

    @classmethod
    def parse(cls, values: dict[str, Any]) -> "Script":
        known = {one.name: one for one in fields(cls)}
        unknown = values.keys() - known.keys()
        if unknown:
            raise ValueError(f"unknown fields: {sorted(unknown)}")
        if values.get("kind", "tokens") not in get_args(Kind):
            raise ValueError(f"unknown kind: {values['kind']}")
        if "more_tools" in values:
            values = {**values, "more_tools": tuple((name, arguments) for name, arguments in values["more_tools"])}
        return cls(**values)

    @property
    def calls(self) -> list[tuple[str, str]]:
        return [(self.tool, self.arguments), *self.more_tools] if self.tool else []

    def pieces_of(self, arguments: str) -> list[str]:
        size = self.argument_piece or -(-len(arguments) // 2) or 1
        return [arguments[at : at + size] for at in range(0, len(arguments), size)]

    @classmethod
    def from_model_name(cls, name: str) -> "Script | None":
        kind, _, rest = name.partition(":")
        if kind not in get_args(Kind):
            return None
        values: dict[str, Any] = {"kind": kind}
        for part in filter(None, rest.split(",")):
            key, _, value = part.partition("=")
            with suppress(ValueError):
                values[key] = json.loads(value)
                continue
            values[key] = value
        return cls.parse(values)


class Dialect:
    """OpenAI's. Every event of an answer, and an answer that is not streamed."""

    def before(self, script: Script) -> list[bytes]:
        pieces = [script.reasoning[at : at + 4] for at in range(0, len(script.reasoning), 4)]
        events = [self._event({"reasoning_content": piece}) for piece in pieces]
        if script.counted:
            events.append(_data({**_CHUNK, "choices": [], "usage": self._usage(script, script.counted)}))
        return events

    def text(self, piece: str) -> bytes:
        return self._event({"content": piece})

    def after(self, script: Script, sent: int) -> list[bytes]:
        events = self.calls(script)
        events.append(self._event({}, script.finish_reason))
        if script.usage:
            usage = self._usage(script, sent)
            events.append(_data({**_CHUNK, "choices": [], "usage": usage}))
        return [*events, b"data: [DONE]\n\n"] if script.done else events

    def calls(self, script: Script) -> list[bytes]:
        """The calls of tools, and nothing behind them."""
        events = []
        for index, (name, arguments) in enumerate(script.calls):
            begun = {"index": index, "id": f"call_{index + 1}", "type": "function",
                     "function": {"name": name, "arguments": ""}}  # fmt: skip
            events.append(self._event({"tool_calls": [begun]}))
            for part in script.pieces_of(arguments):
                events.append(self._event({"tool_calls": [{"index": index, "function": {"arguments": part}}]}))
        return events

    def whole(self, script: Script) -> dict[str, Any]:
        text, count = _whole_text(script)
        message: dict[str, Any] = {"role": "assistant", "content": text, "reasoning_content": script.reasoning}
        if script.tool:
            message["content"] = text or None
            message["tool_calls"] = [
                {"id": f"call_{index}", "type": "function", "function": {"name": name, "arguments": arguments}}
                for index, (name, arguments) in enumerate(script.calls, 1)
            ]
        answer = {**_CHUNK, "object": "chat.completion",
                  "choices": [{"index": 0, "message": message, "finish_reason": script.finish_reason}]}  # fmt: skip
        return {**answer, "usage": self._usage(script, count)} if script.usage else answer

    def error(self, script: Script, message: str = "overloaded") -> dict[str, Any]:
        kind = {} if script.kind == "status" else {"type": "overloaded_error"}
        return {"error": {"message": message, "code": script.code, **kind}}

    def failing(self, script: Script) -> bytes:
        """An error inside a stream."""
        return _data(self.error(script))

    def _event(self, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
        return _data({**_CHUNK, "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]})

    def _usage(self, script: Script, told: int) -> dict[str, Any]:
        usage: dict[str, Any] = {"prompt_tokens": 11, "completion_tokens": told, "total_tokens": 11 + told}
        if script.cached:
            usage["prompt_tokens_details"] = {"cached_tokens": script.cached}
        return usage


class AnthropicDialect(Dialect):
    """Blocks: 0 the thinking, 1 the text, 2 and on the tool calls."""

    _REASONS: ClassVar[dict[str, str]] = {
        "stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"
    }  # fmt: skip

    def before(self, script: Script) -> list[bytes]:
        usage = self._usage(script, 1) if script.usage else {"input_tokens": None, "output_tokens": None}
        events = [_named("message_start", message={**_MESSAGE, "content": [], "stop_reason": None, "usage": usage})]
        events.append(_named("ping"))
        if script.reasoning:
            pieces = [script.reasoning[at : at + 4] for at in range(0, len(script.reasoning), 4)]
            deltas = [{"type": "thinking_delta", "thinking": piece} for piece in pieces]
            deltas.append({"type": "signature_delta", "signature": "c2lnbmVk"})
            events += self._block(0, {"type": "thinking", "thinking": "", "signature": ""}, deltas)
        return [*events, _named("content_block_start", index=1, content_block={"type": "text", "text": ""})]

    def text(self, piece: str) -> bytes:
        return _named("content_block_delta", index=1, delta={"type": "text_delta", "text": piece})

    def after(self, script: Script, sent: int) -> list[bytes]:
        events = self.calls(script)
        if not script.calls:
            events.append(_named("content_block_stop", index=1))
        delta = {"stop_reason": self._REASONS.get(script.finish_reason, script.finish_reason), "stop_sequence": None}
        usage = {"output_tokens": sent if script.usage else None}
        events.append(_named("message_delta", delta=delta, usage=usage))
        return [*events, _named("message_stop")] if script.done else events

    def calls(self, script: Script) -> list[bytes]:
        events = [_named("content_block_stop", index=1)] if script.calls else []
        for index, (name, arguments) in enumerate(script.calls, 1):
            parts = ["", *script.pieces_of("" if arguments == "{}" else arguments)]
            deltas = [{"type": "input_json_delta", "partial_json": part} for part in parts]
            tool = {"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": {}}
            events += self._block(index + 1, tool, deltas)
        return events

    def whole(self, script: Script) -> dict[str, Any]:
        text, count = _whole_text(script)
        content: list[dict[str, Any]] = [{"type": "text", "text": text}]
        if script.reasoning:
            content.insert(0, {"type": "thinking", "thinking": script.reasoning, "signature": "c2lnbmVk"})
        for index, (name, arguments) in enumerate(script.calls, 1):
            content.append({"type": "tool_use", "id": f"toolu_{index}", "name": name, "input": json.loads(arguments)})
        reason = self._REASONS.get(script.finish_reason, script.finish_reason)
        answer = {**_MESSAGE, "content": content, "stop_reason": reason, "usage": None}
        return {**answer, "usage": self._usage(script, count)} if script.usage else answer

    def error(self, script: Script, message: str = "overloaded") -> dict[str, Any]:
        kind = "overloaded_error" if script.code == "scripted" and script.kind != "status" else script.code
        return {"type": "error", "error": {"type": kind, "message": message}}

    def failing(self, script: Script) -> bytes:
        return _data(self.error(script), "error")

    def _usage(self, script: Script, told: int) -> dict[str, Any]:
        return {
            "input_tokens": 11 - script.cached,
            "cache_read_input_tokens": script.cached,
            "cache_creation_input_tokens": 0,
            "output_tokens": told,
        }

    def _block(self, index: int, block: dict[str, Any], deltas: list[dict[str, Any]]) -> list[bytes]:
        told = [_named("content_block_delta", index=index, delta=delta) for delta in deltas]
        begun = _named("content_block_start", index=index, content_block=block)
        return [begun, *told, _named("content_block_stop", index=index)]


OPENAI, ANTHROPIC = Dialect(), AnthropicDialect()
_CHUNK: dict[str, Any] = {"id": "scripted", "object": "chat.completion.chunk", "created": 0, "model": "scripted"}
_MESSAGE: dict[str, Any] = {
    "id": "scripted", "type": "message", "role": "assistant", "model": "scripted", "stop_sequence": None
}  # fmt: skip


@lru_cache(maxsize=64)
def payloads(script: Script, dialect: Dialect) -> list[bytes]:
    if script.kind not in {"text", "split_utf8", "half_call"}:
        return [dialect.text(f"字{number}") for number in range(script.count)]
    pieces = [script.text[at : at + script.piece] for at in range(0, len(script.text), script.piece)]
    payloads = [dialect.text(piece) for piece in pieces]
    if script.kind != "split_utf8":
        return payloads
    whole = b"".join(payloads)
    return [whole[at : at + 1] for at in range(len(whole))]


def _whole_text(script: Script) -> tuple[str, int]:
    if script.kind in {"text", "split_utf8", "half_call"}:
        return script.text, -(-len(script.text) // script.piece)
    return "".join(f"字{number}" for number in range(script.count)), script.count


def _data(event: dict[str, Any], name: str = "") -> bytes:
    head = f"event: {name}\n".encode() if name else b""
    return head + b"data: " + json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


def _named(kind: str, **rest: Any) -> bytes:
    return _data({"type": kind, **rest}, kind)
