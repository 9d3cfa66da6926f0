"""A model's answer on its way to whoever asked for it directly: whole, or by the piece, and only while they listen."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import aclosing, asynccontextmanager
from typing import Any, Final, TypeVar

from fastapi import Request

from backend.errors import BadRequest, ServerBusy
from backend.llm.gateway import Piece
from backend.services import Services

T = TypeVar("T")

#: Seconds after which a stream that has nothing to say says that it lives: proxies close what is silent.
HEARTBEAT: Final = 15.0
#: Seconds for the first piece, or for an error in its place: until then the answer can still have an honest status.
_FIRST: Final = 10.0

STREAM_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class CallerLeft(BadRequest):
    """Whoever asked hung up before there was an answer."""


async def unless_gone(request: Request, answer: Coroutine[Any, Any, T]) -> T:
    """Return the answer; when the caller hangs up first it is cancelled, and with it the line to the provider.

    Raises:
        CallerLeft: nobody listens any more.
        ServerBusy: this process ends.
    """
    task = asyncio.create_task(answer)
    watch = asyncio.create_task(_gone(request))
    ending = asyncio.create_task(_ending(request).wait())
    try:
        await asyncio.wait({task, watch, ending}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise _cut_off() if ending.done() else CallerLeft
        return task.result()
    finally:
        watch.cancel()
        ending.cancel()
        await _over(task)


def _ending(request: Request) -> asyncio.Event:
    services: Services = request.state.services
    return services.ending


def _cut_off() -> ServerBusy:
    """Return what is told to whom this process can answer no more: another takes the same question."""
    return ServerBusy(retry_after_ms=1000, reason="draining")


async def _over(task: asyncio.Task[Any]) -> None:
    task.cancel()
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()  # seen: nobody is left to hear of it


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


class Flow:
    """A stream that is read by a task of its own, so that the wait for its next piece can be left and taken up.

    It breaks off with `ServerBusy` when the process is `ending`."""

    def __init__(self, pieces: AsyncGenerator[Piece, None], ending: asyncio.Event) -> None:
        # Without a bound: an answer is small, and the provider need not wait for a slow reader.
        self._ready: asyncio.Queue[Piece | None] = asyncio.Queue()
        self._first: list[Piece | None] = []
        self._task = asyncio.create_task(self._read(pieces), name="direct answer")
        self._cut_off = False
        self._watch = asyncio.create_task(self._until(ending), name="direct answer's end")

    async def _read(self, pieces: AsyncGenerator[Piece, None]) -> None:
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    self._ready.put_nowait(piece)
        finally:
            self._ready.put_nowait(None)

    async def _until(self, ending: asyncio.Event) -> None:
        await ending.wait()
        if not self._task.done():
            self._cut_off = True
            self._task.cancel()

    async def begin(self) -> None:
        """Wait a while for the first piece; raise the error that came in its place."""
        try:
            self._first.append(await self.next(_FIRST))
        except TimeoutError:
            return

    async def next(self, patience: float) -> Piece | None:
        """Return the next piece, None at the end; raise TimeoutError when there is none within `patience` seconds."""
        if self._first:
            return self._first.pop()
        async with asyncio.timeout(patience):
            piece = await self._ready.get()
        if piece is None:
            if self._cut_off:
                raise _cut_off()
            await self._task
        return piece

    async def aclose(self) -> None:
        """Leave it: the provider's line goes down."""
        self._watch.cancel()
        await _over(self._task)


@asynccontextmanager
async def _closing(flow: Flow) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await flow.aclose()


async def begun(request: Request, pieces: AsyncGenerator[Piece, None]) -> Flow:
    """Open a stream and wait a while for its beginning, so that what fails at once fails with a status of its own."""
    flow = Flow(pieces, _ending(request))
    try:
        await unless_gone(request, flow.begin())
    except BaseException:
        await flow.aclose()
        raise
    return flow


async def pieces_of(flow: Flow) -> AsyncGenerator[Piece | None, None]:
    """Yield every piece of an answer, and None whenever nothing came for a heartbeat; leaving early ends the call."""
    async with _closing(flow):
        while True:
            try:
                piece = await flow.next(HEARTBEAT)
            except TimeoutError:
                yield None
                continue
            if piece is None:
                return
            yield piece
