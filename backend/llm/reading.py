"""Reading an answer event by event: what every dialect keeps, and how an answer may end."""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, ClassVar, Final, TypeGuard, cast

import orjson

from backend.errors import ModelContentFiltered, ModelPayloadInvalid, ModelStreamCut
from backend.llm.endings import reason_of
from backend.llm.endpoint import Meter
from backend.llm.gateway import (
    Answer,
    ModelRequest,
    Piece,
    ToolCallPart,
    Usage,
    called,
    estimate_tokens,
    estimated_usage,
    joined_calls,
)
from backend.llm.profiles import Profile
from backend.llm.storable import storable
from backend.llm.tool_calls import refuse_nameless

#: Characters of what a provider calls an answer or a model that are kept.
_LONGEST_NAME: Final = 200
#: Bytes of a whole answer that broke off which are searched for what it said.
_GLIMPSED: Final = 1024 * 1024
#: What a model said, in either dialect, in a document that may end anywhere. Linear: nothing follows the last repeat.
_SAID: Final = re.compile(
    rb'"(content|text|arguments|reasoning_content|reasoning|thinking)"\s*:\s*"([^"\\]*(?:\\.[^"\\]*)*)', re.DOTALL
)
#: What a tool is given in Anthropic's: an object, up to where it holds another.
_GIVEN: Final = re.compile(rb'"input"\s*+:\s*+\{((?:[^{}"]++|"[^"\\]*+(?:\\.[^"\\]*+)*+"?+)*+)', re.DOTALL)
_THOUGHT: Final = frozenset({b"reasoning_content", b"reasoning", b"thinking"})
#: A piece from all its fields: as `Piece._make`, without a call of Python's for each token.
_piece: Final = cast("Callable[[tuple[object, ...]], Piece]", partial(tuple.__new__, Piece))


class Reading(ABC):
    """What the events have said so far: the text, why it ended, what it cost. A dialect says how an event is taken."""

    __slots__ = (
        "_calls", "_id", "_model", "_reasoning", "_request", "_seen_by_count", "_text", "begun", "done",
        "finish_reason", "profile", "usage",
    )  # fmt: skip
    #: The data of an event that says the end and is no JSON, if the dialect has one.
    END: ClassVar[bytes | None] = None

    def __init__(self, request: ModelRequest, profile: Profile) -> None:
        self._request = request
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: list[ToolCallPart] = []
        self.profile = profile
        self.usage: Usage | None = None
        #: How many parts of the text, of the thoughts and of tool calls had come when the provider last counted.
        self._seen_by_count = 0, 0, 0
        #: What the provider calls the answer, and the model that gave it.
        self._id = self._model = ""
        self.finish_reason: str | None = None
        #: Whether any part of the answer has come.
        self.begun = False
        #: Whether the provider said that nothing more comes.
        self.done = False

    def read(self, data: bytes) -> Piece | None:
        """Take the data of one event; return its part of the answer, if any. Raises what the provider reports."""
        try:
            event = self.parsed(data)
        except orjson.JSONDecodeError:
            if data == self.END:
                self.done = True
                return None
            raise ModelPayloadInvalid(reason="not_json") from None
        if not isinstance(event, dict):
            raise ModelPayloadInvalid(reason="not_an_object")
        try:
            return self.take(event)
        except (AttributeError, LookupError, TypeError, ValueError):
            raise ModelPayloadInvalid(reason="unexpected_shape") from None

    def parsed(self, data: bytes | bytearray) -> Any:
        """Return the JSON of an event, or of a whole answer. Raises JSONDecodeError where it is none."""
        return orjson.loads(data)

    @abstractmethod
    def take(self, event: Mapping[str, Any]) -> Piece | None:
        """Take one event. Anything but the shape it knows may raise AttributeError, LookupError or TypeError."""

    @abstractmethod
    def take_whole(self, report: Mapping[str, Any]) -> None:
        """Take a whole answer that was not streamed."""

    def told(self, text: object, reasoning: object, calls: tuple[ToolCallPart, ...] = ()) -> Piece | None:
        """Keep a part of the answer; None when there is nothing in it."""
        if not isinstance(text, str) or not isinstance(reasoning, str):
            raise ModelPayloadInvalid(reason="unexpected_shape")
        if "\0" in text or "\0" in reasoning:
            text, reasoning = storable(text), storable(reasoning)
        if calls:
            calls = tuple(map(_storable_call, calls))
        if text:
            self._text.append(text)
        if reasoning:
            self._reasoning.append(reasoning)
        if calls:
            self._calls.extend(calls)
        elif not text and not reasoning:
            return None
        self.begun = True
        return Piece(text, reasoning, None, None, calls)

    def told_text(self, text: str) -> Piece | None:
        """Keep a part of the answer that is text, and not empty."""
        if "\0" in text:
            return self.told(text, "")
        self._text.append(text)
        self.begun = True
        return _piece((text, "", None, None, (), None))

    def counted(self, usage: Usage | None) -> None:
        """Keep what the provider counted, if it did: all that came up to now."""
        if usage is not None:
            self.usage = usage
            self._seen_by_count = len(self._text), len(self._reasoning), len(self._calls)

    def named(self, report: Mapping[str, Any]) -> None:
        """Keep what the provider calls the answer, and the model that gave it."""
        self._id, self._model = (
            storable(told)[:_LONGEST_NAME] if isinstance(told := report.get(key), str) else ""
            for key in ("id", "model")
        )

    def glimpse(self, body: bytes | bytearray) -> None:
        """Take what can be read of a whole answer that broke off: it was made, though nobody will be shown it."""
        body = bytes(body[:_GLIMPSED])
        self.begun = self.begun or bool(body.strip())  # blanks are sent while a provider is not ready
        for name, said in _SAID.findall(body):
            try:
                # The text may be cut within a character, and within an escape.
                text = orjson.loads(b'"%b"' % said)
            except orjson.JSONDecodeError:
                text = said.decode(errors="replace")
            (self._reasoning if name in _THOUGHT else self._text).append(text)
        self._text += [given.decode(errors="replace") for given in _GIVEN.findall(body)]

    def note(self, meter: Meter) -> None:
        """Tell what the attempt used and came to, the answer finished or not."""
        meter.usage = self.used()
        meter.tool_calls = joined_calls(self._calls)
        meter.answer_id, meter.model = self._id, self._model

    def used(self) -> Usage | None:
        """Return what was used so far, the answer finished or not: what the provider counted, and what came since as
        we estimate it; None when nothing came."""
        if self.usage is None:
            return self._estimated() if self.begun else None
        told, thought, calls = self._seen_by_count
        since, thought_since = (
            estimate_tokens("".join(parts)) for parts in (self._text[told:], self._reasoning[thought:])
        )
        since += estimate_tokens("".join(part.name + part.arguments for part in self._calls[calls:]))
        if not since and not thought_since:
            return self.usage
        return replace(
            self.usage,
            output_tokens=self.usage.output_tokens + since + thought_since,
            reasoning_tokens=self.usage.reasoning_tokens + thought_since,
            estimated=True,
        )

    def _estimated(self) -> Usage:
        told = "".join(self._text) + called(joined_calls(self._calls))
        return estimated_usage(self._request, told, "".join(self._reasoning))

    def ended(self, word: object) -> None:
        """Keep the provider's word for why it ended, if it is one. Raises what the words of a failure mean."""
        if isinstance(word, str) and (reason := reason_of(word, says_end=self.profile.says_end)) is not None:
            self.finish_reason = reason

    def read_rest(self, data: bytes | None) -> None:
        """Take what was left when the bytes ended, and refuse an end that is none."""
        if data == b"[DONE]":  # some forget the blank line behind it
            self.done = True
        if not self.done and self.finish_reason is None:
            raise ModelStreamCut

    def refuse_no_end(self) -> None:
        """Refuse the end of a stream that does not say why it ended: a proxy whose model died closes it as politely.

        Raises:
            ModelStreamCut: nothing came (`empty`), or no reason with it (`no_end`) from one that says it.
        """
        if self.finish_reason is None and (self.profile.says_end or not self.begun):
            raise ModelStreamCut(reason="no_end" if self.begun else "empty")

    def last_piece(self) -> Piece:
        """Return the closing piece.

        Raises:
            ModelContentFiltered: the provider's filter left nothing to close.
            ModelPayloadInvalid: a tool is called by no name.
        """
        if self.finish_reason == "content_filter" and not self._text:
            raise ModelContentFiltered(reason="content_filter")
        if self._calls:
            refuse_nameless(joined_calls(self._calls))
        return Piece(finish_reason=self.finish_reason or "stop", usage=self.usage or self._estimated())

    def answer(self) -> Answer:
        """Return all of it."""
        last = self.last_piece()
        assert last.usage is not None
        return Answer(
            "".join(self._text),
            "".join(self._reasoning),
            joined_calls(self._calls),
            last.finish_reason or "stop",
            last.usage,
        )


def _storable_call(part: ToolCallPart) -> ToolCallPart:
    return ToolCallPart(part.place, storable(part.id), storable(part.name), storable(part.arguments))


#: More tokens than any answer takes: a provider that says more has miscounted.
MOST_TOKENS: Final = 100_000_000


def count(report: Mapping[str, Any], *path: str) -> int:
    """Return a number of tokens from a provider's report; 0 where it says nothing usable."""
    value: Any = report
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if counts(value) else 0


def counts(value: object) -> TypeGuard[int]:
    """Tell whether this is a number of tokens that can be believed."""
    return isinstance(value, int) and 0 <= value <= MOST_TOKENS
