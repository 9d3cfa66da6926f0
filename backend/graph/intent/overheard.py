"""Orders to us, noticed by how they sound: a second opinion beside the rules of `tripwire` and `suspicion`.

Rules find the wordings they were written for. This is a linear classifier over pieces of words and over which words
that orders are made of (`overheard.toml`) stand together. Its weights are in `overheard.tsv`, made by
`python -m tests.support.train_orders` from attacks and honest lines of several hands.
"""

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

from ahocorasick_rs import AhoCorasick, MatchKind

from backend.graph.intent.learned import read_table

FILE: Final = Path(__file__).with_name("overheard.tsv")
_SIGNS: Final = Path(__file__).with_name("overheard.toml")
#: Weights are kept as whole numbers of this size.
STEP: Final = 0.01
_LONGEST: Final = 4
_END: Final = re.compile(r"(?<!\d)\.|\.(?!\d)|[!?\n]")
_LATIN: Final = re.compile(r"[a-z']+")
_DIGIT: Final = re.compile(r"\d")
#: So many characters are looked at at once; an order that is longer shows itself in less.
_WINDOW: Final = 100
#: Fewer kinds of the words that orders are made of order nothing: most of a record is done with at once.
_FEWEST_SIGNS: Final = 2
#: Fewer characters order nothing.
_SHORT: Final = 5


@dataclass(frozen=True, slots=True)
class Overheard:
    """Folded words that are likely an order to us, and how likely, between 0 and 1."""

    words: str
    likely: float


def overheard(text: str) -> Overheard:
    """Return the part of folded `text` that is likeliest an order to us."""
    if len(_signs_in(_DIGIT.sub("0", text))) < _FEWEST_SIGNS:
        return Overheard("", 0.0)
    known = weights()
    best = max(((known.value(part), part) for part in parts(text)), default=(-20.0, ""))
    return Overheard(best[1], 1 / (1 + math.exp(-best[0])))


def parts(text: str) -> Iterator[str]:
    """Yield what is looked at by itself: each sentence, and each two that follow each other.

    An order hides behind honest sentences, which would outweigh it; and it may need two of its own.
    """
    sentences = list(_sentences(text))
    yield from sentences
    for one, other in pairwise(sentences):
        yield f"{one}.{other}"


def _sentences(text: str) -> Iterator[str]:
    for whole in _END.split(text):
        sentence = whole.strip()
        if len(sentence) < _SHORT:
            continue
        for at in range(0, max(len(sentence) - _WINDOW // 2, 1), _WINDOW // 2):
            yield sentence[at : at + _WINDOW]


def features(part: str) -> set[str]:
    """Return what the classifier looks at in a part of folded text, each feature once."""
    plain = _DIGIT.sub("0", part)
    found = {plain[at : at + size] for size in range(1, _LONGEST + 1) for at in range(len(plain) - size + 1)}
    words = _LATIN.findall(plain)
    found.update(f"#{one} {other}" for one, other in pairwise(words))
    signs = _signs_in(plain)
    found.update(f"#{one}" for one in signs)
    for at, one in enumerate(signs):
        for other in signs[at + 1 :]:
            found.add(f"#{one}>{other}")
            found.add(f"#{min(one, other)}+{max(one, other)}")
    found.add(f"#signs {min(len(signs), 7)}")
    return found


def _signs_in(plain: str) -> tuple[str, ...]:
    search, names = _signs()
    return tuple(dict.fromkeys(names[index] for index, _, _ in search.find_matches_as_indexes(plain)))


@cache
def _signs() -> tuple[AhoCorasick, tuple[str, ...]]:
    table: dict[str, list[str]] = tomllib.loads(_SIGNS.read_text(encoding="utf-8"))
    # A word with two meanings has the one that is named first.
    of_word = {word: sign for sign, words in reversed(table.items()) for word in words}
    return AhoCorasick(list(of_word), matchkind=MatchKind.LeftmostLongest), tuple(of_word.values())


@dataclass(frozen=True, slots=True)
class Weights:
    """The classifier: for each feature a whole number, above 0 for orders."""

    of: Mapping[str, int]
    bias: int
    #: From how likely on data is an order, and from how likely on an operator's message is.
    planted: float
    said: float

    def value(self, part: str) -> float:
        """Return the logarithm of the odds that a part of folded text is an order."""
        present = [self.of[one] for one in features(part) if one in self.of]
        return STEP * (sum(present) * scale(len(present)) + self.bias)


def scale(count: int) -> float:
    """Return what the weights of so many features are multiplied with: a long part is not surer, only longer."""
    return 8 / math.sqrt(max(count, 16))


@cache
def weights() -> Weights:
    """Read the weights, once."""
    head, rows = read_table(FILE)
    of = {name: values[0] for name, values in rows}
    return Weights(of, of.pop(""), float(head["planted"]), float(head["said"]))


def load() -> None:
    """Read the weights and the signs now."""
    weights()
    _signs()
