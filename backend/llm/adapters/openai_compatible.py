"""OpenAI's chat completions, which most providers speak."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from backend.errors import ModelPayloadInvalid, ModelStreamCut
from backend.llm.failures import reported
from backend.llm.gateway import AnswerShape, ModelRequest, Piece, ToolCallPart, Usage
from backend.llm.profiles import Profile
from backend.llm.reading import Reading, count, counts
from backend.llm.schemas import strict
from backend.llm.shaping import turns_told


class OpenAIDialect:
    path = "/chat/completions"
    headers: Final[Mapping[str, str]] = MappingProxyType({})

    def body(self, request: ModelRequest, model: str, profile: Profile, *, stream: bool) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": model,
            "messages": [{"role": turn.role, "content": turn.content} for turn in turns_told(request, profile.shaping)],
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
        if request.tools:
            body["tools"] = [
                {
                    "type": "function",
                    "function": {
                        "name": tool.name, "description": tool.description, "parameters": dict(tool.parameters)
                    },
                }
                for tool in request.tools
            ]  # fmt: skip
        return body

    def reading(self, request: ModelRequest, profile: Profile) -> Reading:
        return _ChatCompletion(request, profile)


def _response_format(shape: AnswerShape, profile: Profile) -> dict[str, Any]:
    match profile.shaping:
        case "schema":
            told = {"name": shape.name, "schema": dict(shape.schema), "strict": strict(shape.schema)}
            return {"response_format": {"type": "json_schema", "json_schema": told}}
        case "json":
            return {"response_format": {"type": "json_object"}}
    return {}


class _ChatCompletion(Reading):
    __slots__ = ("_declined",)
    END = b"[DONE]"

    def __init__(self, request: ModelRequest, profile: Profile) -> None:
        super().__init__(request, profile)
        #: Whether the model said that it does not answer this, in a field of its own.
        self._declined = False

    def take(self, event: Mapping[str, Any]) -> Piece | None:
        get = event.get
        if get("error") or get("object") == "error":
            raise reported(0, event, self.profile.codes)
        try:
            if not (choices := get("choices")):
                return None
            choice = choices[0].get
            if (word := choice("finish_reason")) is not None:
                self._end(word)
            said = choice("delta") or {}
            if len(said) == 1 and type(text := said.get("content")) is str and text:
                # What nearly every event is: a little text, and nothing else to look for.
                return self.told_text(text)
            return self._told(said)
        finally:
            if usage := get("usage"):  # this event's part is in it, even where it says that this was all
                self.counted(_usage(usage))

    def take_whole(self, report: Mapping[str, Any]) -> None:
        try:
            choice = report["choices"][0]
            self._told(choice["message"])
            self._end(choice.get("finish_reason"))
        finally:
            self.counted(_usage(report.get("usage")))

    def _told(self, said: Mapping[str, Any]) -> Piece | None:
        # DeepSeek, Zhipu and vLLM say reasoning_content; OpenRouter and newer vLLM say reasoning.
        if said.get("refusal"):
            self._declined = self.begun = True
            if self.finish_reason is not None:
                self.ended("content_filter")
        reasoning = said.get("reasoning_content") or said.get("reasoning") or ""
        calls = said.get("tool_calls")
        return self.told(said.get("content") or "", reasoning, _tool_calls(calls) if calls else ())

    def _end(self, word: object) -> None:
        if word in ("network_error", "error"):  # Zhipu's and OpenRouter's way to end in the middle
            raise ModelStreamCut
        self.ended("content_filter" if self._declined else word)


def _tool_calls(calls: Any) -> tuple[ToolCallPart, ...]:
    parts = []
    for place, call in enumerate(calls):
        function = call.get("function") or {}
        part = ToolCallPart(
            call.get("index", place), call.get("id") or "", function.get("name") or "", function.get("arguments") or ""
        )
        if not isinstance(part.place, int) or not all(isinstance(text, str) for text in part[1:]):
            raise ModelPayloadInvalid(reason="unexpected_shape")
        parts.append(part)
    return tuple(parts)


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
