"""Server-sent events, read from bytes however the network cut them."""

from typing import Final

from backend.errors import ModelPayloadInvalid

MAX_EVENT_BYTES: Final = 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"


class SseReader:
    """A pure reader: give it every chunk of bytes in order, take out the data of the events that are complete.

    Lines end in LF, CRLF or CR; `data:` lines of one event are joined by LF; comments and other fields are skipped.
    Bytes stay bytes, so a character that two chunks share needs no care. A line or event above `max_event_bytes`
    raises `ModelPayloadInvalid`: an endless line must not fill the memory.
    """

    __slots__ = ("_at_start", "_data", "_data_bytes", "_max_event_bytes", "_skip_lf", "_tail", "_tail_bytes")

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_event_bytes = max_event_bytes
        self._tail: list[bytes] = []
        self._tail_bytes = 0
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._skip_lf = False
        self._at_start = True

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take the next bytes; return the data of each event they complete."""
        if (
            chunk[:6] == b"data: "
            and chunk.find(b"\n") == len(chunk) - 2
            and chunk[-1] == 0x0A
            and b"\r" not in chunk
            and not (self._tail or self._data or self._skip_lf)
            and len(chunk) <= self._max_event_bytes
        ):
            # The common case, at a quarter of the price: the network brings an event of one line, and nothing else.
            self._at_start = False
            return [chunk[6:-2]]
        if self._skip_lf and chunk:
            self._skip_lf = False
            if chunk[0] == 0x0A:
                chunk = chunk[1:]
        if b"\r" in chunk:
            self._skip_lf = chunk[-1] == 0x0D
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if b"\n" not in chunk:
            self._keep(chunk)
            return []
        lines = chunk.split(b"\n")
        if self._tail:
            lines[0] = b"".join((*self._tail, lines[0]))
        self._tail, self._tail_bytes = [], 0
        self._keep(lines.pop())
        return [data for line in lines if (data := self._take(line)) is not None]

    def finish(self) -> bytes | None:
        """Return the data of a last event whose blank line never came, if there is any. The stream has ended."""
        if self._tail:
            self._take(b"".join(self._tail))
            self._tail = []
        return self._dispatch()

    def _keep(self, rest: bytes) -> None:
        if not rest:
            return
        self._tail.append(rest)
        self._tail_bytes += len(rest)
        if self._tail_bytes > self._max_event_bytes:
            raise ModelPayloadInvalid(reason="line_too_long")

    def _take(self, line: bytes) -> bytes | None:
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(_BOM)
        if not line:
            return self._dispatch()
        if line.startswith(b"data:"):
            data = line[6:] if line[5:6] == b" " else line[5:]
        elif line == b"data":
            data = b""
        else:
            return None
        self._data.append(data)
        self._data_bytes += len(data)
        if self._data_bytes > self._max_event_bytes:
            raise ModelPayloadInvalid(reason="event_too_long")
        return None

    def _dispatch(self) -> bytes | None:
        if not self._data:
            return None
        data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
        self._data, self._data_bytes = [], 0
        return data
