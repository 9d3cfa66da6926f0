"""OpenAI's chat completions, which most providers speak."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from backend.errors import ModelPayloadInvalid
from backend.llm.failures import reported
from backend.llm.gateway import AnswerShape, ChatTurn, ModelRequest, Piece, Tool, ToolCallPart, ToolChoice, Usage
from backend.llm.profiles import Profile
from backend.llm.reading import Reading, count, counts
from backend.llm.schemas import strict
from backend.llm.shaping import turns_told
from backend.llm.tool_calls import CallPlaces, plain_name


class OpenAIDialect:
    path = "/chat/completions"
    headers: Final[Mapping[str, str]] = MappingProxyType({})

    def body(self, request: ModelRequest, model: str, profile: Profile, *, stream: bool) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": model,
            "messages": [_message(turn, profile) for turn in turns_told(request, profile.shaping)],
            "stream": stream,
        }
        if stream and profile.asks_for_usage:
            body["stream_options"] = {"include_usage": True}
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if request.max_tokens is not None:
            body[profile.max_tokens_field] = request.max_tokens
        if (shape := request.shape) is not None:
            body |= _response_format(shape, profile)
        if request.top_p is not None:
            body["top_p"] = request.top_p
        if request.stop:
            body["stop"] = list(request.stop)
        if request.provider_seed is not None:
            body["seed"] = request.provider_seed
        return body | _tools(request, profile)

    def reading(self, request: ModelRequest, profile: Profile) -> Reading:
        return _ChatCompletion(request, profile)


def _message(turn: ChatTurn, profile: Profile) -> dict[str, Any]:
    if turn.role == "tool":
        return {"role": "tool", "tool_call_id": turn.tool_call_id, "content": turn.content}
    if not turn.tool_calls:
        return {"role": turn.role, "content": turn.content}
    calls = [
        {"id": call.id, "type": "function", "function": {"name": plain_name(call.name), "arguments": call.arguments}}
        for call in turn.tool_calls
    ]
    said = {"role": turn.role, "content": turn.content or None, "tool_calls": calls}
    return {**said, "reasoning_content": turn.reasoning} if turn.reasoning and profile.wants_reasoning else said


def _tools(request: ModelRequest, profile: Profile) -> dict[str, Any]:
    choice, told = request.tool_choice, dict[str, Any]()
    if not request.tools:
        return told
    if choice is not None and "tool_choice" not in profile.lacks:
        told["tool_choice"] = _choice(choice)
    elif choice is not None and choice.mode == "none":
        return told  # what is not there is not called
    if request.parallel_tool_calls is not None and "parallel_tool_calls" not in profile.lacks:
        told["parallel_tool_calls"] = request.parallel_tool_calls
    return {"tools": [_function(tool) for tool in request.tools], **told}


def _function(tool: Tool) -> dict[str, Any]:
    # What is empty is left out: a schema that is no object's is refused.
    said = {"description": tool.description, "parameters": dict(tool.parameters)}
    told: dict[str, Any] = {"name": tool.name, **{key: value for key, value in said.items() if value}}
    if tool.strict is not None:
        told["strict"] = tool.strict
    return {"type": "function", "function": told}


def _choice(choice: ToolChoice) -> str | dict[str, Any]:
    if choice.mode == "named":
        return {"type": "function", "function": {"name": choice.name}}
    return choice.mode


def _response_format(shape: AnswerShape, profile: Profile) -> dict[str, Any]:
    match profile.shaping:
        case "schema":
            told = {"name": shape.name, "schema": dict(shape.schema), "strict": strict(shape.schema)}
            return {"response_format": {"type": "json_schema", "json_schema": told}}
        case "json":
            return {"response_format": {"type": "json_object"}}
    return {}


class _ChatCompletion(Reading):
    __slots__ = ("_declined", "_places")
    END = b"[DONE]"

    def __init__(self, request: ModelRequest, profile: Profile) -> None:
        super().__init__(request, profile)
        #: Whether the model said that it does not answer this, in a field of its own.
        self._declined = False
        self._places = CallPlaces()

    def take(self, event: Mapping[str, Any]) -> Piece | None:
        get = event.get
        if get("error") or get("object") == "error":
            raise reported(0, event, self.profile.codes)
        try:
            if not (choices := get("choices")):
                return None
            choice = choices[0].get
            said = choice("delta") or {}
            if (word := choice("finish_reason")) is not None:
                self.named(event)
                piece = self._told(said)  # it was made, whatever the word for its end is
                self._end(word)
                return piece
            if len(said) == 1 and type(text := said.get("content")) is str and text:
                # What nearly every event is: a little text, and nothing else to look for.
                return self.told_text(text)
            return self._told(said)
        finally:
            if usage := get("usage"):  # this event's part is in it, even where it says that this was all
                self.counted(_usage(usage))

    def take_whole(self, report: Mapping[str, Any]) -> None:
        try:
            self.named(report)
            choice = report["choices"][0]
            said = choice["message"]
            # Each stands there once and whole, whatever its index.
            calls = [{**call, "index": at} for at, call in enumerate(said.get("tool_calls") or ())]
            self._told({**said, "tool_calls": calls})
            self._end(choice.get("finish_reason"))
        finally:
            self.counted(_usage(report.get("usage")))

    def _told(self, said: Mapping[str, Any]) -> Piece | None:
        # DeepSeek, Zhipu and vLLM say reasoning_content; OpenRouter and newer vLLM say reasoning.
        if said.get("refusal"):
            self._declined = self.begun = True
            self._filtered()
        reasoning = said.get("reasoning_content") or said.get("reasoning") or ""
        calls = said.get("tool_calls")
        return self.told(said.get("content") or "", reasoning, self._tool_calls(calls) if calls else ())

    def _tool_calls(self, calls: Any) -> tuple[ToolCallPart, ...]:
        parts = []
        for at, call in enumerate(calls):
            function = call.get("function") or {}
            told = call.get("id") or "", function.get("name") or "", function.get("arguments") or ""
            index = at if (number := call.get("index")) is None else number
            if not isinstance(index, int) or not all(isinstance(text, str) for text in told):
                raise ModelPayloadInvalid(reason="unexpected_shape")
            parts.append(self._places.part(index, *told))
        return tuple(parts)

    def _end(self, word: object) -> None:
        self.ended(word)
        self._filtered()

    def _filtered(self) -> None:
        """Say so of an answer that ended: a refusal may come before its word or behind it."""
        if self._declined and self.finish_reason is not None:
            self.finish_reason = "content_filter"


def _usage(report: object) -> Usage | None:
    if not isinstance(report, dict):
        return None
    asked, told = report.get("prompt_tokens"), report.get("completion_tokens")
    if not counts(asked) or not counts(told):
        return None
    # DeepSeek has its own word for what was cached.
    cached = count(report, "prompt_tokens_details", "cached_tokens") or count(report, "prompt_cache_hit_tokens")
    reasoning = count(report, "completion_tokens_details", "reasoning_tokens")
    return Usage(asked, told, estimated=False, cached_tokens=cached, reasoning_tokens=reasoning)
