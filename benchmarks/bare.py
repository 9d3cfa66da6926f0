"""The floor: a bare Starlette socket that streams the same tokens from the same model by raw httpx2, and does no more.

No database, no graph, no check, no resume, one frame a token. What the whole house costs is told as a ratio to this.
Run: `python -m benchmarks.bare PORT MODEL_BASE_URL MODEL`. A client sends any text and gets the answer's tokens.
"""

import sys
from collections.abc import AsyncIterator, Callable

import httpx2
import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

_LIMITS = httpx2.Limits(max_connections=None, max_keepalive_connections=64)


async def pieces_of(
    client: httpx2.AsyncClient,
    url: str,
    model: str,
    content: str,
    body_of: Callable[[httpx2.Response], AsyncIterator[bytes]] = httpx2.Response.aiter_raw,
) -> AsyncIterator[str]:
    """Yield the model's answer piece by piece, by the shortest way that httpx2 has."""
    body = {"model": model, "messages": [{"role": "user", "content": content}], "stream": True}
    async with client.stream("POST", url, json=body) as response:
        tail = b""
        async for chunk in body_of(response):
            *lines, tail = (tail + chunk).split(b"\n")
            for line in lines:
                if not line.startswith(b"data: {"):
                    continue
                choices = orjson.loads(line[6:])["choices"]
                text = choices[0]["delta"].get("content") if choices else None
                if text:
                    yield text


def application(base_url: str, model: str) -> Starlette:
    """Return the app with its one route, `/ws`."""
    client = httpx2.AsyncClient(timeout=60, limits=_LIMITS)

    async def answer(socket: WebSocket, content: str) -> None:
        place = 0
        async for text in pieces_of(client, f"{base_url}/chat/completions", model, content):
            await socket.send_text(orjson.dumps({"type": "token", "i": place, "n": 1, "content": text}).decode())
            place += 1
        await socket.send_text('{"type":"message_complete"}')

    async def ws(socket: WebSocket) -> None:
        await socket.accept()
        try:
            while True:
                await answer(socket, await socket.receive_text())
        except WebSocketDisconnect:
            return

    return Starlette(routes=[WebSocketRoute("/ws", ws)])


if __name__ == "__main__":
    uvicorn.run(
        application(sys.argv[2], sys.argv[3]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        ws="websockets-sansio",
        ws_per_message_deflate=False,
        log_level="warning",
    )
