"""Who looks at a topic, across all processes: in Redis and with an end, so that it vanishes when a process dies.

Without Redis nobody is seen; nothing else depends on it.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import orjson
import structlog

from backend.background import end
from backend.errors import AppError
from backend.ids import new_id
from backend.protocol.events import Person, PresenceChanged
from backend.storage.redis import Cache, Unwell

log = structlog.get_logger(__name__)

#: Where a topic's name is said when other people look at it than before.
_CHANNEL: Final = "cuedesk:presence"
#: Changes that come within so many seconds are told together.
_WINDOW: Final = 0.2
_BATCH: Final = 200

# Note who is here and who left, forget whose process is gone, tell the other processes if that made a difference.
_LOOK: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local changed = redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
local here = tonumber(ARGV[4])
for place = 5, 4 + here do
  changed = changed + redis.call('ZADD', KEYS[1], now + tonumber(ARGV[1]), ARGV[place])
end
for place = 5 + here, #ARGV do
  changed = changed + redis.call('ZREM', KEYS[1], ARGV[place])
end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
if changed > 0 then redis.call('PUBLISH', ARGV[2], ARGV[3]) end
return redis.call('ZRANGE', KEYS[1], 0, -1)
"""

Show = Callable[[str], None]
_Key = tuple[UUID, str]


@dataclass(eq=False)
class _Gathering:
    """The people who look at one topic through this process, and who is to be told of everybody."""

    people: Counter[Person] = field(default_factory=Counter)
    left: set[Person] = field(default_factory=set)
    watchers: dict[UUID, tuple[Person, Show]] = field(default_factory=dict)
    shown: str | None = None


class Presence:
    """Who looks at what through this process; joining and leaving never wait."""

    def __init__(self, cache: Cache, *, ttl: float) -> None:
        """After `ttl` seconds without a sign of a process its people are gone."""
        self._cache = cache
        self._ttl = ttl
        self._process = str(new_id())
        self._gatherings: dict[_Key, _Gathering] = {}
        self._dirty: set[_Key] = set()
        self._wake = asyncio.Event()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Tell and be told in the background while the block runs."""
        loops = [
            asyncio.create_task(self._pump(), name="presence pump"),
            asyncio.create_task(self._listen(), name="presence listen"),
        ]
        try:
            yield
        finally:
            await end(*loops)

    def join(self, tenant_id: UUID, topic: str, watcher: UUID, person: Person, show: Show) -> None:
        """Let `person` be seen at the topic, and `show` them a `presence` frame now and whenever others come or go."""
        gathering = self._gatherings.setdefault((tenant_id, topic), _Gathering())
        gathering.watchers[watcher] = (person, show)
        gathering.people[person] += 1
        gathering.left.discard(person)
        if gathering.shown is not None:
            show(gathering.shown)
        self._touch((tenant_id, topic))

    def leave(self, tenant_id: UUID, topic: str, watcher: UUID) -> None:
        """Let the person of this watcher be seen no more."""
        gathering = self._gatherings.get((tenant_id, topic))
        known = gathering.watchers.pop(watcher, None) if gathering is not None else None
        if gathering is None or known is None:
            return
        person, _ = known
        gathering.people[person] -= 1
        if gathering.people[person] == 0:
            del gathering.people[person]
            gathering.left.add(person)
        self._touch((tenant_id, topic))

    def _touch(self, key: _Key) -> None:
        self._dirty.add(key)
        self._wake.set()

    async def _pump(self) -> None:
        loop = asyncio.get_running_loop()
        refresh = self._ttl / 3
        due = loop.time() + refresh
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), max(due - loop.time(), 0.01))
            await asyncio.sleep(_WINDOW)
            self._wake.clear()
            if loop.time() >= due:
                due = loop.time() + refresh
                self._dirty |= self._gatherings.keys()
            keys, self._dirty = list(self._dirty), set()
            try:
                for start in range(0, len(keys), _BATCH):
                    await self._look(keys[start : start + _BATCH])
            except Exception:  # a fault in one round must not end the pump: everybody would be gone for good
                log.exception("presence_round_failed")

    async def _look(self, keys: Sequence[_Key]) -> None:
        looked = [(key, self._gatherings[key]) for key in keys if key in self._gatherings]
        if not looked:
            return
        left = [set(gathering.left) for _, gathering in looked]
        answers: Any = None
        if self._cache.available:
            pipeline = self._cache.client.pipeline(transaction=False)
            for ((tenant_id, topic), gathering), gone in zip(looked, left, strict=True):
                here = [self._member(person) for person in gathering.people]
                pipeline.eval(
                    _LOOK,
                    1,
                    f"cuedesk:presence:{tenant_id}:{topic}",
                    str(int(self._ttl * 1000)),
                    _CHANNEL,
                    f"{tenant_id} {topic}",
                    str(len(here)),
                    *here,
                    *(self._member(person) for person in gone),
                )
            answers = await self._cache.attempt(pipeline.execute())
        for place, (key, gathering) in enumerate(looked):
            members = answers[place] if answers is not None else []
            if answers is not None:
                gathering.left -= left[place]
            _show(key[1], gathering, members)
            # Without an answer who left is still to be said; if Redis stays away they vanish there by themselves.
            if not gathering.watchers and (answers is None or not gathering.left):
                self._gatherings.pop(key, None)

    async def _listen(self) -> None:
        while True:
            try:
                async with self._cache.client.pubsub() as pubsub:
                    await pubsub.subscribe(_CHANNEL)
                    for key in self._gatherings:  # what was said while we did not listen
                        self._touch(key)
                    async for message in pubsub.listen():
                        if message["type"] == "message":
                            self._on_notice(message["data"])
            except (*Unwell, AppError):
                pass  # the breaker has told of it
            except Exception:  # as with the pump: without this loop nobody would be seen to come any more
                log.exception("presence_listen_failed")
            for key in self._gatherings:
                self._touch(key)
            await asyncio.sleep(1)

    def _on_notice(self, payload: bytes) -> None:
        tenant, _, topic = payload.decode("utf-8", "replace").partition(" ")
        with contextlib.suppress(ValueError):  # from a newer process beside us
            key = (UUID(tenant), topic)
            if key in self._gatherings:
                self._touch(key)

    def _member(self, person: Person) -> bytes:
        return orjson.dumps([self._process, str(person.id), person.name])


def _show(topic: str, gathering: _Gathering, members: Sequence[bytes]) -> None:
    found = {}
    for member in members:
        _, user, name = orjson.loads(member)
        found[user] = Person(id=user, name=name)
    people = [found[user] for user in sorted(found)]
    text = PresenceChanged(topic=topic, people=people).model_dump_json()
    if text != gathering.shown:
        gathering.shown = text
        for _, show in gathering.watchers.values():
            show(text)
