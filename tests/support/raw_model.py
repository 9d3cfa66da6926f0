"""A provider whose every byte a test writes itself, for what no server of HTTP would say."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable

from tests.support.scripted_model import ScriptedModel

#: The head of a streamed answer, an event with a text (`%`), and its end.
SSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":"%s"}}]}\n\n'
LAST = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def chunk(data: bytes) -> bytes:
    """Return a chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


async def request_of(reader: asyncio.StreamReader) -> bytes:
    """Read one request, its body included."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    return head + await reader.readexactly(int(length[1]) if length else 0)


@contextlib.asynccontextmanager
async def raw_model(handler: Handler) -> AsyncIterator[ScriptedModel]:
    """Let `handler` answer each line; a `ScriptedModel` only by its address."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await handler(reader, writer)

    running = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield ScriptedModel(port=running.sockets[0].getsockname()[1])
    finally:
        running.close()
