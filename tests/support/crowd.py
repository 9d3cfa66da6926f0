"""Hundreds or thousands of sockets of one person, for tests and benchmarks."""

import asyncio
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from backend.transport.server import allow_many_sockets
from tests.support.raw_socket import RawSocket, open_patiently

#: So many connections are opened at once; more would only wait in the listening queue.
_AT_ONCE = 50


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which `part` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))]


@dataclass
class CameBack:
    """How a storm went: seconds from each one's first knock to following its thread again; refusals on the way."""

    seconds: list[float] = field(default_factory=list)
    refused: int = 0


class Crowd:
    """Sockets that are open until the block ends."""

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self._url = url
        self._headers = headers
        self.sockets: list[RawSocket] = []

    async def __aenter__(self) -> "Crowd":
        allow_many_sockets()  # this process needs as many as the server
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.drop()

    def __len__(self) -> int:
        return len(self.sockets)

    async def grow(self, count: int, *, patiently: bool = False) -> None:
        """Open so many more and wait until each is welcome; `patiently` accepts 503 and comes again."""
        turns = asyncio.Semaphore(_AT_ONCE)

        async def one() -> None:
            async with turns:
                if patiently:
                    socket, _ = await open_patiently(self._url, self._headers)
                else:
                    socket = await RawSocket.open(self._url, self._headers)
                self.sockets.append(socket)
                await socket.until("welcome", within=60)

        await asyncio.gather(*(one() for _ in range(count)))

    async def follow(self, threads: Sequence[str]) -> None:
        """Let each socket follow one of the threads, by turns."""

        async def one(place: int, socket: RawSocket) -> None:
            topic = f"thread:{threads[place % len(threads)]}"
            socket.say("subscribe", topic=topic, after_seq=0)
            await socket.until("subscribed", within=60, topic=topic)

        await asyncio.gather(*(one(place, socket) for place, socket in enumerate(self.sockets)))

    async def ping(self, count: int, *, at_once: int = 1) -> list[float]:
        """Ask `count` of the sockets, picked by chance, for a pong; return how long each took, in seconds."""
        times: list[float] = []
        turns = asyncio.Semaphore(at_once)

        async def one(socket: RawSocket) -> None:
            async with turns:
                began = time.perf_counter()
                asked = socket.say("ping")
                await socket.until("pong", re=asked)
                times.append(time.perf_counter() - began)

        await asyncio.gather(*(one(socket) for socket in random.sample(self.sockets, min(count, len(self.sockets)))))
        return times

    async def storm(self, count: int, threads: Sequence[str], *, over: float) -> CameBack:
        """Let `count` clients knock within `over` seconds, wait when told to, and take their thread up again."""
        told = CameBack()

        async def one(place: int) -> None:
            await asyncio.sleep(random.uniform(0, over))
            began = time.monotonic()
            socket, refused = await open_patiently(self._url, self._headers, within=120)
            self.sockets.append(socket)
            topic = f"thread:{threads[place % len(threads)]}"
            socket.say("hello", resume=[{"thread_id": threads[place % len(threads)], "after_seq": 0}])
            await socket.until("subscribed", within=60, topic=topic)
            told.seconds.append(time.monotonic() - began)
            told.refused += refused

        await asyncio.gather(*(one(place) for place in range(count)))
        return told

    async def texts(self, message_id: str, pieces: int) -> list[str]:
        """Read at each socket up to piece number `pieces` of a message; return the texts."""

        async def one(socket: RawSocket) -> str:
            text, due = "", 0
            while due < pieces:
                frame = await socket.until("token", message_id=message_id, i=due)
                text, due = text + frame["content"], due + frame["n"]
            return text

        return list(await asyncio.gather(*(one(socket) for socket in self.sockets)))

    async def drop(self) -> None:
        """Cut all lines."""
        for socket in self.sockets:
            socket.drop()
        self.sockets.clear()
        await asyncio.sleep(0)
