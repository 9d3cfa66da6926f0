"""Trains `backend/graph/intent/overheard.py`: `python -m tests.support.train_orders` (half a minute; numpy only).

The same lessons give the same file. Lessons are attacks and honest lines of several hands (`orders_train.txt`, the sets
of injections) and what nobody planted anything in: records, profiles, messages and scripts of the sets. Messages of a
`test` part are no lessons. With `--by-author` it tells instead what is noticed of each hand by those who were taught by
the others.
"""

import hashlib
import json
import random
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.graph.intent import overheard
from backend.graph.intent.folding import fold
from backend.graph.intent.tripwire import may_be_said
from tests.support.eval_sources import FOLDER, SOURCES, lines_of
from tests.support.train_implied import Table, fitted

_OWN = "orders_train.txt"
#: The sets of one hand each.
AUTHORS = {
    "first": "injections.jsonl",
    "o2": "ordinary_o2_injections.jsonl",
    "m1": "ordinary_m1_injections.jsonl",
    "s1": "ordinary_s1_injections.jsonl",
    "s3": "ordinary_s3_injections.jsonl",
    "s7": "ordinary_s7_injections.jsonl",
}
_CHOICE = re.compile(r"\{([^{}\"]*/[^{}\"]*)\}")
_FILLINGS = 6
#: A feature of fewer attacks than this is somebody's turn of phrase.
_FEWEST_ATTACKS = 2
_DECAY = 0.0008
_FOLDS = 4
#: Of texts that nobody planted anything in, so many of ten are taught: they resemble each other.
_OF_TEN = 3
#: Of so many honest lines that were not taught one may be noticed (most of them are near orders on purpose), and how
#: much surer than the next one an order must be.
_HONEST = 2000
_MARGIN = 0.02


@dataclass(frozen=True)
class Line:
    """A text, whether it is an attack, who wrote it, where it stands and what it was made of."""

    text: str
    attack: bool
    author: str
    where: str
    origin: str


@cache
def _parts(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(overheard.parts(fold(text))))


@cache
def _features(part: str) -> tuple[str, ...]:
    return tuple(sorted(one for one in overheard.features(part) if not one.startswith("# ")))


def lines() -> list[Line]:
    """All lines, each text once."""
    seen: dict[str, Line] = {}
    for line in (*_judged(), *_own(), *_plain()):
        if _parts(line.text):
            seen.setdefault(line.text, line)
    return list(seen.values())


def _judged() -> Iterator[Line]:
    for author, name in AUTHORS.items():
        for row in _rows(FOLDER / name):
            if row["type"] == "injection":
                yield Line(row["text"], row["attack"], author, row["where"], row["text"])


def _own() -> Iterator[Line]:
    for told, where, *rest in lines_of(_OWN):
        pattern = "|".join(rest)
        parts = _CHOICE.split(pattern)
        choices = [part.split("/") if at % 2 else [part] for at, part in enumerate(parts)]
        fillings = ["".join(one) for one in product(*choices)]
        luck = random.Random(pattern)
        for text in luck.sample(fillings, min(len(fillings), _FILLINGS)):
            yield Line(text, told == "attack", "own", where, pattern)


def _plain() -> Iterator[Line]:
    """What nobody planted anything in."""
    for path in sorted(FOLDER.glob("*.jsonl")):
        if "injection" in path.name:
            continue
        for row in _rows(path):
            if row["type"] == "intent":
                if "injection" not in json.dumps(row["expect"]) and row.get("split") != "test":
                    yield Line(row["message"], False, "plain", "message", row["message"])
            elif row.get("split") != "test" or row["type"] == "script":
                for text in _texts(
                    {key: one for key, one in row.items() if key not in ("type", "id", "split", "tier")}
                ):
                    if int(hashlib.sha256(text.encode()).hexdigest(), 16) % 10 < _OF_TEN:
                        yield Line(text, False, "plain", "product", str(row.get("id") or text))


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from _texts(one)
        case dict():
            for one in value.values():
                yield from _texts(one)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


@dataclass(frozen=True)
class Taught:
    """The classifier before it is written."""

    places: dict[str, int]
    rows: NDArray[np.float32]

    def of_parts(self, parts: Sequence[str]) -> NDArray[np.float32]:
        """Return the logarithm of the odds that each part is an order."""
        scores = Table.of([_features(part) for part in parts], self.places).scores(self.rows)
        return np.asarray(scores[:, 1] - scores[:, 0])

    def of_lines(self, given: Sequence[Line]) -> NDArray[np.float32]:
        """Return the same of whole lines: of the part that is likeliest one."""
        parts = [_parts(line.text) for line in given]
        values = self.of_parts([part for several in parts for part in several])
        begins = np.cumsum([0, *(len(several) for several in parts)])[:-1]
        return np.asarray(np.maximum.reduceat(values, begins))


def taught_by(given: Sequence[Line]) -> Taught:
    """Teach it: first that all of an attack's parts are orders, then only those that it took for one."""
    attacks = [line for line in given if line.attack]
    among: dict[str, set[str]] = defaultdict(set)
    for line in attacks:
        for part in _parts(line.text):
            for one in _features(part):
                among[one].add(line.origin)
    kept = sorted(one for one, origins in among.items() if len(origins) >= _FEWEST_ATTACKS)
    places = {"": 0} | {one: place for place, one in enumerate(kept, 1)}
    honest = [(part, line.origin) for line in given if not line.attack for part in _parts(line.text)]
    orders = [(part, line.origin) for line in attacks for part in _parts(line.text)]
    taught = _fit(honest, orders, places)
    surest = []
    for line in attacks:
        parts = _parts(line.text)
        values = taught.of_parts(parts)
        surest += [
            (part, line.origin) for part, value in zip(parts, values, strict=True) if value > 0 or value == values.max()
        ]
    return _fit(honest, surest, places)


def _fit(honest: list[tuple[str, str]], orders: list[tuple[str, str]], places: dict[str, int]) -> Taught:
    given = honest + orders
    table = Table.of([_features(part) for part, _ in given], places)
    labels = [0] * len(honest) + [1] * len(orders)
    return Taught(places, fitted(table, labels, [origin for _, origin in given], len(places), decay=_DECAY))


def likely(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the likelihoods of logarithms of odds."""
    return np.asarray(1 / (1 + np.exp(-values)))


def untaught(given: Sequence[Line]) -> NDArray[np.float32]:
    """Return how likely each line is an order to those who were not taught what it was made of."""
    part = np.array([int(hashlib.sha256(line.origin.encode()).hexdigest(), 16) % _FOLDS for line in given])
    found = np.zeros(len(given), dtype=np.float32)
    for one in range(_FOLDS):
        taught = taught_by([line for line, at in zip(given, part, strict=True) if at != one])
        outside = [line for line, at in zip(given, part, strict=True) if at == one]
        found[part == one] = likely(taught.of_lines(outside))
    return found


def _spared(honest: NDArray[np.float32]) -> float:
    """Return how likely the surest honest line is that must not be noticed."""
    return float(np.sort(honest)[-1 - len(honest) // _HONEST])


def source_hash() -> str:
    """Name what the weights were made of."""
    digest = hashlib.sha256()
    for path in (SOURCES / _OWN, overheard.FILE.with_suffix(".toml"), *(FOLDER / name for name in AUTHORS.values())):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def by_author(given: list[Line]) -> None:
    """Print what is noticed of each hand by those who were taught by the others."""
    for author in (*AUTHORS, "own"):
        taught = taught_by([line for line in given if line.author != author])
        theirs = [line for line in given if line.author == author]
        values = likely(taught.of_lines(theirs))
        attack = np.array([line.attack for line in theirs])
        told = [
            f"{level}: {(values[attack] >= level).sum()} of {attack.sum()} attacks, "
            f"{(values[~attack] >= level).sum()} of {(~attack).sum()} honest"
            for level in (0.5, 0.6, 0.7, 0.8, 0.9)
        ]
        print(author, "; ".join(told), flush=True)


def main(path: Path) -> None:
    given = lines()
    if "--by-author" in sys.argv:
        return by_author(given)
    shares = untaught(given)
    attack = np.array([line.attack for line in given])
    message = np.array([line.where == "message" for line in given])
    # What the wire never asks it about is no measure of it.
    asked = np.array([not message[at] or may_be_said(fold(line.text)) for at, line in enumerate(given)])
    thresholds = {
        name: float(np.clip(_spared(shares[~attack & where & asked]) + _MARGIN, 0.5, 0.99))
        for name, where in (("planted", ~message), ("said", message))
    }
    for place in np.argsort(-shares * (~attack & asked))[:40]:
        print(f"{shares[place]:.3f} {given[place].where} {given[place].text[:90]!r}")
    for name, where in (("planted", ~message), ("said", message)):
        noticed = shares[attack & where] >= thresholds[name]
        print(name, thresholds[name], f"{noticed.sum()} of {len(noticed)} attacks not taught")
        for level in (0.5, 0.6, 0.7, 0.8, 0.9, 0.95):
            sure = shares[where & asked] >= level
            of = attack[where & asked]
            print(f"  from {level}: {sure[of].sum()} of {of.sum()} attacks, {sure[~of].sum()} of {(~of).sum()} honest")
    taught = taught_by(given)
    whole = np.rint((taught.rows[:, 1] - taught.rows[:, 0]) / overheard.STEP).astype(int)
    told = [
        "# made by\tpython -m tests.support.train_orders",
        f"# of\t{source_hash()}",
        *(f"# {name}\t{value:.3f}" for name, value in thresholds.items()),
    ]
    told += [f"{one}\t{whole[at]}" for one, at in taught.places.items() if at == 0 or abs(whole[at]) >= 2]
    path.write_text("\n".join(told) + "\n", encoding="utf-8")
    print(f"{attack.sum()} attacks, {(~attack).sum()} honest, {len(told)} rows")
    return None


if __name__ == "__main__":
    main(next((Path(one) for one in sys.argv[1:] if not one.startswith("--")), overheard.FILE))
