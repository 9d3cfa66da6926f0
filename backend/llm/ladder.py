"""What a server takes of the shape of an answer: as declared, or found out by asking, from the most down to words."""

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from typing import Final

import orjson

from backend.errors import ModelError, ModelRefused
from backend.llm.gateway import AnswerShape
from backend.llm.profiles import Shaping
from backend.llm.schemas import held_to

#: Seconds after which what was found out is tried again: servers are replaced and learn.
REMEMBERED: Final = 3600.0
#: Schemas that are remembered one by one. They come from outside.
_MOST_SCHEMAS: Final = 200
_RUNGS: Final[tuple[Shaping, ...]] = ("schema", "json", "words")


class Ladder:
    """Of one backend in one process; pure but for the clock it is given: seconds that never go back.

    Where a shaping is `declared` it is kept to, but for schemas that were refused. Calls at once each stand on a rung
    of their own: what one of them finds out moves no other.
    """

    def __init__(self, declared: Shaping | None, clock: Callable[[], float]) -> None:
        self.declared: Final = declared
        self._clock = clock
        #: Until when a rung is passed over.
        self._missing: dict[Shaping, float] = {}
        #: … and for one schema only, of a server that takes others.
        self._odd: OrderedDict[bytes, float] = OrderedDict()
        #: Until when it is believed that the server holds answers to schemas: one was, that it could not have guessed.
        self._proven_until = 0.0

    def first(self, shape: AnswerShape) -> Shaping:
        """Return the rung that a call begins on."""
        now = self._clock()
        odd = self._odd.get(_mark(shape), 0.0) > now
        if self.declared is not None:
            return "words" if odd else self.declared
        for rung in _RUNGS[:-1]:
            if rung == "schema" and (odd or shape.schema.keys() <= {"type"}):
                continue  # "an object" is all that JSON mode says too
            if self._missing.get(rung, 0.0) <= now:
                return rung
        return "words"

    def below(self, rung: Shaping, error: ModelError) -> Shaping | None:
        """Return the rung on which to ask again when `error` was the answer; None: `error` is what is told."""
        if rung == "words" or not isinstance(error, ModelRefused) or error.failure != "bad_request":
            return None
        if self.declared is not None:
            return "words"  # whatever it did not like, words are what everybody takes
        return None if error.about is None else _RUNGS[_RUNGS.index(rung) + 1]

    def stepped(self, shape: AnswerShape, rung: Shaping, error: ModelError) -> None:
        """Remember that a request was refused on `rung`, and taken further down: it was the shape indeed."""
        if self.declared is not None:
            self._without_schema(shape, of_this=True)
        elif rung == "schema":
            self._without_schema(shape, of_this=isinstance(error, ModelRefused) and error.about == "schema")
        else:
            self._missing[rung] = self._clock() + REMEMBERED

    def answered(self, shape: AnswerShape, rung: Shaping, text: str) -> None:
        """Look whether a whole answer that came on `rung` was held to its schema: some take one and pay no heed."""
        if self.declared is not None or rung != "schema":
            return
        held = held_to(shape.schema, text)
        if held is False:
            self._without_schema(shape, of_this=False)
        elif held and not shape.told:
            self._proven_until = self._clock() + REMEMBERED

    def _without_schema(self, shape: AnswerShape, *, of_this: bool) -> None:
        if not of_this and self._clock() >= self._proven_until:
            self._missing["schema"] = self._clock() + REMEMBERED
            return
        self._odd[_mark(shape)] = self._clock() + REMEMBERED
        self._odd.move_to_end(_mark(shape))
        if len(self._odd) > _MOST_SCHEMAS:
            self._odd.popitem(last=False)


def _mark(shape: AnswerShape) -> bytes:
    return blake2b(orjson.dumps(shape.schema, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()
