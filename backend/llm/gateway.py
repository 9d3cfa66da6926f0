"""What the rest of Cuedesk knows of language models: a request, and the pieces that stream back."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol


@dataclass(frozen=True, slots=True)
class ChatTurn:
    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One question to a model.

    `turns` is the rendered prompt. `brief` holds the plain-JSON facts that the prompt was rendered from; the
    offline writer composes from these. `purpose` is a metric label.
    """

    purpose: Literal["script", "chat", "summary", "intent", "judge"]
    turns: Sequence[ChatTurn]
    brief: Mapping[str, Any]
    seed: int = 0
    temperature: float | None = None
    max_tokens: int | None = None
    #: Whether the answer is to be one JSON object; not every provider can promise that.
    json: bool = False


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them, or `estimated` from the text when it did not say."""

    input_tokens: int
    output_tokens: int
    estimated: bool


class Piece(NamedTuple):  # and no frozen dataclass, which takes three times as long to make, once a token
    """A part of the answer. The last piece, and only the last, has `finish_reason` and `usage`."""

    text: str = ""
    reasoning: str = ""
    finish_reason: str | None = None
    usage: Usage | None = None


class Model(Protocol):
    """A writer of text. `name` goes into the script's provenance."""

    name: str

    def stream(self, request: ModelRequest) -> AsyncIterator[Piece]:
        """Yield the answer piece by piece; raise a `ModelError` when it cannot be had.

        Closing the iterator (or cancelling the task that reads it) stops the model. A retry happens only before
        the first piece, so what was yielded is never taken back.
        """
        ...

    async def aclose(self) -> None: ...


def estimate_tokens(text: str) -> int:
    """Return about how many tokens `text` is: three for four Chinese characters, one for four Latin letters."""
    wide = sum(character > "\u2e7f" for character in text)
    return round(wide * 0.75 + (len(text) - wide) / 4)
