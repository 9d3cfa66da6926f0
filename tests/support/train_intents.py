"""Trains the classifier of `backend/graph/intent/learned.py`: `python -m tests.support.train_intents` (half a minute).

The same lessons give the same file. The lessons are `eval_messages.lessons`; how certain it may be is set on
the `dev` part of the judged set, whose `test` part is never looked at here.
"""

import asyncio
import hashlib
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backend.evaluation.cases import IntentCase, IntentExpected, SituationGiven, read_sets
from backend.evaluation.intents import run_intent, situation_of
from backend.evaluation.outcomes import Outcome
from backend.graph.intent import learned
from backend.graph.intent.folding import fold
from backend.graph.intent.reading import read, ruled
from backend.graph.intent.situation import Reading, Situation
from tests.support import eval_messages
from tests.support.eval_sources import FOLDER, SOURCES

_SEGMENTS = ("-", "opening", "selling_points", "promotion", "seeding", "transition", "closing")
#: Kinds whose segment is what the message says; of the others it says none.
_WITH_SEGMENT = {"write", "continue", "batch", "switch_product"}
#: A feature of fewer patterns than this is somebody's turn of phrase.
_FEWEST_PATTERNS = 2
_STEPS = 160
_RATE = 0.05
_DECAY = 0.0006
#: Never below 1: the part it is set by was looked at while building, so it flatters.
_WARMTHS = (1.0, 1.2, 1.4, 1.7)


@dataclass(frozen=True)
class Lessons:
    """Messages as the classifier sees them, with their labels by place."""

    features: list[list[str]]
    wishes: list[str]
    segments: list[str]
    patterns: list[str]


def lessons() -> Lessons:
    """All lessons, read by the rules first, as they will be."""
    given = [one for one in eval_messages.lessons() if "label" in one]
    worlds = eval_messages.situations()
    seen, features, wishes, segments, patterns = set(), [], [], [], []
    for one in given:
        key = (one["message"], one["label"], repr(one["situation"]), len(one["history"]))
        if key in seen:
            continue
        seen.add(key)
        situation = one["situation"]
        world = SituationGiven.model_validate(
            {k: v for k, v in worlds[situation].items() if k not in ("type", "name")}
            if isinstance(situation, str)
            else situation
        )
        case = IntentCase(
            type="intent",
            message=one["message"],
            history=one["history"],
            situation=world,
            expect=IntentExpected(kind="write"),
        )
        before = situation_of(case)
        features.append(learned.features(*ruled(fold(one["message"]), before)))
        wishes.append(one["label"])
        told = one["scenario"] if one["label"] in _WITH_SEGMENT or one["scenario"] else ""
        segments.append(told or "-")
        patterns.append(one["template"])
    return Lessons(features, wishes, segments, patterns)


def trained(taught: Lessons) -> tuple[tuple[str, ...], dict[str, int], NDArray[np.float32]]:
    """Return the wishes, the features' places and a row of weights for each."""
    names = tuple(sorted(set(taught.wishes)))
    of_patterns: dict[str, set[str]] = defaultdict(set)
    for present, pattern in zip(taught.features, taught.patterns, strict=True):
        for one in present:
            of_patterns[one].add(pattern)
    kept = sorted(one for one, among in of_patterns.items() if len(among) >= _FEWEST_PATTERNS)
    # The first row is what every message has.
    places = {"": 0} | {one: place for place, one in enumerate(kept, 1)}
    x = _Present.of([[0, *(places[one] for one in present if one in places)] for present in taught.features])
    fillings = Counter(taught.patterns)
    weight = np.array([fillings[pattern] ** -0.6 for pattern in taught.patterns], dtype=np.float32)
    weight /= weight.mean()
    rows = np.hstack(
        [
            _fitted(x, [names.index(one) for one in taught.wishes], len(names), weight),
            _fitted(x, [_SEGMENTS.index(one) for one in taught.segments], len(_SEGMENTS), weight),
        ]
    )
    return names, places, rows


@dataclass(frozen=True)
class _Present:
    """Which features each lesson has, and which lessons have each feature: a matrix of ones, kept by its places."""

    features: NDArray[np.int64]
    begins: NDArray[np.int64]
    lessons: NDArray[np.int64]
    begins_of_feature: NDArray[np.int64]

    @classmethod
    def of(cls, rows: list[list[int]]) -> "_Present":
        sizes = np.array([len(row) for row in rows])
        features = np.concatenate([np.array(row) for row in rows])
        lessons = np.repeat(np.arange(len(rows)), sizes)
        order = np.argsort(features, kind="stable")
        counts = np.bincount(features)
        return cls(features, np.cumsum(sizes) - sizes, lessons[order], np.cumsum(counts) - counts)

    def times(self, rows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return for each lesson the sum of its features' rows."""
        return np.add.reduceat(rows[self.features], self.begins, axis=0)

    def back(self, slopes: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return for each feature the sum over the lessons that have it."""
        return np.add.reduceat(slopes[self.lessons], self.begins_of_feature, axis=0)


def _fitted(x: _Present, labels: Sequence[int], count: int, weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Fit a softmax regression with Adam, all lessons at each step."""
    y = np.eye(count, dtype=np.float32)[labels]
    rows = np.zeros((len(x.begins_of_feature), count), dtype=np.float32)
    first, second = np.zeros_like(rows), np.zeros_like(rows)
    scaled = (weight / len(labels))[:, None]
    for step in range(1, _STEPS + 1):
        raised = x.times(rows)
        raised = np.exp(raised - raised.max(axis=1, keepdims=True))
        slope = x.back((raised / raised.sum(axis=1, keepdims=True) - y) * scaled)
        slope[1:] += _DECAY * rows[1:]
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        rows -= _RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return rows


def source_hash() -> str:
    """Name what the weights were made of."""
    digest = hashlib.sha256()
    for name in ("intents_train.txt", "fillings.json", "situations.json"):
        digest.update((SOURCES / name).read_bytes())
    return digest.hexdigest()[:16]


def written(
    path: Path, names: tuple[str, ...], places: dict[str, int], rows: NDArray[np.float32], warmth: float
) -> None:
    """Write the weights, without the features that weigh nothing."""
    whole = np.rint(rows / learned.STEP).astype(int)
    lines = [
        "# made by\tpython -m tests.support.train_intents",
        f"# of\t{source_hash()}",
        f"# wishes\t{','.join(names)}",
        f"# segments\t{','.join(_SEGMENTS)}",
        f"# warmth\t{warmth}",
    ]
    for one, place in places.items():
        if place == 0 or np.abs(whole[place]).max() >= 4:
            lines.append(one + "\t" + ",".join(str(value) for value in whole[place]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(path: Path) -> None:
    taught = lessons()
    names, places, rows = trained(taught)
    surprises = {}
    for warmth in _WARMTHS:
        written(path, names, places, rows, warmth)
        surprises[warmth] = surprise()
    best = min(surprises, key=lambda warmth: surprises[warmth])
    written(path, names, places, rows, best)
    print(f"{len(taught.features)} lessons, {len(places)} features, warmth {best}: {surprises}")


def surprise() -> float:
    """Return how much the truth surprises the confidences of the weights as they are written (lower is better)."""
    learned.weights.cache_clear()
    sets = read_sets([FOLDER / "intents.jsonl"], split="dev")
    cases = [case for case in sets.cases if isinstance(case, IntentCase)]

    async def fast(message: str, situation: Situation) -> Reading:
        return read(message, situation)

    async def outcomes() -> list[Outcome]:
        return [await run_intent(case, fast) for case in cases]

    ran = asyncio.run(outcomes())
    shares = [min(max(one.confidence or 0.0, 0.01), 0.99) for one in ran]
    return round(
        -sum(math.log(share if one.right else 1 - share) for one, share in zip(ran, shares, strict=True)) / len(ran), 3
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else learned.FILE)
