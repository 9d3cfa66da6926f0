"""A client that comes back, as the protocol's page describes it: cursors, back-off, unanswered commands sent again."""

import asyncio
import contextlib
import json
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from tests.support.desk_client import Frame, Rest, new_id


class Returning:
    """One socket after the other, as one client. `frames` is all it was told of its threads, by all its sockets."""

    def __init__(self, rest: Rest, threads: list[str]) -> None:
        self._headers = rest.page_headers()
        self._url = rest.ws_url
        self._threads = threads
        self._seq: dict[str, int] = dict.fromkeys(threads, 0)
        self._unanswered: dict[str, tuple[Frame, asyncio.Future[Frame]]] = {}
        self._news = asyncio.Condition()
        self._socket: ClientConnection | None = None
        self._not_before = 0.0
        self.frames: list[Frame] = []
        #: What must not be: an event that came twice or out of turn, a fault told.
        self.complaints: list[str] = []
        #: Seconds from each loss of the line until all threads were followed again.
        self.away: list[float] = []
        self.closed_with: list[int | None] = []
        self.refusals: dict[int, int] = defaultdict(int)

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["Returning"]:
        """Live while the block runs; it begins when all threads are followed."""
        live = asyncio.Event()
        task = asyncio.create_task(self._live(live))
        task.add_done_callback(lambda _: live.set())
        try:
            async with asyncio.timeout(60):
                await live.wait()
            yield self
        finally:
            if not task.cancel():
                task.result()
            await asyncio.gather(task, return_exceptions=True)

    async def do(self, type_: str, *, timeout: float = 60, **fields: object) -> Frame:
        """Send a command, again on each new socket until it is answered; return its ack."""
        command: Frame = {"id": new_id(), "type": type_, **fields}
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._unanswered[command["id"]] = (command, answer)
        with contextlib.suppress(ConnectionClosed):
            if self._socket is not None:
                await self._socket.send(json.dumps(command))
        async with asyncio.timeout(timeout):
            return await answer

    async def until(self, fits: Callable[[Frame], bool], *, timeout: float = 60) -> Frame:
        """Return the first frame that fits, also one that came before the call."""
        seen = 0
        try:
            async with asyncio.timeout(timeout), self._news:
                while True:
                    for frame in self.frames[seen:]:
                        if fits(frame):
                            return frame
                    seen = len(self.frames)
                    await self._news.wait()
        except TimeoutError:
            last = [(f["type"], f.get("seq"), f.get("status"), f.get("run_id")) for f in self.frames][-12:]
            raise AssertionError(
                f"nothing fitting within {timeout} s; connected: {self._socket is not None}, refused: "
                f"{dict(self.refusals)}, closed: {self.closed_with}, unanswered: {len(self._unanswered)}; last: {last}"
            ) from None

    def events(self, thread: str) -> list[Frame]:
        return [frame for frame in self.frames if frame.get("thread_id") == thread and frame.get("seq") is not None]

    def seq(self, thread: str) -> int:
        """The number of the last event it has."""
        return self._seq[thread]

    async def _live(self, live: asyncio.Event) -> None:
        lost_at: float | None = None
        attempt = 0
        while True:
            try:
                async with connect(self._url, additional_headers=self._headers, max_size=None) as socket:
                    await self._follow(socket)
                    if lost_at is not None:
                        self.away.append(time.monotonic() - lost_at)
                    live.set()
                    attempt = 0
                    self._socket = socket
                    for command, _ in list(self._unanswered.values()):
                        await socket.send(json.dumps(command))
                    async for text in socket:
                        await self._take(json.loads(text), socket)
                self.closed_with.append(socket.close_code)
            except InvalidStatus as refused:
                self.refusals[refused.response.status_code] += 1
            except ConnectionClosed as closed:
                self.closed_with.append(closed.rcvd.code if closed.rcvd else None)
            except (OSError, TimeoutError, InvalidHandshake):
                self.refusals[0] += 1
            finally:
                self._socket = None
            if live.is_set() and attempt == 0:
                lost_at = time.monotonic()
            attempt += 1
            pause = random.uniform(0.02, min(4.0, 0.25 * 2**attempt))
            await asyncio.sleep(max(pause if attempt > 1 else 0, self._not_before - time.monotonic()))

    async def _follow(self, socket: ClientConnection) -> None:
        for thread in self._threads:
            topic = f"thread:{thread}"
            command = {"id": new_id(), "type": "subscribe", "topic": topic, "after_seq": self._seq[thread]}
            await socket.send(json.dumps(command))
            while True:
                frame = json.loads(await socket.recv())
                await self._take(frame, socket)
                if frame["type"] == "subscribed" and frame["topic"] == topic:
                    break

    async def _take(self, frame: Frame, socket: ClientConnection) -> None:
        if frame["type"] == "reconnect":
            self._not_before = time.monotonic() + frame["after_ms"] / 1000
        if frame["type"] == "ack":
            _, answer = self._unanswered.pop(frame["re"], (None, None))
            if answer is not None and not answer.done():
                answer.set_result(frame)
        if frame["type"] in ("error", "resync_required"):
            self.complaints.append(f"was told {frame}")
        if frame.get("seq") is not None and frame.get("thread_id") in self._seq:
            thread = frame["thread_id"]
            if frame["seq"] != self._seq[thread] + 1:
                self.complaints.append(f"{frame['type']} {frame['seq']} came after {self._seq[thread]}")
            self._seq[thread] = frame["seq"]
        async with self._news:
            self.frames.append(frame)
            self._news.notify_all()
