"""What waits for a socket: in order, joined where it may be, and nothing lost that must arrive."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.fanout.hub import Fragment
from backend.transport.outbox import Outbox

THREADS = ("thread-a", "thread-b")
#: ("put",) a frame that must arrive; ("piece", thread) the next piece of its text; ("take",) the reader takes one;
#: ("empty",) the reader takes all, and the socket forgets what was shed, as its writer does.
ACTIONS = st.one_of(
    st.just(("put",)),
    st.tuples(st.just("piece"), st.sampled_from(THREADS)),
    st.just(("take",)),
    st.just(("empty",)),
)


@dataclass
class Reader:
    """Puts in and takes out, and keeps both as single pieces: ("event", k) or (thread, i, text)."""

    outbox: Outbox
    put: list[tuple[Any, ...]] = field(default_factory=list)
    taken: list[tuple[Any, ...]] = field(default_factory=list)
    ever_shed: set[str] = field(default_factory=set)
    joined: int = 0

    def act(self, action: tuple[str, ...]) -> None:
        match action:
            case ("put",):
                number = sum(one[0] == "event" for one in self.put)
                self.put.append(("event", number))
                self.outbox.put(json.dumps({"type": "event", "k": number}))
            case ("piece", thread):
                i = sum(one[0] == thread for one in self.put)
                text = f"{i % 10}"
                self.put.append((thread, i, text))
                self.outbox.put_fragment(Fragment(thread, f"{thread}-message", "script", 1, i, 1, text))
            case ("take",):
                if not self.outbox.empty:
                    self._take()
            case ("empty",):
                while not self.outbox.empty:
                    self._take()
                self.outbox.shed.clear()
        self.ever_shed |= self.outbox.shed

    def _take(self) -> None:
        taking = self.outbox.take()
        try:
            taking.send(None)
        except StopIteration as done:
            frame = json.loads(done.value)
        else:
            raise AssertionError("it has something and yet waits")
        if frame["type"] == "event":
            self.taken.append(("event", frame["k"]))
            return
        assert len(frame["content"]) == frame["n"]
        self.joined += frame["n"] > 1
        self.taken += [(frame["thread_id"], frame["i"] + at, frame["content"][at]) for at in range(frame["n"])]


@given(actions=st.lists(ACTIONS, max_size=120), frames=st.integers(2, 40))
@settings(max_examples=150, deadline=None)
def test_what_comes_out_is_what_went_in_in_order_but_for_text_that_was_shed(
    actions: list[tuple[str, ...]], frames: int
) -> None:
    reader = Reader(Outbox(frames, 1_000_000))
    for action in [*actions, ("empty",)]:
        reader.act(action)
    events = [one for one in reader.put if one[0] == "event"]
    assert [one for one in reader.taken if one[0] == "event"] == events, "a frame that must arrive was lost or moved"
    kept = iter(reader.put)
    assert all(one in kept for one in reader.taken), "something came out of its order, or twice"
    lost = {one[0] for one in reader.put} - {"event"} if len(reader.taken) < len(reader.put) else set()
    missing = {one[0] for one in reader.put if one not in reader.taken}
    assert missing <= lost & reader.ever_shed, "text vanished without a word"


@pytest.mark.scenario(29)
def test_pieces_that_wait_are_joined_and_numbered_so_that_the_next_one_fits() -> None:
    reader = Reader(Outbox(10, 1_000_000))
    for _ in range(50):
        reader.act(("piece", "thread-a"))
    reader.act(("take",))
    assert (reader.joined, len(reader.taken)) == (1, 50)


def test_an_event_between_two_pieces_keeps_them_apart() -> None:
    reader = Reader(Outbox(10, 1_000_000))
    for action in (("piece", "thread-a"), ("put",), ("piece", "thread-a"), ("empty",)):
        reader.act(action)
    assert [one[0] for one in reader.taken] == ["thread-a", "event", "thread-a"]


def test_bytes_count_as_well_as_frames() -> None:
    outbox = Outbox(1_000, 2_000)
    outbox.put_fragment(Fragment("thread-a", "m", "script", 1, 0, 1, "字" * 3_000))
    assert outbox.shed == {"thread-a"}
    assert outbox.empty
    assert not outbox.stuck
    outbox.put("x" * 4_001)
    assert outbox.stuck


async def test_a_closed_outbox_still_gives_what_waits_and_then_ends() -> None:
    outbox = Outbox(10, 1_000)
    outbox.put("last words")
    outbox.close()
    assert await outbox.take() == "last words"
    async with asyncio.timeout(20):
        assert await outbox.take() is None
