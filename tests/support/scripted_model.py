"""Our scripted model server: OpenAI's chat completions and Anthropic's messages on a real loopback socket, streamed or
whole, saying what a test tells it to.

It speaks HTTP itself, because half of what it plays (a cut line, a hanging socket) a framework would tidy up, and
because it must cost little beside what a benchmark measures. What it plays for a request, first match wins:

1. the script set for the request's `response_format`: `server.by_format["json_schema"]`;
2. the next script in the queue: `server.play(Script(...))`, or `POST /control/queue` with one script or a list;
3. the script set for the request's model name: `server.by_model[name]`, or `PUT /control/models/{name}`;
4. the model name itself, read as `kind` or `kind:field=value,field=value`, e.g. `tokens:count=200,delay=0.025`;
5. `Script()`: forty tokens at once.

`GET /control/requests` lists what was asked and whether the client hung up early; `DELETE /control` forgets everything.
Run alone: `python -m tests.support.scripted_model --port 9900`.
"""

import argparse
import asyncio
import json
import socket
import struct
import zlib
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.support.scripted_answers import ANTHROPIC, OPENAI, Dialect, Script, payloads

__all__ = ["Asked", "Script", "ScriptedModel", "scripted_model"]


@dataclass
class Asked:
    """One request as it arrived, and how it ended."""

    body: dict[str, Any]
    authorization: str | None
    path: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    sent: int = 0
    finished: bool = False
    client_left: bool = False


@dataclass
class ScriptedModel:
    """A running server. `base_url` is what an OpenAI client takes."""

    host: str = "127.0.0.1"
    port: int = 0
    queue: deque[Script] = field(default_factory=deque)
    by_model: dict[str, Script] = field(default_factory=dict)
    #: What a request gets that tells a shape by a `response_format` of this type, before any other script.
    by_format: dict[str, Script] = field(default_factory=dict)
    requests: list[Asked] = field(default_factory=list)
    _server: asyncio.Server | None = None
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def base_url(self) -> str:
        return f"http://{self.host}:{self.port}/v1"

    def play(self, *scripts: Script) -> None:
        """Queue scripts: each serves one request, in this order."""
        self.queue.extend(scripts)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connected, self.host, self.port, backlog=1024)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()
        while self._tasks:
            # Again and again: a task that is just cancelling its answer keeps a cancellation to itself.
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks, timeout=0.1)

    async def serve_forever(self) -> None:
        assert self._server is not None
        await self._server.serve_forever()

    async def until_client_left(self, index: int = -1, within: float = 30.0) -> None:
        """Wait until the client of a request has hung up; raise TimeoutError when it does not."""
        async with asyncio.timeout(within):
            while not self.requests or not self.requests[index].client_left:
                self._changed.clear()
                await self._changed.wait()

    async def until_asked(self, times: int = 1, within: float = 30.0) -> None:
        """Wait until this many requests have arrived; raise TimeoutError when they do not."""
        async with asyncio.timeout(within):
            while len(self.requests) < times:
                self._changed.clear()
                await self._changed.wait()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            ahead: bytes | None = b""
            while ahead is not None:
                ahead = await self._serve_one(ahead, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve_one(
        self, ahead: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bytes | None:
        """Answer one request, of which `ahead` is read already; return what was read of the next, None to close."""
        head = (ahead + await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = head[0].split(" ", 2)
        headers = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in head[1:])}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        if path.startswith("/control"):
            _answer_json(writer, *self._control(method, unquote(path), body))
            await writer.drain()
            return b""
        path = path.partition("?")[0]
        if method != "POST" or not path.endswith(("/chat/completions", "/messages")):
            _answer_json(writer, 404, {"error": {"message": "unknown path", "code": "not_found"}})
            return b""
        key = headers.get("authorization") or headers.get("x-api-key") or headers.get("api-key")
        asked = Asked(json.loads(body), key, path, headers)
        self.requests.append(asked)
        self._changed.set()
        play = asyncio.ensure_future(_Play(self._script_for(asked), asked, writer).run())
        # A client sends nothing while it is answered, so a read that ends before the answer means that it left.
        watch = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({play, watch}, return_when=asyncio.FIRST_COMPLETED)
            if not play.done():
                self._note_leaving(asked)
                return None
            may_go_on = play.result()
            return (watch.result() if watch.done() else b"") if may_go_on else None
        except ConnectionError:
            self._note_leaving(asked)
            return None
        finally:
            for one in (play, watch):
                one.cancel()
                with suppress(asyncio.CancelledError, ConnectionError):
                    await one

    def _note_leaving(self, asked: Asked) -> None:
        asked.client_left = True
        self._changed.set()

    def _script_for(self, asked: Asked) -> Script:
        name = str(asked.body.get("model", ""))
        if (refusal := self.by_format.get((asked.body.get("response_format") or {}).get("type", ""))) is not None:
            return refusal
        if self.queue:
            return self.queue.popleft()
        return self.by_model.get(name) or Script.from_model_name(name) or Script()

    def _control(self, method: str, path: str, body: bytes) -> tuple[int, Any]:
        try:
            match method, path.removeprefix("/control").strip("/").split("/", 1):
                case "POST", ["queue"]:
                    given = json.loads(body)
                    self.play(*(Script.parse(one) for one in (given if isinstance(given, list) else [given])))
                case "PUT", ["models", name]:
                    self.by_model[name] = Script.parse(json.loads(body))
                case "GET", ["requests"]:
                    return 200, [asdict(one) for one in self.requests]
                case "DELETE", [""]:
                    self.queue.clear()
                    self.by_model.clear()
                    self.by_format.clear()
                    self.requests.clear()
                case _:
                    return 404, {"error": {"message": "unknown control path"}}
        except (ValueError, TypeError) as error:
            return 400, {"error": {"message": str(error)}}
        return 200, {"ok": True}


class _Play:
    """One script on one connection. `run` returns whether the connection can serve another request."""

    def __init__(self, script: Script, asked: Asked, writer: asyncio.StreamWriter) -> None:
        self._script = script
        self._asked = asked
        self._writer = writer
        self._dialect: Dialect = ANTHROPIC if asked.path.endswith("/messages") else OPENAI
        self._gzip = zlib.compressobj(wbits=31) if script.kind == "undecodable" else None

    async def run(self) -> bool:
        script = self._script
        if script.kind == "status":
            return await self._status()
        if script.kind in {"no_head", "reset", "garbage_head", "huge_head"}:
            return self._no_head()
        if script.kind == "wrong_content_type":
            if script.first_delay:
                await asyncio.sleep(script.first_delay)
            page = f"<html>{script.text or 'busy'}</html>".encode()
            self._writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%b" % (len(page), page)
            )
            self._asked.finished = True
            return True
        if not self._asked.body.get("stream"):
            return await self._whole()
        coding = b"Content-Encoding: gzip\r\n" if self._gzip else b""
        self._writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n%b"
            b"Transfer-Encoding: chunked\r\n\r\n" % coding
        )
        await self._before_first()
        await self._say()
        return await self._end()

    def _no_head(self) -> bool:
        match self._script.kind:
            case "garbage_head":
                self._writer.write(b"\x00\x01 this is no HTTP\r\n\r\n")
            case "huge_head":
                self._writer.write(b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * (self._script.count * 1024))
            case "reset":
                # Without lingering a close is a reset.
                line = self._writer.get_extra_info("socket")
                line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.close()
        return False

    async def _whole(self) -> bool:
        """Answer in one JSON document. What a stream does between tokens happens in the middle of the document here."""
        script = self._script
        if script.first_delay:
            await asyncio.sleep(script.first_delay)
        body = json.dumps(self._dialect.whole(script), ensure_ascii=False).encode()
        match script.kind:
            case "half_json" | "malformed":
                body = body[: len(body) // 2]
            case "error_event":
                body = json.dumps(self._dialect.error(script)).encode()
            case "huge_line":
                body = b" " * (script.count * 1024) + body
        cut = script.kind in {"cut", "stall", "abrupt_end", "half_call"}
        coding = b"Content-Encoding: gzip\r\n" if self._gzip else b""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n%bContent-Length: %d\r\n\r\n"
        self._writer.write(head % (coding, len(body)))
        end = self._middle_of_the_last_call(body) if script.kind == "half_call" else len(body) // 2
        told = body[:end] if cut else body
        # As many pieces as a stream would have, with the same pauses; a split character needs pieces of one byte.
        pieces = len(told) if script.kind == "split_utf8" else script.count if script.delay else 1
        size = max(1, -(-len(told) // pieces))
        for at in range(0, len(told), size):
            self._writer.write(told[at : at + size])
            await self._writer.drain()
            await asyncio.sleep(script.delay)
        self._asked.sent = script.count
        if script.kind == "stall":
            await asyncio.Event().wait()
        if cut:
            self._writer.close()
            return False
        self._asked.finished = True
        return True

    def _middle_of_the_last_call(self, body: bytes) -> int:
        arguments = self._script.calls[-1][1]
        # As a text within the document, or as an object of it.
        told = json.dumps(arguments, ensure_ascii=False)[1:-1].encode()
        if told not in body:
            told = json.dumps(json.loads(arguments), ensure_ascii=False).encode()
        return body.index(told) + len(told) // 2

    async def _status(self) -> bool:
        script = self._script
        if script.first_delay:
            await asyncio.sleep(script.first_delay)
        extra = {"Retry-After": script.retry_after} if script.retry_after is not None else {}
        secret = f"Incorrect API key provided: {self._asked.authorization}"
        _answer_json(self._writer, script.status, self._dialect.error(script, script.message or secret), extra)
        await self._writer.drain()
        self._asked.finished = True
        return True

    async def _before_first(self) -> None:
        left = self._script.first_delay
        while self._script.keepalive and left > 0:
            self._chunk(b": keep-alive\n\n")
            await asyncio.sleep(min(self._script.keepalive, left))
            left -= self._script.keepalive
        if left > 0:
            await asyncio.sleep(left)

    async def _say(self) -> None:
        script = self._script
        for event in self._dialect.before(script):
            self._chunk(event)
            if script.thinking:
                await self._writer.drain()
                await asyncio.sleep(script.thinking)
        if script.kind == "huge_line":
            if script.text:
                self._chunk(self._dialect.text(script.text))
            self._chunk(b"data: " + b"x" * (script.count * 1024))
            return
        # The schedule is absolute: a late wake-up does not slow the whole stream down.
        loop = asyncio.get_running_loop()
        due = loop.time()
        for payload in payloads(script, self._dialect):
            self._chunk(payload)
            self._asked.sent += 1
            if script.delay:
                due += script.delay
                await asyncio.sleep(max(0.0, due - loop.time()))
            elif self._asked.sent % 32 == 0:
                await self._writer.drain()
                await asyncio.sleep(0)
        await self._writer.drain()

    async def _end(self) -> bool:
        script = self._script
        match script.kind:
            case "stall":
                await asyncio.Event().wait()
            case "cut" | "huge_line":
                self._writer.transport.abort() if script.kind == "cut" else self._writer.close()
                return False
            case "half_json":
                self._chunk(b'data: {"choices":[{"index":0,"delta":{"content":"\xe4\xbd\xa0\n\n')
            case "undecodable":
                self._writer.write(b"4\r\n\xff\xff\xff\xff\r\n")
            case "malformed":
                self._chunk(b"this is no event\nneither: is this\n\ndata: <html>busy</html>\n\n")
            case "error_event":
                self._chunk(self._dialect.failing(script))
            case "abrupt_end":
                pass
            case "half_call":
                calls = self._dialect.calls(script)
                # Anthropic says the end of a block, too.
                said = [event for event in calls if b"_stop" not in event]
                for event in said[: len(said) - max(1, len(script.pieces_of(script.calls[-1][1])) // 2)]:
                    self._chunk(event)
                await self._writer.drain()
                self._writer.close()  # and no reset: what was said arrives
                return False
            case "split_utf8":
                for event in self._dialect.after(script, self._asked.sent):
                    for byte in event:
                        self._chunk(bytes([byte]))
                    await self._writer.drain()
            case _:
                for event in self._dialect.after(script, self._asked.sent):
                    self._chunk(event)
                while script.comments:
                    self._chunk(b": still here\n\n")
                    await self._writer.drain()
                    await asyncio.sleep(script.comments)
        self._writer.write(b"0\r\n\r\n")
        await self._writer.drain()
        self._asked.finished = True
        return True

    def _chunk(self, payload: bytes) -> None:
        if self._gzip is not None:
            payload = self._gzip.compress(payload) + self._gzip.flush(zlib.Z_SYNC_FLUSH)
        self._writer.write(b"%x\r\n%b\r\n" % (len(payload), payload))


def _answer_json(
    writer: asyncio.StreamWriter, status: int, value: object, headers: dict[str, str] | None = None
) -> None:
    body = json.dumps(value, ensure_ascii=False).encode()
    lines = [f"HTTP/1.1 {status} Scripted", "Content-Type: application/json", f"Content-Length: {len(body)}"]
    lines += [f"{key}: {value}" for key, value in (headers or {}).items()]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


@asynccontextmanager
async def scripted_model(port: int = 0) -> AsyncIterator[ScriptedModel]:
    """Run a scripted model in this loop."""
    server = ScriptedModel(port=port)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


async def _main(port: int) -> None:
    async with scripted_model(port) as server:
        print(f"scripted model on {server.base_url}", flush=True)
        await server.serve_forever()


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="The scripted model server.")
    arguments.add_argument("--port", type=int, default=9900)
    with suppress(KeyboardInterrupt):
        asyncio.run(_main(arguments.parse_args().port))
