"""What became of a case, and the figures over many."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from backend.evaluation.cases import SetKind

#: Bands of the reliability table.
_BANDS: Final = 10


@dataclass(frozen=True, slots=True)
class SecondReading:
    """What the judge did to a case. `without`: whether the case was right before it was asked."""

    without: bool
    #: The rules of the warnings it added, and of what it raised to a block.
    added: Sequence[str] = ()
    raised: Sequence[str] = ()
    #: Why it was not heard, as a code.
    unheard: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One case after it was run.

    `expected` and `got` are labels (an intent, "violation", a rule). `parts` are the further things that were looked
    at (slots, spans), each right or not. `confidence` is what the engine said of itself, where it says so. `cost`
    orders the errors: the greater, the worse.
    """

    kind: SetKind
    id: str
    tier: str
    expected: str
    got: str
    right: bool
    text: str
    parts: Mapping[str, bool] = field(default_factory=dict)
    confidence: float | None = None
    answered_by: str = ""
    note: str = ""
    cost: float = 1.0
    #: None where there was no judge.
    judge: SecondReading | None = None

    @property
    def wholly_right(self) -> bool:
        """Whether the label and everything beside it is right."""
        return self.right and all(self.parts.values())

    def plain(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Score:
    """How well one label was told from the others."""

    label: str
    n: int
    precision: float | None
    recall: float | None
    f1: float | None


def scores(outcomes: Sequence[Outcome]) -> list[Score]:
    """Return precision, recall and F1 of every label; None where nothing was expected or said."""
    labels = sorted({one.expected for one in outcomes} | {one.got for one in outcomes})
    found = []
    for label in labels:
        hits = sum(one.expected == label == one.got for one in outcomes)
        wanted = sum(one.expected == label for one in outcomes)
        said = sum(one.got == label for one in outcomes)
        precision = hits / said if said else None
        recall = hits / wanted if wanted else None
        f1 = 2 * hits / (wanted + said) if wanted + said else None
        found.append(Score(label, wanted, precision, recall, f1))
    return found


def confusions(outcomes: Iterable[Outcome], most: int = 12) -> list[tuple[str, str, int]]:
    """Return what was taken for what, the commonest first."""
    counted = Counter((one.expected, one.got) for one in outcomes if one.expected != one.got)
    return [(expected, got, n) for (expected, got), n in counted.most_common(most)]


def shares(outcomes: Iterable[Outcome]) -> dict[str, tuple[int, int]]:
    """Return for each tier how many were right, of how many."""
    counted: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for one in outcomes:
        counted[one.tier or "-"][0] += one.right
        counted[one.tier or "-"][1] += 1
    return {tier: (right, n) for tier, (right, n) in sorted(counted.items())}


def part_shares(outcomes: Iterable[Outcome]) -> dict[str, tuple[int, int]]:
    """Return for each part (a slot, the spans) how many were right, of how many."""
    counted: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for one in outcomes:
        for name, right in one.parts.items():
            counted[name][0] += right
            counted[name][1] += 1
    return {name: (right, n) for name, (right, n) in sorted(counted.items())}


@dataclass(frozen=True, slots=True)
class JudgeFigures:
    """What the judge did to many cases: `gained` are right only with it, `lost` only without."""

    asked: int
    #: Cases of which it was not heard, by why.
    unheard: Mapping[str, int]
    #: By rule: how many warnings it added, and how many of these to clean cases, where each is a false alarm.
    added: Mapping[str, tuple[int, int]]
    #: What it raised to a block, and how many of these in clean cases.
    raised: tuple[int, int]
    gained: int
    lost: int
    #: Clean cases of which it was heard, and those to which it added or in which it raised anything.
    clean: int
    disturbed: int


def judge_figures(outcomes: Iterable[Outcome]) -> JudgeFigures | None:
    """Return what the judge did; None when it was asked of none."""
    read = [(one, one.judge) for one in outcomes if one.judge is not None]
    if not read:
        return None
    clean = [second for one, second in read if one.expected == "clean"]
    every = Counter(rule for _, second in read for rule in second.added)
    false = Counter(rule for second in clean for rule in second.added)
    return JudgeFigures(
        asked=len(read),
        unheard=dict(sorted(Counter(second.unheard for _, second in read if second.unheard).items())),
        added={rule: (n, false[rule]) for rule, n in sorted(every.items())},
        raised=(sum(len(second.raised) for _, second in read), sum(len(second.raised) for second in clean)),
        gained=sum(one.right and not second.without for one, second in read),
        lost=sum(second.without and not one.right for one, second in read),
        clean=sum(not second.unheard for second in clean),
        disturbed=sum(bool(second.added or second.raised) for second in clean),
    )


@dataclass(frozen=True, slots=True)
class Band:
    """The answers that were given with about the same confidence."""

    low: float
    high: float
    n: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """Whether confidence means what it says: of answers given with 0.8, eight in ten should be right.

    `error` is the expected calibration error: the mean distance between the two, weighted by the number of answers.
    """

    error: float
    bands: list[Band]


def reliability(outcomes: Iterable[Outcome]) -> Reliability | None:
    """Return the reliability of the confidences; None when none were given."""
    banded: dict[int, list[Outcome]] = defaultdict(list)
    for one in outcomes:
        if one.confidence is not None:
            banded[min(int(one.confidence * _BANDS), _BANDS - 1)].append(one)
    total = sum(len(band) for band in banded.values())
    if not total:
        return None
    bands = []
    for place, band in sorted(banded.items()):
        confidence = sum(one.confidence or 0.0 for one in band) / len(band)
        right = sum(one.right for one in band) / len(band)
        bands.append(Band(place / _BANDS, (place + 1) / _BANDS, len(band), confidence, right))
    error = sum(band.n * abs(band.confidence - band.right) for band in bands) / total
    return Reliability(error, bands)


def worst(outcomes: Iterable[Outcome], most: int = 20) -> list[Outcome]:
    """Return the gravest errors: what cost most, and of these what was said with most confidence."""
    wrong = [one for one in outcomes if not one.wholly_right]
    return sorted(wrong, key=lambda one: (-one.cost, one.right, -(one.confidence or 0.0), one.id))[:most]
