"""What a sentence implies without a word of the lists, learned from examples: a linear classifier, and only a warning.

"我妈的膝盖喝了两盒就能跳广场舞" names no disease and no cure. The classifier looks at pieces of the words and at who
does what (a relative, a part of the body, a change, a time: `rules/hints.toml`). Its weights are in `implied.tsv`,
made by `python -m tests.support.train_implied`. It never blocks: a person decides.
"""

import math
import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import add
from pathlib import Path
from typing import Final

import numpy as np
from ahocorasick_rs import AhoCorasick, MatchKind
from numpy.typing import NDArray

from backend.quality.classes import word_classes
from backend.quality.codepoints import codes_of
from backend.quality.strings import Strings

FILE: Final = Path(__file__).with_name("implied.tsv")
_HINTS: Final = Path(__file__).parent / "rules" / "hints.toml"
#: Weights are kept as whole numbers of this size.
STEP: Final = 0.01
#: What nothing is wrong with.
CLEAN: Final = "clean"
_SENTENCE: Final = re.compile(r"[^。！？\n]+")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
#: What may be a digit: figures, and what is no letter of any script.
_DIGITS: Final = re.compile(r"[\d²³¹፩-፱᧚⁰⁴-⁹₀-₉①-⓿❶-➒\U00010a40-\U0001f10a]")
#: A sentence longer than this is looked at in parts, clause by clause.
_LONG: Final = 56
#: A question claims less than a statement of the same words: so much surer one must be.
_ASKED: Final = 0.15
#: Fewer characters imply nothing.
_SHORT: Final = 7
_NEAR: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A sentence of the folded text and what it seems to imply."""

    start: int
    end: int
    label: str
    #: How likely, between 0 and 1.
    likely: float


def suspicions(text: str) -> Iterator[Suspicion]:
    """Yield the sentences of a folded text that seem to imply what may not be said."""
    spans = list(sentences_of(text))
    if not spans:
        return
    threshold = weights().threshold
    for row, shares in _doubtful([text[start:end] for start, end in spans], threshold):
        start, end = spans[row]
        likely = 1 - shares[CLEAN]
        if likely >= (threshold + _ASKED if text[end : end + 1] == "？" else threshold):
            label = max((name for name in shares if name != CLEAN), key=lambda name: shares[name])
            yield Suspicion(start, end, label, round(likely, 3))


def _doubtful(sentences: Sequence[str], threshold: float) -> Iterator[tuple[int, Mapping[str, float]]]:
    """Yield which sentences imply something with at least this likelihood, and how likely each label is."""
    known = weights()
    values = known.values(sentences)
    # The last digits of many at once may differ from those of one by one: who is near is asked again.
    raised = np.exp(values - values.max(axis=1, keepdims=True))
    clean = raised[:, known.labels.index(CLEAN)] / raised.sum(axis=1)
    for row in (1 - clean >= threshold - _NEAR).nonzero()[0].tolist():
        yield row, known.shares(values[row].tolist())


def sentences_of(text: str) -> Iterator[tuple[int, int]]:
    """Yield where sentences stand; a long one in parts of whole clauses."""
    for match in _SENTENCE.finditer(text):
        start, end = match.span()
        while end - start > _LONG:
            cut = text.rfind("，", start + _SHORT, start + _LONG)
            if cut < 0:
                cut = start + _LONG - 1
            if _says_something(text, start, cut + 1):
                yield start, cut + 1
            start = cut + 1
        if _says_something(text, start, end):
            yield start, end


def _says_something(text: str, start: int, end: int) -> bool:
    return end - start >= _SHORT and _HAN.search(text, start, end) is not None


def features(sentence: str) -> list[str]:
    """Return what the classifier looks at, each feature once."""
    plain = _plain(sentence)
    pairs = list(map(add, plain, plain[1:]))
    search, signs = _hints()
    told = tuple(dict.fromkeys(signs[index] for index, _, _ in search.find_matches_as_indexes(plain)))
    return sorted({*plain, *pairs, *map(add, pairs, plain[2:]), *_told(told, len(plain))})


def _plain(text: str) -> str:
    """Write each digit as 0: which figure it is tells nothing."""
    return _DIGITS.sub(lambda match: "0" if match.group().isdigit() else match.group(), text)


def _told(signs: Sequence[str], size: int) -> Iterator[str]:
    """Yield what a sentence of this size with these signs, in the order in which they begin, is looked at for."""
    yield from (f"#{sign}" for sign in signs)
    yield from (f"#{one}+{other}" for one in signs for other in signs if one < other)
    yield from (f"#{one}>{other}" for at, one in enumerate(signs) for other in signs[at + 1 :])
    yield f"#many {min(len(signs), 6)}"
    yield f"#size {min(size // 8, 7)}"


@cache
def _hints() -> tuple[AhoCorasick, tuple[str, ...]]:
    table: dict[str, Sequence[str]] = tomllib.loads(_HINTS.read_text(encoding="utf-8"))
    # Which maker is named tells nothing, that one is named does.
    table["maker"] = word_classes()["maker"]
    # A word with two meanings has the one that is named first.
    of_word = {word: sign for sign, words in reversed(table.items()) for word in words}
    return AhoCorasick(list(of_word), matchkind=MatchKind.LeftmostLongest), tuple(of_word.values())


@dataclass(frozen=True, slots=True)
class Weights:
    """The classifier: a row of whole numbers for each feature, a column for each label."""

    labels: tuple[str, ...]
    places: Mapping[str, int]
    rows: NDArray[np.int16]
    #: From how likely on a sentence is pointed out.
    threshold: float
    #: The features that are pieces of words, and the row of each.
    pieces: Strings
    of_pieces: NDArray[np.int64]

    def values(self, sentences: Sequence[str]) -> NDArray[np.float64]:
        """Return what the weights say of sentences (none holds a line break): a row for each, label by label."""
        # A line break is in no feature: what is found lies inside one sentence.
        text = _plain("\n".join(sentences))
        sizes = np.fromiter(map(len, sentences), dtype=np.int64, count=len(sentences))
        begins = (sizes + 1).cumsum() - sizes - 1
        found = self.pieces.find(codes_of(text))
        owners = begins.searchsorted(found.starts, side="right") - 1
        # Each piece counts once in a sentence. One number for a sentence and a feature: a sentence's stand together.
        stride = len(self.rows)
        told = np.fromiter(self._told(text, begins, sizes), dtype=np.int64)
        numbers = np.arange(len(sentences)) * stride
        # The first row is no feature's: one that each sentence has, and that is taken away again.
        keys = np.concatenate((numbers, owners * stride + self.of_pieces[found.numbers], told))
        keys.sort()
        first = np.ones(len(keys), dtype=bool)
        first[1:] = keys[1:] != keys[:-1]
        keys = keys[first]
        places = keys.searchsorted(numbers)
        summed = np.add.reduceat(self.rows.take(keys % stride, axis=0), places, axis=0, dtype=np.int64)
        # A long sentence has more pieces, not more certainty.
        counts = np.diff(places, append=len(keys)) - 1
        factors = np.array([STEP * scale(count) for count in counts.tolist()])
        values: NDArray[np.float64] = (summed - self.rows[0]) * factors[:, None] + self.rows[0] * STEP
        return values

    def _told(self, text: str, begins: NDArray[np.int64], sizes: NDArray[np.int64]) -> Iterator[int]:
        """Yield what sentences are looked at for besides pieces of words, as a number for both."""
        search, signs = _hints()
        seen: list[dict[str, None]] = [{} for _ in begins]
        starts = begins.tolist()
        for index, start, _ in search.find_matches_as_indexes(text):
            seen[bisect_right(starts, start) - 1][signs[index]] = None
        stride = len(self.rows)
        for number, (told, size) in enumerate(zip(seen, sizes.tolist(), strict=True)):
            for place in _rows_of(tuple(told), min(size // 8, 7)):
                yield number * stride + place

    def shares(self, values: Sequence[float]) -> dict[str, float]:
        """Return how likely each label is; they sum to 1."""
        # A dozen numbers: done with before numpy has begun.
        most = max(values)
        raised = [math.exp(value - most) for value in values]
        total = sum(raised)
        return {label: value / total for label, value in zip(self.labels, raised, strict=True)}


@lru_cache(maxsize=4096)
def _rows_of(signs: tuple[str, ...], eighths: int) -> tuple[int, ...]:
    places = weights().places
    return tuple(places[one] for one in dict.fromkeys(_told(signs, eighths * 8)) if one in places)


def scale(count: int) -> float:
    """Return what the weights of so many features are multiplied with."""
    return 8 / math.sqrt(max(count, 16))


@cache
def weights() -> Weights:
    """Read the weights, once."""
    lines = FILE.read_text(encoding="utf-8").splitlines()
    head = dict(line[2:].split("\t", 1) for line in lines if line.startswith("# "))
    names: list[str] = []
    rows: list[Sequence[int]] = []
    for line in lines:
        if not line.startswith("# "):
            name, values = line.rsplit("\t", 1)
            names.append(name)
            rows.append([int(value) for value in values.split(",")])
    pieces = {name: place for place, name in enumerate(names) if place and (name[0] != "#" or len(name) == 1)}
    return Weights(
        labels=tuple(head["labels"].split(",")),
        places={name: place for place, name in enumerate(names) if place},
        rows=np.array(rows, dtype=np.int16),
        threshold=float(head["threshold"]),
        pieces=Strings(list(pieces)),
        of_pieces=np.array(list(pieces.values()), dtype=np.int64),
    )
