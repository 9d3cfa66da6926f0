"""A loop whose clock jumps to the next timer when nobody has anything to do, and a Valkey and a socket inside it.

With these the real gateway (hub, followers, outbox, connection) runs without a moment of waiting and always the same.
"""

import asyncio
import json
import selectors
import socket
from collections.abc import AsyncIterator
from typing import Any

from redis.exceptions import ConnectionError as RedisConnectionError
from starlette.websockets import WebSocketDisconnect, WebSocketState


class _Selector(selectors.DefaultSelector):  # type: ignore[misc, valid-type]  # chosen for the platform at run time
    loop: "VirtualLoop"

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready and self.loop.patience and timeout != 0:
            ready = super().select(self.loop.patience)
        if not ready and timeout is None:
            raise RuntimeError("everybody waits and nothing will ever happen")
        if not ready and timeout:
            self.loop.now += timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in which time passes only while everybody waits for it.

    With `patience` everybody includes the kernel: so many real seconds nothing must come from a socket before time
    jumps. Should something be slower than that, more time passes than had to.
    """

    def __init__(self, patience: float = 0) -> None:
        selector = _Selector()
        selector.loop = self
        self.patience = patience
        self.now = 1_000.0
        super().__init__(selector)

    def time(self) -> float:
        return self.now

    async def getaddrinfo(self, *arguments: Any, **named: Any) -> Any:
        # Not in a thread, which no clock of ours waits for.
        return socket.getaddrinfo(*arguments, **named)


class Valkey:
    """What the gateway and the writer use of Valkey. What is published waits in `in_flight` until `deliver`."""

    def __init__(self) -> None:
        self.up = True
        self.streams: dict[str, list[tuple[bytes, dict[bytes, bytes]]]] = {}
        self.in_flight: list[dict[str, Any]] = []
        self.readers: list[PubSub] = []

    def deliver(self, count: int) -> None:
        """Let the oldest published messages reach those who listen."""
        for message in self.in_flight[:count]:
            for reader in self.readers:
                if message["channel"].decode() in reader.channels:
                    reader.queue.put_nowait(message)
        del self.in_flight[:count]

    def fail(self) -> None:
        """Be away: every connection breaks, what is under way is lost, what is stored stays."""
        self.up = False
        self.in_flight.clear()
        for reader in self.readers:
            reader.queue.put_nowait(None)

    async def reached(self) -> None:
        await asyncio.sleep(0)
        if not self.up:
            raise RedisConnectionError

    def pubsub(self) -> "PubSub":
        return PubSub(self)

    async def eval(self, _script: str, count: int, *words: Any) -> list[int]:
        """Carry out the one script of `backend.fanout.live_text`."""
        await self.reached()
        kept = []
        keys, values = words[:count], words[count + 1 :]
        for place, key in enumerate(keys):
            whole, index, content, channel, frame = values[place * 5 : place * 5 + 5]
            if whole == b"1":
                self.streams.pop(key, None)
            stream = self.streams.setdefault(key, [])
            stream.append((b"", {b"i": index.encode(), b"c": content.encode(), b"w": whole}))
            kept.append(len(stream))
            self.in_flight.append({"type": "message", "channel": channel.encode(), "data": frame})
        await self.reached()
        return kept

    async def set(self, _key: str, _value: Any, *, px: int) -> None:
        """Take a sign of life, which nobody here looks for."""
        await self.reached()

    async def xrange(self, key: str) -> list[tuple[bytes, dict[bytes, bytes]]]:
        await self.reached()
        found = list(self.streams.get(key, ()))
        await self.reached()
        return found


class PubSub:
    """One subscribing connection."""

    def __init__(self, valkey: Valkey) -> None:
        self._valkey = valkey
        self.channels: set[str] = set()
        self.queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    async def __aenter__(self) -> "PubSub":
        self._valkey.readers.append(self)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._valkey.readers.remove(self)

    async def subscribe(self, *channels: str) -> None:
        await self._valkey.reached()
        for channel in channels:
            self.channels.add(channel)
            self.queue.put_nowait({"type": "subscribe", "channel": channel.encode()})

    async def unsubscribe(self, *channels: str) -> None:
        await self._valkey.reached()
        self.channels -= set(channels)

    async def listen(self) -> AsyncIterator[dict[str, Any]]:
        while True:
            message = await self.queue.get()
            if message is None:
                raise RedisConnectionError
            yield message


class Socket:
    """The server's end of a socket. What was written waits on the `wire`, `room` frames at most, until it is read."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.wire: list[dict[str, Any]] = []
        self.closed: int | None = None
        self.application_state = WebSocketState.CONNECTED
        #: Nobody asks from anywhere.
        self.client = None
        self._said: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._moved = asyncio.Event()

    def say(self, command: dict[str, Any]) -> None:
        """Send a command to the server."""
        self._said.put_nowait({"type": "websocket.receive", "text": json.dumps(command)})

    def read(self, count: int) -> list[dict[str, Any]]:
        """Take the oldest frames off the wire."""
        frames, self.wire = self.wire[:count], self.wire[count:]
        self._moved.set()
        return frames

    def abort(self) -> None:
        """Break the line: what is on it is lost."""
        self.closed = self.closed or 1006
        self.wire.clear()
        self._said.put_nowait({"type": "websocket.disconnect"})
        self._moved.set()

    async def receive(self) -> dict[str, Any]:
        return await self._said.get()

    async def send_text(self, text: str) -> None:
        while len(self.wire) >= self.room and self.closed is None:
            self._moved.clear()
            await self._moved.wait()
        if self.closed is not None:
            raise WebSocketDisconnect
        self.wire.append(json.loads(text))

    async def close(self, code: int, reason: str = "") -> None:
        self.closed = code
        self._moved.set()
