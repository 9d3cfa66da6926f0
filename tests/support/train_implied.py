"""Trains the classifier of `backend/quality/implied.py`: `python -m tests.support.train_implied` (a minute, numpy).

The same lessons give the same file. Lessons are the patterns of `implied_train.txt` with their fillings, and real clean
copy. How certain it must be is set by lessons it was not taught: whole patterns and whole scripts are left out in turn.
The `test` part of a judged set is never looked at here.
"""

import csv
import hashlib
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from backend.quality import implied
from backend.quality.normalize import fold
from tests.support.eval_sources import FOLDER, SOURCES, lines_of

_QUALITY = Path(__file__).resolve().parents[1] / "unit" / "quality" / "data"
_CHOICE = re.compile(r"\{([^{}]*)\}")
#: At most so many fillings of one pattern.
_FILLINGS = 6
#: A feature of fewer patterns than this is somebody's turn of phrase.
_FEWEST_PATTERNS = 2
_STEPS = 220
_RATE = 0.02
_DECAY = 0.0015
_FOLDS = 5
#: How much less each filling counts where a pattern has many: the n-th power of their number.
_FEWER = 0.4
#: How many clean sentences may be pointed out, of those it was not taught.
_FALSE_ALARMS = 0.01


@dataclass(frozen=True)
class Lesson:
    """A sentence, what it implies, and what it was made of (lessons of one origin are never on both sides)."""

    label: str
    text: str
    origin: str


def lessons() -> list[Lesson]:
    """All lessons, each sentence once."""
    seen: dict[str, Lesson] = {}
    for lesson in (*_patterns(), *_copy(), *_development()):
        folded = fold(lesson.text).text
        for start, end in implied.sentences_of(folded):
            sentence = folded[start:end]
            seen.setdefault(sentence, Lesson(lesson.label, sentence, lesson.origin))
    return list(seen.values())


def _patterns() -> Iterator[Lesson]:
    for label, pattern in lines_of("implied_train.txt"):
        parts = _CHOICE.split(pattern)
        choices = [part.split("/") if at % 2 else [part] for at, part in enumerate(parts)]
        fillings = ["".join(one) for one in product(*choices)]
        luck = random.Random(pattern)
        for text in luck.sample(fillings, min(len(fillings), _FILLINGS)):
            yield Lesson(label, text, pattern)


def _copy() -> Iterator[Lesson]:
    """Clean copy of all verticals, by other hands, and words near a rule as they are said every day."""
    for name in ("clean_sentences.txt", "everyday_speech.txt"):
        for line in (_QUALITY / name).read_text(encoding="utf-8").splitlines():
            if line and not line.startswith("#"):
                yield Lesson(implied.CLEAN, line, line)
    with (_QUALITY / "traps.tsv").open(encoding="utf-8") as rows:
        for row in csv.DictReader(rows, delimiter="\t", quoting=csv.QUOTE_NONE):
            yield Lesson(implied.CLEAN, row["text"], row["text"])
    for name in ("scripts_clean.jsonl", "scripts_clean_unseen.jsonl"):
        for line in (_QUALITY / name).read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            yield Lesson(implied.CLEAN, row["text"], name + row["id"])


def _development() -> Iterator[Lesson]:
    """The clean part of the judged sets that may be looked at, scripts of hands of long ago among them."""
    for name in ("compliance.jsonl", "compliance_fresh.jsonl"):
        for line in (FOLDER / name).read_text(encoding="utf-8").splitlines():
            case = json.loads(line)
            if case["split"] == "dev" and case["tier"] in ("clean", "copy") and "product" not in case:
                yield Lesson(implied.CLEAN, case["text"], case["template"])
    for line in (FOLDER / "ordinary_scripts.jsonl").read_text(encoding="utf-8").splitlines():
        case = json.loads(line)
        if case["split"] == "dev" and not case["defects"]:
            yield Lesson(implied.CLEAN, case["text"], case["id"])


@dataclass(frozen=True)
class Table:
    """Which features each lesson has: few of many, so only those are kept."""

    #: The features of all lessons, one lesson after the other, and where each lesson begins.
    features: NDArray[np.int64]
    begins: NDArray[np.int64]
    #: The same by feature: whose each is, and where each feature that anybody has begins.
    owners: NDArray[np.int64]
    kinds: NDArray[np.int64]
    kind_begins: NDArray[np.int64]
    #: What the features of a lesson are multiplied with.
    scales: NDArray[np.float32]

    @classmethod
    def of(cls, texts: Sequence[Iterable[str]], places: dict[str, int]) -> Self:
        """Look up the features of the lessons; row 0 is what every one of them has, and stands in for none."""
        present = [[places[one] for one in found if one in places] for found in texts]
        scales = np.array([implied.scale(len(one)) if one else 0 for one in present], dtype=np.float32)
        present = [one or [0] for one in present]
        lengths = np.array([len(one) for one in present])
        flat = np.concatenate([np.array(one) for one in present])
        order = np.argsort(flat, kind="stable")
        kinds, kind_begins = np.unique(flat[order], return_index=True)
        owners = np.repeat(np.arange(len(present)), lengths)[order]
        return cls(flat, np.cumsum(lengths) - lengths, owners, kinds, kind_begins, scales)

    def scores(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what the weights say of each lesson, label by label."""
        summed = np.add.reduceat(rows[self.features], self.begins)
        return np.asarray(summed * self.scales[:, None] + rows[0], dtype=np.float32)

    def slope(self, off: NDArray[np.float32], size: int) -> NDArray[np.float32]:
        """Return how much each weight is to blame for what the lessons are off."""
        found = np.zeros((size, off.shape[1]), dtype=np.float32)
        found[self.kinds] = np.add.reduceat((off * self.scales[:, None])[self.owners], self.kind_begins)
        found[0] = off.sum(axis=0)
        return found


@cache
def _features(text: str) -> tuple[str, ...]:
    return tuple(implied.features(text))


def _places(taught: list[Lesson]) -> dict[str, int]:
    among: dict[str, set[str]] = defaultdict(set)
    for lesson in taught:
        for one in _features(lesson.text):
            among[one].add(lesson.origin)
    kept = sorted(one for one, origins in among.items() if len(origins) >= _FEWEST_PATTERNS)
    # The first row is what every sentence has.
    return {"": 0} | {one: place for place, one in enumerate(kept, 1)}


def _of(taught: list[Lesson], places: dict[str, int]) -> Table:
    return Table.of([_features(lesson.text) for lesson in taught], places)


def _shares(table: Table, rows: NDArray[np.float32]) -> NDArray[np.float32]:
    scores = table.scores(rows)
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True), dtype=np.float32)


def fitted(
    table: Table, labels: Sequence[int], origins: Sequence[str], size: int, *, decay: float = _DECAY
) -> NDArray[np.float32]:
    """Fit a softmax regression with Adam, all lessons at each step; a pattern with many fillings counts as few.

    `labels` and `origins` are the lessons', `size` how many features there are.
    """
    y = np.eye(max(labels) + 1, dtype=np.float32)[labels]
    fillings = Counter(origins)
    weight = np.array([fillings[origin] ** -_FEWER for origin in origins], dtype=np.float32)
    scaled = (weight / weight.sum())[:, None]
    rows = np.zeros((size, y.shape[1]), dtype=np.float32)
    first, second = np.zeros_like(rows), np.zeros_like(rows)
    for step in range(1, _STEPS + 1):
        slope = table.slope((_shares(table, rows) - y) * scaled, size)
        slope[1:] += decay * rows[1:]
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        rows -= _RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return rows


def _fitted(taught: list[Lesson], labels: tuple[str, ...], places: dict[str, int]) -> NDArray[np.float32]:
    of_lessons = [labels.index(lesson.label) for lesson in taught]
    return fitted(_of(taught, places), of_lessons, [lesson.origin for lesson in taught], len(places))


def _untaught(taught: list[Lesson], labels: tuple[str, ...]) -> NDArray[np.float32]:
    """Return how likely each lesson is a violation to those who were not taught its origin."""
    part = [int(hashlib.sha256(lesson.origin.encode()).hexdigest(), 16) % _FOLDS for lesson in taught]
    found = np.zeros(len(taught), dtype=np.float32)
    for one in range(_FOLDS):
        inside = [lesson for lesson, at in zip(taught, part, strict=True) if at != one]
        outside = [place for place, at in enumerate(part) if at == one]
        places = _places(inside)
        rows = _fitted(inside, labels, places)
        shares = _shares(_of([taught[at] for at in outside], places), rows)
        found[outside] = 1 - shares[:, labels.index(implied.CLEAN)]
    return found


def source_hash() -> str:
    """Name what the weights were made of."""
    return hashlib.sha256((SOURCES / "implied_train.txt").read_bytes()).hexdigest()[:16]


def main(path: Path) -> None:
    taught = lessons()
    labels = tuple(sorted({lesson.label for lesson in taught}))
    likely = _untaught(taught, labels)
    clean = np.array([lesson.label == implied.CLEAN for lesson in taught])
    threshold = float(np.clip(np.quantile(likely[clean], 1 - _FALSE_ALARMS), 0.5, 0.95))
    found = float((likely[~clean] >= threshold).mean())
    places = _places(taught)
    whole = np.rint(_fitted(taught, labels, places) / implied.STEP).astype(int)
    lines = [
        "# made by\tpython -m tests.support.train_implied",
        f"# of\t{source_hash()}",
        f"# labels\t{','.join(labels)}",
        f"# threshold\t{threshold:.3f}",
    ]
    for one, place in places.items():
        if place == 0 or np.abs(whole[place]).max() >= 2:
            lines.append(one + "\t" + ",".join(str(value) for value in whole[place]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    for share in (0.005, 0.01, 0.015, 0.02, 0.03, 0.05):
        level = np.quantile(likely[clean], 1 - share)
        print(f"{share:.1%} of clean pointed out from {level:.3f}: {(likely[~clean] >= level).mean():.1%} found")
    print(
        f"{(~clean).sum()} violations, {clean.sum()} clean, {len(places)} features; threshold {threshold:.3f}: "
        f"of patterns not taught {found:.1%} found, {(likely[clean] >= threshold).mean():.2%} of clean pointed out"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else implied.FILE)
