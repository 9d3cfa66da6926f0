"""The teleprompter: frames at rest and with a busy main thread, and whether a correction moves what is being read.

`python -m benchmarks.pages.prompter --rounds 3 [--old DIST]`. A script of 20,000 characters in a room of the real
server. Frames: the text runs for some seconds with nothing else to do, then with blocks of 120 ms of the main thread
every 500 ms. Place: corrections above, below and across the line being read, standing and running, another size of
type, and the screen turned and turned back: how many pixels the character that is being read moved. Goals: 0 dropped
frames that affect smoothness at rest, at most 2 with blocks; at most 1 px.
"""

import uuid
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from playwright.sync_api import Browser, Page, expect

from benchmarks.pages.frames import Frames, recording
from benchmarks.pages.house import House, chromium, load, open_house, parser_of, until
from tests.e2e.browser import Seats, seats_at
from tests.support.corrections import EYES, Edit, edits, script
from tests.support.desk_client import HOST, OPERATOR
from tests.support.stage import cue_now

LENGTH: Final = 20_000
BLOCKS: Final = """() => { window.blocks = setInterval(() => {
    const end = performance.now() + 120; while (performance.now() < end); }, 500) }"""


class Stage:
    """A room with one display on the real server."""

    def __init__(self, house: House, seats: Seats) -> None:
        self._url = house.database_url
        api = seats.take(OPERATOR, "/api/v1/health").context.request
        self.room = api.post("/api/v1/rooms", data={"name": f"二万字{uuid.uuid4().hex[:8]}"}).json()["id"]
        self.text = script(LENGTH)
        self.version = self.cue(self.text)
        seat = seats.take(HOST, f"/prompter.html?room={self.room}", reduced_motion="no-preference",
                          viewport={"width": 1280, "height": 800})  # fmt: skip
        self.page: Page = seat.page
        expect(self.page.locator(".line")).to_contain_text("已连接")
        expect(self.page.locator(".track [data-o]").first).to_be_visible()
        self.page.evaluate(EYES)

    def cue(self, text: str) -> int:
        self.text = text
        return cue_now(self._url, self.room, text)

    def correct(self, edit: Edit) -> None:
        """Let the room have the corrected text, and wait until it is laid out and confirmed."""
        before = len(self.text)
        self.page.evaluate("window.laid = document.querySelector('.track').textContent.length")
        self.cue(edit.text)
        if len(edit.text) != before:
            until(self.page, "() => document.querySelector('.track').textContent.length !== laid")
        self.rest()

    def rest(self) -> None:
        """Wait until nothing glides any more."""
        self.page.evaluate(
            """async () => { const began = document.timeline.currentTime
                while (document.timeline.currentTime - began < 900) await new Promise(requestAnimationFrame) }"""
        )

    def go(self, share: float) -> None:
        """Stand somewhere in the text: a few sentences on from a share of it, by the keys of the reader."""
        offset = self.text.find("\n", int(len(self.text) * share)) + 1
        api = self.page.context.request
        state = api.get(f"/api/v1/rooms/{self.room}/prompter").json()["transport"]
        order = {"action": "pause", "version": state["version"], "value": offset + 11}
        answer = api.post(f"/api/v1/rooms/{self.room}/prompter", data=order)
        assert answer.ok, answer.text()
        self.rest()

    def play(self, on: bool) -> None:
        """Let it run, or stop it."""
        motion = self.page.locator(".prompter")
        self.page.keyboard.press("Space")
        expect(motion).to_have_attribute("data-motion", "running" if on else "paused")
        self.rest()

    def ask(self, script_: str, argument: Any = None) -> Any:
        return self.page.evaluate(script_, argument)


def frames(browser: Browser, stage: Stage, seconds: float) -> tuple[Frames, Frames]:
    """Run with nothing to do, and with blocks of the main thread."""
    stage.go(0.4)
    stage.play(True)
    with recording(browser, stage.page) as idle:
        stage.page.wait_for_timeout(seconds * 1000)
    stage.ask(BLOCKS)
    with recording(browser, stage.page) as blocked:
        stage.page.wait_for_timeout(seconds * 1000)
    stage.ask("clearInterval(blocks)")
    stage.play(False)
    return idle, blocked


def standing(stage: Stage) -> dict[str, float]:
    """How many pixels the character being read moves with each correction, while the text stands."""
    found = {}
    for place in range(8):
        stage.go(0.2 + 0.05 * place)
        reading = int(stage.ask("read()"))
        edit = edits(stage.text, reading)[place]
        before = stage.ask(f"top_({reading})")
        stage.correct(edit)
        found[edit.name] = abs(stage.ask(f"top_({edit.moved(reading)})") - before)
    return found


def running(stage: Stage) -> dict[str, float]:
    """The same while it runs: the step between the straight lines that the character is on before and after."""
    found = {}
    for place in (0, 2, 3, 6):
        stage.go(0.3 + 0.05 * place)
        stage.play(True)
        reading = int(stage.ask("read()")) + 12
        edit = edits(stage.text, reading)[place]
        after = edit.moved(reading)
        # The character has another offset from the moment on in which the text is another.
        stage.ask("""([o, after]) => { following = o; watch(o); window.swap = new MutationObserver(() => {
            if (window.swapped === undefined) { following = after; swapped = document.timeline.currentTime } })
            swapped = undefined; swap.observe(document.querySelector('.track'), {childList: true, subtree: true,
                characterData: true}) }""".replace("swapped = undefined;", "window.swapped = undefined;"),
            [reading, after])  # fmt: skip
        stage.rest()
        stage.correct(edit)
        seen, swapped = stage.ask("[seen, swapped]")
        stage.ask("swap.disconnect(), window.seen = null")
        found[edit.name] = step_at(seen, swapped)
        stage.play(False)
    return found


def step_at(seen: Sequence[Sequence[float]], moment: float) -> float:
    """Pixels between where half a second before the moment leads to, and where half a second after it comes from."""
    before = [(t - moment, y) for t, y in seen if moment - 500 <= t < moment]
    after = [(t - moment, y) for t, y in seen if moment < t <= moment + 500]
    return abs(_at_zero(before) - _at_zero(after))


def _at_zero(points: Sequence[tuple[float, float]]) -> float:
    """The straight line through the points, at 0 (least squares)."""
    mean_t, mean_y = (sum(one) / len(points) for one in zip(*points, strict=True))
    spread = sum((t - mean_t) ** 2 for t, _ in points)
    return float(mean_y - mean_t * sum((t - mean_t) * (y - mean_y) for t, y in points) / max(spread, 1e-9))


def layouts(stage: Stage) -> dict[str, float]:
    """Another type and another screen: how far from the reading line the line of the character being read ends up."""
    found = {}
    larger, smaller = (partial(_press, stage.page, key, 5) for key in "+-")
    turned, upright = (
        partial(stage.page.set_viewport_size, {"width": width, "height": height})
        for width, height in ((800, 1280), (1280, 800))
    )
    for name, there, back in (("larger type", larger, smaller), ("turned", turned, upright)):
        stage.go(0.5)
        reading = int(stage.ask("read()"))
        before = stage.ask(f"top_({reading})")
        there()
        stage.rest()
        found[name] = stage.ask(f"off({reading})")
        back()
        stage.rest()
        found[f"{name} and back"] = abs(stage.ask(f"top_({reading})") - before)
    return found


def _press(page: Page, key: str, times: int) -> None:
    for _ in range(times):
        page.keyboard.press(key)


def main() -> None:
    """Measure and print."""
    parser = parser_of(__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--only", choices=("frames", "place"))
    options = parser.parse_args()
    with open_house(options.old) as house, chromium() as browser:
        print("| build | at rest: presented / dropped, longest gap ms, main s in 10 s | with blocks | | ", flush=True)
        print("|---|---|---|---|")
        for number in range(options.rounds):
            names = list(house.servers)
            for name in names if number % 2 else reversed(names):
                with seats_at(browser, house.servers[name].url) as seats:
                    stage = Stage(house, seats)
                    if options.only != "place":
                        idle, blocked = frames(browser, stage, options.seconds)
                        cells = [f"{one.presented} / {one.dropped}, {one.longest:.0f}, {one.main_per_ten:.2f}"
                                 for one in (idle, blocked)]  # fmt: skip
                        print(f"| {name} | {' | '.join(cells)} | {load()} |", flush=True)
                    if options.only != "frames":
                        for title, one in (("standing", standing), ("running", running), ("layout", layouts)):
                            told = ", ".join(f"{what} {by:.2f}" for what, by in one(stage).items())
                            print(f"{name} {title}, px: {told}", flush=True)


if __name__ == "__main__":
    main()
