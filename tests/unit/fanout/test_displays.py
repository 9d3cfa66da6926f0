"""The displays that one process knows of, without Redis: how many, and who is told what."""

from typing import Any
from uuid import UUID

from backend.fanout.displays import Displays
from backend.ids import new_id
from backend.protocol.events import DisplayView, Person

TENANT, ROOM = UUID(int=1), UUID(int=2)


class NoRedis:
    available = False


class Clock:
    now = 1_000_000

    def __call__(self) -> int:
        return self.now


def displays(clock: Clock) -> Displays:
    return Displays(NoRedis(), ttl=7, now_ms=clock)  # type: ignore[arg-type]


def view(clock: Clock, **changed: Any) -> DisplayView:
    told: dict[str, Any] = {
        "id": new_id(),
        "name": "",
        "person": Person(id=new_id(), name="小雅"),
        "version": 1,
        "position": 0,
        "playing": False,
        "pace": 240,
        "size": 72,
        "mirror_h": False,
        "mirror_v": False,
        "hidden": False,
        "following": True,
        "seen_ms": clock.now,
    }
    return DisplayView(**told | changed)


async def test_a_room_has_fifty_displays_at_most_and_a_living_one_is_never_pushed_out() -> None:
    clock = Clock()
    known = displays(clock)
    first = view(clock, name="主播屏")
    known.report(TENANT, ROOM, first)
    for _ in range(200):
        known.report(TENANT, ROOM, view(clock))
    listed = await known.list_displays(TENANT, ROOM)
    assert len(listed) == 50
    assert first.id in {one.id for one in listed}
    # Those that are known are heard as ever; another room is another room.
    known.report(TENANT, ROOM, first.model_copy(update={"position": 9.0}))
    assert {one.name: one.position for one in await known.list_displays(TENANT, ROOM)}["主播屏"] == 9
    known.report(TENANT, UUID(int=3), view(clock))
    assert len(await known.list_displays(TENANT, UUID(int=3))) == 1
    # Who fell silent makes room, the longest silent first.
    clock.now += 8000
    known.report(TENANT, ROOM, first.model_copy(update={"seen_ms": clock.now}))
    late = view(clock, name="后到")
    known.report(TENANT, ROOM, late)
    listed = await known.list_displays(TENANT, ROOM)
    assert len(listed) == 50
    assert {first.id, late.id} <= {one.id for one in listed}
