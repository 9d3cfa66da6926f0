"""The reader of chunked bodies, held against h11's."""

import itertools

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.llm.chunks import ChunkReader, MalformedChunks

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def by_h11(pieces: list[bytes]) -> bytes | None:
    """What h11 makes of a body; None where it refuses it."""
    reader = h11.Connection(h11.CLIENT)
    reader.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
    reader.send(h11.EndOfMessage())
    body = b""
    for piece in [HEAD, *pieces]:
        reader.receive_data(piece)
        while True:
            try:
                event = reader.next_event()
            except h11.RemoteProtocolError:
                return None
            if isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return body
            elif event is h11.NEED_DATA:
                break
    return body


def by_us(pieces: list[bytes]) -> bytes | None:
    """What we make of it, with h11 for what is behind the last chunk, as in a line."""
    reader, body = ChunkReader(), b""
    for place, piece in enumerate(pieces):
        try:
            body += reader.feed(piece)
        except MalformedChunks:
            return None
        if reader.rest is not None:
            end = by_h11([reader.rest, *pieces[place + 1 :]])
            return None if end is None else body + end
    return body


def cut(text: bytes, places: list[int]) -> list[bytes]:
    borders = sorted({0, len(text), *(place % (len(text) + 1) for place in places)})
    return [text[one:other] for one, other in itertools.pairwise(borders)]


CHUNK = st.tuples(st.binary(min_size=1, max_size=40), st.sampled_from([b"%x", b"%X", b"00%x", b"%x;a=b", b"%x  "]))


@given(st.lists(CHUNK, max_size=6), st.sampled_from([b"", b"X-More: 1\r\n"]), st.lists(st.integers(0, 500), max_size=8))
def test_however_it_is_cut_the_body_is_whole(
    chunks: list[tuple[bytes, bytes]], trailer: bytes, places: list[int]
) -> None:
    text = b"".join(form % len(data) + b"\r\n" + data + b"\r\n" for data, form in chunks)
    text += b"0\r\n" + trailer + b"\r\n"
    pieces = cut(text, places)
    assert by_us(pieces) == b"".join(data for data, _ in chunks) == by_h11(pieces)


@given(
    st.lists(st.sampled_from([b"3", b"\r", b"\n", b"\r\n", b"abc", b"0", b"-1", b"+3", b"1_0", b" 3", b";", b"x"])),
    st.lists(st.integers(0, 60), max_size=4),
)
@example([b"3", b"\r\n", b"abc", b"x"], [])
@example([b"-1", b"\r\n"], [])
@example([b"1_0", b"\r\n"], [])
def test_nothing_is_taken_that_h11_would_refuse(parts: list[bytes], places: list[int]) -> None:
    pieces = cut(b"".join(parts), places)
    taken = by_us(pieces)
    assert taken is None or taken == by_h11(pieces)


def test_a_line_without_end_is_refused() -> None:
    reader = ChunkReader()
    for _ in range(4):
        assert reader.feed(b"1" + b" " * 1000) == b""
    with pytest.raises(MalformedChunks):
        reader.feed(b" " * 1000)
