"""Lane B: the text of messages under way. Fast, joined, and allowed to be lost: `message_complete` has the whole text.

The writer's side publishes; one pump per process joins what is waiting, so that many texts share one round trip.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import orjson

from backend.background import end
from backend.fanout.topics import text_key, token_channel
from backend.storage.redis import Cache

# Append, publish and tell how many frames are kept, in one step: a reader that joins between the two would miss one.
# A reply other than expected means that Redis lost the stream: the next frame then brings the whole text again.
# `w` marks the entry that holds everything up to and with its number: without one at its head, a stream is a fragment.
# All texts that are due go in one call: a command of its own for each costs the client five times as much.
_PUBLISH = """
local kept = {}
for n, key in ipairs(KEYS) do
  local at = 1 + (n - 1) * 5
  if ARGV[at + 1] == '1' then redis.call('DEL', key) end
  redis.call('XADD', key, '*', 'i', ARGV[at + 2], 'c', ARGV[at + 3], 'w', ARGV[at + 1])
  kept[n] = redis.call('XLEN', key)
  if kept[n] == 1 then redis.call('EXPIRE', key, ARGV[1]) end
  redis.call('PUBLISH', ARGV[at + 4], ARGV[at + 5])
end
return kept
"""

#: The texts of a process take turns within the window, in so many groups: each group is one call to Redis, and one
#: burst of frames. All at once would hold up everything else, each on its own would be hundreds of calls a second.
_GROUPS = 2


@dataclass(eq=False)
class LiveText:
    """The text of one attempt at a message, growing."""

    thread_id: UUID
    message_id: UUID
    agent: str
    attempt: int
    pieces: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    frame: int = 0
    kept: int = 0
    #: Redis holds nothing, or not all, of what was published before the next frame.
    lost: bool = True
    due: float = 0.0

    @property
    def content(self) -> str:
        """Everything so far."""
        return "".join(self.pieces)


@dataclass(frozen=True)
class TextSoFar:
    """What Redis holds of a message under way; the next frame has the number `i`."""

    i: int
    content: str


class LiveTexts:
    """All texts this process is writing."""

    def __init__(self, cache: Cache, *, window_ms: int, ttl: float) -> None:
        self._cache = cache
        self._window = window_ms / 1000
        self._ttl = str(int(ttl)).encode()
        # In the order in which they began to wait.
        self._dirty: dict[LiveText, None] = {}
        self._wake = asyncio.Event()
        self._alarm: asyncio.TimerHandle | None = None
        self._publishing = asyncio.Lock()

    @contextlib.asynccontextmanager
    async def pumping(self) -> AsyncIterator[None]:
        """Publish in the background while the block runs."""
        pump = asyncio.create_task(self._pump(), name="live-text pump")
        try:
            yield
        finally:
            await end(pump)
            if self._alarm is not None:
                self._alarm.cancel()

    def add(self, text: LiveText, piece: str) -> None:
        """Let the text grow; the first piece leaves at once, later ones together with what has come since."""
        if not piece:
            return
        text.pieces.append(piece)
        text.waiting.append(piece)
        if text not in self._dirty:
            self._dirty[text] = None
            if text.due <= time.monotonic():
                self._wake.set()
            elif self._alarm is None:
                self._set_alarm()

    async def flush(self, text: LiveText) -> None:
        """Publish now what is waiting of this text, so that what is said after it comes after it."""
        async with self._publishing:
            if text in self._dirty:
                await self._publish([text])

    async def _pump(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            async with self._publishing:
                now = time.monotonic()
                ready = [text for text in self._dirty if text.due <= now]
                if ready:
                    await self._publish(ready)
            self._set_alarm()

    def _set_alarm(self) -> None:
        """Wake the pump when the next text is due."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        if self._dirty:
            pause = min(text.due for text in self._dirty) - time.monotonic()
            self._alarm = asyncio.get_running_loop().call_later(max(pause, 0.001), self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._wake.set()

    def _next_turn(self, text: LiveText, now: float) -> float:
        """Return when the text's group has its next turn; never more than the window from now."""
        if not self._window:
            return now
        offset = text.message_id.int % _GROUPS * self._window / _GROUPS
        return ((now - offset) // self._window + 1) * self._window + offset

    async def _publish(self, texts: Sequence[LiveText]) -> None:
        now = time.monotonic()
        reachable = self._cache.available
        keys: list[str] = []
        values: list[str | bytes] = [self._ttl]
        for text in texts:
            content = "".join(text.waiting)
            text.waiting.clear()
            text.due = self._next_turn(text, now)
            self._dirty.pop(text, None)
            index, text.frame = text.frame, text.frame + 1
            if not reachable:
                text.lost = True
                continue
            keys.append(text_key(text.message_id, text.attempt))
            values += (
                b"1" if text.lost else b"0",
                str(index),
                text.content if text.lost else content,
                token_channel(text.thread_id),
                _frame(text, index, content),
            )
        if not keys:
            return
        answers: Any = await self._cache.attempt(self._cache.client.eval(_PUBLISH, len(keys), *keys, *values))
        for place, text in enumerate(texts):
            text.kept = 1 if text.lost else text.kept + 1
            text.lost = answers is None or answers[place] != text.kept
            if answers is not None and text.lost:
                # Redis is there but has lost what it held: bring the whole without being asked.
                self._dirty[text] = None


def _frame(text: LiveText, index: int, content: str) -> bytes:
    # Written by hand in the shape of protocol.events.Token: this is the one frame that is made thousands of times.
    return orjson.dumps(
        {
            "type": "token",
            "thread_id": str(text.thread_id),
            "message_id": str(text.message_id),
            "agent": text.agent,
            "attempt": text.attempt,
            "i": index,
            "n": 1,
            "content": content,
        }
    )


async def read_so_far(cache: Cache, message_id: UUID, attempt: int) -> TextSoFar | None:
    """Return what is known of a text under way; None when Redis cannot be asked or does not know all of it."""
    if not cache.available:
        return None
    entries: Any = await cache.attempt(cache.client.xrange(text_key(message_id, attempt)))
    if not entries:
        return None
    fields: list[dict[bytes, bytes]] = [values for _, values in entries]
    numbers = [int(values[b"i"]) for values in fields]
    # After Redis was emptied, or the stream cut, its head is missing until the writer has brought the whole again.
    if fields[0].get(b"w") != b"1" or numbers != list(range(numbers[0], numbers[0] + len(numbers))):
        return None
    return TextSoFar(i=numbers[-1] + 1, content="".join(values[b"c"].decode() for values in fields))
