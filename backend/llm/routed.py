"""A model made of several: for each purpose a route, and where one backend fails the next (docs/models.md)."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Hashable
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from functools import partial
from uuid import UUID

import structlog

from backend.errors import ModelBudgetSpent, ModelError, ModelRateExceeded
from backend.ids import new_id
from backend.llm.accounts import Book, CallRecord, measure
from backend.llm.backends import Backends, OpenBackend, Opener, Table
from backend.llm.budget import Budgets, Reservation, Unlimited
from backend.llm.call import Call
from backend.llm.deadlines import Deadlines
from backend.llm.gateway import Answer, ModelRequest, Piece, Purpose, Usage, plain_question, written
from backend.llm.health import Standing
from backend.llm.models_file import ModelsFile
from backend.llm.own_models import Grounds, OwnModels, merged
from backend.llm.single_flight import SingleFlight

log = structlog.get_logger(__name__)


class RoutedModel:
    """Asks what the file declares. Holds connections: close it with `aclose`. `book` gets a record of every call;
    `budgets` says whether it may be made."""

    def __init__(
        self, models: ModelsFile, opener: Opener, deadlines: Deadlines, book: Book, budgets: Budgets | None = None
    ) -> None:
        self._clock: Callable[[], float] = asyncio.get_running_loop().time
        self._backends = Backends(opener, deadlines, self._clock)
        self._table = self._backends.table(models)
        #: Those of tenants with models of their own, and what they declared.
        self._own: dict[UUID, tuple[Table, OwnModels, Grounds]] = {}
        self._book = book
        self._budgets: Budgets = budgets or Unlimited()
        self._flights: SingleFlight[tuple[Answer, CallRecord]] = SingleFlight()
        #: Whether the file that declares the models cannot be used as it is now, so that an older one holds.
        self.stale = False
        #: Tenants whose own models could not be laid over the file as it is now: to be tried again.
        self.behind: set[UUID] = set()

    @property
    def name(self) -> str:
        """The model that is asked first for a script."""
        return self._table.courses["script"].backends[0].declared.model

    @property
    def models(self) -> ModelsFile:
        """What new calls are made by."""
        return self._table.models

    def serves(self, purpose: Purpose, tenant_id: UUID | None = None) -> bool:
        """Tell whether any backend is declared that can do this."""
        return bool(self._table_of(tenant_id).courses[purpose].backends)

    def route(self, purpose: Purpose, tenant_id: UUID | None = None) -> list[str]:
        """Return the names of the backends that serve a purpose, in their order."""
        return [backend.name for backend in self._table_of(tenant_id).courses[purpose].backends]

    def backends(self, tenant_id: UUID | None = None) -> list[OpenBackend]:
        """Return every backend that is declared, by the server or by the tenant."""
        return list(self._table_of(tenant_id).backends.values())

    def standings(self) -> dict[str, Standing]:
        """Return how each backend, of whomever, stands with this process."""
        tables = (self._table, *(table for table, _, _ in self._own.values()))
        asked = [one for table in tables for one in table.asked]
        return {one.key: Standing(one.breaker.state, one.breaker.rests_for) for one in asked}

    def _table_of(self, tenant_id: UUID | None) -> Table:
        own = self._own.get(tenant_id) if tenant_id is not None else None
        return self._table if own is None else own[0]

    async def reload(self, models: ModelsFile) -> None:
        """Take `models` for every call from now on; calls under way end as they began. What hinders one of its backends
        from being opened is raised; nothing has changed then. A tenant whose own models cannot be laid over it stays
        with what it had (`behind`), and no other does."""
        before = self._table
        try:
            self._table = self._backends.table(models, before)
        except BaseException:
            await self._backends.closed()
            raise
        try:
            for tenant_id in tuple(self._own):
                # As it is by now: others may have changed while we closed what nobody uses.
                if (entry := self._own.get(tenant_id)) is None:
                    continue
                try:
                    await self.set_own(tenant_id, *entry[1:])
                except Exception as error:
                    if tenant_id not in self.behind:
                        log.exception("tenant_models_not_taken", tenant=str(tenant_id), error=type(error).__name__)
                    self.behind.add(tenant_id)
        finally:
            await before.retire()

    def has_own(self, tenant_id: UUID) -> bool:
        """Tell whether a tenant's calls go by what it declared itself."""
        return tenant_id in self._own

    async def set_own(self, tenant_id: UUID, own: OwnModels | None, grounds: Grounds) -> None:
        """Take what a tenant declares for its calls from now on; None: the server's models again."""
        before = self._own.get(tenant_id)
        if own is None:
            self._own.pop(tenant_id, None)
        else:
            known = (self._table,) if before is None else (before[0], self._table)
            # Opened before the old ones go: should that fail, its texts do not go to what it did not choose.
            try:
                table = self._backends.own_table(merged(own, self.models, grounds), tenant_id, *known)
            except BaseException:
                await self._backends.closed()
                raise
            self._own[tenant_id] = table, own, grounds
        self.behind.discard(tenant_id)
        if before is not None:
            await before[0].retire()

    async def aclose(self) -> None:
        for table in (self._table, *(table for table, _, _ in self._own.values())):
            await table.retire()
        await self._backends.aclose()

    async def stream(self, request: ModelRequest) -> AsyncGenerator[Piece, None]:
        async with self._call(request, streamed=True) as call:
            while True:
                try:
                    async with (
                        call.turn() as (backend, asked, attempt),
                        aclosing(backend.endpoint.stream(asked, attempt)) as pieces,
                    ):
                        async for piece in pieces:
                            if piece.text or piece.tool_calls:
                                call.shown(piece.text)
                            if piece.reasoning:
                                call.thought(piece.reasoning)
                            yield piece if piece.finish_reason is None else call.finished(piece)
                    return
                except ModelError as error:
                    pause = call.after(error)
                await asyncio.sleep(pause)

    async def complete(self, request: ModelRequest) -> Answer:
        # Who joins the same call of somebody else and leaves before its end has no row: it asked nobody, and used
        # nothing.
        key, began, asking = self._flight(request), self._clock(), request
        while True:
            joins = self._flights.under_way(key)
            try:
                (answer, record), shared = await self._flights.fly(key, partial(self._complete, asking))
            except ModelRateExceeded as error:
                if not joins:
                    raise
                asking = _less_patient(request, self._clock() - began)
                call = self._begun(asking, streamed=False)[1]
                if call.waits_for_room(error) is not None:
                    continue  # it was refused for the patience of another: who has more asks itself
                self._note(call.record())
                raise
            except ModelError as error:
                if joins:
                    self._note(self._begun(request, streamed=False)[1].shared_failure(error))
                raise
            break
        if shared:
            self._note(
                replace(
                    record,
                    id=request.call_id or new_id(),
                    caller=request.caller,
                    status="shared",
                    attempts=0,
                    hops=(),
                    usage=Usage(0, 0, estimated=False),
                    cost=Decimal(0),
                    parts=(),
                )
            )
        return answer

    async def _complete(self, request: ModelRequest) -> tuple[Answer, CallRecord]:
        async with self._call(request, streamed=False) as call:
            while True:
                try:
                    async with call.turn() as (backend, asked, attempt):
                        return call.answered(await backend.endpoint.complete(asked, attempt)), call.record()
                except ModelError as error:
                    pause = call.after(error)
                await asyncio.sleep(pause)

    @asynccontextmanager
    async def _call(self, request: ModelRequest, *, streamed: bool) -> AsyncIterator[Call]:
        table, call = self._begun(request, streamed=streamed)
        table.calls += 1
        wanted = call.reservation()
        try:
            if wanted is not None:
                await self._reserve(call, wanted)
            yield call
        except (asyncio.CancelledError, GeneratorExit):
            call.cancelled()
            raise
        finally:
            table.calls -= 1
            record = call.record()
            self._note(record)
            # Also of who left while room was made: it may have been.
            if wanted is not None and record.status != "refused":
                self._budgets.settle(wanted, record.usage.input_tokens + record.usage.output_tokens)
            await table.let_go()

    def _begun(self, request: ModelRequest, *, streamed: bool) -> tuple[Table, Call]:
        table = self._table_of(request.caller.tenant_id if request.caller else None)
        return table, Call(request, table.course(request), self._clock, streamed=streamed)

    async def _reserve(self, call: Call, wanted: Reservation) -> None:
        while True:
            try:
                await self._budgets.reserve(wanted)
            except ModelRateExceeded as error:
                if (pause := call.waits_for_room(error)) is None:
                    raise
                await asyncio.sleep(pause)
            except ModelBudgetSpent as error:
                call.refused(error)
                raise
            else:
                return

    def _flight(self, request: ModelRequest) -> Hashable:
        """Return what makes two requests the same one. Tenants share nothing; nor do calls by two readings of the file,
        or before and after a tenant chose other models: a text goes to nobody who was left."""
        tenant_id = request.caller.tenant_id if request.caller else None
        return (
            tenant_id,
            self._table_of(tenant_id),
            written(
                [
                    request.purpose, plain_question(request), request.brief, request.seed, request.temperature,
                    request.max_tokens, request.backend,
                ]
            ),
        )  # fmt: skip

    def _note(self, record: CallRecord) -> None:
        measure(record)
        self._book(record)


def _less_patient(request: ModelRequest, waited: float) -> ModelRequest:
    """Return the request of who has waited so many seconds for room already."""
    caller = request.caller
    if caller is None:
        return request
    return replace(request, caller=replace(caller, patience=max(0.0, caller.patience - waited)))
