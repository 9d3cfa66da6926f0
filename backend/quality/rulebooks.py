"""The compiled rules of a process: which hold for a tenant right now, compiled once, forgotten when long unused."""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import NamedTuple, cast
from uuid import UUID

import structlog
from prometheus_client import Counter, Gauge

from backend.domain import rule_overlays
from backend.domain.rule_overlays import Head, Revision
from backend.errors import AppError
from backend.quality.layering import Platform, compiled, plain, read_overlay, renamed
from backend.quality.lexicon import RuleSnapshot
from backend.storage.postgres import Database
from backend.telemetry.metrics import REGISTRY

log = structlog.get_logger(__name__)

_COMPILED = Counter("cuedesk_rules_compiled", "Rule snapshots compiled", registry=REGISTRY)
_KEPT = Gauge("cuedesk_rules_kept", "Compiled rule snapshots in memory", registry=REGISTRY)
_FAILED = Counter("cuedesk_rules_failed", "Saved rules that could not be compiled", registry=REGISTRY)

#: What is compiled by its content: platform, and the digest of the overlay.
_Key = tuple[str | None, str]


class _Kept(NamedTuple):
    snapshot: RuleSnapshot
    #: Of the overlay that it was made of: an older one's when the one that was asked for could not be compiled.
    digest: str


class RuleBooks:
    """Answers which rules hold. The database says which revision that is, each time it is asked; this object only keeps
    what was compiled, so whoever asks after a save gets what was saved, in every process and without any notice.

    A snapshot never changes: who holds one uses it to the end of what they do.
    """

    def __init__(self, db: Database, *, kept: int = 32) -> None:
        """`kept` snapshots stay in memory, some hundred kilobytes each, beside those of tenants without an overlay."""
        self._db = db
        self._most = kept
        self._snapshots: OrderedDict[_Key, _Kept] = OrderedDict()
        self._compiling: dict[_Key, asyncio.Task[_Kept]] = {}
        # One after the other: compiling takes the interpreter's lock, and requests need it meanwhile.
        self._turn = asyncio.Semaphore(1)
        #: Tenants that were asked for of late, with their platforms: theirs are compiled before they ask again.
        self._recent: OrderedDict[UUID, set[str | None]] = OrderedDict()
        self._noticed: set[UUID] = set()
        self._notice = asyncio.Event()

    async def current(self, tenant_id: UUID, room_id: UUID | None = None) -> RuleSnapshot:
        """Return the rules that hold for the tenant (in this room) at this moment.

        Raises:
            StorageUnavailable, ServerBusy: the database cannot say which these are.
        """
        async with self._db.tenant(tenant_id) as conn:
            head = await rule_overlays.head(conn, room_id)
        return await self.at(head)

    async def at(self, head: Head) -> RuleSnapshot:
        """Return the rules that `rule_overlays.head` named.

        Raises:
            StorageUnavailable, ServerBusy: they are not in memory, and the database cannot be asked.
        """
        self._remember(head)
        key = (head.platform, head.digest)
        kept = self._snapshots.get(key)
        if kept is None:
            task = self._compiling.get(key)
            if task is None:
                task = asyncio.create_task(self._compile(head), name=f"rules {head.tenant_id}")
                self._compiling[key] = task
                task.add_done_callback(lambda _: self._compiling.pop(key, None))
            # Whoever goes away must not take the others' rules along.
            kept = await asyncio.shield(task)
        else:
            self._snapshots.move_to_end(key)
        # The same content may be another revision's too: brought back, or another tenant's.
        return renamed(kept.snapshot, head.revision) if kept.digest == head.digest else kept.snapshot

    async def _compile(self, head: Head) -> _Kept:
        platform = cast("Platform | None", head.platform)
        async with self._turn:
            if not head.revision:
                return self._keep(head, "", await asyncio.to_thread(plain, platform))
            async with self._db.tenant(head.tenant_id) as conn:
                saved = await rule_overlays.get_revision(conn, head.revision)
            while True:
                try:
                    snapshot = await asyncio.to_thread(_compiled, saved, platform)
                    break
                except Exception:  # kept by another release, or damaged: whatever it is, the rules before it still hold
                    _FAILED.inc()
                    log.exception("rules_not_compiled", tenant=str(head.tenant_id), revision=saved.revision)
                async with self._db.tenant(head.tenant_id) as conn:
                    older = await rule_overlays.latest(conn, below=saved.revision)
                if older is None:
                    return self._keep(head, "", await asyncio.to_thread(plain, platform))
                saved = older
            _COMPILED.inc()
            return self._keep(head, saved.digest, snapshot)

    def _keep(self, head: Head, digest: str, snapshot: RuleSnapshot) -> _Kept:
        kept = self._snapshots[head.platform, head.digest] = _Kept(snapshot, digest)
        while len(self._snapshots) > self._most:
            self._snapshots.popitem(last=False)
        _KEPT.set(len(self._snapshots))
        return kept

    def _remember(self, head: Head) -> None:
        self._recent.setdefault(head.tenant_id, set()).add(head.platform)
        self._recent.move_to_end(head.tenant_id)
        while len(self._recent) > self._most:
            self._recent.popitem(last=False)

    # Ahead of the next request -------------------------------------------------------------------------------------

    def on_saved(self, tenant_id: UUID | None) -> None:
        """Learn that a tenant's rules changed; None: notices may have been missed, so anybody's."""
        self._noticed |= self._recent.keys() if tenant_id is None else {tenant_id} & self._recent.keys()
        self._notice.set()

    @contextlib.asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Compile what is saved before it is asked for, while the block runs."""
        task = asyncio.create_task(self._follow(), name="rules")
        try:
            yield
        finally:
            for one in (task, *self._compiling.values()):
                one.cancel()
            await asyncio.gather(task, *self._compiling.values(), return_exceptions=True)

    async def _follow(self) -> None:
        while True:
            await self._notice.wait()
            self._notice.clear()
            while self._noticed:
                tenant_id = self._noticed.pop()
                # What fails here is compiled when it is asked for, and fails there where somebody hears of it.
                with contextlib.suppress(AppError):
                    await self._warm(tenant_id)

    async def _warm(self, tenant_id: UUID) -> None:
        async with self._db.tenant(tenant_id) as conn:
            head = await rule_overlays.head(conn)
        for platform in tuple(self._recent.get(tenant_id, ())):
            await self.at(Head(tenant_id, head.revision, head.digest, platform))


def _compiled(saved: Revision, platform: Platform | None) -> RuleSnapshot:
    return compiled(platform, read_overlay(saved.overlay), saved.revision)
