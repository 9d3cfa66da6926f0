"""The time of a show shared out among its scripts."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from backend.errors import ShowTooShort

#: Seconds that one script may take at all (what a message may ask for).
SHORTEST: Final = 5
LONGEST: Final = 1800


@dataclass(frozen=True)
class Segment:
    """A kind of script. `share` is its part of a product's time against the other segments'; with fewer than `least`
    characters it says nothing. In more than `most` seconds it repeats itself: a plan gives it no more unasked."""

    share: float
    least: int
    most: int


#: The segments of a show; the names are those that a request knows as its scenario. A product takes three to eight
#: minutes of a show in practice, in blocks of fifteen to sixty seconds (craft knowledge).
SEGMENTS: Final[Mapping[str, Segment]] = {
    "opening": Segment(1.0, 40, 120),
    "selling_points": Segment(3.0, 80, 300),
    "promotion": Segment(2.0, 50, 180),
    "seeding": Segment(2.5, 60, 240),
    "transition": Segment(0.5, 20, 60),
    "closing": Segment(1.0, 30, 120),
}


@dataclass(frozen=True)
class Slot:
    """What is to be planned: a segment, and the seconds if a person has set them."""

    scenario: str
    seconds: int | None = None


def least_seconds(scenario: str, pace: int) -> int:
    """Return the shortest time in which a segment says something, at `pace` characters a minute."""
    return max(SHORTEST, math.ceil(SEGMENTS[scenario].least * 60 / pace))


def plan_time(total_seconds: int, pace: int, slots: Sequence[Slot]) -> list[int]:
    """Return the seconds of each slot: those that are set stay, the others share what is left by their segments.

    Each gets at least what its segment needs at the host's pace and at most what it fills; within that the sum is
    `total_seconds` to the second. What is left over is for who runs the show to give away.

    Raises:
        ShowTooShort: even at their shortest they take longer; `needed_seconds` says how long.
    """
    low = [slot.seconds if slot.seconds is not None else least_seconds(slot.scenario, pace) for slot in slots]
    if sum(low) > total_seconds:
        raise ShowTooShort(needed_seconds=sum(low), total_seconds=total_seconds)
    open_ = [n for n, slot in enumerate(slots) if slot.seconds is None]
    left = total_seconds - sum(slot.seconds for slot in slots if slot.seconds is not None)
    kinds = [(low[n], SEGMENTS[slots[n].scenario]) for n in open_]
    shared = _share(left, [(kind.share, least, max(least, kind.most)) for least, kind in kinds])
    planned = list(low)
    for n, seconds in zip(open_, shared, strict=True):
        planned[n] = seconds
    return planned


def _share(total: int, parts: Sequence[tuple[float, int, int]]) -> list[int]:
    """Return whole numbers in proportion to each part's weight, within its bounds, that sum up to `total` or to the
    upper bounds. The caller has made sure that the lower bounds fit."""
    if not parts:
        return []
    goal = min(total, sum(high for _, _, high in parts))

    def sizes(factor: float) -> list[float]:
        return [min(high, max(low, weight * factor)) for weight, low, high in parts]

    # The sum grows with the factor from the lower bounds to the upper ones: halving finds where it is the goal.
    small, big = 0.0, max(high / weight for weight, _, high in parts)
    for _ in range(60):
        middle = (small + big) / 2
        small, big = (middle, big) if sum(sizes(middle)) < goal else (small, middle)
    exact = sizes(big)
    whole = [math.floor(size + 1e-6) for size in exact]
    missing = goal - sum(whole)
    # The seconds lost by rounding go to those that lost most; nobody passes a bound by it.
    by_loss = sorted(range(len(parts)), key=lambda n: (whole[n] - exact[n], n))
    for n in by_loss:
        if missing > 0 and whole[n] < parts[n][2]:
            whole[n] += 1
            missing -= 1
    return whole
