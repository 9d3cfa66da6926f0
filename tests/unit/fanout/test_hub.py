"""Who joins and leaves the fan-out, in every order: nothing here needs a server."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

import pytest
import structlog
from redis.exceptions import ConnectionError as RedisConnectionError

from backend.errors import NotFound, ServerBusy
from backend.fanout.hub import Fragment, Hub, Numbered, Sources
from backend.fanout.topics import ROOMS_CHANNEL, token_channel
from backend.ids import new_id
from backend.storage.redis import Cache


class Watching:
    """A watcher that keeps what it is told."""

    def __init__(self) -> None:
        self.events: list[Numbered] = []
        self.states: list[str] = []

    def on_event(self, event: Numbered) -> None:
        self.events.append(event)

    def on_fragment(self, fragment: Fragment) -> None:
        """Not of interest here."""

    def on_state(self, text: str) -> None:
        self.states.append(text)

    def on_tokens(self, available: bool) -> None:
        """Not of interest here."""


def hub_of(**sources: Any) -> Hub:
    async def nothing(*_: Any) -> Any:
        return {}

    names = ("thread_events", "thread_heads", "room_frame", "room_marks", "approvals", "thread_moves", "thread_rows")
    chosen = Sources(**{name: sources.get(name, nothing) for name in names})
    return Hub("", cast(Cache, None), chosen, poll_interval=1)


async def test_a_stranger_who_is_refused_a_room_does_not_cut_off_its_own_people() -> None:
    owner, stranger, room = new_id(), new_id(), new_id()
    text = "before"

    async def room_frame(tenant_id: UUID, room_id: UUID) -> str:
        if tenant_id != owner:
            raise NotFound
        return text

    hub = hub_of(room_frame=room_frame)
    with pytest.raises(NotFound):
        await hub.watch_room(stranger, room, Watching())
    assert not hub._rooms, "nothing is kept of the attempt"
    prompter = Watching()
    await hub.watch_room(owner, room, prompter)
    with pytest.raises(NotFound):
        await hub.watch_room(stranger, room, Watching())
    text = "after"
    hub._on_notice(ROOMS_CHANNEL, str(room))
    await asyncio.gather(*hub._tasks)
    assert prompter.states == ["before", "after"]


@pytest.mark.parametrize("gone", [False, True])
async def test_nothing_is_kept_of_an_attempt_to_join_a_thread_that_failed(gone: bool) -> None:
    asked, thread = asyncio.Event(), new_id()

    async def thread_heads(_: list[UUID]) -> dict[UUID, int]:
        asked.set()
        if gone:
            await asyncio.Event().wait()
        raise ServerBusy

    hub = hub_of(thread_heads=thread_heads)
    joining = asyncio.create_task(hub.watch_thread(new_id(), thread, Watching()))
    await asked.wait()
    if gone:
        joining.cancel()
    with pytest.raises(asyncio.CancelledError if gone else ServerBusy):
        await joining
    assert not hub._threads, "it would be asked about and listened to for as long as the process lives"


async def test_who_joins_the_approvals_while_another_comes_and_goes_still_gets_them() -> None:
    tenant, event_id = new_id(), new_id()
    reading, stored = asyncio.Event(), cast(Numbered, object())
    events: list[tuple[UUID, Numbered]] = []

    async def approvals(*_: Any) -> Sequence[tuple[UUID, Numbered]]:
        await reading.wait()
        return list(events)

    hub, first, second = hub_of(approvals=approvals), Watching(), Watching()
    joining = [asyncio.create_task(hub.watch_approvals(tenant, watcher)) for watcher in (first, second)]
    await asyncio.sleep(0)
    hub.leave_approvals(tenant, second)
    reading.set()
    await asyncio.gather(*joining)
    hub.leave_approvals(tenant, second)
    events.append((event_id, stored))
    hub._on_notice("cuedesk_events", f"{new_id()} 1 {tenant} i")
    await asyncio.gather(*hub._tasks)
    assert first.events == [stored]


async def test_a_piece_of_text_of_another_version_does_not_end_the_following() -> None:
    hub, thread = hub_of(), new_id()
    await hub.watch_thread(new_id(), thread, Watching())
    channel = token_channel(thread).encode()
    for data in (b'{"type": "token", "new": 1}', b"[]", b"{"):
        hub._on_token({"channel": channel, "type": "message", "data": data})


async def test_an_outage_of_redis_is_logged_once_however_long_it_lasts() -> None:
    tries, enough = 0, asyncio.Event()

    class Down:
        @property
        def client(self) -> Any:
            nonlocal tries
            tries += 1
            if tries == 3:
                enough.set()
            raise RedisConnectionError

    hub = hub_of()
    hub._cache = cast(Cache, Down())
    with structlog.testing.capture_logs() as lines:
        following = asyncio.create_task(hub._follow_tokens())
        await asyncio.wait_for(enough.wait(), 30)
        following.cancel()
    assert [line["event"] for line in lines] == ["hub_tokens_lost"]
    assert not hub.tokens_flow


async def test_a_watcher_that_fails_does_not_end_the_following_of_all_texts() -> None:
    came, twice = 0, asyncio.Event()

    class Broken:
        @property
        def client(self) -> Any:
            nonlocal came
            came += 1
            if came == 2:
                twice.set()
            raise RuntimeError("this task group is over")

    hub = hub_of()
    hub._cache = cast(Cache, Broken())
    following = asyncio.create_task(hub._follow_tokens())
    await asyncio.wait_for(twice.wait(), 30)
    following.cancel()


class Row:
    """A row of the list; `face` is what of it one sees."""

    def __init__(self, thread: UUID, seq: int, face: str) -> None:
        self.thread_id, self.seq, self.face, self.text = thread, seq, face, f"{face} at {seq}"


class ListOf:
    """The lists of several tenants, and how often each was read."""

    def __init__(self) -> None:
        self.rows: dict[UUID, dict[UUID, Row]] = {}
        self.reads: list[UUID] = []
        self.up = True

    async def thread_rows(self, tenant_id: UUID, threads: list[UUID]) -> list[Row]:
        if not self.up:
            raise ServerBusy
        self.reads.append(tenant_id)
        return [self.rows[tenant_id][thread] for thread in threads]

    async def thread_moves(self, tenant_id: UUID, _: float) -> dict[UUID, int]:
        # A thread that was removed is in no list of what moved.
        return {row.thread_id: row.seq for row in self.rows[tenant_id].values() if row.seq > 0}

    def hub(self) -> Hub:
        return hub_of(thread_rows=self.thread_rows, thread_moves=self.thread_moves)

    def move(self, hub: Hub, tenant: UUID, thread: UUID, seq: int, face: str, *, notice: bool = True) -> None:
        self.rows.setdefault(tenant, {})[thread] = Row(thread, seq, face)
        if notice:
            hub._on_notice("cuedesk_events", f"{thread} {seq} {tenant} -")


async def test_a_run_is_told_to_the_list_by_what_one_sees_of_it_and_read_once_for_many_events() -> None:
    listed, tenant, thread, watcher = ListOf(), new_id(), new_id(), Watching()
    hub = listed.hub()
    hub.watch_list(tenant, watcher)
    for seq in range(1, 12):
        listed.move(hub, tenant, thread, seq, "running")
    await asyncio.gather(*hub._tasks)
    assert watcher.states == ["running at 11"]
    assert listed.reads == [tenant]
    listed.move(hub, tenant, thread, 12, "running")  # a step that nobody sees
    await asyncio.gather(*hub._tasks)
    assert watcher.states == ["running at 11"]
    listed.move(hub, tenant, thread, 13, "waiting")
    await asyncio.gather(*hub._tasks)
    assert watcher.states == ["running at 11", "waiting at 13"]


async def test_a_row_is_not_read_before_what_comes_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.fanout.hub._GATHER", 3600)
    listed, tenant, thread = ListOf(), new_id(), new_id()
    hub = listed.hub()
    hub.watch_list(tenant, Watching())
    for seq in range(1, 4):
        listed.move(hub, tenant, thread, seq, "running")
        for _ in range(5):
            await asyncio.sleep(0)
    assert listed.reads == []
    (pull,) = hub._tasks
    pull.cancel()
    await asyncio.gather(pull, return_exceptions=True)


async def test_the_list_of_one_tenant_is_never_told_or_read_for_another() -> None:
    listed, ours, theirs, us, them = ListOf(), new_id(), new_id(), Watching(), Watching()
    hub = listed.hub()
    hub.watch_list(ours, us)
    hub.watch_list(theirs, them)
    listed.move(hub, ours, new_id(), 1, "ours")
    listed.move(hub, theirs, new_id(), 1, "theirs")
    listed.move(hub, new_id(), new_id(), 1, "nobody's here")
    await asyncio.gather(*hub._tasks)
    assert (us.states, them.states) == (["ours at 1"], ["theirs at 1"])
    hub.leave_list(theirs, them)
    listed.move(hub, theirs, new_id(), 2, "theirs")
    await asyncio.gather(*hub._tasks)
    assert sorted(map(str, listed.reads)) == sorted(map(str, (ours, theirs))), "nobody listens: nothing is read"


async def test_who_follows_the_list_is_told_to_read_it_again_when_notices_were_lost() -> None:
    listed, tenant, watcher = ListOf(), new_id(), Watching()
    listed.rows[tenant] = {}
    hub = listed.hub()
    hub.watch_list(tenant, watcher)
    await hub._on_connected()
    assert [json.loads(state) for state in watcher.states] == [{"type": "subscribed", "topic": "threads", "seq": None}]


async def test_a_row_of_the_list_whose_notice_was_lost_or_that_could_not_be_read_is_told_by_the_poll() -> None:
    listed, tenant, lost, unread, watcher = ListOf(), new_id(), new_id(), new_id(), Watching()
    hub = listed.hub()
    hub.watch_list(tenant, watcher)
    listed.up = False
    listed.move(hub, tenant, unread, 0, "removed")
    await asyncio.gather(*hub._tasks)
    listed.rows[tenant][lost] = Row(lost, 3, "lost")
    listed.up = True
    await hub._look_everywhere()
    await asyncio.gather(*hub._tasks)
    assert sorted(watcher.states) == ["lost at 3", "removed at 0"]
    await hub._look_everywhere()
    await asyncio.gather(*hub._tasks)
    assert len(watcher.states) == 2, "what is as it was is not told again"
