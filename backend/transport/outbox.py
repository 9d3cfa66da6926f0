"""What waits to be written to one socket: bounded, in order, with pieces of text joined while they wait."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from backend.fanout.hub import Fragment


@dataclass(slots=True)
class _Waiting:
    """A frame that must arrive (`text`), or pieces of text that follow each other."""

    text: str | None
    since: float
    size: int
    pieces: list[Fragment] = field(default_factory=list)
    due: int = 0


class Outbox:
    """A queue that never makes the sender wait.

    Over its bounds it sheds pieces of text first (`shed` tells of which threads; once the reader has caught up,
    `on_shed` is called with them, so that they get a snapshot) and says `stuck` when what must not be lost does not fit
    or waits too long.
    """

    def __init__(self, max_frames: int, max_bytes: int, patience: float = 10.0) -> None:
        """`patience` is for how many seconds a frame that must arrive may wait for its reader."""
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._patience = patience
        self._waiting: deque[_Waiting] = deque()
        self._in_hand: _Waiting | None = None
        self._bytes = 0
        self._wake = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._closed = False
        self._discarded = False
        self.shed: set[str] = set()
        self.on_shed: Callable[[set[str]], None] | None = None

    def put(self, text: str) -> None:
        """Add a frame that must arrive."""
        self._append(_Waiting(text, time.monotonic(), _bytes(text)))

    def put_fragment(self, fragment: Fragment) -> None:
        """Add a piece of text; joined to the piece before it when that is still waiting."""
        if fragment.thread_id in self.shed or self._discarded:
            return
        last = self._waiting[-1] if self._waiting else None
        if last is not None and last.pieces and _follows(last, fragment):
            last.pieces.append(fragment)
            last.due = fragment.i + fragment.n
            added = _bytes(fragment.content)
            last.size += added
            self._bytes += added
            self._shed_if_full()
        else:
            size = _bytes(fragment.text) or 200 + _bytes(fragment.content)
            self._append(_Waiting(None, time.monotonic(), size, [fragment], fragment.i + fragment.n))

    def _append(self, entry: _Waiting) -> None:
        if self._discarded:
            return
        self._waiting.append(entry)
        self._bytes += entry.size
        self._wake.set()
        self._shed_if_full()

    def _shed_if_full(self) -> None:
        if len(self._waiting) <= self._max_frames and self._bytes <= self._max_bytes:
            return
        self.shed |= {entry.pieces[0].thread_id for entry in self._waiting if entry.pieces}
        self._waiting = deque(entry for entry in self._waiting if not entry.pieces)
        self._bytes = sum(entry.size for entry in self._waiting)
        if len(self._waiting) > self._max_frames // 2 or self._bytes > self._max_bytes // 2:
            self._room.clear()

    async def room(self) -> None:
        """Wait until a frame more is no burden: for whoever brings many at once and can wait with the next."""
        await self._room.wait()

    @property
    def stuck(self) -> bool:
        """Whether the reader is hopelessly behind: with too much, or with a frame that must arrive and cannot."""
        if len(self._waiting) > 2 * self._max_frames or self._bytes > 2 * self._max_bytes:
            return True
        oldest = self._in_hand
        if oldest is None or oldest.text is None:
            oldest = next((entry for entry in self._waiting if entry.text is not None), None)
        return oldest is not None and time.monotonic() - oldest.since > self._patience

    @property
    def empty(self) -> bool:
        """Whether everything was taken."""
        return not self._waiting

    def close(self) -> None:
        """`take` ends once what waits is taken."""
        self._closed = True
        self._wake.set()

    def discard(self) -> None:
        """Drop what waits and whatever comes; `take` ends."""
        self._discarded = True
        self._waiting.clear()
        self._bytes = 0
        self._room.set()
        self.close()

    async def take(self) -> str | None:
        """Return the next frame's text, waiting for one; None after `close`. What was taken before has left."""
        self._in_hand = None
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
        entry = self._in_hand = self._waiting.popleft()
        self._bytes -= entry.size
        if not self._room.is_set() and (
            len(self._waiting) <= self._max_frames // 2 and self._bytes <= self._max_bytes // 2
        ):
            self._room.set()
        return entry.text if entry.text is not None else _encode(entry.pieces)


def _follows(last: _Waiting, fragment: Fragment) -> bool:
    before = last.pieces[0]
    return last.due == fragment.i and before.message_id == fragment.message_id and before.attempt == fragment.attempt


def _bytes(text: str) -> int:
    # Nearly all that is not ASCII here is Chinese: three bytes a character. Encoding just to count would cost more.
    return len(text) if text.isascii() else 3 * len(text)


def _encode(pieces: list[Fragment]) -> str:
    first = pieces[0]
    if len(pieces) == 1 and first.text:
        return first.text  # as its writer encoded it, once for all the sockets that are not behind
    return orjson.dumps(
        {
            "type": "token",
            "thread_id": first.thread_id,
            "message_id": first.message_id,
            "agent": first.agent,
            "attempt": first.attempt,
            "i": first.i,
            "n": sum(piece.n for piece in pieces),
            "content": "".join(piece.content for piece in pieces),
        }
    ).decode()
