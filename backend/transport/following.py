"""One subscription of one socket: what was missed, the text under way, then live, without loss or doubles."""

import asyncio
import sys
from collections import deque
from collections.abc import Callable
from typing import Literal
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
        self._caught_up = False
        self._live = False
        self._stopped = False
        # How often the outbox threw pieces away: only a snapshot read after the last time leads back to live.
        self._shed = 0
        self._held_events: list[Numbered] = []
        # Only the last matter: the text so far is read after they came, and a gap is noticed.
        self._held_fragments: deque[Fragment] = deque(maxlen=_PAGE)
        # Per message under way: attempt and number of the next piece this socket has not been given.
        self._next: dict[str, tuple[int, int]] = {}
        # Messages of which pieces were missed, with the latest of them seen: a snapshot brings their text.
        self._missed: dict[str, Fragment] = {}
        self._lock = asyncio.Lock()

    async def start(self, after_seq: int, epoch: str | None = None) -> None:
        """Send everything after `after_seq` and go live. `epoch` is the one the cursor is of, where the client says it.

        Raises:
            Forbidden: no such thread for this tenant (whether it exists elsewhere is not told).
        """
        try:
            async with self._services.db.tenant(self._tenant_id, in_turn=True) as conn:
                thread = await threads.get_thread(conn, self._thread_id)
        except NotFound:
            raise Forbidden from None
        void = self._why_void(after_seq, thread.last_seq, epoch)
        if void is not None:
            self._outbox.put(
                ResyncRequired(
                    topic=thread_topic(self._thread_id),
                    reason=void,
                    snapshot_url=f"/api/v1/threads/{self._thread_id}/snapshot",
                ).model_dump_json()
            )
            return
        self._seq = after_seq
        await self._services.hub.watch_thread(self._tenant_id, self._thread_id, self)
        if not self._services.hub.tokens_flow:
            self._outbox.put(Degraded(tokens=False).model_dump_json())
        while True:
            # A long catch-up goes at the reader's pace: it must neither fill the outbox nor count as falling behind.
            await self._outbox.room()
            async with self._services.db.tenant(self._tenant_id, in_turn=True) as conn:
                page = await events.read_stored(conn, self._thread_id, self._seq, _PAGE)
            for stored in page:
                await self._outbox.room()
                self._send(stored)
            if len(page) < _PAGE:
                break
        shed = self._shed
        await self.show_text()
        if self._stopped:
            return
        self._caught_up = True
        self._go_live(shed)
        self._outbox.put(Subscribed(topic=thread_topic(self._thread_id), seq=self._seq).model_dump_json())

    def _why_void(
        self, after_seq: int, last_seq: int, epoch: str | None
    ) -> Literal["epoch_changed", "cursor_ahead", "too_far_behind"] | None:
        """Return why events after this cursor cannot be sent; None when they can."""
        if epoch is not None and epoch != self._services.epoch() and after_seq > 0:
            return "epoch_changed"
        if after_seq > last_seq:
            return "cursor_ahead"
        return "too_far_behind" if last_seq - after_seq > self._services.settings.resync_limit else None

    async def stop(self) -> None:
        """Follow no longer: nothing is sent from here on, also not what a `show_text` under way still finds."""
        self._stopped = True
        await self._services.hub.leave_thread(self._thread_id, self)

    def text_was_shed(self) -> None:
        """The outbox threw pieces away: hold what comes until `show_text` has sent the text so far."""
        self._shed += 1
        self._live = False
        # Of a message that has no row yet the snapshot will not tell: its next piece must find that some are missing.
        self._next = {
            message: (attempt, due if due == sys.maxsize else 0) for message, (attempt, due) in self._next.items()
        }

    async def show_text(self) -> None:
        """Send the text so far of each message under way; pieces that come meanwhile follow after it."""
        async with self._lock:
            shed, self._live = self._shed, False
            try:
                missed, self._missed = self._missed, {}
                for message_id, agent, attempt in await self._under_way(missed):
                    text = await read_so_far(self._services.redis, message_id, attempt)
                    if self._stopped:
                        return
                    # Without the text nothing fits at its end: the next piece asks again.
                    self._next[str(message_id)] = (attempt, text.i if text is not None else 0)
                    if text is None:
                        continue
                    self._outbox.put(
                        MessageSnapshot(
                            thread_id=self._thread_id,
                            message_id=message_id,
                            agent=agent,
                            attempt=attempt,
                            i=text.i,
                            content=text.content,
                        ).model_dump_json()
                    )
            finally:
                if self._caught_up:
                    self._go_live(shed)

    def _go_live(self, shed: int) -> None:
        """Send what was held, unless pieces were thrown away since `shed` was read: then another `show_text` is due."""
        if self._stopped or shed != self._shed:
            return
        for fragment in self._held_fragments:
            self._send_fragment(fragment)
        self._held_fragments.clear()
        for event in self._held_events:
            self._send(event)
        self._held_events.clear()
        self._live = True

    async def _under_way(self, missed: dict[str, Fragment]) -> list[tuple[UUID, str, int]]:
        """Return id, agent and attempt of each message that is being written."""
        async with self._services.db.tenant(self._tenant_id, in_turn=True) as conn:
            rows = await conn.fetch(
                """SELECT id, agent, attempt, status FROM messages
                   WHERE thread_id = $1 AND (status = 'writing' OR id = ANY ($2::uuid[]))""",
                self._thread_id,
                [UUID(message_id) for message_id in missed],
            )
        found = {row["id"]: (row["agent"] or "", row["attempt"]) for row in rows if row["status"] == "writing"}
        for message_id, (agent, attempt) in found.items():
            # What was sent already of a later attempt than the row's must not be taken back.
            found[message_id] = (agent, max(attempt, self._next.get(str(message_id), (0, 0))[0]))
        ended = {
            row["id"]: sys.maxsize if row["status"] == "cancelled" else row["attempt"] or 0
            for row in rows
            if row["status"] != "writing"
        }
        for fragment in missed.values():
            message_id = UUID(fragment.message_id)
            if fragment.attempt <= ended.get(message_id, 0):
                # The whole text is in the log; what still comes of it comes late.
                self._next[fragment.message_id] = (fragment.attempt, sys.maxsize)
            elif fragment.attempt > found.get(message_id, ("", 0))[1]:
                # The pieces of a message (or of a new attempt at it) can be faster than the row that begins it.
                found[message_id] = (fragment.agent, fragment.attempt)
        return [(message_id, agent, attempt) for message_id, (agent, attempt) in found.items()]

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
        attempt, due = self._next.get(fragment.message_id, (fragment.attempt, 0))
        if fragment.attempt < attempt or (fragment.attempt == attempt and fragment.i < due):
            return
        if fragment.attempt > attempt:
            due = 0
        if fragment.i > due:
            # Pieces before it are missing: a snapshot brings them, and this one. If it brings nothing (Redis cannot be
            # asked), the next piece asks again.
            if fragment.message_id not in self._missed:
                self._missed[fragment.message_id] = fragment
                self._again()
            return
        self._next[fragment.message_id] = (fragment.attempt, fragment.i + fragment.n)
        self._outbox.put_fragment(fragment)


class FollowState:
    """Follows a room, the tenant's approvals or its list of threads: whatever comes goes out."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def on_event(self, event: Numbered) -> None:
        """Take an interrupt's event."""
        self._outbox.put(event.text)

    def on_fragment(self, fragment: Fragment) -> None:
        """Take nothing: only threads have text under way."""

    def on_state(self, text: str) -> None:
        """Take the state of the room, or of a row of the list."""
        self._outbox.put(text)

    def on_tokens(self, available: bool) -> None:
        """Take nothing: only threads have text under way."""
