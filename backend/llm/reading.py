"""Reading an answer event by event: what every dialect keeps, and how an answer may end."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final, TypeGuard

import orjson

from backend.errors import ModelContentFiltered, ModelPayloadInvalid, ModelStreamCut
from backend.llm.gateway import Answer, ModelRequest, Piece, ToolCallPart, Usage, estimated_usage, joined_calls
from backend.llm.profiles import Profile


class Reading(ABC):
    """What the events have said so far: the text, why it ended, what it cost. A dialect says how an event is taken."""

    __slots__ = ("_calls", "_reasoning", "_request", "_text", "begun", "done", "finish_reason", "profile", "usage")
    #: The data of an event that says the end and is no JSON, if the dialect has one.
    END: ClassVar[bytes | None] = None

    def __init__(self, request: ModelRequest, profile: Profile) -> None:
        self._request = request
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._calls: list[ToolCallPart] = []
        self.profile = profile
        self.usage: Usage | None = None
        self.finish_reason: str | None = None
        #: Whether any part of the answer has come.
        self.begun = False
        #: Whether the provider said that nothing more comes.
        self.done = False

    def read(self, data: bytes) -> Piece | None:
        """Take the data of one event; return its part of the answer, if any. Raises what the provider reports."""
        try:
            event = orjson.loads(data)
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

    def told_text(self, text: str) -> Piece:
        """Keep a part of the answer that is text, and not empty."""
        self._text.append(text)
        self.begun = True
        return Piece(text)

    def ended(self, word: object) -> None:
        """Keep the provider's word for why it ended, if it is one."""
        if isinstance(word, str) and word:
            self.finish_reason = self.profile.finish_reasons.get(word, word)

    def read_rest(self, data: bytes | None) -> None:
        """Take what was left when the bytes ended, and refuse an end that is none."""
        if data == b"[DONE]":  # some forget the blank line behind it
            self.done = True
        if not self.done and self.finish_reason is None:
            raise ModelStreamCut

    def last_piece(self) -> Piece:
        """Return the closing piece; `ModelContentFiltered` when the provider's filter left nothing to close."""
        if self.finish_reason == "content_filter" and not self._text:
            raise ModelContentFiltered(reason="content_filter")
        usage = self.usage or estimated_usage(self._request, "".join(self._text), "".join(self._reasoning))
        return Piece(finish_reason=self.finish_reason or "stop", usage=usage)

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
