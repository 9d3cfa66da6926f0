"""What a sentence implies without a word of the lists, learned from examples: a linear classifier, and only a warning.

"我妈的膝盖喝了两盒就能跳广场舞" names no disease and no cure. The classifier looks at pieces of the words and at who
does what (a relative, a part of the body, a change, a time: `rules/hints.toml`). Its weights are in `implied.tsv`,
made by `python -m tests.support.train_implied`. It never blocks: a person decides.
"""

import math
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import add
from pathlib import Path
from typing import Final

import numpy as np
from ahocorasick_rs import AhoCorasick, MatchKind
from numpy.typing import NDArray

from backend.quality.classes import word_classes

FILE: Final = Path(__file__).with_name("implied.tsv")
_HINTS: Final = Path(__file__).parent / "rules" / "hints.toml"
#: Weights are kept as whole numbers of this size.
STEP: Final = 0.01
#: What nothing is wrong with.
CLEAN: Final = "clean"
_SENTENCE: Final = re.compile(r"[^。！？\n]+")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
#: A sentence longer than this is looked at in parts, clause by clause.
_LONG: Final = 56
#: A question claims less than a statement of the same words: so much surer one must be.
_ASKED: Final = 0.15
#: Fewer characters imply nothing.
_SHORT: Final = 7


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
    threshold = weights().threshold
    for start, end in sentences_of(text):
        label, likely = _weighed(text[start:end])
        if likely >= (threshold + _ASKED if text[end : end + 1] == "？" else threshold):
            yield Suspicion(start, end, label, round(likely, 3))


@lru_cache(maxsize=2048)  # a draft is looked at clause by clause, then as a whole, then when it is decided about
def _weighed(sentence: str) -> tuple[str, float]:
    """Return what a sentence implies, if it implies something, and how likely it does."""
    shares = weights().shares(_features(sentence))
    return max((name for name in shares if name != CLEAN), key=lambda name: shares[name]), 1 - shares[CLEAN]


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
    return sorted(_features(sentence))


def _features(sentence: str) -> set[str]:
    plain = sentence
    if any(map(str.isdigit, sentence)):
        plain = "".join("0" if char.isdigit() else char for char in sentence)
    pairs = list(map(add, plain, plain[1:]))
    found = {*plain, *pairs, *map(add, pairs, plain[2:])}
    search, signs = _hints()
    told = list(dict.fromkeys(signs[index] for index, _, _ in search.find_matches_as_indexes(plain)))
    found.update(f"#{sign}" for sign in told)
    found.update(f"#{one}+{other}" for one in told for other in told if one < other)
    found.update(f"#{one}>{other}" for at, one in enumerate(told) for other in told[at + 1 :])
    found.add(f"#many {min(len(told), 6)}")
    found.add(f"#size {min(len(plain) // 8, 7)}")
    return found


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

    def shares(self, present: Iterable[str]) -> dict[str, float]:
        """Return how likely each label is; they sum to 1."""
        # The first row is no feature's.
        places = list(filter(None, map(self.places.get, present)))
        # A long sentence has more pieces, not more certainty.
        summed = np.add.reduce(self.rows.take(places, axis=0), axis=0, dtype=np.int64).tolist()
        factor = STEP * scale(len(places))
        # A dozen numbers: done with before numpy has begun.
        values = [value * factor + first * STEP for value, first in zip(summed, self.rows[0].tolist(), strict=True)]
        most = max(values)
        raised = [math.exp(value - most) for value in values]
        total = sum(raised)
        return {label: value / total for label, value in zip(self.labels, raised, strict=True)}


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
    return Weights(
        labels=tuple(head["labels"].split(",")),
        places={name: place for place, name in enumerate(names) if place},
        rows=np.array(rows, dtype=np.int16),
        threshold=float(head["threshold"]),
    )
