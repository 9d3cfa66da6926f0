"""The approval queue while 200 items arrive at 20 a second: frames, and whether anything moves under the pointer.

`python -m benchmarks.pages.approvals --rounds 3 [--old DIST]`. The items are copies of one real question, put into the
database as a worker would. Twice in a round: with the pointer elsewhere, where they go straight into the list, and with
the pointer at a row, where nothing that was there may move. Goals: at least 55 frames a second; 0 pixels.
"""

import asyncio
import threading
from dataclasses import dataclass
from typing import Any, Final

import asyncpg
from playwright.sync_api import Browser, Page, expect

from benchmarks.pages.copies import Copier, Turn, real_turn
from benchmarks.pages.frames import PULSE, Frames, recording
from benchmarks.pages.house import House, chromium, in_a_thread, load, open_house, parser_of
from tests.e2e.browser import Seats, seats_at
from tests.support.desk_client import APPROVER

#: Rows that are there before.
FIRST: Final = 12
#: How far any of the rows that were there has moved, and whether another one came to be under the pointer.
WATCH: Final = """([x, y]) => {
    const rows = [...document.querySelectorAll('[data-testid=queue-row]')]
        .map(row => [row, row.getBoundingClientRect().top])
    const under = document.elementFromPoint(x, y)?.closest('.queue-row')
    window.moved = 0; window.changed = 0
    const look = () => { if (!window.watching) return
        for (const [row, top] of rows) moved = Math.max(moved, Math.abs(row.getBoundingClientRect().top - top))
        if (document.elementFromPoint(x, y)?.closest('.queue-row') !== under) changed++
        requestAnimationFrame(look) }
    window.watching = true; requestAnimationFrame(look) }"""


@dataclass
class Arrival:
    """What the page did while the items came."""

    frames: Frames
    shown: int
    #: Seconds in which the items were put in: later than asked when the machine is slow.
    took: float


class Arriving(threading.Thread):
    """Puts items in at a rate, in a thread with a loop of its own."""

    def __init__(self, house: House, turn: Turn, count: int, rate: float) -> None:
        super().__init__()
        self._house, self._turn, self._count, self._rate = house, turn, count, rate
        self.took = 0.0

    def run(self) -> None:
        asyncio.run(self._arrive())

    async def _arrive(self) -> None:
        loop = asyncio.get_running_loop()
        async with Copier.open(self._house.database_url, self._turn) as copier:
            began = loop.time()
            for number in range(self._count):
                await asyncio.sleep(max(0.0, began + number / self._rate - loop.time()))
                await copier.ask(f"第{number + 1}条")
            self.took = loop.time() - began


async def _empty(url: str) -> None:
    owner = await asyncpg.connect(url)
    try:
        await owner.execute("UPDATE interrupts SET status = 'cancelled' WHERE status = 'pending'")
    finally:
        await owner.close()


async def _fill(house: House, turn: Turn) -> None:
    async with Copier.open(house.database_url, turn) as copier:
        for number in range(FIRST):
            await copier.ask(f"早先第{number + 1}条")


def opened(house: House, seats: Seats, turn: Turn) -> Page:
    """The queue, with a few items in it, at rest."""
    in_a_thread(_empty(house.database_url))
    in_a_thread(_fill(house, turn))
    page = seats.take(APPROVER, "/approvals", reduced_motion="no-preference").page
    expect(page.get_by_test_id("queue-row")).to_have_count(FIRST)
    page.mouse.move(1000, 600)
    page.evaluate("() => new Promise(done => requestIdleCallback(() => setTimeout(done, 500)))")
    return page


def rest(browser: Browser, page: Page) -> Frames:
    """The same page with nothing arriving."""
    page.evaluate(PULSE)
    with recording(browser, page) as frames:
        page.wait_for_timeout(5000)
    return frames


def arrive(browser: Browser, page: Page, house: House, turn: Turn, options: Any) -> Arrival:
    """Let the items come and measure meanwhile."""
    coming = Arriving(house, turn, options.items, options.rate)
    with recording(browser, page) as frames:
        coming.start()
        page.wait_for_timeout(options.items / options.rate * 1000)
    coming.join()
    page.wait_for_timeout(1000)
    return Arrival(frames, page.get_by_test_id("queue-row").count(), coming.took)


def cells(one: Frames) -> str:
    """Frames a second and what else there is to say."""
    return (f"{one.whole_fps:.1f} | {one.presented} / {one.dropped} / {one.late_main} | {one.longest:.0f} | "
            f"{one.main_per_ten:.2f} ({one.main_wall / one.seconds * 10:.2f}) | {one.longest_task:.0f}")  # fmt: skip


def measure(browser: Browser, house: House, name: str, turn: Turn, options: Any) -> None:
    """Measure one build once and print its rows."""
    with seats_at(browser, house.servers[name].url) as seats:
        page = opened(house, seats, turn)
        print(f"| {name}, at rest | {cells(rest(browser, page))} | | {load()} |", flush=True)
        one = arrive(browser, page, house, turn, options)
        told = f"{one.shown} rows, came in {one.took:.0f} s"
        print(f"| {name}, pointer elsewhere | {cells(one.frames)} | {told} | {load()} |", flush=True)
        print(f"{name}: largest costs: {one.frames.largest(5)}", flush=True)
        page = opened(house, seats, turn)
        page.evaluate(PULSE)
        box = page.get_by_test_id("queue-row").nth(3).bounding_box()
        assert box is not None
        at = [box["x"] + 40, box["y"] + 20]
        page.mouse.move(*at)
        page.evaluate(WATCH, at)
        one = arrive(browser, page, house, turn, options)
        moved, changed = page.evaluate("[moved, changed]")
        told = f"{one.shown} rows, moved {moved:.2f} px, {changed} frames with another row under the pointer"
        print(f"| {name}, pointer at a row | {cells(one.frames)} | {told} | {load()} |", flush=True)


def main() -> None:
    """Measure and print."""
    parser = parser_of(__doc__)
    parser.add_argument("--items", type=int, default=200)
    parser.add_argument("--rate", type=float, default=20)
    options = parser.parse_args()
    with open_house(options.old) as house:
        turn = asyncio.run(real_turn(house.server.url, house.database_url, decision=None))
        with chromium() as browser:
            print(
                "| | fps | presented / dropped / late | longest gap ms | main s in 10 s (wall) | longest task ms | | |"
            )
            print("|---|---|---|---|---|---|---|---|", flush=True)
            for number in range(options.rounds):
                names = list(house.servers)
                for name in names if number % 2 else reversed(names):
                    measure(browser, house, name, turn, options)


if __name__ == "__main__":
    main()
