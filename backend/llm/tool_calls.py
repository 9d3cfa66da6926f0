"""Calls of tools as providers tell them in parts, and as they are told to providers again."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

from backend.errors import ModelPayloadInvalid
from backend.llm.gateway import ToolCallPart

#: Characters of an answer's arguments that are looked at for where one call ends and another begins.
_LOOKED_AT: Final = 1_000_000
#: Levels of arguments that are read as an object: no tool takes as many, and whoever writes them goes down them all.
_DEEPEST: Final = 100


#: The longest name and id of a call that are handed on: some write what was thought into an id.
LONGEST_NAME: Final = 1_000
LONGEST_ID: Final = 20_000
#: What the name of a tool may not hold anywhere.
_NO_NAME: Final = re.compile("[^A-Za-z0-9_-]")
_SENT_NAME: Final = 64


def plain_name(told: str) -> str:
    """Return the name of what was called as every provider takes it: a model may have called what there is not."""
    return _NO_NAME.sub("_", told)[:_SENT_NAME]


def refuse_nameless(calls: Sequence[ToolCallPart]) -> None:
    """Refuse calls that nobody could answer.

    Raises:
        ModelPayloadInvalid: one has no name, or a name that is none.
    """
    if any(not 0 < len(call.name) <= LONGEST_NAME for call in calls):
        raise ModelPayloadInvalid(reason="call_without_name")


class _Known:
    """The latest call of one number."""

    __slots__ = ("again", "arguments", "call_id", "name", "place")

    def __init__(self, place: int, call_id: str, name: str) -> None:
        self.place, self.call_id, self.name = place, call_id, name
        self.arguments: list[str] = []
        #: The id and the name that were told again when the call was whole: of another one, if arguments follow.
        self.again: tuple[str, str] | None = None


class CallPlaces:
    """Tells which call a part belongs to, of one answer. Most providers number them; Gemini gives all of them one
    number, or none, and some no ids, or one to all. So another call begins with a new id or name, and where a name is
    told again and arguments follow though those of the call are whole."""

    __slots__ = ("_latest", "_left", "_many")

    def __init__(self) -> None:
        self._many, self._left = 0, _LOOKED_AT
        self._latest: dict[int, _Known] = {}

    def part(self, number: int, call_id: str, name: str, arguments: str) -> ToolCallPart:
        """Return a part in its place. `call_id` and `name` may be empty, or told with each part."""
        known = self._latest.get(number)
        if known is None or (name and known.name and (name != known.name or (call_id and call_id != known.call_id))):
            known = self._begun(number, call_id, name)
        elif (name or known.again) and self._is_whole(known):
            if name:
                known.again = call_id, name
            if not arguments.strip():
                return ToolCallPart(known.place)
            assert known.again is not None
            call_id, name = known.again
            known = self._begun(number, call_id, name)
        known.name = known.name or name
        if arguments:
            known.arguments.append(arguments)
        return ToolCallPart(known.place, call_id, name, arguments)

    def _is_whole(self, known: _Known) -> bool:
        if not known.arguments or not known.arguments[-1].rstrip().endswith("}"):
            return False
        text = "".join(known.arguments)
        self._left -= len(text)
        return self._left >= 0 and object_of(text) is not None

    def _begun(self, number: int, call_id: str, name: str) -> _Known:
        known = self._latest[number] = _Known(self._many, call_id, name)
        self._many += 1
        return known


def object_of(text: str) -> dict[str, Any] | None:
    """Return the object that a JSON text is, its whole numbers exact; None where it is none, or nested too deeply."""
    try:
        given = json.loads(text, parse_constant=_refused)
    except (ValueError, RecursionError):
        return None
    return given if isinstance(given, dict) and not _is_deep(given) else None


def arguments_of(text: str) -> dict[str, Any]:
    """Return the arguments of a call as an object. What is none, as models write at times, is given as it is under one
    name: the talk goes on, and the model sees what it wrote."""
    given = object_of(text or "{}")
    return {"arguments": text} if given is None else given


def object_text(text: str) -> object:
    """Return the same to be written by orjson: letter by letter, for a number read is not the number written."""
    try:
        if isinstance(orjson.loads(text or "{}"), dict):
            return orjson.Fragment(text or "{}")
    except orjson.JSONDecodeError:
        pass
    return {"arguments": text}


def with_exact_numbers(data: bytes | bytearray) -> Any:
    """Return what a JSON text says, every number in it as it is written (for orjson to write it again).

    Raises:
        ModelPayloadInvalid: it is nested without end, or holds what is no number.
    """
    try:
        return json.loads(data, parse_int=orjson.Fragment, parse_float=orjson.Fragment, parse_constant=_refused)
    except (ValueError, RecursionError):
        raise ModelPayloadInvalid(reason="unexpected_shape") from None


def _refused(name: str) -> Any:
    raise ValueError(name)


def _is_deep(value: Any) -> bool:
    level: list[Any] = [value]
    for _ in range(_DEEPEST):
        level = [inner for one in level for inner in _inner(one)]
        if not level:
            return False
    return True


def _inner(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        yield from value.values()
    elif isinstance(value, list):
        yield from value
