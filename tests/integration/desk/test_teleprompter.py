"""A teleprompter that was away: it gets the latest text only, and nobody believes that it shows more than it said."""

import pytest

from tests.support.desk_client import Desk, Rest

REQUEST = "给小雅的直播间写一段保温杯开场，30秒，活泼一点"


async def put_on_air(rest: Rest, approver: Rest, room: str) -> None:
    """Ask for a script and approve it."""
    thread = await rest.new_thread(room_id=room)
    async with rest.socket() as desk, approver.socket() as other:
        await desk.follow(thread)
        run_id = (await desk.ask(thread, REQUEST))["run_id"]
        interrupt = await desk.until("interrupt", run_id=run_id)
        await other.decide(interrupt, "approve")
        await desk.until("run", run_id=run_id, status="completed")


async def shown(desk: Desk, room: str) -> dict[str, object]:
    await desk.do("subscribe", topic=f"room:{room}")
    return await desk.until("prompter_state", room_id=room)


@pytest.mark.scenario(47)
async def test_a_display_that_comes_back_gets_the_latest_text_and_its_word_counts(
    operator: Rest, approver: Rest, host: Rest
) -> None:
    room = await operator.room_of("小雅的直播间")
    await put_on_air(operator, approver, room)
    async with host.socket() as display:
        first = await shown(display, room)
        await display.do("prompter_ack", room_id=room, version=first["version"], position=3)
    # Away now; two texts are approved meanwhile.
    await put_on_air(operator, approver, room)
    await put_on_air(operator, approver, room)
    async with operator.socket() as desk, host.socket() as display:
        seen = await shown(desk, room)
        assert seen["version"] == first["version"] + 2
        assert seen["acked_version"] == first["version"], "not on screen yet"
        latest = await shown(display, room)
        assert latest["version"] == first["version"] + 2
        await display.drain()
        assert {f["version"] for f in display.frames if f["type"] == "prompter_state"} == {latest["version"]}
        await display.do("prompter_ack", room_id=room, version=latest["version"], position=0)
        await desk.until("prompter_state", acked_version=latest["version"])
        # A late word about an older text changes nothing.
        await display.do("prompter_ack", room_id=room, version=first["version"], position=9)
        assert (await operator.get(f"/rooms/{room}/prompter"))["acked_version"] == latest["version"]
