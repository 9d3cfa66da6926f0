"""Whatever happens between the log, the writer, Valkey, a gateway and its clients: every screen shows the truth.

The world is `tests/support/world.py`: the real gateway, with what it stands on simulated so that every order of things
can be played. Hypothesis chooses the moves; the real servers' turn is `tests/integration/desk/test_any_order.py`.
`make properties` plays thousands.
"""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.world import MOVES, THREAD, World

_ONE_MOVE = st.sampled_from([name for name, often in MOVES.items() for _ in range(often)])
_PLAY = st.lists(st.tuples(_ONE_MOVE, st.integers(0, 999)), max_size=90)


@given(_PLAY, st.sampled_from([3, 6, 256]), st.sampled_from([1, 4, 50]))
def test_every_screen_shows_the_truth_whatever_happened(moves: list[tuple[str, int]], frames: int, room: int) -> None:
    world = World(frames=frames, room=room)
    try:
        for name, number in moves:
            world.act(name, number)
        world.settle()
        world.check()
        # And again: what came to rest can go on.
        for name, number in moves[:10]:
            world.act(name, number)
        world.settle()
        world.check()
    finally:
        world.close()


@pytest.fixture
def world() -> Iterator[World]:
    made = World(seats=1, room=100)
    yield made
    made.close()


def play(world: World, *moves: str) -> None:
    for name in moves:
        world.act(name, 0)


def frames_of(world: World, kind: str) -> list[dict[str, Any]]:
    return [step["frame"] for step in world.seats[0].steps if step.get("frame", {}).get("type") == kind]


def rest(world: World) -> None:
    world._rest()


@pytest.mark.scenario(12)
def test_who_comes_in_mid_text_gets_what_was_written_as_one_snapshot_and_then_the_pieces(world: World) -> None:
    play(world, "write", "commit", "write", "write")
    rest(world)
    first = frames_of(world, "message_snapshot")
    assert len(first) <= 1
    play(world, "drop", "write", "wait")
    rest(world)
    assert len(frames_of(world, "message_snapshot")) == len(first) + 1
    play(world, "write")
    world.settle()
    world.check()


def test_a_stream_that_lost_its_head_is_not_taken_for_the_whole_text(world: World) -> None:
    play(world, "write", "commit", "write")
    world.run(asyncio.sleep(0.1))
    play(world, "write")
    world.run(asyncio.sleep(0.1))
    for key in world.valkey.streams:
        del world.valkey.streams[key][0]
    rest(world)
    assert not frames_of(world, "message_snapshot"), "half a text was shown as a whole one"
    world.settle()
    world.check()


def test_a_piece_that_comes_after_the_cancellation_is_not_shown(world: World) -> None:
    play(world, "connect", "write", "commit", "write", "wait", "cancel", "zombie")
    world.settle()
    world.check()
    assert world.seats[0].client.thread.messages[-1].status == "cancelled"
    assert not world.seats[0].client.texts


@pytest.mark.scenario(15)
def test_a_cursor_of_another_epoch_starts_from_the_snapshot_even_when_the_log_is_longer_now(world: World) -> None:
    play(world, "fact", "fact")
    rest(world)
    world.seats[0].client.asks.clear()
    play(world, "restore", "fact", "fact", "fact")
    seat = world.seats[0]
    world._connect(seat)
    world.turn(50)
    world._say(seat, "subscribe", after_seq=2, epoch="1")
    world.turn(50)
    told = [frame for frame in seat.socket.wire if frame["type"] == "resync_required"] if seat.socket else []
    assert [frame["reason"] for frame in told] == ["epoch_changed"]
    world.settle()
    world.check()


def test_a_follower_that_was_left_says_nothing_more(world: World) -> None:
    play(world, "connect", "write", "commit")
    rest(world)
    seat = world.seats[0]
    assert seat.socket is not None
    world.act("write", 1)
    world.run(asyncio.sleep(0.1))
    follower = next(iter(world.hub._threads[THREAD].watchers))
    showing = world.loop.create_task(follower.show_text())  # type: ignore[attr-defined]
    world.turn(2)
    world._say(seat, "unsubscribe")
    world.run(showing)
    world.turn(50)
    rest_of_it = [frame["type"] for frame in seat.socket.wire]
    assert "message_snapshot" not in rest_of_it[rest_of_it.index("ack") :], json.dumps(rest_of_it)


@pytest.mark.scenario(27)
def test_a_lost_notice_is_made_good_by_the_poll(world: World) -> None:
    play(world, "connect", "fact")
    rest(world)
    play(world, "fact", "lose_notice")
    rest(world)
    world.check()


@pytest.mark.scenario(22)
def test_what_was_said_while_the_gateway_was_cut_off_from_valkey_is_shown_when_it_is_back(world: World) -> None:
    play(world, "connect", "write", "commit", "write")
    rest(world)
    play(world, "redis", "redis", "write")
    world.run(asyncio.sleep(0.1))
    assert not world.hub.tokens_flow
    rest(world)
    world.check()
