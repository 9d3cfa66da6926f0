"""The displays of a room as they tell of themselves, across all processes: in Redis, for as long as they keep telling.

Without Redis a process knows its own; nothing else depends on it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import orjson
import structlog

from backend.background import end
from backend.errors import AppError
from backend.ids import new_id
from backend.protocol.commands import DisplaySettings
from backend.protocol.events import DisplayView, PrompterDisplay, PrompterDisplays
from backend.storage.redis import Cache, Unwell

log = structlog.get_logger(__name__)

#: Where is said that a room's displays are others than before, or what one of them is to do.
_CHANNEL: Final = "cuedesk:displays"
#: Reports that come within so many seconds are told together.
_WINDOW: Final = 0.15
#: Seconds after which a display that fell silent is forgotten.
_FORGOTTEN: Final = 600
#: Displays of one room that are known at once.
_MOST: Final = 50
#: Seconds between two looks at who has fallen silent.
_LOOK: Final = 1.0

Show = Callable[[str], None]
_Key = tuple[UUID, UUID]


@dataclass(eq=False)
class _Room:
    """What this process knows of a room's displays, and who is to be told."""

    known: dict[str, DisplayView] = field(default_factory=dict)
    fresh: dict[str, DisplayView] = field(default_factory=dict)
    #: Whom to show what one display is to do, and whether the list of all, too.
    watchers: dict[UUID, tuple[Show, bool]] = field(default_factory=dict)
    shown: str | None = None


class Displays:
    """Every display that this process has heard of; nothing here waits for Redis but the pump."""

    def __init__(self, cache: Cache, *, ttl: float, now_ms: Callable[[], int]) -> None:
        """After `ttl` seconds without a report a display is away. `now_ms`: the server's clock."""
        self._cache = cache
        self._ttl_ms = round(ttl * 1000)
        self._now_ms = now_ms
        self._process = str(new_id())
        self._rooms: dict[_Key, _Room] = {}
        self._dirty: set[_Key] = set()
        self._wake = asyncio.Event()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Tell and be told in the background while the block runs."""
        loops = [
            asyncio.create_task(self._pump(), name="displays pump"),
            asyncio.create_task(self._listen(), name="displays listen"),
        ]
        try:
            yield
        finally:
            await end(*loops)

    def report(self, tenant_id: UUID, room_id: UUID, display: DisplayView) -> None:
        """Take what a display says of itself."""
        room = self._rooms.setdefault((tenant_id, room_id), _Room())
        if str(display.id) not in room.known and len(room.known) >= _MOST:
            away = [one for one in room.known.values() if self._is_silent(one)]
            if not away:
                return  # nobody reads from so many: somebody floods
            oldest = str(min(away, key=lambda one: one.seen_ms).id)
            del room.known[oldest]
            room.fresh.pop(oldest, None)
        room.known[str(display.id)] = room.fresh[str(display.id)] = display
        self._touch((tenant_id, room_id))

    def join(self, tenant_id: UUID, room_id: UUID, watcher: UUID, show: Show, *, lists: bool = True) -> None:
        """`show` what a display is to do; and, if `lists`, a `prompter_displays` frame now and whenever the room's
        displays tell something new."""
        room = self._rooms.setdefault((tenant_id, room_id), _Room())
        room.watchers[watcher] = show, lists
        if room.shown is not None and lists:
            show(room.shown)
        self._touch((tenant_id, room_id))

    def leave(self, tenant_id: UUID, room_id: UUID, watcher: UUID) -> None:
        """Show this one nothing more."""
        room = self._rooms.get((tenant_id, room_id))
        if room is not None:
            room.watchers.pop(watcher, None)

    async def list_displays(self, tenant_id: UUID, room_id: UUID) -> list[DisplayView]:
        """Return the room's displays, by name."""
        known = dict(room.known) if (room := self._rooms.get((tenant_id, room_id))) else {}
        if self._cache.available:
            stored = await self._cache.attempt(self._read((tenant_id, room_id)))
            _merge(known, stored or {})
        return self._present(known)

    async def change(self, tenant_id: UUID, room_id: UUID, display_id: UUID, settings: DisplaySettings) -> bool:
        """Have a display show the text in another way; False when it is not there."""
        displays = await self.list_displays(tenant_id, room_id)
        if not any(display.id == display_id and not display.away for display in displays):
            return False
        frame = PrompterDisplay(room_id=room_id, display_id=display_id, settings=settings).model_dump_json()
        self._show((tenant_id, room_id), frame)
        if self._cache.available:
            said = orjson.dumps([self._process, str(tenant_id), str(room_id), frame])
            await self._cache.attempt(self._cache.client.publish(_CHANNEL, said))
        return True

    def _touch(self, key: _Key) -> None:
        self._dirty.add(key)
        self._wake.set()

    def _show(self, key: _Key, text: str, *, listing: bool = False) -> None:
        room = self._rooms.get(key)
        for show, lists in list(room.watchers.values()) if room is not None else ():
            if lists or not listing:
                show(text)

    async def _pump(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + _LOOK
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), max(due - loop.time(), 0.01))
            await asyncio.sleep(_WINDOW)
            self._wake.clear()
            if loop.time() >= due:
                due = loop.time() + _LOOK
                for key in list(self._rooms):
                    self._tell(key)
            keys, self._dirty = list(self._dirty), set()
            try:
                for key in keys:
                    await self._exchange(key)
            except Exception:  # a fault in one round must not end the pump: no display would be seen any more
                log.exception("displays_round_failed")

    async def _exchange(self, key: _Key) -> None:
        """Store what our displays said, tell the other processes, and read what theirs said."""
        room = self._rooms.get(key)
        if room is None:
            return
        fresh, room.fresh = room.fresh, {}
        if self._cache.available:
            stored = await self._cache.attempt(self._write(key, fresh) if fresh else self._read(key))
            _merge(room.known, stored or {})
        self._tell(key)

    async def _write(self, key: _Key, fresh: dict[str, DisplayView]) -> dict[Any, Any]:
        place = _stored_at(key)
        pipeline = self._cache.client.pipeline(transaction=False)
        pipeline.hset(place, mapping={display: view.model_dump_json() for display, view in fresh.items()})
        pipeline.expire(place, _FORGOTTEN)
        pipeline.publish(_CHANNEL, orjson.dumps([self._process, str(key[0]), str(key[1]), ""]))
        pipeline.hgetall(place)
        answers = await pipeline.execute()
        stored: dict[Any, Any] = answers[-1]
        # The oldest first: the hash grows with every id that anybody makes up.
        views = {field: _view(text) for field, text in stored.items()}
        kept = sorted((f for f, view in views.items() if not self._is_forgotten(view)), key=lambda f: _seen(views[f]))
        gone = [name for name in stored if name not in kept[-_MOST:]]
        for one in gone:
            del stored[one]
        if gone:
            await self._cache.client.hdel(place, *gone)
        return stored

    async def _read(self, key: _Key) -> dict[Any, Any]:
        stored: dict[Any, Any] = await self._cache.client.hgetall(_stored_at(key))
        return stored

    def _tell(self, key: _Key) -> None:
        room = self._rooms[key]
        room.known = {name: view for name, view in room.known.items() if not self._is_forgotten(view)}
        if not room.watchers:
            room.shown = None
            if not room.known and not room.fresh:
                del self._rooms[key]
            return
        displays = self._present(room.known)
        text = PrompterDisplays(room_id=key[1], displays=displays).model_dump_json()
        if text != room.shown:
            room.shown = text
            self._show(key, text, listing=True)

    def _present(self, known: dict[str, DisplayView]) -> list[DisplayView]:
        silent = self._now_ms() - self._ttl_ms
        views = [view.model_copy(update={"away": view.seen_ms < silent}) for view in known.values()]
        return sorted((v for v in views if not self._is_forgotten(v)), key=lambda view: (view.name, str(view.id)))

    def _is_silent(self, view: DisplayView) -> bool:
        return view.seen_ms < self._now_ms() - self._ttl_ms

    def _is_forgotten(self, view: DisplayView | None) -> bool:
        return view is None or view.seen_ms < self._now_ms() - _FORGOTTEN * 1000

    async def _listen(self) -> None:
        while True:
            try:
                async with self._cache.client.pubsub() as pubsub:
                    await pubsub.subscribe(_CHANNEL)
                    for key in list(self._rooms):  # what was said while we did not listen
                        self._touch(key)
                    async for message in pubsub.listen():
                        if message["type"] == "message":
                            self._on_notice(message["data"])
            except (*Unwell, AppError):
                pass  # the breaker has told of it
            except Exception:  # as with the pump
                log.exception("displays_listen_failed")
            await asyncio.sleep(1)

    def _on_notice(self, payload: bytes) -> None:
        with contextlib.suppress(ValueError):  # from a newer process beside us
            process, tenant, room, frame = orjson.loads(payload)
            key = (UUID(tenant), UUID(room))
            if process == self._process or key not in self._rooms:
                return
            if frame:
                self._show(key, frame)
            else:
                self._touch(key)


def _seen(view: DisplayView | None) -> int:
    return view.seen_ms if view is not None else 0


def _stored_at(key: _Key) -> str:
    return f"cuedesk:displays:{key[0]}:{key[1]}"


def _view(text: bytes) -> DisplayView | None:
    try:
        return DisplayView.model_validate_json(text, extra="ignore")
    except ValueError:
        return None  # from another release


def _merge(known: dict[str, DisplayView], stored: dict[Any, Any]) -> None:
    """Take what is newer than what is known."""
    for text in stored.values():
        view = _view(text)
        if view is None:
            continue
        before = known.get(str(view.id))
        if before is None or before.seen_ms < view.seen_ms:
            known[str(view.id)] = view
