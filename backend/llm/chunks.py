"""HTTP's chunked bodies (RFC 9112, 7.1): a pure reader."""

import re
from typing import Final

#: Bytes of the line before a chunk, extensions included: nobody needs more.
_LONGEST_LINE: Final = 4096
_HEAD: Final = re.compile(rb"([0-9a-fA-F]{1,16})[ \t]*(?:;[^\r\n]*)?\r\n")


class MalformedChunks(Exception):
    """These bytes are no chunked body."""


class ChunkReader:
    """Give it every piece of bytes in order; take out what they carry. All of it joined: who reads events minds no
    borders of chunks.

    `rest` is what follows the last chunk of data, from the closing `0` on, and None before it has come.
    """

    __slots__ = ("_at_end_of_chunk", "_left", "_tail", "rest")

    def __init__(self) -> None:
        self._tail = b""
        #: Bytes of the chunk that are still to come.
        self._left = 0
        #: Whether the line end behind a chunk's data comes next.
        self._at_end_of_chunk = False
        self.rest: bytes | None = None

    def feed(self, data: bytes) -> bytes:
        """Take the next bytes; return their part of the body. Not to be called once `rest` is there.

        Raises:
            MalformedChunks: a size that is none, or no line end behind a chunk.
        """
        if self._tail:
            data, self._tail = self._tail + data, b""
        parts: list[bytes] = []
        at, end = 0, len(data)
        while at < end:
            if self._left:
                part = data[at : at + self._left]
                parts.append(part)
                at += len(part)
                self._left -= len(part)
                self._at_end_of_chunk = not self._left
                continue
            if self._at_end_of_chunk:
                if data[at : at + 2] != b"\r\n":
                    if data[at:] != b"\r":
                        raise MalformedChunks
                    break
                self._at_end_of_chunk = False
                at += 2
                continue
            head = _HEAD.match(data, at)
            if head is None:
                if end - at > _LONGEST_LINE or data.find(b"\n", at) >= 0:
                    raise MalformedChunks
                break
            size = int(head[1], 16)
            if not size:
                self.rest = data[at:]
                return b"".join(parts)
            at = head.end()
            end_of_chunk = at + size
            if data[end_of_chunk : end_of_chunk + 2] == b"\r\n":  # as nearly all come: whole
                parts.append(data[at:end_of_chunk])
                at = end_of_chunk + 2
            else:
                self._left = size
        self._tail = data[at:]
        return parts[0] if len(parts) == 1 else b"".join(parts)
