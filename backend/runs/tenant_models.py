"""Following the models of the tenants' own: what is saved anywhere holds in this process a moment later."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from typing import Final
from uuid import UUID

import structlog
from pydantic import ValidationError

from backend.background import end
from backend.domain.tenant_models import Saved, changed_own
from backend.errors import AppError
from backend.llm.own_models import Grounds, OwnModels, stored
from backend.llm.routed import RoutedModel
from backend.storage.postgres import Database

log = structlog.get_logger(__name__)

#: Models of a tenant of whom we know only that it has its own: every route ends at a backend that nobody declares.
_NOTHING: Final = OwnModels.model_validate({"routes": {"default": {"backends": ["unreadable"]}}})


class TenantModels:
    """Reads what tenants saved, hands it to the model. The database says what is new; notices only make it sooner."""

    def __init__(self, db: Database, model: RoutedModel, *, allowed: Sequence[str], interval: float) -> None:
        """`allowed` are addresses that tenants may name beside the providers'; it looks every `interval` seconds."""
        self._db = db
        self._model = model
        self._allowed = tuple(allowed)
        self._interval = interval
        self._known: dict[UUID, int] = {}
        self._turn = asyncio.Lock()
        self._notice = asyncio.Event()

    def grounds(self, slug: str) -> Grounds:
        """Return what a tenant's models stand on in this process."""
        return Grounds(slug, os.environ, self._allowed)

    def on_saved(self) -> None:
        """Learn that something was saved, or that notices may have been missed."""
        self._notice.set()

    async def refresh(self) -> None:
        """Take over what was saved since.

        Raises:
            StorageUnavailable, ServerBusy: the database does not say.
        """
        async with self._turn:
            async with self._db.system() as conn:
                changed = await changed_own(conn, self._known)
            failures: list[Exception] = []
            for saved in changed:
                try:
                    await self._take(saved)
                except Exception as error:  # noqa: BLE001 — raised when the others have what they saved
                    failures.append(error)
                else:
                    self._known[saved.tenant_id] = saved.revision
            if failures:
                raise failures[0]

    async def _take(self, saved: Saved) -> None:
        own = None
        if saved.document is not None:
            try:
                own = stored(saved.document)
            except ValidationError as error:  # saved by another release: what held before holds on
                log.error("tenant_models_unreadable", tenant=str(saved.tenant_id), faults=error.error_count())
                if self._model.has_own(saved.tenant_id):
                    return
                own = _NOTHING  # a process that has just started: its texts go to nobody it did not choose
        await self._model.set_own(saved.tenant_id, own, self.grounds(saved.slug))
        log.info("tenant_models_taken", tenant=str(saved.tenant_id), revision=saved.revision)

    @contextlib.asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Take over what is there, and while the block runs whatever is saved."""
        await self.refresh()
        task = asyncio.create_task(self._follow(), name="tenants' models")
        try:
            yield
        finally:
            await end(task)

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._interval):
                    await self._notice.wait()
            self._notice.clear()
            try:
                await self.refresh()
            except AppError as error:
                log.warning("tenant_models_not_read", code=error.code)
            except Exception:  # whatever is wrong with what one tenant saved, the next round still comes
                log.exception("tenant_models_not_taken")
