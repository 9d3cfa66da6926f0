"""Frames and main-thread time of a page, as Chrome's own frame reporter and scheduler told them in a trace.

A frame is what the compositor drew for the page. `dropped` counts those that its reporter calls dropped and that affect
smoothness; `late_main` those that were presented without the main thread's part, which had not come in time.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from playwright.sync_api import Browser, Page

_CATEGORIES: Final = (
    "blink.user_timing",
    "devtools.timeline",
    "disabled-by-default-devtools.timeline",
    "disabled-by-default-devtools.timeline.frame",
)
_BEGIN, _END = "cuedesk-begin", "cuedesk-end"
#: The scheduler's own frame around every task: what a task does is told by the events inside.
_TASK: Final = "RunTask"

Event = dict[str, Any]


@dataclass
class Frames:
    """What a page did between two moments. Milliseconds, but for `seconds`, `main` and `main_wall` (seconds)."""

    seconds: float = 0.0
    presented: int = 0
    #: Presented with everything that the main thread had for them.
    whole: int = 0
    late_main: int = 0
    dropped: int = 0
    #: The longest time from one presented frame to the next.
    longest: float = 0.0
    #: Processor time of the page's main thread; the same by the clock on the wall, waiting for a processor included.
    main: float = 0.0
    main_wall: float = 0.0
    longest_task: float = 0.0
    #: Processor milliseconds of the main thread by what it did, inner work not counted twice.
    costs: dict[str, float] = field(default_factory=dict)

    @property
    def fps(self) -> float:
        return self.presented / self.seconds

    @property
    def whole_fps(self) -> float:
        """Frames a second that showed the newest state of the page."""
        return self.whole / self.seconds

    @property
    def main_per_ten(self) -> float:
        """Seconds of the main thread's processor time in ten seconds."""
        return self.main / self.seconds * 10

    def largest(self, count: int = 3) -> str:
        """Name the largest costs."""
        ordered = sorted(self.costs.items(), key=lambda item: -item[1])[:count]
        return ", ".join(f"{name} {spent:.0f} ms" for name, spent in ordered)


@contextmanager
def recording(browser: Browser, page: Page) -> Iterator[Frames]:
    """Trace `page`; what is yielded is filled in at the end of the block."""
    told = Frames()
    browser.start_tracing(page=page, categories=list(_CATEGORIES))
    try:
        page.evaluate(f"performance.mark('{_BEGIN}') && null")
        yield told
        page.evaluate(f"performance.mark('{_END}') && null")
    finally:
        raw = browser.stop_tracing()
    read_into(told, json.loads(raw)["traceEvents"])


def read_into(told: Frames, events: Sequence[Event]) -> None:
    """Fill in what the events of a trace say."""
    begin = next(event for event in events if event["name"] == _BEGIN)
    end = next(event for event in events if event["name"] == _END)
    pid, thread = begin["pid"], begin["tid"]
    first, last = begin["ts"], end["ts"]
    told.seconds = (last - first) / 1e6
    mine = [event for event in events if event["pid"] == pid and first <= event["ts"] <= last]
    _frames(told, mine)
    work = [event for event in mine if event["tid"] == thread and event["ph"] == "X" and "dur" in event]
    work.sort(key=lambda event: (event["ts"], -event["dur"]))
    _main_thread(told, work)


def _frames(told: Frames, events: Sequence[Event]) -> None:
    reports = [event for event in events if event["name"] == "PipelineReporter"]
    shown = []
    # An id is used again as soon as its frame is over.
    under_way: dict[str, bool] = {}
    for event in sorted(reports, key=lambda event: event["ts"]):
        known_by = event["id2"]["local"]
        if event["ph"] == "e":
            if under_way.pop(known_by, False):
                shown.append(event["ts"])
            continue
        if event["ph"] != "b":
            continue
        report = event["args"].get("frame_reporter") or event["args"].get("chrome_frame_reporter")
        under_way[known_by] = report["state"] in ("STATE_PRESENTED_ALL", "STATE_PRESENTED_PARTIAL")
        match report["state"]:
            case "STATE_PRESENTED_ALL":
                told.whole += 1
            case "STATE_PRESENTED_PARTIAL":
                told.late_main += 1
            case "STATE_DROPPED" if report["affects_smoothness"]:
                told.dropped += 1
    told.presented = told.whole + told.late_main
    told.longest = max((later - earlier for earlier, later in pairwise(shown)), default=0) / 1000


def _main_thread(told: Frames, work: Sequence[Event]) -> None:
    """Add up the tasks, and give each moment to the innermost event that was at work."""
    own: dict[str, float] = defaultdict(float)
    open_: list[Event] = []
    until = 0.0
    for event in work:
        spent = event.get("tdur", 0) / 1000
        while open_ and event["ts"] >= open_[-1]["ts"] + open_[-1]["dur"]:
            open_.pop()
        if open_:
            own[open_[-1]["name"]] -= spent
        own[event["name"]] += spent
        open_.append(event)
        if event["name"] == _TASK and event["ts"] >= until:  # else a task within a task
            until = event["ts"] + event["dur"]
            told.main += spent / 1000
            told.main_wall += event["dur"] / 1e6
            told.longest_task = max(told.longest_task, event["dur"] / 1000)
    told.costs = {("other tasks" if name == _TASK else name): spent for name, spent in own.items() if spent > 0}


#: Asks for every frame, and changes something in each that only the main thread can change: a page that shows nothing
#: new would have no frames to count.
PULSE: Final = """() => {
    const dot = document.createElement('div')
    dot.style.cssText = 'position:fixed;left:0;top:0;width:2px;height:2px;z-index:9999;pointer-events:none'
    document.body.append(dot)
    let odd = false
    const beat = () => { if (!dot.isConnected) return; odd = !odd
        dot.style.background = odd ? '#808080' : '#818181'; requestAnimationFrame(beat) }
    requestAnimationFrame(beat)
    window.stopPulse = () => dot.remove() }"""
