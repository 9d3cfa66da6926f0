"""What becomes of a show while its scripts are begun, written, decided, lost and asked for again, by the database."""

import asyncio
from random import Random
from uuid import UUID

import pytest

from backend.domain import runs, shows
from backend.domain.show_plan import SEGMENTS
from backend.domain.shows import NewItem
from backend.domain.skills import Allowance, set_allowance
from backend.errors import (
    BadRequest,
    Conflict,
    ItemNotReady,
    NotFound,
    ShowBusy,
    ShowEmpty,
    ShowTooShort,
    SkillRefused,
)
from backend.ids import new_id
from backend.protocol.commands import SendMessage
from backend.protocol.events import Person
from backend.runs import shows as running
from backend.runs.start import add_request, delete_thread, send_message
from tests.support.showrooms import Showroom
from tests.support.waiting import SETTINGS, Office, open_office, waits_for


async def test_a_script_goes_from_the_plan_to_the_rundown(office: Office) -> None:
    room = await Showroom.make(office, 3, concurrency=1)
    assert await room.fill() == 0  # not before somebody says so
    await room.start()
    assert await room.fill() == 1
    assert await room.statuses() == ["queued", "planned", "planned"]
    assert await room.fill() == 0

    first = (await room.items())[0]
    await room.claim(first)
    assert (await room.statuses())[0] == "writing"
    assert await room.fill() == 0
    await room.ask(first)
    first = (await room.items())[0]
    assert first.status == "waiting"
    assert first.interrupt_id is not None
    assert await room.fill() == 1  # its place is free while it waits
    assert (await room.by_rows()).progress.left_seconds is not None

    await room.decide(first, "approve")
    first = (await room.items())[0]
    assert (first.status, first.script_version, first.interrupt_id) == ("approved", 1, None)
    assert await room.rundown() == [first.id]
    assert await room.by_events() == await room.by_rows()


@pytest.mark.parametrize("ended", ["failed", "expired", "completed", "rejected", "stopped"])
async def test_every_end_of_a_run_is_an_end_of_its_item(office: Office, ended: str) -> None:
    room = await Showroom.make(office, 2, concurrency=1)
    await room.start()
    await room.fill()
    item = (await room.items())[0]
    await room.claim(item)
    if ended == "rejected":
        await room.ask(item)
        await room.decide((await room.items())[0], "reject")
    elif ended == "stopped":
        await room.stop_run((await room.items())[0])
    else:
        await room.leave(item, ended)
    item = (await room.items())[0]
    expected = {"rejected": ("rejected", None), "stopped": ("skipped", None)}.get(ended)
    code = {"failed": "model_timeout", "expired": "interrupt_expired", "completed": "nothing_to_review"}.get(ended)
    assert (item.status, item.error.code if item.error else None) == (expected or ("failed", code))
    assert await room.fill() == 1  # the next one has its place
    assert await room.by_events() == await room.by_rows()


async def test_many_workers_at_once_begin_each_item_once_and_no_more_than_wanted(office: Office) -> None:
    room = await Showroom.make(office, 18, concurrency=5)
    await room.start()
    begun = await asyncio.gather(*(room.fill() for _ in range(6)))
    assert sum(begun) == 5
    while any(status == "planned" for status in await room.statuses()):
        for item in [item for item in await room.items() if item.status == "queued"]:
            await room.claim(item)
            await room.ask(item)
        await asyncio.gather(*(room.fill() for _ in range(6)))
        assert sum(status in ("queued", "writing") for status in await room.statuses()) <= 5
    rows = await office.owner.fetch(
        """SELECT i.id, i.generation, count(r.id) AS runs, count(DISTINCT r.thread_id) AS threads
           FROM show_items i LEFT JOIN runs r ON r.show_item_id = i.id WHERE i.show_id = $1 GROUP BY i.id""",
        room.show_id,
    )
    assert [(row["generation"], row["runs"], row["threads"]) for row in rows] == [(1, 1, 1)] * 18


async def test_runs_that_end_at_once_do_not_lock_each_other_out(office: Office) -> None:
    room = await Showroom.make(office, 12, concurrency=12)
    await room.start()
    assert await room.fill() == 12
    for item in await room.items():
        await room.claim(item)

    async def end(item: shows.ShowItemView) -> None:
        await room.ask(item)

    # While people reorder the plan and workers look for places.
    await asyncio.gather(
        *(end(item) for item in await room.items()), room.reorder(Random(1)), room.fill(), room.reorder(Random(2))
    )
    assert set(await room.statuses()) == {"waiting"}
    assert await room.by_events() == await room.by_rows()


async def test_a_message_behind_a_script_and_the_scripts_end_do_not_lock_each_other_out(office: Office) -> None:
    room = await Showroom.make(office, 1, concurrency=1)
    await room.start()
    await room.fill()
    item = (await room.items())[0]
    assert item.thread_id is not None
    await room.claim(item)
    author = Person(id=office.author.user_id, name=office.author.name)
    async with office.db.tenant(office.tenant_id) as conn:
        # The message holds the conversation, and comes to the show when it commits.
        asked_as = runs.Request(new_id(), b"")
        await add_request(
            conn, office.tenant_id, item.thread_id, author, {"content": "再短一点"}, "test", "enqueued", asked_as
        )
        end = asyncio.create_task(room.ask(item))  # the script is written: this waits for the conversation
        await waits_for(office, "transactionid")
    await end
    assert await room.statuses() == ["waiting"]
    assert await room.by_events() == await room.by_rows()


async def test_a_pause_begins_nothing_and_ends_nothing(office: Office) -> None:
    room = await Showroom.make(office, 4, concurrency=2)
    await room.start()
    await room.fill()
    await room.pause()
    for item in (await room.items())[:2]:
        await room.claim(item)
        await room.ask(item)
    assert await room.fill() == 0
    assert await room.statuses() == ["waiting", "waiting", "planned", "planned"]
    with pytest.raises(ItemNotReady):
        await room.pause()
    await room.start()
    assert await room.fill() == 2


async def test_only_what_failed_is_tried_again_and_in_a_conversation_of_its_own(office: Office) -> None:
    room = await Showroom.make(office, 3, concurrency=3)
    await room.start()
    await room.fill()
    items = await room.items()
    for item in items:
        await room.claim(item)
    await room.leave(items[0], "failed")
    await room.ask(items[1])
    with pytest.raises(ItemNotReady):
        await room.retry(items[1].id)
    await room.retry()
    assert await room.statuses() == ["planned", "waiting", "writing"]
    with pytest.raises(ShowEmpty):
        await room.retry()
    with pytest.raises(NotFound):
        await room.retry(new_id())
    assert await room.fill() == 1
    again = (await room.items())[0]
    assert again.thread_id not in (None, items[0].thread_id)
    assert again.error is None
    assert await room.by_events() == await room.by_rows()


async def test_what_is_written_anew_leaves_the_approved_one_in_place_until_it_is_approved(
    office: Office,
) -> None:
    room = await Showroom.make(office, 2, concurrency=2)
    await room.start()
    await room.fill()
    for item in await room.items():
        await room.claim(item)
        await room.ask(item)
    for item in await room.items():
        await room.decide(item, "approve")
    before = await room.items()

    await room.regenerate(before[0].id)
    assert (await room.statuses())[0] == "planned"
    assert await room.rundown() == [item.id for item in before]
    await room.fill()
    item = (await room.items())[0]
    with pytest.raises(ItemNotReady):
        await room.regenerate(item.id)  # it is under way
    await room.claim(item)
    await room.ask(item)
    await room.decide((await room.items())[0], "reject")
    kept = (await room.items())[0]
    assert (kept.status, kept.script_id) == ("approved", before[0].script_id)

    await room.regenerate(before[0].id)
    await room.fill()
    item = (await room.items())[0]
    await room.claim(item)
    await room.ask(item)
    await room.regenerate(item.id)  # a question that nobody answered is withdrawn
    assert (
        await office.owner.fetchval(
            "SELECT count(*) FROM interrupts WHERE status = 'pending' AND thread_id = $1", item.thread_id
        )
        == 0
    )
    assert (await room.statuses())[0] == "planned"
    await room.fill()
    item = (await room.items())[0]
    await room.claim(item)
    await room.ask(item)
    await room.decide((await room.items())[0], "approve")
    after = (await room.items())[0]
    assert after.script_id != before[0].script_id
    assert await room.rundown() == [item.id for item in before]
    assert await room.by_events() == await room.by_rows()


async def test_cancelling_the_rest_leaves_what_waits(office: Office) -> None:
    room = await Showroom.make(office, 5, concurrency=3)
    await room.start()
    await room.fill()
    items = await room.items()
    await room.claim(items[0])
    await room.ask(items[0])
    await room.claim(items[1])
    await room.cancel_rest()
    assert await room.statuses() == ["waiting", "skipped", "skipped", "skipped", "skipped"]
    assert await room.fill() == 0
    with pytest.raises(ShowEmpty):
        await room.start()
    await room.retry(items[4].id)
    assert await room.fill() == 1
    assert await room.by_events() == await room.by_rows()


async def test_a_product_that_is_gone_fails_alone(office: Office) -> None:
    room = await Showroom.make(office, 6, concurrency=6)
    gone = (await room.items())[0].product_id
    await office.owner.execute("DELETE FROM products WHERE id = $1", gone)
    await room.start()
    assert await room.fill() == 3
    items = await room.items()
    assert [item.status for item in items] == ["failed"] * 3 + ["queued"] * 3
    assert items[0].error is not None
    assert items[0].error.code == "product_gone"
    assert await room.by_events() == await room.by_rows()


async def test_a_show_stops_when_who_started_it_may_not_write_any_more(office: Office) -> None:
    room = await Showroom.make(office, 3, concurrency=1)
    await room.start()
    user = office.author.user_id
    await office.owner.execute("UPDATE memberships SET role = 'viewer' WHERE user_id = $1", user)
    assert await room.fill() == 0
    assert (await room.by_rows()).status == "paused"
    async with office.db.tenant(office.tenant_id) as conn:
        await running.start(conn, SETTINGS, office.one, room.show_id)
    assert await room.fill() == 1


async def test_a_show_goes_on_only_as_long_as_whole_shows_are_open_to_who_started_it(office: Office) -> None:
    room = await Showroom.make(office, 3, concurrency=1)
    await room.start()
    assert await room.fill() == 1
    item = (await room.items())[0]
    await room.claim(item)
    await room.leave(item, "failed")
    async with office.db.tenant(office.tenant_id) as conn:
        await set_allowance(conn, "rundown", Allowance(enabled=True, roles=frozenset({"admin"})))
    for again in (
        lambda conn: running.retry(conn, office.one, room.show_id, None),
        lambda conn: running.retry(conn, office.one, room.show_id, [item.id]),
        lambda conn: running.regenerate(conn, office.cache, office.one, room.show_id, item.id),
    ):
        with pytest.raises(SkillRefused):
            async with office.db.tenant(office.tenant_id) as conn:
                await again(conn)
    assert await room.fill() == 0
    assert (await room.by_rows()).status == "paused"
    assert await room.statuses() == ["failed", "planned", "planned"]
    async with office.db.tenant(office.tenant_id) as conn:
        await set_allowance(conn, "rundown", Allowance(enabled=True, roles=None))
        await running.retry(conn, office.one, room.show_id, None)
        await running.start(conn, SETTINGS, office.one, room.show_id)
    assert await room.fill() == 1


async def test_talk_in_the_conversation_of_a_script_belongs_to_the_script(office: Office) -> None:
    room = await Showroom.make(office, 1, concurrency=1)
    await room.start()
    await room.fill()
    item = (await room.items())[0]
    await room.claim(item)
    await room.ask(item)
    await room.decide((await room.items())[0], "approve")
    approved = (await room.items())[0]
    assert approved.thread_id is not None

    command = SendMessage(id=new_id(), thread_id=approved.thread_id, content="再短一点")
    await send_message(office.db, office.cache, office.author, command, "test", at_most=10)
    again = (await room.items())[0]
    assert again.status == "queued"
    await room.claim(again)
    await room.leave(again, "completed")  # it was only talk: the approved script stands
    assert (await room.items())[0].status == "approved"
    assert await room.by_events() == await room.by_rows()


async def test_the_log_of_a_show_is_no_conversation(office: Office) -> None:
    room = await Showroom.make(office, 1)
    command = SendMessage(id=new_id(), thread_id=room.show_id, content="写一段开场")
    with pytest.raises(Conflict):
        await send_message(office.db, office.cache, office.author, command, "test", at_most=10)
    with pytest.raises(Conflict):
        await delete_thread(office.db, office.cache, office.author, room.show_id)


async def test_a_show_that_somebody_is_at_is_not_removed(office: Office) -> None:
    room = await Showroom.make(office, 2, concurrency=1)
    await room.start()
    await room.fill()
    async with office.db.tenant(office.tenant_id) as conn:
        with pytest.raises(ShowBusy):
            await running.remove(conn, office.author, room.show_id)
    await room.cancel_rest()
    async with office.db.tenant(office.tenant_id) as conn:
        await running.remove(conn, office.author, room.show_id)
        with pytest.raises(NotFound):
            await shows.get_show(conn, room.show_id)
        assert room.show_id not in [show.id for show in await shows.list_shows(conn, limit=100)]


async def test_the_time_of_a_show_is_shared_anew_when_it_changes(office: Office) -> None:
    room = await Showroom.make(office, 3)
    items = await room.items()
    most = sum(SEGMENTS[item.scenario].most for item in items)
    assert sum(item.planned_seconds for item in items) == most < 3600, "no more than they fill"
    async with office.db.tenant(office.tenant_id) as conn:
        await shows.set_seconds(conn, room.show_id, items[0].id, 100)
    assert (await room.items())[0].planned_seconds == 100
    async with office.db.tenant(office.tenant_id) as conn:
        await shows.change_show(conn, room.show_id, total_seconds=400, name="年货节")
    now = await room.items()
    assert (now[0].planned_seconds, sum(item.planned_seconds for item in now)) == (100, 400)
    with pytest.raises(ShowTooShort):
        async with office.db.tenant(office.tenant_id) as conn:
            await shows.change_show(conn, room.show_id, total_seconds=60)
    assert await room.items() == now
    async with office.db.tenant(office.tenant_id) as conn:
        with pytest.raises(BadRequest):
            await shows.reorder(conn, room.show_id, [now[0].id])
    assert await room.by_events() == await room.by_rows()


async def test_another_tenant_finds_nothing_of_a_show(office: Office, runs_database_url: str, redis_url: str) -> None:
    room = await Showroom.make(office, 1, concurrency=1)
    item = (await room.items())[0]
    async with open_office(runs_database_url, redis_url) as others, others.db.tenant(others.tenant_id) as conn:
        with pytest.raises(NotFound):
            await running.start(conn, SETTINGS, others.author, room.show_id)
        with pytest.raises(NotFound):
            await shows.get_item(conn, room.show_id, item.id)
        with pytest.raises(NotFound):
            await shows.create_show(
                conn, others.author.user_id, "test", room_id=room.room_id, name="借来的", starts_at=None,
                total_seconds=600, items=[NewItem(item.product_id, "opening")],
            )  # fmt: skip
        assert await shows.list_shows(conn, limit=10) == []


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_happens_the_log_tells_what_the_tables_hold(office: Office, seed: int) -> None:
    random = Random(seed)
    room = await Showroom.make(office, 7, concurrency=2)
    await room.start()

    async def one_move() -> None:
        items = await room.items()
        item = random.choice(items)
        move = random.random()
        try:
            if move < 0.35:
                await room.fill()
            elif item.status == "queued":
                await room.claim(item)
            elif item.status == "writing" and item.id in room.claimed:
                await (
                    room.ask(item)
                    if random.random() < 0.7
                    else room.leave(item, random.choice(["failed", "completed"]))
                )
            elif item.status == "waiting":
                await random.choice([lambda: room.decide(item, "approve"), lambda: room.decide(item, "reject"),
                                     lambda: room.stop_run(item), lambda: room.regenerate(item.id)])()  # fmt: skip
            elif move < 0.5:
                await room.reorder(random)
            elif move < 0.55:
                await room.pause()
            elif move < 0.7:
                await room.start()
            elif item.status in ("failed", "rejected", "skipped"):
                await room.retry(item.id)
            elif item.status == "approved":
                await room.regenerate(item.id)
        except (ItemNotReady, ShowEmpty):
            pass  # refused, as it should be

    for _ in range(45):
        await one_move()
        rows = await room.by_rows()
        assert await room.by_events() == rows
        assert sum(getattr(rows.progress, status) for status in set(await room.statuses())) == rows.progress.total
    placed: set[UUID] = set(await room.rundown())
    assert placed == {item.id for item in await room.items() if item.script_id is not None}
    order = [item.id for item in await room.items() if item.id in placed]
    assert await room.rundown() == order
