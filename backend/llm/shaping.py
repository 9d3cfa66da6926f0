"""Telling a model in words what shape its answer is to have, where its provider is not told or does not promise it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import orjson

from backend.llm.gateway import ChatTurn, ModelRequest
from backend.llm.profiles import Shaping

_SCHEMA: Final = "Answer with one JSON object and nothing else. It must meet this JSON Schema:\n"


def turns_told(request: ModelRequest, shaping: Shaping | None) -> Sequence[ChatTurn]:
    """Return the turns of a request, with what its shape needs said in the first system turn."""
    shape = request.shape
    if shape is None or shape.told or shaping == "schema":
        return request.turns
    words = _SCHEMA + orjson.dumps(shape.schema).decode()
    for place, turn in enumerate(request.turns):
        # Templates of open models know one system turn, the first.
        if turn.role == "system":
            told = replace(turn, content=f"{turn.content}\n\n{words}")
            return [*request.turns[:place], told, *request.turns[place + 1 :]]
    return [ChatTurn("system", words), *request.turns]
