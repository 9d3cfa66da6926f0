"""What is approved stands in the room's queue at once, and goes on air as the room wants it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

from tests.integration.desk.test_policies import policies, shown_version, waiting
from tests.support.desk_client import Desk, Rest
from tests.support.stage import cue

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


async def approve(rest: Rest, desk: Desk) -> dict[str, Any]:
    """Have a script written and approved; gives what its log says of that."""
    thread, interrupt = await waiting(rest, desk)
    await desk.decide(interrupt, "approve")
    return dict(await desk.until("script_finalized", thread_id=thread))


async def test_what_is_approved_while_another_waits_comes_after_it(
    operator: Rest, admin: Rest, module_database_url: str
) -> None:
    async with air_rule(operator, by_hand=False) as room, operator.socket() as desk:
        reading = await cue(module_database_url, room, "正在念的一段话。" * 40, script=77)
        path = f"/rooms/{room}/prompter"

        async def order(action: str, version: int, **fields: Any) -> dict[str, Any]:
            done = await desk.do("prompter_control", room_id=room, action=action, version=version, **fields)
            assert done["status"] == "accepted", done
            return dict(await operator.get(path))

        await order("speed", reading, value=60)
        await order("play", reading, value=0)
        first, second, third = [await approve(operator, desk) for _ in range(3)]
        told = await operator.get(path)
        assert (told["version"], told["script_id"]) == (first["prompter_version"], first["script_id"])
        assert (second["prompter_version"], third["prompter_version"]) == (None, None)
        assert told["next_title"] == second["title"]
        aired = [(await entry_of(operator, room, one["script_id"]))["aired_at"] for one in (first, second, third)]
        assert [at is not None for at in aired] == [True, False, False]

        # Whoever takes it has it before them alone; when it is read, the next one waits.
        taken = await order("take", told["version"])
        assert (taken["script_id"], taken["stage"]) == (first["script_id"], None)
        told = await order("play", taken["version"], value=0)
        assert (told["stage"]["script_id"], told["script_id"]) == (first["script_id"], second["script_id"])
        told = await order("play", taken["version"], value=0)
        assert (told["stage"]["script_id"], told["script_id"]) == (first["script_id"], second["script_id"])
        told = await order("cut", told["version"], after_ms=0)
        assert (told["stage"]["script_id"], told["script_id"]) == (second["script_id"], third["script_id"])
        assert told["next_title"] is None
        entries = (await admin.get("/audit"))["items"]
        cued = [one for one in entries if one["action"] == "script.cued" and one["subject"] == third["script_id"]]
        assert [(one["detail"]["waits"], one["actor"]) for one in cued] == [(True, None)]
        # A correction of what is read takes nothing away for good.
        await cue(module_database_url, room, "改过的。" * 40, script=int(UUID(second["script_id"])))
        told = await order("play", (await operator.get(path))["version"], value=0)
        assert (told["stage"]["content"], told["script_id"]) == ("改过的。" * 40, third["script_id"])
        await order("take", told["version"])


async def test_what_is_due_stays_where_it_is_once_the_room_goes_on_air_by_hand(
    operator: Rest, module_database_url: str
) -> None:
    async with air_rule(operator, by_hand=False) as room, operator.socket() as desk:
        reading = await cue(module_database_url, room, "另一段正在念的话。" * 40, script=78)
        for action, value in (("speed", 60), ("play", 0)):
            await desk.do("prompter_control", room_id=room, action=action, version=reading, value=value)
        first, second = [await approve(operator, desk) for _ in range(2)]
        assert (await operator.client.patch(f"/api/v1/rooms/{room}", json={"by_hand": True})).status_code == 200
        version = first["prompter_version"]
        for action in ("take", "play"):
            await desk.do("prompter_control", room_id=room, action=action, version=version)
        told = await operator.get(f"/rooms/{room}/prompter")
        assert (told["version"], told["stage"], told["next_title"]) == (version, None, second["title"])


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
