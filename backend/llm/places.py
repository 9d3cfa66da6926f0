"""The places of a backend whose calls at once are counted: whose turn it is goes round the tenants that wait."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

from backend.errors import ModelBusy


class Places:
    """As many as are declared. A place that becomes free goes to the next tenant, and with it to whoever of that tenant
    has waited longest: however many calls of one tenant wait, another's waits for one place of each tenant at most.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        self._free = number
        self._waiting: OrderedDict[Hashable, deque[asyncio.Future[None]]] = OrderedDict()

    @asynccontextmanager
    async def held(self, tenant: Hashable, patience: float) -> AsyncIterator[None]:
        """Hold a place while the block runs; wait `patience` seconds for it at most.

        Raises:
            ModelBusy: none became free in time.
        """
        try:
            async with asyncio.timeout(patience):
                await self._take(tenant)
        except TimeoutError:
            raise ModelBusy(limit=self.number) from None
        try:
            yield
        finally:
            self._give()

    async def _take(self, tenant: Hashable) -> None:
        # Nobody waits while a place is free: each that is given back goes on at once.
        if self._free:
            self._free -= 1
            return
        given: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(tenant, deque())
        waiting.append(given)
        try:
            await given
        except asyncio.CancelledError:
            if given.done() and not given.cancelled():
                self._give()  # it was ours already when we left
            elif given in waiting:  # else it was passed over meanwhile
                waiting.remove(given)
                if not waiting:
                    del self._waiting[tenant]
            raise

    def _give(self) -> None:
        """Pass a place on."""
        while self._waiting:
            tenant, waiting = self._waiting.popitem(last=False)
            given = waiting.popleft()
            if waiting:
                self._waiting[tenant] = waiting  # behind all others
            if not given.done():
                given.set_result(None)
                return
        self._free += 1
