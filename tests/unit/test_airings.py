"""What the audit log of a room says of when each script was on its stage."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from backend.domain.airings import Airing, Entry, told

ROOM = UUID(int=1)
START = datetime(2026, 11, 22, 12, tzinfo=UTC)


def at(minute: float) -> datetime:
    return START + timedelta(minutes=minute)


def put(minute: float, script: int, version: int | None = None, *, waits: bool | None = False, **more: Any) -> Entry:
    """A script that was cued; `version` is the teleprompter's."""
    return Entry(at(minute), None, ROOM, more.get("how", "cued"), UUID(int=script), 1, version, waits)


def taken(minute: float, version: int) -> Entry:
    return Entry(at(minute), None, ROOM, None, None, None, version, None)


def times(airings: list[Airing]) -> list[tuple[int, datetime | None, datetime | None]]:
    return [(one.script_id.int, one.shown_at, one.ended_at) for one in airings]


def test_a_text_is_on_screen_until_another_one_comes_on():
    assert times(told([put(0, 1, 1), put(5, 2, 2)])) == [(1, at(0), at(5)), (2, at(5), None)]


def test_a_text_that_waits_is_on_screen_when_it_is_taken():
    [first, second] = told([put(0, 1, 1), put(2, 2, 2, waits=True), taken(6, 2)])
    assert (first.ended_at, second.put_at, second.shown_at, second.waited) == (at(6), at(2), at(6), True)


def test_a_text_that_was_displaced_while_it_waited_was_on_no_screen():
    entries = [put(0, 1, 1), put(2, 2, 2, waits=True), put(3, 3, 3, waits=True), taken(6, 3), put(8, 4, 4)]
    assert times(told(entries)) == [(1, at(0), at(6)), (2, None, None), (3, at(6), at(8)), (4, at(8), None)]
    assert times(told([put(0, 1, 1), put(2, 2, 2, waits=True), put(4, 3, 3)])) == [
        (1, at(0), at(4)),
        (2, None, None),
        (3, at(4), None),
    ]


def test_a_take_of_what_was_cued_before_ends_what_was_there():
    assert times(told([put(0, 1, 7), taken(3, 6)])) == [(1, at(0), at(3))]


def test_what_an_older_release_noted_is_told_as_far_as_it_goes():
    [first, second] = told([put(0, 1, waits=None), put(5, 2, waits=None, how="published")])
    assert (first.waited, first.shown_at, first.ended_at) == (None, at(0), at(5))
    assert (second.how, second.ended_at) == ("published", None)
