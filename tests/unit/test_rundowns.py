"""The order of a rundown: who stands where, and what that costs."""

import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from backend.domain.rundowns import RundownEntry, in_order

NOW = datetime(2026, 11, 22, tzinfo=UTC)
_READ: Counter[str] = Counter()


class Counted(RundownEntry):
    """An entry that counts how often it is looked at."""

    def __getattribute__(self, name: str) -> Any:
        if name in ("rank", "show_id"):
            _READ[name] += 1
        return super().__getattribute__(name)


def entry(n: int, show: int | None = None, rank: int | None = None) -> RundownEntry:
    return Counted(
        id=UUID(int=n + 1),
        room_id=UUID(int=1),
        show_id=UUID(int=show) if show is not None else None,
        show_name=None,
        starts_at=None,
        show_item_id=None,
        position=None,
        product_name=None,
        scenario="opening",
        planned_seconds=None,
        script_id=UUID(int=n + 1),
        script_version=1,
        title=str(n),
        content="",
        pace=240,
        placed_at=NOW,
        rank=rank,
        aired_at=None,
    )


def test_entries_stand_by_their_rank_and_the_new_ones_beside_those_of_their_show() -> None:
    given = [entry(0, 1, 3), entry(1, 1), entry(2, 2), entry(3, 2, 1), entry(4, None, 2), entry(5), entry(6, 3)]
    # 2 stands before the first of its show, 1 behind its own; what belongs to nothing that has a place, at the end.
    assert [one.title for one in in_order(given)] == ["2", "3", "4", "0", "1", "5", "6"]


def test_ordering_a_rundown_twice_as_long_looks_at_twice_as_many() -> None:
    looked = []
    for size in (400, 800):
        chance = random.Random(size)
        given = [
            entry(n, chance.choice([None, 1, 2, 3]), chance.randrange(size) if n % 2 else None) for n in range(size)
        ]
        _READ.clear()
        assert len(in_order(given)) == size
        looked.append(_READ.total())
    assert looked[1] <= looked[0] * 2.2, "a long rundown of one room must not hold up everybody"
