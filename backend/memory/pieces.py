"""A text in the pieces that E5 was taught: of all ways to cut it the likeliest (SentencePiece unigram, XLM-RoBERTa)."""

import re
from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backend.memory.weights import Weights

_SPACE: Final = "\u2581"
_SPACES: Final = re.compile(" {2,}")
#: A character that no piece has is this much less likely than the least likely piece.
_UNKNOWN: Final = 10.0
_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_SHIFT: Final = np.uint64(29)


class Pieces:
    """All pieces by a mark of 64 bits: three megabytes where a dictionary of them takes forty. Immutable.

    A text's marks are looked up all at once. That something else has the mark of a piece happens once in 10^12 texts,
    and would make one text a little harder to find.
    """

    def __init__(self, weights: Weights) -> None:
        self._weights = weights
        # How many characters begin before each byte.
        begun = np.zeros(len(weights.pieces) + 1, dtype=np.int32)
        np.cumsum((weights.pieces & 0xC0) != 0x80, out=begun[1:])
        firsts = begun[weights.offsets]
        del begun
        lengths = np.diff(firsts)
        codes = _codes_of(weights.pieces.tobytes().decode())
        marks = np.zeros(len(lengths), dtype=np.uint64)
        self._longest = int(lengths.max())
        for place in range(self._longest):
            longer = np.flatnonzero(lengths > place)
            marks[longer] = _lengthened(marks[longer], codes[firsts[longer] + place])
        usable = np.flatnonzero((lengths > 0) & (np.arange(len(lengths)) != weights.unknown))
        order = usable[np.argsort(marks[usable])]
        self._marks, self._ids = marks[order], order.astype(np.int32)
        self._unknown = float(weights.scores.min()) - _UNKNOWN
        self._read_as = str.maketrans(dict(weights.read_as))

    def ids(self, text: str) -> list[int]:
        """Return the ids of the text's pieces, without the marks around it."""
        plain = _SPACES.sub(" ", text.translate(self._read_as))
        plain = (plain if plain.startswith(" ") else " " + plain).replace(" ", _SPACE)
        size = len(plain)
        # The best way to each place: how likely it is, where its last piece begins and which one that is.
        best: list[tuple[float, int, int]] = [(0.0, 0, 0), *[(-np.inf, 0, 0)] * size]
        at = 0
        for start, length, number, score in self._found(plain):
            while at <= start:  # what no piece stands for, from every place that was passed
                self._pass_unknown(best, at)
                at += 1
            if best[start][0] + score > best[start + length][0]:
                best[start + length] = (best[start][0] + score, start, number)
        while at < size:
            self._pass_unknown(best, at)
            at += 1
        ids, place = [], size
        while place:
            _, place, number = best[place]
            ids.append(number)
        return ids[::-1]

    def _pass_unknown(self, best: list[tuple[float, int, int]], at: int) -> None:
        if best[at][0] + self._unknown > best[at + 1][0]:
            best[at + 1] = (best[at][0] + self._unknown, at, self._weights.unknown)

    def _found(self, text: str) -> Iterator[tuple[int, int, int, float]]:
        """Yield where each piece stands in a text, how long it is, its id and how likely it is, by where it begins."""
        codes = _codes_of(text)
        size = len(codes)
        marks = np.zeros(size, dtype=np.uint64)
        of_length = []
        for length in range(1, min(self._longest, size) + 1):
            marks = _lengthened(marks[: size - length + 1], codes[length - 1 :])
            of_length.append(marks)
        together = np.concatenate(of_length)
        nearest = np.minimum(np.searchsorted(self._marks, together), len(self._marks) - 1)
        there = np.flatnonzero(self._marks[nearest] == together)
        firsts = np.cumsum([0, *map(len, of_length)])
        lengths = np.searchsorted(firsts, there, side="right")
        starts, ids = there - firsts[lengths - 1], self._ids[nearest[there]]
        order = np.lexsort((lengths, starts))
        columns = (starts, lengths, ids, self._weights.scores[ids])
        yield from zip(*(column[order].tolist() for column in columns), strict=True)


def _codes_of(text: str) -> NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


def _lengthened(marks: NDArray[np.uint64], codes: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """Return the marks of strings that have one character more."""
    marks = (marks + codes) * _FACTOR
    return marks ^ (marks >> _SHIFT)
