"""The window that counts a tenant's tokens and calls: never more than the limit in any minute, and honest waits."""

import time
from collections.abc import Callable
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from backend.llm.budget import CALLS_WINDOW, TOKENS_WINDOW, Refusal, Window
from backend.llm.gateway import estimate_tokens

LIMIT, PER_SECOND = 1000, 3
#: A pause in seconds (sums of such are exact), what is asked for, and the share that is used in the end (None: nobody
#: tells).
ASKED = st.tuples(
    st.sampled_from([0.0, 0.125, 0.5, 1.0, 7.0, 30.0, 61.0]),
    st.integers(1, 1400),
    st.none() | st.floats(0, 1),
)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@given(st.lists(ASKED, max_size=40))
def test_no_minute_holds_more_than_the_limit_and_who_waits_as_told_gets_in(plays: list[tuple]) -> None:
    clock = Clock()
    window = Window(clock)
    granted: list[list[float]] = []
    for place, (pause, tokens, share) in enumerate(plays):
        clock.now += pause
        call = UUID(int=place)
        refused = window.take(call, tokens, tokens_per_minute=LIMIT, calls_per_second=PER_SECOND)
        if refused is not None:
            assert 0 < refused.retry_after <= TOKENS_WINDOW
            clock.now += refused.retry_after
            # It may have waited for its second, and has to wait for its minute now.
            second = window.take(call, tokens, tokens_per_minute=LIMIT, calls_per_second=PER_SECOND)
            if second is not None:
                assert (refused.reason, second.reason) == ("calls_per_second", "tokens_per_minute")
                clock.now += second.retry_after
                assert window.take(call, tokens, tokens_per_minute=LIMIT, calls_per_second=PER_SECOND) is None
        granted.append([clock.now, tokens])
        if share is not None:
            granted[-1][1] = round(tokens * share)
            assert window.settle(call, int(granted[-1][1]))
        minute = [used for begun, used in granted if begun + TOKENS_WINDOW > clock.now and used]
        assert sum(minute) <= LIMIT or len(minute) == 1, "only what is larger than all of it passes, and alone"
        assert sum(begun + CALLS_WINDOW > clock.now for begun, _ in granted) <= PER_SECOND


def test_the_wait_is_told_with_its_reason() -> None:
    clock = Clock()
    window = Window(clock)

    def take(number: int, tokens: int) -> Refusal | None:
        return window.take(UUID(int=number), tokens, tokens_per_minute=100, calls_per_second=2)

    assert take(1, 60) is None
    clock.now += 0.5
    assert take(2, 30) is None
    assert take(3, 5) == Refusal("calls_per_second", 0.5)
    clock.now += 0.5
    assert take(3, 50) == Refusal("tokens_per_minute", 59.0)
    assert window.settle(UUID(int=1), 10), "it used less than was held back"
    assert take(3, 50) is None
    clock.now += 100
    assert window.empty
    assert not window.settle(UUID(int=1), 10)


def by_the_character(text: str) -> int:
    wide = sum(character > "\u2e7f" for character in text)
    return round(wide * 0.75 + (len(text) - wide) / 4)


@given(st.text() | st.text("ab直播，⹿⺀ \U0001f600"))
def test_tokens_are_estimated_by_how_wide_the_characters_are(text: str) -> None:
    assert estimate_tokens(text) == by_the_character(text)


def test_a_long_prompt_is_estimated_at_once() -> None:
    def seconds(count: Callable[[str], int]) -> float:
        began = time.process_time()
        for text in ("直播" * 85_000, "sale" * 125_000):
            count(text)
        return time.process_time() - began

    assert min(seconds(estimate_tokens) for _ in range(3)) < min(seconds(by_the_character) for _ in range(3)) / 5
