"""The rounds of one process over its sockets: whose time is over, who may no longer be there, who does not read.

One pass and one query a second, whatever the number of sockets; a notice from the database makes the next round begin
at once, so that a change takes effect in well under the second.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from backend.background import end
from backend.domain import devices, people
from backend.domain.people import Standing
from backend.errors import AppError
from backend.protocol.close_codes import CloseCode
from backend.protocol.events import SessionChanged
from backend.services import Services
from backend.transport.connection import Connection
from backend.transport.limits import LAPSE, SILENCE, SocketCaps

log = structlog.get_logger(__name__)

#: The answer to "who may still be there" is worth nothing after this; the next round asks again. Seconds.
_ANSWER_WITHIN: Final = 3.0
#: How often devices with open sockets are noted as seen; seconds.
_SEEN_EVERY: Final = 30.0


class Rounds:
    """Goes round while `going` runs."""

    def __init__(
        self, services: Services, caps: SocketCaps, open_sockets: Callable[[], Collection[Connection]]
    ) -> None:
        self._services = services
        self._caps = caps
        self._open = open_sockets
        self._notice = asyncio.Event()
        self._blind = False
        self._seen_at = 0.0

    @contextlib.asynccontextmanager
    async def going(self) -> AsyncIterator[None]:
        """Go round in the background while the block runs."""
        self._services.hub.on_people = self._notice.set
        loops = [
            asyncio.create_task(self._go(), name="socket rounds"),
            asyncio.create_task(self._keep_counts(), name="socket counts"),
            asyncio.create_task(self._live(), name="sign of life"),
        ]
        try:
            yield
        finally:
            self._services.hub.on_people = None
            await end(*loops)

    async def _go(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._notice.wait(), self._services.settings.standing_interval)
            self._notice.clear()
            try:
                self._look_at_each()
                async with asyncio.timeout(_ANSWER_WITHIN):
                    await self._look_at_standings()
                self._blind = False
            except (AppError, TimeoutError) as error:
                if not self._blind:  # once an outage; the next round looks again
                    log.warning("standings_unknown", error=type(error).__name__)
                self._blind = True
            except Exception:  # a fault in one round must not end the rounds
                log.exception("socket_round_failed")

    async def _keep_counts(self) -> None:
        while True:
            await asyncio.sleep(LAPSE / 3)
            began = time.monotonic()
            await self._caps.say_again()
            log.debug("socket_counts_said", seconds=time.monotonic() - began)

    async def _live(self) -> None:
        # A task of its own: to say thousands of counts again takes its time, and a round waits for the database.
        while True:
            await self._caps.live()
            await asyncio.sleep(SILENCE / 4)

    def _look_at_each(self) -> None:
        now = self._services.clock()
        warning = timedelta(seconds=self._services.settings.expiry_warning)
        for connection in list(self._open()):
            ends_at = connection.identity.ends_at
            if ends_at <= now:
                connection.cut(CloseCode.TOKEN_EXPIRED, "the session or token has ended")
            elif ends_at - now <= warning and connection.warned_of != ends_at:
                connection.warned_of = ends_at
                connection.send(SessionChanged(role=connection.identity.role, expires_at=ends_at, expiring=True))
            if connection.outbox.stuck:
                with connection.traced():
                    log.info("slow_consumer_closed")
                connection.cut(CloseCode.SLOW_CONSUMER, "frames waited too long")

    async def _look_at_standings(self) -> None:
        await self._look_at_devices()
        held = {(one.identity.session_id, one.identity.role) for one in self._open() if one.identity.room_id is None}
        if not held:
            return
        async with self._services.db.system() as conn:
            changed = {one.session_id: one for one in await people.changed_standings(conn, held)}
        if changed:
            for connection in list(self._open()):
                standing = changed.get(connection.identity.session_id)
                if standing is not None:
                    self._apply(connection, standing)

    async def _look_at_devices(self) -> None:
        paired = [one for one in self._open() if one.identity.room_id is not None]
        if not paired:
            return
        unused = self._services.settings.device_unused
        now = time.monotonic()
        seen = now - self._seen_at >= min(_SEEN_EVERY, unused / 4)
        async with self._services.db.system() as conn:
            ids = list({one.identity.session_id for one in paired})
            standing = await devices.standing_devices(conn, ids, unused, seen=seen)
        if seen:
            self._seen_at = now
        for connection in paired:
            ends_at = standing.get(connection.identity.session_id)
            if ends_at is not None:
                connection.identity = replace(connection.identity, expires_at=ends_at)
                continue
            with connection.traced():
                log.info("device_ended")
            connection.cut(CloseCode.UNAUTHENTICATED, "the pairing was ended")

    def _apply(self, connection: Connection, standing: Standing) -> None:
        with connection.traced():
            if standing.role is None:
                log.info("access_revoked")
                connection.cut(CloseCode.ACCESS_REVOKED, "the account or its place in the team is gone")
            elif not standing.open:
                log.info("session_closed")
                connection.cut(CloseCode.UNAUTHENTICATED, "the session was ended")
            elif standing.role != connection.identity.role:
                log.info("role_changed", role=standing.role)
                connection.identity = replace(connection.identity, role=standing.role)
                connection.send(
                    SessionChanged(role=standing.role, expires_at=connection.identity.ends_at, expiring=False)
                )
