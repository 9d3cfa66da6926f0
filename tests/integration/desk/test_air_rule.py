"""What is approved stands in the room's queue at once, and goes on air as the room wants it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.integration.desk.test_policies import policies, shown_version, waiting
from tests.support.desk_client import Rest

ROOM = "小雅的直播间"


@asynccontextmanager
async def air_rule(operator: Rest, **rule: Any) -> AsyncIterator[str]:
    """Let the demo's room have this rule while the block runs; gives the room's id."""
    room = await operator.room_of(ROOM)
    path = f"/api/v1/rooms/{room}"
    assert (await operator.client.patch(path, json=rule)).status_code == 200
    try:
        yield room
    finally:
        await operator.client.patch(path, json={"by_hand": False, "undo_window": None})


async def entry_of(operator: Rest, room: str, script_id: str) -> dict[str, Any]:
    items = (await operator.get(f"/rooms/{room}/rundown"))["items"]
    return next(dict(one) for one in items if one["script_id"] == script_id)


async def test_by_itself_it_is_on_air_and_stands_in_the_queue_as_said(operator: Rest) -> None:
    async with air_rule(operator, by_hand=False) as room, operator.socket() as desk:
        _, interrupt = await waiting(operator, desk)
        before = await shown_version(operator)
        await desk.decide(interrupt, "approve")
        final = await desk.until("script_finalized")
        assert final["prompter_version"] == await shown_version(operator) == before + 1
        assert (await entry_of(operator, room, final["script_id"]))["aired_at"] is not None


async def test_by_hand_it_waits_in_the_queue_and_its_followers_are_told(operator: Rest, admin: Rest) -> None:
    # A moment to call it back is of no use to a script that nothing puts on air: it is there at once.
    async with (
        policies(admin, undo_window=600),
        air_rule(operator, by_hand=True) as room,
        operator.socket() as desk,
        operator.socket() as display,
    ):
        await display.do("subscribe", topic=f"room:{room}")
        known = (await display.until("prompter_state", room_id=room))["rundown_revision"]
        _, interrupt = await waiting(operator, desk)
        before = await shown_version(operator)
        await desk.decide(interrupt, "approve")
        final = await desk.until("script_finalized")
        assert (final["room_id"], final["prompter_version"]) == (room, None)
        told = await display.until("prompter_state", where=lambda f: f["rundown_revision"] > known)
        assert (told["next_title"], told["version"]) == (final["title"], before)
        entry = await entry_of(operator, room, final["script_id"])
        assert entry["aired_at"] is None
        shown = await operator.post(f"/rooms/{room}/rundown/{entry['id']}/cue", {})
        assert (shown["version"], shown["script_id"]) == (before + 1, final["script_id"])
        assert (await entry_of(operator, room, final["script_id"]))["aired_at"] is not None


async def test_a_room_holds_what_is_approved_for_a_time_of_its_own(operator: Rest, admin: Rest) -> None:
    async with air_rule(operator, undo_window=600), operator.socket() as desk:
        thread, interrupt = await waiting(operator, desk)
        await desk.decide(interrupt, "approve")
        held = await desk.until("interrupt", action="go_on_air", thread_id=thread)
        await operator.post(f"/interrupts/{held['interrupt_id']}/undo", {})
        await desk.do("cancel", thread_id=thread)
    async with policies(admin, undo_window=600), air_rule(operator, undo_window=0), operator.socket() as desk:
        thread, interrupt = await waiting(operator, desk)
        await desk.decide(interrupt, "approve")
        await desk.until("script_finalized")
        assert [card.action for card in desk.view(thread).interrupts] == ["publish_script"]
