"""Calls of tools as providers tell them in parts, and as they are told to providers again."""

from typing import Any

import orjson

from backend.llm.gateway import ToolCallPart


class CallPlaces:
    """Tells which call a part belongs to, of one answer. Most providers number them; Gemini gives all of them one
    number, or none, so a new id with a name begins another call too."""

    __slots__ = ("_latest", "_many")

    def __init__(self) -> None:
        self._many = 0
        #: The latest call of each number: its place among all, and its id.
        self._latest: dict[int, tuple[int, str]] = {}

    def part(self, number: int, call_id: str, name: str, arguments: str) -> ToolCallPart:
        """Return a part in its place. `call_id` and `name` may be empty, or told with each part."""
        known = self._latest.get(number)
        if known is None or (call_id and name and call_id != known[1]):
            known = self._latest[number] = self._many, call_id
            self._many += 1
        return ToolCallPart(known[0], call_id, name, arguments)


def arguments_of(call: ToolCallPart) -> dict[str, Any]:
    """Return the arguments of a call as an object. What is none, as models write at times, is given as it is under one
    name: the talk goes on, and the model sees what it wrote."""
    try:
        given = orjson.loads(call.arguments or "{}")
    except orjson.JSONDecodeError:
        given = None
    return given if isinstance(given, dict) else {"arguments": call.arguments}
