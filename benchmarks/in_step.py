"""Two teleprompters of one room on this machine: how far apart they are, and how soon one does what the other does.

`python -m benchmarks.in_step --rounds 6`. Starts its own server and Chromium. Each page notes, by its own clock and the
rectangles of its words, which pixel of the text is at the reading line; the difference of the two at one moment over
the speed is their distance in milliseconds. Pages of one machine share its clock: this tells what the way of keeping in
step adds, not how well the clocks of two machines are compared.
"""

import argparse
import statistics
import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from backend.storage.embedded import EmbeddedPostgres, EmbeddedValkey
from tests.e2e.browser import launch, seats_at
from tests.e2e.test_prompter_engine import SCRIPT
from tests.support.databases import started
from tests.support.desk_client import HOST, OPERATOR
from tests.support.processes import ServerProcess
from tests.support.stage import cue_now

#: Collects [milliseconds since 1970, pixels from the beginning of the text to the reading line] at every frame.
WATCH = """() => { window.seen = []; const stage = document.querySelector('.stage')
    const word = document.querySelector('[data-o]')
    const note = () => { const box = stage.getBoundingClientRect()
        seen.push([performance.timeOrigin + performance.now(),
            box.top + box.height * 0.36 - word.getBoundingClientRect().top]); requestAnimationFrame(note) }
    requestAnimationFrame(note) }"""
STARTED = "() => new Promise(done => { const look = () => document.querySelector('[data-motion=running]') \
    ? done(performance.timeOrigin + performance.now()) : requestAnimationFrame(look); look() })"


def apart(one: list[list[float]], other: list[list[float]]) -> list[float]:
    """Return the distance in milliseconds at each moment that both pages saw."""
    speed = (one[-1][1] - one[0][1]) / (one[-1][0] - one[0][0])
    found, place = [], 0
    for moment, pixel in one:
        while place + 1 < len(other) and other[place + 1][0] < moment:
            place += 1
        if not other[place][0] <= moment or place + 1 == len(other):
            continue
        (before, low), (after, high) = other[place], other[place + 1]
        there = low + (high - low) * (moment - before) / max(1e-6, after - before)
        found.append(abs(pixel - there) / speed)
    return found


def measure(left: Page, right: Page, seconds: float) -> dict[str, float]:
    """Play on one page, and watch both."""
    right.evaluate(f"() => {{ window.begun = ({STARTED})() }}")
    pressed = left.evaluate("performance.timeOrigin + performance.now()")
    left.keyboard.press("Space")
    heard = right.evaluate("begun") - pressed
    left.wait_for_timeout(500)
    for page in (left, right):
        page.evaluate(WATCH)
    left.wait_for_timeout(seconds * 1000)
    gaps = sorted(apart(left.evaluate("seen"), right.evaluate("seen")))
    left.keyboard.press("Space")
    expect(right.locator(".prompter")).to_have_attribute("data-motion", "paused")
    left.wait_for_timeout(800)
    rest = [float(page.evaluate("new DOMMatrix(getComputedStyle(document.querySelector('.track')).transform).m42"))
            for page in (left, right)]  # fmt: skip
    return {
        "heard": heard,
        "p50": statistics.median(gaps),
        "p95": gaps[int(len(gaps) * 0.95)],
        "max": gaps[-1],
        "rest": abs(rest[0] - rest[1]),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        postgres, valkey = EmbeddedPostgres(folder / "servers"), EmbeddedValkey(folder / "servers")
        with started(postgres), started(valkey):
            run(postgres.address.owner_url, valkey.url, folder, options)


def run(url: str, redis: str, folder: Path, options: argparse.Namespace) -> None:
    """Measure on a server of its own."""
    settings = {"database_url": url, "redis_url": redis, "seed_demo": True}
    (folder / "server").mkdir()
    with ServerProcess(folder / "server", settings).start() as server, sync_playwright() as playwright:
        server.wait_healthy()
        with seats_at(launch(playwright), server.url) as seats:
            api = seats.take(OPERATOR, "/api/v1/health").context.request
            room = api.post("/api/v1/rooms", data={"name": "两块屏"}).json()["id"]
            cue_now(url, room, SCRIPT * 8)
            pages = []
            for _ in range(2):
                page = seats.take(HOST, f"/prompter.html?room={room}", reduced_motion="no-preference").page
                expect(page.locator(".line")).to_contain_text("已连接")
                page.wait_for_timeout(1500)  # the clock is asked five times
                pages.append(page)
            print("      heard ms   apart ms: p50    p95    max   at rest px")
            results = []
            for number in range(options.rounds):
                found = measure(pages[0], pages[1], options.seconds)
                results.append(found)
                print(f"{number + 1:>3}   {found['heard']:8.0f}   {found['p50']:13.1f} {found['p95']:6.1f} "
                      f"{found['max']:6.1f}   {found['rest']:10.2f}")  # fmt: skip
            print(f"median of p95: {statistics.median(one['p95'] for one in results):.1f} ms (goal: 50)")


if __name__ == "__main__":
    main()
