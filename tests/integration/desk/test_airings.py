"""When the scripts of a conversation were on a teleprompter, and which events belong to each of its versions."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import asyncpg
import pytest

from tests.integration.desk.test_air_rule import air_rule, entry_of
from tests.integration.desk.test_directing import STRANGER
from tests.integration.desk.test_policies import waiting
from tests.support.desk_client import Desk, Rest
from tests.support.processes import ServerProcess
from tests.support.stage import cue


@pytest.fixture
async def stranger(desk_server: ServerProcess) -> AsyncIterator[Rest]:
    async with Rest.login(desk_server.url, STRANGER) as rest:
        yield rest


async def airings(rest: Rest, thread: str) -> list[dict[str, Any]]:
    return list((await rest.get(f"/threads/{thread}/airings"))["items"])


async def published(rest: Rest, desk: Desk) -> tuple[str, dict[str, Any]]:
    """A thread whose script was approved just now, and what its log says of that."""
    thread, interrupt = await waiting(rest, desk)
    await desk.decide(interrupt, "approve")
    return thread, dict(await desk.until("script_finalized", thread_id=thread))


async def test_a_script_is_told_from_its_approval_until_another_text_comes_on(operator: Rest) -> None:
    async with air_rule(operator, by_hand=False) as room, operator.socket() as desk:
        thread, final = await published(operator, desk)
        [airing] = await airings(operator, thread)
        assert {name: airing[name] for name in ("room_id", "script_id", "script_version", "title", "how")} == {
            "room_id": room,
            "script_id": final["script_id"],
            "script_version": final["version"],
            "title": final["title"],
            "how": "published",
        }
        assert (airing["room_name"], airing["put_by"]["name"]) == ("小雅的直播间", "小林")
        assert (airing["waited"], airing["on_screen"], airing["ended_at"]) == (False, True, None)
        assert airing["shown_at"] == airing["put_at"]

        other, _ = await published(operator, desk)
        [before], [after] = await airings(operator, thread), await airings(operator, other)
        assert (before["on_screen"], before["ended_at"]) == (False, after["shown_at"])
        # Once more, by a person: what was there ends, and this one begins anew.
        entry = await entry_of(operator, room, final["script_id"])
        await operator.post(f"/rooms/{room}/rundown/{entry['id']}/cue", {})
        [_, again], [ended] = await airings(operator, thread), await airings(operator, other)
        assert (again["how"], again["on_screen"]) == ("cued", True)
        assert ended["ended_at"] == again["shown_at"]


async def test_a_script_that_waits_for_the_stage_is_on_screen_when_it_is_taken(
    operator: Rest, module_database_url: str
) -> None:
    async with air_rule(operator, by_hand=False) as room, operator.socket() as desk:
        reading = await cue(module_database_url, room, "正在念的一段话。" * 40, script=77)
        played = await desk.do("prompter_control", room_id=room, action="play", version=reading)
        assert played["status"] == "accepted", played
        thread, final = await published(operator, desk)
        [waits] = await airings(operator, thread)
        assert (waits["waited"], waits["shown_at"], waits["on_screen"]) == (True, None, False)
        taken = await desk.do("prompter_control", room_id=room, action="take", version=final["prompter_version"])
        assert taken["status"] == "accepted", taken
        [shown] = await airings(operator, thread)
        assert datetime.fromisoformat(shown["shown_at"]) > datetime.fromisoformat(shown["put_at"])
        assert (shown["shown_by"]["name"], shown["on_screen"]) == ("小林", True)


async def test_what_no_room_was_named_for_and_another_teams_thread_have_none(operator: Rest, stranger: Rest) -> None:
    async with air_rule(operator, by_hand=False), operator.socket() as desk:
        thread, _ = await published(operator, desk)
        # The room's own page is open to the team alone, and so are the times of what was shown there.
        answer = await stranger.client.get(f"/api/v1/threads/{thread}/airings")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert await airings(operator, await operator.new_thread()) == []
    own = await stranger.new_thread()
    assert await airings(stranger, own) == []


async def test_what_an_older_release_published_is_found_by_its_event(operator: Rest, module_database_url: str) -> None:
    async with air_rule(operator, by_hand=False) as room, operator.socket() as desk:
        thread, final = await published(operator, desk)
    owner = await asyncpg.connect(module_database_url)
    try:
        await owner.execute("SET session_replication_role = replica")
        done = await owner.execute(
            """UPDATE audit_log SET detail = detail - 'room' - 'prompter_version' - 'waits'
               WHERE action = 'script.published' AND subject = $1""",
            final["script_id"],
        )
        assert done == "UPDATE 1"
    finally:
        await owner.close()
    [airing] = await airings(operator, thread)
    assert (airing["room_id"], airing["waited"], airing["on_screen"]) == (room, None, True)


async def test_every_version_says_which_event_is_its_last(operator: Rest) -> None:
    async with operator.socket() as desk:
        thread, final = await published(operator, desk)
        await desk.until("run", thread_id=thread, status="completed")
        versions = (await operator.get(f"/threads/{thread}/checkpoints"))["items"]
        assert len(versions) > 5
        for version in versions:
            replay = await operator.get(f"/threads/{thread}/checkpoints/{version['version']}/replay")
            one = await operator.get(f"/threads/{thread}/checkpoints/{version['version']}")
            assert version["seq"] == one["seq"] == replay["checkpoint"]["seq"] == replay["snapshot"]["seq"]
        events = {one["seq"]: one for one in (await operator.get(f"/threads/{thread}/events"))["items"]}
        for version in versions:
            after = events.get(version["seq"] + 1)
            if version["next"] not in ([], ["__start__"]) and version["status"] != "waiting":
                # It ends right before the next step says that it begins.
                assert after is not None, version
                assert (after["type"], after["status"], after["detail"]["step"]) == (
                    "node",
                    "started",
                    version["step"] + 1,
                )
        ends = [version["seq"] for version in versions]
        assert ends == sorted(ends, reverse=True)
        assert ends[0] >= final["seq"]
