"""Tells when the event loop stands still, and where: a loop that is blocked serves nobody and renews no lease.

A thread of its own looks whether the loop still turns; the loop itself could only tell afterwards, without the stack.
"""

import asyncio
import contextlib
import sys
import threading
import time
import traceback
from collections.abc import AsyncIterator
from types import FrameType
from typing import Final

import structlog
from prometheus_client import Histogram

from backend.telemetry.metrics import REGISTRY

log = structlog.get_logger(__name__)

_BLOCKED = Histogram(
    "cuedesk_loop_blocked_seconds",
    "How long the event loop stood still, each time it did so for longer than loop_block_warning",
    buckets=(0.25, 0.5, 1, 2, 5, 10, 20, 60),
    registry=REGISTRY,
)
#: The innermost frames tell the story; the rest is the server's own start.
_FRAMES: Final = 12


@contextlib.asynccontextmanager
async def watched_loop(threshold: float) -> AsyncIterator[None]:
    """While the block runs, log `loop_blocked` with the stack when this loop stands still for `threshold` seconds."""
    watch = _Watch(threshold)
    watch.start()
    try:
        yield
    finally:
        watch.stop()


class _Watch:
    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._every = threshold / 3
        self._loop = asyncio.get_running_loop()
        self._thread_id = threading.get_ident()
        self._turned_at = time.monotonic()
        self._timer: asyncio.TimerHandle | None = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, name="loop watchdog", daemon=True)

    def start(self) -> None:
        self._turn()
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        if self._timer is not None:
            self._timer.cancel()

    def _turn(self) -> None:
        self._turned_at = time.monotonic()
        self._timer = self._loop.call_later(self._every, self._turn)

    def _look(self) -> None:
        told = False
        since = looked_at = time.monotonic()
        while not self._ended.wait(self._every):
            now = time.monotonic()
            # When this thread did not get its turn either, it is the machine that stood still, not the loop.
            late, looked_at = now - looked_at - self._every, now
            turned_at = self._turned_at
            if told and turned_at != since:
                _BLOCKED.observe(turned_at - since)
                log.warning("loop_free", seconds=round(turned_at - since, 3))
                told = False
            if not told and now - turned_at > self._threshold + max(late, 0.0):
                told, since = True, turned_at
                frame = sys._current_frames().get(self._thread_id)
                log.warning("loop_blocked", seconds=round(now - turned_at, 3), stack=_shown(frame))


def _shown(frame: FrameType | None) -> str:
    return "".join(traceback.format_stack(frame)[-_FRAMES:]) if frame is not None else ""
