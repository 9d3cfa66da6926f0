"""The SSE reader: the same events however the bytes arrive, and no memory without end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.errors import ModelPayloadInvalid
from backend.llm.sse import SseReader

line_ends = st.sampled_from(["\n", "\r\n", "\r"])
words = st.text(st.characters(exclude_characters="\r\n\ufeff", exclude_categories=["Cs"]), max_size=12)


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[bytes], bytes]:
    """Events and one way to write them: any line end per line, comments and other fields between."""
    expected, written = [], draw(st.sampled_from(["", "\ufeff"]))
    for lines in draw(st.lists(st.lists(words, min_size=1, max_size=3), max_size=5)):
        expected.append("\n".join(lines).encode())
        end = draw(line_ends)
        for line in lines:
            if draw(st.booleans()):
                written += (
                    draw(st.sampled_from([":", ": keep-alive", "event: x", "id: 1", "retry: 5", "data2: x"])) + end
                )
            written += "data: " + line + end
        written += end
    return expected, written.encode()


def read(stream: bytes, cuts: list[int]) -> list[bytes]:
    reader, events, last = SseReader(), [], 0
    for cut in [*sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]:
        events += reader.feed(stream[last:cut])
        last = cut
    rest = reader.finish()
    return [*events, rest] if rest is not None else events


@given(streams(), st.lists(st.integers(0, 10_000), max_size=12))
def test_any_chunking_gives_the_same_events(stream: tuple[list[bytes], bytes], cuts: list[int]) -> None:
    expected, written = stream
    assert read(written, cuts) == expected
    assert read(written, list(range(len(written)))) == expected


def test_an_event_is_complete_with_its_blank_line_even_when_the_line_ends_in_cr() -> None:
    reader = SseReader()
    assert reader.feed(b"data: a\r") == []
    assert reader.feed(b"\r") == [b"a"]
    assert reader.feed(b"\ndata: b\n\n") == [b"b"]


def test_only_one_space_after_the_colon_is_dropped() -> None:
    assert SseReader().feed(b"data:  a \n\ndata:b\n\ndata\n\n") == [b" a ", b"b", b""]


def test_a_last_event_without_blank_line_is_handed_out_at_the_end() -> None:
    reader = SseReader()
    assert reader.feed(b"data: [DONE]") == []
    assert reader.finish() == b"[DONE]"
    assert SseReader().finish() is None


@pytest.mark.parametrize("chunk", [b"data: " + b"x" * 60, b"data: xxxxxxxxxxxxxxxxxx\n"])
def test_a_line_or_event_without_end_is_refused(chunk: bytes) -> None:
    reader = SseReader(max_event_bytes=100)

    def feed_on() -> None:
        for _ in range(10):
            reader.feed(chunk)

    with pytest.raises(ModelPayloadInvalid):
        feed_on()
