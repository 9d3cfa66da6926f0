"""Anthropic's messages: blocks of text, thinking and tool use, each with its own deltas."""

import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

import orjson

from backend.errors import ModelPayloadInvalid
from backend.llm.failures import reported
from backend.llm.gateway import ChatTurn, ModelRequest, Piece, Tool, ToolCallPart, ToolChoice, Usage
from backend.llm.profiles import Profile
from backend.llm.reading import Reading, count, counts
from backend.llm.shaping import turns_told
from backend.llm.tool_calls import object_text, plain_name, with_exact_numbers

#: It must be told how much it may write; a script is a tenth of this.
_MAX_TOKENS: Final = 4096
#: What the id of a call may not hold here: another provider may have given it.
_NO_ID: Final = re.compile("[^A-Za-z0-9_-]")
_CHOICES: Final = MappingProxyType({"auto": "auto", "none": "none", "required": "any", "named": "tool"})


class AnthropicDialect:
    path = "/messages"
    headers: Final[Mapping[str, str]] = MappingProxyType({"anthropic-version": "2023-06-01"})

    def body(self, request: ModelRequest, model: str, profile: Profile, *, stream: bool) -> dict[str, Any]:
        turns = turns_told(request, profile.shaping)
        system = [turn.content for turn in turns if turn.role == "system"]
        body: dict[str, Any] = {
            "model": model,
            profile.max_tokens_field: request.max_tokens or _MAX_TOKENS,
            "messages": _messages(turns),
            "stream": stream,
        }
        if system:
            body["system"] = "\n\n".join(system)
        if request.temperature is not None:
            body["temperature"] = min(request.temperature, 1.0)  # its scale ends there
        if request.top_p is not None:
            body["top_p"] = request.top_p
        if request.stop:
            body["stop_sequences"] = list(request.stop)
        body |= _tools(request)
        if (name := _answering_tool(request, profile)) is not None:
            # There is no such mode: the answer is the input of a tool that must be called.
            assert request.shape is not None
            body["tools"] = [{"name": name, "input_schema": dict(request.shape.schema)}]
            body["tool_choice"] = {"type": "tool", "name": name}
        return body

    def reading(self, request: ModelRequest, profile: Profile) -> Reading:
        return _Message(request, profile)


def _messages(turns: Sequence[ChatTurn]) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    results: list[dict[str, Any]] = []
    for turn in turns:
        if turn.role == "tool":
            if not results:  # all that follow each other are one turn of the user's
                messages.append({"role": "user", "content": results})
            result = {"type": "tool_result", "tool_use_id": _id(turn.tool_call_id)}
            results.append({**result, "content": turn.content} if turn.content else result)
            continue
        results = []
        if turn.tool_calls:
            said = [{"type": "text", "text": turn.content}] if turn.content.strip() else []
            messages.append({"role": "assistant", "content": [*said, *map(_use, turn.tool_calls)]})
        elif turn.role != "system" and turn.content:  # it takes no turn without words, and joins those of one side
            messages.append({"role": turn.role, "content": turn.content})
    return messages


def _use(call: ToolCallPart) -> dict[str, Any]:
    given = object_text(call.arguments)
    return {"type": "tool_use", "id": _id(call.id), "name": plain_name(call.name), "input": given}


def _id(told: str) -> str:
    plain = _NO_ID.sub("_", told)
    # What two ids had in common but for such signs is told apart by what they were.
    return plain if plain == told else f"{plain}_{zlib.crc32(told.encode('utf-8', 'surrogatepass')):08x}"


def _tools(request: ModelRequest) -> dict[str, Any]:
    tools, choice = request.tools, request.tool_choice
    if not tools:
        # A talk in which tools were called is taken with those tools only; none is to be called any more.
        names = dict.fromkeys(plain_name(call.name) for turn in request.turns for call in turn.tool_calls)
        tools, choice = [Tool(name, "", {}) for name in names], ToolChoice("none")
    if not tools:
        return {}
    told: dict[str, Any] = {"tools": [_described(tool) for tool in tools]}
    alone = request.parallel_tool_calls is False
    if choice is not None or alone:
        choice = choice or ToolChoice("auto")
        told["tool_choice"] = {"type": _CHOICES[choice.mode]}
        if choice.mode == "named":
            told["tool_choice"]["name"] = choice.name
        if alone and choice.mode != "none":
            told["tool_choice"]["disable_parallel_tool_use"] = True
    return told


def _described(tool: Tool) -> dict[str, Any]:
    told: dict[str, Any] = {"name": tool.name, "input_schema": {"type": "object", **tool.parameters}}
    return {**told, "description": tool.description} if tool.description else told


def _answering_tool(request: ModelRequest, profile: Profile) -> str | None:
    """Return the name of the tool whose input is the answer; None where the answer is a text."""
    shape = request.shape
    return shape.name if shape is not None and profile.shaping == "schema" else None


class _Message(Reading):
    __slots__ = ("_answering", "_asked", "_cached", "_counted", "_told_tokens", "_tools")

    def __init__(self, request: ModelRequest, profile: Profile) -> None:
        super().__init__(request, profile)
        self._asked = self._cached = self._told_tokens = 0
        #: Whether the provider has counted the input, and the output to its end.
        self._counted = [False, False]
        #: Blocks are numbered together; tool calls are numbered by themselves.
        self._tools: dict[int, int] = {}
        self._answering = _answering_tool(request, profile) is not None

    def ended(self, word: object) -> None:
        super().ended("end_turn" if self._answering and word == "tool_use" else word)

    def parsed(self, data: bytes | bytearray) -> Any:
        report = orjson.loads(data)
        if b'"tool_use"' in data and isinstance(report, dict):
            # What tools are given is handed on as it was written: an order's number has more digits than a float.
            exact = with_exact_numbers(data)
            report |= {key: exact[key] for key in ("content", "content_block") if key in report}
        return report

    def take(self, event: Mapping[str, Any]) -> Piece | None:
        match event.get("type"):
            case "content_block_delta":
                return self._delta(event["index"], event["delta"])
            case "content_block_start":
                return self._block(event["index"], event["content_block"])
            case "message_start":
                self.named(event["message"])
                self._count(event["message"].get("usage"), at_end=False)
            case "message_delta":
                self._count(event.get("usage"), at_end=True)
                self.ended(event["delta"].get("stop_reason"))
            case "message_stop":
                self.done = True
            case "error":
                raise reported(0, event, self.profile.codes)
        return None  # pings, ends of blocks, and what is not invented yet

    def take_whole(self, report: Mapping[str, Any]) -> None:
        try:
            self.named(report)
            for index, block in enumerate(report["content"]):
                self._block(index, block)
            self.ended(report.get("stop_reason"))
        finally:
            self._count(report.get("usage"), at_end=False)
            self._count(report.get("usage"), at_end=True)

    def used(self) -> Usage | None:
        used = super().used()
        if self.usage is not None or not self._counted[0]:
            return used
        # It counts the prompt at the beginning, and the answer only at its end.
        used = used or Usage(0, self._told_tokens, estimated=True)
        return replace(used, input_tokens=self._asked, cached_tokens=self._cached)

    def _block(self, index: int, block: Mapping[str, Any]) -> Piece | None:
        match block.get("type"):
            case "text":
                return self.told(block.get("text") or "", "")
            case "thinking":
                return self.told("", block.get("thinking") or "")
            case "tool_use":
                place = self._tools.setdefault(index, len(self._tools))
                # Streamed, the input is empty here and comes as JSON text.
                given = block.get("input")
                arguments = orjson.dumps(given).decode() if given else ""
                if self._answering:
                    return self.told(arguments, "")
                call_id, name = block["id"], block["name"]
                if not isinstance(call_id, str) or not isinstance(name, str):
                    raise ModelPayloadInvalid(reason="unexpected_shape")
                return self.told("", "", (ToolCallPart(place, call_id, name, arguments),))
        return None  # redacted thinking and the like: nothing anybody could read

    def _delta(self, index: int, delta: Mapping[str, Any]) -> Piece | None:
        match delta.get("type"):
            case "text_delta":
                return self.told(delta["text"], "")
            case "thinking_delta":
                return self.told("", delta["thinking"])
            case "input_json_delta" if self._answering:
                return self.told(delta["partial_json"], "")
            case "input_json_delta":
                return self.told("", "", (ToolCallPart(self._tools[index], arguments=str(delta["partial_json"])),))
        return None  # signatures, citations

    def _count(self, report: object, *, at_end: bool) -> None:
        """Keep what was counted. What was read from or put into the cache is input too, though counted apart."""
        if not isinstance(report, dict):
            return
        if counts(report.get("input_tokens")):
            self._cached = max(self._cached, count(report, "cache_read_input_tokens"))
            asked = count(report, "input_tokens") + self._cached + count(report, "cache_creation_input_tokens")
            self._asked = max(self._asked, asked)
            self._counted[0] = True
        if counts(report.get("output_tokens")):
            self._told_tokens = count(report, "output_tokens")
            self._counted[1] = self._counted[1] or at_end
        if all(self._counted):
            self.counted(Usage(self._asked, self._told_tokens, estimated=False, cached_tokens=self._cached))
