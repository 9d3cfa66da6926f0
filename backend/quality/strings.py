"""All places of many strings in a text, found in columns: what an overlapping Aho-Corasick finds, without its walk.

The beginnings of the strings are marked in small tables, one for each length. Two characters at a time of the whole
text are looked up; what is left is lengthened by one character and looked up again. Few places are left after three.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.quality.codepoints import codes_of

Places = NDArray[np.int64]

#: A table has at most two to the power of this many fields; at 17 it stays in the processor's second cache.
_BITS: Final = 17
#: Fields of a table for each beginning that is marked in it: one place in so many is lengthened in vain.
_ROOM: Final = 16
_FACTOR: Final = np.uint32(0x9E3779B1)
#: So much of a text is looked up at once: its columns stay in the cache.
_CHUNK: Final = 1 << 15
# What a field of a table says: a longer string begins like this; a string is exactly this. One of both by itself is a
# truth value, of which numpy counts several times as many in the same time as of numbers.
_BEGINS, _WHOLE = np.uint8(1), np.uint8(2)


class Found(NamedTuple):
    """Where strings stand: three columns, in no order that means anything."""

    numbers: Places
    starts: Places
    ends: Places


@dataclass(frozen=True, slots=True)
class _Level:
    """The strings of one length and the beginnings of that length."""

    table: NDArray[np.uint8]
    #: How far a mark is shifted to be a field of the table.
    shift: np.uint32
    #: Marks of the strings of this length, ascending, their numbers.
    marks: NDArray[np.uint32]
    numbers: Places


class Links:
    """What each string stands for, many or none, in columns."""

    def __init__(self, of: Sequence[Sequence[int]]) -> None:
        self._counts = np.array([len(one) for one in of], dtype=np.int64)
        self._firsts = np.cumsum(self._counts) - self._counts
        self._targets = np.array([number for one in of for number in one], dtype=np.int64)

    def follow(self, strings: Places) -> tuple[Places, Places]:
        """Return for each string and each of what it stands for: which of the strings it was, and what."""
        counts = self._counts[strings]
        which = np.repeat(np.arange(len(strings)), counts)
        within = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
        return which, self._targets[self._firsts[strings][which] + within]


class Strings:
    """Different, non-empty strings, compiled. Immutable, shared between threads."""

    def __init__(self, strings: Sequence[str]) -> None:
        lengths = np.array([len(string) for string in strings], dtype=np.int64)
        longest = int(lengths.max(initial=0))
        codes = np.zeros((len(strings), longest), dtype=np.uint32)
        codes[np.arange(longest) < lengths[:, None]] = codes_of("".join(strings))
        # Two strings of one length with one mark are not to be told apart: begin with another seed.
        for seed in count():
            self._seed = np.uint32(seed)
            levels = self._levels_of(codes, lengths)
            if all(len(level.marks) < 2 or np.diff(level.marks).all() for level in levels):
                break
        self._levels = levels
        self._lengths = lengths
        #: The characters of all strings, one after the other, and where each ends.
        self._codes = codes[np.arange(longest) < lengths[:, None]]
        self._ends = lengths.cumsum()

    def _levels_of(self, codes: NDArray[np.uint32], lengths: Places) -> list[_Level]:
        marks = np.full(len(lengths), self._seed, dtype=np.uint32)
        levels = []
        for length in range(1, codes.shape[1] + 1):
            marks = (marks + codes[:, length - 1]) * _FACTOR
            longer, whole = marks[lengths > length], np.flatnonzero(lengths == length)
            bits = min(_BITS, (_ROOM * len(np.unique(np.concatenate((longer, marks[whole]))))).bit_length())
            shift = np.uint32(32 - bits)
            table = np.zeros(1 << bits, dtype=np.uint8)
            table[longer >> shift] |= _BEGINS
            table[marks[whole] >> shift] |= _WHOLE
            numbers = whole[np.argsort(marks[whole])]
            levels.append(_Level(table, shift, marks[numbers], numbers))
        return levels

    def find(self, codes: NDArray[np.uint32]) -> Found:
        """Return every place of every string in a text of these code points."""
        parts = [part for at in range(0, len(codes), _CHUNK) for part in self._alike(codes, at)]
        if not parts:
            return Found(*(np.zeros(0, dtype=np.int64) for _ in range(3)))
        numbers, starts = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        lengths = self._lengths[numbers]
        found = Found(numbers, starts, starts + lengths)
        differ = self._differ(codes, found, lengths)
        if differ.size:
            same = np.ones(len(numbers), dtype=bool)
            same[differ] = False
            found = Found(*(column[same] for column in found))
        return found

    def _alike(self, codes: NDArray[np.uint32], begin: int) -> Iterator[tuple[Places, Places]]:
        """Yield strings, and where what begins in one chunk has the mark of each; strings may end behind it."""
        chunk = codes[begin : begin + _CHUNK + 1]
        marks = (chunk[:_CHUNK] + self._seed) * _FACTOR
        places: Places | None = None  # all of the chunk
        for length, level in enumerate(self._levels, 1):
            if length == 2:
                marks = (marks[: len(chunk) - 1] + chunk[1:]) * _FACTOR
            elif length > 2 and places is not None:
                inside = places <= len(codes) - length
                places, marks = places[inside], marks[inside]
                marks = (marks + codes[places + (length - 1)]) * _FACTOR
            if length == 1 and not len(level.marks):
                continue  # all of the chunk goes on to two characters, whatever is said of one
            said = level.table.take(marks >> level.shift)
            if len(level.marks):
                at = (said >> 1).view(np.bool_).nonzero()[0]
                of_these = marks[at]
                nearest = np.minimum(level.marks.searchsorted(of_these), len(level.marks) - 1)
                same = (level.marks[nearest] == of_these).nonzero()[0]
                at = at[same]
                yield level.numbers[nearest[same]], at + begin if places is None else places[at]
            if length >= 2:
                longer = (said & _BEGINS).view(np.bool_).nonzero()[0]
                places, marks = longer + begin if places is None else places[longer], marks[longer]
                if not longer.size:
                    break

    def _differ(self, codes: NDArray[np.uint32], found: Found, lengths: Places) -> Places:
        """Return at which of the places another string than the one with its mark stands."""
        ends = lengths.cumsum()
        # For each character of each place: how far it is from the first of all.
        at = np.arange(ends[-1] if len(ends) else 0)
        said = codes[at + (found.ends - ends).repeat(lengths)]
        meant = self._codes[at + (self._ends[found.numbers] - ends).repeat(lengths)]
        differ: Places = ends.searchsorted((said != meant).nonzero()[0], side="right")
        return differ
