"""Direct calls that are repeated with the same key: asked once by all processes, answered the same (a day long).

Whoever gives a key wants the answer even if the line breaks: the call goes on when its caller leaves, and the next one
who comes with the key finds the answer, or waits for it.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

import structlog

from backend.background import end
from backend.domain import model_answers
from backend.errors import AnswerUnderWay, AppError
from backend.ids import new_id
from backend.storage.postgres import Database

log = structlog.get_logger(__name__)

Plain = dict[str, Any]

#: Seconds: how long a claim holds without a word of its process, and how often that says that it lives.
_LEASE: Final = 20.0
_RENEWAL: Final = 5.0
#: Seconds between two looks of who waits for somebody else's answer: at first, and at most.
_FIRST_LOOK: Final = 0.05
_LONGEST_LOOK: Final = 1.0


@dataclass(frozen=True, slots=True)
class Hold:
    """The claim of a key: whoever has it asks."""

    tenant_id: UUID
    key: bytes
    claim: UUID = field(default_factory=new_id)


class Answers:
    """Keeps answers, and the calls under way whose callers may have left."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._under_way: set[asyncio.Task[Plain | None]] = set()

    @contextlib.asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Calls may be made while the block runs; those under way at its end are ended, and their keys free again."""
        try:
            yield
        finally:
            await end(*self._under_way)

    async def once(
        self, tenant_id: UUID, key: str, body: bytes, ask: Callable[[], Awaitable[Plain]]
    ) -> tuple[Plain, bool]:
        """Return what `ask` answers, or what was answered the first time this key was used (then with True).

        While the first one is under way, here or elsewhere, its answer is waited for.

        Raises:
            IdempotencyKeyReused: the key was used with another body.
        """
        pause = _FIRST_LOOK
        while True:
            try:
                found = await self.claim(tenant_id, key, body)
            except AnswerUnderWay:
                await asyncio.sleep(pause)
                pause = min(pause * 1.5, _LONGEST_LOOK)
                continue
            if not isinstance(found, Hold):
                return found, True
            answer = await self.asked(found, ask)
            if answer is not None:
                return answer, False

    async def claim(self, tenant_id: UUID, key: str, body: bytes) -> Hold | Plain:
        """Return the claim of a key that is new (`asked` must follow), or its answer.

        Raises:
            AnswerUnderWay: somebody else has the claim.
            IdempotencyKeyReused: the key was used with another body.
        """
        hold = Hold(tenant_id, model_answers.digest(key))
        async with self._db.tenant(tenant_id) as conn:
            found = await model_answers.claim(conn, hold.key, model_answers.digest(body), hold.claim, lasts=_LEASE)
        if found.mine:
            return hold
        if found.answer is None:
            raise AnswerUnderWay(retry_after_ms=1000)
        return found.answer

    async def asked(self, hold: Hold, ask: Callable[[], Awaitable[Plain]]) -> Plain | None:
        """Ask, whoever leaves meanwhile, and keep the answer; None when the claim was lost to somebody else."""
        task = asyncio.create_task(self._asked(hold, ask), name="answer for a key")
        self._under_way.add(task)
        task.add_done_callback(self._over)
        return await asyncio.shield(task)

    def _over(self, task: asyncio.Task[Plain | None]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # seen: it may be that nobody waits any more

    async def _asked(self, hold: Hold, ask: Callable[[], Awaitable[Plain]]) -> Plain | None:
        renewal = asyncio.create_task(self._prolong(hold))
        try:
            answer = await ask()
        except BaseException:
            # Also when the server goes down: the next one need not wait for the lease to end.
            await self._release(hold)
            raise
        finally:
            await end(renewal)
        try:
            async with self._db.tenant(hold.tenant_id) as conn:
                ours = await model_answers.keep(conn, hold.key, hold.claim, answer)
        except AppError as error:
            # It was asked for and paid; who comes with the key again has to ask anew.
            log.warning("answer_not_kept", code=error.code)
            await self._release(hold)
            return answer
        return answer if ours else None

    async def _prolong(self, hold: Hold) -> None:
        while True:
            await asyncio.sleep(_RENEWAL)
            with contextlib.suppress(AppError):  # the next time, or the claim ends
                async with self._db.tenant(hold.tenant_id) as conn:
                    if not await model_answers.prolong(conn, hold.key, hold.claim, lasts=_LEASE):
                        return

    async def _release(self, hold: Hold) -> None:
        try:
            async with self._db.tenant(hold.tenant_id) as conn:
                await model_answers.release(conn, hold.key, hold.claim)
        except AppError as error:
            log.warning("claim_not_released", code=error.code)
