"""Leases: what this process holds, prolonged together on a connection of its own, given up when that fails."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from uuid import UUID

import structlog

from backend import failpoints
from backend.background import end
from backend.domain.runs import Claimed
from backend.errors import AppError
from backend.settings import Settings
from backend.storage.postgres import Reserved, interval

log = structlog.get_logger(__name__)

#: Of the time that is left before we must give up, the share that one try to prolong may take.
_ONE_TRY = 0.6


class Loss(Enum):
    """Why a run's work was stopped from outside."""

    LEASE = "lease"  # another worker has it, or we could not prolong it in time
    CANCELLED = "cancelled"  # a person cancelled the run
    DRAIN = "drain"  # this process is going down


@dataclass(eq=False)
class Held:
    """A run in this process's hands; `pause` lets it finish its step, `stop` ends its work now with the reason."""

    run: Claimed
    stop: Callable[[Loss], None]
    pause: Callable[[], None]
    renewed: float


class Leases:
    """The runs this process holds."""

    def __init__(self, connection: Reserved, settings: Settings) -> None:
        self._connection = connection
        self._settings = settings
        self._held: dict[UUID, Held] = {}
        self._idle = asyncio.Event()
        self._idle.set()
        self._pausing = False

    @contextlib.contextmanager
    def holding(
        self, run: Claimed, claimed: float, stop: Callable[[Loss], None], pause: Callable[[], None]
    ) -> Iterator[None]:
        """Prolong the lease of `run`, claimed not before `claimed` (`time.monotonic`), while the block works on it."""
        held = Held(run, stop, pause, claimed)
        self._held[run.id] = held
        self._idle.clear()
        if self._pausing:
            pause()
        try:
            yield
        finally:
            # A later claim of the same run in this process has its own entry.
            if self._held.get(run.id) is held:
                del self._held[run.id]
            if not self._held:
                self._idle.set()

    @contextlib.asynccontextmanager
    async def renewing(self) -> AsyncIterator[None]:
        """Prolong in the background while the block runs."""
        task = asyncio.create_task(self._renew(), name="lease renewal")
        try:
            yield
        finally:
            await end(task)

    def stop(self, run_id: UUID, why: Loss) -> None:
        """End the work on a run, if it is done here."""
        held = self._held.get(run_id)
        if held is not None:
            held.stop(why)

    def pause_all(self) -> None:
        """Let each run finish the step it is at and stop there; one that is taken from now on stops at once."""
        self._pausing = True
        for held in list(self._held.values()):
            held.pause()

    def stop_all(self, why: Loss) -> None:
        """End all work."""
        for held in list(self._held.values()):
            held.stop(why)

    async def idle(self, timeout: float) -> bool:
        """Wait until nothing is held; False when that took longer than `timeout` seconds."""
        try:
            await asyncio.wait_for(self._idle.wait(), timeout)
        except TimeoutError:
            return False
        return True

    async def _renew(self) -> None:
        pause = self._settings.lease_renewal
        while True:
            await asyncio.sleep(pause)
            if failpoints.folder is not None:
                await failpoints.reach("before_renewal")
            held = list(self._held.values())
            all_prolonged = not held or await self._prolong(held)
            # One try that failed costs nothing yet: there is time for another before the lease ends.
            pause = self._settings.lease_renewal / (1 if all_prolonged else 20)

    async def _prolong(self, held: list[Held]) -> bool:
        """Ask the database once; return whether all that is still ours was prolonged."""
        asked = time.monotonic()
        limit = self._settings.lease_self_cancel
        timeout = max(_ONE_TRY * (limit - (asked - min(h.renewed for h in held))), limit / 5)
        try:
            rows = await self._connection.fetch(
                "SELECT * FROM system_prolong_leases($1, $2, $3)",
                [h.run.id for h in held],
                [h.run.attempt for h in held],
                interval(self._settings.lease),
                timeout=timeout,
            )
        except AppError as error:
            late = time.monotonic() - asked - timeout
            log.warning("lease_renewal_failed", code=error.code, runs=len(held), late=round(max(late, 0.0), 1))
            # When this process itself stood still, the time that went by says nothing of the database: ask again first.
            if late < timeout:
                self._give_up(held)
            return False
        ours = {row["run_id"]: row["prolonged"] for row in rows}
        for h in held:
            if ours.get(h.run.id):
                h.renewed = asked
            elif h.run.id not in ours and self._held.get(h.run.id) is h:
                h.stop(Loss.LEASE)
        self._give_up(held)
        return all(ours.values())

    def _give_up(self, held: list[Held]) -> None:
        # By our own steady clock and well before the lease ends: a worker that cannot renew stops by itself.
        deadline = time.monotonic() - self._settings.lease_self_cancel
        for h in held:
            if h.renewed < deadline and self._held.get(h.run.id) is h:
                log.error("lease_not_renewed", run_id=str(h.run.id))
                h.stop(Loss.LEASE)
