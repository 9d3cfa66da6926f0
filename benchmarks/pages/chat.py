"""A long conversation while text streams into it: frames, main-thread time, and how soon a key that is pressed shows.

`python -m benchmarks.pages.chat --rounds 3 [--old DIST]`. A thread of 1,000 messages (copies of one real turn, with all
its steps, checks, decisions and scripts), into which the scripted model says 200 tokens a second through the real
server. In each round the same page is measured at rest and while text comes: first with a pulse that asks for every
frame, then without it, then while somebody types. Goals: at least 55 frames a second; at most 3 s of main thread in
10 s; key to paint at most 80 ms at p95.
"""

import asyncio
import statistics
from dataclasses import dataclass
from typing import Final

from playwright.sync_api import Browser, Page, expect

from benchmarks.conversations import TEXT
from benchmarks.load import MODEL, Model
from benchmarks.pages.copies import ASK, Copier, Turn, real_turn
from benchmarks.pages.frames import PULSE, Frames, recording
from benchmarks.pages.house import House, chromium, load, open_house, parser_of, until
from tests.e2e.browser import Seat, seats_at
from tests.support.desk_client import OPERATOR

TOKENS_PER_SECOND: Final = 200
PIECE: Final = 2
#: Longer than what is measured of one text, with room for the beginning and the end.
STREAM_SECONDS: Final = 24

#: Notes for every key how long it took to the next paint, by Chrome's own event timing (steps of 8 ms). What took less
#: than 16 ms is not told and counts as 16.
WATCH_KEYS: Final = """() => { window.keys = []
    window.keyWatch = new PerformanceObserver(list => keys.push(...list.getEntries()
        .filter(one => one.name === 'keydown').map(one => one.duration)))
    keyWatch.observe({type: 'event', durationThreshold: 16}) }"""

#: Characters of the text under way on screen, without what is there for screen readers alone.
LIVE: Final = """[...document.querySelectorAll('[data-testid=live-text] *, [data-testid=live-text]')]
    .filter(one => !one.closest('.visually-hidden, .muted')).flatMap(one => [...one.childNodes])
    .reduce((sum, one) => sum + (one.nodeType === Node.TEXT_NODE ? one.data.length : 0), 0)"""


@dataclass
class Round:
    """One build's figures of one round: at rest and while text comes."""

    idle: Frames
    smooth: Frames
    plain: Frames
    idle_keys: list[float]
    keys: list[float]
    characters: float


def percentile95(values: list[float]) -> float:
    """The value that 95 of 100 do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


def typed(page: Page, count: int) -> list[float]:
    """Type into the composer, eight keys a second; milliseconds of each key."""
    box = page.locator(".composer textarea").first
    box.fill("")
    box.focus()
    page.evaluate(WATCH_KEYS)
    for place in range(count):
        page.keyboard.press("abcdefgh"[place % 8])
        page.wait_for_timeout(110)
    page.wait_for_timeout(300)
    slow = [float(one) for one in page.evaluate("keyWatch.disconnect(), keys")]
    box.fill("")
    return slow + [16.0] * max(0, count - len(slow))


def shown(page: Page) -> int:
    """Characters of the text under way on screen."""
    return int(page.evaluate(LIVE))


class Streaming:
    """A page at a long thread, in which text comes while the block runs."""

    def __init__(self, seat: Seat, thread: str) -> None:
        self.seat = seat
        self.thread = thread

    def __enter__(self) -> None:
        self.seat.ask(ASK)
        until(self.seat.page, f"() => {LIVE} > 200")

    def __exit__(self, *_: object) -> None:
        page = self.seat.page
        assert page.get_by_test_id("live-text").count() == 1, "the text ended before the measurement did"
        assert page.request.post(f"/api/v1/threads/{self.thread}/cancel").ok
        expect(page.get_by_test_id("stop")).to_have_count(0)


def settle(page: Page) -> None:
    """Wait until the page has nothing left to do."""
    page.evaluate("() => new Promise(done => requestIdleCallback(() => setTimeout(done, 500)))")


def measure(browser: Browser, seat: Seat, thread: str, seconds: float) -> Round:
    """Measure one build once."""
    page, streaming = seat.page, Streaming(seat, thread)
    seat.open(f"/console/{thread}").connected()
    expect(page.get_by_test_id("message-assistant").last).to_be_visible()
    settle(page)
    idle_keys = typed(page, 40)
    page.evaluate(PULSE)
    with recording(browser, page) as idle:
        page.wait_for_timeout(seconds * 1000)
    with streaming:
        before = shown(page)
        with recording(browser, page) as smooth:
            page.wait_for_timeout(seconds * 1000)
        characters = (shown(page) - before) / smooth.seconds
    page.evaluate("stopPulse()")
    settle(page)
    with streaming, recording(browser, page) as plain:
        page.wait_for_timeout(seconds * 1000)
    settle(page)
    with streaming:
        keys = typed(page, 40)
    return Round(idle, smooth, plain, idle_keys, keys, characters)


def row(name: str, one: Round) -> str:
    """One line of the table."""
    rate = one.characters / PIECE
    # Less text is less work: what was measured then says nothing about the goals.
    told = f"{rate:.0f}" if rate > 0.9 * TOKENS_PER_SECOND else f"{rate:.0f}, too few: proves nothing"
    return (
        f"| {name} | {one.idle.whole_fps:.1f} | {one.smooth.whole_fps:.1f} | {one.smooth.presented} / "
        f"{one.smooth.dropped} / {one.smooth.late_main} | {one.smooth.longest:.0f} | {one.plain.main_per_ten:.2f} "
        f"({one.plain.main_wall / one.plain.seconds * 10:.2f}) | {one.plain.longest_task:.0f} | "
        f"{percentile95(one.idle_keys):.0f} | {statistics.median(one.keys):.0f} / {percentile95(one.keys):.0f} | "
        f"{told} | {load()} |"
    )


HEAD: Final = """\
| build | fps at rest | fps | presented / dropped / late | longest gap ms | main s in 10 s (wall) | longest task ms |\
 key p95 at rest ms | key p50 / p95 ms | tokens/s | |
|---|---|---|---|---|---|---|---|---|---|---|"""


def say(model: Model, seconds: float) -> None:
    """Let the model say its text over and over for so long; 0: once, at once."""
    times = int(seconds * TOKENS_PER_SECOND * PIECE / len(TEXT)) + 1 if seconds else 1
    delay = 1 / TOKENS_PER_SECOND if seconds else 0
    model._ask("DELETE", "", {})
    # A sentence that was said before never reaches the page: each time has its number in every sentence.
    text = "\n".join(TEXT.replace("。", f"，第{time}遍。") for time in range(times))
    model._ask("PUT", f"/models/{MODEL}", {"kind": "text", "text": text, "piece": PIECE, "delay": delay})


async def lengthen(house: House, messages: int) -> Turn:
    """A thread with so many messages."""
    turn = await real_turn(house.server.url, house.database_url, decision="approve")
    each = sum(event["type"] == "message_complete" for event in turn.events)
    async with Copier.open(house.database_url, turn) as copier:
        await copier.again(messages // each - 1)
    return turn


def main() -> None:
    """Measure and print."""
    parser = parser_of(__doc__)
    parser.add_argument("--messages", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    with open_house(options.old, modelled=True) as house:
        say(house.model, 0)
        turn = asyncio.run(lengthen(house, options.messages))
        say(house.model, STREAM_SECONDS)
        with chromium() as browser:
            print(HEAD, flush=True)
            rounds: dict[str, list[Round]] = {name: [] for name in house.servers}
            for number in range(options.rounds):
                names = list(house.servers)
                for name in names if number % 2 else reversed(names):
                    with seats_at(browser, house.servers[name].url) as seats:
                        seat = seats.take(OPERATOR)
                        one = measure(browser, seat, turn.thread_id, options.seconds)
                    rounds[name].append(one)
                    print(row(name, one), flush=True)
            for name, all_ in rounds.items():
                print(f"{name}: largest costs while text comes: {all_[-1].plain.largest(5)}")


if __name__ == "__main__":
    main()
