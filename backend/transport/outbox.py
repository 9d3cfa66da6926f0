"""What waits to be written to one socket: bounded, in order, with pieces of text joined while they wait."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import orjson

from backend.fanout.hub import Fragment

#: A frame that must arrive waited so long for a reader: the socket is closed and resumes later. Seconds.
_PATIENCE = 10.0


@dataclass
class _Waiting:
    text: str | None
    fragment: Fragment | None
    since: float
    size: int


class Outbox:
    """A queue that never makes the sender wait.

    Over its bounds it sheds pieces of text first (`shed` tells of which threads; once the reader has caught up,
    `on_shed` is called with them, so that they get a snapshot) and says `stuck` when what must not be lost does not fit
    or waits too long.
    """

    def __init__(self, max_frames: int, max_bytes: int) -> None:
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._waiting: deque[_Waiting] = deque()
        self._bytes = 0
        self._wake = asyncio.Event()
        self._closed = False
        self.shed: set[str] = set()
        self.on_shed: Callable[[set[str]], None] | None = None

    def put(self, text: str) -> None:
        """Add a frame that must arrive."""
        self._append(_Waiting(text, None, time.monotonic(), _bytes(text)))

    def put_fragment(self, fragment: Fragment) -> None:
        """Add a piece of text; joined to the piece before it when that is still waiting."""
        if fragment.thread_id in self.shed:
            return
        last = self._waiting[-1].fragment if self._waiting else None
        if (
            last is not None
            and (last.message_id, last.attempt) == (fragment.message_id, fragment.attempt)
            and last.i + last.n == fragment.i
        ):
            entry = self._waiting[-1]
            entry.fragment = Fragment(
                last.thread_id,
                last.message_id,
                last.agent,
                last.attempt,
                last.i,
                last.n + fragment.n,
                last.content + fragment.content,
            )
            entry.size += _bytes(fragment.content)
            self._bytes += _bytes(fragment.content)
        else:
            self._append(_Waiting(None, fragment, time.monotonic(), 200 + _bytes(fragment.content)))
        self._shed_if_full()

    def _append(self, entry: _Waiting) -> None:
        self._waiting.append(entry)
        self._bytes += entry.size
        self._wake.set()
        self._shed_if_full()

    def _shed_if_full(self) -> None:
        if len(self._waiting) <= self._max_frames and self._bytes <= self._max_bytes:
            return
        self.shed |= {entry.fragment.thread_id for entry in self._waiting if entry.fragment is not None}
        self._waiting = deque(entry for entry in self._waiting if entry.fragment is None)
        self._bytes = sum(entry.size for entry in self._waiting)

    @property
    def stuck(self) -> bool:
        """Whether the reader is hopelessly behind."""
        if len(self._waiting) > 2 * self._max_frames or self._bytes > 2 * self._max_bytes:
            return True
        return bool(self._waiting) and time.monotonic() - self._waiting[0].since > _PATIENCE

    @property
    def empty(self) -> bool:
        """Whether everything was taken."""
        return not self._waiting

    def close(self) -> None:
        """`take` ends once what waits is taken."""
        self._closed = True
        self._wake.set()

    async def take(self) -> str | None:
        """Return the next frame's text, waiting for one; None after `close`."""
        while not self._waiting:
            if self._closed:
                return None
            if self.shed:
                shed, self.shed = self.shed, set()
                if self.on_shed is not None:
                    self.on_shed(shed)
                continue
            self._wake.clear()
            await self._wake.wait()
        entry = self._waiting.popleft()
        self._bytes -= entry.size
        return entry.text if entry.text is not None else _encode(entry.fragment)


def _bytes(text: str) -> int:
    # Nearly all that is not ASCII here is Chinese: three bytes a character. Encoding just to count would cost more.
    return len(text) if text.isascii() else 3 * len(text)


def _encode(fragment: Fragment | None) -> str:
    assert fragment is not None
    return orjson.dumps(
        {
            "type": "token",
            "thread_id": fragment.thread_id,
            "message_id": fragment.message_id,
            "agent": fragment.agent,
            "attempt": fragment.attempt,
            "i": fragment.i,
            "n": fragment.n,
            "content": fragment.content,
        }
    ).decode()
