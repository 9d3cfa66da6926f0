"""A WebSocket client by hand, cheap enough for thousands and free to break every rule of RFC 6455."""

import asyncio
import base64
import contextlib
import json
import os
import random
import socket
import struct
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from tests.support.desk_client import Frame, new_id

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA


class Refused(Exception):
    """The upgrade was answered with another status; `retry_after` are seconds."""

    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        super().__init__(status)
        self.status = status
        self.retry_after = int(headers["retry-after"]) if "retry-after" in headers else None


class RawSocket:
    """One connection. `close_code` is what the server's close frame said (1006: it ended without one); `pace` is how
    many bytes a second are read at most (0: as they come)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.close_code: int | None = None
        self.frames: list[Frame] = []
        self.pace = 0

    @classmethod
    async def open(
        cls, url: str, headers: Mapping[str, str], *, receive_buffer: int | None = None, limit: int = 2**16
    ) -> "RawSocket":
        """Connect and upgrade. `receive_buffer` is the kernel's for this socket, `limit` what is read ahead of use.

        Raises:
            Refused: the server answered with another status than 101.
        """
        parts = urlsplit(url)
        line = socket.socket()
        line.setblocking(False)
        if receive_buffer is not None:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            await asyncio.get_running_loop().sock_connect(line, (parts.hostname, parts.port))
            reader, writer = await asyncio.open_connection(sock=line, limit=limit)
        except BaseException:
            line.close()
            raise
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        key = base64.b64encode(os.urandom(16)).decode()
        fields = {
            "Host": parts.netloc,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": key,
            "Sec-WebSocket-Version": "13",
            **headers,
        }
        head = f"GET {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items()) + "\r\n"
        writer.write(head.encode())
        try:
            answer = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        except BaseException:
            writer.transport.abort()
            raise
        status = int(answer[0].split(" ")[1])
        if status != 101:
            writer.transport.abort()
            told = (one.partition(":") for one in answer[1:] if one)
            raise Refused(status, {name.lower(): value.strip() for name, _, value in told})
        return cls(reader, writer)

    def send_frame(self, opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0, masked: bool = True) -> None:
        """Write one frame as told, right or wrong."""
        self.writer.write(frame_bytes(opcode, payload, fin=fin, rsv=rsv, masked=masked))

    def say(self, type_: str, **fields: Any) -> str:
        """Write a command and return its id."""
        command = {"id": new_id(), "type": type_, **fields}
        self.send_frame(TEXT, json.dumps(command).encode())
        return str(command["id"])

    async def next(self) -> Frame | None:
        """Return the next frame's JSON, answering pings; None when the line has ended."""
        while True:
            try:
                opcode, payload = await self._read_frame()
            except (asyncio.IncompleteReadError, ConnectionError):
                self.close_code = self.close_code or 1006
                return None
            if opcode == PING:
                self.send_frame(PONG, payload)
            elif opcode == CLOSE:
                self.close_code = struct.unpack("!H", payload[:2])[0] if payload else 1005
                with contextlib.suppress(ConnectionError):
                    self.send_frame(CLOSE, payload[:2])
            elif opcode == TEXT:
                frame: Frame = json.loads(payload)
                self.frames.append(frame)
                return frame

    async def until(self, type_: str, *, within: float = 20, **fields: Any) -> Frame:
        """Read up to the next frame of this type with these fields."""
        try:
            async with asyncio.timeout(within):
                while (frame := await self.next()) is not None:
                    if frame["type"] == type_ and all(frame.get(name) == value for name, value in fields.items()):
                        return frame
        except TimeoutError:
            pass
        raise AssertionError(
            f"no {type_} {fields}; closed with {self.close_code}; last: {[f['type'] for f in self.frames[-10:]]}"
        )

    async def ended(self, within: float = 20) -> int:
        """Read to the end of the line and return the close code."""
        async with asyncio.timeout(within):
            while await self.next() is not None:
                pass
        assert self.close_code is not None
        return self.close_code

    def drop(self) -> None:
        """Cut the line without a word."""
        self.writer.transport.abort()

    async def _read_frame(self) -> tuple[int, bytes]:
        first, second = await self.reader.readexactly(2)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", await self.reader.readexactly(2))
        elif length == 127:
            (length,) = struct.unpack("!Q", await self.reader.readexactly(8))
        payload = b""
        while len(payload) < length:
            if self.pace:
                await asyncio.sleep(0.1)
            wanted = length - len(payload)
            payload += await self.reader.readexactly(min(wanted, self.pace // 10) if self.pace else wanted)
        return first & 0x0F, payload


def frame_bytes(opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0, masked: bool = True) -> bytes:
    """The bytes of one frame."""
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    mask_bit = 0x80 if masked else 0
    if len(payload) < 126:
        head += bytes([mask_bit | len(payload)])
    elif len(payload) < 2**16:
        head += bytes([mask_bit | 126]) + struct.pack("!H", len(payload))
    else:
        head += bytes([mask_bit | 127]) + struct.pack("!Q", len(payload))
    # The mask of four zeros is a mask: what it hides is not the test's business.
    return head + (b"\0\0\0\0" if masked else b"") + payload


async def open_patiently(url: str, headers: Mapping[str, str], *, within: float = 60) -> tuple[RawSocket, int]:
    """Open a socket as a well-behaved program does: after 503 again at the time told. Returns how often it was refused.

    Raises:
        TimeoutError: it was not let in in time.
    """
    refused = 0
    async with asyncio.timeout(within):
        while True:
            try:
                return await RawSocket.open(url, headers), refused
            except Refused as error:
                if error.status != 503 or error.retry_after is None:
                    raise
                refused += 1
                await asyncio.sleep(error.retry_after * random.uniform(0.5, 1))
            except (ConnectionError, asyncio.IncompleteReadError):
                await asyncio.sleep(random.uniform(0.1, 0.5))


@contextlib.asynccontextmanager
async def raw(url: str, headers: Mapping[str, str], **options: Any) -> AsyncIterator[RawSocket]:
    """One raw socket, welcomed."""
    one = await RawSocket.open(url, headers, **options)
    try:
        await one.until("welcome")
        yield one
    finally:
        one.drop()
