"""What a message most likely wants, learned from examples: a linear classifier over pieces of its words.

The weights are in `learned.tsv`, made by `python -m tests.support.train_intents` from the patterns of
`tests/eval/sources/intents_train.txt`. It sees the words, what the thread holds, and what the rules made of them, so it
also learns where the rules are to be believed.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from backend.graph.intent.finds import Finds
from backend.graph.intent.situation import Reading

FILE: Final = Path(__file__).with_name("learned.tsv")
#: Weights are kept as whole numbers of this size.
STEP: Final = 0.02
_LONGEST: Final = 4
#: Of a longer text its beginning and its end say what is wanted.
_HEAD: Final = 80
_TAIL: Final = 40
_PRODUCT: Final = "Ⓟ"


def features(finds: Finds, by_rules: Reading) -> list[str]:
    """Return what the classifier looks at, each feature once."""
    situation = finds.situation
    wanted = _without_names(finds)
    found = set(_pieces(wanted))
    for bit in finds.negated:
        found.update("!" + piece for piece in _pieces(bit))
    current = situation.product_id
    named = (
        ("same" if finds.product.id == current else "known")
        if finds.product is not None
        else "unsure"
        if finds.unsure
        else "other"
        if finds.foreign_product()
        else "none"
    )
    thread = "waiting" if situation.waiting else "draft" if situation.drafts else "product" if current else "empty"
    found.update(
        (
            f"#thread {thread}",
            f"#names {named}",
            f"#names {named} {thread}",
            f"#segments {min(len(finds.mentions), 2)}",
            f"#rules {by_rules.kind} {by_rules.missing or by_rules.about or ''}",
            f"#because {by_rules.reason.split(':')[0]}",
            f"#size {min(len(finds.text) // 4, 8)}",
            f"#{thread} and size {min(len(finds.text) // 4, 4)}",
            *(f"#slot {name}" for name in finds.slots if not name.endswith("_id")),
            *(f"#cue {name}" for name, there in finds.cue.items() if there),
        )
    )
    if situation.waiting and len(finds.text) <= _LONGEST:
        found.add(f"#answers {finds.text}")
    return sorted(found)


def _without_names(finds: Finds) -> str:
    """Return what is wanted with a sign for each product, and zeros for digits: names say nothing of the wish."""
    text = finds.positive
    for match in sorted(finds.products, key=lambda match: -match.start):
        if match.end - match.start < len(text):
            text = text[: match.start] + _PRODUCT + text[match.end :]
    if (words := finds.foreign_product()) and len(words) < len(text):
        text = text.replace(words, _PRODUCT)
    text = "".join("0" if sign.isdigit() else sign for sign in text)
    return text if len(text) <= _HEAD + _TAIL else f"{text[:_HEAD]} {text[-_TAIL:]}"


def _pieces(text: str) -> Iterator[str]:
    framed = f"^{text}$"
    for length in range(1, _LONGEST + 1):
        for at in range(len(framed) - length + 1):
            yield framed[at : at + length]


@dataclass(frozen=True, slots=True)
class Guess:
    """How likely each wish is (`restyle`, `chat:question`, `action:price`, …), and each segment; each sums to 1.

    "-" among the segments is that none is asked for.
    """

    wishes: Mapping[str, float]
    segments: Mapping[str, float]

    @property
    def wish(self) -> str:
        """The likeliest wish."""
        return max(self.wishes, key=lambda name: self.wishes[name])

    @property
    def segment(self) -> str | None:
        """The likeliest segment, None when it is likelier that none is asked for."""
        best = max(self.segments, key=lambda name: self.segments[name])
        return None if best == "-" else best

    def without(self, wish: str) -> "Guess":
        """Return the guess when it cannot be this wish."""
        rest = {name: share for name, share in self.wishes.items() if name != wish}
        whole = sum(rest.values())
        return Guess({name: share / whole for name, share in rest.items()}, self.segments)

    def of_kind(self, kind: str) -> float:
        """Return how likely a wish of this kind is (`chat` is all of `chat:…`)."""
        return sum(share for name, share in self.wishes.items() if name.split(":")[0] == kind)


@dataclass(frozen=True, slots=True)
class Weights:
    """The classifier: a row of whole numbers for each feature, a column for each wish and each segment."""

    wishes: tuple[str, ...]
    segments: tuple[str, ...]
    places: Mapping[str, int]
    rows: NDArray[np.int16]
    #: Above 1 makes every answer less certain; set so that what is said with 0.8 is right eight times of ten.
    warmth: float

    def guess(self, present: Iterable[str]) -> Guess:
        """Weigh the features of one message."""
        places = [self.places[one] for one in present if one in self.places]
        summed = self.rows[[0, *places]].sum(axis=0, dtype=np.int64) * (STEP / self.warmth)
        at = len(self.wishes)
        return Guess(
            dict(zip(self.wishes, _shares(summed[:at]), strict=True)),
            dict(zip(self.segments, _shares(summed[at:]), strict=True)),
        )


def _shares(values: NDArray[np.float64]) -> list[float]:
    raised = np.exp(values - values.max())
    return [float(value) for value in raised / raised.sum()]


def read_table(path: Path) -> tuple[dict[str, str], list[tuple[str, list[int]]]]:
    """Return what a file of weights says of itself, and the whole numbers of each feature."""
    head: dict[str, str] = {}
    rows: list[tuple[str, list[int]]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            name, said = line[2:].split("\t", 1)
            head[name] = said
        else:
            name, values = line.rsplit("\t", 1)
            rows.append((name, [int(value) for value in values.split(",")]))
    return head, rows


@cache
def weights() -> Weights:
    """Read the weights, once."""
    head, rows = read_table(FILE)
    return Weights(
        tuple(head["wishes"].split(",")),
        tuple(head["segments"].split(",")),
        {name: place for place, (name, _) in enumerate(rows)},
        np.array([values for _, values in rows], dtype=np.int16),
        float(head["warmth"]),
    )
