"""One subscription of one socket: what was missed, the text under way, then live, without loss or doubles."""

import asyncio
from collections.abc import Callable
from uuid import UUID

import structlog

from backend.domain import events, threads
from backend.errors import Forbidden, NotFound
from backend.fanout.hub import Fragment, Numbered
from backend.fanout.live_text import read_so_far
from backend.fanout.topics import thread_topic
from backend.protocol.events import Degraded, MessageSnapshot, ResyncRequired, Subscribed
from backend.services import Services
from backend.transport.outbox import Outbox

log = structlog.get_logger(__name__)

_PAGE = 200


class FollowThread:
    """Follows a thread from a cursor. Frames that come while it catches up wait, then go out in order."""

    def __init__(
        self, services: Services, tenant_id: UUID, thread_id: UUID, outbox: Outbox, again: Callable[[], None]
    ) -> None:
        """`again` asks the socket to call `show_text` soon: text was missed and a snapshot is due."""
        self._services = services
        self._tenant_id = tenant_id
        self._thread_id = thread_id
        self._outbox = outbox
        self._again = again
        self._seq = 0
        self._live = False
        self._held_events: list[Numbered] = []
        self._held_fragments: list[Fragment] = []
        # Per message under way: attempt and number of the next piece this socket has not been given.
        self._next: dict[str, tuple[int, int]] = {}
        self._lock = asyncio.Lock()

    async def start(self, after_seq: int) -> None:
        """Send everything after `after_seq` and go live.

        Raises:
            Forbidden: no such thread for this tenant (whether it exists elsewhere is not told).
        """
        try:
            async with self._services.db.tenant(self._tenant_id) as conn:
                thread = await threads.get_thread(conn, self._thread_id)
        except NotFound:
            raise Forbidden from None
        if after_seq > thread.last_seq or thread.last_seq - after_seq > self._services.settings.resync_limit:
            self._outbox.put(
                ResyncRequired(
                    topic=thread_topic(self._thread_id),
                    reason="cursor_ahead" if after_seq > thread.last_seq else "too_far_behind",
                    snapshot_url=f"/api/v1/threads/{self._thread_id}/snapshot",
                ).model_dump_json()
            )
            return
        self._seq = after_seq
        await self._services.hub.watch_thread(self._tenant_id, self._thread_id, self)
        while True:
            async with self._services.db.tenant(self._tenant_id) as conn:
                page = await events.read_stored(conn, self._thread_id, self._seq, _PAGE)
            for stored in page:
                self._send(stored)
            if len(page) < _PAGE:
                break
        await self.show_text()
        for event in self._held_events:
            self._send(event)
        self._held_events.clear()
        self._outbox.put(Subscribed(topic=thread_topic(self._thread_id), seq=self._seq).model_dump_json())
        self._live = True

    async def stop(self) -> None:
        """Follow no longer."""
        await self._services.hub.leave_thread(self._thread_id, self)

    async def show_text(self) -> None:
        """Send the text so far of each message under way; pieces that come meanwhile follow after it."""
        async with self._lock:
            was_live, self._live = self._live, False
            try:
                async with self._services.db.tenant(self._tenant_id) as conn:
                    rows = await conn.fetch(
                        "SELECT id, agent, attempt FROM messages WHERE thread_id = $1 AND status = 'writing'",
                        self._thread_id,
                    )
                for row in rows:
                    text = await read_so_far(self._services.redis, row["id"], row["attempt"])
                    if text is None:
                        continue
                    self._next[str(row["id"])] = (row["attempt"], text.i)
                    self._outbox.put(
                        MessageSnapshot(
                            thread_id=self._thread_id,
                            message_id=row["id"],
                            agent=row["agent"] or "",
                            attempt=row["attempt"],
                            i=text.i,
                            content=text.content,
                        ).model_dump_json()
                    )
                for fragment in self._held_fragments:
                    self._send_fragment(fragment)
                self._held_fragments.clear()
            finally:
                if was_live:
                    for event in self._held_events:
                        self._send(event)
                    self._held_events.clear()
                self._live = was_live

    # Watcher ---------------------------------------------------------------------------------------------------------

    def on_event(self, event: Numbered) -> None:
        """Take the next event of the thread."""
        if self._live:
            self._send(event)
        else:
            self._held_events.append(event)

    def on_fragment(self, fragment: Fragment) -> None:
        """Take a piece of text under way."""
        if self._live:
            self._send_fragment(fragment)
        else:
            self._held_fragments.append(fragment)

    def on_state(self, text: str) -> None:
        """Take nothing: threads have events, not states."""

    def on_tokens(self, available: bool) -> None:
        """Tell the client that text comes whole for a while; when pieces flow again, show what was missed."""
        self._outbox.put(Degraded(tokens=available).model_dump_json())
        if available:
            self._again()

    def _send(self, event: Numbered) -> None:
        if event.seq > self._seq:
            self._seq = event.seq
            self._outbox.put(event.text)

    def _send_fragment(self, fragment: Fragment) -> None:
        attempt, due = self._next.get(fragment.message_id, (fragment.attempt, fragment.i))
        if fragment.attempt < attempt or (fragment.attempt == attempt and fragment.i < due):
            return
        self._next[fragment.message_id] = (fragment.attempt, fragment.i + fragment.n)
        if fragment.attempt == attempt and fragment.i > due:
            self._again()  # pieces are missing in between: a snapshot brings them
            return
        self._outbox.put_fragment(fragment)


class FollowState:
    """Follows a room or the tenant's approvals: whatever comes goes out."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def on_event(self, event: Numbered) -> None:
        """Take an interrupt's event."""
        self._outbox.put(event.text)

    def on_fragment(self, fragment: Fragment) -> None:
        """Take nothing: only threads have text under way."""

    def on_state(self, text: str) -> None:
        """Take the room's state."""
        self._outbox.put(text)

    def on_tokens(self, available: bool) -> None:
        """Take nothing: only threads have text under way."""
