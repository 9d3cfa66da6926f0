"""An answer of a shape: asked for, checked, once more when it cannot be used, and an error when that fails too."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ValidationError

from backend.errors import ModelAnswerInvalid, ModelContentFiltered
from backend.ids import new_id
from backend.llm.gateway import Answer, ChatTurn, Model, ModelRequest, Usage
from backend.llm.storable import storable_json

T = TypeVar("T")
M = TypeVar("M", bound=BaseModel)

_LONGEST: Final = 100_000
_REPAIR: Final = (
    "Your answer cannot be used: {problem}\nAnswer again with one JSON object that meets the schema, and nothing else."
)


class Unusable(Exception):
    """What the model said cannot be used; the text says why, and is told to the model."""


class ToolsCalled(Exception):
    """The model asks for tools before it answers. `answer` is what it said, without words that are not of the shape;
    its usage is of all questions together. `calls` are those that were answered, as they are accounted."""

    def __init__(self, answer: Answer, *calls: UUID) -> None:
        super().__init__()
        self.answer = answer
        self.calls = calls


@dataclass(frozen=True, slots=True)
class Structured(Generic[T]):
    """A value that was found good. `usage` is of all questions together; `repaired`: the first answer was not good.

    `calls` are those that were answered, as they are accounted; the last one gave the value.
    """

    value: T
    usage: Usage
    model: str | None
    repaired: bool
    calls: tuple[UUID, ...]


def plain_repair(problem: str) -> str:
    """Say what is wrong with an answer and that another is wanted."""
    return _REPAIR.format(problem=problem)


async def structured(
    model: Model,
    request: ModelRequest,
    check: Callable[[str], T],
    *,
    repair: Callable[[str], str] = plain_repair,
    longest: int = _LONGEST,
    in_thread: bool = False,
) -> Structured[T]:
    """Ask for an answer of the request's shape, and once more when `check` raises `Unusable`.

    Args:
        repair: makes what the model is told from the problem.
        longest: an answer of more characters is not asked for again.
        in_thread: `check` may take so long that others would wait for it.

    Raises:
        ToolsCalled: the request has tools, and they are wanted first.
        ModelAnswerInvalid: the second answer was no better. It carries that answer as `partial`.
        ModelError: there was no answer.
    """

    async def held(answer: Answer) -> T:
        return await asyncio.to_thread(_held, answer, check) if in_thread else _held(answer, check)

    async def only_calls(answer: Answer) -> Answer:
        try:
            await held(answer)
        except Unusable:  # "I will look that up": who wants a shape cannot read it
            return replace(answer, text="")
        return answer

    request = replace(request, call_id=request.call_id or new_id())
    answer = await _answered(model, request, longest)
    first = _id_of(request)
    if answer.tool_calls and request.tools:
        raise ToolsCalled(await only_calls(answer), first)
    try:
        return Structured(await held(answer), answer.usage, answer.model, repaired=False, calls=(first,))
    except Unusable as error:
        told = repair(str(error))
    turns = [*request.turns, ChatTurn("assistant", answer.text or "{}"), ChatTurn("user", told)]
    again = replace(request, turns=turns, call_id=new_id())
    second = await _answered(model, again, longest)
    usage = answer.usage + second.usage
    if second.tool_calls and request.tools:
        raise ToolsCalled(replace(await only_calls(second), usage=usage), first, _id_of(again))
    try:
        return Structured(await held(second), usage, second.model, repaired=True, calls=(first, _id_of(again)))
    except Unusable as error:
        raise _invalid(str(error), second.text) from None


def _id_of(request: ModelRequest) -> UUID:
    assert request.call_id is not None
    return request.call_id


def _held(answer: Answer, check: Callable[[str], T]) -> T:
    try:
        return check(answer.text)
    except Unusable:
        if not answer.is_whole:
            longer = answer.finish_reason == "length"
            raise Unusable(f"it broke off{': the answer is longer than allowed' if longer else ''}") from None
        raise


async def _answered(model: Model, request: ModelRequest, longest: int) -> Answer:
    answer = await model.complete(request)
    # What a string of it holds is kept, and a zero cannot be; written as JSON writes it, it is no zero yet.
    answer = replace(answer, text=storable_json(answer.text))
    if len(answer.text) > longest:
        raise _invalid("far too long", answer.text)
    if answer.finish_reason == "content_filter":
        raise ModelContentFiltered(reason="content_filter")
    return answer


def _invalid(problem: str, text: str) -> ModelAnswerInvalid:
    error = ModelAnswerInvalid(problem=problem)
    error.partial = text
    return error


def json_object(text: str) -> str:
    """Return the JSON object in an answer, whatever is said around it.

    Raises:
        Unusable: there is none.
    """
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        raise Unusable("no JSON object")
    return text[start : end + 1]


def read_as(kind: type[M], text: str) -> M:
    """Return the JSON object in an answer as a `kind`.

    Raises:
        Unusable: it is none.
    """
    try:
        return kind.model_validate_json(json_object(text))
    except ValidationError as error:
        wrong = error.errors(include_input=False, include_url=False)[0]
        raise Unusable(f"{'.'.join(str(part) for part in wrong['loc']) or 'JSON'}: {wrong['type']}") from None
