"""All places of many strings in a text, found in columns: what an overlapping Aho-Corasick finds, without its walk.

The beginnings of the strings are marked in small tables, one for each length. Two characters at a time of the whole
text are looked up; what is left is lengthened by one character and looked up again. Few places are left after three.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, NamedTuple

import numpy as np
from ahocorasick_rs import AhoCorasick, MatchKind
from numpy.typing import NDArray

from backend.quality.codepoints import codes_of

Places = NDArray[np.int64]

#: A table has two to the power of this many fields; at 18 it stays in the processor's second cache.
_BITS: Final = 18
_SHIFT: Final = np.uint64(64 - _BITS)
_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
#: A shorter text is walked: the columns cost half a millisecond however short they are.
_SHORT: Final = 4096
# What a field of a table says: a longer string begins like this; a string is exactly this.
_BEGINS, _WHOLE = np.uint8(1), np.uint8(2)


class Found(NamedTuple):
    """Where strings stand, in the order of their ends, the longer first: three columns."""

    numbers: Places
    starts: Places
    ends: Places


@dataclass(frozen=True, slots=True)
class _Level:
    """The strings of one length and the beginnings of that length."""

    table: NDArray[np.uint8]
    #: Marks of the strings of this length, ascending, their numbers and their characters.
    marks: NDArray[np.uint64]
    numbers: Places
    codes: NDArray[np.uint32]


class Strings:
    """Different, non-empty strings, compiled. Immutable, shared between threads."""

    def __init__(self, strings: Sequence[str]) -> None:
        lengths = np.array([len(string) for string in strings], dtype=np.int64)
        self._walk = AhoCorasick(strings, matchkind=MatchKind.Standard)
        self._longest = int(lengths.max(initial=0))
        codes = np.zeros((len(strings), self._longest), dtype=np.uint32)
        for number, string in enumerate(strings):
            codes[number, : len(string)] = codes_of(string)
        # Two strings of one length with one mark are not to be told apart: begin with another seed.
        for seed in count():
            self._seed = np.uint64(seed)
            levels = list(self._levels_of(codes, lengths))
            if all(len(np.unique(level.marks)) == len(level.marks) for level in levels):
                break
        self._levels = levels

    def _levels_of(self, codes: NDArray[np.uint32], lengths: Places) -> list[_Level]:
        marks = np.full(len(lengths), self._seed, dtype=np.uint64)
        levels = []
        for length in range(1, self._longest + 1):
            marks = (marks + codes[:, length - 1]) * _FACTOR
            table = np.zeros(1 << _BITS, dtype=np.uint8)
            table[marks[lengths > length] >> _SHIFT] |= _BEGINS
            whole = np.flatnonzero(lengths == length)
            table[marks[whole] >> _SHIFT] |= _WHOLE
            numbers = whole[np.argsort(marks[whole])]
            levels.append(_Level(table, marks[numbers], numbers, codes[numbers, :length]))
        return levels

    def find(self, codes: NDArray[np.uint32]) -> Found:
        """Return every place of every string in a text of these code points."""
        return self.walked(codes) if len(codes) < _SHORT else self.looked_up(codes)

    def walked(self, codes: NDArray[np.uint32]) -> Found:
        """Find them with an automaton."""
        text = codes.tobytes().decode("utf-32-le", "surrogatepass")
        hits = self._walk.find_matches_as_indexes(text, overlapping=True)
        columns = np.array(hits, dtype=np.int64).reshape(-1, 3)
        return Found(columns[:, 0], columns[:, 1], columns[:, 2])

    def looked_up(self, codes: NDArray[np.uint32]) -> Found:
        """Find them with the tables."""
        parts: list[Found] = []
        wide = codes.astype(np.uint64)
        marks = (wide + self._seed) * _FACTOR
        places: Places | None = None  # all of them
        for length, level in enumerate(self._levels, 1):
            if length == 2:
                marks = (marks[:-1] + wide[1:]) * _FACTOR
            elif length > 2 and places is not None:
                inside = places <= len(codes) - length
                places, marks = places[inside], marks[inside]
                marks = (marks + wide[places + (length - 1)]) * _FACTOR
            said = level.table.take((marks >> _SHIFT).view(np.int64))
            if len(level.marks):
                at = _set(said, _WHOLE)
                parts.append(_same(level, marks[at], at if places is None else places[at], codes, length))
            if length >= 2:
                longer = _set(said, _BEGINS)
                places, marks = longer if places is None else places[longer], marks[longer]
                if not longer.size:
                    break
        numbers, starts, ends = (
            np.concatenate([part[column] for part in parts]) if parts else np.zeros(0, dtype=np.int64)
            for column in range(3)
        )
        order = np.lexsort((starts, ends))
        return Found(numbers[order], starts[order], ends[order])


def _set(said: NDArray[np.uint8], flag: np.uint8) -> Places:
    # Read as truth values, numpy counts them several times as fast.
    return np.flatnonzero((said & flag).astype(bool))


def _same(level: _Level, marks: NDArray[np.uint64], starts: Places, codes: NDArray[np.uint32], length: int) -> Found:
    """Keep the places where a string of this length really stands."""
    nearest = np.minimum(np.searchsorted(level.marks, marks), len(level.marks) - 1)
    alike = np.flatnonzero(level.marks[nearest] == marks)
    nearest, starts = nearest[alike], starts[alike]
    equal = np.ones(len(starts), dtype=bool)
    for offset in range(length):
        equal &= codes[starts + offset] == level.codes[nearest, offset]
    starts = starts[equal]
    return Found(level.numbers[nearest[equal]], starts, starts + length)
